//! Papers: the official forms and the documents of a procedure as PDF, typeset by Typst.
//!
//! [`print_form`] prints any [`regulation::pack::Form`] as the table it is on paper, filled or blank. [`render`] fills a
//! [`regulation::pack::Document`], the template of a pack, with values; [`check`] says what is wrong with a template,
//! with line and column, before anybody uses it. [`print_sheet`] and [`draw_chart`] show cells that were released, as a
//! table and as bars. [`of_case`] collects from a case what a template may name.
//!
//! What it is not: it reads no file, no clock, no network and no font of the system. Date and number come as
//! arguments, the two fonts are in the crate, packages and files are refused.
//!
//! Invariants: the same input gives the same bytes; values are data and never become markup or code, whatever they
//! contain; a template is a closed subset of Typst without loops over anything but declared lists, without functions of
//! its own, without arithmetic, and its work is bounded before it starts; a character the font lacks prints as `〓` and is
//! reported; a value that is missing prints as a blank line.

mod blank;
mod case;
mod chart;
mod error;
mod form;
mod grammar;
mod literal;
mod print;
mod qr;
mod sample;
mod sheet;
mod template;
mod typeface;
mod value;
mod words;
mod world;

pub use case::{Actual, of_case, opinions};
pub use chart::{CHART_BARS_MAX, Chart, draw_chart};
pub use error::{DocumentError, Fault};
pub use form::{FormPaper, OpinionEntry, print_form};
pub use print::{Lang, Rendered, Stamp, Verification};
pub use sample::sample;
pub use sheet::{Sheet, print_sheet};
pub use template::{check, missing, render};
pub use typeface::covers;
pub use value::{Data, Datum};

/// Bytes of the values of one paper, all together.
pub const DATA_BYTES_MAX: usize = 768 * 1024;
/// Pages of one paper.
pub const PAGES_MAX: usize = 200;
/// Characters a template may print and steps it may take, counted before it runs.
pub const COST_MAX: usize = 260_000;
/// Faults reported of one template.
pub const FAULTS_MAX: usize = 50;

#[cfg(test)]
mod tests;
