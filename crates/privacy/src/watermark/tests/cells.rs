//! What a mark keeps, what it may change, and what it refuses.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use proptest::prelude::*;

use super::super::key::Secret;
use super::super::lattice::{CLEAR, Lattice};
use super::super::*;
use super::fixture::*;

#[test]
fn a_copy_differs_only_within_the_tolerance() {
    let (table, spec, key) = (table(20_000, 11), spec(2), key(1));
    let buyers = buyers(2);
    let copy = mark(&table, &spec, &key, &buyers[0]).unwrap();
    assert_eq!(copy, mark(&table, &spec, &key, &buyers[0]).unwrap());
    assert_ne!(copy, mark(&table, &spec, &key, &buyers[1]).unwrap());
    assert_eq!(copy.schema(), table.schema());
    for name in ["id", "code", "day", "town"] {
        assert_eq!(copy.column_by_name(name), table.column_by_name(name), "{name}");
    }
    for carrier in &spec.carriers {
        let Method::Number { decimals, grain, tolerance, .. } = carrier.method else { continue };
        let read = |batch: &RecordBatch| {
            units::read(batch.column_by_name(&carrier.column).unwrap(), decimals).unwrap().unwrap()
        };
        let mut changed = 0;
        let mut sum = 0;
        for (new, old) in read(&copy).into_iter().zip(read(&table)) {
            let (new, old) = (new.unwrap(), old.unwrap());
            assert!(new.exact && new.value > 0 && new.value % grain as i64 == 0);
            assert!(new.value.abs_diff(old.value) <= tolerance, "{}", carrier.column);
            changed += u32::from(new != old);
            sum += new.value - old.value;
        }
        println!(
            "{}: {changed} of 20000 cells changed, mean change {:.4}",
            carrier.column,
            sum as f64 / 20_000.0
        );
        // Moves have no bias: four deviations of a mean of 20 000 moves of at most the tolerance.
        assert!(sum.unsigned_abs() <= tolerance * 4 * 142, "{} drifts", carrier.column);
        assert!(changed > 8_000);
    }
}

#[test]
fn small_tables_are_refused_and_told_before() {
    let (spec, key, buyer) = (spec(2), key(1), buyers(1)[0]);
    let small = table(30, 1);
    let capacity = capacity(&small, &spec, &key).unwrap();
    assert!(!capacity.suffices() && capacity.positions <= 240 && capacity.needed > 10_000);
    assert_eq!(capacity.by_carrier.iter().sum::<u64>(), capacity.positions);
    let error = mark(&small, &spec, &key, &buyer).unwrap_err();
    assert_eq!(error.code(), "privacy.watermark_capacity");
    // The least promise: one buyer, the whole table, nothing spoiled.
    let promise = Promise { buyers_max: 1, colluders_max: 1, leak_per_mille: 1000, spoiled_per_mille: 0 };
    let modest = Spec { promise, ..spec };
    assert!(super::super::capacity(&small, &modest, &key).unwrap().needed > 100);
    // Rows without an address of their own are one position however many they are.
    let same = arrow::compute::concat_batches(&small.schema(), std::iter::repeat_n(&small, 500)).unwrap();
    assert_eq!(super::super::capacity(&same, &modest, &key).unwrap().positions, capacity.positions);
}

#[test]
fn the_promise_holds_at_the_limit() {
    // Tables just large enough: the guilty buyer is found as often as promised, here always.
    for (colluders, seed) in [(1_u8, 0_u64), (2, 1)] {
        let mut spec = spec(colluders);
        spec.promise.leak_per_mille = 1000;
        spec.carriers.truncate(1);
        let needed = capacity(&table(10, 1), &spec, &key(1)).unwrap().needed;
        println!("{colluders} colluders, 30 % spoiled, 1000 buyers: {needed} positions in the leak");
        let table = table(needed + needed / 500 + 5, 12);
        let (buyers, mut found) = (buyers(1000), 0);
        for round in 0..40_u64 {
            let key = key(round as u8);
            let rng = &mut Rng(seed * 1000 + round);
            let guilty = [buyers[3], buyers[400]];
            let guilty = &guilty[..usize::from(colluders)];
            let Ok(marker) = Marker::new(&table, &spec, &key) else { continue };
            let copies: Vec<_> = guilty.iter().map(|buyer| marker.copy(buyer).unwrap()).collect();
            let leak = edit(&mix(&copies, rng), 300, rng, |value, rng| value + rng.below(2) as i64);
            let named = named(&detect(&leak, &spec, &key, &buyers).unwrap());
            assert!(named.iter().all(|buyer| guilty.contains(buyer)));
            found += u32::from(!named.is_empty());
        }
        println!("found {found} of 40");
        assert_eq!(found, 40);
    }
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let (table, key, buyer) = (table(20_000, 1), key(1), buyers(1)[0]);
    let refused = |change: fn(&mut Spec)| {
        let mut spec = spec(2);
        change(&mut spec);
        mark(&table, &spec, &key, &buyer).unwrap_err().code()
    };
    let wrong: [fn(&mut Spec); 14] = [
        |spec| spec.carriers.clear(),
        |spec| spec.carriers.push(spec.carriers[0].clone()),
        |spec| spec.carriers[0].address.clear(),
        |spec| spec.carriers[0].address.push("staff".into()),
        |spec| spec.carriers[0].one_in = 0,
        |spec| spec.carriers[0].method = number(0, 2, 1),
        |spec| spec.carriers[0].method = number(0, 0, 1),
        |spec| spec.carriers[0].method = number(1, 1, 1),
        |spec| spec.carriers[2].method = number(0, 1, 1),
        |spec| spec.carriers[0].column = "day".into(),
        |spec| spec.carriers[0].method = Method::Words { pairs: vec![["a".into(), "b".into()]] },
        |spec| spec.carriers[0].method = Method::Words { pairs: vec![["a".into(), "a".into()]] },
        |spec| spec.promise.colluders_max = 5,
        |spec| spec.carriers[0].margins = vec![vec!["hours".into()]],
    ];
    for (index, change) in wrong.into_iter().enumerate() {
        assert_eq!(refused(change), "privacy.watermark", "{index}");
    }
    let missing: [fn(&mut Spec); 4] = [
        |spec| spec.carriers[0].column = "none".into(),
        |spec| spec.carriers[0].address = vec!["none".into()],
        |spec| spec.carriers[0].margins = vec![vec!["none".into()]],
        |spec| spec.fixed.push(Fixed { column: "none".into(), value: "1".into() }),
    ];
    for (index, change) in missing.into_iter().enumerate() {
        assert_eq!(refused(change), "privacy.column", "{index}");
    }
}

#[test]
fn nulls_zeros_odd_values_and_fixed_rows_stay() {
    let rows = 6000_i64;
    let values: Int64Array = (0..rows)
        .map(|row| match row % 6 {
            0 => None,
            1 => Some(0),
            2 => Some(1003),
            3 => Some(10),
            _ => Some(1000 + row * 5),
        })
        .collect();
    let names: StringArray = (0..rows).map(|row| Some(if row % 6 == 5 { "合计" } else { "镇" })).collect();
    let days: Date32Array =
        (0..rows).map(|row| (row % 6 != 4 || row % 4 == 0).then_some(row as i32)).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("id", Arc::new(Int64Array::from_iter_values(0..rows))),
        ("name", Arc::new(names)),
        ("day", Arc::new(days)),
        ("n", Arc::new(values.clone())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let method = Method::Number { decimals: 0, grain: 5, tolerance: 5, lowest: 10, highest: 10_000_000 };
    let promise = Promise { buyers_max: 2, colluders_max: 1, leak_per_mille: 1000, spoiled_per_mille: 0 };
    let spec = Spec {
        release: "r".into(),
        carriers: vec![carrier("n", &["id", "day"], method)],
        fixed: vec![Fixed { column: "name".into(), value: "合计".into() }],
        promise,
    };
    let copy = mark(&batch, &spec, &key(1), &buyers(1)[0]).unwrap();
    let new: &Int64Array = copy.column(3).as_any().downcast_ref().unwrap();
    let mut moved = 0;
    for row in 0..rows as usize {
        assert_eq!(new.is_null(row), values.is_null(row));
        let stays = match row % 6 {
            0 | 1 | 2 | 5 => true,
            4 => row % 4 != 0,
            _ => false,
        };
        assert!(!stays || new.value(row) == values.value(row), "row {row}");
        assert!(new.is_null(row) || new.value(row) == 0 || new.value(row) >= 10);
        moved += u32::from(new.is_valid(row) && new.value(row) != values.value(row));
    }
    assert!(moved > 400, "{moved}");
}

#[test]
fn declared_spellings_carry_bits_and_other_texts_do_not() {
    let rows = 4000;
    let words = ["有限公司", "有限责任公司", "个体户", "其他"];
    let kinds: StringArray = (0..rows).map(|row| Some(words[row % 4])).collect();
    let ids = Int64Array::from_iter_values(0..rows as i64);
    let columns: [(&str, ArrayRef); 2] = [("id", Arc::new(ids)), ("kind", Arc::new(kinds.clone()))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let pairs = vec![["有限公司".to_owned(), "有限责任公司".to_owned()]];
    let promise = Promise { buyers_max: 100, colluders_max: 1, leak_per_mille: 500, spoiled_per_mille: 100 };
    let carriers = vec![carrier("kind", &["id"], Method::Words { pairs })];
    let spec = Spec { release: "r".into(), carriers, fixed: vec![], promise };
    let (key, buyers) = (key(7), buyers(100));
    let copy = mark(&batch, &spec, &key, &buyers[42]).unwrap();
    let new: &StringArray = copy.column(1).as_any().downcast_ref().unwrap();
    for row in 0..rows {
        assert_eq!(words[2..].contains(&new.value(row)), row % 4 >= 2);
        assert!(row % 4 < 2 || new.value(row) == kinds.value(row));
    }
    let finding = detect(&part(&copy, 500, &mut Rng(1)), &spec, &key, &buyers).unwrap();
    assert_eq!(named(&finding), [buyers[42]]);
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<Spec>(&text).unwrap(), spec);
}

proptest! {
    #[test]
    fn a_number_says_what_it_was_told(
        value in prop_oneof![-2000_i64..2000, any::<i64>()],
        grain in 1_i64..12,
        reach in 1_i64..40,
        dither in any::<u64>(),
        upward in any::<bool>(),
        noise in -1_000_000_i64..1_000_000,
    ) {
        let value = value / grain * grain;
        let secret = Secret { dither, upward, ballast: false, bias: 0, select: 0 };
        let lattice = Lattice { grain, reach, lowest: -1_500, highest: i64::MAX };
        let (down, up) = lattice.room(value);
        prop_assert!((0..=reach).contains(&down) && (0..=reach).contains(&up));
        if down > 0 || up > 0 {
            for end in [value - down * grain, value + up * grain] {
                prop_assert!(end.signum() == value.signum() && end >= -1_500);
            }
        }
        if let Some(marked) = lattice.marked(value, &secret) {
            for (said, sign) in marked.into_iter().zip([-1, 1]) {
                prop_assert!(said.abs_diff(value) <= (grain * reach) as u64 && said % grain == 0);
                prop_assert!(said.signum() == value.signum() && said >= -1_500);
                prop_assert_eq!(lattice.evidence(said, &secret), sign * CLEAR);
                // Less than half the tolerance either way leaves the bit readable.
                let moved = said + noise % ((grain * reach + 1) / 2);
                prop_assert!(moved == 0 || lattice.evidence(moved, &secret) * sign >= 0);
            }
        } else {
            prop_assert!(value.abs() <= grain * reach || value <= -1_500 + grain * reach || value > 1 << 50);
        }
    }
}
