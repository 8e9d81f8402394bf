//! Every clause accounted for and shown, every scenario holds, every rule noticed by a scenario.
//!
//! A rule counts as tested when some scenario of its procedure no longer holds once the rule is taken away. That is
//! stronger than having been passed: a condition nobody violates can be deleted without anyone noticing. See [`super::rules`] for what counts as a rule.

use super::persons::is_idle;
use super::rules::{Rule, rules_of, untested, without};
use super::{Finding, error, scenario_fails};
use crate::calendar::Calendar;
use crate::case::scenario::run_one;
use crate::pack::coverage::{cited, excuse_fault};
use crate::pack::model::{Means, Pack, Procedure, ProcedureId, Scenario};
use crate::pack::proof::{Standing, proof};

pub(super) fn look(pack: &Pack, calendar: &Calendar, found: &mut Vec<Finding>) {
    clauses(pack, calendar, found);
    let mut failed = false;
    for scenario in &pack.scenarios {
        for failure in run_one(pack, calendar, scenario) {
            failed = true;
            found.push(scenario_fails(failure));
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
