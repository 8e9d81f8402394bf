//! What a table of a dev zone shows of itself: lists, bounds, what is unique.

use std::collections::{BTreeSet, HashSet};

use arrow::array::{Array, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int64Type};
use privacy::ir::Label;
use privacy::twin::{self, Column, Content, Pairs, Parts, VALUES_MAX};
use privacy::{DataType, SensitiveKind};

use crate::Error;
use crate::objects::ObjectRows;
use crate::protocol::{ColumnSpec, TopUpTable};
use crate::session::Table;
use crate::value::texts;

/// Bins of a column of numbers: values even between its bounds are enough to write a query on.
const BINS_MAX: i64 = 16;

/// Describes a table by its own rows.
pub(super) fn table(table: &Table, of: &TopUpTable) -> Result<twin::Table, Error> {
    let spec = &table.spec;
    let names: Vec<String> = spec.columns.iter().map(|column| column.name.clone()).collect();
    let key = key_of(table);
    let mut found: Vec<Found> = spec.columns.iter().map(|_| Found::default()).collect();
    let mut keys: HashSet<Vec<String>> = HashSet::new();
    let mut repeats = false;
    for batch in ObjectRows::open(&table.file, Some(&names))? {
        let batch = batch?;
        for (column, found) in spec.columns.iter().zip(&mut found) {
            found.look(column, of.kind(&column.name), array(&batch, &column.name)?)?;
        }
        repeats = repeats || repeated(&batch, &key, &mut keys)?;
    }
    let columns = spec.columns.iter().zip(found).map(|(column, found)| Column {
        name: column.name.clone(),
        data_type: column.data_type,
        nullable: found.nulls || found.is_empty(),
        content: found.content(column, of.kind(&column.name)),
    });
    Ok(twin::Table {
        name: spec.name.clone(),
        columns: columns.collect(),
        entity: key,
        rows_max: if repeats { 2 } else { 1 },
        pairs: Pairs::Given(Vec::new()),
    })
}

/// The entity's key as far as it was granted; without it any column stands for it.
fn key_of(table: &Table) -> Vec<String> {
    let spec = &table.spec;
    let granted = |name: &String| spec.columns.iter().any(|column| column.name == *name);
    let key: Vec<String> =
        spec.entity.iter().flat_map(|entity| &entity.columns).filter(|name| granted(name)).cloned().collect();
    if key.is_empty() {
        spec.columns.first().map(|column| column.name.clone()).into_iter().collect()
    } else {
        key
    }
}

fn array<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, Error> {
    batch.column_by_name(name).ok_or_else(|| Error::unknown("column", name))
}

/// Has some key been seen before?
fn repeated(batch: &RecordBatch, key: &[String], seen: &mut HashSet<Vec<String>>) -> Result<bool, Error> {
    let columns = key.iter().map(|name| texts(array(batch, name)?)).collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        let value = |column: &arrow::array::StringArray| column.value(row).to_owned();
        if !seen.insert(columns.iter().map(value).collect()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Is the column a name of somebody or something, so that its values are invented rather than chosen again?
fn is_invented(column: &ColumnSpec, kind: SensitiveKind) -> bool {
    let known = kind.is_identifier() || matches!(kind, SensitiveKind::Address | SensitiveKind::Coordinate);
    let named = known || column.label == Some(Label::Identifier);
    let fits = match column.data_type {
        DataType::Text => true,
        DataType::Integer => matches!(kind, SensitiveKind::Mobile | SensitiveKind::General),
        _ => false,
    };
    named && fits && !is_attribute(kind)
}

/// Kinds of which values are told over and over.
const fn is_attribute(kind: SensitiveKind) -> bool {
    matches!(
        kind,
        SensitiveKind::EthnicGroup
            | SensitiveKind::Medical
            | SensitiveKind::Religion
            | SensitiveKind::BirthDate
    )
}

/// What was seen of a column.
#[derive(Default)]
struct Found {
    nulls: bool,
    values: BTreeSet<String>,
    bounds: Option<(i64, i64)>,
    truths: bool,
}

impl Found {
    fn look(&mut self, column: &ColumnSpec, kind: SensitiveKind, array: &ArrayRef) -> Result<(), Error> {
        self.nulls |= array.null_count() > 0;
        match column.data_type {
            DataType::Text if is_invented(column, kind) => self.truths = true,
            DataType::Text => {
                let texts = texts(array)?;
                for text in texts.iter().flatten() {
                    if self.values.len() < VALUES_MAX && !self.values.contains(text) {
                        self.values.insert(text.to_owned());
                    }
                }
            }
            DataType::Boolean => self.truths = true,
            DataType::Float => {
                let floats = array.as_primitive_opt::<Float64Type>().ok_or(Error::RunFailed)?;
                for value in floats.iter().flatten().filter(|value| value.is_finite()) {
                    // Saturates: bounds beyond what a number of 64 bits holds are of no use to a query.
                    self.widen(value.floor() as i64, value.ceil() as i64);
                }
            }
            _ => {
                let options = CastOptions { safe: true, ..CastOptions::default() };
                let days = matches!(column.data_type, DataType::Date);
                let narrow = if days {
                    let days = cast_with_options(array, &ArrowType::Int32, &options);
                    days.map_err(|_| Error::RunFailed)?
                } else {
                    ArrayRef::clone(array)
                };
                let whole = cast_with_options(&narrow, &ArrowType::Int64, &options);
                let whole = whole.map_err(|_| Error::RunFailed)?;
                for value in whole.as_primitive::<Int64Type>().iter().flatten() {
                    self.widen(value, value);
                }
            }
        }
        Ok(())
    }

    fn widen(&mut self, low: i64, high: i64) {
        let (least, most) = self.bounds.unwrap_or((low, high));
        self.bounds = Some((least.min(low), most.max(high)));
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.bounds.is_none() && !self.truths
    }

    fn content(self, column: &ColumnSpec, kind: SensitiveKind) -> Content {
        match column.data_type {
            DataType::Boolean => Content::Flag,
            _ if is_invented(column, kind) => Content::Invented { kind, parts: Parts::default() },
            DataType::Text if self.values.is_empty() => Content::Open,
            DataType::Text => Content::Categories { values: self.values.into_iter().collect() },
            data_type => {
                let (low, high) = self.bounds.unwrap_or((0, 0));
                let high = if data_type == DataType::Float { high.max(low.saturating_add(1)) } else { high };
                let span = high.saturating_sub(low).saturating_add(1);
                // A decimal's span counts steps of its last place, of which there are more.
                let bins = u16::try_from(span.clamp(1, BINS_MAX)).unwrap_or(1);
                Content::Range { low, high, bins }
            }
        }
    }
}
