//! Schema inference for and checks of CSV texts. Pure: the caller reads, decodes and splits.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use base::{Date, limit};
use privacy::DataType;
use serde::{Deserialize, Serialize};

use crate::{Column, Error, check_column_name};

/// Faults that a report lists; the rest is counted.
pub const FAULTS_MAX: usize = 1_000;
/// Bytes of one field.
pub const FIELD_BYTES_MAX: usize = 1024 * 1024;

/// What is wrong with a row or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// More or fewer fields than columns.
    FieldCount,
    /// Empty where a value is needed.
    Empty,
    /// Not of the column's type.
    Type,
    /// Longer than allowed.
    TooLong,
    /// Holds a character that no text should (NUL, replacement character from a wrong encoding).
    Encoding,
}

impl FaultKind {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FieldCount => "csv.field_count",
            Self::Empty => "csv.empty",
            Self::Type => "csv.type",
            Self::TooLong => "csv.too_long",
            Self::Encoding => "csv.encoding",
        }
    }
}

/// One fault, by place and never by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Data row, from 1 (the header is row 0).
    pub row: u64,
    /// Column, from 1; 0 if the whole row is meant.
    pub column: u32,
    /// What is wrong.
    pub kind: FaultKind,
}

/// The faults of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Rows checked.
    pub rows: u64,
    /// The first [`FAULTS_MAX`] faults.
    pub faults: Vec<Fault>,
    /// All faults, listed or not.
    pub total: u64,
}

impl Report {
    /// Checks the next row against the columns and notes its faults. Returns whether it had none.
    pub fn check_row<'a>(&mut self, columns: &[Column], fields: impl IntoIterator<Item = &'a str>) -> bool {
        self.rows += 1;
        let before = self.total;
        let mut count = 0;
        for (index, field) in fields.into_iter().enumerate() {
            count += 1;
            if let Some(column) = columns.get(index)
                && let Some(kind) = check_field(column, field)
            {
                self.note(u32::try_from(index + 1).unwrap_or(u32::MAX), kind);
            }
        }
        if count != columns.len() {
            self.note(0, FaultKind::FieldCount);
        }
        self.total == before
    }

    fn note(&mut self, column: u32, kind: FaultKind) {
        self.total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { row: self.rows, column, kind });
        }
    }
}

/// What is wrong with a field; empty means absent.
fn check_field(column: &Column, field: &str) -> Option<FaultKind> {
    if field.len() > FIELD_BYTES_MAX {
        return Some(FaultKind::TooLong);
    }
    if field.contains(['\0', '\u{fffd}']) {
        return Some(FaultKind::Encoding);
    }
    if field.is_empty() {
        return (!column.nullable).then_some(FaultKind::Empty);
    }
    (!fits(field, column.data_type)).then_some(FaultKind::Type)
}

/// Can a text that is not empty be read as a type?
#[must_use]
pub fn fits(text: &str, data_type: DataType) -> bool {
    match data_type {
        DataType::Text => true,
        DataType::Integer => text.parse::<i64>().is_ok(),
        DataType::Decimal { precision, scale } => {
            let Some((whole, fraction)) = decimal_digits(text) else { return false };
            let scale = usize::try_from(scale).unwrap_or(0);
            fraction <= scale && whole + scale <= usize::from(precision)
        }
        DataType::Float => text.parse::<f64>().is_ok_and(f64::is_finite),
        DataType::Boolean => matches!(text, "true" | "false"),
        DataType::Date => text.parse::<Date>().is_ok(),
        DataType::Timestamp => is_timestamp(text),
    }
}

/// Digits before (without leading zeros) and after the point of a plain decimal number.
fn decimal_digits(text: &str) -> Option<(usize, usize)> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && plain(whole) && plain(fraction) && (!digits.ends_with('.')))
        .then(|| (whole.trim_start_matches('0').len(), fraction.len()))
}

/// `YYYY-MM-DD HH:MM[:SS[.ffffff]]`, with a space or `T`, and perhaps `Z`.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once([' ', 'T']) else { return false };
    let time = time.strip_suffix('Z').unwrap_or(time);
    let (clock, fraction) = time.split_once('.').map_or((time, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':');
    let mut part = |below: u8| {
        parts.next().map(|part| part.len() == 2 && part.parse::<u8>().is_ok_and(|value| value < below))
    };
    let clock = part(24) == Some(true) && part(60) == Some(true) && part(60).unwrap_or(fraction.is_none());
    let fraction = fraction.is_none_or(|digits| {
        (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    date.parse::<Date>().is_ok() && clock && parts.next().is_none() && fraction
}

/// The type of a column, from some of its texts: the narrowest that all fit. Empty texts are ignored; no text gives
/// text.
///
/// Numbers that are written like codes (leading zero, or eleven and more digits of one length) stay text: nobody
/// adds up identity numbers.
#[must_use]
pub fn infer<'a>(samples: impl IntoIterator<Item = &'a str>) -> DataType {
    let samples: Vec<&str> = samples.into_iter().filter(|text| !text.is_empty()).collect();
    if samples.is_empty() || is_code(&samples) {
        return DataType::Text;
    }
    let all = |data_type| samples.iter().all(|text| fits(text, data_type));
    for data_type in [DataType::Boolean, DataType::Integer, DataType::Date, DataType::Timestamp] {
        if all(data_type) {
            return data_type;
        }
    }
    let digits: Option<Vec<_>> = samples.iter().map(|text| decimal_digits(text)).collect();
    if let Some(digits) = digits {
        let whole = digits.iter().map(|digits| digits.0).max().unwrap_or(0);
        let fraction = digits.iter().map(|digits| digits.1).max().unwrap_or(0);
        if (1..=4).contains(&fraction) && whole + fraction <= 18 {
            return DataType::Decimal { precision: 18, scale: i8::try_from(fraction).unwrap_or(4) };
        }
    }
    if all(DataType::Float)
        && samples.iter().all(|text| text.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    {
        return DataType::Float;
    }
    DataType::Text
}

fn is_code(samples: &[&str]) -> bool {
    let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = samples.iter().any(|text| digits(text) && text.len() > 1 && text.starts_with('0'));
    let length = samples.first().map_or(0, |text| text.len());
    let uniform = length >= 11 && samples.iter().all(|text| digits(text) && text.len() == length);
    padded || uniform
}

/// Checks a header: as many valid, distinct names as are allowed.
///
/// # Errors
/// [`Error::Missing`], [`Error::TooManyColumns`], [`Error::Name`], [`Error::DuplicateName`].
pub fn check_header<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, Error> {
    let mut seen = BTreeSet::new();
    let mut header = Vec::new();
    for name in names {
        // A byte order mark belongs to the file, not to the first name.
        let name = name.trim_start_matches('\u{feff}').trim();
        check_column_name(name)?;
        if !seen.insert(name.to_lowercase()) {
            return Err(Error::DuplicateName { name: name.to_owned() });
        }
        header.push(name.to_owned());
    }
    if header.is_empty() {
        return Err(Error::Missing { field: "header" });
    }
    if header.len() > limit::COLUMNS_MAX {
        return Err(Error::TooManyColumns { count: header.len(), limit: limit::COLUMNS_MAX });
    }
    Ok(header)
}
