//! Measures Shuyu against its peers, each pair in the same run, and prints ratios. Nothing is asserted about time.
//!
//! `make bench` runs it; `benches/run.sh tpch journal` runs single parts. Settings come from the environment: see
//! [`setup::Setup`]. Besides the tables, every figure goes as a JSON line to `bench/results.jsonl` in the target folder.
//!
//! The machine is shared by the pair that is compared, so a ratio says more than a figure, and the best of several
//! rounds more than their mean. Two parts have no peer: `detect` measures itself against a corpus, and `scale` compares the
//! platform with itself, from a thousand open cases to a hundred thousand, on both databases.

mod detect;
mod draw;
mod duck;
mod guard;
mod identity;
mod journal;
mod ledger;
mod lookup;
mod masking;
mod masks;
mod postgres;
mod process;
mod queries;
mod report;
mod scale;
mod setup;
mod start;
mod tpch;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use report::Report;
use setup::Setup;

/// The parts, in the order in which they run: what needs a quiet disk first.
const PARTS: [&str; 10] =
    ["start", "journal", "lookup", "masking", "masks", "detect", "guard", "ledger", "tpch", "scale"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((word, rest)) if word == masks::WORD => masks::work(rest),
        _ => measure(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(wanted: Vec<String>) -> Result<()> {
    let setup = Setup::from_environment()?;
    if let Some(unknown) = wanted.iter().find(|part| !PARTS.contains(&part.as_str())) {
        bail!("no such part: {unknown}; there are {}", PARTS.join(", "));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(setup.threads).enable_all().build()?;
    let mut report = Report::create(&setup)?;
    let mut failed = Vec::new();
    for part in PARTS.iter().filter(|part| wanted.is_empty() || wanted.iter().any(|word| word == *part)) {
        let done = runtime.block_on(run(part, &setup, &mut report)).with_context(|| format!("part {part}"));
        if let Err(error) = done {
            // One part that cannot run does not take the others with it.
            println!("\n{part} could not be measured: {error:#}");
            failed.push(*part);
        }
    }
    println!("\nFigures as JSON lines: {}", report.path().display());
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}

async fn run(part: &str, setup: &Setup, report: &mut Report) -> Result<()> {
    match part {
        "start" => start::run(setup, report),
        "journal" => journal::run(setup, report).await,
        "lookup" => lookup::run(setup, report),
        "masking" => masking::run(setup, report),
        "masks" => masks::run(setup, report),
        "detect" => detect::run(report),
        "guard" => guard::run(setup, report).await,
        "ledger" => ledger::run(setup, report),
        "tpch" => tpch::run(setup, report).await,
        "scale" => scale::run(setup, report),
        _ => Ok(()),
    }
}
