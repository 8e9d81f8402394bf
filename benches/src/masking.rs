//! Masking a million identity numbers, beside the nearest SQL.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray};
use privacy::SensitiveKind;
use privacy::masking::{MaskKey, MaskSpec, mask_column};

use crate::duck::Duck;
use crate::identity;
use crate::report::{Pair, Report};
use crate::setup::Setup;

const ROWS: u32 = 1_000_000;
/// Of each measurement the best counts.
const TURNS: usize = 3;

/// Runs the part.
///
/// # Errors
/// If DuckDB or the masks fail.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("masking")?;
    let ids = ids()?;
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(&ids));
    let csv = scratch.path().join("ids.csv");
    std::fs::write(&csv, ids.join("\n"))?;
    let mut duck = Duck::start(setup, setup.threads)?;
    duck.time(&format!("CREATE TABLE ids AS SELECT column0 AS id FROM read_csv('{}', header = false, columns = {{'column0': 'VARCHAR'}})", csv.display()))?;
    report.title(
        "Masking 1 000 000 identity numbers",
        &[
            "Not the same work: ours are keyed (HMAC-SHA-256; a keyed permutation that never gives two persons one number);",
            "SQL has neither, so its tokens are plain hashes of secret and value, and its numbers are valid in form but may",
            &format!("collide. Ours runs on one thread; DuckDB {} in memory, on one and on {}.", duck.version, setup.threads),
        ],
    );
    let key = MaskKey::new([7; 32]);
    let token = ours(&column, &MaskSpec::Token { domain: "person".to_owned() }, &key)?;
    let format = ours(&column, &MaskSpec::Format { kind: SensitiveKind::ResidentId }, &key)?;
    let mut theirs = Vec::new();
    for threads in [1, setup.threads] {
        duck.time(&format!("SET threads = {threads}"))?;
        for sql in [
            "CREATE OR REPLACE TABLE masked AS SELECT '~' || substr(sha256('secret' || id), 1, 20) AS id FROM ids".to_owned(),
            "CREATE OR REPLACE TABLE masked AS SELECT '~' || substr(md5('secret' || id), 1, 20) AS id FROM ids".to_owned(),
            number_sql(),
        ] {
            theirs.push(peer(&mut duck, &sql)?);
        }
    }
    let many = format!("DuckDB sha256, {} threads", setup.threads);
    let many_numbers = format!("DuckDB number from md5, {} threads", setup.threads);
    let at = |index: usize| theirs.get(index).copied().unwrap_or(f64::NAN);
    report.pairs(
        "masking",
        "M rows/s",
        &[
            Pair { what: "token, HMAC-SHA-256", ours: token, peer: "DuckDB sha256, 1 thread", theirs: at(0) },
            Pair { what: "token, HMAC-SHA-256", ours: token, peer: "DuckDB md5, 1 thread", theirs: at(1) },
            Pair { what: "token, HMAC-SHA-256", ours: token, peer: &many, theirs: at(3) },
            Pair {
                what: "identity number, injective",
                ours: format,
                peer: "DuckDB number from md5, 1 thread",
                theirs: at(2),
            },
            Pair { what: "identity number, injective", ours: format, peer: &many_numbers, theirs: at(5) },
        ],
    )
}

fn ours(column: &ArrayRef, spec: &MaskSpec, key: &MaskKey) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..TURNS {
        let start = Instant::now();
        let masked = mask_column(column, spec, key)?;
        best = best.min(start.elapsed().as_secs_f64());
        ensure!(masked.len() == column.len() && masked.null_count() == 0, "a mask lost rows");
        let first = masked.as_string::<i32>().value(0).to_owned();
        ensure!(
            first.starts_with('~') == matches!(spec, MaskSpec::Token { .. }),
            "another mask was applied: {first}"
        );
    }
    Ok(f64::from(ROWS) / best / 1e6)
}

fn peer(duck: &mut Duck, sql: &str) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..TURNS {
        best = best.min(duck.time(sql)?.0);
    }
    Ok(f64::from(ROWS) / best / 1e3)
}

/// A number of the same region with another birth date and sequence drawn from a hash, and its check digit.
fn number_sql() -> String {
    let (made_up, number) = (identity::made_up("id", "ids"), identity::with_check());
    format!("CREATE OR REPLACE TABLE masked AS WITH {made_up} SELECT {number} AS id FROM bodies")
}

/// Distinct and valid in form.
fn ids() -> Result<Vec<String>> {
    let id = |row: u32| {
        let (year, month, day) = (1950 + row / 1000 % 60, row / 60_000 % 12 + 1, row / 720_000 % 28 + 1);
        let mut id = String::new();
        identity::write(&mut id, year * 10_000 + month * 100 + day, row % 1000)?;
        Ok(id)
    };
    (0..ROWS).map(id).collect()
}
