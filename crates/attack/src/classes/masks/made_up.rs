//! Attacks on rows that are nobody's, in case they are somebody's after all.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use crate::attack::{Doing, Found, Scene};
use crate::lab::Lab;
use crate::population::{ILLNESSES, Person};
use crate::score::Guess;
use crate::stage::{ENGINEER, OTHER_ENGINEER};

use super::register::{link, near, registered, rows};

/// So many visits nobody has but those who are looked for.
const RARE_VISITS: u64 = 10;

/// A row that equals a person in everything that is known of people in general.
pub(super) fn remembered<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (found, _) = link(scene, |row, district, person| {
            row.district == district
                && row.sex == person.sex
                && row.household == person.household
                && near(row, person, 0)
        })
        .await?;
        Ok(found)
    })
}

/// Who comes to the clinics a rare number of times is known; the register says the rest of them.
pub(super) fn fingerprints<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let tables = &scene.lab.stage.tables;
        let often = scene
            .lab
            .twin_rows(&format!(
                "SELECT id_number FROM {} GROUP BY id_number HAVING count(*) >= {RARE_VISITS}",
                tables.visits
            ))
            .await?;
        let often: BTreeSet<String> =
            often.iter().filter_map(|row| row.first()?.as_str().map(str::to_owned)).collect();
        let mut found = Found::default();
        let targets: BTreeSet<&str> = scene
            .population
            .plots
            .iter()
            .flat_map(|plot| plot.targets())
            .map(|person| person.id_number.as_str())
            .collect();
        for row in rows(scene, &tables.register).await? {
            if !often.contains(&row.id_number) {
                continue;
            }
            let known = registered(scene);
            let mut fits = known.iter().filter(|(district, person)| {
                row.district == *district
                    && row.sex == person.sex
                    && row.household == person.household
                    && targets.contains(person.id_number.as_str())
            });
            if let (Some((_, person)), None, Some(flag)) = (fits.next(), fits.next(), row.flag) {
                found.guesses.push(Guess::bit(flag, person.flag));
            }
        }
        found.told.push(format!("{} frequent visitor(s)", often.len()));
        Ok(found)
    })
}

/// Rows of one table as another operator's engineer sees them: district, zone, sex, household, flag.
async fn seen(lab: &Lab<'_>, who: &str) -> Result<Vec<Vec<Value>>> {
    let sql = format!("SELECT district, zone, sex, household, flag FROM {}", lab.stage.tables.register);
    let answer = lab.twin(who, &sql).await?.done("twin")?.json();
    Ok(serde_json::from_value(answer.pointer("/rows").cloned().unwrap_or_default())?)
}

/// Noise that is drawn anew for each operator could be averaged: what most of the rows of both say of somebody's like.
pub(super) fn averaged<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let mut all = seen(scene.lab, ENGINEER).await?;
        if let Some(other) = &scene.lab.stage.other {
            let stage = scene.lab.stage.of(other);
            all.extend(seen(&Lab::new(scene.lab.client, &stage), OTHER_ENGINEER).await?);
        }
        let mut said: BTreeMap<(String, String, String, u64), i64> = BTreeMap::new();
        for row in &all {
            let text = |place: usize| row.get(place).and_then(Value::as_str).unwrap_or_default().to_owned();
            let household = row.get(3).and_then(Value::as_u64).unwrap_or(0);
            let flag = row.get(4).and_then(Value::as_i64).unwrap_or(0);
            *said.entry((text(0), text(1), text(2), household)).or_default() += flag * 2 - 1;
        }
        let people = registered(scene);
        for (district, person) in &people {
            let key = ((*district).to_owned(), person.zone.clone(), person.sex.to_owned(), person.household);
            if let Some(said) = said.get(&key).filter(|said| **said != 0) {
                found.guesses.push(Guess::bit(*said > 0, person.flag));
            }
        }
        found.told.push(format!("{} rows of both", all.len()));
        Ok(found)
    })
}

/// Tokens by rank, on rows that fit one person only.
pub(super) fn patients<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let fits = |row: &super::register::Row, district: &str, person: &Person| {
            row.district == district
                && row.zone == person.zone
                && row.sex == person.sex
                && near(row, person, 30)
        };
        let (mut found, linked) = link(scene, fits).await?;
        found.guesses.clear();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let people = registered(scene);
        for (_, person) in &people {
            *counts.entry(person.illness).or_default() += 1;
        }
        let mut illnesses: Vec<(usize, &str)> =
            counts.into_iter().map(|(name, count)| (count, name)).collect();
        illnesses.sort_unstable();
        let mut tokens: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows(scene, &scene.lab.stage.tables.register).await? {
            *tokens.entry(row.illness).or_default() += 1;
        }
        let mut tokens: Vec<(usize, String)> =
            tokens.into_iter().map(|(name, count)| (count, name)).collect();
        tokens.sort_unstable();
        let by_rank: BTreeMap<&String, &str> = tokens
            .iter()
            .rev()
            .zip(illnesses.iter().rev())
            .map(|((_, token), (_, name))| (token, *name))
            .collect();
        for (row, person) in &linked {
            if let Some(illness) = by_rank.get(&row.illness) {
                let chance = 1.0 / ILLNESSES.len() as f64;
                found.guesses.push(Guess { right: *illness == person.illness, chance });
            }
        }
        Ok(found)
    })
}

/// The grants of the attacked authorisation: table and id.
async fn grants(scene: &Scene<'_>) -> Result<Vec<(String, String)>> {
    let path = format!("/api/v1/tenants/{}", scene.lab.stage.tenant);
    let tenant = scene.lab.client.get(ENGINEER, &path).await?.done("tenant")?.json();
    let grants = tenant.pointer("/grants").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |grant: &Value, name: &str| grant.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(grants.iter().filter_map(|grant| Some((text(grant, "code")?, text(grant, "id")?))).collect())
}

pub(super) fn report_to_operator<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for (table, grant) in grants(scene).await? {
            let path = format!("/api/v1/grants/{grant}/twin");
            for who in [ENGINEER, crate::stage::MANAGER] {
                let answer = scene.lab.client.get(who, &path).await?;
                found.forms += 1;
                found.expect(answer.status == 404, || format!("{who} reads of {table}: {}", answer.shown()));
            }
        }
        Ok(found)
    })
}

pub(super) fn report_is_read<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let tables = &scene.lab.stage.tables;
        for (table, grant) in grants(scene).await? {
            if ![&tables.persons, &tables.register].contains(&&table) {
                continue;
            }
            for who in ["civil.officer", "supervisor.one"] {
                let answer = scene.lab.client.get(who, &format!("/api/v1/grants/{grant}/twin")).await?;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                let json = answer.json();
                found.expect(answer.is_ok(), || format!("{who}: {}", answer.shown()));
                let publishable = json.pointer("/publishable") == Some(&Value::Bool(true));
                found.expect(publishable, || {
                    format!("the report on {table} does not say that it may be used")
                });
                let attacks =
                    json.pointer("/examined/report/attacks").and_then(Value::as_array).map_or(0, Vec::len);
                found.expect(attacks > 10, || format!("{attacks} attacks in the report on {table}"));
                let told = registered(scene).iter().any(|(_, person)| {
                    text.contains(&person.id_number)
                        || text.contains(&person.phone)
                        || text.contains(&person.village)
                });
                found.expect(!told, || format!("the report on {table} holds a value"));
            }
        }
        Ok(found)
    })
}
