use arrow::array::{AsArray, Float64Array, Int64Array};
use catalog::{Domain, OutputColumn, Parameter, Value};
use privacy::DataType;
use privacy::disclosure::Accuracy;
use serde_json::json;

use super::*;
use crate::books::Books;
use crate::fixture::{County, PERSONS, object, persons, ring, seal};
use crate::protocol::{AppendOrder, AssessOrder, LedgerAnswer, PageOrder};
use crate::serving::read_page;

/// The ledger's word on a counted run.
fn word(engine: &ProdEngine, books: &Books, pages: u64, order: &RunOrder) -> Vec<Verdict> {
    let assess = AssessOrder {
        release: format!("run/{}", order.run),
        cells: order.draft.clone(),
        pages,
        thresholds: order.thresholds,
    };
    books.assess(&engine.objects_dir, &engine.keys, &assess).unwrap().verdicts
}

/// A run judged beside what the books hold.
async fn judged(engine: &ProdEngine, books: &Books, pages: u64, order: RunOrder) -> Result<RunDone, Error> {
    let counted = engine.run(order.clone()).await?;
    let verdicts = counted.draft.map(|_| word(engine, books, pages, &order)).unwrap_or_default();
    engine.conclude(ConcludeOrder { run: order.run, verdicts }).await
}

/// A run before which nothing has left.
async fn run(engine: &ProdEngine, order: RunOrder) -> Result<RunDone, Error> {
    judged(engine, &Books::default(), 0, order).await
}

/// What a run brought leaves.
fn leave(engine: &ProdEngine, books: &Books, pages: u64, order: &RunOrder, page: u8) -> Vec<Verdict> {
    let answer = asked(engine, books, pages, order, page);
    assert_eq!(answer.held_back, !answer.verdicts.is_empty());
    assert!(answer.held_back || answer.written.is_some(), "written down, or held back");
    answer.verdicts
}

/// May what a run brought leave?
fn asked(engine: &ProdEngine, books: &Books, pages: u64, order: &RunOrder, page: u8) -> LedgerAnswer {
    let assess = AssessOrder {
        release: format!("export/{}", order.run),
        cells: order.cells.clone(),
        pages,
        thresholds: order.thresholds,
    };
    let order = AppendOrder {
        assess,
        operator: "operator".to_owned(),
        channel: "export".to_owned(),
        page: object(page, "result"),
    };
    books.append(&engine.objects_dir, &engine.keys, &order).unwrap()
}

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
    let done = run(&engine, county.order(50, BY_REGION, &["persons"], by_region())).await.unwrap();
    // "east" has five persons; in "north" one person has nearly all the income.
    assert_eq!(rows(&county, &done), [vec![json!("south"), json!(300), json!(30_000.0)]]);
    assert_eq!((done.report.cells, done.report.passed, done.report.suppressed), (3, 1, 2));
    assert_eq!((done.report.failures.few_entities, done.report.failures.dominance), (1, 1));
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
    let done = run(&engine, order).await.unwrap();
    let regions: Vec<_> = rows(&county, &done).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(regions, ["north", "north", "south", "south"].map(|region| json!(region)));
    assert_eq!(done.report.failures.few_entities, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_bound_to_text_inputs_and_output_and_spent_once() {
    let county = County::new();
    let engine = county.prod();
    let order = || county.order(54, BY_REGION, &["persons"], by_region());
    let code = async |order: RunOrder| run(&engine, order).await.unwrap_err().code();
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
    run(&engine, order()).await.unwrap();
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
        let done = run(&engine, order).await.unwrap_or_else(|error| panic!("{condition}: {error}"));
        assert!(done.report.cells <= 1, "{condition}");
    }
    let sql = "SELECT region, 10 / (count(*) - 300) AS x, 10 / (count(*) - count(*)) AS y FROM persons GROUP BY region";
    let output = vec![
        column("region", DataType::Text),
        column("x", DataType::Integer),
        column("y", DataType::Integer),
    ];
    let done = run(&engine, county.order(90, sql, &["persons"], output)).await.unwrap();
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
    let done = run(&engine, order).await.unwrap();
    // "city 1" has one station; "city 0" has two of about equal cost, and 133 persons or more stand behind either.
    assert_eq!(done.report.kinds, ["person", "station"]);
    assert_eq!(done.report.failures.dominance, 2 - done.report.passed);
    assert!(done.report.failures.dominance >= 1);
}

/// Two sums over the same people, in one of which some count more than once.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_join_counts_more_than_once_leaves_with_noise() {
    let county = County::new();
    let engine = county.prod();
    let sql = |number: &str| {
        format!(
            "SELECT p.region, {number} AS x FROM persons p JOIN visits v ON p.person_id = v.person_id \
             GROUP BY p.region ORDER BY p.region"
        )
    };
    let output = |data_type| vec![column("region", DataType::Text), column("x", data_type)];
    for (number, of, data_type, noisy) in [
        (92, "sum(p.income)", DataType::Float, true),
        (93, "avg(p.income)", DataType::Float, true),
        (94, "sum(v.cost)", DataType::Float, false),
        (95, "count(*)", DataType::Integer, false),
        (96, "count(DISTINCT p.person_id)", DataType::Integer, false),
    ] {
        let order = county.order(number, &sql(of), &["persons", "visits"], output(data_type));
        let done = run(&engine, order).await.unwrap();
        assert!(done.report.passed > 0, "{of}");
        assert_eq!(done.report.perturbed, if noisy { done.report.passed } else { 0 }, "{of}");
    }
    // The same over a table that says whose the visits are, without being a register of people.
    let twice = "SELECT v.station, sum(v.cost) AS x FROM visits v JOIN visits w ON v.person_id = w.person_id \
                 GROUP BY v.station";
    let output = vec![column("station", DataType::Text), column("x", DataType::Float)];
    let done = run(&engine, county.order(97, twice, &["visits"], output)).await.unwrap();
    assert_eq!((done.report.perturbed, done.report.passed > 0), (done.report.passed, true));
}

/// How many rows somebody meets is a matter of the whole tables, not of who is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_may_meet_very_many_rows() {
    let mut county = County::new();
    let column_of = |text: &'static str| -> ArrayRef {
        Arc::new(arrow::array::StringArray::from_iter_values((0..40_000).map(|_| text)))
    };
    let many = [("station", column_of("S0")), ("city", column_of("city 0"))];
    county.put(99, "stations", &RecordBatch::try_from_iter(many).unwrap());
    let engine = county.prod();
    let output = || vec![column("city", DataType::Text), column("n", DataType::Integer)];
    for (number, year) in [(92, "birth_year > 1900"), (93, "birth_year = 1")] {
        let sql = format!(
            "SELECT s.city, count(*) AS n FROM persons p, visits v, stations s \
             WHERE v.person_id = p.person_id AND s.station = v.station AND p.{year} GROUP BY s.city"
        );
        let order = county.order(number, &sql, &["persons", "stations", "visits"], output());
        assert_eq!(run(&engine, order).await.unwrap_err().code(), "privacy.fan_out", "{year}");
    }
    let sql = "SELECT s.city, count(*) AS n FROM visits v \
               JOIN (SELECT station, max(city) AS city FROM stations GROUP BY station) s ON s.station = v.station \
               GROUP BY s.city";
    let done = run(&engine, county.order(94, sql, &["stations", "visits"], output())).await.unwrap();
    assert_eq!(done.report.passed, 1);
}

/// How many cells there are that may not leave is told by no limit of the ledger's.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_asked_about_what_may_leave_by_itself() {
    let county = County::new();
    let engine = county.prod();
    let sql = "SELECT p.region, v.station, v.day, count(*) AS n FROM persons p JOIN visits v \
               ON v.person_id = p.person_id WHERE v.cost > 3 GROUP BY p.region, v.station, v.day";
    let output = vec![
        column("region", DataType::Text),
        column("station", DataType::Text),
        column("day", DataType::Date),
        column("n", DataType::Integer),
    ];
    let order = county.order(92, sql, &["persons", "visits"], output);
    let counted = engine.run(order.clone()).await.unwrap();
    assert!(counted.draft.is_some());
    let draft = crate::objects::read_sealed(&engine.objects_dir, &engine.keys, &order.draft).unwrap();
    let asked = Contributions::from_bytes(&draft).unwrap().rows().unwrap();
    let verdicts = vec![Verdict::Allow; asked];
    let done = engine.conclude(ConcludeOrder { run: order.run, verdicts }).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (asked as u64, 0));
    assert!(done.report.suppressed > 0, "{:?}", done.report);
}

/// A number of people who have something, when it is all or none of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_nearly_all_have_in_common_is_suppressed() {
    let county = County::new();
    let engine = county.prod();
    // All of a group were born in one year.
    let sql = "SELECT birth_year, count(*) AS n, sum(birth_year) AS x FROM persons WHERE region = 'south' \
               AND birth_year < 1952 GROUP BY birth_year";
    let output = vec![
        column("birth_year", DataType::Integer),
        column("n", DataType::Integer),
        column("x", DataType::Integer),
    ];
    let mut order = county.order(98, sql, &["persons"], output);
    order.thresholds.min_entities = 5;
    let done = run(&engine, order).await.unwrap();
    assert_eq!((done.report.cells, done.report.passed, done.report.failures.uniform), (2, 0, 2));
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
    let done = run(&engine, order(70, &[("from", "1975"), ("not", "north")])).await.unwrap();
    assert_eq!(rows(&county, &done), [vec![json!("south"), json!(150)]]);
    let done = run(&engine, order(71, &[("from", "1900"), ("not", "' OR 1=1 --")])).await.unwrap();
    assert_eq!(done.report.cells, 3);
    for bad in [
        &[("from", "1975")][..],
        &[("from", "3000"), ("not", "north")],
        &[("from", "x"), ("not", "north")],
        &[("from", "1975"), ("not", "south")],
        &[("from", "1975"), ("not", "north"), ("more", "1")],
    ] {
        assert_eq!(run(&engine, order(72, bad)).await.unwrap_err().code(), "domain.parameter", "{bad:?}");
    }
}

fn born_before(year: i64) -> String {
    format!(
        "SELECT region, count(*) AS n FROM persons WHERE birth_year < {year} GROUP BY region ORDER BY region"
    )
}

fn counts() -> Vec<OutputColumn> {
    vec![column("region", DataType::Text), column("n", DataType::Integer)]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_before_is_set_against_what_is_to_leave() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let order = |number, year| county.order(number, &born_before(year), &["persons"], counts());
    let first = order(80, 2000);
    let done = judged(&engine, &books, 0, first.clone()).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (2, 0));
    leave(&engine, &books, 0, &first, 200);
    // One year less: six persons of "south" and two of "north" could be told apart by subtraction.
    let done = judged(&engine, &books, 1, order(81, 1999)).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (0, 2));
    assert_eq!(done.written.rows, 0);
    // Far enough, it may leave, and what it leaves is set against both.
    let far = order(82, 1980);
    let done = judged(&engine, &books, 1, far.clone()).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (2, 0));
    leave(&engine, &books, 1, &far, 201);
    let done = judged(&engine, &books, 2, order(83, 1979)).await.unwrap();
    assert_eq!(done.report.passed, 0);
    // The same numbers once more tell nothing new.
    let done = judged(&engine, &books, 2, order(84, 1980)).await.unwrap();
    assert_eq!((done.report.passed, done.report.perturbed), (2, 0));
    // Other words for nearly the same people.
    let sql = "SELECT count(*) AS n FROM persons WHERE birth_year < 1999 AND region = 'south'";
    let other = county.order(85, sql, &["persons"], vec![column("n", DataType::Integer)]);
    assert_eq!(judged(&engine, &books, 2, other).await.unwrap().report.passed, 0);
    // The books read from their pages say the same.
    let pages = [object(200, "result"), object(201, "result")];
    let again = Books::open(&engine.objects_dir, &engine.keys, &pages).unwrap();
    assert_eq!(judged(&engine, &again, 2, order(86, 1979)).await.unwrap().report.passed, 0);
    // A server that knows other pages is not answered.
    let stale = AssessOrder {
        release: "x".to_owned(),
        cells: far.cells.clone(),
        pages: 1,
        thresholds: far.thresholds,
    };
    let error = again.assess(&engine.objects_dir, &engine.keys, &stale).unwrap_err();
    assert_eq!((error.code(), error.subject().as_str()), ("domain.order_mismatch", "ledger_pages"));
}

/// Two results that were judged side by side and approved both: the second to leave stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_left_since_the_run_is_seen_when_it_leaves() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let order = |number, year| county.order(number, &born_before(year), &["persons"], counts());
    let (one, two) = (order(80, 2000), order(81, 1999));
    for order in [&one, &two] {
        assert_eq!(judged(&engine, &books, 0, order.clone()).await.unwrap().report.passed, 2);
    }
    assert!(leave(&engine, &books, 0, &one, 200).is_empty());
    assert_eq!(leave(&engine, &books, 1, &two, 201), [Verdict::Refuse, Verdict::Refuse]);
    // Once more does not write it twice.
    let again = AppendOrder {
        assess: AssessOrder {
            release: format!("export/{}", one.run),
            cells: one.cells.clone(),
            pages: 1,
            thresholds: one.thresholds,
        },
        operator: String::new(),
        channel: String::new(),
        page: object(202, "result"),
    };
    let answer = books.append(&engine.objects_dir, &engine.keys, &again).unwrap();
    assert!(answer.verdicts.is_empty() && answer.written.is_none());
}

/// Whether a cell leaves must not depend on the secret of the one who is left out.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_left_out_is_seen_whether_he_would_have_counted_or_not() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let counted = |number, condition: &str, income: i64| {
        let sql = format!(
            "SELECT region, count(*) AS n FROM persons WHERE region = 'south' AND income = {income} {condition} \
             GROUP BY region"
        );
        county.order(number, &sql, &["persons"], counts())
    };
    // Of those with 99, or with 100: a hundred people each.
    for (pages, first, income) in [(0, 80, 99), (1, 84, 100)] {
        let all = counted(first, "", income);
        assert_eq!(judged(&engine, &books, pages, all.clone()).await.unwrap().report.passed, 1);
        leave(&engine, &books, pages, &all, first + 120);
        // Six people were born in 1999, of whom two have 99 and two have 100.
        let less = counted(first + 1, "AND birth_year < 1999", income);
        assert_eq!(judged(&engine, &books, pages + 1, less).await.unwrap().report.passed, 0);
        // Nobody born in 1950 or before 1951 has 12: it is refused all the same.
        let none = counted(first + 2, "AND birth_year <> 1950", income);
        assert_eq!(judged(&engine, &books, pages + 1, none).await.unwrap().report.passed, 0);
    }
    // Other conditions on the same people are none of it.
    let half = counted(88, "", 101);
    assert_eq!(judged(&engine, &books, 2, half).await.unwrap().report.passed, 1);
}

/// The same people with one visit of a few of them less: whether it was a costly one is not told by whether the cell leaves.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_looked_at_are_known_as_people_are() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let costly = |number, condition: &str| {
        let sql = format!(
            "SELECT p.region, count(DISTINCT p.person_id) AS n FROM persons p JOIN visits v \
             ON v.person_id = p.person_id WHERE p.region = 'south' AND v.cost > 4 {condition} GROUP BY p.region"
        );
        county.order(number, &sql, &["persons", "visits"], counts())
    };
    let all = costly(30, "");
    assert_eq!(judged(&engine, &books, 0, all.clone()).await.unwrap().report.passed, 1);
    leave(&engine, &books, 0, &all, 200);
    // The same rows again.
    assert_eq!(
        judged(&engine, &books, 1, costly(31, "AND p.birth_year > 0")).await.unwrap().report.passed,
        1
    );
    // Six people were born in each year; each loses what he had on this day and nothing else.
    for (number, year) in (32..37).zip(1960..) {
        let fewer = format!("AND (v.day <> DATE '2022-01-18' OR p.birth_year <> {year})");
        let looked_at = visits_of(year);
        let report = judged(&engine, &books, 1, costly(number, &fewer)).await.unwrap().report;
        assert_eq!(report.passed, u64::from(looked_at == 0), "{year}: {looked_at}");
    }
}

/// How many of the south who were born in a year had a visit on 2022-01-18.
fn visits_of(year: i64) -> usize {
    let visits = crate::fixture::visits();
    let persons = visits.column(0).as_string::<i32>();
    let days = visits.column(2).as_primitive::<arrow::datatypes::Date32Type>();
    let born = |row: usize| {
        let person: i64 = persons.value(row).trim_start_matches('P').parse().unwrap();
        (person >= 100).then_some(1950 + person % 50)
    };
    (0..visits.num_rows()).filter(|row| days.value(*row) == 19_010 && born(*row) == Some(year)).count()
}

/// Sums of other rows of the same people: what lies between them is told by nobody who came or went.
#[tokio::test(flavor = "multi_thread")]
async fn other_rows_of_the_same_people_are_added_up_with_noise() {
    let county = County::new();
    let engine = county.prod();
    let mut books = Books::default();
    let costs = |number, condition: &str| {
        let sql = format!(
            "SELECT p.region, sum(v.cost) AS n FROM persons p JOIN visits v ON v.person_id = p.person_id \
             WHERE p.region = 'south' {condition} GROUP BY p.region"
        );
        let output = vec![column("region", DataType::Text), column("n", DataType::Float)];
        county.order(number, &sql, &["persons", "visits"], output)
    };
    let left = async |books: &Books, order: RunOrder| {
        let report = judged(&engine, books, 1, order).await.unwrap().report;
        (report.passed, report.perturbed)
    };
    let all = costs(30, "");
    assert_eq!(judged(&engine, &books, 0, all.clone()).await.unwrap().report.perturbed, 0);
    leave(&engine, &books, 0, &all, 200);
    for again in 0..2 {
        assert_eq!(left(&books, costs(31 + 10 * again, "")).await, (1, 0), "the same rows");
        assert_eq!(left(&books, costs(32 + 10 * again, "AND v.station <> 'S1'")).await, (1, 1));
        // Of six people one visit less each.
        let fewer = "AND (v.day <> DATE '2022-01-18' OR p.birth_year <> 1960)";
        assert!(visits_of(1960) > 0);
        assert_eq!(left(&books, costs(33 + 10 * again, fewer)).await, (0, 0));
        // Whoever reads the pages again knows it, too.
        books = Books::open(county.dir.path(), &ring(), &[object(200, "result")]).unwrap();
    }
}

/// Of enough numbers with noise about the same people what each of them has could be solved for.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_told_about_one_person_than_may_be() {
    let county = County::new();
    let engine = county.prod();
    let mut books = Books::default();
    // Numbers of visits of those whom a secret chose always have noise; two of them a run.
    let order = |number, condition: &str, most| {
        let sql = format!(
            "SELECT p.region, count(*) AS n, sum(v.cost) AS c FROM persons p JOIN visits v ON v.person_id = p.person_id \
             WHERE p.income > 99 {condition} GROUP BY p.region"
        );
        let output = vec![
            column("region", DataType::Text),
            column("n", DataType::Integer),
            column("c", DataType::Float),
        ];
        let mut order = county.order(number, &sql, &["persons", "visits"], output);
        order.thresholds.noisy_numbers_max = most;
        order
    };
    let all = order(30, "", 5);
    let first = judged(&engine, &books, 0, all.clone()).await.unwrap();
    assert_eq!((first.report.passed, first.report.perturbed), (2, 2));
    leave(&engine, &books, 0, &all, 200);
    for again in 0..2_u8 {
        let left = async |number: u8, condition: &str, most| {
            let order = order(number + 10 * again, condition, most);
            judged(&engine, &books, 1, order).await.unwrap().report.passed
        };
        // The same numbers are none more; others of the same people are.
        assert_eq!(left(31, "", 2).await, 2);
        assert_eq!(left(32, "AND p.birth_year < 1980", 3).await, 0);
        assert_eq!(left(33, "AND p.birth_year < 1980", 10).await, 2);
        // Whoever reads the pages again counts them, too.
        books = Books::open(county.dir.path(), &ring(), &[object(200, "result")]).unwrap();
    }
}

/// Which cells come tells as well, and those that do not are counted: however often they are asked for, once.
#[tokio::test(flavor = "multi_thread")]
async fn cells_that_do_not_come_are_counted() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let richer = |number, income: i64, condition: &str| {
        let sql = format!(
            "SELECT region, count(*) AS n FROM persons WHERE region = 'south' AND income > {income} {condition} \
             GROUP BY region"
        );
        let mut order = county.order(number, &sql, &["persons"], counts());
        order.thresholds.noisy_numbers_max = 8;
        order
    };
    // Of 300 people a number with noise counts one, that it comes two, and a number without five thirds.
    let run =
        async |pages, order: &RunOrder| judged(&engine, &books, pages, order.clone()).await.unwrap().report;
    let ask = async |page: u8, order: RunOrder| {
        let report = run(u64::from(page), &order).await;
        leave(&engine, &books, u64::from(page), &order, 200 + page);
        (report.passed, report.perturbed)
    };
    assert_eq!(ask(0, richer(30, 99, "")).await, (1, 0));
    assert_eq!(ask(1, richer(31, 100, "")).await, (1, 1));
    // Nobody has so much; the second time it is asked for again.
    assert_eq!(ask(2, richer(32, 1_000, "")).await, (0, 0));
    assert_eq!(ask(3, richer(33, 1_000, "")).await, (0, 0));
    assert_eq!(run(4, &richer(34, 99, "")).await.passed, 1, "it has left already");
    assert_eq!(run(4, &richer(35, 98, "AND birth_year < 1990")).await.passed, 0);
    // With eleven there were room for it but for the number that did not come.
    for (number, most, passed) in [(36, 11, 0), (37, 12, 1)] {
        let mut more = richer(number, 98, "AND birth_year < 1990");
        more.thresholds.noisy_numbers_max = most;
        assert_eq!(run(4, &more).await.passed, passed, "{most}");
    }
}

/// That a result stays tells that there was something in it: one that has nothing to tell leaves.
#[tokio::test(flavor = "multi_thread")]
async fn that_a_result_stays_is_counted_and_told_no_more_often_than_may_be() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let pending = async |number, least: &str, year: i64| {
        let sql = format!(
            "SELECT region, count(*) AS n FROM persons WHERE income > {least} AND birth_year < {year} GROUP BY region"
        );
        let order = county.order(number, &sql, &["persons"], counts());
        let done = judged(&engine, &books, 0, order.clone()).await.unwrap();
        assert_eq!(done.report.passed > 0, least == "99");
        order
    };
    let (one, two) = (pending(90, "99", 2000).await, pending(91, "99", 1999).await);
    let (far, empty) = (pending(92, "99", 1980).await, pending(93, "99999999", 1980).await);
    assert!(leave(&engine, &books, 0, &one, 200).is_empty());
    // What left since is too near: it stays, and that is written down once, however often it is asked for.
    let stays = asked(&engine, &books, 1, &two, 201);
    assert_eq!((stays.held_back, stays.written.is_some()), (true, true));
    let again = asked(&engine, &books, 2, &two, 202);
    assert_eq!((again.held_back, again.written.is_some()), (true, false));
    // Where no more may be told, everything stays, whether or not there is something in it.
    for order in [&far, &empty] {
        let mut order = order.clone();
        order.thresholds.noisy_numbers_max = 1;
        let stays = asked(&engine, &books, 2, &order, 203);
        assert_eq!((stays.held_back, stays.written.is_some(), stays.verdicts.len()), (true, false, 0));
    }
    // Whoever reads the pages again knows as much.
    let pages = [object(200, "result"), object(201, "result")];
    let books = Books::open(county.dir.path(), &ring(), &pages).unwrap();
    let mut near = far.clone();
    // Five for the number of 95 people that left, nearly one for that another one stayed; of seven.
    near.thresholds.noisy_numbers_max = 8;
    let stays = asked(&engine, &books, 2, &near, 204);
    assert_eq!((stays.held_back, stays.verdicts.len()), (true, 0));
    // Exact numbers of these people have answered another question since; where there is no number, there is nothing exact.
    let stays = asked(&engine, &books, 2, &far, 205);
    assert_eq!(
        (stays.held_back, stays.written.is_some(), stays.verdicts),
        (true, true, vec![Verdict::Perturb; 2])
    );
    assert!(leave(&engine, &books, 3, &empty, 206).is_empty());
}

/// Who has no row that is asked about is there in any case: he is no cover for those who have one.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_are_not_asked_cover_nobody() {
    let county = County::new();
    let engine = county.prod();
    let none = |number, of_visit: &str| {
        let sql = format!(
            "SELECT p.region, count(*) AS n FROM persons p WHERE p.region = 'south' AND NOT EXISTS \
             (SELECT 1 FROM visits v WHERE v.person_id = p.person_id AND {of_visit}) GROUP BY p.region"
        );
        county.order(number, &sql, &["persons", "visits"], counts())
    };
    let few = "v.day = DATE '2022-01-18' AND v.station = 'S1'";
    assert_eq!(run(&engine, none(30, few)).await.unwrap().report.passed, 1, "nothing of it is secret");
    let done = run(&engine, none(31, &format!("{few} AND v.cost > 4"))).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.few_entities), (0, 1));
    assert_eq!(run(&engine, none(32, "v.station = 'S1' AND v.cost > 5")).await.unwrap().report.passed, 1);
}

/// A sum of secrets and a number of those who have them are told apart by whose secrets they are, and by nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_up_is_set_against_what_decides() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let total = county.order(
        30,
        "SELECT region, sum(income) AS n FROM persons WHERE region = 'south' GROUP BY region",
        &["persons"],
        vec![column("region", DataType::Text), column("n", DataType::Float)],
    );
    assert_eq!(judged(&engine, &books, 0, total.clone()).await.unwrap().report.passed, 1);
    leave(&engine, &books, 0, &total, 200);
    let having = |number, condition: &str| {
        let sql = format!(
            "SELECT region, count(*) AS n FROM persons WHERE region = 'south' AND income = 99 {condition} \
             GROUP BY region"
        );
        county.order(number, &sql, &["persons"], counts())
    };
    assert_eq!(
        judged(&engine, &books, 1, having(31, "AND birth_year < 1999")).await.unwrap().report.passed,
        0
    );
    assert_eq!(judged(&engine, &books, 1, having(32, "")).await.unwrap().report.passed, 1);
}

/// A county in which these are the incomes.
fn with_incomes(incomes: ArrayRef) -> County {
    let mut county = County::new();
    let all = persons();
    let mut columns = all.columns().to_vec();
    let data_type = DataType::from_arrow(incomes.data_type()).unwrap();
    columns[4] = incomes;
    let schema = all.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let columns = names.zip(columns).map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns);
    let place = county.tables.iter().position(|table| table.name == "persons").unwrap();
    let into = object(90, "data");
    county.digests[place] = seal(county.dir.path(), Content::Raw, &into, &[batch.unwrap()]).digest;
    county.tables[place].object = into;
    county.tables[place].columns[4].data_type = data_type;
    county
}

fn floats(income: impl Fn(i64) -> Option<f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter((0..PERSONS).map(income)))
}

/// Beside a sum of `a` and one of `b`, the sum of `a + b` lacks the `b` of whoever has no `a`, or so large a one that his `b`
/// is lost in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_to_another_is_there_for_everybody() {
    let added = async |county: &County, number, what: &str, from: &str| {
        let sql = format!("SELECT p.region, {what} AS n FROM persons AS p {from} GROUP BY p.region");
        let fraction = ["avg", "0.5", "cost"].iter().any(|part| what.contains(part));
        let kind = if fraction { DataType::Float } else { DataType::Integer };
        let output = vec![column("region", DataType::Text), column("n", kind)];
        let tables: &[&str] = if from.contains("visits") { &["persons", "visits"] } else { &["persons"] };
        let done = run(&county.prod(), county.order(number, &sql, tables, output)).await;
        done.map_or_else(|error| error.code(), |_| "done")
    };
    let whole = |income: &dyn Fn(i64) -> Option<i64>| {
        with_incomes(Arc::new(Int64Array::from_iter((0..PERSONS).map(income))))
    };
    let lacking = whole(&|n| (n != 200).then_some(99 + n % 3));
    let drowned = whole(&|n| Some(if n == 200 { 1 << 41 } else { 99 + n % 3 }));
    let whole = whole(&|n| Some(99 + n % 3));
    // Beside a large float a small one is lost, however they are scaled.
    let broken = with_incomes(floats(|n| Some(99.0 + (n % 3) as f64)));
    for (number, what) in [
        (30, "sum(p.birth_year + p.income)"),
        (31, "avg(p.income - p.birth_year)"),
        (36, "sum((p.income + p.birth_year) * 0.5)"),
    ] {
        assert_eq!(added(&whole, number, what, "").await, "done", "{what}");
        for county in [&lacking, &drowned, &broken] {
            assert_eq!(added(county, number, what, "").await, "privacy.empty_term", "{what}");
        }
    }
    assert_eq!(
        added(&whole, 37, "sum(p.birth_year * 0.001 + p.income)", "").await,
        "privacy.nonlinear_aggregate"
    );
    let apart = "sum(p.birth_year) + sum(p.income)";
    assert_eq!(added(&lacking, 32, apart, "").await, "done");
    let below = "SELECT person_id, birth_year + income AS both FROM persons";
    let joined = format!("JOIN ({below}) AS q ON q.person_id = p.person_id");
    assert_eq!(added(&whole, 33, "sum(q.both)", &joined).await, "privacy.nonlinear_aggregate");
    // A number of rows is none of a table's columns: whoever lacks the other one lacks it as well.
    let counted = "JOIN (SELECT person_id, count(*) AS c FROM visits GROUP BY person_id) AS v ON v.person_id = p.person_id";
    assert_eq!(added(&lacking, 38, "sum(p.income + v.c)", counted).await, "privacy.empty_term");
    assert_eq!(added(&lacking, 39, "sum(v.c)", counted).await, "done");
    // Of an outer join there may be nothing.
    let join = "JOIN visits AS v ON v.person_id = p.person_id";
    let outer = format!("LEFT {join}");
    assert_eq!(added(&whole, 34, "sum(p.birth_year + v.cost)", &outer).await, "privacy.empty_term");
    assert_eq!(added(&whole, 35, "sum(p.birth_year + v.cost)", join).await, "privacy.empty_term");
    assert_eq!(added(&whole, 52, "sum(p.birth_year) + sum(v.cost)", join).await, "done");
}

/// Who has nothing may be who is well: how many have something is a secret like what they have.
#[tokio::test(flavor = "multi_thread")]
async fn how_many_have_something_is_no_exact_number_unless_it_is_known() {
    let with_nothing = |each: i64| with_incomes(floats(|n| (n % each != 0).then_some(99.0 + (n % 3) as f64)));
    let passed = async |county: &County, number, what: &str| {
        let sql = format!("SELECT region, {what} AS n FROM persons WHERE region = 'south' GROUP BY region");
        let kind = if what.starts_with("avg") { DataType::Float } else { DataType::Integer };
        let output = vec![column("region", DataType::Text), column("n", kind)];
        let report =
            run(&county.prod(), county.order(number, &sql, &["persons"], output)).await.unwrap().report;
        (report.passed, report.perturbed, report.failures.uniform)
    };
    let mut county = with_nothing(4);
    for (number, what) in [(30, "count(income)"), (31, "avg(income)")] {
        assert_eq!(passed(&county, number, what).await, (1, 1, 0), "{what}");
    }
    assert_eq!(passed(&county, 32, "count(*)").await, (1, 0, 0));
    // Nearly everybody has something: how many have not is a number like any other.
    assert_eq!(passed(&with_nothing(100), 33, "count(income)").await, (0, 0, 1));
    let persons = county.tables.iter_mut().find(|table| table.name == "persons").unwrap();
    let income = persons.columns.iter_mut().find(|column| column.name == "income").unwrap();
    income.declared.nulls = Some(ir::Nulls::Absent);
    assert_eq!(passed(&county, 34, "count(income)").await, (1, 0, 0));
}

/// A sum of what an outer join found is of those of whom it found something.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_of_those_who_add_to_them() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let costs = |number, condition: &str| {
        let sql = format!(
            "SELECT p.region, sum(v.cost) AS n FROM persons p LEFT JOIN visits v ON v.person_id = p.person_id \
             {condition} WHERE p.region = 'south' GROUP BY p.region"
        );
        let output = vec![column("region", DataType::Text), column("n", DataType::Float)];
        county.order(number, &sql, &["persons", "visits"], output)
    };
    let all = costs(30, "");
    assert_eq!(judged(&engine, &books, 0, all.clone()).await.unwrap().report.passed, 1);
    leave(&engine, &books, 0, &all, 200);
    let done = judged(&engine, &books, 1, costs(31, "AND p.birth_year <> 1999")).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.differencing), (0, 1));
    // Of six people alone.
    let done = judged(&engine, &books, 1, costs(32, "AND p.birth_year = 1999")).await.unwrap();
    assert_eq!((done.report.passed, done.report.failures.few_entities), (0, 1));
    assert_eq!(
        judged(&engine, &books, 1, costs(33, "AND p.birth_year < 1975")).await.unwrap().report.passed,
        1
    );
}

/// Nobody declared what changed since the last snapshot: numbers of a later one leave with noise.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_snapshot_leaves_with_noise_that_asking_again_does_not_average_out() {
    let mut county = County::new();
    let books = Books::default();
    let south = "SELECT region, count(*) AS n, sum(income) AS total, avg(income) AS mean FROM persons \
                 GROUP BY region ORDER BY region";
    let output = || {
        let mut output = by_region();
        output.push(column("mean", DataType::Float));
        output
    };
    let first = county.order(80, south, &["persons"], output());
    let engine = county.prod();
    judged(&engine, &books, 0, first.clone()).await.unwrap();
    leave(&engine, &books, 0, &first, 200);
    let persons = county.tables.iter_mut().find(|table| table.name == "persons").unwrap();
    persons.snapshot = base::Id::new(base::Timestamp::from_micros(1_700_000_000_000_000), [9; 10]);
    persons.declared = ir::Rows { per_entity: Some(1), ..ir::Rows::default() };
    let income = persons.columns.iter_mut().find(|column| column.name == "income").unwrap();
    let (bounds, nulls) = (ir::Bounds::new(0, 101).ok(), Some(ir::Nulls::Absent));
    income.declared = ir::Declared { bounds, nulls, ..ir::Declared::default() };
    let engine = county.prod();
    let mut seen = Vec::new();
    for number in [81, 82] {
        let order = county.order(number, south, &["persons"], output());
        let done = judged(&engine, &books, 1, order).await.unwrap();
        assert_eq!((done.report.passed, done.report.perturbed), (1, 1));
        let told = |column: &str, within| Accuracy { column: column.to_owned(), within };
        // Six steps, each of up to twice what one person adds at most; of a mean the number that it is over is noisy, too, within what is declared.
        let all = [told("n", Some(5)), told("total", Some(1_212)), told("mean", Some(101))];
        assert_eq!(done.report.accuracy, all);
        seen.push(rows(&county, &done));
    }
    assert_eq!(seen[0], seen[1]);
    let [row] = seen[0].as_slice() else { panic!("{seen:?}") };
    assert_eq!(row[0], json!("south"));
    // 300 people with 100 on average and 101 at most; noise of at most six steps of two people.
    let (count, total, mean) = (row[1].as_i64().unwrap(), row[2].as_f64().unwrap(), row[3].as_f64().unwrap());
    assert!((count - 300).abs() <= 5 && (total - 30_000.0).abs() <= 1_212.0, "{row:?}");
    let quotient = (total / count as f64).min(101.0);
    assert!((mean - quotient).abs() < 1e-6, "a mean is the quotient of what is shown, as declared: {row:?}");
    assert!(count != 300 || total != 30_000.0 || mean != 100.0, "{row:?}");
    // What is computed from these is computed from them with their noise.
    let sql = "SELECT region, sum(income) / 2 AS half, round(avg(income), 1) AS mean, \
               CASE WHEN count(*) > 0 THEN sum(income) / count(*) ELSE 0 END AS own, upper(region) AS big \
               FROM persons GROUP BY region";
    let output = vec![
        column("region", DataType::Text),
        column("half", DataType::Float),
        column("mean", DataType::Float),
        column("own", DataType::Float),
        column("big", DataType::Text),
    ];
    let done = judged(&engine, &books, 1, county.order(83, sql, &["persons"], output)).await.unwrap();
    assert_eq!((done.report.passed, done.report.perturbed), (1, 1));
    let found = rows(&county, &done);
    let [row] = found.as_slice() else { panic!("{found:?}") };
    let of = |place: usize| row[place].as_f64().unwrap();
    assert!(
        (of(1) - total / 2.0).abs() < 1e-6 && (of(2) - (mean * 10.0).round() / 10.0).abs() < 1e-6,
        "{row:?}"
    );
    assert!((of(3) - total / count as f64).abs() < 1e-6 && row[4] == "SOUTH", "{row:?}");
    // What has no noise of its own does not leave, nor what is computed from it.
    for (number, of) in [(84, "max(region)"), (85, "upper(max(region))")] {
        let sql = format!("SELECT region, {of} AS m FROM persons GROUP BY region");
        let output = vec![column("region", DataType::Text), column("m", DataType::Text)];
        let done =
            judged(&engine, &books, 1, county.order(number, &sql, &["persons"], output)).await.unwrap();
        assert_eq!(done.report.passed, 0, "{of}");
    }
}

/// With the same noise in both states it would be told that nobody among them has changed.
#[tokio::test(flavor = "multi_thread")]
async fn noise_of_those_whom_a_secret_chose_is_another_one_in_each_state_of_the_data() {
    let mut county = County::new();
    let books = Books::default();
    let having = |county: &County, number, more: i64| {
        let sql = format!(
            "SELECT region, count(*) AS n FROM persons WHERE region = 'south' AND income > {more} GROUP BY region"
        );
        county.order(number, &sql, &["persons"], counts())
    };
    let first = having(&county, 30, 99);
    judged(&county.prod(), &books, 0, first.clone()).await.unwrap();
    leave(&county.prod(), &books, 0, &first, 200);
    let noisy = async |county: &County, number| {
        let done = judged(&county.prod(), &books, 1, having(county, number, 100)).await.unwrap();
        assert_eq!((done.report.passed, done.report.perturbed), (1, 1));
        rows(county, &done)
    };
    let before = noisy(&county, 31).await;
    assert_eq!(noisy(&county, 32).await, before);
    let persons = county.tables.iter_mut().find(|table| table.name == "persons").unwrap();
    persons.snapshot = base::Id::new(base::Timestamp::from_micros(1_700_000_000_000_000), [9; 10]);
    assert_ne!(noisy(&county, 33).await, before);
}

/// A report that is asked for again after much else has left.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_left_leaves_again_however_much_has_been_told_since() {
    let county = County::new();
    let engine = county.prod();
    let books = Books::default();
    let sums = |number, key: &str, most| {
        let sql =
            format!("SELECT {key} AS k, sum(income) AS n FROM persons WHERE region = 'south' GROUP BY {key}");
        let output = vec![column("k", DataType::Integer), column("n", DataType::Float)];
        let mut order = county.order(number, &sql, &["persons"], output);
        order.thresholds.noisy_numbers_max = most;
        order
    };
    // Three amounts among sixty people each: exact numbers count eight.
    let decades = |number, most| sums(number, "birth_year / 10 * 10", most);
    let first = decades(30, 32);
    let left = judged(&engine, &books, 0, first.clone()).await.unwrap().report;
    assert_eq!((left.passed, left.perturbed), (5, 0));
    leave(&engine, &books, 0, &first, 200);
    let assess = |order: &RunOrder| AssessOrder {
        release: format!("run/{}", order.run),
        cells: order.draft.clone(),
        pages: 1,
        thresholds: order.thresholds,
    };
    // No more than what has been told may be told.
    for (number, key, held_back) in [(31, "birth_year / 10 * 10", false), (32, "birth_year / 25 * 25", true)]
    {
        let order = sums(number, key, 9);
        engine.run(order.clone()).await.unwrap();
        let word = books.assess(&engine.objects_dir, &engine.keys, &assess(&order)).unwrap();
        assert_eq!((word.held_back, word.verdicts.contains(&Verdict::Perturb)), (held_back, false), "{key}");
    }
}

/// Noise makes nothing of a number that cannot be.
#[tokio::test(flavor = "multi_thread")]
async fn noise_stays_within_what_is_declared() {
    let mut county = County::new();
    for (table, column, low, high) in [("persons", "birth_year", 1950, 1999), ("visits", "cost", 0, 6)] {
        let table = county.tables.iter_mut().find(|one| one.name == table).unwrap();
        let column = table.columns.iter_mut().find(|one| one.name == column).unwrap();
        let (bounds, nulls) = (ir::Bounds::new(low, high).ok(), Some(ir::Nulls::Absent));
        column.declared = ir::Declared { bounds, nulls, ..ir::Declared::default() };
        table.declared = ir::Rows { per_entity: Some(10), ..ir::Rows::default() };
    }
    let engine = county.prod();
    let mut cut = 0;
    for number in 30..38 {
        let sql = format!(
            "SELECT v.station, avg(p.birth_year) AS x, sum(v.cost) AS y FROM persons p \
             JOIN visits v ON v.person_id = p.person_id WHERE p.birth_year < {} GROUP BY v.station",
            1930 + i64::from(number)
        );
        let output = ["station", "x", "y"]
            .map(|name| column(name, if name == "station" { DataType::Text } else { DataType::Float }));
        let done = run(&engine, county.order(number, &sql, &["persons", "visits"], output.into())).await;
        for row in rows(&county, &done.unwrap()) {
            let (mean, sum) = (row[1].as_f64().unwrap(), row[2].as_f64().unwrap());
            assert!((1950.0..=1999.0).contains(&mean) && sum >= 0.0, "{row:?}");
            cut += usize::from([1950.0, 1999.0].contains(&mean));
        }
    }
    assert!(cut > 0, "noise of so few people reaches beyond");
}

/// Whatever is computed from noisy numbers knows no more than they do: the noise of a column follows every form of it.
#[tokio::test(flavor = "multi_thread")]
async fn no_two_forms_of_a_sum_are_two_equations() {
    let mut county = County::new();
    let books = Books::default();
    let sql = "SELECT region, count(*) AS n, sum(income) AS total, avg(income) AS mean FROM persons \
               GROUP BY region ORDER BY region";
    let mut output = by_region();
    output.push(column("mean", DataType::Float));
    let first = county.order(90, sql, &["persons"], output);
    let engine = county.prod();
    judged(&engine, &books, 0, first.clone()).await.unwrap();
    leave(&engine, &books, 0, &first, 201);
    let persons = county.tables.iter_mut().find(|table| table.name == "persons").unwrap();
    persons.snapshot = base::Id::new(base::Timestamp::from_micros(1_700_000_000_000_000), [9; 10]);
    let engine = county.prod();
    let sql = "SELECT region, count(*) AS n, count(DISTINCT person_id) AS who, sum(income) AS plus, sum(-income) AS minus, \
               sum(2 * income) AS twice, sum(half) AS quarter, avg(income) AS mean \
               FROM (SELECT region, person_id, income, income / 2.0 AS half FROM persons) AS p GROUP BY region";
    let number = |name| column(name, DataType::Float);
    let whole = |name| column(name, DataType::Integer);
    let output = vec![
        column("region", DataType::Text),
        whole("n"),
        whole("who"),
        number("plus"),
        number("minus"),
        number("twice"),
        number("quarter"),
        number("mean"),
    ];
    let checked = engine.check(crate::protocol::CheckOrder { sql: sql.to_owned(), parameters: vec![] });
    let output = checked.await.map_or(output, |checked| checked.output);
    let done = judged(&engine, &books, 1, county.order(91, sql, &["persons"], output)).await.unwrap();
    assert_eq!((done.report.passed, done.report.perturbed), (1, 1));
    let found = rows(&county, &done);
    let [row] = found.as_slice() else { panic!("{found:?}") };
    let of = |place: usize| row[place].as_f64().unwrap();
    let (n, who, plus, minus) = (of(1), of(2), of(3), of(4));
    assert_eq!(n, who, "one number of people has one noise");
    assert!((plus + minus).abs() < 1e-6, "{row:?}");
    assert!((of(5) - 2.0 * plus).abs() <= 1.0 && (of(6) - plus / 2.0).abs() <= 1.0, "{row:?}");
    assert!((of(7) - plus / n).abs() < 1e-6 && (plus - 30_000.0).abs() > 10.0, "{row:?}");
}
