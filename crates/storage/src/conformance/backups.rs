//! Backup and restore.

use std::path::PathBuf;

use super::fixture::{Fixture, append, draft, id, now, permit};
use crate::calls::{self, Call, Metered};
use crate::commands::Command;
use crate::events::{self, NewEvent};
use crate::jobs::{self, NewJob};
use crate::objects::{self, TenantKey};
use crate::{BackupSummary, Error, commands, journal, position, settings};

/// One row at least in most tables, with awkward values.
async fn fill(fixture: &Fixture) {
    let (permit, draft) = (&permit(), &draft("备份"));
    let filled: Result<(), Error> = fixture
        .store
        .transact(permit, "fill", |tx| {
            Box::pin(async move {
                let seq = journal::append(tx, permit, draft).await?.seq;
                let event = NewEvent { kind: "k\n\"'".to_owned(), at: now(), body: vec![0, 255, 10] };
                events::append(tx, "流", 0, &[event]).await?;
                let call = Call {
                    id: id(1),
                    at: now(),
                    product: id(2),
                    usage: id(3),
                    scenario: "场景".to_owned(),
                    request: base::Digest::of(b"q"),
                    api_key: id(4),
                    units: i64::MAX,
                    outcome: String::new(),
                    price: base::Fen(i64::MIN),
                    idempotency: None,
                };
                calls::insert(tx, &[Metered { call, seq }]).await?;
                let job = NewJob { kind: "k".into(), key: "1".into(), run_at: now(), body: Vec::new() };
                jobs::push(tx, &job).await?;
                settings::put(tx, "name", &"数域", now()).await?;
                let command = Command { actor: "a", key: "k", request: base::Digest::of(b"r") };
                commands::remember(tx, &command, b"answer", now()).await?;
                let key =
                    TenantKey { tenant: id(1), suite: "intl".into(), wrapped: vec![1, 2, 3], created: now() };
                objects::put_tenant_key(tx, &key).await?;
                position::advance(tx, 1).await
            })
        })
        .await;
    filled.unwrap();
    for number in 0..600 {
        fixture.note(&format!("n:{number}")).await;
    }
}

async fn backup(fixture: &Fixture, name: &str) -> (PathBuf, BackupSummary) {
    let path = fixture.folder.path().join(name);
    let summary = fixture.store.backup(&path).await.unwrap();
    (path, summary)
}

pub(super) async fn a_backup_restores_to_the_same_bytes_on_both_engines(fixture: Fixture) {
    fill(&fixture).await;
    let (path, summary) = backup(&fixture, "backup").await;
    let bytes = std::fs::read(&path).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    for target in [fixture.same_engine().await, fixture.other_engine().await] {
        assert_eq!(target.store.restore(&path).await.unwrap(), summary);
        let (copy, again) = backup(&target, "again").await;
        assert_eq!((std::fs::read(copy).unwrap() == bytes, again), (true, summary));
        assert_eq!(target.journal().await, fixture.journal().await);
        // The counter came along: the next row follows the last.
        assert_eq!(target.note("next").await, 602);
    }
}

pub(super) async fn a_cut_or_altered_backup_restores_nothing(fixture: Fixture) {
    fill(&fixture).await;
    let (path, _) = backup(&fixture, "backup").await;
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let empty = fixture.same_engine().await;
    let last = lines.len() as u64;
    let bad = [
        (String::new(), 1),
        ("nonsense\n".to_owned(), 1),
        (whole.trim_end().to_owned(), last),
        (format!("{}\n", lines[..lines.len() - 1].join("\n")), last),
        (format!("{}\n{}\n", lines[..9].join("\n"), lines[10..].join("\n")), last - 1),
        (whole.replace("数域", "数城"), last),
        (whole.replacen("[\"events\"", "[\"unknown\"", 1), 6),
        (whole.replacen("\"tenant_keys\",\"", "\"tenant_keys\",\"zz", 1), 5),
        (format!("{whole}more\n"), last),
    ];
    let broken = fixture.folder.path().join("broken");
    for (text, line) in bad {
        std::fs::write(&broken, text).unwrap();
        let error = empty.store.restore(&broken).await.unwrap_err();
        assert_eq!(error.to_string(), format!("backup file is not usable: line {line}"));
        assert_eq!(empty.journal().await, []);
    }
    let ours = format!("\"schema\":{}", crate::SCHEMA_VERSION);
    assert!(whole.contains(&ours));
    std::fs::write(&broken, whole.replacen(&ours, "\"schema\":999", 1)).unwrap();
    assert_eq!(empty.store.restore(&broken).await.unwrap_err().code(), "storage.schema");
    let missing = empty.store.restore(&fixture.folder.path().join("missing")).await.unwrap_err();
    assert_eq!(missing.code(), "storage.unavailable");
    let nowhere = fixture.store.backup(&fixture.folder.path().join("no/folder")).await.unwrap_err();
    assert_eq!(nowhere.code(), "storage.unavailable");
    empty.store.restore(&path).await.unwrap();
}

pub(super) async fn a_store_with_data_is_not_overwritten(fixture: Fixture) {
    let (path, _) = backup(&fixture, "empty").await;
    fixture.store.restore(&path).await.unwrap();
    let put: Result<(), Error> = fixture
        .store
        .system("one", |tx| Box::pin(async move { settings::put(tx, "name", &1, now()).await }))
        .await;
    put.unwrap();
    let error = fixture.store.restore(&path).await.unwrap_err();
    assert_eq!(error.to_string(), "the store is not empty: table settings has rows");
}

pub(super) async fn a_backup_is_consistent_while_writers_go_on(fixture: Fixture) {
    for number in 0..200 {
        fixture.note(&format!("before:{number}")).await;
    }
    let store = fixture.store.clone();
    let writing = tokio::spawn(async move {
        for _ in 0..200 {
            let done: Result<u64, Error> =
                store.transact(&permit(), "during", |tx| Box::pin(append(tx, "during"))).await;
            done.unwrap();
        }
    });
    let (path, _) = backup(&fixture, "during").await;
    writing.await.unwrap();
    let copy = fixture.same_engine().await;
    copy.store.restore(&path).await.unwrap();
    let rows = copy.journal().await;
    let size: Result<u64, Error> = copy.store.read("size", |tx| Box::pin(journal::size(tx))).await;
    assert_eq!(size.unwrap(), rows.len() as u64);
    assert!((200..=400).contains(&rows.len()));
}
