//! How closely a candidate has to be looked at, computed from what disclosure control found.
//!
//! The pack says how many persons decide. The tier may ask for more, never for fewer: it is shown to the reviewers with
//! its reasons, and the door counts the persons who approved against it. Nothing is released without a person as long as
//! no pack says so.

use privacy::disclosure::ledger::ReasonKind;
use privacy::disclosure::{Bucket, DisclosureReport};
use serde::Serialize;

/// Rows from which a result is a data set rather than a table of figures.
const LARGE_ROWS: u64 = 1_000;
/// Share of suppressed cells from which a result shows more by its gaps. *Units*: per cent.
const SUPPRESSED_PERCENT: u64 = 20;

/// How many persons a candidate needs by its risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Nothing about persons is in it.
    Automatic,
    /// One person.
    One,
    /// Two.
    Two,
}

impl Tier {
    /// Persons who have to approve.
    #[must_use]
    pub const fn reviewers(self) -> usize {
        match self {
            Self::Automatic => 0,
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// Why a tier is not lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskReason {
    /// There is no report: nothing is known.
    Unchecked,
    /// Protected entities are counted in it.
    Protected,
    /// Its smallest cell has less than twice the fewest entities.
    SmallCells,
    /// Many cells were suppressed.
    ManySuppressed,
    /// One entity makes up too much of a cell that was left out.
    Dominance,
    /// In a cell that was left out nearly all entities have the same.
    Uniform,
    /// What left before is in the way of some cells.
    Overlap,
    /// Cells leave with noise.
    Noise,
    /// It has very many rows.
    Large,
}

/// A tier and its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// The tier.
    pub tier: Tier,
    /// Why it is not lower; none for the lowest.
    pub reasons: Vec<RiskReason>,
}

impl Risk {
    /// The risk of a result with this report and so many rows.
    #[must_use]
    pub fn of(report: Option<&DisclosureReport>, rows: Option<u64>) -> Self {
        let Some(report) = report else {
            return Self { tier: Tier::Two, reasons: vec![RiskReason::Unchecked] };
        };
        let suppressed =
            report.suppressed.saturating_mul(100) > report.cells.saturating_mul(SUPPRESSED_PERCENT);
        let in_the_way = report.overlaps.iter().any(|overlap| overlap.reason != ReasonKind::Few);
        let grave = [
            (report.smallest <= Bucket::UpToTwice && !report.kinds.is_empty(), RiskReason::SmallCells),
            (suppressed, RiskReason::ManySuppressed),
            (report.failures.dominance > 0, RiskReason::Dominance),
            (report.failures.uniform > 0, RiskReason::Uniform),
            (in_the_way || report.failures.differencing > 0, RiskReason::Overlap),
            (report.perturbed > 0, RiskReason::Noise),
            (rows.is_none_or(|rows| rows >= LARGE_ROWS), RiskReason::Large),
        ];
        let mut reasons: Vec<RiskReason> =
            grave.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect();
        if !reasons.is_empty() {
            return Self { tier: Tier::Two, reasons };
        }
        if report.kinds.is_empty() {
            return Self { tier: Tier::Automatic, reasons };
        }
        reasons.push(RiskReason::Protected);
        Self { tier: Tier::One, reasons }
    }
}

#[cfg(test)]
mod tests {
    use privacy::disclosure::{Failures, Thresholds};

    use super::*;

    fn quiet() -> DisclosureReport {
        DisclosureReport {
            thresholds: Thresholds {
                min_entities: 10,
                max_dominance_ppm: 500_000,
                margin_ppm: 150_000,
                dominance: None,
                noisy_numbers_max: 32,
            },
            kinds: vec!["person".to_owned()],
            cells: 20,
            passed: 20,
            suppressed: 0,
            perturbed: 0,
            failures: Failures::default(),
            smallest: Bucket::Larger,
            overlaps: Vec::new(),
            accuracy: Vec::new(),
        }
    }

    #[test]
    fn each_finding_alone_asks_for_two() {
        let few = Failures { few_entities: 5, ..Failures::default() };
        let table: [(DisclosureReport, u64, RiskReason); 7] = [
            (DisclosureReport { smallest: Bucket::UpToTwice, ..quiet() }, 20, RiskReason::SmallCells),
            (DisclosureReport { suppressed: 5, failures: few, ..quiet() }, 20, RiskReason::ManySuppressed),
            (
                DisclosureReport { failures: Failures { dominance: 1, ..Failures::default() }, ..quiet() },
                20,
                RiskReason::Dominance,
            ),
            (
                DisclosureReport { failures: Failures { uniform: 1, ..Failures::default() }, ..quiet() },
                20,
                RiskReason::Uniform,
            ),
            (
                DisclosureReport { failures: Failures { differencing: 1, ..Failures::default() }, ..quiet() },
                20,
                RiskReason::Overlap,
            ),
            (DisclosureReport { perturbed: 1, ..quiet() }, 20, RiskReason::Noise),
            (quiet(), LARGE_ROWS, RiskReason::Large),
        ];
        for (report, rows, reason) in table {
            let risk = Risk::of(Some(&report), Some(rows));
            assert_eq!((risk.tier, risk.reasons.as_slice()), (Tier::Two, [reason].as_slice()));
        }
    }

    #[test]
    fn only_what_is_about_nobody_could_go_by_itself_and_the_unknown_never_does() {
        assert_eq!(Risk::of(Some(&quiet()), Some(20)).tier, Tier::One);
        let nobody = DisclosureReport { kinds: Vec::new(), smallest: Bucket::None, ..quiet() };
        assert_eq!(Risk::of(Some(&nobody), Some(20)), Risk { tier: Tier::Automatic, reasons: Vec::new() });
        assert_eq!(Risk::of(Some(&nobody), None).tier, Tier::Two);
        assert_eq!(Risk::of(None, Some(1)).tier, Tier::Two);
    }
}
