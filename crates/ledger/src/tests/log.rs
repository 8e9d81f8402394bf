use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Stored, entry, key, leaves, naive_root};
use crate::{
    Checkpoint, JournalEntry, RecordProof, Sequencer, TileId, TileKind, TileReader, consistency_proof,
    inclusion_proof, parse_bundle, read_entry, root, verify_consistency, verify_inclusion,
};

const LEAF_TILES: TileKind = TileKind::Hashes { level: 0 };

#[test]
fn paths_are_those_of_the_specification() {
    let cases = [
        (LEAF_TILES, 1_234_067, u64::MAX, "tile/0/x001/x234/067"),
        (LEAF_TILES, 0, 256, "tile/0/000"),
        (LEAF_TILES, 273, 70_000, "tile/0/273.p/112"),
        (TileKind::Hashes { level: 1 }, 0, 70_000, "tile/1/000"),
        (TileKind::Hashes { level: 1 }, 1, 70_000, "tile/1/001.p/17"),
        (TileKind::Hashes { level: 2 }, 0, 70_000, "tile/2/000.p/1"),
        (TileKind::Entries, 1000, 256_001, "tile/entries/x001/000.p/1"),
    ];
    for (kind, index, size, path) in cases {
        let id = TileId::in_tree(kind, index, size).unwrap();
        assert_eq!(id.to_string(), path);
        assert_eq!(path.parse::<TileId>().unwrap(), id);
    }
    assert_eq!(TileId::in_tree(LEAF_TILES, 1, 256), None);
    assert_eq!(TileId::in_tree(TileKind::Hashes { level: 3 }, 0, 70_000), None);
}

#[test]
fn only_exact_paths_are_paths() {
    for path in [
        "",
        "tile",
        "checkpoint",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/00/000",
        "tile/64/000",
        "tile/0/1000",
        "tile/0/001/000",
        "tile/0/x000/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/+00",
        "tile/0/../../etc/passwd",
        "tile/0/000/../000",
        "/tile/0/000",
        "tile/entries/000.p/1/",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(path.parse::<TileId>().unwrap_err().code(), "ledger.tile", "{path}");
    }
}

/// The files a tree of a size must have, and no other.
fn expected_paths(size: u64) -> Vec<String> {
    let mut paths = Vec::new();
    let levels = (0..8).map(|level| TileKind::Hashes { level });
    for kind in levels.chain([TileKind::Entries]) {
        paths.extend((0..).map_while(|index| TileId::in_tree(kind, index, size)).map(|id| id.to_string()));
    }
    paths.sort();
    paths
}

#[test]
fn a_log_has_the_files_of_the_specification() {
    for size in [0, 1, 255, 256, 257, 1000, 65_536, 70_000] {
        let mut files = Stored::new(size, 100_000).files;
        files.remove("checkpoint").unwrap();
        assert_eq!(files.keys().cloned().collect::<Vec<_>>(), expected_paths(size), "{size}");
    }
}

#[test]
fn grouping_leaves_no_trace() {
    let (by_one, by_seven, at_once) = (Stored::new(700, 1), Stored::new(700, 7), Stored::new(700, 700));
    // What is left of partial tiles besides the needed ones belongs to earlier checkpoints.
    for stored in [&by_one, &by_seven] {
        assert!(at_once.files.iter().all(|(path, bytes)| stored.files[path] == *bytes));
    }
    assert_eq!(at_once.note(), by_one.note());
}

#[test]
fn resuming_anywhere_continues_the_same_log() {
    let whole = Stored::new(66_000, 66_000);
    for size in [0, 1, 256, 300, 65_535, 65_536, 65_792, 65_999] {
        let stored = Stored::new(size, 1 + size);
        let published = Checkpoint::open(&stored.note(), &key()).unwrap();
        let mut sequencer = Sequencer::resume(&stored.files, size, &published.root).unwrap();
        let rest: Vec<_> = (size..66_000).map(entry).collect();
        let batch = sequencer.append(&rest).unwrap();
        let open = Checkpoint::open(&whole.note(), &key()).unwrap();
        assert_eq!((batch.first, batch.size, batch.root), (size, 66_000, open.root));
        for write in batch.writes {
            assert_eq!(whole.files[&write.path], write.bytes, "{}", write.path);
        }
        // After a crash the tiles may be ahead of the checkpoint, and partial ones gone where there is a full one.
        let mut ahead = stored.files.clone();
        ahead.extend(whole.files.clone());
        ahead
            .retain(|path, _| path.split_once(".p/").is_none_or(|(full, _)| !whole.files.contains_key(full)));
        let resumed = Sequencer::resume(&ahead, size, &published.root).unwrap();
        assert_eq!(resumed.root(), published.root);
    }
}

#[test]
fn resuming_from_damaged_tiles_is_refused() {
    let stored = Stored::new(300, 300);
    let root = Checkpoint::open(&stored.note(), &key()).unwrap().root;
    for path in stored.files.keys().filter(|path| path.contains(".p/")) {
        let mut files = stored.files.clone();
        files.get_mut(path).unwrap()[20] ^= 1;
        let code = Sequencer::resume(&files, 300, &root).unwrap_err().code();
        assert!(["ledger.tile", "ledger.proof"].contains(&code), "{path}");
        files.remove(path);
        assert_eq!(Sequencer::resume(&files, 300, &root).unwrap_err().code(), "ledger.tile");
    }
}

#[test]
fn an_entry_that_is_too_long_appends_nothing() {
    let mut sequencer = Sequencer::new();
    let error = sequencer.append(&[vec![0; 10], vec![0; 65_536]]).unwrap_err();
    assert_eq!((error.code(), sequencer.size()), ("ledger.entry", 0));
    let batch = sequencer.append(&[vec![0; 65_535], vec![]]).unwrap();
    let files: BTreeMap<_, _> = batch.writes.into_iter().map(|write| (write.path, write.bytes)).collect();
    assert_eq!(read_entry(&files, 0, 2).unwrap().len(), 65_535);
    assert_eq!(read_entry(&files, 1, 2).unwrap(), b"");
    assert_eq!(read_entry(&files, 2, 2).unwrap_err().code(), "ledger.range");
    let id = TileId::in_tree(TileKind::Entries, 0, 2).unwrap();
    assert_eq!(parse_bundle(id, &[0, 1, 7]).unwrap_err().code(), "ledger.tile");
    assert_eq!(parse_bundle(id, &[0, 9, 7]).unwrap_err().code(), "ledger.tile");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn proofs_from_tiles_hold(
        sizes in prop::collection::btree_set(1u64..1500, 1..4),
        index in any::<prop::sample::Index>(),
    ) {
        let sizes: Vec<_> = sizes.into_iter().collect();
        let largest = sizes[sizes.len() - 1];
        let (stored, hashes) = (Stored::with_checkpoints(&sizes), leaves(largest));
        for size in sizes {
            // Tiles of the larger log serve the smaller one as well.
            let mut tiles = TileReader::new(&stored.files, size);
            let root = root(&mut tiles, size).unwrap();
            prop_assert_eq!(root, naive_root(&hashes[..size as usize]));
            let index = index.index(size as usize) as u64;
            let proof = inclusion_proof(&mut tiles, index, size).unwrap();
            verify_inclusion(&hashes[index as usize], index, size, &proof, &root).unwrap();
            let mut tiles = TileReader::new(&stored.files, largest);
            let proof = consistency_proof(&mut tiles, size, largest).unwrap();
            verify_consistency((size, &root), (largest, &naive_root(&hashes)), &proof).unwrap();
            prop_assert_eq!(read_entry(&stored.files, index, size).unwrap(), entry(index));
        }
    }
}

#[test]
fn a_record_is_proven_to_someone_with_only_the_key() {
    let stored = Stored::new(1000, 33);
    for index in [0, 255, 256, 998, 999] {
        let proof = RecordProof::build(&stored.files, &stored.note(), &key(), index).unwrap();
        let json = serde_json::to_string(&proof).unwrap();
        assert_eq!(serde_json::from_str::<RecordProof>(&json).unwrap(), proof);
        assert_eq!(RecordProof::from_text(&proof.to_text()).unwrap(), proof);
        let (found, checkpoint) = proof.verify(&key()).unwrap();
        assert_eq!((found.seq, checkpoint.size), (index + 1, 1000));
        assert_eq!(found.bytes().unwrap(), entry(index));

        let altered = |change: fn(&mut RecordProof)| {
            let mut proof = proof.clone();
            change(&mut proof);
            proof.verify(&key()).unwrap_err().code()
        };
        assert_eq!(altered(|proof| proof.entry = proof.entry.replace("submit", "accept")), "ledger.proof");
        assert_eq!(altered(|proof| proof.index ^= 1), "ledger.proof");
        assert_eq!(altered(|proof| proof.index += 1000), "ledger.range");
        assert_eq!(altered(|proof| proof.path[3].0[0] ^= 1), "ledger.proof");
        assert_eq!(altered(|proof| proof.path.truncate(3)), "ledger.proof");
        assert_eq!(
            altered(|proof| proof.checkpoint = proof.checkpoint.replace("1000", "1001")),
            "ledger.signature"
        );
        let other = super::NoteSigner::log(super::ORIGIN, &[8; 32]).unwrap().verifier();
        assert_eq!(proof.verify(&other).unwrap_err().code(), "ledger.signature");
    }
    let beyond = RecordProof::build(&stored.files, &stored.note(), &key(), 1000);
    assert_eq!(beyond.unwrap_err().code(), "ledger.range");
    for text in ["", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nextra e30=\nindex 01\n\nx"] {
        assert_eq!(RecordProof::from_text(text).unwrap_err().code(), "ledger.proof");
    }
}

#[test]
fn entries_have_one_form() {
    let bytes = entry(0);
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(
        text.starts_with(r#"{"action":"case.submit","actor":"person/0","at":1790000000000000,"clauses":["#)
    );
    assert_eq!(JournalEntry::parse_at(&bytes, 0).unwrap().bytes().unwrap(), bytes);
    assert_eq!(JournalEntry::parse_at(&bytes, 1).unwrap_err().code(), "ledger.order");
    for other in [text.replace(',', ", "), text.replace("}", r#","x":1}"#), format!("{text} "), String::new()]
    {
        assert_eq!(JournalEntry::parse(other.as_bytes()).unwrap_err().code(), "ledger.entry");
    }
    let mut long = JournalEntry::parse(&bytes).unwrap();
    long.subject = "x".repeat(70_000);
    assert_eq!(long.bytes().unwrap_err().code(), "ledger.entry");
}
