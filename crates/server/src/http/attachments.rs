//! Files that come with cases.

use app::cases::{self, StagedAttachment};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::{Problem, Raw, id};
use crate::state::{Caller, Edge};

pub(super) fn routes() -> Router<Edge> {
    // One byte more than allowed is let in, so that the use case says what is wrong with its own code.
    let limit = usize::try_from(base::limit::ATTACHMENT_BYTES_MAX).unwrap_or(usize::MAX).saturating_add(1);
    Router::new()
        .route("/attachments", post(upload_attachment).layer(DefaultBodyLimit::max(limit)))
        .route("/cases/{case}/attachments/{object}", get(download_attachment))
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

async fn upload_attachment(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Query(Name { name }): Query<Name>,
    Raw(bytes): Raw,
) -> Result<(StatusCode, Json<StagedAttachment>), Problem> {
    let staged = cases::upload_attachment(&edge.app, &ctx, &name, bytes.to_vec()).await?;
    Ok((StatusCode::CREATED, Json(staged)))
}

async fn download_attachment(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((case, object)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let file = cases::attachment(&edge.app, &ctx, id(&case)?, id(&object)?).await?;
    Ok(download(&file.file_name, file.bytes))
}

/// A file that the browser saves and never shows: what a stranger uploaded must not run under our name.
pub(crate) fn download(file_name: &str, bytes: Vec<u8>) -> Response {
    file("attachment", "application/octet-stream", file_name, bytes)
}

/// A file under its name; no copy of it stays between us and the reader.
pub(super) fn file(how: &str, kind: &'static str, file_name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&disposition(how, file_name)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// RFC 6266 with the name in UTF-8, percent-encoded.
fn disposition(how: &str, file_name: &str) -> String {
    let mut text = format!("{how}; filename*=UTF-8''");
    for byte in file_name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_header() {
        assert_eq!(disposition("attachment", "a\"\r\n.md"), "attachment; filename*=UTF-8''a%22%0D%0A.md");
        assert_eq!(disposition("attachment", "表.md"), "attachment; filename*=UTF-8''%E8%A1%A8.md");
    }
}
