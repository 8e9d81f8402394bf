//! The only SQL of the house: one deep module over SQLite and PostgreSQL.
//!
//! Open a [`Store`], run a command with [`Store::transact`], a query with [`Store::read`]; inside, use the functions of
//! [`events`], [`journal`], [`records`], [`jobs`] and the others, which all take the [`Tx`]. Product calls go through a
//! [`Recorder`], which commits many of them at once.
//!
//! It is not a place for rules: it does not know what a case or a price is. Invariants: a command that recorded nothing
//! in the journal does not commit; journal numbers have no gaps; nothing is acknowledged before it is durable; both
//! engines answer alike (one conformance suite runs on both).

mod backup;
pub mod calls;
pub mod commands;
mod engine;
mod error;
pub mod events;
pub mod external;
pub mod jobs;
pub mod journal;
pub mod objects;
pub mod position;
mod recorder;
pub mod records;
mod schema;
pub mod sessions;
pub mod settings;
mod store;

pub use access::Permit;
pub use backup::Summary as BackupSummary;
pub use engine::Tx;
pub use error::Error;
pub use recorder::{Recorded, Recorder, Recording};
pub use schema::VERSION as SCHEMA_VERSION;
pub use store::{Store, StoreConfig};

#[cfg(test)]
mod conformance;

/// Refuses more than `max` of something.
fn bound(what: &'static str, count: usize, max: usize) -> Result<(), Error> {
    if count > max { Err(Error::Limit { what, max: max as u64 }) } else { Ok(()) }
}
