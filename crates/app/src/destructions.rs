//! What was destroyed stays destroyed, whatever is restored. The memory of it lies beside the root key, where no backup
//! without keys reaches, and in the ledger: before anything of an older database is used, it is destroyed again.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use access::{Action, Permit};
use base::{Id, Timestamp, kind};
use ledger::{
    CHECKPOINT_PATH, Checkpoint, JournalEntry, Sequencer, TileSource as _, VerifierKey, read_entry,
};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected};
use storage::{Store, Tx, objects as rows, settings};

use crate::journal::Note;
use crate::ledger::LedgerFolder;
use crate::tenants::{Tenant, TenantState};
use crate::{App, Config, Ctx, Error, Result, jobs, products, residue};

/// The memory's file, in the folder of keys.
const FILE: &str = "destroyed.jsonl";
/// The setting that says that there is a memory: from then on it may not be missing.
const KEPT: &str = "destructions.kept";
/// The service that destroys again.
const SERVICE: &str = "tenant.destroy";
/// Objects read at once.
const PAGE: u32 = 500;
/// Entries of a log appended at once.
const GROUP: usize = 4_096;

/// A destroyed authorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destruction {
    /// Whose key was destroyed.
    pub tenant: Id<kind::Tenant>,
    /// The case that ordered it, where it is known.
    pub case: Option<Id<kind::Case>>,
    /// When.
    pub at: Timestamp,
}

/// Destructions by tenant.
pub(crate) type Memory = BTreeMap<Id<kind::Tenant>, Destruction>;

/// A newer copy of the log than the one in a backup, with the key it must be signed by.
#[derive(Debug, Clone)]
pub struct NewerLog {
    /// Its folder.
    pub folder: PathBuf,
    /// The ledger's public key.
    pub key: VerifierKey,
}

fn fault(error: std::io::Error) -> Error {
    Error::internal("destructions.file", error)
}

/// What is remembered beside the keys; `None` where there is no memory.
pub(crate) fn read(keys: &Path) -> Result<Option<Memory>> {
    let text = match std::fs::read_to_string(keys.join(FILE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(fault)?,
    };
    let mut memory = Memory::new();
    for (line, number) in text.lines().zip(1_u64..) {
        let read: Destruction = serde_json::from_str(line)
            .map_err(|error| Error::invalid("destructions.damaged", format!("{FILE}:{number}: {error}")))?;
        memory.insert(read.tenant, read);
    }
    Ok(Some(memory))
}

/// Adds to the memory, durably; what it holds already is not written again. Without anything to add it makes the file.
pub(crate) fn remember<'a>(keys: &Path, all: impl IntoIterator<Item = &'a Destruction>) -> Result<()> {
    let known = read(keys)?.unwrap_or_default();
    std::fs::create_dir_all(keys).map_err(fault)?;
    let mut file = std::fs::OpenOptions::new();
    let mut file = file.append(true).create(true).mode(0o600).open(keys.join(FILE)).map_err(fault)?;
    for new in all.into_iter().filter(|new| !known.contains_key(&new.tenant)) {
        let mut line =
            serde_json::to_vec(new).map_err(|error| Error::internal("destructions.file", error))?;
        line.push(b'\n');
        file.write_all(&line).map_err(fault)?;
    }
    file.sync_all().map_err(fault)?;
    std::fs::File::open(keys).and_then(|folder| folder.sync_all()).map_err(fault)
}

/// Compares the memory with the database at the start: what the memory knows and the database does not is destroyed again.
///
/// # Errors
/// `destructions.missing` when the database says that there is a memory and it is not beside the keys: then nobody knows
/// what a restored database may still hold.
pub(crate) async fn settle(app: &App) -> Result<()> {
    let keys = app.config().keys_dir();
    let memory = read(&keys)?;
    let (kept, tenants) = app
        .store()
        .read("destructions.known", |tx| {
            Box::pin(async move {
                let kept = settings::get::<bool>(tx, KEPT).await?.unwrap_or(false);
                let all = records::all::<Tenant>(tx, "class", "authorisation", records::ALL_MAX).await?;
                Ok::<_, Error>((kept, all))
            })
        })
        .await?;
    if memory.is_none() && kept {
        return Err(Error::invalid("destructions.missing", keys.join(FILE).display().to_string()));
    }
    let memory = memory.unwrap_or_default();
    let tenants: Vec<Tenant> = tenants.into_iter().map(|tenant| tenant.value).collect();
    let destroyed = tenants.iter().filter(|tenant| tenant.state == TenantState::Destroyed);
    let destroyed: Vec<Destruction> = destroyed.map(of_tenant).collect();
    remember(&keys, &destroyed)?;
    for tenant in tenants.iter().filter(|tenant| tenant.state != TenantState::Destroyed) {
        if let Some(known) = memory.get(&tenant.id) {
            again(app, tenant, known).await?;
        }
    }
    if !kept {
        let now = app.now();
        app.store()
            .system("destructions.kept", |tx| {
                Box::pin(async move { Ok::<_, Error>(settings::put(tx, KEPT, &true, now).await?) })
            })
            .await?;
    }
    Ok(())
}

fn of_tenant(tenant: &Tenant) -> Destruction {
    let at = tenant.certificate.as_ref().map_or(tenant.created, |certificate| certificate.destroyed_at);
    Destruction { tenant: tenant.id, case: tenant.closed_by, at }
}

/// Destroys what came back with an older database.
async fn again(app: &App, tenant: &Tenant, known: &Destruction) -> Result<()> {
    let now = app.now();
    let permit = &app.permit(&Ctx::service(SERVICE, now), Action::TenantDestroy, tenant.resource())?;
    tracing::warn!(tenant = %tenant.id, "a destroyed authorisation came back with an older database; destroyed again");
    let (id, known) = (tenant.id, *known);
    app.store()
        .transact(permit, "tenant.destroy_again", |tx| {
            Box::pin(async move {
                let Some(mut stored) = records::get::<Tenant>(tx, id.uuid()).await? else { return Ok(()) };
                let record = &mut stored.value;
                record.state = TenantState::Destroyed;
                record.closed_by = known.case.or(record.closed_by).or(record.case);
                record.epoch += 1;
                record.certificate = None;
                let case = record.closed_by.unwrap_or_else(|| crate::clock::new_id(now));
                records::put(tx, &stored.value, Expected::Version(stored.version), now).await?;
                let traces = residue::traces(app, tx, id).await?;
                app.keys().destroy_tenant(tx, id, now).await?;
                record_destruction(app, tx, permit, &known, now).await?;
                products::withdraw_all(app, tx, permit, id, now).await?;
                let order = jobs::DestroyOrder { tenant: id, case, destroyed_at: now, traces };
                jobs::push(tx, jobs::DESTROY_TENANT, format!("{id}/{}", now.micros()), now, &order).await
            })
        })
        .await
}

/// The row by which the ledger remembers: its subject is the authorisation, its action says what became of it.
pub(crate) async fn record_destruction(
    app: &App,
    tx: &mut Tx<'_>,
    permit: &Permit,
    known: &Destruction,
    now: Timestamp,
) -> Result<()> {
    let subject = format!("tenant/{}", known.tenant);
    app.record(tx, permit, now, Note { subject, tenant: None, clauses: &[], payload: known }).await?;
    Ok(())
}

/// What a backup that is being restored must not bring back: what is remembered beside the keys of the target, and what a
/// newer copy of the log says.
pub(crate) fn beyond(config: &Config, backup: &Path, newer: Option<&NewerLog>) -> Result<Memory> {
    let mut memory = read(&config.keys_dir())?.unwrap_or_default();
    if let Some(newer) = newer {
        let old = LedgerFolder::new(backup.join("ledger"));
        for found in of_log(&LedgerFolder::new(newer.folder.clone()), &newer.key, &old)? {
            memory.entry(found.tenant).or_insert(found);
        }
    }
    Ok(memory)
}

/// The destructions in a log, after the whole of it was recomputed and found to be signed, and to go on where the older
/// one ends.
fn of_log(folder: &LedgerFolder, key: &VerifierKey, older: &LedgerFolder) -> Result<Vec<Destruction>> {
    let signed = checkpoint(folder, key)?;
    let before = checkpoint(older, key)?;
    if signed.size < before.size {
        return Err(Error::invalid("backup.ledger_older", signed.size.to_string()));
    }
    let wrong = |error: ledger::Error| Error::invalid("backup.ledger_wrong", error.code());
    let (mut sequencer, mut group, mut found) = (Sequencer::new(), Vec::new(), Vec::new());
    for index in 0..=signed.size {
        let turn = index == before.size || index == signed.size || group.len() == GROUP;
        if turn && !group.is_empty() {
            sequencer.append(&group).map_err(wrong)?;
            group.clear();
        }
        if index == before.size && sequencer.root() != before.root {
            return Err(Error::invalid("backup.ledger_wrong", "ledger.other_log"));
        }
        if index == signed.size {
            break;
        }
        let bytes = read_entry(folder, index, signed.size).map_err(wrong)?;
        found.extend(destruction(&JournalEntry::parse_at(&bytes, index).map_err(wrong)?));
        group.push(bytes);
    }
    if sequencer.root() != signed.root {
        return Err(Error::invalid("backup.ledger_wrong", "ledger.root"));
    }
    Ok(found)
}

fn destruction(entry: &JournalEntry) -> Option<Destruction> {
    // Earlier releases wrote the certificate's row only.
    let says =
        [Action::TenantDestroy, Action::CertificateIssue].iter().any(|known| entry.action == known.key());
    let tenant = entry.subject.strip_prefix("tenant/").filter(|_| says)?;
    Some(Destruction { tenant: tenant.parse().ok()?, case: None, at: entry.at })
}

fn checkpoint(folder: &LedgerFolder, key: &VerifierKey) -> Result<Checkpoint> {
    let note = folder.read(CHECKPOINT_PATH).map_err(|error| Error::internal("ledger.read", error))?;
    let note = note.and_then(|note| String::from_utf8(note).ok());
    let note = note.ok_or_else(|| Error::invalid("backup.ledger_wrong", CHECKPOINT_PATH))?;
    Checkpoint::open(&note, key).map_err(|error| Error::invalid("backup.ledger_wrong", error.code()))
}

/// Takes the keys of what was destroyed out of a restored database; answers the files that must not come along.
pub(crate) async fn erase(store: &Store, memory: &Memory) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for known in memory.values() {
        let (tenant, at) = (known.tenant, known.at);
        let paths = store
            .system("destructions.erase", |tx| {
                Box::pin(async move {
                    let mut paths = Vec::new();
                    let mut after = None;
                    loop {
                        let page = rows::of_tenant(tx, tenant, after, PAGE).await?;
                        let Some(last) = page.last() else { break };
                        after = Some(last.id);
                        paths.extend(page.iter().map(|object| PathBuf::from(&object.path)));
                    }
                    rows::destroy_tenant(tx, tenant, at).await?;
                    Ok::<_, Error>(paths)
                })
            })
            .await?;
        files.extend(paths);
    }
    Ok(files)
}
