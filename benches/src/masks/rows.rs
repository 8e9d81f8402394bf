//! Visits of made-up people, batch by batch: eight columns that are all sensitive, and how each is masked.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use base::Date;
use privacy::SensitiveKind;
use privacy::masking::{ColumnMask, MaskSpec};

use crate::draw::mix;
use crate::identity;

/// Rows of a batch.
const BATCH: u32 = 65_536;
/// Visits of a person, on average; they lie apart.
const VISITS: u32 = 4;
/// Days of the year 2025, from its first.
const YEAR: (i32, u64) = (20_089, 365);
/// Birth dates: eighty years from 1945-01-01 on.
const BORN: (i32, u64) = (-9_131, 29_200);

/// The columns and their types.
pub(super) fn schema() -> SchemaRef {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Arc::new(Schema::new(vec![
        field("id_card", DataType::Utf8),
        field("insured", DataType::Utf8),
        field("mobile", DataType::Utf8),
        field("born", DataType::Date32),
        field("visited", DataType::Date32),
        field("cost", DataType::Float64),
        field("income", DataType::Int64),
        field("longitude", DataType::Float64),
    ]))
}

/// A mask of another sort for each.
pub(super) fn masks() -> Vec<ColumnMask> {
    let mask = |column: &str, spec| ColumnMask { column: column.to_owned(), spec, entity: Vec::new() };
    let reference = Date::from_days(super::REFERENCE_DAYS);
    let shift = MaskSpec::ShiftEntity { entity: "person".to_owned(), days_max: 30 };
    vec![
        mask("id_card", MaskSpec::Format { kind: SensitiveKind::ResidentId }),
        mask("insured", MaskSpec::Token { domain: "insured".to_owned() }),
        mask("mobile", MaskSpec::Partial { head: 3, tail: 4, length: Some(11), fill: '*' }),
        mask("born", MaskSpec::Age { reference, years: 10, top: 90 }),
        ColumnMask { entity: vec!["id_card".to_owned()], ..mask("visited", shift) },
        mask("cost", MaskSpec::Noise { per_mille: 50 }),
        mask("income", MaskSpec::TopBottom { bottom: Some(12_000), top: Some(300_000) }),
        mask("longitude", MaskSpec::Grid { micro_degrees: 10_000 }),
    ]
}

/// So many rows, the same ones every time.
pub(super) fn batches(rows: u32) -> impl Iterator<Item = Result<RecordBatch>> {
    let starts = (0..rows).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX));
    starts.map(move |start| batch(start, rows.min(start.saturating_add(BATCH)), rows / VISITS + 1))
}

fn batch(start: u32, end: u32, people: u32) -> Result<RecordBatch> {
    let rows = usize::try_from(end - start)?;
    let texts = || StringBuilder::with_capacity(rows, rows * 18);
    let (mut cards, mut insured, mut mobiles) = (texts(), texts(), texts());
    let (mut born, mut visited) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    let (mut costs, mut incomes, mut longitudes) =
        (Vec::with_capacity(rows), Vec::with_capacity(rows), Vec::with_capacity(rows));
    let mut text = String::new();
    for row in start..end {
        let visit = mix(u64::from(row));
        let person = visit % u64::from(people);
        let own = mix(person | 1 << 40);
        let birth = BORN.0 + i32::try_from(own % BORN.1)?;
        text.clear();
        identity::write(&mut text, digits(birth)?, u32::try_from(own >> 32)? % 1000)?;
        cards.append_value(&text);
        text.clear();
        write!(text, "33{person:010}")?;
        insured.append_value(&text);
        text.clear();
        write!(text, "1{}{:08}", 30 + own % 60, mix(own) % 100_000_000)?;
        mobiles.append_value(&text);
        born.push(birth);
        let later = mix(visit);
        visited.push(YEAR.0 + i32::try_from(later % YEAR.1)?);
        costs.push(f64::from(u32::try_from(later >> 40)?) / 100.0);
        incomes.push(i64::try_from(mix(own ^ 1) % 400_000)?);
        longitudes.push(118.0 + f64::from(u32::try_from(mix(own ^ 2) % 4_000_000)?) / 1e6);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(cards.finish()),
        Arc::new(insured.finish()),
        Arc::new(mobiles.finish()),
        Arc::new(Date32Array::from(born)),
        Arc::new(Date32Array::from(visited)),
        Arc::new(Float64Array::from(costs)),
        Arc::new(Int64Array::from(incomes)),
        Arc::new(Float64Array::from(longitudes)),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

/// A day as `YYYYMMDD`.
fn digits(days: i32) -> Result<u32> {
    let (year, month, day) = Date::from_days(days).parts();
    Ok(u32::try_from(year)? * 10_000 + u32::from(month) * 100 + u32::from(day))
}
