//! Which source columns the aggregates of a release are computed from: what the release ledger calls their measure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::check::releasing;
use super::{AggregateFunction, Expr, JoinKind, Label, Named, NamedAggregate, Policy, Rel, Source};

/// What an aggregate of a release measures. Two aggregates with one measure can be added to and subtracted from each
/// other: an entity has one value in both, or values of which one tells the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Measured {
    /// Rows, values or distinct values are counted.
    Count,
    /// Values computed from these columns. Which expression it is does not matter: a sum of yuan and one of fen are one
    /// measure, and so is a sum of squares.
    Values(BTreeSet<Source>),
    /// How many have a value of these columns at all, where that is a secret like the value.
    Known(BTreeSet<Source>),
    /// Smallest, largest or middle value of such columns: no number that could be added, but one that tells who joined.
    Order(BTreeSet<Source>),
}

/// What the aggregates of a releasable query measure, by their names there, in order. Empty without a releasing aggregate.
#[must_use]
pub fn measured(rel: &Rel) -> Vec<(String, Measured)> {
    let Some(top) = releasing(rel) else { return Vec::new() };
    let measure = |aggregate: &NamedAggregate| {
        let sources = || {
            let mut found = BTreeSet::new();
            if let Some(argument) = &aggregate.argument {
                collect(top.input, argument, &mut found);
            }
            found
        };
        let measured = match aggregate.function {
            AggregateFunction::Count | AggregateFunction::CountDistinct => Measured::Count,
            AggregateFunction::Sum
            | AggregateFunction::Avg
            | AggregateFunction::Stddev
            | AggregateFunction::Variance => Measured::Values(sources()),
            AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::Median => {
                Measured::Order(sources())
            }
        };
        (aggregate.name.clone(), measured)
    };
    top.aggregates.iter().map(measure).collect()
}

/// The sensitive columns behind each number of values and each mean of a release of which it is not declared what an absent
/// value means, by the aggregate's name: who has none may be who is well, and such numbers tell how many these are.
#[must_use]
pub fn counted_values(rel: &Rel, policy: &Policy) -> BTreeMap<String, BTreeSet<Source>> {
    let Some(top) = releasing(rel) else { return BTreeMap::new() };
    let undeclared = |source: &Source| {
        let known =
            policy.resources.get(&source.resource).and_then(|known| known.columns.get(&source.column));
        known.is_some_and(|known| known.label == Some(Label::Sensitive) && known.declared.nulls.is_none())
    };
    let of = |aggregate: &NamedAggregate| {
        let counts = matches!(aggregate.function, AggregateFunction::Count | AggregateFunction::Avg);
        let mut found = BTreeSet::new();
        collect(top.input, aggregate.argument.as_ref().filter(|_| counts)?, &mut found);
        found.retain(undeclared);
        (!found.is_empty()).then(|| (aggregate.name.clone(), found))
    };
    top.aggregates.iter().filter_map(of).collect()
}

/// The source columns of an expression over a relation.
fn collect(rel: &Rel, expr: &Expr, found: &mut BTreeSet<Source>) {
    found.extend(leaves(expr, rel).into_values().map(|(source, _)| source));
}

/// The columns of scans that an expression reads, by their names there, each with whether an outer join may not find it.
pub(super) type Leaves = BTreeMap<String, (Source, bool)>;

/// The columns behind an expression over a relation.
pub(super) fn leaves(expr: &Expr, rel: &Rel) -> Leaves {
    let mut leaves = Leaves::new();
    of_expression(expr, rel, false, &mut leaves);
    leaves
}

fn of_expression(expr: &Expr, rel: &Rel, outer: bool, leaves: &mut Leaves) {
    if let Expr::Column { name } = expr {
        of_column(name, rel, outer, leaves);
    }
    expr.children().into_iter().for_each(|child| of_expression(child, rel, outer, leaves));
}

/// False if the relation has no such column.
fn of_column(name: &str, rel: &Rel, outer: bool, leaves: &mut Leaves) -> bool {
    let mut named = |columns: &[Named], input: &Rel| {
        let named = columns.iter().find(|named| named.name == name);
        if let Some(named) = named {
            of_expression(&named.expr, input, outer, leaves);
        }
        named.is_some()
    };
    match rel {
        Rel::Scan { resource, alias, columns } => {
            let column = name.strip_prefix(alias.as_str()).and_then(|rest| rest.strip_prefix('.'));
            let column = column.filter(|column| columns.iter().any(|own| own == column));
            let Some(column) = column else { return false };
            let source = Source { resource: resource.clone(), column: column.to_owned() };
            leaves.entry(name.to_owned()).or_insert((source, outer)).1 |= outer;
            true
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            of_column(name, input, outer, leaves)
        }
        Rel::Project { input, columns } => named(columns, input),
        Rel::Join { kind, left, right, .. } => {
            of_column(name, left, outer, leaves)
                || of_column(name, right, outer || *kind == JoinKind::Left, leaves)
        }
        Rel::Aggregate { input, group, aggregates } => {
            if let Some(aggregate) = aggregates.iter().find(|aggregate| aggregate.name == name) {
                if let Some(argument) = &aggregate.argument {
                    of_expression(argument, input, outer, leaves);
                }
                return true;
            }
            named(group, input)
        }
        // Columns match by position; the names are the first input's.
        Rel::Union { inputs } => {
            let place = inputs.first().and_then(|first| names(first).iter().position(|own| own == name));
            for input in inputs {
                if let Some(name) = place.and_then(|place| names(input).get(place).cloned()) {
                    of_column(&name, input, outer, leaves);
                }
            }
            place.is_some()
        }
    }
}

/// Names of a relation's columns, in order.
pub(super) fn names(rel: &Rel) -> Vec<String> {
    match rel {
        Rel::Scan { alias, columns, .. } => {
            columns.iter().map(|column| format!("{alias}.{column}")).collect()
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => names(input),
        Rel::Project { columns, .. } => columns.iter().map(|named| named.name.clone()).collect(),
        Rel::Join { kind, left, right, .. } => {
            let right = match kind {
                JoinKind::Inner | JoinKind::Left => names(right),
                JoinKind::Semi | JoinKind::Anti => Vec::new(),
            };
            names(left).into_iter().chain(right).collect()
        }
        Rel::Aggregate { group, aggregates, .. } => {
            let group = group.iter().map(|named| named.name.clone());
            group.chain(aggregates.iter().map(|aggregate| aggregate.name.clone())).collect()
        }
        Rel::Union { inputs } => inputs.first().map(names).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ArithmeticOp, JoinKind};
    use super::*;

    fn scan(resource: &str, alias: &str, columns: &[&str]) -> Rel {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Rel::Scan { resource: resource.to_owned(), alias: alias.to_owned(), columns }
    }

    fn aggregate(function: AggregateFunction, argument: Option<&str>) -> NamedAggregate {
        NamedAggregate { name: format!("{function:?}"), function, argument: argument.map(Expr::column) }
    }

    fn values(sources: &[(&str, &str)]) -> BTreeSet<Source> {
        let source = |(resource, column): &(&str, &str)| Source {
            resource: (*resource).to_owned(),
            column: (*column).to_owned(),
        };
        sources.iter().map(source).collect()
    }

    #[test]
    fn a_measure_is_named_by_its_source_columns_through_projections_joins_and_unions() {
        let both = Rel::Join {
            kind: JoinKind::Inner,
            left: Box::new(scan("income", "t0", &["id", "wage"])),
            right: Box::new(scan("benefit", "t1", &["id", "paid"])),
            on: vec![(Expr::column("t0.id"), Expr::column("t1.id"))],
            nulls_equal: false,
            filter: None,
        };
        let total = Expr::Arithmetic {
            op: ArithmeticOp::Add,
            left: Box::new(Expr::column("t0.wage")),
            right: Box::new(Expr::column("t1.paid")),
        };
        let renamed = Rel::Project {
            input: Box::new(both),
            columns: vec![
                Named { name: "total".to_owned(), expr: total },
                Named { name: "wage".to_owned(), expr: Expr::column("t0.wage") },
            ],
        };
        let other = scan("income_2025", "t2", &["wage", "id"]);
        let union = Rel::Union { inputs: vec![renamed, other] };
        let rel = Rel::Aggregate {
            input: Box::new(union),
            group: Vec::new(),
            aggregates: vec![
                aggregate(AggregateFunction::Count, None),
                aggregate(AggregateFunction::Avg, Some("total")),
                aggregate(AggregateFunction::Max, Some("wage")),
            ],
        };
        let total = values(&[("income", "wage"), ("benefit", "paid"), ("income_2025", "wage")]);
        let wage = values(&[("income", "wage"), ("income_2025", "id")]);
        assert_eq!(
            measured(&rel),
            [
                ("Count".to_owned(), Measured::Count),
                ("Avg".to_owned(), Measured::Values(total)),
                ("Max".to_owned(), Measured::Order(wage)),
            ]
        );
    }
}
