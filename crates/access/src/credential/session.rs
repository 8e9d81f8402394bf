//! Sessions: the token in the cookie, its digest in the store, its two expiries, and the form token derived from it.

use base::{Digest, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{decode, encode};
use crate::Error;

/// Says what the derived key is for, so that the same secret may serve another purpose later.
const CSRF_LABEL: &[u8] = b"shuyu/csrf/1";

/// The secret of a session: in the browser's cookie, nowhere else.
#[derive(Clone)]
pub struct SessionSecret(Zeroizing<[u8; 32]>);

impl SessionSecret {
    /// From 32 fresh random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// From the token of a cookie.
    ///
    /// # Errors
    /// [`Error::Token`] when the text is not a token.
    pub fn parse(token: &str) -> Result<Self, Error> {
        decode(token).map(Self).ok_or(Error::Token)
    }

    /// The token for the cookie: 43 characters of base64url.
    #[must_use]
    pub fn token(&self) -> String {
        encode(&self.0)
    }

    /// What the store keeps and looks up: SHA-256 of the secret. A thief of the store cannot sign in with it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_slice())
    }

    /// The token that every form and unsafe request must carry.
    #[must_use]
    pub fn csrf_token(&self) -> String {
        self.csrf().map(|mac| encode(&mac.finalize().into_bytes().into())).unwrap_or_default()
    }

    /// Whether a request carried this session's form token; constant time.
    #[must_use]
    pub fn accepts_csrf(&self, token: &str) -> bool {
        let (Some(mac), Some(given)) = (self.csrf(), decode(token)) else { return false };
        mac.verify_slice(given.as_slice()).is_ok()
    }

    fn csrf(&self) -> Option<Hmac<Sha256>> {
        // HMAC takes a key of any length, so this is always Some.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(CSRF_LABEL);
        Some(mac)
    }
}

impl std::fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionSecret(..)")
    }
}

/// How long sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionPolicy {
    /// Without a request, in seconds.
    pub idle_seconds: i64,
    /// From sign-in, whatever happens, in seconds.
    pub absolute_seconds: i64,
}

impl Default for SessionPolicy {
    /// Half an hour idle, one working day in all.
    fn default() -> Self {
        Self { idle_seconds: 30 * 60, absolute_seconds: 12 * 3600 }
    }
}

/// The two times of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionTimes {
    /// Sign-in.
    pub opened_at: Timestamp,
    /// Last request.
    pub seen_at: Timestamp,
}

impl SessionTimes {
    /// The session is dead from this instant on.
    #[must_use]
    pub fn valid_until(&self, policy: &SessionPolicy) -> Timestamp {
        let idle = self.seen_at.plus_seconds(policy.idle_seconds);
        idle.min(self.opened_at.plus_seconds(policy.absolute_seconds))
    }

    /// The times after a request, or none if the session is dead. A clock that went back changes nothing.
    #[must_use]
    pub fn touch(&self, policy: &SessionPolicy, now: Timestamp) -> Option<Self> {
        (now < self.valid_until(policy)).then(|| Self { seen_at: self.seen_at.max(now), ..*self })
    }
}
