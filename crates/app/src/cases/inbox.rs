//! 待办, 已办, 我发起, 抄送我.

use base::{Date, Id, kind};
use regulation::case::Light;
use serde::{Deserialize, Serialize};
use storage::records::{self, Cursor, Order, Query};

use super::CaseRecord;
use crate::{App, Ctx, Error, Result};

/// Limit: pages looked through for one page of a filtered list.
const PAGES_MAX: usize = 20;

/// One of the four lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskBox {
    /// 待办: my unit must act.
    Todo,
    /// 已办: I have acted.
    Done,
    /// 我发起: my unit opened it.
    Mine,
    /// 抄送我: my unit takes part.
    Cc,
}

/// A line of a list.
#[derive(Debug, Clone, Serialize)]
pub struct InboxItem {
    /// The case.
    #[serde(flatten)]
    pub case: CaseRecord,
    /// Its light.
    pub light: Light,
    /// Working days left; negative when overdue.
    pub days_left: Option<i32>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Inbox {
    /// Lines.
    pub items: Vec<InboxItem>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// Which cases of a list are wanted; empty for all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Of this procedure.
    #[serde(default)]
    pub procedure: Option<String>,
    /// About this authorisation.
    #[serde(default)]
    pub tenant: Option<Id<kind::Tenant>>,
}

impl Filter {
    fn lets(&self, case: &CaseRecord) -> bool {
        self.procedure.as_ref().is_none_or(|procedure| *procedure == case.procedure)
            && self.tenant.is_none_or(|tenant| case.tenant == Some(tenant))
    }
}

/// How much is in the lists.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct InboxCounts {
    /// 待办.
    pub todo: u64,
    /// 已办.
    pub done: u64,
    /// 我发起.
    pub mine: u64,
    /// 抄送我.
    pub cc: u64,
}

fn key<'a>(ctx: &'a Ctx, which: TaskBox, person: &'a str) -> (&'static str, &'a str) {
    match which {
        TaskBox::Todo => ("todo", &ctx.principal.unit_code),
        TaskBox::Done => ("done", person),
        TaskBox::Mine => ("mine", &ctx.principal.unit_code),
        TaskBox::Cc => ("participant", &ctx.principal.unit_code),
    }
}

/// Lists cases.
///
/// # Errors
/// Not signed in; a cursor that is none.
pub async fn inbox(app: &App, ctx: &Ctx, which: TaskBox, after: Option<&str>, limit: u32) -> Result<Inbox> {
    if !ctx.is_person() {
        return Err(Error::Unauthenticated("access.sign_in"));
    }
    let after = after.map(parse_cursor).transpose()?;
    let person = ctx.principal.person.to_string();
    let (name, value) = key(ctx, which, &person);
    let order = if which == TaskBox::Todo { Order::Ascending } else { Order::Descending };
    let query = &Query { name, value, after, limit, order };
    let page = app
        .store()
        .read("case.inbox", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::list::<CaseRecord>(tx, query).await?) })
        })
        .await?;
    let today = ctx.now.date_at(app.packs().current().counting.utc_offset_seconds);
    let items = page.items.into_iter().map(|item| line(app, item.value, today)).collect();
    Ok(Inbox { items, next: page.next.map(cursor_text) })
}

fn line(app: &App, case: CaseRecord, today: Date) -> InboxItem {
    let days_left = case
        .due
        .filter(|_| case.outcome.is_none())
        .map(|due| app.packs().calendar().working_days_between(today, due).working_days);
    let light = match (case.outcome.is_some(), case.stopped, days_left) {
        (true, ..) => Light::Done,
        (_, true, Some(..0)) => Light::Overdue,
        (_, true, _) => Light::Stopped,
        (.., Some(..0)) => Light::Overdue,
        (.., Some(..=1)) => Light::Soon,
        _ => Light::Normal,
    };
    InboxItem { case, light, days_left }
}

/// Lists the cases of a list that a filter lets through. Looks through so many pages at most and then says where to go
/// on, even if it found fewer than asked for; what the last page adds is not cut off.
///
/// # Errors
/// As [`inbox`].
pub async fn inbox_of(
    app: &App,
    ctx: &Ctx,
    which: TaskBox,
    filter: &Filter,
    after: Option<&str>,
    limit: u32,
) -> Result<Inbox> {
    let mut found = Inbox { items: Vec::new(), next: after.map(str::to_owned) };
    for _ in 0..PAGES_MAX {
        let page = inbox(app, ctx, which, found.next.as_deref(), limit).await?;
        found.items.extend(page.items.into_iter().filter(|item| filter.lets(&item.case)));
        found.next = page.next;
        if found.next.is_none() || found.items.len() >= limit as usize {
            break;
        }
    }
    Ok(found)
}

/// How much is in the four lists.
///
/// # Errors
/// Storage faults.
pub async fn counts(app: &App, ctx: &Ctx) -> Result<InboxCounts> {
    let person = ctx.principal.person.to_string();
    let person = person.as_str();
    app.store()
        .read("case.counts", |tx| {
            Box::pin(async move {
                let mut counts = InboxCounts::default();
                for (which, slot) in [
                    (TaskBox::Todo, &mut counts.todo),
                    (TaskBox::Done, &mut counts.done),
                    (TaskBox::Mine, &mut counts.mine),
                    (TaskBox::Cc, &mut counts.cc),
                ] {
                    let (name, value) = key(ctx, which, person);
                    *slot = records::count::<CaseRecord>(tx, name, value).await?;
                }
                Ok(counts)
            })
        })
        .await
}

/// Writes a cursor as `<sort>_<id>`.
pub(crate) fn cursor_text(cursor: Cursor) -> String {
    format!("{}_{}", cursor.sort, cursor.id)
}

/// Reads what [`cursor_text`] wrote.
pub(crate) fn parse_cursor(text: &str) -> Result<Cursor> {
    let bad = || Error::invalid("page.cursor", "");
    let (sort, id) = text.split_once('_').ok_or_else(bad)?;
    let id = id.parse::<Id<kind::Case>>().map_err(|_| bad())?;
    Ok(Cursor { sort: sort.parse().map_err(|_| bad())?, id: id.uuid() })
}
