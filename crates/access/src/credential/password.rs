//! Passwords: the rule, the hash (Argon2id), the check.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Error;

/// Memory of one hash, in KiB. Source: OWASP password storage cheat sheet, Argon2id, second configuration.
pub const PASSWORD_MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
pub const PASSWORD_ITERATIONS: u32 = 2;
/// Lanes.
pub const PASSWORD_LANES: u32 = 1;
/// Fewest characters of a password.
pub const PASSWORD_LENGTH_MIN: usize = 10;
/// Most characters of a password: longer ones only cost time.
pub const PASSWORD_LENGTH_MAX: usize = 128;

/// Passwords of at least the minimum length that are tried first by everybody; compared without case.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "9876543210",
    "0987654321",
    "1111111111",
    "0000000000",
    "8888888888",
    "6666666666",
    "12345678910",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "abcdefghij",
    "a123456789",
    "password123",
    "password1234",
    "passw0rd123",
    "admin12345",
    "admin123456",
    "administrator",
    "woaini1314520",
    "iloveyou1314",
    "changeme123",
    "letmein123",
];

/// A password as typed. Wiped when dropped; has no readable `Debug`.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short or too long.
    #[error("password must have {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters")]
    Length,
    /// Equals or contains the account's name, or is contained in it.
    #[error("password is too close to the account name")]
    AccountName,
    /// On the list of common passwords, or one character repeated.
    #[error("password is too common")]
    Common,
}

impl WeakPassword {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length => "access.password_length",
            Self::AccountName => "access.password_account_name",
            Self::Common => "access.password_common",
        }
    }
}

impl Password {
    /// Takes a password as typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Whether it may be chosen for an account. Length and lists instead of character classes: classes push people to
    /// `Abc12345!` and no further.
    ///
    /// # Errors
    /// [`WeakPassword`] saying why not.
    pub fn check_rule(&self, account: &str) -> Result<(), WeakPassword> {
        let length = self.0.chars().count();
        if !(PASSWORD_LENGTH_MIN..=PASSWORD_LENGTH_MAX).contains(&length) {
            return Err(WeakPassword::Length);
        }
        let folded = Zeroizing::new(self.0.to_lowercase());
        let account = account.to_lowercase();
        if !account.is_empty() && (account.contains(folded.as_str()) || folded.as_str() == account) {
            return Err(WeakPassword::AccountName);
        }
        let mut characters = folded.chars();
        let first = characters.next();
        if COMMON.contains(&folded.as_str()) || characters.all(|next| Some(next) == first) {
            return Err(WeakPassword::Common);
        }
        Ok(())
    }

    /// The hash to store, under 16 fresh random bytes.
    ///
    /// # Errors
    /// [`Error::PasswordHash`] when there is no memory for it or the text is far too long.
    pub fn hash(&self, salt: [u8; 16]) -> Result<PasswordHash, Error> {
        if self.0.chars().count() > PASSWORD_LENGTH_MAX {
            return Err(Error::PasswordHash);
        }
        let hash: phc::PasswordHash =
            engine()?.hash_password_with_salt(self.0.as_bytes(), &salt).map_err(|_| Error::PasswordHash)?;
        Ok(PasswordHash(hash.to_string()))
    }

    /// Whether it is the password behind the hash. Takes as long for a wrong one as for the right one.
    ///
    /// # Errors
    /// [`Error::PasswordHash`] when the stored text is not a hash.
    pub fn verify(&self, stored: &PasswordHash) -> Result<bool, Error> {
        if self.0.chars().count() > PASSWORD_LENGTH_MAX {
            return Ok(false);
        }
        let hash = phc::PasswordHash::new(&stored.0).map_err(|_| Error::PasswordHash)?;
        Ok(engine()?.verify_password(self.0.as_bytes(), &hash).is_ok())
    }

    /// Takes as long as [`Password::verify`], for an account that does not exist, so that the answer's time does not
    /// tell which accounts do.
    pub fn verify_nobody(&self) {
        drop(self.hash([0; 16]));
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password hash for storage, in the PHC text form (`$argon2id$v=19$m=…`), with its salt and parameters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// From storage.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// For storage.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

fn engine() -> Result<Argon2<'static>, Error> {
    let params = Params::new(PASSWORD_MEMORY_KIB, PASSWORD_ITERATIONS, PASSWORD_LANES, None);
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| Error::PasswordHash)?))
}
