//! `pack.yaml` and the tables beside it.

use super::Kind::{Clauses, Date, Flag, List, Name, Names, Other, Table, Text, Texts, Value, Word, Words};
use super::{BASIS, ENGLISH, Key, Map, may, need};
use crate::pack::model::ExcuseKind;

pub(crate) const HEADER: Map = Map {
    name: "制度包",
    en: "Head",
    place: "pack.yaml",
    keys: &[
        need("制度包", Text, "文本的全称", "full name of the text", "云雾县公共数据授权运营管理办法"),
        need(
            "编号",
            Text,
            "小写字母、数字和连字符，同文件夹名",
            "lower-case letters, digits and hyphens; the folder's name",
            "yunwu",
        ),
        need("版本", Text, "本包的版本标签", "version label of the pack", "2027-01-01"),
        need("状态", Word("状态"), "文本的法律状态", "legal status of the text", "施行"),
        may(
            "施行",
            super::Kind::Map("施行"),
            "施行的起止日",
            "first and last day in force",
            "{自: 2027-01-01}",
        ),
        may(
            "上级",
            Text,
            "上级制度包的编号；继承其全部内容",
            "id of the parent, from which everything is inherited",
            "national",
        ),
        may(
            "日历",
            Text,
            "工作日历；没有上级时必填",
            "working-day calendar; needed without a parent",
            "国务院放假安排",
        ),
        may(
            "计算口径",
            super::Kind::Map("计算口径"),
            "期间怎样计算；没有上级时必填",
            "how periods are counted; needed without a parent",
            "{名称: 民法典期间, …}",
        ),
        may(
            "参数",
            Table("参数"),
            "参数也可以写在这里",
            "parameters may also be written here",
            "{授权期限: {…}}",
        ),
        may(
            "过渡",
            List("过渡"),
            "哪些正在办理的件转到本版本；不写的都留在原版本",
            "which running cases move to this version; all others keep theirs",
            "[{程序: 定价, 依据: […]}]",
        ),
    ],
};

pub(crate) const IN_FORCE: Map = Map {
    name: "施行",
    en: "In force",
    place: "pack.yaml → 施行",
    keys: &[
        may("自", Date, "施行首日", "first day", "2027-01-01"),
        may("至", Date, "施行末日", "last day", "2028-12-31"),
        may(
            "依据",
            Clauses,
            "施行期的条款；不在施行期内发起的，以此拒绝",
            "the clauses of these days, on which an opening outside them is refused",
            "[云雾.二十]",
        ),
    ],
};

pub(crate) const COUNTING: Map = Map {
    name: "计算口径",
    en: "Counting of periods",
    place: "pack.yaml → 计算口径",
    keys: &[
        need("名称", Text, "口径的名称", "name of the profile", "民法典期间"),
        need("起算日", Word("起算日"), "起算的当日是否计入", "whether the first day counts", "不计入"),
        need(
            "末日",
            Word("末日"),
            "末日是休息日时是否顺延",
            "whether a last day of rest moves on",
            "顺延至工作日",
        ),
        need("时区", Word("时区"), "日期所在的时区", "zone of the dates", "北京时间"),
    ],
};

pub(crate) const TRANSITION: Map = Map {
    name: "过渡",
    en: "Transition",
    place: "pack.yaml → 过渡",
    keys: &[
        need("程序", Name("程序"), "转到本版本的程序", "the procedure whose cases move", "定价"),
        may(
            "环节",
            Names("环节"),
            "只转停在这些环节的件；不写则全部",
            "only cases standing in these steps; all without it",
            "[价格审核]",
        ),
        BASIS,
    ],
};

pub(crate) const CLAUSE_FILE: Map = Map {
    name: "条款文件",
    en: "File of clauses",
    place: "clauses.yaml",
    keys: &[need("条款", Table("条款"), "条款编号 → 内容", "clause id → contents", "{云雾.五: {…}}")],
};

pub(crate) const CLAUSE: Map = Map {
    name: "条款",
    en: "Clause",
    place: "clauses.yaml → 条款",
    keys: &[
        need("原文", Text, "原文中的标号", "its label as printed", "第五条第一款"),
        need(
            "摘要",
            Text,
            "一句话摘要，自己的话",
            "a summary in one sentence, in own words",
            "提供单位五个工作日内反馈",
        ),
        may(
            "手段",
            Word("手段"),
            "软件怎样落实；不写的不能启用",
            "how software serves it; without it nothing is activated",
            "强制",
        ),
        may("清单", Text, "需求清单中的编号", "id in the requirements inventory", "yunwu-5-1"),
        may(
            "指纹",
            Text,
            "原文该条的 SHA-256，六十四位十六进制数",
            "SHA-256 of the clause's text, sixty-four hexadecimal digits",
            "9f86d081884c…",
        ),
    ],
};

pub(crate) const PARAMETER_FILE: Map = Map {
    name: "参数文件",
    en: "File of parameters",
    place: "parameters.yaml",
    keys: &[need("参数", Table("参数"), "参数名 → 内容", "name → contents", "{补正期限: {…}}")],
};

pub(crate) const PARAMETER: Map = Map {
    name: "参数",
    en: "Parameter",
    place: "parameters.yaml → 参数",
    keys: &[
        need("值", Value, "按法律文本的写法", "as a lawyer writes it", "不少于6个月"),
        may(
            "约束",
            Word("约束"),
            "下级可以怎样改；不写为可改，下级不写则从上级",
            "what a lower pack may do with it; free unless written, a lower pack keeps the parent's",
            "下限",
        ),
        may(
            "本地约定",
            Flag,
            "原文沉默、由本地自定；此时可以不写依据",
            "a local choice where the text is silent; then 依据 may be left out",
            "是",
        ),
        may("说明", Text, "怎样计算、怎样理解", "how it is computed or read", "自协议终止之日起算"),
        may(
            "依据",
            Clauses,
            "所依据的条款；不是本地约定的必填",
            "the clauses; needed unless it is a local choice",
            "[云雾.十二]",
        ),
    ],
};

pub(crate) const ROLE_FILE: Map = Map {
    name: "角色文件",
    en: "File of roles",
    place: "roles.yaml",
    keys: &[need("角色", Table("角色"), "角色名 → 由谁担任", "role → who plays it", "{县大数据局: {…}}")],
};

pub(crate) const ROLE: Map = Map {
    name: "角色",
    en: "Role",
    place: "roles.yaml → 角色",
    keys: &[
        ENGLISH,
        may("机构", Texts, "担任的机构代码", "codes of the units that play it", "[bigdata-bureau]"),
        may(
            "绑定",
            Other("“绑定”的词，或者 {事实: 名}", "a word of 绑定, or {事实: name}"),
            "没有固定机构时，办件中由谁担任",
            "how a case finds it without fixed units",
            "发起单位",
        ),
        BASIS,
    ],
};

pub(crate) const BINDING: Map = Map {
    name: "绑定",
    en: "Binding",
    place: "roles.yaml → 角色 → 绑定",
    keys: &[need(
        "事实",
        Text,
        "办件中列出这些机构的事实",
        "the fact of the case that lists the units",
        "提供单位",
    )],
};

pub(crate) const DUTY_FILE: Map = Map {
    name: "周期义务文件",
    en: "File of duties",
    place: "duties.yaml",
    keys: &[may("周期义务", List("周期义务"), "逐项列出", "one by one", "[{名称: 年度报告, …}]")],
};

pub(crate) const DUTY: Map = Map {
    name: "周期义务",
    en: "Periodic duty",
    place: "duties.yaml → 周期义务",
    keys: &[
        need("名称", Text, "义务的名称", "its name", "年度报告"),
        ENGLISH,
        need("谁", Name("角色"), "由谁履行", "who owes it", "授权运营单位"),
        need(
            "每",
            Other(
                "1个月、1个季度、半年、1年，更长的自签订起算；或者 {参数: 名}",
                "1个月, 1个季度, 半年, 1年, longer ones from the agreement; or {参数: name}",
            ),
            "多久一次",
            "how often",
            "1年",
        ),
        may(
            "自",
            Word("义务起算"),
            "各期对齐什么；不写的，能对齐自然期的按自然期，其余自签订",
            "what its periods are aligned to; without it calendar periods where they exist, else the agreement",
            "自然期",
        ),
        may(
            "期限",
            Other("期间，或者 {参数: 名}", "a period, or {参数: name}"),
            "期满之后多久以内；不写的，须在当期之内办结",
            "how long after the period; without it within the period itself",
            "10日",
        ),
        may(
            "提醒",
            Other("提醒的列表，期间写明，不取参数", "a list of reminders, periods written out"),
            "到期前后的提醒；到期当日或者逾期须有一级",
            "reminders before and after; one on the due day or after it",
            "[剩3日 告知 授权运营单位, 超1日 告知 县大数据局]",
        ),
        may(
            "仅",
            Words("义务条件"),
            "都满足时才有义务；逐授权计",
            "owed only while all hold; once for each authorisation",
            "[授权中]",
        ),
        may("本地约定", Flag, "原文没有写周期或者期限", "the text leaves cycle or time limit open", "是"),
        need("程序", Name("程序"), "用哪个程序办理", "the procedure it opens", "年度报告"),
        BASIS,
    ],
};

pub(crate) const REASON_FILE: Map = Map {
    name: "理由文件",
    en: "File of reasons",
    place: "not-automated.yaml",
    keys: &[
        may(
            "不自动化",
            List("理由"),
            "原则、定义、由人判断的条款",
            "principles, definitions, human judgement",
            "[{条款: […], 理由: …}]",
        ),
        may(
            "平台保障",
            List("平台保障的理由"),
            "平台无论如何都做到的条款",
            "kept by the platform whatever the pack says",
            "[{条款: […], 理由: …}]",
        ),
        may(
            "由下级落实",
            List("理由"),
            "由下级制度包写明的条款；不免除下级",
            "left to lower packs, which it does not excuse",
            "[{条款: […], 理由: …}]",
        ),
        may(
            "尚未落实",
            List("尚未落实的理由"),
            "应当有规则而还没有的条款",
            "clauses that should have a rule and have none yet",
            "[{条款: […], 理由: …}]",
        ),
    ],
};

pub(crate) const REASON: Map = Map {
    name: "理由",
    en: "Reason",
    place: "not-automated.yaml → 不自动化、由下级落实",
    keys: &[EXCUSED, WHY],
};

pub(crate) const REASON_KEPT: Map = Map {
    name: "平台保障的理由",
    en: "Reason with its tests",
    place: "not-automated.yaml → 平台保障",
    keys: &[
        EXCUSED,
        WHY,
        may(
            "测试",
            Texts,
            "证明平台做到的测试；没有的不能启用",
            "tests that prove it; without them nothing is activated",
            "[crates/ledger/src/tests/verify.rs::any_changed_row_is_named]",
        ),
    ],
};

pub(crate) const REASON_PENDING: Map = Map {
    name: "尚未落实的理由",
    en: "Reason with what is absent",
    place: "not-automated.yaml → 尚未落实",
    keys: &[
        EXCUSED,
        WHY,
        may(
            "缺少",
            Text,
            "具体缺少什么；没有的不能启用",
            "what exactly is absent; without it nothing is activated",
            "省统一用户认证的接口",
        ),
    ],
};

const EXCUSED: Key = need("条款", Clauses, "没有规则引用的条款", "clauses no rule cites", "[云雾.一]");
const WHY: Key = need("理由", Text, "为什么没有规则", "why there is no rule", "立法目的");

/// The keys of a reason of each kind.
pub(crate) const fn reason(kind: ExcuseKind) -> &'static [Key] {
    match kind {
        ExcuseKind::NotAutomated | ExcuseKind::Delegated => REASON.keys,
        ExcuseKind::Platform => REASON_KEPT.keys,
        ExcuseKind::Pending => REASON_PENDING.keys,
    }
}
