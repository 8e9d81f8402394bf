//! Objections of the public: cases of the procedure that registers objections, and what everybody may see of them.

use std::collections::BTreeMap;

use access::Life;
use base::{Date, Id, Timestamp, kind};
use regulation::case::{CaseState, Context, FormValues};
use regulation::pack::{Effect, FactValue, Procedure};
use serde::{Deserialize, Serialize};
use storage::Tx;
use storage::records::{self, Expected, Key, Order, Query, Record};

use crate::cases::{CaseRecord, OpenRequest, Opened, facts, open};
use crate::notices::Notice;
use crate::products::ProductRecord;
use crate::{App, Ctx, Error, Result, notices, products};

/// Objections to one thing shown at most.
const ABOUT_MAX: usize = 500;

/// What is objected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    /// A public notice.
    Notice {
        /// Id.
        id: Id<kind::Notice>,
        /// Its title.
        title: String,
        /// For a result: the determined unit.
        operator: Option<String>,
    },
    /// A product on the market.
    Product {
        /// Id.
        id: Id<kind::Product>,
        /// Its name.
        name: String,
    },
    /// Something the platform has no page for, for example how somebody's personal information is used.
    Other,
}

impl Subject {
    /// The id of the thing, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Notice { id, .. } => Some(id.to_string()),
            Self::Product { id, .. } => Some(id.to_string()),
            Self::Other => None,
        }
    }
}

/// Where an objection is, for the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Filed, not yet registered.
    Received,
    /// Registered, waiting for its answer.
    Registered,
    /// Answered.
    Answered,
    /// Ended without an answer, for example withdrawn.
    Closed,
}

/// An objection and its answer, without the objector's name and words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// The objection's case.
    pub case: Id<kind::Case>,
    /// Its number.
    pub number: String,
    /// What it is about.
    pub subject: Subject,
    /// Received.
    pub at: Timestamp,
    /// Where it is.
    pub progress: Progress,
    /// The day by which the next step is due.
    pub due: Option<Date>,
    /// Answered.
    pub answered_at: Option<Timestamp>,
    /// The answer's words.
    pub answer: Option<String>,
}

impl Record for Objection {
    const KIND: &'static str = "objection";
    fn id(&self) -> uuid::Uuid {
        self.case.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        let sort = self.at.micros();
        let mut keys = vec![Key::new("all", "", sort)];
        keys.extend(self.subject.id().map(|id| Key::new("about", id, sort)));
        keys
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("number", self.number.clone())]
    }
}

/// An objection as it is filed. Without a notice and a product it is about something else.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewObjection {
    /// The notice objected to.
    #[serde(default)]
    pub notice: Option<Id<kind::Notice>>,
    /// The product objected to.
    #[serde(default)]
    pub product: Option<Id<kind::Product>>,
    /// Values of the procedure's form.
    #[serde(default)]
    pub form: FormValues,
}

/// Whether a procedure receives objections.
pub(crate) fn registers(procedure: &Procedure) -> bool {
    procedure.brings(Effect::RecordObjection)
}

/// The procedure of the pack in force by which objections are received, if it has one.
#[must_use]
pub fn procedure(app: &App) -> Option<Procedure> {
    let pack = app.packs().current();
    pack.procedures.values().find(|procedure| registers(procedure)).cloned()
}

/// Files an objection.
///
/// # Errors
/// `notice.unknown`, `product.unknown`; `objection.procedure` when the pack receives none; otherwise as [`open`].
pub async fn file_objection(app: &App, ctx: &Ctx, new: &NewObjection) -> Result<Opened> {
    let procedure = procedure(app).ok_or(Error::NotFound("objection.procedure"))?;
    let mut facts = BTreeMap::new();
    let mut title = procedure.id.clone();
    if let Some(id) = new.notice {
        let notice = notices::notice(app, id).await?;
        title = format!("{title}：{}", notice.title);
        facts.insert(facts::NOTICE.to_owned(), FactValue::Text(id.to_string()));
    }
    if let Some(id) = new.product {
        let record = products::product(app, ctx, id).await?;
        title = format!("{title}：{}", record.product.name);
        facts.insert(facts::PRODUCT.to_owned(), FactValue::Text(id.to_string()));
    }
    let request = OpenRequest {
        title,
        procedure: procedure.id,
        form: new.form.clone(),
        attachments: Vec::new(),
        facts,
    };
    open(app, ctx, &request).await
}

/// Writes anew what the public sees of a case, if it is an objection. Every stage passes here, from filing to answer.
pub(crate) async fn project(
    tx: &mut Tx<'_>,
    ctx: &Context<'_>,
    case: &CaseState,
    record: &CaseRecord,
) -> Result<()> {
    if !ctx.pack.procedures.get(&case.procedure).is_some_and(registers) {
        return Ok(());
    }
    let stored = records::get::<Objection>(tx, case.id.uuid()).await?.map(|found| found.value);
    let subject = match &stored {
        Some(known) => known.subject.clone(),
        None => subject(tx, case).await?,
    };
    let answer = case.opinions.last().map(|opinion| opinion.text.clone());
    let progress = match &case.ended {
        Some(end) if end.granted => Progress::Answered,
        Some(_) => Progress::Closed,
        None if case.effects.contains(&Effect::RecordObjection) => Progress::Registered,
        None => Progress::Received,
    };
    let answered = progress == Progress::Answered;
    let objection = Objection {
        case: case.id,
        number: case.number.clone(),
        subject,
        at: case.opened_at,
        progress,
        due: record.due.filter(|_| case.ended.is_none()),
        answered_at: answered.then_some(record.updated_at),
        answer: answer.filter(|_| answered),
    };
    records::put(tx, &objection, Expected::Any, record.updated_at).await?;
    Ok(())
}

async fn subject(tx: &mut Tx<'_>, case: &CaseState) -> Result<Subject> {
    if case.facts.contains_key(facts::NOTICE) {
        let id = facts::id::<kind::Notice>(&case.facts, facts::NOTICE)?;
        let found = records::get::<Notice>(tx, id.uuid()).await?.ok_or(Error::NotFound("notice.unknown"))?;
        return Ok(Subject::Notice { id, title: found.value.title, operator: found.value.operator });
    }
    if case.facts.contains_key(facts::PRODUCT) {
        let id = facts::id::<kind::Product>(&case.facts, facts::PRODUCT)?;
        let found = records::get::<ProductRecord>(tx, id.uuid()).await?.map(|found| found.value);
        // A draft's name is not the public's business.
        let found = found.filter(|record| record.reference().life != Life::Draft);
        let name = found.ok_or(Error::NotFound("product.unknown"))?.product.name;
        return Ok(Subject::Product { id, name });
    }
    Ok(Subject::Other)
}

/// A page of objections, newest first. Open to everybody.
///
/// # Errors
/// A cursor that is none.
pub async fn objections(
    app: &App,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<Objection>, Option<String>)> {
    let after = after.map(crate::cases::parse_cursor).transpose()?;
    let query = &Query { name: "all", value: "", after, limit, order: Order::Descending };
    let page = app
        .store()
        .read("objection.list", |tx| {
            Box::pin(async move { Ok::<_, Error>(records::list::<Objection>(tx, query).await?) })
        })
        .await?;
    let next = page.next.map(crate::cases::cursor_text);
    Ok((page.items.into_iter().map(|found| found.value).collect(), next))
}

/// The objections to one notice or product, newest first. Open to everybody.
///
/// # Errors
/// Storage faults.
pub async fn about(app: &App, id: &str) -> Result<Vec<Objection>> {
    let mut found = app
        .store()
        .read("objection.about", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(records::all::<Objection>(tx, "about", id, ABOUT_MAX).await?) },
            )
        })
        .await?;
    found.reverse();
    Ok(found.into_iter().map(|found| found.value).collect())
}

/// An objection by its number. Open to everybody.
///
/// # Errors
/// Storage faults.
pub async fn by_number(app: &App, number: &str) -> Result<Option<Objection>> {
    let found = app
        .store()
        .read("objection.by_number", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(records::by_unique::<Objection>(tx, "number", number).await?) },
            )
        })
        .await?;
    Ok(found.map(|found| found.value))
}
