//! The release ledger: what it takes to set one more cell against ten thousand that left before.

mod peer;
mod people;

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use privacy::disclosure::ledger::{MeasureId, Protection, Record, ReleaseLedger, Verdict};
use roaring::RoaringBitmap;
use serde_json::json;

use crate::report::{Report, figure};
use crate::setup::Setup;
use peer::Pairs;
use people::{People, Question, candidate, questions, tables};

/// Questions of a kind.
const ASKED: u64 = 60;
/// Fewest entities that may be told about.
pub(super) const THRESHOLD: u32 = 10;
/// How long a ledger may be filled: with one measure every table takes longer than the one before.
const FILLING: Duration = Duration::from_secs(60);
/// Measures of the second filling: months, say.
const MEASURES: usize = 12;

/// A ledger that much has left of.
struct Filled {
    ledger: ReleaseLedger,
    /// One page a release, as the ledger zone seals them.
    pages: Vec<Vec<u8>>,
    /// What left, by measure.
    cells: Vec<(usize, RoaringBitmap)>,
    noisy: usize,
    refused: usize,
    /// How long it took.
    took: Duration,
}

/// Runs the part.
///
/// # Errors
/// If a ledger read again is another one, or the peer fails.
pub(crate) fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let people = Rc::new(People::new());
    report.title(
        &format!("Release ledger: one more release against {} cells that left before", setup.ledger_cells),
        &[
            "100 000 people with seven attributes; what left are tables by one to three of them, cells of 20 to 50 000. With one",
            "measure every person ends up in a class of his own, which is the worst there is. Ours judges whether any combination",
            "of all cells speaks about fewer than 10 (milliseconds of one thread). Peer: DuckDB over pairs of cell and person, all",
            "threads, which answers only whether a single earlier cell differs by fewer than 10: not the same work, but a part.",
        ],
    );
    for (name, measures) in [("one measure", 1), ("12 measures", MEASURES)] {
        let filled = fill(&people, measures, setup.ledger_cells)?;
        print_filled(report, name, &filled)?;
        let mut pairs = Pairs::load(setup, name, &filled.cells)?;
        println!(
            "   {:<40} {:>9} {:>9} {:>9} {:>16} {:>9}",
            "asked", "median", "p95", "max", "allow/noise/no", "DuckDB"
        );
        for (number, question) in questions(&people).iter().enumerate() {
            ask(report, name, &filled.ledger, question, number, &mut pairs)?;
        }
    }
    Ok(())
}

/// Releases tables until so many cells have left, exactly or with noise, or [`FILLING`] is over.
fn fill(people: &People, measures: usize, wanted: usize) -> Result<Filled> {
    let begun = Instant::now();
    let (ledger, opened) = ReleaseLedger::open(&[1; 32]);
    let mut filled = Filled {
        ledger,
        pages: vec![serde_json::to_vec(&opened)?],
        cells: Vec::new(),
        noisy: 0,
        refused: 0,
        took: Duration::ZERO,
    };
    for (table, by) in tables().iter().enumerate() {
        let cells = people.table(by);
        for number in 0..measures {
            let release = table * MEASURES + number;
            let measure = measure(number);
            let all = candidate(release, measure, cells.iter().cloned().map(|set| (set, Protection::Exact)));
            let verdicts = filled.ledger.assess(&all, THRESHOLD)?.cells;
            let mut leaves = Vec::new();
            for (set, found) in cells.iter().zip(&verdicts) {
                match found.verdict {
                    _ if filled.cells.len() == wanted => break,
                    Verdict::Refuse => {
                        filled.refused += 1;
                        continue;
                    }
                    Verdict::Perturb => {
                        filled.noisy += 1;
                        leaves.push((set.clone(), Protection::Perturbed));
                    }
                    Verdict::Allow => leaves.push((set.clone(), Protection::Exact)),
                }
                filled.cells.push((number, set.clone()));
            }
            let record = filled.ledger.append(candidate(release, measure, leaves))?;
            filled.pages.push(serde_json::to_vec(&record)?);
            filled.took = begun.elapsed();
            if filled.cells.len() == wanted || filled.took > FILLING {
                return Ok(filled);
            }
        }
    }
    Ok(filled)
}

fn print_filled(report: &mut Report, name: &str, filled: &Filled) -> Result<()> {
    let bytes: usize = filled.pages.iter().map(Vec::len).sum();
    let start = Instant::now();
    let records: Vec<Record> =
        filled.pages.iter().map(|page| serde_json::from_slice(page)).collect::<Result<_, _>>()?;
    let again = ReleaseLedger::from_records(records)?;
    let read = start.elapsed();
    ensure!(again.releases() == filled.ledger.releases(), "a ledger read again is another one");
    ensure!(
        again.extent(measure(0)) == filled.ledger.extent(measure(0)),
        "a ledger read again has other equations"
    );
    let (cells, noisy, refused) = (filled.cells.len(), filled.noisy, filled.refused);
    let equations = filled.ledger.extent(measure(0)).map_or(0, |extent| extent.rows);
    println!(
        "\n   {name}: {cells} cells left, {noisy} of them with noise; {refused} were refused; {equations} independent equations of a measure; filled in {} s.",
        figure(filled.took.as_secs_f64())
    );
    println!(
        "   Read again from {} pages of {} MiB together in {} ms.",
        filled.pages.len(),
        bytes >> 20,
        figure(millis(read))
    );
    report.line(&json!({
        "part": "ledger", "filling": name, "cells": cells, "noisy": noisy, "refused": refused, "equations": equations,
        "pages": filled.pages.len(), "bytes": bytes, "read_ms": millis(read),
    }))
}

/// Asks every question of a kind.
fn ask(
    report: &mut Report,
    filling: &str,
    ledger: &ReleaseLedger,
    (name, make): &Question,
    number: usize,
    pairs: &mut Pairs,
) -> Result<()> {
    let mut times = Vec::new();
    let mut verdicts = [0; 3];
    for n in 0..ASKED {
        let cells = make(n).into_iter().map(|set| (set, Protection::Exact));
        let asked = candidate(1_000_000, measure(0), cells);
        let start = Instant::now();
        let verdict = ledger.assess(&asked, THRESHOLD)?.verdict;
        times.push(millis(start.elapsed()));
        match verdict {
            Verdict::Allow => verdicts[0] += 1,
            Verdict::Perturb => verdicts[1] += 1,
            Verdict::Refuse => verdicts[2] += 1,
        }
    }
    times.sort_unstable_by(f64::total_cmp);
    let at =
        |share: usize| times.get(times.len() * share / 100).or(times.last()).copied().context("no times");
    let (median, p95, max) = (at(50)?, at(95)?, at(100)?);
    let theirs = pairs.ask(number, make)?;
    println!(
        "   {name:<40} {:>9} {:>9} {:>9} {:>16} {:>9}",
        figure(median),
        figure(p95),
        figure(max),
        verdicts.map(|n| n.to_string()).join("/"),
        figure(theirs),
    );
    report.line(&json!({
        "part": "ledger", "filling": filling, "asked": name, "unit": "ms", "median": median, "p95": p95, "max": max,
        "allow": verdicts[0], "perturb": verdicts[1], "refuse": verdicts[2], "peer": "DuckDB set difference", "theirs": theirs,
    }))
}

fn measure(number: usize) -> MeasureId {
    MeasureId::of(&["bench", &number.to_string()])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
