//! One generic id type over UUIDv7, told apart by a kind.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{Error, Timestamp};

/// What an id identifies. Implemented only by the kinds in [`kind`].
pub trait Kind: 'static {
    /// Stable name, used in error texts and in storage.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// The append-only list of kinds.
        pub mod kind {
            $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub struct $kind;
            impl super::Kind for $kind { const NAME: &'static str = $name; })*
        }
    };
}

kinds! {
    /// A natural person with an account.
    Person = "person",
    /// An organisation: bureau, provider, operator, buyer …
    Unit = "unit",
    /// A case (办件) of a procedure.
    Case = "case",
    /// A signed-in session.
    Session = "session",
    /// A public data resource (公共数据资源).
    Resource = "resource",
    /// One immutable snapshot of a resource's rows.
    Snapshot = "snapshot",
    /// The tenant made for one authorisation (or one provider's holding area).
    Tenant = "tenant",
    /// A grant of one resource to one tenant (授权数据).
    Grant = "grant",
    /// A model (模型算法): a piece of code with a digest.
    Model = "model",
    /// A run order and its run.
    Run = "run",
    /// An export request at the airlock (出域).
    Export = "export",
    /// A question answered with noise, without a reviewer.
    Statistic = "statistic",
    /// A product (数据产品和服务).
    Product = "product",
    /// A usage agreement between operator and data user (使用协议).
    Usage = "usage",
    /// An API key.
    ApiKey = "api_key",
    /// One call of a product.
    Call = "call",
    /// A bill for one month.
    Invoice = "invoice",
    /// A sealed object.
    Object = "object",
    /// A background job.
    Job = "job",
    /// One HTTP request, for tracing.
    Request = "request",
    /// A public notice (公告、公示).
    Notice = "notice",
    /// A certificate (for example of destruction).
    Certificate = "certificate",
}

/// A UUIDv7 that knows what it identifies.
///
/// Written as a plain hyphenated UUID in JSON and URLs.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    /// Makes an id from the time and ten random bytes; ids sort by time.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.micros().max(0) / 1000).unwrap_or(0);
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Wraps a stored UUID.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The bare UUID, for storage.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// The 16 bytes, for associated data and keys.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.uuid.as_bytes()
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", K::NAME, self.uuid)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}
impl<K: Kind> FromStr for Id<K> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Uuid::parse_str(text)
            .map(Self::from_uuid)
            .map_err(|_| Error::Id { kind: K::NAME, text: text.chars().take(64).collect() })
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.uuid)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_round_trip() {
        let a = Id::<kind::Case>::new(Timestamp::from_micros(1_000_000), [255; 10]);
        let b = Id::<kind::Case>::new(Timestamp::from_micros(2_000_000), [0; 10]);
        assert!(a < b);
        assert_eq!(a.to_string().parse::<Id<kind::Case>>().unwrap(), a);
        assert_eq!("x".parse::<Id<kind::Case>>().unwrap_err().code(), "base.id");
    }
}
