//! End-to-end tests: one binary, the real server, real PostgreSQL where it matters, a real browser.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod browser;
mod crash;
mod full_disk;
mod harness;
mod hostile;
mod house;
#[path = "../support/postgres.rs"]
mod postgres;
mod story;
mod webdriver;
