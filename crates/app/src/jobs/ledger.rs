//! Sequencing: journal rows become tiles, and a signed checkpoint says what they add up to.
//!
//! Order of work: write the tiles and make them durable, publish the checkpoint, move the position in the database,
//! remove what is superseded. A crash between any two of these is harmless: the next start resumes from the published
//! checkpoint, appends the same rows and writes the same bytes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ledger::{Batch, CHECKPOINT_PATH, Checkpoint, FIRST_SEQ, Sequencer, TileSource as _};
use storage::{journal, position};

use crate::ledger::LedgerFolder;
use crate::{App, Error, Result};

/// Rows sequenced in one group.
const BATCH_ROWS: u32 = 4_096;
/// How often rows are looked for without being told of any.
const IDLE: Duration = Duration::from_millis(250);
/// Pause after a fault.
const PAUSE: Duration = Duration::from_secs(1);

/// Sequences until the application stops; then sequences what is left.
pub(crate) async fn run(app: App) {
    let Some(_lock) = hold(&app).await else { return };
    let mut sequencer = None;
    loop {
        let stopping = app.stopping().is_cancelled();
        match step(&app, &mut sequencer).await {
            Ok(rows) if rows == BATCH_ROWS as usize => continue,
            Ok(_) if stopping => return,
            Ok(_) => tokio::select! {
                () = app.log().woken() => {}
                () = tokio::time::sleep(IDLE) => {}
                () = app.stopping().cancelled() => {}
            },
            Err(error) => {
                tracing::error!(error.code = error.code(), error = ?error, "the journal cannot be sequenced");
                sequencer = None;
                if stopping {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Sequences what there is, once.
#[cfg(test)]
pub(crate) async fn sequence(app: &App) -> Result<()> {
    let mut sequencer = None;
    while step(app, &mut sequencer).await? > 0 {}
    Ok(())
}

/// One sequencer per log: the lock goes with the process, however it ends.
async fn hold(app: &App) -> Option<File> {
    let path = app.log().folder().path().join("lock");
    loop {
        match File::create(&path).map(|file| file.try_lock().map(|()| file)) {
            Ok(Ok(file)) => return Some(file),
            Ok(Err(_)) => tracing::debug!("another process sequences this log"),
            Err(error) => tracing::error!(error = ?error, "the ledger cannot be locked"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = app.stopping().cancelled() => return None,
        }
    }
}

/// Sequences one group; answers how many rows it had.
async fn step(app: &App, kept: &mut Option<Sequencer>) -> Result<usize> {
    let sequencer = match kept.take() {
        Some(sequencer) => sequencer,
        None => resume(app).await?,
    };
    let first = sequencer.size() + FIRST_SEQ;
    let rows = app
        .store()
        .read("ledger.rows", |tx| {
            Box::pin(async move { Ok::<_, Error>(journal::from(tx, first, BATCH_ROWS).await?) })
        })
        .await?;
    if rows.is_empty() {
        *kept = Some(sequencer);
        return Ok(0);
    }
    if rows.iter().zip(first..).any(|(row, seq)| row.seq != seq) {
        return Err(Error::internal("ledger.gap", format!("the journal has a gap at or after row {first}")));
    }
    let count = rows.len();
    let entries: Vec<Vec<u8>> = rows.into_iter().map(|row| row.entry).collect();
    let this = app.clone();
    let sequencer = tokio::task::spawn_blocking(move || grow(&this, sequencer, &entries))
        .await
        .map_err(|error| Error::internal("ledger.write", error))??;
    settle(app, sequencer.size()).await?;
    *kept = Some(sequencer);
    Ok(count)
}

/// Tells the database and everyone who waits how far the published log goes.
async fn settle(app: &App, size: u64) -> Result<()> {
    app.store()
        .system("ledger.advance", |tx| {
            Box::pin(async move { Ok::<_, Error>(position::advance(tx, size).await?) })
        })
        .await?;
    app.log().published(size);
    Ok(())
}

/// The log as published; a new one is published empty, so that there is a checkpoint from the first moment.
async fn resume(app: &App) -> Result<Sequencer> {
    let (sequenced, rows) = app
        .store()
        .read("ledger.position", |tx| {
            Box::pin(
                async move { Ok::<_, Error>((position::sequenced(tx).await?, journal::size(tx).await?)) },
            )
        })
        .await?;
    let this = app.clone();
    let sequencer = tokio::task::spawn_blocking(move || published(&this, sequenced))
        .await
        .map_err(|error| Error::internal("ledger.read", error))??;
    // A log that is ahead of its journal belongs to a database that was put back: going on would rewrite history.
    if sequencer.size() > rows {
        let text = format!("the log holds {} entries, the journal {rows}", sequencer.size());
        return Err(Error::internal("ledger.ahead", text));
    }
    settle(app, sequencer.size()).await?;
    Ok(sequencer)
}

fn published(app: &App, sequenced: u64) -> Result<Sequencer> {
    let log = app.log();
    let fault = |error: ledger::Error| Error::internal(error.code(), error);
    let note = log.folder().read(CHECKPOINT_PATH).map_err(|error| Error::internal("ledger.read", error))?;
    let Some(note) = note else {
        if sequenced > 0 {
            return Err(Error::internal("ledger.lost", "entries were published, but there is no checkpoint"));
        }
        let sequencer = Sequencer::new();
        publish(app, &sequencer)?;
        return Ok(sequencer);
    };
    let note = String::from_utf8(note).map_err(|error| Error::internal("ledger.checkpoint", error))?;
    let signed = Checkpoint::open(&note, &log.signer().verifier()).map_err(fault)?;
    if signed.size < sequenced {
        let text = format!("{sequenced} entries were published, the checkpoint has {}", signed.size);
        return Err(Error::internal("ledger.rolled_back", text));
    }
    Sequencer::resume(log.folder(), signed.size, &signed.root).map_err(fault)
}

fn grow(app: &App, mut sequencer: Sequencer, entries: &[Vec<u8>]) -> Result<Sequencer> {
    let fault = |error| Error::write("ledger.write", error);
    let folder = log_folder(app);
    let batch = sequencer.append(entries).map_err(|error| Error::internal(error.code(), error))?;
    write_tiles(folder, &batch).map_err(fault)?;
    publish(app, &sequencer)?;
    for superseded in &batch.superseded {
        // Left-over partial tiles are harmless; the next full tile's turn does not come, so say it.
        match fs::remove_dir_all(folder.path().join(superseded)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(error = ?error, superseded, "partial tiles stay");
            }
            _ => {}
        }
    }
    Ok(sequencer)
}

fn log_folder(app: &App) -> &LedgerFolder {
    app.log().folder()
}

fn write_tiles(folder: &LedgerFolder, batch: &Batch) -> io::Result<()> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for write in &batch.writes {
        let path = folder.path().join(&write.path);
        if let Some(parent) = path.parent() {
            make_folders(folder.path(), parent)?;
            if !folders.iter().any(|known| known == parent) {
                folders.push(parent.to_owned());
            }
        }
        write_whole(&path, &write.bytes)?;
    }
    folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())
}

/// Makes the folders down to `wanted`, each durable in its parent.
fn make_folders(root: &Path, wanted: &Path) -> io::Result<()> {
    if wanted == root || wanted.is_dir() {
        return Ok(());
    }
    let parent = wanted.parent().unwrap_or(root);
    make_folders(root, parent)?;
    match fs::create_dir(wanted) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(parent)?.sync_all(),
    }
}

/// Writes a file under its name only when all of it is durable.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let draft = PathBuf::from(name);
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

fn publish(app: &App, sequencer: &Sequencer) -> Result<()> {
    let log = app.log();
    let signer = log.signer();
    let origin = signer.verifier().name().to_owned();
    let note = Checkpoint { origin, size: sequencer.size(), root: sequencer.root() }.sign(signer);
    let path = log.folder().path().join(CHECKPOINT_PATH);
    write_whole(&path, note.as_bytes())
        .and_then(|()| File::open(log.folder().path())?.sync_all())
        .map_err(|error| Error::internal("ledger.write", error))
}
