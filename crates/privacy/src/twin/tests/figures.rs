use super::population::*;
use crate::disclosure::dp::{Budget, NotGiven, Unit};
use crate::twin::{Compare, Description, Grade, Verdict, memorisation};

#[test]
fn a_drawn_twin_remembers_nobody_and_a_copy_does() {
    let (training, holdout) = (people(6_000, 31), people(6_000, 32));
    let model = fitted(&training, &county(), epsilon(20_000_000), 33);
    let twin = generated(&model, 6_000, 34);
    let score = |twin: &[_]| {
        memorisation(&person(), twin, &[training[0].1.clone()], &[holdout[0].1.clone()], [1; 32]).unwrap()
    };
    let drawn = score(&twin[0].batches);
    assert_eq!(drawn.verdict, Verdict::Clear, "{drawn:?}");
    assert!((440..560).contains(&drawn.nearer_per_mille), "{drawn:?}");
    assert!(drawn.copied_per_mille.abs() <= 5, "{drawn:?}");
    let copied = score(&[training[0].1.clone()]);
    // But for the odd row that somebody of the holdout has too.
    assert_eq!(copied.verdict, Verdict::Copied, "{copied:?}");
    assert!(copied.copied_per_mille >= 990, "{copied:?}");
    // One row in five copied.
    let half = training[0].1.slice(0, 1_200);
    let mixed = score(&[half, generated(&model, 4_800, 35).remove(0).batches.remove(0)]);
    assert_eq!(mixed.verdict, Verdict::Copied, "{mixed:?}");
    assert!((150..250).contains(&mixed.copied_per_mille), "{mixed:?}");
    // The holdout itself is as far from the training rows as anybody.
    let fresh = score(&[people(6_000, 36).remove(0).1]);
    assert_eq!(fresh.verdict, Verdict::Clear, "{fresh:?}");
    let nothing = memorisation(&person(), &[], &[training[0].1.clone()], &[], [1; 32]).unwrap_err();
    assert_eq!(nothing.code(), "privacy.twin");
}

#[test]
fn utility_is_a_grade_that_is_paid_for() {
    let data = people(20_000, 37);
    let of = Description { tables: vec![person()] };
    let grade = |fit_micro: u64| {
        let model = fitted(&data[..1], &of, epsilon(fit_micro), 38);
        let twin = generated(&model, 20_000, 39);
        let cost = epsilon(2_000_000);
        let mut budget = Budget::new(Unit::MicroEpsilon, 3_000_000);
        let mut compare = Compare::new(&model, &twin, cost, &mut budget, [3; 32]).unwrap();
        data[..1].iter().for_each(|(table, batch)| compare.push(table, batch).unwrap());
        assert_eq!(compare.push("visit", &data[1].1).unwrap_err().code(), "privacy.twin");
        assert_eq!(budget.left(), 1_000_000);
        let refused = Compare::new(&model, &twin, cost, &mut budget, [3; 32]).unwrap_err();
        assert!(matches!(refused, NotGiven::Refused(_)));
        compare.finish().unwrap().remove(0)
    };
    let (good, bad) = (grade(40_000_000), grade(20_000));
    assert_eq!(good.one_way, Grade::Close, "{good:?}");
    assert!(good.two_way <= Grade::Fair, "{good:?}");
    assert!(bad.one_way >= Grade::Rough && bad.two_way >= Grade::Rough, "{bad:?}");
}
