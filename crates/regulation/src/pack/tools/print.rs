//! A readable print of a pack: every rule with the clause it rests on beside it.

use crate::pack::coverage::{DELEGATED, PENDING, PLATFORM, coverage};
use crate::pack::model::{Action, Binding, Form, Pack, Procedure, RoleKey, Step, Target, Who};

use super::document::{Block, Document, Row};
use super::graph::{graph, mermaid};
use super::rows::or_none;
use super::svg::{Theme, svg};
use super::text::{Lang, Text};
use super::words;

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

fn overview(pack: &Pack, out: &mut Document) {
    let day = |day: Option<base::Date>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
    let counting = &pack.counting;
    let covered = coverage(pack);
    let facts = [
        (Text::new("编号", "Id"), Text::same(&pack.id)),
        (Text::new("版本", "Version"), Text::same(&pack.version)),
        (Text::new("状态", "Status"), words::status(pack.status)),
        (
            Text::new("施行", "In force"),
            Text::same(format!("{} – {}", day(pack.in_force.0), day(pack.in_force.1))),
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
    ];
    out.heading(2, Text::new("一、概况", "1. Overview"));
    out.table(
        Text::new("概况", "Overview"),
        vec![Text::new("事项", "Subject"), Text::new("内容", "Contents")],
        facts.into_iter().map(|(key, value)| row([key, value])).collect(),
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

fn procedure(pack: &Pack, one: &Procedure, out: &mut Document) {
    out.heading(3, Text::new(&one.id, &one.en).both());
    contents(pack, one, out);
}

fn contents(pack: &Pack, one: &Procedure, out: &mut Document) {
    let graph = graph(pack, one);
    out.blocks.push(Block::Figure {
        caption: Text::new(&one.id, &one.en).around(("流程图：", ""), ("Diagram: ", "")),
        svg: Text::new(svg(&graph, Lang::Zh, Theme::Page), svg(&graph, Lang::En, Theme::Page)),
        mermaid: Text::new(mermaid(&graph, Lang::Zh), mermaid(&graph, Lang::En)),
    });
    who_does_what(pack, one, out);
    rules(pack, one, out);
}

/// Steps down, roles across, what the role may do in each cell.
fn who_does_what(pack: &Pack, one: &Procedure, out: &mut Document) {
    let mut acting: Vec<&RoleKey> = vec![&one.opener];
    for step in &one.steps {
        if !acting.contains(&&step.role) {
            acting.push(&step.role);
        }
    }
    let line = |name: Text, role: &RoleKey, does: Text, clock: Text| {
        let mut cells = vec![name];
        cells.extend(acting.iter().map(|one| if *one == role { does.clone() } else { Text::default() }));
        cells.push(clock);
        row(cells)
    };
    let mut rows =
        vec![line(Text::new("发起", "Opening"), &one.opener, Text::new("提交", "Submit"), Text::default())];
    rows.extend(one.steps.iter().map(|step| {
        let does = Text::list(&step.actions.iter().map(words::action).collect::<Vec<_>>());
        let clock = step.clock.as_ref().map(|clock| words::period(clock.period)).unwrap_or_default();
        line(Text::new(&step.id, &step.en), &step.role, does, clock)
    }));
    let mut head = vec![Text::new("环节", "Step")];
    head.extend(acting.iter().map(|role| words::role(pack, role)));
    head.push(Text::new("期限", "Time limit"));
    out.table(Text::new("谁在哪个环节可以做什么", "Who may do what in which step"), head, rows);
}

/// Each rule with its clauses beside it.
fn rules(pack: &Pack, one: &Procedure, out: &mut Document) {
    let mut rows = vec![rule(pack, Text::new("发起", "Opening"), opening(pack, one), &one.clauses)];
    for attachment in &one.attachments {
        let words = if attachment.required {
            Text::new(format!("{}（必附）", attachment.name), format!("{} (required)", attachment.name))
        } else {
            Text::same(&attachment.name)
        };
        rows.push(rule(pack, Text::new("附件", "Attachment"), words, &attachment.clauses));
    }
    for step in &one.steps {
        step_rules(pack, one, step, &mut rows);
    }
    for apart in &one.separations {
        let who = |who: &Who| match who {
            Who::Opener => Text::new("发起人", "the opener"),
            Who::Step(id) => words::step_name(one, id),
        };
        let by = if apart.by_unit {
            Text::new("不得是同一机构", "may not be one unit")
        } else {
            Text::new("不得是同一人", "may not be one person")
        };
        let sides = Text::join([&who(&apart.first), &who(&apart.second)], " 与 ", " and ");
        let words = Text::join([&sides, &by], "", ": ");
        rows.push(rule(pack, Text::new("回避", "Separation"), words, &apart.clauses));
    }
    out.table(
        Text::new("规则与依据", "Rules and their basis"),
        vec![Text::new("位置", "Place"), Text::new("规则", "Rule"), Text::new("依据", "Basis")],
        rows,
    );
}

fn rule(pack: &Pack, place: Text, words: Text, clauses: &[String]) -> Row {
    row([place, words, words::clauses_in_full(pack, clauses)])
}

fn opening(pack: &Pack, one: &Procedure) -> Text {
    let mut lines = vec![words::role(pack, &one.opener).around(("由", "发起"), ("opened by ", ""))];
    lines.push(Text::same(&one.stage).around(("阶段：", ""), ("stage: ", "")));
    lines.extend(
        one.form.as_ref().map(|form| words::form_name(pack, form).around(("填写", ""), ("form: ", ""))),
    );
    let facts = |rules: &[crate::pack::FactRule]| {
        Text::list(&rules.iter().map(|fact| fact_words(fact, "必填", "required")).collect::<Vec<_>>())
    };
    if !one.facts.is_empty() {
        lines.push(facts(&one.facts).around(("说明：", ""), ("states: ", "")));
    }
    if !one.observed.is_empty() {
        lines.push(facts(&one.observed).around(("平台给出：", ""), ("given by the platform: ", "")));
    }
    if !one.readers.is_empty() {
        let readers = Text::list(&one.readers.iter().map(|role| words::role(pack, role)).collect::<Vec<_>>());
        lines.push(readers.around(("可查阅：", ""), ("may read: ", "")));
    }
    Text::lines(&lines)
}

fn fact_words(fact: &crate::pack::FactRule, zh: &str, en: &str) -> Text {
    let kind = words::fact_kind(fact.kind);
    let (need_zh, need_en) =
        if fact.required { (format!("，{zh}"), format!(", {en}")) } else { (String::new(), String::new()) };
    Text::new(format!("{}（{}{need_zh}）", fact.key, kind.zh), format!("{} ({}{need_en})", fact.en, kind.en))
}

fn step_rules(pack: &Pack, one: &Procedure, step: &Step, rows: &mut Vec<Row>) {
    let name = Text::new(&step.id, &step.en);
    let mut lines = vec![words::role(pack, &step.role).around(("由", "办理"), ("done by ", ""))];
    if step.each_unit {
        lines.push(Text::new("逐家办理，都办完才往下走", "a task for each unit; all must act"));
    }
    if let Some(vote) = step.vote {
        let (of, n) = (vote.quorum, vote.approvals);
        let (zh, en) = if vote.sealed { ("，密封", ", sealed") } else { ("", "") };
        lines.push(Text::new(
            format!("表决：{of}人中{n}人同意即通过{zh}"),
            format!("vote: {n} approvals of {of}{en}"),
        ));
    }
    if let Some(period) = step.correction {
        lines.push(words::period(period).around(("补正期限：", ""), ("time for corrections: ", "")));
    }
    if let Some(place) = &step.opinion_box {
        lines.push(Text::new(format!("意见印在“{place}”"), format!("opinion printed in “{place}”")));
    }
    rows.push(rule(pack, name.clone(), Text::lines(&lines), &step.clauses));
    if let Some(clock) = &step.clock {
        let mut lines = vec![words::clock(clock)];
        if let Some(to) = &clock.expiry_to {
            lines.push(words::step_name(one, to).around(("转入“", "”"), ("to “", "”")));
        }
        if !clock.stops_on.is_empty() {
            lines.push(Text::new("等待补正时停止计算", "stands still while a correction is awaited"));
        }
        lines.extend(clock.ladder.iter().map(|rung| {
            let (days, role) = (rung.days_left, words::role(pack, &rung.tell));
            let n = days.abs();
            let (zh, en) = if days >= 0 {
                (format!("剩{n}个工作日告知"), format!("{n} working days before: tell "))
            } else {
                (format!("超{n}个工作日告知"), format!("{n} working days after: tell "))
            };
            role.around((&zh, ""), (&en, ""))
        }));
        rows.push(rule(
            pack,
            name.around(("", "·期限"), ("", " · time limit")),
            Text::lines(&lines),
            &clock.clauses,
        ));
    }
    for action in &step.actions {
        let place = Text::join([&name, &words::action(action)], "·", " · ");
        rows.push(rule(pack, place, action_words(pack, one, action), &words::clauses_of_action(action)));
    }
}

fn action_words(pack: &Pack, one: &Procedure, action: &Action) -> Text {
    let mut lines = Vec::new();
    if action.needs_opinion {
        lines.push(Text::new("须写意见", "an opinion must be written"));
    }
    if let Some(form) = &action.form {
        lines.push(words::form_name(pack, form).around(("填写", ""), ("form: ", "")));
    }
    if !action.attachments.is_empty() {
        lines.push(Text::new(
            format!("须附：{}", action.attachments.join("、")),
            format!("attachments: {}", action.attachments.join(", ")),
        ));
    }
    if !action.facts.is_empty() {
        let facts: Vec<Text> = action.facts.iter().map(|fact| fact_words(fact, "必填", "required")).collect();
        lines.push(Text::list(&facts).around(("须说明：", ""), ("states: ", "")));
    }
    for condition in &action.requires {
        let mut words = words::condition(pack, one, condition).around(("须：", ""), ("only if: ", ""));
        if let Some(remedy) = &condition.remedy {
            words = words.around(("", &format!("（{remedy}）")), ("", &format!(" ({remedy})")));
        }
        lines.push(words);
    }
    for branch in &action.then {
        let to = match &branch.to {
            Target::Step(id) => words::step_name(one, id).around(("→ ", ""), ("→ ", "")),
            Target::End { outcome, en, granted } => {
                let (zh, good) = if *granted { ("，准予", ", granted") } else { ("", "") };
                Text::new(outcome, en).around(("→ 办结：", zh), ("→ end: ", good))
            }
        };
        let when = branch.when.as_ref().map(|when| words::condition(pack, one, when));
        lines.push(match when {
            Some(when) => Text::join([&when.around(("若", "："), ("if ", ": ")), &to], "", ""),
            None if action.then.len() > 1 => to.around(("其余：", ""), ("otherwise: ", "")),
            None => to,
        });
    }
    if action.then.is_empty() {
        lines.push(Text::new("留在本环节", "stays in this step"));
    }
    if !action.effects.is_empty() {
        let effects: Vec<Text> = action.effects.iter().map(|effect| words::effect(*effect)).collect();
        lines.push(Text::list(&effects).around(("效果：", ""), ("effect: ", "")));
    }
    Text::lines(&lines)
}

fn forms(pack: &Pack, out: &mut Document) {
    out.heading(2, Text::new("五、表单", "5. Forms"));
    for form in pack.forms.values() {
        out.heading(3, words::form_name(pack, &form.id));
        form_table(form, out);
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

fn form_table(form: &Form, out: &mut Document) {
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
            words::every(duty),
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
            Text::new("程序", "Procedure"),
            Text::new("依据", "Basis"),
        ],
        rows.collect(),
    );
}

fn reasons(pack: &Pack, out: &mut Document) {
    let mut left: Vec<(&String, &String)> = pack.not_automated.iter().collect();
    left.sort_by_cached_key(|(id, _)| super::reading_order(id));
    let rows = left.into_iter().map(|(id, reason)| {
        let kinds = [
            (PLATFORM, Text::new("平台保障", "kept by the platform")),
            (DELEGATED, Text::new("由下级落实", "left to lower packs")),
            (PENDING, Text::new("尚未落实", "pending")),
        ];
        let found =
            kinds.iter().find_map(|(prefix, kind)| Some((reason.strip_prefix(prefix)?, kind.clone())));
        let (why, kind) = found.unwrap_or((reason, Text::new("不自动化", "not automated")));
        row([words::clauses_in_full(pack, std::slice::from_ref(id)), kind, Text::same(why)])
    });
    out.heading(2, Text::new("七、没有规则引用的条款", "7. Clauses no rule cites"));
    out.table(
        Text::new("没有规则引用的条款", "Clauses no rule cites"),
        vec![Text::new("条款", "Clause"), Text::new("归类", "Kind"), Text::new("理由", "Reason")],
        rows.collect(),
    );
}
