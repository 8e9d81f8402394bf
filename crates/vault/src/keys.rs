//! The key hierarchy: root → tenant → data.

use std::fmt;

use base::{Id, Kind, kind::Tenant};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Error;
use crate::suite::{NONCE_BYTES, Suite, TAG_BYTES, derive, prefixed, unwrap, wrap};

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;
/// Bytes of the random nonce that each wrapping needs.
pub const WRAP_NONCE_BYTES: usize = NONCE_BYTES;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; KEY_BYTES]);

        impl $name {
            /// Takes key bytes: fresh random ones, or those of [`Self::to_bytes`].
            #[must_use]
            pub const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
                Self(bytes)
            }

            /// The bare bytes, wiped on drop, to be handed to another process or into a sealed place.
            #[must_use]
            pub fn to_bytes(&self) -> Zeroizing<[u8; KEY_BYTES]> {
                Zeroizing::new(self.0)
            }

            /// A data key for one fixed purpose, which needs no storage: the same label gives the same key.
            ///
            /// # Errors
            /// [`Error::Limit`] never in practice.
            pub fn derive(&self, purpose: &str) -> Result<DataKey, Error> {
                let info: [&[u8]; 2] = [concat!("shuyu.derive.v1.", stringify!($name)).as_bytes(), purpose.as_bytes()];
                derive(Suite::default(), &self.0, &[], &info).map(|key| DataKey(*key))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

key! {
    /// The key of the installation. It wraps tenant keys and lives outside the data folder.
    RootKey
}
key! {
    /// The key of one tenant. It wraps data keys; when its wrapped form is destroyed, so is all the tenant holds.
    TenantKey
}
key! {
    /// The key of one resource (or of one purpose) in one tenant. It seals objects.
    DataKey
}

impl RootKey {
    /// Wraps a tenant's key so that it opens for this tenant only. `nonce` must be fresh random bytes.
    ///
    /// # Errors
    /// [`Error::Limit`] never in practice.
    pub fn wrap_tenant(
        &self,
        key: &TenantKey,
        tenant: Id<Tenant>,
        nonce: [u8; WRAP_NONCE_BYTES],
    ) -> Result<WrappedKey, Error> {
        WrappedKey::wrap(&self.0, &key.0, &tenant_scope(tenant), nonce)
    }

    /// Opens a wrapped tenant key.
    ///
    /// # Errors
    /// [`Error::Unwrap`] if the root key, the tenant or the wrapped bytes are not those of the wrapping.
    pub fn unwrap_tenant(&self, wrapped: &WrappedKey, tenant: Id<Tenant>) -> Result<TenantKey, Error> {
        wrapped.unwrap(&self.0, &tenant_scope(tenant)).map(|key| TenantKey(*key))
    }
}

impl TenantKey {
    /// Wraps a data key so that it opens for this tenant and this resource only. `nonce` must be fresh random bytes.
    ///
    /// # Errors
    /// [`Error::Limit`] never in practice.
    pub fn wrap_data<K: Kind>(
        &self,
        key: &DataKey,
        tenant: Id<Tenant>,
        resource: Id<K>,
        nonce: [u8; WRAP_NONCE_BYTES],
    ) -> Result<WrappedKey, Error> {
        WrappedKey::wrap(&self.0, &key.0, &data_scope(tenant, resource), nonce)
    }

    /// Opens a wrapped data key.
    ///
    /// # Errors
    /// [`Error::Unwrap`] if the tenant key, the ids or the wrapped bytes are not those of the wrapping.
    pub fn unwrap_data<K: Kind>(
        &self,
        wrapped: &WrappedKey,
        tenant: Id<Tenant>,
        resource: Id<K>,
    ) -> Result<DataKey, Error> {
        wrapped.unwrap(&self.0, &data_scope(tenant, resource)).map(|key| DataKey(*key))
    }
}

fn tenant_scope(tenant: Id<Tenant>) -> Vec<u8> {
    prefixed(&[b"shuyu.wrap.tenant.v1", tenant.as_bytes()])
}

fn data_scope<K: Kind>(tenant: Id<Tenant>, resource: Id<K>) -> Vec<u8> {
    prefixed(&[b"shuyu.wrap.data.v1", tenant.as_bytes(), K::NAME.as_bytes(), resource.as_bytes()])
}

/// A key sealed under the key above it; safe to store and to print.
///
/// Bytes and text (lower-case hexadecimal, also in JSON): suite (1), nonce (12), encrypted key (32), tag (16).
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    suite: Suite,
    nonce: [u8; NONCE_BYTES],
    sealed: [u8; KEY_BYTES + TAG_BYTES],
}

/// Bytes of a wrapped key.
pub const WRAPPED_KEY_BYTES: usize = 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES;

impl WrappedKey {
    fn wrap(
        outer: &[u8; KEY_BYTES],
        inner: &[u8; KEY_BYTES],
        scope: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Self, Error> {
        let suite = Suite::default();
        let mut sealed = [0; KEY_BYTES + TAG_BYTES];
        let (body, tail) = sealed.split_at_mut(KEY_BYTES);
        body.copy_from_slice(inner);
        let tag = wrap(suite, outer, &nonce, &with_suite(suite, scope), body)?;
        tail.copy_from_slice(&tag);
        Ok(Self { suite, nonce, sealed })
    }

    fn unwrap(&self, outer: &[u8; KEY_BYTES], scope: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, Error> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let associated = with_suite(self.suite, scope);
        unwrap(self.suite, outer, &self.nonce, &associated, &self.sealed, key.as_mut())
            .ok_or(Error::Unwrap)?;
        Ok(key)
    }

    /// The suite it was wrapped with.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; WRAPPED_KEY_BYTES] {
        let mut bytes = [0; WRAPPED_KEY_BYTES];
        let fields = std::iter::once(self.suite.byte()).chain(self.nonce).chain(self.sealed);
        bytes.iter_mut().zip(fields).for_each(|(slot, byte)| *slot = byte);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`Error::Format`] for a wrong length or an unknown suite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let bad = || Error::Format { what: "wrapped key" };
        let (suite, rest) = bytes.split_first().ok_or_else(bad)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or_else(bad)?;
        Ok(Self {
            suite: Suite::from_byte(*suite)?,
            nonce: *nonce,
            sealed: sealed.try_into().map_err(|_| bad())?,
        })
    }
}

fn with_suite(suite: Suite, scope: &[u8]) -> Vec<u8> {
    prefixed(&[&[suite.byte()], scope])
}

impl fmt::Display for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}
impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl std::str::FromStr for WrappedKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; WRAPPED_KEY_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| Error::Format { what: "wrapped key" })?;
        Self::from_bytes(&bytes)
    }
}
impl Serialize for WrappedKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for WrappedKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
