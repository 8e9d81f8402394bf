//! A small search for attacks that nobody wrote: random pairs of queries of a grammar, changed a little at a time, kept
//! when they come nearer to one person's income.
//!
//! A pair is climbed by how near the difference of its two conditions is to one target, which the attacker can compute
//! from what he knows: he counts people on paper. What he does not know is whether the platform answers both.

use std::collections::BTreeSet;

use anyhow::Result;
use serde::Serialize;

use crate::attack::Scene;
use crate::population::{Person, Plot};
use crate::random::Random;
use crate::read;
use crate::score::{Guess, Score};

/// What the search did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Searched {
    /// Queries asked.
    pub(crate) tried: usize,
    /// Of these, released.
    pub(crate) released: usize,
    /// What was learnt.
    pub(crate) score: Score,
    /// Pairs that told somebody's income.
    pub(crate) pairs: Vec<[String; 2]>,
}

/// One condition of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    Zone(usize),
    Sex(bool),
    HouseholdAtMost(u64),
    BornBefore(i32),
    Team(usize),
    Large,
}

impl Term {
    fn random(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::Zone(1 + usize::try_from(random.below(4)).unwrap_or(0)),
            1 => Self::Sex(random.bit()),
            2 => Self::HouseholdAtMost(1 + random.below(6)),
            3 => Self::BornBefore(-7_000 + i32::try_from(random.below(21_760)).unwrap_or(0)),
            4 => Self::Team(usize::try_from(random.below(20)).unwrap_or(0)),
            _ => Self::Large,
        }
    }

    fn holds(self, person: &Person, plot: &Plot) -> bool {
        match self {
            Self::Zone(zone) => person.zone.ends_with(&format!("-Z{zone}")),
            Self::Sex(male) => (person.sex == "男") == male,
            Self::HouseholdAtMost(most) => person.household <= most,
            Self::BornBefore(day) => person.birth.days() < day,
            Self::Team(team) => plot.teams.get(team) == Some(&person.team),
            Self::Large => person.village.contains("-B"),
        }
    }

    fn sql(self, plot: &Plot) -> String {
        match self {
            Self::Zone(zone) => format!("zone LIKE '%-Z{zone}'"),
            Self::Sex(male) => format!("sex = '{}'", if male { "男" } else { "女" }),
            Self::HouseholdAtMost(most) => format!("household <= {most}"),
            Self::BornBefore(day) => format!("birth_date < DATE '{}'", base::Date::from_days(day)),
            Self::Team(team) => format!("team = '{}'", plot.teams.get(team).map_or("", String::as_str)),
            Self::Large => "village LIKE '%-B%'".to_owned(),
        }
    }
}

type Pair = [Vec<Term>; 2];

fn members(terms: &[Term], plot: &Plot) -> BTreeSet<usize> {
    let all = |person: &Person| terms.iter().all(|term| term.holds(person, plot));
    plot.people.iter().enumerate().filter(|(_, person)| all(person)).map(|(place, _)| place).collect()
}

/// Lower is better: the distance of the difference from one person, and of both parts from being large enough.
fn distance(pair: &Pair, plot: &Plot) -> usize {
    let [a, b] = [&pair[0], &pair[1]].map(|terms| members(terms, plot));
    let apart = a.symmetric_difference(&b).count();
    let small = 10_usize.saturating_sub(a.len()) + 10_usize.saturating_sub(b.len());
    apart.abs_diff(1) + small * 3
}

fn changed(pair: &Pair, random: &mut Random) -> Pair {
    let mut pair = pair.clone();
    let side = usize::from(random.bit());
    let Some(terms) = pair.get_mut(side) else { return pair };
    let place = usize::try_from(random.below(terms.len() as u64 + 1)).unwrap_or(0);
    match terms.get_mut(place) {
        Some(term) if random.bit() => *term = Term::random(random),
        Some(_) => drop(terms.remove(place)),
        None => terms.push(Term::random(random)),
    }
    pair
}

/// Climbs from several starts and asks the platform about what was found.
pub(crate) async fn climb(scene: &Scene<'_>, seed: u64, starts: usize) -> Result<Searched> {
    let mut random = Random::new(seed);
    let mut searched = Searched::default();
    let mut guesses: Vec<Guess> = Vec::new();
    for _ in 0..starts {
        let begin = vec![Term::random(&mut random), Term::random(&mut random)];
        let mut best: Pair = [begin.clone(), begin];
        let mut lowest = distance(&best, scene.plot) + 1_000;
        for _ in 0..1_200 {
            let next = changed(&best, &mut random);
            let reached = distance(&next, scene.plot);
            if reached <= lowest {
                (best, lowest) = (next, reached);
            }
        }
        if lowest == 0 {
            ask(scene, &best, &mut searched, &mut guesses).await?;
        }
    }
    searched.score = Score::of(&guesses);
    Ok(searched)
}

async fn ask(
    scene: &Scene<'_>,
    pair: &Pair,
    searched: &mut Searched,
    guesses: &mut Vec<Guess>,
) -> Result<()> {
    let mut sums = Vec::new();
    let mut texts = Vec::new();
    for terms in pair {
        let mut conditions = vec!["district = {D}".to_owned()];
        conditions.extend(terms.iter().map(|term| term.sql(scene.plot)));
        let sql = format!(
            "SELECT district, sum(income) AS inc FROM {{p}} AS t WHERE {} GROUP BY district",
            conditions.join(" AND ")
        );
        let outcome = scene.order(&sql).await?;
        searched.tried += 1;
        searched.released += usize::from(outcome.released().is_some_and(|file| !file.rows.is_empty()));
        sums.push(outcome.released().and_then(|file| file.only("inc")));
        texts.push(sql);
    }
    let [a, b] = [&pair[0], &pair[1]].map(|terms| members(terms, scene.plot));
    let person = a.symmetric_difference(&b).next().and_then(|place| scene.plot.people.get(*place));
    if let (Some(person), [Some(one), Some(other)]) = (person, sums.as_slice()) {
        let guess = read::income((one - other).abs(), person);
        if let ([one, other], true) = (texts.as_slice(), guess.right) {
            searched.pairs.push([one.clone(), other.clone()]);
        }
        guesses.push(guess);
    }
    Ok(())
}
