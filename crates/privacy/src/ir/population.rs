//! Whom a cell speaks about, whatever it says of them.
//!
//! A count of those who have an illness speaks about everybody who was looked at. Who is counted depends on the secret;
//! whether a cell may leave must not, or its absence would tell. So the people behind a cell are also known without the
//! conditions and group keys of sensitive columns, and what is decided about them is the same whoever has what.
//!
//! The population is never smaller than it should be: conditions are left out, not changed. What is left out below may show
//! above, as a number of rows or as the absence of one: conditions on such columns are left out as well. Conditions that a
//! stored column is not null stay.
//!
//! Where somebody has several rows, which of them were looked at matters as much as that he was: they are known as well
//! ([`super::looked_at`]).

use std::collections::BTreeSet;

use super::check::{Releasing, is_absent, releasing, scans};
use super::facts::facts;
use super::left_out::{About, LeftOut, Mark, Purpose, Telling, Tells, may_have_several};
use super::resolve::{Rigour, flow};
use super::walk::{aliases, all_of, columns_of, conjuncts, inputs};
use super::{
    AggregateFunction, Expr, JoinKind, Named, NamedAggregate, Parameters, Policy, Refusal, Rel, Rule, Source,
};

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
    /// The secrets.
    pub(super) secrets: BTreeSet<Source>,
    /// Places of the group keys that are not sensitive.
    pub(super) keys: Vec<usize>,
    /// What tells its conditions from others ([`super::PopulationQuery::mark`]).
    pub(super) mark: Option<Mark>,
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
            None => keys.push(place),
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
        needs_noise |= shows_more(aggregate, input, &relaxed.telling, policy)?;
    }
    let again = |purpose| relax(input, policy, &mut LeftOut::of(purpose)).map(|relaxed| relaxed.rel);
    let those_who_have = |rel: Rel| filtered(rel, has.clone());
    let (mut people, rows) = (vec![those_who_have(relaxed.rel)], those_who_have(again(Purpose::Rows)?));
    if left_out.has_none || left_out.secrets.len() > 1 {
        // Whoever has no such row or no such value is there by his other secrets.
        people.push(again(Purpose::Work)?);
    }
    let mark = left_out.mark(input, group);
    Ok(Some(Population { people, rows, secrets: left_out.secrets, keys, mark, needs_noise }))
}

fn filtered(rel: Rel, conditions: Vec<Expr>) -> Rel {
    match all_of(conditions) {
        Some(predicate) => Rel::Filter { input: Box::new(rel), predicate },
        None => rel,
    }
}

/// Does a number of those whom secrets chose show what else is known of them? A sum needs noise then; anything finer would name
/// them.
fn shows_more(
    aggregate: &NamedAggregate,
    input: &Rel,
    telling: &Telling,
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
        Sum | Avg => Ok(!About::of(argument, input, telling, policy)?.others.is_empty()),
        _ => {
            let column = columns_of(argument).into_iter().next().unwrap_or_default();
            Err(Refusal::new(Rule::RawAggregate, column))
        }
    }
}

/// Resources whose rows are counted and of which an entity may have several: that weighs people by what may be known.
fn counted(rel: &Rel, policy: &Policy, found: &mut Vec<String>) {
    match rel {
        Rel::Scan { resource, .. } if may_have_several(resource, policy) => found.push(resource.clone()),
        Rel::Join { kind: JoinKind::Semi | JoinKind::Anti, left, .. } => counted(left, policy, found),
        _ => inputs(rel).into_iter().for_each(|input| counted(input, policy, found)),
    }
}

/// Is this nothing but a column of an entity's key?
fn is_key(expr: &Expr, input: &Rel, policy: &Policy) -> Result<bool, Refusal> {
    let flow = flow(input, policy, Rigour::Derived)?;
    let Expr::Column { name } = expr else { return Ok(false) };
    Ok(flow.origins.get(name).is_some_and(|(alias, column)| {
        let known = aliases(input).get(alias.as_str()).and_then(|resource| policy.resources.get(*resource));
        known.and_then(|known| known.entity.as_ref()).is_some_and(|entity| entity.columns.contains(column))
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
            let (telling, uneven) = summed_up(input, group, aggregates, &below, policy, left_out)?;
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
        Rel::Union { inputs } => relax_union(rel, inputs, policy, left_out)?,
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

fn relax_union(
    union: &Rel,
    inputs: &[Rel],
    policy: &Policy,
    left_out: &mut LeftOut,
) -> Result<Relaxed, Refusal> {
    let names = columns(union, policy)?;
    let (mut branches, mut telling) = (Vec::new(), Telling::new());
    let (mut chosen, mut uneven) = (false, false);
    for input in inputs {
        let branch = relax(input, policy, left_out)?;
        let own = columns(input, policy)?;
        let told = names.iter().zip(&own).filter_map(|(name, own)| Some((name, branch.telling.get(own)?)));
        merge(&mut telling, told.map(|(name, tells)| (name.clone(), *tells)).collect());
        chosen |= branch.chosen;
        uneven |= branch.uneven;
        branches.push(branch.rel);
    }
    Ok(Relaxed { rel: Rel::Union { inputs: branches }, telling, chosen, uneven })
}

/// The keys of a join: those that secrets have no part in, and a column of each side by which they have.
struct Keys {
    plain: Vec<(Expr, Expr)>,
    secret: [Option<String>; 2],
    /// That a row has such a value at all: others meet nothing, as is known.
    has: [Vec<Expr>; 2],
}

fn keys_of(
    [left, right]: [&Rel; 2],
    on: &[(Expr, Expr)],
    telling: [&Telling; 2],
    policy: &Policy,
    left_out: &mut LeftOut,
) -> Result<Keys, Refusal> {
    let mut keys = Keys { plain: Vec::new(), secret: [None, None], has: [Vec::new(), Vec::new()] };
    for (a, b) in on {
        let abouts = [About::of(a, left, telling[0], policy)?, About::of(b, right, telling[1], policy)?];
        if abouts.iter().all(|about| about.decided().is_none()) {
            left_out.tie(&abouts);
            keys.plain.push((a.clone(), b.clone()));
            continue;
        }
        let sides = keys.secret.iter_mut().zip(&mut keys.has);
        for (((found, has), key), about) in sides.zip([a, b]).zip(abouts) {
            has.extend(left_out.whoever_has(&about));
            let column = columns_of(key).into_iter().next().filter(|_| about.decided().is_some());
            *found = found.take().or(column.map(str::to_owned));
            left_out.note(about);
        }
    }
    Ok(keys)
}

fn relax_join(join: &Rel, policy: &Policy, left_out: &mut LeftOut) -> Result<Relaxed, Refusal> {
    let Rel::Join { kind, left, right, on, nulls_equal, filter: given } = join else {
        return relax(join, policy, left_out);
    };
    let (mut of_left, mut of_right) = (relax(left, policy, left_out)?, relax(right, policy, left_out)?);
    let mut keys = keys_of([left, right], on, [&of_left.telling, &of_right.telling], policy, left_out)?;
    if *kind != JoinKind::Left {
        let [of_left_key, of_right_key] = std::mem::take(&mut keys.has);
        of_left.rel = filtered(of_left.rel, of_left_key);
        of_right.rel = filtered(of_right.rel, of_right_key);
    }
    let mut telling = of_left.telling.clone();
    telling.extend(of_right.telling.clone());
    let (kept, less) = match given {
        Some(filter) => harmless(filter, &both(left, right), &telling, policy, left_out)?,
        None => (None, false),
    };
    let by_secret = keys.secret.iter().any(Option::is_some);
    let by_right = of_right.chosen || less || by_secret;
    let (mut kind, mut on, nulls_equal) = (*kind, on.clone(), *nulls_equal);
    let new = |kind, a, b, on, filter| {
        let (left, right) = (Box::new(a), Box::new(b));
        Rel::Join { kind, left, right, on, nulls_equal, filter }
    };
    let chosen = of_left.chosen || by_right;
    if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
        let rel = match by_right {
            false => new(kind, of_left.rel, of_right.rel, on, kept),
            true => asked(join, [of_left.rel, of_right.rel], keys.plain, kept, policy, left_out)?,
        };
        let uneven = of_left.uneven || by_right;
        return Ok(Relaxed { rel, telling: of_left.telling, chosen, uneven });
    }
    let uneven = chosen || of_left.uneven || of_right.uneven;
    // Who has no row there is known, and stands beside those whose secrets decide.
    if let Some(scan) = protected_scan(right, policy).filter(|_| kind == JoinKind::Left && by_right) {
        return Err(Refusal::new(Rule::OuterJoin, scan));
    }
    let (mut a, mut b) = (of_left.rel, of_right.rel);
    if by_secret && !keys.plain.is_empty() {
        on = keys.plain;
    } else if kind == JoinKind::Left {
        if by_right {
            merge(&mut telling, met(right, &of_right.telling, policy)?);
        }
    } else {
        // Whoever could have met somebody stays, and what he met tells of the secret.
        match keys.secret {
            [None, None] => {}
            [Some(key), Some(_)] => return Err(Refusal::new(Rule::JoinKey, key)),
            [Some(_), None] => {
                kind = JoinKind::Left;
                merge(&mut telling, met(right, &of_right.telling, policy)?);
            }
            [None, Some(_)] => {
                kind = JoinKind::Left;
                merge(&mut telling, met(left, &of_left.telling, policy)?);
                (a, b) = (b, a);
                on = on.into_iter().map(|(a, b)| (b, a)).collect();
            }
        }
    }
    Ok(Relaxed { rel: new(kind, a, b, on, kept), telling, chosen, uneven })
}

/// Whom a condition of EXISTS or IN is about that secrets decide: everybody, or those who have rows that it looks at.
fn asked(
    join: &Rel,
    [left, right]: [Rel; 2],
    on: Vec<(Expr, Expr)>,
    filter: Option<Expr>,
    policy: &Policy,
    left_out: &mut LeftOut,
) -> Result<Rel, Refusal> {
    let kind = match left_out.purpose {
        _ if on.is_empty() => None,
        Purpose::Work => None,
        Purpose::People => Some(JoinKind::Semi),
        Purpose::Rows => Some(JoinKind::Inner),
    };
    left_out.has_none |= matches!(join, Rel::Join { kind: JoinKind::Anti, .. });
    let (Some(kind), Rel::Join { left: whole, nulls_equal, .. }) = (kind, join) else {
        left_out.subqueries.push(right);
        return Ok(left);
    };
    let (left, right) = (Box::new(left), Box::new(right));
    let joined = Rel::Join { kind, left, right, on, nulls_equal: *nulls_equal, filter };
    let names = columns(whole, policy)?;
    let columns = names.into_iter().map(|name| Named { expr: Expr::column(&name), name }).collect();
    Ok(Rel::Project { input: Box::new(joined), columns })
}

fn protected_scan(rel: &Rel, policy: &Policy) -> Option<String> {
    let mut found = None;
    scans(rel, &mut |resource, _, _| {
        let entity = policy.resources.get(resource).and_then(|known| known.entity.as_ref());
        if entity.is_none_or(|entity| entity.protected) {
            found = Some(resource.to_owned());
        }
    });
    found
}

/// Which of some columns tell: what is computed from telling ones, and from secrets, since it may be null where they are not.
fn computed(columns: &[Named], input: &Rel, below: &Telling, policy: &Policy) -> Result<Telling, Refusal> {
    let mut telling = Telling::new();
    for named in columns {
        let tells = match &named.expr {
            Expr::Column { name } => below.get(name).copied(),
            other => About::of(other, input, below, policy)?.decided(),
        };
        telling.extend(tells.map(|tells| (named.name.clone(), tells)));
    }
    Ok(telling)
}

/// Which columns of an aggregate tell: numbers of rows that secrets decide, and how many different secrets there are. And do
/// secrets decide how many groups there are?
///
/// Where an entity may have several rows, what is known of them all depends on how many there are, and whoever has more of
/// them could be told from the rest: that is more than secrets tell.
fn summed_up(
    input: &Rel,
    group: &[Named],
    aggregates: &[NamedAggregate],
    below: &Relaxed,
    policy: &Policy,
    left_out: &mut LeftOut,
) -> Result<(Telling, bool), Refusal> {
    let mut telling = computed(group, input, &below.telling, policy)?;
    let mut uneven = below.uneven;
    for named in group {
        let about = About::of(&named.expr, input, &below.telling, policy)?;
        uneven |= about.decided().is_some();
        left_out.note_secrets(about);
    }
    let several = || -> Result<bool, Refusal> {
        let facts = facts(input, policy, &Parameters::new())?;
        let protected = facts.flow.tracks.iter().zip(&facts.fans).filter(|(track, _)| track.protected);
        Ok(protected.into_iter().any(|(_, rows)| *rows != Some(1)))
    };
    for NamedAggregate { name, function, argument } in aggregates {
        let about = argument.as_ref().map(|argument| About::of(argument, input, &below.telling, policy));
        let about = about.transpose()?.unwrap_or_default();
        let own = match argument {
            // That a stored value is known is no secret; how many different ones there are tells of them.
            Some(Expr::Column { name }) if *function != AggregateFunction::CountDistinct => {
                below.telling.get(name).copied()
            }
            _ => about.decided(),
        };
        let of_rows = uneven.then(|| about.tells());
        let of_several = match uneven || about.decided().is_some() {
            true => several()?.then_some(Tells::More),
            false => None,
        };
        let tells = own.max(of_rows).max(of_several);
        telling.extend(tells.map(|tells| (name.clone(), tells)));
    }
    Ok((telling, uneven))
}

/// What a row that may meet none shows of the other side: that there was none, and what of.
fn met(side: &Rel, own: &Telling, policy: &Policy) -> Result<Telling, Refusal> {
    let tells = |name: String| {
        let about = About::of(&Expr::column(&name), side, own, policy)?;
        Ok((name, about.tells()))
    };
    columns(side, policy)?.into_iter().map(tells).collect()
}

fn merge(telling: &mut Telling, more: Telling) {
    for (name, tells) in more {
        let own = telling.entry(name).or_insert(tells);
        *own = tells.max(*own);
    }
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
        let about = About::of(part, input, telling, policy)?;
        if about.decided().is_some() {
            kept.extend(left_out.whoever_has(&about));
            left_out.note(about);
            less = true;
        } else {
            left_out.tie(&[about]);
            kept.push(part.clone());
        }
    }
    Ok((all_of(kept), less))
}
