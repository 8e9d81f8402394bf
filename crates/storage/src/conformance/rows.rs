//! Events, journal rows and records.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fixture::{Fixture, append, now, permit};
use crate::engine::execute;
use crate::events::{self, NewEvent};
use crate::records::{self, Cursor, Expected, Key, Named, Order, Query, Record, named};
use crate::{Error, Tx, journal};

pub(super) async fn events_are_appended_behind_the_expected_version(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .transact(&permit(), "events", |tx| {
            Box::pin(async move {
                append(tx, "s").await?;
                let event = |body: &[u8]| NewEvent { kind: "k".to_owned(), at: now(), body: body.to_vec() };
                assert_eq!(events::append(tx, "s", 0, &[event(b"\x00\xff"), event(b"two")]).await?, 2);
                assert_eq!(events::append(tx, "s", 2, &[event(b"three")]).await?, 3);
                assert_eq!(events::append(tx, "t", 0, &[]).await?, 0);
                for stale in [0, 2, 4, -1] {
                    let error = events::append(tx, "s", stale, &[event(b"no")]).await.unwrap_err();
                    assert_eq!(error.code(), "storage.conflict");
                }
                let many = vec![event(b""); events::APPEND_MAX + 1];
                assert_eq!(events::append(tx, "s", 3, &many).await.unwrap_err().code(), "storage.limit");
                let all = events::load(tx, "s", 1, 100).await?;
                assert_eq!(all.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3]);
                assert_eq!(all[0].body, b"\x00\xff");
                assert_eq!(events::load(tx, "s", 2, 1).await?, all[1..2]);
                assert_eq!(events::version(tx, "s").await?, 3);
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn the_journal_is_read_by_number_and_by_subject(fixture: Fixture) {
    for number in 0..9 {
        fixture.note(if number % 2 == 0 { "even" } else { "odd" }).await;
    }
    let run: Result<(), Error> = fixture
        .store
        .read("journal", |tx| {
            Box::pin(async move {
                let seqs = |rows: Vec<journal::Row>| rows.iter().map(|row| row.seq).collect::<Vec<_>>();
                assert_eq!(journal::size(tx).await?, 9);
                assert_eq!(seqs(journal::from(tx, 0, 2).await?), [1, 2]);
                assert_eq!(seqs(journal::from(tx, 8, 100).await?), [8, 9]);
                assert_eq!(seqs(journal::from(tx, u64::MAX, 100).await?), [0; 0]);
                assert_eq!(seqs(journal::by_subject(tx, "even", None, 3).await?), [9, 7, 5]);
                assert_eq!(seqs(journal::by_subject(tx, "even", Some(5), 3).await?), [3, 1]);
                assert_eq!(seqs(journal::newest(tx, None, 2).await?), [9, 8]);
                assert_eq!(seqs(journal::newest(tx, Some(3), 9).await?), [2, 1]);
                let entries = journal::entries(tx, 4, 2).await?;
                let parsed: Vec<u64> =
                    entries.iter().map(|bytes| ledger::JournalEntry::parse(bytes).unwrap().seq).collect();
                assert_eq!(parsed, [4, 5]);
                assert_eq!(journal::get(tx, 4).await?.unwrap().subject, "odd");
                assert_eq!(journal::get(tx, 0).await?, None);
                let error = journal::from(tx, 0, journal::READ_MAX + 1).await.unwrap_err();
                assert_eq!(error.code(), "storage.limit");
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Task {
    id: Uuid,
    code: String,
    role: String,
    due: i64,
    text: String,
}

impl Record for Task {
    const KIND: &'static str = "task";

    fn id(&self) -> Uuid {
        self.id
    }

    fn keys(&self) -> Vec<Key> {
        vec![Key::new("todo", &self.role, self.due), Key::new("all", "", 0)]
    }

    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("code", self.code.clone())]
    }
}

fn task(number: u8, role: &str, due: i64) -> Task {
    let id = Uuid::from_bytes([number; 16]);
    Task { id, code: format!("C{number}"), role: role.to_owned(), due, text: "受理".to_owned() }
}

async fn put(tx: &mut Tx<'_>, task: &Task, expected: Expected) -> Result<i64, Error> {
    records::put(tx, task, expected, now()).await
}

pub(super) async fn records_are_versioned(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("records", |tx| {
            Box::pin(async move {
                let mut one = task(1, "a", 1);
                assert_eq!(records::get::<Task>(tx, one.id).await?, None);
                let missing = put(tx, &one, Expected::Version(1)).await.unwrap_err();
                assert_eq!(missing.code(), "storage.conflict");
                assert_eq!(put(tx, &one, Expected::New).await?, 1);
                assert_eq!(put(tx, &one, Expected::New).await.unwrap_err().code(), "storage.conflict");
                one.text = "审核".to_owned();
                assert_eq!(put(tx, &one, Expected::Version(1)).await?, 2);
                assert_eq!(put(tx, &one, Expected::Version(1)).await.unwrap_err().code(), "storage.conflict");
                assert_eq!(put(tx, &one, Expected::Any).await?, 3);
                assert_eq!(put(tx, &task(2, "a", 1), Expected::Any).await?, 1);
                let stored = records::get::<Task>(tx, one.id).await?.unwrap();
                assert_eq!((stored.value, stored.version, stored.updated_at), (one.clone(), 3, now()));
                assert!(records::remove::<Task>(tx, one.id).await?);
                assert!(!records::remove::<Task>(tx, one.id).await?);
                assert_eq!(records::count::<Task>(tx, "todo", "a").await?, 1);
                assert_eq!(put(tx, &one, Expected::New).await?, 1);
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn unique_values_are_held_and_released(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("uniques", |tx| {
            Box::pin(async move {
                put(tx, &task(1, "a", 1), Expected::New).await?;
                let found = records::by_unique::<Task>(tx, "code", "C1").await?.unwrap();
                assert_eq!(found.value.id, Uuid::from_bytes([1; 16]));
                assert_eq!(records::by_unique::<Task>(tx, "code", "C9").await?, None);
                assert_eq!(records::by_unique::<Task>(tx, "name", "C1").await?, None);
                // The holder may keep its value, give it up, and leave it to another.
                put(tx, &task(1, "b", 2), Expected::Version(1)).await?;
                put(tx, &Task { code: "D1".to_owned(), ..task(1, "b", 2) }, Expected::Version(2)).await?;
                put(tx, &Task { code: "C1".to_owned(), ..task(2, "a", 1) }, Expected::New).await?;
                let taken = put(tx, &Task { code: "D1".to_owned(), ..task(3, "a", 1) }, Expected::New).await;
                let taken = taken.unwrap_err();
                assert_eq!(
                    (taken.code(), taken.to_string().as_str()),
                    ("storage.duplicate", "`code` of task is already taken")
                );
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

/// What is kept beside a task under its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Mark {
    id: Uuid,
    open: bool,
}

impl Record for Mark {
    const KIND: &'static str = "mark";

    fn id(&self) -> Uuid {
        self.id
    }

    fn keys(&self) -> Vec<Key> {
        let open = self.open.then(|| Key::new("open", "", 7));
        // Neither a key of that name with another value nor another key counts.
        open.into_iter().chain([Key::new("open", "other", 7), Key::new("all", "", 7)]).collect()
    }
}

pub(super) async fn unique_values_tell_whether_what_lies_beside_is_listed(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("named", |tx| {
            Box::pin(async move {
                for (number, code) in [
                    (1, "义务/甲/2026"),
                    (2, "义务/甲/2025"),
                    (3, "义务/甲乙/2026"),
                    (4, "义务/乙/2026"),
                    (5, "义务/甲/2027"),
                ] {
                    let one = Task { code: code.to_owned(), ..task(number, "a", 1) };
                    put(tx, &one, Expected::New).await?;
                    // The fifth has nothing beside it.
                    if number < 5 {
                        let mark = Mark { id: one.id, open: number % 2 == 1 };
                        records::put(tx, &mark, Expected::New, now()).await?;
                    }
                }
                let is = |found: &[Named], expected: &[(&str, u8, bool)]| {
                    let found =
                        found.iter().map(|one| (one.value.as_str(), one.id.as_bytes()[0], one.listed));
                    assert_eq!(found.collect::<Vec<_>>(), expected);
                };
                let found = named::<Task, Mark>(tx, "code", "义务/甲/", "open", None, 10).await?;
                is(
                    &found,
                    &[("义务/甲/2025", 2, false), ("义务/甲/2026", 1, true), ("义务/甲/2027", 5, false)],
                );
                let first = named::<Task, Mark>(tx, "code", "义务/", "open", None, 4).await?;
                is(&first[2..], &[("义务/甲/2026", 1, true), ("义务/甲/2027", 5, false)]);
                let behind = Some("义务/甲/2027");
                is(
                    &named::<Task, Mark>(tx, "code", "义务/", "open", behind, 4).await?,
                    &[("义务/甲乙/2026", 3, true)],
                );
                is(&named::<Task, Mark>(tx, "other", "", "open", None, 4).await?, &[]);
                is(&named::<Mark, Task>(tx, "code", "", "open", None, 4).await?, &[]);
                let many = records::ALL_MAX + 1;
                let error = named::<Task, Mark>(tx, "code", "", "open", None, many).await.unwrap_err();
                assert_eq!(error.code(), "storage.limit");
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn lists_are_paged_by_key_in_both_directions(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("lists", |tx| {
            Box::pin(async move {
                // Equal places are ordered by id; another list does not interfere.
                for (number, due) in [(5, 10), (1, 10), (3, 10), (2, -7), (4, 99)] {
                    put(tx, &task(number, "mine", due), Expected::New).await?;
                }
                put(tx, &task(9, "other", 10), Expected::New).await?;
                for (order, expected) in
                    [(Order::Ascending, [2, 1, 3, 5, 4]), (Order::Descending, [4, 5, 3, 1, 2])]
                {
                    let mut after: Option<Cursor> = None;
                    let mut seen = Vec::new();
                    loop {
                        let query = Query { name: "todo", value: "mine", after, limit: 2, order };
                        let page = records::list::<Task>(tx, &query).await?;
                        seen.extend(page.items.iter().map(|item| item.value.id.as_bytes()[0]));
                        after = page.next;
                        if after.is_none() {
                            break;
                        }
                    }
                    assert_eq!(seen, expected);
                }
                let all = records::all::<Task>(tx, "all", "", 6).await?;
                assert_eq!(all.len(), 6);
                assert_eq!(records::all::<Task>(tx, "all", "", 5).await.unwrap_err().code(), "storage.limit");
                let query =
                    Query { name: "todo", value: "mine", after: None, limit: 101, order: Order::Ascending };
                let error = records::list::<Task>(tx, &query).await.unwrap_err();
                assert_eq!(error.to_string(), "more than 100 records in a page");
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn lists_follow_a_record_as_it_changes(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("lists", |tx| {
            Box::pin(async move {
                put(tx, &task(1, "officer", 5), Expected::New).await?;
                put(tx, &task(1, "expert", 5), Expected::Version(1)).await?;
                assert_eq!(records::count::<Task>(tx, "todo", "officer").await?, 0);
                assert_eq!(records::count::<Task>(tx, "todo", "expert").await?, 1);
                put(tx, &task(1, "expert", 8), Expected::Any).await?;
                let query = Query {
                    name: "todo",
                    value: "expert",
                    after: Some(Cursor { sort: 7, id: Uuid::nil() }),
                    limit: 10,
                    order: Order::Ascending,
                };
                assert_eq!(records::list::<Task>(tx, &query).await?.items.len(), 1);
                assert_eq!(records::count::<Task>(tx, "all", "").await?, 1);
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn damaged_and_oversized_rows_are_named(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("damage", |tx| {
            Box::pin(async move {
                put(tx, &task(1, "a", 1), Expected::New).await?;
                execute!(tx, "UPDATE records SET body = '{'")?;
                let error = records::get::<Task>(tx, Uuid::from_bytes([1; 16])).await.unwrap_err();
                assert_eq!(error.code(), "storage.damaged");
                assert_eq!(
                    error.to_string(),
                    "stored data is damaged: records row task/01010101010101010101010101010101"
                );
                assert!(std::error::Error::source(&error).is_some());
                Ok(())
            })
        })
        .await;
    run.unwrap();
    let (permit, mut draft) = (permit(), super::fixture::draft("x"));
    draft.clauses = vec!["条".repeat(30_000)];
    let (permit, draft) = (&permit, &draft);
    let long: Result<_, Error> =
        fixture.store.transact(permit, "long", |tx| Box::pin(journal::append(tx, permit, draft))).await;
    assert_eq!(long.unwrap_err().code(), "storage.value");
}
