//! Released cells on paper: one table under a title.

use std::collections::BTreeSet;

use typst::foundations::{Array, Dict, Value};

use crate::DATA_BYTES_MAX;
use crate::error::DocumentError;
use crate::print::{Blame, Lang, Rendered, Stamp, head, typeset};
use crate::typeface::{breakable, printable};
use crate::world::Paper;

const SHEET: &str = include_str!("paper/sheet.typ");
/// Columns that fit on a sheet.
const COLUMNS_MAX: usize = 24;
/// Columns from which the sheet lies on its side.
const COLUMNS_WIDE: usize = 7;

/// A table to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Title.
    pub title: String,
    /// Lines below the table.
    pub notes: Vec<String>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Which columns hold numbers; they are set to the right.
    pub numbers: Vec<bool>,
    /// The cells. *Shape*: rows × columns; a row that is shorter is filled with blanks.
    pub rows: Vec<Vec<String>>,
    /// Issuer and time.
    pub stamp: Stamp,
}

/// Prints a table.
///
/// # Errors
/// `document.too_much_data` and `document.too_long` at the limits; `document.engine` for what is ours to mend.
///
/// # Limits
/// [`DATA_BYTES_MAX`], 24 columns, [`crate::PAGES_MAX`].
pub fn print_sheet(sheet: &Sheet) -> Result<Rendered, DocumentError> {
    let width = sheet.columns.len();
    if width == 0 || width > COLUMNS_MAX {
        return Err(DocumentError::TooLong { unit: "columns", max: COLUMNS_MAX });
    }
    let bytes = sheet.rows.iter().flatten().chain(&sheet.columns).map(String::len).sum::<usize>();
    if bytes > DATA_BYTES_MAX {
        return Err(DocumentError::TooMuchData { bytes, max: DATA_BYTES_MAX });
    }
    let mut missing = BTreeSet::new();
    let mut values = head(&sheet.title, &sheet.stamp, Lang::Zh, &mut missing);
    let mut text = |text: &str| Value::Str(breakable(&printable(text, &mut missing)).into());
    let columns: Array = sheet.columns.iter().map(|name| text(name)).collect();
    let mut rows = Array::new();
    for row in &sheet.rows {
        let cells = row.iter().map(String::as_str).chain(std::iter::repeat("")).take(width);
        rows.push(Value::Array(cells.map(&mut text).collect()));
    }
    let notes: Array = sheet.notes.iter().map(|note| text(note)).collect();
    let title = text(&sheet.title);
    let numbers = sheet.numbers.iter().copied().chain(std::iter::repeat(false)).take(width);
    let entries = [
        ("标题", title),
        ("横", Value::Bool(width >= COLUMNS_WIDE)),
        ("列", Value::Array(columns)),
        ("数", Value::Array(numbers.map(Value::Bool).collect())),
        ("行", Value::Array(rows)),
        ("注", Value::Array(notes)),
    ];
    let page: Dict = entries.into_iter().map(|(name, value)| (name.into(), value)).collect();
    values.push(("页".to_owned(), Value::Dict(page)));
    let engine = || DocumentError::Engine { detail: "no name for a sheet".to_owned() };
    let paper = Paper::new(SHEET.to_owned(), values).ok_or_else(engine)?;
    typeset(&paper, &sheet.stamp, missing, &Blame { name: &sheet.title, before: None })
}
