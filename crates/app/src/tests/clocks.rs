//! What lists and sweeps rest on: the projection of a case.

use std::collections::BTreeMap;

use base::{Id, kind};
use regulation::case::{Context, wakes};
use serde_json::json;
use storage::settings;

use super::fixture::County;
use crate::Error;
use crate::cases::{self, CaseRecord, OpenRequest};

/// A case with a clock: an objection, to be registered within two working days.
pub(super) async fn objection(county: &County) -> Id<kind::Case> {
    let form = json!({ "异议人": "王例和", "联系方式": "wang@example.cn", "异议内容": "内容", "理由和证据": "理由" });
    let request = OpenRequest {
        procedure: "异议".to_owned(),
        title: "异议".to_owned(),
        form: serde_json::from_value(form).unwrap(),
        attachments: Vec::new(),
        facts: BTreeMap::new(),
    };
    cases::open(&county.app, &county.ctx("market-bureau"), &request).await.unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn projections_are_made_again_when_they_were_counted_with_another_calendar() {
    let county = County::open().await;
    let app = &county.app;
    let id = objection(&county).await;
    let before = county.get::<CaseRecord>(id.uuid()).await;
    let view = cases::case_view(app, &county.ctx("bigdata-bureau"), id).await.unwrap();
    let pack = app.packs().current();
    let context = Context { pack: &pack, calendar: app.packs().calendar(), now: app.now() };
    let day = wakes(&view.state, &context).unwrap();
    assert_eq!(before.wakes, Some(day.start_at(pack.counting.utc_offset_seconds)));
    assert!(before.wakes > Some(app.now()));

    // The first sweep has counted everything; a second one looks at nothing whose day has not come.
    assert_eq!(cases::sweep(app).await.unwrap(), 0);
    let forgotten = CaseRecord { wakes: None, due: None, ..before.clone() };
    county.put(&forgotten).await;
    assert_eq!(cases::sweep(app).await.unwrap(), 0);
    assert_eq!(county.get::<CaseRecord>(id.uuid()).await, forgotten);
    let now = app.now();
    app.store()
        .system("test.counted", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(settings::put(tx, "cases/counted", &"another calendar", now).await?)
            })
        })
        .await
        .unwrap();
    assert_eq!(cases::sweep(app).await.unwrap(), 0);
    assert_eq!(county.get::<CaseRecord>(id.uuid()).await, before);
}
