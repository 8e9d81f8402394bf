//! Intervals of numbers and their arithmetic.
//!
//! Ends are doubles, as the engine computes: its operations round to the nearest and are therefore monotone, so what is
//! computed from the ends encloses what is computed from any values between them. Whole numbers are exact up to 2^53 and
//! unbounded beyond, where the engine's wrap around.

use serde::Serialize;

/// Whole numbers up to here are exact as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Relative error of a sum of a million doubles, with room to spare.
const ROUNDED: f64 = 1e-9;

/// Between which numbers every value lies that is not null. An end may be infinite; a value may then be infinite or no
/// number at all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub(in crate::ir) low: f64,
    pub(in crate::ir) high: f64,
    pub(in crate::ir) nullable: bool,
}

impl Interval {
    /// Every number.
    pub(in crate::ir) const ANY: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY, nullable: true };
    /// No number: null only.
    pub(in crate::ir) const EMPTY: Self =
        Self { low: f64::INFINITY, high: f64::NEG_INFINITY, nullable: true };

    pub(in crate::ir) const fn new(low: f64, high: f64) -> Self {
        Self { low, high, nullable: false }
    }

    /// The smaller end.
    #[must_use]
    pub const fn low(&self) -> f64 {
        self.low
    }

    /// The larger end.
    #[must_use]
    pub const fn high(&self) -> f64 {
        self.high
    }

    /// May a value be null?
    #[must_use]
    pub const fn nullable(&self) -> bool {
        self.nullable
    }

    /// Is a number inside?
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The ends as whole numbers, rounded outwards; `None` past 2^53.
    #[must_use]
    pub fn whole(&self) -> Option<(i64, i64)> {
        Some((to_whole(self.low.floor())?, to_whole(self.high.ceil())?))
    }

    pub(in crate::ir) const fn is_empty(&self) -> bool {
        self.low > self.high
    }

    pub(in crate::ir) const fn is_finite(&self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    pub(in crate::ir) const fn or_null(self, nullable: bool) -> Self {
        Self { nullable: self.nullable || nullable, ..self }
    }

    /// The smallest interval around both.
    pub(in crate::ir) const fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            nullable: self.nullable || other.nullable,
        }
    }

    /// What both allow; the first one where they contradict each other.
    pub(in crate::ir) fn meet(self, low: f64, high: f64) -> Self {
        let met = Self { low: self.low.max(low), high: self.high.min(high), ..self };
        if met.is_empty() { self } else { met }
    }

    pub(in crate::ir) fn map(self, low: impl Fn(f64) -> f64, high: impl Fn(f64) -> f64) -> Self {
        if self.is_empty() { self } else { Self { low: low(self.low), high: high(self.high), ..self } }
    }

    pub(in crate::ir) fn negate(self) -> Self {
        Self { low: -self.high, high: -self.low, ..self }
    }

    pub(in crate::ir) fn abs(self) -> Self {
        if self.is_empty() || self.low >= 0.0 {
            return self;
        }
        let high = self.high.max(-self.low);
        let low = if self.high < 0.0 { -self.high } else { 0.0 };
        Self { low, high, ..self }
    }

    /// An operation on both that is monotone in each argument: its extremes lie at the ends.
    fn corners(self, other: Self, op: impl Fn(f64, f64) -> f64) -> Self {
        let nullable = self.nullable || other.nullable;
        if self.is_empty() || other.is_empty() {
            return Self::EMPTY;
        }
        // An infinite end stands for what is no number either: nothing is known of what is computed from it.
        if !self.is_finite() || !other.is_finite() {
            return Self::ANY.or_null(nullable);
        }
        let all = [
            op(self.low, other.low),
            op(self.low, other.high),
            op(self.high, other.low),
            op(self.high, other.high),
        ];
        let low = all.into_iter().fold(f64::INFINITY, f64::min);
        let high = all.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Self { low, high, nullable }
    }

    pub(in crate::ir) fn add(self, other: Self) -> Self {
        self.corners(other, |a, b| a + b)
    }

    pub(in crate::ir) fn subtract(self, other: Self) -> Self {
        self.corners(other, |a, b| a - b)
    }

    pub(in crate::ir) fn multiply(self, other: Self) -> Self {
        self.corners(other, |a, b| a * b)
    }

    /// `None` if the divisor may be zero.
    pub(in crate::ir) fn divide(self, other: Self, whole: bool) -> Option<Self> {
        if !other.is_empty() && other.low <= 0.0 && other.high >= 0.0 {
            return None;
        }
        if !whole {
            return Some(self.corners(other, |a, b| a / b));
        }
        // Doubles would round a quotient up to the next whole number.
        let quotient = |a: f64, b: f64| match (to_whole(a), to_whole(b)) {
            (Some(a), Some(b)) => a.checked_div(b).map_or(f64::NAN, from_whole),
            _ => f64::NAN,
        };
        let divided = self.corners(other, quotient);
        // Between divisors the quotient is monotone, and none of them is zero. The engine answers null for minus one.
        Some(divided.or_null(true))
    }

    /// `None` if the divisor may be zero.
    pub(in crate::ir) fn remainder(self, other: Self, whole: bool) -> Option<Self> {
        if other.low <= 0.0 && other.high >= 0.0 {
            return None;
        }
        let nullable = self.nullable || other.nullable || whole;
        if self.is_empty() || other.is_empty() {
            return Some(Self::EMPTY);
        }
        if !self.is_finite() || !other.is_finite() {
            return Some(Self::ANY);
        }
        let largest = other.high.abs().max(other.low.abs()) - if whole { 1.0 } else { 0.0 };
        // The remainder has the sign of the dividend.
        let low = self.low.clamp(-largest, 0.0);
        let high = self.high.clamp(0.0, largest);
        Some(Self { low, high, nullable })
    }

    /// As a whole number of the engine: past 2^53 nothing is known, since 64 bits wrap around.
    pub(in crate::ir) fn as_whole(self) -> Self {
        let within = |end: f64| end.abs() <= EXACT_MAX;
        if self.is_empty() || within(self.low) && within(self.high) {
            self
        } else {
            Self::ANY.or_null(self.nullable)
        }
    }

    /// A little wider, for what a long sum of doubles may round away.
    pub(in crate::ir) fn loosened(self) -> Self {
        self.map(|low| low - low.abs() * ROUNDED, |high| high + high.abs() * ROUNDED)
    }

    /// Least or greatest of both as SQL takes them: nulls are passed over.
    pub(in crate::ir) fn least(self, other: Self) -> Self {
        self.negate().greatest(other.negate()).negate()
    }

    pub(in crate::ir) fn greatest(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return self.hull(other).or_null(self.nullable && other.nullable);
        }
        // One that may be null does not lift the lower end.
        let low = match (self.nullable, other.nullable) {
            (false, false) => self.low.max(other.low),
            (false, true) => self.low,
            (true, false) => other.low,
            (true, true) => self.low.min(other.low),
        };
        Self { low, high: self.high.max(other.high), nullable: self.nullable && other.nullable }
    }
}

/// A double that holds a whole number of at most 2^53.
pub(in crate::ir) fn to_whole(value: f64) -> Option<i64> {
    if value.abs() <= EXACT_MAX { format!("{value:.0}").parse().ok() } else { None }
}

/// The nearest double.
pub(in crate::ir) fn from_whole(value: i64) -> f64 {
    // Decimal digits are the one conversion that rounds as `as` would, which is not allowed here.
    value.to_string().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greatest_of_nullables_keeps_the_lower_floor() {
        let sure = Interval::new(0.0, 10.0);
        let unsure = Interval::new(5.0, 20.0).or_null(true);
        assert_eq!(sure.greatest(unsure), Interval::new(0.0, 20.0));
        assert_eq!(sure.least(unsure), Interval::new(0.0, 10.0));
        assert_eq!(unsure.least(unsure), unsure);
    }

    #[test]
    fn quotients_need_a_divisor_that_is_never_zero() {
        let ten = Interval::new(-10.0, 10.0);
        assert_eq!(ten.divide(Interval::new(0.0, 5.0), false), None);
        assert_eq!(ten.divide(Interval::new(2.0, 5.0), false), Some(Interval::new(-5.0, 5.0)));
        assert_eq!(ten.divide(Interval::new(3.0, 5.0), true), Some(Interval::new(-3.0, 3.0).or_null(true)));
        assert_eq!(
            Interval::new(-3.0, 50.0).remainder(Interval::new(7.0, 9.0), true),
            Some(Interval::new(-3.0, 8.0).or_null(true))
        );
    }

    #[test]
    fn nothing_is_known_of_what_may_be_infinite() {
        let half = Interval::new(f64::NEG_INFINITY, 5.0);
        assert!(!half.add(Interval::new(0.0, 1.0)).high.is_finite());
        assert_eq!(half.greatest(Interval::new(0.0, 0.0)), Interval::new(0.0, 5.0));
        assert!(!Interval::new(0.0, 1e16).as_whole().is_finite());
    }
}
