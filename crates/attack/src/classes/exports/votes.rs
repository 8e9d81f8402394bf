//! Who votes, how often, about what.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Made, released, still_inside, vote, waiting};
use crate::attack::{Doing, Found, Scene};
use crate::stage::{ENGINEER, MANAGER, OTHER_MANAGER};

pub(super) fn before_votes<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

pub(super) fn after_one_vote<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

/// Votes of people who may not; none may count.
async fn votes_of(scene: &Scene<'_>, people: &[&str], found: &mut Found) -> Result<()> {
    let made = waiting(scene).await?;
    for who in people {
        let answer = vote(scene, who, &made, "approve").await?;
        found.told.push(format!("{who}: {}", answer.status));
        found.expect(!answer.is_ok(), || format!("{who} may vote: {}", answer.shown()));
    }
    still_inside(scene, &made, found).await
}

pub(super) fn own_vote<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        votes_of(scene, &[ENGINEER, MANAGER, crate::stage::SECOND], &mut found).await?;
        Ok(found)
    })
}

pub(super) fn foreign_votes<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        votes_of(
            scene,
            &["expert.one", "buyer.bank", "citizen.wang", "civil.officer", "admin", OTHER_MANAGER],
            &mut found,
        )
        .await?;
        Ok(found)
    })
}

pub(super) fn twice<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        let again = vote(scene, "supervisor.two", &made, "approve").await?;
        found.expect(!again.is_ok(), || "the second vote of one person counts".to_owned());
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

pub(super) fn two_cases<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let opened = scene
            .lab
            .client
            .post(ENGINEER, "/api/v1/cases", json!({
                "procedure": "出域审核", "title": "另一件", "facts": { "授权": scene.lab.stage.tenant, "出域": made.export },
            }))
            .await?;
        found.told.push(format!("a second case: {} {}", opened.status, opened.code()));
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        found.expect(opened.code() == "export.waiting", || format!("a second case: {}", opened.shown()));
        if opened.is_ok() {
            let second =
                Made { case: opened.text("/id"), run: made.run.clone(), export: made.export.clone() };
            vote(scene, "bureau.chief", &second, "approve").await?;
        }
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

pub(super) fn blind<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "refuse").await?.done("vote")?;
        for who in ["bureau.chief", "supervisor.one", ENGINEER] {
            for path in [
                format!("/api/v1/cases/{}", made.case),
                format!("/api/v1/exports/{}", made.export),
                format!("/api/v1/cases/{}/papers", made.case),
            ] {
                let answer = scene.lab.client.get(who, &path).await?;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                found.forms += 1;
                found.expect(!text.contains("supervisor.two的意见"), || {
                    format!("{path} tells {who} what the first vote says")
                });
            }
        }
        Ok(found)
    })
}

pub(super) fn refused<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "refuse").await?.done("vote")?;
        let second = vote(scene, "bureau.chief", &made, "refuse").await?;
        found.told.push(format!("second vote: {}", second.status));
        let late = vote(scene, "supervisor.one", &made, "approve").await?;
        found.told.push(format!("a late vote: {}", late.status));
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

pub(super) fn replaced<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let seen = scene
            .lab
            .client
            .get("supervisor.two", &format!("/api/v1/exports/{}/candidate", made.export))
            .await?
            .done("candidate")?;
        let before = scene
            .lab
            .client
            .get(ENGINEER, &format!("/api/v1/exports/{}", made.export))
            .await?
            .text("/frozen/digest");
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        // Other runs of other texts come and go meanwhile.
        let other = waiting(scene).await?;
        found.expect(other.export != made.export, || "another run's export is the same export".to_owned());
        vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
        released(scene, &made).await?;
        let after = scene
            .lab
            .client
            .get(ENGINEER, &format!("/api/v1/exports/{}", made.export))
            .await?
            .text("/frozen/digest");
        found.expect(!before.is_empty() && before == after, || "the frozen result changed".to_owned());
        let file = scene.lab.file(ENGINEER, &made.export).await?;
        let rows = seen.json().pointer("/page/rows").and_then(Value::as_array).map(Vec::len);
        found.expect(rows == Some(file.rows.len()), || {
            format!("{rows:?} rows were reviewed, {} left", file.rows.len())
        });
        Ok(found)
    })
}

pub(super) fn odd_runs<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for (who, run) in [
            (ENGINEER, "00000000-0000-7000-8000-000000000000"),
            (ENGINEER, "' OR 1=1 --"),
            (ENGINEER, scene.lab.stage.tenant.as_str()),
            (OTHER_MANAGER, made.run.as_str()),
            ("buyer.bank", made.run.as_str()),
            ("bureau.chief", made.run.as_str()),
        ] {
            let answer = scene.lab.ask_export(who, &run.replace(' ', "%20")).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{who} {run}: {}", answer.shown()));
        }
        Ok(found)
    })
}

pub(super) fn asked_again<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        let path = format!("/api/v1/runs/{}/exports", made.run);
        let again = scene.lab.client.post(MANAGER, &path, json!({ "purpose": "另一目的" })).await?;
        found.told.push(format!("{} {}", again.status, again.code()));
        found.expect(again.code() == "export.waiting", || format!("a second request: {}", again.shown()));
        still_inside(scene, &made, &mut found).await.context("state")?;
        Ok(found)
    })
}
