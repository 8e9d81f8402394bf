//! What a provider declares of a resource's values and rows, so that statistics without a reviewer can be proven safe:
//! bounds, what an absent value means, how rows may be grouped, unique keys, most rows of one entity.
//!
//! A declaration comes from knowledge of the subject (a code list, the limits of a form), never from looking at the data.
//! What is not declared is not used.

use std::collections::{BTreeMap, BTreeSet};

use privacy::DataType;
use privacy::ir::{CODES_MAX, Code, Declared, Groups, Rows};
use serde::{Deserialize, Serialize};

use crate::{Error, Resource};

/// Limit: characters of a code.
const CODE_CHARS_MAX: usize = 64;
/// Limit: sets of unique columns.
const UNIQUE_MAX: usize = 16;
/// Limit: rows of one entity. More would ask for noise that leaves nothing to be seen.
const PER_ENTITY_MAX: u32 = 100_000;

/// What is declared of a resource: all of it, so that what is left out is declared no more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declaration {
    /// Of its columns, by name.
    pub columns: BTreeMap<String, Declared>,
    /// Of its rows.
    pub rows: Rows,
}

impl Resource {
    /// What is declared of it now.
    #[must_use]
    pub fn declaration(&self) -> Declaration {
        let declared = self.columns.iter().filter(|column| column.declared != Declared::default());
        let columns = declared.map(|column| (column.name.clone(), column.declared.clone())).collect();
        Declaration { columns, rows: self.rows.clone() }
    }

    /// Declares; nothing changes unless everything is in order.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Declaration`] with the first column that has one which cannot be.
    pub fn declare(&mut self, declaration: &Declaration) -> Result<(), Error> {
        for (name, declared) in &declaration.columns {
            let column = self.column(name).ok_or_else(|| Error::UnknownColumn { column: name.clone() })?;
            let coarser = declared.coarser.as_ref().filter(|other| self.column(other).is_none());
            if let Some(other) = coarser {
                return Err(Error::UnknownColumn { column: other.clone() });
            }
            if !is_sound(declared, column.data_type) {
                return Err(Error::Declaration { column: name.clone() });
            }
        }
        let Rows { unique, per_entity } = &declaration.rows;
        let named: BTreeSet<&String> = unique.iter().flatten().collect();
        if let Some(name) = named.into_iter().find(|name| self.column(name).is_none()) {
            return Err(Error::UnknownColumn { column: name.clone() });
        }
        let rows = unique.len() <= UNIQUE_MAX
            && unique.iter().all(|columns| !columns.is_empty())
            && per_entity.is_none_or(|most| (1..=PER_ENTITY_MAX).contains(&most));
        if !rows {
            return Err(Error::Declaration { column: "rows".to_owned() });
        }
        for column in &mut self.columns {
            column.declared = declaration.columns.get(&column.name).cloned().unwrap_or_default();
        }
        self.rows = declaration.rows.clone();
        Ok(())
    }
}

fn is_sound(declared: &Declared, data_type: DataType) -> bool {
    let whole = matches!(data_type, DataType::Integer | DataType::Date);
    let bounded =
        whole || matches!(data_type, DataType::Float | DataType::Decimal { .. } | DataType::Timestamp);
    let groups = match &declared.groups {
        None => true,
        Some(Groups::Codes(codes)) => {
            let fits = |code: &Code| match code {
                Code::Text(text) => {
                    data_type == DataType::Text
                        && text.chars().count() <= CODE_CHARS_MAX
                        && !text.chars().any(char::is_control)
                }
                Code::Integer(_) => data_type == DataType::Integer,
            };
            let different: BTreeSet<&Code> = codes.iter().collect();
            (1..=CODES_MAX).contains(&codes.len()) && different.len() == codes.len() && codes.iter().all(fits)
        }
        Some(Groups::AtMost(most)) => *most >= 1,
        Some(Groups::Bands(width)) => *width >= 1 && whole && declared.bounds.is_some(),
    };
    groups && (bounded || declared.bounds.is_none())
}

#[cfg(test)]
mod tests {
    use base::{Id, Timestamp};
    use privacy::ir::{Bounds, Nulls};

    use super::*;
    use crate::{Column, Openness, TwinForm, UpdateFrequency};

    fn resource() -> Resource {
        let column = |name: &str, data_type| Column {
            name: name.to_owned(),
            label_zh: String::new(),
            data_type,
            nullable: true,
            classification: None,
            proposal: None,
            declared: Declared::default(),
        };
        Resource {
            id: Id::new(Timestamp::from_micros(0), [1; 10]),
            provider: "p".into(),
            code: "people".into(),
            name_zh: "人口".into(),
            name_en: String::new(),
            description: String::new(),
            update_frequency: UpdateFrequency::Never,
            openness: Openness::Conditional,
            columns: vec![
                column("id", DataType::Text),
                column("zone", DataType::Text),
                column("income", DataType::Integer),
                column("born", DataType::Date),
            ],
            entity: None,
            profile: None,
            snapshots: Vec::new(),
            twin: TwinForm::default(),
            rows: Rows::default(),
        }
    }

    fn one(name: &str, declared: Declared) -> Declaration {
        Declaration { columns: BTreeMap::from([(name.to_owned(), declared)]), rows: Rows::default() }
    }

    #[test]
    fn what_is_declared_is_kept_and_what_is_left_out_is_gone() {
        let mut people = resource();
        let bounds = Bounds::new(0, 100).ok();
        let mut all = one("income", Declared { bounds, nulls: Some(Nulls::Absent), ..Declared::default() });
        let codes = vec![Code::Text("Z1".into()), Code::Text("Z2".into())];
        let groups = Some(Groups::Codes(codes));
        all.columns.insert("zone".into(), Declared { groups, ..Declared::default() });
        all.rows = Rows { unique: vec![BTreeSet::from(["id".to_owned()])], per_entity: Some(1) };
        people.declare(&all).unwrap();
        assert_eq!(people.declaration(), all);
        people.declare(&Declaration::default()).unwrap();
        assert_eq!(people.declaration(), Declaration::default());
    }

    #[test]
    fn what_cannot_be_is_refused_and_nothing_changes() {
        let bounds = Bounds::new(0, 100).ok();
        let codes = |codes: Vec<Code>| Declared { groups: Some(Groups::Codes(codes)), ..Declared::default() };
        let text = |text: &str| Code::Text(text.to_owned());
        let bands = |bounds| Declared { bounds, groups: Some(Groups::Bands(10)), ..Declared::default() };
        let rows = |unique: &[&str], per_entity| Declaration {
            rows: Rows { unique: vec![unique.iter().map(|name| (*name).to_owned()).collect()], per_entity },
            ..Declaration::default()
        };
        for (wrong, code) in [
            (one("nobody", Declared::default()), "catalog.unknown_column"),
            (one("zone", Declared { bounds, ..Declared::default() }), "catalog.declaration"),
            (one("zone", codes(vec![])), "catalog.declaration"),
            (one("zone", codes(vec![text("a"), text("a")])), "catalog.declaration"),
            (one("zone", codes(vec![text("a\nb")])), "catalog.declaration"),
            (one("zone", codes(vec![Code::Integer(1)])), "catalog.declaration"),
            (one("income", codes(vec![text("1")])), "catalog.declaration"),
            (one("income", bands(None)), "catalog.declaration"),
            (one("zone", bands(None)), "catalog.declaration"),
            (
                one("zone", Declared { coarser: Some("nobody".into()), ..Declared::default() }),
                "catalog.unknown_column",
            ),
            (rows(&["nobody"], None), "catalog.unknown_column"),
            (rows(&[], None), "catalog.declaration"),
            (rows(&["id"], Some(0)), "catalog.declaration"),
        ] {
            let mut people = resource();
            assert_eq!(people.declare(&wrong).unwrap_err().code(), code, "{wrong:?}");
            assert_eq!(people, resource());
        }
        resource().declare(&one("income", bands(bounds))).unwrap();
        resource().declare(&one("born", bands(bounds))).unwrap();
    }
}
