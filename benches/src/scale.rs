//! How the work of people and of the clock grows with the number of open cases, on both databases.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::postgres::Postgres;
use crate::process::program;
use crate::report::{Report, figure};
use crate::setup::Setup;

/// What part of the largest installation each has.
const STEPS: [u32; 3] = [100, 10, 1];
/// What people wait for. *Units*: milliseconds at the 95th percentile.
const GOAL: f64 = 50.0;
/// What runs at night. *Units*: milliseconds.
const NIGHT: f64 = 60_000.0;
/// How the figures begin that people wait for.
const WAITED_FOR: [&str; 5] = ["inbox", "cases", "counts", "case page", "due list"];

/// What `bench_scale grow` says.
#[derive(Debug, Deserialize)]
struct Grown {
    cases: u32,
    events: u64,
    packs: u32,
    stories: u32,
    usual_events: u32,
    long_events: u32,
    packs_seconds: f64,
    seconds: f64,
}

/// What `bench_scale measure` says.
#[derive(Debug, Deserialize)]
struct Measured {
    figures: Vec<Figure>,
    opened_millis: f64,
    todo: u64,
    participates: u64,
    resident_first: u64,
    resident: u64,
    peak: u64,
}

#[derive(Debug, Deserialize)]
struct Figure {
    what: String,
    p50: f64,
    p95: f64,
    turns: u32,
}

/// A figure of a step.
type Size = fn(&Step) -> f64;

/// One size of an installation.
struct Step {
    grown: Grown,
    measured: Measured,
    database_bytes: u64,
}

/// Runs the part.
///
/// # Errors
/// If a program is missing or PostgreSQL cannot be started.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("scale")?;
    report.title(
        "Growth with the number of open cases (milliseconds: median and 95th percentile)",
        &[
            "Every case is a story of a county's pack, played through the kernel and ended 0 to 40 days ago, mostly in the",
            "last ten: all procedures and steps that scenarios leave open, with remarks up to the usual length, told of",
            "100 cases of each county with other ids, numbers, operators and 20 persons to each desk. One county has one",
            "pack of its own, one operator and one authorisation; the bureaus are the same in all. One case in a thousand",
            "has twenty times the usual history; for one in a hundred the clock has something to do on the next day.",
            "Goal: 50 ms at the 95th percentile for what people wait for, a minute for the sweep.",
        ],
    );
    let mut steps = Vec::new();
    for share in STEPS {
        let cases = setup.cases / share;
        let data = scratch.path().join(format!("sqlite-{cases}"));
        let file = data.join("shuyu.db");
        let database = format!("sqlite:{}", file.display());
        std::fs::create_dir_all(&data)?;
        let grown = grow(setup, &data, &database, cases)?;
        let database_bytes = std::fs::metadata(&file)?.len();
        steps.push(Step { grown, measured: measure(&data, &database, cases)?, database_bytes });
        std::fs::remove_dir_all(&data)?;
    }
    print(report, "SQLite", &steps)?;
    let server = Postgres::start()?;
    let mut steps = Vec::new();
    for share in STEPS {
        let cases = setup.cases / share;
        let data = scratch.path().join(format!("postgres-{cases}"));
        let name = format!("cases_{cases}");
        let database = server.create(&name)?;
        std::fs::create_dir_all(&data)?;
        let grown = grow(setup, &data, &database, cases)?;
        server.settle(&name)?;
        let database_bytes = server.bytes(&name)?;
        steps.push(Step { grown, measured: measure(&data, &database, cases)?, database_bytes });
        server.remove(&name)?;
    }
    print(report, "PostgreSQL", &steps)
}

fn grow(setup: &Setup, data: &Path, database: &str, cases: u32) -> Result<Grown> {
    let (cases, events) = (cases.to_string(), setup.events.to_string());
    ask(&["grow", &data.display().to_string(), database, &cases, &events])
}

fn measure(data: &Path, database: &str, cases: u32) -> Result<Measured> {
    ask(&["measure", &data.display().to_string(), database, &cases.to_string()])
}

fn ask<T: serde::de::DeserializeOwned>(arguments: &[&str]) -> Result<T> {
    let output = Command::new(program("bench_scale")?).args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "bench_scale {}: {}", arguments.join(" "), output.status);
    serde_json::from_slice(&output.stdout).context("bench_scale")
}

fn print(report: &mut Report, engine: &str, steps: &[Step]) -> Result<()> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Ok(()) };
    println!("   {engine}");
    for step in steps {
        let (grown, measured) = (&step.grown, &step.measured);
        println!(
            "   {} cases, {} events (usually {}, long {}), {} packs, {} stories; the busy unit must act in {} and takes \
             part in {}; grown in {:.0} s, {:.0} s of them for packs",
            grown.cases,
            grown.events,
            grown.usual_events,
            grown.long_events,
            grown.packs,
            grown.stories,
            measured.todo,
            measured.participates,
            grown.seconds,
            grown.packs_seconds,
        );
    }
    let mut head = format!("   {:<44}", "");
    for step in steps {
        head.push_str(&format!(" {:>19}", step.grown.cases));
    }
    println!("{head} {:>8}", "growth");
    for one in &first.measured.figures {
        let mut row = format!("   {:<44}", one.what);
        let mut largest = one;
        for step in steps {
            let found = step.measured.figures.iter().find(|found| found.what == one.what);
            let Some(found) = found else { continue };
            row.push_str(&format!(" {:>9} {:>9}", figure(found.p50), figure(found.p95)));
            report.line(&json!({
                "part": "scale", "engine": engine, "cases": step.grown.cases, "events": step.grown.events,
                "what": found.what, "p50": found.p50, "p95": found.p95, "turns": found.turns,
            }))?;
            largest = found;
        }
        println!("{row} {:>8} {}", figure(largest.p95 / one.p95), verdict(largest));
    }
    let sizes: [(&str, Size); 5] = [
        ("start on the grown folder, ms", |step| step.measured.opened_millis),
        ("memory after the start, MiB", |step| mib(step.measured.resident_first)),
        ("memory at the end, MiB", |step| mib(step.measured.resident)),
        ("memory at most, MiB", |step| mib(step.measured.peak)),
        ("database, MiB", |step| mib(step.database_bytes)),
    ];
    for (what, size) in sizes {
        let mut row = format!("   {what:<44}");
        for step in steps {
            row.push_str(&format!(" {:>19}", figure(size(step))));
            report.line(&json!({
                "part": "scale", "engine": engine, "cases": step.grown.cases, "what": what, "value": size(step),
            }))?;
        }
        println!("{row} {:>8}", figure(size(last) / size(first)));
    }
    Ok(())
}

/// What the goal says about the largest installation.
fn verdict(figure: &Figure) -> &'static str {
    let starts = |words: &[&str]| words.iter().any(|word| figure.what.starts_with(word));
    let goal = if starts(&["sweep"]) {
        NIGHT
    } else if starts(&WAITED_FOR) {
        GOAL
    } else {
        return "";
    };
    if figure.p95 <= goal { "" } else { "above the goal" }
}

fn mib(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}
