use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use super::population::*;
use crate::disclosure::dp::NotGiven;
use crate::twin::{Content, Description, Domain, Pairs, Survey, Table, fit};
use crate::{DataType, Error, SensitiveKind};

fn refused(description: &Description) -> Error {
    let cost = epsilon(5_000_000);
    let mut budget = budget(cost);
    let refused = Survey::new(description, cost, &mut budget, [1; 32]).unwrap_err();
    assert_eq!(budget.left(), budget.total(), "nothing is spent");
    match refused {
        NotGiven::Fault(fault) => fault,
        NotGiven::Refused(refused) => panic!("{refused:?}"),
    }
}

#[test]
fn what_is_not_declared_is_refused_and_what_does_not_fit_too() {
    let with = |change: fn(&mut Description)| {
        let mut description = county();
        change(&mut description);
        refused(&description).code()
    };
    assert_eq!(with(|d| d.tables[0].columns[5].content = Content::Open), "privacy.undeclared");
    assert_eq!(with(|d| d.tables[0].columns[6].content = Content::Open), "privacy.undeclared");
    let changes: [fn(&mut Description); 14] = [
        |d| d.tables[0].columns[5].content = Content::Range { low: 5, high: 1, bins: 2 },
        |d| d.tables[0].columns[5].content = Content::Range { low: 0, high: 3, bins: 5 },
        |d| d.tables[0].columns[5].content = Content::Range { low: 0, high: i64::MAX, bins: 5 },
        |d| d.tables[0].columns[6].content = Content::Range { low: i64::MIN, high: i64::MAX, bins: 5 },
        |d| d.tables[0].columns[3].content = categories(&["a", "a"]),
        |d| d.tables[0].columns[3].content = categories(&[]),
        |d| d.tables[0].columns[3].content = Content::Flag,
        |d| d.tables[0].columns[2].content = invented(SensitiveKind::Medical),
        |d| d.tables[0].entity = vec!["nobody".into()],
        |d| d.tables[0].entity.clear(),
        |d| d.tables[0].rows_max = 0,
        |d| d.tables.swap(0, 1),
        |d| d.tables[0].columns[0].name = "name".into(),
        |d| {
            d.tables[1].pairs =
                Pairs::Given(vec![("place".into(), "cost".into()), ("cost".into(), "place".into())])
        },
    ];
    for (place, change) in changes.into_iter().enumerate() {
        assert_eq!(with(change), "privacy.twin", "{place}");
    }
    assert_eq!(
        with(|d| d.tables[0].columns[5].content = Content::Range { low: 0, high: 9_999, bins: 2_000 }),
        "privacy.twin_limit"
    );
    assert_eq!(with(|d| d.tables.clear()), "privacy.twin");
}

fn one(content: Content, pairs: Pairs) -> Description {
    let columns = vec![
        column("id", DataType::Integer, false, Content::Key),
        column("x", DataType::Text, true, content),
        column("y", DataType::Integer, true, Content::Range { low: 0, high: 9, bins: 10 }),
    ];
    Description {
        tables: vec![Table { name: "t".into(), columns, entity: vec!["id".into()], rows_max: 1, pairs }],
    }
}

fn batch(x: ArrayRef, y: Vec<Option<i64>>) -> RecordBatch {
    let ids: Vec<i64> = (0..).take(y.len()).collect();
    let columns =
        [("id", Arc::new(Int64Array::from(ids)) as ArrayRef), ("x", x), ("y", Arc::new(Int64Array::from(y)))];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

#[test]
fn no_rows_one_row_and_nothing_but_nulls() {
    let cost = epsilon(9_000_000);
    let description = one(Content::Open, Pairs::Tree);
    for rows in [0, 1, 5_000] {
        let nulls = batch(Arc::new(StringArray::new_null(rows)), vec![None; rows]);
        let data = [("t", nulls)];
        let data = if rows == 0 { &data[..0] } else { &data[..] };
        let model = fitted(data, &description, cost, 1);
        assert!(model.rows("t").unwrap().abs_diff(rows as u64) < 50);
        let twin = crate::twin::generate(&model, &BTreeMap::from([("t".into(), 1_000)]), [2; 32]).unwrap();
        assert_eq!(texts(&twin[0].batches, "id").len(), 1_000);
        let nulls = texts(&twin[0].batches, "y").iter().filter(|y| y.is_none()).count();
        assert!(rows < 5_000 || nulls > 950, "{nulls}");
        let none = crate::twin::generate(&model, &BTreeMap::from([("t".into(), 0)]), [2; 32]).unwrap();
        assert_eq!(none[0].batches[0].num_rows(), 0);
    }
}

#[test]
fn a_million_categories_leave_nothing_behind() {
    let count = 1_000_000;
    let x: StringArray = (0..count).map(|row| Some(format!("v{row}"))).collect();
    let data = [("t", batch(Arc::new(x), vec![Some(3); count]))];
    let model = fitted(&data, &one(Content::Open, Pairs::Tree), epsilon(9_000_000), 1);
    let (domain, counts) = model.marginal("t", "x").unwrap();
    assert_eq!(*domain, Domain::Values(Vec::new()));
    assert_eq!(counts.len(), 2);
    assert!(counts[1].abs_diff(1_000_000) < 100);
    // All values are the rest: tokens stand for them.
    let twin = crate::twin::generate(&model, &BTreeMap::from([("t".into(), 100)]), [2; 32]).unwrap();
    assert!(texts(&twin[0].batches, "x").iter().flatten().all(|x| x.starts_with('~')));
}

#[test]
fn values_past_the_bounds_and_the_domain_do_not_come_back() {
    let rows = 4_000;
    let y = (0..rows).map(|row| Some(if row % 2 == 0 { i64::MIN } else { i64::MAX })).collect();
    let x: StringArray = (0..rows).map(|row| Some(if row % 4 == 0 { "secret" } else { "a" })).collect();
    let data = [("t", batch(Arc::new(x), y))];
    let model = fitted(&data, &one(categories(&["a", "b"]), Pairs::Tree), epsilon(30_000_000), 1);
    let twin = crate::twin::generate(&model, &BTreeMap::from([("t".into(), 2_000)]), [2; 32]).unwrap();
    let ys = texts(&twin[0].batches, "y");
    assert!(ys.iter().flatten().all(|y| y.parse::<i64>().is_ok_and(|y| (0..=9).contains(&y))));
    assert!(ys.iter().flatten().filter(|y| *y == "0" || *y == "9").count() > 1_900);
    assert!(texts(&twin[0].batches, "x").iter().flatten().all(|x| x == "a" || x == "b"));
}

#[test]
fn missing_and_wrong_columns_and_tables_are_errors() {
    let cost = epsilon(9_000_000);
    let description = one(Content::Open, Pairs::Tree);
    let mut survey = Survey::new(&description, cost, &mut budget(cost), [1; 32]).unwrap();
    let sound = batch(Arc::new(StringArray::from(vec!["a"])), vec![Some(1)]);
    assert_eq!(survey.push("other", &sound).unwrap_err().code(), "privacy.twin");
    let short = sound.project(&[0, 1]).unwrap();
    assert_eq!(survey.push("t", &short).unwrap_err().code(), "privacy.column");
    let fault = fit(&[("other", sound)], &description, cost, &mut budget(cost), [1; 32]).unwrap_err();
    assert!(matches!(fault, NotGiven::Fault(Error::Twin { .. })));
}

#[test]
fn one_entity_counts_its_rows_at_most() {
    let ids = Int64Array::from(vec![7; 5_000]);
    let columns = [
        ("id", Arc::new(ids) as ArrayRef),
        ("x", Arc::new(StringArray::from(vec!["a"; 5_000]))),
        ("y", Arc::new(Int64Array::from(vec![1; 5_000]))),
    ];
    let data = [("t", RecordBatch::try_from_iter(columns).unwrap())];
    let mut description = one(categories(&["a"]), Pairs::Tree);
    description.tables[0].rows_max = 3;
    let model = fitted(&data, &description, epsilon(60_000_000), 1);
    assert!(model.rows("t").unwrap() < 30, "{:?}", model.rows("t"));
}
