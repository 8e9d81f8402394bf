//! Things of the attacked operator that others might want: made once, by a legitimate order, and named in probes.

use anyhow::{Context as _, Result};

use crate::attack::{Found, Probe, Scene};
use crate::client::{Answer, Sent};
use crate::lab::Lab;
use crate::stage::ENGINEER;

/// Ids of what there is.
#[derive(Debug, Clone)]
pub(crate) struct Estate {
    names: Vec<(&'static str, String)>,
}

impl Estate {
    async fn new(lab: &Lab<'_>) -> Result<Self> {
        let table = &lab.stage.tables.register;
        let sql = format!("SELECT zone, count(*) AS n FROM {table} AS t GROUP BY zone");
        let model =
            lab.model(ENGINEER, &sql, &[]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))?;
        let run = lab.run(&model, &[]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))?;
        let export = lab.release(ENGINEER, &run.id).await?.context("the estate's export was not released")?;
        let case = lab.client.get(ENGINEER, &format!("/api/v1/exports/{export}")).await?.text("/case/id");
        let resource = lab.stage.resources.first().map(|(_, id)| id.clone()).unwrap_or_default();
        let holding =
            lab.client.get("civil.officer", &format!("/api/v1/resources/{resource}")).await?.text("/holding");
        Ok(Self {
            names: vec![
                ("{tenant}", lab.stage.tenant.clone()),
                ("{other}", lab.stage.other.clone().unwrap_or_default()),
                ("{model}", model.id),
                ("{run}", run.id),
                ("{export}", export),
                ("{case}", case),
                ("{resource}", resource),
                ("{holding}", holding),
                ("{table}", table.clone()),
            ],
        })
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

async fn send(probe: Probe, scene: &Scene<'_>) -> Result<(String, Answer)> {
    let lab = scene.lab;
    let estate = lab.estate.get_or_try_init(|| Estate::new(lab)).await?;
    let call = estate.fill(probe.call);
    let (method, path) = call.split_once(' ').context("method and path")?;
    let body = (!probe.body.is_empty())
        .then(|| ("application/json".to_owned(), estate.fill(probe.body).into_bytes()));
    let sent = Sent { body, ..Sent::default() };
    let answer = match probe.who {
        "" => lab.client.raw(method, path, sent).await?,
        who => lab.client.send(who, method, path, sent).await?,
    };
    Ok((call, answer))
}

/// Every call must be refused, and by a refusal, not by a fault. A list may answer, if nothing of the estate is in it.
pub(crate) async fn denied(probes: &[Probe], scene: &Scene<'_>) -> Result<Found> {
    let mut found = Found { forms: probes.len(), ..Found::default() };
    for probe in probes {
        let (call, answer) = send(*probe, scene).await?;
        let empty = answer.is_ok()
            && answer.json().pointer("/items").and_then(|items| items.as_array()).is_some_and(Vec::is_empty);
        found.told.push(format!("{} {}", answer.status, answer.code()));
        found.expect((400..500).contains(&answer.status) || empty, || {
            format!("{} {call}: {}", probe.who, answer.shown())
        });
    }
    Ok(found)
}

/// Every call must succeed.
pub(crate) async fn allowed(probes: &[Probe], scene: &Scene<'_>) -> Result<Found> {
    let mut found = Found { forms: probes.len(), ..Found::default() };
    for probe in probes {
        let (call, answer) = send(*probe, scene).await?;
        found.expect(answer.is_ok(), || format!("{} {call}: {}", probe.who, answer.shown()));
    }
    Ok(found)
}
