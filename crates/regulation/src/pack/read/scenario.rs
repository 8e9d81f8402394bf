//! Scenario tests: what happens, and what must then hold.

use std::collections::BTreeMap;

use super::condition::fact_value;
use super::procedure::not_given;
use super::step::effects;
use crate::case::STEP_OWED;
use crate::pack::draft::Reference;
use crate::pack::fields::{Fields, Reader};
use crate::pack::given::{FACT_FILED, FACT_TODAY};
use crate::pack::model::{CommandKind, Expectation, Scenario, ScenarioEvent, ScenarioPlace};
use crate::pack::node::{Body, Entry, Node};
use crate::pack::report::Mark;
use crate::pack::schema;
use crate::pack::words::{FLAGS, commands};

/// The word for a line on which time passes and nobody does anything.
const PASSING: &str = "到期";
/// The key for files that a step must have and comes without.
const MISSING: &str = "缺附件";

pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::SCENARIO_FILE.keys) else {
        return;
    };
    let Some(list) = reader.need(&fields, "样例") else {
        return;
    };
    for item in reader.list(list) {
        if item.text_at("义务").is_some() {
            super::duty::scenario(item, reader);
        } else if let Some(scenario) = scenario(item, reader) {
            let scenario = reader.located(item.mark, scenario);
            reader.draft.scenarios.push(scenario);
        }
    }
    reader.procedure.clear();
}

fn scenario(node: &Node, reader: &mut Reader<'_>) -> Option<Scenario> {
    let fields = reader.fields(node, schema::SCENARIO.keys)?;
    let name = reader.need_text(&fields, "名称");
    let procedure = reader.need_name(&fields, "程序", Reference::Procedure)?;
    reader.procedure.clone_from(&procedure);
    let given: Vec<ScenarioEvent> = match reader.need(&fields, "经过") {
        Some(list) => reader.list(list).iter().filter_map(|item| event(item, reader)).collect(),
        None => Vec::new(),
    };
    let then = reader.need(&fields, "则").map_or_else(Vec::new, |node| expectations(node, reader));
    if then.is_empty() || given.is_empty() {
        reader.wrong(
            node.mark,
            "regulation.pack_scenario",
            "样例要写“经过”和“则”，各至少一项",
            "a scenario has at least one event and one expectation",
        );
    }
    let clauses = reader.basis(&fields);
    let place = place(node.mark, fields.get("则"), reader);
    Some(Scenario { name: name?, procedure, given, then, clauses, place })
}

/// Where a scenario and what it expects are written, for whoever has to mend it.
pub(super) fn place(mark: Mark, then: Option<&Node>, reader: &Reader<'_>) -> ScenarioPlace {
    let then = then.map_or(mark, |node| node.mark);
    ScenarioPlace { file: reader.place(mark).file, line: mark.line, then: then.line }
}

fn event(node: &Node, reader: &mut Reader<'_>) -> Option<ScenarioEvent> {
    let fields = reader.fields(node, schema::EVENT.keys)?;
    let on = reader.need(&fields, "日期").and_then(|node| reader.date(node));
    let role = reader.may_name(&fields, "谁", Reference::Role);
    let unit = reader.may_text(&fields, "机构");
    let doing = reader.need(&fields, "做");
    let passing = doing.is_some_and(|node| node.body == Body::Text(PASSING.to_owned()));
    let command = doing.filter(|_| !passing).and_then(|node| reader.word(node, &commands()));
    if let Some(entry) = alone(node, passing) {
        reader.wrong(
            entry.mark,
            "regulation.pack_scenario",
            "“做: 到期”只表示时间到了这一天，除“日期”外不写其他内容",
            "做: 到期 lets time pass and has nothing but a 日期",
        );
    }
    let procedure = reader.procedure.clone();
    let step = reader.may_name(&fields, "环节", |step| Reference::Step(procedure, step));
    let mut facts = BTreeMap::new();
    if let Some(node) = fields.get("事实") {
        for entry in reader.entries(node) {
            if matches!(entry.key.as_str(), FACT_TODAY | FACT_FILED) {
                not_given(&entry.key, entry.mark, reader);
            }
            if entry.key == MISSING {
                reader.wrong(
                    entry.mark,
                    "regulation.pack_scenario",
                    "“缺附件”不是事实，写在“事实”之外：缺附件: [名称]",
                    "缺附件 is no fact; write it beside 事实: 缺附件: [名称]",
                );
            }
            if let Some(value) = fact_value(&entry.value, reader) {
                facts.insert(entry.key.clone(), value);
            }
        }
    }
    let (attached, missing) = files(&fields, command, reader);
    if command.is_none() && !passing {
        return None;
    }
    let line = node.mark.line;
    Some(ScenarioEvent { on: on?, role, unit, command, step, facts, attached, missing, line })
}

/// 附件 and 缺附件: what comes with a step and what does not. A correction and an opinion asked for bring whatever their
/// sender likes; everything else is a file that the procedure asks for.
fn files(
    fields: &Fields<'_>,
    command: Option<CommandKind>,
    reader: &mut Reader<'_>,
) -> (Vec<String>, Vec<String>) {
    let free = matches!(command, Some(CommandKind::Supplement | CommandKind::Opine));
    let mut names = |key: &str, free: bool| -> Vec<String> {
        let procedure = reader.procedure.clone();
        let asked = |name| Reference::Attachment(procedure.clone(), name);
        let items = reader.may_list(fields, key).iter();
        items.filter_map(|item| if free { reader.text(item) } else { reader.name(item, asked) }).collect()
    };
    let (attached, missing) = (names("附件", free), names(MISSING, false));
    if let Some(node) = fields.get(MISSING).filter(|_| missing.iter().any(|name| attached.contains(name))) {
        reader.wrong(
            node.mark,
            "regulation.pack_scenario",
            "同一附件不能既在“附件”又在“缺附件”",
            "the same file cannot stand under both 附件 and 缺附件",
        );
    }
    (attached, missing)
}

/// What stands beside the day on a line where only time passes.
fn alone(node: &Node, passing: bool) -> Option<&Entry> {
    match &node.body {
        Body::Map(entries) if passing => {
            entries.iter().find(|entry| !matches!(entry.key.as_str(), "日期" | "做"))
        }
        _ => None,
    }
}

fn expectations(node: &Node, reader: &mut Reader<'_>) -> Vec<Expectation> {
    let Some(fields) = reader.fields(node, schema::EXPECTATION.keys) else {
        return Vec::new();
    };
    let mut then = Vec::new();
    if let Some(node) = fields.get("到期") {
        for entry in reader.entries(node) {
            if entry.key != STEP_OWED {
                let procedure = reader.procedure.clone();
                reader.refer(entry.mark, Reference::Step(procedure, entry.key.clone()));
            }
            if let Some(date) = reader.date(&entry.value) {
                then.push(Expectation::Due(entry.key.clone(), date));
            }
        }
    }
    let procedure = reader.procedure.clone();
    let owed = fields.get("待办").is_some_and(|node| node.body == Body::Text(STEP_OWED.to_owned()));
    let open = if owed {
        Some(STEP_OWED.to_owned())
    } else {
        reader.may_name(&fields, "待办", |step| Reference::Step(procedure, step))
    };
    then.extend(open.map(Expectation::Open));
    then.extend(reader.may_text(&fields, "办结").map(Expectation::Outcome));
    if let Some(node) = fields.get("拒绝") {
        then.push(Expectation::Refused(reader.basis_at(node).into_iter().collect()));
    }
    let done = effects(&fields, "效果", reader);
    if !done.is_empty() {
        then.push(Expectation::Effects(done));
    }
    let absent = effects(&fields, "无效果", reader);
    if !absent.is_empty() {
        then.push(Expectation::NoEffects(absent));
    }
    if let Some(node) = fields.get("提醒") {
        for entry in reader.entries(node) {
            let procedure = reader.procedure.clone();
            reader.refer(entry.mark, Reference::Step(procedure, entry.key.clone()));
            let roles = match &entry.value.body {
                Body::List(items) => {
                    items.iter().filter_map(|item| reader.name(item, Reference::Role)).collect()
                }
                _ => reader.name(&entry.value, Reference::Role).into_iter().collect(),
            };
            then.push(Expectation::Rang(entry.key.clone(), roles));
        }
    }
    let opens = reader.may_list(&fields, "转办").iter();
    let opens: Vec<String> = opens.filter_map(|item| reader.name(item, Reference::Procedure)).collect();
    if !opens.is_empty() {
        then.push(Expectation::Opens(opens));
    }
    let held = reader.may_texts(&fields, "附件");
    if !held.is_empty() {
        then.push(Expectation::Attached(held));
    }
    let due = fields.get("补正到期").and_then(|node| reader.date(node));
    then.extend(due.map(Expectation::CorrectionDue));
    then.extend(reader.may_word(&fields, "补正逾期", FLAGS).map(Expectation::CorrectionLate));
    then
}
