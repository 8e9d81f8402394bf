//! Which repairs to try against which rule. Too many is fine: every result is judged.

use super::super::check::releasing;
use super::super::facts::facts;
use super::super::walk::{aliases, columns_of, stored, trace};
use super::super::{
    AggregateFunction, ArithmeticOp, ColumnPolicy, Expr, Function, Groups, JoinKind, Label, Literal, Mode,
    Named, NamedAggregate, Policy, Refusal, Rel, Rule, Terms, resolve,
};
use super::build::{at_each, expose, with_top, without_output};
use super::{Change, ChangeKind};
use crate::DataType;
use crate::ir::walk::{all_of, conjuncts, pruned};

type Repair = (Change, Rel);

/// Repairs of a query that was refused.
pub(super) fn repairs(rel: &Rel, refusal: &Refusal, policy: &Policy, terms: &Terms) -> Vec<Repair> {
    let about = refusal.column.as_deref();
    match refusal.rule {
        Rule::NotAggregate => count_rows(rel, policy, terms).into_iter().collect(),
        Rule::IdentifierGroup | Rule::GroupDomain | Rule::TooManyCells => keys(rel, about, policy),
        Rule::RawAggregate
        | Rule::NonlinearAggregate
        | Rule::ConditionalAggregate
        | Rule::Unbounded
        | Rule::NullsUndeclared
        | Rule::DistinctValues
        | Rule::TypeMismatch => aggregates(rel, about, policy, terms),
        Rule::LimitBelow => limits(rel),
        Rule::AfterAggregate => having(rel).into_iter().chain(limits(rel)).collect(),
        Rule::OuterJoin | Rule::SemiJoin => joins(rel),
        Rule::SinglingOut
        | Rule::IdentifierExpression
        | Rule::ParameterLookup
        | Rule::ParameterDomain
        | Rule::ParameterUndeclared
        | Rule::UnsafeArgument
        | Rule::Unclassified
        | Rule::UnknownColumn => {
            let mut all = conditions(rel);
            all.extend(keys(rel, None, policy));
            all.extend(aggregates(rel, None, policy, terms));
            all.extend(orders(rel));
            // What is no longer used need not be read.
            all.into_iter().map(|(change, rel)| (change, pruned(&rel))).collect()
        }
        _ => Vec::new(),
    }
}

fn change(kind: ChangeKind, subject: &str) -> Change {
    Change { kind, subject: subject.to_owned() }
}

fn named_by(about: Option<&str>, names: impl Fn(&str) -> bool) -> Option<&str> {
    about.filter(|name| names(name))
}

/// Group keys made coarser or left out.
fn keys(rel: &Rel, about: Option<&str>, policy: &Policy) -> Vec<Repair> {
    let Some(top) = releasing(rel) else { return Vec::new() };
    let only = named_by(about, |name| top.group.iter().any(|named| named.name == name));
    let mut all = Vec::new();
    for named in top.group.iter().filter(|named| only.is_none_or(|only| named.name == only)) {
        let name = named.name.as_str();
        let replaced = |with: &dyn Fn(&mut Rel) -> Option<Expr>| {
            with_top(rel, |parts| {
                let expr = with(&mut parts.input)?;
                parts.group.iter_mut().find(|named| named.name == name)?.expr = expr;
                Some(())
            })
        };
        let coarser = replaced(&|input| coarser(&named.expr, input, policy));
        all.extend(coarser.map(|rel| (change(ChangeKind::UseCoarser, name), rel)));
        let banded = replaced(&|input| banded(&named.expr, input, policy));
        let banded = banded.filter(|banded| banded != rel);
        all.extend(banded.map(|rel| (change(ChangeKind::UseBands, name), rel)));
        all.extend(without_output(rel, name).map(|rel| (change(ChangeKind::DropKey, name), rel)));
    }
    all
}

/// The column that its provider declares to be coarser, exposed by `input`.
fn coarser(key: &Expr, input: &mut Rel, policy: &Policy) -> Option<Expr> {
    let Expr::Column { name } = trace(key, input)? else { return None };
    let (resource, column) = stored(&name, input, policy)?;
    let instead = resource.columns.get(column)?.declared.coarser.clone()?;
    let (alias, _) = name.split_once('.')?;
    let (exposed, name) = expose(input, alias, &instead)?;
    *input = exposed;
    Some(Expr::Column { name })
}

/// Bands of the declared width over the one column that a key is computed from.
fn banded(key: &Expr, input: &Rel, policy: &Policy) -> Option<Expr> {
    let [name] = columns_of(key)[..] else { return None };
    let column = Expr::column(name);
    let Expr::Column { name } = trace(&column, input)? else { return None };
    let (resource, stored) = stored(&name, input, policy)?;
    band(&column, resource.columns.get(stored)?)
}

/// Bands that are never narrower than declared: the last one takes what remains.
fn band(column: &Expr, info: &ColumnPolicy) -> Option<Expr> {
    let (Some(Groups::Bands(width)), Some(bounds)) = (&info.declared.groups, info.declared.bounds) else {
        return None;
    };
    let width = i64::from(*width);
    let whole = |number| Expr::literal(Literal::Integer(number));
    let binary = |op, left, right| Expr::Arithmetic { op, left: Box::new(left), right: Box::new(right) };
    match info.data_type {
        DataType::Integer => {
            let values = bounds.high().checked_sub(bounds.low())?.checked_add(1)?;
            let bands = (values / width).max(1);
            let mut number = column.clone();
            if bounds.low() != 0 {
                number = binary(ArithmeticOp::Subtract, number, whole(bounds.low()));
            }
            number = binary(ArithmeticOp::Divide, number, whole(width));
            if values % width != 0 {
                number = Expr::Call { function: Function::Least, args: vec![number, whole(bands - 1)] };
            }
            number = binary(ArithmeticOp::Multiply, number, whole(width));
            if bounds.low() != 0 {
                number = binary(ArithmeticOp::Add, number, whole(bounds.low()));
            }
            Some(if width == 1 { column.clone() } else { number })
        }
        DataType::Date => {
            let unit = match width {
                ..8 => "week",
                8..=28 => "month",
                29..=90 => "quarter",
                91..=365 => "year",
                _ => return None,
            };
            let unit = Expr::literal(Literal::Text(unit.to_owned()));
            Some(Expr::Call { function: Function::DateTrunc, args: vec![unit, column.clone()] })
        }
        _ => None,
    }
}

/// Aggregates replaced by harmless ones, clamped or left out.
fn aggregates(rel: &Rel, about: Option<&str>, policy: &Policy, terms: &Terms) -> Vec<Repair> {
    use AggregateFunction::{Avg, Count, CountDistinct, Max, Median, Min, Stddev, Sum, Variance};
    let Some(top) = releasing(rel) else { return Vec::new() };
    let only = named_by(about, |name| top.aggregates.iter().any(|aggregate| aggregate.name == name));
    let mut all = Vec::new();
    for aggregate in top.aggregates.iter().filter(|aggregate| only.is_none_or(|only| aggregate.name == only))
    {
        let name = aggregate.name.as_str();
        all.extend(condition_moved(rel, aggregate).map(|rel| (change(ChangeKind::MoveCondition, name), rel)));
        let mut with = |kind, edit: &dyn Fn(&mut NamedAggregate, &mut Rel) -> Option<()>| {
            let repaired = with_top(rel, |parts| {
                let aggregate = parts.aggregates.iter_mut().find(|aggregate| aggregate.name == name)?;
                edit(aggregate, &mut parts.input)
            });
            all.extend(repaired.map(|rel| (change(kind, name), rel)));
        };
        match aggregate.function {
            Min | Max | Median | Stddev | Variance => with(ChangeKind::UseMean, &|aggregate, _| {
                aggregate.function = Avg;
                Some(())
            }),
            Sum | Avg => {
                with(ChangeKind::DropTerm, &|aggregate, _| {
                    aggregate.argument = Some(without_term(aggregate.argument.take()?)?);
                    Some(())
                });
                with(ChangeKind::Clamp, &|aggregate, input| {
                    let argument = aggregate.argument.take()?;
                    aggregate.argument = Some(clamped(argument, input, policy, terms)?);
                    Some(())
                });
            }
            Count if aggregate.argument.is_some() => with(ChangeKind::CountAll, &|aggregate, _| {
                aggregate.argument = None;
                Some(())
            }),
            Count => {}
            CountDistinct => with(ChangeKind::CountEntities, &|aggregate, input| {
                aggregate.argument = Some(entity_key(input, policy)?);
                Some(())
            }),
        }
        all.extend(without_output(rel, name).map(|rel| (change(ChangeKind::DropColumn, name), rel)));
    }
    all
}

/// What a constant is added to, or taken from.
fn without_term(argument: Expr) -> Option<Expr> {
    let Expr::Arithmetic { op, left, right } = argument else { return None };
    match (op, &*left, &*right) {
        (ArithmeticOp::Add | ArithmeticOp::Subtract, _, Expr::Literal { .. }) => Some(*left),
        (ArithmeticOp::Add, Expr::Literal { .. }, _) => Some(*right),
        _ => None,
    }
}

/// An aggregate over CASE or with FILTER as one over the rows that the condition is true for, with its likes.
fn condition_moved(rel: &Rel, aggregate: &NamedAggregate) -> Option<Rel> {
    let (condition, ..) = conditional(aggregate)?;
    let mut others = Vec::new();
    let mut moved = with_top(rel, |parts| {
        for aggregate in &mut parts.aggregates {
            match conditional(aggregate) {
                Some((same, function, argument)) if same == condition => {
                    (aggregate.function, aggregate.argument) = (function, argument);
                }
                _ => others.push(aggregate.name.clone()),
            }
        }
        parts.input = Rel::Filter { input: Box::new(parts.input.clone()), predicate: condition };
        Some(())
    })?;
    for name in others {
        moved = without_output(&moved, &name)?;
    }
    Some(moved)
}

/// The condition of an aggregate that leaves out the rows it is not true for, and the aggregate without it.
fn conditional(aggregate: &NamedAggregate) -> Option<(Expr, AggregateFunction, Option<Expr>)> {
    use AggregateFunction::{Count, Sum};
    let Some(Expr::Case { branches, otherwise }) = &aggregate.argument else { return None };
    let [(condition, value)] = branches.as_slice() else { return None };
    let left_out = match otherwise.as_deref() {
        None | Some(Expr::Literal { value: Literal::Null(_) }) => true,
        Some(Expr::Literal { value: Literal::Integer(0) }) => aggregate.function == Sum,
        _ => false,
    };
    let rows = match (aggregate.function, value) {
        (_, Expr::Literal { value: Literal::Null(_) }) => return None,
        (Sum, Expr::Literal { value: Literal::Integer(1) }) | (Count, Expr::Literal { .. }) => true,
        _ => false,
    };
    let (function, argument) = if rows { (Count, None) } else { (aggregate.function, Some(value.clone())) };
    left_out.then(|| (condition.clone(), function, argument))
}

/// `least(greatest(argument, low), high)` with the declared bounds of the columns in it.
fn clamped(argument: Expr, input: &Rel, policy: &Policy, terms: &Terms) -> Option<Expr> {
    let facts = facts(input, policy, &terms.parameters).ok()?;
    let ends = columns_of(&argument).into_iter().filter_map(|name| facts.range(name).finite().ok()?.whole());
    let (low, high) = ends.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))?;
    let whole = |number| Expr::literal(Literal::Integer(number));
    let lifted = Expr::Call { function: Function::Greatest, args: vec![argument, whole(low)] };
    Some(Expr::Call { function: Function::Least, args: vec![lifted, whole(high)] })
}

/// The key of the first protected entity that has one of one column, exposed by `input`.
fn entity_key(input: &mut Rel, policy: &Policy) -> Option<Expr> {
    let key = |(alias, resource): (&&str, &&str)| {
        let entity = policy.resources.get(*resource)?.entity.as_ref().filter(|entity| entity.protected)?;
        match entity.columns.as_slice() {
            [only] => Some(((*alias).to_owned(), only.clone())),
            _ => None,
        }
    };
    let (alias, column) = aliases(input).iter().find_map(key)?;
    let (exposed, name) = expose(input, &alias, &column)?;
    *input = exposed;
    Some(Expr::Column { name })
}

/// Conditions of filters and joins left out, one at a time.
fn conditions(rel: &Rel) -> Vec<Repair> {
    at_each(rel, &|node| match node {
        Rel::Filter { input, predicate } => fewer(predicate, |rest| match rest {
            Some(predicate) => Rel::Filter { input: input.clone(), predicate },
            None => (**input).clone(),
        }),
        Rel::Join { kind, left, right, on, nulls_equal, filter: Some(filter) } => {
            fewer(filter, |filter| Rel::Join {
                kind: *kind,
                left: left.clone(),
                right: right.clone(),
                on: on.clone(),
                nulls_equal: *nulls_equal,
                filter,
            })
        }
        _ => Vec::new(),
    })
}

fn fewer(predicate: &Expr, rebuilt: impl Fn(Option<Expr>) -> Rel) -> Vec<Repair> {
    let all = conjuncts(predicate);
    let without = |left_out: usize| {
        let kept = all.iter().enumerate().filter(|(index, _)| *index != left_out);
        let kept = kept.map(|(_, condition)| (*condition).clone()).collect();
        let subject = all.get(left_out).map(|condition| columns_of(condition).join(", ")).unwrap_or_default();
        (change(ChangeKind::DropCondition, &subject), rebuilt(all_of(kept)))
    };
    (0..all.len()).map(without).collect()
}

fn limits(rel: &Rel) -> Vec<Repair> {
    at_each(rel, &|node| match node {
        Rel::Limit { input, .. } => vec![(change(ChangeKind::DropLimit, ""), (**input).clone())],
        _ => Vec::new(),
    })
}

fn orders(rel: &Rel) -> Vec<Repair> {
    at_each(rel, &|node| match node {
        Rel::Sort { input, .. } => vec![(change(ChangeKind::DropOrder, ""), (**input).clone())],
        _ => Vec::new(),
    })
}

/// Filters above the releasing aggregate left out.
fn having(rel: &Rel) -> Vec<Repair> {
    at_each(rel, &|node| match node {
        Rel::Filter { input, .. } if releasing(node).is_some() => {
            vec![(change(ChangeKind::DropHaving, ""), (**input).clone())]
        }
        _ => Vec::new(),
    })
}

fn joins(rel: &Rel) -> Vec<Repair> {
    at_each(rel, &|node| match node {
        Rel::Join { kind: JoinKind::Left | JoinKind::Semi, left, right, on, nulls_equal, filter } => {
            let inner = Rel::Join {
                kind: JoinKind::Inner,
                left: left.clone(),
                right: right.clone(),
                on: on.clone(),
                nulls_equal: *nulls_equal,
                filter: filter.clone(),
            };
            vec![(change(ChangeKind::InnerJoin, ""), inner)]
        }
        _ => Vec::new(),
    })
}

/// Counts by what may be grouped by, instead of rows.
fn count_rows(rel: &Rel, policy: &Policy, terms: &Terms) -> Option<Repair> {
    let mut rows = rel;
    while let Rel::Sort { input, .. } | Rel::Limit { input, .. } = rows {
        rows = input;
    }
    let (input, columns) = match rows {
        Rel::Project { input, columns } => ((**input).clone(), columns.clone()),
        other => {
            let same = |name: String| Named { name: name.replace('.', "_"), expr: Expr::Column { name } };
            let columns = resolve(other, policy).ok()?.columns.into_iter().map(|column| same(column.name));
            (other.clone(), columns.collect())
        }
    };
    let mut group = Vec::new();
    for named in columns {
        let expr = groupable(&named.expr, &input, policy, terms.mode);
        group.extend(expr.map(|expr| Named { name: named.name, expr }));
    }
    let mut name = "rows".to_owned();
    while group.iter().any(|named| named.name == name) {
        name.push('_');
    }
    let count = NamedAggregate { name, function: AggregateFunction::Count, argument: None };
    let counted = Rel::Aggregate { input: Box::new(input), group, aggregates: vec![count] };
    Some((change(ChangeKind::CountRows, ""), pruned(&counted)))
}

/// The form in which rows may be grouped by an expression; `None` if there is none.
fn groupable(expr: &Expr, input: &Rel, policy: &Policy, mode: Mode) -> Option<Expr> {
    let Expr::Column { name } = trace(expr, input)? else { return None };
    let (resource, column) = stored(&name, input, policy)?;
    let info = resource.columns.get(column)?;
    match &info.declared.groups {
        Some(Groups::Codes(_) | Groups::AtMost(_)) => Some(expr.clone()),
        Some(Groups::Bands(_)) => band(expr, info),
        None => Some(expr.clone()).filter(|_| mode != Mode::Statistics && info.label == Some(Label::Public)),
    }
}
