//! Facts the platform itself knows. They override whatever a person states under the same name.

use base::{Date, Id, kind};
use regulation::case::{FormValue, FormValues};
use regulation::pack::{Effect, FactValue, FieldKind, FormId, Pack};
use storage::{Tx, records};

use super::facts::{self, Facts};
use super::related;
use crate::notices::{Notice, NoticeKind};
use crate::{App, Error, Result, exports, models, objections, products, resources, tenants, usages};

/// From where it is looked at.
pub(super) struct From<'a> {
    /// The pack of the case.
    pub(super) pack: &'a Pack,
    /// Its procedure.
    pub(super) procedure: &'a str,
    /// The unit that sends the command: it is told only about cases it takes part in.
    pub(super) unit: &'a str,
    /// The case itself, once there is one.
    pub(super) case: Option<Id<kind::Case>>,
}

/// What the platform observes about a case with this form and these stated facts.
///
/// # Errors
/// `case.reference` when a stated id points at nothing; `resource.unknown` for a code not in the catalog.
pub(super) async fn observed(
    app: &App,
    tx: &mut Tx<'_>,
    form: Option<&FormId>,
    values: &FormValues,
    stated: &Facts,
    from: &From<'_>,
) -> Result<Facts> {
    let pack = from.pack;
    let mut observed = related::observed(tx, from, stated).await?;
    let providers = providers(tx, form, values, from).await?;
    if !providers.is_empty() {
        observed.insert(facts::PROVIDERS.to_owned(), FactValue::List(providers));
    }
    if let Some(until) = deadline(tx, from, stated).await? {
        observed.insert(facts::DEADLINE.to_owned(), FactValue::Date(until));
    }
    if stated.contains_key(facts::TENANT) {
        let tenant = tenants::get(tx, facts::id(stated, facts::TENANT)?).await?;
        observed.extend(tenants::facts_of(tx, &tenant).await?);
    }
    if stated.contains_key(facts::PARENT) {
        let parent = tenants::get(tx, facts::id(stated, facts::PARENT)?).await?;
        observed.insert(facts::PARENT_OPERATOR.to_owned(), FactValue::Text(parent.unit_code));
    }
    if stated.contains_key(facts::MODEL) {
        observed.extend(models::facts_of(tx, facts::id(stated, facts::MODEL)?).await?);
    }
    if stated.contains_key(facts::EXPORT) {
        observed.extend(exports::facts_of(tx, facts::id(stated, facts::EXPORT)?).await?);
    }
    // A case is about the text or result it was opened about; another one under the same id ends it here.
    let digests = (stated.get(facts::DIGEST), observed.get(facts::DIGEST));
    if matches!(digests, (Some(before), Some(now)) if before != now) {
        return Err(Error::Conflict("case.subject_changed"));
    }
    if stated.contains_key(facts::PRODUCT) {
        observed.extend(products::facts_of(app, tx, facts::id(stated, facts::PRODUCT)?, pack).await?);
    }
    if stated.contains_key(facts::USAGE) {
        observed.extend(usages::facts_of(tx, facts::id(stated, facts::USAGE)?).await?);
    }
    Ok(observed)
}

/// The last day of the announcement a case answers; an objection to one may come at any time.
async fn deadline(tx: &mut Tx<'_>, from: &From<'_>, stated: &Facts) -> Result<Option<Date>> {
    let procedure = from.pack.procedures.get(from.procedure);
    if !stated.contains_key(facts::NOTICE) || procedure.is_none_or(objections::registers) {
        return Ok(None);
    }
    let id = facts::id::<kind::Notice>(stated, facts::NOTICE)?;
    let notice = records::get::<Notice>(tx, id.uuid()).await?.ok_or(Error::NotFound("notice.unknown"))?;
    Ok(notice.value.until.filter(|_| notice.value.kind == NoticeKind::Announcement))
}

/// The providers of the resources that a form names. Only where data are granted must they be fit for it: a catalogue or
/// a report names resources as they are, unclassified or taken off.
async fn providers(
    tx: &mut Tx<'_>,
    form: Option<&FormId>,
    values: &FormValues,
    from: &From<'_>,
) -> Result<Vec<String>> {
    let Some(form) = form.and_then(|id| from.pack.forms.get(id)) else { return Ok(Vec::new()) };
    let procedure = from.pack.procedures.get(from.procedure);
    let grants = procedure.is_none_or(|procedure| procedure.brings(Effect::GrantData));
    let mut units = Vec::new();
    for field in form.sections.iter().flat_map(|section| &section.fields) {
        if field.kind != FieldKind::Resources {
            continue;
        }
        let Some(FormValue::List(codes)) = values.get(&field.key) else { continue };
        for code in codes {
            let wanted = resources::Wanted::parse(code);
            let resource = resources::by_code(tx, &wanted.code)
                .await?
                .ok_or_else(|| Error::invalid("resource.unknown", wanted.code.clone()))?;
            if grants {
                resource.check_wanted(&wanted)?;
            }
            units.push(resource.provider.clone());
        }
    }
    units.sort();
    units.dedup();
    Ok(units)
}
