//! The closed vocabulary with its English and what each word means.

/// A closed list of words.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary {
    /// Name, by which keys refer to it.
    pub name: &'static str,
    /// Name in English.
    pub en: &'static str,
    /// Its words.
    pub words: &'static [Gloss],
}

/// A word.
#[derive(Debug, Clone, Copy)]
pub struct Gloss {
    /// As written.
    pub zh: &'static str,
    /// In English.
    pub en: &'static str,
    /// What it means or does, in Chinese; empty where the word says it.
    pub note: &'static str,
}

const fn gloss(zh: &'static str, en: &'static str, note: &'static str) -> Gloss {
    Gloss { zh, en, note }
}

/// Every vocabulary but the commands, whose words the kernel has.
pub const VOCABULARIES: &[Vocabulary] = &[
    Vocabulary {
        name: "状态",
        en: "Status",
        words: &[
            gloss("征求意见", "draft for comment", "可以试用，不是现行法"),
            gloss("施行", "in force", ""),
            gloss("被替代", "replaced", "有新的文本"),
            gloss("失效", "expired", ""),
        ],
    },
    Vocabulary {
        name: "约束",
        en: "Bound",
        words: &[
            gloss("下限", "floor", "下级只能更高"),
            gloss("上限", "ceiling", "下级只能更低"),
            gloss("固定", "fixed", "下级不得改动"),
            gloss("可改", "open", "下级自定"),
        ],
    },
    Vocabulary {
        name: "起算日",
        en: "First day",
        words: &[gloss("计入", "counts", ""), gloss("不计入", "does not count", "")],
    },
    Vocabulary {
        name: "末日",
        en: "Last day",
        words: &[gloss("顺延至工作日", "moves to the next working day", ""), gloss("不顺延", "stays", "")],
    },
    Vocabulary { name: "时区", en: "Zone", words: &[gloss("北京时间", "Beijing time", "东八区")] },
    Vocabulary {
        name: "绑定",
        en: "Binding",
        words: &[
            gloss("固定", "fixed", "“机构”所列的单位；不写“绑定”时即如此"),
            gloss("发起单位", "the unit that opens the case", ""),
            gloss("任何人", "anyone", "任何登录的人"),
            gloss("平台登记", "known to the platform", "例如某项授权的运营单位"),
        ],
    },
    Vocabulary {
        name: "事实类型",
        en: "Kind of fact",
        words: &[
            gloss("文字", "text", ""),
            gloss("整数", "whole number", ""),
            gloss("是否", "yes or no", ""),
            gloss("日期", "date", ""),
            gloss("机构", "units", "机构代码的列表"),
            gloss("编号", "reference", "平台上的办件、产品、授权等"),
        ],
    },
    Vocabulary {
        name: "起算",
        en: "Anchor",
        words: &[
            gloss("收到", "receipt", "进入本环节之日"),
            gloss("受理", "acceptance", "最近一次受理之日"),
            gloss("公布", "publication", "最近一次公布之日"),
            gloss("签订", "signature", "最后一方签署之日"),
            gloss("提交", "filing", "发起之日"),
        ],
    },
    Vocabulary {
        name: "单位",
        en: "Unit of a length",
        words: &[
            gloss("工作日", "working day", ""),
            gloss("日", "calendar day", ""),
            gloss("个月", "natural month", ""),
            gloss("年", "year", ""),
        ],
    },
    Vocabulary {
        name: "手段",
        en: "Means",
        words: &[
            gloss("强制", "enforce", "有人违反而被依该条款拒绝的样例"),
            gloss("自动", "automate", "到期、效果、办结或者期限届满后去向的样例"),
            gloss("记录", "record", "引用它的样例"),
            gloss("外部", "outside", "软件无能为力，可以不自动化"),
        ],
    },
    Vocabulary {
        name: "义务起算",
        en: "Anchor of a duty",
        words: &[
            gloss("自然期", "calendar periods", "月、季度、半年、年"),
            gloss("签订", "the agreement", "从签订之日数起自然月，不逐期累计"),
        ],
    },
    Vocabulary {
        name: "义务条件",
        en: "Condition of a duty",
        words: &[
            gloss("授权中", "authorised", "协议有效的每项授权"),
            gloss("权限开通中", "open", "权限已开通的每项授权"),
            gloss("非合作方", "not under another", "不属于其他授权的每项授权"),
        ],
    },
    Vocabulary {
        name: "变量类型",
        en: "Kind of a document's blank",
        words: &[
            gloss("单行文字", "one line", ""),
            gloss("多行文字", "many lines", ""),
            gloss("整数", "whole number", ""),
            gloss("百分比", "percent", ""),
            gloss("金额", "money", "元，两位小数"),
            gloss("日期", "date", "印成“2026年9月1日”"),
            gloss("是否", "yes or no", ""),
            gloss("清单", "list", "逐条列出"),
            gloss("表格", "table", "要写“列”"),
        ],
    },
    Vocabulary {
        name: "出席",
        en: "Quorum",
        words: &[
            gloss("过半数", "more than half", ""),
            gloss("三分之二以上", "two thirds or more", ""),
            gloss("全体", "all", ""),
        ],
    },
    Vocabulary {
        name: "期限性质",
        en: "Nature of a time limit",
        words: &[
            gloss("法定", "statutory", "文本写明的"),
            gloss("承诺", "promised", "本级对外承诺的"),
            gloss("内部", "internal", "内部掌握的"),
        ],
    },
    Vocabulary {
        name: "中止",
        en: "Ground to stop",
        words: &[gloss("等待补正", "awaiting correction", "退回补正到补正之间不计")],
    },
    Vocabulary {
        name: "逾期",
        en: "On expiry",
        words: &[
            gloss("提醒并升级", "remind and escalate", "件留在原处，按“提醒”逐级告知"),
            gloss("自动退回", "return automatically", "件以“逾期自动退回”办结，不准予"),
            gloss("关闭权限", "close access", "关闭域内权限"),
            gloss(
                "收回数据",
                "take data back",
                "收回本件表单“数据资源”栏所列的数据，件留在原处；日期暂定的不收回",
            ),
            gloss("转协调机制", "move to coordination", "转入“到期转入”的环节"),
            gloss("进入下一环节", "advance", "期间届满即进入“到期转入”的环节，例如公示期"),
        ],
    },
    Vocabulary {
        name: "效果",
        en: "Effect",
        words: &[
            gloss("发布公告", "publish a notice", "表单内容作为公告公开"),
            gloss("公示结果", "publish the result", "公示拟授权单位，可以提异议"),
            gloss("建立授权", "establish the authorisation", "建立授权和它的域，尚未开通"),
            gloss("协议生效", "activate the agreement", "授权期限开始"),
            gloss("开通权限", "open access", ""),
            gloss("关闭权限", "close access", "与决定同时生效"),
            gloss("恢复权限", "restore access", ""),
            gloss("授予数据", "grant the data", "把所申请的数据资源授予该授权"),
            gloss("核准模型", "approve the model", "模型可以在原始数据上按单运行"),
            gloss("核准出域", "release the export", "冻结的结果重新生成后放行"),
            gloss("产品备案", "file the product", ""),
            gloss("核定价格", "approve the price", ""),
            gloss("使用协议生效", "activate the usage agreement", ""),
            gloss("登记异议", "record an objection", "编号和进展公开，异议人和内容不公开"),
            gloss("登记质量问题", "record a quality problem", ""),
            gloss("登记年度报告", "record a report", "与“登记报告”同义"),
            gloss("登记报告", "record a report", "任何一期的报告"),
            gloss("登记信用信息", "record credit information", ""),
            gloss("封存", "seal", "密钥从域中取走"),
            gloss("销毁", "destroy", "销毁密钥、扫描残留、出具证明"),
            gloss("收回数据", "take data back", "收回表单“数据资源”栏所列的数据；没有这一栏的，收回全部"),
            gloss("公开信息", "publish information", "公开表单内容，但不是公告，不能据此申请"),
            gloss("登记编号", "keep a number", "把外部登记的编号记在产品或者资源上"),
            gloss("编入目录", "list in the catalogue", "表单“数据资源”栏所列的资源"),
            gloss("撤下目录", "take off the catalogue", "已授予的不受影响"),
            gloss("准许导入", "admit social data", "授权运营单位可以把一份社会数据导入本授权的域"),
        ],
    },
    Vocabulary {
        name: "字段类型",
        en: "Kind of field",
        words: &[
            gloss("单行文字", "one line of text", ""),
            gloss("多行文字", "text", ""),
            gloss("整数", "whole number", ""),
            gloss("百分比", "percent", ""),
            gloss("金额", "money", "元，两位小数"),
            gloss("日期", "date", ""),
            gloss("电话", "telephone", ""),
            gloss("电子邮箱", "e-mail", ""),
            gloss("联系方式", "telephone or e-mail", ""),
            gloss("单选", "one of a list", "写“选项”"),
            gloss("多选", "some of a list", "写“选项”"),
            gloss("是否", "yes or no", ""),
            gloss("数据资源", "data resources", "目录中的资源编号"),
            gloss("机构", "a unit", "一个机构代码"),
        ],
    },
    Vocabulary {
        name: "回避比较",
        en: "Separation by",
        words: &[gloss("人员", "person", ""), gloss("机构", "unit", "")],
    },
];
