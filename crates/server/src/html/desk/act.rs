//! Acting in a case: the buttons of the case page, and the page of a form that a command needs.

use app::Error;
use app::cases::{self, ActRequest, CaseView};
use app::regulation::case::{Attachment, Available, Ballot, Defect, FormValues};
use app::regulation::pack::{AttachmentRule, CommandKind, Field as PackField, Form};
use axum::extract::{Path, Query, Request};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::fields::{self, Values, Wrong, slug};
use super::sent::Sent;
use super::visit::{Visit, encode};
use super::{case, errors, facts, open, people, words};
use crate::html::pages::form::{CaseOpen, Field, FieldKind, FormSection};
use crate::html::pages::parts::Link;

/// Id of the field for an opinion on the page of a form.
const OPINION: &str = "case-opinion";
/// Longest opinion.
const OPINION_CHARS_MAX: u32 = 2_000;

/// A command's key in forms and addresses.
pub(crate) fn key(command: CommandKind) -> String {
    match serde_json::to_value(command) {
        Ok(Value::String(key)) => key,
        _ => String::new(),
    }
}

fn command_of(key: &str) -> Result<CommandKind, Error> {
    serde_json::from_value(Value::String(key.to_owned()))
        .map_err(|_| Error::invalid("http.bad_request", "command"))
}

/// A button of the case page.
pub(super) async fn command(visit: Visit, Path(id): Path<String>, request: Request) -> Response {
    let result = try_command(&visit, &id, request).await;
    visit.answer(result).await
}

async fn try_command(visit: &Visit, id: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let view = cases::case_view(&visit.app, &visit.ctx, Visit::id(id, "case.unknown")?).await?;
    let command = command_of(sent.get("command"))?;
    let values = Values::sent(&sent);
    let known = view.actions.iter().find(|action| action.command == command);
    let mut request = act_request(command, known, None, &values, &sent);
    people::chosen(&values, view.state.id, &mut request);
    let sure = sent.get("sure") == "yes" || !case::is_grave(command);
    let done =
        if sure { act(visit, &view, &request, &sent).await } else { Err(Error::invalid("form.sure", "")) };
    let Err(error) = done else { return Ok(went_on(visit, &view)) };
    if !errors::can_be_mended(&error) {
        return Err(error);
    }
    // Somebody may have been faster: the page shows the case as it is now.
    let view = cases::case_view(&visit.app, &visit.ctx, view.state.id).await?;
    let after = view.actions.iter().find(|action| action.command == command);
    let files: Vec<&str> = after.iter().flat_map(|action| action.files()).collect();
    let wrong = fields::wrong(visit, &error, None, &files, Some(&sent));
    let mut page = case::page(visit, &view, &values, &wrong).await?;
    page.refusal = Some(errors::refusal(visit, &error));
    sent.get("opinion").clone_into(&mut page.draft_opinion);
    // What was tried stands first, with what had been written.
    let tried = key(command);
    if let Some(at) =
        page.actions.iter().position(|action| action.command == tried && action.refused.is_none())
    {
        page.actions.iter_mut().enumerate().for_each(|(index, action)| action.primary = index == at);
    }
    visit.page_with(open::mended_status(&error), "inbox", &page).await
}

fn went_on(visit: &Visit, view: &CaseView) -> Response {
    let notice = format!("acted~{}", view.state.number);
    visit.send_on(&format!("/cases/{}", view.state.id), Some(&notice))
}

async fn act(visit: &Visit, view: &CaseView, request: &ActRequest, sent: &Sent) -> Result<(), Error> {
    if !sent.refused.is_empty() {
        return Err(Error::invalid("attachment.refused", ""));
    }
    cases::act(&visit.app, &visit.keyed(sent.get("request_key")), view.state.id, request).await?;
    Ok(())
}

fn act_request(
    command: CommandKind,
    known: Option<&Available>,
    form: Option<&Form>,
    values: &Values,
    sent: &Sent,
) -> ActRequest {
    let rules = known.map(|action| action.facts.clone()).unwrap_or_default();
    let names: Vec<&str> = values_names(known, sent);
    let opinion = if sent.get("opinion").is_empty() { values.one(OPINION) } else { sent.get("opinion") };
    ActRequest {
        command,
        step: Some(sent.get("step").to_owned()).filter(|step| !step.is_empty()),
        opinion: Some(opinion.to_owned()),
        form: if form.is_some() { fields::form_values(form, values) } else { FormValues::new() },
        attachments: open::attachments(names.into_iter(), values, sent),
        facts: facts::values(&rules, values),
        defects: defects(sent.get("defects")),
        vote: match sent.get("choice") {
            "approve" => Some(Ballot::Approve),
            "refuse" => Some(Ballot::Refuse),
            _ => None,
        },
        version: sent.get("version").parse().ok(),
        units: Vec::new(),
        delegate: None,
        seed: None,
        meeting: None,
    }
}

/// The names of files that may come with a command: those asked for and those sent.
fn values_names<'a>(known: Option<&'a Available>, sent: &'a Sent) -> Vec<&'a str> {
    let mut names: Vec<&str> = known.iter().flat_map(|action| action.files()).collect();
    let prefix = format!("field.{}", fields::ATTACHMENT);
    let given = sent.files.iter().map(|(name, _)| name.as_str()).chain(sent.below("").map(|(name, _)| name));
    for name in given {
        if let Some(name) = name.strip_prefix(prefix.as_str())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// One defect a line: `field：what is wrong`; without a colon the whole line is what is wrong.
fn defects(text: &str) -> Vec<Defect> {
    let defect = |line: &str| {
        let (field, note) = line.split_once(['：', ':']).unwrap_or(("", line));
        let field = if field.trim().is_empty() { "材料" } else { field.trim() };
        Defect { field: field.to_owned(), note: note.trim().to_owned() }
    };
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(defect).collect()
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    command: String,
}

/// The page of a form that a command needs.
pub(super) async fn form(visit: Visit, Path(id): Path<String>, Query(asked): Query<Asked>) -> Response {
    let result = show_form(&visit, &id, &asked).await;
    visit.answer(result).await
}

async fn show_form(visit: &Visit, id: &str, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let view = cases::case_view(&visit.app, &visit.ctx, Visit::id(id, "case.unknown")?).await?;
    let filling = Filling::of(&view, command_of(&asked.command)?)?;
    let earlier = filling.form.as_ref().and_then(|form| view.state.forms.get(&form.id));
    let values = earlier.map(Values::form).unwrap_or_default();
    let page = filling.page(visit, &values, &Wrong::new(), None).await?;
    visit.page("inbox", &page).await
}

/// A form being filled for a command.
struct Filling<'a> {
    view: &'a CaseView,
    action: &'a Available,
    form: Option<Form>,
    attachments: Vec<AttachmentRule>,
}

impl<'a> Filling<'a> {
    fn of(view: &'a CaseView, command: CommandKind) -> Result<Self, Error> {
        let action = view.actions.iter().find(|action| action.command == command);
        let action = action.ok_or(Error::Conflict("case.wrong_step"))?;
        if let Some(rejection) = &action.refused {
            return Err(Error::Rejected(rejection.clone()));
        }
        let corrects = command == CommandKind::Supplement;
        let wanted = if corrects { view.state.form_id.as_ref() } else { action.form.as_ref() };
        let pack = &view.pack;
        let form = wanted
            .and_then(|id| view.forms.iter().find(|form| form.id == *id).or_else(|| pack.forms.get(id)));
        let form = form.cloned();
        let attachments = if corrects {
            view.procedure
                .attachments
                .iter()
                .map(|rule| AttachmentRule { required: false, ..rule.clone() })
                .collect()
        } else {
            let rule = |name: &str| AttachmentRule {
                name: name.to_owned(),
                required: action.must_attach(name),
                when: None,
                clauses: Vec::new(),
            };
            action.files().map(rule).collect()
        };
        Ok(Self { view, action, form, attachments })
    }

    /// Whether a return opened this field: all are open unless the return names fields of the form.
    fn opens(&self, field: &PackField) -> bool {
        let Some(awaiting) =
            self.view.state.awaiting.as_ref().filter(|_| self.action.command == CommandKind::Supplement)
        else {
            return true;
        };
        let names = |field: &PackField| {
            awaiting.defects.iter().any(|defect| defect.field == field.key || defect.field == field.label)
        };
        let mut all = self.form.iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
        names(field) || !all.any(names)
    }

    async fn page(
        &self,
        visit: &Visit,
        values: &Values,
        wrong: &Wrong,
        sent: Option<&Sent>,
    ) -> Result<CaseOpen, Error> {
        let pack = &self.view.pack;
        let mut sections = Vec::new();
        if let Some(form) = &self.form {
            sections.extend(fields::sections(visit, form, values, wrong, &|field| self.opens(field)).await?);
        }
        let mut beside = facts::fields(visit, pack, &self.action.facts, values, wrong).await?;
        beside.extend(people::fields(visit, &self.action.asks, values, wrong).await?);
        beside.push(self.opinion(visit, values, wrong));
        sections.push(FormSection { heading: visit.text("act"), hint: String::new(), fields: beside });
        let mut files = open::files(visit, &self.attachments, values, wrong, sent);
        for field in files.iter_mut().flat_map(|section| &mut section.fields) {
            self.hold(visit, field);
        }
        sections.extend(files);
        let state = &self.view.state;
        Ok(CaseOpen {
            procedure: format!("{} {}", state.number, state.title),
            form_title: self.form.as_ref().map_or_else(
                || visit.pick(&self.action.label_zh, &self.action.label_en),
                |form| visit.pick(&form.title, &form.en),
            ),
            action_href: format!("/cases/{}/form?command={}", state.id, encode(&key(self.action.command))),
            back_href: format!("/cases/{}", state.id),
            basis: words::clauses_of(pack, &self.action.clauses),
            errors: fields::summary(visit, &sections),
            sections,
            correction: self.correction(),
            version: i64::try_from(state.version).unwrap_or(i64::MAX),
            request_key: Visit::request_key(),
            ..CaseOpen::default()
        })
    }

    fn opinion(&self, visit: &Visit, values: &Values, wrong: &Wrong) -> Field {
        Field {
            id: OPINION.to_owned(),
            label: visit.text("opinion"),
            kind: FieldKind::LongText,
            required: self.action.needs_opinion,
            value: values.one(OPINION).to_owned(),
            error: wrong.get(OPINION).or_else(|| wrong.get(&slug("fact.opinion"))).cloned(),
            chars_max: Some(OPINION_CHARS_MAX),
            ..Field::default()
        }
    }

    /// The files the case holds under a name already: they stay unless another one comes.
    fn hold(&self, visit: &Visit, field: &mut Field) {
        let state = &self.view.state;
        let held = state.attachments.iter().filter(|item| item.name == field.label);
        let href = |item: &Attachment| {
            item.object.map(|object| format!("/cases/{}/attachments/{object}", state.id)).unwrap_or_default()
        };
        if field.value.is_empty() {
            field.files = held.map(|item| Link::new(&item.file_name, &href(item))).collect();
            if !field.files.is_empty() {
                field.hint = visit.text("file-held");
            }
        }
    }

    /// What a return does not open stays as it was, whatever a browser sent.
    fn keep_locked(&self, values: &mut FormValues) {
        let Some(form) = &self.form else { return };
        let earlier = self.view.state.forms.get(&form.id);
        for field in form.sections.iter().flat_map(|section| &section.fields) {
            if let Some(value) =
                earlier.and_then(|earlier| earlier.get(&field.key)).filter(|_| !self.opens(field))
            {
                values.insert(field.key.clone(), value.clone());
            }
        }
    }

    fn correction(&self) -> Option<String> {
        let awaiting =
            self.view.state.awaiting.as_ref().filter(|_| self.action.command == CommandKind::Supplement)?;
        let lines = awaiting.defects.iter().map(|defect| format!("{}：{}", defect.field, defect.note));
        Some(lines.collect::<Vec<_>>().join("；"))
    }
}

/// The form of a command, sent.
pub(super) async fn send_form(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let result = try_form(&visit, &id, &asked, request).await;
    visit.answer(result).await
}

async fn try_form(visit: &Visit, id: &str, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let view = cases::case_view(&visit.app, &visit.ctx, Visit::id(id, "case.unknown")?).await?;
    let filling = Filling::of(&view, command_of(&asked.command)?)?;
    let values = Values::sent(&sent);
    let mut request =
        act_request(filling.action.command, Some(filling.action), filling.form.as_ref(), &values, &sent);
    filling.keep_locked(&mut request.form);
    people::chosen(&values, view.state.id, &mut request);
    let names = filling.attachments.iter().map(|rule| rule.name.as_str());
    request.attachments = open::attachments(names, &values, &sent);
    let Err(error) = act(visit, &view, &request, &sent).await else { return Ok(went_on(visit, &view)) };
    if !errors::can_be_mended(&error) {
        return Err(error);
    }
    let files: Vec<&str> = filling.attachments.iter().map(|rule| rule.name.as_str()).collect();
    let wrong = fields::wrong(visit, &error, filling.form.as_ref(), &files, Some(&sent));
    let mut page = filling.page(visit, &values, &wrong, Some(&sent)).await?;
    page.refusal =
        Some(errors::refusal(visit, &error)).filter(|_| page.errors.is_empty() || !open::is_form(&error));
    visit.page_with(open::mended_status(&error), "inbox", &page).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defects_are_read_one_a_line() {
        let read = defects("联系电话：缺少区号\n\n 审计报告: 未盖章 \n请补全材料");
        let pairs: Vec<(&str, &str)> = read.iter().map(|d| (d.field.as_str(), d.note.as_str())).collect();
        assert_eq!(pairs, [("联系电话", "缺少区号"), ("审计报告", "未盖章"), ("材料", "请补全材料")]);
    }

    #[test]
    fn commands_have_stable_keys() {
        assert_eq!(key(CommandKind::ReturnForCorrection), "return_for_correction");
        assert!(command_of("return_for_correction").is_ok() && command_of("no_such").is_err());
    }
}
