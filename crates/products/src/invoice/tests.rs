use proptest::prelude::*;

use super::*;
use crate::product::tests::id;
use crate::{GatewayEntry, Outcome, PlanDraft, Pricing, Rounding, Tier};

const OFFSET: i32 = 28_800;

fn plan(pricing: Pricing) -> Plan {
    let from = "2026-01-01".parse().unwrap();
    Plan::new(PlanDraft { from, pricing, rounding: Rounding::HalfUp, ceiling: None, month_max: None })
        .unwrap()
}

fn charge(n: u8, pricing: Pricing) -> Charge {
    Charge {
        usage: id(n),
        product: id(n),
        product_name: format!("产品{n}"),
        plan: plan(pricing),
        from: "2026-01-01".parse().unwrap(),
        to: "2026-12-31".parse().unwrap(),
    }
}

/// Agreement 1 pays 10 fen a call and 5 from the 101st on, agreement 2 a package, agreement 3 nothing.
pub(crate) fn input() -> BillInput {
    let tiers = vec![
        Tier { up_to: Some(100), price: UnitPrice(10_000) },
        Tier { up_to: None, price: UnitPrice(5_000) },
    ];
    BillInput {
        id: id(1),
        month: "2026-11".parse().unwrap(),
        offset_seconds: OFFSET,
        operator: id(1),
        buyer: id(2),
        charges: vec![
            charge(1, Pricing::PerCall { tiers }),
            Charge { from: "2026-12-01".parse().unwrap(), ..charge(2, Pricing::Time { price: Fen(1000) }) },
            charge(3, Pricing::Free { list_entry: "救灾".to_owned() }),
        ],
        issued_at: "2026-12-01".parse::<Date>().unwrap().start_at(OFFSET),
    }
}

pub(crate) fn record(call: u16, usage: u8) -> MeterRecord {
    let mut random = [0; 10];
    random[8..].copy_from_slice(&call.to_be_bytes());
    let at = "2026-11-01".parse::<Date>().unwrap().start_at(OFFSET).plus_seconds(i64::from(call));
    MeterRecord {
        call: Id::new(at, random),
        product: id(usage),
        usage: id(usage),
        at,
        scenario: "credit".to_owned(),
        idempotency_key: None,
        request: Digest::of(b"{}"),
        outcome: Outcome::Answered,
        rows: 1,
        bytes: 100,
    }
}

pub(crate) fn gateway_of(meter: &[MeterRecord]) -> Vec<GatewayEntry> {
    let entry = |record: &MeterRecord| GatewayEntry {
        call: record.call,
        usage: record.usage,
        at: record.at,
        outcome: record.outcome,
        bytes: record.bytes,
    };
    meter.iter().map(entry).collect()
}

/// A month of calls of agreements 1 and 3, with repeated keys, refusals and failures.
pub(crate) fn any_month() -> impl Strategy<Value = Vec<MeterRecord>> {
    let outcome = prop_oneof![Just(Outcome::Answered), Just(Outcome::Refused), Just(Outcome::Failed)];
    let call = (prop_oneof![Just(1u8), Just(3u8)], outcome, proptest::option::of(0..5u8));
    proptest::collection::vec(call, 0..300).prop_map(|calls| {
        (0..)
            .zip(calls)
            .map(|(n, (usage, outcome, key))| MeterRecord {
                outcome,
                idempotency_key: key.map(|key| key.to_string()),
                ..record(n, usage)
            })
            .collect()
    })
}

fn with_key(record: MeterRecord, key: &str) -> MeterRecord {
    MeterRecord { idempotency_key: Some(key.to_owned()), ..record }
}

#[test]
fn the_same_key_is_charged_once() {
    let failed = MeterRecord { outcome: Outcome::Failed, ..record(1, 1) };
    let meter = [
        with_key(failed, "a"),
        with_key(record(2, 1), "a"),
        with_key(record(3, 1), "a"),
        with_key(record(4, 3), "a"),
        record(5, 1),
        record(6, 1),
    ];
    let invoice = Invoice::make(&input(), &meter).unwrap();
    let calls = CallCounts { charged: 3, free: 1, repeated: 1, not_answered: 1 };
    assert_eq!((invoice.calls, invoice.total), (calls, Fen(30)));
    // A key charged in October is not charged again in November.
    let october = MeterRecord { at: meter[0].at.plus_seconds(-86_400), ..with_key(record(9, 1), "a") };
    let more = [&meter[..], &[october]].concat();
    let invoice = Invoice::make(&input(), &more).unwrap();
    let calls = CallCounts { charged: 2, free: 1, repeated: 2, not_answered: 1 };
    assert_eq!((invoice.calls, invoice.total), (calls, Fen(20)));
}

#[test]
fn lines_follow_agreements_and_tiers() {
    let meter: Vec<MeterRecord> = (1..=130).map(|n| record(n, 1)).chain([record(500, 3)]).collect();
    let invoice = Invoice::make(&input(), &meter).unwrap();
    let lines: Vec<_> =
        invoice.lines.iter().map(|line| (line.kind, line.tier, line.calls, line.amount.0)).collect();
    assert_eq!(
        lines,
        [(LineKind::Calls, 1, 100, 1000), (LineKind::Calls, 2, 30, 150), (LineKind::Free, 0, 1, 0)],
        "agreement 2 begins in December"
    );
    assert_eq!(invoice.total, Fen(1150));
    let december = BillInput { month: "2026-12".parse().unwrap(), ..input() };
    assert_eq!(Invoice::make(&december, &meter).unwrap().total, Fen(1000));
    assert_eq!(Invoice::make(&input(), &[record(1, 7)]), Err(Error::Bill { what: "unknown_usage" }));
    let mut twice = input();
    twice.charges.push(twice.charges[0].clone());
    assert_eq!(Invoice::make(&twice, &[]), Err(Error::Bill { what: "usage_twice" }));
}

#[test]
fn the_month_turns_at_local_midnight() {
    let first = "2026-11-01".parse::<Date>().unwrap().start_at(OFFSET);
    let at = |at| Invoice::make(&input(), &[MeterRecord { at, ..record(1, 1) }]).unwrap().calls.charged;
    assert_eq!((at(first), at(first.plus_seconds(-1))), (1, 0));
}

#[test]
fn adjustments_are_lines_with_a_reason() {
    let invoice = Invoice::make(&input(), &[record(1, 1)]).unwrap();
    let adjust =
        |amount, reason: &str| Adjustment { usage: id(1), amount: Fen(amount), reason: reason.to_owned() };
    let adjusted = invoice.adjust(&adjust(-4, "停机补偿")).unwrap();
    assert_eq!(adjusted.total, Fen(6));
    assert_ne!(adjusted.digest().unwrap(), invoice.digest().unwrap());
    assert_eq!(invoice.adjust(&adjust(-4, " ")), Err(Error::Bill { what: "adjustment" }));
    let stranger = Adjustment { usage: id(9), ..adjust(1, "x") };
    assert_eq!(invoice.adjust(&stranger), Err(Error::Bill { what: "unknown_usage" }));
}

#[test]
fn the_printed_bill_is_quoted_and_harmless() {
    let mut input = input();
    input.charges.truncate(1);
    input.charges[0].product_name = "=HYPERLINK(\"x\"), 核验".to_owned();
    let invoice = Invoice::make(&input, &[record(1, 1)]).unwrap();
    let adjustment = Adjustment { usage: id(1), amount: Fen(-4), reason: "补偿".to_owned() };
    let csv = invoice.adjust(&adjustment).unwrap().to_csv();
    let rows: Vec<&str> = csv.split("\r\n").collect();
    let (usage, name) = (id::<kind::Usage>(1), "\"'=HYPERLINK(\"\"x\"\"), 核验\"");
    assert_eq!(
        rows,
        [
            "month,kind,usage,product,name,tier,calls,unit_price,amount,note".to_owned(),
            format!("2026-11,calls,{usage},{usage},{name},1,1,0.10000,0.10,"),
            format!("2026-11,adjustment,{usage},{usage},{name},0,0,,-0.04,补偿"),
            "2026-11,total,,,,,1,,0.06,".to_owned(),
            String::new(),
        ]
    );
}

proptest! {
    #[test]
    fn lines_add_up_and_order_does_not_matter(meter in any_month(), seed in any::<u64>()) {
        let invoice = Invoice::make(&input(), &meter).unwrap();
        prop_assert_eq!(invoice.lines.iter().map(|line| line.amount.0).sum::<i64>(), invoice.total.0);
        let mut shuffled = meter;
        shuffled.sort_by_key(|record| Digest::of(&[&record.call.as_bytes()[..], &seed.to_be_bytes()].concat()).0);
        prop_assert_eq!(Invoice::make(&input(), &shuffled).unwrap(), invoice);
    }
}
