//! Which things of two packs are the same thing under different names.
//!
//! Counties name alike things differently, so names are only one hint. Everything is whole numbers (thousandths) and
//! ties go to the earlier pair: the same packs always match in the same way.

use std::collections::{BTreeMap, BTreeSet};

use crate::pack::model::{CommandKind, Effect, Pack, Procedure, Step};

/// A pair or a single.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair<'a, T> {
    /// The same thing in both.
    Both(&'a T, &'a T),
    /// Only the first has it.
    First(&'a T),
    /// Only the second has it.
    Second(&'a T),
}

/// Pairs things greedily, the likeliest pair first; below the threshold they stay single. Pairs come in the order of the
/// first side, singles of the second side after them.
pub(super) fn paired<'a, T>(
    first: &[&'a T],
    second: &[&'a T],
    threshold: u32,
    score: impl Fn(&T, &T) -> u32,
) -> Vec<Pair<'a, T>> {
    let mut likely = Vec::new();
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            let score = score(a, b);
            if score >= threshold {
                likely.push((score, i, j));
            }
        }
    }
    likely.sort_by_key(|(score, i, j)| (std::cmp::Reverse(*score), *i, *j));
    let mut partner: BTreeMap<usize, usize> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (_, i, j) in likely {
        if !partner.contains_key(&i) && taken.insert(j) {
            partner.insert(i, j);
        }
    }
    let mut pairs: Vec<Pair<'a, T>> = Vec::new();
    for (i, a) in first.iter().enumerate() {
        let b = partner.get(&i).and_then(|j| second.get(*j));
        pairs.push(b.map_or(Pair::First(a), |b| Pair::Both(a, b)));
    }
    let single = second.iter().enumerate().filter(|(j, _)| !taken.contains(j));
    pairs.extend(single.map(|(_, b)| Pair::Second(*b)));
    pairs
}

/// How alike two names are, in thousandths, by the pairs of characters they share.
pub(super) fn alike(a: &str, b: &str) -> u32 {
    if a == b {
        return 1_000;
    }
    let pairs = |text: &str| {
        let chars: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
        chars.windows(2).map(<[char]>::to_vec).collect::<BTreeSet<_>>()
    };
    let (a, b) = (pairs(a), pairs(b));
    let all = a.len() + b.len();
    share(a.intersection(&b).count() * 2, all)
}

/// How much of two sets is common, in thousandths; nothing at all is no likeness.
pub(super) fn overlap<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> u32 {
    share(a.intersection(b).count(), a.union(b).count())
}

fn share(part: usize, of: usize) -> u32 {
    (part * 1_000).checked_div(of).map_or(0, |share| u32::try_from(share).unwrap_or(1_000))
}

/// The stage without its number: `流程五、登记备案` is `登记备案`.
pub(super) fn stage_name(stage: &str) -> &str {
    stage.split_once('、').map_or(stage, |(_, name)| name)
}

/// Pairs procedures by effect, name, stage and what is done in them.
pub(super) fn procedures<'a>(a: &'a Pack, b: &'a Pack) -> Vec<Pair<'a, Procedure>> {
    let (first, second) = (super::words::in_order(a), super::words::in_order(b));
    // An effect that many procedures have tells little.
    let mut weight: BTreeMap<Effect, u32> = BTreeMap::new();
    for procedure in first.iter().chain(&second) {
        for effect in effects(procedure) {
            *weight.entry(effect).or_default() += 1;
        }
    }
    let weigh = |effects: &mut dyn Iterator<Item = &Effect>| -> u32 {
        effects.map(|effect| 12_000 / weight.get(effect).copied().unwrap_or(1).max(1)).sum()
    };
    let score = |x: &Procedure, y: &Procedure| {
        let (ex, ey) = (effects(x), effects(y));
        let all = weigh(&mut ex.union(&ey));
        let common = weigh(&mut ex.intersection(&ey));
        let by_effect = (common * 1_000).checked_div(all).unwrap_or(0);
        let english = alike(&x.en.to_lowercase(), &y.en.to_lowercase());
        let (name, stage) = (alike(&x.id, &y.id), alike(stage_name(&x.stage), stage_name(&y.stage)));
        let done = overlap(&commands(x), &commands(y));
        let first_form = match (&x.form, &y.form) {
            (Some(x), Some(y)) => alike(&title(a, x), &title(b, y)),
            _ => 0,
        };
        let role = |pack: &Pack, one: &Procedure| {
            pack.roles.get(&one.opener).map_or_else(String::new, |role| role.en.to_lowercase())
        };
        let opener = alike(&role(a, x), &role(b, y)).max(alike(&x.opener, &y.opener));
        by_effect * 5 + name * 4 + english + stage * 2 + first_form + done + opener
    };
    paired(&first, &second, 3_800, score)
}

fn title(pack: &Pack, form: &str) -> String {
    pack.forms.get(form).map_or_else(String::new, |form| form.title.clone())
}

/// What the platform does in the course of a procedure.
pub(super) fn effects(procedure: &Procedure) -> BTreeSet<Effect> {
    procedure.steps.iter().flat_map(|step| &step.actions).flat_map(|action| action.effects.clone()).collect()
}

fn commands(procedure: &Procedure) -> BTreeSet<CommandKind> {
    procedure.steps.iter().flat_map(commands_of).collect()
}

fn commands_of(step: &Step) -> BTreeSet<CommandKind> {
    step.actions.iter().map(|action| action.command).collect()
}

/// Pairs the steps of two procedures by what may be done, by name and by place.
pub(super) fn steps<'a>(a: &'a Procedure, b: &'a Procedure) -> Vec<Pair<'a, Step>> {
    let (first, second): (Vec<&Step>, Vec<&Step>) = (a.steps.iter().collect(), b.steps.iter().collect());
    let place = |steps: &[Step], step: &Step| {
        share(steps.iter().position(|one| one.id == step.id).unwrap_or(0), steps.len())
    };
    let score = |x: &Step, y: &Step| {
        let effects = |step: &Step| step.actions.iter().flat_map(|action| action.effects.clone()).collect();
        let (ex, ey): (BTreeSet<Effect>, BTreeSet<Effect>) = (effects(x), effects(y));
        let apart = place(&a.steps, x).abs_diff(place(&b.steps, y));
        overlap(&ex, &ey) * 2
            + overlap(&commands_of(x), &commands_of(y)) * 2
            + alike(&x.id, &y.id) * 2
            + alike(&x.role, &y.role)
            + alike(&x.en.to_lowercase(), &y.en.to_lowercase())
            + (1_000 - apart.min(1_000))
    };
    paired(&first, &second, 2_400, score)
}
