//! What activating a version would do to the running cases: counts and a digest over all of them, lines page by page.
//!
//! All open cases are gone through in pages of one snapshot; those that no transition names are only counted, and at no
//! time is more than a page of them held. The digest covers what activating would do, that is the cases that move or are
//! blocked and how: a case that stays may come and go meanwhile without anybody having to look again.

use std::collections::BTreeMap;

use access::{Action, ResourceRef, Thing};
use base::Digest;
use regulation::case::Event;
use regulation::pack::Pack;
use regulation::pack::tools::{Change, Impact};
use serde::Serialize;
use storage::Tx;
use storage::records::{self, Cursor, Order, Query};

use crate::cases::{self, CaseRecord, Loaded, cursor_text, parse_cursor, would_move};
use crate::{App, Ctx, Error, Result};

pub use regulation::pack::tools::ImpactCounts;

/// Cases looked at in one page of the list.
pub(super) const PAGE: u32 = base::limit::PAGE_ROWS_MAX;

/// What activating would do, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImpactSummary {
    /// Over the cases that move or are blocked: activating demands the one that was looked at.
    pub digest: Digest,
    /// By procedure.
    pub procedures: BTreeMap<String, ImpactCounts>,
    /// Altogether.
    pub total: ImpactCounts,
}

/// Lines of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImpactList {
    /// Cases that move or are blocked.
    pub items: Vec<Impact>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// A case that a version would take along.
pub(super) struct Mover {
    pub(super) loaded: Loaded,
    pub(super) event: Event,
}

pub(super) fn has_transition(pack: &Pack, case: &CaseRecord) -> bool {
    let in_step =
        |steps: &[String]| steps.is_empty() || case.step.as_ref().is_some_and(|step| steps.contains(step));
    case.pack == pack.id
        && pack.transitions.iter().any(|rule| rule.procedure == case.procedure && in_step(&rule.steps))
}

/// One page of open cases after a place.
pub(super) async fn open_cases(
    tx: &mut Tx<'_>,
    after: Option<Cursor>,
    limit: u32,
) -> Result<(Vec<CaseRecord>, Option<Cursor>)> {
    let query = Query { name: cases::OPEN, value: "", after, limit, order: Order::Ascending };
    let page = records::list::<CaseRecord>(tx, &query).await?;
    Ok((page.items.into_iter().map(|item| item.value).collect(), page.next))
}

/// Goes through all open cases. `keep` receives every case that would move.
pub(super) async fn scan(
    app: &App,
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    new: &Pack,
    mut keep: impl FnMut(Mover) + Send,
) -> Result<ImpactSummary> {
    let mut digest = Digest::of(&new.digest.0);
    let mut procedures: BTreeMap<String, ImpactCounts> = BTreeMap::new();
    let mut after = None;
    loop {
        let (cases, next) = open_cases(tx, after, PAGE).await?;
        for case in cases {
            // What runs under it already is neither moved nor left behind.
            if case.digest == Some(new.digest) {
                continue;
            }
            if !has_transition(new, &case) {
                procedures.entry(case.procedure).or_default().stays += 1;
                continue;
            }
            let Some((impact, loaded, event)) = would_move(app, tx, ctx, case.id, new).await? else {
                continue;
            };
            let counts = procedures.entry(case.procedure).or_default();
            match &impact.change {
                Change::Stays => counts.stays += 1,
                Change::Blocked(_) => counts.blocked += 1,
                Change::Moves { .. } => counts.moves += 1,
            }
            if impact.change != Change::Stays {
                let line =
                    base::canonical_json(&impact).map_err(|error| Error::internal("pack.impact", error))?;
                digest = Digest::of(&[digest.0.as_slice(), &line].concat());
            }
            if let Some(event) = event {
                keep(Mover { loaded, event });
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut total = ImpactCounts::default();
    for counts in procedures.values() {
        total.stays += counts.stays;
        total.moves += counts.moves;
        total.blocked += counts.blocked;
    }
    Ok(ImpactSummary { digest, procedures, total })
}

/// What activating a version would do to the running cases, in numbers.
///
/// # Errors
/// `pack.version_unknown`; not allowed.
pub async fn impact(app: &App, ctx: &Ctx, digest: Digest) -> Result<ImpactSummary> {
    app.permit(ctx, Action::PackPropose, ResourceRef::new(Thing::Pack, digest))?;
    let new = app.packs().known(digest).ok_or(Error::NotFound("pack.version_unknown"))?;
    let new = &new;
    app.store().read("pack.impact", |tx| Box::pin(async move { scan(app, tx, ctx, new, |_| {}).await })).await
}

/// The cases that move or are blocked, page by page.
///
/// # Errors
/// `pack.version_unknown`; a place that is none; not allowed.
pub async fn impact_page(app: &App, ctx: &Ctx, digest: Digest, after: Option<&str>) -> Result<ImpactList> {
    app.permit(ctx, Action::PackPropose, ResourceRef::new(Thing::Pack, digest))?;
    let new = app.packs().known(digest).ok_or(Error::NotFound("pack.version_unknown"))?;
    let (new, start) = (&new, after.map(parse_cursor).transpose()?);
    app.store()
        .read("pack.impact_page", |tx| {
            Box::pin(async move {
                let (mut items, mut after) = (Vec::new(), start);
                loop {
                    let (cases, next) = open_cases(tx, after, PAGE).await?;
                    for case in cases.iter().filter(|case| has_transition(new, case)) {
                        let found = would_move(app, tx, ctx, case.id, new).await?;
                        let affected = found.filter(|(impact, ..)| impact.change != Change::Stays);
                        items.extend(affected.map(|(impact, ..)| impact));
                    }
                    // A page that found nothing is no page; one that found much is not cut.
                    if next.is_none() || items.len() >= PAGE as usize {
                        let next = next.map(cursor_text);
                        return Ok(ImpactList { items, next });
                    }
                    after = next;
                }
            })
        })
        .await
}
