//! Periodic duties and their scenarios.

use base::Date;

use super::length::rung;
use crate::pack::draft::Reference;
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{Duty, DutyAnchor, DutyExpectation, DutyScenario, Period, PeriodUnit, Rung};
use crate::pack::node::{Body, Node};
use crate::pack::report::shown;
use crate::pack::schema;
use crate::pack::words::{DUTY_ANCHORS, DUTY_ONLY};

/// The longest cycle: ten years.
const MONTHS_MAX: u32 = 120;

/// What is wrong with a cycle that no calendar period has.
pub(crate) const NOT_ALIGNED: (&str, &str) = (
    "自然期只有 1个月、1个季度、半年、1年；更长的周期写“自: 签订”",
    "自然期 goes with 1个月, 1个季度, 半年 or 1年; a longer cycle is counted from the agreement (自: 签订)",
);

/// 周期义务.
pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::DUTY_FILE.keys) else {
        return;
    };
    for item in reader.may_list(&fields, "周期义务") {
        if let Some(duty) = duty(item, reader) {
            let duty = reader.located(item.mark, duty);
            reader.draft.duties.push(duty);
        }
    }
}

fn duty(node: &Node, reader: &mut Reader<'_>) -> Option<Duty> {
    let fields = reader.fields(node, schema::DUTY.keys)?;
    let name = reader.need_text(&fields, "名称");
    let en = reader.need_text(&fields, "英文");
    let role = reader.need_name(&fields, "谁", Reference::Role);
    let every_of = fields.get("每").and_then(|node| parameter(node, reader));
    let every = match &every_of {
        // Filled in once the parameters are layered.
        Some(_) => Some(Period { length: 1, unit: PeriodUnit::Year }),
        None => reader.need(&fields, "每").and_then(|node| every(node, reader)),
    };
    let anchor = reader.may_word(&fields, "自", DUTY_ANCHORS);
    let within_of = fields.get("期限").and_then(|node| parameter(node, reader));
    let within = match &within_of {
        Some(_) => Some(Period { length: 0, unit: PeriodUnit::Day }),
        None => fields.get("期限").and_then(|node| reader.period(node)),
    };
    let ladder =
        reader.may_list(&fields, "提醒").iter().filter_map(|item| ladder_rung(item, reader)).collect();
    let only =
        reader.may_list(&fields, "仅").iter().filter_map(|item| reader.word(item, DUTY_ONLY)).collect();
    let local_choice = reader.flag(&fields, "本地约定");
    let procedure = reader.need_name(&fields, "程序", Reference::Procedure);
    let clauses = reader.basis(&fields);
    let every = every?;
    let aligned = crate::duty::aligns(every);
    if anchor == Some(DutyAnchor::Calendar) && !aligned {
        reader.wrong(node.mark, "regulation.pack_duty", NOT_ALIGNED.0, NOT_ALIGNED.1);
    }
    let otherwise = if aligned { DutyAnchor::Calendar } else { DutyAnchor::Signed };
    Some(Duty {
        name: name?,
        en: en?,
        role: role?,
        every,
        every_of,
        anchor: anchor.unwrap_or(otherwise),
        within,
        within_of,
        ladder,
        only,
        local_choice,
        procedure: procedure?,
        clauses,
    })
}

/// A reminder; in a duty its period is written out.
fn ladder_rung(node: &Node, reader: &mut Reader<'_>) -> Option<Rung> {
    let (rung, taken) = rung(node, reader)?;
    if taken.is_some() {
        reader.wrong(
            node.mark,
            "regulation.pack_duty",
            "周期义务的提醒写明期间，不取参数",
            "a duty's reminder writes its period out and takes no parameter",
        );
    }
    Some(rung)
}

/// `{参数: 名}`.
fn parameter(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    if !matches!(node.body, Body::Map(_)) {
        return None;
    }
    let fields = reader.fields(node, schema::NAMED_PARAMETER.keys)?;
    reader.need_name(&fields, "参数", Reference::Parameter)
}

/// `1个月`, `1个季度`, `半年`, `1年`: months and years only.
fn every(node: &Node, reader: &mut Reader<'_>) -> Option<Period> {
    let text = reader.text(node)?;
    let months = |length| Some(Period { length, unit: PeriodUnit::Month });
    match text.as_str() {
        "1个季度" | "一个季度" | "季度" => return months(3),
        "半年" => return months(6),
        _ => {}
    }
    let period = reader.period(node)?;
    if is_cycle(period) {
        return Some(period);
    }
    let text = shown(&text);
    reader.wrong(
        node.mark,
        "regulation.pack_duty",
        format!("“{text}”不能作周期；请写成 1个月、1个季度、半年、1年"),
        format!("`{text}` is no cycle; write 1个月, 1个季度, 半年 or 1年"),
    );
    None
}

/// Months or years, ten years at most.
pub(crate) fn is_cycle(period: Period) -> bool {
    let length = match period.unit {
        PeriodUnit::Month => period.length,
        PeriodUnit::Year => period.length.saturating_mul(12),
        PeriodUnit::WorkingDay | PeriodUnit::Day => 0,
    };
    (1..=MONTHS_MAX).contains(&length)
}

/// A scenario of a duty: `{名称, 义务, 自, 至, 则: {到期, 起办, 期, 提醒}, 依据}`.
pub(super) fn scenario(node: &Node, reader: &mut Reader<'_>) {
    if let Some(scenario) = one_scenario(node, reader) {
        let scenario = reader.located(node.mark, scenario);
        reader.draft.duty_scenarios.push(scenario);
    }
}

fn one_scenario(node: &Node, reader: &mut Reader<'_>) -> Option<DutyScenario> {
    let fields = reader.fields(node, schema::DUTY_SCENARIO.keys)?;
    let name = reader.need_text(&fields, "名称");
    let duty = reader.need_name(&fields, "义务", Reference::Duty);
    let since = reader.need(&fields, "自").and_then(|node| reader.date(node));
    let until = reader.need(&fields, "至").and_then(|node| reader.date(node));
    let then = reader.need(&fields, "则").map_or_else(Vec::new, |node| expectations(node, reader));
    if then.is_empty() {
        reader.wrong(
            node.mark,
            "regulation.pack_scenario",
            "义务的样例在“则”里至少写一项：到期、起办、期、提醒",
            "a duty's scenario expects at least one of 到期, 起办, 期, 提醒",
        );
    }
    let clauses = reader.basis(&fields);
    let place = super::scenario::place(node.mark, fields.get("则"), reader);
    Some(DutyScenario { name: name?, duty: duty?, since: since?, until: until?, then, clauses, place })
}

fn expectations(node: &Node, reader: &mut Reader<'_>) -> Vec<DutyExpectation> {
    let Some(fields) = reader.fields(node, schema::DUTY_EXPECTATION.keys) else {
        return Vec::new();
    };
    let mut then = Vec::new();
    then.extend(dates(&fields, "到期", reader).map(DutyExpectation::Due));
    then.extend(dates(&fields, "起办", reader).map(DutyExpectation::Opens));
    if fields.get("期").is_some() {
        then.push(DutyExpectation::Labels(reader.may_texts(&fields, "期")));
    }
    then.extend(dates(&fields, "提醒", reader).map(DutyExpectation::Rings));
    then
}

fn dates(fields: &Fields<'_>, key: &str, reader: &mut Reader<'_>) -> Option<Vec<Date>> {
    let node = fields.get(key)?;
    Some(reader.list(node).iter().filter_map(|item| reader.date(item)).collect())
}
