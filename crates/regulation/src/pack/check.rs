//! Cross-checks: every name exists, every step is reached and left, every clock has a consequence that leads on.

use std::collections::{BTreeMap, BTreeSet};

use super::check_facts::Known;
use super::draft::{Draft, Located, Reference};
use super::model::{
    Binding, CommandKind, FactKind, Field, FieldKind, FormId, OnExpiry, Pack, Procedure, RoleKey, Step,
    StepId, Target, Who,
};
use super::report::{Place, Report, hint, shown};
use crate::case::{FACT_APPROVALS, FACT_DRAWN, FACT_PASSED, FACT_REFUSALS};

/// Every name written in the pack's own files exists.
pub(crate) fn references(draft: &Draft, pack: &Pack, report: &mut Report) {
    let facts: BTreeMap<&String, BTreeMap<String, FactKind>> =
        pack.procedures.values().map(|procedure| (&procedure.id, facts_of(procedure, pack))).collect();
    for Located { value, place } in &draft.references {
        match value {
            Reference::Clause(name) => known("条款", "clause", name, pack.clauses.keys(), place, report),
            Reference::Role(name) => known("角色", "role", name, pack.roles.keys(), place, report),
            Reference::Signer(name) => {
                let units = pack.roles.values().flat_map(|role| &role.units);
                known("角色或者机构", "role or unit", name, pack.roles.keys().chain(units), place, report);
            }
            Reference::Form(name) => known("表单", "form", name, pack.forms.keys(), place, report),
            Reference::Parameter(name) => {
                known("参数", "parameter", name, pack.parameters.keys(), place, report);
            }
            Reference::Procedure(name) => {
                known("程序", "procedure", name, pack.procedures.keys(), place, report);
            }
            Reference::Duty(name) => {
                known("周期义务", "duty", name, pack.duties.iter().map(|duty| &duty.name), place, report);
            }
            Reference::Step(procedure, name) => {
                let steps = pack.procedures.get(procedure).map(|one| one.steps.iter().map(|step| &step.id));
                known("环节", "step", name, steps.into_iter().flatten(), place, report);
            }
            Reference::Attachment(procedure, name) => {
                let asked = pack.procedures.get(procedure).into_iter().flat_map(attachments_of);
                known("附件", "attachment", name, asked, place, report);
            }
            Reference::Fact(procedure, name, shape) => {
                Known { facts: facts.get(procedure), pack }.one(name, *shape, place, report);
            }
            Reference::Facts(procedure, one, other, ordered) => {
                let known = Known { facts: facts.get(procedure), pack };
                known.two((one, other), *ordered, place, report);
            }
            Reference::Within(procedure, name, parameter, unit) => {
                Known { facts: facts.get(procedure), pack }.within(name, parameter, *unit, place, report);
            }
        }
    }
}

pub(super) fn known<'a>(
    zh: &str,
    en: &str,
    name: &str,
    names: impl Iterator<Item = &'a String>,
    place: &Place,
    report: &mut Report,
) {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.contains(&name) {
        return;
    }
    let (hint_zh, hint_en) = hint(name, names);
    let name = shown(name);
    report.at(
        place,
        "regulation.pack_unknown_reference",
        format!("没有{zh}“{name}”{hint_zh}"),
        format!("there is no {en} `{name}`{hint_en}"),
    );
}

/// The files a case of the procedure may be asked for, on opening or by an action.
fn attachments_of(procedure: &Procedure) -> impl Iterator<Item = &String> {
    let actions = procedure.steps.iter().flat_map(|step| &step.actions);
    let enclosed = actions.flat_map(|action| &action.attachments).map(|one| &one.name);
    procedure.attachments.iter().map(|rule| &rule.name).chain(enclosed)
}

/// All facts a case of the procedure may know.
pub(crate) fn facts_of(procedure: &Procedure, pack: &Pack) -> BTreeMap<String, FactKind> {
    let counted = [
        (FACT_PASSED.to_owned(), FactKind::Flag),
        (FACT_APPROVALS.to_owned(), FactKind::Number),
        (FACT_REFUSALS.to_owned(), FactKind::Number),
        (FACT_DRAWN.to_owned(), FactKind::Units),
    ];
    let mut facts = BTreeMap::from(counted);
    let actions = || procedure.steps.iter().flat_map(|step| &step.actions);
    let rules = procedure.facts.iter().chain(&procedure.observed);
    for rule in rules.chain(actions().flat_map(|action| &action.facts)) {
        facts.insert(rule.key.clone(), rule.kind);
    }
    for field in forms_of(procedure).filter_map(|form| pack.forms.get(form)).flat_map(|form| &form.sections) {
        for (key, field) in field.fields.iter().filter_map(|field| Some((field.fact.clone()?, field))) {
            facts.insert(key, kind_of(field));
        }
    }
    facts
}

fn forms_of(procedure: &Procedure) -> impl Iterator<Item = &FormId> {
    let actions = procedure.steps.iter().flat_map(|step| &step.actions);
    procedure.form.iter().chain(actions.filter_map(|action| action.form.as_ref()))
}

const fn kind_of(field: &Field) -> FactKind {
    match field.kind {
        FieldKind::Number | FieldKind::Percent | FieldKind::Money => FactKind::Number,
        FieldKind::Date => FactKind::Date,
        FieldKind::Flag => FactKind::Flag,
        FieldKind::Choices(_) | FieldKind::Resources | FieldKind::Unit => FactKind::Units,
        _ => FactKind::Text,
    }
}

/// The shape of the pack's own procedures.
pub(crate) fn procedures(draft: &Draft, pack: &Pack, report: &mut Report) {
    let mut prefixes: BTreeMap<&String, &String> = BTreeMap::new();
    for procedure in pack.procedures.values() {
        if let Some(other) = prefixes.insert(&procedure.number_prefix, &procedure.id) {
            let own = draft.procedures.iter().find(|own| own.value.id == procedure.id);
            let own = own.or(draft.procedures.iter().find(|own| own.value.id == *other));
            let place = own.map(|own| own.place.clone());
            let prefix = &procedure.number_prefix;
            if let Some(place) = place {
                report.at(
                    &place,
                    "regulation.pack_duplicate",
                    format!("编号字头“{prefix}”已用于程序“{other}”"),
                    format!("the number prefix `{prefix}` is taken by `{other}`"),
                );
            }
        }
    }
    for procedure in draft.procedures.iter().map(|own| &own.value) {
        shape(procedure, draft, pack, report);
        separations(procedure, draft, report);
    }
}

fn shape(procedure: &Procedure, draft: &Draft, pack: &Pack, report: &mut Report) {
    let nowhere = Place { file: String::new(), mark: super::report::Mark::default() };
    let place = |step: &Step| {
        let key = (procedure.id.clone(), step.id.clone());
        draft.steps.get(&key).cloned().unwrap_or_else(|| nowhere.clone())
    };
    let reached = reached(procedure);
    let ending = ending(procedure);
    for step in &procedure.steps {
        let id = shown(&step.id);
        if !reached.contains(&step.id) {
            report.at(
                &place(step),
                "regulation.pack_unreachable",
                format!("没有任何去向通往环节“{id}”"),
                format!("nothing leads to step `{id}`"),
            );
        }
        if !ending.contains(&step.id) {
            report.at(
                &place(step),
                "regulation.pack_no_exit",
                format!("从环节“{id}”出发不能办结；至少要有一条去向通往“办结”"),
                format!("a case in step `{id}` can never end; some way must lead to an end"),
            );
        }
        of_step(procedure, step, &place(step), pack, report);
    }
}

fn of_step(procedure: &Procedure, step: &Step, place: &Place, pack: &Pack, report: &mut Report) {
    let id = shown(&step.id);
    if let Some(wanted) = &step.opinion_box {
        let forms = forms_of(procedure).filter_map(|form| pack.forms.get(form));
        let boxes: Vec<&str> = forms.flat_map(|form| &form.opinion_boxes).map(String::as_str).collect();
        if !boxes.contains(&wanted.as_str()) {
            let (zh, en) = hint(wanted, boxes);
            let wanted = shown(wanted);
            report.at(
                place,
                "regulation.pack_unknown_reference",
                format!("程序的表单上没有意见栏“{wanted}”{zh}"),
                format!("no form of the procedure has the opinion box `{wanted}`{en}"),
            );
        }
    }
    let open_to_all =
        |role: &&RoleKey| pack.roles.get(*role).is_some_and(|one| one.binding == Binding::Anyone);
    if !step.joint.is_empty()
        && let Some(role) = [&step.role].into_iter().chain(&step.joint).find(open_to_all)
    {
        let role = shown(role);
        report.at(
            place,
            "regulation.pack_value",
            format!("环节“{id}”写了“会同”，“{role}”却由任何人担任；会同的各方应是机构"),
            format!(
                "step `{id}` has 会同, but `{role}` is played by anyone; joint roles are played by units"
            ),
        );
    }
    let ballots = [CommandKind::Vote, CommandKind::Approve, CommandKind::Refuse];
    if step.vote.is_some() && !step.actions.iter().any(|action| ballots.contains(&action.command)) {
        report.at(
            place,
            "regulation.pack_vote",
            format!("环节“{id}”规定了表决，但不能表决、同意或不同意"),
            format!("step `{id}` has a vote rule but nothing to vote with"),
        );
    }
}

fn separations(procedure: &Procedure, draft: &Draft, report: &mut Report) {
    let role_of = |who: &Who| match who {
        Who::Opener => Some(&procedure.opener),
        Who::Step(id) => procedure.steps.iter().find(|step| step.id == *id).map(|step| &step.role),
    };
    for rule in procedure.separations.iter().filter(|rule| rule.by_unit) {
        let (first, second) = (role_of(&rule.first), role_of(&rule.second));
        let place = draft.procedures.iter().find(|own| own.value.id == procedure.id).map(|own| &own.place);
        if let (Some(first), Some(second), Some(place)) = (first, second, place)
            && first == second
        {
            let role = shown(first);
            report.at(
                place,
                "regulation.pack_separation",
                format!("回避的两方都由“{role}”担任，按机构比较永远无法满足"),
                format!("both sides of a separation are played by `{role}`; by unit it can never be met"),
            );
        }
    }
}

fn targets(step: &Step) -> impl Iterator<Item = &Target> {
    step.actions.iter().flat_map(|action| &action.then).map(|branch| &branch.to)
}

fn next_steps(step: &Step) -> impl Iterator<Item = &StepId> {
    let by_action = targets(step).filter_map(|target| match target {
        Target::Step(id) => Some(id),
        Target::End { .. } => None,
    });
    by_action.chain(step.clock.iter().filter_map(|clock| clock.expiry_to.as_ref()))
}

fn reached(procedure: &Procedure) -> BTreeSet<StepId> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&StepId> = procedure.steps.first().map(|step| &step.id).into_iter().collect();
    while let Some(id) = waiting.pop() {
        if reached.insert(id.clone()) {
            let step = procedure.steps.iter().find(|step| step.id == *id);
            waiting.extend(step.into_iter().flat_map(next_steps));
        }
    }
    reached
}

/// Steps from which some way ends the case by somebody's decision; withdrawal and lapse do not count.
fn ending(procedure: &Procedure) -> BTreeSet<StepId> {
    let mut ending: BTreeSet<StepId> = BTreeSet::new();
    loop {
        let more: Vec<StepId> = procedure
            .steps
            .iter()
            .filter(|step| !ending.contains(&step.id))
            .filter(|step| {
                let ends = step.actions.iter().filter(|action| action.command != CommandKind::Withdraw);
                let mut ends = ends.flat_map(|action| &action.then).map(|branch| &branch.to);
                ends.any(|target| matches!(target, Target::End { .. }))
                    || next_steps(step).any(|next| ending.contains(next))
                    || step
                        .clock
                        .as_ref()
                        .is_some_and(|clock| clock.on_expiry == OnExpiry::ReturnAutomatically)
            })
            .map(|step| step.id.clone())
            .collect();
        if more.is_empty() {
            return ending;
        }
        ending.extend(more);
    }
}
