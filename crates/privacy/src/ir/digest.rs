//! The digest by which approved queries are pinned.

use base::Digest;

use super::Rel;
use crate::Error;

/// Digest of a query: SHA-256 of a version line and the canonical JSON of the tree. Two trees have one digest only
/// if they are equal; a translator should number aliases (`t0`, `t1`, …) so that equal queries give equal trees.
///
/// # Errors
/// [`Error::Canonical`] if the tree holds a float that is not finite.
pub fn digest(rel: &Rel) -> Result<Digest, Error> {
    let mut bytes = b"shuyu-ir-v1\n".to_vec();
    bytes.extend(base::canonical_json(rel).map_err(|_| Error::Canonical)?);
    Ok(Digest::of(&bytes))
}
