//! Privacy over Arrow arrays: finding sensitive columns, grading and masking them, checking results before they leave,
//! marking the copies of what has left, rebuilding trained models, and the small relational language in which a query on
//! raw data must be expressed.
//!
//! It is not an engine and not a store: nothing here reads a file, a clock or a random source. Keys and data come
//! as arguments, and no error, proposal or report carries a value from the data.
//!
//! Invariants:
//! - a mask keeps type, length and nulls of its column; on identifiers it is injective for one key;
//! - a query passes [`ir::check`] only if everything it reveals is an aggregate over declared entities;
//! - [`disclosure::assess`] never lets a cell through of which a statistic is missing.
//!
//! Start with [`ir::Rel`], [`masking::mask_column`], [`detect::propose`], [`grading::propose`],
//! [`disclosure::assess`] and [`watermark::mark`].

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
pub mod watermark;

pub use data_type::DataType;
pub use error::Error;
pub use kind::SensitiveKind;
