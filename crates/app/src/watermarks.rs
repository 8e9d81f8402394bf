//! Marks in delivered data sets, and whose copy a leaked part was made of.
//!
//! A buyer's copy is named by his usage agreement. The operator declares with the product which columns may move, and by how
//! much; nothing else is changed. Where the release is too small for the promise, copies are delivered without marks
//! and everybody who asks is told so.

use access::Action;
use base::{Digest, Id, kind};
use bytes::Bytes;
use privacy::watermark::{Carrier, Fixed, Method, Promise, SIGNIFICANCE_BITS, Spec, WatermarkKey};
use products::{ProductKind, Source};
use secure_domain::objects::KeyRing;
use secure_domain::protocol::ObjectRef;
use secure_domain::serving::ReleasedTable;
use serde::{Deserialize, Serialize};
use storage::records;

use crate::journal::Note;
use crate::keys::PLATFORM;
use crate::products::ProductRecord;
use crate::usages::UsageRecord;
use crate::{App, Ctx, Error, Result, exports, products as market, tenants, zones};

/// What every mark withstands: a tenth of the rows names one of a thousand buyers.
const PROMISE: Promise =
    Promise { buyers_max: 1_000, colluders_max: 1, leak_per_mille: 100, spoiled_per_mille: 0 };
/// Suspects shown of one leak.
const SUSPECTS_MAX: usize = 5;

/// Which columns of a data set may carry marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watermark {
    /// Columns by which a row is known: none of those that carry.
    pub address: Vec<String>,
    /// Columns of numbers that carry.
    pub carriers: Vec<MarkedColumn>,
}

/// A column that may carry marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkedColumn {
    /// Its name.
    pub column: String,
    /// Digits after the point; everything below is in units of the last of them.
    #[serde(default)]
    pub decimals: u8,
    /// Largest change.
    pub tolerance: u64,
    /// Changed values are multiples of it.
    #[serde(default = "one")]
    pub grain: u64,
    /// Nothing goes below.
    #[serde(default)]
    pub lowest: i64,
    /// Nothing goes above.
    #[serde(default = "most")]
    pub highest: i64,
    /// Stated totals: for each the columns it is grouped by.
    #[serde(default)]
    pub totals: Vec<Vec<String>>,
}

const fn one() -> u64 {
    1
}

const fn most() -> i64 {
    i64::MAX / 4
}

/// The marks of a product, and whether its release can carry them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marking {
    /// What was declared.
    pub watermark: Watermark,
    /// Cells that can carry a mark.
    pub positions: u64,
    /// Cells that the promise needs.
    pub needed: u64,
}

impl Marking {
    /// Whether copies are marked.
    #[must_use]
    pub const fn suffices(&self) -> bool {
        self.positions >= self.needed
    }

    pub(crate) fn spec(&self, product: Id<kind::Product>) -> Spec {
        spec(&self.watermark, product)
    }
}

fn spec(watermark: &Watermark, product: Id<kind::Product>) -> Spec {
    let carrier = |column: &MarkedColumn| Carrier {
        column: column.column.clone(),
        address: watermark.address.clone(),
        method: Method::Number {
            decimals: column.decimals,
            grain: column.grain,
            tolerance: column.tolerance,
            lowest: column.lowest,
            highest: column.highest,
        },
        one_in: 1,
        margins: column.totals.clone(),
    };
    Spec {
        release: product.to_string(),
        carriers: watermark.carriers.iter().map(carrier).collect(),
        fixed: Vec::<Fixed>::new(),
        promise: PROMISE,
    }
}

/// The installation's key of marks.
pub(crate) async fn key(app: &App) -> Result<WatermarkKey> {
    let key = app
        .store()
        .read("watermark.key", |tx| {
            Box::pin(async move { app.keys().derived(tx, PLATFORM, "watermarks").await })
        })
        .await?;
    Ok(WatermarkKey::new(*key.to_bytes()))
}

/// The released table of an export, as the product delivers it.
pub(crate) async fn table(
    app: &App,
    export: Id<kind::Export>,
    columns: Vec<String>,
) -> Result<ReleasedTable> {
    let (object, key) = app
        .store()
        .read("watermark.table", |tx| {
            Box::pin(async move {
                let export = exports::versioned(tx, export).await?.value;
                if !tenants::get(tx, export.tenant).await?.is_open() {
                    return Err(Error::Forbidden("tenant.closed"));
                }
                let release = export.release.ok_or(Error::Conflict("export.not_released"))?;
                Ok((
                    release.parquet.object,
                    zones::key_of(app, tx, export.tenant, release.parquet.object).await?,
                ))
            })
        })
        .await?;
    let dir = app.config().objects_dir();
    let opened = tokio::task::spawn_blocking(move || {
        let reference = ObjectRef { object, key: key.name.clone() };
        let keys = KeyRing::default();
        keys.add(vec![key]);
        ReleasedTable::open(&dir, &keys, &reference)?.only(&columns)
    });
    Ok(opened.await.map_err(|error| Error::internal("watermark.table", error))??)
}

/// What a release can carry of marks declared for a product that is being made.
///
/// # Errors
/// `products.watermark` for another kind of product; `export.not_released`; `privacy.watermark` and `privacy.column` for
/// marks that the release cannot follow.
pub(crate) async fn marking(
    app: &App,
    product: Id<kind::Product>,
    kind: ProductKind,
    export: Id<kind::Export>,
    columns: Vec<String>,
    watermark: &Watermark,
) -> Result<Marking> {
    if kind != ProductKind::Dataset {
        return Err(Error::explained("product.watermark", "only data sets are marked"));
    }
    let (table, key) = (table(app, export, columns).await?, key(app).await?);
    let spec = spec(watermark, product);
    let found = tokio::task::spawn_blocking(move || table.capacity(&spec, &key)).await;
    let found = found.map_err(|error| Error::internal("watermark.capacity", error))??;
    Ok(Marking { watermark: watermark.clone(), positions: found.positions, needed: found.needed })
}

/// Whose copy a leaked part is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// The product.
    pub product: Id<kind::Product>,
    /// Its name.
    pub product_name: String,
    /// Digest of the file that was looked at.
    pub leak: Digest,
    /// Rows in it.
    pub rows: u64,
    /// Cells that could be read.
    pub positions: u64,
    /// Buyers compared.
    pub buyers: u64,
    /// Those against whom the evidence suffices, the most suspect first.
    pub named: Vec<TracedBuyer>,
    /// The most suspect, whether or not the evidence suffices.
    pub ranked: Vec<TracedBuyer>,
    /// Evidence from which a buyer is named. *Units*: bits; an innocent one is named with a chance below 2 to minus that.
    pub needed_bits: f64,
    /// The journal row of this look.
    pub journal_seq: u64,
}

/// A buyer and the evidence against him.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedBuyer {
    /// The usage agreement whose copy it is.
    pub usage: Id<kind::Usage>,
    /// The data user's unit code.
    pub unit_code: String,
    /// Its name.
    pub unit_name: String,
    /// −log₂ of a bound for the chance that any innocent buyer looks like this.
    pub bits: f64,
    /// Standard deviations from an innocent buyer's mean.
    pub deviations: f64,
}

/// Whether a person may trace leaks of a product.
///
/// # Errors
/// Not authority or supervision.
pub fn may_trace(app: &App, ctx: &Ctx, record: &ProductRecord) -> Result<()> {
    app.permit(ctx, Action::ProductTrace, record.reference()).map(|_| ())
}

/// Names the buyer whose copy a leaked part of a data set was made of. The look is journalled with its result.
///
/// # Errors
/// Not authority or supervision; `product.unknown`; `watermark.none` for a product whose copies bear no marks;
/// `domain.intake` for a file that is no table.
pub async fn trace(app: &App, ctx: &Ctx, id: Id<kind::Product>, leak: Bytes) -> Result<Trace> {
    let record = market::find(app, id).await?;
    let permit = &app.permit(ctx, Action::ProductTrace, record.reference())?;
    let marking =
        record.marking.clone().filter(Marking::suffices).ok_or(Error::Conflict("watermark.none"))?;
    let usages = app
        .store()
        .read("watermark.buyers", |tx| {
            Box::pin(async move {
                let found =
                    records::all::<UsageRecord>(tx, "product", &id.to_string(), records::ALL_MAX).await?;
                Ok::<_, Error>(found.into_iter().map(|usage| usage.value).collect::<Vec<_>>())
            })
        })
        .await?;
    let (key, spec, digest) = (key(app).await?, marking.spec(id), Digest::of(&leak));
    let buyers: Vec<[u8; 16]> = usages.iter().map(|usage| *usage.agreement.id.as_bytes()).collect();
    let looked = tokio::task::spawn_blocking(move || {
        let table = ReleasedTable::leaked(&leak)?;
        table.trace(&spec, &key, &buyers).map(|finding| (table.rows(), finding))
    });
    let (rows, finding) = looked.await.map_err(|error| Error::internal("watermark.trace", error))??;
    let ranked: Vec<TracedBuyer> = finding
        .ranked
        .iter()
        .filter_map(|suspect| {
            let usage = usages.iter().find(|usage| *usage.agreement.id.as_bytes() == suspect.buyer)?;
            let (unit_code, unit_name) = usage.buyer_unit.clone();
            let (bits, deviations) = (suspect.bits, suspect.deviations);
            Some(TracedBuyer { usage: usage.agreement.id, unit_code, unit_name, bits, deviations })
        })
        .collect();
    let named: Vec<TracedBuyer> =
        ranked.iter().filter(|suspect| suspect.bits >= SIGNIFICANCE_BITS).cloned().collect();
    let mut trace = Trace {
        product: id,
        product_name: record.product.name.clone(),
        leak: digest,
        rows: u64::try_from(rows).unwrap_or(u64::MAX),
        positions: finding.positions,
        buyers: u64::try_from(usages.len()).unwrap_or(u64::MAX),
        named,
        ranked: ranked.into_iter().take(SUSPECTS_MAX).collect(),
        needed_bits: SIGNIFICANCE_BITS,
        journal_seq: 0,
    };
    let looked = &trace;
    trace.journal_seq = app
        .store()
        .transact(permit, "watermark.trace", |tx| {
            Box::pin(async move {
                let note =
                    Note { subject: format!("product/{id}"), tenant: None, clauses: &[], payload: looked };
                app.record(tx, permit, ctx.now, note).await
            })
        })
        .await?;
    app.committed();
    Ok(trace)
}

/// The export a product delivers, if it delivers one.
pub(crate) const fn delivered(record: &ProductRecord) -> Option<Id<kind::Export>> {
    match &record.product.source {
        Source::Release { export, .. } => Some(*export),
        Source::Serving { .. } => None,
    }
}

/// The columns that a product delivers: those it declares.
pub(crate) fn columns(record: &ProductRecord) -> Vec<String> {
    record.product.response.iter().map(|field| field.name.clone()).collect()
}
