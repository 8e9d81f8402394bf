//! The reviewers' own run: the order of a candidate once more, the same text, parameters and snapshots. Nothing of it is
//! kept but whether it gave the same bytes.

use access::Action;
use base::{Digest, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected};

use super::{Export, ExportState, ExportView, case_of, seen, versioned, with_tenant};
use crate::clock::new_id;
use crate::journal::Note;
use crate::runs::Attempt;
use crate::{App, Ctx, Error, Result, jobs, tenants};

/// A run that a reviewer ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// Its id.
    pub id: Id<kind::Run>,
    /// Who ordered it, by name.
    pub by: String,
    /// Who ordered it.
    pub by_id: Id<kind::Person>,
    /// When.
    pub ordered: Timestamp,
    /// Objects of the attempt under way.
    #[serde(default)]
    pub attempt: Option<Attempt>,
    /// How it ended, once it has.
    pub outcome: Option<AgainOutcome>,
}

/// How a reviewer's run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum AgainOutcome {
    /// The canonical bytes are the same.
    Same {
        /// Their digest: that of the CSV, if it leaves.
        digest: Digest,
    },
    /// They are others.
    Other {
        /// Digest of the candidate's bytes.
        candidate: Digest,
        /// Digest of the bytes of this run.
        again: Digest,
        /// What left since the candidate was made is in the way of some cells now; then it will not leave as it is.
        overtaken: bool,
    },
    /// Nothing came out.
    Failed {
        /// Stable code, never a value.
        code: String,
    },
}

/// A reviewer orders the run of a candidate again. One at a time: while it runs, the same is answered.
///
/// # Errors
/// Not a reviewer, or of the operator's own people; `export.unknown`; `export.decided`; `tenant.closed`.
pub async fn order_again(app: &App, ctx: &Ctx, id: Id<kind::Export>) -> Result<ExportView> {
    let (export, tenant) = with_tenant(app, id).await?;
    let permit = &app.permit(ctx, Action::ExportReview, export.reference(&tenant))?;
    let again = new_id::<kind::Run>(ctx.now);
    let (export, case) = app
        .store()
        .transact(permit, "export.again", |tx| {
            Box::pin(async move {
                let mut stored = versioned(tx, id).await?;
                if !tenants::get(tx, stored.value.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                if stored.value.state != ExportState::Requested {
                    return Err(Error::Conflict("export.decided"));
                }
                let under_way = stored.value.again.as_ref().is_some_and(|again| again.outcome.is_none());
                if !under_way {
                    stored.value.again = Some(Again {
                        id: again,
                        by: ctx.person_name.clone(),
                        by_id: ctx.principal.person,
                        ordered: ctx.now,
                        attempt: None,
                        outcome: None,
                    });
                    records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
                    jobs::push(tx, jobs::RUN_AGAIN, again, ctx.now, &(id, again)).await?;
                }
                let payload =
                    serde_json::json!({ "again": stored.value.again.as_ref().map(|again| again.id) });
                let tenant = Some(stored.value.tenant);
                let note = Note { subject: format!("export/{id}"), tenant, clauses: &[], payload };
                app.record(tx, permit, ctx.now, note).await?;
                let case = case_of(tx, &stored.value).await?;
                Ok((stored.value, case))
            })
        })
        .await?;
    app.committed();
    Ok(seen(ctx, export, case))
}

/// The reviewer's run that a job is about, if it has not ended.
pub(crate) fn waiting(export: &Export, id: Id<kind::Run>) -> Option<&Again> {
    export.again.as_ref().filter(|again| again.id == id && again.outcome.is_none())
}
