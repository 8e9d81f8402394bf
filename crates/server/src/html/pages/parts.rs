//! Pieces that several pages share.

use serde::Serialize;

/// A state lamp: shape, word and colour together, so that it can be seen, read and heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Green circle, 正常.
    #[default]
    Normal,
    /// Yellow triangle, 将到期.
    DueSoon,
    /// Red square, 已超期.
    Overdue,
    /// Grey bar, 已中止.
    Suspended,
    /// Grey tick, 已办结.
    Done,
}

/// A link with its words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Link {
    #[must_use]
    pub fn new(label: &str, href: &str) -> Self {
        Self { label: label.to_owned(), href: href.to_owned() }
    }
}

/// The clause a rule rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// As the pack writes it.
    pub label: String,
    /// One line that says what it asks.
    pub summary: String,
    /// Where the pack shows it.
    pub href: String,
}

impl Clause {
    #[must_use]
    pub fn new(label: &str, summary: &str, href: &str) -> Self {
        Self { label: label.to_owned(), summary: summary.to_owned(), href: href.to_owned() }
    }
}

/// Why something was refused under the law, and the legal way forward.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub remedy: String,
    pub clauses: Vec<Clause>,
}

/// One choice of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

impl Choice {
    #[must_use]
    pub fn new(value: &str, label: &str, selected: bool) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), selected }
    }
}

/// A column of a result table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableColumn {
    pub label: String,
    /// Numbers are set to the right.
    pub numeric: bool,
}

/// A table whose columns are known only at run time. Shape: every row as long as `columns`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<TableColumn>,
    pub rows: Vec<Vec<String>>,
    /// What is to be said about a cell beside its value, by row and column; empty where nothing is. Shorter than `rows`
    /// where no cell has a mark.
    pub marks: Vec<Vec<String>>,
    /// Set when the source had more rows than are shown.
    pub rows_more: Option<String>,
}

impl Table {
    /// A table of texts; names in `numeric` are set to the right.
    #[must_use]
    pub fn new(caption: &str, columns: &[&str], numeric: &[&str], rows: &[&[&str]]) -> Self {
        Self {
            caption: caption.to_owned(),
            columns: columns
                .iter()
                .map(|label| TableColumn { label: (*label).to_owned(), numeric: numeric.contains(label) })
                .collect(),
            rows: rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect(),
            marks: Vec::new(),
            rows_more: None,
        }
    }
}

/// A name and its value, for fact lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

impl Fact {
    #[must_use]
    pub fn new(label: &str, value: &str) -> Self {
        Self { label: label.to_owned(), value: value.to_owned() }
    }
}

/// Which state of a resource a grant holds (`ui.grant_data`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GrantData {
    pub version: String,
    /// That there is a newer one.
    pub newer: Option<String>,
    /// How the last renewal ended, or that it is under way; may be empty.
    pub renewal: String,
    pub light: Light,
    /// Absent when there is nothing newer, or this person may not order it. Posts `back`.
    pub refresh_href: Option<String>,
    pub request_key: String,
}

/// A figure for the head of a page; `code` names the message `figure-<code>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figure {
    pub code: String,
    pub value: String,
    pub href: Option<String>,
    pub light: Option<Light>,
}

impl Figure {
    #[must_use]
    pub fn new(code: &str, value: &str) -> Self {
        Self { code: code.to_owned(), value: value.to_owned(), href: None, light: None }
    }
}

/// How a share of a limit is used, such as a return rate under its cap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Gauge {
    /// Percent of the limit, 0 to 100; more is drawn full and said in words.
    pub percent: u32,
    pub value: String,
    pub limit: String,
    pub light: Light,
    pub clause: Option<Clause>,
}
