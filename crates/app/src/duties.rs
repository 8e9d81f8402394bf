//! Periodic duties (周期义务) as those who owe or oversee them see them, and as a calendar file.

mod feed;

use access::Role;
use base::{Date, Id, kind};
use regulation::case::clocks;
use regulation::duty::ical::{Entry, Lang, ical};
use regulation::duty::rings;
use regulation::pack::Pack;
use serde::Serialize;

use crate::cases::{self, Due, TaskBox};
use crate::{App, Ctx, Error, Result};

pub(crate) use feed::forget_feed;
pub use feed::{close_feed, feed_since, open_feed, read_feed};

/// How far ahead the list looks, in days.
const AHEAD_DAYS: i32 = 400;
/// How far back what was not done yet is shown.
const BACK_DAYS: i32 = 400;
/// Limit: cases whose clocks one calendar file shows, those due first.
const CASES_MAX: u32 = base::limit::PAGE_ROWS_MAX;
/// Limit: periods that one list or calendar file shows, those due first. Who oversees a thousand authorisations has more.
const LISTED_MAX: usize = 1_000;

/// What a list of duties shows.
#[derive(Debug, Clone, Serialize)]
pub struct Duties {
    /// Those due first.
    pub items: Vec<DutyItem>,
    /// How many more there are.
    pub more: usize,
}

/// A period of a duty that the signed-in person's unit owes or oversees.
#[derive(Debug, Clone, Serialize)]
pub struct DutyItem {
    /// The duty, Chinese and English.
    pub name: (String, String),
    /// The period, Chinese and English.
    pub period: (String, String),
    /// Codes of the units that owe it.
    pub units: Vec<String>,
    /// The day its case is opened.
    pub opens_on: Date,
    /// The due day.
    pub due: Date,
    /// The due day rests on days no holiday notice settles yet.
    pub provisional: bool,
    /// The cadence or the due day is a local choice.
    pub local_choice: bool,
    /// Its case, once opened, and whether that has ended.
    pub case: Option<(Id<kind::Case>, bool)>,
    /// Basis.
    pub clauses: Vec<String>,
}

/// The duties of the coming year and what is still open of the last one, by due day: those of the own unit, or all for
/// who oversees.
///
/// # Errors
/// Not signed in; storage faults.
pub async fn duties(app: &App, ctx: &Ctx) -> Result<Duties> {
    let pack = app.packs().current();
    let (found, more) = find(app, ctx, &pack).await?;
    let item = |found: Due<'_>| DutyItem {
        name: (found.duty.name.clone(), found.duty.en.clone()),
        period: (found.period.label_zh.clone(), found.period.label_en.clone()),
        units: found.party.units.clone(),
        opens_on: found.period.opens_on,
        due: found.period.due.due,
        provisional: found.period.due.provisional,
        local_choice: found.duty.local_choice,
        case: found.case,
        clauses: found.duty.clauses.clone(),
    };
    Ok(Duties { items: found.into_iter().map(item).collect(), more })
}

/// The periods due first, and how many more there are.
async fn find<'a>(app: &'a App, ctx: &Ctx, pack: &'a Pack) -> Result<(Vec<Due<'a>>, usize)> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let mut roles = ctx.principal.roles.iter();
    let oversees = roles.any(|role| matches!(role, Role::Authority | Role::Supervisor | Role::Admin));
    let mine = |party: &cases::Party| oversees || party.units.contains(&ctx.principal.unit_code);
    let context = &cases::context(app, pack, ctx.now);
    let today = context.today();
    let mut found = app
        .store()
        .read("duty.list", |tx| {
            Box::pin(async move { cases::due(app, tx, context, today.plus_days(AHEAD_DAYS), mine).await })
        })
        .await?;
    found.retain(|due| {
        let last = due.period.due.due;
        let over = due.case.is_some_and(|(_, ended)| ended) && last < today;
        last >= today.plus_days(-BACK_DAYS) && !over
    });
    let by_day = |a: &Due<'_>, b: &Due<'_>| {
        let days = a.period.due.due.cmp(&b.period.due.due);
        days.then_with(|| (&a.duty.name, &a.party.key).cmp(&(&b.duty.name, &b.party.key)))
    };
    let more = found.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        // Those that are shown are found without putting all the others in order.
        found.select_nth_unstable_by(LISTED_MAX, by_day);
        found.truncate(LISTED_MAX);
    }
    found.sort_by(by_day);
    Ok((found, more))
}

/// The duties and the running clocks of the own unit's tasks as an iCalendar file.
///
/// # Errors
/// Not signed in; storage faults.
pub async fn calendar(app: &App, ctx: &Ctx, lang: Lang) -> Result<String> {
    let pack = app.packs().current();
    let mut entries = Vec::new();
    for found in find(app, ctx, &pack).await?.0 {
        let rings = rings(found.duty, &found.period, app.packs().calendar(), &pack.counting);
        entries.push(Entry::of_duty(found.duty, &found.party.key, &found.period, &rings, ctx.now));
    }
    let todo = cases::inbox(app, ctx, TaskBox::Todo, None, CASES_MAX).await?;
    for item in todo.items {
        let id = item.case.id;
        let views = app
            .store()
            .read("duty.clocks", |tx| {
                Box::pin(async move {
                    let loaded = cases::load(tx, id).await?;
                    let pack = app.packs().version(&loaded.state.pack)?;
                    Ok::<_, Error>(clocks(&loaded.state, &cases::context(app, &pack, ctx.now)))
                })
            })
            .await?;
        let clock = |view| Entry::of_clock(&item.case.number, &item.case.title, view, ctx.now);
        entries.extend(views.iter().filter_map(clock));
    }
    Ok(ical(&entries, lang))
}
