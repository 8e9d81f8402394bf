//! Persons, their visits and public stations, and what the guard knows of them.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use privacy::ir::{Entity, Label};
use secure_domain::bench::BenchTables;

use crate::draw::mix;

/// Rows of a batch.
const BATCH: u32 = 65_536;
/// Regions of a county.
const REGIONS: u64 = 120;
/// Of the tables that are only judged.
const FEW: u32 = 2_000;

/// What the columns of the persons are.
pub(super) const PERSONS: [Label; 5] =
    [Label::Identifier, Label::Identifier, Label::Public, Label::Quasi, Label::Sensitive];

/// Whose rows a table holds.
pub(super) fn entity(kind: &str, column: &str, protected: bool) -> Entity {
    Entity { kind: kind.to_owned(), columns: vec![column.to_owned()], protected }
}

/// Writes the tables.
///
/// # Errors
/// If the disk refuses.
pub(super) fn add(tables: &mut BenchTables, count: u32) -> Result<()> {
    let schema = persons(0, 1)?.schema();
    let mut fault = None;
    let starts = (0..count).step_by(usize::try_from(BATCH)?);
    let batches = starts.map(|start| persons(start, count.min(start + BATCH)));
    tables.add("persons", &schema, batches.map_while(|batch| batch.map_err(|no| fault = Some(no)).ok()))?;
    fault.map_or(Ok(()), Err)?;
    tables.declare("persons", entity("person", "person_id", true), &PERSONS)?;
    for (name, batch) in [("visits", visits()?), ("stations", stations()?)] {
        tables.add(name, &batch.schema(), std::iter::once(batch))?;
    }
    let labels = [Label::Identifier, Label::Public, Label::Quasi, Label::Sensitive];
    tables.declare("visits", entity("person", "person_id", true), &labels)?;
    Ok(tables.declare("stations", entity("station", "station", false), &[Label::Public; 2])?)
}

fn persons(start: u32, end: u32) -> Result<RecordBatch> {
    let own = || (start..end).map(|person| mix(u64::from(person)));
    let cents = |own: u64| u32::try_from(mix(own) % 20_000_000).map(|cents| f64::from(cents) / 100.0);
    let years = own().map(|own| i64::try_from(1940 + own % 75)).collect::<Result<Vec<_>, _>>()?;
    let incomes = own().map(cents).collect::<Result<Vec<_>, _>>()?;
    named([
        ("person_id", texts((start..end).map(|person| format!("P{person:07}")))),
        ("name", texts(own().map(|own| format!("name {:07}", own % 1_000_000)))),
        ("region", texts(own().map(|own| format!("region {:03}", (own >> 20) % REGIONS)))),
        ("birth_year", Arc::new(Int64Array::from(years))),
        ("income", Arc::new(Float64Array::from(incomes))),
    ])
}

fn visits() -> Result<RecordBatch> {
    let own = || (0..FEW).map(|visit| mix(u64::from(visit)));
    let days = own().map(|own| i32::try_from(20_089 + own % 365)).collect::<Result<Vec<_>, _>>()?;
    named([
        ("person_id", texts((0..FEW).map(|visit| format!("P{:07}", visit % 500)))),
        ("station", texts(own().map(|own| format!("S{}", own % 3)))),
        ("day", Arc::new(Date32Array::from(days))),
        ("cost", Arc::new(Float64Array::from_iter_values((0..FEW).map(|visit| f64::from(visit % 97))))),
    ])
}

fn stations() -> Result<RecordBatch> {
    named([
        ("station", texts((0..3).map(|station| format!("S{station}")))),
        ("city", texts((0..3).map(|station| format!("city {}", station % 2)))),
    ])
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn named<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))?)
}
