//! The masked register, and who is behind its rows.

use anyhow::Result;
use serde_json::Value;

use crate::attack::{Found, Scene};
use crate::population::Person;
use crate::score::Guess;

/// A masked row of the register.
pub(super) struct Row {
    pub(super) id_number: String,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) district: String,
    pub(super) zone: String,
    pub(super) village: String,
    pub(super) sex: String,
    pub(super) birth: String,
    pub(super) household: u64,
    pub(super) flag: Option<bool>,
    pub(super) income: Option<f64>,
    pub(super) illness: String,
    pub(super) note: String,
}

const COLUMNS: &str = "id_number, name, phone, district, zone, village, sex, birth_date, household, flag, income, illness, note";

pub(super) async fn rows(scene: &Scene<'_>, table: &str) -> Result<Vec<Row>> {
    let found = scene.lab.twin_rows(&format!("SELECT {COLUMNS} FROM {table}")).await?;
    let text = |row: &[Value], place: usize| match row.get(place) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    Ok(found
        .iter()
        .map(|row| Row {
            id_number: text(row, 0),
            name: text(row, 1),
            phone: text(row, 2),
            district: text(row, 3),
            zone: text(row, 4),
            village: text(row, 5),
            sex: text(row, 6),
            birth: text(row, 7).chars().take(10).collect(),
            household: text(row, 8).parse().unwrap_or(0),
            flag: text(row, 9).parse::<f64>().ok().map(|flag| flag > 0.0),
            income: text(row, 10).parse().ok(),
            illness: text(row, 11),
            note: text(row, 12),
        })
        .collect())
}

/// Everybody whose data are in the register's raw table, in the order of delivery.
pub(super) fn registered<'a>(scene: &Scene<'a>) -> Vec<(&'a str, &'a Person)> {
    let plots =
        scene.population.plots.len().saturating_sub(crate::REGISTER_PLOTS)..scene.population.plots.len();
    scene.population.people(plots).map(|(plot, person)| (plot.district.as_str(), person)).collect()
}

/// Links rows to the only person who fits, and guesses flags.
pub(super) async fn link(
    scene: &Scene<'_>,
    fits: impl Fn(&Row, &str, &Person) -> bool,
) -> Result<(Found, Vec<(Row, Person)>)> {
    let mut found = Found::default();
    let people = registered(scene);
    let mut linked = Vec::new();
    for row in rows(scene, &scene.lab.stage.tables.register).await? {
        let mut candidates = people.iter().filter(|(district, person)| fits(&row, district, person));
        if let (Some((_, person)), None) = (candidates.next(), candidates.next()) {
            found.guesses.extend(row.flag.map(|flag| Guess::bit(flag, person.flag)));
            linked.push((row, (*person).clone()));
        }
    }
    found.told.push(format!("{} row(s) linked", linked.len()));
    Ok((found, linked))
}

pub(super) fn days(text: &str) -> Option<i32> {
    text.parse::<base::Date>().ok().map(base::Date::days)
}

pub(super) fn near(row: &Row, person: &Person, most: i32) -> bool {
    days(&row.birth).is_some_and(|day| (day - person.birth.days()).abs() <= most)
}
