//! Numbers of papers: which are numbered, by whose mark, in which series.

use super::malformed::{STEP, base, procedure};
use super::*;

const PAPER: &str =
    "  - {名称: 通知, 英文: Notice, 变量: [], 时机: [{程序: 甲, 环节: 办理, 做: 办结}], 依据: [样.一]";

fn files_with(table: &str, rule: &str, parameters: &str) -> Vec<SourceFile> {
    let documents = format!("{table}文书:\n{PAPER}{rule}}}\n");
    let procedure = procedure(STEP);
    let mut more = vec![
        ("procedures/a.yaml", procedure.as_str()),
        ("documents.yaml", documents.as_str()),
        ("documents/通知.typ", "#标题[通知]\n"),
    ];
    if !parameters.is_empty() {
        more.push(("parameters.yaml", parameters));
    }
    base(&more)
}

const BUREAU: Signer<'static> = Signer { unit: "bureau", role: "局" };

fn numbered(table: &str, rule: &str) -> Option<String> {
    let pack = parsed(&files_with(table, rule, ""), None);
    document_number(&pack, "通知", BUREAU, 2026, 12)
}

#[test]
fn a_number_is_mark_year_and_sequence() {
    assert_eq!(numbered("代字: {局: 样数据}\n", ", 文号: 是").as_deref(), Some("样数据〔2026〕12号"));
    assert_eq!(
        numbered("代字: {局: 样数据}\n", ", 文号: {类字: 函}").as_deref(),
        Some("样数据函〔2026〕12号")
    );
    // The unit's own mark goes before its role's, both before the document's.
    let both = "代字: {局: 样数据, bureau: 样局}\n";
    assert_eq!(numbered(both, ", 文号: {代字: 样}").as_deref(), Some("样局〔2026〕12号"));
    assert_eq!(numbered("", ", 文号: {代字: 样}").as_deref(), Some("样〔2026〕12号"));
    for (table, rule) in
        [("代字: {局: 样数据}\n", ""), ("代字: {局: 样数据}\n", ", 文号: 否"), ("", ", 文号: 是")]
    {
        assert_eq!(numbered(table, rule), None, "{table}{rule}");
    }
    let pack = parsed(&files_with("代字: {局: 样数据}\n", ", 文号: 是", ""), None);
    assert_eq!(document_number(&pack, "通知", BUREAU, 2026, 0), None, "numbers begin at 1");
    assert_eq!(document_number(&pack, "别的", BUREAU, 2026, 1), None);
    let other = Signer { unit: "sample", role: "别的" };
    assert_eq!(document_number(&pack, "通知", other, 2026, 1), None, "who has no mark gives no number");
    let series = |year| document_series(&pack, "通知", BUREAU, year).unwrap();
    assert_eq!((series(2026).as_str(), series(2027).as_str()), ("样数据〔2026〕", "样数据〔2027〕"));
}

#[test]
fn what_is_no_mark_or_nobody_is_refused_where_it_stands() {
    let first = |table: &str, rule: &str, parameters: &str| {
        let wrong = load(&files_with(table, rule, parameters), None).unwrap_err().swap_remove(0);
        (wrong.code, wrong.file, wrong.line)
    };
    let documents = |code: &'static str, line: u32| (code, "documents.yaml".to_owned(), line);
    let parameter = "参数:\n  甲代字: {值: 2026〔, 本地约定: 是}\n";
    assert_eq!(first("代字: {处: 样}\n", "", ""), documents("regulation.pack_unknown_reference", 1));
    assert_eq!(first("代字: {局: 样数据1}\n", "", ""), documents("regulation.pack_value", 1));
    assert_eq!(
        first("代字: {局: 一二三四五六七八九十甲乙丙}\n", "", ""),
        documents("regulation.pack_value", 1)
    );
    assert_eq!(first("", ", 文号: {类字: 〔函〕}", ""), documents("regulation.pack_value", 2));
    assert_eq!(first("", ", 文号: {字: 函}", ""), documents("regulation.pack_unknown_key", 2));
    assert_eq!(first("", ", 文号: 编", ""), documents("regulation.pack_unknown_word", 2));
    assert_eq!(first("代字: {局: {参数: 无}}\n", "", ""), documents("regulation.pack_unknown_reference", 1));
    let unfit = first("代字: {局: {参数: 甲代字}}\n", "", parameter);
    assert_eq!(unfit, ("regulation.pack_value", "parameters.yaml".to_owned(), 2));
}

#[test]
fn a_county_has_its_own_mark_and_may_leave_a_number_out() {
    let parameter = "参数:\n  代字甲: {值: 上, 本地约定: 是}\n";
    let above = parsed(&files_with("代字: {局: {参数: 代字甲}}\n", ", 文号: 是", parameter), None);
    let head = "制度包: 下\n编号: below\n版本: '1'\n状态: 施行\n上级: sample\n";
    let number = |more: &[(&str, &str)]| {
        let mut files = vec![SourceFile { path: "pack.yaml".to_owned(), text: head.to_owned() }];
        files.extend(
            more.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }),
        );
        load(&files, Some(&above)).map(|pack| document_number(&pack, "通知", BUREAU, 2027, 3))
    };
    assert_eq!(number(&[]).unwrap().as_deref(), Some("上〔2027〕3号"));
    let own = ("parameters.yaml", "参数:\n  代字甲: {值: 下数, 本地约定: 是}\n");
    assert_eq!(number(&[own]).unwrap().as_deref(), Some("下数〔2027〕3号"));
    let none = ("documents.yaml", "文书: [{名称: 通知, 文号: 否}]\n");
    assert_eq!(number(&[none]).unwrap(), None);
    let unfit = ("parameters.yaml", "参数:\n  代字甲: {值: 下（数）, 本地约定: 是}\n");
    assert_eq!(number(&[unfit]).unwrap_err()[0].code, "regulation.pack_value");
}

#[test]
fn the_counties_number_what_their_authorities_sign() {
    let said = |pack: &Pack, document: &str, role: &str| {
        let unit = pack.roles[role].units.first().map(String::as_str).unwrap_or_default();
        document_number(pack, document, Signer { unit, role }, 2026, 1)
    };
    let deqing = deqing();
    assert_eq!(said(&deqing, "补正通知书", "县大数据局").as_deref(), Some("德数据〔2026〕1号"));
    assert_eq!(said(&deqing, "决定书", "县人民政府").as_deref(), Some("德政〔2026〕1号"));
    assert_eq!(said(&deqing, "报备函", "县人民政府"), None, "its number is stated by who files it");
    // Another department has numbers of its own, and an operator none.
    assert_eq!(said(&deqing, "提供单位意见书", "公共数据提供单位"), None);
    assert_eq!(said(&deqing, "不予通过告知书", "授权运营单位"), None);
    assert_eq!(said(&deqing, "受理回执", "县大数据局"), None);
    for (id, role, mark) in [("yanan", "实施机构", "延数服"), ("futian", "区公共数据主管部门", "福数据")]
    {
        let pack = parsed(&files(id), Some(&national_texts()));
        assert_eq!(said(&pack, "整改通知书", role), Some(format!("{mark}〔2026〕1号")), "{id}");
    }
}
