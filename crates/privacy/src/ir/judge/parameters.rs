//! Parameters that could look up one entity.
//!
//! Wherever an expression computes or compares something of a parameter and of a column that tells entities apart, a
//! caller who may choose the parameter could ask for one entity after the other. What meets is found by value lineage,
//! so that neither arithmetic nor a detour over a projection, a join key or a group key hides it.

use std::collections::BTreeSet;

use super::super::resolve::{Flow, Rigour, both, flow};
use super::super::walk::{expressions, inputs};
use super::super::{
    Code, CompareOp, Domain, Expr, Groups, Label, Literal, Parameters, Policy, Refusal, Rel, ResourcePolicy,
    Rule, Source,
};

/// What an expression is computed from.
#[derive(Default)]
struct Met {
    sources: BTreeSet<Source>,
    parameters: BTreeSet<String>,
}

/// No parameter meets a column that tells entities apart, unless its few values were listed for approval.
pub(super) fn check_lookups(rel: &Rel, policy: &Policy, parameters: &Parameters) -> Result<(), Refusal> {
    check_registers(rel, policy, parameters)?;
    each_meeting(rel, policy, &mut |met| {
        let free = |name: &String| !parameters.get(name).is_some_and(Domain::is_few);
        if !met.parameters.iter().any(free) {
            return Ok(());
        }
        let lookup = met.sources.iter().find(|source| tells_apart(source, policy));
        lookup.map_or(Ok(()), |source| Err(Refusal::new(Rule::ParameterLookup, source.column.as_str())))
    })
}

/// A public register in which a free parameter picks a row must not be joined with a column that tells entities apart:
/// that would be the same lookup in two steps.
fn check_registers(rel: &Rel, policy: &Policy, parameters: &Parameters) -> Result<(), Refusal> {
    if let Rel::Join { left, right, on, .. } = rel {
        let scopes = (flow(left, policy, Rigour::Structure)?, flow(right, policy, Rigour::Structure)?);
        let open = (reads_free(left, parameters), reads_free(right, parameters));
        for (a, b) in on {
            let (a, b) = (met(a, &scopes.0), met(b, &scopes.1));
            for (key, register, open) in [(&a, &b, open.1), (&b, &a, open.0)] {
                let public = register.sources.iter().all(|source| !policy.is_protected(&source.resource));
                let apart = key.sources.iter().find(|source| tells_apart(source, policy));
                if let Some(source) = apart.filter(|_| open && public) {
                    return Err(Refusal::new(Rule::ParameterLookup, source.column.as_str()));
                }
            }
        }
    }
    inputs(rel).into_iter().try_for_each(|input| check_registers(input, policy, parameters))
}

/// Does any expression of a relation read a parameter that is not one of a few listed values?
fn reads_free(rel: &Rel, parameters: &Parameters) -> bool {
    fn of_expr(expr: &Expr, parameters: &Parameters) -> bool {
        match expr {
            Expr::Parameter { name, .. } => !parameters.get(name).is_some_and(Domain::is_few),
            _ => expr.children().into_iter().any(|child| of_expr(child, parameters)),
        }
    }
    expressions(rel).into_iter().any(|expr| of_expr(expr, parameters))
        || inputs(rel).into_iter().any(|input| reads_free(input, parameters))
}

/// Every parameter has a domain, and one that meets a delicate column is no finer than that column's groups.
pub(super) fn check_domains(rel: &Rel, policy: &Policy, parameters: &Parameters) -> Result<(), Refusal> {
    if let Some(name) = undeclared(rel, parameters) {
        return Err(Refusal::new(Rule::ParameterUndeclared, name));
    }
    each_meeting(rel, policy, &mut |met| {
        for name in &met.parameters {
            let Some(domain) = parameters.get(name) else { continue };
            let fine = met.sources.iter().find(|source| !fits(domain, source, policy));
            if let Some(source) = fine {
                return Err(Refusal::new(Rule::ParameterDomain, source.column.as_str()));
            }
        }
        Ok(())
    })
}

/// A column whose values point to one entity.
fn tells_apart(source: &Source, policy: &Policy) -> bool {
    let Some(resource) = policy.resources.get(&source.resource) else { return true };
    let label = resource.columns.get(&source.column).and_then(|info| info.label);
    if label.is_none_or(|label| label == Label::Identifier) {
        return true;
    }
    let Some(entity) = resource.entity.as_ref().filter(|entity| entity.protected) else { return false };
    let is_key = entity.columns.contains(&source.column);
    // A part of a key is harmless if it is public (the region of an enterprise's code).
    is_key && (entity.columns.len() == 1 || label > Some(Label::Public))
        || is_unique(resource, &source.column)
}

fn is_unique(resource: &ResourcePolicy, column: &str) -> bool {
    resource.rows.unique.iter().any(|unique| unique.len() == 1 && unique.contains(column))
}

fn fits(domain: &Domain, source: &Source, policy: &Policy) -> bool {
    let Some(resource) = policy.resources.get(&source.resource) else { return false };
    let Some(info) = resource.columns.get(&source.column) else { return false };
    if !resource.is_protected() || info.label == Some(Label::Public) || domain.is_few() {
        return true;
    }
    match (&info.declared.groups, domain) {
        (Some(Groups::Codes(codes)), Domain::Codes(values)) => {
            values.iter().all(|value| codes.contains(value))
        }
        (Some(Groups::Codes(codes)), Domain::List(values)) => {
            values.iter().all(|value| codes.iter().map(Code::literal).any(|code| code == *value))
        }
        (Some(Groups::AtMost(_)), Domain::Codes(_)) => true,
        (Some(Groups::Bands(width)), Domain::Range { step, .. }) => step >= width,
        (Some(Groups::Bands(width)), Domain::List(values)) => apart(values, i64::from(*width)),
        _ => false,
    }
}

/// Do neighbouring values lie so far apart?
fn apart(values: &[Literal], width: i64) -> bool {
    let number = |value: &Literal| match value {
        Literal::Integer(number) => Some(*number),
        Literal::Date(days) => Some(i64::from(*days)),
        _ => None,
    };
    let Some(mut numbers) = values.iter().map(number).collect::<Option<Vec<_>>>() else { return false };
    numbers.sort_unstable();
    numbers.windows(2).all(|pair| match pair {
        [a, b] => b.saturating_sub(*a) >= width,
        _ => true,
    })
}

fn undeclared(rel: &Rel, parameters: &Parameters) -> Option<String> {
    fn of_expr(expr: &Expr, parameters: &Parameters) -> Option<String> {
        match expr {
            Expr::Parameter { name, .. } => {
                let known = parameters.get(name).is_some_and(|domain| domain.check().is_ok());
                Some(name.clone()).filter(|_| !known)
            }
            _ => expr.children().into_iter().find_map(|child| of_expr(child, parameters)),
        }
    }
    let own = expressions(rel).into_iter().find_map(|expr| of_expr(expr, parameters));
    own.or_else(|| inputs(rel).into_iter().find_map(|input| undeclared(input, parameters)))
}

/// Shows every place where parameters and columns meet.
fn each_meeting(
    rel: &Rel,
    policy: &Policy,
    visit: &mut impl FnMut(&Met) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let scope = match rel {
        Rel::Join { left, right, .. } => {
            both(&flow(left, policy, Rigour::Structure)?, &flow(right, policy, Rigour::Structure)?)?
        }
        _ => match inputs(rel).first() {
            Some(input) => flow(input, policy, Rigour::Structure)?,
            None => return Ok(()),
        },
    };
    for expr in expressions(rel) {
        meeting(expr, &scope, visit)?;
    }
    if let Rel::Join { on, .. } = rel {
        for (a, b) in on {
            let (left, right) = (Box::new(a.clone()), Box::new(b.clone()));
            meeting(&Expr::Compare { op: CompareOp::Eq, left, right }, &scope, visit)?;
        }
    }
    inputs(rel).into_iter().try_for_each(|input| each_meeting(input, policy, visit))
}

fn meeting(
    expr: &Expr,
    scope: &Flow,
    visit: &mut impl FnMut(&Met) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    for child in expr.children() {
        meeting(child, scope, visit)?;
    }
    match expr {
        // Conditions side by side do not meet; what each of them compares has been looked at.
        Expr::Column { .. } | Expr::Parameter { .. } | Expr::Logic { .. } | Expr::Not { .. } => Ok(()),
        _ => {
            let met = met(expr, scope);
            if met.parameters.is_empty() { Ok(()) } else { visit(&met) }
        }
    }
}

/// All that an expression is computed from.
fn met(expr: &Expr, scope: &Flow) -> Met {
    let mut all = Met::default();
    for child in expr.children() {
        let below = met(child, scope);
        all.sources.extend(below.sources);
        all.parameters.extend(below.parameters);
    }
    match expr {
        Expr::Column { name } => {
            if let Some(info) = scope.schema.column(name) {
                all.sources.extend(info.sources.iter().cloned());
                all.parameters.extend(info.parameters.iter().cloned());
            }
        }
        Expr::Parameter { name, .. } => {
            all.parameters.insert(name.clone());
        }
        _ => {}
    }
    all
}
