//! Privacy over Arrow arrays: finding sensitive columns, grading and masking them, attacking what was masked, checking
//! results before they leave, marking the copies of what has left, rebuilding trained models, and the small relational
//! language in which a query on raw data must be expressed.
//!
//! It is not an engine and not a store: nothing here reads a file, a clock or a random source. Keys and data come
//! as arguments, and no error, proposal or report carries a value from the data.
//!
//! Invariants:
//! - a mask keeps type, length and nulls of its column; on identifiers it is injective for one key;
//! - a query passes [`ir::check`] only if everything it reveals is an aggregate over declared entities;
//! - a twin's model holds nothing of the data but counts with noise, and values that passed a noisy threshold ([`twin`]);
//! - [`disclosure::assess`] never lets a cell through of which a statistic is missing;
//! - [`disclosure::ledger`] allows an exact number only with a proof that it does not, with all that left before, speak about
//!   fewer entities than the threshold;
//! - noise of [`disclosure::dp`] is drawn without floating point, and paid for before it is drawn.
//!
//! Start with [`ir::Rel`], [`masking::mask_column`], [`detect::propose`], [`grading::propose`],
//! [`disclosure::assess`], [`attack::examine`], [`twin::fit`] and [`watermark::mark`].

pub mod attack;
mod data_type;
pub mod detect;
pub mod disclosure;
mod error;
mod format;
pub mod grading;
pub mod ir;
mod kind;
pub mod masking;
pub mod onnx;
pub mod twin;
pub mod watermark;

pub use data_type::DataType;
pub use error::Error;
pub use kind::SensitiveKind;
