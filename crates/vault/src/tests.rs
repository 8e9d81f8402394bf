use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use base::{Id, Timestamp, kind};
use proptest::prelude::*;

use super::*;
use crate::format::ChunkSize;
use crate::suite::{Cipher, Suite, TAG_BYTES, unwrap};

/// Plain bytes per chunk in most tests: small, so that objects have many chunks.
const CHUNK: usize = 1024;

fn id<K: base::Kind>(n: u8) -> Id<K> {
    Id::new(Timestamp::from_micros(1_790_000_000_000_000), [n; 10])
}

fn context(n: u8) -> SealContext {
    SealContext { tenant: id(n), object: id(n) }
}

fn key(n: u8) -> DataKey {
    DataKey::from_bytes([n; KEY_BYTES])
}

fn bytes(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(len)
    .collect()
}

fn seal(plain: &[u8]) -> Vec<u8> {
    let chunk = ChunkSize::from_log2(10).unwrap();
    let mut sealer = Sealer::with_chunk(Vec::new(), &key(1), &context(1), [9; SEED_BYTES], chunk).unwrap();
    sealer.write_all(plain).unwrap();
    let (sealed, file) = sealer.finish().unwrap();
    assert_eq!(sealed.plain_len, plain.len() as u64);
    assert_eq!(sealed.sealed_len, file.len() as u64);
    assert_eq!(sealed.digest, base::Digest::of(&file));
    file
}

fn read_all(file: &[u8], key: &DataKey, context: &SealContext) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    OpenReader::new(Cursor::new(file), key, context)?.read_to_end(&mut plain)?;
    Ok(plain)
}

/// The chunk at which opening fails, whichever way it is tried.
fn refused(file: &[u8]) -> u64 {
    let by_reader = read_all(file, &key(1), &context(1)).unwrap_err();
    let at_once = open_bytes(&key(1), &context(1), file).unwrap_err();
    assert_eq!(by_reader.code(), "vault.open");
    let Error::Open { chunk } = at_once else { panic!("{at_once:?}") };
    chunk
}

#[test]
fn the_layout_of_a_sealed_object_is_the_documented_one() {
    let file = seal_bytes(&key(1), &context(1), [9; SEED_BYTES], b"abc").unwrap();
    assert_eq!(file.len(), 44 + 3 + 16);
    assert_eq!(&file[..12], b"SHUYUSO\x01\x01\x10\x00\x00");
    assert_eq!(&file[12..28], context(1).object.as_bytes());
    assert_eq!(&file[28..44], &[9; 16]);
    // Computed from the crate's documentation by another program (Python, OpenSSL). A stored object must open for
    // ever: these bytes may change only together with the version byte.
    assert_eq!(hex::encode(&file[44..]), "26e155fc1739da2df22d62ac2c38913e8ad76c");
}

#[test]
fn both_writers_make_the_same_bytes() {
    for len in [0, 1, 65_535, 65_536, 65_537, 200_000] {
        let plain = bytes(len);
        let at_once = seal_bytes(&key(1), &context(1), [9; SEED_BYTES], &plain).unwrap();
        let mut sealer = Sealer::new(Vec::new(), &key(1), &context(1), [9; SEED_BYTES]).unwrap();
        plain.chunks(777).for_each(|part| sealer.write_all(part).unwrap());
        assert_eq!(sealer.finish().unwrap().1, at_once);
        assert_eq!(open_bytes(&key(1), &context(1), &at_once).unwrap(), plain);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_range_of_any_object_opens(
        len in prop_oneof![0usize..5 * CHUNK, (0usize..5).prop_map(|chunks| chunks * CHUNK)],
        ranges in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 8),
    ) {
        let plain = bytes(len);
        let file = seal(&plain);
        prop_assert_eq!(&read_all(&file, &key(1), &context(1)).unwrap(), &plain);
        let opener = Opener::new(&file[..HEADER_BYTES], file.len() as u64, &key(1), &context(1)).unwrap();
        prop_assert_eq!(opener.plain_len(), len as u64);
        let end = opener.end_range();
        opener.check_end(&file[end.start as usize..end.end as usize]).unwrap();
        let mut reader = OpenReader::new(Cursor::new(&file), &key(1), &context(1)).unwrap();
        for (a, b) in ranges {
            let (a, b) = (a.index(len + 1), b.index(len + 1));
            let (start, end) = (a.min(b), a.max(b));
            let sealed = opener.sealed_range(start as u64..end as u64).unwrap();
            let opened = opener
                .open(start as u64..end as u64, &file[sealed.start as usize..sealed.end as usize])
                .unwrap();
            prop_assert_eq!(&opened, &plain[start..end]);
            reader.seek(SeekFrom::Start(start as u64)).unwrap();
            let mut read = vec![0; end - start];
            reader.read_exact(&mut read).unwrap();
            prop_assert_eq!(&read, &plain[start..end]);
        }
    }

    #[test]
    fn no_byte_can_be_changed(
        len in 0usize..4 * CHUNK,
        at in any::<prop::sample::Index>(),
        mask in 1u8..=255,
    ) {
        let mut file = seal(&bytes(len));
        let at = at.index(file.len());
        file[at] ^= mask;
        let error = open_bytes(&key(1), &context(1), &file).unwrap_err();
        prop_assert!(["vault.open", "vault.format"].contains(&error.code()), "{error:?}");
        prop_assert!(read_all(&file, &key(1), &context(1)).is_err());
        if let (Error::Open { chunk }, true) = (error, at >= HEADER_BYTES) {
            prop_assert_eq!(chunk, ((at - HEADER_BYTES) / (CHUNK + TAG_BYTES)) as u64);
        }
    }

    #[test]
    fn no_length_but_its_own_opens(len in 0usize..3 * CHUNK, cut in any::<prop::sample::Index>(), more in 1usize..2000) {
        let file = seal(&bytes(len));
        let cut = cut.index(file.len());
        prop_assert!(read_all(&file[..cut], &key(1), &context(1)).is_err());
        prop_assert!(open_bytes(&key(1), &context(1), &file[..cut]).is_err());
        let mut longer = file;
        longer.extend(bytes(more));
        prop_assert!(read_all(&longer, &key(1), &context(1)).is_err());
        prop_assert!(open_bytes(&key(1), &context(1), &longer).is_err());
    }

    #[test]
    fn the_header_parser_takes_any_bytes(header in prop::collection::vec(any::<u8>(), 0..64), len in any::<u64>()) {
        let _ = Opener::new(&header, len, &key(1), &context(1));
        let mut near = seal(b"x")[..HEADER_BYTES].to_vec();
        near.iter_mut().zip(&header).take(12).for_each(|(slot, byte)| if byte % 3 == 0 { *slot = *byte });
        let _ = Opener::new(&near, len, &key(1), &context(1));
    }
}

#[test]
fn cutting_at_every_chunk_border_is_found_at_once() {
    let file = seal(&bytes(5 * CHUNK));
    for chunks in 1..5 {
        let cut = &file[..HEADER_BYTES + chunks * (CHUNK + TAG_BYTES)];
        assert_eq!(refused(cut), chunks as u64 - 1);
        let error = OpenReader::new(Cursor::new(cut), &key(1), &context(1)).err().unwrap();
        assert_eq!(error.code(), "vault.open");
    }
}

#[test]
fn chunks_cannot_be_swapped_doubled_or_dropped() {
    let file = seal(&bytes(4 * CHUNK));
    let (header, body) = file.split_at(HEADER_BYTES);
    let chunks: Vec<&[u8]> = body.chunks(CHUNK + TAG_BYTES).collect();
    let join = |order: &[usize]| -> Vec<u8> {
        let mut file = header.to_vec();
        order.iter().for_each(|&chunk| file.extend_from_slice(chunks[chunk]));
        file
    };
    assert!(open_bytes(&key(1), &context(1), &join(&[0, 1, 2, 3])).is_ok());
    assert_eq!(refused(&join(&[1, 0, 2, 3])), 0);
    assert_eq!(refused(&join(&[0, 1, 3, 2])), 2);
    assert_eq!(refused(&join(&[0, 1, 1, 2, 3])), 2);
    assert_eq!(refused(&join(&[0, 2, 3])), 1);
    assert_eq!(refused(&join(&[0, 1, 2, 3, 3])), 3);
}

#[test]
fn an_object_cannot_be_moved_and_needs_its_key() {
    let file = seal(&bytes(3 * CHUNK));
    let moved = [
        (key(2), context(1)),
        (key(1), SealContext { tenant: id(2), object: id(1) }),
        (key(1), SealContext { tenant: id(1), object: id(2) }),
    ];
    for (key, context) in moved {
        assert_eq!(open_bytes(&key, &context, &file).unwrap_err().code(), "vault.open");
        assert_eq!(read_all(&file, &key, &context).unwrap_err().code(), "vault.open");
    }
    // Writing the other object's id into the header does not help either.
    let mut renamed = file;
    renamed[12..28].copy_from_slice(context(2).object.as_bytes());
    let target = SealContext { tenant: id(1), object: id(2) };
    assert_eq!(open_bytes(&key(1), &target, &renamed).unwrap_err().code(), "vault.open");
}

#[test]
fn what_is_no_sealed_object_says_so() {
    for text in [&b""[..], b"PAR1", &[0; 100]] {
        assert_eq!(open_bytes(&key(1), &context(1), text).unwrap_err().code(), "vault.format");
    }
    let opener = Opener::new(&seal(b"abc"), 63, &key(1), &context(1)).unwrap();
    #[expect(clippy::reversed_empty_ranges, reason = "a hostile range")]
    for range in [0..4, 3..2, 4..4, u64::MAX - 1..u64::MAX] {
        assert_eq!(opener.sealed_range(range.clone()).unwrap_err().code(), "vault.range");
        assert_eq!(opener.open(range, b"").unwrap_err().code(), "vault.range");
    }
    assert_eq!(opener.open(0..3, b"short").unwrap_err().code(), "vault.open");
    assert_eq!(opener.open(1..1, b"").unwrap(), b"");
}

#[test]
fn both_implementations_of_the_cipher_agree() {
    for len in [0, 1, 15, 16, 17, 1000, 65_536] {
        let (plain, suite, nonce) = (bytes(len), Suite::default(), [3; 12]);
        let mut sealed = plain.clone();
        let tag = Cipher::new(suite, &[1; 32]).unwrap().seal(nonce, b"where", &mut sealed).unwrap();
        sealed.extend_from_slice(&tag);
        let mut opened = vec![0; len];
        unwrap(suite, &[1; 32], &nonce, b"where", &sealed, &mut opened).unwrap();
        assert_eq!(opened, plain);
    }
}

struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_an_error_and_stays_one() {
    assert_eq!(
        Sealer::new(FullDisk(10), &key(1), &context(1), [0; SEED_BYTES]).err().unwrap().code(),
        "vault.io"
    );
    let mut sealer = Sealer::new(FullDisk(100_000), &key(1), &context(1), [0; SEED_BYTES]).unwrap();
    let error = sealer.write_all(&bytes(300_000)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    sealer.inner_mut_for_test().0 = usize::MAX;
    assert!(sealer.write_all(&bytes(300_000)).is_err());
    assert_eq!(sealer.finish().err().unwrap().code(), "vault.io");
}

#[test]
fn wrapped_keys_open_only_where_they_were_wrapped() {
    let (root, tenant_key) = (RootKey::from_bytes([1; 32]), TenantKey::from_bytes([2; 32]));
    let tenant = root.wrap_tenant(&tenant_key, id(1), [3; 12]).unwrap();
    assert_eq!(*root.unwrap_tenant(&tenant, id(1)).unwrap().to_bytes(), [2; 32]);
    assert_eq!(root.unwrap_tenant(&tenant, id(2)).unwrap_err().code(), "vault.unwrap");
    assert!(RootKey::from_bytes([9; 32]).unwrap_tenant(&tenant, id(1)).is_err());

    let resource: Id<kind::Resource> = id(5);
    let data = tenant_key.wrap_data(&key(4), id(1), resource, [6; 12]).unwrap();
    assert_eq!(*tenant_key.unwrap_data(&data, id(1), resource).unwrap().to_bytes(), [4; 32]);
    assert!(tenant_key.unwrap_data(&data, id(2), resource).is_err());
    assert!(tenant_key.unwrap_data(&data, id(1), id::<kind::Resource>(6)).is_err());
    // The same number under another kind is another thing; and a data key is no tenant key.
    assert!(tenant_key.unwrap_data(&data, id(1), id::<kind::Snapshot>(5)).is_err());
    assert!(RootKey::from_bytes([2; 32]).unwrap_tenant(&data, id(1)).is_err());

    for at in 0..WRAPPED_KEY_BYTES {
        let mut bytes = data.to_bytes();
        bytes[at] ^= 0x10;
        let opened =
            WrappedKey::from_bytes(&bytes).and_then(|key| tenant_key.unwrap_data(&key, id(1), resource));
        assert!(opened.is_err(), "byte {at}");
    }
}

#[test]
fn wrapped_keys_have_a_text_and_keys_have_none() {
    let tenant_key = TenantKey::from_bytes([2; 32]);
    let wrapped = tenant_key.wrap_data(&key(4), id(1), id::<kind::Resource>(1), [6; 12]).unwrap();
    let json = serde_json::to_string(&wrapped).unwrap();
    assert_eq!(serde_json::from_str::<WrappedKey>(&json).unwrap(), wrapped);
    assert_eq!(json.len(), 2 + 2 * WRAPPED_KEY_BYTES);
    assert_eq!("01ff".parse::<WrappedKey>().unwrap_err().code(), "vault.format");
    assert_eq!(format!("{tenant_key:?}"), "TenantKey(…)");
}

#[test]
fn derived_keys_depend_on_level_key_and_purpose() {
    let keys = [
        RootKey::from_bytes([1; 32]).derive("ledger"),
        RootKey::from_bytes([1; 32]).derive("totp"),
        RootKey::from_bytes([2; 32]).derive("ledger"),
        TenantKey::from_bytes([1; 32]).derive("ledger"),
        DataKey::from_bytes([1; 32]).derive("ledger"),
    ]
    .map(|key| *key.unwrap().to_bytes());
    for (index, key) in keys.iter().enumerate() {
        assert!(!keys[..index].contains(key));
    }
    assert_eq!(*RootKey::from_bytes([1; 32]).derive("ledger").unwrap().to_bytes(), keys[0]);
}

/// What a stolen disk holds: root key, wrapped keys and sealed objects of two tenants.
#[test]
fn destroying_a_tenant_key_destroys_all_it_holds_and_nothing_else() {
    let root = RootKey::from_bytes([1; 32]);
    let mut tenant_keys = std::collections::BTreeMap::new();
    let mut objects = Vec::new();
    for t in 1..=2u8 {
        let tenant_key = TenantKey::from_bytes([10 + t; 32]);
        for o in 0..5u8 {
            let context = SealContext { tenant: id(t), object: id(100 * t + o) };
            let resource: Id<kind::Resource> = id(o);
            let data_key = DataKey::from_bytes([50 + 10 * t + o; 32]);
            let wrapped = tenant_key.wrap_data(&data_key, context.tenant, resource, [o; 12]).unwrap();
            let file = seal_bytes(&data_key, &context, [o; 16], &bytes(2000)).unwrap();
            objects.push((context, resource, wrapped, file));
        }
        tenant_keys.insert(id::<kind::Tenant>(t), root.wrap_tenant(&tenant_key, id(t), [t; 12]).unwrap());
    }
    tenant_keys.remove(&id(1)).unwrap();
    for (context, resource, wrapped, file) in &objects {
        let own = tenant_keys.get(&context.tenant);
        let opened = own.map(|key| {
            let tenant_key = root.unwrap_tenant(key, context.tenant).unwrap();
            let key = tenant_key.unwrap_data(wrapped, context.tenant, *resource).unwrap();
            open_bytes(&key, context, file).unwrap()
        });
        assert_eq!(opened.is_some(), context.tenant == id(2));
        // With every key that is left, under every id, nothing of the destroyed tenant opens.
        if context.tenant == id(1) {
            let left = root.unwrap_tenant(&tenant_keys[&id(2)], id(2)).unwrap();
            let candidates = [root.to_bytes(), left.to_bytes()];
            for candidate in candidates {
                let as_tenant = TenantKey::from_bytes(*candidate);
                assert!(as_tenant.unwrap_data(wrapped, context.tenant, *resource).is_err());
                assert!(open_bytes(&DataKey::from_bytes(*candidate), context, file).is_err());
            }
            assert!(root.unwrap_tenant(&tenant_keys[&id(2)], context.tenant).is_err());
        }
    }
}
