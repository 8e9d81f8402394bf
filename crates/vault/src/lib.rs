//! Keys and sealed objects: data that lies on disk only as ciphertext, and stops being readable when a key goes.
//!
//! # What it is
//! A hierarchy of keys, [`RootKey`] → [`TenantKey`] → [`DataKey`], each stored only wrapped under the one above
//! ([`WrappedKey`]), and one format for sealed bytes: files of any size through [`Sealer`], [`Opener`] and
//! [`OpenReader`]; small values through [`seal_bytes`] and [`open_bytes`].
//!
//! # What it is not
//! It is no key store and no file store: it opens no file, reads no clock and makes no randomness. Seeds and nonces are
//! arguments, and whoever passes them must draw them fresh. It hides contents and guards them against change; it does
//! not hide lengths.
//!
//! # Invariants
//! - A wrapped key opens only for the tenant and resource it was wrapped for; a sealed object only for its tenant and
//!   object id. Neither can be moved.
//! - Plain bytes leave only after their tag was found right.
//! - Keys and buffers of plain bytes are wiped on drop; no type here prints a key.
//! - Destroying the wrapped tenant key (every copy, backups included) destroys all that the tenant holds: data keys
//!   are random, so nothing else leads to them.
//! - A wrong key, tampering, truncation and a moved object are one error, `vault.open`.
//!
//! # The sealed object, byte by byte
//! ```text
//! offset  bytes  what
//!      0      7  magic, "SHUYUSO"
//!      7      1  version, 1
//!      8      1  suite: 1 = AES-256-GCM with SHA-256
//!      9      1  base-2 logarithm of the plain bytes per chunk, 10 to 20; 16 (64 KiB) is written
//!     10      2  reserved, 0
//!     12     16  object id
//!     28     16  seed, random
//!     44      …  chunks: ciphertext, then its tag of 16 bytes
//! ```
//! Every chunk but the last holds a full chunk of plain bytes; the last holds 1 to a full chunk, or nothing if the object
//! is empty. The length of the file therefore tells the number of chunks and the plain length.
//!
//! Object key: HKDF-SHA-256 of the data key, salt = seed, info = "shuyu.object.v1", tenant id and the 44 header bytes,
//! each preceded by its length as 8 bytes, big-endian. A key serves one object, so chunk nonces can count:
//! 3 zero bytes, chunk index (8 bytes, big-endian), final flag (1 in the last chunk, otherwise 0).
//! Associated data of a chunk: "shuyu.chunk.v1" and a zero byte, tenant id (16), object id (16), chunk index (8,
//! big-endian), final flag (1). So a chunk that was swapped, dropped, doubled or taken from elsewhere does not open, and
//! an object cut at a chunk border has no final chunk.
//!
//! # Where to start
//! ```
//! use std::io::{Cursor, Read, Write};
//! use vault::{DataKey, OpenReader, RootKey, SealContext, Sealer, TenantKey};
//! # use base::{Id, Timestamp, kind};
//! # fn main() -> Result<(), vault::Error> {
//! # let tenant = Id::new(Timestamp::from_micros(1), [1; 10]);
//! # let object = Id::new(Timestamp::from_micros(1), [2; 10]);
//! # let resource = Id::<kind::Resource>::new(Timestamp::from_micros(1), [3; 10]);
//! # let (random32, random16, random12) = ([7; 32], [8; 16], [9; 12]);
//! let root = RootKey::from_bytes(random32);
//! let tenant_key = TenantKey::from_bytes(random32);
//! let data_key = DataKey::from_bytes(random32);
//! let stored = tenant_key.wrap_data(&data_key, tenant, resource, random12)?;
//! let stored_tenant = root.wrap_tenant(&tenant_key, tenant, random12)?;
//!
//! let context = SealContext { tenant, object };
//! let mut sealer = Sealer::new(Vec::new(), &data_key, &context, random16)?;
//! sealer.write_all(b"raw rows")?;
//! let (sealed, file) = sealer.finish()?;
//! assert_eq!(sealed.plain_len, 8);
//!
//! let key = root.unwrap_tenant(&stored_tenant, tenant)?.unwrap_data(&stored, tenant, resource)?;
//! let mut text = String::new();
//! OpenReader::new(Cursor::new(file), &key, &context)?.read_to_string(&mut text)?;
//! assert_eq!(text, "raw rows");
//! # Ok(())
//! # }
//! ```

mod error;
mod format;
mod keys;
mod open;
pub mod residue;
mod seal;
mod suite;

pub use error::Error;
pub use format::{HEADER_BYTES, OBJECT_CHUNKS_MAX, SEED_BYTES, SealContext, object_of};
pub use keys::{DataKey, KEY_BYTES, RootKey, TenantKey, WRAP_NONCE_BYTES, WRAPPED_KEY_BYTES, WrappedKey};
pub use open::{OpenReader, Opener, open_bytes};
pub use seal::{Sealed, Sealer, seal_bytes};
pub use suite::Suite;

#[cfg(test)]
mod tests;
