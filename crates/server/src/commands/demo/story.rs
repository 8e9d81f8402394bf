//! The story file: what happens in the demonstration county, as calls of the public HTTP API.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// A text in both languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// The whole story.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Title.
    pub title: Words,
    /// Chapters in order.
    pub chapters: Vec<Chapter>,
}

/// One of the stages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Heading.
    pub title: Words,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// One call and what must come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What happens, in words.
    pub say: Words,
    /// The fake clock is moved to this moment first: `YYYY-MM-DD HH:MM` in the pack's zone.
    #[serde(default)]
    pub at: Option<String>,
    /// Who acts: an account name; nobody for the public.
    #[serde(default, rename = "as")]
    pub who: Option<String>,
    /// Method and path, for example `POST /api/v1/cases`.
    pub call: String,
    /// JSON body; `${name}` is replaced by a saved value.
    #[serde(default)]
    pub body: Option<Value>,
    /// A file of the demonstration folder sent as the body instead.
    #[serde(default)]
    pub file: Option<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Expected status; 2xx if not said.
    #[serde(default)]
    pub expect: Option<u16>,
    /// Values that must be in the answer, by JSON pointer.
    #[serde(default)]
    pub check: BTreeMap<String, Value>,
    /// The call (a GET) is repeated until these values are there.
    #[serde(default)]
    pub until: BTreeMap<String, Value>,
    /// Values to keep from the answer, by JSON pointer.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// The step is sent this many times with the same idempotency key; all answers must be equal.
    #[serde(default)]
    pub repeat: Option<u32>,
}

/// Reads a story.
///
/// # Errors
/// When the text is not a story.
pub fn read(text: &str) -> Result<Story> {
    serde_saphyr::from_str(text).context("the story file cannot be read")
}

/// Saved values.
pub type Saved = BTreeMap<String, Value>;

/// Replaces `${name}` in every text of a value. A text that is nothing but one placeholder becomes the saved value
/// itself, whatever its type.
///
/// # Errors
/// When a name was never saved.
pub(crate) fn fill(value: &Value, saved: &Saved) -> Result<Value> {
    Ok(match value {
        Value::String(text) => match whole_placeholder(text) {
            Some(name) => lookup(saved, name)?.clone(),
            None => Value::String(fill_text(text, saved)?),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, saved)).collect::<Result<_>>()?)
        }
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, item)| Ok((fill_text(key, saved)?, fill(item, saved)?)))
                .collect::<Result<_>>()?,
        ),
        other => other.clone(),
    })
}

fn whole_placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|name| !name.contains('}'))
}

fn lookup<'a>(saved: &'a Saved, name: &str) -> Result<&'a Value> {
    saved.get(name).with_context(|| format!("the story uses ${{{name}}} before saving it"))
}

/// Replaces `${name}` in a text.
///
/// # Errors
/// When a name was never saved, or a brace is not closed.
pub(crate) fn fill_text(text: &str, saved: &Saved) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { bail!("unclosed ${{ in `{text}`") };
        match lookup(saved, name)? {
            Value::String(value) => out.push_str(value),
            other => out.push_str(&other.to_string()),
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_keep_their_type_when_they_stand_alone() {
        let saved = Saved::from([("n".to_owned(), json!(3)), ("s".to_owned(), json!("x"))]);
        let filled = fill(&json!({"a": "${n}", "b": ["/${s}/${n}"], "${s}": true}), &saved).unwrap();
        assert_eq!(filled, json!({"a": 3, "b": ["/x/3"], "x": true}));
        assert!(fill(&json!("${missing}"), &saved).is_err());
        assert!(fill_text("${s", &saved).is_err());
    }
}
