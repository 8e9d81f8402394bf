//! The platform attacks masked and synthetic data itself before anybody else can.
//!
//! [`examine`] takes raw rows, what is to be published of them, and what each column is, tries every attack below and
//! reports which got through. It judges data, not masks: whatever made the published rows, it looks at what they show. A
//! report holds codes, names of columns, counts and rates, never a value.
//!
//! | code `attack.…` | what the attacker does | what is measured |
//! |---|---|---|
//! | `unreadable` | – (a column that cannot be read is refused) | – |
//! | `identity` | reads an identifier that was left as it is | share of rows |
//! | `unkeyed_hash` | hashes every possible number (MD5, SHA-1, SHA-256, SHA-512, SM3; hex, base64, decimal; cut; common salts) | share of identifiers |
//! | `simple_cipher` | learns a substitution by place, a transposition or an added constant from 200 known pairs | share of other identifiers |
//! | `codebook` | collects a codebook of a short part encrypted under a constant tweak, from one pair in a hundred | share of other identifiers |
//! | `frequency` | matches codes with values by how frequent they are | gain over the most frequent value |
//! | `rank` | matches numbers and dates by rank | gain over the masked value itself |
//! | `order` | reads the order of identifiers | rank correlation |
//! | `constant_shift` | aligns two distributions, or uses one known value | share of rows with one difference |
//! | `entity_shift` | finds the shift of an entity from weekdays and holidays | share of entities |
//! | `stitch` | puts together published parts, birth date, sex and region | bits left |
//! | `fragments` | looks up the published part in a list | share of identifiers alone with it |
//! | `determined` | reads a hidden column from another one | gain |
//! | `k_anonymity` | counts who shares quasi-identifiers | entities in the smallest class |
//! | `distinct_diversity`, `entropy_diversity` | reads the sensitive value of a class | values in the poorest class |
//! | `closeness` | learns from a class that is unlike the whole | earth mover's distance above chance |
//! | `sample_uniqueness`, `population_uniqueness` | trusts in a unique match | share of entities (estimated after Skinner and Elliot 2002) |
//! | `reidentification` | links a register with the masked rows | share of rows rightly and uniquely matched |
//! | `residue` | searches all columns and free text, through the normaliser, for raw identifiers | share of rows |
//! | `memorisation` | asks whether synthetic rows are nearer to training rows than to held-back ones | gain |
//! | `copies` | finds distinctive raw rows among synthetic ones | share above that of held-back rows |
//! | `shuffle` | reads a value from the small group in which it was shuffled | gain |
//!
//! The attacker is strong: he knows the rules of the masks but not their keys (Kerckhoffs), a register of everybody's raw
//! quasi-identifiers, the distribution of every raw column from another source, and some pairs of raw and masked
//! identifiers. Where knowledge and target could be the same rows, they are split by the seed, so that chance is not taken
//! for success.
//!
//! Limits: combinations of more than two columns are looked at in classes only; noise that is drawn anew for repeated values
//! (and could be averaged) is not attacked; a salt that is no common word counts as a key.

mod calendar;
mod cipher;
mod classes;
mod code;
mod data;
mod determined;
mod dictionary;
mod draw;
mod frequency;
mod hashes;
mod limits;
mod linkage;
mod memorisation;
mod order;
mod parts;
mod report;
mod residue;
mod shift;
mod shuffle;
mod state;
mod stitch;
#[cfg(test)]
mod tests;
mod text;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};

pub use code::{Attack, Reason};
pub use limits::Limits;
pub use memorisation::{Memorisation, memorisation};
pub use report::{Bound, Finding, Looked, Measure, Outcome, Report, Unit, Verdict};

use self::classes::Classes;
use self::data::Data;
use crate::ir::Label;
use crate::{Error, SensitiveKind};

/// What a raw column is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name in the raw rows, and in the masked rows if it is there.
    pub name: String,
    /// What it holds.
    pub kind: SensitiveKind,
    /// Its role: identifier, quasi-identifier, sensitive attribute, or neither (`Public`).
    pub label: Label,
    /// Is it part of the key that tells entities apart?
    pub entity: bool,
}

impl Column {
    /// A column with the role that is proposed for its kind.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: SensitiveKind) -> Self {
        Self { name: name.into(), kind, label: kind.label(), entity: false }
    }

    /// The column in another role.
    #[must_use]
    pub fn with_label(mut self, label: Label) -> Self {
        self.label = label;
        self
    }

    /// The column as part of the entity key.
    #[must_use]
    pub fn as_entity(mut self) -> Self {
        self.entity = true;
        self
    }
}

/// Which raw row each published row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows<'a> {
    /// The same rows in the same order.
    Same,
    /// For each published row its raw row, if it has one: samples and other orders.
    From(&'a [Option<usize>]),
    /// Nobody knows. Attacks that need to know whether a guess is right do not apply, so a profile should not be judged so.
    Unknown,
    /// From none: the rows are made up.
    Synthetic,
}

/// Another published form of the same raw rows.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// The rows.
    pub rows: &'a RecordBatch,
    /// Where they come from.
    pub from: Rows<'a>,
}

/// What is examined.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The raw rows; of synthetic data those it was learned from.
    pub raw: &'a RecordBatch,
    /// The masked or synthetic rows. Columns of the raw rows may be missing, others may have been added.
    pub masked: &'a RecordBatch,
    /// What the raw columns are. Every raw column that is in the masked rows has to be described.
    pub columns: &'a [Column],
    /// Where the masked rows come from.
    pub rows: Rows<'a>,
    /// What else is published of the same raw rows, for stitching.
    pub published: &'a [Published<'a>],
    /// Raw rows that the synthetic rows were not learned from.
    pub holdout: Option<&'a RecordBatch>,
    /// Entities in the population, if there are more than in the raw rows.
    pub population: Option<u64>,
    /// Seed of samples and halves. The same seed gives the same report.
    pub seed: u64,
}

impl<'a> Input<'a> {
    /// Nothing but raw and masked rows.
    #[must_use]
    pub const fn new(
        raw: &'a RecordBatch,
        masked: &'a RecordBatch,
        columns: &'a [Column],
        rows: Rows<'a>,
    ) -> Self {
        Self { raw, masked, columns, rows, published: &[], holdout: None, population: None, seed: 0 }
    }
}

/// Attacks masked or synthetic rows in every way of the table above.
///
/// *Limits*: fewer than 2³² rows on each side. Memory is a few times that of both tables as texts.
///
/// # Errors
/// [`Error::Threshold`] if a limit is out of range, [`Error::Column`] if a described column is not in the raw rows or a
/// masked one is not described, [`Error::Length`] if `rows` do not fit the tables.
///
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, RecordBatch, StringArray};
/// use privacy::{SensitiveKind, attack};
///
/// let numbers = (0..1_000).map(|n| format!("138{:08}", n * 7_919 % 100_000_000));
/// let mobiles: ArrayRef = Arc::new(StringArray::from_iter_values(numbers));
/// let raw = RecordBatch::try_from_iter([("mobile", mobiles)])?;
/// let columns = [attack::Column::new("mobile", SensitiveKind::Mobile)];
/// // "Masked" by nothing at all.
/// let input = attack::Input::new(&raw, &raw, &columns, attack::Rows::Same);
/// let report = attack::examine(&input, &attack::Limits::default())?;
/// assert!(report.succeeded().any(|finding| finding.attack == attack::Attack::Identity));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn examine(input: &Input<'_>, limits: &Limits) -> Result<Report, Error> {
    limits.check()?;
    let (raw, raw_unreadable) = text::read(input.raw);
    let (masked, masked_unreadable) = text::read(input.masked);
    for column in input.columns {
        let read = raw.iter().any(|known| known.name == column.name);
        if !read && !raw_unreadable.contains(&column.name) {
            return Err(Error::Column { column: column.name.clone(), expected: "in the raw rows" });
        }
    }
    let others: Vec<Vec<text::TextColumn>> =
        input.published.iter().map(|other| text::read(other.rows).0).collect();
    let data = Data::new(input, &raw, &masked, &others)?;
    // What cannot be read on either side cannot be compared.
    let blind =
        masked.iter().map(|column| &column.name).filter(|name| raw_unreadable.contains(name)).cloned();
    let mut findings: Vec<Finding> = masked_unreadable.into_iter().chain(blind).map(unreadable).collect();
    findings.extend(on_columns(&data, limits));
    findings.extend(on_classes(&data, input, limits));
    findings.extend(or_reason(memorisation::attacks(input, limits), &[Attack::Memorisation, Attack::Copies]));
    let paired = data.paired().count();
    let rows = Looked {
        raw: data.raw_rows,
        masked: data.masked_rows,
        paired,
        sampled: data.masked_rows.min(cipher::VALUES_MAX),
    };
    Ok(Report::new(findings, *limits, rows))
}

fn unreadable(name: String) -> Finding {
    Finding {
        attack: Attack::Unreadable,
        outcome: Outcome::Succeeded,
        measure: None,
        chance: None,
        columns: vec![name],
    }
}

fn on_columns(data: &Data<'_>, limits: &Limits) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |found, attacks: &[Attack]| findings.extend(or_reason(found, attacks));
    add(Ok(dictionary::identity(data, limits)), &[Attack::Identity]);
    add(dictionary::unkeyed_hash(data, limits), &[Attack::UnkeyedHash]);
    add(cipher::substitution(data, limits), &[Attack::SimpleCipher]);
    add(cipher::codebook(data, limits), &[Attack::Codebook]);
    add(frequency::matching(data, limits), &[Attack::Frequency]);
    add(order::by_rank(data, limits), &[Attack::Rank]);
    add(order::kept(data, limits), &[Attack::Order]);
    add(shift::constant(data, limits), &[Attack::ConstantShift]);
    add(calendar::entity_shift(data, limits), &[Attack::EntityShift]);
    add(stitch::stitching(data, limits), &[Attack::Stitch, Attack::Fragments]);
    add(determined::determined(data, limits), &[Attack::Determined]);
    add(residue::residue(data, limits), &[Attack::Residue]);
    add(shuffle::shuffling(data, limits), &[Attack::Shuffle]);
    findings
}

fn on_classes(data: &Data<'_>, input: &Input<'_>, limits: &Limits) -> Vec<Finding> {
    let linked = linkage::reidentification(data, limits);
    let mut findings = or_reason(linked, &[Attack::Reidentification]);
    let single = [Attack::KAnonymity, Attack::SampleUniqueness, Attack::PopulationUniqueness];
    let varied = [Attack::DistinctDiversity, Attack::EntropyDiversity, Attack::Closeness];
    match Classes::new(data) {
        Ok(classes) => {
            let population = input.population.unwrap_or(0).max(linkage::raw_entities(data));
            findings.push(classes::k_anonymity(&classes, limits));
            findings.extend(classes::uniqueness(&classes, population, limits));
            findings.extend(or_reason(Ok(classes::diversity(data, &classes, limits)), &varied));
        }
        Err(reason) => {
            findings
                .extend(single.iter().chain(&varied).map(|attack| Finding::not_applicable(*attack, reason)));
        }
    }
    findings
}

/// What was found; for each of the attacks of which nothing was, why.
fn or_reason(found: Result<Vec<Finding>, Reason>, attacks: &[Attack]) -> Vec<Finding> {
    let (mut findings, reason) = match found {
        Ok(findings) => (findings, Reason::NoColumn),
        Err(reason) => (Vec::new(), reason),
    };
    for attack in attacks {
        if !findings.iter().any(|finding| finding.attack == *attack) {
            findings.push(Finding::not_applicable(*attack, reason));
        }
    }
    findings
}
