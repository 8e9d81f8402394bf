//! Why no rule of a pack carries a clause.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why no rule carries a clause, with what shows that the reason is honest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// Which of the four kinds.
    pub kind: ExcuseKind,
    /// Why, in Chinese.
    pub reason: String,
    /// The tests that prove it, as `path/in/the/repository.rs::function` (平台保障 only).
    pub tests: Vec<String>,
    /// What is absent that carrying the clause would need (尚未落实 only).
    pub absent: Option<String>,
}

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExcuseKind {
    /// 不自动化: nothing software can do; only for clauses whose means is 外部.
    NotAutomated,
    /// 平台保障: the platform keeps it by its construction, whatever the pack; tests of the repository prove it.
    Platform,
    /// 由下级落实: lower packs carry it; it does not excuse them.
    Delegated,
    /// 尚未落实: nothing carries it yet, because something named is absent.
    Pending,
}

impl ExcuseKind {
    /// All kinds, as the files write them.
    pub const ALL: [(&'static str, Self); 4] = [
        ("不自动化", Self::NotAutomated),
        ("平台保障", Self::Platform),
        ("由下级落实", Self::Delegated),
        ("尚未落实", Self::Pending),
    ];

    /// The word of the file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAutomated => "不自动化",
            Self::Platform => "平台保障",
            Self::Delegated => "由下级制度包落实",
            Self::Pending => "尚未落实",
        }
    }
}

impl fmt::Display for Excuse {
    /// The reason as pages show it: with its kind, where it is not the ordinary one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ExcuseKind::NotAutomated => f.write_str(&self.reason),
            kind => write!(f, "{}：{}", kind.word(), self.reason),
        }
    }
}
