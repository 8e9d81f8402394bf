//! What is confirmed may be changed, and what was granted follows.

use catalog::{Decision, TwinForm};
use privacy::SensitiveKind;
use privacy::ir::Label;
use privacy::masking::MaskSpec;

use super::fixture::County;
use crate::jobs;
use crate::resources::{self, Classify, Follows};
use crate::tenants::{Grant, GrantState};
use crate::twins::{self, TwinState};
use crate::workbench::{self, QueryRequest};

const PROVIDER: &str = "market-bureau";
const COLUMNS: &[&str] = &["code", "village", "turnover"];

fn firms() -> Vec<u8> {
    let mut csv = "code,village,turnover\n".to_owned();
    for row in 0..1_500 {
        csv.push_str(&format!("F{row:05},V{:02},{}\n", row % 7, row % 40 * 100));
    }
    csv.into_bytes()
}

fn decision(column: &str, label: Label, mask: MaskSpec, note: &str) -> Decision {
    Decision {
        column: column.into(),
        kind: SensitiveKind::General,
        level: 2,
        label,
        mask,
        note: note.into(),
        title: String::new(),
    }
}

fn token() -> MaskSpec {
    MaskSpec::Token { domain: "firm".into() }
}

async fn granted(county: &County) -> (base::Id<base::kind::Resource>, Grant) {
    let resource = county.resource(PROVIDER, "firms", "enterprise", "code", firms()).await.unwrap();
    let columns = vec![
        decision("code", Label::Identifier, token(), "test"),
        decision("village", Label::Quasi, MaskSpec::Keep, "test"),
        decision("turnover", Label::Sensitive, MaskSpec::Round { step: 100 }, "test"),
    ];
    let decided = Classify { columns, twin: None };
    resources::classify_resource(&county.app, &county.ctx(PROVIDER), resource, &decided).await.unwrap();
    let grant = county.grant(resource, COLUMNS).await;
    assert_eq!(grant.state, GrantState::Ready, "{:?}", grant.error);
    (resource, grant)
}

async fn villages(county: &County) -> crate::Result<Vec<serde_json::Value>> {
    let request =
        QueryRequest { sql: "SELECT DISTINCT village FROM firms".into(), ..QueryRequest::default() };
    let answer = workbench::query(&county.app, &county.ctx("operator"), county.tenant, &request).await?;
    Ok(answer.page.rows.into_iter().flatten().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_that_is_changed_takes_the_old_twin_away_and_makes_another_while_orders_go_on() {
    let county = County::open().await;
    let provider = county.ctx(PROVIDER);
    let (resource, before) = granted(&county).await;
    assert!(!villages(&county).await.unwrap().is_empty());

    let hidden =
        Classify { columns: vec![decision("village", Label::Quasi, MaskSpec::Null, "")], twin: None };
    let seen = resources::consequences(&county.app, &provider, resource, &hidden).await.unwrap();
    assert_eq!((seen.columns.len(), seen.grants.len()), (1, 1));
    assert_eq!((seen.grants[0].follows, seen.columns[0].lowered), (Follows::Twin, false));
    let untouched = county.get::<Grant>(before.id.uuid()).await;
    assert_eq!(untouched, before, "looking changes nothing");

    resources::classify_resource(&county.app, &provider, resource, &hidden).await.unwrap();
    let between = county.get::<Grant>(before.id.uuid()).await;
    assert_eq!((between.state, between.twin.is_none()), (GrantState::Ready, true));
    assert_eq!(between.raw, before.raw, "the rows that were granted stay");
    assert!(villages(&county).await.is_err(), "the old twin is gone at once");
    assert_eq!(twins::twins(&county.app, &provider).await.unwrap()[0].state, TwinState::Underway);

    jobs::drain(&county.app).await;
    let after = county.get::<Grant>(before.id.uuid()).await;
    assert_eq!((after.state, after.error.clone()), (GrantState::Ready, None));
    assert_eq!(after.raw, before.raw);
    assert_ne!(after.twin.as_ref().map(|twin| twin.object), before.twin.as_ref().map(|twin| twin.object));
    assert_eq!(villages(&county).await.unwrap(), [serde_json::Value::Null]);
    assert_eq!(twins::twins(&county.app, &provider).await.unwrap()[0].state, TwinState::Usable);
    assert!(twins::twins(&county.app, &county.ctx("operator")).await.unwrap().is_empty());

    // Changed back, as the page of the resource offers it from the journal.
    let past = resources::past_decisions(&county.app, &provider, resource).await.unwrap();
    assert_eq!(past.len(), 2);
    let back = past[0].columns[0].before.clone().unwrap();
    assert_eq!((back.mask.clone(), past[0].columns[0].after.mask.clone()), (MaskSpec::Keep, MaskSpec::Null));
    assert!(past[1].columns.iter().all(|column| column.before.is_none()));
    let undo = Classify { columns: vec![decision("village", back.label, back.mask, "")], twin: None };
    resources::classify_resource(&county.app, &provider, resource, &undo).await.unwrap();
    jobs::drain(&county.app).await;
    assert!(villages(&county).await.unwrap().len() > 1);
    let hidden = resources::past_decisions(&county.app, &county.ctx("operator"), resource).await.unwrap();
    assert!(hidden.is_empty(), "the provider's and the overseers' only");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_opens_a_hole_costs_the_dev_zone_its_table_and_orders_nothing() {
    let county = County::open().await;
    let provider = county.ctx(PROVIDER);
    let (resource, before) = granted(&county).await;
    let weak = Classify {
        columns: vec![
            decision("village", Label::Quasi, MaskSpec::Keep, ""),
            decision("turnover", Label::Quasi, MaskSpec::Keep, "told apart by it"),
        ],
        twin: Some(TwinForm::Sample),
    };
    resources::classify_resource(&county.app, &provider, resource, &weak).await.unwrap();
    jobs::drain(&county.app).await;
    let refused = county.get::<Grant>(before.id.uuid()).await;
    assert_eq!((refused.state, refused.error.as_deref()), (GrantState::Ready, Some("grant.twin_refused")));
    assert!(refused.twin.is_none() && refused.raw == before.raw);
    assert!(villages(&county).await.is_err());
    let line = &twins::twins(&county.app, &provider).await.unwrap()[0];
    assert!(line.state == TwinState::Refused && !line.refused_by.is_empty() && line.attacks > 0);

    let mended = Classify { columns: Vec::new(), twin: Some(TwinForm::Synthetic) };
    resources::classify_resource(&county.app, &provider, resource, &mended).await.unwrap();
    jobs::drain(&county.app).await;
    let ready = county.get::<Grant>(before.id.uuid()).await;
    assert!(ready.twin.is_some() && ready.error.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_change_takes_nothing_away_and_what_is_too_weak_is_refused() {
    let county = County::open().await;
    let provider = county.ctx(PROVIDER);
    let (resource, before) = granted(&county).await;
    let decide = |columns| {
        let (county, provider) = (&county, &provider);
        async move {
            let decided = Classify { columns, twin: None };
            resources::classify_resource(&county.app, provider, resource, &decided).await
        }
    };
    decide(vec![decision("village", Label::Quasi, MaskSpec::Keep, "")]).await.unwrap();
    assert_eq!(county.get::<Grant>(before.id.uuid()).await, before);
    for (mask, code) in
        [(MaskSpec::Keep, "catalog.mask_too_weak"), (MaskSpec::Round { step: 0 }, "catalog.mask_too_weak")]
    {
        let refused = decide(vec![decision("code", Label::Identifier, mask, "")]).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    let refused = decide(vec![decision("turnover", Label::Sensitive, MaskSpec::Round { step: 0 }, "")]).await;
    assert_eq!(refused.unwrap_err().code(), "catalog.mask");
    let operator = county.ctx("operator");
    let looked = resources::consequences(&county.app, &operator, resource, &Classify::default()).await;
    assert!(looked.is_err(), "only its provider may look ahead");
}
