//! What putting a new version into force would mean for running cases.
//!
//! A case keeps the version it was opened under unless the new version names it under 过渡. For those named, this says
//! before anybody decides which dates move and which buttons come and go.

use base::{Date, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::case::{
    CaseState, ClockState, Context, Event, EventBody, MovedClock, Moving, STEP_OWED, clocks, last_day, moving,
};
use crate::pack::model::{Action, ClauseId, Pack, ProcedureId, Step, StepId, UnitCode};

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

/// How many running cases stay, move, or should move and cannot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactCounts {
    /// They keep their version.
    pub stays: u64,
    /// They move.
    pub moves: u64,
    /// They should move and cannot.
    pub blocked: u64,
}

impl ImpactCounts {
    /// Counts a list.
    #[must_use]
    pub fn of(impacts: &[Impact]) -> Self {
        let mut counts = Self::default();
        for one in impacts {
            match one.change {
                Change::Stays => counts.stays += 1,
                Change::Moves { .. } => counts.moves += 1,
                Change::Blocked(_) => counts.blocked += 1,
            }
        }
        counts
    }
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
        /// Other units hold the step: before and after.
        units: Option<Box<(Vec<UnitCode>, Vec<UnitCode>)>>,
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

/// What the new version would mean for each running case of the old one, in the order given; `now` is the moment of the
/// move.
///
/// Ended cases and cases of other versions are left out: the caller asks once for each version that has running cases.
/// Last days of clocks that stand still are those they would have if they went on today's record of pauses.
#[must_use]
pub fn impact(
    old: &Pack,
    new: &Pack,
    cases: &[CaseState],
    calendar: &Calendar,
    now: Timestamp,
) -> Vec<Impact> {
    let mine = |case: &&CaseState| case.ended.is_none() && case.pack.digest == old.digest;
    let ctx = Context { pack: new, calendar, now };
    cases
        .iter()
        .filter(mine)
        .map(|case| Impact {
            case: case.id,
            number: case.number.clone(),
            procedure: case.procedure.clone(),
            step: case.step.as_ref().map(|open| open.step.clone()),
            change: match moving(case, old, &ctx) {
                Moving::Stays => Change::Stays,
                Moving::Blocked(why) => Change::Blocked(Text::new(why.zh, why.en)),
                Moving::Moves(event) => moves_by(old, case, &event, &ctx),
            },
        })
        .collect()
}

/// What a move changes for who works on the case.
fn moves_by(old: &Pack, case: &CaseState, event: &Event, ctx: &Context<'_>) -> Change {
    let new = ctx.pack;
    let EventBody::Moved { step, clocks, .. } = &event.body else { return Change::Stays };
    let step_of = |pack: &Pack| -> Option<Step> {
        let open = case.step.as_ref()?;
        let steps = &pack.procedures.get(&case.procedure)?.steps;
        steps.iter().find(|step| step.id == open.step).cloned()
    };
    let (before, after) = (step_of(old), step_of(new));
    let before = before.as_ref().map(|step| step.actions.as_slice()).unwrap_or_default();
    let after = after.as_ref().map(|step| step.actions.as_slice()).unwrap_or_default();
    let same = |one: &Action, other: &Action| one.command == other.command;
    let missing = |from: &[Action], of: &[Action]| -> Vec<Text> {
        from.iter().filter(|one| !of.iter().any(|other| same(one, other))).map(words::action).collect()
    };
    let altered = |one: &&Action| {
        before.iter().any(|other| {
            same(one, other)
                && (other.then != one.then
                    || other.requires != one.requires
                    || other.effects != one.effects
                    || other.facts != one.facts
                    || other.form != one.form)
        })
    };
    let held = step.as_ref().zip(case.step.as_ref());
    let role = held.filter(|(moved, open)| moved.role != open.role);
    let units = held.and_then(|(moved, open)| {
        let held: Vec<UnitCode> = open.seats.iter().map(|seat| seat.unit.clone()).collect();
        (moved.units != held).then(|| Box::new((held, moved.units.clone())))
    });
    Change::Moves {
        dates: dates(old, case, clocks, ctx),
        role: role.map(|(moved, open)| (words::role(old, &open.role), words::role(new, &moved.role))),
        units,
        lost: missing(before, after),
        gained: missing(after, before),
        altered: after.iter().filter(altered).map(words::action).collect(),
        clauses: event.clauses.clone(),
    }
}

/// The running clocks that change their last day, appear or vanish.
fn dates(old: &Pack, case: &CaseState, clocks: &[MovedClock], ctx: &Context<'_>) -> Vec<DateChange> {
    let Some(open) = &case.step else { return owed_date(old, case, ctx).into_iter().collect() };
    let running: Vec<&ClockState> = case
        .clocks
        .iter()
        .filter(|clock| clock.step == open.step && clock.visit == open.visit && clock.done_on.is_none())
        .collect();
    let change = |unit: &Option<UnitCode>, before, after| DateChange {
        step: open.step.clone(),
        unit: unit.clone(),
        before,
        after,
    };
    let mut found = Vec::new();
    for clock in &running {
        let before = Some(last_day(clock, old, ctx));
        let after = clocks.iter().find(|moved| moved.due.unit == clock.unit).map(|moved| moved.due.due);
        if before != after {
            found.push(change(&clock.unit, before, after));
        }
    }
    for moved in clocks.iter().filter(|moved| running.iter().all(|clock| clock.unit != moved.due.unit)) {
        found.push(change(&moved.due.unit, None, Some(moved.due.due)));
    }
    found
}

/// The clock of a case that waits for its opener is its own; only the way of counting may change.
fn owed_date(old: &Pack, case: &CaseState, ctx: &Context<'_>) -> Option<DateChange> {
    let due = |pack| {
        let views = clocks(case, &Context { pack, ..*ctx });
        views.into_iter().find(|view| view.step == STEP_OWED).and_then(|view| view.due)
    };
    let (before, after) = (due(old), due(ctx.pack));
    (before != after).then(|| DateChange { step: STEP_OWED.to_owned(), unit: None, before, after })
}

/// The list, or a page of it, as a document for who decides; `counts` are those of the whole list.
#[must_use]
pub fn impact_document(old: &Pack, new: &Pack, counts: ImpactCounts, impacts: &[Impact]) -> Document {
    let title = Text::new(
        format!("启用“{}”{}的影响", new.name, new.version),
        format!("What {} {} changes", new.id, new.version),
    );
    let mut out = Document::new(title);
    let ImpactCounts { stays: stay, moves: move_, blocked } = counts;
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
    let Change::Moves { dates, role, units, lost, gained, altered, .. } = change else {
        return Text::default();
    };
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
    if let Some((before, after)) = units.as_deref() {
        let list = |units: &[UnitCode]| if units.is_empty() { "—".to_owned() } else { units.join("、") };
        let (before, after) = (list(before), list(after));
        lines.push(Text::new(format!("办理单位 {before} → {after}"), format!("units {before} → {after}")));
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
