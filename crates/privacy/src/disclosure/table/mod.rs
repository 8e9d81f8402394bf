//! Tables with margins: what a suppressed cell can be calculated to, and which further cells must be suppressed so that it
//! cannot.
//!
//! A table has rows that form a tree (each inner row is the sum of its children) and columns, of which the last is the
//! total of the others unless there is only one. Every cell is a number that is not negative, and everybody knows that.
//! The published cells and the sums then bound every suppressed one. With rows in a tree and columns flat the cells are
//! the arcs of a network in which the values circulate, so that the bounds are maximum flows: exact, in whole
//! numbers ([`audit`]). *Source*: M. Fischetti, J. J. Salazar, Models and algorithms for the 2-dimensional cell suppression
//! problem (1999), for the network; the choice of cells is a heuristic of shortest paths and never taken on trust: what it
//! chose is audited.
//!
//! Not covered: attackers who know a contribution of their own (set the protection wide enough), and tables that share
//! cells with this one; the release ledger covers those for what leaves exactly.

mod complement;
mod flow;
#[cfg(test)]
mod tests;

pub use complement::{Suppressed, Whole, complete};
pub use flow::{Interval, audit};

use crate::Error;

/// Limit: cells of a table. Larger ones are suppressed whole ([`Whole::TooLarge`]).
pub const TABLE_CELLS_MAX: usize = 10_000;

/// Limit: arcs visited while one table is completed.
pub(super) const WORK_MAX: u64 = 200_000_000;

/// A cell of a table with margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableCell {
    /// The number, or for sums the number in whole units.
    pub value: u64,
    /// A rule forbids publishing it.
    pub primary: bool,
    /// It is known already, or must be published.
    pub known: bool,
    /// How far below its value an attacker's lowest estimate must lie. *Units*: those of the value; at most the value.
    pub below: u64,
    /// How far above its value the highest estimate must lie.
    pub above: u64,
}

/// A table with margins. *Shape*: rows × columns, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// For each row its parent; none for the root. Parents come before children.
    parents: Vec<Option<usize>>,
    columns: usize,
    cells: Vec<TableCell>,
}

impl Table {
    /// A table whose rows form a tree. `parents` names for each row its parent, which comes before it; only the first row
    /// has none. With more than one column the last is the total of the others.
    ///
    /// # Errors
    /// [`Error::Table`] if rows are no such tree, cells are not rows × columns, two columns are given (one and its
    /// total), the sums do not add up, a cell is primary and known, or a protection is wider than can be.
    pub fn new(parents: Vec<Option<usize>>, columns: usize, cells: Vec<TableCell>) -> Result<Self, Error> {
        let tree = parents.iter().enumerate().all(|(row, parent)| match parent {
            None => row == 0,
            Some(parent) => *parent < row,
        });
        if !tree || parents.is_empty() {
            return Err(Error::Table { what: "rows" });
        }
        if columns == 0 || columns == 2 {
            return Err(Error::Table { what: "columns" });
        }
        if parents.len().checked_mul(columns) != Some(cells.len()) {
            return Err(Error::Table { what: "cells" });
        }
        // Flows double a value at most, and are added up over the table.
        if cells.iter().any(|cell| cell.value > 1 << 40 || cell.above > 1 << 40 || cell.below > cell.value) {
            return Err(Error::Table { what: "protection" });
        }
        if cells.iter().any(|cell| cell.primary && cell.known) {
            return Err(Error::Table { what: "known cells" });
        }
        let table = Self { parents, columns, cells };
        if table.adds_up() { Ok(table) } else { Err(Error::Table { what: "sums" }) }
    }

    /// One dimension: a total and its parts. The first cell is the total.
    ///
    /// # Errors
    /// As [`Table::new`].
    pub fn one_dimension(cells: Vec<TableCell>) -> Result<Self, Error> {
        let parents = (0..cells.len()).map(|row| (row > 0).then_some(0)).collect();
        Self::new(parents, 1, cells)
    }

    /// Two dimensions: the first row holds the totals of the columns, the last column those of the rows.
    ///
    /// # Errors
    /// As [`Table::new`].
    pub fn two_dimensions(columns: usize, cells: Vec<TableCell>) -> Result<Self, Error> {
        let rows = cells.len().checked_div(columns).unwrap_or(0);
        let parents = (0..rows).map(|row| (row > 0).then_some(0)).collect();
        Self::new(parents, columns, cells)
    }

    /// The cells, row by row.
    #[must_use]
    pub fn cells(&self) -> &[TableCell] {
        &self.cells
    }

    fn adds_up(&self) -> bool {
        let rows: Vec<&[TableCell]> = self.cells.chunks(self.columns).collect();
        let across = self.columns == 1
            || rows.iter().all(|row| {
                let (total, parts) = match row.split_last() {
                    Some((total, parts)) => (u128::from(total.value), parts),
                    None => return false,
                };
                parts.iter().map(|cell| u128::from(cell.value)).sum::<u128>() == total
            });
        let mut sums: Vec<Option<Vec<u128>>> = vec![None; rows.len()];
        for (row, parent) in rows.iter().zip(&self.parents) {
            if let Some(sum) = parent.and_then(|parent| sums.get_mut(parent)) {
                let sum = sum.get_or_insert_with(|| vec![0; self.columns]);
                sum.iter_mut().zip(*row).for_each(|(sum, cell)| *sum += u128::from(cell.value));
            }
        }
        let down = sums.iter().zip(&rows).all(|(sum, row)| {
            let Some(sum) = sum else { return true };
            sum.iter().zip(*row).all(|(sum, cell)| *sum == u128::from(cell.value))
        });
        across && down
    }
}
