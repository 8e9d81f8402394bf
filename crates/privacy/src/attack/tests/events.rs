//! Several rows a person.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch};

use super::people::*;
use crate::SensitiveKind as Kind;
use crate::attack::draw::mix;
use crate::attack::{Attack, Column, Input, Limits, Report, Rows, examine};
use crate::ir::Label;

const EVENTS: usize = 12;

/// Visits of people: a person and a day.
fn visits(people: usize, seed: u64) -> RecordBatch {
    let mut draw = Draw::new(seed);
    let persons = (0..people * EVENTS).map(|row| format!("P{:06}", row / EVENTS));
    let days: Vec<i32> = (0..people * EVENTS).map(|_| visit_day(&mut draw)).collect();
    RecordBatch::try_from_iter([
        ("person", texts(persons)),
        ("day", Arc::new(Date32Array::from(days)) as ArrayRef),
    ])
    .unwrap()
}

fn judge(raw: &RecordBatch, shift: impl Fn(u64, i32) -> i32) -> Report {
    let columns = [
        Column::new("person", Kind::General).with_label(Label::Identifier).as_entity(),
        Column::new("day", Kind::General).with_label(Label::Sensitive),
    ];
    let moved = days(raw, "day").into_iter().zip(0_u64..);
    let moved = moved.map(|(day, row)| shift(row / EVENTS as u64, day));
    let tokens = strings(raw, "person").into_iter().map(|p| {
        let number: u64 = p[1..].parse().unwrap();
        format!("{:016x}", mix(77, number))
    });
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values(moved));
    let masked = with(raw, vec![("person", texts(tokens)), ("day", days)]);
    examine(&Input::new(raw, &masked, &columns, Rows::Same), &Limits::default()).unwrap()
}

#[test]
fn shifts_are_found_from_the_calendar() {
    let raw = visits(2_000, 21);
    // Sundays and holidays are shut: of a shift within a month a week is left, and of it the right one often.
    let weak = judge(&raw, |person, day| day + (mix(5, person) % 41) as i32 - 20);
    // Months only: dates are brought to the fifteenth of a thirty-day month.
    let well = judge(&raw, |person, day| (day + (mix(5, person) % 41) as i32 - 20).div_euclid(30) * 30 + 15);
    check(Attack::EntityShift, "day", &weak, &well);
}

#[test]
fn no_shift_is_found_where_every_day_is_like_the_other() {
    for seed in 0..8 {
        let mut draw = Draw::new(seed);
        let days: Vec<i32> = (0..1_000 * EVENTS).map(|_| 19_000 + draw.below(730) as i32).collect();
        let days: ArrayRef = Arc::new(Date32Array::from(days));
        let raw = with(&visits(1_000, seed), vec![("day", days)]);
        let held = judge(&raw, |person, day| day + (mix(seed, person) % 401) as i32 - 200);
        let found = held.attacks.iter().any(|f| f.attack == Attack::EntityShift && f.succeeded());
        assert!(!found, "seed {seed}: {:?}", measures(&held, Attack::EntityShift));
    }
}
