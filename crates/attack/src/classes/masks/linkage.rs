//! Somebody who knows everybody looks for their rows.

use std::collections::BTreeMap;

use crate::attack::{Doing, Found, Scene};
use crate::population::{INCOMES, Person};
use crate::score::Guess;

use super::register::{Row, link, near, registered, rows};

pub(super) fn lonely<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (found, _) =
            link(scene, |row, _, person| row.village == person.village && row.village.contains("-S")).await?;
        Ok(found)
    })
}

pub(super) fn linkage<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (found, _) = link(scene, |row, district, person| {
            row.district == district
                && row.zone == person.zone
                && row.sex == person.sex
                && row.household == person.household
                && near(row, person, 30)
        })
        .await?;
        Ok(found)
    })
}

pub(super) fn number_frame<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (found, _) = link(scene, |row, _, person| {
            let region =
                row.id_number.get(..6) == person.id_number.get(..6) && row.id_number.get(..6).is_some();
            region && row.sex == person.sex && near(row, person, 30)
        })
        .await?;
        Ok(found)
    })
}

/// Rows of a twin come in the order of delivery: whoever knows the order knows, of every row, between whom it lies. The
/// earliest and the latest embedding that fit district, sex and household agree on the people they name.
pub(super) fn order<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let shown = rows(scene, &scene.lab.stage.tables.register).await?;
        let people = registered(scene);
        let fits = |row: &Row, (district, person): &(&str, &Person)| {
            row.district == **district
                && row.sex == person.sex
                && row.household == person.household
                && row.zone == person.zone
        };
        let mut first = Vec::new();
        let mut next = 0;
        for row in &shown {
            let place =
                (next..people.len()).find(|place| people.get(*place).is_some_and(|known| fits(row, known)));
            let Some(place) = place else { return Ok(found) };
            first.push(place);
            next = place + 1;
        }
        let mut last = Vec::new();
        let mut end = people.len();
        for row in shown.iter().rev() {
            let place = (0..end).rev().find(|place| people.get(*place).is_some_and(|known| fits(row, known)));
            let Some(place) = place else { return Ok(found) };
            last.push(place);
            end = place;
        }
        last.reverse();
        for ((row, first), last) in shown.iter().zip(first).zip(last) {
            if let (true, Some(flag), Some((_, person))) = (first == last, row.flag, people.get(first)) {
                found.guesses.push(Guess::bit(flag, person.flag));
            }
        }
        found.told.push(format!("{} row(s) named by their place", found.guesses.len()));
        Ok(found)
    })
}

pub(super) fn amounts<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (mut found, linked) =
            link(scene, |row, _, person| row.village == person.village && row.village.contains("-S")).await?;
        found.guesses = linked
            .iter()
            .filter_map(|(row, person)| {
                let shown = row.income?;
                Some(Guess::number(shown, person.income as f64, shown * 0.1, INCOMES as f64))
            })
            .collect();
        Ok(found)
    })
}

pub(super) fn tokens<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (mut found, linked) =
            link(scene, |row, _, person| row.village == person.village && row.village.contains("-S")).await?;
        found.guesses.clear();
        // One patient of each illness is the attacker's friend.
        let mut friends: BTreeMap<&str, &str> = BTreeMap::new();
        for (row, person) in &linked {
            match friends.get(row.illness.as_str()) {
                None => drop(friends.insert(&row.illness, person.illness)),
                Some(illness) => {
                    found.guesses.push(Guess { right: *illness == person.illness, chance: 0.25 })
                }
            }
        }
        Ok(found)
    })
}

pub(super) fn residue<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let (found, _) = link(scene, |row, _, person| row.note.contains(&person.phone)).await?;
        Ok(found)
    })
}

pub(super) fn strict<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let shown = rows(scene, &scene.lab.stage.tables.persons).await?;
        let all: Vec<(&str, &Person)> = scene
            .population
            .people(0..scene.population.plots.len())
            .map(|(plot, person)| (plot.district.as_str(), person))
            .collect();
        for row in &shown {
            if row.flag.is_none() && row.income.is_none() {
                continue;
            }
            let mut fits = all.iter().filter(|(district, person)| {
                row.district == *district && row.sex == person.sex && row.household == person.household
            });
            if let (Some((_, person)), None) = (fits.next(), fits.next()) {
                found.guesses.extend(row.flag.map(|flag| Guess::bit(flag, person.flag)));
            }
        }
        found.told.push(format!(
            "{} row(s), {} with secrets",
            shown.len(),
            shown.iter().filter(|row| row.flag.is_some()).count()
        ));
        Ok(found)
    })
}
