//! Starting a case: what the unit may start, and the form of one procedure.

use app::Error;
use app::access::Role;
use app::cases::{self, AttachmentRef, OpenRequest, facts as names, preview_form, procedures};
use app::regulation::pack::{AttachmentRule, Binding, Form, Pack, Procedure};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::errors;
use super::fields::{self, Values, Wrong};
use super::sent::{FORM_BYTES_MAX, Sent};
use super::visit::{Visit, encode};
use super::{facts, words};
use crate::html::pages::form::{self, CaseOpen, CaseStart, Field, FieldKind, FormSection};
use crate::html::pages::parts::Link;
use crate::http::problem;
use crate::state::Edge;

/// Id of the field for a case's title.
const TITLE: &str = "case-title";

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/cases/new", get(show).post(submit).layer(DefaultBodyLimit::max(FORM_BYTES_MAX)))
}

async fn show(visit: Visit, Query(query): Query<Vec<(String, String)>>) -> Response {
    let result = match asked(&query) {
        None => list(&visit).await,
        Some(procedure) => blank(&visit, &procedure, &query).await,
    };
    visit.answer(result).await
}

fn asked(query: &[(String, String)]) -> Option<String> {
    query.iter().find(|(name, _)| name == "procedure").map(|(_, value)| value.clone())
}

/// The procedures that may be started, in the order of their stages.
async fn list(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    let pack = visit.app.packs().current();
    let mut found = procedures(&visit.app, &visit.ctx);
    found.retain(|procedure| is_for(visit, &pack, procedure));
    found.sort_by_key(|procedure| stage_order(&procedure.stage));
    let procedures = found.iter().map(|procedure| card(visit, &pack, procedure)).collect();
    visit.page("start", &CaseStart { procedures }).await
}

/// Whether the person's duties fit who opens a procedure. It only shortens the list: what may be opened the kernel says.
fn is_for(visit: &Visit, pack: &Pack, procedure: &Procedure) -> bool {
    let has = |roles: &[Role]| roles.iter().any(|role| visit.ctx.principal.has(*role));
    match pack.roles.get(&procedure.opener).map(|role| &role.binding) {
        Some(Binding::Opener) => has(&[Role::Applicant, Role::OperatorManager]),
        Some(Binding::Fact(fact)) => match fact.as_str() {
            names::OPERATOR => has(&[Role::OperatorManager, Role::OperatorEngineer]),
            names::BUYER => has(&[Role::Buyer]),
            names::PROVIDERS => has(&[Role::Provider]),
            _ => true,
        },
        Some(Binding::Fixed | Binding::Anyone) => true,
        None => false,
    }
}

/// Stages begin with their Chinese number: 一、… 十、…
fn stage_order(stage: &str) -> usize {
    let first = stage.chars().next().unwrap_or(' ');
    "一二三四五六七八九十".chars().position(|number| number == first).unwrap_or(usize::MAX)
}

fn card(visit: &Visit, pack: &Pack, procedure: &Procedure) -> form::Procedure {
    let form = procedure.form.as_ref().and_then(|id| pack.forms.get(id));
    let steps: Vec<String> = procedure.steps.iter().map(|step| words::step(visit, step)).collect();
    // Objections have a form of their own, which offers what can be objected to.
    let objects = app::objections::procedure(&visit.app).is_some_and(|found| found.id == procedure.id);
    let href = format!("/cases/new?procedure={}", encode(&procedure.id));
    form::Procedure {
        name: words::procedure(visit, procedure),
        stage: procedure.stage.clone(),
        summary: steps.join(" → "),
        href: if objects { "/portal/objections/new".to_owned() } else { href },
        form: form.map_or_else(|| visit.text("none"), |form| visit.pick(&form.title, &form.en)),
        basis: words::clauses_of(pack, &procedure.clauses),
        blocked: None,
    }
}

async fn blank(visit: &Visit, procedure: &str, query: &[(String, String)]) -> Result<Response, Error> {
    visit.signed_in()?;
    let mut values = Values::query(query);
    let (_, found, _) = preview_form(&visit.app, procedure)?;
    let kind = words::procedure(visit, &found);
    let title = match facts::subject(visit, &found.facts, &values).await? {
        Some(name) => format!("{kind}：{name}"),
        None => kind,
    };
    values.propose(TITLE, title);
    let page = page(visit, procedure, &values, &Wrong::new(), None).await?;
    visit.page("start", &page).await
}

/// The form of a procedure with what has been written so far.
async fn page(
    visit: &Visit,
    procedure: &str,
    values: &Values,
    wrong: &Wrong,
    sent: Option<&Sent>,
) -> Result<CaseOpen, Error> {
    let (pack, procedure, form) = preview_form(&visit.app, procedure)?;
    let mut sections = vec![head(visit, &pack, &procedure, values, wrong).await?];
    if let Some(form) = &form {
        sections.extend(fields::sections(visit, form, values, wrong, &|_| true).await?);
    }
    sections.extend(files(visit, &procedure.attachments, values, wrong, sent));
    let title = form
        .as_ref()
        .map_or_else(|| words::procedure(visit, &procedure), |form| visit.pick(&form.title, &form.en));
    Ok(CaseOpen {
        procedure: words::procedure(visit, &procedure),
        form_title: title,
        action_href: format!("/cases/new?procedure={}", encode(&procedure.id)),
        back_href: "/cases/new".to_owned(),
        basis: words::clauses_of(&pack, &procedure.clauses),
        blank: form.is_some().then(|| {
            Link::new(&visit.text("form-blank"), &format!("/procedures/{}/form.pdf", encode(&procedure.id)))
        }),
        after: after(visit, &pack, &procedure),
        errors: fields::summary(visit, &sections),
        sections,
        refusal: None,
        correction: None,
        version: 0,
        request_key: Visit::request_key(),
        can_save: false,
    })
}

/// What the case is about: its title and the things it points at.
async fn head(
    visit: &Visit,
    pack: &Pack,
    procedure: &Procedure,
    values: &Values,
    wrong: &Wrong,
) -> Result<FormSection, Error> {
    let title = Field {
        id: TITLE.to_owned(),
        label: visit.text("case-title"),
        kind: FieldKind::Text,
        required: true,
        value: values.one(TITLE).to_owned(),
        error: wrong.get(TITLE).or_else(|| wrong.get("fact.title")).cloned(),
        chars_max: Some(200),
        ..Field::default()
    };
    let mut fields = vec![title];
    fields.extend(facts::fields(visit, pack, &procedure.facts, values, wrong).await?);
    Ok(FormSection { heading: visit.text("case-about"), hint: String::new(), fields })
}

/// The files a procedure asks for.
pub(super) fn files(
    visit: &Visit,
    rules: &[AttachmentRule],
    values: &Values,
    wrong: &Wrong,
    sent: Option<&Sent>,
) -> Option<FormSection> {
    if rules.is_empty() {
        return None;
    }
    let field = |rule: &AttachmentRule| {
        let kept = kept(&rule.name, values, sent);
        let kept = kept.as_ref().map(|(object, file)| (object.as_str(), file.as_str()));
        fields::file_field(visit, rule, kept, wrong)
    };
    Some(FormSection {
        heading: visit.text("attachments"),
        hint: format!("{} {}", visit.text("attachments-hint"), fields::files_taken(visit)),
        fields: rules.iter().map(field).collect(),
    })
}

/// A file that was taken in with this or an earlier attempt: its object and its name.
fn kept(name: &str, values: &Values, sent: Option<&Sent>) -> Option<(String, String)> {
    let id = fields::slug(&format!("{}{name}", fields::ATTACHMENT));
    let field = format!("field.{id}");
    let fresh = sent.and_then(|sent| sent.files.iter().find(|(found, _)| *found == field));
    if let Some((_, staged)) = fresh {
        return Some((staged.id.to_string(), staged.file_name.clone()));
    }
    // Taken away again: the box beside the file was ticked.
    if sent.is_some_and(|sent| sent.get(&format!("drop.{id}")) == "yes") {
        return None;
    }
    let (object, file) = values.one(&id).split_once(' ')?;
    Some((object.to_owned(), file.to_owned()))
}

/// The attachments as the use case takes them. Who did not upload a file cannot name it: the use case checks.
pub(super) fn attachments<'a>(
    names: impl Iterator<Item = &'a str>,
    values: &Values,
    sent: &Sent,
) -> Vec<AttachmentRef> {
    let reference = |name: &str| {
        let (object, _) = kept(name, values, Some(sent))?;
        Some(AttachmentRef { name: name.to_owned(), id: object.parse().ok()? })
    };
    names.filter_map(reference).collect()
}

/// What happens after submission: each step with who acts and how long it may take.
fn after(visit: &Visit, pack: &Pack, procedure: &Procedure) -> Vec<String> {
    let line = |step: &app::regulation::pack::Step| {
        let role = words::role(visit, pack, &step.role);
        let name = words::step(visit, step);
        match &step.clock {
            Some(clock) => visit.text_with(
                "after-step-clock",
                &[("step", &name), ("role", &role), ("period", &words::clock(visit, clock))],
            ),
            None => visit.text_with("after-step", &[("step", &name), ("role", &role)]),
        }
    };
    procedure.steps.iter().map(line).collect()
}

async fn submit(visit: Visit, Query(query): Query<Vec<(String, String)>>, request: Request) -> Response {
    let result = try_submit(&visit, &query, request).await;
    visit.answer(result).await
}

async fn try_submit(visit: &Visit, query: &[(String, String)], request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let procedure = asked(query).unwrap_or_default();
    let (_, found, form) = preview_form(&visit.app, &procedure)?;
    let values = Values::sent(&sent);
    let opened = match check(&found, form.as_ref(), &values, &sent) {
        Ok(request) => cases::open(&visit.app, &visit.keyed(sent.get("request_key")), &request).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(opened) => {
            Ok(visit.send_on(&format!("/cases/{}", opened.id), Some(&format!("opened~{}", opened.number))))
        }
        Err(error) if errors::can_be_mended(&error) => {
            let files: Vec<&str> = found.attachments.iter().map(|rule| rule.name.as_str()).collect();
            let wrong = fields::wrong(visit, &error, form.as_ref(), &files, Some(&sent));
            let mut page = page(visit, &procedure, &values, &wrong, Some(&sent)).await?;
            page.refusal =
                Some(errors::refusal(visit, &error)).filter(|_| page.errors.is_empty() || !is_form(&error));
            visit.page_with(mended_status(&error), "start", &page).await
        }
        Err(error) => Err(error),
    }
}

fn check(found: &Procedure, form: Option<&Form>, values: &Values, sent: &Sent) -> Result<OpenRequest, Error> {
    let title = values.one(TITLE).trim();
    if title.is_empty() {
        return Err(facts::missing("title", "请填写标题", "please give it a title"));
    }
    if !sent.refused.is_empty() {
        return Err(Error::invalid("attachment.refused", ""));
    }
    Ok(OpenRequest {
        procedure: found.id.clone(),
        title: title.to_owned(),
        form: if form.is_some() {
            fields::form_values(form, values)
        } else {
            app::regulation::case::FormValues::new()
        },
        attachments: attachments(found.attachments.iter().map(|rule| rule.name.as_str()), values, sent),
        facts: facts::values(&found.facts, values),
    })
}

/// Whether the fields alone say what is wrong, so that no panel need repeat it.
pub(super) fn is_form(error: &Error) -> bool {
    match error {
        Error::Rejected(rejection) => !rejection.fields.is_empty(),
        Error::Invalid { code, .. } => *code == "attachment.refused",
        _ => false,
    }
}

/// The status of a form that comes back.
pub(super) fn mended_status(error: &Error) -> StatusCode {
    problem::status(error)
}
