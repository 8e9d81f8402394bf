//! What can be wrong, without values.

/// A fault in a description, or a use that the catalog forbids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A resource or model lacks something that it must have.
    #[error("`{field}` is missing or empty")]
    Missing {
        /// What.
        field: &'static str,
    },
    /// A name is empty, too long, or has a character it must not have.
    #[error("not a valid name: `{name}`")]
    Name {
        /// The name.
        name: String,
    },
    /// Two columns or parameters share a name.
    #[error("name used twice: `{name}`")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// More columns than allowed.
    #[error("{count} columns, more than {limit}")]
    TooManyColumns {
        /// How many.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The resource has no such column.
    #[error("no column `{column}`")]
    UnknownColumn {
        /// The column.
        column: String,
    },
    /// A column has no confirmed classification.
    #[error("column `{column}` is not classified")]
    Unclassified {
        /// The column.
        column: String,
    },
    /// A decision lowers the protection that was proposed and gives no reason.
    #[error("classification of `{column}` is below the proposal and has no note")]
    LoweredWithoutNote {
        /// The column.
        column: String,
    },
    /// A grade outside 1–4.
    #[error("grade of `{column}` is out of range")]
    Level {
        /// The column.
        column: String,
    },
    /// An identifier's mask does not hide it.
    #[error("mask of identifier `{column}` does not hide it")]
    MaskTooWeak {
        /// The column.
        column: String,
    },
    /// No entity is declared, or it names columns that do not exist.
    #[error("resource has no valid entity key")]
    Entity,
    /// The entity names a column that the data do not have.
    #[error("no column `{column}`, which the entity key names")]
    EntityColumn {
        /// The column.
        column: String,
    },
    /// What is declared of a column's values, or of the rows, cannot be: bounds of a text, codes of another type.
    #[error("declaration of `{column}` is not valid")]
    Declaration {
        /// The column; `rows` for what is declared of rows.
        column: String,
    },
    /// The resource must not be opened.
    #[error("resource must not be opened")]
    NotOpen,
    /// A parameter's domain is empty, reversed or of another type.
    #[error("domain of parameter `{parameter}` is not valid")]
    Domain {
        /// The parameter.
        parameter: String,
    },
    /// A declared parameter got no value.
    #[error("parameter `{parameter}` is missing")]
    MissingParameter {
        /// The parameter.
        parameter: String,
    },
    /// A value for a parameter that is not declared.
    #[error("unknown parameter `{parameter}`")]
    UnknownParameter {
        /// The parameter.
        parameter: String,
    },
    /// A value that is not of the parameter's type, or outside its domain.
    #[error("value of parameter `{parameter}` is outside its domain")]
    OutsideDomain {
        /// The parameter.
        parameter: String,
    },
    /// A lineage edge that would make something its own source, or point into a resource.
    #[error("lineage edge is not allowed")]
    LineageEdge,
    /// Column arrays do not match the description.
    #[error("data do not match the schema")]
    Schema,
    /// The privacy computation failed.
    #[error("privacy computation failed")]
    Privacy(#[source] privacy::Error),
}

impl Error {
    /// The name it is about, in no language: a column, a parameter, a field. Empty where it is about the whole.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Missing { field } => field,
            Self::Name { name } | Self::DuplicateName { name } => name,
            Self::UnknownColumn { column }
            | Self::Unclassified { column }
            | Self::LoweredWithoutNote { column }
            | Self::Level { column }
            | Self::MaskTooWeak { column }
            | Self::Declaration { column }
            | Self::EntityColumn { column } => column,
            Self::Domain { parameter }
            | Self::MissingParameter { parameter }
            | Self::UnknownParameter { parameter }
            | Self::OutsideDomain { parameter } => parameter,
            Self::TooManyColumns { .. }
            | Self::Entity
            | Self::NotOpen
            | Self::LineageEdge
            | Self::Schema
            | Self::Privacy(_) => "",
        }
    }

    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "catalog.missing",
            Self::Name { .. } => "catalog.name",
            Self::DuplicateName { .. } => "catalog.duplicate_name",
            Self::TooManyColumns { .. } => "catalog.too_many_columns",
            Self::UnknownColumn { .. } => "catalog.unknown_column",
            Self::Unclassified { .. } => "catalog.unclassified",
            Self::LoweredWithoutNote { .. } => "catalog.lowered_without_note",
            Self::Level { .. } => "catalog.level",
            Self::MaskTooWeak { .. } => "catalog.mask_too_weak",
            Self::Entity => "catalog.entity",
            Self::EntityColumn { .. } => "catalog.entity_column",
            Self::Declaration { .. } => "catalog.declaration",
            Self::NotOpen => "catalog.not_open",
            Self::Domain { .. } => "catalog.domain",
            Self::MissingParameter { .. } => "catalog.missing_parameter",
            Self::UnknownParameter { .. } => "catalog.unknown_parameter",
            Self::OutsideDomain { .. } => "catalog.outside_domain",
            Self::LineageEdge => "catalog.lineage_edge",
            Self::Schema => "catalog.schema",
            Self::Privacy(_) => "catalog.privacy",
        }
    }
}
