//! May a query run, in which mode, and at what price?
//!
//! - *dev*: the data are twins; the query must make sense ([`super::resolve()`]).
//! - *order*: reviewed code on raw data; only aggregates over declared entities leave ([`super::check()`]), and no
//!   parameter can turn the code into a lookup.
//! - *statistics*: raw data without a reviewer. Also: every number is a count, or a sum or mean of something proven
//!   bounded; one entity has a known number of rows; groups come from small public domains; cells are protected by
//!   thresholds or by noise that is paid for.
//!
//! # Noise
//! With a price, each number of the result is one vector over all cells. Its sensitivity is by how much all cells
//! together change when one entity comes or goes (largest value × most rows), so that one payment covers every cell.
//! A mean is a sum and a count, and costs two payments.

mod codes;
mod groups;
mod numbers;
mod parameters;

use serde::{Deserialize, Serialize};

use self::groups::cells;
pub use self::numbers::{Number, NumberKind, Reach, reaches};
use super::check::{check_with, releasing};
use super::resolve::Rigour;
use super::rewrite::count_checked;
use super::{Checked, Counted, Literal, Parameters, Policy, Refusal, Rel, Rule, Schema, check, resolve};
use crate::disclosure::Thresholds;
use crate::disclosure::dp::Cost;

/// Where a query runs, and who has looked at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On twins.
    Dev,
    /// On raw data, without a reviewer.
    Statistics,
    /// On raw data, as approved code.
    Order,
}

/// The terms on which a query is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The mode.
    pub mode: Mode,
    /// Domains of the parameters.
    #[serde(default)]
    pub parameters: Parameters,
    /// Thresholds that every cell must pass.
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    /// Price of each number, in statistics mode: noise instead of exact numbers.
    #[serde(default)]
    pub price: Option<Cost>,
}

impl Terms {
    /// A mode without parameters, thresholds or price.
    #[must_use]
    pub const fn new(mode: Mode) -> Self {
        Self { mode, parameters: Parameters::new(), thresholds: None, price: None }
    }
}

/// A query that may run on its terms. Built by [`judge`] only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    schema: Schema,
    checked: Option<Checked>,
    numbers: Vec<Number>,
    cells_max: Option<u64>,
    cells: Option<Vec<Vec<Literal>>>,
    cost: Option<Cost>,
}

impl Judged {
    /// Columns of the result.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What [`super::check()`] found; `None` in dev mode.
    #[must_use]
    pub const fn checked(&self) -> Option<&Checked> {
        self.checked.as_ref()
    }

    /// The numbers of each cell, in statistics mode over protected entities.
    #[must_use]
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// How many cells there can be, in statistics mode over protected entities. Every one of them is to be shown or
    /// none: which of them are there is told by the data.
    #[must_use]
    pub const fn cells_max(&self) -> Option<u64> {
        self.cells_max
    }

    /// Every cell there can be, by its group keys in order; `None` where some key has no declared list of values.
    #[must_use]
    pub fn cells(&self) -> Option<&[Vec<Literal>]> {
        self.cells.as_deref()
    }

    /// What the whole result costs, for [`crate::disclosure::dp::Budget::spend`].
    #[must_use]
    pub const fn cost(&self) -> Option<Cost> {
        self.cost
    }
}

/// Judges a query.
///
/// # Errors
/// The first [`Refusal`] found. [`super::nearest()`] knows what would pass.
pub fn judge(rel: &Rel, policy: &Policy, terms: &Terms) -> Result<Judged, Refusal> {
    match terms.mode {
        Mode::Dev => Ok(Judged {
            schema: resolve(rel, policy)?,
            checked: None,
            numbers: Vec::new(),
            cells_max: None,
            cells: None,
            cost: None,
        }),
        Mode::Order => {
            let checked = check(rel, policy)?;
            parameters::check_lookups(rel, policy, &terms.parameters)?;
            Ok(released(checked))
        }
        Mode::Statistics => statistics(rel, policy, terms),
    }
}

/// Judges a query and adds what disclosure control needs to know of its result ([`super::count_entities`]); the query is
/// checked once.
///
/// # Errors
/// As [`judge`]; `privacy.not_aggregate` in a mode that checks nothing.
pub fn judge_counted(rel: &Rel, policy: &Policy, terms: &Terms) -> Result<Counted, Refusal> {
    let checked = judge(rel, policy, terms)?.checked.ok_or(Refusal::bare(Rule::NotAggregate))?;
    count_checked(rel, policy, checked)
}

fn released(checked: Checked) -> Judged {
    Judged {
        schema: checked.schema().clone(),
        checked: Some(checked),
        numbers: Vec::new(),
        cells_max: None,
        cells: None,
        cost: None,
    }
}

fn statistics(rel: &Rel, policy: &Policy, terms: &Terms) -> Result<Judged, Refusal> {
    let thresholds = terms.thresholds.is_some_and(|thresholds| thresholds.check().is_ok());
    if !thresholds && terms.price.is_none() {
        return Err(Refusal::bare(Rule::Unprotected));
    }
    let rigour = if terms.price.is_some() { Rigour::Noise } else { Rigour::Release };
    let mut judged = released(check_with(rel, policy, rigour)?);
    parameters::check_lookups(rel, policy, &terms.parameters)?;
    parameters::check_domains(rel, policy, &terms.parameters)?;
    if judged.checked.as_ref().is_none_or(|checked| checked.entities().is_empty()) {
        return Ok(judged);
    }
    let top = releasing(rel).ok_or(Refusal::bare(Rule::NotAggregate))?;
    judged.numbers = numbers::numbers(&top, policy, terms)?;
    let cells = cells(top.group, top.input, policy)?;
    judged.cells_max = Some(cells.max);
    judged.cells = cells.all;
    if terms.price.is_some() {
        codes::check_codes(rel, policy)?;
        noise_covers(&judged)?;
    }
    judged.cost = terms
        .price
        .map(|price| {
            let count = u64::try_from(judged.numbers.len()).ok();
            let micro = count.and_then(|count| price.micro.checked_mul(count));
            micro.map(|micro| Cost { micro, ..price }).ok_or(Refusal::bare(Rule::Unprotected))
        })
        .transpose()?;
    Ok(judged)
}

/// With noise every cell there can be is shown, and what is drawn covers the entities of one kind.
fn noise_covers(judged: &Judged) -> Result<(), Refusal> {
    let checked = judged.checked.as_ref().ok_or(Refusal::bare(Rule::NotAggregate))?;
    if let [_, other, ..] = checked.entities() {
        return Err(Refusal::new(Rule::OneEntity, other.entity.kind.as_str()));
    }
    match &judged.cells {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Rule::GroupDomain, checked.keys().join(", "))),
    }
}
