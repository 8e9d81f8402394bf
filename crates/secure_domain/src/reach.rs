//! How far an entity's share in a cell can reach, whoever has what.
//!
//! Noise is in units of the largest share. Where secrets choose who is in a cell, or a join counts somebody's row as often as
//! it meets others, the largest share of those in it would tell who they are: of thirty with one row and one with twenty, noise
//! that reaches twenty times as far says that he is there. So it is the most rows that anybody has in all that the tables hold,
//! times the largest value that any row holds: of those whom a cell could be about, one may be known to have most.

use arrow::array::{AsArray, Float64Array, RecordBatch};
use arrow::datatypes::Float64Type;
use privacy::disclosure::Spreads;
use privacy::ir::{ContributionKind, ContributorQuery};

use crate::Error;

/// Takes the answer of [`ContributorQuery::reach`] in.
pub(crate) struct Reach {
    /// The most rows of an entity.
    rows: f64,
    /// The largest value of each number but those of rows.
    values: Vec<f64>,
}

impl Reach {
    pub(crate) fn new(query: &ContributorQuery) -> Self {
        let numbers = query.contributions.iter().filter(|of| of.kind != ContributionKind::Rows).count();
        Self { rows: 0.0, values: vec![0.0; numbers] }
    }

    /// Takes the most rows of an entity, and the largest and the smallest value of each number.
    pub(crate) fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let numbers = batch.columns().iter().map(|column| column.as_primitive_opt::<Float64Type>());
        let numbers = numbers.collect::<Option<Vec<_>>>().ok_or(Error::RunFailed)?;
        let (rows, bounds) = numbers.split_first().ok_or(Error::RunFailed)?;
        let (bounds, []) = bounds.as_chunks::<2>() else { return Err(Error::RunFailed) };
        let largest = |column: &Float64Array| column.iter().flatten().map(f64::abs).fold(0.0, f64::max);
        self.rows = self.rows.max(largest(rows));
        for (value, bounds) in self.values.iter_mut().zip(bounds) {
            *value = bounds.iter().map(|bound| largest(bound)).fold(*value, f64::max);
        }
        Ok(())
    }

    /// Says of each number how far a share in it reaches: no less than it does. *Shape*: the numbers of the query, in order.
    pub(crate) fn tell(&self, spreads: &mut [Spreads]) {
        let mut number = 0;
        for spreads in spreads {
            let rows = spreads.of.kind == ContributionKind::Rows;
            let value = if rows { Some(&1.0) } else { self.values.get(number) };
            let most = value.map_or(f64::INFINITY, |value| self.rows * value);
            spreads.reach.iter_mut().for_each(|reach| *reach = most.max(*reach));
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
        Reach { rows: 5.0, values: vec![12.0, 0.5] }.tell(&mut all);
        let reaches: Vec<_> = all.iter().map(|one| one.reach.clone()).collect();
        assert_eq!(reaches, [[5.0, 5.0], [70.0, 60.0], [4.0, 2.5]]);
    }
}
