//! Words about papers (文书): when each is made, who signs it, how it is numbered.

use crate::case::command_words;
use crate::pack::model::{CommandKind, Pack, Procedure, RoleKey, Target};
use crate::pack::{Document, NumberMark, NumberRule, Occasion, OccasionEvent};

use super::text::Text;
use super::words;

/// When a paper is made, a line each.
pub(super) fn occasions(pack: &Pack, document: &Document) -> Text {
    Text::lines(&document.when.iter().map(|one| occasion(pack, one)).collect::<Vec<_>>())
}

fn occasion(pack: &Pack, one: &Occasion) -> Text {
    let found = pack.procedures.get(&one.procedure);
    let name = Text::new(&one.procedure, found.map(|found| found.en.as_str()).unwrap_or_default());
    match &one.event {
        OccasionEvent::Opened => name.around(("", "：提交时"), ("", ": when it is filed")),
        OccasionEvent::Asked => name.around(("", "：由人出具"), ("", ": when somebody asks for it")),
        OccasionEvent::Ended(outcome) => {
            let (zh, en) = (format!("：以“{outcome}”办结时"), format!(": when it ends with “{outcome}”"));
            name.around(("", &zh), ("", &en))
        }
        OccasionEvent::Done(step, command) => {
            let step_name = found.map_or_else(|| Text::same(step), |found| words::step_name(found, step));
            let actions = found.into_iter().flat_map(|found| &found.steps).filter(|one| one.id == *step);
            let action = actions.flat_map(|one| &one.actions).find(|action| action.command == *command);
            let (zh, en) = command_words(*command);
            let done = action.map_or_else(|| Text::new(zh, en), words::action);
            let place = Text::join([&name, &step_name], "·", " · ");
            Text::join([&place, &done], "：", ": ")
        }
    }
}

/// The roles whose units may sign a paper: a paper is signed by the unit that acted last, which on an occasion is the
/// one that brought it about.
fn signers<'a>(pack: &'a Pack, document: &Document) -> Vec<&'a RoleKey> {
    let mut found: Vec<&RoleKey> = Vec::new();
    for one in &document.when {
        let Some(procedure) = pack.procedures.get(&one.procedure) else { continue };
        for role in of_occasion(procedure, &one.event) {
            if !found.contains(&role) {
                found.push(role);
            }
        }
    }
    found
}

fn of_occasion<'a>(procedure: &'a Procedure, event: &OccasionEvent) -> Vec<&'a RoleKey> {
    let acting = |wanted: &dyn Fn(usize) -> bool| -> Vec<&'a RoleKey> {
        let steps = procedure.steps.iter().enumerate().filter(|(at, _)| wanted(*at));
        steps.flat_map(|(_, step)| std::iter::once(&step.role).chain(&step.joint)).collect()
    };
    let step = |at: usize| procedure.steps.get(at);
    match event {
        OccasionEvent::Opened | OccasionEvent::Done(_, CommandKind::Withdraw | CommandKind::Supplement) => {
            vec![&procedure.opener]
        }
        OccasionEvent::Done(id, _) => acting(&|at| step(at).is_some_and(|step| step.id == *id)),
        OccasionEvent::Ended(outcome) => acting(&|at| {
            let actions = step(at).into_iter().flat_map(|step| &step.actions);
            let mut ends = actions.flat_map(|action| &action.then).map(|branch| &branch.to);
            ends.any(|to| matches!(to, Target::End { outcome: end, .. } if end == outcome))
        }),
        OccasionEvent::Asked => Vec::new(),
    }
}

/// Who signs a paper.
pub(super) fn signed_by(pack: &Pack, document: &Document) -> Text {
    let asked = document.when.iter().any(|one| one.event == OccasionEvent::Asked);
    let mut roles: Vec<Text> =
        signers(pack, document).into_iter().map(|role| words::role(pack, role)).collect();
    if asked {
        roles.push(Text::new("当时最后办理的单位", "the unit that acted last"));
    }
    Text::list(&roles)
}

/// How a paper is numbered, by who signs it; empty if it has no number.
pub(super) fn number(pack: &Pack, document: &Document) -> Text {
    let Some(rule) = &document.number else { return Text::default() };
    let one = |role: &&RoleKey| {
        let mark = pack.number_marks.get(*role).or(rule.mark.as_ref());
        let role = words::role(pack, role);
        let number = match mark {
            Some(mark) => written(pack, mark, rule),
            None => Text::new("不编号", "no number"),
        };
        Text::join([&role, &number], "：", ": ")
    };
    let mut lines: Vec<Text> = signers(pack, document).iter().map(one).collect();
    if lines.is_empty() {
        lines.push(match &rule.mark {
            Some(mark) => written(pack, mark, rule),
            None => Text::new("按署名单位的代字编号", "numbered by the mark of the signer"),
        });
    }
    Text::lines(&lines)
}

/// `德数据函〔年〕序号`.
fn written(pack: &Pack, mark: &NumberMark, rule: &NumberRule) -> Text {
    let text = format!("{}{}", mark_of(pack, mark), rule.kind.as_deref().unwrap_or_default());
    Text::new(format!("{text}〔年〕×号"), format!("{text}〔year〕×号"))
}

fn mark_of<'a>(pack: &'a Pack, mark: &'a NumberMark) -> &'a str {
    mark.text(pack).unwrap_or_default()
}

/// The table of marks: signer and mark, with the parameter it is taken from.
pub(super) fn marks(pack: &Pack) -> Vec<(Text, Text)> {
    let signer = |key: &String| words::role(pack, key);
    let line = |mark: &NumberMark| match mark {
        NumberMark::Text(text) => Text::same(text),
        NumberMark::Parameter(name) => {
            let text = mark_of(pack, mark);
            Text::new(format!("{text}（参数“{name}”）"), format!("{text} (parameter “{name}”)"))
        }
    };
    pack.number_marks.iter().map(|(key, mark)| (signer(key), line(mark))).collect()
}
