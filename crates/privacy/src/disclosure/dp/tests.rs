use proptest::prelude::*;

use super::*;

const DRAWS: usize = 200_000;

fn epsilon(micro: u64) -> Cost {
    Cost { unit: Unit::MicroEpsilon, micro }
}

fn rho(micro: u64) -> Cost {
    Cost { unit: Unit::MicroRho, micro }
}

/// Chi-square of draws against `weight(|x|)`, normalised, over `-reach..=reach` and one class for the rest. The limit is
/// mean and five standard deviations of the statistic.
fn fits(mechanism: &Mechanism, seed: u8, reach: i64, weight: impl Fn(f64) -> f64) {
    let mut source = Seeded::new([seed; 32]);
    let mut counts = vec![0_u32; usize::try_from(2 * reach + 2).unwrap()];
    for _ in 0..DRAWS {
        let noise = mechanism.noise(&mut source).unwrap();
        let class =
            if noise.abs() <= reach { usize::try_from(noise + reach).unwrap() } else { counts.len() - 1 };
        counts[class] += 1;
    }
    let total: f64 = (-100 * reach..=100 * reach).map(|x| weight((x as f64).abs())).sum();
    let mut expected: Vec<f64> = (-reach..=reach).map(|x| weight((x as f64).abs()) / total).collect();
    expected.push(1.0 - expected.iter().sum::<f64>());
    let mut chi = 0.0;
    for (count, share) in counts.iter().zip(&expected) {
        let expected = share * DRAWS as f64;
        assert!(expected > 5.0, "choose a smaller reach");
        chi += (f64::from(*count) - expected).powi(2) / expected;
    }
    let freedom = expected.len() as f64 - 1.0;
    assert!(chi < freedom + 5.0 * (2.0 * freedom).sqrt(), "{chi} of {freedom}");
}

#[test]
fn laplace_noise_has_the_exact_distribution() {
    for (seed, sensitivity, micro, reach) in
        [(1, 1, 1_000_000, 7), (2, 1, 300_000, 20), (3, 5, 2_000_000, 15), (4, 3, 700_001, 25)]
    {
        let scale = sensitivity as f64 * 1e6 / micro as f64;
        fits(&Mechanism::new(sensitivity, epsilon(micro)).unwrap(), seed, reach, |x| (-x / scale).exp());
    }
}

#[test]
fn gaussian_noise_has_the_exact_distribution() {
    for (seed, sensitivity, micro, reach) in
        [(5, 1, 1_000_000, 2), (6, 1, 125_000, 6), (7, 3, 500_000, 8), (8, 7, 333_333, 25)]
    {
        let variance = (sensitivity as f64).powi(2) * 1e6 / (2.0 * micro as f64);
        let weight = |x: f64| (-x * x / (2.0 * variance)).exp();
        fits(&Mechanism::new(sensitivity, rho(micro)).unwrap(), seed, reach, weight);
    }
}

#[test]
fn large_sensitivities_keep_their_spread() {
    for (cost, deviation) in [
        (epsilon(100_000), 2_f64.sqrt() * 1e7 * SENSITIVITY_MAX as f64 / 1e6),
        (rho(10_000), SENSITIVITY_MAX as f64 * 50_f64.sqrt()),
    ] {
        let mechanism = Mechanism::new(SENSITIVITY_MAX, cost).unwrap();
        let mut source = Seeded::new([5; 32]);
        let draws: Vec<f64> = (0..20_000).map(|_| mechanism.noise(&mut source).unwrap() as f64).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let spread = (draws.iter().map(|x| x * x).sum::<f64>() / 20_000.0).sqrt();
        assert!(mean.abs() < 5.0 * deviation / 20_000_f64.sqrt(), "{mean}");
        assert!((spread / deviation - 1.0).abs() < 0.05, "{spread} against {deviation}");
    }
}

#[test]
fn error_bars_hold_what_they_say_and_are_not_wide() {
    let costs =
        [epsilon(50_000), epsilon(1_000_000), epsilon(9_000_000), rho(1000), rho(500_000), rho(999_999)];
    for cost in costs {
        for sensitivity in [1, 4, 1000] {
            let mechanism = Mechanism::new(sensitivity, cost).unwrap();
            let half = i64::try_from(mechanism.half_width_95()).unwrap();
            let mut source = Seeded::new([7; 32]);
            let draws: Vec<i64> = (0..20_000).map(|_| mechanism.noise(&mut source).unwrap()).collect();
            let within = draws.iter().filter(|noise| noise.abs() <= half).count();
            // 0.95 less four standard deviations.
            assert!(within >= 18_870, "{cost:?} {sensitivity}: {within}");
            let narrower = draws.iter().filter(|noise| noise.abs() <= half / 2).count();
            assert!(half < 4 || narrower < 18_000, "{cost:?} {sensitivity}: {narrower}");
        }
    }
}

#[test]
fn prices_and_sensitivities_out_of_range_are_refused() {
    let refused = [
        (0, epsilon(1)),
        (SENSITIVITY_MAX + 1, epsilon(1)),
        (1, epsilon(0)),
        (1, epsilon(10_000_001)),
        (1, rho(1_000_001)),
    ];
    for (sensitivity, cost) in refused {
        assert_eq!(Mechanism::new(sensitivity, cost).unwrap_err().code(), "privacy.threshold");
    }
    assert!(serde_json::from_str::<Budget>(r#"{"unit":"micro_rho","total":3,"spent":4}"#).is_err());
}

#[test]
fn what_the_budget_does_not_stretch_to_is_refused_and_costs_nothing() {
    let mut budget = Budget::new(Unit::MicroEpsilon, 1_000_000);
    for left in [600_000, 200_000] {
        assert_eq!(budget.spend(epsilon(400_000)), Ok(left));
    }
    assert_eq!(budget.spend(epsilon(400_000)), Err(Refused::Exhausted { left: 200_000 }));
    assert_eq!(budget.left(), 200_000);
    assert_eq!(budget.spend(rho(1)), Err(Refused::Unit));
    assert_eq!(budget.spend(epsilon(0)), Err(Refused::Free));
    let back: Budget = serde_json::from_str(&serde_json::to_string(&budget).unwrap()).unwrap();
    assert_eq!(back, budget);
    // Pure differential privacy in a budget of rho: (0.4)²/2 = 0.08.
    let mut budget = Budget::new(Unit::MicroRho, 100_000);
    assert_eq!(budget.spend(epsilon(400_000)), Ok(20_000));
    assert_eq!(budget.spend(epsilon(1)), Ok(19_999));
}

proptest! {
    #[test]
    fn budgets_are_never_overspent(
        total in 0_u64..5_000_000,
        rho_budget in any::<bool>(),
        prices in proptest::collection::vec((any::<bool>(), prop_oneof![0_u64..3_000_000, Just(u64::MAX)]), 0..60),
    ) {
        let unit = if rho_budget { Unit::MicroRho } else { Unit::MicroEpsilon };
        let mut budget = Budget::new(unit, total);
        let mut paid: u128 = 0;
        for (in_rho, micro) in prices {
            let cost = if in_rho { rho(micro) } else { epsilon(micro) };
            let before = budget.clone();
            match budget.spend(cost) {
                Ok(left) => {
                    paid += u128::from(cost.in_unit(unit).unwrap());
                    prop_assert_eq!(left, budget.left());
                    prop_assert!(budget.left() < before.left() || cost.in_unit(unit) == Some(0));
                }
                Err(refused) => {
                    prop_assert_eq!(&budget, &before);
                    if let Refused::Exhausted { left } = refused {
                        prop_assert!(cost.in_unit(unit).is_none_or(|price| price > left));
                    }
                }
            }
            prop_assert!(paid <= u128::from(total));
            prop_assert_eq!(u128::from(budget.left()), u128::from(total) - paid);
        }
    }
}
