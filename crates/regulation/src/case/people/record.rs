//! Draws and meetings: what a command writes down besides having been done.

use std::collections::BTreeSet;

use super::{Meeting, SEED_CHARS};
use crate::case::decide::Decision;
use crate::case::desk::Desk;
use crate::case::draw::draw;
use crate::case::{Command, EventBody, ITEMS_MAX, Rejection, TEXT_CHARS_MAX};
use crate::pack::model::{Action, ClauseId, CommandKind, DrawList, DrawRule, FactValue, Quorum, Value};

/// What an ordinary action writes down besides.
pub(crate) enum Record {
    Nothing,
    Meeting(Meeting),
    Drawn(Box<EventBody>),
}

impl Desk<'_> {
    /// The meeting or the draw of an action, checked.
    pub(crate) fn record(&self, action: &Action, command: &Command) -> Decision<Record> {
        if let Some(rule) = action.people.draw.as_ref().filter(|_| command.kind == CommandKind::Draw) {
            return self.drawn(action, command, rule).map(|drawn| Record::Drawn(Box::new(drawn)));
        }
        match (action.people.meeting, &command.people.meeting) {
            (Some(quorum), Some(meeting)) => {
                self.met(action, quorum, meeting)?;
                let number = meeting.number.trim().to_owned();
                Ok(Record::Meeting(Meeting { number, ..meeting.clone() }))
            }
            (Some(_), None) => Err(self.refuse(
                action,
                Rejection::new(
                    "case.meeting_missing",
                    "该决议应当由会议作出，请写明会议文号、议程和出席单位",
                    "this resolution is taken by a meeting: name its number, agenda and attendance",
                ),
            )),
            (None, Some(_)) => Err(self.refuse(
                action,
                Rejection::new(
                    "case.meeting_unasked",
                    "此处不以会议决定",
                    "nothing is decided by a meeting here",
                ),
            )),
            (None, None) => Ok(Record::Nothing),
        }
    }

    pub(super) fn refuse(&self, action: &Action, rejection: Box<Rejection>) -> Box<Rejection> {
        let clauses: [&[ClauseId]; 3] = [&action.clauses, &self.step.clauses, &self.procedure.clauses];
        rejection.on(self.ctx, &clauses)
    }

    fn drawn(&self, action: &Action, command: &Command, rule: &DrawRule) -> Decision<EventBody> {
        let here = (self.open.step.clone(), self.open.visit);
        if self.state.people.drawn.contains(&here) {
            return Err(self.refuse(
                action,
                Rejection::new(
                    "case.drawn_already",
                    "本环节已经抽取过，不得重抽",
                    "the draw in this step has been made and stands",
                ),
            ));
        }
        let seed = command.people.seed.as_deref().map(str::trim).unwrap_or_default();
        let long = seed.chars().count();
        if long < SEED_CHARS.0 || long > SEED_CHARS.1 || seed.chars().any(char::is_control) {
            let (least, most) = SEED_CHARS;
            return Err(self.refuse(
                action,
                Rejection::new(
                    "case.seed_invalid",
                    format!("种子应为{least}至{most}个字，不含换行"),
                    format!("the seed has {least} to {most} characters and no line break"),
                )
                .remedy(
                    "请用名册确定之后才产生、任何人都能查到的公开数字",
                    "take a public number that was not known when the list was closed",
                ),
            ));
        }
        let drawing = draw(self.names(&rule.list), rule.count as usize, seed).ok_or_else(|| {
            let count = rule.count;
            let short = Rejection::new(
                "case.draw_list_short",
                format!("名册不足{count}人，无法抽取"),
                format!("the list holds fewer than {count} names"),
            );
            self.refuse(action, short.remedy("请先补齐名册", "complete the list first"))
        })?;
        Ok(EventBody::Drawn {
            step: self.step.id.clone(),
            seed: seed.to_owned(),
            list: drawing.list,
            list_digest: drawing.digest,
            drawn: drawing.drawn,
        })
    }

    fn names(&self, list: &DrawList) -> Vec<&str> {
        let names: &[String] = match list {
            DrawList::Fact(key) => match self.state.facts.get(key) {
                Some(FactValue::List(names)) => names,
                _ => &[],
            },
            DrawList::Parameter(name) => match self.ctx.pack.parameters.get(name).map(|one| &one.value) {
                Some(Value::List(names)) => names,
                _ => &[],
            },
        };
        names.iter().map(String::as_str).collect()
    }

    /// The meeting is complete, held already, about this case, and had a quorum.
    fn met(&self, action: &Action, quorum: Quorum, meeting: &Meeting) -> Decision<()> {
        let seats: BTreeSet<&String> = self.open.seats.iter().map(|seat| &seat.unit).collect();
        let present: BTreeSet<&String> = meeting.present.iter().collect();
        let named = !meeting.number.trim().is_empty() && meeting.number.chars().count() <= TEXT_CHARS_MAX;
        let about = meeting.agenda.contains(&self.state.id) && meeting.agenda.len() <= ITEMS_MAX;
        if !named || !about || meeting.held_on > self.ctx.today() || !present.is_subset(&seats) {
            return Err(self.refuse(
                action,
                Rejection::new(
                    "case.meeting_invalid",
                    "会议记录不完整：须有文号，议程含本件，出席单位属于本环节，会期不晚于今天",
                    "the meeting needs a number, this case on its agenda, attendance of this step's units and a day \
                     that is not to come",
                ),
            ));
        }
        let needed = quorum.needed(seats.len());
        if present.len() < needed {
            let (came, all) = (present.len(), seats.len());
            return Err(Rejection::new(
                "case.no_quorum",
                format!("出席{came}家，共{all}家，未达到法定的{needed}家，会议不能作出决议"),
                format!(
                    "{came} of {all} units were present, {needed} are needed: the meeting cannot resolve"
                ),
            )
            .on(self.ctx, &[&self.step.clauses, &action.clauses])
            .remedy("请在达到出席要求的会议上审议", "bring it to a meeting with a quorum"));
        }
        Ok(())
    }
}
