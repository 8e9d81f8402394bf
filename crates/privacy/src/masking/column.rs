//! Masking whole columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, StringArray, StringBuilder, new_empty_array, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Int8Type, Int16Type, Int32Type, TimeUnit, TimestampMicrosecondType, UInt8Type,
    UInt16Type, UInt32Type,
};

use super::code::CodeMask;
use super::generalize::{AgeBands, grid_text, region_text};
use super::identifier::Identifier;
use super::key::{KeyedHash, MaskKey};
use super::text::TextMask;
use super::times::{DayMask, offset_seconds};
use super::{MaskSpec, entity, numbers, partial, shuffle};
use crate::{DataType, Error, SensitiveKind};

/// What a mask may need of the rows beside the column's own values.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The columns of the entity's key, unmasked, for [`MaskSpec::ShiftEntity`].
    pub entity: &'a [ArrayRef],
    /// Number of the batch in its table, for [`MaskSpec::Shuffle`].
    pub batch: u64,
}

/// Masks a column that needs nothing beside it.
///
/// *Shape*: same Arrow type, same length; null exactly where the input is null (everywhere for [`MaskSpec::Null`], and
/// for [`MaskSpec::Shuffle`] of fewer than 32 values).
///
/// # Errors
/// [`Error::MaskType`] if the mask does not apply to the type, [`Error::MaskParameter`] if a parameter is out of
/// range, [`Error::MaskDomain`] if there are too few values to hide one among, [`Error::MaskEntity`] if the mask needs
/// an entity.
pub fn mask_column(column: &ArrayRef, spec: &MaskSpec, key: &MaskKey) -> Result<ArrayRef, Error> {
    mask_beside(column, spec, key, Beside::default())
}

/// Masks a column with its entity beside it.
///
/// *Shape*: as [`mask_column`]; the entity's columns have as many rows.
///
/// # Errors
/// As [`mask_column`], and [`Error::Length`] if the entity's columns have another length.
pub fn mask_beside(
    column: &ArrayRef,
    spec: &MaskSpec,
    key: &MaskKey,
    beside: Beside<'_>,
) -> Result<ArrayRef, Error> {
    let words = match spec {
        MaskSpec::ShiftEntity { entity, .. } if !beside.entity.is_empty() => {
            Some(entity::words(entity, beside.entity, key)?)
        }
        _ => None,
    };
    mask_rows(column, spec, key, words.as_deref(), beside.batch)
}

/// Does the mask apply to columns of the type, with parameters in range?
///
/// # Errors
/// As [`mask_column`].
pub fn check_mask(spec: &MaskSpec, data_type: &ArrowType) -> Result<(), Error> {
    // Masking no rows finds what masking any would; the key has no part in it.
    mask_rows(&new_empty_array(data_type), spec, &MaskKey::new([0; 32]), Some(&[]), 0).map(|_| ())
}

/// As [`mask_beside`], with numbers drawn for the rows' entities.
pub(super) fn mask_rows(
    column: &ArrayRef,
    spec: &MaskSpec,
    key: &MaskKey,
    entities: Option<&[Option<u64>]>,
    batch: u64,
) -> Result<ArrayRef, Error> {
    spec.check()?;
    match spec {
        MaskSpec::Keep => return Ok(Arc::clone(column)),
        MaskSpec::Null => return Ok(new_null_array(column.data_type(), column.len())),
        MaskSpec::Shuffle { domain } => return shuffle::mask(column, domain, key, batch),
        MaskSpec::ShiftEntity { .. } => {
            let words = entities.ok_or(Error::MaskEntity { mask: spec.name() })?;
            if words.len() != column.len() {
                return Err(Error::Length { left: column.len(), right: words.len() });
            }
        }
        _ => {}
    }
    let wrong_type = || Error::MaskType { mask: spec.name(), data_type: column.data_type().to_string() };
    let ours = DataType::from_arrow(column.data_type()).ok_or_else(wrong_type)?;
    check_domain(spec, column.data_type())?;
    // Narrow integers, large strings and the like are masked in the widest form and brought back.
    let wide = cast(column, &ours.to_arrow()).map_err(|_| Error::Arrow { operation: "cast" })?;
    if wide.logical_null_count() != column.logical_null_count() {
        return Err(Error::Arrow { operation: "cast" });
    }
    let days = || DayMask::of(spec, key, entities);
    let masked = match ours {
        DataType::Text => texts(wide.as_string(), spec, key, days()),
        DataType::Integer => numbers::integers(wide.as_primitive(), spec, key, limits(column.data_type())),
        DataType::Decimal { .. } => numbers::decimals(wide.as_primitive(), spec, key),
        DataType::Float => numbers::floats(wide.as_primitive(), spec, key),
        DataType::Date => days().map(|mask| mask.dates(wide.as_primitive())),
        DataType::Timestamp => days().map(|mask| {
            let (unit, offset) = match column.data_type() {
                ArrowType::Timestamp(unit, zone) => (*unit, offset_seconds(zone.as_deref())),
                _ => (TimeUnit::Microsecond, 0),
            };
            mask.timestamps(wide.as_primitive(), unit, offset * 1_000_000)
        }),
        DataType::Boolean => None,
    }
    .ok_or_else(wrong_type)?;
    back(&masked, column.data_type())
}

/// Back to the type the column came in. Values that no longer fit are an error, not a null.
fn back(masked: &ArrayRef, data_type: &ArrowType) -> Result<ArrayRef, Error> {
    let failed = Error::Arrow { operation: "cast back" };
    let masked: ArrayRef = match data_type {
        // Through the column's zone, without changing the instant.
        ArrowType::Timestamp(_, zone) => {
            let instants = masked.as_primitive::<TimestampMicrosecondType>().clone();
            Arc::new(instants.with_timezone_opt(zone.clone()))
        }
        _ => Arc::clone(masked),
    };
    let result = cast(&masked, data_type).map_err(|_| failed.clone())?;
    if result.logical_null_count() == masked.logical_null_count() { Ok(result) } else { Err(failed) }
}

/// Least and greatest number of an integer type; those of 64 bits beyond the signed ones are not let in.
fn limits(data_type: &ArrowType) -> (i64, i64) {
    fn of<T: ArrowPrimitiveType<Native: Into<i64>>>(low: T::Native, high: T::Native) -> (i64, i64) {
        (low.into(), high.into())
    }
    match data_type {
        ArrowType::Dictionary(_, value) => limits(value),
        ArrowType::Int8 => of::<Int8Type>(i8::MIN, i8::MAX),
        ArrowType::Int16 => of::<Int16Type>(i16::MIN, i16::MAX),
        ArrowType::Int32 => of::<Int32Type>(i32::MIN, i32::MAX),
        ArrowType::UInt8 => of::<UInt8Type>(u8::MIN, u8::MAX),
        ArrowType::UInt16 => of::<UInt16Type>(u16::MIN, u16::MAX),
        ArrowType::UInt32 => of::<UInt32Type>(u32::MIN, u32::MAX),
        ArrowType::UInt64 => (0, i64::MAX),
        _ => (i64::MIN, i64::MAX),
    }
}

/// Tokens of numbers need a type with at least a million of them.
fn check_domain(spec: &MaskSpec, data_type: &ArrowType) -> Result<(), Error> {
    let permuting = matches!(
        spec,
        MaskSpec::Token { .. } | MaskSpec::Format { kind: SensitiveKind::General | SensitiveKind::Mobile }
    );
    let small = match data_type {
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::UInt8 | ArrowType::UInt16 => true,
        ArrowType::Decimal128(precision, _) => *precision < 7,
        _ => false,
    };
    if permuting && small { Err(Error::MaskDomain { mask: spec.name() }) } else { Ok(()) }
}

fn texts(
    column: &StringArray,
    spec: &MaskSpec,
    key: &MaskKey,
    days: Option<DayMask<'_>>,
) -> Option<ArrayRef> {
    use SensitiveKind::{Address, BirthDate, Coordinate, OrganizationName, PersonName};
    Some(match spec {
        MaskSpec::Format { kind: kind @ (PersonName | OrganizationName | Address) } => {
            let mask = TextMask::new(*kind, key);
            map_texts(column, |_, value, out| mask.mask(value, out))
        }
        MaskSpec::Format { kind } if *kind != BirthDate => Identifier::new(*kind, key).mask(column),
        MaskSpec::Token { domain } => {
            let hash = key.hash("token", &numbers::domain_name(domain));
            map_texts(column, |_, value, out| hash.token(value.as_bytes(), out))
        }
        MaskSpec::Ff1 { alphabet, length, domain } => {
            CodeMask::new(*alphabet, *length, domain, key)?.mask(column)
        }
        MaskSpec::Partial { head, tail, length, fill } => {
            let ends = (usize::from(*head), usize::from(*tail));
            let length = length.map(usize::from);
            map_texts(column, |_, value, out| partial::mask(value, ends, length, *fill, out))
        }
        MaskSpec::Age { reference, years, top } => {
            let bands = AgeBands::new(*reference, *years, *top);
            or_token(column, &key.hash("token", BirthDate.name()), |value, out| bands.text(value, out))
        }
        MaskSpec::Region { level } => {
            or_token(column, &key.hash("token", "region"), |value, out| region_text(value, *level, out))
        }
        MaskSpec::Grid { micro_degrees } => {
            let token = key.hash("token", Coordinate.name());
            or_token(column, &token, |value, out| grid_text(value, *micro_degrees, out))
        }
        _ => return days.map(|mask| mask.texts(column, key)),
    })
}

/// Maps texts; those for which there is nothing become tokens.
fn or_token(
    column: &StringArray,
    token: &KeyedHash,
    mask: impl Fn(&str, &mut String) -> Option<()>,
) -> ArrayRef {
    map_texts(column, |_, value, out| {
        if mask(value, out).is_none() {
            out.clear();
            token.token(value.as_bytes(), out);
        }
    })
}

/// Maps the texts that are not null, with their rows, into an empty buffer each.
pub(super) fn map_texts(column: &StringArray, mut mask: impl FnMut(usize, &str, &mut String)) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(column.len(), column.value_data().len());
    let mut buffer = String::new();
    for (row, value) in column.iter().enumerate() {
        match value {
            Some(value) => {
                buffer.clear();
                mask(row, value, &mut buffer);
                builder.append_value(&buffer);
            }
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}
