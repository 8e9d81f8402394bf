//! Every form in which a released result can be fetched.

use anyhow::Result;
use serde_json::{Value, json};

use super::{file, holds, let_go, vote, waiting};
use crate::attack::{Doing, Found, Scene};
use crate::lab::Released;
use crate::stage::{ENGINEER, OTHER_MANAGER};

/// All forms with the bytes they begin with.
const FORMS: [(&str, &[u8]); 5] =
    [("csv", b"zone"), ("json", b"[{"), ("parquet", b"PAR1"), ("pdf", b"%PDF-"), ("png", b"\x89PNG")];

pub(super) fn suppressed_in_forms<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql =
            scene.fill("SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY village");
        let Ok(model) = scene.lab.model(ENGINEER, &sql, &[]).await? else { return Ok(found) };
        let Ok(run) = scene.lab.run(&model, &[]).await? else { return Ok(found) };
        let Some(export) = scene.lab.release(ENGINEER, &run.id).await? else { return Ok(found) };
        for format in ["json", "pdf", "png"] {
            let answer = file(scene, ENGINEER, &export, format).await?;
            found.forms += 1;
            for person in scene.plot.targets() {
                found.expect(!holds(&answer.body, &person.village), || {
                    format!("{format} names {}", person.village)
                });
            }
        }
        found.violations.truncate(2);
        Ok(found)
    })
}

pub(super) fn run_in_forms<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        let shown = scene.lab.client.get(ENGINEER, &format!("/api/v1/runs/{}", made.run)).await?;
        let by = shown.text("/ordered_by");
        let stage = scene.lab.stage;
        let secrets = [
            made.run.as_str(),
            made.export.as_str(),
            made.case.as_str(),
            stage.tenant.as_str(),
            stage.tables.persons.as_str(),
            by.as_str(),
            "/root",
            "/tmp",
            "__entities",
            "ARROW:schema",
        ];
        for (format, _) in FORMS {
            let bytes = file(scene, ENGINEER, &made.export, format).await?.body;
            found.forms += 1;
            for secret in secrets {
                found.expect(!holds(&bytes, secret), || format!("{format} says {secret}"));
            }
        }
        let png = file(scene, ENGINEER, &made.export, "png").await?.body;
        for chunk in ["tEXt", "iTXt", "zTXt", "eXIf", "tIME"] {
            found.expect(!holds(&png, chunk), || format!("the picture has a chunk {chunk}"));
        }
        Ok(found)
    })
}

pub(super) fn no_such_form<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        let names =
            ["onnx", "pkl", "joblib", "html", "svg", "xlsx", "xml", "zip", "arrow", "sql", "Csv", "json%20"];
        for format in names {
            let answer = file(scene, ENGINEER, &made.export, format).await?;
            found.forms += 1;
            found
                .expect(matches!(answer.status, 400 | 404 | 422), || format!("{format}: {}", answer.shown()));
        }
        let other = waiting_run(scene).await?;
        for format in ["onnx", "pkl", "../csv", ""] {
            let body = json!({ "purpose": "模型", "format": format });
            let path = format!("/api/v1/runs/{other}/exports");
            let answer = scene.lab.client.post(ENGINEER, &path, body).await?;
            found.forms += 1;
            found.expect(answer.status == 400, || format!("asked as {format:?}: {}", answer.shown()));
        }
        Ok(found)
    })
}

/// A run whose export nobody has asked for.
async fn waiting_run(scene: &Scene<'_>) -> Result<String> {
    let sql = scene.fill(super::BY_ZONE);
    let model =
        scene.lab.model(ENGINEER, &sql, &[]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))?;
    let run = scene.lab.run(&model, &[]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))?;
    Ok(run.id)
}

pub(super) fn early_forms<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for voted in [false, true] {
            if voted {
                vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
            }
            for (format, _) in FORMS {
                let answer = file(scene, ENGINEER, &made.export, format).await?;
                found.forms += 1;
                found.expect(answer.status == 409, || format!("{format}: {}", answer.shown()));
            }
        }
        Ok(found)
    })
}

pub(super) fn forms_of_others<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        for who in [OTHER_MANAGER, "buyer.bank", "civil.officer", "bureau.chief", "supervisor.two", "admin"] {
            for (format, _) in FORMS {
                let answer = file(scene, who, &made.export, format).await?;
                found.forms += 1;
                found.expect(!answer.is_ok(), || format!("{who} may fetch {format}"));
            }
        }
        Ok(found)
    })
}

/// The same text, or the same number but for the last digit that reading a double may lose.
fn is_same(a: &str, b: &str) -> bool {
    let numbers = || Some((a.parse::<f64>().ok()?, b.parse::<f64>().ok()?));
    a == b || numbers().is_some_and(|(a, b)| (a - b).abs() <= 1e-12 * a.abs().max(b.abs()))
}

/// Each form is there and says the same cells.
pub(super) fn all_forms<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        for (format, begins) in FORMS {
            let answer = file(scene, ENGINEER, &made.export, format).await?;
            found.expect(answer.is_ok() && answer.body.starts_with(begins), || {
                format!("{format}: {}", answer.shown())
            });
        }
        let csv = file(scene, ENGINEER, &made.export, "csv").await?;
        let csv = Released::read(&String::from_utf8_lossy(&csv.body));
        let json = file(scene, ENGINEER, &made.export, "json").await?.json();
        for (at, row) in csv.rows.iter().enumerate() {
            for (name, cell) in csv.columns.iter().zip(row) {
                let told = json.pointer(&format!("/{at}/{name}"));
                let told = told.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                found.expect(told.as_deref().is_some_and(|told| is_same(told, cell)), || {
                    format!("{name}: {cell} and {told:?}")
                });
            }
        }
        found.expect(json.as_array().map(Vec::len) == Some(csv.rows.len()), || Value::to_string(&json));
        Ok(found)
    })
}
