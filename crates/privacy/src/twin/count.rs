//! The second pass: which columns depend on which, and how.

use arrow::record_batch::RecordBatch;

use super::bound::Bound;
use super::coding::{Coder, Domain, column_of};
use super::description::{Description, Forest, Pairs, Table};
use super::model::{ColumnModel, Edge, Model, TableModel};
use super::plan::{Shares, mechanism};
use super::project::project;
use super::random::Fingerprint;
use super::survey::noisy;
use crate::Error;
use crate::disclosure::dp::{Cost, Seeded, choose};

/// What both passes share.
pub(super) struct Parts {
    pub(super) description: Description,
    pub(super) cost: Cost,
    pub(super) shares: Vec<Shares>,
    pub(super) noise: Seeded,
    pub(super) print: Fingerprint,
    pub(super) bounds: Vec<Bound>,
}

impl Parts {
    pub(super) fn unknown(&self, table: &str) -> Error {
        Error::Twin { what: "table", name: table.to_owned() }
    }

    /// The place of a table and which rows of a batch count.
    pub(super) fn keep(&mut self, name: &str, batch: &RecordBatch) -> Result<(usize, Vec<bool>), Error> {
        let (place, table) = self.description.table(name).ok_or_else(|| self.unknown(name))?;
        let bound = self.bounds.get_mut(place).ok_or(Error::Twin { what: "table", name: name.into() })?;
        Ok((place, bound.keep(table, batch, &self.print)?))
    }
}

/// The second pass. Push every batch again, in the same order, then call [`Self::finish`].
pub struct Count {
    parts: Parts,
    tables: Vec<TableCount>,
}

/// What the first pass tells of a table.
pub(super) struct Surveyed {
    pub(super) rows: u64,
    pub(super) repeats: Vec<u64>,
    pub(super) columns: Vec<ColumnModel>,
    pub(super) coders: Vec<Option<Coder>>,
}

struct TableCount {
    rows: u64,
    repeats: Vec<u64>,
    columns: Vec<ColumnModel>,
    coders: Vec<Option<Coder>>,
    pairs: Vec<PairCount>,
}

struct PairCount {
    left: usize,
    right: usize,
    /// Groups of the left × groups of the right, exact. They never leave.
    cells: Vec<u64>,
}

impl Count {
    pub(super) fn new(parts: Parts, tables: Vec<Surveyed>) -> Self {
        let tables = parts
            .description
            .tables
            .iter()
            .zip(tables)
            .map(|(table, surveyed)| {
                let Surveyed { rows, repeats, columns, coders } = surveyed;
                let groups = |place: usize| columns.get(place).map_or(0, ColumnModel::group_count);
                let pairs = candidates(table)
                    .into_iter()
                    .map(|(left, right)| PairCount {
                        left,
                        right,
                        cells: vec![0; groups(left) * groups(right)],
                    })
                    .collect();
                TableCount { rows, repeats, columns, coders, pairs }
            })
            .collect();
        Self { parts, tables }
    }

    /// Takes a batch of a table.
    ///
    /// # Errors
    /// As [`super::Survey::push`].
    pub fn push(&mut self, table: &str, batch: &RecordBatch) -> Result<(), Error> {
        let (place, kept) = self.parts.keep(table, batch)?;
        let Parts { description, print, .. } = &self.parts;
        let Some((described, count)) = description.tables.get(place).zip(self.tables.get_mut(place)) else {
            return Ok(());
        };
        let mut grouped: Vec<Vec<usize>> = vec![Vec::new(); described.columns.len()];
        for learnt in described.learnt() {
            let (Some(column), Some(Some(coder)), Some(model), Some(slot)) = (
                described.columns.get(learnt),
                count.coders.get_mut(learnt),
                count.columns.get(learnt),
                grouped.get_mut(learnt),
            ) else {
                continue;
            };
            let codes = coder.codes(&column_of(batch, column)?, column, print)?;
            let codes = codes.into_iter().zip(&kept).filter(|(_, kept)| **kept);
            *slot = codes.map(|(code, _)| model.group(code)).collect();
        }
        for pair in &mut count.pairs {
            let width = count.columns.get(pair.right).map_or(0, ColumnModel::group_count);
            let (Some(left), Some(right)) = (grouped.get(pair.left), grouped.get(pair.right)) else {
                continue;
            };
            for (left, right) in left.iter().zip(right) {
                if let Some(cell) = pair.cells.get_mut(left * width + right) {
                    *cell += 1;
                }
            }
        }
        Ok(())
    }

    /// Chooses pairs, adds noise, and gives the model.
    ///
    /// # Errors
    /// [`Error::Randomness`] if the source of noise is broken.
    pub fn finish(mut self) -> Result<Model, Error> {
        let mut tables = Vec::new();
        let counted = std::mem::take(&mut self.tables);
        let described = self.parts.description.tables.iter().zip(&self.parts.shares);
        for ((table, share), mut count) in described.zip(counted) {
            count.name_values();
            let edges = count.edges(table, share, &mut self.parts.noise)?;
            let TableCount { rows, repeats, columns, .. } = count;
            tables.push(TableModel { table: table.clone(), rows, columns, edges, repeats });
        }
        Ok(Model { cost: self.parts.cost, tables })
    }
}

impl std::fmt::Debug for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Count(..)")
    }
}

/// Pairs of which exact counts are needed.
fn candidates(table: &Table) -> Vec<(usize, usize)> {
    match &table.pairs {
        Pairs::Given(pairs) => table.given(pairs).unwrap_or_default(),
        Pairs::Tree => {
            let learnt: Vec<usize> = table.learnt().collect();
            learnt
                .iter()
                .enumerate()
                .flat_map(|(first, left)| learnt.iter().skip(first + 1).map(|right| (*left, *right)))
                .collect()
        }
    }
}

impl TableCount {
    /// Puts the texts into the domains of open columns. One that did not come by again has none and is never generated.
    fn name_values(&mut self) {
        for (column, coder) in self.columns.iter_mut().zip(&mut self.coders) {
            let (Some(Domain::Values(values)), Some(Coder::Open { texts, .. })) = (&mut column.domain, coder)
            else {
                continue;
            };
            for (code, (value, text)) in values.iter_mut().zip(texts).enumerate() {
                match text.take() {
                    Some(text) => *value = text,
                    None => column.counts.iter_mut().skip(code + 1).take(1).for_each(|count| *count = 0),
                }
            }
        }
    }

    fn edges(&mut self, table: &Table, share: &Shares, noise: &mut Seeded) -> Result<Vec<Edge>, Error> {
        let Some(cost) = share.pair else { return Ok(Vec::new()) };
        let chosen = match share.choice {
            Some(choice) => self.tree(table, choice, noise)?,
            None => (0..self.pairs.len()).collect(),
        };
        let mechanism = mechanism(u64::from(table.rows_max), cost)?;
        let mut edges = Vec::new();
        for pair in chosen.into_iter().filter_map(|place| self.pairs.get(place)) {
            let cells = pair
                .cells
                .iter()
                .map(|cell| noisy(*cell, &mechanism, noise))
                .collect::<Result<Vec<_>, _>>()?;
            edges.push(Edge { left: pair.left, right: pair.right, cells: project(&cells, self.rows) });
        }
        Ok(edges)
    }

    /// Joins one pair of trees after the other until all columns hang together. A pair's score is by how many rows its exact
    /// counts differ from what independence of the noisy one-way marginals says; one entity moves it by `rows_max` at most,
    /// since the expectation is not of the data any more.
    ///
    /// *Source*: R. McKenna, G. Miklau, D. Sheldon, Winning the NIST Contest (2021): the choice of pairs in MST.
    fn tree(&self, table: &Table, choice: Cost, noise: &mut Seeded) -> Result<Vec<usize>, Error> {
        let margins: Vec<Vec<u64>> = self.columns.iter().map(ColumnModel::group_counts).collect();
        let scores: Vec<u64> = self.pairs.iter().map(|pair| pair.score(&margins, self.rows)).collect();
        let mut forest = Forest::new(self.columns.len());
        let mut chosen = Vec::new();
        loop {
            let open: Vec<(usize, &PairCount)> = self
                .pairs
                .iter()
                .enumerate()
                .filter(|(_, pair)| forest.root(pair.left) != forest.root(pair.right))
                .collect();
            if open.is_empty() {
                return Ok(chosen);
            }
            let of: Vec<u64> =
                open.iter().map(|(place, _)| scores.get(*place).copied().unwrap_or(0)).collect();
            let index = choose(&of, u64::from(table.rows_max), choice, noise)?;
            if let Some((place, pair)) = open.get(index) {
                chosen.push(*place);
                forest.join(pair.left, pair.right);
            }
        }
    }
}

impl PairCount {
    fn score(&self, margins: &[Vec<u64>], rows: u64) -> u64 {
        let (Some(left), Some(right)) = (margins.get(self.left), margins.get(self.right)) else { return 0 };
        let rows = u128::from(rows.max(1));
        let expected = left.iter().flat_map(|left| {
            right.iter().map(move |right| (u128::from(*left) * u128::from(*right) + rows / 2) / rows)
        });
        let differ = self
            .cells
            .iter()
            .zip(expected)
            .map(|(cell, expected)| cell.abs_diff(u64::try_from(expected).unwrap_or(u64::MAX)));
        differ.fold(0, u64::saturating_add)
    }
}
