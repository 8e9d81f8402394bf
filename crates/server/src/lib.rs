//! The edges of Shuyu: pages for people, JSON and Arrow for programs.
//!
//! Nothing here decides: handlers parse a request, call one use case of `app` and turn its answer into a page.
//! Invariants: no page holds inline script or style; every text a person reads comes from a locale file, a pack or
//! a record; every page works without scripts.

pub mod commands;
pub mod html;
pub mod http;
pub mod serve;
mod state;

pub use state::Edge;
