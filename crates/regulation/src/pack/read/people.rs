//! Commands that act on people and units, and the procedure a case opens next.

use crate::pack::draft::{Reference, Shape};
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{Action, CommandKind, DrawList, DrawRule, PeopleRule, ProcedureId, Quorum};
use crate::pack::node::Node;
use crate::pack::schema;
use crate::pack::words::QUORUMS;

/// Names that may be drawn at once.
const DRAW_MAX: u32 = 100;

/// 转办: the procedure owed next.
pub(super) fn opens(node: &Node, reader: &mut Reader<'_>) -> Option<ProcedureId> {
    let next = reader.name(node, Reference::Procedure)?;
    let from = reader.procedure.clone();
    let pair = reader.located(node.mark, (from, next.clone()));
    reader.draft.opens.push(pair);
    Some(next)
}

/// 向, 抽取 and 会议 of an action.
pub(super) fn rule(fields: &Fields<'_>, command: Option<CommandKind>, reader: &mut Reader<'_>) -> PeopleRule {
    let ask = reader.may_list(fields, "向").iter().filter_map(|item| reader.name(item, Reference::Role));
    let ask: Vec<String> = ask.collect();
    let draw = fields.get("抽取").and_then(|node| draw(node, reader));
    let meeting = fields.get("会议").and_then(|node| meeting(node, reader));
    for (key, command_of_key) in
        [("向", CommandKind::Consult), ("抽取", CommandKind::Draw), ("会议", CommandKind::Resolve)]
    {
        let (wanted, written) = (command == Some(command_of_key), fields.get(key).is_some());
        let wrong =
            if command_of_key == CommandKind::Resolve { written && !wanted } else { written != wanted };
        if command.is_some() && wrong {
            let (zh, en) = crate::case::command_words(command_of_key);
            reader.wrong(
                fields.mark,
                "regulation.pack_people",
                format!("“{key}”与“做: {zh}”连用：加签写“向”，抽取专家写“抽取”，决议可写“会议”"),
                format!("{key} belongs to the command {zh} ({en})"),
            );
        }
    }
    PeopleRule { ask, draw, meeting }
}

/// `{名册: {事实: 名}, 人数: 5}`
fn draw(node: &Node, reader: &mut Reader<'_>) -> Option<DrawRule> {
    let fields = reader.fields(node, schema::DRAW.keys)?;
    let list = reader.need(&fields, "名册").and_then(|node| {
        let named = reader.fields(node, schema::DRAW_LIST.keys)?;
        match reader.may_name(&named, "参数", Reference::Parameter) {
            Some(parameter) => Some(DrawList::Parameter(parameter)),
            None => {
                let procedure = reader.procedure.clone();
                let fact = |name| Reference::Fact(procedure, name, Shape::Text);
                reader.need_name(&named, "事实", fact).map(DrawList::Fact)
            }
        }
    });
    let count = reader.need(&fields, "人数").and_then(|node| reader.count(node))?;
    if count == 0 || count > DRAW_MAX {
        reader.wrong(
            node.mark,
            "regulation.pack_value",
            format!("抽取人数在一与{DRAW_MAX}之间"),
            format!("between one and {DRAW_MAX} are drawn"),
        );
    }
    Some(DrawRule { list: list?, count })
}

/// `{出席: 过半数}`, or 三分之二以上, 全体, or a number.
fn meeting(node: &Node, reader: &mut Reader<'_>) -> Option<Quorum> {
    let fields = reader.fields(node, schema::MEETING.keys)?;
    let node = reader.need(&fields, "出席")?;
    match reader.text(node)?.parse::<u32>() {
        Ok(count) if count > 0 => Some(Quorum::Count(count)),
        _ => reader.word(node, QUORUMS),
    }
}

/// What commands on people may not be combined with.
pub(super) fn of_step(node: &Node, actions: &[Action], votes: bool, reader: &mut Reader<'_>) {
    use CommandKind as K;
    let stays = [K::HandOver, K::Delegate, K::Consult, K::Recuse];
    let moves = |action: &&Action| !action.then.is_empty() || !action.effects.is_empty();
    if actions.iter().filter(|action| stays.contains(&action.command)).any(|action| moves(&action)) {
        reader.wrong(
            node.mark,
            "regulation.pack_people",
            "移交办理、委托办理、加签、申明回避不推动办件，不写“去向”和“效果”",
            "移交办理, 委托办理, 加签 and 申明回避 do not move a case: they have no 去向 and no 效果",
        );
    }
    // A vote is cast in one's own name; a seat of the panel is nobody's to give away.
    let given = |action: &Action| matches!(action.command, K::HandOver | K::Delegate);
    if votes && actions.iter().any(given) {
        reader.wrong(
            node.mark,
            "regulation.pack_people",
            "表决的环节不能移交办理，也不能委托办理",
            "a step with a vote has no 移交办理 and no 委托办理",
        );
    }
    if actions.iter().any(|action| matches!(action.command, K::EndConsult | K::Opine)) {
        reader.wrong(
            node.mark,
            "regulation.pack_people",
            "减签和回复加签随“加签”而来，不另写在“可以”里",
            "减签 and 回复加签 come with 加签 and are not listed",
        );
    }
}
