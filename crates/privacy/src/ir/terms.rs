//! Columns that are added up with others inside one sum or mean.
//!
//! Of `sum(a + b)` a row without an `a` adds nothing, not even its `b`: beside `sum(a)` and `sum(b)` that would be the `b` of
//! whoever has no `a`, though all three are of the same people. A number so large that another one is lost in it does the
//! same. So every such column must hold a number of moderate size in every row ([`TERM_MAX`]); what is otherwise is
//! added up by itself, `sum(a) + sum(b)`.

use super::sources::leaves;
use super::walk::inputs;
use super::{AggregateFunction, Policy, Refusal, Rel, Rule, Source};

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
            let leaves = leaves(argument, input);
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
