//! Destruction: what is left is found and said; what was destroyed stays so, whatever is restored; what ran when access
//! was closed writes nothing afterwards.

use std::collections::BTreeMap;
use std::path::Path;

use base::{Id, kind};
use secure_domain::protocol::ZoneKind;
use vault::residue::Secret;

use super::fixture::{County, packs};
use super::slice::{approved, granted, query_model};
use crate::backup::{self, Keys};
use crate::destructions::{self, NewerLog};
use crate::runs::{self, RunState};
use crate::tenants::{self, Certificate, Tenant, TenantState};
use crate::workbench::{self, QueryRequest};
use crate::{App, Config, Error, exports, jobs, models, residue};

const COUNT: &str = "SELECT industry, count(*) AS n FROM enterprises GROUP BY industry";

/// Destroys the county's tenant as the effect of a case does, and answers the order of the job.
async fn destroyed(county: &County) -> jobs::DestroyOrder {
    let (app, tenant, now) = (&county.app, county.tenant, county.app.now());
    let case = crate::clock::new_id(now);
    county.set_state(TenantState::Destroyed).await;
    let traces = app
        .store()
        .system("test.destroy", |tx| {
            Box::pin(async move {
                let traces = residue::traces(app, tx, tenant).await?;
                app.keys().destroy_tenant(tx, tenant, now).await?;
                Ok::<_, Error>(traces)
            })
        })
        .await
        .unwrap();
    jobs::DestroyOrder { tenant, case, destroyed_at: now, traces }
}

async fn certified(county: &County, attempt: &str, order: &jobs::DestroyOrder) -> Option<Certificate> {
    county.push(jobs::DESTROY_TENANT, attempt, order).await;
    jobs::drain(&county.app).await;
    county.get::<Tenant>(county.tenant.uuid()).await.certificate
}

/// The tenant's key as three careless programs might have left it.
struct Left {
    key: [u8; 32],
    wrapped: Vec<u8>,
    canary: [u8; 32],
}

async fn secrets(county: &County) -> Left {
    let (app, tenant) = (&county.app, county.tenant);
    app.store()
        .read("test.key", |tx| {
            Box::pin(async move {
                let key = app.keys().tenant(tx, tenant).await?;
                let wrapped = storage::objects::tenant_key(tx, tenant).await?.unwrap().wrapped;
                Ok::<_, Error>(Left { key: *key.to_bytes(), wrapped, canary: residue::canary(&key)? })
            })
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_makes_a_destruction_fail_loudly_until_it_is_gone() {
    let county = granted().await;
    county.push(jobs::PLANT_CANARY, county.tenant, &county.tenant).await;
    county.push(jobs::PLANT_CANARY, "again", &county.tenant).await;
    jobs::drain(&county.app).await;
    assert_eq!(county.files().len(), 4, "snapshot, raw, twin, one canary");
    let left = secrets(&county).await;
    let data = county.folder.path().to_owned();
    let tmp = data.join("tmp");
    std::fs::create_dir(&tmp).unwrap();
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let careless = [
        ("tmp/core.1234", [&b"heap"[..], &left.key, b"more heap"].concat(), Secret::TenantKey),
        ("tmp/spill-7", [b"id,name\n".as_slice(), &left.canary].concat(), Secret::Canary),
        (
            "old-copy.jsonl",
            format!("[\"tenant_keys\",\"{}\"]", hexadecimal(&left.wrapped)).into_bytes(),
            Secret::WrappedKey,
        ),
    ];
    for (name, bytes, _) in &careless {
        std::fs::write(data.join(name), bytes).unwrap();
    }
    let order = destroyed(&county).await;
    let certificate = certified(&county, "first", &order).await.expect("it says so");
    assert!(!certificate.passed);
    let residue = certificate.residue.clone().unwrap();
    let found: Vec<_> = residue.findings.iter().map(|found| (found.file.as_str(), found.secret)).collect();
    for (name, _, secret) in &careless {
        assert!(found.contains(&(name, *secret)), "{name}: {found:?}");
    }
    assert_eq!(residue.found, 3, "{found:?}");
    assert!(residue.keys >= 6 && residue.wrapped_keys >= 4 && residue.canaries == 1, "{residue:?}");
    let again = certified(&county, "second", &order).await.unwrap();
    assert_eq!(again.id, certificate.id, "said once");
    for (name, ..) in &careless {
        std::fs::remove_file(data.join(name)).unwrap();
    }
    let passed = certified(&county, "third", &order).await.unwrap();
    assert!(passed.passed, "{passed:?}");
    assert_ne!(passed.id, certificate.id);
    let residue = passed.residue.unwrap();
    assert!(residue.database_inside && residue.bytes > 10_000, "{residue:?}");
    for place in ["shuyu.db", "ledger", "objects", "keys"] {
        let seen = residue.places.iter().any(|seen| seen.place == place);
        assert!(seen || place == "ledger", "{place}: {:?}", residue.places);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_checked_against_the_ledgers_key_alone() {
    let county = granted().await;
    let order = destroyed(&county).await;
    let certificate = certified(&county, "only", &order).await.unwrap();
    assert!(certificate.passed && certificate.journal_seq > 0);
    jobs::ledger::sequence(&county.app).await.unwrap();
    let supervisor = county.ctx("supervision-office");
    // Nothing of the journal says who destroyed it here, so the row of the certificate itself is the destruction's.
    let (_, mut document) =
        tenants::certificate_document(&county.app, &supervisor, county.tenant).await.unwrap();
    let key = document.key.parse().unwrap();
    let text = |document: &tenants::CertificateDocument| serde_json::to_string(document).unwrap();
    let refused = tenants::verify_certificate(&text(&document), &key).unwrap_err();
    assert_eq!(refused.code(), "certificate.changed", "the destruction is not that of a command");
    document.certificate["residue"]["found"] = 1.into();
    let changed = tenants::verify_certificate(&text(&document), &key).unwrap_err();
    let Error::Invalid { detail, .. } = &changed else { panic!("{changed:?}") };
    assert_eq!((changed.code(), detail.as_str()), ("certificate.changed", "digest"));
    document.issue = document.destruction.clone();
    assert!(tenants::verify_certificate(&text(&document), &key).is_err());
    let stranger = ledger::NoteSigner::log("shuyu.local/journal", &[9; 32]).unwrap().verifier();
    let forged = tenants::verify_certificate(&text(&document), &stranger).unwrap_err();
    assert_eq!(forged.code(), "certificate.proof");
}

/// The data folder of a restored installation.
fn elsewhere(county: &County, data: &Path) -> Config {
    Config { data: data.to_owned(), ..county.app.config().clone() }
}

fn bring(from: &Path, to: &Path, names: &[&str]) {
    std::fs::create_dir_all(to).unwrap();
    for name in names {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

async fn state(app: &App, tenant: Id<kind::Tenant>) -> (TenantState, bool, Option<Certificate>) {
    app.store()
        .read("test.state", |tx| {
            Box::pin(async move {
                let record = tenants::get(tx, tenant).await?;
                let key = storage::objects::tenant_key(tx, tenant).await?.is_some();
                Ok::<_, Error>((record.state, key, record.certificate))
            })
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_backup_brings_nothing_back_that_was_destroyed() {
    let county = granted().await;
    let other = county.authorise("operator", TenantState::Active).await;
    let folder = tempfile::tempdir().unwrap();
    let (without, with) = (folder.path().join("without-keys"), folder.path().join("with-keys"));
    jobs::ledger::sequence(&county.app).await.unwrap();
    backup::backup(&county.app, &without, Keys::LeftOut).await.unwrap();
    backup::backup(&county.app, &with, Keys::Included).await.unwrap();
    let tenant = county.tenant;
    let order = destroyed(&county).await;
    assert!(certified(&county, "only", &order).await.unwrap().passed);
    jobs::ledger::sequence(&county.app).await.unwrap();
    let config = county.app.config().clone();
    county.app.close().await;

    // The keys were kept elsewhere, all of them: what they remember is destroyed again at the start.
    let first = elsewhere(&county, &folder.path().join("first"));
    backup::restore(&first, &without, None).await.unwrap();
    bring(&config.keys_dir(), &first.keys_dir(), &["root.key", "ledger.key"]);
    let refused = App::open(first.clone(), &packs()).await.unwrap_err();
    assert_eq!(refused.code(), "destructions.missing", "without the memory nobody knows");
    bring(&config.keys_dir(), &first.keys_dir(), &["destroyed.jsonl"]);
    let app = App::open(first, &packs()).await.unwrap();
    assert_eq!(state(&app, tenant).await, (TenantState::Destroyed, false, None));
    assert_eq!(state(&app, other).await, (TenantState::Active, true, None), "others are as they were");
    jobs::drain(&app).await;
    let certificate = state(&app, tenant).await.2.expect("destroyed again, with a certificate of its own");
    assert!(certificate.passed && certificate.objects >= 2, "{certificate:?}");
    // Its document proves itself to whoever has the ledger's public key.
    jobs::ledger::sequence(&app).await.unwrap();
    let supervisor = county.ctx("supervision-office");
    let (_, document) = tenants::certificate_document(&app, &supervisor, tenant).await.unwrap();
    let text = serde_json::to_string(&document).unwrap();
    let verdict = tenants::verify_certificate(&text, &document.key.parse().unwrap()).unwrap();
    assert_eq!(verdict.certificate.id, certificate.id);
    app.close().await;

    // The whole backup came with its keys, of its day: a newer copy of the ledger knows what was destroyed since.
    let key = crate::ledger::public_key(&config).unwrap();
    let newer = NewerLog { folder: config.ledger_dir(), key: key.clone() };
    let second = elsewhere(&county, &folder.path().join("second"));
    backup::restore(&second, &with, Some(&newer)).await.unwrap();
    let raw = order_paths(&second, tenant).await;
    assert!(!raw.is_empty() && raw.iter().all(|path| !path.exists()), "not even their sealed files");
    let app = App::open(second, &packs()).await.unwrap();
    assert_eq!(state(&app, tenant).await.0, TenantState::Destroyed);
    assert!(!state(&app, tenant).await.1, "its key is not there");
    app.close().await;

    // A log that is not this one's later self is not believed.
    let third = elsewhere(&county, &folder.path().join("third"));
    let stranger = NewerLog { key: ledger::NoteSigner::log("other", &[3; 32]).unwrap().verifier(), ..newer };
    let wrong = backup::restore(&third, &with, Some(&stranger)).await.unwrap_err();
    assert_eq!(wrong.code(), "backup.ledger_wrong");
    // The twin: where nothing was destroyed, everything is back.
    backup::restore(&third, &with, None).await.unwrap();
    let app = App::open(third, &packs()).await.unwrap();
    assert_eq!(state(&app, tenant).await, (TenantState::Active, true, None));
    app.close().await;
}

async fn order_paths(config: &Config, tenant: Id<kind::Tenant>) -> Vec<std::path::PathBuf> {
    let at = storage::StoreConfig { url: config.database_url(), readers: 1 };
    let store = storage::Store::open(&at).await.unwrap();
    let rows = store
        .read("test.paths", |tx| {
            Box::pin(async move { Ok::<_, Error>(storage::objects::of_tenant(tx, tenant, None, 100).await?) })
        })
        .await
        .unwrap();
    store.close().await;
    assert!(rows.iter().all(|row| row.destroyed_at.is_some()));
    rows.iter().map(|row| config.objects_dir().join(&row.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_survives_and_a_damaged_one_stops_the_start() {
    let county = County::open().await;
    let keys = county.app.config().keys_dir();
    assert_eq!(destructions::read(&keys).unwrap(), Some(destructions::Memory::new()));
    let known = destructions::Destruction { tenant: county.tenant, case: None, at: county.app.now() };
    for _ in 0..2 {
        destructions::remember(&keys, [&known]).unwrap();
    }
    assert_eq!(std::fs::read_to_string(keys.join("destroyed.jsonl")).unwrap().lines().count(), 1);
    std::fs::write(keys.join("destroyed.jsonl"), "{").unwrap();
    county.app.close().await;
    let damaged = App::open(county.app.config().clone(), &packs()).await.unwrap_err();
    assert_eq!(damaged.code(), "destructions.damaged");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_when_access_was_closed_writes_nothing_afterwards() {
    let county = granted().await;
    let model = approved(&county, &query_model(COUNT)).await;
    let engineer = county.ctx("operator");
    let before = county.files().len();
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    // The run has begun and waits for its zone; meanwhile access is closed, and even opened again.
    let (app, tenant) = (county.app.clone(), county.tenant);
    let meanwhile = async {
        let mut begun = false;
        while !begun {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            begun = county.get::<runs::Run>(run.id.uuid()).await.state == RunState::Running;
        }
        let record = county.get::<Tenant>(tenant.uuid()).await;
        county.put(&Tenant { epoch: record.epoch + 1, ..record }).await;
    };
    tokio::join!(jobs::drain(&app), app.zones().hold(tenant, ZoneKind::Prod, meanwhile));
    let fenced = runs::run(&county.app, &engineer, run.id).await.unwrap();
    assert_eq!((fenced.state, fenced.error.unwrap().code.as_str()), (RunState::Failed, "tenant.closed"));
    assert_eq!(county.files().len(), before, "what it wrote is removed");
    // The twin: what is ordered afterwards runs.
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    assert_eq!(runs::run(&county.app, &engineer, run.id).await.unwrap().state, RunState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_authorisation_answers_nobody_and_keeps_its_keys() {
    let county = granted().await;
    let model = approved(&county, &query_model(COUNT)).await;
    let engineer = county.ctx("operator");
    let run = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    jobs::drain(&county.app).await;
    let new = exports::NewExport { purpose: "行业统计".to_owned(), ..exports::NewExport::default() };
    let (export, _) = exports::open_export_case(&county.app, &engineer, run.id, &new).await.unwrap();
    let waiting = runs::order_run(&county.app, &engineer, model.model.id, &BTreeMap::new()).await.unwrap();
    county.set_state(TenantState::Sealed).await;
    county.push(jobs::STOP_ZONES, "sealed", &county.tenant).await;
    jobs::drain(&county.app).await;
    let (app, tenant) = (&county.app, county.tenant);
    assert_eq!(app.zones().workers(tenant).await, 0);
    let reviewer = county.ctx("supervision-office");
    let query = QueryRequest { sql: "SELECT 1".to_owned(), ..QueryRequest::default() };
    let asked = models::Asked { product: crate::clock::new_id(app.now()), scenario: String::new() };
    let refused = [
        workbench::query(app, &engineer, tenant, &query).await.map(drop),
        workbench::tables(app, &engineer, tenant).await.map(drop),
        models::create_model(app, &engineer, tenant, &query_model(COUNT)).await.map(drop),
        runs::order_run(app, &engineer, model.model.id, &BTreeMap::new()).await.map(drop),
        exports::candidate(app, &reviewer, export.id, 0).await.map(drop),
        exports::download(app, &engineer, export.id, exports::ReleaseFormat::Csv).await.map(drop),
        models::load_verification(app, tenant, model.model.id, &asked).await,
        crate::zones::zone(app, tenant, ZoneKind::Prod).await.map(drop),
        crate::zones::zone(app, tenant, ZoneKind::Dev).await.map(drop),
    ];
    for (index, result) in refused.into_iter().enumerate() {
        let error = result.expect_err("sealed");
        assert!(
            matches!(error, Error::Forbidden(_) | Error::Conflict(_) | Error::Invalid { .. }),
            "{index}: {error:?}"
        );
    }
    let waiting = runs::run(app, &engineer, waiting.id).await.unwrap();
    assert_eq!((waiting.state, waiting.error.unwrap().code.as_str()), (RunState::Failed, "tenant.closed"));
    assert!(state(app, tenant).await.1, "sealed is not destroyed: the key is held");
}
