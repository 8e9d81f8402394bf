//! Rows that let a query take each of its branches.
//!
//! Each condition of a query shall be true and false, each item of a list and each side of a range met, each case taken, each
//! join matched and not, so many times. Values come from the query's own literals, from declared domains, or are made up;
//! the data and the model are not asked, so that top-up tells nothing.

mod candidates;
mod compare;
mod context;
mod eval;
mod rows;
mod solve;

use serde::{Deserialize, Serialize};

use self::candidates::Maker;
use self::context::Walk;
use self::rows::Made;
use super::description::Description;
use super::generate::Generated;
use super::random::Draw;
use crate::Error;
use crate::ir::{DEPTH_MAX, Rel};

/// Limit: rows for each branch.
const PER_BRANCH_MAX: u16 = 1_000;

/// Rows to be added to the tables of a twin.
#[derive(Debug, Clone, PartialEq)]
pub struct TopUp {
    /// The rows, of every table of the description (also of those that need none). Keys that rows point to are among them.
    pub tables: Vec<Generated>,
    /// Branches that were met.
    pub filled: usize,
    /// Branches that were not met, or fewer times.
    pub unfilled: Vec<Unfilled>,
}

/// A branch of a query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The node, numbered by its kind from the leaves: `filter 1`, `join 2`.
    pub node: String,
    /// Which branch there: `true`, `false`, `list item 2`, `no list item`, `between`, `below`, `above`, `case 1`, `case else`,
    /// `condition true`, `match`, `left without match`, ….
    pub branch: String,
}

/// A branch that was not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfilled {
    /// Which.
    pub place: Place,
    /// How many rows meet it all the same.
    pub rows: u16,
    /// Why not more.
    pub reason: Reason,
}

/// Why a branch was not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It hangs on an aggregate: on many rows at once.
    ManyRows,
    /// It hangs on a parameter, or on a function that is not read here.
    Unreadable,
    /// No values were found. There may be none: the conditions may exclude each other or the declared domain.
    NotFound,
    /// A key can have the value once only.
    Key,
}

/// Makes rows so that every branch of a query is met `per_branch` times.
///
/// The same arguments give the same rows. Rows keep to the description: identifiers are valid, keys are whole. A value that a query
/// compares with may lie outside the declared domain; a value that it does not name never does.
///
/// # Errors
/// The description's own, [`Error::Twin`] for a table that is not described, [`Error::TwinLimit`] for more than a thousand rows a
/// branch, more branches than a thousand, or more ways through the query than 32.
pub fn top_up(rel: &Rel, description: &Description, per_branch: u16, seed: [u8; 32]) -> Result<TopUp, Error> {
    description.check()?;
    if per_branch > PER_BRANCH_MAX {
        return Err(Error::TwinLimit { what: "rows a branch" });
    }
    check_scans(rel, description)?;
    let mut walk = Walk::default();
    walk.rel(rel, DEPTH_MAX);
    if walk.cut {
        return Err(Error::TwinLimit { what: "branches" });
    }
    let mut maker = Maker { description, draw: Draw::new(&seed, "top-up", ""), serial: 0 };
    let mut made = Made::new(description);
    let (mut filled, mut unfilled) = (0, Vec::new());
    for goal in walk.goals {
        let Some(context) = goal.context else {
            unfilled.push(Unfilled { place: goal.place, rows: 0, reason: Reason::ManyRows });
            continue;
        };
        let mut rows = 0;
        let mut fault = None;
        while rows < per_branch && fault.is_none() {
            match solve::solve(&mut maker, &context, made.taken()) {
                Ok(solution) => {
                    made.add(&mut maker, &context, solution);
                    rows += 1;
                }
                Err(reason) => fault = Some(reason),
            }
        }
        match fault {
            Some(reason) => unfilled.push(Unfilled { place: goal.place, rows, reason }),
            None => filled += 1,
        }
    }
    Ok(TopUp { tables: made.tables()?, filled, unfilled })
}

/// Every scanned table and column is described.
fn check_scans(rel: &Rel, description: &Description) -> Result<(), Error> {
    match rel {
        Rel::Scan { resource, columns, .. } => {
            let missing = |name: &str| Error::Twin { what: "scan", name: name.to_owned() };
            let (_, table) = description.table(resource).ok_or_else(|| missing(resource))?;
            columns.iter().try_for_each(|column| match table.column(column) {
                Some(_) => Ok(()),
                None => Err(missing(column)),
            })
        }
        Rel::Filter { input, .. }
        | Rel::Project { input, .. }
        | Rel::Aggregate { input, .. }
        | Rel::Sort { input, .. }
        | Rel::Limit { input, .. } => check_scans(input, description),
        Rel::Join { left, right, .. } => {
            check_scans(left, description)?;
            check_scans(right, description)
        }
        Rel::Union { inputs } => inputs.iter().try_for_each(|input| check_scans(input, description)),
    }
}
