//! The server's end of a zone: asks a worker and waits for its answers.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Id, kind};
use bytes::Bytes;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::isolation::Isolation;
use crate::protocol::{
    Answer, AppendOrder, AssessOrder, CanonicalOrder, CheckOrder, Checked, CompareOrder, Compared,
    ConcludeOrder, ConsentOrder, ConsentsDone, Envelope, ExplainOrder, Explained, GrantOrder, Init,
    IntakeDone, IntakeOrder, LedgerAnswer, LookupOrder, Page, PageOrder, PermitRecord, PriceOrder, Priced,
    QueryOrder, Reply, Request, RunCounted, RunDone, RunOrder, SameOrder, SampleDone, ServeDone, ServeOrder,
    StatisticDone, StatisticOrder, TableSpec, TopUpOrder, ToppedUp, TwinDone, TwinOrder, Verdict,
    VerifyOrder, VerifyQuestion, ZoneKey,
};
use crate::{Error, frame};

/// How long quick requests (lookups, keys, pings) may take.
const QUICK: Duration = Duration::from_secs(10);
/// How long work on whole objects may take.
const LONG: Duration = Duration::from_secs(900);
/// Bytes of one piece of an upload.
const PIECE_BYTES: usize = 4 << 20;
/// Requests that may wait to be written.
const QUEUE_MAX: usize = 256;

/// A connection to one zone worker. Clones share it; requests run side by side. When the last clone is gone the
/// connection closes and the worker ends.
#[derive(Clone)]
pub struct ZoneClient(Arc<Connection>);

type Outcome = Result<(Reply, Bytes), Error>;
type Waiting = HashMap<u64, oneshot::Sender<Outcome>>;
type Received = Result<Result<Outcome, oneshot::error::RecvError>, tokio::time::error::Elapsed>;

struct Connection {
    next: AtomicU64,
    shared: Arc<Shared>,
    frames: mpsc::Sender<Vec<u8>>,
    isolation: Isolation,
    /// Reader and writer; they end with the connection.
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    closed: AtomicBool,
}

impl ZoneClient {
    /// Connects to a worker's socket and opens its zone.
    ///
    /// # Errors
    /// `domain.io` if nobody listens; what the worker says if the zone cannot be opened.
    pub async fn connect(socket_path: &Path, init: &Init) -> Result<Self, Error> {
        let stream = UnixStream::connect(socket_path).await?;
        let (mut reader, mut writer) = stream.into_split();
        frame::write(&mut writer, &frame::encode(init, &[])?).await?;
        let opened = tokio::time::timeout(LONG, frame::read::<_, Answer>(&mut reader));
        let (answer, _) = opened.await.map_err(|_| Error::NoAnswer)??.ok_or(Error::Closed)?;
        let isolation = match answer.result {
            Ok(Reply::Opened { isolation }) => isolation,
            Ok(_) => return Err(Error::Protocol { what: "reply" }),
            Err(failure) => return Err(Error::Remote(Box::new(failure))),
        };
        let shared = Arc::new(Shared::default());
        let (frames, mut queue) = mpsc::channel::<Vec<u8>>(QUEUE_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(read_answers(reader, Arc::clone(&shared)));
        tasks.spawn(async move {
            while let Some(frame) = queue.recv().await {
                if frame::write(&mut writer, &frame).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self(Arc::new(Connection { next: AtomicU64::new(1), shared, frames, isolation, _tasks: tasks })))
    }

    /// How far the worker is isolated, as it said when it began.
    #[must_use]
    pub fn isolation(&self) -> &Isolation {
        &self.0.isolation
    }

    /// Is the worker gone?
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.shared.closed.load(Ordering::Acquire)
    }

    pub(crate) async fn ask(
        &self,
        permit: Option<&access::Permit>,
        request: Request,
        body: &[u8],
        limit: Duration,
    ) -> Result<(Reply, Bytes), Error> {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let envelope = Envelope { id, permit: permit.map(PermitRecord::from), request };
        let frame = frame::encode(&envelope, body)?;
        let (sender, receiver) = oneshot::channel();
        self.0.shared.waiting.lock().map_err(|_| Error::Closed)?.insert(id, sender);
        // Forgets and cancels the request if the caller goes away.
        let guard = Pending { connection: &self.0, id, answered: false };
        if self.is_closed() || self.0.frames.send(frame).await.is_err() {
            return Err(Error::Closed);
        }
        let answer = tokio::time::timeout(limit, receiver).await;
        guard.finish(answer)
    }
}

struct Pending<'a> {
    connection: &'a Connection,
    id: u64,
    answered: bool,
}

impl Pending<'_> {
    fn finish(mut self, answer: Received) -> Outcome {
        match answer {
            Ok(Ok(result)) => {
                self.answered = true;
                result
            }
            Ok(Err(_)) => Err(Error::Closed),
            Err(_) => Err(Error::NoAnswer),
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        if let Ok(mut waiting) = self.connection.shared.waiting.lock() {
            waiting.remove(&self.id);
        }
        let cancel = Envelope { id: 0, permit: None, request: Request::Cancel { id: self.id } };
        if let Ok(frame) = frame::encode(&cancel, &[]) {
            // A full queue means that the worker is far behind; its own time limit will do.
            let _full = self.connection.frames.try_send(frame);
        }
    }
}

async fn read_answers(mut reader: OwnedReadHalf, shared: Arc<Shared>) {
    while let Ok(Some((answer, body))) = frame::read::<_, Answer>(&mut reader).await {
        let sender = shared.waiting.lock().ok().and_then(|mut waiting| waiting.remove(&answer.id));
        if let Some(sender) = sender {
            let result = answer.result.map(|reply| (reply, body));
            // The caller may have gone away in the meantime.
            let _gone = sender.send(result.map_err(|failure| Error::Remote(Box::new(failure))));
        }
    }
    shared.closed.store(true, Ordering::Release);
    if let Ok(mut waiting) = shared.waiting.lock() {
        // Dropping the senders tells every caller.
        waiting.clear();
    }
}

/// Takes the expected sort of reply out.
macro_rules! expect {
    ($answer:expr, $pattern:pat => $value:expr) => {
        match $answer {
            ($pattern, _) => Ok($value),
            _ => Err(Error::Protocol { what: "reply" }),
        }
    };
}

impl ZoneClient {
    /// Is it alive?
    ///
    /// # Errors
    /// `domain.closed`, `domain.no_answer`.
    pub async fn ping(&self) -> Result<(), Error> {
        expect!(self.ask(None, Request::Ping, &[], QUICK).await?, Reply::Done => ())
    }

    /// Gives the zone more keys.
    ///
    /// # Errors
    /// `domain.closed`, `domain.no_answer`.
    pub async fn add_keys(&self, keys: Vec<ZoneKey>) -> Result<(), Error> {
        expect!(self.ask(None, Request::Keys { keys }, &[], QUICK).await?, Reply::Done => ())
    }

    /// Makes the zone forget keys.
    ///
    /// # Errors
    /// `domain.closed`, `domain.no_answer`.
    pub async fn forget_keys(&self, names: Vec<String>) -> Result<(), Error> {
        expect!(self.ask(None, Request::ForgetKeys { names }, &[], QUICK).await?, Reply::Done => ())
    }

    /// Replaces the zone's tables.
    ///
    /// # Errors
    /// If one of them cannot be opened; the old ones then stay.
    pub async fn set_tables(&self, tables: Vec<TableSpec>) -> Result<(), Error> {
        expect!(self.ask(None, Request::Tables { tables }, &[], QUICK).await?, Reply::Done => ())
    }

    /// Sends a file to an intake zone and has it taken in. The order's upload number is chosen here.
    ///
    /// # Errors
    /// `domain.intake` with the faults of the file, `domain.limit`, `domain.order_used`.
    pub async fn intake(
        &self,
        permit: &access::Permit,
        mut order: IntakeOrder,
        bytes: &[u8],
    ) -> Result<IntakeDone, Error> {
        let upload = self.0.next.fetch_add(1, Ordering::Relaxed);
        order.upload = upload;
        for piece in bytes.chunks(PIECE_BYTES) {
            self.ask(Some(permit), Request::Upload { upload }, piece, LONG).await?;
        }
        if bytes.is_empty() {
            self.ask(Some(permit), Request::Upload { upload }, &[], QUICK).await?;
        }
        let request = Request::Intake(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Intake(done) => *done)
    }

    /// A number for an upload that arrives in pieces.
    #[must_use]
    pub fn begin_upload(&self) -> u64 {
        self.0.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a piece of an upload to an intake zone; pieces are put together in the order of these calls.
    ///
    /// # Errors
    /// `domain.limit` when the file is too large.
    pub async fn upload(&self, permit: &access::Permit, upload: u64, piece: &[u8]) -> Result<(), Error> {
        expect!(self.ask(Some(permit), Request::Upload { upload }, piece, LONG).await?, Reply::Done => ())
    }

    /// Makes an intake zone forget an upload.
    ///
    /// # Errors
    /// `domain.unknown` if there is none.
    pub async fn drop_upload(&self, upload: u64) -> Result<(), Error> {
        expect!(self.ask(None, Request::DropUpload { upload }, &[], QUICK).await?, Reply::Done => ())
    }

    /// Has an upload taken in whose pieces were sent before; the order names it.
    ///
    /// # Errors
    /// As [`Self::intake`].
    pub async fn take_in(&self, permit: &access::Permit, order: IntakeOrder) -> Result<IntakeDone, Error> {
        let request = Request::Intake(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Intake(done) => *done)
    }

    /// Has an upload of consents taken in whose pieces were sent before; the order names it.
    ///
    /// # Errors
    /// As [`Self::intake`].
    pub async fn take_consents(
        &self,
        permit: &access::Permit,
        order: ConsentOrder,
    ) -> Result<ConsentsDone, Error> {
        let request = Request::Consents(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Consents(done) => *done)
    }

    /// Copies granted columns of a holding object into a prod zone.
    ///
    /// # Errors
    /// What the worker says.
    pub async fn grant(&self, permit: &access::Permit, order: GrantOrder) -> Result<SampleDone, Error> {
        let request = Request::Grant(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Sample(done) => done)
    }

    /// How many snapshots of a resource hold the same rows, the newest among them.
    ///
    /// # Errors
    /// What the worker says.
    pub async fn same(&self, permit: &access::Permit, order: SameOrder) -> Result<u32, Error> {
        let request = Request::Same(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Same { snapshots } => snapshots)
    }

    /// Makes the twin of a table.
    ///
    /// # Errors
    /// What the worker says.
    pub async fn twin(&self, permit: &access::Permit, order: TwinOrder) -> Result<TwinDone, Error> {
        let request = Request::Twin(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Twin(done) => *done)
    }

    /// Asks a free query of a dev zone.
    ///
    /// # Errors
    /// A refusal, a fault in the query, a reached limit.
    pub async fn query(&self, permit: &access::Permit, order: QueryOrder) -> Result<Page, Error> {
        let request = Request::Query(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Page(page) => page)
    }

    /// Would the SQL be accepted on raw data?
    ///
    /// # Errors
    /// The refusal, if not.
    pub async fn check(&self, permit: &access::Permit, order: CheckOrder) -> Result<Checked, Error> {
        let request = Request::Check(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Checked(checked) => checked)
    }

    /// What is known of SQL before it is ordered.
    ///
    /// # Errors
    /// As [`Self::check`] for what is no query; a refusal of the guard is an answer.
    pub async fn explain(&self, permit: &access::Permit, order: ExplainOrder) -> Result<Explained, Error> {
        let request = Request::Explain(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Explained(found) => *found)
    }

    /// Has rows made that a query finds.
    ///
    /// # Errors
    /// What is no query; a form that is not understood; a reached limit.
    pub async fn top_up(&self, permit: &access::Permit, order: TopUpOrder) -> Result<ToppedUp, Error> {
        let request = Request::TopUp(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::ToppedUp(made) => *made)
    }

    /// What would SQL cost as statistics without a reviewer? Asked of a dev zone, and before anybody pays of the prod zone, which
    /// knows how many rows would meet.
    ///
    /// # Errors
    /// The refusal, if it may not be asked so.
    pub async fn price(&self, permit: &access::Permit, order: PriceOrder) -> Result<Priced, Error> {
        let request = Request::Price(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Priced(found) => *found)
    }

    /// Statistics without a reviewer, in a prod zone. What it costs must have been paid.
    ///
    /// # Errors
    /// A refusal, `domain.order_mismatch`, `domain.run_failed` without a reason.
    pub async fn statistic(
        &self,
        permit: &access::Permit,
        order: StatisticOrder,
    ) -> Result<StatisticDone, Error> {
        let request = Request::Statistic(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Statistic(done) => *done)
    }

    /// Executes a run order in a prod zone, up to the ledger's word.
    ///
    /// # Errors
    /// A refusal, `domain.order_used`, `domain.order_mismatch`, `domain.run_failed` without a reason.
    pub async fn run(&self, permit: &access::Permit, order: RunOrder) -> Result<RunCounted, Error> {
        let request = Request::Run(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Counted(counted) => counted)
    }

    /// Has the result of a counted run written.
    ///
    /// # Errors
    /// `domain.unknown` if it was not counted there, `domain.order_mismatch` if the verdicts are of another result.
    pub async fn conclude(&self, permit: &access::Permit, order: ConcludeOrder) -> Result<RunDone, Error> {
        let request = Request::Conclude(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Run(done) => *done)
    }

    /// Makes a prod zone forget a counted run.
    ///
    /// # Errors
    /// `domain.closed`, `domain.no_answer`.
    pub async fn forget_run(&self, run: Id<kind::Run>) -> Result<(), Error> {
        expect!(self.ask(None, Request::ForgetRun { run }, &[], QUICK).await?, Reply::Done => ())
    }

    /// Asks the ledger zone whether cells may leave.
    ///
    /// # Errors
    /// `domain.order_mismatch` if the zone has read other pages than the server knows.
    pub async fn assess(&self, permit: &access::Permit, order: AssessOrder) -> Result<LedgerAnswer, Error> {
        let request = Request::Assess(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Ledger(answer) => answer)
    }

    /// Has the ledger zone write down what leaves.
    ///
    /// # Errors
    /// As [`Self::assess`].
    pub async fn append(&self, permit: &access::Permit, order: AppendOrder) -> Result<LedgerAnswer, Error> {
        let request = Request::Append(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Ledger(answer) => answer)
    }

    /// Reads rows of a result that waits at the airlock.
    ///
    /// # Errors
    /// What the worker says.
    pub async fn read_result(&self, permit: &access::Permit, order: PageOrder) -> Result<Page, Error> {
        let request = Request::ReadResult(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Page(page) => page)
    }

    /// Rebuilds a result in canonical form.
    ///
    /// # Errors
    /// `domain.order_mismatch` if the object is not the frozen candidate.
    pub async fn canonical(&self, permit: &access::Permit, order: CanonicalOrder) -> Result<Bytes, Error> {
        let request = Request::Canonical(Box::new(order));
        match self.ask(Some(permit), request, &[], LONG).await? {
            (Reply::Bytes { digest, .. }, body) if digest == base::Digest::of(&body) => Ok(body),
            _ => Err(Error::Protocol { what: "reply" }),
        }
    }

    /// Compares two results that lie sealed, by the digests of their canonical forms.
    ///
    /// # Errors
    /// `domain.order_mismatch` if one of them is not the frozen one.
    pub async fn compare(&self, permit: &access::Permit, order: CompareOrder) -> Result<Compared, Error> {
        let request = Request::Compare(Box::new(order));
        expect!(self.ask(Some(permit), request, &[], LONG).await?, Reply::Compared(found) => found)
    }

    /// Builds a lookup index over a released object.
    ///
    /// # Errors
    /// What the worker says.
    pub async fn serve_load(&self, order: ServeOrder) -> Result<ServeDone, Error> {
        let request = Request::ServeLoad(Box::new(order));
        expect!(self.ask(None, request, &[], LONG).await?, Reply::Serve(done) => done)
    }

    /// Drops a lookup index.
    ///
    /// # Errors
    /// `domain.closed`, `domain.no_answer`.
    pub async fn serve_drop(&self, handle: String) -> Result<(), Error> {
        expect!(self.ask(None, Request::ServeDrop { handle }, &[], QUICK).await?, Reply::Done => ())
    }

    /// Rows by key. The call itself is journalled by the server, so the worker logs nothing.
    ///
    /// # Errors
    /// `domain.unknown` if the index is not loaded.
    pub async fn lookup(&self, _permit: &access::Permit, order: LookupOrder) -> Result<Page, Error> {
        let request = Request::Lookup(Box::new(order));
        expect!(self.ask(None, request, &[], QUICK).await?, Reply::Page(page) => page)
    }

    /// Prepares an approved verification.
    ///
    /// # Errors
    /// `domain.order_mismatch` if condition or snapshot are not the approved ones; a refusal.
    pub async fn verify_load(&self, order: VerifyOrder) -> Result<ServeDone, Error> {
        let request = Request::VerifyLoad(Box::new(order));
        expect!(self.ask(None, request, &[], LONG).await?, Reply::Serve(done) => done)
    }

    /// Asks an approved verification. The call itself is journalled by the server, so the worker logs nothing.
    ///
    /// # Errors
    /// `domain.unknown` if the verification is not loaded.
    pub async fn verify(&self, _permit: &access::Permit, question: VerifyQuestion) -> Result<Verdict, Error> {
        let request = Request::Verify(Box::new(question));
        expect!(self.ask(None, request, &[], QUICK).await?, Reply::Verdict { verdict } => verdict)
    }

    /// Ends the worker.
    ///
    /// # Errors
    /// `domain.closed` if it is gone already.
    pub async fn shutdown(&self) -> Result<(), Error> {
        expect!(self.ask(None, Request::Shutdown, &[], QUICK).await?, Reply::Done => ())
    }
}
