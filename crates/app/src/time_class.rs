//! How long something on raw data seems to take. The time tells how many rows met, so it is rounded up to one of few.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time.
const LEAST: Duration = Duration::from_millis(250);
/// Up to here times double; longer ones grow by quarters, so that nobody waits twice as long for an hour's work.
const DOUBLED_MAX: Duration = Duration::from_secs(8);

/// Waits until the next of the few times after `begun`.
pub(crate) async fn wait(begun: Instant) {
    tokio::time::sleep_until(begun + class(begun.elapsed())).await;
}

fn class(elapsed: Duration) -> Duration {
    let mut class = LEAST;
    while class < elapsed {
        let step = if class < DOUBLED_MAX { class } else { class / 4 };
        class = class.saturating_add(step);
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_times_none_shorter_and_long_ones_not_much_longer() {
        let mut seen = std::collections::BTreeSet::new();
        for millis in (0..3_600_000).step_by(7) {
            let elapsed = Duration::from_millis(millis);
            let shown = class(elapsed);
            assert!(shown >= elapsed && shown >= LEAST);
            assert!(elapsed <= DOUBLED_MAX || shown.as_secs_f64() <= 1.26 * elapsed.as_secs_f64());
            seen.insert(shown);
        }
        assert!(seen.len() < 40, "{}", seen.len());
        assert_eq!(class(Duration::from_millis(251)), Duration::from_millis(500));
        assert_eq!(class(Duration::from_secs(9)), Duration::from_secs(10));
    }
}
