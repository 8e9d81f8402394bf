//! Upload → classify → grant → twin → query → model → run → export → release → verification → destruction.

use std::collections::BTreeMap;

use access::Action;
use serde_json::json;

use super::fixture::{County, enterprises, marker};
use crate::exports::{self, ExportState, NewExport, ReleaseFormat};
use crate::models::{self, ModelState, NewModel};
use crate::runs::{self, RunState};
use crate::tenants::{GrantState, Tenant, TenantState};
use crate::workbench::{self, QueryRequest};
use crate::{Error, Explained, jobs, zones};

const COLUMNS: &[&str] = &["credit_code", "industry", "licence_status", "employees"];

fn sql(text: &str) -> QueryRequest {
    QueryRequest { sql: text.to_owned(), ..QueryRequest::default() }
}

pub(super) fn query_model(sql: &str) -> NewModel {
    serde_json::from_value(json!({
        "name": "industries", "sql": sql, "entity": "enterprise", "reversibility": "sums only"
    }))
    .unwrap()
}

pub(super) async fn granted() -> County {
    granted_in(County::open().await).await
}

pub(super) async fn granted_in(county: County) -> County {
    let csv = enterprises(2_000);
    let resource =
        county.resource("market-bureau", "enterprises", "enterprise", "credit_code", csv).await.unwrap();
    county.classify("market-bureau", resource, "credit_code").await;
    let grant = county.grant(resource, COLUMNS).await;
    assert_eq!(grant.state, GrantState::Ready, "{:?}", grant.error);
    assert_eq!(grant.raw.unwrap().rows, 2_000);
    let sampled = grant.twin.unwrap().rows;
    assert!((100..300).contains(&sampled), "a tenth of the enterprises, not {sampled}");
    county
}

/// A model that reviewers have approved.
pub(super) async fn approved(county: &County, new: &NewModel) -> models::ModelRecord {
    let engineer = county.ctx("operator");
    let model = models::create_model(&county.app, &engineer, county.tenant, new).await.unwrap();
    let id = model.model.id;
    let early = runs::order_run(&county.app, &engineer, id, &BTreeMap::new()).await.unwrap_err();
    assert!(["model.not_approved", "model.not_query"].contains(&early.code()), "{early:?}");
    let case = county.case("模型审核", json!({ "授权": county.tenant, "模型": id })).await;
    let waiting = models::model(&county.app, &engineer, id).await.unwrap();
    assert_eq!(waiting.state, ModelState::Submitted);
    let approve = json!({ "command": "approve", "opinion": "同意", "facts": { "可还原原始数据": false } });
    county.act("supervision-office", case, approve).await.unwrap();
    let model = models::model(&county.app, &engineer, id).await.unwrap();
    assert_eq!(model.state, ModelState::Approved);
    model
}

#[tokio::test(flavor = "multi_thread")]
async fn data_reach_a_buyer_only_as_reviewed_sums() {
    let county = granted().await;
    let engineer = county.ctx("operator");
    let model = approved(
        &county,
        &query_model("SELECT industry, count(*) AS n FROM enterprises GROUP BY industry ORDER BY industry"),
    )
    .await;

    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    let run = runs::run(&county.app, &engineer, run.id).await.unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let result = run.result.clone().unwrap();
    assert_eq!(result.rows, None, "how many cells there are is not the operator's to know before they leave");
    assert_eq!(result.report, None, "the operator's people are not told how much was suppressed");
    let listed = runs::runs(&county.app, &engineer, county.tenant).await.unwrap();
    assert!(listed.iter().all(|run| run.result.as_ref().is_none_or(|result| result.report.is_none())));

    let new = NewExport { purpose: "行业统计".to_owned(), ..NewExport::default() };
    let (export, case) = exports::open_export_case(&county.app, &engineer, run.id, &new).await.unwrap();
    let again = exports::open_export_case(&county.app, &engineer, run.id, &new).await.unwrap_err();
    assert_eq!(again.code(), "export.waiting", "one request waits once");
    let view = crate::cases::case_view(&county.app, &engineer, case.id).await.unwrap();
    let names = crate::cases::subject_names(&county.app, &view).await.unwrap();
    assert_eq!(names[crate::cases::facts::EXPORT], model.model.name, "a case is about named things");
    assert!(names[crate::cases::facts::TENANT].contains('（'));
    let own = exports::candidate(&county.app, &engineer, export.id, 0).await.unwrap_err();
    assert!(matches!(own, Error::Forbidden(_)), "the operator sees no candidate");
    let reviewer = county.ctx("supervision-office");
    let candidate = exports::candidate(&county.app, &reviewer, export.id, 0).await.unwrap();
    assert_eq!(candidate.page.rows.len(), 2, "three firms are too few");
    let report = candidate.view.export.frozen.report.unwrap();
    assert_eq!((report.cells, report.passed), (3, 2), "who decides sees everything");
    assert_eq!(export.frozen.report, None);
    let own = exports::export(&county.app, &engineer, export.id).await.unwrap();
    assert_eq!(own.export.frozen.report, None);

    let agree = json!({ "command": "approve", "opinion": "同意出域" });
    county.act("supervision-office", case.id, agree.clone()).await.unwrap();
    let waiting = exports::export(&county.app, &engineer, export.id).await.unwrap();
    assert_eq!(waiting.export.state, ExportState::Requested, "one vote is not two");
    county.act("bigdata-bureau", case.id, agree).await.unwrap();
    let released = exports::export(&county.app, &engineer, export.id).await.unwrap();
    assert_eq!(released.export.state, ExportState::Released);
    let csv = exports::download(&county.app, &engineer, export.id, ReleaseFormat::Csv).await.unwrap();
    assert_eq!(String::from_utf8(csv.bytes).unwrap(), "industry,n\nretail,998\ntextile,999\n");
    let index = exports::release_index(&county.app, export.id, vec!["industry".to_owned()]).await.unwrap();
    assert_eq!(index.lookup(&["retail".to_owned()]).unwrap().rows, [[json!("retail"), json!(998)]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dev_zone_shows_masked_samples_and_every_query_is_recorded() {
    let county = granted().await;
    let engineer = county.ctx("operator");
    let ask = async |text: &str| workbench::query(&county.app, &engineer, county.tenant, &sql(text)).await;
    let answer = ask("SELECT credit_code, industry FROM enterprises LIMIT 3").await.unwrap();
    assert_eq!(answer.page.rows.len(), 3);
    assert!(answer.page.rows.iter().all(|row| !row[0].as_str().unwrap().starts_with("ENT-")), "masked");
    let before = answer.journal_seq;
    let hostile = ask("SELECT * FROM '/etc/passwd'").await.unwrap_err();
    assert!(hostile.code().starts_with("domain."), "{hostile:?}");
    let recorded = ask("SELECT count(*) AS n FROM enterprises").await.unwrap();
    assert_eq!(recorded.journal_seq, before + 2, "the refused query is recorded too");
    let officer =
        workbench::query(&county.app, &county.ctx("bigdata-bureau"), county.tenant, &sql("SELECT 1")).await;
    assert!(matches!(officer.unwrap_err(), Error::Forbidden(_)));
    let tables = workbench::tables(&county.app, &engineer, county.tenant).await.unwrap();
    assert_eq!((tables[0].name.as_str(), tables[0].columns[0].mask), ("enterprises", "token"));

    let dev = secure_domain::protocol::ZoneKind::Dev;
    zones::zone(&county.app, county.tenant, dev).await.unwrap().shutdown().await.unwrap();
    ask("SELECT 1 AS one").await.expect("a worker that is gone is started again");

    county.set_state(TenantState::Suspended).await;
    let closed = ask("SELECT 1").await.unwrap_err();
    assert!(matches!(closed, Error::Forbidden(_)), "{closed:?}");
    county.push(jobs::STOP_ZONES, "test", &county.tenant).await;
    jobs::drain(&county.app).await;
    assert_eq!(county.app.zones().workers(county.tenant).await, 0);
    let prod = secure_domain::protocol::ZoneKind::Prod;
    assert_eq!(zones::zone(&county.app, county.tenant, prod).await.err().unwrap().code(), "tenant.closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_refused_with_the_nearest_legal_form() {
    let county = granted().await;
    let engineer = county.ctx("operator");
    let new = query_model("SELECT credit_code, employees FROM enterprises");
    let refused = models::create_model(&county.app, &engineer, county.tenant, &new).await.unwrap_err();
    assert_eq!(refused.code(), "privacy.not_aggregate");
    assert!(!refused.refusal().unwrap().legal_form_zh.is_empty());
    let unknown = query_model("SELECT count(*) AS n FROM persons");
    let unknown = models::create_model(&county.app, &engineer, county.tenant, &unknown).await.unwrap_err();
    assert!(unknown.code().starts_with("domain."), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_column_that_was_not_granted_is_counted_and_never_named() {
    let county = County::open().await;
    let csv = enterprises(2_000);
    let resource =
        county.resource("market-bureau", "enterprises", "enterprise", "credit_code", csv).await.unwrap();
    county.classify("market-bureau", resource, "credit_code").await;
    let grant = county.grant(resource, &["industry", "employees"]).await;
    assert_eq!(grant.state, GrantState::Ready, "{:?}", grant.error);
    let engineer = county.ctx("operator");
    let named = &sql("SELECT credit_code FROM enterprises");
    let dev = workbench::query(&county.app, &engineer, county.tenant, named);
    assert!(dev.await.is_err());
    let text = "SELECT industry, count(*) AS n FROM enterprises GROUP BY industry";
    let model = approved(&county, &query_model(text)).await;
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    let run = runs::run(&county.app, &engineer, run.id).await.unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let reviewer = county.ctx("supervision-office");
    let run = runs::run(&county.app, &reviewer, run.id).await.unwrap();
    assert_eq!(run.result.unwrap().report.unwrap().kinds, ["enterprise"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifications_answer_yes_no_and_unknown() {
    let county = granted().await;
    let new: NewModel = serde_json::from_value(json!({
        "name": "licence", "kind": "verification", "table": "enterprises", "key_column": "credit_code",
        "sql": "licence_status = 'valid'", "entity": "enterprise", "reversibility": "yes or no"
    }))
    .unwrap();
    let escaping = NewModel { sql: "1=1) THEN 1 ELSE 0 END AS holds, (1".to_owned(), ..new.clone() };
    let engineer = county.ctx("operator");
    assert!(models::create_model(&county.app, &engineer, county.tenant, &escaping).await.is_err());
    let model = approved(&county, &new).await.model.id;
    let product = &models::Asked { product: crate::clock::new_id(county.app.now()), scenario: String::new() };
    let app = &county.app;
    let reference = access::ResourceRef::tenant(county.tenant).with_zone(access::Zone::Dev);
    let permit = app.permit(&engineer, Action::WorkbenchQuery, reference).unwrap();
    let ask = async |key: &str| models::verify(app, &permit, county.tenant, product, key.to_owned()).await;
    assert_eq!(ask("ENT-000001-X").await.unwrap_err().code(), "domain.unknown", "not loaded yet");
    models::load_verification(app, county.tenant, model, product).await.unwrap();
    let answers = [ask("ENT-000001-X").await, ask("ENT-000005-X").await, ask("nobody").await];
    let answers = answers.map(|answer| serde_json::to_value(answer.unwrap()).unwrap());
    assert_eq!(answers, [json!("yes"), json!("no"), json!("unknown")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_files_are_answered_by_row_and_leave_nothing() {
    let county = County::open().await;
    let secret = marker();
    let mut csv = enterprises(500);
    csv.extend(format!("ENT-1,{secret}\n").bytes());
    let error =
        county.resource("market-bureau", "broken", "enterprise", "credit_code", csv).await.unwrap_err();
    assert_eq!(error.code(), "domain.intake");
    let Error::Invalid { fields, detail, .. } = &error else { panic!("{error:?}") };
    assert_eq!((fields[0].row, fields[0].code.as_str()), (Some(502), "csv.field_count"));
    assert!(!detail.contains(&secret) && !format!("{error:?}").contains(&secret));
    assert!(county.files().is_empty(), "{:?}", county.files());

    let good = county.resource("market-bureau", "good", "enterprise", "credit_code", enterprises(500)).await;
    let good = good.unwrap();
    county.classify("market-bureau", good, "credit_code").await;
    let other = county.upload("market-bureau", good, b"credit_code,other\nENT-1,2\n".to_vec()).await;
    assert_eq!(other.unwrap_err().code(), "resource.schema_changed");
    let stranger = county.upload("civil-bureau", good, enterprises(10)).await.unwrap_err();
    assert!(matches!(stranger, Error::Forbidden(_) | Error::NotFound(_)), "{stranger:?}");
    let second = county.upload("market-bureau", good, enterprises(700)).await.unwrap();
    assert_eq!(second.resource.resource.snapshots.len(), 2);
    assert_eq!(county.files().len(), 2, "only registered snapshots lie there");
    let empty = county.upload("market-bureau", good, Vec::new()).await.unwrap_err();
    assert_eq!(empty.code(), "upload.empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn gb18030_is_read() {
    let county = County::open().await;
    let mut csv = b"credit_code,name\n".to_vec();
    for row in 0..50 {
        csv.extend(format!("ENT-{row:04}-X,").bytes());
        // 虚构公司
        csv.extend([0xd0, 0xe9, 0xb9, 0xb9, 0xb9, 0xab, 0xcb, 0xbe, b'\n']);
    }
    let resource = county.resource("market-bureau", "gb", "enterprise", "credit_code", csv).await.unwrap();
    let entry = county.get::<crate::resources::CatalogEntry>(resource.uuid()).await;
    assert_eq!(entry.resource.profile.unwrap().rows, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn destruction_leaves_a_certificate_and_nothing_readable() {
    let county = granted().await;
    let model =
        approved(&county, &query_model("SELECT industry, count(*) AS n FROM enterprises GROUP BY industry"))
            .await;
    let engineer = county.ctx("operator");
    runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    let before = county.files().len();
    assert_eq!(before, 6, "snapshot, raw, twin, result, cells, the notice that the model was approved");
    county.set_state(TenantState::Destroyed).await;
    let (app, tenant, now) = (&county.app, county.tenant, county.app.now());
    app.store()
        .system("test.destroy", |tx| {
            Box::pin(async move { app.keys().destroy_tenant(tx, tenant, now).await })
        })
        .await
        .unwrap();
    let case = crate::clock::new_id(now);
    let order = jobs::DestroyOrder { tenant, case, destroyed_at: now, traces: Vec::new() };
    for attempt in ["first", "second"] {
        county.push(jobs::DESTROY_TENANT, attempt, &order).await;
        jobs::drain(app).await;
        let record = county.get::<Tenant>(tenant.uuid()).await;
        let certificate = record.certificate.unwrap();
        assert_eq!((certificate.scanned, certificate.readable, certificate.workers), (4, 0, 0));
        assert!(certificate.logs_until > now.date_at(28_800).plus_days(150));
        assert!(certificate.journal_seq > 0);
    }
    assert_eq!(
        county.files().len(),
        2,
        "the provider's snapshot stays the provider's, the notice the platform's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_broke_off_is_run_again_and_leaves_no_rubbish() {
    let county = granted().await;
    let text = "SELECT industry, count(*) AS n FROM enterprises GROUP BY industry";
    let model = approved(&county, &query_model(text)).await;
    let engineer = county.ctx("operator");
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    // As a crash after the worker wrote and before anything was registered leaves it.
    let now = county.app.now();
    let id = || crate::clock::new_id(now);
    let left = runs::Attempt { result: id(), cells: id(), draft: Some(id()) };
    let path = secure_domain::objects::object_path(&county.app.config().objects_dir(), left.result);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, b"half").unwrap();
    county.put(&runs::Run { state: RunState::Running, attempt: Some(left), ..run.clone() }).await;
    jobs::drain(&county.app).await;
    let done = runs::run(&county.app, &engineer, run.id).await.unwrap();
    assert_eq!(done.state, RunState::Done, "{:?}", done.error);
    assert!(!path.exists());
    assert_eq!(done.attempt, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_gets_other_tokens_and_none_of_the_keys() {
    let mut county = granted().await;
    let engineer = county.ctx("operator");
    let text = sql("SELECT credit_code FROM enterprises ORDER BY credit_code");
    let ours = workbench::query(&county.app, &engineer, county.tenant, &text).await.unwrap();
    let other = county.authorise("operator", TenantState::Active).await;
    let refused = workbench::query(&county.app, &engineer, other, &text).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden(_)), "not admitted to that tenant");
    county.tenant = other;
    let resource = county.find("enterprises").await;
    county.grant(resource, COLUMNS).await;
    let engineer = county.ctx("operator");
    let theirs = workbench::query(&county.app, &engineer, other, &text).await.unwrap();
    assert!(!theirs.page.rows.is_empty() && theirs.page.rows.iter().all(|row| !ours.page.rows.contains(row)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_explained_before_it_is_ordered() {
    let county = granted().await;
    let engineer = county.ctx("operator");
    let ask = async |ctx: &crate::Ctx, text: &str| {
        let request = workbench::ExplainRequest { sql: text.to_owned(), ..Default::default() };
        workbench::explain(&county.app, ctx, county.tenant, &request).await
    };
    let text = "SELECT industry, count(*) AS n FROM enterprises WHERE industry <> 'x' GROUP BY industry";
    let Explained::Accepted(found) = ask(&engineer, text).await.unwrap() else { panic!("accepted") };
    let [industry, n] = found.outputs.as_slice() else { panic!("two columns: {found:?}") };
    assert_eq!(
        (industry.name.as_str(), industry.key, n.name.as_str(), n.key),
        ("industry", true, "n", false)
    );
    let columns: Vec<_> = industry.sources.iter().chain(&n.selected_by).map(|one| &one.column).collect();
    assert_eq!(columns, ["industry", "industry"]);
    assert!(n.threshold.is_some() && !found.entities.is_empty());
    // What would be refused comes back with what would not, and that passes.
    let Explained::Refused(refused) = ask(&engineer, "SELECT credit_code FROM enterprises").await.unwrap()
    else {
        panic!("refused")
    };
    assert_eq!(refused.refusal.code, "privacy.not_aggregate");
    assert!(!refused.why_zh.is_empty());
    let nearest = refused.nearest.unwrap();
    assert!(!nearest.changes.is_empty());
    let again = ask(&engineer, &nearest.sql).await.unwrap();
    assert!(matches!(again, Explained::Accepted(_)), "{} {again:?}", nearest.sql);
    // A matter of form has a rule and no repair.
    let Explained::Refused(form) = ask(&engineer, "DELETE FROM enterprises").await.unwrap() else {
        panic!("refused")
    };
    assert_eq!((form.refusal.code.as_str(), form.nearest), ("domain.statement", None));
    let other = ask(&county.ctx("bigdata-bureau"), text).await.unwrap_err();
    assert!(matches!(other, Error::Forbidden(_)), "{other:?}");
}

/// Orders a model's run and asks that its result leave; answers the export and its case.
pub(super) async fn asked(
    county: &County,
    model: &models::ModelRecord,
) -> (exports::Export, base::Id<base::kind::Case>) {
    let engineer = county.ctx("operator");
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    let run = runs::run(&county.app, &engineer, run.id).await.unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let new = NewExport { purpose: "行业统计".to_owned(), ..NewExport::default() };
    let (export, case) = exports::open_export_case(&county.app, &engineer, run.id, &new).await.unwrap();
    (export, case.id)
}

pub(super) async fn let_go(
    county: &County,
    export: &exports::Export,
    case: base::Id<base::kind::Case>,
) -> exports::Export {
    for unit in ["supervision-office", "bigdata-bureau"] {
        county.act(unit, case, json!({ "command": "approve", "opinion": "同意" })).await.unwrap();
    }
    jobs::drain(&county.app).await;
    exports::export(&county.app, &county.ctx("supervision-office"), export.id).await.unwrap().export
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_subtracted_from_what_left_does_not_leave() {
    let county = granted().await;
    let model = async |text: &str| approved(&county, &query_model(text)).await;
    let by_industry = model("SELECT industry, count(*) AS n FROM enterprises GROUP BY industry").await;
    let all = model("SELECT count(*) AS n FROM enterprises").await;
    // Both are judged while nothing has left, and approved.
    let (parts, parts_case) = asked(&county, &by_industry).await;
    let (total, total_case) = asked(&county, &all).await;
    let total = let_go(&county, &total, total_case).await;
    assert_eq!(total.state, ExportState::Released);
    // All firms less those of the two large industries are three: the second to leave stays.
    let parts = let_go(&county, &parts, parts_case).await;
    assert_eq!((parts.state, parts.overtaken, parts.release.is_none()), (ExportState::Refused, true, true));
    // Run again, it is judged beside what left: one of the industries may leave.
    let (again, case) = asked(&county, &by_industry).await;
    let reviewer = county.ctx("supervision-office");
    let seen = exports::export(&county.app, &reviewer, again.id).await.unwrap().export;
    let report = seen.frozen.report.unwrap();
    assert_eq!((report.passed, report.failures.differencing), (1, 1));
    let told = |report: &privacy::disclosure::DisclosureReport| {
        let names = report.overlaps.iter().flat_map(|overlap| {
            overlap.earlier.iter().map(|earlier| (overlap.reason, earlier.release.clone()))
        });
        names.collect::<Vec<_>>()
    };
    use privacy::disclosure::ledger::ReasonKind;
    assert!(
        told(&report).contains(&(ReasonKind::Combination, total.id.to_string())),
        "{:?}",
        report.overlaps
    );
    assert_eq!(let_go(&county, &again, case).await.state, ExportState::Released);
    // All but three, in other words.
    let near = model("SELECT count(*) AS n FROM enterprises WHERE industry <> 'fishery'").await;
    let (near, _) = asked(&county, &near).await;
    let seen = exports::export(&county.app, &reviewer, near.id).await.unwrap().export;
    let report = seen.frozen.report.unwrap();
    assert_eq!((report.passed, seen.frozen.rows), (0, Some(0)));
    assert!(told(&report).contains(&(ReasonKind::Neighbour, total.id.to_string())), "{:?}", report.overlaps);
    // The books outlive their zone: another one reads them from their pages.
    county.app.zones().stop(crate::keys::PLATFORM).await;
    let (same, _) = asked(&county, &all).await;
    let seen = exports::export(&county.app, &reviewer, same.id).await.unwrap().export;
    assert_eq!((seen.frozen.report.unwrap().passed, seen.frozen.rows), (1, Some(1)), "nothing new is told");
}
