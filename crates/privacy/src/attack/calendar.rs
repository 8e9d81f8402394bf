//! The shift of one entity, found from the pattern of weekdays and holidays.

use std::collections::HashMap;

use super::data::{Data, NONE, Side, State};
use super::draw::{mix, ratio, significant};
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};

/// Fewest events of an entity that is attacked, and most that are used.
const EVENTS_MIN: usize = 5;
const EVENTS_MAX: usize = 60;
/// Entities attacked.
const ENTITIES_MAX: usize = 500;
/// Fewest entities attacked.
const ENTITIES_MIN: usize = 50;
/// Widest range of shifts tried. *Units*: days.
const RANGE_MAX: i64 = 1_500;
/// Days of which the pattern is learned.
const DAYS_MAX: i64 = 36_525;

struct Events {
    days: Vec<i64>,
    shift: i64,
}

/// The attacker knows on which days how much happens from one half of the entities; of each entity of the other half he
/// takes the shift under which its dates fit best.
pub(super) fn entity_shift(data: &Data<'_>, limits: &Limits) -> Result<Vec<Finding>, Reason> {
    if data.pairs.is_none() {
        return Err(Reason::NoPairs);
    }
    let mut findings = Vec::new();
    let mut few = false;
    for column in &data.columns {
        let Some((raw, masked)) = column.both() else { continue };
        let moved = matches!(column.state, State::Near | State::Hidden);
        if !moved || !raw.is_dates() || !masked.is_dates() {
            continue;
        }
        let (profile, attacked) = split(data, raw, masked);
        if attacked.len() < ENTITIES_MIN {
            few = true;
            continue;
        }
        let low = attacked.iter().map(|events| events.shift).min().unwrap_or(0);
        let high = attacked.iter().map(|events| events.shift).max().unwrap_or(0);
        if low == high || high - low > RANGE_MAX {
            continue;
        }
        let weights = Weights::of(&profile);
        let right =
            attacked.iter().filter(|events| best_shift(&weights, events, low, high) == events.shift).count();
        let rate = ratio(right, attacked.len());
        let chance = most_frequent(&attacked);
        let measure = Measure::at_most(Unit::Share, rate, limits.entity_shift_share_max.max(chance));
        let finding = Finding::judged(Attack::EntityShift, measure, column.columns()).with_chance(chance);
        findings.push(finding.unless_chance(significant(rate, chance, attacked.len())));
    }
    if findings.is_empty() && few { Err(Reason::FewRows) } else { Ok(findings) }
}

/// Share of entities with the most frequent shift: what a constant guess finds.
fn most_frequent(attacked: &[Events]) -> f64 {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    attacked.iter().for_each(|events| *counts.entry(events.shift).or_default() += 1);
    ratio(counts.into_values().max().unwrap_or(0), attacked.len())
}

/// Events a day of one half of the entities, and the entities of the other half all of whose dates are moved alike.
fn split(data: &Data<'_>, raw: &Side<'_>, masked: &Side<'_>) -> (HashMap<i64, f64>, Vec<Events>) {
    let mut profile: HashMap<i64, f64> = HashMap::new();
    let mut entities: HashMap<u32, Vec<(i64, i64)>> = HashMap::new();
    for (left, right) in data.paired() {
        let Some((before, after)) = raw.number(left).zip(masked.number(right)) else { continue };
        let entity = data.raw_entities.get(left).copied().unwrap_or(NONE);
        if entity == NONE {
            continue;
        }
        let (before, after) = (before.floor() as i64, after.floor() as i64);
        if mix(data.seed ^ 0xca1e, u64::from(entity)) & 1 == 0 {
            *profile.entry(before).or_default() += 1.0;
        } else {
            entities.entry(entity).or_default().push((before, after));
        }
    }
    let mut attacked: Vec<(u32, Events)> = entities
        .into_iter()
        .filter_map(|(entity, pairs)| {
            let shift = pairs.first().map(|(before, after)| after - before)?;
            let alike = pairs.iter().all(|(before, after)| after - before == shift);
            let days: Vec<i64> = pairs.iter().map(|pair| pair.1).take(EVENTS_MAX).collect();
            (alike && days.len() >= EVENTS_MIN).then_some((entity, Events { days, shift }))
        })
        .collect();
    attacked.sort_unstable_by_key(|(entity, _)| mix(data.seed, u64::from(*entity)));
    attacked.truncate(ENTITIES_MAX);
    (profile, attacked.into_iter().map(|(_, events)| events).collect())
}

/// Logarithm of how much happens on each day, half an event added.
struct Weights {
    first: i64,
    days: Vec<f64>,
}

impl Weights {
    fn of(profile: &HashMap<i64, f64>) -> Self {
        // Limit: the century that the earliest day begins.
        let first = profile.keys().min().copied().unwrap_or(0);
        let last = profile.keys().max().copied().unwrap_or(0).min(first.saturating_add(DAYS_MAX));
        let weight = |day: i64| (profile.get(&day).copied().unwrap_or(0.0) + 0.5).ln();
        Self { first, days: (first..=last).map(weight).collect() }
    }

    fn get(&self, day: i64) -> f64 {
        let at = usize::try_from(day.saturating_sub(self.first)).ok();
        at.and_then(|at| self.days.get(at)).copied().unwrap_or(-std::f64::consts::LN_2)
    }
}

/// The shift of the greatest likelihood; of equal ones the one nearest to none.
fn best_shift(weights: &Weights, events: &Events, low: i64, high: i64) -> i64 {
    let score =
        |shift: i64| -> f64 { events.days.iter().map(|day| weights.get(day.saturating_sub(shift))).sum() };
    let shifts = (low..=high).map(|shift| (score(shift), shift));
    let best = shifts
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.abs().cmp(&left.1.abs())));
    best.map_or(0, |(_, shift)| shift)
}
