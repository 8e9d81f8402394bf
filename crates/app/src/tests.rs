//! The way of data through the platform, with real workers (as tasks of the test), real packs and a real store.

mod airlock;
mod clocks;
mod consents;
mod destruction;
mod duties;
pub(crate) mod fixture;
mod holidays;
mod imports;
mod papers;
mod partners;
mod public;
mod registration;
mod slice;
mod statistics;
mod twins;
mod versions;
mod watermarks;
