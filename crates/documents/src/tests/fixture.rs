//! The packs of the repository, and small helpers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base::{Date, Timestamp};
use regulation::case::{FormValue, FormValues};
use regulation::pack::{
    Document, FieldKind, Form, Pack, SourceFile, Variable, VariableKind, load, parent_id,
};

use crate::{Rendered, Stamp, Verification};

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources(folder: &Path) -> Vec<SourceFile> {
    let texts = files(folder).into_iter().filter(|path| {
        path.extension().is_some_and(|ending| ending == "yaml" || ending == "typ")
            && !path.parent().is_some_and(|parent| parent.ends_with("calendar"))
    });
    texts
        .map(|path| SourceFile {
            path: path.strip_prefix(folder.parent().unwrap()).unwrap().display().to_string(),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .collect()
}

/// All packs, parents first.
pub(super) static PACKS: LazyLock<BTreeMap<String, Pack>> = LazyLock::new(|| {
    let mut waiting: Vec<Vec<SourceFile>> = std::fs::read_dir(root().join("packs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("pack.yaml").exists())
        .map(|folder| sources(&folder))
        .collect();
    let mut packs: BTreeMap<String, Pack> = BTreeMap::new();
    while !waiting.is_empty() {
        let ready = |files: &Vec<SourceFile>| parent_id(files).is_none_or(|id| packs.contains_key(&id));
        let index = waiting.iter().position(ready).expect("every parent is there");
        let files = waiting.swap_remove(index);
        let pack = load(&files, parent_id(&files).map(|id| &packs[&id]))
            .unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        packs.insert(pack.id.clone(), pack);
    }
    packs
});

pub(super) fn stamp() -> Stamp {
    Stamp {
        number: "SQ-2026-0001".to_owned(),
        paper_number: String::new(),
        issuer: "德清县大数据发展管理局".to_owned(),
        procedure: "授权申请".to_owned(),
        on: Date::new(2026, 9, 23).unwrap(),
        at: Timestamp::from_micros(1_790_150_400_000_000),
        verification: Some(Verification {
            url: "https://data.example.cn/verify/SQ-2026-0001".to_owned(),
            digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        }),
    }
}

/// A form filled with values of every kind.
pub(super) fn filled(form: &Form) -> FormValues {
    let mut values = FormValues::new();
    for field in form.sections.iter().flat_map(|section| &section.fields) {
        let text = match &field.kind {
            FieldKind::LongText => {
                format!("关于{}的说明，第一段。\n第二段：数据只用于所申请的场景。", field.label)
            }
            FieldKind::Number => "3".to_owned(),
            FieldKind::Percent => "45.5".to_owned(),
            FieldKind::Money => "1234.50".to_owned(),
            FieldKind::Date => "2026-09-18".to_owned(),
            FieldKind::Phone | FieldKind::Contact => "0572-8012345".to_owned(),
            FieldKind::Email => "sample@example.cn".to_owned(),
            FieldKind::Flag => "是".to_owned(),
            FieldKind::Choice(choices) => choices[0].clone(),
            FieldKind::Choices(choices) => {
                values.insert(field.key.clone(), FormValue::List(vec![choices[0].clone()]));
                continue;
            }
            FieldKind::Resources => {
                values.insert(
                    field.key.clone(),
                    FormValue::List(vec!["flights:no|date".to_owned(), "weather".to_owned()]),
                );
                continue;
            }
            _ => format!("{}的内容", field.label),
        };
        values.insert(field.key.clone(), FormValue::Text(text));
    }
    values
}

/// A document of one text and some variables.
pub(super) fn document(template: &str, variables: &[(&str, VariableKind)]) -> Document {
    Document {
        id: "样例".to_owned(),
        en: "Sample".to_owned(),
        variables: variables
            .iter()
            .map(|(name, kind)| Variable {
                name: (*name).to_owned(),
                from: (*name).to_owned(),
                en: "Sample".to_owned(),
                kind: kind.clone(),
                required: true,
            })
            .collect(),
        number: None,
        when: Vec::new(),
        template: template.to_owned(),
        file: "documents/样例.typ".to_owned(),
        clauses: Vec::new(),
    }
}

/// All words of a paper without line ends, so that a sentence is found wherever its lines break.
pub(super) fn words(paper: &Rendered) -> String {
    paper.text.concat().replace(['\n', ' ', '\u{a0}', '\u{200b}'], "")
}

/// Keeps a printed paper where a person can look at it: in the folder `SHUYU_PAPERS`, if it is set.
pub(super) fn keep(name: &str, paper: &Rendered) {
    if let Ok(folder) = std::env::var("SHUYU_PAPERS") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.pdf")), &paper.pdf).unwrap();
    }
}
