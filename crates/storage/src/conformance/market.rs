//! The meter and the recorder.

use base::{Fen, Id, kind};

use super::fixture::{Fixture, append, draft, id, now, permit};
use crate::calls::{self, Call, Metered, Period};
use crate::{Error, Recorder, Recording};

fn call(number: u8, usage: Id<kind::Usage>, key: Option<&str>) -> Call {
    Call {
        id: id(number),
        at: now().plus_seconds(i64::from(number)),
        product: id(100 + number % 2),
        usage,
        scenario: "credit".to_owned(),
        request: base::Digest::of(b"question"),
        api_key: id(1),
        units: 2,
        outcome: "answered".to_owned(),
        price: Fen(30),
        idempotency: key.map(str::to_owned),
    }
}

fn recording(call: Call) -> Recording {
    Recording { draft: draft("call"), call: Some(call) }
}

pub(super) async fn a_call_with_a_known_key_is_journalled_but_not_charged_again(fixture: Fixture) {
    let (recorder, writer) = Recorder::new(&fixture.store);
    let writer = tokio::spawn(writer);
    let first = recorder.record(&permit(), recording(call(1, id(7), Some("k")))).await.unwrap();
    assert_eq!(first.earlier, None);
    let again = recorder.record(&permit(), recording(call(2, id(7), Some("k")))).await.unwrap();
    assert_eq!(again.earlier, Some(Metered { call: call(1, id(7), Some("k")), seq: first.journal.seq }));
    // The same key under another agreement, and calls without a key, are calls of their own.
    let other = recorder.record(&permit(), recording(call(3, id(8), Some("k")))).await.unwrap();
    let plain = recorder.record(&permit(), recording(call(4, id(7), None))).await.unwrap();
    assert_eq!((other.earlier, plain.earlier), (None, None));
    // Twice in one batch: one of the two is charged.
    let permit = permit();
    let (left, right) = tokio::join!(
        recorder.record(&permit, recording(call(5, id(7), Some("both")))),
        recorder.record(&permit, recording(call(6, id(7), Some("both")))),
    );
    let charged =
        [left.unwrap(), right.unwrap()].iter().filter(|recorded| recorded.earlier.is_none()).count();
    assert_eq!(charged, 1);
    assert_eq!(fixture.journal().await.len(), 6);
    let period = Period { from: now(), to: now().plus_seconds(99) };
    let stored: Result<_, Error> =
        fixture.store.read("calls", |tx| Box::pin(calls::of_usage(tx, id(7), period, None, 100))).await;
    assert_eq!(stored.unwrap().len(), 3);
    drop(recorder);
    writer.await.unwrap();
}

pub(super) async fn a_spoilt_recording_fails_alone(fixture: Fixture) {
    let (recorder, writer) = Recorder::new(&fixture.store);
    let permit = permit();
    // Nothing is written before the writer runs, so all of these share one batch; two have the same call id.
    let calls = [1, 2, 2, 3].map(|number| recorder.record(&permit, recording(call(number, id(7), None))));
    let results = tokio::select! {
        results = futures::future::join_all(calls) => results,
        () = writer => panic!("the writer ended"),
    };
    let failed: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].code(), "storage.query");
    let seqs: Vec<u64> = fixture.journal().await.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
}

pub(super) async fn a_month_adds_up(fixture: Fixture) {
    let filled: Result<u64, Error> = fixture
        .store
        .transact(&permit(), "meter", |tx| {
            Box::pin(async move {
                let seq = append(tx, "batch").await?;
                let metered = |number| Metered { call: call(number, id(7), None), seq };
                let mut calls: Vec<Metered> = (0..=99).map(metered).collect();
                calls[50].call.outcome = "not_found".to_owned();
                calls[50].call.price = Fen(0);
                calls::insert(tx, &calls).await
            })
        })
        .await;
    assert_eq!(filled.unwrap(), 100);
    let run: Result<(), Error> = fixture
        .store
        .read("totals", |tx| {
            Box::pin(async move {
                let period = Period { from: now().plus_seconds(10), to: now().plus_seconds(90) };
                let totals = calls::totals_of_usage(tx, id(7), period).await?;
                let short: Vec<_> = totals
                    .iter()
                    .map(|total| {
                        (total.product, total.outcome.as_str(), total.calls, total.units, total.price)
                    })
                    .collect();
                assert_eq!(
                    short,
                    [
                        (id(100), "answered", 39, 78, Fen(1170)),
                        (id(100), "not_found", 1, 2, Fen(0)),
                        (id(101), "answered", 40, 80, Fen(1200)),
                    ]
                );
                let product = calls::totals_of_product(tx, id(101), period).await?;
                assert_eq!((product.len(), product[0].calls, product[0].usage), (1, 40, id(7)));
                assert_eq!(calls::totals_of_usage(tx, id(8), period).await?, []);
                let mut after = None;
                let mut seen = Vec::new();
                loop {
                    let page = calls::of_usage(tx, id(7), period, after, 7).await?;
                    let Some(last) = page.last() else { break };
                    after = Some((last.call.at, last.call.id));
                    seen.extend(page.iter().map(|metered| metered.call.at));
                }
                assert_eq!(seen, (10..90).map(|second| now().plus_seconds(second)).collect::<Vec<_>>());
                let many = vec![Metered { call: call(1, id(7), None), seq: 1 }; calls::INSERT_MAX + 1];
                let error = calls::insert(tx, &many).await.unwrap_err();
                assert_eq!(error.to_string(), "more than 512 calls in one insert");
                Ok(())
            })
        })
        .await;
    run.unwrap();
}

pub(super) async fn a_stopped_recorder_refuses(fixture: Fixture) {
    let (recorder, writer) = Recorder::new(&fixture.store);
    drop(writer);
    let error = recorder.record(&permit(), recording(call(1, id(7), None))).await.unwrap_err();
    assert_eq!(error.code(), "storage.unavailable");
    assert_eq!(fixture.journal().await, []);
}
