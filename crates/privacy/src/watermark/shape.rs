//! How the cells of one carrier are read, changed and written.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType as ArrowType;

use super::address::text;
use super::key::Secret;
use super::lattice::{CLEAR, Lattice};
use super::spec::Method;
use super::units::{self, Unit};
use crate::{DataType, Error};

/// A method, prepared.
pub(super) enum Shape {
    Number { lattice: Lattice, decimals: u8 },
    Words(Words),
}

/// Spellings: word number `2 × pair + side`.
pub(super) struct Words {
    words: Vec<String>,
    numbers: HashMap<String, i64>,
}

impl Shape {
    /// For a column of any type, as found.
    pub(super) fn new(method: &Method) -> Self {
        match method {
            Method::Number { decimals, grain, tolerance, lowest, highest } => {
                let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
                let reach = whole(tolerance / (*grain).max(1)).max(1);
                let (lowest, highest) = (*lowest, *highest);
                let lattice = Lattice { grain: whole(*grain).max(1), reach, lowest, highest };
                Self::Number { lattice, decimals: *decimals }
            }
            Method::Words { pairs } => {
                let words: Vec<String> = pairs.iter().flatten().map(|word| word.trim().to_owned()).collect();
                let numbered = words.iter().zip(0_i64..).map(|(word, number)| (word.clone(), number));
                Self::Words(Words { numbers: numbered.collect(), words })
            }
        }
    }

    /// For a column to be marked: never beyond what its type holds.
    ///
    /// # Errors
    /// [`Error::Watermark`] if the method does not fit the type.
    pub(super) fn within(method: &Method, data_type: &ArrowType) -> Result<Self, Error> {
        let mut shape = Self::new(method);
        match &mut shape {
            Self::Number { lattice, decimals } => {
                let (least, most) = units::range(data_type, *decimals)?;
                lattice.lowest = lattice.lowest.max(least);
                lattice.highest = lattice.highest.min(most);
            }
            Self::Words(_) if DataType::from_arrow(data_type) == Some(DataType::Text) => {}
            Self::Words(_) => return Err(Error::Watermark { what: "spellings in a column that is no text" }),
        }
        Ok(shape)
    }

    /// The values of a column; `None` if this shape cannot be in it.
    pub(super) fn read(&self, column: &ArrayRef) -> Result<Option<Vec<Option<Unit>>>, Error> {
        match self {
            Self::Number { decimals, .. } => units::read(column, *decimals),
            Self::Words(words) => {
                if DataType::from_arrow(column.data_type()) != Some(DataType::Text) {
                    return Ok(None);
                }
                let texts = text(column)?;
                let number = |text: &str| words.numbers.get(text.trim()).copied();
                let unit = |text| number(text).map(|value| Unit { value, exact: true });
                Ok(Some(texts.iter().map(|text| unit(text?)).collect()))
            }
        }
    }

    /// The values that say zero and one.
    pub(super) fn marked(&self, value: i64, secret: &Secret) -> Option<[i64; 2]> {
        match self {
            Self::Number { lattice, .. } => lattice.marked(value, secret),
            Self::Words(_) => {
                let first = value & !1;
                Some(if secret.upward { [first, first + 1] } else { [first + 1, first] })
            }
        }
    }

    /// What a found value says, from −[`CLEAR`] to [`CLEAR`].
    pub(super) fn evidence(&self, value: i64, secret: &Secret) -> i64 {
        match self {
            Self::Number { lattice, .. } => lattice.evidence(value, secret),
            Self::Words(_) if (value & 1 == 1) == secret.upward => CLEAR,
            Self::Words(_) => -CLEAR,
        }
    }

    /// The column with other values where there are any.
    pub(super) fn write(&self, column: &ArrayRef, changes: &[Option<i64>]) -> Result<ArrayRef, Error> {
        match self {
            Self::Number { decimals, .. } => units::write(column, *decimals, changes),
            Self::Words(words) => {
                let word = |number: i64| words.words.get(usize::try_from(number).ok()?);
                let texts = changes.iter().map(|change| word((*change)?).map(String::as_str));
                let new: ArrayRef = Arc::new(texts.collect::<StringArray>());
                units::merge(column, &new, changes)
            }
        }
    }
}
