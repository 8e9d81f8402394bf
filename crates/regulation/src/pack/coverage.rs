//! Which clauses are carried by a rule, and why the others are not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::model::{Action, ClauseId, Condition, ExcuseKind, Form, Means, Pack, Procedure, Step};

/// The clauses of a pack, its parents' included, by how they are carried.
///
/// `total = carried + reasoned + pending.len() + missing.len()`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// All clauses.
    pub total: usize,
    /// Clauses a rule, parameter, role, form or duty cites.
    pub carried: usize,
    /// Clauses no rule cites, with a reason (not automated, kept by the platform, left to lower packs).
    pub reasoned: usize,
    /// Clauses that should be carried and are not yet, by their own admission.
    pub pending: Vec<ClauseId>,
    /// Clauses nobody has accounted for.
    pub missing: Vec<ClauseId>,
    /// Clauses among the reasoned and pending whose reason does not excuse: 不自动化 for a clause software can serve,
    /// 平台保障 without a test, 尚未落实 without the thing that is absent.
    pub unfit: Vec<ClauseId>,
    /// The same by the pack the clause comes from: total, carried, reasoned, pending, missing.
    pub by_pack: BTreeMap<String, [usize; 5]>,
}

/// Counts the clauses of a pack by how they are carried.
#[must_use]
pub fn coverage(pack: &Pack) -> Coverage {
    let cited = cited(pack);
    let mut found = Coverage {
        total: pack.clauses.len(),
        carried: 0,
        reasoned: 0,
        pending: Vec::new(),
        missing: Vec::new(),
        unfit: Vec::new(),
        by_pack: BTreeMap::new(),
    };
    for (id, clause) in &pack.clauses {
        let [total, carried, reasoned, pending, missing] =
            found.by_pack.entry(clause.pack.clone()).or_insert([0; 5]);
        *total += 1;
        match pack.not_automated.get(id) {
            _ if cited.contains(id) => {
                found.carried += 1;
                *carried += 1;
            }
            Some(reason) if reason.kind == ExcuseKind::Pending => {
                found.pending.push(id.clone());
                *pending += 1;
            }
            Some(_) => {
                found.reasoned += 1;
                *reasoned += 1;
            }
            None => {
                found.missing.push(id.clone());
                *missing += 1;
            }
        }
        if excuse_fault(pack, id).is_some() && !cited.contains(id) {
            found.unfit.push(id.clone());
        }
    }
    found
}

impl Coverage {
    /// Every clause is carried by a rule or excused with a reason that holds.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unfit.is_empty()
    }
}

/// What is wrong with the excuse of a clause, Chinese and English.
pub(crate) fn excuse_fault(pack: &Pack, clause: &ClauseId) -> Option<(&'static str, &'static str)> {
    let excuse = pack.not_automated.get(clause)?;
    let means = pack.clauses.get(clause).and_then(|clause| clause.means);
    match excuse.kind {
        ExcuseKind::NotAutomated if means != Some(Means::Outside) => {
            Some(("“不自动化”只用于手段为“外部”的条款", "不自动化 is for clauses whose means is 外部"))
        }
        ExcuseKind::Platform if excuse.tests.is_empty() => {
            Some(("“平台保障”要写明证明它的“测试”", "平台保障 names the tests that prove it"))
        }
        ExcuseKind::Pending if excuse.absent.is_none() => {
            Some(("“尚未落实”要写明“缺少”什么", "尚未落实 names what is absent"))
        }
        _ => None,
    }
}

/// Every clause a rule of the pack rests on. Scenarios prove rules, they are none.
pub(crate) fn cited(pack: &Pack) -> BTreeSet<ClauseId> {
    let mut cited = BTreeSet::new();
    let mut take = |clauses: &[ClauseId]| cited.extend(clauses.iter().cloned());
    pack.parameters.values().for_each(|parameter| take(&parameter.clauses));
    pack.roles.values().for_each(|role| take(&role.clauses));
    pack.forms.values().for_each(|form| of_form(form, &mut take));
    // A template that no procedure uses yet carries nothing.
    let used = pack.documents.values().filter(|document| !document.when.is_empty());
    used.for_each(|document| take(&document.clauses));
    pack.duties.iter().for_each(|duty| take(&duty.clauses));
    take(&pack.in_force_clauses);
    pack.procedures.values().for_each(|procedure| of_procedure(procedure, &mut take));
    cited
}

/// Every clause a procedure rests on, its roles, forms and duties included.
pub(crate) fn cited_by(procedure: &Procedure, pack: &Pack) -> BTreeSet<ClauseId> {
    let mut cited = BTreeSet::new();
    let mut take = |clauses: &[ClauseId]| cited.extend(clauses.iter().cloned());
    of_procedure(procedure, &mut take);
    let actions = || procedure.steps.iter().flat_map(|step| &step.actions);
    let forms = procedure.form.iter().chain(actions().filter_map(|action| action.form.as_ref()));
    forms.filter_map(|form| pack.forms.get(form)).for_each(|form| of_form(form, &mut take));
    let told = procedure.steps.iter().filter_map(|step| step.clock.as_ref()).flat_map(|clock| &clock.ladder);
    let roles = procedure.steps.iter().map(|step| &step.role).chain(told.map(|rung| &rung.tell));
    let roles = roles.chain(procedure.steps.iter().flat_map(|step| &step.joint));
    let roles = roles.chain(actions().flat_map(|action| &action.people.ask));
    let roles = roles.chain(&procedure.readers).chain([&procedure.opener]).chain(&procedure.waiver);
    roles.filter_map(|role| pack.roles.get(role)).for_each(|role| take(&role.clauses));
    let duties = pack.duties.iter().filter(|duty| duty.procedure == procedure.id);
    duties.for_each(|duty| take(&duty.clauses));
    cited
}

fn of_form(form: &Form, take: &mut impl FnMut(&[ClauseId])) {
    take(&form.clauses);
    form.sections.iter().flat_map(|section| &section.fields).for_each(|field| take(&field.clauses));
}

fn of_procedure(procedure: &Procedure, take: &mut impl FnMut(&[ClauseId])) {
    take(&procedure.clauses);
    procedure.attachments.iter().for_each(|rule| take(&rule.clauses));
    procedure.separations.iter().for_each(|rule| take(&rule.clauses));
    procedure.steps.iter().for_each(|step| of_step(step, take));
}

fn of_step(step: &Step, take: &mut impl FnMut(&[ClauseId])) {
    take(&step.clauses);
    step.clock.iter().for_each(|clock| take(&clock.clauses));
    step.actions.iter().for_each(|action| of_action(action, take));
}

fn of_action(action: &Action, take: &mut impl FnMut(&[ClauseId])) {
    take(&action.clauses);
    let branches = action.then.iter().filter_map(|branch| branch.when.as_ref());
    let conditions: Vec<&Condition> = action.requires.iter().chain(branches).collect();
    conditions.iter().for_each(|condition| take(&condition.clauses));
    action.attachments.iter().for_each(|enclosure| take(&enclosure.clauses));
}
