//! The tutorial of `docs/packs.md`, taken literally: the county of `docs/packs-example` made anew, and as it is finished.

use std::path::{Path, PathBuf};

use super::*;
use crate::case::scenario;
use crate::pack::{PeriodUnit, Severity, Value, coverage, lint};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder, with paths inside it.
fn folder(root: &Path) -> Vec<SourceFile> {
    let mut left = vec![root.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let inside = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.push(SourceFile { path: inside, text: read(&path) });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn example() -> (Vec<SourceFile>, Pack) {
    let files = folder(&docs().join("packs-example/yunwu"));
    let pack = parsed(&files, Some(&zhejiang()));
    (files, pack)
}

#[test]
fn the_first_step_makes_a_county_that_runs() {
    let parent = zhejiang();
    let sources = files("deqing");
    let template = parsed(&sources, Some(&parent));
    let table = read(&docs().join("packs-example/云雾县条款.txt"));
    let plan = NewPack {
        id: "yunwu".to_owned(),
        name: "云雾县公共数据授权运营管理办法（虚构）".to_owned(),
        prefix: "云雾".to_owned(),
        version: "教程-1".to_owned(),
        parent: &parent,
        template: Some((&template, &sources)),
        clauses: own_clauses(&table, "云雾").unwrap(),
    };
    let (made, pack) = new_pack(&plan).unwrap();
    if let Some(folder) = std::env::var_os("WRITE_EXAMPLE") {
        for file in &made {
            let path = Path::new(&folder).join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &file.text).unwrap();
        }
    }
    assert_eq!(scenario::run(&pack, &calendar()), []);
    assert_eq!(coverage(&pack).missing, Vec::<String>::new());
    assert_eq!(pack.procedures.len(), 25);
    // The table names a procedure for every clause: no placeholder is left.
    let placeholders: Vec<&String> = pack.clauses.keys().filter(|id| id.contains("待填")).collect();
    // What it says nothing about is a local choice and still to be marked as one.
    assert_eq!(placeholders, ["云雾.待填.参数"]);
}

#[test]
fn the_finished_county_is_whole() {
    let (files, pack) = example();
    assert_eq!(todo(&files, &pack), []);
    let failed: Vec<String> =
        scenario::run(&pack, &calendar()).iter().map(|one| format!("{}：{}", one.scenario, one.zh)).collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    let found = coverage(&pack);
    assert_eq!(found.missing, Vec::<String>::new());
    let [total, _, _, pending, _] = found.by_pack["yunwu"];
    assert_eq!((total, pending), (32, 0));
    for procedure in pack.procedures.keys() {
        assert!(pack.scenarios.iter().any(|scenario| scenario.procedure == *procedure), "{procedure}");
    }
    assert!(files.iter().all(|file| !file.text.contains("德清") && !file.text.contains("deqing")));
    let spring = "2026-03-02".parse().unwrap();
    let errors: Vec<_> =
        lint(&pack, &calendar(), spring).into_iter().filter(|one| one.severity == Severity::Error).collect();
    let shown: Vec<String> =
        errors.iter().map(|one| format!("{} {} {}", one.code, one.place, one.zh)).collect();
    assert!(shown.is_empty(), "\n{}", shown.join("\n"));
}

#[test]
fn the_finished_county_says_what_its_text_says() {
    let (_, pack) = example();
    let period = |name: &str| match &pack.parameters[name].value {
        Value::Period(period) => (period.length, period.unit),
        other => panic!("{other:?}"),
    };
    assert_eq!(period("授权期限"), (2, PeriodUnit::Year));
    assert_eq!(period("形式审查期限"), (3, PeriodUnit::WorkingDay));
    assert_eq!(period("公示期"), (7, PeriodUnit::WorkingDay));
    assert!(!pack.parameters["形式审查期限"].local_choice, "the text says it");
    for procedure in ["授权申请", "数据需求评审"] {
        let steps = &pack.procedures[procedure].steps;
        let review = steps.iter().find(|step| step.id == "提供单位评审").unwrap();
        assert_eq!(review.clock.as_ref().unwrap().period.length, 5);
        assert!(review.clauses.contains(&"云雾.七".to_owned()));
    }
    let experts = pack.procedures["授权申请"].steps.iter().find(|step| step.id == "专家评审").unwrap();
    let vote = experts.vote.unwrap();
    assert_eq!((vote.quorum, vote.approvals, vote.sealed), (5, 3, true));
}

#[test]
fn every_clause_of_the_text_is_in_the_table_and_in_the_pack() {
    let text = read(&docs().join("packs-example/云雾县办法.md"));
    let (_, pack) = example();
    let table = own_clauses(&read(&docs().join("packs-example/云雾县条款.txt")), "云雾").unwrap();
    for clause in &table {
        let article = clause.label.split_inclusive('条').next().unwrap();
        assert!(text.contains(&format!("\n{article}　")), "{article}");
        let kept = &pack.clauses[&clause.id];
        assert_eq!((&kept.label, &kept.summary), (&clause.label, &clause.summary));
    }
    assert_eq!(text.matches("\n第").count(), 28);
}
