//! Which zone does what.

use std::sync::Arc;

use bytes::Bytes;

use super::zone::{Engine, Zone, mask_key};
use crate::Error;
use crate::books::Books;
use crate::consent;
use crate::editions;
use crate::engine::{DevEngine, ProdEngine};
use crate::intake::take_in;
use crate::protocol::{Reply, Request, ServeDone, ServeOrder, VerifyOrder, ZoneKind};
use crate::serving::{Index, Verification, canonical, compare, read_page};
use crate::twin::{grant, twin};

/// Limit: indexes and verifications held at once.
const HANDLES_MAX: usize = 64;

type Outcome = Result<(Reply, Bytes), Error>;

impl Zone {
    /// Answers one request.
    pub(super) async fn handle(self: &Arc<Self>, request: Request) -> Outcome {
        let operation = request.name();
        match request {
            Request::Ping | Request::Cancel { .. } | Request::Shutdown | Request::Upload { .. } => done(),
            Request::Keys { keys } => {
                self.keys.add(keys);
                done()
            }
            Request::ForgetKeys { names } => {
                names.iter().for_each(|name| self.keys.forget(name));
                done()
            }
            Request::Tables { tables } => {
                self.blocking(move |zone| zone.set_tables(tables)).await?;
                done()
            }
            Request::DropUpload { upload } => self.take_upload(upload).and_then(|_| done()),
            Request::Query(order) => only(Reply::Page(self.dev(operation)?.query(*order).await?)),
            Request::Check(order) => only(Reply::Checked(match &self.engine {
                Engine::Dev(engine) => engine.check(*order).await?,
                Engine::Prod(engine) => engine.check(*order).await?,
                Engine::None | Engine::Ledger(_) => return Err(Error::WrongZone { operation }),
            })),
            Request::Explain(order) => {
                only(Reply::Explained(Box::new(self.dev(operation)?.explain(*order).await?)))
            }
            Request::TopUp(order) => {
                only(Reply::ToppedUp(Box::new(self.dev(operation)?.top_up(*order).await?)))
            }
            Request::Price(order) => only(Reply::Priced(Box::new(match &self.engine {
                Engine::Dev(engine) => engine.price(*order).await?,
                Engine::Prod(engine) => engine.price(*order).await?,
                Engine::None | Engine::Ledger(_) => return Err(Error::WrongZone { operation }),
            }))),
            Request::Statistic(order) => {
                let engine = self.prod(operation)?.for_purpose(order.purpose.as_ref(), &order.inputs)?;
                only(Reply::Statistic(Box::new(engine.statistic(*order).await?)))
            }
            Request::Run(order) => {
                let engine = self.prod(operation)?.for_purpose(order.purpose.as_ref(), &order.inputs)?;
                only(Reply::Counted(engine.run(*order).await?))
            }
            Request::Conclude(order) => {
                only(Reply::Run(Box::new(self.prod(operation)?.conclude(*order).await?)))
            }
            Request::ForgetRun { run } => {
                self.prod(operation)?.forget_run(run);
                done()
            }
            Request::VerifyLoad(order) => self.verify_load(*order).await,
            Request::Verify(question) => {
                let held = self.verifications.read().map_err(|_| Error::RunFailed)?;
                let held = held.get(&question.handle);
                let held = held.ok_or_else(|| Error::unknown("verification", &question.handle))?;
                only(Reply::Verdict { verdict: held.ask(&question.key) })
            }
            Request::ServeLoad(order) => self.serve_load(*order).await,
            Request::ServeDrop { handle } => {
                self.indexes.write().map_err(|_| Error::RunFailed)?.remove(&handle);
                done()
            }
            Request::Lookup(order) => {
                let held = self.indexes.read().map_err(|_| Error::RunFailed)?;
                let index = held.get(&order.handle).ok_or_else(|| Error::unknown("index", &order.handle))?;
                only(Reply::Page(index.lookup(&order.key)?))
            }
            request => self.handle_files(request).await,
        }
    }

    /// Requests that read and write whole objects, on the blocking pool.
    async fn handle_files(self: &Arc<Self>, request: Request) -> Outcome {
        let operation = request.name();
        match request {
            Request::Intake(order) if self.kind == ZoneKind::Intake => {
                let done = self.blocking(move |zone| {
                    let bytes = zone.take_upload(order.upload)?;
                    take_in(&zone.objects_dir, &zone.keys, &order, bytes)
                });
                only(Reply::Intake(Box::new(done.await?)))
            }
            Request::Consents(order) if self.kind == ZoneKind::Intake => {
                let done = self.blocking(move |zone| {
                    let bytes = zone.take_upload(order.upload)?;
                    consent::take_in(&zone.objects_dir, &zone.keys, &order, &bytes)
                });
                only(Reply::Consents(Box::new(done.await?)))
            }
            Request::Grant(order) if self.kind == ZoneKind::Prod => {
                let done = self.blocking(move |zone| grant(&zone.objects_dir, &zone.keys, &order));
                only(Reply::Sample(done.await?))
            }
            Request::Same(order) if self.kind == ZoneKind::Prod => {
                let found = self.blocking(move |zone| editions::same(&zone.objects_dir, &order));
                only(Reply::Same { snapshots: found.await? })
            }
            Request::Twin(order) if self.kind == ZoneKind::Prod => {
                let given = order.mask_key.as_ref().map(mask_key);
                let key = given.or_else(|| self.mask_key.clone());
                let key = key.ok_or_else(|| Error::unknown("key", "mask"))?;
                let shared = mask_key(&order.shared_key);
                let done =
                    self.blocking(move |zone| twin(&zone.objects_dir, &zone.keys, &order, (&key, &shared)));
                only(Reply::Twin(Box::new(done.await?)))
            }
            Request::ReadResult(order) if self.kind == ZoneKind::Prod => {
                let page = self.blocking(move |zone| read_page(&zone.objects_dir, &zone.keys, &order));
                only(Reply::Page(page.await?))
            }
            Request::Canonical(order) if self.kind == ZoneKind::Prod => {
                let made = self.blocking(move |zone| canonical(&zone.objects_dir, &zone.keys, &order));
                let (bytes, rows) = made.await?;
                Ok((Reply::Bytes { digest: base::Digest::of(&bytes), rows }, Bytes::from(bytes)))
            }
            Request::Compare(order) if self.kind == ZoneKind::Prod => {
                let found = self.blocking(move |zone| compare(&zone.objects_dir, &zone.keys, &order));
                only(Reply::Compared(found.await?))
            }
            Request::Assess(order) => {
                let judged =
                    self.books(move |zone, books| books.assess(&zone.objects_dir, &zone.keys, &order));
                only(Reply::Ledger(judged.await?))
            }
            Request::Append(order) => {
                let done = self.books(move |zone, books| books.append(&zone.objects_dir, &zone.keys, &order));
                only(Reply::Ledger(done.await?))
            }
            _ => Err(Error::WrongZone { operation }),
        }
    }

    /// Work on the ledger's books, on the blocking pool.
    async fn books<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &Books) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.blocking(move |zone| match &zone.engine {
            Engine::Ledger(books) => work(zone, books),
            _ => Err(Error::WrongZone { operation: "ledger" }),
        })
        .await
    }

    async fn serve_load(self: &Arc<Self>, order: ServeOrder) -> Outcome {
        if matches!(self.kind, ZoneKind::Intake | ZoneKind::Ledger) {
            return Err(Error::WrongZone { operation: "serve_load" });
        }
        let ServeOrder { handle, object, key_columns } = order;
        let index =
            self.blocking(move |zone| Index::open(&zone.objects_dir, &zone.keys, &object, &key_columns));
        let index = index.await?;
        let (rows, keys) = (index.rows() as u64, index.keys() as u64);
        let done = ServeDone { rows, keys, columns: index.columns().to_vec() };
        let mut held = self.indexes.write().map_err(|_| Error::RunFailed)?;
        if held.len() >= HANDLES_MAX && !held.contains_key(&handle) {
            return Err(Error::Limit { what: "indexes" });
        }
        held.insert(handle, Arc::new(index));
        only(Reply::Serve(done))
    }

    async fn verify_load(self: &Arc<Self>, order: VerifyOrder) -> Outcome {
        let engine = self.prod("verify_load")?;
        let engine = engine.for_purpose(order.purpose.as_ref(), std::slice::from_ref(&order.input))?;
        let verification = Verification::load(&engine, &order).await?;
        let keys = verification.keys() as u64;
        let mut held = self.verifications.write().map_err(|_| Error::RunFailed)?;
        if held.len() >= HANDLES_MAX && !held.contains_key(&order.handle) {
            return Err(Error::Limit { what: "verifications" });
        }
        held.insert(order.handle, Arc::new(verification));
        only(Reply::Serve(ServeDone { rows: keys, keys, columns: Vec::new() }))
    }

    const fn dev(&self, operation: &'static str) -> Result<&DevEngine, Error> {
        match &self.engine {
            Engine::Dev(engine) => Ok(engine),
            _ => Err(Error::WrongZone { operation }),
        }
    }

    const fn prod(&self, operation: &'static str) -> Result<&ProdEngine, Error> {
        match &self.engine {
            Engine::Prod(engine) => Ok(engine),
            _ => Err(Error::WrongZone { operation }),
        }
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let zone = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&zone)).await.map_err(|_| Error::RunFailed)?
    }
}

fn only(reply: Reply) -> Outcome {
    Ok((reply, Bytes::new()))
}

fn done() -> Outcome {
    only(Reply::Done)
}
