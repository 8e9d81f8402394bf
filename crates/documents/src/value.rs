//! Values for the blanks of a template.

use std::collections::{BTreeMap, BTreeSet};

use base::Date;
use regulation::pack::{Variable, VariableKind};
use typst::foundations::{Array, Content, Dict, Value};
use typst::model::ParbreakElem;
use typst::text::TextElem;

use crate::DATA_BYTES_MAX;
use crate::blank;
use crate::error::DocumentError;
use crate::print::{Lang, Stamp};
use crate::typeface::{breakable, printable};
use crate::words;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datum {
    /// A line, or paragraphs with line ends between them.
    Text(String),
    /// Whole number.
    Number(i64),
    /// Parts per million.
    Percent(i64),
    /// Fen.
    Money(i64),
    /// A date.
    Date(Date),
    /// Yes or no.
    Flag(bool),
    /// Texts.
    List(Vec<String>),
    /// Rows of texts.
    Table(Vec<Vec<String>>),
}

/// What a template is filled with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// Values by the names of variables. What is left out prints as a blank.
    pub values: BTreeMap<String, Datum>,
    /// What the paper is, where it comes from and when it was made.
    pub stamp: Stamp,
}

impl Datum {
    /// Characters it prints and entries it has.
    pub(crate) fn size(&self) -> (usize, usize) {
        let chars = |text: &String| text.chars().count();
        match self {
            Self::Text(text) => (chars(text), 1),
            Self::List(items) => (items.iter().map(chars).sum(), items.len()),
            Self::Table(rows) => (rows.iter().flatten().map(|cell| chars(cell) + 1).sum(), rows.len()),
            Self::Number(_) | Self::Percent(_) | Self::Money(_) | Self::Date(_) | Self::Flag(_) => (20, 1),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.iter().map(|item| item.len() + 1).sum(),
            Self::Table(rows) => rows.iter().flatten().map(|cell| cell.len() + 1).sum(),
            Self::Number(_) | Self::Percent(_) | Self::Money(_) | Self::Date(_) | Self::Flag(_) => 20,
        }
    }
}

/// Values are declared, of their kinds, and not too many.
pub(crate) fn fit(variables: &[Variable], data: &Data) -> Result<(), DocumentError> {
    let bytes = data.values.values().map(Datum::bytes).sum();
    if bytes > DATA_BYTES_MAX {
        return Err(DocumentError::TooMuchData { bytes, max: DATA_BYTES_MAX });
    }
    for (name, datum) in &data.values {
        let variable = variables.iter().find(|variable| variable.name == *name);
        if !variable.is_some_and(|variable| fits(&variable.kind, datum)) {
            return Err(DocumentError::Value { name: name.clone() });
        }
    }
    Ok(())
}

fn fits(kind: &VariableKind, datum: &Datum) -> bool {
    match (kind, datum) {
        (VariableKind::Text | VariableKind::LongText, Datum::Text(_))
        | (VariableKind::Number, Datum::Number(_))
        | (VariableKind::Percent, Datum::Percent(_))
        | (VariableKind::Money, Datum::Money(_))
        | (VariableKind::Date, Datum::Date(_))
        | (VariableKind::Flag, Datum::Flag(_))
        | (VariableKind::List, Datum::List(_)) => true,
        (VariableKind::Table(columns), Datum::Table(rows)) => {
            rows.iter().all(|row| row.len() == columns.len())
        }
        _ => false,
    }
}

/// A variable's value for the typesetter: its own, or a blank.
pub(crate) fn bound(
    variable: &Variable,
    datum: Option<&Datum>,
    lang: Lang,
    missing: &mut BTreeSet<char>,
) -> Value {
    let mut text = |text: &str| Value::Str(breakable(&printable(text, missing)).into());
    let paragraphs = variable.kind == VariableKind::LongText;
    match datum {
        None if paragraphs => Value::Content(content(blank::PARAGRAPH, &mut text)),
        None => blank::of(&variable.kind, lang, &mut text),
        Some(Datum::Text(value)) if paragraphs => Value::Content(content(value, &mut text)),
        Some(Datum::Text(value)) => text(&value.replace(['\n', '\r'], " ")),
        Some(Datum::Number(number)) => text(&number.to_string()),
        Some(Datum::Percent(ppm)) => text(&words::percent(*ppm)),
        Some(Datum::Money(fen)) => text(&words::money(*fen)),
        Some(Datum::Date(date)) => text(&words::date(*date, lang)),
        Some(Datum::Flag(flag)) => text(if *flag { "是" } else { "否" }),
        Some(Datum::List(items)) => Value::Array(items.iter().map(|item| text(item)).collect()),
        Some(Datum::Table(rows)) => table(&variable.kind, rows, &mut text),
    }
}

/// Lines as paragraphs. They are text elements, made here; nothing parses them.
fn content(value: &str, text: &mut impl FnMut(&str) -> Value) -> Content {
    let mut parts = Vec::new();
    for line in value.lines().filter(|line| !line.trim().is_empty()) {
        if !parts.is_empty() {
            parts.push(ParbreakElem::shared().clone());
        }
        if let Value::Str(line) = text(line) {
            parts.push(TextElem::packed(line));
        }
    }
    Content::sequence(parts)
}

/// A table as its headings and rows.
pub(crate) fn table(
    kind: &VariableKind,
    rows: &[Vec<String>],
    text: &mut impl FnMut(&str) -> Value,
) -> Value {
    let columns: &[String] = if let VariableKind::Table(columns) = kind { columns } else { &[] };
    let mut array = |cells: &[String]| Value::Array(cells.iter().map(|cell| text(cell)).collect());
    let columns = array(columns);
    let rows: Array = rows.iter().map(|row| array(row)).collect();
    let parts = [("列", columns), ("行", Value::Array(rows))];
    Value::Dict(parts.into_iter().map(|(name, value)| (name.into(), value)).collect::<Dict>())
}
