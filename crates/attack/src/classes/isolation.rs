//! Isolation: other people's things, guessed ids, odd paths, forged and ended sessions.

mod steps;

use crate::attack::{Attack, Benign, Class, Kind, Probe};

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
    steps("I19", "forged tokens", steps::forged, Benign::Allowed(OWN)),
    steps("I20", "a session that was ended", steps::signed_out, Benign::Allowed(OWN)),
    steps(
        "I21",
        "headers that speak for another method, path or person",
        steps::headers,
        Benign::Allowed(OWN),
    ),
    steps(
        "I22",
        "values of the data in the catalogue",
        steps::catalogue,
        Benign::Allowed(&[probe("operator.engineer", "GET /api/v1/resources/{resource}")]),
    ),
    steps(
        "I23",
        "an order repeated under one idempotency key with another value",
        steps::replayed,
        Benign::Steps(steps::repeated),
    ),
    steps(
        "I24",
        "parameters outside their domain, unknown, missing, or not single values",
        steps::outside,
        Benign::Steps(steps::repeated),
    ),
    steps(
        "I25",
        "a model ordered before its review, after withdrawal, or reviewed as another",
        steps::unreviewed,
        Benign::Steps(steps::repeated),
    ),
];
