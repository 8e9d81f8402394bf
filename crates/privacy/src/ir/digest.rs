//! The digests by which approved queries are pinned and releases are compared.

use base::Digest;
use serde_json::Value;

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

/// Digest of what two releases must share for their cells to be comparable: the resources read and the group keys,
/// constants blanked. Releases of one shape that differ in a filter can be subtracted from each other, cell by cell;
/// [`crate::disclosure::compare`] guards against that.
///
/// `None` if the query is not an aggregate at its top.
#[must_use]
pub fn shape(rel: &Rel) -> Option<Digest> {
    let top = super::check::releasing(rel)?;
    let mut resources = Vec::new();
    super::check::scans(top.input, &mut |resource, _| resources.push(resource.to_owned()));
    resources.sort();
    resources.dedup();
    let mut keys = top
        .group
        .iter()
        .map(|named| serde_json::to_value(&named.expr).map(blank))
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    keys.sort_by_key(ToString::to_string);
    let mut bytes = b"shuyu-shape-v1\n".to_vec();
    bytes.extend(base::canonical_json(&(resources, keys)).ok()?);
    Some(Digest::of(&bytes))
}

/// The tree without the values of its constants.
fn blank(value: Value) -> Value {
    match value {
        Value::Object(map) if map.get("expr").and_then(Value::as_str) == Some("literal") => Value::Null,
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(name, value)| (name, blank(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(blank).collect()),
        other => other,
    }
}
