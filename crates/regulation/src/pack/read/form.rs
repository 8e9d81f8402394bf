//! Paper forms.

use super::procedure::not_given;
use crate::pack::draft::{Located, Reference};
use crate::pack::fields::Reader;
use crate::pack::model::{Field, FieldKind, Form, FormId, Section};
use crate::pack::node::{Body, Node};
use crate::pack::report::shown;
use crate::pack::schema;
use crate::pack::words::{FIELDS, FieldWord};

pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    if let Some(form) = form(node, reader) {
        let form = reader.located(node.mark, form);
        reader.draft.forms.push(form);
    }
}

fn form(node: &Node, reader: &mut Reader<'_>) -> Option<Form> {
    let fields = reader.fields(node, schema::FORM.keys)?;
    let id = reader.need_text(&fields, "表单");
    let title = reader.need_text(&fields, "标题");
    let en = reader.need_text(&fields, "英文");
    let opinion_boxes = reader.may_texts(&fields, "意见栏");
    let notes = reader.may_texts(&fields, "附注");
    let clauses = reader.basis(&fields);
    let mut keys = Vec::new();
    let list = reader.need(&fields, "栏目").map_or(&[][..], |list| reader.list(list));
    let own = id.clone().unwrap_or_default();
    let sections = list.iter().filter_map(|node| section(node, &own, &mut keys, reader)).collect();
    Some(Form { id: id?, title: title?, en: en?, sections, opinion_boxes, notes, clauses })
}

fn section(node: &Node, form: &FormId, keys: &mut Vec<String>, reader: &mut Reader<'_>) -> Option<Section> {
    let fields = reader.fields(node, schema::SECTION.keys)?;
    let title = reader.may_text(&fields, "标题").unwrap_or_default();
    let list = reader.need(&fields, "字段")?;
    let mut section = Section { title, fields: Vec::new() };
    for item in reader.list(list) {
        let Some(field) = field(item, form, reader) else {
            continue;
        };
        if keys.contains(&field.key) {
            let key = shown(&field.key);
            reader.wrong(
                item.mark,
                "regulation.pack_duplicate",
                format!("同一表单里已有字段“{key}”；用“键”加以区分"),
                format!("the form already has a field `{key}`; tell them apart with 键"),
            );
            continue;
        }
        keys.push(field.key.clone());
        section.fields.push(field);
    }
    Some(section)
}

fn field(node: &Node, form: &FormId, reader: &mut Reader<'_>) -> Option<Field> {
    let fields = reader.fields(node, schema::FIELD.keys)?;
    let label = reader.need_text(&fields, "名称");
    let key = reader.may_text(&fields, "键").or_else(|| label.clone());
    let en = reader.need_text(&fields, "英文");
    let word = reader.need_word(&fields, "类型", FIELDS);
    let (choices, taken) = choices(fields.get("选项"), reader);
    let wants_choices = matches!(word, Some(FieldWord::Choice | FieldWord::Choices));
    if word.is_some() && wants_choices == (choices.is_empty() && taken.is_none()) {
        reader.wrong(
            node.mark,
            "regulation.pack_choices",
            "单选和多选要写“选项”，其他类型不写",
            "单选 and 多选 need 选项, other kinds have none",
        );
    }
    let required = reader.flag(&fields, "必填");
    let hint = reader.may_text(&fields, "提示");
    let personal = reader.flag(&fields, "个人信息");
    let fact = reader.may_text(&fields, "事实");
    if let (Some(node), Some(fact)) = (fields.get("事实"), &fact) {
        not_given(fact, node.mark, reader);
    }
    let key = key?;
    if let Some(parameter) = taken {
        reader.draft.choices.push((form.clone(), key.clone(), parameter));
    }
    let clauses = reader.may_basis(&fields);
    let (label, en) = (label?, en?);
    Some(Field { key, label, en, kind: kind(word?, choices), required, hint, personal, fact, clauses })
}

/// A list, or `{参数: 名称}` for a list that is a parameter.
fn choices(node: Option<&Node>, reader: &mut Reader<'_>) -> (Vec<String>, Option<Located<String>>) {
    match node {
        Some(node) if matches!(node.body, Body::Map(_)) => {
            let fields = reader.fields(node, schema::NAMED_PARAMETER.keys);
            let parameter = fields.and_then(|fields| reader.need_name(&fields, "参数", Reference::Parameter));
            (Vec::new(), parameter.map(|parameter| reader.located(node.mark, parameter)))
        }
        Some(node) => {
            let items = reader.list(node);
            (items.iter().filter_map(|item| reader.text(item)).collect(), None)
        }
        None => (Vec::new(), None),
    }
}

fn kind(word: FieldWord, choices: Vec<String>) -> FieldKind {
    match word {
        FieldWord::Text => FieldKind::Text,
        FieldWord::LongText => FieldKind::LongText,
        FieldWord::Number => FieldKind::Number,
        FieldWord::Percent => FieldKind::Percent,
        FieldWord::Money => FieldKind::Money,
        FieldWord::Date => FieldKind::Date,
        FieldWord::Phone => FieldKind::Phone,
        FieldWord::Email => FieldKind::Email,
        FieldWord::Contact => FieldKind::Contact,
        FieldWord::Choice => FieldKind::Choice(choices),
        FieldWord::Choices => FieldKind::Choices(choices),
        FieldWord::Flag => FieldKind::Flag,
        FieldWord::Resources => FieldKind::Resources,
        FieldWord::Unit => FieldKind::Unit,
    }
}
