//! From a paper to a PDF: layout, limits, the archive format, the text that was printed.

use std::collections::BTreeSet;

use base::{Date, Timestamp};
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Dict, Smart, Value};
use typst::layout::{Frame, FrameItem};
use typst::syntax::DiagSpan;
use typst::{World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp as PdfTime};

use crate::error::{DocumentError, Fault};
use crate::typeface::printable;
use crate::words::{self, FURNITURE};
use crate::world::Paper;
use crate::{PAGES_MAX, qr};

/// Bytes of stack of the thread a paper is typeset on. Nesting is bounded well below what fits.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// The reader's language. It chooses labels and furniture; what people wrote stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Where somebody who holds the paper can verify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Address; printed, and as a code.
    pub url: String,
    /// Digest of the record, in hexadecimal.
    pub digest: String,
}

/// What a paper is, where it comes from and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the case or of the paper, in the header.
    pub number: String,
    /// Number of the paper itself (发文字号), under its title; empty where it has none.
    pub paper_number: String,
    /// Who issues it, in the header and as the PDF's author.
    pub issuer: String,
    /// The procedure it belongs to; may be empty.
    pub procedure: String,
    /// The day printed on it.
    pub on: Date,
    /// When the file was made, for the PDF's own record.
    pub at: Timestamp,
    /// Where it can be verified.
    pub verification: Option<Verification>,
}

/// A printed paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file: PDF/A-2a and PDF/UA-1, tagged, with title and language.
    pub pdf: Vec<u8>,
    /// Pages.
    pub pages: usize,
    /// The words on each page in the order they were set, runs joined by line feeds. For search and for tests.
    pub text: Vec<String>,
    /// Characters the fonts lack, printed as `〓`.
    pub missing: Vec<char>,
}

/// Names for the typesetter that say what the paper is.
pub(crate) fn head(
    name: &str,
    stamp: &Stamp,
    lang: Lang,
    missing: &mut BTreeSet<char>,
) -> Vec<(String, Value)> {
    let mut text = |text: &str| Value::Str(printable(text, missing).into());
    let (language, region) = match lang {
        Lang::Zh => ("zh", "cn"),
        Lang::En => ("en", "gb"),
    };
    let (url, digest) = match &stamp.verification {
        Some(verification) => (verification.url.as_str(), verification.digest.as_str()),
        None => ("", ""),
    };
    let brief: String = name.chars().take(24).collect();
    let entries = [
        ("名称", text(name)),
        ("名称短", text(&brief)),
        ("编号", text(&stamp.number)),
        ("发文字号", text(&stamp.paper_number)),
        ("机关", text(&stamp.issuer)),
        ("程序", text(&stamp.procedure)),
        ("日期", text(&words::date(stamp.on, lang))),
        ("语言", text(language)),
        ("地区", text(region)),
        ("摘要", text(digest)),
        ("核验地址", text(url)),
        ("二维码", if url.is_empty() { None } else { qr::modules(url) }.map_or(Value::None, Value::Dict)),
    ];
    let head: Dict = entries.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let furniture = FURNITURE.iter().map(|(name, zh, en)| {
        let words = match lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        ((*name).into(), Value::Str((*words).into()))
    });
    vec![("文头".to_owned(), Value::Dict(head)), ("词".to_owned(), Value::Dict(furniture.collect()))]
}

/// How a fault of the typesetter is told: by the template's lines, or as ours.
pub(crate) struct Blame<'a> {
    /// The document's name.
    pub(crate) name: &'a str,
    /// Lines before the template's first; `None` when the whole text is ours.
    pub(crate) before: Option<usize>,
}

/// Typesets a paper on a stack of its own, so that no nesting ends the process, and a panic of the typesetter is an error.
pub(crate) fn typeset(
    paper: &Paper,
    stamp: &Stamp,
    missing: BTreeSet<char>,
    blame: &Blame<'_>,
) -> Result<Rendered, DocumentError> {
    on_own_stack(|| compile(paper, stamp, missing, blame))?
}

/// Runs work on a stack that is large enough for the deepest text the parser accepts.
pub(crate) fn on_own_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, DocumentError> {
    let engine = |detail: String| DocumentError::Engine { detail };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("typeset".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, work).map_err(|error| engine(error.to_string()))?;
        thread.join().map_err(|_| engine("the typesetter panicked".to_owned()))
    })
}

fn compile(
    paper: &Paper,
    stamp: &Stamp,
    missing: BTreeSet<char>,
    blame: &Blame<'_>,
) -> Result<Rendered, DocumentError> {
    let document = typst::compile::<PagedDocument>(paper);
    // Results are kept by the typesetter for a next edit of the same text; ours has no next edit.
    typst::comemo::evict(0);
    let document = document.output.map_err(|faults| told(&faults, paper, blame))?;
    let pages = document.pages().len();
    if pages > PAGES_MAX {
        return Err(DocumentError::TooLong { unit: "pages", max: PAGES_MAX });
    }
    let options = options(stamp)?;
    let pdf = typst_pdf::pdf(&document, &options).map_err(|faults| told(&faults, paper, blame))?;
    typst::comemo::evict(0);
    let text = document.pages().iter().map(|page| {
        let mut runs = String::new();
        words_of(&page.frame, &mut runs);
        runs
    });
    Ok(Rendered { pdf, pages, text: text.collect(), missing: missing.into_iter().collect() })
}

/// PDF/A-2a for archives, PDF/UA-1 for screen readers. The identifier depends on the paper alone.
fn options(stamp: &Stamp) -> Result<PdfOptions, DocumentError> {
    let engine = |detail: String| DocumentError::Engine { detail };
    let standards = PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
        .map_err(|error| engine(error.message().to_string()))?;
    let (year, month, day) = stamp.at.date_at(0).parts();
    let seconds = stamp.at.micros().div_euclid(1_000_000).rem_euclid(86_400);
    let part = |value: i64| u8::try_from(value).unwrap_or(0);
    let (hour, minute, second) = (part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60));
    let made = Datetime::from_ymd_hms(year, month, day, hour, minute, second)
        .ok_or_else(|| engine("the time is out of range".to_owned()))?;
    let digest = stamp.verification.as_ref().map_or("", |verification| verification.digest.as_str());
    Ok(PdfOptions {
        ident: Smart::Custom(format!("{}/{}/{digest}", stamp.issuer, stamp.number)),
        creator: Smart::Custom(Some("Shuyu".to_owned())),
        timestamp: Some(PdfTime::new_utc(made)),
        standards,
        ..PdfOptions::default()
    })
}

/// Faults in the template's own lines; a fault elsewhere is the engine's.
fn told(found: &[SourceDiagnostic], paper: &Paper, blame: &Blame<'_>) -> DocumentError {
    let mut faults: Vec<Fault> = Vec::new();
    let source = paper.main_source();
    for one in found {
        // A fault inside a building block is told where the template calls it.
        let calls = one.trace.iter().map(|point| DiagSpan::from(point.span));
        let mut spans = std::iter::once(one.span).chain(calls);
        let range = spans.find(|span| span.id() == Some(paper.main())).and_then(|span| paper.range(span));
        if let (Some(before), Some(range)) = (blame.before, range)
            && let Some((line, column)) = source.lines().byte_to_line_column(range.start)
            && line >= before
        {
            faults.push(fault((line - before, column), &one.message));
        }
    }
    if faults.is_empty() {
        let detail: Vec<String> = found.iter().map(|one| one.message.to_string()).collect();
        return DocumentError::Engine { detail: detail.join("; ") };
    }
    faults.sort();
    faults.dedup();
    faults.truncate(crate::FAULTS_MAX);
    DocumentError::Template { name: blame.name.to_owned(), faults }
}

/// A fault the typesetter found; its words are English.
pub(crate) fn fault((line, column): (usize, usize), message: &str) -> Fault {
    let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
    let (line, column) = (count(line), count(column));
    let (zh, en) = (format!("模板不能排版：{message}"), format!("the template cannot be typeset: {message}"));
    Fault { line, column, code: "document.typesetting", zh, en }
}

/// The text runs of a frame, in the order they were set.
fn words_of(frame: &Frame, into: &mut String) {
    for (_, item) in frame.items() {
        match item {
            FrameItem::Group(group) => words_of(&group.frame, into),
            FrameItem::Text(run) => {
                into.push_str(&run.text);
                into.push('\n');
            }
            _ => {}
        }
    }
}
