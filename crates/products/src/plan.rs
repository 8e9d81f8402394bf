//! Price plans and rating: from a number of calls to lines in fen.

use base::{Date, Fen};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Thousandths of a fen in one fen.
const MILLI: i128 = 1000;
/// Limit: tiers of one plan.
const TIERS_MAX: usize = 20;
/// Limit: highest price of one call, package or month, in fen (one hundred million yuan).
const PRICE_FEN_MAX: i64 = 10_000_000_000;

/// Price of one call in thousandths of a fen, so that prices below one fen can be said. JSON: an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitPrice(pub i64);

impl UnitPrice {
    /// So many whole fen a call.
    #[must_use]
    pub const fn from_fen(fen: i32) -> Self {
        Self(fen as i64 * MILLI as i64)
    }
}

impl std::fmt::Display for UnitPrice {
    /// Yuan with five decimals, for example `0.00125`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let milli = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:05}", milli / 100_000, milli % 100_000)
    }
}

/// How a line is brought to whole fen. It happens once, on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// 四舍五入: half a fen and more goes up.
    HalfUp,
    /// 舍去: parts of a fen are not charged.
    Down,
}

/// One step of a graduated price: calls within it cost its price, whatever the later ones cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Last call of the month that belongs to it, counted from 1; none in the last tier.
    pub up_to: Option<u64>,
    /// Price of one call.
    pub price: UnitPrice,
}

/// How a product is priced. All periods are calendar months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pricing {
    /// 公益免费
    Free {
        /// Key of the entry in the pack's list of free uses.
        list_entry: String,
    },
    /// 按接口调用次数
    PerCall {
        /// Tiers from the first call on, without gap or overlap.
        tiers: Vec<Tier>,
    },
    /// 按批量调用次数: every started batch is charged.
    PerBatch {
        /// Calls in a batch.
        batch_calls: u64,
        /// Price of a batch.
        price: Fen,
    },
    /// A month's package, with calls beyond it at a price of their own.
    Package {
        /// Price of the month.
        price: Fen,
        /// Calls included.
        included_calls: u64,
        /// Price of each call beyond; without one, the calls beyond are free and the quota is the limit.
        overage: Option<UnitPrice>,
    },
    /// By time: the month costs the same whatever is called.
    Time {
        /// Price of the month.
        price: Fen,
    },
}

/// The most that may be asked, set by government.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// For one call.
    pub per_call: Option<UnitPrice>,
    /// For one month (time plans).
    pub per_month: Option<Fen>,
    /// Clause or price list that says so.
    pub basis: String,
}

/// A price plan as written, before it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDraft {
    /// First day it is in force; it stays so until another plan's first day.
    pub from: Date,
    /// The price.
    pub pricing: Pricing,
    /// How lines are brought to whole fen.
    pub rounding: Rounding,
    /// The government's ceiling that holds, if one does.
    pub ceiling: Option<Ceiling>,
    /// The most that a buyer pays in one month (封顶), if the operator promises it.
    pub month_max: Option<Fen>,
}

/// A checked price plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PlanDraft", into = "PlanDraft")]
pub struct Plan(PlanDraft);

/// One line of a rated month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedLine {
    /// Number of the tier, from 1; 0 for what is charged whatever is called.
    pub tier: u32,
    /// Calls on the line.
    pub calls: u64,
    /// Price of one call, where the line has one.
    pub unit_price: Option<UnitPrice>,
    /// Amount; negative only on a line that takes off what is above the month's maximum.
    pub amount: Fen,
}

impl TryFrom<PlanDraft> for Plan {
    type Error = Error;

    fn try_from(draft: PlanDraft) -> Result<Self, Error> {
        Self::new(draft)
    }
}
impl From<Plan> for PlanDraft {
    fn from(plan: Plan) -> Self {
        plan.0
    }
}

impl Plan {
    /// Checks a plan.
    ///
    /// # Errors
    /// [`Error::Plan`] for a price out of range, missing, overlapping or descending tiers, an empty batch;
    /// [`Error::Ceiling`] for a price above the ceiling.
    pub fn new(draft: PlanDraft) -> Result<Self, Error> {
        check_pricing(&draft.pricing)?;
        if draft.month_max.is_some_and(|most| !in_range(most)) {
            return Err(Error::Plan { what: "month_max" });
        }
        if let Some(ceiling) = &draft.ceiling {
            check_ceiling(&draft.pricing, ceiling)?;
        }
        Ok(Self(draft))
    }

    /// The plan as written.
    #[must_use]
    pub const fn draft(&self) -> &PlanDraft {
        &self.0
    }

    /// Whether nothing is ever charged.
    #[must_use]
    pub const fn is_free(&self) -> bool {
        matches!(self.0.pricing, Pricing::Free { .. })
    }

    /// What so many charged calls in one month cost, line by line.
    ///
    /// # Errors
    /// [`Error::Overflow`] when an amount does not fit.
    pub fn rate(&self, calls: u64) -> Result<Vec<RatedLine>, Error> {
        let mut lines = match &self.0.pricing {
            Pricing::Free { .. } => vec![RatedLine { tier: 0, calls, unit_price: None, amount: Fen::ZERO }],
            Pricing::PerCall { tiers } => self.rate_tiers(tiers, calls)?,
            Pricing::PerBatch { batch_calls, price } => {
                let batches =
                    i64::try_from(calls.div_ceil((*batch_calls).max(1))).map_err(|_| Error::Overflow)?;
                vec![RatedLine { tier: 1, calls, unit_price: None, amount: price.times(batches)? }]
            }
            Pricing::Package { price, included_calls, overage } => {
                let beyond = calls.saturating_sub(*included_calls);
                let mut lines =
                    vec![RatedLine { tier: 0, calls: calls - beyond, unit_price: None, amount: *price }];
                if beyond > 0 {
                    lines.push(match overage {
                        Some(price) => self.line(1, beyond, *price)?,
                        None => RatedLine { tier: 1, calls: beyond, unit_price: None, amount: Fen::ZERO },
                    });
                }
                lines
            }
            Pricing::Time { price } => vec![RatedLine { tier: 0, calls, unit_price: None, amount: *price }],
        };
        let total = sum(&lines)?;
        if let Some(most) = self.0.month_max.filter(|most| total > *most) {
            lines.push(RatedLine { tier: 0, calls: 0, unit_price: None, amount: most.minus(total)? });
        }
        Ok(lines)
    }

    /// What so many charged calls in one month cost.
    ///
    /// # Errors
    /// [`Error::Overflow`] when an amount does not fit.
    pub fn total(&self, calls: u64) -> Result<Fen, Error> {
        sum(&self.rate(calls)?)
    }

    /// Income to expect from so many buyers who each make so many calls a month, over so many months: what a price is
    /// checked with before there are actual figures.
    ///
    /// # Errors
    /// [`Error::Overflow`] when an amount does not fit.
    pub fn estimate_income(&self, buyers: u32, calls_per_month: u64, months: u32) -> Result<Fen, Error> {
        Ok(self.total(calls_per_month)?.times(i64::from(buyers))?.times(i64::from(months))?)
    }

    fn rate_tiers(&self, tiers: &[Tier], calls: u64) -> Result<Vec<RatedLine>, Error> {
        let mut lines = Vec::new();
        let mut done = 0;
        for (number, tier) in (1u32..).zip(tiers) {
            let reached = tier.up_to.map_or(calls, |up_to| up_to.min(calls));
            if reached > done {
                lines.push(self.line(number, reached - done, tier.price)?);
                done = reached;
            }
        }
        Ok(lines)
    }

    fn line(&self, tier: u32, calls: u64, price: UnitPrice) -> Result<RatedLine, Error> {
        // i128 holds any u64 times any i64, so the product is exact; the only rounding is the division.
        let milli = i128::from(calls) * i128::from(price.0);
        let fen = match self.0.rounding {
            Rounding::HalfUp => (milli + MILLI / 2).div_euclid(MILLI),
            Rounding::Down => milli.div_euclid(MILLI),
        };
        let amount = Fen(i64::try_from(fen).map_err(|_| Error::Overflow)?);
        Ok(RatedLine { tier, calls, unit_price: Some(price), amount })
    }
}

fn sum(lines: &[RatedLine]) -> Result<Fen, Error> {
    lines.iter().try_fold(Fen::ZERO, |total, line| Ok(total.plus(line.amount)?))
}

fn in_range(price: Fen) -> bool {
    (0..=PRICE_FEN_MAX).contains(&price.0)
}

fn unit_in_range(price: UnitPrice) -> bool {
    price.0 >= 0 && i128::from(price.0) <= i128::from(PRICE_FEN_MAX) * MILLI
}

fn check_pricing(pricing: &Pricing) -> Result<(), Error> {
    let bad = |what| Err(Error::Plan { what });
    match pricing {
        Pricing::Free { list_entry } if list_entry.trim().is_empty() => bad("list_entry"),
        Pricing::Free { .. } => Ok(()),
        Pricing::PerCall { tiers } => check_tiers(tiers),
        Pricing::PerBatch { batch_calls: 0, .. } => bad("batch_calls"),
        Pricing::PerBatch { price, .. } | Pricing::Time { price } if !in_range(*price) => bad("price"),
        Pricing::PerBatch { .. } | Pricing::Time { .. } => Ok(()),
        Pricing::Package { price, overage, .. } => {
            if !in_range(*price) || overage.is_some_and(|price| !unit_in_range(price)) {
                return bad("price");
            }
            Ok(())
        }
    }
}

/// Tiers ascend and only the last, which every plan has, is open: so they neither overlap nor leave a gap.
fn check_tiers(tiers: &[Tier]) -> Result<(), Error> {
    let bad = |what| Err(Error::Plan { what });
    if tiers.is_empty() || tiers.len() > TIERS_MAX {
        return bad("tiers_count");
    }
    let mut before = 0;
    for (number, tier) in (1..).zip(tiers) {
        if !unit_in_range(tier.price) {
            return bad("price");
        }
        match tier.up_to {
            None if number == tiers.len() => return Ok(()),
            None => return bad("tier_open"),
            Some(up_to) if up_to <= before => return bad("tier_order"),
            Some(up_to) => before = up_to,
        }
    }
    bad("tier_end")
}

fn check_ceiling(pricing: &Pricing, ceiling: &Ceiling) -> Result<(), Error> {
    let above = || Error::Ceiling { basis: ceiling.basis.clone() };
    // A price for several calls is held to the ceiling of one call by multiplying out, never by dividing.
    let spread = |price: Fen, calls: u64, most: UnitPrice| {
        i128::from(price.0) * MILLI > i128::from(calls) * i128::from(most.0)
    };
    if let Some(most) = ceiling.per_call {
        let exceeded = match pricing {
            Pricing::Free { .. } | Pricing::Time { .. } => false,
            Pricing::PerCall { tiers } => tiers.iter().any(|tier| tier.price > most),
            Pricing::PerBatch { batch_calls, price } => spread(*price, *batch_calls, most),
            Pricing::Package { price, included_calls, overage } => {
                spread(*price, *included_calls, most) || overage.is_some_and(|price| price > most)
            }
        };
        if exceeded {
            return Err(above());
        }
    }
    match (pricing, ceiling.per_month) {
        (Pricing::Time { price } | Pricing::Package { price, .. }, Some(most)) if *price > most => {
            Err(above())
        }
        // A time plan has no price per call, so a ceiling that says only that does not bound it.
        (Pricing::Time { .. }, None) => Err(above()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
