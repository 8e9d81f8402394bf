//! What a legal officer is told about a pack: mistakes, findings, coverage, scenarios. Pure work that may take seconds, so
//! it is done away from the requests, one pack at a time and within a limit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use access::{Action, ResourceRef, Role, Thing};
use base::Date;
use regulation::calendar::Calendar;
use regulation::case::scenario;
use regulation::pack::{
    ClauseProof, Diagnostic, Document, Finding, Means, Pack, ProofCount, Severity, SourceFile, Standing,
    coverage, lint, load, proof, proof_counts,
};
use serde::{Deserialize, Serialize};

use crate::{App, Ctx, Error, Result};

/// Longest a check may take before the caller is told to make the pack smaller.
const TIME_MAX: Duration = Duration::from_secs(120);
/// Longest wait for the turn.
const TURN_MAX: Duration = Duration::from_secs(10);
/// Lines of one kind that a report keeps.
const LINES_MAX: usize = 300;

/// One thing a report says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Stable code; empty for a scenario.
    pub code: String,
    /// Where: file, procedure and step, or scenario.
    pub place: String,
    /// Line of the file, from 1.
    pub line: Option<u32>,
    /// Column of the file.
    pub column: Option<u32>,
    /// It stands in the way of activating.
    pub blocks: bool,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// How the clauses of one pack are carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Pack the clauses come from.
    pub pack: String,
    /// All clauses.
    pub clauses: usize,
    /// Carried by a rule.
    pub carried: usize,
    /// Excused by a reason that holds.
    pub excused: usize,
    /// Not carried yet, by the pack's own admission.
    pub pending: usize,
    /// Shown by a scenario or a test.
    pub proven: usize,
}

/// What was found in a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The day it was checked for.
    pub on: Option<Date>,
    /// Why it does not load; the rest is then empty.
    pub mistakes: Vec<Line>,
    /// Findings, errors first.
    pub findings: Vec<Line>,
    /// Clauses with neither rule nor reason, or with a reason that does not hold.
    pub uncovered: Vec<String>,
    /// Clauses by pack.
    pub counts: Vec<Count>,
    /// Scenarios run.
    pub scenarios: usize,
    /// What scenarios expected and did not find.
    pub failures: Vec<Line>,
}

impl Report {
    /// Nothing stands in the way of activating.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.mistakes.is_empty()
            && self.uncovered.is_empty()
            && self.failures.is_empty()
            && self.findings.iter().all(|line| !line.blocks)
    }

    /// Everything that stands in the way.
    pub fn blocking(&self) -> impl Iterator<Item = &Line> {
        let findings = self.findings.iter().filter(|line| line.blocks);
        self.mistakes.iter().chain(&self.failures).chain(findings)
    }

    /// Scenarios that do not hold.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failures.iter().map(|line| &line.place).collect::<BTreeSet<_>>().len()
    }

    fn mistakes(found: Vec<Diagnostic>) -> Self {
        let line = |one: Diagnostic| Line {
            code: one.code.to_owned(),
            place: one.file,
            line: Some(one.line),
            column: Some(one.column),
            blocks: true,
            zh: one.zh,
            en: one.en,
        };
        Self { mistakes: found.into_iter().map(line).collect(), ..Self::default() }
    }

    /// `checked` are packs whose templates were looked at already: what is the same there is not typeset again.
    fn of(pack: &Pack, calendar: &Calendar, on: Date, checked: &[Arc<Pack>]) -> Self {
        let mut findings = lint(pack, calendar, on);
        // The scenarios' own failures are told below, with their lines.
        findings.retain(|one| one.code != "lint.scenario_fails");
        findings.sort_by_key(|one| one.severity == Severity::Warning);
        let covered = coverage(pack);
        let failures = scenario::run(pack, calendar);
        Self {
            on: Some(on),
            mistakes: Vec::new(),
            findings: templates(pack, checked)
                .into_iter()
                .chain(findings.into_iter().map(finding))
                .take(LINES_MAX)
                .collect(),
            uncovered: covered.missing.into_iter().chain(covered.unfit).collect(),
            counts: counts(pack, calendar),
            scenarios: pack.scenarios.len() + pack.duty_scenarios.len(),
            failures: failures.into_iter().take(LINES_MAX).map(failure).collect(),
        }
    }
}

/// What is wrong with the templates of papers, each filled with samples and left blank. What is the same in a pack that
/// was `checked` already is not typeset again; the rest takes a second each.
#[must_use]
pub fn templates(pack: &Pack, checked: &[Arc<Pack>]) -> Vec<Line> {
    let same = |one: &Document, other: &Document| {
        (&one.template, &one.variables) == (&other.template, &other.variables)
    };
    let known = |one: &&Document| {
        checked.iter().any(|pack| pack.documents.get(&one.id).is_some_and(|it| same(one, it)))
    };
    let mut lines = Vec::new();
    for document in pack.documents.values().filter(|document| !known(document)) {
        let line = |code: &str, at: Option<(u32, u32)>, zh: String, en: String| Line {
            code: code.to_owned(),
            place: document.file.clone(),
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            blocks: true,
            zh,
            en,
        };
        match documents::check(document) {
            Ok(faults) => lines.extend(
                faults.into_iter().map(|one| line(one.code, Some((one.line, one.column)), one.zh, one.en)),
            ),
            Err(error) => {
                let zh = format!("文书“{}”不能打印", document.id);
                lines.push(line(error.code(), None, zh, error.to_string()));
            }
        }
    }
    lines
}

fn counts(pack: &Pack, calendar: &Calendar) -> Vec<Count> {
    let count = |(from, count): (_, ProofCount)| Count {
        pack: from,
        clauses: count.clauses,
        carried: count.carried,
        excused: count.excused,
        pending: count.pending,
        proven: count.proven,
    };
    proof_counts(pack, calendar).into_iter().map(count).collect()
}

fn finding(one: Finding) -> Line {
    Line {
        code: one.code.to_owned(),
        place: one.place,
        line: None,
        column: None,
        blocks: one.severity == Severity::Error,
        zh: one.zh,
        en: one.en,
    }
}

/// The file and line to look at stand in the text: the place is the scenario's name, by which they are counted.
fn failure(one: scenario::ScenarioFailure) -> Line {
    let (line, place) = ((one.at > 0).then_some(one.at), one.place());
    let (zh, en) = if place.is_empty() {
        (one.zh, one.en)
    } else {
        (format!("{}（{place}）", one.zh), format!("{} ({place})", one.en))
    };
    Line { code: String::new(), place: one.scenario, line, column: None, blocks: true, zh, en }
}

/// Work on a pack away from the requests: one at a time, and whoever asks hears in time that it takes too long. The work
/// itself cannot be broken off; it holds the turn until it has ended.
async fn apart<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Calendar) -> T + Send + 'static,
) -> Result<T> {
    let turn = Arc::clone(&app.packs().checking).acquire_owned();
    let turn =
        tokio::time::timeout(TURN_MAX, turn).await.map_err(|_| Error::Unavailable("pack.check_busy"))?;
    let turn = turn.map_err(|error| Error::internal("pack.check", error))?;
    let handle = app.clone();
    let work = tokio::task::spawn_blocking(move || {
        let done = work(handle.packs().calendar());
        drop(turn);
        done
    });
    match tokio::time::timeout(TIME_MAX, work).await {
        Ok(done) => done.map_err(|error| Error::internal("pack.check", error)),
        Err(_) => Err(Error::Limited("pack.check_time")),
    }
}

/// Reads a pack's files on top of a parent and says everything about it: the report, and the pack where it loads.
///
/// # Errors
/// `pack.check_busy`, `pack.check_time`.
pub async fn check(
    app: &App,
    files: Vec<SourceFile>,
    parent: Option<Arc<Pack>>,
) -> Result<(Report, Option<Arc<Pack>>)> {
    let now = app.now();
    let checked: Vec<Arc<Pack>> = parent.iter().cloned().chain([app.packs().current()]).collect();
    apart(app, move |calendar| match load(&files, parent.as_deref()) {
        Err(found) => (Report::mistakes(found), None),
        Ok(pack) => {
            let on = now.date_at(pack.counting.utc_offset_seconds);
            (Report::of(&pack, calendar, on, &checked), Some(Arc::new(pack)))
        }
    })
    .await
}

/// Whether somebody may have packs checked.
///
/// # Errors
/// Not allowed: for who may propose a pack, who supervises, and who operates the platform.
pub fn may_check(app: &App, ctx: &Ctx) -> Result<()> {
    if ctx.principal.roles.iter().any(|role| matches!(role, Role::Supervisor | Role::Admin)) {
        return Ok(());
    }
    app.permit(ctx, Action::PackPropose, ResourceRef::any(Thing::Pack)).map(|_| ())
}

/// The report of a loaded pack, as of today.
///
/// # Errors
/// `pack.check_busy`, `pack.check_time`.
pub async fn report(app: &App, pack: Arc<Pack>) -> Result<Report> {
    let on = app.now().date_at(pack.counting.utc_offset_seconds);
    let checked: Vec<Arc<Pack>> = app.packs().parent_of(&pack).into_iter().collect();
    apart(app, move |calendar| Report::of(&pack, calendar, on, &checked)).await
}

/// Runs every scenario of a pack, those of its duties included; what was expected and not found.
///
/// # Errors
/// `pack.check_busy`, `pack.check_time`.
pub async fn failures(app: &App, pack: Arc<Pack>) -> Result<Vec<scenario::ScenarioFailure>> {
    apart(app, move |calendar| scenario::run(&pack, calendar)).await
}

/// Every clause of a pack with what shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Clause.
    pub clause: String,
    /// Its label.
    pub label: String,
    /// Its summary.
    pub summary: String,
    /// Pack it comes from.
    pub pack: String,
    /// Its means.
    pub means: Option<Means>,
    /// Where it stands.
    pub standing: Standing,
    /// Scenarios and tests that show it.
    pub by: Vec<String>,
}

/// The clauses of a pack with what shows each, and how many stand where.
///
/// # Errors
/// `pack.check_busy`, `pack.check_time`.
pub async fn covered(app: &App, pack: Arc<Pack>) -> Result<(Vec<Covered>, Vec<Count>)> {
    apart(app, move |calendar| {
        let one = |one: ClauseProof| {
            let clause = pack.clauses.get(&one.clause);
            Covered {
                label: clause.map(|clause| clause.label.clone()).unwrap_or_default(),
                summary: clause.map(|clause| clause.summary.clone()).unwrap_or_default(),
                clause: one.clause,
                pack: one.pack,
                means: one.means,
                standing: one.standing,
                by: one.scenarios.into_iter().chain(one.tests).collect(),
            }
        };
        (proof(&pack, calendar).into_iter().map(one).collect(), counts(&pack, calendar))
    })
    .await
}
