//! The use cases of Shuyu: one file per topic, one function per command or query.
//!
//! Each command asks the policies for a [`Permit`](access::Permit), changes records, writes the journal and pushes its
//! jobs in one transaction, and returns; everything slow is done by idempotent jobs. It holds the only clock and the
//! only randomness. It knows neither HTTP nor SQL: `server` calls it, it calls `storage` and the zone workers.
//!
//! Invariants: no change without a journal row in the same transaction; a refusal of the law is a value with its clause;
//! raw rows pass through here only as sealed bytes.

pub mod cases;
pub mod clock;
mod config;
mod context;
mod core;
mod error;
pub mod exports;
pub mod backup;
pub mod identity;
mod jobs;
mod journal;
mod keys;
pub mod ledger;
pub mod models;
pub mod notices;
mod objects;
pub mod packs;
pub mod products;
pub mod resources;
pub mod tenants;
pub mod usages;

pub use config::Config;
pub use context::Ctx;
pub use core::App;
pub use error::{Error, ErrorKind, FieldError, Result};
