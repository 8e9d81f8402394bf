//! The nearest to the same masks in SQL and in pandas.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::child::Took;
use crate::duck::Duck;
use crate::identity;
use crate::setup::Setup;

/// The program, which is part of this one.
const SCRIPT: &str = include_str!("../../masks.py");

/// One statement that reads, masks and writes.
pub(super) fn sql(from: &Path, into: &Path) -> String {
    let made_up = identity::made_up("id_card", &format!("read_parquet('{}')", from.display()));
    let number = identity::with_check();
    format!(
        "COPY (
         WITH {made_up}
         SELECT {number} AS id_card,
                '~' || substr(sha256('secret' || insured), 1, 20) AS insured,
                CASE WHEN length(mobile) = 11 THEN substr(mobile, 1, 3) || '****' || substr(mobile, 8)
                     ELSE repeat('*', length(mobile)) END AS mobile,
                make_date(2026 - least(date_sub('year', born, DATE '2026-01-01') // 10 * 10, 90)::INTEGER, 1, 1) AS born,
                visited + ((h >> 48) % 30 + 1)::INTEGER * CASE WHEN (h >> 40) % 2 = 0 THEN 1 ELSE -1 END AS visited,
                cost * (1 + ((hash('secret', cost) % 100001)::DOUBLE - 50000) / 1e6) AS cost,
                greatest(12000, least(300000, income)) AS income,
                floor(longitude / 0.01) * 0.01 + 0.005 AS longitude
         FROM bodies
         ) TO '{}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 262144)",
        into.display()
    )
}

/// Are the values of both the same where no key has a part in them, and others than they were where one has?
pub(super) fn check(duck: &mut Duck, ours: &Path, theirs: &Path) -> Result<()> {
    let differing = format!(
        "SELECT 1 FROM read_parquet('{}') o POSITIONAL JOIN read_parquet('{}') t
         WHERE o.mobile IS DISTINCT FROM t.mobile OR o.born IS DISTINCT FROM t.born
            OR o.income IS DISTINCT FROM t.income OR coalesce(abs(o.longitude - t.longitude) > 1e-9, true)
            OR length(o.id_card) IS DISTINCT FROM 18 OR o.insured NOT LIKE '~%'",
        ours.display(),
        theirs.display()
    );
    let differing = duck.time(&differing)?.1;
    ensure!(differing == 0, "{differing} rows differ from DuckDB's where they must not");
    Ok(())
}

/// pandas, in chunks.
///
/// # Errors
/// If it is missing or fails.
pub(super) fn pandas(setup: &Setup, from: &Path, folder: &Path) -> Result<Took> {
    let output = Command::new(&setup.python)
        .args(["-c", SCRIPT])
        .args([from, &folder.join("pandas")])
        .arg(setup.threads.to_string())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} (scripts/setup.sh bench makes it)", setup.python.display()))?;
    ensure!(output.status.success(), "pandas ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}
