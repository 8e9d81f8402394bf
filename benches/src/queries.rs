//! The 22 TPC-H queries with their validation parameters.

use anyhow::{Context as _, Result};

/// Parameters of the queries. Source: TPC-H specification 3.0.1, "Query validation" of each query; and the rows that a
/// query is cut to, where it says so.
const PARAMETERS: [(&[&str], Option<u32>); 22] = [
    (&["90"], None),
    (&["15", "BRASS", "EUROPE"], Some(100)),
    (&["BUILDING", "1995-03-15"], Some(10)),
    (&["1993-07-01"], None),
    (&["ASIA", "1994-01-01"], None),
    (&["1994-01-01", "0.06", "24"], None),
    (&["FRANCE", "GERMANY"], None),
    (&["BRAZIL", "AMERICA", "ECONOMY ANODIZED STEEL"], None),
    (&["green"], None),
    (&["1993-10-01"], Some(20)),
    (&["GERMANY", "0.0001"], None),
    (&["MAIL", "SHIP", "1994-01-01"], None),
    (&["special", "requests"], None),
    (&["1995-09-01"], None),
    (&["1996-01-01"], None),
    (&["Brand#45", "MEDIUM POLISHED", "49", "14", "23", "45", "19", "3", "36", "9"], None),
    (&["Brand#23", "MED BOX"], None),
    (&["300"], Some(100)),
    (&["Brand#12", "Brand#23", "Brand#34", "1", "10", "20"], None),
    (&["forest", "1994-01-01", "CANADA"], None),
    (&["SAUDI ARABIA"], Some(100)),
    (&["13", "31", "23", "29", "30", "18", "17"], None),
];

/// Query 15 as one statement: the specification's variant with a common table expression instead of a view.
const Q15: &str = "
with revenue (supplier_no, total_revenue) as (
    select l_suppkey, sum(l_extendedprice * (1 - l_discount))
    from lineitem
    where l_shipdate >= date ':1' and l_shipdate < date ':1' + interval '3' month
    group by l_suppkey
)
select s_suppkey, s_name, s_address, s_phone, total_revenue
from supplier, revenue
where s_suppkey = supplier_no and total_revenue = (select max(total_revenue) from revenue)
order by s_suppkey";

/// The query of a number from 1 to 22. With a scale factor, because one of query 11's parameters is divided by it.
///
/// # Errors
/// For another number.
pub(crate) fn query(number: usize, scale: f64) -> Result<String> {
    let index = number.checked_sub(1).context("queries begin at 1")?;
    let (parameters, limit) = PARAMETERS.get(index).context("there are 22 queries")?;
    let template = match number {
        15 => Q15,
        other => tpchgen::q_and_a::queries::query(i32::try_from(other)?).context("no template")?,
    };
    let mut sql = template.trim().trim_end_matches(';').replace(" day (3)", " day");
    // From behind, so that `:1` does not eat the beginning of `:10`.
    for (place, value) in parameters.iter().enumerate().rev() {
        let divided = number == 11 && place == 1;
        let value = if divided { format!("{:.10}", 0.0001 / scale) } else { (*value).to_owned() };
        sql = sql.replace(&format!(":{}", place + 1), &value);
    }
    if let Some(limit) = limit {
        sql.push_str(&format!("\nlimit {limit}"));
    }
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_is_left() {
        for number in 1..=22 {
            let sql = query(number, 1.0).unwrap();
            assert!(!sql.contains([':', ';']), "{number}: {sql}");
        }
        assert!(query(0, 1.0).is_err() && query(23, 1.0).is_err());
    }
}
