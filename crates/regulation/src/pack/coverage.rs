//! Which clauses are carried by a rule, and why the others are not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::model::{Action, ClauseId, Condition, Pack, Procedure, Step};

/// How the reason of a clause begins that the platform keeps by its construction, whatever the pack.
pub(crate) const PLATFORM: &str = "平台保障：";
/// How the reason of a clause begins that lower packs carry; it does not excuse them.
pub(crate) const DELEGATED: &str = "由下级制度包落实：";
/// How the reason of a clause begins that nothing carries yet.
pub(crate) const PENDING: &str = "尚未落实：";

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
            Some(reason) if reason.starts_with(PENDING) => {
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
    }
    found
}

/// Every clause a rule of the pack rests on. Scenarios prove rules, they are none.
pub(crate) fn cited(pack: &Pack) -> BTreeSet<ClauseId> {
    let mut cited = BTreeSet::new();
    let mut take = |clauses: &[ClauseId]| cited.extend(clauses.iter().cloned());
    pack.parameters.values().for_each(|parameter| take(&parameter.clauses));
    pack.roles.values().for_each(|role| take(&role.clauses));
    pack.forms.values().for_each(|form| take(&form.clauses));
    // A template that no procedure uses yet carries nothing.
    let used = pack.documents.values().filter(|document| !document.when.is_empty());
    used.for_each(|document| take(&document.clauses));
    pack.duties.iter().for_each(|duty| take(&duty.clauses));
    pack.procedures.values().for_each(|procedure| of_procedure(procedure, &mut take));
    cited
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
}
