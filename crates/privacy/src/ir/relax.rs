//! A relation without what its sensitive columns decide, for its people, its rows or its work.

use super::check::protected_scan;
use super::facts::facts;
use super::left_out::{About, LeftOut, Purpose, Telling, Tells};
use super::resolve::{Rigour, flow};
use super::walk::{all_of, columns_of, conjuncts};
use super::{
    AggregateFunction, Expr, JoinKind, Named, NamedAggregate, Parameters, Policy, Refusal, Rel, Rule,
};

/// A relation without what its sensitive columns decide, and its columns that nevertheless tell of them: how many rows there
/// were, or that there was none, where such columns chose the rows.
pub(super) struct Relaxed {
    pub(super) rel: Rel,
    pub(super) telling: Telling,
    /// Did sensitive columns choose its rows?
    pub(super) chosen: bool,
    /// Do they decide how many there are, by what was chosen or by groups that they made?
    uneven: bool,
}

pub(super) fn relax(rel: &Rel, policy: &Policy, left_out: &mut LeftOut) -> Result<Relaxed, Refusal> {
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
    use AggregateFunction::{Count, CountDistinct};
    for NamedAggregate { name, function, argument } in aggregates {
        let about = argument.as_ref().map(|argument| About::of(argument, input, &below.telling, policy));
        let about = about.transpose()?.unwrap_or_default();
        let own = match argument {
            // A number of values that are known, or of different ones, tells of them.
            Some(Expr::Column { name }) if !matches!(function, Count | CountDistinct) => {
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

pub(super) fn filtered(rel: Rel, conditions: Vec<Expr>) -> Rel {
    match all_of(conditions) {
        Some(predicate) => Rel::Filter { input: Box::new(rel), predicate },
        None => rel,
    }
}
