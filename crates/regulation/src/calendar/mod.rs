//! Chinese working days, counted with an explanation for every day.
//!
//! Facts come from the yearly notice of the State Council (`packs/national/calendar/<year>.yaml`): holidays and the
//! weekend days worked in exchange (调休上班). Beyond the last known day the calendar goes on from Monday to Friday
//! and says that the result is provisional. Start with [`Calendar::load`] and [`Calendar::add_working_days`].

mod back;
mod count;

use std::collections::BTreeMap;

use base::Date;
use serde::{Deserialize, Serialize};

pub use count::{CountedDay, Deadline, Pause, Span};

/// Days one calculation may walk over; a longer period ends there and is provisional. Ten years.
pub const DAYS_MAX: u32 = 3_660;

/// What can be wrong with calendar files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not the calendar's YAML.
    #[error("calendar file `{file}` cannot be read")]
    Syntax {
        /// File.
        file: String,
        /// Cause, with line and column.
        #[source]
        source: Box<serde_saphyr::Error>,
    },
    /// A day is outside the year of its file, or a range runs backwards.
    #[error("calendar file `{file}`: `{date}` does not belong there")]
    Outside {
        /// File.
        file: String,
        /// The day.
        date: Date,
    },
    /// A day is listed twice, or a working day in exchange is not a free weekend day.
    #[error("calendar file `{file}`: `{date}` contradicts another entry or the weekday")]
    Contradiction {
        /// File.
        file: String,
        /// The day.
        date: Date,
    },
    /// The years are not one unbroken run.
    #[error("calendar years are not consecutive at {year}")]
    Gap {
        /// The year that is missing or doubled.
        year: i32,
    },
    /// No file was given.
    #[error("no calendar file given")]
    Empty,
}

impl Error {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "regulation.calendar_syntax",
            Self::Outside { .. } => "regulation.calendar_outside",
            Self::Contradiction { .. } => "regulation.calendar_contradiction",
            Self::Gap { .. } => "regulation.calendar_gap",
            Self::Empty => "regulation.calendar_empty",
        }
    }
}

/// The working-day calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    days: BTreeMap<Date, Special>,
    notices: Vec<Notice>,
    known_from: Date,
    known_until: Date,
}

/// The notice a year rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Year.
    pub year: i32,
    /// Title and number.
    pub title: String,
    /// Day of issue.
    pub issued: Date,
    /// Last day it settles.
    pub known_until: Date,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Special {
    Holiday { zh: String, en: String },
    MakeUp { zh: String, en: String },
}

/// Why a day counts or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reason {
    /// An ordinary working day.
    WorkingDay,
    /// Saturday or Sunday.
    Weekend,
    /// A public holiday.
    Holiday {
        /// Name in Chinese.
        zh: String,
        /// Name in English.
        en: String,
    },
    /// A weekend day worked in exchange (调休上班).
    MakeUp {
        /// The holiday, in Chinese.
        zh: String,
        /// The holiday, in English.
        en: String,
    },
    /// Monday to Friday where no notice is known yet.
    AssumedWorking,
    /// Saturday or Sunday where no notice is known yet.
    AssumedRest,
    /// The day the period starts, which the counting profile leaves out.
    StartDay,
    /// The start day of a period of no days (当日).
    SameDay,
    /// The clock stands still (for example while a correction is awaited).
    Stopped,
    /// A calendar day of a period counted in calendar days.
    CalendarDay,
    /// The day of the month or year on which a period of months or years ends.
    CorrespondingDay,
    /// The day from which a period is counted backward.
    AnchorDay,
    /// A last day that was named, not counted.
    NamedDay,
}

impl Reason {
    /// The reason in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::WorkingDay => "工作日".to_owned(),
            Self::Weekend => "周末".to_owned(),
            Self::Holiday { zh, .. } => format!("{zh}放假"),
            Self::MakeUp { zh, .. } => format!("调休上班（{zh}）"),
            Self::AssumedWorking => "周一至周五，放假安排尚未公布，暂按工作日计".to_owned(),
            Self::AssumedRest => "周末，放假安排尚未公布".to_owned(),
            Self::StartDay => "开始当日不计入".to_owned(),
            Self::SameDay => "当日".to_owned(),
            Self::Stopped => "计时中止".to_owned(),
            Self::CalendarDay => "自然日".to_owned(),
            Self::CorrespondingDay => "到期月份的对应日".to_owned(),
            Self::AnchorDay => "自该日倒算，当日不计入".to_owned(),
            Self::NamedDay => "写明的日期".to_owned(),
        }
    }

    /// The reason in English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::WorkingDay => "working day".to_owned(),
            Self::Weekend => "weekend".to_owned(),
            Self::Holiday { en, .. } => format!("public holiday ({en})"),
            Self::MakeUp { en, .. } => format!("make-up working day ({en})"),
            Self::AssumedWorking => "Monday to Friday, no holiday notice yet: assumed working day".to_owned(),
            Self::AssumedRest => "weekend, no holiday notice yet".to_owned(),
            Self::StartDay => "start day, not counted".to_owned(),
            Self::SameDay => "same day".to_owned(),
            Self::Stopped => "clock stopped".to_owned(),
            Self::CalendarDay => "calendar day".to_owned(),
            Self::CorrespondingDay => "corresponding day of the last month".to_owned(),
            Self::AnchorDay => "counted backward from this day, which is left out".to_owned(),
            Self::NamedDay => "the day that was named".to_owned(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearFile {
    #[serde(rename = "年")]
    year: i32,
    #[serde(rename = "依据")]
    title: String,
    #[serde(rename = "发布")]
    issued: Date,
    #[serde(rename = "已知至")]
    known_until: Date,
    #[serde(rename = "放假")]
    holidays: Vec<HolidayEntry>,
    #[serde(rename = "调休上班")]
    make_up: Vec<MakeUpEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayEntry {
    #[serde(rename = "名称")]
    zh: String,
    #[serde(rename = "英文")]
    en: String,
    #[serde(rename = "自")]
    from: Date,
    #[serde(rename = "至")]
    to: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MakeUpEntry {
    #[serde(rename = "日")]
    day: Date,
    #[serde(rename = "因")]
    holiday: String,
}

impl Calendar {
    /// Reads the yearly files, given as (file name, text) in any order.
    ///
    /// # Errors
    /// [`Error`] when a file is malformed, contradicts itself or leaves a year out.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Error> {
        let mut years = Vec::new();
        for (file, text) in files {
            let year: YearFile = serde_saphyr::from_str(text)
                .map_err(|source| Error::Syntax { file: file.to_owned(), source: Box::new(source) })?;
            years.push((file.to_owned(), year));
        }
        years.sort_by_key(|(_, year)| year.year);
        let first = years.first().map(|(_, year)| year.year).ok_or(Error::Empty)?;
        let mut days = BTreeMap::new();
        let mut notices = Vec::new();
        for (expected, (file, year)) in (first..).zip(years) {
            if year.year != expected {
                return Err(Error::Gap { year: expected });
            }
            read_year(&file, &year, &mut days)?;
            notices.push(Notice {
                year: year.year,
                title: year.title,
                issued: year.issued,
                known_until: year.known_until,
            });
        }
        let known_from = Date::new(first, 1, 1).map_err(|_| Error::Gap { year: first })?;
        let known_until = notices.last().map(|notice| notice.known_until).ok_or(Error::Empty)?;
        Ok(Self { days, notices, known_from, known_until })
    }

    /// The last day settled by a notice.
    #[must_use]
    pub const fn known_until(&self) -> Date {
        self.known_until
    }

    /// The notices the calendar rests on, by year.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Whether a notice settles this day.
    #[must_use]
    pub fn is_known(&self, date: Date) -> bool {
        self.known_from <= date && date <= self.known_until
    }

    /// Whether the day is a working day, and why.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> (bool, Reason) {
        let weekend = date.weekday().is_weekend();
        match self.days.get(&date) {
            Some(Special::Holiday { zh, en }) => (false, Reason::Holiday { zh: zh.clone(), en: en.clone() }),
            Some(Special::MakeUp { zh, en }) => (true, Reason::MakeUp { zh: zh.clone(), en: en.clone() }),
            None if !self.is_known(date) && weekend => (false, Reason::AssumedRest),
            None if !self.is_known(date) => (true, Reason::AssumedWorking),
            None if weekend => (false, Reason::Weekend),
            None => (true, Reason::WorkingDay),
        }
    }
}

/// Adds one year's special days, refusing what cannot be true.
fn read_year(file: &str, year: &YearFile, days: &mut BTreeMap<Date, Special>) -> Result<(), Error> {
    let outside = |date| Error::Outside { file: file.to_owned(), date };
    let contradiction = |date| Error::Contradiction { file: file.to_owned(), date };
    if year.known_until.year() != year.year {
        return Err(outside(year.known_until));
    }
    for holiday in &year.holidays {
        if holiday.from.year() != year.year || holiday.to.year() != year.year || holiday.to < holiday.from {
            return Err(outside(holiday.from));
        }
        for day in (holiday.from.days()..=holiday.to.days()).map(Date::from_days) {
            let special = Special::Holiday { zh: holiday.zh.clone(), en: holiday.en.clone() };
            if days.insert(day, special).is_some() {
                return Err(contradiction(day));
            }
        }
    }
    for make_up in &year.make_up {
        if make_up.day.year() != year.year {
            return Err(outside(make_up.day));
        }
        let holiday = year.holidays.iter().find(|holiday| holiday.zh == make_up.holiday);
        let en = holiday.map(|holiday| holiday.en.clone()).ok_or_else(|| contradiction(make_up.day))?;
        let special = Special::MakeUp { zh: make_up.holiday.clone(), en };
        if !make_up.day.weekday().is_weekend() || days.insert(make_up.day, special).is_some() {
            return Err(contradiction(make_up.day));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
