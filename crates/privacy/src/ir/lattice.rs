//! Labels, lineage and what the catalog tells about resources.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Declared, Rows, Stage};
use crate::DataType;

/// How much a column may reveal. The order is the lattice: an expression is labelled with the highest label of
/// what it is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// Says nothing about an entity that is not public anyway.
    Public,
    /// Points to few entities together with others (准标识符).
    Quasi,
    /// What an entity would not want known (敏感属性).
    Sensitive,
    /// Points to one entity alone (标识符).
    Identifier,
}

/// The entity that the rows of a resource are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// Kind, the same in all resources about such entities: `person`, `enterprise`, …
    pub kind: String,
    /// Source columns whose values together tell entities apart.
    pub columns: Vec<String>,
    /// Do thresholds apply? False for things nobody needs protection from being counted (weather stations).
    pub protected: bool,
}

/// What the catalog tells about a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnPolicy {
    /// Its type.
    pub data_type: DataType,
    /// Its confirmed label; `None` means unclassified, and refused.
    pub label: Option<Label>,
    /// What its provider declares of its values.
    #[serde(default)]
    pub declared: Declared,
}

impl ColumnPolicy {
    /// A column of which nothing more is declared.
    #[must_use]
    pub fn new(data_type: DataType, label: Option<Label>) -> Self {
        Self { data_type, label, declared: Declared::default() }
    }
}

/// What the catalog tells about a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// The declared entity; `None` is refused by [`super::check()`].
    pub entity: Option<Entity>,
    /// Columns by name.
    pub columns: BTreeMap<String, ColumnPolicy>,
    /// What its provider declares of its rows.
    #[serde(default)]
    pub rows: Rows,
}

impl ResourcePolicy {
    /// A resource of whose rows nothing more is declared.
    #[must_use]
    pub fn new(entity: Option<Entity>, columns: BTreeMap<String, ColumnPolicy>) -> Self {
        Self { entity, columns, rows: Rows::default() }
    }

    /// Is a column with this label public here? Not in rows about protected or unknown entities.
    pub(super) fn is_public(&self, label: Label) -> bool {
        label == Label::Public && self.entity.as_ref().is_some_and(|entity| !entity.protected)
    }

    /// The most rows that one of its entities has, as far as that is declared.
    pub(super) fn rows_of_one(&self) -> Option<u32> {
        let entity = self.entity.as_ref()?;
        let one = |unique: &BTreeSet<String>| {
            !unique.is_empty() && unique.iter().all(|column| entity.columns.contains(column))
        };
        if self.rows.unique.iter().any(one) { Some(1) } else { self.rows.per_entity }
    }

    /// Are its entities protected? Those of whom nothing is known are.
    pub(super) fn is_protected(&self) -> bool {
        self.entity.as_ref().is_none_or(|entity| entity.protected)
    }
}

/// All that a query may read, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Resources by the name that [`super::Rel::Scan`] uses. What is absent may not be read.
    pub resources: BTreeMap<String, ResourcePolicy>,
}

impl Policy {
    /// Are the entities of a resource protected? So they are where there is no such resource.
    pub(super) fn is_protected(&self, resource: &str) -> bool {
        self.resources.get(resource).is_none_or(ResourcePolicy::is_protected)
    }

    /// May a resource hold several rows about one protected entity?
    pub(super) fn may_have_several(&self, resource: &str) -> bool {
        let one = |known: &ResourcePolicy| known.rows_of_one() == Some(1);
        self.is_protected(resource) && !self.resources.get(resource).is_some_and(one)
    }
}

/// One entity behind a row: which scan brought it in, and of which kind it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityRef {
    /// Alias of the scan.
    pub alias: String,
    /// Kind of the entity.
    pub kind: String,
}

/// A stored column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// Resource that holds it.
    pub resource: String,
    /// Its name there.
    pub column: String,
}

/// What is known of a column of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// Its name in the output.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Highest label of what it is computed from.
    pub label: Label,
    /// Entities whose data flow into it.
    pub lineage: BTreeSet<EntityRef>,
    /// Computed through a condition (`CASE`, comparison, …) that is not on public columns only: an aggregate over
    /// it could single out an entity inside a large group.
    pub conditional: bool,
    /// How far it has come from the stored rows.
    #[serde(default)]
    pub stage: Stage,
    /// Stored columns whose values it is computed from.
    #[serde(default)]
    pub sources: BTreeSet<Source>,
    /// Parameters it is computed from.
    #[serde(default)]
    pub parameters: BTreeSet<String>,
}

/// The columns of a relation, in order, names unique.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// The columns.
    pub columns: Vec<ColumnInfo>,
}

impl Schema {
    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnInfo> {
        self.columns.iter().find(|column| column.name == name)
    }
}
