use proptest::prelude::*;

use super::*;
use crate::product::tests::id;

const OFFSET: i32 = 28_800;

fn noon() -> Timestamp {
    "2026-11-21".parse::<Date>().unwrap().start_at(OFFSET).plus_seconds(12 * 3600)
}

fn draft() -> UsageAgreement {
    UsageAgreement {
        id: id(1),
        product: id(1),
        operator: id(1),
        buyer: id(2),
        scenarios: vec!["credit".to_owned()],
        from: "2026-11-21".parse().unwrap(),
        to: "2026-12-31".parse().unwrap(),
        quota: Quota { day: Some(3), month: Some(5) },
        rate_limit: None,
        document: Digest::of(b"text"),
        signatures: Vec::new(),
        state: UsageState::Draft,
    }
}

fn signature(unit: u8) -> Signature {
    Signature { unit: id(unit), person: id(unit), at: noon(), document: Digest::of(b"text") }
}

fn in_force() -> UsageAgreement {
    draft().sign(signature(1)).unwrap().sign(signature(2)).unwrap()
}

#[test]
fn both_parties_sign_the_same_text() {
    let one = draft().sign(signature(2)).unwrap();
    assert_eq!(one.state, UsageState::Draft);
    assert_eq!(in_force().state, UsageState::InForce);
    let other = Signature { document: Digest::of(b"other"), ..signature(1) };
    for (signature, expected) in
        [(signature(2), "signed_twice"), (signature(3), "not_a_party"), (other, "other_document")]
    {
        assert_eq!(one.sign(signature), Err(Error::Usage { what: expected }));
    }
    assert_eq!(in_force().sign(signature(1)).unwrap_err().code(), "products.state");
    let suspended = in_force().suspend().unwrap();
    assert_eq!(suspended.resume().unwrap(), in_force());
    assert_eq!(suspended.end().unwrap().end().unwrap_err().code(), "products.state");
}

#[test]
fn unsound_agreements_are_not_offered() {
    let scenarios = ["credit".to_owned(), "travel".to_owned()];
    assert_eq!(draft().check(&scenarios), Ok(()));
    let limit = Some(RateLimit { calls: 0, seconds: 1 });
    for (spoiled, expected) in [
        (UsageAgreement { scenarios: vec!["other".to_owned()], ..draft() }, "scenarios"),
        (UsageAgreement { scenarios: Vec::new(), ..draft() }, "scenarios"),
        (UsageAgreement { to: draft().from.plus_days(-1), ..draft() }, "period"),
        (UsageAgreement { buyer: id(1), ..draft() }, "parties"),
        (UsageAgreement { rate_limit: limit, ..draft() }, "rate_limit"),
    ] {
        assert_eq!(spoiled.check(&scenarios), Err(Error::Usage { what: expected }));
    }
}

#[test]
fn calls_need_an_agreement_a_purpose_and_room() {
    let call = |agreement: &UsageAgreement, scenario: &str, now, day, month| {
        let counters = Counters { day, month, full_until: None };
        agreement.check_call(scenario, now, OFFSET, counters).map_err(|refusal| refusal.code())
    };
    let agreement = in_force();
    let left = |day, month| Ok(Remaining { day: Some(day), month: Some(month), full_until: None });
    assert_eq!(call(&agreement, "credit", noon(), 0, 0), left(2, 4));
    assert_eq!(call(&agreement, "credit", noon(), 2, 4), left(0, 0));
    assert_eq!(call(&agreement, "credit", noon(), 3, 4), Err("products.quota_day"));
    assert_eq!(call(&agreement, "credit", noon(), 0, 5), Err("products.quota_month"));
    assert_eq!(call(&agreement, "travel", noon(), 0, 0), Err("products.usage_scenario"));
    let days = |days: i64| noon().plus_seconds(days * 86_400);
    assert_eq!(call(&agreement, "credit", days(-1), 0, 0), Err("products.usage_not_in_force"));
    assert_eq!(call(&agreement, "credit", days(40), 0, 0), left(2, 4));
    assert_eq!(call(&agreement, "credit", days(41), 0, 0), Err("products.usage_not_in_force"));
    for closed in [draft(), agreement.suspend().unwrap(), agreement.end().unwrap()] {
        assert_eq!(call(&closed, "credit", noon(), 0, 0), Err("products.usage_not_in_force"));
    }
}

proptest! {
    #[test]
    fn calls_keep_the_agreed_rate(
        calls in 1..20u32, seconds in 1..60u32, gaps in proptest::collection::vec(0..3_000_000i64, 1..200)
    ) {
        let limit = RateLimit { calls, seconds };
        let agreement =
            UsageAgreement { rate_limit: Some(limit), quota: Quota::default(), ..in_force() };
        let (mut now, mut full_until, mut taken) = (noon(), None, Vec::new());
        for gap in gaps {
            now = Timestamp::from_micros(now.micros() + gap);
            let counters = Counters { day: 0, month: 0, full_until };
            match agreement.check_call("credit", now, OFFSET, counters) {
                Ok(remaining) => {
                    full_until = remaining.full_until;
                    taken.push(now.micros());
                }
                Err(CallRefusal::RateLimit { retry_at }) => {
                    prop_assert!(retry_at > now);
                    let counters = Counters { full_until, ..counters };
                    prop_assert!(agreement.check_call("credit", retry_at, OFFSET, counters).is_ok());
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        prop_assert!(!taken.is_empty());
        // One full bucket at once, then the agreed rate.
        let span = taken[taken.len() - 1] - taken[0];
        let most = i128::from(calls) + i128::from(span) * i128::from(calls) / (i128::from(seconds) * 1_000_000) + 1;
        prop_assert!(taken.len() as i128 <= most, "{} calls, at most {most}", taken.len());
    }
}
