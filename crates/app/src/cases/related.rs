//! What a case may know about other cases: those that its facts name, and the newest of a procedure about the same
//! authorisation. Nobody states these facts; a case that is not found leaves them unknown, and unknown never passes.

use base::{Date, Id, kind};
use regulation::pack::FactValue;
use storage::Tx;
use storage::records;

use super::facts::{self, Facts};
use super::observe::From;
use super::{CaseRecord, load};
use crate::Result;

/// Cases of one authorisation looked through for the newest of a procedure.
const NEWEST_AMONG: usize = 10_000;

/// What is known of other cases: those that stated facts name, and the newest about the same authorisation.
pub(super) async fn observed(tx: &mut Tx<'_>, from: &From<'_>, stated: &Facts) -> Result<Facts> {
    let mut observed = named(tx, from, stated).await?;
    if let Some(tenant) = facts::tenant(stated) {
        observed.extend(newest(tx, from, tenant).await?);
    }
    Ok(observed)
}

/// Facts about the cases that stated facts name, as `<fact>.程序`, `<fact>.结果` and so on. Only about cases that the
/// sender's unit takes part in, or of the same authorisation: a stated id must not become a way to read others' files.
async fn named(tx: &mut Tx<'_>, from: &From<'_>, stated: &Facts) -> Result<Facts> {
    let mut observed = Facts::new();
    let Some(procedure) = from.pack.procedures.get(from.procedure) else { return Ok(observed) };
    let tenant = facts::tenant(stated);
    for key in &procedure.named_cases() {
        let Ok(id) = facts::id::<kind::Case>(stated, key) else { continue };
        let Some(case) = records::get::<CaseRecord>(tx, id.uuid()).await? else { continue };
        let mine = case.value.participants.iter().any(|unit| unit == from.unit);
        if mine || (tenant.is_some() && case.value.tenant == tenant) {
            about(tx, key, &case.value, &mut observed).await?;
        }
    }
    Ok(observed)
}

/// Facts about the newest case of each procedure about the same authorisation, as `近件.<procedure>.结果` and so on.
async fn newest(tx: &mut Tx<'_>, from: &From<'_>, tenant: Id<kind::Tenant>) -> Result<Facts> {
    let mut observed = Facts::new();
    let Some(procedure) = from.pack.procedures.get(from.procedure) else { return Ok(observed) };
    let mut wanted = procedure.recent_procedures();
    if wanted.is_empty() {
        return Ok(observed);
    }
    let tenant = tenant.to_string();
    let mut found = records::all::<CaseRecord>(tx, "tenant", &tenant, NEWEST_AMONG).await?;
    // The list runs with the last event; the newest case is the one opened last.
    found.sort_by_key(|case| std::cmp::Reverse(case.value.opened_at));
    for case in found {
        if from.case != Some(case.value.id) && wanted.remove(&case.value.procedure) {
            about(tx, &format!("近件.{}", case.value.procedure), &case.value, &mut observed).await?;
        }
    }
    Ok(observed)
}

async fn about(tx: &mut Tx<'_>, key: &str, case: &CaseRecord, observed: &mut Facts) -> Result<()> {
    let mut add = |name: &str, value| observed.insert(format!("{key}.{name}"), value);
    add("程序", FactValue::Text(case.procedure.clone()));
    add("发起单位", FactValue::List(vec![case.opener.unit.clone()]));
    add("在办", FactValue::Flag(case.outcome.is_none()));
    add("已准予", FactValue::Flag(case.outcome.as_ref().is_some_and(|(_, granted)| *granted)));
    if let Some((outcome, _)) = &case.outcome {
        add("结果", FactValue::Text(outcome.clone()));
        if let Some(day) = ended_on(tx, case.id).await? {
            add("办结日", FactValue::Date(day));
        }
    }
    Ok(())
}

/// The legal day a case ended.
async fn ended_on(tx: &mut Tx<'_>, id: Id<kind::Case>) -> Result<Option<Date>> {
    Ok(load(tx, id).await?.state.ended.map(|end| end.on))
}
