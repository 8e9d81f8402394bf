//! A small load generator: so many connections, each one call after the other, for so many seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

/// Limit: connections.
const CONNECTIONS_MAX: usize = 1_024;
/// Limit: seconds of one run.
const SECONDS_MAX: u64 = 120;
/// Before counting starts. *Units*: milliseconds.
const WARM_UP: Duration = Duration::from_millis(1_000);

/// The calls to send, read from a JSON file.
#[derive(Debug, Deserialize)]
struct Targets {
    /// `host:port`.
    address: String,
    /// Sent with every call.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The calls; each connection goes round them from a place of its own.
    calls: Vec<Call>,
}

#[derive(Debug, Deserialize)]
struct Call {
    method: String,
    path: String,
    #[serde(default)]
    body: String,
}

/// What was seen.
#[derive(Debug, Default, Serialize)]
struct Seen {
    /// Answers with a status from 200 to 299.
    answered: u64,
    /// Any other answer, by status.
    refused: BTreeMap<u16, u64>,
    /// The first refusal's body.
    example: Option<String>,
    seconds: f64,
    per_second: f64,
    p50_micros: u32,
    p99_micros: u32,
    #[serde(skip)]
    micros: Vec<u32>,
}

/// Sends the calls of a file and prints what was seen.
pub(crate) async fn fire(targets: &str, seconds: u64, connections: usize) -> Result<()> {
    ensure!((1..=CONNECTIONS_MAX).contains(&connections), "1 to {CONNECTIONS_MAX} connections");
    ensure!((1..=SECONDS_MAX).contains(&seconds), "1 to {SECONDS_MAX} seconds");
    let text = std::fs::read(targets).with_context(|| targets.to_owned())?;
    let targets: Arc<Targets> = Arc::new(serde_json::from_slice(&text)?);
    ensure!(!targets.calls.is_empty(), "no calls");
    let start = Instant::now() + WARM_UP;
    let end = start + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..connections {
        tasks.spawn(one_connection(Arc::clone(&targets), number, start, end));
    }
    let mut all = Seen { seconds: f64::from(u32::try_from(seconds)?), ..Seen::default() };
    while let Some(seen) = tasks.join_next().await {
        all.add(seen??);
    }
    all.finish();
    println!("{}", serde_json::to_string(&all)?);
    Ok(())
}

async fn one_connection(targets: Arc<Targets>, number: usize, start: Instant, end: Instant) -> Result<Seen> {
    let stream = TcpStream::connect(&targets.address).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Ends when the sender is dropped; a broken connection shows in the next call.
    let driver = tokio::spawn(connection);
    let mut seen = Seen::default();
    // Spread over the list, so that neighbours do not ask the same at the same time.
    let skip = number.wrapping_mul(7_919) % targets.calls.len();
    for call in targets.calls.iter().cycle().skip(skip) {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        let (status, body) = one_call(&mut sender, &targets, call).await?;
        if sent >= start {
            seen.count(status, &body, sent.elapsed());
        }
    }
    drop(sender);
    driver.abort();
    Ok(seen)
}

async fn one_call(
    sender: &mut SendRequest<Full<Bytes>>,
    targets: &Targets,
    call: &Call,
) -> Result<(u16, Bytes)> {
    let mut request = Request::builder()
        .method(call.method.parse::<Method>()?)
        .uri(call.path.parse::<Uri>()?)
        .header("host", &targets.address);
    for (name, value) in &targets.headers {
        request = request.header(name, value);
    }
    if !call.body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    sender.ready().await?;
    let answer = sender.send_request(request.body(Full::new(Bytes::from(call.body.clone())))?).await?;
    let status = answer.status().as_u16();
    Ok((status, answer.into_body().collect().await?.to_bytes()))
}

impl Seen {
    fn count(&mut self, status: u16, body: &Bytes, took: Duration) {
        if (200..300).contains(&status) {
            self.answered += 1;
            self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            return;
        }
        *self.refused.entry(status).or_default() += 1;
        self.example.get_or_insert_with(|| String::from_utf8_lossy(body).chars().take(300).collect());
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
        self.example = self.example.take().or(other.example);
        self.micros.extend(other.micros);
    }

    fn finish(&mut self) {
        self.micros.sort_unstable();
        let at = |share: usize| self.micros.get(self.micros.len() * share / 100).copied().unwrap_or_default();
        (self.p50_micros, self.p99_micros) = (at(50), at(99));
        self.per_second = f64::from(u32::try_from(self.answered).unwrap_or(u32::MAX)) / self.seconds;
    }
}
