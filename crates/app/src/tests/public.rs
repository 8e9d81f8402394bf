//! What the public sees: objections from filing to answer, and announcements after their last day.

use std::collections::BTreeMap;

use base::{Date, Id, kind};
use serde_json::json;

use super::fixture::County;
use crate::cases::{self, OpenRequest};
use crate::clock::new_id;
use crate::notices::{Notice, NoticeKind};
use crate::objections::{self, NewObjection, Objection, Progress, Subject};
use crate::{Error, ledger};

async fn notice(county: &County, kind: NoticeKind, until: Option<Date>) -> Notice {
    let now = county.app.now();
    let notice = Notice {
        id: new_id(now),
        kind,
        title: "公告一".to_owned(),
        unit_name: "bigdata-bureau".to_owned(),
        published_at: now,
        case: new_id(now),
        case_number: "XF-2026-0001".to_owned(),
        operator: None,
        forms: BTreeMap::new(),
        clauses: Vec::new(),
        domain: None,
        until,
    };
    county.put(&notice).await;
    notice
}

fn filled(notice: Option<Id<kind::Notice>>) -> NewObjection {
    let form = json!({ "异议人": "王例和", "联系方式": "wang@example.cn", "异议内容": "内容", "理由和证据": "理由" });
    NewObjection { notice, product: None, form: serde_json::from_value(form).unwrap() }
}

async fn shown(county: &County, number: &str) -> Objection {
    objections::by_number(&county.app, number).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_follows_an_objection_from_filing_to_answer() {
    let county = County::open().await;
    let about = notice(&county, NoticeKind::Result, None).await;
    let citizen = county.ctx("market-bureau");
    let opened = objections::file_objection(&county.app, &citizen, &filled(Some(about.id))).await.unwrap();
    let received = shown(&county, &opened.number).await;
    assert_eq!((received.progress, received.answer), (Progress::Received, None));
    assert!(received.due.is_some(), "registration is promised by a day");
    assert!(matches!(received.subject, Subject::Notice { id, .. } if id == about.id));

    // What an officer notes on registering is no answer.
    let accept = json!({ "command": "accept", "opinion": "转科室核实" });
    county.act("bigdata-bureau", opened.id, accept).await.unwrap();
    let registered = shown(&county, &opened.number).await;
    assert_eq!((registered.progress, registered.answered_at), (Progress::Registered, None));
    assert!(registered.due > received.due);

    county
        .act("bigdata-bureau", opened.id, json!({ "command": "answer", "opinion": "没有乘客信息" }))
        .await
        .unwrap();
    let answered = objections::about(&county.app, &about.id.to_string()).await.unwrap().pop().unwrap();
    assert_eq!((answered.progress, answered.answer.as_deref()), (Progress::Answered, Some("没有乘客信息")));
    assert!(answered.answered_at.is_some() && answered.due.is_none());
    county.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_else_can_be_objected_to_and_taken_back() {
    let county = County::open().await;
    let citizen = county.ctx("market-bureau");
    let opened = objections::file_objection(&county.app, &citizen, &filled(None)).await.unwrap();
    assert_eq!(shown(&county, &opened.number).await.subject, Subject::Other);
    county.act("market-bureau", opened.id, json!({ "command": "withdraw" })).await.unwrap();
    assert_eq!(shown(&county, &opened.number).await.progress, Progress::Closed);
    let unknown = objections::file_objection(&county.app, &citizen, &filled(Some(new_id(citizen.now)))).await;
    assert_eq!(unknown.unwrap_err().code(), "notice.unknown");
    county.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_is_answered_by_its_last_day() {
    let county = County::open().await;
    let applicant = county.ctx("operator");
    let today = applicant.now.date_at(8 * 3_600);
    let mut codes = Vec::new();
    for until in [today.plus_days(-1), today] {
        let about = notice(&county, NoticeKind::Announcement, Some(until)).await;
        let request = OpenRequest {
            procedure: "授权申请".to_owned(),
            title: "申请".to_owned(),
            form: BTreeMap::new(),
            attachments: Vec::new(),
            facts: serde_json::from_value(json!({ "公告": about.id })).unwrap(),
        };
        let refused = cases::open(&county.app, &applicant, &request).await.unwrap_err();
        let Error::Rejected(rejection) = refused else { panic!("{refused:?}") };
        if rejection.code == "case.late" {
            assert!(rejection.clauses.contains(&"德清.二.1".to_owned()));
        }
        codes.push(rejection.code);
    }
    assert_eq!(codes, ["case.late", "case.incomplete"], "on the last day only the empty form is refused");
    county.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_found_by_its_leaf_hash() {
    let county = County::open().await;
    objections::file_objection(&county.app, &county.ctx("market-bureau"), &filled(None)).await.unwrap();
    let watcher = county.ctx("bigdata-bureau");
    let line = ledger::journal(&county.app, &watcher, None, None, 1).await.unwrap().pop().unwrap();
    let found = ledger::record_by_digest(&county.app, &watcher, line.digest).await.unwrap();
    assert_eq!(found, line.seq);
    let nothing = ledger::record_by_digest(&county.app, &watcher, base::Digest([7; 32])).await;
    assert_eq!(nothing.unwrap_err().code(), "ledger.record");
    county.app.close().await;
}
