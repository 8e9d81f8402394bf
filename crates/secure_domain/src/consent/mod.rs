//! Consent (同意): which entities' rows may be computed with, for which scenario, on which day.
//!
//! Consents are delivered by the provider as rows `entity key, scenario, state, since` and sealed like the data. A table
//! that needs consent is never read as it lies: its provider keeps the rows of entities that have consented to the one
//! scenario of the order, so that nothing above it — guard, aggregates, verifications — can see another row. Without a
//! scenario there are no rows at all. A consent names one scenario; there is no way to write one that covers several.

mod filter;
mod intake;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Date32Type;
use base::{Date, Digest};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile, ObjectRows};
use crate::protocol::ObjectRef;

pub(crate) use filter::Consented;
pub(crate) use intake::take_in;

/// Column of the scenario.
pub const SCENARIO: &str = "scenario";
/// Column of what was said: `granted` or `withdrawn`.
pub const STATE: &str = "state";
/// Column of the day from which it holds.
pub const SINCE: &str = "since";
/// Between the parts of an entity's key; no field holds it.
const SEPARATOR: char = '\u{1f}';
/// Limit: consents of one table that a zone holds.
const CONSENTS_MAX: usize = 50_000_000;

/// What a table needs consent for, and where the consents lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentSpec {
    /// The columns whose values together tell entities apart.
    pub columns: Vec<String>,
    /// Delivered consents, oldest first. None mean that nobody has consented.
    pub given: Vec<ObjectRef>,
    /// Whether others were given before these, and are no longer there.
    #[serde(default)]
    pub replaced: bool,
}

/// What an order is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Purpose {
    /// The scenario, as consents name it.
    pub scenario: String,
    /// The day on which consents must hold.
    pub on: Date,
}

/// Turn an upload into sealed consents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConsentOrder {
    /// The upload: delimited text with the key columns, `scenario`, `state` and `since`.
    pub upload: u64,
    /// The columns of the entity's key.
    pub key: Vec<String>,
    /// The object to be written.
    pub into: ObjectRef,
}

/// Consents that were taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentsDone {
    /// The object.
    pub written: crate::objects::Written,
    /// Rows that grant.
    pub granted: u64,
    /// Rows that withdraw.
    pub withdrawn: u64,
    /// Rows of each scenario.
    pub scenarios: BTreeMap<String, u64>,
}

/// What one entity said last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    since: Date,
    /// Which delivery said it.
    delivery: usize,
    granted: bool,
}

impl Said {
    /// Whether this is what holds, when the other was said as well: the later day, of one day the later delivery, and
    /// within one delivery the withdrawal.
    fn overrules(self, other: Self) -> bool {
        (self.since, self.delivery, !self.granted) > (other.since, other.delivery, !other.granted)
    }
}

/// All consents of one table.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    /// Everything said by scenario and entity, oldest delivery first.
    said: HashMap<String, HashMap<Box<str>, Vec<Said>>>,
    /// Whether the first delivery is known.
    begun: bool,
}

/// Whose rows may be used for a purpose.
#[derive(Debug, Default)]
pub(crate) struct Consenting {
    pub(crate) entities: HashSet<Box<str>>,
    /// What tells them from those whom the first delivery named for the scenario; none while it is still these.
    pub(crate) changed: Option<Digest>,
}

impl Consents {
    /// Reads the deliveries.
    ///
    /// # Errors
    /// `domain.unknown` without key or file; `domain.order_mismatch` for an object that holds something else.
    pub(crate) fn open(objects_dir: &Path, keys: &KeyRing, spec: &ConsentSpec) -> Result<Self, Error> {
        let mut consents = Self { begun: !spec.replaced, ..Self::default() };
        let mut rows = 0;
        for (delivery, object) in spec.given.iter().enumerate() {
            let file = Arc::new(ObjectFile::open(objects_dir, keys, object)?);
            let read = ObjectRows::open(&file, None)?;
            read.check_content(&[Content::Consents])?;
            for batch in read {
                let batch = batch?;
                rows += batch.num_rows();
                if rows > CONSENTS_MAX {
                    return Err(Error::Limit { what: "consents" });
                }
                consents.add(&batch, delivery, spec)?;
            }
        }
        Ok(consents)
    }

    fn add(
        &mut self,
        batch: &arrow::array::RecordBatch,
        delivery: usize,
        spec: &ConsentSpec,
    ) -> Result<(), Error> {
        let wrong = || Error::OrderMismatch { what: "consents" };
        let column = |name: &str| batch.column_by_name(name).cloned().ok_or_else(wrong);
        let keys = spec.columns.iter().map(|name| column(name)).collect::<Result<Vec<_>, _>>()?;
        let keys = entity_keys(&keys)?;
        let (scenario, state, since) = (column(SCENARIO)?, column(STATE)?, column(SINCE)?);
        let scenario = scenario.as_string_opt::<i32>().ok_or_else(wrong)?;
        let state = state.as_string_opt::<i32>().ok_or_else(wrong)?;
        let since = since.as_primitive_opt::<Date32Type>().ok_or_else(wrong)?;
        for row in 0..batch.num_rows() {
            let Some(key) = keys.get(row).and_then(Option::as_deref) else { return Err(wrong()) };
            let since = Date::from_days(since.value(row));
            let said = Said { since, delivery, granted: state.value(row) == "granted" };
            let of_scenario = self.said.entry(scenario.value(row).to_owned()).or_default();
            of_scenario.entry(key.into()).or_default().push(said);
        }
        Ok(())
    }

    /// The entities whose rows may be used for a purpose. The same entities are told apart from the first ones by the same
    /// digest, whenever and by whichever deliveries it came to be they.
    pub(crate) fn consenting(&self, purpose: &Purpose) -> Consenting {
        let Some(said) = self.said.get(&purpose.scenario) else { return Consenting::default() };
        let entities = whom(said, |said| said.since <= purpose.on);
        let first = said.values().flatten().map(|said| said.delivery).min();
        let first = first.filter(|_| self.begun).map(|first| whom(said, |said| said.delivery == first));
        let changed = if first.as_ref() == Some(&entities) { None } else { Some(digest(&entities)) };
        Consenting { entities, changed }
    }
}

/// Who has consented, by those statements that count.
fn whom(said: &HashMap<Box<str>, Vec<Said>>, counts: impl Fn(&Said) -> bool) -> HashSet<Box<str>> {
    let granted = |said: &&Vec<Said>| {
        let counted = said.iter().filter(|said| counts(said)).copied();
        counted.reduce(|a, b| if b.overrules(a) { b } else { a }).is_some_and(|last| last.granted)
    };
    said.iter().filter(|(_, said)| granted(said)).map(|(key, _)| key.clone()).collect()
}

/// Of a set, whatever its order.
fn digest(entities: &HashSet<Box<str>>) -> Digest {
    let mut sum = [0_u64; 4];
    for entity in entities {
        let Digest(digest) = Digest::of(entity.as_bytes());
        let (words, _) = digest.as_chunks::<8>();
        for (sum, word) in sum.iter_mut().zip(words) {
            *sum = sum.wrapping_add(u64::from_be_bytes(*word));
        }
    }
    Digest::of(sum.map(u64::to_be_bytes).as_flattened())
}

/// The keys of rows as one text each; none where a part of it is missing.
fn entity_keys(columns: &[ArrayRef]) -> Result<Vec<Option<String>>, Error> {
    let texts = columns
        .iter()
        .map(|column| {
            let text = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8);
            let text = text.map_err(|_| Error::RunFailed)?;
            text.as_any().downcast_ref::<StringArray>().cloned().ok_or(Error::RunFailed)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let rows = texts.first().map_or(0, Array::len);
    let key = |row| {
        let mut key = String::new();
        for (index, text) in texts.iter().enumerate() {
            if text.is_null(row) {
                return None;
            }
            if index > 0 {
                key.push(SEPARATOR);
            }
            key.push_str(text.value(row).trim());
        }
        Some(key)
    };
    Ok((0..rows).map(key).collect())
}
