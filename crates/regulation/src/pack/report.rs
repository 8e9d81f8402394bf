//! Collects everything wrong with a pack.

use std::collections::BTreeSet;

use super::{DIAGNOSTICS_MAX, Diagnostic};

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A place in one of the files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) mark: Mark,
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    found: Vec<Diagnostic>,
    more: bool,
}

impl Report {
    /// Something wrong at a place.
    pub(crate) fn at(
        &mut self,
        place: &Place,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        if self.found.len() >= DIAGNOSTICS_MAX {
            self.more = true;
            return;
        }
        self.found.push(Diagnostic {
            code,
            file: place.file.clone(),
            line: place.mark.line,
            column: place.mark.column,
            zh: zh.into(),
            en: en.into(),
        });
    }

    /// Something wrong with a file as a whole.
    pub(crate) fn file(
        &mut self,
        file: &str,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        let place = Place { file: file.to_owned(), mark: Mark { line: 1, column: 1 } };
        self.at(&place, code, zh, en);
    }

    /// Whether nothing is wrong.
    pub(crate) const fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything found, in the order a reader goes through the files, each once.
    pub(crate) fn finish(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        let mut seen = BTreeSet::new();
        found.retain(|one| seen.insert((one.file.clone(), one.line, one.column, one.code, one.zh.clone())));
        found.sort_by(|a, b| (&a.file, a.line, a.column, a.code).cmp(&(&b.file, b.line, b.column, b.code)));
        if self.more {
            found.push(Diagnostic {
                code: "regulation.pack_limit",
                file: String::new(),
                line: 1,
                column: 1,
                zh: format!("问题超过{DIAGNOSTICS_MAX}处，其余未列出"),
                en: format!("more than {DIAGNOSTICS_MAX} problems; the rest is not listed"),
            });
        }
        found
    }
}

/// The allowed word nearest to what was written, if one is near.
pub(crate) fn nearest<'a>(written: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = written.chars().take(64).collect();
    allowed
        .into_iter()
        .map(|word| (distance(&written, &word.chars().take(64).collect::<Vec<_>>()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count().max(written.len()) / 2).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// A hint as the end of a sentence, Chinese and English.
pub(crate) fn hint<'a>(written: &str, allowed: impl IntoIterator<Item = &'a str>) -> (String, String) {
    match nearest(written, allowed) {
        Some(word) => (format!("；是否应为“{word}”？"), format!("; did you mean `{word}`?")),
        None => (String::new(), String::new()),
    }
}

/// A text cut to a length fit for a message.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown.replace(['\n', '\r', '\t'], " ")
}

/// Levenshtein distance, two rows.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for ((y, above), corner) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            next.push((corner + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
