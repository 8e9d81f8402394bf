use proptest::prelude::*;

use super::*;
use crate::disclosure::{Dominance, Limits};

const LIMITS: Limits = Limits {
    min_entities: 3,
    dominance: Some(Dominance { contributors: 2, share_ppm: 800_000 }),
    p_percent: Some(10),
    zero_cells: Group::Refused,
    full_cells: Group::Refused,
    min_degrees_of_freedom: 10,
    rounding_base: Some(5),
};

fn appetite(limits: Limits) -> Appetite {
    Appetite::new(limits).unwrap()
}

fn judge(entities: &[Option<i64>], column: ColumnStatistics) -> Vec<Vec<Rule>> {
    let statistics = CellStatistics {
        rows: entities.len(),
        entities: vec![entities.to_vec().into()],
        columns: vec![column],
    };
    let verdicts = judge_cells(&statistics, &appetite(LIMITS)).unwrap();
    verdicts.into_iter().map(|verdict| verdict.failed).collect()
}

fn sum(cells: &[[Option<i64>; 3]]) -> ColumnStatistics {
    let column = |at: usize| cells.iter().map(|cell| cell[at]).collect::<Int64Array>();
    ColumnStatistics::Sum(Contributions { largest: vec![column(0), column(1)], total: column(2) })
}

#[test]
fn numbers_that_protect_nobody_are_refused() {
    let cases = [
        ("min_entities", Limits { min_entities: 1, ..LIMITS }),
        (
            "dominance.contributors",
            Limits { dominance: Some(Dominance { contributors: 0, share_ppm: 1 }), ..LIMITS },
        ),
        (
            "dominance.share_ppm",
            Limits { dominance: Some(Dominance { contributors: 1, share_ppm: 1_000_000 }), ..LIMITS },
        ),
        ("p_percent", Limits { p_percent: Some(0), ..LIMITS }),
        ("min_degrees_of_freedom", Limits { min_degrees_of_freedom: 0, ..LIMITS }),
        ("rounding_base", Limits { rounding_base: Some(1), ..LIMITS }),
    ];
    for (name, limits) in cases {
        assert_eq!(Appetite::new(limits).unwrap_err(), Error::Threshold { name });
        // Nor do they come in through a file.
        let text = serde_json::to_string(&limits).unwrap();
        assert!(serde_json::from_str::<Appetite>(&text).is_err());
    }
    let text = serde_json::to_string(&appetite(LIMITS)).unwrap();
    assert_eq!(serde_json::from_str::<Appetite>(&text).unwrap(), appetite(LIMITS));
}

#[test]
fn sums_are_judged_by_what_the_largest_contribute() {
    let cells = [
        [Some(40), Some(20), Some(100)],
        // Two of 81 %.
        [Some(50), Some(31), Some(100)],
        // 80 % is not more than 80 %; what is left, 20, is more than a tenth of the largest.
        [Some(60), Some(20), Some(100)],
        // The rest (7) is below a tenth of the largest.
        [Some(80), Some(13), Some(100)],
        [Some(0), Some(0), Some(0)],
        [Some(1), None, Some(9)],
        // The parts are more than the whole; the second is larger than the first; a negative total.
        [Some(60), Some(60), Some(100)],
        [Some(1), Some(2), Some(100)],
        [Some(0), Some(0), Some(-1)],
    ];
    let failed = judge(&[Some(9); 9], sum(&cells));
    let missing = vec![Rule::Missing];
    assert_eq!(failed[..2], [vec![], vec![Rule::Dominance]]);
    assert_eq!(failed[2..4], [vec![], vec![Rule::Dominance, Rule::PPercent]]);
    assert_eq!(
        failed[4..],
        [vec![Rule::ZeroCell], missing.clone(), missing.clone(), missing.clone(), missing]
    );
    // The (2,k) rule cannot be judged from the largest alone.
    let one = Contributions { largest: vec![vec![10].into()], total: vec![100].into() };
    assert_eq!(judge(&[Some(9)], ColumnStatistics::Sum(one)), [[Rule::Missing]]);
}

#[test]
fn groups_freedom_and_entities_are_judged() {
    let attribute = ColumnStatistics::Attribute {
        members: vec![Some(9), Some(9), Some(9), Some(9), None].into(),
        having: vec![Some(4), Some(0), Some(9), Some(10), Some(1)].into(),
    };
    let (zero, full, missing) = (vec![Rule::ZeroCell], vec![Rule::FullCell], vec![Rule::Missing]);
    assert_eq!(judge(&[Some(9); 5], attribute), [vec![], zero, full, missing.clone(), missing]);
    let freedom = ColumnStatistics::Regression { degrees_of_freedom: vec![Some(10), Some(9), None].into() };
    assert_eq!(judge(&[Some(9); 3], freedom), [vec![], vec![Rule::DegreesOfFreedom], vec![Rule::Missing]]);
    let few = judge(&[Some(2), Some(3), None, Some(-1)], ColumnStatistics::Count);
    assert_eq!(few, [vec![Rule::FewEntities], vec![], vec![Rule::Missing], vec![Rule::Missing]]);
    let nobody = CellStatistics { rows: 1, entities: vec![], columns: vec![] };
    let verdicts = judge_cells(&nobody, &appetite(LIMITS)).unwrap();
    assert!(!passed(&verdicts).value(0));
    let odd = CellStatistics { rows: 2, entities: vec![vec![1].into()], columns: vec![] };
    assert_eq!(judge_cells(&odd, &appetite(LIMITS)).unwrap_err().code(), "privacy.length");
}

#[test]
fn codes_are_stable_and_differ() {
    let mut codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert!(codes.iter().all(|code| code.starts_with("disclosure.")));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 7);
}

#[test]
fn numbers_are_rounded_to_the_nearest_multiple() {
    let values = Int64Array::from(vec![Some(0), Some(2), Some(3), Some(-3), Some(-2), None, Some(i64::MAX)]);
    let rounded = round(&values, 5).unwrap();
    let expected = vec![Some(0), Some(0), Some(5), Some(-5), Some(0), None, Some(i64::MAX - 2)];
    assert_eq!(rounded, Int64Array::from(expected));
    assert_eq!(round(&vec![5].into(), 10).unwrap(), Int64Array::from(vec![10]));
    assert_eq!(round(&values, 1).unwrap_err().code(), "privacy.threshold");
}

proptest! {
    /// The p% rule against its definition: the second largest subtracts himself and everybody he can.
    #[test]
    fn p_percent_agrees_with_the_attack(mut values in proptest::collection::vec(0_i64..1000, 2..8), p in 1_u32..=100) {
        values.sort_unstable_by(|a, b| b.cmp(a));
        let total: i64 = values.iter().sum();
        let limits = Limits { dominance: None, p_percent: Some(p), zero_cells: Group::Allowed, min_entities: 2, ..LIMITS };
        let statistics = CellStatistics {
            rows: 1,
            entities: vec![vec![i64::try_from(values.len()).unwrap()].into()],
            columns: vec![ColumnStatistics::Sum(Contributions {
                largest: vec![vec![values[0]].into(), vec![values[1]].into()],
                total: vec![total].into(),
            })],
        };
        let estimate = total - values[1];
        let close = (estimate - values[0]) * 100 < i64::from(p) * values[0];
        let verdicts = judge_cells(&statistics, &appetite(limits)).unwrap();
        prop_assert_eq!(verdicts[0].failed.contains(&Rule::PPercent), close);
    }
}
