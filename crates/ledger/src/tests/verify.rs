use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::{Stored, entry, key};
use crate::{CHECKPOINT_PATH, FIRST_SEQ, Finding, Problem, Report, Sequencer, verify};

fn run(files: &BTreeMap<String, Vec<u8>>, rows: &[(u64, Vec<u8>)]) -> Report {
    verify(files, &key(), rows.iter().cloned().map(Ok::<_, Infallible>)).unwrap()
}

impl Stored {
    fn finding(&self) -> Option<Finding> {
        run(&self.files, &self.rows).finding
    }
    fn flip(&mut self, path: &str, offset: usize) {
        self.files.get_mut(path).unwrap()[offset] ^= 1;
    }
    /// Writes tiles for other entries, as someone with the disk but without the signing key could.
    fn rewrite(&mut self, changed: u64) {
        let note = self.files[CHECKPOINT_PATH].clone();
        let other = |index| if index == changed { entry(index + 1_000_000) } else { entry(index) };
        let entries: Vec<_> = (0..self.size).map(other).collect();
        let writes = Sequencer::new().append(&entries).unwrap().writes;
        self.files = writes.into_iter().map(|write| (write.path, write.bytes)).collect();
        self.files.insert(CHECKPOINT_PATH.to_owned(), note);
    }
}

fn bad(path: &str, offset: u64, problem: Problem) -> Option<Finding> {
    Some(Finding { path: path.to_owned(), offset, problem })
}

#[test]
fn a_sound_log_is_sound_and_counted() {
    for (size, group) in [(0, 1), (1, 1), (256, 256), (300, 7), (66_000, 1000)] {
        let mut stored = Stored::new(size, group);
        stored.rows.extend((size..size + 3).map(|index| (index + FIRST_SEQ, entry(index))));
        let report = run(&stored.files, &stored.rows);
        assert_eq!(report.finding, None);
        assert_eq!((report.size, report.entries, report.rows, report.pending), (size, size, size, 3));
        let files = stored.files.keys().filter(|path| path.starts_with("tile/") && !path.contains("entries"));
        if size == 66_000 {
            assert_eq!(report.tiles, files.filter(|path| !path.contains(".p/")).count() as u64 + 3);
        }
    }
}

#[test]
fn a_larger_log_serves_an_older_checkpoint() {
    let old = Stored::new(300, 300);
    let mut new = Stored::new(70_000, 70_000);
    new.files.insert(CHECKPOINT_PATH.to_owned(), old.files[CHECKPOINT_PATH].clone());
    let report = run(&new.files, &new.rows);
    assert_eq!((report.finding, report.entries, report.pending), (None, 300, 69_700));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever byte is changed, its file is named; and the byte itself, save in the checkpoint.
    #[test]
    fn any_changed_byte_is_named(
        size in 1u64..700,
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        mask in 1u8..=255,
    ) {
        let mut stored = Stored::new(size, 1000);
        let path = stored.files.keys().nth(file.index(stored.files.len())).unwrap().clone();
        let bytes = stored.files.get_mut(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        let finding = stored.finding().unwrap();
        prop_assert_eq!(&finding.path, &path);
        if path != CHECKPOINT_PATH {
            prop_assert_eq!(finding.offset, at as u64);
        }
    }

    #[test]
    fn any_missing_or_cut_file_is_named(
        size in 1u64..700,
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut stored = Stored::new(size, 1000);
        let path = stored.files.keys().nth(file.index(stored.files.len())).unwrap().clone();
        let bytes = stored.files.get_mut(&path).unwrap();
        bytes.truncate(at.index(bytes.len()));
        let cut = bytes.len() as u64;
        let finding = stored.finding().unwrap();
        prop_assert_eq!(&finding.path, &path);
        if path != CHECKPOINT_PATH {
            prop_assert_eq!((finding.offset, finding.problem), (cut, Problem::Malformed));
        }
        stored.files.remove(&path);
        prop_assert_eq!(stored.finding(), bad(&path, 0, Problem::Missing));
    }

    #[test]
    fn any_changed_row_is_named(size in 1u64..700, row in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()) {
        let mut stored = Stored::new(size, 1000);
        let row = row.index(size as usize);
        let at = at.index(stored.rows[row].1.len());
        stored.rows[row].1[at] ^= 1;
        let seq = row as u64 + FIRST_SEQ;
        prop_assert_eq!(stored.finding(), bad(&format!("journal/{seq}"), at as u64, Problem::RowChanged));
        stored.rows.remove(row);
        prop_assert_eq!(stored.finding(), bad(&format!("journal/{seq}"), 0, Problem::RowMissing));
    }
}

#[test]
fn without_the_journal_rows_the_entry_is_named() {
    let mut stored = Stored::new(600, 600);
    stored.flip("tile/entries/001", 1234);
    stored.rows[511].1[30] ^= 1;
    let finding = stored.finding().unwrap();
    assert_eq!((finding.path.as_str(), finding.problem), ("tile/entries/001", Problem::EntryChanged));
    let len = entry(256).len() as u64 + 2;
    assert_eq!(finding.offset, 1234 / len * len);
}

#[test]
fn an_entry_replaced_with_its_tiles_is_found() {
    let mut stored = Stored::new(66_000, 66_000);
    stored.rewrite(300);
    let finding = stored.finding().unwrap();
    assert_eq!((finding.path.as_str(), finding.problem), ("tile/entries/001", Problem::EntryForm));

    // The same with a forged entry in the right form, once with the true journal and once with a forged one.
    let mut forged = Stored::new(66_000, 66_000);
    let changed = String::from_utf8(entry(300)).unwrap().replace("submit", "accept").into_bytes();
    let entries: Vec<_> =
        (0..66_000).map(|index| if index == 300 { changed.clone() } else { entry(index) }).collect();
    let note = forged.files[CHECKPOINT_PATH].clone();
    let batch = Sequencer::new().append(&entries).unwrap();
    let truth = std::mem::take(&mut forged.files);
    forged.files = batch.writes.into_iter().map(|write| (write.path, write.bytes)).collect();
    forged.files.insert(CHECKPOINT_PATH.to_owned(), note);
    let in_entry = entry(300).iter().zip(&changed).position(|(a, b)| a != b).unwrap();
    let offset: usize = (256..300).map(|index| entry(index).len() + 2).sum();
    let expected = bad("tile/entries/001", (offset + 2 + in_entry) as u64, Problem::EntryChanged);
    assert_eq!(forged.finding(), expected);
    forged.rows[300].1 = changed;
    let root_line = (super::ORIGIN.len() + 1 + 6) as u64;
    assert_eq!(forged.finding(), bad(CHECKPOINT_PATH, root_line, Problem::Root));
    // With one true tile left above, the place is known better.
    for path in ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"] {
        forged.files.insert(path.to_owned(), truth[path].clone());
    }
    assert_eq!(forged.finding(), bad("tile/entries/001", 0, Problem::SubtreeChanged));
}

#[test]
fn the_checkpoint_must_be_signed() {
    let mut stored = Stored::new(10, 10);
    let other = crate::NoteSigner::log(super::ORIGIN, &[8; 32]).unwrap();
    let report = verify(&stored.files, &other.verifier(), [] as [Result<_, Infallible>; 0]).unwrap();
    assert_eq!(report.finding, bad(CHECKPOINT_PATH, 0, Problem::Checkpoint));
    assert_eq!(
        report.finding.unwrap().to_string(),
        "checkpoint at byte 0: checkpoint is not signed by this log"
    );
    stored.files.remove(CHECKPOINT_PATH);
    assert_eq!(stored.finding(), bad(CHECKPOINT_PATH, 0, Problem::Missing));
}

#[test]
fn an_error_of_the_journal_is_passed_on() {
    let stored = Stored::new(10, 10);
    let rows = stored.rows.into_iter().map(|row| if row.0 == 5 { Err("disk") } else { Ok(row) });
    assert_eq!(verify(&stored.files, &key(), rows).unwrap_err(), "disk");
}
