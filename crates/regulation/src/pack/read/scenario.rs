//! Scenario tests: what happens, and what must then hold.

use std::collections::BTreeMap;

use super::condition::fact_value;
use super::step::effects;
use crate::pack::draft::Reference;
use crate::pack::fields::Reader;
use crate::pack::model::{Expectation, Scenario, ScenarioEvent};
use crate::pack::node::Node;
use crate::pack::schema;
use crate::pack::words::commands;

pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::SCENARIO_FILE.keys) else {
        return;
    };
    let Some(list) = reader.need(&fields, "样例") else {
        return;
    };
    for item in reader.list(list) {
        if let Some(scenario) = scenario(item, reader) {
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
    Some(Scenario { name: name?, procedure, given, then, clauses })
}

fn event(node: &Node, reader: &mut Reader<'_>) -> Option<ScenarioEvent> {
    let fields = reader.fields(node, schema::EVENT.keys)?;
    let on = reader.need(&fields, "日期").and_then(|node| reader.date(node));
    let role = reader.may_name(&fields, "谁", Reference::Role);
    let unit = reader.may_text(&fields, "机构");
    let command = reader.need_word(&fields, "做", &commands());
    let procedure = reader.procedure.clone();
    let step = reader.may_name(&fields, "环节", |step| Reference::Step(procedure, step));
    let mut facts = BTreeMap::new();
    if let Some(node) = fields.get("事实") {
        for entry in reader.entries(node) {
            if let Some(value) = fact_value(&entry.value, reader) {
                facts.insert(entry.key.clone(), value);
            }
        }
    }
    Some(ScenarioEvent { on: on?, role, unit, command: command?, step, facts })
}

fn expectations(node: &Node, reader: &mut Reader<'_>) -> Vec<Expectation> {
    let Some(fields) = reader.fields(node, schema::EXPECTATION.keys) else {
        return Vec::new();
    };
    let mut then = Vec::new();
    if let Some(node) = fields.get("到期") {
        for entry in reader.entries(node) {
            let procedure = reader.procedure.clone();
            reader.refer(entry.mark, Reference::Step(procedure, entry.key.clone()));
            if let Some(date) = reader.date(&entry.value) {
                then.push(Expectation::Due(entry.key.clone(), date));
            }
        }
    }
    let procedure = reader.procedure.clone();
    let open = reader.may_name(&fields, "待办", |step| Reference::Step(procedure, step));
    then.extend(open.map(Expectation::Open));
    then.extend(reader.may_text(&fields, "办结").map(Expectation::Outcome));
    if let Some(node) = fields.get("拒绝") {
        then.push(Expectation::Refused(reader.basis_at(node).into_iter().collect()));
    }
    let effects = effects(&fields, reader);
    if !effects.is_empty() {
        then.push(Expectation::Effects(effects));
    }
    then
}
