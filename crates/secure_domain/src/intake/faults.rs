//! The faults of a delivered file.

use catalog::csv;
use serde::{Deserialize, Serialize};

use crate::Error;

/// One fault, by place and never by value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Data row, from 1; 0 is the header or the file.
    pub row: u64,
    /// Line of the text where the row begins, from 1, the header's being the first; 0 where the file as a whole is meant.
    #[serde(default)]
    pub line: u64,
    /// Column, from 1; 0 is the whole row.
    pub column: u32,
    /// Stable code.
    pub code: String,
}

/// The faults of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Faults {
    /// Rows checked.
    pub rows: u64,
    /// All faults, listed or not.
    pub total: u64,
    /// The first ones, at most [`catalog::csv::FAULTS_MAX`].
    pub listed: Vec<Fault>,
}

impl Faults {
    /// The faults of rows. `lines` are where the rows with listed faults begin, fault by fault.
    pub(super) fn of(report: &csv::Report, lines: &[u64]) -> Self {
        let listed = report.faults.iter().zip(lines).map(|(fault, line)| Fault {
            row: fault.row,
            line: *line,
            column: fault.column,
            code: fault.kind.code().to_owned(),
        });
        Self { rows: report.rows, total: report.total, listed: listed.collect() }
    }
}

/// A fault of the file as a whole.
pub(super) fn whole(column: usize, code: &str) -> Error {
    let column = u32::try_from(column).unwrap_or(u32::MAX);
    let listed = vec![Fault { row: 0, line: 0, column, code: code.to_owned() }];
    Error::Intake(Box::new(Faults { rows: 0, total: 1, listed }))
}

/// A fault of the header, which is the first line.
pub(super) fn header(code: &str) -> Error {
    let listed = vec![Fault { row: 0, line: 1, column: 0, code: code.to_owned() }];
    Error::Intake(Box::new(Faults { rows: 0, total: 1, listed }))
}
