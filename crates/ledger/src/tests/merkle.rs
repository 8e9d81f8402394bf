use base::Digest;
use proptest::prelude::*;

use super::{leaves, naive_root};
use crate::{
    Error, Nodes, consistency_proof, empty_root, inclusion_proof, leaf_hash, root, verify_consistency,
    verify_inclusion,
};

/// Complete subtrees of leaves at hand.
struct Leaves(Vec<Digest>);

impl Nodes for Leaves {
    fn node(&mut self, level: u8, index: u64) -> Result<Digest, Error> {
        let start = (index << level) as usize;
        Ok(naive_root(&self.0[start..start + (1 << level)]))
    }
}

/// The inputs and results that the reference implementations of Certificate Transparency are tested with.
fn reference() -> Leaves {
    let inputs: [&[u8]; 8] = [b"", b"\0", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];
    Leaves(inputs.into_iter().map(leaf_hash).collect())
}

const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn digests(texts: &[&str]) -> Vec<Digest> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn roots_are_those_of_the_reference() {
    assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(root(&mut reference(), 0).unwrap(), empty_root());
    for (size, expected) in (1..).zip(digests(&ROOTS)) {
        assert_eq!(root(&mut reference(), size).unwrap(), expected, "{size}");
    }
}

#[test]
fn inclusion_proofs_are_those_of_the_reference() {
    let cases: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (index, size, expected) in cases {
        let proof = inclusion_proof(&mut reference(), index, size).unwrap();
        assert_eq!(proof, digests(expected), "{index} of {size}");
        let root: Digest = ROOTS[size as usize - 1].parse().unwrap();
        verify_inclusion(&reference().0[index as usize], index, size, &proof, &root).unwrap();
    }
}

#[test]
fn consistency_proofs_are_those_of_the_reference() {
    let cases: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (old, new, expected) in cases {
        let proof = consistency_proof(&mut reference(), old, new).unwrap();
        assert_eq!(proof, digests(expected), "{old} to {new}");
        let root = |size: u64| ROOTS[size as usize - 1].parse::<Digest>().unwrap();
        verify_consistency((old, &root(old)), (new, &root(new)), &proof).unwrap();
    }
}

#[test]
fn all_proofs_of_small_trees_hold_and_of_no_other_leaf_or_size() {
    let mut nodes = Leaves(leaves(20));
    for size in 0..=20u64 {
        let root = root(&mut nodes, size).unwrap();
        assert_eq!(root, naive_root(&nodes.0[..size as usize]));
        for index in 0..size {
            let proof = inclusion_proof(&mut nodes, index, size).unwrap();
            verify_inclusion(&nodes.0[index as usize], index, size, &proof, &root).unwrap();
            for other in (0..size).filter(|other| *other != index) {
                assert!(verify_inclusion(&nodes.0[index as usize], other, size, &proof, &root).is_err());
                assert!(verify_inclusion(&nodes.0[other as usize], index, size, &proof, &root).is_err());
            }
        }
        assert_eq!(inclusion_proof(&mut nodes, size, size).unwrap_err().code(), "ledger.range");
        for old in 0..=size {
            let old_root = naive_root(&nodes.0[..old as usize]);
            let proof = consistency_proof(&mut nodes, old, size).unwrap();
            verify_consistency((old, &old_root), (size, &root), &proof).unwrap();
            for other in (1..size).filter(|other| *other != old && old != 0) {
                assert!(verify_consistency((other, &old_root), (size, &root), &proof).is_err());
            }
        }
        assert_eq!(consistency_proof(&mut nodes, size + 1, size).unwrap_err().code(), "ledger.range");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn altered_proofs_fail(
        size in 2u64..300,
        index in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in 0usize..32,
        mask in 1u8..=255,
    ) {
        let mut nodes = Leaves(leaves(size));
        let root = naive_root(&nodes.0);
        let index = index.index(size as usize) as u64;
        let leaf = nodes.0[index as usize];
        let good = inclusion_proof(&mut nodes, index, size).unwrap();
        verify_inclusion(&leaf, index, size, &good, &root).unwrap();
        let mut bad = good.clone();
        bad[at.index(good.len())].0[byte] ^= mask;
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &bad, &root).unwrap_err().code(), "ledger.proof");
        prop_assert!(verify_inclusion(&leaf, index, size, &good[1..], &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index, size, &[good.clone(), vec![leaf]].concat(), &root).is_err());

        let old = index.max(1);
        let old_root = naive_root(&nodes.0[..old as usize]);
        let good = consistency_proof(&mut nodes, old, size).unwrap();
        verify_consistency((old, &old_root), (size, &root), &good).unwrap();
        let mut bad = good.clone();
        bad[at.index(good.len())].0[byte] ^= mask;
        let error = verify_consistency((old, &old_root), (size, &root), &bad).unwrap_err();
        prop_assert_eq!(error.code(), "ledger.proof");
        prop_assert!(verify_consistency((old, &old_root), (size, &root), &good[1..]).is_err());
        prop_assert!(verify_consistency((old, &root), (size, &root), &good).is_err());
        prop_assert!(verify_consistency((old, &old_root), (size, &old_root), &good).is_err());
    }

    #[test]
    fn verifiers_take_any_proof(
        index in any::<u64>(),
        size in any::<u64>(),
        proof in prop::collection::vec(any::<[u8; 32]>().prop_map(Digest), 0..70),
    ) {
        let any = empty_root();
        prop_assert!(verify_inclusion(&any, index, size, &proof, &any).is_err());
        let _ = verify_consistency((index, &any), (size, &any), &proof);
    }
}
