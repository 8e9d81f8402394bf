//! The answer of the authorizer: a permit or a denial.

use base::Timestamp;
use serde::Serialize;

use crate::{Action, Actor, ResourceRef};

/// Proof that the authorizer let one action on one thing through at one moment.
///
/// Only [`crate::Authorizer::authorize`] makes permits: the fields are private, there is no constructor and no way to
/// read one back from JSON. Stores and workers demand one and write it down with the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permit {
    actor: Actor,
    unit_code: String,
    action: Action,
    resource: ResourceRef,
    policies: Vec<String>,
    at: Timestamp,
}

impl Permit {
    pub(crate) const fn issue(
        actor: Actor,
        unit_code: String,
        action: Action,
        resource: ResourceRef,
        policies: Vec<String>,
        at: Timestamp,
    ) -> Self {
        Self { actor, unit_code, action, resource, policies, at }
    }

    /// Who may act.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Short code of the unit acted for; empty for services and visitors.
    #[must_use]
    pub fn unit_code(&self) -> &str {
        &self.unit_code
    }

    /// What may be done.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// On what.
    #[must_use]
    pub const fn resource(&self) -> &ResourceRef {
        &self.resource
    }

    /// Ids of the policies that decided, sorted.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// When it was given.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// Why an attempt was refused. The reason is a code, not a sentence: texts are chosen at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("not permitted: {action} ({reason})")]
pub struct Denial {
    /// What was attempted.
    pub action: Action,
    /// Reason code: that of the forbidding policy (its `@reason`), `no_policy` when nothing allowed it, or
    /// `wrong_thing` when the action is not one for this kind of thing.
    pub reason: String,
    /// Ids of the forbidding policies, sorted; empty when nothing allowed it.
    pub policies: Vec<String>,
}

impl Denial {
    /// Reason when no policy allowed the attempt.
    pub const NO_POLICY: &'static str = "no_policy";
    /// Reason when the action does not apply to this kind of thing.
    pub const WRONG_THING: &'static str = "wrong_thing";
    /// Reason when the policies could not be evaluated.
    pub const FAULT: &'static str = "policy_fault";

    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "access.denied"
    }
}
