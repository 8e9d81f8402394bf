//! Many callers at once.

use futures::future::join_all;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fixture::{Fixture, append, draft, now, permit};
use crate::events::{self, NewEvent};
use crate::records::{self, Expected, Record};
use crate::{Error, Recorder, Recording, Store};

pub(super) async fn of_fifty_conflicting_appends_exactly_one_wins(fixture: Fixture) {
    let attempt = |number: u8| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let event = NewEvent { kind: "bid".to_owned(), at: now(), body: vec![number] };
            let (event, permit) = (&event, &permit());
            store
                .transact::<_, Error, _>(permit, "bid", |tx| {
                    Box::pin(async move {
                        events::append(tx, "auction", 0, std::slice::from_ref(event)).await?;
                        append(tx, "auction").await
                    })
                })
                .await
        })
    };
    let results: Vec<_> = join_all((0..50).map(attempt)).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert_eq!(error.code(), "storage.conflict");
    }
    assert_eq!(fixture.journal().await.len(), 1);
}

pub(super) async fn the_journal_has_no_gaps_under_concurrency_and_rollbacks(fixture: Fixture) {
    let command = |number: u32| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let result: Result<u64, Error> = store
                .transact(&permit(), "maybe", |tx| {
                    Box::pin(async move {
                        let seq = append(tx, &format!("n:{number}")).await?;
                        match number % 3 {
                            0 => Err(Error::Busy(None)),
                            _ => Ok(seq),
                        }
                    })
                })
                .await;
            result.ok()
        })
    };
    let mut taken: Vec<u64> =
        join_all((0..60).map(command)).await.into_iter().filter_map(Result::unwrap).collect();
    taken.sort_unstable();
    assert_eq!(taken, (1..=40).collect::<Vec<u64>>());
    let rows = fixture.journal().await;
    assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), taken);
}

#[derive(Serialize, Deserialize)]
struct Tally {
    count: u32,
}

impl Record for Tally {
    const KIND: &'static str = "tally";

    fn id(&self) -> Uuid {
        Uuid::from_bytes([1; 16])
    }
}

pub(super) async fn concurrent_record_updates_lose_nothing(fixture: Fixture) {
    let start: Result<i64, Error> = fixture
        .store
        .system("start", |tx| {
            Box::pin(async move { records::put(tx, &Tally { count: 0 }, Expected::New, now()).await })
        })
        .await;
    start.unwrap();
    // Half of them through `system`, which on PostgreSQL does not queue and so must meet serialization failures.
    let adding = |number: u32| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let permit = permit();
            if number.is_multiple_of(2) {
                store.system("add", |tx| Box::pin(add(tx))).await
            } else {
                store.transact(&permit, "add", |tx| Box::pin(add_recorded(tx))).await
            }
        })
    };
    let results: Vec<Result<(), Error>> =
        join_all((0..12).map(adding)).await.into_iter().map(Result::unwrap).collect();
    let added = results.iter().filter(|result| result.is_ok()).count();
    let tally: Result<_, Error> = fixture
        .store
        .read("tally", |tx| Box::pin(records::get::<Tally>(tx, Uuid::from_bytes([1; 16]))))
        .await;
    let tally = tally.unwrap().unwrap();
    assert_eq!((tally.value.count as usize, tally.version as usize), (added, added + 1));
    assert!(added >= 6, "only {added} of 12 got through");
}

async fn add_recorded(tx: &mut crate::Tx<'_>) -> Result<(), Error> {
    append(tx, "tally").await?;
    add(tx).await
}

async fn add(tx: &mut crate::Tx<'_>) -> Result<(), Error> {
    let mut tally = records::get::<Tally>(tx, Uuid::from_bytes([1; 16])).await?.unwrap();
    tally.value.count += 1;
    records::put(tx, &tally.value, Expected::Version(tally.version), now()).await?;
    Ok(())
}

pub(super) async fn the_recorder_numbers_a_crowd_without_gaps(fixture: Fixture) {
    let (recorder, writer) = Recorder::new(&fixture.store);
    let writer = tokio::spawn(writer);
    let caller = |number: u32| {
        let recorder = recorder.clone();
        tokio::spawn(async move {
            let mut seqs = Vec::new();
            for turn in 0..10 {
                let recording = Recording { draft: draft(&format!("{number}/{turn}")), call: None };
                seqs.push(recorder.record(&permit(), recording).await.unwrap().journal.seq);
            }
            // One caller's rows keep their order.
            assert!(seqs.is_sorted());
            seqs
        })
    };
    let crowd = join_all((0..64).map(caller));
    let commands = async {
        let mut seqs = Vec::new();
        for _ in 0..20 {
            seqs.push(fixture.note("command").await);
        }
        seqs
    };
    let (crowd, commands) = tokio::join!(crowd, commands);
    let mut seqs: Vec<u64> = crowd.into_iter().flat_map(Result::unwrap).chain(commands).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=660).collect::<Vec<u64>>());
    assert_eq!(fixture.journal().await.len(), 660);
    drop(recorder);
    writer.await.unwrap();
}

pub(super) async fn two_stores_on_one_database_share_one_journal(fixture: Fixture) {
    let second = Store::open(&fixture.config).await.unwrap();
    let writing = |store: Store| {
        tokio::spawn(async move {
            for _ in 0..20 {
                let seq: Result<u64, Error> =
                    store.transact(&permit(), "both", |tx| Box::pin(append(tx, "both"))).await;
                seq.unwrap();
            }
        })
    };
    let (one, two) = (writing(fixture.store.clone()), writing(second));
    one.await.unwrap();
    two.await.unwrap();
    let seqs: Vec<u64> = fixture.journal().await.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (1..=40).collect::<Vec<u64>>());
}
