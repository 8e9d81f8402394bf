//! A readable print of a pack: every rule with the clause it rests on beside it.

mod papers;
mod procedure;

use crate::pack::coverage::coverage;
use crate::pack::model::{Binding, Form, Pack, Procedure};

use super::document::{Document, Row};
use super::rows::or_none;
use super::text::Text;
use super::{time, words};
use procedure::{contents, procedure};

/// The whole pack with what it inherits, in reading order.
#[must_use]
pub fn print(pack: &Pack) -> Document {
    let mut out = Document::new(Text::same(&pack.name));
    overview(pack, &mut out);
    parameters(pack, &mut out);
    roles(pack, &mut out);
    out.heading(2, Text::new("四、程序", "4. Procedures"));
    for one in words::in_order(pack) {
        procedure(pack, one, &mut out);
    }
    forms(pack, &mut out);
    duties(pack, &mut out);
    papers::papers(pack, &mut out);
    reasons(pack, &mut out);
    out
}

/// One procedure: its picture, and the same as tables.
#[must_use]
pub fn procedure_document(pack: &Pack, one: &Procedure) -> Document {
    let mut out = Document::new(Text::new(&one.id, &one.en).both());
    contents(pack, one, &mut out);
    out
}

fn row(cells: impl IntoIterator<Item = Text>) -> Row {
    Row::plain(cells.into_iter().map(or_none).collect())
}

/// What the head of the pack says, and how its clauses are carried.
fn facts(pack: &Pack) -> [(Text, Text); 9] {
    let day = |day: Option<base::Date>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
    let counting = &pack.counting;
    let covered = coverage(pack);
    [
        (Text::new("编号", "Id"), Text::same(&pack.id)),
        (Text::new("版本", "Version"), Text::same(&pack.version)),
        (Text::new("状态", "Status"), words::status(pack.status)),
        (
            Text::new("施行", "In force"),
            Text::lines(&[
                Text::same(format!("{} – {}", day(pack.in_force.0), day(pack.in_force.1))),
                words::clauses_in_full(pack, &pack.in_force_clauses),
            ]),
        ),
        (Text::new("上级", "Parent"), pack.parent.as_ref().map(Text::same).unwrap_or_default()),
        (Text::new("日历", "Calendar"), Text::same(&pack.calendar)),
        (
            Text::new("计算口径", "Counting of periods"),
            Text::new(
                format!(
                    "{}：起算日{}，末日{}",
                    counting.profile,
                    if counting.start_day_counts { "计入" } else { "不计入" },
                    if counting.roll_to_working_day { "顺延至工作日" } else { "不顺延" }
                ),
                format!(
                    "{}: the first day {}, a last day of rest {}",
                    counting.profile,
                    if counting.start_day_counts { "counts" } else { "does not count" },
                    if counting.roll_to_working_day { "moves to the next working day" } else { "stays" }
                ),
            ),
        ),
        (Text::new("指纹", "Digest"), Text::same(pack.digest.to_string())),
        (
            Text::new("条款", "Clauses"),
            Text::new(
                format!(
                    "{}条：{}条有规则，{}条有理由，{}条尚未落实，{}条缺失",
                    covered.total,
                    covered.carried,
                    covered.reasoned,
                    covered.pending.len(),
                    covered.missing.len()
                ),
                format!(
                    "{}: {} carried by rules, {} reasoned, {} pending, {} missing",
                    covered.total,
                    covered.carried,
                    covered.reasoned,
                    covered.pending.len(),
                    covered.missing.len()
                ),
            ),
        ),
    ]
}

fn overview(pack: &Pack, out: &mut Document) {
    out.heading(2, Text::new("一、概况", "1. Overview"));
    out.table(
        Text::new("概况", "Overview"),
        vec![Text::new("事项", "Subject"), Text::new("内容", "Contents")],
        facts(pack).into_iter().map(|(key, value)| row([key, value])).collect(),
    );
    let moves = pack.transitions.iter().map(|one| {
        let steps = if one.steps.is_empty() {
            Text::new("全部环节", "all steps")
        } else {
            Text::same(one.steps.join("、"))
        };
        row([Text::same(&one.procedure), steps, words::clauses_in_full(pack, &one.clauses)])
    });
    out.table(
        Text::new("过渡：转到本版本的在办件", "Transition: running cases that move to this version"),
        vec![Text::new("程序", "Procedure"), Text::new("环节", "Steps"), Text::new("依据", "Basis")],
        moves.collect(),
    );
}

fn parameters(pack: &Pack, out: &mut Document) {
    let rows = pack.parameters.values().map(|one| {
        let mut basis = words::clauses_in_full(pack, &one.clauses);
        if one.local_choice {
            let local = Text::new("本地约定：原文沉默", "local choice: the text is silent");
            basis = if basis.is_empty() { local } else { Text::lines([&local, &basis]) };
        }
        row([
            Text::same(&one.name),
            words::value(&one.value),
            words::bound(one.bound),
            one.note.as_ref().map(Text::same).unwrap_or_default(),
            basis,
            Text::same(&one.pack),
        ])
    });
    out.heading(2, Text::new("二、参数", "2. Parameters"));
    out.table(
        Text::new("参数", "Parameters"),
        vec![
            Text::new("参数", "Parameter"),
            Text::new("值", "Value"),
            Text::new("约束", "Bound"),
            Text::new("说明", "Note"),
            Text::new("依据", "Basis"),
            Text::new("来自", "From"),
        ],
        rows.collect(),
    );
}

fn roles(pack: &Pack, out: &mut Document) {
    let rows = pack.roles.values().map(|role| {
        let bound = match &role.binding {
            Binding::Fixed if role.units.is_empty() => Text::new("平台登记", "known to the platform"),
            Binding::Fixed => Text::default(),
            Binding::Opener => Text::new("发起单位", "the unit that opens the case"),
            Binding::Anyone => Text::new("任何人", "anyone"),
            Binding::Fact(fact) => Text::new(format!("按事实“{fact}”"), format!("by the fact “{fact}”")),
        };
        let units = Text::same(role.units.join("、"));
        let who: Vec<&Text> = [&units, &bound].into_iter().filter(|text| !text.is_empty()).collect();
        row([
            Text::new(&role.key, &role.en).both(),
            Text::join(who, "；", "; "),
            words::clauses_in_full(pack, &role.clauses),
        ])
    });
    out.heading(2, Text::new("三、角色", "3. Roles"));
    out.table(
        Text::new("角色", "Roles"),
        vec![Text::new("角色", "Role"), Text::new("由谁担任", "Played by"), Text::new("依据", "Basis")],
        rows.collect(),
    );
}

fn forms(pack: &Pack, out: &mut Document) {
    out.heading(2, Text::new("五、表单", "5. Forms"));
    for form in pack.forms.values() {
        out.heading(3, words::form_name(pack, &form.id));
        form_table(pack, form, out);
        let list = |items: &[String]| Text::same(items.join("；"));
        if !form.opinion_boxes.is_empty() {
            out.paragraph(list(&form.opinion_boxes).around(("意见栏：", ""), ("Opinion boxes: ", "")));
        }
        if !form.notes.is_empty() {
            out.paragraph(list(&form.notes).around(("附注：", ""), ("Notes: ", "")));
        }
        let basis = words::clauses_in_full(pack, &form.clauses);
        out.paragraph(basis.around(("依据：", ""), ("Basis: ", "")));
    }
}

fn form_table(pack: &Pack, form: &Form, out: &mut Document) {
    let mut rows = Vec::new();
    for section in &form.sections {
        for field in &section.fields {
            let personal =
                if field.personal { Text::new("个人信息", "personal") } else { Text::default() };
            let needed = if field.required { Text::new("必填", "required") } else { Text::default() };
            let marks: Vec<&Text> =
                [&needed, &personal].into_iter().filter(|text| !text.is_empty()).collect();
            rows.push(row([
                Text::same(&section.title),
                Text::new(&field.label, &field.en).both(),
                words::field_kind(&field.kind),
                Text::list(marks),
                field.hint.as_ref().map(Text::same).unwrap_or_default(),
                words::clauses_in_full(pack, &field.clauses),
            ]));
        }
    }
    out.table(
        Text::new(&form.title, &form.en),
        vec![
            Text::new("栏目", "Section"),
            Text::new("字段", "Field"),
            Text::new("类型", "Kind"),
            Text::new("要求", "Demands"),
            Text::new("提示", "Hint"),
            Text::new("依据", "Basis"),
        ],
        rows,
    );
}

fn duties(pack: &Pack, out: &mut Document) {
    if pack.duties.is_empty() {
        return;
    }
    let rows = pack.duties.iter().map(|duty| {
        row([
            Text::new(&duty.name, &duty.en).both(),
            words::role(pack, &duty.role),
            time::every(duty),
            Text::list(&duty.ladder.iter().map(|rung| time::rung(pack, rung)).collect::<Vec<_>>()),
            Text::same(&duty.procedure),
            words::clauses_in_full(pack, &duty.clauses),
        ])
    });
    out.heading(2, Text::new("六、周期义务", "6. Periodic duties"));
    out.table(
        Text::new("周期义务", "Periodic duties"),
        vec![
            Text::new("义务", "Duty"),
            Text::new("由谁履行", "Owed by"),
            Text::new("周期", "How often"),
            Text::new("提醒", "Reminders"),
            Text::new("程序", "Procedure"),
            Text::new("依据", "Basis"),
        ],
        rows.collect(),
    );
}

fn reasons(pack: &Pack, out: &mut Document) {
    let mut left: Vec<_> = pack.not_automated.iter().collect();
    left.sort_by_cached_key(|(id, _)| super::reading_order(id));
    let rows = left.into_iter().map(|(id, reason)| {
        let mut lines = vec![Text::same(&reason.reason)];
        lines.extend(
            reason.absent.iter().map(|what| Text::same(what).around(("缺少：", ""), ("absent: ", ""))),
        );
        if !reason.tests.is_empty() {
            lines.push(Text::same(reason.tests.join("、")).around(("测试：", ""), ("tests: ", "")));
        }
        let kind = words::excuse(reason.kind);
        row([words::clauses_in_full(pack, std::slice::from_ref(id)), kind, Text::lines(&lines)])
    });
    out.heading(2, Text::new("八、没有规则引用的条款", "8. Clauses no rule cites"));
    out.table(
        Text::new("没有规则引用的条款", "Clauses no rule cites"),
        vec![Text::new("条款", "Clause"), Text::new("归类", "Kind"), Text::new("理由", "Reason")],
        rows.collect(),
    );
}
