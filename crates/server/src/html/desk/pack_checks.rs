//! A pack checked in the browser: findings, scenarios as they went, clauses by what shows them.

use std::collections::BTreeSet;
use std::sync::Arc;

use app::Error;
use app::packs::{self, Covered, Line, Report};
use app::regulation::case::scenario::ScenarioFailure;
use app::regulation::pack::{
    DutyExpectation, DutyScenario, Expectation, FactValue, Means, Pack, Scenario, ScenarioEvent, Standing,
};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::visit::Visit;
use super::words;
use crate::html::pages::pack_checks::{
    AdminPackCheck, AdminPackCoverage, AdminPackTest, CoverageRow, Story, StoryLine,
};
use crate::html::pages::pack_versions::PackReport;
use crate::html::pages::parts::{Choice, Fact, Link, Table, TableColumn};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/admin/packs/{pack}/check", get(check))
        .route("/admin/packs/{pack}/test", get(test))
        .route("/admin/packs/{pack}/coverage", get(coverage))
}

async fn check(visit: Visit, Path(id): Path<String>) -> Response {
    let result = try_check(&visit, &id).await;
    visit.answer(result).await
}

/// Checking takes a processor for seconds and one pack has the turn at a time, so it is for those who answer for packs.
fn may_check(visit: &Visit) -> Result<(), Error> {
    visit.signed_in()?;
    packs::may_check(&visit.app, &visit.ctx)
}

async fn try_check(visit: &Visit, id: &str) -> Result<Response, Error> {
    may_check(visit)?;
    let pack = visit.app.packs().find(id)?;
    let found = packs::report(&visit.app, Arc::clone(&pack)).await?;
    let page = AdminPackCheck {
        name: pack.name.clone(),
        back: back(&pack),
        links: super::pack_tools::links(visit, &pack),
        report: report(visit, &found),
    };
    visit.page("packs", &page).await
}

fn back(pack: &Pack) -> Link {
    Link::new(&pack.name, &format!("/admin/packs/{}", pack.id))
}

/// A table with translated heads; names in `numeric` are set to the right.
pub(super) fn table(visit: &Visit, caption: &str, heads: &[(&str, bool)], rows: Vec<Vec<String>>) -> Table {
    let column = |(key, numeric): &(&str, bool)| TableColumn { label: visit.text(key), numeric: *numeric };
    Table {
        caption: visit.text(caption),
        columns: heads.iter().map(column).collect(),
        rows,
        marks: Vec::new(),
        rows_more: None,
    }
}

/// A report in the reader's language.
pub(super) fn report(visit: &Visit, found: &Report) -> PackReport {
    let row = |line: &Line| {
        let place = [line.line, line.column].into_iter().flatten().map(|number| number.to_string());
        vec![
            line.place.clone(),
            place.collect::<Vec<_>>().join(":"),
            visit.pick(&line.zh, &line.en),
            line.code.clone(),
        ]
    };
    let heads = [("pack-place", false), ("line", false), ("problem", false), ("error-code", false)];
    let lines = |caption: &str, lines: Vec<&Line>| {
        (!lines.is_empty()).then(|| table(visit, caption, &heads, lines.into_iter().map(row).collect()))
    };
    let (errors, warnings): (Vec<&Line>, Vec<&Line>) = found.findings.iter().partition(|line| line.blocks);
    let uncovered: Vec<Vec<String>> = found.uncovered.iter().map(|clause| vec![clause.clone()]).collect();
    let blocking = [
        lines("report-mistakes", found.mistakes.iter().collect()),
        lines("report-failures", found.failures.iter().collect()),
        lines("report-errors", errors),
        (!uncovered.is_empty())
            .then(|| table(visit, "report-uncovered", &[("clause-word", false)], uncovered)),
    ];
    let counts = || counts(visit, found.counts.iter().map(count).collect());
    PackReport {
        clean: found.is_clean(),
        facts: facts(visit, found),
        blocking: blocking.into_iter().flatten().collect(),
        others: lines("report-warnings", warnings)
            .into_iter()
            .chain((!found.counts.is_empty()).then(counts))
            .collect(),
    }
}

fn facts(visit: &Visit, found: &Report) -> Vec<Fact> {
    let Some(on) = found.on else { return Vec::new() };
    let (all, covered) = found.counts.iter().fold((0, 0), |(all, covered), count| {
        (all + count.clauses, covered + count.carried + count.excused + count.pending)
    });
    vec![
        Fact::new(&visit.text("report-on"), &on.to_string()),
        Fact::new(&visit.text("coverage"), &format!("{covered} / {all}")),
        Fact::new(
            &visit.text("pack-scenarios"),
            &format!("{} / {}", found.scenarios.saturating_sub(found.failed()), found.scenarios),
        ),
    ]
}

fn count(one: &packs::Count) -> (String, [usize; 5]) {
    (one.pack.clone(), [one.clauses, one.carried, one.excused, one.pending, one.proven])
}

fn counts(visit: &Visit, rows: Vec<(String, [usize; 5])>) -> Table {
    let heads = [
        ("pack", false),
        ("pack-clauses", true),
        ("standing-carried", true),
        ("standing-excused", true),
        ("standing-pending", true),
        ("standing-proven", true),
    ];
    let row = |(pack, numbers): (String, [usize; 5])| {
        let name = words::pack_name(visit, &pack);
        [name].into_iter().chain(numbers.into_iter().map(|number| number.to_string())).collect()
    };
    table(visit, "report-counts", &heads, rows.into_iter().map(row).collect())
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    about: String,
    #[serde(default)]
    only: String,
}

async fn test(visit: Visit, Path(id): Path<String>, Query(wanted): Query<Wanted>) -> Response {
    let result = try_test(&visit, &id, &wanted).await;
    visit.answer(result).await
}

async fn try_test(visit: &Visit, id: &str, wanted: &Wanted) -> Result<Response, Error> {
    may_check(visit)?;
    let pack = visit.app.packs().find(id)?;
    let failures = packs::failures(&visit.app, Arc::clone(&pack)).await?;
    let failed: BTreeSet<&str> = failures.iter().map(|one| one.scenario.as_str()).collect();
    let cases = pack.scenarios.iter().map(|one| story(visit, &pack, one, &failures));
    let duties = pack.duty_scenarios.iter().map(|one| duty_story(visit, &pack, one, &failures));
    let mut stories: Vec<Story> = cases.chain(duties).collect();
    let total = stories.len();
    let mut abouts: Vec<String> = stories.iter().map(|story| story.about.clone()).collect();
    abouts.sort();
    abouts.dedup();
    stories.retain(|story| {
        (wanted.about.is_empty() || story.about == wanted.about) && (wanted.only != "failed" || !story.holds)
    });
    stories.sort_by_key(|story| story.holds);
    let all = |selected: bool| Choice::new("", &visit.text("choice-all"), selected);
    let page = AdminPackTest {
        name: pack.name.clone(),
        back: back(&pack),
        links: super::pack_tools::links(visit, &pack),
        facts: vec![Fact::new(
            &visit.text("pack-scenarios"),
            &format!("{} / {total}", total.saturating_sub(failed.len())),
        )],
        all_hold: failed.is_empty(),
        abouts: [all(wanted.about.is_empty())]
            .into_iter()
            .chain(abouts.iter().map(|about| Choice::new(about, about, *about == wanted.about)))
            .collect(),
        states: vec![
            all(wanted.only.is_empty()),
            Choice::new("failed", &visit.text("story-fails"), wanted.only == "failed"),
        ],
        is_filtered: !wanted.about.is_empty() || !wanted.only.is_empty(),
        action_href: format!("/admin/packs/{}/test", pack.id),
        stories,
    };
    visit.page("packs", &page).await
}

fn story(visit: &Visit, pack: &Pack, one: &Scenario, failures: &[ScenarioFailure]) -> Story {
    let mine: Vec<&ScenarioFailure> =
        failures.iter().filter(|failure| failure.scenario == one.name).collect();
    let said = |failure: &&ScenarioFailure| mended_at(visit, failure);
    let line = |(number, event): (usize, &ScenarioEvent)| StoryLine {
        text: told(visit, event),
        failed: mine.iter().find(|one| one.line == Some(number)).map(said).unwrap_or_default(),
    };
    Story {
        name: one.name.clone(),
        about: one.procedure.clone(),
        holds: mine.is_empty(),
        when: (1..).zip(&one.given).map(line).collect(),
        then: one
            .then
            .iter()
            .map(|one| StoryLine { text: expected(visit, one), failed: String::new() })
            .collect(),
        failures: mine.iter().filter(|one| one.line.is_none()).map(said).collect(),
        clauses: words::clauses_of(pack, &one.clauses),
    }
}

fn duty_story(visit: &Visit, pack: &Pack, one: &DutyScenario, failures: &[ScenarioFailure]) -> Story {
    let mine: Vec<&ScenarioFailure> =
        failures.iter().filter(|failure| failure.scenario == one.name).collect();
    let days = [("since", one.since.to_string()), ("until", one.until.to_string())];
    let days: Vec<(&'static str, &str)> = days.iter().map(|(name, day)| (*name, day.as_str())).collect();
    let then = one.then.iter().map(|one| {
        let list = |days: &[base::Date]| days.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (key, list) = match one {
            DutyExpectation::Due(days) => ("expect-duty-due", list(days)),
            DutyExpectation::Opens(days) => ("expect-duty-opens", list(days)),
            DutyExpectation::Rings(days) => ("expect-duty-rings", list(days)),
            DutyExpectation::Labels(labels) => ("expect-duty-labels", labels.clone()),
        };
        let list = list.join(&visit.text("list-comma"));
        StoryLine { text: visit.text_with(key, &[("list", &list)]), failed: String::new() }
    });
    Story {
        name: one.name.clone(),
        about: one.duty.clone(),
        holds: mine.is_empty(),
        when: vec![StoryLine { text: visit.text_with("story-duty", &days), failed: String::new() }],
        then: then.collect(),
        failures: mine.iter().map(|failure| mended_at(visit, failure)).collect(),
        clauses: words::clauses_of(pack, &one.clauses),
    }
}

/// What was found instead, and the file and line to look at.
fn mended_at(visit: &Visit, failure: &ScenarioFailure) -> String {
    let place = failure.place();
    if place.is_empty() {
        return visit.pick(&failure.zh, &failure.en);
    }
    visit.pick(&format!("{}（{place}）", failure.zh), &format!("{} ({place})", failure.en))
}

/// A line as a person would tell it: the day, who, what, with what.
fn told(visit: &Visit, event: &ScenarioEvent) -> String {
    let who = event.unit.as_ref().or(event.role.as_ref()).cloned().unwrap_or_default();
    let what = event.command.map_or_else(|| visit.text("story-waits"), |kind| words::command(visit, kind));
    let value = |value: &FactValue| match value {
        FactValue::Text(text) => text.clone(),
        FactValue::Number(number) => number.to_string(),
        FactValue::Flag(flag) => visit.text(if *flag { "yes" } else { "no" }),
        FactValue::Date(day) => day.to_string(),
        FactValue::List(items) => items.join(&visit.text("list-comma")),
    };
    let facts: Vec<String> = event.facts.iter().map(|(key, one)| format!("{key}：{}", value(one))).collect();
    let comma = visit.text("list-comma");
    let files = |key: &str, names: &[String]| match names {
        [] => String::new(),
        names => visit.text_with(key, &[("files", &names.join(&comma))]),
    };
    let (with, without) = (files("story-with", &event.attached), files("story-without", &event.missing));
    let parts = [event.on.to_string(), who, what, facts.join("；"), with, without];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn expected(visit: &Visit, one: &Expectation) -> String {
    let comma = visit.text("list-comma");
    let effects = |list: &[app::regulation::pack::Effect]| {
        list.iter().map(|effect| words::effect(visit, *effect)).collect::<Vec<_>>().join(&comma)
    };
    match one {
        Expectation::Due(step, day) => {
            visit.text_with("expect-due", &[("step", step), ("day", &day.to_string())])
        }
        Expectation::Open(step) => visit.text_with("expect-open", &[("step", step)]),
        Expectation::Outcome(outcome) => visit.text_with("expect-outcome", &[("outcome", outcome)]),
        Expectation::Refused(clauses) => {
            let list = clauses.iter().map(String::as_str).collect::<Vec<_>>().join(&comma);
            visit.text_with("expect-refused", &[("clauses", &list)])
        }
        Expectation::Effects(list) => visit.text_with("expect-effects", &[("effects", &effects(list))]),
        Expectation::NoEffects(list) => visit.text_with("expect-no-effects", &[("effects", &effects(list))]),
        Expectation::Rang(step, roles) => {
            visit.text_with("expect-rang", &[("step", step), ("roles", &roles.join(&comma))])
        }
        Expectation::Opens(list) => visit.text_with("expect-opens", &[("list", &list.join(&comma))]),
        Expectation::Attached(list) => visit.text_with("expect-attached", &[("files", &list.join(&comma))]),
        Expectation::CorrectionDue(day) => {
            visit.text_with("expect-correction-due", &[("day", &day.to_string())])
        }
        Expectation::CorrectionLate(true) => visit.text("expect-correction-late"),
        Expectation::CorrectionLate(false) => visit.text("expect-correction-in-time"),
    }
}

#[derive(Debug, Default, Deserialize)]
struct Chosen {
    #[serde(default)]
    means: String,
    #[serde(default)]
    standing: String,
}

const MEANS: [(&str, Means); 4] = [
    ("enforce", Means::Enforce),
    ("automate", Means::Automate),
    ("record", Means::Record),
    ("outside", Means::Outside),
];
const STANDINGS: [(&str, Standing); 5] = [
    ("proven", Standing::Proven),
    ("exempt", Standing::Exempt),
    ("pending", Standing::Pending),
    ("unproven", Standing::Unproven),
    ("missing", Standing::Missing),
];

async fn coverage(visit: Visit, Path(id): Path<String>, Query(chosen): Query<Chosen>) -> Response {
    let result = try_coverage(&visit, &id, &chosen).await;
    visit.answer(result).await
}

async fn try_coverage(visit: &Visit, id: &str, chosen: &Chosen) -> Result<Response, Error> {
    may_check(visit)?;
    let pack = visit.app.packs().find(id)?;
    let (found, numbers) = packs::covered(&visit.app, Arc::clone(&pack)).await?;
    let means = MEANS.iter().find(|(key, _)| *key == chosen.means).map(|(_, means)| *means);
    let standing = STANDINGS.iter().find(|(key, _)| *key == chosen.standing).map(|(_, standing)| *standing);
    let rows = found
        .iter()
        .filter(|one| means.is_none_or(|means| one.means == Some(means)))
        .filter(|one| standing.is_none_or(|standing| one.standing == standing));
    let choice = |prefix: &str, key: &str, selected: bool| {
        Choice::new(key, &visit.text(&format!("{prefix}-{key}")), selected)
    };
    let all = |selected: bool| Choice::new("", &visit.text("choice-all"), selected);
    let page = AdminPackCoverage {
        name: pack.name.clone(),
        back: back(&pack),
        links: super::pack_tools::links(visit, &pack),
        counts: counts(visit, numbers.iter().map(count).collect()),
        means: [all(means.is_none())]
            .into_iter()
            .chain(MEANS.iter().map(|(key, one)| choice("means", key, means == Some(*one))))
            .collect(),
        standings: [all(standing.is_none())]
            .into_iter()
            .chain(STANDINGS.iter().map(|(key, one)| choice("standing", key, standing == Some(*one))))
            .collect(),
        is_filtered: means.is_some() || standing.is_some(),
        action_href: format!("/admin/packs/{}/coverage", pack.id),
        rows: rows.map(|one| covered(visit, &pack, one)).collect(),
    };
    visit.page("packs", &page).await
}

fn covered(visit: &Visit, pack: &Pack, one: &Covered) -> CoverageRow {
    let key = |list: &[(&'static str, Standing)]| {
        list.iter().find(|(_, standing)| *standing == one.standing).map_or("", |(key, _)| *key)
    };
    let means = one.means.and_then(|means| MEANS.iter().find(|(_, known)| *known == means));
    CoverageRow {
        label: if one.pack == pack.id {
            one.label.clone()
        } else {
            visit.text_with("clause-of-parent", &[("label", &one.label)])
        },
        href: format!("/admin/packs/{}#{}", pack.id, words::clause_anchor(&one.clause)),
        summary: one.summary.clone(),
        means: means.map(|(key, _)| visit.text(&format!("means-{key}"))).unwrap_or_default(),
        standing: visit.text(&format!("standing-{}", key(&STANDINGS))),
        by: one.by.join("；"),
    }
}
