//! What disclosure control found, in the words of who reads it.

use app::exports;
use app::privacy::disclosure::ledger::{ReasonKind, Verdict};
use app::privacy::disclosure::{self, Bucket};
use app::runs::Run;
use base::kind;

use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::parts::Link;
use crate::html::pages::runs::{DisclosureCheck, DisclosureReport, Overlap, OverlapRelease};

/// Parts per million in one per cent.
const PPM_OF_PERCENT: u32 = 10_000;

/// What the operator's people are told instead of the report.
pub(super) fn kept(visit: &Visit, run: &Run) -> String {
    let entities = run.thresholds.min_entities.to_string();
    let share = run.thresholds.max_dominance_ppm.div_ceil(PPM_OF_PERCENT).to_string();
    visit.text_with("report-kept", &[("count", &entities), ("share", &share)])
}

/// What disclosure control found, check by check.
pub(super) fn report(
    visit: &Visit,
    found: &disclosure::DisclosureReport,
    clauses: &[String],
) -> DisclosureReport {
    let pack = visit.app.packs().current();
    let labels: Vec<&str> = clauses
        .iter()
        .map(|id| pack.clauses.get(id).map_or(id.as_str(), |clause| clause.label.as_str()))
        .collect();
    let mut said: Vec<&str> = Vec::new();
    for label in labels {
        if !said.contains(&label) {
            said.push(label);
        }
    }
    let basis = visit.joined(&said);
    let (entities, share) = (
        found.thresholds.min_entities.to_string(),
        found.thresholds.max_dominance_ppm.div_ceil(PPM_OF_PERCENT).to_string(),
    );
    let margin = (found.thresholds.margin_ppm / PPM_OF_PERCENT).to_string();
    let noisy = found.thresholds.noisy_numbers_max.to_string();
    let check = |name: &str, rule: String, failed: u64| DisclosureCheck {
        name: visit.text(&format!("check-{name}")),
        rule,
        found: visit.text_with("check-cells-failed", &[("count", &words::count(failed))]),
        passed: failed == 0,
        clause_label: basis.clone(),
    };
    let failures = found.failures;
    DisclosureReport {
        passed: found.cells == 0 || found.passed > 0,
        cells: words::count(found.cells),
        suppressed: words::count(found.suppressed),
        perturbed: (found.perturbed > 0).then(|| words::count(found.perturbed)),
        entities_min: bucket(visit, found.smallest, found.thresholds.min_entities),
        checks: vec![
            check(
                "entities",
                visit.text_with("check-entities-rule", &[("count", &entities)]),
                failures.few_entities,
            ),
            check(
                "dominance",
                visit.text_with("check-dominance-rule", &[("share", &share), ("margin", &margin)]),
                failures.dominance,
            ),
            check(
                "uniform",
                visit.text_with("check-uniform-rule", &[("count", &entities)]),
                failures.uniform,
            ),
            check("missing", visit.text("check-missing-rule"), failures.missing),
            check(
                "differencing",
                visit.text_with("check-differencing-rule", &[("count", &entities), ("noisy", &noisy)]),
                failures.differencing,
            ),
        ],
        overlaps: Vec::new(),
    }
}

/// What left before and is in the way, with links to those releases that this person may see.
pub(super) async fn overlaps(visit: &Visit, found: &disclosure::DisclosureReport) -> Vec<Overlap> {
    let mut said = Vec::new();
    for overlap in &found.overlaps {
        let entity = words::entity(visit, &overlap.entity);
        let mut earlier = Vec::new();
        for one in &overlap.earlier {
            earlier.push(OverlapRelease {
                release: earlier_release(visit, &one.release).await,
                shared: visit.text_with(
                    "overlap-shared",
                    &[("count", &bucket(visit, one.shared, found.thresholds.min_entities))],
                ),
            });
        }
        let words = |place: &str| {
            visit.text_with(&format!("{}{place}", overlap_key(overlap.reason)), &[("entity", &entity)])
        };
        // Without an earlier release it is cells of the result itself.
        let own = earlier.is_empty() && has_own(overlap.reason);
        let noised = overlap.reason.verdict() == Verdict::Perturb;
        let done = if noised { "overlap-done-noise" } else { "overlap-done-suppressed" };
        said.push(Overlap {
            why: words(if own { "-inside" } else { "" }),
            example: words("-example"),
            done: visit.text(done),
            earlier,
        });
    }
    said
}

/// Can cells of one result be in each other's way like this?
const fn has_own(reason: ReasonKind) -> bool {
    matches!(
        reason,
        ReasonKind::Neighbour | ReasonKind::Combination | ReasonKind::Unclear | ReasonKind::OtherMeasure
    )
}

/// The name of a reason's words.
pub(in crate::html) fn overlap_key(reason: ReasonKind) -> String {
    format!("overlap-{}", reason.code().trim_start_matches("ledger.").replace('_', "-"))
}

/// An earlier release by its model and day; one of another operator has no name for who may not see it.
async fn earlier_release(visit: &Visit, release: &str) -> Link {
    let unnamed = || Link::new(&visit.text("overlap-unnamed"), "");
    let Ok(id) = release.parse::<base::Id<kind::Export>>() else { return unnamed() };
    match exports::export(&visit.app, &visit.ctx, id).await {
        Ok(view) => {
            let name = format!("{} {}", view.export.model_name, visit.day(view.export.requested));
            Link::new(&name, &format!("/airlock/{id}"))
        }
        Err(_) => unnamed(),
    }
}

fn bucket(visit: &Visit, bucket: Bucket, least: u32) -> String {
    let times = |times: u32| least.saturating_mul(times).to_string();
    match bucket {
        Bucket::None => visit.text("none"),
        Bucket::Below => format!("< {least}"),
        Bucket::UpToTwice => format!("{least} – {}", times(2)),
        Bucket::UpToTenfold => format!("{} – {}", times(2), times(10)),
        Bucket::Larger => format!("≥ {}", times(10)),
    }
}
