//! Newer snapshots under a standing grant.

use std::collections::BTreeMap;

use access::{Principal, Role};
use base::{Id, kind};
use serde_json::{Value, json};

use super::fixture::{County, enterprises};
use super::slice::{approved, granted, query_model};
use crate::exports::{self, NewExport};
use crate::models::ModelRecord;
use crate::runs::{self, Run, RunState};
use crate::tenants::{self, Grant, GrantState, RenewalState, Tenant};
use crate::workbench::{self, QueryRequest};
use crate::{Ctx, jobs};

const PROVIDER: &str = "market-bureau";

async fn grant(county: &County) -> Grant {
    let view = tenants::tenant_view(&county.app, &county.ctx("operator"), county.tenant).await.unwrap();
    view.grants.into_iter().next().unwrap()
}

/// The provider delivers a new state of the register.
async fn deliver(county: &County, csv: Vec<u8>) -> Id<kind::Snapshot> {
    let resource = county.find("enterprises").await;
    county.upload(PROVIDER, resource, csv).await.unwrap().snapshot
}

/// Has the grant brought up to date.
async fn refresh(county: &County) -> Grant {
    let before = grant(county).await;
    tenants::refresh_grant(&county.app, &county.ctx("operator"), before.id).await.unwrap();
    jobs::drain(&county.app).await;
    grant(county).await
}

fn state(grant: &Grant) -> (RenewalState, Option<&str>) {
    let renewal = grant.renewal.as_ref().unwrap();
    (renewal.state, renewal.error.as_deref())
}

async fn run(county: &County, model: &ModelRecord) -> Run {
    let engineer = county.ctx("operator");
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    runs::run(&county.app, &engineer, run.id).await.unwrap()
}

/// Runs a model; answers what reviewers see of it and how many cells have noise.
async fn candidate(county: &County, model: &ModelRecord) -> (Id<kind::Case>, Vec<Vec<Value>>, u64) {
    let run = run(county, model).await;
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let new = NewExport { purpose: "统计".to_owned(), ..NewExport::default() };
    let engineer = county.ctx("operator");
    let (export, case) = exports::open_export_case(&county.app, &engineer, run.id, &new).await.unwrap();
    let reviewer = county.ctx("supervision-office");
    let seen = exports::candidate(&county.app, &reviewer, export.id, 0).await.unwrap();
    let report = seen.view.export.frozen.report.clone().unwrap();
    (case.id, seen.page.rows, report.perturbed)
}

async fn release(county: &County, case: Id<kind::Case>) {
    let agree = json!({ "command": "approve", "opinion": "同意出域" });
    for unit in ["supervision-office", "bigdata-bureau"] {
        county.act(unit, case, agree.clone()).await.unwrap();
    }
}

/// The register with one firm's number of employees changed.
fn changed(firm: usize, employees: usize) -> Vec<u8> {
    let text = String::from_utf8(enterprises(2_000)).unwrap();
    let lines = text.lines().map(|line| match line.split_once(',') {
        Some((code, rest)) if code == format!("ENT-{firm:06}-X") => {
            let (kept, _) = rest.rsplit_once(',').unwrap();
            format!("{code},{kept},{employees}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect::<String>().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_in_use_gets_the_newest_rows_and_keeps_what_it_has_until_they_are_there() {
    let county = granted().await;
    let operator = county.ctx("operator");
    let old = grant(&county).await;
    let early = tenants::refresh_grant(&county.app, &operator, old.id).await.unwrap_err();
    assert_eq!(early.code(), "grant.newest");
    let sql = "SELECT industry, count(*) AS n FROM enterprises GROUP BY industry ORDER BY industry";
    let model = approved(&county, &query_model(sql)).await;
    let newest = deliver(&county, enterprises(2_400)).await;
    let listed = tenants::grants_of_resource(&county.app, &operator, old.resource).await.unwrap();
    assert!(listed[0].may_refresh && !listed[0].is_newest);

    let ordered = tenants::refresh_grant(&county.app, &operator, old.id).await.unwrap();
    assert_eq!((ordered.state, state(&ordered)), (GrantState::Ready, (RenewalState::Preparing, None)));
    let again = tenants::refresh_grant(&county.app, &county.ctx(PROVIDER), old.id).await.unwrap();
    assert_eq!(again, ordered, "one at a time");
    assert_eq!((&ordered.raw, &ordered.twin), (&old.raw, &old.twin));
    let bound = runs::order_run(&county.app, &operator, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;

    let new = grant(&county).await;
    assert_eq!(state(&new), (RenewalState::Ready, None));
    let raw = new.raw.clone().unwrap();
    assert_eq!((raw.rows, raw.snapshot, raw.edition.unwrap().number), (2_400, newest, 1));
    assert_eq!(old.raw.as_ref().unwrap().edition.unwrap().number, 0);
    let bound = runs::run(&county.app, &operator, bound.id).await.unwrap();
    assert_eq!(bound.error.unwrap().code, "run.input_replaced");
    let left = |id: Id<kind::Object>| county.files().iter().any(|file| file.ends_with(id.to_string()));
    for copies in
        [[&old.raw, &old.twin].map(|copy| (copy.as_ref().unwrap().object, false)), [(raw.object, true); 2]]
    {
        for (object, stays) in copies {
            assert_eq!(left(object), stays, "{object}");
        }
    }
    let run = run(&county, &model).await;
    assert_eq!((run.state, run.inputs[0].snapshot), (RunState::Done, newest));
    let request = QueryRequest { sql: "SELECT industry FROM enterprises".into(), ..QueryRequest::default() };
    workbench::query(&county.app, &operator, county.tenant, &request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_provider_and_operator_bring_a_grant_up_to_date_and_only_while_access_is_open() {
    let county = granted().await;
    let id = grant(&county).await.id;
    deliver(&county, enterprises(2_100)).await;
    let code =
        async |ctx: &Ctx| tenants::refresh_grant(&county.app, ctx, id).await.err().map(|error| error.code());
    for (unit, expected) in [
        ("civil-bureau", "grant.unknown"),
        ("bank", "grant.unknown"),
        ("supervision-office", "access.denied"),
        ("bigdata-bureau", "access.denied"),
    ] {
        assert_eq!(code(&county.ctx(unit)).await, Some(expected), "{unit}");
    }
    let operator = county.ctx("operator");
    let roles = vec![Role::OperatorEngineer];
    let engineer = Ctx { principal: Principal { roles, ..operator.principal.clone() }, ..operator.clone() };
    assert_eq!(code(&engineer).await, Some("access.denied"), "managers only");

    // Access is closed and opened again while the job waits: what was ordered before ends.
    tenants::refresh_grant(&county.app, &county.ctx(PROVIDER), id).await.unwrap();
    let tenant = county.get::<Tenant>(county.tenant.uuid()).await;
    county.put(&Tenant { epoch: tenant.epoch + 1, ..tenant.clone() }).await;
    jobs::drain(&county.app).await;
    let ended = grant(&county).await;
    assert_eq!(state(&ended), (RenewalState::Failed, Some("tenant.closed")));
    assert_eq!((ended.state, ended.raw.as_ref().unwrap().rows), (GrantState::Ready, 2_000));
    county.set_state(tenants::TenantState::Suspended).await;
    assert_eq!(code(&county.ctx(PROVIDER)).await, Some("tenant.closed"));
    county.set_state(tenants::TenantState::Active).await;
    assert_eq!(refresh(&county).await.raw.unwrap().rows, 2_100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_rows_delivered_again_change_nothing_and_need_no_noise() {
    let county = granted().await;
    let sql = "SELECT industry, count(*) AS n, sum(employees) AS total FROM enterprises GROUP BY industry ORDER BY industry";
    let model = approved(&county, &query_model(sql)).await;
    let (case, first, noisy) = candidate(&county, &model).await;
    assert_eq!(noisy, 0);
    release(&county, case).await;
    let old = grant(&county).await;
    // The same rows in another order.
    let text = String::from_utf8(enterprises(2_000)).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let turned = rows.lines().rev().fold(format!("{head}\n"), |all, line| all + line + "\n");
    let newest = deliver(&county, turned.into_bytes()).await;
    let same = refresh(&county).await;
    assert_eq!(state(&same), (RenewalState::Same, None));
    assert_eq!((&same.raw, same.holds()), (&old.raw, Some(newest)));
    let (_, again, noisy) = candidate(&county, &model).await;
    assert_eq!((noisy, &again), (0, &first));
    let up_to_date = tenants::refresh_grant(&county.app, &county.ctx("operator"), same.id).await.unwrap_err();
    assert_eq!(up_to_date.code(), "grant.newest");
}

/// One firm has 70 employees more, then 10 more, then 70 again. What leaves in between says nothing about it: every state
/// of the data has its own noise, so that none can be subtracted from another.
#[tokio::test(flavor = "multi_thread")]
async fn one_change_between_snapshots_is_not_the_difference_of_what_leaves() {
    let county = granted().await;
    let sql = "SELECT industry, sum(employees) AS total FROM enterprises GROUP BY industry ORDER BY industry";
    let model = approved(&county, &query_model(sql)).await;
    let (case, exact, _) = candidate(&county, &model).await;
    release(&county, case).await;
    let mut seen = Vec::new();
    for (turn, employees) in [90, 30, 90].into_iter().enumerate() {
        // Another firm of the other industry changes each time, so that no state comes back.
        let mut csv = String::from_utf8(changed(10, employees)).unwrap();
        let own = format!("ENT-000011-X,textile,valid,{}", 21);
        assert!(csv.contains(&own));
        csv = csv.replace(&own, &format!("ENT-000011-X,textile,valid,{}", 40 + turn));
        deliver(&county, csv.into_bytes()).await;
        assert_eq!(state(&refresh(&county).await), (RenewalState::Ready, None));
        let (_, rows, noisy) = candidate(&county, &model).await;
        assert_eq!((rows.len(), noisy), (2, 2));
        seen.push(rows[0][1].as_i64().unwrap());
    }
    let exact = exact[0][1].as_i64().unwrap();
    let noise: Vec<i64> = seen.iter().zip([70, 10, 70]).map(|(seen, more)| seen - exact - more).collect();
    // The firm had 20; at most 99 a firm in steps of up to two such, noise of six steps at most and of half a one at least, twice
    // as far about a thousand.
    assert!(noise.iter().all(|noise| (49..=2 * 6 * 2 * 99).contains(&noise.abs())), "{noise:?}");
    // Two of a thousand are the same by chance, three of them are not.
    assert!(noise[0] != noise[1] || noise[0] != noise[2], "{noise:?}");
}
