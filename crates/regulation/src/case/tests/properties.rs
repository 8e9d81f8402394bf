//! Random people do random things at random times; what the kernel promises holds all the same.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fixture::*;
use crate::calendar::Calendar;
use crate::calendar::tests::national;
use crate::case::scenario::{sample_attachment, sample_fact, sample_form};
use crate::case::*;
use crate::pack::model::*;

pub(super) const COMMANDS: [CommandKind; 50] = [
    CommandKind::Submit,
    CommandKind::Accept,
    CommandKind::ReturnForCorrection,
    CommandKind::Supplement,
    CommandKind::Withdraw,
    CommandKind::Approve,
    CommandKind::ApprovePartly,
    CommandKind::Refuse,
    CommandKind::Dispute,
    CommandKind::Vote,
    CommandKind::Resolve,
    CommandKind::Determine,
    CommandKind::Publish,
    CommandKind::Object,
    CommandKind::Answer,
    CommandKind::File,
    CommandKind::Sign,
    CommandKind::Train,
    CommandKind::Examine,
    CommandKind::OrderRectification,
    CommandKind::ReportRectification,
    CommandKind::AcceptRectification,
    CommandKind::Suspend,
    CommandKind::Resume,
    CommandKind::Revoke,
    CommandKind::Evaluate,
    CommandKind::Repair,
    CommandKind::Destroy,
    CommandKind::Close,
    CommandKind::Register,
    CommandKind::Inspect,
    CommandKind::ReportIncident,
    CommandKind::Drill,
    CommandKind::SelfEvaluate,
    CommandKind::Archive,
    CommandKind::HandOverMaterials,
    CommandKind::Notify,
    CommandKind::Grant,
    CommandKind::Reduce,
    CommandKind::Extend,
    CommandKind::Announce,
    CommandKind::AmendAgreement,
    CommandKind::AcceptDelivery,
    CommandKind::HandOver,
    CommandKind::Delegate,
    CommandKind::Consult,
    CommandKind::EndConsult,
    CommandKind::Opine,
    CommandKind::Recuse,
    CommandKind::Draw,
];

/// One random move: either any command, or one that the step offers.
#[derive(Debug, Clone)]
pub(super) struct Move {
    kind: usize,
    offered: bool,
    pub(super) person: usize,
    complete: bool,
    pub(super) days: i32,
    choice: u8,
}

pub(super) fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0_usize..1_000, any::<bool>(), 0_usize..1_000, 0_u8..8, 0_i32..12, any::<u8>());
    let one = one.prop_map(|(kind, offered, person, complete, days, choice)| Move {
        kind,
        offered,
        person,
        complete: complete > 0,
        days: if days > 6 { days - 6 } else { 0 },
        choice,
    });
    proptest::collection::vec(one, 1..40)
}

pub(super) fn command(state: &CaseState, pack: &Pack, one: &Move, today: base::Date) -> Command {
    if state.waits_for_opener() && one.offered {
        return super::owed::fill_in(pack, state, today);
    }
    let procedure = &pack.procedures[&state.procedure];
    let open = state.step.as_ref().map(|open| open.step.as_str());
    let step = procedure.steps.iter().find(|step| Some(step.id.as_str()) == open);
    let actions = step.map(|step| step.actions.as_slice()).unwrap_or_default();
    let kind = match actions.get(one.kind % actions.len().max(1)) {
        Some(_) if state.awaiting.is_some() && one.offered => CommandKind::Supplement,
        Some(action) if one.offered => action.command,
        _ => COMMANDS[one.kind % COMMANDS.len()],
    };
    let mut command = Command::new(kind);
    if !one.complete {
        return command;
    }
    command.opinion = Some("意见".to_owned());
    command.vote = Some(if one.choice.is_multiple_of(3) { Ballot::Refuse } else { Ballot::Approve });
    command.attachments = vec![sample_attachment("补充")];
    if kind == CommandKind::ReturnForCorrection {
        command.defects = return_command().defects;
    }
    if let Some(action) = actions.iter().find(|action| action.command == kind) {
        let form = action.form.as_ref().map(|form| &pack.forms[form]);
        command.form = form.map(|form| sample_form(form, today, &state.facts, None).0).unwrap_or_default();
        command.attachments.extend(action.attachments.iter().map(|one| sample_attachment(&one.name)));
        for fact in &action.facts {
            let bound = |role: &&Role| matches!(&role.binding, Binding::Fact(key) if *key == fact.key);
            let listed = pack.roles.values().find(bound).and_then(|role| role.units.first());
            let unit = listed.map_or("water", String::as_str);
            command.facts.insert(fact.key.clone(), sample_fact(fact.kind, today, unit));
        }
    }
    command
}

/// Plays the moves and checks every promise after each.
pub(super) fn play(pack: &Pack, calendar: &Calendar, start: Vec<Event>, moves: &[Move], people: &[Actor]) {
    let mut now = start[0].at;
    let mut events = start;
    let mut state = fold(&events).unwrap();
    for one in moves {
        now = now.plus_seconds(i64::from(one.days) * 86_400 + 60);
        let context = Context { pack, calendar, now };
        let ticked = tick(&state, &context);
        let after = ticked.iter().fold(Some(state.clone()), evolve).unwrap();
        assert!(tick(&after, &context).is_empty() || after.step != state.step, "ticks are idempotent");
        check_tick(&state, &ticked);
        (state, events) = (after, [events, ticked].concat());
        let who = &people[one.person % people.len()];
        let mut command = command(&state, pack, one, context.today());
        super::people::choose(&mut command, &state, who, people, one.kind, &context);
        let before = state.clone();
        let decided = decide(&state, &command, who, &context);
        assert_eq!(decided, decide(&state, &command, who, &context), "a decision is a function");
        if before.ended.is_some() {
            assert_eq!(decided.as_ref().unwrap_err().code, "case.ended");
        }
        match decided {
            Ok(new) => {
                check_hands(&before, &command, who, pack);
                super::people::check_people(&before, &command, who, &new);
                state = new.iter().fold(Some(state), evolve).unwrap();
                events.extend(new);
            }
            Err(rejection) => {
                assert!(!rejection.zh.is_empty() && !rejection.en.is_empty());
                assert!(!rejection.clauses.is_empty(), "every refusal has its clause: {rejection:?}");
            }
        }
        check_state(&state, &events, &context, people);
        check_wakes(&state, &context);
    }
}

/// The day to wake a case is the first on which the clock has something to do, no day earlier and none later.
pub(super) fn check_wakes(state: &CaseState, context: &Context<'_>) {
    let rings = |day: base::Date| {
        let now = day.start_at(context.pack.counting.utc_offset_seconds).plus_seconds(3_600);
        !tick(state, &Context { now, ..*context }).is_empty()
    };
    let today = context.today();
    match wakes(state, context) {
        None => assert!(!rings(today) && !rings(today.plus_days(800)), "it rings and nobody wakes it"),
        Some(day) => {
            assert!(rings(day.max(today)), "woken on {day} for nothing");
            assert!(day <= today || !rings(day.plus_days(-1)), "woken on {day}, too late");
        }
    }
}

/// Silence never grants, and no rung rings twice.
fn check_tick(before: &CaseState, ticked: &[Event]) {
    for event in ticked {
        assert!(event.actor.is_none());
        match &event.body {
            EventBody::Ended { granted, .. } => assert!(!granted),
            EventBody::EffectDue { effect, .. } => {
                assert!(matches!(effect, Effect::CloseAccess | Effect::RevokeGrant), "{effect:?}");
            }
            EventBody::ClockRang { step, unit, days_left, tell, .. } => {
                if let Some(owed) = before.owed.as_ref().filter(|_| before.waits_for_opener()) {
                    assert!(!owed.rung.contains(&(*days_left, tell.clone())));
                    continue;
                }
                let mut rung =
                    before.clocks.iter().filter(|clock| clock.step == *step && clock.unit == *unit);
                let last = rung.next_back().unwrap();
                assert!(!last.rung.contains(&(*days_left, tell.clone())));
            }
            _ => {}
        }
    }
}

/// The unit held the task, had not done it, and no separation rule kept the person away.
fn check_hands(before: &CaseState, command: &Command, who: &Actor, pack: &Pack) {
    if let Some(owed) = before.owed.as_ref().filter(|_| before.waits_for_opener()) {
        assert_eq!(owed.units.contains(&who.unit), command.kind == CommandKind::Submit);
        return;
    }
    if super::people::beside(before, command, who) {
        return;
    }
    let open = before.step.as_ref().unwrap();
    let seat = open.seats.iter().find(|seat| seat.unit == who.unit);
    let own = matches!(command.kind, CommandKind::Supplement | CommandKind::Withdraw);
    if own && (before.awaiting.is_some() || command.kind == CommandKind::Withdraw) {
        assert_eq!(who.unit, before.opener.unit, "correcting and withdrawing belong to the opener");
        return;
    }
    assert!(open.anyone || seat.is_some(), "only a seated unit acts");
    assert!(!open.each_unit || seat.unwrap().done.is_none(), "a task is done once");
    assert!(before.awaiting.is_none(), "nothing moves while a correction is awaited");
    for rule in &pack.procedures[&before.procedure].separations {
        for (here, other) in [(&rule.first, &rule.second), (&rule.second, &rule.first)] {
            if *here != Who::Step(open.step.clone()) {
                continue;
            }
            let mut others: Vec<&Actor> = match other {
                Who::Opener => vec![&before.opener],
                Who::Step(step) => {
                    before.acts.iter().filter(|act| act.step == *step).map(|act| &act.by).collect()
                }
            };
            others.retain(
                |other| if rule.by_unit { other.unit == who.unit } else { other.person == who.person },
            );
            assert!(others.is_empty(), "separation holds");
        }
    }
}

fn check_state(state: &CaseState, events: &[Event], context: &Context<'_>, people: &[Actor]) {
    assert_eq!(fold(events).as_ref(), Some(state), "the same events give the same state");
    assert_eq!(state.version, events.len() as u64);
    assert!(events.iter().all(|event| !event.clauses.is_empty()), "every event has its clause");
    assert_eq!(state.step.is_none(), state.ended.is_some() || state.waits_for_opener());
    let json = serde_json::to_vec(events).unwrap();
    assert_eq!(serde_json::from_slice::<Vec<Event>>(&json).unwrap(), events, "events survive storage");
    let views = clocks(state, context);
    let owed = usize::from(state.owed.as_ref().is_some_and(|owed| owed.clock.is_some()));
    for (view, clock) in views.iter().skip(owed).zip(&state.clocks) {
        assert!(clock.run == Run::Backward || view.due.is_none_or(|due| due >= view.start));
        let mut rung = BTreeSet::new();
        assert!(clock.rung.iter().all(|one| rung.insert(one)), "rungs ring once");
        let left: Vec<i32> = clock.rung.iter().map(|(left, _)| *left).collect();
        assert!(left.is_sorted_by(|a, b| a >= b), "rungs ring in order");
        let plain = context.calendar.add_period(clock.start, clock.period, &context.pack.counting);
        let usual = clock.run.is_forward() && clock.rolls.is_none();
        assert!(!usual || view.due.is_none_or(|due| due >= plain.due), "a stop never shortens a clock");
    }
    assert_eq!(timeline(events).len(), events.len());
    assert_eq!(open_tasks(state).is_empty(), state.ended.is_some());
    for who in people {
        let may = available(state, who, context);
        assert!(state.ended.is_none() || may.is_empty());
        let seated = state.seated.values().any(|units| units.contains(&who.unit));
        assert!(!seated || may_read(state, &who.unit, context), "who has to act may read");
    }
}

pub(super) fn crowd() -> Vec<Actor> {
    let mut people = vec![
        actor("申", APPLICANT),
        actor("申二", APPLICANT),
        actor("受", BUREAU),
        actor("受二", BUREAU),
        actor("水", "water"),
        actor("民", "civil"),
        actor("某", "citizen"),
        actor("协", COORDINATION),
        actor("受", COORDINATION),
    ];
    people.extend(["甲", "乙", "丙", "申"].map(|name| actor(name, PANEL)));
    people
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_lives_keep_every_promise(moves in moves(), day in 0_i32..360) {
        let (pack, calendar) = (pack(), national());
        let day = date("2025-12-20").plus_days(day).to_string();
        let context = Context { pack: &pack, calendar: &calendar, now: at(&day) };
        let start = open(&context, &application(&pack, &day)).unwrap();
        play(&pack, &calendar, start, &moves, &crowd());
    }

    #[test]
    fn any_order_of_events_folds(moves in moves(), shuffle in any::<u64>()) {
        // evolve is total: even a stream that never happened folds without a panic.
        let (pack, calendar) = (pack(), national());
        let context = Context { pack: &pack, calendar: &calendar, now: at("2026-09-18") };
        let mut events = open(&context, &application(&pack, "2026-09-18")).unwrap();
        let mut state = fold(&events).unwrap();
        for one in &moves {
            let who = crowd().swap_remove(one.person % 13);
            if let Ok(new) = decide(&state, &command(&state, &pack, one, context.today()), &who, &context) {
                state = new.iter().fold(Some(state), evolve).unwrap();
                events.extend(new);
            }
        }
        let count = events.len();
        let start = (shuffle as usize) % count;
        let folded = fold(events[1..].iter().rev());
        prop_assert!(folded.is_none());
        let mut odd = vec![events[0].clone()];
        odd.extend(events.iter().cycle().skip(start).step_by(3).take(count).cloned());
        prop_assert!(fold(&odd).is_some());
        prop_assert!(evolve(None, &events[count - 1]).is_none());
    }
}
