use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::pack::words;

/// The readers' sources.
fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pack/read");
    let mut found = Vec::new();
    let mut left = vec![folder];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() >= 6);
    found
}

/// What stands between `open` and its closing bracket after each occurrence.
fn arguments<'a>(text: &'a str, call: &str) -> Vec<&'a str> {
    text.match_indices(call)
        .map(|(at, _)| {
            let rest = text.split_at(at + call.len()).1;
            let mut depth = 1;
            let end = rest.find(|c| {
                depth += match c {
                    '(' | '[' | '{' => 1,
                    ')' | ']' | '}' => -1,
                    _ => 0,
                };
                depth == 0
            });
            rest.split_at(end.unwrap()).0
        })
        .collect()
}

#[test]
fn every_reader_takes_its_keys_from_the_schema() {
    let mut seen = 0;
    for (path, text) in sources() {
        for arguments in arguments(&text, "reader.fields(") {
            seen += 1;
            assert!(
                arguments.contains("schema::"),
                "{path}: reader.fields({arguments}) has keys of its own; write them in pack/schema"
            );
        }
    }
    assert!(seen >= 25, "{seen}");
}

#[test]
fn every_key_of_the_schema_is_read_somewhere() {
    let mut sources: String = sources().into_iter().map(|(_, text)| text).collect();
    // Words that the readers take from tables beside them.
    for table in ["given.rs", "excuse.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pack").join(table);
        sources.push_str(&std::fs::read_to_string(path).unwrap());
    }
    for map in MAPS {
        for key in map.keys {
            assert!(
                sources.contains(&format!("\"{}\"", key.key)) || ["依据"].contains(&key.key),
                "{} → {} is written about but never read",
                map.name,
                key.key
            );
        }
    }
}

#[test]
fn the_schema_is_complete_and_refers_to_what_it_has() {
    let maps: BTreeSet<&str> = MAPS.iter().map(|map| map.name).collect();
    assert_eq!(maps.len(), MAPS.len(), "names of maps are unique");
    let mut vocabularies: BTreeSet<&str> = VOCABULARIES.iter().map(|one| one.name).collect();
    vocabularies.insert("命令");
    for map in MAPS {
        let keys: BTreeSet<&str> = map.keys.iter().map(|key| key.key).collect();
        assert_eq!(keys.len(), map.keys.len(), "{}", map.name);
        for key in map.keys {
            assert!(!key.zh.is_empty() && !key.en.is_empty() && !key.example.is_empty(), "{}", key.key);
            assert!(!key.example.contains('|') && !key.zh.contains('|'), "{} breaks the table", key.key);
            match key.kind {
                Kind::Map(of) | Kind::List(of) | Kind::Table(of) => assert!(maps.contains(of), "{of}"),
                Kind::Word(of) | Kind::Words(of) => assert!(vocabularies.contains(of), "{of}"),
                _ => {}
            }
        }
    }
}

#[test]
fn every_word_the_reader_knows_is_explained_and_no_other() {
    fn same<T>(name: &str, table: &[words::Word<T>]) {
        let known: BTreeSet<&str> = table.iter().map(|(word, _)| *word).collect();
        let vocabulary = VOCABULARIES.iter().find(|one| one.name == name).unwrap();
        let told: BTreeSet<&str> = vocabulary.words.iter().map(|gloss| gloss.zh).collect();
        assert_eq!(known, told, "{name}");
        assert!(vocabulary.words.iter().all(|gloss| !gloss.en.is_empty()));
    }
    same("状态", words::STATUS);
    same("约束", words::BOUNDS);
    same("起算日", words::START_DAY);
    same("末日", words::LAST_DAY);
    same("时区", words::ZONES);
    same("事实类型", words::FACT_KINDS);
    same("起算", words::ANCHORS);
    same("单位", words::UNITS);
    same("手段", words::MEANS);
    same("义务起算", words::DUTY_ANCHORS);
    same("义务条件", words::DUTY_ONLY);
    same("出席", words::QUORUMS);
    same("变量类型", words::VARIABLES);
    same("期限性质", words::NATURES);
    same("中止", words::STOPS);
    same("逾期", words::EXPIRIES);
    same("效果", words::EFFECTS);
    same("字段类型", words::FIELDS);
    same("回避比较", words::BY_UNIT);
}

#[test]
fn the_grammar_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/packs-grammar.md");
    let made = markdown();
    if std::env::var_os("WRITE_GENERATED").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/packs-grammar.md is out of date; run WRITE_GENERATED=1 cargo test -p regulation grammar"
    );
}
