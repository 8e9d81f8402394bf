//! Which scenarios prove each clause of a pack.
//!
//! What has to be shown depends on the clause's means: 强制, a violation refused on that very clause; 自动, something
//! that happens by itself; 记录, a case that keeps the evidence. A scenario counts only if it holds when run, and only
//! for clauses that its own procedure, its roles, forms and duties, or a parameter carry.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::coverage::{cited, cited_by};
use super::model::{ClauseId, CommandKind, ExcuseKind, Expectation, Means, Pack, Scenario};
use crate::calendar::Calendar;
use crate::case::scenario::{Run, play};
use crate::duty::run_one as run_duty;

/// What is known about a clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseProof {
    /// The clause.
    pub clause: ClauseId,
    /// The pack it comes from.
    pub pack: String,
    /// Its means.
    pub means: Option<Means>,
    /// Where it stands.
    pub standing: Standing,
    /// Names of the scenarios that prove it.
    pub scenarios: Vec<String>,
    /// Tests of the repository that prove it (平台保障).
    pub tests: Vec<String>,
}

/// Where a clause stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A rule carries it and a scenario shows it; or the platform keeps it and names its tests.
    Proven,
    /// A rule carries it and nothing has to be shown, or lower packs carry it out and show it, or a reason excuses it.
    Exempt,
    /// Nothing carries it yet, by the pack's own admission.
    Pending,
    /// A rule carries it, but no scenario shows it.
    Unproven,
    /// Neither rule nor reason.
    Missing,
}

/// How many clauses of one pack stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ProofCount {
    /// All clauses.
    pub clauses: usize,
    /// Carried by a rule.
    pub carried: usize,
    /// Excused by a reason that holds.
    pub excused: usize,
    /// Not carried yet, with the thing that is absent.
    pub pending: usize,
    /// Carried or kept by the platform, and shown by a scenario or a test.
    pub proven: usize,
    /// Carried, but shown by nothing.
    pub unproven: usize,
}

/// Runs the scenarios and says for every clause what proves it, in the order of the clause ids.
#[must_use]
pub fn proof(pack: &Pack, calendar: &Calendar) -> Vec<ClauseProof> {
    let cited = cited(pack);
    let by_parameter: BTreeSet<&ClauseId> =
        pack.parameters.values().flat_map(|parameter| &parameter.clauses).collect();
    let mut shown: BTreeMap<(ClauseId, Means), Vec<String>> = BTreeMap::new();
    for scenario in &pack.scenarios {
        let run = play(pack, calendar, scenario);
        let Some(procedure) = pack.procedures.get(&scenario.procedure).filter(|_| run.failures.is_empty())
        else {
            continue;
        };
        let carried = cited_by(procedure, pack);
        let validity = &pack.in_force_clauses;
        for (clause, means) in shows(scenario, &run, validity) {
            if carried.contains(clause) || by_parameter.contains(clause) || validity.contains(clause) {
                shown.entry((clause.clone(), means)).or_default().push(scenario.name.clone());
            }
        }
    }
    // The dates of a duty come by themselves; each opens a case that keeps the evidence.
    for scenario in pack.duty_scenarios.iter().filter(|one| run_duty(pack, calendar, one).is_empty()) {
        let duty = pack.duties.iter().find(|duty| duty.name == scenario.duty);
        for clause in
            scenario.clauses.iter().filter(|one| duty.is_some_and(|duty| duty.clauses.contains(one)))
        {
            for means in [Means::Automate, Means::Record] {
                shown.entry((clause.clone(), means)).or_default().push(scenario.name.clone());
            }
        }
    }
    // A text that lower packs carry out proves what its own procedures do; the values it bounds are proven below.
    let framework = pack.not_automated.values().any(|excuse| excuse.kind == ExcuseKind::Delegated);
    let in_procedures: BTreeSet<ClauseId> =
        pack.procedures.values().flat_map(|procedure| cited_by(procedure, pack)).collect();
    let one = |clause: &super::model::Clause| {
        let (standing, tests) = standing(pack, &clause.id, &cited);
        let mut scenarios: Vec<String> = match clause.means {
            Some(means) => shown.get(&(clause.id.clone(), means)).cloned().unwrap_or_default(),
            None => Vec::new(),
        };
        scenarios.dedup();
        let exempt =
            clause.means == Some(Means::Outside) || (framework && !in_procedures.contains(&clause.id));
        let standing = match standing {
            Standing::Unproven if !scenarios.is_empty() => Standing::Proven,
            Standing::Unproven if exempt => Standing::Exempt,
            other => other,
        };
        let (id, from) = (clause.id.clone(), clause.pack.clone());
        ClauseProof { clause: id, pack: from, means: clause.means, standing, scenarios, tests }
    };
    pack.clauses.values().map(one).collect()
}

/// Counts by the pack each clause comes from.
#[must_use]
pub fn proof_counts(pack: &Pack, calendar: &Calendar) -> BTreeMap<String, ProofCount> {
    let cited = cited(pack);
    let mut counts: BTreeMap<String, ProofCount> = BTreeMap::new();
    for one in proof(pack, calendar) {
        let count = counts.entry(one.pack.clone()).or_default();
        let carried = cited.contains(&one.clause);
        count.clauses += 1;
        count.carried += usize::from(carried);
        count.pending += usize::from(one.standing == Standing::Pending);
        count.proven += usize::from(one.standing == Standing::Proven);
        count.unproven += usize::from(one.standing == Standing::Unproven);
        let excused = matches!(one.standing, Standing::Proven | Standing::Exempt);
        count.excused += usize::from(!carried && excused);
    }
    counts
}

/// Where a clause stands before its scenarios are looked at, and the tests its excuse names.
fn standing(pack: &Pack, clause: &ClauseId, cited: &BTreeSet<ClauseId>) -> (Standing, Vec<String>) {
    if cited.contains(clause) {
        return (Standing::Unproven, Vec::new());
    }
    match pack.not_automated.get(clause) {
        None => (Standing::Missing, Vec::new()),
        Some(excuse) => match excuse.kind {
            ExcuseKind::Platform if excuse.tests.is_empty() => (Standing::Missing, Vec::new()),
            ExcuseKind::Platform => (Standing::Proven, excuse.tests.clone()),
            ExcuseKind::NotAutomated | ExcuseKind::Delegated => (Standing::Exempt, Vec::new()),
            ExcuseKind::Pending => (Standing::Pending, Vec::new()),
        },
    }
}

/// The clauses a scenario shows, and the means it shows them by.
fn shows<'a>(scenario: &'a Scenario, run: &'a Run, validity: &[ClauseId]) -> Vec<(&'a ClauseId, Means)> {
    let mut found = Vec::new();
    let mut by_itself = false;
    let withdrawn = scenario.given.last().is_some_and(|line| line.command == Some(CommandKind::Withdraw));
    for expected in &scenario.then {
        match expected {
            // Named is not enough: the refusal that came has to rest on the clause as well.
            Expectation::Refused(clauses) => {
                let refused =
                    run.refused.as_ref().map(|refused| refused.clauses.as_slice()).unwrap_or_default();
                found.extend(
                    clauses.iter().filter(|clause| refused.contains(clause)).map(|one| (one, Means::Enforce)),
                );
            }
            // Where a case stands shows something only if the clock moved it.
            Expectation::Open(_) => by_itself |= run.moved_by_clock(),
            // A withdrawal ends a case by the opener's own hand.
            Expectation::Outcome(_) => by_itself |= !withdrawn,
            // Files are kept, which is a record.
            Expectation::Attached(_) => {}
            _ => by_itself = true,
        }
    }
    let refused: Vec<&ClauseId> = found.iter().map(|(clause, _)| *clause).collect();
    for clause in refused {
        found.push((clause, Means::Record));
        // That a text no longer opens cases is nobody's violation: it happens by itself on the day.
        if validity.contains(clause) {
            found.push((clause, Means::Automate));
        }
    }
    for clause in &scenario.clauses {
        found.push((clause, Means::Record));
        if by_itself {
            found.push((clause, Means::Automate));
        }
    }
    found
}
