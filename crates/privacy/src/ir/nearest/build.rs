//! Edits of trees that keep them well formed.

use std::collections::BTreeSet;

use super::super::walk::{columns_of, inputs_mut};
use super::super::{Expr, JoinKind, Named, NamedAggregate, Rel};

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
