//! Twins of the masks: what makes the data of a dev zone useful.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::attack::{Doing, Found, Scene};

use super::register::{registered, rows};

pub(super) fn counts_hold<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql = format!(
            "SELECT right(zone, 2) AS part, count(*) AS n FROM {} GROUP BY 1 ORDER BY 1",
            scene.lab.stage.tables.register
        );
        let rows = scene.lab.twin_rows(&sql).await?;
        let total: u64 = rows.iter().filter_map(|row| row.get(1)?.as_u64()).sum();
        let expected = registered(scene).len() as u64 / 10;
        found.expect(rows.len() == 4, || format!("{} zones", rows.len()));
        found.expect((expected / 2..=expected * 2).contains(&total), || {
            format!("{total} rows in a sample of about {expected}")
        });
        Ok(found)
    })
}

pub(super) fn joins_hold<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let tables = &scene.lab.stage.tables;
        let sql = format!(
            "SELECT count(*) AS n, count(DISTINCT p.id_number) AS persons FROM {} AS p JOIN {} AS w ON p.id_number = w.id_number",
            tables.persons, tables.visits
        );
        let rows = scene.lab.twin_rows(&sql).await?;
        let n = rows.first().and_then(|row| row.first()).and_then(Value::as_u64).unwrap_or(0);
        found.expect(n > 1_000, || format!("only {n} rows of two masked tables join"));
        Ok(found)
    })
}

pub(super) fn numbers_are_valid<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let shown = rows(scene, &scene.lab.stage.tables.register).await?;
        let distinct: BTreeSet<&str> = shown.iter().map(|row| row.id_number.as_str()).collect();
        found.expect(shown.iter().all(|row| row.id_number.len() == 18), || {
            "masked numbers lost their form".to_owned()
        });
        found.expect(distinct.len() == shown.len(), || "two people have one masked number".to_owned());
        Ok(found)
    })
}

pub(super) fn means_hold<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let shown = rows(scene, &scene.lab.stage.tables.register).await?;
        let incomes: Vec<f64> = shown.iter().filter_map(|row| row.income).collect();
        let mean = incomes.iter().sum::<f64>() / incomes.len().max(1) as f64;
        // Uniform between 10 000 and 75 535: 42 768 in the mean, with an error of about 1 100 for three hundred rows.
        found.expect((36_000.0..49_000.0).contains(&mean), || {
            format!("the mean of masked incomes is {mean:.0}")
        });
        Ok(found)
    })
}

/// Groups of quasi-identifiers that many people share are there to write queries on.
pub(super) fn groups_are_there<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let shown = rows(scene, &scene.lab.stage.tables.register).await?;
        let of = |value: &dyn Fn(&super::register::Row) -> String| -> BTreeSet<String> {
            shown.iter().map(value).collect()
        };
        let (sexes, households, illnesses) = (
            of(&|row| row.sex.clone()),
            of(&|row| row.household.to_string()),
            of(&|row| row.illness.clone()),
        );
        found.expect(sexes.contains("男") && sexes.contains("女"), || format!("sexes {sexes:?}"));
        found.expect((1..=6).all(|size: u64| households.contains(&size.to_string())), || {
            format!("households {households:?}")
        });
        found.expect(illnesses.len() >= 4, || format!("{} illnesses", illnesses.len()));
        let flags = shown.iter().filter_map(|row| row.flag).filter(|flag| *flag).count();
        found.expect((shown.len() / 3..=shown.len() * 2 / 3).contains(&flags), || {
            format!("{flags} flags of {}", shown.len())
        });
        let villages = shown.iter().filter(|row| row.village.contains("-B")).count();
        found.expect(villages * 2 > shown.len(), || format!("{villages} of {} in a village", shown.len()));
        Ok(found)
    })
}
