//! `scenarios/*.yaml`.

use super::Kind::{Clauses, Date, Flag, List, Map as MapOf, Name, Names, Other, Text, Texts, Words};
use super::{Map, may, need};

pub(crate) const SCENARIO_FILE: Map = Map {
    name: "样例文件",
    en: "File of scenarios",
    place: "scenarios/*.yaml",
    keys: &[need("样例", List("样例"), "逐个样例", "one by one", "[{名称: …, 程序: …, …}]")],
};

pub(crate) const SCENARIO: Map = Map {
    name: "样例",
    en: "Scenario",
    place: "scenarios/*.yaml → 样例",
    keys: &[
        need("名称", Text, "一句话说明证明什么", "what it proves, in a sentence", "逾期不视为同意"),
        need("程序", Name("程序"), "所试的程序", "the procedure tried", "数据需求评审"),
        need(
            "经过",
            List("经过"),
            "按日期先后，至少一项",
            "what happens, in order of days; at least one",
            "[{日期: 2027-03-01, 做: 提交}]",
        ),
        need(
            "则",
            MapOf("则"),
            "此后应当怎样，至少一项",
            "what must then hold; at least one",
            "{待办: 形式审查}",
        ),
        need("依据", Clauses, "所证明的条款", "the clauses it proves", "[云雾.五]"),
    ],
};

pub(crate) const EVENT: Map = Map {
    name: "经过",
    en: "Event",
    place: "样例 → 经过",
    keys: &[
        need("日期", Date, "哪一天", "the day", "2027-03-01"),
        may(
            "谁",
            Name("角色"),
            "由哪个角色办；发起人不写",
            "the role that acts; none for the opener",
            "县大数据局",
        ),
        may(
            "机构",
            Text,
            "该角色有几家时写明哪一家",
            "which unit, where several play the role",
            "transport-bureau",
        ),
        need(
            "做",
            Other("命令，或者“到期”", "a command, or 到期"),
            "做什么；“提交”是发起，“到期”表示时间到了这一天",
            "the command; 提交 opens the case, 到期 lets time pass",
            "受理",
        ),
        may(
            "环节",
            Name("环节"),
            "同时有几个环节待办时写明",
            "which step, where several are open",
            "形式审查",
        ),
        may(
            "事实",
            Other("事实名 → 值", "fact → value"),
            "同时说明的事实",
            "facts stated with it",
            "{提供单位: [transport-bureau]}",
        ),
        may(
            "附件",
            Texts,
            "必附的以外，随之附上的；补正和回复加签的，只附所写的",
            "files that come with it besides those it must have; a correction brings just these",
            "[审计报告]",
        ),
        may(
            "缺附件",
            Texts,
            "必附而没有附的；不写的，必附的都附上了",
            "files it must have and comes without; the others are all there",
            "[安全影响评估]",
        ),
    ],
};

pub(crate) const EXPECTATION: Map = Map {
    name: "则",
    en: "Expectation",
    place: "样例 → 则",
    keys: &[
        may(
            "到期",
            Other("环节名 → 日期", "step → day"),
            "环节的期限到哪一天",
            "the day a step's time limit ends",
            "{形式审查: 2027-03-08}",
        ),
        may("待办", Name("环节"), "停在哪个环节", "the step that is open", "形式审查"),
        may("办结", Text, "办结的结果", "the outcome it ended with", "已授权"),
        may(
            "拒绝",
            Clauses,
            "最后一步被拒绝，并且依据其中一条",
            "the last event was refused on one of these clauses",
            "[云雾.十]",
        ),
        may("效果", Words("效果"), "发生过的效果", "effects that happened", "[建立授权]"),
        may("无效果", Words("效果"), "没有发生的效果", "effects that did not happen", "[恢复权限]"),
        may(
            "提醒",
            Other("环节名 → 角色或者角色的列表", "step → role or list of roles"),
            "环节的期限提醒过谁；写两次的，提醒过两次",
            "whom a step's time limit told; named twice, told twice",
            "{形式审查: 县大数据局}",
        ),
        may("转办", Names("程序"), "随之另开的应办件", "procedures of the cases owed next", "[整改]"),
        may("附件", Texts, "办件里有这些附件", "the case's file holds these attachments", "[安全影响评估]"),
        may(
            "补正到期",
            Date,
            "正等待补正，补正的期限到哪一天",
            "a correction is awaited, until this day",
            "2027-03-15",
        ),
        may(
            "补正逾期",
            Flag,
            "正等待补正，是已经逾期还是没有",
            "a correction is awaited and overdue, or not yet",
            "是",
        ),
    ],
};

pub(crate) const DUTY_SCENARIO: Map = Map {
    name: "义务样例",
    en: "Scenario of a duty",
    place: "scenarios/*.yaml → 样例",
    keys: &[
        need("名称", Text, "一句话说明证明什么", "what it proves, in a sentence", "年度报告的各期"),
        need("义务", Name("周期义务"), "所试的周期义务", "the duty tried", "年度报告"),
        need("自", Date, "义务从哪一天起", "the day the obligation begins", "2027-03-01"),
        need("至", Date, "看到哪一天为止起办的各期", "periods opened up to this day", "2028-03-01"),
        need(
            "则",
            MapOf("义务应当"),
            "应当怎样，至少一项",
            "what must hold; at least one",
            "{到期: [2028-03-31]}",
        ),
        need("依据", Clauses, "所证明的条款", "the clauses it proves", "[云雾.五]"),
    ],
};

pub(crate) const DUTY_EXPECTATION: Map = Map {
    name: "义务应当",
    en: "Expectation of a duty",
    place: "义务样例 → 则",
    keys: &[
        may("到期", DAYS, "各期到期之日，一项不多、一项不少", "the due days, complete", "[2028-03-31]"),
        may("起办", DAYS, "各期起办之日", "the days the cases are opened", "[2028-01-01]"),
        may("期", Texts, "各期的名称", "names of the periods", "[2027年度]"),
        may("提醒", DAYS, "提醒之日", "the days reminders ring", "[2028-03-17]"),
    ],
};

const DAYS: super::Kind = Other("日期的列表", "a list of days");
