//! Orders: everything a worker can be told to do with data.

use std::collections::BTreeMap;

use base::{Digest, Id, kind};
use catalog::{OutputColumn, Parameter, TwinForm};
use privacy::disclosure::Thresholds;
use privacy::disclosure::dp::Cost;
use privacy::disclosure::ledger::Verdict;
use privacy::ir::Entity;
use privacy::masking::MaskSpec;
use privacy::{SensitiveKind, attack};
use serde::{Deserialize, Serialize};

use crate::consent::Purpose;

use super::words::{Edition, ObjectRef, Secret, TableSpec, ZoneKey};

/// A free query in a dev zone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QueryOrder {
    /// One SELECT statement; parameters are written `$name`.
    pub sql: String,
    /// Declared parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Their values, in text form.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Rows wanted; the answer says whether there were more.
    pub rows_max: usize,
}

/// Would this SQL be accepted on raw data? The same guard as for a run, over the zone's tables; nothing is executed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckOrder {
    /// One SELECT statement.
    pub sql: String,
    /// Declared parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// Asks what is known of SQL before it is ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExplainOrder {
    /// The text with its parameters.
    pub check: CheckOrder,
    /// Thresholds that an order would have.
    pub thresholds: Thresholds,
    /// Price of each number, to have it explained as statistics without a reviewer.
    #[serde(default)]
    pub price: Option<Cost>,
}

/// Asks what statistics without a reviewer would cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PriceOrder {
    /// One SELECT statement.
    pub sql: String,
    /// Price of each of its numbers.
    pub price: Cost,
}

/// Statistics without a reviewer on raw data: with noise that was paid for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatisticOrder {
    /// What was priced.
    pub asked: PriceOrder,
    /// Digest of the translated query, as it was priced.
    pub ir_digest: Digest,
    /// What was paid for all of it.
    pub paid: Cost,
    /// The inputs; exactly the tables that the text reads.
    pub inputs: Vec<InputPin>,
    /// What it is for; needed where an input is there by consent.
    #[serde(default)]
    pub purpose: Option<Purpose>,
}

/// Asks for invented rows that a query finds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TopUpOrder {
    /// One SELECT statement; parameters are written `$name`.
    pub sql: String,
    /// Declared parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Their values, in text form.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// How many rows shall take each branch, 1 000 at most.
    pub per_branch: u16,
    /// The tables of the zone, and where rows for each are written. Those that get none are not.
    pub tables: Vec<TopUpTable>,
    /// Whence all that is made up comes.
    pub seed: [u8; 32],
}

/// A table that may get rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TopUpTable {
    /// Its name.
    pub table: String,
    /// What its columns hold, as classified; the others are of no kind.
    pub kinds: BTreeMap<String, SensitiveKind>,
    /// The object to be written.
    pub into: ObjectRef,
    /// Its key.
    pub into_key: ZoneKey,
}

impl TopUpTable {
    /// What a column holds.
    #[must_use]
    pub fn kind(&self, column: &str) -> SensitiveKind {
        self.kinds.get(column).copied().unwrap_or(SensitiveKind::General)
    }
}

/// An input that a run order is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPin {
    /// Name of the table in SQL.
    pub table: String,
    /// The snapshot it must be.
    pub snapshot: Id<kind::Snapshot>,
    /// The object it must lie in.
    pub object: Id<kind::Object>,
    /// Digest of the sealed bytes.
    pub digest: Digest,
    /// Since when the resource has held these rows; not known of pins of before this was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
}

/// Approved SQL on raw data, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunOrder {
    /// The run. An order is spent when its result exists; the worker refuses it afterwards.
    pub run: Id<kind::Run>,
    /// What the order rests on (agreement, scenario, model), for the report and the log.
    pub basis: Vec<String>,
    /// The approved text.
    pub sql: String,
    /// SHA-256 of the approved text.
    pub sql_digest: Digest,
    /// Declared parameters and their domains.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Their values in this run.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The inputs; exactly the tables that the text reads.
    pub inputs: Vec<InputPin>,
    /// What it is for; needed where an input is there by consent.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The columns approved to come out.
    pub output: Vec<OutputColumn>,
    /// Thresholds of disclosure control, from the regulation pack.
    pub thresholds: Thresholds,
    /// The installation's key by which entities are told apart in the release ledger; needed where any is protected.
    #[serde(default)]
    pub entity_key: Option<Secret>,
    /// Who stands behind the counted cells, to be written for the ledger zone; of no use once the run is concluded.
    pub draft: ObjectRef,
    /// The result object to be written.
    pub result: ObjectRef,
    /// Who stands behind the cells of the result, to be written beside it where entities are protected.
    pub cells: ObjectRef,
}

/// The ledger's word on a run that was counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConcludeOrder {
    /// The run.
    pub run: Id<kind::Run>,
    /// One verdict for each row; none where no entity is protected.
    pub verdicts: Vec<Verdict>,
}

/// May these cells leave, beside all that left before?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssessOrder {
    /// What it is called: a run, or the release itself.
    pub release: String,
    /// Who stands behind the cells, as written by a run.
    pub cells: ObjectRef,
    /// Pages of the ledger that the server knows; the zone refuses if it has read others.
    pub pages: u64,
    /// What may be told, of the pack that holds now.
    pub thresholds: Thresholds,
}

/// Cells leave: write it down, if they still may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppendOrder {
    /// What leaves.
    pub assess: AssessOrder,
    /// Who receives it.
    pub operator: String,
    /// Through which channel.
    pub channel: String,
    /// The page to be written.
    pub page: ObjectRef,
}

/// Rows of a sealed result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageOrder {
    /// The object, written by a run.
    pub object: ObjectRef,
    /// Rows to leave out first.
    pub offset: usize,
    /// Rows wanted.
    pub limit: usize,
}

/// Form of a canonical rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CanonicalFormat {
    /// UTF-8, no BOM, CRLF-free, header line, RFC 4180 quoting.
    Csv,
    /// JSON: an array of objects with sorted names.
    Json,
    /// Parquet without statistics and metadata.
    Parquet,
}

/// Rebuild a result in canonical form.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CanonicalOrder {
    /// The object.
    pub object: ObjectRef,
    /// Digest its sealed bytes must have: that of the frozen candidate.
    pub digest: Digest,
    /// The form.
    pub format: CanonicalFormat,
}

/// A result that lies sealed, with the digest its sealed bytes must have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frozen {
    /// The object.
    pub object: ObjectRef,
    /// Digest of its sealed bytes.
    pub digest: Digest,
}

/// Do two results give the same canonical bytes?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompareOrder {
    /// One.
    pub first: Frozen,
    /// The other.
    pub second: Frozen,
}

/// Build a lookup index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServeOrder {
    /// Name by which lookups refer to it.
    pub handle: String,
    /// The released object.
    pub object: ObjectRef,
    /// Columns whose values together are the key.
    pub key_columns: Vec<String>,
}

/// Rows by key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookupOrder {
    /// The index.
    pub handle: String,
    /// Key values in text form, in the order of the key columns.
    pub key: Vec<String>,
}

/// An approved verification (核验): is there a row with this key for which the condition holds?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyOrder {
    /// Name by which questions refer to it.
    pub handle: String,
    /// The pinned table it is about.
    pub input: InputPin,
    /// What it is for; needed where the table is there by consent.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The key column.
    pub key_column: String,
    /// The approved condition: one SQL expression over the table's columns.
    pub condition: String,
    /// SHA-256 of the condition.
    pub condition_digest: Digest,
    /// Declared parameters of the condition.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Their values (for example the day for which the answer holds).
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// A question to an approved verification.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyQuestion {
    /// The verification.
    pub handle: String,
    /// The key.
    pub key: String,
}

/// Form of a delivered file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum IntakeFormat {
    /// Delimited text with a header line.
    Csv(CsvFormat),
    /// Parquet.
    Parquet,
}

/// Form of delimited text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CsvFormat {
    /// Delimiter, usually a comma.
    pub delimiter: char,
}

impl Default for CsvFormat {
    fn default() -> Self {
        Self { delimiter: ',' }
    }
}

/// Turn an upload into a sealed snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IntakeOrder {
    /// The upload.
    pub upload: u64,
    /// Its form.
    pub format: IntakeFormat,
    /// Types that the provider states; columns not named are inferred.
    #[serde(default)]
    pub columns: Vec<OutputColumn>,
    /// Whether it comes from outside the public sector and has to be nothing but a plain table.
    #[serde(default)]
    pub strict: bool,
    /// The object to be written.
    pub into: ObjectRef,
}

/// How many snapshots of a resource, from the newest back, hold the same rows?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SameOrder {
    /// The snapshots, the newest first.
    pub snapshots: Vec<Lent>,
    /// The columns that are looked at.
    pub columns: Vec<String>,
}

/// A holding object with the holding tenant's key of it; used for one order and forgotten.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lent {
    /// The object.
    pub object: ObjectRef,
    /// Its key.
    pub key: ZoneKey,
    /// Digest its sealed bytes must have.
    pub digest: Digest,
}

/// Copy granted columns of a holding object under the tenant's own key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GrantOrder {
    /// The holding object.
    pub from: ObjectRef,
    /// The holding tenant's key of that object; used for this order and forgotten.
    pub from_key: ZoneKey,
    /// Digest its sealed bytes must have.
    pub digest: Digest,
    /// Columns granted, in order.
    pub columns: Vec<String>,
    /// The object to be written.
    pub into: ObjectRef,
}

/// A column of a twin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TwinColumn {
    /// Name, in source and twin.
    pub name: String,
    /// What it holds.
    pub kind: SensitiveKind,
    /// What hides it, or gives an invented value its form.
    pub mask: MaskSpec,
}

/// Make the twin of a table for the dev zone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TwinOrder {
    /// The raw table.
    pub table: TableSpec,
    /// Digest of its sealed bytes.
    pub digest: Digest,
    /// Columns of the twin, in order.
    pub columns: Vec<TwinColumn>,
    /// Entity whose key is sampled: all rows of an entity are in or out.
    pub entity: Entity,
    /// What it is made of.
    #[serde(default)]
    pub form: TwinForm,
    /// Entities kept, per thousand.
    pub sample_per_mille: u16,
    /// What a synthetic twin may cost.
    pub cost: Cost,
    /// What attacks on it may reach.
    #[serde(default)]
    pub limits: attack::Limits,
    /// The object to be written, under a key of the dev zone.
    pub into: ObjectRef,
    /// That key; used for this order and forgotten.
    pub into_key: ZoneKey,
    /// The tenant's mask key, if it was not given at the start.
    #[serde(default)]
    pub mask_key: Option<Secret>,
    /// Whence the noise of what is learnt comes, the same for all tenants.
    pub shared_key: Secret,
}
