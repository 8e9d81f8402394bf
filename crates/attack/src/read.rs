//! Reads secrets out of released rows by the names of their columns.
//!
//! A row that names a target (by village, birthday, number or name) and carries
//! - `flag`, `s`: a flag, or a sum of flags: not zero means yes;
//! - `inc`: an income;
//! - `hit`: the target is there because its flag is set, so whoever is not there has it not;
//!
//! and a row that names a team and carries `grades` (a sum over twelve) tells the team's grade where all or none have it;
//! with `hit`, that it is there at all.

use crate::lab::Released;
use crate::population::{INCOMES, Person, Plot};
use crate::score::Guess;

/// Every guess that a released file allows.
pub(crate) fn secrets(file: &Released, plot: &Plot) -> Vec<Guess> {
    let mut guesses = targets(file, plot);
    guesses.extend(teams(file, plot));
    guesses.extend(sellers(file, plot));
    guesses
}

fn targets(file: &Released, plot: &Plot) -> Vec<Guess> {
    let mut guesses = Vec::new();
    let mut seen = Vec::new();
    for row in &file.rows {
        let Some(person) = named(row, plot) else { continue };
        let number = |column: &str| row.get(file.place(column)?)?.parse::<f64>().ok();
        for column in ["flag", "s"] {
            if let Some(value) = number(column) {
                guesses.push(Guess::bit(value > 0.0, person.flag));
            }
        }
        if let Some(value) = number("inc") {
            guesses.push(income(value, person));
        }
        if file.place("hit").is_some() {
            seen.push(person.id_number.as_str());
        }
    }
    if !seen.is_empty() {
        let there = |person: &Person| seen.contains(&person.id_number.as_str());
        guesses.extend(plot.targets().iter().map(|person| Guess::bit(there(person), person.flag)));
    }
    guesses
}

/// A guess of an income, to the yuan.
pub(crate) fn income(value: f64, person: &Person) -> Guess {
    Guess::number(value.round(), person.income as f64, 0.0, INCOMES as f64)
}

/// The target that a row is about.
fn named<'a>(row: &[String], plot: &'a Plot) -> Option<&'a Person> {
    plot.targets().iter().find(|person| {
        let birth = person.birth.to_string();
        row.iter().any(|cell| {
            *cell == person.village
                || *cell == person.id_number
                || *cell == person.phone
                || cell.starts_with(&birth)
        })
    })
}

/// A team of twelve in which all or none have the grade.
fn teams(file: &Released, plot: &Plot) -> Vec<Guess> {
    let guess = |team: &String| {
        let (sum, n) = (file.number("team", team, "grades")?, file.number("team", team, "n")?);
        let truth = plot.grade(team)?;
        (sum <= 0.0 || sum >= n).then(|| Guess::bit(sum > 0.0, truth))
    };
    let mut guesses: Vec<Guess> = plot.teams.iter().filter_map(guess).collect();
    if let (Some(team), Some(_), false) = (file.place("team"), file.place("hit"), file.rows.is_empty()) {
        let there = |name: &String| file.rows.iter().any(|row| row.get(team) == Some(name));
        let grades = plot.teams.iter().filter_map(|name| Some((there(name), plot.grade(name)?)));
        guesses.extend(grades.map(|(there, truth)| Guess::bit(there, truth)));
    }
    guesses
}

/// An industry's turnover, of which the attacker subtracts his own and what the small ones usually have.
fn sellers(file: &Released, plot: &Plot) -> Vec<Guess> {
    let guess = |firms: &[crate::population::Enterprise]| {
        let total = file.number("industry", &firms.first()?.industry, "turnover")?;
        let (largest, own) = (firms.first()?.turnover as f64, firms.get(1)?.turnover as f64);
        // The twelve small ones have 0.5 to 0.9 % of the largest each.
        let guessed = (total - own) / (1.0 + 12.0 * 0.007);
        Some(Guess::number(guessed, largest, 2_000.0, INCOMES as f64))
    };
    plot.enterprises.chunks(14).filter_map(guess).collect()
}
