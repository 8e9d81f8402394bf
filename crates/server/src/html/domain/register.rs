//! Registering a resource and bringing in a new state of it: a file, which goes on to the intake worker as it arrives, or
//! a table of the provider's PostgreSQL.

use app::Error;
use app::imports;
use app::resources::{self, CatalogEntry};
use app::uploads::{self, PostgresTable, UploadFormat};
use axum::Router;
use axum::extract::multipart::Field as Part;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base::{Id, kind, limit};
use serde::Deserialize;

use super::register_form::{IMPORT, Written, field_of, import_field, new_resource, sections, table};
use super::resource::find;
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::catalog::ResourceRegister;
use crate::html::pages::form::FormError;
use crate::html::pages::parts::{Link, Table, TableColumn};
use crate::http::problem;
use crate::state::Edge;

/// Bytes of the answers beside the file.
const ANSWERS_BYTES_MAX: usize = 64 * 1024;
/// Answers beside the file.
const ANSWERS_MAX: usize = 32;
/// Rows with faults that are shown.
const FAULTS_SHOWN: usize = 200;

pub(super) fn routes() -> Router<Edge> {
    let bytes = usize::try_from(limit::UPLOAD_BYTES_MAX).unwrap_or(usize::MAX) + ANSWERS_BYTES_MAX * 2;
    Router::new()
        .route("/catalog/register", get(show_register).post(register))
        .route("/catalog/{resource}/upload", get(show_upload).post(upload))
        .route("/catalog/{resource}/edit", get(show_edit).post(edit))
        .route("/catalog/{resource}/withdraw", post(withdraw))
        .layer(DefaultBodyLimit::max(bytes))
}

async fn show_register(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = register_page(&visit, &asked).await;
    visit.answer(result).await
}

async fn register_page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    if asked.import.is_empty() && !visit.ctx.principal.has(app::access::Role::Provider) {
        return Err(Error::Forbidden("access.denied"));
    }
    let mut written = asked.written();
    if let Some(case) = asked.case()? {
        let import = imports::import(&visit.app, &visit.ctx, case).await?;
        written.0.push(("name".to_owned(), import.title));
    }
    draw(visit, None, &written, None).await
}

/// Social data are registered against the case that approved them.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    import: String,
}

impl Asked {
    fn case(&self) -> Result<Option<Id<kind::Case>>, Error> {
        if self.import.is_empty() { Ok(None) } else { Visit::id(&self.import, "import.unknown").map(Some) }
    }

    fn written(&self) -> Written {
        if self.import.is_empty() {
            return Written::default();
        }
        Written(vec![("import".to_owned(), self.import.clone())])
    }
}

/// Where the rows come from.
enum Source<'a> {
    File(Part<'a>),
    Table(PostgresTable),
}

async fn show_upload(visit: Visit, Path(resource): Path<String>) -> Response {
    let result = upload_page(&visit, &resource).await;
    visit.answer(result).await
}

async fn upload_page(visit: &Visit, resource: &str) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    draw(visit, Some(&entry), &Written::default(), None).await
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
        None if written.get("import").is_empty() => {
            ("/catalog/register".to_owned(), "/catalog".to_owned(), sections(visit, written))
        }
        None => {
            let at = format!("/catalog/register?import={}", written.get("import"));
            (at, "/tenants".to_owned(), sections(visit, written))
        }
    };
    let mut page = ResourceRegister {
        action_href,
        back_href,
        sections,
        size_max: words::bytes(limit::UPLOAD_BYTES_MAX),
        table: IMPORT.map(|name| import_field(visit, written, name)).to_vec(),
        request_key: Visit::request_key(),
        ..ResourceRegister::default()
    };
    if let Some(entry) = entry.filter(|entry| entry.snapshots.is_empty()) {
        (page.note, page.links) = registered(visit, entry);
        // The form below is where the file goes.
        page.links.retain(|link| !link.href.ends_with("/upload"));
    }
    let mut status = StatusCode::OK;
    if let Some(error) = error {
        status = problem::status(error);
        say(visit, &mut page, error);
        // A code that is taken by one's own registration without data is where to go on.
        if let Some(known) =
            own_without_data(visit, written).await.filter(|_| error.code() == "storage.duplicate")
        {
            (page.note, page.links) = registered(visit, &known);
        }
    }
    visit.page_with(status, "catalog", &page).await
}

/// What to say of a registration that waits for its data, and where to go on.
fn registered(visit: &Visit, entry: &CatalogEntry) -> (String, Vec<Link>) {
    let name = visit.pick(&entry.name_zh, &entry.name_en);
    let at = format!("/catalog/{}", entry.id());
    let note = visit.text_with("resource-only-file", &[("name", &name), ("code", &entry.code)]);
    (
        note,
        vec![
            Link::new(&visit.text("resource-upload"), &format!("{at}/upload")),
            Link::new(&visit.text("resource-edit"), &format!("{at}/edit")),
            Link::new(&visit.text("resource-open"), &at),
        ],
    )
}

async fn own_without_data(visit: &Visit, written: &Written) -> Option<CatalogEntry> {
    let found = resources::by_code_seen(&visit.app, &visit.ctx, written.get("code")).await.ok()?;
    (found.unit == visit.ctx.principal.unit && found.snapshots.is_empty()).then_some(found)
}

/// What is wrong, above the form and row by row.
fn say(visit: &Visit, page: &mut ResourceRegister, error: &Error) {
    let refusal = errors::refusal(visit, error);
    let field = match error.code() {
        "storage.duplicate" | "resource.code_taken" | "catalog.name" => "code",
        "catalog.entity" | "catalog.entity_column" => "entity-columns",
        code if code.starts_with("external.") => "import-host",
        "form.required" => match error {
            Error::Invalid { subject, .. } => field_of(visit, subject),
            _ => "file",
        },
        _ => "file",
    };
    // Where only data are asked for, the file is what can be put right here.
    let field = if page.sections.is_empty() && !field.starts_with("import") { "file" } else { field };
    page.errors = vec![FormError {
        field: field.to_owned(),
        message: format!("{} {}", refusal.message, refusal.remedy),
    }];
    let Error::Invalid { fields, .. } = error else { return };
    let detail = &errors::subject(visit, error);
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
                let row = place.row.map_or_else(|| visit.text("line-whole-file"), |row| row.to_string());
                let column = if matches!(place.field.as_str(), "" | "0") { "—" } else { &place.field };
                vec![row, column.to_owned(), problem, remedy]
            })
            .collect(),
        marks: Vec::new(),
        rows_more: None,
    };
}

async fn show_edit(visit: Visit, Path(resource): Path<String>) -> Response {
    let result = edit_page(&visit, &resource).await;
    visit.answer(result).await
}

async fn edit_page(visit: &Visit, resource: &str) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    draw_edit(visit, &entry, &Written::of(&entry), None).await
}

async fn draw_edit(
    visit: &Visit,
    entry: &CatalogEntry,
    written: &Written,
    error: Option<&Error>,
) -> Result<Response, Error> {
    let at = format!("/catalog/{}", entry.id());
    let mut page = ResourceRegister {
        action_href: format!("{at}/edit"),
        back_href: at,
        sections: sections(visit, written),
        is_edit: true,
        request_key: Visit::request_key(),
        ..ResourceRegister::default()
    };
    if let Some(error) = error {
        say(visit, &mut page, error);
    }
    visit.page_with(error.map_or(StatusCode::OK, problem::status), "catalog", &page).await
}

async fn edit(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_edit(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_edit(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    let sent = Sent::read(visit, request).await?;
    let written = Written(sent.below("").map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let done = match new_resource(visit, &written) {
        Ok(new) => {
            let ctx = visit.keyed(written.get("request_key"));
            resources::edit_resource(&visit.app, &ctx, entry.id(), &new).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(entry) => Ok(visit.send_on(&format!("/catalog/{}", entry.id()), Some("resource-edited"))),
        Err(error) if errors::can_be_mended(&error) => draw_edit(visit, &entry, &written, Some(&error)).await,
        Err(error) => Err(error),
    }
}

async fn withdraw(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_withdraw(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_withdraw(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    let sent = Sent::read(visit, request).await?;
    if sent.get("sure") != "yes" {
        return Err(Error::invalid("form.sure", ""));
    }
    resources::withdraw_resource(&visit.app, &visit.keyed(sent.get("request_key")), entry.id()).await?;
    Ok(visit.send_on("/catalog", Some("resource-withdrawn")))
}

async fn register(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = receive(&visit, None, asked.written(), request).await;
    visit.answer(result).await
}

async fn upload(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = match find(&visit, &resource).await {
        Ok(entry) => receive(&visit, Some(&entry), Written::default(), request).await,
        Err(error) => Err(error),
    };
    visit.answer(result).await
}

/// Reads the answers, which stand before the file, checks the form token, then hands the file on as it arrives. The
/// fields of a table stand after the file and are read when there is none.
async fn receive(
    visit: &Visit,
    entry: Option<&CatalogEntry>,
    mut written: Written,
    request: Request,
) -> Result<Response, Error> {
    visit.signed_in()?;
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|rejection| bad(rejection.into_response().status()))?;
    let mut read = 0;
    for _ in 0..ANSWERS_MAX {
        let Some(part) = parts.next_field().await.map_err(|error| bad(error.status()))? else { break };
        if part.file_name().is_some() {
            visit.check_csrf(written.get("csrf"))?;
            if part.file_name().is_some_and(|name| !name.is_empty()) {
                return with_rows(visit, entry, &written, Source::File(part)).await;
            }
            continue;
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
    if written.get("import-host").is_empty() && written.get("import-name").is_empty() {
        return draw(visit, entry, &written, Some(&Error::invalid("upload.empty", ""))).await;
    }
    match table(&written) {
        Ok(table) => with_rows(visit, entry, &written, Source::Table(table)).await,
        Err(error) => draw(visit, entry, &written, Some(&error)).await,
    }
}

async fn with_rows(
    visit: &Visit,
    entry: Option<&CatalogEntry>,
    written: &Written,
    rows: Source<'_>,
) -> Result<Response, Error> {
    if let Some(entry) = entry {
        return take_in(visit, entry, written, rows).await;
    }
    let made = match new_resource(visit, written) {
        Ok(new) => {
            let ctx = visit.keyed(&format!("{}/new", written.get("request_key")));
            match (Asked { import: written.get("import").to_owned() }).case() {
                Ok(Some(case)) => imports::describe(&visit.app, &ctx, case, &new).await,
                Ok(None) => resources::register_resource(&visit.app, &ctx, &new).await,
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(entry) => take_in(visit, &entry, written, rows).await,
        Err(error) if errors::can_be_mended(&error) => draw(visit, None, written, Some(&error)).await,
        Err(error) => Err(error),
    }
}

async fn take_in(
    visit: &Visit,
    entry: &CatalogEntry,
    written: &Written,
    rows: Source<'_>,
) -> Result<Response, Error> {
    let ctx = visit.keyed(written.get("request_key"));
    let id: Id<kind::Resource> = entry.id();
    let done = match rows {
        Source::File(file) => {
            let name = file.file_name().unwrap_or_default().to_ascii_lowercase();
            let format = if name.ends_with(".parquet") { UploadFormat::Parquet } else { UploadFormat::Csv };
            uploads::upload(&visit.app, &ctx, id, format, Box::pin(file)).await
        }
        Source::Table(table) => uploads::import_postgres(&visit.app, &ctx, id, &table).await,
    };
    match done {
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
