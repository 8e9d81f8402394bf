//! Walking and rebuilding trees.

use std::collections::BTreeMap;

use super::{Expr, Named, Policy, Rel, ResourcePolicy};

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
