//! The entity that a row is about, as a keyed number.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType as ArrowType;

use super::MaskKey;
use crate::Error;

/// Columns of an entity key as texts, all of one length.
pub(super) struct EntityTexts(Vec<StringArray>);

impl EntityTexts {
    pub(super) fn new(columns: &[ArrayRef]) -> Result<Self, Error> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut texts = Vec::with_capacity(columns.len());
        for column in columns {
            if column.len() != rows {
                return Err(Error::Length { left: rows, right: column.len() });
            }
            let text = arrow::compute::cast(column, &ArrowType::Utf8)
                .map_err(|_| Error::Arrow { operation: "cast to text" })?;
            texts.push(text.as_string::<i32>().clone());
        }
        Ok(Self(texts))
    }

    /// What to do with each row's entity; `None` where one of its columns is null.
    pub(super) fn map<T>(&self, mut each: impl FnMut(Option<&str>) -> T) -> Vec<T> {
        let rows = self.0.first().map_or(0, StringArray::len);
        let mut value = String::new();
        (0..rows)
            .map(|row| {
                value.clear();
                for (index, text) in self.0.iter().enumerate() {
                    if text.is_null(row) {
                        return each(None);
                    }
                    if index > 0 {
                        value.push('\u{1f}');
                    }
                    value.push_str(text.value(row).trim());
                }
                each(Some(&value))
            })
            .collect()
    }
}

/// A keyed number for each row's entity of a kind; rows of one entity have the same, and those without an entity none.
pub(super) fn words(kind: &str, columns: &[ArrayRef], key: &MaskKey) -> Result<Vec<Option<u64>>, Error> {
    let hash = key.hash("shift_entity", kind);
    // Rows of one entity mostly lie together.
    let mut last: Option<(String, u64)> = None;
    Ok(EntityTexts::new(columns)?.map(|value| {
        let value = value?;
        match &last {
            Some((known, word)) if known == value => Some(*word),
            _ => {
                let word = hash.word(value.as_bytes());
                last = Some((value.to_owned(), word));
                Some(word)
            }
        }
    }))
}
