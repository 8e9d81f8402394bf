//! Rows that are invented for a query, in case they are invented from somebody.

use anyhow::Result;
use serde_json::{Value, json};

use crate::attack::{Doing, Found, Scene};
use crate::score::Guess;
use crate::stage::ENGINEER;

use super::register::registered;

/// People that are asked for.
const ASKED: usize = 6;

/// Rows made for a query, and the query's rows before and after; what was made is removed again.
async fn topped(scene: &Scene<'_>, sql: &str) -> Result<(Value, Vec<Vec<Value>>, Vec<Vec<Value>>)> {
    let path = format!("/api/v1/tenants/{}/topups", scene.lab.stage.tenant);
    let before = scene.lab.twin_rows(sql).await?;
    let made = scene.lab.client.post(ENGINEER, &path, json!({ "sql": sql })).await?.done("topup")?.json();
    let after = scene.lab.twin_rows(sql).await?;
    let id = made.pointer("/id").and_then(Value::as_str).unwrap_or_default();
    scene.lab.client.call(ENGINEER, "DELETE", &format!("{path}/{id}"), None).await?;
    Ok((made, before, after))
}

/// Rows that fit everything known of a person, but the flag: do they tell the flag?
pub(super) fn invented_for<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let table = &scene.lab.stage.tables.register;
        for (district, person) in registered(scene).into_iter().take(ASKED) {
            let sql = format!(
                "SELECT flag FROM {table} WHERE district = '{district}' AND zone = '{}' AND sex = '{}' AND household = {}",
                person.zone, person.sex, person.household
            );
            let (_, before, after) = topped(scene, &sql).await?;
            let flags = |rows: &[Vec<Value>]| {
                let set = rows.iter().filter(|row| row.first().and_then(Value::as_i64) == Some(1)).count();
                (i64::try_from(set).unwrap_or(0), i64::try_from(rows.len()).unwrap_or(0))
            };
            let ((set, all), (set_after, all_after)) = (flags(&before), flags(&after));
            let said = 2 * (set_after - set) - (all_after - all);
            if said != 0 {
                found.guesses.push(Guess::bit(said > 0, person.flag));
            }
            found.forms += 1;
        }
        Ok(found)
    })
}

/// A query that finds nobody finds rows, and they are gone afterwards.
pub(super) fn finds_rows<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let table = &scene.lab.stage.tables.register;
        let sql = format!("SELECT district FROM {table} WHERE district = 'NOWHERE' AND household > 900");
        let (made, before, after) = topped(scene, &sql).await?;
        let last = scene.lab.twin_rows(&sql).await?;
        found.expect(before.is_empty(), || format!("{} rows of a district that is none", before.len()));
        found.expect(after.len() >= 5, || format!("{} rows after {made}", after.len()));
        found.expect(last.is_empty(), || format!("{} rows stay", last.len()));
        Ok(found)
    })
}
