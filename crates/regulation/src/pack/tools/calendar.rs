//! The duty calendar of a pack: which periods are owed between two days, when each opens and is due.

use base::Date;

use crate::calendar::Calendar;
use crate::duty::ical::{Entry, Lang as Words, ical};
use crate::duty::{DutyPeriod, periods, rings};
use crate::pack::model::{Duty, DutyAnchor, Pack};

use super::document::{Document, Row};
use super::text::{Lang, Text};
use super::words;

/// Every period of every duty whose case opens from the first day to the last, by due day. A duty counted from an agreement
/// is shown as for one signed on the first day.
fn owed<'a>(pack: &'a Pack, calendar: &Calendar, from: Date, until: Date) -> Vec<(&'a Duty, DutyPeriod)> {
    let mut owed: Vec<(&Duty, DutyPeriod)> = Vec::new();
    for duty in &pack.duties {
        let all = periods(duty, calendar, &pack.counting, from, until);
        owed.extend(all.into_iter().map(|period| (duty, period)));
    }
    owed.sort_by(|(a, x), (b, y)| (x.due.due, &a.name).cmp(&(y.due.due, &b.name)));
    owed
}

/// The duty calendar as a table.
#[must_use]
pub fn duty_calendar(pack: &Pack, calendar: &Calendar, from: Date, until: Date) -> Document {
    let title = Text::new(
        format!("义务日历：{}（{from} 至 {until}）", pack.name),
        format!("Duty calendar: {} ({from} to {until})", pack.id),
    );
    let mut out = Document::new(title);
    if pack.duties.iter().any(|duty| duty.anchor == DutyAnchor::Signed) {
        out.paragraph(Text::new(
            format!("自签订起算的义务，以{from}签订的协议为例。"),
            format!("Duties counted from the agreement are shown for one signed on {from}."),
        ));
    }
    let owed = owed(pack, calendar, from, until);
    if owed.is_empty() {
        out.paragraph(Text::new("这一期间没有义务。", "Nothing is owed in this time."));
    }
    let row = |(duty, period): &(&Duty, DutyPeriod)| {
        let due = Text::same(period.due.due.to_string());
        let due = if period.due.provisional {
            due.around(("", "（暂定）"), ("", " (provisional)"))
        } else {
            due
        };
        Row::plain(vec![
            due,
            Text::new(&duty.name, &duty.en),
            Text::new(&period.label_zh, &period.label_en),
            words::role(pack, &duty.role),
            Text::same(period.opens_on.to_string()),
            Text::same(&duty.procedure),
            words::clauses(&duty.clauses),
        ])
    };
    out.table(
        Text::new("义务日历", "Duty calendar"),
        vec![
            Text::new("到期", "Due"),
            Text::new("义务", "Duty"),
            Text::new("期", "Period"),
            Text::new("由谁履行", "Owed by"),
            Text::new("起办", "Opens"),
            Text::new("程序", "Procedure"),
            Text::new("依据", "Basis"),
        ],
        owed.iter().map(row).collect(),
    );
    out
}

/// The duty calendar as iCalendar, with the duties' reminders. The same pack and days give the same file.
#[must_use]
pub fn duty_ical(pack: &Pack, calendar: &Calendar, from: Date, until: Date, lang: Lang) -> String {
    let stamp = from.start_at(pack.counting.utc_offset_seconds);
    let entry = |(duty, period): &(&Duty, DutyPeriod)| {
        let rings = rings(duty, period, calendar, &pack.counting);
        Entry::of_duty(duty, &duty.role, period, &rings, stamp)
    };
    let entries: Vec<Entry> = owed(pack, calendar, from, until).iter().map(entry).collect();
    ical(&entries, if lang == Lang::Zh { Words::Zh } else { Words::En })
}
