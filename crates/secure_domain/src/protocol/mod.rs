//! What the server and a zone worker say to each other.
//!
//! The worker binds the socket, takes one connection, reads one [`Init`] and then answers requests until the
//! connection closes. A frame is a JSON header ([`Envelope`] or [`Answer`]) and a binary body. Requests carry an id
//! chosen by the caller; answers come in any order.

mod answers;
mod orders;
mod words;

use std::path::PathBuf;

use base::{Id, kind};
use serde::{Deserialize, Serialize};

pub use catalog::{Domain, OutputColumn, Parameter, Value};

pub use crate::consent::{ConsentOrder, ConsentSpec, ConsentsDone, Purpose};
pub(crate) use answers::held_back;
pub use answers::{
    Advised, Changed, Checked, ColumnProfile, Compared, Examined, ExaminedColumn, Explained, Failure,
    IntakeDone, LedgerAnswer, MadeOf, Nearby, Page, Priced, Reply, RunCounted, RunDone, SampleDone,
    ServeDone, StatisticDone, ToppedTable, ToppedUp, TwinDone, Verdict,
};
pub use orders::{
    AppendOrder, AssessOrder, CanonicalFormat, CanonicalOrder, CheckOrder, CompareOrder, ConcludeOrder,
    CsvFormat, ExplainOrder, Frozen, GrantOrder, InputPin, IntakeFormat, IntakeOrder, Lent, LookupOrder,
    PageOrder, PriceOrder, QueryOrder, RunOrder, SameOrder, ServeOrder, StatisticOrder, TopUpOrder,
    TopUpTable, TwinColumn, TwinOrder, VerifyOrder, VerifyQuestion,
};
pub use words::{
    AddedRows, ColumnSpec, Edition, Limits, ObjectRef, PermitRecord, Secret, TableSpec, ZoneKey,
};

/// Version of this protocol; both sides come from one binary, so anything else is a fault.
pub const VERSION: u32 = 1;

/// What a zone is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneKind {
    /// Takes in delivered files, under the provider's holding tenant.
    Intake,
    /// Holds twins; answers free queries.
    Dev,
    /// Holds raw data; executes orders.
    Prod,
    /// Holds the release ledger; judges what is to leave.
    Ledger,
}

/// The first message: what the zone is and what it holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Init {
    /// Must be [`VERSION`].
    pub version: u32,
    /// What it is for. A worker never changes it.
    pub zone: ZoneKind,
    /// Whose zone it is.
    pub tenant: Id<kind::Tenant>,
    /// Folder of sealed objects.
    pub objects_dir: PathBuf,
    /// Data keys it holds from the start.
    pub keys: Vec<ZoneKey>,
    /// The tenant's mask key; needed for twins only.
    #[serde(default)]
    pub mask_key: Option<Secret>,
    /// Tables it offers to queries and orders.
    pub tables: Vec<TableSpec>,
    /// Pages of the release ledger, in order; for the ledger zone.
    #[serde(default)]
    pub pages: Vec<ObjectRef>,
    /// Bounds of every query and run.
    pub limits: Limits,
}

/// A request with its id and, where code runs or data move, the permit it rests on.
#[derive(Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// Chosen by the caller, unique while the request is open.
    pub id: u64,
    /// Record of the permit, for the worker's log.
    #[serde(default)]
    pub permit: Option<PermitRecord>,
    /// What is asked.
    pub request: Request,
}

/// What can be asked of a worker. Which zones do what: see each variant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// All: is it alive?
    Ping,
    /// All: more keys.
    Keys {
        /// The keys.
        keys: Vec<ZoneKey>,
    },
    /// All: forget keys.
    ForgetKeys {
        /// Their names.
        names: Vec<String>,
    },
    /// All: replace the tables.
    Tables {
        /// All tables from now on.
        tables: Vec<TableSpec>,
    },
    /// Intake: a piece of a delivered file, in the body.
    Upload {
        /// Chosen by the caller; the first piece opens it.
        upload: u64,
    },
    /// Intake: forget an upload.
    DropUpload {
        /// Which.
        upload: u64,
    },
    /// Intake: turn an upload into a sealed snapshot.
    Intake(Box<IntakeOrder>),
    /// Intake: turn an upload into sealed consents.
    Consents(Box<ConsentOrder>),
    /// Prod: how many snapshots of a resource hold the same rows?
    Same(Box<SameOrder>),
    /// Prod: copy granted columns of a holding object under the tenant's own key.
    Grant(Box<GrantOrder>),
    /// Prod: make the twin of a table for the dev zone.
    Twin(Box<TwinOrder>),
    /// Dev: a free query.
    Query(Box<QueryOrder>),
    /// Dev and prod: would this SQL be accepted as a run order?
    Check(Box<CheckOrder>),
    /// Dev: what would become of this SQL as a run order, and what would pass instead?
    Explain(Box<ExplainOrder>),
    /// Dev: invented rows that a query finds, drawn from the zone's own tables.
    TopUp(Box<TopUpOrder>),
    /// Dev: what would this SQL cost as statistics without a reviewer?
    Price(Box<PriceOrder>),
    /// Prod: statistics without a reviewer, paid for.
    Statistic(Box<StatisticOrder>),
    /// Prod: execute approved SQL up to the ledger's word.
    Run(Box<RunOrder>),
    /// Prod: write the result of a run that was counted.
    Conclude(Box<ConcludeOrder>),
    /// Prod: drop what was counted for a run.
    ForgetRun {
        /// Which.
        run: Id<kind::Run>,
    },
    /// Ledger: may these cells leave?
    Assess(Box<AssessOrder>),
    /// Ledger: they leave.
    Append(Box<AppendOrder>),
    /// Prod: rows of a result that waits at the airlock, for its reviewers.
    ReadResult(Box<PageOrder>),
    /// Prod: rebuild a result in canonical form; bytes are in the body.
    Canonical(Box<CanonicalOrder>),
    /// Prod: do two results give the same canonical bytes? Tells digests only.
    Compare(Box<CompareOrder>),
    /// Prod and dev: build a lookup index over a released object.
    ServeLoad(Box<ServeOrder>),
    /// Prod and dev: drop a lookup index.
    ServeDrop {
        /// Its handle.
        handle: String,
    },
    /// Prod and dev: rows by key.
    Lookup(Box<LookupOrder>),
    /// Prod: prepare an approved verification.
    VerifyLoad(Box<VerifyOrder>),
    /// Prod: ask an approved verification.
    Verify(Box<VerifyQuestion>),
    /// All: stop another request.
    Cancel {
        /// Its id.
        id: u64,
    },
    /// All: finish and exit.
    Shutdown,
}

impl Request {
    /// Stable name, for logs and refusals.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Keys { .. } => "keys",
            Self::ForgetKeys { .. } => "forget_keys",
            Self::Tables { .. } => "tables",
            Self::Upload { .. } => "upload",
            Self::DropUpload { .. } => "drop_upload",
            Self::Intake(_) => "intake",
            Self::Consents(_) => "consents",
            Self::Same(_) => "same",
            Self::Grant(_) => "grant",
            Self::Twin(_) => "twin",
            Self::Query(_) => "query",
            Self::Check(_) => "check",
            Self::Explain(_) => "explain",
            Self::TopUp(_) => "top_up",
            Self::Price(_) => "price",
            Self::Statistic(_) => "statistic",
            Self::Run(_) => "run",
            Self::Conclude(_) => "conclude",
            Self::ForgetRun { .. } => "forget_run",
            Self::Assess(_) => "assess",
            Self::Append(_) => "append",
            Self::ReadResult(_) => "read_result",
            Self::Canonical(_) => "canonical",
            Self::Compare(_) => "compare",
            Self::ServeLoad(_) => "serve_load",
            Self::ServeDrop { .. } => "serve_drop",
            Self::Lookup(_) => "lookup",
            Self::VerifyLoad(_) => "verify_load",
            Self::Verify(_) => "verify",
            Self::Cancel { .. } => "cancel",
            Self::Shutdown => "shutdown",
        }
    }
}

/// The answer to one request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Id of the request.
    pub id: u64,
    /// What came out.
    pub result: Result<Reply, Failure>,
}
