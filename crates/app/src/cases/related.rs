//! What a case may know about other cases: those that its facts name, and the newest of a procedure about the same
//! authorisation. Nobody states these facts; a case that is not found leaves them unknown, and unknown never passes.

use base::{Date, Id, kind};
use regulation::pack::FactValue;
use storage::Tx;
use storage::records::{self, Order, Query};

use super::facts::{self, Facts};
use super::observe::From;
use super::{CaseRecord, RECENT, load, recent};
use crate::Result;

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
    for wanted in procedure.recent_procedures() {
        let list = recent(tenant, &wanted);
        // The case itself may be the newest of its procedure.
        let query = Query { name: RECENT, value: &list, after: None, limit: 2, order: Order::Descending };
        let found = records::list::<CaseRecord>(tx, &query).await?.items;
        if let Some(case) = found.into_iter().find(|case| from.case != Some(case.value.id)) {
            about(tx, &format!("近件.{wanted}"), &case.value, &mut observed).await?;
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

#[cfg(test)]
mod tests {
    use base::Timestamp;
    use regulation::case::Actor;

    use super::*;
    use crate::clock::new_id;
    use crate::tests::fixture::County;

    fn case(tenant: Id<kind::Tenant>, procedure: &str, unit: &str, opened: i64, updated: i64) -> CaseRecord {
        let [opened_at, updated_at] = [opened, updated].map(Timestamp::from_micros);
        let opener = Actor {
            person: new_id(opened_at),
            unit: unit.to_owned(),
            unit_name: unit.to_owned(),
            person_name: unit.to_owned(),
        };
        CaseRecord {
            id: new_id(opened_at),
            number: format!("{unit}-{opened}"),
            pack: "p".to_owned(),
            digest: None,
            procedure: procedure.to_owned(),
            title: unit.to_owned(),
            opener,
            opened_at,
            updated_at,
            step: None,
            outcome: None,
            due: None,
            stopped: false,
            wakes: None,
            todo: Vec::new(),
            participants: Vec::new(),
            actors: Vec::new(),
            tenant: Some(tenant),
            about: Vec::new(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_case_opened_last_about_the_same_authorisation_is_known() {
        let county = County::open().await;
        let app = &county.app;
        let asks = |pack: &regulation::pack::Pack| {
            pack.procedures.values().find(|one| !one.recent_procedures().is_empty()).cloned()
        };
        let packs = app.packs().all().into_iter();
        let (pack, procedure) = packs.filter_map(|pack| asks(&pack).map(|one| (pack, one))).next().unwrap();
        let wanted = &procedure.recent_procedures().pop_first().unwrap();
        let (tenant, other) = (county.tenant, new_id(app.now()));
        // The older one was touched last.
        county.put(&case(tenant, wanted, "a", 1_000_000, 9_000_000)).await;
        let newest = case(tenant, wanted, "b", 5_000_000, 6_000_000);
        county.put(&newest).await;
        county.put(&case(other, wanted, "c", 7_000_000, 7_000_000)).await;
        county.put(&case(tenant, "别的程序", "d", 8_000_000, 8_000_000)).await;
        let stated = &Facts::from([(facts::TENANT.to_owned(), FactValue::Text(tenant.to_string()))]);
        for (own, expected) in [(None, "b"), (Some(newest.id), "a")] {
            let from = &From { pack: &pack, procedure: &procedure.id, unit: "market-bureau", case: own };
            let known = app
                .store()
                .read("test.recent", |tx| Box::pin(async move { observed(tx, from, stated).await }))
                .await
                .unwrap();
            let opener = known.get(&format!("近件.{wanted}.发起单位"));
            assert_eq!(opener, Some(&FactValue::List(vec![expected.to_owned()])));
        }
    }
}
