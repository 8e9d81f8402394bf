//! Texts that want to run on raw data: legal ones, and hostile ones of all sizes.

/// A text and what must become of it.
pub(super) struct Text {
    /// What it is.
    pub(super) name: &'static str,
    /// Does it pass?
    pub(super) legal: bool,
    /// The text.
    pub(super) sql: String,
}

/// All of them.
pub(super) fn all() -> Vec<Text> {
    let legal = |name, sql| Text { name, legal: true, sql };
    let hostile = |name, sql| Text { name, legal: false, sql };
    vec![
        legal("small: one table", "SELECT region, count(*) AS n, avg(income) AS mean FROM persons GROUP BY region".to_owned()),
        legal("middle: three tables", joined()),
        legal("large: 40 numbers of 60 conditions", wide()),
        hostile("names as groups", "SELECT name, count(*) AS n FROM persons GROUP BY name".to_owned()),
        hostile("one person", "SELECT income FROM persons WHERE person_id = 'P0000007'".to_owned()),
        hostile(
            "everybody but one",
            "SELECT region, sum(income) AS s FROM persons WHERE person_id <> 'P0000007' GROUP BY region".to_owned(),
        ),
        hostile(
            "one person's value decides who is counted",
            "SELECT s.city, count(*) AS n FROM stations s WHERE EXISTS (SELECT 1 FROM persons p WHERE p.birth_year = 1957 \
             AND p.income > 100) GROUP BY s.city"
                .to_owned(),
        ),
        hostile("a file", "SELECT * FROM '/etc/passwd'".to_owned()),
        hostile("4 000 sums", format!("SELECT {} AS x FROM persons", vec!["birth_year"; 4_000].join("+"))),
        hostile("5 000 parentheses", format!("SELECT {}1{} FROM persons", "(".repeat(5_000), ")".repeat(5_000))),
        hostile("a table that doubles 40 times", doubling()),
        hostile("100 KB of nothing", "SELECT 1 -- ".to_owned() + &"x".repeat(100_000)),
        hostile("the large one, with names as groups", wide().replace("region", "name")),
    ]
}

fn joined() -> String {
    "WITH often AS (SELECT person_id, count(*) AS visits FROM visits GROUP BY person_id)
     SELECT p.region, s.city, CASE WHEN p.birth_year < 1970 THEN 'older' ELSE 'younger' END AS age,
            count(*) AS n, sum(v.cost) AS total, avg(v.cost) AS mean
     FROM visits v JOIN persons p ON v.person_id = p.person_id
     JOIN stations s ON s.station = v.station
     JOIN often o ON o.person_id = p.person_id
     WHERE v.day BETWEEN DATE '2025-01-08' AND DATE '2025-12-20' AND o.visits BETWEEN 1 AND 50
     GROUP BY p.region, s.city, CASE WHEN p.birth_year < 1970 THEN 'older' ELSE 'younger' END
     ORDER BY 1, 2, 3"
        .to_owned()
}

fn wide() -> String {
    let number = |n: u32| match n % 3 {
        0 => format!("sum(income) AS n{n}"),
        1 => format!("avg(income) AS n{n}"),
        _ => format!("count(*) AS n{n}"),
    };
    let numbers: Vec<String> = (0..40).map(number).collect();
    let conditions: Vec<String> = (0..60).map(|n| format!("birth_year <> {}", 1800 + n)).collect();
    format!(
        "SELECT region, {} FROM persons WHERE {} GROUP BY region ORDER BY region",
        numbers.join(", "),
        conditions.join(" AND ")
    )
}

fn doubling() -> String {
    let steps: String =
        (1..40).map(|n| format!(", w{n} AS (SELECT a.x FROM w{0} a, w{0} b)", n - 1)).collect();
    format!("WITH w0 AS (SELECT birth_year AS x FROM persons){steps} SELECT count(*) AS n FROM w39")
}
