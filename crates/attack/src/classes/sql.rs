//! SQL features: what a text may contain, and what runs, failures and times would tell.

use crate::attack::{Attack, Benign, Class, Kind};

const ZONES: Benign = Benign::Query(
    "SELECT zone, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY zone ORDER BY zone",
    4,
);
const SEXES: Benign = Benign::Query(
    "SELECT district, sex, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY district, sex",
    2,
);

const fn query(id: &'static str, title: &'static str, sql: &'static str, twin: Benign) -> Attack {
    Attack { class: Class::Sql, id, title, kind: Kind::Query(sql), twin }
}

const fn oracle(id: &'static str, title: &'static str, sql: &'static str, twin: Benign) -> Attack {
    Attack { class: Class::Sql, id, title, kind: Kind::Oracle(sql), twin }
}

const fn timing(id: &'static str, title: &'static str, sql: &'static str, twin: Benign) -> Attack {
    Attack { class: Class::Sql, id, title, kind: Kind::Timing(sql), twin }
}

/// A twin that computes: the same functions on harmless columns.
const fn also(sql: &'static str, rows: usize) -> Benign {
    Benign::Query(sql, rows)
}

/// A condition of CASE for each letter, with a pattern that takes long to prepare.
macro_rules! patterns {
    ($column:literal, $($letter:literal)*) => {
        concat!($(
            "WHEN ", $column, " LIKE '%", $letter,
            "______________________________________________________________________________",
            "______________________________________________________________________________%x' THEN 0 ",
        )*)
    };
}

/// The same for the whole alphabet.
macro_rules! alphabet {
    ($column:literal) => {
        patterns!($column, "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "y" "z"
            "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z")
    };
}

pub(super) const ATTACKS: &[Attack] = &[
    oracle(
        "Q01",
        "division by zero where the flag is set",
        "SELECT zone, count(*) AS n, sum(1 / (1 - flag)) AS x FROM {p} AS t WHERE district = {D} AND (village = $v OR village LIKE '%-B%' AND flag = 0) GROUP BY zone",
        also("SELECT zone, sum(income) / 1000 AS x FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    oracle(
        "Q02",
        "a cast that fails where the flag is set",
        "SELECT CAST(CASE WHEN village = $v AND flag = 1 THEN 'x' ELSE '1' END AS BIGINT) AS x, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1",
        also(
            "SELECT district, CAST(household AS TEXT) AS size, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            5,
        ),
    ),
    oracle(
        "Q03",
        "a sum that overflows where the flag is set",
        "SELECT zone, sum(9223372036854775807 * flag + income) AS x FROM {p} AS t WHERE district = {D} AND (village = $v OR flag = 0) GROUP BY zone",
        also("SELECT zone, sum(income * 1000) AS x FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    oracle(
        "Q04",
        "a power that overflows where the flag is set",
        "SELECT zone, sum(power(10.0, 400 * flag)) AS x FROM {p} AS t WHERE district = {D} AND (village = $v OR flag = 0) GROUP BY zone",
        ZONES,
    ),
    oracle(
        "Q05",
        "a date out of range where the flag is set",
        "SELECT date_trunc('year', birth_date + flag * INTERVAL '300000 years') AS y, count(*) AS n FROM {p} AS t WHERE district = {D} AND (village = $v OR flag = 0) GROUP BY 1",
        also(
            "SELECT district, date_part('year', birth_date) >= 1980 AS young, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            2,
        ),
    ),
    oracle(
        "Q06",
        "a substring of negative length where the flag is set",
        "SELECT substring(zone FROM 1 FOR 1 - 9 * flag) AS x, count(*) AS n FROM {p} AS t WHERE district = {D} AND (village = $v OR flag = 0) GROUP BY 1",
        also(
            "SELECT district, substring(zone FROM 9 FOR 2) AS x, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            4,
        ),
    ),
    oracle(
        "Q07",
        "a scalar subquery that is more than one row where the flag is set",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND income > (SELECT w.cost FROM {v} AS w JOIN {p} AS q ON w.id_number = q.id_number WHERE q.village = $v AND q.flag = 1) GROUP BY zone",
        ZONES,
    ),
    oracle(
        "Q08",
        "a whole zone appears where the target has the flag",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND EXISTS (SELECT 1 FROM {p} AS q WHERE q.village = $v AND q.flag = 1) GROUP BY zone",
        also(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND EXISTS (SELECT 1 FROM {v} AS w WHERE w.id_number = t.id_number) GROUP BY zone",
            4,
        ),
    ),
    oracle(
        "Q09",
        "the same by IN",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND district IN (SELECT q.district FROM {p} AS q WHERE q.village = $v AND q.flag = 1) GROUP BY zone",
        also(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND village IN (SELECT g.village FROM {g} AS g) GROUP BY zone",
            4,
        ),
    ),
    oracle(
        "Q10",
        "the same by a join on the district",
        "SELECT t.zone, count(DISTINCT t.id_number) AS n FROM {p} AS t JOIN {p} AS q ON t.district = q.district WHERE t.district = {D} AND q.village = $v AND q.flag = 1 GROUP BY t.zone",
        also(
            "SELECT t.zone, g.region, count(*) AS n FROM {p} AS t JOIN {g} AS g ON t.village = g.village WHERE t.district = {D} GROUP BY t.zone, g.region",
            4,
        ),
    ),
    oracle(
        "Q11",
        "the same by a left join and a null",
        "SELECT t.zone, count(q.flag) AS n FROM {p} AS t LEFT JOIN {p} AS q ON t.district = q.district AND q.village = $v AND q.flag = 1 WHERE t.district = {D} GROUP BY t.zone",
        also(
            "SELECT t.zone, count(w.cost) AS n FROM {p} AS t LEFT JOIN {v} AS w ON t.id_number = w.id_number WHERE t.district = {D} GROUP BY t.zone",
            4,
        ),
    ),
    oracle(
        "Q12",
        "HAVING about the target inside a large cell",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND (village LIKE '%-B%' OR village = $v) GROUP BY zone HAVING sum(CASE WHEN village = $v THEN flag ELSE 0 END) > 0",
        ZONES,
    ),
    oracle(
        "Q13",
        "a scalar subquery as the limit",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone LIMIT (SELECT q.flag + 1 FROM {p} AS q WHERE q.village = $v)",
        also(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone ORDER BY n DESC",
            4,
        ),
    ),
    oracle(
        "Q14",
        "a public list joined to the target's flag",
        "SELECT g.region, count(*) AS n FROM {g} AS g JOIN {p} AS q ON g.district = q.district WHERE q.village = $v AND q.flag = 1 GROUP BY g.region",
        also("SELECT region, count(*) AS n FROM {g} AS g WHERE district = {D} GROUP BY region", 2),
    ),
    timing(
        "Q15",
        "a join that is large where the flag is set: time",
        "SELECT a.zone, count(*) AS n FROM {p} AS a JOIN {p} AS b ON a.zone = b.zone WHERE a.district = {D} AND (a.village = $v AND a.flag = 1 OR a.village LIKE '%-B1') GROUP BY a.zone",
        SEXES,
    ),
    timing(
        "Q16",
        "long patterns over long texts where the flag is set: time",
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND (village LIKE '%-B%' OR village = $v AND flag = 1 AND concat(note, note, note) LIKE '%a%b%c%d%e%f%g%') GROUP BY zone",
        SEXES,
    ),
    timing(
        "Q67",
        "visits joined with themselves, many for whoever has a flag: time",
        "SELECT a.zone, count(*) AS n FROM {p} AS a JOIN {v} AS v ON v.id_number = a.id_number JOIN {v} AS w ON w.district = v.district WHERE a.district = {D} AND (a.village = $v AND a.flag = 1 OR a.village LIKE '%-B1') GROUP BY a.zone",
        SEXES,
    ),
    timing(
        "Q68",
        "a chain of joins, each of which has twelve rows for one: time",
        "SELECT a.zone, count(*) AS n FROM {p} AS a JOIN {v} AS v ON v.id_number = a.id_number JOIN {v} AS w ON w.id_number = v.id_number JOIN {v} AS x ON x.id_number = w.id_number JOIN {v} AS y ON y.id_number = x.id_number JOIN {v} AS z ON z.id_number = y.id_number WHERE a.district = {D} AND (a.village = $v AND a.flag = 1 OR a.village LIKE '%-B1') GROUP BY a.zone",
        SEXES,
    ),
    timing(
        "Q69",
        "everybody beside whoever has the flag, by a constant in disguise: time",
        "SELECT s.zone, count(DISTINCT s.id_number) AS n FROM {p} AS r JOIN {p} AS s ON s.household / 1000 = r.household / 1000 JOIN {g} AS g ON g.number / 4 = s.household / 4 WHERE r.district = {D} AND r.village = $v AND r.flag = 1 GROUP BY s.zone",
        also(
            "SELECT t.zone, count(*) AS n FROM {p} AS t, {v} AS w WHERE t.id_number = w.id_number AND t.district = {D} GROUP BY t.zone",
            4,
        ),
    ),
    timing(
        "Q70",
        "a public list beside itself beside whoever has the flag: time",
        "SELECT t.zone, count(*) AS n FROM {p} AS t JOIN {g} AS g ON g.village = t.village JOIN {g} AS h ON h.region = g.region JOIN {v} AS w ON w.id_number = t.id_number WHERE t.district = {D} AND (t.village = $v AND t.flag = 1 OR t.village LIKE '%-B1') GROUP BY t.zone",
        also(
            "SELECT t.zone, h.villages, count(*) AS n FROM {p} AS t JOIN (SELECT district, count(*) AS villages FROM {g} GROUP BY district) AS h ON h.district = t.district WHERE t.district = {D} GROUP BY t.zone, h.villages",
            4,
        ),
    ),
    timing(
        "Q71",
        "enterprises of all districts beside whoever has the flag: time",
        "SELECT t.zone, count(*) AS n FROM {p} AS t JOIN {e} AS e ON e.district <> t.village WHERE t.district = {D} AND (t.village = $v AND t.flag = 1 OR t.village LIKE '%-B1') GROUP BY t.zone",
        also(
            "SELECT e.industry, count(*) AS n FROM {e} AS e JOIN (SELECT district, max(region) AS region FROM {g} GROUP BY district) AS h ON h.district = e.district WHERE e.district = {D} GROUP BY e.industry",
            20,
        ),
    ),
    timing(
        "Q72",
        "a costly subquery about nobody, skipped unless somebody has the flag: time",
        "SELECT t.zone, count(DISTINCT t.id_number) AS n FROM {p} AS t WHERE t.district = {D} AND t.village = $v AND t.flag = 1 AND t.household IN (SELECT g.number FROM {g} AS g JOIN {g} AS h ON h.number = g.number WHERE g.district < 'D100' GROUP BY g.number HAVING count(DISTINCT upper(h.village)) > 5) GROUP BY t.zone",
        also(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND household IN (SELECT g.number FROM {g} AS g GROUP BY g.number HAVING count(DISTINCT g.village) > 1) GROUP BY zone",
            4,
        ),
    ),
    timing(
        "Q73",
        "patterns that are prepared where somebody has the flag, and not where nobody has: time",
        concat!(
            "SELECT x.c, count(*) AS n FROM (SELECT CASE ",
            alphabet!("t.village"),
            alphabet!("t.zone"),
            alphabet!("t.team"),
            "ELSE 1 END AS c FROM {p} AS t WHERE t.district = {D} AND t.village = $v AND t.flag = 1) AS x GROUP BY x.c",
        ),
        also(
            "SELECT CASE WHEN village LIKE '%-B_' THEN 1 WHEN village LIKE '%-S%' THEN 2 ELSE 3 END AS kind, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1",
            2,
        ),
    ),
    timing(
        "Q74",
        "a pattern with places for any character, looked for in the texts of those who have the flag: time",
        concat!(
            "SELECT g.village LIKE '%D__________________________________________________",
            "______________________________________Q%' AS k, count(DISTINCT t.id_number) AS n FROM {p} AS t ",
            "JOIN {g} AS g ON g.district = t.district ",
            "WHERE t.district = {D} AND t.village = $v AND t.flag = 1 GROUP BY 1",
        ),
        also(
            "SELECT zone, count(DISTINCT t.id_number) AS n FROM {p} AS t JOIN {g} AS g ON g.district = t.district WHERE t.district = {D} AND g.village LIKE '%_%' GROUP BY zone",
            4,
        ),
    ),
    query(
        "Q17",
        "ordered by a secret, without showing it",
        "SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY village ORDER BY sum(flag) DESC",
        also(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone ORDER BY sum(flag) DESC",
            4,
        ),
    ),
    query(
        "Q18",
        "LIMIT below the aggregate",
        "SELECT zone, sum(flag) AS s, min(village) AS village FROM (SELECT * FROM {p} WHERE district = {D} ORDER BY village LIMIT 1) AS t GROUP BY zone",
        ZONES,
    ),
    query(
        "Q19",
        "OFFSET below the aggregate",
        "SELECT district, sum(flag) AS s, sum(income) AS inc, min(village) AS village FROM (SELECT * FROM {p} WHERE district = {D} ORDER BY village OFFSET 271) AS t GROUP BY district",
        ZONES,
    ),
    query(
        "Q20",
        "a window function",
        "SELECT village, sum(flag) OVER (PARTITION BY village) AS s FROM {p} AS t WHERE district = {D}",
        ZONES,
    ),
    query(
        "Q21",
        "values collected in an array",
        "SELECT zone, array_agg(village || flag) AS x FROM {p} AS t WHERE district = {D} GROUP BY zone",
        SEXES,
    ),
    query(
        "Q22",
        "values collected in a text",
        "SELECT zone, string_agg(village, ',') AS x FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY zone",
        SEXES,
    ),
    query(
        "Q23",
        "the first value of a group",
        "SELECT zone, first_value(village ORDER BY village) AS village, first_value(flag ORDER BY village) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone",
        SEXES,
    ),
    query(
        "Q24",
        "FILTER inside an aggregate",
        "SELECT district, 'x' AS village, sum(flag) FILTER (WHERE village = {T}) AS s FROM {p} AS t WHERE district = {D} GROUP BY district",
        SEXES,
    ),
    query(
        "Q25",
        "CASE inside an aggregate",
        "SELECT zone, {T} AS village, sum(CASE WHEN village = {T} THEN flag ELSE 0 END) AS s, sum(CASE WHEN village = {T} THEN income ELSE 0 END) AS inc FROM {p} AS t WHERE district = {D} AND zone LIKE '%-Z1' GROUP BY zone",
        also(
            "SELECT district, CASE WHEN sex = '男' THEN 'm' ELSE 'f' END AS who, sum(income) AS total FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            2,
        ),
    ),
    query(
        "Q26",
        "a comparison cast to a number inside an aggregate",
        "SELECT zone, {T} AS village, sum(income * CAST(village = {T} AS BIGINT)) AS inc FROM {p} AS t WHERE district = {D} AND zone LIKE '%-Z1' GROUP BY zone",
        SEXES,
    ),
    query(
        "Q27",
        "NULLIF inside a count",
        "SELECT zone, {T} AS village, count(*) - count(nullif(village, {T})) AS n, count(nullif(flag, 0)) AS s FROM {p} AS t WHERE district = {D} AND zone LIKE '%-Z1' GROUP BY zone",
        also("SELECT zone, count(household) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    query(
        "Q28",
        "GREATEST that clips everybody else",
        "SELECT zone, {T} AS village, sum(greatest(income, 75000)) AS inc FROM {p} AS t WHERE district = {D} AND zone LIKE '%-Z1' GROUP BY zone",
        ZONES,
    ),
    query(
        "Q29",
        "a remainder that singles out one value",
        "SELECT zone, {T} AS village, sum(income % 2) AS s FROM {p} AS t WHERE district = {D} AND zone LIKE '%-Z1' GROUP BY zone",
        ZONES,
    ),
    query(
        "Q30",
        "powers that make one value count for all",
        "SELECT zone, {T} AS village, sum(exp(income / 100.0)) AS inc FROM {p} AS t WHERE district = {D} AND zone LIKE '%-Z1' GROUP BY zone",
        ZONES,
    ),
];
