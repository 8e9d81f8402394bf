//! The catalog: public data resources with schema, classification and grading; models (algorithms) with declared
//! parameters; and which columns feed which model and product.
//!
//! It is not a store and not an engine: pure types and checks over what callers hand in. Invariants:
//! - a resource with one unclassified column is unusable ([`Resource::usable`]);
//! - a resource that must not be opened is never grantable ([`Resource::grantable`]);
//! - no error, profile or report holds a value from data.
//!
//! Start with [`Resource`] and [`Model`].

pub mod csv;
mod declaration;
mod error;
mod lineage;
mod model;
mod profile;
mod resource;
mod twin_form;

pub use declaration::Declaration;
pub use error::Error;
pub use lineage::{Lineage, Node};
pub use model::{Domain, Model, ModelInput, OutputColumn, Parameter, Value};
pub use profile::{ColumnProfile, Profile, Profiler};
pub use resource::{
    Classification, Column, Decision, Openness, Resource, Snapshot, UpdateFrequency, Zone, check_column_name,
};
pub use twin_form::TwinForm;
