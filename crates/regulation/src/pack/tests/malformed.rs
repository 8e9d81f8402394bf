//! Malformed packs: what is wrong, and exactly where.

use super::*;

pub(super) const HEADER: &str = "制度包: 样例\n编号: sample\n版本: '1'\n状态: 施行\n日历: 国务院放假安排\n计算口径: {名称: 民法典期间, 起算日: 不计入, 末日: 顺延至工作日, 时区: 北京时间}\n";
const CLAUSES: &str = "条款:\n  样.一: {原文: 一, 摘要: 第一条}\n";
const ROLES: &str = "角色:\n  局: {英文: Bureau, 机构: [bureau], 依据: [样.一]}\n";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

pub(super) fn base(extra: &[(&str, &str)]) -> Vec<SourceFile> {
    let mut files = vec![file("pack.yaml", HEADER), file("clauses.yaml", CLAUSES), file("roles.yaml", ROLES)];
    for (path, text) in extra {
        files.retain(|file| file.path != *path);
        files.push(file(path, text));
    }
    files
}

/// The first problem: code, file, line, column.
fn first(extra: &[(&str, &str)]) -> (&'static str, String, u32, u32) {
    let problems = load(&base(extra), None).unwrap_err();
    let one = &problems[0];
    (one.code, one.file.clone(), one.line, one.column)
}

fn procedure(steps: &str) -> String {
    format!("程序: 甲\n英文: A\n阶段: 一\n编号字头: A\n发起: {{谁: 局}}\n依据: [样.一]\n环节:\n{steps}")
}

const STEP: &str = "  - 名称: 办理\n    英文: Act\n    谁: 局\n    依据: [样.一]\n    可以:\n      - {做: 办结, 去向: {办结: 完成, 准予: 是}, 依据: [样.一]}\n";

#[test]
fn the_sample_itself_loads() {
    let good = procedure(STEP);
    let pack = parsed(&base(&[("procedures/a.yaml", &good)]), None);
    assert_eq!(pack.procedures["甲"].steps.len(), 1);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a flat table of texts and places")]
fn headers_tables_and_yaml() {
    let mut wrong = Vec::new();
    for (path, text, code, line, column) in [
        ("pack.yaml", HEADER.replace("状态: 施行", "状态: 有效"), "regulation.pack_unknown_word", 4, 5),
        ("pack.yaml", HEADER.replace("状态:", "状况:"), "regulation.pack_missing_key", 1, 1),
        ("pack.yaml", HEADER.replace("编号: sample", "编号: 样例"), "regulation.pack_value", 2, 5),
        ("pack.yaml", HEADER.replace("日历: 国务院放假安排\n", ""), "regulation.pack_missing_key", 1, 1),
        ("pack.yaml", format!("{HEADER}施行: {{自: 2026-13-01}}\n"), "regulation.pack_value", 7, 9),
        ("pack.yaml", format!("{HEADER}上级: 省\n"), "regulation.pack_parent", 1, 1),
        ("pack.yaml", "制度包: [".to_owned(), "regulation.pack_syntax", 1, 6),
        ("pack.yaml", "# 空\n".to_owned(), "regulation.pack_empty", 1, 1),
        ("pack.yaml", format!("{HEADER}---\n甲: 乙\n"), "regulation.pack_subset", 8, 1),
        (
            "clauses.yaml",
            "条款:\n  样.一: &a {原文: 一, 摘要: 第一条}\n".to_owned(),
            "regulation.pack_subset",
            2,
            11,
        ),
        (
            "clauses.yaml",
            "条款:\n  样.一: {原文: !!str 一, 摘要: 第一条}\n".to_owned(),
            "regulation.pack_subset",
            2,
            19,
        ),
        (
            "clauses.yaml",
            "条款:\n  样.一: {原文: 一, 摘要: 甲}\n  样.一: {原文: 一, 摘要: 乙}\n".to_owned(),
            "regulation.pack_duplicate_key",
            3,
            3,
        ),
        ("clauses.yaml", "条款:\n  样.一: {原文: 一}\n".to_owned(), "regulation.pack_missing_key", 2, 8),
        (
            "clauses.yaml",
            "条款:\n  样.一: {原文: 一, 摘要: 甲, 指纹: abc}\n".to_owned(),
            "regulation.pack_value",
            2,
            27,
        ),
        (
            "roles.yaml",
            "角色:\n  局: {英文: B, 机构: bureau, 依据: [样.一]}\n".to_owned(),
            "regulation.pack_role_unmapped",
            2,
            3,
        ),
        (
            "roles.yaml",
            "角色:\n  局: {英文: B, 机构: [bureau], 依据: []}\n".to_owned(),
            "regulation.pack_no_basis",
            2,
            32,
        ),
        (
            "roles.yaml",
            "角色:\n  局: {英文: B, 机构: [bureau], 依据: [样.二]}\n".to_owned(),
            "regulation.pack_unknown_reference",
            2,
            33,
        ),
        ("roles.yaml", "角色: 局\n".to_owned(), "regulation.pack_type", 1, 5),
        (
            "parameters.yaml",
            "参数:\n  期: {值: 3个工做日, 依据: [样.一]}\n".to_owned(),
            "regulation.pack_value",
            2,
            10,
        ),
        (
            "parameters.yaml",
            "参数:\n  期: {值: 3年, 约束: 下线, 依据: [样.一]}\n".to_owned(),
            "regulation.pack_unknown_word",
            2,
            18,
        ),
        (
            "not-automated.yaml",
            "不自动化:\n  - {条款: [样.一], 理由: 原则}\n".to_owned(),
            "regulation.pack_dead_reason",
            2,
            11,
        ),
        ("notes.yaml", "甲: 乙\n".to_owned(), "regulation.pack_unknown_file", 1, 1),
    ] {
        let found = first(&[(path, &text)]);
        if (found.0, found.1.as_str(), found.2, found.3) != (code, path, line, column) {
            wrong.push(format!("{found:?} instead of {code} {path}:{line}:{column} in\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn procedures_and_their_shape() {
    let (path, mut wrong) = ("procedures/a.yaml", Vec::new());
    for (text, code, line, column) in [
        (procedure(&STEP.replace("谁: 局", "谁: 厅")), "regulation.pack_unknown_reference", 10, 8),
        (procedure(&STEP.replace("谁: 局", "谁人: 局")), "regulation.pack_missing_key", 8, 5),
        (procedure(&STEP.replace("做: 办结", "做: 办毕")), "regulation.pack_unknown_word", 13, 13),
        (procedure(&STEP.replace("{办结: 完成, 准予: 是}", "复核")), "regulation.pack_unknown_reference", 13, 21),
        (procedure(&STEP.replace("{办结: 完成, 准予: 是}", "办理")), "regulation.pack_no_exit", 8, 5),
        (procedure(&format!("{STEP}{}", STEP.replace("名称: 办理", "名称: 复核"))), "regulation.pack_unreachable", 14, 5),
        (procedure(&format!("{STEP}{STEP}")), "regulation.pack_duplicate", 14, 5),
        (procedure(&STEP.replace("    可以:", "    意见栏: 局意见\n    可以:")), "regulation.pack_unknown_reference", 8, 5),
        (procedure(&STEP.replace("    可以:", "    期限: {自: 收到, 长度: 3, 性质: 法定, 逾期: 提醒并升级, 依据: [样.一]}\n    可以:")), "regulation.pack_value", 12, 21),
        (procedure(&STEP.replace("    可以:", "    期限: {自: 收到, 长度: 3日, 性质: 法定, 逾期: 视为同意, 依据: [样.一]}\n    可以:")), "regulation.pack_unknown_word", 12, 37),
        (procedure(&STEP.replace("    可以:", "    期限: {自: 收到, 长度: 3日, 性质: 法定, 依据: [样.一]}\n    可以:")), "regulation.pack_missing_key", 12, 9),
        (procedure(&STEP.replace("    可以:", "    期限: {自: 收到, 长度: 3日, 性质: 法定, 逾期: 进入下一环节, 依据: [样.一]}\n    可以:")), "regulation.pack_expiry", 12, 9),
        (procedure(&STEP.replace("    可以:", "    期限: {自: 收到, 长度: 3日, 性质: 法定, 逾期: 提醒并升级, 提醒: [三天后 告知 局], 依据: [样.一]}\n    可以:")), "regulation.pack_value", 12, 49),
        (procedure(&STEP.replace("    可以:", "    表决: {人数: 1, 同意: 2}\n    可以:")), "regulation.pack_value", 12, 9),
        (procedure(&STEP.replace("准予: 是}, 依据", "准予: 是}, 条件: [{须: {事实: 金额, 低于: 5}, 依据: [样.一]}], 依据")), "regulation.pack_unknown_reference", 13, 52),
        (procedure(&STEP.replace("准予: 是}, 依据", "准予: 是}, 条件: [{须: {事实: 金额, 低于: 5, 超过: 1}, 依据: [样.一]}], 依据")), "regulation.pack_condition", 13, 47),
        (procedure(&STEP.replace("{办结: 完成, 准予: 是}", "[{若: {事实: 表决通过, 是: 是}, 到: {办结: 甲}}]")), "regulation.pack_branches", 13, 21),
        (procedure(&STEP.replace("{办结: 完成, 准予: 是}", "[{若: {事实: 表决通过, 是: 3}, 到: {办结: 甲}}, {到: {办结: 乙}}]")), "regulation.pack_fact_kind", 13, 31),
        (procedure(&STEP.replace(", 依据: [样.一]}", "}")), "regulation.pack_missing_key", 13, 9),
        (procedure(STEP).replace("发起: {谁: 局}", "发起: {谁: 局, 表单: 表}"), "regulation.pack_unknown_reference", 5, 16),
        (procedure(STEP).replace("编号字头: A", "编号字头: 甲"), "regulation.pack_value", 4, 7),
        (procedure("  []\n"), "regulation.pack_no_step", 8, 3),
    ] {
        let found = first(&[(path, &text)]);
        if (found.0, found.1.as_str(), found.2, found.3) != (code, path, line, column) {
            wrong.push(format!("{found:?} instead of {code} {path}:{line}:{column} in\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hints_name_the_nearest_word_in_both_languages() {
    let text = HEADER.replace("状态: 施行", "状态: 试行");
    let problems = load(&base(&[("pack.yaml", &text)]), None).unwrap_err();
    assert!(problems[0].zh.contains("是否应为“施行”？"), "{}", problems[0].zh);
    assert!(problems[0].en.contains("did you mean `施行`?"), "{}", problems[0].en);
}

#[test]
fn many_problems_are_reported_at_once_and_bounded() {
    let many: String = (0..500).map(|n| format!("  样.{n}: {{原文: 一}}\n")).collect();
    let problems = load(&base(&[("clauses.yaml", &format!("条款:\n{many}"))]), None).unwrap_err();
    assert_eq!(problems.len(), DIAGNOSTICS_MAX + 1);
    assert_eq!(problems.last().unwrap().code, "regulation.pack_limit");
    let two =
        procedure(&STEP.replace("谁: 局", "谁: 厅").replace("做: 办结, 去向", "做: 办结, 表单: 表, 去向"));
    assert_eq!(load(&base(&[("procedures/a.yaml", &two)]), None).unwrap_err().len(), 2);
}

#[test]
fn bounds_are_kept() {
    let deep = format!("条款: {}", "[".repeat(100) + &"]".repeat(100));
    assert_eq!(first(&[("clauses.yaml", &deep)]).0, "regulation.pack_limit");
    let large = format!("条款: {}", "长".repeat(FILE_BYTES_MAX));
    assert_eq!(first(&[("clauses.yaml", &large)]).0, "regulation.pack_limit");
    let long = format!("条款: {}", "长".repeat(TEXT_CHARS_MAX + 1));
    assert_eq!(first(&[("clauses.yaml", &long)]).0, "regulation.pack_limit");
}

#[test]
fn a_layer_may_tighten_and_never_loosen() {
    let above = |value: &str, bound: &str| {
        let text = format!("参数:\n  量: {{值: {value}, 约束: {bound}, 依据: [样.一]}}\n");
        parsed(&base(&[("parameters.yaml", &text)]), None)
    };
    let below = |parent: &Pack, line: &str| {
        let header = "制度包: 下级\n编号: below\n版本: '1'\n状态: 施行\n上级: sample\n";
        let text = format!("参数:\n  量: {{{line}, 依据: [样.一]}}\n");
        load(&[file("below/pack.yaml", header), file("below/parameters.yaml", &text)], Some(parent))
    };
    for (value, bound, line, fits) in [
        ("不少于6个月", "下限", "值: 2年", true),
        ("不少于6个月", "下限", "值: 不少于6个月", true),
        ("不少于6个月", "下限", "值: 3个月", false),
        ("不少于6个月", "下限", "值: 不超过2年", false),
        ("不少于6个月", "下限", "值: 180日", false),
        ("不少于6个月", "下限", "值: 2年, 约束: 可改", false),
        ("不少于6个月", "下限", "值: 2年, 约束: 固定", true),
        ("不超过3年", "上限", "值: 3年", true),
        ("不超过3年", "上限", "值: 37个月", false),
        ("低于50%", "上限", "值: 低于40%", true),
        ("低于50%", "上限", "值: 不超过50%", false),
        ("低于50%", "上限", "值: 50%", false),
        ("低于50%", "上限", "值: 不超过49%", true),
        ("是", "固定", "值: 否", false),
        ("是", "固定", "值: 是", true),
        ("10", "可改", "值: 3", true),
    ] {
        let parent = above(value, bound);
        let result = below(&parent, line);
        assert_eq!(result.is_ok(), fits, "{value} {bound} → {line}: {result:?}");
        if let Err(problems) = result {
            assert_eq!(problems[0].code, "regulation.pack_loosened");
            assert_eq!((problems[0].file.as_str(), problems[0].line), ("below/parameters.yaml", 2));
            let (zh, en) = (&problems[0].zh, &problems[0].en);
            assert!(
                zh.contains("below/parameters.yaml") && zh.contains("样例") || zh.contains("sample"),
                "{zh}"
            );
            assert!(en.contains("below/parameters.yaml") && en.contains("parameters.yaml"), "{en}");
        }
    }
}
