//! A table to be sold, its buyers, and what a leaker does with a copy.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    UInt64Array,
};
use arrow::compute::{concat_batches, interleave_record_batch, take_record_batch};

use super::super::*;

/// A small generator (SplitMix64), so that every figure can be repeated.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
}

pub(super) fn key(seed: u8) -> WatermarkKey {
    WatermarkKey::new([seed; 32])
}

pub(super) fn buyers(number: u64) -> Vec<Buyer> {
    (0..number).map(|index| (u128::from(index) * 0x1234_5678_9abc_def1 + 7).to_be_bytes()).collect()
}

/// Rows of shops: four columns addressed by a number, four by code and day.
pub(super) fn table(rows: u64, seed: u64) -> RecordBatch {
    let mut rng = Rng(seed);
    let mut ints = |base: u64, step: i64| -> Vec<i64> {
        (0..rows).map(|_| (rng.below(base) as i64 + 2) * step).collect()
    };
    let (visits, staff, beds, hours) = (ints(5_000, 1), ints(300, 1), ints(800, 5), ints(9_000, 1));
    let (amount, tax, rate, share) = (ints(9_000_000, 1), ints(90_000, 1), ints(9_000, 1), ints(99_000, 1));
    let decimals = |values: Vec<i64>| -> ArrayRef {
        let array: Decimal128Array = values.into_iter().map(|value| Some(i128::from(value))).collect();
        Arc::new(array.with_precision_and_scale(14, 2).unwrap())
    };
    let floats = |values: Vec<i64>, by: f64| -> ArrayRef {
        Arc::new(values.into_iter().map(|value| Some(value as f64 / by)).collect::<Float64Array>())
    };
    let columns: [(&str, ArrayRef); 12] = [
        ("id", Arc::new((0..rows as i64).map(|row| row * 7 + 3).collect::<Int64Array>())),
        ("code", Arc::new((0..rows).map(|row| Some(format!("店{row:06}"))).collect::<StringArray>())),
        ("day", Arc::new((0..rows).map(|row| Some((row % 365) as i32 + 20_000)).collect::<Date32Array>())),
        ("town", Arc::new((0..rows).map(|row| Some(format!("镇{}", row % 12))).collect::<StringArray>())),
        ("visits", Arc::new(Int64Array::from(visits))),
        ("staff", Arc::new(staff.into_iter().map(|value| Some(value as i32)).collect::<Int32Array>())),
        ("beds", Arc::new(Int64Array::from(beds))),
        ("hours", Arc::new(Int64Array::from(hours))),
        ("amount", decimals(amount)),
        ("tax", decimals(tax)),
        ("rate", floats(rate, 10.0)),
        ("share", floats(share, 1000.0)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

pub(super) fn number(decimals: u8, grain: u64, tolerance: u64) -> Method {
    Method::Number { decimals, grain, tolerance, lowest: i64::MIN, highest: i64::MAX }
}

pub(super) fn carrier(column: &str, address: &[&str], method: Method) -> Carrier {
    let address = address.iter().map(|name| (*name).to_owned()).collect();
    Carrier { column: column.to_owned(), address, method, one_in: 1, margins: vec![] }
}

pub(super) fn spec(colluders_max: u8) -> Spec {
    let carriers = vec![
        carrier("visits", &["id"], number(0, 1, 1)),
        carrier("staff", &["id"], number(0, 1, 1)),
        carrier("amount", &["id"], number(2, 1, 5)),
        carrier("rate", &["id"], number(1, 1, 2)),
        carrier("beds", &["code", "day"], number(0, 5, 5)),
        carrier("hours", &["code", "day"], number(0, 1, 3)),
        carrier("tax", &["code", "day"], number(2, 1, 1)),
        carrier("share", &["code", "day"], number(3, 1, 4)),
    ];
    let promise = Promise { buyers_max: 1000, colluders_max, leak_per_mille: 100, spoiled_per_mille: 300 };
    Spec { release: "shops/2026-08".into(), carriers, fixed: vec![], promise }
}

/// A random part of the rows, in random order.
pub(super) fn part(batch: &RecordBatch, per_mille: u64, rng: &mut Rng) -> RecordBatch {
    let mut rows: Vec<u64> = (0..batch.num_rows() as u64).filter(|_| rng.chance(per_mille)).collect();
    for index in (1..rows.len()).rev() {
        rows.swap(index, rng.below(index as u64 + 1) as usize);
    }
    take_record_batch(batch, &UInt64Array::from(rows)).unwrap()
}

/// Half of the columns, of which the addresses `keep` are never dropped.
pub(super) fn half_of_columns(batch: &RecordBatch, keep: &[&str], rng: &mut Rng) -> RecordBatch {
    let schema = batch.schema();
    let kept: Vec<usize> = keep.iter().map(|name| schema.index_of(name).unwrap()).collect();
    let mut others: Vec<usize> = (0..batch.num_columns()).filter(|index| !kept.contains(index)).collect();
    while others.len() + kept.len() > batch.num_columns() / 2 {
        others.remove(rng.below(others.len() as u64) as usize);
    }
    batch.project(&[kept, others].concat()).unwrap()
}

/// Applies a change to so many thousandths of the numbers. Numbers are given and taken in units of the last digit.
pub(super) fn edit(
    batch: &RecordBatch,
    per_mille: u64,
    rng: &mut Rng,
    change: fn(i64, &mut Rng) -> i64,
) -> RecordBatch {
    let mut columns = batch.columns().to_vec();
    for (column, field) in columns.iter_mut().zip(batch.schema().fields()) {
        let Some(decimals) = decimals(field.name()) else { continue };
        let values = units::read(column, decimals).unwrap().unwrap();
        let mut new = |value: i64| if rng.chance(per_mille) { change(value, rng) } else { value };
        let changes: Vec<Option<i64>> = values.iter().map(|value| Some(new(value.unwrap().value))).collect();
        *column = units::write(column, decimals, &changes).unwrap();
    }
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// Digits after the point of a measure; `None` for other columns.
pub(super) fn decimals(column: &str) -> Option<u8> {
    match column {
        "visits" | "staff" | "beds" | "hours" => Some(0),
        "amount" | "tax" => Some(2),
        "rate" => Some(1),
        "share" => Some(3),
        _ => None,
    }
}

/// Every cell from one of the copies, chosen anew for each cell.
pub(super) fn mix(copies: &[RecordBatch], rng: &mut Rng) -> RecordBatch {
    let schema = copies[0].schema();
    let columns = (0..schema.fields().len()).map(|column| {
        let parts: Vec<RecordBatch> = copies.iter().map(|copy| copy.project(&[column]).unwrap()).collect();
        let parts: Vec<&RecordBatch> = parts.iter().collect();
        let choice: Vec<(usize, usize)> =
            (0..copies[0].num_rows()).map(|row| (rng.below(copies.len() as u64) as usize, row)).collect();
        Arc::clone(interleave_record_batch(&parts, &choice).unwrap().column(0))
    });
    let columns = columns.collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

pub(super) fn append(batch: &RecordBatch, more: &RecordBatch) -> RecordBatch {
    concat_batches(&batch.schema(), [batch, more]).unwrap()
}

pub(super) fn named(finding: &Finding) -> Vec<Buyer> {
    finding.named().map(|suspect| suspect.buyer).collect()
}
