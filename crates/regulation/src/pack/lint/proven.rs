//! Every clause accounted for and shown, every scenario holds, every rule noticed by a scenario.
//!
//! A rule counts as tested when some scenario of its procedure no longer holds once the rule is taken away. That is
//! stronger than having been passed: a condition nobody violates can be deleted without anyone noticing.

use super::persons::is_idle;
use super::{Finding, error, in_procedure, in_step, warning};
use crate::calendar::Calendar;
use crate::case::command_words;
use crate::case::scenario::run_one;
use crate::pack::coverage::{cited, excuse_fault};
use crate::pack::model::{Action, Means, Pack, Procedure, ProcedureId, Scenario, Step};
use crate::pack::proof::{Standing, proof};

pub(super) fn look(pack: &Pack, calendar: &Calendar, found: &mut Vec<Finding>) {
    clauses(pack, calendar, found);
    let mut failed = false;
    for scenario in &pack.scenarios {
        for failure in run_one(pack, calendar, scenario) {
            failed = true;
            let place = format!("样例“{}”", failure.scenario);
            found.push(error("lint.scenario_fails", place, failure.zh, failure.en));
        }
    }
    // With a scenario that fails anyway nothing could be told from failures.
    if !failed {
        rules(pack, calendar, found);
    }
}

fn clauses(pack: &Pack, calendar: &Calendar, found: &mut Vec<Finding>) {
    let cited = cited(pack);
    let place = |clause: &str| format!("条款“{clause}”");
    for one in proof(pack, calendar) {
        if one.means.is_none() {
            found.push(error(
                "lint.means_missing",
                place(&one.clause),
                "没有写明“手段”（强制、自动、记录、外部）",
                "the clause does not say its 手段 (强制, 自动, 记录, 外部)",
            ));
        }
        if let Some((zh, en)) = excuse_fault(pack, &one.clause).filter(|_| !cited.contains(&one.clause)) {
            found.push(error("lint.excuse_unfit", place(&one.clause), zh, en));
        }
        match one.standing {
            Standing::Missing => found.push(error(
                "lint.clause_missing",
                place(&one.clause),
                "既没有规则引用，也没有说明理由",
                "neither a rule nor a reason accounts for the clause",
            )),
            Standing::Unproven => {
                let (zh, en) = wanted(one.means);
                found.push(error("lint.unproven", place(&one.clause), zh, en));
            }
            _ => {}
        }
    }
}

const fn wanted(means: Option<Means>) -> (&'static str, &'static str) {
    match means {
        Some(Means::Enforce) => {
            ("没有样例以该条款拒绝违反它的行为", "no scenario has a violation refused on this clause")
        }
        Some(Means::Automate) => (
            "没有样例依该条款写明自动发生的结果（到期、效果、办结、期限届满后的去向）",
            "no scenario on this clause expects something that happens by itself",
        ),
        _ => ("没有样例引用该条款", "no scenario rests on this clause"),
    }
}

/// A rule of a procedure that can be taken away.
#[derive(Debug, Clone, Copy)]
enum Rule {
    Action(usize, usize),
    Condition(usize, usize, usize),
    Branch(usize, usize, usize),
    Clock(usize),
    Separation(usize),
}

fn rules(pack: &Pack, calendar: &Calendar, found: &mut Vec<Finding>) {
    let mut trial = pack.clone();
    let scenarios = std::mem::take(&mut trial.scenarios);
    for procedure in pack.procedures.values() {
        let own: Vec<&Scenario> =
            scenarios.iter().filter(|scenario| scenario.procedure == procedure.id).collect();
        for rule in rules_of(procedure) {
            let idle = |index: usize| {
                procedure.separations.get(index).is_some_and(|rule| is_idle(pack, procedure, rule))
            };
            if matches!(rule, Rule::Separation(index) if idle(index)) {
                continue;
            }
            put(&mut trial, &procedure.id, without(procedure, rule));
            let noticed = own.iter().any(|scenario| !run_one(&trial, calendar, scenario).is_empty());
            if !noticed {
                found.push(untested(procedure, rule));
            }
        }
        put(&mut trial, &procedure.id, procedure.clone());
    }
}

fn put(pack: &mut Pack, id: &ProcedureId, procedure: Procedure) {
    pack.procedures.insert(id.clone(), procedure);
}

fn rules_of(procedure: &Procedure) -> Vec<Rule> {
    let mut rules: Vec<Rule> = (0..procedure.separations.len()).map(Rule::Separation).collect();
    for (at, step) in procedure.steps.iter().enumerate() {
        rules.extend(step.clock.iter().map(|_| Rule::Clock(at)));
        for (n, action) in step.actions.iter().enumerate() {
            rules.push(Rule::Action(at, n));
            rules.extend((0..action.requires.len()).map(|condition| Rule::Condition(at, n, condition)));
            let branches = action.then.iter().filter(|branch| branch.when.is_some()).count();
            rules.extend((0..branches).map(|branch| Rule::Branch(at, n, branch)));
        }
    }
    rules
}

/// The procedure as it would be without the rule.
fn without(procedure: &Procedure, rule: Rule) -> Procedure {
    let mut procedure = procedure.clone();
    let action = |procedure: &mut Procedure, at: usize, n: usize, change: &dyn Fn(&mut Action)| {
        let step = procedure.steps.get_mut(at);
        if let Some(action) = step.and_then(|step| step.actions.get_mut(n)) {
            change(action);
        }
    };
    let drop = |list: &mut Vec<_>, index: usize| {
        if index < list.len() {
            list.remove(index);
        }
    };
    match rule {
        Rule::Separation(index) => {
            procedure.separations.remove(index);
        }
        Rule::Clock(at) => {
            if let Some(step) = procedure.steps.get_mut(at) {
                step.clock = None;
            }
        }
        Rule::Action(at, n) => {
            if let Some(step) = procedure.steps.get_mut(at) {
                step.actions.remove(n);
            }
        }
        Rule::Condition(at, n, index) => action(&mut procedure, at, n, &|action| {
            drop(&mut action.requires, index);
        }),
        Rule::Branch(at, n, index) => action(&mut procedure, at, n, &|action| {
            action.then.remove(index);
        }),
    }
    procedure
}

fn untested(procedure: &Procedure, rule: Rule) -> Finding {
    let words = |step: &Step, n: usize| {
        let action = step.actions.get(n);
        let own = action.and_then(|action| Some((action.label.clone()?, action.label_en.clone()?)));
        let (zh, en) = action.map(|action| command_words(action.command)).unwrap_or_default();
        own.unwrap_or_else(|| (zh.to_owned(), en.to_owned()))
    };
    let (at, zh, en) = match rule {
        Rule::Separation(index) => {
            let (zh, en) = (format!("第{}条回避", index + 1), format!("separation {}", index + 1));
            (None, zh, en)
        }
        Rule::Clock(at) => (Some(at), "期限".to_owned(), "the clock".to_owned()),
        Rule::Action(at, n) => {
            let (zh, en) = procedure.steps.get(at).map(|step| words(step, n)).unwrap_or_default();
            (Some(at), format!("“{zh}”"), format!("the action `{en}`"))
        }
        Rule::Condition(at, n, index) => {
            let (zh, en) = procedure.steps.get(at).map(|step| words(step, n)).unwrap_or_default();
            (Some(at), format!("“{zh}”的第{}个条件", index + 1), format!("condition {} of `{en}`", index + 1))
        }
        Rule::Branch(at, n, index) => {
            let (zh, en) = procedure.steps.get(at).map(|step| words(step, n)).unwrap_or_default();
            (Some(at), format!("“{zh}”的第{}条去向", index + 1), format!("branch {} of `{en}`", index + 1))
        }
    };
    let step = at.and_then(|at| procedure.steps.get(at));
    let place = step.map_or_else(|| in_procedure(procedure), |step| in_step(procedure, step));
    let (zh, en) =
        (format!("去掉{zh}，没有样例会发现"), format!("no scenario notices when {en} is taken away"));
    // A branch or an action more or less is judged by a person; what protects somebody has to be shown.
    match rule {
        Rule::Condition(..) | Rule::Separation(_) | Rule::Clock(_) | Rule::Action(..) => {
            error("lint.rule_untested", place, zh, en)
        }
        Rule::Branch(..) => warning("lint.rule_untested", place, zh, en),
    }
}
