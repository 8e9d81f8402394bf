//! What putting a new version into force would mean for running cases.
//!
//! A case keeps the version it was opened under unless the new version names it under 过渡. For those named, this says
//! before anybody decides which dates move and which buttons come and go.

use base::{Date, Id, kind};
use serde::Serialize;

use crate::calendar::Calendar;
use crate::case::{CaseState, ClockState, last_day};
use crate::pack::model::{
    Action, Anchor, ClauseId, ClockRule, Counting, FactValue, Measure, Pack, Period, Procedure, ProcedureId,
    Run, Step, StepId, UnitCode,
};

use super::document::{Document, Mark, Row};
use super::rows::or_none;
use super::text::Text;
use super::words;

/// A running case and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// The case.
    pub case: Id<kind::Case>,
    /// Its number.
    pub number: String,
    /// Its procedure.
    pub procedure: ProcedureId,
    /// The step it stands in.
    pub step: Option<StepId>,
    /// What becomes of it.
    pub change: Change,
}

/// What becomes of a running case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Nothing: no transition names it.
    Stays,
    /// It moves to the new version.
    Moves {
        /// Time limits, before and after.
        dates: Vec<DateChange>,
        /// Another role holds the step: before and after.
        role: Option<(Text, Text)>,
        /// Actions that are no longer there.
        lost: Vec<Text>,
        /// Actions that are new.
        gained: Vec<Text>,
        /// Actions that are there in both, with other conditions, ways or effects.
        altered: Vec<Text>,
        /// Clauses of the transition.
        clauses: Vec<ClauseId>,
    },
    /// A transition names it, but the new version has no place for it; it must stay.
    Blocked(Text),
}

/// A time limit of a case under the old version and under the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DateChange {
    /// Step.
    pub step: StepId,
    /// The unit whose clock it is.
    pub unit: Option<UnitCode>,
    /// Last day now; `None` without a time limit.
    pub before: Option<Date>,
    /// Last day afterwards; `None` without a time limit.
    pub after: Option<Date>,
}

/// What the new version would mean for each running case of the old one, in the order given.
///
/// Ended cases and cases of other versions are left out: the caller asks once for each version that has running cases.
/// Last days of clocks that stand still are those they would have if they went on today's record of pauses.
#[must_use]
pub fn impact(old: &Pack, new: &Pack, cases: &[CaseState], calendar: &Calendar) -> Vec<Impact> {
    let mine = |case: &&CaseState| case.ended.is_none() && case.pack.digest == old.digest;
    cases
        .iter()
        .filter(mine)
        .map(|case| Impact {
            case: case.id,
            number: case.number.clone(),
            procedure: case.procedure.clone(),
            step: case.step.as_ref().map(|open| open.step.clone()),
            change: change(old, new, case, calendar),
        })
        .collect()
}

fn change(old: &Pack, new: &Pack, case: &CaseState, calendar: &Calendar) -> Change {
    let open = case.step.as_ref().map(|open| &open.step);
    let rule = new.transitions.iter().find(|rule| {
        rule.procedure == case.procedure
            && (rule.steps.is_empty() || open.is_some_and(|step| rule.steps.contains(step)))
    });
    let (Some(rule), Some(open)) = (rule, &case.step) else { return Change::Stays };
    let step_of =
        |procedure: Option<&Procedure>| procedure?.steps.iter().find(|step| step.id == open.step).cloned();
    let Some(after) = step_of(new.procedures.get(&case.procedure)) else {
        return Change::Blocked(Text::new(
            format!("新版本的程序“{}”没有环节“{}”", case.procedure, open.step),
            format!("the new version of `{}` has no step `{}`", case.procedure, open.step),
        ));
    };
    let before = step_of(old.procedures.get(&case.procedure));
    let dates = dates(case, before.as_ref(), &after, (&old.counting, &new.counting), calendar);
    let actions = before.as_ref().map(|step| step.actions.as_slice()).unwrap_or_default();
    let same = |one: &Action, other: &Action| one.command == other.command;
    let missing = |from: &[Action], of: &[Action]| -> Vec<Text> {
        from.iter().filter(|one| !of.iter().any(|other| same(one, other))).map(words::action).collect()
    };
    let altered = |one: &&Action| {
        actions.iter().any(|other| {
            same(one, other)
                && (other.then != one.then
                    || other.requires != one.requires
                    || other.effects != one.effects
                    || other.facts != one.facts
                    || other.form != one.form)
        })
    };
    let role = before.as_ref().filter(|step| step.role != after.role);
    Change::Moves {
        dates,
        role: role.map(|step| (words::role(old, &step.role), words::role(new, &after.role))),
        lost: missing(actions, &after.actions),
        gained: missing(&after.actions, actions),
        altered: after.actions.iter().filter(altered).map(words::action).collect(),
        clauses: rule.clauses.clone(),
    }
}

/// The running clocks of the open step that change their last day, appear or vanish.
fn dates(
    case: &CaseState,
    before: Option<&Step>,
    after: &Step,
    counting: (&Counting, &Counting),
    calendar: &Calendar,
) -> Vec<DateChange> {
    let Some(open) = &case.step else { return Vec::new() };
    let running: Vec<&ClockState> = case
        .clocks
        .iter()
        .filter(|clock| clock.step == open.step && clock.visit == open.visit && clock.done_on.is_none())
        .collect();
    let start = |anchor: &Anchor| case.anchor(anchor).unwrap_or(open.on);
    let mut found = Vec::new();
    for clock in &running {
        let last = |counting, from, (period, run), rolls| {
            last_day(calendar, counting, from, period, run, rolls, &clock.pauses).due
        };
        let now = last(counting.0, clock.start, (clock.period, clock.run), clock.rolls);
        let then = after.clock.as_ref().and_then(|rule| {
            let old = before.and_then(|step| step.clock.as_ref());
            let kept = old.is_some_and(|old| old.anchor == rule.anchor);
            let from = if kept { clock.start } else { start(&rule.anchor) };
            Some(last(counting.1, from, measured(rule, case, from)?, rule.rolls))
        });
        if then != Some(now) {
            found.push(DateChange {
                step: clock.step.clone(),
                unit: clock.unit.clone(),
                before: Some(now),
                after: then,
            });
        }
    }
    if let (true, Some(rule)) = (running.is_empty(), &after.clock) {
        let from = start(&rule.anchor);
        let after = measured(rule, case, from)
            .map(|(period, run)| last_day(calendar, counting.1, from, period, run, rule.rolls, &[]).due);
        found.push(DateChange { step: open.step.clone(), unit: None, before: None, after });
    }
    found
}

/// How long a clock of the new version would run for a case; `None` where the case does not know what it is counted by.
fn measured(rule: &ClockRule, case: &CaseState, start: Date) -> Option<(Period, Run)> {
    match &rule.measure {
        Measure::Forward => Some((rule.period, Run::Forward)),
        Measure::Backward => Some((rule.period, Run::Backward)),
        Measure::Fact(key) => match case.facts.get(key) {
            Some(FactValue::Number(number)) => {
                let length = u32::try_from(*number).ok().filter(|length| *length > 0)?;
                Some((Period { length, unit: rule.period.unit }, Run::Forward))
            }
            _ => None,
        },
        Measure::Until(key) => match case.facts.get(key) {
            Some(FactValue::Date(day)) if *day >= start => Some((rule.period, Run::Until(*day))),
            _ => None,
        },
    }
}

/// The list as a document, for the page that asks two persons to confirm.
#[must_use]
pub fn impact_document(old: &Pack, new: &Pack, impacts: &[Impact]) -> Document {
    let title = Text::new(
        format!("启用“{}”{}的影响", new.name, new.version),
        format!("What {} {} changes", new.id, new.version),
    );
    let mut out = Document::new(title);
    let count = |wanted: fn(&Change) -> bool| impacts.iter().filter(|one| wanted(&one.change)).count();
    let (stay, move_, blocked) = (
        count(|change| matches!(change, Change::Stays)),
        count(|change| matches!(change, Change::Moves { .. })),
        count(|change| matches!(change, Change::Blocked(_))),
    );
    out.paragraph(Text::new(
        format!(
            "从版本{}到{}：{stay}件留在原版本，{move_}件转到新版本，{blocked}件按过渡应转而不能转。",
            old.version, new.version
        ),
        format!(
            "From version {} to {}: {stay} cases stay, {move_} move, {blocked} should move and cannot.",
            old.version, new.version
        ),
    ));
    out.table(
        Text::new("在办件", "Running cases"),
        vec![
            Text::new("件号", "Number"),
            Text::new("程序·环节", "Procedure · step"),
            Text::new("影响", "Effect"),
            Text::new("依据", "Basis"),
        ],
        impacts.iter().map(line).collect(),
    );
    out
}

fn line(one: &Impact) -> Row {
    let place = Text::same(format!("{}·{}", one.procedure, one.step.as_deref().unwrap_or("—")));
    let (words, clauses, mark) = match &one.change {
        Change::Stays => (Text::new("留在原版本", "stays"), Text::default(), Mark::Same),
        Change::Blocked(why) => (why.clone(), Text::default(), Mark::OnlyOne),
        Change::Moves { clauses, .. } => (moves(&one.change), words::clauses(clauses), Mark::Differs),
    };
    Row { cells: vec![Text::same(&one.number), place, words, or_none(clauses)], mark }
}

fn moves(change: &Change) -> Text {
    let Change::Moves { dates, role, lost, gained, altered, .. } = change else { return Text::default() };
    let mut lines = vec![Text::new("转到新版本", "moves to the new version")];
    let day = |day: Option<Date>, zh: &str| day.map_or_else(|| zh.to_owned(), |day| day.to_string());
    for date in dates {
        let unit = date.unit.as_deref().unwrap_or_default();
        lines.push(Text::new(
            format!("到期 {unit} {} → {}", day(date.before, "无期限"), day(date.after, "无期限")),
            format!("due {unit} {} → {}", day(date.before, "none"), day(date.after, "none")),
        ));
    }
    if let Some((before, after)) = role {
        lines.push(Text::join([before, after], " → ", " → ").around(("办理 ", ""), ("done by ", "")));
    }
    for (list, zh, en) in [
        (lost, "不再可以：", "no longer: "),
        (gained, "新增：", "new: "),
        (altered, "内容有变：", "altered: "),
    ] {
        if !list.is_empty() {
            lines.push(Text::list(list).around((zh, ""), (en, "")));
        }
    }
    Text::lines(&lines)
}
