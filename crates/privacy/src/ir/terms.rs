//! Columns that are added up with others inside one sum or mean.
//!
//! Of `sum(a + b)` a row without an `a` adds nothing, not even its `b`: beside `sum(a)` and `sum(b)` that would be the `b` of
//! whoever has no `a`, though all three are of the same people. A number so large that another one is lost in it does the
//! same. So every such column must hold a number of moderate size in every row ([`TERM_MAX`]); what is otherwise is
//! added up by itself, `sum(a) + sum(b)`.

use std::collections::BTreeMap;

use super::walk::inputs;
use super::{AggregateFunction, Expr, JoinKind, Named, Policy, Refusal, Rel, Rule, Source};

/// No number in a column that is added up with others is larger. What is lost of one beside another is less than a
/// ten-thousandth then.
pub const TERM_MAX: u64 = 1 << 40;

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
        aggregates(rel, &mut found)?;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn aggregates(rel: &Rel, found: &mut Vec<Source>) -> Result<(), Refusal> {
    if let Rel::Aggregate { input, aggregates, .. } = rel {
        let summed = |function| matches!(function, AggregateFunction::Sum | AggregateFunction::Avg);
        for argument in
            aggregates.iter().filter(|one| summed(one.function)).filter_map(|one| one.argument.as_ref())
        {
            let mut leaves = BTreeMap::new();
            of_expression(argument, input, false, &mut leaves);
            if leaves.len() < 2 {
                continue;
            }
            for (name, (source, outer)) in leaves {
                if outer {
                    return Err(Refusal::new(Rule::EmptyTerm, name));
                }
                found.push(source);
            }
        }
    }
    inputs(rel).into_iter().try_for_each(|input| self::aggregates(input, found))
}

/// The columns of scans that an expression reads, by their names there, each with whether an outer join may not find it.
type Leaves = BTreeMap<String, (Source, bool)>;

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
            let names = |rel: &Rel| super::sources::names(rel);
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
