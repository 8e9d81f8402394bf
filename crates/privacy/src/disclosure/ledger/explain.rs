//! What a reviewer is told: verdicts, reasons and the earlier releases they come from. No number of entities below the
//! threshold and no value appears.

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::measure::{Outcome, Snapshot};
use super::neighbour::{Near, Neighbours, Place};
use super::rank::Finding;
use super::record::{Candidate, Cell, Protection};
use super::{ReleaseLedger, combination};
use crate::disclosure::{Bucket, bucket};

/// Limit: earlier releases named for one reason.
const EARLIER_MAX: usize = 8;

/// May it leave? Later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it is.
    Allow,
    /// With noise only: nothing is known to be exposed, but it was not proved.
    Perturb,
    /// Not at all: with what left before, it exposes the few.
    Refuse,
}

/// The verdict on a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Id of the release.
    pub release: String,
    /// The worst of its cells.
    pub verdict: Verdict,
    /// In the order of the candidate's cells.
    pub cells: Vec<CellAssessment>,
}

/// The verdict on one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellAssessment {
    /// The worst of its reasons; allowed without any.
    pub verdict: Verdict,
    /// Why it may not leave as it is.
    pub reasons: Vec<Reason>,
}

/// Why a cell may not leave as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which rule.
    pub kind: ReasonKind,
    /// Releases it takes part with. *Limits*: eight; a release that is part of the candidate itself has its id.
    pub earlier: Vec<Earlier>,
    /// Entities about which too much would be told.
    pub about: Bucket,
}

/// An earlier release and what it shares with the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its id.
    pub release: String,
    /// Entities in both, relative to the threshold.
    pub shared: Bucket,
}

/// The rules of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// The cell speaks about fewer entities than the threshold.
    Few,
    /// A released cell of the same measure differs by fewer entities than the threshold.
    Neighbour,
    /// Released cells of the same measure, added and subtracted, leave fewer entities than the threshold.
    Combination,
    /// Whether released cells expose the few could not be decided.
    Unclear,
    /// A released cell of another measure differs by fewer entities than the threshold.
    OtherMeasure,
    /// With cells of an earlier snapshot it tells how the values of few entities changed.
    Change,
    /// Whether it tells how the values of few entities changed could not be decided.
    ChangeUnclear,
    /// What changed since the last snapshot released was not declared.
    ChangesUndeclared,
    /// A newer snapshot was released before.
    OlderSnapshot,
    /// As much has been told about some of its entities as may be ([`super::Told`]).
    Exhausted,
    /// So much has been told about some of its entities that no more exact numbers may leave.
    Told,
}

impl ReasonKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Few,
        Self::Neighbour,
        Self::Combination,
        Self::Unclear,
        Self::OtherMeasure,
        Self::Change,
        Self::ChangeUnclear,
        Self::ChangesUndeclared,
        Self::OlderSnapshot,
        Self::Exhausted,
        Self::Told,
    ];

    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Few => "ledger.few",
            Self::Neighbour => "ledger.neighbour",
            Self::Combination => "ledger.combination",
            Self::Unclear => "ledger.unclear",
            Self::OtherMeasure => "ledger.other_measure",
            Self::Change => "ledger.change",
            Self::ChangeUnclear => "ledger.change_unclear",
            Self::ChangesUndeclared => "ledger.changes_undeclared",
            Self::OlderSnapshot => "ledger.older_snapshot",
            Self::Exhausted => "ledger.exhausted",
            Self::Told => "ledger.told",
        }
    }

    /// What follows from it.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Few | Self::Neighbour | Self::Combination | Self::Change | Self::Exhausted => {
                Verdict::Refuse
            }
            Self::Unclear
            | Self::OtherMeasure
            | Self::ChangeUnclear
            | Self::ChangesUndeclared
            | Self::OlderSnapshot
            | Self::Told => Verdict::Perturb,
        }
    }
}

impl Assessment {
    pub(super) fn of(candidate: &Candidate, cells: Vec<CellAssessment>) -> Self {
        let verdict = cells.iter().map(|cell| cell.verdict).max().unwrap_or(Verdict::Allow);
        Self { release: candidate.release.clone(), verdict, cells }
    }
}

/// The release under assessment: its id and those of its cells that may leave, as far as judged.
pub(super) struct Own<'a> {
    pub(super) release: &'a str,
    pub(super) cells: Neighbours,
}

/// Puts the reasons for a cell together.
pub(super) fn judge(
    ledger: &ReleaseLedger,
    own: &Own<'_>,
    cell: &Cell,
    outcome: &Outcome,
    threshold: u32,
) -> CellAssessment {
    let set = &cell.contributors;
    let sources = [&ledger.neighbours, &own.cells];
    let near: Vec<Near> = match cell.protection {
        Protection::Exact => {
            sources.iter().flat_map(|source| source.near(set, cell.rows, threshold)).collect()
        }
        Protection::Perturbed => Vec::new(),
    };
    let named = |places: Vec<(Place, u64)>| name(ledger, own.release, places, threshold);
    let mut reasons = Vec::new();
    let mut add = |kind, earlier, about| reasons.push(Reason { kind, earlier, about });
    if outcome.few {
        add(ReasonKind::Few, Vec::new(), Bucket::Below);
    }
    let (same, other): (Vec<&Near>, Vec<&Near>) =
        near.iter().partition(|near| near.place.measure == cell.measure);
    let moved = outcome.snapshot != Snapshot::Clear;
    match &outcome.values {
        Finding::Exposed(_) if outcome.few && same.is_empty() => {}
        // Noise whether or not somebody came or went since: a cell that is missing would tell that somebody did.
        Finding::Exposed(_) if moved => {}
        Finding::Exposed(few) => {
            let combined = combination::search(&sources, cell.measure, set, few);
            let (kind, places) = if same.is_empty() {
                (ReasonKind::Combination, combined)
            } else {
                (ReasonKind::Neighbour, with_shared(&same, set))
            };
            add(kind, named(places), Bucket::Below);
        }
        Finding::Unclear => {
            let places = combination::overlapping(&sources, cell.measure, set, EARLIER_MAX);
            add(ReasonKind::Unclear, named(places), Bucket::None);
        }
        Finding::Known | Finding::Safe if cell.rows && !moved && !same.is_empty() => {
            add(ReasonKind::Neighbour, named(with_shared(&same, set)), Bucket::Below);
        }
        Finding::Known | Finding::Safe => {}
    }
    if !other.is_empty() && !outcome.few {
        add(ReasonKind::OtherMeasure, named(with_shared(&other, set)), Bucket::Below);
    }
    match outcome.changes {
        Finding::Exposed(_) => add(ReasonKind::Change, Vec::new(), Bucket::Below),
        Finding::Unclear => add(ReasonKind::ChangeUnclear, Vec::new(), Bucket::None),
        Finding::Known | Finding::Safe => {}
    }
    match outcome.snapshot {
        Snapshot::Undeclared => add(ReasonKind::ChangesUndeclared, Vec::new(), Bucket::None),
        Snapshot::Older => add(ReasonKind::OlderSnapshot, Vec::new(), Bucket::None),
        Snapshot::Clear => {}
    }
    let verdict = reasons.iter().map(|reason| reason.kind.verdict()).max().unwrap_or(Verdict::Allow);
    CellAssessment { verdict, reasons }
}

/// Two sets that are apart by few share nearly all.
fn with_shared(near: &[&Near], set: &RoaringBitmap) -> Vec<(Place, u64)> {
    near.iter().map(|near| (near.place, set.len().saturating_sub(near.apart))).collect()
}

/// Names releases, each once, in the order of their leaving.
fn name(
    ledger: &ReleaseLedger,
    release: &str,
    mut places: Vec<(Place, u64)>,
    threshold: u32,
) -> Vec<Earlier> {
    places.sort_by_key(|(place, shared)| (place.release, std::cmp::Reverse(*shared)));
    places.dedup_by_key(|(place, _)| place.release);
    let named = places.into_iter().take(EARLIER_MAX).map(|(place, shared)| Earlier {
        release: ledger.releases.get(place.release).map_or(release, String::as_str).to_owned(),
        shared: bucket(shared, threshold),
    });
    named.collect()
}
