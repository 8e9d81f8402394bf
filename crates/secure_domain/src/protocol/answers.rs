//! Answers of a worker.

use base::Digest;
use catalog::OutputColumn;
use privacy::attack::Report;
use privacy::disclosure::dp::Cost;
use privacy::disclosure::{DisclosureReport, Overlap, ledger};
use privacy::ir::{Explanation, Label, Number};
use privacy::twin::{self, standin::Treatment};
use privacy::{DataType, detect::Proposal};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::guard::Refusal;
use crate::intake::Faults;
use crate::isolation::Isolation;
use crate::objects::Written;

/// What a request brought.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// It is done; nothing to tell.
    Done,
    /// The zone is open: the answer to the first message.
    Opened {
        /// How far the worker is isolated.
        isolation: Isolation,
    },
    /// Rows.
    Page(Page),
    /// A verdict on SQL.
    Checked(Checked),
    /// What statistics would cost.
    Priced(Box<Priced>),
    /// Statistics with noise.
    Statistic(Box<StatisticDone>),
    /// Consents were taken in.
    Consents(Box<crate::consent::ConsentsDone>),
    /// What is known of SQL.
    Explained(Box<Explained>),
    /// Rows were made for a query.
    ToppedUp(Box<ToppedUp>),
    /// A snapshot was taken in.
    Intake(Box<IntakeDone>),
    /// So many snapshots hold the same rows, the newest among them.
    Same {
        /// How many; 1 at least.
        snapshots: u32,
    },
    /// Rows were copied into an object.
    Sample(SampleDone),
    /// A twin was made, or refused.
    Twin(Box<TwinDone>),
    /// A run was counted and waits for the ledger's word.
    Counted(RunCounted),
    /// A run has a result.
    Run(Box<RunDone>),
    /// The ledger's word.
    Ledger(LedgerAnswer),
    /// Bytes are in the body.
    Bytes {
        /// Digest of the body.
        digest: Digest,
        /// Rows in it.
        rows: u64,
    },
    /// Digests of two results in canonical form.
    Compared(Compared),
    /// An index is ready.
    Serve(ServeDone),
    /// Answer of a verification.
    Verdict {
        /// The answer.
        verdict: Verdict,
    },
}

/// Rows that were made for a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToppedUp {
    /// The tables that got rows.
    pub tables: Vec<ToppedTable>,
    /// Branches that are met.
    pub filled: u64,
    /// Branches that are not, or not so often, with the reason.
    pub unfilled: Vec<twin::Unfilled>,
}

/// Rows that were made for one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToppedTable {
    /// Its name.
    pub table: String,
    /// What was written.
    pub written: Written,
}

/// Digests of two results in canonical form; the bytes stay inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Of the first.
    pub first: Digest,
    /// Of the second.
    pub second: Digest,
}

/// Rows with their columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The columns.
    pub columns: Vec<OutputColumn>,
    /// The rows. *Shape*: rows × columns. Text, decimal, date and timestamp are strings, numbers are numbers.
    pub rows: Vec<Vec<Value>>,
    /// Were there more rows?
    pub more: bool,
}

/// What the guard found in SQL that may run on raw data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// SHA-256 of the text: what a run order must carry.
    pub sql_digest: Digest,
    /// Digest of the translated query.
    pub ir_digest: Digest,
    /// Tables it reads.
    pub tables: Vec<String>,
    /// Columns it yields.
    pub output: Vec<OutputColumn>,
    /// Kinds of entities that are counted in every cell.
    pub entities: Vec<String>,
}

/// What statistics without a reviewer would cost: computed from the text and the declarations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Priced {
    /// Digest of the translated query.
    pub ir_digest: Digest,
    /// Tables it reads.
    pub tables: Vec<String>,
    /// Those of them whose budgets pay: what is about protected entities.
    pub paying: Vec<String>,
    /// Columns it yields: the numbers as they are shown, whole or a mean.
    pub output: Vec<OutputColumn>,
    /// Cells it has; every one of them is shown.
    pub cells: u64,
    /// The numbers of a cell.
    pub numbers: Vec<Number>,
    /// What all of it costs each paying table.
    pub cost: Cost,
}

/// Statistics with noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatisticDone {
    /// Columns.
    pub columns: Vec<OutputColumn>,
    /// Every cell there can be, in the order of its keys. *Shape*: cells × columns. A mean over so few that nothing can be
    /// said is null.
    pub rows: Vec<Vec<Value>>,
    /// Half the width of the 95 % interval of each value: the truth is at most that far away; null for keys. *Shape*: as
    /// `rows`.
    pub within: Vec<Vec<Value>>,
}

/// What is known of SQL before it is ordered: computed from the text and the declarations, nothing about the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explained {
    /// It would be accepted.
    Accepted(Box<Explanation>),
    /// It would not.
    Refused(Box<Advised>),
}

/// A refusal with its reason and what would pass instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advised {
    /// Rule, place, and the legal form in general.
    #[serde(flatten)]
    pub refusal: Refusal,
    /// What it would give away, in Chinese; empty if it is a matter of form.
    pub why_zh: String,
    /// The same in English.
    pub why_en: String,
    /// The nearest query that would pass, if one was found.
    pub nearest: Option<Nearby>,
}

/// A query that would be accepted, and what was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearby {
    /// The text.
    pub sql: String,
    /// The changes, in order.
    pub changes: Vec<Changed>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Stable code (`privacy::ir::ChangeKind`).
    pub code: String,
    /// In Chinese; the subject follows.
    pub zh: String,
    /// In English.
    pub en: String,
    /// What was changed, in the author's words; may be empty.
    pub subject: String,
}

/// What was taken in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IntakeDone {
    /// The snapshot's object.
    pub written: Written,
    /// Encoding found: `utf-8` or `gb18030`; empty for Parquet.
    pub encoding: String,
    /// Columns, in order.
    pub columns: Vec<ColumnProfile>,
}

/// What is known of a column after intake. No value of the data is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Nulls.
    pub nulls: u64,
    /// Distinct values, approximately.
    pub distinct_approx: u64,
    /// What it seems to hold, for the provider to confirm.
    pub proposal: Proposal,
}

/// What became of an order for a twin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TwinDone {
    /// The object; none if an attack got through.
    pub written: Option<Written>,
    /// Its columns.
    pub columns: Vec<OutputColumn>,
    /// Rows of the source.
    pub source_rows: u64,
    /// What attacks on it reached.
    pub examined: Examined,
}

/// How a twin was made, and what attacks on it reached. No value of the data is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examined {
    /// What it is made of.
    pub form: MadeOf,
    /// What became of each column.
    pub columns: Vec<ExaminedColumn>,
    /// The attacks; none on a table in which everything is public and nobody is protected.
    pub report: Option<Report>,
    /// Whether a synthetic twin repeats rows that it was learnt from.
    pub memorisation: Option<twin::Verdict>,
    /// What a synthetic twin cost.
    pub cost: Option<Cost>,
    /// How many were made until no attack got through.
    pub attempts: u32,
}

impl Examined {
    /// May it be handed out?
    #[must_use]
    pub fn publishable(&self) -> bool {
        self.report.as_ref().is_none_or(Report::publishable)
            && self.memorisation != Some(twin::Verdict::Copied)
    }
}

/// What a twin is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeOf {
    /// Rows of nobody.
    Synthetic,
    /// Masked rows of sampled entities.
    Sample,
    /// All rows: everything is public and nobody is protected.
    Public,
}

/// What became of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExaminedColumn {
    /// Its name.
    pub name: String,
    /// Its role.
    pub label: Label,
    /// Stable name of its mask.
    pub mask: String,
    /// What a synthetic twin made of it.
    pub treatment: Option<Treatment>,
}

/// What was copied or sampled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SampleDone {
    /// The object.
    pub written: Written,
    /// Its columns.
    pub columns: Vec<OutputColumn>,
    /// Rows of the source.
    pub source_rows: u64,
}

/// What a run brought up to the ledger's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunCounted {
    /// The sealed cells for the ledger zone; none where no entity is protected.
    pub draft: Option<Written>,
}

/// The ledger's word on cells that want to leave.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LedgerAnswer {
    /// One for each row; none where it is written down already, or not judged.
    pub verdicts: Vec<ledger::Verdict>,
    /// Why, put together over all rows.
    pub overlaps: Vec<Overlap>,
    /// What was to leave stays.
    pub held_back: bool,
    /// The page, if one was written.
    pub written: Option<Written>,
}

impl LedgerAnswer {
    /// What the page says a release is called: one that is held back may be asked for again.
    #[must_use]
    pub fn page_of(&self, release: &str) -> String {
        if self.held_back { held_back(release) } else { release.to_owned() }
    }
}

/// What the page says of a release that is held back.
pub(crate) fn held_back(release: &str) -> String {
    format!("{release}/held_back")
}

/// What a run brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunDone {
    /// The sealed result: only cells that passed.
    pub written: Written,
    /// Its columns.
    pub output: Vec<OutputColumn>,
    /// What disclosure control found.
    pub report: DisclosureReport,
    /// Digest of the translated query that ran.
    pub ir_digest: Digest,
}

/// What was loaded for serving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServeDone {
    /// Rows.
    pub rows: u64,
    /// Distinct keys.
    pub keys: u64,
    /// Columns of the rows.
    pub columns: Vec<OutputColumn>,
}

/// The three answers a verification can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// There is such a row.
    Yes,
    /// The key is known, and no row of it satisfies the condition.
    No,
    /// The key is not known.
    Unknown,
}

/// Codes of the crates beneath that a worker may answer with.
const BENEATH: &[&str] = &[
    "vault.open",
    "vault.unwrap",
    "vault.format",
    "vault.range",
    "vault.limit",
    "privacy.threshold",
    "privacy.mask_type",
    "privacy.mask_parameter",
    "privacy.mask_domain",
    "privacy.mask_entity",
    "privacy.twin",
    "privacy.twin_limit",
    "privacy.undeclared",
    "privacy.randomness",
    "privacy.column",
    "privacy.length",
    "privacy.arrow",
    "privacy.ledger",
    "privacy.ledger_limit",
    "storage.full",
];

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// One sentence, without a value from the data.
    pub message: String,
    /// What it is about, in no language; see [`crate::Error::subject`].
    #[serde(default)]
    pub subject: String,
    /// The guard's refusal, if that is what it was.
    pub refusal: Option<Refusal>,
    /// Faults in a delivered file, if that is what it was.
    pub faults: Option<Faults>,
}

impl Failure {
    /// The code as one of the known ones.
    #[must_use]
    pub fn static_code(&self) -> &'static str {
        let rules = privacy::ir::Rule::ALL.iter().map(|rule| rule.code());
        let own = crate::CODES.iter().copied().chain(crate::guard::RULES.iter().map(|rule| rule.code));
        let beneath = BENEATH.iter().copied();
        rules.chain(own).chain(beneath).find(|code| *code == self.code).unwrap_or("domain.remote")
    }
}

impl From<&crate::Error> for Failure {
    fn from(error: &crate::Error) -> Self {
        let (mut refusal, mut faults) = (None, None);
        match error {
            crate::Error::Refused(inner) => refusal = Some((**inner).clone()),
            crate::Error::Intake(inner) => faults = Some((**inner).clone()),
            crate::Error::Remote(inner) => return (**inner).clone(),
            _ => {}
        }
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            subject: error.subject(),
            refusal,
            faults,
        }
    }
}
