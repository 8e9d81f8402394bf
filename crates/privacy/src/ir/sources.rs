//! Which source columns the aggregates of a release are computed from: what the release ledger calls their measure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::check::releasing;
use super::{
    AggregateFunction, ArithmeticOp, Expr, JoinKind, Label, Literal, Named, NamedAggregate, Policy, Rel,
    Source,
};

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
        let Origin { leaves, counted, .. } = origin(aggregate.argument.as_ref()?, top.input);
        // A sum of such numbers is one of them as well.
        let mut found = counted;
        found.extend(leaves.into_values().map(|(source, _)| source).filter(|_| counts));
        found.retain(undeclared);
        (!found.is_empty()).then(|| (aggregate.name.clone(), found))
    };
    top.aggregates.iter().filter_map(of).collect()
}

/// The source columns of an expression over a relation.
fn collect(rel: &Rel, expr: &Expr, found: &mut BTreeSet<Source>) {
    found.extend(origin(expr, rel).leaves.into_values().map(|(source, _)| source));
}

/// What an expression is made of, down to what is stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// The columns of scans that it reads, by their names there, each with whether an outer join may not find it.
    pub(super) leaves: BTreeMap<String, (Source, bool)>,
    /// Of these the ones of which an inner aggregate counts the values, or takes a mean.
    counted: BTreeSet<Source>,
    /// Numbers of rows or values that inner aggregates made.
    pub(super) numbers: usize,
    /// How many columns and numbers are put together in one value.
    pub(super) parts: usize,
    /// Nothing but sums and differences of columns, and sums of these.
    pub(super) plain: bool,
    /// How often a column counts at most, by whole numbers and by being added again, signs apart.
    pub(super) times: f64,
}

impl Origin {
    /// Beside another one in one value.
    fn with(mut self, other: Self) -> Self {
        self.parts += other.parts;
        self.times += other.times;
        self.or(other)
    }

    /// Or another one in its place.
    fn or(mut self, other: Self) -> Self {
        for (name, (source, outer)) in other.leaves {
            self.leaves.entry(name).or_insert((source, outer)).1 |= outer;
        }
        self.counted.extend(other.counted);
        self.numbers += other.numbers;
        self.parts = self.parts.max(other.parts);
        self.plain &= other.plain;
        self.times = self.times.max(other.times);
        self
    }
}

/// What an expression over a relation is made of.
pub(super) fn origin(expr: &Expr, rel: &Rel) -> Origin {
    of_expression(expr, rel, false)
}

fn of_expression(expr: &Expr, rel: &Rel, outer: bool) -> Origin {
    let of = |expr: &Expr| of_expression(expr, rel, outer);
    match expr {
        Expr::Column { name } => of_column(name, rel, outer).unwrap_or_default(),
        Expr::Negate { input } => of(input),
        Expr::Arithmetic { op: ArithmeticOp::Add | ArithmeticOp::Subtract, left, right } => {
            of(left).with(of(right))
        }
        Expr::Arithmetic { op: ArithmeticOp::Multiply, left, right } => {
            let factor = whole(left).or_else(|| whole(right)).unwrap_or(1.0);
            let both = of(left).with(of(right));
            Origin { plain: false, times: both.times * factor.max(1.0), ..both }
        }
        other => {
            let children = other.children().into_iter().map(of);
            let all = children.reduce(Origin::with).unwrap_or_default();
            Origin { plain: false, ..all }
        }
    }
}

/// A whole constant, without its sign.
#[expect(clippy::cast_precision_loss, reason = "compared with a limit far below")]
fn whole(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal { value: Literal::Integer(number) } => Some(number.unsigned_abs() as f64),
        Expr::Negate { input } | Expr::Cast { input, .. } => whole(input),
        _ => None,
    }
}

/// None if the relation has no such column.
fn of_column(name: &str, rel: &Rel, outer: bool) -> Option<Origin> {
    let named = |columns: &[Named], input: &Rel| {
        let named = columns.iter().find(|named| named.name == name)?;
        Some(of_expression(&named.expr, input, outer))
    };
    match rel {
        Rel::Scan { resource, alias, columns } => {
            let column = name.strip_prefix(alias.as_str())?.strip_prefix('.')?;
            columns.iter().find(|own| *own == column)?;
            let source = Source { resource: resource.clone(), column: column.to_owned() };
            let leaves = BTreeMap::from([(name.to_owned(), (source, outer))]);
            Some(Origin { leaves, parts: 1, plain: true, times: 1.0, ..Origin::default() })
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            of_column(name, input, outer)
        }
        Rel::Project { input, columns } => named(columns, input),
        Rel::Join { kind, left, right, .. } => {
            of_column(name, left, outer).or_else(|| of_column(name, right, outer || *kind == JoinKind::Left))
        }
        Rel::Aggregate { input, group, aggregates } => {
            match aggregates.iter().find(|aggregate| aggregate.name == name) {
                Some(aggregate) => Some(of_aggregate(aggregate, input, outer)),
                None => named(group, input),
            }
        }
        // Columns match by position; the names are the first input's.
        Rel::Union { inputs } => {
            let place = inputs.first().and_then(|first| names(first).iter().position(|own| own == name))?;
            let own = |input: &Rel| of_column(names(input).get(place)?, input, outer);
            inputs.iter().filter_map(own).reduce(Origin::or)
        }
    }
}

fn of_aggregate(aggregate: &NamedAggregate, input: &Rel, outer: bool) -> Origin {
    let below = aggregate.argument.as_ref().map(|argument| of_expression(argument, input, outer));
    let mut below = below.unwrap_or_default();
    let sources = || below.leaves.values().map(|(source, _)| source.clone()).collect::<Vec<_>>();
    match aggregate.function {
        AggregateFunction::Sum => below,
        AggregateFunction::Count | AggregateFunction::CountDistinct => {
            below.counted.extend(sources());
            Origin { numbers: 1, parts: 1, plain: false, times: 1.0, ..below }
        }
        AggregateFunction::Avg => {
            below.counted.extend(sources());
            Origin { plain: false, ..below }
        }
        _ => Origin { plain: false, ..below },
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
