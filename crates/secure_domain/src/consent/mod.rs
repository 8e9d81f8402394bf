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
use base::Date;
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
}

impl Consents {
    /// Reads the deliveries.
    ///
    /// # Errors
    /// `domain.unknown` without key or file; `domain.order_mismatch` for an object that holds something else.
    pub(crate) fn open(objects_dir: &Path, keys: &KeyRing, spec: &ConsentSpec) -> Result<Self, Error> {
        let mut consents = Self::default();
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

    /// The entities whose rows may be used for a purpose.
    pub(crate) fn consenting(&self, purpose: &Purpose) -> HashSet<Box<str>> {
        let Some(said) = self.said.get(&purpose.scenario) else { return HashSet::new() };
        let holds = |said: &&Vec<Said>| {
            let in_time = said.iter().filter(|said| said.since <= purpose.on);
            let last = in_time.copied().reduce(|a, b| if b.overrules(a) { b } else { a });
            last.is_some_and(|last| last.granted)
        };
        said.iter().filter(|(_, said)| holds(said)).map(|(key, _)| key.clone()).collect()
    }
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
