//! The use cases of Shuyu: one file per topic, one function per command or query.
//!
//! Each command asks the policies for a [`Permit`](access::Permit), changes records, writes the journal and pushes its
//! jobs in one transaction, and returns; everything slow is done by idempotent jobs. It holds the only clock and the
//! only randomness. It knows neither HTTP nor SQL: `server` calls it, it calls `storage` and the zone workers.
//!
//! Invariants: no change without a journal row in the same transaction; a refusal of the law is a value with its clause;
//! raw rows pass through here only as sealed bytes.

pub mod backup;
pub mod billing;
pub mod cases;
pub mod clock;
mod config;
pub mod consents;
mod context;
mod core;
pub mod data_api;
pub mod declarations;
pub mod deliveries;
pub mod desk;
pub mod destructions;
pub mod duties;
mod error;
pub mod exports;
pub mod identity;
pub mod imports;
mod jobs;
mod journal;
mod keys;
pub mod ledger;
mod market;
pub mod models;
pub mod notices;
pub mod objections;
mod objects;
pub mod packs;
pub mod papers;
mod parameters;
pub mod products;
mod releases;
mod residue;
pub mod resources;
pub mod runs;
mod scanner;
pub mod statistics;
pub mod tenants;
#[cfg(test)]
mod tests;
mod time_class;
pub mod topups;
pub mod twins;
pub mod uploads;
pub mod usages;
pub mod watermarks;
pub mod workbench;
mod worker;
mod zones;

pub use ::{access, catalog, documents, privacy, regulation};
/// The crates whose values use cases take and answer, for the edges that show them.
pub use ::products as offers;
pub use config::Config;
pub use context::Ctx;
pub use core::{App, migrate};
pub use error::{Error, ErrorKind, FieldError, Result};
pub use residue::{Residue, ResidueScan, ScannedPlace};
pub use secure_domain::isolation::{Attempt, Holds, Isolation, Layer};
pub use secure_domain::protocol::{Advised, Explained, Nearby};
pub use worker::{ZoneDoor, probe_isolation};
pub use zones::{IsolationState, WorkerState, isolation};
