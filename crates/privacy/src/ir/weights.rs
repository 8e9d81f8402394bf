//! Which numbers of a release may count an entity's value more than once.
//!
//! A join that meets a row several times gives its values a weight. Two sums over the same people with other weights, one
//! taken from the other, leave the values of those whose weights differ: the release ledger, which compares who stands
//! behind cells, sees equal sets. So such numbers never leave exactly. A value keeps weight one where every join meets its
//! row once at most: the other side is unique by the columns it is joined on.

use std::collections::{BTreeMap, BTreeSet};

use super::check::releasing;
use super::facts::facts;
use super::walk::{columns_of, inputs, trace};
use super::{AggregateFunction, Expr, JoinKind, NamedAggregate, Parameters, Policy, Refusal, Rel};

/// What is known of a relation's rows.
struct Weighed {
    /// Columns by name: may a value stand in several rows though its own row is one?
    columns: BTreeMap<String, bool>,
    /// Is there a source each of whose rows is met once at most? A number of rows is then a number of its rows.
    once: bool,
}

/// Names of the releasing aggregates of a query that may count something more than once; empty without a releasing one.
///
/// What is unique is read from [`super::Rows::unique`]; [`join_keys`] names what would help to know.
///
/// # Errors
/// A [`Refusal`] if the query is malformed.
pub fn weighted(rel: &Rel, policy: &Policy) -> Result<BTreeSet<String>, Refusal> {
    let Some(top) = releasing(rel) else { return Ok(BTreeSet::new()) };
    let below = weigh(top.input, policy)?;
    let found = top.aggregates.iter().filter(|aggregate| is_weighted(aggregate, &below));
    Ok(found.map(|aggregate| aggregate.name.clone()).collect())
}

/// Stored columns that joins equate with something else, by resource: a side of one scan, and all its columns there.
#[must_use]
pub fn join_keys(rel: &Rel) -> BTreeSet<(String, BTreeSet<String>)> {
    let mut found: BTreeSet<_> = inputs(rel).into_iter().flat_map(join_keys).collect();
    if let Rel::Join { left, right, on, .. } = rel {
        let sides: [(&Rel, Vec<&Expr>); 2] =
            [(left, on.iter().map(|(a, _)| a).collect()), (right, on.iter().map(|(_, b)| b).collect())];
        for (side, keys) in sides {
            let mut by_alias: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for key in keys {
                if let Some(Expr::Column { name }) = trace(key, side)
                    && let Some((alias, column)) = name.split_once('.')
                {
                    by_alias.entry(alias.to_owned()).or_default().insert(column.to_owned());
                }
            }
            let resources = super::walk::aliases(side);
            let named = by_alias.into_iter().filter_map(|(alias, columns)| {
                resources.get(alias.as_str()).map(|resource| ((*resource).to_owned(), columns))
            });
            found.extend(named);
        }
    }
    found
}

fn weigh(rel: &Rel, policy: &Policy) -> Result<Weighed, Refusal> {
    Ok(match rel {
        Rel::Scan { alias, columns, .. } => {
            let columns = columns.iter().map(|column| (format!("{alias}.{column}"), false)).collect();
            Weighed { columns, once: true }
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            weigh(input, policy)?
        }
        Rel::Project { input, columns } => {
            let below = weigh(input, policy)?;
            let own = columns.iter().map(|named| (named.name.clone(), reads_weighted(&named.expr, &below)));
            Weighed { columns: own.collect(), once: below.once }
        }
        Rel::Join { kind: JoinKind::Semi | JoinKind::Anti, left, .. } => weigh(left, policy)?,
        Rel::Join { left, right, on, nulls_equal, .. } => {
            let meets_once = |side: &Rel, key: fn(&(Expr, Expr)) -> &Expr| -> Result<bool, Refusal> {
                let bare = on.iter().filter_map(|pair| match key(pair) {
                    // Uniqueness is about values that are not null.
                    Expr::Column { name } if !nulls_equal => Some(name.as_str()),
                    _ => None,
                });
                let bare = bare.collect();
                Ok(facts(side, policy, &Parameters::new())?.matches(&bare) == Some(1))
            };
            let (right_once, left_once) =
                (meets_once(right, |pair| &pair.1)?, meets_once(left, |pair| &pair.0)?);
            let (mut a, mut b) = (weigh(left, policy)?, weigh(right, policy)?);
            a.columns.values_mut().for_each(|weighted| *weighted |= !right_once);
            b.columns.values_mut().for_each(|weighted| *weighted |= !left_once);
            let once = a.once && right_once || b.once && left_once;
            a.columns.append(&mut b.columns);
            Weighed { columns: a.columns, once }
        }
        Rel::Aggregate { input, group, aggregates } => {
            let below = weigh(input, policy)?;
            let keys = group.iter().map(|named| (named.name.clone(), false));
            let numbers = aggregates.iter().map(|one| (one.name.clone(), is_weighted(one, &below)));
            Weighed { columns: keys.chain(numbers).collect(), once: true }
        }
        Rel::Union { inputs } => {
            let branches = inputs.iter().map(|input| weigh(input, policy)).collect::<Result<Vec<_>, _>>()?;
            // Names are the first branch's; which of the others' columns stands where does not matter here.
            let any = branches.iter().any(|branch| branch.columns.values().any(|weighted| *weighted));
            let names = branches.first().map(|first| first.columns.keys().cloned()).into_iter().flatten();
            let once = branches.iter().all(|branch| branch.once);
            Weighed { columns: names.map(|name| (name, any)).collect(), once }
        }
    })
}

fn reads_weighted(expr: &Expr, below: &Weighed) -> bool {
    columns_of(expr).into_iter().any(|name| below.columns.get(name).copied().unwrap_or(true))
}

fn is_weighted(aggregate: &NamedAggregate, below: &Weighed) -> bool {
    use AggregateFunction::{Avg, Count, CountDistinct, Max, Median, Min, Stddev, Sum, Variance};
    match (aggregate.function, &aggregate.argument) {
        // However often it is met, a value is one value.
        (CountDistinct | Min | Max, _) => false,
        (Count, _) | (_, None) => !below.once,
        (Sum | Avg | Stddev | Variance | Median, Some(argument)) => match columns_of(argument).is_empty() {
            true => !below.once,
            false => reads_weighted(argument, below),
        },
    }
}
