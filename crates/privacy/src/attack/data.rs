//! Raw and masked columns side by side, with one code per distinct value.

use std::collections::HashMap;

use arrow::array::Array;

use super::parts::Shown;
use super::text::{Numbers, TextColumn};
use super::{Column, Input, Rows};
use crate::ir::Label;
use crate::{Error, SensitiveKind};

/// The code of a null or blank value, and the raw row of a masked row that has none.
pub(super) const NONE: u32 = u32::MAX;

/// What of a raw column can be read from its masked form without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not in the masked data, or null everywhere.
    Absent,
    /// Half of the values or more are the raw ones.
    Kept,
    /// A function of the raw value with fewer values: bands, regions, rounding, caps.
    Coarse,
    /// Numbers near the raw ones: noise, small shifts.
    Near,
    /// Tokens, shuffled values, another form.
    Hidden,
    /// Cannot be told, as the raw rows of the masked ones are not known.
    Unknown,
}

impl State {
    /// Can an attacker without the key make use of it?
    pub(super) const fn is_readable(self) -> bool {
        matches!(self, Self::Kept | Self::Coarse | Self::Near | Self::Unknown)
    }
}

/// One side of a column.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) codes: Vec<u32>,
    pub(super) numbers: Option<&'a Numbers>,
}

impl Side<'_> {
    /// Code of a row; `NONE` if null or out of range.
    pub(super) fn code(&self, row: usize) -> u32 {
        self.codes.get(row).copied().unwrap_or(NONE)
    }

    /// Number of a row, if it has one.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        let value = self.numbers.and_then(|numbers| numbers.values.get(row)).copied();
        value.filter(|value| !value.is_nan())
    }

    pub(super) fn is_dates(&self) -> bool {
        self.numbers.is_some_and(|numbers| numbers.days)
    }

    /// How often each code stands there; codes up to the largest.
    pub(super) fn counts(&self, values: usize) -> Vec<u32> {
        let mut counts = vec![0; values];
        for code in &self.codes {
            if let Some(count) = index(*code).and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
        counts
    }

    pub(super) fn present(&self) -> usize {
        self.codes.iter().filter(|code| **code != NONE).count()
    }
}

/// A code as an index.
pub(super) fn index(code: u32) -> Option<usize> {
    if code == NONE { None } else { usize::try_from(code).ok() }
}

/// A column on both sides.
#[derive(Debug)]
pub(super) struct Col<'a> {
    pub(super) name: &'a str,
    pub(super) kind: SensitiveKind,
    pub(super) label: Label,
    pub(super) raw: Option<Side<'a>>,
    pub(super) masked: Option<Side<'a>>,
    /// Text of each code.
    pub(super) values: Vec<&'a str>,
    pub(super) state: State,
}

impl<'a> Col<'a> {
    /// The text of a code; empty for none.
    pub(super) fn value(&self, code: u32) -> &'a str {
        index(code).and_then(|at| self.values.get(at)).copied().unwrap_or_default()
    }

    pub(super) fn columns(&self) -> Vec<String> {
        vec![self.name.to_owned()]
    }

    pub(super) fn both(&self) -> Option<(&Side<'a>, &Side<'a>)> {
        self.raw.as_ref().zip(self.masked.as_ref())
    }
}

/// Everything that attacks look at.
#[derive(Debug)]
pub(super) struct Data<'a> {
    pub(super) columns: Vec<Col<'a>>,
    /// Raw row of each masked row.
    pub(super) pairs: Option<Vec<u32>>,
    /// Published columns, these and others, by raw row.
    pub(super) shown: Vec<Shown<'a>>,
    pub(super) synthetic: bool,
    pub(super) raw_rows: usize,
    pub(super) masked_rows: usize,
    /// Entity of each raw row.
    pub(super) raw_entities: Vec<u32>,
    /// Entity of each masked row, as far as is known.
    pub(super) masked_entities: Vec<u32>,
    pub(super) seed: u64,
}

impl<'a> Data<'a> {
    pub(super) fn new(
        input: &Input<'a>,
        raw: &'a [TextColumn],
        masked: &'a [TextColumn],
        others: &'a [Vec<TextColumn>],
    ) -> Result<Self, Error> {
        let (raw_rows, masked_rows) = (input.raw.num_rows(), input.masked.num_rows());
        let pairs = pairs(input.rows, raw_rows, masked_rows)?;
        let mut shown = Vec::new();
        if let Some(pairs) = &pairs {
            shown.extend(show(masked, pairs, raw_rows));
        }
        for (other, columns) in input.published.iter().zip(others) {
            if let Some(pairs) = self::pairs(other.from, raw_rows, other.rows.num_rows())? {
                shown.extend(show(columns, &pairs, raw_rows));
            }
        }
        let mut columns = Vec::new();
        for right in masked {
            let left = raw.iter().find(|left| left.name == right.name);
            let described = input.columns.iter().find(|column| column.name == right.name);
            if left.is_some() && described.is_none() {
                return Err(Error::Column { column: right.name.clone(), expected: "described" });
            }
            columns.push(Col::read(described, &right.name, left, Some(right)));
        }
        for left in raw.iter().filter(|left| !masked.iter().any(|right| right.name == left.name)) {
            let described = input.columns.iter().find(|column| column.name == left.name);
            columns.push(Col::read(described, &left.name, Some(left), None));
        }
        let seed = input.seed;
        let raw_keys = input.columns.iter().filter(|column| column.entity).map(|column| {
            let found = columns.iter().find(|known| known.name == column.name);
            found.and_then(|found| found.raw.as_ref())
        });
        let raw_entities = entities(raw_keys.collect(), raw_rows);
        let masked_entities = if let Some(pairs) = &pairs {
            let entity = |row: &u32| index(*row).and_then(|row| raw_entities.get(row)).copied();
            pairs.iter().map(|row| entity(row).unwrap_or(NONE)).collect()
        } else {
            let keys = input.columns.iter().filter(|column| column.entity).map(|column| {
                let found = columns.iter().find(|known| known.name == column.name);
                found.and_then(|found| found.masked.as_ref())
            });
            entities(keys.collect(), masked_rows)
        };
        let synthetic = matches!(input.rows, Rows::Synthetic);
        let mut data = Self {
            columns,
            pairs,
            shown,
            synthetic,
            raw_rows,
            masked_rows,
            raw_entities,
            masked_entities,
            seed,
        };
        let states: Vec<State> =
            data.columns.iter().map(|column| super::state::state(&data, column)).collect();
        for (column, state) in data.columns.iter_mut().zip(states) {
            column.state = state;
        }
        Ok(data)
    }

    /// Pairs of raw and masked rows; empty if they are not known.
    pub(super) fn paired(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let rows = self.pairs.iter().flatten().enumerate();
        rows.filter_map(|(masked, raw)| index(*raw).map(|raw| (raw, masked)))
    }

    /// Distinct raw values of a column with the masked value of their first row.
    pub(super) fn value_pairs(&self, column: &Col<'_>) -> Vec<(u32, u32)> {
        let Some((raw, masked)) = column.both() else { return Vec::new() };
        let mut seen = vec![false; column.values.len()];
        let mut pairs = Vec::new();
        for (left, right) in self.paired() {
            let (left, right) = (raw.code(left), masked.code(right));
            let slot = index(left).and_then(|at| seen.get_mut(at));
            if let Some(slot) = slot.filter(|slot| !**slot && right != NONE) {
                *slot = true;
                pairs.push((left, right));
            }
        }
        pairs
    }

    /// Columns that point to entities, with values on the masked side.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = &Col<'a>> {
        self.columns
            .iter()
            .filter(|column| column.label == Label::Identifier && column.state != State::Absent)
    }
}

impl<'a> Col<'a> {
    fn read(
        described: Option<&Column>,
        name: &'a str,
        raw: Option<&'a TextColumn>,
        masked: Option<&'a TextColumn>,
    ) -> Self {
        let mut codes: HashMap<&'a str, u32> = HashMap::new();
        let mut values = Vec::new();
        let mut side = |column: &'a TextColumn| {
            let code = |text: Option<&'a str>| {
                let Some(text) = text else { return NONE };
                *codes.entry(text).or_insert_with(|| {
                    values.push(text);
                    u32::try_from(values.len() - 1).unwrap_or(NONE)
                })
            };
            let codes = (0..column.texts.len()).map(|row| column.get(row)).map(code).collect();
            Side { codes, numbers: column.numbers.as_ref() }
        };
        let raw = raw.map(&mut side);
        let masked = masked.map(&mut side);
        Self {
            name,
            kind: described.map_or(SensitiveKind::General, |column| column.kind),
            label: described.map_or(Label::Public, |column| column.label),
            raw,
            masked,
            values,
            state: State::Unknown,
        }
    }
}

/// The columns of a table by raw row: the first row of each.
fn show<'a>(columns: &'a [TextColumn], pairs: &[u32], raw_rows: usize) -> Vec<Shown<'a>> {
    let mut row_of = vec![NONE; raw_rows];
    for (row, raw) in (0_u32..).zip(pairs) {
        if let Some(slot) = index(*raw).and_then(|at| row_of.get_mut(at)).filter(|slot| **slot == NONE) {
            *slot = row;
        }
    }
    let row_of = std::rc::Rc::new(row_of);
    let show =
        |column: &'a TextColumn| Shown { name: &column.name, column, row_of: std::rc::Rc::clone(&row_of) };
    columns.iter().map(show).collect()
}

fn pairs(rows: Rows<'_>, raw: usize, masked: usize) -> Result<Option<Vec<u32>>, Error> {
    let wrong = |right| Error::Length { left: raw, right };
    if u32::try_from(raw.max(masked)).is_err() {
        return Err(wrong(masked));
    }
    let narrow = |row: usize| u32::try_from(row).unwrap_or(NONE);
    match rows {
        Rows::Unknown | Rows::Synthetic => Ok(None),
        Rows::Same if raw == masked => Ok(Some((0..raw).map(narrow).collect())),
        Rows::Same => Err(wrong(masked)),
        Rows::From(rows) if rows.len() == masked => {
            if let Some(row) = rows.iter().flatten().find(|row| **row >= raw) {
                return Err(wrong(*row));
            }
            Ok(Some(rows.iter().map(|row| row.map_or(NONE, narrow)).collect()))
        }
        Rows::From(rows) => Err(wrong(rows.len())),
    }
}

/// One number for each combination of the keys; a row of which a key is missing is an entity of its own, and so is every
/// row if there is no key.
fn entities(keys: Vec<Option<&Side<'_>>>, rows: usize) -> Vec<u32> {
    let keys: Option<Vec<&Side<'_>>> = keys.into_iter().collect();
    let keys = keys.unwrap_or_default();
    let mut grouped = group(&keys, rows);
    let mut next = grouped.iter().filter(|group| **group != NONE).max().map_or(0, |most| most + 1);
    let lonely = |row: usize| keys.is_empty() || keys.iter().any(|key| key.code(row) == NONE);
    for (row, slot) in grouped.iter_mut().enumerate() {
        if lonely(row) {
            *slot = next;
            next = next.saturating_add(1);
        }
    }
    grouped
}

/// Numbers the combinations of values of some columns, nulls being a value: one number each row, from 0 without gaps. Of
/// no columns all rows are one group.
pub(super) fn group(sides: &[&Side<'_>], rows: usize) -> Vec<u32> {
    let mut groups = vec![0_u32; rows];
    for side in sides {
        let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
        for (row, group) in groups.iter_mut().enumerate() {
            let next = u32::try_from(numbers.len()).unwrap_or(NONE);
            *group = *numbers.entry((*group, side.code(row))).or_insert(next);
        }
    }
    groups
}
