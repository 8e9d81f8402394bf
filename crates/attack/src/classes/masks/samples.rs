//! Samples of true rows, which a provider may ask for: the platform attacks them first.

use anyhow::Result;
use serde_json::{Value, json};

use crate::attack::{Doing, Found, Scene};
use crate::client::Answer;
use crate::delivery::{request, upload};
use crate::stage::{ENGINEER, MANAGER, column};
use crate::story::until;

const PROVIDER: &str = "civil.officer";

/// A resource of this plot's people, with what its provider decides.
async fn resource(scene: &Scene<'_>, name: &str, columns: Vec<Value>) -> Result<(String, String, Answer)> {
    let client = scene.lab.client;
    let code = format!("{name}{}_{}", scene.plot.district.to_lowercase(), scene.population.mark);
    let made = client
        .post(
            PROVIDER,
            "/api/v1/resources",
            json!({
                "code": code, "name_zh": "虚构抽样", "update_frequency": "never", "openness": "conditional",
                "entity": { "kind": "person", "columns": ["id_number"], "protected": true },
            }),
        )
        .await?
        .done(&code)?;
    let id = made.text("/id");
    let mut csv = String::from("id_number,phone,village,sex,birth_date,flag\n");
    for person in &scene.plot.people {
        let flag = u8::from(person.flag);
        csv.push_str(&format!(
            "{},{},{},{},{},{flag}\n",
            person.id_number, person.phone, person.village, person.sex, person.birth
        ));
    }
    upload(client, PROVIDER, &id, csv).await?;
    let path = format!("/api/v1/resources/{id}/classification");
    let answer = client.post(PROVIDER, &path, json!({ "columns": columns, "twin": "sample" })).await?;
    Ok((id, code, answer))
}

/// Everything kept but what must not be, and the telephone shown in part.
fn columns(phone: Value) -> Vec<Value> {
    let keep = || json!({ "method": "keep" });
    vec![
        column(
            "id_number",
            "resident_id",
            4,
            "identifier",
            json!({ "method": "format", "kind": "resident_id" }),
        ),
        column("phone", "mobile", 3, "sensitive", phone),
        column("village", "general", 2, "quasi", keep()),
        column("sex", "general", 2, "quasi", keep()),
        column("birth_date", "birth_date", 2, "quasi", keep()),
        column("flag", "general", 3, "sensitive", keep()),
    ]
}

fn partial(head: u8, tail: u8) -> Value {
    json!({ "method": "partial", "head": head, "tail": tail })
}

pub(super) fn stitched<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (_, _, first) = resource(scene, "head", columns(partial(6, 0))).await?;
        let (_, _, second) = resource(scene, "tail", columns(partial(0, 5))).await?;
        for answer in [&first, &second] {
            found.told.push(format!("{} {}", answer.status, answer.code()));
        }
        found.expect(!first.is_ok() || !second.is_ok(), || {
            "two samples that show all of a telephone between them were accepted".to_owned()
        });
        Ok(found)
    })
}

pub(super) fn one_mask_everywhere<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for name in ["one", "two"] {
            let (_, _, answer) = resource(scene, name, columns(partial(3, 0))).await?;
            found.expect(answer.is_ok(), || answer.shown());
        }
        Ok(found)
    })
}

/// Asks for a table, and waits until the platform has judged it.
async fn judged(scene: &Scene<'_>, code: &str, wanted: &str) -> Result<()> {
    let client = scene.lab.client;
    let path = format!("/api/v1/tenants/{}", scene.lab.stage.tenant);
    let answer = until(client, &[("/state".to_owned(), json!(wanted))], async || {
        let answer = client.get(MANAGER, &path).await?;
        let json = answer.json();
        let grants = json.pointer("/grants").and_then(Value::as_array).cloned().unwrap_or_default();
        let own = grants.into_iter().find(|grant| grant.get("code").and_then(Value::as_str) == Some(code));
        let body = serde_json::to_vec(&own.unwrap_or_default())?.into();
        Ok(Answer { body, ..answer })
    })
    .await?;
    answer.done(code)?;
    Ok(())
}

async fn tables(scene: &Scene<'_>) -> Result<String> {
    let path = format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant);
    let answer = scene.lab.client.get(ENGINEER, &path).await?.done("tables")?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

pub(super) fn weak_sample<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (_, code, answer) = resource(scene, "weak", columns(json!({ "method": "null" }))).await?;
        answer.done("classification")?;
        request(scene.lab.client, MANAGER, &scene.lab.stage.tenant, &[&code], &[PROVIDER]).await?;
        let refused = judged(scene, &code, "refused").await;
        found.expect(refused.is_ok(), || format!("{code} was not refused"));
        found.expect(!tables(scene).await?.contains(&code), || format!("{code} is in the dev zone"));
        let answer = scene.lab.twin(ENGINEER, &format!("SELECT * FROM {code}")).await?;
        found.expect(!answer.is_ok(), || format!("{code} can be read"));
        found.told.push(format!("{} {}", answer.status, answer.code()));
        Ok(found)
    })
}

pub(super) fn refused_then_mended<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let client = scene.lab.client;
        let (id, code, answer) = resource(scene, "mend", columns(json!({ "method": "null" }))).await?;
        answer.done("classification")?;
        request(client, MANAGER, &scene.lab.stage.tenant, &[&code], &[PROVIDER]).await?;
        judged(scene, &code, "refused").await?;
        let path = format!("/api/v1/resources/{id}/classification");
        client
            .post(PROVIDER, &path, json!({ "columns": [], "twin": "synthetic" }))
            .await?
            .done("synthetic")?;
        judged(scene, &code, "ready").await?;
        let rows =
            scene.lab.twin_rows(&format!("SELECT sex, count(*) AS n FROM {code} GROUP BY sex")).await?;
        found.expect(!rows.is_empty(), || "no rows".to_owned());
        Ok(found)
    })
}
