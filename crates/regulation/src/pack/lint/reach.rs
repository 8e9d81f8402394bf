//! Roles that somebody plays, commands that somebody can reach, clocks that somebody notices.

use std::collections::BTreeSet;

use super::{Finding, error, in_procedure, in_step, warning};
use crate::case::command_words;
use crate::pack::model::{
    Anchor, Binding, CommandKind, FieldKind, OnExpiry, Pack, Procedure, Role, RoleKey, Step,
};

pub(super) fn look(pack: &Pack, found: &mut Vec<Finding>) {
    roles(pack, found);
    parameters(pack, found);
    for procedure in pack.procedures.values() {
        bindings(pack, procedure, found);
        for step in &procedure.steps {
            actions(procedure, step, found);
            clock(procedure, step, found);
            takes_named_data(pack, procedure, step, found);
        }
    }
}

/// Roles that no procedure, clock or duty names.
fn roles(pack: &Pack, found: &mut Vec<Finding>) {
    let mut used: BTreeSet<&RoleKey> = pack.duties.iter().map(|duty| &duty.role).collect();
    used.extend(pack.duties.iter().flat_map(|duty| &duty.ladder).map(|rung| &rung.tell));
    for procedure in pack.procedures.values() {
        used.insert(&procedure.opener);
        used.extend(&procedure.readers);
        used.extend(&procedure.waiver);
        for step in &procedure.steps {
            used.insert(&step.role);
            used.extend(&step.joint);
            used.extend(step.actions.iter().flat_map(|action| &action.people.ask));
            used.extend(step.clock.iter().flat_map(|clock| &clock.ladder).map(|rung| &rung.tell));
        }
    }
    // A text without procedures names roles for the texts below it.
    let own = pack.procedures.is_empty();
    for role in pack.roles.values().filter(|role| !own && !used.contains(&role.key)) {
        let key = &role.key;
        found.push(warning(
            "lint.role_unused",
            format!("角色“{key}”"),
            format!("没有程序、提醒或者义务用到角色“{key}”"),
            format!("no procedure, reminder or duty uses the role `{key}`"),
        ));
    }
}

/// Values the platform itself reads, whatever the pack does with them.
const READ_BY_THE_PLATFORM: [&str; 12] = [
    "授权期限",
    "日志留存",
    "收益率上限",
    "最小实体数",
    "最大占比",
    "推断余量",
    "支配人数",
    "支配占比",
    "加噪数字上限",
    "抽样比例",
    "统计预算",
    "统计单价",
];

/// Values that rest on no clause, feed no condition or period and that the platform does not read either.
fn parameters(pack: &Pack, found: &mut Vec<Finding>) {
    let idle = |name: &str| !pack.parameters_used.contains(name) && !READ_BY_THE_PLATFORM.contains(&name);
    for parameter in pack.parameters.values().filter(|one| one.clauses.is_empty() && idle(&one.name)) {
        let name = &parameter.name;
        found.push(warning(
            "lint.parameter_unused",
            format!("参数“{name}”"),
            format!("没有依据，也没有条件或者期限用到参数“{name}”"),
            format!("the parameter `{name}` rests on no clause and no condition or period uses it"),
        ));
    }
}

/// A role found by a fact needs a fact that a case of the procedure can know.
fn bindings(pack: &Pack, procedure: &Procedure, found: &mut Vec<Finding>) {
    let known = known_facts(pack, procedure);
    let acting = procedure.steps.iter().flat_map(|step| {
        std::iter::once(&step.role)
            .chain(&step.joint)
            .chain(step.actions.iter().flat_map(|action| &action.people.ask))
            .map(move |role| (step, role))
    });
    for (step, role) in acting {
        let rule: Option<&Role> = pack.roles.get(role);
        if let Some(Binding::Fact(fact)) = rule.map(|rule| &rule.binding)
            && !known.contains(fact)
        {
            found.push(error(
                "lint.role_unbound",
                in_step(procedure, step),
                format!("角色“{role}”由事实“{fact}”确定，而本程序不会有这一事实"),
                format!("role `{role}` is found by the fact `{fact}`, which no case of this procedure knows"),
            ));
        }
    }
}

/// Every fact a case of the procedure may come to know.
pub(super) fn known_facts(pack: &Pack, procedure: &Procedure) -> BTreeSet<String> {
    let actions = || procedure.steps.iter().flat_map(|step| &step.actions);
    let rules = procedure.facts.iter().chain(&procedure.observed);
    let mut known: BTreeSet<String> =
        rules.chain(actions().flat_map(|action| &action.facts)).map(|rule| rule.key.clone()).collect();
    let forms = procedure.form.iter().chain(actions().filter_map(|action| action.form.as_ref()));
    let sections = forms.filter_map(|form| pack.forms.get(form)).flat_map(|form| &form.sections);
    known.extend(sections.flat_map(|section| &section.fields).filter_map(|field| field.fact.clone()));
    known
}

/// Of several actions with one command the first that nothing stands against is taken: behind one without
/// conditions no other is ever reached.
fn actions(procedure: &Procedure, step: &Step, found: &mut Vec<Finding>) {
    let mut open: BTreeSet<CommandKind> = BTreeSet::new();
    for action in &step.actions {
        if open.contains(&action.command) {
            let (zh, en) = command_words(action.command);
            found.push(error(
                "lint.action_unreachable",
                in_step(procedure, step),
                format!("前面已有不带条件的“{zh}”，后面的“{zh}”永远用不到"),
                format!("a `{en}` without conditions stands before this `{en}`, which is never reached"),
            ));
        }
        if action.requires.is_empty() {
            open.insert(action.command);
        }
    }
}

/// Time alone takes back only what the case's own forms name: without such a field everything granted to the
/// authorisation would go, which is for a person to decide.
fn takes_named_data(pack: &Pack, procedure: &Procedure, step: &Step, found: &mut Vec<Finding>) {
    if step.clock.as_ref().is_none_or(|clock| clock.on_expiry != OnExpiry::TakeBackData) {
        return;
    }
    let actions = procedure.steps.iter().flat_map(|step| &step.actions);
    let mut forms = procedure.form.iter().chain(actions.filter_map(|action| action.form.as_ref()));
    let names_data = forms.any(|form| {
        let sections = pack.forms.get(form).into_iter().flat_map(|form| &form.sections);
        sections.flat_map(|section| &section.fields).any(|field| field.kind == FieldKind::Resources)
    });
    if !names_data {
        found.push(error(
            "lint.clock_takes_everything",
            in_step(procedure, step),
            "届满收回数据，而本程序的表单没有“数据资源”栏，会收回该授权的全部数据；请写明收回哪些",
            "the clock takes data back, but no form of the procedure names any, so everything would go",
        ));
    }
}

/// A clock that runs out has to matter to somebody, and it has to start at all.
fn clock(procedure: &Procedure, step: &Step, found: &mut Vec<Finding>) {
    let Some(clock) = &step.clock else {
        return;
    };
    if clock.on_expiry == OnExpiry::RemindAndEscalate && clock.ladder.is_empty() {
        found.push(error(
            "lint.clock_unnoticed",
            in_step(procedure, step),
            "期限届满只提醒，却没有写“提醒”谁；请写明提醒，或者另写后果",
            "the clock only reminds, but names nobody to remind; write 提醒 or another consequence",
        ));
    }
    let starts = match &clock.anchor {
        Anchor::Received | Anchor::Filed | Anchor::Fact(_) | Anchor::Entered(_) => None,
        Anchor::Accepted => Some(CommandKind::Accept),
        Anchor::Published => Some(CommandKind::Publish),
        Anchor::Signed => Some(CommandKind::Sign),
    };
    let mut done = procedure.steps.iter().flat_map(|step| &step.actions).map(|action| action.command);
    if let Some(command) = starts.filter(|command| !done.any(|one| one == *command)) {
        let (zh, en) = command_words(command);
        found.push(error(
            "lint.clock_never_starts",
            in_procedure(procedure),
            format!("环节“{}”的期限自“{zh}”起算，而本程序没有“{zh}”", step.id),
            format!("the clock of step `{}` starts with `{en}`, which the procedure never does", step.id),
        ));
    }
}
