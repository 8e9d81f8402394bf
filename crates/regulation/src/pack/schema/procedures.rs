//! `procedures/*.yaml`.

use super::Kind::{
    Clauses, Count, Date, Flag, List, Map as MapOf, Name, Names, Other, Table, Text, Word, Words,
};
use super::{BASIS, ENGLISH, Key, Map, may, need};

const FORM_OF: Key = may("表单", Name("表单"), "须填写的表单", "the form to fill", "附件4");
const TEST_KIND: super::Kind = MapOf("判断");

pub(crate) const PROCEDURE: Map = Map {
    name: "程序",
    en: "Procedure",
    place: "procedures/*.yaml",
    keys: &[
        need("程序", Text, "程序的名称", "its name", "数据需求评审"),
        ENGLISH,
        need(
            "阶段",
            Text,
            "所属阶段，用于排序和标题",
            "the stage it belongs to, for order and headings",
            "八、加工处理",
        ),
        need(
            "编号字头",
            Text,
            "件号的字头：一至六个大写字母，包内不重复",
            "letters of the case number: one to six capitals, unique in the pack",
            "XQ",
        ),
        need(
            "发起",
            MapOf("发起"),
            "由谁发起、填什么表",
            "who opens a case and with which form",
            "{谁: 授权运营单位, 表单: 附件4}",
        ),
        may(
            "附件",
            List("附件"),
            "随申请提交的附件",
            "attachments of the request",
            "[{名称: 应用场景说明, 必附: 是, …}]",
        ),
        may("事实", Table("事实"), "由发起人说明的事实", "facts the opener states", "{公告: {…}}"),
        may(
            "平台事实",
            Table("事实"),
            "由平台给出、任何人不能自己填的事实",
            "facts the platform gives and nobody states",
            "{授权运营单位: {…}}",
        ),
        need(
            "环节",
            List("环节"),
            "环节；第一个是发起后进入的",
            "steps; the first is entered on opening",
            "[{名称: 形式审查, …}]",
        ),
        may(
            "回避",
            List("回避"),
            "同一件里不得由同一人或者同一机构办理的两方",
            "two sides that one person or unit may not both take",
            "[{一方: 发起人, …}]",
        ),
        may(
            "可查阅",
            Names("角色"),
            "办理人以外可以查阅的角色",
            "roles that may read besides those who act",
            "[公共数据监管单位]",
        ),
        BASIS,
    ],
};

pub(crate) const OPENING: Map = Map {
    name: "发起",
    en: "Opening",
    place: "程序 → 发起",
    keys: &[
        need("谁", Name("角色"), "可以发起的角色", "the role that may open", "授权运营单位"),
        FORM_OF,
        may(
            "免办",
            Name("角色"),
            "可以写明理由免办应办件的角色；应办单位自己不能",
            "the role that may waive an owed case with a reason; never the unit that owes it",
            "县大数据局",
        ),
    ],
};

pub(crate) const ATTACHMENT: Map = Map {
    name: "附件",
    en: "Attachment",
    place: "程序 → 附件",
    keys: &[
        need("名称", Text, "附件的名称", "its name", "审计报告"),
        may("必附", Flag, "缺少时不能提交", "without it nothing can be submitted", "是"),
        may(
            "若",
            TEST_KIND,
            "只与“必附: 是”同写；只有确知不成立才不要求",
            "with 必附: 是 only; not asked for only where it is known not to hold",
            "{事实: 涉及个人信息, 是: 是}",
        ),
        BASIS,
    ],
};

pub(crate) const FACT: Map = Map {
    name: "事实",
    en: "Fact",
    place: "程序 → 事实、平台事实；可以 → 须说明",
    keys: &[
        ENGLISH,
        need("类型", Word("事实类型"), "值的类型", "kind of value", "是否"),
        may("必填", Flag, "必须说明", "must be stated", "是"),
    ],
};

pub(crate) const STEP: Map = Map {
    name: "环节",
    en: "Step",
    place: "程序 → 环节",
    keys: &[
        need("名称", Text, "环节的名称，程序内不重复", "its name, unique in the procedure", "形式审查"),
        ENGLISH,
        need("谁", Name("角色"), "由谁办理", "who acts", "县大数据局"),
        may(
            "会同",
            Names("角色"),
            "一起办理的其他角色",
            "further roles that act in the same step",
            "[公共数据提供单位]",
        ),
        may(
            "逐家办理",
            Flag,
            "每家一个任务，都办完才往下走",
            "a task for each unit; the step is left when all have acted",
            "是",
        ),
        need(
            "可以",
            List("操作"),
            "可以做什么；第一个是主按钮，最不利的写在后面",
            "what may be done; the first is the primary button, the least favourable comes last",
            "[{做: 受理, …}]",
        ),
        may("期限", MapOf("期限"), "办理期限", "the time limit", "{自: 收到, 长度: 5个工作日, …}"),
        may(
            "补正期限",
            Other("期间，或者 {参数: 名}", "a period, or {参数: name}"),
            "申请人补正的时间；只写在能退回补正的环节",
            "time to answer a return; only where something can be returned",
            "10个工作日",
        ),
        may(
            "意见栏",
            Text,
            "意见印在表单的哪一栏",
            "the box of the form where the opinion is printed",
            "县大数据局意见",
        ),
        may("表决", MapOf("表决"), "怎样计票", "how votes count", "{人数: 3, 同意: 2, 密封: 是}"),
        BASIS,
    ],
};

pub(crate) const CLOCK: Map = Map {
    name: "期限",
    en: "Time limit",
    place: "环节 → 期限",
    keys: &[
        need(
            "自",
            Other(
                "“起算”的词，{事实: 日期事实}，或者 {环节: 名}",
                "a word of 起算, {事实: date fact}, or {环节: name}",
            ),
            "从什么时候起算；{环节: 名} 是最近一次进入该环节之日",
            "what starts it; {环节: name} is the day that step was last entered",
            "收到",
        ),
        may(
            "长度",
            Other(
                "期间，前6个月（倒算），{参数: 名}，或者 {事实: 名, 单位: 年}",
                "a period, 前6个月 (backward), {参数: name}, or {事实: name, 单位: 年}",
            ),
            "多长；与“到”写一个，而且只写一个",
            "how long; exactly one of this and 到",
            "5个工作日",
        ),
        may(
            "到",
            MapOf("事实名"),
            "到这个日期事实所指的一日为止，不顺延",
            "ends on the day a date fact names, which never moves",
            "{事实: 使用期限}",
        ),
        may(
            "末日",
            Word("末日"),
            "遇休息日怎样；不写从计算口径",
            "whether a last day of rest moves; as the counting profile says without it",
            "不顺延",
        ),
        need("性质", Word("期限性质"), "谁定的期限", "who set it", "法定"),
        may("中止", Words("中止"), "什么情形下停止计算", "what stops it", "[等待补正]"),
        need(
            "逾期",
            Word("逾期"),
            "届满后怎样；没有“视为同意”",
            "what follows on expiry; there is no deemed consent",
            "提醒并升级",
        ),
        may(
            "到期转入",
            Name("环节"),
            "届满后进入的环节；逾期为转协调机制、进入下一环节时必填，其他不写",
            "the step entered on expiry; exactly with 转协调机制 and 进入下一环节",
            "省级备案",
        ),
        may(
            "提醒",
            Other(
                "“剩1日 告知 角色”“超5日 告知 角色”“前6个月 告知 角色”或者 {参数: 名, 告知: 角色} 的列表",
                "a list of `剩1日 告知 role`, `超5日 告知 role`, `前6个月 告知 role` or {参数: name, 告知: role}",
            ),
            "届满前后的提醒，各一次；剩、超按工作日计，前按期间计",
            "reminders before and after, once each; 剩 and 超 in working days, 前 in any period",
            "[剩1日 告知 县大数据局]",
        ),
        BASIS,
    ],
};

pub(crate) const LENGTH: Map = Map {
    name: "长度",
    en: "Length from a parameter or a fact",
    place: "期限 → 长度",
    keys: &[
        may(
            "参数",
            Name("参数"),
            "取这个参数的值，单独写",
            "takes this parameter's value, alone",
            "补正期限",
        ),
        may(
            "事实",
            Text,
            "给出数目的事实，与“单位”同写",
            "the fact that gives the number, with 单位",
            "协议年限",
        ),
        may("单位", Word("单位"), "数目的单位", "what the number counts", "年"),
    ],
};

pub(crate) const NAMED_PARAMETER: Map = Map {
    name: "参数名",
    en: "A parameter's value",
    place: "环节 → 补正期限；字段 → 选项；周期义务 → 每、期限",
    keys: &[need("参数", Name("参数"), "取这个参数的值", "takes this parameter's value", "补正期限")],
};

pub(crate) const NAMED_FACT: Map = Map {
    name: "事实名",
    en: "A fact's value",
    place: "期限 → 自、到；判断 → 是、不是、低于、不超过、不少于、超过",
    keys: &[need("事实", Text, "取这个事实的值", "takes this fact's value", "受理截止")],
};

pub(crate) const NAMED_STEP: Map = Map {
    name: "环节名",
    en: "The day a step was entered",
    place: "期限 → 自",
    keys: &[need(
        "环节",
        Name("环节"),
        "最近一次进入该环节之日",
        "the day it was last entered",
        "提供单位审核",
    )],
};

pub(crate) const RUNG: Map = Map {
    name: "提醒",
    en: "Reminder by a parameter",
    place: "期限 → 提醒",
    keys: &[
        need("参数", Name("参数"), "提前多久", "how long before", "续期评估提前"),
        need("告知", Name("角色"), "告知谁", "who is told", "实施机构"),
    ],
};

pub(crate) const ENCLOSURE: Map = Map {
    name: "随附",
    en: "Enclosure",
    place: "操作 → 须附",
    keys: &[
        need("名称", Text, "附件的名称", "its name", "省级同意函"),
        may(
            "若",
            TEST_KIND,
            "只有确知不成立才不要求",
            "not asked for only where it is known not to hold",
            "{事实: 涉及省回流数据, 是: 是}",
        ),
        may(
            "依据",
            Clauses,
            "缺了它时拒绝的依据；不写从操作",
            "on which its absence is refused",
            "[云雾.七]",
        ),
    ],
};

pub(crate) const DRAW: Map = Map {
    name: "抽取",
    en: "Draw",
    place: "操作 → 抽取",
    keys: &[
        need("名册", MapOf("名册"), "从哪里抽取", "where the names come from", "{参数: 专家名册}"),
        need("人数", Count, "抽几人，一至一百", "how many, one to a hundred", "5"),
    ],
};

pub(crate) const DRAW_LIST: Map = Map {
    name: "名册",
    en: "List of names",
    place: "抽取 → 名册",
    keys: &[
        may("事实", Text, "列表的事实；与“参数”写一个", "a fact that is a list; this or 参数", "专家名册"),
        may("参数", Name("参数"), "列表的参数", "a parameter that is a list", "专家名册"),
    ],
};

pub(crate) const MEETING: Map = Map {
    name: "会议",
    en: "Meeting",
    place: "操作 → 会议",
    keys: &[need(
        "出席",
        Other("“出席”的词，或者家数", "a word of 出席, or a number"),
        "多少家出席才能决议",
        "units present before anything is resolved",
        "过半数",
    )],
};

pub(crate) const VOTE: Map = Map {
    name: "表决",
    en: "Vote",
    place: "环节 → 表决",
    keys: &[
        need("人数", Count, "几人表决后结果成立", "votes needed before a result stands", "3"),
        need("同意", Count, "几人同意即通过", "approvals needed", "2"),
        may("密封", Flag, "结果成立前互不可见", "hidden from each other until then", "是"),
    ],
};

pub(crate) const ACTION: Map = Map {
    name: "操作",
    en: "Action",
    place: "环节 → 可以",
    keys: &[
        need("做", Word("命令"), "平台的命令", "the platform's command", "同意"),
        may(
            "按钮",
            Text,
            "按钮上的字；与“按钮英文”同写或者同不写",
            "words of the button; with 按钮英文 or not at all",
            "不予受理",
        ),
        may("按钮英文", Text, "按钮的英文", "the same in English", "Reject"),
        may("须写意见", Flag, "必须写明意见", "an opinion must be written", "是"),
        FORM_OF,
        may(
            "须附",
            Other("名称或者“随附”的列表", "a list of names or of 随附"),
            "须随附的附件",
            "attachments that must come with it",
            "[整改报告]",
        ),
        may(
            "须说明",
            Table("事实"),
            "办理人须说明的事实",
            "facts that must be stated with it",
            "{符合最小必要: {…}}",
        ),
        may(
            "条件",
            List("条件"),
            "都满足才能办，否则以条件的依据拒绝",
            "all must hold, or it is refused on the condition's clauses",
            "[{须: {…}, 依据: […]}]",
        ),
        may(
            "去向",
            Other("环节名、办结，或者分支的列表", "a step's name, an end, or a list of branches"),
            "办完后到哪里；不写则留在本环节",
            "where the case goes; stays without it",
            "专家评审",
        ),
        may("效果", Words("效果"), "平台随之做什么", "what the platform does with it", "[授予数据]"),
        may(
            "向",
            Names("角色"),
            "加签可以向谁，只用于加签",
            "whom 加签 may ask, with 加签 only",
            "[财政部门]",
        ),
        may(
            "抽取",
            MapOf("抽取"),
            "怎样抽取，只用于抽取专家",
            "how experts are drawn, with 抽取专家 only",
            "{名册: {参数: 专家名册}, 人数: 5}",
        ),
        may(
            "会议",
            MapOf("会议"),
            "由会议作出，只用于决议",
            "made by a meeting, with 决议 only",
            "{出席: 过半数}",
        ),
        BASIS,
    ],
};

pub(crate) const CONDITION: Map = Map {
    name: "条件",
    en: "Condition",
    place: "操作 → 条件",
    keys: &[
        need(
            "须",
            TEST_KIND,
            "须满足的判断；不知道的事实一律不通过",
            "the test; unknown facts never pass",
            "{事实: 符合最小必要, 是: 是}",
        ),
        may(
            "补救",
            Text,
            "怎样才能满足，写给被拒绝的人",
            "what would satisfy it, for the person refused",
            "缩小数据范围",
        ),
        BASIS,
    ],
};

pub(crate) const BRANCH: Map = Map {
    name: "分支",
    en: "Branch",
    place: "操作 → 去向（列表）",
    keys: &[
        may(
            "若",
            TEST_KIND,
            "满足时走这一支；只有最后一支不写",
            "taken if it holds; exactly the last branch has none",
            "{事实: 审议通过, 是: 是}",
        ),
        need("到", Other("环节名或者办结", "a step's name or an end"), "到哪里", "where to", "政府确定"),
        may("依据", Clauses, "这一判断依据的条款", "the clauses of this test", "[云雾.六]"),
    ],
};

pub(crate) const TARGET: Map = Map {
    name: "办结",
    en: "End",
    place: "去向",
    keys: &[
        need("办结", Text, "结果", "the outcome", "不予受理"),
        may("英文", Text, "结果的英文", "the same in English", "Not accepted"),
        may("准予", Flag, "是发起人所求的结果", "it is what the opener asked for", "是"),
        may(
            "转办",
            Name("程序"),
            "随之另开一件应办件",
            "the procedure of a case that becomes owed with it",
            "整改",
        ),
    ],
};

pub(crate) const TEST: Map = Map {
    name: "判断",
    en: "Test",
    place: "条件 → 须；分支、附件、随附 → 若",
    keys: &[
        may("且", List("判断"), "都成立", "all hold", "[{…}, {…}]"),
        may("或", List("判断"), "至少一个成立", "one holds", "[{…}, {…}]"),
        may(
            "非",
            TEST_KIND,
            "不成立，而且所涉事实已知",
            "does not hold, and its facts are known",
            "{事实: …, 是: 是}",
        ),
        may(
            "事实",
            Text,
            "事实的名称，与下面一种比较同写",
            "name of a fact, with one of the comparisons below",
            "符合最小必要",
        ),
        may("是", Other("值，或者 {事实: 名}", "a value, or {事实: name}"), "等于", "equals", "是"),
        may(
            "不是",
            Other("值，或者 {事实: 名}", "a value, or {事实: name}"),
            "不等于",
            "does not equal",
            "否",
        ),
        may("低于", Other("值，或者 {事实: 名}", "a value, or {事实: name}"), "小于", "less than", "50%"),
        may(
            "不超过",
            Other("值，或者 {事实: 名}", "a value, or {事实: name}"),
            "小于或者等于",
            "at most",
            "3",
        ),
        may(
            "不少于",
            Other("值，或者 {事实: 名}", "a value, or {事实: name}"),
            "大于或者等于",
            "at least",
            "6",
        ),
        may("超过", Other("值，或者 {事实: 名}", "a value, or {事实: name}"), "大于", "more than", "0"),
        may(
            "符合参数",
            Name("参数"),
            "符合这个参数写明的界限",
            "within the limit the parameter states",
            "收益率上限",
        ),
        may(
            "单位",
            Word("单位"),
            "参数是期间时必写：事实按什么计",
            "needed where the parameter is a period: what the fact counts",
            "个月",
        ),
        may("环节", Name("环节"), "环节的名称，与“已办”同写", "name of a step, with 已办", "专家评审"),
        may("已办", Word("命令"), "在该环节办过的命令", "the command done in that step", "同意"),
        may("至少", Count, "至少几家（人）办过；不写则全部", "by at least so many; by all without it", "2"),
        may(
            "近件",
            Name("程序"),
            "同一授权最近的一件，与下面一项同写",
            "the newest case about the same authorisation, with one of the keys below",
            "评价考核",
        ),
        may("结果", Text, "该件办结的结果", "the outcome it ended with", "不合格"),
        may("已准予", Flag, "该件是否准予", "whether it was granted", "是"),
        may("在办", Flag, "该件是否在办", "whether it is open", "是"),
        may("办结日", Date, "该件办结之日", "the day it ended", "2027-03-01"),
    ],
};

pub(crate) const SEPARATION: Map = Map {
    name: "回避",
    en: "Separation of duties",
    place: "程序 → 回避",
    keys: &[
        need("一方", Other("环节名或者“发起人”", "a step's name or 发起人"), "一方", "one side", "发起人"),
        need(
            "另一方",
            Other("环节名或者“发起人”", "a step's name or 发起人"),
            "另一方",
            "the other side",
            "专家评审",
        ),
        need("比较", Word("回避比较"), "按人还是按机构", "by person or by unit", "机构"),
        BASIS,
    ],
};
