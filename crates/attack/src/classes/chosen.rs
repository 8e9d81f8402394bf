//! What numbers say of those whom a condition, a partner or another part of the query chose.

use anyhow::Result;

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene};
use crate::lab::{Outcome, Parameter};
use crate::population::{INCOME_LEAST, Person, TARGETS};
use crate::read;
use crate::score::Guess;
use crate::stage::ENGINEER;

const fn attack(id: &'static str, title: &'static str, step: crate::attack::Step, twin: Benign) -> Attack {
    Attack { class: Class::Differencing, id, title, kind: Kind::Steps(step), twin }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "D30",
        "sums of the side of an outer join that lacks one person",
        lacking,
        Benign::Query(
            "SELECT t.zone, count(*) AS n, sum(w.cost) AS cost FROM {p} AS t LEFT JOIN {v} AS w ON w.id_number = t.id_number WHERE t.district = {D} GROUP BY t.zone",
            4,
        ),
    ),
    attack(
        "D31",
        "a number of the side of an outer join that a secret chose",
        found_by_secret,
        Benign::Query(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND (flag = 1 OR income > 60000) GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D32",
        "one person's rows beside those of many, whose part is known: a union of two tables",
        beside_many,
        Benign::Query(
            "SELECT t.zone, count(DISTINCT t.id_number) AS n FROM {p} AS t WHERE t.district = {D} AND EXISTS (SELECT 1 FROM {v} AS w WHERE w.id_number = t.id_number AND w.clinic <> 'C9' AND w.urgent = 1) GROUP BY t.zone",
            4,
        ),
    ),
    attack(
        "D33",
        "what else is known of those whom a secret chose: extremes, different values, deviations",
        known_of_chosen,
        Benign::Query(
            "SELECT zone, avg(household) AS h FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D34",
        "the same condition but for a range: where nobody is in the range, the number that left comes again",
        nobody_between,
        Benign::Query(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND income >= 30000 AND income <= 60000 GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D35",
        "different values of a secret in two groups together: one if they are alike",
        alike,
        Benign::Query(
            "SELECT zone, count(DISTINCT village) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D36",
        "a key by which one person meets another row of a public table than the rest",
        met_by_key,
        Benign::Query(
            "SELECT q.region, count(DISTINCT t.id_number) AS n FROM {p} AS t JOIN {g} AS q ON q.village = t.village WHERE t.district = {D} AND t.income >= 42768 GROUP BY q.region",
            2,
        ),
    ),
    attack(
        "D37",
        "one person with many rows among many with one: how far the noise reaches",
        many_rows,
        Benign::Query(
            "SELECT t.zone, count(*) AS n FROM {p} AS t JOIN {v} AS w ON w.id_number = t.id_number WHERE t.district = {D} AND t.flag = 1 GROUP BY t.zone",
            4,
        ),
    ),
    attack(
        "D38",
        "a sum of another secret over those whom one chose, much of it one person's",
        much_of_another,
        Benign::Query(
            "SELECT t.zone, sum(w.cost) AS c FROM {p} AS t JOIN {v} AS w ON w.id_number = t.id_number WHERE t.district = {D} AND t.income >= 42768 GROUP BY t.zone",
            4,
        ),
    ),
];

/// Orders with a village as parameter.
async fn with_village(
    scene: &Scene<'_>,
    sql: &str,
    villages: &[&str],
    found: &mut Found,
) -> Result<Vec<Option<Outcome>>> {
    found.forms += 1;
    let values = villages.iter().map(|village| (*village).to_owned()).collect();
    let domain = Parameter::new("v", "text", values);
    let parameters = if sql.contains("$v") { vec![domain] } else { Vec::new() };
    let model = match scene.lab.model(ENGINEER, &scene.fill(sql), &parameters).await? {
        Ok(model) => model,
        Err(refused) => {
            found.told.push(refused.code());
            return Ok(villages.iter().map(|_| None).collect());
        }
    };
    let mut outcomes = Vec::new();
    for village in villages {
        let values = [("v", *village)];
        let values: &[_] = if parameters.is_empty() { &[] } else { &values };
        let outcome = scene.lab.order_of(&model, values).await?;
        found.told.push(outcome.told());
        outcomes.push(Some(outcome));
    }
    Ok(outcomes)
}

fn number(outcome: Option<&Outcome>, column: &str) -> Option<f64> {
    outcome.and_then(Outcome::released).and_then(|file| file.only(column))
}

fn villages<'a>(scene: &'a Scene<'_>, most: usize) -> (Vec<&'a Person>, Vec<&'a str>) {
    let people: Vec<&Person> = scene.plot.targets().iter().take(most).collect();
    let villages = people.iter().map(|person| person.village.as_str()).collect();
    (people, villages)
}

fn lacking<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const FORMS: [&str; 2] = [
        "SELECT sum(t.income) AS h, sum(s.income) AS c FROM {p} AS t LEFT JOIN {p} AS s ON s.id_number = t.id_number AND s.village <> $v WHERE t.district = {D}",
        "SELECT sum(t.income) AS h, sum(s.income) AS c FROM {p} AS t LEFT JOIN (SELECT id_number, income FROM {p} WHERE village <> $v) AS s ON s.id_number = t.id_number WHERE t.district = {D}",
    ];
    Box::pin(async move {
        let mut found = Found::default();
        let (people, villages) = villages(scene, 4);
        for sql in FORMS {
            let outcomes = with_village(scene, sql, &villages, &mut found).await?;
            for (outcome, person) in outcomes.iter().zip(&people) {
                if let (Some(all), Some(rest)) =
                    (number(outcome.as_ref(), "h"), number(outcome.as_ref(), "c"))
                {
                    found.guesses.push(read::income(all - rest, person));
                }
            }
        }
        Ok(found)
    })
}

fn found_by_secret<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const FORMS: [&str; 2] = [
        "SELECT count(s.household) AS n FROM {p} AS t LEFT JOIN (SELECT id_number, household FROM {p} WHERE village = $v AND flag = 1) AS s ON s.id_number = t.id_number WHERE t.district = {D}",
        "SELECT count(s.flag) AS n FROM {p} AS t LEFT JOIN {p} AS s ON s.id_number = t.id_number AND s.village = $v AND s.flag = 1 WHERE t.district = {D}",
    ];
    Box::pin(async move {
        let mut found = Found::default();
        let (people, villages) = villages(scene, TARGETS);
        for sql in FORMS {
            let outcomes = with_village(scene, sql, &villages, &mut found).await?;
            for (outcome, person) in outcomes.iter().zip(&people) {
                if let Some(count) = number(outcome.as_ref(), "n") {
                    found.guesses.push(Guess::bit(count > 0.5, person.flag));
                }
            }
        }
        Ok(found)
    })
}

fn beside_many<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (people, villages) = villages(scene, TARGETS);
        let sql = "SELECT count(*) AS n FROM (SELECT id_number, clinic AS part FROM {v} WHERE district = {D} AND clinic <> 'C9' UNION ALL SELECT id_number, village AS part FROM {p} WHERE village = $v AND flag = 1) AS q";
        let outcomes = with_village(scene, sql, &villages, &mut found).await?;
        // How many visits there are is known.
        let visits = 20.0 * 11.0 + 252.0;
        for (outcome, person) in outcomes.iter().zip(&people) {
            if let Some(count) = number(outcome.as_ref(), "n") {
                found.guesses.push(Guess::bit(count - visits > 0.5, person.flag));
            }
        }
        Ok(found)
    })
}

fn known_of_chosen<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const SHOWN: [&str; 5] = [
        "max(zone)",
        "min(zone)",
        "count(DISTINCT village)",
        "count(DISTINCT birth_date)",
        "stddev(household)",
    ];
    Box::pin(async move {
        let mut found = Found::default();
        for shown in SHOWN {
            found.forms += 1;
            let outcome = scene
                .order(&format!("SELECT zone, {shown} AS m FROM {{p}} AS t WHERE district = {{D}} AND flag = 1 GROUP BY zone"))
                .await?;
            found.told.push(outcome.told());
            if outcome.released().is_some_and(|file| !file.rows.is_empty()) {
                found.violations.push(format!("{shown} of those who have the flag"));
            }
        }
        Ok(found)
    })
}

/// Of sixty people, whether anybody is in a range of incomes that holds somebody as often as not.
fn nobody_between<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const LEAST: i64 = INCOME_LEAST + 16_384;
    const WIDTH: i64 = 757;
    const RANGES: i64 = 32;
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let village = format!("{}-B3", scene.plot.district);
        let sql = scene.fill(&format!(
            "SELECT village, count(*) AS n FROM {{p}} AS t WHERE district = {{D}} AND village = '{village}' AND income >= {LEAST} AND NOT (income >= $low AND income < $low + {WIDTH}) GROUP BY village"
        ));
        // The first range lies below the bound: it takes away nobody.
        let lows: Vec<i64> =
            std::iter::once(0).chain((0..RANGES).map(|range| LEAST + range * WIDTH)).collect();
        let values: Vec<String> = lows.iter().map(ToString::to_string).collect();
        let model = match scene.lab.model(ENGINEER, &sql, &[Parameter::new("low", "integer", values)]).await?
        {
            Ok(model) => model,
            Err(refused) => {
                found.told.push(refused.code());
                return Ok(found);
            }
        };
        let mut numbers = Vec::new();
        for low in &lows {
            let outcome = scene.lab.order_of(&model, &[("low", &low.to_string())]).await?;
            numbers.push(number(Some(&outcome), "n"));
        }
        let came = numbers.iter().flatten().count();
        found.told.push(format!("{came} of {} numbers came", numbers.len()));
        let Some(Some(whole)) = numbers.first() else { return Ok(found) };
        for (low, number) in lows.iter().zip(&numbers).skip(1) {
            let is_in =
                |person: &Person| person.village == village && (*low..low + WIDTH).contains(&person.income);
            let nobody = !scene.plot.people.iter().any(is_in);
            let same = number.is_some_and(|number| (number - whole).abs() < 0.5);
            found.guesses.push(Guess::bit(same, nobody));
        }
        Ok(found)
    })
}

/// Everybody of a team has the same grade: of each two teams, whether it is one grade.
fn alike<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for pair in scene.plot.teams.windows(2) {
            let [one, other] = pair else { continue };
            found.forms += 1;
            let outcome = scene
                .order(&format!(
                    "SELECT count(DISTINCT grade) AS n FROM {{p}} AS t WHERE district = {{D}} AND team IN ('{one}', '{other}') AND village LIKE '%-B%'"
                ))
                .await?;
            found.told.push(outcome.told());
            if let Some(count) = number(Some(&outcome), "n") {
                let alike = scene.plot.grade(one) == scene.plot.grade(other);
                found.guesses.push(Guess::bit(count < 1.5, alike));
            }
        }
        Ok(found)
    })
}

/// Everybody is counted whose income reaches the bound of the first public row, and by his key the target is not among them.
fn met_by_key<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const BOUND: i64 = INCOME_LEAST + 32_768;
    const KEY: &str = "CASE WHEN t.village = $v THEN 3 - q.number ELSE q.number END";
    Box::pin(async move {
        let mut found = Found::default();
        let (people, mut villages) = villages(scene, TARGETS);
        villages.insert(0, "nowhere");
        let sql = format!(
            "SELECT {KEY} AS k, count(DISTINCT t.id_number) AS n FROM {{p}} AS t JOIN {{s}} AS q ON t.income >= (q.number - 1) * 100000 + {BOUND} WHERE q.number < 3 AND t.district = {{D}} GROUP BY {KEY}"
        );
        let outcomes = with_village(scene, &sql, &villages, &mut found).await?;
        let first = |outcome: &Option<Outcome>| {
            let file = outcome.as_ref().and_then(Outcome::released)?;
            let row = file.rows.iter().find(|row| row.first().is_some_and(|key| key == "1"))?;
            row.last()?.parse::<f64>().ok()
        };
        let mut numbers = outcomes.iter().map(first);
        let Some(Some(all)) = numbers.next() else { return Ok(found) };
        for (number, person) in numbers.zip(&people) {
            let fewer = number.is_none_or(|number| (number - all).abs() > 0.5);
            found.guesses.push(Guess::bit(fewer, person.income >= BOUND));
        }
        Ok(found)
    })
}

/// Orders one number of each target with a dozen visits among forty people with one, and guesses a bit by it.
async fn among_forty(
    scene: &Scene<'_>,
    number: &str,
    condition: &str,
    guess: impl Fn(&Person, Option<f64>) -> Option<Guess>,
) -> Result<Found> {
    const CROWD: usize = 40;
    let mut found = Found { forms: 1, ..Found::default() };
    for (place, person) in scene.plot.targets().iter().enumerate() {
        let crowd = scene.plot.people.iter().skip(TARGETS + place % 6 * CROWD).take(CROWD);
        let days = crowd.chain([person]).map(|one| format!("DATE '{}'", one.birth));
        let days: Vec<String> = days.collect();
        let sql = scene.fill(&format!(
            "SELECT {number} AS n FROM {{p}} AS t JOIN {{v}} AS w ON w.id_number = t.id_number WHERE t.district = {{D}} AND {condition} AND t.birth_date IN ({})",
            days.join(", ")
        ));
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        if place == 0 {
            found.told.push(outcome.told());
        }
        let Some(file) = outcome.released() else { continue };
        found.guesses.extend(guess(person, file.only("n")));
    }
    Ok(found)
}

/// Noise in units of the most visits of those who are counted would reach beyond forty only where the target is one of them,
/// and nothing would come where he is most of them.
fn many_rows<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        among_forty(scene, "count(*)", "t.flag = 1", |person, number| {
            let far = number.is_none_or(|number| !(1.0..=42.0).contains(&number));
            Some(Guess::bit(far, person.flag))
        })
        .await
    })
}

/// Twenty of forty visits cost some thousand, and the target's dozen more than half of that.
fn much_of_another<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const UPPER: i64 = 42_768;
    Box::pin(async move {
        // Whoever guesses knows what a visit costs on average, and nothing of these.
        among_forty(scene, "sum(w.cost)", "t.income >= 42768", |person, number| {
            let cost = 55.0;
            Some(Guess::bit(number? > cost * (20.0 + 6.0), person.income >= UPPER))
        })
        .await
    })
}
