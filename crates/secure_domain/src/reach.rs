//! How far an entity's share in a cell can reach, whoever has what.
//!
//! Noise is in units of the largest share. Where secrets choose who is in a cell, or a join counts somebody's row as often as
//! it meets others, the largest share of those in it would tell who they are: of thirty with one row and one with twenty, noise
//! that reaches twenty times as far says that he is there. So it is the most rows that anybody could have in the cell, times
//! the largest value that any of these rows holds.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use privacy::disclosure::Spreads;
use privacy::ir::{ContributionKind, ContributorQuery};

use crate::Error;
use crate::places::Places;

/// Takes the answers of [`ContributorQuery::reach`] in.
pub(crate) struct Reach {
    /// Rows of the result by the keys that no secret makes.
    rows: Places,
    /// By row of the result: the most rows, and the largest value of each number but those of rows.
    found: Vec<(f64, Vec<f64>)>,
}

impl Reach {
    /// `keys` are the columns of the result that no secret makes.
    pub(crate) fn new(
        query: &ContributorQuery,
        keys: &[ArrayRef],
        result_rows: usize,
    ) -> Result<Self, Error> {
        let numbers = query.contributions.iter().filter(|of| of.kind != ContributionKind::Rows).count();
        let found = vec![(0.0, vec![0.0; numbers]); result_rows];
        Ok(Self { rows: Places::new(keys, result_rows)?, found })
    }

    /// Takes cells in: keys, the most rows of an entity, the largest and the smallest value of each number.
    pub(crate) fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let (keys, rest) = batch.columns().split_at_checked(self.rows.keys()).ok_or(Error::RunFailed)?;
        let cells = self.rows.read(keys)?;
        let numbers = rest.iter().map(|column| column.as_primitive_opt::<Float64Type>());
        let numbers = numbers.collect::<Option<Vec<_>>>().ok_or(Error::RunFailed)?;
        let (rows, bounds) = numbers.split_first().ok_or(Error::RunFailed)?;
        let (bounds, []) = bounds.as_chunks::<2>() else { return Err(Error::RunFailed) };
        for row in 0..batch.num_rows() {
            let value = |column: &arrow::array::Float64Array| {
                if column.is_null(row) { 0.0 } else { column.value(row) }
            };
            for place in self.rows.of(&cells, row) {
                let (most, values) = self.found.get_mut(*place).ok_or(Error::RunFailed)?;
                *most = most.max(value(rows));
                for (largest, bounds) in values.iter_mut().zip(bounds) {
                    for bound in bounds {
                        *largest = largest.max(value(bound).abs());
                    }
                }
            }
        }
        Ok(())
    }

    /// Says of each number how far a share in it reaches: no less than it does. *Shape*: the numbers of the query, in order.
    pub(crate) fn tell(&self, spreads: &mut [Spreads]) {
        let mut number = 0;
        for spreads in spreads {
            let rows = spreads.of.kind == ContributionKind::Rows;
            for (reach, (most, values)) in spreads.reach.iter_mut().zip(&self.found) {
                let value = if rows { Some(&1.0) } else { values.get(number) };
                *reach = value.map_or(f64::INFINITY, |value| most * value).max(*reach);
            }
            number += usize::from(!rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use privacy::disclosure::Spread;
    use privacy::ir::Contribution;

    use super::*;

    #[test]
    fn a_share_reaches_as_far_as_the_most_rows_of_the_largest_value_and_no_less_than_it_does() {
        let spreads = |kind, amounts: &[f64]| {
            let of = Contribution { aggregate: "a".to_owned(), kind };
            Spreads::of(of, vec![Spread::of(amounts.to_vec()), Spread::of(vec![1.0])])
        };
        let mut all = [
            spreads(ContributionKind::Rows, &[2.0, 1.0]),
            spreads(ContributionKind::Values, &[-70.0, 10.0]),
            spreads(ContributionKind::Part, &[4.0, 3.0]),
        ];
        let found = vec![(5.0, vec![12.0, 0.5]), (1.0, vec![0.0, 0.0])];
        let reach = Reach { rows: Places::new(&[], 2).unwrap(), found };
        reach.tell(&mut all);
        let reaches: Vec<_> = all.iter().map(|one| one.reach.clone()).collect();
        assert_eq!(reaches, [[5.0, 1.0], [70.0, 1.0], [4.0, 1.0]]);
    }
}
