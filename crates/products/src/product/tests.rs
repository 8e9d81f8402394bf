use base::{Date, Fen, Timestamp};

use super::*;
use crate::{Passport, PlanDraft, Pricing, Rounding};

pub(crate) fn id<K: base::Kind>(n: u8) -> Id<K> {
    Id::new(Timestamp::from_micros(1_000_000), [n; 10])
}

pub(crate) fn product() -> Product {
    let field = |name: &str, field_type| Field::new(name, name, field_type, true);
    Product {
        id: id(1),
        tenant: id(1),
        operator: id(1),
        name: "企业许可核验".to_owned(),
        description: "企业是否持有有效许可".to_owned(),
        form: "数据接口".to_owned(),
        kind: ProductKind::Verification,
        scenarios: vec!["普惠金融".to_owned()],
        providers: vec![id(2)],
        resources: vec![id(1)],
        source: Source::Serving { model: id(1), digest: Digest::of(b"definition") },
        parameters: vec![field("credit_code", FieldType::Text)],
        response: vec![field("active", FieldType::Boolean)],
        filing: None,
        plans: Vec::new(),
        state: ProductState::Draft,
        suspended_by: None,
    }
}

fn plan(from: &str) -> Plan {
    Plan::new(PlanDraft {
        from: from.parse().unwrap(),
        pricing: Pricing::Time { price: Fen(100) },
        rounding: Rounding::HalfUp,
        ceiling: None,
        month_max: None,
    })
    .unwrap()
}

fn walk(events: &[ProductEvent]) -> Result<Product, Error> {
    events.iter().try_fold(product(), |product, event| product.apply(event))
}

#[test]
fn a_product_is_filed_priced_listed_suspended_and_withdrawn() {
    use ProductEvent::{Filed, Listed, Priced, Resumed, Suspended, Withdrawn};
    let filed = Filed { case: id(1) };
    let priced = Priced { plan: plan("2026-11-21") };
    let by = |by| (Suspended { by }, Resumed { by });
    let (off, on) = by(SuspendedBy::Operator);
    let (ordered_off, ordered_on) = by(SuspendedBy::Government);
    let start = [filed.clone(), priced.clone(), Listed];
    let with = |more: &[ProductEvent]| walk(&[&start[..], more].concat());
    assert_eq!(with(&[]).unwrap().state, ProductState::Listed);
    assert_eq!(with(&[off.clone(), on.clone()]).unwrap().state, ProductState::Listed);
    assert_eq!(with(&[off.clone(), ordered_on.clone()]).unwrap().suspended_by, None);
    assert_eq!(with(&[ordered_off.clone(), ordered_on]).unwrap().state, ProductState::Listed);
    for (events, step) in [
        (vec![priced.clone()], "price"),
        (vec![filed.clone(), Listed], "list"),
        (vec![filed.clone(), filed], "file"),
    ] {
        assert!(matches!(walk(&events), Err(Error::State { step: at, .. }) if at == step), "{events:?}");
    }
    for more in [
        vec![ordered_off.clone(), on.clone()],
        vec![off.clone(), ordered_off, on],
        vec![off.clone(), off],
        vec![Withdrawn, Listed],
        vec![Withdrawn, priced],
    ] {
        assert_eq!(with(&more).unwrap_err().code(), "products.state", "{more:?}");
    }
}

#[test]
fn a_listed_product_changes_its_price_with_a_month() {
    use ProductEvent::{Filed, Listed, Priced};
    let priced = |from| Priced { plan: plan(from) };
    let listed = walk(&[Filed { case: id(1) }, priced("2026-11-20"), priced("2026-11-21"), Listed]).unwrap();
    assert_eq!(listed.apply(&priced("2026-12-02")), Err(Error::Plan { what: "from_month_start" }));
    assert_eq!(listed.apply(&priced("2026-11-01")), Err(Error::Plan { what: "from_order" }));
    let later = listed.apply(&priced("2027-01-01")).unwrap();
    let from = |month: &str| later.plan_for(month.parse().unwrap()).map(|plan| plan.draft().from.to_string());
    assert_eq!(from("2026-10"), None);
    assert_eq!(from("2026-11").unwrap(), "2026-11-21");
    assert_eq!(from("2026-12").unwrap(), "2026-11-21");
    assert_eq!(from("2027-03").unwrap(), "2027-01-01");
}

#[test]
fn unsound_products_are_not_filed() {
    type Spoil = fn(&mut Product);
    let cases: [(Spoil, &str); 7] = [
        (|product| product.name = " ".to_owned(), "name"),
        (|product| product.form.clear(), "form"),
        (|product| product.scenarios.clear(), "scenarios"),
        (|product| product.scenarios.push("普惠金融".to_owned()), "scenarios"),
        (|product| product.parameters.clear(), "api_fields"),
        (|product| product.response[0].field_type = FieldType::Text, "verification_fields"),
        (|product| product.kind = ProductKind::Dataset, "file_source"),
    ];
    for (spoil, expected) in cases {
        let mut spoiled = product();
        spoil(&mut spoiled);
        assert_eq!(spoiled.check(), Err(Error::Product { what: expected }));
    }
}

#[test]
fn the_passport_changes_with_what_is_sold() {
    let day: Date = "2026-11-21".parse().unwrap();
    let passport = Passport::of(&product(), day).unwrap();
    assert_eq!(passport, Passport::of(&product(), day).unwrap());
    assert_eq!((passport.source_kind, passport.personal, passport.price.is_none()), ("serving", false, true));
    let other = Product { source: Source::Release { export: id(1), digest: Digest::of(b"x") }, ..product() };
    assert_ne!(Passport::of(&other, day).unwrap().digest, passport.digest);
}
