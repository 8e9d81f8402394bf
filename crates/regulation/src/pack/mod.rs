//! Regulation packs: texts with Chinese keywords, read strictly, layered and checked into a [`Pack`].
//!
//! A pack is a handful of YAML files ([`load`]). The subset is strict: texts, lists and maps only; no anchors, tags,
//! merge keys or second documents; unknown and duplicate keys are errors. Everything wrong is reported at once, each
//! with file, line, column, a stable code and a sentence in Chinese and English. [`coverage()`] says which clauses
//! are carried by a rule.
//!
//! Invariants: loading never panics whatever the text; a pack that loads has no dangling reference, every step can
//! be reached and left, every rule names its clause, and nothing inherited is loosened.

mod check;
mod check_facts;
mod check_opens;
mod coverage;
mod document;
mod draft;
mod excuse;
mod fields;
pub(crate) mod given;
mod layer;
mod layer_duty;
mod lint;
pub mod model;
mod node;
mod number;
mod proof;
mod read;
mod report;
pub mod schema;
mod taken;
mod templates;
pub mod tools;
mod unchecked;
mod value;
mod words;

use base::Digest;
use serde::Serialize;

pub use coverage::{Coverage, coverage};
pub use document::{Document, DocumentId, Occasion, OccasionEvent, Variable, VariableKind};
pub use given::{FACT_FILED, FACT_TODAY, RECENT, RECENT_FACTS, REFERENCE_FACTS, is_given};
pub use lint::{Finding, Severity, lint, lint_text};
pub use model::*;
pub use number::{NumberMark, NumberMarks, NumberRule, Signer, document_number, document_series};
pub use proof::{ClauseProof, ProofCount, Standing, proof, proof_counts};
pub use templates::TEMPLATE_BYTES_MAX;
pub use unchecked::Unchecked;
pub use value::{ValueError, parse_period, parse_value};

use draft::Draft;
use fields::Reader;
use report::Report;

/// Files of one pack.
pub const FILES_MAX: usize = 200;
/// Bytes of one file.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Nesting of lists and maps.
pub const DEPTH_MAX: usize = 24;
/// Values in one file.
pub const NODES_MAX: usize = 100_000;
/// Characters of one text.
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Diagnostics reported; one more says that there were more.
pub const DIAGNOSTICS_MAX: usize = 100;

/// One file of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path as messages show it; its last one or two parts say what it holds (`pack.yaml`, `forms/….yaml`, `documents/….typ`).
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Something wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable code.
    pub code: &'static str,
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong and what would be right, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// Reads a pack from its files, on top of its parent.
///
/// Files may come in any order; the digest does not depend on it. Files of a `calendar` folder are left aside.
///
/// # Errors
/// Everything wrong, ordered by file, line and column; at most [`DIAGNOSTICS_MAX`] and one.
///
/// # Limits
/// [`FILES_MAX`], [`FILE_BYTES_MAX`], [`DEPTH_MAX`], [`NODES_MAX`], [`TEXT_CHARS_MAX`].
pub fn load(files: &[SourceFile], parent: Option<&Pack>) -> Result<Pack, Vec<Diagnostic>> {
    let mut report = Report::default();
    // Calendars lie beside a pack and change every year; they are no part of it.
    let files: Vec<SourceFile> = files.iter().filter(|file| !is_calendar(&file.path)).cloned().collect();
    let draft = read_files(&files, &mut report);
    let pack = layer::compile(draft, digest(&files, parent), parent, &mut report);
    let problems = report.finish();
    match pack {
        Some(pack) if problems.is_empty() => Ok(pack),
        _ => Err(problems),
    }
}

/// Whether a file holds a calendar: it lies in a folder of that name.
fn is_calendar(path: &str) -> bool {
    path.rsplit('/').nth(1) == Some("calendar")
}

/// The id of the parent that a pack's files name, so that a caller can load parents first. `None` for a top text,
/// and for files without a readable header ([`load`] says what is wrong with them).
#[must_use]
pub fn parent_id(files: &[SourceFile]) -> Option<String> {
    let header = files.iter().find(|file| read::kind_of(&file.path) == Some(read::Kind::Header))?;
    let node = node::parse(&header.path, &header.text, &mut Report::default())?;
    node.text_at("上级").map(str::to_owned)
}

fn read_files(files: &[SourceFile], report: &mut Report) -> Draft {
    let mut draft = Draft::default();
    let mut seen = std::collections::BTreeSet::new();
    if files.len() > FILES_MAX {
        report.file("", "regulation.pack_limit", "制度包文件过多", "the pack has too many files");
    }
    for file in files.iter().take(FILES_MAX) {
        if !seen.insert(file.path.as_str()) {
            report.file(
                &file.path,
                "regulation.pack_duplicate",
                "同一文件给出了两次",
                "the same file was given twice",
            );
            continue;
        }
        let Some(kind) = read::kind_of(&file.path) else {
            report.file(
                &file.path,
                "regulation.pack_unknown_file",
                "不认识的文件；可用的有 pack.yaml、clauses.yaml、roles.yaml、parameters.yaml、duties.yaml、documents.yaml、\
                 not-automated.yaml、procedures/、forms/、scenarios/ 下的 .yaml 文件以及 documents/ 下的 .typ 文件",
                "unknown file; allowed are pack.yaml, clauses.yaml, roles.yaml, parameters.yaml, duties.yaml, documents.yaml, \
                 not-automated.yaml, .yaml files under procedures/, forms/ and scenarios/, and .typ files under documents/",
            );
            continue;
        };
        if kind == read::Kind::Template {
            templates::take(&file.path, &file.text, &mut draft, report);
        } else if let Some(node) = node::parse(&file.path, &file.text, report) {
            draft.unchecked.extend(unchecked::scan(&file.path, &file.text));
            let mut reader = Reader::new(&file.path, report, &mut draft);
            read::read(kind, &node, &mut reader);
        }
    }
    draft
}

/// Digest over the files in the order of their paths inside the pack's folder, and over the parent's digest.
fn digest(files: &[SourceFile], parent: Option<&Pack>) -> Digest {
    // The folder does not count: the same texts have one digest whether embedded or read from a disk.
    let folder = files.iter().find_map(|file| file.path.strip_suffix("pack.yaml")).unwrap_or_default();
    let inside = |path: &'_ str| path.strip_prefix(folder).unwrap_or(path).to_owned();
    let mut lines: Vec<(String, Digest)> =
        files.iter().map(|file| (inside(&file.path), Digest::of(file.text.as_bytes()))).collect();
    lines.sort();
    let mut bytes = Vec::new();
    for (path, digest) in lines {
        bytes.extend_from_slice(path.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&digest.0);
    }
    if let Some(parent) = parent {
        bytes.extend_from_slice(&parent.digest.0);
    }
    Digest::of(&bytes)
}

#[cfg(test)]
mod tests;
