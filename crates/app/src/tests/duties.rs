//! Periodic duties open their cases by themselves, each period once, and show them to who owes them.

use access::{Action, ResourceRef, Standing, Thing};
use regulation::case::STEP_OWED;
use regulation::duty::ical::Lang;
use regulation::pack::CommandKind;
use serde_json::json;

use super::fixture::County;
use crate::Ctx;
use crate::cases::{self, Filter, TaskBox};
use crate::duties;
use crate::identity::Person;
use crate::tenants::Tenant;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_opened_once_and_filled_in_by_who_owes_it() {
    let county = County::open().await;
    let app = &county.app;
    let today = app.now().date_at(28_800);
    let tenant = county.get::<Tenant>(county.tenant.uuid()).await;
    let term = Some((today.plus_days(-400), today.plus_days(400)));
    county.put(&Tenant { term, ..tenant }).await;

    let before = cases::sweep(app).await.unwrap();
    assert!(before > 0, "a year of the agreement has ended, so its report is owed");
    let operator = &county.ctx("operator");
    let filter = Filter { procedure: Some("年度报告".to_owned()), tenant: Some(county.tenant) };
    let list = cases::inbox_of(app, operator, TaskBox::Todo, &filter, None, 10).await.unwrap();
    let found = list.items.len();
    assert!(found >= 1 && list.next.is_none(), "{found}");
    let others = Filter { procedure: Some("质量工单".to_owned()), tenant: None };
    assert!(cases::inbox_of(app, operator, TaskBox::Todo, &others, None, 10).await.unwrap().items.is_empty());

    // However often one looks, a period is owed once.
    cases::sweep(app).await.unwrap();
    let again = cases::inbox_of(app, operator, TaskBox::Todo, &filter, None, 10).await.unwrap();
    assert_eq!(again.items.len(), found);

    let case = list.items[0].case.id;
    let view = cases::case_view(app, operator, case).await.unwrap();
    assert!(view.state.waits_for_opener());
    let submit = view.actions.iter().find(|action| action.command == CommandKind::Submit).unwrap();
    assert_eq!((submit.step.as_str(), submit.refused.is_none()), (STEP_OWED, true));
    let empty = json!({ "command": "submit", "step": STEP_OWED });
    let refused = county.act("operator", case, empty.clone()).await.unwrap_err();
    assert_eq!(refused.code(), "case.form_invalid", "an empty report is none");
    let refused = county.act("market-bureau", case, empty).await.unwrap_err();
    assert!(["access.denied", "case.wrong_role"].contains(&refused.code()), "{}", refused.code());

    // The operator sees its own duty, a provider nothing, the authority all; the file is for calendar programs.
    let mine = duties::duties(app, operator).await.unwrap().items;
    assert_eq!(mine.iter().filter(|item| item.case.is_some()).count(), found);
    assert!(duties::duties(app, &county.ctx("market-bureau")).await.unwrap().items.is_empty());
    assert!(duties::duties(app, &county.ctx("bigdata-bureau")).await.unwrap().items.len() >= mine.len());
    let file = duties::calendar(app, operator, Lang::Zh).await.unwrap();
    assert!(file.starts_with("BEGIN:VCALENDAR\r\n") && file.contains("年度经营报告"), "{file}");

    // With the authorisation goes what was owed about it; a second time there is nothing left to end.
    let (tenant, clauses) = (county.tenant, &["德清.十.一".to_owned()]);
    let ctx = &Ctx::service("case.tick", app.now());
    let permit = &app.permit(ctx, Action::CaseTick, ResourceRef::any(Thing::Case)).unwrap();
    let mut left = Vec::new();
    for _ in 0..2 {
        let lapse = app.store().system("test.lapse", |tx| {
            Box::pin(async move { cases::lapsed(app, tx, permit, ctx, tenant, clauses).await })
        });
        lapse.await.unwrap();
        let list = cases::inbox_of(app, operator, TaskBox::Todo, &filter, None, 10).await.unwrap();
        left.push((list.items.len(), cases::case_view(app, operator, case).await.unwrap().state.version));
    }
    assert_eq!((left[0].0, left[0]), (0, left[1]));
    let view = cases::case_view(app, operator, case).await.unwrap();
    assert_eq!(view.record.outcome, Some(("不再应办".to_owned(), false)));
    assert_eq!(view.timeline.last().map(|entry| entry.clauses.as_slice()), Some(clauses.as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_address_reads_what_its_person_would_until_it_is_ended() {
    let county = County::open().await;
    let app = &county.app;
    let operator = &county.ctx("operator");
    let person = json!({
        "id": operator.principal.person, "account": "operator.one", "name": "高拟石", "unit": operator.principal.unit,
        "roles": operator.principal.roles, "password": "-", "standing": Standing::Active, "failures": null,
    });
    let person: Person = serde_json::from_value(person).unwrap();
    county.put(&person).await;
    let read = async |token: &str| duties::read_feed(app, token, app.now(), Lang::Zh).await;
    let unknown = |answer: crate::Result<String>| answer.unwrap_err().code() == "feed.unknown";

    assert_eq!(duties::feed_since(app, operator).await.unwrap(), None);
    let first = duties::open_feed(app, operator).await.unwrap();
    let file = read(&first).await.unwrap();
    assert_eq!(file, duties::calendar(app, operator, Lang::Zh).await.unwrap());
    let second = duties::open_feed(app, operator).await.unwrap();
    assert!(unknown(read(&first).await), "a new address ends the old one");
    assert!(read(&second).await.is_ok());

    county.put(&Person { standing: Standing::Suspended, ..person.clone() }).await;
    assert!(unknown(read(&second).await), "who may not sign in reads nothing");
    county.put(&person).await;
    duties::close_feed(app, operator).await.unwrap();
    assert!(unknown(read(&second).await));
    for wrong in ["", "x", &"A".repeat(43), &"长".repeat(1_000)] {
        assert!(unknown(read(wrong).await));
    }
    let nobody = crate::identity::anonymous(app.now());
    assert!(duties::open_feed(app, &nobody).await.is_err());
    county.app.close().await;
}
