use super::*;
use crate::case::scenario;
use crate::pack::model::Means;
use crate::pack::{Diagnostic, load};

fn plan<'a>(parent: &'a Pack, template: Option<(&'a Pack, &'a [SourceFile])>, clauses: &str) -> NewPack<'a> {
    NewPack {
        id: "yunwu".to_owned(),
        name: "云雾县公共数据授权运营管理办法".to_owned(),
        prefix: "云雾".to_owned(),
        version: "2027-试".to_owned(),
        parent,
        template,
        clauses: own_clauses(clauses, "云雾").unwrap(),
    }
}

fn lines(problems: &[Diagnostic]) -> String {
    problems.iter().map(|one| format!("{}:{} {} {}\n", one.file, one.line, one.code, one.zh)).collect()
}

fn made(plan: &NewPack<'_>) -> (Vec<SourceFile>, Pack) {
    new_pack(plan).unwrap_or_else(|error| match error {
        NewError::DoesNotLoad(problems) => panic!("{}", lines(&problems)),
        other => panic!("{other}"),
    })
}

#[test]
fn a_county_begun_from_any_sibling_loads_and_its_scenarios_hold() {
    let parent = zhejiang();
    for sibling in ["deqing", "xinchang"] {
        let sources = files(sibling);
        let template = loaded(sibling);
        let (files, pack) = made(&plan(&parent, Some((&template, &sources)), ""));
        assert!(load(&files, Some(&parent)).is_ok());
        assert_eq!(pack.procedures.len(), template.procedures.len());
        assert_eq!(pack.scenarios.len(), template.scenarios.len());
        let failures = scenario::run(&pack, &calendar());
        let failed: Vec<String> =
            failures.iter().map(|one| format!("{}：{}", one.scenario, one.zh)).collect();
        assert!(failed.is_empty(), "{sibling}: {failed:#?}");
        let covered = crate::pack::coverage(&pack);
        assert!(covered.missing.is_empty(), "{sibling}: {:?}", covered.missing);
        // Nothing of the sibling's law is left, but that it is marked as to be filled in.
        assert!(pack.clauses.values().all(|clause| clause.pack != sibling));
        let left = todo(&files, &pack);
        assert!(left.iter().any(|one| one.file.starts_with("procedures/") && one.text.zh.contains("待填")));
        assert!(left.iter().any(|one| one.file == "roles.yaml" && one.text.zh.contains("机构代码")));
        // A template's first line is a comment of templates, or it would not print.
        let mut templates = files.iter().filter(|file| file.path.ends_with(".typ")).peekable();
        assert!(templates.peek().is_some() && templates.all(|file| file.text.starts_with("// 待核：")));
        assert!(left.iter().any(|one| one.file.ends_with(".typ") && one.text.zh.starts_with("复制自")));
        if sibling == "deqing" {
            assert!(files.iter().all(|file| !file.text.contains("德清县")), "the sibling's name is gone");
        }
    }
}

#[test]
fn a_table_of_clauses_carries_the_copied_rules() {
    let parent = zhejiang();
    let sources = files("deqing");
    let template = loaded("deqing");
    let table = "# 编号 | 标号 | 摘要 | 用于\n\
                 一 | 第一条 | 制定目的 | 不自动化：立法目的\n\
                 五.1 | 第五条第一款 | 申请和评审 | 授权申请、数据需求评审\n\
                 云雾.六 | 第六条 | 定价: 报批 | 定价 | 强制\n";
    let (files, pack) = made(&plan(&parent, Some((&template, &sources)), table));
    assert_eq!(pack.clauses["云雾.六"].summary, "定价: 报批");
    assert_eq!(pack.not_automated["云雾.一"].reason, "立法目的");
    let means = |id: &str| pack.clauses[id].means;
    assert_eq!(means("云雾.一"), Some(Means::Outside));
    assert_eq!((means("云雾.六"), means("云雾.五.1")), (Some(Means::Enforce), None));
    assert!(
        todo(&files, &pack)
            .iter()
            .any(|one| one.text.zh.contains("手段") && one.text.zh.contains("云雾.五.1"))
    );
    let price = &pack.procedures["定价"];
    assert!(price.clauses.contains(&"云雾.六".to_owned()), "{:?}", price.clauses);
    assert!(pack.procedures["授权申请"].steps.iter().all(|step| !step.clauses.is_empty()));
    assert!(!pack.clauses.contains_key("云雾.待填.定价"));
    assert!(pack.clauses.contains_key("云雾.待填.整改"));
    assert!(files.iter().all(|file| !file.text.contains("待填.定价")));
    let failures = scenario::run(&pack, &calendar());
    assert!(failures.is_empty(), "{failures:?}");
    // Every line that cites the text on the template's word asks for a look, and no other line does.
    for file in files.iter().filter(|file| !matches!(&*file.path, "clauses.yaml" | "not-automated.yaml")) {
        for line in file.text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let cites = ["云雾.五.1", "云雾.六"].iter().any(|id| line.contains(id));
            assert_eq!(line.contains("  # 请核对：依据由样板推定"), cites, "{}: {line}", file.path);
        }
    }
    assert!(pack.unchecked.len() > 50, "{}", pack.unchecked.len());
    let spring = "2026-03-02".parse().unwrap();
    let told = crate::pack::lint_text(&pack, &calendar(), spring);
    assert!(
        told.iter().any(|one| one.code == "lint.citation_unchecked" && one.place == "procedures/定价.yaml")
    );
    let left = todo(&files, &pack);
    assert!(left.iter().any(|one| one.file == "procedures/定价.yaml" && one.text.zh.contains("请核对")));
}

#[test]
fn a_county_below_a_complete_parent_inherits_and_lists_what_it_may_tighten() {
    let parent = loaded("yanan");
    let (files, pack) = made(&plan(&parent, None, "一 | 第一条 | 本县适用市办法 | 不自动化：适用规定"));
    assert_eq!(pack.procedures.len(), parent.procedures.len());
    assert!(scenario::run(&pack, &calendar()).is_empty());
    let parameters = files.iter().find(|file| file.path == "parameters.yaml").unwrap();
    for name in parent.parameters.keys() {
        assert!(parameters.text.contains(&format!("#  {name}: ")), "{name}");
    }
    assert!(crate::pack::coverage(&pack).missing.is_empty());
}

#[test]
fn without_a_template_the_list_says_which_clauses_wait_for_a_rule() {
    let parent = zhejiang();
    let (files, pack) = made(&plan(&parent, None, "一 | 第一条 | 制定目的"));
    let left = todo(&files, &pack);
    assert!(left.iter().any(|one| one.text.zh.starts_with("本级条款1条")), "{left:?}");
    assert!(left.iter().any(|one| one.text.zh.starts_with("上级条款")), "{left:?}");
}

#[test]
fn mistakes_name_their_line() {
    let line = |text: &str| match own_clauses(text, "云雾") {
        Err(NewError::Line { line, .. }) => line,
        other => panic!("{other:?}"),
    };
    assert_eq!(line("# 注\n一 | 第一条"), 2);
    assert_eq!(line("一 | 第一条 | 甲\n\n云雾.一 | 第一条 | 乙"), 3);
    assert_eq!(line("一 [x] | 第一条 | 甲"), 1);
    assert_eq!(line("一 | 第一条 | 甲 | 不自动化"), 1);
    assert_eq!(line("一 | 第一条 | 甲 | 定价 | 强迫"), 1);
    assert_eq!(line("一 | 第一条 | 甲 | 定价 | 强制 | 多"), 1);
    let parent = zhejiang();
    let sources = files("deqing");
    let template = loaded("deqing");
    let unknown = plan(&parent, Some((&template, &sources)), "一 | 第一条 | 甲 | 定介");
    let error = new_pack(&unknown).unwrap_err();
    assert!(matches!(&error, NewError::Line { line: 1, .. }), "{error:?}");
    assert!(error.zh().contains("是否应为“定价”"));
    let other = loaded("yanan");
    let wrong = plan(&other, Some((&template, &sources)), "");
    assert_eq!(new_pack(&wrong).unwrap_err().code(), "regulation.new_template");
    for id in ["", "Yun", "../x"] {
        let mut bad = plan(&parent, None, "");
        bad.id = id.to_owned();
        assert_eq!(new_pack(&bad).unwrap_err().code(), "regulation.new_name");
    }
}

#[test]
fn names_with_marks_stay_names() {
    let parent = zhejiang();
    let mut odd = plan(&parent, None, "一 | 第一条：“甲” | 含 #、: 与 \"引号\" 的摘要");
    odd.name = "云雾县：办法 (试行) #1 \"新\"".to_owned();
    let (_, pack) = made(&odd);
    assert_eq!(pack.name, "云雾县：办法 (试行) #1 \"新\"");
    assert_eq!(pack.clauses["云雾.一"].summary, "含 #、: 与 \"引号\" 的摘要");
}
