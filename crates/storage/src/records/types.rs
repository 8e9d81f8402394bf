//! What a record is, and what one asks for.

use base::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// A document that storage can keep.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// Stable name of the kind; part of the stored key.
    const KIND: &'static str;

    /// Identity within the kind.
    fn id(&self) -> Uuid;

    /// The lists that this record belongs to.
    fn keys(&self) -> Vec<Key> {
        Vec::new()
    }

    /// Values that only one record of the kind may have: name and value.
    fn uniques(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Membership in one list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Name of the list, for example `todo`.
    pub name: &'static str,
    /// Which list of that name, for example `<unit>/<role>`.
    pub value: String,
    /// Place in the list, usually a time in microseconds; equal places are ordered by id.
    pub sort: i64,
}

impl Key {
    /// A membership.
    pub fn new(name: &'static str, value: impl ToString, sort: i64) -> Self {
        Self { name, value: value.to_string(), sort }
    }
}

/// What a write believes about the stored record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It does not exist.
    New,
    /// It is at this version.
    Version(i64),
    /// Anything.
    Any,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<R> {
    /// The record.
    pub value: R,
    /// Counted from 1, one more at each write.
    pub version: i64,
    /// Time of the last write.
    pub updated_at: Timestamp,
}

/// Place of a record in a list, where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Place.
    pub sort: i64,
    /// Id.
    pub id: Uuid,
}

/// Which page of which list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<'a> {
    /// Name of the list.
    pub name: &'a str,
    /// Which list of that name.
    pub value: &'a str,
    /// Continue behind this place.
    pub after: Option<Cursor>,
    /// Records in the page, at most [`base::limit::PAGE_ROWS_MAX`].
    pub limit: u32,
    /// From ascending or descending places.
    pub order: Order,
}

/// Direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest place (oldest) first.
    Ascending,
    /// Largest place (newest) first.
    Descending,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R> {
    /// The records, in order.
    pub items: Vec<Versioned<R>>,
    /// Where the next page continues; `None` on the last.
    pub next: Option<Cursor>,
}
