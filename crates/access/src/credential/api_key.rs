//! API keys: `sy_` + id + `_` + secret.

use base::{Digest, Id, Timestamp, kind};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{decode, encode};
use crate::principal::{Credential, Principal, Role, Standing};
use crate::{Error, words::words};

const PREFIX: &str = "sy_";

/// An API key as its holder keeps it. It is shown once, when it is issued.
#[derive(Clone)]
pub struct ApiKeySecret {
    id: Id<kind::ApiKey>,
    secret: Zeroizing<[u8; 32]>,
}

impl ApiKeySecret {
    /// From its id and 32 fresh random bytes.
    #[must_use]
    pub fn new(id: Id<kind::ApiKey>, random: [u8; 32]) -> Self {
        Self { id, secret: Zeroizing::new(random) }
    }

    /// From what a caller presented.
    ///
    /// # Errors
    /// [`Error::Token`] when the text is not a key.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let parse = || {
            let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
            Some(Self { id: id.parse().ok()?, secret: decode(secret)? })
        };
        parse().ok_or(Error::Token)
    }

    /// The text for its holder: `sy_`, the id in 32 hexadecimal digits, `_`, the secret in 43 characters of base64url.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}_{}", self.id.uuid().simple(), encode(&self.secret)))
    }

    /// Which key it claims to be: look the record up by this.
    #[must_use]
    pub const fn id(&self) -> Id<kind::ApiKey> {
        self.id
    }

    /// What the store keeps: SHA-256 of the secret. The secret has 256 random bits, so a slow hash would add nothing.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.secret.as_slice())
    }
}

impl std::fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKeySecret({}, ..)", self.id)
    }
}

words! {
    /// Why a key is refused.
    KeyRefusal, UnknownKeyRefusal {
        /// Not the secret of this key.
        Secret = "secret",
        /// Revoked.
        Revoked = "revoked",
        /// Over.
        Expired = "expired",
        /// The call names a scenario the key is not for.
        Scenario = "scenario",
    }
}

impl KeyRefusal {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Secret => "access.key_secret",
            Self::Revoked => "access.key_revoked",
            Self::Expired => "access.key_expired",
            Self::Scenario => "access.key_scenario",
        }
    }
}

/// An API key as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRecord {
    /// The key.
    pub id: Id<kind::ApiKey>,
    /// SHA-256 of its secret.
    pub digest: Digest,
    /// Person who had it issued.
    pub issued_by: Id<kind::Person>,
    /// Unit of the data user.
    pub unit: Id<kind::Unit>,
    /// The usage agreement it may call under.
    pub usage: Id<kind::Usage>,
    /// Scenarios it may be used for; never empty.
    pub scenarios: Vec<String>,
    /// Dead from this instant on.
    pub valid_until: Timestamp,
    /// Revoked at.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKeyRecord {
    /// Whether a call with this key for this scenario may go on to authorization. The secret is compared first and in
    /// constant time, so that a stranger learns nothing about the key's state.
    ///
    /// # Errors
    /// [`KeyRefusal`] saying why not.
    pub fn check(&self, presented: &ApiKeySecret, scenario: &str, now: Timestamp) -> Result<(), KeyRefusal> {
        let same = self.digest.0.ct_eq(&presented.digest().0);
        if self.id != presented.id || !bool::from(same) {
            return Err(KeyRefusal::Secret);
        }
        if self.revoked_at.is_some() {
            return Err(KeyRefusal::Revoked);
        }
        if now >= self.valid_until {
            return Err(KeyRefusal::Expired);
        }
        if !self.scenarios.iter().any(|agreed| agreed == scenario) {
            return Err(KeyRefusal::Scenario);
        }
        Ok(())
    }

    /// The principal that calls with this key, once it has been checked. It holds no role of its own.
    #[must_use]
    pub fn principal(
        &self,
        unit_code: &str,
        person_standing: Standing,
        unit_standing: Standing,
    ) -> Principal {
        Principal {
            person: self.issued_by,
            unit: self.unit,
            unit_code: unit_code.to_owned(),
            roles: Vec::<Role>::new(),
            credential: Credential::ApiKey { key: self.id, usage: self.usage, valid_until: self.valid_until },
            person_standing,
            unit_standing,
            tenants: Vec::new(),
            usages: vec![self.usage],
        }
    }
}
