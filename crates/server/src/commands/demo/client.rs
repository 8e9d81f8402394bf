//! A small HTTP client for the loopback: what a story step, a benchmark or a crash test needs and no more.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// One call's answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body as it came.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null where it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What to send.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method.
    pub method: Method,
    /// Path with query, starting with `/`.
    pub path: String,
    /// Bearer token.
    pub token: Option<String>,
    /// Body and its content type.
    pub body: Option<(String, Bytes)>,
    /// Sent as `Idempotency-Key`: a repeated call has the effect of one.
    pub idempotency_key: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

/// A client bound to one server.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Client {
    /// A client for `http://host:port`.
    pub fn new(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            pool: Pool::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Sends one call and reads the whole answer.
    ///
    /// # Errors
    /// When the connection fails or breaks; the call may or may not have had its effect.
    pub async fn send(&self, call: &Call) -> Result<Answer> {
        let mut request =
            Request::builder().method(call.method.clone()).uri(format!("{}{}", self.base, call.path));
        if let Some(token) = &call.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let (kind, body) = call.body.clone().unzip();
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let request = request.body(Full::new(body.unwrap_or_default())).context("request cannot be built")?;
        let answer =
            self.pool.request(request).await.with_context(|| format!("{} {}", call.method, call.path))?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.context("answer broke off")?.to_bytes();
        Ok(Answer { status, body })
    }

    /// Waits until the server answers, at most so long.
    ///
    /// # Errors
    /// When it does not answer in time.
    pub async fn wait_until_up(&self, at_most: Duration) -> Result<()> {
        let probe = Call {
            method: Method::GET,
            path: "/health".to_owned(),
            token: None,
            body: None,
            idempotency_key: None,
            headers: Vec::new(),
        };
        let pause = Duration::from_millis(20);
        let tries = at_most.as_millis() / pause.as_millis();
        for _ in 0..tries {
            if self.send(&probe).await.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
        }
        bail!("no answer from {} within {at_most:?}", self.base)
    }
}
