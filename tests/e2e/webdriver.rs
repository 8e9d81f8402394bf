//! Chromium over the WebDriver protocol: the dozen commands the tests need, sent by the demonstration's own client. A
//! library for it would bring features that make Cargo build every other crate twice, once for `make run` and once for
//! `make test`.
//!
//! *Source*: W3C WebDriver, sections 8 to 13.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use server::commands::demo::{Call, Client};

use crate::harness::free_port;

/// Under which name a found element is answered.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with its driver process; both end with it.
pub(crate) struct Driver {
    process: Child,
    client: Client,
    session: String,
    _profile: tempfile::TempDir,
}

impl Driver {
    pub(crate) async fn start() -> Self {
        let port = free_port();
        let profile = tempfile::tempdir().expect("profile");
        let mut process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed (make test installs it)");
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let client = Client::new(&format!("http://127.0.0.1:{port}"));
        for _ in 0..200 {
            // Nobody listens for the first moment.
            if let Ok(answer) = client.send(&call("POST", "/session", &wanted)).await {
                let answer = answer.json();
                let session = answer["value"]["sessionId"].as_str();
                let Some(session) = session.map(str::to_owned) else {
                    let _ = process.kill();
                    let _ = process.wait();
                    panic!("Chromium does not start: {answer}");
                };
                return Self { process, client, session, _profile: profile };
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let _ = process.kill();
        let _ = process.wait();
        panic!("chromedriver does not answer");
    }

    /// Sends a command of the session; answers its value.
    pub(crate) async fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/session/{}{path}", self.session);
        let answer = self.client.send(&call(method, &path, body)).await.expect("chromedriver answers");
        let document = answer.json();
        assert_eq!(answer.status, 200, "{method} {path} {body}: {}", document["value"]["message"]);
        document["value"].clone()
    }

    /// Runs a script in the page; a promise is waited for.
    pub(crate) async fn script(&self, script: &str, arguments: &Value) -> Value {
        self.command("POST", "/execute/sync", &json!({ "script": script, "args": arguments })).await
    }

    async fn find(&self, css: &str) -> String {
        let found = self.command("POST", "/element", &json!({ "using": "css selector", "value": css })).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    pub(crate) async fn click(&self, css: &str) {
        let path = format!("/element/{}/click", self.find(css).await);
        self.command("POST", &path, &json!({})).await;
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.command("POST", &format!("/element/{element}/clear"), &json!({})).await;
        self.command("POST", &format!("/element/{element}/value"), &json!({ "text": text })).await;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SIGTERM lets chromedriver take its Chromium along.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        std::thread::sleep(Duration::from_millis(300));
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn call(method: &str, path: &str, body: &Value) -> Call {
    let body = (!body.is_null()).then(|| ("application/json".to_owned(), body.to_string().into()));
    Call {
        method: method.parse().expect("method"),
        path: path.to_owned(),
        token: None,
        body,
        idempotency_key: None,
        headers: Vec::new(),
    }
}
