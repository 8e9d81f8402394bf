//! Tables for people and JSON lines for programs.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use crate::setup::Setup;

/// Writes both.
#[derive(Debug)]
pub(crate) struct Report {
    path: PathBuf,
    file: File,
}

/// One figure beside its peer's.
#[derive(Debug, Clone)]
pub(crate) struct Pair<'a> {
    /// What was measured.
    pub(crate) what: &'a str,
    /// Ours.
    pub(crate) ours: f64,
    /// The peer.
    pub(crate) peer: &'a str,
    /// The peer's figure.
    pub(crate) theirs: f64,
}

impl Report {
    /// Starts a new file and says on what machine.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn create(setup: &Setup) -> Result<Self> {
        std::fs::create_dir_all(&setup.folder)?;
        let path = setup.folder.join("results.jsonl");
        let mut report = Self { file: File::create(&path)?, path };
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cpu = cpu.map_or("unknown processor", |(_, name)| name).to_owned();
        let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
        let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
        let commit = std::env::var("BENCH_COMMIT").unwrap_or_default();
        println!(
            "{} threads of {cpu}, Linux {kernel}, load {load} at the start, commit {commit}",
            setup.threads
        );
        report.line(&json!({
            "part": "machine", "threads": setup.threads, "cpu": cpu, "kernel": kernel, "load": load,
            "commit": commit, "scale": setup.scale, "rounds": setup.rounds,
        }))?;
        Ok(report)
    }

    /// Where the lines go.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// One JSON line.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn line(&mut self, value: &Value) -> Result<()> {
        Ok(writeln!(self.file, "{value}")?)
    }

    /// A title with what the reader must know.
    pub(crate) fn title(&self, title: &str, notes: &[&str]) {
        println!("\n## {title}");
        for note in notes {
            println!("   {note}");
        }
    }

    /// A table of figures in one unit, and their ratios.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn pairs(&mut self, part: &str, unit: &str, pairs: &[Pair<'_>]) -> Result<()> {
        println!("   {:<44} {:>12}  {:<44} {:>12} {:>10}", "ours", unit, "peer", unit, "ours/peer");
        for pair in pairs {
            let ratio = pair.ours / pair.theirs;
            println!(
                "   {:<44} {:>12}  {:<44} {:>12} {ratio:>10.3}",
                pair.what,
                figure(pair.ours),
                pair.peer,
                figure(pair.theirs)
            );
            self.line(&json!({
                "part": part, "unit": unit, "what": pair.what, "ours": pair.ours,
                "peer": pair.peer, "theirs": pair.theirs, "ratio": ratio,
            }))?;
        }
        Ok(())
    }
}

/// Three significant digits or all digits before the point.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        middle if middle >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Geometric mean; `None` of nothing.
pub(crate) fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in values {
        sum += value.ln();
        count += 1;
    }
    (count > 0).then(|| (sum / f64::from(count)).exp())
}
