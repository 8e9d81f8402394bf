//! Objections of the public: a case of the procedure that registers objections, about a notice.

use std::collections::BTreeMap;

use base::{Id, kind};
use regulation::case::FormValues;
use regulation::pack::{Effect, FactValue, Procedure};
use serde::{Deserialize, Serialize};

use crate::cases::{OpenRequest, Opened, facts, open};
use crate::{App, Ctx, Error, Result, notices};

/// An objection as it is filed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewObjection {
    /// The notice objected to.
    pub notice: Id<kind::Notice>,
    /// Values of the procedure's form.
    #[serde(default)]
    pub form: FormValues,
}

/// The procedure of the pack in force by which objections are received, if it has one.
#[must_use]
pub fn procedure(app: &App) -> Option<Procedure> {
    let pack = app.packs().current();
    let registers = |procedure: &&Procedure| {
        let mut actions = procedure.steps.iter().flat_map(|step| &step.actions);
        actions.any(|action| action.effects.contains(&Effect::RecordObjection))
    };
    pack.procedures.values().find(registers).cloned()
}

/// Files an objection.
///
/// # Errors
/// `notice.unknown`; `objection.procedure` when the pack receives none; otherwise as [`open`].
pub async fn file_objection(app: &App, ctx: &Ctx, new: &NewObjection) -> Result<Opened> {
    let notice = notices::notice(app, new.notice).await?;
    let procedure = procedure(app).ok_or(Error::NotFound("objection.procedure"))?;
    let request = OpenRequest {
        title: format!("{}：{}", procedure.id, notice.title),
        procedure: procedure.id,
        form: new.form.clone(),
        attachments: Vec::new(),
        facts: BTreeMap::from([(facts::NOTICE.to_owned(), FactValue::Text(notice.id.to_string()))]),
    };
    open(app, ctx, &request).await
}
