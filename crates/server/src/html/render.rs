//! Turns a typed page context into HTML.
//!
//! Templates are MiniJinja 3, embedded in the binary. Undefined variables are errors and every value is escaped. A
//! test renders every template with every sample in every language.

use std::sync::Arc;

use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::{Kwargs, Serde, Value, ValueKind};
use minijinja::{
    AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, context, escape_formatter,
};
use rust_embed::RustEmbed;
use serde::Serialize;

use super::assets::Assets;
use super::locale::{self, Language, Locales};
use super::pages::shell::Shell;

#[cfg(test)]
mod tests;

#[derive(RustEmbed)]
#[folder = "../../web/templates"]
struct Files;

/// A page: which template shows it, and what it looks like when filled.
pub trait Page: Serialize + Sized {
    /// File name under `web/templates`.
    const TEMPLATE: &'static str;

    /// Filled examples, among them an empty one where the page can be empty. They are what tests render.
    fn samples() -> Vec<Self>;
}

/// What can go wrong while pages are prepared or rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The locale files are wrong.
    #[error("locale files are not usable")]
    Locale(#[from] locale::Error),
    /// A template is missing, does not parse or does not fit its context.
    #[error("template is not usable")]
    Template(#[from] minijinja::Error),
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Locale(error) => error.code(),
            Self::Template(_) => "html.template",
        }
    }
}

/// Both languages' templates, ready to render. Cheap to clone.
#[derive(Clone)]
pub struct Renderer {
    chinese: Arc<Environment<'static>>,
    english: Arc<Environment<'static>>,
    locales: Arc<Locales>,
    assets: Assets,
}

impl Renderer {
    /// Parses the embedded templates and locale files.
    ///
    /// # Errors
    /// [`Error`] when an embedded file is missing or does not parse.
    pub fn load(assets: &Assets) -> Result<Self, Error> {
        let locales = Arc::new(Locales::load()?);
        Ok(Self {
            chinese: Arc::new(environment(Language::Chinese, &locales, assets)?),
            english: Arc::new(environment(Language::English, &locales, assets)?),
            locales,
            assets: assets.clone(),
        })
    }

    /// Renders `page` inside `shell`.
    ///
    /// # Errors
    /// [`Error::Template`] when the template asks for something the context does not have.
    pub fn render<P: Page>(&self, language: Language, shell: &Shell, page: &P) -> Result<String, Error> {
        let environment = match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        };
        let html = environment.get_template(P::TEMPLATE)?.render(context! {
            lang => language.tag(),
            shell => Serde(shell),
            page => Serde(page),
        })?;
        Ok(html)
    }

    /// The messages of both languages, for texts made outside templates.
    #[must_use]
    pub fn locales(&self) -> &Locales {
        &self.locales
    }

    /// The embedded assets.
    #[must_use]
    pub const fn assets(&self) -> &Assets {
        &self.assets
    }
}

fn environment(
    language: Language,
    locales: &Arc<Locales>,
    assets: &Assets,
) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(write_escaped);
    for name in Files::iter() {
        let Some(file) = Files::get(&name) else { continue };
        let text = String::from_utf8(file.data.into_owned())
            .map_err(|_| minijinja::Error::new(ErrorKind::SyntaxError, "template is not UTF-8"))?;
        environment.add_template_owned(name.into_owned(), text)?;
    }
    let messages = Arc::clone(locales);
    environment.add_function("t", move |key: &str, kwargs: Kwargs| {
        messages.message(language, key, &arguments(&kwargs)?).map_err(failed)
    });
    let messages = Arc::clone(locales);
    environment.add_function("error_title", move |code: &str| {
        messages.error_text(language, code).map(|text| text.title).map_err(failed)
    });
    let messages = Arc::clone(locales);
    environment.add_function("error_remedy", move |code: &str| {
        messages.error_text(language, code).map(|text| text.remedy).map_err(failed)
    });
    environment.add_function("lang_of", move |said: Value| {
        let han = |c: char| ('\u{3400}'..='\u{9fff}').contains(&c);
        // What a record says in Chinese is Chinese whatever language the page is in. Numbers are in the page's.
        if said.to_string().chars().any(han) { Language::Chinese.tag() } else { language.tag() }
    });
    let assets = assets.clone();
    environment.add_function("asset", move |name: &str| {
        let missing = || minijinja::Error::new(ErrorKind::InvalidOperation, format!("no asset `{name}`"));
        assets.url(name).map(str::to_owned).ok_or_else(missing)
    });
    Ok(environment)
}

/// Escapes text as the engine does, but leaves `/` alone, which is harmless in HTML and fills every address.
fn write_escaped(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return escape_formatter(out, state, value);
    };
    let mut plain = 0;
    for (at, found) in text.match_indices(['<', '>', '&', '"', '\'']) {
        out.write_str(text.get(plain..at).unwrap_or_default())?;
        out.write_str(match found {
            "<" => "&lt;",
            ">" => "&gt;",
            "&" => "&amp;",
            "\"" => "&quot;",
            _ => "&#39;",
        })?;
        plain = at + found.len();
    }
    out.write_str(text.get(plain..).unwrap_or_default())?;
    Ok(())
}

fn failed(error: locale::Error) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, "message is not usable").with_source(error)
}

fn arguments(kwargs: &Kwargs) -> Result<FluentArgs<'static>, minijinja::Error> {
    let mut args = FluentArgs::new();
    let names: Vec<String> = kwargs.args().map(str::to_owned).collect();
    for name in names {
        let value: Value = kwargs.get(&name)?;
        let value = match (value.kind(), i64::try_from(value.clone())) {
            (ValueKind::Number, Ok(number)) => FluentValue::from(number),
            _ => FluentValue::from(value.to_string()),
        };
        args.set(name, value);
    }
    Ok(args)
}
