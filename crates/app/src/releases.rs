//! The release ledger: what is to leave is set against everything that left before, of whichever operator and through
//! whichever channel.
//!
//! Its books are held by a zone of the platform's own, which has no raw data ([`ZoneKind::Ledger`]); its pages are sealed
//! objects under the platform's key, so that they stay when a tenant is destroyed. One page is one release. Nobody but
//! this module talks to the zone, one question at a time: what is judged must be what the pages say.

use access::Permit;
use base::{Id, kind};
use privacy::disclosure::Thresholds;
use secure_domain::protocol::{AppendOrder, AssessOrder, LedgerAnswer, ObjectRef, Secret, ZoneKey, ZoneKind};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, objects as rows};

use crate::journal::Note;
use crate::keys::PLATFORM;
use crate::zones::{self, Fresh, Zone};
use crate::{App, Error, Result, objects};

/// Times a zone that read other pages than the store has is started anew.
const STALE_MAX: u32 = 3;

/// One page of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LedgerPage {
    object: Id<kind::Object>,
    /// Its place, from 0.
    number: u64,
    /// What it writes down.
    release: String,
}

impl Record for LedgerPage {
    const KIND: &'static str = "ledger_page";
    fn id(&self) -> uuid::Uuid {
        self.object.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("all", "", i64::try_from(self.number).unwrap_or(i64::MAX))]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("number", self.number.to_string()), ("release", self.release.clone())]
    }
}

/// The pages in order, with the keys that open them.
pub(crate) async fn pages(app: &App, tx: &mut Tx<'_>) -> Result<(Vec<ObjectRef>, Vec<ZoneKey>)> {
    let mut pages = Vec::new();
    let mut keys = Vec::new();
    for page in records::all::<LedgerPage>(tx, "all", "", records::ALL_MAX).await? {
        let key = zones::key_of(app, tx, PLATFORM, page.value.object).await?;
        pages.push(ObjectRef { object: page.value.object, key: key.name.clone() });
        keys.push(key);
    }
    Ok((pages, keys))
}

/// The key by which entities are told apart in the ledger, the same for all tenants.
pub(crate) async fn entity_key(app: &App) -> Result<Secret> {
    platform_key(app, "entities").await
}

/// A key of the installation for one purpose that all tenants share.
pub(crate) async fn platform_key(app: &App, purpose: &'static str) -> Result<Secret> {
    let key = app
        .store()
        .read("platform.key", |tx| Box::pin(async move { app.keys().derived(tx, PLATFORM, purpose).await }))
        .await?;
    Ok(Secret::new(key.to_bytes()))
}

/// Who stands behind some cells: the sealed object with its key, under a name that nobody else uses.
pub(crate) struct Cells {
    /// The object.
    pub(crate) object: Id<kind::Object>,
    /// Its key.
    pub(crate) key: ZoneKey,
}

/// What is asked about a release.
pub(crate) struct Question<'a> {
    /// Its name: a run, or an export.
    pub(crate) release: String,
    /// Who stands behind it.
    pub(crate) cells: Cells,
    /// What it is held to.
    pub(crate) thresholds: Thresholds,
    /// What permits it.
    pub(crate) permit: &'a Permit,
}

/// May these cells leave, beside all that left before?
///
/// # Errors
/// `zone.start`, or what the zone says.
pub(crate) async fn assess(app: &App, question: Question<'_>) -> Result<LedgerAnswer> {
    let _alone = app.ledger_turn().lock().await;
    let Question { release, cells, thresholds, permit } = question;
    let lent = cells.key.name.clone();
    let cells_ref = ObjectRef { object: cells.object, key: lent.clone() };
    let mut tries = 0;
    loop {
        let (zone, pages) = zone(app).await?;
        zone.add_keys(vec![cells.key.clone()]).await?;
        let order = AssessOrder { release: release.clone(), cells: cells_ref.clone(), pages, thresholds };
        let answer = zone.assess(permit, order).await;
        zone.forget_keys(vec![lent.clone()]).await?;
        match answer {
            Err(error) if is_stale(&error) && tries < STALE_MAX => tries += 1,
            answer => return Ok(answer?),
        }
        zones::restart(app, PLATFORM, ZoneKind::Ledger).await?;
    }
}

/// Cells leave: they are judged once more and written down, or the answer says that they stay; then what was asked for is
/// written down. Safe to ask again: nothing is written down twice.
///
/// # Errors
/// As [`assess`].
pub(crate) async fn append(
    app: &App,
    question: Question<'_>,
    operator: &str,
    channel: &str,
) -> Result<LedgerAnswer> {
    let _alone = app.ledger_turn().lock().await;
    let Question { release, cells, thresholds, permit } = question;
    let lent = cells.key.name.clone();
    let mut tries = 0;
    loop {
        let (zone, pages) = zone(app).await?;
        let page = Fresh::new(app, PLATFORM, app.now()).await?;
        zone.add_keys(vec![cells.key.clone(), page.key.clone()]).await?;
        let assess = AssessOrder {
            release: release.clone(),
            cells: ObjectRef { object: cells.object, key: lent.clone() },
            pages,
            thresholds,
        };
        let order = AppendOrder {
            assess,
            operator: operator.to_owned(),
            channel: channel.to_owned(),
            page: page.reference(),
        };
        let answer = zone.append(permit, order).await;
        zone.forget_keys(vec![lent.clone(), page.key.name.clone()]).await?;
        let answer = match answer {
            Err(error) if is_stale(&error) && tries < STALE_MAX => {
                tries += 1;
                zones::restart(app, PLATFORM, ZoneKind::Ledger).await?;
                continue;
            }
            answer => answer?,
        };
        if let Some(written) = &answer.written {
            let row = objects::written(app, PLATFORM, "ledger_page", written, &page.wrapped, app.now());
            let release = answer.page_of(&release);
            let written_down = LedgerPage { object: page.object, number: pages, release };
            let kept = keep(app, permit, &row, written_down).await;
            if let Err(error) = kept {
                // The zone believes in a page that nobody knows.
                objects::discard(app, page.object).await;
                zones::restart(app, PLATFORM, ZoneKind::Ledger).await?;
                return Err(error);
            }
        }
        return Ok(answer);
    }
}

/// The zone, and how many pages the store has.
async fn zone(app: &App) -> Result<(Zone, u64)> {
    let zone = zones::zone(app, PLATFORM, ZoneKind::Ledger).await?;
    let pages = app
        .store()
        .read("ledger.pages", |tx| {
            Box::pin(async move {
                Ok::<_, Error>(records::all::<LedgerPage>(tx, "all", "", records::ALL_MAX).await?.len())
            })
        })
        .await?;
    Ok((zone, u64::try_from(pages).unwrap_or(u64::MAX)))
}

fn is_stale(error: &secure_domain::Error) -> bool {
    error.code() == "domain.order_mismatch" && error.subject() == "ledger_pages"
}

async fn keep(app: &App, permit: &Permit, row: &rows::Object, page: LedgerPage) -> Result<()> {
    let (now, page) = (row.created, &page);
    app.store()
        .transact(permit, "ledger.page", |tx| {
            Box::pin(async move {
                rows::put(tx, row).await?;
                records::put(tx, page, Expected::New, now).await?;
                let subject = format!("ledger_page/{}", page.object);
                app.record(tx, permit, now, Note { subject, tenant: None, clauses: &[], payload: page }).await
            })
        })
        .await?;
    app.committed();
    Ok(())
}
