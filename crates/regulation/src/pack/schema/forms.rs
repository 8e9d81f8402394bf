//! `forms/*.yaml`.

use super::Kind::{Clauses, Flag, List, Other, Text, Texts, Word};
use super::{BASIS, ENGLISH, Map, may, need};

pub(crate) const FORM: Map = Map {
    name: "表单",
    en: "Form",
    place: "forms/*.yaml",
    keys: &[
        need("表单", Text, "表单的名称，供程序引用", "its key, by which procedures name it", "附件4"),
        need("标题", Text, "印在上方的标题", "the title printed above", "公共数据需求申请表"),
        ENGLISH,
        need("栏目", List("栏目"), "按打印的次序", "in print order", "[{标题: 申请单位, 字段: […]}]"),
        may("意见栏", Texts, "下方的意见栏", "opinion boxes below", "[县大数据局意见]"),
        may("附注", Texts, "末尾的说明", "notes at the end", "[一式两份]"),
        BASIS,
    ],
};

pub(crate) const SECTION: Map = Map {
    name: "栏目",
    en: "Section",
    place: "表单 → 栏目",
    keys: &[
        may("标题", Text, "栏目的标题", "its heading", "申请单位"),
        need("字段", List("字段"), "逐个字段", "its fields", "[{名称: 单位名称, …}]"),
    ],
};

pub(crate) const FIELD: Map = Map {
    name: "字段",
    en: "Field",
    place: "表单 → 栏目 → 字段",
    keys: &[
        need("名称", Text, "印在表上的名称", "the printed label", "单位名称"),
        may("键", Text, "同一表单里名称相同时用以区分", "tells apart fields with one label", "联系人电话"),
        ENGLISH,
        need("类型", Word("字段类型"), "可以填什么", "what may be entered", "单行文字"),
        may(
            "选项",
            Other("文字的列表，或者 {参数: 名}（列表）", "a list of texts, or {参数: name} of a list"),
            "单选和多选的选项，其他类型不写",
            "choices of 单选 and 多选, and of no other kind",
            "[农业, 交通]",
        ),
        may("必填", Flag, "必须填写", "must be filled", "是"),
        may("提示", Text, "填写提示，自己的话", "a hint in own words", "按营业执照填写"),
        may("个人信息", Flag, "含个人信息", "holds personal information", "是"),
        may(
            "事实",
            Text,
            "填写的内容成为这个事实，供判断使用",
            "sets this fact, which tests may use",
            "合作期限",
        ),
        may(
            "依据",
            Clauses,
            "原文专为这一栏规定的条款；缺了它，只以此拒绝",
            "clauses that ask for just this field, on which its absence is refused",
            "[云雾.五]",
        ),
    ],
};
