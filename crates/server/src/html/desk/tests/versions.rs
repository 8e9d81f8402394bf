//! Two officers put a version into force in their browsers; a legal officer checks packs and begins one.

use super::*;

const BOUNDARY: &str = "----shuyu-test";
const LIST: &str = "/admin/packs/versions";

/// A text of the built-in county pack with something replaced.
fn text(path: &str, from: &str, to: &str) -> String {
    let built_in = embedded::built_in().unwrap();
    let deqing = built_in.iter().find(|source| source.id == "deqing").unwrap();
    let (_, text) = deqing.files.iter().find(|(file, _)| file == path).unwrap();
    assert!(text.contains(from), "{path}");
    text.replacen(from, to, 1)
}

fn header_text() -> String {
    let moves = "上级: zhejiang\n过渡: [{程序: 质量工单, 环节: [受理反馈], 依据: [德清.十.三.2]}]";
    text("pack.yaml", "上级: zhejiang", moves).replace("征求意见稿-1", "征求意见稿-2")
}

fn changed() -> Vec<(String, String)> {
    let longer = text("procedures/质量工单.yaml", "长度: 3个工作日", "长度: 4个工作日");
    let scenario = text("scenarios/模型到市场.yaml", "受理反馈: 2026-09-29", "受理反馈: 2026-09-30");
    vec![
        ("pack.yaml".to_owned(), header_text()),
        ("质量工单.yaml".to_owned(), longer),
        ("模型到市场.yaml".to_owned(), scenario),
    ]
}

impl Browser {
    async fn upload(&mut self, csrf: &str, files: &[(String, String)]) -> (StatusCode, String, String) {
        let mut body =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
        for (name, text) in files {
            body += &format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"folder\"; filename=\"{name}\"\r\n\
                 Content-Type: application/yaml\r\n\r\n{text}\r\n"
            );
        }
        body += &format!("--{BOUNDARY}--\r\n");
        let request = Request::post(LIST)
            .header(header::COOKIE, self.cookie_line())
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// The same installation in somebody else's browser.
    pub(super) async fn beside(&self, account: &str) -> Browser {
        let mut other = Browser {
            router: self.router.clone(),
            edge: self.edge.clone(),
            cookies: Vec::new(),
            _folder: TempDir::new().unwrap(),
        };
        other.sign_in_as(account).await;
        other
    }
}

/// The value of a hidden field in the form that posts to an address.
fn hidden<'a>(page: &'a str, action: &str, name: &str) -> &'a str {
    let form = page.split(&format!("action=\"{action}\"")).nth(1).expect("the form");
    form.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test]
async fn two_officers_put_a_version_into_force() {
    let mut officer = Browser::new().await;
    officer.sign_in().await;
    let (status, _, page) = officer.get(LIST).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("webkitdirectory") && page.contains("征求意见稿-1") && page.contains("平台（随附）")
    );
    let token = csrf(&page).to_owned();

    // Without the changed scenario the pack does not do what its scenarios say.
    let (status, _, page) = officer.upload(&token, &changed()[..2]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("紧急工单当天修复") && page.contains("2026-09-30"), "{page}");
    let (status, ..) = officer.upload("forged", &changed()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _, page) = officer.upload(&token, &[]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("没有收到制度包的文件"));

    let (status, version, page) = officer.upload(&token, &changed()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    let (_, _, page) = officer.get(&version).await;
    assert!(page.contains("须由另一人启用") && !page.contains(&format!("{version}/activate")), "{page}");
    assert_eq!(officer.get(&format!("{version}/diff")).await.0, StatusCode::OK);
    let fields = [
        ("csrf", token.as_str()),
        ("sure", "yes"),
        ("seen", hidden(&page, &format!("{version}/withdraw"), "csrf")),
    ];
    let (status, ..) = officer.post(&format!("{version}/activate"), &fields).await;
    assert_eq!(status, StatusCode::CONFLICT, "what was not looked at is not activated");

    let mut chief = officer.beside("chief").await;
    // The chief is told; who proposed it is not.
    assert!(chief.get("/inbox").await.2.contains(&format!("href=\"{version}\"")));
    assert!(!officer.get("/inbox").await.2.contains(&version));
    let (_, _, page) = chief.get(&version).await;
    let action = format!("{version}/activate");
    let (token, seen) =
        (hidden(&page, &action, "csrf").to_owned(), hidden(&page, &action, "seen").to_owned());
    // The officer has seen the same list, and may not all the same.
    let own = [("csrf", fields[0].1), ("sure", "yes"), ("seen", seen.as_str())];
    let (status, _, page) = officer.post(&action, &own).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("不能启用本人提出或者确认的版本"));
    let unsure = [("csrf", token.as_str()), ("seen", seen.as_str())];
    assert_eq!(chief.post(&action, &unsure).await.0, StatusCode::BAD_REQUEST);
    let sure = [("csrf", token.as_str()), ("sure", "yes"), ("seen", seen.as_str())];
    let (status, location, page) = chief.post(&action, &sure).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, version.as_str()), "{page}");
    let (_, _, page) = chief.get(LIST).await;
    assert!(page.contains("已被替代") && page.contains("征求意见稿-2"), "{page}");
    assert_eq!(chief.edge.app.packs().current().version, "征求意见稿-2");

    // Who has nothing to decide reads the history and the findings, and finds no form.
    let mut admin = officer.beside("admin").await;
    let (status, _, page) = admin.get(LIST).await;
    assert!(status == StatusCode::OK && !page.contains("webkitdirectory"));
    assert_eq!(admin.get("/admin/packs/versions/00").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_legal_officer_checks_and_begins_packs_in_the_browser() {
    let mut browser = Browser::new().await;
    assert_eq!(browser.get("/admin/packs/deqing/test").await.0, StatusCode::SEE_OTHER, "sign in first");
    browser.sign_in().await;
    let (_, _, page) = browser.get("/admin/packs/deqing/check").await;
    assert!(page.contains("没有妨碍启用的问题"), "{page}");
    let (_, _, page) = browser.get("/admin/packs/deqing/test").await;
    assert!(page.contains("样例全部成立") && page.contains("紧急工单当天修复"), "{page}");
    let (_, _, page) = browser.get("/admin/packs/deqing/test?only=failed").await;
    assert!(page.contains("没有这样的样例"));
    let (_, _, page) = browser.get("/admin/packs/deqing/coverage?means=enforce&standing=proven").await;
    assert!(page.contains("强制") && page.contains("已证明"));
    let (_, _, page) = browser.get("/admin/packs/deqing/coverage?standing=missing").await;
    assert!(page.contains("没有这样的条款"));

    let (_, _, page) = browser.get("/admin/packs/new").await;
    let token = csrf(&page).to_owned();
    let new = |id: &'static str, clauses: &'static str, then: &'static str| {
        [
            ("csrf", token.clone()),
            ("parent", "zhejiang".to_owned()),
            ("template", "deqing".to_owned()),
            ("id", id.to_owned()),
            ("name", "云雾县公共数据授权运营实施办法".to_owned()),
            ("prefix", "云雾".to_owned()),
            ("version", "1".to_owned()),
            ("clauses", clauses.to_owned()),
            ("units", "bigdata-bureau = data-office".to_owned()),
            ("then", then.to_owned()),
        ]
    };
    let form = |fields: &[(&'static str, String)]| -> String {
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
    };
    let request = Request::post("/admin/packs/new")
        .header(header::COOKIE, browser.cookie_line())
        .header(header::CONTENT_TYPE, FORM)
        .body(Body::from(form(&new("yunwu", "", "download"))))
        .unwrap();
    let response = browser.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"yunwu.zip\"");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(bytes.starts_with(b"PK\x03\x04") && has("yunwu/pack.yaml") && has("yunwu/procedures/"));
    assert!(has("data-office") && !has("bigdata-bureau"), "units give way everywhere");

    let refused = async |fields: [(&'static str, String); 10]| {
        let request = Request::post("/admin/packs/new")
            .header(header::COOKIE, browser.cookie_line())
            .header(header::CONTENT_TYPE, FORM)
            .body(Body::from(form(&fields)))
            .unwrap();
        let response = browser.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    };
    let (status, page) = refused(new("Yun Wu", "", "download")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("regulation.new_name") && page.contains("value=\"Yun Wu\""),
        "what was written stays"
    );
    let (status, page) = refused(new("yunwu", "云雾.一 | 一", "download")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("条款表第1行"), "{page}");
    // What is not finished is no proposal, and the page says what is left.
    let (status, page) = refused(new("yunwu", "", "propose")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("制度包还不能启用") && page.contains("lint."), "{page}");
}
