use super::fixture::*;
use crate::case::*;
use crate::pack::model::*;

#[test]
fn votes_are_sealed_until_the_quorum() {
    let mut play = Play::open("2026-09-18");
    play.until_vote();
    play.act(("甲", PANEL), CommandKind::Approve).act(("乙", PANEL), CommandKind::Refuse);
    assert_eq!(play.step(), "表决");
    assert!(
        play.state.opinions.iter().filter(|opinion| opinion.step == "表决").all(|opinion| opinion.sealed)
    );
    assert!(play.state.visible_opinions().all(|opinion| opinion.step != "表决"));
    let told = serde_json::to_string(&timeline(&play.events)).unwrap();
    assert!(told.contains("voted_sealed") && !told.contains("voted against") && !told.contains("voted for"));
    let ballots = timeline(&play.events);
    let mut ballots = ballots.iter().filter(|entry| entry.key == "case.timeline.voted_sealed");
    assert!(ballots.all(|entry| entry.clauses.is_empty()), "each button has clauses of its own");
    play.act(("丙", PANEL), CommandKind::Approve);
    assert_eq!(play.step(), "公示");
    assert!(play.state.opinions.iter().all(|opinion| !opinion.sealed));
    assert_eq!(play.state.facts[FACT_APPROVALS], FactValue::Number(2));
    let told = serde_json::to_string(&timeline(&play.events)).unwrap();
    assert!(!told.contains("voted_sealed") && told.contains("voted against"));
}

#[test]
fn one_person_one_vote() {
    let mut play = Play::open("2026-09-18");
    play.until_vote().act(("甲", PANEL), CommandKind::Approve);
    let code = play.refused(("甲", PANEL), &Command::new(CommandKind::Refuse));
    assert_eq!(code, "case.voted_twice");
}

#[test]
fn too_few_approvals_refuse() {
    let mut play = Play::open("2026-09-18");
    play.until_vote().act(("甲", PANEL), CommandKind::Approve);
    play.act(("乙", PANEL), CommandKind::Refuse).act(("丙", PANEL), CommandKind::Refuse);
    assert_eq!(
        play.state.ended.as_ref().map(|end| (end.outcome.as_str(), end.granted)),
        Some(("不通过", false))
    );
}

#[test]
fn a_vote_command_carries_its_choice_and_sets_facts() {
    let mut pack = pack();
    let vote = &mut pack.procedures.get_mut("需求评审").unwrap().steps[2];
    let passed = Condition {
        test: Test::Is(FACT_PASSED.to_owned(), FactValue::Flag(true)),
        remedy: None,
        clauses: Vec::new(),
    };
    let mut then = to("公示");
    then[0].when = Some(passed);
    then.extend(end("不通过", false));
    vote.actions = vec![action(CommandKind::Vote, then)];
    vote.vote = Some(VoteRule { quorum: 2, approvals: 2, sealed: false });
    for (second, step) in [(Ballot::Approve, "公示"), (Ballot::Refuse, "")] {
        let mut play = Play::open_with(pack.clone(), "2026-09-18");
        play.until_vote();
        let ballot = |vote| Command { vote: Some(vote), ..Command::new(CommandKind::Vote) };
        assert_eq!(play.refused(("甲", PANEL), &Command::new(CommandKind::Vote)), "case.vote_missing");
        play.try_do(&actor("甲", PANEL), &ballot(Ballot::Approve)).unwrap();
        play.try_do(&actor("乙", PANEL), &ballot(second)).unwrap();
        assert_eq!(play.step(), step);
    }
}

#[test]
fn a_counted_vote_takes_no_more() {
    let mut pack = pack();
    let vote = &mut pack.procedures.get_mut("需求评审").unwrap().steps[2];
    vote.actions = vec![action(CommandKind::Vote, Vec::new()), action(CommandKind::Close, to("公示"))];
    vote.vote = Some(VoteRule { quorum: 1, approvals: 1, sealed: true });
    let mut play = Play::open_with(pack, "2026-09-18");
    play.until_vote();
    let ballot = Command { vote: Some(Ballot::Approve), ..Command::new(CommandKind::Vote) };
    play.try_do(&actor("甲", PANEL), &ballot).unwrap();
    assert_eq!(play.step(), "表决");
    assert_eq!(play.refused(("乙", PANEL), &ballot), "case.vote_closed");
}

#[test]
fn a_ballot_is_no_occasion_for_a_paper_until_the_result_stands() {
    use crate::pack::OccasionEvent::Done;
    let mut play = Play::open("2026-09-18");
    play.until_vote();
    let mut seen = Vec::new();
    for (who, command) in
        [("甲", CommandKind::Approve), ("乙", CommandKind::Refuse), ("丙", CommandKind::Approve)]
    {
        let before = play.events.len();
        play.act((who, PANEL), command);
        seen.push(occasions(&play.events[before..]));
    }
    assert_eq!(seen, [vec![], vec![], vec![Done("表决".to_owned(), CommandKind::Approve)]]);
}

#[test]
fn occasions_are_named_once_in_the_order_they_came() {
    use crate::pack::OccasionEvent::{Done, Ended, Opened};
    let mut play = Play::open("2026-09-18");
    assert_eq!(occasions(&play.events), [Opened]);
    let before = play.events.len();
    play.until_vote().act(("甲", PANEL), CommandKind::Approve);
    play.act(("乙", PANEL), CommandKind::Refuse).act(("丙", PANEL), CommandKind::Refuse);
    let found = occasions(&play.events[before..]);
    assert_eq!(found.last(), Some(&Ended("不通过".to_owned())));
    let voted = Done("表决".to_owned(), CommandKind::Refuse);
    assert_eq!(found.iter().filter(|one| **one == voted).count(), 1);
}
