//! The rules of a procedure that can be taken away one at a time, to see whether a scenario notices.

use super::{Finding, error, in_procedure, in_step, warning};
use crate::case::command_words;
use crate::pack::model::{Action, Anchor, Branch, ClockRule, Measure, Procedure, Target};

/// A rule of a procedure that can be taken away.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// A button.
    Action(usize, usize),
    /// A condition of a button.
    Condition(usize, usize, usize),
    /// A branch that has a condition.
    Branch(usize, usize, usize),
    /// What a branch makes owed next (转办).
    Opens(usize, usize, usize),
    /// An attachment that an action asks for, and the condition it is asked for under.
    Enclosure(usize, usize, usize),
    EnclosureWhen(usize, usize, usize),
    /// An attachment that opening asks for, and the condition it is asked for under.
    Attachment(usize),
    AttachmentWhen(usize),
    /// The time for corrections.
    Correction(usize),
    /// A whole clock.
    Clock(usize),
    /// Where the length of a clock comes from and which way it is counted.
    Measure(usize),
    /// What starts a clock other than the day the step is entered.
    Anchor(usize),
    /// What the clock says about its last day.
    LastDay(usize),
    /// A reminder some months or days ahead of the last day.
    Rung(usize, usize),
    /// A role that acts jointly.
    Joint(usize, usize),
    /// A separation of duties.
    Separation(usize),
}

/// Every rule of a procedure that can be taken away.
pub(super) fn rules_of(procedure: &Procedure) -> Vec<Rule> {
    let mut rules: Vec<Rule> = (0..procedure.separations.len()).map(Rule::Separation).collect();
    for (n, attachment) in procedure.attachments.iter().enumerate() {
        rules.extend(attachment.required.then_some(Rule::Attachment(n)));
        rules.extend(attachment.when.is_some().then_some(Rule::AttachmentWhen(n)));
    }
    for (at, step) in procedure.steps.iter().enumerate() {
        rules.extend(step.clock.iter().flat_map(|clock| of_clock(at, clock)));
        rules.extend(step.correction.is_some().then_some(Rule::Correction(at)));
        rules.extend((0..step.joint.len()).map(|n| Rule::Joint(at, n)));
        for (n, action) in step.actions.iter().enumerate() {
            rules.push(Rule::Action(at, n));
            rules.extend((0..action.requires.len()).map(|condition| Rule::Condition(at, n, condition)));
            let branches = action.then.iter().filter(|branch| branch.when.is_some()).count();
            rules.extend((0..branches).map(|branch| Rule::Branch(at, n, branch)));
            let opens = |branch: &Branch| matches!(&branch.to, Target::End { opens: Some(_), .. });
            let next = action.then.iter().enumerate().filter(|(_, branch)| opens(branch));
            rules.extend(next.map(|(branch, _)| Rule::Opens(at, n, branch)));
            for (index, enclosure) in action.attachments.iter().enumerate() {
                rules.push(Rule::Enclosure(at, n, index));
                rules.extend(enclosure.when.is_some().then_some(Rule::EnclosureWhen(at, n, index)));
            }
        }
    }
    rules
}

fn of_clock(at: usize, clock: &ClockRule) -> Vec<Rule> {
    let mut rules = vec![Rule::Clock(at)];
    if clock.measure != Measure::Forward {
        rules.push(Rule::Measure(at));
    }
    if matches!(clock.anchor, Anchor::Fact(_) | Anchor::Entered(_) | Anchor::Filed) {
        rules.push(Rule::Anchor(at));
    }
    if clock.rolls.is_some() {
        rules.push(Rule::LastDay(at));
    }
    let ahead = clock.ladder.iter().enumerate().filter(|(_, rung)| rung.before.is_some());
    rules.extend(ahead.map(|(n, _)| Rule::Rung(at, n)));
    rules
}

/// The procedure as it would be without the rule.
pub(super) fn without(procedure: &Procedure, rule: Rule) -> Procedure {
    let mut procedure = procedure.clone();
    match rule {
        Rule::Separation(index) => drop_at(&mut procedure.separations, index),
        Rule::Attachment(index) => drop_at(&mut procedure.attachments, index),
        Rule::AttachmentWhen(index) => {
            if let Some(attachment) = procedure.attachments.get_mut(index) {
                attachment.when = None;
            }
        }
        Rule::Clock(at) => {
            if let Some(step) = procedure.steps.get_mut(at) {
                step.clock = None;
            }
        }
        Rule::Correction(at) => {
            if let Some(step) = procedure.steps.get_mut(at) {
                step.correction = None;
            }
        }
        Rule::Measure(at) => clock(&mut procedure, at, |clock| clock.measure = Measure::Forward),
        Rule::Anchor(at) => clock(&mut procedure, at, |clock| clock.anchor = Anchor::Received),
        Rule::LastDay(at) => clock(&mut procedure, at, |clock| clock.rolls = None),
        Rule::Rung(at, index) => clock(&mut procedure, at, |clock| drop_at(&mut clock.ladder, index)),
        Rule::Joint(at, index) => {
            if let Some(step) = procedure.steps.get_mut(at) {
                drop_at(&mut step.joint, index);
            }
        }
        Rule::Action(at, n) => {
            if let Some(step) = procedure.steps.get_mut(at) {
                drop_at(&mut step.actions, n);
            }
        }
        Rule::Condition(at, n, index) => {
            action(&mut procedure, at, n, |action| drop_at(&mut action.requires, index));
        }
        Rule::Branch(at, n, index) => {
            action(&mut procedure, at, n, |action| drop_at(&mut action.then, index));
        }
        Rule::Opens(at, n, index) => action(&mut procedure, at, n, |action| {
            if let Some(Target::End { opens, .. }) = action.then.get_mut(index).map(|branch| &mut branch.to) {
                *opens = None;
            }
        }),
        Rule::Enclosure(at, n, index) => {
            action(&mut procedure, at, n, |action| drop_at(&mut action.attachments, index));
        }
        Rule::EnclosureWhen(at, n, index) => action(&mut procedure, at, n, |action| {
            if let Some(enclosure) = action.attachments.get_mut(index) {
                enclosure.when = None;
            }
        }),
    }
    procedure
}

fn drop_at<T>(list: &mut Vec<T>, index: usize) {
    if index < list.len() {
        list.remove(index);
    }
}

fn clock(procedure: &mut Procedure, at: usize, change: impl FnOnce(&mut ClockRule)) {
    if let Some(clock) = procedure.steps.get_mut(at).and_then(|step| step.clock.as_mut()) {
        change(clock);
    }
}

fn action(procedure: &mut Procedure, at: usize, n: usize, change: impl FnOnce(&mut Action)) {
    if let Some(action) = procedure.steps.get_mut(at).and_then(|step| step.actions.get_mut(n)) {
        change(action);
    }
}

/// The finding for a rule that nobody would miss.
pub(super) fn untested(procedure: &Procedure, rule: Rule) -> Finding {
    let (at, zh, en) = named(procedure, rule);
    let step = at.and_then(|at| procedure.steps.get(at));
    let place = step.map_or_else(|| in_procedure(procedure), |step| in_step(procedure, step));
    let (zh, en) =
        (format!("去掉{zh}，没有样例会发现"), format!("no scenario notices when {en} is taken away"));
    // A branch more or less is judged by a person; what protects somebody has to be shown.
    match rule {
        Rule::Branch(..) => warning("lint.rule_untested", place, zh, en),
        _ => error("lint.rule_untested", place, zh, en),
    }
}

/// The step of a rule and the rule in words.
fn named(procedure: &Procedure, rule: Rule) -> (Option<usize>, String, String) {
    let words = |at: usize, n: usize| {
        let action = procedure.steps.get(at).and_then(|step| step.actions.get(n));
        let own = action.and_then(|action| Some((action.label.clone()?, action.label_en.clone()?)));
        let (zh, en) = action.map(|action| command_words(action.command)).unwrap_or_default();
        own.unwrap_or_else(|| (zh.to_owned(), en.to_owned()))
    };
    let of_action = |(at, n): (usize, usize), zh: String, en: String| {
        let (button, button_en) = words(at, n);
        (Some(at), format!("“{button}”的{zh}"), format!("{en} of `{button_en}`"))
    };
    let of_step = |at: usize, zh: &str, en: &str| (Some(at), zh.to_owned(), en.to_owned());
    match rule {
        Rule::Separation(index) => {
            (None, format!("第{}条回避", index + 1), format!("separation {}", index + 1))
        }
        Rule::Attachment(index) => {
            (None, format!("第{}个附件", index + 1), format!("attachment {}", index + 1))
        }
        Rule::AttachmentWhen(index) => (
            None,
            format!("第{}个附件的“若”", index + 1),
            format!("the condition of attachment {}", index + 1),
        ),
        Rule::Clock(at) => of_step(at, "期限", "the clock"),
        Rule::Correction(at) => of_step(at, "补正期限", "the time for corrections"),
        Rule::Measure(at) => {
            of_step(at, "期限长度的来源或者倒算", "the source or direction of the clock's length")
        }
        Rule::Anchor(at) => of_step(at, "期限的“自”", "the day the clock starts on"),
        Rule::LastDay(at) => of_step(at, "期限的“末日”", "the clock's rule for its last day"),
        Rule::Rung(at, index) => {
            (Some(at), format!("第{}级提醒", index + 1), format!("reminder {}", index + 1))
        }
        Rule::Joint(at, index) => {
            (Some(at), format!("第{}个会同角色", index + 1), format!("joint role {}", index + 1))
        }
        Rule::Action(at, n) => {
            let (zh, en) = words(at, n);
            (Some(at), format!("“{zh}”"), format!("the action `{en}`"))
        }
        Rule::Condition(at, n, index) => {
            of_action((at, n), format!("第{}个条件", index + 1), format!("condition {}", index + 1))
        }
        Rule::Branch(at, n, index) => {
            of_action((at, n), format!("第{}条去向", index + 1), format!("branch {}", index + 1))
        }
        Rule::Opens(at, n, _) => of_action((at, n), "转办".to_owned(), "what becomes owed (转办)".to_owned()),
        Rule::Enclosure(at, n, index) => {
            of_action((at, n), format!("第{}个附件", index + 1), format!("attachment {}", index + 1))
        }
        Rule::EnclosureWhen(at, n, index) => of_action(
            (at, n),
            format!("第{}个附件的“若”", index + 1),
            format!("the condition of attachment {}", index + 1),
        ),
    }
}
