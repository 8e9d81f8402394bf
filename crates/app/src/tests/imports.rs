//! Social data: approved first, through the gate, into one authorisation only, and computed with what was granted.

use std::collections::BTreeMap;

use base::{Id, kind};
use bytes::Bytes;
use catalog::{Openness, UpdateFrequency};
use privacy::ir::Entity;
use serde_json::json;

use super::fixture::{County, packs};
use super::slice::{approved, granted, query_model};
use crate::imports;
use crate::resources::{self, NewResource, Wanted};
use crate::runs::{self, RunState};
use crate::tenants::{Grant, GrantState, TenantState};
use crate::uploads::{self, UploadFormat, Uploaded};
use crate::{Error, Result, jobs};

fn described() -> NewResource {
    NewResource {
        code: "waybills".to_owned(),
        name_zh: "运单统计".to_owned(),
        name_en: "Waybills".to_owned(),
        description: String::new(),
        update_frequency: UpdateFrequency::Never,
        openness: Openness::Unconditional,
        entity: Entity { kind: "enterprise".to_owned(), columns: vec!["firm".to_owned()], protected: true },
        consent: false,
    }
}

fn waybills(firms: usize) -> Vec<u8> {
    let mut csv = "firm,waybills\n".to_owned();
    for firm in 0..firms {
        csv.push_str(&format!("ENT-{firm:06}-X,{}\n", 20 + firm % 7));
    }
    csv.into_bytes()
}

async fn upload(county: &County, resource: Id<kind::Resource>, bytes: Vec<u8>) -> Result<Uploaded> {
    let body = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
    uploads::upload(&county.app, &county.ctx("operator"), resource, UploadFormat::Csv, body).await
}

/// A case of the built-in pack, approved by the authority.
async fn approved_import(county: &County) -> Id<kind::Case> {
    let request = crate::cases::OpenRequest {
        procedure: "社会数据导入".to_owned(),
        title: "物流运单统计".to_owned(),
        form: serde_json::from_value(json!({
            "社会数据名称": "运单统计", "来源和合法性": "自有业务数据", "融合的应用场景": "物流用工测算"
        }))
        .unwrap(),
        attachments: Vec::new(),
        facts: serde_json::from_value(json!({ "授权": county.tenant })).unwrap(),
    };
    let case = crate::cases::open(&county.app, &county.ctx("operator"), &request).await.unwrap().id;
    let missing = imports::import(&county.app, &county.ctx("operator"), case).await.unwrap_err();
    assert_eq!(missing.code(), "import.unknown", "not before it is approved");
    let approve = json!({ "command": "approve", "opinion": "同意", "facts": { "来源合法": true, "已抽样脱敏脱密": true } });
    county.act("bigdata-bureau", case, approve).await.unwrap();
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_set_is_brought_in_and_fused() {
    let county = granted().await;
    let (app, operator) = (&county.app, county.ctx("operator"));
    let case = approved_import(&county).await;
    let listed = imports::imports(app, &operator, county.tenant).await.unwrap();
    assert_eq!((listed.len(), listed[0].clauses.is_empty(), &listed[0].resource), (1, false, &None));
    let stranger =
        imports::describe(app, &county.ctx("market-bureau"), case, &described()).await.unwrap_err();
    assert!(matches!(stranger, Error::Forbidden(_)), "{stranger:?}");
    let unapproved = resources::register_resource(app, &operator, &described()).await.unwrap_err();
    assert!(matches!(unapproved, Error::Forbidden(_)), "an operator registers nothing without an approval");

    let entry = imports::describe(app, &operator, case, &described()).await.unwrap();
    let again = imports::describe(app, &operator, case, &described()).await.unwrap_err();
    assert_eq!(again.code(), "import.described");
    let early = imports::bring_in(app, &operator, case).await.unwrap_err();
    assert_eq!(early.code(), "import.not_ready");
    let before = county.files().len();
    for (bytes, code) in [
        (&b"MZ\x90\0\x03\0\0\0"[..], "gate.program"),
        (b"PK\x03\x04\x14\0\0\0", "gate.archive"),
        (b"firm,waybills\nENT-1,=HYPERLINK(\"x\")\n", "gate.quotes"),
        (b"firm,waybills\nENT-1,=1+1\n", "gate.formula"),
        (b"firm,waybills\nENT-1\n", "csv.field_count"),
    ] {
        let refused = upload(&county, entry.id(), bytes.to_vec()).await.unwrap_err();
        let Error::Invalid { fields, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!(fields[0].code, code);
    }
    assert_eq!(county.files().len(), before, "nothing of it is kept");
    let table = serde_json::from_value(json!({ "url": "postgres://a@127.0.0.1/b", "table": "t" })).unwrap();
    let foreign = uploads::import_postgres(app, &operator, entry.id(), &table).await.unwrap_err();
    assert_eq!(foreign.code(), "import.file_only");

    upload(&county, entry.id(), waybills(400)).await.unwrap();
    let unclassified = imports::bring_in(app, &operator, case).await.unwrap_err();
    assert_eq!(unclassified.code(), "import.not_ready");
    county.classify("operator", entry.id(), "firm").await;
    let done = imports::bring_in(app, &operator, case).await.unwrap();
    let receipt = done.receipt.expect("a receipt");
    assert_eq!((receipt.rows, receipt.columns.len(), receipt.checks.len()), (400, 2, 5));
    assert!(receipt.journal_seq > 0);
    jobs::drain(app).await;
    assert_eq!(county.get::<Grant>(receipt.grant.uuid()).await.state, GrantState::Ready);
    assert_eq!(imports::bring_in(app, &operator, case).await.unwrap_err().code(), "import.admitted");
    let later = upload(&county, entry.id(), waybills(500)).await.unwrap_err();
    assert_eq!(later.code(), "import.admitted");

    // Computed with what was granted, in the prod zone.
    let text = "SELECT e.industry, count(*) AS n, sum(w.waybills) AS total FROM enterprises AS e \
                JOIN waybills AS w ON w.firm = e.credit_code GROUP BY e.industry";
    let model = approved(&county, &query_model(text)).await;
    let run = runs::order_run(app, &operator, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(app).await;
    let run = runs::run(app, &operator, run.id).await.unwrap();
    assert_eq!(run.state, RunState::Done, "{:?}", run.error);
    let result = runs::run(app, &county.ctx("supervision-office"), run.id).await.unwrap().result.unwrap();
    assert_eq!(result.rows, Some(2), "both large industries");
}

#[tokio::test(flavor = "multi_thread")]
async fn social_data_are_seen_and_used_by_nobody_else() {
    let mut county = granted().await;
    let case = approved_import(&county).await;
    let entry = imports::describe(&county.app, &county.ctx("operator"), case, &described()).await.unwrap();
    upload(&county, entry.id(), waybills(400)).await.unwrap();
    county.classify("operator", entry.id(), "firm").await;
    imports::bring_in(&county.app, &county.ctx("operator"), case).await.unwrap();
    jobs::drain(&county.app).await;
    for unit in ["market-bureau", "civil-bureau"] {
        let seen = resources::resource(&county.app, &county.ctx(unit), entry.id()).await.unwrap_err();
        assert_eq!(seen.code(), "resource.unknown", "{unit}");
        let (listed, _) = resources::catalog(&county.app, &county.ctx(unit), None, 50).await.unwrap();
        assert!(listed.iter().all(|known| known.resource.code != "waybills"), "{unit}");
    }
    resources::resource(&county.app, &county.ctx("supervision-office"), entry.id())
        .await
        .expect("watched over");
    let entry = county.get::<resources::CatalogEntry>(entry.id().uuid()).await;
    let wanted = Wanted { code: "waybills".to_owned(), columns: Vec::new() };
    assert!(entry.check_wanted(&wanted).is_err(), "nobody can be granted it");
    let first = county.tenant;
    let other = county.authorise("operator", TenantState::Active).await;
    assert!(
        entry.check_social(&wanted, other).is_err(),
        "not even another authorisation of the same operator"
    );
    // It lies under the authorisation's own key and goes with it.
    county.tenant = first;
    county.set_state(TenantState::Suspended).await;
    let closed =
        imports::describe(&county.app, &county.ctx("operator"), case, &described()).await.unwrap_err();
    assert!(
        ["tenant.closed", "access.denied", "access.halted"].contains(&closed.code())
            || matches!(closed, Error::Forbidden(_)),
        "{closed:?}"
    );
    let tenant = first;
    let objects = county
        .app
        .store()
        .read("test.objects", |tx| {
            Box::pin(async move { Ok::<_, Error>(storage::objects::of_tenant(tx, tenant, None, 100).await?) })
        })
        .await
        .unwrap();
    assert!(objects.iter().any(|object| object.kind == "snapshot"), "its snapshot is the authorisation's");
}

/// A ClamAV daemon of its own with one signature, until it is dropped.
struct Clamd {
    folder: tempfile::TempDir,
    process: tokio::process::Child,
}

/// What the signature finds.
const PLANTED: &str = "shuyu-planted-signature";

impl Clamd {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hex: String = PLANTED.bytes().map(|byte| format!("{byte:02x}")).collect();
        std::fs::create_dir(folder.path().join("db")).unwrap();
        std::fs::write(folder.path().join("db/own.ndb"), format!("Shuyu.Planted:0:*:{hex}\n")).unwrap();
        let at = folder.path().display();
        let settings = format!(
            "LocalSocket {at}/socket\nDatabaseDirectory {at}/db\nTemporaryDirectory {at}\nForeground yes\nStreamMaxLength 64K\n"
        );
        std::fs::write(folder.path().join("clamd.conf"), settings).unwrap();
        let process = tokio::process::Command::new("/usr/sbin/clamd")
            .arg(format!("--config-file={at}/clamd.conf"))
            .stdout(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("scripts/setup.sh installs clamav-daemon");
        let socket = folder.path().join("socket");
        for _ in 0..300 {
            if tokio::net::UnixStream::connect(&socket).await.is_ok() {
                return Self { folder, process };
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the scanner did not start");
    }

    async fn stop(&mut self) {
        self.process.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_scanner_is_set_nothing_comes_in_that_it_has_not_looked_at() {
    let mut scanner = Clamd::start().await;
    let socket = scanner.folder.path().join("socket");
    let county = granted().await.restart_with(&packs(), |config| config.scanner = socket).await;
    let case = approved_import(&county).await;
    let operator = county.ctx("operator");
    let entry = imports::describe(&county.app, &operator, case, &described()).await.unwrap();
    let before = county.files().len();

    let planted = format!("firm,waybills\nENT-000001-X,7\n{PLANTED},1\n").into_bytes();
    let refused = upload(&county, entry.id(), planted).await.unwrap_err();
    let Error::Invalid { subject, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!((refused.code(), subject.as_str()), ("gate.malware", "Shuyu.Planted.UNOFFICIAL"));
    let refused = upload(&county, entry.id(), waybills(20_000)).await.unwrap_err();
    assert_eq!(refused.code(), "scanner.refused", "more than it looks at");
    upload(&county, entry.id(), waybills(400)).await.unwrap();
    scanner.stop().await;
    let refused = upload(&county, entry.id(), waybills(401)).await.unwrap_err();
    assert_eq!(refused.code(), "scanner.unavailable");
    assert_eq!(county.files().len(), before + 1, "nothing of what was refused is kept");

    county.classify("operator", entry.id(), "firm").await;
    let done = imports::bring_in(&county.app, &operator, case).await.unwrap();
    let scanned = done.receipt.and_then(|receipt| receipt.scanned).expect("the receipt names the scanner");
    assert!(scanned.starts_with("ClamAV 1"), "{scanned}");
}
