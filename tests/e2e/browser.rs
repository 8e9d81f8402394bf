//! Chromium walks the pages as the county's people do. Every page visited is looked over by axe-core, and nothing may be
//! reported to the console: no violation of the content security policy, no script error.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use server::commands::demo::PASSWORD;

use crate::harness::{Printer, Server, free_port, root, story};
use crate::webdriver::Driver;

/// Pages looked at for each person.
const PAGES_MAX: usize = 25;

/// A browser in front of one server.
struct Browser {
    driver: Driver,
    base: String,
    axe: String,
}

impl Browser {
    async fn start(server: &Server) -> Self {
        let axe = std::fs::read_to_string(root().join("tests/browser/vendor/axe.min.js")).expect("axe-core");
        Self { driver: Driver::start().await, base: server.url(), axe }
    }

    async fn open(&self, path: &str) {
        self.driver.command("POST", "/url", &json!({ "url": format!("{}{path}", self.base) })).await;
    }

    async fn sign_in(&self, who: &str) {
        self.driver.command("DELETE", "/cookie", &Value::Null).await;
        self.open("/sign-in").await;
        self.driver.fill("#account", who).await;
        self.driver.fill("#password", PASSWORD).await;
        self.driver.click("form[action='/sign-in'] button[type=submit]").await;
        for _ in 0..200 {
            if !self.path().await.starts_with("/sign-in") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{who} could not sign in: {}", self.text("main").await);
    }

    /// Path of the page that is open.
    async fn path(&self) -> String {
        self.script("return location.pathname").await.as_str().unwrap_or_default().to_owned()
    }

    async fn text(&self, css: &str) -> String {
        let found = "return document.querySelector(arguments[0])?.innerText ?? ''";
        self.driver.script(found, &json!([css])).await.as_str().unwrap_or_default().to_owned()
    }

    async fn script(&self, script: &str) -> Value {
        self.driver.script(script, &json!([])).await
    }

    /// What the console says since it was last asked.
    async fn console(&self) -> Vec<String> {
        let entries = self.driver.command("POST", "/se/log", &json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
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
        self.script(&self.axe).await;
        let script = "return axe.run(document, {resultTypes: ['violations']}).then(found => found.violations
            .filter(v => v.impact === 'serious' || v.impact === 'critical')
            .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html).join(' | ')))";
        let found = self.script(script).await;
        wrong.extend(found.as_array().into_iter().flatten().map(|line| format!("{who} {path}: {line}")));
        self.console().await;
    }

    /// Addresses of our own pages that the current page links to.
    async fn links(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('a[href]')].map(a => new URL(a.href))
            .filter(u => u.origin === location.origin && !a_file(u)).map(u => u.pathname + u.search);
            function a_file(u) { return /\\.(csv|parquet|md|json|ics|svg)$|\\/(attachments|tile|checkpoint|proof|key)/.test(u.pathname) }";
        let found = self.script(script).await;
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
            if self.script("return document.title").await == "" || self.text("h1").await.is_empty() {
                wrong.push(format!("{who} {path} has no title or heading: {}", self.text("body").await));
            }
            self.check(who, wrong).await;
            waiting.extend(self.links().await);
        }
        seen.len()
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
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
