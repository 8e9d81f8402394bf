//! Output columns that are computed from what the releasing aggregate made: `round(avg(x), 2)`, `sum(a) / sum(b)`.
//!
//! A cell that leaves with noise has it on what is aggregated, and what is computed from that is computed anew. So a query can
//! be made to show, behind its own columns, whatever they are computed from.

use super::walk::{columns_of, transform};
use super::{Expr, Named, Rel};

/// What the output columns of a releasable query are computed from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Computed {
    /// Each output column that is neither a key nor an aggregate as it is, in order, as an expression over these.
    pub columns: Vec<(String, Expr)>,
    /// The keys and aggregates that they read, each once.
    pub from: Vec<String>,
}

impl Computed {
    /// What these of the query's output columns are computed from.
    #[must_use]
    pub fn of<'a>(rel: &Rel, output: impl IntoIterator<Item = &'a str>) -> Self {
        let over = output.into_iter().filter_map(|name| Some((name, over_aggregates(rel, name)?)));
        let computed = over.filter(|(_, expr)| !matches!(expr, Expr::Column { .. }));
        let columns: Vec<(String, Expr)> = computed.map(|(name, expr)| (name.to_owned(), expr)).collect();
        let mut from: Vec<String> =
            columns.iter().flat_map(|(_, expr)| columns_of(expr)).map(str::to_owned).collect();
        from.sort_unstable();
        from.dedup();
        Self { columns, from }
    }

    /// The places in [`Self::from`] of what an output column is computed from; none if it is not computed.
    #[must_use]
    pub fn places(&self, column: &str) -> Option<Vec<usize>> {
        let (_, expr) = self.columns.iter().find(|(name, _)| name == column)?;
        let read = columns_of(expr);
        let places = self.from.iter().enumerate().filter(|(_, name)| read.contains(&name.as_str()));
        Some(places.map(|(place, _)| place).collect())
    }

    /// The query with a column more for each of [`Self::from`], behind its own and in this order.
    #[must_use]
    pub fn beside(&self, rel: &Rel) -> Rel {
        if self.from.is_empty() { rel.clone() } else { self.with(rel).0 }
    }

    /// The relation with these columns, and whether they have names of their own there.
    fn with(&self, rel: &Rel) -> (Rel, bool) {
        match rel {
            Rel::Project { input, columns } => {
                let (input, renamed) = self.with(input);
                let more = self.from.iter().map(|name| {
                    let below = if renamed { beside(name) } else { name.clone() };
                    Named { name: beside(name), expr: Expr::column(below) }
                });
                let columns = columns.iter().cloned().chain(more).collect();
                (Rel::Project { input: Box::new(input), columns }, true)
            }
            Rel::Sort { input, keys } => {
                let (input, renamed) = self.with(input);
                (Rel::Sort { input: Box::new(input), keys: keys.clone() }, renamed)
            }
            Rel::Limit { input, skip, fetch } => {
                let (input, renamed) = self.with(input);
                (Rel::Limit { input: Box::new(input), skip: *skip, fetch: *fetch }, renamed)
            }
            Rel::Filter { input, predicate } => {
                let (input, renamed) = self.with(input);
                (Rel::Filter { input: Box::new(input), predicate: predicate.clone() }, renamed)
            }
            Rel::Aggregate { .. } | Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => {
                (rel.clone(), false)
            }
        }
    }
}

/// No author's column begins like this.
fn beside(name: &str) -> String {
    format!("\u{1d}{name}")
}

/// An output column over the keys and aggregates of the releasing aggregate.
fn over_aggregates(rel: &Rel, name: &str) -> Option<Expr> {
    match rel {
        Rel::Project { input, columns } => {
            let named = columns.iter().find(|named| named.name == name)?;
            let mut lost = false;
            let over = transform(&named.expr, &mut |part| {
                let Expr::Column { name } = part else { return None };
                let below = over_aggregates(input, name);
                lost |= below.is_none();
                below
            });
            Some(over).filter(|_| !lost)
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            over_aggregates(input, name)
        }
        Rel::Aggregate { group, aggregates, .. } => {
            let mut names =
                group.iter().map(|named| &named.name).chain(aggregates.iter().map(|one| &one.name));
            names.any(|own| own == name).then(|| Expr::column(name))
        }
        Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => None,
    }
}
