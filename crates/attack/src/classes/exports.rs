//! The airlock and its files.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Scene, Step};
use crate::client::{Answer, Sent};
use crate::stage::{ENGINEER, MANAGER, OTHER_MANAGER};

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
    steps("E13", "the first vote told to the second reviewer", blind, released_after_votes),
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

/// Cells of a released CSV that a spreadsheet would compute.
async fn formulas(scene: &Scene<'_>, key: &str) -> Result<Found> {
    let mut found = Found { forms: 1, ..Found::default() };
    let sql = scene.fill(&format!(
        "SELECT {key} AS k, zone, count(*) AS n FROM {{p}} AS t WHERE district = {{D}} GROUP BY 1, 2"
    ));
    let outcome = scene.lab.order(&sql, &[], &[]).await?;
    found.told.push(outcome.told());
    let Some(file) = outcome.released() else { return Ok(found) };
    for cell in file.rows.iter().flatten().chain(&file.columns) {
        let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
        found.expect(!begins || cell.parse::<f64>().is_ok(), || {
            format!("a spreadsheet would compute {cell:?}")
        });
    }
    found.violations.truncate(2);
    Ok(found)
}

fn formula_equals<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(formulas(scene, "concat('=HYPERLINK(\"http://x.example/\",\"', zone, '\")')"))
}

fn formula_signs<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = formulas(scene, "concat('+1+cmd|x!', zone)").await?;
        let more = formulas(scene, "concat('-1-cmd|x!', zone)").await?;
        found.violations.extend(more.violations);
        found.forms += 1;
        Ok(found)
    })
}

fn formula_at<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for key in ["concat('@SUM(A1)', zone)", "concat('\t=1+1', zone)", "concat('＝1+1', zone)"] {
            let more = formulas(scene, key).await?;
            found.violations.extend(more.violations);
            found.told.extend(more.told);
            found.forms += 1;
        }
        Ok(found)
    })
}

fn formula_header<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT zone, count(*) AS \"=1+cmd|'/C calc'!A0\" FROM {p} AS t WHERE district = {D} GROUP BY zone");
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        found.told.push(outcome.told());
        if let Some(file) = outcome.released() {
            let bad = file.columns.iter().find(|name| name.starts_with(['=', '+', '-', '@']));
            found.expect(bad.is_none(), || format!("a column is called {bad:?}"));
        }
        Ok(found)
    })
}

fn broken_lines<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found { forms: 1, ..Found::default() };
        let sql = scene.fill("SELECT concat('a\",\"b\r\n=1,', zone) AS k, zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY 1, 2");
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        found.told.push(outcome.told());
        if let Some(file) = outcome.released() {
            found.expect(file.rows.len() == 4 && file.rows.iter().all(|row| row.len() == 3), || {
                format!("the file fell apart into {} row(s)", file.rows.len())
            });
        }
        Ok(found)
    })
}

fn ordinary_text<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql = scene.fill("SELECT concat('第', zone, '片') AS k, zone, 0 - sum(income) AS minus FROM {p} AS t WHERE district = {D} GROUP BY 1, 2 ORDER BY 2");
        let outcome = scene.lab.order(&sql, &[], &[]).await?;
        let Some(file) = outcome.released() else {
            found.violations.push(outcome.told());
            return Ok(found);
        };
        found.expect(
            file.rows
                .first()
                .and_then(|row| row.first())
                .is_some_and(|cell| cell.starts_with("第D") && cell.ends_with("Z1片")),
            || format!("{:?}", file.rows),
        );
        found.expect(
            file.rows.len() == 4
                && file.rows.iter().all(|row| {
                    row.last().and_then(|cell| cell.parse::<f64>().ok()).is_some_and(|sum| sum < 0.0)
                }),
            || "negative numbers are no numbers any more".to_owned(),
        );
        Ok(found)
    })
}

fn suppressed_names<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let sql =
            scene.fill("SELECT village, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY village");
        let Ok(model) = scene.lab.model(ENGINEER, &sql, &[]).await? else { return Ok(found) };
        let Ok(run) = scene.lab.run(&model, &[]).await? else { return Ok(found) };
        let Some(export) = scene.lab.release(ENGINEER, &run.id).await? else { return Ok(found) };
        for format in ["csv", "parquet"] {
            let bytes = file(scene, ENGINEER, &export, format).await?.body;
            for person in scene.plot.targets() {
                let name = person.village.as_bytes();
                found.expect(!bytes.windows(name.len()).any(|part| part == name), || {
                    format!("{format} names {}", person.village)
                });
            }
            found.forms += 1;
        }
        found.violations.truncate(2);
        Ok(found)
    })
}

fn own_columns<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?;
        vote(scene, "bureau.chief", &made, "approve").await?;
        released(scene, &made).await?;
        for format in ["csv", "parquet"] {
            let bytes = file(scene, ENGINEER, &made.export, format).await?.body;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for word in
                ["__entities", "__dominance", "__key", "/root", "/tmp", &scene.lab.stage.tables.persons]
            {
                found.expect(!text.contains(word), || format!("{format} says {word}"));
            }
            found.forms += 1;
        }
        Ok(found)
    })
}

async fn released(scene: &Scene<'_>, made: &Made) -> Result<()> {
    let path = format!("/api/v1/exports/{}", made.export);
    crate::story::until(scene.lab.client, &[("/state".to_owned(), json!("released"))], async || {
        scene.lab.client.get(ENGINEER, &path).await
    })
    .await?;
    Ok(())
}

fn both_files<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
        released(scene, &made).await?;
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
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
        released(scene, &made).await?;
        let answer = file(scene, ENGINEER, &made.export, "csv").await?;
        found.expect(answer.is_ok(), || answer.shown());
        Ok(found)
    })
}

fn before_votes<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

fn after_one_vote<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

/// Votes of people who may not; none may count.
async fn votes_of(scene: &Scene<'_>, people: &[&str], found: &mut Found) -> Result<()> {
    let made = waiting(scene).await?;
    for who in people {
        let answer = vote(scene, who, &made, "approve").await?;
        found.told.push(format!("{who}: {}", answer.status));
        found.expect(!answer.is_ok(), || format!("{who} may vote: {}", answer.shown()));
    }
    still_inside(scene, &made, found).await
}

fn own_vote<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        votes_of(scene, &[ENGINEER, MANAGER, crate::stage::SECOND], &mut found).await?;
        Ok(found)
    })
}

fn foreign_votes<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        votes_of(
            scene,
            &["expert.one", "buyer.bank", "citizen.wang", "civil.officer", "admin", OTHER_MANAGER],
            &mut found,
        )
        .await?;
        Ok(found)
    })
}

fn twice<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        let again = vote(scene, "supervisor.two", &made, "approve").await?;
        found.expect(!again.is_ok(), || "the second vote of one person counts".to_owned());
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

fn two_cases<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let opened = scene
            .lab
            .client
            .post(ENGINEER, "/api/v1/cases", json!({
                "procedure": "出域审核", "title": "另一件", "facts": { "授权": scene.lab.stage.tenant, "出域": made.export },
            }))
            .await?;
        found.told.push(format!("a second case: {} {}", opened.status, opened.code()));
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        if opened.is_ok() {
            let second =
                Made { case: opened.text("/id"), run: made.run.clone(), export: made.export.clone() };
            vote(scene, "bureau.chief", &second, "approve").await?;
        }
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

fn blind<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "refuse").await?.done("vote")?;
        for who in ["bureau.chief", "supervisor.one", ENGINEER] {
            for path in [
                format!("/api/v1/cases/{}", made.case),
                format!("/api/v1/exports/{}", made.export),
                format!("/api/v1/cases/{}/papers", made.case),
            ] {
                let answer = scene.lab.client.get(who, &path).await?;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                found.forms += 1;
                found.expect(!text.contains("supervisor.two的意见"), || {
                    format!("{path} tells {who} what the first vote says")
                });
            }
        }
        Ok(found)
    })
}

fn refused<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "refuse").await?.done("vote")?;
        let second = vote(scene, "bureau.chief", &made, "refuse").await?;
        found.told.push(format!("second vote: {}", second.status));
        let late = vote(scene, "supervisor.one", &made, "approve").await?;
        found.told.push(format!("a late vote: {}", late.status));
        still_inside(scene, &made, &mut found).await?;
        Ok(found)
    })
}

fn replaced<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let seen = scene
            .lab
            .client
            .get("supervisor.two", &format!("/api/v1/exports/{}/candidate", made.export))
            .await?
            .done("candidate")?;
        let before = scene
            .lab
            .client
            .get(ENGINEER, &format!("/api/v1/exports/{}", made.export))
            .await?
            .text("/frozen/digest");
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        // Other runs of other texts come and go meanwhile.
        let other = waiting(scene).await?;
        found.expect(other.export != made.export, || "another run's export is the same export".to_owned());
        vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
        released(scene, &made).await?;
        let after = scene
            .lab
            .client
            .get(ENGINEER, &format!("/api/v1/exports/{}", made.export))
            .await?
            .text("/frozen/digest");
        found.expect(!before.is_empty() && before == after, || "the frozen result changed".to_owned());
        let file = scene.lab.file(ENGINEER, &made.export).await?;
        let rows = seen.json().pointer("/page/rows").and_then(Value::as_array).map(Vec::len);
        found.expect(rows == Some(file.rows.len()), || {
            format!("{rows:?} rows were reviewed, {} left", file.rows.len())
        });
        Ok(found)
    })
}

fn candidate<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for who in
            [ENGINEER, MANAGER, crate::stage::SECOND, OTHER_MANAGER, "buyer.bank", "civil.officer", "admin"]
        {
            let answer = scene
                .lab
                .client
                .get(who, &format!("/api/v1/exports/{}/candidate?offset=0", made.export))
                .await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{who} sees the candidate"));
        }
        Ok(found)
    })
}

fn reviewer_looks<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let answer = scene
            .lab
            .client
            .get("bureau.chief", &format!("/api/v1/exports/{}/candidate", made.export))
            .await?;
        found.expect(answer.is_ok() && answer.json().pointer("/page/rows/0").is_some(), || answer.shown());
        Ok(found)
    })
}

fn report<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for who in [ENGINEER, MANAGER] {
            for (path, pointer) in [
                (format!("/api/v1/runs/{}", made.run), "/result/report"),
                (format!("/api/v1/exports/{}", made.export), "/frozen/report"),
            ] {
                let shown = scene
                    .lab
                    .client
                    .get(who, &path)
                    .await?
                    .json()
                    .pointer(pointer)
                    .cloned()
                    .unwrap_or_default();
                found.forms += 1;
                found.expect(shown.is_null(), || format!("{who} sees {shown}"));
            }
        }
        Ok(found)
    })
}

fn reviewer_sees_report<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        let answer =
            scene.lab.client.get("bureau.chief", &format!("/api/v1/exports/{}", made.export)).await?;
        found.expect(answer.json().pointer("/frozen/report").is_some_and(|report| !report.is_null()), || {
            answer.shown()
        });
        Ok(found)
    })
}

fn foreign_download<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        vote(scene, "bureau.chief", &made, "approve").await?.done("vote")?;
        released(scene, &made).await?;
        for who in [
            OTHER_MANAGER,
            "buyer.bank",
            "citizen.wang",
            "civil.officer",
            "supervisor.one",
            "bureau.officer",
            "expert.one",
            "admin",
        ] {
            let answer = file(scene, who, &made.export, "csv").await?;
            found.forms += 1;
            found.expect(!answer.is_ok(), || format!("{who} may fetch the file"));
        }
        let open = scene
            .lab
            .client
            .raw("GET", &format!("/api/v1/exports/{}/files/csv", made.export), Sent::default())
            .await?;
        found.expect(!open.is_ok(), || "anybody may fetch the file".to_owned());
        Ok(found)
    })
}

fn odd_formats<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for format in [
            "exe",
            "CSV",
            "csv/../parquet",
            "..%2f..%2fkeys%2froot.key",
            "%2e%2e%2fcsv",
            "pickle",
            "csv%00",
            "json?x=/etc/passwd",
        ] {
            let answer = file(scene, ENGINEER, &made.export, format).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{format}: {}", answer.shown()));
        }
        Ok(found)
    })
}

fn odd_runs<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        for (who, run) in [
            (ENGINEER, "00000000-0000-7000-8000-000000000000"),
            (ENGINEER, "' OR 1=1 --"),
            (ENGINEER, scene.lab.stage.tenant.as_str()),
            (OTHER_MANAGER, made.run.as_str()),
            ("buyer.bank", made.run.as_str()),
            ("bureau.chief", made.run.as_str()),
        ] {
            let answer = scene.lab.ask_export(who, &run.replace(' ', "%20")).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{who} {run}: {}", answer.shown()));
        }
        Ok(found)
    })
}

fn asked_again<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let made = waiting(scene).await?;
        vote(scene, "supervisor.two", &made, "approve").await?.done("vote")?;
        let path = format!("/api/v1/runs/{}/exports", made.run);
        let again = scene.lab.client.post(MANAGER, &path, json!({ "purpose": "另一目的" })).await?;
        found.told.push(format!("{} {}", again.status, again.code()));
        if again.is_ok() {
            found.expect(again.text("/id") == made.export && again.text("/case") == made.case, || {
                "a second request opened a second way out".to_owned()
            });
        }
        still_inside(scene, &made, &mut found).await.context("state")?;
        Ok(found)
    })
}
