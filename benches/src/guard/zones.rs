//! Zones of the real worker: intake, prod and ledger, each behind its socket, here in this process.

use std::path::{Path, PathBuf};
use std::time::Duration;

use access::{Action, Authorizer, Permit, Principal, ResourceRef};
use anyhow::{Context as _, Result};
use base::{Id, Kind, Timestamp};
use privacy::ir::{Declared, Rows};
use secure_domain::client::ZoneClient;
use secure_domain::protocol::{
    ColumnSpec, Init, InputPin, IntakeFormat, IntakeOrder, Limits, ObjectRef, Secret, TableSpec, VERSION,
    ZoneKey, ZoneKind,
};

use super::rows;

/// How long a worker may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// Name of the key of all objects here.
const KEY: &str = "bench";

/// What is asked of, and in whose name.
pub(super) struct Zones {
    pub(super) prod: ZoneClient,
    pub(super) ledger: ZoneClient,
    pub(super) permit: Permit,
    pub(super) pin: InputPin,
}

pub(super) fn id<K: Kind>(number: u32) -> Id<K> {
    let [a, b, c, d] = number.to_be_bytes();
    Id::new(Timestamp::from_micros(1_790_000_000_000_000), [a, b, c, d, 0, 0, 0, 0, 0, d])
}

pub(super) fn object(number: u32) -> ObjectRef {
    ObjectRef { object: id(number), key: KEY.to_owned() }
}

impl Zones {
    /// Takes a Parquet file of persons in and opens the zones over it.
    ///
    /// # Errors
    /// If a worker does not start, or the file is refused.
    pub(super) async fn open(folder: &Path, file: &Path, threads: usize) -> Result<Self> {
        let principal = Principal::service("bench.run");
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let permit =
            Authorizer::embedded()?.authorize(&principal, Action::JobRun, &ResourceRef::platform(), now)?;
        let objects = folder.join("objects");
        std::fs::create_dir_all(&objects)?;
        let init = |zone, tables| Init {
            version: VERSION,
            zone,
            tenant: id(1),
            objects_dir: objects.clone(),
            keys: vec![ZoneKey { name: KEY.to_owned(), tenant: id(1), key: Secret::new([5; 32].into()) }],
            mask_key: None,
            tables,
            pages: Vec::new(),
            limits: Limits { threads, ..Limits::default() },
        };
        let intake = start(folder.join("intake.sock"), &init(ZoneKind::Intake, Vec::new())).await?;
        let order = IntakeOrder {
            upload: 0,
            format: IntakeFormat::Parquet,
            columns: Vec::new(),
            strict: false,
            into: object(1),
        };
        let done = intake.intake(&permit, order, &std::fs::read(file)?).await?;
        intake.shutdown().await?;
        let columns = done.columns.iter().zip(rows::PERSONS);
        let persons = TableSpec {
            name: "persons".to_owned(),
            resource: id(1),
            snapshot: id(1),
            object: object(1),
            rows: done.written.rows,
            columns: columns
                .map(|(column, label)| ColumnSpec {
                    name: column.name.clone(),
                    data_type: column.data_type,
                    label: Some(label),
                    declared: Declared::default(),
                })
                .collect(),
            entity: Some(rows::entity("person", "person_id", true)),
            declared: Rows::default(),
            consent: None,
            added: Vec::new(),
        };
        let pin = InputPin {
            table: persons.name.clone(),
            snapshot: persons.snapshot,
            object: persons.object.object,
            digest: done.written.digest,
            edition: None,
        };
        let prod = start(folder.join("prod.sock"), &init(ZoneKind::Prod, vec![persons])).await?;
        let ledger = start(folder.join("ledger.sock"), &init(ZoneKind::Ledger, Vec::new())).await?;
        Ok(Self { prod, ledger, permit, pin })
    }
}

async fn start(socket: PathBuf, init: &Init) -> Result<ZoneClient> {
    let serving = socket.clone();
    let worker = tokio::spawn(async move { secure_domain::worker::serve(&serving).await });
    let begun = std::time::Instant::now();
    while !socket.exists() && begun.elapsed() < PATIENCE && !worker.is_finished() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    ZoneClient::connect(&socket, init).await.context("a worker")
}
