use catalog::{Domain, OutputColumn, Parameter, Value};
use privacy::DataType;
use privacy::disclosure::Suppression;
use privacy::masking::MaskKey;
use serde_json::json;

use super::*;
use crate::fixture::{County, object, ring};
use crate::protocol::PageOrder;
use crate::serving::read_page;

fn column(name: &str, data_type: DataType) -> OutputColumn {
    OutputColumn { name: name.to_owned(), data_type }
}

const BY_REGION: &str =
    "SELECT region, count(*) AS n, sum(income) AS total FROM persons GROUP BY region ORDER BY region";

fn by_region() -> Vec<OutputColumn> {
    vec![column("region", DataType::Text), column("n", DataType::Integer), column("total", DataType::Float)]
}

fn rows(county: &County, done: &RunDone) -> Vec<Vec<serde_json::Value>> {
    let order = PageOrder {
        object: crate::protocol::ObjectRef { object: done.written.object, key: "result".to_owned() },
        offset: 0,
        limit: 100,
    };
    read_page(county.dir.path(), &ring(), &order).unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_dominated_cells_are_suppressed() {
    let county = County::new();
    let engine = county.prod();
    let done = engine.run(county.order(50, BY_REGION, &["persons"], by_region()), None).await.unwrap();
    // "east" has five persons; in "north" one person has nearly all the income.
    assert_eq!(rows(&county, &done), [vec![json!("south"), json!(300), json!(30_000.0)]]);
    assert_eq!((done.report.cells, done.report.passed, done.report.suppressed), (3, 1, 2));
    assert_eq!((done.report.failures.few_entities, done.report.failures.dominance), (1, 1));
    let mut order = county.order(51, BY_REGION, &["persons"], by_region());
    order.suppression = Suppression::NullValues;
    let done = engine.run(order, None).await.unwrap();
    let expected = [
        vec![json!("east"), json!(null), json!(null)],
        vec![json!("north"), json!(null), json!(null)],
        vec![json!("south"), json!(300), json!(30_000.0)],
    ];
    assert_eq!(rows(&county, &done), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_are_counted_through_joins_not_rows() {
    let county = County::new();
    let engine = county.prod();
    // 50 visits a region cell would pass a row count; "east" has five persons behind them.
    let sql = "SELECT p.region, s.city, count(*) AS n FROM visits v JOIN persons p ON p.person_id = v.person_id \
               JOIN stations s ON s.station = v.station GROUP BY p.region, s.city ORDER BY p.region, s.city";
    let output = vec![
        column("region", DataType::Text),
        column("city", DataType::Text),
        column("n", DataType::Integer),
    ];
    let order = county.order(52, sql, &["persons", "stations", "visits"], output);
    let done = engine.run(order, None).await.unwrap();
    let regions: Vec<_> = rows(&county, &done).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(regions, ["north", "north", "south", "south"].map(|region| json!(region)));
    assert_eq!(done.report.failures.few_entities, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_above_the_aggregate_do_not_lift_the_threshold() {
    let county = County::new();
    let engine = county.prod();
    let sql = "SELECT region, birth_year, count(*) AS n FROM persons GROUP BY region, birth_year HAVING count(*) = 1";
    let output = vec![
        column("region", DataType::Text),
        column("birth_year", DataType::Integer),
        column("n", DataType::Integer),
    ];
    let done = engine.run(county.order(53, sql, &["persons"], output), None).await.unwrap();
    assert_eq!(rows(&county, &done), Vec::<Vec<serde_json::Value>>::new());
    assert_eq!(done.report.passed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_bound_to_text_inputs_and_output_and_spent_once() {
    let county = County::new();
    let engine = county.prod();
    let order = || county.order(54, BY_REGION, &["persons"], by_region());
    let code = async |order: RunOrder| engine.run(order, None).await.unwrap_err().code();
    let mut other = order();
    other.sql.push(' ');
    assert_eq!(code(other).await, "domain.order_mismatch");
    let mut other = order();
    other.inputs[0].digest = Digest::of(b"another");
    assert_eq!(code(other).await, "domain.order_mismatch");
    let mut other = order();
    other.inputs[0].snapshot = crate::fixture::id(99);
    assert_eq!(code(other).await, "domain.order_mismatch");
    let mut other = order();
    other.inputs.push(county.pin("visits"));
    assert_eq!(code(other).await, "domain.order_mismatch");
    let mut other = order();
    other.inputs.clear();
    assert_eq!(code(other).await, "domain.order_mismatch");
    let mut other = order();
    other.output.pop();
    assert_eq!(code(other).await, "domain.order_mismatch");
    let mut other = order();
    other.thresholds.min_entities = 1;
    assert_eq!(code(other).await, "privacy.threshold");
    engine.run(order(), None).await.unwrap();
    assert_eq!(code(order()).await, "domain.order_used");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_on_raw_data_are_a_code_without_a_value() {
    let county = County::new();
    let engine = county.prod();
    let faulty = [
        "SELECT region, count(*) AS x FROM persons WHERE 1 / (birth_year - birth_year) = 1 GROUP BY region",
        "SELECT region, count(*) AS x FROM persons WHERE CAST(region AS BIGINT) = 1 GROUP BY region",
        "SELECT region, 10 / (count(*) - count(*)) AS x FROM persons GROUP BY region",
        "SELECT CAST(region AS BIGINT) AS region, count(*) AS x FROM persons GROUP BY CAST(region AS BIGINT)",
    ];
    for (number, sql) in (60..).zip(faulty) {
        let key = if sql.starts_with("SELECT CAST") { DataType::Integer } else { DataType::Text };
        let output = vec![column("region", key), column("x", DataType::Integer)];
        let error = engine.run(county.order(number, sql, &["persons"], output), None).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("domain.run_failed", "the run failed"));
        assert!(std::error::Error::source(&error).is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_typed_literals_inside_their_domain() {
    let county = County::new();
    let engine = county.prod();
    let sql = "SELECT region, count(*) AS n FROM persons WHERE birth_year >= $from AND region <> $not GROUP BY region";
    let parameters = vec![
        Parameter {
            name: "from".to_owned(),
            data_type: DataType::Integer,
            domain: Domain::Range(Value::Integer(1900), Value::Integer(2000)),
        },
        Parameter {
            name: "not".to_owned(),
            data_type: DataType::Text,
            domain: Domain::Values(vec![
                Value::Text("north".to_owned()),
                Value::Text("' OR 1=1 --".to_owned()),
            ]),
        },
    ];
    let output = vec![column("region", DataType::Text), column("n", DataType::Integer)];
    let order = |number, values: &[(&str, &str)]| {
        let mut order = county.order(number, sql, &["persons"], output.clone());
        order.parameters = parameters.clone();
        order.values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        order
    };
    let done = engine.run(order(70, &[("from", "1975"), ("not", "north")]), None).await.unwrap();
    assert_eq!(rows(&county, &done), [vec![json!("south"), json!(150)]]);
    let done = engine.run(order(71, &[("from", "1900"), ("not", "' OR 1=1 --")]), None).await.unwrap();
    assert_eq!(done.report.cells, 3);
    for bad in [
        &[("from", "1975")][..],
        &[("from", "3000"), ("not", "north")],
        &[("from", "x"), ("not", "north")],
        &[("from", "1975"), ("not", "south")],
        &[("from", "1975"), ("not", "north"), ("more", "1")],
    ] {
        assert_eq!(engine.run(order(72, bad), None).await.unwrap_err().code(), "domain.parameter", "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_differs_little_from_an_earlier_one_is_caught() {
    let county = County::new();
    let engine = county.prod();
    let key = MaskKey::new([3; 32]);
    let sql = |limit: i64| {
        format!("SELECT region, count(*) AS n FROM persons WHERE birth_year < {limit} GROUP BY region")
    };
    let output = || vec![column("region", DataType::Text), column("n", DataType::Integer)];
    let mut first = county.order(80, &sql(2000), &["persons"], output());
    first.cells = Some(object(81, "result"));
    let done = engine.run(first, Some(&key)).await.unwrap();
    assert_eq!(done.report.passed, 2);
    // One year less: six persons of "south" and two of "north" could be told apart by subtraction.
    let mut second = county.order(82, &sql(1999), &["persons"], output());
    second.earlier = vec![object(81, "result")];
    let done = engine.run(second, Some(&key)).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (0, 2));
    let mut third = county.order(83, &sql(1980), &["persons"], output());
    third.earlier = vec![object(81, "result")];
    assert_eq!(engine.run(third, Some(&key)).await.unwrap().report.failures.differencing, 0);
}
