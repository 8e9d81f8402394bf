//! The two languages of the pages, from Fluent files embedded in the binary.
//!
//! Chinese is written first and is the default; English must hold the same keys, which a test compares.

use std::borrow::Cow;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

#[derive(RustEmbed)]
#[folder = "../../web/locales"]
struct Files;

/// Name of the cookie that remembers a person's choice of language.
pub const LANGUAGE_COOKIE: &str = "shuyu_lang";

/// A language the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Simplified Chinese, the default.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Every language, default first.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The BCP 47 tag, used as the `lang` attribute and as the cookie's value.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The language whose tag starts with the same primary subtag, if we have it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// Chooses by cookie, then by the first known language of `Accept-Language` (highest weight wins), then Chinese.
    #[must_use]
    pub fn choose(cookie: Option<&str>, accept: Option<&str>) -> Self {
        if let Some(language) = cookie.and_then(Self::from_tag) {
            return language;
        }
        let mut best: Option<(u32, Self)> = None;
        // Limit: no browser sends more than a handful of languages.
        for part in accept.unwrap_or_default().split(',').take(16) {
            let mut pieces = part.split(';');
            let Some(language) = pieces.next().and_then(Self::from_tag) else { continue };
            let weight = pieces.find_map(|piece| piece.trim().strip_prefix("q=")).map_or(1000, thousandths);
            if weight > 0 && best.is_none_or(|(known, _)| weight > known) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::Chinese, |(_, language)| language)
    }
}

/// Reads a weight such as `0.8` as 800; anything else weighs nothing.
fn thousandths(text: &str) -> u32 {
    text.trim().parse::<f32>().map_or(0, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u32)
}

/// What is wrong with the locale files or with a request for a message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A locale file is missing from the binary.
    #[error("locale file for `{0}` is missing")]
    Missing(&'static str),
    /// A locale file cannot be read.
    #[error("locale file for `{language}` is not valid: {detail}")]
    Invalid {
        /// The language's tag.
        language: &'static str,
        /// The parser's words.
        detail: String,
    },
    /// No message has this key.
    #[error("no message `{key}` in `{language}`")]
    Key {
        /// The language's tag.
        language: &'static str,
        /// The key asked for.
        key: String,
    },
    /// The message needs an argument that was not given, or is otherwise unusable.
    #[error("message `{key}` cannot be formatted: {detail}")]
    Format {
        /// The key asked for.
        key: String,
        /// The formatter's words.
        detail: String,
    },
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "html.locale_missing",
            Self::Invalid { .. } => "html.locale_invalid",
            Self::Key { .. } => "html.message_missing",
            Self::Format { .. } => "html.message_format",
        }
    }
}

/// What a person is told about an error: what happened and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorText {
    /// One sentence that says what happened.
    pub title: String,
    /// One sentence that says what to do next.
    pub remedy: String,
}

/// The messages of both languages.
pub struct Locales {
    chinese: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

impl Locales {
    /// Reads the embedded files.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::Invalid`].
    pub fn load() -> Result<Self, Error> {
        Ok(Self { chinese: bundle(Language::Chinese)?, english: bundle(Language::English)? })
    }

    /// The message `key` (or `key.attribute`) with its arguments filled in.
    ///
    /// # Errors
    /// [`Error::Key`] when there is no such message, [`Error::Format`] when an argument is missing.
    pub fn message(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> Result<String, Error> {
        let bundle = self.bundle(language);
        let (id, attribute) = key.split_once('.').map_or((key, None), |(id, name)| (id, Some(name)));
        let pattern = bundle.get_message(id).and_then(|message| match attribute {
            Some(name) => message.get_attribute(name).map(|found| found.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else {
            return Err(Error::Key { language: language.tag(), key: key.to_owned() });
        };
        let mut errors = Vec::new();
        let text: Cow<'_, str> = bundle.format_pattern(pattern, Some(args), &mut errors);
        match errors.first() {
            None => Ok(text.into_owned()),
            Some(error) => Err(Error::Format { key: key.to_owned(), detail: error.to_string() }),
        }
    }

    /// The words for a stable error code such as `case.wrong_role`; a code without words of its own gets those of its
    /// family (`case`), and failing that the general ones, so that a new code never breaks a page.
    ///
    /// # Errors
    /// Only when the general words themselves are missing.
    pub fn error_text(&self, language: Language, code: &str) -> Result<ErrorText, Error> {
        let key = |code: &str| format!("error-{}", code.replace(['.', '_'], "-"));
        let family = code.split('.').next().unwrap_or_default();
        let known = [key(code), key(family)].into_iter().find(|key| self.bundle(language).has_message(key));
        let key = known.unwrap_or_else(|| "error-unknown".to_owned());
        let args = FluentArgs::new();
        Ok(ErrorText {
            title: self.message(language, &key, &args)?,
            remedy: self.message(language, &format!("{key}.remedy"), &args)?,
        })
    }

    const fn bundle(&self, language: Language) -> &FluentBundle<FluentResource> {
        match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        }
    }
}

fn bundle(language: Language) -> Result<FluentBundle<FluentResource>, Error> {
    let tag = language.tag();
    let resource = FluentResource::try_new(text(language)?).map_err(|(_, errors)| Error::Invalid {
        language: tag,
        detail: errors.first().map(ToString::to_string).unwrap_or_default(),
    })?;
    let id: LanguageIdentifier =
        tag.parse().map_err(|_| Error::Invalid { language: tag, detail: "not a language tag".to_owned() })?;
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    // Both languages are written left to right, and isolation marks would end up in copied numbers.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).map_err(|errors| Error::Invalid {
        language: tag,
        detail: errors.first().map(ToString::to_string).unwrap_or_default(),
    })?;
    Ok(bundle)
}

fn text(language: Language) -> Result<String, Error> {
    let name = format!("{}.ftl", language.tag());
    let file = Files::get(&name).ok_or(Error::Missing(language.tag()))?;
    String::from_utf8(file.data.into_owned())
        .map_err(|error| Error::Invalid { language: language.tag(), detail: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(language: Language) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        let mut last = String::new();
        for line in text(language).unwrap().lines() {
            let Some((head, _)) = line.split_once('=') else { continue };
            if let Some(attribute) = head.trim().strip_prefix('.') {
                keys.insert(format!("{last}.{attribute}"));
            } else if line.starts_with(|first: char| first.is_ascii_lowercase()) {
                last = head.trim().to_owned();
                assert!(keys.insert(last.clone()), "{last} twice in {}", language.tag());
            }
        }
        keys
    }

    #[test]
    fn both_languages_hold_the_same_keys() {
        let (chinese, english) = (keys(Language::Chinese), keys(Language::English));
        assert!(chinese.len() > 300);
        let missing: Vec<_> = chinese.symmetric_difference(&english).collect();
        assert!(missing.is_empty(), "only in one language: {missing:?}");
    }

    /// A page that shows an error asks for both.
    #[test]
    fn every_error_says_what_to_do() {
        let keys = keys(Language::Chinese);
        // Words of pages about errors, which are none themselves.
        const WORDS: [&str; 4] = ["error-word", "error-of-field", "error-code", "error-summary"];
        let errors = keys.iter().filter(|key| key.starts_with("error-") && !key.contains('.'));
        let errors = errors.filter(|key| !WORDS.contains(&key.as_str()));
        let mute: Vec<_> = errors.filter(|key| !keys.contains(&format!("{key}.remedy"))).collect();
        assert!(mute.is_empty(), "without a remedy: {mute:?}");
    }

    #[test]
    fn english_holds_no_chinese() {
        let found: Vec<_> = text(Language::English)
            .unwrap()
            .lines()
            .filter(|line| {
                !line.starts_with('#') && line.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
            })
            .filter(|line| !line.starts_with("language-other"))
            .map(str::to_owned)
            .collect();
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn language_is_chosen_by_cookie_then_header_then_default() {
        for (cookie, accept, expected) in [
            (None, None, Language::Chinese),
            (Some("en"), Some("zh-CN"), Language::English),
            (Some("fr"), Some("en-GB,zh;q=0.5"), Language::English),
            (None, Some("fr, en;q=0.2, zh-TW;q=0.9"), Language::Chinese),
            (None, Some("en;q=0"), Language::Chinese),
            (None, Some(";;;,,q=9"), Language::Chinese),
        ] {
            assert_eq!(Language::choose(cookie, accept), expected, "{cookie:?} {accept:?}");
        }
    }

    #[test]
    fn unknown_codes_still_get_words() {
        let locales = Locales::load().unwrap();
        let own = locales.error_text(Language::English, "case.wrong_role").unwrap();
        let general = locales.error_text(Language::English, "no.such_code").unwrap();
        assert_ne!(own, general);
        assert!(locales.message(Language::Chinese, "no-such-key", &FluentArgs::new()).is_err());
    }
}
