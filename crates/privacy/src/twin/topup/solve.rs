//! Finding values under which a branch is taken.

use std::collections::BTreeMap;

use super::Reason;
use super::candidates::{Candidate, Maker, is_unique};
use super::context::{Context, Wanted, conjuncts, reads};
use super::eval::{Unknown, eval, truth};
use crate::ir::Expr;
use crate::twin::description::{Column, Table};
use crate::twin::value::Value;

/// Limit: values tried for one branch.
const TRIES_MAX: u32 = 20_000;

/// Values of `alias.column` for one branch.
pub(super) type Solution = BTreeMap<String, Candidate>;

/// Values that unique columns have already: (table, column, value).
pub(super) type Taken = Vec<(String, String, Value)>;

/// What must hold once some columns have values.
enum Check {
    Condition(Expr, Wanted),
    Alone(Vec<Expr>),
}

struct Search<'a> {
    names: &'a [String],
    candidates: &'a [Vec<Candidate>],
    /// For each column what can be checked from it on.
    checks: Vec<Vec<Check>>,
    chosen: Vec<Candidate>,
    tries: u32,
}

/// The table and column of an `alias.column`.
pub(super) fn source<'a>(
    maker: &Maker<'a>,
    context: &Context,
    name: &str,
) -> Option<(&'a Table, &'a Column)> {
    context.scans.iter().find_map(|(alias, table)| {
        let column = name.strip_prefix(alias.as_str())?.strip_prefix('.')?;
        let (_, table) = maker.description.table(table)?;
        Some((table, table.column(column)?.1))
    })
}

/// Searches values for every column that the conditions read.
pub(super) fn solve(maker: &mut Maker<'_>, context: &Context, taken: &Taken) -> Result<Solution, Reason> {
    let conditions: Vec<(Expr, Wanted)> =
        context.conditions.iter().flat_map(|(expr, wanted)| conjuncts(expr, *wanted)).collect();
    let mut names = Vec::new();
    conditions.iter().for_each(|(expr, _)| reads(expr, &mut names));
    context.alone.iter().flatten().for_each(|key| reads(key, &mut names));
    let mut clash = false;
    let mut candidates = Vec::new();
    for name in &names {
        let (table, column) = source(maker, context, name).ok_or(Reason::Unreadable)?;
        let mut of: Vec<Candidate> = maker.candidates(column, &related(name, &conditions));
        if is_unique(maker.description, table, column) {
            let free = |candidate: &Candidate| {
                !taken.iter().any(|(t, c, value)| {
                    *t == table.name && *c == column.name && Some(value) == candidate.value.as_ref()
                })
            };
            let before = of.len();
            of.retain(free);
            clash |= of.len() < before;
        }
        candidates.push(of);
    }
    share(&names, &conditions, &mut candidates, |name| {
        source(maker, context, name).map(|(_, column)| column.data_type)
    });
    let mut search = Search {
        names: &names,
        candidates: &candidates,
        checks: checks(&names, conditions, context),
        chosen: Vec::new(),
        tries: 0,
    };
    match search.from(0) {
        Ok(true) => Ok(names.iter().cloned().zip(search.chosen).collect()),
        Ok(false) if clash => Err(Reason::Key),
        Ok(false) => Err(Reason::NotFound),
        Err(Unknown) => Err(Reason::Unreadable),
    }
}

/// Conditions that read a column.
fn related<'a>(name: &String, conditions: &'a [(Expr, Wanted)]) -> Vec<&'a Expr> {
    let of = |expr: &&'a Expr| {
        let mut columns = Vec::new();
        reads(expr, &mut columns);
        columns.contains(name)
    };
    conditions.iter().map(|(expr, _)| expr).filter(of).collect()
}

/// Columns that a condition compares with each other try each other's values.
fn share<T: PartialEq>(
    names: &[String],
    conditions: &[(Expr, Wanted)],
    candidates: &mut [Vec<Candidate>],
    type_of: impl Fn(&str) -> Option<T>,
) {
    for (expr, _) in conditions.iter().chain(conditions) {
        let mut columns = Vec::new();
        reads(expr, &mut columns);
        let places: Vec<usize> =
            columns.iter().filter_map(|column| names.iter().position(|name| name == column)).collect();
        for (to, from) in places.iter().flat_map(|to| places.iter().map(move |from| (*to, *from))) {
            let types = names.get(to).zip(names.get(from)).map(|(a, b)| (type_of(a), type_of(b)));
            if to == from || types.is_none_or(|(a, b)| a != b) {
                continue;
            }
            let more: Vec<Candidate> = candidates.get(from).cloned().unwrap_or_default();
            if let Some(own) = candidates.get_mut(to) {
                for candidate in more.into_iter().filter(|candidate| candidate.value.is_some()) {
                    if !own.iter().any(|other| other.value == candidate.value) {
                        own.push(candidate);
                    }
                }
            }
        }
    }
}

/// What can be checked once each column has its value.
fn checks(names: &[String], conditions: Vec<(Expr, Wanted)>, context: &Context) -> Vec<Vec<Check>> {
    let mut checks: Vec<Vec<Check>> = names.iter().map(|_| Vec::new()).collect();
    checks.push(Vec::new());
    let mut put = |exprs: &[&Expr], check: Check| {
        let mut columns = Vec::new();
        exprs.iter().for_each(|expr| reads(expr, &mut columns));
        let place = names.iter().rposition(|name| columns.contains(name)).unwrap_or(names.len());
        if let Some(slot) = checks.get_mut(place) {
            slot.push(check);
        }
    };
    for (expr, wanted) in conditions {
        put(&[&expr], Check::Condition(expr.clone(), wanted));
    }
    for keys in &context.alone {
        put(&keys.iter().collect::<Vec<_>>(), Check::Alone(keys.clone()));
    }
    checks
}

impl Search<'_> {
    /// Chooses values for the columns from a place on.
    fn from(&mut self, place: usize) -> Result<bool, Unknown> {
        let Some(candidates) = self.candidates.get(place) else { return self.holds(place) };
        for candidate in candidates {
            self.tries += 1;
            if self.tries > TRIES_MAX {
                return Ok(false);
            }
            self.chosen.truncate(place);
            self.chosen.push(candidate.clone());
            if self.holds(place)? && self.from(place + 1)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds(&self, place: usize) -> Result<bool, Unknown> {
        let place_of = |name: &str| self.names.iter().position(|other| other == name);
        let row = |name: &str| {
            let candidate = place_of(name).and_then(|place| self.chosen.get(place)).ok_or(Unknown)?;
            Ok(candidate.value.clone())
        };
        for check in self.checks.get(place).into_iter().flatten() {
            let holds = match check {
                Check::Condition(expr, wanted) => is_wanted(truth(eval(expr, &row)?), *wanted),
                Check::Alone(keys) => {
                    let mut alone = false;
                    for key in keys {
                        let mut columns = Vec::new();
                        reads(key, &mut columns);
                        let fresh = |name: &String| {
                            place_of(name).and_then(|place| self.chosen.get(place)).is_some_and(|c| c.fresh)
                        };
                        alone |=
                            eval(key, &row)?.is_none() || !columns.is_empty() && columns.iter().all(fresh);
                    }
                    alone
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

pub(super) const fn is_wanted(truth: Option<bool>, wanted: Wanted) -> bool {
    match wanted {
        Wanted::True => matches!(truth, Some(true)),
        Wanted::False => matches!(truth, Some(false)),
        Wanted::NotTrue => !matches!(truth, Some(true)),
    }
}

/// Do all conditions of a context hold for some values?
pub(super) fn all_hold(context: &Context, solution: &Solution) -> bool {
    let row = |name: &str| Ok(solution.get(name).ok_or(Unknown)?.value.clone());
    context
        .conditions
        .iter()
        .all(|(expr, wanted)| eval(expr, &row).is_ok_and(|value| is_wanted(truth(value), *wanted)))
}
