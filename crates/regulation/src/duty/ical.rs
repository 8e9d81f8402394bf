//! A calendar file (iCalendar, RFC 5545) of due days, for the calendar program of whoever has to remember them.

use base::{Date, Digest, Timestamp};

use super::{DutyPeriod, Ring};
use crate::case::{ClockView, Light};
use crate::pack::model::Duty;

/// Octets of one line without its end; longer ones are folded.
const LINE_OCTETS: usize = 75;
/// The hour of a reminder, on the reader's own clock.
const HOUR: u32 = 9;

/// The language of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// 简体中文
    Zh,
    /// English
    En,
}

/// One due day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What names it once and for all; a changed due day under the same key replaces the old one.
    pub key: String,
    /// The due day.
    pub on: Date,
    /// One line, Chinese and English.
    pub summary: (String, String),
    /// More, Chinese and English; may be empty.
    pub description: (String, String),
    /// Days on which to be reminded.
    pub alarms: Vec<Date>,
    /// Page of the case, if there is one.
    pub url: Option<String>,
    /// When what it tells was last established.
    pub stamp: Timestamp,
}

impl Entry {
    /// A period of a duty. `party` as in [`DutyPeriod::key`].
    #[must_use]
    pub fn of_duty(duty: &Duty, party: &str, period: &DutyPeriod, rings: &[Ring], stamp: Timestamp) -> Self {
        let clauses = duty.clauses.join("、");
        let mut alarms: Vec<Date> = rings.iter().map(|ring| ring.on).collect();
        alarms.dedup();
        let words = |provisional: &str, basis: &str, name: &str, from: &str| {
            let note = if period.due.provisional { provisional } else { "" };
            format!("{name}{from}{note}\n{basis}{clauses}")
        };
        Self {
            key: period.key(duty, party),
            on: period.due.due,
            summary: (period.title(duty), format!("{} ({})", duty.en, period.label_en)),
            description: (
                words(
                    "（到期日为暂定）",
                    "依据：",
                    &format!("程序：{}，起办 ", duty.procedure),
                    &period.opens_on.to_string(),
                ),
                words(
                    " (due day provisional)",
                    "basis: ",
                    &format!("procedure {}, opens ", duty.procedure),
                    &period.opens_on.to_string(),
                ),
            ),
            alarms,
            url: None,
            stamp,
        }
    }

    /// A running clock of a case; `None` for one that stands still or is done.
    #[must_use]
    pub fn of_clock(number: &str, title: &str, clock: &ClockView, stamp: Timestamp) -> Option<Self> {
        let on = clock.due.filter(|_| clock.light != Light::Done)?;
        let unit = clock.unit.as_deref().unwrap_or_default();
        let clauses = clock.clauses.join("、");
        let line = format!("{number} {}：{title}", clock.step);
        Some(Self {
            key: format!("case/{number}/{}/{}/{unit}", clock.step, clock.visit),
            on,
            summary: (format!("{line} 到期"), format!("due: {line}")),
            description: (format!("依据：{clauses}"), format!("basis: {clauses}")),
            alarms: Vec::new(),
            url: None,
            stamp,
        })
    }
}

/// A calendar of due days, one event each for the whole day.
#[must_use]
pub fn ical(entries: &[Entry], lang: Lang) -> String {
    let pick = |words: &(String, String)| match lang {
        Lang::Zh => words.0.clone(),
        Lang::En => words.1.clone(),
    };
    let (product, name) = match lang {
        Lang::Zh => ("-//Shuyu//Due days//ZH", "数域 到期日"),
        Lang::En => ("-//Shuyu//Due days//EN", "Shuyu due days"),
    };
    let mut file = String::new();
    for text in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        &format!("PRODID:{product}"),
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ] {
        line(&mut file, text);
    }
    line(&mut file, &format!("X-WR-CALNAME:{}", escaped(name)));
    for entry in entries {
        let summary = escaped(&pick(&entry.summary));
        line(&mut file, "BEGIN:VEVENT");
        line(&mut file, &format!("UID:{}@shuyu", Digest::of(entry.key.as_bytes())));
        line(&mut file, &format!("DTSTAMP:{}", utc(entry.stamp)));
        line(&mut file, &format!("DTSTART;VALUE=DATE:{}", plain(entry.on)));
        line(&mut file, &format!("DTEND;VALUE=DATE:{}", plain(entry.on.plus_days(1))));
        line(&mut file, &format!("SUMMARY:{summary}"));
        let description = pick(&entry.description);
        if !description.is_empty() {
            line(&mut file, &format!("DESCRIPTION:{}", escaped(&description)));
        }
        if let Some(url) = &entry.url {
            line(&mut file, &format!("URL:{}", url.replace(char::is_control, "")));
        }
        line(&mut file, "TRANSP:TRANSPARENT");
        for alarm in &entry.alarms {
            for text in ["BEGIN:VALARM", "ACTION:DISPLAY"] {
                line(&mut file, text);
            }
            line(&mut file, &format!("DESCRIPTION:{summary}"));
            line(&mut file, &format!("TRIGGER:{}", trigger(entry.on, *alarm)));
            line(&mut file, "END:VALARM");
        }
        line(&mut file, "END:VEVENT");
    }
    line(&mut file, "END:VCALENDAR");
    file
}

/// How long before (or after) the beginning of the due day a reminder rings.
fn trigger(due: Date, alarm: Date) -> String {
    let before = due.days() - alarm.days();
    if before <= 0 {
        let days = before.unsigned_abs();
        return if days == 0 { format!("PT{HOUR}H") } else { format!("P{days}DT{HOUR}H") };
    }
    let (days, hours) = (before - 1, 24 - HOUR);
    if days == 0 { format!("-PT{hours}H") } else { format!("-P{days}DT{hours}H") }
}

fn plain(date: Date) -> String {
    let (year, month, day) = date.parts();
    format!("{year:04}{month:02}{day:02}")
}

fn utc(at: Timestamp) -> String {
    // `YYYY-MM-DD HH:MM:SS` without its separators.
    let digits: String = at.format_at(0).chars().filter(char::is_ascii_digit).collect();
    let (date, time) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("{date}T{time}Z")
}

/// A text value: its own separators escaped, line breaks written as `\n`, other control characters left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Adds a line, folded at [`LINE_OCTETS`] without splitting a character.
fn line(file: &mut String, text: &str) {
    let mut octets = 0;
    for c in text.chars() {
        if octets + c.len_utf8() > LINE_OCTETS {
            file.push_str("\r\n ");
            octets = 1;
        }
        octets += c.len_utf8();
        file.push(c);
    }
    file.push_str("\r\n");
}
