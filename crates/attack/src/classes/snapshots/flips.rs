//! Cells of those who have something: do they come and go when somebody's secret changes, and at no other time?

use super::{Standing, TEAMS};
use crate::attack::{Doing, Found, Scene};
use crate::random::Random;
use crate::score::Guess;

/// Of each team so many beside the target have much: near the threshold, so that a cell is there or not.
const HAVE: usize = 12;
const MEMBERS: usize = 40;
const MUCH: u64 = 5_000;
const LITTLE: u64 = 1_000;
/// Changes that are guessed, one after the other.
const TURNS: usize = 3;

/// In each turn the targets of some teams change, and somebody of every team does who has little either way.
pub(super) fn come_and_go<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let own = Standing::new(scene, "flip").await?;
        let model = own.model_where("amount > 3000", "count(*) AS n").await?;
        let mut random = Random::new(own.table.bytes().map(u64::from).sum());
        let mut has = vec![false; TEAMS];
        own.renew(state(&has, 0), "ready").await?;
        let mut before = own.released(&model, &mut found).await?;
        for turn in 1..=TURNS {
            let change: Vec<bool> = (0..TEAMS).map(|_| random.bit()).collect();
            for (has, change) in has.iter_mut().zip(&change) {
                *has ^= change;
            }
            own.renew(state(&has, turn as u64), "ready").await?;
            let after = own.released(&model, &mut found).await?;
            for (team, change) in change.into_iter().enumerate() {
                let name = format!("T{team:02}");
                let there = |file: &Option<crate::lab::Released>| {
                    file.as_ref().is_some_and(|file| file.number("team", &name, "n").is_some())
                };
                found.guesses.push(Guess::bit(there(&before) != there(&after), change));
            }
            before = after;
        }
        Ok(found)
    })
}

/// Teams of forty-one; the last of each has a little more in each state.
fn file(turn: u64, has_much: impl Fn(usize, usize) -> bool) -> String {
    let mut text = "person,team,amount\n".to_owned();
    for team in 0..TEAMS {
        for member in 0..=MEMBERS {
            let known = if member == MEMBERS { turn * 10 } else { 0 };
            let amount = if has_much(team, member) { MUCH } else { LITTLE } + known;
            text.push_str(&format!("P{team:03}{member:03},T{team:02},{amount}\n"));
        }
    }
    text
}

fn state(has: &[bool], turn: u64) -> String {
    file(turn, |team, member| match member {
        0 => has.get(team).copied().unwrap_or_default(),
        _ => member <= HAVE,
    })
}

/// The same question where twenty of forty-one have much: all teams come, in both states.
pub(super) fn stay<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let own = Standing::new(scene, "stay").await?;
        let model = own.model_where("amount > 3000", "count(*) AS n").await?;
        for turn in 0..2 {
            own.renew(file(turn, |_, member| (1..=20).contains(&member)), "ready").await?;
            let file = own.released(&model, &mut found).await?.unwrap_or_default();
            for name in (0..TEAMS).map(|team| format!("T{team:02}")) {
                let near = file.number("team", &name, "n").is_some_and(|n| (n - 20.0).abs() <= 10.0);
                found.expect(near, || format!("state {turn}: {name} {:?}", file.number("team", &name, "n")));
            }
        }
        Ok(found)
    })
}
