//! Small cells and aggregates: one query each, in every form.

use crate::attack::{Attack, Benign, Class, Kind};

/// A query by zone: four large cells.
const ZONES: Benign = Benign::Query(
    "SELECT zone, count(*) AS n, sum(income) AS inc FROM {p} AS t WHERE district = {D} AND sex = '男' GROUP BY zone",
    4,
);
/// Enterprises by the whole district: no one makes up much of it.
const DISTRICT: Benign = Benign::Query(
    "SELECT district, sum(turnover) AS turnover FROM {e} AS t WHERE district = {D} GROUP BY district",
    1,
);

const fn attack(id: &'static str, title: &'static str, sql: &'static str, twin: Benign) -> Attack {
    Attack { class: Class::Cells, id, title, kind: Kind::Query(sql), twin }
}

pub(super) const ATTACKS: &[Attack] = &[
    attack(
        "C01",
        "count by village and flag",
        "SELECT village, flag, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY village, flag",
        Benign::Query(
            "SELECT zone, flag, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone, flag",
            8,
        ),
    ),
    attack(
        "C02",
        "sum of flags by village",
        "SELECT village, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query("SELECT zone, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    attack(
        "C03",
        "mean of flags by village",
        "SELECT village, avg(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query("SELECT zone, avg(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    attack(
        "C04",
        "sum of incomes by village",
        "SELECT village, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        ZONES,
    ),
    attack(
        "C05",
        "mean income by village",
        "SELECT village, avg(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query("SELECT zone, avg(income) AS mean FROM {p} AS t WHERE district = {D} GROUP BY zone", 4),
    ),
    attack(
        "C06",
        "villages in which somebody has the flag",
        "SELECT village, count(*) AS hit FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY village",
        Benign::Query(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY zone",
            4,
        ),
    ),
    attack(
        "C07",
        "distinct persons with the flag by village",
        "SELECT village, count(DISTINCT id_number) AS hit FROM {p} AS t WHERE district = {D} AND flag = 1 GROUP BY village",
        Benign::Query(
            "SELECT zone, count(DISTINCT id_number) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone",
            4,
        ),
    ),
    attack(
        "C08",
        "least income by village",
        "SELECT village, min(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query(
            "SELECT region, min(number) AS least FROM {g} AS t WHERE district = {D} GROUP BY region",
            2,
        ),
    ),
    attack(
        "C09",
        "greatest income by village",
        "SELECT village, max(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query(
            "SELECT region, max(number) AS most FROM {g} AS t WHERE district = {D} GROUP BY region",
            2,
        ),
    ),
    attack(
        "C10",
        "median income by village",
        "SELECT village, median(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query(
            "SELECT region, median(number) AS middle FROM {g} AS t WHERE district = {D} GROUP BY region",
            2,
        ),
    ),
    attack(
        "C11",
        "standard deviation and mean of incomes by village",
        "SELECT village, stddev(income) AS d, avg(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village",
        Benign::Query(
            "SELECT region, stddev(number) AS d FROM {g} AS t WHERE district = {D} GROUP BY region",
            2,
        ),
    ),
    attack(
        "C12",
        "sum of flags by birthday",
        "SELECT birth_date, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY birth_date",
        Benign::Query(
            "SELECT district, date_part('year', birth_date) < 1975 AS older, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            2,
        ),
    ),
    attack(
        "C13",
        "sum of incomes by all that identifies together",
        "SELECT village, sex, birth_date, household, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY village, sex, birth_date, household",
        Benign::Query(
            "SELECT zone, sex, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone, sex",
            8,
        ),
    ),
    attack(
        "C14",
        "persons by village and income",
        "SELECT village, income AS inc, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY village, income",
        Benign::Query(
            "SELECT district, income < 43000 AS low, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            2,
        ),
    ),
    attack(
        "C15",
        "sum of flags by identity number",
        "SELECT id_number, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY id_number",
        Benign::Query(
            "SELECT district, sex, count(DISTINCT id_number) AS n FROM {p} AS t WHERE district = {D} GROUP BY district, sex",
            2,
        ),
    ),
    attack(
        "C16",
        "rows as they are",
        "SELECT village, id_number, flag, income AS inc FROM {p} AS t WHERE district = {D}",
        ZONES,
    ),
    attack(
        "C17",
        "distinct villages with their flags",
        "SELECT DISTINCT village, flag FROM {p} AS t WHERE district = {D}",
        Benign::Query("SELECT DISTINCT zone, sex FROM {p} AS t WHERE district = {D}", 8),
    ),
    attack(
        "C18",
        "one target set apart by a condition among the keys",
        "SELECT CASE WHEN village = {T} THEN {T} ELSE 'x' END AS who, sum(flag) AS s, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY 1",
        Benign::Query(
            "SELECT district, CASE WHEN household > 3 THEN 'large' ELSE 'small' END AS size, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2",
            2,
        ),
    ),
    attack(
        "C19",
        "sum of incomes by part of a telephone number",
        "SELECT substring(phone FROM 1 FOR 11) AS phone, sum(income) AS inc FROM {p} AS t WHERE district = {D} GROUP BY 1",
        ZONES,
    ),
    attack(
        "C20",
        "two sellers who make up nearly all: each sees the other's turnover",
        "SELECT industry, sum(turnover) AS turnover FROM {e} AS t WHERE district = {D} GROUP BY industry",
        DISTRICT,
    ),
    attack(
        "C21",
        "the same as a mean with the number beside it",
        "SELECT industry, avg(turnover) * count(*) AS turnover, count(*) AS n FROM {e} AS t WHERE district = {D} GROUP BY industry",
        DISTRICT,
    ),
    attack(
        "C22",
        "the same, measured in thousands and scaled back",
        "SELECT industry, sum(turnover / 1000.0) * 1000 AS turnover FROM {e} AS t WHERE district = {D} GROUP BY industry",
        DISTRICT,
    ),
    attack(
        "C23",
        "the same, hidden under a constant for everybody",
        "SELECT industry, sum(turnover + 100000) - 100000 * count(*) AS turnover FROM {e} AS t WHERE district = {D} GROUP BY industry",
        DISTRICT,
    ),
    attack(
        "C24",
        "full and empty cells: all of a team, or none, have the grade",
        "SELECT team, count(*) AS n, sum(grade) AS grades FROM {p} AS t WHERE district = {D} AND village <> 'x' AND zone <> 'x' AND village LIKE '%-B%' GROUP BY team",
        Benign::Query(
            // A zone's five teams may all have the same grade, once in four districts; a sex does not.
            "SELECT sex, count(*) AS n, sum(grade) AS grades FROM {p} AS t WHERE district = {D} GROUP BY sex",
            2,
        ),
    ),
    attack(
        "C25",
        "full and empty cells, by presence",
        "SELECT team, count(*) AS hit FROM {p} AS t WHERE district = {D} AND village LIKE '%-B%' AND grade = 1 GROUP BY team",
        Benign::Query(
            "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND income >= 42768 GROUP BY zone",
            4,
        ),
    ),
    attack(
        "C26",
        "visits instead of persons: twelve rows of one target",
        "SELECT p.village, count(*) AS n, sum(p.flag) AS s FROM {v} AS w JOIN {p} AS p ON w.id_number = p.id_number WHERE p.district = {D} GROUP BY p.village",
        Benign::Query(
            "SELECT p.district, w.clinic, count(*) AS visits, count(DISTINCT w.id_number) AS persons FROM {v} AS w JOIN {p} AS p ON w.id_number = p.id_number WHERE p.district = {D} GROUP BY p.district, w.clinic",
            4,
        ),
    ),
    attack(
        "C27",
        "cost of visits by village",
        "SELECT p.village, sum(w.cost) AS cost, sum(p.income) / 12 AS inc FROM {p} AS p JOIN {v} AS w ON p.id_number = w.id_number WHERE p.district = {D} GROUP BY p.village",
        Benign::Query(
            "SELECT p.zone, sum(w.cost) AS cost FROM {p} AS p JOIN {v} AS w ON p.id_number = w.id_number WHERE p.district = {D} GROUP BY p.zone",
            4,
        ),
    ),
    attack(
        "C28",
        "rare illness by village",
        "SELECT village, illness, sum(flag) AS s FROM {p} AS t WHERE district = {D} GROUP BY village, illness",
        Benign::Query(
            "SELECT district, illness, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY district, illness",
            4,
        ),
    ),
];
