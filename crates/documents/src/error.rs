//! What can be wrong with a paper.

use serde::Serialize;
use thiserror::Error;

/// Something wrong with a template, where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Line of the template, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what would be right, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Why a paper was not printed.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The template cannot be used.
    #[error("template `{name}` has {} faults", faults.len())]
    Template {
        /// The document's name.
        name: String,
        /// At least one, in the order of the text.
        faults: Vec<Fault>,
    },
    /// A value is of another kind than declared, or not declared at all.
    #[error("value `{name}` does not fit its declaration")]
    Value {
        /// The variable.
        name: String,
    },
    /// The values are too long, all together.
    #[error("values have {bytes} bytes, {max} are allowed")]
    TooMuchData {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The paper would be too long.
    #[error("the paper is too long, {max} {unit} are allowed")]
    TooLong {
        /// Pages, or steps and characters.
        unit: &'static str,
        /// How many are allowed.
        max: usize,
    },
    /// The cells cannot be drawn.
    #[error("no chart: {what}")]
    NoChart {
        /// Why, in English.
        what: &'static str,
    },
    /// The typesetting itself failed; ours to mend.
    #[error("typesetting failed: {detail}")]
    Engine {
        /// What the engine says.
        detail: String,
    },
}

impl DocumentError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Template { .. } => "document.template",
            Self::Value { .. } => "document.value",
            Self::TooMuchData { .. } => "document.too_much_data",
            Self::TooLong { .. } => "document.too_long",
            Self::NoChart { .. } => "document.no_chart",
            Self::Engine { .. } => "document.engine",
        }
    }
}
