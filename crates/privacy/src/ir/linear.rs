//! Sums as linear forms of what is stored: `sum(2 * a - b)` is twice the sum of `a` less that of `b`. Noise is drawn for the
//! sums of the stored columns and follows the form; with noise of its own for every form, two forms of one column would be
//! two equations, and the noise would fall out.

use std::collections::BTreeMap;

use super::check::releasing;
use super::walk::columns_of;
use super::{AggregateFunction, ArithmeticOp, Expr, Literal, Named, NamedAggregate, Rel};

/// One term of a sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What is summed: a stored column, or a number of rows that an inner aggregate made; the same name for the same thing.
    pub base: String,
    /// How often it counts.
    pub factor: f64,
    /// How often it is counted in the argument's column that carries it: what that column adds, divided by this, is what the
    /// base adds.
    pub inner: f64,
}

/// The terms of every sum and mean of a releasable query, by aggregate: one for each column of its argument, in order. None
/// where it is no such form.
#[must_use]
pub fn linear_forms(rel: &Rel) -> BTreeMap<String, Option<Vec<Term>>> {
    let Some(top) = releasing(rel) else { return BTreeMap::new() };
    let form = |aggregate: &NamedAggregate| {
        let summed = matches!(aggregate.function, AggregateFunction::Sum | AggregateFunction::Avg);
        let argument = aggregate.argument.as_ref().filter(|_| summed)?;
        Some((aggregate.name.clone(), terms(argument, top.input)))
    };
    top.aggregates.iter().filter_map(form).collect()
}

fn terms(argument: &Expr, input: &Rel) -> Option<Vec<Term>> {
    let outer = form(argument, &|name| Some(BTreeMap::from([(name.to_owned(), 1.0)])))?;
    let term = |name: &str| {
        let mut below = column(name, input)?.into_iter();
        let (base, inner) = below.next()?;
        let factor = outer.get(name).copied()? * inner;
        // Of several together nobody knows what each adds.
        (below.next().is_none() && inner != 0.0).then_some(Term { base, factor, inner })
    };
    columns_of(argument).into_iter().map(term).collect()
}

type Form = BTreeMap<String, f64>;

/// A form over whatever its columns are.
fn form(expr: &Expr, column: &impl Fn(&str) -> Option<Form>) -> Option<Form> {
    match expr {
        Expr::Column { name } => column(name),
        Expr::Negate { input } => Some(times(form(input, column)?, -1.0)),
        Expr::Cast { input, to } if to.is_numeric() => form(input, column),
        Expr::Arithmetic { op: ArithmeticOp::Add, left, right } => {
            Some(plus(form(left, column)?, form(right, column)?))
        }
        Expr::Arithmetic { op: ArithmeticOp::Subtract, left, right } => {
            Some(plus(form(left, column)?, times(form(right, column)?, -1.0)))
        }
        Expr::Arithmetic { op: ArithmeticOp::Multiply, left, right } => {
            match (constant(left), constant(right)) {
                (Some(factor), None) => Some(times(form(right, column)?, factor)),
                (None, Some(factor)) => Some(times(form(left, column)?, factor)),
                _ => None,
            }
        }
        Expr::Arithmetic { op: ArithmeticOp::Divide, left, right } => {
            let by = constant(right).filter(|by| *by != 0.0)?;
            Some(times(form(left, column)?, 1.0 / by))
        }
        _ => None,
    }
}

/// A column of a relation as a form over what is stored.
fn column(name: &str, rel: &Rel) -> Option<Form> {
    let named = |columns: &[Named], input: &Rel| {
        let named = columns.iter().find(|named| named.name == name)?;
        form(&named.expr, &|name| column(name, input))
    };
    match rel {
        Rel::Scan { resource, alias, columns } => {
            let own = name.strip_prefix(alias.as_str())?.strip_prefix('.')?;
            let known = columns.iter().any(|column| column == own);
            known.then(|| Form::from([(format!("{resource}.{own}"), 1.0)]))
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => column(name, input),
        Rel::Project { input, columns } => named(columns, input),
        Rel::Join { left, right, .. } => column(name, left).or_else(|| column(name, right)),
        Rel::Aggregate { input, group, aggregates } => {
            let Some(inner) = aggregates.iter().find(|aggregate| aggregate.name == name) else {
                return named(group, input);
            };
            match (inner.function, &inner.argument) {
                // The sum of sums is the sum of the rows.
                (AggregateFunction::Sum, Some(argument)) => form(argument, &|name| column(name, input)),
                (AggregateFunction::Count, argument) => {
                    Some(Form::from([(format!("count {argument:?}"), 1.0)]))
                }
                _ => None,
            }
        }
        Rel::Union { .. } => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a factor of noise; the rules keep constants small")]
fn constant(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal { value: Literal::Integer(number) } => Some(*number as f64),
        Expr::Literal { value: Literal::Float(number) } => Some(*number),
        Expr::Literal { value: Literal::Decimal { unscaled, scale } } => {
            Some(*unscaled as f64 / 10_f64.powi(i32::from(*scale)))
        }
        Expr::Negate { input } => constant(input).map(|number| -number),
        Expr::Cast { input, to } if to.is_numeric() => constant(input),
        _ => None,
    }
}

fn times(form: Form, factor: f64) -> Form {
    form.into_iter().map(|(base, own)| (base, own * factor)).collect()
}

fn plus(mut one: Form, other: Form) -> Form {
    for (base, factor) in other {
        *one.entry(base).or_default() += factor;
    }
    one
}
