//! How long an examination takes: `cargo run --release -p privacy --example attack_speed`. A hundred thousand made-up
//! people with twelve columns, masked as the platform proposes.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measurement on invented people")]

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use privacy::SensitiveKind as Kind;
use privacy::attack::{Column, Input, Limits, Rows, examine, memorisation};
use privacy::ir::Label;
use privacy::masking::{MaskKey, MaskSpec, mask_column};

const PEOPLE: u64 = 100_000;

/// A number that looks random, without a generator's state.
const fn mix(seed: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn texts(salt: u64, write: impl Fn(u64) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..PEOPLE).map(|row| write(mix(row ^ salt << 32)))))
}

fn integers(salt: u64, write: impl Fn(u64) -> i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values((0..PEOPLE).map(|row| write(mix(row ^ salt << 32)))))
}

fn days(salt: u64, from: i32, count: u64) -> ArrayRef {
    let day = |row: u64| from + i32::try_from(mix(row ^ salt << 32) % count).unwrap_or(0);
    Arc::new(Date32Array::from_iter_values((0..PEOPLE).map(day)))
}

/// Twelve columns, their roles and their masks.
fn columns(salt: u64) -> Vec<(Column, ArrayRef, MaskSpec)> {
    let format = |kind| MaskSpec::Format { kind };
    let general = |name: &str, label| Column::new(name, Kind::General).with_label(label);
    let han = |draw: u64| char::from_u32(0x4e00 + u32::try_from(draw % 3_000).unwrap_or(0)).unwrap_or('王');
    vec![
        (
            Column::new("id_no", Kind::ResidentId).as_entity(),
            texts(salt + 1, |d| {
                let (year, month, day) = (1940 + d % 70, 1 + d / 70 % 12, 1 + d / 1_000 % 28);
                format!("3305{:02}{year}{month:02}{day:02}{:04}", d / 7 % 12, d / 100_000 % 10_000)
            }),
            MaskSpec::Token { domain: "person".into() },
        ),
        (
            Column::new("mobile", Kind::Mobile),
            texts(salt + 2, |d| format!("138{:08}", d % 100_000_000)),
            format(Kind::Mobile),
        ),
        (
            Column::new("name", Kind::PersonName),
            texts(salt + 3, |d| [han(d % 60), han(d >> 8)].into_iter().collect()),
            format(Kind::PersonName),
        ),
        (
            Column::new("card", Kind::BankCard),
            texts(salt + 4, |d| format!("622202{:013}", d % 10_000_000_000_000)),
            format(Kind::BankCard),
        ),
        (
            Column::new("birth_date", Kind::BirthDate),
            days(salt + 5, -10_000, 25_000),
            format(Kind::BirthDate),
        ),
        (
            general("sex", Label::Quasi),
            texts(salt + 6, |d| (if d % 2 == 0 { "男" } else { "女" }).into()),
            MaskSpec::Keep,
        ),
        (general("district", Label::Quasi), texts(salt + 7, |d| format!("第{}街道", d % 12)), MaskSpec::Keep),
        (Column::new("illness", Kind::Medical), texts(salt + 8, |d| format!("病{}", d % 40)), MaskSpec::Keep),
        (
            general("income", Label::Sensitive),
            integers(salt + 9, |d| i64::try_from(30_000 + d % 200_000).unwrap_or(0)),
            MaskSpec::Noise { per_mille: 100 },
        ),
        (
            general("visit", Label::Sensitive),
            days(salt + 10, 19_000, 730),
            MaskSpec::ShiftDate { days_max: 30 },
        ),
        (
            general("case_no", Label::Identifier),
            texts(salt + 11, |d| format!("AJ{:010}", d % 10_000_000_000)),
            MaskSpec::Token { domain: "case".into() },
        ),
        (
            general("note", Label::Public),
            texts(salt + 12, |d| format!("复诊，血压{}，余无殊", d % 200)),
            MaskSpec::Keep,
        ),
    ]
}

fn batch(columns: impl Iterator<Item = (String, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn main() {
    let all = columns(0);
    let key = MaskKey::new([7; 32]);
    let raw = batch(all.iter().map(|(column, array, _)| (column.name.clone(), Arc::clone(array))));
    let masked = batch(all.iter().map(|(column, array, spec)| {
        (column.name.clone(), mask_column(array, spec, &key).expect("a mask that fits"))
    }));
    let described: Vec<Column> = all.iter().map(|(column, _, _)| column.clone()).collect();
    let start = Instant::now();
    let input = Input::new(&raw, &masked, &described, Rows::Same);
    let report = examine(&input, &Limits::default()).expect("a described table");
    println!(
        "examine: {:.2} s for {PEOPLE} rows x {} columns",
        start.elapsed().as_secs_f64(),
        described.len()
    );
    for finding in report.succeeded() {
        println!("  {} {:?} {:?}", finding.attack.code(), finding.columns, finding.measure.map(|m| m.value));
    }
    let other = columns(100);
    let synthetic = batch(other.iter().map(|(column, array, _)| (column.name.clone(), Arc::clone(array))));
    let half = usize::try_from(PEOPLE / 2).unwrap_or(0);
    let start = Instant::now();
    let score = memorisation(&raw.slice(0, half), &raw.slice(half, half), &synthetic, &described, 1);
    println!(
        "memorisation: {:.2} s, gain {:?}",
        start.elapsed().as_secs_f64(),
        score.map(|score| score.gain)
    );
}
