//! Numbers of papers (发文字号): the maker's mark (机关代字), the year in hexagonal brackets and a number that starts at
//! 1 every year, `德数据〔2026〕12号`, as GB/T 9704-2012, 7.2.5, has it.
//!
//! The pack says whose mark is whose and which papers are numbered; which number comes next, the platform counts when
//! it issues a paper, a sequence for each [`document_series()`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{Pack, Value};

/// Limit: characters of a mark.
const MARK_CHARS_MAX: usize = 12;

/// That a paper is numbered, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRule {
    /// 代字 of a signer that the pack's table does not name; `None`: the papers of such a signer have no number.
    pub mark: Option<NumberMark>,
    /// 类字: what stands behind the mark in papers of this kind, for example `函`.
    pub kind: Option<String>,
}

/// The mark of a maker of papers (机关代字).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberMark {
    /// Written out.
    Text(String),
    /// A parameter's value, so that a lower pack can have its own.
    Parameter(String),
}

/// Marks by the signer: a role, or a unit's code.
pub type NumberMarks = BTreeMap<String, NumberMark>;

/// Who signs a paper: the unit that acted last in its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer<'a> {
    /// Code of the unit.
    pub unit: &'a str,
    /// The role it acted in; empty if it acted in none.
    pub role: &'a str,
}

/// What a paper's numbers are counted by: mark, kind and year, `德数据函〔2026〕`. Papers of the same series share one
/// sequence, whichever document they are. `None` where the pack gives papers of this document and signer no number.
#[must_use]
pub fn document_series(pack: &Pack, document: &str, signer: Signer<'_>, year: i32) -> Option<String> {
    let rule = pack.documents.get(document)?.number.as_ref()?;
    let own = pack.number_marks.get(signer.unit).or_else(|| pack.number_marks.get(signer.role));
    let mark = own.or(rule.mark.as_ref())?.text(pack)?;
    Some(format!("{mark}{}〔{year}〕", rule.kind.as_deref().unwrap_or_default()))
}

/// The number of a paper, `德数据〔2026〕12号`: `sequence` counts from 1 within its [`document_series()`] and is written
/// without leading zeros. `None` where the paper has no number.
#[must_use]
pub fn document_number(
    pack: &Pack,
    document: &str,
    signer: Signer<'_>,
    year: i32,
    sequence: u32,
) -> Option<String> {
    let series = document_series(pack, document, signer, year)?;
    (sequence > 0).then(|| format!("{series}{sequence}号"))
}

impl NumberMark {
    /// The mark as it is printed; `None` if it is a parameter that holds no mark, which the loader refuses.
    #[must_use]
    pub fn text<'a>(&'a self, pack: &'a Pack) -> Option<&'a str> {
        let text = match self {
            Self::Text(text) => text,
            Self::Parameter(name) => match &pack.parameters.get(name)?.value {
                Value::Text(text) => text,
                _ => return None,
            },
        };
        is_mark(text).then_some(text)
    }
}

/// A few characters without digits, brackets or spaces.
pub(crate) fn is_mark(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MARK_CHARS_MAX && text.chars().all(char::is_alphabetic)
}
