use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixture::*;
use super::properties::{crowd, moves, play};
use crate::calendar::tests::national;
use crate::case::*;
use crate::pack::model::*;

const FINANCE: &str = "finance";
const SECOND: &str = "second-bureau";

fn people_action(command: CommandKind, id: &str) -> Action {
    Action { clauses: clause(id), ..action(command, Vec::new()) }
}

/// The fixture's pack with the commands on people in its steps.
fn people_pack() -> Pack {
    use CommandKind as K;
    let mut pack = pack();
    for (key, units) in [("财政部门", vec![FINANCE, "audit"]), ("主管部门", vec![BUREAU, SECOND])] {
        let units = units.into_iter().map(str::to_owned).collect();
        let role = Role {
            key: key.to_owned(),
            en: key.to_owned(),
            units,
            binding: Binding::Fixed,
            clauses: clause("角色"),
        };
        pack.roles.insert(key.to_owned(), role);
    }
    let providers = pack.roles.get_mut("提供单位").unwrap();
    providers.units = ["water", "civil", "power", APPLICANT].map(str::to_owned).to_vec();
    let mut ask = people_action(K::Consult, "加签规定");
    ask.people.ask = vec!["财政部门".to_owned()];
    let steps = &mut pack.procedures.get_mut("需求评审").unwrap().steps;
    for step in steps.iter_mut().filter(|step| ["受理", "评审", "表决", "协调"].contains(&step.id.as_str()))
    {
        step.actions.push(ask.clone());
        step.actions.push(people_action(K::Recuse, "回避规定"));
        if step.vote.is_none() {
            step.actions.push(people_action(K::HandOver, "移交规定"));
            step.actions.push(people_action(K::Delegate, "委托规定"));
        }
    }
    let mut draw = people_action(K::Draw, "抽取规定");
    draw.people.draw = Some(DrawRule { list: DrawList::Parameter("专家名册".to_owned()), count: 2 });
    steps[0].actions.push(draw);
    let coordination = steps.iter_mut().find(|step| step.id == "协调").unwrap();
    coordination.actions[0].people.meeting = Some(Quorum::Majority);
    let members = [COORDINATION, "member-2", "member-3", "member-4"];
    pack.roles.get_mut("协调小组").unwrap().units = members.map(str::to_owned).to_vec();
    let names = ["甲", "乙", "丙", "丁"].map(str::to_owned).to_vec();
    let list = Parameter {
        name: "专家名册".to_owned(),
        value: Value::List(names),
        ..pack.parameters["收益率上限"].clone()
    };
    pack.parameters.insert(list.name.clone(), list);
    pack
}

fn opened() -> Play {
    Play::open_with(people_pack(), "2026-09-18")
}

fn about(kind: CommandKind, units: &[&str]) -> Command {
    let people = People { units: units.iter().map(|unit| (*unit).to_owned()).collect(), ..People::none() };
    Command { opinion: Some("事由".to_owned()), people, ..Command::new(kind) }
}

fn delegate_to(to: &Actor) -> Command {
    let people = People { delegate: Some(to.clone()), ..People::none() };
    Command { people, ..Command::new(CommandKind::Delegate) }
}

fn opine() -> Command {
    Command { opinion: Some("预算可以承担".to_owned()), ..Command::new(CommandKind::Opine) }
}

fn recuse() -> Command {
    Command {
        opinion: Some("与申请单位有利害关系".to_owned()), ..Command::new(CommandKind::Recuse)
    }
}

fn draw(seed: &str) -> Command {
    let people = People { seed: Some(seed.to_owned()), ..People::none() };
    Command { people, ..Command::new(CommandKind::Draw) }
}

/// Everything that can happen among people in one case.
pub(super) fn story() -> Vec<Event> {
    use CommandKind as K;
    let mut play = opened();
    let (boss, clerk) = (actor("受", BUREAU), actor("受二", BUREAU));
    play.try_do(&boss, &draw("2026-09-18 排列五 12345")).unwrap();
    play.try_do(&boss, &about(K::Consult, &[FINANCE, "audit"])).unwrap();
    play.try_do(&actor("财", FINANCE), &opine()).unwrap();
    play.try_do(&boss, &about(K::EndConsult, &["audit"])).unwrap();
    play.try_do(&actor("受三", BUREAU), &recuse()).unwrap();
    play.try_do(&boss, &delegate_to(&clerk)).unwrap();
    play.try_do(&clerk, &Command::new(K::Accept)).unwrap();
    play.try_do(&actor("水", "water"), &about(K::HandOver, &["power"])).unwrap();
    play.act(("电", "power"), K::Refuse).act(("民", "civil"), K::Refuse);
    let resolve = meet(&play, &[COORDINATION, "member-2", "member-3"]);
    play.try_do(&actor("协", COORDINATION), &resolve).unwrap();
    play.events
}

#[test]
fn a_step_waits_for_the_opinions_asked_for() {
    use CommandKind as K;
    let mut play = opened();
    assert_eq!(play.refused(("受", BUREAU), &about(K::Consult, &["water"])), "case.consult_invalid");
    assert_eq!(play.refused(("受", BUREAU), &about(K::Consult, &[])), "case.consult_invalid");
    assert_eq!(play.refused(("财", FINANCE), &about(K::Consult, &["audit"])), "case.wrong_role");
    assert_eq!(play.refused(("财", FINANCE), &opine()), "case.wrong_role");
    play.try_do(&actor("受", BUREAU), &about(K::Consult, &[FINANCE, "audit"])).unwrap();
    assert_eq!(play.refused(("受", BUREAU), &about(K::Consult, &[FINANCE])), "case.consult_invalid");
    let asked: Vec<_> = open_tasks(&play.state)
        .into_iter()
        .filter(|task| task.asked)
        .map(|task| task.unit.unwrap())
        .collect();
    assert_eq!(asked, ["audit", FINANCE]);
    assert!(may_read(&play.state, FINANCE, &play.context()));
    // Nothing leaves the step; a return, which stays, is possible.
    assert_eq!(play.refused(("受", BUREAU), &Command::new(K::Accept)), "case.consult_pending");
    let buttons = available(&play.state, &actor("财", FINANCE), &play.context());
    assert_eq!(buttons.iter().map(|one| one.command).collect::<Vec<_>>(), [K::Recuse, K::Opine]);
    assert!(buttons[1].primary && buttons.iter().all(|one| one.refused.is_none()));
    assert_eq!(play.refused(("财", FINANCE), &Command::new(K::Opine)), "case.opinion_missing");
    play.try_do(&actor("财", FINANCE), &opine()).unwrap();
    assert_eq!(play.refused(("财", FINANCE), &opine()), "case.wrong_role");
    assert_eq!(play.state.opinions.last().unwrap().text, "预算可以承担");
    assert_eq!(play.state.opinions.last().unwrap().clauses, clause("加签规定"));
    assert_eq!(play.refused(("受", BUREAU), &Command::new(K::Accept)), "case.consult_pending");
    // The last one is dropped, with a reason.
    assert_eq!(play.refused(("财", FINANCE), &about(K::EndConsult, &["audit"])), "case.wrong_role");
    assert_eq!(play.refused(("受", BUREAU), &about(K::EndConsult, &[FINANCE])), "case.consult_invalid");
    let silent = Command { opinion: None, ..about(K::EndConsult, &["audit"]) };
    assert_eq!(play.refused(("受", BUREAU), &silent), "case.opinion_missing");
    play.try_do(&actor("受", BUREAU), &about(K::EndConsult, &["audit"])).unwrap();
    play.accept();
    assert_eq!(play.step(), "评审");
    assert!(open_tasks(&play.state).iter().all(|task| !task.asked));
    assert!(may_read(&play.state, "audit", &play.context()));
    let told = timeline(&play.events);
    assert!(told.iter().all(|entry| !entry.zh.is_empty() && !entry.en.is_empty()));
    assert!(told.iter().any(|entry| entry.zh == "减签：audit" && entry.text.as_deref() == Some("事由")));
}

#[test]
fn the_opener_withdraws_whatever_is_awaited_and_the_clock_goes_on() {
    let mut play = opened();
    play.try_do(&actor("受", BUREAU), &about(CommandKind::Consult, &[FINANCE])).unwrap();
    let before = play.due("受理");
    play.act(("申", APPLICANT), CommandKind::Withdraw);
    assert!(play.state.ended.is_some() && before.is_some());
    let mut play = opened();
    play.accept().act(("水", "water"), CommandKind::Refuse).act(("民", "civil"), CommandKind::Refuse);
    play.try_do(&actor("协", COORDINATION), &about(CommandKind::Consult, &["audit"])).unwrap();
    assert_eq!(
        play.refused(("协", COORDINATION), &meet(&play, &[COORDINATION, "member-2", "member-3"])),
        "case.consult_pending"
    );
}

#[test]
fn where_each_unit_has_its_task_only_the_one_that_asked_waits() {
    use CommandKind as K;
    let mut play = opened();
    play.accept();
    play.try_do(&actor("水", "water"), &about(K::Consult, &[FINANCE])).unwrap();
    play.act(("民", "civil"), K::Approve);
    assert_eq!(play.refused(("水", "water"), &Command::new(K::Approve)), "case.consult_pending");
    // Whoever takes the task over waits in its place.
    play.try_do(&actor("水", "water"), &about(K::HandOver, &["power"])).unwrap();
    assert_eq!(play.refused(("电", "power"), &Command::new(K::Approve)), "case.consult_pending");
    play.try_do(&actor("财", FINANCE), &opine()).unwrap();
    play.act(("电", "power"), K::Approve);
    assert_eq!(play.step(), "表决");
}

#[test]
fn a_delegation_ends_when_one_of_the_two_stands_back() {
    for out in ["受", "受二"] {
        let mut play = opened();
        play.try_do(&actor("受", BUREAU), &delegate_to(&actor("受二", BUREAU))).unwrap();
        assert_eq!(play.refused(("受三", BUREAU), &Command::new(CommandKind::Accept)), "case.delegated");
        play.try_do(&actor(out, BUREAU), &recuse()).unwrap();
        play.act(("受三", BUREAU), CommandKind::Accept);
        assert!(play.events.iter().all(|event| event.on_behalf_of.is_none()));
    }
}

#[test]
fn a_struck_ballot_is_cast_anew_by_the_unit() {
    use CommandKind as K;
    let mut pack = people_pack();
    let panel = ["panel", "panel-2", "panel-3"];
    pack.roles.get_mut("专家组").unwrap().units = panel.map(str::to_owned).to_vec();
    pack.procedures.get_mut("需求评审").unwrap().steps[2].each_unit = true;
    let mut play = Play::open_with(pack, "2026-09-18");
    play.until_vote();
    play.act(("甲", "panel"), K::Refuse).act(("乙", "panel-2"), K::Approve);
    assert_eq!(play.refused(("甲二", "panel"), &Command::new(K::Approve)), "case.voted_twice");
    play.try_do(&actor("甲", "panel"), &recuse()).unwrap();
    // Two people of one unit have one ballot between them.
    let staff =
        [("丙", "panel-3"), ("丙二", "panel-3"), ("甲二", "panel")].map(|(name, unit)| actor(name, unit));
    assert_eq!(manning(&play.state, &staff, &play.context()).missing, 0);
    assert_eq!(manning(&play.state, &staff[..2], &play.context()).missing, 1);
    play.act(("丙", "panel-3"), K::Approve);
    assert_eq!(play.step(), "表决");
    play.act(("甲二", "panel"), K::Approve);
    assert_eq!(play.step(), "公示");
    assert_eq!(play.state.facts[FACT_APPROVALS], FactValue::Number(3));
}

#[test]
fn a_struck_ballot_states_nothing() {
    use CommandKind as K;
    let mut pack = people_pack();
    let vote = &mut pack.procedures.get_mut("需求评审").unwrap().steps[2];
    vote.vote = Some(VoteRule { quorum: 2, approvals: 1, sealed: false });
    for action in vote.actions.iter_mut().filter(|action| [K::Approve, K::Refuse].contains(&action.command)) {
        action.facts = vec![FactRule {
            key: "符合最小必要".to_owned(),
            en: "minimal".to_owned(),
            kind: FactKind::Flag,
            required: true,
        }];
    }
    let ballot = |kind, minimal| {
        let facts = BTreeMap::from([("符合最小必要".to_owned(), FactValue::Flag(minimal))]);
        Command { facts, ..Command::new(kind) }
    };
    let mut play = Play::open_with(pack, "2026-09-18");
    play.until_vote();
    play.try_do(&actor("甲", PANEL), &ballot(K::Refuse, false)).unwrap();
    play.try_do(&actor("甲", PANEL), &recuse()).unwrap();
    assert!(!play.state.facts.contains_key("符合最小必要"));
    play.try_do(&actor("乙", PANEL), &ballot(K::Approve, true)).unwrap();
    play.try_do(&actor("丙", PANEL), &ballot(K::Approve, true)).unwrap();
    assert_eq!(play.state.facts["符合最小必要"], FactValue::Flag(true));
    assert_eq!(play.state.facts[FACT_REFUSALS], FactValue::Number(0));
}

#[test]
fn a_vote_waits_for_opinions_too() {
    let mut play = opened();
    play.until_vote();
    play.try_do(&actor("甲", PANEL), &about(CommandKind::Consult, &[FINANCE])).unwrap();
    assert_eq!(play.refused(("乙", PANEL), &Command::new(CommandKind::Approve)), "case.consult_pending");
    play.try_do(&actor("财", FINANCE), &opine()).unwrap();
    play.act(("乙", PANEL), CommandKind::Approve);
}

#[test]
fn a_colleague_acts_for_the_person_and_both_names_stand() {
    use CommandKind as K;
    let mut play = opened();
    let (boss, clerk) = (actor("受", BUREAU), actor("受二", BUREAU));
    assert_eq!(play.refused(("受", BUREAU), &Command::new(K::Delegate)), "case.delegate_missing");
    assert_eq!(play.refused(("受", BUREAU), &delegate_to(&boss)), "case.delegate_invalid");
    assert_eq!(play.refused(("受", BUREAU), &delegate_to(&actor("水", "water"))), "case.delegate_invalid");
    assert_eq!(play.refused(("水", "water"), &delegate_to(&actor("水二", "water"))), "case.wrong_role");
    play.try_do(&boss, &delegate_to(&clerk)).unwrap();
    assert_eq!(play.refused(("受三", BUREAU), &Command::new(K::Accept)), "case.delegated");
    assert_eq!(play.refused(("受二", BUREAU), &delegate_to(&actor("受三", BUREAU))), "case.sub_delegation");
    // A unit of the same role that nobody delegated for acts in its own name.
    let mut other = Play { events: play.events.clone(), state: play.state.clone(), ..opened() };
    other.act(("另", SECOND), K::Accept);
    assert_eq!(other.events.last().unwrap().on_behalf_of, None);
    play.try_do(&clerk, &Command { opinion: None, ..Command::new(K::Accept) }).unwrap();
    let done = play.events.iter().find(|event| matches!(event.body, EventBody::TaskDone { .. })).unwrap();
    assert_eq!(done.actor.as_ref(), Some(&clerk));
    assert_eq!(done.on_behalf_of.as_ref(), Some(&boss));
    let entry = timeline(&play.events).into_iter().find(|entry| entry.key == "case.timeline.done").unwrap();
    assert_eq!(entry.on_behalf_of.as_ref(), Some(&boss));
    // It ended with the step: in the next one nobody of the unit is bound by it.
    assert_eq!(play.step(), "评审");
    play.act(("水", "water"), K::Approve);
    assert!(play.events.last().unwrap().on_behalf_of.is_none());
}

#[test]
fn nobody_is_delegated_who_has_to_stand_back() {
    let mut play = opened();
    play.accept().act(("水", "water"), CommandKind::Refuse).act(("民", "civil"), CommandKind::Refuse);
    // `受` accepted the case and is kept away from coordination; `申二` declared a conflict.
    assert_eq!(
        play.refused(("协", COORDINATION), &delegate_to(&actor("受", COORDINATION))),
        "case.separation"
    );
    play.try_do(&actor("申二", COORDINATION), &recuse()).unwrap();
    assert_eq!(
        play.refused(("协", COORDINATION), &delegate_to(&actor("申二", COORDINATION))),
        "case.recused"
    );
    play.try_do(&actor("协", COORDINATION), &delegate_to(&actor("协二", COORDINATION))).unwrap();
    // A delegation can be given anew, by whoever of the unit is at the desk.
    play.try_do(&actor("协三", COORDINATION), &delegate_to(&actor("协四", COORDINATION))).unwrap();
    assert_eq!(
        play.refused(
            ("协二", COORDINATION),
            &Command { opinion: Some("否".to_owned()), ..Command::new(CommandKind::Refuse) }
        ),
        "case.delegated"
    );
}

#[test]
fn a_task_and_its_clock_go_to_another_unit_of_the_role() {
    use CommandKind as K;
    let mut play = opened();
    play.accept();
    let due = play.due("评审");
    play.on("2026-09-21");
    assert_eq!(play.refused(("水", "water"), &about(K::HandOver, &["civil"])), "case.no_such_taker");
    assert_eq!(play.refused(("水", "water"), &about(K::HandOver, &["stranger"])), "case.no_such_taker");
    assert_eq!(play.refused(("水", "water"), &about(K::HandOver, &[])), "case.no_such_taker");
    let asks = available(&play.state, &actor("水", "water"), &play.context());
    let button = asks.iter().find(|button| button.command == K::HandOver).unwrap();
    assert_eq!(button.asks.units, ["power", APPLICANT]);
    play.try_do(&actor("水", "water"), &about(K::HandOver, &["power"])).unwrap();
    assert_eq!(play.refused(("水", "water"), &Command::new(K::Approve)), "case.not_your_task");
    assert!(may_read(&play.state, "water", &play.context()));
    // The time goes on.
    let view = clocks(&play.state, &play.context())
        .into_iter()
        .find(|view| view.unit.as_deref() == Some("power"))
        .unwrap();
    assert_eq!((view.due, view.step.as_str()), (due, "评审"));
    play.act(("电", "power"), K::Approve).act(("民", "civil"), K::Approve);
    assert_eq!(play.step(), "表决");
    assert_eq!(fold(&play.events), Some(play.state.clone()));
}

#[test]
fn a_joint_task_leaves_the_unit_that_gives_it_away() {
    use CommandKind as K;
    let mut play = opened();
    play.try_do(&actor("受", BUREAU), &about(K::HandOver, &[SECOND])).unwrap();
    assert_eq!(play.refused(("受", BUREAU), &Command::new(K::Accept)), "case.not_your_task");
    let seats: Vec<_> = open_tasks(&play.state).into_iter().filter_map(|task| task.unit).collect();
    assert_eq!(seats, [SECOND]);
    play.act(("另", SECOND), K::Accept);
    // A separation by unit counts for who takes over, too.
    let mut pack = people_pack();
    let procedure = pack.procedures.get_mut("需求评审").unwrap();
    procedure.separations.push(separation(Who::Opener, Who::Step("评审".to_owned()), true));
    let mut play = Play::open_with(pack, "2026-09-18");
    play.accept();
    assert_eq!(play.refused(("水", "water"), &about(K::HandOver, &[APPLICANT])), "case.no_such_taker");
}

#[test]
fn who_declares_a_conflict_is_out_and_the_quorum_stays() {
    use CommandKind as K;
    let mut play = opened();
    play.until_vote();
    assert_eq!(play.refused(("水", "water"), &recuse()), "case.wrong_role");
    assert_eq!(play.refused(("甲", PANEL), &Command::new(K::Recuse)), "case.opinion_missing");
    play.act(("甲", PANEL), K::Approve);
    play.try_do(&actor("甲", PANEL), &recuse()).unwrap();
    // A ballot already cast is struck; three others are needed.
    for kind in [K::Approve, K::Refuse, K::Recuse, K::Consult] {
        assert_eq!(play.refused(("甲", PANEL), &about(kind, &[FINANCE])), "case.recused");
    }
    assert_eq!(
        note(&play.state, "备注", &actor("甲", PANEL), &play.context()).unwrap_err().code,
        "case.recused"
    );
    let buttons = available(&play.state, &actor("甲", PANEL), &play.context());
    assert!(!buttons.is_empty());
    assert!(buttons.iter().all(|button| button.refused.is_some()));
    let staff = ["甲", "乙", "丙", "丁"].map(|name| actor(name, PANEL));
    let left = manning(&play.state, &staff, &play.context());
    assert_eq!((left.able.len(), left.missing), (3, 0));
    let left = manning(&play.state, &staff[..3], &play.context());
    assert_eq!((left.able.len(), left.missing), (2, 1));
    play.act(("乙", PANEL), K::Approve).act(("丙", PANEL), K::Approve);
    assert_eq!(play.step(), "表决");
    play.act(("丁", PANEL), K::Refuse);
    assert_eq!(play.step(), "公示");
    assert_eq!(play.state.facts[FACT_APPROVALS], FactValue::Number(2));
    assert_eq!(play.state.facts[FACT_REFUSALS], FactValue::Number(1));
}

#[test]
fn a_case_nobody_can_act_in_shows_it() {
    let mut play = opened();
    let staff = [actor("受", BUREAU), actor("受二", BUREAU)];
    assert_eq!(manning(&play.state, &staff, &play.context()).missing, 0);
    for person in &staff {
        play.try_do(person, &recuse()).unwrap();
    }
    let left = manning(&play.state, &staff, &play.context());
    assert_eq!((left.able.len(), left.missing), (0, 1));
    assert_eq!(open_tasks(&play.state).len(), 2);
    let other = [&staff[..], &[actor("另", SECOND)]].concat();
    assert_eq!(manning(&play.state, &other, &play.context()).missing, 0);
    // Where each unit has its own task, each has to be manned.
    play.act(("另", SECOND), CommandKind::Accept);
    let staff = [actor("水", "water"), actor("民", "civil")];
    assert_eq!(manning(&play.state, &staff, &play.context()).missing, 0);
    play.try_do(&staff[1], &recuse()).unwrap();
    let left = manning(&play.state, &staff, &play.context());
    assert_eq!((left.able, left.missing), (vec![staff[0].clone()], 1));
}

#[test]
fn experts_are_drawn_once_and_anybody_can_draw_again() {
    let mut play = opened();
    assert_eq!(play.refused(("受", BUREAU), &Command::new(CommandKind::Draw)), "case.seed_invalid");
    assert_eq!(play.refused(("受", BUREAU), &draw("短")), "case.seed_invalid");
    assert_eq!(play.refused(("受", BUREAU), &draw("两行的种子\n两行的种子")), "case.seed_invalid");
    play.try_do(&actor("受", BUREAU), &draw(" 2026-09-18 排列五 12345 ")).unwrap();
    let drawn = play.events.iter().find_map(|event| match &event.body {
        EventBody::Drawn { seed, list, list_digest, drawn, .. } => Some((seed, list, list_digest, drawn)),
        _ => None,
    });
    let (seed, list, digest, names) = drawn.unwrap();
    let again = super::super::draw::draw(list.iter().map(String::as_str), 2, seed).unwrap();
    assert_eq!((&again.digest, &again.drawn), (digest, names));
    assert_eq!(seed, "2026-09-18 排列五 12345");
    assert_eq!(play.state.facts[FACT_DRAWN], FactValue::List(names.clone()));
    assert_eq!(play.refused(("受", BUREAU), &draw("2026-09-19 排列五 54321")), "case.drawn_already");
    let mut pack = people_pack();
    pack.parameters.get_mut("专家名册").unwrap().value = Value::List(vec!["甲".to_owned(), "甲".to_owned()]);
    let mut play = Play::open_with(pack, "2026-09-18");
    assert_eq!(play.refused(("受", BUREAU), &draw("2026-09-18 排列五 12345")), "case.draw_list_short");
}

fn meet(play: &Play, present: &[&str]) -> Command {
    let meeting = Meeting {
        number: "协调〔2026〕3号".to_owned(),
        held_on: play.context().today(),
        agenda: vec![play.state.id, base::Id::new(at("2026-09-18"), [2; 10])],
        present: present.iter().map(|unit| (*unit).to_owned()).collect(),
    };
    let mut command = Command { opinion: Some("维持".to_owned()), ..Command::new(CommandKind::Resolve) };
    command.facts.insert("会议召开".to_owned(), FactValue::Flag(true));
    command.people.meeting = Some(meeting);
    command
}

#[test]
fn a_meeting_resolves_with_a_quorum_only() {
    let mut play = opened();
    play.accept().act(("水", "water"), CommandKind::Refuse).act(("民", "civil"), CommandKind::Refuse);
    let who = actor("协", COORDINATION);
    let mut code = |command: &Command| play.try_do(&who, command).unwrap_err();
    let whole = opened();
    let good = {
        let mut command = meet(&whole, &[COORDINATION, "member-2", "member-3"]);
        command.people.meeting.as_mut().unwrap().held_on = date("2026-09-18");
        command
    };
    let changed = |change: &dyn Fn(&mut Meeting)| {
        let mut command = good.clone();
        change(command.people.meeting.as_mut().unwrap());
        command
    };
    let without = Command { people: People::none(), ..good.clone() };
    assert_eq!(code(&without).code, "case.meeting_missing");
    for wrong in [
        changed(&|meeting| meeting.number = " ".to_owned()),
        changed(&|meeting| meeting.agenda.clear()),
        changed(&|meeting| meeting.held_on = date("2026-09-19")),
        changed(&|meeting| meeting.present.push("stranger".to_owned())),
    ] {
        assert_eq!(code(&wrong).code, "case.meeting_invalid");
    }
    // Two of four are no majority, and one unit is not two because it is named twice.
    let two = changed(&|meeting| {
        meeting.present = vec![COORDINATION.to_owned(), "member-2".to_owned(), "member-2".to_owned()]
    });
    let refused = code(&two);
    assert_eq!((refused.code, refused.clauses.clone()), ("case.no_quorum", clause("协调")));
    play.try_do(&who, &good).unwrap();
    let resolution = play.state.resolutions[0].clone();
    assert_eq!(resolution.number, "协调〔2026〕3号");
    assert_eq!(resolution.meeting.unwrap().agenda.len(), 2);
    assert_eq!(play.step(), "公示");
    // A resolution whose pack asks for no meeting takes none.
    let mut plain = Play::open("2026-09-18");
    plain.accept().act(("水", "water"), CommandKind::Refuse).act(("民", "civil"), CommandKind::Refuse);
    assert_eq!(plain.refused(("协", COORDINATION), &good), "case.meeting_unasked");
}

#[test]
fn quorums_count_units() {
    for (quorum, units, needed) in [
        (Quorum::Majority, 4, 3),
        (Quorum::Majority, 5, 3),
        (Quorum::TwoThirds, 4, 3),
        (Quorum::TwoThirds, 6, 4),
        (Quorum::All, 7, 7),
        (Quorum::Count(2), 7, 2),
        (Quorum::Majority, 0, 1),
    ] {
        assert_eq!(quorum.needed(units), needed, "{quorum:?} of {units}");
    }
}

#[test]
fn events_on_people_survive_storage() {
    let mut play = opened();
    play.try_do(&actor("受", BUREAU), &draw("2026-09-18 排列五 12345")).unwrap();
    play.try_do(&actor("受", BUREAU), &about(CommandKind::Consult, &[FINANCE])).unwrap();
    play.try_do(&actor("财", FINANCE), &opine()).unwrap();
    play.try_do(&actor("受二", BUREAU), &recuse()).unwrap();
    play.try_do(&actor("受", BUREAU), &delegate_to(&actor("受三", BUREAU))).unwrap();
    play.act(("受三", BUREAU), CommandKind::Accept);
    let stored = base::canonical_json(&play.events).unwrap();
    let read: Vec<Event> = serde_json::from_slice(&stored).unwrap();
    assert_eq!(read, play.events);
    assert_eq!(fold(&read), Some(play.state.clone()));
}

/// Fills in whom a random command is about: what the button offers, or somebody at random.
pub(super) fn choose(
    command: &mut Command,
    state: &CaseState,
    who: &Actor,
    crowd: &[Actor],
    random: usize,
    context: &Context<'_>,
) {
    let offered = available(state, who, context).into_iter().find(|button| button.command == command.kind);
    let units = offered.map(|button| button.asks.units).unwrap_or_default();
    let any = || crowd[random % crowd.len()].unit.clone();
    command.people.units = match units.get(random % units.len().max(1)) {
        Some(unit) if !random.is_multiple_of(5) => vec![unit.clone()],
        _ => vec![any()],
    };
    let colleagues: Vec<&Actor> = crowd.iter().filter(|one| one.unit == who.unit).collect();
    command.people.delegate = colleagues.get(random % colleagues.len().max(1)).map(|one| (*one).clone());
    command.people.seed = Some(format!("公开的种子 {random}"));
    let present = state.step.iter().flat_map(|open| &open.seats).map(|seat| seat.unit.clone());
    let rule = state.step.as_ref().is_some_and(|open| open.step == "协调");
    command.people.meeting =
        (command.kind == CommandKind::Resolve && rule && context.pack.parameters.contains_key("专家名册"))
            .then(|| Meeting {
                number: format!("〔2026〕{random}号"),
                held_on: context.today(),
                agenda: vec![state.id],
                present: present.skip(random % 3).collect(),
            });
}

/// Whether a command that was done needs no task of the step.
pub(super) fn beside(before: &CaseState, command: &Command, who: &Actor) -> bool {
    match command.kind {
        CommandKind::Opine => {
            assert!(before.asked_here().any(|consult| consult.unit == who.unit));
            true
        }
        CommandKind::Recuse | CommandKind::EndConsult => {
            let open = before.step.as_ref().unwrap();
            let seated = open.seats.iter().any(|seat| seat.unit == who.unit);
            let asked = before.asked_here().any(|consult| consult.unit == who.unit);
            assert!(open.anyone || seated || asked);
            true
        }
        _ => false,
    }
}

/// What holds for every command that was done, people considered.
pub(super) fn check_people(before: &CaseState, command: &Command, who: &Actor, new: &[Event]) {
    assert!(!before.is_recused(who.person), "who stood back stays out");
    let left = new.iter().any(|event| matches!(event.body, EventBody::StepLeft { .. }));
    let waiting = before.asked_here().count() > 0;
    assert!(!left || !waiting || command.kind == CommandKind::Withdraw, "opinions are awaited");
    let latest = before.people.delegations.iter().rev().find(|one| {
        let here = |open: &OpenStep| one.step == open.step && one.visit == open.visit;
        before.step.as_ref().is_some_and(here) && one.to.unit == who.unit
    });
    let counts = |one: &&Delegation| !before.is_recused(one.from.person) && !before.is_recused(one.to.person);
    if let Some(Delegation { from, to, .. }) = latest.filter(counts) {
        let behalf = to.person == who.person && command.kind != CommandKind::Recuse;
        assert_eq!(new[0].on_behalf_of.is_some(), behalf, "both names stand");
        let free = [CommandKind::Delegate, CommandKind::Withdraw, CommandKind::Supplement];
        let aside = [CommandKind::Opine, CommandKind::Recuse, CommandKind::EndConsult];
        let bound = !free.contains(&command.kind) && !aside.contains(&command.kind);
        assert!(!bound || who.person == to.person || who.person == from.person, "the delegate acts");
    }
    for event in new {
        if let EventBody::Delegated { to, .. } = &event.body {
            assert!(to.unit == who.unit && to.person != who.person && !before.is_recused(to.person));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn random_people_keep_every_promise(moves in moves(), day in 0_i32..300) {
        let (pack, calendar) = (people_pack(), national());
        let day = date("2025-12-20").plus_days(day).to_string();
        let context = Context { pack: &pack, calendar: &calendar, now: at(&day) };
        let start = open(&context, &application(&pack, &day)).unwrap();
        let mut people = crowd();
        people.extend([("财", FINANCE), ("审", "audit"), ("另", SECOND), ("电", "power"), ("二", "member-2"), ("受三", BUREAU)]
            .map(|(name, unit)| actor(name, unit)));
        play(&pack, &calendar, start, &moves, &people);
    }
}
