//! The cell rules of a risk appetite, over statistics of each cell.

use arrow::array::{Array, BooleanArray, Int64Array};
use serde::{Deserialize, Serialize};

use super::{Appetite, Group};
use crate::Error;

/// What is known of each cell (row) of a result. Every array has one element a row; null means not known, and no cell
/// leaves of which something is not known.
#[derive(Debug, Clone)]
pub struct CellStatistics {
    /// Rows of the result.
    pub rows: usize,
    /// Distinct entities, one array for each kind of entity; at least one kind.
    pub entities: Vec<Int64Array>,
    /// What each published column needs.
    pub columns: Vec<ColumnStatistics>,
}

/// What a published column of numbers is, with what its rules need.
#[derive(Debug, Clone)]
pub enum ColumnStatistics {
    /// A number of entities or of rows: the entities suffice.
    Count,
    /// A sum: how it is spread over contributors.
    Sum(Contributions),
    /// A mean, a variance or the like of one measure.
    Mean {
        /// Of the sum behind it.
        contributions: Contributions,
        /// Observations less parameters estimated.
        degrees_of_freedom: Int64Array,
    },
    /// A coefficient or a measure of fit.
    Regression {
        /// Observations less parameters estimated.
        degrees_of_freedom: Int64Array,
    },
    /// How many members of a group have an attribute, or which share of them.
    Attribute {
        /// Members of the group.
        members: Int64Array,
        /// Members with the attribute.
        having: Int64Array,
    },
}

/// Absolute contributions of entities to a sum. *Units*: those of the sum, never negative.
#[derive(Debug, Clone)]
pub struct Contributions {
    /// The largest of each cell, the second largest and so on; a cell with fewer contributors has zeros.
    pub largest: Vec<Int64Array>,
    /// Sum of the absolute contributions of all entities.
    pub total: Int64Array,
}

/// A rule that a cell can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A statistic is missing or contradicts another.
    Missing,
    /// Too few distinct entities.
    FewEntities,
    /// The (n,k) rule.
    Dominance,
    /// The p% rule.
    PPercent,
    /// No member of the group has the attribute, or every value summed is zero.
    ZeroCell,
    /// Every member of the group has it.
    FullCell,
    /// Too few degrees of freedom.
    DegreesOfFreedom,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::FewEntities,
        Self::Dominance,
        Self::PPercent,
        Self::ZeroCell,
        Self::FullCell,
        Self::DegreesOfFreedom,
    ];

    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "disclosure.missing",
            Self::FewEntities => "disclosure.few_entities",
            Self::Dominance => "disclosure.dominance",
            Self::PPercent => "disclosure.p_percent",
            Self::ZeroCell => "disclosure.zero_cell",
            Self::FullCell => "disclosure.full_cell",
            Self::DegreesOfFreedom => "disclosure.degrees_of_freedom",
        }
    }
}

/// The verdict on one cell: the rules it fails, none if it passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CellVerdict {
    /// Each rule once, in the order of [`Rule`].
    pub failed: Vec<Rule>,
}

/// Which cells passed. *Shape*: one a verdict, never null.
#[must_use]
pub fn passed(verdicts: &[CellVerdict]) -> BooleanArray {
    verdicts.iter().map(|verdict| Some(verdict.failed.is_empty())).collect()
}

/// Judges every cell by every rule. *Shape*: one verdict a row.
///
/// # Errors
/// [`Error::Length`] if a statistic is not one a row.
pub fn judge_cells(statistics: &CellStatistics, appetite: &Appetite) -> Result<Vec<CellVerdict>, Error> {
    let of_columns = statistics.columns.iter().flat_map(ColumnStatistics::arrays);
    if let Some(odd) = statistics.entities.iter().chain(of_columns).find(|a| a.len() != statistics.rows) {
        return Err(Error::Length { left: statistics.rows, right: odd.len() });
    }
    let verdicts = (0..statistics.rows).map(|row| {
        let mut failed = Vec::new();
        if statistics.entities.is_empty() {
            failed.push(Rule::Missing);
        }
        for counts in &statistics.entities {
            match at(counts, row) {
                None => failed.push(Rule::Missing),
                Some(count) if count < i128::from(appetite.limits().min_entities) => {
                    failed.push(Rule::FewEntities);
                }
                Some(_) => {}
            }
        }
        for column in &statistics.columns {
            column.judge(row, appetite, &mut failed);
        }
        failed.sort_unstable();
        failed.dedup();
        CellVerdict { failed }
    });
    Ok(verdicts.collect())
}

/// Rounds to the nearest multiple of a base, halves away from zero. Rounded margins need not add up, and rounding alone
/// does not hide differences between releases larger than the base.
///
/// # Errors
/// [`Error::Threshold`] for a base below 2; a result that does not fit is null.
pub fn round(values: &Int64Array, base: u32) -> Result<Int64Array, Error> {
    if base < 2 {
        return Err(Error::Threshold { name: "rounding_base" });
    }
    let base = i128::from(base);
    let rounded = values.iter().map(|value| {
        let value = i128::from(value?);
        let steps = (2 * value.abs() + base) / (2 * base);
        i64::try_from(value.signum() * steps * base).ok()
    });
    Ok(rounded.collect())
}

/// A value that is there and not negative.
fn at(array: &Int64Array, row: usize) -> Option<i128> {
    array.is_valid(row).then(|| i128::from(array.value(row))).filter(|value| *value >= 0)
}

impl ColumnStatistics {
    fn arrays(&self) -> Vec<&Int64Array> {
        match self {
            Self::Count => Vec::new(),
            Self::Sum(contributions) => contributions.arrays(),
            Self::Mean { contributions, degrees_of_freedom } => {
                let mut arrays = contributions.arrays();
                arrays.push(degrees_of_freedom);
                arrays
            }
            Self::Regression { degrees_of_freedom } => vec![degrees_of_freedom],
            Self::Attribute { members, having } => vec![members, having],
        }
    }

    fn judge(&self, row: usize, appetite: &Appetite, failed: &mut Vec<Rule>) {
        match self {
            Self::Count => {}
            Self::Sum(contributions) => contributions.judge(row, appetite, failed),
            Self::Mean { contributions, degrees_of_freedom } => {
                contributions.judge(row, appetite, failed);
                judge_freedom(degrees_of_freedom, row, appetite, failed);
            }
            Self::Regression { degrees_of_freedom } => {
                judge_freedom(degrees_of_freedom, row, appetite, failed);
            }
            Self::Attribute { members, having } => match (at(members, row), at(having, row)) {
                (Some(members), Some(having)) if having <= members => {
                    if having == 0 && appetite.limits().zero_cells == Group::Refused {
                        failed.push(Rule::ZeroCell);
                    }
                    if having == members && appetite.limits().full_cells == Group::Refused {
                        failed.push(Rule::FullCell);
                    }
                }
                _ => failed.push(Rule::Missing),
            },
        }
    }
}

fn judge_freedom(freedom: &Int64Array, row: usize, appetite: &Appetite, failed: &mut Vec<Rule>) {
    if freedom.is_null(row) {
        failed.push(Rule::Missing);
    } else if freedom.value(row) < i64::from(appetite.limits().min_degrees_of_freedom) {
        failed.push(Rule::DegreesOfFreedom);
    }
}

impl Contributions {
    fn arrays(&self) -> Vec<&Int64Array> {
        self.largest.iter().chain([&self.total]).collect()
    }

    fn judge(&self, row: usize, appetite: &Appetite, failed: &mut Vec<Rule>) {
        let limits = appetite.limits();
        let largest: Option<Vec<i128>> = self.largest.iter().map(|array| at(array, row)).collect();
        let (Some(largest), Some(total)) = (largest, at(&self.total, row)) else {
            failed.push(Rule::Missing);
            return;
        };
        let falling = largest.iter().zip(largest.iter().skip(1)).all(|(a, b)| a >= b);
        if !falling || largest.iter().sum::<i128>() > total {
            failed.push(Rule::Missing);
            return;
        }
        if total == 0 && limits.zero_cells == Group::Refused {
            failed.push(Rule::ZeroCell);
        }
        if let Some(dominance) = limits.dominance {
            let n = usize::try_from(dominance.contributors).unwrap_or(usize::MAX);
            let sum: i128 = largest.iter().take(n).sum();
            if largest.len() < n {
                failed.push(Rule::Missing);
            } else if sum * 1_000_000 > i128::from(dominance.share_ppm) * total {
                failed.push(Rule::Dominance);
            }
        }
        if let Some(p) = limits.p_percent {
            match largest.as_slice() {
                // What is left when the second largest takes himself out of the total bounds his error.
                [first, second, ..] if (total - first - second) * 100 < i128::from(p) * first => {
                    failed.push(Rule::PPercent);
                }
                [_, _, ..] => {}
                _ => failed.push(Rule::Missing),
            }
        }
    }
}

#[cfg(test)]
mod tests;
