//! Hostile values stay text; hostile templates are refused before they run.

use std::collections::BTreeMap;

use proptest::prelude::*;
use regulation::case::{FormValue, FormValues};
use regulation::pack::VariableKind;

use super::fixture::{PACKS, document, stamp, words};
use crate::typeface::GETA;
use crate::{Data, Datum, DocumentError, FormPaper, Lang, OpinionEntry, check, print_form, render};

fn data(name: &str, datum: Datum) -> Data {
    Data { values: BTreeMap::from([(name.to_owned(), datum)]), stamp: stamp() }
}

const MARKUP: &[&str] = &[
    "#panic(\"ran\")",
    "#{ while true {} }",
    "#read(\"/etc/passwd\")",
    "= 标题 *粗* _斜_ $x^2$ @引用 <标签> `代码` https://a.cn",
    "\\ \\u{41} // 注释 /* 注释 */",
    "]#(1+1)[ ) } \" ' \\\" //",
    "- 一 + 二 / 三: 四 ~ -- --- ...",
    "#import \"@preview/x:1.0.0\": *",
];

#[test]
fn markup_in_values_stays_text() {
    let form = &PACKS["deqing"].forms["附件6"];
    let letter = document("〔#(甲)〕", &[("甲", VariableKind::Text)]);
    for said in MARKUP {
        let bare = said.replace(' ', "");
        let paper = render(&letter, &data("甲", Datum::Text((*said).to_owned())), Lang::Zh).unwrap();
        assert!(words(&paper).contains(&format!("〔{bare}〕")), "{said}: {}", words(&paper));
        let values = FormValues::from([
            ("数据产品和服务名称".to_owned(), FormValue::Text((*said).to_owned())),
            ("产品说明".to_owned(), FormValue::Text((*said).to_owned())),
        ]);
        let opinion = OpinionEntry {
            opinion_box: "县大数据局意见".to_owned(),
            result: String::new(),
            text: (*said).to_owned(),
            unit: (*said).to_owned(),
            person: (*said).to_owned(),
            on: None,
        };
        let mut stamp = stamp();
        stamp.issuer = (*said).to_owned();
        let paper = print_form(
            &FormPaper { form, values: &values, opinions: vec![opinion], names: BTreeMap::new(), stamp },
            Lang::Zh,
        )
        .unwrap();
        assert!(words(&paper).matches(&bare).count() >= 6, "{said}: {}", words(&paper));
    }
}

#[test]
fn strange_characters_print_as_a_mark_and_are_reported() {
    let letter = document("〔#(甲)〕", &[("甲", VariableKind::LongText)]);
    let said = "左\u{202e}右😀ع\u{0}\u{7f}\u{feff}\u{200d}龘";
    let paper = render(&letter, &data("甲", Datum::Text(said.to_owned())), Lang::Zh).unwrap();
    let mut wanted: Vec<char> = said.chars().filter(|c| !matches!(c, '左' | '右')).collect();
    wanted.sort_unstable();
    assert_eq!(paper.missing, wanted);
    assert_eq!(words(&paper).matches(GETA).count(), wanted.len());
}

#[test]
fn words_without_end_are_broken_and_none_runs_off_the_sheet() {
    let letter = document("〔#(甲)〕", &[("甲", VariableKind::Text)]);
    let said = "0123456789abcdef".repeat(3_000);
    let paper = render(&letter, &data("甲", Datum::Text(said.clone())), Lang::Zh).unwrap();
    assert!(words(&paper).replace("SQ-2026-0001", "").matches("0123456789abcdef").count() > 2_900);
    assert!(paper.pages > 10 && paper.missing.is_empty(), "{} pages", paper.pages);
    let form = &PACKS["deqing"].forms["附件8"];
    let values = FormValues::from([("数据表英文名称".to_owned(), FormValue::Text("x".repeat(500)))]);
    let paper = print_form(
        &FormPaper { form, values: &values, opinions: Vec::new(), names: BTreeMap::new(), stamp: stamp() },
        Lang::Zh,
    )
    .unwrap();
    assert_eq!(words(&paper).matches('x').count() - words(&paper).matches("example").count(), 500);
}

#[test]
fn too_much_is_refused() {
    let letter = document("#(甲)#(甲)", &[("甲", VariableKind::LongText)]);
    let error = render(&letter, &data("甲", Datum::Text("长".repeat(300_000))), Lang::Zh).unwrap_err();
    assert_eq!(error.code(), "document.too_much_data");
    // Each use counts.
    let many = document(&"#(甲)".repeat(30), &[("甲", VariableKind::LongText)]);
    let error = render(&many, &data("甲", Datum::Text("长".repeat(20_000))), Lang::Zh).unwrap_err();
    assert!(matches!(error, DocumentError::TooLong { unit: "characters", .. }), "{error}");
    let pages = document("#for 项 in 丙 [#pagebreak() #(项)]", &[("丙", VariableKind::List)]);
    let error = render(&pages, &data("丙", Datum::List(vec!["一".to_owned(); 5_000])), Lang::Zh).unwrap_err();
    assert!(matches!(error, DocumentError::TooLong { .. }), "{error}");
    let error = render(&pages, &data("丙", Datum::List(vec!["一".to_owned(); 300])), Lang::Zh).unwrap_err();
    assert!(matches!(error, DocumentError::TooLong { unit: "pages", .. }), "{error}");
    let form = &PACKS["deqing"].forms["附件6"];
    let values = FormValues::from([("产品说明".to_owned(), FormValue::Text("长".repeat(300_000)))]);
    let error = print_form(
        &FormPaper { form, values: &values, opinions: Vec::new(), names: BTreeMap::new(), stamp: stamp() },
        Lang::Zh,
    );
    assert_eq!(error.unwrap_err().code(), "document.too_much_data");
}

#[test]
fn endless_and_deep_templates_are_refused_before_they_run() {
    let deep = format!("{}x{}", "#strong[".repeat(5_000), "]".repeat(5_000));
    let lists = "- ".repeat(20_000);
    let word = format!("#(\"{}\")", "a".repeat(60_000));
    let not = format!("#({} true)", "not ".repeat(5_000));
    for template in [
        "#while true {}",
        "#let f(x) = f(x)\n#f(1)",
        "#for i in range(1000000000) [x]",
        "#let a = \"x\" * 1000000000",
        "#table(columns: 1000000000)",
        "#repeat[.]",
        "#counter(page).update(n => n + 1)",
        deep.as_str(),
        lists.as_str(),
        not.as_str(),
        word.as_str(),
    ] {
        let letter = document(template, &[("甲", VariableKind::Text)]);
        let shown: String = template.chars().take(40).collect();
        assert!(!check(&letter).unwrap_or_else(|error| panic!("{shown}: {error}")).is_empty(), "{shown}");
    }
}

#[test]
fn numbers_at_the_ends_of_their_range_end_in_a_paper_or_in_faults() {
    for template in [
        "#text(size: 0pt)[字]",
        "#text(size: 100pt)[很大的字很大的字]",
        "#set text(size: 0.0001pt)\n字",
        "#set par(leading: 0pt)\n#(甲)",
        "#table(columns: 0, [x])",
        "#table(columns: 100, [x])",
        "#table(columns: (0pt, 0pt), [字], [字])",
        "#grid(columns: (100fr, 0fr), [字], [字])",
        "#block(height: 0pt)[#(甲)]",
        "#box(width: 0pt)[#(甲)]",
        "#block(width: 0pt)[#(甲)]",
        "#h(100fr)#v(100fr)#h(100%)",
        "#pad(left: 29cm)[#(甲)]",
        "#pad(left: 29cm, right: 29cm)[#(甲)]",
        "#table.cell(colspan: 100)[x]",
        "#table(columns: 2, table.cell(colspan: 100, rowspan: 100)[x])",
        "#table(table.header(table.header([x])))",
        "#line(length: 100%, angle: 90)",
        "#list(list(list(list(list([x])))))",
        "#enum(start: 100, [x])",
        "#空(宽: 29cm)",
        "#封面(甲, 甲, 甲)",
        "#标题[甲]#标题[乙]",
        "= \n== \n",
        "=== 三级在先\n= 一级在后",
        "- 甲\n  - 乙\n    - 丙\n      - 丁",
        "'单' \"双\" -- --- ... ~ -1 -?",
        "#条目((1, 2))",
        "#信息表()",
        "#text(fallback: false, font: \"无此\")[字]",
        "#set text(lang: \"ar\", dir: right)\n#(甲)",
    ] {
        let letter = document(template, &[("甲", VariableKind::LongText)]);
        let began = std::time::Instant::now();
        check(&letter).unwrap_or_else(|error| panic!("{template}: {error}"));
        assert!(began.elapsed().as_secs() < 60, "{template}");
    }
    let long = document(&"长".repeat(30_000), &[]);
    assert!(matches!(check(&long), Err(DocumentError::TooLong { unit: "bytes of template", .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_prints(text in any::<String>()) {
        let letter = document("〔#(甲)〕", &[("甲", VariableKind::LongText)]);
        let paper = render(&letter, &data("甲", Datum::Text(text)), Lang::Zh).unwrap();
        prop_assert!(paper.pages >= 1);
    }

    #[test]
    fn any_template_ends_in_a_paper_or_in_faults(text in "[#\\[\\]\\(\\)\\{\\}=*_$@<>`\"+/:,.甲丙a-c1 \n-]{0,60}") {
        let letter = document(&text, &[("甲", VariableKind::Text), ("丙", VariableKind::List)]);
        match check(&letter) {
            Ok(faults) => prop_assert!(faults.iter().all(|fault| fault.line >= 1 && fault.column >= 1)),
            Err(error) => prop_assert!(false, "{text:?}: {error}"),
        }
    }
}
