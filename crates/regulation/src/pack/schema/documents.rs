//! Documents (文书): what is declared of each template.

use super::Kind::{Clauses, Flag, List, Name, Other, Text, Texts, Word};
use super::{ENGLISH, Map, may, need};

pub(crate) const DOCUMENT_FILE: Map = Map {
    name: "文书文件",
    en: "File of documents",
    place: "documents.yaml",
    keys: &[
        may(
            "代字",
            Other("角色或者机构代码 → 代字，或者 {参数: 名}", "role or unit → its mark, or {参数: 名}"),
            "各署名单位在发文字号里的机关代字；机构的先于角色的",
            "the marks of those who sign papers, for their numbers; a unit's goes before its role's",
            "{县大数据局: {参数: 文书代字}}",
        ),
        need(
            "文书",
            List("文书"),
            "逐项列出；模板在 documents/名称.typ",
            "one by one; its template is documents/名称.typ",
            "[{名称: 受理回执, …}]",
        ),
    ],
};

pub(crate) const NUMBER: Map = Map {
    name: "文号",
    en: "Number of a document",
    place: "文书 → 文号",
    keys: &[
        may(
            "代字",
            Other("代字，或者 {参数: 名}", "a mark, or {参数: 名}"),
            "署名单位没有代字时用的；不写的，这样的单位署名的不编号",
            "used where the signer has none; without it such papers are not numbered",
            "{参数: 文书代字}",
        ),
        may("类字", Text, "跟在代字后面，例如“函”", "what follows the mark, such as 函", "函"),
    ],
};

pub(crate) const DOCUMENT: Map = Map {
    name: "文书",
    en: "Document",
    place: "documents.yaml → 文书",
    keys: &[
        need(
            "名称",
            Text,
            "文书的名称，也是模板的文件名",
            "its name and that of its template's file",
            "受理回执",
        ),
        may(
            "英文",
            Text,
            "英文页面上的名称；沿用上级的可以不写",
            "its name on English pages; may be inherited",
            "Receipt",
        ),
        may(
            "变量",
            List("文书变量"),
            "模板可以用的变量；沿用上级的可以不写",
            "the blanks its template may name; may be inherited",
            "[{名称: 事项, …}]",
        ),
        may(
            "时机",
            List("文书时机"),
            "什么时候出具；不写的，等下级写明",
            "when it is made; without it a lower pack says",
            "[{程序: 授权申请, 办结: 通过}]",
        ),
        may(
            "文号",
            Other("是、否，或者文号的写法", "是, 否, or how it is numbered"),
            "出具时编发文字号（代字〔年〕序号），每个代字每年从 1 起；沿用上级的可以不写",
            "numbered when issued (mark, year, sequence from 1 by mark and year); may be inherited",
            "{类字: 函}",
        ),
        may(
            "依据",
            Clauses,
            "所依据的条款；没有时机的可以不写",
            "the clauses it rests on; not needed without an occasion",
            "[云雾.五]",
        ),
    ],
};

pub(crate) const VARIABLE: Map = Map {
    name: "文书变量",
    en: "Blank of a document",
    place: "变量",
    keys: &[
        need(
            "名称",
            Text,
            "模板中的名字，只有文字和数字",
            "its name in the template, letters and digits only",
            "事项",
        ),
        may(
            "取自",
            Text,
            "取哪个栏目或者事实的值；不写的取同名的",
            "the field or fact it takes; the one of its name without it",
            "决议文号",
        ),
        ENGLISH,
        need("类型", Word("变量类型"), "填什么", "what fills it", "单行文字"),
        may("列", Texts, "“表格”的各列", "the columns of a 表格", "[名称, 数量]"),
        may("必填", Flag, "没有值时只出草稿", "without a value only a draft is made", "是"),
    ],
};

pub(crate) const OCCASION: Map = Map {
    name: "文书时机",
    en: "Occasion of a document",
    place: "时机",
    keys: &[
        need(
            "程序",
            Name("程序"),
            "哪个程序；只写程序的，由人出具",
            "which procedure; alone, people make it when they want",
            "授权申请",
        ),
        may("环节", Name("环节"), "哪个环节，与“做”同写", "which step, together with 做", "形式审查"),
        may(
            "做",
            Word("命令"),
            "哪个动作之后；不写环节的只能是提交",
            "after which action; without a step only 提交",
            "受理",
        ),
        may("办结", Text, "以这一结果办结之后", "after the case ended with this outcome", "通过"),
    ],
};
