//! Consent: who did not consent to the scenario is not computed with, and who withdraws is not in the next answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use super::fixture::{County, enterprises};
use super::slice::{approved, query_model};
use crate::consents::{self, ConsentMode, ConsentsTaken};
use crate::models::{self, Asked, NewModel};
use crate::runs::{self, RunState};
use crate::tenants::{Agreement, Basis, Grant, Tenant};
use crate::{Error, Result, exports, jobs};

const HEAD: &str = "credit_code,scenario,state,since\n";
const LOAN: &str = "贷前核验";

async fn load(county: &County, unit: &str, mode: ConsentMode, rows: &str) -> Result<ConsentsTaken> {
    let resource = county.find("enterprises").await;
    let body = Bytes::from(format!("{HEAD}{rows}"));
    let body = futures::stream::iter([Ok::<_, std::io::Error>(body)]);
    consents::load(&county.app, &county.ctx(unit), resource, mode, body).await
}

fn rows(firms: std::ops::Range<usize>, scenario: &str, state: &str) -> String {
    firms.map(|row| format!("ENT-{row:06}-X,{scenario},{state},2020-01-01\n")).collect()
}

/// A county whose enterprises are there by consent, granted to the operator.
async fn by_consent() -> (County, Grant) {
    let county = County::open().await;
    let csv = enterprises(2_000);
    let resource = county
        .resource_by("market-bureau", "enterprises", "enterprise", "credit_code", csv, true)
        .await
        .unwrap();
    county.classify("market-bureau", resource, "credit_code").await;
    let grant = county.grant(resource, &["credit_code", "industry", "licence_status", "employees"]).await;
    (county, grant)
}

/// What reviewers would see of a run of the scenario: its case, its rows and how many of them have noise.
async fn asked(
    county: &County,
    model: &models::ModelRecord,
    scenario: Option<&str>,
) -> Result<(base::Id<base::kind::Case>, Vec<Vec<serde_json::Value>>, u64)> {
    let engineer = county.ctx("operator");
    let none = BTreeMap::new();
    let run = runs::order_run_for(&county.app, &engineer, model.model.id, &none, scenario).await?;
    jobs::drain(&county.app).await;
    let run = runs::run(&county.app, &engineer, run.id).await?;
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let new = exports::NewExport { purpose: "统计".to_owned(), ..exports::NewExport::default() };
    let (export, case) = exports::open_export_case(&county.app, &engineer, run.id, &new).await?;
    let reviewer = county.ctx("supervision-office");
    let seen = exports::candidate(&county.app, &reviewer, export.id, 0).await?;
    let noisy = seen.view.export.frozen.report.map_or(0, |report| report.perturbed);
    Ok((case.id, seen.page.rows, noisy))
}

/// The total that a run of the scenario would let reviewers see; nothing where too few are left.
async fn counted(
    county: &County,
    model: &models::ModelRecord,
    scenario: Option<&str>,
) -> Result<serde_json::Value> {
    let (_, rows, _) = asked(county, model, scenario).await?;
    Ok(rows.first().and_then(|row| row.first()).cloned().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_withdraws_is_not_in_the_next_answer() {
    let (county, grant) = by_consent().await;
    let model = approved(&county, &query_model("SELECT count(*) AS n FROM enterprises")).await;
    let missing = counted(&county, &model, None).await.unwrap_err();
    assert_eq!(missing.code(), "consent.scenario_missing");
    assert_eq!(counted(&county, &model, Some(LOAN)).await.unwrap(), json!(null), "nobody was asked yet");
    let taken =
        load(&county, "market-bureau", ConsentMode::Update, &rows(0..500, LOAN, "granted")).await.unwrap();
    assert_eq!((taken.delivery.granted, taken.deliveries), (500, 1));
    assert_eq!(counted(&county, &model, Some(LOAN)).await.unwrap(), json!(500));
    assert_eq!(counted(&county, &model, Some("助学评估")).await.unwrap(), json!(null), "another purpose");
    load(&county, "market-bureau", ConsentMode::Update, &rows(0..40, LOAN, "撤回")).await.unwrap();
    assert_eq!(counted(&county, &model, Some(LOAN)).await.unwrap(), json!(460));
    load(&county, "market-bureau", ConsentMode::Replace, &rows(0..30, LOAN, "同意")).await.unwrap();
    assert_eq!(counted(&county, &model, Some(LOAN)).await.unwrap(), json!(30));
    for unit in ["civil-bureau", "operator"] {
        let stranger = load(&county, unit, ConsentMode::Replace, &rows(0..2_000, LOAN, "granted")).await;
        assert!(matches!(stranger.unwrap_err(), Error::Forbidden(_)), "{unit}");
    }
    let bundled = load(&county, "market-bureau", ConsentMode::Update, &rows(0..1, "全部", "granted")).await;
    let Error::Invalid { fields, .. } = bundled.unwrap_err() else { panic!() };
    assert_eq!(fields[0].code, "consent.bundled");
    // Only scenarios that were agreed may be named.
    let tenant = county.get::<Tenant>(county.tenant.uuid()).await;
    let agreement = Agreement {
        case: crate::clock::new_id(county.app.now()),
        number: "1".to_owned(),
        scenarios: Some("助学评估；贷前核验".to_owned()),
    };
    county.put(&Tenant { agreement: Some(agreement), ..tenant }).await;
    assert_eq!(counted(&county, &model, Some(LOAN)).await.unwrap(), json!(30));
    let unknown = counted(&county, &model, Some("广告推送")).await.unwrap_err();
    assert_eq!(unknown.code(), "consent.scenario_unknown");
    // Granted on a ground of law that needs no consent, everybody is there, and the ground is on record.
    let ground = Basis::Statutory { text: "为履行法定职责所必需".to_owned(), case: grant.case };
    county.put(&Grant { basis: Some(ground), ..grant }).await;
    crate::zones::refresh(&county.app, county.tenant).await.unwrap();
    assert_eq!(counted(&county, &model, None).await.unwrap(), json!(2_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_forgets_who_withdraws() {
    let (county, _) = by_consent().await;
    let new: NewModel = serde_json::from_value(json!({
        "name": "licence", "kind": "verification", "table": "enterprises", "key_column": "credit_code",
        "sql": "licence_status = 'valid'", "entity": "enterprise", "reversibility": "yes or no"
    }))
    .unwrap();
    let model = approved(&county, &new).await.model.id;
    let app = &county.app;
    let reference = access::ResourceRef::tenant(county.tenant).with_zone(access::Zone::Dev);
    let permit = app.permit(&county.ctx("operator"), access::Action::WorkbenchQuery, reference).unwrap();
    let product = crate::clock::new_id(app.now());
    let asked = |scenario: &str| Asked { product, scenario: scenario.to_owned() };
    let ask = async |scenario: &str| {
        models::load_verification(app, county.tenant, model, &asked(scenario)).await?;
        let told =
            models::verify(app, &permit, county.tenant, &asked(scenario), "ENT-000001-X".to_owned()).await?;
        Ok::<_, Error>(serde_json::to_value(told).unwrap())
    };
    load(&county, "market-bureau", ConsentMode::Update, &rows(0..10, LOAN, "granted")).await.unwrap();
    assert_eq!(ask(LOAN).await.unwrap(), json!("yes"));
    assert_eq!(ask("助学评估").await.unwrap(), json!("unknown"));
    assert_eq!(ask("").await.unwrap_err().code(), "consent.scenario_missing");
    load(&county, "market-bureau", ConsentMode::Update, &rows(1..2, LOAN, "withdrawn")).await.unwrap();
    assert_eq!(ask(LOAN).await.unwrap(), json!("unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn that_somebody_withdrew_is_told_by_no_cell() {
    let (county, _) = by_consent().await;
    let sql = "SELECT industry, count(*) AS n FROM enterprises GROUP BY industry ORDER BY industry";
    let model = approved(&county, &query_model(sql)).await;
    let update = ConsentMode::Update;
    load(&county, "market-bureau", update, &rows(3..503, LOAN, "granted")).await.unwrap();
    let (case, first, noisy) = asked(&county, &model, Some(LOAN)).await.unwrap();
    assert_eq!((json!(first), noisy), (json!([["retail", 250], ["textile", 250]]), 0));
    for unit in ["supervision-office", "bigdata-bureau"] {
        county.act(unit, case, json!({ "command": "approve", "opinion": "同意" })).await.unwrap();
    }
    jobs::drain(&county.app).await;
    // Of one industry one withdraws: both leave with noise, and neither is missing.
    load(&county, "market-bureau", update, &rows(10..11, LOAN, "withdrawn")).await.unwrap();
    let (_, without, noisy) = asked(&county, &model, Some(LOAN)).await.unwrap();
    assert_eq!((without.len(), noisy), (2, 2), "{without:?}");
    // He consents again: the same firms are the same, and what has left leaves again.
    load(&county, "market-bureau", update, &rows(10..11, LOAN, "granted")).await.unwrap();
    let (_, again, noisy) = asked(&county, &model, Some(LOAN)).await.unwrap();
    assert_eq!((again, noisy), (first, 0));
}
