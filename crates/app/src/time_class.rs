//! How long something on raw data seems to take. The time tells how many rows met, so it is rounded up to one of few.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time.
const LEAST: Duration = Duration::from_millis(250);
/// Up to here times double; longer ones grow by quarters, so that nobody waits twice as long for an hour's work.
const DOUBLED_MAX: Duration = Duration::from_secs(8);

/// Waits until the next of the few times after `begun`. Which one is blurred by up to half a step, so that what lies on the
/// border of two does not tell of a millisecond more or less.
pub(crate) async fn wait(begun: Instant) {
    let elapsed = begun.elapsed();
    tokio::time::sleep_until(begun + class(elapsed + blur(class(elapsed), rand::random()))).await;
}

/// *Units*: `chance` is a part of 2^32.
fn blur(class: Duration, chance: u32) -> Duration {
    let step = if class <= DOUBLED_MAX { class / 2 } else { class / 5 };
    (step / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
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
    fn what_lies_on_a_border_is_told_one_way_or_the_other() {
        // Ten milliseconds before the border of a quarter of a second, and ten after it.
        let shown = |millis| {
            let elapsed = Duration::from_millis(millis);
            let longer = |n: u32| class(elapsed + blur(class(elapsed), n * 42_949_672)) > LEAST;
            (0..100).filter(|n| longer(*n)).count()
        };
        assert!((80..90).contains(&shown(240)), "{}", shown(240));
        assert_eq!((shown(100), shown(260)), (0, 100));
    }

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
