//! End-to-end tests: one binary, the real server, real PostgreSQL where it matters, a real browser.
#![expect(missing_docs, reason = "tests")]

mod harness;
mod house;
