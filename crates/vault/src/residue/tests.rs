use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::*;

fn found(traces: &[Trace], bytes: &[u8], piece: usize) -> Vec<(u64, Secret, Form)> {
    let mut searcher = Searcher::new(traces);
    searcher.feed(b"something else that went before", |_, _| panic!("nothing is there"));
    searcher.begin();
    let mut hits = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        searcher.feed(piece, |place, trace| hits.push((place, trace.secret, trace.form)));
    }
    hits
}

proptest! {
    #[test]
    fn a_key_is_found_wherever_and_however_it_lies(
        key in prop::array::uniform32(any::<u8>()),
        before in prop::collection::vec(any::<u8>(), 0..200),
        after in prop::collection::vec(any::<u8>(), 0..200),
        piece in 1_usize..97,
    ) {
        prop_assume!(key.iter().any(|byte| *byte != key[0]));
        let traces = traces(&key, Secret::DataKey);
        let plain = [&before[..], &key, &after].concat();
        let hits = found(&traces, &plain, piece);
        prop_assert!(hits.contains(&(before.len() as u64, Secret::DataKey, Form::Plain)));
        let wide = [&before[..], hex::encode(key).as_bytes(), &after].concat();
        prop_assert!(found(&traces, &wide, piece).contains(&(before.len() as u64, Secret::DataKey, Form::Hex)));
        for text in [STANDARD.encode(&plain), URL_SAFE.encode(&plain)] {
            let hits = found(&traces, text.as_bytes(), piece);
            prop_assert!(hits.iter().any(|hit| hit.2 == Form::Base64), "{text}");
        }
        // What is nearly the key is not the key.
        let mut other = plain;
        other[before.len() + 7] ^= 1;
        prop_assert_eq!(found(&traces, &other, piece), []);
    }
}

#[test]
fn a_canary_is_found_in_wide_text_too() {
    let canary = *b"0123456789abcdeffedcba9876543210";
    let traces = traces(&canary, Secret::Canary);
    let text: Vec<u8> =
        "x0123456789abcdeffedcba9876543210y".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(found(&traces, &text, 5), [(2, Secret::Canary, Form::Utf16)]);
}

#[test]
fn traces_survive_storage_and_many_are_told_apart() {
    let keys: Vec<[u8; 32]> = (0..500_u64).map(|n| Sha256::digest(n.to_le_bytes()).into()).collect();
    let all: Vec<Trace> = keys.iter().flat_map(|key| traces(key, Secret::DataKey)).collect();
    let stored: Vec<Trace> = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
    assert_eq!(stored, all);
    let bytes = keys.concat();
    assert_eq!(found(&stored, &bytes, 4_096).len(), keys.len());
    assert!(found(&stored, &vec![0; 100_000], 4_096).is_empty());
}
