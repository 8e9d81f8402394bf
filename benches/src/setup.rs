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
    /// Threads that every engine may use: those of the machine.
    pub(crate) threads: usize,
    /// `CARGO_TARGET_DIR/bench`.
    pub(crate) folder: PathBuf,
    /// Python with DuckDB, made by `scripts/setup.sh bench`.
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
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        Ok(Self {
            scale,
            rounds,
            each: Duration::from_secs(each),
            tpch: Duration::from_secs(number("TPCH_SECONDS", 360)?),
            cases,
            events,
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
