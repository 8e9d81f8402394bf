//! The table of a text's own clauses: `编号 | 标号 | 摘要 | 用于 | 手段`, a clause a line.

use std::collections::BTreeSet;

use crate::pack::model::{ClauseId, Means};
use crate::pack::words::MEANS;

use super::{CLAUSES_MAX, NewError};

/// A clause of the new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnClause {
    /// Id, with the text's prefix.
    pub id: ClauseId,
    /// Label as printed.
    pub label: String,
    /// Summary in own words.
    pub summary: String,
    /// Procedures or other parts of the template that rest on it.
    pub parts: Vec<String>,
    /// Why no rule carries it, where none shall.
    pub reason: Option<String>,
    /// How software serves it; a clause that no rule shall carry is 外部.
    pub means: Option<Means>,
    /// Line of the table, from 1.
    pub line: usize,
}

/// Reads the table: `编号 | 标号 | 摘要 | 用于 | 手段`. The fourth column names procedures, steps (`授权申请·专家评审`), roles,
/// parameters or forms of the template (or all of a kind: 角色, 参数, 表单, 周期义务), joined by `、`, or says `不自动化：理由`; it may be left out. The fifth is 强制, 自动, 记录 or 外部; it may be left out too, and is then still
/// to be said before anything is activated. Lines that begin with `#` are comments. An id
/// without the prefix gets it.
///
/// # Errors
/// [`NewError::Line`] for a line with too few columns, an id used twice, or characters an id may not have.
pub fn own_clauses(text: &str, prefix: &str) -> Result<Vec<OwnClause>, NewError> {
    let mut found: Vec<OwnClause> = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, line) in (1..).zip(text.lines()) {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |zh: &str, en: &str| NewError::Line { line: at, zh: zh.to_owned(), en: en.to_owned() };
        let columns: Vec<&str> = line.split(['|', '｜', '\t']).map(str::trim).collect();
        let (Some(id), Some(label), Some(summary)) = (columns.first(), columns.get(1), columns.get(2)) else {
            return Err(wrong(
                "至少要有三栏：编号 | 标号 | 摘要",
                "at least three columns: id | label | summary",
            ));
        };
        if [id, label, summary].iter().any(|text| text.is_empty()) || columns.len() > 5 {
            return Err(wrong(
                "编号、标号、摘要都要写，最多五栏",
                "id, label and summary, at most five columns",
            ));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || "[]{},:#\"'&*!>%@`".contains(c);
        if id.contains(odd) {
            return Err(wrong("编号里不能有空格和标点", "an id has no spaces and punctuation"));
        }
        let id =
            if id.starts_with(&format!("{prefix}.")) { (*id).to_owned() } else { format!("{prefix}.{id}") };
        if !seen.insert(id.clone()) {
            return Err(wrong("编号重复", "the id is used twice"));
        }
        if found.len() == CLAUSES_MAX {
            return Err(wrong("条款过多", "too many clauses"));
        }
        let last = columns.get(3).copied().unwrap_or_default();
        let reason =
            last.strip_prefix("不自动化").map(|why| why.trim_start_matches(['：', ':', ' ']).to_owned());
        if reason.as_ref().is_some_and(String::is_empty) {
            return Err(wrong("不自动化的，写明理由", "say why it is not automated"));
        }
        let word = columns.get(4).copied().unwrap_or_default();
        let means = match MEANS.iter().find(|(known, _)| *known == word) {
            Some((_, means)) => Some(*means),
            None if word.is_empty() => reason.is_some().then_some(Means::Outside),
            None => {
                return Err(wrong(
                    "第五栏是手段：强制、自动、记录、外部",
                    "the fifth column is the means: 强制, 自动, 记录 or 外部",
                ));
            }
        };
        let parts = if reason.is_some() { "" } else { last };
        let parts = parts.split(['、', ',', '，']).map(str::trim).filter(|part| !part.is_empty());
        found.push(OwnClause {
            id,
            label: (*label).to_owned(),
            summary: (*summary).to_owned(),
            parts: parts.map(str::to_owned).collect(),
            reason,
            means,
            line: at,
        });
    }
    Ok(found)
}
