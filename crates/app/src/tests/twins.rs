//! Twins are attacked before dev zones see them.

use catalog::{Decision, TwinForm};
use privacy::SensitiveKind;
use privacy::ir::Label;
use privacy::masking::MaskSpec;

use super::fixture::County;
use crate::resources::{self, Classify};
use crate::tenants::{Grant, GrantState};
use crate::twins::{self, MadeOf};
use crate::workbench::{self, QueryRequest};
use crate::{Error, jobs};

const PROVIDER: &str = "market-bureau";
const COLUMNS: &[&str] = &["credit_code", "phone", "village", "founded", "turnover"];

/// Firms of which everyone is alone with its village and day.
fn firms(rows: usize) -> Vec<u8> {
    let mut csv = "credit_code,phone,village,founded,turnover\n".to_owned();
    for row in 0..rows {
        let (month, day) = (1 + row / 28 % 12, 1 + row % 28);
        let phone = 13_800_000_000_u64 + u64::try_from(row).unwrap() * 7_919;
        csv.push_str(&format!(
            "ENT-{row:06}-X,{phone},V{row:04},{}-{month:02}-{day:02},{}\n",
            1990 + row % 30,
            row * 37 % 9_000
        ));
    }
    csv.into_bytes()
}

fn decision(column: &str, kind: SensitiveKind, label: Label, mask: MaskSpec) -> Decision {
    Decision { column: column.into(), kind, level: 4, label, mask, note: "test".into(), title: String::new() }
}

fn decisions(phone: MaskSpec, others: &MaskSpec) -> Vec<Decision> {
    use SensitiveKind::{General, Mobile};
    vec![
        decision("credit_code", General, Label::Identifier, MaskSpec::Token { domain: "firm".into() }),
        decision("phone", Mobile, Label::Sensitive, phone),
        decision("village", General, Label::Quasi, others.clone()),
        decision("founded", General, Label::Quasi, others.clone()),
        decision("turnover", General, Label::Sensitive, others.clone()),
    ]
}

async fn classified(
    county: &County,
    code: &str,
    columns: Vec<Decision>,
) -> Result<base::Id<base::kind::Resource>, Error> {
    let resource = county.resource(PROVIDER, code, "enterprise", "credit_code", firms(1_200)).await?;
    let decided = Classify { columns, twin: Some(TwinForm::Sample) };
    resources::classify_resource(&county.app, &county.ctx(PROVIDER), resource, &decided).await?;
    Ok(resource)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_sample_is_refused_with_the_attack_that_worked_and_prepared_anew_when_mended() {
    let county = County::open().await;
    let resource = classified(&county, "firms", decisions(MaskSpec::Null, &MaskSpec::Keep)).await.unwrap();
    let grant = county.grant(resource, COLUMNS).await;
    assert_eq!((grant.state, grant.error.as_deref()), (GrantState::Refused, Some("grant.twin_refused")));
    assert!(grant.raw.is_none() && grant.twin.is_none());

    let view = twins::twin_report(&county.app, &county.ctx(PROVIDER), grant.id).await.unwrap();
    assert!(!view.report.publishable && view.report.examined.form == MadeOf::Sample);
    let codes: Vec<&str> = view.refused_by.iter().map(|worked| worked.code).collect();
    assert!(codes.contains(&"attack.k_anonymity") && codes.contains(&"attack.reidentification"), "{codes:?}");
    let json = serde_json::to_string(&view).unwrap();
    assert!(!json.contains("ENT-00") && !json.contains("V00"), "no value is in a report");
    let overseer = county.ctx("supervision-office");
    twins::twin_report(&county.app, &overseer, grant.id).await.unwrap();
    let operator = county.ctx("operator");
    let hidden = twins::twin_report(&county.app, &operator, grant.id).await.unwrap_err();
    assert_eq!(hidden.code(), "grant.unknown");
    assert!(workbench::tables(&county.app, &operator, county.tenant).await.unwrap().is_empty());

    let decided = Classify { columns: Vec::new(), twin: Some(TwinForm::Synthetic) };
    resources::classify_resource(&county.app, &county.ctx(PROVIDER), resource, &decided).await.unwrap();
    jobs::drain(&county.app).await;
    let grant = county.get::<Grant>(grant.id.uuid()).await;
    assert_eq!(grant.state, GrantState::Ready, "{:?}", grant.error);
    let view = twins::twin_report(&county.app, &county.ctx(PROVIDER), grant.id).await.unwrap();
    assert!(view.report.publishable && view.refused_by.is_empty());
    assert_eq!(view.report.examined.form, MadeOf::Synthetic);
    let request =
        QueryRequest { sql: "SELECT village, founded FROM firms".into(), ..QueryRequest::default() };
    let answer = workbench::query(&county.app, &operator, county.tenant, &request).await.unwrap();
    assert!(!answer.page.rows.is_empty());
    let own = answer.page.rows.iter().filter(|row| row[0].as_str().is_some_and(|v| v.starts_with('V')));
    assert_eq!(own.count(), 0, "no firm's own village is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strong_sample_is_handed_out_in_another_order() {
    let county = County::open().await;
    let resource = classified(&county, "firms", decisions(MaskSpec::Null, &MaskSpec::Null)).await.unwrap();
    let grant = county.grant(resource, COLUMNS).await;
    let view = twins::twin_report(&county.app, &county.ctx(PROVIDER), grant.id).await.unwrap();
    assert_eq!(grant.state, GrantState::Ready, "{:?}", view.refused_by);
    assert_eq!((view.report.examined.form, view.report.publishable), (MadeOf::Sample, true));
    let listed = twins::of_resource(&county.app, &county.ctx(PROVIDER), resource).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(twins::of_resource(&county.app, &county.ctx("operator"), resource).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_samples_do_not_show_two_parts_of_one_number() {
    let county = County::open().await;
    let part = |head, tail| MaskSpec::Partial { head, tail, length: None, fill: '*' };
    classified(&county, "heads", decisions(part(6, 0), &MaskSpec::Null)).await.unwrap();
    let refused = classified(&county, "tails", decisions(part(0, 5), &MaskSpec::Null)).await.unwrap_err();
    assert_eq!(refused.code(), "privacy.stitch");
    assert!(refused.to_string().contains("privacy.stitch"));
    classified(&county, "short", decisions(part(3, 0), &MaskSpec::Null)).await.unwrap();
}
