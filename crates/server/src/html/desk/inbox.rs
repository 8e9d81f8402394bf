//! 待办, 已办, 我发起, 抄送我.

use app::Error;
use app::cases::{self, InboxCounts, InboxItem, TaskBox};
use app::packs::{self, Waiting};
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::frame::week_end;
use super::visit::{Visit, encode};
use super::words::{self, Units};
use crate::html::pages::inbox::{Inbox, InboxRow, Tab, TabLink};
use crate::html::pages::parts::{Choice, Figure, Light, Link};
use crate::state::Edge;

/// Rows of one page.
const ROWS: u32 = 50;
/// Pages of the store looked through for a filter.
const FILTER_PAGES: usize = 10;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/inbox", get(show))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    procedure: String,
    #[serde(default)]
    light: String,
    after: Option<String>,
}

impl Asked {
    fn tab(&self) -> Tab {
        match self.tab.as_str() {
            "done" => Tab::Done,
            "started" => Tab::Started,
            "copied" => Tab::Copied,
            _ => Tab::Waiting,
        }
    }

    const fn filtered(&self) -> bool {
        !(self.q.is_empty() && self.procedure.is_empty() && self.light.is_empty())
    }

    fn fits(&self, visit: &Visit, item: &InboxItem) -> bool {
        let case = &item.case;
        let text = self.q.trim();
        let named =
            [&case.number, &case.title, &case.opener.unit_name].iter().any(|found| found.contains(text));
        let today = visit.today();
        let light = match self.light.as_str() {
            "" => true,
            "today" => case.due == Some(today),
            "week" => case.due.is_some_and(|due| due >= today && due <= week_end(today)),
            code => words::light_code(words::light(item.light)) == code,
        };
        (text.is_empty() || named) && (self.procedure.is_empty() || case.procedure == self.procedure) && light
    }
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = page(&visit, &asked).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let tab = asked.tab();
    let counts = cases::counts(&visit.app, &visit.ctx).await?;
    let (items, next) = list(visit, tab, asked).await?;
    let filtered = asked.filtered();
    let units = Units::load(visit).await?;
    let page = Inbox {
        tab,
        tabs: tabs(tab, counts),
        figures: figures(visit, counts).await?,
        law: law(visit).await?,
        procedures: procedures(visit, &asked.procedure),
        lights: lights(visit, &asked.light),
        search: asked.q.clone(),
        rows: items.iter().map(|item| row(visit, &units, item)).collect(),
        more_href: next.map(|after| {
            format!(
                "/inbox?tab={}&q={}&procedure={}&light={}&after={after}",
                code(tab),
                encode(&asked.q),
                encode(&asked.procedure),
                encode(&asked.light)
            )
        }),
        filtered,
    };
    visit.page("inbox", &page).await
}

/// A page of the list. A filter goes through the list until the page is full.
async fn list(visit: &Visit, tab: Tab, asked: &Asked) -> Result<(Vec<InboxItem>, Option<String>), Error> {
    let which = match tab {
        Tab::Waiting => TaskBox::Todo,
        Tab::Done => TaskBox::Done,
        Tab::Started => TaskBox::Mine,
        Tab::Copied => TaskBox::Cc,
    };
    let mut after = asked.after.clone();
    let mut items = Vec::new();
    for _ in 0..FILTER_PAGES {
        let page = cases::inbox(&visit.app, &visit.ctx, which, after.as_deref(), ROWS).await?;
        items.extend(page.items.into_iter().filter(|item| asked.fits(visit, item)));
        after = page.next;
        if after.is_none() || items.len() >= ROWS as usize {
            break;
        }
    }
    Ok((items, after))
}

/// Versions and notices that somebody else brought and this person may decide on.
async fn law(visit: &Visit) -> Result<Vec<Link>, Error> {
    let link = |one: &Waiting| match one {
        Waiting::Version { digest, label, unconfirmed } => {
            let key = if *unconfirmed { "inbox-law-unconfirmed" } else { "inbox-law-version" };
            Link::new(&visit.text_with(key, &[("label", label)]), &format!("/admin/packs/versions/{digest}"))
        }
        Waiting::Holidays { year } => {
            let year = year.to_string();
            Link::new(&visit.text_with("inbox-law-holidays", &[("year", &year)]), "/admin/holidays")
        }
    };
    Ok(packs::waiting(&visit.app, &visit.ctx).await?.iter().map(link).collect())
}

const fn code(tab: Tab) -> &'static str {
    match tab {
        Tab::Waiting => "waiting",
        Tab::Done => "done",
        Tab::Started => "started",
        Tab::Copied => "copied",
    }
}

fn tabs(current: Tab, counts: InboxCounts) -> Vec<TabLink> {
    [
        (Tab::Waiting, counts.todo),
        (Tab::Done, counts.done),
        (Tab::Started, counts.mine),
        (Tab::Copied, counts.cc),
    ]
    .map(|(tab, count)| TabLink {
        tab,
        href: format!("/inbox?tab={}", code(tab)),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        current: tab == current,
    })
    .to_vec()
}

async fn figures(visit: &Visit, counts: InboxCounts) -> Result<Vec<Figure>, Error> {
    let todo = cases::inbox(&visit.app, &visit.ctx, TaskBox::Todo, None, base::limit::PAGE_ROWS_MAX).await?;
    let today = visit.today();
    let number = |fits: &dyn Fn(&InboxItem) -> bool| todo.items.iter().filter(|item| fits(item)).count();
    let overdue = number(&|item| words::light(item.light) == Light::Overdue);
    let due_today = number(&|item| item.case.due == Some(today));
    let due_week = number(&|item| item.case.due.is_some_and(|due| due >= today && due <= week_end(today)));
    let figure = |name: &str, value: usize, filter: &str, light: Option<Light>| {
        let mut figure = Figure::new(name, &value.to_string());
        figure.href = Some(format!("/inbox?tab=waiting{filter}"));
        figure.light = light.filter(|_| value > 0);
        figure
    };
    Ok(vec![
        figure("waiting", usize::try_from(counts.todo).unwrap_or(usize::MAX), "", None),
        figure("due-today", due_today, "&light=today", Some(Light::DueSoon)),
        figure("due-week", due_week, "&light=week", None),
        figure("overdue", overdue, "&light=overdue", Some(Light::Overdue)),
    ])
}

fn procedures(visit: &Visit, chosen: &str) -> Vec<Choice> {
    let pack = visit.app.packs().current();
    let mut choices = vec![Choice::new("", &visit.text("all-procedures"), chosen.is_empty())];
    choices.extend(
        pack.procedures
            .values()
            .map(|found| Choice::new(&found.id, &words::procedure(visit, found), found.id == chosen)),
    );
    choices
}

fn lights(visit: &Visit, chosen: &str) -> Vec<Choice> {
    let mut choices = vec![
        Choice::new("", &visit.text("all-lights"), chosen.is_empty()),
        Choice::new("today", &visit.text("figure-due-today"), chosen == "today"),
        Choice::new("week", &visit.text("figure-due-week"), chosen == "week"),
    ];
    for light in [Light::Overdue, Light::DueSoon, Light::Normal, Light::Suspended, Light::Done] {
        let code = words::light_code(light);
        choices.push(Choice::new(code, &visit.text(&format!("light-{code}")), chosen == code));
    }
    choices
}

fn row(visit: &Visit, units: &Units, item: &InboxItem) -> InboxRow {
    let case = &item.case;
    let pack = visit.app.packs().current();
    let procedure = pack.procedures.get(&case.procedure);
    let step = match (&case.outcome, &case.step, procedure) {
        (Some((outcome, _)), ..) => words::outcome(visit, procedure, outcome),
        (None, Some(_), _) if case.stopped => visit.text("case-awaiting"),
        (None, Some(step), Some(procedure)) => words::step_name(visit, procedure, step),
        (None, Some(step), None) => step.clone(),
        (None, None, _) => String::new(),
    };
    let open = case.outcome.is_none();
    InboxRow {
        number: case.number.clone(),
        name: case.title.clone(),
        href: format!("/cases/{}", case.id),
        procedure: words::procedure_name(visit, &case.procedure),
        step,
        applicant: units.kept(visit, &case.opener.unit, &case.opener.unit_name),
        received: visit.day(case.opened_at),
        due: case.due.filter(|_| open).map(|due| due.to_string()).unwrap_or_default(),
        days_left: item.days_left.map(i64::from),
        light: words::light(item.light),
        provisional: case.due.is_some_and(|due| open && !visit.app.packs().calendar().is_known(due)),
    }
}
