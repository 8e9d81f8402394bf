//! The same question as SQL over pairs of cell and person.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use roaring::RoaringBitmap;
use secure_domain::bench::BenchTables;

use super::THRESHOLD;
use crate::duck::Duck;
use crate::setup::{Scratch, Setup};

/// Questions of a kind that are asked here: each takes much longer.
const ASKED: u64 = 5;
/// Pairs of a batch.
const BATCH: usize = 1 << 20;

/// What left, in DuckDB's memory.
pub(super) struct Pairs {
    duck: Duck,
    scratch: Scratch,
}

impl Pairs {
    /// Loads it.
    ///
    /// # Errors
    /// If the disk refuses, or DuckDB fails.
    pub(super) fn load(setup: &Setup, name: &str, cells: &[(usize, RoaringBitmap)]) -> Result<Self> {
        let scratch = setup.scratch(&format!("ledger-{}", name.replace(' ', "-")))?;
        let mut duck = Duck::start(setup, setup.threads)?;
        let pairs = cells.iter().zip(0_i64..).flat_map(|((measure, set), cell)| {
            let measure = i64::try_from(*measure).unwrap_or(0);
            set.iter().map(move |person| [measure, cell, i64::from(person)])
        });
        write(&scratch, "pairs", ["measure", "cell", "person"], pairs)?;
        let path = folder(&scratch, "pairs").join("pairs.parquet");
        duck.time(&format!("CREATE TABLE pairs AS SELECT * FROM read_parquet('{}')", path.display()))?;
        duck.time("CREATE TABLE sizes AS SELECT measure, cell, count(*) AS size FROM pairs GROUP BY ALL")?;
        Ok(Self { duck, scratch })
    }

    /// Median milliseconds of a kind of question.
    ///
    /// # Errors
    /// As [`Pairs::load`].
    pub(super) fn ask(&mut self, number: usize, make: &dyn Fn(u64) -> Vec<RoaringBitmap>) -> Result<f64> {
        let asked = (0..ASKED).zip(0_i64..).flat_map(|(n, question)| {
            let cells = make(n).into_iter().zip(0_i64..);
            let rows = cells.flat_map(move |(set, cell)| {
                set.into_iter().map(move |person| [question, cell, i64::from(person)])
            });
            rows.collect::<Vec<_>>()
        });
        let name = format!("asked{number}");
        write(&self.scratch, &name, ["question", "cell", "person"], asked)?;
        let path = folder(&self.scratch, &name).join(format!("{name}.parquet"));
        self.duck
            .time(&format!("CREATE TABLE {name} AS SELECT * FROM read_parquet('{}')", path.display()))?;
        let mut times = Vec::new();
        for question in 0..ASKED {
            let sql = format!(
                "WITH q AS (SELECT cell AS asked, person FROM {name} WHERE question = {question}),
                 n AS (SELECT asked, count(*) AS n FROM q GROUP BY asked),
                 shared AS (SELECT asked, cell, count(*) AS shared FROM pairs JOIN q USING (person)
                            WHERE measure = 0 GROUP BY asked, cell)
                 SELECT asked, cell, size + n - 2 * shared AS apart
                 FROM shared JOIN sizes USING (cell) JOIN n USING (asked)
                 WHERE measure = 0 AND size + n - 2 * shared BETWEEN 1 AND {}",
                THRESHOLD - 1
            );
            times.push(self.duck.time(&sql)?.0);
        }
        times.sort_unstable_by(f64::total_cmp);
        Ok(times.get(times.len() / 2).copied().unwrap_or(f64::NAN))
    }
}

fn write(
    scratch: &Scratch,
    name: &str,
    columns: [&str; 3],
    rows: impl Iterator<Item = [i64; 3]>,
) -> Result<()> {
    let batch = |rows: &[[i64; 3]]| {
        let column = |at: usize| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row[at])))
        };
        RecordBatch::try_from_iter_with_nullable([
            (columns[0], column(0), true),
            (columns[1], column(1), true),
            (columns[2], column(2), true),
        ])
    };
    let schema = batch(&[])?.schema();
    let mut rows = rows.peekable();
    let batches = std::iter::from_fn(|| {
        rows.peek()?;
        let some: Vec<_> = rows.by_ref().take(BATCH).collect();
        batch(&some).ok()
    });
    let folder = folder(scratch, name);
    std::fs::create_dir_all(&folder)?;
    Ok(BenchTables::new(&folder).add(name, &schema, batches)?)
}

fn folder(scratch: &Scratch, name: &str) -> PathBuf {
    scratch.path().join(name)
}
