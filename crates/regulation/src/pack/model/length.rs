//! How long a clock runs, and in which direction.

use base::Date;
use serde::{Deserialize, Serialize};

/// How a clock's rule says how long it runs; its [`super::ClockRule::period`] gives the length or the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The period from the anchor on.
    Forward,
    /// 前6个月: the last day is the anchor day less the period.
    Backward,
    /// As many units of the period as this number fact says (`{事实: 协议年限, 单位: 年}`); its own length is zero.
    Fact(String),
    /// 到: the last day is the one this date fact names.
    Until(String),
}

/// How a clock that was started runs; kept with it, so that its last day can be counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// The period from the start day on.
    #[default]
    Forward,
    /// The period before the start day.
    Backward,
    /// Up to and including this day.
    Until(Date),
}

impl Run {
    /// The usual way. Old events do not say how a clock runs, and those that run forward need not.
    #[must_use]
    pub fn is_forward(&self) -> bool {
        *self == Self::Forward
    }
}
