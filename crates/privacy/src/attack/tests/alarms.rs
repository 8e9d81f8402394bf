//! Data that are masked well are not called weak, whatever the seed.

use super::people::*;
use crate::attack::{Attack, Input, Limits, Rows, Verdict, examine};

#[test]
fn well_masked_people_may_be_published() {
    let raw = people(20_000, 1);
    let report = report(&raw, &masked_well(&raw, 1));
    assert_eq!(report.verdict, Verdict::Publishable, "{:#?}", report.succeeded().collect::<Vec<_>>());
    for attack in Attack::ALL {
        let found = report.attacks.iter().any(|finding| finding.attack == *attack);
        assert!(found || *attack == Attack::Unreadable, "{}", attack.code());
    }
}

#[test]
fn no_false_alarm_over_many_seeds() {
    let columns = columns();
    for seed in 0..16 {
        let count = [3_000, 4_000, 6_000][seed as usize % 3];
        let raw = people(count, 100 + seed);
        let masked = masked_well(&raw, seed);
        let input = Input { seed, ..Input::new(&raw, &masked, &columns, Rows::Same) };
        // Small classes differ more from the whole, and illnesses are missing there by chance.
        let limits = Limits { distinct_diversity_min: 1.0, entropy_diversity_min: 1.0, ..Limits::default() };
        let report = examine(&input, &limits).unwrap();
        assert!(report.publishable(), "seed {seed}: {:#?}", report.succeeded().collect::<Vec<_>>());
    }
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let raw = people(3_000, 7);
    let masked = masked_well(&raw, 2);
    let json = |report| serde_json::to_string(&report).unwrap();
    let first = json(report(&raw, &masked));
    assert_eq!(first, json(report(&raw, &masked)));
    let back: crate::attack::Report = serde_json::from_str(&first).unwrap();
    assert_eq!(first, json(back));
}
