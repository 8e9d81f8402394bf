//! A bound that moves over people while cells are told apart by a secret: which cell changes, and which one comes.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene};
use crate::lab::{Outcome, Parameter};
use crate::population::Person;
use crate::score::Guess;
use crate::stage::ENGINEER;

const fn attack(
    id: &'static str,
    title: &'static str,
    step: crate::attack::Step,
    twin: &'static str,
    rows: usize,
) -> Attack {
    Attack { class: Class::Noise, id, title, kind: Kind::Steps(step), twin: Benign::Query(twin, rows) }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "N16",
        "grouped by the flag, one person more each time: the cell whose noise stays is not his",
        by_flag,
        "SELECT flag, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY flag",
        2,
    ),
    attack(
        "N17",
        "grouped by bands of income, one person more each time: the cell that changes is his",
        by_band,
        "SELECT income / 16384 AS band, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY income / 16384",
        4,
    ),
    attack(
        "N18",
        "grouped by bands of income, ten people more each time: a cell that comes holds one of them",
        at_the_threshold,
        "SELECT income / 16384 AS band, sex, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY income / 16384, sex",
        8,
    ),
    attack(
        "N19",
        "as many cells as the ledger takes, and those of whoever has the flag: the run fails",
        limits,
        "SELECT date_part('year', birth_date) >= 1980 AS young, g.region, count(*) AS n FROM {p} AS t JOIN {g} AS g ON g.village = t.village WHERE t.district = {D} AND flag = 1 GROUP BY 1, 2",
        4,
    ),
];

/// Cells of nobody but one person each, as many as the ledger takes; those of the target would be too many.
fn limits<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const LEDGER_MAX: usize = 10_000;
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        // A village meets one of each plot; each of its cells is set against its population as well.
        let plots = scene.population.plots.len();
        let mut known: Vec<&Person> =
            scene.plot.people.iter().filter(|person| person.village.contains("-B")).collect();
        known.sort_by_key(|person| person.birth.days());
        let many = LEDGER_MAX / 2 / plots;
        let Some(last) = many.checked_sub(1).and_then(|last| known.get(last)) else { return Ok(found) };
        let sql = scene.fill(&format!(
            "SELECT t.birth_date, h.village, count(*) AS n FROM {{p}} AS t JOIN {{g}} AS h ON h.number = t.household WHERE t.district = {{D}} AND (t.village = $v AND t.flag = 1 OR t.village LIKE '%-B%' AND t.birth_date <= DATE '{}') GROUP BY t.birth_date, h.village",
            last.birth
        ));
        let villages = scene.plot.targets().iter().map(|person| person.village.clone()).collect();
        let model = match scene.lab.model(ENGINEER, &sql, &[Parameter::new("v", "text", villages)]).await? {
            Ok(model) => model,
            Err(refused) => {
                found.told.push(format!("refused: {}", refused.code()));
                return Ok(found);
            }
        };
        let mut failed = Vec::new();
        for target in scene.plot.targets() {
            let run = scene.lab.run(&model, &[("v", &target.village)]).await?;
            failed.push(run.map_or(true, |run| run.state != "done"));
        }
        found.told.push(format!("{} of {} failed", failed.iter().filter(|one| **one).count(), failed.len()));
        if failed.contains(&true) && failed.contains(&false) {
            let targets = scene.plot.targets().iter().zip(failed);
            found.guesses = targets.map(|(target, failed)| Guess::bit(failed, target.flag)).collect();
        }
        Ok(found)
    })
}

/// Orders that are the same but for the last birthday that counts, and what the cells of each hold by their key.
struct Walk<'a> {
    /// By birthday.
    people: Vec<&'a Person>,
    /// For each step the number of people up to the bound, and the cells that left.
    steps: Vec<(usize, BTreeMap<String, Vec<String>>)>,
}

/// Moves the bound over numbers of people. Visits are joined, so that people may count more than once: such numbers always
/// leave with noise, and the ledger refuses none of them for being near another.
async fn walk<'a>(
    scene: &Scene<'a>,
    found: &mut Found,
    key: &str,
    bounds: impl Iterator<Item = usize>,
) -> Result<Walk<'a>> {
    let mut people: Vec<&Person> = scene.plot.people.iter().collect();
    people.sort_by_key(|person| person.birth.days());
    let days = people.iter().map(|person| person.birth.to_string()).collect();
    let sql = scene.fill(&format!(
        "SELECT {key} AS k, count(*) AS n, sum(t.income) AS s FROM {{p}} AS t JOIN {{v}} AS w ON w.id_number = t.id_number WHERE t.district = {{D}} AND birth_date <= $day GROUP BY {key}"
    ));
    let mut walk = Walk { people, steps: Vec::new() };
    let model = match scene.lab.model(ENGINEER, &sql, &[Parameter::new("day", "date", days)]).await? {
        Ok(model) => model,
        Err(refused) => {
            found.told.push(format!("refused: {}", refused.code()));
            return Ok(walk);
        }
    };
    for bound in bounds {
        let Some(last) = bound.checked_sub(1).and_then(|last| walk.people.get(last)) else { break };
        let outcome = scene.lab.order_of(&model, &[("day", &last.birth.to_string())]).await?;
        walk.steps.push((bound, cells(&outcome)));
    }
    let left: usize = walk.steps.iter().map(|(_, cells)| cells.len()).sum();
    found.told.push(format!("{} order(s), {left} cell(s) left", walk.steps.len()));
    Ok(walk)
}

fn cells(outcome: &Outcome) -> BTreeMap<String, Vec<String>> {
    let rows = outcome.released().into_iter().flat_map(|file| &file.rows);
    rows.filter_map(|row| row.split_first().map(|(key, numbers)| (key.clone(), numbers.to_vec()))).collect()
}

/// Cells of two steps that both hold, by whether they hold the same numbers.
fn stayed<'c>(
    before: &'c BTreeMap<String, Vec<String>>,
    after: &'c BTreeMap<String, Vec<String>>,
    same: bool,
) -> Vec<&'c String> {
    let both = after.iter().filter_map(|(key, numbers)| Some((key, before.get(key)? == numbers)));
    both.filter(|(_, stayed)| *stayed == same).map(|(key, _)| key).collect()
}

/// Guesses of newcomers, one for each step of one person, by the only cell that stayed the same, or that changed.
async fn newcomers(
    scene: &Scene<'_>,
    key: &str,
    bounds: std::ops::Range<usize>,
    same: bool,
    guess: impl Fn(&str, &Person) -> Guess,
) -> Result<Found> {
    let mut found = Found { forms: 1, ..Found::default() };
    let walk = walk(scene, &mut found, key, bounds).await?;
    for pair in walk.steps.windows(2) {
        let [(_, before), (bound, after)] = pair else { continue };
        if let ([key], Some(newcomer)) = (stayed(before, after, same).as_slice(), walk.people.get(bound - 1))
        {
            found.guesses.push(guess(key, newcomer));
        }
    }
    Ok(found)
}

fn by_flag<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(newcomers(scene, "flag", 140..165, true, |key, person| Guess::bit(key == "0", person.flag)))
}

fn by_band<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    let guess = |key: &str, person: &Person| {
        let right = key == (person.income / 8192).to_string();
        Guess { right, chance: 1.0 / 8.0 }
    };
    Box::pin(newcomers(scene, "income / 8192", 180..205, false, guess))
}

fn at_the_threshold<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const STEP: usize = 10;
    let band = |person: &Person| (person.income / 4096).to_string();
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let bounds = (40..=scene.plot.people.len()).step_by(STEP);
        let walk = walk(scene, &mut found, "income / 4096", bounds).await?;
        let mut seen = BTreeMap::new();
        for (bound, cells) in &walk.steps {
            for key in cells.keys() {
                seen.entry(key.clone()).or_insert(*bound);
            }
        }
        let first = walk.steps.first().map(|(bound, _)| *bound);
        for (key, bound) in seen.into_iter().filter(|(_, bound)| Some(*bound) != first) {
            let newcomers = walk.people.get(bound.saturating_sub(STEP)..bound).unwrap_or_default();
            // Each of ten is in one of sixteen bands.
            let chance = 1.0 - (15.0_f64 / 16.0).powi(10);
            found.guesses.push(Guess { right: newcomers.iter().any(|one| band(one) == key), chance });
        }
        Ok(found)
    })
}
