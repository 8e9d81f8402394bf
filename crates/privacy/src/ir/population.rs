//! Whom a cell speaks about, whatever it says of them.
//!
//! A count of those who have an illness speaks about everybody who was looked at. Who is counted depends on the secret;
//! whether a cell may leave must not, or its absence would tell. So the people behind a cell are also known without the
//! conditions and group keys of sensitive columns, and what is decided about them is the same whoever has what.
//!
//! The population is never smaller than it should be: conditions are left out, not changed. What is left out below may show
//! above, as a number of rows or as the absence of one: conditions on such columns are left out as well. Conditions that a
//! stored column is not null stay where it is declared that this is known.
//!
//! Where somebody has several rows, which of them were looked at matters as much as that he was: they are known as well
//! ([`super::looked_at`]).

use std::collections::BTreeSet;

use super::check::{Releasing, is_absent, releasing};
use super::left_out::{About, LeftOut, Mark, Purpose, Telling};
use super::relax::{filtered, relax};
use super::resolve::{Rigour, flow};
use super::walk::{columns_of, inputs};
use super::{AggregateFunction, Expr, JoinKind, NamedAggregate, Policy, Refusal, Rel, Rule, Source};

/// A query that is over all rows that it could be about, whoever has what: nothing is left out of what is done for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Widest {
    /// The query.
    pub rel: Rel,
    /// What the conditions that it lacks asked of others.
    pub subqueries: Vec<Rel>,
}

/// The cells of an aggregate without what sensitive columns decide.
pub(super) struct Population {
    /// Relations of those whose secrets decide.
    pub(super) people: Vec<Rel>,
    /// The same with every row that is looked at.
    pub(super) rows: Rel,
    /// The relation of no less than there is, whoever has what.
    pub(super) widest: Rel,
    /// The secrets.
    pub(super) secrets: BTreeSet<Source>,
    /// Resources whose rows are counted or added up, and of which an entity may have several.
    pub(super) counted: Vec<String>,
    /// Places of the group keys that are not sensitive.
    pub(super) keys: Vec<usize>,
    /// What tells its conditions from others ([`super::PopulationQuery::mark`]).
    pub(super) mark: Mark,
    /// Sums of what everybody may know: of few enough solutions they could tell who was added up.
    pub(super) needs_noise: bool,
}

/// The population of the cells of an aggregate; none if no sensitive column takes part in choosing.
///
/// # Errors
/// [`Rule::MixedCondition`] for a condition or a key that is not about sensitive columns alone, [`Rule::RawAggregate`] for an
/// aggregate that would show what else is known of those who were chosen.
pub(super) fn population(top: &Releasing<'_>, policy: &Policy) -> Result<Option<Population>, Refusal> {
    let Releasing { input, group, aggregates, .. } = *top;
    let mut left_out = LeftOut::of(Purpose::People);
    let relaxed = relax(input, policy, &mut left_out)?;
    let (mut keys, mut has) = (Vec::new(), Vec::new());
    for (place, named) in group.iter().enumerate() {
        let about = About::of(&named.expr, input, &relaxed.telling, policy)?;
        match about.decided() {
            Some(_) => {
                has.extend(left_out.whoever_has(&about));
                left_out.note(about);
            }
            None => {
                // A key that puts a public table beside somebody would let him meet other rows of it than the rest.
                left_out.tie(&[about]);
                keys.push(place);
            }
        }
    }
    if !relaxed.chosen && keys.len() == group.len() {
        return Ok(None);
    }
    left_out.check(input, policy)?;
    let mut many = Vec::new();
    counted(input, policy, &mut many);
    // Where the rows are of those whose secrets chose them, their number is one of secrets.
    let own = many.len() == 1 && left_out.secrets.iter().all(|secret| many.contains(&secret.resource));
    let weighs = !many.is_empty() && !own;
    let mut needs_noise = false;
    for aggregate in aggregates {
        needs_noise |= weighs && aggregate.function == AggregateFunction::Count;
        needs_noise |= shows_more(aggregate, input, &relaxed.telling, &left_out.secrets, policy)?;
    }
    let again = |purpose| relax(input, policy, &mut LeftOut::of(purpose)).map(|relaxed| relaxed.rel);
    let those_who_have = |rel: Rel| filtered(rel, has.clone());
    let (mut people, rows) = (vec![those_who_have(relaxed.rel)], those_who_have(again(Purpose::Rows)?));
    let widest = again(Purpose::Work)?;
    if left_out.has_none || left_out.secrets.len() > 1 {
        // Whoever has no such row or no such value is there by his other secrets.
        people.push(widest.clone());
    }
    let mark = Mark::of(input, group);
    Ok(Some(Population {
        people,
        rows,
        widest,
        secrets: left_out.secrets,
        counted: many,
        keys,
        mark,
        needs_noise,
    }))
}

/// Does a number of those whom secrets chose show what else is known of them? A sum needs noise then, though it be of another
/// secret: how much of it there is may be known by how many rows somebody has. Anything finer would name them.
fn shows_more(
    aggregate: &NamedAggregate,
    input: &Rel,
    telling: &Telling,
    deciding: &BTreeSet<Source>,
    policy: &Policy,
) -> Result<bool, Refusal> {
    use AggregateFunction::{Avg, Count, CountDistinct, Sum};
    let Some(argument) = &aggregate.argument else { return Ok(false) };
    // Of how many of the chosen there is a partner is told by nobody who was chosen.
    if let Some(column) = is_absent(aggregate, input, policy)? {
        return Err(Refusal::new(Rule::OuterJoin, column));
    }
    match aggregate.function {
        Count => Ok(false),
        CountDistinct if is_key(argument, input, policy)? => Ok(false),
        Sum | Avg => {
            let about = About::of(argument, input, telling, policy)?;
            Ok(!about.others.is_empty() || !about.secrets.is_subset(deciding))
        }
        _ => {
            let column = columns_of(argument).into_iter().next().unwrap_or_default();
            Err(Refusal::new(Rule::RawAggregate, column))
        }
    }
}

/// Resources whose rows are counted and of which an entity may have several: that weighs people by what may be known.
fn counted(rel: &Rel, policy: &Policy, found: &mut Vec<String>) {
    match rel {
        Rel::Scan { resource, .. } if policy.may_have_several(resource) => found.push(resource.clone()),
        Rel::Join { kind: JoinKind::Semi | JoinKind::Anti, left, .. } => counted(left, policy, found),
        _ => inputs(rel).into_iter().for_each(|input| counted(input, policy, found)),
    }
}

/// Is this nothing but a column of an entity's key?
fn is_key(expr: &Expr, input: &Rel, policy: &Policy) -> Result<bool, Refusal> {
    let flow = flow(input, policy, Rigour::Derived)?;
    let Expr::Column { name } = expr else { return Ok(false) };
    Ok(flow.stored(name, input).is_some_and(|(resource, column)| {
        let entity = policy.resources.get(resource).and_then(|known| known.entity.as_ref());
        entity.is_some_and(|entity| entity.columns.iter().any(|key| key == column))
    }))
}

/// The query for the number of rows that a releasing aggregate is over once what sensitive columns decide is left out; none
/// if they decide nothing. What a run takes of memory and time is limited by it: a limit that is reached with one more of
/// those who have something would tell who has it.
///
/// # Errors
/// A [`Refusal`] if the query is malformed.
pub fn population_rows(rel: &Rel, policy: &Policy) -> Result<Option<Rel>, Refusal> {
    let Some(top) = releasing(rel) else { return Ok(None) };
    let relaxed = relax(top.input, policy, &mut LeftOut::of(Purpose::Work))?;
    let mut chosen = relaxed.chosen;
    for named in top.group {
        chosen |= About::of(&named.expr, top.input, &relaxed.telling, policy)?.decided().is_some();
    }
    let rows = NamedAggregate { name: "rows".to_owned(), function: AggregateFunction::Count, argument: None };
    let counted =
        || Rel::Aggregate { input: Box::new(relaxed.rel), group: Vec::new(), aggregates: vec![rows] };
    Ok(chosen.then(counted))
}

/// The query that does no less than this one whoever has what; none if no sensitive column takes part in choosing rows. How
/// long it takes tells nothing of who was chosen, so no answer need come earlier.
///
/// # Errors
/// A [`Refusal`] if the query is malformed.
pub fn widest(rel: &Rel, policy: &Policy) -> Result<Option<Widest>, Refusal> {
    let mut left_out = LeftOut::of(Purpose::Work);
    let relaxed = relax(rel, policy, &mut left_out)?;
    Ok(relaxed.chosen.then_some(Widest { rel: relaxed.rel, subqueries: left_out.subqueries }))
}
