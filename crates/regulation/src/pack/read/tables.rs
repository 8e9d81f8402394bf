//! Clauses, parameters, roles and the reasons for what is not automated.

use crate::pack::draft::{ParameterDraft, Reference};
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{Binding, Clause, Excuse, ExcuseKind, Parameter, Role, Value};
use crate::pack::node::{Body, Entry, Node};
use crate::pack::report::shown;
use crate::pack::schema;
use crate::pack::value::parse_value;
use crate::pack::words::{BOUNDS, MEANS, Word};

/// 条款: id → 原文标号, 摘要.
pub(super) fn clauses(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::CLAUSE_FILE.keys) else {
        return;
    };
    let Some(table) = reader.need(&fields, "条款") else {
        return;
    };
    for entry in reader.entries(table) {
        if let Some(clause) = clause(entry, reader) {
            let clause = reader.located(entry.mark, clause);
            reader.draft.clauses.push(clause);
        }
    }
}

fn clause(entry: &Entry, reader: &mut Reader<'_>) -> Option<Clause> {
    let fields = reader.fields(&entry.value, schema::CLAUSE.keys)?;
    let label = reader.need_text(&fields, "原文");
    let summary = reader.need_text(&fields, "摘要");
    let means = reader.may_word(&fields, "手段", MEANS);
    let inventory = reader.may_text(&fields, "清单");
    let source = fields.get("指纹").and_then(|node| {
        let text = reader.text(node)?;
        let digest = text.parse().ok();
        if digest.is_none() {
            reader.wrong(
                node.mark,
                "regulation.pack_value",
                "指纹应为六十四位十六进制数（SHA-256）",
                "the digest has sixty-four hexadecimal digits (SHA-256)",
            );
        }
        digest
    });
    Some(Clause {
        id: entry.key.clone(),
        label: label?,
        summary: summary?,
        means,
        pack: String::new(),
        source,
        inventory,
    })
}

/// A file with 参数 alone.
pub(super) fn parameter_file(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::PARAMETER_FILE.keys) else {
        return;
    };
    if let Some(table) = reader.need(&fields, "参数") {
        parameters(table, reader);
    }
}

/// 参数: name → 值, 约束, 依据.
pub(super) fn parameters(node: &Node, reader: &mut Reader<'_>) {
    for entry in reader.entries(node) {
        if let Some(parameter) = parameter(entry, reader) {
            let parameter = reader.located(entry.mark, parameter);
            reader.draft.parameters.push(parameter);
        }
    }
}

fn parameter(entry: &Entry, reader: &mut Reader<'_>) -> Option<ParameterDraft> {
    let fields = reader.fields(&entry.value, schema::PARAMETER.keys)?;
    let value = reader.need(&fields, "值").and_then(|node| value(node, reader));
    let bound = reader.may_word(&fields, "约束", BOUNDS);
    let local_choice = reader.flag(&fields, "本地约定");
    let clauses = if local_choice { reader.may_basis(&fields) } else { reader.basis(&fields) };
    let note = reader.may_text(&fields, "说明");
    let file = reader.place(entry.mark).file;
    let parameter = Parameter {
        name: entry.key.clone(),
        value: value?,
        bound: bound.unwrap_or(crate::pack::Bound::Open),
        clauses,
        local_choice,
        pack: String::new(),
        file,
        note,
    };
    Some(ParameterDraft { parameter, bound })
}

fn value(node: &Node, reader: &mut Reader<'_>) -> Option<Value> {
    if let Body::List(items) = &node.body {
        return Some(Value::List(items.iter().filter_map(|item| reader.text(item)).collect()));
    }
    let text = reader.text(node)?;
    let value = parse_value(&text);
    if value.is_err() {
        let text = shown(&text);
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            format!("“{text}”不合写法；请写成 3个工作日、6个月、当日、不少于6个月、低于50%、不超过3年、期满前6个月、10 或 是/否"),
            format!("`{text}` is not a value; write 3个工作日, 6个月, 当日, 不少于6个月, 低于50%, 不超过3年, 期满前6个月, 10 or 是/否"),
        );
    }
    value.ok()
}

/// 角色: key → 英文, 机构, 绑定.
pub(super) fn roles(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::ROLE_FILE.keys) else {
        return;
    };
    let Some(table) = reader.need(&fields, "角色") else {
        return;
    };
    for entry in reader.entries(table) {
        if let Some(role) = role(entry, reader) {
            let role = reader.located(entry.mark, role);
            reader.draft.roles.push(role);
        }
    }
}

fn role(entry: &Entry, reader: &mut Reader<'_>) -> Option<Role> {
    const BINDINGS: &[Word<u8>] = &[("固定", 0), ("发起单位", 1), ("任何人", 2), ("平台登记", 3)];
    let fields = reader.fields(&entry.value, schema::ROLE.keys)?;
    let en = reader.need_text(&fields, "英文");
    let units = reader.may_texts(&fields, "机构");
    let binding = match fields.get("绑定") {
        None => Some(Binding::Fixed),
        Some(node) if matches!(node.body, Body::Map(_)) => {
            let by_fact = reader.fields(node, schema::BINDING.keys)?;
            reader.need_text(&by_fact, "事实").map(Binding::Fact)
        }
        Some(node) => reader.word(node, BINDINGS).map(|word| match word {
            1 => Binding::Opener,
            2 => Binding::Anyone,
            // 平台登记: the platform knows the units of a case, for example the operator of an authorisation.
            _ => Binding::Fixed,
        }),
    };
    let registered = fields.get("绑定").is_some_and(|node| node.body == Body::Text("平台登记".to_owned()));
    if binding == Some(Binding::Fixed) && units.is_empty() != registered {
        reader.wrong(
            entry.mark,
            "regulation.pack_role_unmapped",
            format!("角色“{}”要么写明“机构”，要么用“绑定”说明办件中由谁担任", shown(&entry.key)),
            format!("role `{}` needs either 机构 or 绑定, which says how a case finds it", shown(&entry.key)),
        );
    }
    let clauses = reader.basis(&fields);
    Some(Role { key: entry.key.clone(), en: en?, units, binding: binding?, clauses })
}

/// 不自动化, 平台保障, 由下级落实 and 尚未落实, each with the clauses and why.
pub(super) fn reasons(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::REASON_FILE.keys) else {
        return;
    };
    for (key, kind) in ExcuseKind::ALL {
        for item in reader.may_list(&fields, key) {
            reason(item, kind, reader);
        }
    }
}

fn reason(node: &Node, kind: ExcuseKind, reader: &mut Reader<'_>) {
    let Some(fields): Option<Fields<'_>> = reader.fields(node, schema::reason(kind)) else {
        return;
    };
    let why = reader.need_text(&fields, "理由");
    let tests = reader.may_texts(&fields, "测试");
    let absent = reader.may_text(&fields, "缺少");
    let Some(list) = reader.need(&fields, "条款") else {
        return;
    };
    for item in reader.list(list) {
        let clause = reader.name(item, Reference::Clause);
        if let (Some(clause), Some(reason)) = (clause, why.clone()) {
            let excuse = Excuse { kind, reason, tests: tests.clone(), absent: absent.clone() };
            let reason = reader.located(item.mark, (clause, excuse));
            reader.draft.reasons.push(reason);
        }
    }
}
