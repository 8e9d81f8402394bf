//! What can go wrong, without values.

/// A fault in an argument or in the data. Never holds a value from the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text does not name a data type.
    #[error("not a data type: `{text}`")]
    DataType {
        /// What was given.
        text: String,
    },
    /// The mask cannot be applied to a column of this type.
    #[error("mask `{mask}` does not apply to a column of type {data_type}")]
    MaskType {
        /// Name of the mask.
        mask: &'static str,
        /// The Arrow type.
        data_type: String,
    },
    /// A number in a mask is out of range (step zero, for example).
    #[error("mask `{mask}` has a parameter out of range")]
    MaskParameter {
        /// Name of the mask.
        mask: &'static str,
    },
    /// There are too few values to hide one among: fewer than a million.
    #[error("mask `{mask}` has too few values to hide one among")]
    MaskDomain {
        /// Name of the mask.
        mask: &'static str,
    },
    /// The mask needs the entity's columns beside its own.
    #[error("mask `{mask}` needs the entity's columns")]
    MaskEntity {
        /// Name of the mask.
        mask: &'static str,
    },
    /// A column is not masked as the platform's profile says.
    #[error("`{place}` is not masked as the profile says for {kind}")]
    Profile {
        /// Name of the kind.
        kind: &'static str,
        /// The column, as it was named.
        place: String,
    },
    /// Two masks of one identifier together show more than each alone.
    #[error("the masks of {kind} in `{first}` and `{second}` can be stitched together")]
    Stitch {
        /// Name of the kind.
        kind: &'static str,
        /// The earlier place.
        first: String,
        /// The later place.
        second: String,
    },
    /// A column that a computation needs is absent or has another type.
    #[error("column `{column}` is missing or not of type {expected}")]
    Column {
        /// The column.
        column: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Arrays that describe the same rows differ in length.
    #[error("lengths differ: {left} and {right}")]
    Length {
        /// Rows of the one.
        left: usize,
        /// Rows of the other.
        right: usize,
    },
    /// A threshold that would switch the protection off.
    #[error("threshold `{name}` is out of range")]
    Threshold {
        /// Its name.
        name: &'static str,
    },
    /// Arrow refused; its text is left out because it may quote a value.
    #[error("column operation `{operation}` failed")]
    Arrow {
        /// What was attempted.
        operation: &'static str,
    },
    /// A record or an argument contradicts what the release ledger holds.
    #[error("release ledger: {what} does not fit")]
    Ledger {
        /// What does not fit.
        what: &'static str,
    },
    /// The release ledger is full.
    #[error("release ledger: too many {what}")]
    LedgerLimit {
        /// Of what there are too many.
        what: &'static str,
    },
    /// A table with margins contradicts itself or is too large.
    #[error("table: {what} do not fit")]
    Table {
        /// What does not fit.
        what: &'static str,
    },
    /// The bounds or the domain of a column are not declared; they are never taken from the data.
    #[error("{what} of column `{column}` must be declared")]
    Undeclared {
        /// What must be declared.
        what: &'static str,
        /// The column.
        column: String,
    },
    /// A description, model or argument of a synthetic twin contradicts itself.
    #[error("twin: {what} of `{name}` does not fit")]
    Twin {
        /// What does not fit.
        what: &'static str,
        /// The table or column, as described.
        name: String,
    },
    /// A synthetic twin would pass a limit.
    #[error("twin: too many {what}")]
    TwinLimit {
        /// Of what there are too many.
        what: &'static str,
    },
    /// A specification of watermarks cannot be followed.
    #[error("watermark: {what}")]
    Watermark {
        /// What cannot be followed.
        what: &'static str,
    },
    /// A table is too small to carry the watermark that was promised.
    #[error("watermark: {positions} cells can carry it, {needed} are needed")]
    WatermarkCapacity {
        /// Cells that can carry a bit.
        positions: u64,
        /// Cells that the promise needs.
        needed: u64,
    },
    /// The source of randomness is broken.
    #[error("the source of randomness is broken")]
    Randomness,
    /// The query could not be written in canonical form.
    #[error("query has no canonical form")]
    Canonical,
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DataType { .. } => "privacy.data_type",
            Self::MaskType { .. } => "privacy.mask_type",
            Self::MaskParameter { .. } => "privacy.mask_parameter",
            Self::MaskDomain { .. } => "privacy.mask_domain",
            Self::MaskEntity { .. } => "privacy.mask_entity",
            Self::Profile { .. } => "privacy.profile",
            Self::Stitch { .. } => "privacy.stitch",
            Self::Column { .. } => "privacy.column",
            Self::Length { .. } => "privacy.length",
            Self::Threshold { .. } => "privacy.threshold",
            Self::Arrow { .. } => "privacy.arrow",
            Self::Ledger { .. } => "privacy.ledger",
            Self::LedgerLimit { .. } => "privacy.ledger_limit",
            Self::Table { .. } => "privacy.table",
            Self::Undeclared { .. } => "privacy.undeclared",
            Self::Twin { .. } => "privacy.twin",
            Self::TwinLimit { .. } => "privacy.twin_limit",
            Self::Watermark { .. } => "privacy.watermark",
            Self::WatermarkCapacity { .. } => "privacy.watermark_capacity",
            Self::Randomness => "privacy.randomness",
            Self::Canonical => "privacy.canonical",
        }
    }
}
