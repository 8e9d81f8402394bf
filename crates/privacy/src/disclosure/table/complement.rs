//! Which further cells to suppress.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::flow::{Direction, Network, Step, audit, positions, trace};
use super::{TABLE_CELLS_MAX, Table};
use crate::Error;

/// What is suppressed in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// One flag a cell, primary suppressions among them.
    pub cells: Vec<bool>,
    /// Why the whole table is suppressed, if it is.
    pub whole: Option<Whole>,
}

/// Why a whole table is suppressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// It is too large for the exact check.
    TooLarge,
    /// No choice of cells that may be suppressed protects it. If cells are known already, not even this does: it must not
    /// leave in any form.
    NoProtection,
}

impl Suppressed {
    fn whole(table: &Table, why: Whole) -> Self {
        Self { cells: table.cells.iter().map(|cell| !cell.known).collect(), whole: Some(why) }
    }
}

/// Adds secondary suppressions to the primary ones until no cell can be bounded more closely than its protection; a table
/// that is too large or cannot be protected is suppressed whole, and says so.
#[must_use]
pub fn complete(table: &Table) -> Suppressed {
    if table.cells.len() > TABLE_CELLS_MAX {
        return Suppressed::whole(table, Whole::TooLarge);
    }
    match choose(table) {
        // Only a limit is an error here.
        Err(_) => Suppressed::whole(table, Whole::TooLarge),
        Ok(None) => Suppressed::whole(table, Whole::NoProtection),
        Ok(Some(cells)) => Suppressed { cells, whole: None },
    }
}

fn choose(table: &Table) -> Result<Option<Vec<bool>>, Error> {
    let primary: Vec<bool> = table.cells.iter().map(|cell| cell.primary).collect();
    let mut network = Network::new(table, &primary);
    // The widest protections first: what they open serves the others too.
    let mut order: Vec<usize> = positions(&primary).collect();
    let width = |cell: &usize| table.cells.get(*cell).map_or(0, |cell| cell.below.max(cell.above));
    order.sort_by_key(|cell| (Reverse(width(cell)), *cell));
    for cell in order {
        let Some(own) = table.cells.get(cell) else { continue };
        for (direction, wanted) in [(Direction::Up, own.above), (Direction::Down, own.below)] {
            if !protect(table, &mut network, cell, direction, wanted)? {
                return Ok(None);
            }
        }
    }
    let protected = audit(table, &network.open)?.into_iter().all(|interval| {
        let Some(cell) = table.cells.get(interval.cell) else { return false };
        let low = cell.value - interval.low >= cell.below;
        !cell.primary || low && interval.high.is_none_or(|high| high - cell.value >= cell.above)
    });
    Ok(protected.then_some(network.open))
}

/// Opens arcs until a cell can move as far as wanted, along paths that open least.
fn protect(
    table: &Table,
    network: &mut Network,
    cell: usize,
    direction: Direction,
    wanted: u64,
) -> Result<bool, Error> {
    let (source, sink) = network.terminals(cell, direction);
    let mut moved = if source == sink { wanted } else { 0 };
    while moved < wanted {
        let Some(path) = cheapest(table, network, cell, source, sink)? else { break };
        for step in &path {
            if let Some(open) = network.open.get_mut(step.cell) {
                *open = true;
            }
        }
        moved += network.push(&path, wanted - moved);
    }
    network.forget();
    Ok(moved >= wanted)
}

/// Dijkstra's algorithm. Open arcs are free; to open one costs its value and one more, so that small cells go first and
/// zeros are not free.
fn cheapest(
    table: &Table,
    network: &mut Network,
    but: usize,
    source: usize,
    sink: usize,
) -> Result<Option<Vec<Step>>, Error> {
    let mut best: Vec<u64> = vec![u64::MAX; network.nodes()];
    let mut came: Vec<Option<(usize, Step)>> = vec![None; network.nodes()];
    let mut heap = BinaryHeap::from([Reverse((0_u64, source))]);
    if let Some(best) = best.get_mut(source) {
        *best = 0;
    }
    while let Some(Reverse((cost, node))) = heap.pop() {
        if node == sink {
            return Ok(Some(trace(&came, source, sink)));
        }
        if best.get(node).is_none_or(|best| cost > *best) {
            continue;
        }
        network.count(network.steps(node).len())?;
        for step in network.steps(node) {
            let Some(arc) = table.cells.get(step.cell).filter(|arc| step.cell != but && !arc.known) else {
                continue;
            };
            if network.room(*step) == 0 {
                continue;
            }
            let open = network.open.get(step.cell) == Some(&true);
            let cost = cost.saturating_add(if open { 0 } else { arc.value + 1 });
            if let Some(best) = best.get_mut(step.to).filter(|best| cost < **best) {
                *best = cost;
                if let Some(came) = came.get_mut(step.to) {
                    *came = Some((node, *step));
                }
                heap.push(Reverse((cost, step.to)));
            }
        }
    }
    Ok(None)
}
