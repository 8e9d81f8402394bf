//! A table of eight sensitive columns masked in one pass, from file to file: ours in clear and under seal, DuckDB in SQL,
//! pandas in chunks.

mod child;
mod peers;
mod rows;

use std::path::Path;

use anyhow::{Result, ensure};
use secure_domain::bench::BenchTables;
use serde_json::json;

use crate::duck::Duck;
use crate::report::{Pair, Report, figure};
use crate::setup::Setup;

use child::{Form, Took};
pub(crate) use child::{WORD, work};

/// The day on which ages are counted: 2026-01-01.
const REFERENCE_DAYS: i32 = 20_454;
/// Of each measurement the best counts; a large table is gone over once.
const TURNS: usize = 2;
const LARGE: u32 = 5_000_000;

/// What was measured of one of them.
struct Measured {
    name: String,
    /// Rows in a second.
    rate: f64,
    /// Largest resident memory. *Units*: MiB.
    peak: f64,
}

/// Runs the part.
///
/// # Errors
/// If a file cannot be written, a peer fails, or values differ where they must not.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("masks")?;
    let folder = scratch.path();
    let secret = child::secret();
    let mut tables = BenchTables::keyed(folder, child::key(secret));
    let mut fault = None;
    let batches = rows::batches(setup.mask_rows).map_while(|batch| batch.map_err(|no| fault = Some(no)).ok());
    tables.add("visits", &rows::schema(), batches)?;
    fault.map_or(Ok(()), Err)?;
    let source = folder.join("visits.parquet");
    let mut duck = Duck::start(setup, setup.threads)?;
    report.title(
        &format!("Masking {} rows of 8 sensitive columns in one pass, Parquet to Parquet", setup.mask_rows),
        &[
            "identity number (FF1, check digit anew), token, partial, age band, date shift per person, bounded noise, top and",
            "bottom coding, grid. Read, masked, encoded and compressed alike (zstd 1, row groups of 262 144). Not the same work:",
            "ours are keyed, its numbers never collide, and it syncs the file; SQL and pandas have neither HMAC nor FF1, so that",
            "their tokens are SHA-256 of secret and value, their numbers made up from md5 (SQL) or a 64-bit hash (pandas) and may",
            "collide, their noise and shifts drawn from quick hashes. pandas runs as so many processes as there are threads,",
            "each with a file of its own. Where masks know no key (partial, age, coding, grid) values are compared with DuckDB's.",
            &format!("Peak: largest resident memory of the process. DuckDB {}, {} threads.", duck.version, setup.threads),
        ],
    );
    let mut ours = vec![
        best(setup, "clear, 1 thread", |turn| child::run(folder, Form::Clear, 1, secret, turn))?,
        best(setup, "clear, all threads", |turn| {
            child::run(folder, Form::Clear, setup.threads, secret, turn)
        })?,
        best(setup, "sealed, all threads", |turn| {
            child::run(folder, Form::Sealed, setup.threads, secret, turn)
        })?,
    ];
    let sql = peers::sql(&source, &folder.join("duck.parquet"));
    let mut theirs = vec![
        best(setup, &format!("DuckDB, {} threads", setup.threads), |_| {
            let millis = duck.time(&sql)?.0;
            Ok(Took { millis, rows: u64::from(setup.mask_rows), peak_kib: duck.peak()? })
        })?,
        best(setup, "pandas", |_| peers::pandas(setup, &source, folder))?,
    ];
    peers::check(&mut duck, &child::masked(folder), &folder.join("duck.parquet"))?;
    print(report, &mut ours, &mut theirs, folder)
}

fn best(setup: &Setup, name: &str, mut turn: impl FnMut(usize) -> Result<Took>) -> Result<Measured> {
    let mut best = Measured { name: name.to_owned(), rate: 0.0, peak: 0.0 };
    let turns = if setup.mask_rows > LARGE { 1 } else { TURNS };
    for number in 0..turns {
        let took = turn(number)?;
        ensure!(took.rows == u64::from(setup.mask_rows), "{name} lost rows: {}", took.rows);
        let mebibytes = f64::from(u32::try_from(took.peak_kib)?) / 1024.0;
        best.rate = best.rate.max(f64::from(setup.mask_rows) / took.millis * 1e3);
        best.peak = best.peak.max(mebibytes);
    }
    Ok(best)
}

fn print(report: &mut Report, ours: &mut [Measured], theirs: &mut [Measured], folder: &Path) -> Result<()> {
    let mut pairs = Vec::new();
    for ours in ours.iter() {
        for theirs in theirs.iter() {
            pairs.push(Pair {
                what: &ours.name,
                ours: ours.rate / 1e6,
                peer: &theirs.name,
                theirs: theirs.rate / 1e6,
            });
        }
    }
    report.pairs("masks", "M rows/s", &pairs)?;
    let source = std::fs::metadata(folder.join("visits.parquet"))?.len();
    println!("   peak of resident memory, for a file of {} MiB:", source >> 20);
    for one in ours.iter().chain(theirs.iter()) {
        println!("   {:<44} {:>12} MiB", one.name, figure(one.peak));
        report.line(
            &json!({ "part": "masks", "what": one.name, "peak_mib": one.peak, "rows_per_second": one.rate }),
        )?;
    }
    Ok(())
}
