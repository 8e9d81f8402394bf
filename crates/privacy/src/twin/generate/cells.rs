//! The values of one row.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::rows::Keys;
use super::sample::Sampler;
use crate::twin::coding::{Bins, Domain};
use crate::twin::description::{Column, Content, Parts, Table};
use crate::twin::invent::{Known, invent, token};
use crate::twin::model::{ColumnModel, TableModel};
use crate::twin::random::{Draw, Fingerprint, Ready};
use crate::twin::value::Value;
use crate::{DataType, Error, SensitiveKind};

/// Limit: attempts at an identifier that is not taken yet.
const ATTEMPTS_MAX: usize = 64;

/// The row that is being made, and what must not come twice.
pub(super) struct Cells<'a> {
    table: &'a Table,
    codes: Vec<u16>,
    values: Vec<Option<Value>>,
    /// Columns that all rows of one entity share.
    shared: Vec<bool>,
    none: Vec<bool>,
    /// Identifiers that are taken, for columns where each must be another.
    taken: Vec<Option<HashSet<u64, BuildHasherDefault<Ready>>>>,
    print: Fingerprint,
    serial: i64,
}

impl<'a> Cells<'a> {
    pub(super) fn new(table: &'a Table, keys: &[Keys]) -> Self {
        let width = table.columns.len();
        let is_entity = |column: &Column| table.entity.contains(&column.name);
        let is_key =
            |column: &Column| keys.iter().any(|keys| keys.table == table.name && keys.column == column.name);
        let parts = |of: &Column| match &of.content {
            Content::Invented { parts, .. } if is_entity(of) => {
                [&parts.region, &parts.birth, &parts.sex].into_iter().flatten().cloned().collect()
            }
            _ => Vec::new(),
        };
        let parts: Vec<String> = table.columns.iter().flat_map(parts).collect();
        let shared = table
            .columns
            .iter()
            .map(|column| is_entity(column) || is_key(column) || parts.contains(&column.name))
            .collect();
        let unique = |column: &Column| {
            matches!(column.content, Content::Invented { .. }) && (is_entity(column) || is_key(column))
        };
        Self {
            table,
            codes: vec![0; width],
            values: vec![None; width],
            shared,
            none: vec![false; width],
            taken: table.columns.iter().map(|column| unique(column).then(HashSet::default)).collect(),
            print: Fingerprint::new(&[0; 32], "taken"),
            serial: 0,
        }
    }

    pub(super) fn values(&self) -> &[Option<Value>] {
        &self.values
    }

    /// Puts a key into a reference column, unless the row was drawn to have none.
    pub(super) fn point(&mut self, place: usize, key: Option<Value>) {
        let nullable = self.table.columns.get(place).is_some_and(|column| column.nullable);
        let is_null = nullable && self.codes.get(place) == Some(&0);
        if let Some(slot) = self.values.get_mut(place) {
            *slot = key.filter(|_| !is_null);
        }
    }

    /// Makes the next row. References are left to [`Self::point`].
    pub(super) fn row(
        &mut self,
        model: &TableModel,
        sampler: &Sampler<'_>,
        begins: bool,
        draw: &mut Draw,
    ) -> Result<(), Error> {
        let held = if begins { &self.none } else { &self.shared };
        sampler.row(&mut self.codes, held, draw);
        let held = held.clone();
        let table = self.table;
        let columns = || table.columns.iter().zip(&model.columns).enumerate();
        let free = |place: &usize| !held.get(*place).copied().unwrap_or(false);
        self.serial += i64::from(begins);
        for (place, (column, model)) in columns().filter(|(place, _)| free(place)) {
            let code = self.codes.get(place).copied().unwrap_or(0);
            let value = match column.content {
                Content::Invented { .. } | Content::Reference { .. } => continue,
                Content::Key => Some(key(column.data_type, self.serial)),
                _ => decode(column, model, code, draw),
            };
            if let Some(slot) = self.values.get_mut(place) {
                *slot = value;
            }
        }
        // Identifiers last: they repeat what other columns say.
        for (place, (column, _)) in columns().filter(|(place, _)| free(place)) {
            let Content::Invented { kind, parts } = &column.content else { continue };
            let is_null = column.nullable && self.codes.get(place) == Some(&0);
            let known = self.known(parts);
            let value = if is_null { None } else { Some(self.taken(place, *kind, known, draw)?) };
            let value = value.map(|text| typed(column.data_type, text));
            if let Some(slot) = self.values.get_mut(place) {
                *slot = value;
            }
        }
        Ok(())
    }

    /// An identifier; where each must be another, one that is not taken.
    fn taken(
        &mut self,
        place: usize,
        kind: SensitiveKind,
        known: Known,
        draw: &mut Draw,
    ) -> Result<String, Error> {
        let Some(Some(taken)) = self.taken.get_mut(place) else { return Ok(invent(kind, known, draw)) };
        for _ in 0..ATTEMPTS_MAX {
            let text = invent(kind, known, draw);
            if taken.insert(self.print.of([text.as_bytes()])) {
                return Ok(text);
            }
        }
        Err(Error::TwinLimit { what: "rows for the identifiers there are" })
    }

    fn known(&self, parts: &Parts) -> Known {
        let value = |name: &Option<String>| {
            let (place, _) = self.table.column(name.as_deref()?)?;
            self.values.get(place)?.clone()
        };
        known(value(&parts.region), value(&parts.birth), value(&parts.sex), &parts.male)
    }
}

/// What values of other columns say of an identifier.
pub(in crate::twin) fn known(
    region: Option<Value>,
    birth: Option<Value>,
    sex: Option<Value>,
    male: &str,
) -> Known {
    let region = region.and_then(|value| match value {
        Value::Text(text) => text.get(..6)?.parse().ok(),
        Value::Integer(number) => {
            // Longer codes begin with the six digits.
            let mut number = u64::try_from(number).ok()?;
            while number > 999_999 {
                number /= 10;
            }
            u32::try_from(number).ok()
        }
        _ => None,
    });
    let birth = birth.and_then(|value| match value {
        Value::Date(days) => Some(days),
        _ => None,
    });
    let male = sex.map(|value| match value {
        Value::Text(text) => text == male,
        Value::Integer(number) => number.to_string() == male,
        Value::Boolean(is) => is.to_string() == male,
        _ => false,
    });
    Known { region, birth, male }
}

/// A text in a column's type.
pub(in crate::twin) fn typed(data_type: DataType, text: String) -> Value {
    match data_type {
        DataType::Integer => Value::Integer(text.parse().unwrap_or_else(|_| {
            // A token of a numeric column: some number of sixteen digits.
            let number = text.bytes().fold(0_i64, |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(i64::from(byte)).rem_euclid(9_000_000_000_000_000)
            });
            1_000_000_000_000_000 + number
        })),
        _ => Value::Text(text),
    }
}

/// The key of the row with a number.
pub(in crate::twin) fn key(data_type: DataType, serial: i64) -> Value {
    match data_type {
        DataType::Integer => Value::Integer(serial),
        _ => Value::Text(format!("K{serial:09}")),
    }
}

/// A value of a code: within a bin every one is as likely.
fn decode(column: &Column, model: &ColumnModel, code: u16, draw: &mut Draw) -> Option<Value> {
    if code == 0 {
        return None;
    }
    match model.domain.as_ref()? {
        Domain::Presence => None,
        Domain::Flag => Some(Value::Boolean(code == 2)),
        Domain::Values(values) => match values.get(usize::from(code) - 1) {
            Some(value) => Some(typed(column.data_type, value.clone())),
            None => {
                let mut text = String::new();
                token(draw, &mut text);
                Some(typed(column.data_type, text))
            }
        },
        Domain::Bins(_) => within(column, code, draw),
    }
}

fn within(column: &Column, code: u16, draw: &mut Draw) -> Option<Value> {
    let bins = Bins::of(column)?;
    if column.data_type == DataType::Float {
        let (low, high) = bins.range_float(code);
        // A thousand places in a bin are enough, and do not make a number that looks measured.
        return Some(Value::Float(low + (high - low) * draw.below(1_000) as f64 / 1_000.0));
    }
    let (low, high) = bins.range(code);
    number(column.data_type, draw.between(low, high.max(low)))
}

/// A whole number in a column's smallest unit.
pub(in crate::twin) fn number(data_type: DataType, value: i128) -> Option<Value> {
    Some(match data_type {
        DataType::Integer => Value::Integer(i64::try_from(value).ok()?),
        DataType::Decimal { scale, .. } => Value::Decimal(value, scale),
        DataType::Date => Value::Date(i32::try_from(value).ok()?),
        DataType::Timestamp => Value::Timestamp(i64::try_from(value).ok()?),
        _ => return None,
    })
}
