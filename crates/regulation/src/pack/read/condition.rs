//! Conditions: comparisons of named facts joined by 且, 或 and 非, written as maps.

use base::Date;

use crate::pack::draft::{Reference, Shape};
use crate::pack::fields::{Fields, Reader};
use crate::pack::given::{RECENT, RECENT_FACTS, recent};
use crate::pack::model::{Branch, Comparator, Condition, FactValue, Target, Test};
use crate::pack::node::{Body, Node};
use crate::pack::schema;
use crate::pack::value::{ratio, whole};
use crate::pack::words::{UNITS, commands};

const COMPARATORS: [(&str, Comparator); 4] = [
    ("低于", Comparator::Less),
    ("不超过", Comparator::AtMost),
    ("不少于", Comparator::AtLeast),
    ("超过", Comparator::More),
];

/// `{须: …, 补救: …, 依据: […]}`
pub(super) fn condition(node: &Node, reader: &mut Reader<'_>) -> Option<Condition> {
    let fields = reader.fields(node, schema::CONDITION.keys)?;
    let test = reader.need(&fields, "须").and_then(|node| test(node, reader));
    let remedy = reader.may_text(&fields, "补救");
    let clauses = reader.basis(&fields);
    Some(Condition { test: test?, remedy, clauses })
}

/// 去向: a step, `{办结: …}`, or branches with 若 and 到.
pub(super) fn branches(node: &Node, reader: &mut Reader<'_>) -> Vec<Branch> {
    match &node.body {
        Body::List(items) => {
            let branches: Vec<Branch> = items.iter().filter_map(|item| branch(item, reader)).collect();
            let open = branches.iter().position(|branch| branch.when.is_none());
            if items.len() == branches.len() && open.is_none_or(|at| at + 1 != branches.len()) {
                reader.wrong(
                    node.mark,
                    "regulation.pack_branches",
                    "去向的最后一项不写“若”，且只有最后一项不写，否则会有走不到或走不通的情形",
                    "exactly the last branch has no 若; otherwise a case is stuck or a branch is dead",
                );
            }
            branches
        }
        _ => target(node, reader).map(|to| Branch { when: None, to }).into_iter().collect(),
    }
}

fn branch(node: &Node, reader: &mut Reader<'_>) -> Option<Branch> {
    let fields = reader.fields(node, schema::BRANCH.keys)?;
    let to = reader.need(&fields, "到").and_then(|node| target(node, reader));
    let when = match fields.get("若") {
        None => None,
        Some(node) => {
            let test = test(node, reader);
            let clauses = reader.may_basis(&fields);
            Some(Condition { test: test?, remedy: None, clauses })
        }
    };
    Some(Branch { when, to: to? })
}

/// A step's name or `{办结: outcome, 英文: outcome, 准予: 是, 转办: procedure}`.
fn target(node: &Node, reader: &mut Reader<'_>) -> Option<Target> {
    if matches!(node.body, Body::Map(_)) {
        let fields = reader.fields(node, schema::TARGET.keys)?;
        let outcome = reader.need_text(&fields, "办结");
        let granted = reader.flag(&fields, "准予");
        let en = reader.may_text(&fields, "英文").unwrap_or_default();
        let opens = fields.get("转办").and_then(|node| super::people::opens(node, reader));
        return outcome.map(|outcome| Target::End { outcome, en, granted, opens });
    }
    let procedure = reader.procedure.clone();
    reader.name(node, |step| Reference::Step(procedure, step)).map(Target::Step)
}

/// One test: a comparison, what was done in a step, what is known of another case, or several joined.
pub(super) fn test(node: &Node, reader: &mut Reader<'_>) -> Option<Test> {
    let fields = reader.fields(node, schema::TEST.keys)?;
    let about = fields.get("事实").or(fields.get(RECENT));
    let more = fields.get("至少").or(fields.get("符合参数").and(fields.get("单位")));
    let expected = match (fields.get("环节"), more, about) {
        (Some(_), Some(_), None) | (None, Some(_), Some(_)) => 3,
        (Some(_), None, None) | (None, None, Some(_)) => 2,
        _ => 1,
    };
    if count_keys(node) != expected {
        malformed(&fields, reader);
        return None;
    }
    if let Some(inner) = fields.get("非") {
        return test(inner, reader).map(|inner| Test::Not(Box::new(inner)));
    }
    if fields.get("事实").is_some() {
        return comparison(&fields, reader);
    }
    if fields.get("环节").is_some() {
        return done(&fields, reader);
    }
    if let Some(node) = fields.get(RECENT) {
        return recent_case(&fields, node, reader);
    }
    let joined = fields.get("且").or(fields.get("或"));
    let items = joined.map_or(&[][..], |node| reader.list(node));
    if items.is_empty() {
        malformed(&fields, reader);
        return None;
    }
    let tests = items.iter().filter_map(|item| test(item, reader)).collect();
    Some(if fields.get("且").is_some() { Test::All(tests) } else { Test::Any(tests) })
}

fn malformed(fields: &Fields<'_>, reader: &mut Reader<'_>) {
    reader.wrong(
        fields.mark,
        "regulation.pack_condition",
        "条件写法：{事实: 名称, 是: 值}（或 不是、低于、不超过、不少于、超过、符合参数；期间类的参数还要写 单位；值也可以是另一个 {事实: 名称}）、\
         {环节: 名称, 已办: 同意, 至少: 2}、{近件: 程序, 结果: 值}（或 已准予、在办、办结日）、{且: […]}、{或: […]}、{非: {…}}",
        "a condition is {事实: name, 是: value} (or 不是, 低于, 不超过, 不少于, 超过, 符合参数, which names its 单位 where the parameter is a period; the value may be another \
         {事实: name}), {环节: name, 已办: 同意, 至少: 2}, {近件: procedure, 结果: value} (or 已准予, 在办, 办结日), \
         {且: […]}, {或: […]} or {非: {…}}",
    );
}

fn comparison(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Test> {
    let node = reader.need(fields, "事实")?;
    let fact = reader.text(node)?;
    let procedure = reader.procedure.clone();
    if let Some((word, other)) = other_fact(fields) {
        let other = other_name(other, reader)?;
        let (test, ordered) = match COMPARATORS.iter().find(|(name, _)| *name == word) {
            Some((_, comparator)) => (Test::CompareFacts(fact.clone(), *comparator, other.clone()), true),
            None => (Test::Same(fact.clone(), other.clone()), false),
        };
        reader.refer(node.mark, Reference::Facts(procedure, fact, other, ordered));
        return Some(if word == "不是" { Test::Not(Box::new(test)) } else { test });
    }
    if let Some(parameter) = fields.get("符合参数") {
        let parameter = reader.name(parameter, Reference::Parameter)?;
        let unit = match fields.get("单位") {
            None => None,
            Some(node) => Some(reader.word(node, UNITS)?),
        };
        reader.refer(node.mark, Reference::Within(procedure, fact.clone(), parameter.clone(), unit));
        return Some(match unit {
            None => Test::Within(fact, parameter),
            Some(unit) => Test::WithinUnit(fact, parameter, unit),
        });
    }
    let (test, shape) = if let Some(value) = fields.get("是") {
        let value = fact_value(value, reader)?;
        (Test::Is(fact.clone(), value.clone()), shape(&value))
    } else if let Some(value) = fields.get("不是") {
        let value = fact_value(value, reader)?;
        (Test::Not(Box::new(Test::Is(fact.clone(), value.clone()))), shape(&value))
    } else {
        let found = COMPARATORS.iter().find_map(|(word, comparator)| Some((fields.get(word)?, *comparator)));
        let Some((value, comparator)) = found else {
            malformed(fields, reader);
            return None;
        };
        (Test::Compare(fact.clone(), comparator, fact_value(value, reader)?), Shape::Ordered)
    };
    reader.refer(node.mark, Reference::Fact(procedure, fact, shape));
    Some(test)
}

/// The comparing word and the node of a second fact, where one stands in the place of the value.
fn other_fact<'n>(fields: &Fields<'n>) -> Option<(&'static str, &'n Node)> {
    let words = ["是", "不是"].into_iter().chain(COMPARATORS.iter().map(|(word, _)| *word));
    let mut found = words.filter_map(|word| Some((word, fields.get(word)?)));
    found.find(|(_, node)| matches!(node.body, Body::Map(_)))
}

fn other_name(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let fields = reader.fields(node, schema::NAMED_FACT.keys)?;
    reader.need_text(&fields, "事实")
}

/// `{近件: 评价考核, 结果: 不合格}`: the newest case of a procedure about the same authorisation.
fn recent_case(fields: &Fields<'_>, node: &Node, reader: &mut Reader<'_>) -> Option<Test> {
    let procedure = reader.text(node)?;
    let mut said = RECENT_FACTS.iter().filter_map(|(what, _)| Some((*what, fields.get(what)?)));
    let Some((what, value)) = said.next() else {
        malformed(fields, reader);
        return None;
    };
    let value = fact_value(value, reader)?;
    let (fact, shape) = (recent(&procedure, what), shape(&value));
    reader.refer(node.mark, Reference::Fact(reader.procedure.clone(), fact.clone(), shape));
    Some(Test::Is(fact, value))
}

fn done(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Test> {
    let procedure = reader.procedure.clone();
    let step = reader.need_name(fields, "环节", |step| Reference::Step(procedure, step));
    let command = reader.need_word(fields, "已办", &commands());
    let at_least = fields.get("至少").map(|node| reader.count(node));
    Some(Test::Done {
        step: step?,
        command: command?,
        at_least: at_least.map_or(Some(None), |n| n.map(Some))?,
    })
}

const fn shape(value: &FactValue) -> Shape {
    match value {
        FactValue::Flag(_) => Shape::Flag,
        FactValue::Number(_) => Shape::Number,
        FactValue::Date(_) => Shape::Date,
        FactValue::Text(_) | FactValue::List(_) => Shape::Text,
    }
}

/// 是/否, whole numbers, shares, dates, texts and lists of texts.
pub(super) fn fact_value(node: &Node, reader: &mut Reader<'_>) -> Option<FactValue> {
    if let Body::List(items) = &node.body {
        return Some(FactValue::List(items.iter().filter_map(|item| reader.text(item)).collect()));
    }
    let text = reader.text(node)?;
    let share = text.strip_suffix(['%', '％']).and_then(|share| ratio(share.trim()));
    Some(match text.as_str() {
        "是" => FactValue::Flag(true),
        "否" => FactValue::Flag(false),
        _ => {
            if let Some(number) = whole(&text).or(share) {
                FactValue::Number(number)
            } else if let Ok(date) = text.parse::<Date>() {
                FactValue::Date(date)
            } else {
                FactValue::Text(text)
            }
        }
    })
}

const fn count_keys(node: &Node) -> usize {
    match &node.body {
        Body::Map(entries) => entries.len(),
        _ => 0,
    }
}
