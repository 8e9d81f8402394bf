//! Differencing, trackers and margins: several releases, and what they say together.

use anyhow::Result;

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene};
use crate::lab::{Outcome, Parameter, Released};
use crate::population::{Person, TARGETS};
use crate::read;
use crate::score::Guess;
use crate::stage::{ENGINEER, SECOND};

const fn attack(id: &'static str, title: &'static str, step: crate::attack::Step, twin: Benign) -> Attack {
    Attack { class: Class::Differencing, id, title, kind: Kind::Steps(step), twin }
}

/// Two releases about disjoint people beside each other.
const DISJOINT: Benign = Benign::Steps(disjoint);
const ZONES: Benign = Benign::Query(
    "SELECT zone, sex, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY zone, sex",
    8,
);
const TEAMS: Benign = Benign::Query(
    "SELECT team, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND team LIKE '%-T%' GROUP BY team",
    TARGETS,
);

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "D01",
        "all of a team, and all but the one who lives alone: two models",
        margins_two_models,
        TEAMS,
    ),
    attack("D02", "the same within one model, by a parameter", margins_one_model, ZONES),
    attack("D03", "the same, one half by each of two engineers", margins_two_people, ZONES),
    attack("D04", "the same, one half a mean and the other a sum", margins_mean, TEAMS),
    attack("D05", "the same, the measure scaled so that results look different", margins_scaled, TEAMS),
    attack("D06", "the same, the columns renamed and reordered", margins_renamed, TEAMS),
    attack("D07", "the same, complementary condition instead of a smaller one", margins_complement, ZONES),
    attack("D08", "the same, through a join with a public list that lacks one village", margins_join, ZONES),
    attack("D09", "birthdays up to a day and up to the day before", windows_prefix, DISJOINT),
    attack(
        "D10",
        "a window of birthdays that moves by one: one person for another of the same number",
        windows_exchange,
        Benign::Steps(equal_keys),
    ),
    attack(
        "D11",
        "everybody, those before and those after: three releases far from each other",
        windows_three,
        DISJOINT,
    ),
    attack("D12", "a table whose suppressed cells follow from its margins", table_margins, ZONES),
    attack(
        "D13",
        "count of flags with and without a village: suppressed or not is the answer",
        suppression_oracle,
        ZONES,
    ),
    attack("D14", "number of persons, and number of rows with persons doubled", doubled, ZONES),
    attack("D15", "counts whose measure is null for one person", null_tracker, ZONES),
    attack(
        "D16",
        "a tracker: padding of twenty people, with and without the target",
        padded_tracker,
        DISJOINT,
    ),
    attack("D17", "the same difference by another operator's order on the same data", two_operators, ZONES),
    attack("D18", "zones against zones with another grouping", regrouped, ZONES),
];

/// Takes what two releases say about teams apart: the first less the second is the target's.
fn by_team(
    scene: &Scene<'_>,
    all: Option<&Released>,
    large: Option<&Released>,
    found: &mut Found,
    amount: fn(&Released, &str) -> Option<f64>,
) {
    let (Some(all), Some(large)) = (all, large) else { return };
    for (team, target) in scene.plot.teams.iter().zip(scene.plot.targets()) {
        if let (Some(a), Some(b)) = (amount(all, team), amount(large, team)) {
            found.guesses.push(read::income(a - b, target));
        }
    }
}

fn sum(file: &Released, team: &str) -> Option<f64> {
    file.number("team", team, "inc")
}

const ALL: &str =
    "SELECT team, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY team";
const LARGE: &str = "SELECT team, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND village LIKE '%-B%' GROUP BY team";

async fn pair(
    scene: &Scene<'_>,
    templates: [&str; 2],
    amount: fn(&Released, &str) -> Option<f64>,
) -> Result<Found> {
    let mut found = Found { forms: 1, ..Found::default() };
    let (all, large) = (scene.order(templates[0]).await?, scene.order(templates[1]).await?);
    found.told = vec![all.told(), large.told()];
    by_team(scene, all.released(), large.released(), &mut found, amount);
    Ok(found)
}

fn margins_two_models<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(pair(scene, [ALL, LARGE], sum))
}

fn margins_one_model<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT team, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND (village LIKE '%-B%' OR $all = 1) GROUP BY team");
        let domain = Parameter::new("all", "integer", vec!["0".to_owned(), "1".to_owned()]);
        let model = match scene.lab.model(ENGINEER, &sql, &[domain]).await? {
            Ok(model) => model,
            Err(refused) => {
                found.told.push(refused.code());
                return Ok(found);
            }
        };
        let (all, large) = (
            scene.lab.order_of(&model, &[("all", "1")]).await?,
            scene.lab.order_of(&model, &[("all", "0")]).await?,
        );
        found.told = vec![all.told(), large.told()];
        by_team(scene, all.released(), large.released(), &mut found, sum);
        Ok(found)
    })
}

fn margins_two_people<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let all = scene.order(ALL).await?;
        let large = match scene.lab.model(SECOND, &scene.fill(LARGE), &[]).await? {
            Ok(model) => scene.lab.order_of(&model, &[]).await?,
            Err(refused) => Outcome::Refused(refused.code()),
        };
        found.told = vec![all.told(), large.told()];
        by_team(scene, all.released(), large.released(), &mut found, sum);
        Ok(found)
    })
}

fn margins_mean<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    let mean = "SELECT team, count(*) AS n, avg(income) AS mean FROM {p} AS t WHERE district = {D} AND village LIKE '%-B%' GROUP BY team";
    Box::pin(pair(scene, [ALL, mean], |file, team| {
        sum(file, team).or_else(|| Some(file.number("team", team, "mean")? * file.number("team", team, "n")?))
    }))
}

fn margins_scaled<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    let scaled = "SELECT team, sum(income * 3) AS threefold FROM {p} AS t WHERE district = {D} AND village LIKE '%-B%' GROUP BY team";
    Box::pin(pair(scene, [ALL, scaled], |file, team| {
        sum(file, team).or_else(|| Some(file.number("team", team, "threefold")? / 3.0))
    }))
}

fn margins_renamed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    let renamed = "SELECT sum(income) AS \"合计\", team AS \"班组\" FROM {p} AS t WHERE district = {D} AND village LIKE '%-B%' GROUP BY team";
    Box::pin(pair(scene, [ALL, renamed], |file, team| {
        sum(file, team).or_else(|| file.number("班组", team, "合计"))
    }))
}

fn margins_complement<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    let complement = "SELECT team, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND NOT (village LIKE '%-S%') GROUP BY team";
    Box::pin(pair(scene, [ALL, complement], sum))
}

fn margins_join<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        // The list lacks the first target's village, so only the first team differs.
        let joined = "SELECT t.team, count(*) AS n, sum(t.income) AS inc FROM {p} AS t JOIN {g} AS g ON t.village = g.village WHERE t.district = {D} GROUP BY t.team";
        let mut found = pair(scene, [ALL, joined], sum).await?;
        found.guesses.truncate(1);
        Ok(found)
    })
}

/// The people of a large village by birthday.
fn by_birthday<'a>(scene: &Scene<'a>, zone: usize) -> Vec<&'a Person> {
    let village = format!("{}-B{zone}", scene.plot.district);
    let mut people: Vec<&Person> =
        scene.plot.people.iter().filter(|person| person.village == village).collect();
    people.sort_by_key(|person| person.birth.days());
    people
}

/// The sum of incomes of a village between two places of its birthdays, both included.
async fn window(
    scene: &Scene<'_>,
    zone: usize,
    from: usize,
    to: usize,
    found: &mut Found,
) -> Result<Option<f64>> {
    let people = by_birthday(scene, zone);
    let (Some(first), Some(last)) = (people.get(from), people.get(to)) else { return Ok(None) };
    let outcome = scene
        .order(&format!(
            "SELECT village, sum(income) AS inc FROM {{p}} AS t WHERE district = {{D}} AND village = '{}' AND birth_date BETWEEN DATE '{}' AND DATE '{}' GROUP BY village",
            first.village, first.birth, last.birth
        ))
        .await?;
    found.told.push(outcome.told());
    Ok(outcome.released().and_then(|file| file.only("inc")))
}

fn windows_prefix<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        for zone in 1..=2 {
            let (longer, shorter) = (
                window(scene, zone, 0, 30, &mut found).await?,
                window(scene, zone, 0, 29, &mut found).await?,
            );
            if let (Some(a), Some(b), Some(person)) = (longer, shorter, by_birthday(scene, zone).get(30)) {
                found.guesses.push(read::income(a - b, person));
            }
        }
        Ok(found)
    })
}

/// The attacker is the person who drops out and knows his own income.
fn windows_exchange<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        for zone in 1..=2 {
            let (early, late) = (
                window(scene, zone, 0, 29, &mut found).await?,
                window(scene, zone, 1, 30, &mut found).await?,
            );
            let people = by_birthday(scene, zone);
            if let (Some(a), Some(b), Some(own), Some(person)) = (early, late, people.first(), people.get(30))
            {
                found.guesses.push(read::income(b - a + own.income as f64, person));
            }
        }
        Ok(found)
    })
}

fn windows_three<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        for zone in 1..=2 {
            let whole = window(scene, zone, 0, 59, &mut found).await?;
            let before = window(scene, zone, 0, 29, &mut found).await?;
            let after = window(scene, zone, 31, 59, &mut found).await?;
            if let (Some(whole), Some(before), Some(after), Some(person)) =
                (whole, before, after, by_birthday(scene, zone).get(30))
            {
                found.guesses.push(read::income(whole - before - after, person));
            }
        }
        Ok(found)
    })
}

fn table_margins<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let cells = scene.order("SELECT team, substring(village FROM 9 FOR 1) AS sort, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND team LIKE '%-T%' GROUP BY team, substring(village FROM 9 FOR 1)").await?;
        let rows = scene.order(ALL).await?;
        found.told = vec![cells.told(), rows.told()];
        by_team(scene, rows.released(), cells.released(), &mut found, sum);
        Ok(found)
    })
}

/// Those who have the flag, but for one, or and one more: said plainly, and in ways that hide what is asked.
const FLAGGED: [&str; 8] = [
    "SELECT district, count(*) AS n FROM {p} AS t WHERE district = {D} AND flag = 1 AND village <> $v GROUP BY district",
    "SELECT district, count(*) AS n FROM (SELECT district, village, nullif(flag, 0) AS f FROM {p}) AS t WHERE district = {D} AND f IS NOT NULL AND village <> $v GROUP BY district",
    "SELECT t.district, count(*) AS n FROM {p} AS t LEFT JOIN (SELECT id_number FROM {p} WHERE flag = 0) AS s ON s.id_number = t.id_number WHERE t.district = {D} AND s.id_number IS NULL AND t.village <> $v GROUP BY t.district",
    "SELECT t.district, count(*) AS n FROM {p} AS t LEFT JOIN (SELECT id_number, count(*) AS c FROM {p} WHERE flag = 1 GROUP BY id_number) AS s ON s.id_number = t.id_number WHERE t.district = {D} AND s.c = 1 AND t.village <> $v GROUP BY t.district",
    "SELECT t.district, count(*) AS n FROM {p} AS t JOIN (SELECT id_number, count(nullif(flag, 0)) AS c FROM {p} GROUP BY id_number) AS s ON s.id_number = t.id_number WHERE t.district = {D} AND s.c = 1 AND t.village <> $v GROUP BY t.district",
    "SELECT district, count(*) AS n FROM {p} AS t WHERE district = {D} AND (flag = 1 OR village = $v) GROUP BY district",
    "SELECT t.district, count(*) AS n FROM {p} AS t WHERE t.district = {D} AND EXISTS (SELECT 1 FROM {p} AS s WHERE s.id_number = t.id_number AND s.flag = 1 AND s.village <> $v) GROUP BY t.district",
    // The same people, with one visit of one of them less.
    "SELECT t.district, count(DISTINCT t.id_number) AS n FROM {p} AS t JOIN {v} AS w ON w.id_number = t.id_number WHERE t.district = {D} AND w.urgent = 1 AND (w.clinic <> 'C9' OR t.village <> $v) GROUP BY t.district",
];

fn suppression_oracle<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for sql in FLAGGED {
            without_one(scene, sql, &mut found).await?;
        }
        Ok(found)
    })
}

/// Counts with and without each target: is the answer whether the second one is there?
async fn without_one(scene: &Scene<'_>, sql: &str, found: &mut Found) -> Result<()> {
    found.forms += 1;
    let mut values: Vec<String> = vec!["none".to_owned()];
    values.extend(scene.plot.targets().iter().map(|person| person.village.clone()));
    let parameters = [Parameter::new("v", "text", values)];
    let Ok(model) = scene.lab.model(ENGINEER, &scene.fill(sql), &parameters).await? else { return Ok(()) };
    let whole = scene.lab.order_of(&model, &[("v", "none")]).await?;
    let count = |outcome: &Outcome| outcome.released().and_then(|file| file.only("n"));
    let Some(all) = count(&whole) else { return Ok(()) };
    let mut answers = Vec::new();
    for person in scene.plot.targets() {
        let outcome = scene.lab.order_of(&model, &[("v", &person.village)]).await?;
        // Nobody less: the same number. One less: another number, or no cell at all.
        answers.push((count(&outcome) != Some(all), person));
    }
    let missing = answers.iter().filter(|(missing, _)| *missing).count();
    if 0 < missing && missing < answers.len() {
        found.guesses.extend(answers.iter().map(|(missing, person)| Guess::bit(*missing, person.flag)));
    }
    found.told.push(format!("{missing} of {} without the cell", answers.len()));
    Ok(())
}

fn doubled<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        // Targets have twelve visits, the others one: sums over visits and over persons differ by eleven incomes.
        let visits = "SELECT t.team, count(*) AS n, sum(t.income) AS inc FROM {p} AS t JOIN {v} AS w ON t.id_number = w.id_number WHERE t.district = {D} GROUP BY t.team";
        let mut found = Found { forms: 1, ..Found::default() };
        let (plain, often) = (scene.order(ALL).await?, scene.order(visits).await?);
        found.told = vec![plain.told(), often.told()];
        if let (Some(plain), Some(often)) = (plain.released(), often.released()) {
            for (team, target) in scene.plot.teams.iter().zip(scene.plot.targets()) {
                if let (Some(a), Some(b)) = (sum(plain, team), sum(often, team)) {
                    found.guesses.push(read::income((b - a) / 11.0, target));
                }
            }
        }
        Ok(found)
    })
}

fn null_tracker<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    let without = "SELECT team, count(*) AS n, sum(nullif(income, 0)) AS inc FROM {p} AS t WHERE district = {D} AND coalesce(nullif(left(right(village, 3), 1), 'S'), '') <> '' GROUP BY team";
    Box::pin(pair(scene, [ALL, without], sum))
}

fn padded_tracker<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        for target in scene.plot.targets().iter().take(2) {
            let mut sums = Vec::new();
            for with in [
                format!(
                    "village IN ('{}', '{}')",
                    format_args!("{}-B3", scene.plot.district),
                    target.village
                ),
                format!("village = '{}-B3'", scene.plot.district),
            ] {
                let outcome = scene.order(&format!("SELECT district, sum(income) AS inc FROM {{p}} AS t WHERE district = {{D}} AND {with} GROUP BY district")).await?;
                found.told.push(outcome.told());
                sums.push(outcome.released().and_then(|file| file.only("inc")));
            }
            if let [Some(a), Some(b)] = sums.as_slice() {
                found.guesses.push(read::income(a - b, target));
            }
        }
        Ok(found)
    })
}

fn two_operators<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let Some(other) = &scene.lab.stage.other else { return Ok(found) };
        let stage = scene.lab.stage.of(other);
        let there = crate::lab::Lab::new(scene.lab.client, &stage);
        let all = scene.order(ALL).await?;
        let large = match there.model(crate::stage::OTHER_ENGINEER, &scene.fill(LARGE), &[]).await? {
            Ok(model) => there.order_of(&model, &[]).await?,
            Err(refused) => Outcome::Refused(refused.code()),
        };
        found.told = vec![all.told(), large.told()];
        by_team(scene, all.released(), large.released(), &mut found, sum);
        Ok(found)
    })
}

fn regrouped<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        // By sex and team, then by team: a suppressed part follows where the other was released.
        let coarse = scene.order(ALL).await?;
        let fine = scene.order("SELECT team, village LIKE '%-B%' AS large, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY team, village LIKE '%-B%'").await?;
        found.told = vec![coarse.told(), fine.told()];
        by_team(scene, coarse.released(), fine.released(), &mut found, sum);
        Ok(found)
    })
}

/// Two releases about people whom nothing connects.
fn disjoint<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for zone in [1, 3] {
            let outcome = scene
                .order(&format!(
                    "SELECT village, count(*) AS n, sum(income) AS inc FROM {{p}} AS t WHERE district = {{D}} AND village = '{}-B{zone}' GROUP BY village",
                    scene.plot.district
                ))
                .await?;
            found.expect(outcome.released().is_some_and(|file| file.rows.len() == 1), || outcome.told());
        }
        Ok(found)
    })
}

/// One model, two districts, cells of equal names: nobody is in both.
fn equal_keys<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let last = scene.population.plots.len().saturating_sub(1);
        let other = scene.population.plots.get(last).map(|plot| plot.district.clone()).unwrap_or_default();
        let districts = vec![scene.plot.district.clone(), other];
        let sql = scene.fill(
            "SELECT sex, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = $d GROUP BY sex",
        );
        let domain = Parameter::new("d", "text", districts.clone());
        let model = scene.lab.model(ENGINEER, &sql, &[domain]).await?;
        let Ok(model) = model else {
            found.violations.push("refused".to_owned());
            return Ok(found);
        };
        for district in &districts {
            let outcome = scene.lab.order_of(&model, &[("d", district)]).await?;
            found.expect(outcome.released().is_some_and(|file| file.rows.len() == 2), || {
                format!("people of another district under the same names of cells: {}", outcome.told())
            });
        }
        Ok(found)
    })
}
