//! Jobs.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::fixture::{Fixture, now};
use crate::jobs::{self, Job, NewJob, Report};
use crate::{Error, Tx};

fn job(key: &str, delay_seconds: i64) -> NewJob {
    NewJob {
        kind: "mail".to_owned(),
        key: key.to_owned(),
        run_at: now().plus_seconds(delay_seconds),
        body: b"body".to_vec(),
    }
}

async fn lease(tx: &mut Tx<'_>, delay_seconds: i64) -> Result<Vec<Job>, Error> {
    let now = now().plus_seconds(delay_seconds);
    jobs::lease(tx, now, now.plus_seconds(30), 10).await
}

pub(super) async fn a_job_is_pushed_once_leased_once_and_done_once(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("jobs", |tx| {
            Box::pin(async move {
                assert_eq!(jobs::next_due(tx).await?, None);
                assert!(jobs::push(tx, &job("b", 5)).await?);
                assert!(jobs::push(tx, &job("a", 0)).await?);
                assert!(!jobs::push(tx, &job("a", 9)).await?);
                assert_eq!(jobs::next_due(tx).await?, Some(now()));
                let first = lease(tx, 0).await?;
                assert_eq!((first.len(), first[0].key.as_str(), first[0].attempt), (1, "a", 1));
                assert_eq!(lease(tx, 1).await?, []);
                // The lease of `a` runs out: the next worker gets both, and the first comes too late.
                let second = lease(tx, 31).await?;
                assert_eq!(second.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
                assert_eq!(jobs::done(tx, &first[0]).await?, Report::Late);
                assert_eq!(jobs::done(tx, &second[0]).await?, Report::Accepted);
                assert_eq!(jobs::done(tx, &second[1]).await?, Report::Accepted);
                assert_eq!(lease(tx, 1_000).await?, []);
                assert!(!jobs::push(tx, &job("a", 0)).await?, "done jobs stay known");
                assert_eq!(jobs::prune(tx, now().plus_seconds(1)).await?, 1);
                assert!(jobs::push(tx, &job("a", 0)).await?);
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn a_failing_job_is_retried_then_dead_then_revived(fixture: Fixture) {
    let run: Result<(), Error> = fixture
        .store
        .system("jobs", |tx| {
            Box::pin(async move {
                jobs::push(tx, &job("a", 0)).await?;
                let first = lease(tx, 0).await?;
                let later = now().plus_seconds(10);
                assert_eq!(jobs::retry(tx, &first[0], later, "app.mail", 2).await?, Report::Accepted);
                assert_eq!(jobs::dead(tx, 10).await?, []);
                assert_eq!(lease(tx, 9).await?, []);
                let second = lease(tx, 10).await?;
                assert_eq!(second[0].attempt, 2);
                assert_eq!(jobs::retry(tx, &first[0], later, "app.mail", 2).await?, Report::Late);
                jobs::retry(tx, &second[0], later, "app.mail", 2).await?;
                assert_eq!(lease(tx, 1_000).await?, []);
                let dead = jobs::dead(tx, 10).await?;
                assert_eq!(
                    (dead[0].key.as_str(), dead[0].error.as_str(), dead[0].attempt),
                    ("a", "app.mail", 2)
                );
                assert!(!jobs::revive(tx, "mail", "b", now()).await?);
                assert!(jobs::revive(tx, "mail", "a", now()).await?);
                assert_eq!(lease(tx, 0).await?.len(), 1);
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn concurrent_workers_never_share_a_job(fixture: Fixture) {
    let push: Result<(), Error> = fixture
        .store
        .system("push", |tx| {
            Box::pin(async move {
                for number in 0..100 {
                    jobs::push(tx, &job(&format!("{number:03}"), 0)).await?;
                }
                Ok(())
            })
        })
        .await;
    push.unwrap();
    let worker = |_| {
        let store = fixture.store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leased: Result<Vec<Job>, Error> =
                    store.system("lease", |tx| Box::pin(lease(tx, 0))).await;
                let Ok(leased) = leased else { continue };
                if leased.is_empty() {
                    return mine;
                }
                mine.extend(leased.into_iter().map(|job| job.key));
            }
        })
    };
    let taken: Vec<String> =
        join_all((0..6).map(worker)).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(taken.len(), 100);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 100);
}
