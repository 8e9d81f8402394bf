//! Bad input over HTTP: each gets a clear refusal with a stable code, and nothing half-done is visible.

use serde_json::{Value, json};
use server::commands::demo::Answer;

use crate::harness::{Desk, Server, free_port, new_database};

async fn county() -> (tempfile::TempDir, Server, Desk) {
    let folder = tempfile::tempdir().expect("folder");
    let server = Server::start(&folder.path().join("data"), free_port()).await;
    let desk = Desk::new(&server);
    (folder, server, desk)
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    let said = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, status, "{said}");
    let document = answer.json();
    assert_eq!(document["status"], status, "{said}");
    let found = document["code"].as_str().unwrap_or_default();
    assert!(
        if code.ends_with('…') { found.starts_with(code.trim_end_matches('…')) } else { found == code },
        "{said}"
    );
}

/// An announcement to open a case with.
pub(crate) fn announcement(title: &str) -> Value {
    json!({
        "procedure": "信息发布", "title": title,
        "form": {"领域": "交通出行", "授权方式": "一般授权", "申报条件": "信用良好", "受理截止": "2026-09-18",
                 "发布单位": "县大数据发展管理局", "日期": "2026-09-01"},
    })
}

/// A resource of enterprises.
pub(crate) fn resource(code: &str) -> Value {
    json!({
        "code": code, "name_zh": "登记表", "update_frequency": "daily", "openness": "conditional",
        "entity": {"kind": "enterprise", "columns": ["credit_code"], "protected": true},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_with_a_code() {
    let (_folder, _server, mut desk) = county().await;
    let officer = Some("bureau.officer");
    let post = "POST /api/v1/cases";
    let raw = |text: &str| Some(("application/json", text.as_bytes().to_vec()));
    for broken in [
        "",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{\"procedure\": 3}",
        "{\"procedure\":\"信息发布\",\"titel\":\"x\"}",
    ] {
        refused(&desk.send(officer, post, raw(broken), None).await, 400, "http.body");
    }
    let plain = Some(("text/plain", b"{}".to_vec()));
    refused(&desk.send(officer, post, plain, None).await, 415, "http.media_type");
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    refused(&desk.send(officer, post, raw(&deep), None).await, 400, "http.body");
    refused(&desk.get(officer, "/api/v1/nothing").await, 404, "http.not_found");
    refused(&desk.get(officer, "/api/v1/cases/not-an-id").await, 404, "http.not_found");
    refused(
        &desk.get(officer, "/api/v1/cases/00000000-0000-7000-8000-000000000000").await,
        404,
        "case.unknown",
    );
    refused(&desk.send(officer, "DELETE /api/v1/packs", None, None).await, 405, "http.method");
    refused(&desk.get(officer, "/api/v1/cases?after=%27%20OR%201=1").await, 400, "page.cursor");
    let unknown = json!({"procedure": "没有这个程序", "title": "x"});
    refused(&desk.json(officer, post, &unknown).await, 400, "case.procedure");
    let large = vec![b' '; base::limit::BODY_BYTES_MAX + 1];
    refused(
        &desk.send(officer, post, Some(("application/json", large)), None).await,
        413,
        "http.body_too_large",
    );
    let large = vec![7; usize::try_from(base::limit::ATTACHMENT_BYTES_MAX).expect("limit") + 1];
    let attach = "POST /api/v1/attachments?name=big.bin";
    let answer = desk.send(officer, attach, Some(("application/octet-stream", large)), None).await;
    refused(&answer, 413, "attachment.too_large");
    let empty = desk.send(officer, attach, Some(("application/octet-stream", Vec::new())), None).await;
    refused(&empty, 400, "attachment.empty");
    let key = "k".repeat(201);
    let body = serde_json::to_vec(&announcement("x")).expect("json");
    let answer = desk.send(officer, post, Some(("application/json", body)), Some(&key)).await;
    refused(&answer, 400, "http.idempotency_key");
    // Nothing of all this left a case behind.
    assert_eq!(desk.get(officer, "/api/v1/cases?box=mine").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_signed_in_and_may_gets_through() {
    let (_folder, _server, mut desk) = county().await;
    let credentials = |password: &str| json!({"account": "bureau.officer", "password": password});
    refused(
        &desk.json(None, "POST /api/v1/sessions", &credentials("wrong")).await,
        401,
        "access.credentials",
    );
    let nobody = json!({"account": "nobody", "password": "wrong"});
    refused(&desk.json(None, "POST /api/v1/sessions", &nobody).await, 401, "access.credentials");
    refused(&desk.json(None, "POST /api/v1/cases", &announcement("x")).await, 401, "access.…");
    refused(&desk.get(None, "/api/v1/tenants").await, 401, "access.…");
    // A wrong role.
    for who in ["operator.manager", "citizen.wang", "buyer.bank", "expert.one"] {
        let answer = desk.json(Some(who), "POST /api/v1/resources", &resource("stolen")).await;
        assert_eq!(answer.status, 403, "{who}: {}", String::from_utf8_lossy(&answer.body));
    }
    let announced = desk.json(Some("bureau.officer"), "POST /api/v1/cases", &announcement("公告")).await;
    assert_eq!(announced.status, 201);
    let case = announced.json()["id"].as_str().expect("id").to_owned();
    let act = format!("POST /api/v1/cases/{case}/commands");
    let publish = json!({"command": "publish"});
    let answer = desk.json(Some("operator.manager"), &act, &publish).await;
    assert!(matches!(answer.status, 403 | 404), "{}", String::from_utf8_lossy(&answer.body));
    // The right unit at the wrong step: refused by the law, with the clause.
    let early = desk.json(Some("bureau.officer"), &act, &publish).await;
    assert_eq!(early.status, 422, "{}", String::from_utf8_lossy(&early.body));
    assert!(early.json()["code"].as_str().is_some_and(|code| code.starts_with("case.")));
    // Somebody else's case is not even there.
    refused(&desk.get(Some("buyer.bank"), &format!("/api/v1/cases/{case}")).await, 404, "case.unknown");
    // An ended session.
    let old = desk.sign_in("bureau.chief").await;
    let moved = desk.json(None, "POST /api/v1/clock", &json!({"to": "2026-09-03 09:00"})).await;
    assert!(moved.status < 300, "{}", String::from_utf8_lossy(&moved.body));
    refused(&desk.get(Some("bureau.chief"), "/api/v1/me").await, 401, "access.session_ended");
    assert_eq!(desk.forget("bureau.chief"), Some(old));
    assert_eq!(desk.get(Some("bureau.chief"), "/api/v1/me").await.status, 200);
    let mut forged = desk.call(None, "GET /api/v1/me", None, None).await;
    forged.token = Some("sy_forged".to_owned());
    let answer = _server.client().send(&forged).await.expect("an answer");
    assert_eq!(answer.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_counts_once_and_two_at_once_have_one_winner() {
    let (_folder, server, mut desk) = county().await;
    let officer = Some("bureau.officer");
    let post = "POST /api/v1/cases";
    let body =
        |title: &str| Some(("application/json", serde_json::to_vec(&announcement(title)).expect("json")));
    let first = desk.send(officer, post, body("一"), Some("k-1")).await;
    assert_eq!(first.status, 201, "{}", String::from_utf8_lossy(&first.body));
    let again = desk.send(officer, post, body("一"), Some("k-1")).await;
    assert_eq!((again.status, again.json()), (201, first.json()));
    refused(&desk.send(officer, post, body("二"), Some("k-1")).await, 409, "storage.…");
    let case = first.json()["id"].as_str().expect("id").to_owned();
    // Twenty at once with the same version: one wins, the others are told that somebody was faster.
    let version =
        desk.get(officer, &format!("/api/v1/cases/{case}")).await.json()["state"]["version"].clone();
    let act = format!("POST /api/v1/cases/{case}/commands");
    let mut calls = Vec::new();
    for number in 0..20 {
        let command = json!({"command": "evaluate", "opinion": format!("意见{number}"), "version": version});
        let body = Some(("application/json", serde_json::to_vec(&command).expect("json")));
        calls.push(desk.call(Some("expert.one"), &act, body, None).await);
    }
    let client = server.client();
    let answers: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&call).await.expect("an answer") })
        })
        .collect();
    let (mut won, mut lost) = (0, 0);
    for answer in answers {
        let answer = answer.await.expect("task");
        match answer.status {
            200 => won += 1,
            409 => lost += 1,
            _ => panic!("{}", String::from_utf8_lossy(&answer.body)),
        }
    }
    assert_eq!((won, lost), (1, 19));
    // Numbers run without gap or repetition, whoever comes at once.
    let mut calls = Vec::new();
    for number in 0..10 {
        calls.push(desk.call(officer, post, body(&format!("同时{number}")), None).await);
    }
    let answers: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&call).await.expect("an answer") })
        })
        .collect();
    let mut numbers = Vec::new();
    for answer in answers {
        let answer = answer.await.expect("task");
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        numbers.push(answer.json()["number"].as_str().expect("number").to_owned());
    }
    numbers.sort();
    let expected: Vec<String> = (2..12).map(|number| format!("XF-2026-{number:04}")).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_broken_name_their_rows_and_gb18030_is_read() {
    let (_folder, _server, mut desk) = county().await;
    let officer = Some("market.officer");
    let made = desk.json(officer, "POST /api/v1/resources", &resource("companies")).await;
    assert!(made.status < 300, "{}", String::from_utf8_lossy(&made.body));
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let upload = format!("POST /api/v1/resources/{id}/uploads?format=csv");
    let csv = |text: &str| Some(("text/csv", text.as_bytes().to_vec()));
    let ragged = "credit_code,name\n1,甲\n2\n3,丙,多\n4,丁\n";
    let answer = desk.send(officer, &upload, csv(ragged), None).await;
    refused(&answer, 422, "domain.intake");
    let rows: Vec<u64> = answer.json()["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|e| e["row"].as_u64())
        .collect();
    assert_eq!(rows.len(), 2, "{}", String::from_utf8_lossy(&answer.body));
    for broken in
        ["", "\n\n", "credit_code,credit_code\n1,2\n", "a\"b,c\n1,2\n", "credit_code,name\n\"1,甲\n"]
    {
        let answer = desk.send(officer, &upload, csv(broken), None).await;
        assert!(matches!(answer.status, 400 | 422), "{broken:?}: {}", String::from_utf8_lossy(&answer.body));
    }
    let parquet = format!("POST /api/v1/resources/{id}/uploads?format=parquet");
    let answer = desk.send(officer, &parquet, csv("PAR1 this is no parquet PAR1"), None).await;
    assert_eq!(answer.status, 422, "{}", String::from_utf8_lossy(&answer.body));
    // Nothing half-done is visible.
    let entry = desk.get(officer, &format!("/api/v1/resources/{id}")).await.json();
    assert_eq!((&entry["snapshots"], &entry["columns"]), (&json!([]), &json!([])));
    // Source: GB 18030 code table; 企业 is C6 F3 D2 B5, 甲 BCD7, 乙 D2D2.
    let mut gb = b"credit_code,".to_vec();
    gb.extend([0xC6, 0xF3, 0xD2, 0xB5]);
    gb.extend(b"\n1,");
    gb.extend([0xBC, 0xD7]);
    gb.extend(b"\n2,");
    gb.extend([0xD2, 0xD2]);
    gb.extend(b"\n");
    let answer = desk.send(officer, &upload, Some(("text/csv", gb)), None).await;
    assert!(answer.status < 300, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.json()["encoding"], "gb18030");
    let entry = desk.get(officer, &format!("/api/v1/resources/{id}")).await.json();
    assert_eq!((&entry["snapshots"][0]["rows"], &entry["columns"][1]["name"]), (&json!(2), &json!("企业")));
    // The same key for another file of the same length is another request.
    let more = format!("POST /api/v1/resources/{id}/uploads?format=csv");
    let file = |name: &str| Some(("text/csv", format!("credit_code,企业\n1,{name}\n").into_bytes()));
    let first = desk.send(officer, &more, file("甲"), Some("one-file")).await;
    assert!(first.status < 300, "{}", String::from_utf8_lossy(&first.body));
    refused(&desk.send(officer, &more, file("乙"), Some("one-file")).await, 409, "storage.replay_mismatch");
    let again = desk.send(officer, &more, file("甲"), Some("one-file")).await;
    assert_eq!(
        (again.status, again.json()["snapshot"].clone()),
        (first.status, first.json()["snapshot"].clone())
    );
    // Another provider may not touch it.
    let answer = desk.send(Some("civil.officer"), &upload, csv("credit_code\n1\n"), None).await;
    assert_eq!(answer.status, 403, "{}", String::from_utf8_lossy(&answer.body));
    // Unclassified, and so unusable; a column that is not there cannot be classified.
    let wrong = json!({"columns": [{"column": "nope", "kind": "general", "level": 1, "label": "public",
                                    "mask": {"method": "keep"}}]});
    let answer = desk.json(officer, &format!("POST /api/v1/resources/{id}/classification"), &wrong).await;
    assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(&answer.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_a_providers_database_is_read_or_refused() {
    let (_folder, _server, mut desk) = county().await;
    let officer = Some("market.officer");
    let made = desk.json(officer, "POST /api/v1/resources", &resource("companies")).await;
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let import = format!("POST /api/v1/resources/{id}/postgres");
    let url = new_database();
    let sql = "CREATE TABLE companies (credit_code text, \"名称\" text, capital numeric(12,2));
        INSERT INTO companies SELECT 'C' || n, '企业' || n, n * 1.5 FROM generate_series(1, 5000) n;
        CREATE TABLE secret (x int); CREATE ROLE reader LOGIN; GRANT SELECT ON companies TO reader;";
    let psql =
        std::process::Command::new("psql").args([url.as_str(), "-q", "-c", sql]).status().expect("psql");
    assert!(psql.success());
    let reader = url.replace("user=postgres", "user=reader");
    let table = |url: &str, table: &str| json!({"url": url, "table": table});
    for (url, name, status, code) in [
        ("http://127.0.0.1/x", "companies", 400, "external.url"),
        ("postgres://nobody@127.0.0.1:1/none", "companies", 503, "external.unreachable"),
        (reader.as_str(), "secret", 400, "external.refused"),
        (reader.as_str(), "nothing", 400, "external.no_table"),
        (reader.as_str(), "companies; DROP TABLE companies", 400, "external.no_table"),
        (reader.as_str(), "", 400, "external.name"),
    ] {
        refused(&desk.json(officer, &import, &table(url, name)).await, status, code);
    }
    let answer = desk.json(officer, &import, &table(&reader, "companies")).await;
    assert!(answer.status < 300, "{}", String::from_utf8_lossy(&answer.body));
    let entry = desk.get(officer, &format!("/api/v1/resources/{id}")).await.json();
    assert_eq!(
        (&entry["snapshots"][0]["rows"], &entry["columns"][1]["name"]),
        (&json!(5000), &json!("名称"))
    );
    assert!(!entry.to_string().contains("reader"), "the account is kept nowhere: {entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn injected_sql_and_markup_stay_text() {
    let (_folder, _server, mut desk) = county().await;
    let officer = Some("bureau.officer");
    for nasty in [
        "'; DROP TABLE events; --",
        "\" OR 1=1 --",
        "<script>alert(1)</script>",
        "${7*7}{{7*7}}",
        "％27；ＤＲＯＰ",
    ] {
        let opened = desk.json(officer, "POST /api/v1/cases", &announcement(nasty)).await;
        assert_eq!(opened.status, 201, "{}", String::from_utf8_lossy(&opened.body));
        let id = opened.json()["id"].as_str().expect("id").to_owned();
        let view = desk.get(officer, &format!("/api/v1/cases/{id}")).await.json();
        assert_eq!(view["record"]["title"], nasty);
        let form = json!({"command": "evaluate", "opinion": nasty});
        let acted = desk.json(Some("expert.two"), &format!("POST /api/v1/cases/{id}/commands"), &form).await;
        assert_eq!(acted.status, 200, "{}", String::from_utf8_lossy(&acted.body));
    }
    let listed = desk.get(officer, "/api/v1/cases?box=mine").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(5));
    for path in [
        "/api/v1/resources/'%20OR%20'1'='1",
        "/ledger/tile/../../keys/root.key",
        "/ledger/tile/%2e%2e/%2e%2e/keys",
    ] {
        let answer = desk.get(officer, path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
    let nul = json!({"account": "a\u{0}b", "password": "x"});
    assert!(matches!(desk.json(None, "POST /api/v1/sessions", &nul).await.status, 400 | 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_isolated_where_the_kernel_can() {
    let (folder, _server, mut desk) = county().await;
    let ask = "GET /api/v1/isolation";
    refused(&desk.send(None, ask, None, None).await, 401, "access.sign_in");
    refused(&desk.send(Some("operator.engineer"), ask, None, None).await, 403, "access.denied");
    let mut state = Value::Null;
    for _ in 0..100 {
        state = desk.send(Some("supervisor.one"), ask, None, None).await.json();
        if !state["probed"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let isolation = &state["probed"][1];
    let stopped = |attempt: &str| assert_eq!(isolation["attempts"][attempt], true, "{attempt}: {state}");
    assert_eq!(isolation["layers"]["environment"], "fully");
    if isolation["layers"]["seccomp"] == "fully" {
        ["socket", "program"].into_iter().for_each(stopped);
    }
    if isolation["layers"]["landlock"] != "not" {
        ["read_outside", "list_data", "write_outside"].into_iter().for_each(stopped);
    }
    // The file of the canary did not come into being.
    let left = std::fs::read_dir(folder.path().join("data")).expect("data folder");
    let names = left.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert!(!names.into_iter().any(|name| name.starts_with(".canary")));
}
