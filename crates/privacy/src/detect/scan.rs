//! Everything sensitive in one text.

use serde::{Deserialize, Serialize};

use super::symbol::{self, Class, Summary, Symbol};
use super::{codes, network, plates, text};
use crate::SensitiveKind;

/// How sure a finding is on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Of a shape that other things have as often: counts only together with a column's name or with its
    /// other values.
    Weak,
    /// Of a shape that few other things have, or in a place that says what it is.
    Shape,
    /// With a valid check digit.
    Checked,
}

/// Something sensitive in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: SensitiveKind,
    /// How sure.
    pub strength: Strength,
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
    /// Is there nothing else in the text but spaces and marks?
    pub whole: bool,
}

/// Finds sensitive values in texts. Keep one for many texts: after the first few it takes no more memory.
///
/// What is looked at is the normalised text: full-width characters, Chinese numerals in numbers, spaces,
/// dashes, dots and zero-width characters within numbers make no difference, and JSON is free text in which a
/// string is a field.
///
/// ```
/// use privacy::{SensitiveKind, detect::Scanner};
/// let mut scanner = Scanner::new();
/// let found = scanner.scan("电话：１３８-0013 8000");
/// assert_eq!(found.first().map(|finding| finding.kind), Some(SensitiveKind::Mobile));
/// ```
#[derive(Debug, Default)]
pub struct Scanner {
    symbols: Vec<Symbol>,
    codes: codes::Scratch,
    network: network::Scratch,
    text: text::Scratch,
    findings: Vec<Finding>,
}

/// Takes findings of one text.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    symbols: &'a [Symbol],
    summary: Summary,
    findings: &'a mut Vec<Finding>,
}

impl Sink<'_> {
    /// Reports the symbols from `first` to `last`, both included.
    pub(super) fn push(&mut self, kind: SensitiveKind, strength: Strength, first: usize, last: usize) {
        if let (Some(from), Some(to)) = (self.symbols.get(first), self.symbols.get(last)) {
            let whole = first <= self.summary.first && last >= self.summary.last;
            self.findings.push(Finding { kind, strength, start: from.at, end: to.end(), whole });
        }
    }

    pub(super) fn is_colon(&self, at: usize) -> bool {
        self.symbols.get(at).is_some_and(|symbol| symbol.class == Class::Colon)
    }

    /// Does one of the words stand before a mark, as in `联系人：`?
    pub(super) fn announces(&self, mark: usize, cues: &[&str]) -> bool {
        let before = self.symbols.get(..mark).unwrap_or_default();
        cues.iter().any(|cue| {
            let mut rest = before.iter().rev().filter(|symbol| symbol.class != Class::Space);
            cue.chars().rev().all(|c| rest.next().is_some_and(|symbol| symbol.c == c))
        })
    }

    pub(super) const fn summary(&self) -> Summary {
        self.summary
    }
}

impl Scanner {
    /// A scanner.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds what is sensitive in a text. The findings of one stage are in order and do not overlap; those of
    /// different stages may (a telephone number in the text of an address).
    pub fn scan(&mut self, text: &str) -> &[Finding] {
        self.findings.clear();
        let bytes = text.as_bytes();
        // Latin text without digits, points and signs holds nothing that is looked for.
        let plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b' ' | b'_' | b'-' | b',');
        if bytes.iter().all(plain) {
            return &self.findings;
        }
        let summary = symbol::fold(text, &mut self.symbols);
        if summary.first == usize::MAX {
            return &self.findings;
        }
        let symbols = &self.symbols;
        let mut sink = Sink { symbols, summary, findings: &mut self.findings };
        if summary.digits >= 1 && summary.digits + summary.letters >= 7 {
            codes::find(symbols, &mut self.codes, &mut sink);
        }
        if summary.at || summary.dots >= 2 || summary.colons >= 2 || summary.degree {
            network::find(symbols, &mut self.network, &mut sink);
        }
        if summary.han > 0 && summary.digits + summary.letters >= 5 {
            plates::find(symbols, &mut self.text, &mut sink);
        }
        if summary.han > 0 || summary.letters > 0 && symbols.len() <= 8 {
            text::find(symbols, &mut self.text, &mut sink);
        }
        &self.findings
    }

    /// The surest finding of at least the given strength; of equally sure ones the most specific.
    pub fn best(&mut self, text: &str, least: Strength) -> Option<Finding> {
        let rank = |kind: SensitiveKind| SensitiveKind::ALL.iter().position(|known| *known == kind);
        self.scan(text)
            .iter()
            .filter(|finding| finding.strength >= least)
            .max_by_key(|finding| (finding.whole, finding.strength, std::cmp::Reverse(rank(finding.kind))))
            .copied()
    }
}
