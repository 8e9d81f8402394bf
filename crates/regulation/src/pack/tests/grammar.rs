//! The wider vocabulary: what loads, what it becomes, and what is refused where.

use super::malformed::{HEADER, STEP, base, file, first, procedure};
use super::*;
use crate::case::scenario;

pub(super) const PATH: &str = "procedures/a.yaml";

/// A procedure whose clock is as written; it declares a number, a date, a unit and the number of another case.
fn with_clock(clock: &str) -> String {
    let facts = "事实:\n  年限: {英文: N, 类型: 整数}\n  期满日: {英文: D, 类型: 日期}\n  方案: {英文: R, 类型: 编号}\n\
                 \x20 单位: {英文: U, 类型: 机构}\n  名: {英文: T, 类型: 文字}\n";
    let clock = format!("    期限: {{{clock}, 性质: 法定, 逾期: 提醒并升级, 依据: [样.一]}}\n    可以:");
    procedure(&STEP.replace("    可以:", &clock)).replace("环节:\n", &format!("{facts}环节:\n"))
}

fn clock(text: &str) -> ClockRule {
    let pack = parsed(&base(&[(PATH, &with_clock(text))]), None);
    pack.procedures["甲"].steps[0].clock.clone().unwrap()
}

/// A procedure whose only action has these conditions.
fn with_condition(test: &str) -> String {
    let action = format!("准予: 是}}, 条件: [{{须: {test}, 依据: [样.一]}}], 依据");
    with_clock("自: 收到, 长度: 3日").replace("准予: 是}, 依据", &action)
}

fn condition(test: &str) -> Test {
    let pack = parsed(&base(&[(PATH, &with_condition(test))]), None);
    pack.procedures["甲"].steps[0].actions[0].requires[0].test.clone()
}

fn refused(text: &str) -> &'static str {
    match load(&base(&[(PATH, text)]), None) {
        Ok(_) => "loads",
        Err(problems) => {
            assert!(problems.iter().all(|one| one.line > 0 && !one.zh.is_empty() && !one.en.is_empty()));
            problems[0].code
        }
    }
}

fn fact(name: &str) -> String {
    name.to_owned()
}

#[test]
fn clocks_take_their_length_from_facts_and_count_both_ways() {
    use PeriodUnit::{Day, Month, Year};
    let period = |length, unit| Period { length, unit };
    for (text, anchor, length, measure, rolls) in [
        ("自: 提交, 长度: 3日", Anchor::Filed, period(3, Day), Measure::Forward, None),
        (
            "自: 签订, 长度: {事实: 年限, 单位: 年}",
            Anchor::Signed,
            period(0, Year),
            Measure::Fact(fact("年限")),
            None,
        ),
        (
            "自: 收到, 到: {事实: 期满日}",
            Anchor::Received,
            period(0, Day),
            Measure::Until(fact("期满日")),
            None,
        ),
        (
            "自: {事实: 期满日}, 长度: 前6个月",
            Anchor::Fact(fact("期满日")),
            period(6, Month),
            Measure::Backward,
            None,
        ),
        (
            "自: {环节: 办理}, 长度: 3日",
            Anchor::Entered(fact("办理")),
            period(3, Day),
            Measure::Forward,
            None,
        ),
        (
            "自: 收到, 长度: 1年, 末日: 不顺延",
            Anchor::Received,
            period(1, Year),
            Measure::Forward,
            Some(false),
        ),
        (
            "自: {事实: 提交日}, 长度: 1年",
            Anchor::Fact(fact("提交日")),
            period(1, Year),
            Measure::Forward,
            None,
        ),
        (
            "自: {事实: 方案.办结日}, 长度: 1年",
            Anchor::Fact(fact("方案.办结日")),
            period(1, Year),
            Measure::Forward,
            None,
        ),
    ] {
        let found = clock(text);
        let said = (found.anchor, found.period, found.measure, found.rolls);
        assert_eq!(said, (anchor, length, measure, rolls), "{text}");
    }
}

#[test]
fn clocks_that_make_no_sense_are_refused() {
    for (text, code) in [
        ("自: 收到, 长度: 前6个月", "regulation.pack_clock"),
        ("自: {事实: 期满日}, 长度: 前半年", "regulation.pack_value"),
        ("自: {事实: 期满日}, 长度: 前当日", "regulation.pack_value"),
        ("自: {事实: 期满日}, 长度: 前6个月, 中止: [等待补正]", "regulation.pack_clock"),
        ("自: 收到, 到: {事实: 期满日}, 中止: [等待补正]", "regulation.pack_clock"),
        ("自: 收到, 到: {事实: 期满日}, 末日: 不顺延", "regulation.pack_clock"),
        ("自: 收到, 到: {事实: 期满日}, 长度: 3日", "regulation.pack_clock"),
        ("自: 收到", "regulation.pack_missing_key"),
        ("自: 收到, 到: {事实: 年限}", "regulation.pack_fact_kind"),
        ("自: {事实: 年限}, 长度: 3日", "regulation.pack_fact_kind"),
        ("自: {事实: 某日}, 长度: 3日", "regulation.pack_unknown_reference"),
        ("自: 收到, 长度: {事实: 期满日, 单位: 年}", "regulation.pack_fact_kind"),
        ("自: 收到, 长度: {事实: 年限}", "regulation.pack_missing_key"),
        ("自: 收到, 长度: {事实: 年限, 单位: 季}", "regulation.pack_unknown_word"),
        ("自: 收到, 长度: {事实: 年限, 参数: 期, 单位: 年}", "regulation.pack_unknown_key"),
        ("自: 收到, 长度: 3日, 末日: 顺延", "regulation.pack_unknown_word"),
        ("自: 送达, 长度: 3日", "regulation.pack_unknown_word"),
        ("自: {环节: 复核}, 长度: 3日", "regulation.pack_unknown_reference"),
        ("自: {环节: 办理}, 长度: 前3日", "regulation.pack_clock"),
        ("自: 收到, 长度: 3日, 提醒: [前半年 告知 局]", "regulation.pack_value"),
        ("自: 收到, 长度: 3日, 提醒: [{参数: 无, 告知: 局}]", "regulation.pack_unknown_reference"),
        ("自: 收到, 长度: 3日, 提醒: [{参数: 无}]", "regulation.pack_missing_key"),
    ] {
        assert_eq!(refused(&with_clock(text)), code, "{text}");
    }
}

#[test]
fn reminders_in_periods_may_be_a_parameter_and_a_lower_pack_tightens_them() {
    let parameters = "参数:\n  提前: {值: 期满前6个月, 约束: 下限, 依据: [样.一]}\n  期: {值: 3年, 约束: 上限, 依据: [样.一]}\n";
    let text = with_clock(
        "自: 收到, 长度: {参数: 期}, 提醒: [剩3日 告知 局, 前30日 告知 局, {参数: 提前, 告知: 局}, 超2个工作日 告知 局]",
    );
    let parent = parsed(&base(&[(PATH, &text), ("parameters.yaml", parameters)]), None);
    let rule = |pack: &Pack| pack.procedures["甲"].steps[0].clock.clone().unwrap();
    let ladder = |pack: &Pack| {
        let ladder = rule(pack).ladder;
        ladder.into_iter().map(|rung| (rung.days_left, rung.before)).collect::<Vec<_>>()
    };
    let month = |length| Some(Period { length, unit: PeriodUnit::Month });
    let thirty = Some(Period { length: 30, unit: PeriodUnit::Day });
    assert_eq!(ladder(&parent), [(3, None), (0, thirty), (0, month(6)), (-2, None)]);
    // What a county inherits follows the county's own value.
    let header = "制度包: 下级\n编号: below\n版本: '1'\n状态: 施行\n上级: sample\n";
    let own = "参数:\n  提前: {值: 期满前9个月, 依据: [样.一]}\n  期: {值: 2年, 依据: [样.一]}\n";
    let child = parsed(&[file("below/pack.yaml", header), file("below/parameters.yaml", own)], Some(&parent));
    assert_eq!(ladder(&child), [(3, None), (0, thirty), (0, month(9)), (-2, None)]);
    assert_eq!(rule(&child).period, Period { length: 2, unit: PeriodUnit::Year });
    // And a value that cannot be a period is refused at the layer that set it.
    let open = parameters.replace("约束: 上限, ", "");
    let parent = parsed(&base(&[(PATH, &text), ("parameters.yaml", &open)]), None);
    let own = "参数:\n  期: {值: 很久, 依据: [样.一]}\n";
    let problems =
        load(&[file("below/pack.yaml", header), file("below/parameters.yaml", own)], Some(&parent))
            .unwrap_err();
    assert_eq!((problems[0].code, problems[0].file.as_str()), ("regulation.pack_value", "below/pack.yaml"));
}

#[test]
fn conditions_compare_facts_and_ask_about_other_cases() {
    let is = |key: &str, value| Test::Is(fact(key), value);
    for (text, expected) in [
        (
            "{事实: 提交日, 不超过: {事实: 期满日}}",
            Test::CompareFacts(fact("提交日"), Comparator::AtMost, fact("期满日")),
        ),
        (
            "{事实: 今日, 低于: 2026-09-18}",
            Test::Compare(fact("今日"), Comparator::Less, FactValue::Date("2026-09-18".parse().unwrap())),
        ),
        ("{事实: 名, 是: {事实: 方案.结果}}", Test::Same(fact("名"), fact("方案.结果"))),
        (
            "{事实: 单位, 不是: {事实: 方案.发起单位}}",
            Test::Not(Box::new(Test::Same(fact("单位"), fact("方案.发起单位")))),
        ),
        ("{事实: 方案.已准予, 是: 是}", is("方案.已准予", FactValue::Flag(true))),
        ("{近件: 甲, 结果: 不合格}", is("近件.甲.结果", FactValue::Text(fact("不合格")))),
        ("{近件: 甲, 在办: 否}", is("近件.甲.在办", FactValue::Flag(false))),
        ("{非: {近件: 甲, 已准予: 是}}", Test::Not(Box::new(is("近件.甲.已准予", FactValue::Flag(true))))),
        (
            "{事实: 近件.甲.办结日, 不少于: {事实: 期满日}}",
            Test::CompareFacts(fact("近件.甲.办结日"), Comparator::AtLeast, fact("期满日")),
        ),
    ] {
        assert_eq!(condition(text), expected, "{text}");
    }
    for (text, code) in [
        ("{事实: 提交日, 不超过: {事实: 年限}}", "regulation.pack_fact_kind"),
        ("{事实: 名, 低于: {事实: 名}}", "regulation.pack_fact_kind"),
        ("{事实: 名, 是: {事实: 年限}}", "regulation.pack_fact_kind"),
        ("{事实: 提交日, 不超过: {事实: 无}}", "regulation.pack_unknown_reference"),
        ("{事实: 提交日, 不超过: {是: 期满日}}", "regulation.pack_missing_key"),
        ("{事实: 今日, 是: 3}", "regulation.pack_fact_kind"),
        ("{事实: 方案.结论, 是: 甲}", "regulation.pack_unknown_reference"),
        ("{事实: 年限.结果, 是: 甲}", "regulation.pack_unknown_reference"),
        ("{近件: 乙, 结果: 不合格}", "regulation.pack_unknown_reference"),
        ("{近件: 甲, 结论: 不合格}", "regulation.pack_condition"),
        ("{近件: 甲, 是: 是}", "regulation.pack_condition"),
        ("{近件: 甲}", "regulation.pack_condition"),
        ("{近件: 甲, 在办: 不合格}", "regulation.pack_fact_kind"),
        ("{事实: 近件.甲.发起单位, 是: 甲}", "regulation.pack_unknown_reference"),
        ("{事实: 名, 结果: 甲}", "regulation.pack_condition"),
    ] {
        assert_eq!(refused(&with_condition(text)), code, "{text}");
    }
}

#[test]
fn a_fact_meets_a_parameter_in_its_own_measure() {
    let parameters = "参数:\n  期: {值: 不少于6个月, 依据: [样.一]}\n  数: {值: 不少于2, 依据: [样.一]}\n  项: {值: [甲, 乙], 依据: [样.一]}\n";
    let loaded = |test: &str| {
        let text = with_condition(test);
        load(&base(&[(PATH, &text), ("parameters.yaml", parameters)]), None).err().map(|wrong| wrong[0].code)
    };
    for (test, code) in [
        ("{事实: 年限, 符合参数: 期, 单位: 个月}", None),
        ("{事实: 年限, 符合参数: 期, 单位: 年}", None),
        ("{事实: 年限, 符合参数: 数}", None),
        ("{事实: 名, 符合参数: 项}", None),
        ("{事实: 年限, 符合参数: 期}", Some("regulation.pack_unit")),
        ("{事实: 年限, 符合参数: 期, 单位: 日}", Some("regulation.pack_unit")),
        ("{事实: 年限, 符合参数: 数, 单位: 年}", Some("regulation.pack_unit")),
        ("{事实: 年限, 符合参数: 期, 单位: 季}", Some("regulation.pack_unknown_word")),
        ("{事实: 年限, 是: 3, 单位: 年}", Some("regulation.pack_condition")),
        ("{事实: 名, 符合参数: 数}", Some("regulation.pack_fact_kind")),
        ("{事实: 年限, 符合参数: 项}", Some("regulation.pack_fact_kind")),
        ("{事实: 年限, 符合参数: 无}", Some("regulation.pack_unknown_reference")),
    ] {
        assert_eq!(loaded(test), code, "{test}");
    }
}

#[test]
fn nobody_declares_or_states_what_the_platform_gives() {
    for name in ["今日", "提交日", "近件", "方案.结果", "甲.乙"] {
        let place = |text: &str| first(&[(PATH, text)]);
        let text = with_clock("自: 收到, 长度: 3日").replace("  年限:", &format!("  {name}:"));
        assert_eq!((place(&text).0, place(&text).2), ("regulation.pack_reserved_fact", 8), "{name}");
        let observed = procedure(STEP)
            .replace("环节:", &format!("平台事实: {{{name}: {{英文: X, 类型: 日期}}}}\n环节:"));
        assert_eq!(place(&observed).0, "regulation.pack_reserved_fact", "{name}");
        let stated =
            STEP.replace("{做: 办结,", &format!("{{做: 办结, 须说明: {{{name}: {{英文: X, 类型: 日期}}}},"));
        assert_eq!(place(&procedure(&stated)).0, "regulation.pack_reserved_fact", "{name}");
        let form = format!(
            "表单: 表\n标题: 表\n英文: F\n依据: [样.一]\n栏目:\n  - 字段: [{{名称: 栏, 英文: X, 类型: 日期, 事实: {name}}}]\n"
        );
        assert_eq!(first(&[("forms/a.yaml", &form)]).0, "regulation.pack_reserved_fact", "{name}");
    }
    let good = procedure(STEP);
    let story = "样例:\n  - 名称: 一\n    程序: 甲\n    依据: [样.一]\n    经过: [{日期: 2026-09-18, 做: 提交, 事实: {今日: 2026-09-18}}]\n    则: {待办: 办理}\n";
    let files = base(&[(PATH, &good), ("scenarios/a.yaml", story)]);
    assert_eq!(load(&files, None).unwrap_err()[0].code, "regulation.pack_reserved_fact");
}

#[test]
fn attachments_roles_units_and_choices() {
    let parameters = "参数:\n  领域: {值: [交通, 医疗], 依据: [样.一]}\n  数: {值: '3', 依据: [样.一]}\n";
    let form = "表单: 表\n标题: 表\n英文: F\n依据: [样.一]\n栏目:\n  - 字段:\n      - {名称: 领域, 英文: A, 类型: 单选, 选项: {参数: 领域}}\n      - {名称: 主体, 英文: B, 类型: 机构, 事实: 主体}\n";
    let roles = "角色:\n  局: {英文: Bureau, 机构: [bureau], 依据: [样.一]}\n  厅: {英文: Office, 机构: [office], 依据: [样.一]}\n  众: {英文: Public, 绑定: 任何人, 依据: [样.一]}\n";
    let joint = "    会同: [厅]\n    逐家办理: 是\n    可以:";
    let files = "{做: 办结, 须附: [甲, {名称: 乙, 若: {事实: 主体, 是: 某局}, 依据: [样.一]}],";
    let attach = "附件:\n  - {名称: 丙, 必附: 是, 若: {非: {事实: 主体, 是: 某局}}, 依据: [样.一]}\n环节:";
    let text = procedure(&STEP.replace("    可以:", joint).replace("{做: 办结,", files))
        .replace("环节:", attach)
        .replace("发起: {谁: 局}", "发起: {谁: 局, 表单: 表}");
    let all = |text: &str, form: &str| {
        base(&[(PATH, text), ("forms/a.yaml", form), ("roles.yaml", roles), ("parameters.yaml", parameters)])
    };
    let pack = parsed(&all(&text, form), None);
    let (found, step) = (&pack.procedures["甲"], &pack.procedures["甲"].steps[0]);
    assert_eq!((step.joint.as_slice(), step.each_unit), (["厅".to_owned()].as_slice(), true));
    let named: Vec<_> =
        step.actions[0].attachments.iter().map(|one| (one.name.as_str(), one.when.is_some())).collect();
    assert_eq!(named, [("甲", false), ("乙", true)]);
    assert!(found.attachments[0].when.is_some());
    let kinds: Vec<_> = pack.forms["表"].sections[0].fields.iter().map(|field| field.kind.clone()).collect();
    assert_eq!(kinds, [FieldKind::Choice(vec!["交通".to_owned(), "医疗".to_owned()]), FieldKind::Unit]);
    for (text, form, code) in [
        (text.replace("会同: [厅]", "会同: [局]"), form.to_owned(), "regulation.pack_duplicate"),
        (text.replace("会同: [厅]", "会同: [处]"), form.to_owned(), "regulation.pack_unknown_reference"),
        (text.replace("会同: [厅]", "会同: [众]"), form.to_owned(), "regulation.pack_value"),
        (text.replace("必附: 是, 若", "必附: 否, 若"), form.to_owned(), "regulation.pack_value"),
        (text.replace("{名称: 乙, 若", "{名称: 乙, 当"), form.to_owned(), "regulation.pack_unknown_key"),
        (
            text.replace("{事实: 主体, 是: 某局}, 依据", "{事实: 客体, 是: 某局}, 依据"),
            form.to_owned(),
            "regulation.pack_unknown_reference",
        ),
        (text.clone(), form.replace("{参数: 领域}", "{参数: 数}"), "regulation.pack_choices"),
        (text.clone(), form.replace("{参数: 领域}", "{参数: 无}"), "regulation.pack_unknown_reference"),
        (text.clone(), form.replace("类型: 单选", "类型: 日期"), "regulation.pack_choices"),
    ] {
        let problems = load(&all(&text, &form), None).unwrap_err();
        assert_eq!(problems[0].code, code, "{}", problems[0].zh);
    }
}

#[test]
fn validity_names_its_basis() {
    let header = format!("{HEADER}施行: {{自: 2026-01-01, 至: 2026-12-31, 依据: [样.一]}}\n");
    let pack = parsed(&base(&[("pack.yaml", &header)]), None);
    assert_eq!(pack.in_force_clauses, ["样.一"]);
    assert_eq!(coverage(&pack).carried, 1);
    let wrong = header.replace("依据: [样.一]", "依据: [样.九]");
    assert_eq!(first(&[("pack.yaml", &wrong)]).0, "regulation.pack_unknown_reference");
}

#[test]
fn effects_and_commands_have_their_words() {
    use crate::case::command_words;
    for (word, effect) in [
        ("收回数据", Effect::RevokeGrant),
        ("公开信息", Effect::PublishInformation),
        ("登记编号", Effect::RegisterNumber),
        ("编入目录", Effect::ListResource),
        ("撤下目录", Effect::UnlistResource),
        ("准许导入", Effect::AdmitSocialData),
        ("登记报告", Effect::RecordReport),
        ("登记年度报告", Effect::RecordReport),
    ] {
        let text = procedure(&STEP.replace("{做: 办结,", &format!("{{做: 办结, 效果: [{word}],")));
        let pack = parsed(&base(&[(PATH, &text)]), None);
        assert_eq!(pack.procedures["甲"].steps[0].actions[0].effects, [effect], "{word}");
    }
    for word in [
        "登记",
        "检查",
        "报告事件",
        "演练",
        "自评",
        "归档",
        "移交",
        "告知",
        "授予",
        "缩减",
        "延期",
        "发布",
        "补充协议",
        "验收",
    ] {
        let text = procedure(&STEP.replace("{做: 办结,", &format!("{{做: {word},")));
        let pack = parsed(&base(&[(PATH, &text)]), None);
        assert_eq!(command_words(pack.procedures["甲"].steps[0].actions[0].command).0, word);
    }
}

/// A story of the sample procedure that ends in what is expected.
fn story(lines: &str, then: &str) -> Result<Vec<String>, &'static str> {
    let text = with_clock("自: 收到, 长度: 3日, 提醒: [前2日 告知 局, 超1日 告知 局]");
    story_of(&text, &format!("      - {{日期: 2026-10-12, 做: 提交}}\n{lines}"), then)
}

/// A story of a procedure that ends in what is expected: what failed, or the first mistake of its text.
pub(super) fn story_of(procedure: &str, given: &str, then: &str) -> Result<Vec<String>, &'static str> {
    let story =
        format!("样例:\n  - 名称: 一\n    程序: 甲\n    依据: [样.一]\n    经过:\n{given}    则: {then}\n");
    let files = base(&[(PATH, procedure), ("scenarios/a.yaml", &story)]);
    let pack = load(&files, None).map_err(|wrong| wrong[0].code)?;
    let calendar = crate::calendar::tests::national();
    Ok(scenario::run(&pack, &calendar).into_iter().map(|failure| failure.zh).collect())
}

#[test]
fn scenarios_let_time_pass_and_hear_reminders() {
    let until = |day: &str| format!("      - {{日期: {day}, 做: 到期}}\n");
    assert_eq!(story(&until("2026-10-13"), "{提醒: {办理: 局}, 待办: 办理}"), Ok(vec![]));
    assert_eq!(story(&until("2026-10-20"), "{提醒: {办理: [局]}, 无效果: [恢复权限]}"), Ok(vec![]));
    let silent = story("", "{提醒: {办理: 局}}").unwrap();
    assert!(silent[0].contains("没有提醒"), "{silent:?}");
    let close = "      - {日期: 2026-10-13, 谁: 局, 做: 办结}\n";
    assert_eq!(story(close, "{办结: 完成, 无效果: [收回数据]}"), Ok(vec![]));
    for (lines, then, code) in [
        ("      - {日期: 2026-10-13, 谁: 局, 做: 到期}\n", "{待办: 办理}", "regulation.pack_scenario"),
        ("      - {做: 到期}\n", "{待办: 办理}", "regulation.pack_missing_key"),
        ("      - {日期: 2026-10-13}\n", "{待办: 办理}", "regulation.pack_missing_key"),
        ("", "{提醒: {复核: 局}}", "regulation.pack_unknown_reference"),
        ("", "{提醒: {办理: 处}}", "regulation.pack_unknown_reference"),
        ("", "{待办: 办理, 无效果: [恢复]}", "regulation.pack_unknown_word"),
    ] {
        assert_eq!(story(lines, then), Err(code), "{lines} {then}");
    }
}
