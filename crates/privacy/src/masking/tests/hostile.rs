//! Values made to slip through or to break a mask.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Date64Array, DictionaryArray, Float64Array, Int64Array,
    StringArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int32Type, Int64Type};
use proptest::prelude::*;

use super::super::*;
use super::{check_type, key};
use crate::SensitiveKind;

/// A spec of every method, with parameters of an ordinary kind.
fn all() -> Vec<MaskSpec> {
    let mut all: Vec<MaskSpec> =
        SensitiveKind::ALL.into_iter().map(|kind| MaskSpec::Format { kind }).collect();
    all.extend([
        MaskSpec::Token { domain: "d".into() },
        MaskSpec::Ff1 { alphabet: Alphabet::Digits, length: 18, domain: "d".into() },
        MaskSpec::Partial { head: 3, tail: 4, length: None, fill: '*' },
        MaskSpec::ShiftDate { days_max: 3650 },
        MaskSpec::ShiftEntity { entity: "person".into(), days_max: 3650 },
        MaskSpec::Round { step: u32::MAX },
        MaskSpec::Noise { per_mille: 1000 },
        MaskSpec::Bands { edges: vec![i64::MIN, 0, i64::MAX] },
        MaskSpec::TopBottom { bottom: Some(-10), top: Some(10) },
        MaskSpec::Age { reference: "2026-08-01".parse().unwrap(), years: 10, top: 85 },
        MaskSpec::Region { level: RegionLevel::Prefecture },
        MaskSpec::Calendar { unit: CalendarUnit::Quarter },
        MaskSpec::Grid { micro_degrees: 10_000 },
        MaskSpec::Null,
    ]);
    all
}

fn mask(column: &ArrayRef, spec: &MaskSpec) -> Option<ArrayRef> {
    let entity: [ArrayRef; 1] = [Arc::new(StringArray::from(vec!["e"; column.len()]))];
    mask_beside(column, spec, &key(4), Beside { entity: &entity, batch: 0 }).ok()
}

#[test]
fn texts_without_the_columns_shape_never_pass_through() {
    let huge = "9".repeat(3_000_000);
    let odd = [
        "",
        " ",
        "\0",
        "\u{feff}",
        "１３８００１３８０００",
        "۱۳۸۰۰۱۳۸۰۰۰",
        "三三零五二一",
        "0",
        "-1",
        "a\u{301}",
        "👨‍👩‍👧",
        "13800138000\n",
        "'; DROP TABLE x; --",
        "9999-12-31",
        "0001-01-02",
        "1990-02-30",
        "0000-00-00",
        huge.as_str(),
    ];
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(odd));
    for spec in all() {
        let Some(masked) = mask(&column, &spec) else { continue };
        assert_eq!((masked.len(), masked.data_type()), (column.len(), column.data_type()));
        if masked.null_count() > 0 {
            assert_eq!(spec, MaskSpec::Null);
            continue;
        }
        for (before, after) in odd.iter().zip(masked.as_string::<i32>()) {
            assert_ne!(*before, after.unwrap(), "{spec:?}");
            if !matches!(spec, MaskSpec::Partial { .. }) {
                assert!(after.unwrap().len() <= 64, "{spec:?}: a huge text stays huge");
            }
        }
    }
}

#[test]
fn the_ends_of_every_range_are_masked() {
    let integers: ArrayRef = Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![i32::MIN, -719_162, 2_932_896, i32::MAX]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![
        f64::MIN,
        f64::MAX,
        -0.0,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NAN,
        f64::from_bits(0x7ff8_0000_dead_beef),
    ]));
    let nanos: ArrayRef =
        Arc::new(TimestampNanosecondArray::from(vec![i64::MIN, 0, i64::MAX]).with_timezone("+08:00"));
    let mut tried = 0;
    for spec in all() {
        for column in [&integers, &days, &floats, &nanos] {
            if check_mask(&spec, column.data_type()).is_err() {
                continue;
            }
            let masked = mask(column, &spec).unwrap_or_else(|| panic!("{spec:?} on {}", column.data_type()));
            assert_eq!((masked.data_type(), masked.len()), (column.data_type(), column.len()));
            if spec == MaskSpec::Null {
                continue;
            }
            assert_eq!(masked.null_count(), 0, "{spec:?} on {}", column.data_type());
            tried += 1;
            if let Some(masked) = masked.as_primitive_opt::<Float64Type>() {
                let quiet = |value: &f64| !value.is_nan() || value.to_bits() == f64::NAN.to_bits();
                assert!(masked.values().iter().all(quiet), "{spec:?}: bits within a NaN stay");
            }
            // Dates beyond the calendar come back into it.
            if column.data_type() == &ArrowType::Date32 && !matches!(spec, MaskSpec::TopBottom { .. }) {
                let masked = masked.as_primitive::<arrow::datatypes::Date32Type>();
                assert!(masked.values().iter().all(|day| (-719_162..=2_932_896).contains(day)), "{spec:?}");
            }
        }
    }
    assert!(tried >= 25, "{tried} pairs of mask and type");
}

#[test]
fn what_cannot_be_read_is_an_error_and_no_null() {
    let seconds: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX]));
    let spec = MaskSpec::ShiftDate { days_max: 3 };
    assert_eq!(mask_column(&seconds, &spec, &key(1)).unwrap_err().code(), "privacy.arrow");
    let wide: ArrayRef = Arc::new(Date64Array::from(vec![i64::MAX]));
    assert!(
        mask_column(&wide, &spec, &key(1)).is_ok_and(|masked| masked.null_count() == 0) || wide.is_valid(0)
    );
}

#[test]
fn dictionaries_come_back_as_dictionaries() {
    let column: DictionaryArray<Int32Type> =
        vec![Some("330521"), None, Some("330521"), Some("x")].into_iter().collect();
    let column: ArrayRef = Arc::new(column);
    for spec in [MaskSpec::Region { level: RegionLevel::Province }, MaskSpec::Token { domain: "d".into() }] {
        let masked = check_type(Arc::clone(&column), &spec);
        assert_eq!(masked.data_type(), column.data_type());
        assert!(masked.is_null(1) && masked.is_valid(0));
    }
}

#[test]
fn a_spec_from_outside_is_read_strictly() {
    for bad in [
        r#"{"method":"partial","head":3}"#,
        r#"{"method":"partial","head":3,"tail":4,"fill":"**"}"#,
        r#"{"method":"partial","head":3,"tail":400}"#,
        r#"{"method":"age","reference":"2026-02-30","years":10,"top":85}"#,
        r#"{"method":"region","level":"planet"}"#,
        r#"{"method":"top_bottom","bottom":1,"middle":2}"#,
        r#"{"method":"grid","micro_degrees":-1}"#,
    ] {
        assert!(serde_json::from_str::<MaskSpec>(bad).is_err(), "{bad}");
    }
    let mut all = all();
    all.push(MaskSpec::Shuffle { domain: "d".into() });
    for spec in all {
        spec.check().unwrap();
        let json = serde_json::to_string(&spec).unwrap();
        assert!(json.contains(&format!(r#""method":"{}""#, spec.name())));
        assert_eq!(serde_json::from_str::<MaskSpec>(&json).unwrap(), spec);
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_method_panic_or_pass_through(value in "\\PC{0,24}|[0-9]{1,20}|[0-9]{4}-[0-9]{2}-[0-9]{2}") {
        let column: ArrayRef = Arc::new(StringArray::from(vec![value.as_str()]));
        for spec in all() {
            // These leave what is coarse already as it is, and fills where there were fills.
            let plain = match spec {
                MaskSpec::Calendar { .. } | MaskSpec::Region { .. } | MaskSpec::TopBottom { .. } => {
                    value.trim().bytes().any(|byte| !byte.is_ascii_digit() && byte != b'-')
                }
                MaskSpec::Partial { .. } => !value.contains('*'),
                _ => true,
            };
            let Some(masked) = mask(&column, &spec) else { continue };
            prop_assert_eq!(masked.len(), 1);
            if plain && masked.is_valid(0) {
                prop_assert_ne!(masked.as_string::<i32>().value(0), &value, "{:?}", spec);
            }
        }
    }

    #[test]
    fn no_number_makes_a_method_panic(values in proptest::collection::vec(any::<Option<i64>>(), 1..20), bits: u64) {
        let integers: ArrayRef = Arc::new(Int64Array::from(values.clone()));
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![f64::from_bits(bits)]));
        for spec in all().into_iter().filter(|spec| *spec != MaskSpec::Null) {
            if let Some(masked) = mask(&integers, &spec) {
                let masked = masked.as_primitive::<Int64Type>();
                for (row, value) in values.iter().enumerate() {
                    prop_assert_eq!(masked.is_null(row), value.is_none());
                }
            }
            prop_assert!(mask(&floats, &spec).is_none_or(|masked| masked.null_count() == 0));
        }
    }
}
