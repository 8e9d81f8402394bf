//! What is in a file, and who fetches it.

use anyhow::Result;

use super::{file, holds, let_go, waiting};
use crate::attack::{Doing, Found, Scene};
use crate::client::Sent;
use crate::stage::{ENGINEER, OTHER_MANAGER};

/// Cells of a released CSV that a spreadsheet would compute.
async fn formulas(scene: &Scene<'_>, key: &str) -> Result<Found> {
    let mut found = Found { forms: 1, ..Found::default() };
    let sql = scene.fill(&format!(
        "SELECT {key} AS k, zone, count(*) AS n FROM {{p}} AS t WHERE district = {{D}} GROUP BY 1, 2"
    ));
    let outcome = scene.lab.order(&sql, &[], &[]).await?;
    found.told.push(outcome.told());
    let Some(file) = outcome.released() else { return Ok(found) };
    for cell in file.rows.iter().flatten().chain(&file.columns) {
        let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
        found.expect(!begins || cell.parse::<f64>().is_ok(), || {
            format!("a spreadsheet would compute {cell:?}")
        });
    }
    found.violations.truncate(2);
    Ok(found)
}

pub(super) fn formula_equals<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(formulas(scene, "concat('=HYPERLINK(\"http://x.example/\",\"', zone, '\")')"))
}

pub(super) fn formula_signs<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = formulas(scene, "concat('+1+cmd|x!', zone)").await?;
        let more = formulas(scene, "concat('-1-cmd|x!', zone)").await?;
        found.violations.extend(more.violations);
        found.forms += 1;
        Ok(found)
    })
}

pub(super) fn formula_at<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for key in ["concat('@SUM(A1)', zone)", "concat('\t=1+1', zone)", "concat('＝1+1', zone)"] {
            let more = formulas(scene, key).await?;
            found.violations.extend(more.violations);
            found.told.extend(more.told);
            found.forms += 1;
        }
        Ok(found)
    })
}

pub(super) fn formula_header<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT zone, count(*) AS \"=1+cmd|'/C calc'!A0\" FROM {p} AS t WHERE district = {D} GROUP BY zone");
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        found.told.push(outcome.told());
        if let Some(file) = outcome.released() {
            let bad = file.columns.iter().find(|name| name.starts_with(['=', '+', '-', '@']));
            found.expect(bad.is_none(), || format!("a column is called {bad:?}"));
        }
        Ok(found)
    })
}

pub(super) fn broken_lines<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT concat('a\",\"b\r\n=1,', zone) AS k, zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2");
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        found.told.push(outcome.told());
        if let Some(file) = outcome.released() {
            found.expect(file.rows.len() == 4 && file.rows.iter().all(|row| row.len() == 3), || {
                format!("the file fell apart into {} row(s)", file.rows.len())
            });
        }
        Ok(found)
    })
}

pub(super) fn ordinary_text<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql = scene.fill("SELECT concat('第', zone, '片') AS k, zone, 0 - sum(income) AS minus FROM {p} AS t WHERE district = {D} GROUP BY 1, 2 ORDER BY 2");
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        let Some(file) = outcome.released() else {
            found.violations.push(outcome.told());
            return Ok(found);
        };
        found.expect(
            file.rows
                .first()
                .and_then(|row| row.first())
                .is_some_and(|cell| cell.starts_with("第D") && cell.ends_with("Z1片")),
            || format!("{:?}", file.rows),
        );
        found.expect(
            file.rows.len() == 4
                && file.rows.iter().all(|row| {
                    row.last().and_then(|cell| cell.parse::<f64>().ok()).is_some_and(|sum| sum < 0.0)
                }),
            || "negative numbers are no numbers any more".to_owned(),
        );
        Ok(found)
    })
}

pub(super) fn suppressed_names<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql =
            scene.fill("SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY village");
        let Ok(model) = scene.lab.model(ENGINEER, &sql, &[]).await? else { return Ok(found) };
        let Ok(run) = scene.lab.run(&model, &[]).await? else { return Ok(found) };
        let Some(export) = scene.lab.release(ENGINEER, &run.id).await? else { return Ok(found) };
        for format in ["csv", "parquet"] {
            let bytes = file(scene, ENGINEER, &export, format).await?.body;
            for person in scene.plot.targets() {
                found
                    .expect(!holds(&bytes, &person.village), || format!("{format} names {}", person.village));
            }
            found.forms += 1;
        }
        found.violations.truncate(2);
        Ok(found)
    })
}

pub(super) fn own_columns<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        for format in ["csv", "parquet"] {
            let bytes = file(scene, ENGINEER, &made.export, format).await?.body;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for word in
                ["__entities", "__dominance", "__key", "/root", "/tmp", &scene.lab.stage.tables.persons]
            {
                found.expect(!text.contains(word), || format!("{format} says {word}"));
            }
            found.forms += 1;
        }
        Ok(found)
    })
}

pub(super) fn foreign_download<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        for who in [
            OTHER_MANAGER,
            "buyer.bank",
            "citizen.wang",
            "civil.officer",
            "supervisor.one",
            "bureau.officer",
            "expert.one",
            "admin",
        ] {
            let answer = file(scene, who, &made.export, "csv").await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{who} may fetch the file"));
        }
        let open = scene
            .lab
            .client
            .raw("GET", &format!("/api/v1/exports/{}/files/csv", made.export), Sent::default())
            .await?;
        found.expect(!open.is_ok(), || "anybody may fetch the file".to_owned());
        Ok(found)
    })
}

pub(super) fn odd_formats<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for format in [
            "exe",
            "CSV",
            "csv/../parquet",
            "..%2f..%2fkeys%2froot.key",
            "%2e%2e%2fcsv",
            "pickle",
            "csv%00",
            "json?x=/etc/passwd",
        ] {
            let answer = file(scene, ENGINEER, &made.export, format).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{format}: {}", answer.shown()));
        }
        Ok(found)
    })
}
