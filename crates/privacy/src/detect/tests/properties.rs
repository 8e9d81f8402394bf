use proptest::prelude::*;

use crate::SensitiveKind as Kind;
use crate::detect::corpus::{Noise, generate};
use crate::detect::{Scanner, Strength, decode};
use crate::format::{CreditCode, ResidentId, foreigner};

proptest! {
    /// No text and no bytes make the scanner fail, and every finding lies on the borders of characters.
    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut scanner = Scanner::new();
        let lossy = String::from_utf8_lossy(&bytes).into_owned();
        let decoded = decode(&bytes).map(|text| text.into_owned()).unwrap_or_default();
        for text in [lossy, decoded] {
            for finding in scanner.scan(&text).to_vec() {
                prop_assert!(text.get(finding.start..finding.end).is_some_and(|part| !part.is_empty()));
            }
        }
    }

    /// The same of texts that are made of what the detectors look for.
    #[test]
    fn no_mixture_makes_it_fail(text in "[0-9０-９一二三〇壹XxA-Ea-f .\\-:@·°′(（)）,，省市县路号室族教病炎张王伟有限公司\\\\u\"\u{200b}]{0,120}") {
        let mut scanner = Scanner::new();
        for finding in scanner.scan(&text).to_vec() {
            prop_assert!(text.get(finding.start..finding.end).is_some());
        }
    }

    /// A valid number survives every way of writing it, in the open and in running text.
    #[test]
    fn noise_hides_no_valid_number(seed in any::<u64>(), noise in 0..Noise::ALL.len()) {
        let mut scanner = Scanner::new();
        let kinds = [Kind::ResidentId, Kind::CreditCode, Kind::Vin, Kind::ForeignerPermit];
        for sample in generate(seed, 1) {
            // Only what is written plainly and with a check digit; the corpus disguises some itself.
            let Some(kind) = sample.kind.filter(|kind| kinds.contains(kind)) else { continue };
            let number = sample.text.get(sample.span.0..sample.span.1).unwrap();
            if !number.is_ascii() || number.len() < 17 || number.contains([' ', '-', '.']) {
                continue;
            }
            // By chance a number may be valid as one of another kind as well.
            let of_a_person = ResidentId::parse(number).is_some() || foreigner(number.as_bytes()) == Some(true);
            if of_a_person && CreditCode::parse(number).is_some() {
                continue;
            }
            let written = Noise::ALL[noise].write(number, seed);
            // Cut apart, seven characters and more are another number to begin with, and five small letters are a word,
            // which ends a number: prose would else make one.
            let parts: Vec<&str> = written.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            let word = |part: &&str| part.len() > 4 && part.bytes().all(|byte| byte.is_ascii_lowercase());
            if parts.len() > 1 && parts.iter().any(|part| part.len() > 6 || word(part)) {
                continue;
            }
            let found = scanner.best(&written, Strength::Checked);
            prop_assert_eq!(found.map(|finding| (finding.kind, finding.whole)), Some((kind, true)), "{}", written);
            let sentence = format!("经查，号码为{written}，属实。");
            let found = scanner.scan(&sentence).iter().any(|f| f.kind == kind && f.strength == Strength::Checked);
            prop_assert!(found, "{}", sentence);
        }
    }

    /// One changed digit makes an identity number none.
    #[test]
    fn a_changed_digit_is_noticed(seed in any::<u64>(), place in 0_usize..17, step in 1_u8..10) {
        let mut scanner = Scanner::new();
        for sample in generate(seed, 1).iter().filter(|sample| sample.kind == Some(Kind::ResidentId)) {
            let number = sample.text.get(sample.span.0..sample.span.1).unwrap();
            // Written with separators it may have as many characters.
            if number.len() != 18 || !number.bytes().take(17).all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let mut bytes = number.as_bytes().to_vec();
            bytes[place] = b'0' + (bytes[place] - b'0' + step) % 10;
            let changed = String::from_utf8(bytes).unwrap();
            let found = scanner.scan(&changed).iter().any(|finding| finding.kind == Kind::ResidentId);
            prop_assert!(!found, "{}", changed);
        }
    }
}
