//! Public notices: announcements, and results with the window for objections (see `objections`).

use base::{Date, Id, Timestamp, kind};
use regulation::case::{CaseState, FormValues, clocks};
use regulation::pack::{Anchor, FormId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use storage::Tx;
use storage::records::{self, Expected, Key, Order, Query, Record};

use crate::cases::facts;
use crate::clock::new_id;
use crate::{App, Ctx, Error, Result};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// 公告: a field is opened for applications.
    Announcement,
    /// 公示: an operator was determined; objections are open.
    Result,
    /// 信息公开: something the public is told. Nobody applies on it.
    Information,
}

/// A public notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Id.
    pub id: Id<kind::Notice>,
    /// Kind.
    pub kind: NoticeKind,
    /// Title.
    pub title: String,
    /// Publishing unit.
    pub unit_name: String,
    /// When.
    pub published_at: Timestamp,
    /// The case behind it.
    pub case: Id<kind::Case>,
    /// The case's number.
    pub case_number: String,
    /// For a result: the determined unit.
    pub operator: Option<String>,
    /// The form as published; not for results, whose form is the applicant's.
    pub forms: BTreeMap<FormId, FormValues>,
    /// Clauses it rests on.
    pub clauses: Vec<String>,
    /// For an announcement: the field it opens.
    #[serde(default)]
    pub domain: Option<String>,
    /// Last day: of applications for an announcement, of objections for a result. `None` where the text sets none.
    #[serde(default)]
    pub until: Option<Date>,
}

impl Notice {
    /// Whether a day is still within what the notice opened. Without a last day it always is.
    #[must_use]
    pub fn is_open(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }
}

impl Record for Notice {
    const KIND: &'static str = "notice";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.published_at.micros();
        vec![Key::new("all", "", sort), Key::new("case", self.case, sort)]
    }
}

/// Effect: the case's form (announcement) or outcome (result) is published.
pub(crate) async fn publish(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    case: &CaseState,
    kind: NoticeKind,
    clauses: &[String],
) -> Result<()> {
    let until = match kind {
        NoticeKind::Announcement => facts::day(&case.facts, facts::DEADLINE),
        NoticeKind::Result => window(app, ctx, case)?,
        NoticeKind::Information => None,
    };
    let notice = Notice {
        id: new_id(ctx.now),
        kind,
        title: case.title.clone(),
        unit_name: if ctx.unit_name.is_empty() {
            case.opener.unit_name.clone()
        } else {
            ctx.unit_name.clone()
        },
        published_at: ctx.now,
        case: case.id,
        case_number: case.number.clone(),
        operator: (kind == NoticeKind::Result).then(|| case.opener.unit_name.clone()),
        forms: if kind == NoticeKind::Result { BTreeMap::new() } else { case.forms.clone() },
        clauses: clauses.to_vec(),
        domain: facts::text(&case.facts, facts::DOMAIN).filter(|_| kind == NoticeKind::Announcement),
        until,
    };
    records::put(tx, &notice, Expected::New, ctx.now).await?;
    Ok(())
}

/// The last day of the clock that publishing started: the window for objections. Another clock of the step that follows
/// (a day for filing, say) is none.
fn window(app: &App, ctx: &Ctx, case: &CaseState) -> Result<Option<Date>> {
    let pack = app.packs().version(&case.pack)?;
    let procedure = pack.procedures.get(&case.procedure);
    let steps = procedure.into_iter().flat_map(|procedure| &procedure.steps);
    let windows: Vec<&str> = steps
        .filter(|step| step.clock.as_ref().is_some_and(|clock| clock.anchor == Anchor::Published))
        .map(|step| step.id.as_str())
        .collect();
    let running = clocks(case, &crate::cases::context(app, &pack, ctx.now));
    let of_window =
        running.iter().filter(|clock| clock.done_on.is_none() && windows.contains(&clock.step.as_str()));
    Ok(of_window.filter_map(|clock| clock.due).min())
}

/// A page of notices, newest first. Open to everybody.
///
/// # Errors
/// A cursor that is none.
pub async fn notices(app: &App, after: Option<&str>, limit: u32) -> Result<(Vec<Notice>, Option<String>)> {
    let after = after.map(crate::cases::parse_cursor).transpose()?;
    let query = &Query { name: "all", value: "", after, limit, order: Order::Descending };
    let page = app
        .store()
        .read("notice.list", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::list::<Notice>(tx, query).await?) })
        })
        .await?;
    let next = page.next.map(crate::cases::cursor_text);
    Ok((page.items.into_iter().map(|notice| notice.value).collect(), next))
}

/// One notice. Open to everybody.
///
/// # Errors
/// `notice.unknown`.
pub async fn notice(app: &App, id: Id<kind::Notice>) -> Result<Notice> {
    let found = app
        .store()
        .read("notice.get", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::get::<Notice>(tx, id.uuid()).await?) })
        })
        .await?;
    found.map(|notice| notice.value).ok_or(Error::NotFound("notice.unknown"))
}
