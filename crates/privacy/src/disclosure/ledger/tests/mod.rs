mod attacker;
mod given_up;
mod series;
mod snapshots;

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::*;
use crate::disclosure::Bucket;
use crate::masking::MaskKey;
use attacker::smallest_solvable;

pub(super) fn measure(name: &str) -> MeasureId {
    MeasureId::of(&["医保.就诊", name])
}

pub(super) fn cell(measure_name: &str, contributors: impl IntoIterator<Item = u32>) -> Cell {
    Cell {
        measure: measure(measure_name),
        snapshot: 1,
        protection: Protection::Exact,
        contributors: contributors.into_iter().collect(),
        rows: false,
        noise: None,
    }
}

pub(super) fn candidate(release: &str, cells: Vec<Cell>) -> Candidate {
    Candidate {
        release: release.into(),
        operator: "运营公司".into(),
        channel: "export".into(),
        cells,
        unshown: Vec::new(),
    }
}

fn ledger() -> ReleaseLedger {
    ReleaseLedger::open(&[5; 32]).0
}

/// Nine of whom other rows were looked at are eighteen members that differ; who they are tells as much.
#[test]
fn few_with_other_rows_are_few() {
    let with_rows = |members: std::ops::Range<u32>| Cell { rows: true, ..cell("rows", members) };
    let ledger = after(vec![with_rows(0..50)]);
    let verdict = |cell: Cell| ledger.assess(&candidate("next", vec![cell]), 10).unwrap().verdict;
    assert_eq!(verdict(with_rows(9..59)), Verdict::Refuse);
    assert_eq!(verdict(with_rows(10..60)), Verdict::Allow);
    assert_eq!(verdict(with_rows(0..50)), Verdict::Allow);
    assert_eq!(verdict(cell("rows", 9..59)), Verdict::Allow);
}

/// A ledger that has released these cells, one release each: `r0`, `r1`, …
fn after(cells: Vec<Cell>) -> ReleaseLedger {
    let mut ledger = ledger();
    for (number, cell) in cells.into_iter().enumerate() {
        ledger.append(candidate(&format!("r{number}"), vec![cell])).unwrap();
    }
    ledger
}

/// Verdict, rule and releases named, for the last reason.
fn asked(ledger: &ReleaseLedger, cell: Cell) -> (Verdict, Option<&'static str>, Vec<String>) {
    let assessment = ledger.assess(&candidate("new", vec![cell]), 5).unwrap();
    let reason = assessment.cells[0].reasons.last();
    let earlier = reason.map(|reason| reason.earlier.iter().map(|e| e.release.clone()).collect());
    (assessment.verdict, reason.map(|reason| reason.kind.code()), earlier.unwrap_or_default())
}

#[test]
fn a_difference_of_few_is_refused_whoever_asked_before() {
    let ledger = after(vec![cell("count", 0..100)]);
    let refused = (Verdict::Refuse, Some("ledger.neighbour"), vec!["r0".to_owned()]);
    let mut other = candidate("new", vec![cell("count", 0..99)]);
    other.operator = "另一家".into();
    other.channel = "api".into();
    let assessment = ledger.assess(&other, 5).unwrap();
    assert_eq!(assessment.cells[0].reasons[0].about, Bucket::Below);
    assert_eq!(assessment.cells[0].reasons[0].earlier[0].shared, Bucket::Larger);
    // One less, four more, and one exchanged for another.
    for contributors in [(0..99).collect::<Vec<_>>(), (0..104).collect(), (1..101).collect()] {
        assert_eq!(asked(&ledger, cell("count", contributors)), refused);
    }
    let allowed = (Verdict::Allow, None, vec![]);
    assert_eq!(asked(&ledger, cell("count", 0..95)), allowed);
    assert_eq!(asked(&ledger, cell("count", 0..100)), allowed);
    assert_eq!(asked(&ledger, cell("count", 3..110)), allowed);
    assert_eq!(asked(&ledger, cell("count", [])), allowed);
    assert_eq!(asked(&ledger, cell("count", 200..204)), (Verdict::Refuse, Some("ledger.few"), vec![]));
    // Another measure cannot be subtracted, but shows who is missing in it.
    let noise = (Verdict::Perturb, Some("ledger.other_measure"), vec!["r0".to_owned()]);
    assert_eq!(asked(&ledger, cell("paid", 0..99)), noise);
    assert_eq!(asked(&ledger, cell("paid", 0..95)), allowed);
}

#[test]
fn wholes_less_parts_and_trackers_are_found_and_named() {
    let parts = vec![cell("n", 0..100), cell("n", 0..40), cell("n", 40..70), cell("n", 300..400)];
    let ledger = after(parts);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // 100 - 40 - 30 - 27 = 3.
    let found = asked(&ledger, cell("n", 70..97));
    assert_eq!(found, (Verdict::Refuse, Some("ledger.combination"), names(&["r0", "r1", "r2"])));
    // A union of released parts and one more person.
    let found = asked(&ledger, cell("n", (0..70).chain([500])));
    assert_eq!(found, (Verdict::Refuse, Some("ledger.combination"), names(&["r1", "r2"])));
    // Just the rest, or a union, is known already.
    assert_eq!(asked(&ledger, cell("n", 70..100)).0, Verdict::Allow);
    assert_eq!(asked(&ledger, cell("n", (0..70).chain(300..400))).0, Verdict::Allow);
    // A tracker: a large padding of released cells with and without the target.
    let tracker = after(vec![cell("n", 0..50), cell("n", 50..90), cell("n", (0..50).chain(90..130))]);
    assert_eq!(asked(&tracker, cell("n", (50..90).chain(91..130))).0, Verdict::Refuse);
}

#[test]
fn cells_of_one_release_are_judged_together() {
    let together =
        candidate("new", vec![cell("n", 0..50), cell("n", 50..100), cell("n", 0..98), cell("n", 0..100)]);
    let assessment = ledger().assess(&together, 5).unwrap();
    let verdicts: Vec<_> = assessment.cells.iter().map(|cell| cell.verdict).collect();
    assert_eq!(verdicts, [Verdict::Allow, Verdict::Allow, Verdict::Refuse, Verdict::Allow]);
    assert_eq!(assessment.verdict, Verdict::Refuse);
    assert_eq!(assessment.cells[2].reasons[0].earlier[0].release, "new");
}

#[test]
fn cells_with_noise_are_no_equations() {
    let noisy = Cell { protection: Protection::Perturbed, ..cell("n", 0..100) };
    let ledger = after(vec![noisy.clone()]);
    assert_eq!(asked(&ledger, cell("n", 0..99)).0, Verdict::Allow);
    assert_eq!(ledger.extent(measure("n")), None);
    let ledger = after(vec![cell("n", 0..100)]);
    let near = Cell { contributors: (0..99).collect(), ..noisy.clone() };
    assert_eq!(asked(&ledger, near).0, Verdict::Allow);
    let few = Cell { contributors: (0..3).collect(), ..noisy };
    assert_eq!(asked(&ledger, few).1, Some("ledger.few"));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let mut ledger = after(vec![cell("n", 0..10)]);
    let twice = candidate("r0", vec![]);
    assert_eq!(ledger.assess(&twice, 5).unwrap_err().code(), "privacy.ledger");
    assert_eq!(ledger.append(twice).unwrap_err().code(), "privacy.ledger");
    let many = candidate("x", vec![cell("n", 0..10); CELLS_MAX + 1]);
    assert_eq!(ledger.assess(&many, 5).unwrap_err().code(), "privacy.ledger_limit");
    let far = candidate("x", vec![cell("n", [ENTITIES_MAX])]);
    assert_eq!(ledger.append(far).unwrap_err().code(), "privacy.ledger_limit");
    assert!(ReleaseLedger::from_records([]).is_err());
    let (_, opened) = ReleaseLedger::open(&[1; 32]);
    assert!(ReleaseLedger::from_records([opened.clone(), opened]).is_err());
    assert!(ReleaseLedger::from_records([Record::Opened { prime: 15 }]).is_err());
}

#[test]
fn ordinals_are_given_once_and_rebuilt() {
    let key = MaskKey::new([2; 32]);
    let digests: Vec<EntityDigest> =
        (0_u32..50).map(|id| EntityHash::new(&key, "person").digest(&id.to_be_bytes())).collect();
    let mut ordinals = Ordinals::default();
    assert!(ordinals.is_empty());
    assert_eq!(ordinals.set(digests[..30].iter().copied()).unwrap(), (0..30).collect());
    let sealed: Vec<EntityDigest> = ordinals.since(0).to_vec();
    assert_eq!(ordinals.set(digests[20..].iter().copied()).unwrap(), (20..50).collect());
    assert_eq!((ordinals.len(), ordinals.since(30)), (50, &digests[30..]));
    let mut again = Ordinals::from_digests(sealed).unwrap();
    assert_eq!(again.ordinal(digests[29]).unwrap(), 29);
    assert_eq!(again.ordinal(digests[30]).unwrap(), 30);
    assert!(Ordinals::from_digests([digests[0], digests[0]]).is_err());
    let digest = |kind| EntityHash::new(&key, kind).digest(b"1");
    assert_ne!(digest("household"), digest("person"));
}

/// Random cells: any set, and intervals.
pub(super) fn queries(entities: u32, most: usize) -> impl Strategy<Value = Vec<RoaringBitmap>> {
    let any_set = proptest::collection::vec(any::<bool>(), usize::try_from(entities).unwrap());
    let any_set =
        any_set.prop_map(|held| (0_u32..).zip(held).filter(|(_, held)| *held).map(|(e, _)| e).collect());
    let interval =
        (0..entities, 0..entities).prop_map(|(a, b)| (a.min(b)..=a.max(b)).collect::<RoaringBitmap>());
    proptest::collection::vec(prop_oneof![any_set, interval], 0..most)
}

/// Asks cell by cell, releases what is allowed, and holds every answer against the attacker. Returns how many cells were
/// safe and how many of them were withheld.
fn play(
    ledger: &mut ReleaseLedger,
    queries: Vec<RoaringBitmap>,
    entities: u32,
    threshold: u32,
) -> (u32, u32) {
    let mut known: Vec<RoaringBitmap> = Vec::new();
    let (mut safe, mut withheld) = (0, 0);
    for (number, query) in queries.into_iter().enumerate() {
        let new = candidate(&format!("q{number}"), vec![cell("n", query.clone())]);
        let assessment = ledger.assess(&new, threshold).unwrap();
        known.push(query);
        let solvable = smallest_solvable(&known, entities, threshold - 1).is_some();
        match assessment.verdict {
            Verdict::Allow => {
                assert!(!solvable, "allowed, but solvable: {known:?}");
                ledger.append(new).unwrap();
            }
            // A refusal says that the few are exposed, so they must be.
            Verdict::Refuse => assert!(solvable, "refused, but not solvable: {known:?}"),
            Verdict::Perturb => {}
        }
        safe += u32::from(!solvable);
        withheld += u32::from(!solvable && assessment.verdict != Verdict::Allow);
        if assessment.verdict != Verdict::Allow {
            known.pop();
        }
    }
    (safe, withheld)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_group_below_the_threshold_is_ever_solvable(
        queries in queries(9, 14), threshold in 2_u32..5, seed in any::<[u8; 32]>(),
    ) {
        play(&mut ReleaseLedger::open(&seed).0, queries, 9, threshold);
    }

    #[test]
    fn nor_in_larger_populations_of_coarse_groups(
        cuts in proptest::collection::vec((0_u32..8, 0_u32..8, any::<bool>()), 1..16), threshold in 2_u32..4,
    ) {
        // Sixteen entities in pairs; cells are unions of pairs, or less one of a pair.
        let queries = cuts.into_iter().map(|(a, b, less)| {
            let mut set: RoaringBitmap = (2 * a.min(b)..2 * a.max(b) + 2).collect();
            if less {
                set.remove(2 * a);
            }
            set
        });
        play(&mut ledger(), queries.collect(), 16, threshold);
    }

    /// Elimination that was left out for cells that need none changes no verdict after them.
    #[test]
    fn cells_of_one_release_are_judged_as_if_each_had_left_before_the_next(
        earlier in queries(40, 10), cells in queries(40, 10), threshold in 2_u32..6,
    ) {
        let (mut ledger, mut one_by_one) = (ledger(), ledger());
        for (number, set) in earlier.into_iter().enumerate() {
            let release = candidate(&format!("r{number}"), vec![cell("n", set)]);
            ledger.append(release.clone()).unwrap();
            one_by_one.append(release).unwrap();
        }
        let together = candidate("new", cells.iter().map(|set| cell("n", set)).collect());
        let judged = ledger.assess(&together, threshold).unwrap();
        for (number, (set, found)) in cells.iter().zip(&judged.cells).enumerate() {
            let alone = candidate(&format!("new{number}"), vec![cell("n", set)]);
            let verdict = one_by_one.assess(&alone, threshold).unwrap().verdict;
            prop_assert_eq!(found.verdict, verdict, "cell {}", number);
            if verdict == Verdict::Allow {
                one_by_one.append(alone).unwrap();
            }
        }
    }

    #[test]
    fn records_rebuild_the_ledger(queries in queries(30, 20), asked in queries(30, 6)) {
        let (mut ledger, opened) = ReleaseLedger::open(&[3; 32]);
        let mut records = vec![opened];
        for (number, query) in queries.chunks(3).enumerate() {
            let cells = query.iter().map(|set| cell("n", set)).collect();
            records.push(ledger.append(candidate(&format!("r{number}"), cells)).unwrap());
        }
        let lines: Vec<String> = records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        let again = lines.iter().map(|line| serde_json::from_str(line).unwrap());
        let again = ReleaseLedger::from_records(again).unwrap();
        prop_assert_eq!(again.releases(), ledger.releases());
        prop_assert_eq!(again.extent(measure("n")), ledger.extent(measure("n")));
        for query in asked {
            let new = candidate("new", vec![cell("n", query)]);
            prop_assert_eq!(again.assess(&new, 4).unwrap(), ledger.assess(&new, 4).unwrap());
        }
    }
}

/// What is withheld without need stays a small part: a ledger that always said no would pass the tests above.
#[test]
fn most_safe_cells_are_allowed() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &[7; 16]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut safe, mut withheld) = (0, 0);
    for _ in 0..200 {
        let queries = queries(12, 12).new_tree(&mut runner).unwrap().current();
        let (more, less) = play(&mut ledger(), queries, 12, 2);
        safe += more;
        withheld += less;
    }
    assert!(safe > 500 && withheld * 4 < safe, "{withheld} of {safe}");
}

/// Whatever else has left since: the same numbers again tell nothing new.
#[test]
fn what_has_left_may_leave_again() {
    let of = |number: u32| number.wrapping_mul(2_654_435_761) >> 7;
    let by = |groups: u32, shift: u32| {
        (0..groups)
            .map(move |group| cell("sum", (0..900).filter(move |one| (of(*one) >> shift) % groups == group)))
    };
    let first: Vec<Cell> = by(12, 0).collect();
    let mut ledger = ledger();
    ledger.append(candidate("industry", first.clone())).unwrap();
    ledger.append(candidate("town", by(6, 9).collect())).unwrap();
    for again in 0..2 {
        let assessed = ledger.assess(&candidate("again", first.clone()), 10).unwrap();
        assert_eq!(assessed.verdict, Verdict::Allow, "{again}: {:?}", assessed.cells);
        if again == 0 {
            ledger.append(candidate("all", vec![cell("sum", 0..900)])).unwrap();
        }
    }
}
