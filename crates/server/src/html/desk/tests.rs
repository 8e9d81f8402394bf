//! The pages over HTTP, against a fresh installation in a temporary folder.

mod holidays;
mod versions;

use app::access::Role;
use app::identity::{self, NewPerson, NewUnit};
use app::{App, Config, Ctx};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::visit::{encode, local_path};
use crate::commands::embedded;
use crate::html::assets::Assets;
use crate::html::render::Renderer;
use crate::state::Edge;

const PASSWORD: &str = "Sample-County-2026";
const FORM: &str = "application/x-www-form-urlencoded";

/// A browser: one cookie jar.
struct Browser {
    router: Router,
    edge: Edge,
    cookies: Vec<(String, String)>,
    _folder: TempDir,
}

impl Browser {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let config = Config {
            data: folder.path().to_path_buf(),
            jurisdiction: "deqing".to_owned(),
            fake_clock: Some(1_788_000_000_000_000),
            ..Config::default()
        };
        let app = App::open(config, &embedded::built_in().unwrap()).await.unwrap();
        let unit = NewUnit {
            code: "bigdata-bureau".to_owned(),
            name: "示例县大数据局".to_owned(),
            en: "Sample bureau".to_owned(),
            contact: String::new(),
            roles: vec![Role::Authority, Role::Reviewer],
        };
        let person = NewPerson {
            account: "officer".to_owned(),
            name: "沈例宁".to_owned(),
            unit: unit.code.clone(),
            roles: vec![Role::Authority, Role::Reviewer],
            password: PASSWORD.to_owned(),
        };
        let chief = NewPerson { account: "chief".to_owned(), name: "陈例长".to_owned(), ..person.clone() };
        let platform = NewUnit {
            code: "platform".to_owned(),
            name: "平台运维".to_owned(),
            en: "Platform".to_owned(),
            contact: String::new(),
            roles: vec![Role::Admin],
        };
        let admin = NewPerson {
            account: "admin".to_owned(),
            name: "管例员".to_owned(),
            unit: platform.code.clone(),
            roles: vec![Role::Admin],
            password: PASSWORD.to_owned(),
        };
        let install = Ctx::service("install", app.now());
        identity::enrol(&app, &install, &[unit, platform], &[person, chief, admin]).await.unwrap();
        let renderer = Renderer::load(&Assets::load()).unwrap();
        let edge = Edge::new(app, renderer);
        Self { router: Self::router(edge.clone()), edge, cookies: Vec::new(), _folder: folder }
    }

    fn router(edge: Edge) -> Router {
        super::routes().fallback(super::not_found).with_state(edge)
    }

    /// The same installation as a demonstration.
    fn demonstrate(&mut self) {
        self.router = Self::router(Edge { is_demonstration: true, ..self.edge.clone() });
    }

    async fn send(&mut self, request: Request<Body>) -> (StatusCode, String, String) {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let location =
            response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, location.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
    }

    fn cookie_line(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn get(&mut self, path: &str) -> (StatusCode, String, String) {
        let request = Request::get(path).header(header::COOKIE, self.cookie_line());
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let body = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let request =
            Request::post(path).header(header::COOKIE, self.cookie_line()).header(header::CONTENT_TYPE, FORM);
        self.send(request.body(Body::from(body.collect::<Vec<_>>().join("&"))).unwrap()).await
    }

    async fn sign_in(&mut self) {
        self.sign_in_as("officer").await;
    }

    async fn sign_in_as(&mut self, account: &str) {
        let (_, _, page) = self.get("/sign-in").await;
        let fields =
            [("csrf", csrf(&page)), ("account", account), ("password", PASSWORD), ("next", "/inbox")];
        let (status, location, _) = self.post("/sign-in", &fields).await;
        assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/inbox"));
    }
}

/// The form token of a page.
fn csrf(page: &str) -> &str {
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_the_sign_in_page_and_back() {
    let mut browser = Browser::new().await;
    let (status, location, _) = browser.get("/inbox?tab=done").await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/sign-in?next=/inbox%3Ftab%3Ddone"));
    for path in
        ["/portal", "/portal/announcements", "/portal/operators", "/portal/products", "/portal/objections"]
    {
        assert_eq!(browser.get(path).await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(browser.get("/no/such/page").await.0, StatusCode::NOT_FOUND);
    let (status, _, page) = browser.post("/sign-in", &[("account", "officer"), ("password", PASSWORD)]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a form without its token does nothing");
    let (status, ..) = browser.post("/sign-in", &[("csrf", csrf(&page)), ("account", "officer")]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    browser.sign_in().await;
    assert_eq!(browser.get("/inbox").await.0, StatusCode::OK);
}

#[tokio::test]
async fn every_page_of_the_desk_opens_in_both_languages() {
    let mut browser = Browser::new().await;
    browser.sign_in().await;
    for language in ["zh-CN", "en"] {
        browser.cookies.retain(|(name, _)| name != "shuyu_lang");
        browser.cookies.push(("shuyu_lang".to_owned(), language.to_owned()));
        for path in [
            "/inbox?tab=started&light=week",
            "/cases/new",
            "/announcements",
            "/journal",
            "/admin/packs",
            "/admin/packs/deqing",
            "/admin/packs/deqing/print",
            "/admin/packs/deqing/calendar",
            "/admin/packs/deqing/check",
            "/admin/packs/deqing/test",
            "/admin/packs/deqing/coverage",
            "/admin/packs/versions",
            "/admin/holidays",
            "/admin/packs/new",
            "/admin/packs/deqing/diff",
            "/admin/packs/deqing/diff?with=futian",
            "/admin/packs/deqing/procedures/%E5%AE%9A%E4%BB%B7",
            "/help",
            "/portal/objections/new",
        ] {
            let (status, _, page) = browser.get(path).await;
            assert_eq!(status, StatusCode::OK, "{path} {page}");
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{path}");
        }
        let (_, _, page) = browser.get("/cases/new").await;
        for link in page.split("href=\"/cases/new?procedure=").skip(1) {
            let procedure = link.split('"').next().unwrap();
            let (status, _, page) = browser.get(&format!("/cases/new?procedure={procedure}")).await;
            assert_eq!(status, StatusCode::OK, "{procedure} {page}");
        }
    }
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_written() {
    let mut browser = Browser::new().await;
    browser.sign_in().await;
    let path = format!("/cases/new?procedure={}", encode("信息发布"));
    let (_, _, page) = browser.get(&path).await;
    let token = csrf(&page).to_owned();
    let fields = [("csrf", token.as_str()), ("field.case-title", "试行公告"), ("field.领域", "交通出行")];
    let (status, _, page) = browser.post(&path, &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("value=\"试行公告\"") && page.contains("value=\"交通出行\""));
    assert!(page.contains("error-summary") && page.contains("href=\"#f-授权方式\""));
    let (status, ..) = browser.post(&path, &[("csrf", "forged"), ("field.case-title", "x")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn where_there_is_nothing_to_choose_the_form_says_what_comes_first() {
    let mut browser = Browser::new().await;
    browser.sign_in().await;
    for (procedure, first) in [("出域审核", "/runs"), ("模型审核", "/models"), ("定价", "/products")]
    {
        let (status, _, page) = browser.get(&format!("/cases/new?procedure={}", encode(procedure))).await;
        assert_eq!(status, StatusCode::OK, "{procedure}");
        let hint = page.split("class=\"hint\"").skip(1).any(|part| {
            part.split("</fieldset>").next().is_some_and(|part| part.contains(&format!("href=\"{first}\"")))
        });
        assert!(hint, "{procedure} {page}");
        assert!(!page.contains("type=\"text\" name=\"field.fact."), "nobody is asked for an id: {procedure}");
    }
}

#[tokio::test]
async fn one_role_can_be_worn_and_signing_out_ends_the_session() {
    let mut browser = Browser::new().await;
    browser.sign_in().await;
    let (_, _, page) = browser.get("/journal").await;
    let token = csrf(&page).to_owned();
    let (status, ..) = browser.post("/role", &[("csrf", &token), ("role", "reviewer")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        browser.get("/journal").await.0,
        StatusCode::FORBIDDEN,
        "a reviewer does not read the journal"
    );
    let old = browser.cookies.clone();
    assert_eq!(browser.post("/sign-out", &[("csrf", &token)]).await.0, StatusCode::SEE_OTHER);
    browser.cookies = old;
    assert_eq!(browser.get("/inbox").await.0, StatusCode::SEE_OTHER, "the old cookie opens nothing");
}

#[tokio::test]
async fn an_objection_names_what_is_missing_and_promises_a_day() {
    let mut browser = Browser::new().await;
    browser.sign_in().await;
    let (_, _, page) =
        browser.get("/portal/objections/new?product=0192f3c1-aaaa-7bbb-8ccc-0123456789ab").await;
    assert!(page.contains("value=\"other\""), "{page}");
    let token = csrf(&page).to_owned();
    let send = |name, contact| {
        [("csrf", token.clone()), ("about", "other".to_owned()), ("name", name), ("contact", contact)]
    };
    let path = "/portal/objections";
    let empty = send(String::new(), "0572".to_owned());
    let fields: Vec<(&str, &str)> = empty.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, _, page) = browser.post(path, &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for line in ["姓名或单位名称：必填", "联系电话或邮箱：应为电话号码或电子邮箱", "异议内容和理由：必填"]
    {
        assert!(page.contains(line), "{line} {page}");
    }
    let full = send("王例和".to_owned(), "wang@example.cn".to_owned());
    let mut fields: Vec<(&str, &str)> = full.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("text", "请说明个人信息的来源"));
    let (status, receipt, page) = browser.post(path, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    browser.cookies.clear();
    let (_, _, page) = browser.get(&receipt).await;
    assert!(page.contains("YY-2026-0001") && page.contains("登记。") && page.contains("已收到"), "{page}");
    assert!(!page.contains("王例和") && !page.contains("来源"), "who objected and what is not public");
}

#[tokio::test]
async fn a_refused_account_keeps_what_was_typed() {
    let mut browser = Browser::new().await;
    browser.sign_in_as("admin").await;
    let (_, _, page) = browser.get("/admin/accounts").await;
    assert!(page.contains("2026-08-2"), "the last sign-in is shown {page}");
    assert!(page.contains("data-confirm"), "closing asks first");
    let fields = [
        ("csrf", csrf(&page)),
        ("account", "officer"),
        ("name", "新例人"),
        ("unit", "platform"),
        ("role", "admin"),
    ];
    let (status, _, page) = browser.post("/admin/accounts", &fields).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("value=\"officer\"") && page.contains("value=\"新例人\""), "{page}");
}

#[tokio::test]
async fn the_demonstration_says_what_it_is() {
    let mut browser = Browser::new().await;
    assert!(!browser.get("/portal").await.2.contains("demo-tag"));
    browser.demonstrate();
    for path in ["/portal", "/portal/ledger", "/sign-in", "/help"] {
        assert!(browser.get(path).await.2.contains("demo-tag"), "{path}");
    }
}

#[tokio::test]
async fn the_guides_have_all_their_words() {
    let mut browser = Browser::new().await;
    let (_, _, page) = browser.get("/help").await;
    assert!(page.contains("id=\"guide-citizen\"") && !page.contains(">guide-") && !page.contains(" guide-"));
}

#[test]
fn nobody_is_led_away() {
    for outside in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:x",
        "",
        "/a\r\nb",
        "/\t/evil.example",
    ] {
        assert_eq!(local_path(outside), "/inbox", "{outside:?}");
    }
    assert_eq!(local_path("/cases/1?x=2"), "/cases/1?x=2");
}
