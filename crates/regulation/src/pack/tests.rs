use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::calendar::Calendar;
use crate::case::scenario;

mod documents;
mod grammar;
mod lints;
mod lints_owed;
mod malformed;
mod numbers;
mod owed;
mod stories;
mod whole;

/// The files of a pack in the repository.
pub(crate) fn files(pack: &str) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(pack);
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "typ") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root.parent().unwrap()).unwrap().to_str().unwrap().to_owned();
                files.push(SourceFile { path, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

pub(crate) fn parsed(files: &[SourceFile], parent: Option<&Pack>) -> Pack {
    load(files, parent).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems
            .iter()
            .map(|one| format!("{}:{}:{} {} {}", one.file, one.line, one.column, one.code, one.zh))
            .collect();
        panic!("{}", lines.join("\n"))
    })
}

pub(crate) fn zhejiang() -> Pack {
    parsed(&files("zhejiang"), Some(&national_texts()))
}

pub(crate) fn national_texts() -> Pack {
    parsed(&files("national"), None)
}

pub(crate) fn deqing() -> Pack {
    parsed(&files("deqing"), Some(&zhejiang()))
}

#[test]
fn every_clause_is_carried_or_has_a_reason() {
    for (pack, clauses, pending) in [(zhejiang(), 130, 4), (deqing(), 285, 7)] {
        let found = coverage(&pack);
        assert!(
            found.pending.len() <= pending,
            "what is not carried yet may only shrink: {:?}",
            found.pending
        );
        assert!(found.is_complete(), "{}: {:?} {:?}", pack.id, found.missing, found.unfit);
        assert_eq!(found.total, clauses, "{}", pack.id);
        assert_eq!(found.total, found.carried + found.reasoned + found.pending.len());
    }
}

#[test]
fn the_county_inherits_and_tightens() {
    let (parent, pack) = (zhejiang(), deqing());
    assert_eq!(pack.parent.as_deref(), Some("zhejiang"));
    assert_eq!(pack.calendar, parent.calendar);
    assert_eq!(pack.counting, parent.counting);
    assert!(pack.roles.contains_key("省人民政府"));
    let term = pack.parameters.get("授权期限").unwrap();
    assert_eq!(term.value, Value::Period(Period { length: 3, unit: PeriodUnit::Year }));
    assert_eq!(term.bound, Bound::Fixed);
    // The six months' floor is the province's; the county repeats it and names its own clause.
    let logs = pack.parameters.get("日志留存").unwrap();
    assert_eq!((logs.pack.as_str(), logs.file.as_str()), ("deqing", "deqing/parameters.yaml"));
    // The province's switch to suspend with the demand is untouched.
    assert_eq!(pack.parameters.get("责令改正即关闭权限").unwrap().pack, "zhejiang");
}

#[test]
fn the_ten_stages_and_the_eight_forms_are_there() {
    let pack = deqing();
    for form in ["附件1", "附件2", "附件3", "附件4", "附件5", "附件6", "附件7", "附件8"] {
        let form = pack.forms.get(form).unwrap();
        assert!(form.sections.iter().map(|section| section.fields.len()).sum::<usize>() >= 6, "{}", form.id);
    }
    let boxes = &pack.forms.get("附件2").unwrap().opinion_boxes;
    assert_eq!(boxes, &["申请单位意见", "县大数据局意见", "专家组意见", "协调小组意见"]);
    let effects: std::collections::BTreeSet<Effect> = pack
        .procedures
        .values()
        .flat_map(|procedure| &procedure.steps)
        .flat_map(|step| &step.actions)
        .flat_map(|action| action.effects.clone())
        .collect();
    assert_eq!(effects.len(), 21, "every effect the platform carries out is used: {effects:?}");
}

#[test]
fn every_step_of_every_procedure_names_its_clauses() {
    for procedure in deqing().procedures.values() {
        for step in &procedure.steps {
            assert!(!step.clauses.is_empty());
            assert!(step.actions.iter().all(|action| !action.clauses.is_empty()));
            assert!(step.clock.iter().all(|clock| !clock.clauses.is_empty()));
        }
    }
}

#[test]
fn scenarios_hold_and_every_procedure_has_one() {
    let pack = deqing();
    let mut texts = files("national");
    texts.retain(|file| is_calendar(&file.path));
    let calendar = Calendar::load(texts.iter().map(|file| (file.path.as_str(), file.text.as_str()))).unwrap();
    let failures = scenario::run(&pack, &calendar);
    let lines: Vec<String> =
        failures.iter().map(|one| format!("{} 第{:?}行：{}", one.scenario, one.line, one.zh)).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    for procedure in pack.procedures.keys() {
        assert!(pack.scenarios.iter().any(|scenario| scenario.procedure == *procedure), "{procedure}");
    }
}

#[test]
fn the_digest_depends_on_texts_and_parent_not_on_order_or_folder() {
    let parent = zhejiang();
    let files = files("deqing");
    let first = parsed(&files, Some(&parent)).digest;
    let mut turned: Vec<SourceFile> = files
        .iter()
        .map(|file| SourceFile { path: file.path.replace("deqing/", ""), text: file.text.clone() })
        .collect();
    turned.reverse();
    assert_eq!(parsed(&turned, Some(&parent)).digest, first);
    turned[0].text.push_str("# 注\n");
    assert_ne!(parsed(&turned, Some(&parent)).digest, first);
    assert_eq!(parent_id(&files).as_deref(), Some("zhejiang"));
    assert_eq!(parent_id(&self::files("zhejiang")).as_deref(), Some("national"));
    assert_eq!(parent_id(&self::files("national")), None);
}

#[test]
fn references_of_branches_are_json_ready() {
    let json = serde_json::to_value(deqing()).unwrap();
    assert_eq!(json["procedures"]["定价"]["steps"][0]["actions"][0]["effects"][0], "approve_price");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}", name in 0_usize..10) {
        let paths = ["pack.yaml", "clauses.yaml", "roles.yaml", "parameters.yaml", "duties.yaml",
            "not-automated.yaml", "procedures/a.yaml", "forms/a.yaml", "scenarios/a.yaml", "documents.yaml"];
        let file = SourceFile { path: paths[name].to_owned(), text };
        prop_assert!(load(&[file], None).is_err());
    }

    #[test]
    fn a_mutated_pack_never_panics(seed in any::<u64>(), cut in 0_usize..4000, with in "[\\-:{}\\[\\]&*!|>#\"' \n是否环节]{0,6}") {
        let mut files = files("zhejiang");
        files.extend(files_of_county());
        let index = usize::try_from(seed % files.len() as u64).unwrap();
        let text: Vec<char> = files[index].text.chars().collect();
        let at = cut % text.len().max(1);
        let drop = usize::try_from(seed % 7).unwrap();
        files[index].text =
            text.iter().take(at).chain(with.chars().collect::<Vec<_>>().iter()).chain(text.iter().skip(at + drop)).collect();
        // Two packs in one folder: refused in many ways, never a panic.
        if let Err(problems) = load(&files, None) {
            prop_assert!(!problems.is_empty() && problems.len() <= DIAGNOSTICS_MAX + 1);
            prop_assert!(problems.iter().all(|one| one.line > 0 && one.column > 0 && !one.en.is_empty()));
        }
    }
}

fn files_of_county() -> Vec<SourceFile> {
    files("deqing").into_iter().filter(|file| !file.path.ends_with("pack.yaml")).collect()
}
