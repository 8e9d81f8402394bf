//! The attacks on isolation that take several steps.

use std::collections::BTreeSet;

use serde_json::json;

use crate::attack::{Doing, Found, Scene};
use crate::client::Sent;
use crate::lab::Parameter;
use crate::stage::ENGINEER;

pub(super) fn forged<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let good = scene.lab.client.token(ENGINEER, false).await?;
        let other = good.chars().rev().collect::<String>();
        let cut: String = good.chars().take(good.len().saturating_sub(1)).collect();
        let path = format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant);
        for token in [
            other,
            cut,
            format!("{good}x"),
            "null".to_owned(),
            "' OR '1'='1".to_owned(),
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.".to_owned(),
        ] {
            let sent = Sent { token: Some(token.clone()), ..Sent::default() };
            let answer = scene.lab.client.raw("GET", &path, sent).await?;
            found.forms += 1;
            found.expect(answer.status == 401, || format!("{token}: {}", answer.shown()));
        }
        Ok(found)
    })
}

pub(super) fn signed_out<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let client = scene.lab.client;
        let token = client.token(ENGINEER, true).await?;
        let sent = || Sent { token: Some(token.clone()), ..Sent::default() };
        client.raw("DELETE", "/api/v1/sessions/current", sent()).await?.done("sign out")?;
        let answer =
            client.raw("GET", &format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant), sent()).await?;
        found.expect(answer.status == 401, || answer.shown());
        // Signed in again for the attacks that follow.
        client.token(ENGINEER, true).await?;
        Ok(found)
    })
}

pub(super) fn headers<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let path = format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant);
        let token = scene.lab.client.token("other.manager", false).await?;
        for (name, value) in [
            ("x-forwarded-user", ENGINEER),
            ("x-remote-user", "admin"),
            ("x-original-url", "/api/v1/me"),
            ("x-http-method-override", "GET"),
            ("x-forwarded-for", "127.0.0.1"),
            ("cookie", "session=admin; role=admin"),
        ] {
            let sent = Sent {
                token: Some(token.clone()),
                headers: vec![(name.to_owned(), value.to_owned())],
                ..Sent::default()
            };
            let answer = scene.lab.client.raw("GET", &path, sent).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{name}: {}", answer.shown()));
        }
        Ok(found)
    })
}

/// What the catalogue says to people who did not deliver the data: descriptions and counts, no values.
pub(super) fn catalogue<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for (code, id) in &scene.lab.stage.resources {
            for who in [ENGINEER, "citizen.wang", "buyer.bank", "bureau.officer"] {
                let answer = scene.lab.client.get(who, &format!("/api/v1/resources/{id}")).await?;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                found.forms += 1;
                let words: BTreeSet<&str> = text.split(['"', ',', ':', ' ']).collect();
                let told = scene.population.people(0..scene.population.plots.len()).find(|(_, person)| {
                    [&person.id_number, &person.phone, &person.village]
                        .into_iter()
                        .any(|value| words.contains(value.as_str()))
                });
                found.expect(told.is_none(), || format!("{code} shows {who} a value"));
            }
        }
        Ok(found)
    })
}

async fn household_model(scene: &Scene<'_>) -> anyhow::Result<crate::lab::Model> {
    let sql = scene.fill(
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND household >= $h GROUP BY zone",
    );
    let domain = Parameter::new("h", "integer", vec!["1".to_owned(), "2".to_owned()]);
    scene.lab.model(ENGINEER, &sql, &[domain]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))
}

pub(super) fn replayed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let model = household_model(scene).await?;
        let path = format!("/api/v1/models/{}/runs", model.id);
        let key = format!("once-{}", scene.plot.district);
        let mut answers = Vec::new();
        for value in ["1", "1", "2"] {
            let body = json!({ "parameters": { "h": value } }).to_string().into_bytes();
            let sent = Sent {
                body: Some(("application/json".to_owned(), body)),
                headers: vec![("idempotency-key".to_owned(), key.clone())],
                ..Sent::default()
            };
            answers.push(scene.lab.client.send(ENGINEER, "POST", &path, sent).await?);
        }
        if let [first, again, other] = answers.as_slice() {
            found.expect(first.is_ok() && first.text("/id") == again.text("/id"), || {
                "a repeated order is a second run".to_owned()
            });
            found.expect(other.status == 409, || {
                format!("another value under the same key: {}", other.shown())
            });
        }
        Ok(found)
    })
}

pub(super) fn repeated<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let model = household_model(scene).await?;
        for value in ["1", "2"] {
            let run = scene.lab.run(&model, &[("h", value)]).await?;
            found.expect(run.as_ref().is_ok_and(|run| run.state == "done"), || format!("{run:?}"));
        }
        Ok(found)
    })
}

pub(super) fn outside<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let model = household_model(scene).await?;
        let path = format!("/api/v1/models/{}/runs", model.id);
        for parameters in [
            json!({ "h": 7 }),
            json!({ "h": "1 OR 1=1" }),
            json!({ "h": null }),
            json!({ "h": [1] }),
            json!({}),
            json!({ "h": 1, "sql": "SELECT 1" }),
            json!({ "h": 1.5 }),
            json!({ "h": "１" }),
        ] {
            let answer = scene.lab.client.post(ENGINEER, &path, json!({ "parameters": parameters })).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{parameters}: {}", answer.shown()));
        }
        Ok(found)
    })
}

pub(super) fn unreviewed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (lab, client) = (scene.lab, scene.lab.client);
        let sql = scene.fill("SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone");
        let draft = lab.submit(ENGINEER, &sql, &[]).await?.done("model")?.text("/id");
        let order = async |model: &str| {
            client.post(ENGINEER, &format!("/api/v1/models/{model}/runs"), json!({})).await
        };
        let early = order(&draft).await?;
        found.expect(!early.is_ok(), || format!("before review: {}", early.shown()));
        // A review whose facts claim the digest of another text.
        let opened = client
            .post(
                ENGINEER,
                "/api/v1/cases",
                json!({ "procedure": "模型审核", "title": "汇总", "facts": {
                "授权": lab.stage.tenant, "模型": draft, "内容摘要": "0".repeat(64) } }),
            )
            .await?;
        found.told.push(format!("a review with a digest of one's own: {} {}", opened.status, opened.code()));
        let withdrawn = household_model(scene).await?;
        client
            .post(ENGINEER, &format!("/api/v1/models/{}/withdrawal", withdrawn.id), json!({}))
            .await?
            .done("withdrawal")?;
        let late = client
            .post(
                ENGINEER,
                &format!("/api/v1/models/{}/runs", withdrawn.id),
                json!({ "parameters": { "h": 1 } }),
            )
            .await?;
        found.expect(!late.is_ok(), || format!("after withdrawal: {}", late.shown()));
        Ok(found)
    })
}
