//! Thresholds, repetition and the noise of released cells.

use std::collections::BTreeMap;

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene};
use crate::lab::{Outcome, Parameter, Run};
use crate::population::Person;
use crate::read;
use crate::score::Guess;
use crate::stage::ENGINEER;

/// The threshold of the packs that the demonstrations run under.
const THRESHOLD: usize = 10;
/// Most numbers with noise about one person and one sensitive column under those packs.
const NOISY_NUMBERS: u32 = 32;
const BY_ZONE: Benign =
    Benign::Query("SELECT zone, avg(income) AS mean FROM {p} AS t WHERE district = {D} GROUP BY zone", 4);

const fn attack(id: &'static str, title: &'static str, kind: Kind, twin: Benign) -> Attack {
    Attack { class: Class::Noise, id, title, kind, twin }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "N01",
        "one order repeated: what is suppressed once comes the next time, or averages out",
        Kind::Steps(repeated),
        Benign::Steps(steady),
    ),
    attack(
        "N02",
        "number of rows of a run that was never exported: is a cell there?",
        Kind::Steps(rows_walk),
        BY_ZONE,
    ),
    attack(
        "N03",
        "a cell that reaches the threshold between two releases names who brought it there",
        Kind::Steps(threshold_walk),
        BY_ZONE,
    ),
    attack("N04", "is a run's cell there: digest and size of the sealed result", Kind::Steps(sizes), BY_ZONE),
    attack(
        "N05",
        "many decimals of a mean give the sum away",
        Kind::Query(
            "SELECT village, avg(income * 1.0) AS inc, count(*) AS n FROM {p} AS t WHERE district = {D} AND household >= 1 GROUP BY village",
        ),
        BY_ZONE,
    ),
    attack(
        "N06",
        "rounding that is undone by scaling first",
        Kind::Query(
            "SELECT village, round(sum(income * 1000) / 1000, 0) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        ),
        BY_ZONE,
    ),
    attack("N07", "a thousand values of one parameter: is there a quota?", Kind::Steps(enumeration), BY_ZONE),
    attack("N08", "random subset sums and linear algebra", Kind::Steps(reconstruction), BY_ZONE),
    attack(
        "N20",
        "numbers with noise over ever other parts of the same people, as many as leave",
        Kind::Steps(without_end),
        Benign::Query(
            "SELECT zone, count(*) AS n, sum(household) AS h FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY zone",
            4,
        ),
    ),
    attack(
        "N21",
        "sums over thousands, of whom ever other halves of one village are left out",
        Kind::Steps(few_of_many),
        Benign::Query(
            "SELECT zone, count(*) AS n, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
];

fn repeated<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT village, sum(income) AS inc, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village");
        let Ok(model) = scene.lab.model(ENGINEER, &sql, &[]).await? else { return Ok(found) };
        for _ in 0..4 {
            let outcome = scene.lab.order_of(&model, &[]).await?;
            found.told.push(outcome.told());
            if let Some(file) = outcome.released() {
                found.guesses = read::secrets(file, scene.plot);
            }
        }
        Ok(found)
    })
}

/// The same legitimate order twice brings the same file twice.
fn steady<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql = scene.fill("SELECT zone, count(*) AS n, avg(income) AS mean FROM {p} AS t WHERE district = {D} GROUP BY zone");
        let first = scene.lab.order(&sql, &[], &[]).await?;
        let second = scene.lab.order(&sql, &[], &[]).await?;
        let text = |outcome: &Outcome| outcome.released().map(|file| file.text.clone());
        found.expect(text(&first).is_some(), || first.told());
        found.expect(text(&first) == text(&second), || "the same order brought another file".to_owned());
        Ok(found)
    })
}

/// Birthdays of a village's people in order.
fn birthdays<'a>(scene: &Scene<'a>, village: &str) -> Vec<&'a Person> {
    let mut people: Vec<&Person> =
        scene.plot.people.iter().filter(|person| person.village == village).collect();
    people.sort_by_key(|person| person.birth.days());
    people
}

/// Whether a run shows that its only cell is there. Nothing but what the order's author is told counts.
type Shows = fn(&Run) -> Option<bool>;

/// Searches for the person with whom the number of flags in a large village reaches the threshold: that person has one.
async fn walk(scene: &Scene<'_>, found: &mut Found, shows: Shows, release: bool) -> anyhow::Result<()> {
    for zone in 1..=4 {
        let village = format!("{}-B{zone}", scene.plot.district);
        let people = birthdays(scene, &village);
        let days: Vec<String> = people.iter().map(|person| person.birth.to_string()).collect();
        let sql = scene.fill(&format!(
            "SELECT village, count(*) AS n FROM {{p}} AS t WHERE district = {{D}} AND village = '{village}' AND flag = 1 AND birth_date <= $day GROUP BY village"
        ));
        let model =
            match scene.lab.model(ENGINEER, &sql, &[Parameter::new("day", "date", days.clone())]).await? {
                Ok(model) => model,
                Err(refused) => {
                    found.told.push(format!("refused: {}", refused.code()));
                    return Ok(());
                }
            };
        let (mut absent, mut there) = (0, days.len().saturating_sub(1));
        let mut told = BTreeMap::new();
        while there - absent > 1 {
            let middle = absent.midpoint(there);
            let Some(day) = days.get(middle) else { break };
            let shown = if release {
                let outcome = scene.lab.order_of(&model, &[("day", day)]).await?;
                outcome.released().map(|file| !file.rows.is_empty())
            } else {
                scene.lab.run(&model, &[("day", day)]).await?.ok().as_ref().and_then(shows)
            };
            let Some(shown) = shown else { break };
            told.insert(middle, shown);
            if shown { there = middle } else { absent = middle }
        }
        // Both sides must have been seen, or nothing was told.
        let both = told.get(&there) == Some(&true) && told.get(&absent) == Some(&false);
        if let Some(person) = people.get(there).filter(|_| both && there - absent == 1) {
            let up_to = people.iter().take(there + 1).filter(|person| person.flag).count();
            // The tenth flag among sixty people lies anywhere between the tenth and about the thirtieth person.
            found.guesses.push(Guess { right: person.flag && up_to == THRESHOLD, chance: 1.0 / 20.0 });
        }
        found.told.push(format!(
            "{village}: {} order(s), {} told",
            told.len(),
            told.values().filter(|shown| **shown).count()
        ));
    }
    Ok(())
}

fn rows_walk<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        walk(scene, &mut found, |run| run.rows.map(|rows| rows > 0), false).await?;
        Ok(found)
    })
}

fn threshold_walk<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        walk(scene, &mut found, |_| None, true).await?;
        Ok(found)
    })
}

/// Everything in the answers about a run that is not its state: does any of it differ with what is in the result?
fn sizes<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} AND household >= $h GROUP BY village");
        let domain = Parameter::new("h", "integer", vec!["1".to_owned(), "7".to_owned()]);
        let Ok(model) = scene.lab.model(ENGINEER, &sql, &[domain]).await? else { return Ok(found) };
        let mut shown = Vec::new();
        // Nobody has seven in the household: one result has cells, the other none.
        for value in ["1", "7"] {
            let Ok(run) = scene.lab.run(&model, &[("h", value)]).await? else { return Ok(found) };
            let asked = scene.lab.client.get(ENGINEER, &format!("/api/v1/runs/{}", run.id)).await?.json();
            let result = asked.pointer("/result").cloned().unwrap_or_default();
            let fields = result.as_object().cloned().unwrap_or_default();
            // Random or of the text alone: these say nothing.
            let telling = fields.into_iter().filter(|(name, _)| {
                !matches!(name.as_str(), "object" | "digest" | "cells" | "output" | "ir_digest")
            });
            shown.push(telling.collect::<BTreeMap<_, _>>());
        }
        found.expect(shown.first() == shown.get(1), || {
            format!(
                "an unreviewed run tells its author of its result: {}",
                serde_json::to_string(&shown).unwrap_or_default()
            )
        });
        Ok(found)
    })
}

/// Asks about each target by its village; only a quota or suppression stops it.
fn enumeration<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let villages: Vec<String> =
            scene.plot.targets().iter().map(|person| person.village.clone()).collect();
        let sql = scene.fill("SELECT village, sum(flag) AS s, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND village = $v GROUP BY village");
        let Ok(model) =
            scene.lab.model(ENGINEER, &sql, &[Parameter::new("v", "text", villages.clone())]).await?
        else {
            return Ok(found);
        };
        for village in &villages {
            let outcome = scene.lab.order_of(&model, &[("v", village)]).await?;
            if let Some(file) = outcome.released() {
                found.guesses.extend(read::secrets(file, scene.plot));
            }
            found.told.push(outcome.told());
        }
        Ok(found)
    })
}

/// Thirty subsets of twenty-four people, each of at least ten and far from the others, then a least-squares solution
/// (Dinur and Nissim 2003): each person's flag is what fits best.
fn reconstruction<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let village = format!("{}-B1", scene.plot.district);
        let people: Vec<&Person> = birthdays(scene, &village).into_iter().take(24).collect();
        let mut random = crate::random::Random::new(scene.plot.people.len() as u64 ^ 0xD1CE);
        let mut equations = Vec::new();
        for _ in 0..32 {
            let (chosen, days) = part(&people, &mut random, 12);
            let sql = scene.fill(&format!(
                "SELECT village, sum(flag) AS total FROM {{p}} AS t WHERE district = {{D}} AND village = '{village}' AND birth_date IN ({days}) GROUP BY village"
            ));
            let outcome = scene.lab.order(&sql, &[], &[]).await?;
            if let Some(total) = outcome.released().and_then(|file| file.only("total")) {
                equations.push((chosen, total));
            } else if equations.is_empty() {
                found.told.push(outcome.told());
            }
        }
        found.told.push(format!("{} subset sums left", equations.len()));
        if equations.len() >= people.len() {
            found.guesses = flags(&people, &equations);
        }
        Ok(found)
    })
}

/// Everybody's flag as fits best how many of ever other parts of them have it. An unknown behind the people is theirs who are
/// in every part.
fn flags(people: &[&Person], equations: &[(Vec<usize>, f64)]) -> Vec<Guess> {
    let unknowns = equations.iter().flat_map(|(chosen, _)| chosen).max().map_or(0, |last| last + 1);
    let solved = crate::algebra::least_squares(unknowns.max(people.len()), equations);
    people.iter().zip(solved).map(|(person, value)| Guess::bit(value > 0.5, person.flag)).collect()
}

/// Those of some people who are in a part of them, as a list of birthdays.
fn part(people: &[&Person], random: &mut crate::random::Random, size: usize) -> (Vec<usize>, String) {
    let mut order: Vec<usize> = (0..people.len()).collect();
    random.shuffle(&mut order);
    order.truncate(size);
    let days = order.iter().filter_map(|place| people.get(*place));
    let days: Vec<String> = days.map(|person| format!("DATE '{}'", person.birth)).collect();
    (order, days.join(", "))
}

/// Of those who have the flag among ever other two thirds of sixty people: how many they are, and a sum of what is no secret.
/// All of it leaves with noise only; of enough numbers everybody's flag follows.
fn without_end<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let village = format!("{}-B2", scene.plot.district);
        let people = birthdays(scene, &village);
        let mut random = crate::random::Random::new(scene.plot.people.len() as u64 ^ 0xBEEF);
        let (mut equations, mut numbers) = (Vec::new(), vec![0_u32; people.len()]);
        for _ in 0..48 {
            let (chosen, days) = part(&people, &mut random, people.len() / 3 * 2);
            let outcome = scene
                .order(&format!(
                    "SELECT village, count(*) AS n, sum(household) AS h FROM {{p}} AS t WHERE district = {{D}} AND village = '{village}' AND flag = 1 AND birth_date IN ({days}) GROUP BY village"
                ))
                .await?;
            let Some(count) = outcome.released().and_then(|file| file.only("n")) else {
                found.told.push(outcome.told());
                continue;
            };
            for place in &chosen {
                if let Some(number) = numbers.get_mut(*place) {
                    *number += 2;
                }
            }
            equations.push((chosen, count));
        }
        let most = numbers.iter().max().copied().unwrap_or_default();
        found.told.push(format!("{} results left, {most} numbers about one person", equations.len()));
        found.expect(most <= NOISY_NUMBERS, || format!("{most} numbers with noise about one person's flag"));
        if equations.len() * 2 >= people.len() {
            found.guesses = flags(&people, &equations);
        }
        Ok(found)
    })
}

/// How many of thousands have the flag, without ever other halves of sixty: little of each by how many they are, and all of
/// it about those sixty.
fn few_of_many<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const OTHERS: usize = 8;
    const SUMS: usize = 120;
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let village = format!("{}-B3", scene.plot.district);
        let people = birthdays(scene, &village);
        let plots = scene.population.plots.iter().rev().take(OTHERS).chain([scene.plot]);
        let districts: Vec<String> = plots.map(|plot| format!("'{}'", plot.district)).collect();
        let districts = districts.join(", ");
        let mut random = crate::random::Random::new(scene.plot.people.len() as u64 ^ 0xFACE);
        let mut equations = Vec::new();
        for _ in 0..SUMS {
            let (mut chosen, days) = part(&people, &mut random, people.len() / 2);
            let outcome = scene
                .order(&format!(
                    "SELECT sum(flag) AS s FROM {{p}} AS t WHERE district IN ({districts}) AND (village <> '{village}' OR birth_date IN ({days}))"
                ))
                .await?;
            let Some(sum) = outcome.released().and_then(|file| file.only("s")) else {
                found.told.push(outcome.told());
                continue;
            };
            // The last one stands for all the others, whose sum is not known.
            chosen.push(people.len());
            equations.push((chosen, sum));
        }
        found.told.push(format!("{} of {SUMS} sums left", equations.len()));
        if equations.len() * 2 >= people.len() {
            found.guesses = flags(&people, &equations);
        }
        Ok(found)
    })
}
