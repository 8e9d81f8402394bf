//! A procedure: its picture, who does what, and each rule with its clauses.

use crate::pack::model::{Action, DrawList, Enclosure, Pack, Procedure, Quorum, RoleKey, Step, Target, Who};
use crate::pack::tools::document::{Block, Document, Row};
use crate::pack::tools::graph::{graph, mermaid};
use crate::pack::tools::svg::{Theme, svg};
use crate::pack::tools::text::{Lang, Text};
use crate::pack::tools::{time, words};

use super::row;
use crate::pack::words::QUORUMS;

pub(super) fn procedure(pack: &Pack, one: &Procedure, out: &mut Document) {
    out.heading(3, Text::new(&one.id, &one.en).both());
    contents(pack, one, out);
}

pub(super) fn contents(pack: &Pack, one: &Procedure, out: &mut Document) {
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
        for role in std::iter::once(&step.role).chain(&step.joint) {
            if !acting.contains(&role) {
                acting.push(role);
            }
        }
    }
    let line = |name: Text, roles: &[&RoleKey], does: Text, clock: Text| {
        let mut cells = vec![name];
        cells.extend(
            acting.iter().map(|one| if roles.contains(one) { does.clone() } else { Text::default() }),
        );
        cells.push(clock);
        row(cells)
    };
    let mut rows = vec![line(
        Text::new("发起", "Opening"),
        &[&one.opener],
        Text::new("提交", "Submit"),
        Text::default(),
    )];
    rows.extend(one.steps.iter().map(|step| {
        let does = Text::list(&step.actions.iter().map(words::action).collect::<Vec<_>>());
        let clock = step.clock.as_ref().map(time::length).unwrap_or_default();
        let roles: Vec<&RoleKey> = std::iter::once(&step.role).chain(&step.joint).collect();
        line(Text::new(&step.id, &step.en), &roles, does, clock)
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
        let words = if let Some(when) = &attachment.when {
            let when = words::test(pack, one, when);
            Text::new(
                format!("{}（若{}，必附）", attachment.name, when.zh),
                format!("{} (required if {})", attachment.name, when.en),
            )
        } else if attachment.required {
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
    if let Some(waiver) = &one.waiver {
        let who = words::role(pack, waiver);
        lines.push(who.around(("应办件可由", "写明理由免办"), ("an owed case may be waived by ", "")));
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
    let roles: Vec<Text> =
        std::iter::once(&step.role).chain(&step.joint).map(|role| words::role(pack, role)).collect();
    let mut lines = vec![Text::join(&roles, "会同", " with ").around(("由", "办理"), ("done by ", ""))];
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
        let mut lines = vec![time::clock(clock)];
        if let Some(to) = &clock.expiry_to {
            lines.push(words::step_name(one, to).around(("转入“", "”"), ("to “", "”")));
        }
        if !clock.stops_on.is_empty() {
            lines.push(Text::new("等待补正时停止计算", "stands still while a correction is awaited"));
        }
        lines.extend(clock.ladder.iter().map(|rung| time::rung(pack, rung)));
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
        let enclosed = |enclosure: &Enclosure| {
            let name = Text::same(&enclosure.name);
            match &enclosure.when {
                Some(when) => {
                    let when = words::test(pack, one, when);
                    name.around(("", &format!("（若{}）", when.zh)), ("", &format!(" (if {})", when.en)))
                }
                None => name,
            }
        };
        let list = Text::list(&action.attachments.iter().map(enclosed).collect::<Vec<_>>());
        lines.push(list.around(("须附：", ""), ("attachments: ", "")));
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
            Target::End { outcome, en, granted, opens } => {
                let (zh, good) = if *granted { ("，准予", ", granted") } else { ("", "") };
                let end = Text::new(outcome, en).around(("→ 办结：", zh), ("→ end: ", good));
                match opens {
                    Some(next) => {
                        end.around(("", &format!("，转办“{next}”")), ("", &format!("; owed next: {next}")))
                    }
                    None => end,
                }
            }
        };
        let when = branch.when.as_ref().map(|when| words::condition(pack, one, when));
        lines.push(match when {
            Some(when) => Text::join([&when.around(("若", "："), ("if ", ": ")), &to], "", ""),
            None if action.then.len() > 1 => to.around(("其余：", ""), ("otherwise: ", "")),
            None => to,
        });
    }
    lines.extend(people(pack, action));
    if action.then.is_empty() {
        lines.push(Text::new("留在本环节", "stays in this step"));
    }
    if !action.effects.is_empty() {
        let effects: Vec<Text> = action.effects.iter().map(|effect| words::effect(*effect)).collect();
        lines.push(Text::list(&effects).around(("效果：", ""), ("effect: ", "")));
    }
    Text::lines(&lines)
}

/// What a command on people and units needs besides.
fn people(pack: &Pack, action: &Action) -> Vec<Text> {
    let rule = &action.people;
    let mut lines = Vec::new();
    if !rule.ask.is_empty() {
        let asked: Vec<Text> = rule.ask.iter().map(|role| words::role(pack, role)).collect();
        lines.push(Text::list(&asked).around(("可以向：", ""), ("may ask: ", "")));
    }
    if let Some(draw) = &rule.draw {
        let n = draw.count;
        let (zh, en) = match &draw.list {
            DrawList::Fact(name) => (format!("事实“{name}”"), format!("the fact “{name}”")),
            DrawList::Parameter(name) => (format!("参数“{name}”"), format!("parameter “{name}”")),
        };
        lines.push(Text::new(format!("从{zh}所列名册抽取{n}人"), format!("draws {n} from the list of {en}")));
    }
    if let Some(quorum) = rule.meeting {
        let present = match quorum {
            Quorum::Count(n) => Text::new(format!("{n}家"), n.to_string()),
            other => words::word(QUORUMS, &other),
        };
        lines.push(present.around(("由会议决议，出席", ""), ("resolved in a meeting; present: ", "")));
    }
    lines
}
