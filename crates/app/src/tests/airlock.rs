//! The airlock: one case a time, blind votes, what is frozen, the reviewers' own run, forms of what left.

use base::{Id, kind};
use serde_json::{Value, json};

use super::fixture::{County, packs};
use super::slice::{approved, asked, granted, granted_in, let_go, query_model};
use crate::cases::{self, OpenRequest};
use crate::exports::{
    self, AgainOutcome, Export, ExportState, NewExport, PlantedFault, ReleaseFormat, RiskReason, Tier,
};
use crate::runs::{Run, RunResult};
use crate::{jobs, ledger};

const BY_INDUSTRY: &str =
    "SELECT industry, count(*) AS n, avg(employees) AS mean FROM enterprises GROUP BY industry";

async fn waiting(county: &County) -> (Export, Id<kind::Case>) {
    let model = approved(county, &query_model(BY_INDUSTRY)).await;
    asked(county, &model).await
}

async fn vote(county: &County, unit: &str, case: Id<kind::Case>, command: &str) -> crate::Result<()> {
    county.act(unit, case, json!({ "command": command, "opinion": format!("{unit}的意见") })).await
}

async fn state(county: &County, export: &Export) -> ExportState {
    exports::export(&county.app, &county.ctx("operator"), export.id).await.unwrap().export.state
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_and_one_case_decide_at_a_time() {
    let county = granted().await;
    let (export, case) = waiting(&county).await;
    let engineer = county.ctx("operator");
    let new = NewExport { purpose: "另一目的".to_owned(), ..NewExport::default() };
    let again = exports::open_export_case(&county.app, &engineer, export.run, &new).await.unwrap_err();
    assert_eq!(again.code(), "export.waiting");
    let facts = json!({ "授权": county.tenant, "出域": export.id });
    let request = OpenRequest {
        procedure: "出域审核".to_owned(),
        title: "另一件".to_owned(),
        form: Default::default(),
        attachments: Vec::new(),
        facts: serde_json::from_value(facts).unwrap(),
    };
    let second = cases::open(&county.app, &engineer, &request).await.unwrap_err();
    assert_eq!(second.code(), "export.waiting");
    vote(&county, "supervision-office", case, "refuse").await.unwrap();
    vote(&county, "bigdata-bureau", case, "approve").await.unwrap();
    assert_eq!(state(&county, &export).await, ExportState::Refused);
    let late = cases::open(&county.app, &engineer, &request).await.unwrap_err();
    assert_eq!(late.code(), "export.decided", "what was refused is asked for anew, not in another case");
    let (anew, _) = exports::open_export_case(&county.app, &engineer, export.run, &new).await.unwrap();
    assert_ne!(anew.id, export.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_begins_without_votes() {
    let county = granted().await;
    let (export, case) = waiting(&county).await;
    vote(&county, "supervision-office", case, "approve").await.unwrap();
    county.act("operator", case, json!({ "command": "withdraw" })).await.unwrap();
    let new = NewExport { purpose: "行业统计".to_owned(), ..NewExport::default() };
    let engineer = county.ctx("operator");
    let (anew, opened) = exports::open_export_case(&county.app, &engineer, export.run, &new).await.unwrap();
    vote(&county, "bigdata-bureau", opened.id, "approve").await.unwrap();
    assert_eq!(
        state(&county, &anew).await,
        ExportState::Requested,
        "a vote of the case taken back is no vote"
    );
    vote(&county, "supervision-office", opened.id, "approve").await.unwrap();
    assert_eq!(state(&county, &anew).await, ExportState::Released);
}

/// What the journal tells a unit about the last decision in a case.
async fn journalled(county: &County, unit: &str, case: Id<kind::Case>) -> Value {
    let ctx = county.ctx(unit);
    let subject = format!("case/{case}");
    let lines = ledger::journal(&county.app, &ctx, Some(&subject), None, 20).await.unwrap();
    let vote = lines.iter().find(|line| line.action == "case.decide").unwrap();
    ledger::journal_record(&county.app, &ctx, vote.seq).await.unwrap().payload.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_tells_no_reviewer_how_another_one_voted() {
    let county = granted().await;
    let (_, case) = waiting(&county).await;
    vote(&county, "supervision-office", case, "refuse").await.unwrap();
    assert_eq!(journalled(&county, "bigdata-bureau", case).await, json!({ "sealed": true }));
    let own = journalled(&county, "supervision-office", case).await.to_string();
    assert!(own.contains("supervision-office的意见"), "one's own ballot is one's own");
    let seen = cases::case_view(&county.app, &county.ctx("bigdata-bureau"), case).await.unwrap();
    let seen = serde_json::to_string(&seen).unwrap();
    assert!(!seen.contains("supervision-office的意见") && !seen.contains("\"refuse\",\"vote\""), "{seen}");
    vote(&county, "bigdata-bureau", case, "approve").await.unwrap();
    let after = journalled(&county, "supervision-office", case).await.to_string();
    assert!(after.contains("bigdata-bureau的意见"), "once both have voted nothing is sealed");
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_about_another_result_open_no_door() {
    let county = granted().await;
    let (export, case) = waiting(&county).await;
    let manifest = export.manifest.clone().unwrap();
    let names: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["cells", "input/enterprises", "model", "query", "result", "terms"]);
    vote(&county, "supervision-office", case, "approve").await.unwrap();
    // As somebody would do it who edits the database.
    let run = county.get::<Run>(export.run.uuid()).await;
    let result = run.result.clone().unwrap();
    let other = RunResult { ir_digest: base::Digest::of(b"another query"), ..result };
    county.put(&Run { result: Some(other), ..run }).await;
    let refused = vote(&county, "bigdata-bureau", case, "approve").await.unwrap_err();
    assert_eq!(refused.code(), "case.subject_changed");
    assert_eq!(state(&county, &export).await, ExportState::Requested);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_risk_is_told_to_those_who_decide_and_counted_at_the_door() {
    // A pack that is content with one person.
    let mut sources = packs();
    for (name, text) in sources.iter_mut().filter(|pack| pack.id == "deqing").flat_map(|pack| &mut pack.files)
    {
        if name.ends_with("出域审核.yaml") {
            *text = text.replace("表决: {人数: 2, 同意: 2, 密封: 是}", "表决: {人数: 1, 同意: 1, 密封: 是}");
        }
    }
    let county = granted_in(County::open_with(&sources).await).await;
    let (export, case) = waiting(&county).await;
    let reviewer = county.ctx("supervision-office");
    let risk = exports::export(&county.app, &reviewer, export.id).await.unwrap().risk.unwrap();
    assert_eq!(
        (risk.tier, risk.reasons.as_slice()),
        (Tier::Two, [RiskReason::SmallCells, RiskReason::ManySuppressed].as_slice())
    );
    let own = exports::export(&county.app, &county.ctx("operator"), export.id).await.unwrap();
    assert_eq!(own.risk, None, "reasons would tell what was suppressed");
    let refused = vote(&county, "supervision-office", case, "approve").await.unwrap_err();
    assert_eq!(refused.code(), "export.reviewers");
    assert_eq!(state(&county, &export).await, ExportState::Requested);
    // Without the few there is nothing to suppress, and one is enough.
    let large =
        "SELECT industry, count(*) AS n FROM enterprises WHERE industry <> 'fishery' GROUP BY industry";
    let model = approved(&county, &query_model(large)).await;
    let (quiet, case) = asked(&county, &model).await;
    vote(&county, "supervision-office", case, "approve").await.unwrap();
    assert_eq!(state(&county, &quiet).await, ExportState::Released);
}

async fn run_again(county: &County, export: &Export) -> AgainOutcome {
    let reviewer = county.ctx("bigdata-bureau");
    exports::order_again(&county.app, &reviewer, export.id).await.unwrap();
    jobs::drain(&county.app).await;
    let seen = exports::export(&county.app, &reviewer, export.id).await.unwrap();
    seen.export.again.unwrap().outcome.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_run_the_order_again_and_get_the_same_bytes() {
    let county = granted().await;
    let (export, case) = waiting(&county).await;
    let engineer = county.ctx("operator");
    let own = exports::order_again(&county.app, &engineer, export.id).await.unwrap_err();
    assert!(matches!(own, crate::Error::Forbidden(_)), "{own:?}");
    let before = county.files().len();
    let AgainOutcome::Same { digest } = run_again(&county, &export).await else { panic!("other bytes") };
    assert_eq!(county.files().len(), before, "nothing of the second run is kept");
    let shown = exports::export(&county.app, &engineer, export.id).await.unwrap();
    assert_eq!(shown.export.again, None, "the digest of what may not leave yet is no news for the operator");
    let left = let_go(&county, &export, case).await;
    assert_eq!(left.release.unwrap().csv.digest, digest);
    let reviewer = county.ctx("bigdata-bureau");
    let late = exports::order_again(&county.app, &reviewer, export.id).await.unwrap_err();
    assert_eq!(late.code(), "export.decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_beside_what_left_since_says_why_its_bytes_differ() {
    let county = granted().await;
    let (export, _) = waiting(&county).await;
    let reviewer = county.ctx("bigdata-bureau");
    let left_since =
        async || exports::candidate(&county.app, &reviewer, export.id, 0).await.unwrap().left_since;
    assert_eq!(left_since().await, 0);
    let all = approved(&county, &query_model("SELECT count(*) AS n FROM enterprises")).await;
    let (total, case) = asked(&county, &all).await;
    assert_eq!(let_go(&county, &total, case).await.state, ExportState::Released);
    assert_eq!(left_since().await, 1);
    let outcome = run_again(&county, &export).await;
    assert!(matches!(outcome, AgainOutcome::Other { overtaken: true, .. }), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_is_fetched_in_each_form_and_in_no_other() {
    let county = granted().await;
    let (export, case) = waiting(&county).await;
    let engineer = county.ctx("operator");
    let early = exports::download(&county.app, &engineer, export.id, ReleaseFormat::Pdf).await.unwrap_err();
    assert_eq!(early.code(), "export.not_released");
    let_go(&county, &export, case).await;
    let fetch =
        async |format| exports::download(&county.app, &engineer, export.id, format).await.unwrap().bytes;
    let csv = String::from_utf8(fetch(ReleaseFormat::Csv).await).unwrap();
    assert_eq!(csv, "industry,n,mean\nretail,998,53.73547094188377\ntextile,999,54.693693693693696\n");
    let json = String::from_utf8(fetch(ReleaseFormat::Json).await).unwrap();
    assert_eq!(
        json,
        "[{\"industry\":\"retail\",\"mean\":53.73547094188377,\"n\":998},\
         {\"industry\":\"textile\",\"mean\":54.693693693693696,\"n\":999}]"
    );
    let starts: [(ReleaseFormat, &[u8]); 3] =
        [(ReleaseFormat::Parquet, b"PAR1"), (ReleaseFormat::Pdf, b"%PDF-"), (ReleaseFormat::Png, b"\x89PNG")];
    for (format, begins) in starts {
        let bytes = fetch(format).await;
        assert!(bytes.starts_with(begins), "{format:?}");
        assert_eq!(bytes, fetch(format).await, "the same bytes each time");
        let text = String::from_utf8_lossy(&bytes);
        for secret in [export.run.to_string(), export.id.to_string(), "fishery".to_owned()] {
            assert!(!text.contains(&secret), "{format:?} says {secret}");
        }
    }
    let chunks = fetch(ReleaseFormat::Png).await;
    assert!(
        !chunks
            .windows(4)
            .any(|name| [b"tEXt", b"iTXt", b"zTXt", b"tIME", b"eXIf"].contains(&name.try_into().unwrap()))
    );
    assert_eq!(ReleaseFormat::parse("onnx").unwrap_err().code(), "export.no_model");
    for name in ["exe", "CSV", "pickle", "", "html", "svg", "xlsx"] {
        assert_eq!(ReleaseFormat::parse(name).unwrap_err().code(), "export.format");
    }
    let other =
        NewExport { purpose: "模型".to_owned(), format: Some("pkl".to_owned()), ..NewExport::default() };
    let refused = exports::open_export_case(&county.app, &engineer, export.run, &other).await.unwrap_err();
    assert_eq!(refused.code(), "export.format");
}

async fn rows(county: &County, unit: &str, export: &Export) -> Vec<Vec<Value>> {
    exports::candidate(&county.app, &county.ctx(unit), export.id, 0).await.unwrap().page.rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_fault_is_answered_and_never_leaves() {
    let county = granted().await;
    let (export, case) = waiting(&county).await;
    let real = rows(&county, "bigdata-bureau", &export).await;
    let planter = county.ctx("supervision-office");
    let bureau = county.ctx("bigdata-bureau");
    let no = exports::plant(&county.app, &bureau, export.id, PlantedFault::SmallCell);
    assert!(matches!(no.await.unwrap_err(), crate::Error::Forbidden(_)));
    exports::plant(&county.app, &planter, export.id, PlantedFault::SmallCell).await.unwrap();
    let twice = exports::plant(&county.app, &planter, export.id, PlantedFault::Identifier).await.unwrap_err();
    assert_eq!(twice.code(), "export.planted");
    let spoilt = rows(&county, "bigdata-bureau", &export).await;
    let changed: Vec<_> =
        real.iter().flatten().zip(spoilt.iter().flatten()).filter(|(a, b)| a != b).collect();
    assert!(matches!(changed.as_slice(), [(_, small)] if **small == json!(2)), "{changed:?}");
    assert_eq!(rows(&county, "supervision-office", &export).await, real, "who planted it is not tested");
    let seen = exports::export(&county.app, &county.ctx("bigdata-bureau"), export.id).await.unwrap();
    assert_eq!(seen.export.plant, None);
    for _ in 0..2 {
        let tested = vote(&county, "bigdata-bureau", case, "approve").await.unwrap_err();
        assert_eq!(tested.code(), "export.was_planted", "no ballot counts before another look");
    }
    assert_eq!(rows(&county, "bigdata-bureau", &export).await, real);
    vote(&county, "bigdata-bureau", case, "approve").await.unwrap();
    vote(&county, "supervision-office", case, "approve").await.unwrap();
    assert_eq!(state(&county, &export).await, ExportState::Released);
    let csv = exports::download(&county.app, &county.ctx("operator"), export.id, ReleaseFormat::Csv).await;
    assert!(String::from_utf8(csv.unwrap().bytes).unwrap().starts_with("industry,n,mean\nretail,998,"));
    let report = exports::plant_report(&county.app, &planter).await.unwrap();
    let scores: Vec<_> =
        report.reviewers.iter().map(|score| (score.unit.as_str(), score.caught, score.missed)).collect();
    assert_eq!(scores, [("bigdata-bureau", 0, 1)]);
    let operator = exports::export(&county.app, &county.ctx("operator"), export.id).await.unwrap();
    assert_eq!(operator.export.plant, None);
}
