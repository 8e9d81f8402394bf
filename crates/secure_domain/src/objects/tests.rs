use std::fs;
use std::sync::Arc;

use base::Digest;

use super::*;
use crate::fixture::{County, object, persons, ring, seal, zone_key};

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn nothing_lies_in_clear_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let written = seal(dir.path(), Content::Raw, &object(1, "data"), &[persons()]);
    let files = files(dir.path());
    assert_eq!(files, [object_path(dir.path(), written.object)]);
    let bytes = fs::read(&files[0]).unwrap();
    for marker in ["MARKERNAME", "person_id", "north", "PAR1", "P0000"] {
        assert!(!contains(&bytes, marker.as_bytes()), "{marker}");
    }
    assert_eq!(Digest::of(&bytes), written.digest);
    assert_eq!(bytes.len() as u64, written.sealed_bytes);
    let file = Arc::new(ObjectFile::open(dir.path(), &ring(), &object(1, "data")).unwrap());
    assert_eq!(file.digest().unwrap(), written.digest);
    let rows: Vec<_> = ObjectRows::open(&file, None).unwrap().map(|batch| batch.unwrap()).collect();
    assert_eq!(rows, [persons()]);
}

/// The engine would skip rows and order joins by them, and its time would tell the value of whoever has the greatest.
#[test]
fn tables_hold_no_least_and_greatest_values() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    let dir = tempfile::tempdir().unwrap();
    let into = object(1, "data");
    let _written = seal(dir.path(), Content::Raw, &into, &[persons()]);
    let plain = read_sealed(dir.path(), &ring(), &into).unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(&plain)).unwrap();
    let mut columns = reader.metadata().row_groups().iter().flat_map(|group| group.columns());
    assert!(columns.all(|column| column.statistics().is_none() && column.column_index_offset().is_none()));
}

/// The decoder's own way of reading: from a place on, in pieces of any length.
#[test]
fn a_reader_from_any_place_gives_the_plain_bytes_and_finds_what_was_changed() {
    use std::io::Read as _;

    use parquet::file::reader::ChunkReader as _;
    let dir = tempfile::tempdir().unwrap();
    let into = object(1, "data");
    let written = seal(dir.path(), Content::Raw, &into, &[persons()]);
    let plain = read_sealed(dir.path(), &ring(), &into).unwrap();
    let chunks = SealedChunks(Arc::new(ObjectFile::open(dir.path(), &ring(), &into).unwrap()));
    for (start, step) in [(0, 1), (0, 4_096), (5, 4_097), (plain.len() - 3, 64), (plain.len(), 8)] {
        let mut reader = chunks.get_read(start as u64).unwrap();
        let mut read = Vec::new();
        let mut piece = vec![0; step];
        loop {
            match reader.read(&mut piece).unwrap() {
                0 => break,
                given => read.extend_from_slice(&piece[..given]),
            }
        }
        assert_eq!(read, plain[start..], "from {start} by {step}");
    }
    let path = object_path(dir.path(), written.object);
    let mut broken = fs::read(&path).unwrap();
    let opened = Arc::new(ObjectFile::open(dir.path(), &ring(), &into).unwrap());
    broken[60] ^= 1;
    fs::write(&path, &broken).unwrap();
    assert!(SealedChunks(Arc::clone(&opened)).get_read(0).unwrap().read(&mut [0; 8]).is_err());
    let found = ObjectRows::open(&opened, None).and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
    assert_eq!(found.unwrap_err().code(), "vault.open");
}

#[test]
fn any_changed_byte_is_found_when_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let into = object(1, "data");
    let written = seal(dir.path(), Content::Raw, &into, &[persons()]);
    let path = object_path(dir.path(), written.object);
    let sound = fs::read(&path).unwrap();
    for at in (0..sound.len()).step_by(97) {
        let mut broken = sound.clone();
        broken[at] ^= 1;
        fs::write(&path, &broken).unwrap();
        let code = read_sealed(dir.path(), &ring(), &into).unwrap_err().code();
        assert!(matches!(code, "vault.open" | "vault.format"), "byte {at}: {code}");
    }
    for len in [0, 10, 44, sound.len() / 2, sound.len() - 1] {
        fs::write(&path, &sound[..len]).unwrap();
        let code = read_sealed(dir.path(), &ring(), &into).unwrap_err().code();
        assert!(matches!(code, "vault.open" | "vault.format"), "length {len}: {code}");
    }
}

#[test]
fn a_wrong_key_a_missing_key_and_a_moved_object_do_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let written = seal(dir.path(), Content::Raw, &object(1, "data"), &[persons()]);
    let wrong = KeyRing::default();
    wrong.add(vec![zone_key("data", 99)]);
    assert_eq!(read_sealed(dir.path(), &wrong, &object(1, "data")).unwrap_err().code(), "vault.open");
    assert_eq!(read_sealed(dir.path(), &ring(), &object(1, "other")).unwrap_err().code(), "domain.unknown");
    assert_eq!(read_sealed(dir.path(), &ring(), &object(2, "data")).unwrap_err().code(), "domain.unknown");
    let moved = object_path(dir.path(), object(2, "data").object);
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::copy(object_path(dir.path(), written.object), moved).unwrap();
    assert_eq!(read_sealed(dir.path(), &ring(), &object(2, "data")).unwrap_err().code(), "vault.open");
    let forgetful = ring();
    forgetful.forget("data");
    assert_eq!(read_sealed(dir.path(), &forgetful, &object(1, "data")).unwrap_err().code(), "domain.unknown");
}

#[test]
fn an_object_is_written_once_and_a_broken_off_one_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let into = object(1, "data");
    let (key, context) = ring().open(&into).unwrap();
    let mut half = ParquetObject::create(dir.path(), &key, &context, persons().schema()).unwrap();
    half.write(&persons()).unwrap();
    assert!(!object_path(dir.path(), into.object).exists());
    drop(half);
    assert_eq!(files(dir.path()), Vec::<PathBuf>::new());
    // A writer that was killed leaves a temporary file; it is swept.
    let mut killed = ParquetObject::create(dir.path(), &key, &context, persons().schema()).unwrap();
    killed.write(&persons()).unwrap();
    std::mem::forget(killed);
    assert_eq!(files(dir.path()).len(), 1);
    assert_eq!(remove_unfinished(dir.path()).unwrap(), 1);
    assert_eq!(files(dir.path()), Vec::<PathBuf>::new());
    // Two writers at once: one wins.
    let start = || {
        let mut writer = ParquetObject::create(dir.path(), &key, &context, persons().schema()).unwrap();
        writer.write(&persons()).unwrap();
        writer
    };
    let (first, second) = (start(), start());
    first.finish().unwrap();
    assert_eq!(second.finish().unwrap_err().code(), "domain.order_used");
    assert_eq!(write_sealed(dir.path(), &key, &context, b"x").unwrap_err().code(), "domain.order_used");
    assert_eq!(files(dir.path()).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_reads_sealed_tables_and_finds_tampering() {
    let county = County::new();
    let query = |sql: &str| crate::protocol::QueryOrder {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        values: Default::default(),
        rows_max: 10,
    };
    let sql = "SELECT count(*) AS n, count(DISTINCT person_id) AS p FROM visits WHERE cost >= 0";
    let page = county.dev().query(query(sql)).await.unwrap();
    assert_eq!(page.rows, [vec![serde_json::json!(4_000), serde_json::json!(400)]]);
    let engine = county.dev();
    let path = object_path(county.dir.path(), county.twins[1].object.object);
    let mut bytes = fs::read(&path).unwrap();
    bytes[200] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(engine.query(query(sql)).await.is_err());
}

/// A sealed object of several row groups, and its rows.
fn groups(
    dir: &Path,
    into: &crate::protocol::ObjectRef,
) -> (Arc<ObjectFile>, Vec<arrow::array::RecordBatch>) {
    let many: Vec<_> = std::iter::repeat_n(persons(), 2_000).collect();
    seal(dir, Content::Raw, into, &many);
    let file = Arc::new(ObjectFile::open(dir, &ring(), into).unwrap());
    (Arc::clone(&file), ObjectRows::open(&file, None).unwrap().map(|batch| batch.unwrap()).collect())
}

#[test]
fn a_table_rewritten_on_several_threads_is_the_one_of_a_single_thread() {
    let dir = tempfile::tempdir().unwrap();
    let (file, rows) = groups(dir.path(), &object(1, "data"));
    let open = || Ok(SealedChunks(Arc::clone(&file)));
    let mut plain = Vec::new();
    for threads in [1, 2, 3, 64] {
        let into = object(10 + threads as u8, "data");
        let (key, context) = ring().open(&into).unwrap();
        let writer = ParquetObject::create(dir.path(), &key, &context, rows[0].schema()).unwrap();
        let numbers = std::sync::Mutex::new(std::collections::BTreeSet::new());
        let change = |batch: &arrow::array::RecordBatch, number: u64| {
            assert!(numbers.lock().unwrap().insert(number), "a number comes once");
            Ok(batch.clone())
        };
        let written = writer.rewrite(&Rewrite { open, change, threads }).unwrap();
        assert_eq!(written.rows, 800_000);
        assert_eq!(written.digest, ObjectFile::open(dir.path(), &ring(), &into).unwrap().digest().unwrap());
        plain.push(read_sealed(dir.path(), &ring(), &into).unwrap());
    }
    assert!(plain.windows(2).all(|pair| pair[0] == pair[1]));
    let file = Arc::new(ObjectFile::open(dir.path(), &ring(), &object(12, "data")).unwrap());
    let again: Vec<_> = ObjectRows::open(&file, None).unwrap().map(|batch| batch.unwrap()).collect();
    let whole = |batches: &[arrow::array::RecordBatch]| {
        arrow::compute::concat_batches(&batches[0].schema(), batches).unwrap()
    };
    assert_eq!(whole(&again), whole(&rows));
}

#[test]
fn a_rewriting_that_fails_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let (file, rows) = groups(dir.path(), &object(1, "data"));
    let before = files(dir.path());
    // Where a later row group meets it, and where all do.
    for from in [1, 0] {
        let (key, context) = ring().open(&object(2, "data")).unwrap();
        let writer = ParquetObject::create(dir.path(), &key, &context, rows[0].schema()).unwrap();
        let open = || Ok(SealedChunks(Arc::clone(&file)));
        let change = |batch: &arrow::array::RecordBatch, number: u64| {
            if number >> 32 >= from { Err(crate::Error::OrderUsed) } else { Ok(batch.clone()) }
        };
        let error = writer.rewrite(&Rewrite { open, change, threads: 2 }).unwrap_err();
        assert_eq!(error.code(), "domain.order_used");
        assert_eq!(files(dir.path()), before);
    }
    // A broken seal is an error like any other: what is read through it is nothing.
    let path = object_path(dir.path(), object(1, "data").object);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let (key, context) = ring().open(&object(3, "data")).unwrap();
    let writer = ParquetObject::create(dir.path(), &key, &context, rows[0].schema()).unwrap();
    let open = || Ok(SealedChunks(Arc::clone(&file)));
    let change = |batch: &arrow::array::RecordBatch, _| Ok(batch.clone());
    let error = writer.rewrite(&Rewrite { open, change, threads: 2 }).unwrap_err();
    assert_eq!(error.code(), "domain.run_failed");
}
