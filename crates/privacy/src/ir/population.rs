//! Whom a cell speaks about, whatever it says of them.
//!
//! A count of those who have an illness speaks about everybody who was looked at. Who is counted depends on the secret;
//! whether a cell may leave must not, or its absence would tell. So the people behind a cell are also known without the
//! conditions and group keys of sensitive columns, and what is decided about them is the same whoever has what.
//!
//! The population is never smaller than it should be: conditions are left out, not changed. Conditions that a column is not
//! null stay.

use super::check::releasing;
use super::resolve::{Rigour, flow};
use super::walk::{all_of, columns_of, conjuncts};
use super::{AggregateFunction, Expr, JoinKind, Label, Named, NamedAggregate, Policy, Refusal, Rel};

/// What was left out of a relation because sensitive columns decide it.
#[derive(Default)]
struct LeftOut {
    any: bool,
    /// What conditions asked of others, by EXISTS and IN, without what sensitive columns decide in it.
    subqueries: Vec<Rel>,
}

/// A query that is over all rows that it could be about, whoever has what: nothing is left out of what is done for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Widest {
    /// The query.
    pub rel: Rel,
    /// What the conditions that it lacks asked of others.
    pub subqueries: Vec<Rel>,
}

/// A relation without what its sensitive columns decide.
pub(super) struct Population {
    pub(super) input: Rel,
    /// Places of the group keys that are not sensitive.
    pub(super) keys: Vec<usize>,
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
        if !is_sensitive(&named.expr, input, policy)? {
            keys.push(place);
        }
    }
    let chosen = left_out.any || keys.len() < group.len();
    Ok(chosen.then_some(Population { input: relaxed, keys }))
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
    let rel = relax(rel, policy, &mut left_out)?;
    Ok(left_out.any.then_some(Widest { rel, subqueries: left_out.subqueries }))
}

fn relax(rel: &Rel, policy: &Policy, left_out: &mut LeftOut) -> Result<Rel, Refusal> {
    let mut below = |input: &Rel| relax(input, policy, left_out).map(Box::new);
    Ok(match rel {
        Rel::Scan { .. } => rel.clone(),
        Rel::Project { input, columns } => Rel::Project { input: below(input)?, columns: columns.clone() },
        Rel::Aggregate { input, group, aggregates } => {
            Rel::Aggregate { input: below(input)?, group: group.clone(), aggregates: aggregates.clone() }
        }
        Rel::Sort { input, keys } => Rel::Sort { input: below(input)?, keys: keys.clone() },
        Rel::Limit { input, skip, fetch } => Rel::Limit { input: below(input)?, skip: *skip, fetch: *fetch },
        Rel::Union { inputs } => Rel::Union {
            inputs: inputs.iter().map(|input| relax(input, policy, left_out)).collect::<Result<_, _>>()?,
        },
        Rel::Filter { input, predicate } => {
            let relaxed = below(input)?;
            match harmless(predicate, input, policy, left_out)? {
                Some(predicate) => Rel::Filter { input: relaxed, predicate },
                None => *relaxed,
            }
        }
        Rel::Join { kind: JoinKind::Semi | JoinKind::Anti, left, right, filter, .. } => {
            let mut inside = LeftOut::default();
            let asked = relax(right, policy, &mut inside)?;
            let pairs = both(left, right);
            if let Some(filter) = filter {
                harmless(filter, &pairs, policy, &mut inside)?;
            }
            let relaxed = below(left)?;
            if inside.any {
                left_out.any = true;
                left_out.subqueries.append(&mut inside.subqueries);
                left_out.subqueries.push(asked);
                return Ok(*relaxed);
            }
            let mut kept = rel.clone();
            if let Rel::Join { left, .. } = &mut kept {
                *left = relaxed;
            }
            kept
        }
        Rel::Join { kind, left, right, on, nulls_equal, filter } => {
            let (a, b) = (below(left)?, below(right)?);
            let pairs = both(left, right);
            let filter = match filter {
                Some(filter) => harmless(filter, &pairs, policy, left_out)?,
                None => None,
            };
            Rel::Join { kind: *kind, left: a, right: b, on: on.clone(), nulls_equal: *nulls_equal, filter }
        }
    })
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

/// What of a condition concerns no sensitive column.
fn harmless(
    predicate: &Expr,
    input: &Rel,
    policy: &Policy,
    left_out: &mut LeftOut,
) -> Result<Option<Expr>, Refusal> {
    let mut kept = Vec::new();
    for part in conjuncts(predicate) {
        if is_sensitive(part, input, policy)? {
            left_out.any = true;
        } else {
            kept.push(part.clone());
        }
    }
    Ok(all_of(kept))
}

fn is_sensitive(expr: &Expr, input: &Rel, policy: &Policy) -> Result<bool, Refusal> {
    if matches!(expr, Expr::IsNull { input, negated: true } if matches!(**input, Expr::Column { .. })) {
        return Ok(false);
    }
    let scope = flow(input, policy, Rigour::Structure)?;
    let sensitive =
        |name: &str| scope.schema.column(name).is_some_and(|column| column.label == Label::Sensitive);
    Ok(columns_of(expr).into_iter().any(sensitive))
}
