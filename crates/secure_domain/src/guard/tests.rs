//! Cases are data: `cases/*.slt`, in the words of sqllogictest: `statement ok` or `statement error <code>`, then SQL, then an
//! empty line.

use crate::fixture::County;
use crate::protocol::{CheckOrder, QueryOrder};

struct Case {
    line: usize,
    expected: Option<String>,
    sql: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let expected = match line.strip_prefix("statement ").map(|line| line.split_once(' ')) {
            Some(None) if line == "statement ok" => None,
            Some(Some(("error", code))) => Some(code.to_owned()),
            _ => panic!("line {}: `{line}` is no statement that is ok or an error", number + 1),
        };
        let sql: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.trim().is_empty()).collect();
        cases.push(Case { line: number + 1, expected, sql: sql.join("\n") });
    }
    assert!(!cases.is_empty());
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_data() {
    let county = County::new();
    let engine = county.prod();
    let mut wrong = Vec::new();
    for case in cases(include_str!("cases/release.slt")) {
        let order = CheckOrder { sql: case.sql.clone(), parameters: Vec::new() };
        let found = engine.check(order).await;
        let code = found.as_ref().err().map(|error| error.code().to_owned());
        if code != case.expected {
            wrong.push(format!(
                "line {}: expected {:?}, found {found:?}\n{}",
                case.line, case.expected, case.sql
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn twins() {
    let county = County::new();
    let engine = county.dev();
    let mut wrong = Vec::new();
    for case in cases(include_str!("cases/dev.slt")) {
        let order = QueryOrder {
            sql: case.sql.clone(),
            parameters: Vec::new(),
            values: Default::default(),
            rows_max: 100,
        };
        let found = engine.query(order).await;
        let code = found.as_ref().err().map(|error| error.code().to_owned());
        if code != case.expected {
            wrong.push(format!(
                "line {}: expected {:?}, found {found:?}\n{}",
                case.line, case.expected, case.sql
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Made rather than written: texts that are long, deep or that double.
#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_refused_quickly() {
    let county = County::new();
    let (dev, prod) = (county.dev(), county.prod());
    let doubling: String =
        (1..40).map(|n| format!(", w{n} AS (SELECT a.x FROM w{0} a, w{0} b)", n - 1)).collect();
    let bombs = [
        format!("SELECT {} FROM persons", vec!["birth_year"; 40_000].join("+")),
        format!("SELECT {} FROM persons", vec!["1"; 3_000].join("+")),
        format!("SELECT {}1{} FROM persons", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {} 1 FROM persons", "NOT ".repeat(3_000)),
        format!("WITH w0 AS (SELECT birth_year AS x FROM persons){doubling} SELECT count(*) FROM w39"),
        format!("SELECT count(*) FROM {}persons{}", "(SELECT * FROM ".repeat(400), ") t".repeat(400)),
        format!("SELECT {} FROM persons", "CASE WHEN true THEN ".repeat(500) + "1" + &" END".repeat(500)),
        format!(
            "SELECT count(*) FROM (WITH w0 AS (SELECT birth_year AS x FROM persons){doubling} SELECT x FROM w39) t"
        ),
        "SELECT 1 -- ".to_owned() + &"x".repeat(100_000),
        format!("SELECT count(*) FROM persons WHERE {}birth_year = 1{}", "NOT (".repeat(9), ")".repeat(9)),
        format!(
            "SELECT {} birth_year {} FROM persons",
            "CASE WHEN birth_year = 1 THEN 2 ELSE 1 +".repeat(9),
            "END ".repeat(9)
        ),
        format!("SELECT {} birth_year {} FROM persons", "CAST(".repeat(9), "AS DOUBLE) / 2".repeat(9)),
        format!(
            "SELECT count(*) FROM persons WHERE {}",
            vec![format!("region LIKE '{}'", "_".repeat(150)); 7].join(" OR ")
        ),
    ];
    for bomb in bombs {
        let head: String = bomb.chars().take(60).collect();
        let order = QueryOrder {
            sql: bomb.clone(),
            parameters: Vec::new(),
            values: Default::default(),
            rows_max: 10,
        };
        let error = dev.query(order).await.unwrap_err();
        let code = error.code();
        // The parser gives up on some of them with words of its own.
        assert!(matches!(code, "domain.too_large" | "domain.sql" | "domain.syntax"), "{head}: {error}");
        let code = prod.check(CheckOrder { sql: bomb, parameters: Vec::new() }).await.unwrap_err().code();
        assert!(matches!(code, "domain.too_large" | "domain.sql" | "domain.syntax"), "{head}");
    }
}

/// What the limits let through must not end the process on an ordinary thread.
#[tokio::test(flavor = "multi_thread")]
async fn queries_near_the_limits_run() {
    let county = County::new();
    let engine = county.dev();
    let nested = (0..20).fold("SELECT birth_year AS x FROM persons".to_owned(), |inner, n| {
        format!("SELECT max(x) + {n} AS x FROM ({inner}) t{n} GROUP BY x % 10")
    });
    let queries = [
        format!("SELECT {} FROM persons", vec!["birth_year"; 120].join("+")),
        format!("SELECT * FROM persons WHERE {}", vec!["birth_year <> 1"; 100].join(" AND ")),
        nested,
    ];
    for sql in queries {
        let order = QueryOrder { sql, parameters: Vec::new(), values: Default::default(), rows_max: 10 };
        // On a task, and so on a worker thread with its small stack.
        let engine = engine.clone();
        tokio::spawn(async move { engine.query(order).await }).await.unwrap().unwrap();
    }
}

/// Halves within halves are one long chain to the planner: it fits the stack that a worker's threads have.
#[test]
fn a_long_chain_of_conditions_does_not_end_the_process() {
    fn chain(from: usize, to: usize) -> String {
        let middle = from.midpoint(to);
        match to - from {
            1 => format!("birth_year + {from} = 9"),
            _ => format!("({} OR {})", chain(from, middle), chain(middle, to)),
        }
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.thread_stack_size(crate::worker::STACK_BYTES).enable_all().build().unwrap();
    let county = County::new();
    let (dev, prod) = (county.dev(), county.prod());
    let sql = format!("SELECT region, count(*) AS n FROM persons WHERE {} GROUP BY region", chain(0, 600));
    let order =
        QueryOrder { sql: sql.clone(), parameters: Vec::new(), values: Default::default(), rows_max: 10 };
    let answered = runtime.spawn(async move { dev.query(order).await });
    let _page = runtime.block_on(answered).unwrap().unwrap();
    let order = CheckOrder { sql, parameters: Vec::new() };
    let checked = runtime.spawn(async move { prod.check(order).await });
    let _accepted = runtime.block_on(checked).unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_speak_the_authors_names_and_show_a_legal_form() {
    let county = County::new();
    let engine = county.prod();
    let sql = "SELECT p.name, count(*) FROM persons p GROUP BY p.name".to_owned();
    let error = engine.check(CheckOrder { sql, parameters: Vec::new() }).await.unwrap_err();
    let crate::Error::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.code, "privacy.identifier_group");
    assert_eq!(refusal.subject.as_deref(), Some("name"));
    assert!(!refusal.legal_form_zh.is_empty() && !refusal.legal_form_en.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_queries_have_equal_digests() {
    let county = County::new();
    let engine = county.prod();
    let digest = async |sql: &str| {
        let order = CheckOrder { sql: sql.to_owned(), parameters: Vec::new() };
        engine.check(order).await.unwrap().ir_digest
    };
    let a = digest("SELECT region, count(*) AS n FROM persons GROUP BY region").await;
    let b = digest("select  x.region, count(1) as n\nfrom persons x group by x.region").await;
    let c = digest("SELECT region, count(*) AS n FROM persons WHERE birth_year > 1960 GROUP BY region").await;
    assert_eq!(a, b);
    assert_ne!(a, c);
}
