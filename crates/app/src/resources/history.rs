//! What was decided about a resource before, as the journal has it.

use std::collections::BTreeMap;

use access::{Action, ResourceRef, Thing};
use base::{Id, Timestamp, kind};
use catalog::{Decision, TwinForm};
use privacy::SensitiveKind;
use privacy::ir::Label;
use privacy::masking::MaskSpec;
use serde::Serialize;
use storage::{journal, records};

use super::{Classify, find};
use crate::identity::Person;
use crate::{App, Ctx, Error, Result, ledger};

/// Decisions that are read; a resource is classified a few times in its life.
const PAST_MAX: u32 = 200;

/// A decision that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Past {
    /// Its journal row.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who took it.
    pub by: String,
    /// The columns it was about, with what was confirmed before.
    pub columns: Vec<PastColumn>,
    /// Set if it chose what dev zones get to see.
    pub twin: Option<TwinForm>,
    /// What was chosen before then.
    pub twin_before: Option<TwinForm>,
}

/// A column in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastColumn {
    /// Its name.
    pub column: String,
    /// What an earlier decision had confirmed; none the first time.
    pub before: Option<Setting>,
    /// What this one confirmed.
    pub after: Setting,
    /// The reason that was given.
    pub note: String,
}

/// What a decision confirms of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What it holds.
    pub kind: SensitiveKind,
    /// Grade, 1–4.
    pub level: u8,
    /// Place in the lattice.
    pub label: Label,
    /// How twins hide it.
    pub mask: MaskSpec,
}

impl Setting {
    fn of(decision: &Decision) -> Self {
        let Decision { kind, level, label, mask, .. } = decision;
        Self { kind: *kind, level: *level, label: *label, mask: mask.clone() }
    }
}

/// The decisions about a resource, newest first, for its provider and those who oversee.
///
/// # Errors
/// `resource.unknown`; none if this person may not see them.
pub async fn past_decisions(app: &App, ctx: &Ctx, id: Id<kind::Resource>) -> Result<Vec<Past>> {
    let entry = find(app, id).await?;
    let reference = ResourceRef::new(Thing::Grant, id).with_owner(entry.unit);
    if app.permit(ctx, Action::GrantView, reference).is_err() {
        return Ok(Vec::new());
    }
    let taken = app
        .store()
        .read("resource.history", |tx| {
            Box::pin(async move {
                let subject = format!("resource/{id}");
                let rows = journal::by_subject(tx, &subject, None, PAST_MAX).await?;
                let mut taken = Vec::new();
                for row in rows.iter().rev().filter(|row| row.action == Action::ResourceClassify.key()) {
                    // Not every act under this permit is a decision about columns.
                    let payload = ledger::unseal(app, tx, row).await?;
                    let Ok(decided) = serde_json::from_value::<Classify>(payload) else { continue };
                    let person = row.actor.strip_prefix("person:");
                    let by = match person.and_then(|id| id.parse::<Id<kind::Person>>().ok()) {
                        Some(person) => records::get::<Person>(tx, person.uuid()).await?,
                        None => None,
                    };
                    taken.push((row.seq, row.at, by.map(|by| by.value.name).unwrap_or_default(), decided));
                }
                Ok::<_, Error>(taken)
            })
        })
        .await?;
    let mut confirmed = BTreeMap::new();
    let mut form = None;
    let mut past = Vec::new();
    for (seq, at, by, decided) in taken {
        let columns = decided.columns.iter().map(|decision| PastColumn {
            column: decision.column.clone(),
            before: confirmed.insert(decision.column.clone(), Setting::of(decision)),
            after: Setting::of(decision),
            note: decision.note.clone(),
        });
        let columns = columns.collect();
        let twin_before = decided.twin.and_then(|twin| form.replace(twin));
        past.push(Past { seq, at, by, columns, twin: decided.twin, twin_before });
    }
    past.reverse();
    Ok(past)
}
