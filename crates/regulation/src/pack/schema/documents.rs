//! Documents (文书): what is declared of each template.

use super::Kind::{Clauses, Flag, List, Name, Text, Texts, Word};
use super::{ENGLISH, Map, may, need};

pub(crate) const DOCUMENT_FILE: Map = Map {
    name: "文书文件",
    en: "File of documents",
    place: "documents.yaml",
    keys: &[need(
        "文书",
        List("文书"),
        "逐项列出；模板在 documents/名称.typ",
        "one by one; its template is documents/名称.typ",
        "[{名称: 受理回执, …}]",
    )],
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
