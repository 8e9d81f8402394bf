//! What of the law waits for a decision of somebody: versions and notices of holidays that others brought.

use access::{Action, ResourceRef, Thing};
use base::Digest;

use super::{Act, VersionState, history, holidays};
use crate::{App, Ctx, Result};

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// A version of the pack.
    Version {
        /// Its name for programs.
        digest: Digest,
        /// Its label.
        label: String,
        /// It is to be taken as a proposal first, because the installation supplied it.
        unconfirmed: bool,
    },
    /// A notice of holidays.
    Holidays {
        /// The year it settles.
        year: i32,
    },
}

/// What the signed-in person could decide next; nothing for who decides nothing of it, and nothing of what he brought
/// himself.
///
/// # Errors
/// Storage faults.
pub async fn waiting(app: &App, ctx: &Ctx) -> Result<Vec<Waiting>> {
    if !ctx.is_person() || app.permit(ctx, Action::PackPropose, ResourceRef::any(Thing::Pack)).is_err() {
        return Ok(Vec::new());
    }
    let mine = |act: Option<&Act>| act.and_then(|act| act.person) == Some(ctx.principal.person);
    let mut found = Vec::new();
    for one in history(app).await? {
        if one.state == VersionState::Proposed && !mine(one.proposer()) {
            let unconfirmed = one.waits_for_confirmation();
            found.push(Waiting::Version { digest: one.digest, label: one.label, unconfirmed });
        }
    }
    for one in holidays(app).await? {
        if one.state == VersionState::Proposed && !mine(one.proposer()) {
            found.push(Waiting::Holidays { year: one.year });
        }
    }
    Ok(found)
}
