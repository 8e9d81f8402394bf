//! Commands, queries and the small tables.

use base::Digest;
use serde_json::json;

use super::fixture::{Fixture, append, draft, id, now, permit};
use crate::commands::Command;
use crate::events::{self, NewEvent};
use crate::sessions::Session;
use crate::{Error, commands, journal, position, sessions, settings};

fn event(kind: &str) -> NewEvent {
    NewEvent { kind: kind.to_owned(), at: now(), body: b"{}".to_vec() }
}

pub(super) async fn a_command_commits_its_changes_with_its_journal_row(fixture: Fixture) {
    let (permit, draft) = (&permit(), &draft("case:1"));
    let appended: Result<_, Error> = fixture
        .store
        .transact(permit, "open", |tx| {
            Box::pin(async move {
                events::append(tx, "case:1", 0, &[event("opened")]).await?;
                journal::append(tx, permit, draft).await
            })
        })
        .await;
    let appended = appended.unwrap();
    assert_eq!(appended.seq, 1);
    let rows = fixture.journal().await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].digest, rows[0].actor.as_str()), (appended.digest, "service:storage.test"));
    assert_eq!((rows[0].action.as_str(), rows[0].subject.as_str()), ("test.note", "case:1"));
    assert_eq!(rows[0].permit, "job.run service.job");
    let entry = ledger::JournalEntry::parse_at(&rows[0].entry, 0).unwrap();
    assert_eq!((entry.seq, entry.payload_digest), (1, Digest::of(b"sealed")));
    assert_eq!(rows[0].digest, ledger::leaf_hash(&rows[0].entry));
    let loaded: Result<_, Error> =
        fixture.store.read("load", |tx| Box::pin(events::load(tx, "case:1", 1, 10))).await;
    assert_eq!(loaded.unwrap()[0].kind, "opened");
}

pub(super) async fn a_command_that_records_nothing_is_refused_and_leaves_nothing(fixture: Fixture) {
    let result: Result<i64, Error> = fixture
        .store
        .transact(&permit(), "silent", |tx| {
            Box::pin(async move { events::append(tx, "s", 0, &[event("x")]).await })
        })
        .await;
    let error = result.unwrap_err();
    assert_eq!(error.code(), "storage.unrecorded");
    assert_eq!(error.to_string(), "transaction `silent` recorded nothing in the journal and was rolled back");
    let version: Result<i64, Error> = fixture.store.read("v", |tx| Box::pin(events::version(tx, "s"))).await;
    assert_eq!(version.unwrap(), 0);
}

pub(super) async fn a_failed_command_leaves_nothing_and_gives_its_number_back(fixture: Fixture) {
    let result: Result<(), Error> = fixture
        .store
        .transact(&permit(), "fails", |tx| {
            Box::pin(async move {
                append(tx, "lost").await?;
                events::append(tx, "s", 0, &[event("x")]).await?;
                events::append(tx, "s", 0, &[event("y")]).await?;
                Ok(())
            })
        })
        .await;
    assert_eq!(result.unwrap_err().code(), "storage.conflict");
    assert_eq!(fixture.journal().await, []);
    assert_eq!(fixture.note("kept").await, 1);
    let version: Result<i64, Error> = fixture.store.read("v", |tx| Box::pin(events::version(tx, "s"))).await;
    assert_eq!(version.unwrap(), 0);
}

pub(super) async fn a_dropped_transaction_leaves_nothing(fixture: Fixture) {
    for _ in 0..3 {
        let permit = permit();
        let command = fixture.store.transact(&permit, "dropped", |tx| {
            Box::pin(async move {
                append(tx, "lost").await?;
                std::future::pending::<Result<(), Error>>().await
            })
        });
        let dropped = tokio::time::timeout(std::time::Duration::from_millis(50), command).await;
        assert!(dropped.is_err());
    }
    assert_eq!(fixture.note("kept").await, 1);
    assert_eq!(fixture.journal().await.len(), 1);
}

pub(super) async fn a_query_sees_one_snapshot_and_cannot_write(fixture: Fixture) {
    fixture.note("first").await;
    let fixture = &fixture;
    let sizes: Result<_, Error> = fixture
        .store
        .read("snapshot", |tx| {
            Box::pin(async move {
                let before = journal::size(tx).await?;
                fixture.note("meanwhile").await;
                Ok((before, journal::size(tx).await?))
            })
        })
        .await;
    assert_eq!(sizes.unwrap(), (1, 1));
    let written: Result<u64, Error> = fixture.store.read("write", |tx| Box::pin(append(tx, "no"))).await;
    assert_eq!(written.unwrap_err().code(), "storage.unavailable");
    assert_eq!(fixture.journal().await.len(), 2);
}

pub(super) async fn a_replayed_command_gets_the_first_answer(fixture: Fixture) {
    let request = Digest::of(b"request");
    let run = async |request: Digest, answer: &'static [u8]| -> Result<Vec<u8>, Error> {
        let permit = permit();
        fixture
            .store
            .transact(&permit, "command", move |tx| {
                Box::pin(async move {
                    let command = Command { actor: "person:1", key: "key-1", request };
                    if let Some(first) = commands::replayed(tx, &command).await? {
                        append(tx, "replayed").await?;
                        return Ok(first);
                    }
                    append(tx, "done").await?;
                    commands::remember(tx, &command, answer, now()).await?;
                    Ok(answer.to_vec())
                })
            })
            .await
    };
    assert_eq!(run(request, b"one").await.unwrap(), b"one");
    assert_eq!(run(request, b"two").await.unwrap(), b"one");
    assert_eq!(run(Digest::of(b"other"), b"three").await.unwrap_err().code(), "storage.replay_mismatch");
    let pruned: Result<u64, Error> =
        fixture.store.system("prune", |tx| Box::pin(commands::prune(tx, now().plus_seconds(1)))).await;
    assert_eq!(pruned.unwrap(), 1);
    assert_eq!(run(request, b"four").await.unwrap(), b"four");
}

pub(super) async fn settings_and_the_ledger_position_are_kept(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("settings", |tx| {
            Box::pin(async move {
                assert_eq!(settings::get::<String>(tx, "theme").await?, None);
                settings::put(tx, "theme", &"plain", now()).await?;
                settings::put(tx, "theme", &"蓝", now()).await?;
                assert_eq!(settings::get::<String>(tx, "theme").await?.as_deref(), Some("蓝"));
                let wrong = settings::get::<u32>(tx, "theme").await.unwrap_err();
                assert_eq!(wrong.to_string(), "stored data is damaged: settings row theme");
                assert_eq!(position::sequenced(tx).await?, 0);
                position::advance(tx, 7).await?;
                position::advance(tx, 7).await?;
                assert_eq!(position::sequenced(tx).await?, 7);
                assert_eq!(position::advance(tx, 6).await.unwrap_err().code(), "storage.conflict");
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn sessions_are_found_by_token_until_they_expire(fixture: Fixture) {
    let token = Digest::of(b"token");
    let session = Session {
        token,
        person: id(1),
        created: now(),
        touched: now(),
        expires: now().plus_seconds(60),
        body: json!({"unit": "u"}),
    };
    let session = &session;
    let run: Result<(), Error> = fixture
        .store
        .system("sessions", |tx| {
            Box::pin(async move {
                sessions::open(tx, session).await?;
                assert_eq!(sessions::open(tx, session).await.unwrap_err().code(), "storage.duplicate");
                assert_eq!(sessions::find(tx, &token, now()).await?.as_ref(), Some(session));
                assert_eq!(sessions::find(tx, &Digest::of(b"other"), now()).await?, None);
                assert_eq!(sessions::find(tx, &token, now().plus_seconds(60)).await?, None);
                assert!(sessions::touch(tx, &token, now().plus_seconds(30), now().plus_seconds(90)).await?);
                assert!(sessions::find(tx, &token, now().plus_seconds(60)).await?.is_some());
                assert!(!sessions::touch(tx, &token, now().plus_seconds(90), now().plus_seconds(99)).await?);
                assert_eq!(sessions::close_all(tx, id(2)).await?, 0);
                assert!(sessions::close(tx, &token).await?);
                assert!(!sessions::close(tx, &token).await?);
                sessions::open(tx, session).await?;
                assert_eq!(sessions::close_all(tx, id(1)).await?, 1);
                sessions::open(tx, session).await?;
                assert_eq!(sessions::prune(tx, now().plus_seconds(60)).await?, 1);
                Ok(())
            })
        })
        .await;
    run.unwrap();
}
