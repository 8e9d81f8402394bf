//! What every use case knows about the request it serves.

use access::{Credential, Principal};
use base::{Id, Timestamp, kind};

/// Who asks, when, and under which idempotency key.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// Who.
    pub principal: Principal,
    /// The person's name, for records people read; empty for services.
    pub person_name: String,
    /// The unit's name.
    pub unit_name: String,
    /// The instant of the request; one request sees one time.
    pub now: Timestamp,
    /// The request, for tracing.
    pub request: Id<kind::Request>,
    /// A repeated command with the same key and body is answered from memory.
    pub idempotency_key: Option<String>,
}

impl Ctx {
    /// A context of a background job.
    #[must_use]
    pub fn service(job: &str, now: Timestamp) -> Self {
        Self {
            principal: Principal::service(job),
            person_name: String::new(),
            unit_name: String::new(),
            now,
            request: crate::clock::new_id(now),
            idempotency_key: None,
        }
    }

    /// A context of a request of somebody known.
    #[must_use]
    pub(crate) fn of(principal: Principal, person_name: String, unit_name: String, now: Timestamp) -> Self {
        Self { principal, person_name, unit_name, ..Self::service("", now) }
    }

    /// Whether a person is signed in.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        matches!(self.principal.credential, Credential::Person { .. })
    }
}
