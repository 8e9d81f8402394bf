//! `pack.yaml`: name, status, layer, calendar and counting profile.

use crate::pack::draft::{Header, Reference};
use crate::pack::fields::{Fields, Reader};
use crate::pack::model::{Counting, Transition};
use crate::pack::node::Node;
use crate::pack::schema;
use crate::pack::words::{LAST_DAY, START_DAY, STATUS, ZONES};

pub(super) fn read(node: &Node, reader: &mut Reader<'_>) {
    let Some(fields) = reader.fields(node, schema::HEADER.keys) else {
        return;
    };
    let header = header(&fields, reader);
    if let Some(parameters) = fields.get("参数") {
        super::tables::parameters(parameters, reader);
    }
    if reader.draft.header.is_some() {
        reader.wrong(
            node.mark,
            "regulation.pack_duplicate",
            "一个制度包只有一个 pack.yaml",
            "a pack has one pack.yaml",
        );
        return;
    }
    if let Some(header) = header {
        reader.draft.header = Some(reader.located(node.mark, header));
    }
}

fn header(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Option<Header> {
    let name = reader.need_text(fields, "制度包");
    let id = reader.need(fields, "编号").and_then(|node| {
        let id = reader.text(node)?;
        let plain =
            id.len() <= 64 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !plain {
            reader.wrong(
                node.mark,
                "regulation.pack_value",
                "编号只用小写字母、数字和连字符，与文件夹同名",
                "the id uses lower-case letters, digits and hyphens and equals the folder's name",
            );
        }
        plain.then_some(id)
    });
    let version = reader.need_text(fields, "版本");
    let status = reader.need_word(fields, "状态", STATUS);
    let parent = reader.may_text(fields, "上级");
    let calendar = reader.may_text(fields, "日历");
    let dates = fields.get("施行").and_then(|node| reader.fields(node, schema::IN_FORCE.keys));
    let (in_force, in_force_clauses) = dates.map_or_else(Default::default, |dates| {
        let mut day = |key: &str| dates.get(key).and_then(|node| reader.date(node));
        ((day("自"), day("至")), reader.may_basis(&dates))
    });
    if let (Some(from), Some(to)) = in_force
        && to < from
    {
        reader.wrong(fields.mark, "regulation.pack_value", "施行止日早于起日", "in force until before from");
    }
    let counting = fields.get("计算口径").and_then(|node| counting(node, reader));
    let transitions =
        reader.may_list(fields, "过渡").iter().filter_map(|item| transition(item, reader)).collect();
    Some(Header {
        id: id?,
        name: name?,
        version: version?,
        status: status?,
        in_force,
        in_force_clauses,
        parent,
        calendar,
        counting,
        transitions,
    })
}

/// A procedure, or some of its steps, whose running cases move to this version.
fn transition(node: &Node, reader: &mut Reader<'_>) -> Option<Transition> {
    let fields = reader.fields(node, schema::TRANSITION.keys)?;
    let procedure = reader.need_name(&fields, "程序", Reference::Procedure)?;
    let steps = reader.may_list(&fields, "环节");
    let step = |item: &Node, reader: &mut Reader<'_>| {
        reader.name(item, |step| Reference::Step(procedure.clone(), step))
    };
    let steps = steps.iter().filter_map(|item| step(item, reader)).collect();
    let clauses = reader.basis(&fields);
    Some(Transition { procedure, steps, clauses })
}

fn counting(node: &Node, reader: &mut Reader<'_>) -> Option<Counting> {
    let fields = reader.fields(node, schema::COUNTING.keys)?;
    let profile = reader.need_text(&fields, "名称");
    let start_day_counts = reader.need_word(&fields, "起算日", START_DAY);
    let roll_to_working_day = reader.need_word(&fields, "末日", LAST_DAY);
    let utc_offset_seconds = reader.need_word(&fields, "时区", ZONES);
    Some(Counting {
        profile: profile?,
        start_day_counts: start_day_counts?,
        roll_to_working_day: roll_to_working_day?,
        utc_offset_seconds: utc_offset_seconds?,
    })
}
