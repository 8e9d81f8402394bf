//! Steps: who acts, what may be done, until when, how votes count.

use super::condition::{branches, test};
use super::length::{anchor, length, long, rung};
use super::procedure::{conditions, facts};
use crate::pack::draft::{Length, Located, Reference};
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{
    Action, Anchor, ClockRule, CommandKind, Effect, Enclosure, Measure, OnExpiry, Period, RoleKey, Step,
    VoteRule,
};
use crate::pack::node::{Body, Node};
use crate::pack::schema;
use crate::pack::words::{EFFECTS, EXPIRIES, LAST_DAY, NATURES, STOPS, commands};

pub(super) fn step(node: &Node, reader: &mut Reader<'_>) -> Option<Step> {
    let fields = reader.fields(node, schema::STEP.keys)?;
    let id = reader.need_text(&fields, "名称");
    let en = reader.need_text(&fields, "英文");
    let role = reader.need_name(&fields, "谁", Reference::Role);
    let joint = joint(reader.may_list(&fields, "会同"), role.as_ref(), reader);
    let each_unit = reader.flag(&fields, "逐家办理");
    let actions = match reader.need(&fields, "可以") {
        Some(list) => reader.list(list).iter().filter_map(|item| action(item, reader)).collect(),
        None => Vec::new(),
    };
    let clock = fields.get("期限").and_then(|node| clock(node, reader));
    let clock = clock.map(|(rule, taken)| {
        for (which, parameter) in taken {
            let step = id.clone().unwrap_or_default();
            reader.draft.lengths.push((reader.procedure.clone(), step, which, parameter));
        }
        rule
    });
    let (correction, taken) = fields.get("补正期限").map_or((None, None), |node| length(node, reader));
    if let (Some(parameter), Some(step)) = (taken, &id) {
        reader.draft.lengths.push((reader.procedure.clone(), step.clone(), Length::Correction, parameter));
    }
    may_correct(node, correction, &actions, reader);
    let opinion_box = reader.may_text(&fields, "意见栏");
    let vote = fields.get("表决").and_then(|node| vote(node, reader));
    super::people::of_step(node, &actions, vote.is_some(), reader);
    let clauses = reader.basis(&fields);
    Some(Step {
        id: id?,
        en: en?,
        role: role?,
        joint,
        each_unit,
        actions,
        clock,
        correction,
        opinion_box,
        vote,
        clauses,
    })
}

/// 会同: further roles, none of them twice.
fn joint(items: &[Node], first: Option<&RoleKey>, reader: &mut Reader<'_>) -> Vec<RoleKey> {
    let mut roles: Vec<RoleKey> = Vec::new();
    for item in items {
        let Some(role) = reader.name(item, Reference::Role) else { continue };
        if first == Some(&role) || roles.contains(&role) {
            reader.wrong(
                item.mark,
                "regulation.pack_duplicate",
                "“会同”的角色不能与“谁”相同，也不能重复",
                "the roles of 会同 differ from 谁 and from each other",
            );
            continue;
        }
        roles.push(role);
    }
    roles
}

/// A time for corrections stands where something can be returned.
fn may_correct(node: &Node, correction: Option<Period>, actions: &[Action], reader: &mut Reader<'_>) {
    let returns = actions.iter().any(|action| action.command == CommandKind::ReturnForCorrection);
    if correction.is_some() && !returns {
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            "没有“退回补正”的环节不写“补正期限”",
            "补正期限 is written only where a step can return for correction",
        );
    }
}

fn action(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let fields = reader.fields(node, schema::ACTION.keys)?;
    let command = reader.need_word(&fields, "做", &commands());
    let label = reader.may_text(&fields, "按钮");
    let label_en = reader.may_text(&fields, "按钮英文");
    if label.is_some() != label_en.is_some() {
        reader.wrong(
            node.mark,
            "regulation.pack_missing_key",
            "“按钮”和“按钮英文”要么都写，要么都不写",
            "write both 按钮 and 按钮英文 or neither",
        );
    }
    let needs_opinion = reader.flag(&fields, "须写意见");
    let form = reader.may_name(&fields, "表单", Reference::Form);
    let attachments: Vec<Enclosure> =
        reader.may_list(&fields, "须附").iter().filter_map(|item| enclosure(item, reader)).collect();
    let facts = facts(fields.get("须说明"), reader);
    let requires = conditions(reader.may_list(&fields, "条件"), reader);
    let then = fields.get("去向").map_or_else(Vec::new, |node| branches(node, reader));
    let effects = effects(&fields, "效果", reader);
    let people = super::people::rule(&fields, command, reader);
    let clauses = reader.basis(&fields);
    Some(Action {
        command: command?,
        label,
        label_en,
        needs_opinion,
        form,
        attachments,
        facts,
        requires,
        then,
        effects,
        people,
        clauses,
    })
}

/// A name, or `{名称: …, 若: …}` for what is required only if a test does not fail.
fn enclosure(node: &Node, reader: &mut Reader<'_>) -> Option<Enclosure> {
    if !matches!(node.body, Body::Map(_)) {
        return reader.text(node).map(|name| Enclosure { name, when: None, clauses: Vec::new() });
    }
    let fields = reader.fields(node, schema::ENCLOSURE.keys)?;
    let name = reader.need_text(&fields, "名称");
    let when = match fields.get("若") {
        None => None,
        Some(node) => Some(test(node, reader)?),
    };
    let clauses = reader.may_basis(&fields);
    Some(Enclosure { name: name?, when, clauses })
}

pub(super) fn effects(fields: &Fields<'_>, key: &str, reader: &mut Reader<'_>) -> Vec<Effect> {
    reader.may_list(fields, key).iter().filter_map(|item| reader.word(item, EFFECTS)).collect()
}

/// Periods of a clock that are parameters.
type Taken = Vec<(Length, Located<String>)>;

fn clock(node: &Node, reader: &mut Reader<'_>) -> Option<(ClockRule, Taken)> {
    let fields = reader.fields(node, schema::CLOCK.keys)?;
    let anchor = reader.need(&fields, "自").and_then(|node| anchor(node, reader));
    let long = long(&fields, reader);
    let rolls = reader.may_word(&fields, "末日", LAST_DAY);
    let nature = reader.need_word(&fields, "性质", NATURES);
    let stops_on: Vec<_> =
        reader.may_list(&fields, "中止").iter().filter_map(|item| reader.word(item, STOPS)).collect();
    let on_expiry = reader.need_word(&fields, "逾期", EXPIRIES);
    let procedure = reader.procedure.clone();
    let expiry_to = reader.may_name(&fields, "到期转入", |step| Reference::Step(procedure, step));
    let moves = matches!(on_expiry, Some(OnExpiry::MoveToCoordination | OnExpiry::Advance));
    if on_expiry.is_some() && moves != expiry_to.is_some() {
        reader.wrong(
            node.mark,
            "regulation.pack_expiry",
            "逾期为“转协调机制”或“进入下一环节”时要写“到期转入”，其他情形不写",
            "到期转入 is written exactly when the case moves on expiry",
        );
    }
    let mut taken = Taken::new();
    let mut ladder = Vec::new();
    for item in reader.may_list(&fields, "提醒") {
        let Some((rung, parameter)) = rung(item, reader) else { continue };
        taken.extend(parameter.map(|parameter| (Length::Rung(ladder.len()), parameter)));
        ladder.push(rung);
    }
    let clauses = reader.basis(&fields);
    let (anchor, long) = (anchor?, long?);
    of_days(&fields, &anchor, &long.measure, reader);
    taken.extend(long.taken.map(|parameter| (Length::Clock, parameter)));
    let rule = ClockRule {
        anchor,
        period: long.period,
        measure: long.measure,
        rolls,
        nature: nature?,
        stops_on,
        on_expiry: on_expiry?,
        expiry_to,
        ladder,
        clauses,
    };
    Some((rule, taken))
}

/// What a clock whose last day rests on a date may not say.
fn of_days(clock: &Fields<'_>, anchor: &Anchor, measure: &Measure, reader: &mut Reader<'_>) {
    let mut refuse = |node: Option<&Node>, zh: &str, en: &str| {
        if let Some(node) = node {
            reader.wrong(node.mark, "regulation.pack_clock", zh, en);
        }
    };
    if *measure == Measure::Backward && !matches!(anchor, Anchor::Fact(_)) {
        let (zh, en) = (
            "倒算的期间（前…）只能自一个日期事实起算，例如 自: {事实: 协议期满日}",
            "a backward period counts from a date fact, for example 自: {事实: name}",
        );
        refuse(clock.get("长度"), zh, en);
    }
    if matches!(measure, Measure::Backward | Measure::Until(_)) {
        let (zh, en) = (
            "倒算或者到某日为止的期限由日期确定，不因等待补正而顺延，不写“中止”",
            "a clock that ends by a date cannot be stopped",
        );
        refuse(clock.get("中止"), zh, en);
    }
    if matches!(measure, Measure::Until(_)) {
        let (zh, en) =
            ("“到”所指的日期不顺延，不写“末日”", "the day that 到 names never moves; leave 末日 out");
        refuse(clock.get("末日"), zh, en);
    }
}

fn vote(node: &Node, reader: &mut Reader<'_>) -> Option<VoteRule> {
    let fields = reader.fields(node, schema::VOTE.keys)?;
    let quorum = reader.need(&fields, "人数").and_then(|node| reader.count(node));
    let approvals = reader.need(&fields, "同意").and_then(|node| reader.count(node));
    let sealed = reader.flag(&fields, "密封");
    let rule = VoteRule { quorum: quorum?, approvals: approvals?, sealed };
    if rule.approvals == 0 || rule.approvals > rule.quorum {
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            "同意票数应在一与表决人数之间",
            "approvals lie between one and the quorum",
        );
    }
    Some(rule)
}
