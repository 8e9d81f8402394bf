//! Verifications: approved questions answered inside the prod zone, for products.
//!
//! [`load_verification`] hands the definition to the tenant's worker; [`verify`] asks. An answer holds for the day on
//! which it was asked: the handle carries the day, so on the next day the worker does not know it and the caller loads
//! it again.

use std::collections::BTreeMap;

use access::Permit;
use base::{Digest, Id, kind};
use secure_domain::protocol::{InputPin, Verdict, VerifyOrder, VerifyQuestion, ZoneKind};

use super::{ModelKind, ModelRecord, TODAY, versioned};
use crate::tenants::{self, GrantState, GrantedObject};
use crate::{App, Error, Result, consents, zones};

/// Hands an approved verification to the tenant's prod worker, under the product that asks it.
///
/// # Errors
/// `model.not_approved`, `tenant.closed`, `grant.not_ready`, a refusal of the guard.
pub(crate) async fn load_verification(
    app: &App,
    tenant: Id<kind::Tenant>,
    model: Id<kind::Model>,
    asked: &Asked,
) -> Result<()> {
    let (record, input, scenario) = app
        .store()
        .read("verification.load", |tx| {
            Box::pin(async move {
                let record = versioned(tx, model).await?.value;
                if record.model.tenant != tenant {
                    return Err(Error::NotFound("model.unknown"));
                }
                record.check_approved()?;
                let grants = tenants::grants(tx, tenant).await?;
                let input = input(&record, &grants)?;
                let read =
                    |grant: &&tenants::Grant| grant.state == GrantState::Ready && grant.code == input.table;
                let read: Vec<&tenants::Grant> = grants.iter().filter(read).collect();
                // The scenario of a call is one of the usage agreement's, which the key was checked against.
                let owner = tenants::Tenant { agreement: None, ..tenants::get(tx, tenant).await? };
                let scenario = consents::scenario(tx, &owner, &read, Some(&asked.scenario)).await?;
                Ok((record, input, scenario))
            })
        })
        .await?;
    let purpose = consents::purpose(app, scenario.as_deref());
    let order = VerifyOrder { purpose, ..order(app, &record, input, asked)? };
    let zone = zones::zone(app, tenant, ZoneKind::Prod).await?;
    match zone.verify_load(order.clone()).await {
        Ok(_) => {}
        // Full of the definitions of earlier days.
        Err(error) if error.code() == "domain.limit" => {
            drop(zone);
            let zone = zones::restart(app, tenant, ZoneKind::Prod).await?;
            zone.verify_load(order).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn input(record: &ModelRecord, grants: &[tenants::Grant]) -> Result<InputPin> {
    let ModelKind::Verification { table, .. } = &record.does else {
        return Err(Error::invalid("model.not_verification", record.model.name.clone()));
    };
    let grant = grants.iter().find(|grant| grant.code == *table && grant.state == GrantState::Ready);
    let raw = grant.and_then(|grant| grant.raw.as_ref()).ok_or(Error::Conflict("grant.not_ready"))?;
    let GrantedObject { object, snapshot, digest, edition, .. } = *raw;
    Ok(InputPin { table: table.clone(), snapshot, object, digest, edition })
}

fn order(app: &App, record: &ModelRecord, input: InputPin, asked: &Asked) -> Result<VerifyOrder> {
    let ModelKind::Verification { key_column, .. } = &record.does else {
        return Err(Error::invalid("model.not_verification", record.model.name.clone()));
    };
    let day = today(app).to_string();
    let values: BTreeMap<_, _> =
        record.model.parameters.iter().map(|parameter| (parameter.name.clone(), day.clone())).collect();
    debug_assert!(values.keys().all(|name| name == TODAY), "checked when the model was made");
    Ok(VerifyOrder {
        handle: handle(app, asked),
        input,
        purpose: None,
        key_column: key_column.clone(),
        condition: record.text.clone(),
        condition_digest: Digest::of(record.text.as_bytes()),
        parameters: record.model.parameters.clone(),
        values,
    })
}

fn today(app: &App) -> base::Date {
    app.now().date_at(app.packs().current().counting.utc_offset_seconds)
}

fn handle(app: &App, asked: &Asked) -> String {
    let Asked { product, scenario } = asked;
    format!("{product}/{}/{}", today(app), Digest::of(scenario.as_bytes()))
}

/// Who asks a verification, and for which scenario: answers to one are not answers to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    /// The product.
    pub(crate) product: Id<kind::Product>,
    /// The scenario of the call.
    pub(crate) scenario: String,
}

/// Asks an approved verification. The caller has checked in its own transaction that access is open, and records the
/// call before the answer leaves.
///
/// # Errors
/// `domain.unknown` when it is not loaded (the zone was restarted, or a new day began): load it and ask again.
pub(crate) async fn verify(
    app: &App,
    permit: &Permit,
    tenant: Id<kind::Tenant>,
    asked: &Asked,
    key: String,
) -> Result<Verdict> {
    let unloaded = || Error::invalid("domain.unknown", "verification");
    let zone = app.zones().running(tenant, ZoneKind::Prod).await.ok_or_else(unloaded)?;
    Ok(zone.verify(permit, VerifyQuestion { handle: handle(app, asked), key }).await?)
}
