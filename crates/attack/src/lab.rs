//! What an operator's engineer can do, step by step: write a model, have it reviewed, order it, ask for an export, fetch
//! the file. The human reviewers approve whatever they are shown: what holds must hold by itself.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use tokio::sync::OnceCell;

use crate::client::{Answer, Client};
use crate::estate::Estate;
use crate::stage::{ENGINEER, Stage, act};
use crate::story::Patience;

/// A declared parameter with its domain.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) values: Vec<String>,
    /// `text`, `date` or `integer`.
    pub(crate) data_type: &'static str,
}

impl Parameter {
    pub(crate) fn new(name: &'static str, data_type: &'static str, values: Vec<String>) -> Self {
        Self { name, values, data_type }
    }

    fn json(&self) -> Value {
        let value = |text: &String| match self.data_type {
            "integer" => json!({ "integer": text.parse::<i64>().unwrap_or_default() }),
            kind => json!({ kind: text }),
        };
        json!({ "name": self.name, "data_type": self.data_type,
                "domain": { "values": self.values.iter().map(value).collect::<Vec<_>>() } })
    }
}

/// A model that passed the guard and its review.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) who: String,
}

/// What the engineer sees of a run that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) state: String,
    /// Rows of the result, where the answer tells.
    pub(crate) rows: Option<u64>,
    pub(crate) error: String,
    /// From the order until it was seen to have ended.
    pub(crate) micros: u128,
}

/// A file that left the domain.
#[derive(Debug, Clone, Default)]
pub(crate) struct Released {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) text: String,
}

impl Released {
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let columns = reader.headers().map(|all| all.iter().map(str::to_owned).collect()).unwrap_or_default();
        let rows = reader.records().flatten().map(|row| row.iter().map(str::to_owned).collect()).collect();
        Self { columns, rows, text: text.to_owned() }
    }

    pub(crate) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// The value of a column in the first row whose key column has this value.
    pub(crate) fn number(&self, key: &str, is: &str, column: &str) -> Option<f64> {
        let (key, column) = (self.place(key)?, self.place(column)?);
        let row = self.rows.iter().find(|row| row.get(key).is_some_and(|value| value == is))?;
        row.get(column)?.parse().ok()
    }

    /// The value of a column in the only row.
    pub(crate) fn only(&self, column: &str) -> Option<f64> {
        let place = self.place(column)?;
        match self.rows.as_slice() {
            [row] => row.get(place)?.parse().ok(),
            _ => None,
        }
    }
}

/// Client and stage together.
pub(crate) struct Lab<'a> {
    pub(crate) client: &'a Client,
    pub(crate) stage: &'a Stage,
    pub(crate) estate: OnceCell<Estate>,
}

impl<'a> Lab<'a> {
    pub(crate) fn new(client: &'a Client, stage: &'a Stage) -> Self {
        Self { client, stage, estate: OnceCell::new() }
    }
}

impl Lab<'_> {
    /// What a query is about.
    fn entity(&self, sql: &str) -> &'static str {
        let tables = &self.stage.tables;
        let reads = |table: &String| sql.contains(table.as_str());
        if [&tables.persons, &tables.visits, &tables.register].into_iter().any(reads) {
            return "person";
        }
        if reads(&tables.enterprises) { "enterprise" } else { "village" }
    }

    /// Submits a text; the guard judges it at once.
    pub(crate) async fn submit(&self, who: &str, sql: &str, parameters: &[Parameter]) -> Result<Answer> {
        let path = format!("/api/v1/tenants/{}/models", self.stage.tenant);
        let body = json!({
            "name": "汇总", "sql": sql, "entity": self.entity(sql), "reversibility": "只输出汇总。",
            "parameters": parameters.iter().map(Parameter::json).collect::<Vec<_>>(),
        });
        self.client.post(who, &path, body).await
    }

    /// Has a model reviewed and approved.
    pub(crate) async fn approve(&self, who: &str, model: &str) -> Result<()> {
        let opened = self
            .client
            .post(
                who,
                "/api/v1/cases",
                json!({
                    "procedure": "模型审核", "title": "汇总模型",
                    "facts": { "授权": self.stage.tenant, "模型": model },
                }),
            )
            .await?
            .done("model review")?;
        let body = json!({ "command": "approve", "opinion": "只有汇总输出。", "facts": { "可还原原始数据": false } });
        act(self.client, "supervisor.one", &opened.text("/id"), body).await
    }

    /// An approved model, or the guard's refusal.
    pub(crate) async fn model(
        &self,
        who: &str,
        sql: &str,
        parameters: &[Parameter],
    ) -> Result<Result<Model, Answer>> {
        let made = self.submit(who, sql, parameters).await?;
        if !made.is_ok() {
            return Ok(Err(made));
        }
        let id = made.text("/id");
        self.approve(who, &id).await?;
        Ok(Ok(Model { id, who: who.to_owned() }))
    }

    /// Orders a run and waits until it has ended.
    pub(crate) async fn run(&self, model: &Model, values: &[(&str, &str)]) -> Result<Result<Run, Answer>> {
        let parameters: BTreeMap<&str, &str> = values.iter().copied().collect();
        let begun = Instant::now();
        let path = format!("/api/v1/models/{}/runs", model.id);
        let ordered = self.client.post(&model.who, &path, json!({ "parameters": parameters })).await?;
        if !ordered.is_ok() {
            return Ok(Err(ordered));
        }
        let ended = self.ended(&ordered.text("/id"), &model.who).await?;
        Ok(Ok(Run { micros: begun.elapsed().as_micros(), ..ended }))
    }

    /// Waits until a run has ended.
    pub(crate) async fn ended(&self, id: &str, who: &str) -> Result<Run> {
        let begun = Instant::now();
        let path = format!("/api/v1/runs/{id}");
        let mut patience = Patience::default();
        loop {
            let seen = self.client.get(who, &path).await?.done("run")?;
            let state = seen.text("/state");
            if matches!(state.as_str(), "done" | "failed") {
                let json = seen.json();
                return Ok(Run {
                    id: id.to_owned(),
                    state,
                    rows: json.pointer("/result/rows").and_then(Value::as_u64),
                    error: seen.text("/error/code"),
                    micros: begun.elapsed().as_micros(),
                });
            }
            patience.wait(self.client).await?;
        }
    }

    /// Asks for an export of a run.
    pub(crate) async fn ask_export(&self, who: &str, run: &str) -> Result<Answer> {
        let path = format!("/api/v1/runs/{run}/exports");
        self.client.post(who, &path, json!({ "purpose": "汇总结果" })).await
    }

    /// Takes a run's result through the airlock: both reviewers agree. `None` where the platform stopped it, or held it back
    /// when it was to leave.
    pub(crate) async fn release(&self, who: &str, run: &str) -> Result<Option<String>> {
        let asked = self.ask_export(who, run).await?;
        if !asked.is_ok() {
            return Ok(None);
        }
        let (export, case) = (asked.text("/id"), asked.text("/case"));
        for reviewer in ["supervisor.two", "bureau.chief"] {
            let vote = json!({ "command": "approve", "opinion": "同意出域。" });
            let path = format!("/api/v1/cases/{case}/commands");
            if !self.client.post(reviewer, &path, vote).await?.is_ok() {
                return Ok(None);
            }
        }
        let path = format!("/api/v1/exports/{export}");
        let mut patience = Patience::default();
        loop {
            match self.client.get(who, &path).await?.done("export")?.text("/state").as_str() {
                "released" => return Ok(Some(export)),
                "refused" => return Ok(None),
                _ => patience.wait(self.client).await?,
            }
        }
    }

    /// The released file.
    pub(crate) async fn file(&self, who: &str, export: &str) -> Result<Released> {
        let path = format!("/api/v1/exports/{export}/files/csv");
        let answer = self.client.get(who, &path).await?.done("file")?;
        Ok(Released::read(&String::from_utf8_lossy(&answer.body)))
    }

    /// Everything from the text to the file.
    pub(crate) async fn order(
        &self,
        sql: &str,
        parameters: &[Parameter],
        values: &[(&str, &str)],
    ) -> Result<Outcome> {
        match self.model(ENGINEER, sql, parameters).await? {
            Err(refused) => Ok(Outcome::Refused(refused.code())),
            Ok(model) => self.order_of(&model, values).await,
        }
    }

    /// Everything from an approved model to the file.
    pub(crate) async fn order_of(&self, model: &Model, values: &[(&str, &str)]) -> Result<Outcome> {
        let run = match self.run(model, values).await? {
            Err(refused) => return Ok(Outcome::Refused(refused.code())),
            Ok(run) if run.state != "done" => return Ok(Outcome::Failed(run)),
            Ok(run) => run,
        };
        match self.release(&model.who, &run.id).await? {
            Some(export) => Ok(Outcome::Released(run, self.file(&model.who, &export).await?)),
            None => Ok(Outcome::Kept(run)),
        }
    }

    /// A query on the masked twins.
    pub(crate) async fn twin(&self, who: &str, sql: &str) -> Result<Answer> {
        let path = format!("/api/v1/tenants/{}/queries", self.stage.tenant);
        self.client.post(who, &path, json!({ "sql": sql })).await
    }

    /// Rows of a query on the masked twins.
    pub(crate) async fn twin_rows(&self, sql: &str) -> Result<Vec<Vec<Value>>> {
        let answer = self.twin(ENGINEER, sql).await?.done(sql)?;
        serde_json::from_value(answer.json().pointer("/rows").cloned().unwrap_or_default()).context("rows")
    }
}

/// How far an order came.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// Refused before anything ran, with this code.
    Refused(String),
    /// It ran and failed.
    Failed(Run),
    /// It ran; the result may not leave.
    Kept(Run),
    /// It left.
    Released(Run, Released),
}

impl Outcome {
    pub(crate) const fn released(&self) -> Option<&Released> {
        match self {
            Self::Released(_, file) => Some(file),
            _ => None,
        }
    }

    /// In a few words, for findings.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Refused(code) => format!("refused: {code}"),
            Self::Failed(run) => format!("failed: {}", run.error),
            Self::Kept(_) => "kept inside".to_owned(),
            Self::Released(_, file) => format!("released {} row(s)", file.rows.len()),
        }
    }
}
