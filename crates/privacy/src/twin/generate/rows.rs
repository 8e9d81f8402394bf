//! How many rows a table has and which keys they point to.

use crate::Error;
use crate::twin::model::TableModel;
use crate::twin::random::{Draw, Weighted};
use crate::twin::value::Value;

/// Limit: rows of one generated table.
pub const ROWS_MAX: u64 = 20_000_000;

/// The rows of one table before they have values.
pub(super) struct Rows {
    pub(super) count: usize,
    /// Does the row begin another entity? Empty if each does.
    pub(super) begins: Vec<bool>,
    /// For each reference, in order of columns: the index of the key it points to, one a row.
    pub(super) references: Vec<(usize, Vec<u32>)>,
}

/// `keys` says how many keys the table behind a reference column has.
pub(super) fn rows(
    table: &TableModel,
    wanted: Option<u64>,
    keys: impl Fn(usize) -> usize,
    draw: &mut Draw,
) -> Result<Rows, Error> {
    let mut references: Vec<(usize, Vec<u32>)> = Vec::new();
    let mut count = None;
    for (place, column) in table.columns.iter().enumerate().filter(|(_, column)| !column.children.is_empty())
    {
        match count {
            None => {
                let pointing = children(&column.children, keys(place), draw)?;
                count = Some(pointing.len());
                references.push((place, pointing));
            }
            Some(count) => {
                let mut pool = children(&column.children, keys(place), draw)?;
                draw.shuffle(&mut pool);
                let again = pool.iter().copied().cycle().take(count).collect::<Vec<_>>();
                references.push((place, again));
            }
        }
    }
    if let Some(count) = count {
        return Ok(Rows { count, begins: Vec::new(), references });
    }
    let missing = || Error::Twin { what: "number of rows", name: table.table.name.clone() };
    let wanted = wanted.ok_or_else(missing)?;
    if wanted > ROWS_MAX {
        return Err(Error::TwinLimit { what: "rows" });
    }
    let count = usize::try_from(wanted).map_err(|_| missing())?;
    Ok(Rows { count, begins: runs(&table.repeats, count, draw), references })
}

/// For every key its number, as often as it has children.
fn children(histogram: &[u64], keys: usize, draw: &mut Draw) -> Result<Vec<u32>, Error> {
    let weighted = Weighted::new(histogram.iter().copied());
    // A histogram without any weight is pure noise; then no key has a child, rather than all of them some.
    let empty = histogram.iter().all(|count| *count == 0);
    let mut pointing = Vec::new();
    for key in 0..u32::try_from(keys).map_err(|_| Error::TwinLimit { what: "rows" })? {
        let children = if empty { 0 } else { weighted.draw(draw) };
        pointing.extend(std::iter::repeat_n(key, children));
        if u64::try_from(pointing.len()).unwrap_or(u64::MAX) > ROWS_MAX {
            return Err(Error::TwinLimit { what: "rows" });
        }
    }
    Ok(pointing)
}

fn runs(repeats: &[u64], count: usize, draw: &mut Draw) -> Vec<bool> {
    if repeats.is_empty() {
        return Vec::new();
    }
    // The histogram counts entities by rows; without any weight every entity has one row.
    let weights = repeats.iter().enumerate().map(|(place, weight)| match repeats.iter().all(|w| *w == 0) {
        true => u64::from(place == 0),
        false => *weight,
    });
    let weighted = Weighted::new(weights);
    let mut begins = Vec::with_capacity(count);
    while begins.len() < count {
        let more = weighted.draw(draw).min(count - begins.len() - 1);
        begins.push(true);
        begins.extend(std::iter::repeat_n(false, more));
    }
    begins
}

/// The keys of one column, for tables that refer to it.
pub(super) struct Keys {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) values: Vec<Option<Value>>,
}
