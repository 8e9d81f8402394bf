//! Run orders over all persons: who stands behind each cell, the ledger's word, disclosure control, a sealed result; beside
//! the plain GROUP BY.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use base::Digest;
use privacy::DataType;
use secure_domain::bench::BenchTables;
use secure_domain::protocol::{
    AppendOrder, AssessOrder, ConcludeOrder, Limits, OutputColumn, QueryOrder, RunOrder, Secret,
};
use serde_json::json;

use super::zones::{Zones, id, object};
use super::{THRESHOLDS, at};
use crate::duck::Duck;
use crate::report::{Report, figure};
use crate::setup::Setup;

/// Executions of each query.
const TURNS: u32 = 3;

/// Columns of an order's result, by name.
type Columns = &'static [(&'static str, DataType)];

/// What is ordered.
const QUERIES: [(&str, &str, Columns); 2] = [
    (
        "120 regions: count, sum, mean",
        "SELECT region, count(*) AS n, sum(income) AS total, avg(income) AS mean FROM persons GROUP BY region ORDER BY region",
        &[
            ("region", DataType::Text),
            ("n", DataType::Integer),
            ("total", DataType::Float),
            ("mean", DataType::Float),
        ],
    ),
    (
        "8 decades: count",
        "SELECT birth_year / 10 * 10 AS decade, count(*) AS n FROM persons GROUP BY birth_year / 10 * 10 ORDER BY decade",
        &[("decade", DataType::Integer), ("n", DataType::Integer)],
    ),
];

/// Milliseconds of one guarded run.
#[derive(Default)]
struct Took {
    counted: Vec<f64>,
    assessed: Vec<f64>,
    concluded: Vec<f64>,
    whole: Vec<f64>,
}

/// Runs and prints.
///
/// # Errors
/// If a zone fails, or a guarded run has fewer cells than the plain query.
pub(super) async fn run(
    setup: &Setup,
    report: &mut Report,
    tables: &BenchTables,
    duck: &mut Duck,
    folder: &Path,
) -> Result<()> {
    let zones = Zones::open(folder, &folder.join("persons.parquet"), setup.threads).await?;
    let sealed = tables.sealed(Limits { threads: setup.threads, ..Limits::default() })?;
    report.title(
        &format!("Guarded runs over {} persons, beside the plain GROUP BY of DuckDB {}", setup.persons, duck.version),
        &[
            "Three zones of the real worker. counted: input's digest, query, and again by person: who stands behind each cell, with",
            "how much, as keyed digests, sealed for the ledger; assessed: the ledger sets them against what left; concluded:",
            "thresholds, dominance, suppression, sealed result. guarded query: the same text in a dev zone over the sealed rows,",
            "without the persons behind it. Milliseconds, best of three; DuckDB only groups.",
        ],
    );
    println!(
        "   {:<32} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "order", "counted", "assessed", "concluded", "whole", "guarded", "DuckDB", "whole/D", "guarded/D"
    );
    let mut number = 100;
    for (place, (name, sql, output)) in QUERIES.iter().enumerate() {
        let (mut took, mut plain, mut guarded) = (Took::default(), Vec::new(), Vec::new());
        for turn in 0..TURNS {
            // Whole numbers are divided with another sign there.
            let (millis, rows) = duck.time(&sql.replace(" / 10 ", " // 10 "))?;
            plain.push(millis);
            guarded.push(query(&sealed, sql).await?);
            let order = order(&zones, number, sql, output);
            number += 10;
            let passed = guarded_run(&zones, order, place, turn, &mut took).await?;
            ensure!(passed == u64::try_from(rows)?, "{passed} of {rows} cells passed");
        }
        let [counted, assessed, concluded, whole, guarded, plain] = [
            &mut took.counted,
            &mut took.assessed,
            &mut took.concluded,
            &mut took.whole,
            &mut guarded,
            &mut plain,
        ]
        .map(|times| at(times, 0).unwrap_or(f64::NAN));
        println!(
            "   {name:<32} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            figure(counted),
            figure(assessed),
            figure(concluded),
            figure(whole),
            figure(guarded),
            figure(plain),
            figure(whole / plain),
            figure(guarded / plain),
        );
        report.line(&json!({
            "part": "guard", "order": name, "unit": "ms", "persons": setup.persons, "counted": counted, "assessed": assessed,
            "concluded": concluded, "whole": whole, "guarded": guarded, "peer": "DuckDB", "theirs": plain, "ratio": whole / plain,
        }))?;
    }
    zones.prod.shutdown().await?;
    Ok(zones.ledger.shutdown().await?)
}

async fn query(engine: &secure_domain::engine::DevEngine, sql: &str) -> Result<f64> {
    let order = QueryOrder {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        values: Default::default(),
        rows_max: 10_000,
    };
    let start = Instant::now();
    engine.query_batches(order).await?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

fn order(zones: &Zones, number: u32, sql: &str, output: &[(&str, DataType)]) -> RunOrder {
    let column = |(name, data_type): &(&str, DataType)| OutputColumn {
        name: (*name).to_owned(),
        data_type: *data_type,
    };
    RunOrder {
        run: id(number),
        basis: vec!["bench".to_owned()],
        sql: sql.to_owned(),
        sql_digest: Digest::of(sql.as_bytes()),
        parameters: Vec::new(),
        values: Default::default(),
        inputs: vec![zones.pin.clone()],
        purpose: None,
        output: output.iter().map(column).collect(),
        thresholds: THRESHOLDS,
        entity_key: Some(Secret::new([3; 32].into())),
        draft: object(number + 1),
        result: object(number + 2),
        cells: object(number + 3),
    }
}

/// One run to its result; cells that passed. What the first of a query brought leaves, so that the others are set against
/// it.
async fn guarded_run(
    zones: &Zones,
    order: RunOrder,
    place: usize,
    turn: u32,
    took: &mut Took,
) -> Result<u64> {
    let millis = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
    let pages = u64::try_from(place)? + u64::from(turn > 0);
    let start = Instant::now();
    zones.prod.run(&zones.permit, order.clone()).await?;
    took.counted.push(millis(start));
    let second = Instant::now();
    let assess = AssessOrder {
        release: format!("run/{}", order.run),
        cells: order.draft.clone(),
        pages,
        thresholds: THRESHOLDS,
    };
    let verdicts = zones.ledger.assess(&zones.permit, assess.clone()).await?.verdicts;
    took.assessed.push(millis(second));
    let third = Instant::now();
    let done = zones.prod.conclude(&zones.permit, ConcludeOrder { run: order.run, verdicts }).await?;
    took.concluded.push(millis(third));
    took.whole.push(millis(start));
    if turn == 0 {
        let assess =
            AssessOrder { release: format!("export/{}", order.run), cells: order.cells.clone(), ..assess };
        let page = object(u32::try_from(place)? + 10);
        let append = AppendOrder { assess, operator: "bench".to_owned(), channel: "export".to_owned(), page };
        let answer = zones.ledger.append(&zones.permit, append).await?;
        ensure!(answer.written.is_some(), "what was run did not leave");
    }
    Ok(done.report.passed)
}
