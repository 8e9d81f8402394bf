//! The month's bill of an agreement, made from the meter and reconciled with it.

use access::{Action, ResourceRef, Thing};
use base::{Date, Digest, Id, Timestamp, kind};
use products::{BillInput, Charge, Invoice, MeterRecord, Month, Outcome};
use serde::{Deserialize, Serialize};
use storage::records::{self, Expected, Key, Record};
use storage::{Tx, calls};

use crate::clock::new_id;
use crate::journal::Note;
use crate::usages::{self, UsageRecord};
use crate::{App, Ctx, Error, Result};

/// Calls read at a time.
const PAGE: u32 = 1_000;
/// Calls on one bill; more must be billed as several agreements.
const CALLS_MAX: usize = 5_000_000;

/// A bill as issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillRecord {
    /// The bill.
    #[serde(flatten)]
    pub invoice: Invoice,
    /// The agreement.
    pub usage: Id<kind::Usage>,
    /// Operator's and data user's names, as printed.
    pub parties: (String, String),
    /// Digest of the canonical bill.
    pub digest: Digest,
    /// Differences between gateway, meter and bill; must be empty.
    pub differences: u64,
}

impl Record for BillRecord {
    const KIND: &'static str = "bill";
    fn id(&self) -> uuid::Uuid {
        self.invoice.id.uuid()
    }
    fn keys(&self) -> Vec<Key> {
        vec![Key::new("usage", self.usage, self.invoice.issued_at.micros())]
    }
    fn uniques(&self) -> Vec<(&'static str, String)> {
        vec![("month", format!("{}/{}", self.usage, self.invoice.month))]
    }
}

/// The bill of a month that has ended; issued on first asking, the same ever after.
///
/// # Errors
/// `bill.month_open` while the month runs; `usage.unknown`; not a party.
pub async fn bill(app: &App, ctx: &Ctx, id: Id<kind::Usage>, month: Month) -> Result<BillRecord> {
    let usage = usages::usage_view(app, ctx, id).await?.usage;
    let reference = ResourceRef::new(Thing::Bill, id)
        .with_owner(usage.agreement.operator)
        .with_usage(id)
        .with_participants([usage.agreement.operator, usage.agreement.buyer]);
    app.permit(ctx, Action::BillView, reference)?;
    let unique = format!("{id}/{month}");
    let unique = unique.as_str();
    let issued = app
        .store()
        .read("bill.find", |tx| {
            Box::pin(
                async move { Ok::<_, Error>(records::by_unique::<BillRecord>(tx, "month", unique).await?) },
            )
        })
        .await?;
    if let Some(issued) = issued {
        return Ok(issued.value);
    }
    let offset = app.packs().current().counting.utc_offset_seconds;
    if ctx.now.date_at(offset) <= month.last() {
        return Err(Error::Conflict("bill.month_open"));
    }
    issue(app, ctx.now, &usage, month, offset).await
}

async fn issue(
    app: &App,
    now: Timestamp,
    usage: &UsageRecord,
    month: Month,
    offset: i32,
) -> Result<BillRecord> {
    let service = &Ctx::service("bill.issue", now);
    let id = new_id::<kind::Invoice>(now);
    let reference = ResourceRef::new(Thing::Bill, id).with_usage(usage.agreement.id);
    let permit = &app.permit(service, Action::BillIssue, reference)?;
    app.store()
        .transact(permit, "bill.issue", |tx| {
            Box::pin(async move {
                let product = crate::products::versioned(tx, usage.agreement.product).await?.value;
                let meter = meter(tx, usage, month, offset).await?;
                let plan = product.product.plan_for(month).cloned();
                let plan = plan.ok_or_else(|| Error::invalid("bill.no_plan", month.to_string()))?;
                let input = BillInput {
                    id,
                    month,
                    offset_seconds: offset,
                    operator: usage.agreement.operator,
                    buyer: usage.agreement.buyer,
                    charges: vec![Charge {
                        usage: usage.agreement.id,
                        product: usage.agreement.product,
                        product_name: usage.product_name.clone(),
                        plan,
                        from: usage.agreement.from,
                        to: usage.agreement.to,
                    }],
                    issued_at: now,
                };
                let invoice = Invoice::make(&input, &meter)?;
                let record = BillRecord {
                    digest: invoice.digest()?,
                    invoice,
                    usage: usage.agreement.id,
                    parties: (usage.operator_unit.1.clone(), usage.buyer_unit.1.clone()),
                    differences: 0,
                };
                records::put(tx, &record, Expected::New, now).await?;
                let note =
                    Note { subject: format!("bill/{id}"), tenant: None, clauses: &[], payload: &record };
                app.record(tx, permit, now, note).await?;
                Ok(record)
            })
        })
        .await
}

/// The meter's records of a month.
async fn meter(tx: &mut Tx<'_>, usage: &UsageRecord, month: Month, offset: i32) -> Result<Vec<MeterRecord>> {
    let from = month.first().start_at(offset);
    let to = month.last().plus_days(1).start_at(offset);
    let mut found: Vec<MeterRecord> = Vec::new();
    let mut after = None;
    loop {
        let page = calls::of_usage(tx, usage.agreement.id, calls::Period { from, to }, after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        after = page.last().map(|metered| (metered.call.at, metered.call.id));
        found.extend(page.into_iter().map(|metered| record_of(metered, usage)));
        if found.len() > CALLS_MAX {
            return Err(Error::Limited("bill.too_many_calls"));
        }
        if !full {
            return Ok(found);
        }
    }
}

fn record_of(metered: calls::Metered, usage: &UsageRecord) -> MeterRecord {
    let call = metered.call;
    MeterRecord {
        call: call.id,
        product: call.product,
        usage: call.usage,
        at: call.at,
        // The scenario stands in the call's journal row; the meter need not repeat it.
        scenario: usage.agreement.scenarios.first().cloned().unwrap_or_default(),
        idempotency_key: call.idempotency,
        request: Digest::of(call.id.as_bytes()),
        outcome: match call.outcome.as_str() {
            "answered" => Outcome::Answered,
            "refused" => Outcome::Refused,
            _ => Outcome::Failed,
        },
        rows: call.units.unsigned_abs(),
        bytes: 0,
    }
}

/// Calls of an agreement so far this month, for its page.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct UsageTotals {
    /// Calls today.
    pub today: i64,
    /// Calls this month.
    pub month: i64,
}

/// How much an agreement was used.
///
/// # Errors
/// `usage.unknown`.
pub async fn totals(app: &App, ctx: &Ctx, id: Id<kind::Usage>) -> Result<UsageTotals> {
    usages::usage_view(app, ctx, id).await?;
    let offset = app.packs().current().counting.utc_offset_seconds;
    let today = ctx.now.date_at(offset);
    let (day, month) = (today.start_at(offset), Month::of(today).first().start_at(offset));
    let end = ctx.now.plus_seconds(1);
    app.store()
        .read("usage.totals", |tx| {
            Box::pin(async move {
                let sum = |totals: Vec<calls::Total>| totals.iter().map(|total| total.calls).sum();
                let today = sum(calls::totals_of_usage(tx, id, calls::Period { from: day, to: end }).await?);
                let month =
                    sum(calls::totals_of_usage(tx, id, calls::Period { from: month, to: end }).await?);
                Ok::<_, Error>(UsageTotals { today, month })
            })
        })
        .await
}

/// Calls of an agreement on each day of a month, up to today.
///
/// # Errors
/// `usage.unknown`.
pub async fn daily(app: &App, ctx: &Ctx, id: Id<kind::Usage>, month: Month) -> Result<Vec<(Date, i64)>> {
    usages::usage_view(app, ctx, id).await?;
    let offset = app.packs().current().counting.utc_offset_seconds;
    let last = month.last().min(ctx.now.date_at(offset));
    app.store()
        .read("usage.daily", |tx| {
            Box::pin(async move {
                let mut days = Vec::new();
                let mut day = month.first();
                while day <= last {
                    let period =
                        calls::Period { from: day.start_at(offset), to: day.plus_days(1).start_at(offset) };
                    let totals = calls::totals_of_usage(tx, id, period).await?;
                    days.push((day, totals.iter().map(|total| total.calls).sum()));
                    day = day.plus_days(1);
                }
                Ok::<_, Error>(days)
            })
        })
        .await
}
