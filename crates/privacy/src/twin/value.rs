//! Invented values, and columns made of them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};

use crate::{DataType, Error};

/// A value that was invented or stands in a query; never one of the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    /// Unscaled, with digits after the point.
    Decimal(i128, i8),
    Float(f64),
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since then.
    Timestamp(i64),
}

impl Value {
    /// Can a column of the type hold it?
    pub(super) const fn fits(&self, data_type: DataType) -> bool {
        match (self, data_type) {
            (Self::Decimal(_, own), DataType::Decimal { scale, .. }) => *own == scale,
            (Self::Text(_), DataType::Text)
            | (Self::Integer(_), DataType::Integer)
            | (Self::Float(_), DataType::Float)
            | (Self::Boolean(_), DataType::Boolean)
            | (Self::Date(_), DataType::Date)
            | (Self::Timestamp(_), DataType::Timestamp) => true,
            _ => false,
        }
    }
}

/// A column of a type; values of another type become null.
pub(super) fn array(data_type: DataType, values: &[Option<Value>]) -> Result<ArrayRef, Error> {
    macro_rules! collect {
        ($array:ty, $variant:ident) => {{
            let values = values.iter().map(|value| match value {
                Some(Value::$variant(value)) => Some(value.clone()),
                _ => None,
            });
            Arc::new(values.collect::<$array>())
        }};
    }
    Ok(match data_type {
        DataType::Text => collect!(StringArray, Text),
        DataType::Integer => collect!(Int64Array, Integer),
        DataType::Float => collect!(Float64Array, Float),
        DataType::Boolean => collect!(BooleanArray, Boolean),
        DataType::Date => collect!(Date32Array, Date),
        DataType::Timestamp => collect!(TimestampMicrosecondArray, Timestamp),
        DataType::Decimal { precision, scale } => {
            let values = values.iter().map(|value| match value {
                Some(Value::Decimal(value, of)) if *of == scale => Some(*value),
                _ => None,
            });
            let array: Decimal128Array = values.collect();
            let array = array
                .with_precision_and_scale(precision, scale)
                .map_err(|_| Error::Arrow { operation: "build decimals" })?;
            Arc::new(array)
        }
    })
}
