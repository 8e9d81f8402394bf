//! Citations that were guessed when a county was begun from another, and that nobody has looked at.

use std::collections::BTreeMap;

use super::{Finding, warning};
use crate::pack::model::Pack;
use crate::pack::unchecked::GUESSED;

/// Limit: lines named for one file; the rest is only counted.
const LINES_MAX: usize = 10;

pub(super) fn look(pack: &Pack, found: &mut Vec<Finding>) {
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in &pack.unchecked {
        files.entry(&one.file).or_default().push(one.line.to_string());
    }
    for (file, lines) in files {
        let (all, more) = (lines.len(), if lines.len() > LINES_MAX { "…" } else { "" });
        let first: Vec<&str> = lines.iter().take(LINES_MAX).map(String::as_str).collect();
        found.push(warning(
            "lint.citation_unchecked",
            file.to_owned(),
            format!("{all}行的依据由样板推定，还没有核对（第{}{more}行）；核对后删去行末的“{GUESSED}…”", first.join("、")),
            format!(
                "citations of {all} lines are guesses from the template (lines {}{more}); check them, then delete `{GUESSED}…`",
                first.join(", ")
            ),
        ));
    }
}
