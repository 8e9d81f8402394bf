//! What is kept of the data: noisy counts, and what was declared.

use serde::{Deserialize, Serialize};

use super::coding::Domain;
use super::description::{Column, Description, Table};
use crate::Error;
use crate::disclosure::dp::Cost;

/// Limit: groups of one column in a two-way marginal.
pub(super) const GROUPS_MAX: usize = 32;

/// Differentially private marginals of tables. Neighbouring data differ by all rows of one entity. Everything in it
/// is declared, or a noisy count made nonnegative and consistent, or (values of open columns) chosen by a noisy count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Model {
    pub(super) cost: Cost,
    pub(super) tables: Vec<TableModel>,
}

/// Of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableModel {
    pub(super) table: Table,
    /// Noisy number of rows.
    pub(super) rows: u64,
    /// Of the columns, in order.
    pub(super) columns: Vec<ColumnModel>,
    /// Two-way marginals; they form a forest over the columns.
    pub(super) edges: Vec<Edge>,
    /// How many entities have 1, 2, … rows; empty if a parent says so.
    pub(super) repeats: Vec<u64>,
}

/// Of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ColumnModel {
    /// `None` if nothing was measured.
    pub(super) domain: Option<Domain>,
    /// One count a code.
    pub(super) counts: Vec<u64>,
    /// One group a code.
    pub(super) groups: Vec<u16>,
    /// For a reference: how many keys have 0, 1, 2, … children.
    pub(super) children: Vec<u64>,
}

/// A two-way marginal over groups of codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edge {
    pub(super) left: usize,
    pub(super) right: usize,
    /// Groups of the left × groups of the right.
    pub(super) cells: Vec<u64>,
}

impl ColumnModel {
    pub(super) fn group_count(&self) -> usize {
        self.groups.iter().copied().max().map_or(0, |last| usize::from(last) + 1)
    }

    pub(super) fn group(&self, code: u16) -> usize {
        self.groups.get(usize::from(code)).copied().map_or(0, usize::from)
    }

    /// Counts of the groups.
    pub(super) fn group_counts(&self) -> Vec<u64> {
        let mut counts = vec![0_u64; self.group_count()];
        for (group, count) in self.groups.iter().zip(&self.counts) {
            if let Some(slot) = counts.get_mut(usize::from(*group)) {
                *slot = slot.saturating_add(*count);
            }
        }
        counts
    }

    fn fits(&self, column: &Column) -> bool {
        let codes = self.domain.as_ref().map_or(0, Domain::codes);
        let same = match (&self.domain, Domain::declared(column)) {
            (Some(Domain::Values(_)), Some(Domain::Values(declared))) if declared.is_empty() => true,
            (domain, declared) => *domain == declared,
        };
        let reference = matches!(column.content, super::Content::Reference { .. });
        same && self.counts.len() == codes
            && self.groups.len() == codes
            && self.group_count() <= GROUPS_MAX
            && self.children.is_empty() != reference
    }
}

/// Which group each code is in. A column of many bins has neighbouring ones together; of many values the most frequent
/// (by noisy count) stand alone.
pub(super) fn groups(domain: &Domain, counts: &[u64]) -> Vec<u16> {
    let codes = domain.codes();
    let small = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    if codes <= GROUPS_MAX {
        return (0..codes).map(small).collect();
    }
    if matches!(domain, Domain::Bins(_)) {
        let bins = codes - 1;
        let grouped = (0..bins).map(|bin| small(1 + bin * (GROUPS_MAX - 1) / bins));
        return std::iter::once(0).chain(grouped).collect();
    }
    let mut order: Vec<usize> = (1..codes).collect();
    order.sort_by_key(|code| (std::cmp::Reverse(counts.get(*code).copied().unwrap_or(0)), *code));
    let mut groups = vec![small(GROUPS_MAX - 1); codes];
    if let Some(null) = groups.first_mut() {
        *null = 0;
    }
    for (group, code) in order.into_iter().take(GROUPS_MAX - 2).enumerate() {
        if let Some(slot) = groups.get_mut(code) {
            *slot = small(group + 1);
        }
    }
    groups
}

impl TableModel {
    fn fits(&self) -> bool {
        let columns = self.columns.len() == self.table.columns.len()
            && self.columns.iter().zip(&self.table.columns).all(|(model, column)| model.fits(column));
        let mut forest = super::description::Forest::new(self.columns.len());
        let sound = |edge: &Edge| {
            let groups = |place: usize| self.columns.get(place).map(ColumnModel::group_count);
            let learnt =
                |place: usize| self.table.columns.get(place).is_some_and(|column| column.content.is_learnt());
            let sizes = groups(edge.left).zip(groups(edge.right));
            learnt(edge.left)
                && learnt(edge.right)
                && sizes.is_some_and(|(left, right)| left * right == edge.cells.len())
        };
        let edges = self.edges.iter().all(|edge| sound(edge) && forest.join(edge.left, edge.right));
        let runs = if self.table.repeats() { usize::from(self.table.rows_max) } else { 0 };
        columns && edges && self.repeats.len() == runs
    }
}

impl Model {
    /// What it cost.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// What was declared.
    #[must_use]
    pub fn description(&self) -> Description {
        Description { tables: self.tables.iter().map(|table| table.table.clone()).collect() }
    }

    /// The noisy number of rows of a table; `None` if there is no such table.
    #[must_use]
    pub fn rows(&self, table: &str) -> Option<u64> {
        self.table(table).map(|table| table.rows)
    }

    /// The noisy one-way marginal of a column: its codes and one count each. `None` if nothing was measured of it.
    #[must_use]
    pub fn marginal(&self, table: &str, column: &str) -> Option<(&Domain, &[u64])> {
        let table = self.table(table)?;
        let model = table.columns.get(table.table.column(column)?.0)?;
        Some((model.domain.as_ref()?, &model.counts))
    }

    /// For a reference: how many keys have 0, 1, 2, … children, noisy.
    #[must_use]
    pub fn children(&self, table: &str, column: &str) -> Option<&[u64]> {
        let table = self.table(table)?;
        let model = table.columns.get(table.table.column(column)?.0)?;
        Some(&model.children)
    }

    /// The pairs of columns of which two-way marginals are held.
    #[must_use]
    pub fn pairs(&self, table: &str) -> Vec<(&str, &str)> {
        let Some(table) = self.table(table) else { return Vec::new() };
        let name = |place: usize| table.table.columns.get(place).map(|column| column.name.as_str());
        table.edges.iter().filter_map(|edge| name(edge.left).zip(name(edge.right))).collect()
    }

    pub(super) fn table(&self, name: &str) -> Option<&TableModel> {
        self.tables.iter().find(|table| table.table.name == name)
    }
}

/// How a model is written. It is checked when read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u8,
    cost: Cost,
    tables: Vec<TableModel>,
}

const FORMAT: u8 = 1;

impl From<Model> for Stored {
    fn from(model: Model) -> Self {
        Self { format: FORMAT, cost: model.cost, tables: model.tables }
    }
}

impl TryFrom<Stored> for Model {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let model = Self { cost: stored.cost, tables: stored.tables };
        let description = model.description();
        description.check()?;
        match model.tables.iter().find(|table| !table.fits()) {
            _ if stored.format != FORMAT => Err(Error::Twin { what: "format", name: "model".into() }),
            Some(table) => Err(Error::Twin { what: "model", name: table.table.name.clone() }),
            None => Ok(model),
        }
    }
}
