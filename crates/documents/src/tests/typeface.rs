//! The fonts carry every character of what the repository may print.

use std::collections::BTreeSet;

use super::fixture::{files, root};
use crate::covers;
use crate::typeface::{FONTS, GETA, printable};

#[test]
fn every_character_of_packs_locales_and_demo_can_be_printed() {
    let mut lacking: BTreeSet<char> = BTreeSet::new();
    let mut seen = 0;
    for folder in ["packs", "web/locales", "demo", "crates/documents/src/paper"] {
        for path in files(&root().join(folder)) {
            // Binary data are no text.
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            seen += 1;
            lacking.extend(text.chars().filter(|c| !covers(*c) && !matches!(c, '\t' | '\r')));
        }
    }
    assert!(seen > 150, "{seen} files");
    assert!(lacking.is_empty(), "run scripts/subset_font.py; the fonts lack {lacking:?}");
}

#[test]
fn both_weights_are_there_with_names_of_persons() {
    let weights: Vec<u16> = FONTS.iter().map(|font| font.info().variant.weight.to_number()).collect();
    assert_eq!(weights, [400, 700]);
    assert!(FONTS.iter().all(|font| font.info().family == "Noto Sans SC"));
    for c in "德清县公共数据授权运营玥珺喆镕堃淏0123456789Aa〓＿√".chars() {
        assert!(covers(c), "{c}");
    }
}

#[test]
fn what_the_fonts_lack_becomes_a_mark_and_is_reported() {
    let mut missing = BTreeSet::new();
    let text = printable("甲\t乙\r\n丙😀\u{202e}ع\u{7}丁", &mut missing);
    assert_eq!(text, format!("甲 乙\n丙{GETA}{GETA}{GETA}{GETA}丁"));
    assert_eq!(missing, BTreeSet::from(['😀', '\u{202e}', 'ع', '\u{7}']));
}
