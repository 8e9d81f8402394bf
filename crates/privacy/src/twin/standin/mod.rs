//! Stand-ins: the twin that a dev zone gets of one table when nobody declared more than how its columns are classified.
//!
//! No row of a stand-in is anybody's. Columns are of four sorts ([`Treatment`]):
//! - *invented*: identifiers, keys of entities, names and addresses. The tenant has one endless list of invented values for
//!   every kind or token domain, and a table takes the first of it, as many as it needs. So tables of one tenant join,
//!   however they were delivered, and no list tells anything about anybody; of two tenants no list is the same.
//! - *public*: what says nothing that is not public anyway stays true, row by row, in another order and beside other
//!   people's columns.
//! - *learnt*: everything else is drawn from a differentially private [`Model`](super::Model). Its bounds are not declared, so
//!   they are measured first, with noise as well (`gauge`): how many rows an entity has, between which numbers values lie.
//! - *hidden*: null.
//!
//! The mask that a provider chose shapes what was invented or drawn (tokens, bands, regions); it protects nobody here.
//! Dependence is kept among public columns, and among learnt ones where they are few; not between the two, nor with keys.
//!
//! The price ([`Terms::cost`]) is paid once for a table: a fifth for the gauge, the rest for the model. All noise comes from
//! the tenant's key and the snapshot: asking again gives the same twin, not another look.
//!
//! Each stand-in is attacked before it is handed out ([`crate::attack`]), with rows that were held back from learning. If
//! an attack gets through, another is made at half the price, three times at most.

mod assemble;
mod attempt;
mod gauge;
mod pool;
mod sight;
#[cfg(test)]
mod tests;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use self::sight::Sight;
use super::random::derive;
use super::{Pairs, Verdict};
use crate::attack::{Limits, Report};
use crate::disclosure::dp::Cost;
use crate::ir::Label;
use crate::masking::{MaskKey, MaskSpec};
use crate::{DataType, Error, SensitiveKind};

/// Learnt columns among which dependence is kept. Among more, the price of pairs would cost the values of smaller groups,
/// and queries are written on values.
const PAIRED_MAX: usize = 6;
/// Limit: tries at a stand-in that no attack gets through.
const ATTEMPTS_MAX: u32 = 4;

/// A column as it is classified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// What it holds.
    pub kind: SensitiveKind,
    /// Its role.
    pub label: Label,
    /// The mask that the provider chose.
    pub mask: MaskSpec,
}

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Null everywhere.
    Hidden,
    /// Invented values that join inside the tenant.
    Invented,
    /// Drawn from noisy marginals.
    Learnt,
    /// True values in another order.
    Public,
}

impl Feature {
    /// What becomes of the column. `key` names the columns of the entity's key.
    #[must_use]
    pub fn treatment(&self, key: &[String]) -> Treatment {
        let named = self.data_type == DataType::Text;
        let can_be_invented = named || self.data_type == DataType::Integer;
        let is_key = *key == [self.name.clone()];
        let invented = is_key
            || self.label == Label::Identifier
            || named && self.label != Label::Public && is_described(self.kind);
        match self.label {
            _ if self.mask == MaskSpec::Null => Treatment::Hidden,
            _ if invented && can_be_invented => Treatment::Invented,
            Label::Public if !is_key => Treatment::Public,
            _ => Treatment::Learnt,
        }
    }
}

/// Kinds whose values are nearly all different: nothing of them is worth learning.
const fn is_described(kind: SensitiveKind) -> bool {
    kind.is_identifier() || matches!(kind, SensitiveKind::Address | SensitiveKind::Coordinate)
}

/// What is done with each batch of raw rows.
pub type Each<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<(), Error>;

/// On what terms a stand-in is made.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// Name of the table.
    pub table: &'a str,
    /// The columns wanted, in order.
    pub features: &'a [Feature],
    /// The columns of the entity's key; they need not be among the features.
    pub key: &'a [String],
    /// How many of a thousand rows it has.
    pub per_mille: u16,
    /// The tenant's key: whence what is invented and the rows that are drawn come.
    pub secret: &'a MaskKey,
    /// The installation's key: whence the sample and the noise of what is learnt come. Whoever is granted the same of the
    /// same rows has the same noise, so that many authorisations together know no more than one.
    pub shared: &'a MaskKey,
    /// What tells this snapshot from others.
    pub snapshot: &'a str,
    /// Rows of the raw table.
    pub rows: u64,
    /// What the model may cost. *Units*: ρ.
    pub cost: Cost,
    /// What attacks may reach.
    pub limits: Limits,
}

/// A stand-in with what was found out about it.
#[derive(Debug, Clone)]
pub struct StandIn {
    /// The columns wanted, in order, all of one length.
    pub columns: Vec<ArrayRef>,
    /// What became of each.
    pub treatments: Vec<Treatment>,
    /// What attacks on it reached. Only a publishable one may be handed out.
    pub report: Report,
    /// Whether it repeats rows it was learnt from; none if no column was learnt.
    pub memorisation: Option<Verdict>,
    /// What it cost.
    pub cost: Cost,
    /// How many were made.
    pub attempts: u32,
}

impl StandIn {
    /// May it be handed out?
    #[must_use]
    pub fn publishable(&self) -> bool {
        self.report.publishable() && self.memorisation != Some(Verdict::Copied)
    }
}

/// Makes a stand-in. `scan` goes over the raw rows from the beginning each time it is called, up to four times for each try;
/// batches hold at least the columns it is told, by name.
///
/// *Memory*: as a [`Survey`](super::Survey), the sampled rows, and a few thousand rows for the attacks.
///
/// # Errors
/// Those of `scan`; [`Error::Column`] for a column that is missing; those of [`super::Survey`] and [`super::generate()`].
pub fn stand_in<E: From<Error>>(
    terms: &Terms<'_>,
    mut scan: impl FnMut(&[String], Each<'_>) -> Result<(), E>,
) -> Result<StandIn, E> {
    let mut attempts = 0;
    let mut cost = terms.cost;
    loop {
        attempts += 1;
        let made = attempt::attempt(terms, cost, attempts, &mut scan)?;
        if made.publishable() || attempts >= ATTEMPTS_MAX {
            return Ok(made);
        }
        cost.micro = (cost.micro / 2).max(1);
    }
}

fn seed_of(key: &MaskKey, name: &str, purpose: &str) -> [u8; 32] {
    let bytes = key.hash("stand-in", name).bytes(purpose.as_bytes());
    *derive(&bytes, "stand-in", purpose)
}

impl Terms<'_> {
    /// The tenant's secret bytes for one purpose, the same for one snapshot.
    fn seed(&self, purpose: &str) -> [u8; 32] {
        seed_of(self.secret, &format!("{}\0{}", self.table, self.snapshot), purpose)
    }

    /// Secret bytes for what is learnt: the same in all tenants for one question about one snapshot. Whatever differs in
    /// the question makes them others: noises of two questions that were the same, or followed each other, could be
    /// subtracted.
    fn learnt_seed(&self, purpose: &str) -> [u8; 32] {
        let Self { table, features, key, per_mille, secret: _, shared, snapshot, rows, cost, limits: _ } =
            self;
        let question = format!("{table}\0{snapshot}\0{features:?}\0{key:?}\0{per_mille}\0{rows}\0{cost:?}");
        seed_of(shared, &question, purpose)
    }

    fn sight(&self) -> Sight<'_> {
        Sight::new(self)
    }

    fn of(&self, treatment: Treatment) -> impl Iterator<Item = &Feature> {
        self.features.iter().filter(move |feature| feature.treatment(self.key) == treatment)
    }

    fn pairs(&self) -> Pairs {
        let learnt = self.of(Treatment::Learnt).count();
        if learnt <= PAIRED_MAX { Pairs::Tree } else { Pairs::Given(Vec::new()) }
    }
}
