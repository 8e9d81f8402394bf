//! What the things are called that a case is about.

use std::collections::BTreeMap;

use base::{Id, kind};
use storage::Tx;
use storage::records::{self, Record};

use super::facts::{self, Facts};
use super::{CaseRecord, CaseView};
use crate::exports::Export;
use crate::models::ModelRecord;
use crate::notices::Notice;
use crate::products::ProductRecord;
use crate::tenants::Tenant;
use crate::usages::UsageRecord;
use crate::{App, Result};

/// The names of the things a case points at, by fact. Who may read a case may know what it is about; whether the thing
/// itself may be looked at stays with the thing's own rule.
///
/// # Errors
/// Storage faults.
pub async fn subject_names(app: &App, view: &CaseView) -> Result<BTreeMap<String, String>> {
    let given = &view.state.facts;
    app.store().read("case.subjects", |tx| Box::pin(async move { names(tx, given).await })).await
}

async fn names(tx: &mut Tx<'_>, given: &Facts) -> Result<BTreeMap<String, String>> {
    let with = |name: &str, unit: &str| format!("{name}（{unit}）");
    let found = [
        (facts::TENANT, name(tx, given, facts::TENANT, |it: &Tenant| with(&it.title, &it.unit_name)).await?),
        (facts::MODEL, name(tx, given, facts::MODEL, |it: &ModelRecord| it.model.name.clone()).await?),
        (facts::EXPORT, name(tx, given, facts::EXPORT, |it: &Export| it.model_name.clone()).await?),
        (
            facts::PRODUCT,
            name(tx, given, facts::PRODUCT, |it: &ProductRecord| with(&it.product.name, &it.operator_name))
                .await?,
        ),
        (
            facts::USAGE,
            name(tx, given, facts::USAGE, |it: &UsageRecord| with(&it.product_name, &it.buyer_unit.1))
                .await?,
        ),
        (facts::NOTICE, name(tx, given, facts::NOTICE, |it: &Notice| it.title.clone()).await?),
        (
            facts::CASE,
            name(tx, given, facts::CASE, |it: &CaseRecord| format!("{} {}", it.number, it.title)).await?,
        ),
    ];
    let mut known: BTreeMap<String, String> =
        found.into_iter().filter_map(|(key, name)| Some((key.to_owned(), name?))).collect();
    // A pack may point at further cases under names of its own (场景办件, 专项协议).
    for key in given.keys() {
        if known.contains_key(key) {
            continue;
        }
        let case = name(tx, given, key, |it: &CaseRecord| format!("{} {}", it.number, it.title)).await?;
        known.extend(case.map(|case| (key.clone(), case)));
    }
    Ok(known)
}

/// One name; `None` where the case does not point at such a thing, or the thing is gone.
async fn name<R: Record>(
    tx: &mut Tx<'_>,
    given: &Facts,
    key: &str,
    say: impl Fn(&R) -> String,
) -> Result<Option<String>> {
    let Some(id) = given.get(key).and_then(|value| facts::reference(key, value)) else { return Ok(None) };
    let Ok(id) = id.parse::<Id<kind::Case>>() else { return Ok(None) };
    Ok(records::get::<R>(tx, id.uuid()).await?.map(|found| say(&found.value)))
}
