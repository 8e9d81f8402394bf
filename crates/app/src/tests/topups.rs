//! Invented rows for queries of the dev zone.

use catalog::Decision;
use privacy::SensitiveKind;
use privacy::ir::Label;
use privacy::masking::MaskSpec;

use super::fixture::County;
use crate::jobs;
use crate::resources::{self, Classify};
use crate::tenants::Grant;
use crate::topups::{self, TopUpRequest};
use crate::workbench::{self, QueryRequest};

const PROVIDER: &str = "market-bureau";
const SQL: &str = "SELECT code FROM firms WHERE village = 'V99' AND turnover > 100000";

fn firms() -> Vec<u8> {
    let mut csv = "code,village,turnover\n".to_owned();
    for row in 0..1_500 {
        csv.push_str(&format!("F{row:05},V{:02},{}\n", row % 7, row % 40 * 100));
    }
    csv.into_bytes()
}

async fn granted(county: &County) -> (base::Id<base::kind::Resource>, Grant) {
    let resource = county.resource(PROVIDER, "firms", "enterprise", "code", firms()).await.unwrap();
    let decision = |column: &str, label, mask| Decision {
        column: column.into(),
        kind: SensitiveKind::General,
        level: 2,
        label,
        mask,
        note: "test".into(),
        title: String::new(),
    };
    let columns = vec![
        decision("code", Label::Identifier, MaskSpec::Token { domain: "firm".into() }),
        decision("village", Label::Quasi, MaskSpec::Keep),
        decision("turnover", Label::Sensitive, MaskSpec::Keep),
    ];
    let decided = Classify { columns, twin: None };
    resources::classify_resource(&county.app, &county.ctx(PROVIDER), resource, &decided).await.unwrap();
    (resource, county.grant(resource, &["code", "village", "turnover"]).await)
}

async fn found(county: &County, sql: &str) -> usize {
    let request = QueryRequest { sql: sql.into(), ..QueryRequest::default() };
    let answer = workbench::query(&county.app, &county.ctx("operator"), county.tenant, &request).await;
    answer.unwrap().page.rows.len()
}

fn asked(sql: &str) -> TopUpRequest {
    TopUpRequest { sql: sql.into(), ..TopUpRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_added_beside_the_twin_and_go_when_they_are_removed() {
    let county = County::open().await;
    let operator = county.ctx("operator");
    let (_, grant) = granted(&county).await;
    assert_eq!(found(&county, SQL).await, 0);
    let made = topups::make(&county.app, &operator, county.tenant, &asked(SQL)).await.unwrap();
    assert!(made.filled > 0 && made.tables.len() == 1 && made.tables[0].grant == grant.id, "{made:?}");
    assert!(found(&county, SQL).await >= 5);
    let table = &workbench::tables(&county.app, &operator, county.tenant).await.unwrap()[0];
    assert_eq!((table.rows, table.added_rows), (grant.twin.unwrap().rows, made.tables[0].rows));
    assert_eq!(
        topups::topups(&county.app, &operator, county.tenant).await.unwrap(),
        std::slice::from_ref(&made)
    );

    topups::remove(&county.app, &operator, county.tenant, made.id).await.unwrap();
    assert_eq!(found(&county, SQL).await, 0);
    jobs::drain(&county.app).await;
    let again = topups::remove(&county.app, &operator, county.tenant, made.id).await.unwrap_err();
    assert_eq!(again.code(), "topup.unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_twin_is_without_the_rows_that_were_made_beside_the_old_one() {
    let county = County::open().await;
    let operator = county.ctx("operator");
    let (resource, _) = granted(&county).await;
    topups::make(&county.app, &operator, county.tenant, &asked(SQL)).await.unwrap();
    let column = Decision {
        column: "turnover".into(),
        kind: SensitiveKind::General,
        level: 2,
        label: Label::Sensitive,
        mask: MaskSpec::Round { step: 10 },
        note: String::new(),
        title: String::new(),
    };
    let decided = Classify { columns: vec![column], twin: None };
    resources::classify_resource(&county.app, &county.ctx(PROVIDER), resource, &decided).await.unwrap();
    let written = topups::make(&county.app, &operator, county.tenant, &asked("DELETE FROM firms")).await;
    assert!(written.is_err());
    assert!(topups::topups(&county.app, &operator, county.tenant).await.unwrap().is_empty());
    jobs::drain(&county.app).await;
    assert_eq!(found(&county, SQL).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_domains_engineers_add_rows_and_only_for_queries() {
    let county = County::open().await;
    let operator = county.ctx("operator");
    granted(&county).await;
    let refused = topups::make(&county.app, &county.ctx(PROVIDER), county.tenant, &asked(SQL)).await;
    assert!(refused.is_err());
    for (sql, rows, code) in [
        (SQL, Some(0), "topup.rows"),
        (SQL, Some(101), "topup.rows"),
        ("SELECT code FROM firms", None, "topup.nothing"),
    ] {
        let request = TopUpRequest { rows_per_branch: rows, ..asked(sql) };
        let refused = topups::make(&county.app, &operator, county.tenant, &request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{sql}");
    }
    assert!(topups::topups(&county.app, &operator, county.tenant).await.unwrap().is_empty());
}
