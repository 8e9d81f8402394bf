//! Authorisations under another one: what closes, restores, seals or destroys the operator's does so to its partners'.

use std::collections::BTreeMap;

use base::{Digest, Id, kind};
use regulation::case::{Actor, CaseState, Event, EventBody, PackRef, fold};
use regulation::pack::FactValue;
use storage::Tx;

use super::fixture::County;
use crate::cases::CaseRecord;
use crate::clock::new_id;
use crate::tenants::{self, Tenant, TenantState};
use crate::{Ctx, Result, jobs};

/// A second authorisation under the county's first.
async fn partner(county: &County, state: TenantState) -> Id<kind::Tenant> {
    let id = county.authorise("operator", state).await;
    let tenant = county.get::<Tenant>(id.uuid()).await;
    county.put(&Tenant { parent: Some(county.tenant), ..tenant }).await;
    id
}

async fn states(county: &County, ids: &[Id<kind::Tenant>]) -> Vec<TenantState> {
    let mut states = Vec::new();
    for id in ids {
        states.push(county.get::<Tenant>(id.uuid()).await.state);
    }
    states
}

/// A case about an authorisation, as far as effects look at it.
fn case_about(county: &County, tenant: Id<kind::Tenant>) -> CaseState {
    let now = county.app.now();
    let pack = county.app.packs().current();
    let actor = Actor {
        person: new_id(now),
        unit: "bigdata-bureau".to_owned(),
        unit_name: String::new(),
        person_name: String::new(),
    };
    let body = EventBody::Opened {
        case: new_id(now),
        number: "ZG-2026-0001".to_owned(),
        procedure: "整改".to_owned(),
        pack: PackRef { id: pack.id.clone(), version: pack.version.clone(), digest: Digest([0; 32]) },
        title: "test".to_owned(),
        form_id: None,
        form: BTreeMap::new(),
        attachments: Vec::new(),
        facts: BTreeMap::from([("授权".to_owned(), FactValue::Text(tenant.to_string()))]),
        parties: BTreeMap::new(),
    };
    let on = now.date_at(28_800);
    let opened = Event { at: now, on, actor: Some(actor), on_behalf_of: None, clauses: Vec::new(), body };
    fold(&[opened]).unwrap()
}

/// Carries out one effect in a transaction of its own.
macro_rules! effect {
    ($county:expr, $case:expr, |$tx:ident, $ctx:ident| $body:expr) => {{
        let (county, case): (&County, &CaseState) = ($county, $case);
        let $ctx: &Ctx = &county.ctx("bigdata-bureau");
        let done: Result<()> = county
            .app
            .store()
            .system("test.effect", |$tx: &mut Tx<'_>| Box::pin(async move { $body.await }))
            .await;
        jobs::drain(&county.app).await;
        let _ = case;
        done
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_close_reopen_and_end_with_their_operator() {
    use TenantState::{Active, Agreed, Destroyed, Sealed, Suspended};
    let county = &County::open().await;
    let open = partner(county, Active).await;
    let waiting = partner(county, Agreed).await;
    let all = [county.tenant, open, waiting];
    let (case, clauses) = (&case_about(county, county.tenant), &["浙江.六.八.2".to_owned()]);

    effect!(county, case, |tx, ctx| tenants::close_access(tx, ctx, case, clauses)).unwrap();
    assert_eq!(states(county, &all).await, [Suspended, Suspended, Agreed]);
    let closed = county.get::<Tenant>(open.uuid()).await;
    assert_eq!((closed.closed_by, closed.closed_on.as_slice()), (Some(case.id), clauses.as_slice()));

    // Nothing opens under a closed one, neither for the first time nor again.
    let (first, again) = (&case_about(county, waiting), &case_about(county, open));
    let refused = effect!(county, first, |tx, ctx| tenants::open_access(tx, ctx, first)).unwrap_err();
    assert_eq!(refused.code(), "tenant.parent_closed");
    let refused = effect!(county, again, |tx, ctx| tenants::restore_access(tx, ctx, again)).unwrap_err();
    assert_eq!(refused.code(), "tenant.parent_closed");
    assert_eq!(states(county, &all).await, [Suspended, Suspended, Agreed], "a refused effect leaves nothing");

    effect!(county, case, |tx, ctx| tenants::restore_access(tx, ctx, case)).unwrap();
    assert_eq!(states(county, &all).await, [Active, Active, Agreed]);

    // What a first case closed and a second one (a rectification that followed from it) takes over, the second restores.
    let second = &case_about(county, county.tenant);
    effect!(county, case, |tx, ctx| tenants::close_access(tx, ctx, case, clauses)).unwrap();
    effect!(county, second, |tx, ctx| tenants::close_access(tx, ctx, second, clauses)).unwrap();
    effect!(county, second, |tx, ctx| tenants::restore_access(tx, ctx, second)).unwrap();
    assert_eq!(states(county, &all).await, [Active, Active, Agreed]);

    // A partner that was closed on its own account stays closed when its operator comes back.
    effect!(county, again, |tx, ctx| tenants::close_access(tx, ctx, again, clauses)).unwrap();
    assert_eq!(states(county, &all).await, [Active, Suspended, Agreed]);
    effect!(county, case, |tx, ctx| tenants::close_access(tx, ctx, case, clauses)).unwrap();
    effect!(county, case, |tx, ctx| tenants::restore_access(tx, ctx, case)).unwrap();
    assert_eq!(states(county, &all).await, [Active, Suspended, Agreed]);

    effect!(county, case, |tx, ctx| tenants::seal(tx, ctx, case, clauses)).unwrap();
    assert_eq!(states(county, &all).await, [Sealed, Sealed, Sealed]);
    let app = &county.app;
    effect!(county, case, |tx, ctx| async {
        tenants::destroy(app, tx, ctx, case, clauses).await.map(|destroyed| assert_eq!(destroyed.len(), 3))
    })
    .unwrap();
    assert_eq!(states(county, &all).await, [Destroyed, Destroyed, Destroyed]);
    for id in all {
        let certificate = county.get::<Tenant>(id.uuid()).await.certificate.unwrap();
        assert_eq!((certificate.readable, certificate.workers), (0, 0));
    }
    // The last day of an agreement that had ended before finds nothing to close.
    effect!(county, case, |tx, ctx| tenants::close_access(tx, ctx, case, clauses)).unwrap();
    assert_eq!(states(county, &all).await, [Destroyed, Destroyed, Destroyed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_signed_again_takes_the_place_of_the_first() {
    let county = &County::open().await;
    let app = &county.app;
    let id = county.authorise("operator", TenantState::Established).await;
    let today = app.now().date_at(28_800);
    let pack = app.packs().current();
    let agreement = |years: i64| {
        let mut case = case_about(county, id);
        case.pack.digest = pack.digest;
        case.facts.insert("协议年限".to_owned(), FactValue::Number(years));
        case
    };
    let (first, second) = (&agreement(2), &agreement(3));
    effect!(county, first, |tx, ctx| tenants::activate_agreement(app, tx, ctx, first)).unwrap();
    effect!(county, first, |tx, ctx| tenants::open_access(tx, ctx, first)).unwrap();
    effect!(county, second, |tx, ctx| tenants::activate_agreement(app, tx, ctx, second)).unwrap();
    let tenant = county.get::<Tenant>(id.uuid()).await;
    // The first day is not counted: three years from the 21st end on the 21st.
    assert_eq!(tenant.term, Some((today, today.plus_months(36))));
    assert_eq!((tenant.state, tenant.former.as_slice()), (TenantState::Active, [first.id].as_slice()));
    assert_eq!(tenant.agreement.map(|agreement| agreement.case), Some(second.id));

    // The clock of the first runs out and finds nothing to end; a person is sent to the second.
    let clauses: &[String] = &[];
    let clock = &Ctx::service("case.tick", app.now());
    effect!(county, first, |tx, _ctx| tenants::close_access(tx, clock, first, clauses)).unwrap();
    effect!(county, first, |tx, _ctx| tenants::seal(tx, clock, first, clauses)).unwrap();
    let none = effect!(county, first, |tx, _ctx| async {
        assert_eq!(tenants::destroy(app, tx, clock, first, clauses).await?, []);
        Ok(())
    });
    none.unwrap();
    let refused =
        effect!(county, first, |tx, ctx| tenants::close_access(tx, ctx, first, clauses)).unwrap_err();
    assert_eq!(refused.code(), "tenant.renewed");
    assert_eq!(states(county, &[id]).await, [TenantState::Active]);
    effect!(county, second, |tx, _ctx| tenants::close_access(tx, clock, second, clauses)).unwrap();
    assert_eq!(states(county, &[id]).await, [TenantState::Suspended]);

    // What was sealed is not signed for again.
    effect!(county, second, |tx, _ctx| tenants::seal(tx, clock, second, clauses)).unwrap();
    let refused =
        effect!(county, first, |tx, ctx| tenants::activate_agreement(app, tx, ctx, first)).unwrap_err();
    assert_eq!(refused.code(), "tenant.ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_opens_when_the_last_case_that_closed_it_lets_go() {
    use TenantState::{Active, Suspended};
    let county = &County::open().await;
    let open = partner(county, Active).await;
    let all = [county.tenant, open];
    let clauses: &[String] = &[];
    // A rectification that is open, and a risk report on top of it.
    let first = &case_about(county, county.tenant);
    let second = &case_about(county, county.tenant);
    let pack = county.app.packs().current();
    let context = &crate::cases::context(&county.app, &pack, county.app.now());
    county.put(&CaseRecord::of(first, context, county.app.now())).await;
    effect!(county, first, |tx, ctx| tenants::close_access(tx, ctx, first, clauses)).unwrap();
    effect!(county, second, |tx, ctx| tenants::close_access(tx, ctx, second, clauses)).unwrap();
    effect!(county, second, |tx, ctx| tenants::restore_access(tx, ctx, second)).unwrap();
    assert_eq!(states(county, &all).await, [Suspended, Suspended], "the rectification goes on");
    assert_eq!(county.get::<Tenant>(county.tenant.uuid()).await.closed_by, Some(first.id));
    effect!(county, first, |tx, ctx| tenants::restore_access(tx, ctx, first)).unwrap();
    assert_eq!(states(county, &all).await, [Active, Active]);
}
