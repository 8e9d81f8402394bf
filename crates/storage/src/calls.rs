//! The meter: one row for each call of a product, written with its journal row before the answer leaves.

use base::{Digest, Fen, Id, Timestamp, kind};

use crate::engine::{Tx, dialect, fetch};
use crate::records::uuid_of;
use crate::{Error, bound};

/// Rows in one insert.
pub const INSERT_MAX: usize = 512;

/// A metered call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Id.
    pub id: Id<kind::Call>,
    /// When it was made.
    pub at: Timestamp,
    /// Product called.
    pub product: Id<kind::Product>,
    /// Under which usage agreement.
    pub usage: Id<kind::Usage>,
    /// For which of its scenarios.
    pub scenario: String,
    /// Digest of what was asked: of one idempotency key there is one question.
    pub request: Digest,
    /// With which key.
    pub api_key: Id<kind::ApiKey>,
    /// Units of the price plan that it counts for.
    pub units: i64,
    /// How it ended, for example `answered`.
    pub outcome: String,
    /// What it costs.
    pub price: Fen,
    /// The caller's idempotency key; of one agreement and key there is one call.
    pub idempotency: Option<String>,
}

/// A stored call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// The call.
    pub call: Call,
    /// Its journal row.
    pub seq: u64,
}

/// What calls of one kind add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Product.
    pub product: Id<kind::Product>,
    /// Usage agreement.
    pub usage: Id<kind::Usage>,
    /// How they ended.
    pub outcome: String,
    /// Number of calls.
    pub calls: i64,
    /// Units.
    pub units: i64,
    /// Price.
    pub price: Fen,
}

/// Calls with `from <= at < to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant behind.
    pub to: Timestamp,
}

/// Meters calls, outside of a [`crate::Recorder`]: a batch, a delivered file. Calls whose agreement has used their
/// idempotency key before are left out; answers how many went in.
///
/// # Errors
/// `storage.limit`; `storage.query` if an id is known.
pub async fn insert(tx: &mut Tx<'_>, calls: &[Metered]) -> Result<u64, Error> {
    bound("calls in one insert", calls.len(), INSERT_MAX)?;
    dialect::insert_calls(tx, calls).await
}

/// The call that an agreement made with an idempotency key.
///
/// # Errors
/// `storage.damaged`.
pub async fn by_idempotency(
    tx: &mut Tx<'_>,
    usage: Id<kind::Usage>,
    key: &str,
) -> Result<Option<Metered>, Error> {
    let row = fetch!(
        fetch_optional,
        tx,
        Row,
        "SELECT id, at, product, usage, scenario, request, api_key, units, outcome, price, idempotency, seq \
         FROM calls WHERE usage = $1 AND idempotency = $2",
        usage.as_bytes().as_slice(),
        key,
    )?;
    row.map(metered).transpose()
}

type Row = (Vec<u8>, i64, Vec<u8>, Vec<u8>, String, Vec<u8>, Vec<u8>, i64, String, i64, Option<String>, i64);

fn metered(row: Row) -> Result<Metered, Error> {
    let (id, at, product, usage, scenario, request, api_key, units, outcome, price, idempotency, seq) = row;
    let call = Call {
        id: Id::from_uuid(uuid_of("calls", &id)?),
        at: Timestamp::from_micros(at),
        product: Id::from_uuid(uuid_of("calls", &product)?),
        usage: Id::from_uuid(uuid_of("calls", &usage)?),
        scenario,
        // A row from before requests were kept has none, which is no question's digest.
        request: request.try_into().map_or(Digest([0; 32]), Digest),
        api_key: Id::from_uuid(uuid_of("calls", &api_key)?),
        units,
        outcome,
        price: Fen(price),
        idempotency,
    };
    Ok(Metered { call, seq: seq.unsigned_abs() })
}

/// At most `limit` calls of an agreement in a period, in order of time, behind the call `after`.
///
/// # Errors
/// `storage.damaged`.
pub async fn of_usage(
    tx: &mut Tx<'_>,
    usage: Id<kind::Usage>,
    period: Period,
    after: Option<(Timestamp, Id<kind::Call>)>,
    limit: u32,
) -> Result<Vec<Metered>, Error> {
    let (after_at, after_id) =
        after.map_or((i64::MIN, Vec::new()), |(at, id)| (at.micros(), id.as_bytes().to_vec()));
    let rows = fetch!(
        fetch_all,
        tx,
        Row,
        "SELECT id, at, product, usage, scenario, request, api_key, units, outcome, price, idempotency, seq FROM calls \
         WHERE usage = $1 AND at >= $2 AND at < $3 AND (at, id) > ($4, $5) ORDER BY at, id LIMIT $6",
        usage.as_bytes().as_slice(),
        period.from.micros(),
        period.to.micros(),
        after_at,
        &after_id,
        i64::from(limit),
    )?;
    rows.into_iter().map(metered).collect()
}

type TotalRow = (Vec<u8>, Vec<u8>, String, i64, i64, i64);

fn total((product, usage, outcome, calls, units, price): TotalRow) -> Result<Total, Error> {
    Ok(Total {
        product: Id::from_uuid(uuid_of("calls", &product)?),
        usage: Id::from_uuid(uuid_of("calls", &usage)?),
        outcome,
        calls,
        units,
        price: Fen(price),
    })
}

/// Totals of an agreement over a period, by product and outcome.
///
/// # Errors
/// `storage.damaged`.
pub async fn totals_of_usage(
    tx: &mut Tx<'_>,
    usage: Id<kind::Usage>,
    period: Period,
) -> Result<Vec<Total>, Error> {
    let rows = fetch!(
        fetch_all,
        tx,
        TotalRow,
        "SELECT product, usage, outcome, COUNT(*), CAST(SUM(units) AS BIGINT), CAST(SUM(price) AS BIGINT) FROM calls \
         WHERE usage = $1 AND at >= $2 AND at < $3 GROUP BY product, usage, outcome ORDER BY product, outcome",
        usage.as_bytes().as_slice(),
        period.from.micros(),
        period.to.micros(),
    )?;
    rows.into_iter().map(total).collect()
}

/// Totals of a product over a period, by agreement and outcome.
///
/// # Errors
/// `storage.damaged`.
pub async fn totals_of_product(
    tx: &mut Tx<'_>,
    product: Id<kind::Product>,
    period: Period,
) -> Result<Vec<Total>, Error> {
    let rows = fetch!(
        fetch_all,
        tx,
        TotalRow,
        "SELECT product, usage, outcome, COUNT(*), CAST(SUM(units) AS BIGINT), CAST(SUM(price) AS BIGINT) FROM calls \
         WHERE product = $1 AND at >= $2 AND at < $3 GROUP BY product, usage, outcome ORDER BY usage, outcome",
        product.as_bytes().as_slice(),
        period.from.micros(),
        period.to.micros(),
    )?;
    rows.into_iter().map(total).collect()
}
