use base::Digest;
use proptest::prelude::*;

use super::{ORIGIN, key, signer};
use crate::{Checkpoint, KeyKind, Note, NoteSigner, VerifierKey, cosign, cosignatures};

/// The key and the note of the documentation of Go's signed notes (golang.org/x/mod/sumdb/note).
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: ORIGIN.to_owned(), size: 42, root: Digest::of(b"tree") }
}

#[test]
fn notes_and_keys_are_those_of_go() {
    let key: VerifierKey = GO_KEY.parse().unwrap();
    assert_eq!((key.name(), key.kind()), ("PeterNeumann", KeyKind::Log));
    assert_eq!(key.to_string(), GO_KEY);
    let found = Note::parse(GO_NOTE).unwrap().verify([&key]).unwrap();
    assert_eq!((found[0].name.as_str(), found[0].seconds), ("PeterNeumann", None));
    let altered = GO_NOTE.replace("answer", "cause");
    assert_eq!(Note::parse(&altered).unwrap().verify([&key]).unwrap_err().code(), "ledger.signature");
    // Signed rightly, but it is no checkpoint.
    assert_eq!(Checkpoint::open(GO_NOTE, &key).unwrap_err().code(), "ledger.note");
}

#[test]
fn a_checkpoint_opens_with_its_key_only() {
    let note = checkpoint().sign(&signer());
    assert!(
        note.starts_with(&format!("{ORIGIN}\n42\n3Jxe24stR55pe0sLirh08ysyUThZjOnnt1nrgpIRBiI=")),
        "{note}"
    );
    assert_eq!(Checkpoint::open(&note, &key()).unwrap(), checkpoint());
    let json = serde_json::to_string(&key()).unwrap();
    assert_eq!(serde_json::from_str::<VerifierKey>(&json).unwrap(), key());
    let strangers =
        [NoteSigner::log(ORIGIN, &[8; 32]).unwrap(), NoteSigner::log("other.example", &[7; 32]).unwrap()];
    for stranger in strangers {
        assert_eq!(Checkpoint::open(&note, &stranger.verifier()).unwrap_err().code(), "ledger.signature");
    }
    let witness = NoteSigner::witness(ORIGIN, &[7; 32]).unwrap();
    assert_eq!(Checkpoint::open(&note, &witness.verifier()).unwrap_err().code(), "ledger.key");
    // A key that signs for one log cannot sign for another.
    let foreign = Checkpoint { origin: "other.example".to_owned(), ..checkpoint() }.sign(&signer());
    assert_eq!(Checkpoint::open(&foreign, &key()).unwrap_err().code(), "ledger.signature");
}

#[test]
fn witnesses_sign_time_and_text() {
    let note = checkpoint().sign(&signer());
    let witness = NoteSigner::witness("witness.example/w1", &[9; 32]).unwrap();
    let other = NoteSigner::witness("witness.example/w2", &[10; 32]).unwrap();
    let cosigned = cosign(&note, &witness, 1_790_000_000).unwrap();
    assert_eq!(Checkpoint::open(&cosigned, &key()).unwrap(), checkpoint());
    let keys = [witness.verifier(), other.verifier(), key()];
    let found = cosignatures(&cosigned, &keys).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_str(), found[0].seconds), ("witness.example/w1", Some(1_790_000_000)));
    assert_eq!(witness.verifier().to_string().parse::<VerifierKey>().unwrap(), witness.verifier());
    // The same signature under another text or time does not hold.
    let moved = cosigned.replace("\n42\n", "\n43\n");
    assert_eq!(cosignatures(&moved, &keys).unwrap_err().code(), "ledger.signature");
    assert_eq!(cosign(&note, &signer(), 1).unwrap_err().code(), "ledger.key");
    assert_eq!(cosign(GO_NOTE, &witness, 1).unwrap_err().code(), "ledger.note");
}

#[test]
fn malformed_notes_keys_and_names_are_refused() {
    let note = checkpoint().sign(&signer());
    let signature = note.lines().last().unwrap().to_owned();
    for text in [
        String::new(),
        "\n\n".to_owned(),
        note.trim_end().to_owned(),
        note.replace("— ", "- "),
        note.replace("\n42", "\r\n42"),
        format!("{note}\n"),
        format!("{note}{}", format!("{signature}\n").repeat(64)),
        "x".repeat(70_000),
    ] {
        assert_eq!(Checkpoint::open(&text, &key()).unwrap_err().code(), "ledger.note", "{text:.60}");
    }
    for body in ["a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n-1\nAAAA\n", "\n1\nAAAA\n"] {
        let text = body.replace('a', ORIGIN);
        let note = format!("{text}\n{}", signer().line(&text, 0));
        assert_eq!(Checkpoint::open(&note, &key()).unwrap_err().code(), "ledger.note", "{body}");
    }
    for name in ["", "a b", "a+b", "a\u{3000}b", "a\nb"] {
        assert_eq!(NoteSigner::log(name, &[1; 32]).err().unwrap().code(), "ledger.key");
    }
    for text in
        ["", "a", "a+b", "a+00000000+AQ==", &GO_KEY.replace("c74f", "c74e"), &GO_KEY.replace("+ARp", "+AhR")]
    {
        assert_eq!(text.parse::<VerifierKey>().unwrap_err().code(), "ledger.key", "{text}");
    }
}

proptest! {
    #[test]
    fn no_byte_of_a_checkpoint_can_be_changed(at in any::<prop::sample::Index>(), new in any::<char>()) {
        let note = checkpoint().sign(&signer());
        let chars: Vec<char> = note.chars().collect();
        let at = at.index(chars.len());
        prop_assume!(chars[at] != new);
        let changed: String = chars.iter().enumerate().map(|(i, c)| if i == at { new } else { *c }).collect();
        prop_assert!(Checkpoint::open(&changed, &key()).is_err(), "{changed}");
    }

    #[test]
    fn the_parser_takes_any_text(text in "(— )?[a-z+= \n]{0,60}\n\n— [a-z]{1,5} [A-Za-z0-9+/=]{0,20}\n") {
        let _ = Note::parse(&text).map(|note| note.verify([&key()]));
    }
}
