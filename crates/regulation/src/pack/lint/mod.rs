//! What a pack still lacks before it may be activated, though it loads: design rules that need the whole pack, its
//! scenarios and the calendar.
//!
//! An error blocks activation; a warning is for the legal officer to judge. Each lint has one stable code:
//! `lint.means_missing`, `lint.clause_missing`, `lint.excuse_unfit`, `lint.unproven`, `lint.scenario_fails`,
//! `lint.rule_untested`, `lint.role_unused`, `lint.parameter_unused`, `lint.role_unbound`, `lint.action_unreachable`, `lint.clock_unnoticed`,
//! `lint.clock_never_starts`, `lint.clock_takes_everything`, `lint.separation_impossible`, `lint.separation_idle`, `lint.separation_staff`, `lint.vote_impossible`,
//! `lint.meeting_impossible`, `lint.draw_impossible`, `lint.duty_unnoticed`,
//! `lint.condition_never`, `lint.condition_always`, `lint.branch_dead`, `lint.choice_unknown`, `lint.form_unused`,
//! `lint.personal_unmarked`, `lint.box_unused`, `lint.calendar_short`,
//! `lint.citation_unchecked`.
//!
//! That every step has a way to an end, that names exist and that nothing is loosened is checked when a pack loads.

mod citations;
mod dead;
mod duties;
mod forms;
mod persons;
mod proven;
mod reach;
mod rules;
mod time;

use base::Date;
use serde::Serialize;

use super::model::{Pack, Procedure, Step};
use crate::calendar::Calendar;
use crate::case::scenario::ScenarioFailure;

/// Something a pack lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// Whether it blocks activation.
    pub severity: Severity,
    /// Where: procedure and step, form, role or clause.
    pub place: String,
    /// What is wrong and what would be right, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks activation.
    Error,
    /// For a person to judge.
    Warning,
}

/// Everything a pack lacks on a day, errors first.
///
/// Runs every scenario many times (once for each rule of its procedure); some seconds for a large pack.
#[must_use]
pub fn lint(pack: &Pack, calendar: &Calendar, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    reach::look(pack, &mut found);
    persons::look(pack, &mut found);
    dead::look(pack, &mut found);
    forms::look(pack, &mut found);
    duties::look(pack, &mut found);
    time::look(pack, calendar, today, &mut found);
    citations::look(pack, &mut found);
    proven::look(pack, calendar, &mut found);
    duties::proven(pack, calendar, &mut found);
    found.sort_by(|a, b| (a.severity, a.code, &a.place, &a.zh).cmp(&(b.severity, b.code, &b.place, &b.zh)));
    found.dedup();
    found
}

/// The findings that do not need the scenarios to run; quick enough for a page that is being edited.
#[must_use]
pub fn lint_text(pack: &Pack, calendar: &Calendar, today: Date) -> Vec<Finding> {
    let mut found = Vec::new();
    reach::look(pack, &mut found);
    persons::look(pack, &mut found);
    dead::look(pack, &mut found);
    forms::look(pack, &mut found);
    duties::look(pack, &mut found);
    time::look(pack, calendar, today, &mut found);
    citations::look(pack, &mut found);
    found.sort_by(|a, b| (a.severity, a.code, &a.place, &a.zh).cmp(&(b.severity, b.code, &b.place, &b.zh)));
    found.dedup();
    found
}

fn error(code: &'static str, place: String, zh: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding { code, severity: Severity::Error, place, zh: zh.into(), en: en.into() }
}

fn warning(code: &'static str, place: String, zh: impl Into<String>, en: impl Into<String>) -> Finding {
    Finding { code, severity: Severity::Warning, place, zh: zh.into(), en: en.into() }
}

/// A scenario that does not hold, with the file and line to look at.
fn scenario_fails(failure: ScenarioFailure) -> Finding {
    let written = failure.place();
    let written = if written.is_empty() { written } else { format!("（{written}）") };
    error("lint.scenario_fails", format!("样例“{}”{written}", failure.scenario), failure.zh, failure.en)
}

fn in_procedure(procedure: &Procedure) -> String {
    format!("程序“{}”", procedure.id)
}

fn in_step(procedure: &Procedure, step: &Step) -> String {
    format!("程序“{}”环节“{}”", procedure.id, step.id)
}
