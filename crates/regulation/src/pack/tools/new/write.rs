//! Files that are written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::pack::SourceFile;
use crate::pack::model::{Bound, ClauseId, Excuse, ExcuseKind, Parameter};

use super::super::{reading_order, todo, words};
use super::{ClauseMap, NewPack};

fn file(path: &str, text: String) -> SourceFile {
    SourceFile { path: path.to_owned(), text }
}

/// A text as a YAML scalar: plain where that is safe, otherwise in double quotes.
pub(super) fn scalar(text: &str) -> String {
    let risky = |c: char| "[]{},:#\"'&*!|>%@`\\?-".contains(c) || c.is_control();
    let plain = !text.is_empty() && text.trim() == text && !text.contains(risky);
    if plain {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

pub(super) fn header(plan: &NewPack<'_>) -> SourceFile {
    let text = format!(
        "{}：先作“征求意见”试用；文本施行后改为“施行”，并写“施行: {{自: 日期}}”。\n\
         制度包: {}\n编号: {}\n版本: {}\n状态: 征求意见\n上级: {}\n",
        todo::LOOK,
        scalar(&plan.name),
        plan.id,
        scalar(&plan.version),
        plan.parent.id
    );
    file("pack.yaml", text)
}

/// Own clauses, and the placeholders that stand for clauses of the template.
pub(super) fn clauses(plan: &NewPack<'_>, map: &ClauseMap) -> SourceFile {
    let mut text = format!(
        "# {}：条款目录。摘要是自己的话，不抄原文。\n条款:",
        plan.name.replace(char::is_control, " ")
    );
    let mut rows = String::new();
    // Writing into a String cannot fail.
    for clause in &plan.clauses {
        let (label, summary) = (scalar(&clause.label), scalar(&clause.summary));
        let means = match clause.means {
            Some(means) => format!(", 手段: {}", words::means(means).zh),
            None => String::new(),
        };
        let _ = writeln!(rows, "  {}: {{原文: {label}, 摘要: {summary}{means}}}", clause.id);
    }
    let own: BTreeSet<&ClauseId> = plan.clauses.iter().map(|clause| &clause.id).collect();
    let placeholders: BTreeSet<&ClauseId> =
        map.instead.values().flatten().filter(|id| !own.contains(id)).collect();
    if !placeholders.is_empty() {
        let _ = writeln!(rows, "  {}：以下是占位，规则改引本文本的条款后逐条删去。", todo::LOOK);
    }
    for id in placeholders {
        let place = id.rsplit('.').next().unwrap_or_default();
        let _ = writeln!(rows, "  {id}: {{原文: 待填, 摘要: 待填：{place}所依据的条款}}");
    }
    if rows.is_empty() {
        text.push_str(" {}\n");
    } else {
        text.push('\n');
        text.push_str(&rows);
    }
    file("clauses.yaml", text)
}

/// Reasons of own clauses, and of inherited ones where the template gives a reason of its own.
pub(super) fn reasons(plan: &NewPack<'_>) -> SourceFile {
    let mut kinds: BTreeMap<ExcuseKind, BTreeMap<String, Vec<&ClauseId>>> = BTreeMap::new();
    for clause in &plan.clauses {
        if let Some(why) = &clause.reason {
            let line = format!("理由: {}", scalar(why));
            kinds.entry(ExcuseKind::NotAutomated).or_default().entry(line).or_default().push(&clause.id);
        }
    }
    let given = plan.template.iter().flat_map(|(template, _)| &template.not_automated);
    for (id, kept) in given.filter(|(id, _)| plan.parent.clauses.contains_key(*id)) {
        if plan.parent.not_automated.get(id) != Some(kept) {
            kinds.entry(kept.kind).or_default().entry(written(kept)).or_default().push(id);
        }
    }
    let mut text = String::from("# 没有规则引用的条款及其理由。有规则引用的不要写在这里。\n");
    for (kind, reasons) in &kinds {
        let _ = writeln!(text, "{}:", words::excuse(*kind).zh);
        for (why, ids) in reasons {
            let mut ids = ids.clone();
            ids.sort_by_cached_key(|id| reading_order(id));
            let ids: Vec<&str> = ids.into_iter().map(String::as_str).collect();
            let _ = writeln!(text, "  - {{条款: [{}], {why}}}", ids.join(", "));
        }
    }
    if kinds.is_empty() {
        text.push_str("不自动化: []\n");
    }
    file("not-automated.yaml", text)
}

/// A reason with what shows that it is honest, as its line is written.
fn written(kept: &Excuse) -> String {
    let mut line = format!("理由: {}", scalar(&kept.reason));
    if !kept.tests.is_empty() {
        let tests: Vec<String> = kept.tests.iter().map(|test| scalar(test)).collect();
        let _ = write!(line, ", 测试: [{}]", tests.join(", "));
    }
    if let Some(absent) = &kept.absent {
        let _ = write!(line, ", 缺少: {}", scalar(absent));
    }
    line
}

/// Tables without a template: everything is inherited, and comments show how to go on.
pub(super) fn empty(plan: &NewPack<'_>) -> Vec<SourceFile> {
    let mut parameters = String::from("# 承自上级的参数：要收紧或者改动的，去掉行首的 #，并写明依据。\n");
    for parameter in plan.parent.parameters.values() {
        let _ = writeln!(
            parameters,
            "#  {}: {{值: {}}}   # {}",
            parameter.name,
            value(parameter),
            note(parameter)
        );
    }
    parameters.push_str("参数: {}\n");
    let mut roles = String::from("# 承自上级的角色由谁担任；同名的以本文件为准。\n");
    for role in plan.parent.roles.values() {
        let _ = writeln!(
            roles,
            "#  {}: {{英文: {}, 机构: [待填], 依据: [{}.…]}}",
            role.key, role.en, plan.prefix
        );
    }
    roles.push_str("角色: {}\n");
    let scenarios = "# 样例：某日谁做了什么，则应当怎样。写法见 docs/packs.md。\n样例: []\n";
    vec![
        file("parameters.yaml", parameters),
        file("roles.yaml", roles),
        file("duties.yaml", "周期义务: []\n".to_owned()),
        file("scenarios/本地.yaml", scenarios.to_owned()),
    ]
}

/// A value as it is written.
fn value(parameter: &Parameter) -> String {
    match &parameter.value {
        crate::pack::Value::List(items) => {
            format!("[{}]", items.iter().map(|item| scalar(item)).collect::<Vec<_>>().join(", "))
        }
        other => words::value(other).zh,
    }
}

/// What the parent says about a parameter, for a comment.
pub(super) fn note(parameter: &Parameter) -> String {
    let bound = match parameter.bound {
        Bound::Floor => "下限，只能更高",
        Bound::Ceiling => "上限，只能更低",
        Bound::Fixed => "固定，不得改动",
        Bound::Open => "可改",
    };
    format!("上级 {}：{}（{bound}）", parameter.pack, words::value(&parameter.value).zh.replace('\n', " "))
}
