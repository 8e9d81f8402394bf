//! Synthetic rows that remember.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};

use super::people::*;
use crate::attack::{Attack, Input, Limits, Outcome, Reason, Report, Rows, examine, memorisation};

/// Rows drawn anew from the same distribution, with identifiers of their own.
fn fresh(count: usize, seed: u64) -> RecordBatch {
    people(count, 0x5eed_0000 + seed)
}

fn judge(train: &RecordBatch, holdout: Option<&RecordBatch>, synthetic: &RecordBatch) -> Report {
    let columns = columns();
    let input = Input { holdout, ..Input::new(train, synthetic, &columns, Rows::Synthetic) };
    examine(&input, &Limits::default()).unwrap()
}

/// Training rows again, incomes moved a little, with other identifiers.
fn parrot(train: &RecordBatch, noise: u64, seed: u64) -> RecordBatch {
    let mut draw = Draw::new(seed);
    let other = fresh(train.num_rows(), seed);
    let incomes = integers(train, "income").into_iter().map(|v| v + draw.below(noise + 1) as i64);
    let incomes: ArrayRef = Arc::new(Int64Array::from_iter_values(incomes));
    let own = ["id_no", "mobile", "name"].map(|name| (name, other.column_by_name(name).unwrap().clone()));
    with(&with(train, own.to_vec()), vec![("income", incomes)])
}

#[test]
fn parrots_are_told_from_learners() {
    let (train, holdout) = (people(4_000, 61), people(4_000, 62));
    let learner = judge(&train, Some(&holdout), &fresh(4_000, 1));
    assert!(learner.publishable(), "{:?}", codes(&learner));
    let near = judge(&train, Some(&holdout), &parrot(&train, 2_000, 2));
    check(Attack::Memorisation, "birth_date", &near, &learner);
    let copies = judge(&train, Some(&holdout), &parrot(&train, 0, 3));
    check(Attack::Copies, "birth_date", &copies, &learner);
    // Without rows held back copies are found all the same.
    check(
        Attack::Copies,
        "birth_date",
        &judge(&train, None, &parrot(&train, 0, 4)),
        &judge(&train, None, &fresh(4_000, 5)),
    );
    let linkage = learner.attacks.iter().find(|f| f.attack == Attack::KAnonymity).unwrap();
    assert_eq!(linkage.outcome, Outcome::NotApplicable(Reason::Synthetic));
}

#[test]
fn a_few_copies_are_found_among_many_rows() {
    let (train, holdout) = (people(6_000, 63), people(3_000, 64));
    let parrots = parrot(&train, 0, 6).slice(0, 120);
    let schema = parrots.schema();
    let mixed = arrow::compute::concat_batches(&schema, [&parrots, &fresh(5_880, 7)]).unwrap();
    check(
        Attack::Copies,
        "birth_date",
        &judge(&train, Some(&holdout), &mixed),
        &judge(&train, Some(&holdout), &fresh(6_000, 8)),
    );
}

#[test]
fn the_score_is_that_of_chance_for_whoever_learned_nothing() {
    let columns = columns();
    for seed in 0..12 {
        // Sides of different size do not move it.
        let (train, holdout) = (people(3_000, 70 + seed), people(1_000, 90 + seed));
        let score = memorisation(&train, &holdout, &fresh(1_500, seed), &columns, seed).unwrap();
        assert!((score.nearer_share - 0.75).abs() < 0.06 && !score.significant, "{seed}: {score:?}");
        let score = memorisation(&train, &holdout, &train, &columns, seed).unwrap();
        assert!(score.gain > 0.99 && score.significant && score.copies_share > 0.9, "{score:?}");
    }
}

#[test]
fn identifiers_of_real_people_among_made_up_ones() {
    let (train, holdout) = (people(4_000, 65), people(1_000, 66));
    let synthetic = fresh(4_000, 9);
    let real = with(&synthetic, vec![("mobile", train.column_by_name("mobile").unwrap().clone())]);
    check(
        Attack::Identity,
        "mobile",
        &judge(&train, Some(&holdout), &real),
        &judge(&train, Some(&holdout), &synthetic),
    );
}

#[test]
fn empty_sides_score_nothing() {
    let (train, none) = (people(10, 67), people(10, 67).slice(0, 0));
    let columns = columns();
    for (train, holdout, synthetic) in
        [(&none, &none, &none), (&train, &none, &train), (&none, &train, &train)]
    {
        let score = memorisation(train, holdout, synthetic, &columns, 1).unwrap();
        assert!(score.gain == 0.0 && score.distance_ratio.is_finite(), "{score:?}");
    }
    assert_eq!(memorisation(&train, &train, &train, &[], 1).unwrap_err().code(), "privacy.column");
}
