//! Papers (文书): what the pack wants written on an occasion of a case, kept as PDF the way it was issued, and what those who
//! may read a case print of it.
//!
//! A paper tells of the case as it was right after the occasion, whenever the job comes to write it: the same events give
//! the same bytes. It is written once; a second attempt finds it there.

mod print;

use std::collections::{BTreeMap, BTreeSet};

use access::{Action, ResourceRef, Thing};
use base::{Date, Digest, Id, Timestamp, kind};
use documents::{Actual, Data, Datum, DocumentError, Lang, Rendered, Stamp};
use regulation::case::{CaseState, Event, EventBody, FormValue, clocks, fold, occasions};
use regulation::pack::{Document, OccasionEvent, Pack, Signer, UnitCode, document_number, document_series};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, objects as rows, settings};

use crate::cases::{self, AttachmentBytes};
use crate::identity::Unit;
use crate::journal::Note;
use crate::keys::PLATFORM;
use crate::resources::{self, Wanted};
use crate::tenants::{Certificate, Tenant};
use crate::{App, Ctx, Error, Result, jobs, objects};

pub(crate) use print::turn;
pub use print::{blank_form, print_document, print_form, printable};

/// The service that writes papers.
const SERVICE: &str = "case.paper";
/// Papers listed of one case.
const LISTED_MAX: usize = 500;
/// Variables that only the certificate of destruction can fill.
const SCANNED: &str = "检查对象数";
const READABLE: &str = "可读对象数";
const ORDER_RECORD: &str = "销毁记录号";
/// Variables for the last day of the clock that runs after the occasion.
const CORRECTION: &str = "补正期限";
const RECTIFICATION: &str = "整改期限";
const OBJECTIONS: &str = "公示截止";

/// A paper as it was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// The sealed file.
    pub id: Id<kind::Object>,
    /// The case.
    pub case: Id<kind::Case>,
    /// Its number (发文字号), where the pack numbers such papers.
    #[serde(default)]
    pub number: Option<String>,
    /// The document's name in the pack.
    pub document: String,
    /// Its English name.
    pub en: String,
    /// The case's version it tells of.
    pub version: u64,
    /// The day printed on it.
    pub on: Date,
    /// Who issued it.
    pub issuer: String,
    /// Pages.
    pub pages: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Digest of the file.
    pub digest: Digest,
    /// Variables that ought to be known and printed as blank lines: name, English name.
    pub blanks: Vec<(String, String)>,
    /// Basis.
    pub clauses: Vec<String>,
}

impl Paper {
    /// The file's name.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{} {}.pdf", self.document, self.on)
    }
}

impl Record for Paper {
    const KIND: &'static str = "paper";
    fn id(&self) -> uuid::Uuid {
        self.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("case", self.case, i64::try_from(self.version).unwrap_or(i64::MAX))]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("paper", place(self.case, self.version, &self.document))]
    }
}

/// A paper has one place in the world: a document, at a version of a case.
fn place(case: Id<kind::Case>, version: u64, document: &str) -> String {
    format!("{case}/{version}/{document}")
}

/// Papers to be written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PaperOrder {
    case: Id<kind::Case>,
    version: u64,
    documents: Vec<String>,
}

/// Orders the papers that the pack wants for what just happened; in the transaction in which it happened.
pub(crate) async fn order(
    tx: &mut Tx<'_>,
    pack: &Pack,
    state: &CaseState,
    new: &[Event],
    now: Timestamp,
) -> Result<()> {
    let found = occasions(new);
    let wanted = documents_of(pack, state, &found).filter(|document| !wants_certificate(document));
    push(tx, state, wanted.map(|document| document.id.clone()).collect(), now).await
}

/// Orders the papers that had to wait for the certificate of destruction; in the transaction that issues it.
pub(crate) async fn certified(
    app: &App,
    tx: &mut Tx<'_>,
    case: Id<kind::Case>,
    now: Timestamp,
) -> Result<()> {
    let loaded = match cases::load(tx, case).await {
        // Whatever ordered it, the certificate stands; without a case there is nobody to write to.
        Err(Error::NotFound(_)) => return Ok(()),
        loaded => loaded?,
    };
    let pack = app.packs().version(&loaded.state.pack)?;
    let found = occasions(&loaded.events);
    let wanted = documents_of(&pack, &loaded.state, &found).filter(|document| wants_certificate(document));
    push(tx, &loaded.state, wanted.map(|document| document.id.clone()).collect(), now).await
}

async fn push(tx: &mut Tx<'_>, state: &CaseState, documents: BTreeSet<String>, now: Timestamp) -> Result<()> {
    if documents.is_empty() {
        return Ok(());
    }
    let order =
        PaperOrder { case: state.id, version: state.version, documents: documents.into_iter().collect() };
    // What had to wait for the certificate may be ordered at the same version as the rest.
    let key = format!("{}/{}/{}", order.case, order.version, order.documents.join("+"));
    jobs::push(tx, jobs::WRITE_PAPERS, key, now, &order).await
}

fn documents_of<'a>(
    pack: &'a Pack,
    state: &'a CaseState,
    found: &'a [OccasionEvent],
) -> impl Iterator<Item = &'a Document> {
    found.iter().flat_map(|event| pack.documents_for(&state.procedure, event))
}

fn wants_certificate(document: &Document) -> bool {
    document.variables.iter().any(|variable| variable.from == SCANNED)
}

/// Writes what was ordered and is not there yet.
pub(crate) async fn write(app: &App, order: PaperOrder) -> Result<()> {
    let of = &order;
    let (drawn, missing) = app
        .store()
        .read("paper.read", |tx| {
            Box::pin(async move {
                let mut missing = Vec::new();
                for document in &of.documents {
                    let place = place(of.case, of.version, document);
                    if records::by_unique::<Paper>(tx, "paper", &place).await?.is_none() {
                        missing.push(document.clone());
                    }
                }
                let mut events = cases::load(tx, of.case).await?.events;
                events.truncate(usize::try_from(of.version).unwrap_or(usize::MAX));
                Ok::<_, Error>((drawn(app, tx, &events).await?, missing))
            })
        })
        .await?;
    // One that cannot be written must not keep the others from it.
    let mut failed = None;
    for name in missing {
        if let Err(error) = write_one(app, &drawn, name).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn write_one(app: &App, drawn: &Drawn, name: String) -> Result<()> {
    let document = drawn.pack.documents.get(&name).cloned();
    let document = document.ok_or_else(|| Error::internal("paper.document", name))?;
    let mut data = drawn.data(&document);
    let number = take_number(app, drawn, &document).await?;
    data.stamp.paper_number = number.clone().unwrap_or_default();
    let (document, data, printed) = typeset(document, data, Lang::Zh).await?;
    if !printed.missing.is_empty() {
        tracing::warn!(case.id = %drawn.state.id, document = %document.id, characters = ?printed.missing, "characters the font lacks");
    }
    keep(app, drawn, (&document, number), &data, printed).await
}

/// The number of a paper, counted on in its series; whoever asks again for the same paper is given the same one.
async fn take_number(app: &App, drawn: &Drawn, document: &Document) -> Result<Option<String>> {
    let (signer, year, now) = (drawn.signer(&document.id), drawn.actual.stamp.on.year(), app.now());
    let (pack, name) = (&*drawn.pack, document.id.as_str());
    let Some(series) = document_series(pack, name, signer, year) else { return Ok(None) };
    let taken = &format!("paper/number/{}", place(drawn.state.id, drawn.state.version, name));
    let last = &format!("paper/series/{series}");
    app.store()
        .system("paper.number", |tx| {
            Box::pin(async move {
                if let Some(known) = settings::get::<String>(tx, taken).await? {
                    return Ok(Some(known));
                }
                let next = settings::get::<u32>(tx, last).await?.unwrap_or(0) + 1;
                let Some(number) = document_number(pack, name, signer, year, next) else { return Ok(None) };
                settings::put(tx, last, &next, now).await?;
                settings::put(tx, taken, &number, now).await?;
                Ok::<_, Error>(Some(number))
            })
        })
        .await
}

async fn typeset(document: Document, data: Data, lang: Lang) -> Result<(Document, Data, Rendered)> {
    let work = move || documents::render(&document, &data, lang).map(|printed| (document, data, printed));
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Error::internal("document.engine", error))??)
}

/// Seals a paper and registers it. Another attempt that was faster wins.
async fn keep(
    app: &App,
    drawn: &Drawn,
    (document, number): (&Document, Option<String>),
    data: &Data,
    printed: Rendered,
) -> Result<()> {
    let (state, now) = (&drawn.state, app.now());
    let (pages, bytes) = (printed.pages as u64, printed.pdf.len() as u64);
    let staged = objects::stage(app, PLATFORM, "paper", printed.pdf, now).await?;
    let blanks = documents::missing(document, data).map(|one| (one.name.clone(), one.en.clone()));
    let paper = &Paper {
        id: staged.row.id,
        case: state.id,
        number,
        document: document.id.clone(),
        en: document.en.clone(),
        version: state.version,
        on: drawn.actual.stamp.on,
        issuer: drawn.actual.stamp.issuer.clone(),
        pages,
        bytes,
        digest: staged.plain_digest,
        blanks: blanks.collect(),
        clauses: document.clauses.clone(),
    };
    let permit =
        &app.permit(&Ctx::service(SERVICE, now), Action::CasePaper, ResourceRef::new(Thing::Case, state.id))?;
    let row = &staged.row;
    let kept = app
        .store()
        .transact(permit, "paper.keep", |tx| {
            Box::pin(async move {
                rows::put(tx, row).await?;
                records::put(tx, paper, Expected::New, now).await?;
                let subject = format!("case/{}", paper.case);
                let note = Note { subject, tenant: None, clauses: &paper.clauses, payload: paper };
                app.record(tx, permit, now, note).await
            })
        })
        .await;
    app.committed();
    match kept {
        Ok(_) => Ok(()),
        Err(error) => {
            objects::discard(app, paper.id).await;
            if matches!(error, Error::Conflict(_)) { Ok(()) } else { Err(error) }
        }
    }
}

/// A case as its papers tell of it.
#[derive(Debug)]
struct Drawn {
    pack: std::sync::Arc<Pack>,
    state: CaseState,
    /// The unit that speaks.
    unit: UnitCode,
    actual: Actual,
}

impl Drawn {
    /// The speaking unit in the role of the step it acted in last; of joint roles the one whose papers have a mark. A unit
    /// that has a mark in one of its roles uses it in the others too.
    fn signer(&self, document: &str) -> Signer<'_> {
        let unit = self.unit.as_str();
        let act = self.state.acts.iter().rfind(|act| !act.sealed && act.by.unit == self.unit);
        let procedure = self.pack.procedures.get(&self.state.procedure);
        let mut steps = procedure.into_iter().flat_map(|procedure| &procedure.steps);
        let step = steps.find(|step| act.is_some_and(|act| act.step == step.id));
        let roles = step.into_iter().flat_map(|step| std::iter::once(&step.role).chain(&step.joint));
        let year = self.actual.stamp.on.year();
        let marked = |signer: &Signer<'_>| document_series(&self.pack, document, *signer, year).is_some();
        let others = self.pack.roles.iter().filter(|(_, role)| role.units.contains(&self.unit));
        let mut signers = roles.chain(others.map(|(id, _)| id)).map(|role| Signer { unit, role });
        signers.find(marked).unwrap_or(Signer { unit, role: "" })
    }

    fn data(&self, document: &Document) -> Data {
        documents::of_case(document, &self.pack, &self.state, &self.actual)
    }
}

/// A case as its events up to some version tell it.
async fn drawn(app: &App, tx: &mut Tx<'_>, events: &[Event]) -> Result<Drawn> {
    let state = fold(events).ok_or(Error::NotFound("case.unknown"))?;
    let last = events.last().ok_or(Error::NotFound("case.unknown"))?;
    let pack = app.packs().version(&state.pack)?;
    let procedure = pack.procedures.get(&state.procedure);
    let (unit, issuer) = issuer(&state, events);
    let stamp = Stamp {
        number: state.number.clone(),
        paper_number: String::new(),
        issuer,
        procedure: procedure.map(|procedure| procedure.id.clone()).unwrap_or_default(),
        on: last.on,
        at: last.at,
        verification: None,
    };
    let mut more = last_days(app, &pack, &state, last);
    if let Some(tenant) = cases::facts::tenant(&state.facts)
        && let Some(tenant) = records::get::<Tenant>(tx, tenant.uuid()).await?
        && let Some(certificate) = tenant.value.certificate.filter(|certificate| certificate.case == state.id)
    {
        more.extend(scanned(&certificate));
    }
    let names = names(tx, &state).await?;
    Ok(Drawn { pack, state, unit, actual: Actual { stamp, names, more } })
}

/// Who speaks, code and name: the unit that acted last; before anybody else has, the one that opened the case.
fn issuer(state: &CaseState, events: &[Event]) -> (UnitCode, String) {
    let said = events.iter().rev().find_map(|event| match (&event.body, &event.actor) {
        (EventBody::Supplemented { .. }, _) | (_, None) => None,
        (_, Some(actor)) => Some(actor),
    });
    let actor = said.unwrap_or(&state.opener);
    (actor.unit.clone(), actor.unit_name.clone())
}

/// The last day of the clock that runs after the occasion, under the names that papers use for it.
fn last_days(app: &App, pack: &Pack, state: &CaseState, last: &Event) -> BTreeMap<String, Datum> {
    let clocks = clocks(state, &cases::context(app, pack, last.at));
    let running = || clocks.iter().filter(|clock| clock.done_on.is_none());
    let correction = running().filter(|clock| clock.correction).filter_map(|clock| clock.due).max();
    let step = running().filter(|clock| !clock.correction).filter_map(|clock| clock.due).max();
    let said = [(CORRECTION, correction), (RECTIFICATION, step), (OBJECTIONS, step)];
    said.into_iter().filter_map(|(name, due)| Some((name.to_owned(), Datum::Date(due?)))).collect()
}

fn scanned(certificate: &Certificate) -> [(String, Datum); 3] {
    let number = |count: u64| Datum::Number(i64::try_from(count).unwrap_or(i64::MAX));
    [
        (SCANNED.to_owned(), number(certificate.scanned)),
        (READABLE.to_owned(), number(certificate.readable)),
        (ORDER_RECORD.to_owned(), Datum::Text(certificate.journal_seq.to_string())),
    ]
}

/// What the codes of units and resources in a case are called.
async fn names(tx: &mut Tx<'_>, state: &CaseState) -> Result<BTreeMap<String, String>> {
    let units = records::all::<Unit>(tx, "all", "", records::ALL_MAX).await?;
    let mut names: BTreeMap<String, String> =
        units.into_iter().map(|unit| (unit.value.code, unit.value.name)).collect();
    let lists = state.forms.values().flat_map(|form| form.values());
    let items = lists.flat_map(|value| match value {
        FormValue::List(items) => items.as_slice(),
        FormValue::Text(_) => &[],
    });
    let wanted: BTreeSet<String> = items.map(|item| Wanted::parse(item).code).collect();
    for code in wanted {
        if !names.contains_key(&code)
            && let Some(entry) = resources::by_code(tx, &code).await?
        {
            names.insert(code, entry.resource.name_zh);
        }
    }
    Ok(names)
}

/// The papers of a case that this person may read, newest first.
///
/// # Errors
/// `case.unknown` when there is none or this person may not see it.
pub async fn papers(app: &App, ctx: &Ctx, case: Id<kind::Case>) -> Result<Vec<Paper>> {
    let (known, mut found) = app
        .store()
        .read("paper.list", |tx| {
            Box::pin(async move {
                let record = cases::record(tx, case).await?;
                let found = records::all::<Paper>(tx, "case", &case.to_string(), LISTED_MAX).await?;
                Ok::<_, Error>((cases::resource(tx, &record).await?, found))
            })
        })
        .await?;
    if app.permit(ctx, Action::CaseView, known).is_err() {
        // Who reads the case by its law alone takes no part in it: its papers are written to others.
        return cases::readable(app, ctx, case).await.map(|_| Vec::new());
    }
    found.reverse();
    Ok(found.into_iter().map(|paper| paper.value).collect())
}

/// A paper as it was issued; the reading is recorded.
///
/// # Errors
/// `case.unknown` when this person may not see the case, `paper.unknown` when it has no such paper.
pub async fn paper(
    app: &App,
    ctx: &Ctx,
    case: Id<kind::Case>,
    id: Id<kind::Object>,
) -> Result<AttachmentBytes> {
    let (known, paper) = app
        .store()
        .read("paper.find", |tx| {
            Box::pin(async move {
                let record = cases::record(tx, case).await?;
                let paper =
                    records::get::<Paper>(tx, id.uuid()).await?.filter(|paper| paper.value.case == case);
                let paper = paper.ok_or(Error::NotFound("paper.unknown"))?;
                Ok::<_, Error>((cases::resource(tx, &record).await?, paper.value))
            })
        })
        .await?;
    cases::deliver(app, ctx, known, (case, id), paper.file_name()).await
}

impl From<DocumentError> for Error {
    fn from(error: DocumentError) -> Self {
        let code = error.code();
        match error {
            DocumentError::TooMuchData { .. } | DocumentError::TooLong { .. } => Self::Limited(code),
            other => Self::internal(code, other),
        }
    }
}
