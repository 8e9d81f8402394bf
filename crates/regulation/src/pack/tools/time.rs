//! Clocks, reminders and duties in words.

use crate::pack::model::{Anchor, ClockRule, Duty, DutyAnchor, Measure, Pack, PeriodUnit, Rung};
use crate::pack::words::{ANCHORS, DUTY_ANCHORS, DUTY_ONLY, NATURES, UNITS};

use super::text::Text;
use super::words::{expiry, period, role, word};

/// A unit of a length.
pub(super) fn unit(unit: PeriodUnit) -> Text {
    word(UNITS, &unit)
}

fn anchor(anchor: &Anchor) -> Text {
    match anchor {
        Anchor::Fact(key) => Text::new(format!("“{key}”之日"), format!("the day of “{key}”")),
        Anchor::Entered(step) => Text::new(format!("进入“{step}”"), format!("entry of “{step}”")),
        plain => word(ANCHORS, plain),
    }
}

/// How long a clock runs, wherever its length comes from.
pub(super) fn length(rule: &ClockRule) -> Text {
    match &rule.measure {
        Measure::Forward => period(rule.period),
        Measure::Backward => period(rule.period).around(("前", ""), ("", " before")),
        Measure::Fact(key) => {
            let unit = unit(rule.period.unit);
            Text::new(format!("“{key}”{}", unit.zh), format!("“{key}” {}s", unit.en))
        }
        Measure::Until(key) => Text::new(format!("到“{key}”之日"), format!("until the day of “{key}”")),
    }
}

/// A clock in a line: `自收到起3个工作日（法定），逾期提醒并升级`.
pub(super) fn clock(rule: &ClockRule) -> Text {
    let (from, length, nature) = (anchor(&rule.anchor), length(rule), word(NATURES, &rule.nature));
    let after = expiry(rule.on_expiry);
    let runs = match rule.measure {
        Measure::Forward | Measure::Fact(_) => {
            Text::new(format!("自{}起{}", from.zh, length.zh), format!("{} from {}", length.en, from.en))
        }
        Measure::Backward => {
            Text::new(format!("{}{}", from.zh, length.zh), format!("{} {}", length.en, from.en))
        }
        Measure::Until(_) => {
            Text::new(format!("自{}起{}", from.zh, length.zh), format!("from {} {}", from.en, length.en))
        }
    };
    let (rolls_zh, rolls_en) = match rule.rolls {
        Some(true) => ("，末日顺延至工作日", ", the last day moves to a working day"),
        Some(false) => ("，末日不顺延", ", the last day stays"),
        None => ("", ""),
    };
    Text::new(
        format!("{}（{}）{rolls_zh}，逾期{}", runs.zh, nature.zh, after.zh),
        format!("{} ({}){rolls_en}; then: {}", runs.en, nature.en, after.en),
    )
}

/// Length and nature alone, for a box of a diagram.
pub(super) fn clock_short(rule: &ClockRule) -> Text {
    Text::join([&length(rule), &word(NATURES, &rule.nature)], " · ", " · ")
}

/// A reminder and who is told.
pub(super) fn rung(pack: &Pack, rung: &Rung) -> Text {
    let (zh, en) = match rung.before {
        Some(before) => {
            let before = period(before);
            (format!("前{}告知", before.zh), format!("{} before: tell ", before.en))
        }
        None => {
            let n = rung.days_left.abs();
            if rung.days_left >= 0 {
                (format!("剩{n}个工作日告知"), format!("{n} working days before: tell "))
            } else {
                (format!("超{n}个工作日告知"), format!("{n} working days after: tell "))
            }
        }
    };
    role(pack, &rung.tell).around((&zh, ""), (&en, ""))
}

/// How often a duty comes back, by what its periods go, when it is due and of whom it is asked.
pub(super) fn every(duty: &Duty) -> Text {
    let every = period(duty.every).around(("每", ""), ("every ", ""));
    let from = match duty.anchor {
        DutyAnchor::Calendar => word(DUTY_ANCHORS, &duty.anchor),
        DutyAnchor::Signed => word(DUTY_ANCHORS, &duty.anchor).around(("自", "起"), ("from ", "")),
    };
    let due = match duty.within {
        Some(within) => period(within).around(("期满后", "内"), ("within ", " of its end")),
        None => Text::new("当期之内", "within the period"),
    };
    let mut parts = vec![every, from, due];
    parts.extend(duty.only.iter().map(|only| word(DUTY_ONLY, only).around(("仅", ""), ("only while ", ""))));
    Text::join(&parts, "，", ", ")
}
