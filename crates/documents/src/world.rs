//! What the typesetter may see: the sources of one paper and the fonts of the crate. No file, no package, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Binding, Bytes, Datetime, Duration, Value};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::typeface::{BOOK, FONTS};

const PAGE: &str = include_str!("paper/page.typ");
const LETTER: &str = include_str!("paper/letter.typ");

/// The sources of one paper and the values they may name.
pub(crate) struct Paper {
    library: LazyHash<Library>,
    main: Source,
    others: [Source; 2],
}

impl Paper {
    /// A paper of a text and of values bound to names. Values are bound as they are; none is read as code.
    pub(crate) fn new(text: String, values: Vec<(String, Value)>) -> Option<Self> {
        let mut library = Library::builder().build();
        for (name, value) in values {
            library.global.scope_mut().bind(name.into(), Binding::detached(value));
        }
        Some(Self {
            library: LazyHash::new(library),
            main: source("/main.typ", text)?,
            others: [source("/page.typ", PAGE.to_owned())?, source("/letter.typ", LETTER.to_owned())?],
        })
    }

    /// The main text, for positions.
    pub(crate) const fn main_source(&self) -> &Source {
        &self.main
    }
}

/// A source under a name that only exists here.
pub(crate) fn source(path: &str, text: String) -> Option<Source> {
    let path = RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?);
    Some(Source::new(FileId::new(path), text))
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let mut all = self.others.iter().chain([&self.main]);
        all.find(|source| source.id() == id).cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
