//! The 22 TPC-H queries: sealed Parquet through session and guard, clear Parquet through the plain engine, DuckDB.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use arrow::array::{RecordBatch, RecordBatchReader};
use arrow::util::pretty::pretty_format_batches;
use secure_domain::bench::{BenchTables, PlainEngine};
use secure_domain::engine::DevEngine;
use secure_domain::protocol::{Limits, QueryOrder};
use serde_json::json;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow,
    SupplierArrow,
};

use crate::duck::Duck;
use crate::queries::query;
use crate::report::{Report, figure, geometric_mean};
use crate::setup::Setup;

/// Tables, in the order in which they are written.
const TABLES: [&str; 8] =
    ["nation", "region", "supplier", "customer", "part", "partsupp", "orders", "lineitem"];
/// Of the guarded engine. The plain one is not bounded.
const LIMITS: Limits = Limits { memory_bytes: 6 << 30, millis_max: 120_000, rows_max: 1_000_000, threads: 0 };

/// The three engines.
struct Engines {
    sealed: DevEngine,
    clear: PlainEngine,
    duck: Duck,
}

/// What was seen of one query.
#[derive(Debug, Default)]
struct Seen {
    /// Milliseconds of the counted rounds: sealed, clear, duck.
    millis: [Vec<f64>; 3],
    rows: usize,
    refused: Option<String>,
    remarks: Vec<String>,
}

/// Runs the part.
///
/// # Errors
/// If data or engines cannot be made. A refused or failing query is reported, not fatal.
pub(crate) async fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("tpch")?;
    let made = Instant::now();
    let tables = generate(scratch.path(), setup.scale)?;
    let made = made.elapsed().as_secs_f64();
    let mut engines = open(setup, &tables, scratch.path()).await?;
    report.title(
        &format!("TPC-H, scale factor {}: sealed and guarded, plain DataFusion, DuckDB {}", setup.scale, engines.duck.version),
        &[
            "Same rows, encoding, compression and row groups; sealed Parquet is decrypted anew by every query.",
            "Guard of dev zones (any SELECT over registered functions); DuckDB reads the clear files. Milliseconds,",
            "best of the counted rounds; engines alternate query by query.",
            &format!("Written twice, sealed and clear, in {made:.1} s."),
        ],
    );
    let mut seen: Vec<Seen> = (0..22).map(|_| Seen::default()).collect();
    let begun = Instant::now();
    let mut rounds = 0;
    for round in 0..=setup.rounds {
        if round > 1 && begun.elapsed() > setup.tpch {
            break;
        }
        for (index, seen) in seen.iter_mut().enumerate() {
            one(&mut engines, seen, index + 1, setup.scale, round).await?;
        }
        rounds = round;
    }
    print(report, &seen, rounds)
}

fn generate(dir: &Path, scale: f64) -> Result<BenchTables> {
    let mut tables = BenchTables::new(dir);
    for name in TABLES {
        match name {
            "nation" => add(&mut tables, name, NationArrow::new(NationGenerator::new(scale, 1, 1))),
            "region" => add(&mut tables, name, RegionArrow::new(RegionGenerator::new(scale, 1, 1))),
            "supplier" => add(&mut tables, name, SupplierArrow::new(SupplierGenerator::new(scale, 1, 1))),
            "customer" => add(&mut tables, name, CustomerArrow::new(CustomerGenerator::new(scale, 1, 1))),
            "part" => add(&mut tables, name, PartArrow::new(PartGenerator::new(scale, 1, 1))),
            "partsupp" => add(&mut tables, name, PartSuppArrow::new(PartSuppGenerator::new(scale, 1, 1))),
            "orders" => add(&mut tables, name, OrderArrow::new(OrderGenerator::new(scale, 1, 1))),
            _ => add(&mut tables, name, LineItemArrow::new(LineItemGenerator::new(scale, 1, 1))),
        }
        .with_context(|| name.to_owned())?;
    }
    Ok(tables)
}

fn add(tables: &mut BenchTables, name: &str, reader: impl RecordBatchReader) -> Result<()> {
    let schema = reader.schema();
    let mut fault = None;
    let batches = reader.map_while(|batch| batch.map_err(|error| fault = Some(error)).ok());
    tables.add(name, &schema, batches)?;
    fault.map_or(Ok(()), |error| Err(error.into()))
}

async fn open(setup: &Setup, tables: &BenchTables, dir: &Path) -> Result<Engines> {
    let mut duck = Duck::start(setup, setup.threads)?;
    for name in TABLES {
        let path = dir.join(format!("{name}.parquet"));
        duck.time(&format!("CREATE VIEW {name} AS SELECT * FROM read_parquet('{}')", path.display()))?;
    }
    let limits = Limits { threads: setup.threads, ..LIMITS };
    Ok(Engines { sealed: tables.sealed(limits)?, clear: tables.clear(setup.threads).await?, duck })
}

/// One query on all engines; who begins changes from round to round. Round 0 is not counted, but its answers are
/// compared.
async fn one(engines: &mut Engines, seen: &mut Seen, number: usize, scale: f64, round: usize) -> Result<()> {
    let sql = query(number, scale)?;
    let mut answers: [Option<Vec<RecordBatch>>; 2] = [None, None];
    for place in 0..3 {
        let engine = (place + round) % 3;
        let start = Instant::now();
        let (millis, rows) = match engine {
            0 => {
                let order = QueryOrder {
                    sql: sql.clone(),
                    parameters: Vec::new(),
                    values: Default::default(),
                    rows_max: LIMITS.rows_max,
                };
                match engines.sealed.query_batches(order).await {
                    Ok(batches) => took(start, &mut answers[0], batches),
                    Err(error) => {
                        seen.refused = Some(format!("{}: {error}", error.code()));
                        continue;
                    }
                }
            }
            1 => {
                let batches =
                    engines.clear.query_batches(&sql).await.map_err(|error| anyhow!("Q{number}: {error}"))?;
                took(start, &mut answers[1], batches)
            }
            _ => engines.duck.time(&sql).with_context(|| format!("Q{number}"))?,
        };
        if round > 0 {
            seen.millis[engine].push(millis);
        } else if engine == 2 && rows != seen.rows && seen.rows > 0 {
            seen.remarks.push(format!("duckdb answers {rows} rows, not {}", seen.rows));
        } else {
            seen.rows = rows;
        }
    }
    if let ([Some(sealed), Some(clear)], 0) = (&answers, round)
        && text(sealed)? != text(clear)?
    {
        seen.remarks.push("sealed and clear differ".to_owned());
    }
    Ok(())
}

fn took(start: Instant, answer: &mut Option<Vec<RecordBatch>>, batches: Vec<RecordBatch>) -> (f64, usize) {
    let millis = start.elapsed().as_secs_f64() * 1e3;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    *answer = Some(batches);
    (millis, rows)
}

/// The rows as sorted text: the order of equal keys is free.
fn text(batches: &[RecordBatch]) -> Result<Vec<String>> {
    let mut lines: Vec<String> =
        pretty_format_batches(batches)?.to_string().lines().map(str::to_owned).collect();
    lines.sort_unstable();
    Ok(lines)
}

fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn print(report: &mut Report, seen: &[Seen], rounds: usize) -> Result<()> {
    println!(
        "   {:<5} {:>8} {:>10} {:>10} {:>10} {:>13} {:>13}",
        "query", "rows", "sealed", "clear", "duckdb", "sealed/clear", "sealed/duckdb"
    );
    let mut ratios: [Vec<f64>; 3] = Default::default();
    let mut sums = [0.0; 3];
    for (index, seen) in seen.iter().enumerate() {
        let number = index + 1;
        let best = seen.millis.each_ref().map(|millis| best(millis));
        let remarks = seen.remarks.join("; ");
        if let Some(refused) = &seen.refused {
            println!("   Q{number:<4} {:>8} refused {refused}", "");
        } else {
            let [sealed, clear, duck] = best;
            let of = [sealed / clear, sealed / duck, clear / duck];
            ratios.iter_mut().zip(of).for_each(|(ratios, ratio)| ratios.push(ratio));
            sums.iter_mut().zip(best).for_each(|(sum, millis)| *sum += millis);
            println!(
                "   Q{number:<4} {:>8} {:>10} {:>10} {:>10} {:>13.3} {:>13.3} {remarks}",
                seen.rows,
                figure(sealed),
                figure(clear),
                figure(duck),
                of[0],
                of[1]
            );
        }
        report.line(&json!({
            "part": "tpch", "query": number, "rows": seen.rows, "sealed_millis": seen.millis[0],
            "clear_millis": seen.millis[1], "duckdb_millis": seen.millis[2], "refused": seen.refused,
            "remarks": seen.remarks,
        }))?;
    }
    let answered = ratios[0].len();
    let means = ratios.map(|ratios| geometric_mean(ratios.into_iter()));
    let show = |mean: Option<f64>| mean.map_or_else(|| "-".to_owned(), |mean| format!("{mean:.3}"));
    println!(
        "   {:<5} {answered:>8} {:>10} {:>10} {:>10}   queries and milliseconds; {rounds} rounds",
        "sum",
        figure(sums[0]),
        figure(sums[1]),
        figure(sums[2])
    );
    println!(
        "   geometric means: sealed/clear {}, sealed/duckdb {}, clear/duckdb {}",
        show(means[0]),
        show(means[1]),
        show(means[2])
    );
    report.line(&json!({
        "part": "tpch", "answered": answered, "rounds": rounds, "sum_millis": sums,
        "geometric_mean": { "sealed/clear": means[0], "sealed/duckdb": means[1], "clear/duckdb": means[2] },
    }))
}
