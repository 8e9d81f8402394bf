//! Walking and rebuilding trees.

use std::collections::{BTreeMap, BTreeSet};

use super::{Expr, LogicOp, Named, Policy, Rel, ResourcePolicy};

/// A copy in which `change` replaced what it gives an answer for, from the top down.
pub(super) fn transform(expr: &Expr, change: &mut impl FnMut(&Expr) -> Option<Expr>) -> Expr {
    if let Some(changed) = change(expr) {
        return changed;
    }
    let mut one = |expr: &Expr| Box::new(transform(expr, change));
    match expr {
        Expr::Column { .. } | Expr::Literal { .. } | Expr::Parameter { .. } => expr.clone(),
        Expr::Compare { op, left, right } => Expr::Compare { op: *op, left: one(left), right: one(right) },
        Expr::Arithmetic { op, left, right } => {
            Expr::Arithmetic { op: *op, left: one(left), right: one(right) }
        }
        Expr::Logic { op, args } => Expr::Logic { op: *op, args: args.iter().map(|arg| *one(arg)).collect() },
        Expr::Call { function, args } => {
            Expr::Call { function: *function, args: args.iter().map(|arg| *one(arg)).collect() }
        }
        Expr::Not { input } => Expr::Not { input: one(input) },
        Expr::Negate { input } => Expr::Negate { input: one(input) },
        Expr::Cast { input, to } => Expr::Cast { input: one(input), to: *to },
        Expr::Case { branches, otherwise } => Expr::Case {
            branches: branches.iter().map(|(when, then)| (*one(when), *one(then))).collect(),
            otherwise: otherwise.as_deref().map(one),
        },
        Expr::InList { input, list, negated } => Expr::InList {
            input: one(input),
            list: list.iter().map(|value| *one(value)).collect(),
            negated: *negated,
        },
        Expr::Between { input, low, high, negated } => {
            Expr::Between { input: one(input), low: one(low), high: one(high), negated: *negated }
        }
        Expr::Like { input, pattern, negated, ignore_case } => Expr::Like {
            input: one(input),
            pattern: pattern.clone(),
            negated: *negated,
            ignore_case: *ignore_case,
        },
        Expr::IsNull { input, negated } => Expr::IsNull { input: one(input), negated: *negated },
    }
}

/// Names of the columns that an expression reads, each once.
pub(super) fn columns_of(expr: &Expr) -> Vec<&str> {
    fn see<'e>(expr: &'e Expr, names: &mut Vec<&'e str>) {
        if let Expr::Column { name } = expr
            && !names.contains(&name.as_str())
        {
            names.push(name);
        }
        expr.children().into_iter().for_each(|child| see(child, names));
    }
    let mut names = Vec::new();
    see(expr, &mut names);
    names
}

/// Does an expression read a parameter?
pub(super) fn has_parameter(expr: &Expr) -> bool {
    matches!(expr, Expr::Parameter { .. }) || expr.children().into_iter().any(has_parameter)
}

/// The relations directly below.
pub(super) fn inputs(rel: &Rel) -> Vec<&Rel> {
    match rel {
        Rel::Scan { .. } => Vec::new(),
        Rel::Filter { input, .. }
        | Rel::Project { input, .. }
        | Rel::Aggregate { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. } => vec![input],
        Rel::Join { left, right, .. } => vec![left, right],
        Rel::Union { inputs } => inputs.iter().collect(),
    }
}

/// The same, to be changed.
pub(super) fn inputs_mut(rel: &mut Rel) -> Vec<&mut Rel> {
    match rel {
        Rel::Scan { .. } => Vec::new(),
        Rel::Filter { input, .. }
        | Rel::Project { input, .. }
        | Rel::Aggregate { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. } => vec![input],
        Rel::Join { left, right, .. } => vec![left, right],
        Rel::Union { inputs } => inputs.iter_mut().collect(),
    }
}

/// Resources by the alias of their scan.
pub(super) fn aliases(rel: &Rel) -> BTreeMap<&str, &str> {
    let mut found: BTreeMap<&str, &str> = inputs(rel).into_iter().flat_map(aliases).collect();
    if let Rel::Scan { resource, alias, .. } = rel {
        found.insert(alias, resource);
    }
    found
}

/// An expression over the columns of `rel`, written over columns of scans; `None` if it reads what an aggregate or a
/// union made.
pub(super) fn trace(expr: &Expr, rel: &Rel) -> Option<Expr> {
    let mut lost = false;
    let traced = transform(expr, &mut |part| {
        let Expr::Column { name } = part else { return None };
        let below = trace_column(name, rel);
        lost |= below.is_none();
        below
    });
    Some(traced).filter(|_| !lost)
}

fn trace_column(name: &str, rel: &Rel) -> Option<Expr> {
    let named = |columns: &[Named], input: &Rel| {
        columns.iter().find(|named| named.name == name).and_then(|named| trace(&named.expr, input))
    };
    match rel {
        Rel::Scan { alias, columns, .. } => {
            let column = name.strip_prefix(alias.as_str()).and_then(|rest| rest.strip_prefix('.'))?;
            columns.iter().any(|own| own == column).then(|| Expr::column(name))
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            trace_column(name, input)
        }
        Rel::Project { input, columns } => named(columns, input),
        Rel::Aggregate { input, group, .. } => named(group, input),
        Rel::Join { left, right, .. } => trace_column(name, left).or_else(|| trace_column(name, right)),
        Rel::Union { .. } => None,
    }
}

/// The stored column behind a column of a scan.
pub(super) fn stored<'p, 'n>(
    name: &'n str,
    rel: &Rel,
    policy: &'p Policy,
) -> Option<(&'p ResourcePolicy, &'n str)> {
    let (alias, column) = name.split_once('.')?;
    let resource = *aliases(rel).get(alias)?;
    Some((policy.resources.get(resource)?, column))
}

/// The expressions of one node.
pub(super) fn expressions(rel: &Rel) -> Vec<&Expr> {
    match rel {
        Rel::Scan { .. } | Rel::Limit { .. } | Rel::Union { .. } => Vec::new(),
        Rel::Filter { predicate, .. } => vec![predicate],
        Rel::Project { columns, .. } => columns.iter().map(|named| &named.expr).collect(),
        Rel::Join { on, filter, .. } => on.iter().flat_map(|(a, b)| [a, b]).chain(filter).collect(),
        Rel::Aggregate { group, aggregates, .. } => {
            let arguments = aggregates.iter().filter_map(|aggregate| aggregate.argument.as_ref());
            group.iter().map(|named| &named.expr).chain(arguments).collect()
        }
        Rel::Sort { keys, .. } => keys.iter().map(|key| &key.expr).collect(),
    }
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

/// A copy whose scans read only what some expression uses, so that an unclassified column beside it is no reason to refuse.
#[must_use]
pub fn pruned(rel: &Rel) -> Rel {
    let mut used = BTreeSet::new();
    use_columns(rel, &mut used);
    let mut copy = rel.clone();
    prune(&mut copy, &used);
    copy
}

fn use_columns(rel: &Rel, used: &mut BTreeSet<String>) {
    for expr in expressions(rel) {
        used.extend(columns_of(expr).into_iter().map(str::to_owned));
    }
    inputs(rel).into_iter().for_each(|input| use_columns(input, used));
}

fn prune(rel: &mut Rel, used: &BTreeSet<String>) {
    if let Rel::Scan { alias, columns, .. } = rel {
        columns.retain(|column| used.contains(&format!("{alias}.{column}")));
    }
    inputs_mut(rel).into_iter().for_each(|input| prune(input, used));
}
