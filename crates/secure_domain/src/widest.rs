//! What an answer takes tells nothing of whom its conditions chose.
//!
//! Where sensitive columns decide which rows there are, less is done where fewer are. So the query is first asked without
//! those conditions, for its price alone: time, and the zone's processor time. Then it is asked, and as long as more than
//! this price has not been spent again, the widest query is repeated in vain. So the answer comes after the same work whoever
//! has what, and nobody who watches how busy the machine is sees where it was found. Processor time is part of the price,
//! since whoever burdens the machine on purpose makes both take longer alike; and one thing at a time is done in the zone, so
//! that nobody pays it with something else.

use std::sync::Arc;
use std::time::Duration;

use privacy::ir::Rel;
use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{Bound, lower};
use crate::session::{Fault, Table};

/// An answer takes this times the price of the widest query at least. Runs of one and the same work differ by less.
const MARGIN: f64 = 1.5;

/// How many times slower the answer may become than the widest query was and still not reach the time limit.
const RESERVE: u32 = 4;

/// How often it is looked whether a price was paid.
const LOOK: Duration = Duration::from_millis(1);

/// The start of some work.
pub(crate) struct Begun {
    at: Instant,
    spent: Duration,
}

/// What an answer has to take.
#[must_use]
pub(crate) struct Price {
    until: Instant,
    /// The processor time that the process will have spent.
    spent: Duration,
}

impl Begun {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), spent: spent() }
    }

    /// The price of an answer that is begun now, after the widest query was asked.
    ///
    /// # Errors
    /// `domain.time_limit` if the answer could come near the limit: that it is reached would tell, too.
    pub(crate) fn price(&self, millis_max: u64) -> Result<Price, Error> {
        let (now, spent, took) = (Instant::now(), spent(), self.at.elapsed());
        if took * RESERVE > Duration::from_millis(millis_max) {
            return Err(Error::TimeLimit { millis_max });
        }
        let until = now + took.mul_f64(MARGIN);
        Ok(Price { until, spent: spent + spent.saturating_sub(self.spent).mul_f64(MARGIN) })
    }
}

impl Price {
    /// Repeats work until the price is paid. What comes of it is of no use to anybody.
    pub(crate) async fn pay<Fut: Future<Output = ()> + Send>(&self, work: impl Fn() -> Fut + Send) {
        let work = async {
            loop {
                work().await;
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = work => {}
            () = self.is_paid() => {}
        }
    }

    async fn is_paid(&self) {
        while Instant::now() < self.until || spent() < self.spent {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Processor time of all threads of this process, the machine's other work left out.
fn spent() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

impl ProdEngine {
    /// Executes queries and does nothing with what they yield.
    pub(crate) async fn ask_in_vain(
        &self,
        queries: &[Rel],
        tables: &[Arc<Table>],
        bound: &Bound,
    ) -> Result<(), Error> {
        for asked in queries {
            let plan = lower(self.session.state(), asked, tables, bound).map_err(|_| Error::RunFailed)?;
            let _more = self.session.each(&plan, usize::MAX, |_| Ok(())).await.map_err(Fault::uniform)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_reach_the_time_limit_is_refused_before_it_is_asked() {
        let begun = Begun { at: Instant::now().checked_sub(Duration::from_secs(2)).unwrap(), spent: spent() };
        assert!(begun.price(60_000).is_ok());
        assert!(matches!(begun.price(7_900), Err(Error::TimeLimit { millis_max: 7_900 })));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_price_is_paid_by_work_and_not_by_waiting() {
        let begun = Begun::now();
        while spent() < begun.spent + Duration::from_millis(50) {}
        let price = begun.price(60_000).unwrap();
        let (until, owed) = (price.until, price.spent);
        assert!(owed >= begun.spent + Duration::from_millis(125));
        price
            .pay(|| async {
                let again = spent() + Duration::from_millis(5);
                while spent() < again {}
            })
            .await;
        assert!(spent() >= owed && Instant::now() >= until);
    }
}
