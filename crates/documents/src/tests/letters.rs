//! Every template of every pack prints; what is missing is a line; a county's own text is checked.

use std::collections::BTreeMap;

use regulation::pack::{Document, VariableKind};

use super::fixture::{PACKS, document, keep, stamp, words};
use crate::{Data, Datum, DocumentError, Lang, check, missing, render, sample};

fn texts(names: &[(&str, &str)]) -> Data {
    let values = names.iter().map(|(name, text)| ((*name).to_owned(), Datum::Text((*text).to_owned())));
    Data { values: values.collect(), stamp: stamp() }
}

fn print(document: &Document, data: &Data) -> crate::Rendered {
    render(document, data, Lang::Zh).unwrap_or_else(|error| panic!("{}: {error:#?}", document.id))
}

#[test]
fn every_template_of_every_pack_prints_full_and_blank() {
    let mut printed = 0;
    for pack in PACKS.values() {
        // What is inherited as it stands was printed with the parent.
        let above = |document: &Document| {
            let parent = pack.parent.as_ref().and_then(|id| PACKS[id].documents.get(&document.id));
            parent
                .is_some_and(|up| (&up.template, &up.variables) == (&document.template, &document.variables))
        };
        for document in pack.documents.values().filter(|document| !above(document)) {
            let name = format!("{}/{}", pack.id, document.id);
            assert_eq!(check(document).unwrap_or_else(|error| panic!("{name}: {error:#?}")), [], "{name}");
            let full = print(document, &sample(document));
            keep(&format!("{}-{}", pack.id, document.id), &full);
            assert_eq!(full.missing, Vec::<char>::new(), "{name}");
            let text = words(&full);
            if document.number.is_some() {
                assert_eq!(text.matches("样例〔2026〕1号").count(), 1, "{name}");
            }
            for variable in &document.variables {
                let shown = match &variable.kind {
                    VariableKind::Text => format!("（{}）", variable.name),
                    VariableKind::LongText => format!("（{}，第二段）", variable.name),
                    VariableKind::List => format!("（{}二）", variable.name),
                    VariableKind::Table(columns) => format!("{}2", columns[0]),
                    _ => continue,
                };
                // Only an alternative to another blank may stay out.
                let alternative = document.template.contains("else");
                assert!(alternative || text.contains(&shown), "{name}: {shown} is declared and not printed");
            }
            let blank = print(document, &Data { values: BTreeMap::new(), stamp: stamp() });
            keep(&format!("blank-{}-{}", pack.id, document.id), &blank);
            assert!(words(&blank).contains('＿'), "{name}");
            printed += 1;
        }
    }
    assert!(printed >= 80, "{printed} documents");
}

/// Values as long as they get in practice.
fn long(document: &Document) -> Data {
    let sentence = "经审查，材料齐全，数据的来源、范围、用途和期限与所申请的应用场景一致，安全措施能够落实；";
    let mut data = sample(document);
    for variable in &document.variables {
        let name = &variable.name;
        let value = match &variable.kind {
            VariableKind::Text => {
                Datum::Text(format!("某某市某某区大数据发展管理和政务服务中心（综合实施机构）——{name}"))
            }
            VariableKind::LongText => {
                let lines: Vec<String> =
                    (1..=4).map(|line| format!("{line}. {}{name}之末{line}。", sentence.repeat(4))).collect();
                Datum::Text(lines.join("\n"))
            }
            VariableKind::List => {
                Datum::List((1..=9).map(|item| format!("{sentence}{name}之{item}")).collect())
            }
            VariableKind::Table(columns) => {
                let cell = |row: usize, column: &str| match column {
                    "意见" => format!("{}意见之{row}", sentence.repeat(3)),
                    "日期" => "2026-09-23".to_owned(),
                    "单位" => "某某市大数据发展管理局".to_owned(),
                    _ => column.to_owned(),
                };
                Datum::Table(
                    (1..=7).map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect(),
                )
            }
            _ => continue,
        };
        data.values.insert(name.clone(), value);
    }
    data
}

#[test]
fn long_values_flow_over_pages_and_nothing_is_lost() {
    for (pack, name) in [
        ("national", "会议决议"),
        ("national", "备案回执"),
        ("yanan", "实施方案审议决定"),
        ("yanan", "授权运营协议"),
        ("futian", "综合评审意见"),
        ("futian", "开发利用服务协议"),
        ("xinchang", "年度评估报告"),
    ] {
        let document = &PACKS[pack].documents[name];
        let paper = print(document, &long(document));
        keep(&format!("long-{pack}-{name}"), &paper);
        let text = words(&paper);
        for variable in &document.variables {
            let last = match &variable.kind {
                VariableKind::LongText => format!("{}之末4。", variable.name),
                VariableKind::List => format!("{}之9", variable.name),
                VariableKind::Table(_) => "意见之7".to_owned(),
                _ => continue,
            };
            assert!(text.contains(&last), "{pack}/{name}: {last}");
        }
        assert!((1..=30).contains(&paper.pages), "{pack}/{name}: {} pages", paper.pages);
        // No sheet holds a seal and nothing else: the basis stays with the sign-off.
        let last = paper.text.last().unwrap();
        assert!(!last.contains("（盖章）") || last.chars().count() > 400, "{pack}/{name}: {last}");
    }
}

#[test]
fn the_county_has_its_documents_at_their_occasions() {
    use regulation::pack::{CommandKind, OccasionEvent};
    let deqing = &PACKS["deqing"];
    let at = |procedure: &str, event: OccasionEvent| -> Vec<String> {
        deqing.documents_for(procedure, &event).map(|document| document.id.clone()).collect()
    };
    let done = |step: &str, command| OccasionEvent::Done(step.to_owned(), command);
    assert_eq!(at("授权申请", done("形式审查", CommandKind::Accept)), ["受理回执"]);
    assert_eq!(at("授权申请", done("形式审查", CommandKind::ReturnForCorrection)), ["补正通知书"]);
    assert_eq!(at("授权申请", OccasionEvent::Ended("未通过审核".to_owned())), ["不予通过告知书"]);
    assert_eq!(at("协议签订", OccasionEvent::Opened), ["授权运营协议"]);
    assert_eq!(at("退出", done("数据销毁", CommandKind::Destroy)), ["销毁证明"]);
    let mut both = at("整改", done("责令整改", CommandKind::OrderRectification));
    both.sort();
    assert_eq!(both, ["整改通知书", "暂停权限通知"].map(str::to_owned).into_iter().collect::<Vec<_>>());
    assert_eq!(at("出域审核", OccasionEvent::Opened), Vec::<String>::new());
}

#[test]
fn values_stand_where_the_template_puts_them() {
    let receipt = &PACKS["deqing"].documents["受理回执"];
    let mut data = texts(&[
        ("发起单位", "德清数据运营有限公司"),
        ("事项", "交通出行领域授权申请"),
        ("程序", "授权申请"),
    ]);
    data.values.insert("受理日期".to_owned(), Datum::Date(stamp().on));
    let text = words(&print(receipt, &data));
    assert!(text.contains("德清数据运营有限公司："), "{text}");
    assert!(text.contains("你单位提交的“交通出行领域授权申请”，我单位已于2026年9月23日受理"), "{text}");
    let still: Vec<&str> = missing(receipt, &data).map(|variable| variable.name.as_str()).collect();
    assert_eq!(still, ["办件编号", "提交日期", "落款单位", "落款日期"]);
}

#[test]
fn kinds_have_their_writing_and_their_blank() {
    use VariableKind::{Date, Flag, LongText, Money, Number, Percent, Text};
    let kinds = [
        ("甲", Text),
        ("乙", Number),
        ("丙", Percent),
        ("丁", Money),
        ("戊", Date),
        ("己", Flag),
        ("庚", LongText),
    ];
    let letter = document("甲#(甲)乙#(乙)丙#(丙)丁#(丁)戊#(戊)己#(己)庚#(庚)", &kinds);
    let values = BTreeMap::from([
        ("甲".to_owned(), Datum::Text("一\n行".to_owned())),
        ("乙".to_owned(), Datum::Number(-12)),
        ("丙".to_owned(), Datum::Percent(455_000)),
        ("丁".to_owned(), Datum::Money(123_456_700)),
        ("戊".to_owned(), Datum::Date(stamp().on)),
        ("己".to_owned(), Datum::Flag(false)),
        ("庚".to_owned(), Datum::Text("第一段\n第二段".to_owned())),
    ]);
    let full = words(&print(&letter, &Data { values, stamp: stamp() }));
    assert!(full.contains("甲一行乙-12丙45.5%丁1,234,567.00戊2026年9月23日己否庚第一段第二段"), "{full}");
    let blank = words(&print(&letter, &Data { values: BTreeMap::new(), stamp: stamp() }));
    assert!(
        blank.contains("甲＿＿＿＿＿＿＿＿乙＿＿＿丙＿＿＿丁＿＿＿＿＿戊＿＿＿年＿＿月＿＿日己＿＿＿庚＿"),
        "{blank}"
    );
}

#[test]
fn conditions_and_repetitions_follow_the_values() {
    let letter = document(
        "#if 已填.甲 [有甲] else [无甲]#if 乙 == \"是\" [乙是] else if 乙 == \"否\" [乙否] #for 项 in 丙 [（#(项)）]#if not 已填.丙 and 已填.甲 [空丙]",
        &[("甲", VariableKind::Text), ("乙", VariableKind::Flag), ("丙", VariableKind::List)],
    );
    let mut data = texts(&[("甲", "x")]);
    data.values.insert("乙".to_owned(), Datum::Flag(true));
    data.values.insert("丙".to_owned(), Datum::List(vec!["一".to_owned(), "二".to_owned()]));
    assert!(words(&print(&letter, &data)).contains("有甲乙是（一）（二）"));
    let text = words(&print(&letter, &texts(&[("甲", "x")])));
    assert!(text.contains("有甲（＿") && text.contains("空丙"), "{text}");
}

#[test]
fn a_letter_is_deterministic_and_small() {
    let agreement = &PACKS["deqing"].documents["授权运营协议"];
    let first = print(agreement, &sample(agreement));
    assert_eq!(first, print(agreement, &sample(agreement)));
    assert!((3..=8).contains(&first.pages), "{} pages", first.pages);
    assert!(first.pdf.len() < 300_000, "{} bytes", first.pdf.len());
}

#[test]
fn faults_have_their_code_and_place() {
    let check = |template: &str| {
        let letter = document(template, &[("甲", VariableKind::Text), ("丙", VariableKind::List)]);
        let faults = check(&letter).unwrap_or_else(|error| panic!("{template}: {error}"));
        faults.first().map(|fault| (fault.code, fault.line, fault.column))
    };
    assert_eq!(check("甲：#(甲)"), None);
    let long = &format!("甲 {}", "a".repeat(61));
    for (template, code, line, column) in [
        ("第一行\n第二行#(申请人)", "document.unknown_variable", 2, 6),
        // A blank in a branch that no sample takes is found as well.
        ("#if 甲 == \"永不\" [#(无此)]", "document.unknown_variable", 1, 18),
        ("#if 已填.无此 [x]", "document.unknown_variable", 1, 8),
        ("#甲方同意", "document.unknown_variable", 1, 2),
        ("#let x = 1", "document.not_allowed", 1, 2),
        ("#show text: it => it", "document.not_allowed", 1, 2),
        ("#import \"/page.typ\": *", "document.not_allowed", 1, 2),
        ("#include \"/form.typ\"", "document.not_allowed", 1, 2),
        ("#read(\"/etc/passwd\")", "document.unknown_function", 1, 2),
        ("#eval(甲)", "document.unknown_function", 1, 2),
        ("#甲.len()", "document.unknown_function", 1, 2),
        ("#image(\"x.png\")", "document.unknown_function", 1, 2),
        ("#sys.inputs", "document.not_allowed", 1, 2),
        ("#std.eval(甲)", "document.unknown_function", 1, 2),
        ("$x^2$", "document.not_allowed", 1, 1),
        ("`代码`", "document.not_allowed", 1, 1),
        ("@某处", "document.not_allowed", 1, 1),
        ("#while true [x]", "document.not_allowed", 1, 2),
        ("#for 项 in range(9) [x]", "document.repetition", 1, 2),
        ("#for 项 in 甲 [x]", "document.repetition", 1, 2),
        ("#for 项 in 丙 [#for 又 in 丙 [x]]", "document.repetition", 1, 15),
        ("#(\"长\" * 100)", "document.not_allowed", 1, 3),
        ("#(甲 + 甲)", "document.not_allowed", 1, 3),
        ("#table(columns: 101, [x])", "document.number", 1, 17),
        ("#v(300cm)", "document.number", 1, 4),
        ("#set page(width: 1cm)", "document.not_allowed", 1, 2),
        ("#context here()", "document.not_allowed", 1, 2),
        ("#(() => 1)", "document.not_allowed", 1, 3),
        ("没有关上的 #strong[方括号", "document.syntax", 1, 14),
        ("\\u{202e}", "document.not_allowed", 1, 1),
        (long, "document.long_word", 1, 1),
        ("笑😀", "document.character", 1, 2),
    ] {
        assert_eq!(check(template), Some((code, line, column)), "{template}");
    }
    // What only the typesetter knows is told by the template's own lines too.
    assert_eq!(check("第一行\n#表格([不是表格])"), Some(("document.typesetting", 2, 2)));
}

#[test]
fn a_variable_may_not_bear_the_name_of_a_building_block() {
    for (name, told) in
        [("文号", 1), ("已填", 1), ("left", 1), ("text", 1), ("函件文号", 0), ("页脚", 0), ("字号", 0)]
    {
        let letter = document(&format!("#({name})"), &[(name, VariableKind::Text)]);
        let faults = check(&letter).unwrap();
        let taken = faults.iter().filter(|fault| fault.code == "document.name_taken").count();
        assert_eq!(taken, told, "{name}: {faults:?}");
        if told == 0 {
            assert!(words(&print(&letter, &texts(&[(name, "甲乙丙")]))).contains("甲乙丙"), "{name}");
        }
    }
}

#[test]
fn values_must_be_declared_and_of_their_kind() {
    let letter = document("#(甲)", &[("甲", VariableKind::Number)]);
    for (name, datum) in [("甲", Datum::Text("x".to_owned())), ("乙", Datum::Number(1))] {
        let data = Data { values: BTreeMap::from([(name.to_owned(), datum)]), stamp: stamp() };
        let error = render(&letter, &data, Lang::Zh).unwrap_err();
        assert!(matches!(&error, DocumentError::Value { name: wrong } if wrong == name), "{error}");
        assert_eq!(error.code(), "document.value");
    }
}
