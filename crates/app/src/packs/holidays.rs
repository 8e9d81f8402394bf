//! Notices of holidays and make-up days (放假调休安排) that people load while the installation runs.
//!
//! The days of a year are published in the autumn before it; until then its dates are provisional. One person loads the
//! notice, another compares it with the publication and puts it into use. From then on every date is counted with it: the
//! sweep makes the lists anew, everything else is counted when it is asked for. A notice that people put into use stands
//! above what the installation was supplied with for its year.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use access::{Action, ResourceRef, Thing};
use base::{Date, Digest, canonical_json};
use regulation::calendar::{self, Calendar, Notice};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Record};

use super::version::act;
use super::{Act, ActKind, NATIONAL, PackSource, VersionState, key_of};
use crate::journal::Note;
use crate::{App, Ctx, Error, Result};

/// Bytes of one notice; a real one has about 1 500.
pub const HOLIDAYS_BYTES_MAX: usize = 64 * 1024;
/// Notices that may wait at the same time.
const PROPOSALS_MAX: usize = 5;
/// Notices ever loaded.
const NOTICES_MAX: usize = 1_000;

/// A notice that somebody loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayNotice {
    /// Digest of its text; its name for programs.
    pub digest: Digest,
    /// The year it settles.
    pub year: i32,
    /// Title and number of the publication.
    pub title: String,
    /// Day of issue.
    pub issued: Date,
    /// Last day it settles.
    pub known_until: Date,
    /// The text, in the form of the calendar's yearly files.
    pub text: String,
    /// Where it stands.
    pub state: VersionState,
    /// Everything done with it, oldest first.
    pub acts: Vec<Act>,
}

impl Record for HolidayNotice {
    const KIND: &'static str = "holiday_notice";
    fn id(&self) -> uuid::Uuid {
        key_of(self.digest)
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.acts.first().map_or(0, |act| act.at.micros());
        vec![Key::new("all", "", sort)]
    }
}

impl HolidayNotice {
    /// The last act of loading it: whoever did that does not put it into use.
    #[must_use]
    pub fn proposer(&self) -> Option<&Act> {
        self.acts.iter().rfind(|act| act.kind == ActKind::Proposed)
    }
}

/// A calendar with the yearly texts it was read from.
#[derive(Debug)]
struct Counted {
    calendar: Calendar,
    /// What tells it from any other.
    digest: Digest,
}

impl Counted {
    fn of(years: &BTreeMap<i32, String>) -> Result<Self, calendar::Error> {
        let files: Vec<(String, &str)> =
            years.iter().map(|(year, text)| (format!("calendar/{year}.yaml"), text.as_str())).collect();
        let calendar = Calendar::load(files.iter().map(|(path, text)| (path.as_str(), *text)))?;
        // Texts always have a canonical form.
        let digest = Digest::of(&canonical_json(&files).unwrap_or_default());
        Ok(Self { calendar, digest })
    }
}

/// The calendar this process counts with, and the years it was supplied with. Whoever counts borrows the calendar for as
/// long as he likes, so a former one is never given back: a new one comes once or twice a year and has some kilobytes.
#[derive(Debug)]
pub(super) struct Calendars {
    supplied: BTreeMap<i32, String>,
    now: RwLock<&'static Counted>,
}

impl Calendars {
    /// Reads the yearly texts of the national folder.
    pub(super) fn of(sources: &[PackSource]) -> Result<Self> {
        let fault = |error| Error::internal("pack.calendar", error);
        let files = sources.iter().filter(|source| source.id == NATIONAL).flat_map(|source| &source.files);
        let files = files.filter(|(path, _)| path.starts_with("calendar/"));
        let mut supplied = BTreeMap::new();
        for (path, text) in files {
            let year = single(path, text).map_err(fault)?.year;
            if supplied.insert(year, text.clone()).is_some() {
                return Err(fault(calendar::Error::Gap { year }));
            }
        }
        let counted: &Counted = Box::leak(Box::new(Counted::of(&supplied).map_err(fault)?));
        Ok(Self { supplied, now: RwLock::new(counted) })
    }

    fn now(&self) -> &'static Counted {
        *self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn calendar(&self) -> &'static Calendar {
        &self.now().calendar
    }

    pub(super) fn digest(&self) -> Digest {
        self.now().digest
    }

    /// The supplied years with notices above them.
    fn with<'a>(
        &self,
        notices: impl IntoIterator<Item = &'a HolidayNotice>,
    ) -> Result<Counted, calendar::Error> {
        let mut years = self.supplied.clone();
        years.extend(notices.into_iter().map(|notice| (notice.year, notice.text.clone())));
        Counted::of(&years)
    }

    /// Counts with these notices from now on.
    pub(super) fn adopt(&self, in_force: &[HolidayNotice]) -> Result<(), calendar::Error> {
        let counted = self.with(in_force)?;
        if counted.digest != self.digest() {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = Box::leak(Box::new(counted));
        }
        Ok(())
    }
}

/// Reads the text of one year.
fn single(path: &str, text: &str) -> Result<Notice, calendar::Error> {
    Calendar::load([(path, text)])?.notices().first().cloned().ok_or(calendar::Error::Empty)
}

/// What is wrong with a text, for the person who loads it.
fn refused(error: &calendar::Error) -> Error {
    match error {
        calendar::Error::Syntax { source, .. } => {
            let line = source.location().map(|place| place.line().to_string()).unwrap_or_default();
            Error::invalid("holidays.syntax", line)
        }
        calendar::Error::Outside { date, .. } => Error::invalid("holidays.outside", date.to_string()),
        calendar::Error::Contradiction { date, .. } => {
            Error::invalid("holidays.contradiction", date.to_string())
        }
        calendar::Error::Gap { year } => Error::invalid("holidays.gap", year.to_string()),
        calendar::Error::Empty => Error::invalid("holidays.syntax", ""),
    }
}

pub(super) async fn in_force(tx: &mut Tx<'_>) -> Result<Vec<HolidayNotice>> {
    let mut found = all(tx).await?;
    found.retain(|notice| notice.state == VersionState::InForce);
    Ok(found)
}

async fn all(tx: &mut Tx<'_>) -> Result<Vec<HolidayNotice>> {
    let found = records::all::<HolidayNotice>(tx, "all", "", NOTICES_MAX).await?;
    Ok(found.into_iter().map(|found| found.value).collect())
}

async fn load(tx: &mut Tx<'_>, digest: Digest) -> Result<HolidayNotice> {
    let found = records::get::<HolidayNotice>(tx, key_of(digest)).await?;
    found.map(|found| found.value).ok_or(Error::NotFound("holidays.unknown"))
}

/// All notices that were loaded, the newest first. The edges show them to who is signed in.
///
/// # Errors
/// Storage faults.
pub async fn holidays(app: &App) -> Result<Vec<HolidayNotice>> {
    let mut found = app.store().read("holidays.list", |tx| Box::pin(async move { all(tx).await })).await?;
    found.reverse();
    Ok(found)
}

/// The days a notice makes other than they are counted now, each with whether it is worked under the notice.
///
/// # Errors
/// `holidays.gap` when the notice does not join on to the years in use.
pub fn changed_days(app: &App, notice: &HolidayNotice) -> Result<Vec<(Date, bool)>> {
    let calendars = &app.packs().calendars;
    let year = |text: &HolidayNotice| Date::new(text.year, 1, 1).map(Date::days);
    let Ok(first) = year(notice) else { return Ok(Vec::new()) };
    let mut years = calendars.supplied.clone();
    years.insert(notice.year, notice.text.clone());
    let next = Counted::of(&years).map_err(|error| refused(&error))?.calendar;
    let days = (first..=notice.known_until.days()).map(Date::from_days);
    let works = |day: Date| (day, next.is_working_day(day).0);
    let now = calendars.calendar();
    Ok(days.map(works).filter(|(day, works)| now.is_working_day(*day).0 != *works).collect())
}

/// The text of the last year in use, to write the next one after.
#[must_use]
pub fn holidays_example(app: &App) -> String {
    app.packs().calendars.supplied.values().next_back().cloned().unwrap_or_default()
}

/// Loads the notice of a year; somebody else puts it into use.
///
/// # Errors
/// `holidays.syntax` with the line, `holidays.outside` and `holidays.contradiction` with the day, `holidays.gap` and
/// `holidays.past` with the year, `holidays.same`, `holidays.proposed`, `holidays.too_large`, `holidays.proposals`; not
/// allowed.
pub async fn propose_holidays(app: &App, ctx: &Ctx, text: &str) -> Result<HolidayNotice> {
    let permit = &app.permit(ctx, Action::PackPropose, ResourceRef::any(Thing::Pack))?;
    if text.len() > HOLIDAYS_BYTES_MAX {
        return Err(Error::Limited("holidays.too_large"));
    }
    let text = &text.replace("\r\n", "\n");
    let Notice { year, title, issued, known_until } = single("", text).map_err(|error| refused(&error))?;
    let today = ctx.now.date_at(app.packs().current().counting.utc_offset_seconds);
    if year < today.year() {
        return Err(Error::invalid("holidays.past", year.to_string()));
    }
    let new = &HolidayNotice {
        digest: Digest::of(text.as_bytes()),
        year,
        title,
        issued,
        known_until,
        text: text.clone(),
        state: VersionState::Proposed,
        acts: vec![act(ctx, ActKind::Proposed)],
    };
    app.command(ctx, permit, "holidays.propose", text, |tx| {
        Box::pin(async move {
            let known = all(tx).await?;
            if known.iter().filter(|one| one.state == VersionState::Proposed).count() >= PROPOSALS_MAX {
                return Err(Error::Limited("holidays.proposals"));
            }
            fits(app, &known, new)?;
            let record = match known.into_iter().find(|one| one.digest == new.digest) {
                None => new.clone(),
                Some(one) if one.state == VersionState::Proposed => {
                    return Err(Error::Conflict("holidays.proposed"));
                }
                Some(mut one) => {
                    one.state = VersionState::Proposed;
                    one.acts.extend(new.acts.iter().cloned());
                    one
                }
            };
            write(app, tx, permit, ctx, &record).await?;
            Ok(record)
        })
    })
    .await
}

/// Whether a notice joins on to the years in use and says something new.
fn fits(app: &App, known: &[HolidayNotice], new: &HolidayNotice) -> Result<()> {
    let others = known.iter().filter(|one| one.state == VersionState::InForce && one.year != new.year);
    let next = app.packs().calendars.with(others.chain([new])).map_err(|error| refused(&error))?;
    if next.digest == app.packs().calendars.digest() {
        return Err(Error::Conflict("holidays.same"));
    }
    Ok(())
}

/// Puts a notice into use, by another person than the one who loaded it. Every date is counted with it at once; lists that
/// are sorted by due day follow with the next sweep.
///
/// # Errors
/// `holidays.own_proposal`, `holidays.not_proposed`, `holidays.unknown`, `holidays.gap`; not allowed.
pub async fn activate_holidays(app: &App, ctx: &Ctx, digest: Digest) -> Result<()> {
    let asked =
        &app.store().read("holidays.get", |tx| Box::pin(async move { load(tx, digest).await })).await?;
    let mut resource = ResourceRef::new(Thing::Pack, digest);
    let proposer = asked.proposer();
    if let Some((person, unit)) = proposer.and_then(|act| act.person.zip(act.unit)) {
        resource = resource.with_requester(person, unit).with_handlers([person]);
    }
    let mine = proposer.and_then(|act| act.person) == Some(ctx.principal.person);
    let permit = &app.permit(ctx, Action::PackActivate, resource).map_err(|denied| match denied {
        Error::Forbidden(_) if mine => Error::Forbidden("holidays.own_proposal"),
        other => other,
    })?;
    app.command(ctx, permit, "holidays.activate", &digest, |tx| {
        Box::pin(async move {
            let known = all(tx).await?;
            let mut record = load(tx, digest).await?;
            if record.state != VersionState::Proposed {
                return Err(Error::Conflict("holidays.not_proposed"));
            }
            // Withdrawn and loaded again meanwhile, perhaps by the one who asks: the permit was for another.
            if record.acts != asked.acts {
                return Err(Error::Conflict("storage.conflict"));
            }
            fits(app, &known, &record)?;
            let same = |one: &HolidayNotice| one.year == record.year && one.state == VersionState::InForce;
            for mut other in known.into_iter().filter(same) {
                other.state = VersionState::Replaced;
                other.acts.push(act(ctx, ActKind::Replaced));
                write(app, tx, permit, ctx, &other).await?;
            }
            record.state = VersionState::InForce;
            record.acts.push(act(ctx, ActKind::Activated));
            write(app, tx, permit, ctx, &record).await
        })
    })
    .await?;
    let in_force =
        app.store().read("holidays.in_force", |tx| Box::pin(async move { in_force(tx).await })).await?;
    app.packs().calendars.adopt(&in_force).map_err(|error| refused(&error))
}

/// Takes back a notice that waits.
///
/// # Errors
/// `holidays.not_proposed`, `holidays.unknown`; not allowed.
pub async fn withdraw_holidays(app: &App, ctx: &Ctx, digest: Digest) -> Result<()> {
    let permit = &app.permit(ctx, Action::PackPropose, ResourceRef::new(Thing::Pack, digest))?;
    app.command(ctx, permit, "holidays.withdraw", &digest, |tx| {
        Box::pin(async move {
            let mut record = load(tx, digest).await?;
            if record.state != VersionState::Proposed {
                return Err(Error::Conflict("holidays.not_proposed"));
            }
            record.state = VersionState::Withdrawn;
            record.acts.push(act(ctx, ActKind::Withdrawn));
            write(app, tx, permit, ctx, &record).await
        })
    })
    .await
}

async fn write(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &access::Permit,
    ctx: &Ctx,
    record: &HolidayNotice,
) -> Result<()> {
    records::put(tx, record, Expected::Any, ctx.now).await?;
    let subject = format!("holidays/{}", record.year);
    let payload = (record.digest, record.state, record.acts.last());
    app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload }).await?;
    Ok(())
}
