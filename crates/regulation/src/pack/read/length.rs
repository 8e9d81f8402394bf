//! How long a clock runs, from when, and when its reminders ring.

use crate::pack::draft::{Located, Reference, Shape};
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{Anchor, Measure, Period, PeriodUnit, Rung};
use crate::pack::node::{Body, Node};
use crate::pack::report::shown;
use crate::pack::schema;
use crate::pack::value::parse_period;
use crate::pack::words::{ANCHORS, UNITS};

/// Filled in once the parameters are layered, or when the clock starts.
const OPEN: Period = Period { length: 0, unit: PeriodUnit::Day };

/// 自: a word, `{事实: 名}` for the day a date fact names, or `{环节: 名}` for the day another step was last entered.
pub(super) fn anchor(node: &Node, reader: &mut Reader<'_>) -> Option<Anchor> {
    if let Body::Map(entries) = &node.body {
        if entries.iter().all(|entry| entry.key != "环节") {
            return fact(node, Shape::Date, reader).map(Anchor::Fact);
        }
        let fields = reader.fields(node, schema::NAMED_STEP.keys)?;
        let procedure = reader.procedure.clone();
        let step = reader.need_name(&fields, "环节", |step| Reference::Step(procedure, step));
        return step.map(Anchor::Entered);
    }
    reader.word(node, ANCHORS)
}

/// `{事实: 名}` of the procedure being read.
pub(super) fn fact(node: &Node, shape: Shape, reader: &mut Reader<'_>) -> Option<String> {
    let fields = reader.fields(node, schema::NAMED_FACT.keys)?;
    fact_of(&fields, shape, reader)
}

fn fact_of(fields: &Fields<'_>, shape: Shape, reader: &mut Reader<'_>) -> Option<String> {
    let procedure = reader.procedure.clone();
    reader.need_name(fields, "事实", |fact| Reference::Fact(procedure, fact, shape))
}

/// What 长度 or 到 says: the period, how it is measured, and the parameter it is taken from.
pub(super) struct Long {
    pub(super) period: Period,
    pub(super) measure: Measure,
    pub(super) taken: Option<Located<String>>,
}

impl Long {
    const fn plain(period: Period, measure: Measure) -> Self {
        Self { period, measure, taken: None }
    }
}

/// Exactly one of 长度 (`3个工作日`, `前6个月`, `{参数: 名}`, `{事实: 名, 单位: 年}`) and 到 (`{事实: 名}`).
pub(super) fn long(clock: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Long> {
    match (clock.get("长度"), clock.get("到")) {
        (Some(_), Some(node)) => {
            reader.wrong(
                node.mark,
                "regulation.pack_clock",
                "“长度”和“到”只写一个",
                "write 长度 or 到, not both",
            );
            None
        }
        (None, Some(node)) => {
            fact(node, Shape::Date, reader).map(|fact| Long::plain(OPEN, Measure::Until(fact)))
        }
        _ => {
            let node = reader.need(clock, "长度")?;
            measured(node, reader)
        }
    }
}

fn measured(node: &Node, reader: &mut Reader<'_>) -> Option<Long> {
    let Body::Map(entries) = &node.body else {
        let text = reader.text(node)?;
        let Some(before) = text.strip_prefix('前') else {
            return reader.period(node).map(|period| Long::plain(period, Measure::Forward));
        };
        let period = positive(before);
        if period.is_none() {
            let text = shown(&text);
            reader.wrong(
                node.mark,
                "regulation.pack_value",
                format!("“{text}”不合写法；倒算的期间请写成 前6个月 或 前30日"),
                format!("`{text}` is no backward period; write 前6个月 or 前30日"),
            );
        }
        return period.map(|period| Long::plain(period, Measure::Backward));
    };
    if entries.iter().any(|entry| entry.key == "参数") {
        let (period, taken) = parameter(node, reader);
        return period.map(|period| Long { period, measure: Measure::Forward, taken });
    }
    let fields = reader.fields(node, schema::LENGTH.keys)?;
    let fact = fact_of(&fields, Shape::Number, reader);
    let unit = reader.need_word(&fields, "单位", UNITS);
    let period = Period { length: 0, unit: unit? };
    fact.map(|fact| Long::plain(period, Measure::Fact(fact)))
}

/// A period, or `{参数: 名称}` to be taken from the parameters in force.
pub(super) fn length(node: &Node, reader: &mut Reader<'_>) -> (Option<Period>, Option<Located<String>>) {
    if matches!(node.body, Body::Map(_)) { parameter(node, reader) } else { (reader.period(node), None) }
}

fn parameter(node: &Node, reader: &mut Reader<'_>) -> (Option<Period>, Option<Located<String>>) {
    let Some(fields) = reader.fields(node, schema::NAMED_PARAMETER.keys) else {
        return (None, None);
    };
    let parameter = reader.need_name(&fields, "参数", Reference::Parameter);
    let taken = parameter.map(|parameter| reader.located(node.mark, parameter));
    (Some(OPEN), taken)
}

fn positive(text: &str) -> Option<Period> {
    parse_period(text).ok().filter(|period| period.length > 0)
}

/// `剩1日 告知 县大数据局` or `超5日 告知 协调小组办公室` in working days, `前6个月 告知 …` in any period, or
/// `{参数: 名, 告知: 角色}` for a period that is a parameter.
pub(super) fn rung(node: &Node, reader: &mut Reader<'_>) -> Option<(Rung, Option<Located<String>>)> {
    if matches!(node.body, Body::Map(_)) {
        let fields = reader.fields(node, schema::RUNG.keys)?;
        let tell = reader.need_name(&fields, "告知", Reference::Role);
        let parameter = reader.need_name(&fields, "参数", Reference::Parameter);
        let taken = parameter.map(|parameter| reader.located(node.mark, parameter));
        return Some((Rung { days_left: 0, before: Some(OPEN), tell: tell? }, taken));
    }
    let text = reader.text(node)?;
    let mut parts = text.split_whitespace();
    let (when, verb, role) = (parts.next(), parts.next(), parts.next());
    let when = when.and_then(|when| match when.strip_prefix('前') {
        Some(before) => positive(before).map(|period| (0, Some(period))),
        None => working_days(when).map(|days| (days, None)),
    });
    match (when, verb, role, parts.next()) {
        (Some((days_left, before)), Some("告知"), Some(role), None) => {
            reader.refer(node.mark, Reference::Role(role.to_owned()));
            Some((Rung { days_left, before, tell: role.to_owned() }, None))
        }
        _ => {
            let text = shown(&text);
            reader.wrong(
                node.mark,
                "regulation.pack_value",
                format!(
                    "“{text}”不合写法；请写成“剩1日 告知 角色”或“超5日 告知 角色”（按工作日计），\
                     或者“前6个月 告知 角色”、{{参数: 名称, 告知: 角色}}"
                ),
                format!(
                    "`{text}` is not a reminder; write `剩1日 告知 role` or `超5日 告知 role` (working days), \
                     `前6个月 告知 role` or {{参数: name, 告知: role}}"
                ),
            );
            None
        }
    }
}

fn working_days(when: &str) -> Option<i32> {
    let (sign, rest) = match when.strip_prefix('剩') {
        Some(rest) => (1, rest),
        None => (-1, when.strip_prefix('超')?),
    };
    let number = rest.strip_suffix('日')?;
    let number: i32 = number.strip_suffix("个工作").unwrap_or(number).parse().ok()?;
    (0..=1_000).contains(&number).then_some(sign * number)
}
