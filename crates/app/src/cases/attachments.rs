//! Files that come with a case: sealed under the platform's key, readable by who may read the case.

use access::{Action, ResourceRef, Thing};
use base::{Id, kind, limit};
use regulation::case::Attachment;
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, objects as rows};

use super::{attachment_kind, load, record, resource};
use crate::journal::Note;
use crate::keys::PLATFORM;
use crate::{App, Ctx, Error, Result, objects};

/// An uploaded file that waits to be attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedAttachment {
    /// The object.
    pub id: Id<kind::Object>,
    /// File name as given, without folders.
    pub file_name: String,
    /// Digest of the file.
    pub digest: base::Digest,
    /// Bytes.
    pub bytes: u64,
    /// Who uploaded it; nobody else may attach it.
    pub by: Id<kind::Person>,
}

impl Record for StagedAttachment {
    const KIND: &'static str = "attachment";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("person", self.by, 0)]
    }
}

/// A file to be delivered.
#[derive(Debug)]
pub struct AttachmentBytes {
    /// File name.
    pub file_name: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Takes in a file.
///
/// # Errors
/// `attachment.empty`, `attachment.too_large`, `attachment.name`; `attachment.kind`, `attachment.content`,
/// `attachment.program` for what is none of the files that cases take.
pub async fn upload_attachment(
    app: &App,
    ctx: &Ctx,
    file_name: &str,
    bytes: Vec<u8>,
) -> Result<StagedAttachment> {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Error::invalid("attachment.name", ""));
    }
    if bytes.is_empty() {
        return Err(Error::invalid("attachment.empty", name));
    }
    if bytes.len() as u64 > limit::ATTACHMENT_BYTES_MAX {
        return Err(Error::Limited("attachment.too_large"));
    }
    if let Some(code) = attachment_kind::refused(name, &bytes) {
        return Err(Error::invalid(code, name));
    }
    let resource = ResourceRef::any(Thing::Case)
        .with_owner(ctx.principal.unit)
        .with_requester(ctx.principal.person, ctx.principal.unit);
    let permit = app.permit(ctx, Action::CaseOpen, resource)?;
    let length = bytes.len() as u64;
    let staged = objects::stage(app, PLATFORM, "attachment", bytes, ctx.now).await?;
    let record = StagedAttachment {
        id: staged.row.id,
        file_name: name.to_owned(),
        digest: staged.plain_digest,
        bytes: length,
        by: ctx.principal.person,
    };
    let (permit, row, record) = (&permit, &staged.row, &record);
    let kept = app
        .command(ctx, permit, "attachment.upload", &(name, record.digest), move |tx| {
            Box::pin(async move {
                rows::put(tx, row).await?;
                records::put(tx, record, Expected::New, ctx.now).await?;
                let subject = format!("object/{}", record.id);
                app.record(
                    tx,
                    permit,
                    ctx.now,
                    Note { subject, tenant: None, clauses: &[], payload: record },
                )
                .await?;
                Ok(record.clone())
            })
        })
        .await;
    // A repeated or refused upload left its file behind, which no row will ever name.
    if kept.as_ref().map_or(true, |kept| kept.id != record.id) {
        objects::discard(app, record.id).await;
    }
    kept
}

/// Turns references into the kernel's attachments. Only who uploaded a file may attach it.
pub(super) async fn resolve(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    references: &[super::open::AttachmentRef],
) -> Result<Vec<Attachment>> {
    let mut found = Vec::new();
    for reference in references {
        let staged = records::get::<StagedAttachment>(tx, reference.id.uuid()).await?;
        let Some(staged) = staged.filter(|staged| staged.value.by == ctx.principal.person) else {
            return Err(Error::NotFound("attachment.unknown"));
        };
        found.push(Attachment {
            name: reference.name.clone(),
            file_name: staged.value.file_name,
            digest: staged.value.digest,
            bytes: staged.value.bytes,
            object: Some(reference.id),
        });
    }
    Ok(found)
}

/// Reads an attachment of a case; the reading is recorded.
///
/// # Errors
/// `case.unknown` when the person may not see the case or it has no such attachment.
pub async fn attachment(
    app: &App,
    ctx: &Ctx,
    case: Id<kind::Case>,
    object: Id<kind::Object>,
) -> Result<AttachmentBytes> {
    let (known, file_name) = app
        .store()
        .read("attachment.find", |tx| {
            Box::pin(async move {
                let record = record(tx, case).await?;
                let loaded = load(tx, case).await?;
                let found = loaded.state.attachments.iter().find(|item| item.object == Some(object));
                let name =
                    found.map(|item| item.file_name.clone()).ok_or(Error::NotFound("attachment.unknown"))?;
                Ok::<_, Error>((resource(tx, &record).await?, name))
            })
        })
        .await?;
    deliver(app, ctx, known, (case, object), file_name).await
}

/// Opens a sealed file of a case for somebody who takes part in it; the reading is recorded.
///
/// # Errors
/// `case.unknown` when the person may not see the case; see [`objects::open`].
pub(crate) async fn deliver(
    app: &App,
    ctx: &Ctx,
    known: ResourceRef,
    (case, object): (Id<kind::Case>, Id<kind::Object>),
    file_name: String,
) -> Result<AttachmentBytes> {
    let permit = app.permit(ctx, Action::CaseView, known).map_err(|_| Error::NotFound("case.unknown"))?;
    let permit = &permit;
    app.store()
        .transact(permit, "attachment.read", |tx| {
            Box::pin(async move {
                let note = Note {
                    subject: format!("object/{object}"),
                    tenant: None,
                    clauses: &[],
                    payload: serde_json::json!({ "case": case }),
                };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    Ok(AttachmentBytes { file_name, bytes: objects::open(app, object).await? })
}
