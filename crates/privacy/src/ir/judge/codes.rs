//! Conditions on values that a column cannot have. Who pays for a statistic should not pay for a spelling that nobody has.

use super::super::walk::{expressions, inputs, stored, trace};
use super::super::{Code, CompareOp, Expr, Groups, Literal, Policy, Refusal, Rel, Rule};

/// No column with a list of codes is compared with something that is not on it.
pub(super) fn check_codes(rel: &Rel, policy: &Policy) -> Result<(), Refusal> {
    // A join's condition sees both sides, every other node's expressions what is below it.
    let below = match rel {
        Rel::Join { .. } => Some(rel),
        _ => inputs(rel).first().copied(),
    };
    if let Some(below) = below {
        expressions(rel).into_iter().try_for_each(|expr| check(expr, below, policy))?;
    }
    inputs(rel).into_iter().try_for_each(|input| check_codes(input, policy))
}

fn check(expr: &Expr, below: &Rel, policy: &Policy) -> Result<(), Refusal> {
    match expr {
        Expr::Compare { op: CompareOp::Eq | CompareOp::NotEq, left, right } => {
            compared(left, right, below, policy)?;
            compared(right, left, below, policy)?;
        }
        Expr::InList { input, list, .. } => {
            list.iter().try_for_each(|value| compared(input, value, below, policy))?;
        }
        _ => {}
    }
    expr.children().into_iter().try_for_each(|child| check(child, below, policy))
}

fn compared(column: &Expr, value: &Expr, below: &Rel, policy: &Policy) -> Result<(), Refusal> {
    let Expr::Literal { value } = uncast(value) else { return Ok(()) };
    let Some(Expr::Column { name }) = trace(uncast(column), below) else { return Ok(()) };
    let Some((resource, own)) = stored(&name, below, policy) else { return Ok(()) };
    let declared = resource.columns.get(own).and_then(|info| info.declared.groups.as_ref());
    let Some(Groups::Codes(codes)) = declared else { return Ok(()) };
    // A number compared as text, and the other way round, is not looked up.
    let kind = |literal: &Literal| std::mem::discriminant(literal);
    let mut alike = codes.iter().map(Code::literal).filter(|code| kind(code) == kind(value)).peekable();
    if alike.peek().is_none() || alike.any(|code| code == *value) {
        return Ok(());
    }
    Err(Refusal::new(Rule::UnknownCode, own))
}

/// The engine puts casts where it keeps texts in another form.
fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast { input, .. } => uncast(input),
        other => other,
    }
}
