//! Which trained models may leave: a small subset of ONNX, rebuilt.
//!
//! A model file can hide anything: rows in a tensor, a text in a name, code in a custom operator. [`rebuild`] reads
//! the few parts it knows, refuses every other one, checks what it read and writes a new file from that alone: names become
//! numbers, descriptions and tools are gone, what no computation uses is zero. Nothing of the given bytes is copied.
//!
//! *Subset*: operators of the standard domains for linear and logistic models and tree ensembles, one input of floats, finite
//! numbers inside the file, no functions, no subgraphs, no training information. *Source*: `onnx.proto` of ONNX 1.x and
//! its operator sets `ai.onnx` 13–24 and `ai.onnx.ml` 1–3.
//!
//! *Memory*: a model of `n` parameters of `b` bits can remember no more than `n × b` bits of its training data. Every float
//! counts 32 bits, every integer 64 (generous to the attacker), every word 8; the sum must not pass what the policy allows for each
//! entity it was trained on. That bounds what a model remembers in all, not whom it remembers; so every leaf of a tree must
//! also state how many entities fell into it, and no leaf may have fewer than the minimum.

mod check;
mod linear;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod wire;
mod write;

pub use linear::linear;

/// Limit: bytes of a model file.
pub const BYTES_MAX: usize = 4 << 20;

/// How a model was trained, and how much it may remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// Distinct entities in the training data.
    pub entities: u64,
    /// Entities in every leaf, in the order of the leaves in the file; empty for models without trees.
    pub leaf_entities: Vec<u64>,
    /// Fewest entities in a leaf.
    pub leaf_entities_min: u64,
    /// What a model may remember. *Units*: thousandths of a bit for each entity.
    pub millibits_per_entity_max: u64,
}

/// A model that may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The new file; the same for files that say the same.
    pub bytes: Vec<u8>,
    /// What it could remember. *Units*: bits.
    pub bits: u64,
    /// Leaves of its trees.
    pub leaves: u64,
}

/// Why a model may not leave. Holds nothing of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are no protocol buffer of the expected form, or they end early.
    #[error("the file is damaged")]
    Format,
    /// A part that the subset does not have.
    #[error("the model has a part that is not allowed")]
    Part,
    /// Larger than a limit.
    #[error("the model is too large")]
    Size,
    /// An unknown version or a domain of operators that is not standard.
    #[error("the domain or version of operators is not allowed")]
    Domain,
    /// An operator that is not on the list.
    #[error("the operator is not allowed")]
    Operator,
    /// An attribute that the operator does not have, of another type, or out of range.
    #[error("an attribute is not allowed")]
    Attribute,
    /// A tensor that is not of finite floats in the file, or whose shape does not fit.
    #[error("a tensor is not allowed")]
    Tensor,
    /// Inputs, outputs and steps do not fit together.
    #[error("the graph does not fit together")]
    Graph,
    /// A tree with cycles, loose nodes or wrong references.
    #[error("a tree does not fit together")]
    Tree,
    /// It could remember more than allowed about those it was trained on.
    #[error("the model could remember individuals")]
    Memory,
    /// The sizes of the leaves are missing or one is too small.
    #[error("a leaf has too few entities, or its size is not stated")]
    Leaf,
}

impl Refusal {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Format => "privacy.onnx_format",
            Self::Part => "privacy.onnx_part",
            Self::Size => "privacy.onnx_size",
            Self::Domain => "privacy.onnx_domain",
            Self::Operator => "privacy.onnx_operator",
            Self::Attribute => "privacy.onnx_attribute",
            Self::Tensor => "privacy.onnx_tensor",
            Self::Graph => "privacy.onnx_graph",
            Self::Tree => "privacy.onnx_tree",
            Self::Memory => "privacy.onnx_memory",
            Self::Leaf => "privacy.onnx_leaf",
        }
    }
}

/// Checks a model file and writes it anew.
///
/// # Errors
/// [`Refusal`] names the first rule that the file breaks.
pub fn rebuild(file: &[u8], training: &Training) -> Result<Rebuilt, Refusal> {
    if file.len() > BYTES_MAX {
        return Err(Refusal::Size);
    }
    let mut model = parse::model(file)?;
    let leaves = check::model(&mut model)?;
    let bits = write::bits(&model);
    let allowed = u128::from(training.entities) * u128::from(training.millibits_per_entity_max);
    if u128::from(bits) * 1000 > allowed {
        return Err(Refusal::Memory);
    }
    let sizes = &training.leaf_entities;
    if sizes.len() != leaves || sizes.iter().any(|size| *size < training.leaf_entities_min) {
        return Err(Refusal::Leaf);
    }
    let leaves = u64::try_from(leaves).unwrap_or(u64::MAX);
    Ok(Rebuilt { bytes: write::model(&model), bits, leaves })
}
