//! Leaks, and who is named. Every figure printed is measured here: `cargo test -p privacy watermark -- --nocapture`.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType as ArrowType;

use super::super::*;
use super::fixture::*;

/// Guilty buyers found, innocent buyers named, and the weakest evidence against a guilty one.
#[derive(Default)]
struct Tally {
    leaks: u32,
    found: u32,
    both: u32,
    innocent: u32,
    weakest: Option<f64>,
}

impl Tally {
    fn add(&mut self, finding: &Finding, guilty: &[Buyer]) {
        let named = named(finding);
        let found = guilty.iter().filter(|buyer| named.contains(buyer)).count();
        self.leaks += 1;
        self.found += u32::from(found > 0);
        self.both += u32::from(found == guilty.len());
        self.innocent += named.iter().filter(|buyer| !guilty.contains(buyer)).count() as u32;
        let best = finding.ranked.iter().filter(|suspect| guilty.contains(&suspect.buyer));
        let best = best.map(|suspect| suspect.bits).fold(0.0, f64::max);
        self.weakest = Some(self.weakest.map_or(best, |weakest| weakest.min(best)));
    }

    fn print(&self, what: &str) {
        println!(
            "{what}: {}/{} leaks name a guilty buyer ({} all of them), weakest evidence {:.0} bits, innocents named: {}",
            self.found,
            self.leaks,
            self.both,
            self.weakest.unwrap_or(0.0),
            self.innocent
        );
    }
}

#[test]
fn every_one_of_a_thousand_buyers_is_found_from_a_tenth_of_the_rows() {
    let (table, mut spec, key, buyers) = (table(20_000, 1), spec(2), key(9), buyers(1000));
    // Four columns, of which every other cell stays as it is.
    spec.carriers.truncate(4);
    spec.carriers.iter_mut().for_each(|carrier| carrier.one_in = 2);
    let marker = Marker::new(&table, &spec, &key).unwrap();
    println!("capacity: {} positions, {} needed", marker.capacity().positions, marker.capacity().needed);
    let mut tally = Tally::default();
    for (index, buyer) in buyers.iter().enumerate() {
        let leak = part(&marker.copy(buyer).unwrap(), 100, &mut Rng(index as u64));
        tally.add(&detect(&leak, &spec, &key, &buyers).unwrap(), &[*buyer]);
    }
    tally.print("a tenth of the rows, reordered");
    assert_eq!((tally.leaks, tally.found, tally.innocent), (1000, 1000, 0));
}

#[test]
fn a_leaker_who_edits_drops_and_adds_is_found() {
    let (table, spec, buyers) = (table(20_000, 2), spec(2), buyers(1000));
    let mut tallies = [(); 5].map(|()| Tally::default());
    for seed in 0..12_u64 {
        let key = key(seed as u8);
        let marker = Marker::new(&table, &spec, &key).unwrap();
        let rng = &mut Rng(seed);
        let buyer = buyers[rng.below(1000) as usize];
        let leak = part(&marker.copy(&buyer).unwrap(), 100, rng);
        let half = half_of_columns(&leak, if seed % 2 == 0 { &["id"] } else { &["code", "day"] }, rng);
        let rounded = edit(&leak, 300, rng, |value, _| (value + 5) / 10 * 10);
        let noisy = edit(&leak, 1000, rng, |value, rng| value + rng.below(3) as i64 - 1);
        let mixed = append(&leak, &part(&super::fixture::table(20_000, 99 + seed), 100, rng));
        let all = append(&edit(&leak, 300, rng, |value, _| (value + 5) / 10 * 10), &part(&table, 100, rng));
        let all = part(&half_of_columns(&all, &["id"], rng), 1000, rng);
        for (tally, leak) in tallies.iter_mut().zip([half, rounded, noisy, mixed, all]) {
            tally.add(&detect(&leak, &spec, &key, &buyers).unwrap(), &[buyer]);
        }
    }
    let names = [
        "half of the columns dropped",
        "30 % of the numbers rounded to tens",
        "every number disturbed by up to one unit",
        "as many foreign rows added",
        "half of the columns, 30 % rounded, as many unmarked rows",
    ];
    for (tally, name) in tallies.iter().zip(names) {
        tally.print(name);
        assert_eq!((tally.found, tally.innocent), (12, 0), "{name}");
    }
}

#[test]
fn of_two_who_mix_their_copies_one_is_found() {
    let (table, spec, buyers) = (table(20_000, 3), spec(2), buyers(1000));
    let mut tallies = [(); 3].map(|()| Tally::default());
    for seed in 0..20_u64 {
        let key = key(seed as u8 + 100);
        let marker = Marker::new(&table, &spec, &key).unwrap();
        let rng = &mut Rng(seed);
        let first = rng.below(1000);
        let guilty = [first, (first + 1 + rng.below(999)) % 1000].map(|index| buyers[index as usize]);
        let copies = guilty.map(|buyer| marker.copy(&buyer).unwrap());
        let mixed = part(&mix(&copies, rng), 100, rng);
        let rounded = edit(&mixed, 300, rng, |value, _| (value + 5) / 10 * 10);
        let half = half_of_columns(&rounded, &["id"], rng);
        for (tally, leak) in tallies.iter_mut().zip([mixed, rounded, half]) {
            tally.add(&detect(&leak, &spec, &key, &buyers).unwrap(), &guilty);
        }
    }
    let names = ["two copies mixed", "mixed, 30 % rounded", "mixed, 30 % rounded, half of the columns"];
    for (tally, name) in tallies.iter().zip(names) {
        tally.print(name);
        assert_eq!((tally.found, tally.innocent), (20, 0), "{name}");
    }
}

#[test]
fn coalitions_of_four_do_not_name_an_innocent_and_are_found_in_the_whole_table() {
    let (table, spec, key, buyers) = (table(20_000, 4), spec(1), key(1), buyers(1000));
    let marker = Marker::new(&table, &spec, &key).unwrap();
    let mut tally = Tally::default();
    for seed in 0..4_u64 {
        let rng = &mut Rng(seed);
        let guilty = [0, 1, 2, 3].map(|index| buyers[(seed * 17 + index * 111) as usize]);
        let copies = guilty.map(|buyer| marker.copy(&buyer).unwrap());
        tally.add(&detect(&mix(&copies, rng), &spec, &key, &buyers).unwrap(), &guilty);
    }
    tally.print("four copies mixed, all rows");
    assert_eq!((tally.found, tally.innocent), (4, 0));
}

#[test]
fn who_has_not_leaked_is_never_named() {
    let (buyers, table) = (buyers(2000), table(20_000, 5));
    let (spec, mut named_in_all, mut leaks) = (spec(2), 0, 0);
    for seed in 0..4_u64 {
        let key = key(seed as u8);
        let rng = &mut Rng(seed);
        // The table without marks, a stranger's copy, one under another key, and one of another release.
        let marker = Marker::new(&table, &spec, &key).unwrap();
        let stranger = marker.copy(&[seed as u8; 16]).unwrap();
        let other_key = mark(&table, &spec, &super::fixture::key(seed as u8 + 100), &buyers[0]).unwrap();
        let other = Spec { release: "another".into(), ..spec.clone() };
        let other = mark(&table, &other, &key, &buyers[0]).unwrap();
        for leak in [&table, &stranger, &other_key, &other] {
            let finding = detect(&part(leak, 50, rng), &spec, &key, &buyers).unwrap();
            named_in_all += named(&finding).len();
            leaks += 1;
            assert_eq!(finding.ranked.len(), 2000);
        }
    }
    println!("innocent buyers named: {named_in_all} in {} accusations that could have been", leaks * 2000);
    assert_eq!(named_in_all, 0);
}

#[test]
fn the_significance_is_what_it_says() {
    // Without the factor for the number of buyers, innocents must reach b bits in at most 2^-b of all cases; that some reach
    // eight shows that the bound is of use.
    let (table, spec, buyers) = (table(3000, 6), spec(1), buyers(2000));
    let mut reached = [0_u32; 16];
    let mut cases = 0_u32;
    for seed in 0..50_u64 {
        let key = key(seed as u8);
        let leak = part(&table, 500, &mut Rng(seed));
        for buyer in detect(&leak, &spec, &key, &buyers).unwrap().ranked {
            let alone = detect_alone(buyer.bits, 2000.0);
            cases += 1;
            for (bits, count) in reached.iter_mut().enumerate() {
                *count += u32::from(alone >= bits as f64 && buyer.bits > 0.0);
            }
        }
    }
    println!("innocents at 12, 13, 14, 15 bits of {cases}: {:?}", &reached[12..]);
    for (bits, count) in reached.iter().enumerate().skip(11) {
        let expected = f64::from(cases) / 2_f64.powi(bits as i32);
        assert!(
            f64::from(*count) <= expected + 4.0 * expected.sqrt() + 1.0,
            "{bits} bits: {count} of {cases}"
        );
    }
    assert!(reached[11] > 0);
}

fn detect_alone(bits: f64, buyers: f64) -> f64 {
    bits + buyers.log2()
}

/// What colluders write for their two values; the third is the value without a mark.
type Rule = fn(i64, i64, i64) -> i64;

#[test]
fn two_copies_compared_tell_no_more_than_mixed_ones() {
    // The colluders see where their copies differ and act on it: the larger, the smaller, the mean, the original.
    let (table, spec, key, buyers) = (table(20_000, 7), spec(2), key(3), buyers(1000));
    let marker = Marker::new(&table, &spec, &key).unwrap();
    let guilty = [buyers[10], buyers[800]];
    let copies = guilty.map(|buyer| marker.copy(&buyer).unwrap());
    let combine = |rule: Rule| {
        let mut columns = table.columns().to_vec();
        for (index, (column, field)) in columns.iter_mut().zip(table.schema().fields()).enumerate() {
            let Some(decimals) = decimals(field.name()) else { continue };
            let read = |batch: &RecordBatch| units::read(batch.column(index), decimals).unwrap().unwrap();
            let (a, b, original) = (read(&copies[0]), read(&copies[1]), read(&table));
            let new = a.iter().zip(&b).zip(&original).map(|((a, b), original)| {
                Some(rule(a.unwrap().value, b.unwrap().value, original.unwrap().value))
            });
            *column = units::write(column, decimals, &new.collect::<Vec<_>>()).unwrap();
        }
        RecordBatch::try_new(table.schema(), columns).unwrap()
    };
    let rules: [(&str, Rule); 4] = [
        ("larger", |a, b, _| a.max(b)),
        ("smaller", |a, b, _| a.min(b)),
        ("mean", |a, b, _| i64::midpoint(a, b)),
        ("original where they differ", |a, b, original| if a == b { a } else { original }),
    ];
    for (name, rule) in rules {
        let mut tally = Tally::default();
        for seed in 0..3 {
            let leak = part(&combine(rule), 100, &mut Rng(seed));
            tally.add(&detect(&leak, &spec, &key, &buyers).unwrap(), &guilty);
        }
        tally.print(&format!("two copies compared, {name}"));
        assert_eq!((tally.found, tally.innocent), (3, 0), "{name}");
    }
}

#[test]
fn a_leak_that_went_through_a_file_is_read() {
    let (table, spec, key, buyers) = (table(20_000, 8), spec(2), key(4), buyers(50));
    let copy = mark(&table, &spec, &key, &buyers[33]).unwrap();
    let leak = part(&copy, 100, &mut Rng(1));
    let texts = leak.columns().iter().map(|column| cast(column, &ArrowType::Utf8).unwrap());
    let columns: Vec<(String, ArrayRef)> =
        leak.schema().fields().iter().map(|field| field.name().clone()).zip(texts).collect();
    let text = RecordBatch::try_from_iter(columns).unwrap();
    assert_eq!(named(&detect(&text, &spec, &key, &buyers).unwrap()), [buyers[33]]);
    // Spreadsheets make floats of numbers.
    let schema = leak.schema();
    let floats = leak.columns().iter().zip(schema.fields()).map(|(column, field)| {
        let numeric = field.data_type().is_numeric();
        let column = if numeric { cast(column, &ArrowType::Float64).unwrap() } else { Arc::clone(column) };
        (field.name().clone(), column)
    });
    let floats = RecordBatch::try_from_iter(floats.collect::<Vec<_>>()).unwrap();
    assert_eq!(named(&detect(&floats, &spec, &key, &buyers).unwrap()), [buyers[33]]);
    // Without anything that can be read nobody is named.
    let nothing = StringArray::from(vec!["x"; 5]);
    let nothing = RecordBatch::try_from_iter([("other", Arc::new(nothing) as ArrayRef)]).unwrap();
    let finding = detect(&nothing, &spec, &key, &buyers).unwrap();
    assert_eq!((named(&finding).len(), finding.positions, finding.carriers_read), (0, 0, 0));
}
