//! The end of an authorisation: suspended, sealed, destroyed. These attacks come last and in this order.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Probe, Scene, Step};
use crate::stage::{OTHER_ENGINEER, act};
use crate::story::{move_clock, play, until};

const fn steps(id: &'static str, title: &'static str, step: Step, twin: Benign) -> Attack {
    Attack { class: Class::Isolation, id, title, kind: Kind::Steps(step), twin }
}

const fn probe(who: &'static str, call: &'static str, body: &'static str) -> Probe {
    Probe { who, call, body }
}

/// Everything that an open authorisation allows.
const WORK: &[Probe] = &[
    probe("operator.engineer", "GET /api/v1/tenants/{tenant}/tables", ""),
    probe(
        "operator.engineer",
        "POST /api/v1/tenants/{tenant}/queries",
        r#"{"sql":"SELECT count(*) AS n FROM {table}"}"#,
    ),
    probe(
        "operator.engineer",
        "POST /api/v1/tenants/{tenant}/models",
        r#"{"name":"汇总","sql":"SELECT zone, count(*) AS n FROM {table} AS t GROUP BY zone","entity":"person","reversibility":"汇总"}"#,
    ),
    probe("operator.engineer", "POST /api/v1/models/{model}/runs", "{}"),
    probe("operator.manager", "GET /api/v1/exports/{export}/files/csv", ""),
    probe("operator.engineer", "GET /api/v1/exports/{export}/files/parquet", ""),
];

/// What the reviewers might still open.
const REVIEW: &[Probe] = &[probe("bureau.chief", "GET /api/v1/exports/{export}/candidate", "")];

pub(super) const ATTACKS: &[Attack] = &[
    steps("L01", "suspended: workbench, models, orders, files", suspended, Benign::Steps(neighbour)),
    steps(
        "L02",
        "suspended: an order given just before delivers afterwards",
        in_flight,
        Benign::Steps(restored),
    ),
    steps("L03", "sealed: workbench, models, orders, files, candidates", sealed, Benign::Steps(neighbour)),
    steps("L04", "destroyed: everything again, and the certificate", destroyed, Benign::Steps(certificate)),
    steps(
        "L05",
        "destroyed: opened again by training or another agreement",
        revived,
        Benign::Steps(neighbour),
    ),
];

async fn closed(scene: &Scene<'_>, probes: &[&[Probe]]) -> Result<Found> {
    let mut found = Found::default();
    for part in probes {
        let more = crate::estate::denied(part, scene).await?;
        found.forms += more.forms;
        found.told.extend(more.told);
        found.violations.extend(more.violations);
    }
    Ok(found)
}

/// The bureau orders a rectification, which closes access at once.
async fn suspend(scene: &Scene<'_>) -> Result<String> {
    let client = scene.lab.client;
    let opened = client
        .post("bureau.officer", "/api/v1/cases", json!({
            "procedure": "整改", "title": "离岗人员账号未停用", "facts": { "授权": scene.lab.stage.tenant },
            "form": { "整改情形": "未依法履行数据安全管理职责", "事实": "离岗账号三日内未停用", "整改要求": "停用账号" },
        }))
        .await?
        .done("rectification")?;
    let case = opened.text("/id");
    act(
        client,
        "bureau.officer",
        &case,
        json!({ "command": "order_rectification", "opinion": "责令限期整改。" }),
    )
    .await?;
    Ok(case)
}

/// The operator reports, the bureau accepts: access is restored.
async fn restore(scene: &Scene<'_>, case: &str) -> Result<()> {
    let client = scene.lab.client;
    let sent = crate::client::Sent {
        body: Some(("application/octet-stream".to_owned(), "整改报告".as_bytes().to_vec())),
        ..Default::default()
    };
    let file = client
        .send("operator.manager", "POST", "/api/v1/attachments?name=整改报告.md", sent)
        .await?
        .done("attachment")?;
    act(client, "operator.manager", case, json!({ "command": "report_rectification", "opinion": "已完成。", "attachments": [{ "name": "整改报告", "id": file.text("/id") }] })).await?;
    act(client, "bureau.chief", case, json!({ "command": "accept_rectification", "opinion": "合格。" })).await
}

fn suspended<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        // The estate is made while there is access.
        crate::estate::allowed(WORK, scene).await?;
        let case = suspend(scene).await?;
        let found = closed(scene, &[WORK, REVIEW]).await?;
        restore(scene, &case).await?;
        Ok(found)
    })
}

fn in_flight<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql = scene.fill("SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone");
        let model = scene
            .lab
            .model("operator.engineer", &sql, &[])
            .await?
            .map_err(|answer| anyhow::anyhow!(answer.shown()))?;
        let run = scene.lab.run(&model, &[]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))?;
        let asked = scene.lab.ask_export("operator.engineer", &run.id).await?.done("export")?;
        let (export, votes) = (asked.text("/id"), format!("/api/v1/cases/{}/commands", asked.text("/case")));
        let vote = json!({ "command": "approve", "opinion": "同意。" });
        scene.lab.client.post("supervisor.two", &votes, vote.clone()).await?.done("vote")?;
        let case = suspend(scene).await?;
        // The second vote comes while access is closed.
        let late = scene.lab.client.post("bureau.chief", &votes, vote).await?;
        found.told.push(format!("the second vote: {} {}", late.status, late.code()));
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let file =
            scene.lab.client.get("operator.manager", &format!("/api/v1/exports/{export}/files/csv")).await?;
        found.expect(!file.is_ok(), || "a file left while access was closed".to_owned());
        restore(scene, &case).await?;
        Ok(found)
    })
}

fn restored<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(crate::estate::allowed(WORK, scene))
}

/// Plays the exit up to the step that begins with these words, or from it on.
async fn exit(scene: &Scene<'_>, until_destroyed: bool) -> Result<()> {
    let mut all = scene.lab.stage.applicants.lock().await;
    ensure!(!all.is_empty(), "the authorisation was not made by this run");
    let mut reached = false;
    let only = all.get_mut(..1).context("no applicant")?;
    play(scene.lab.client, &scene.lab.stage.county, only, |chapter, say| {
        let here = chapter.starts_with("Exit");
        reached |= here && say.starts_with("Destruction");
        here && reached == until_destroyed && !say.contains("agreement's own case")
    })
    .await
}

fn sealed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        exit(scene, false).await?;
        closed(scene, &[WORK, REVIEW]).await
    })
}

fn destroyed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        exit(scene, true).await?;
        closed(scene, &[WORK, REVIEW]).await
    })
}

/// The proof that nothing readable is left is there, for the operator too.
fn certificate<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let path = format!("/api/v1/tenants/{}/certificate", scene.lab.stage.tenant);
        let wanted =
            [("/certificate/readable".to_owned(), json!(0)), ("/certificate/workers".to_owned(), json!(0))];
        let answer =
            until(scene.lab.client, &wanted, async || scene.lab.client.get("operator.manager", &path).await)
                .await?;
        let seq = answer.json().pointer("/certificate/journal_seq").cloned().unwrap_or_default();
        let proof = scene
            .lab
            .client
            .raw("GET", &format!("/api/v1/ledger/records/{seq}/proof"), crate::client::Sent::default())
            .await?;
        found.expect(proof.is_ok(), || proof.shown());
        // The search behind it: keys and a planted text were looked for in every file, and nothing was found.
        let told = answer.json();
        let figure =
            |name: &str| told.pointer(&format!("/certificate/residue/{name}")).and_then(Value::as_u64);
        found.expect(told.pointer("/certificate/passed") == Some(&json!(true)), || answer.shown());
        found.expect(figure("found") == Some(0) && figure("canaries") == Some(1), || answer.shown());
        found.expect(figure("keys").is_some_and(|keys| keys >= 4), || answer.shown());
        let document = scene.lab.client.get("operator.manager", &format!("{path}/document")).await?;
        found.expect(document.is_ok(), || document.shown());
        for proof in ["/issue", "/destruction"] {
            let text = document.json().pointer(proof).and_then(Value::as_str).unwrap_or_default().to_owned();
            found.expect(text.starts_with("c2sp.org/tlog-proof@v1"), || format!("{proof}: {text}"));
        }
        let stranger = scene.lab.client.get("other.manager", &format!("{path}/document")).await?;
        found.expect(stranger.status == 404, || stranger.shown());
        Ok(found)
    })
}

fn revived<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        move_clock(scene.lab.client, "2026-12-24 09:00").await?;
        for procedure in ["培训考核", "协议签订", "数据需求评审"] {
            let opened = scene
                .lab
                .client
                .post("operator.manager", "/api/v1/cases", json!({ "procedure": procedure, "title": "再次", "facts": { "授权": scene.lab.stage.tenant } }))
                .await?;
            found.told.push(format!("{procedure}: {} {}", opened.status, opened.code()));
        }
        let still = closed(scene, &[WORK, REVIEW]).await?;
        found.violations.extend(still.violations);
        found.forms = still.forms;
        Ok(found)
    })
}

/// What ends for one operator goes on for the other.
fn neighbour<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let Some(other) = &scene.lab.stage.other else { return Ok(found) };
        let sql = json!({ "sql": format!("SELECT count(*) AS n FROM {}", scene.lab.stage.tables.persons) });
        let answer =
            scene.lab.client.post(OTHER_ENGINEER, &format!("/api/v1/tenants/{other}/queries"), sql).await?;
        found.expect(answer.is_ok(), || answer.shown());
        Ok(found)
    })
}
