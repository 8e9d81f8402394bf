//! What the stories of scenarios may say, read and run.

use super::grammar::{PATH, story_of};
use super::malformed::{STEP, base, procedure};
use super::*;

const FILES: &str =
    "附件: [{名称: 申请书, 必附: 是, 依据: [样.一]}, {名称: 说明, 必附: 否, 依据: [样.一]}]\n环节:\n";
const ACTIONS: &str = "    补正期限: 3个工作日\n    可以:\n      - {做: 退回补正, 依据: [样.一]}\n      - {做: 办结, 须附: [回执],";

/// A procedure that asks for files and may be returned for correction.
fn asking() -> String {
    let step = STEP.replace("    可以:\n      - {做: 办结,", ACTIONS);
    procedure(&step).replace("环节:\n", FILES)
}

fn told(given: &str, then: &str) -> Result<Vec<String>, &'static str> {
    story_of(&asking(), given, then)
}

#[test]
fn files_are_named_as_the_procedure_asks_for_them() {
    let submit = |more: &str| format!("      - {{日期: 2026-10-12, 做: 提交{more}}}\n");
    let close = |more: &str| submit("") + &format!("      - {{日期: 2026-10-13, 谁: 局, 做: 办结{more}}}\n");
    assert_eq!(told(&submit(", 缺附件: [申请书]"), "{拒绝: [样.一]}"), Ok(vec![]));
    assert_eq!(told(&close(", 缺附件: [回执]"), "{拒绝: [样.一], 待办: 办理}"), Ok(vec![]));
    assert_eq!(told(&submit(", 附件: [说明]"), "{附件: [申请书, 说明]}"), Ok(vec![]));
    assert!(told(&submit(""), "{附件: [说明]}").unwrap()[0].contains("说明"));
    assert_eq!(told(&close(""), "{附件: [申请书, 回执], 办结: 完成}"), Ok(vec![]));
    for (more, code) in [
        (", 缺附件: [申请表]", "regulation.pack_unknown_reference"),
        (", 附件: [别的]", "regulation.pack_unknown_reference"),
        (", 附件: [申请书], 缺附件: [申请书]", "regulation.pack_scenario"),
        (", 事实: {缺附件: 申请书}", "regulation.pack_scenario"),
        (", 附件: 申请书", "regulation.pack_type"),
    ] {
        assert_eq!(told(&submit(more), "{待办: 办理}"), Err(code), "{more}");
    }
}

#[test]
fn a_correction_has_its_day_and_brings_any_file() {
    let returned = "      - {日期: 2026-10-12, 做: 提交}\n      - {日期: 2026-10-13, 谁: 局, 做: 退回补正}\n";
    let on = |line: &str| format!("{returned}      - {line}\n");
    assert_eq!(told(returned, "{补正到期: 2026-10-16, 补正逾期: 否}"), Ok(vec![]));
    assert_eq!(told(&on("{日期: 2026-10-19, 做: 到期}"), "{补正逾期: 是, 待办: 办理}"), Ok(vec![]));
    assert!(told(returned, "{补正到期: 2026-10-17}").unwrap()[0].contains("2026-10-16"));
    // The step's own time limit is another one.
    assert!(told(returned, "{到期: {办理: 2026-10-16}}").unwrap()[0].contains("无期限"));
    let answered = on("{日期: 2026-10-19, 做: 补正, 附件: [情况说明]}");
    assert_eq!(told(&answered, "{附件: [情况说明, 申请书]}"), Ok(vec![]));
    assert!(told(&answered, "{补正逾期: 否}").unwrap()[0].contains("没有在等待"));
    assert_eq!(told(returned, "{待办: 办理, 补正到期: 明天}"), Err("regulation.pack_value"));
    assert_eq!(told(returned, "{待办: 办理, 补正逾期: 会}"), Err("regulation.pack_unknown_word"));
}

#[test]
fn what_does_not_hold_is_found_at_its_line() {
    let text = "样例:\n  - 名称: 一\n    程序: 甲\n    依据: [样.一]\n    经过:\n      - {日期: 2026-10-12, 做: 提交}\n      - {日期: 2026-10-11, 谁: 局, 做: 办结}\n    则: {办结: 完成}\n";
    let failed = |text: &str| -> Vec<String> {
        let pack = parsed(&base(&[(PATH, &procedure(STEP)), ("scenarios/a.yaml", text)]), None);
        let calendar = crate::calendar::tests::national();
        let found = lint(&pack, &calendar, "2026-03-02".parse().unwrap());
        let found = found.into_iter().filter(|one| one.code == "lint.scenario_fails");
        found.map(|one| one.place).collect()
    };
    assert_eq!(failed(text), ["样例“一”（scenarios/a.yaml:7）"]);
    let unmet = text.replace("2026-10-11", "2026-10-13").replace("{办结: 完成}", "{办结: 别的}");
    assert_eq!(failed(&unmet), ["样例“一”（scenarios/a.yaml:8）"]);
}

#[test]
fn an_effect_that_must_not_happen_is_missed_when_it_does() {
    let text = procedure(&STEP.replace("{做: 办结,", "{做: 办结, 效果: [公开信息],"));
    let given = "      - {日期: 2026-10-12, 做: 提交}\n      - {日期: 2026-10-13, 谁: 局, 做: 办结}\n";
    let failures = story_of(&text, given, "{无效果: [公开信息]}").unwrap();
    assert!(failures[0].contains("不应有效果"), "{failures:?}");
}
