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

/// A run that fails for some values and not for others would answer a question about them.
#[tokio::test(flavor = "multi_thread")]
async fn no_value_makes_a_run_fail() {
    let county = County::new();
    let engine = county.prod();
    let min = "((birth_year - birth_year + 1) * 4611686018427387904 * 2)";
    let conditions = [
        "1 / (birth_year - 1957) < 1000".to_owned(),
        "1 % (birth_year - 1957) < 1000".to_owned(),
        "CAST(region AS BIGINT) IS NULL".to_owned(),
        "CAST(birth_year * 1000000 AS DECIMAL(5,0)) IS NULL".to_owned(),
        "CAST(birth_year AS DECIMAL(38,0)) * 99999999999999999999999999999999999999 > 1".to_owned(),
        "CAST(income * 1e300 * 1e300 AS BIGINT) IS NULL".to_owned(),
        "income * 1e15 > 1.5".to_owned(),
        "CAST(income AS DECIMAL(20,2)) < income * 1e30".to_owned(),
        format!("{min} < 0"),
        format!("{min} / (birth_year - birth_year - 1) IS NULL"),
        format!("abs({min}) > 0"),
        format!("round({min}, 2) < 0"),
        "round(CAST(birth_year AS DECIMAL(38,0)), -2) > 0".to_owned(),
        "left(region, -100) = ''".to_owned(),
        "date_trunc('week', CAST('9999-12-31' AS DATE)) > DATE '2020-01-01'".to_owned(),
        "date_trunc('year', CAST('1677-12-31' AS DATE)) > DATE '2020-01-01'".to_owned(),
        "date_trunc('month', CAST('2022-02-20' AS DATE)) = DATE '2022-02-01'".to_owned(),
        "CAST('9999-12-31' AS DATE) + INTERVAL '1000 years' > DATE '2020-01-01'".to_owned(),
    ];
    for (number, condition) in (60..).zip(conditions) {
        let sql = format!(
            "SELECT region, count(*) AS x FROM persons WHERE region = 'south' AND {condition} GROUP BY region"
        );
        let output = vec![column("region", DataType::Text), column("x", DataType::Integer)];
        let order = county.order(number, &sql, &["persons"], output);
        let done = engine.run(order, None).await.unwrap_or_else(|error| panic!("{condition}: {error}"));
        assert!(done.report.cells <= 1, "{condition}");
    }
    let sql = "SELECT region, 10 / (count(*) - 300) AS x, 10 / (count(*) - count(*)) AS y FROM persons GROUP BY region";
    let output = vec![
        column("region", DataType::Text),
        column("x", DataType::Integer),
        column("y", DataType::Integer),
    ];
    let done = engine.run(county.order(90, sql, &["persons"], output), None).await.unwrap();
    assert!(rows(&county, &done).contains(&vec![json!("south"), json!(null), json!(null)]));
}

/// One station has nearly all the cost of a cell in which no person stands out.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_entity_is_judged_for_dominance() {
    let mut county = County::new();
    let stations = county.tables.iter_mut().find(|table| table.name == "stations").unwrap();
    stations.entity.as_mut().unwrap().protected = true;
    let engine = county.prod();
    let sql = "SELECT s.city, sum(v.cost) AS total FROM visits v JOIN stations s ON s.station = v.station GROUP BY s.city";
    let output = vec![column("city", DataType::Text), column("total", DataType::Float)];
    let mut order = county.order(91, sql, &["stations", "visits"], output);
    order.thresholds.min_entities = 2;
    let done = engine.run(order, None).await.unwrap();
    // "city 1" has one station; "city 0" has two of about equal cost, and 133 persons or more stand behind either.
    assert_eq!(done.report.kinds, ["person", "station"]);
    assert_eq!(done.report.failures.dominance, 2 - done.report.passed);
    assert!(done.report.failures.dominance >= 1);
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
    // The worst of several comparisons counts, whatever comes last.
    let mut far = county.order(84, &sql(1960), &["persons"], output());
    far.cells = Some(object(85, "result"));
    engine.run(far, Some(&key)).await.unwrap();
    let mut both = county.order(86, &sql(1999), &["persons"], output());
    both.earlier = vec![object(81, "result"), object(85, "result")];
    let done = engine.run(both, Some(&key)).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (0, 2));
    let mut third = county.order(83, &sql(1980), &["persons"], output());
    third.earlier = vec![object(81, "result")];
    assert_eq!(engine.run(third, Some(&key)).await.unwrap().report.failures.differencing, 0);
}
