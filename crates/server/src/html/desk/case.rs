//! The case page: head, clocks, form, opinions, attachments, timeline, actions.

use app::cases::{self, CaseView, TaskBox};
use app::regulation::case::{Available, ClockView, Light as CaseLight, Opinion as CaseOpinion, open_tasks};
use app::regulation::pack::{CommandKind, Pack};
use app::{Error, desk};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::response::Response;
use axum::routing::{get, post};
use base::{Date, Id, Timestamp, kind};

use super::fields::{self, Values, Wrong};
use super::sent::FORM_BYTES_MAX;
use super::visit::{Visit, encode};
use super::words::{self, Units};
use super::{act, errors, facts, paper, papers, people};
use crate::html::domain::subject::subjects;
use crate::html::pages::case::{
    Action, Attachment, AttachmentFile, CasePage, Clock, CountedDay, Opinion, StepMark, TimelineEvent,
};
use crate::html::pages::parts::{Choice, Clause, Fact, Light};
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    let limit = DefaultBodyLimit::max(FORM_BYTES_MAX);
    Router::new()
        .route("/cases/{case}", get(show))
        .route("/cases/{case}/commands", post(act::command).layer(limit))
        .route("/cases/{case}/form", get(act::form).post(act::send_form).layer(limit))
        .route("/cases/{case}/attachments/{object}", get(download))
}

async fn show(visit: Visit, Path(case): Path<String>) -> Response {
    let result = read(&visit, &case).await;
    visit.answer(result).await
}

async fn read(visit: &Visit, case: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let view = cases::case_view(&visit.app, &visit.ctx, Visit::id(case, "case.unknown")?).await?;
    let page = page(visit, &view, &Values::default(), &Wrong::new()).await?;
    visit.page("inbox", &page).await
}

/// The page of a case. `values` and `wrong` are what was sent with a command that was refused.
///
/// # Errors
/// Storage faults.
pub(super) async fn page(
    visit: &Visit,
    view: &CaseView,
    values: &Values,
    wrong: &Wrong,
) -> Result<CasePage, Error> {
    let units = Units::load(visit).await?;
    let (state, procedure, pack) = (&view.state, &view.procedure, &view.pack);
    let running: Vec<&ClockView> = view.clocks.iter().filter(|clock| clock.done_on.is_none()).collect();
    let clocks: Vec<Clock> = running.iter().map(|it| clock(visit, view, &units, it)).collect();
    let (previous_href, next_href) = neighbours(visit, state.id).await?;
    let records = desk::case_records(&visit.app, &visit.ctx, state.id).await?;
    let ended = state.ended.is_some();
    Ok(CasePage {
        number: state.number.clone(),
        name: state.title.clone(),
        procedure: words::procedure(visit, procedure),
        state: state_words(visit, view),
        light: light(view, &running),
        applicant: units.kept(visit, &state.opener.unit, &state.opener.unit_name),
        holder: if ended { String::new() } else { holder(visit, view, &units) },
        opened: visit.day(state.opened_at),
        pack: format!("{} {}", words::pack_name(visit, &state.pack.id), state.pack.version),
        basis: words::clauses_of(pack, &procedure.clauses),
        steps: steps(visit, view),
        clocks,
        subjects: subjects(visit, view).await?,
        form: paper::paper(visit, view, &units).await?,
        opinions: opinions(visit, view, &units),
        attachments: attachments(visit, view),
        papers: papers::of_case(visit, view).await?,
        timeline: timeline(visit, view, &units, &records),
        actions: actions(visit, view, values, wrong).await?,
        refusal: None,
        draft_opinion: String::new(),
        version: i64::try_from(state.version).unwrap_or(i64::MAX),
        request_key: Visit::request_key(),
        action_href: format!("/cases/{}/commands", state.id),
        previous_href,
        next_href,
    })
}

fn state_words(visit: &Visit, view: &CaseView) -> String {
    match (&view.state.ended, &view.state.awaiting, &view.state.step) {
        (Some(ending), ..) => words::outcome(visit, Some(&view.procedure), &ending.outcome),
        (None, Some(_), _) => visit.text("case-awaiting"),
        (None, None, Some(open)) => words::step_name(visit, &view.procedure, &open.step),
        (None, None, None) => String::new(),
    }
}

fn light(view: &CaseView, running: &[&ClockView]) -> Light {
    if view.state.ended.is_some() {
        return Light::Done;
    }
    let has = |light: CaseLight| running.iter().any(|clock| clock.light == light);
    if view.state.awaiting.is_some() && !has(CaseLight::Overdue) {
        return Light::Suspended;
    }
    match (has(CaseLight::Overdue), has(CaseLight::Soon)) {
        (true, _) => Light::Overdue,
        (_, true) => Light::DueSoon,
        _ => Light::Normal,
    }
}

/// Who has to act now: the units that hold a task, or anybody.
fn holder(visit: &Visit, view: &CaseView, units: &Units) -> String {
    let mut names: Vec<String> = Vec::new();
    for task in open_tasks(&view.state) {
        let name = match task.unit {
            Some(unit) => units.name(visit, &unit),
            None => words::role(visit, &view.pack, &task.role),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join("、")
}

fn steps(visit: &Visit, view: &CaseView) -> Vec<StepMark> {
    let current = view.state.step.as_ref().map(|open| &open.step);
    let mark = |step: &app::regulation::pack::Step| {
        let is_current = current == Some(&step.id);
        StepMark {
            name: words::step(visit, step),
            done: view.state.visits.contains_key(&step.id) && !is_current,
            current: is_current,
        }
    };
    view.procedure.steps.iter().map(mark).collect()
}

fn clock(visit: &Visit, case: &CaseView, units: &Units, view: &ClockView) -> Clock {
    let (procedure, pack) = (&case.procedure, &case.pack);
    let rule = procedure.steps.iter().find(|step| step.id == view.step).and_then(|step| step.clock.as_ref());
    let holder = match (&view.unit, procedure.steps.iter().find(|step| step.id == view.step)) {
        (Some(unit), _) => units.name(visit, unit),
        (None, Some(step)) => words::role(visit, pack, &step.role),
        (None, None) => String::new(),
    };
    let days = view.explanation.iter().map(|day| CountedDay {
        date: words::day(visit, day.date),
        counted: day.counted,
        reason: words::reason(visit, &day.reason),
    });
    Clock {
        name: if view.correction {
            visit.text("clock-correction")
        } else {
            words::step_name(visit, procedure, &view.step)
        },
        holder,
        length: words::length(visit, view.period, view.run),
        started: view.start.to_string(),
        due: view.due.map_or_else(|| visit.text("none"), |due| due.to_string()),
        days_left: view.days_left.map(i64::from),
        light: words::light(view.light),
        provisional: view.provisional,
        // Nothing follows by itself from a correction that is late.
        on_expiry: rule
            .filter(|_| !view.correction)
            .map(|rule| words::expiry(visit, rule.on_expiry))
            .unwrap_or_default(),
        clause: words::clauses_of(pack, &view.clauses)
            .into_iter()
            .next()
            .unwrap_or_else(|| local_choice(visit)),
        days: days.collect(),
    }
}

/// A period no clause fixes.
fn local_choice(visit: &Visit) -> Clause {
    Clause::new(&visit.text("local-choice"), "", "/admin/packs")
}

/// What was said, by day, then the boxes of the paper form that wait. A box that no step fills is the one of who handed the
/// form in.
fn opinions(visit: &Visit, view: &CaseView, units: &Units) -> Vec<Opinion> {
    let state = &view.state;
    let form = view.forms.iter().find(|form| Some(&form.id) == state.form_id.as_ref());
    let boxes: Vec<String> = form.map(|form| form.opinion_boxes.clone()).unwrap_or_default();
    let (mut said, mut waiting) = (Vec::new(), Vec::new());
    for title in &boxes {
        let step = view.procedure.steps.iter().find(|step| step.opinion_box.as_ref() == Some(title));
        let Some(step) = step else {
            said.push((state.opened_at.date_at(visit.offset()), handed_in(visit, view, title)));
            continue;
        };
        let here = |opinion: &&CaseOpinion| opinion.opinion_box.as_ref() == Some(title);
        let before = said.len();
        said.extend(
            state
                .opinions
                .iter()
                .filter(here)
                .map(|it| (it.on, written(visit, &view.pack, it, title.clone(), units))),
        );
        if said.len() == before {
            waiting.push(Opinion {
                title: title.clone(),
                unit: words::role(visit, &view.pack, &step.role),
                clause: words::clauses_of(&view.pack, &step.clauses).into_iter().next(),
                ..Opinion::default()
            });
        }
    }
    let outside = state.opinions.iter().filter(|opinion| {
        opinion.opinion_box.as_ref().is_none_or(|title| !boxes.contains(title)) && !opinion.text.is_empty()
    });
    said.extend(outside.map(|opinion| {
        let title = words::step_name(visit, &view.procedure, &opinion.step);
        (opinion.on, written(visit, &view.pack, opinion, title, units))
    }));
    said.sort_by_key(|(on, _)| *on);
    said.into_iter().map(|(_, opinion)| opinion).chain(waiting).collect()
}

/// The box of who handed the form in: handing it in under the unit's name is what it says.
fn handed_in(visit: &Visit, view: &CaseView, title: &str) -> Opinion {
    let (opener, on) = (&view.state.opener, view.state.opened_at.date_at(visit.offset()));
    Opinion {
        title: title.to_owned(),
        unit: opener.unit_name.clone(),
        verdict: words::command(visit, CommandKind::Submit),
        name: opener.person_name.clone(),
        date: if visit.is_english() { on.to_string() } else { paper_date(on).0 },
        sealed: true,
        ..Opinion::default()
    }
}

fn written(visit: &Visit, pack: &Pack, opinion: &CaseOpinion, title: String, units: &Units) -> Opinion {
    let (zh_date, _) = paper_date(opinion.on);
    Opinion {
        title,
        unit: if opinion.by.unit_name.is_empty() {
            units.name(visit, &opinion.by.unit)
        } else {
            units.kept(visit, &opinion.by.unit, &opinion.by.unit_name)
        },
        verdict: words::command(visit, opinion.command),
        text: opinion.text.clone(),
        name: opinion.by.person_name.clone(),
        date: if visit.is_english() { opinion.on.to_string() } else { zh_date },
        sealed: true,
        clause: words::clauses_of(pack, &opinion.clauses).into_iter().next(),
    }
}

/// A date as forms print it.
fn paper_date(date: Date) -> (String, i32) {
    let (year, month, day) = date.parts();
    (format!("{year}年{month}月{day}日"), year)
}

/// The files asked for, with those that are missing, then the others.
fn attachments(visit: &Visit, view: &CaseView) -> Vec<Attachment> {
    let state = &view.state;
    let file = |item: &app::regulation::case::Attachment| AttachmentFile {
        name: item.file_name.clone(),
        href: item
            .object
            .map(|object| format!("/cases/{}/attachments/{object}", state.id))
            .unwrap_or_default(),
        size: words::bytes(item.bytes),
        digest: short(&item.digest.to_string()),
        by: state.opener.unit_name.clone(),
        at: item.object.map(|object| visit.minute(made_at(object))).unwrap_or_default(),
    };
    let rules = &view.procedure.attachments;
    let mut shown = Vec::new();
    for rule in rules {
        let mut handed_in = state.attachments.iter().filter(|item| item.name == rule.name).peekable();
        if handed_in.peek().is_none() {
            shown.push(Attachment { name: rule.name.clone(), file: None, required: rule.required });
        }
        shown.extend(handed_in.map(|item| Attachment {
            name: rule.name.clone(),
            file: Some(file(item)),
            required: rule.required,
        }));
    }
    let others = state.attachments.iter().filter(|item| rules.iter().all(|rule| rule.name != item.name));
    shown.extend(others.map(|item| Attachment {
        name: item.name.clone(),
        file: Some(AttachmentFile { by: String::new(), ..file(item) }),
        required: false,
    }));
    shown
}

/// Ids carry the instant they were made at (UUIDv7).
fn made_at(object: Id<kind::Object>) -> Timestamp {
    let millis = object.as_bytes().iter().take(6).fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
    Timestamp::from_micros(millis.saturating_mul(1_000))
}

fn short(digest: &str) -> String {
    digest.chars().take(16).collect()
}

fn timeline(
    visit: &Visit,
    view: &CaseView,
    units: &Units,
    records: &[(Timestamp, u64)],
) -> Vec<TimelineEvent> {
    let pack = &view.pack;
    let event = |entry: &app::regulation::case::TimelineEntry| TimelineEvent {
        at: visit.minute(entry.at),
        actor: entry.actor.as_ref().map(|actor| actor.person_name.clone()).unwrap_or_default(),
        unit: entry
            .actor
            .as_ref()
            .map(|actor| units.kept(visit, &actor.unit, &actor.unit_name))
            .unwrap_or_default(),
        text: visit.pick(&entry.zh, &entry.en),
        note: entry.text.clone().unwrap_or_default(),
        clauses: words::clauses_of(pack, &entry.clauses),
        proof_href: records
            .iter()
            .find(|(at, _)| *at == entry.at)
            .map(|(_, record)| format!("/ledger?record={record}")),
    };
    view.timeline.iter().map(event).collect()
}

/// The cases before and after this one in my list.
async fn neighbours(visit: &Visit, id: Id<kind::Case>) -> Result<(Option<String>, Option<String>), Error> {
    let limit = base::limit::PAGE_ROWS_MAX;
    let todo = cases::inbox(&visit.app, &visit.ctx, TaskBox::Todo, None, limit).await?.items;
    let Some(at) = todo.iter().position(|item| item.case.id == id) else { return Ok((None, None)) };
    let href = |index: Option<usize>| {
        index.and_then(|index| todo.get(index)).map(|item| format!("/cases/{}", item.case.id))
    };
    Ok((href(at.checked_sub(1)), href(at.checked_add(1))))
}

pub(crate) async fn actions(
    visit: &Visit,
    view: &CaseView,
    values: &Values,
    wrong: &Wrong,
) -> Result<Vec<Action>, Error> {
    let mut actions = Vec::with_capacity(view.actions.len());
    let pack = &view.pack;
    let mut has_primary = false;
    for available in &view.actions {
        let primary = available.primary && available.refused.is_none() && !has_primary;
        has_primary |= primary;
        let mut asked = facts::fields(visit, pack, &available.facts, values, wrong).await?;
        asked.extend(people::fields(visit, &available.asks, values, wrong).await?);
        asked.extend(available.files().map(|name| file(visit, name, available.must_attach(name), wrong)));
        actions.push(Action {
            command: act::key(available.command),
            label: visit.pick(&available.label_zh, &available.label_en),
            clauses: words::clauses_of(pack, &available.clauses),
            primary,
            grave: is_grave(available.command),
            needs_opinion: available.needs_opinion,
            needs_defects: available.needs_defects,
            asked: asked_by_return(view, available),
            attachments: Vec::new(),
            choices: ballot(visit, available),
            fields: asked,
            form_href: form_href(view, available),
            refused: available.refused.as_ref().map(|rejection| errors::rejected(visit, rejection)),
        });
    }
    // Without a primary button of its own the first that can be done is the one.
    if !has_primary
        && let Some(first) = actions.iter_mut().find(|action| action.refused.is_none() && !action.grave)
    {
        first.primary = true;
    }
    Ok(actions)
}

/// The defects that a return named, for the action that answers it.
fn asked_by_return(view: &CaseView, available: &Available) -> Vec<Fact> {
    let awaiting = view.state.awaiting.iter().filter(|_| available.command == CommandKind::Supplement);
    awaiting.flat_map(|awaiting| &awaiting.defects).map(|it| Fact::new(&it.field, &it.note)).collect()
}

fn file(visit: &Visit, name: &str, required: bool, wrong: &Wrong) -> crate::html::pages::form::Field {
    let (name, clauses) = (name.to_owned(), Vec::new());
    let rule = app::regulation::pack::AttachmentRule { name, required, when: None, clauses };
    let field = fields::file_field(visit, &rule, None, wrong);
    crate::html::pages::form::Field { hint: fields::files_taken(visit), ..field }
}

fn ballot(visit: &Visit, available: &Available) -> Vec<Choice> {
    if !available.needs_vote {
        return Vec::new();
    }
    vec![
        Choice::new("approve", &visit.text("ballot-approve"), false),
        Choice::new("refuse", &visit.text("ballot-refuse"), false),
    ]
}

/// Where the form is filled that an action needs. A correction fills the opening form again, if there is one.
fn form_href(view: &CaseView, available: &Available) -> Option<String> {
    let corrects = available.command == CommandKind::Supplement && view.state.awaiting.is_some();
    (available.form.is_some() || corrects)
        .then(|| format!("/cases/{}/form?command={}", view.state.id, encode(&act::key(available.command))))
}

/// Commands that are not easily undone.
pub(crate) const fn is_grave(command: CommandKind) -> bool {
    matches!(
        command,
        CommandKind::Withdraw | CommandKind::Revoke | CommandKind::Destroy | CommandKind::Suspend
    )
}

async fn download(visit: Visit, Path((case, object)): Path<(String, String)>) -> Response {
    let result = deliver(&visit, &case, &object).await;
    visit.answer(result).await
}

async fn deliver(visit: &Visit, case: &str, object: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let case = Visit::id(case, "case.unknown")?;
    let object = Visit::id(object, "attachment.unknown")?;
    let file = cases::attachment(&visit.app, &visit.ctx, case, object).await?;
    // A file of somebody else is never opened in our own pages.
    Ok(crate::http::download(&file.file_name, file.bytes))
}
