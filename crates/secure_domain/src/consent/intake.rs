//! Taking in delivered consents: every row names one entity, one scenario, what was said, and since when.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use base::Date;
use bytes::Bytes;

use super::{ConsentOrder, ConsentsDone, SCENARIO, SEPARATOR, SINCE, STATE};
use crate::Error;
use crate::intake::{Fault, Faults, encoding};
use crate::objects::{Content, KeyRing, ParquetObject};

/// Faults that are listed.
const FAULTS_MAX: usize = 100;
/// Characters of a scenario's name.
const SCENARIO_CHARS_MAX: usize = 200;
/// What would make one consent stand for several scenarios, or for all.
const BUNDLING: [char; 12] = ['*', '%', '、', '，', ',', '；', ';', '|', '/', '\n', '\t', '＊'];
const EVERYTHING: [&str; 8] = ["全部", "所有", "任何", "一切", "不限", "all", "any", "every"];

/// Takes in one file of consents. Blocks.
///
/// # Errors
/// `domain.intake` with the faults by row; `domain.io`, `domain.order_used`.
pub(crate) fn take_in(
    objects_dir: &Path,
    keys: &KeyRing,
    order: &ConsentOrder,
    bytes: &Bytes,
) -> Result<ConsentsDone, Error> {
    let (text, _) = encoding::decode(bytes)?;
    let read = Read::new(order, &text)?;
    let (key, context) = keys.open(&order.into)?;
    let mut fields: Vec<Field> =
        order.key.iter().map(|name| Field::new(name, ArrowType::Utf8, false)).collect();
    fields.push(Field::new(SCENARIO, ArrowType::Utf8, false));
    fields.push(Field::new(STATE, ArrowType::Utf8, false));
    fields.push(Field::new(SINCE, ArrowType::Date32, false));
    let schema = Arc::new(Schema::new(fields));
    let mut arrays: Vec<ArrayRef> =
        read.key.iter().map(|column| Arc::new(StringArray::from_iter_values(column)) as ArrayRef).collect();
    arrays.push(Arc::new(StringArray::from_iter_values(&read.scenario)));
    let state = |granted: &bool| if *granted { "granted" } else { "withdrawn" };
    arrays.push(Arc::new(StringArray::from_iter_values(read.granted.iter().map(state))));
    arrays.push(Arc::new(Date32Array::from_iter_values(read.since.iter().map(|day| day.days()))));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(|_| Error::RunFailed)?;
    let mut object = ParquetObject::create_as(Content::Consents, objects_dir, &key, &context, schema)?;
    object.write(&batch)?;
    let granted = read.granted.iter().filter(|granted| **granted).count() as u64;
    let mut scenarios = BTreeMap::new();
    for scenario in read.scenario {
        *scenarios.entry(scenario).or_default() += 1;
    }
    Ok(ConsentsDone {
        written: object.finish()?,
        granted,
        withdrawn: read.granted.len() as u64 - granted,
        scenarios,
    })
}

/// The rows of a file, column by column.
struct Read {
    key: Vec<Vec<String>>,
    scenario: Vec<String>,
    granted: Vec<bool>,
    since: Vec<Date>,
}

impl Read {
    fn new(order: &ConsentOrder, text: &str) -> Result<Self, Error> {
        let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|_| file("csv.header"))?.clone();
        let place = |name: &str| header.iter().position(|column| column.trim() == name);
        let mut places = Vec::new();
        for name in order.key.iter().map(String::as_str).chain([SCENARIO, STATE, SINCE]) {
            places.push(place(name).ok_or_else(|| file("consent.column_missing"))?);
        }
        // A further column would be a further condition, and nothing would come of it.
        if header.len() != places.len() {
            return Err(file("consent.column_unknown"));
        }
        let mut rows = Self {
            key: vec![Vec::new(); order.key.len()],
            scenario: Vec::new(),
            granted: Vec::new(),
            since: Vec::new(),
        };
        let mut faults = Faults::default();
        let mut record = ::csv::StringRecord::new();
        while reader.read_record(&mut record).unwrap_or(false) {
            faults.rows += 1;
            let line = record.position().map_or(0, ::csv::Position::line);
            let fields: Vec<&str> =
                places.iter().map(|place| record.get(*place).unwrap_or_default().trim()).collect();
            let whole = record.len() == header.len();
            if let Err((column, code)) = rows.push(&fields, whole) {
                faults.total += 1;
                if faults.listed.len() < FAULTS_MAX {
                    let column = places.get(column).map_or(0, |place| *place as u32 + 1);
                    faults.listed.push(Fault { row: faults.rows, line, column, code: code.to_owned() });
                }
            }
        }
        if faults.total > 0 {
            return Err(Error::Intake(Box::new(faults)));
        }
        if rows.granted.is_empty() { Err(file("csv.no_rows")) } else { Ok(rows) }
    }

    /// Adds a row; the fault names the field by its place among those that are wanted.
    fn push(&mut self, fields: &[&str], whole: bool) -> Result<(), (usize, &'static str)> {
        if !whole {
            return Err((usize::MAX, "csv.field_count"));
        }
        if let Some(damaged) = fields.iter().position(|field| field.contains('\u{fffd}')) {
            return Err((damaged, "csv.encoding"));
        }
        let (key, rest) = fields.split_at_checked(self.key.len()).unwrap_or_default();
        let at = key.len();
        let [scenario, state, since] = rest else { return Err((usize::MAX, "csv.field_count")) };
        if let Some(empty) = key.iter().position(|part| part.is_empty() || part.contains(SEPARATOR)) {
            return Err((empty, "consent.key"));
        }
        check_scenario(scenario).map_err(|code| (at, code))?;
        let granted = match *state {
            "granted" | "同意" => true,
            "withdrawn" | "撤回" => false,
            _ => return Err((at + 1, "consent.state")),
        };
        let since: Date = since.parse().map_err(|_| (at + 2, "consent.since"))?;
        for (column, part) in self.key.iter_mut().zip(key) {
            column.push((*part).to_owned());
        }
        self.scenario.push((*scenario).to_owned());
        self.granted.push(granted);
        self.since.push(since);
        Ok(())
    }
}

/// One scenario by its name: no list, no pattern, nothing that means all.
fn check_scenario(scenario: &str) -> Result<(), &'static str> {
    let chars = scenario.chars().count();
    if chars == 0 || chars > SCENARIO_CHARS_MAX {
        return Err("consent.scenario");
    }
    let folded = scenario.to_lowercase();
    let bundles = scenario.chars().any(|c| BUNDLING.contains(&c) || c.is_control());
    let all = EVERYTHING.iter().any(|word| folded == *word || folded == format!("{word}场景"));
    if bundles || all { Err("consent.bundled") } else { Ok(()) }
}

fn file(code: &str) -> Error {
    let listed = vec![Fault { row: 0, line: 1, column: 0, code: code.to_owned() }];
    Error::Intake(Box::new(Faults { rows: 0, total: 1, listed }))
}
