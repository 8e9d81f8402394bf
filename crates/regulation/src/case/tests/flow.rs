use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

#[test]
fn a_case_runs_from_application_to_agreement() {
    let mut play = Play::open("2026-09-18");
    assert_eq!((play.step(), play.due("受理")), ("受理", Some(date("2026-09-24"))));
    play.on("2026-09-23").accept();
    assert_eq!((play.step(), play.due("评审")), ("评审", Some(date("2026-09-29"))));
    play.on("2026-09-24").act(("水", "water"), CommandKind::Approve);
    assert_eq!(play.step(), "评审");
    play.act(("民", "civil"), CommandKind::ApprovePartly);
    assert_eq!(play.step(), "表决");
    for expert in ["甲", "乙", "丙"] {
        play.act((expert, PANEL), CommandKind::Approve);
    }
    assert_eq!(play.step(), "公示");
    play.on("2026-10-10").tick();
    assert_eq!(play.step(), "签订");
    let sign = play.sign_command("45.5");
    play.try_do(&actor("申", APPLICANT), &sign).unwrap();
    let ended = play.state.ended.clone().unwrap();
    assert!(ended.granted);
    assert_eq!(ended.outcome, "通过");
    assert_eq!(play.state.effects, [Effect::ActivateAgreement, Effect::OpenAccess]);
    assert_eq!(play.state.facts["收益率"], FactValue::Number(455_000));
    assert!(play.events.iter().all(|event| !event.clauses.is_empty()));
    let signed = play
        .events
        .iter()
        .find(|event| matches!(&event.body, EventBody::TaskDone { command: CommandKind::Sign, .. }));
    assert_eq!(signed.unwrap().clauses, clause("签订动作"));
    assert_eq!(fold(&play.events), Some(play.state.clone()));
    assert!(timeline(&play.events).iter().all(|entry| !entry.zh.is_empty() && !entry.en.is_empty()));
}

#[test]
fn the_least_favourable_review_decides_in_any_order() {
    for (first, second) in [("water", "civil"), ("civil", "water")] {
        let mut play = Play::open("2026-09-18");
        play.accept().act(("一", first), CommandKind::Refuse).act(("二", second), CommandKind::Approve);
        assert_eq!(play.step(), "协调");
        let mut play = Play::open("2026-09-18");
        play.accept().act(("一", first), CommandKind::Approve).act(("二", second), CommandKind::Refuse);
        assert_eq!(play.step(), "协调");
    }
}

#[test]
fn resolutions_are_numbered_by_the_case_or_by_the_meeting() {
    let mut play = Play::open("2026-09-18");
    play.accept().act(("水", "water"), CommandKind::Refuse).act(("民", "civil"), CommandKind::Refuse);
    let mut resolve = Command::new(CommandKind::Resolve);
    resolve.opinion = Some("维持".to_owned());
    resolve.facts.insert("会议召开".to_owned(), FactValue::Flag(true));
    let mut other =
        Play { events: play.events.clone(), state: play.state.clone(), ..Play::open("2026-09-18") };
    play.try_do(&actor("协", COORDINATION), &resolve).unwrap();
    assert_eq!(play.state.resolutions[0].number, "XQ-2026-0001-J1");
    resolve.observed.insert("决议文号".to_owned(), FactValue::Text("协调〔2026〕3号".to_owned()));
    other.try_do(&actor("协", COORDINATION), &resolve).unwrap();
    assert_eq!(other.state.resolutions[0].number, "协调〔2026〕3号");
}

#[test]
fn the_inbox_shows_each_unit_its_own_task() {
    let mut play = Play::open("2026-09-18");
    let units = |play: &Play| -> Vec<String> {
        open_tasks(&play.state).into_iter().filter_map(|task| task.unit).collect()
    };
    assert_eq!(units(&play), [BUREAU]);
    play.accept();
    assert_eq!(units(&play), ["civil", "water"]);
    play.act(("水", "water"), CommandKind::Approve);
    assert_eq!(units(&play), ["civil"]);
    play.try_do(&actor("民", "civil"), &return_command()).unwrap();
    assert_eq!(units(&play), [APPLICANT]);
    assert!(open_tasks(&play.state)[0].correction);
    play.try_do(&actor("申二", APPLICANT), &supplement_command()).unwrap();
    assert_eq!(units(&play), ["civil"]);
    play.act(("民", "civil"), CommandKind::Approve).act(("甲", PANEL), CommandKind::Approve);
    assert_eq!(open_tasks(&play.state)[0].done_by, [actor("甲", PANEL).person]);
    play.act(("乙", PANEL), CommandKind::Approve).act(("丙", PANEL), CommandKind::Approve);
    assert_eq!(open_tasks(&play.state)[0].unit, None);
}

#[test]
fn participants_and_reader_roles_may_read() {
    let mut play = Play::open("2026-09-18");
    let may = |play: &Play, unit: &str| may_read(&play.state, unit, &play.context());
    assert!(may(&play, APPLICANT) && may(&play, BUREAU) && may(&play, COORDINATION));
    assert!(!may(&play, "water") && !may(&play, PANEL) && !may(&play, "stranger"));
    play.until_notice();
    assert!(may(&play, "water") && may(&play, PANEL));
    play.act(("某", "citizen"), CommandKind::Object);
    assert!(!may(&play, "citizen"));
    assert!(participants(&play.state).contains("citizen"));
}

#[test]
fn buttons_follow_the_case() {
    let mut play = Play::open("2026-09-18");
    let names = |play: &Play, who: (&str, &str)| -> Vec<(CommandKind, bool)> {
        let list = available(&play.state, &actor(who.0, who.1), &play.context());
        list.into_iter().map(|button| (button.command, button.refused.is_none())).collect()
    };
    use CommandKind as K;
    let bureau = [(K::Accept, true), (K::ReturnForCorrection, true), (K::Refuse, true)];
    assert_eq!(names(&play, ("受", BUREAU)), bureau);
    assert_eq!(names(&play, ("申", APPLICANT)), [(K::Withdraw, true)]);
    assert_eq!(names(&play, ("某", "stranger")), []);
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    assert_eq!(names(&play, ("受", BUREAU)), bureau.map(|(kind, _)| (kind, false)));
    assert_eq!(names(&play, ("申", APPLICANT)), [(K::Supplement, true), (K::Withdraw, true)]);
    play.try_do(&actor("申", APPLICANT), &supplement_command()).unwrap();
    play.accept().act(("水", "water"), K::Refuse);
    let done = available(&play.state, &actor("水", "water"), &play.context());
    assert!(done.iter().all(|button| button.refused.as_ref().unwrap().code == "case.already_done"));
    play.act(("民", "civil"), K::Refuse);
    // The person who accepted stands back in the coordination group; a colleague does not.
    assert_eq!(names(&play, ("受", COORDINATION)), [(K::Resolve, false), (K::Refuse, false)]);
    let resolve = available(&play.state, &actor("协", COORDINATION), &play.context()).remove(0);
    assert!(resolve.primary && resolve.needs_opinion && resolve.refused.is_none());
    assert_eq!((resolve.label_zh.as_str(), resolve.label_en.as_str()), ("决议", "Resolve"));
    play.act(("协", COORDINATION), K::Refuse);
    assert_eq!(names(&play, ("协", COORDINATION)), []);
}

#[test]
fn every_button_shown_as_possible_is_possible() {
    let mut play = Play::open("2026-09-18");
    play.accept();
    for button in available(&play.state, &actor("水", "water"), &play.context()) {
        let mut command = Command { opinion: Some("意见".to_owned()), ..Command::new(button.command) };
        if button.needs_defects {
            command.defects = return_command().defects;
        }
        assert!(decide(&play.state, &command, &actor("水", "water"), &play.context()).is_ok());
    }
}

#[test]
fn supplements_replace_what_they_correct() {
    let mut play = Play::open("2026-09-18");
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    let mut command = supplement_command();
    command.attachments[0].bytes = 99;
    command.form = play.state.forms["申请表"].clone();
    command.form.insert("应用场景".to_owned(), FormValue::from("生育保险报销"));
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert_eq!(play.state.forms["申请表"]["应用场景"], FormValue::from("生育保险报销"));
    assert_eq!(play.state.facts["应用场景"], FactValue::Text("生育保险报销".to_owned()));
    assert_eq!(play.state.attachments.len(), 2);
    assert!(play.state.attachments.iter().any(|attachment| attachment.bytes == 99));
    assert!(play.state.awaiting.is_none());
}

#[test]
fn notes_go_into_the_file() {
    let play = Play::open("2026-09-18");
    let events = note(&play.state, " 已电话联系 ", &actor("受", BUREAU), &play.context()).unwrap();
    assert_eq!(events[0].body, EventBody::Noted { text: "已电话联系".to_owned() });
    let refused = note(&play.state, " ", &actor("受", BUREAU), &play.context()).unwrap_err();
    assert_eq!(refused.code, "case.note_invalid");
}

#[test]
fn a_stored_case_equals_a_live_one_even_where_a_text_reads_as_a_date() {
    let mut play = Play::open("2026-09-18");
    play.try_do(&actor("受", BUREAU), &return_command()).unwrap();
    let mut command = supplement_command();
    command.form = play.state.forms["申请表"].clone();
    command.form.insert("应用场景".to_owned(), FormValue::from("2026-09-18"));
    play.try_do(&actor("申", APPLICANT), &command).unwrap();
    assert_eq!(play.state.facts["应用场景"], FactValue::Date(date("2026-09-18")));
    let stored = serde_json::to_vec(&play.events).unwrap();
    let read: Vec<Event> = serde_json::from_slice(&stored).unwrap();
    assert_eq!(fold(&read), Some(play.state.clone()));
}
