//! What a provider declares of a resource's values and rows, so that statistics without a reviewer can be asked of it.

use access::Action;
use base::{Id, kind};
use catalog::Declaration;
use storage::records::{self, Expected};

use crate::journal::Note;
use crate::resources::{CatalogEntry, find, versioned};
use crate::{App, Ctx, Result};

/// Declares bounds, meaning of absent values, groups, unique keys and most rows of one entity. What is left out is declared
/// no more. Zones judge by it from their next query on.
///
/// # Errors
/// Not the provider; `catalog.unknown_column`, `catalog.declaration`.
pub async fn declare_resource(
    app: &App,
    ctx: &Ctx,
    id: Id<kind::Resource>,
    declaration: &Declaration,
) -> Result<CatalogEntry> {
    let entry = find(app, id).await?;
    let permit = &app.permit(ctx, Action::ResourceClassify, entry.reference())?;
    app.command(ctx, permit, "resource.declare", &(id, declaration), move |tx| {
        Box::pin(async move {
            let mut stored = versioned(tx, id).await?;
            stored.value.resource.declare(declaration)?;
            records::put(tx, &stored.value, Expected::Version(stored.version), ctx.now).await?;
            let subject = format!("resource/{id}");
            let note = Note { subject, tenant: None, clauses: &[], payload: declaration };
            app.record(tx, permit, ctx.now, note).await?;
            Ok(stored.value)
        })
    })
    .await
}
