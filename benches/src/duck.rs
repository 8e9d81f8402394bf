//! DuckDB in a Python process of its own: one JSON line in, one out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::process::peak_kib;
use crate::setup::Setup;

/// The other side.
const SCRIPT: &str = include_str!("../duck.py");

/// A running DuckDB.
#[derive(Debug)]
pub(crate) struct Duck {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Its version.
    pub(crate) version: String,
}

/// What a statement brought.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    millis: f64,
    #[serde(default)]
    rows: usize,
    version: Option<String>,
    error: Option<String>,
}

impl Duck {
    /// Starts it with so many threads.
    ///
    /// # Errors
    /// If the Python environment is missing.
    pub(crate) fn start(setup: &Setup, threads: usize) -> Result<Self> {
        let mut child = Command::new(&setup.python)
            .args(["-c", SCRIPT, &threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} (scripts/setup.sh bench makes it)", setup.python.display()))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("no pipe")?);
        let mut duck = Self { child, input, output, version: String::new() };
        duck.version = duck.answer()?.version.unwrap_or_default();
        Ok(duck)
    }

    /// Executes one statement and fetches all its rows as Arrow: milliseconds and rows.
    ///
    /// # Errors
    /// DuckDB's.
    pub(crate) fn time(&mut self, sql: &str) -> Result<(f64, usize)> {
        let input = self.input.as_mut().context("ended")?;
        writeln!(input, "{}", json!({ "sql": sql }))?;
        input.flush()?;
        let answer = self.answer()?;
        if let Some(error) = answer.error {
            bail!("duckdb: {error}");
        }
        Ok((answer.millis, answer.rows))
    }

    /// Its largest resident memory so far. *Units*: KiB.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub(crate) fn peak(&self) -> Result<u64> {
        peak_kib(&self.child.id().to_string())
    }

    fn answer(&mut self) -> Result<Answer> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "duckdb ended");
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Duck {
    fn drop(&mut self) {
        // Closing its input ends it.
        drop(self.input.take());
        let _ended = self.child.wait();
    }
}
