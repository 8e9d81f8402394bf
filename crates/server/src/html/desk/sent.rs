//! What a browser sent with a form: answers and files, whatever the encoding.

use app::cases::{self, StagedAttachment};
use app::{Ctx, Error};
use axum::Form;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;

use super::visit::Visit;

/// Bytes of a form with its files.
pub(crate) const FORM_BYTES_MAX: usize = 160 * 1024 * 1024;
/// Answers of one form.
const ANSWERS_MAX: usize = 5_000;
/// Characters of one answer; the kernel's own limits are lower.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// A form as it was sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    values: Vec<(String, String)>,
    /// Files taken in, by the name of their field.
    pub(crate) files: Vec<(String, StagedAttachment)>,
    /// Files that were not, with the code why.
    pub(crate) refused: Vec<(String, String)>,
}

impl Sent {
    /// Reads a form. The form token is checked before anything is kept.
    ///
    /// # Errors
    /// `http.csrf`; `http.body_too_large`; `http.bad_request`.
    pub(crate) async fn read(visit: &Visit, request: Request) -> Result<Self, Error> {
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if media.is_some_and(|media| media.starts_with("multipart/form-data")) {
            return Self::multipart(visit, request).await;
        }
        let Form(values) = Form::<Vec<(String, String)>>::from_request(request, &())
            .await
            .map_err(|rejection| bad(rejection.into_response().status()))?;
        let sent = Self { values, ..Self::default() };
        visit.check_csrf(sent.get("csrf"))?;
        Ok(sent)
    }

    async fn multipart(visit: &Visit, request: Request) -> Result<Self, Error> {
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|rejection| bad(rejection.into_response().status()))?;
        let mut sent = Self::default();
        let mut checked = false;
        // Files are put aside without the form's key: it belongs to the command.
        let ctx = Ctx { idempotency_key: None, ..visit.ctx.clone() };
        while let Some(part) = parts.next_field().await.map_err(|error| bad(error.status()))? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(file) if file.is_empty() => {}
                Some(file) => {
                    if !checked {
                        visit.check_csrf(sent.get("csrf"))?;
                        checked = true;
                    }
                    sent.take_file(visit, &ctx, name, &file, part).await?;
                }
                None if sent.values.len() < ANSWERS_MAX => {
                    let bytes = read_part(part, ANSWER_BYTES_MAX).await?;
                    let bytes = bytes.ok_or(Error::Limited("http.body_too_large"))?;
                    let text =
                        String::from_utf8(bytes).map_err(|_| Error::invalid("http.bad_request", "utf-8"))?;
                    sent.values.push((name, text));
                }
                None => return Err(Error::Limited("http.body_too_large")),
            }
        }
        visit.check_csrf(sent.get("csrf"))?;
        Ok(sent)
    }

    async fn take_file(
        &mut self,
        visit: &Visit,
        ctx: &Ctx,
        name: String,
        file: &str,
        part: Field<'_>,
    ) -> Result<(), Error> {
        let limit = usize::try_from(base::limit::ATTACHMENT_BYTES_MAX).unwrap_or(usize::MAX);
        let taken = match read_part(part, limit).await? {
            Some(bytes) => cases::upload_attachment(&visit.app, ctx, file, bytes).await,
            None => Err(Error::Limited("attachment.too_large")),
        };
        match taken {
            Ok(staged) => self.files.push((name, staged)),
            Err(error @ Error::Internal { .. }) => return Err(error),
            Err(error) => self.refused.push((name, error.code().to_owned())),
        }
        Ok(())
    }

    /// The answer to one question; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }

    /// The answers whose names begin so, without that beginning.
    pub(crate) fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

/// A part's bytes; `None` when there are more than allowed. The rest is read and thrown away, so that the other parts
/// are still heard.
async fn read_part(mut part: Field<'_>, limit: usize) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(chunk) = part.chunk().await.map_err(|error| bad(error.status()))? {
        fits = fits && bytes.len() + chunk.len() <= limit;
        if fits {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
    }
    Ok(fits.then_some(bytes))
}

fn bad(status: StatusCode) -> Error {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::Limited("http.body_too_large"),
        _ => Error::invalid("http.bad_request", ""),
    }
}
