//! Lints of duties, of 转办 and of commands on people: nothing is found in the sample, and each fault by its code.

use super::lints::{codes, extended};
use super::*;
use crate::calendar::tests::national;

const MORE: [(&str, &str); 4] = [
    (
        "duties.yaml",
        "周期义务:\n  - {名称: 月报, 英文: Report, 谁: 局, 每: 1个月, 自: 自然期, 期限: 10日, 提醒: [剩3日 告知 局, 超1日 告知 局], 程序: 报告, 依据: [样.二]}\n",
    ),
    (
        "procedures/b.yaml",
        "程序: 报告\n英文: B\n阶段: 一\n编号字头: B\n发起: {谁: 局}\n依据: [样.二]\n环节:\n  \
         - 名称: 审议\n    英文: Meet\n    谁: 组\n    依据: [样.三]\n    可以:\n      \
         - {做: 决议, 会议: {出席: 2}, 去向: {办结: 已议, 准予: 是}, 依据: [样.三]}\n      \
         - {做: 不同意, 去向: {办结: 不合格, 转办: 整改}, 依据: [样.三]}\n      \
         - {做: 抽取专家, 抽取: {名册: {参数: 名册}, 人数: 2}, 依据: [样.三]}\n",
    ),
    (
        "procedures/c.yaml",
        "程序: 整改\n英文: C\n阶段: 一\n编号字头: C\n发起: {谁: 局}\n依据: [样.二]\n环节:\n  \
         - 名称: 验收\n    英文: Accept\n    谁: 组\n    依据: [样.三]\n    可以:\n      \
         - {做: 同意, 去向: {办结: 合格, 准予: 是}, 依据: [样.三]}\n",
    ),
    ("parameters.yaml", "参数:\n  名册: {值: [甲, 乙, 丙], 依据: [样.三]}\n"),
];

const STORIES: (&str, &str) = (
    "scenarios/b.yaml",
    "样例:\n  - 名称: 月报的各期\n    义务: 月报\n    自: 2026-03-01\n    至: 2026-05-01\n    \
     则: {起办: [2026-04-01, 2026-05-01], 到期: [2026-04-10, 2026-05-11], 提醒: [2026-04-07, 2026-04-13, 2026-05-07, 2026-05-12]}\n    依据: [样.二]\n  \
     - 名称: 议过\n    程序: 报告\n    经过: [{日期: 2026-03-02, 做: 提交}, {日期: 2026-03-03, 谁: 组, 做: 决议}]\n    则: {办结: 已议}\n    依据: [样.三]\n  \
     - 名称: 不合格转整改\n    程序: 报告\n    经过: [{日期: 2026-03-02, 做: 提交}, {日期: 2026-03-03, 谁: 组, 做: 不同意}]\n    则: {办结: 不合格, 转办: [整改]}\n    依据: [样.三]\n  \
     - 名称: 先抽取再议\n    程序: 报告\n    经过:\n      - {日期: 2026-03-02, 做: 提交}\n      - {日期: 2026-03-03, 谁: 组, 做: 抽取专家}\n      \
     - {日期: 2026-03-03, 谁: 组, 做: 决议}\n    则: {办结: 已议}\n    依据: [样.三]\n  \
     - 名称: 整改合格\n    程序: 整改\n    经过: [{日期: 2026-03-02, 做: 提交}, {日期: 2026-03-03, 谁: 组, 做: 同意}]\n    则: {办结: 合格}\n    依据: [样.三]\n",
);

fn sample(changes: &[(&str, &str)]) -> Pack {
    let mut more = MORE.to_vec();
    more.push(STORIES);
    extended(&more, changes)
}

#[test]
fn in_the_sample_nothing_is_found() {
    let found = lint(&sample(&[]), &national(), "2026-03-02".parse().unwrap());
    assert_eq!(found, Vec::new());
}

#[test]
fn each_fault_is_found_by_its_code() {
    let failing: &[(&str, (&str, &str))] = &[
        ("lint.duty_unnoticed", ("提醒: [剩3日 告知 局, 超1日 告知 局]", "提醒: [剩3日 告知 局]")),
        ("lint.scenario_fails", ("到期: [2026-04-10, 2026-05-11]", "到期: [2026-04-10, 2026-05-10]")),
        ("lint.meeting_impossible", ("会议: {出席: 2}", "会议: {出席: 3}")),
        ("lint.draw_impossible", ("人数: 2}", "人数: 4}")),
        ("lint.rule_untested", (", 转办: [整改]}", "}")),
        ("lint.role_unused", ("角色:\n", "角色:\n  多: {英文: More, 机构: [more], 依据: [样.一]}\n")),
    ];
    for (code, change) in failing {
        let found = codes(&sample(&[*change]), "2026-03-02");
        assert!(found.contains(code), "{code} is not among {found:?} after {change:?}");
    }
}

#[test]
fn every_rule_of_a_duty_has_to_be_noticed() {
    let words = |change: (&str, &str)| -> Vec<String> {
        let found = lint(&sample(&[change]), &national(), "2026-03-02".parse().unwrap());
        found.into_iter().filter(|one| one.code == "lint.rule_untested").map(|one| one.zh).collect()
    };
    let reminders = ", 提醒: [2026-04-07, 2026-04-13, 2026-05-07, 2026-05-12]}";
    let found = words((reminders, "}"));
    assert!(
        ["第1级提醒", "第2级提醒"].iter().all(|word| found.iter().any(|zh| zh.contains(word))),
        "{found:?}"
    );
    // A scenario that only names the first period sees neither the cycle nor what the periods are aligned to.
    let first = "起办: [2026-04-01, 2026-05-01], 到期: [2026-04-10, 2026-05-11], 提醒: [2026-04-07, 2026-04-13, 2026-05-07, 2026-05-12]";
    let found = words((first, "提醒: [2026-04-07, 2026-04-13, 2026-05-07, 2026-05-12]"));
    assert_eq!(found, Vec::<String>::new(), "the reminders alone pin all of it");
    let alone = "样例:\n  - 名称: 月报的各期\n    义务: 月报\n    自: 2026-03-01\n    至: 2026-05-01\n";
    let none = "样例:\n  - 名称: 月报的各期\n    义务: 月报\n    自: 2026-03-01\n    至: 2026-03-02\n";
    let more = STORIES.1.replace(alone, none).replace(first, "起办: []");
    let mut files = MORE.to_vec();
    files.push((STORIES.0, &more));
    let found = lint(&extended(&files, &[]), &national(), "2026-03-02".parse().unwrap());
    for word in ["“每”", "“自”"] {
        assert!(found.iter().any(|one| one.zh.contains(word)), "{word} is not among {found:?}");
    }
}

#[test]
fn who_is_asked_or_waives_or_is_told_of_a_duty_is_used() {
    let role = ("角色:\n", "角色:\n  多: {英文: More, 机构: [more], 依据: [样.一]}\n");
    for change in [
        (
            "发起: {谁: 局}\n依据: [样.二]\n环节:\n  - 名称: 审议",
            "发起: {谁: 局, 免办: 多}\n依据: [样.二]\n环节:\n  - 名称: 审议",
        ),
        (
            "      - {做: 抽取专家",
            "      - {做: 加签, 向: [多], 须写意见: 是, 依据: [样.三]}\n      - {做: 抽取专家",
        ),
        ("超1日 告知 局], 程序", "超1日 告知 多], 程序"),
    ] {
        let found = codes(&sample(&[role, change]), "2026-03-02");
        assert!(!found.contains(&"lint.role_unused"), "{change:?}: {found:?}");
    }
    let bound = ("角色:\n", "角色:\n  多: {英文: More, 绑定: {事实: 多方}, 依据: [样.一]}\n");
    let asked = (
        "      - {做: 抽取专家",
        "      - {做: 加签, 向: [多], 须写意见: 是, 依据: [样.三]}\n      - {做: 抽取专家",
    );
    assert!(codes(&sample(&[bound, asked]), "2026-03-02").contains(&"lint.role_unbound"));
}

#[test]
fn the_dates_of_a_duty_show_its_clauses() {
    let clause = "摘要: 原则, 手段: 外部}";
    let carried = [
        (clause, "摘要: 每月报告, 手段: 自动}"),
        ("不自动化:\n  - {条款: [样.四], 理由: 原则}", "不自动化: []"),
        ("程序: 报告, 依据: [样.二]}", "程序: 报告, 依据: [样.二, 样.四]}"),
    ];
    assert!(codes(&sample(&carried), "2026-03-02").contains(&"lint.unproven"));
    let mut shown = carried.to_vec();
    shown.push((", 2026-05-12]}\n    依据: [样.二]", ", 2026-05-12]}\n    依据: [样.二, 样.四]"));
    assert!(!codes(&sample(&shown), "2026-03-02").contains(&"lint.unproven"));
}
