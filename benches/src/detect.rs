//! Finding sensitive values: how much of the generated corpus is found, how much of what is found is right,
//! and how fast.

use std::time::Instant;

use anyhow::{Result, ensure};
use privacy::detect::Scanner;
use privacy::detect::corpus::{Sample, generate, measure};
use serde_json::json;

use crate::report::{Report, figure};

/// Samples of each kind; as many again hold nothing.
const EACH: u32 = 5_000;
const SEED: u64 = 20_261_121;
/// Of each measurement the best counts.
const TURNS: usize = 3;

/// Runs the part. It has no peer: nothing that is freely had knows these kinds.
///
/// # Errors
/// If the corpus is empty or the disk refuses.
pub(crate) fn run(report: &mut Report) -> Result<()> {
    let samples = generate(SEED, EACH);
    ensure!(!samples.is_empty(), "the corpus is empty");
    report.title(
        "Finding sensitive values in text",
        &[
            "A made-up corpus, half of it hard negatives; names and places from lists that the dictionaries do not hold. The",
            "figures show that detection does what it is meant to do, not what it would find in the registers of a county.",
            "One thread; MB are 10^6 bytes of UTF-8.",
        ],
    );
    println!("   {:<20} {:>10} {:>10} {:>10}", "kind", "recall", "precision", "MB/s");
    let mut scanner = Scanner::new();
    for score in measure(&mut scanner, &samples) {
        let texts: Vec<&Sample> = samples.iter().filter(|sample| sample.kind == Some(score.kind)).collect();
        let rate = rate(&mut scanner, &texts);
        let name = score.kind.name();
        println!("   {name:<20} {:>10.4} {:>10.4} {:>10}", score.recall(), score.precision(), figure(rate));
        report.line(&json!({
            "part": "detect", "kind": name, "recall": score.recall(), "precision": score.precision(),
            "samples": score.expected, "wrong": score.wrong, "mb_per_second": rate,
        }))?;
    }
    let nothing: Vec<&Sample> = samples.iter().filter(|sample| sample.kind.is_none()).collect();
    let all: Vec<&Sample> = samples.iter().collect();
    for (name, texts) in [("nothing", nothing), ("all", all)] {
        let rate = rate(&mut scanner, &texts);
        println!("   {name:<20} {:>10} {:>10} {:>10}", "", "", figure(rate));
        report.line(&json!({"part": "detect", "kind": name, "mb_per_second": rate}))?;
    }
    Ok(())
}

/// Megabytes a second.
fn rate(scanner: &mut Scanner, texts: &[&Sample]) -> f64 {
    let bytes: u32 = texts.iter().map(|sample| u32::try_from(sample.text.len()).unwrap_or(0)).sum();
    let mut best = f64::INFINITY;
    for _ in 0..TURNS {
        let start = Instant::now();
        let findings: usize = texts.iter().map(|sample| scanner.scan(&sample.text).len()).sum();
        std::hint::black_box(findings);
        best = best.min(start.elapsed().as_secs_f64());
    }
    f64::from(bytes) / best / 1e6
}
