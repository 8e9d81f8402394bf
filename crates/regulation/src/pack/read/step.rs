//! Steps: who acts, what may be done, until when, how votes count.

use super::condition::branches;
use super::procedure::{conditions, facts};
use crate::pack::draft::{Length, Located, Reference};
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{
    Action, ClockRule, CommandKind, Effect, OnExpiry, Period, PeriodUnit, Rung, Step, VoteRule,
};
use crate::pack::node::{Body, Node};
use crate::pack::report::shown;
use crate::pack::schema;
use crate::pack::words::{ANCHORS, EFFECTS, EXPIRIES, NATURES, STOPS, commands};

pub(super) fn step(node: &Node, reader: &mut Reader<'_>) -> Option<Step> {
    let fields = reader.fields(node, schema::STEP.keys)?;
    let id = reader.need_text(&fields, "名称");
    let en = reader.need_text(&fields, "英文");
    let role = reader.need_name(&fields, "谁", Reference::Role);
    let each_unit = reader.flag(&fields, "逐家办理");
    let actions = match reader.need(&fields, "可以") {
        Some(list) => reader.list(list).iter().filter_map(|item| action(item, reader)).collect(),
        None => Vec::new(),
    };
    let clock = fields.get("期限").and_then(|node| clock(node, reader));
    let clock = clock.map(|(rule, taken)| {
        if let (Some(parameter), Some(step)) = (taken, &id) {
            reader.draft.lengths.push((reader.procedure.clone(), step.clone(), Length::Clock, parameter));
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
    let clauses = reader.basis(&fields);
    Some(Step {
        id: id?,
        en: en?,
        role: role?,
        each_unit,
        actions,
        clock,
        correction,
        opinion_box,
        vote,
        clauses,
    })
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
    let attachments = reader.may_texts(&fields, "须附");
    let facts = facts(fields.get("须说明"), reader);
    let requires = conditions(reader.may_list(&fields, "条件"), reader);
    let then = fields.get("去向").map_or_else(Vec::new, |node| branches(node, reader));
    let effects = effects(&fields, reader);
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
        clauses,
    })
}

pub(super) fn effects(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Vec<Effect> {
    reader.may_list(fields, "效果").iter().filter_map(|item| reader.word(item, EFFECTS)).collect()
}

fn clock(node: &Node, reader: &mut Reader<'_>) -> Option<(ClockRule, Option<Located<String>>)> {
    let fields = reader.fields(node, schema::CLOCK.keys)?;
    let anchor = reader.need_word(&fields, "自", ANCHORS);
    let (period, taken) = reader.need(&fields, "长度").map_or((None, None), |node| length(node, reader));
    let nature = reader.need_word(&fields, "性质", NATURES);
    let stops_on =
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
    let ladder = reader.may_list(&fields, "提醒").iter().filter_map(|item| rung(item, reader)).collect();
    let clauses = reader.basis(&fields);
    let rule = ClockRule {
        anchor: anchor?,
        period: period?,
        nature: nature?,
        stops_on,
        on_expiry: on_expiry?,
        expiry_to,
        ladder,
        clauses,
    };
    Some((rule, taken))
}

/// A period, or `{参数: 名称}` to be taken from the parameters in force.
fn length(node: &Node, reader: &mut Reader<'_>) -> (Option<Period>, Option<Located<String>>) {
    if !matches!(node.body, Body::Map(_)) {
        return (reader.period(node), None);
    }
    let Some(fields) = reader.fields(node, schema::LENGTH.keys) else {
        return (None, None);
    };
    let parameter = reader.need_name(&fields, "参数", Reference::Parameter);
    let taken = parameter.map(|parameter| reader.located(node.mark, parameter));
    // Filled in once the parameters are layered.
    (Some(Period { length: 0, unit: PeriodUnit::Day }), taken)
}

/// `剩1日 告知 县大数据局` or `超5日 告知 协调小组办公室`, counted in working days.
fn rung(node: &Node, reader: &mut Reader<'_>) -> Option<Rung> {
    let text = reader.text(node)?;
    let mut parts = text.split_whitespace();
    let (when, verb, role) = (parts.next(), parts.next(), parts.next());
    let days = when.and_then(|when| {
        let (sign, rest) = match when.strip_prefix('剩') {
            Some(rest) => (1, rest),
            None => (-1, when.strip_prefix('超')?),
        };
        let number = rest.strip_suffix('日')?;
        let number: i32 = number.strip_suffix("个工作").unwrap_or(number).parse().ok()?;
        (0..=1_000).contains(&number).then_some(sign * number)
    });
    match (days, verb, role, parts.next()) {
        (Some(days_left), Some("告知"), Some(role), None) => {
            reader.refer(node.mark, Reference::Role(role.to_owned()));
            Some(Rung { days_left, tell: role.to_owned() })
        }
        _ => {
            let text = shown(&text);
            reader.wrong(
                node.mark,
                "regulation.pack_value",
                format!("“{text}”不合写法；请写成“剩1日 告知 角色”或“超5日 告知 角色”（按工作日计）"),
                format!(
                    "`{text}` is not a reminder; write `剩1日 告知 role` or `超5日 告知 role` (working days)"
                ),
            );
            None
        }
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
