//! Statistics without a reviewer: noise, bounds, budgets, and what their answers tell beside the numbers.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene};
use crate::client::{Answer, Sent};
use crate::population::{INCOME_LEAST, INCOMES, Person};
use crate::score::Guess;
use crate::stage::{ENGINEER, OTHER_ENGINEER, SECOND};

/// Numbers that one resource's budget pays for; attacks that do not mean to use it up ask for a few.
const NUMBERS_MAX: usize = 400;

const fn attack(id: &'static str, title: &'static str, kind: Kind, twin: Benign) -> Attack {
    Attack { class: Class::Noise, id, title, kind, twin }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "N09",
        "one statistic in many spellings and by several accounts: does its noise average out for nothing?",
        Kind::Steps(spellings),
        Benign::Steps(repeated),
    ),
    attack(
        "N10",
        "statistics with and without one person, subtracted",
        Kind::Steps(neighbours),
        Benign::Steps(bars),
    ),
    attack(
        "N11",
        "which cells a statistic shows: is somebody there?",
        Kind::Steps(cells),
        Benign::Steps(bars),
    ),
    attack(
        "N12",
        "a value scaled beyond its bounds, or an expression that lets one person outweigh the noise",
        Kind::Steps(outliers),
        Benign::Steps(sums),
    ),
    attack(
        "N13",
        "an error or a time that depends on one person's value",
        Kind::Steps(errors),
        Benign::Steps(explained),
    ),
    attack(
        "N14",
        "undeclared columns, keys and many rows of one person",
        Kind::Steps(undeclared),
        Benign::Steps(sums),
    ),
    attack(
        "N15",
        "the whole budget of a resource on the same people, over all accounts and operators",
        Kind::Steps(exhaustion),
        Benign::Steps(budget_told),
    ),
];

type Truth<'a> = BTreeMap<String, Vec<&'a Person>>;

/// What a provider would declare of the register: villages and zones of this plot, bounds that everybody knows.
async fn declare(scene: &Scene<'_>, table: &str) -> Result<()> {
    let codes = |of: fn(&Person) -> &str| {
        let mut names: Vec<&str> = scene.plot.people.iter().map(of).collect();
        names.sort_unstable();
        names.dedup();
        let codes: Vec<Value> = names.into_iter().map(|name| json!({ "text": name })).collect();
        json!({ "nulls": "never", "groups": { "codes": codes } })
    };
    let highest = INCOME_LEAST + i64::try_from(INCOMES)?;
    let bounds = |low: i64, high: i64| json!({ "nulls": "never", "bounds": { "low": low, "high": high } });
    let body = json!({
        "columns": {
            "village": codes(|person| &person.village), "zone": codes(|person| &person.zone),
            "flag": bounds(0, 1), "grade": bounds(0, 1), "income": bounds(0, highest), "household": bounds(1, 6),
        },
        "rows": { "unique": [["id_number"]], "per_entity": 1 },
    });
    let resource = scene.lab.stage.resources.iter().find(|(code, _)| code == table);
    let (_, id) = resource.context("no such table")?;
    let sent =
        Sent { body: Some(("application/json".to_owned(), serde_json::to_vec(&body)?)), ..Sent::default() };
    let path = format!("/api/v1/resources/{id}/declaration");
    scene.lab.client.send("civil.officer", "PUT", &path, sent).await?.done("declaration")?;
    Ok(())
}

async fn ask_as(scene: &Scene<'_>, who: &str, tenant: &str, sql: &str) -> Result<Answer> {
    let path = format!("/api/v1/tenants/{tenant}/statistics");
    scene.lab.client.post(who, &path, json!({ "sql": scene.fill(sql) })).await
}

async fn ask(scene: &Scene<'_>, sql: &str) -> Result<Answer> {
    ask_as(scene, ENGINEER, &scene.lab.stage.tenant, sql).await
}

/// The rows of an answer: key, then numbers.
fn rows(answer: &Answer) -> Vec<(String, Vec<f64>)> {
    let json = answer.json();
    let rows = json.pointer("/rows").and_then(Value::as_array).cloned().unwrap_or_default();
    let row = |row: &Value| {
        let cells = row.as_array()?;
        let key = cells.first()?.as_str().unwrap_or_default().to_owned();
        Some((key, cells.iter().skip(1).map(|cell| cell.as_f64().unwrap_or(f64::NAN)).collect()))
    };
    rows.iter().filter_map(row).collect()
}

fn by_village<'a>(scene: &Scene<'a>) -> Truth<'a> {
    let mut villages = Truth::new();
    for person in &scene.plot.people {
        villages.entry(person.village.clone()).or_default().push(person);
    }
    villages
}

/// Guesses of every target's flag from numbers by village.
fn flags(scene: &Scene<'_>, of: &BTreeMap<String, f64>, middle: f64) -> Vec<Guess> {
    let targets = scene.plot.targets().iter();
    targets.filter_map(|person| Some(Guess::bit(*of.get(&person.village)? > middle, person.flag))).collect()
}

fn spellings<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let forms = [
            "SELECT village, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT t.village, SUM(t.flag) AS s FROM {p} t WHERE (t.district = {D}) GROUP BY t.village",
            "WITH q AS (SELECT village, flag FROM {p} AS t WHERE district = {D}) SELECT village, sum(flag) AS s FROM q GROUP BY village",
            "select village as village, sum(flag) as s from (select * from {p} as t where district = {D}) as u group by village order by village",
        ];
        let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        let (mut answers, mut paid) = (0_u64, 0);
        for (place, who) in [ENGINEER, SECOND, ENGINEER, SECOND].into_iter().enumerate() {
            let Some(sql) = forms.get(place) else { break };
            let answer = ask_as(scene, who, &scene.lab.stage.tenant, sql).await?;
            found.forms += 1;
            if !answer.is_ok() {
                found.told.push(answer.code());
                continue;
            }
            if answer.json().pointer("/repeated") != Some(&Value::Bool(true)) {
                paid += 1;
            }
            answers += 1;
            for (village, numbers) in rows(&answer) {
                let (sum, count) = sums.entry(village).or_default();
                *sum += numbers.first().copied().unwrap_or(f64::NAN);
                *count += 1.0;
            }
        }
        found.told.push(format!("{answers} answers, {paid} paid"));
        let means = sums.into_iter().map(|(village, (sum, count))| (village, sum / count)).collect();
        found.guesses = flags(scene, &means, 0.5);
        Ok(found)
    })
}

fn neighbours<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 2, ..Found::default() };
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let all =
            ask(scene, "SELECT zone, sum(income) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone")
                .await?;
        let villages: Vec<String> =
            scene.plot.targets().iter().map(|person| format!("'{}'", person.village)).collect();
        let without = format!(
            "SELECT zone, sum(income) AS s FROM {{p}} AS t WHERE district = {{D}} AND village NOT IN ({}) GROUP BY zone",
            villages.join(", ")
        );
        let without = ask(scene, &without).await?;
        found.told = vec![all.code(), without.code()];
        let without: BTreeMap<String, Vec<f64>> = rows(&without).into_iter().collect();
        for (zone, numbers) in rows(&all) {
            let (Some(all), Some(rest)) = (numbers.first(), without.get(&zone).and_then(|n| n.first()))
            else {
                continue;
            };
            // Five targets of a zone: their mean.
            let own: Vec<&Person> =
                scene.plot.targets().iter().filter(|person| person.zone == zone).collect();
            if let Some(person) = own.first() {
                let guessed = (all - rest) / own.len() as f64;
                found.guesses.push(Guess::number(guessed, person.income as f64, 300.0, INCOMES as f64));
            }
        }
        Ok(found)
    })
}

/// Cells must be the declared ones, whatever is in them.
fn cells<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 3, ..Found::default() };
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let mut shown = Vec::new();
        for sql in [
            "SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY village",
            "SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} AND flag = 0 GROUP BY village",
            "SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} AND household > 6 GROUP BY village",
        ] {
            let answer = ask(scene, sql).await?;
            found.told.push(answer.code());
            let answered = rows(&answer);
            if answered.is_empty() {
                continue;
            }
            let counts =
                answered.iter().map(|(key, n)| (key.clone(), n.first().copied().unwrap_or_default()));
            let counts: BTreeMap<String, f64> = counts.collect();
            if shown.is_empty() {
                found.guesses = flags(scene, &counts, 0.5);
            }
            shown.push(counts.into_keys().collect::<Vec<_>>());
        }
        let same = shown.windows(2).all(|pair| pair.first() == pair.last());
        found.expect(same, || "which cells are shown depends on the data".to_owned());
        Ok(found)
    })
}

fn outliers<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        for sql in [
            "SELECT village, sum(income * 1000) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT village, sum(flag * 1000000) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT village, sum(CASE WHEN flag = 1 THEN 1000000 ELSE 0 END) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT village, avg(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT village, max(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT village, stddev(income) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
            "SELECT village, sum(power(10, flag * 9)) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
        ] {
            found.forms += 1;
            let answer = ask(scene, sql).await?;
            if !answer.is_ok() {
                found.told.push(answer.code());
                continue;
            }
            let numbers =
                rows(&answer).into_iter().map(|(key, n)| (key, n.first().copied().unwrap_or(f64::NAN)));
            let numbers: BTreeMap<String, f64> = numbers.collect();
            let middle = match sql {
                _ if sql.contains("1000000") => 500_000.0,
                _ if sql.contains("income * 1000") => (INCOME_LEAST + 32_768) as f64 * 1_000.0,
                _ => 0.5,
            };
            if sql.contains("income") {
                for person in scene.plot.targets() {
                    if let Some(number) = numbers.get(&person.village) {
                        let guess =
                            Guess::number(number / 1_000.0, person.income as f64, 300.0, INCOMES as f64);
                        found.guesses.push(guess);
                    }
                }
            } else {
                found.guesses.extend(flags(scene, &numbers, middle));
            }
        }
        // Guesses of one chance only are counted together: the bits.
        if found.guesses.iter().any(|guess| guess.chance < 0.1 && guess.right) {
            found.guesses.retain(|guess| guess.chance < 0.1);
        } else {
            found.guesses.retain(|guess| guess.chance >= 0.1);
        }
        Ok(found)
    })
}

/// Questions that would fail, or take long, for some value of the target only.
fn errors<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        for person in scene.plot.targets().iter().take(4) {
            for condition in [
                "1 / (1 - flag) > 0",
                "CAST(CASE WHEN flag = 1 THEN 'x' ELSE '1' END AS BIGINT) > 0",
                "income / (flag - 1) < 1000000 OR sqrt(0.0 - flag) > 0",
            ] {
                found.forms += 1;
                let sql = format!(
                    "SELECT count(*) AS n FROM {{p}} AS t WHERE district = {{D}} AND village = '{}' AND {condition}",
                    person.village
                );
                let answer = ask(scene, &sql).await?;
                if answer.is_ok() || answer.code() == "statistics.exhausted" {
                    continue;
                }
                // A refusal that all get says nothing; a failure at run time would.
                if answer.code().starts_with("domain.run") {
                    found.guesses.push(Guess::bit(true, person.flag));
                }
                if !found.told.contains(&answer.code()) {
                    found.told.push(answer.code());
                }
            }
        }
        Ok(found)
    })
}

fn undeclared<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        for sql in [
            "SELECT birth_date, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY birth_date",
            "SELECT id_number, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY id_number",
            "SELECT name, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY name",
            "SELECT note, count(*) AS s FROM {p} AS t WHERE district = {D} GROUP BY note",
            "SELECT illness, count(*) AS s FROM {p} AS t WHERE district = {D} GROUP BY illness",
            "SELECT income, count(*) AS s FROM {p} AS t WHERE district = {D} GROUP BY income",
            "SELECT count(DISTINCT note) AS s FROM {p} AS t WHERE district = {D}",
            "SELECT sum(cost) AS s FROM {v} AS t WHERE district = {D}",
            "SELECT count(*) AS s FROM {p} AS a JOIN {p} AS b ON a.village = b.village WHERE a.district = {D}",
            "SELECT village, flag, count(*) AS s FROM {p} AS t WHERE district = {D} GROUP BY village, flag",
            "SELECT village, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village HAVING sum(flag) > 0",
            "SELECT village, sum(flag) OVER () AS s FROM {p} AS t WHERE district = {D}",
            "SELECT * FROM {p} AS t WHERE district = {D} LIMIT 1",
        ] {
            found.forms += 1;
            let answer = ask(scene, sql).await?;
            found.expect(!answer.is_ok(), || format!("answered: {sql}"));
            if !found.told.contains(&answer.code()) {
                found.told.push(answer.code());
            }
        }
        Ok(found)
    })
}

/// Until nobody answers any more: every account of both operators, every time another question about the same people.
fn exhaustion<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        let own = scene.lab.stage.tenant.clone();
        let mut askers = vec![(ENGINEER, own.clone()), (SECOND, own)];
        askers.extend(scene.lab.stage.other.clone().map(|tenant| (OTHER_ENGINEER, tenant)));
        let mut refused = 0;
        for number in 0..NUMBERS_MAX {
            let Some((who, tenant)) = askers.get(number % askers.len()) else { break };
            let sql = format!(
                "SELECT village, sum(flag) AS s FROM {{p}} AS t WHERE district = {{D}} AND household < {} GROUP BY village",
                7 + number
            );
            let answer = ask_as(scene, who, tenant, &sql).await?;
            if !answer.is_ok() {
                if found.told.last() != Some(&answer.code()) {
                    found.told.push(answer.code());
                }
                refused += 1;
                if refused == 2 * askers.len() {
                    break;
                }
                continue;
            }
            found.forms += 1;
            for (village, numbers) in rows(&answer) {
                let (sum, count) = sums.entry(village).or_default();
                *sum += numbers.first().copied().unwrap_or(f64::NAN);
                *count += 1.0;
            }
        }
        let answered = found.forms;
        found.expect(refused > 0, || format!("{answered} statistics and no end"));
        let means = sums.into_iter().map(|(village, (sum, count))| (village, sum / count)).collect();
        found.guesses = flags(scene, &means, 0.5);
        Ok(found)
    })
}

/// The same question again, by a colleague too: the same answer, and nothing is paid.
fn repeated<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let sql = "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone";
        let first = ask(scene, sql).await?;
        found.expect(first.is_ok(), || first.shown());
        for who in [ENGINEER, SECOND] {
            let again = ask_as(scene, who, &scene.lab.stage.tenant, sql).await?;
            found.expect(rows(&again) == rows(&first), || "another answer".to_owned());
            let repeated = again.json().pointer("/repeated") == Some(&Value::Bool(true));
            found.expect(repeated, || "it was paid for twice".to_owned());
        }
        Ok(found)
    })
}

/// Every number lies within five times its bar, and its bar is narrow enough to be of use.
async fn close(found: &mut Found, answer: &Answer, truth: impl Fn(&str) -> f64, widest: f64) {
    found.expect(answer.is_ok(), || answer.shown());
    let json = answer.json();
    let bar = |row: usize| json.pointer(&format!("/within/{row}/1")).and_then(Value::as_f64).unwrap_or(0.0);
    let answered = rows(answer);
    found.expect(answered.len() >= 4, || format!("{} cells", answered.len()));
    for (row, (key, numbers)) in answered.iter().enumerate() {
        let (number, bar) = (numbers.first().copied().unwrap_or(f64::NAN), bar(row));
        let fits = (number - truth(key)).abs() <= 5.0 * bar && bar > 0.0 && bar <= widest;
        found.expect(fits, || format!("{key}: {number} for {} within {bar}", truth(key)));
    }
}

fn bars<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let sql = "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone";
        let answer = ask(scene, sql).await?;
        let people =
            |zone: &str| scene.plot.people.iter().filter(|person| person.zone == zone).count() as f64;
        close(&mut found, &answer, people, 60.0).await;
        Ok(found)
    })
}

fn sums<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let sql =
            "SELECT village, sum(household) AS members FROM {p} AS t WHERE district = {D} GROUP BY village";
        let answer = ask(scene, sql).await?;
        let villages = by_village(scene);
        let members = |village: &str| {
            villages.get(village).into_iter().flatten().map(|person| person.household as f64).sum::<f64>()
        };
        close(&mut found, &answer, members, 360.0).await;
        Ok(found)
    })
}

/// What it would cost is told before it is asked, and what would be refused comes with what would not.
fn explained<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        declare(scene, &scene.lab.stage.tables.persons).await?;
        let path = format!("/api/v1/tenants/{}/explanations", scene.lab.stage.tenant);
        let explain = async |sql: &str| {
            let body = json!({ "sql": scene.fill(sql), "statistics": true });
            scene.lab.client.post(ENGINEER, &path, body).await
        };
        let told = explain("SELECT zone, avg(income) AS mean FROM {p} AS t GROUP BY zone").await?;
        let cost = told.json().pointer("/accepted/cost/micro").and_then(Value::as_u64);
        found.expect(cost.is_some_and(|cost| cost > 0), || told.shown());
        let refused = explain("SELECT zone, max(income) AS most FROM {p} AS t GROUP BY zone").await?;
        found.expect(!refused.text("/refused/code").is_empty(), || refused.shown());
        Ok(found)
    })
}

/// Whoever shares a budget sees what is left of it.
fn budget_told<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let path = format!("/api/v1/tenants/{}/budgets", scene.lab.stage.tenant);
        let told = scene.lab.client.get(ENGINEER, &path).await?;
        let items = told.json().pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
        found.expect(items.len() >= 4, || told.shown());
        let number = |item: &Value, name: &str| item.get(name).and_then(Value::as_u64).unwrap_or(u64::MAX);
        for item in &items {
            let adds = number(item, "spent").checked_add(number(item, "left")) == Some(number(item, "total"));
            found.expect(adds, || item.to_string());
        }
        Ok(found)
    })
}
