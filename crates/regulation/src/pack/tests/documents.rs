//! Documents: declared, inherited, replaced by a county's own text, and refused when something does not fit.

use super::*;
use crate::pack::tests::malformed::{HEADER, base};

const ENTRY: &str = "
文书:
  - 名称: 回执
    英文: Receipt
    变量:
      - {名称: 办件编号, 英文: Number, 类型: 单行文字, 必填: 是}
      - {名称: 明细, 取自: 明细（元）, 英文: Rows, 类型: 表格, 列: [甲, 乙]}
    依据: [样.一]
";

fn above() -> Pack {
    parsed(&base(&[("documents.yaml", ENTRY), ("documents/回执.typ", "编号 #(办件编号)")]), None)
}

/// The first problem of a county below [`above`] with these files.
fn wrong(files: &[(&str, &str)]) -> Option<(&'static str, u32, u32)> {
    let problems = county(files).err()?;
    problems.first().map(|one| (one.code, one.line, one.column))
}

fn county(files: &[(&str, &str)]) -> Result<Pack, Vec<Diagnostic>> {
    let header = HEADER.replace("编号: sample", "编号: county") + "上级: sample\n";
    let file =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() };
    let mut all: Vec<SourceFile> = files.iter().map(file).collect();
    all.push(SourceFile { path: "pack.yaml".to_owned(), text: header });
    load(&all, Some(&above()))
}

#[test]
fn a_document_is_its_declaration_and_its_template() {
    let pack = above();
    let receipt = &pack.documents["回执"];
    assert_eq!(
        (receipt.template.as_str(), receipt.file.as_str()),
        ("编号 #(办件编号)", "documents/回执.typ")
    );
    assert_eq!(receipt.variables[0].from, "办件编号");
    assert!(receipt.variables[0].required && !receipt.variables[1].required);
    assert_eq!(receipt.variables[1].from, "明细（元）");
    assert_eq!(receipt.variables[1].kind, VariableKind::Table(vec!["甲".to_owned(), "乙".to_owned()]));
}

#[test]
fn a_template_counts_in_the_digest() {
    let other = parsed(&base(&[("documents.yaml", ENTRY), ("documents/回执.typ", "另一种")]), None);
    assert_ne!(above().digest, other.digest);
}

#[test]
fn a_county_inherits_and_puts_its_own_text_in_place() {
    let same = county(&[]).unwrap();
    assert_eq!(same.documents, above().documents);
    let own = county(&[("documents/回执.typ", "本县的文本 #(办件编号)")]).unwrap();
    assert_eq!(own.documents["回执"].template, "本县的文本 #(办件编号)");
    assert_eq!(own.documents["回执"].variables, above().documents["回执"].variables);
    let named = county(&[("documents.yaml", "文书:\n  - {名称: 回执, 英文: Slip}\n")]).unwrap();
    assert_eq!((named.documents["回执"].en.as_str(), named.documents["回执"].clauses.len()), ("Slip", 1));
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let new = |entry: &str| format!("文书:\n  - {entry}\n");
    for (files, code, line, column) in [
        (vec![("documents/无此.typ", "x".to_owned())], "regulation.pack_unknown_reference", 1, 1),
        (vec![("documents/说明.md", "x".to_owned())], "regulation.pack_unknown_file", 1, 1),
        (
            vec![("documents.yaml", new("{名称: 新件, 英文: New, 变量: [], 依据: [样.一]}"))],
            "regulation.pack_missing_key",
            2,
            5,
        ),
        // A rule has its basis; a template that nothing uses yet may wait for one.
        (
            vec![
                ("documents.yaml", new("{名称: 新件, 英文: New, 变量: [], 时机: [{程序: 无此}]}")),
                ("documents/新件.typ", "x".to_owned()),
            ],
            "regulation.pack_missing_key",
            2,
            5,
        ),
        (vec![("documents.yaml", new("{名称: 新件}"))], "regulation.pack_missing_key", 2, 5),
        (
            vec![("documents.yaml", "文书:\n  - {名称: 回执}\n  - {名称: 回执}\n".to_owned())],
            "regulation.pack_duplicate",
            3,
            5,
        ),
        (
            vec![("documents.yaml", new("{名称: 回执, 时机: [{程序: 无此}]}"))],
            "regulation.pack_unknown_reference",
            2,
            24,
        ),
        (
            vec![("documents.yaml", new("{名称: 回执, 时机: [{程序: 无此, 做: 受理}]}"))],
            "regulation.pack_value",
            2,
            19,
        ),
        (
            vec![("documents.yaml", new("{名称: 回执, 变量: [{名称: 甲 乙, 英文: x, 类型: 日期}]}"))],
            "regulation.pack_value",
            2,
            19,
        ),
        (
            vec![("documents.yaml", new("{名称: 回执, 变量: [{名称: 甲, 英文: x, 类型: 表格}]}"))],
            "regulation.pack_value",
            2,
            19,
        ),
        (
            vec![("documents.yaml", new("{名称: 回执, 变量: [{名称: 甲, 英文: x, 类型: 文本}]}"))],
            "regulation.pack_unknown_word",
            2,
            38,
        ),
        (
            vec![(
                "documents.yaml",
                new("{名称: 回执, 变量: [{名称: 甲, 英文: x, 类型: 日期}, {名称: 甲, 英文: x, 类型: 日期}]}"),
            )],
            "regulation.pack_duplicate",
            2,
            43,
        ),
        (vec![("documents/回执.typ", "长".repeat(TEMPLATE_BYTES_MAX))], "regulation.pack_limit", 1, 1),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(wrong(&files), Some((code, line, column)), "{files:?}");
    }
}

#[test]
fn an_occasion_has_to_exist() {
    let province = zhejiang();
    let mut files = files("deqing");
    let table = files.iter_mut().find(|file| file.path.ends_with("documents.yaml")).unwrap();
    table.text = table
        .text
        .replace("{程序: 授权申请, 环节: 形式审查, 做: 受理}", "{程序: 授权申请, 环节: 形式审查, 做: 销毁}");
    table.text = table.text.replace("{程序: 授权申请, 办结: 不予受理}", "{程序: 授权申请, 办结: 无此结果}");
    let problems = load(&files, Some(&province)).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems.iter().all(|one| one.code == "regulation.pack_unknown_reference" && one.zh.contains("时机"))
    );
}

#[test]
fn a_template_that_nothing_uses_carries_no_clause() {
    // The county below would otherwise be excused from a clause only because the province has a template for it.
    let province = zhejiang();
    assert!(!province.documents.is_empty() && province.documents.values().all(|one| one.when.is_empty()));
    let cited = crate::pack::coverage::cited(&province);
    assert!(!cited.contains("浙江.四.五.2"));
}
