//! Columns as trimmed texts and numbers, whatever their Arrow type.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, Date32Type, Float64Type, TimeUnit, TimestampMicrosecondType};

use crate::DataType;
use crate::detect::decode;
use crate::format::parse_date;

/// Microseconds in a day.
const DAY: f64 = 86_400_000_000.0;

/// Values of a column as numbers; NaN where there is none.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) values: Vec<f64>,
    /// Are they days since 1970-01-01?
    pub(super) days: bool,
}

/// One column of a batch, read.
#[derive(Debug)]
pub(super) struct TextColumn {
    pub(super) name: String,
    pub(super) texts: LargeStringArray,
    pub(super) numbers: Option<Numbers>,
}

impl TextColumn {
    /// The trimmed text of a row; none if null or blank.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        if row >= self.texts.len() || self.texts.is_null(row) {
            return None;
        }
        let text = self.texts.value(row).trim();
        (!text.is_empty()).then_some(text)
    }
}

/// The columns of a batch that can be read, and the names of those that cannot.
pub(super) fn read(batch: &RecordBatch) -> (Vec<TextColumn>, Vec<String>) {
    let mut columns = Vec::new();
    let mut unreadable = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        match texts(array) {
            Some(texts) => {
                let numbers = numbers(array, &texts);
                columns.push(TextColumn { name: field.name().clone(), texts, numbers });
            }
            None => unreadable.push(field.name().clone()),
        }
    }
    (columns, unreadable)
}

fn texts(array: &ArrayRef) -> Option<LargeStringArray> {
    if matches!(array.data_type(), ArrowType::Null) {
        return Some(LargeStringArray::new_null(array.len()));
    }
    if array.data_type().is_binary() {
        let wide = cast(array, &ArrowType::LargeBinary).ok()?;
        let wide = wide.as_binary::<i64>();
        // Bytes that are no text are told apart by their digits all the same.
        let text = |bytes| decode(bytes).map_or_else(|| hex::encode(bytes), Cow::into_owned);
        return Some(wide.iter().map(|bytes| bytes.map(text)).collect());
    }
    if array.data_type().is_nested() {
        return None;
    }
    // What cannot be written (a date far outside the calendar) is an error here, never a null.
    let strict = arrow::compute::CastOptions { safe: false, ..Default::default() };
    let wide = arrow::compute::cast_with_options(array, &ArrowType::LargeUtf8, &strict).ok()?;
    Some(wide.as_string::<i64>().clone())
}

fn numbers(array: &ArrayRef, texts: &LargeStringArray) -> Option<Numbers> {
    match DataType::from_arrow(array.data_type())? {
        DataType::Integer | DataType::Decimal { .. } | DataType::Float => {
            let wide = cast(array, &ArrowType::Float64).ok()?;
            let wide = wide.as_primitive::<Float64Type>();
            let finite = |value: &f64| value.is_finite();
            let values = wide.iter().map(|value| value.filter(finite).unwrap_or(f64::NAN)).collect();
            Some(Numbers { values, days: false })
        }
        DataType::Date => {
            let wide = cast(array, &ArrowType::Date32).ok()?;
            let wide = wide.as_primitive::<Date32Type>();
            let values = wide.iter().map(|day| day.map_or(f64::NAN, f64::from)).collect();
            Some(Numbers { values, days: true })
        }
        DataType::Timestamp => {
            let wide = cast(array, &ArrowType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
            let wide = wide.as_primitive::<TimestampMicrosecondType>();
            let day = |micros: Option<i64>| micros.map_or(f64::NAN, |micros| micros as f64 / DAY);
            Some(Numbers { values: wide.iter().map(day).collect(), days: true })
        }
        DataType::Text => written(texts),
        DataType::Boolean => None,
    }
}

/// Texts of which nine in ten are dates, or nine in ten short decimal numbers.
fn written(texts: &LargeStringArray) -> Option<Numbers> {
    let day = |text: &str| parse_date(text).map(|(day, _)| f64::from(day));
    let number = |text: &str| -> Option<f64> {
        let text = text.trim();
        let decimal =
            text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        if decimal { text.parse().ok() } else { None }
    };
    let first: Vec<&str> = texts.iter().flatten().take(200).collect();
    let enough = |hits: usize| !first.is_empty() && hits * 10 >= first.len() * 9;
    let of = |read: &dyn Fn(&str) -> Option<f64>| {
        texts.iter().map(|text| text.and_then(read).unwrap_or(f64::NAN)).collect()
    };
    if enough(first.iter().filter(|text| day(text).is_some()).count()) {
        Some(Numbers { values: of(&day), days: true })
    } else if enough(first.iter().filter(|text| number(text).is_some()).count()) {
        Some(Numbers { values: of(&number), days: false })
    } else {
        None
    }
}
