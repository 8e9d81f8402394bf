//! What a mask makes of an invented value, for those who choose masks.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, StringArray};
use arrow::util::display::array_value_to_string;

use super::generate::{number, typed};
use super::invent::{Known, invent};
use super::random::Draw;
use super::value::{Value, array};
use crate::masking::{Beside, MaskKey, MaskSpec, mask_beside};
use crate::{DataType, Error, SensitiveKind};

/// Nobody's key: examples are the same for everybody and tell nothing about any tenant's.
const KEY: [u8; 32] = [0x53; 32];

/// An invented value before and after a mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The value.
    pub before: String,
    /// What the mask makes of it; none for null.
    pub after: Option<String>,
}

/// What a mask makes of an invented value of a kind. The same arguments give the same example; no data are read.
///
/// # Errors
/// [`Error::MaskType`] if the mask does not apply to the type; [`Error::MaskParameter`] and [`Error::MaskDomain`] if it is out of
/// range.
pub fn example(kind: SensitiveKind, data_type: DataType, spec: &MaskSpec) -> Result<Example, Error> {
    let column = array(data_type, &[value(kind, data_type, spec)])?;
    let entity: [ArrayRef; 1] = [Arc::new(StringArray::from(vec!["1"]))];
    let masked = mask_beside(&column, spec, &MaskKey::new(KEY), Beside { entity: &entity, batch: 0 })?;
    let shown = |array: &ArrayRef| {
        array_value_to_string(array, 0).map_err(|_| Error::Arrow { operation: "show an example" })
    };
    let after = if masked.is_null(0) { None } else { Some(shown(&masked)?) };
    Ok(Example { before: shown(&column)?, after })
}

/// An invented value that the mask has something to do with.
fn value(kind: SensitiveKind, data_type: DataType, spec: &MaskSpec) -> Option<Value> {
    // 1986-03-17, and 09:26 on that day.
    const DAY: i128 = 5_919;
    const MINUTES: i128 = 9 * 60 + 26;
    let region = matches!(spec, MaskSpec::Region { .. });
    match data_type {
        DataType::Text if region => Some(Value::Text("119921103".to_owned())),
        DataType::Text => Some(Value::Text(text(kind))),
        DataType::Integer if region => Some(Value::Integer(119_921)),
        DataType::Integer if matches!(spec, MaskSpec::Age { .. }) => Some(Value::Integer(37)),
        DataType::Integer if kind.is_identifier() => Some(typed(data_type, text(kind))),
        DataType::Integer => Some(Value::Integer(58_312)),
        DataType::Decimal { scale, .. } => number(data_type, decimal(scale)),
        DataType::Float if kind == SensitiveKind::Coordinate => Some(Value::Float(119.974_318)),
        DataType::Float => Some(Value::Float(58_312.4)),
        DataType::Boolean => Some(Value::Boolean(true)),
        DataType::Date => number(data_type, DAY),
        DataType::Timestamp => number(data_type, (DAY * 1_440 + MINUTES) * 60_000_000),
    }
}

fn text(kind: SensitiveKind) -> String {
    match kind {
        SensitiveKind::EthnicGroup => "汉族".to_owned(),
        SensitiveKind::Medical => "高血压".to_owned(),
        SensitiveKind::Religion => "佛教".to_owned(),
        SensitiveKind::BirthDate => "1986-03-17".to_owned(),
        SensitiveKind::General => "ABC-2048".to_owned(),
        kind => invent(kind, Known::default(), &mut Draw::new(&KEY, "example", kind.name())),
    }
}

/// 583.124 with so many places: within reach of a coordinate, and of few digits.
fn decimal(scale: i8) -> i128 {
    let places = u32::try_from(scale).unwrap_or(0);
    match places.checked_sub(3) {
        Some(more) => 119_974_i128.saturating_mul(10_i128.saturating_pow(more)),
        None => 119_974 / 10_i128.saturating_pow(3 - places),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masking::{CalendarUnit, RegionLevel};

    #[test]
    fn masks_that_hide_change_every_identifier_and_others_show_what_they_keep() {
        for kind in SensitiveKind::ALL {
            for spec in [MaskSpec::Format { kind }, MaskSpec::Token { domain: "d".into() }, MaskSpec::Null] {
                let Ok(made) = example(kind, DataType::Text, &spec) else { continue };
                assert_ne!(Some(&made.before), made.after.as_ref(), "{kind:?} {}", spec.name());
                assert_eq!(made, example(kind, DataType::Text, &spec).unwrap());
            }
        }
        let after = |data_type, spec: MaskSpec| {
            example(SensitiveKind::General, data_type, &spec).unwrap().after.unwrap_or_default()
        };
        let kept = MaskSpec::Partial { head: 3, tail: 0, length: None, fill: '*' };
        assert_eq!(after(DataType::Text, kept), "ABC*****");
        assert_eq!(after(DataType::Integer, MaskSpec::Round { step: 1_000 }), "58000");
        assert_eq!(after(DataType::Date, MaskSpec::Calendar { unit: CalendarUnit::Quarter }), "1986-01-01");
        assert_eq!(after(DataType::Text, MaskSpec::Region { level: RegionLevel::County }), "119921000");
        assert_eq!(after(DataType::Text, MaskSpec::Keep), "ABC-2048");
        assert_eq!(after(DataType::Decimal { precision: 9, scale: 2 }, MaskSpec::Keep), "119.97");
    }

    #[test]
    fn masks_that_do_not_fit_a_type_are_told_apart() {
        let month = MaskSpec::Calendar { unit: CalendarUnit::Month };
        let refused = example(SensitiveKind::General, DataType::Boolean, &month).unwrap_err();
        assert!(matches!(refused, Error::MaskType { .. }), "{refused:?}");
        assert!(example(SensitiveKind::General, DataType::Integer, &MaskSpec::Round { step: 0 }).is_err());
    }
}
