//! Templates of packs: checked, and filled with values.

use std::collections::{BTreeMap, BTreeSet};

use regulation::pack::{Document, TEMPLATE_BYTES_MAX, Variable};
use typst::foundations::{Dict, Value};
use typst::syntax::Source;

use crate::error::{DocumentError, Fault};
use crate::grammar::{self, FILLED, Sizes};
use crate::print::{Blame, Lang, Rendered, head, on_own_stack, typeset};
use crate::sample::sample;
use crate::typeface::printable;
use crate::value::{Data, Datum, bound, fit};
use crate::world::{Paper, source};
use crate::{COST_MAX, FAULTS_MAX};

/// What stands before the template's first line; one line, so that positions are the template's own less one.
/// It names what it takes, so that nothing else of ours stands in the way of a variable's name.
const PREFIX: &str = "#import \"/letter.typ\": 版式,标题,文号,收件,不缩进,空,落款,双方签署,信息表,条目,表格,说明,所依据,封面;#show: 版式;\n";

/// Fills a document's template with values.
///
/// Variables without a value print as a blank line; [`missing`] names those that should not be.
///
/// # Errors
/// `document.template` with all faults and their places; `document.value` for a value that is not declared or of another
/// kind; `document.too_much_data`, `document.too_long` at the limits; `document.engine` for what is ours to mend.
///
/// # Limits
/// [`crate::DATA_BYTES_MAX`], [`TEMPLATE_BYTES_MAX`], [`COST_MAX`], [`crate::PAGES_MAX`].
pub fn render(document: &Document, data: &Data, lang: Lang) -> Result<Rendered, DocumentError> {
    fit(&document.variables, data)?;
    if document.template.len() > TEMPLATE_BYTES_MAX {
        return Err(DocumentError::TooLong { unit: "bytes of template", max: TEMPLATE_BYTES_MAX });
    }
    let mut lost = BTreeSet::new();
    let text = printable(&document.template, &mut lost);
    let sizes = sizes(&document.variables, data);
    let reading = on_own_stack(|| {
        source("/template.typ", text.clone())
            .map(|source: Source| grammar::read(&source, &document.variables, &sizes))
    })?;
    let reading =
        reading.ok_or_else(|| DocumentError::Engine { detail: "no name for a template".to_owned() })?;
    if !reading.faults.is_empty() {
        return Err(DocumentError::Template { name: document.id.clone(), faults: reading.faults });
    }
    if reading.cost > COST_MAX {
        return Err(DocumentError::TooLong { unit: "characters", max: COST_MAX });
    }
    let name = match lang {
        Lang::Zh => &document.id,
        Lang::En => &document.en,
    };
    let mut values = head(name, &data.stamp, lang, &mut lost);
    let mut filled = Dict::new();
    for variable in &document.variables {
        let datum = data.values.get(&variable.name);
        values.push((variable.name.clone(), bound(variable, datum, lang, &mut lost)));
        filled.insert(variable.name.as_str().into(), Value::Bool(datum.is_some()));
    }
    values.push((FILLED.to_owned(), Value::Dict(filled)));
    let paper = Paper::new(format!("{PREFIX}{text}"), values);
    let paper = paper.ok_or_else(|| DocumentError::Engine { detail: "no name for a template".to_owned() })?;
    let blame = Blame { name: &document.id, before: Some(1) };
    typeset(&paper, &data.stamp, lost, &blame)
}

/// What is wrong with a document's template: constructs that are not allowed, names that are not declared, and what the
/// typesetter refuses when the template is filled with samples or left blank. Empty for a template that can be used.
///
/// # Errors
/// What [`render`] says of a template that is too long, and faults that are ours.
pub fn check(document: &Document) -> Result<Vec<Fault>, DocumentError> {
    let taken: Vec<Fault> =
        document.variables.iter().filter(|one| grammar::is_taken(&one.name)).map(taken).collect();
    if !taken.is_empty() {
        return Ok(taken);
    }
    let full = sample(document);
    let blank = Data { values: BTreeMap::new(), stamp: full.stamp.clone() };
    let mut faults: Vec<Fault> = Vec::new();
    for data in [full, blank] {
        match render(document, &data, Lang::Zh) {
            Ok(_) => {}
            Err(DocumentError::Template { faults: found, .. }) => faults.extend(found),
            Err(other) => return Err(other),
        }
    }
    faults.extend(unprintable(document));
    faults.sort();
    faults.dedup();
    faults.truncate(FAULTS_MAX);
    Ok(faults)
}

/// A variable that bears the name of a building block is never printed, or breaks the blocks.
fn taken(variable: &Variable) -> Fault {
    let name = &variable.name;
    Fault {
        line: 1,
        column: 1,
        code: "document.name_taken",
        zh: format!("变量“{name}”与模板构件同名，或者只有英文字母和数字，请换一个名字"),
        en: format!("the variable `{name}` has the name of a building block or is plain ASCII; take another"),
    }
}

/// Characters of the template itself that the fonts lack.
fn unprintable(document: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (line, text) in (1_u32..).zip(document.template.lines()) {
        for (column, c) in (1_u32..).zip(text.chars()) {
            if !crate::covers(c) && !matches!(c, '\t' | '\r') {
                let code = format!("U+{:04X}", u32::from(c));
                faults.push(Fault {
                    line,
                    column,
                    code: "document.character",
                    zh: format!("字体里没有这个字（{code}）"),
                    en: format!("the fonts lack this character ({code})"),
                });
            }
        }
    }
    faults
}

/// Required variables that have no value.
pub fn missing<'a>(document: &'a Document, data: &'a Data) -> impl Iterator<Item = &'a Variable> {
    let required = document.variables.iter().filter(|variable| variable.required);
    required.filter(|variable| !data.values.contains_key(&variable.name))
}

fn sizes(variables: &[Variable], data: &Data) -> Sizes {
    let size = |variable: &Variable| data.values.get(&variable.name).map(Datum::size);
    variables.iter().map(|variable| (variable.name.clone(), size(variable).unwrap_or((60, 2)))).collect()
}
