//! Whom a cell speaks about, whatever it says of them.
//!
//! A count of those who have an illness speaks about everybody who was looked at. Who is counted depends on the secret;
//! whether a cell may leave must not, or its absence would tell. So the people behind a cell are also known without the
//! conditions and group keys of sensitive columns, and what is decided about them is the same whoever has what.
//!
//! The population is never smaller than it should be: conditions are left out, not changed. What is left out below may show
//! above, as a number of rows or as the absence of one: conditions on such columns are left out as well. Conditions that a
//! stored column is not null stay.

use std::collections::BTreeSet;

use serde::Serialize;

use super::check::releasing;
use super::resolve::{Rigour, flow};
use super::walk::{all_of, columns_of, conjuncts, inputs};
use super::{
    AggregateFunction, Expr, JoinKind, Label, Named, NamedAggregate, Policy, Refusal, Rel, Rule, Source,
};

/// A query that is over all rows that it could be about, whoever has what: nothing is left out of what is done for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Widest {
    /// The query.
    pub rel: Rel,
    /// What the conditions that it lacks asked of others.
    pub subqueries: Vec<Rel>,
}

/// What was left out of a query.
#[derive(Default)]
struct LeftOut {
    /// What conditions asked of others, by EXISTS and IN, without what sensitive columns decide in it.
    subqueries: Vec<Rel>,
    /// The conditions.
    parts: BTreeSet<String>,
    /// Stored columns that they are about.
    columns: BTreeSet<Source>,
    /// Some are about what shows above of others.
    telling: bool,
}

impl LeftOut {
    fn note(&mut self, expr: &Expr, input: &Rel, telling: &Telling, policy: &Policy) -> Result<(), Refusal> {
        self.parts.insert(written(expr));
        let scope = flow(input, policy, Rigour::Derived)?.schema;
        for name in columns_of(expr) {
            let sources = scope.column(name).map(|column| column.sources.clone()).unwrap_or_default();
            self.telling |= telling.contains(name) || sources.is_empty();
            self.columns.extend(sources);
        }
        Ok(())
    }

    /// The conditions of a subquery that is left out.
    fn note_all(&mut self, rel: &Rel, policy: &Policy) -> Result<(), Refusal> {
        let none = Telling::new();
        match rel {
            Rel::Filter { input, predicate } => self.note(predicate, input, &none, policy)?,
            Rel::Join { left, right, filter: Some(filter), .. } => {
                self.note(filter, &both(left, right), &none, policy)?;
            }
            _ => {}
        }
        inputs(rel).into_iter().try_for_each(|input| self.note_all(input, policy))
    }

    /// What tells these conditions from others that are about the same people. A condition on one secret alone needs nothing:
    /// it leaves nobody out whom its author could name. One that is about something else as well could leave out just him.
    fn mark(&self, input: &Rel, group: &[Named]) -> Option<String> {
        let mixed = self.telling || self.columns.len() > 1;
        let whole = || written(&(input, group));
        mixed.then(|| if self.telling { whole() } else { written(&self.parts) })
    }
}

fn written(part: &impl Serialize) -> String {
    // Trees of plain data, with texts as keys only.
    serde_json::to_string(part).unwrap_or_default()
}

/// A relation without what its sensitive columns decide.
pub(super) struct Population {
    pub(super) input: Rel,
    /// Places of the group keys that are not sensitive.
    pub(super) keys: Vec<usize>,
    /// What tells its conditions from others ([`super::PopulationQuery::mark`]).
    pub(super) mark: Option<String>,
}

/// The population of the cells of an aggregate; none if no sensitive column takes part in choosing.
pub(super) fn population(
    input: &Rel,
    group: &[Named],
    policy: &Policy,
) -> Result<Option<Population>, Refusal> {
    let mut left_out = LeftOut::default();
    let relaxed = relax(input, policy, &mut left_out)?;
    let mut keys = Vec::new();
    for (place, named) in group.iter().enumerate() {
        if is_sensitive(&named.expr, input, &relaxed.telling, policy)? {
            left_out.note(&named.expr, input, &relaxed.telling, policy)?;
        } else {
            keys.push(place);
        }
    }
    let chosen = relaxed.chosen || keys.len() < group.len();
    let mark = left_out.mark(input, group);
    Ok(chosen.then_some(Population { input: relaxed.rel, keys, mark }))
}

/// The query for the number of rows that a releasing aggregate is over once what sensitive columns decide is left out; none
/// if they decide nothing. What a run takes of memory and time is limited by it: a limit that is reached with one more of
/// those who have something would tell who has it.
///
/// # Errors
/// A [`Refusal`] if the query is malformed.
pub fn population_rows(rel: &Rel, policy: &Policy) -> Result<Option<Rel>, Refusal> {
    let Some(top) = releasing(rel) else { return Ok(None) };
    let rows = NamedAggregate { name: "rows".to_owned(), function: AggregateFunction::Count, argument: None };
    let counted = |found: Population| Rel::Aggregate {
        input: Box::new(found.input),
        group: Vec::new(),
        aggregates: vec![rows],
    };
    Ok(population(top.input, top.group, policy)?.map(counted))
}

/// The query that does no less than this one whoever has what; none if no sensitive column takes part in choosing rows. How
/// long it takes tells nothing of who was chosen, so no answer need come earlier.
///
/// # Errors
/// A [`Refusal`] if the query is malformed.
pub fn widest(rel: &Rel, policy: &Policy) -> Result<Option<Widest>, Refusal> {
    let mut left_out = LeftOut::default();
    let relaxed = relax(rel, policy, &mut left_out)?;
    Ok(relaxed.chosen.then_some(Widest { rel: relaxed.rel, subqueries: left_out.subqueries }))
}

/// A relation without what its sensitive columns decide, and its columns that nevertheless tell of them: how many rows there
/// were, or that there was none, where such columns chose the rows.
struct Relaxed {
    rel: Rel,
    telling: Telling,
    /// Did sensitive columns choose its rows?
    chosen: bool,
    /// Do they decide how many there are, by what was chosen or by groups that they made?
    uneven: bool,
}

/// Names of columns.
pub(super) type Telling = BTreeSet<String>;

fn relax(rel: &Rel, policy: &Policy, left_out: &mut LeftOut) -> Result<Relaxed, Refusal> {
    Ok(match rel {
        Rel::Scan { .. } => {
            Relaxed { rel: rel.clone(), telling: Telling::new(), chosen: false, uneven: false }
        }
        Rel::Project { input, columns } => {
            let below = relax(input, policy, left_out)?;
            let telling = computed(columns, input, &below.telling, policy)?;
            let rel = Rel::Project { input: Box::new(below.rel), columns: columns.clone() };
            Relaxed { rel, telling, ..below }
        }
        Rel::Aggregate { input, group, aggregates } => {
            let below = relax(input, policy, left_out)?;
            let (telling, uneven) = summed_up(input, group, aggregates, &below, policy)?;
            let input = Box::new(below.rel);
            let rel = Rel::Aggregate { input, group: group.clone(), aggregates: aggregates.clone() };
            Relaxed { rel, telling, chosen: below.chosen, uneven }
        }
        Rel::Sort { input, keys } => {
            let below = relax(input, policy, left_out)?;
            Relaxed { rel: Rel::Sort { input: Box::new(below.rel), keys: keys.clone() }, ..below }
        }
        Rel::Limit { input, skip, fetch } => {
            let below = relax(input, policy, left_out)?;
            let rel = Rel::Limit { input: Box::new(below.rel), skip: *skip, fetch: *fetch };
            Relaxed { rel, ..below }
        }
        Rel::Union { inputs } => {
            let names = columns(rel, policy)?;
            let (mut branches, mut telling) = (Vec::new(), Telling::new());
            let (mut chosen, mut uneven) = (false, false);
            for input in inputs {
                let branch = relax(input, policy, left_out)?;
                let own = columns(input, policy)?;
                let told = names.iter().zip(&own).filter(|(_, own)| branch.telling.contains(*own));
                telling.extend(told.map(|(name, _)| name.clone()));
                chosen |= branch.chosen;
                uneven |= branch.uneven;
                branches.push(branch.rel);
            }
            Relaxed { rel: Rel::Union { inputs: branches }, telling, chosen, uneven }
        }
        Rel::Filter { input, predicate } => {
            let below = relax(input, policy, left_out)?;
            let (kept, less) = harmless(predicate, input, &below.telling, policy, left_out)?;
            let rel = match kept {
                Some(predicate) => Rel::Filter { input: Box::new(below.rel), predicate },
                None => below.rel,
            };
            Relaxed {
                rel,
                telling: below.telling,
                chosen: below.chosen || less,
                uneven: below.uneven || less,
            }
        }
        Rel::Join { .. } => relax_join(rel, policy, left_out)?,
    })
}

fn relax_join(join: &Rel, policy: &Policy, left_out: &mut LeftOut) -> Result<Relaxed, Refusal> {
    let Rel::Join { kind, left, right, on, nulls_equal, filter: given } = join else {
        return relax(join, policy, left_out);
    };
    let (pairs, whole) = (both(left, right), right);
    let names = [columns(left, policy)?, columns(right, policy)?];
    let (of_left, of_right) = (relax(left, policy, left_out)?, relax(right, policy, left_out)?);
    let (mut on, mut secret) = (on.clone(), [None, None]);
    let mut plain = Vec::new();
    for pair in &on {
        let sides = [
            is_sensitive(&pair.0, left, &of_left.telling, policy)?,
            is_sensitive(&pair.1, right, &of_right.telling, policy)?,
        ];
        match sides {
            [true, _] => left_out.note(&pair.0, left, &of_left.telling, policy)?,
            [false, true] => left_out.note(&pair.1, right, &of_right.telling, policy)?,
            [false, false] => plain.push(pair.clone()),
        }
        for ((found, is_secret), key) in secret.iter_mut().zip(sides).zip([&pair.0, &pair.1]) {
            *found = found
                .take()
                .or_else(|| columns_of(key).into_iter().next().filter(|_| is_secret).map(str::to_owned));
        }
    }
    let (left, right) = (of_left, of_right);
    let mut telling: Telling = left.telling.union(&right.telling).cloned().collect();
    let (kept, less) = match given {
        Some(filter) => harmless(filter, &pairs, &telling, policy, left_out)?,
        None => (None, false),
    };
    let by_secret = secret.iter().any(Option::is_some);
    let chosen = left.chosen || right.chosen || less || by_secret;
    let uneven = chosen || left.uneven || right.uneven;
    let (mut kind, mut filter, [of_left, of_right]) = (*kind, kept, names);
    let (mut a, mut b) = (left.rel, right.rel);
    match kind {
        JoinKind::Semi | JoinKind::Anti => {
            if right.chosen || less || by_secret {
                left_out.note_all(whole, policy)?;
                left_out.parts.insert(written(join));
                left_out.subqueries.push(b);
                return Ok(Relaxed { rel: a, telling: left.telling, chosen: true, uneven: true });
            }
            filter.clone_from(given);
            telling = left.telling;
        }
        // That a row meets none tells of what decides.
        JoinKind::Left => {
            if right.chosen || less || by_secret {
                telling.extend(of_right);
            }
        }
        JoinKind::Inner if by_secret && !plain.is_empty() => on = plain,
        // Whoever could have met somebody stays, and what he met tells of the secret.
        JoinKind::Inner => match secret {
            [None, None] => {}
            [Some(key), Some(_)] => return Err(Refusal::new(Rule::JoinKey, key)),
            [Some(_), None] => {
                kind = JoinKind::Left;
                telling.extend(of_right);
            }
            [None, Some(_)] => {
                kind = JoinKind::Left;
                telling.extend(of_left);
                (a, b) = (b, a);
                on = on.into_iter().map(|(a, b)| (b, a)).collect();
            }
        },
    }
    let rel =
        Rel::Join { kind, left: Box::new(a), right: Box::new(b), on, nulls_equal: *nulls_equal, filter };
    Ok(Relaxed { rel, telling, chosen, uneven })
}

/// Which of some columns tell: what is computed from telling ones, and from secrets, since it may be null where they are not.
fn computed(columns: &[Named], input: &Rel, below: &Telling, policy: &Policy) -> Result<Telling, Refusal> {
    let mut telling = Telling::new();
    for named in columns {
        let tells = match &named.expr {
            Expr::Column { name } => below.contains(name),
            other => is_sensitive(other, input, below, policy)?,
        };
        if tells {
            telling.insert(named.name.clone());
        }
    }
    Ok(telling)
}

/// Which columns of an aggregate tell: numbers of rows that secrets decide, and how many different secrets there are. And do
/// secrets decide how many groups there are?
fn summed_up(
    input: &Rel,
    group: &[Named],
    aggregates: &[NamedAggregate],
    below: &Relaxed,
    policy: &Policy,
) -> Result<(Telling, bool), Refusal> {
    let mut telling = computed(group, input, &below.telling, policy)?;
    let secret = |expr: &Expr| is_sensitive(expr, input, &below.telling, policy);
    let mut uneven = below.uneven;
    for named in group {
        uneven |= secret(&named.expr)?;
    }
    for aggregate in aggregates {
        // That a stored value is known is no secret; how many different ones there are tells of them.
        let distinct = aggregate.function == AggregateFunction::CountDistinct;
        let tells = match &aggregate.argument {
            Some(Expr::Column { name }) if !distinct => below.telling.contains(name),
            Some(argument) => secret(argument)?,
            None => false,
        };
        if uneven || tells {
            telling.insert(aggregate.name.clone());
        }
    }
    Ok((telling, uneven))
}

fn columns(rel: &Rel, policy: &Policy) -> Result<Vec<String>, Refusal> {
    let schema = flow(rel, policy, Rigour::Derived)?.schema;
    Ok(schema.columns.into_iter().map(|column| column.name).collect())
}

/// The columns of two sides, as a condition on both sees them.
fn both(left: &Rel, right: &Rel) -> Rel {
    Rel::Join {
        kind: JoinKind::Inner,
        left: Box::new(left.clone()),
        right: Box::new(right.clone()),
        on: Vec::new(),
        nulls_equal: false,
        filter: None,
    }
}

/// What of a condition concerns no sensitive and no telling column, and whether something else was left out.
fn harmless(
    predicate: &Expr,
    input: &Rel,
    telling: &Telling,
    policy: &Policy,
    left_out: &mut LeftOut,
) -> Result<(Option<Expr>, bool), Refusal> {
    let (mut kept, mut less) = (Vec::new(), false);
    for part in conjuncts(predicate) {
        if is_sensitive(part, input, telling, policy)? {
            left_out.note(part, input, telling, policy)?;
            less = true;
        } else {
            kept.push(part.clone());
        }
    }
    Ok((all_of(kept), less))
}

/// Does an expression concern a sensitive or a telling column?
pub(super) fn is_sensitive(
    expr: &Expr,
    input: &Rel,
    telling: &Telling,
    policy: &Policy,
) -> Result<bool, Refusal> {
    if columns_of(expr).into_iter().any(|name| telling.contains(name)) {
        return Ok(true);
    }
    if matches!(expr, Expr::IsNull { input, negated: true } if matches!(**input, Expr::Column { .. })) {
        return Ok(false);
    }
    let scope = flow(input, policy, Rigour::Derived)?;
    let sensitive =
        |name: &str| scope.schema.column(name).is_some_and(|column| column.label == Label::Sensitive);
    Ok(columns_of(expr).into_iter().any(sensitive))
}
