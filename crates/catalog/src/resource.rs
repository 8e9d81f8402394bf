//! Public data resources: description, schema, classification and what may be granted.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use base::{Digest, Id, Timestamp, kind, limit};
use privacy::detect::Proposal;
use privacy::ir::{ColumnPolicy, Declared, Entity, Label, ResourcePolicy, Rows};
use privacy::masking::MaskSpec;
use privacy::{DataType, SensitiveKind};
use serde::{Deserialize, Serialize};

use crate::{Error, Profile, TwinForm};

/// Characters of a column's name.
const NAME_CHARS_MAX: usize = 128;
/// Characters of a code, which names a table in the zones.
const CODE_BYTES_MAX: usize = 64;

/// How often a resource is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateFrequency {
    /// 实时
    RealTime,
    /// 每日
    Daily,
    /// 每周
    Weekly,
    /// 每月
    Monthly,
    /// 每季度
    Quarterly,
    /// 每年
    Yearly,
    /// 不定期
    Irregular,
    /// 不更新
    Never,
}

/// How far a resource may be opened (开放属性).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Openness {
    /// 无条件开放
    Unconditional,
    /// 受限开放
    Conditional,
    /// 禁止开放: never grantable.
    Prohibited,
}

/// Which zone of a tenant columns are granted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Twins that people query.
    Dev,
    /// Raw rows that only run orders touch.
    Prod,
}

/// A public data resource (公共数据资源).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its id.
    pub id: Id<kind::Resource>,
    /// Code of the providing unit (数据提供单位).
    pub provider: String,
    /// Code in the catalog, unique; the name by which queries refer to it.
    pub code: String,
    /// 名称.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// What it is about.
    pub description: String,
    /// How often it is brought up to date.
    pub update_frequency: UpdateFrequency,
    /// How far it may be opened.
    pub openness: Openness,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// What its rows are about, and the columns that tell such entities apart.
    pub entity: Option<Entity>,
    /// Counts over the newest snapshot.
    pub profile: Option<Profile>,
    /// Ingested snapshots, oldest first.
    pub snapshots: Vec<Snapshot>,
    /// What the dev zones get to see of it.
    #[serde(default)]
    pub twin: TwinForm,
    /// What the provider declares of its rows.
    #[serde(default)]
    pub rows: Rows,
}

/// A column of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, unique in the resource.
    pub name: String,
    /// 中文名称; may be empty.
    pub label_zh: String,
    /// Its type.
    pub data_type: DataType,
    /// May values be absent?
    pub nullable: bool,
    /// The confirmed classification. Without it the resource is unusable.
    pub classification: Option<Classification>,
    /// What detection proposes.
    pub proposal: Option<Proposal>,
    /// What the provider declares of its values.
    #[serde(default)]
    pub declared: Declared,
}

/// A confirmed classification and grade (分类分级).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// What the column holds.
    pub kind: SensitiveKind,
    /// Grade, 1 (general) to 4 (core).
    pub level: u8,
    /// Place in the privacy lattice.
    pub label: Label,
    /// How twins hide it.
    pub mask: MaskSpec,
    /// Who confirmed.
    pub confirmed_by: Id<kind::Person>,
    /// When.
    pub confirmed_at: Timestamp,
    /// Reason, needed where the proposal was lowered.
    pub note: String,
}

/// What a person decides about one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The column.
    pub column: String,
    /// What it holds.
    pub kind: SensitiveKind,
    /// Grade, 1–4.
    pub level: u8,
    /// Place in the lattice.
    pub label: Label,
    /// How twins hide it.
    pub mask: MaskSpec,
    /// Reason; needed where the proposal is lowered.
    #[serde(default)]
    pub note: String,
    /// What people call the column; empty to leave it as it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
}

impl Decision {
    /// The decision that accepts a proposal as it is.
    #[must_use]
    pub fn accept(column: &str, proposal: &Proposal) -> Self {
        Self {
            column: column.to_owned(),
            kind: proposal.kind,
            level: proposal.level,
            label: proposal.label,
            mask: proposal.mask.clone(),
            note: String::new(),
            title: String::new(),
        }
    }
}

/// One immutable copy of a resource's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: Id<kind::Snapshot>,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Rows in it.
    pub rows: u64,
    /// Digest of its sealed bytes.
    pub digest: Digest,
}

impl Resource {
    /// Checks names, columns and entity of a description.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), Error> {
        self.validate_registration()?;
        if self.columns.is_empty() {
            return Err(Error::Missing { field: "columns" });
        }
        if self.columns.len() > limit::COLUMNS_MAX {
            return Err(Error::TooManyColumns { count: self.columns.len(), limit: limit::COLUMNS_MAX });
        }
        let mut seen = BTreeSet::new();
        for column in &self.columns {
            check_column_name(&column.name)?;
            if !seen.insert(column.name.to_lowercase()) {
                return Err(Error::DuplicateName { name: column.name.clone() });
            }
        }
        self.check_entity()
    }

    /// What can be checked before there are data: names, code, and an entity whose key columns could exist.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Name`], [`Error::Entity`].
    pub fn validate_registration(&self) -> Result<(), Error> {
        for (field, text) in [("provider", &self.provider), ("code", &self.code), ("name_zh", &self.name_zh)]
        {
            if text.trim().is_empty() {
                return Err(Error::Missing { field });
            }
        }
        let code =
            self.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !code || self.code.starts_with('_') || self.code.len() > CODE_BYTES_MAX {
            return Err(Error::Name { name: self.code.chars().take(NAME_CHARS_MAX).collect() });
        }
        for text in [&self.name_zh, &self.name_en] {
            if text.chars().count() > NAME_CHARS_MAX || text.chars().any(char::is_control) {
                return Err(Error::Name { name: text.chars().take(NAME_CHARS_MAX).collect() });
            }
        }
        let Some(entity) = &self.entity else { return Ok(()) };
        if entity.kind.trim().is_empty() || entity.columns.is_empty() {
            return Err(Error::Entity);
        }
        check_column_name(&entity.kind)?;
        entity.columns.iter().try_for_each(|name| check_column_name(name))
    }

    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Runs detection over a sample and stores a proposal for each column. Confirmed classifications stay.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] if the sample lacks a column.
    pub fn propose(&mut self, sample: &RecordBatch) -> Result<(), Error> {
        for column in &mut self.columns {
            let values = sample
                .column_by_name(&column.name)
                .ok_or_else(|| Error::UnknownColumn { column: column.name.clone() })?;
            let names: Vec<&str> = [column.name.as_str(), column.label_zh.as_str()]
                .into_iter()
                .filter(|n| !n.is_empty())
                .collect();
            column.proposal = Some(privacy::detect::propose(&names, values).map_err(Error::Privacy)?);
        }
        Ok(())
    }

    /// Confirms classifications. Columns that no decision is about must have been confirmed before; nothing changes
    /// unless everything is in order.
    ///
    /// # Errors
    /// [`Error::Unclassified`] names the first column that would stay unclassified; the others name the decision
    /// that is not allowed.
    pub fn confirm_classification(
        &mut self,
        decisions: &[Decision],
        by: Id<kind::Person>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let mut decided = BTreeMap::new();
        for decision in decisions {
            let column = self
                .column(&decision.column)
                .ok_or_else(|| Error::UnknownColumn { column: decision.column.clone() })?;
            check_decision(decision, column)?;
            if decided.insert(decision.column.clone(), decision).is_some() {
                return Err(Error::DuplicateName { name: decision.column.clone() });
            }
        }
        let open = |column: &&Column| column.classification.is_none() && !decided.contains_key(&column.name);
        if let Some(column) = self.columns.iter().find(open) {
            return Err(Error::Unclassified { column: column.name.clone() });
        }
        for column in &mut self.columns {
            if let Some(decision) = decided.get(&column.name) {
                if !decision.title.is_empty() {
                    column.label_zh.clone_from(&decision.title);
                }
                column.classification = Some(Classification {
                    kind: decision.kind,
                    level: decision.level,
                    label: decision.label,
                    mask: decision.mask.clone(),
                    confirmed_by: by,
                    confirmed_at: at,
                    note: decision.note.clone(),
                });
            }
        }
        Ok(())
    }

    /// May the resource be used at all? Unclassified means unusable.
    ///
    /// # Errors
    /// [`Error::Unclassified`] with the first open column, [`Error::Entity`] without a valid entity key.
    pub fn usable(&self) -> Result<(), Error> {
        if let Some(column) = self.columns.iter().find(|column| column.classification.is_none()) {
            return Err(Error::Unclassified { column: column.name.clone() });
        }
        if self.entity.is_none() {
            return Err(Error::Entity);
        }
        self.check_entity()
    }

    /// May these columns be granted to a zone? In the dev zone, identifiers only behind a mask that hides them.
    ///
    /// # Errors
    /// [`Error::NotOpen`] for a resource that must not be opened; those of [`Self::usable`]; unknown columns; an
    /// empty list; [`Error::MaskTooWeak`].
    pub fn grantable(&self, columns: &[String], zone: Zone) -> Result<(), Error> {
        if self.openness == Openness::Prohibited {
            return Err(Error::NotOpen);
        }
        self.usable()?;
        if columns.is_empty() {
            return Err(Error::Missing { field: "columns" });
        }
        for name in columns {
            let classification = self.classification(name)?;
            let identifier = classification.label == Label::Identifier;
            if zone == Zone::Dev && identifier && !classification.mask.hides_identifier() {
                return Err(Error::MaskTooWeak { column: name.clone() });
            }
        }
        Ok(())
    }

    /// What a twin with these columns is made by: the classification of each, in the order asked.
    ///
    /// # Errors
    /// As [`Self::grantable`] for the dev zone.
    pub fn classified(&self, columns: &[String]) -> Result<Vec<(String, Classification)>, Error> {
        self.grantable(columns, Zone::Dev)?;
        columns.iter().map(|name| Ok((name.clone(), self.classification(name)?.clone()))).collect()
    }

    /// What the query check must know of these columns. Unclassified ones stay in, to be refused by name. The entity
    /// key need not be among them: it is counted by the rewrite, which nobody's query text can do.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`].
    pub fn policy(&self, columns: &[String]) -> Result<ResourcePolicy, Error> {
        let mut policy = ResourcePolicy::new(self.entity.clone(), BTreeMap::new());
        for name in columns {
            let column = self.column(name).ok_or_else(|| Error::UnknownColumn { column: name.clone() })?;
            let label = column.classification.as_ref().map(|classification| classification.label);
            let declared = column.declared.clone();
            let of = ColumnPolicy { declared, ..ColumnPolicy::new(column.data_type, label) };
            policy.columns.insert(name.clone(), of);
        }
        policy.rows = self.rows.clone();
        Ok(policy)
    }

    fn classification(&self, name: &str) -> Result<&Classification, Error> {
        let column = self.column(name).ok_or_else(|| Error::UnknownColumn { column: name.to_owned() })?;
        column.classification.as_ref().ok_or_else(|| Error::Unclassified { column: name.to_owned() })
    }

    fn check_entity(&self) -> Result<(), Error> {
        let Some(entity) = &self.entity else { return Ok(()) };
        let missing = entity.columns.iter().find(|name| self.column(name).is_none());
        missing.map_or(Ok(()), |name| Err(Error::EntityColumn { column: name.clone() }))
    }
}

/// A column's name: 1–128 characters, no control character, no point or quote, not beginning with two underscores.
///
/// # Errors
/// [`Error::Name`].
pub fn check_column_name(name: &str) -> Result<(), Error> {
    let bad = |c: char| c.is_control() || matches!(c, '.' | '"' | '`' | '\'' | ';');
    let length = name.chars().count();
    let sound = (1..=NAME_CHARS_MAX).contains(&length)
        && name.trim() == name
        && !name.starts_with("__")
        && !name.contains(bad);
    if sound { Ok(()) } else { Err(Error::Name { name: name.chars().take(NAME_CHARS_MAX).collect() }) }
}

fn check_decision(decision: &Decision, column: &Column) -> Result<(), Error> {
    let name = || decision.column.clone();
    if !(1..=4).contains(&decision.level) {
        return Err(Error::Level { column: name() });
    }
    if decision.label == Label::Identifier && !decision.mask.hides_identifier() {
        return Err(Error::MaskTooWeak { column: name() });
    }
    let proposed = column.proposal.as_ref().map(|proposal| (proposal.label, proposal.level));
    // A kind that identifies stays an identifier even if nothing was proposed, unless a person says why not.
    let floor = proposed.map_or(decision.kind.label(), |(label, _)| label.max(decision.kind.label()));
    let lowered = decision.label < floor || proposed.is_some_and(|(_, level)| decision.level < level);
    if lowered && decision.note.trim().is_empty() {
        return Err(Error::LoweredWithoutNote { column: name() });
    }
    Ok(())
}
