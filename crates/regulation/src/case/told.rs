//! The story's lines for owed cases, for another version of the pack, and for what happens among people.

use super::owed::OwedCause;
use super::timeline::Line;
use super::{Event, EventBody};

/// The line of an event of this kind.
pub(crate) fn line(event: &Event) -> Line {
    match &event.body {
        EventBody::Owed { number, title, cause, due, .. } => {
            let (zh, en) = because(cause);
            let (until, until_en) = due.as_ref().map_or_else(Default::default, |clock| {
                (format!("，{} 到期", clock.due), format!(", due {}", clock.due))
            });
            Line::new(
                "case.timeline.owed",
                format!("应办“{title}”，编号 {number}（{zh}）{until}"),
                format!("owed: `{title}`, number {number} ({en}){until_en}"),
            )
            .with("number", number)
            .with("title", title)
        }
        EventBody::Waived { reason } => {
            Line::new("case.timeline.waived", "免办", "waived").text(Some(reason))
        }
        EventBody::Lapsed => Line::new(
            "case.timeline.lapsed",
            "所涉授权已经终止，本件不再应办",
            "no longer owed: the authorisation it is about has ended",
        ),
        EventBody::OpensCase { procedure, .. } => Line::new(
            "case.timeline.opens",
            format!("转办“{procedure}”"),
            format!("a case of `{procedure}` is owed next"),
        )
        .with("procedure", procedure),
        EventBody::Moved { from, to, clocks, .. } => {
            let days = clocks.iter().filter(|clock| clock.anew).map(|clock| clock.due.due.to_string());
            let days = days.collect::<Vec<_>>().join("、");
            let until = |zh: &str| if days.is_empty() { String::new() } else { format!("{zh}{days}") };
            Line::new(
                "case.timeline.moved",
                format!(
                    "按过渡规定转到制度包版本 {}（原为 {}）{}",
                    to.version,
                    from.version,
                    until("，到期日改为 ")
                ),
                format!(
                    "moved to version {} of the pack (from {}){}",
                    to.version,
                    from.version,
                    until(", due ")
                ),
            )
            .with("from", &from.version)
            .with("to", &to.version)
        }
        _ => people_line(&event.body),
    }
}

fn people_line(body: &EventBody) -> Line {
    match body {
        EventBody::HandedOver { from, to, opinion, .. } => Line::new(
            "case.timeline.handed_over",
            format!("任务由 {from} 移交 {to} 办理"),
            format!("the task went from {from} to {to}"),
        )
        .with("from", from)
        .with("to", to)
        .text(opinion.as_ref()),
        EventBody::Delegated { to, opinion, .. } => Line::new(
            "case.timeline.delegated",
            format!("委托{}办理", to.person_name),
            format!("delegated to {}", to.person_name),
        )
        .with("to", &to.person_name)
        .text(opinion.as_ref()),
        EventBody::Consulted { units, opinion, .. } => {
            let list = units.join("、");
            Line::new(
                "case.timeline.consulted",
                format!("加签：{list}"),
                format!("asked for an opinion: {list}"),
            )
            .with("units", list)
            .text(opinion.as_ref())
        }
        EventBody::ConsultEnded { units, reason, .. } => {
            let list = units.join("、");
            Line::new(
                "case.timeline.consult_ended",
                format!("减签：{list}"),
                format!("request for an opinion dropped: {list}"),
            )
            .with("units", list)
            .text(Some(reason))
        }
        EventBody::Opined { opinion, .. } => {
            Line::new("case.timeline.opined", "回复加签", "gave the opinion asked for").text(Some(opinion))
        }
        EventBody::Recused { reason, .. } => {
            Line::new("case.timeline.recused", "申明回避", "declared a conflict of interest")
                .text(Some(reason))
        }
        EventBody::Drawn { seed, list, list_digest, drawn, .. } => {
            let names = drawn.join("、");
            let count = list.len();
            Line::new(
                "case.timeline.drawn",
                format!("从{count}人名册中抽取：{names}（种子“{seed}”，名册指纹 {list_digest}）"),
                format!("drawn from {count}: {names} (seed `{seed}`, list {list_digest})"),
            )
            .with("drawn", names)
            .with("seed", seed)
            .with("list_digest", list_digest)
        }
        _ => Line::new("case.timeline.noted", "", ""),
    }
}

fn because(cause: &OwedCause) -> (String, String) {
    match cause {
        OwedCause::Duty { name, en, label, label_en, .. } => {
            (format!("周期义务：{name}，{label}"), format!("duty: {en}, {label_en}"))
        }
        OwedCause::Case { procedure, number, .. } => {
            (format!("由“{procedure}”{number} 转办"), format!("from `{procedure}` {number}"))
        }
    }
}
