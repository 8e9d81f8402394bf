//! The form printer: any form of any pack as the table it is on paper.

use std::collections::{BTreeMap, BTreeSet};

use base::Date;
use regulation::case::{FormValue, FormValues};
use regulation::pack::{Field, FieldKind, Form};
use typst::foundations::{Array, Dict, Value};

use crate::error::DocumentError;
use crate::print::{Blame, Lang, Rendered, Stamp, head, typeset};
use crate::typeface::{breakable, printable};
use crate::world::Paper;
use crate::{DATA_BYTES_MAX, words};

const FORM: &str = include_str!("paper/form.typ");
/// Characters a label and a value may have to share a row with another field.
const SHORT_LABEL_CHARS: usize = 12;
const SHORT_VALUE_CHARS: usize = 36;
/// Characters of a label that stand on one line of its cell.
const LABEL_LINE_CHARS: usize = 7;

/// A form to be printed.
#[derive(Debug, Clone)]
pub struct FormPaper<'a> {
    /// The form.
    pub form: &'a Form,
    /// Its values by field; empty for a blank form.
    pub values: &'a FormValues,
    /// Opinions for its boxes, oldest first. Those for a box the form does not have are not printed.
    pub opinions: Vec<OpinionEntry>,
    /// Names of units and resources by code; a code without one is printed as it is.
    pub names: BTreeMap<String, String>,
    /// Case and issuer.
    pub stamp: Stamp,
}

/// An opinion in a box of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpinionEntry {
    /// The box.
    pub opinion_box: String,
    /// What was decided, in words; may be empty.
    pub result: String,
    /// The opinion; may be empty.
    pub text: String,
    /// Unit.
    pub unit: String,
    /// Person.
    pub person: String,
    /// Day.
    pub on: Option<Date>,
}

/// Prints a form.
///
/// # Errors
/// `document.too_much_data` and `document.too_long` at the limits; `document.engine` for what is ours to mend.
///
/// # Limits
/// [`DATA_BYTES_MAX`], [`crate::PAGES_MAX`].
pub fn print_form(paper: &FormPaper<'_>, lang: Lang) -> Result<Rendered, DocumentError> {
    let bytes = paper.values.values().map(bytes_of).sum::<usize>()
        + paper.opinions.iter().map(|one| one.text.len() + one.unit.len() + one.person.len()).sum::<usize>();
    if bytes > DATA_BYTES_MAX {
        return Err(DocumentError::TooMuchData { bytes, max: DATA_BYTES_MAX });
    }
    let mut missing = BTreeSet::new();
    let form = paper.form;
    let title = match lang {
        Lang::Zh => &form.title,
        Lang::En => &form.en,
    };
    let mut values = head(title, &paper.stamp, lang, &mut missing);
    let mut printer = Printer { lang, names: &paper.names, missing: &mut missing };
    let rows = printer.rows(paper);
    let notes: Array = form.notes.iter().map(|note| printer.text(note)).collect();
    let form =
        dict([("标题", printer.text(title)), ("行", Value::Array(rows)), ("附注", Value::Array(notes))]);
    values.push(("表单".to_owned(), form));
    let engine = || DocumentError::Engine { detail: "no name for a form".to_owned() };
    let sheet = Paper::new(FORM.to_owned(), values).ok_or_else(engine)?;
    typeset(&sheet, &paper.stamp, missing, &Blame { name: title, before: None })
}

fn bytes_of(value: &FormValue) -> usize {
    match value {
        FormValue::Text(text) => text.len(),
        FormValue::List(items) => items.iter().map(|item| item.len() + 1).sum(),
    }
}

fn dict<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Dict(entries.into_iter().map(|(name, value)| (name.into(), value)).collect::<Dict>())
}

/// A cell that is laid out: what it says, and whether it can share a row.
struct Cell {
    short: bool,
    long: bool,
    /// How somebody can be reached; stands beside the person before it.
    reach: bool,
    value: Value,
}

struct Printer<'a> {
    lang: Lang,
    names: &'a BTreeMap<String, String>,
    missing: &'a mut BTreeSet<char>,
}

impl Printer<'_> {
    fn text(&mut self, text: &str) -> Value {
        Value::Str(breakable(&printable(text, self.missing)).into())
    }

    /// A label in lines of even length, so that no single character stands on a line of its own.
    fn label(&mut self, label: &str) -> Value {
        let count = label.chars().count();
        if count <= LABEL_LINE_CHARS || label.chars().any(|c| c.is_ascii_alphabetic()) {
            return self.text(label);
        }
        // Before a bracket first, if that gives two lines.
        if let Some((name, rest)) = label.split_once('（')
            && (1..=LABEL_LINE_CHARS).contains(&name.chars().count())
            && rest.chars().count() < LABEL_LINE_CHARS
        {
            return self.text(&format!("{name}\n（{rest}"));
        }
        let length = count.div_ceil(count.div_ceil(LABEL_LINE_CHARS));
        let chars: Vec<char> = label.chars().collect();
        let lines: Vec<String> = chars.chunks(length).map(|line| line.iter().collect()).collect();
        self.text(&lines.join("\n"))
    }

    fn rows(&mut self, paper: &FormPaper<'_>) -> Array {
        let mut rows = Array::new();
        for section in &paper.form.sections {
            if !section.title.is_empty() {
                let title = self.text(&section.title);
                rows.push(dict([("类", word("节")), ("标题", title)]));
            }
            let cells = section.fields.iter().map(|field| self.cell(field, paper.values.get(&field.key)));
            let cells: Vec<Cell> = cells.collect();
            pair(cells, &mut rows);
        }
        for name in &paper.form.opinion_boxes {
            let own = paper.opinions.iter().filter(|one| one.opinion_box == *name);
            let opinions: Array = own.map(|one| self.opinion(one)).collect();
            let label = self.label(name);
            rows.push(dict([("类", word("意见")), ("标签", label), ("意见", Value::Array(opinions))]));
        }
        rows
    }

    fn opinion(&mut self, one: &OpinionEntry) -> Value {
        let day = one.on.map(|on| words::date(on, self.lang)).unwrap_or_default();
        dict([
            ("结果", self.text(&one.result)),
            ("内容", self.text(&one.text)),
            ("单位", self.text(&one.unit)),
            ("名", self.text(&one.person)),
            ("日期", self.text(&day)),
        ])
    }

    fn cell(&mut self, field: &Field, value: Option<&FormValue>) -> Cell {
        let (label, hint) = match self.lang {
            Lang::Zh => (&field.label, field.hint.as_deref().unwrap_or_default()),
            Lang::En => (&field.en, ""),
        };
        let chosen: Vec<&str> = match value {
            None => Vec::new(),
            Some(FormValue::Text(text)) => vec![text.as_str()],
            Some(FormValue::List(items)) => items.iter().map(String::as_str).collect(),
        };
        let flags = ["是".to_owned(), "否".to_owned()];
        let choices: &[String] = match &field.kind {
            FieldKind::Choice(choices) | FieldKind::Choices(choices) => choices,
            FieldKind::Flag => &flags,
            _ => &[],
        };
        let ticked = |choice: &String| {
            let word = if choice == "是" { "true" } else { "false" };
            chosen.iter().any(|one| *one == choice || (field.kind == FieldKind::Flag && *one == word))
        };
        let options: Array =
            choices.iter().map(|choice| pair_of(self.text(choice), Value::Bool(ticked(choice)))).collect();
        // An answer that is none of the choices is printed beside them, not lost.
        let said = if choices.is_empty() {
            self.written(&field.kind, &chosen)
        } else {
            let known =
                |one: &&str| choices.iter().any(|choice| choice == one) || matches!(*one, "true" | "false");
            chosen.iter().filter(|one| !known(one)).copied().collect::<Vec<_>>().join("\n")
        };
        let long = matches!(field.kind, FieldKind::LongText | FieldKind::Resources);
        let label_chars = if self.lang == Lang::En { 2 * SHORT_LABEL_CHARS } else { SHORT_LABEL_CHARS };
        let brief = choices.iter().map(|choice| choice.chars().count() + 3).sum::<usize>() <= 14;
        let short = !long
            && brief
            && label.chars().count() <= label_chars
            && !said.contains('\n')
            && said.chars().count() <= SHORT_VALUE_CHARS;
        let value = dict([
            ("标签", self.label(label)),
            ("值", self.text(&said)),
            ("提示", self.text(if short { "" } else { hint })),
            ("选项", Value::Array(options)),
        ]);
        let reach = matches!(field.kind, FieldKind::Phone | FieldKind::Email | FieldKind::Contact);
        Cell { short, long, reach, value }
    }

    /// A value as it is written on paper.
    fn written(&self, kind: &FieldKind, chosen: &[&str]) -> String {
        if coded(kind) {
            return chosen.iter().map(|code| named(code, self.names)).collect::<Vec<_>>().join("\n");
        }
        let text = chosen.join("\n");
        match kind {
            FieldKind::Date => text.parse::<Date>().map_or(text, |date| words::date(date, self.lang)),
            FieldKind::Percent if !text.is_empty() && !text.ends_with(['%', '％']) => format!("{text}%"),
            _ => text,
        }
    }
}

/// Fields of the kind hold codes, not words.
pub(crate) const fn coded(kind: &FieldKind) -> bool {
    !matches!(
        kind,
        FieldKind::Text
            | FieldKind::LongText
            | FieldKind::Number
            | FieldKind::Percent
            | FieldKind::Money
            | FieldKind::Date
            | FieldKind::Phone
            | FieldKind::Email
            | FieldKind::Contact
            | FieldKind::Choice(_)
            | FieldKind::Choices(_)
            | FieldKind::Flag
    )
}

/// The name of a code. Of `code:column|column` the columns follow in brackets.
pub(crate) fn named(code: &str, names: &BTreeMap<String, String>) -> String {
    let (thing, columns) = code.split_once(':').unwrap_or((code, ""));
    match (names.get(code), names.get(thing)) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) if columns.is_empty() => name.clone(),
        (None, Some(name)) => format!("{name}（{}）", columns.replace('|', "、")),
        (None, None) => code.to_owned(),
    }
}

/// A word of the layout's own.
fn word(word: &'static str) -> Value {
    Value::Str(word.into())
}

fn pair_of(first: Value, second: Value) -> Value {
    Value::Array([first, second].into_iter().collect())
}

/// Short cells two in a row, the others alone. A telephone number stands beside its person, so a cell whose neighbour
/// has one of its own stands alone.
fn pair(cells: Vec<Cell>, rows: &mut Array) {
    let mut cells = cells.into_iter().peekable();
    let mut waiting: Option<Cell> = None;
    while let Some(cell) = cells.next() {
        let wanted = cells.peek().is_some_and(|next| next.short && next.reach);
        match waiting.take() {
            Some(left) if cell.short && (cell.reach || !wanted) => {
                rows.push(dict([("类", word("双")), ("左", left.value), ("右", cell.value)]));
                continue;
            }
            left => rows.extend(left.map(alone)),
        }
        if cell.short {
            waiting = Some(cell);
        } else {
            rows.push(alone(cell));
        }
    }
    rows.extend(waiting.map(alone));
}

fn alone(cell: Cell) -> Value {
    let kind = if cell.long { "长" } else { "单" };
    dict([("类", word(kind)), ("格", cell.value)])
}
