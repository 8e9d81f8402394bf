//! Columns that are added up with others inside one sum or mean.
//!
//! Of `sum(a + b)` a row without an `a` adds nothing, not even its `b`: beside `sum(a)` and `sum(b)` that would be the `b` of
//! whoever has no `a`, though all three are of the same people. A number beside which another one is lost does the same: one of
//! many digits, or any of a float beside a smaller one, however it was scaled. So what is added to others is a stored column of
//! whole numbers, of moderate size in every row ([`TERM_MAX`]), and nothing else is done to it than adding; what is otherwise is
//! added up by itself, `sum(a) + sum(b)`. Nor are whole numbers multiplied until they no longer fit, in however many subqueries:
//! who makes up most of a sum would not show in what is left of it.

use super::sources::origin;
use super::walk::inputs;
use super::{AggregateFunction, ArithmeticOp, Expr, Policy, Refusal, Rel, Rule, Source};
use crate::DataType;

/// No number in a column that is added up with others is larger. What is lost of one beside another is less than a
/// ten-thousandth then.
pub const TERM_MAX: u64 = 1 << 40;
/// No column counts more often in one value.
const TIMES_MAX: f64 = 1_000.0;

/// The stored columns that are added up with others inside the sums and means of a query; none where it is about nobody who
/// is protected.
///
/// # Errors
/// [`Rule::EmptyTerm`] for one that an outer join may not find.
pub fn terms(rel: &Rel, policy: &Policy) -> Result<Vec<Source>, Refusal> {
    let mut found = Vec::new();
    let mut protected = false;
    super::check::scans(rel, &mut |resource, _, _| {
        let entity = policy.resources.get(resource).and_then(|known| known.entity.as_ref());
        protected |= entity.is_some_and(|entity| entity.protected);
    });
    if protected {
        aggregates(rel, policy, &mut found)?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn aggregates(rel: &Rel, policy: &Policy, found: &mut Vec<Source>) -> Result<(), Refusal> {
    if let Rel::Aggregate { input, aggregates, .. } = rel {
        let summed = |function| matches!(function, AggregateFunction::Sum | AggregateFunction::Avg);
        for argument in
            aggregates.iter().filter(|one| summed(one.function)).filter_map(|one| one.argument.as_ref())
        {
            let whole = origin(argument, input);
            let name = || whole.leaves.keys().next().cloned().unwrap_or_default();
            if whole.times > TIMES_MAX {
                return Err(Refusal::new(Rule::NonlinearAggregate, name()));
            }
            if whole.parts < 2 || whole.leaves.len() + whole.numbers < 2 {
                continue;
            }
            let core = origin(scaled(argument), input);
            if !core.plain {
                return Err(Refusal::new(Rule::EmptyTerm, name()));
            }
            for (name, (source, outer)) in core.leaves {
                let known = policy.resources.get(&source.resource);
                let column = known.and_then(|known| known.columns.get(&source.column));
                let fits = column.is_some_and(|column| column.data_type == DataType::Integer);
                if outer || !fits {
                    return Err(Refusal::new(Rule::EmptyTerm, name));
                }
                found.push(source);
            }
        }
    }
    inputs(rel).into_iter().try_for_each(|input| self::aggregates(input, policy, found))
}

/// What is multiplied or divided as a whole, last.
fn scaled(argument: &Expr) -> &Expr {
    let is_constant = |expr: &Expr| super::walk::columns_of(expr).is_empty();
    match argument {
        Expr::Negate { input } => scaled(input),
        Expr::Cast { input, to } if to.is_numeric() => scaled(input),
        Expr::Arithmetic { op: ArithmeticOp::Multiply | ArithmeticOp::Divide, left, right }
            if is_constant(right) =>
        {
            scaled(left)
        }
        Expr::Arithmetic { op: ArithmeticOp::Multiply, left, right } if is_constant(left) => scaled(right),
        other => other,
    }
}
