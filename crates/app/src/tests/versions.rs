//! A version of the pack is proposed, looked at and put into force by two persons; cases move with it or stay.

use base::{Date, Digest, Id, kind};
use regulation::case::scenario::sample_form;
use regulation::pack::tools::Change;
use serde_json::json;

use super::fixture::{County, packs};
use crate::cases::{self, OpenRequest};
use crate::clock::new_id;
use crate::packs::{self, ActKind, PackFile, PackSource, VersionState, activate_with, move_page};
use crate::{App, Ctx, Error, ErrorKind, jobs};

const TICKET: &str = "质量工单";
const LABEL: (&str, &str, &str) = ("pack.yaml", "版本: 征求意见稿-1", "版本: 征求意见稿-2");
const LONGER: (&str, &str, &str) = ("procedures/质量工单.yaml", "长度: 3个工作日", "长度: 4个工作日");
const SCENARIO: (&str, &str, &str) =
    ("scenarios/模型到市场.yaml", "受理反馈: 2026-09-29", "受理反馈: 2026-09-30");
const TRANSITION: (&str, &str, &str) = (
    "pack.yaml",
    "上级: zhejiang",
    "上级: zhejiang\n过渡: [{程序: 质量工单, 环节: [受理反馈], 依据: [德清.十.三.2]}]",
);
/// Four days instead of three for the opinion of the bureau, and the tickets that wait for it come along.
const NEXT: [(&str, &str, &str); 4] = [LABEL, LONGER, SCENARIO, TRANSITION];

/// What the installation holds, with texts of the county's pack replaced.
fn supply(changes: &[(&str, &str, &str)]) -> Vec<PackSource> {
    let mut sources = packs();
    let deqing = sources.iter_mut().find(|source| source.id == "deqing").unwrap();
    for (path, from, to) in changes {
        let (_, text) = deqing.files.iter_mut().find(|(file, _)| file == path).unwrap();
        assert!(text.contains(from), "{path}: {from}");
        *text = text.replacen(from, to, 1);
    }
    sources
}

/// The same as a folder that a browser sends.
fn folder(changes: &[(&str, &str, &str)]) -> Vec<PackFile> {
    let deqing = supply(changes).into_iter().find(|source| source.id == "deqing").unwrap();
    let file = |(path, text)| PackFile { path: format!("德清/{path}"), text };
    deqing.files.into_iter().map(file).collect()
}

/// A colleague of the bureau.
pub(super) fn colleague(county: &County) -> Ctx {
    let mut ctx = county.ctx("bigdata-bureau");
    ctx.principal.person = new_id(ctx.now);
    ctx.person_name = "colleague".to_owned();
    ctx
}

async fn ticket(county: &County) -> Id<kind::Case> {
    let pack = county.app.packs().current();
    let today = county.app.now().date_at(28_800);
    let facts = [("优先级".to_owned(), regulation::pack::FactValue::Text("低".to_owned()))].into();
    let form = sample_form(&pack.forms["附件8"], today, &facts, None).0;
    let request = OpenRequest {
        procedure: TICKET.to_owned(),
        title: TICKET.to_owned(),
        form,
        attachments: Vec::new(),
        facts: serde_json::from_value(json!({ "授权": county.tenant })).unwrap(),
    };
    cases::open(&county.app, &county.ctx("operator"), &request).await.unwrap().id
}

/// The version a case runs under and its due day.
async fn stands(county: &County, id: Id<kind::Case>) -> (String, Option<Date>) {
    let view = cases::case_view(&county.app, &county.ctx("bigdata-bureau"), id).await.unwrap();
    (view.state.pack.version, view.record.due)
}

async fn seen(app: &App, ctx: &Ctx, digest: Digest) -> Digest {
    packs::impact(app, ctx, digest).await.unwrap().digest
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_put_a_version_into_force_and_the_named_cases_move() {
    let county = County::open().await;
    let app = &county.app;
    let (first, second) = (&county.ctx("bigdata-bureau"), &colleague(&county));
    let old = app.packs().current();
    let (moves, kept) = (ticket(&county).await, ticket(&county).await);
    // The second ticket has left the step that the transition names.
    let accept = json!({ "command": "accept", "opinion": "同意", "facts": { "提供单位": "market-bureau" } });
    county.act("bigdata-bureau", kept, accept).await.unwrap();
    let (before, stays) = (stands(&county, moves).await, stands(&county, kept).await);

    let proposed = packs::propose(app, first, &folder(&NEXT)).await.unwrap();
    let digest = proposed.digest;
    assert!(proposed.report.is_clean() && proposed.report.scenarios > 200, "{:?}", proposed.report.failures);
    assert_eq!(app.packs().current().digest, old.digest, "nothing is in force by being proposed");
    assert_eq!(code(packs::propose(app, second, &folder(&NEXT)).await), "pack.proposed");
    assert_eq!(code(packs::propose(app, &county.ctx("operator"), &folder(&NEXT)).await), "access.denied");

    // What activating would do, in numbers and case by case.
    let impact = packs::impact(app, second, digest).await.unwrap();
    assert_eq!((impact.total.moves, impact.total.stays, impact.total.blocked), (1, 1, 0));
    assert_eq!(impact.procedures[TICKET], impact.total);
    let list = packs::impact_page(app, second, digest, None).await.unwrap();
    let Change::Moves { dates, .. } = &list.items[0].change else { panic!("{list:?}") };
    assert_eq!((list.items.len(), list.items[0].case, dates[0].before), (1, moves, before.1));
    assert_eq!(code(packs::impact(app, &county.ctx("operator"), digest).await), "access.denied");

    // Nobody activates his own proposal, nobody what he has not looked at.
    assert_eq!(code(packs::activate(app, first, digest, impact.digest).await), "pack.own_proposal");
    let outsider = &county.ctx("market-bureau");
    assert_eq!(code(packs::activate(app, outsider, digest, impact.digest).await), "access.denied");
    let another = ticket(&county).await;
    assert_eq!(code(packs::activate(app, second, digest, impact.digest).await), "pack.impact_changed");
    let looked = seen(app, second, digest).await;
    let done = packs::activate(app, second, digest, looked).await.unwrap();
    assert_eq!((done.cases.moves, done.in_background), (2, false));

    assert_eq!(app.packs().current().version, "征求意见稿-2");
    assert_eq!(app.packs().find("deqing").unwrap().digest, digest);
    let after = stands(&county, moves).await;
    assert_eq!((after.0.as_str(), after.1), ("征求意见稿-2", dates[0].after));
    assert!(after.1 > before.1);
    assert_eq!(stands(&county, kept).await, stays, "no transition names its step");
    assert_eq!(stands(&county, another).await.0, "征求意见稿-2");
    let new = ticket(&county).await;
    assert_eq!(stands(&county, new).await.0, "征求意见稿-2", "new cases are opened under it");
    let view = cases::case_view(app, second, moves).await.unwrap();
    let told = view.timeline.last().unwrap();
    assert!(told.zh.contains("征求意见稿-2") && !told.clauses.is_empty(), "{told:?}");

    // Both versions say who did what, and a moved case is acted on as ever.
    let history = packs::history(app).await.unwrap();
    let states: Vec<_> = history.iter().map(|one| (one.label.as_str(), one.state)).collect();
    assert_eq!(states, [("征求意见稿-2", VersionState::InForce), ("征求意见稿-1", VersionState::Replaced)]);
    let who = |kind| history[0].last(kind).unwrap().person;
    assert_eq!(who(ActKind::Proposed), Some(first.principal.person));
    assert_eq!(who(ActKind::Activated), Some(second.principal.person));
    assert_eq!(code(packs::activate(app, second, digest, looked).await), "pack.not_proposed");
    let accept = json!({ "command": "accept", "opinion": "同意", "facts": { "提供单位": "market-bureau" } });
    county.act("bigdata-bureau", moves, accept).await.unwrap();

    // A restart goes on under it, and the older text that the binary still holds is no new proposal.
    let county = county.restart(&packs()).await;
    assert_eq!(county.app.packs().current().digest, digest);
    assert_eq!(packs::history(&county.app).await.unwrap().len(), 2);
    assert_eq!(stands(&county, new).await.0, "征求意见稿-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_is_not_fit_is_no_proposal() {
    let county = County::open().await;
    let (app, ctx) = (&county.app, &county.ctx("bigdata-bureau"));
    let unfit = |result: Result<packs::Proposed, Error>| match result {
        Err(Error::Unfit(report)) => {
            let error = Error::Unfit(report.clone());
            assert_eq!((error.code(), error.kind()), ("pack.unfit", ErrorKind::Rejected));
            *report
        }
        other => panic!("{other:?}"),
    };
    // A scenario that no longer holds.
    let report = unfit(packs::propose(app, ctx, &folder(&[LABEL, LONGER])).await);
    assert_eq!((report.failed(), report.failures[0].place.as_str()), (1, "紧急工单当天修复"));
    assert!(report.blocking().any(|line| line.zh.contains("2026-09-30")), "{report:?}");
    // Text that does not load, with the place.
    let broken = ("procedures/质量工单.yaml", "长度: 3个工作日", "长度: 很快");
    let report = unfit(packs::propose(app, ctx, &folder(&[LABEL, broken])).await);
    assert!(report.mistakes[0].place.ends_with("质量工单.yaml") && report.mistakes[0].line.is_some());
    // A clause that nothing carries.
    let clause = ("pack.yaml", "版本: 征求意见稿-1", "版本: 征求意见稿-3");
    let uncited = ("not-automated.yaml", "德清.", "德清.无此条.");
    assert!(!unfit(packs::propose(app, ctx, &folder(&[clause, uncited])).await).is_clean());

    // A paper that names what it may not.
    let stray = ("documents/公示.typ", "#标题", "#(没有这个变量)\n\n#标题");
    let report = unfit(packs::propose(app, ctx, &folder(&[clause, stray])).await);
    let faults: Vec<_> = report.blocking().map(|line| (line.place.as_str(), line.line)).collect();
    assert_eq!(faults, [("documents/公示.typ", Some(1))]);

    assert_eq!(code(packs::propose(app, ctx, &folder(&[])).await), "pack.same");
    assert_eq!(code(packs::propose(app, ctx, &folder(&[TRANSITION])).await), "pack.label_taken");
    let mine = folder(&[("pack.yaml", "编号: deqing", "编号: elsewhere")]);
    assert_eq!(code(packs::propose(app, ctx, &mine).await), "pack.other");
    assert_eq!(code(packs::propose(app, ctx, &[]).await), "pack.files_missing");
    let huge = [PackFile { path: "pack.yaml".to_owned(), text: "x".repeat(packs::PACK_BYTES_MAX + 1) }];
    assert_eq!(code(packs::propose(app, ctx, &huge).await), "pack.files_too_large");
    assert_eq!(packs::history(app).await.unwrap().len(), 1, "nothing was kept");

    // Single files stand for their namesakes in the version in force.
    let whole = folder(&NEXT);
    let changed = ["pack.yaml", "质量工单.yaml", "模型到市场.yaml"];
    let single: Vec<PackFile> = whole
        .iter()
        .filter(|file| changed.iter().any(|name| file.path.ends_with(&format!("/{name}"))))
        .map(|file| PackFile {
            path: file.path.rsplit('/').next().unwrap().to_owned(),
            text: file.text.clone(),
        })
        .collect();
    let proposed = packs::propose(app, ctx, &single).await.unwrap();
    packs::withdraw(app, ctx, proposed.digest).await.unwrap();
    assert_eq!(code(packs::withdraw(app, ctx, proposed.digest).await), "pack.not_proposed");
    let seen = seen(app, ctx, proposed.digest).await;
    assert_eq!(
        code(packs::activate(app, &colleague(&county), proposed.digest, seen).await),
        "pack.not_proposed"
    );
    // What was withdrawn may be proposed again: it is the same folder, whole or in parts.
    assert_eq!(packs::propose(app, ctx, &whole).await.unwrap().digest, proposed.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_start_supplies_waits_for_two_persons() {
    let county = County::open().await;
    let first = packs::history(&county.app).await.unwrap();
    assert_eq!((first.len(), first[0].state), (1, VersionState::InForce));
    assert_eq!(first[0].acts[0].person, None, "an empty store takes what it is given");
    let case = ticket(&county).await;
    let county = county.restart(&packs()).await;
    assert_eq!(packs::history(&county.app).await.unwrap().len(), 1, "the same supply is nothing new");

    let county = county.restart(&supply(&NEXT)).await;
    let app = &county.app;
    assert_eq!(app.packs().current().version, "征求意见稿-1");
    assert_eq!(stands(&county, case).await.0, "征求意见稿-1");
    let history = packs::history(app).await.unwrap();
    assert!(history[0].waits_for_confirmation() && history[0].report.as_ref().unwrap().is_clean());
    let digest = history[0].digest;
    let (one, two) = (&county.ctx("bigdata-bureau"), &colleague(&county));
    let looked = seen(app, one, digest).await;
    assert_eq!(code(packs::activate(app, one, digest, looked).await), "pack.unconfirmed");
    packs::confirm(app, one, digest).await.unwrap();
    assert_eq!(code(packs::confirm(app, two, digest).await), "pack.not_supplied");
    assert_eq!(code(packs::activate(app, one, digest, looked).await), "pack.own_proposal");
    packs::activate(app, two, digest, looked).await.unwrap();
    assert_eq!(stands(&county, case).await.0, "征求意见稿-2");

    // A supply that does not load does not keep the version in force from being served.
    let broken = supply(&[("pack.yaml", "状态: 征求意见", "状态: 随意")]);
    let county = county.restart(&broken).await;
    assert_eq!(county.app.packs().current().digest, digest);
    // And an installation with cases does not change its jurisdiction by a line in its settings.
    county.app.close().await;
    let config = crate::Config { jurisdiction: "futian".to_owned(), ..county.app.config().clone() };
    assert_eq!(code(App::open(config, &packs()).await), "pack.jurisdiction");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_cases_move_page_by_page_and_a_crash_between_loses_none() {
    let county = County::open().await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(ticket(&county).await);
    }
    let app = &county.app;
    let (one, two) = (&county.ctx("bigdata-bureau"), &colleague(&county));
    let digest = packs::propose(app, one, &folder(&NEXT)).await.unwrap().digest;
    let looked = seen(app, two, digest).await;
    let done = activate_with(app, two, digest, looked, 3).await.unwrap();
    assert!(done.in_background);
    assert_eq!(app.packs().current().digest, digest, "in force at once");
    for case in &open {
        assert_eq!(stands(&county, *case).await.0, "征求意见稿-1");
    }

    // The first page is done, then the process dies.
    let ctx = &Ctx::service("pack.activate", app.now());
    let resource = access::ResourceRef::new(access::Thing::Pack, digest);
    let permit = &app.permit(ctx, access::Action::PackActivate, resource).unwrap();
    let new = app.packs().known(digest).unwrap();
    assert_eq!(move_page(app, ctx, permit, &new, (None, 2)).await.unwrap().0, 2);
    let county = county.restart(&packs()).await;
    let app = &county.app;
    let half = packs::version(app, digest).await.unwrap().progress.unwrap();
    assert_eq!((half.moved, half.of, half.done), (2, 4, false));
    let again = [("pack.yaml", "版本: 征求意见稿-1", "版本: 征求意见稿-3")];
    let third = packs::propose(app, one, &folder(&again)).await.unwrap().digest;
    let seen_third = seen(app, two, third).await;
    assert_eq!(code(packs::activate(app, two, third, seen_third).await), "pack.moving");

    jobs::drain(app).await;
    let whole = packs::version(app, digest).await.unwrap().progress.unwrap();
    assert_eq!((whole.moved, whole.done), (4, true));
    for case in &open {
        let view = cases::case_view(app, one, *case).await.unwrap();
        assert_eq!(view.state.pack.version, "征求意见稿-2");
        let moves = view.timeline.iter().filter(|entry| entry.key == "case.timeline.moved").count();
        assert_eq!(moves, 1, "each case moves once");
    }
    // The second attempt of the whole job changes nothing.
    packs::move_cases(app, digest).await.unwrap();
    assert_eq!(packs::version(app, digest).await.unwrap().progress.unwrap().moved, 4);
    // And back again, by the same two steps: what was replaced may be proposed anew under its own name.
    assert!(packs::activate(app, two, third, seen(app, two, third).await).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_comes_into_force_before_its_day() {
    let county = County::open().await;
    let current = county.app.packs().current();
    let today = county.app.now().date_at(28_800);
    let mut pack = (*current).clone();
    let why = |pack: &regulation::pack::Pack| packs::not_before(pack, &current, today);
    assert_eq!(why(&pack), None, "a draft may follow a draft");
    pack.status = regulation::pack::Status::InForce;
    pack.in_force = (Some(today.plus_days(3)), None);
    assert_eq!(why(&pack), Some(("pack.not_yet", today.plus_days(3).to_string())));
    assert_eq!(packs::not_before(&current, &pack, today).unwrap().0, "pack.draft");
    pack.in_force = (None, Some(today.plus_days(-1)));
    assert_eq!(why(&pack).unwrap().0, "pack.ended");
    pack.in_force = (Some(today), Some(today));
    assert_eq!(why(&pack), None);
    pack.status = regulation::pack::Status::Replaced;
    assert_eq!(why(&pack).unwrap().0, "pack.over");
}

#[tokio::test(flavor = "multi_thread")]
async fn duties_go_on_and_new_ones_begin_with_the_version() {
    let county = County::open().await;
    let app = &county.app;
    let today = app.now().date_at(28_800);
    let tenant = county.get::<crate::tenants::Tenant>(county.tenant.uuid()).await;
    let term = Some((today.plus_days(-800), today.plus_days(400)));
    county.put(&crate::tenants::Tenant { term, ..tenant }).await;
    assert!(cases::sweep(app).await.unwrap() > 0);
    let opened = || async {
        let query = &storage::records::Query {
            name: "all",
            value: "",
            after: None,
            limit: 100,
            order: storage::records::Order::Ascending,
        };
        let read = app.store().read("test.cases", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(storage::records::list::<cases::CaseRecord>(tx, query).await?.items.len())
            })
        });
        read.await.unwrap()
    };
    let before = opened().await;
    let duty = &app.packs().current().duties[0];
    let renamed = [LABEL];
    let (one, two) = (&county.ctx("bigdata-bureau"), &colleague(&county));
    let digest = packs::propose(app, one, &folder(&renamed)).await.unwrap().digest;
    packs::activate(app, two, digest, seen(app, two, digest).await).await.unwrap();
    cases::sweep(app).await.unwrap();
    assert_eq!(opened().await, before, "no period of {} is opened twice", duty.name);

    // A duty that comes with a version is owed from that day, not for the years of the agreement before it.
    let mut next = (*app.packs().current()).clone();
    for duty in &mut next.duties {
        duty.name = format!("新{}", duty.name);
    }
    let (old, next) = (&app.packs().current(), &next);
    app.store()
        .system("test.follow", |tx| {
            Box::pin(async move { cases::duties_follow(app, tx, one, old, next).await })
        })
        .await
        .unwrap();
    let context = &cases::context(app, next, app.now());
    let due = app
        .store()
        .read("test.due", |tx| {
            Box::pin(async move { cases::due(app, tx, context, today.plus_days(400), |_| true).await })
        })
        .await
        .unwrap();
    assert!(!due.is_empty() && due.iter().all(|one| one.period.opens_on >= today), "{due:?}");
}
