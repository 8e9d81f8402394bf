//! Whole batches, entities beside dates, keys of projects.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use proptest::prelude::*;

use super::super::*;
use super::{key, resident};
use crate::SensitiveKind;

fn table(rows: u32) -> RecordBatch {
    let people = || (0..rows).map(|n| resident(n / 4));
    let visits = (0..rows).map(|n| (n % 13 != 5).then(|| 10_000 + i32::try_from(n * 7 % 5_000).unwrap()));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("person", Arc::new(StringArray::from_iter_values(people()))),
        ("visit", Arc::new(visits.clone().collect::<Date32Array>())),
        (
            "discharge",
            Arc::new(
                visits
                    .map(|day| day.map(|day| i64::from(day + 3) * 86_400_000_000))
                    .collect::<TimestampMicrosecondArray>(),
            ),
        ),
        ("amount", Arc::new(Int64Array::from_iter_values((0..rows).map(i64::from)))),
        ("note", Arc::new(StringArray::from_iter_values((0..rows).map(|n| format!("note {n}"))))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

fn masks() -> Vec<ColumnMask> {
    let mask = |column: &str, spec, entity: &[&str]| ColumnMask {
        column: column.into(),
        spec,
        entity: entity.iter().map(|name| (*name).to_owned()).collect(),
    };
    let shift = || MaskSpec::ShiftEntity { entity: "person".into(), days_max: 90 };
    vec![
        mask("visit", shift(), &["person"]),
        mask("discharge", shift(), &["person"]),
        mask("person", MaskSpec::Format { kind: SensitiveKind::ResidentId }, &[]),
        mask("amount", MaskSpec::Round { step: 100 }, &[]),
    ]
}

#[test]
fn a_batch_comes_out_masked_in_one_pass() {
    let batch = table(2_000);
    let plan = BatchMask::new(&batch.schema(), &masks(), &key(1)).unwrap();
    let masked = plan.mask(&batch, 0).unwrap();
    assert_eq!(masked.num_rows(), 2_000);
    assert_eq!(masked.schema(), plan.schema());
    let names: Vec<String> = masked.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["visit", "discharge", "person", "amount"], "what no mask names does not come out");
    for (name, column) in names.iter().zip(masked.columns()) {
        let before = batch.column_by_name(name).unwrap();
        assert_eq!(
            (before.data_type(), before.null_count()),
            (column.data_type(), column.null_count()),
            "{name}"
        );
    }
    // Halves of the batch come out as the whole does.
    let halves = [batch.slice(0, 700), batch.slice(700, 1_300)].map(|half| plan.mask(&half, 0).unwrap());
    let joined = arrow::compute::concat_batches(&plan.schema(), &halves).unwrap();
    assert_eq!(joined, masked);
}

#[test]
fn dates_of_one_entity_move_together_and_others_elsewhere() {
    let batch = table(4_000);
    let plan = BatchMask::new(&batch.schema(), &masks(), &key(1)).unwrap();
    let masked = plan.mask(&batch, 0).unwrap();
    let people = batch.column(0).as_string::<i32>();
    let days = |batch: &RecordBatch, at: usize| batch.column(at).as_primitive::<Date32Type>().clone();
    let micros =
        |batch: &RecordBatch, at: usize| batch.column(at).as_primitive::<TimestampMicrosecondType>().clone();
    let (before, after) = (days(&batch, 1), days(&masked, 0));
    let (left, left_masked) = (micros(&batch, 2), micros(&masked, 1));
    let mut moves: HashMap<&str, i32> = HashMap::new();
    for row in (0..4_000).filter(|row| before.is_valid(*row)) {
        let moved = after.value(row) - before.value(row);
        assert!(moved != 0 && moved.abs() <= 90);
        assert_eq!(*moves.entry(people.value(row)).or_insert(moved), moved, "one entity, two moves");
        assert_eq!(
            left_masked.value(row) - left.value(row),
            i64::from(moved) * 86_400_000_000,
            "two columns"
        );
    }
    let distinct: std::collections::HashSet<_> = moves.values().collect();
    assert!(distinct.len() > 170, "{} of 180 moves in use by {} entities", distinct.len(), moves.len());
}

#[test]
fn a_row_without_an_entity_moves_by_its_own_day() {
    let people: ArrayRef = Arc::new(StringArray::from(vec![None, None, Some(" a"), Some("a ")]));
    let column: ArrayRef = Arc::new(Date32Array::from(vec![10_000, 10_001, 10_000, 10_001]));
    let spec = MaskSpec::ShiftEntity { entity: "person".into(), days_max: 3650 };
    let entity = [people];
    let masked = mask_beside(&column, &spec, &key(1), Beside { entity: &entity, batch: 0 }).unwrap();
    let masked = masked.as_primitive::<Date32Type>();
    assert!(masked.value(0) != 10_000 && masked.value(1) != masked.value(0) + 1);
    assert_eq!(masked.value(3), masked.value(2) + 1, "spaces around a key do not matter");
    for (error, code) in [
        (mask_column(&column, &spec, &key(1)), "privacy.mask_entity"),
        (
            mask_beside(&column.slice(0, 2), &spec, &key(1), Beside { entity: &entity, batch: 0 }),
            "privacy.length",
        ),
    ] {
        assert_eq!(error.unwrap_err().code(), code);
    }
}

#[test]
fn masks_that_do_not_fit_a_table_are_refused_before_its_first_batch() {
    let schema = table(1).schema();
    let refused = |change: &dyn Fn(&mut Vec<ColumnMask>)| {
        let mut masks = masks();
        change(&mut masks);
        BatchMask::new(&schema, &masks, &key(1)).unwrap_err().code()
    };
    assert_eq!(refused(&|masks| masks[0].column = "absent".into()), "privacy.column");
    assert_eq!(refused(&|masks| masks[0].entity = vec!["absent".into()]), "privacy.column");
    assert_eq!(refused(&|masks| masks[0].entity.clear()), "privacy.mask_entity");
    assert_eq!(refused(&|masks| masks[3].column = "note".into()), "privacy.mask_type");
    assert_eq!(refused(&|masks| masks.push(masks[0].clone())), "privacy.column");
    assert_eq!(refused(&|masks| masks[3].spec = MaskSpec::Round { step: 0 }), "privacy.mask_parameter");
    let plan = BatchMask::new(&schema, &masks(), &key(1)).unwrap();
    let other = table(3).project(&[1, 0, 2, 3, 4]).unwrap();
    assert_eq!(plan.mask(&other, 0).unwrap_err().code(), "privacy.column");
}

/// Masks under two projects of one tenant agree no more often than chance would have it.
#[test]
fn projects_do_not_correlate() {
    let tenant = key(1);
    let (one, two) = (tenant.project("one"), tenant.project("two"));
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values((0..5_000).map(resident)));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..5_000));
    let same = |column: &ArrayRef, spec: &MaskSpec, a: &MaskKey, b: &MaskKey| {
        let masked = [a, b].map(|key| mask_column(column, spec, key).unwrap());
        arrow::compute::kernels::cmp::eq(&masked[0], &masked[1]).unwrap().true_count()
    };
    let format = MaskSpec::Format { kind: SensitiveKind::ResidentId };
    let token = MaskSpec::Token { domain: "x".into() };
    for (column, spec) in [(&ids, &format), (&ids, &token), (&numbers, &token)] {
        assert_eq!(same(column, spec, &one, &tenant.project("one")), 5_000);
        for (a, b) in
            [(&one, &two), (&one, &tenant), (&one, &key(2).project("one")), (&one, &tenant.project("one "))]
        {
            assert!(same(column, spec, a, b) <= 3);
        }
    }
    // Moves of the entities: their correlation over 5 000 entities lies within four standard errors of nought.
    let spec = MaskSpec::ShiftEntity { entity: "person".into(), days_max: 90 };
    let days: ArrayRef = Arc::new(Date32Array::from_value(10_000, 5_000));
    let entity = [ids];
    let moves = |key: &MaskKey| {
        let masked = mask_beside(&days, &spec, key, Beside { entity: &entity, batch: 0 }).unwrap();
        masked
            .as_primitive::<Date32Type>()
            .values()
            .iter()
            .map(|day| f64::from(day - 10_000))
            .collect::<Vec<_>>()
    };
    let (a, b) = (moves(&one), moves(&two));
    let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    let length = |moves: &[f64]| moves.iter().map(|a| a * a).sum::<f64>().sqrt();
    let correlation = product / (length(&a) * length(&b));
    assert!(correlation.abs() < 4.0 / 5_000_f64.sqrt(), "{correlation}");
}

proptest! {
    #[test]
    fn the_move_of_an_entity_depends_on_nothing_but_it(
        days in proptest::collection::vec(any::<i32>(), 1..30), entity in "\\PC{0,12}", days_max in 1_u16..=3650,
    ) {
        let spec = MaskSpec::ShiftEntity { entity: "person".into(), days_max };
        let people: ArrayRef = Arc::new(StringArray::from(vec![entity.as_str(); days.len()]));
        let column: ArrayRef = Arc::new(Date32Array::from(days.clone()));
        let entity = [people];
        let masked = mask_beside(&column, &spec, &key(1), Beside { entity: &entity, batch: 0 }).unwrap();
        let masked = masked.as_primitive::<Date32Type>();
        // Away from the ends of the calendar.
        let mut moves: Vec<i32> = days.iter().zip(masked.values())
            .filter(|(day, _)| (-700_000..2_900_000).contains(*day))
            .map(|(day, masked)| masked - day).collect();
        moves.dedup();
        prop_assert!(moves.len() <= 1, "{moves:?}");
        prop_assert!(moves.iter().all(|moved| *moved != 0 && moved.abs() <= i32::from(days_max)));
        // At the ends: within the calendar, and never the day itself.
        for (day, masked) in days.iter().zip(masked.values()) {
            prop_assert!((-719_162..=2_932_896).contains(masked) && day != masked);
        }
    }
}
