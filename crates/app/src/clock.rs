//! The only clock and the only source of randomness of the platform.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base::{Id, Kind, Timestamp};
use rand::Rng as _;
use storage::settings;

use crate::{App, Error, Result};

/// The setting that keeps where a fake clock was moved to last: a move that was answered outlives the process.
pub(crate) const MOVED: &str = "clock/moved";
/// Limit: rounds of ringing after one move.
const SWEEPS_MAX: usize = 16;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds of the fake clock; `None` for the system's clock.
    fake: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { fake: None }
    }

    /// A clock that stands still until it is moved; for demonstrations and tests.
    #[must_use]
    pub fn fake(start: Timestamp) -> Self {
        Self { fake: Some(Arc::new(AtomicI64::new(start.micros()))) }
    }

    /// Now. A fake clock moves on by a microsecond with every reading, so that things done in order are stamped in
    /// order.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.fake {
            Some(micros) => Timestamp::from_micros(micros.fetch_add(1, Ordering::SeqCst)),
            None => system_now(),
        }
    }

    /// Whether the clock is a fake one.
    #[must_use]
    pub const fn is_fake(&self) -> bool {
        self.fake.is_some()
    }

    /// Moves a fake clock forward to a later instant. Returns false, and does nothing, for the system's clock or an
    /// earlier instant: time never runs backwards under recorded events.
    #[must_use]
    pub fn advance_to(&self, to: Timestamp) -> bool {
        self.fake.as_ref().is_some_and(|micros| {
            micros
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                    (to.micros() > now).then(|| to.micros())
                })
                .is_ok()
        })
    }
}

/// Moves the fake clock and lets the clocks of cases ring before it answers; the demonstration's and the tests' way
/// to let days pass.
///
/// # Errors
/// `clock.real` when the clock is the system's; `clock.backwards` for an instant that has passed.
pub async fn move_to(app: &App, to: Timestamp) -> Result<Timestamp> {
    let clock = app.clock();
    if !clock.is_fake() {
        return Err(Error::NotFound("clock.real"));
    }
    if !clock.advance_to(to) {
        return Err(Error::Conflict("clock.backwards"));
    }
    app.store()
        .system("clock.moved", |tx| {
            Box::pin(async move { Ok::<_, Error>(settings::put(tx, MOVED, &to.micros(), to).await?) })
        })
        .await?;
    // What rings may start another clock that has run out as well.
    for _ in 0..SWEEPS_MAX {
        if crate::cases::sweep(app).await? == 0 {
            break;
        }
    }
    app.committed();
    Ok(clock.now())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
fn system_now() -> Timestamp {
    let since_epoch =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_micros();
    Timestamp::from_micros(i64::try_from(since_epoch).unwrap_or(i64::MAX))
}

/// Random bytes from the operating system's generator.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A new id at the given instant.
#[must_use]
pub fn new_id<K: Kind>(now: Timestamp) -> Id<K> {
    Id::new(now, random_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fake_clock_never_runs_backwards() {
        let clock = Clock::fake(Timestamp::from_micros(1_000));
        let first = clock.now();
        assert!(clock.now() > first);
        assert!(clock.advance_to(Timestamp::from_micros(5_000)));
        assert!(!clock.advance_to(Timestamp::from_micros(2_000)));
        assert!(!Clock::system().advance_to(Timestamp::from_micros(i64::MAX)));
    }
}
