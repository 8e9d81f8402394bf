use proptest::prelude::*;

use super::*;

fn draft(pricing: Pricing) -> PlanDraft {
    PlanDraft {
        from: Date::from_days(20_000),
        pricing,
        rounding: Rounding::HalfUp,
        ceiling: None,
        month_max: None,
    }
}

fn plan(pricing: Pricing) -> Plan {
    Plan::new(draft(pricing)).unwrap()
}

fn tiers(steps: &[(Option<u64>, i64)]) -> Pricing {
    let tiers = steps.iter().map(|(up_to, milli)| Tier { up_to: *up_to, price: UnitPrice(*milli) });
    Pricing::PerCall { tiers: tiers.collect() }
}

#[test]
fn every_form_of_price_is_rated_exactly() {
    let graduated = plan(tiers(&[(Some(1000), 10_000), (Some(5000), 5_000), (None, 1_250)]));
    let package =
        Pricing::Package { price: Fen(100_000), included_calls: 1000, overage: Some(UnitPrice(50_500)) };
    for (plan, calls, expected) in [
        (&graduated, 0, 0),
        (&graduated, 1, 10),
        (&graduated, 1000, 10_000),
        (&graduated, 1001, 10_005),
        (&graduated, 5000, 30_000),
        // One call at 1.25 fen is 1 fen, two are 2.5 and go up.
        (&graduated, 5001, 30_001),
        (&graduated, 5002, 30_003),
        (&plan(Pricing::PerBatch { batch_calls: 100, price: Fen(999) }), 101, 1998),
        (&plan(Pricing::PerBatch { batch_calls: 100, price: Fen(999) }), 0, 0),
        (&plan(package.clone()), 0, 100_000),
        (&plan(package.clone()), 1001, 100_051),
        (&plan(Pricing::Time { price: Fen(5) }), 1_000_000, 5),
        (&plan(Pricing::Free { list_entry: "救灾".to_owned() }), 1_000_000, 0),
        (&Plan::new(PlanDraft { month_max: Some(Fen(100_020)), ..draft(package) }).unwrap(), 2000, 100_020),
    ] {
        assert_eq!(plan.total(calls), Ok(Fen(expected)), "{plan:?} {calls}");
    }
    let down = Plan::new(PlanDraft { rounding: Rounding::Down, ..draft(tiers(&[(None, 1_999)])) }).unwrap();
    assert_eq!(down.total(1), Ok(Fen(1)));
    assert_eq!(UnitPrice(1_250).to_string(), "0.01250");
    assert_eq!(UnitPrice::from_fen(3), UnitPrice(3000));
}

#[test]
fn wrong_plans_are_refused() {
    for (pricing, expected) in [
        (tiers(&[]), "tiers_count"),
        (tiers(&[(Some(10), 1)]), "tier_end"),
        (tiers(&[(None, 1), (Some(10), 1)]), "tier_open"),
        (tiers(&[(Some(10), 1), (Some(10), 1), (None, 1)]), "tier_order"),
        (tiers(&[(None, -1)]), "price"),
        (tiers(&[(None, i64::MAX)]), "price"),
        (Pricing::PerBatch { batch_calls: 0, price: Fen(1) }, "batch_calls"),
        (Pricing::Time { price: Fen(-1) }, "price"),
        (Pricing::Free { list_entry: " ".to_owned() }, "list_entry"),
    ] {
        assert_eq!(Plan::new(draft(pricing)), Err(Error::Plan { what: expected }));
    }
    let json = serde_json::to_string(&draft(tiers(&[(Some(10), 1)]))).unwrap();
    assert!(serde_json::from_str::<Plan>(&json).is_err(), "a stored plan is checked as well");
}

#[test]
fn ceilings_hold_for_every_form_of_price() {
    let ceiling =
        Ceiling { per_call: Some(UnitPrice(10_000)), per_month: Some(Fen(5000)), basis: "L1".to_owned() };
    let batch = |fen| Pricing::PerBatch { batch_calls: 3, price: Fen(fen) };
    let package = |fen, overage| Pricing::Package {
        price: Fen(fen),
        included_calls: 100,
        overage: Some(UnitPrice(overage)),
    };
    for (pricing, allowed) in [
        (tiers(&[(Some(5), 10_000), (None, 9_000)]), true),
        (tiers(&[(Some(5), 10_001), (None, 9_000)]), false),
        (batch(30), true),
        (batch(31), false),
        (package(1000, 10_000), true),
        (package(1001, 10_000), false),
        (package(1000, 10_001), false),
        (Pricing::Time { price: Fen(5000) }, true),
        (Pricing::Time { price: Fen(5001) }, false),
        (Pricing::Free { list_entry: "x".to_owned() }, true),
    ] {
        let draft = PlanDraft { ceiling: Some(ceiling.clone()), ..draft(pricing) };
        match Plan::new(draft.clone()) {
            Ok(_) => assert!(allowed, "{draft:?}"),
            Err(error) => assert!(!allowed && error.code() == "products.ceiling", "{draft:?} {error}"),
        }
    }
    let only_calls = Ceiling { per_month: None, ..ceiling };
    let time = PlanDraft { ceiling: Some(only_calls), ..draft(Pricing::Time { price: Fen(1) }) };
    assert_eq!(Plan::new(time).unwrap_err().code(), "products.ceiling");
}

fn any_pricing() -> impl Strategy<Value = Pricing> {
    let price = 0..=PRICE_FEN_MAX;
    let unit = 0..=PRICE_FEN_MAX * 1000;
    let step = (1..u64::from(u32::MAX), unit.clone());
    prop_oneof![
        (proptest::collection::vec(step, 0..6), unit.clone()).prop_map(|(steps, last)| {
            let mut up_to = 0;
            let mut all: Vec<Tier> = Vec::new();
            for (width, price) in steps {
                up_to += width;
                all.push(Tier { up_to: Some(up_to), price: UnitPrice(price) });
            }
            all.push(Tier { up_to: None, price: UnitPrice(last) });
            Pricing::PerCall { tiers: all }
        }),
        (1..1_000_000u64, price.clone())
            .prop_map(|(batch_calls, price)| Pricing::PerBatch { batch_calls, price: Fen(price) }),
        (price.clone(), any::<u64>(), proptest::option::of(unit)).prop_map(
            |(price, included_calls, overage)| {
                Pricing::Package { price: Fen(price), included_calls, overage: overage.map(UnitPrice) }
            }
        ),
        price.prop_map(|price| Pricing::Time { price: Fen(price) }),
    ]
}

proptest! {
    #[test]
    fn rating_never_panics_and_loses_no_call(
        pricing in any_pricing(), calls in any::<u64>(), most in proptest::option::of(0..PRICE_FEN_MAX)
    ) {
        let plan = Plan::new(PlanDraft { month_max: most.map(Fen), ..draft(pricing) }).unwrap();
        if let Ok(lines) = plan.rate(calls) {
            prop_assert_eq!(lines.iter().map(|line| u128::from(line.calls)).sum::<u128>(), u128::from(calls));
            let total = plan.total(calls).unwrap();
            prop_assert!(total >= Fen::ZERO);
            prop_assert!(most.is_none_or(|most| total <= Fen(most)));
        }
    }

    #[test]
    fn more_calls_never_cost_less(pricing in any_pricing(), calls in 0..1_000_000_000u64, more in 0..1_000_000u64) {
        let plan = plan(pricing);
        if let (Ok(less), Ok(more)) = (plan.total(calls), plan.total(calls + more)) {
            prop_assert!(less <= more);
        }
    }

    #[test]
    fn a_stored_plan_reads_back(pricing in any_pricing()) {
        let plan = plan(pricing);
        let json = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }
}
