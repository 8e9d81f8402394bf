//! Procedures against each other: which are counterparts, and how those differ step by step.

use crate::pack::model::{Pack, Procedure, Step};
use crate::pack::tools::document::{Document, Mark};
use crate::pack::tools::matching::{self, Pair, stage_name};
use crate::pack::tools::rows::{judged, or_none, row};
use crate::pack::tools::text::Text;
use crate::pack::tools::{time, words};

use super::{Both, names, two_names};

impl Both<'_> {
    pub(super) fn all_procedures(&self, out: &mut Document) {
        out.heading(2, Text::new("五、程序", "5. Procedures"));
        let name = |one: &Procedure| Text::new(&one.id, &one.en);
        let rows = self.procedures.iter().map(|pair| match pair {
            Pair::Both(x, y) => {
                let stage = Text::same(stage_name(&x.stage));
                judged(stage, name(x), name(y), Mark::None, Text::new("对应", "counterparts"))
            }
            Pair::First(x) => row(Text::same(stage_name(&x.stage)), alone(self.a, x), Text::default()),
            Pair::Second(y) => row(Text::same(stage_name(&y.stage)), Text::default(), alone(self.b, y)),
        });
        out.table(
            Text::new("程序对应表", "Corresponding procedures"),
            self.head(Text::new("阶段", "Stage")),
            rows.collect(),
        );
        for pair in &self.procedures {
            if let Pair::Both(x, y) = pair {
                self.procedure(x, y, out);
            }
        }
    }

    fn procedure(&self, x: &Procedure, y: &Procedure, out: &mut Document) {
        let (a, b) = (self.a, self.b);
        let form = |pack: &Pack, one: &Procedure| {
            one.form.as_ref().map(|form| words::form_name(pack, form)).unwrap_or_default()
        };
        let attached = |one: &Procedure| {
            Text::same(
                one.attachments
                    .iter()
                    .map(|rule| format!("{}{}", rule.name, if rule.required { "（必附）" } else { "" }))
                    .collect::<Vec<_>>()
                    .join("、"),
            )
        };
        let readers = |pack: &Pack, one: &Procedure| {
            Text::list(&one.readers.iter().map(|role| words::role(pack, role)).collect::<Vec<_>>())
        };
        let effects = |one: &Procedure| {
            Text::list(&matching::effects(one).into_iter().map(words::effect).collect::<Vec<_>>())
        };
        let steps = |one: &Procedure| Text::same(one.steps.len().to_string());
        let clauses = |one: &Procedure| words::clauses(&words::clauses_of(one));
        let mut rows = vec![
            row(Text::new("阶段", "Stage"), Text::same(&x.stage), Text::same(&y.stage)),
            row(Text::new("由谁发起", "Opened by"), words::role(a, &x.opener), words::role(b, &y.opener)),
            row(Text::new("表单", "Form"), form(a, x), form(b, y)),
            row(Text::new("附件", "Attachments"), attached(x), attached(y)),
            row(Text::new("可查阅", "May read"), readers(a, x), readers(b, y)),
            row(Text::new("法律后果", "Effects"), effects(x), effects(y)),
            row(Text::new("环节数", "Steps"), steps(x), steps(y)),
        ];
        for pair in matching::steps(x, y) {
            rows.push(match pair {
                Pair::Both(s, t) => {
                    let subject = names(&s.id, &s.en, &t.id, &t.en).around(("环节：", ""), ("Step: ", ""));
                    row(subject, of_step(a, s), of_step(b, t))
                }
                Pair::First(s) => row(step_subject(s), of_step(a, s), Text::default()),
                Pair::Second(t) => row(step_subject(t), Text::default(), of_step(b, t)),
            });
        }
        rows.push(row(Text::new("依据的条款", "Clauses carried"), clauses(x), clauses(y)));
        out.heading(3, two_names(x, y));
        out.table(two_names(x, y), self.head(Text::new("事项", "Subject")), rows);
    }
}

/// A procedure only one side has, in brief: who opens it, its steps with their time limits, what it brings about.
fn alone(pack: &Pack, one: &Procedure) -> Text {
    let step = |step: &Step| {
        let name = Text::new(&step.id, &step.en);
        match &step.clock {
            Some(clock) => {
                let length = time::length(clock);
                name.around(("", &format!("（{}）", length.zh)), ("", &format!(" ({})", length.en)))
            }
            None => name,
        }
    };
    let opener = words::role(pack, &one.opener);
    let steps: Vec<Text> = std::iter::once(opener).chain(one.steps.iter().map(step)).collect();
    let mut lines = vec![Text::new(&one.id, &one.en), Text::join(&steps, " → ", " → ")];
    let effects: Vec<Text> = matching::effects(one).into_iter().map(words::effect).collect();
    if !effects.is_empty() {
        lines.push(Text::list(&effects).around(("效果：", ""), ("effect: ", "")));
    }
    Text::lines(&lines)
}

fn step_subject(step: &Step) -> Text {
    Text::new(&step.id, &step.en).around(("环节：", ""), ("Step: ", ""))
}

/// Who acts in a step, jointly or alone.
fn who(pack: &Pack, step: &Step) -> Text {
    let roles = std::iter::once(&step.role).chain(&step.joint);
    Text::join(&roles.map(|role| words::role(pack, role)).collect::<Vec<_>>(), "会同", " with ")
}

/// A step in lines: role, clock, what may be done.
fn of_step(pack: &Pack, step: &Step) -> Text {
    let mut lines = vec![Text::join([&Text::new(&step.id, &step.en), &who(pack, step)], "：", ": ")];
    if step.each_unit {
        lines.push(Text::new("逐家办理", "a task for each unit"));
    }
    lines.push(or_none(
        step.clock.as_ref().map(time::clock).unwrap_or_else(|| Text::new("无期限", "no time limit")),
    ));
    if let Some(vote) = step.vote {
        lines.push(Text::new(
            format!(
                "表决：{}人中{}人同意{}",
                vote.quorum,
                vote.approvals,
                if vote.sealed { "，密封" } else { "" }
            ),
            format!(
                "vote: {} of {}{}",
                vote.approvals,
                vote.quorum,
                if vote.sealed { ", sealed" } else { "" }
            ),
        ));
    }
    lines.push(Text::list(&step.actions.iter().map(words::action).collect::<Vec<_>>()));
    Text::lines(&lines)
}
