//! A legal refusal: a value, not a fault. It says which rule stands in the way and what would help.

use base::Date;
use serde::Serialize;

use super::Context;
use crate::pack::model::{ClauseId, Pack};

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Stable code, `case.…`.
    pub code: &'static str,
    /// The clauses it rests on.
    pub clauses: Vec<ClauseId>,
    /// The rule in the words of those clauses.
    pub rule: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
    /// What would help, in Chinese.
    pub remedy_zh: String,
    /// What would help, in English.
    pub remedy_en: String,
    /// Everything wrong with the fields, attachments and facts, all at once.
    pub fields: Vec<FieldError>,
}

/// One thing wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Field key, attachment name or fact key.
    pub field: String,
    /// Stable code: `required`, `unknown`, `too_long`, `format` …
    pub code: &'static str,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

impl FieldError {
    pub(crate) fn new(field: &str, code: &'static str, zh: &str, en: &str) -> Self {
        Self { field: field.to_owned(), code, zh: zh.to_owned(), en: en.to_owned() }
    }
}

impl Rejection {
    /// Something that had to be sent in by a day was sent after it. Rests on the given clauses.
    #[must_use]
    pub fn late(pack: &Pack, clauses: &[ClauseId], until: Date) -> Box<Self> {
        let (zh, en) = (format!("已过受理截止日 {until}"), format!("the last day was {until}"));
        let mut rejection = Self::new("case.late", zh, en).remedy(
            "请查看正在受理的公告，或联系发布单位",
            "see the announcements that are open, or ask who published it",
        );
        rejection.clauses = clauses.to_vec();
        rejection.rule = rule(pack, clauses);
        rejection
    }

    pub(crate) fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            clauses: Vec::new(),
            rule: String::new(),
            zh: zh.into(),
            en: en.into(),
            remedy_zh: String::new(),
            remedy_en: String::new(),
            fields: Vec::new(),
        })
    }

    /// Names the clauses; the rule's words come from the first list that is not empty.
    pub(crate) fn on(mut self: Box<Self>, ctx: &Context<'_>, clauses: &[&[ClauseId]]) -> Box<Self> {
        if let Some(clauses) = clauses.iter().find(|clauses| !clauses.is_empty()) {
            self.clauses = clauses.to_vec();
            self.rule = rule(ctx.pack, clauses);
        }
        self
    }

    pub(crate) fn remedy(mut self: Box<Self>, zh: impl Into<String>, en: impl Into<String>) -> Box<Self> {
        self.remedy_zh = zh.into();
        self.remedy_en = en.into();
        self
    }

    pub(crate) fn with_fields(mut self: Box<Self>, fields: Vec<FieldError>) -> Box<Self> {
        self.fields = fields;
        self
    }
}

fn rule(pack: &Pack, clauses: &[ClauseId]) -> String {
    let words = clauses.iter().map(|id| match pack.clauses.get(id) {
        Some(clause) => format!("{} {}", clause.label, clause.summary),
        None => id.clone(),
    });
    words.collect::<Vec<_>>().join("；")
}
