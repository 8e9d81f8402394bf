//! Whole rows around the values that a branch needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use super::candidates::{Candidate, Maker, is_unique};
use super::context::Context;
use super::solve::{Solution, Taken, all_hold};
use crate::Error;
use crate::format::ResidentId;
use crate::twin::description::{Column, Content, Description, Parts, Table};
use crate::twin::generate::{Generated, known, schema};
use crate::twin::invent::Known;
use crate::twin::value::{Value, array};

/// Values of one row by column.
type Row = BTreeMap<String, Option<Value>>;

/// The rows made so far.
pub(super) struct Made<'a> {
    description: &'a Description,
    rows: BTreeMap<String, Vec<Row>>,
    taken: Taken,
    /// Keys of rows that are there to be pointed to: (table, column).
    spare: BTreeMap<(String, String), Value>,
}

impl<'a> Made<'a> {
    pub(super) fn new(description: &'a Description) -> Self {
        Self { description, rows: BTreeMap::new(), taken: Vec::new(), spare: BTreeMap::new() }
    }

    pub(super) const fn taken(&self) -> &Taken {
        &self.taken
    }

    /// Adds one row for each table of a context.
    pub(super) fn add(&mut self, maker: &mut Maker<'_>, context: &Context, mut solution: Solution) {
        let mut rows: Vec<(&'a Table, Row)> = Vec::new();
        for (alias, table) in &context.scans {
            let Some((_, table)) = self.description.table(table) else { continue };
            let mut row = Row::new();
            for column in &table.columns {
                if let Some(candidate) = solution.get(&format!("{alias}.{}", column.name)) {
                    row.insert(column.name.clone(), candidate.value.clone());
                }
            }
            self.fill(maker, table, &mut row);
            rows.push((table, row));
        }
        for (place, (alias, _)) in context.scans.iter().enumerate() {
            agree(maker, place, alias, context, &mut solution, &mut rows);
        }
        let wanted: Vec<(&Column, Value)> = rows
            .iter()
            .flat_map(|(table, row)| table.columns.iter().map(move |column| (column, row.get(&column.name))))
            .filter_map(|(column, value)| Some((column, value?.clone()?)))
            .collect();
        rows.into_iter().for_each(|(table, row)| self.keep(table, row));
        // Parents last: one of them may be in the context itself.
        wanted.into_iter().for_each(|(column, key)| self.ensure(maker, column, &key));
    }

    /// Gives values to the columns of a row that have none.
    fn fill(&mut self, maker: &mut Maker<'_>, table: &Table, row: &mut Row) {
        let plain = |column: &&Column| !matches!(column.content, Content::Invented { .. });
        for column in table.columns.iter().filter(plain) {
            if row.contains_key(&column.name) {
                continue;
            }
            let value = match column.content {
                Content::Reference { .. } => self.spare(maker, column),
                _ => maker.any(column),
            };
            row.insert(column.name.clone(), value);
        }
        for column in table.columns.iter().filter(|column| !plain(column)) {
            let Content::Invented { parts, .. } = &column.content else { continue };
            if !row.contains_key(&column.name) {
                let value = maker.fresh(column, of_row(parts, row));
                row.insert(column.name.clone(), value);
            }
        }
    }

    fn keep(&mut self, table: &Table, row: Row) {
        for column in table.columns.iter().filter(|column| is_unique(self.description, table, column)) {
            if let Some(Some(value)) = row.get(&column.name) {
                self.taken.push((table.name.clone(), column.name.clone(), value.clone()));
            }
        }
        self.rows.entry(table.name.clone()).or_default().push(row);
    }

    /// A key to point to that is nobody's in particular.
    fn spare(&mut self, maker: &mut Maker<'_>, column: &Column) -> Option<Value> {
        let (table, key) = maker.target(column).map(|(table, key)| (table.name.clone(), key.name.clone()))?;
        let at = (table.clone(), key.clone());
        if let Some(value) = self.spare.get(&at) {
            return Some(value.clone());
        }
        let (_, table) = self.description.table(&table)?;
        let mut row = Row::new();
        self.fill(maker, table, &mut row);
        let value = row.get(&key).cloned().flatten()?;
        self.keep(table, row);
        self.spare.insert(at, value.clone());
        Some(value)
    }

    /// Makes the row that a reference points to, if it is not there.
    fn ensure(&mut self, maker: &mut Maker<'_>, column: &Column, value: &Value) {
        let Some((table, key)) =
            maker.target(column).map(|(table, key)| (table.name.clone(), key.name.clone()))
        else {
            return;
        };
        let rows = self.rows.get(&table).into_iter().flatten();
        if rows.into_iter().any(|row| row.get(&key).and_then(Option::as_ref) == Some(value)) {
            return;
        }
        let Some((_, table)) = self.description.table(&table) else { return };
        let mut row = Row::new();
        row.insert(key.clone(), Some(value.clone()));
        if let (Some((_, Column { content: Content::Invented { parts, .. }, .. })), Value::Text(id)) =
            (table.column(&key), value)
        {
            self.read_parts(table, parts, id, &mut row);
        }
        self.fill(maker, table, &mut row);
        self.keep(table, row);
    }

    /// What an identity number says of its row.
    fn read_parts(&self, table: &Table, parts: &Parts, id: &str, row: &mut Row) {
        let Some(id) = ResidentId::parse(id) else { return };
        if let Some(birth) = &parts.birth {
            row.insert(birth.clone(), Some(Value::Date(id.birth)));
        }
        let sex = parts.sex.as_ref().and_then(|sex| table.column(sex));
        if let Some((_, Column { name, content: Content::Categories { values }, data_type, .. })) = sex {
            let male = id.sequence % 2 == 1;
            let value = values.iter().find(|value| (**value == parts.male) == male);
            let value = value.map(|value| crate::twin::generate::typed(*data_type, value.clone()));
            row.insert(name.clone(), value);
        }
        let region = parts.region.as_ref().and_then(|region| table.column(region));
        if let Some((_, Column { name, content: Content::Categories { values }, data_type, .. })) = region {
            let value = values.iter().find(|value| value.starts_with(&id.region.to_string()));
            if let Some(value) = value {
                row.insert(name.clone(), Some(crate::twin::generate::typed(*data_type, value.clone())));
            }
        }
    }

    /// The rows as tables.
    pub(super) fn tables(&self) -> Result<Vec<Generated>, Error> {
        self.description.tables.iter().map(|table| self.table(table)).collect()
    }

    fn table(&self, table: &Table) -> Result<Generated, Error> {
        let rows = self.rows.get(&table.name).map_or(&[][..], Vec::as_slice);
        let arrays = table
            .columns
            .iter()
            .map(|column| {
                let values: Vec<Option<Value>> =
                    rows.iter().map(|row| row.get(&column.name).cloned().flatten()).collect();
                array(column.data_type, &values)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let batch = RecordBatch::try_new(Arc::new(schema(table)), arrays)
            .map_err(|_| Error::Arrow { operation: "build a batch" })?;
        Ok(Generated { name: table.name.clone(), batches: vec![batch] })
    }
}

/// An identifier made up before its row was known is made again, in every row that has it, if the conditions then hold.
fn agree(
    maker: &mut Maker<'_>,
    place: usize,
    alias: &str,
    context: &Context,
    solution: &mut Solution,
    rows: &mut [(&Table, Row)],
) {
    let Some((table, row)) = rows.get(place).map(|(table, row)| (*table, row.clone())) else { return };
    for column in &table.columns {
        let Content::Invented { parts, .. } = &column.content else { continue };
        let name = format!("{alias}.{}", column.name);
        let Some(Candidate { value: Some(old), fresh: true }) = solution.get(&name).cloned() else {
            continue;
        };
        let Some(new) = maker.fresh(column, of_row(parts, &row)) else { continue };
        let mut tried = solution.clone();
        let same = tried.values_mut().filter(|candidate| candidate.value.as_ref() == Some(&old));
        same.for_each(|candidate| candidate.value = Some(new.clone()));
        if all_hold(context, &tried) {
            *solution = tried;
            let values = rows.iter_mut().flat_map(|(_, row)| row.values_mut());
            values.filter(|v| v.as_ref() == Some(&old)).for_each(|value| *value = Some(new.clone()));
        }
    }
}

fn of_row(parts: &Parts, row: &Row) -> Known {
    let value = |name: &Option<String>| row.get(name.as_ref()?).cloned().flatten();
    known(value(&parts.region), value(&parts.birth), value(&parts.sex), &parts.male)
}
