//! Rules of the commands that act on people and units instead of moving the case.

use serde::{Deserialize, Serialize};

use super::RoleKey;

/// What an action on people needs to know besides the ordinary; empty for ordinary actions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleRule {
    /// 向: the roles whose units may be asked for an opinion (加签).
    pub ask: Vec<RoleKey>,
    /// 抽取: how experts are drawn.
    pub draw: Option<DrawRule>,
    /// 会议: a resolution needs a meeting with so many of the role's units present.
    pub meeting: Option<Quorum>,
}

/// How experts are drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawRule {
    /// Where the named list comes from.
    pub list: DrawList,
    /// How many are drawn.
    pub count: u32,
}

/// Where a list of names comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawList {
    /// A fact of the case that is a list.
    Fact(String),
    /// A parameter of the pack that is a list.
    Parameter(String),
}

/// How many of a role's units have to be present at a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// 过半数: more than half.
    Majority,
    /// 三分之二以上: two thirds or more.
    TwoThirds,
    /// 全体: all.
    All,
    /// So many, written as a number.
    Count(u32),
}

impl Quorum {
    /// How many of `units` have to be present; at least one.
    #[must_use]
    pub const fn needed(self, units: usize) -> usize {
        let needed = match self {
            Self::Majority => units / 2 + 1,
            Self::TwoThirds => (units * 2).div_ceil(3),
            Self::All => units,
            Self::Count(count) => count as usize,
        };
        if needed == 0 { 1 } else { needed }
    }
}
