//! Fills an empty data folder with what one product call needs: two units, an open tenant, a sealed release, a listed
//! lookup product, a usage agreement in force and a key.
//!
//! `bench_county DATA ADDRESS TARGETS` writes the folder and the calls for `bench_http fire`. The records are the
//! application's own types, written through `storage`; only the procedures that would have made them are left out.

mod records;

use std::path::Path;
use std::sync::Arc;

use access::ApiKeySecret;
use anyhow::{Context as _, Result, bail, ensure};
use app::Config;
use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use base::{Id, Kind, Timestamp, kind};
use secure_domain::objects::{ParquetObject, Written};
use serde_json::json;
use storage::records::{Expected, Record, put};
use storage::{Error, Store, StoreConfig, Tx, objects};
use vault::{DataKey, RootKey, SealContext, TenantKey};

use records::{CODE, SCENARIO, Set};

/// Rows of the release; each has a key of its own.
const ROWS: u32 = 10_000;
/// When everything was made: long enough ago for any clock, with the key valid for long enough.
const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, address, targets] = arguments.as_slice() else {
        bail!("usage: bench_county DATA ADDRESS TARGETS");
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fill(Path::new(data), address, Path::new(targets)))
}

async fn fill(data: &Path, address: &str, targets: &Path) -> Result<()> {
    let config = Config { data: data.to_owned(), ..Config::default() };
    ensure!(!config.keys_dir().exists(), "{} is in use", data.display());
    std::fs::create_dir_all(config.objects_dir())?;
    std::fs::create_dir_all(config.keys_dir())?;
    let root: [u8; 32] = rand::random();
    std::fs::write(config.keys_dir().join("root.key"), root).context("root key")?;
    let (tenant, data_key) = (TenantKey::from_bytes(rand::random()), DataKey::from_bytes(rand::random()));
    let secret = ApiKeySecret::new(new_id(), rand::random());
    let set = Set::new(&secret, NOW);
    let release = release(&config, &data_key, set.context())?;
    let wrapped = RootKey::from_bytes(root).wrap_tenant(&tenant, set.tenant.id, rand::random())?;
    let held = tenant.wrap_data(&data_key, set.tenant.id, release.object, rand::random())?;
    let set = &set.with_release(&release);
    let tenant_row = &objects::TenantKey {
        tenant: set.tenant.id,
        suite: "international".to_owned(),
        wrapped: wrapped.to_bytes().to_vec(),
        created: NOW,
    };
    let object_row = &object_row(set.tenant.id, &release, held.to_bytes().to_vec())?;
    let store = Store::open(&StoreConfig { url: config.database_url(), readers: 1 }).await?;
    store.migrate().await?;
    store
        .system("bench.fill", |tx| {
            Box::pin(async move {
                objects::put_tenant_key(tx, tenant_row).await?;
                objects::put(tx, object_row).await?;
                write(tx, &set.buyer).await?;
                write(tx, &set.operator).await?;
                write(tx, &set.tenant).await?;
                write(tx, &set.export).await?;
                write(tx, &set.product).await?;
                write(tx, &set.usage).await?;
                write(tx, &set.key).await
            })
        })
        .await?;
    store.close().await;
    let calls: Vec<_> = (0..ROWS)
        .map(|row| json!({ "method": "POST", "path": format!("/data/v1/{CODE}/query"), "body": json!({ "code": code(row) }).to_string() }))
        .collect();
    let headers = json!({ "authorization": format!("Bearer {}", *secret.text()), "x-scenario": SCENARIO });
    let targets_json = json!({ "address": address, "headers": headers, "calls": calls });
    std::fs::write(targets, serde_json::to_vec(&targets_json)?).context("targets")
}

async fn write<R: Record>(tx: &mut Tx<'_>, record: &R) -> Result<(), Error> {
    put(tx, record, Expected::New, NOW).await.map(|_| ())
}

fn new_id<K: Kind>() -> Id<K> {
    Id::new(NOW, rand::random())
}

fn code(row: u32) -> String {
    format!("SY{row:08}")
}

/// The released rows, sealed as the airlock seals them.
fn release(config: &Config, key: &DataKey, context: SealContext) -> Result<Written> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("status", DataType::Utf8, true),
        Field::new("until", DataType::Utf8, true),
        Field::new("flights", DataType::Int64, true),
    ]));
    let text = |make: &dyn Fn(u32) -> String| Arc::new(StringArray::from_iter_values((0..ROWS).map(make)));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            text(&code),
            text(&|row| if row % 7 == 0 { "lapsed" } else { "valid" }.to_owned()),
            text(&|row| format!("20{}-12-31", 27 + row % 9)),
            Arc::new(Int64Array::from_iter_values((0..ROWS).map(|row| i64::from(row % 977)))),
        ],
    )?;
    let mut object = ParquetObject::create(&config.objects_dir(), key, &context, schema)?;
    object.write(&batch)?;
    Ok(object.finish()?)
}

fn object_row(tenant: Id<kind::Tenant>, written: &Written, wrapped: Vec<u8>) -> Result<objects::Object> {
    let bytes = i64::try_from(written.sealed_bytes)?;
    Ok(objects::Object {
        id: written.object,
        tenant,
        kind: "release".to_owned(),
        path: String::new(),
        sealed_bytes: bytes,
        plain_bytes: bytes,
        digest: written.digest,
        wrapped,
        created: NOW,
        destroyed_at: None,
    })
}
