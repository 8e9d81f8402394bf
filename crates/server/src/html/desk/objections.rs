//! Objections: what everybody may see of them, and filing one.

use app::notices::{self, Notice};
use app::objections::{self, NewObjection, Progress, Subject};
use app::products::{self, ProductRecord};
use app::regulation::case::{FormValue, FormValues};
use app::regulation::pack::{FieldKind, Form};
use app::{Error, cases};
use axum::Router;
use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::sent::Sent;
use super::visit::{Visit, encode};
use super::{announcements, errors};
use crate::html::pages::form::FormError;
use crate::html::pages::parts::{Choice, Light};
use crate::html::pages::portal::{Objection, PortalObjectionNew, PortalObjections};
use crate::http::problem;
use crate::state::Edge;

/// Rows of one page.
const ROWS: u32 = 30;
/// Notices and products offered as what is objected to.
const OFFERED: u32 = 100;
/// What is objected to when it is neither a notice nor a product.
const OTHER: &str = "other";

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/portal/objections", get(list).post(file)).route("/portal/objections/new", get(form))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<String>,
    #[serde(default)]
    announcement: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    receipt: String,
}

impl Asked {
    /// The value of the choice an address asks for.
    fn subject(&self) -> String {
        match (self.announcement.as_str(), self.product.as_str()) {
            ("", "") => String::new(),
            ("", product) => format!("product/{product}"),
            (notice, _) => format!("notice/{notice}"),
        }
    }
}

/// An objection as the public sees it.
pub(super) fn shown(visit: &Visit, found: &objections::Objection) -> Objection {
    let (key, light) = match found.progress {
        Progress::Received => ("objection-received", Light::Normal),
        Progress::Registered => ("answer-waiting", Light::DueSoon),
        Progress::Answered => ("answered", Light::Done),
        Progress::Closed => ("objection-closed", Light::Done),
    };
    let due = found.due.map(|due| due.to_string());
    Objection {
        number: found.number.clone(),
        about: about(visit, &found.subject),
        filed: visit.day(found.at),
        state: visit.text(key),
        due: due.map(|due| visit.text_with(promise(found.progress), &[("due", &due)])).unwrap_or_default(),
        answer: found.answer.clone().unwrap_or_default(),
        answered: found.answered_at.map(|at| visit.day(at)).unwrap_or_default(),
        light,
    }
}

/// What will have happened by the day an objection's clock runs out.
const fn promise(progress: Progress) -> &'static str {
    match progress {
        Progress::Received => "objection-due-registration",
        _ => "objection-due-answer",
    }
}

fn about(visit: &Visit, subject: &Subject) -> String {
    match subject {
        Subject::Notice { title, operator, .. } => announcements::title_of(visit, title, operator.as_deref()),
        Subject::Product { name, .. } => name.clone(),
        Subject::Other => visit.text("objection-other"),
    }
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = rows(&visit, &asked).await;
    visit.answer(result).await
}

async fn rows(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    let (found, next) = objections::objections(&visit.app, asked.after.as_deref(), ROWS).await?;
    let page = PortalObjections {
        rows: found.iter().map(|found| shown(visit, found)).collect(),
        file_href: "/portal/objections/new".to_owned(),
        more_href: next.map(|after| format!("/portal/objections?after={after}")),
        receipt: receipt(visit, &asked.receipt).await?,
    };
    visit.public_page(StatusCode::OK, &page)
}

/// What is said right after filing: the number, and by when something will have happened.
async fn receipt(visit: &Visit, number: &str) -> Result<Option<String>, Error> {
    if number.is_empty() {
        return Ok(None);
    }
    // Only what is there is ever confirmed: the number stands in an address that anybody can write.
    let Some(found) = objections::by_number(&visit.app, number).await? else { return Ok(None) };
    let due = shown(visit, &found).due;
    Ok(Some(visit.text_with("objection-receipt", &[("number", &found.number), ("due", &due)])))
}

async fn form(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = blank(&visit, &asked.subject()).await;
    visit.answer(result).await
}

async fn blank(visit: &Visit, subject: &str) -> Result<Response, Error> {
    // An objection is answered to a person: whoever objects is known by account, never by the public.
    visit.signed_in()?;
    let mut page = page(visit, subject).await?;
    page.name.clone_from(&visit.ctx.person_name);
    visit.public_page(StatusCode::OK, &page)
}

async fn page(visit: &Visit, subject: &str) -> Result<PortalObjectionNew, Error> {
    let (found, _) = notices::notices(&visit.app, None, OFFERED).await?;
    let nobody = app::identity::anonymous(visit.ctx.now);
    let (listed, _) = products::products_page(&visit.app, &nobody, None, OFFERED).await?;
    let today = visit.today();
    let notice = |notice: &Notice| {
        let value = format!("notice/{}", notice.id);
        let mut label = announcements::title(visit, notice);
        if !notice.is_open(today) {
            label = visit.text_with("objection-about-closed", &[("title", &label)]);
        }
        Choice::new(&value, &label, value == subject)
    };
    let product = |record: &ProductRecord| {
        let value = format!("product/{}", record.product.id);
        let label = format!("{}（{}）", record.product.name, record.operator_name);
        Choice::new(&value, &label, value == subject)
    };
    Ok(PortalObjectionNew {
        action_href: "/portal/objections".to_owned(),
        notices: found.iter().map(notice).collect(),
        products: listed.iter().map(product).collect(),
        other: Choice::new(OTHER, &visit.text("objection-other"), subject == OTHER),
        request_key: Visit::request_key(),
        ..PortalObjectionNew::default()
    })
}

async fn file(visit: Visit, request: Request) -> Response {
    let result = try_file(&visit, request).await;
    visit.answer(result).await
}

/// The thing a choice of the form means.
fn chosen(value: &str) -> Result<NewObjection, Error> {
    let unknown = Error::NotFound("notice.unknown");
    let mut new = NewObjection::default();
    match value.split_once('/') {
        Some(("notice", id)) => new.notice = Some(id.parse().map_err(|_| unknown)?),
        Some(("product", id)) => new.product = Some(id.parse().map_err(|_| unknown)?),
        _ if value == OTHER => {}
        _ => return Err(unknown),
    }
    Ok(new)
}

async fn try_file(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let procedure = objections::procedure(&visit.app).ok_or(Error::NotFound("objection.procedure"))?;
    let (_, _, form) = cases::preview_form(&visit.app, &procedure.id)?;
    let result = match chosen(sent.get("about")) {
        Ok(new) => {
            let form = form.as_ref().map(|form| answers(form, &sent)).unwrap_or_default();
            let new = NewObjection { form, ..new };
            objections::file_objection(&visit.app, &visit.keyed(sent.get("request_key")), &new).await
        }
        Err(error) => Err(error),
    };
    let error = match result {
        Ok(opened) => {
            return Ok(visit.send_on(&format!("/portal/objections?receipt={}", encode(&opened.number)), None));
        }
        Err(error) if errors::can_be_mended(&error) => error,
        Err(error) => return Err(error),
    };
    let mut page = page(visit, sent.get("about")).await?;
    sent.get("name").clone_into(&mut page.name);
    sent.get("contact").clone_into(&mut page.contact);
    sent.get("text").clone_into(&mut page.text);
    page.errors = wrong(visit, &error, form.as_ref());
    visit.public_page(problem::status(&error), &page)
}

/// Which of the three questions of the public page a field of the pack's form is answered by.
fn question(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::LongText => "text",
        FieldKind::Phone | FieldKind::Email | FieldKind::Contact => "contact",
        _ => "name",
    }
}

fn answers(form: &Form, sent: &Sent) -> FormValues {
    let fields = form.sections.iter().flat_map(|section| &section.fields);
    fields
        .map(|field| (field.key.clone(), FormValue::Text(sent.get(question(&field.kind)).to_owned())))
        .collect()
}

/// One line for each question that is wrong, by the question's name; other refusals stand with the text.
fn wrong(visit: &Visit, error: &Error, form: Option<&Form>) -> Vec<FormError> {
    let mut found: Vec<FormError> = Vec::new();
    if let Error::Rejected(rejection) = error {
        let fields = form.iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
        let fields: Vec<_> = fields.collect();
        for place in &rejection.fields {
            let field = fields.iter().find(|field| field.key == place.field);
            let id = field.map_or("text", |field| question(&field.kind));
            if found.iter().all(|error| error.field != id) {
                let label = visit.text(match id {
                    "contact" => "objection-contact",
                    "name" => "objection-name",
                    _ => "objection-body",
                });
                let what = visit.pick(&place.zh, &place.en);
                found.push(FormError {
                    field: id.to_owned(),
                    message: visit.text_with("error-of-field", &[("field", &label), ("error", &what)]),
                });
            }
        }
    }
    if found.is_empty() {
        let refusal = errors::refusal(visit, error);
        let unknown = ["notice.unknown", "product.unknown"].contains(&refusal.code.as_str());
        found.push(FormError {
            field: if unknown { "about" } else { "text" }.to_owned(),
            message: format!("{}{}", refusal.message, refusal.remedy),
        });
    }
    found
}
