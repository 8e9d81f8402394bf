//! One noisy sum asked for in many forms.

use super::{OTHERS, STEP_MAX, Standing, TEAMS, amount, changed, csv, sum};
use crate::attack::{Doing, Found, Scene};
use crate::lab::Released;
use crate::score::Score;

/// Numbers that are all forms of two: who is there, and what they have.
const FORMS: &str = "count(*) AS n, count(DISTINCT person) AS who, sum(amount) AS inc, sum(-amount) AS minus, \
                     sum(2 * amount) AS twice, sum(amount * 0.5) AS half, avg(amount) AS mean";

/// What forms say of one team's sum, each in its own way. Were the noise of any two not the same, some of these would have
/// less of it, or none.
fn estimates(file: &Released, team: &str) -> Option<Vec<f64>> {
    let of = |column: &str| file.number("team", team, column);
    let (plus, minus, twice, half) = (of("inc")?, of("minus")?, of("twice")?, of("half")?);
    let (count, who, mean) = (of("n")?, of("who")?, of("mean")?);
    let people = (OTHERS + 1) as f64;
    Some(vec![
        plus,
        (plus - minus) / 2.0,
        twice - plus,
        twice + minus,
        4.0 * half - plus,
        2.0 * half - plus - minus,
        mean * people,
        mean * (2.0 * who - count),
        (plus - minus + twice + 2.0 * half + mean * people) / 6.0,
    ])
}

pub(super) fn many<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "forms").await?;
        let model = own.model().await?;
        let before = own.released(&model, &mut found).await?;
        own.renew(csv(|team, member| Some(amount(team, member) + own.more(team, member))), "ready").await?;
        let after = own.released(&own.model_of(FORMS).await?, &mut found).await?;
        let kinds =
            estimates(after.as_ref().unwrap_or(&Released::default()), "T00").map_or(0, |all| all.len());
        found.forms = kinds.max(1);
        // The best of the ways counts: an attacker may have chosen it.
        let mut best = Vec::new();
        for kind in 0..kinds {
            let mut tried = Found::default();
            own.guess(&mut tried, |team| {
                let now = *estimates(after.as_ref()?, team)?.get(kind)?;
                Some(changed(now - sum(before.as_ref(), team)?))
            });
            if best.is_empty() || Score::of(&tried.guesses).bits > Score::of(&best).bits {
                best = tried.guesses;
            }
        }
        found.guesses = best;
        Ok(found)
    })
}

/// The forms leave, and say the same of each team, as near as the noise is wide.
pub(super) fn agree<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let own = Standing::new(scene, "agree").await?;
        let model = own.model().await?;
        own.released(&model, &mut found).await?;
        let now = |team: usize, member: usize| amount(team, member) + 10 * (member as u64 % 7);
        own.renew(csv(|team, member| Some(now(team, member))), "ready").await?;
        let after = own.released(&own.model_of(FORMS).await?, &mut found).await?;
        for team in 0..TEAMS {
            let name = format!("T{team:02}");
            let truth: u64 = (0..=OTHERS).map(|member| now(team, member)).sum();
            let of = |column: &str| after.as_ref().and_then(|file| file.number("team", &name, column));
            let near = of("inc").is_some_and(|is| (is - truth as f64).abs() <= (6 * STEP_MAX) as f64);
            let agree = of("inc").zip(of("minus")).is_some_and(|(plus, minus)| (plus + minus).abs() <= 1.0);
            found.expect(near && agree, || {
                format!("{name}: {:?} and {:?} for {truth}", of("inc"), of("minus"))
            });
        }
        Ok(found)
    })
}
