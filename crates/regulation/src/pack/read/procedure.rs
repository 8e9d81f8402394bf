//! Procedures: who opens a case, with what, and the steps it goes through.

use super::condition;
use crate::pack::draft::Reference;
use crate::pack::fields::Reader;
use crate::pack::given::is_given;
use crate::pack::model::{AttachmentRule, FactRule, Procedure, Separation, Step, Who};
use crate::pack::node::Node;
use crate::pack::report::{Mark, shown};
use crate::pack::schema;
use crate::pack::words::{BY_UNIT, FACT_KINDS};

pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    if let Some(procedure) = procedure(node, reader) {
        let procedure = reader.located(node.mark, procedure);
        reader.draft.procedures.push(procedure);
    }
    reader.procedure.clear();
}

fn procedure(node: &Node, reader: &mut Reader<'_>) -> Option<Procedure> {
    let fields = reader.fields(node, schema::PROCEDURE.keys)?;
    let id = reader.need_text(&fields, "程序")?;
    reader.procedure.clone_from(&id);
    let en = reader.need_text(&fields, "英文");
    let stage = reader.need_text(&fields, "阶段");
    let number_prefix = reader.need(&fields, "编号字头").and_then(|node| prefix(node, reader));
    let (opener, form, waiver) =
        match reader.need(&fields, "发起").and_then(|node| reader.fields(node, schema::OPENING.keys)) {
            Some(opening) => (
                reader.need_name(&opening, "谁", Reference::Role),
                reader.may_name(&opening, "表单", Reference::Form),
                reader.may_name(&opening, "免办", Reference::Role),
            ),
            None => (None, None, None),
        };
    let attachments =
        reader.may_list(&fields, "附件").iter().filter_map(|item| attachment(item, reader)).collect();
    let facts = facts(fields.get("事实"), reader);
    let observed = self::facts(fields.get("平台事实"), reader);
    let steps = steps(reader.need(&fields, "环节"), reader);
    let separations =
        reader.may_list(&fields, "回避").iter().filter_map(|item| separation(item, reader)).collect();
    let readers: Vec<String> = reader
        .may_list(&fields, "可查阅")
        .iter()
        .filter_map(|item| reader.name(item, Reference::Role))
        .collect();
    let clauses = reader.basis(&fields);
    Some(Procedure {
        id,
        en: en?,
        stage: stage?,
        number_prefix: number_prefix?,
        opener: opener?,
        waiver,
        form,
        attachments,
        facts,
        observed,
        steps,
        separations,
        readers,
        clauses,
    })
}

fn prefix(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text(node)?;
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if !plain {
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            "编号字头是一至六个大写字母，例如 SQ",
            "the number prefix is one to six capital letters, for example SQ",
        );
    }
    plain.then_some(text)
}

fn attachment(node: &Node, reader: &mut Reader<'_>) -> Option<AttachmentRule> {
    let fields = reader.fields(node, schema::ATTACHMENT.keys)?;
    let name = reader.need_text(&fields, "名称");
    let required = reader.flag(&fields, "必附");
    let when = match fields.get("若") {
        None => None,
        Some(node) => {
            if !required {
                reader.wrong(
                    node.mark,
                    "regulation.pack_value",
                    "“若”只与“必附: 是”一起写",
                    "若 is written only together with 必附: 是",
                );
            }
            Some(condition::test(node, reader)?)
        }
    };
    let clauses = reader.basis(&fields);
    Some(AttachmentRule { name: name?, required, when, clauses })
}

/// A map of facts: key → 英文, 类型, 必填.
pub(super) fn facts(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<FactRule> {
    let Some(node) = node else {
        return Vec::new();
    };
    let mut facts = Vec::new();
    for entry in reader.entries(node) {
        not_given(&entry.key, entry.mark, reader);
        let Some(fields) = reader.fields(&entry.value, schema::FACT.keys) else {
            continue;
        };
        let en = reader.need_text(&fields, "英文");
        let kind = reader.need_word(&fields, "类型", FACT_KINDS);
        let required = reader.flag(&fields, "必填");
        if let (Some(en), Some(kind)) = (en, kind) {
            facts.push(FactRule { key: entry.key.clone(), en, kind, required });
        }
    }
    facts
}

/// A name that belongs to the platform cannot be declared or stated.
pub(super) fn not_given(key: &str, mark: Mark, reader: &mut Reader<'_>) {
    if is_given(key) {
        let key = shown(key);
        reader.wrong(
            mark,
            "regulation.pack_reserved_fact",
            format!(
                "事实“{key}”由平台给出，不能声明或填写；自定的事实名称不用“今日”“提交日”“近件”，也不带“.”"
            ),
            format!("fact `{key}` is the platform's own and cannot be declared or stated"),
        );
    }
}

fn steps(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<Step> {
    let Some(node) = node else {
        return Vec::new();
    };
    let mut steps: Vec<Step> = Vec::new();
    let items = reader.list(node);
    for item in items {
        let Some(step) = super::step::step(item, reader) else {
            continue;
        };
        let place = reader.place(item.mark);
        if reader.draft.steps.insert((reader.procedure.clone(), step.id.clone()), place).is_some() {
            let id = shown(&step.id);
            reader.wrong(
                item.mark,
                "regulation.pack_duplicate",
                format!("程序里已有环节“{id}”"),
                format!("the procedure already has a step `{id}`"),
            );
            continue;
        }
        steps.push(step);
    }
    if items.is_empty() {
        reader.wrong(
            node.mark,
            "regulation.pack_no_step",
            "程序至少要有一个环节",
            "a procedure has at least one step",
        );
    }
    steps
}

fn separation(node: &Node, reader: &mut Reader<'_>) -> Option<Separation> {
    let fields = reader.fields(node, schema::SEPARATION.keys)?;
    let first = reader.need(&fields, "一方").and_then(|node| who(node, reader));
    let second = reader.need(&fields, "另一方").and_then(|node| who(node, reader));
    let by_unit = reader.need_word(&fields, "比较", BY_UNIT);
    let clauses = reader.basis(&fields);
    if first.is_some() && first == second {
        reader.wrong(
            node.mark,
            "regulation.pack_separation",
            "回避的两方不能相同",
            "the two sides of a separation must differ",
        );
    }
    Some(Separation { first: first?, second: second?, by_unit: by_unit?, clauses })
}

fn who(node: &Node, reader: &mut Reader<'_>) -> Option<Who> {
    let text = reader.text(node)?;
    if text == "发起人" {
        return Some(Who::Opener);
    }
    let procedure = reader.procedure.clone();
    reader.refer(node.mark, Reference::Step(procedure, text.clone()));
    Some(Who::Step(text))
}

/// 条件 of an action: all must hold.
pub(super) fn conditions(items: &[Node], reader: &mut Reader<'_>) -> Vec<crate::pack::Condition> {
    items.iter().filter_map(|item| condition::condition(item, reader)).collect()
}
