//! Projections of cases are made again when what they are counted with has changed: a new notice of holidays moves due
//! days and the days on which clocks ring, and a new release may keep other lists.

use base::limit::PAGE_ROWS_MAX;
use base::{Id, Timestamp, kind};
use storage::records::{self, Order, Query};
use storage::{Tx, settings};

use super::{CaseRecord, context, load, project, record};
use crate::{App, Error, Result};

/// What the projections were counted with.
const COUNTED: &str = "cases/counted";
/// One more whenever [`CaseRecord`] or its keys say something else of the same state.
const PROJECTION: u32 = 1;
/// Cases made again in one transaction.
const BATCH: usize = 50;

/// Makes every projection again if the calendar or the release is another one than the last time.
///
/// # Errors
/// Storage faults; what was not reached is made the next time.
pub(super) async fn recount(app: &App, now: Timestamp) -> Result<()> {
    let wanted = &format!("{PROJECTION}/{}", app.packs().calendar_digest());
    let counted = app
        .store()
        .read("case.counted", |tx| {
            Box::pin(async move { Ok::<_, Error>(settings::get::<String>(tx, COUNTED).await?) })
        })
        .await?;
    if counted.as_ref() == Some(wanted) {
        return Ok(());
    }
    // Pack by pack: each is read once, whatever number of them there is.
    let mut all = every(app).await?;
    all.sort_unstable();
    for batch in all.chunks(BATCH) {
        app.store()
            .system("case.recount", |tx| {
                Box::pin(async move {
                    for (_, _, id) in batch {
                        again(app, tx, *id, now).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
    }
    app.store()
        .system("case.counted", |tx| {
            Box::pin(async move { Ok::<_, Error>(settings::put(tx, COUNTED, wanted, now).await?) })
        })
        .await
}

/// Every case, with its pack and when it was opened.
async fn every(app: &App) -> Result<Vec<(String, Timestamp, Id<kind::Case>)>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let query = &Query { name: "all", value: "", after, limit: PAGE_ROWS_MAX, order: Order::Ascending };
        let page = app
            .store()
            .read("case.every", |tx| {
                Box::pin(async move { Ok::<_, Error>(records::list::<CaseRecord>(tx, query).await?) })
            })
            .await?;
        let line = |case: CaseRecord| (case.pack, case.opened_at, case.id);
        all.extend(page.items.into_iter().map(|case| line(case.value)));
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// One case. What cannot be read is left as it is and logged; that must not keep the others from it.
async fn again(app: &App, tx: &mut Tx<'_>, id: Id<kind::Case>, now: Timestamp) -> Result<()> {
    let made = async {
        let updated_at = record(tx, id).await?.updated_at;
        let state = load(tx, id).await?.state;
        let pack = app.packs().version(&state.pack)?;
        project(tx, &context(app, &pack, now), &state, updated_at).await
    };
    match made.await {
        // The transaction is over: the engine said no.
        Err(error) if error.code().starts_with("storage.") => Err(error),
        Err(error) => {
            tracing::error!(error.code = error.code(), error = ?error, case.id = %id, "a case cannot be counted again");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
