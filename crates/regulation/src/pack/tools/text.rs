//! Texts in two languages.

use serde::Serialize;

/// The language of a page or of printed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English; texts a pack has in Chinese alone stay Chinese.
    En,
}

/// A text in Chinese and, where there is one, in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Text {
    /// Chinese. A line break starts a new line in a cell.
    pub zh: String,
    /// English; empty where the pack gives none.
    pub en: String,
}

impl Text {
    /// Both languages.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The same in both: numbers, ids, and texts of the law.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        Self { zh: text.into(), en: String::new() }
    }

    /// In this language.
    #[must_use]
    pub fn pick(&self, lang: Lang) -> &str {
        if lang == Lang::En && !self.en.is_empty() { &self.en } else { &self.zh }
    }

    /// Nothing to show.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }

    /// Texts one after the other, with the separator of each language.
    pub(super) fn join<'a>(texts: impl IntoIterator<Item = &'a Self>, zh: &str, en: &str) -> Self {
        let mut joined = Self::default();
        for (at, text) in texts.into_iter().enumerate() {
            if at > 0 {
                joined.zh.push_str(zh);
                joined.en.push_str(en);
            }
            joined.zh.push_str(&text.zh);
            joined.en.push_str(text.pick(Lang::En));
        }
        joined
    }

    /// Texts as a list in a sentence.
    pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::join(texts, "、", ", ")
    }

    /// Texts on lines of their own.
    pub(super) fn lines<'a>(texts: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::join(texts, "\n", "\n")
    }

    /// With something before and after in each language.
    pub(super) fn around(&self, zh: (&str, &str), en: (&str, &str)) -> Self {
        Self::new(format!("{}{}{}", zh.0, self.zh, zh.1), format!("{}{}{}", en.0, self.pick(Lang::En), en.1))
    }

    /// The Chinese text with the English beside it, for headings that show both.
    pub(super) fn both(&self) -> Self {
        if self.en.is_empty() || self.en == self.zh {
            self.clone()
        } else {
            Self::new(format!("{} {}", self.zh, self.en), format!("{} {}", self.en, self.zh))
        }
    }
}
