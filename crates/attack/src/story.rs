//! Plays the chapters of the demonstration's story that lead to an authorisation, for one or more operators side by side.
//! The story belongs to the demonstration (`demo/<county>/story.yaml`), so a change of procedure there is a change here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Sent};

#[derive(Debug, Clone, Deserialize)]
struct Words {
    en: String,
}

#[derive(Debug, Deserialize)]
struct Story {
    chapters: Vec<Chapter>,
}

#[derive(Debug, Deserialize)]
struct Chapter {
    title: Words,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
struct Step {
    say: Words,
    #[serde(default)]
    at: Option<String>,
    #[serde(default, rename = "as")]
    who: Option<String>,
    call: String,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    expect: Option<u16>,
    #[serde(default)]
    until: BTreeMap<String, Value>,
    #[serde(default)]
    save: BTreeMap<String, String>,
}

/// An operator who goes through the procedure.
#[derive(Debug, Clone)]
pub(crate) struct Applicant {
    /// Code of its unit.
    pub(crate) unit: &'static str,
    /// Words of the story → words of this applicant: accounts and names.
    pub(crate) instead: &'static [(&'static str, &'static str)],
    saved: BTreeMap<String, Value>,
}

impl Applicant {
    pub(crate) const fn new(unit: &'static str, instead: &'static [(&'static str, &'static str)]) -> Self {
        Self { unit, instead, saved: BTreeMap::new() }
    }

    /// A value that was saved on the way.
    pub(crate) fn saved(&self, name: &str) -> Result<String> {
        let value = self.saved.get(name).and_then(Value::as_str);
        value.map(str::to_owned).with_context(|| format!("the story saved no {name}"))
    }

    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(key, item)| (self.text(key), self.fill(item))).collect())
            }
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.saved {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("${{{name}}}"), &shown);
        }
        self.instead.iter().fold(text, |text, (from, to)| text.replace(from, to))
    }
}

/// The folder of the demonstration beside the sources.
pub(crate) fn demo_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo")
}

/// Plays every step that `wanted` picks by its chapter's title and its own words, both in English. Steps that must be
/// refused, and what the public and the buyers do, are left out: they change nothing.
pub(crate) async fn play(
    client: &Client,
    county: &str,
    applicants: &mut [Applicant],
    mut wanted: impl FnMut(&str, &str) -> bool,
) -> Result<()> {
    let path = demo_folder().join(county).join("story.yaml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let story: Story = serde_saphyr::from_str(&text).context("the story cannot be read")?;
    for chapter in &story.chapters {
        for step in &chapter.steps {
            if !wanted(&chapter.title.en, &step.say.en) {
                continue;
            }
            let aside = ["objection", "/data/v1/", "/ledger/"].iter().any(|word| step.call.contains(word))
                || step.who.as_deref() == Some("citizen.wang");
            if let Some(at) = &step.at {
                move_clock(client, at).await?;
            }
            if aside || step.expect.is_some_and(|status| status >= 400) {
                continue;
            }
            for applicant in applicants.iter_mut() {
                take(client, applicant, step).await.with_context(|| step.say.en.clone())?;
            }
        }
    }
    Ok(())
}

/// Moves the server's fake clock; one that is there already stays.
pub(crate) async fn move_clock(client: &Client, to: &str) -> Result<()> {
    let body = serde_json::to_vec(&json!({ "to": to }))?;
    let sent = Sent { body: Some(("application/json".to_owned(), body)), ..Sent::default() };
    client.raw("POST", "/api/v1/clock", sent).await?.done("the clock")?;
    Ok(())
}

async fn take(client: &Client, applicant: &mut Applicant, step: &Step) -> Result<()> {
    let (method, path) = step.call.split_once(' ').context("not a call")?;
    let path = applicant.text(path);
    let body = match (&step.body, &step.file) {
        (Some(body), _) => Some(("application/json".to_owned(), serde_json::to_vec(&applicant.fill(body))?)),
        (None, Some(file)) => {
            let bytes = std::fs::read(demo_folder().join(file)).with_context(|| file.clone())?;
            Some(("application/octet-stream".to_owned(), bytes))
        }
        (None, None) => None,
    };
    let sent = Sent { body, ..Sent::default() };
    let who = step.who.as_deref().map(|who| applicant.text(who));
    let wanted: Vec<(String, Value)> =
        step.until.iter().map(|(pointer, value)| (pointer.clone(), applicant.fill(value))).collect();
    let answer =
        until(client, &wanted, async || send(client, who.as_deref(), method, &path, sent.clone()).await)
            .await?;
    let json = if path == "/api/v1/tenants" { own_tenant(&answer, applicant.unit) } else { answer.json() };
    for (name, pointer) in &step.save {
        let value = json.pointer(pointer).with_context(|| format!("no {pointer} in {}", answer.shown()))?;
        applicant.saved.insert(name.clone(), value.clone());
    }
    Ok(())
}

async fn send(client: &Client, who: Option<&str>, method: &str, path: &str, sent: Sent) -> Result<Answer> {
    let answer = match who {
        Some(who) => client.send(who, method, path, sent).await?,
        None => client.raw(method, path, sent).await?,
    };
    Ok(answer)
}

/// The list with this applicant's authorisation only.
fn own_tenant(answer: &Answer, unit: &str) -> Value {
    let json = answer.json();
    let items = json.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
    let own = |item: &Value| item.pointer("/unit_code").and_then(Value::as_str) == Some(unit);
    json!({ "items": items.into_iter().filter(own).collect::<Vec<_>>() })
}

/// Asks again until the answer says what is waited for.
pub(crate) async fn until(
    client: &Client,
    wanted: &[(String, Value)],
    mut ask: impl AsyncFnMut() -> Result<Answer>,
) -> Result<Answer> {
    let mut patience = Patience::default();
    for _ in 0..600 {
        let answer = ask().await?;
        let json = answer.json();
        if wanted.iter().all(|(pointer, value)| json.pointer(pointer) == Some(value)) {
            return Ok(answer);
        }
        patience.wait(client).await?;
    }
    bail!("waited in vain for {wanted:?}")
}

/// Pauses that grow. A job that must be tried again waits for the server's clock, which stands still: after ten seconds,
/// and every ten seconds again, it is moved by a minute.
pub(crate) struct Patience {
    pause: Duration,
    waited: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { pause: Duration::from_millis(25), waited: Duration::ZERO }
    }
}

impl Patience {
    pub(crate) async fn wait(&mut self, client: &Client) -> Result<()> {
        tokio::time::sleep(self.pause).await;
        self.waited += self.pause;
        self.pause = self.pause.mul_f32(1.3).min(Duration::from_millis(400));
        if self.waited > Duration::from_secs(10) {
            self.waited = Duration::ZERO;
            let now = client.raw("GET", "/api/v1/clock", Sent::default()).await?.text("/now");
            if let Some(next) = minute_later(&now) {
                move_clock(client, &next).await?;
            }
        }
        Ok(())
    }
}

/// `YYYY-MM-DD HH:MM…` one minute later; the last minute of a day has no next one here.
fn minute_later(now: &str) -> Option<String> {
    let (day, time) = now.split_once([' ', 'T'])?;
    let mut parts = time.split(':');
    let (hour, minute): (u32, u32) = (parts.next()?.parse().ok()?, parts.next()?.get(..2)?.parse().ok()?);
    let next = hour * 60 + minute + 1;
    (next < 24 * 60).then(|| format!("{day} {:02}:{:02}", next / 60, next % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_added() {
        assert_eq!(minute_later("2026-10-26 09:59").as_deref(), Some("2026-10-26 10:00"));
        assert_eq!(minute_later("2026-10-26 09:05:30").as_deref(), Some("2026-10-26 09:06"));
        assert_eq!(minute_later("2026-10-26 23:59"), None);
        assert_eq!(minute_later("never"), None);
    }
}
