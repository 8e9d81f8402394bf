//! The format of packs as data: which keys stand where, what they take and mean, and the closed vocabulary.
//!
//! The readers take their key lists from here, so what is written about the format cannot drift from what is read.
//! [`markdown()`] makes `docs/packs-grammar.md` of it; a test compares the two.

mod documents;
mod files;
mod forms;
mod markdown;
mod procedures;
mod scenarios;
#[cfg(test)]
mod tests;
mod vocabulary;

pub(crate) use documents::*;
pub(crate) use files::*;
pub(crate) use forms::*;
pub use markdown::markdown;
pub(crate) use procedures::*;
pub(crate) use scenarios::*;
pub use vocabulary::{Gloss, VOCABULARIES, Vocabulary};

/// A map of the format: where it stands and which keys it has.
#[derive(Debug, Clone, Copy)]
pub struct Map {
    /// Name in Chinese, by which other maps refer to it.
    pub name: &'static str,
    /// Name in English.
    pub en: &'static str,
    /// File or key it stands in.
    pub place: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key of a map.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As written.
    pub key: &'static str,
    /// Must be written.
    pub needed: bool,
    /// What it takes.
    pub kind: Kind,
    /// Meaning in Chinese.
    pub zh: &'static str,
    /// Meaning in English.
    pub en: &'static str,
    /// An example of its value.
    pub example: &'static str,
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        self.key
    }
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// 是 or 否; left out means 否.
    Flag,
    /// A day, `2026-09-18`.
    Date,
    /// A whole number.
    Count,
    /// A length of time.
    Period,
    /// A value as a lawyer writes it.
    Value,
    /// A list of texts.
    Texts,
    /// A list of clause ids.
    Clauses,
    /// A name that is written elsewhere: what of.
    Name(&'static str),
    /// A list of such names.
    Names(&'static str),
    /// A word of a vocabulary.
    Word(&'static str),
    /// A list of such words.
    Words(&'static str),
    /// A map of the format.
    Map(&'static str),
    /// A list of such maps.
    List(&'static str),
    /// Names of one's own, each with such a map.
    Table(&'static str),
    /// Something else, in words: Chinese, English.
    Other(&'static str, &'static str),
}

/// A key that must be written.
const fn need(
    key: &'static str,
    kind: Kind,
    zh: &'static str,
    en: &'static str,
    example: &'static str,
) -> Key {
    Key { key, needed: true, kind, zh, en, example }
}

/// A key that may be left out.
const fn may(
    key: &'static str,
    kind: Kind,
    zh: &'static str,
    en: &'static str,
    example: &'static str,
) -> Key {
    Key { key, needed: false, kind, zh, en, example }
}

/// 依据, which every rule has.
const BASIS: Key = need(
    "依据",
    Kind::Clauses,
    "所依据的条款，至少一条",
    "the clauses it rests on, at least one",
    "[云雾.五]",
);
/// 英文, which everything with a name has.
const ENGLISH: Key = need("英文", Kind::Text, "英文页面上的名称", "its name on English pages", "Applicant");

/// Every map of the format, in the order of the reference.
pub const MAPS: &[&Map] = &[
    &HEADER,
    &IN_FORCE,
    &COUNTING,
    &TRANSITION,
    &CLAUSE_FILE,
    &CLAUSE,
    &PARAMETER_FILE,
    &PARAMETER,
    &ROLE_FILE,
    &ROLE,
    &BINDING,
    &PROCEDURE,
    &OPENING,
    &ATTACHMENT,
    &FACT,
    &STEP,
    &CLOCK,
    &LENGTH,
    &RUNG,
    &NAMED_PARAMETER,
    &NAMED_FACT,
    &NAMED_STEP,
    &VOTE,
    &ACTION,
    &ENCLOSURE,
    &DRAW,
    &DRAW_LIST,
    &MEETING,
    &CONDITION,
    &BRANCH,
    &TARGET,
    &TEST,
    &SEPARATION,
    &FORM,
    &SECTION,
    &FIELD,
    &DOCUMENT_FILE,
    &DOCUMENT,
    &NUMBER,
    &VARIABLE,
    &OCCASION,
    &DUTY_FILE,
    &DUTY,
    &REASON_FILE,
    &REASON,
    &REASON_KEPT,
    &REASON_PENDING,
    &SCENARIO_FILE,
    &SCENARIO,
    &EVENT,
    &EXPECTATION,
    &DUTY_SCENARIO,
    &DUTY_EXPECTATION,
];

/// The English of a word of the vocabulary; empty for a word it does not have.
#[must_use]
pub fn english(word: &str) -> &'static str {
    let mut words = VOCABULARIES.iter().flat_map(|vocabulary| vocabulary.words);
    words.find(|gloss| gloss.zh == word).map_or("", |gloss| gloss.en)
}
