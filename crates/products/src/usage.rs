//! Usage agreements (使用协议): who may call what, for which scenario, how long and how often.

use base::{Date, Digest, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Limit: longest window of a rate limit, in seconds.
const WINDOW_SECONDS_MAX: u32 = 86_400;
const MICROS: i64 = 1_000_000;

/// How many calls a period may have; none means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Calls a day.
    pub day: Option<u64>,
    /// Calls a calendar month.
    pub month: Option<u64>,
}

/// A full bucket of so many calls, refilled evenly within so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Calls.
    pub calls: u32,
    /// Window in seconds.
    pub seconds: u32,
}

impl RateLimit {
    /// Takes one call. State is one instant: when the window would be empty again.
    ///
    /// # Errors
    /// When there is no room: the instant from which there is.
    fn take(self, full_until: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Timestamp> {
        let window = i64::from(self.seconds) * MICROS;
        // Rounded up, so that never more than the agreed calls fit.
        let step = window.div_euclid(i64::from(self.calls.max(1))).max(1)
            + i64::from(window.rem_euclid(i64::from(self.calls.max(1))) != 0);
        let busy_until = full_until.map_or(now.micros(), |until| until.micros().max(now.micros()));
        let latest = now.micros().saturating_add(window);
        let next = busy_until.saturating_add(step);
        if next > latest {
            return Err(Timestamp::from_micros(next.saturating_sub(window)));
        }
        Ok(Timestamp::from_micros(next))
    }
}

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageState {
    /// Not yet signed by both.
    Draft,
    /// In force.
    InForce,
    /// Suspended.
    Suspended,
    /// Ended before its time.
    Ended,
}

impl UsageState {
    const fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InForce => "in_force",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }
}

/// A party's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Unit that signed.
    pub unit: Id<kind::Unit>,
    /// Person who signed for it.
    pub person: Id<kind::Person>,
    /// When.
    pub at: Timestamp,
    /// Digest of the text that was signed.
    pub document: Digest,
}

/// A usage agreement between operator and data user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageAgreement {
    /// Id.
    pub id: Id<kind::Usage>,
    /// The product.
    pub product: Id<kind::Product>,
    /// The operator.
    pub operator: Id<kind::Unit>,
    /// The data user.
    pub buyer: Id<kind::Unit>,
    /// Scenarios agreed: some of the product's.
    pub scenarios: Vec<String>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Quota.
    pub quota: Quota,
    /// Rate limit.
    pub rate_limit: Option<RateLimit>,
    /// Digest of the text to be signed.
    pub document: Digest,
    /// Signatures so far.
    pub signatures: Vec<Signature>,
    /// Where it stands.
    pub state: UsageState,
}

/// Calls made so far, as the meter counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Today.
    pub day: u64,
    /// This calendar month.
    pub month: u64,
    /// State of the rate limit: [`Remaining::full_until`] of the last call.
    pub full_until: Option<Timestamp>,
}

/// What is left after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remaining {
    /// Calls left today.
    pub day: Option<u64>,
    /// Calls left this month.
    pub month: Option<u64>,
    /// State of the rate limit, to be kept.
    pub full_until: Option<Timestamp>,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum CallRefusal {
    /// Not signed, suspended, ended, or outside its days.
    #[error("usage agreement is not in force")]
    NotInForce,
    /// The call names a scenario that was not agreed: no purpose, no data.
    #[error("scenario was not agreed")]
    Scenario,
    /// The day's quota is used up.
    #[error("quota of the day is used up")]
    QuotaDay {
        /// The quota.
        calls: u64,
    },
    /// The month's quota is used up.
    #[error("quota of the month is used up")]
    QuotaMonth {
        /// The quota.
        calls: u64,
    },
    /// Too many calls at once.
    #[error("rate limit")]
    RateLimit {
        /// When the next one fits.
        retry_at: Timestamp,
    },
}

impl CallRefusal {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotInForce => "products.usage_not_in_force",
            Self::Scenario => "products.usage_scenario",
            Self::QuotaDay { .. } => "products.quota_day",
            Self::QuotaMonth { .. } => "products.quota_month",
            Self::RateLimit { .. } => "products.rate_limit",
        }
    }
}

impl UsageAgreement {
    /// Whether it may be offered for signing, given the product's scenarios.
    ///
    /// # Errors
    /// [`Error::Usage`] with the first thing that is wrong.
    pub fn check(&self, product_scenarios: &[String]) -> Result<(), Error> {
        let bad = |what| Err(Error::Usage { what });
        if self.scenarios.is_empty()
            || !self.scenarios.iter().all(|agreed| product_scenarios.contains(agreed))
        {
            return bad("scenarios");
        }
        if self.to < self.from {
            return bad("period");
        }
        if self.operator == self.buyer {
            return bad("parties");
        }
        let whole = |limit: RateLimit| limit.calls > 0 && (1..=WINDOW_SECONDS_MAX).contains(&limit.seconds);
        if !self.rate_limit.is_none_or(whole) {
            return bad("rate_limit");
        }
        Ok(())
    }

    /// The agreement with one more signature; in force once both parties have signed the same text.
    ///
    /// # Errors
    /// [`Error::State`] unless it is a draft; [`Error::Usage`] for a stranger's or second signature, or another text.
    pub fn sign(&self, signature: Signature) -> Result<Self, Error> {
        let bad = |what| Err(Error::Usage { what });
        self.expect_state(UsageState::Draft, "sign")?;
        if ![self.operator, self.buyer].contains(&signature.unit) {
            return bad("not_a_party");
        }
        if self.signatures.iter().any(|earlier| earlier.unit == signature.unit) {
            return bad("signed_twice");
        }
        if signature.document != self.document {
            return bad("other_document");
        }
        let mut next = self.clone();
        next.signatures.push(signature);
        if next.signatures.len() == 2 {
            next.state = UsageState::InForce;
        }
        Ok(next)
    }

    /// The agreement suspended.
    ///
    /// # Errors
    /// [`Error::State`] unless it is in force.
    pub fn suspend(&self) -> Result<Self, Error> {
        self.expect_state(UsageState::InForce, "suspend")?;
        Ok(Self { state: UsageState::Suspended, ..self.clone() })
    }

    /// The agreement in force again.
    ///
    /// # Errors
    /// [`Error::State`] unless it is suspended.
    pub fn resume(&self) -> Result<Self, Error> {
        self.expect_state(UsageState::Suspended, "resume")?;
        Ok(Self { state: UsageState::InForce, ..self.clone() })
    }

    /// The agreement ended for good.
    ///
    /// # Errors
    /// [`Error::State`] when it has been ended before.
    pub fn end(&self) -> Result<Self, Error> {
        if self.state == UsageState::Ended {
            return Err(Error::State { state: self.state.key(), step: "end" });
        }
        Ok(Self { state: UsageState::Ended, ..self.clone() })
    }

    /// Whether one more call may be made now for this scenario, and what is left after it.
    ///
    /// # Errors
    /// [`CallRefusal`] saying why not. A refused call uses up nothing.
    pub fn check_call(
        &self,
        scenario: &str,
        now: Timestamp,
        offset_seconds: i32,
        counters: Counters,
    ) -> Result<Remaining, CallRefusal> {
        let today = now.date_at(offset_seconds);
        if self.state != UsageState::InForce || !(self.from..=self.to).contains(&today) {
            return Err(CallRefusal::NotInForce);
        }
        if !self.scenarios.iter().any(|agreed| agreed == scenario) {
            return Err(CallRefusal::Scenario);
        }
        let left = |quota: Option<u64>, used: u64| match quota {
            Some(calls) if used >= calls => Err(calls),
            quota => Ok(quota.map(|calls| calls - used - 1)),
        };
        let day = left(self.quota.day, counters.day).map_err(|calls| CallRefusal::QuotaDay { calls })?;
        let month =
            left(self.quota.month, counters.month).map_err(|calls| CallRefusal::QuotaMonth { calls })?;
        let full_until = self
            .rate_limit
            .map(|limit| limit.take(counters.full_until, now))
            .transpose()
            .map_err(|retry_at| CallRefusal::RateLimit { retry_at })?;
        Ok(Remaining { day, month, full_until })
    }

    fn expect_state(&self, expected: UsageState, step: &'static str) -> Result<(), Error> {
        if self.state == expected { Ok(()) } else { Err(Error::State { state: self.state.key(), step }) }
    }
}

#[cfg(test)]
mod tests;
