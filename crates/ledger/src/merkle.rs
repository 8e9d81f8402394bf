//! The Merkle tree of RFC 6962 (and RFC 9162): hashes, proofs and their verification.

use base::Digest;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// Hash of a leaf: SHA-256 of a zero byte and the entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    Digest(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
}

/// Hash of an inner node: SHA-256 of a one byte and both children.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// Gives the hashes of complete subtrees.
pub trait Nodes {
    /// Hash of the complete subtree over the leaves `index · 2^level` to `(index + 1) · 2^level`.
    ///
    /// # Errors
    /// When the hash cannot be had.
    fn node(&mut self, level: u8, index: u64) -> Result<Digest, Error>;
}

/// The largest power of two below `n`, as an exponent. `n` is at least 2.
const fn split(n: u64) -> u8 {
    63 - (n - 1).leading_zeros() as u8
}

/// Hash of the leaves `start..end`, where `start` is a multiple of the size of the subtree that holds them.
fn range_hash(nodes: &mut impl Nodes, start: u64, end: u64) -> Result<Digest, Error> {
    let len = end - start;
    if len.is_power_of_two() {
        let level = len.trailing_zeros() as u8;
        return nodes.node(level, start >> level);
    }
    let middle = start + (1 << split(len));
    let left = range_hash(nodes, start, middle)?;
    let right = range_hash(nodes, middle, end)?;
    Ok(node_hash(&left, &right))
}

/// Root of the first `size` leaves.
///
/// # Errors
/// When `nodes` fails.
pub fn root(nodes: &mut impl Nodes, size: u64) -> Result<Digest, Error> {
    if size == 0 { Ok(empty_root()) } else { range_hash(nodes, 0, size) }
}

/// Proof that leaf `index` is in the tree of the first `size` leaves.
///
/// *Order*: from the leaf's sibling to the root's child.
///
/// # Errors
/// [`Error::Range`] if there is no such leaf, or when `nodes` fails.
pub fn inclusion_proof(nodes: &mut impl Nodes, index: u64, size: u64) -> Result<Vec<Digest>, Error> {
    if index >= size {
        return Err(Error::Range { index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + (1 << split(end - start));
        if index < middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of the first `old` leaves is a prefix of the tree of the first `new` leaves.
///
/// # Errors
/// [`Error::Range`] if `old` is larger than `new`, or when `nodes` fails.
pub fn consistency_proof(nodes: &mut impl Nodes, old: u64, new: u64) -> Result<Vec<Digest>, Error> {
    if old > new {
        return Err(Error::Range { index: old, size: new });
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut proof = Vec::new();
    while end != old {
        let middle = start + (1 << split(end - start));
        if old <= middle {
            proof.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    // A verifier knows the old root already when it is itself the node that was reached.
    if start != 0 {
        proof.push(range_hash(nodes, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the leaf with this hash is entry `index` of the tree with this size and root (RFC 9162, 2.1.3.2).
///
/// # Errors
/// [`Error::Proof`] if the proof does not show it; [`Error::Range`] if the tree has no such leaf.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), Error> {
    if index >= size {
        return Err(Error::Range { index, size });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(Error::Proof { what: "too long" });
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(Error::Proof { what: "another root" }),
        _ => Err(Error::Proof { what: "too short" }),
    }
}

/// Checks that the tree with the old size and root is a prefix of the one with the new (RFC 9162, 2.1.4.2).
///
/// # Errors
/// [`Error::Proof`] if the proof does not show it; [`Error::Range`] if the old tree is the larger one.
pub fn verify_consistency(
    (old, old_root): (u64, &Digest),
    (new, new_root): (u64, &Digest),
    proof: &[Digest],
) -> Result<(), Error> {
    if old > new {
        return Err(Error::Range { index: old, size: new });
    }
    if old == 0 || old == new {
        let same = if old == new { old_root == new_root } else { *old_root == empty_root() };
        return match (same, proof.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err(Error::Proof { what: "too long" }),
            (false, _) => Err(Error::Proof { what: "another root" }),
        };
    }
    let short = || Error::Proof { what: "too short" };
    // When the old tree is one complete subtree, the proof leaves its root out.
    let (first, rest) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or_else(short)? };
    let (mut node, mut last) = (old - 1, new - 1);
    let complete = node.trailing_ones();
    (node, last) = (node >> complete, last >> complete);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return Err(Error::Proof { what: "too long" });
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(short());
    }
    if old_hash == *old_root && new_hash == *new_root {
        Ok(())
    } else {
        Err(Error::Proof { what: "another root" })
    }
}

/// Root of a tree whose leaf hashes are all at hand.
pub(crate) fn root_of(hashes: &[Digest]) -> Digest {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        // An odd hash at the end moves up as it is: that is the split at the largest power of two.
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(left, right),
                _ => pair.first().copied().unwrap_or_else(empty_root),
            })
            .collect();
    }
    level.first().copied().unwrap_or_else(empty_root)
}
