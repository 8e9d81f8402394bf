//! A product from draft to withdrawal.

use std::collections::BTreeSet;

use base::{Digest, Id, kind};
use serde::{Deserialize, Serialize};

use crate::schema::{Field, FieldType, check_fields};
use crate::{Error, Month, Plan};

/// Limit: scenarios of one product.
const SCENARIOS_MAX: usize = 20;
/// Limit: characters of a name.
const NAME_CHARS_MAX: usize = 100;
/// Limit: price plans over a product's life.
const PLANS_MAX: usize = 200;

/// What a product does, technically. Its legal form (数据包, 数据接口 …) is a key of the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// 查询: rows for a key.
    Lookup,
    /// 核验: yes or no.
    Verification,
    /// 补全: missing fields for a key.
    Completion,
    /// A file of rows.
    Dataset,
    /// A document.
    Report,
}

impl ProductKind {
    /// Whether it answers calls (else it is delivered as a file).
    #[must_use]
    pub const fn is_api(self) -> bool {
        matches!(self, Self::Lookup | Self::Verification | Self::Completion)
    }
}

/// Where answers come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A release that left the domain through the airlock.
    Release {
        /// The export request.
        export: Id<kind::Export>,
        /// Digest of the released bytes.
        digest: Digest,
    },
    /// Reviewed code that answers inside the prod zone.
    Serving {
        /// The approved model.
        model: Id<kind::Model>,
        /// Digest of the serving definition.
        digest: Digest,
    },
}

impl Source {
    /// Digest of what is sold.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        match self {
            Self::Release { digest, .. } | Self::Serving { digest, .. } => *digest,
        }
    }
}

/// Where a product stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductState {
    /// Being written.
    Draft,
    /// Filed with the authority (备案).
    Filed,
    /// Has a price.
    Priced,
    /// On the market.
    Listed,
    /// Taken off for a time.
    Suspended,
    /// Taken off for good.
    Withdrawn,
}

impl ProductState {
    /// Stable key.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Filed => "filed",
            Self::Priced => "priced",
            Self::Listed => "listed",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Who took a product off. What government ordered, the operator cannot undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspendedBy {
    /// The operator.
    Operator,
    /// The authority or a supervisor.
    Government,
}

/// A data product or service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Id.
    pub id: Id<kind::Product>,
    /// Tenant it was made in.
    pub tenant: Id<kind::Tenant>,
    /// The operator.
    pub operator: Id<kind::Unit>,
    /// Name.
    pub name: String,
    /// What it is, for the filing form.
    pub description: String,
    /// Legal form: a key of the pack's list.
    pub form: String,
    /// What it does.
    pub kind: ProductKind,
    /// Approved scenarios it may be used for.
    pub scenarios: Vec<String>,
    /// Units whose data is in it.
    pub providers: Vec<Id<kind::Unit>>,
    /// Resources that are in it.
    pub resources: Vec<Id<kind::Resource>>,
    /// Where answers come from.
    pub source: Source,
    /// What a call must carry.
    pub parameters: Vec<Field>,
    /// What an answer carries.
    pub response: Vec<Field>,
    /// The case under which it was filed.
    pub filing: Option<Id<kind::Case>>,
    /// Price plans by first day.
    pub plans: Vec<Plan>,
    /// Where it stands.
    pub state: ProductState,
    /// Who suspended it, while it is.
    pub suspended_by: Option<SuspendedBy>,
}

/// A step in a product's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum ProductEvent {
    /// The authority filed it.
    Filed {
        /// In this case.
        case: Id<kind::Case>,
    },
    /// A price plan was saved.
    Priced {
        /// The plan.
        plan: Plan,
    },
    /// It went on the market.
    Listed,
    /// It was taken off for a time.
    Suspended {
        /// By whom.
        by: SuspendedBy,
    },
    /// It is back.
    Resumed {
        /// By whom.
        by: SuspendedBy,
    },
    /// It was taken off for good.
    Withdrawn,
}

impl ProductEvent {
    const fn key(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "file",
            Self::Priced { .. } => "price",
            Self::Listed => "list",
            Self::Suspended { .. } => "suspend",
            Self::Resumed { .. } => "resume",
            Self::Withdrawn => "withdraw",
        }
    }
}

impl Product {
    /// Whether it may be filed: named, in a form, for scenarios, with sound fields.
    ///
    /// # Errors
    /// [`Error::Product`] with the first thing that is wrong.
    pub fn check(&self) -> Result<(), Error> {
        let bad = |what| Err(Error::Product { what });
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return bad("name");
        }
        if self.form.trim().is_empty() {
            return bad("form");
        }
        let distinct: BTreeSet<&str> = self.scenarios.iter().map(|scenario| scenario.trim()).collect();
        if distinct.is_empty() || distinct.contains("") || distinct.len() != self.scenarios.len() {
            return bad("scenarios");
        }
        if distinct.len() > SCENARIOS_MAX {
            return bad("scenarios_count");
        }
        check_fields(&self.parameters)?;
        check_fields(&self.response)?;
        if self.kind.is_api() && (self.parameters.is_empty() || self.response.is_empty()) {
            return bad("api_fields");
        }
        // A yes or no must stay one: any other field would make the verification a lookup.
        let yes_or_no = |field: &Field| field.field_type == FieldType::Boolean;
        if self.kind == ProductKind::Verification && !self.response.iter().all(yes_or_no) {
            return bad("verification_fields");
        }
        if !self.kind.is_api() && matches!(self.source, Source::Serving { .. }) {
            return bad("file_source");
        }
        Ok(())
    }

    /// The product after a step.
    ///
    /// # Errors
    /// [`Error::State`] when the step is not possible now, [`Error::Product`] when the product may not be filed,
    /// [`Error::Plan`] when a plan would change a month that has been, or may have been, billed.
    pub fn apply(&self, event: &ProductEvent) -> Result<Self, Error> {
        use ProductState::{Draft, Filed, Listed, Priced, Suspended, Withdrawn};
        let refused = || Error::State { state: self.state.key(), step: event.key() };
        let mut next = self.clone();
        match (event, self.state) {
            (ProductEvent::Filed { case }, Draft) => {
                self.check()?;
                (next.filing, next.state) = (Some(*case), Filed);
            }
            (ProductEvent::Priced { plan }, Filed | Priced) => {
                (next.plans, next.state) = (vec![plan.clone()], Priced);
            }
            (ProductEvent::Priced { plan }, Listed | Suspended) => next.add_plan(plan)?,
            (ProductEvent::Listed, Priced) => next.state = Listed,
            (ProductEvent::Suspended { by }, Listed) => {
                (next.suspended_by, next.state) = (Some(*by), Suspended);
            }
            // Government may take over a suspension, so that the operator cannot end it.
            (ProductEvent::Suspended { by: SuspendedBy::Government }, Suspended) => {
                next.suspended_by = Some(SuspendedBy::Government);
            }
            (ProductEvent::Resumed { by }, Suspended) => {
                if *by == SuspendedBy::Operator && self.suspended_by == Some(SuspendedBy::Government) {
                    return Err(refused());
                }
                (next.suspended_by, next.state) = (None, Listed);
            }
            (ProductEvent::Withdrawn, Draft | Filed | Priced | Listed | Suspended) => {
                (next.suspended_by, next.state) = (None, Withdrawn);
            }
            _ => return Err(refused()),
        }
        Ok(next)
    }

    /// The plan a month is billed by.
    #[must_use]
    pub fn plan_for(&self, month: Month) -> Option<&Plan> {
        self.plans.iter().rev().find(|plan| plan.draft().from <= month.last())
    }

    /// Whether it says something about natural persons.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.parameters.iter().chain(&self.response).any(|field| field.personal)
    }

    /// A month is billed by one plan, so a listed product changes its price on the first day of a later month.
    fn add_plan(&mut self, plan: &Plan) -> Result<(), Error> {
        let from = plan.draft().from;
        if Month::of(from).first() != from {
            return Err(Error::Plan { what: "from_month_start" });
        }
        if self.plans.last().is_some_and(|last| Month::of(last.draft().from) >= Month::of(from)) {
            return Err(Error::Plan { what: "from_order" });
        }
        if self.plans.len() >= PLANS_MAX {
            return Err(Error::Plan { what: "plans_count" });
        }
        self.plans.push(plan.clone());
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
