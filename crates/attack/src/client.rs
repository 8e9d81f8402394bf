//! The client: signs accounts in, sends calls of the public interfaces, and looks through every answer for raw
//! identifiers of the population, whatever the attack that asked was after.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::lock;

/// One call's answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The text at a JSON pointer; empty where there is none.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.json().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The stable code of a problem document.
    pub(crate) fn code(&self) -> String {
        self.text("/code")
    }

    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text, shortened for findings.
    pub(crate) fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        format!("{} {}", self.status, text.chars().take(300).collect::<String>())
    }

    /// This answer, if it is a success.
    pub(crate) fn done(self, what: &str) -> Result<Self> {
        if self.is_ok() { Ok(self) } else { bail!("{what}: {}", self.shown()) }
    }
}

/// What is sent beside method and path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent {
    pub(crate) token: Option<String>,
    pub(crate) body: Option<(String, Vec<u8>)>,
    pub(crate) headers: Vec<(String, String)>,
}

/// A raw identifier that came back to somebody who must not see one.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Spill {
    pub(crate) who: String,
    pub(crate) call: String,
    pub(crate) identifiers: usize,
}

/// A client bound to one server.
pub(crate) struct Client {
    base: String,
    password: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
    tokens: Mutex<BTreeMap<String, String>>,
    identifiers: Mutex<HashSet<String>>,
    spills: Mutex<Vec<Spill>>,
}

impl Client {
    pub(crate) fn new(base: &str, password: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            password: password.to_owned(),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            tokens: Mutex::default(),
            identifiers: Mutex::default(),
            spills: Mutex::default(),
        }
    }

    /// From now on every answer is looked through for these.
    pub(crate) fn watch(&self, identifiers: impl Iterator<Item = String>) {
        lock(&self.identifiers).extend(identifiers);
    }

    pub(crate) fn spills(&self) -> Vec<Spill> {
        lock(&self.spills).clone()
    }

    /// Waits until the server answers.
    pub(crate) async fn wait_until_up(&self, at_most: Duration) -> Result<()> {
        let tries = at_most.as_millis() / 50;
        for _ in 0..tries {
            if self.raw("GET", "/health", Sent::default()).await.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("no answer from {} within {at_most:?}", self.base)
    }

    /// Sends one call as it is.
    pub(crate) async fn raw(&self, method: &str, path: &str, sent: Sent) -> Result<Answer> {
        let method: Method = method.parse()?;
        let mut request = Request::builder().method(method).uri(format!("{}{}", self.base, encode(path)));
        if let Some(token) = &sent.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &sent.headers {
            request = request.header(name, encode(value));
        }
        let (kind, body) = sent.body.unzip();
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let request = request.body(Full::new(Bytes::from(body.unwrap_or_default())))?;
        let answer = self.pool.request(request).await.with_context(|| path.to_owned())?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.context("the answer broke off")?.to_bytes();
        Ok(Answer { status, body })
    }

    /// Sends a call as an account, which is signed in first; a session that ended is opened anew once.
    pub(crate) async fn call(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer> {
        let body = match body {
            Some(body) => Some(("application/json".to_owned(), serde_json::to_vec(&body)?)),
            None => None,
        };
        self.send(who, method, path, Sent { body, ..Sent::default() }).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Result<Answer> {
        self.call(who, "GET", path, None).await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: Value) -> Result<Answer> {
        self.call(who, "POST", path, Some(body)).await
    }

    pub(crate) async fn send(&self, who: &str, method: &str, path: &str, sent: Sent) -> Result<Answer> {
        let mut last = None;
        for attempt in 0..3 {
            let token = self.token(who, attempt > 0).await?;
            let answer = self.raw(method, path, Sent { token: Some(token), ..sent.clone() }).await?;
            match answer.status {
                401 => {}
                // Busy, not refused: the same call again.
                503 => tokio::time::sleep(Duration::from_millis(200)).await,
                _ => {
                    self.look_through(who, method, path, &answer);
                    return Ok(answer);
                }
            }
            last = Some(answer);
        }
        last.context("never sent")
    }

    pub(crate) async fn token(&self, who: &str, anew: bool) -> Result<String> {
        let known = lock(&self.tokens).get(who).cloned();
        if let Some(token) = known.filter(|_| !anew) {
            return Ok(token);
        }
        let body = serde_json::to_vec(&json!({ "account": who, "password": self.password }))?;
        let sent = Sent { body: Some(("application/json".to_owned(), body)), ..Sent::default() };
        let answer = self.raw("POST", "/api/v1/sessions", sent).await?.done(who)?;
        let token = answer.text("/token");
        lock(&self.tokens).insert(who.to_owned(), token.clone());
        Ok(token)
    }

    /// Notes raw identifiers in an answer to anybody but the provider who delivered them.
    fn look_through(&self, who: &str, method: &str, path: &str, answer: &Answer) {
        if crate::stage::PROVIDERS.contains(&who) {
            return;
        }
        let known = lock(&self.identifiers);
        if known.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&answer.body);
        let identifiers = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| word.len() == 18 && known.contains(*word))
            .count();
        drop(known);
        // Masked numbers keep their form, so that a few in ten thousand are somebody else's by chance.
        let chance = if path.ends_with("/queries") { 10 } else { 0 };
        if identifiers > chance {
            let call = format!("{method} {path}");
            lock(&self.spills).push(Spill { who: who.to_owned(), call, identifiers });
        }
    }
}

/// Chinese in a path or a header goes as percent-encoded UTF-8.
fn encode(text: &str) -> String {
    let byte = |byte: u8| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(byte).collect()
}
