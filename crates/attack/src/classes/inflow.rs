//! What comes in: social data through its gate, and the rows of those who did not consent.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Probe, Scene, Step};
use crate::client::{Answer, Sent};
use crate::delivery::upload;
use crate::lab::{Model, Outcome};
use crate::score::Guess;
use crate::stage::{ENGINEER, MANAGER, OTHER_MANAGER, act};
use crate::story::until;

/// A scenario of the demonstration's agreement.
const SCENARIO: &str = "银行企业许可核验";
/// Persons of a table that is there by consent, and how many consent to the scenario.
const PERSONS: usize = 60;
const CONSENTING: usize = 36;
const WITHDRAWING: usize = 14;
const TEAMS: usize = 20;
/// Who is in a team; the others are of none, and withdraw one by one.
const IN_TEAMS: usize = TEAMS * 12;
const OTHERS: usize = 24;
/// Of each team so many withdraw together: a couple, both aided or neither.
const COUPLES: usize = 2 * TEAMS;

const fn steps(id: &'static str, title: &'static str, step: Step, twin: Benign) -> Attack {
    Attack { class: Class::Isolation, id, title, kind: Kind::Steps(step), twin }
}

const fn with(who: &'static str, call: &'static str, body: &'static str) -> Probe {
    Probe { who, call, body }
}

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        class: Class::Isolation,
        id: "I26",
        title: "an operator brings data in without an approval, or under another case",
        kind: Kind::Denied(&[
            with(
                "operator.manager",
                "POST /api/v1/resources",
                r#"{"code":"smuggled","name_zh":"私带数据","update_frequency":"never","openness":"conditional","entity":{"kind":"person","columns":["id"],"protected":true}}"#,
            ),
            with(
                "operator.manager",
                "POST /api/v1/imports/{case}",
                r#"{"code":"smuggled","name_zh":"私带数据","update_frequency":"never","openness":"conditional","entity":{"kind":"person","columns":["id"],"protected":true}}"#,
            ),
            with("operator.manager", "POST /api/v1/imports/{case}/admission", "{}"),
            with("other.manager", "GET /api/v1/tenants/{tenant}/imports", ""),
        ]),
        twin: Benign::Allowed(&[with("operator.manager", "GET /api/v1/tenants/{tenant}/imports", "")]),
    },
    steps(
        "I27",
        "programs, archives, documents, scripts, polyglots through the import gate",
        smuggled,
        Benign::Steps(imported),
    ),
    steps(
        "I28",
        "another operator sees, asks for and uses social data",
        others_social,
        Benign::Steps(imported),
    ),
    steps(
        "I29",
        "orders on data that are there by consent: no scenario, another, all at once",
        bundled,
        Benign::Steps(consented),
    ),
    steps("I30", "persons who withdrew are counted in the next answer", withdrawn, Benign::Steps(consented)),
    steps(
        "I31",
        "who withdrew, by the cells that are missing afterwards",
        who_withdrew,
        Benign::Steps(consented),
    ),
    steps(
        "I32",
        "what a couple has who withdrew: the exact sum before less the mean of many states of consent after",
        averaged,
        Benign::Steps(consented),
    ),
];

/// An approved import: its case.
async fn approved(scene: &Scene<'_>, who: &str) -> Result<String> {
    let client = scene.lab.client;
    let opened = client
        .post(who, "/api/v1/cases", json!({
            "procedure": "社会数据导入", "title": "运单统计", "facts": { "授权": scene.lab.stage.tenant },
            "form": { "社会数据名称": "运单统计", "来源和合法性": "自有业务数据", "融合的应用场景": SCENARIO },
        }))
        .await?
        .done("import case")?;
    let case = opened.text("/id");
    let facts = json!({ "来源合法": true, "已抽样脱敏脱密": true });
    act(
        client,
        "bureau.officer",
        &case,
        json!({ "command": "approve", "opinion": "同意。", "facts": facts }),
    )
    .await?;
    Ok(case)
}

fn described(code: &str) -> Value {
    json!({ "code": code, "name_zh": "运单统计", "update_frequency": "never", "openness": "conditional",
            "entity": { "kind": "enterprise", "columns": ["firm"], "protected": true } })
}

async fn describe(scene: &Scene<'_>, case: &str, code: &str) -> Result<String> {
    let path = format!("/api/v1/imports/{case}");
    Ok(scene.lab.client.post(MANAGER, &path, described(code)).await?.done("describe")?.text("/id"))
}

async fn deliver(scene: &Scene<'_>, resource: &str, format: &str, bytes: Vec<u8>) -> Result<Answer> {
    let path = format!("/api/v1/resources/{resource}/uploads?format={format}");
    let sent = Sent { body: Some(("application/octet-stream".to_owned(), bytes)), ..Sent::default() };
    scene.lab.client.send(MANAGER, "POST", &path, sent).await
}

pub(super) fn code(scene: &Scene<'_>, what: &str) -> String {
    let district: String = scene.plot.district.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{what}_{}_{}", scene.population.mark, district.to_ascii_lowercase())
}

fn waybills() -> Vec<u8> {
    let mut csv = "firm,waybills\n".to_owned();
    for firm in 0..60 {
        csv.push_str(&format!("F{firm:05},{}\n", 10 + firm % 7));
    }
    csv.into_bytes()
}

pub(super) async fn classify(scene: &Scene<'_>, who: &str, resource: &str, columns: Value) -> Result<()> {
    let path = format!("/api/v1/resources/{resource}/classification");
    scene.lab.client.post(who, &path, json!({ "columns": columns })).await?.done("classification")?;
    Ok(())
}

/// The honest way: a plain table, classified, brought in with a receipt, and usable.
fn imported<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let case = approved(scene, MANAGER).await?;
        let resource = describe(scene, &case, &code(scene, "ways")).await?;
        deliver(scene, &resource, "csv", waybills()).await?.done("a plain table")?;
        classify(scene, MANAGER, &resource, json!([
            { "column": "firm", "kind": "general", "level": 2, "label": "identifier", "mask": { "method": "token", "domain": "firm" }, "note": "虚构" },
            { "column": "waybills", "kind": "general", "level": 1, "label": "public", "mask": { "method": "keep" }, "note": "虚构" },
        ]))
        .await?;
        let path = format!("/api/v1/imports/{case}/admission");
        let done = scene.lab.client.post(MANAGER, &path, json!({})).await?.done("admission")?;
        found.expect(done.json().pointer("/receipt/rows") == Some(&json!(60)), || done.shown());
        ready(scene, MANAGER, &code(scene, "ways")).await?;
        Ok(found)
    })
}

fn smuggled<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let case = approved(scene, MANAGER).await?;
        let resource = describe(scene, &case, &code(scene, "smug")).await?;
        let plain = String::from_utf8_lossy(&waybills()).into_owned();
        let eicar =
            ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"].concat();
        let files: Vec<(&str, &str, Vec<u8>)> = vec![
            ("a program", "csv", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff".to_vec()),
            ("another system's program", "csv", b"\x7fELF\x02\x01\x01\0".to_vec()),
            ("an archive", "csv", b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec()),
            ("a compressed file", "csv", b"\x1f\x8b\x08\0\0\0\0\0".to_vec()),
            ("an office document", "csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec()),
            ("a PDF", "csv", b"%PDF-1.7\n1 0 obj\n".to_vec()),
            ("a script", "csv", b"#!/bin/sh\nfirm,waybills\n1,2\n".to_vec()),
            ("a page", "csv", b"<!DOCTYPE html><script>1</script>".to_vec()),
            ("a table and an archive", "csv", [plain.as_bytes(), b"PK\x03\x04\x14\0\0\0"].concat()),
            ("a test virus in a cell", "csv", format!("firm,waybills\n{eicar},1\n").into_bytes()),
            ("a formula", "csv", b"firm,waybills\n=cmd|' /C calc'!A0,1\n".to_vec()),
            ("an open quotation", "csv", b"firm,waybills\n\"F1,1\nF2,2\n".to_vec()),
            ("rows of other lengths", "csv", b"firm,waybills\nF1,1,2\n".to_vec()),
            ("nothing of a Parquet file but its marks", "parquet", b"PAR1 a program PAR1".to_vec()),
            ("text under another name", "parquet", plain.into_bytes()),
        ];
        for (what, format, bytes) in files {
            let answer = deliver(scene, &resource, format, bytes).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{what}: {}", answer.shown()));
            let shown = String::from_utf8_lossy(&answer.body);
            found.expect(!shown.contains("calc") && !shown.contains("EICAR"), || {
                format!("{what}: the answer quotes the file")
            });
        }
        let path = format!("/api/v1/imports/{case}/admission");
        let admitted = scene.lab.client.post(MANAGER, &path, json!({})).await?;
        found.expect(!admitted.is_ok(), || format!("brought in without data: {}", admitted.shown()));
        Ok(found)
    })
}

fn others_social<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let case = approved(scene, MANAGER).await?;
        let named = code(scene, "priv");
        let resource = describe(scene, &case, &named).await?;
        deliver(scene, &resource, "csv", waybills()).await?.done("a plain table")?;
        let client = scene.lab.client;
        let path = format!("/api/v1/resources/{resource}");
        for who in [OTHER_MANAGER, "civil.officer", "buyer.bank", "citizen.wang"] {
            let seen = client.get(who, &path).await?;
            found.forms += 1;
            found.expect(seen.status == 404, || format!("{who} sees it: {}", seen.shown()));
            let taken = client.post(who, &format!("/api/v1/imports/{case}"), described("taken")).await?;
            found.expect(!taken.is_ok(), || format!("{who} uses the approval: {}", taken.shown()));
        }
        if let Some(other) = &scene.lab.stage.other {
            let asked = request(scene, OTHER_MANAGER, other, &named).await?;
            found.expect(!asked.is_ok(), || format!("asked for by another operator: {}", asked.shown()));
        }
        Ok(found)
    })
}

/// A data request for one table.
pub(super) async fn request(scene: &Scene<'_>, who: &str, tenant: &str, table: &str) -> Result<Answer> {
    let body = json!({
        "procedure": "数据需求评审", "title": "数据需求",
        "facts": { "授权": tenant, "涉及个人信息等": true, "涉及省回流数据": false },
        "form": {
            "数据名称": [table], "申请单位": "样例单位", "法定代表人/联系人": "高拟青", "联系电话": "0572-8012346",
            "安全责任人": "林设远", "安全责任人联系电话": "0572-8012347",
            "应用场景": SCENARIO, "申请单位申请理由": "只用于汇总",
        },
    });
    scene.lab.client.post(who, "/api/v1/cases", body).await
}

/// Waits until a table is there.
pub(super) async fn ready(scene: &Scene<'_>, who: &str, table: &str) -> Result<()> {
    let path = format!("/api/v1/tenants/{}", scene.lab.stage.tenant);
    let seen = scene.lab.client.get(who, &path).await?.json();
    let grants = seen.pointer("/grants").and_then(Value::as_array).cloned().unwrap_or_default();
    let place = grants.iter().position(|grant| grant.get("code").and_then(Value::as_str) == Some(table));
    let place = place.with_context(|| format!("no grant of {table}"))?;
    let wanted = [(format!("/grants/{place}/state"), json!("ready"))];
    until(scene.lab.client, &wanted, async || scene.lab.client.get(who, &path).await).await?;
    // A zone that runs gets its new tables right after they are ready.
    let query = format!("SELECT count(*) AS n FROM {table}");
    until(scene.lab.client, &[("/more".to_owned(), json!(false))], async || {
        scene.lab.twin(ENGINEER, &query).await
    })
    .await?;
    Ok(())
}

/// A table that is there by consent: its name and its resource.
async fn by_consent(
    scene: &Scene<'_>,
    what: &str,
    persons: usize,
    consenting: usize,
) -> Result<(String, String)> {
    let (client, named) = (scene.lab.client, code(scene, what));
    let made = client
        .post("civil.officer", "/api/v1/resources", json!({
            "code": named, "name_zh": "虚构受助信息", "update_frequency": "never", "openness": "conditional",
            "entity": { "kind": "person", "columns": ["person"], "protected": true }, "consent": true,
        }))
        .await?
        .done("resource by consent")?;
    let resource = made.text("/id");
    let mut csv = "person,team,amount,aided\n".to_owned();
    for person in 0..persons {
        let team = if person < IN_TEAMS { format!("T{:02}", person % TEAMS) } else { "无".to_owned() };
        csv.push_str(&format!(
            "P{person:05},{team},{},{}\n",
            100 + person % 3,
            u8::from(aided(scene, person))
        ));
    }
    upload(client, "civil.officer", &resource, csv).await?;
    classify(scene, "civil.officer", &resource, json!([
        { "column": "person", "kind": "general", "level": 3, "label": "identifier", "mask": { "method": "token", "domain": "person" }, "note": "虚构" },
        { "column": "team", "kind": "general", "level": 1, "label": "public", "mask": { "method": "keep" }, "note": "虚构" },
        { "column": "amount", "kind": "general", "level": 2, "label": "sensitive", "mask": { "method": "null" }, "note": "虚构" },
        { "column": "aided", "kind": "general", "level": 2, "label": "sensitive", "mask": { "method": "null" }, "note": "虚构" },
    ]))
    .await?;
    consent(scene, &resource, 0..consenting, SCENARIO, "granted").await?.done("consents")?;
    let asked = request(scene, MANAGER, &scene.lab.stage.tenant, &named).await?.done("data request")?;
    let facts = json!({ "含禁止开放数据": false, "符合最小必要": true, "已脱敏或者取得同意": true });
    act(client, "civil.officer", &asked.text("/id"), json!({ "command": "approve", "facts": facts })).await?;
    ready(scene, MANAGER, &named).await?;
    Ok((named, resource))
}

/// Whether somebody is aided: of the couple of each team as the flags of the targets are, which are another in each run.
fn aided(scene: &Scene<'_>, person: usize) -> bool {
    let target = scene.plot.targets().get(person % TEAMS).filter(|_| person < COUPLES);
    target.map_or((person / TEAMS).is_multiple_of(2), |target| target.flag)
}

async fn consent(
    scene: &Scene<'_>,
    resource: &str,
    persons: impl IntoIterator<Item = usize>,
    scenario: &str,
    state: &str,
) -> Result<Answer> {
    let mut csv = "person,scenario,state,since\n".to_owned();
    for person in persons {
        csv.push_str(&format!("P{person:05},{scenario},{state},2026-01-01\n"));
    }
    let sent = Sent { body: Some(("text/csv".to_owned(), csv.into_bytes())), ..Sent::default() };
    let path = format!("/api/v1/resources/{resource}/consents");
    scene.lab.client.send("civil.officer", "POST", &path, sent).await
}

/// An approved count of the table.
async fn count_model(scene: &Scene<'_>, table: &str) -> Result<Model> {
    approved_model(scene, &format!("SELECT count(*) AS n FROM {table}")).await
}

async fn approved_model(scene: &Scene<'_>, sql: &str) -> Result<Model> {
    let path = format!("/api/v1/tenants/{}/models", scene.lab.stage.tenant);
    let body = json!({ "name": "人数", "sql": sql, "entity": "person", "reversibility": "汇总" });
    let made = scene.lab.client.post(ENGINEER, &path, body).await?.done("model")?;
    let id = made.text("/id");
    scene.lab.approve(ENGINEER, &id).await?;
    Ok(Model { id, who: ENGINEER.to_owned() })
}

/// Orders the count for a scenario and takes it out.
async fn counted(scene: &Scene<'_>, model: &Model, scenario: Option<&str>) -> Result<Outcome> {
    let path = format!("/api/v1/models/{}/runs", model.id);
    let mut body = json!({ "parameters": {} });
    if let (Some(scenario), Some(body)) = (scenario, body.as_object_mut()) {
        body.insert("scenario".to_owned(), json!(scenario));
    }
    let ordered = scene.lab.client.post(ENGINEER, &path, body).await?;
    if !ordered.is_ok() {
        return Ok(Outcome::Refused(ordered.code()));
    }
    let run = scene.lab.ended(&ordered.text("/id"), ENGINEER).await?;
    if run.state != "done" {
        return Ok(Outcome::Failed(run));
    }
    match scene.lab.release(ENGINEER, &run.id).await? {
        Some(export) => Ok(Outcome::Released(run, scene.lab.file(ENGINEER, &export).await?)),
        None => Ok(Outcome::Kept(run)),
    }
}

fn told(outcome: &Outcome) -> Option<f64> {
    outcome.released().and_then(|file| file.only("n"))
}

/// The honest way: the scenario that was agreed and consented to.
fn consented<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (table, _) = by_consent(scene, "cons", PERSONS, CONSENTING).await?;
        let model = count_model(scene, &table).await?;
        let outcome = counted(scene, &model, Some(SCENARIO)).await?;
        found.expect(told(&outcome) == Some(CONSENTING as f64), || outcome.told());
        Ok(found)
    })
}

fn bundled<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (table, resource) = by_consent(scene, "bund", PERSONS, CONSENTING).await?;
        let model = count_model(scene, &table).await?;
        for scenario in [None, Some(""), Some("*"), Some("%"), Some("广告推送"), Some("银行"), Some(";")]
        {
            let outcome = counted(scene, &model, scenario).await?;
            found.forms += 1;
            found.expect(told(&outcome).is_none(), || format!("{scenario:?}: {}", outcome.told()));
        }
        for scenario in ["*", "全部", "所有场景", "甲、乙", "\"甲,乙\"", "all", ""] {
            let answer = consent(scene, &resource, 0..1, scenario, "granted").await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || {
                format!("consent to `{scenario}`: {}", answer.shown())
            });
        }
        for who in [MANAGER, ENGINEER, "market.officer"] {
            let sent = Sent {
                body: Some(("text/csv".to_owned(), b"person,scenario,state,since\n".to_vec())),
                ..Sent::default()
            };
            let path = format!("/api/v1/resources/{resource}/consents?mode=replace");
            let answer = scene.lab.client.send(who, "POST", &path, sent).await?;
            found.expect((400..500).contains(&answer.status), || {
                format!("{who} writes consents: {}", answer.shown())
            });
        }
        Ok(found)
    })
}

fn withdrawn<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (table, resource) = by_consent(scene, "with", PERSONS, CONSENTING).await?;
        let model = count_model(scene, &table).await?;
        consent(scene, &resource, 0..WITHDRAWING, SCENARIO, "withdrawn").await?.done("withdrawal")?;
        let outcome = counted(scene, &model, Some(SCENARIO)).await?;
        found.told.push(outcome.told());
        found.expect(told(&outcome) == Some((CONSENTING - WITHDRAWING) as f64), || {
            format!("after the withdrawal: {:?}", told(&outcome))
        });
        Ok(found)
    })
}

/// In each of twenty teams of twelve one person withdraws or does not.
fn who_withdrew<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (table, resource) = by_consent(scene, "team", IN_TEAMS, IN_TEAMS).await?;
        let sql = format!("SELECT team, count(*) AS n FROM {table} GROUP BY team");
        let model = approved_model(scene, &sql).await?;
        let before = counted(scene, &model, Some(SCENARIO)).await?;
        // What the flags of the targets are decides: as random as anything, and another in each run.
        let withdraws: Vec<bool> = scene.plot.targets().iter().map(|person| person.flag).collect();
        let withdrawn = withdraws.iter().enumerate().filter(|(_, withdraws)| **withdraws);
        let withdrawn = withdrawn.map(|(team, _)| team);
        consent(scene, &resource, withdrawn, SCENARIO, "withdrawn").await?.done("withdrawals")?;
        let after = counted(scene, &model, Some(SCENARIO)).await?;
        found.told = vec![before.told(), after.told()];
        let (Some(before), Some(after)) = (before.released(), after.released()) else { return Ok(found) };
        for (team, withdraws) in withdraws.into_iter().enumerate() {
            let team = format!("T{team:02}");
            let Some(all) = before.number("team", &team, "n") else { continue };
            let fewer = after.number("team", &team, "n").is_none_or(|left| left < all);
            found.guesses.push(Guess::bit(fewer, withdraws));
        }
        Ok(found)
    })
}

/// Noise that is another one in each state of consent could be averaged out, were nothing beside it.
fn averaged<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let everybody = IN_TEAMS + OTHERS;
        let (table, resource) = by_consent(scene, "mean", everybody, everybody).await?;
        let sql = format!("SELECT team, sum(aided) AS n FROM {table} WHERE team <> '无' GROUP BY team");
        let model = approved_model(scene, &sql).await?;
        let before = counted(scene, &model, Some(SCENARIO)).await?;
        found.told.push(before.told());
        let Some(before) = before.released() else { return Ok(found) };
        consent(scene, &resource, 0..COUPLES, SCENARIO, "withdrawn").await?.done("withdrawals")?;
        let mut after = vec![Vec::new(); TEAMS];
        for other in IN_TEAMS..everybody {
            consent(scene, &resource, [other], SCENARIO, "withdrawn").await?.done("a withdrawal")?;
            let outcome = counted(scene, &model, Some(SCENARIO)).await?;
            found.told.push(outcome.told());
            let Some(file) = outcome.released() else { continue };
            for (team, seen) in after.iter_mut().enumerate() {
                seen.extend(file.number("team", &format!("T{team:02}"), "n"));
            }
        }
        for (team, seen) in after.iter().enumerate().filter(|(_, seen)| !seen.is_empty()) {
            let Some(all) = before.number("team", &format!("T{team:02}"), "n") else { continue };
            let mean = seen.iter().sum::<f64>() / seen.len() as f64;
            found.guesses.push(Guess::bit(all - mean > 1.0, aided(scene, team)));
        }
        Ok(found)
    })
}
