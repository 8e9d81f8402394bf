//! Durable appends to the journal, alone and in a crowd, beside an append and a sync of a plain file.

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use access::{Action, Authorizer, Permit, Principal, ResourceRef};
use anyhow::Result;
use base::Timestamp;
use storage::journal::JournalDraft;
use storage::{Recorder, Recording, Store, StoreConfig};

use crate::report::{Pair, Report};
use crate::setup::Setup;

/// Callers of the crowd.
const CROWD: usize = 64;
/// A sealed payload as product calls have it. *Units*: bytes.
const PAYLOAD: usize = 220;
/// About what one row adds to the log: entry, permit, payload. *Units*: bytes.
const LINE: usize = 800;
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// Runs the part.
///
/// # Errors
/// If the disk refuses.
pub(crate) async fn run(setup: &Setup, report: &mut Report) -> Result<()> {
    let scratch = setup.scratch("journal")?;
    report.title(
        "Journal: durable appends per second (storage::Recorder on SQLite, WAL, synchronous=FULL)",
        &[
            "A row is counted when it is on the disk. Peer: one write and one fdatasync of a growing file each;",
            "a crowd of 64 writes to files of their own, whose syncs the file system may share.",
        ],
    );
    let store = Store::open(&StoreConfig {
        url: format!("sqlite:{}", scratch.path().join("journal.db").display()),
        readers: 1,
    })
    .await?;
    store.migrate().await?;
    let (recorder, writer) = Recorder::new(&store);
    let writer = tokio::spawn(writer);
    let permit = Arc::new(permit()?);
    let mut ours = [0.0; 2];
    let mut theirs = [0.0; 2];
    // Ours and the peer's by turns; of two turns each, the better one.
    for _ in 0..2 {
        for (place, callers) in [1, CROWD].into_iter().enumerate() {
            ours[place] = f64::max(ours[place], crowd(&recorder, &permit, callers, setup.each).await?);
            let folder = scratch.path().to_owned();
            let each = setup.each;
            let synced = tokio::task::spawn_blocking(move || files(&folder, callers, each)).await??;
            theirs[place] = f64::max(theirs[place], synced);
        }
    }
    drop(recorder);
    writer.await?;
    store.close().await;
    report.pairs(
        "journal",
        "per second",
        &[
            Pair { what: "1 caller", ours: ours[0], peer: "append + fdatasync, 1 thread", theirs: theirs[0] },
            Pair {
                what: "64 callers",
                ours: ours[1],
                peer: "append + fdatasync, 1 thread",
                theirs: theirs[0],
            },
            Pair {
                what: "64 callers",
                ours: ours[1],
                peer: "append + fdatasync, 64 threads",
                theirs: theirs[1],
            },
        ],
    )
}

fn permit() -> Result<Permit> {
    let service = Principal::service("bench.append");
    Ok(Authorizer::embedded()?.authorize(&service, Action::JobRun, &ResourceRef::platform(), NOW)?)
}

async fn crowd(recorder: &Recorder, permit: &Arc<Permit>, callers: usize, each: Duration) -> Result<f64> {
    let mut tasks = tokio::task::JoinSet::new();
    let start = Instant::now();
    for caller in 0..callers {
        let (recorder, permit) = (recorder.clone(), Arc::clone(permit));
        tasks.spawn(async move {
            let mut done = 0_u32;
            while start.elapsed() < each {
                recorder.record(&permit, recording(caller)).await?;
                done += 1;
            }
            Ok::<_, storage::Error>(done)
        });
    }
    let mut total = 0.0;
    while let Some(done) = tasks.join_next().await {
        total += f64::from(done??);
    }
    Ok(total / start.elapsed().as_secs_f64())
}

fn recording(caller: usize) -> Recording {
    let draft = JournalDraft {
        at: NOW,
        action: "product.call".to_owned(),
        subject: format!("product/0199b6a4-0000-7000-8000-{caller:012}"),
        clauses: Vec::new(),
        payload: vec![0x5a; PAYLOAD],
    };
    Recording { draft, call: None }
}

fn files(folder: &std::path::Path, threads: usize, each: Duration) -> Result<f64> {
    let start = Instant::now();
    let done: Vec<Result<u32>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || one_file(&folder.join(format!("{thread}.log")), start, each)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(0))).collect()
    });
    let mut total = 0.0;
    for done in done {
        total += f64::from(done?);
    }
    Ok(total / start.elapsed().as_secs_f64())
}

fn one_file(path: &std::path::Path, start: Instant, each: Duration) -> Result<u32> {
    let mut file = File::create(path)?;
    let mut done = 0;
    while start.elapsed() < each {
        file.write_all(&[0x5a; LINE])?;
        file.sync_data()?;
        done += 1;
    }
    Ok(done)
}
