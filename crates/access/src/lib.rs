//! Who may attempt what: principals, roles, actions, and the Cedar authorizer that turns an attempt into a [`Permit`];
//! and the arithmetic of credentials: passwords, session tokens, API keys, CSRF tokens, login throttling.
//!
//! It is not where a jurisdiction says which unit decides which step: that is pack data, checked by the case kernel
//! after the attempt has been let through here. Invariants: nothing is allowed unless a policy allows it; a [`Permit`]
//! is made by the authorizer and nowhere else; no I/O, no clock, no randomness except as arguments. Start with
//! [`Principal`], [`ResourceRef`] and [`Permit`]; the policies are in `policies/`.

mod action;
mod authorizer;
mod credential;
mod permit;
mod principal;
mod resource;
mod words;

pub use action::Action;
pub use authorizer::{Authorizer, POLICIES, SCHEMA};
pub use credential::{
    ApiKeyRecord, ApiKeySecret, Failures, KeyRefusal, PASSWORD_ITERATIONS, PASSWORD_LANES,
    PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, PASSWORD_MEMORY_KIB, Password, PasswordHash, SessionPolicy,
    SessionSecret, SessionTimes, Throttle, WeakPassword,
};
pub use permit::{Denial, Permit};
pub use principal::{Actor, Credential, Principal, Role, Standing};
pub use resource::{Life, ResourceRef, Thing, Zone};

/// What can go wrong here, denials apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The policy schema does not parse or lacks something.
    #[error("policy schema: {detail}")]
    Schema {
        /// What is wrong.
        detail: String,
    },
    /// A policy does not parse, does not validate, or lacks its id or reason.
    #[error("policy: {detail}")]
    Policy {
        /// What is wrong.
        detail: String,
    },
    /// A stored password hash is not one, or there is no memory to compute one.
    #[error("password hash cannot be computed or read")]
    PasswordHash,
    /// Not a session token or API key.
    #[error("not a token")]
    Token,
    /// Not the key of a refusal of API keys.
    #[error("unknown key refusal: `{text}`")]
    UnknownKeyRefusal {
        /// What was given.
        text: String,
    },
    /// Not the key of an action.
    #[error("unknown action: `{text}`")]
    UnknownAction {
        /// What was given.
        text: String,
    },
    /// Not the key of a role.
    #[error("unknown role: `{text}`")]
    UnknownRole {
        /// What was given.
        text: String,
    },
    /// Not the key of a standing.
    #[error("unknown standing: `{text}`")]
    UnknownStanding {
        /// What was given.
        text: String,
    },
    /// Not a kind of thing.
    #[error("unknown kind of thing: `{text}`")]
    UnknownThing {
        /// What was given.
        text: String,
    },
    /// Not a zone.
    #[error("unknown zone: `{text}`")]
    UnknownZone {
        /// What was given.
        text: String,
    },
    /// Not a life state.
    #[error("unknown state: `{text}`")]
    UnknownLife {
        /// What was given.
        text: String,
    },
}

impl Error {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Schema { .. } => "access.schema",
            Self::Policy { .. } => "access.policy",
            Self::PasswordHash => "access.password_hash",
            Self::Token => "access.token",
            Self::UnknownKeyRefusal { .. } => "access.unknown_key_refusal",
            Self::UnknownAction { .. } => "access.unknown_action",
            Self::UnknownRole { .. } => "access.unknown_role",
            Self::UnknownStanding { .. } => "access.unknown_standing",
            Self::UnknownThing { .. } => "access.unknown_thing",
            Self::UnknownZone { .. } => "access.unknown_zone",
            Self::UnknownLife { .. } => "access.unknown_life",
        }
    }
}
