//! Recall and precision.

use super::{Sample, kinds};
use crate::SensitiveKind;
use crate::detect::{Scanner, Strength};

/// How one kind fared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The kind.
    pub kind: SensitiveKind,
    /// Samples that hold one.
    pub expected: u32,
    /// Those of them in which it was found where it stands.
    pub found: u32,
    /// Samples in which it was found and is not.
    pub wrong: u32,
}

impl Score {
    /// Share of those that are there which were found, 0–1.
    #[must_use]
    pub fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.expected.max(1))
    }

    /// Share of those found which are there, 0–1; 1 if none was found.
    #[must_use]
    pub fn precision(&self) -> f64 {
        let all = self.found + self.wrong;
        if all == 0 { 1.0 } else { f64::from(self.found) / f64::from(all) }
    }
}

/// Scans all samples and counts. A kind is found if a finding of at least [`Strength::Shape`] covers the
/// better part of where it stands; any other finding of that strength, of whatever kind, is wrong.
#[must_use]
pub fn measure(scanner: &mut Scanner, samples: &[Sample]) -> Vec<Score> {
    let mut scores: Vec<Score> =
        kinds().map(|kind| Score { kind, expected: 0, found: 0, wrong: 0 }).collect();
    for sample in samples {
        let findings = scanner.scan(&sample.text);
        for score in &mut scores {
            let mut sure = findings
                .iter()
                .filter(|finding| finding.kind == score.kind && finding.strength > Strength::Weak);
            if sample.kind == Some(score.kind) {
                score.expected += 1;
                let (start, end) = sample.span;
                let covered = sure.any(|finding| {
                    let common = finding.end.min(end).saturating_sub(finding.start.max(start));
                    common * 2 > end - start
                });
                score.found += u32::from(covered);
            } else {
                score.wrong += u32::from(sure.next().is_some());
            }
        }
    }
    scores
}
