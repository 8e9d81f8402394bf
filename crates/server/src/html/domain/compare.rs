//! Two results of one model, cell by cell: what changed since the last release.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::common::cell;

/// What is different about a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Difference {
    /// The earlier result has no such row.
    New,
    /// The cells, by column, that were something else before; empty when nothing changed.
    Cells(BTreeMap<usize, Json>),
}

/// What changed between two results.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Comparison {
    /// Each row of the new result. *Shape*: as long as its rows.
    pub(super) rows: Vec<Difference>,
    /// Cells with another value.
    pub(super) changed: usize,
    /// Rows that are new.
    pub(super) added: usize,
    /// Rows of the earlier result that are gone.
    pub(super) gone: usize,
}

/// Compares two results with the same columns. Rows belong together when they agree in the first columns, as many as it
/// takes to tell all rows apart: what a query groups by stands before what it computes. `None` where no columns do.
pub(super) fn compare(now: &[Vec<Json>], before: &[Vec<Json>]) -> Option<Comparison> {
    let width = now.first().or(before.first())?.len();
    let apart = |rows: &[Vec<Json>], columns: usize| {
        let mut seen = BTreeSet::new();
        rows.iter().all(|row| seen.insert(key(row, columns)))
    };
    let columns = (1..width).find(|columns| apart(now, *columns) && apart(before, *columns))?;
    let mut left: BTreeMap<String, &Vec<Json>> = before.iter().map(|row| (key(row, columns), row)).collect();
    let mut found = Comparison::default();
    for row in now {
        let Some(old) = left.remove(&key(row, columns)) else {
            found.added += 1;
            found.rows.push(Difference::New);
            continue;
        };
        let pairs = row.iter().zip(old).enumerate();
        // Averages differ in their last digits from run to run; what reads the same is the same.
        let changed = pairs.filter(|(_, (new, old))| cell(new) != cell(old));
        let cells: BTreeMap<usize, Json> = changed.map(|(at, (_, old))| (at, old.clone())).collect();
        found.changed += cells.len();
        found.rows.push(Difference::Cells(cells));
    }
    found.gone = left.len();
    Some(found)
}

fn key(row: &[Json], columns: usize) -> String {
    row.iter().take(columns).map(Json::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(rows: Json) -> Vec<Vec<Json>> {
        serde_json::from_value(rows).unwrap()
    }

    #[test]
    fn rows_belong_together_by_the_columns_that_tell_them_apart() {
        let before = rows(json!([["A", 1, 10.25], ["A", 2, 20], ["B", 1, 30]]));
        let now = rows(json!([["A", 1, 10.250000000000001], ["A", 2, 21], ["C", 1, 30]]));
        let found = compare(&now, &before).unwrap();
        assert_eq!((found.changed, found.added, found.gone), (1, 1, 1));
        assert_eq!(found.rows[0], Difference::Cells(BTreeMap::new()));
        assert_eq!(found.rows[1], Difference::Cells(BTreeMap::from([(2, json!(20))])));
        assert_eq!(found.rows[2], Difference::New);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_compared() {
        let same = rows(json!([["A", 1], ["A", 1]]));
        assert_eq!(compare(&same, &same), None);
        assert_eq!(compare(&[], &[]), None);
    }
}
