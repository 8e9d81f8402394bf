//! Chromium walks the pages as the county's people do. Every page visited is looked over by axe-core, and nothing may be
//! reported to the console: no violation of the content security policy, no script error.

use std::collections::{BTreeSet, VecDeque};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use server::commands::demo::{Call, Client as Http, PASSWORD};

use crate::harness::{Printer, Server, free_port, root, story};

/// Pages looked at for each person.
const PAGES_MAX: usize = 25;

/// A browser with its driver; both end with it.
struct Browser {
    driver: Child,
    port: u16,
    client: Client,
    session: String,
    base: String,
    axe: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    async fn start(server: &Server) -> Self {
        let port = free_port();
        let profile = tempfile::tempdir().expect("profile");
        let driver = Command::new("chromedriver")
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
        let wanted = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let wanted: Capabilities = serde_json::from_value(wanted).expect("capabilities");
        let mut connected = None;
        for _ in 0..100 {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted.clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => {
                    connected = Some(client);
                    break;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        let client = connected.expect("Chromium starts");
        let session = client.session_id().await.expect("session").expect("id");
        let axe = std::fs::read_to_string(root().join("tests/browser/vendor/axe.min.js")).expect("axe-core");
        Self { driver, port, client, session, base: server.url(), axe, _profile: profile }
    }

    async fn open(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.base))
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    async fn sign_in(&self, who: &str) {
        self.client.delete_all_cookies().await.expect("cookies");
        self.open("/sign-in").await;
        self.fill("#account", who).await;
        self.fill("#password", PASSWORD).await;
        self.click("form[action='/sign-in'] button[type=submit]").await;
        for _ in 0..200 {
            if !self.path().await.starts_with("/sign-in") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{who} could not sign in: {}", self.text("main").await);
    }

    async fn path(&self) -> String {
        self.client.current_url().await.expect("address").path().to_owned()
    }

    async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    async fn find(&self, css: &str) -> fantoccini::elements::Element {
        match self.client.find(Locator::Css(css)).await {
            Ok(found) => found,
            Err(error) => panic!("{css} on {}: {error}\n{}", self.path().await, self.text("body").await),
        }
    }

    async fn text(&self, css: &str) -> String {
        match self.client.find(Locator::Css(css)).await {
            Ok(found) => found.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// What the console says since it was last asked.
    async fn console(&self) -> Vec<String> {
        let call = Call {
            method: "POST".parse().expect("method"),
            path: format!("/session/{}/se/log", self.session),
            token: None,
            body: Some((
                "application/json".to_owned(),
                serde_json::to_vec(&json!({"type": "browser"})).expect("json").into(),
            )),
            idempotency_key: None,
            headers: Vec::new(),
        };
        let answer =
            Http::new(&format!("http://127.0.0.1:{}", self.port)).send(&call).await.expect("log").json();
        let entries = answer["value"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// axe-core finds nothing serious, and the console is silent but for refusals that the page explains itself.
    async fn check(&self, who: &str, wrong: &mut Vec<String>) {
        let path = self.path().await;
        let refused =
            |line: &String| (400..500).any(|status| line.contains(&format!("with a status of {status} ")));
        let (refused, console): (Vec<_>, Vec<_>) = self.console().await.into_iter().partition(refused);
        if !refused.is_empty() {
            println!("{who} is shown a link that refuses: {path}");
        }
        wrong.extend(console.into_iter().map(|line| format!("{who} {path}: {line}")));
        self.client.execute(&self.axe, Vec::new()).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let script = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(found => done(
            found.violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v =>
            v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html).join(' | '))), error => done([String(error)]));";
        let found = self
            .client
            .execute_async(script, Vec::new())
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        wrong.extend(found.as_array().into_iter().flatten().map(|line| format!("{who} {path}: {line}")));
        self.console().await;
    }

    /// Addresses of our own pages that the current page links to.
    async fn links(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('a[href]')].map(a => new URL(a.href))
            .filter(u => u.origin === location.origin && !a_file(u)).map(u => u.pathname + u.search);
            function a_file(u) { return /\\.(csv|parquet|md|json|ics|svg)$|\\/(attachments|tile|checkpoint|proof|key)/.test(u.pathname) }";
        let found = self.client.execute(script, Vec::new()).await.expect("links");
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Walks all pages a person can reach by links, each kind of page a few times.
    async fn walk(&self, who: &str, from: &[&str], wrong: &mut Vec<String>) -> usize {
        let mut waiting: VecDeque<String> = from.iter().map(|path| (*path).to_owned()).collect();
        let mut kinds: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
        let mut seen = BTreeSet::new();
        while let Some(path) = waiting.pop_front() {
            if seen.len() >= PAGES_MAX || !seen.insert(path.clone()) {
                continue;
            }
            let times = kinds.entry(kind(&path)).or_insert(0);
            *times += 1;
            if *times > 2 {
                seen.remove(&path);
                continue;
            }
            self.open(&path).await;
            if self.client.title().await.expect("title").is_empty() || self.text("h1").await.is_empty() {
                wrong.push(format!("{who} {path} has no title or heading: {}", self.text("body").await));
            }
            self.check(who, wrong).await;
            waiting.extend(self.links().await);
        }
        seen.len()
    }

    async fn end(mut self) {
        let _ = self.client.clone().close().await;
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A page's kind: its path with ids left out.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let id = |part: &str| part.len() == 36 || part.bytes().all(|byte| byte.is_ascii_digit());
    path.split('/')
        .map(|part| if !part.is_empty() && id(part) { "*" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn people_find_their_way_and_axe_finds_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let server = Server::start(&folder.path().join("data"), free_port()).await;
    // The story up to the exit, so that there is something to see.
    let mut player = server.player("browser");
    let story = story();
    for chapter in 0..story.chapters.len() - 1 {
        if let Err(error) = player.play_chapter(&story, chapter, &mut Printer).await {
            panic!("{error:?}");
        }
    }
    let browser = Browser::start(&server).await;
    let mut wrong = Vec::new();
    let pages = browser.walk("the public", &["/", "/portal", "/sign-in"], &mut wrong).await;
    println!("the public: {pages} pages");
    for who in [
        "operator.manager",
        "operator.engineer",
        "bureau.officer",
        "supervisor.one",
        "buyer.bank",
        "citizen.wang",
        "transport.officer",
        "admin",
    ] {
        browser.sign_in(who).await;
        let pages = browser.walk(who, &["/inbox"], &mut wrong).await;
        println!("{who}: {pages} pages");
    }
    browser.end().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
