//! SQL shapes: rows multiplied, names that look like others, statements that are no queries, doors to other places.

use crate::attack::{Attack, Benign, Class, Kind};

const ZONES: Benign =
    Benign::Query("SELECT zone, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY zone", 4);
const SEXES: Benign = Benign::Query(
    "SELECT district, sex, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY district, sex",
    2,
);

const fn query(id: &'static str, title: &'static str, sql: &'static str, twin: Benign) -> Attack {
    Attack { class: Class::Sql, id, title, kind: Kind::Query(sql), twin }
}

const fn also(sql: &'static str, rows: usize) -> Benign {
    Benign::Query(sql, rows)
}

pub(super) const ATTACKS: &[Attack] = &[
    query(
        "Q31",
        "one person multiplied by VALUES to pass a threshold of rows",
        "SELECT village, count(*) AS n, sum(flag) AS s FROM {p} AS t, (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12)) AS x(i) WHERE district = {D} GROUP BY village",
        also(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND household IN (1, 2, 3, 4) GROUP BY zone",
            4,
        ),
    ),
    query(
        "Q32",
        "one person multiplied by a public list",
        "SELECT t.village, count(*) AS n, sum(t.flag) AS s FROM {p} AS t JOIN {g} AS g ON t.district = g.district WHERE t.district = {D} GROUP BY t.village",
        also(
            "SELECT t.district, g.region, count(DISTINCT t.id_number) AS n FROM {p} AS t JOIN {g} AS g ON t.village = g.village WHERE t.district = {D} GROUP BY t.district, g.region",
            2,
        ),
    ),
    query(
        "Q33",
        "one person joined with a crowd: distinct others pass the threshold",
        "SELECT a.village, count(DISTINCT b.id_number) AS n, sum(a.flag) AS s FROM {p} AS a JOIN {p} AS b ON a.zone = b.zone AND a.district = b.district WHERE a.district = {D} GROUP BY a.village",
        also(
            "SELECT t.district, t.sex, count(DISTINCT w.id_number) AS n FROM {p} AS t JOIN {v} AS w ON t.id_number = w.id_number WHERE t.district = {D} GROUP BY t.district, t.sex",
            2,
        ),
    ),
    query(
        "Q34",
        "UNION ALL of a person with itself",
        "SELECT village, sum(flag) AS s FROM (SELECT village, flag, district FROM {p} UNION ALL SELECT village, flag, district FROM {p}) AS t WHERE district = {D} GROUP BY village",
        also(
            "SELECT district, zone AS part, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY district, zone",
            4,
        ),
    ),
    query(
        "Q35",
        "UNION of a total with a part",
        "SELECT part, sum(income) AS inc FROM (SELECT 'all' AS part, income FROM {p} WHERE district = {D} UNION ALL SELECT 'rest' AS part, income FROM {p} WHERE district = {D} AND village <> {T}) AS t GROUP BY part",
        ZONES,
    ),
    query(
        "Q36",
        "grouping sets",
        "SELECT zone, village, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY GROUPING SETS ((zone), (zone, village))",
        ZONES,
    ),
    query(
        "Q37",
        "ROLLUP",
        "SELECT zone, village, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY ROLLUP (zone, village)",
        ZONES,
    ),
    query(
        "Q38",
        "a recursive query",
        "WITH RECURSIVE r AS (SELECT village, flag FROM {p} WHERE district = {D} UNION ALL SELECT village, flag FROM r) SELECT village, sum(flag) AS s FROM r GROUP BY village",
        also(
            "WITH r AS (SELECT zone, income FROM {p} WHERE district = {D}) SELECT zone, avg(income) AS mean FROM r GROUP BY zone",
            4,
        ),
    ),
    query(
        "Q39",
        "a lateral subquery",
        "SELECT t.village, x.s FROM {p} AS t, LATERAL (SELECT t.flag AS s) AS x WHERE t.district = {D}",
        SEXES,
    ),
    query(
        "Q40",
        "an aggregate of aggregates by person",
        "SELECT village, max(s) AS s FROM (SELECT id_number, village, sum(flag) AS s FROM {p} WHERE district = {D} GROUP BY id_number, village) AS t GROUP BY village",
        also(
            "SELECT district, visits, count(*) AS persons FROM (SELECT id_number, district, count(*) AS visits FROM {v} WHERE district = {D} GROUP BY id_number, district) AS t GROUP BY district, visits",
            1,
        ),
    ),
    query(
        "Q41",
        "an inner aggregate that loses the persons",
        "SELECT zone, min(m) AS least, max(m) AS inc FROM (SELECT zone, village, avg(income) AS m FROM {p} WHERE district = {D} GROUP BY zone, village) AS t GROUP BY zone",
        ZONES,
    ),
    query(
        "Q42",
        "full-width and look-alike names",
        "SELECT ｖｉｌｌａｇｅ, sum(ｆｌａｇ) AS s FROM {p} AS t WHERE district = {D} GROUP BY ｖｉｌｌａｇｅ",
        also(
            "SELECT \"zone\" AS \"片区\", count(*) AS \"人数\" FROM {p} AS \"表\" WHERE district = {D} GROUP BY \"zone\"",
            4,
        ),
    ),
    query(
        "Q43",
        "zero-width characters within names",
        "SELECT \"village\u{200b}\" AS village, sum(\"flag\u{200b}\") AS s FROM {p} AS t WHERE district = {D} GROUP BY 1",
        SEXES,
    ),
    query(
        "Q44",
        "a secret column renamed to a harmless one",
        "SELECT z AS village, sum(zone) AS s FROM (SELECT village AS z, flag AS zone, district FROM {p}) AS t WHERE district = {D} GROUP BY z",
        also(
            "SELECT z, count(*) AS n FROM (SELECT zone AS z, district FROM {p}) AS t WHERE district = {D} GROUP BY z",
            4,
        ),
    ),
    query(
        "Q45",
        "an identifier behind a constant that looks like grouping by a category",
        "SELECT concat('区', village) AS area, village, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
        also(
            "SELECT concat('区', zone) AS area, zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
    query(
        "Q46",
        "birthday and income packed into one number",
        "SELECT village, sum(income * 100000 + flag) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        ZONES,
    ),
    query(
        "Q47",
        "an identity number compared with a constant",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND (id_number = '339901195001010017' OR flag = 1) GROUP BY zone, village",
        SEXES,
    ),
    query(
        "Q48",
        "an identity number compared by LIKE",
        "SELECT village, sum(flag) AS s FROM {p} AS t WHERE district = {D} AND id_number LIKE '3399%' GROUP BY village",
        SEXES,
    ),
    query(
        "Q49",
        "a list of identity numbers brought along in VALUES",
        "SELECT x.k AS village, sum(t.flag) AS s FROM {p} AS t JOIN (VALUES ('339901195001010017')) AS x(k) ON t.id_number = x.k WHERE t.district = {D} GROUP BY x.k",
        SEXES,
    ),
    query(
        "Q50",
        "a list of names brought along in VALUES",
        "SELECT x.k AS village, sum(t.flag) AS s, count(*) AS n FROM {p} AS t JOIN (VALUES ({T})) AS x(k) ON t.village = x.k WHERE t.district = {D} GROUP BY x.k",
        SEXES,
    ),
    query(
        "Q51",
        "TABLESAMPLE until one person is left",
        "SELECT village, sum(flag) AS s FROM {p} TABLESAMPLE BERNOULLI (1) WHERE district = {D} GROUP BY village",
        SEXES,
    ),
    query(
        "Q52",
        "EXPLAIN with what was read",
        "EXPLAIN ANALYZE SELECT village, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
        SEXES,
    ),
    query(
        "Q53",
        "COPY to a file",
        "COPY (SELECT village, flag FROM {p} WHERE district = {D}) TO '/tmp/canary.csv'",
        SEXES,
    ),
    query(
        "Q54",
        "a second statement behind a semicolon",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone; SELECT village, flag FROM {p}",
        SEXES,
    ),
    query("Q55", "a table that is a file", "SELECT count(*) AS n FROM '/etc/passwd'", SEXES),
    query(
        "Q56",
        "the engine's own catalogue",
        "SELECT table_name AS village, 1 AS s FROM information_schema.tables",
        SEXES,
    ),
    query(
        "Q57",
        "a table of another authorisation by a qualified name",
        "SELECT count(*) AS n FROM datafusion.other.{p}",
        SEXES,
    ),
    query(
        "Q58",
        "SELECT INTO and CREATE VIEW",
        "CREATE VIEW w AS SELECT village, flag FROM {p} WHERE district = {D}",
        SEXES,
    ),
    query(
        "Q59",
        "random choice and current time",
        "SELECT village, sum(flag) AS s, random() AS r FROM {p} AS t WHERE district = {D} AND random() < 2 GROUP BY village",
        SEXES,
    ),
    query(
        "Q60",
        "approximate counts and correlations",
        "SELECT village, approx_distinct(id_number) AS n, corr(flag, income) AS c, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
        SEXES,
    ),
    query(
        "Q61",
        "text of an identifier cut to pieces",
        "SELECT left(id_number, 6) AS region, right(name, 1) AS last, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
        SEXES,
    ),
    query(
        "Q62",
        "free text as a key",
        "SELECT note AS phone, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY note",
        SEXES,
    ),
    query(
        "Q63",
        "a regular expression over free text",
        "SELECT village, count(*) AS hit FROM {p} AS t WHERE district = {D} AND note ~ '复诊' AND flag = 1 GROUP BY village",
        SEXES,
    ),
    query(
        "Q64",
        "a secret as bytes of a text column",
        "SELECT CAST(flag AS TEXT) || village AS x, village, avg(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village, flag",
        SEXES,
    ),
    query(
        "Q65",
        "INTERSECT and EXCEPT",
        "SELECT village, flag FROM {p} WHERE district = {D} EXCEPT SELECT village, 0 FROM {p} WHERE district = {D}",
        SEXES,
    ),
    query(
        "Q66",
        "anti join: who is not in the other table",
        "SELECT t.village, count(*) AS n, sum(t.flag) AS s FROM {p} AS t WHERE t.district = {D} AND NOT EXISTS (SELECT 1 FROM {g} AS g WHERE g.village = t.village) GROUP BY t.village",
        also(
            "SELECT t.zone, count(*) AS n FROM {p} AS t WHERE t.district = {D} AND NOT EXISTS (SELECT 1 FROM {v} AS w WHERE w.id_number = t.id_number AND w.cost > 70) GROUP BY t.zone",
            4,
        ),
    ),
];
