//! Opening a case.

use std::collections::BTreeMap;

use access::{Action, ResourceRef, Thing};
use base::{Id, kind};
use regulation::case::{FormValues, OpenCase};
use regulation::pack::{Binding, Effect, FactValue, Pack};
use serde::{Deserialize, Serialize};
use storage::{Tx, settings};

use super::{actor, attachments, context, effects, facts, happened, observe, written};
use crate::clock::new_id;
use crate::{App, Ctx, Error, Result, exports};

/// An uploaded file under the name the procedure asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRef {
    /// The name in the pack, for example `安全风险自评报告`.
    pub name: String,
    /// The uploaded object.
    pub id: Id<kind::Object>,
}

/// What opens a case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// Procedure of the installation's pack.
    pub procedure: String,
    /// Title.
    pub title: String,
    /// Form values.
    #[serde(default)]
    pub form: FormValues,
    /// Attachments.
    #[serde(default)]
    pub attachments: Vec<AttachmentRef>,
    /// Facts the procedure asks for.
    #[serde(default)]
    pub facts: BTreeMap<String, FactValue>,
}

/// A case that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Id.
    pub id: Id<kind::Case>,
    /// People's number.
    pub number: String,
}

/// Opens a case.
///
/// # Errors
/// [`Error::Rejected`] with clause and remedy; not allowed; unknown attachments.
pub async fn open(app: &App, ctx: &Ctx, request: &OpenRequest) -> Result<Opened> {
    let id = new_id::<kind::Case>(ctx.now);
    let resource = ResourceRef::new(Thing::Case, id)
        .with_owner(ctx.principal.unit)
        .with_requester(ctx.principal.person, ctx.principal.unit);
    let permit = app.permit(ctx, opening(app, &request.procedure), resource)?;
    let permit = &permit;
    app.command(ctx, permit, "case.open", request, move |tx| {
        Box::pin(async move {
            let pack = app.packs().governing(tx).await?;
            let opened = prepare(app, tx, ctx, &pack, id, request).await?;
            if lets_go(&pack, &request.procedure) && request.facts.contains_key(facts::EXPORT) {
                exports::opened(app, tx, ctx, id, facts::id(&request.facts, facts::EXPORT)?).await?;
            }
            let context = context(app, &pack, ctx.now);
            let number = opened.number.clone();
            let events = regulation::case::open(&context, &opened).map_err(Error::Rejected)?;
            let state = happened(tx, None, &events).await?;
            effects::apply(app, tx, permit, ctx, &state, &events).await?;
            written(app, tx, permit, ctx.now, &context, &state, &events).await?;
            Ok(Opened { id, number })
        })
    })
    .await
}

/// A procedure at whose end a result may leave.
fn lets_go(pack: &Pack, procedure: &str) -> bool {
    pack.procedures.get(procedure).is_some_and(|procedure| procedure.brings(Effect::ReleaseExport))
}

/// A procedure that anybody may start (an objection) needs no duty in a unit.
fn opening(app: &App, procedure: &str) -> Action {
    let pack = app.packs().current();
    let role = pack.procedures.get(procedure).and_then(|procedure| pack.roles.get(&procedure.opener));
    match role {
        Some(role) if role.binding == Binding::Anyone => Action::ObjectionFile,
        _ => Action::CaseOpen,
    }
}

async fn prepare(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    pack: &Pack,
    id: Id<kind::Case>,
    request: &OpenRequest,
) -> Result<OpenCase> {
    let Some(procedure) = pack.procedures.get(&request.procedure) else {
        return Err(Error::invalid("case.procedure", &request.procedure));
    };
    let attachments = attachments::resolve(tx, ctx, &request.attachments).await?;
    let from = observe::From { pack, procedure: &procedure.id, unit: &ctx.principal.unit_code, case: None };
    let observed =
        observe::observed(app, tx, procedure.form.as_ref(), &request.form, &request.facts, &from).await?;
    let context = context(app, pack, ctx.now);
    let year = context.today().year();
    let sequence = next_number(tx, &procedure.number_prefix, year, ctx).await?;
    Ok(OpenCase {
        id,
        number: regulation::case::number(&procedure.number_prefix, year, sequence),
        procedure: request.procedure.clone(),
        actor: actor(ctx),
        title: request.title.clone(),
        form: request.form.clone(),
        attachments,
        facts: request.facts.clone(),
        observed,
        parties: BTreeMap::new(),
    })
}

/// Numbers run without gaps per procedure and year: a refused case gives its number back with its transaction.
pub(super) async fn next_number(tx: &mut Tx<'_>, prefix: &str, year: i32, ctx: &Ctx) -> Result<u32> {
    let key = format!("number/{prefix}/{year}");
    let next = settings::get::<u32>(tx, &key).await?.unwrap_or(0) + 1;
    settings::put(tx, &key, &next, ctx.now).await?;
    Ok(next)
}
