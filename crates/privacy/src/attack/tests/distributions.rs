//! Values recovered from what is known of their distribution.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array};

use super::people::*;
use crate::attack::{Attack, Input, Limits, Rows, examine};

#[test]
fn tokens_of_frequent_values() {
    let raw = people(8_000, 11);
    let well = masked_well(&raw, 11);
    let token = |v: &str| {
        let at = ILLNESSES.iter().position(|known| *known == v).unwrap();
        format!("T{:04x}", (at * 7_919 + 31) % 65_536)
    };
    let weak = with(&well, vec![("illness", texts(strings(&raw, "illness").iter().map(|v| token(v))))]);
    check(Attack::Frequency, "illness", &report(&raw, &weak), &report(&raw, &well));
    // Groups of illnesses are no tokens: what is lost cannot be matched.
    let group = |v: &str| if ILLNESSES[..4].contains(&v) { "甲" } else { "乙" }.to_owned();
    let twin = with(&well, vec![("illness", texts(strings(&raw, "illness").iter().map(|v| group(v))))]);
    check(Attack::Frequency, "illness", &report(&raw, &weak), &report(&raw, &twin));
}

#[test]
fn numbers_in_their_order() {
    let raw = people(8_000, 12);
    let well = masked_well(&raw, 12);
    let numbers = |f: &mut dyn FnMut(i64) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(integers(&raw, "income").into_iter().map(f)))
    };
    // Order-preserving "encryption", upwards and downwards.
    for sign in [1, -1] {
        let weak = numbers(&mut |v| sign * ((v as f64).powf(1.3) * 3.7) as i64);
        let weak = with(&well, vec![("income", weak)]);
        check(Attack::Rank, "income", &report(&raw, &weak), &report(&raw, &well));
    }
    let mut draw = Draw::new(3);
    let noisy = numbers(&mut |v| (v as f64 * (1.0 + draw.bell() * 0.1)) as i64);
    let twin = report(&raw, &with(&well, vec![("income", noisy)]));
    assert!(
        !codes(&twin).iter().any(|(code, _)| *code == "attack.rank"),
        "{:?}",
        measures(&twin, Attack::Rank)
    );
}

#[test]
fn one_constant_for_all() {
    let raw = people(20_000, 13);
    let well = masked_well(&raw, 13);
    let moved = |f: &mut dyn FnMut(i32) -> i32| -> ArrayRef {
        Arc::new(Date32Array::from_iter_values(days(&raw, "visit").into_iter().map(f)))
    };
    let constant = with(&well, vec![("visit", moved(&mut |day| day + 211))]);
    let mut draw = Draw::new(4);
    let own = with(&well, vec![("visit", moved(&mut |day| day + draw.below(61) as i32 - 30))]);
    check(Attack::ConstantShift, "visit", &report(&raw, &constant), &report(&raw, &own));
    // Scaled incomes.
    let scaled = integers(&raw, "income").into_iter().map(|v| v * 7);
    let scaled = with(&well, vec![("income", Arc::new(Int64Array::from_iter_values(scaled)) as ArrayRef)]);
    check(Attack::ConstantShift, "income", &report(&raw, &scaled), &report(&raw, &well));
    // Without knowing whose row is whose, from a sample of the rows: the distributions are aligned.
    let columns = columns();
    let unknown = |masked: &arrow::array::RecordBatch| {
        let part = masked.slice(0, 8_000);
        examine(&Input::new(&raw, &part, &columns, Rows::Unknown), &Limits::default()).unwrap()
    };
    check(Attack::ConstantShift, "visit", &unknown(&constant), &unknown(&own));
}

#[test]
fn shuffled_in_small_groups() {
    let raw = people(8_000, 14);
    let well = masked_well(&raw, 14);
    let shuffled = |groups: &dyn Fn(usize) -> usize| {
        let mut values = strings(&raw, "illness");
        let mut rows: Vec<(usize, u64, usize)> = (0..values.len())
            .map(|row| (groups(row), crate::attack::draw::mix(9, row as u64), row))
            .collect();
        rows.sort_unstable();
        let order: Vec<usize> = rows.iter().map(|(_, _, row)| *row).collect();
        let mut places: Vec<(usize, usize)> = rows.iter().map(|(group, _, row)| (*group, *row)).collect();
        places.sort_unstable();
        let drawn: Vec<String> = order.iter().map(|row| std::mem::take(&mut values[*row])).collect();
        for ((_, row), value) in places.iter().zip(drawn) {
            values[*row] = value;
        }
        with(&well, vec![("illness", texts(values))])
    };
    let whole = report(&raw, &shuffled(&|_| 0));
    check(Attack::Shuffle, "illness", &report(&raw, &shuffled(&|row| row / 4)), &whole);
    // By a column that nearly tells the value: here the note of the row, made to do so.
    let notes = strings(&raw, "illness").into_iter().enumerate();
    let notes: Vec<String> = notes
        .map(|(row, v)| if row % 10 == 0 { "其他".to_owned() } else { format!("{}科", &v[..3]) })
        .collect();
    let group_of =
        |row: usize| notes[row].bytes().fold(7_usize, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    let masked = with(&shuffled(&group_of), vec![("note", texts(notes.clone()))]);
    let base = with(&raw, vec![("note", texts(notes.clone()))]);
    check(Attack::Shuffle, "illness", &report(&base, &masked), &whole);
}
