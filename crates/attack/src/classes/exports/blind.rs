//! Reviewers who would know before they vote, and votes and runs that are not theirs.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Made, still_inside, vote, waiting};
use crate::attack::{Doing, Found, Scene};
use crate::stage::{ENGINEER, MANAGER, OTHER_MANAGER};
use crate::story::Patience;

/// Everything the journal tells somebody about a case.
async fn journal_of(scene: &Scene<'_>, who: &str, made: &Made) -> Result<Vec<String>> {
    let client = scene.lab.client;
    let mut told = Vec::new();
    for subject in [format!("case/{}", made.case), format!("export/{}", made.export)] {
        let lines =
            client.get(who, &format!("/api/v1/journal?subject={subject}&limit=50")).await?.done("journal")?;
        told.push(String::from_utf8_lossy(&lines.body).into_owned());
        let lines = lines.json();
        for line in lines.pointer("/items").and_then(Value::as_array).into_iter().flatten() {
            let seq = line.pointer("/seq").cloned().unwrap_or_default();
            let opened = client.get(who, &format!("/api/v1/journal/{seq}")).await?;
            told.push(String::from_utf8_lossy(&opened.body).into_owned());
        }
    }
    Ok(told)
}

pub(super) fn journal_tells<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        // What approving and refusing look like from outside must be the same.
        let mut shapes = Vec::new();
        for command in ["approve", "refuse"] {
            let made = waiting(scene).await?;
            vote(scene, "supervisor.two", &made, command).await?.done("vote")?;
            for who in ["bureau.chief", "supervisor.one"] {
                let told = journal_of(scene, who, &made).await?;
                found.forms += 1;
                found.expect(!told.iter().any(|text| text.contains("supervisor.two的意见")), || {
                    format!("the journal tells {who} what supervisor.two wrote")
                });
                let sealed = told.iter().filter(|text| text.contains("\"sealed\":true")).count();
                let clauses: Vec<Value> = told
                    .iter()
                    .filter_map(|text| serde_json::from_str::<Value>(text).ok())
                    .filter_map(|line| line.pointer("/clauses").cloned())
                    .collect();
                shapes.push((who, told.len(), sealed, format!("{clauses:?}")));
            }
        }
        let half = shapes.len() / 2;
        let (approved, refused) = shapes.split_at(half);
        found.expect(approved == refused, || "an approval and a refusal look different".to_owned());
        Ok(found)
    })
}

pub(super) fn journal_after<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
        let told = journal_of(scene, "supervisor.one", &made).await?.concat();
        for who in ["supervisor.two的意见", "bureau.chief的意见"] {
            found.expect(told.contains(who), || format!("the journal does not tell supervision {who}"));
        }
        Ok(found)
    })
}

pub(super) fn taken_back<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        vote(scene, ENGINEER, &made, "withdraw").await?.done("withdraw")?;
        let late = vote(scene, "bureau.chief", &made, "approve").await?;
        found.expect(!late.is_ok(), || "a case that was taken back takes votes".to_owned());
        let asked = scene.lab.ask_export(ENGINEER, &made.run).await?.done("asked anew")?;
        let anew = Made { run: made.run.clone(), export: asked.text("/id"), case: asked.text("/case") };
        found.expect(anew.export != made.export, || "the request that was taken back goes on".to_owned());
        vote(scene, "bureau.chief", &anew, "approve").await?.done("vote")?;
        still_inside(scene, &anew, &mut found).await?;
        Ok(found)
    })
}

pub(super) fn reruns_of_others<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let path = format!("/api/v1/exports/{}/reruns", made.export);
        for who in [ENGINEER, MANAGER, OTHER_MANAGER, "buyer.bank", "civil.officer", "expert.one", "admin"] {
            let answer = scene.lab.client.post(who, &path, json!({})).await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{who} orders the reviewers' run"));
        }
        rerun(scene, &made).await?;
        for who in [ENGINEER, MANAGER] {
            let seen = scene.lab.client.get(who, &format!("/api/v1/exports/{}", made.export)).await?.json();
            found.forms += 1;
            let told = ["/again", "/risk"].iter().filter_map(|pointer| seen.pointer(pointer));
            let told: Vec<&Value> = told.filter(|value| !value.is_null()).collect();
            found.expect(told.is_empty(), || format!("{who} sees {told:?}"));
        }
        Ok(found)
    })
}

/// Orders the run of a candidate again and waits; answers how it ended.
async fn rerun(scene: &Scene<'_>, made: &Made) -> Result<String> {
    let client = scene.lab.client;
    client
        .post("bureau.chief", &format!("/api/v1/exports/{}/reruns", made.export), json!({}))
        .await?
        .done("rerun")?;
    let mut patience = Patience::default();
    loop {
        let seen =
            client.get("bureau.chief", &format!("/api/v1/exports/{}", made.export)).await?.done("export")?;
        let ended = seen.text("/again/outcome/outcome");
        if !ended.is_empty() {
            return Ok(ended);
        }
        patience.wait(client).await?;
    }
}

pub(super) fn reviewer_reruns<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let ended = rerun(scene, &made).await?;
        found.expect(ended == "same", || format!("the run ended as {ended:?}"));
        Ok(found)
    })
}
