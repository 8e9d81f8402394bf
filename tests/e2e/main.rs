//! End-to-end tests: one binary, the real server, real PostgreSQL where it matters, a real browser.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod browser;
mod crash;
mod harness;
mod hostile;
mod house;
mod story;
