//! What those who may read a case print of it as it stands. Nothing of it is kept: what counts is the case.

use std::collections::BTreeMap;

use base::{Id, kind};
use documents::{Actual, FormPaper, Lang, OpinionEntry, Stamp};
use regulation::case::{CaseState, FormValues};
use regulation::pack::{Form, FormId, OccasionEvent};

use super::{Drawn, drawn, typeset};
use crate::cases::{self, AttachmentBytes, Loaded};
use crate::{App, Ctx, Error, Result};

/// Longest wait for the turn to print.
const TURN_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// A document of the case's pack that anybody who may read the case may print, filled with what is known now. It is not
/// kept: what counts is the case.
///
/// # Errors
/// `case.unknown`; `paper.unknown` when the pack has no such document for this procedure on request.
pub async fn print_document(
    app: &App,
    ctx: &Ctx,
    case: Id<kind::Case>,
    name: &str,
    lang: Lang,
) -> Result<AttachmentBytes> {
    let drawn = read(app, ctx, case).await?;
    let mut asked = drawn.pack.documents_for(&drawn.state.procedure, &OccasionEvent::Asked);
    let document =
        asked.find(|document| document.id == name).ok_or(Error::NotFound("paper.unknown"))?.clone();
    // Before the result stands, whatever a paper said about the vote would be wrong or too much.
    if drawn.state.acts.iter().any(|act| act.sealed) {
        return Err(Error::Conflict("paper.vote_open"));
    }
    let file_name = format!("{} {}.pdf", document.id, drawn.state.number);
    let _turn = turn(app).await?;
    let (_, _, printed) = typeset(document.clone(), drawn.data(&document), lang).await?;
    Ok(AttachmentBytes { file_name, bytes: printed.pdf })
}

/// A form of a case as the table it is on paper, with the opinions that are not sealed.
///
/// # Errors
/// `case.unknown`; `paper.unknown` when the case has no such form.
pub async fn print_form(
    app: &App,
    ctx: &Ctx,
    case: Id<kind::Case>,
    form: &FormId,
    lang: Lang,
) -> Result<AttachmentBytes> {
    let Drawn { pack, state, mut actual, .. } = read(app, ctx, case).await?;
    actual.stamp.issuer.clone_from(&state.opener.unit_name);
    let unknown = || Error::NotFound("paper.unknown");
    let form = pack.forms.get(form).ok_or_else(unknown)?.clone();
    let values = state.forms.get(&form.id).ok_or_else(unknown)?.clone();
    let file_name = format!("{} {}.pdf", form.title, state.number);
    let opinions = documents::opinions(&form, &state, lang);
    let Actual { names, stamp, .. } = actual;
    Ok(AttachmentBytes { file_name, bytes: table(app, form, values, opinions, names, stamp, lang).await? })
}

/// The turn to print for a reader. Typesetting takes a processor for as long as it lasts, so readers share one lane and are
/// told soon when it is full; papers that are issued have their own.
pub(crate) async fn turn(app: &App) -> Result<tokio::sync::SemaphorePermit<'_>> {
    let turn = tokio::time::timeout(TURN_MAX, app.printing().acquire()).await;
    let turn = turn.map_err(|_| Error::Unavailable("paper.busy"))?;
    turn.map_err(|error| Error::internal("paper.turn", error))
}

/// Prints a form on a thread that may block.
async fn table(
    app: &App,
    form: Form,
    values: FormValues,
    opinions: Vec<OpinionEntry>,
    names: BTreeMap<String, String>,
    stamp: Stamp,
    lang: Lang,
) -> Result<Vec<u8>> {
    let _turn = turn(app).await?;
    let print = move || {
        documents::print_form(&FormPaper { form: &form, values: &values, opinions, names, stamp }, lang)
    };
    let printed = tokio::task::spawn_blocking(print).await;
    Ok(printed.map_err(|error| Error::internal("document.engine", error))??.pdf)
}

/// The opening form of a procedure to be filled in by hand; open to everybody, like the law it comes from.
///
/// # Errors
/// `case.procedure` for an unknown procedure, `paper.unknown` when it has no form.
pub async fn blank_form(app: &App, procedure: &str, lang: Lang) -> Result<AttachmentBytes> {
    let (pack, procedure, form) = cases::preview_form(app, procedure)?;
    let form = form.ok_or(Error::NotFound("paper.unknown"))?;
    let now = app.now();
    let stamp = Stamp {
        number: String::new(),
        paper_number: String::new(),
        issuer: pack.name.clone(),
        procedure: procedure.id,
        on: now.date_at(pack.counting.utc_offset_seconds),
        at: now,
        verification: None,
    };
    let file_name = format!("{}.pdf", form.title);
    let bytes = table(app, form, FormValues::new(), Vec::new(), BTreeMap::new(), stamp, lang).await?;
    Ok(AttachmentBytes { file_name, bytes })
}

/// What those who may read a case can print of it now: name, English name.
#[must_use]
pub fn printable(app: &App, state: &CaseState) -> Vec<(String, String)> {
    let Ok(pack) = app.packs().version(&state.pack) else { return Vec::new() };
    let asked = pack.documents_for(&state.procedure, &OccasionEvent::Asked);
    asked.map(|document| (document.id.clone(), document.en.clone())).collect()
}

/// A case as it is, to be printed now by somebody who may read it.
async fn read(app: &App, ctx: &Ctx, case: Id<kind::Case>) -> Result<Drawn> {
    let (_, Loaded { events, .. }) = cases::readable(app, ctx, case).await?;
    let events = events.as_slice();
    let read = app.store().read("paper.read", |tx| Box::pin(async move { drawn(app, tx, events).await }));
    let mut drawn = read.await?;
    drawn.actual.stamp.on = ctx.now.date_at(drawn.pack.counting.utc_offset_seconds);
    drawn.actual.stamp.at = ctx.now;
    Ok(drawn)
}
