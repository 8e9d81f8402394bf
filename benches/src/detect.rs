//! Finding sensitive values: how much of the generated corpus is found, how much of what is found is right,
//! and how fast.

use std::time::Instant;

use anyhow::{Result, ensure};
use privacy::detect::Scanner;
use privacy::detect::corpus::{Sample, generate, measure};
use regex::Regex;
use serde_json::json;

use crate::report::{Report, figure};

/// Samples of each kind; as many again hold nothing.
const EACH: u32 = 5_000;
const SEED: u64 = 20_261_121;
/// Of each measurement the best counts.
const TURNS: usize = 3;

/// Shapes of the same kinds as usually looked for: plainly written, without check digits or the words around them.
const SHAPES: &str = r"(?x)
    [1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx] | [1-9][0-9]{14}
    | [0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}
    | [0-9]{16,19} | [A-HJ-NPR-Z0-9]{17} | [0-9A-Z]{8}-[0-9X] | [HMC][0-9]{8,10} | [EGDSP][A-Z0-9][0-9]{7}
    | 1[3-9][0-9]{9} | 0[0-9]{2,3}-?[0-9]{7,8}
    | [京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-HJ-NP-Z0-9]{5,6}
    | [A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,} | [0-9]{1,3}(?:\.[0-9]{1,3}){3}
    | [0-9]{2,3}\.[0-9]{3,8}[,，]\ ?[0-9]{2,3}\.[0-9]{3,8}";

/// Runs the part. Nothing that is freely had knows all these kinds; beside it, in the same run, the shapes of those that have
/// one are looked for by the regular expressions that most programs use for them.
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
    let shapes = Regex::new(SHAPES)?;
    for score in measure(&mut scanner, &samples) {
        let texts: Vec<&Sample> = samples.iter().filter(|sample| sample.kind == Some(score.kind)).collect();
        let rate = rate(&texts, |text| scanner.scan(text).len());
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
        let rate = rate(&texts, |text| scanner.scan(text).len());
        let shapes_alone = self::rate(&texts, |text| shapes.find_iter(text).count());
        println!(
            "   {name:<20} {:>10} {:>10} {:>10}   regular expressions for shapes alone {}, ratio {:.2}",
            "",
            "",
            figure(rate),
            figure(shapes_alone),
            rate / shapes_alone,
        );
        report.line(&json!({
            "part": "detect", "kind": name, "mb_per_second": rate, "shapes_alone_mb_per_second": shapes_alone,
        }))?;
    }
    Ok(())
}

/// Megabytes a second.
fn rate(texts: &[&Sample], mut look: impl FnMut(&str) -> usize) -> f64 {
    let bytes: u32 = texts.iter().map(|sample| u32::try_from(sample.text.len()).unwrap_or(0)).sum();
    let mut best = f64::INFINITY;
    for _ in 0..TURNS {
        let start = Instant::now();
        let findings: usize = texts.iter().map(|sample| look(&sample.text)).sum();
        std::hint::black_box(findings);
        best = best.min(start.elapsed().as_secs_f64());
    }
    f64::from(bytes) / best / 1e6
}
