//! What is declared of the tables of a twin. None of it comes from the data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{DataType, Error, SensitiveKind};

/// Limit: columns of one table.
pub const COLUMNS_MAX: usize = 256;
/// Limit: columns of one table among which pairs are chosen.
pub const TREE_COLUMNS_MAX: usize = 64;
/// Limit: declared categories or bins of one column, and values kept of an open one.
pub const VALUES_MAX: usize = 1_024;
/// Limit: tables of one description.
const TABLES_MAX: usize = 64;
/// Limit: rows of one entity, and children of one parent.
const CONTRIBUTION_MAX: u16 = 1_000;

/// Tables that are fitted and generated together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The tables; a table stands after those it refers to.
    pub tables: Vec<Table>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Name, the one by which queries scan it.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Columns whose values together tell the protected entities apart.
    pub entity: Vec<String>,
    /// How many rows of one entity count at most; further ones are left out of the fit.
    pub rows_max: u16,
    /// Between which columns dependence is kept.
    pub pairs: Pairs,
}

/// Which two-way marginals are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// A tree over all learnt columns, chosen with part of the budget.
    Tree,
    /// These, which must not form a ring.
    Given(Vec<(String, String)>),
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// May it be null? Where not, nulls of the data count as other values, and none are generated.
    pub nullable: bool,
    /// What it holds.
    pub content: Content,
}

/// What a column holds, and so what is learnt of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "content", rename_all = "snake_case", deny_unknown_fields)]
pub enum Content {
    /// One of these values, written as text (`1`, `true`, `浙江`). Others are not learnt.
    Categories {
        /// The domain.
        values: Vec<String>,
    },
    /// Text of an unknown domain: values are kept only if many entities have them.
    Open,
    /// True or false.
    Flag,
    /// A number, date or timestamp within bounds; what lies outside counts as the nearer bound.
    Range {
        /// Lower bound. *Units*: the number itself for integer, decimal and float; days since 1970-01-01 for dates;
        /// microseconds since then for timestamps.
        low: i64,
        /// Upper bound, included.
        high: i64,
        /// Into how many bins of equal width it is parted.
        bins: u16,
    },
    /// An identifier. It is never learnt but invented, checksum-valid.
    Invented {
        /// Of which kind.
        kind: SensitiveKind,
        /// Which columns of the row are parts of it.
        #[serde(default)]
        parts: Parts,
    },
    /// A number that tells rows apart and means nothing else. It is never learnt; rows are numbered.
    Key,
    /// A key of another table. Never learnt either; how many rows point to one key is.
    Reference {
        /// The table, which stands before this one.
        table: String,
        /// Its column: [`Content::Key`] or [`Content::Invented`].
        column: String,
        /// How many rows point to one key at most; more count as so many.
        children_max: u16,
    },
}

/// Columns that an identity number (or credit code, for the region) repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parts {
    /// Column with the code of the administrative region, of six digits (GB/T 2260) or more that begin with them.
    pub region: Option<String>,
    /// Column with the date of birth, of type date.
    pub birth: Option<String>,
    /// Column with the sex.
    pub sex: Option<String>,
    /// How men are written in that column (`男`, `1`).
    pub male: String,
}

impl Content {
    /// Is the distribution of its values learnt?
    pub(super) const fn is_learnt(&self) -> bool {
        matches!(self, Self::Categories { .. } | Self::Open | Self::Flag | Self::Range { .. })
    }

    pub(super) const fn is_unique(&self) -> bool {
        matches!(self, Self::Key | Self::Invented { .. })
    }
}

impl Table {
    /// A column and its place.
    pub(super) fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The column that says how many rows there are: the first reference.
    pub(super) fn driver(&self) -> Option<usize> {
        self.columns.iter().position(|column| matches!(column.content, Content::Reference { .. }))
    }

    /// Does one entity own several rows without a parent that says how many?
    pub(super) fn repeats(&self) -> bool {
        self.rows_max > 1 && self.driver().is_none()
    }

    fn misfit<T>(&self, what: &'static str) -> Result<T, Error> {
        Err(Error::Twin { what, name: self.name.clone() })
    }

    fn check(&self, before: &[Self]) -> Result<(), Error> {
        if self.columns.len() > COLUMNS_MAX {
            return Err(Error::TwinLimit { what: "columns" });
        }
        if !(1..=CONTRIBUTION_MAX).contains(&self.rows_max) {
            return self.misfit("rows_max");
        }
        let names: BTreeSet<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        if names.len() != self.columns.len() || self.columns.is_empty() {
            return self.misfit("columns");
        }
        if self.entity.is_empty() || self.entity.iter().any(|name| !names.contains(name.as_str())) {
            return self.misfit("entity");
        }
        for column in &self.columns {
            column.check(self, before)?;
        }
        match &self.pairs {
            Pairs::Tree if self.learnt().count() > TREE_COLUMNS_MAX => {
                Err(Error::TwinLimit { what: "columns of a tree" })
            }
            Pairs::Given(pairs) if self.given(pairs).is_none() => self.misfit("pairs"),
            Pairs::Tree | Pairs::Given(_) => Ok(()),
        }
    }

    /// Places of the learnt columns.
    pub(super) fn learnt(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.content.is_learnt())
            .map(|(place, _)| place)
    }

    /// Places of given pairs; `None` if one is no learnt column or they form a ring.
    pub(super) fn given(&self, pairs: &[(String, String)]) -> Option<Vec<(usize, usize)>> {
        let mut forest = Forest::new(self.columns.len());
        let place = |name: &str| {
            self.column(name).filter(|(_, column)| column.content.is_learnt()).map(|(place, _)| place)
        };
        pairs
            .iter()
            .map(|(left, right)| {
                let pair = (place(left)?, place(right)?);
                forest.join(pair.0, pair.1).then_some(pair)
            })
            .collect()
    }
}

/// Which columns hang together.
pub(super) struct Forest(Vec<usize>);

impl Forest {
    pub(super) fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    pub(super) fn root(&self, of: usize) -> usize {
        self.0.get(of).copied().unwrap_or(of)
    }

    /// Joins two trees; false if they are one already.
    pub(super) fn join(&mut self, left: usize, right: usize) -> bool {
        let (left, right) = (self.root(left), self.root(right));
        self.0.iter_mut().filter(|root| **root == right).for_each(|root| *root = left);
        left != right
    }
}

impl Column {
    fn misfit<T>(&self, what: &'static str) -> Result<T, Error> {
        Err(Error::Twin { what, name: self.name.clone() })
    }

    fn check(&self, table: &Table, before: &[Table]) -> Result<(), Error> {
        let number =
            self.data_type.is_numeric() || matches!(self.data_type, DataType::Date | DataType::Timestamp);
        let text = self.data_type == DataType::Text;
        match &self.content {
            Content::Open if !text => {
                Err(Error::Undeclared { what: "bounds or domain", column: self.name.clone() })
            }
            Content::Open => Ok(()),
            Content::Flag if self.data_type != DataType::Boolean => self.misfit("type"),
            Content::Categories { values } if values.len() > VALUES_MAX => {
                Err(Error::TwinLimit { what: "categories" })
            }
            Content::Categories { values } => {
                let distinct: BTreeSet<&String> = values.iter().collect();
                let whole = text || self.data_type == DataType::Integer;
                let readable = text || values.iter().all(|value| value.parse::<i64>().is_ok());
                if values.is_empty() || distinct.len() != values.len() || !whole || !readable {
                    return self.misfit("categories");
                }
                Ok(())
            }
            Content::Range { low, high, bins } => {
                if usize::from(*bins) > VALUES_MAX {
                    return Err(Error::TwinLimit { what: "bins" });
                }
                if !number || low > high || *bins == 0 || !self.bins_fit(*low, *high, *bins) {
                    return self.misfit("bounds");
                }
                Ok(())
            }
            Content::Key if !(text || self.data_type == DataType::Integer) || self.nullable => {
                self.misfit("type")
            }
            Content::Invented { kind, parts } => self.check_invented(*kind, parts, table),
            Content::Reference { table: parent, column, children_max } => {
                let parent = before.iter().find(|table| table.name == *parent);
                let key = parent.and_then(|table| table.column(column));
                let sound = key.is_some_and(|(_, key)| {
                    key.content.is_unique() && key.data_type == self.data_type && !key.nullable
                });
                if !sound || !(1..=CONTRIBUTION_MAX).contains(children_max) {
                    return self.misfit("reference");
                }
                Ok(())
            }
            Content::Flag | Content::Key => Ok(()),
        }
    }

    /// Bounds that the type can hold, with a value for every bin.
    fn bins_fit(&self, low: i64, high: i64, bins: u16) -> bool {
        let span = i128::from(high) - i128::from(low) + 1;
        match self.data_type {
            DataType::Float => low < high,
            DataType::Decimal { precision, scale } => {
                let factor = 10_i128.checked_pow(u32::try_from(scale).unwrap_or(u32::MAX));
                let most = 10_i128.checked_pow(u32::from(precision));
                let largest = i128::from(low.unsigned_abs().max(high.unsigned_abs()));
                let fits = factor.and_then(|factor| factor.checked_mul(largest)).zip(most);
                fits.is_some_and(|(largest, most)| largest < most)
                    && factor.is_some_and(|factor| (span - 1).saturating_mul(factor) + 1 >= i128::from(bins))
            }
            DataType::Date => {
                i32::try_from(low).is_ok() && i32::try_from(high).is_ok() && span >= i128::from(bins)
            }
            _ => span >= i128::from(bins),
        }
    }

    fn check_invented(&self, kind: SensitiveKind, parts: &Parts, table: &Table) -> Result<(), Error> {
        let number = self.data_type == DataType::Integer
            && matches!(kind, SensitiveKind::Mobile | SensitiveKind::General);
        if !(self.data_type == DataType::Text || number) {
            return self.misfit("type");
        }
        // These are attributes: what is wanted of them is their distribution.
        if matches!(
            kind,
            SensitiveKind::EthnicGroup
                | SensitiveKind::Medical
                | SensitiveKind::Religion
                | SensitiveKind::BirthDate
        ) {
            return self.misfit("kind");
        }
        let sound = |part: &Option<String>, date: bool| match part {
            None => true,
            Some(name) => table.column(name).is_some_and(|(_, column)| {
                column.content.is_learnt() && (column.data_type == DataType::Date) == date
            }),
        };
        if !sound(&parts.region, false) || !sound(&parts.birth, true) || !sound(&parts.sex, false) {
            return self.misfit("parts");
        }
        Ok(())
    }
}

impl Description {
    /// Is all declared that must be, and does it fit together?
    ///
    /// # Errors
    /// [`Error::Undeclared`] for a column without bounds or domain, [`Error::Twin`] and [`Error::TwinLimit`] for what
    /// does not fit.
    pub fn check(&self) -> Result<(), Error> {
        if self.tables.len() > TABLES_MAX {
            return Err(Error::TwinLimit { what: "tables" });
        }
        let names: BTreeSet<&str> = self.tables.iter().map(|table| table.name.as_str()).collect();
        if names.len() != self.tables.len() || names.is_empty() {
            return Err(Error::Twin { what: "tables", name: "description".into() });
        }
        for (place, table) in self.tables.iter().enumerate() {
            table.check(self.tables.get(..place).unwrap_or_default())?;
        }
        Ok(())
    }

    /// A table and its place.
    pub(super) fn table(&self, name: &str) -> Option<(usize, &Table)> {
        self.tables.iter().enumerate().find(|(_, table)| table.name == name)
    }
}
