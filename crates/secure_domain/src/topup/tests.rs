use std::collections::BTreeMap;

use privacy::SensitiveKind;
use privacy::twin::Reason;
use serde_json::json;

use crate::engine::DevEngine;
use crate::fixture::{County, object, zone_key};
use crate::protocol::{
    AddedRows, Domain, Page, Parameter, QueryOrder, TopUpOrder, TopUpTable, ToppedUp, Value,
};

const PER_BRANCH: u16 = 4;

fn order(sql: &str) -> TopUpOrder {
    let person = BTreeMap::from([("name".to_owned(), SensitiveKind::PersonName)]);
    let table = |(place, name): (usize, &str)| TopUpTable {
        table: name.to_owned(),
        kinds: if name == "persons" { person.clone() } else { BTreeMap::new() },
        into: object(60 + u8::try_from(place).unwrap(), "result"),
        into_key: zone_key("result", 8),
    };
    TopUpOrder {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        values: BTreeMap::new(),
        per_branch: PER_BRANCH,
        tables: ["persons", "visits", "stations", "undeclared"].into_iter().enumerate().map(table).collect(),
        seed: [5; 32],
    }
}

/// The zone's tables with what was made for them.
fn with_rows(county: &County, order: &TopUpOrder, made: &ToppedUp) -> DevEngine {
    let mut tables = county.twins.clone();
    for topped in &made.tables {
        let into = order.tables.iter().find(|table| table.table == topped.table).unwrap().into.clone();
        let table = tables.iter_mut().find(|table| table.name == topped.table).unwrap();
        table.added.push(AddedRows { object: into, rows: topped.written.rows });
    }
    let engine = county.dev();
    engine.session.set_tables(tables).unwrap();
    engine
}

async fn asked(engine: &DevEngine, sql: &str) -> Page {
    let order =
        QueryOrder { sql: sql.to_owned(), parameters: Vec::new(), values: BTreeMap::new(), rows_max: 10_000 };
    engine.query(order).await.unwrap()
}

#[tokio::test]
async fn a_query_that_finds_nobody_finds_rows_on_each_side_of_its_conditions() {
    let county = County::new();
    let sql = "SELECT person_id, region, income FROM persons WHERE region = 'west' AND income > 250000.5";
    assert!(asked(&county.dev(), sql).await.rows.is_empty());
    let order = order(sql);
    let made = county.dev().top_up(order.clone()).await.unwrap();
    assert!(made.unfilled.is_empty() && made.filled > 2, "{:?}", made.unfilled);
    let engine = with_rows(&county, &order, &made);
    let found = asked(&engine, sql).await;
    assert!(found.rows.len() >= usize::from(PER_BRANCH), "{}", found.rows.len());
    let all = asked(&engine, "SELECT count(*) AS n FROM persons").await;
    assert_eq!(all.rows, [[json!(400 + made.tables[0].written.rows)]]);
    let other =
        asked(&engine, "SELECT person_id FROM persons WHERE region = 'west' AND income <= 250000.5").await;
    assert!(!other.rows.is_empty());
    let twice = asked(&engine, "SELECT person_id FROM persons GROUP BY person_id HAVING count(*) > 1").await;
    assert!(twice.rows.is_empty(), "keys stay unique");
    // Rows that were not asked for are what they were.
    let before = asked(&county.dev(), "SELECT region, count(*) AS n FROM persons GROUP BY region").await;
    assert_eq!(before.rows.len(), 3);
}

#[tokio::test]
async fn joins_match_and_parameters_are_read() {
    let county = County::new();
    let sql = "SELECT p.region, count(*) AS n FROM persons p JOIN visits v ON v.person_id = p.person_id \
               WHERE v.station = $station AND p.birth_year BETWEEN 2010 AND 2012 GROUP BY p.region";
    let mut order = order(sql);
    order.parameters = vec![Parameter {
        name: "station".into(),
        data_type: privacy::DataType::Text,
        domain: Domain::Values(vec![Value::Text("S9".into())]),
    }];
    order.values = BTreeMap::from([("station".to_owned(), "S9".to_owned())]);
    let made = county.dev().top_up(order.clone()).await.unwrap();
    assert_eq!(made.tables.len(), 2);
    let engine = with_rows(&county, &order, &made);
    let bound = sql.replace("$station", "'S9'");
    assert!(asked(&county.dev(), &bound).await.rows.is_empty());
    assert!(!asked(&engine, &bound).await.rows.is_empty());
}

#[tokio::test]
async fn what_no_row_decides_is_told_and_what_is_no_query_is_refused() {
    let county = County::new();
    let sql = "SELECT region, count(*) AS n FROM persons GROUP BY region HAVING count(*) > 900";
    let made = county.dev().top_up(order(sql)).await.unwrap();
    assert!(made.unfilled.iter().any(|branch| branch.reason == Reason::ManyRows), "{:?}", made.unfilled);
    for sql in ["DELETE FROM persons", "SELECT * FROM nowhere", "SELECT 1; SELECT 2"] {
        assert!(county.dev().top_up(order(sql)).await.is_err(), "{sql}");
    }
    let mut huge = order("SELECT person_id FROM persons WHERE region = 'west'");
    huge.per_branch = 1_001;
    assert_eq!(county.dev().top_up(huge).await.unwrap_err().code(), "privacy.twin_limit");
}

#[tokio::test]
async fn nothing_is_added_to_raw_tables() {
    let county = County::new();
    let order = order("SELECT person_id FROM persons WHERE region = 'west'");
    let made = county.dev().top_up(order.clone()).await.unwrap();
    let mut tables = county.tables.clone();
    tables[0]
        .added
        .push(AddedRows { object: order.tables[0].into.clone(), rows: made.tables[0].written.rows });
    let refused = county.prod().session.set_tables(tables).unwrap_err();
    assert_eq!(refused.code(), "domain.order_mismatch");
}
