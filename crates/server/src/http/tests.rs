//! The JSON interface in process, against a fresh installation in a temporary folder.

use std::path::Path;

use app::identity::{self, NewPerson, NewUnit};
use app::{App, Config, Ctx};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::router;
use crate::commands::demo::{PASSWORD, People};
use crate::commands::embedded;
use crate::html::assets::Assets;
use crate::html::render::Renderer;
use crate::state::Edge;

/// An installation with two of the demonstration's accounts.
pub(crate) async fn installation(data: &Path) -> App {
    let people = People::read(data).unwrap();
    let config = Config {
        data: data.to_owned(),
        jurisdiction: people.jurisdiction.clone(),
        fake_clock: Some(super::parse_moment(&people.clock, 28_800).unwrap().micros()),
        ..Config::default()
    };
    let app = App::open(config, &embedded::built_in().unwrap()).await.unwrap();
    let accounts = ["operator.manager", "supervisor.one"];
    let members = people.people.iter().filter(|member| accounts.contains(&member.account.as_str()));
    let persons: Vec<NewPerson> = members
        .map(|member| NewPerson {
            account: member.account.clone(),
            name: member.name.clone(),
            unit: member.unit.clone(),
            roles: serde_json::from_value(json!(member.roles)).unwrap(),
            password: PASSWORD.to_owned(),
        })
        .collect();
    let units: Vec<NewUnit> = people
        .units
        .iter()
        .filter(|unit| persons.iter().any(|person| person.unit == unit.code))
        .cloned()
        .collect();
    identity::enrol(&app, &Ctx::service("install", app.now()), &units, &persons).await.unwrap();
    app
}

struct Site {
    router: Router,
    app: App,
    _folder: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
}

impl Site {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let app = installation(folder.path()).await;
        let renderer = Renderer::load(&Assets::load()).unwrap();
        Self { router: router(Edge::new(app.clone(), renderer)), app, _folder: folder }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    async fn token(&self, account: &str) -> String {
        let body = json!({ "account": account, "password": PASSWORD });
        let answer = self.send("POST", "/api/v1/sessions", &[], Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
        answer.json()["token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn the_law_refuses_with_clause_and_remedy_and_nothing_is_made() {
    let site = Site::new().await;
    let bearer = format!("Bearer {}", site.token("operator.manager").await);
    let signed_in = [("authorization", bearer.as_str()), ("idempotency-key", "k1")];
    let me = site.send("GET", "/api/v1/me", &signed_in, None).await.json();
    assert_eq!(me["account"], "operator.manager");

    let open = site.send("GET", "/api/v1/procedures", &signed_in, None).await.json();
    let application = open["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|procedure| procedure["attachments"].as_array().is_some_and(|rules| rules.len() == 8));
    let body = json!({ "procedure": application.unwrap()["id"], "title": "t", "form": {} });
    let refused = site.send("POST", "/api/v1/cases", &signed_in, Some(body)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.headers[header::CONTENT_TYPE], "application/problem+json");
    let problem = refused.json();
    assert_eq!(problem["code"], "case.incomplete");
    assert!(!problem["clauses"].as_array().unwrap().is_empty(), "{problem}");
    assert!(problem["errors"].as_array().unwrap().len() >= 8, "{problem}");
    assert!(!problem["remedy"]["zh"].as_str().unwrap().is_empty());
    let mine = site.send("GET", "/api/v1/cases?box=mine", &signed_in, None).await.json();
    assert_eq!(mine["items"], json!([]));
    site.app.close().await;
}

#[tokio::test]
async fn the_edge_refuses_what_is_not_for_it() {
    let site = Site::new().await;
    let wrong = json!({ "account": "operator.manager", "password": "wrong-password-1" });
    let check = async |method: &str, path: &str, headers: &[(&str, &str)], body, status: u16, code: &str| {
        let answer = site.send(method, path, headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.json());
        assert_eq!(answer.json()["code"], code, "{method} {path}");
        assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY), "{method} {path}");
        assert!(answer.headers.contains_key("x-request-id"));
    };
    check("POST", "/api/v1/sessions", &[], Some(wrong), 401, "access.credentials").await;
    check("GET", "/api/v1/cases", &[], None, 401, "access.sign_in").await;
    check("GET", "/api/v1/nothing", &[], None, 404, "http.not_found").await;
    check("PUT", "/api/v1/sessions", &[], None, 405, "http.method").await;
    check("POST", "/api/v1/sessions", &[], None, 415, "http.media_type").await;
    check("POST", "/api/v1/sessions", &[], Some(json!({ "account": 1 })), 400, "http.body").await;
    let long = json!({ "account": "a".repeat(base::limit::BODY_BYTES_MAX), "password": "x" });
    check("POST", "/api/v1/sessions", &[], Some(long), 413, "http.body_too_large").await;
    let secret = json!({ "account": "operator.manager", "password": 12_345_678 });
    let echoed = site.send("POST", "/api/v1/sessions", &[], Some(secret)).await.json().to_string();
    assert!(echoed.contains("expected a string") && !echoed.contains("12345678"), "{echoed}");
    for account in ["operator.manager", "nobody.at.all"] {
        // One failure of the first is spent above.
        for _ in 0..5 {
            let wrong = json!({ "account": account, "password": "wrong-password-1" });
            site.send("POST", "/api/v1/sessions", &[], Some(wrong)).await;
        }
        let wrong = json!({ "account": account, "password": "wrong-password-1" });
        check("POST", "/api/v1/sessions", &[], Some(wrong), 429, "access.throttled").await;
    }
    let ended = [("authorization", "Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    check("GET", "/api/v1/me", &ended, None, 401, "access.session_ended").await;
    check("GET", "/ledger/tile/../../keys/root.key", &[], None, 404, "ledger.tile").await;
    check("GET", "/api/v1/cases/not-an-id", &[], None, 404, "http.not_found").await;

    // A cookie comes by itself, so it does not suffice to change anything.
    let token = site.token("supervisor.one").await;
    check(
        "GET",
        "/api/v1/cases?limit=abc",
        &[("authorization", &format!("Bearer {token}"))],
        None,
        400,
        "http.bad_request",
    )
    .await;
    let cookie = format!("shuyu_session={token}");
    let by_cookie = [("cookie", cookie.as_str())];
    check("DELETE", "/api/v1/sessions/current", &by_cookie, None, 403, "http.csrf").await;
    let csrf = identity::csrf_token(&token);
    let with_token = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let gone = site.send("DELETE", "/api/v1/sessions/current", &with_token, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    check("GET", "/api/v1/me", &by_cookie, None, 401, "access.session_ended").await;
    site.app.close().await;
}

#[tokio::test]
async fn days_pass_only_on_a_fake_clock_and_only_forwards() {
    let site = Site::new().await;
    let to = |text: &str| Some(json!({ "to": text }));
    let moved = site.send("POST", "/api/v1/clock", &[], to("2026-09-03 10:00")).await;
    assert_eq!((moved.status, &moved.json()["date"]), (StatusCode::OK, &json!("2026-09-03")));
    let back = site.send("POST", "/api/v1/clock", &[], to("2026-09-02 10:00")).await;
    assert_eq!(back.json()["date"], "2026-09-03", "time never runs backwards");
    let bad = site.send("POST", "/api/v1/clock", &[], to("tomorrow")).await;
    assert_eq!(bad.json()["code"], "clock.format");
    site.app.close().await;
}

#[tokio::test]
async fn every_record_is_proven_to_anybody() {
    let site = Site::new().await;
    site.app.start_background();
    let bearer = format!("Bearer {}", site.token("supervisor.one").await);
    let journal = site.send("GET", "/api/v1/journal", &[("authorization", &bearer)], None).await.json();
    let newest = journal["items"][0]["seq"].as_u64().unwrap();
    assert_eq!(journal["items"][0]["action"], "session.open");
    for seq in 1..=newest {
        let shown = site.send("GET", &format!("/api/v1/ledger/records/{seq}/verification"), &[], None).await;
        let shown = shown.json();
        assert_eq!(shown["verified"], true, "{shown}");
        assert!(
            shown["entry"].is_null() && shown["proof"]["entry"].is_null(),
            "who did it is not public: {shown}"
        );
        assert!(!shown.to_string().contains("person"), "{shown}");
    }
    let path = format!("/api/v1/ledger/records/{newest}/verification");
    let watched = site.send("GET", &path, &[("authorization", &bearer)], None).await.json();
    assert_eq!(watched["entry"]["action"], "session.open");
    let hashes = site.send("GET", &format!("/ledger/tile/0/000.p/{newest}"), &[], None).await;
    assert_eq!(hashes.status, StatusCode::OK, "hash tiles are open");
    let entries = format!("/ledger/tile/entries/000.p/{newest}");
    assert_eq!(site.send("GET", &entries, &[], None).await.status, StatusCode::UNAUTHORIZED);
    let watched = site.send("GET", &entries, &[("authorization", &bearer)], None).await;
    assert_eq!(watched.status, StatusCode::OK);
    let beyond = format!("/api/v1/ledger/records/{}/proof", newest + 100);
    assert_eq!(site.send("GET", &beyond, &[], None).await.json()["code"], "ledger.record");
    let opened = site
        .send("GET", &format!("/api/v1/journal/{newest}"), &[("authorization", &bearer)], None)
        .await
        .json();
    assert_eq!(opened["payload"]["account"], "supervisor.one");
    let hidden = site.send("GET", "/api/v1/journal", &[], None).await;
    assert_eq!(hidden.status, StatusCode::UNAUTHORIZED);
    let note = site.send("GET", "/ledger/checkpoint", &[], None).await;
    assert!(String::from_utf8(note.bytes).unwrap().starts_with("shuyu.local/journal\n"));
    site.app.close().await;
}
