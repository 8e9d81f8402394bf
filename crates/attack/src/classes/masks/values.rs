//! Raw values, other zones, other authorisations, errors.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use crate::attack::{Doing, Found, Scene};
use crate::stage::{ENGINEER, OTHER_ENGINEER};

use super::register::{registered, rows};

pub(super) fn raw_values<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let numbers: BTreeSet<&str> = scene
            .population
            .people(0..scene.population.plots.len())
            .flat_map(|(_, person)| [person.id_number.as_str(), person.phone.as_str()])
            .collect();
        for table in [&scene.lab.stage.tables.persons, &scene.lab.stage.tables.register] {
            let shown = rows(scene, table).await?;
            let raw = shown.iter().filter(|row| numbers.contains(row.id_number.as_str())).count();
            // A masked telephone may be somebody else's by chance; many are a mask that does nothing.
            let phones = shown.iter().filter(|row| numbers.contains(row.phone.as_str())).count();
            // A masked number keeps its form, so a few are somebody else's by chance.
            found.expect(raw * 500 <= shown.len(), || format!("{table}: {raw} raw identity number(s)"));
            found.expect(phones * 20 <= shown.len(), || {
                format!("{table}: {phones} raw telephone(s) of {}", shown.len())
            });
            found.expect(shown.iter().all(|row| row.name.chars().count() < 30), || {
                "names of no shape".to_owned()
            });
        }
        Ok(found)
    })
}

pub(super) fn two_operators<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let Some(other) = &scene.lab.stage.other else { return Ok(found) };
        let sql = format!("SELECT id_number, phone FROM {}", scene.lab.stage.tables.persons);
        let stage = scene.lab.stage.of(other);
        let there = crate::lab::Lab::new(scene.lab.client, &stage);
        let read = |answer: crate::client::Answer| -> Result<BTreeSet<String>> {
            let rows: Vec<Vec<Value>> =
                serde_json::from_value(answer.json().pointer("/rows").cloned().unwrap_or_default())?;
            Ok(rows.iter().filter_map(|row| row.first()?.as_str().map(str::to_owned)).collect())
        };
        let ours = read(scene.lab.twin(ENGINEER, &sql).await?.done("twin")?)?;
        let theirs = read(there.twin(OTHER_ENGINEER, &sql).await?.done("twin")?)?;
        let shared = ours.intersection(&theirs).count();
        // Some of the same form fall together by chance.
        found.expect(shared * 20 < ours.len().max(20), || {
            format!("{shared} of {} masked numbers are equal", ours.len())
        });
        found.told.push(format!("{shared} of {} equal", ours.len()));
        Ok(found)
    })
}

pub(super) fn errors<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let table = &scene.lab.stage.tables.register;
        for sql in [
            format!("SELECT CAST(name AS BIGINT) FROM {table}"),
            format!("SELECT CAST(note AS DATE) FROM {table}"),
            format!("SELECT 1 / (household - household) FROM {table}"),
            format!("SELECT * FROM {table} WHERE name = 5"),
            format!("SELECT nothing FROM {table}"),
        ] {
            let answer = scene.lab.twin(ENGINEER, &sql).await?;
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            found.forms += 1;
            found.told.push(format!("{} {}", answer.status, answer.code()));
            // Masked values are no secret, what stands in free text is.
            let phone = registered(scene).iter().any(|(_, person)| text.contains(&person.phone));
            let path = ["/root/", "/work/", "panicked", ".rs:"].into_iter().find(|word| text.contains(word));
            found.expect(answer.is_ok() || !phone, || format!("an error shows a telephone: {sql}"));
            found.expect(path.is_none(), || format!("an error shows the inside: {sql}: {text}"));
        }
        Ok(found)
    })
}

pub(super) fn sample_size<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let tables = &scene.lab.stage.tables;
        let body = json!({ "sql": format!("SELECT a.zone FROM {} AS a JOIN {} AS b ON a.district = b.district", tables.persons, tables.persons), "limit": 100_000_000 });
        let path = format!("/api/v1/tenants/{}/queries", scene.lab.stage.tenant);
        let answer = scene.lab.client.post(ENGINEER, &path, body).await?;
        let rows = answer.json().pointer("/rows").and_then(Value::as_array).map_or(0, Vec::len);
        found.expect(rows <= 10_000, || format!("{rows} rows in one answer"));
        let count =
            scene.lab.twin_rows(&format!("SELECT count(DISTINCT id_number) FROM {}", tables.persons)).await?;
        let sampled = count.first().and_then(|row| row.first()).and_then(Value::as_u64).unwrap_or(0);
        let all = scene.population.people(0..scene.population.plots.len()).count() as u64;
        found.expect(sampled * 8 <= all, || format!("{sampled} of {all} people are in a sample of a tenth"));
        found.told.push(format!("{rows} rows; {sampled} of {all} people"));
        Ok(found)
    })
}

pub(super) fn other_zone<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let table = &scene.lab.stage.tables.persons;
        for name in [
            format!("prod.{table}"),
            format!("raw.{table}"),
            format!("datafusion.public.\"{table}\" AS a, prod.{table}"),
            format!("'{table}.parquet'"),
            "holding".to_owned(),
            format!("\"../prod/{table}\""),
            "information_schema.columns".to_owned(),
        ] {
            let answer = scene.lab.twin(ENGINEER, &format!("SELECT * FROM {name}")).await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{name} can be read"));
        }
        Ok(found)
    })
}
