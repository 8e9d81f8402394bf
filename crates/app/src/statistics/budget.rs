//! The budget of a resource: one for all accounts and operators, in whole millionths of ρ, and it does not come back.

use base::{Id, kind};
use privacy::disclosure::dp::{Budget, Cost, Refused, Unit};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record};

use super::seen;
use crate::tenants::{self, Grant, GrantState};
use crate::{App, Ctx, Error, Result, parameters, resources};

/// What was told of a resource so far, by statistics of whichever tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) resource: Id<kind::Resource>,
    /// *Units*: millionths of rho.
    pub(crate) micro: u64,
}

impl Record for Spent {
    const KIND: &'static str = "statistic_spent";
    fn id(&self) -> uuid::Uuid {
        self.resource.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }
}

/// The budget of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceBudget {
    /// The resource.
    pub resource: Id<kind::Resource>,
    /// Its code.
    pub code: String,
    /// Its name.
    pub title: String,
    /// The whole. *Units*: millionths of rho.
    pub total: u64,
    /// What statistics have used of it.
    pub spent: u64,
    /// What is left.
    pub left: u64,
}

/// The budgets of what is granted to a tenant: of all resources about protected people, by code. Empty where the pack has
/// no statistics.
///
/// # Errors
/// `tenant.unknown` for who may not ask there.
pub async fn budgets(app: &App, ctx: &Ctx, tenant: Id<kind::Tenant>) -> Result<Vec<ResourceBudget>> {
    let owner = seen(app, ctx, tenant).await?;
    let Ok(terms) = parameters::statistics(&app.packs().current()) else { return Ok(Vec::new()) };
    let grants = app
        .store()
        .read("statistic.grants", |tx| Box::pin(async move { tenants::grants(tx, owner.id).await }))
        .await?;
    let codes = grants.into_iter().filter(|grant| grant.state == GrantState::Ready).map(|grant| grant.code);
    budgets_of(app, &codes.collect::<Vec<_>>(), terms.total).await
}

/// The budget of one resource; none where the pack has no statistics, or nobody in it is protected.
///
/// # Errors
/// `resource.unknown` when there is none or this person may not see it.
pub async fn budget_of(app: &App, ctx: &Ctx, id: Id<kind::Resource>) -> Result<Option<ResourceBudget>> {
    let entry = resources::resource(app, ctx, id).await?;
    let Ok(terms) = parameters::statistics(&app.packs().current()) else { return Ok(None) };
    let found = budgets_of(app, std::slice::from_ref(&entry.resource.code), terms.total).await?;
    Ok(found.into_iter().next())
}

/// Takes the price of a statistic out of the budget of what was granted.
///
/// # Errors
/// `statistics.exhausted` with the resource's code; nothing was spent.
pub(super) async fn spend(tx: &mut Tx<'_>, ctx: &Ctx, grant: &Grant, cost: Cost, total: u64) -> Result<()> {
    let found = records::get::<Spent>(tx, grant.resource.uuid()).await?;
    let (mut spent, expected) = match found {
        Some(found) => (found.value, Expected::Version(found.version)),
        None => (Spent { resource: grant.resource, micro: 0 }, Expected::New),
    };
    let mut budget = budget(spent.micro, total);
    budget.spend(cost).map_err(|refused| match refused {
        Refused::Exhausted { .. } | Refused::Unit | Refused::Free => {
            Error::invalid("statistics.exhausted", grant.code.as_str())
        }
    })?;
    spent.micro = total.saturating_sub(budget.left());
    records::put(tx, &spent, expected, ctx.now).await?;
    Ok(())
}

/// A budget of which so much is spent; nothing is left where the pack has become stricter than what was spent.
fn budget(spent: u64, total: u64) -> Budget {
    let mut budget = Budget::new(Unit::MicroRho, total);
    if spent > 0 {
        let cost = Cost { unit: Unit::MicroRho, micro: spent.min(total) };
        // At most the whole, so that it cannot be refused.
        let _left = budget.spend(cost);
    }
    budget
}

pub(super) async fn budgets_of(app: &App, codes: &[String], total: u64) -> Result<Vec<ResourceBudget>> {
    app.store()
        .read("statistic.budgets", |tx| {
            Box::pin(async move {
                let mut budgets = Vec::new();
                for code in codes {
                    let Some(entry) = resources::by_code(tx, code).await? else { continue };
                    if !entry.resource.entity.as_ref().is_some_and(|entity| entity.protected) {
                        continue;
                    }
                    let spent = records::get::<Spent>(tx, entry.resource.id.uuid()).await?;
                    let left = budget(spent.map_or(0, |spent| spent.value.micro), total).left();
                    budgets.push(ResourceBudget {
                        resource: entry.resource.id,
                        code: code.clone(),
                        title: entry.resource.name_zh.clone(),
                        total,
                        spent: total - left,
                        left,
                    });
                }
                Ok(budgets)
            })
        })
        .await
}
