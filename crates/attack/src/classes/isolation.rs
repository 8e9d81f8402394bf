//! Isolation: other people's things, guessed ids, odd paths, forged and ended sessions.

use std::collections::BTreeSet;

use serde_json::json;

use crate::attack::{Attack, Benign, Class, Doing, Found, Kind, Probe, Scene};
use crate::client::Sent;
use crate::lab::Parameter;
use crate::stage::ENGINEER;

const fn probe(who: &'static str, call: &'static str) -> Probe {
    Probe { who, call, body: "" }
}

const fn with(who: &'static str, call: &'static str, body: &'static str) -> Probe {
    Probe { who, call, body }
}

const fn denied(
    id: &'static str,
    title: &'static str,
    probes: &'static [Probe],
    twin: &'static [Probe],
) -> Attack {
    Attack { class: Class::Isolation, id, title, kind: Kind::Denied(probes), twin: Benign::Allowed(twin) }
}

const fn steps(id: &'static str, title: &'static str, step: crate::attack::Step, twin: Benign) -> Attack {
    Attack { class: Class::Isolation, id, title, kind: Kind::Steps(step), twin }
}

const MODEL: &str = r#"{"name":"汇总","sql":"SELECT zone, count(*) AS n FROM {table} AS t GROUP BY zone","entity":"person","reversibility":"汇总"}"#;
const QUERY: &str = r#"{"sql":"SELECT count(*) AS n FROM {table}"}"#;
const OWN: &[Probe] = &[
    probe("operator.engineer", "GET /api/v1/tenants/{tenant}/tables"),
    with("operator.engineer", "POST /api/v1/tenants/{tenant}/queries", QUERY),
];

pub(super) const ATTACKS: &[Attack] = &[
    denied(
        "I01",
        "another operator's engineer in the workbench",
        &[
            probe("other.engineer", "GET /api/v1/tenants/{tenant}/tables"),
            with("other.engineer", "POST /api/v1/tenants/{tenant}/queries", QUERY),
        ],
        OWN,
    ),
    denied(
        "I02",
        "another operator reads the authorisation",
        &[
            probe("other.manager", "GET /api/v1/tenants/{tenant}"),
            probe("other.manager", "GET /api/v1/tenants/{tenant}/certificate"),
            probe("buyer.bank", "GET /api/v1/tenants/{tenant}"),
        ],
        &[probe("operator.manager", "GET /api/v1/tenants/{tenant}")],
    ),
    denied(
        "I03",
        "another operator reads models",
        &[
            probe("other.engineer", "GET /api/v1/tenants/{tenant}/models"),
            probe("other.engineer", "GET /api/v1/models/{model}"),
            probe("buyer.bank", "GET /api/v1/models/{model}"),
        ],
        &[probe("operator.second", "GET /api/v1/models/{model}")],
    ),
    denied(
        "I04",
        "another operator orders a run of the model",
        &[
            with("other.engineer", "POST /api/v1/models/{model}/runs", "{}"),
            with("other.manager", "POST /api/v1/models/{model}/runs", "{}"),
            with("bureau.officer", "POST /api/v1/models/{model}/runs", "{}"),
        ],
        &[with("operator.second", "POST /api/v1/models/{model}/runs", "{}")],
    ),
    denied(
        "I05",
        "another operator reads runs",
        &[
            probe("other.engineer", "GET /api/v1/tenants/{tenant}/runs"),
            probe("other.engineer", "GET /api/v1/runs/{run}"),
            probe("citizen.wang", "GET /api/v1/runs/{run}"),
        ],
        &[probe("operator.engineer", "GET /api/v1/tenants/{tenant}/runs")],
    ),
    denied(
        "I06",
        "another operator asks for the run's export",
        &[
            with("other.engineer", "POST /api/v1/runs/{run}/exports", r#"{"purpose":"汇总"}"#),
            with("civil.officer", "POST /api/v1/runs/{run}/exports", r#"{"purpose":"汇总"}"#),
        ],
        &[probe("operator.engineer", "GET /api/v1/runs/{run}")],
    ),
    denied(
        "I07",
        "another operator reads exports",
        &[
            probe("other.manager", "GET /api/v1/tenants/{tenant}/exports"),
            probe("other.manager", "GET /api/v1/exports/{export}"),
            probe("other.manager", "GET /api/v1/exports/{export}/candidate"),
        ],
        &[probe("operator.manager", "GET /api/v1/tenants/{tenant}/exports")],
    ),
    denied(
        "I08",
        "another operator submits a model into the authorisation",
        &[
            with("other.engineer", "POST /api/v1/tenants/{tenant}/models", MODEL),
            with("bureau.officer", "POST /api/v1/tenants/{tenant}/models", MODEL),
        ],
        &[with("operator.engineer", "POST /api/v1/tenants/{tenant}/models", MODEL)],
    ),
    denied(
        "I09",
        "another operator makes a product from the release",
        &[
            with(
                "other.manager",
                "POST /api/v1/tenants/{other}/products",
                r#"{"code":"stolen","name":"偷来的","description":"x","form":"数据接口","kind":"lookup","scenarios":["x"],"source":{"export":"{export}"},"parameters":[{"name":"zone","title":"片区","type":"text","required":true}],"response":[{"name":"n","title":"人数","type":"integer","required":true}]}"#,
            ),
            with(
                "other.manager",
                "POST /api/v1/tenants/{tenant}/products",
                r#"{"code":"stolen","name":"偷来的","description":"x","form":"数据接口","kind":"lookup","scenarios":["x"],"source":{"export":"{export}"},"parameters":[{"name":"zone","title":"片区","type":"text","required":true}],"response":[{"name":"n","title":"人数","type":"integer","required":true}]}"#,
            ),
        ],
        &[with(
            "operator.manager",
            "POST /api/v1/tenants/{tenant}/products",
            r#"{"code":"zones","name":"片区人数","description":"各片区人数","form":"数据接口","kind":"lookup","scenarios":["公共服务"],"source":{"export":"{export}"},"parameters":[{"name":"zone","title":"片区","type":"text","required":true}],"response":[{"name":"n","title":"人数","type":"integer","required":true}]}"#,
        )],
    ),
    denied(
        "I10",
        "another operator reads and acts in the case",
        &[
            probe("other.manager", "GET /api/v1/cases/{case}"),
            with(
                "other.manager",
                "POST /api/v1/cases/{case}/commands",
                r#"{"command":"approve","opinion":"x"}"#,
            ),
            probe("buyer.bank", "GET /api/v1/cases/{case}"),
            probe("citizen.wang", "GET /api/v1/cases/{case}/papers"),
        ],
        &[probe("operator.engineer", "GET /api/v1/cases/{case}")],
    ),
    denied(
        "I11",
        "officers and providers in the workbench",
        &[
            with("bureau.officer", "POST /api/v1/tenants/{tenant}/queries", QUERY),
            with("civil.officer", "POST /api/v1/tenants/{tenant}/queries", QUERY),
            with("supervisor.one", "POST /api/v1/tenants/{tenant}/queries", QUERY),
            with("admin", "POST /api/v1/tenants/{tenant}/queries", QUERY),
            with("buyer.bank", "POST /api/v1/tenants/{tenant}/queries", QUERY),
        ],
        OWN,
    ),
    denied(
        "I12",
        "a provider's holding area by its id",
        &[
            with("operator.engineer", "POST /api/v1/tenants/{holding}/queries", QUERY),
            probe("operator.engineer", "GET /api/v1/tenants/{holding}/tables"),
            with("operator.engineer", "POST /api/v1/tenants/{holding}/models", MODEL),
            with("civil.officer", "POST /api/v1/tenants/{holding}/queries", QUERY),
        ],
        OWN,
    ),
    denied(
        "I13",
        "uploads and classifications of what somebody else provides",
        &[
            with(
                "operator.engineer",
                "POST /api/v1/resources/{resource}/uploads?format=csv",
                "id_number\n1\n",
            ),
            with("market.officer", "POST /api/v1/resources/{resource}/uploads?format=csv", "id_number\n1\n"),
            with("market.officer", "POST /api/v1/resources/{resource}/classification", r#"{"columns":[]}"#),
            probe("market.officer", "DELETE /api/v1/resources/{resource}"),
            with(
                "operator.manager",
                "POST /api/v1/resources/{resource}/postgres",
                r#"{"url":"postgres://x@127.0.0.1/x","table":"x"}"#,
            ),
        ],
        &[probe("civil.officer", "GET /api/v1/resources/{resource}")],
    ),
    denied(
        "I14",
        "the operator's people read journal, dead jobs and holidays' drafts",
        &[
            probe("operator.engineer", "GET /api/v1/journal"),
            probe("operator.manager", "GET /api/v1/journal/1"),
            probe("operator.engineer", "GET /api/v1/jobs/dead"),
        ],
        &[probe("supervisor.one", "GET /api/v1/journal")],
    ),
    denied(
        "I15",
        "ids that are none, and odd paths",
        &[
            probe("operator.engineer", "GET /api/v1/runs/00000000-0000-7000-8000-000000000000"),
            probe("operator.engineer", "GET /api/v1/runs/..%2f..%2fkeys%2froot.key"),
            probe("operator.engineer", "GET /api/v1/exports/%00"),
            probe("operator.engineer", "GET /api/v1/tenants/'%20OR%20'1'='1/tables"),
            probe("other.engineer", "GET /api/v1/tenants/{other}/../{tenant}/tables"),
            probe("other.engineer", "GET /api/v1/tenants/{other}%2f..%2f{tenant}/tables"),
        ],
        OWN,
    ),
    denied(
        "I16",
        "files of the installation",
        &[
            probe("operator.engineer", "GET /objects/"),
            probe("operator.engineer", "GET /keys/root.key"),
            probe("", "GET /ledger/tile/..%2f..%2fkeys%2froot.key"),
            probe("", "GET /ledger/tile/entries/000"),
            probe("", "GET /assets/..%2f..%2fshuyu.db"),
            probe("", "GET /shuyu.db"),
        ],
        &[probe("", "GET /ledger/checkpoint")],
    ),
    denied(
        "I17",
        "no session at all",
        &[
            probe("", "GET /api/v1/tenants/{tenant}"),
            with("", "POST /api/v1/tenants/{tenant}/queries", QUERY),
            with("", "POST /api/v1/models/{model}/runs", "{}"),
            probe("", "GET /api/v1/exports/{export}/files/csv"),
            probe("", "GET /api/v1/resources/{resource}"),
            probe("", "GET /api/v1/journal"),
        ],
        &[probe("", "GET /api/v1/notices")],
    ),
    denied(
        "I18",
        "the author approves the own model or withdraws another's",
        &[
            with("other.manager", "POST /api/v1/models/{model}/withdrawal", "{}"),
            with(
                "operator.engineer",
                "POST /api/v1/cases/{case}/commands",
                r#"{"command":"approve","opinion":"x"}"#,
            ),
        ],
        OWN,
    ),
    steps("I19", "forged tokens", forged, Benign::Allowed(OWN)),
    steps("I20", "a session that was ended", signed_out, Benign::Allowed(OWN)),
    steps("I21", "headers that speak for another method, path or person", headers, Benign::Allowed(OWN)),
    steps(
        "I22",
        "values of the data in the catalogue",
        catalogue,
        Benign::Allowed(&[probe("operator.engineer", "GET /api/v1/resources/{resource}")]),
    ),
    steps(
        "I23",
        "an order repeated under one idempotency key with another value",
        replayed,
        Benign::Steps(repeated),
    ),
    steps(
        "I24",
        "parameters outside their domain, unknown, missing, or not single values",
        outside,
        Benign::Steps(repeated),
    ),
    steps(
        "I25",
        "a model ordered before its review, after withdrawal, or reviewed as another",
        unreviewed,
        Benign::Steps(repeated),
    ),
];

fn forged<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let good = scene.lab.client.token(ENGINEER, false).await?;
        let other = good.chars().rev().collect::<String>();
        let cut: String = good.chars().take(good.len().saturating_sub(1)).collect();
        let path = format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant);
        for token in [
            other,
            cut,
            format!("{good}x"),
            "null".to_owned(),
            "' OR '1'='1".to_owned(),
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.".to_owned(),
        ] {
            let sent = Sent { token: Some(token.clone()), ..Sent::default() };
            let answer = scene.lab.client.raw("GET", &path, sent).await?;
            found.forms += 1;
            found.expect(answer.status == 401, || format!("{token}: {}", answer.shown()));
        }
        Ok(found)
    })
}

fn signed_out<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let client = scene.lab.client;
        let token = client.token(ENGINEER, true).await?;
        let sent = || Sent { token: Some(token.clone()), ..Sent::default() };
        client.raw("DELETE", "/api/v1/sessions/current", sent()).await?.done("sign out")?;
        let answer =
            client.raw("GET", &format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant), sent()).await?;
        found.expect(answer.status == 401, || answer.shown());
        // Signed in again for the attacks that follow.
        client.token(ENGINEER, true).await?;
        Ok(found)
    })
}

fn headers<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let path = format!("/api/v1/tenants/{}/tables", scene.lab.stage.tenant);
        let token = scene.lab.client.token("other.manager", false).await?;
        for (name, value) in [
            ("x-forwarded-user", ENGINEER),
            ("x-remote-user", "admin"),
            ("x-original-url", "/api/v1/me"),
            ("x-http-method-override", "GET"),
            ("x-forwarded-for", "127.0.0.1"),
            ("cookie", "session=admin; role=admin"),
        ] {
            let sent = Sent {
                token: Some(token.clone()),
                headers: vec![(name.to_owned(), value.to_owned())],
                ..Sent::default()
            };
            let answer = scene.lab.client.raw("GET", &path, sent).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{name}: {}", answer.shown()));
        }
        Ok(found)
    })
}

/// What the catalogue says to people who did not deliver the data: descriptions and counts, no values.
fn catalogue<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        for (code, id) in &scene.lab.stage.resources {
            for who in [ENGINEER, "citizen.wang", "buyer.bank", "bureau.officer"] {
                let answer = scene.lab.client.get(who, &format!("/api/v1/resources/{id}")).await?;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                found.forms += 1;
                let words: BTreeSet<&str> = text.split(['"', ',', ':', ' ']).collect();
                let told = scene.population.people(0..scene.population.plots.len()).find(|(_, person)| {
                    [&person.id_number, &person.phone, &person.village]
                        .into_iter()
                        .any(|value| words.contains(value.as_str()))
                });
                found.expect(told.is_none(), || format!("{code} shows {who} a value"));
            }
        }
        Ok(found)
    })
}

async fn household_model(scene: &Scene<'_>) -> anyhow::Result<crate::lab::Model> {
    let sql = scene.fill(
        "SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} AND household >= $h GROUP BY zone",
    );
    let domain = Parameter::new("h", "integer", vec!["1".to_owned(), "2".to_owned()]);
    scene.lab.model(ENGINEER, &sql, &[domain]).await?.map_err(|answer| anyhow::anyhow!(answer.shown()))
}

fn replayed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let model = household_model(scene).await?;
        let path = format!("/api/v1/models/{}/runs", model.id);
        let key = format!("once-{}", scene.plot.district);
        let mut answers = Vec::new();
        for value in ["1", "1", "2"] {
            let body = json!({ "parameters": { "h": value } }).to_string().into_bytes();
            let sent = Sent {
                body: Some(("application/json".to_owned(), body)),
                headers: vec![("idempotency-key".to_owned(), key.clone())],
                ..Sent::default()
            };
            answers.push(scene.lab.client.send(ENGINEER, "POST", &path, sent).await?);
        }
        if let [first, again, other] = answers.as_slice() {
            found.expect(first.is_ok() && first.text("/id") == again.text("/id"), || {
                "a repeated order is a second run".to_owned()
            });
            found.expect(other.status == 409, || {
                format!("another value under the same key: {}", other.shown())
            });
        }
        Ok(found)
    })
}

fn repeated<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let model = household_model(scene).await?;
        for value in ["1", "2"] {
            let run = scene.lab.run(&model, &[("h", value)]).await?;
            found.expect(run.as_ref().is_ok_and(|run| run.state == "done"), || format!("{run:?}"));
        }
        Ok(found)
    })
}

fn outside<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let model = household_model(scene).await?;
        let path = format!("/api/v1/models/{}/runs", model.id);
        for parameters in [
            json!({ "h": 7 }),
            json!({ "h": "1 OR 1=1" }),
            json!({ "h": null }),
            json!({ "h": [1] }),
            json!({}),
            json!({ "h": 1, "sql": "SELECT 1" }),
            json!({ "h": 1.5 }),
            json!({ "h": "１" }),
        ] {
            let answer = scene.lab.client.post(ENGINEER, &path, json!({ "parameters": parameters })).await?;
            found.forms += 1;
            found.expect((400..500).contains(&answer.status), || format!("{parameters}: {}", answer.shown()));
        }
        Ok(found)
    })
}

fn unreviewed<'a>(scene: &'a Scene<'a>) -> Doing<'a> {
    Box::pin(async move {
        let mut found = Found::default();
        let (lab, client) = (scene.lab, scene.lab.client);
        let sql = scene.fill("SELECT zone, count(*) AS n FROM {p} AS t WHERE district = {D} GROUP BY zone");
        let draft = lab.submit(ENGINEER, &sql, &[]).await?.done("model")?.text("/id");
        let order = async |model: &str| {
            client.post(ENGINEER, &format!("/api/v1/models/{model}/runs"), json!({})).await
        };
        let early = order(&draft).await?;
        found.expect(!early.is_ok(), || format!("before review: {}", early.shown()));
        // A review whose facts claim the digest of another text.
        let opened = client
            .post(
                ENGINEER,
                "/api/v1/cases",
                json!({ "procedure": "模型审核", "title": "汇总", "facts": {
                "授权": lab.stage.tenant, "模型": draft, "内容摘要": "0".repeat(64) } }),
            )
            .await?;
        found.told.push(format!("a review with a digest of one's own: {} {}", opened.status, opened.code()));
        let withdrawn = household_model(scene).await?;
        client
            .post(ENGINEER, &format!("/api/v1/models/{}/withdrawal", withdrawn.id), json!({}))
            .await?
            .done("withdrawal")?;
        let late = client
            .post(
                ENGINEER,
                &format!("/api/v1/models/{}/runs", withdrawn.id),
                json!({ "parameters": { "h": 1 } }),
            )
            .await?;
        found.expect(!late.is_ok(), || format!("after withdrawal: {}", late.shown()));
        Ok(found)
    })
}
