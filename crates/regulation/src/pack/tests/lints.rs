//! Each lint: a small pack in which nothing is found, and for each code one change after which just that is found.

use super::*;
use crate::calendar::tests::national;

const SAMPLE: [(&str, &str); 7] = [
    (
        "pack.yaml",
        "制度包: 样例\n编号: sample\n版本: '1'\n状态: 施行\n日历: 国务院放假安排\n计算口径: {名称: 民法典期间, 起算日: 不计入, 末日: 顺延至工作日, 时区: 北京时间}\n",
    ),
    (
        "clauses.yaml",
        "条款:\n  样.一: {原文: 一, 摘要: 不合格的不得同意, 手段: 强制}\n  样.二: {原文: 二, 摘要: 三个工作日内办理, 手段: 自动}\n  \
         样.三: {原文: 三, 摘要: 组里表决, 手段: 记录}\n  样.四: {原文: 四, 摘要: 原则, 手段: 外部}\n",
    ),
    ("not-automated.yaml", "不自动化:\n  - {条款: [样.四], 理由: 原则}\n"),
    (
        "roles.yaml",
        "角色:\n  申请单位: {英文: Applicant, 绑定: 发起单位, 依据: [样.一]}\n  局: {英文: Bureau, 机构: [bureau], 依据: [样.二]}\n  \
         组: {英文: Panel, 机构: [panel-a, panel-b], 依据: [样.三]}\n",
    ),
    (
        "forms/a.yaml",
        "表单: 申请表\n标题: 申请表\n英文: Form\n意见栏: [局意见]\n依据: [样.一]\n栏目:\n  - 字段:\n      \
         - {名称: 电话, 英文: Telephone, 类型: 电话, 必填: 是, 个人信息: 是}\n      \
         - {名称: 种类, 英文: Kind, 类型: 单选, 选项: [甲, 乙], 必填: 是, 事实: 种类}\n",
    ),
    (
        "procedures/a.yaml",
        "程序: 申请\n英文: A\n阶段: 一\n编号字头: A\n发起: {谁: 申请单位, 表单: 申请表}\n依据: [样.二]\n环节:\n  \
         - 名称: 办理\n    英文: Act\n    谁: 局\n    意见栏: 局意见\n    依据: [样.二]\n    \
         期限: {自: 收到, 长度: 3个工作日, 性质: 法定, 逾期: 提醒并升级, 提醒: [超1日 告知 局], 依据: [样.二]}\n    可以:\n      \
         - 做: 同意\n        须说明: {合格: {英文: Good, 类型: 是否, 必填: 是}}\n        \
         条件: [{须: {事实: 合格, 是: 是}, 依据: [样.一]}]\n        \
         去向: [{若: {事实: 种类, 是: 甲}, 到: 表决}, {到: {办结: 完成, 准予: 是}}]\n        依据: [样.二]\n      \
         - {做: 不同意, 去向: {办结: 不同意}, 依据: [样.二]}\n  \
         - 名称: 表决\n    英文: Vote\n    谁: 组\n    表决: {人数: 2, 同意: 2}\n    依据: [样.三]\n    可以:\n      \
         - {做: 同意, 去向: {办结: 通过, 准予: 是}, 依据: [样.三]}\n      - {做: 不同意, 去向: {办结: 未通过}, 依据: [样.三]}\n\
         回避:\n  - {一方: 发起人, 另一方: 办理, 比较: 机构, 依据: [样.一]}\n",
    ),
    (
        "scenarios/a.yaml",
        "样例:\n  - 名称: 到期\n    程序: 申请\n    经过: [{日期: 2026-03-02, 做: 提交}]\n    则: {到期: {办理: 2026-03-05}}\n    依据: [样.二]\n  \
         - 名称: 乙种完成\n    程序: 申请\n    经过:\n      - {日期: 2026-03-02, 做: 提交, 事实: {种类: 乙}}\n      - {日期: 2026-03-03, 谁: 局, 做: 同意}\n    \
         则: {办结: 完成}\n    依据: [样.二]\n  \
         - 名称: 甲种表决\n    程序: 申请\n    经过:\n      - {日期: 2026-03-02, 做: 提交, 事实: {种类: 甲}}\n      - {日期: 2026-03-03, 谁: 局, 做: 同意}\n      \
         - {日期: 2026-03-03, 谁: 组, 做: 同意}\n      - {日期: 2026-03-03, 谁: 组, 做: 同意}\n    则: {办结: 通过}\n    依据: [样.三]\n  \
         - 名称: 表决不通过\n    程序: 申请\n    经过:\n      - {日期: 2026-03-02, 做: 提交, 事实: {种类: 甲}}\n      - {日期: 2026-03-03, 谁: 局, 做: 同意}\n      \
         - {日期: 2026-03-03, 谁: 组, 做: 不同意}\n      - {日期: 2026-03-03, 谁: 组, 做: 不同意}\n    则: {办结: 未通过}\n    依据: [样.三]\n  \
         - 名称: 不同意\n    程序: 申请\n    经过:\n      - {日期: 2026-03-02, 做: 提交}\n      - {日期: 2026-03-03, 谁: 局, 做: 不同意}\n    则: {办结: 不同意}\n    依据: [样.二]\n  \
         - 名称: 不合格的不能同意\n    程序: 申请\n    经过:\n      - {日期: 2026-03-02, 做: 提交}\n      - {日期: 2026-03-03, 谁: 局, 做: 同意, 事实: {合格: 否}}\n    则: {拒绝: [样.一]}\n    依据: [样.一]\n  \
         - 名称: 局自己的申请不能自己办\n    程序: 申请\n    经过:\n      - {日期: 2026-03-02, 机构: bureau, 做: 提交}\n      - {日期: 2026-03-03, 谁: 局, 做: 不同意}\n    则: {拒绝: [样.一]}\n    依据: [样.一]\n",
    ),
];

fn changed(changes: &[(&str, &str)]) -> Pack {
    extended(&[], changes)
}

/// The sample with more files, then changed.
pub(super) fn extended(more: &[(&str, &str)], changes: &[(&str, &str)]) -> Pack {
    let mut files: Vec<SourceFile> = SAMPLE
        .iter()
        .chain(more)
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect();
    for (from, to) in changes {
        let found = files.iter_mut().find(|file| file.text.contains(from));
        let file = found.unwrap_or_else(|| panic!("the sample has no `{from}`"));
        file.text = file.text.replacen(from, to, 1);
    }
    parsed(&files, None)
}

pub(super) fn codes(pack: &Pack, today: &str) -> Vec<&'static str> {
    let mut codes: Vec<&'static str> =
        lint(pack, &national(), today.parse().unwrap()).into_iter().map(|one| one.code).collect();
    codes.dedup();
    codes
}

#[test]
fn in_the_sample_nothing_is_found() {
    let found = lint(&changed(&[]), &national(), "2026-03-02".parse().unwrap());
    assert_eq!(found, Vec::new());
}

/// One change of the sample and the code it is found by.
const FAILING: &[(&str, &[(&str, &str)])] = &[
    ("lint.means_missing", &[(", 手段: 外部", "")]),
    ("lint.clause_missing", &[("  - {条款: [样.四], 理由: 原则}\n", "  []\n")]),
    ("lint.excuse_unfit", &[("原则, 手段: 外部", "原则, 手段: 记录")]),
    ("lint.excuse_unfit", &[("不自动化:", "平台保障:")]),
    ("lint.excuse_unfit", &[("不自动化:", "尚未落实:")]),
    (
        "lint.unproven",
        &[
            (
                "则: {拒绝: [样.一]}\n    依据: [样.一]\n  - 名称: 局",
                "则: {拒绝: [样.一]}\n    依据: [样.一]\n  - 名称: 局",
            ),
            ("摘要: 原则, 手段: 外部}", "摘要: 原则, 手段: 自动}"),
            ("不自动化:\n  - {条款: [样.四], 理由: 原则}", "不自动化: []"),
            ("机构: [bureau], 依据: [样.二]", "机构: [bureau], 依据: [样.二, 样.四]"),
        ],
    ),
    ("lint.scenario_fails", &[("则: {办结: 完成}", "则: {办结: 通过}")]),
    (
        "lint.rule_untested",
        &[(
            "机构: bureau, 做: 提交}\n      - {日期: 2026-03-03, 谁: 局, 做: 不同意}\n    则: {拒绝: [样.一]}",
            "做: 提交}\n      - {日期: 2026-03-03, 谁: 局, 做: 不同意}\n    则: {办结: 不同意}",
        )],
    ),
    ("lint.role_unused", &[("角色:\n", "角色:\n  多: {英文: More, 机构: [more], 依据: [样.一]}\n")]),
    ("lint.parameter_unused", &[("计算口径:", "参数: {多余期限: {值: 3个工作日, 本地约定: 是}}\n计算口径:")]),
    ("lint.role_unbound", &[("机构: [panel-a, panel-b]", "绑定: {事实: 组员单位}")]),
    (
        "lint.action_unreachable",
        &[(
            "      - {做: 不同意, 去向: {办结: 不同意}, 依据: [样.二]}\n",
            "      - {做: 不同意, 去向: {办结: 不同意}, 依据: [样.二]}\n      - {做: 不同意, 去向: {办结: 另外}, 依据: [样.二]}\n",
        )],
    ),
    ("lint.clock_unnoticed", &[(", 提醒: [超1日 告知 局]", "")]),
    ("lint.clock_never_starts", &[("自: 收到", "自: 签订")]),
    ("lint.clock_takes_everything", &[("逾期: 提醒并升级", "逾期: 收回数据")]),
    (
        "lint.separation_impossible",
        &[
            ("机构: [panel-a, panel-b]", "机构: [bureau]"),
            ("一方: 发起人, 另一方: 办理", "一方: 表决, 另一方: 办理"),
        ],
    ),
    ("lint.separation_idle", &[("一方: 发起人, 另一方: 办理", "一方: 表决, 另一方: 办理")]),
    (
        "lint.separation_staff",
        &[
            ("机构: [panel-a, panel-b]", "机构: [bureau]"),
            ("一方: 发起人, 另一方: 办理, 比较: 机构", "一方: 表决, 另一方: 办理, 比较: 人员"),
        ],
    ),
    (
        "lint.vote_impossible",
        &[
            ("机构: [panel-a, panel-b]", "机构: [panel-a]"),
            ("    表决: {人数", "    逐家办理: 是\n    表决: {人数"),
        ],
    ),
    (
        "lint.condition_never",
        &[("须: {事实: 合格, 是: 是}", "须: {且: [{事实: 合格, 是: 是}, {事实: 合格, 是: 否}]}")],
    ),
    (
        "lint.condition_always",
        &[("须: {事实: 合格, 是: 是}", "须: {或: [{事实: 合格, 是: 是}, {事实: 合格, 是: 否}]}")],
    ),
    (
        "lint.branch_dead",
        &[(
            "{若: {事实: 种类, 是: 甲}, 到: 表决}",
            "{若: {事实: 种类, 是: 甲}, 到: 表决}, {若: {且: [{事实: 种类, 是: 甲}, {事实: 合格, 是: 是}]}, 到: {办结: 不会}}",
        )],
    ),
    (
        "lint.choice_unknown",
        &[(
            "{若: {事实: 种类, 是: 甲}, 到: 表决}",
            "{若: {事实: 种类, 是: 甲}, 到: 表决}, {若: {事实: 种类, 是: 丙}, 到: {办结: 不会}}",
        )],
    ),
    ("lint.personal_unmarked", &[(", 个人信息: 是", "")]),
    ("lint.box_unused", &[("意见栏: [局意见]", "意见栏: [局意见, 组意见]")]),
];

/// The sample with a rule of the wider grammar that no scenario notices, and words of the finding.
const UNNOTICED: &[(&str, &[(&str, &str)])] = &[
    (
        "第1个附件，",
        &[
            (
                "做: 不同意, 去向: {办结: 不同意}",
                "做: 不同意, 须附: [{名称: 证明, 若: {事实: 种类, 是: 丁}}], 去向: {办结: 不同意}",
            ),
            ("选项: [甲, 乙]", "选项: [甲, 乙, 丁]"),
        ],
    ),
    (
        "附件的“若”，",
        &[(
            "发起: {谁: 申请单位, 表单: 申请表}\n",
            "发起: {谁: 申请单位, 表单: 申请表}\n附件:\n  - {名称: 证明, 必附: 是, 若: {事实: 种类, 是: 甲}, 依据: [样.一]}\n",
        )],
    ),
    ("第1个会同角色，", &[("    谁: 局\n", "    谁: 局\n    会同: [组]\n")]),
    ("第2级提醒，", &[("提醒: [超1日 告知 局]", "提醒: [超1日 告知 局, 前1日 告知 局]")]),
    ("期限的“自”，", &[("{自: 收到, 长度: 3个工作日", "{自: 提交, 长度: 3个工作日")]),
    ("期限的“末日”，", &[("长度: 3个工作日, 性质", "长度: 3个工作日, 末日: 不顺延, 性质")]),
    (
        "期限长度的来源或者倒算，",
        &[
            (
                "{自: 收到, 长度: 3个工作日, 性质: 法定, 逾期: 提醒并升级, 提醒: [超1日 告知 局]",
                "{自: 收到, 到: {事实: 截止}, 性质: 法定, 逾期: 关闭权限",
            ),
            (
                "环节:\n  - 名称: 办理",
                "事实:\n  截止: {英文: Until, 类型: 日期, 必填: 是}\n环节:\n  - 名称: 办理",
            ),
            ("则: {到期: {办理: 2026-03-05}}", "则: {到期: {办理: 2026-03-02}}"),
        ],
    ),
    (
        "去掉第1个附件，",
        &[(
            "环节:\n  - 名称: 办理",
            "附件: [{名称: 申请书, 必附: 是, 依据: [样.一]}]\n环节:\n  - 名称: 办理",
        )],
    ),
    (
        "“不同意”的第1个附件，",
        &[("{做: 不同意, 去向: {办结: 不同意}", "{做: 不同意, 须附: [理由书], 去向: {办结: 不同意}")],
    ),
    (
        "补正期限，",
        &[
            ("    意见栏: 局意见\n", "    意见栏: 局意见\n    补正期限: 5个工作日\n"),
            ("      - {做: 不同意, 去向", "      - {做: 退回补正, 依据: [样.二]}\n      - {做: 不同意, 去向"),
        ],
    ),
];

#[test]
fn each_rule_of_the_wider_grammar_has_to_be_noticed() {
    for (words, changes) in UNNOTICED {
        let found = lint(&changed(changes), &national(), "2026-03-02".parse().unwrap());
        let untested = found.iter().filter(|one| one.code == "lint.rule_untested");
        let untested: Vec<&str> = untested.map(|one| one.zh.as_str()).collect();
        assert!(untested.iter().any(|zh| zh.contains(words)), "{words} is not among {found:?}");
    }
}

#[test]
fn joint_roles_and_conditions_of_attachments_are_looked_at() {
    // A role that only acts jointly is used, and has to be found like any other.
    let joint = ("    谁: 局\n", "    谁: 局\n    会同: [多]\n");
    let role = |how: &str| format!("角色:\n  多: {{英文: More, {how}, 依据: [样.一]}}\n");
    let (fixed, bound) = (role("机构: [more]"), role("绑定: {事实: 多方}"));
    let used = codes(&changed(&[("角色:\n", &fixed), joint]), "2026-03-02");
    assert!(!used.contains(&"lint.role_unused"), "{used:?}");
    let unbound = codes(&changed(&[("角色:\n", &bound), joint]), "2026-03-02");
    assert!(unbound.contains(&"lint.role_unbound"), "{unbound:?}");
    // A unit of the joint role can take the other side, so the separation keeps somebody away.
    let apart = ("一方: 发起人, 另一方: 办理", "一方: 表决, 另一方: 办理");
    let same = role("机构: [panel-a]");
    let found = codes(&changed(&[("角色:\n", &same), joint, apart]), "2026-03-02");
    assert!(!found.contains(&"lint.separation_idle"), "{found:?}");
    let never =
        "须附: [{名称: 证明, 若: {且: [{事实: 种类, 是: 甲}, {事实: 种类, 是: 乙}]}}], 去向: {办结: 不同意}";
    let found = codes(&changed(&[("去向: {办结: 不同意}", never)]), "2026-03-02");
    assert!(found.contains(&"lint.condition_never"), "{found:?}");
    let offered = "须附: [{名称: 证明, 若: {事实: 种类, 是: 丙}}], 去向: {办结: 不同意}";
    let found = codes(&changed(&[("去向: {办结: 不同意}", offered)]), "2026-03-02");
    assert!(found.contains(&"lint.choice_unknown"), "{found:?}");
}

#[test]
fn two_facts_compared_with_each_other_are_tried() {
    let facts = (
        "环节:\n  - 名称: 办理",
        "事实:\n  甲数: {英文: A, 类型: 整数}\n  乙数: {英文: B, 类型: 整数}\n环节:\n  - 名称: 办理",
    );
    let condition = |test: &str| format!("须: {{且: [{{事实: 合格, 是: 是}}, {test}]}}");
    let sound = condition("{事实: 甲数, 不超过: {事实: 乙数}}");
    let found = codes(&changed(&[facts, ("须: {事实: 合格, 是: 是}", &sound)]), "2026-03-02");
    assert!(!found.contains(&"lint.condition_never"), "{found:?}");
    let both = condition("{事实: 甲数, 低于: {事实: 乙数}}, {事实: 乙数, 低于: {事实: 甲数}}");
    let found = codes(&changed(&[facts, ("须: {事实: 合格, 是: 是}", &both)]), "2026-03-02");
    assert!(found.contains(&"lint.condition_never"), "{found:?}");
}

#[test]
fn each_fault_is_found_by_its_code() {
    for (code, changes) in FAILING {
        let found = codes(&changed(changes), "2026-03-02");
        assert!(found.contains(code), "{code} is not among {found:?} after {changes:?}");
    }
    let mut files: Vec<SourceFile> = SAMPLE
        .iter()
        .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect();
    let more = files[4].text.replace("表单: 申请表", "表单: 多余").replace(", 事实: 种类", "");
    files.push(SourceFile { path: "forms/b.yaml".to_owned(), text: more });
    assert!(codes(&parsed(&files, None), "2026-03-02").contains(&"lint.form_unused"));
}

/// A clock that always outlives the calendar.
fn long_term() -> Pack {
    changed(&[
        ("长度: 3个工作日", "长度: 3年"),
        ("则: {到期: {办理: 2026-03-05}}", "则: {到期: {办理: 2029-03-02}}"),
    ])
}

#[test]
fn guessed_citations_are_told_until_somebody_has_looked() {
    let marked = changed(&[
        (
            "    意见栏: 局意见\n    依据: [样.二]\n",
            "    意见栏: 局意见\n    依据: [样.二]  # 请核对：依据由样板推定\n",
        ),
        ("表决: {人数: 2, 同意: 2}\n", "表决: {人数: 2, 同意: 2}  # 请核对\n"),
    ]);
    let found = lint(&marked, &national(), "2026-03-02".parse().unwrap());
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((one.code, one.severity), ("lint.citation_unchecked", Severity::Warning));
    assert_eq!(one.place, "procedures/a.yaml");
    assert!(one.zh.starts_with("2行") && one.zh.contains("第12、24行"), "{}", one.zh);
    // A text that merely mentions it is no comment.
    let named = changed(&[("英文: Act\n", "英文: Act# 请核对\n")]);
    assert_eq!(named.unchecked, []);
}

#[test]
fn a_calendar_that_ends_before_a_clock_does_is_found() {
    let severities = |pack: &Pack, today: &str| {
        let found = lint(pack, &national(), today.parse().unwrap());
        assert!(found.iter().all(|one| one.code == "lint.calendar_short"), "{found:?}");
        found.into_iter().map(|one| one.severity).collect::<Vec<_>>()
    };
    assert_eq!(severities(&changed(&[]), "2026-12-28"), []);
    assert_eq!(severities(&changed(&[]), "2026-12-30"), [Severity::Warning]);
    // A window that moves the case would keep it waiting for the next notice.
    let window =
        changed(&[("逾期: 提醒并升级, 提醒: [超1日 告知 局]", "逾期: 进入下一环节, 到期转入: 表决")]);
    // Until the unknown year begins the notice may still come in time.
    for today in ["2026-12-30", "2026-12-31"] {
        assert_eq!(severities(&window, today), [Severity::Warning], "{today}");
    }
    assert_eq!(severities(&window, "2027-01-01"), [Severity::Error]);
    assert_eq!(severities(&changed(&[]), "2027-01-01"), [Severity::Warning]);
    let said = |today: &str| lint(&long_term(), &national(), today.parse().unwrap()).swap_remove(0).zh;
    assert!(said("2026-10-19").contains("一般在十月底"), "{}", said("2026-10-19"));
    assert!(said("2026-10-20").contains("请载入下一年"), "{}", said("2026-10-20"));
    assert_eq!(severities(&long_term(), "2026-03-02"), [Severity::Warning]);
}

#[test]
fn an_excuse_with_its_test_or_what_is_absent_holds() {
    for kind in [
        "平台保障:\n  - {条款: [样.四], 理由: 原则, 测试: [a.rs::b]}",
        "尚未落实:\n  - {条款: [样.四], 理由: 原则, 缺少: 某物}",
    ] {
        let pack = changed(&[("不自动化:\n  - {条款: [样.四], 理由: 原则}", kind)]);
        assert_eq!(codes(&pack, "2026-03-02"), Vec::<&str>::new());
    }
}

#[test]
fn what_cannot_be_tried_is_not_judged() {
    // A condition on what was done in the case is left alone, whatever else it says.
    let done = "须: {且: [{事实: 合格, 是: 是}, {环节: 办理, 已办: 同意, 至少: 0}]}";
    let found = codes(&changed(&[("须: {事实: 合格, 是: 是}", done)]), "2026-03-02");
    assert!(
        !found.contains(&"lint.condition_never") && !found.contains(&"lint.condition_always"),
        "{found:?}"
    );
}
