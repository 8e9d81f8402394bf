//! The cap on the operator's return rate: (income − cost) / cost.

use base::Fen;
use serde::{Deserialize, Serialize};

use crate::Error;

const PPM: i128 = 1_000_000;

/// How the law words the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// 低于: the cap itself is already too much.
    Below,
    /// 不高于: the cap itself is allowed.
    AtMost,
}

/// The cap of a text: how much, and how it is worded. Texts that set none leave the price to the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// Parts per million.
    pub ppm: u32,
    /// How it is worded.
    pub bound: Bound,
}

/// A return rate that keeps the cap, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateView {
    /// Income.
    pub income: Fen,
    /// Cost.
    pub cost: Fen,
    /// Rate in parts per million, rounded down; for display, never compared. None without cost and income.
    pub rate_ppm: Option<i64>,
    /// The cap in parts per million; none where the law sets none.
    pub cap_ppm: Option<u32>,
    /// Most income that the same cost allows under the cap.
    pub income_max: Option<Fen>,
}

/// Why a price or an account is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateRefusal {
    /// The rate reaches or passes the cap.
    #[error("return rate of {rate_ppm} ppm against a cap of {cap_ppm} ppm")]
    Exceeded {
        /// Rate in parts per million, rounded down.
        rate_ppm: i64,
        /// The cap in parts per million.
        cap_ppm: u32,
        /// Most income that the same cost allows.
        income_max: Fen,
        /// Income beyond that.
        excess: Fen,
    },
    /// Income without cost: the rate has no value, and no cap allows it.
    #[error("income without cost")]
    NoCost,
    /// The figures cannot be.
    #[error("income or cost out of range")]
    Figures,
}

impl RateRefusal {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exceeded { .. } => "products.return_rate",
            Self::NoCost => "products.return_rate_no_cost",
            Self::Figures => "products.return_rate_figures",
        }
    }
}

impl From<Error> for RateRefusal {
    fn from(_: Error) -> Self {
        Self::Figures
    }
}

/// Whether income and cost keep the cap: with estimates when a price is saved, with actual figures afterwards. The
/// comparison is exact: it multiplies out and never divides. Without a cap the rate is computed and nothing is judged.
///
/// # Errors
/// [`RateRefusal`] with the figures a person needs to correct the price.
pub fn return_rate_check(income: Fen, cost: Fen, cap: Option<Cap>) -> Result<RateView, RateRefusal> {
    if income < Fen::ZERO || cost < Fen::ZERO {
        return Err(RateRefusal::Figures);
    }
    let rate_ppm = if cost == Fen::ZERO {
        None
    } else {
        let rate = ((i128::from(income.0) - i128::from(cost.0)) * PPM).div_euclid(i128::from(cost.0));
        Some(i64::try_from(rate).map_err(|_| RateRefusal::Figures)?)
    };
    let Some(Cap { ppm: cap_ppm, bound }) = cap else {
        return Ok(RateView { income, cost, rate_ppm, cap_ppm: None, income_max: None });
    };
    let income_max = income_max(cost, cap_ppm, bound)?;
    if income <= income_max {
        let (cap_ppm, income_max) = (Some(cap_ppm), Some(income_max));
        return Ok(RateView { income, cost, rate_ppm, cap_ppm, income_max });
    }
    match rate_ppm {
        None => Err(RateRefusal::NoCost),
        Some(rate_ppm) => {
            let excess = Fen(income.0.saturating_sub(income_max.0));
            Err(RateRefusal::Exceeded { rate_ppm, cap_ppm, income_max, excess })
        }
    }
}

/// Largest whole income with (income − cost) / cost below, or at most, the cap.
fn income_max(cost: Fen, cap_ppm: u32, bound: Bound) -> Result<Fen, RateRefusal> {
    let limit = i128::from(cost.0) * (PPM + i128::from(cap_ppm));
    let most = match bound {
        Bound::AtMost => limit / PPM,
        // Strictly below; nothing earned on nothing spent stays allowed.
        Bound::Below => ((limit - 1).max(0)) / PPM,
    };
    i64::try_from(most).map(Fen).map_err(|_| RateRefusal::Figures)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(income: i64, cost: i64, ppm: u32, bound: Bound) -> Result<RateView, RateRefusal> {
        return_rate_check(Fen(income), Fen(cost), Some(Cap { ppm, bound }))
    }

    #[test]
    fn the_cap_itself_is_too_much_when_the_law_says_below() {
        let half = 500_000;
        let view = check(149_999, 100_000, half, Bound::Below).unwrap();
        assert_eq!((view.rate_ppm, view.income_max), (Some(499_990), Some(Fen(149_999))));
        let refusal = check(150_000, 100_000, half, Bound::Below).unwrap_err();
        assert_eq!(refusal.code(), "products.return_rate");
        let RateRefusal::Exceeded { rate_ppm, excess, .. } = refusal else { panic!("{refusal}") };
        assert_eq!((rate_ppm, excess), (500_000, Fen(1)));
        assert!(check(150_000, 100_000, half, Bound::AtMost).is_ok());
        // 1.5 fen is no income; one fen on a cost of one is a rate of nothing, two are 100 %.
        assert!(check(1, 1, half, Bound::Below).is_ok());
        assert!(check(2, 1, half, Bound::Below).is_err());
    }

    #[test]
    fn nothing_earned_or_spent_is_no_violation_but_income_without_cost_is() {
        assert_eq!(check(0, 0, 1, Bound::Below).unwrap().rate_ppm, None);
        assert_eq!(check(0, 9, 0, Bound::Below).unwrap().rate_ppm, Some(-1_000_000));
        assert_eq!(check(1, 0, 1, Bound::AtMost), Err(RateRefusal::NoCost));
        assert_eq!(check(-1, 0, 1, Bound::AtMost), Err(RateRefusal::Figures));
        assert_eq!(check(1, i64::MAX, u32::MAX, Bound::AtMost), Err(RateRefusal::Figures));
    }

    #[test]
    fn a_text_without_a_cap_judges_no_price() {
        let view = return_rate_check(Fen(900), Fen(100), None).unwrap();
        assert_eq!((view.rate_ppm, view.cap_ppm, view.income_max), (Some(8_000_000), None, None));
        assert_eq!(return_rate_check(Fen(900), Fen(0), None).unwrap().rate_ppm, None);
        assert_eq!(return_rate_check(Fen(-1), Fen(0), None), Err(RateRefusal::Figures));
    }

    proptest! {
        #[test]
        fn the_check_agrees_with_the_definition(
            income in 0..i64::MAX, cost in 1..1_000_000_000_000_000i64, cap in 0..2_000_000u32
        ) {
            let gain = (i128::from(income) - i128::from(cost)) * 1_000_000;
            let limit = i128::from(cap) * i128::from(cost);
            let below = check(income, cost, cap, Bound::Below).is_ok();
            let at_most = check(income, cost, cap, Bound::AtMost).is_ok();
            prop_assert_eq!(below, gain < limit);
            prop_assert_eq!(at_most, gain <= limit);
        }

        #[test]
        fn the_most_income_is_allowed_and_one_fen_more_is_not(
            cost in 1..1_000_000_000_000i64, cap in 1..2_000_000u32
        ) {
            let most = check(0, cost, cap, Bound::Below).unwrap().income_max.unwrap().0;
            prop_assert!(check(most, cost, cap, Bound::Below).is_ok());
            prop_assert!(check(most + 1, cost, cap, Bound::Below).is_err());
        }
    }
}
