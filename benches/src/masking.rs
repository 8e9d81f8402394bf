//! Masking a million identity numbers, beside the nearest SQL.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray};
use privacy::SensitiveKind;
use privacy::masking::{MaskKey, MaskSpec, mask_column};

use crate::duck::Duck;
use crate::report::{Pair, Report};
use crate::setup::Setup;

const ROWS: u32 = 1_000_000;
/// Of each measurement the best counts.
const TURNS: usize = 3;
/// Weights of the check digit of an identity number. Source: GB 11643-1999.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// Runs the part.
///
/// # Errors
/// If DuckDB or the masks fail.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("masking")?;
    let ids = ids();
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

/// A number of the same region with another birth date and sequence drawn from a hash, and its check digit; in integer
/// arithmetic, which DuckDB does ten times faster than the same on text.
fn number_sql() -> String {
    let mut sum = String::new();
    for (place, weight) in (0_u32..).zip(WEIGHTS) {
        let plus = if place > 0 { " + " } else { "" };
        // Writing into a string cannot fail.
        let _ = write!(sum, "{plus}n // {} % 10 * {weight}", 10_u64.pow(16 - place));
    }
    format!(
        "CREATE OR REPLACE TABLE masked AS
         WITH hashed AS (SELECT id, md5_number_lower('secret' || id) AS h FROM ids),
         dated AS (SELECT id, h, DATE '1940-01-01' + (h % 25000)::INTEGER AS d FROM hashed),
         bodies AS (SELECT substr(id, 1, 6)::BIGINT * 100000000000
                           + (year(d) * 10000 + month(d) * 100 + day(d)) * 1000
                           + (h // 25000 % 1000)::BIGINT AS n FROM dated)
         SELECT n::VARCHAR || substr('10X98765432', ({sum}) % 11 + 1, 1) AS id FROM bodies"
    )
}

/// Distinct and valid in form. The region's last digits are not in use, so they are nobody's.
fn ids() -> Vec<String> {
    (0..ROWS)
        .map(|row| {
            let (year, month, day) = (1950 + row / 1000 % 60, row / 60_000 % 12 + 1, row / 720_000 % 28 + 1);
            let body = format!("119999{year}{month:02}{day:02}{:03}", row % 1000);
            let sum: u32 =
                body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
            let check = CHECKS[usize::try_from(sum % 11).unwrap_or_default()];
            format!("{body}{}", char::from(check))
        })
        .collect()
}
