//! The airlock and its files.

mod blind;
mod files;
mod forms;
mod looks;
mod plants;
mod votes;

use anyhow::Result;
use serde_json::json;

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene, Step};
use crate::client::Answer;
use crate::stage::{ENGINEER, MANAGER};
use blind::{journal_after, journal_tells, reruns_of_others, reviewer_reruns, taken_back};
use files::{
    broken_lines, foreign_download, formula_at, formula_equals, formula_header, formula_signs, odd_formats,
    ordinary_text, own_columns, suppressed_names,
};
use forms::{all_forms, early_forms, forms_of_others, no_such_form, run_in_forms, suppressed_in_forms};
use looks::{candidate, report, reviewer_looks, reviewer_sees_report};
use plants::{planted_released, planted_then_real};
use votes::{
    after_one_vote, asked_again, before_votes, blind as blind_pages, foreign_votes, odd_runs, own_vote,
    refused, replaced, twice, two_cases,
};

const fn steps(id: &'static str, title: &'static str, step: Step, twin: Step) -> Attack {
    Attack { class: Class::Exports, id, title, kind: Kind::Steps(step), twin: Benign::Steps(twin) }
}

pub(super) const ATTACKS: &[Attack] = &[
    steps("E01", "a cell that is a formula: =", formula_equals, ordinary_text),
    steps("E02", "a cell that is a formula: + and -", formula_signs, ordinary_text),
    steps("E03", "a cell that is a formula: @, tab and full-width signs", formula_at, ordinary_text),
    steps("E04", "a column's name that is a formula", formula_header, ordinary_text),
    steps("E05", "quotes and line breaks that make further cells", broken_lines, ordinary_text),
    steps("E06", "suppressed names in the bytes of CSV and Parquet", suppressed_names, both_files),
    steps("E07", "columns of the platform's own counting in the file", own_columns, both_files),
    steps("E08", "a file before anybody voted", before_votes, released_after_votes),
    steps("E09", "a file after one vote", after_one_vote, released_after_votes),
    steps("E10", "author and manager vote for their own export", own_vote, released_after_votes),
    steps("E11", "one reviewer votes twice", twice, released_after_votes),
    steps("E12", "two cases about one export, one vote in each", two_cases, released_after_votes),
    steps("E13", "the first vote told to the second reviewer", blind_pages, released_after_votes),
    steps("E14", "a refused export fetched all the same", refused, released_after_votes),
    steps("E15", "another result put in the place of the reviewed one", replaced, released_after_votes),
    steps("E16", "the operator looks at the candidate before review", candidate, reviewer_looks),
    steps("E17", "the disclosure report told to the operator", report, reviewer_sees_report),
    steps("E18", "other people fetch the file", foreign_download, both_files),
    steps("E19", "formats and paths that are none", odd_formats, both_files),
    steps(
        "E20",
        "an export of a run that is not there, not done or not one's own",
        odd_runs,
        released_after_votes,
    ),
    steps(
        "E21",
        "an export asked for again with another purpose while it waits",
        asked_again,
        released_after_votes,
    ),
    steps(
        "E22",
        "a reviewer of another kind votes: experts, buyers, citizens",
        foreign_votes,
        released_after_votes,
    ),
    steps("E23", "suppressed names in JSON, paper and chart", suppressed_in_forms, all_forms),
    steps("E24", "the run, its people and places in any form of the file", run_in_forms, all_forms),
    steps("E25", "models and other things asked for in place of a table", no_such_form, all_forms),
    steps("E26", "any form of the file before both votes", early_forms, all_forms),
    steps("E27", "any form of the file fetched by other people", forms_of_others, all_forms),
    steps("E28", "the first vote read in the journal by the second reviewer", journal_tells, journal_after),
    steps("E29", "votes of a request that was taken back", taken_back, released_after_votes),
    steps(
        "E30",
        "the reviewers' run ordered or read by the operator and others",
        reruns_of_others,
        reviewer_reruns,
    ),
    steps(
        "E31",
        "a planted fault released, or planted by somebody else",
        planted_released,
        planted_then_real,
    ),
];

/// A released legitimate result: run, export, case.
struct Made {
    run: String,
    export: String,
    case: String,
}

const BY_ZONE: &str =
    "SELECT zone, count(*) AS n, avg(income) AS mean FROM {p} AS t WHERE district = {D} GROUP BY zone";

/// A run and a request for its export that waits for its reviewers.
async fn waiting(scene: &Scene<'_>) -> Result<Made> {
    let model = scene
        .lab
        .model(ENGINEER, &scene.fill(BY_ZONE), &[])
        .await?
        .map_err(|answer| anyhow::anyhow!(answer.shown()))?;
    let run = scene.lab.run(&model, &[]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))?;
    let asked = scene.lab.ask_export(ENGINEER, &run.id).await?.done("export")?;
    Ok(Made { run: run.id, export: asked.text("/id"), case: asked.text("/case") })
}

async fn vote(scene: &Scene<'_>, who: &str, made: &Made, command: &str) -> Result<Answer> {
    let path = format!("/api/v1/cases/{}/commands", made.case);
    scene.lab.client.post(who, &path, json!({ "command": command, "opinion": format!("{who}的意见") })).await
}

async fn state(scene: &Scene<'_>, export: &str) -> Result<String> {
    Ok(scene.lab.client.get(ENGINEER, &format!("/api/v1/exports/{export}")).await?.text("/state"))
}

async fn file(scene: &Scene<'_>, who: &str, export: &str, format: &str) -> Result<Answer> {
    scene.lab.client.get(who, &format!("/api/v1/exports/{export}/files/{format}")).await
}

/// Waits a moment for what must not happen, then sees that it did not.
async fn still_inside(scene: &Scene<'_>, made: &Made, found: &mut Found) -> Result<()> {
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let now = state(scene, &made.export).await?;
    found.expect(now != "released" && now != "approved", || format!("the export is {now}"));
    let answer = file(scene, ENGINEER, &made.export, "csv").await?;
    found.expect(!answer.is_ok(), || "the file can be fetched".to_owned());
    Ok(())
}

async fn released(scene: &Scene<'_>, made: &Made) -> Result<()> {
    let path = format!("/api/v1/exports/{}", made.export);
    crate::story::until(scene.lab.client, &[("/state".to_owned(), json!("released"))], async || {
        scene.lab.client.get(ENGINEER, &path).await
    })
    .await?;
    Ok(())
}

/// A result that two reviewers let go, and that has left.
async fn let_go(scene: &Scene<'_>) -> Result<Made> {
    let made = waiting(scene).await?;
    vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
    vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
    released(scene, &made).await?;
    Ok(made)
}

/// Is a text in some bytes?
fn holds(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn both_files<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        for (format, begins) in [("csv", b"zone".as_slice()), ("parquet", b"PAR1".as_slice())] {
            let answer = file(scene, MANAGER, &made.export, format).await?;
            // A byte order mark before the text is welcome to spreadsheets.
            let body = answer.body.strip_prefix(b"\xef\xbb\xbf".as_slice()).unwrap_or(&answer.body);
            found.expect(answer.is_ok() && body.starts_with(begins), || {
                format!("{format}: {}", answer.shown())
            });
        }
        Ok(found)
    })
}

fn released_after_votes<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = let_go(scene).await?;
        let answer = file(scene, ENGINEER, &made.export, "csv").await?;
        found.expect(answer.is_ok(), || answer.shown());
        Ok(found)
    })
}
