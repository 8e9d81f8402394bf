//! A month's bill.

use std::collections::BTreeMap;

use base::{Date, Digest, Fen, Id, Timestamp, canonical_json, kind};
use serde::{Deserialize, Serialize};

use crate::{Error, MeterRecord, Month, Plan, RatedLine, UnitPrice, Verdict, classify};

/// Limit: agreements on one bill.
const CHARGES_MAX: usize = 1000;

/// An agreement to be billed, with the plan of the month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The agreement.
    pub usage: Id<kind::Usage>,
    /// Its product.
    pub product: Id<kind::Product>,
    /// The product's name, as printed.
    pub product_name: String,
    /// The plan of the month: [`crate::Product::plan_for`].
    pub plan: Plan,
    /// First day of the agreement.
    pub from: Date,
    /// Last day of the agreement.
    pub to: Date,
}

/// What a bill is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillInput {
    /// Id of the bill.
    pub id: Id<kind::Invoice>,
    /// The month.
    pub month: Month,
    /// Offset of the zone in which the month is counted, in seconds from UTC.
    pub offset_seconds: i32,
    /// Who is paid.
    pub operator: Id<kind::Unit>,
    /// Who pays.
    pub buyer: Id<kind::Unit>,
    /// All agreements between the two.
    pub charges: Vec<Charge>,
    /// When the bill is made.
    pub issued_at: Timestamp,
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Calls at a price.
    Calls,
    /// A price for the month, whatever was called.
    Month,
    /// Calls free of charge.
    Free,
    /// What is above the month's maximum, taken off.
    Maximum,
    /// A correction by a person.
    Adjustment,
}

impl LineKind {
    const fn key(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Month => "month",
            Self::Free => "free",
            Self::Maximum => "maximum",
            Self::Adjustment => "adjustment",
        }
    }
}

/// A line of a bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// The agreement.
    pub usage: Id<kind::Usage>,
    /// The product.
    pub product: Id<kind::Product>,
    /// The product's name.
    pub product_name: String,
    /// Tier of the plan, from 1; 0 when it has none.
    pub tier: u32,
    /// Calls on the line.
    pub calls: u64,
    /// Price of one call, where it has one.
    pub unit_price: Option<UnitPrice>,
    /// Amount.
    pub amount: Fen,
    /// Reason of an adjustment.
    pub note: String,
}

/// The month's calls. They add up to all calls metered in the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallCounts {
    /// Answered and counted towards a price.
    pub charged: u64,
    /// Answered under a free plan.
    pub free: u64,
    /// Repeated.
    pub repeated: u64,
    /// Refused or failed.
    pub not_answered: u64,
}

/// A correction of a bill by a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// The agreement it concerns.
    pub usage: Id<kind::Usage>,
    /// Amount; negative in the buyer's favor.
    pub amount: Fen,
    /// Why; never empty.
    pub reason: String,
}

/// A month's bill. The total is the sum of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Id.
    pub id: Id<kind::Invoice>,
    /// The month.
    pub month: Month,
    /// Who is paid.
    pub operator: Id<kind::Unit>,
    /// Who pays.
    pub buyer: Id<kind::Unit>,
    /// Lines: by agreement in the order given, then by tier, then adjustments.
    pub lines: Vec<Line>,
    /// The month's calls.
    pub calls: CallCounts,
    /// Sum of the lines.
    pub total: Fen,
    /// When it was made.
    pub issued_at: Timestamp,
}

impl Invoice {
    /// Makes a bill from metered calls. Records of earlier months may be among them and only serve to recognize
    /// repeated calls; records of agreements not on the bill are an error, so that nothing goes unbilled unseen.
    ///
    /// # Errors
    /// [`Error::Bill`] for an agreement given twice, or missing; [`Error::Overflow`] when an amount does not fit.
    pub fn make(input: &BillInput, records: &[MeterRecord]) -> Result<Self, Error> {
        if input.charges.len() > CHARGES_MAX {
            return Err(Error::Bill { what: "charges_count" });
        }
        let mut answered: BTreeMap<Id<kind::Usage>, u64> = BTreeMap::new();
        for charge in &input.charges {
            if answered.insert(charge.usage, 0).is_some() {
                return Err(Error::Bill { what: "usage_twice" });
            }
        }
        let mut calls = CallCounts::default();
        for (record, verdict) in classify(records) {
            if !input.month.contains(record.at.date_at(input.offset_seconds)) {
                continue;
            }
            let count = answered.get_mut(&record.usage).ok_or(Error::Bill { what: "unknown_usage" })?;
            match verdict {
                Verdict::Charged => *count += 1,
                Verdict::Repeated => calls.repeated += 1,
                Verdict::NotAnswered => calls.not_answered += 1,
            }
        }
        let mut lines = Vec::new();
        for charge in &input.charges {
            let count = answered.get(&charge.usage).copied().unwrap_or(0);
            *(if charge.plan.is_free() { &mut calls.free } else { &mut calls.charged }) += count;
            let in_force = charge.from <= input.month.last() && charge.to >= input.month.first();
            if in_force || count > 0 {
                lines.extend(charge.plan.rate(count)?.iter().map(|rated| line(charge, rated)));
            }
        }
        let invoice = Self {
            id: input.id,
            month: input.month,
            operator: input.operator,
            buyer: input.buyer,
            lines,
            calls,
            total: Fen::ZERO,
            issued_at: input.issued_at,
        };
        invoice.with_total()
    }

    /// The bill with one more line.
    ///
    /// # Errors
    /// [`Error::Bill`] without a reason or for an agreement not on the bill; [`Error::Overflow`].
    pub fn adjust(&self, adjustment: &Adjustment) -> Result<Self, Error> {
        if adjustment.reason.trim().is_empty() || adjustment.amount == Fen::ZERO {
            return Err(Error::Bill { what: "adjustment" });
        }
        let known = self.lines.iter().find(|line| line.usage == adjustment.usage);
        let known = known.ok_or(Error::Bill { what: "unknown_usage" })?;
        let mut next = self.clone();
        next.lines.push(Line {
            kind: LineKind::Adjustment,
            usage: adjustment.usage,
            product: known.product,
            product_name: known.product_name.clone(),
            tier: 0,
            calls: 0,
            unit_price: None,
            amount: adjustment.amount,
            note: adjustment.reason.trim().to_owned(),
        });
        next.with_total()
    }

    /// Digest of the bill's canonical JSON.
    ///
    /// # Errors
    /// [`Error::Bill`] when it cannot be written down.
    pub fn digest(&self) -> Result<Digest, Error> {
        canonical_json(self).map(|bytes| Digest::of(&bytes)).map_err(|_| Error::Bill { what: "digest" })
    }

    /// The bill as CSV (RFC 4180, `\r\n`): a head, a row for each line, a row for the total. Amounts in yuan with two
    /// decimals, prices with five.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("month,kind,usage,product,name,tier,calls,unit_price,amount,note\r\n");
        for line in &self.lines {
            csv.push_str(&csv_row(&[
                self.month.to_string(),
                line.kind.key().to_owned(),
                line.usage.to_string(),
                line.product.to_string(),
                line.product_name.clone(),
                line.tier.to_string(),
                line.calls.to_string(),
                line.unit_price.map(|price| price.to_string()).unwrap_or_default(),
                line.amount.to_string(),
                line.note.clone(),
            ]));
        }
        let calls: u64 = self.lines.iter().map(|line| line.calls).sum();
        let (calls, total) = (calls.to_string(), self.total.to_string());
        let empty = String::new;
        let month = self.month.to_string();
        let kind = "total".to_owned();
        csv.push_str(&csv_row(&[
            month,
            kind,
            empty(),
            empty(),
            empty(),
            empty(),
            calls,
            empty(),
            total,
            empty(),
        ]));
        csv
    }

    fn with_total(mut self) -> Result<Self, Error> {
        self.total = self.lines.iter().try_fold(Fen::ZERO, |total, line| total.plus(line.amount))?;
        Ok(self)
    }
}

fn line(charge: &Charge, rated: &RatedLine) -> Line {
    let kind = match rated {
        _ if charge.plan.is_free() => LineKind::Free,
        RatedLine { amount, .. } if *amount < Fen::ZERO => LineKind::Maximum,
        RatedLine { tier: 0, .. } => LineKind::Month,
        _ => LineKind::Calls,
    };
    Line {
        kind,
        usage: charge.usage,
        product: charge.product,
        product_name: charge.product_name.clone(),
        tier: rated.tier,
        calls: rated.calls,
        unit_price: rated.unit_price,
        amount: rated.amount,
        note: String::new(),
    }
}

fn csv_row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    cells.join(",") + "\r\n"
}

/// Quotes where needed. Text that a spreadsheet would run as a formula gets an apostrophe; numbers do not begin so,
/// except negative ones, which are let through.
fn csv_cell(cell: &str) -> String {
    let number =
        cell.strip_prefix('-').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
pub(crate) mod tests;
