//! The closed list of column types.

use std::fmt;
use std::str::FromStr;

use arrow::datatypes::{DataType as ArrowType, TimeUnit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// Type of a column, of an expression, of a parameter. The list is closed: a resource, a query or a parameter that
/// needs another type is refused.
///
/// JSON and text: `text`, `integer`, `decimal(18,2)`, `float`, `boolean`, `date`, `timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataType {
    /// UTF-8 text. Arrow `Utf8`.
    Text,
    /// 64-bit signed integer. Arrow `Int64`.
    Integer,
    /// Exact decimal number. Arrow `Decimal128(precision, scale)`.
    Decimal {
        /// Digits in all, 1–38.
        precision: u8,
        /// Digits after the point, 0–precision.
        scale: i8,
    },
    /// Double. Arrow `Float64`.
    Float,
    /// Arrow `Boolean`.
    Boolean,
    /// Civil date. Arrow `Date32`.
    Date,
    /// Instant, UTC microseconds. Arrow `Timestamp(Microsecond, None)`.
    Timestamp,
}

impl DataType {
    /// The Arrow type in which columns of this type are stored.
    #[must_use]
    pub const fn to_arrow(self) -> ArrowType {
        match self {
            Self::Text => ArrowType::Utf8,
            Self::Integer => ArrowType::Int64,
            Self::Decimal { precision, scale } => ArrowType::Decimal128(precision, scale),
            Self::Float => ArrowType::Float64,
            Self::Boolean => ArrowType::Boolean,
            Self::Date => ArrowType::Date32,
            Self::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    /// Which of ours an Arrow type belongs to (any width, any string layout); `None` if it has no place here.
    #[must_use]
    pub fn from_arrow(data_type: &ArrowType) -> Option<Self> {
        Some(match data_type {
            ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => Self::Text,
            ArrowType::Int8
            | ArrowType::Int16
            | ArrowType::Int32
            | ArrowType::Int64
            | ArrowType::UInt8
            | ArrowType::UInt16
            | ArrowType::UInt32
            | ArrowType::UInt64 => Self::Integer,
            ArrowType::Decimal128(precision, scale) => Self::Decimal { precision: *precision, scale: *scale },
            ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64 => Self::Float,
            ArrowType::Boolean => Self::Boolean,
            ArrowType::Date32 | ArrowType::Date64 => Self::Date,
            ArrowType::Timestamp(_, _) => Self::Timestamp,
            ArrowType::Dictionary(_, value) => return Self::from_arrow(value),
            _ => return None,
        })
    }

    /// Integer, decimal or float.
    #[must_use]
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. } | Self::Float)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Float => f.write_str("float"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
        }
    }
}

impl FromStr for DataType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::DataType { text: text.chars().take(40).collect() };
        Ok(match text {
            "text" => Self::Text,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            _ => {
                let inner = text.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')'));
                let (precision, scale) = inner.and_then(|inner| inner.split_once(',')).ok_or_else(bad)?;
                let precision: u8 = precision.trim().parse().map_err(|_| bad())?;
                let scale: u8 = scale.trim().parse().map_err(|_| bad())?;
                if precision == 0 || precision > 38 || scale > precision {
                    return Err(bad());
                }
                Self::Decimal { precision, scale: i8::try_from(scale).map_err(|_| bad())? }
            }
        })
    }
}

impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_bad_forms_are_refused() {
        for text in ["text", "integer", "decimal(18,2)", "float", "boolean", "date", "timestamp"] {
            let data_type: DataType = text.parse().unwrap();
            assert_eq!(data_type.to_string(), text);
            assert_eq!(DataType::from_arrow(&data_type.to_arrow()), Some(data_type));
        }
        for text in ["", "Text", "decimal", "decimal(0,0)", "decimal(39,2)", "decimal(4,5)", "decimal(4,-1)"]
        {
            assert_eq!(text.parse::<DataType>().unwrap_err().code(), "privacy.data_type", "{text}");
        }
    }
}
