//! Metered calls, and which of them are charged.

use std::collections::HashSet;

use base::{Digest, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered, with rows or with the answer that there are none.
    Answered,
    /// Refused before anything was looked up: quota, scenario, parameters.
    Refused,
    /// Failed on our side.
    Failed,
}

/// One metered call, durable before its answer leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterRecord {
    /// The call.
    pub call: Id<kind::Call>,
    /// Product called.
    pub product: Id<kind::Product>,
    /// Agreement it was called under.
    pub usage: Id<kind::Usage>,
    /// When it was admitted.
    pub at: Timestamp,
    /// Scenario it named.
    pub scenario: String,
    /// The caller's key for repeating a call without paying twice.
    pub idempotency_key: Option<String>,
    /// Digest of the canonical request.
    pub request: Digest,
    /// How it ended.
    pub outcome: Outcome,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes in the answer.
    pub bytes: u64,
}

/// What a metered call means for the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Counts towards the price.
    Charged,
    /// Repeats a charged call: same idempotency key under the same agreement, or the same call recorded twice.
    Repeated,
    /// Refused or failed.
    NotAnswered,
}

/// The verdict on each record, in the order of time. Give all records that may share an idempotency key, so also those
/// before the period in question.
#[must_use]
pub fn classify(records: &[MeterRecord]) -> Vec<(&MeterRecord, Verdict)> {
    let mut ordered: Vec<&MeterRecord> = records.iter().collect();
    ordered.sort_by_key(|record| (record.at, record.call));
    let mut calls = HashSet::new();
    let mut keys = HashSet::new();
    let verdict = |record: &&MeterRecord| {
        if record.outcome != Outcome::Answered {
            return Verdict::NotAnswered;
        }
        let new_call = calls.insert(record.call);
        // A clone of the key instead of a borrow: the closure outlives the borrow of one record.
        let new_key = record.idempotency_key.clone().is_none_or(|key| keys.insert((record.usage, key)));
        if new_call && new_key { Verdict::Charged } else { Verdict::Repeated }
    };
    let verdicts: Vec<Verdict> = ordered.iter().map(verdict).collect();
    ordered.into_iter().zip(verdicts).collect()
}
