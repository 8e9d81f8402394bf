//! What can be set, and a folder to work in.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// Settings of a run.
#[derive(Debug)]
pub(crate) struct Setup {
    /// `SF`: scale factor of TPC-H, 1 by default.
    pub(crate) scale: f64,
    /// `ROUNDS`: counted executions of each query, after one that is not counted; 3 by default.
    pub(crate) rounds: usize,
    /// `SECONDS_EACH`: how long each load runs; 5 by default.
    pub(crate) each: Duration,
    /// `TPCH_SECONDS`: after so long no further round begins; 360 by default.
    pub(crate) tpch: Duration,
    /// `SCALE_CASES`: open cases of the largest installation, 100 000 by default; the smaller ones have tenths of it.
    pub(crate) cases: u32,
    /// `SCALE_EVENTS`: events of a usual case, 10 by default; 50 makes five million of 100 000 cases.
    pub(crate) events: u32,
    /// `MASK_ROWS`: rows of the part `masks`, 3 000 000 by default.
    pub(crate) mask_rows: u32,
    /// `GUARD_PERSONS`: persons of the guarded runs, 1 000 000 by default.
    pub(crate) persons: u32,
    /// `LEDGER_CELLS`: cells that have left before, 10 000 by default.
    pub(crate) ledger_cells: usize,
    /// Threads that every engine may use: those of the machine.
    pub(crate) threads: usize,
    /// `CARGO_TARGET_DIR/bench`.
    pub(crate) folder: PathBuf,
    /// Python with DuckDB and pandas, made by `scripts/setup.sh bench`.
    pub(crate) python: PathBuf,
}

impl Setup {
    /// Reads the environment.
    ///
    /// # Errors
    /// For a value that is none.
    pub(crate) fn from_environment() -> Result<Self> {
        let scale: f64 = number("SF", 1.0)?;
        ensure!(scale > 0.0 && scale <= 100.0, "SF must be above 0 and at most 100");
        let rounds: usize = number("ROUNDS", 3)?;
        ensure!((1..=20).contains(&rounds), "ROUNDS must be 1 to 20");
        let each: u64 = number("SECONDS_EACH", 5)?;
        ensure!((1..=60).contains(&each), "SECONDS_EACH must be 1 to 60");
        let cases: u32 = number("SCALE_CASES", 100_000)?;
        ensure!((1_000..=900_000).contains(&cases), "SCALE_CASES must be 1000 to 900000");
        let events: u32 = number("SCALE_EVENTS", 10)?;
        ensure!((2..=400).contains(&events), "SCALE_EVENTS must be 2 to 400");
        let mask_rows: u32 = number("MASK_ROWS", 3_000_000)?;
        ensure!((10_000..=100_000_000).contains(&mask_rows), "MASK_ROWS must be 10000 to 100000000");
        let persons: u32 = number("GUARD_PERSONS", 1_000_000)?;
        ensure!((10_000..=10_000_000).contains(&persons), "GUARD_PERSONS must be 10000 to 10000000");
        let ledger_cells: usize = number("LEDGER_CELLS", 10_000)?;
        ensure!((100..=100_000).contains(&ledger_cells), "LEDGER_CELLS must be 100 to 100000");
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        Ok(Self {
            scale,
            rounds,
            each: Duration::from_secs(each),
            tpch: Duration::from_secs(number("TPCH_SECONDS", 360)?),
            cases,
            events,
            mask_rows,
            persons,
            ledger_cells,
            threads: std::thread::available_parallelism()?.get(),
            folder: target.join("bench"),
            python: cache()?.join("bench-venv/bin/python"),
        })
    }

    /// An empty folder on the disk that holds the target folder; removed when dropped. Not in `/tmp`, which may be
    /// memory and would make syncing free.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn scratch(&self, name: &str) -> Result<Scratch> {
        let path = self.folder.join("scratch").join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir_all(&path).with_context(|| format!("{}", path.display()))?;
        Ok(Scratch(path))
    }
}

fn cache() -> Result<PathBuf> {
    if let Some(cache) = std::env::var_os("SHUYU_CACHE") {
        return Ok(cache.into());
    }
    let home = std::env::var_os("HOME").context("HOME is not set")?;
    Ok(Path::new(&home).join(".cache/shuyu"))
}

fn number<T: FromStr>(name: &str, default: T) -> Result<T> {
    let Ok(text) = std::env::var(name) else { return Ok(default) };
    let Ok(value) = text.parse() else { bail!("{name} is not a number: {text}") };
    Ok(value)
}

/// A folder that goes away.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left over, it is removed by the next run.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
