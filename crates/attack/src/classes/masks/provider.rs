//! A provider in league with the operator.

use anyhow::Result;
use serde_json::{Value, json};

use crate::attack::{Doing, Found, Scene};

/// A small resource of a provider, with one decision about its telephone column.
async fn classified(
    scene: &Scene<'_>,
    code: &str,
    decision: Value,
) -> Result<(String, crate::client::Answer)> {
    let client = scene.lab.client;
    let who = "civil.officer";
    let made = client
        .post(who, "/api/v1/resources", json!({
            "code": format!("{code}_{}", scene.population.mark), "name_zh": "虚构电话", "update_frequency": "never",
            "openness": "conditional", "entity": { "kind": "person", "columns": ["phone"], "protected": true },
        }))
        .await?
        .done(code)?;
    let id = made.text("/id");
    let mut csv = String::from("phone,zone\n");
    for person in scene.plot.people.iter().take(100) {
        csv.push_str(&format!("{},{}\n", person.phone, person.zone));
    }
    crate::delivery::upload(client, who, &id, csv).await?;
    let zone = json!({ "column": "zone", "kind": "general", "level": 1, "label": "public", "mask": { "method": "keep" } });
    let path = format!("/api/v1/resources/{id}/classification");
    let answer = client.post(who, &path, json!({ "columns": [decision, zone] })).await?;
    Ok((id, answer))
}

fn decision(label: &str, mask: Value, note: &str) -> Value {
    json!({ "column": "phone", "kind": "mobile", "level": 3, "label": label, "mask": mask, "note": note })
}

pub(super) fn weak_profile<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (_, kept) =
            classified(scene, "kept", decision("identifier", json!({ "method": "keep" }), "")).await?;
        let (_, moved) = classified(
            scene,
            "moved",
            decision("identifier", json!({ "method": "shift_date", "days_max": 1 }), ""),
        )
        .await?;
        for answer in [kept, moved] {
            found.told.push(format!("{} {}", answer.status, answer.code()));
            found.expect(!answer.is_ok(), || {
                format!("an identifier under a mask that hides nothing was accepted: {}", answer.shown())
            });
        }
        Ok(found)
    })
}

pub(super) fn lowered<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let harmless = json!({ "column": "phone", "kind": "general", "level": 1, "label": "public", "mask": { "method": "keep" } });
        let (_, answer) = classified(scene, "lowered", harmless).await?;
        found.told.push(format!("{} {}", answer.status, answer.code()));
        found.expect(!answer.is_ok(), || "a telephone was called harmless without a reason".to_owned());
        Ok(found)
    })
}

pub(super) fn strong_profile<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let code = format!("strong{}", scene.plot.district.to_lowercase());
        let (_, answer) = classified(
            scene,
            &code,
            decision("identifier", json!({ "method": "format", "kind": "mobile" }), ""),
        )
        .await?;
        found.expect(answer.is_ok(), || answer.shown());
        Ok(found)
    })
}
