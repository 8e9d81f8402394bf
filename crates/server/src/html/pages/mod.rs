//! What each page shows, as plain data: one file a topic, one struct a page.
//!
//! Dates, sums and sizes arrive ready to read; words of the law arrive from the pack; everything else is a message
//! key in the templates. Contexts hold no rule: what a person may do is in the list of actions a handler was given.
#![expect(missing_docs, reason = "a field's name is the template variable; the template shows what it means")]

pub mod admin;
pub mod airlock;
pub mod announcements;
pub mod authorisations;
pub mod case;
pub mod catalog;
pub mod declaration;
pub mod duties;
pub mod error;
pub mod form;
pub mod help;
pub mod holidays;
pub mod inbox;
pub mod isolation;
pub mod ledger;
pub mod market;
pub mod models;
pub mod pack_checks;
pub mod pack_versions;
pub mod packs;
pub mod parts;
pub mod portal;
pub mod products;
pub mod runs;
pub mod shell;
pub mod sign_in;
pub mod tenant;
pub mod trace;
pub mod twin;
pub mod workbench;
