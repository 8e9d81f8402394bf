//! 文书: what is declared of each template.

use std::collections::BTreeSet;

use crate::pack::document::{Occasion, OccasionEvent, Variable, VariableKind};
use crate::pack::draft::{DocumentDraft, Reference};
use crate::pack::fields::Reader;
use crate::pack::model::CommandKind;
use crate::pack::node::{Body, Node};
use crate::pack::number::{NumberMark, NumberRule, is_mark};
use crate::pack::report::shown;
use crate::pack::schema;
use crate::pack::words::{FLAGS, VARIABLES, VariableWord, commands};

pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::DOCUMENT_FILE.keys) else {
        return;
    };
    for entry in fields.get("代字").map_or(&[][..], |node| reader.entries(node)) {
        reader.refer(entry.mark, Reference::Signer(entry.key.clone()));
        if let Some(mark) = mark(&entry.value, reader) {
            let signer = reader.located(entry.mark, (entry.key.clone(), mark));
            reader.draft.marks.push(signer);
        }
    }
    let list = reader.need(&fields, "文书").map_or(&[][..], |list| reader.list(list));
    for item in list {
        if let Some(document) = document(item, reader) {
            let document = reader.located(item.mark, document);
            reader.draft.documents.push(document);
        }
    }
}

fn document(node: &Node, reader: &mut Reader<'_>) -> Option<DocumentDraft> {
    let fields = reader.fields(node, schema::DOCUMENT.keys)?;
    let id = reader.need_text(&fields, "名称");
    let en = reader.may_text(&fields, "英文");
    let variables = fields.get("变量").map(|list| variables(list, reader));
    let when = fields.get("时机").map(|list| {
        let items = reader.list(list);
        items.iter().filter_map(|item| occasion(item, reader)).collect()
    });
    let number = fields.get("文号").map(|node| number(node, reader));
    let clauses = reader.may_basis(&fields);
    Some(DocumentDraft { id: id?, en, variables, when, number, clauses })
}

/// 文号: 是, 否, or `{代字, 类字}`.
fn number(node: &Node, reader: &mut Reader<'_>) -> Option<NumberRule> {
    if let Body::Text(_) = node.body {
        return reader.word(node, FLAGS)?.then(NumberRule::default);
    }
    let fields = reader.fields(node, schema::NUMBER.keys)?;
    let kind = reader.may_text(&fields, "类字");
    if let Some((kind, at)) = kind.as_ref().zip(fields.get("类字")).filter(|(kind, _)| !is_mark(kind)) {
        unfit(kind, at, reader);
    }
    Some(NumberRule { mark: fields.get("代字").and_then(|node| mark(node, reader)), kind })
}

/// 代字: written out, or `{参数: 名}`.
fn mark(node: &Node, reader: &mut Reader<'_>) -> Option<NumberMark> {
    if let Body::Map(_) = node.body {
        let fields = reader.fields(node, schema::NAMED_PARAMETER.keys)?;
        return reader.need_name(&fields, "参数", Reference::Parameter).map(NumberMark::Parameter);
    }
    let text = reader.text(node)?;
    if !is_mark(&text) {
        unfit(&text, node, reader);
    }
    Some(NumberMark::Text(text))
}

fn unfit(text: &str, node: &Node, reader: &mut Reader<'_>) {
    let (zh, en) = not_a_mark(text);
    reader.wrong(node.mark, "regulation.pack_value", zh, en);
}

/// What is wrong with a text that cannot stand before the year of a paper's number.
pub(crate) fn not_a_mark(text: &str) -> (String, String) {
    let text = shown(text);
    (
        format!("“{text}”不能作发文字号的代字：至多十二个字，没有数字、括号和空格，例如 德数据"),
        format!(
            "`{text}` is no mark of a paper's number: at most twelve letters, no digits, brackets or spaces"
        ),
    )
}

fn variables(node: &Node, reader: &mut Reader<'_>) -> Vec<Variable> {
    let (mut found, mut names) = (Vec::new(), BTreeSet::new());
    for item in reader.list(node) {
        let Some(variable) = variable(item, reader) else { continue };
        if names.insert(variable.name.clone()) {
            found.push(variable);
        } else {
            let name = shown(&variable.name);
            reader.wrong(
                item.mark,
                "regulation.pack_duplicate",
                format!("变量“{name}”写了两次"),
                format!("the variable `{name}` is written twice"),
            );
        }
    }
    found
}

fn variable(node: &Node, reader: &mut Reader<'_>) -> Option<Variable> {
    let fields = reader.fields(node, schema::VARIABLE.keys)?;
    let name = reader.need_text(&fields, "名称");
    let from = reader.may_text(&fields, "取自").or_else(|| name.clone());
    let en = reader.need_text(&fields, "英文");
    let word = reader.need_word(&fields, "类型", VARIABLES);
    let columns = reader.may_texts(&fields, "列");
    let required = reader.flag(&fields, "必填");
    if word.is_some() && (word == Some(VariableWord::Table)) == columns.is_empty() {
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            "“表格”要写“列”，其他类型不写",
            "表格 needs 列, other kinds have none",
        );
    }
    if let Some(name) = name.as_ref().filter(|name| !is_name(name)) {
        let name = shown(name);
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            format!("变量名“{name}”只能由文字和数字组成，不以数字开头，也不能有标点和空格"),
            format!(
                "the variable's name `{name}` has letters and digits only and does not start with a digit"
            ),
        );
    }
    Some(Variable { name: name?, from: from?, en: en?, kind: kind(word?, columns), required })
}

/// A name that a template can write without quotes.
fn is_name(name: &str) -> bool {
    name.chars().all(char::is_alphanumeric) && !name.starts_with(char::is_numeric)
}

fn kind(word: VariableWord, columns: Vec<String>) -> VariableKind {
    match word {
        VariableWord::Text => VariableKind::Text,
        VariableWord::LongText => VariableKind::LongText,
        VariableWord::Number => VariableKind::Number,
        VariableWord::Percent => VariableKind::Percent,
        VariableWord::Money => VariableKind::Money,
        VariableWord::Date => VariableKind::Date,
        VariableWord::Flag => VariableKind::Flag,
        VariableWord::List => VariableKind::List,
        VariableWord::Table => VariableKind::Table(columns),
    }
}

fn occasion(node: &Node, reader: &mut Reader<'_>) -> Option<Occasion> {
    let fields = reader.fields(node, schema::OCCASION.keys)?;
    let procedure = reader.need_name(&fields, "程序", Reference::Procedure)?;
    let (step, act, end) = (fields.get("环节"), fields.get("做"), fields.get("办结"));
    let event = match (step, act, end) {
        (None, None, None) => OccasionEvent::Asked,
        (None, None, Some(end)) => OccasionEvent::Ended(reader.text(end)?),
        (Some(step), Some(act), None) => {
            let step = reader.name(step, |name| Reference::Step(procedure.clone(), name));
            let command = reader.word(act, &commands());
            OccasionEvent::Done(step?, command?)
        }
        (None, Some(act), None) if reader.word(act, &commands()) == Some(CommandKind::Submit) => {
            OccasionEvent::Opened
        }
        _ => {
            reader.wrong(
                node.mark,
                "regulation.pack_value",
                "时机写成 {程序, 环节, 做}、{程序, 做: 提交}、{程序, 办结} 或者只写 {程序}",
                "write an occasion as {程序, 环节, 做}, {程序, 做: 提交}, {程序, 办结} or {程序} alone",
            );
            return None;
        }
    };
    let occasion = Occasion { procedure, event };
    let placed = reader.located(node.mark, occasion.clone());
    reader.draft.occasions.push(placed);
    Some(occasion)
}
