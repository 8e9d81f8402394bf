//! Drawing rows of codes from a forest of marginals.

use crate::twin::coding::Domain;
use crate::twin::description::{Column, Content};
use crate::twin::model::{ColumnModel, TableModel};
use crate::twin::project::fit;
use crate::twin::random::{Draw, Weighted};

/// How one column is drawn, after those it depends on.
struct Step {
    column: usize,
    /// The column it depends on, and a choice of groups for each group of that one.
    from: Option<(usize, Vec<Weighted>)>,
    /// The choice of groups where it depends on none.
    alone: Weighted,
    /// The codes of each group.
    within: Vec<(Weighted, Vec<u16>)>,
}

/// Draws rows of one table.
pub(super) struct Sampler<'a> {
    table: &'a TableModel,
    steps: Vec<Step>,
}

impl<'a> Sampler<'a> {
    pub(super) fn new(table: &'a TableModel) -> Self {
        let columns = || table.table.columns.iter().zip(&table.columns);
        let margins: Vec<Vec<u64>> = columns()
            .map(|(column, model)| {
                ColumnModel { counts: allowed(column, model), ..model.clone() }.group_counts()
            })
            .collect();
        let mut placed = vec![false; table.columns.len()];
        let mut steps = Vec::new();
        // A column whose neighbour is drawn already comes next; if there is none, another tree begins.
        while let Some((column, edge)) = next(table, &placed) {
            if let Some(slot) = placed.get_mut(column) {
                *slot = true;
            }
            let of = |place: usize| margins.get(place).cloned().unwrap_or_default();
            let from = edge.and_then(|edge| {
                let edge = table.edges.get(edge)?;
                let (left, right) = (of(edge.left), of(edge.right));
                let fitted = fit(&edge.cells, &left, &right);
                let other = if edge.left == column { edge.right } else { edge.left };
                Some((other, choices(&fitted, right.len(), edge.left == other, &of(column))))
            });
            let Some((described, model)) = columns().nth(column) else { continue };
            let within = within(&allowed(described, model), model);
            steps.push(Step { column, from, alone: Weighted::new(of(column)), within });
        }
        Self { table, steps }
    }

    /// One row of codes. What `held` says stays as it is in the row.
    pub(super) fn row(&self, codes: &mut [u16], held: &[bool], draw: &mut Draw) {
        for step in &self.steps {
            if held.get(step.column).copied().unwrap_or(false) {
                continue;
            }
            let given = step.from.as_ref().and_then(|(from, choices)| {
                let code = codes.get(*from).copied()?;
                choices.get(self.table.columns.get(*from)?.group(code))
            });
            let group = given.unwrap_or(&step.alone).draw(draw);
            let code = step.within.get(group).and_then(|(weights, codes)| codes.get(weights.draw(draw)));
            if let Some(slot) = codes.get_mut(step.column) {
                *slot = code.copied().unwrap_or(0);
            }
        }
    }
}

/// Counts of codes that may be generated: no null where none is allowed, none of the values that are not declared. If nothing
/// remains, each allowed code is as likely.
fn allowed(column: &Column, model: &ColumnModel) -> Vec<u64> {
    let last = model.counts.len().saturating_sub(1);
    let undeclared = matches!(model.domain, Some(Domain::Values(_))) && column.content != Content::Open;
    let may = |code: usize| !(code == 0 && !column.nullable || code == last && undeclared);
    let counts: Vec<u64> =
        model.counts.iter().enumerate().map(|(code, count)| if may(code) { *count } else { 0 }).collect();
    if counts.iter().any(|count| *count > 0) {
        return counts;
    }
    (0..counts.len()).map(|code| u64::from(may(code) && code > 0)).collect()
}

/// The next column and, unless a tree begins, the edge to one that is placed.
fn next(table: &TableModel, placed: &[bool]) -> Option<(usize, Option<usize>)> {
    let is = |place: usize| placed.get(place).copied().unwrap_or(true);
    let linked = table.edges.iter().enumerate().find_map(|(place, edge)| {
        let column = match (is(edge.left), is(edge.right)) {
            (true, false) => edge.right,
            (false, true) => edge.left,
            _ => return None,
        };
        Some((column, Some(place)))
    });
    let open = |place: &usize| !is(*place) && table.columns.get(*place).is_some_and(|c| c.domain.is_some());
    linked.or_else(|| (0..placed.len()).find(open).map(|place| (place, None)))
}

/// For each group of the one column the choice among groups of the other.
fn choices(fitted: &[u64], width: usize, by_row: bool, margin: &[u64]) -> Vec<Weighted> {
    let width = width.max(1);
    let choice = |weights: Vec<u64>| match weights.iter().any(|weight| *weight > 0) {
        true => Weighted::new(weights),
        false => Weighted::new(margin.iter().copied()),
    };
    if by_row {
        return fitted.chunks(width).map(|row| choice(row.to_vec())).collect();
    }
    (0..width).map(|column| choice(fitted.iter().skip(column).step_by(width).copied().collect())).collect()
}

fn within(counts: &[u64], model: &ColumnModel) -> Vec<(Weighted, Vec<u16>)> {
    (0..model.group_count())
        .map(|group| {
            let codes: Vec<u16> =
                (0_u16..).take(counts.len()).filter(|code| model.group(*code) == group).collect();
            let weight = |code: &u16| counts.get(usize::from(*code)).copied().unwrap_or(0);
            (Weighted::new(codes.iter().map(weight)), codes)
        })
        .collect()
}
