//! Arithmetic of credentials. Random bytes and the time are arguments; what is returned for storage never contains a
//! secret, and types that hold one print nothing of it.

mod api_key;
mod password;
mod session;
mod throttle;

pub use api_key::{ApiKeyRecord, ApiKeySecret, KeyRefusal};
pub use password::{
    PASSWORD_ITERATIONS, PASSWORD_LANES, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, PASSWORD_MEMORY_KIB,
    Password, PasswordHash, WeakPassword,
};
pub use session::{SessionPolicy, SessionSecret, SessionTimes};
pub use throttle::{Failures, Throttle};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// 32 random bytes as 43 characters that need no escaping in headers, cookies and URLs.
fn encode(bytes: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    // Limit: a longer text is refused before it is decoded.
    let written =
        (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).ok())??;
    (written == 32).then_some(bytes)
}

#[cfg(test)]
mod tests;
