//! Edits of trees that keep them well formed.

use std::collections::BTreeSet;

use super::super::walk::{columns_of, inputs_mut};
use super::super::{Expr, JoinKind, LogicOp, Named, NamedAggregate, Rel};

/// The topmost aggregate in parts.
pub(super) struct Parts {
    pub(super) input: Rel,
    pub(super) group: Vec<Named>,
    pub(super) aggregates: Vec<NamedAggregate>,
}

/// A copy whose releasing aggregate was changed; `None` if there is none, or the change cannot be made.
pub(super) fn with_top(rel: &Rel, change: impl FnOnce(&mut Parts) -> Option<()>) -> Option<Rel> {
    let mut copy = rel.clone();
    let mut node = &mut copy;
    loop {
        match node {
            Rel::Aggregate { input, group, aggregates } => {
                let mut parts =
                    Parts { input: (**input).clone(), group: group.clone(), aggregates: aggregates.clone() };
                change(&mut parts)?;
                **input = parts.input;
                *group = parts.group;
                *aggregates = parts.aggregates;
                return Some(copy);
            }
            Rel::Project { input, .. }
            | Rel::Filter { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Limit { input, .. } => node = input,
            Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => return None,
        }
    }
}

/// A copy without an output column of the releasing aggregate, and without all that is computed from it above.
pub(super) fn without_output(rel: &Rel, name: &str) -> Option<Rel> {
    without(rel, name).map(|(rel, _)| rel)
}

fn without(rel: &Rel, name: &str) -> Option<(Rel, BTreeSet<String>)> {
    let reads = |expr: &Expr, gone: &BTreeSet<String>| columns_of(expr).into_iter().any(|n| gone.contains(n));
    match rel {
        Rel::Aggregate { input, group, aggregates } => {
            let group: Vec<_> = group.iter().filter(|named| named.name != name).cloned().collect();
            let aggregates: Vec<_> = aggregates.iter().filter(|named| named.name != name).cloned().collect();
            if group.is_empty() && aggregates.is_empty() {
                return None;
            }
            Some((
                Rel::Aggregate { input: input.clone(), group, aggregates },
                BTreeSet::from([name.to_owned()]),
            ))
        }
        Rel::Project { input, columns } => {
            let (input, gone) = without(input, name)?;
            let (lost, kept): (Vec<_>, Vec<_>) =
                columns.iter().cloned().partition(|named| reads(&named.expr, &gone));
            if kept.is_empty() {
                return None;
            }
            let gone = lost.into_iter().map(|named| named.name).collect();
            Some((Rel::Project { input: Box::new(input), columns: kept }, gone))
        }
        Rel::Sort { input, keys } => {
            let (input, gone) = without(input, name)?;
            let keys: Vec<_> = keys.iter().filter(|key| !reads(&key.expr, &gone)).cloned().collect();
            let sorted = if keys.is_empty() { input } else { Rel::Sort { input: Box::new(input), keys } };
            Some((sorted, gone))
        }
        Rel::Filter { input, predicate } => {
            let (input, gone) = without(input, name)?;
            let kept = !reads(predicate, &gone);
            let filtered = || Rel::Filter { input: Box::new(input.clone()), predicate: predicate.clone() };
            Some((if kept { filtered() } else { input.clone() }, gone))
        }
        Rel::Limit { input, skip, fetch } => {
            let (input, gone) = without(input, name)?;
            Some((Rel::Limit { input: Box::new(input), skip: *skip, fetch: *fetch }, gone))
        }
        Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => None,
    }
}

/// Every copy in which one node was replaced; `change` sees each node once and may answer with several replacements.
pub(super) fn at_each<T>(rel: &Rel, change: &impl Fn(&Rel) -> Vec<(T, Rel)>) -> Vec<(T, Rel)> {
    let mut all = change(rel);
    let count = super::super::walk::inputs(rel).len();
    for index in 0..count {
        let Some(input) = super::super::walk::inputs(rel).get(index).copied() else { continue };
        for (what, changed) in at_each(input, change) {
            let mut copy = rel.clone();
            if let Some(place) = inputs_mut(&mut copy).into_iter().nth(index) {
                *place = changed;
            }
            all.push((what, copy));
        }
    }
    all
}

/// The conditions that must all hold.
pub(super) fn conjuncts(predicate: &Expr) -> Vec<&Expr> {
    match predicate {
        Expr::Logic { op: LogicOp::And, args } => args.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

/// All of some conditions; `None` if there are none.
pub(super) fn all_of(mut conditions: Vec<Expr>) -> Option<Expr> {
    if conditions.len() > 1 {
        return Some(Expr::Logic { op: LogicOp::And, args: conditions });
    }
    conditions.pop()
}

/// The relation with a column of a scan passed on to its output, and the name it has there; `None` where an aggregate or
/// a union is in between.
pub(super) fn expose(rel: &Rel, alias: &str, column: &str) -> Option<(Rel, String)> {
    let below = |input: &Rel| expose(input, alias, column);
    Some(match rel {
        Rel::Scan { resource, alias: own, columns } if own == alias => {
            let mut columns = columns.clone();
            if !columns.iter().any(|known| known == column) {
                columns.push(column.to_owned());
            }
            let rel = Rel::Scan { resource: resource.clone(), alias: own.clone(), columns };
            (rel, format!("{alias}.{column}"))
        }
        Rel::Filter { input, predicate } => {
            let (input, name) = below(input)?;
            (Rel::Filter { input: Box::new(input), predicate: predicate.clone() }, name)
        }
        Rel::Sort { input, keys } => {
            let (input, name) = below(input)?;
            (Rel::Sort { input: Box::new(input), keys: keys.clone() }, name)
        }
        Rel::Project { input, columns } => {
            let (input, below) = below(input)?;
            let same = |named: &&Named| matches!(&named.expr, Expr::Column { name } if *name == below);
            let mut columns = columns.clone();
            let found = columns.iter().find(same).map(|named| named.name.clone());
            let name = found.unwrap_or_else(|| {
                let name = format!("{alias}_{column}");
                columns.push(Named { name: name.clone(), expr: Expr::Column { name: below } });
                name
            });
            (Rel::Project { input: Box::new(input), columns }, name)
        }
        Rel::Join { kind, left, right, on, nulls_equal, filter } => {
            let ((left, right), name) = match below(left) {
                Some((left, name)) => ((Box::new(left), right.clone()), name),
                None if matches!(kind, JoinKind::Semi | JoinKind::Anti) => return None,
                None => {
                    let (right, name) = below(right)?;
                    ((left.clone(), Box::new(right)), name)
                }
            };
            let rel = Rel::Join {
                kind: *kind,
                left,
                right,
                on: on.clone(),
                nulls_equal: *nulls_equal,
                filter: filter.clone(),
            };
            (rel, name)
        }
        Rel::Scan { .. } | Rel::Limit { .. } | Rel::Aggregate { .. } | Rel::Union { .. } => return None,
    })
}

/// A copy whose scans read only what is used.
pub(super) fn pruned(rel: &Rel) -> Rel {
    let mut used = BTreeSet::new();
    use_columns(rel, &mut used);
    let mut copy = rel.clone();
    prune(&mut copy, &used);
    copy
}

fn use_columns(rel: &Rel, used: &mut BTreeSet<String>) {
    let mut see = |expr: &Expr| used.extend(columns_of(expr).into_iter().map(str::to_owned));
    match rel {
        Rel::Scan { .. } | Rel::Limit { .. } | Rel::Union { .. } => {}
        Rel::Filter { predicate, .. } => see(predicate),
        Rel::Project { columns, .. } => columns.iter().for_each(|named| see(&named.expr)),
        Rel::Join { on, filter, .. } => {
            on.iter().flat_map(|(a, b)| [a, b]).for_each(&mut see);
            filter.iter().for_each(see);
        }
        Rel::Aggregate { group, aggregates, .. } => {
            group.iter().for_each(|named| see(&named.expr));
            aggregates.iter().filter_map(|aggregate| aggregate.argument.as_ref()).for_each(see);
        }
        Rel::Sort { keys, .. } => keys.iter().for_each(|key| see(&key.expr)),
    }
    super::super::walk::inputs(rel).into_iter().for_each(|input| use_columns(input, used));
}

fn prune(rel: &mut Rel, used: &BTreeSet<String>) {
    if let Rel::Scan { alias, columns, .. } = rel {
        columns.retain(|column| used.contains(&format!("{alias}.{column}")));
    }
    inputs_mut(rel).into_iter().for_each(|input| prune(input, used));
}
