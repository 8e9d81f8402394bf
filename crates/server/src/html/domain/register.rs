//! Registering a resource and uploading a new state of it. The file goes on to the intake worker as it arrives.

use app::Error;
use app::catalog::{Openness, UpdateFrequency};
use app::privacy::ir::Entity;
use app::resources::{self, CatalogEntry, NewResource};
use app::uploads::{self, UploadFormat};
use axum::Router;
use axum::extract::multipart::Field as Part;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base::{Id, kind, limit};

use super::common::choices;
use crate::html::desk::errors;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::catalog::ResourceRegister;
use crate::html::pages::form::{Field, FieldKind, FormError, FormSection};
use crate::html::pages::parts::{Choice, Table, TableColumn};
use crate::http::problem;
use crate::state::Edge;

/// Bytes of the answers beside the file.
const ANSWERS_BYTES_MAX: usize = 64 * 1024;
/// Answers beside the file.
const ANSWERS_MAX: usize = 32;
/// Rows with faults that are shown.
const FAULTS_SHOWN: usize = 200;

const FREQUENCIES: [UpdateFrequency; 8] = [
    UpdateFrequency::RealTime,
    UpdateFrequency::Daily,
    UpdateFrequency::Weekly,
    UpdateFrequency::Monthly,
    UpdateFrequency::Quarterly,
    UpdateFrequency::Yearly,
    UpdateFrequency::Irregular,
    UpdateFrequency::Never,
];
const OPENNESS: [Openness; 3] = [Openness::Unconditional, Openness::Conditional, Openness::Prohibited];

pub(super) fn routes() -> Router<Edge> {
    let bytes = usize::try_from(limit::UPLOAD_BYTES_MAX).unwrap_or(usize::MAX) + ANSWERS_BYTES_MAX * 2;
    Router::new()
        .route("/catalog/register", get(show_register).post(register))
        .route("/catalog/{resource}/upload", get(show_upload).post(upload))
        .layer(DefaultBodyLimit::max(bytes))
}

/// What is written in the form, to be shown again.
#[derive(Debug, Clone, Default)]
struct Written(Vec<(String, String)>);

impl Written {
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key.strip_prefix("field.").unwrap_or(key) == name);
        found.map_or("", |(_, value)| value.trim())
    }
}

async fn show_register(visit: Visit) -> Response {
    let result = register_page(&visit).await;
    visit.answer(result).await
}

async fn register_page(visit: &Visit) -> Result<Response, Error> {
    visit.signed_in()?;
    if !visit.ctx.principal.has(app::access::Role::Provider) {
        return Err(Error::Forbidden("access.denied"));
    }
    draw(visit, None, &Written::default(), None).await
}

async fn show_upload(visit: Visit, Path(resource): Path<String>) -> Response {
    let result = upload_page(&visit, &resource).await;
    visit.answer(result).await
}

async fn upload_page(visit: &Visit, resource: &str) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    draw(visit, Some(&entry), &Written::default(), None).await
}

async fn find(visit: &Visit, resource: &str) -> Result<CatalogEntry, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Resource>(resource, "resource.unknown")?;
    resources::resource(&visit.app, &visit.ctx, id).await
}

async fn draw(
    visit: &Visit,
    entry: Option<&CatalogEntry>,
    written: &Written,
    error: Option<&Error>,
) -> Result<Response, Error> {
    let (action_href, back_href, sections) = match entry {
        Some(entry) => {
            let at = format!("/catalog/{}", entry.id());
            (format!("{at}/upload"), at, Vec::new())
        }
        None => ("/catalog/register".to_owned(), "/catalog".to_owned(), sections(visit, written)),
    };
    let mut page = ResourceRegister {
        action_href,
        back_href,
        sections,
        size_max: words::bytes(limit::UPLOAD_BYTES_MAX),
        request_key: Visit::request_key(),
        ..ResourceRegister::default()
    };
    let mut status = StatusCode::OK;
    if let Some(error) = error {
        status = problem::status(error);
        say(visit, &mut page, error);
    }
    visit.page_with(status, "catalog", &page).await
}

/// What is wrong, above the form and row by row.
fn say(visit: &Visit, page: &mut ResourceRegister, error: &Error) {
    let refusal = errors::refusal(visit, error);
    let field = match error.code() {
        "storage.duplicate" | "catalog.column_name" => "code",
        _ => "file",
    };
    page.errors = vec![FormError {
        field: field.to_owned(),
        message: format!("{} {}", refusal.message, refusal.remedy),
    }];
    let Error::Invalid { fields, detail, .. } = error else { return };
    let column = |name: &str| TableColumn { label: visit.text(name), numeric: name == "line" };
    page.outcome = visit.text_with("intake-refused", &[("detail", detail)]);
    page.row_errors = Table {
        caption: visit.text("row-errors"),
        columns: ["line", "column", "problem", "remedy-word"].map(column).to_vec(),
        rows: fields
            .iter()
            .take(FAULTS_SHOWN)
            .map(|place| {
                let (problem, remedy) = visit.error_words(&place.code);
                let row = place.row.map_or_else(|| "—".to_owned(), |row| row.to_string());
                let column = if matches!(place.field.as_str(), "" | "0") { "—" } else { &place.field };
                vec![row, column.to_owned(), problem, remedy]
            })
            .collect(),
        rows_more: None,
    };
}

fn sections(visit: &Visit, written: &Written) -> Vec<FormSection> {
    let field = |id: &str, kind: FieldKind, required: bool| Field {
        id: id.to_owned(),
        label: visit.text(&format!("resource-{id}")),
        kind,
        required,
        value: written.get(id).to_owned(),
        ..Field::default()
    };
    let hinted = |mut field: Field| {
        field.hint = visit.text(&format!("resource-{}-hint", field.id));
        field
    };
    let frequency = Field {
        choices: choices(visit, "frequency", &FREQUENCIES, or(written.get("frequency"), "monthly")),
        ..field("frequency", FieldKind::Choice, true)
    };
    let openness = Field {
        choices: choices(visit, "openness", &OPENNESS, or(written.get("openness"), "conditional")),
        ..field("openness", FieldKind::Choice, true)
    };
    let protected = written.get("protected") != "no";
    let protected = Field {
        choices: vec![
            Choice::new("yes", &visit.text("entity-counts"), protected),
            Choice::new("no", &visit.text("entity-free"), !protected),
        ],
        ..field("protected", FieldKind::Choice, true)
    };
    vec![
        FormSection {
            heading: visit.text("resource-section"),
            hint: String::new(),
            fields: vec![
                field("name", FieldKind::Text, true),
                field("name-en", FieldKind::Text, false),
                hinted(field("code", FieldKind::Text, true)),
                field("description", FieldKind::LongText, false),
                frequency,
                openness,
            ],
        },
        FormSection {
            heading: visit.text("entity"),
            hint: visit.text("entity-hint"),
            fields: vec![
                hinted(field("entity", FieldKind::Text, true)),
                hinted(field("entity-columns", FieldKind::Text, true)),
                protected,
            ],
        },
    ]
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

async fn register(visit: Visit, request: Request) -> Response {
    let result = receive(&visit, None, request).await;
    visit.answer(result).await
}

async fn upload(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = match find(&visit, &resource).await {
        Ok(entry) => receive(&visit, Some(&entry), request).await,
        Err(error) => Err(error),
    };
    visit.answer(result).await
}

/// Reads the answers, which stand before the file, checks the form token, then hands the file on as it arrives.
async fn receive(visit: &Visit, entry: Option<&CatalogEntry>, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| bad(rejection.into_response().status()))?;
    let mut written = Written::default();
    let mut read = 0;
    for _ in 0..ANSWERS_MAX {
        let Some(part) = parts.next_field().await.map_err(|error| bad(error.status()))? else { break };
        if part.file_name().is_some() {
            visit.check_csrf(written.get("csrf"))?;
            if part.file_name().is_some_and(|name| !name.is_empty()) {
                return with_file(visit, entry, &written, part).await;
            }
            break;
        }
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(|error| bad(error.status()))?;
        read += text.len();
        if read > ANSWERS_BYTES_MAX {
            return Err(Error::Limited("http.body_too_large"));
        }
        written.0.push((name, text));
    }
    visit.check_csrf(written.get("csrf"))?;
    draw(visit, entry, &written, Some(&Error::invalid("upload.empty", ""))).await
}

async fn with_file(
    visit: &Visit,
    entry: Option<&CatalogEntry>,
    written: &Written,
    file: Part<'_>,
) -> Result<Response, Error> {
    if let Some(entry) = entry {
        return take_in(visit, entry, written, file).await;
    }
    let made = match new_resource(written) {
        Ok(new) => {
            let ctx = visit.keyed(&format!("{}/new", written.get("request_key")));
            resources::register_resource(&visit.app, &ctx, &new).await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(entry) => take_in(visit, &entry, written, file).await,
        Err(error) if errors::can_be_mended(&error) => draw(visit, None, written, Some(&error)).await,
        Err(error) => Err(error),
    }
}

async fn take_in(
    visit: &Visit,
    entry: &CatalogEntry,
    written: &Written,
    file: Part<'_>,
) -> Result<Response, Error> {
    let name = file.file_name().unwrap_or_default().to_ascii_lowercase();
    let format = if name.ends_with(".parquet") { UploadFormat::Parquet } else { UploadFormat::Csv };
    let ctx = visit.keyed(written.get("request_key"));
    let id: Id<kind::Resource> = entry.id();
    match uploads::upload(&visit.app, &ctx, id, format, Box::pin(file)).await {
        Ok(_) => Ok(visit.send_on(&format!("/catalog/{id}"), Some("uploaded"))),
        Err(error) if errors::can_be_mended(&error) => draw(visit, Some(entry), written, Some(&error)).await,
        Err(error) => Err(error),
    }
}

fn bad(status: StatusCode) -> Error {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::Limited("upload.too_large"),
        _ => Error::invalid("http.bad_request", ""),
    }
}

fn new_resource(written: &Written) -> Result<NewResource, Error> {
    let missing = |name: &str| Error::invalid("form.required", name.to_owned());
    for name in ["name", "code", "entity", "entity-columns"] {
        if written.get(name).is_empty() {
            return Err(missing(name));
        }
    }
    let known = |value: &str, name: &str| {
        serde_json::from_value::<UpdateFrequency>(value.into()).map_err(|_| missing(name))
    };
    let openness = serde_json::from_value::<Openness>(written.get("openness").into())
        .map_err(|_| missing("openness"))?;
    let columns = written.get("entity-columns").split([',', '，', ' ']).map(str::trim);
    Ok(NewResource {
        code: written.get("code").to_owned(),
        name_zh: written.get("name").to_owned(),
        name_en: written.get("name-en").to_owned(),
        description: written.get("description").to_owned(),
        update_frequency: known(written.get("frequency"), "frequency")?,
        openness,
        entity: Entity {
            kind: written.get("entity").to_owned(),
            columns: columns.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            protected: written.get("protected") != "no",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_read_from_the_form() {
        let pairs = [
            ("field.name", "企业"),
            ("field.code", "enterprise"),
            ("field.frequency", "daily"),
            ("field.openness", "conditional"),
            ("field.entity", "enterprise"),
            ("field.entity-columns", "code， other"),
            ("field.protected", "no"),
        ];
        let written = Written(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec());
        let new = new_resource(&written).unwrap();
        assert_eq!(new.entity.columns, ["code", "other"]);
        assert!(!new.entity.protected);
        assert_eq!(new_resource(&Written::default()).unwrap_err().code(), "form.required");
    }
}
