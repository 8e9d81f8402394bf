//! What is sold and what it costs: products, price plans, usage agreements, metered calls, bills, reconciliation, cost
//! accounts, return rates and revenue shares.
//!
//! Invariants: money is whole fen and prices are whole thousandths of a fen, never floating point; every rounding has a
//! name ([`Rounding`]) and happens once, on a bill's line, so that lines add up to the total exactly; a call is charged
//! once per idempotency key; no I/O, no clock. It does not know who may do what (that is `access`) nor what a
//! jurisdiction allows (forms, ceilings and caps come in as data). Start with [`Product`], [`Plan`] and [`Invoice`].

mod cost;
mod invoice;
mod meter;
mod month;
mod passport;
mod plan;
mod product;
mod reconcile;
mod return_rate;
mod schema;
mod share;
mod usage;

pub use cost::{CostAccounts, CostEntry};
pub use invoice::{Adjustment, BillInput, CallCounts, Charge, Invoice, Line, LineKind};
pub use meter::{MeterRecord, Outcome, Verdict, classify};
pub use month::Month;
pub use passport::Passport;
pub use plan::{Ceiling, Plan, PlanDraft, Pricing, RatedLine, Rounding, Tier, UnitPrice};
pub use product::{Product, ProductEvent, ProductKind, ProductState, Source, SuspendedBy};
pub use reconcile::{Difference, GatewayEntry, reconcile};
pub use return_rate::{Bound, Cap, RateRefusal, RateView, return_rate_check};
pub use schema::{Field, FieldType, RequestFault, check_request};
pub use share::{ShareLine, ShareNode, split, split_by_weight};
pub use usage::{CallRefusal, Counters, Quota, RateLimit, Remaining, Signature, UsageAgreement, UsageState};

/// What can be wrong with a product, a plan, a bill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An amount does not fit.
    #[error("amount out of range")]
    Overflow,
    /// Not a month written `YYYY-MM`.
    #[error("not a month: `{text}`")]
    Month {
        /// What was given.
        text: String,
    },
    /// A price plan is wrong.
    #[error("price plan: {what}")]
    Plan {
        /// What is wrong, as a stable key.
        what: &'static str,
    },
    /// A price is above the government's ceiling.
    #[error("price above the ceiling of {basis}")]
    Ceiling {
        /// Clause or list that sets the ceiling.
        basis: String,
    },
    /// A product lacks something or has something twice.
    #[error("product: {what}")]
    Product {
        /// What is wrong, as a stable key.
        what: &'static str,
    },
    /// The step is not possible in this state.
    #[error("cannot {step} in state {state}")]
    State {
        /// The state.
        state: &'static str,
        /// The step.
        step: &'static str,
    },
    /// A usage agreement is wrong.
    #[error("usage agreement: {what}")]
    Usage {
        /// What is wrong, as a stable key.
        what: &'static str,
    },
    /// A bill cannot be made.
    #[error("bill: {what}")]
    Bill {
        /// What is wrong, as a stable key.
        what: &'static str,
    },
    /// A revenue share tree is wrong.
    #[error("revenue shares: {what}")]
    Share {
        /// What is wrong, as a stable key.
        what: &'static str,
    },
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overflow => "products.overflow",
            Self::Month { .. } => "products.month",
            Self::Plan { .. } => "products.plan",
            Self::Ceiling { .. } => "products.ceiling",
            Self::Product { .. } => "products.product",
            Self::State { .. } => "products.state",
            Self::Usage { .. } => "products.usage",
            Self::Bill { .. } => "products.bill",
            Self::Share { .. } => "products.share",
        }
    }
}

impl From<base::Error> for Error {
    /// Only sums of money come from `base` here, and they fail in one way.
    fn from(_: base::Error) -> Self {
        Self::Overflow
    }
}
