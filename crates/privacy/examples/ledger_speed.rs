//! How long the release ledger takes for one more cell after ten thousand: `cargo run --release -p privacy --example
//! ledger_speed`. The population is 100 000 invented people with seven attributes; what was released are tables by one to
//! three of them with their margins, cells of 20 to 50 000. A number as argument spreads them over so many measures, as
//! months do; with one measure every person ends up in a class of his own, which is the worst there is.

#![expect(clippy::indexing_slicing, clippy::expect_used, reason = "a measurement on invented people")]

use std::time::{Duration, Instant};

use privacy::disclosure::ledger::{Candidate, Cell, MeasureId, Protection, ReleaseLedger, Verdict};
use roaring::RoaringBitmap;

const PEOPLE: u32 = 100_000;
const RELEASED: usize = 10_000;
const MIN_ENTITIES: u32 = 10;
/// With one measure much needs noise after a while; then this is enough.
const TRIED_MAX: usize = 8_000;

/// A number that looks random, without a generator's state.
fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Classes of each attribute: village, age, sex, sector, insurance, income, year.
const CLASSES: [u64; 7] = [150, 12, 2, 25, 4, 8, 10];

fn class(person: u32, attribute: usize) -> u64 {
    let draw = mix(u64::from(person) * 7 + attribute as u64) % 10_000;
    // Uneven: the first classes are larger.
    let classes = CLASSES[attribute];
    (draw * draw / 10_000 * classes / 10_000).min(classes - 1)
}

/// The cells of a table by some attributes, with at least twenty people.
fn table(by: &[usize], measure: MeasureId) -> Vec<Cell> {
    let mut cells = std::collections::BTreeMap::<Vec<u64>, RoaringBitmap>::new();
    for person in 0..PEOPLE {
        cells.entry(by.iter().map(|a| class(person, *a)).collect()).or_default().insert(person);
    }
    let cells = cells.into_values().filter(|set| (20..=50_000).contains(&set.len()));
    cells.map(|contributors| exact(measure, contributors)).collect()
}

fn exact(measure: MeasureId, contributors: RoaringBitmap) -> Cell {
    Cell { measure, snapshot: 1, protection: Protection::Exact, contributors }
}

fn candidate(number: usize, cells: Vec<Cell>) -> Candidate {
    Candidate { release: format!("r{number}"), operator: "o".into(), channel: "export".into(), cells }
}

fn main() {
    let measures: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let measure = |number: u64| MeasureId::of(&["speed", &number.to_string()]);
    let mut tables = Vec::new();
    for a in 0..7 {
        tables.push(vec![a]);
        tables.extend((a + 1..7).map(|b| vec![a, b]));
    }
    for a in 0..7 {
        for b in a + 1..7 {
            tables.extend((b + 1..7).map(|c| vec![a, b, c]));
        }
    }
    tables.sort_by_key(Vec::len);
    let (mut ledger, opened) = ReleaseLedger::open(&[1; 32]);
    let mut records = vec![opened];
    let (mut released, mut tried, mut refused, mut noisy) = (0, 0, 0, 0);
    let begin = Instant::now();
    'fill: for (number, by) in tables.iter().enumerate() {
        for m in 0..measures {
            let all = candidate(number * 100 + m as usize, table(by, measure(m)));
            tried += all.cells.len();
            let start = Instant::now();
            let verdict = ledger.assess(&all, MIN_ENTITIES).expect("assessed");
            let assessed = start.elapsed();
            refused += verdict.cells.iter().filter(|cell| cell.verdict == Verdict::Refuse).count();
            noisy += verdict.cells.iter().filter(|cell| cell.verdict == Verdict::Perturb).count();
            let allowed =
                all.cells.into_iter().zip(&verdict.cells).filter(|(_, v)| v.verdict == Verdict::Allow);
            let allowed: Vec<Cell> = allowed.map(|(cell, _)| cell).take(RELEASED - released).collect();
            let cells = verdict.cells.len();
            released += allowed.len();
            let start = Instant::now();
            records.push(ledger.append(candidate(number * 100 + m as usize, allowed)).expect("appended"));
            println!(
                "{by:?}: {cells} cells assessed in {assessed:.1?}, appended in {:.1?}; {released} released; {:?}",
                start.elapsed(),
                ledger.extent(measure(m)),
            );
            if released == RELEASED || tried > TRIED_MAX && measures == 1 {
                break 'fill;
            }
        }
    }
    println!("{tried} tried, {refused} refused, {noisy} need noise; filled in {:.1?}", begin.elapsed());
    let bytes: usize =
        records.iter().map(|record| serde_json::to_vec(record).map_or(0, |line| line.len())).sum();
    let start = Instant::now();
    let again = ReleaseLedger::from_records(records).expect("rebuilt");
    println!("{} MB of records, rebuilt in {:.1?}", bytes >> 20, start.elapsed());
    ask(&again, measure(0));
}

/// Asks every question sixty times.
fn ask(ledger: &ReleaseLedger, measure: MeasureId) {
    for (name, make) in questions(measure) {
        let mut times: Vec<Duration> = Vec::new();
        let mut verdicts = [0; 3];
        for n in 0..60 {
            let new = candidate(1_000_000, vec![make(n)]);
            let start = Instant::now();
            let verdict = ledger.assess(&new, MIN_ENTITIES).expect("assessed").verdict;
            times.push(start.elapsed());
            verdicts[verdict as usize] += 1;
        }
        times.sort_unstable();
        println!(
            "{name}: median {:.2?}, slowest {:.2?}; allow {}, perturb {}, refuse {}",
            times[30], times[59], verdicts[0], verdicts[1], verdicts[2],
        );
    }
}

type Question = (&'static str, Box<dyn Fn(u64) -> Cell>);

fn questions(measure: MeasureId) -> Vec<Question> {
    let village = |n: u64| (0..PEOPLE).filter(move |p| class(*p, 0) == n % 60);
    let whole = move |n: u64| village(n).collect::<RoaringBitmap>();
    vec![
        ("a cell released before", Box::new(move |n| exact(measure, whole(n)))),
        (
            "one person less",
            Box::new(move |n| {
                let mut set = whole(n);
                let first = set.min().unwrap_or(0);
                set.remove(first);
                exact(measure, set)
            }),
        ),
        (
            "a union of released cells less two people",
            Box::new(move |n| {
                let mut set = whole(n) | whole(n + 7) | whole(n + 20);
                for _ in 0..2 {
                    let last = set.max().unwrap_or(0);
                    set.remove(last);
                }
                exact(measure, set)
            }),
        ),
        (
            "a union of released cells",
            Box::new(move |n| exact(measure, whole(n) | whole(n + 7) | whole(n + 20))),
        ),
        (
            "a new attribute, 50 000 people",
            Box::new(move |n| {
                exact(measure, (0..PEOPLE).filter(|p| mix(u64::from(*p) ^ n << 40) & 1 == 0).collect())
            }),
        ),
        (
            "a new attribute, 20 people",
            Box::new(move |n| exact(measure, (0..20).map(|i| (mix(n * 100 + i) % 100_000) as u32).collect())),
        ),
        (
            "a released attribute crossed anew",
            Box::new(move |n| {
                let set = (0..PEOPLE)
                    .filter(|p| class(*p, 3) == n % 5 && class(*p, 1) < 4 && class(*p, 6) == n % 3);
                exact(measure, set.collect())
            }),
        ),
    ]
}
