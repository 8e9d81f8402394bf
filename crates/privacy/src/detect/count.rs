//! Counting findings over the sample of a column.

use std::collections::HashSet;

use super::{Evidence, Scanner, Strength};
use crate::{SensitiveKind, format};

/// How many values of a sample match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    pub(super) matched: u32,
    pub(super) valid: u32,
    /// Values that contain one among other things.
    embedded: u32,
}

/// Counts per kind over a sample.
pub(super) struct Seen {
    pub(super) sampled: u32,
    pub(super) distinct: u32,
    pub(super) embedded: u32,
    counts: [Count; SensitiveKind::ALL.len()],
}

impl Seen {
    /// `hinted` is the kind that the column's name suggests: what is weak otherwise counts for it.
    pub(super) fn of(values: &[String], hinted: Option<SensitiveKind>) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut seen = Self {
            sampled: count(values.len()),
            distinct: count(values.iter().collect::<HashSet<_>>().len()),
            embedded: 0,
            counts: [Count::default(); SensitiveKind::ALL.len()],
        };
        let mut scanner = Scanner::new();
        for value in values {
            seen.add(value, hinted, &mut scanner);
        }
        seen
    }

    fn add(&mut self, value: &str, hinted: Option<SensitiveKind>, scanner: &mut Scanner) {
        // Each kind counts once a value, and a list of names is a value full of names.
        let mut whole = [None; SensitiveKind::ALL.len()];
        let mut inside = [false; SensitiveKind::ALL.len()];
        let findings = scanner.scan(value);
        let covered: usize = findings.iter().map(|finding| finding.end - finding.start).sum();
        let list = findings.len() > 1 && covered * 10 >= value.len() * 7;
        for finding in findings {
            let Some(index) = position(finding.kind) else { continue };
            if finding.whole || list && finding.kind == SensitiveKind::PersonName {
                if let Some(slot) = whole.get_mut(index) {
                    *slot = (*slot).max(Some(finding.strength));
                }
            } else if finding.strength > Strength::Weak
                && let Some(slot) = inside.get_mut(index)
            {
                *slot = true;
            }
        }
        if is_birth_date(value)
            && let Some(slot) = position(SensitiveKind::BirthDate).and_then(|index| whole.get_mut(index))
        {
            *slot = Some(Strength::Shape);
        }
        let mut embedded = false;
        for ((kind, count), (whole, inside)) in
            SensitiveKind::ALL.into_iter().zip(&mut self.counts).zip(whole.into_iter().zip(inside))
        {
            // A weak one counts if the name suggests it, or if its check digit is what the column is told by.
            let weak =
                hinted == Some(kind) || matches!(kind, SensitiveKind::OrganizationCode | SensitiveKind::Vin);
            let matched = whole.is_some_and(|strength| strength > Strength::Weak || weak);
            count.matched += u32::from(matched);
            let checked =
                whole == Some(Strength::Checked) || matched && kind == SensitiveKind::OrganizationCode;
            count.valid += u32::from(checked);
            count.embedded += u32::from(inside && !matched);
            embedded |= inside && !matched && kind.is_identifier();
        }
        self.embedded += u32::from(embedded);
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (SensitiveKind, Count)> {
        SensitiveKind::ALL.into_iter().zip(self.counts).filter(|(kind, _)| *kind != SensitiveKind::General)
    }

    /// The kind, of those that texts contain, which asks for most protection.
    pub(super) fn embedded_kind(&self) -> SensitiveKind {
        self.counts()
            .filter(|(kind, count)| count.embedded > 0 && kind.is_identifier())
            .max_by_key(|(kind, count)| (kind.level(), count.embedded))
            .map_or(SensitiveKind::General, |(kind, _)| kind)
    }

    pub(super) fn evidence(&self, count: Count) -> Evidence {
        Evidence {
            sampled: self.sampled,
            distinct: self.distinct,
            matched: count.matched,
            checksum_valid: count.valid,
            embedded: self.embedded,
            name_hint: false,
        }
    }
}

fn position(kind: SensitiveKind) -> Option<usize> {
    SensitiveKind::ALL.iter().position(|known| *known == kind)
}

fn is_birth_date(value: &str) -> bool {
    // A timestamp's text begins with its date.
    let date = value.split(['T', ' ']).next().unwrap_or(value);
    format::parse_date(date).is_some_and(|(days, _)| (-25_567..40_000).contains(&days))
}
