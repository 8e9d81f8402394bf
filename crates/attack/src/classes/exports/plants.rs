//! Faults that supervision plants to see who finds them.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Made, file, released, still_inside, vote, waiting};
use crate::attack::{Doing, Found, Scene};
use crate::client::Answer;
use crate::stage::{ENGINEER, MANAGER};

async fn plant(scene: &Scene<'_>, who: &str, made: &Made) -> Result<Answer> {
    let path = format!("/api/v1/exports/{}/plants", made.export);
    scene.lab.client.post(who, &path, json!({ "fault": "small_cell" })).await
}

async fn rows(scene: &Scene<'_>, who: &str, made: &Made) -> Result<Value> {
    let path = format!("/api/v1/exports/{}/candidate", made.export);
    let seen = scene.lab.client.get(who, &path).await?.done("candidate")?;
    Ok(seen.json().pointer("/page/rows").cloned().unwrap_or_default())
}

pub(super) fn planted_released<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for who in [ENGINEER, MANAGER, "bureau.chief", "buyer.bank", "expert.one", "admin"] {
            let answer = plant(scene, who, &made).await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{who} plants a fault"));
        }
        plant(scene, "supervisor.one", &made).await?.done("plant")?;
        // Each approves what is bad, twice, without another look.
        for who in ["supervisor.two", "bureau.chief", "supervisor.two", "bureau.chief"] {
            let answer = vote(scene, who, &made, "approve").await?;
            found.forms += 1;
            found.expect(answer.code() == "export.was_planted", || format!("{who}: {}", answer.shown()));
        }
        for who in [ENGINEER, "bureau.chief", "supervisor.two"] {
            let seen = scene.lab.client.get(who, &format!("/api/v1/exports/{}", made.export)).await?.json();
            let told = seen.pointer("/plant").cloned().unwrap_or_default();
            found.expect(told.is_null(), || format!("{who} is told of the plant: {told}"));
        }
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

/// After the test the real result is seen, voted about and released as it is.
pub(super) fn planted_then_real<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let real = rows(scene, "supervisor.two", &made).await?;
        plant(scene, "supervisor.one", &made).await?.done("plant")?;
        for who in ["supervisor.two", "bureau.chief"] {
            let spoilt = rows(scene, who, &made).await?;
            found.expect(spoilt != real, || format!("{who} sees no fault"));
            let tested = vote(scene, who, &made, "refuse").await?;
            found.expect(tested.code() == "export.was_planted", || tested.shown());
            let seen = rows(scene, who, &made).await?;
            found.expect(seen == real, || format!("{who} still sees the fault"));
            vote(scene, who, &made, "approve").await?.done("the real vote")?;
        }
        released(scene, &made).await?;
        let left = file(scene, ENGINEER, &made.export, "json").await?.json();
        found.expect(left.as_array().map(Vec::len) == real.as_array().map(Vec::len), || left.to_string());
        Ok(found)
    })
}
