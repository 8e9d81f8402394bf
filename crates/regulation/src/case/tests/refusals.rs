use std::collections::BTreeMap;

use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

fn plain(kind: CommandKind) -> Command {
    Command { opinion: Some("意见".to_owned()), ..Command::new(kind) }
}

#[test]
fn an_incomplete_application_learns_everything_at_once() {
    let play = Play::open("2026-09-18");
    let mut case = application(&play.pack, "2026-09-18");
    case.title = " ".to_owned();
    case.form.insert("单位".to_owned(), FormValue::from("  "));
    case.form.insert("电话".to_owned(), FormValue::from("abc"));
    case.form.insert("多余".to_owned(), FormValue::from("x"));
    case.attachments.clear();
    case.facts = BTreeMap::from([("未知".to_owned(), FactValue::Flag(true))]);
    let rejection = open(&play.context(), &case).unwrap_err();
    assert_eq!(rejection.code, "case.incomplete");
    let told: Vec<_> = rejection.fields.iter().map(|error| (error.field.as_str(), error.code)).collect();
    assert_eq!(
        told,
        [
            ("标题", "required"),
            ("自评报告", "required"),
            ("信用报告", "required"),
            ("单位", "required"),
            ("电话", "format"),
            ("多余", "unknown"),
            ("提供单位", "required"),
            ("未知", "unknown"),
        ]
    );
    assert!(rejection.zh.contains("自评报告") && rejection.en.contains("信用报告"));
    assert!(!rejection.clauses.is_empty() && !rejection.remedy_zh.is_empty());
}

#[test]
fn one_kind_of_defect_has_its_own_code() {
    let play = Play::open("2026-09-18");
    let good = || application(&play.pack, "2026-09-18");
    let code = |case: OpenCase| open(&play.context(), &case).unwrap_err().code;
    assert_eq!(code(OpenCase { attachments: Vec::new(), ..good() }), "case.attachments_missing");
    assert_eq!(code(OpenCase { form: FormValues::new(), ..good() }), "case.form_invalid");
    assert_eq!(code(OpenCase { facts: BTreeMap::new(), ..good() }), "case.facts_invalid");
    assert_eq!(code(OpenCase { title: String::new(), ..good() }), "case.title_invalid");
    assert_eq!(code(OpenCase { procedure: "无".to_owned(), ..good() }), "case.unknown_procedure");
    let mut pack = pack();
    pack.procedures.get_mut("需求评审").unwrap().opener = "主管部门".to_owned();
    let context = Context { pack: &pack, ..play.context() };
    assert_eq!(open(&context, &good()).unwrap_err().code, "case.wrong_opener");
}

#[test]
fn every_wrong_hand_is_refused_with_a_clause() {
    let mut play = Play::open("2026-09-18");
    let code = |play: &Play, who: (&str, &str), command: &Command| {
        let actor = actor(who.0, who.1);
        let rejection = decide(&play.state, command, &actor, &play.context()).unwrap_err();
        assert!(!rejection.clauses.is_empty(), "{}", rejection.code);
        assert!(!rejection.zh.is_empty() && !rejection.en.is_empty());
        rejection.code
    };
    use CommandKind as K;
    assert_eq!(code(&play, ("某", "stranger"), &plain(K::Accept)), "case.wrong_role");
    assert_eq!(code(&play, ("受", BUREAU), &plain(K::Publish)), "case.not_offered");
    assert_eq!(code(&play, ("受", BUREAU), &Command::new(K::Refuse)), "case.opinion_missing");
    assert_eq!(code(&play, ("某", "stranger"), &plain(K::Withdraw)), "case.wrong_role");
    assert_eq!(code(&play, ("申", APPLICANT), &supplement_command()), "case.not_awaiting");
    assert_eq!(code(&play, ("受", BUREAU), &plain(K::ReturnForCorrection)), "case.defects_missing");
    let stale = Command { step: Some("评审".to_owned()), ..plain(K::Accept) };
    assert_eq!(code(&play, ("受", BUREAU), &stale), "case.wrong_step");
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    assert_eq!(code(&play, ("受", BUREAU), &plain(K::Accept)), "case.awaiting_correction");
    assert_eq!(code(&play, ("受", BUREAU), &supplement_command()), "case.wrong_role");
    assert_eq!(code(&play, ("申", APPLICANT), &Command::new(K::Supplement)), "case.incomplete");
    play.try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    play.accept();
    assert_eq!(code(&play, ("受", BUREAU), &plain(K::Approve)), "case.wrong_role");
    play.act(("水", "water"), K::Refuse);
    assert_eq!(code(&play, ("水二", "water"), &plain(K::Approve)), "case.already_done");
    play.act(("民", "civil"), K::Refuse);
    assert_eq!(code(&play, ("协", COORDINATION), &plain(K::Resolve)), "case.facts_invalid");
    let mut resolve = plain(K::Resolve);
    resolve.facts.insert("会议召开".to_owned(), FactValue::Flag(false));
    assert_eq!(code(&play, ("协", COORDINATION), &resolve), "case.condition_not_met");
    resolve.facts.insert("会议召开".to_owned(), FactValue::Flag(true));
    assert_eq!(code(&play, ("受", COORDINATION), &resolve), "case.separation");
    play.try_do(&actor("协", COORDINATION), &resolve).unwrap();
    play.on("2026-10-10").tick();
    let too_high = play.sign_command("50");
    assert_eq!(code(&play, ("申", APPLICANT), &too_high), "case.condition_not_met");
    let sign = play.sign_command("49.9999");
    play.try_do(&actor("申", APPLICANT), &sign).unwrap();
    assert_eq!(code(&play, ("申", APPLICANT), &sign), "case.ended");
    assert_eq!(play.refused(("受", BUREAU), &plain(K::Accept)), "case.ended");
}

#[test]
fn the_opener_s_unit_never_accepts_its_own_case() {
    let mut pack = pack();
    pack.roles.get_mut("主管部门").unwrap().units.push(APPLICANT.to_owned());
    let mut play = Play::open_with(pack, "2026-09-18");
    let rejection = play.try_do(&actor("同事", APPLICANT), &plain(CommandKind::Accept)).unwrap_err();
    assert_eq!((rejection.code, &rejection.clauses), ("case.separation", &clause("回避")));
    assert_eq!(rejection.rule, "第回避条 回避的规定");
}

#[test]
fn an_unknown_fact_never_passes() {
    let mut pack = pack();
    let test = Test::Is("培训通过".to_owned(), FactValue::Flag(true));
    for test in [test.clone(), Test::Not(Box::new(test))] {
        let condition = Condition { test, remedy: None, clauses: clause("条件") };
        let accept = &mut pack.procedures.get_mut("需求评审").unwrap().steps[0].actions[0];
        accept.requires = vec![condition];
        let mut play = Play::open_with(pack.clone(), "2026-09-18");
        assert_eq!(play.refused(("受", BUREAU), &plain(CommandKind::Accept)), "case.fact_unknown");
        let buttons = available(&play.state, &actor("受", BUREAU), &play.context());
        assert_eq!(buttons[0].refused.as_ref().unwrap().code, "case.fact_unknown");
    }
}

#[test]
fn a_role_without_units_keeps_the_case_where_it_is() {
    let mut pack = pack();
    pack.roles.get_mut("专家组").unwrap().units.clear();
    let mut play = Play::open_with(pack, "2026-09-18");
    play.accept().act(("水", "water"), CommandKind::Approve);
    assert_eq!(play.refused(("民", "civil"), &plain(CommandKind::Approve)), "case.role_unbound");
    assert_eq!(play.step(), "评审");
}

#[test]
fn no_branch_open_means_no_way_on() {
    let mut pack = pack();
    let when = Condition {
        test: Test::Is("紧急".to_owned(), FactValue::Flag(true)),
        remedy: Some("说明是否紧急".to_owned()),
        clauses: clause("紧急"),
    };
    let accept = &mut pack.procedures.get_mut("需求评审").unwrap().steps[0].actions[0];
    accept.then[0].when = Some(when);
    let mut play = Play::open_with(pack, "2026-09-18");
    let rejection = play.try_do(&actor("受", BUREAU), &plain(CommandKind::Accept)).unwrap_err();
    assert_eq!((rejection.code, &rejection.clauses), ("case.no_way_on", &clause("紧急")));
    assert_eq!(rejection.remedy_zh, "说明是否紧急");
}

#[test]
fn another_pack_is_refused() {
    let play = Play::open("2026-09-18");
    let mut pack = pack();
    pack.id = "other".to_owned();
    let context = Context { pack: &pack, ..play.context() };
    let refused = decide(&play.state, &plain(CommandKind::Accept), &actor("受", BUREAU), &context);
    assert_eq!(refused.unwrap_err().code, "case.wrong_pack");
}

#[test]
fn withdrawing_ends_the_case_ungranted() {
    let mut play = Play::open("2026-09-18");
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    play.act(("申", APPLICANT), CommandKind::Withdraw);
    let ended = play.state.ended.clone().unwrap();
    assert_eq!((ended.outcome.as_str(), ended.granted), ("撤回", false));
    assert!(play.state.clocks.iter().all(|clock| clock.done_on.is_some() && !clock.is_stopped()));
}

#[test]
fn an_opener_bound_by_a_fact_is_the_one_the_platform_observed() {
    let mut pack = pack();
    pack.roles.get_mut("申请人").unwrap().binding = Binding::Fact("运营单位".to_owned());
    let play = Play::open("2026-09-18");
    let context = Context { pack: &pack, ..play.context() };
    let mut case = application(&pack, "2026-09-18");
    assert_eq!(open(&context, &case).unwrap_err().code, "case.wrong_opener");
    case.observed.insert("运营单位".to_owned(), FactValue::Text(APPLICANT.to_owned()));
    assert!(open(&context, &case).is_ok());
}

#[test]
fn a_full_record_takes_no_more() {
    let mut play = Play::open("2026-09-18");
    play.state.version = EVENTS_MAX;
    assert_eq!(play.refused(("受", BUREAU), &plain(CommandKind::Accept)), "case.too_long");
}

#[test]
fn a_fact_can_only_choose_among_the_units_the_pack_lists() {
    let mut pack = pack();
    pack.roles.get_mut("提供单位").unwrap().units = vec!["water".to_owned()];
    let mut play = Play::open_with(pack, "2026-09-18");
    play.accept();
    let seats: Vec<&str> =
        play.state.step.iter().flat_map(|open| &open.seats).map(|seat| seat.unit.as_str()).collect();
    assert_eq!(seats, ["water"]);
}
