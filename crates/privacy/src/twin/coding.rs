//! From values to codes: the null, the bins or values of a domain, and all other values.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use super::description::{Column, Content};
use super::random::{Fingerprint, Fingerprints};
use crate::{DataType, Error};

/// The codes of a column. Code 0 is the null; codes from 1 on are bins or values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Null or not; nothing else is learnt.
    Presence,
    /// False, true.
    Flag,
    /// Bins of equal width between declared bounds.
    Bins(u16),
    /// Values, and one code more for all others.
    Values(Vec<String>),
}

impl Domain {
    /// How many codes there are.
    #[must_use]
    pub fn codes(&self) -> usize {
        match self {
            Self::Presence => 2,
            Self::Flag => 3,
            Self::Bins(bins) => usize::from(*bins) + 1,
            Self::Values(values) => values.len() + 2,
        }
    }

    /// What is known of a column before any data is seen; `None` for one of which nothing is learnt.
    pub(super) fn declared(column: &Column) -> Option<Self> {
        match &column.content {
            Content::Categories { values } => Some(Self::Values(values.clone())),
            Content::Open => Some(Self::Values(Vec::new())),
            Content::Flag => Some(Self::Flag),
            Content::Range { bins, .. } => Some(Self::Bins(*bins)),
            Content::Invented { .. } | Content::Reference { .. } => column.nullable.then_some(Self::Presence),
            Content::Key => None,
        }
    }
}

/// A column of a batch in the type that is declared for it.
pub(super) fn column_of(batch: &RecordBatch, column: &Column) -> Result<ArrayRef, Error> {
    let missing = || Error::Column { column: column.name.clone(), expected: "a column of the declared type" };
    let array = batch.column_by_name(&column.name).ok_or_else(missing)?;
    if DataType::from_arrow(array.data_type()).is_none() {
        return Err(missing());
    }
    let wanted = column.data_type.to_arrow();
    if *array.data_type() == wanted {
        return Ok(array.clone());
    }
    arrow::compute::cast(array, &wanted).map_err(|_| Error::Arrow { operation: "cast" })
}

/// Calls back with each row's bytes, `None` for null.
fn each_bytes(array: &ArrayRef, mut with: impl FnMut(usize, Option<&[u8]>)) -> Result<(), Error> {
    let rows = 0..array.len();
    let valid = |row: usize| array.is_valid(row);
    macro_rules! numbers {
        ($type:ty) => {{
            let array = array.as_primitive::<$type>();
            for row in rows {
                with(row, valid(row).then(|| array.value(row).to_le_bytes()).as_ref().map(|b| &b[..]));
            }
        }};
    }
    match array.data_type() {
        ArrowType::Utf8 => {
            let array = array.as_string::<i32>();
            rows.for_each(|row| with(row, valid(row).then(|| array.value(row).as_bytes())));
        }
        ArrowType::Boolean => {
            let array = array.as_boolean();
            rows.for_each(|row| {
                with(row, valid(row).then(|| [u8::from(array.value(row))]).as_ref().map(|b| &b[..]))
            });
        }
        ArrowType::Int64 => numbers!(Int64Type),
        ArrowType::Float64 => numbers!(Float64Type),
        ArrowType::Date32 => numbers!(Date32Type),
        ArrowType::Decimal128(_, _) => numbers!(Decimal128Type),
        ArrowType::Timestamp(_, _) => numbers!(TimestampMicrosecondType),
        _ => return Err(Error::Arrow { operation: "read" }),
    }
    Ok(())
}

/// One fingerprint a row over some columns; `None` where one of them is null.
pub(super) fn fingerprints(columns: &[ArrayRef], print: &Fingerprint) -> Result<Vec<Option<u64>>, Error> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut prints: Vec<Option<u64>> = vec![Some(0); rows];
    for (place, column) in columns.iter().enumerate() {
        each_bytes(column, |row, bytes| {
            if let Some(slot) = prints.get_mut(row) {
                *slot = slot.zip(bytes).map(|(before, bytes)| match place {
                    0 => print.of([bytes]),
                    _ => print.of([&before.to_le_bytes()[..], bytes]),
                });
            }
        })?;
    }
    Ok(prints)
}

/// What turns values of one column into codes.
pub(super) enum Coder {
    Presence,
    Flag,
    Bins(Bins),
    Values(HashMap<String, u16>),
    /// Values of an open column, known by their fingerprints; their texts are noted when they come by.
    Open {
        codes: Fingerprints<u16>,
        texts: Vec<Option<String>>,
    },
}

/// Bins of equal width. *Units*: the column's smallest unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bins {
    low: i128,
    span: i128,
    bins: i128,
}

impl Bins {
    /// `None` unless the column has bounds.
    pub(super) fn of(column: &Column) -> Option<Self> {
        let Content::Range { low, high, bins } = column.content else { return None };
        let factor = match column.data_type {
            DataType::Decimal { scale, .. } => 10_i128.checked_pow(u32::try_from(scale).ok()?)?,
            _ => 1,
        };
        let (low, high) = (i128::from(low).checked_mul(factor)?, i128::from(high).checked_mul(factor)?);
        let float = column.data_type == DataType::Float;
        let span = high - low + i128::from(!float);
        (span > 0 && bins > 0).then_some(Self { low, span, bins: i128::from(bins) })
    }

    /// The same bounds in other bins.
    pub(super) fn finer(self, bins: u64) -> Self {
        Self { bins: i128::from(bins), ..self }
    }

    fn code(self, value: i128) -> u16 {
        let offset = value.saturating_sub(self.low).clamp(0, self.span - 1);
        u16::try_from(offset.saturating_mul(self.bins) / self.span + 1).unwrap_or(1)
    }

    fn code_float(self, value: f64) -> u16 {
        if value.is_nan() {
            return 0;
        }
        let share = (value - self.low as f64) / self.span as f64;
        let bin = (share * self.bins as f64).clamp(0.0, (self.bins - 1) as f64);
        bin as u16 + 1
    }

    /// First and last value of a bin.
    pub(super) fn range(self, code: u16) -> (i128, i128) {
        let bin = i128::from(code.max(1) - 1).min(self.bins - 1);
        let edge = |bin: i128| {
            let product = bin * self.span;
            self.low + product / self.bins + i128::from(product % self.bins != 0)
        };
        (edge(bin), edge(bin + 1) - 1)
    }

    /// Bounds of a bin of doubles.
    pub(super) fn range_float(self, code: u16) -> (f64, f64) {
        let bin = f64::from(code.max(1) - 1);
        let width = self.span as f64 / self.bins as f64;
        (self.low as f64 + bin * width, self.low as f64 + (bin + 1.0) * width)
    }
}

impl Coder {
    pub(super) fn new(column: &Column, domain: &Domain) -> Result<Self, Error> {
        let misfit = || Error::Twin { what: "domain", name: column.name.clone() };
        Ok(match domain {
            Domain::Presence => Self::Presence,
            Domain::Flag => Self::Flag,
            Domain::Bins(_) => Self::Bins(Bins::of(column).ok_or_else(misfit)?),
            Domain::Values(values) => Self::Values(values.iter().cloned().zip(1..).collect()),
        })
    }

    /// The codes of a column's rows. Where nulls are not allowed they count as other values, or the first bin.
    pub(super) fn codes(
        &mut self,
        array: &ArrayRef,
        column: &Column,
        print: &Fingerprint,
    ) -> Result<Vec<u16>, Error> {
        let null = match self {
            _ if column.nullable => 0,
            Self::Values(codes) => u16::try_from(codes.len() + 1).unwrap_or(0),
            Self::Open { texts, .. } => u16::try_from(texts.len() + 1).unwrap_or(0),
            _ => 1,
        };
        let mut codes = vec![null; array.len()];
        let slots = codes.iter_mut().enumerate().filter(|(row, _)| array.is_valid(*row));
        match self {
            Self::Presence => slots.for_each(|(_, code)| *code = 1),
            Self::Flag => {
                let array = array.as_boolean_opt().ok_or(Error::Arrow { operation: "read" })?;
                slots.for_each(|(row, code)| *code = 1 + u16::from(array.value(row)));
            }
            Self::Bins(bins) => {
                let value = whole(array)?;
                slots.for_each(|(row, code)| {
                    *code = match value(row) {
                        Number::Whole(value) => bins.code(value),
                        Number::Float(value) => match bins.code_float(value) {
                            0 => null,
                            code => code,
                        },
                    };
                });
            }
            Self::Values(known) => {
                let other = u16::try_from(known.len() + 1).unwrap_or(0);
                let texts = arrow::compute::cast(array, &ArrowType::Utf8)
                    .map_err(|_| Error::Arrow { operation: "cast" })?;
                let texts = texts.as_string::<i32>();
                slots.for_each(|(row, code)| *code = known.get(texts.value(row)).copied().unwrap_or(other));
            }
            Self::Open { codes: known, texts } => {
                let other = u16::try_from(texts.len() + 1).unwrap_or(0);
                let array = array.as_string_opt::<i32>().ok_or(Error::Arrow { operation: "read" })?;
                slots.for_each(|(row, code)| {
                    let value = array.value(row);
                    *code = known.get(&print.of([value.as_bytes()])).copied().unwrap_or(other);
                    let text = texts.get_mut(usize::from(code.saturating_sub(1)));
                    if let Some(text @ None) = text {
                        *text = Some(value.to_owned());
                    }
                });
            }
        }
        Ok(codes)
    }
}

enum Number {
    Whole(i128),
    Float(f64),
}

/// Reads rows of a numeric column.
fn whole(array: &ArrayRef) -> Result<Box<dyn Fn(usize) -> Number + '_>, Error> {
    macro_rules! read {
        ($type:ty) => {{
            let array = array.as_primitive::<$type>();
            Box::new(move |row| Number::Whole(i128::from(array.value(row))))
        }};
    }
    Ok(match array.data_type() {
        ArrowType::Int64 => read!(Int64Type),
        ArrowType::Date32 => read!(Date32Type),
        ArrowType::Timestamp(_, _) => read!(TimestampMicrosecondType),
        ArrowType::Decimal128(_, _) => read!(Decimal128Type),
        ArrowType::Float64 => {
            let array = array.as_primitive::<Float64Type>();
            Box::new(move |row| Number::Float(array.value(row)))
        }
        _ => return Err(Error::Arrow { operation: "read" }),
    })
}
