//! A data set from its release to two buyers, and a leaked part back to one of them.

use base::{Id, kind};
use bytes::Bytes;
use catalog::{Decision, Openness, UpdateFrequency};
use privacy::SensitiveKind;
use privacy::ir::{Entity, Label};
use privacy::masking::MaskSpec;
use products::{ProductState, UsageState};
use serde_json::{Map, json};

use super::fixture::County;
use super::slice::{approved, asked, let_go};
use crate::data_api::{self, CallRequest, Operation};
use crate::deliveries::{self, Delivery};
use crate::exports::ReleaseFormat;
use crate::products::{self as market, NewProduct, ProductRecord};
use crate::resources::{self, NewResource};
use crate::tenants::{Tenant, TenantState};
use crate::usages::{self, UsageRecord};
use crate::{Ctx, watermarks};

const STATIONS: usize = 3_000;

/// Readings of stations, which nobody needs protection from being counted.
fn readings() -> Vec<u8> {
    let mut csv = "station,zone,litres,visits\n".to_owned();
    let mut seed = 7_u64;
    for station in 0..STATIONS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (litres, visits) = (1_000 + (seed >> 33) % 90_000, 100 + (seed >> 13) % 9_000);
        csv.push_str(&format!("S{station:05},Z{},{litres},{visits}\n", station % 7));
    }
    csv.into_bytes()
}

async fn released(county: &County) -> Id<kind::Export> {
    let provider = county.ctx("market-bureau");
    let new = NewResource {
        code: "stations".to_owned(),
        name_zh: "站点".to_owned(),
        name_en: "stations".to_owned(),
        description: String::new(),
        update_frequency: UpdateFrequency::Yearly,
        openness: Openness::Conditional,
        entity: Entity { kind: "station".to_owned(), columns: vec!["station".to_owned()], protected: false },
        consent: false,
    };
    let entry = resources::register_resource(&county.app, &provider, &new).await.unwrap();
    county.upload("market-bureau", entry.id(), readings()).await.unwrap();
    let entry = resources::resource(&county.app, &provider, entry.id()).await.unwrap();
    let decide = |column: &catalog::Column| Decision {
        column: column.name.clone(),
        kind: SensitiveKind::General,
        level: 1,
        label: Label::Public,
        mask: MaskSpec::Keep,
        note: "test".to_owned(),
        title: String::new(),
    };
    let decisions =
        resources::Classify { columns: entry.resource.columns.iter().map(decide).collect(), twin: None };
    resources::classify_resource(&county.app, &provider, entry.id(), &decisions).await.unwrap();
    let grant = county.grant(entry.id(), &["station", "zone", "litres", "visits"]).await;
    assert_eq!(grant.state, crate::tenants::GrantState::Ready, "{:?}", grant.error);
    let model = serde_json::from_value(json!({
        "name": "stations", "entity": "station", "reversibility": "sums",
        "sql": "SELECT station, zone, sum(litres) AS litres, sum(visits) AS visits FROM stations GROUP BY station, zone",
    }))
    .unwrap();
    let model = approved(county, &model).await;
    let (export, case) = asked(county, &model).await;
    let export = let_go(county, &export, case).await;
    assert_eq!(export.release.unwrap().rows, STATIONS as u64);
    export.id
}

/// A data set on the market.
async fn dataset(
    county: &County,
    export: Id<kind::Export>,
    code: &str,
    watermark: serde_json::Value,
) -> crate::Result<ProductRecord> {
    let field =
        |name: &str, kind: &str| json!({ "name": name, "title": name, "type": kind, "required": true });
    let new: NewProduct = serde_json::from_value(json!({
        "code": code, "name": "站点用水", "description": "", "form": "数据包", "kind": "dataset", "scenarios": ["研究"],
        "source": { "export": export }, "parameters": [],
        "response": [field("station", "text"), field("litres", "integer"), field("visits", "integer")],
        "watermark": watermark,
    }))
    .unwrap();
    let made = market::create_product(&county.app, &county.ctx("operator"), county.tenant, &new).await?;
    let product = products::Product { state: ProductState::Listed, ..made.product.clone() };
    let listed = ProductRecord { product, ..made };
    county.put(&listed).await;
    Ok(listed)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_destroyed_is_off_the_market() {
    let county = County::open().await;
    let export = released(&county).await;
    let listed = dataset(&county, export, "stations", json!(null)).await.unwrap();
    let shelf = async || {
        let nobody = crate::identity::anonymous(county.app.now());
        let (found, _) = market::products_page(&county.app, &nobody, None, 10).await.unwrap();
        (found.len(), crate::desk::figures(&county.app).await.unwrap().products)
    };
    assert_eq!(shelf().await, (1, 1));
    county.set_state(TenantState::Destroyed).await;
    let (app, tenant, now) = (&county.app, county.tenant, county.app.now());
    let service = Ctx::service("tenant.destroy", now);
    let reference = county.get::<Tenant>(tenant.uuid()).await.resource();
    let permit = &app.permit(&service, access::Action::TenantDestroy, reference).unwrap();
    app.store()
        .transact(permit, "test.destroy", |tx| {
            Box::pin(async move {
                market::withdraw_all(app, tx, permit, tenant, now).await?;
                // A second time changes nothing.
                market::withdraw_all(app, tx, permit, tenant, now).await
            })
        })
        .await
        .unwrap();
    assert_eq!(shelf().await, (0, 0));
    let kept = county.get::<ProductRecord>(listed.product.id.uuid()).await;
    assert_eq!(kept.product.state, ProductState::Withdrawn);
}

/// An agreement in force and its key.
async fn agreed(county: &County, product: &ProductRecord, buyer: &str) -> (UsageRecord, String) {
    let today = county.app.now().date_at(28_800);
    let new = serde_json::from_value(json!({
        "buyer": buyer, "scenarios": ["研究"], "from": today, "to": today.plus_days(100),
        "quota": { "day": 100, "month": null },
    }))
    .unwrap();
    let operator = county.ctx("operator");
    let mut usage = usages::draft_usage(&county.app, &operator, product.product.id, &new).await.unwrap();
    usage.agreement.state = UsageState::InForce;
    county.put(&usage).await;
    let mut ctx: Ctx = county.ctx(buyer);
    ctx.principal.usages = vec![usage.agreement.id];
    let key = usages::issue_key(&county.app, &ctx, usage.agreement.id).await.unwrap().key;
    (usage, key)
}

fn request(product: &ProductRecord, key: &str, operation: Operation) -> CallRequest {
    CallRequest {
        key: key.to_owned(),
        product: product.code.clone(),
        operation,
        scenario: "研究".to_owned(),
        idempotency_key: None,
        parameters: Map::new(),
    }
}

async fn fetched(county: &County, product: &ProductRecord, key: &str, format: ReleaseFormat) -> Delivery {
    let request = request(product, key, Operation::File);
    deliveries::deliver(&county.app, &request, format, county.app.now()).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenth_of_a_copy_names_its_buyer_and_nobody_else() {
    let county = County::open().await;
    let export = released(&county).await;
    let marks = json!({
        "address": ["station"],
        "carriers": [{ "column": "litres", "tolerance": 8 }, { "column": "visits", "tolerance": 4 }],
    });
    let product = dataset(&county, export, "station-water", marks).await.unwrap();
    assert!(product.marking.as_ref().unwrap().suffices(), "{:?}", product.marking);
    let (bank, bank_key) = agreed(&county, &product, "bank").await;
    let (_, carrier_key) = agreed(&county, &product, "carrier").await;
    let copy = fetched(&county, &product, &bank_key, ReleaseFormat::Csv).await;
    assert!(copy.marked);
    assert_eq!(copy, fetched(&county, &product, &bank_key, ReleaseFormat::Csv).await, "a copy is a copy");
    let other = fetched(&county, &product, &carrier_key, ReleaseFormat::Csv).await;
    assert_ne!(copy.bytes, other.bytes, "each buyer has his own");
    let query = request(&product, &bank_key, Operation::Query);
    let refused = data_api::call(&county.app, &query, county.app.now()).await.unwrap_err();
    assert_eq!(refused.code(), "data.operation");

    // Every tenth row, in another order, as a spreadsheet would save them.
    let text = String::from_utf8(copy.bytes.clone()).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let mut part: Vec<&str> = rows.lines().step_by(10).collect();
    part.reverse();
    let leak = |rows: &[&str]| Bytes::from(format!("\u{feff}{head}\r\n{}\r\n", rows.join("\r\n")));
    let supervisor = county.ctx("supervision-office");
    let id = product.product.id;
    let found = watermarks::trace(&county.app, &supervisor, id, leak(&part)).await.unwrap();
    assert_eq!((found.rows, found.buyers, found.named.len()), (STATIONS as u64 / 10, 2, 1));
    let named = &found.named[0];
    assert_eq!((named.usage, named.unit_code.as_str()), (bank.agreement.id, "bank"));
    assert!(named.bits >= found.needed_bits, "{}", named.bits);
    let parquet = fetched(&county, &product, &bank_key, ReleaseFormat::Parquet).await;
    let found = watermarks::trace(&county.app, &supervisor, id, Bytes::from(parquet.bytes)).await.unwrap();
    assert_eq!(found.named.first().map(|buyer| buyer.usage), Some(bank.agreement.id));

    // What was never delivered names nobody.
    let plain: Vec<String> = String::from_utf8(readings())
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{}", cells[0], cells[2], cells[3])
        })
        .collect();
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    let found = watermarks::trace(&county.app, &supervisor, id, leak(&plain)).await.unwrap();
    assert!(found.named.is_empty() && found.rows == STATIONS as u64, "{:?}", found.named);

    let operator =
        watermarks::trace(&county.app, &county.ctx("operator"), id, leak(&part)).await.unwrap_err();
    assert!(matches!(operator, crate::Error::Forbidden(_)), "{operator:?}");
    let noise =
        watermarks::trace(&county.app, &supervisor, id, Bytes::from_static(b"PAR1 and no more")).await;
    assert_eq!(noise.unwrap_err().code(), "domain.intake");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_carry_marks_is_delivered_without_and_says_so() {
    let county = County::open().await;
    let export = released(&county).await;
    // One column alone does not have cells enough.
    let marks = json!({ "address": ["station"], "carriers": [{ "column": "visits", "tolerance": 4, "lowest": 8_000 }] });
    let small = dataset(&county, export, "station-few", marks).await.unwrap();
    let marking = small.marking.clone().unwrap();
    assert!(!marking.suffices() && marking.positions > 0, "{marking:?}");
    let (_, key) = agreed(&county, &small, "bank").await;
    let copy = fetched(&county, &small, &key, ReleaseFormat::Json).await;
    assert!(!copy.marked);
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&copy.bytes).unwrap();
    assert_eq!(rows.len(), STATIONS);
    assert!(rows[0].get("zone").is_none(), "only declared columns are delivered");
    let supervisor = county.ctx("supervision-office");
    let none = watermarks::trace(&county.app, &supervisor, small.product.id, Bytes::from(copy.bytes)).await;
    assert_eq!(none.unwrap_err().code(), "watermark.none");
    let asked = request(&small, &key, Operation::File);
    let early = deliveries::deliver(&county.app, &asked, ReleaseFormat::Pdf, county.app.now());
    assert_eq!(early.await.unwrap_err().code(), "export.format");

    let faulty = [
        json!({ "address": ["nobody"], "carriers": [{ "column": "litres", "tolerance": 8 }] }),
        json!({ "address": ["litres"], "carriers": [{ "column": "litres", "tolerance": 8 }] }),
        json!({ "address": ["station"], "carriers": [{ "column": "litres", "tolerance": 0 }] }),
        json!({ "address": ["station"], "carriers": [] }),
        json!({ "address": ["zone"], "carriers": [{ "column": "litres", "tolerance": 8 }] }),
    ];
    for marks in faulty {
        let refused = dataset(&county, export, "station-bad", marks.clone()).await.unwrap_err();
        assert!(["privacy.watermark", "privacy.column"].contains(&refused.code()), "{marks}: {refused:?}");
    }
}
