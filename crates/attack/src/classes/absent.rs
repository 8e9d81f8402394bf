//! Who has anything at all, where a column holds nothing for half of the people.

use crate::algebra::least_squares;
use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene, Step};
use crate::population::{Person, TARGETS};
use crate::random::Random;
use crate::score::Guess;

const fn attack(id: &'static str, title: &'static str, step: Step, twin: Benign) -> Attack {
    Attack { class: Class::Differencing, id, title, kind: Kind::Steps(step), twin }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "D39",
        "numbers of values of teams with and without one person",
        |scene| with_and_without(scene, "count(relief)", "true"),
        Benign::Query("SELECT zone, count(relief) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    attack(
        "D40",
        "those who have anything of teams with and without one person",
        |scene| with_and_without(scene, "count(*)", "relief IS NOT NULL"),
        Benign::Query(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND relief IS NOT NULL GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D41",
        "means of those who have anything of teams with and without one person",
        |scene| with_and_without(scene, "avg(relief)", "true"),
        Benign::Query("SELECT zone, avg(relief) AS m FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    attack(
        "D42",
        "who has anything, solved for from numbers of values of many halves of sixty people",
        halves,
        Benign::Query(
            "SELECT zone, count(relief) AS n, sum(relief) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D43",
        "the incomes of those who have nothing else, from sums of both columns together and each alone",
        lost_in_a_sum,
        Benign::Query(
            "SELECT zone, sum(income + household) AS s, sum(income) + sum(household) AS t FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D45",
        "how many have anything, as the number of rows that is lacking beside what one does not have",
        |scene| below(scene, "sum(relief) AS i, count(*) AS n", "sum(i + n) AS a, sum(i) AS b", |a, b| a - b),
        Benign::Query(
            "SELECT zone, count(relief) AS n, sum(relief) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
    attack(
        "D46",
        "how many have anything, as a sum of what is counted of each",
        |scene| below(scene, "count(relief) AS j", "sum(j) AS a", |a, _| a),
        Benign::Query("SELECT zone, count(relief) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
];

/// How many of each team have something, from numbers that each person has below: exactly, where they come at all.
fn below<'a>(
    scene: &'a Scene<'a>,
    inner: &'static str,
    outer: &'static str,
    of: impl Fn(f64, f64) -> f64 + Send + Sync + 'a,
) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let outcome = scene
            .order(&format!(
                "SELECT team, {outer} FROM (SELECT id_number, team, {inner} FROM {{p}} WHERE district = {{D}} AND team <> '无' GROUP BY id_number, team) AS z GROUP BY team"
            ))
            .await?;
        found.told.push(outcome.told());
        let Some(file) = outcome.released() else { return Ok(found) };
        for team in &scene.plot.teams {
            let read = |column| file.number("team", team, column);
            let Some(a) = read("a") else { continue };
            let members = scene.plot.people.iter().filter(|one| one.team == *team);
            let truth = members.filter(|one| one.relief.is_some()).count();
            found.guesses.push(Guess::number(of(a, read("b").unwrap_or_default()), truth as f64, 0.0, 5.0));
        }
        Ok(found)
    })
}

/// Teams of twelve beside the same with a thirteenth: another number, or one that is missing, where he has something.
fn with_and_without<'a>(scene: &'a Scene<'a>, number: &'static str, condition: &'static str) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 2, ..Found::default() };
        let mut files = Vec::new();
        for whom in ["village LIKE '%-B%'", "true"] {
            let outcome = scene
                .order(&format!(
                    "SELECT team, {number} AS n FROM {{p}} AS t WHERE district = {{D}} AND team <> '无' AND {whom} AND {condition} GROUP BY team"
                ))
                .await?;
            found.told.push(outcome.told());
            files.push(outcome.released().cloned().unwrap_or_default());
        }
        let [twelve, thirteen] = files.as_slice() else { return Ok(found) };
        for person in scene.plot.targets() {
            let Some(without) = twelve.number("team", &person.team, "n") else { continue };
            let with = thirteen.number("team", &person.team, "n");
            let other = with.is_none_or(|with| (with - without).abs() > 0.01);
            found.guesses.push(Guess::bit(other, person.relief.is_some()));
        }
        Ok(found)
    })
}

/// Of each team: what its people have who have no relief, together.
fn lost_in_a_sum<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const FORMS: [&str; 2] = [
        "SELECT team, sum(income) AS a, sum(relief + income) AS b, sum(relief) AS c FROM {p} AS t WHERE district = {D} AND team <> '无' GROUP BY team",
        "SELECT team, sum(income) AS a, sum(s.both) AS b, sum(relief) AS c FROM (SELECT id_number, district, team, income, relief, relief + income AS both FROM {p}) AS s WHERE district = {D} AND team <> '无' GROUP BY team",
    ];
    Box::pin(async move {
        let mut found = Found { forms: FORMS.len(), ..Found::default() };
        for form in FORMS {
            let outcome = scene.order(form).await?;
            found.told.push(outcome.told());
            let Some(file) = outcome.released() else { continue };
            for team in &scene.plot.teams {
                let read = |column| file.number("team", team, column);
                let (Some(a), Some(b), Some(c)) = (read("a"), read("b"), read("c")) else { continue };
                let lacking =
                    scene.plot.people.iter().filter(|one| one.team == *team && one.relief.is_none());
                let truth = lacking.map(|one| one.income as f64).sum::<f64>();
                found.guesses.push(Guess::number(a - b + c, truth, 0.0, 65_536.0));
            }
        }
        Ok(found)
    })
}

fn halves<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    const SETS: usize = 48;
    const PEOPLE: usize = 60;
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let people: Vec<&Person> = scene.plot.people.iter().skip(TARGETS).take(PEOPLE).collect();
        let mut random = Random::new(0x0A_B5E7);
        let mut equations = Vec::new();
        for set in 0..SETS {
            let members: Vec<usize> = (0..people.len()).filter(|_| random.bit()).collect();
            let days = members.iter().filter_map(|place| people.get(*place));
            let days: Vec<String> = days.map(|person| format!("DATE '{}'", person.birth)).collect();
            let outcome = scene
                .order(&format!(
                    "SELECT count(relief) AS n FROM {{p}} AS t WHERE district = {{D}} AND birth_date IN ({})",
                    days.join(", ")
                ))
                .await?;
            if set == 0 || set + 1 == SETS {
                found.told.push(outcome.told());
            }
            if let Some(number) = outcome.released().and_then(|file| file.only("n")) {
                equations.push((members, number));
            }
        }
        found.told.push(format!("{} of {SETS} numbers came", equations.len()));
        if equations.len() > 1 {
            let solved = least_squares(people.len(), &equations);
            let guess = |(has, person): (f64, &Person)| Guess::bit(has > 0.5, person.relief.is_some());
            found.guesses = solved.into_iter().zip(people).map(guess).collect();
        }
        Ok(found)
    })
}
