//! Rows of a resource come in: a file, or a table of the provider's own database. Pieces go straight on to the
//! provider's intake worker, which checks, types, profiles and seals them; this process never looks into them.

use access::{Action, Permit, ResourceRef, Thing};
use base::{Digest, Id, kind, limit};
use bytes::Bytes;
use catalog::{Column, ColumnProfile, OutputColumn, Profile, Snapshot};
use futures::{Stream, StreamExt as _};
use secure_domain::protocol::{CsvFormat, IntakeDone, IntakeFormat, IntakeOrder, ZoneKind};
use serde::{Deserialize, Serialize};
use storage::external::{self, CopyFault, Place};
use storage::records::{self, Expected};
use storage::{Tx, objects as rows};

use crate::clock::new_id;
use crate::journal::Note;
use crate::resources::{self, CatalogEntry, SnapshotObject};
use crate::scanner::Scan;
use crate::zones::{self, Fresh, Zone};
use crate::{App, Ctx, Error, Result, objects};

/// Bytes handed to the worker at once.
const PIECE_BYTES: usize = 4 << 20;

/// Form of a delivered file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadFormat {
    /// Comma-separated text with a header line, UTF-8 or GB18030.
    Csv,
    /// Parquet.
    Parquet,
}

/// A table in the provider's PostgreSQL.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresTable {
    /// Address with account and password; used once, kept nowhere.
    pub url: String,
    /// Schema; `public` if absent.
    #[serde(default = "public")]
    pub schema: String,
    /// Table or view.
    pub table: String,
}

impl PostgresTable {
    /// From the parts that a form asks for: host, port and database; account and password; schema and table. A host that
    /// begins with a slash is the folder of a socket.
    ///
    /// # Errors
    /// `external.url` when host or database is missing or none.
    pub fn at(
        (host, port, database): (&str, u16, &str),
        (user, password): (&str, &str),
        (schema, table): (&str, &str),
    ) -> Result<Self> {
        let wrong = || Error::invalid("external.url", "");
        if host.is_empty() || database.is_empty() {
            return Err(wrong());
        }
        let mut url = url::Url::parse("postgres://localhost").map_err(|_| wrong())?;
        if host.starts_with('/') {
            url.query_pairs_mut().append_pair("host", host);
        } else {
            url.set_host(Some(host)).map_err(|_| wrong())?;
        }
        url.set_port(Some(port)).map_err(|()| wrong())?;
        url.set_username(user).map_err(|()| wrong())?;
        if !password.is_empty() {
            url.set_password(Some(password)).map_err(|()| wrong())?;
        }
        url.path_segments_mut().map_err(|()| wrong())?.clear().push(database);
        Ok(Self { url: url.into(), schema: schema.to_owned(), table: table.to_owned() })
    }
}

impl std::fmt::Debug for PostgresTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresTable").field("table", &self.table).finish_non_exhaustive()
    }
}

fn public() -> String {
    "public".to_owned()
}

/// What was taken in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Uploaded {
    /// The resource with its new snapshot, profile and proposals.
    pub resource: CatalogEntry,
    /// The snapshot.
    pub snapshot: Id<kind::Snapshot>,
    /// Encoding found: `utf-8` or `gb18030`; empty for Parquet.
    pub encoding: String,
}

/// What the journal keeps of it.
#[derive(Serialize)]
struct Delivery<'a> {
    snapshot: &'a Snapshot,
    object: Id<kind::Object>,
    from: Origin,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum Origin {
    File(UploadFormat),
    Postgres(Place),
}

/// Takes in a file, piece by piece as it arrives.
///
/// # Errors
/// Not the provider; `upload.too_large`, `upload.empty`, `upload.broken`; `domain.intake` with the faults by row and
/// column, for social data also what the gate refuses (`gate.malware`, `scanner.refused` and `scanner.unavailable` where a
/// scanner is set); `import.admitted`; `resource.schema_changed` when the resource is classified and the file has other columns.
pub async fn upload<E>(
    app: &App,
    ctx: &Ctx,
    resource: Id<kind::Resource>,
    format: UploadFormat,
    body: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
) -> Result<Uploaded>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let (entry, permit) = admit(app, ctx, resource).await?;
    let mut intake = Intake::begin(app, ctx, &permit, &entry).await?;
    let sent = intake.send(body.map(|piece| piece.map_err(|error| broken(&error)))).await;
    intake.finish(sent, &entry, format, Origin::File(format)).await
}

/// Takes in a table of the provider's PostgreSQL.
///
/// # Errors
/// As [`upload`], and `external.url`, `external.name`, `external.unreachable`, `external.refused`, `external.no_table`.
pub async fn import_postgres(
    app: &App,
    ctx: &Ctx,
    resource: Id<kind::Resource>,
    table: &PostgresTable,
) -> Result<Uploaded> {
    let (entry, permit) = admit(app, ctx, resource).await?;
    if entry.social.is_some() {
        return Err(Error::invalid("import.file_only", &entry.code));
    }
    let copy = external::copy_table(&table.url, &table.schema, &table.table).await.map_err(copy_fault)?;
    let place = copy.place.clone();
    let pieces = futures::stream::unfold(copy, |mut copy| async move {
        let piece = copy.next().await.map_err(copy_fault).transpose()?;
        Some((piece.map(Bytes::from), copy))
    });
    let mut intake = Intake::begin(app, ctx, &permit, &entry).await?;
    let sent = intake.send(std::pin::pin!(pieces)).await;
    intake.finish(sent, &entry, UploadFormat::Csv, Origin::Postgres(place)).await
}

pub(crate) fn broken(error: &(dyn std::error::Error + 'static)) -> Error {
    tracing::info!(error, "an upload broke off");
    Error::explained("upload.broken", "the body ended early")
}

fn copy_fault(fault: CopyFault) -> Error {
    let code = fault.code();
    tracing::warn!(error.code = code, error = ?fault, "a table cannot be read");
    match fault {
        CopyFault::Unreachable(_) => Error::Unavailable(code),
        _ => Error::explained(code, fault.to_string()),
    }
}

async fn admit(app: &App, ctx: &Ctx, id: Id<kind::Resource>) -> Result<(CatalogEntry, Permit)> {
    let entry = resources::find(app, id).await?;
    let permit = app.permit(ctx, Action::ResourceUpload, entry.reference())?;
    if entry.social.is_some_and(|social| social.admitted) {
        return Err(Error::Conflict("import.admitted"));
    }
    Ok((entry, permit))
}

/// One delivery on its way into the intake worker.
pub(crate) struct Intake<'a> {
    pub(crate) app: &'a App,
    pub(crate) ctx: &'a Ctx,
    permit: &'a Permit,
    pub(crate) zone: Zone,
    pub(crate) upload: u64,
    /// What the worker is to write.
    pub(crate) fresh: Fresh,
    buffer: Vec<u8>,
    pub(crate) total: u64,
    /// Digest of what came, piece upon piece: another file of the same length is another request.
    pub(crate) digest: Digest,
    /// The scanner of virus signatures, for data from outside where the installation has one.
    scan: Option<Scan>,
    /// Who let it pass, in the scanner's words.
    scanned: Option<String>,
}

impl<'a> Intake<'a> {
    pub(crate) async fn begin(
        app: &'a App,
        ctx: &'a Ctx,
        permit: &'a Permit,
        entry: &CatalogEntry,
    ) -> Result<Self> {
        let zone = zones::zone(app, entry.holding, ZoneKind::Intake).await?;
        let fresh = Fresh::new(app, entry.holding, ctx.now).await?;
        let scan = match entry.social {
            Some(_) => Scan::begin(&app.config().scanner).await?,
            None => None,
        };
        let upload = zone.begin_upload();
        Ok(Self {
            app,
            ctx,
            permit,
            zone,
            upload,
            fresh,
            buffer: Vec::new(),
            total: 0,
            digest: Digest([0; 32]),
            scan,
            scanned: None,
        })
    }

    pub(crate) async fn send(&mut self, mut body: impl Stream<Item = Result<Bytes>> + Unpin) -> Result<()> {
        while let Some(piece) = body.next().await {
            let piece = piece?;
            self.total += piece.len() as u64;
            if self.total > limit::UPLOAD_BYTES_MAX {
                return Err(Error::Limited("upload.too_large"));
            }
            if let Some(scan) = &mut self.scan {
                scan.piece(&piece).await?;
            }
            self.buffer.extend_from_slice(&piece);
            while self.buffer.len() >= PIECE_BYTES {
                let rest = self.buffer.split_off(PIECE_BYTES);
                let full = std::mem::replace(&mut self.buffer, rest);
                self.note(&full);
                self.zone.upload(self.permit, self.upload, &full).await?;
            }
        }
        if self.total == 0 {
            return Err(Error::invalid("upload.empty", ""));
        }
        if let Some(scan) = self.scan.take() {
            self.scanned = Some(scan.end().await?);
        }
        let rest = std::mem::take(&mut self.buffer);
        self.note(&rest);
        Ok(self.zone.upload(self.permit, self.upload, &rest).await?)
    }

    fn note(&mut self, piece: &[u8]) {
        self.digest = Digest::of(&[self.digest.0, Digest::of(piece).0].concat());
    }

    /// Has the worker take it in, then registers what it wrote. Whatever fails, the worker keeps nothing.
    async fn finish(
        self,
        sent: Result<()>,
        entry: &CatalogEntry,
        format: UploadFormat,
        from: Origin,
    ) -> Result<Uploaded> {
        let done = match sent {
            Ok(()) => self.take_in(entry, format).await,
            Err(error) => Err(error),
        };
        let key = vec![self.fresh.key.name.clone()];
        let registered = match done {
            Ok(done) => self.register(entry, &done, from).await,
            Err(error) => {
                // Gone already if the worker took it; else it must not wait there for ever.
                let _gone = self.zone.drop_upload(self.upload).await;
                Err(error)
            }
        };
        if let Err(error) = self.zone.forget_keys(key).await {
            tracing::warn!(error.code = error.code(), "an intake worker kept a key");
        }
        // A repeated request is answered with the first delivery; this one is then nobody's.
        let ours =
            |done: &Uploaded| done.resource.objects.iter().any(|known| known.object == self.fresh.object);
        if !registered.as_ref().is_ok_and(ours) {
            objects::discard(self.app, self.fresh.object).await;
        }
        registered
    }

    async fn take_in(&self, entry: &CatalogEntry, format: UploadFormat) -> Result<IntakeDone> {
        self.zone.add_keys(vec![self.fresh.key.clone()]).await?;
        // A classified resource states its types; a value that does not fit is a fault of the file.
        let fixed = is_fixed(entry);
        let stated = entry.resource.columns.iter().filter(|_| fixed);
        let columns = stated
            .map(|column| OutputColumn { name: column.name.clone(), data_type: column.data_type })
            .collect();
        let format = match format {
            UploadFormat::Csv => IntakeFormat::Csv(CsvFormat::default()),
            UploadFormat::Parquet => IntakeFormat::Parquet,
        };
        let into = self.fresh.reference();
        let strict = entry.social.is_some();
        let order = IntakeOrder { upload: self.upload, format, columns, strict, into };
        self.zone.take_in(self.permit, order).await.map_err(|error| match error.code() {
            "domain.unknown" if fixed => Error::invalid("resource.schema_changed", error.subject()),
            _ => error.into(),
        })
    }

    async fn register(&self, entry: &CatalogEntry, done: &IntakeDone, from: Origin) -> Result<Uploaded> {
        let (app, ctx, permit) = (self.app, self.ctx, self.permit);
        let id = entry.id();
        let snapshot = Snapshot {
            id: new_id(ctx.now),
            taken_at: ctx.now,
            rows: done.written.rows,
            digest: done.written.digest,
        };
        let row = self.row(entry, done.written.digest, done.written.sealed_bytes);
        let request = (id, self.total, self.digest, &from);
        let (snapshot, row, from, scanned) = (&snapshot, &row, &from, &self.scanned);
        app.command(ctx, permit, "resource.upload", &request, move |tx| {
            Box::pin(async move {
                let mut stored = resources::versioned(tx, id).await?;
                let lies = SnapshotObject { snapshot: snapshot.id, object: row.id, scanned: scanned.clone() };
                accept(&mut stored.value, done, snapshot, lies)?;
                put(tx, row, &stored.value, stored.version, ctx).await?;
                let subject = format!("resource/{id}");
                let payload = Delivery { snapshot, object: row.id, from: from.clone() };
                app.record(tx, permit, ctx.now, Note { subject, tenant: None, clauses: &[], payload })
                    .await?;
                let encoding = done.encoding.clone();
                Ok(Uploaded { resource: stored.value, snapshot: snapshot.id, encoding })
            })
        })
        .await
    }

    /// The row of the object that the worker wrote.
    pub(crate) fn row(&self, entry: &CatalogEntry, digest: Digest, sealed_bytes: u64) -> rows::Object {
        let path = secure_domain::objects::object_path(&self.app.config().objects_dir(), self.fresh.object);
        rows::Object {
            id: self.fresh.object,
            tenant: entry.holding,
            kind: "snapshot".to_owned(),
            path: objects::relative(self.app, &path),
            sealed_bytes: i64::try_from(sealed_bytes).unwrap_or(i64::MAX),
            plain_bytes: i64::try_from(self.total).unwrap_or(i64::MAX),
            digest,
            wrapped: self.fresh.wrapped.clone(),
            created: self.ctx.now,
            destroyed_at: None,
        }
    }
}

async fn put(
    tx: &mut Tx<'_>,
    row: &rows::Object,
    entry: &CatalogEntry,
    version: i64,
    ctx: &Ctx,
) -> Result<()> {
    rows::put(tx, row).await?;
    records::put(tx, entry, Expected::Version(version), ctx.now).await?;
    Ok(())
}

/// Once one column is classified, the columns are what people decided on and stay as they are.
fn is_fixed(entry: &CatalogEntry) -> bool {
    entry.resource.columns.iter().any(|column| column.classification.is_some())
}

/// Puts a snapshot into the catalog.
fn accept(
    entry: &mut CatalogEntry,
    done: &IntakeDone,
    snapshot: &Snapshot,
    lies: SnapshotObject,
) -> Result<()> {
    if is_fixed(entry) {
        check_same(entry, done)?;
        for (column, found) in entry.resource.columns.iter_mut().zip(&done.columns) {
            column.proposal = Some(found.proposal.clone());
        }
    } else {
        entry.resource.columns = done.columns.iter().map(column).collect();
    }
    let columns = done.columns.iter().map(|found| ColumnProfile {
        name: found.name.clone(),
        nulls: found.nulls,
        distinct: found.distinct_approx,
    });
    entry.resource.profile = Some(Profile { rows: done.written.rows, columns: columns.collect() });
    entry.resource.snapshots.push(snapshot.clone());
    entry.objects.push(lies);
    entry.resource.validate()?;
    Ok(())
}

fn column(found: &secure_domain::protocol::ColumnProfile) -> Column {
    Column {
        name: found.name.clone(),
        label_zh: String::new(),
        data_type: found.data_type,
        nullable: true,
        classification: None,
        proposal: Some(found.proposal.clone()),
        declared: privacy::ir::Declared::default(),
    }
}

fn check_same(entry: &CatalogEntry, done: &IntakeDone) -> Result<()> {
    let known = entry.resource.columns.iter().map(|column| (column.name.as_str(), column.data_type));
    let found = done.columns.iter().map(|column| (column.name.as_str(), column.data_type));
    if known.clone().eq(found.clone()) {
        return Ok(());
    }
    let first = found.clone().find(|column| !known.clone().any(|other| other == *column));
    let first = first.or_else(|| known.clone().find(|column| !found.clone().any(|other| other == *column)));
    let detail = first.map_or_else(String::new, |(name, _)| name.to_owned());
    Err(Error::invalid("resource.schema_changed", detail))
}

/// What the policies need to know about ingesting a resource's snapshot into a tenant.
pub(crate) fn ingest_reference(entry: &CatalogEntry, tenant: Id<kind::Tenant>) -> ResourceRef {
    ResourceRef::new(Thing::Resource, entry.id()).with_owner(entry.unit).with_tenant(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_addressed_by_its_parts() {
        let at = |host, user, password| {
            PostgresTable::at((host, 5433, "civil"), (user, password), ("public", "persons"))
                .map(|table| table.url)
        };
        assert_eq!(at("db.example", "reader", "").unwrap(), "postgres://reader@db.example:5433/civil");
        assert_eq!(
            at("db.example", "a@b", "p:/?#").unwrap(),
            "postgres://a%40b:p%3A%2F%3F%23@db.example:5433/civil"
        );
        assert_eq!(at("/run/pg", "r", "").unwrap(), "postgres://r@localhost:5433/civil?host=%2Frun%2Fpg");
        for host in ["", "a b", "a/b"] {
            assert_eq!(at(host, "r", "").unwrap_err().code(), "external.url", "{host}");
        }
    }
}
