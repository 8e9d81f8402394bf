//! The guard: texts judged in a second, and a whole guarded run over persons beside the plain GROUP BY.

mod order;
mod rows;
mod texts;
mod zones;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use privacy::disclosure::Thresholds;
use secure_domain::bench::BenchTables;
use secure_domain::engine::DevEngine;
use secure_domain::protocol::{CheckOrder, ExplainOrder, Limits};
use serde_json::json;

use crate::duck::Duck;
use crate::report::{Report, figure};
use crate::setup::Setup;
use texts::{Text, all};

/// A text is judged so often at least, and so long.
const JUDGED: (usize, Duration) = (20, Duration::from_millis(400));
/// How long all texts together are judged on all threads.
const TOGETHER: Duration = Duration::from_secs(2);
/// What an order would have to keep to.
const THRESHOLDS: Thresholds = Thresholds {
    min_entities: 10,
    max_dominance_ppm: 500_000,
    margin_ppm: 150_000,
    dominance: None,
    noisy_numbers_max: 32,
};

/// Runs the part.
///
/// # Errors
/// If a legal text is refused or a hostile one is not, if a zone fails, or results differ.
pub(crate) async fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("guard")?;
    let mut tables = BenchTables::new(scratch.path());
    rows::add(&mut tables, setup.persons)?;
    let mut duck = Duck::start(setup, setup.threads)?;
    for name in ["persons", "visits", "stations"] {
        let path = scratch.path().join(format!("{name}.parquet"));
        duck.time(&format!("CREATE VIEW {name} AS SELECT * FROM read_parquet('{}')", path.display()))?;
    }
    let engine = tables.sealed(Limits { threads: setup.threads, ..Limits::default() })?;
    report.title(
        "Guard: judging a text before it runs on raw data",
        &[
            "check: parsed, resolved, translated, judged, rewritten, planned; explain: what it shows and what would pass instead.",
            "Milliseconds of one thread. DuckDB's EXPLAIN of the legal ones parses and plans, and judges nothing.",
        ],
    );
    judge(report, &engine, &mut duck).await?;
    together(setup, report, &engine).await?;
    order::run(setup, report, &tables, &mut duck, scratch.path()).await
}

async fn judge(report: &mut Report, engine: &DevEngine, duck: &mut Duck) -> Result<()> {
    println!(
        "   {:<42} {:>7} {:>28} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "text", "bytes", "verdict", "check", "p95", "max", "explain", "EXPLAIN"
    );
    for text in all() {
        let mut verdict = String::new();
        let (mut checks, mut explains) = (Vec::new(), Vec::new());
        let begun = Instant::now();
        while checks.len() < JUDGED.0 || begun.elapsed() < JUDGED.1 {
            let start = Instant::now();
            verdict = check(engine, &text).await?;
            checks.push(start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            let order = ExplainOrder { check: order(&text), thresholds: THRESHOLDS, price: None };
            // What is no query at all is an error here as well, and was counted as refused.
            let _explained = engine.explain(order).await;
            explains.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let planned = if text.legal { Some(planned(duck, &text)?) } else { None };
        let (median, p95, max) = (at(&mut checks, 50)?, at(&mut checks, 95)?, at(&mut checks, 100)?);
        let explain = at(&mut explains, 50)?;
        println!(
            "   {:<42} {:>7} {verdict:>28} {:>8} {:>8} {:>8} {:>8} {:>8}",
            text.name,
            text.sql.len(),
            figure(median),
            figure(p95),
            figure(max),
            figure(explain),
            planned.map(figure).unwrap_or_default(),
        );
        report.line(&json!({
            "part": "guard", "text": text.name, "bytes": text.sql.len(), "verdict": verdict, "unit": "ms", "median": median,
            "p95": p95, "max": max, "explain": explain, "peer": "DuckDB EXPLAIN", "theirs": planned,
        }))?;
    }
    Ok(())
}

/// All texts by turns, from as many callers as there are threads.
async fn together(setup: &Setup, report: &mut Report, engine: &DevEngine) -> Result<()> {
    let start = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..setup.threads {
        let engine = engine.clone();
        callers.spawn(async move {
            let (texts, mut judged) = (all(), 0_u32);
            while start.elapsed() < TOGETHER {
                let index = (usize::try_from(judged)? + caller) % texts.len();
                check(&engine, texts.get(index).context("no text")?).await?;
                judged += 1;
            }
            Ok::<u32, anyhow::Error>(judged)
        });
    }
    let mut judged = 0;
    while let Some(done) = callers.join_next().await {
        judged += done??;
    }
    let rate = f64::from(judged) / start.elapsed().as_secs_f64();
    println!("   all of them by turns, {} callers: {} texts per second", setup.threads, figure(rate));
    report.line(&json!({ "part": "guard", "text": "all by turns", "unit": "per second", "rate": rate }))
}

fn order(text: &Text) -> CheckOrder {
    CheckOrder { sql: text.sql.clone(), parameters: Vec::new() }
}

/// What became of a text: it must be what is said of it.
async fn check(engine: &DevEngine, text: &Text) -> Result<String> {
    let found = engine.check(order(text)).await;
    let verdict = found.as_ref().err().map_or("accepted", |error| error.code());
    ensure!(found.is_ok() == text.legal, "{}: {verdict}", text.name);
    Ok(verdict.to_owned())
}

fn planned(duck: &mut Duck, text: &Text) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..JUDGED.0 {
        times.push(duck.time(&format!("EXPLAIN {}", text.sql))?.0);
    }
    at(&mut times, 50)
}

/// A percentile.
fn at(times: &mut [f64], share: usize) -> Result<f64> {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() * share / 100).or(times.last()).copied().context("no times")
}
