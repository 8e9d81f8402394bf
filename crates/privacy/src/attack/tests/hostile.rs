//! Input that nobody should send never ends in a panic, and what cannot be judged is refused.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Float64Array, Int64Array, ListArray,
    NullArray, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Int64Type, Schema};
use proptest::prelude::*;

use super::people::*;
use crate::SensitiveKind as Kind;
use crate::attack::{Attack, Column, Input, Limits, Rows, Verdict, examine, memorisation};
use crate::ir::Label;

fn batch(columns: Vec<ArrayRef>) -> RecordBatch {
    let names = ["a", "b", "c", "d"];
    RecordBatch::try_from_iter(names.into_iter().zip(columns)).unwrap()
}

fn described(labels: &[Label]) -> Vec<Column> {
    let kinds = [Kind::ResidentId, Kind::General, Kind::BirthDate, Kind::Mobile];
    let all = ["a", "b", "c", "d"].into_iter().zip(kinds).zip(labels);
    all.map(|((name, kind), label)| Column::new(name, kind).with_label(*label)).collect()
}

fn strange(rows: usize) -> Vec<ArrayRef> {
    let huge = "证".repeat(200_000);
    vec![
        new_null_array(&DataType::Utf8, rows),
        new_null_array(&DataType::Int64, rows),
        Arc::new(NullArray::new(rows)),
        Arc::new(StringArray::from_iter_values(
            (0..rows).map(|row| if row == 0 { huge.clone() } else { "\u{0}\u{200b}".into() }),
        )),
        Arc::new(Float64Array::from_iter_values(
            (0..rows).map(|row| [f64::NAN, f64::INFINITY, -0.0, 1e308][row % 4]),
        )),
        Arc::new(Int64Array::from_iter_values((0..rows).map(|row| [i64::MIN, i64::MAX, 0][row % 3]))),
        Arc::new(Date32Array::from_iter_values((0..rows).map(|row| [i32::MIN, i32::MAX, 0][row % 3]))),
        Arc::new(Date64Array::from_iter_values((0..rows).map(|row| [i64::MIN, i64::MAX, 0][row % 3]))),
        Arc::new(TimestampMicrosecondArray::from_iter_values(
            (0..rows).map(|row| [i64::MIN, i64::MAX, 0][row % 3]),
        )),
        Arc::new(BooleanArray::from_iter((0..rows).map(|row| Some(row % 2 == 0)))),
        Arc::new(BinaryArray::from_iter_values((0..rows).map(|row| vec![0xff, row as u8]))),
        Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(
            (0..rows).map(|row| Some([Some(row as i64)])),
        )),
        Arc::new(StringArray::from_iter_values((0..rows).map(|row| "9".repeat(row % 60)))),
    ]
}

#[test]
fn strange_columns_of_every_size() {
    for rows in [0, 1, 2, 3, 300] {
        let all = strange(rows);
        for (at, left) in all.iter().enumerate() {
            let right = &all[(at * 5 + 3) % all.len()];
            let raw = batch(vec![left.clone(), right.clone(), left.clone(), right.clone()]);
            let masked = batch(vec![right.clone(), left.clone(), left.clone(), right.clone()]);
            for labels in [
                [Label::Identifier, Label::Quasi, Label::Sensitive, Label::Public],
                [Label::Sensitive, Label::Identifier, Label::Quasi, Label::Identifier],
            ] {
                let mut columns = described(&labels);
                columns[at % 4].entity = true;
                for from in [Rows::Same, Rows::Unknown, Rows::Synthetic] {
                    let input = Input { holdout: Some(&raw), ..Input::new(&raw, &masked, &columns, from) };
                    let report = examine(&input, &Limits::default()).unwrap();
                    let json = serde_json::to_string(&report).unwrap();
                    assert!(!json.contains("null,\"bound\"") && !json.contains('证'), "{json}");
                    if matches!(right.data_type(), DataType::List(_)) {
                        assert!(report.succeeded().any(|f| f.attack == Attack::Unreadable));
                    }
                }
                let _score = memorisation(&raw, &masked, &raw, &columns, 1);
            }
        }
    }
}

#[test]
fn tables_without_columns_or_rows() {
    let options = RecordBatchOptions::new().with_row_count(Some(5));
    let none = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let report = examine(&Input::new(&none, &none, &[], Rows::Same), &Limits::default()).unwrap();
    assert_eq!(report.verdict, Verdict::Publishable, "nothing says nothing");
    let raw = people(500, 81);
    let columns = columns();
    let empty = masked_well(&raw, 1).slice(0, 0);
    for from in [Rows::From(&[]), Rows::Unknown, Rows::Synthetic] {
        assert!(
            examine(&Input::new(&raw, &empty, &columns, from), &Limits::default()).unwrap().publishable()
        );
    }
    let one = masked_well(&raw, 1).slice(7, 1);
    let report =
        examine(&Input::new(&raw, &one, &columns, Rows::From(&[Some(7)])), &Limits::default()).unwrap();
    assert!(report.succeeded().any(|f| f.attack == Attack::KAnonymity), "one row is one person");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let raw = people(50, 82);
    let columns = columns();
    let code = |input: Input<'_>, limits: &Limits| examine(&input, limits).unwrap_err().code();
    let limits = Limits::default();
    let part = raw.slice(0, 20);
    assert_eq!(code(Input::new(&raw, &part, &columns, Rows::Same), &limits), "privacy.length");
    assert_eq!(code(Input::new(&raw, &part, &columns, Rows::From(&[None])), &limits), "privacy.length");
    let far = [Some(50); 20];
    assert_eq!(code(Input::new(&raw, &part, &columns, Rows::From(&far)), &limits), "privacy.length");
    assert_eq!(code(Input::new(&raw, &raw, &columns[1..], Rows::Same), &limits), "privacy.column");
    let absent = [Column::new("absent", Kind::General)];
    assert_eq!(code(Input::new(&raw, &raw, &absent, Rows::Same), &limits), "privacy.column");
    let loose = Limits { k_min: f64::NAN, ..limits };
    assert_eq!(code(Input::new(&raw, &raw, &columns, Rows::Same), &loose), "privacy.threshold");
}

#[test]
fn codes_and_words_are_whole() {
    let mut codes: Vec<&str> = Attack::ALL.iter().map(|attack| attack.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Attack::ALL.len());
    for attack in Attack::ALL {
        assert!(attack.code().starts_with("attack."));
        for zh in [attack.name_zh(), attack.worked_zh(), attack.remedy_zh()] {
            assert!(zh.chars().any(|c| c >= '一'), "{}", attack.code());
        }
        for en in [attack.name_en(), attack.worked_en(), attack.remedy_en()] {
            assert!(en.chars().all(|c| c < '一') && !en.ends_with('.'), "{}", attack.code());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_text_makes_an_attack_panic(values in proptest::collection::vec(("\\PC{0,20}", "\\PC{0,20}", any::<i32>()), 0..400)) {
        let left = texts(values.iter().map(|v| v.0.clone()));
        let right = texts(values.iter().map(|v| v.1.clone()));
        let days: ArrayRef = Arc::new(Date32Array::from_iter_values(values.iter().map(|v| v.2 % 100_000)));
        let raw = batch(vec![left.clone(), right.clone(), days.clone(), left.clone()]);
        let masked = batch(vec![right.clone(), right, days, left]);
        let columns = described(&[Label::Identifier, Label::Quasi, Label::Sensitive, Label::Identifier]);
        prop_assert!(examine(&Input::new(&raw, &masked, &columns, Rows::Same), &Limits::default()).is_ok());
    }
}
