//! The secure domain: zones, the guard before them, execution inside them, and serving out of them.
//!
//! # What it is
//! A **zone** belongs to one tenant and is one worker process ([`worker::serve`]) that the server talks to over a unix
//! socket ([`client::ZoneClient`]). There are four kinds ([`protocol::ZoneKind`]): *intake* turns delivered files into
//! sealed snapshots, *dev* answers free queries over masked twins, *prod* holds raw data and executes run orders, and
//! *ledger* sets what is to leave against all that left before.
//! This crate is the only user of the query engine.
//!
//! # What it is not
//! It decides nothing about who may do what (`access`), keeps no records (`storage`) and knows no law. It reads no
//! clock: ids and dates arrive in the orders.
//!
//! # Invariants
//! - Plain rows exist in the memory of a worker only; every file it writes is a sealed object.
//! - A prod engine is built only by a worker that was started as a prod zone; see [`worker`].
//! - On raw data runs only what [`guard`] could translate into `privacy::ir`, and what runs is lowered from that
//!   translation, not from the text.
//! - An error from a run on raw data is a code without a value.
//! - Parameters are bound as typed literals; no text is spliced into SQL.
//!
//! Start with [`protocol`] and [`client`].

mod alike;
pub mod bench;
mod books;
pub mod client;
mod collector;
pub mod consent;
mod contributions;
mod editions;
pub mod engine;
mod error;
#[cfg(test)]
mod fixture;
mod frame;
pub mod guard;
pub mod intake;
pub mod isolation;
pub mod objects;
mod perturb;
mod places;
pub mod protocol;
mod reach;
mod run;
pub mod serving;
mod session;
mod statistic;
mod topup;
mod twin;
mod value;
mod weights;
mod widest;
pub mod worker;

pub use error::{CODES, Error};
