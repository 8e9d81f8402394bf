//! Login throttling: after a few free failures every further one doubles the wait.

use base::Timestamp;
use serde::{Deserialize, Serialize};

/// The rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// Failures that cost nothing.
    pub free_failures: u32,
    /// Wait after the first failure that does, in seconds.
    pub first_wait_seconds: u32,
    /// Longest wait, in seconds: an attacker must not be able to lock somebody out for good.
    pub wait_seconds_max: u32,
    /// Failures are forgotten after so many seconds without one.
    pub forget_seconds: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { free_failures: 4, first_wait_seconds: 5, wait_seconds_max: 15 * 60, forget_seconds: 24 * 3600 }
    }
}

/// Failures so far for one account (or one address).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many in a row.
    pub count: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

impl Throttle {
    /// Until when attempts are to be refused unread, if they are.
    #[must_use]
    pub fn wait_until(&self, failures: Option<Failures>, now: Timestamp) -> Option<Timestamp> {
        let failures = failures?;
        let beyond = failures.count.checked_sub(self.free_failures)?.checked_sub(1)?;
        let factor = 1u32.checked_shl(beyond).unwrap_or(u32::MAX);
        let wait = self.first_wait_seconds.saturating_mul(factor).min(self.wait_seconds_max);
        let until = failures.last_at.plus_seconds(i64::from(wait));
        (until > now).then_some(until)
    }

    /// The count after one more failure.
    #[must_use]
    pub fn after_failure(&self, failures: Option<Failures>, now: Timestamp) -> Failures {
        let fresh = failures
            .filter(|failures| now < failures.last_at.plus_seconds(i64::from(self.forget_seconds)))
            .map_or(0, |failures| failures.count);
        Failures { count: fresh.saturating_add(1), last_at: now }
    }
}
