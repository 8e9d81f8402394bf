//! The grammar of duties, of 转办 and of commands on people: a small pack that uses all of it, and what is refused.

use super::*;
use crate::calendar::tests::national;
use crate::pack::model::{DutyAnchor, DutyOnly};

const HEADER: &str = "制度包: 样例\n编号: sample\n版本: '1'\n状态: 施行\n日历: 国务院放假安排\n计算口径: {名称: 民法典期间, 起算日: 不计入, 末日: 顺延至工作日, 时区: 北京时间}\n";
const CLAUSES: &str = "条款:\n  样.一: {原文: 一, 摘要: 第一条}\n  样.二: {原文: 二, 摘要: 第二条}\n";
const ROLES: &str = "角色:
  局: {英文: Bureau, 机构: [bureau, branch], 依据: [样.一]}
  组: {英文: Group, 机构: [one, two, three], 依据: [样.一]}
  财政: {英文: Finance, 机构: [finance], 依据: [样.一]}
  单位: {英文: Operator, 绑定: {事实: 运营单位}, 依据: [样.一]}
  公众: {英文: Public, 绑定: 任何人, 依据: [样.一]}
";
const PARAMETERS: &str = "参数:
  名册: {值: [甲, 乙, 丙], 依据: [样.一]}
  两年: {值: 2年, 依据: [样.一]}
  十日: {值: 10日, 依据: [样.一]}
  周期: {值: 不超过6个月, 约束: 上限, 依据: [样.一]}
";
const REPORT: &str = "程序: 月报
英文: Report
阶段: 一
编号字头: YB
发起: {谁: 单位, 免办: 局}
事实:
  授权: {英文: A, 类型: 编号, 必填: 是}
平台事实:
  运营单位: {英文: O, 类型: 机构}
依据: [样.一]
环节:
  - 名称: 阅处
    英文: Read
    谁: 局
    依据: [样.二]
    可以:
      - {做: 受理, 去向: {办结: 已阅, 准予: 是}, 依据: [样.一]}
      - {做: 不同意, 去向: {办结: 不合格, 转办: 整改}, 依据: [样.一]}
      - {做: 加签, 向: [财政], 须写意见: 是, 依据: [样.二]}
      - {做: 委托办理, 依据: [样.二]}
      - {做: 移交办理, 依据: [样.二]}
      - {做: 申明回避, 依据: [样.二]}
";
const RECTIFY: &str = "程序: 整改
英文: Rectification
阶段: 一
编号字头: ZG
发起: {谁: 局}
事实:
  授权: {英文: A, 类型: 编号, 必填: 是}
  办件: {英文: C, 类型: 编号, 必填: 是}
依据: [样.一]
环节:
  - 名称: 审议
    英文: Meet
    谁: 组
    依据: [样.二]
    可以:
      - {做: 决议, 会议: {出席: 过半数}, 去向: {办结: 已整改, 准予: 是}, 依据: [样.一]}
      - {做: 抽取专家, 抽取: {名册: {参数: 名册}, 人数: 2}, 依据: [样.一]}
";
const DUTIES: &str = "周期义务:
  - {名称: 月报, 英文: Report, 谁: 单位, 每: 1个月, 自: 自然期, 期限: 10日, 提醒: [剩3日 告知 单位, 超1日 告知 局], 仅: [授权中], 程序: 月报, 依据: [样.一]}
  - {名称: 检查, 英文: Inspection, 谁: 局, 每: 半年, 程序: 整改, 本地约定: 是, 依据: [样.一]}
  - {名称: 复审, 英文: Review, 谁: 单位, 每: 2年, 程序: 月报, 依据: [样.一]}
";
const SCENARIOS: &str = "样例:
  - 名称: 应办件到期前填报
    程序: 月报
    经过:
      - {日期: 2026-10-01, 做: 提交, 事实: {应办: 2026-10-10, 授权: 甲}}
      - {日期: 2026-10-09, 做: 提交}
    则: {待办: 阅处, 到期: {应办: 2026-10-10}}
    依据: [样.一]
  - 名称: 应办件等候填报
    程序: 月报
    经过: [{日期: 2026-10-01, 做: 提交, 事实: {应办: 2026-10-10}}]
    则: {待办: 应办}
    依据: [样.一]
  - 名称: 应办件不能撤回
    程序: 月报
    经过:
      - {日期: 2026-10-01, 做: 提交, 事实: {应办: 2026-10-10}}
      - {日期: 2026-10-09, 做: 撤回}
    则: {拒绝: [样.一]}
    依据: [样.一]
  - 名称: 局里免办
    程序: 月报
    经过:
      - {日期: 2026-10-01, 做: 提交, 事实: {应办: 2026-10-10}}
      - {日期: 2026-10-09, 谁: 局, 做: 办结}
    则: {办结: 免办}
    依据: [样.一]
  - 名称: 不合格的转办整改
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 不同意}
    则: {办结: 不合格, 转办: [整改]}
    依据: [样.一]
  - 名称: 加签未回不能办结
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 加签}
      - {日期: 2026-10-12, 谁: 局, 做: 受理}
    则: {拒绝: [样.一], 待办: 阅处}
    依据: [样.二]
  - 名称: 加签回复后办结
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 加签, 事实: {对象机构: finance}}
      - {日期: 2026-10-13, 谁: 财政, 做: 回复加签}
      - {日期: 2026-10-14, 谁: 局, 做: 受理}
    则: {办结: 已阅}
    依据: [样.二]
  - 名称: 减签后办结
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 加签}
      - {日期: 2026-10-13, 谁: 局, 做: 减签}
      - {日期: 2026-10-14, 谁: 局, 做: 受理}
    则: {办结: 已阅}
    依据: [样.二]
  - 名称: 受托人以外的人不能办理
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 委托办理, 事实: {经办人: 张, 受托人: 李}}
      - {日期: 2026-10-12, 谁: 局, 做: 受理, 事实: {经办人: 王}}
    则: {拒绝: [样.一]}
    依据: [样.二]
  - 名称: 受托人办理
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 委托办理, 事实: {经办人: 张, 受托人: 李}}
      - {日期: 2026-10-12, 谁: 局, 做: 受理, 事实: {经办人: 李}}
    则: {办结: 已阅}
    依据: [样.二]
  - 名称: 移交以后原单位不能办理
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 机构: bureau, 做: 移交办理, 事实: {对象机构: branch}}
      - {日期: 2026-10-12, 谁: 局, 机构: bureau, 做: 受理}
    则: {拒绝: [样.一]}
    依据: [样.二]
  - 名称: 申明回避的人不再办理
    程序: 月报
    经过:
      - {日期: 2026-10-09, 做: 提交}
      - {日期: 2026-10-12, 谁: 局, 做: 申明回避, 事实: {经办人: 张}}
      - {日期: 2026-10-12, 谁: 局, 做: 受理, 事实: {经办人: 张}}
    则: {拒绝: [样.二]}
    依据: [样.二]
  - 名称: 出席不过半数不能决议
    程序: 整改
    经过:
      - {日期: 2026-10-09, 谁: 局, 做: 提交}
      - {日期: 2026-10-12, 谁: 组, 做: 决议, 事实: {出席: [one]}}
    则: {拒绝: [样.二]}
    依据: [样.二]
  - 名称: 抽取专家后会议决议
    程序: 整改
    经过:
      - {日期: 2026-10-09, 谁: 局, 做: 提交}
      - {日期: 2026-10-10, 谁: 组, 做: 抽取专家, 事实: {种子: 2026-10-10 排列五 12345}}
      - {日期: 2026-10-12, 谁: 组, 做: 决议, 事实: {出席: [one, three], 会议文号: 〔2026〕3号}}
    则: {办结: 已整改}
    依据: [样.二]
  - 名称: 月报的期
    义务: 月报
    自: 2026-09-28
    至: 2026-10-01
    则: {到期: [2026-10-10], 起办: [2026-10-01], 期: [2026年9月], 提醒: [2026-10-01, 2026-10-12]}
    依据: [样.一]
";

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

fn whole(changed: &[(&str, String)]) -> Vec<SourceFile> {
    let texts = [
        ("pack.yaml", HEADER),
        ("clauses.yaml", CLAUSES),
        ("roles.yaml", ROLES),
        ("parameters.yaml", PARAMETERS),
        ("procedures/report.yaml", REPORT),
        ("procedures/rectify.yaml", RECTIFY),
        ("duties.yaml", DUTIES),
        ("scenarios/all.yaml", SCENARIOS),
    ];
    let mut files: Vec<SourceFile> = texts.iter().map(|(path, text)| file(path, text)).collect();
    for (path, text) in changed {
        files.retain(|file| file.path != *path);
        files.push(file(path, text));
    }
    files
}

#[test]
fn the_sample_loads_and_its_scenarios_hold() {
    let pack = parsed(&whole(&[]), None);
    let failures = scenario::run(&pack, &national());
    let lines: Vec<String> =
        failures.iter().map(|one| format!("{} 第{:?}行：{}", one.scenario, one.line, one.zh)).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
    assert_eq!((pack.scenarios.len(), pack.duty_scenarios.len()), (14, 1));
    let [report, inspection, review] = pack.duties.as_slice() else { panic!() };
    assert_eq!((report.anchor, report.only.as_slice()), (DutyAnchor::Calendar, &[DutyOnly::Authorised][..]));
    assert_eq!((report.ladder.len(), report.local_choice, inspection.local_choice), (2, false, true));
    assert_eq!((inspection.anchor, inspection.within), (DutyAnchor::Calendar, None));
    // Two years are no calendar period: counted from the agreement where nothing else is said.
    assert_eq!(review.anchor, DutyAnchor::Signed);
    assert!(crate::duty::per_authorisation(&pack, review));
}

#[test]
fn scenarios_that_do_not_hold_say_what_was_found() {
    for (from, to, found) in [
        ("则: {办结: 不合格, 转办: [整改]}", "则: {转办: [月报]}", "整改"),
        ("到期: [2026-10-10], 起办", "到期: [2026-10-11], 起办", "2026-10-10"),
        ("期: [2026年9月]", "期: [2026年第3季度]", "2026年9月"),
        ("提醒: [2026-10-01, 2026-10-12]", "提醒: []", "2026-10-12"),
        ("起办: [2026-10-01]", "起办: [2026-10-02]", "2026-10-01"),
        ("到期: {应办: 2026-10-10}", "到期: {应办: 2026-10-12}", "2026-10-10"),
        ("则: {待办: 应办}", "则: {待办: 阅处}", "应办"),
        ("则: {办结: 免办}", "则: {办结: 已阅}", "免办"),
    ] {
        assert!(SCENARIOS.contains(from), "{from}");
        let pack = parsed(&whole(&[("scenarios/all.yaml", SCENARIOS.replace(from, to))]), None);
        let failures = scenario::run(&pack, &national());
        assert!(failures.len() == 1 && failures[0].zh.contains(found), "{to}: {failures:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a flat table of texts and codes")]
fn what_the_grammar_refuses() {
    let (duties, report, rectify, all) =
        ("duties.yaml", "procedures/report.yaml", "procedures/rectify.yaml", "scenarios/all.yaml");
    let mut wrong = Vec::new();
    for (path, text, from, to, code) in [
        (duties, DUTIES, "每: 半年", "每: 10日", "regulation.pack_duty"),
        (duties, DUTIES, "每: 半年", "每: 每周", "regulation.pack_value"),
        (duties, DUTIES, "每: 2年", "每: 2年, 自: 自然期", "regulation.pack_duty"),
        (duties, DUTIES, "每: 2年", "每: 20年", "regulation.pack_duty"),
        (duties, DUTIES, "自: 自然期", "自: 收到", "regulation.pack_unknown_word"),
        (duties, DUTIES, "仅: [授权中]", "仅: [营业中]", "regulation.pack_unknown_word"),
        (duties, DUTIES, "告知 局]", "告知 厅]", "regulation.pack_unknown_reference"),
        (duties, DUTIES, "期限: 10日", "期限: 十来天", "regulation.pack_value"),
        (duties, DUTIES, "名称: 检查", "名称: 月报", "regulation.pack_duplicate"),
        (duties, DUTIES, "谁: 局", "谁: 财政", "regulation.pack_duty"),
        (duties, DUTIES, "谁: 局", "谁: 公众", "regulation.pack_duty"),
        (duties, DUTIES, "每: 半年", "每: {参数: 名册}", "regulation.pack_duty"),
        (duties, DUTIES, "每: 半年", "每: {参数: 名单}", "regulation.pack_unknown_reference"),
        (duties, DUTIES, "每: 半年", "每: {参数: 两年}, 自: 自然期", "regulation.pack_duty"),
        (duties, DUTIES, "每: 半年", "每: {参数: 十日}", "regulation.pack_duty"),
        (all, SCENARIOS, "义务: 月报", "义务: 周报", "regulation.pack_unknown_reference"),
        (all, SCENARIOS, "至: 2026-10-01", "到: 2026-10-01", "regulation.pack_missing_key"),
        (all, SCENARIOS, "转办: [整改]", "转办: [整治]", "regulation.pack_unknown_reference"),
        (report, REPORT, "转办: 整改", "转办: 整治", "regulation.pack_unknown_reference"),
        // Itself, someone nobody can name, and what the next case cannot do without.
        (report, REPORT, "转办: 整改", "转办: 月报", "regulation.pack_opens"),
        (rectify, RECTIFY, "发起: {谁: 局}", "发起: {谁: 公众}", "regulation.pack_opens"),
        (
            report,
            REPORT,
            "  授权: {英文: A, 类型: 编号, 必填: 是}",
            "  金额: {英文: A, 类型: 整数}",
            "regulation.pack_opens",
        ),
        (report, REPORT, "免办: 局", "免办: 厅", "regulation.pack_unknown_reference"),
        (report, REPORT, "向: [财政], ", "", "regulation.pack_people"),
        (report, REPORT, "做: 受理, ", "做: 受理, 向: [财政], ", "regulation.pack_people"),
        (report, REPORT, "{做: 委托办理, ", "{做: 委托办理, 去向: {办结: 已托}, ", "regulation.pack_people"),
        (
            report,
            REPORT,
            "{做: 移交办理, ",
            "{做: 移交办理, 效果: [登记年度报告], ",
            "regulation.pack_people",
        ),
        (report, REPORT, "做: 申明回避", "做: 减签", "regulation.pack_people"),
        (report, REPORT, "    可以:", "    表决: {人数: 1, 同意: 1}\n    可以:", "regulation.pack_people"),
        (rectify, RECTIFY, "出席: 过半数", "出席: 少数", "regulation.pack_unknown_word"),
        (
            rectify,
            RECTIFY,
            "会议: {出席: 过半数}",
            "抽取: {名册: {参数: 名册}, 人数: 2}",
            "regulation.pack_people",
        ),
        (rectify, RECTIFY, "人数: 2", "人数: 0", "regulation.pack_value"),
        (rectify, RECTIFY, "参数: 名册", "参数: 名单", "regulation.pack_unknown_reference"),
        (rectify, RECTIFY, "参数: 名册", "事实: 名单", "regulation.pack_unknown_reference"),
        (
            rectify,
            RECTIFY,
            "{做: 抽取专家, 抽取: {名册: {参数: 名册}, 人数: 2}",
            "{做: 抽取专家",
            "regulation.pack_people",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let problems = load(&whole(&[(path, text.replacen(from, to, 1))]), None).map(|pack| pack.id);
        let codes: Vec<&str> =
            problems.as_ref().err().into_iter().flatten().map(|problem| problem.code).collect();
        if !codes.contains(&code) {
            wrong.push(format!("{to}: {problems:?} instead of {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_chain_that_always_opens_the_next_is_refused_and_one_with_a_rest_is_not() {
    let open_ended = RECTIFY.replace("准予: 是}, 依据", "准予: 是, 转办: 月报}, 依据");
    // The report has an end that opens nothing: the chain comes to rest there.
    let loaded = load(&whole(&[("procedures/rectify.yaml", open_ended.clone())]), None);
    assert!(loaded.is_ok(), "{loaded:?}");
    let always = REPORT.replace("{办结: 已阅, 准予: 是}", "{办结: 已阅, 准予: 是, 转办: 整改}");
    let files = whole(&[("procedures/rectify.yaml", open_ended), ("procedures/report.yaml", always)]);
    let problems = load(&files, None).unwrap_err();
    assert!(problems.iter().all(|problem| problem.code == "regulation.pack_opens"), "{problems:?}");
    assert_eq!(problems.len(), 3);
}

#[test]
fn a_duty_below_replaces_the_one_of_the_same_name_above() {
    let above = parsed(&whole(&[]), None);
    let header = "制度包: 下级\n编号: below\n版本: '1'\n状态: 施行\n上级: sample\n";
    let duties = "周期义务:\n  - {名称: 月报, 英文: Report, 谁: 单位, 每: 1个月, 期限: 5日, 程序: 月报, 依据: [样.二]}\n";
    let pack = parsed(&[file("pack.yaml", header), file("duties.yaml", duties)], Some(&above));
    assert_eq!(pack.duties.len(), 3);
    assert_eq!(pack.duties[0].within.unwrap().length, 5);
    // The scenario above told the dates of the duty above.
    assert!(pack.duty_scenarios.is_empty());
    assert_eq!(pack.scenarios.len(), 14);
}

#[test]
fn a_lower_pack_that_tightens_a_parameter_tightens_the_duty_that_takes_it() {
    let taking = DUTIES.replace("每: 半年", "每: {参数: 周期}, 期限: {参数: 十日}");
    let above = parsed(&whole(&[("duties.yaml", taking)]), None);
    let length = |pack: &Pack| (pack.duties[1].every.length, pack.duties[1].within.unwrap().length);
    assert_eq!(length(&above), (6, 10));
    let header = "制度包: 下级\n编号: below\n版本: '1'\n状态: 施行\n上级: sample\n";
    let below = |value: &str| {
        let text = format!("参数:\n  周期: {{值: {value}, 依据: [样.一]}}\n");
        load(&[file("pack.yaml", header), file("parameters.yaml", &text)], Some(&above))
    };
    assert_eq!(length(&below("不超过3个月").unwrap()), (3, 10));
    assert_eq!(below("不超过1年").unwrap_err()[0].code, "regulation.pack_loosened");
    // Five months are no calendar period.
    assert_eq!(below("不超过5个月").unwrap_err()[0].code, "regulation.pack_duty");
}

/// A pack of the repository on top of whatever it names as its parents.
fn with_parents(name: &str) -> Pack {
    let files = files(name);
    let parent = parent_id(&files).map(|id| with_parents(&id));
    parsed(&files, parent.as_ref())
}

#[test]
fn every_duty_of_every_pack_has_a_scenario() {
    for name in ["deqing", "xinchang", "yanan", "futian"] {
        let pack = with_parents(name);
        assert!(!pack.duties.is_empty());
        for duty in &pack.duties {
            let told = pack.duty_scenarios.iter().any(|scenario| scenario.duty == duty.name);
            assert!(told, "{} {}", pack.id, duty.name);
        }
    }
}
