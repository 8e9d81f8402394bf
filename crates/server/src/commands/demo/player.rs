//! Plays a story against a running server and checks every answer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::client::{Answer, Call, Client};
use super::story::{Saved, Step, Story, fill, fill_text};

/// How long a step may wait for a background job.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// How long a player waits for a server that went away to come back.
const DOWN_MAX: Duration = Duration::from_secs(120);

/// Told about progress.
pub trait Audience {
    /// A chapter begins.
    fn chapter(&mut self, number: usize, of: usize, title: &super::story::Words);
    /// A step was done.
    fn step(&mut self, number: usize, of: usize, say: &super::story::Words);
}

/// What was acknowledged: after a crash, each of these must still be true.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// Who sent it.
    pub who: Option<String>,
    /// The call.
    pub call: Call,
    /// The answer it got.
    pub answer: Answer,
}

/// A player of stories.
#[derive(Debug)]
pub struct Player {
    client: Client,
    folder: PathBuf,
    password: String,
    tokens: BTreeMap<String, String>,
    /// Everything saved on the way.
    pub saved: Saved,
    /// Every acknowledged change, in order.
    pub acknowledged: Vec<Acknowledged>,
    run: String,
}

impl Player {
    /// A player that signs in with one password for all demonstration accounts. `run` makes idempotency keys unique.
    pub fn new(client: Client, folder: PathBuf, password: &str, run: &str) -> Self {
        Self {
            client,
            folder,
            password: password.to_owned(),
            tokens: BTreeMap::new(),
            saved: Saved::new(),
            acknowledged: Vec::new(),
            run: run.to_owned(),
        }
    }

    /// Plays the whole story.
    ///
    /// # Errors
    /// At the first step whose answer is not the expected one.
    pub async fn play(&mut self, story: &Story, audience: &mut impl Audience) -> Result<()> {
        for index in 0..story.chapters.len() {
            self.play_chapter(story, index, audience).await?;
        }
        Ok(())
    }

    /// Plays one chapter, counted from 0.
    ///
    /// # Errors
    /// At the first step whose answer is not the expected one.
    pub async fn play_chapter(
        &mut self,
        story: &Story,
        index: usize,
        audience: &mut impl Audience,
    ) -> Result<()> {
        let steps: usize = story.chapters.iter().map(|chapter| chapter.steps.len()).sum();
        let mut number: usize = story.chapters.iter().take(index).map(|chapter| chapter.steps.len()).sum();
        let Some(chapter) = story.chapters.get(index) else { return Ok(()) };
        audience.chapter(index + 1, story.chapters.len(), &chapter.title);
        for step in &chapter.steps {
            number += 1;
            self.step(number, step)
                .await
                .with_context(|| format!("step {number} ({}): {}", step.say.en, step.call))?;
            audience.step(number, steps, &step.say);
        }
        Ok(())
    }

    async fn step(&mut self, number: usize, step: &Step) -> Result<()> {
        if let Some(at) = &step.at {
            let call =
                self.call("POST /api/v1/clock", Some(json!({ "to": at })), format!("clock-{number}"))?;
            let answer = self.send(&call).await?;
            // A server that went away after moving the clock is asked again, and is there already.
            let there = answer.json().pointer("/code") == Some(&json!("clock.backwards"));
            ensure!(answer.status < 300 || there, "the clock did not move to {at}: {}", show(&answer));
        }
        let mut call = self.prepare(number, step).await?;
        let mut answer = self.send_as(step, &mut call).await?;
        if !step.until.is_empty() {
            answer = self.poll(step, &call, answer).await?;
        }
        for _ in 1..step.repeat.unwrap_or(1) {
            let again = self.send(&call).await?;
            ensure!(again.body == answer.body, "a repeated call was answered differently: {}", show(&again));
        }
        self.check(step, &answer)?;
        if call.method != Method::GET && answer.status < 300 {
            self.acknowledged.push(Acknowledged { who: step.who.clone(), call, answer });
        }
        Ok(())
    }

    /// Sends acknowledged changes again, each with its idempotency key: the platform must answer each as it did. What
    /// reads instead of changing (queries, product calls) is left out.
    ///
    /// # Errors
    /// At the first one that is answered differently: it was acknowledged and then forgotten.
    pub async fn confirm(&mut self, from: usize) -> Result<usize> {
        let kept: Vec<Acknowledged> = self.acknowledged.iter().skip(from).cloned().collect();
        let mut confirmed = 0;
        for Acknowledged { who, mut call, answer } in kept {
            if call.path.ends_with("/queries") || call.path.starts_with("/data/") {
                continue;
            }
            let again = self.send_by(who.as_deref(), &mut call, false).await?;
            ensure!(
                again.status == answer.status && again.json() == answer.json(),
                "{} {} was acknowledged with {} and is now answered with {}",
                call.method,
                call.path,
                show(&answer),
                show(&again)
            );
            confirmed += 1;
        }
        Ok(confirmed)
    }

    async fn prepare(&mut self, number: usize, step: &Step) -> Result<Call> {
        let mut call = self.call(&step.call, None, format!("step-{number}"))?;
        if let Some(body) = &step.body {
            let body = fill(body, &self.saved)?;
            call.body = Some(("application/json".to_owned(), serde_json::to_vec(&body)?.into()));
        } else if let Some(file) = &step.file {
            let path = self.folder.join(fill_text(file, &self.saved)?);
            let bytes = tokio::fs::read(&path).await.with_context(|| format!("{}", path.display()))?;
            call.body = Some(("application/octet-stream".to_owned(), Bytes::from(bytes)));
        }
        for (name, value) in &step.headers {
            call.headers.push((name.clone(), encode(&fill_text(value, &self.saved)?)));
        }
        Ok(call)
    }

    fn call(&self, line: &str, body: Option<Value>, key: String) -> Result<Call> {
        let (method, path) = line.split_once(' ').with_context(|| format!("not a call: `{line}`"))?;
        let body = match body {
            Some(body) => Some(("application/json".to_owned(), serde_json::to_vec(&body)?.into())),
            None => None,
        };
        Ok(Call {
            method: method.parse()?,
            path: encode(&fill_text(path, &self.saved)?),
            token: None,
            body,
            idempotency_key: Some(format!("{}-{key}", self.run)),
            headers: Vec::new(),
        })
    }

    /// Sends as the step's account; signs in first, and again if the session has ended (the fake clock makes sessions
    /// old quickly).
    async fn send_as(&mut self, step: &Step, call: &mut Call) -> Result<Answer> {
        self.send_by(step.who.as_deref(), call, step.expect == Some(401)).await
    }

    async fn send_by(&mut self, who: Option<&str>, call: &mut Call, refused: bool) -> Result<Answer> {
        let Some(who) = who else { return self.send(call).await };
        for attempt in 0..2 {
            call.token = Some(self.token(who, attempt > 0).await?);
            let answer = self.send(call).await?;
            if answer.status != 401 || refused || attempt > 0 {
                return Ok(answer);
            }
        }
        bail!("could not sign in as {who}")
    }

    async fn token(&mut self, who: &str, anew: bool) -> Result<String> {
        if let Some(token) = self.tokens.get(who).filter(|_| !anew) {
            return Ok(token.clone());
        }
        let mut call = self.call(
            "POST /api/v1/sessions",
            Some(json!({ "account": who, "password": self.password })),
            String::new(),
        )?;
        call.idempotency_key = None;
        let answer = self.send(&call).await?;
        let token = answer.json().pointer("/token").and_then(Value::as_str).map(str::to_owned);
        let token = token.with_context(|| format!("sign-in as {who} failed: {}", show(&answer)))?;
        self.tokens.insert(who.to_owned(), token.clone());
        Ok(token)
    }

    /// Sends a call; if the server goes away, waits for it and sends the same call with the same key again.
    async fn send(&self, call: &Call) -> Result<Answer> {
        let tries = DOWN_MAX.as_millis() / 50;
        let mut last = None;
        for _ in 0..tries {
            match self.client.send(call).await {
                Ok(answer) if answer.status != 503 => return Ok(answer),
                Ok(answer) => last = Some(anyhow::anyhow!("{}", show(&answer))),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("never tried")))
    }

    async fn poll(&self, step: &Step, call: &Call, first: Answer) -> Result<Answer> {
        let mut answer = first;
        let pause = Duration::from_millis(50);
        let wanted = step.until.iter().map(|(pointer, wanted)| Ok((pointer, fill(wanted, &self.saved)?)));
        let wanted: Vec<_> = wanted.collect::<Result<_>>()?;
        for _ in 0..WAIT_MAX.as_millis() / pause.as_millis() {
            let json = answer.json();
            let there = wanted.iter().all(|(pointer, wanted)| json.pointer(pointer) == Some(wanted));
            if there {
                return Ok(answer);
            }
            tokio::time::sleep(pause).await;
            answer = self.send(call).await?;
        }
        bail!("waited {WAIT_MAX:?} for {:?}; last answer: {}", step.until, show(&answer))
    }

    fn check(&mut self, step: &Step, answer: &Answer) -> Result<()> {
        match step.expect {
            Some(status) => ensure!(answer.status == status, "expected {status}, got {}", show(answer)),
            None => ensure!((200..300).contains(&answer.status), "expected success, got {}", show(answer)),
        }
        let json = answer.json();
        for (pointer, wanted) in &step.check {
            let wanted = fill(wanted, &self.saved)?;
            let found = json.pointer(pointer);
            ensure!(
                found == Some(&wanted),
                "{pointer} should be {wanted}, is {}; answer: {}",
                found.map_or_else(|| "missing".to_owned(), Value::to_string),
                show(answer)
            );
        }
        for (name, pointer) in &step.save {
            let value = json.pointer(pointer).with_context(|| format!("no {pointer} in {}", show(answer)))?;
            self.saved.insert(name.clone(), value.clone());
        }
        Ok(())
    }
}

/// Chinese in a path or a header goes as percent-encoded UTF-8.
fn encode(text: &str) -> String {
    let byte = |byte: u8| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(byte).collect()
}

/// An answer for an error message, bounded.
fn show(answer: &Answer) -> String {
    let text: String = String::from_utf8_lossy(&answer.body).chars().take(1_500).collect();
    format!("{} {text}", answer.status)
}
