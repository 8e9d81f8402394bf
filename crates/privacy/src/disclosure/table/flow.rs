//! The network of a table, and the bounds of its cells as maximum flows.
//!
//! Nodes: every leaf row; every pair of inner row and column; one outside. A cell is an arc that carries its value:
//! from the leaf's node to the parent's pair for a part, the other way for a total; from pair to parent's pair for an
//! inner row. At each node what comes in goes out: that is one sum of the table. Raising a cell by `d` is a
//! circulation of `d` through it over suppressed arcs, which may be raised without limit and lowered to zero.

use std::collections::VecDeque;

use super::Table;
use crate::Error;

/// What everybody can calculate about a suppressed cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Position of the cell in the table, row by row.
    pub cell: usize,
    /// The lowest value that fits what is published.
    pub low: u64,
    /// The highest; none if there is no bound.
    pub high: Option<u64>,
}

/// The bounds of every suppressed cell. *Shape*: one flag a cell; intervals in the order of the cells.
///
/// # Errors
/// [`Error::Length`] if flags and cells differ in number, [`Error::Table`] if the table is too large for the check.
pub fn audit(table: &Table, suppressed: &[bool]) -> Result<Vec<Interval>, Error> {
    if suppressed.len() != table.cells.len() {
        return Err(Error::Length { left: table.cells.len(), right: suppressed.len() });
    }
    let mut network = Network::new(table, suppressed);
    let hidden: Vec<usize> = positions(suppressed).collect();
    let intervals = hidden.into_iter().map(|cell| {
        let value = table.cells.get(cell).map_or(0, |cell| cell.value);
        let raise = network.slack(cell, Direction::Up, UNBOUNDED)?;
        let lower = network.slack(cell, Direction::Down, value)?;
        let high = (raise < UNBOUNDED).then(|| value.saturating_add(raise));
        Ok(Interval { cell, low: value.saturating_sub(lower), high })
    });
    intervals.collect()
}

/// More than any flow of a table whose cells are at most 2^40 and 10 000 in number.
pub(super) const UNBOUNDED: u64 = 1 << 62;

pub(super) fn positions(flags: &[bool]) -> impl Iterator<Item = usize> {
    flags.iter().enumerate().filter(|(_, flag)| **flag).map(|(position, _)| position)
}

/// Which bound is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The highest value.
    Up,
    /// The lowest.
    Down,
}

/// An arc seen from one of its ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) cell: usize,
    pub(super) to: usize,
    /// Along the arc, so that the cell is raised?
    pub(super) forward: bool,
}

/// The network with the changes that a flow under way makes.
#[derive(Debug)]
pub(super) struct Network {
    /// By cell: from, to.
    ends: Vec<(usize, usize)>,
    /// By node.
    steps: Vec<Vec<Step>>,
    values: Vec<u64>,
    pub(super) open: Vec<bool>,
    /// Raised by, lowered by; at most one of the two is not zero.
    change: Vec<(u64, u64)>,
    touched: Vec<usize>,
    work: u64,
}

impl Network {
    pub(super) fn new(table: &Table, open: &[bool]) -> Self {
        let rows = table.parents.len();
        let mut inner = vec![false; rows];
        for parent in table.parents.iter().flatten() {
            if let Some(inner) = inner.get_mut(*parent) {
                *inner = true;
            }
        }
        // Node 0 is the outside; a row's nodes begin at 1 + row·columns, and a leaf has the first of them.
        let columns = table.columns;
        let node = |row: usize, column: usize| 1 + row * columns + column;
        let mut ends = Vec::with_capacity(table.cells.len());
        for (row, (parent, inner)) in table.parents.iter().zip(&inner).enumerate() {
            for column in 0..columns {
                let above = parent.map_or(0, |parent| node(parent, column));
                let own = match (inner, columns) {
                    (true, _) => node(row, column),
                    (false, 1) => 0,
                    (false, _) => node(row, 0),
                };
                let total = columns > 1 && column + 1 == columns;
                ends.push(if total { (above, own) } else { (own, above) });
            }
        }
        let mut steps = vec![Vec::new(); 1 + rows * columns];
        for (cell, (from, to)) in ends.iter().enumerate() {
            for (at, to, forward) in [(*from, *to, true), (*to, *from, false)] {
                if let Some(steps) = steps.get_mut(at) {
                    steps.push(Step { cell, to, forward });
                }
            }
        }
        Self {
            steps,
            values: table.cells.iter().map(|cell| cell.value).collect(),
            open: open.to_vec(),
            change: vec![(0, 0); ends.len()],
            touched: Vec::new(),
            work: 0,
            ends,
        }
    }

    pub(super) fn nodes(&self) -> usize {
        self.steps.len()
    }

    /// Where a circulation that moves a cell must begin and end, without the cell.
    pub(super) fn terminals(&self, cell: usize, direction: Direction) -> (usize, usize) {
        let (from, to) = self.ends.get(cell).copied().unwrap_or((0, 0));
        if direction == Direction::Up { (to, from) } else { (from, to) }
    }

    /// By how much a cell can move over the open arcs, at most `wanted`; all changes are forgotten afterwards.
    pub(super) fn slack(&mut self, cell: usize, direction: Direction, wanted: u64) -> Result<u64, Error> {
        let (source, sink) = self.terminals(cell, direction);
        let mut moved = if source == sink { wanted } else { 0 };
        while moved < wanted {
            let Some(path) = self.breadth_first(cell, source, sink)? else { break };
            moved += self.push(&path, wanted - moved);
        }
        self.forget();
        Ok(moved)
    }

    /// The steps out of a node.
    pub(super) fn steps(&self, node: usize) -> &[Step] {
        self.steps.get(node).map_or(&[], Vec::as_slice)
    }

    /// How much more can go along a step.
    pub(super) fn room(&self, step: Step) -> u64 {
        let (raised, lowered) = self.change.get(step.cell).copied().unwrap_or((0, 0));
        let value = self.values.get(step.cell).copied().unwrap_or(0);
        if step.forward { UNBOUNDED - raised + lowered } else { (value + raised).saturating_sub(lowered) }
    }

    /// Counts work against its limit.
    pub(super) fn count(&mut self, arcs: usize) -> Result<(), Error> {
        self.work = self.work.saturating_add(u64::try_from(arcs).unwrap_or(u64::MAX));
        if self.work > super::WORK_MAX { Err(Error::Table { what: "size" }) } else { Ok(()) }
    }

    fn breadth_first(&mut self, but: usize, source: usize, sink: usize) -> Result<Option<Vec<Step>>, Error> {
        let mut came: Vec<Option<(usize, Step)>> = vec![None; self.nodes()];
        let mut queue = VecDeque::from([source]);
        while let Some(node) = queue.pop_front() {
            self.count(self.steps(node).len())?;
            for step in self.steps(node) {
                let open = step.cell != but && self.open.get(step.cell) == Some(&true);
                let new = step.to != source && came.get(step.to).is_some_and(Option::is_none);
                if open && new && self.room(*step) > 0 {
                    if let Some(came) = came.get_mut(step.to) {
                        *came = Some((node, *step));
                    }
                    if step.to == sink {
                        return Ok(Some(trace(&came, source, sink)));
                    }
                    queue.push_back(step.to);
                }
            }
        }
        Ok(None)
    }

    /// Sends as much as fits along a path, at most `most`.
    pub(super) fn push(&mut self, path: &[Step], most: u64) -> u64 {
        let amount = path.iter().map(|step| self.room(*step)).min().unwrap_or(0).min(most);
        for step in path {
            let Some((raised, lowered)) = self.change.get_mut(step.cell) else { continue };
            let (with, against) = if step.forward { (raised, lowered) } else { (lowered, raised) };
            let undone = amount.min(*against);
            *against -= undone;
            *with += amount - undone;
            self.touched.push(step.cell);
        }
        amount
    }

    /// Takes every change back.
    pub(super) fn forget(&mut self) {
        for cell in self.touched.drain(..) {
            if let Some(change) = self.change.get_mut(cell) {
                *change = (0, 0);
            }
        }
    }
}

/// The path by which a search came to its end.
pub(super) fn trace(came: &[Option<(usize, Step)>], source: usize, sink: usize) -> Vec<Step> {
    let mut path = Vec::new();
    let mut node = sink;
    while node != source {
        let Some((from, step)) = came.get(node).copied().flatten() else { break };
        path.push(step);
        node = from;
    }
    path
}
