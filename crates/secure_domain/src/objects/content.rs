//! What an object holds, written under its seal by the worker that made it. Nobody can pass raw rows off as a twin or a
//! result: the mark is part of what the seal authenticates.

/// Key of the mark in the Parquet footer.
pub(super) const CONTENT_KEY: &str = "shuyu.content";

/// What an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Raw rows.
    Raw,
    /// Masked rows.
    Twin,
    /// The result of a run, after disclosure control.
    Result,
    /// What entities have consented to.
    Consents,
    /// Not said: a release in canonical form, or something made outside a zone.
    Unmarked,
}

impl Content {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Twin => "twin",
            Self::Result => "result",
            Self::Consents => "consents",
            Self::Unmarked => "unmarked",
        }
    }

    /// The content that a mark stands for; a mark of another sort is taken for raw rows, which may do the least.
    pub(super) fn from_name(name: &str) -> Self {
        let known = [Self::Twin, Self::Result, Self::Consents, Self::Unmarked];
        known.into_iter().find(|content| content.name() == name).unwrap_or(Self::Raw)
    }
}
