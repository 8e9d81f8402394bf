//! Every form of every pack prints, filled and blank.

use std::collections::BTreeMap;

use regulation::case::{FormValue, FormValues};
use regulation::pack::Form;

use super::fixture::{PACKS, filled, keep, stamp, words};
use crate::{FormPaper, Lang, OpinionEntry, Rendered, print_form};

fn print(form: &Form, values: &FormValues, opinions: Vec<OpinionEntry>, lang: Lang) -> Rendered {
    print_form(&FormPaper { form, values, opinions, names: BTreeMap::new(), stamp: stamp() }, lang)
        .unwrap_or_else(|error| panic!("{}: {error}", form.id))
}

fn opinion(opinion_box: &str, text: &str) -> OpinionEntry {
    OpinionEntry {
        opinion_box: opinion_box.to_owned(),
        result: "同意".to_owned(),
        text: text.to_owned(),
        unit: "县大数据局".to_owned(),
        person: "王小明".to_owned(),
        on: Some(stamp().on),
    }
}

#[test]
fn every_form_of_every_pack_prints_all_it_holds() {
    let mut printed = 0;
    for pack in PACKS.values() {
        for form in pack
            .forms
            .values()
            .filter(|form| pack.parent.as_ref().is_none_or(|up| !PACKS[up].forms.contains_key(&form.id)))
        {
            let values = filled(form);
            let opinions: Vec<OpinionEntry> =
                form.opinion_boxes.iter().map(|name| opinion(name, "材料齐全，情况属实。")).collect();
            let paper = print(form, &values, opinions, Lang::Zh);
            keep(&format!("{}-{}", pack.id, form.id), &paper);
            assert_eq!(paper.missing, Vec::<char>::new(), "{}/{}", pack.id, form.id);
            let text = words(&paper);
            let bare = |text: &str| text.replace([' ', '\u{3000}'], "");
            assert!(text.contains(&bare(&form.title)), "{}/{}", pack.id, form.id);
            for field in form.sections.iter().flat_map(|section| &section.fields) {
                assert!(text.contains(&bare(&field.label)), "{}/{}: label {}", pack.id, form.id, field.label);
                let said = match &values[&field.key] {
                    FormValue::Text(text) if text == "2026-09-18" => "2026年9月18日".to_owned(),
                    FormValue::Text(text) => text.lines().next().unwrap().to_owned(),
                    FormValue::List(items) => items[0].clone(),
                };
                assert!(text.contains(&bare(&said)), "{}/{}: value of {}", pack.id, form.id, field.label);
            }
            for name in &form.opinion_boxes {
                assert!(text.contains(name.as_str()), "{}/{}: box {name}", pack.id, form.id);
            }
            assert!(text.contains(&format!("第1页共{}页", paper.pages)), "{}/{}", pack.id, form.id);
            assert!(paper.pages <= 5, "{}/{}: {} pages", pack.id, form.id, paper.pages);
            printed += 1;
        }
    }
    assert!(printed > 100, "{printed} forms");
}

#[test]
fn the_eight_forms_of_the_county_print_blank() {
    let deqing = &PACKS["deqing"];
    for number in 1..=8 {
        let form = &deqing.forms[&format!("附件{number}")];
        let paper = print(form, &FormValues::new(), Vec::new(), Lang::Zh);
        keep(&format!("blank-{}", form.id), &paper);
        let text = words(&paper);
        // A hint tells what to write; a signature line waits in each box.
        let lines = text.matches("签字：").count();
        assert_eq!(lines, form.opinion_boxes.len(), "{}", form.id);
        assert!(paper.pages <= 3, "{}", form.id);
    }
    let application = print(&deqing.forms["附件2"], &FormValues::new(), Vec::new(), Lang::Zh);
    assert!(words(&application).contains("申请原因、需求概述、应用场景"));
}

#[test]
fn choices_are_ticked_and_unlisted_answers_are_not_lost() {
    let form = &PACKS["deqing"].forms["附件2"];
    let mut values = filled(form);
    let ticks = |values: &FormValues| words(&print(form, values, Vec::new(), Lang::Zh)).matches('√').count();
    assert_eq!(ticks(&values), 2, "one of each list");
    values.insert(
        "使用方式".to_owned(),
        FormValue::List(vec!["数据查询".to_owned(), "数据补全".to_owned(), "数据比对".to_owned()]),
    );
    assert_eq!(ticks(&values), 3);
    assert!(words(&print(form, &values, Vec::new(), Lang::Zh)).contains("数据比对"));
    let promise = &PACKS["deqing"].forms["附件3"];
    for (said, box_after) in [("是", "√是"), ("true", "√是"), ("否", "√否"), ("false", "√否")] {
        let values = FormValues::from([("承诺事项".to_owned(), FormValue::Text(said.to_owned()))]);
        let text = words(&print(promise, &values, Vec::new(), Lang::Zh));
        assert!(text.contains(box_after), "{said}: {text}");
    }
}

#[test]
fn codes_are_printed_by_their_names() {
    let form = &PACKS["deqing"].forms["附件4"];
    let names = BTreeMap::from([("flights".to_owned(), "航班动态".to_owned())]);
    let paper = FormPaper { form, values: &filled(form), opinions: Vec::new(), names, stamp: stamp() };
    let text = words(&print_form(&paper, Lang::Zh).unwrap());
    assert!(text.contains("航班动态（no、date）") && text.contains("weather"), "{text}");
}

#[test]
fn opinions_stand_in_their_boxes_with_name_and_day() {
    let form = &PACKS["deqing"].forms["附件6"];
    let opinions = vec![
        opinion("县大数据局意见", "第一次意见"),
        opinion("县大数据局意见", "第二次意见"),
        opinion("没有这一栏", "不应当印出"),
    ];
    let text = words(&print(form, &FormValues::new(), opinions, Lang::Zh));
    let (first, second) = (text.find("第一次意见").unwrap(), text.find("第二次意见").unwrap());
    assert!(text.find("县大数据局意见").unwrap() < first && first < second);
    assert!(text.contains("签字：王小明") && text.contains("2026年9月23日"));
    assert!(!text.contains("不应当印出"));
}

#[test]
fn english_labels_and_furniture() {
    let form = &PACKS["deqing"].forms["附件4"];
    let paper = print(form, &filled(form), Vec::new(), Lang::En);
    keep("en-附件4", &paper);
    let text = words(&paper);
    assert!(
        text.contains("Requestforpublicdata") && text.contains("Page1of1") && text.contains("Casenumber")
    );
    assert!(text.contains("法定代表人/联系人的内容"), "what people wrote stays as it is");
}

#[test]
fn long_values_flow_over_pages_and_nothing_is_cut() {
    let form = &PACKS["deqing"].forms["附件6"];
    let long: Vec<String> = (0..400).map(|number| format!("第{number}句话在这里。")).collect();
    let values = FormValues::from([("产品说明".to_owned(), FormValue::Text(long.join("\n")))]);
    let paper = print(form, &values, Vec::new(), Lang::Zh);
    assert!(paper.pages >= 5, "{}", paper.pages);
    let text = words(&paper);
    for number in 0..400 {
        assert!(text.contains(&format!("第{number}句话在这里。")), "{number}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let form = &PACKS["deqing"].forms["附件2"];
    let values = filled(form);
    let first = print(form, &values, Vec::new(), Lang::Zh);
    assert_eq!(first, print(form, &values, Vec::new(), Lang::Zh));
    let mut later = stamp();
    later.on = later.on.plus_days(1);
    let other = print_form(
        &FormPaper { form, values: &values, opinions: Vec::new(), names: BTreeMap::new(), stamp: later },
        Lang::Zh,
    )
    .unwrap();
    assert_ne!(first.pdf, other.pdf);
}

#[test]
fn the_file_is_an_archive_pdf_with_title_language_and_tags() {
    let form = &PACKS["deqing"].forms["附件4"];
    let pdf = print(form, &filled(form), Vec::new(), Lang::Zh).pdf;
    let has = |needle: &str| pdf.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(pdf.starts_with(b"%PDF-1.7"));
    for needle in [
        "pdfaid:part>2<",
        "pdfaid:conformance>A<",
        "pdfuaid:part>1<",
        "公共数据需求申请表",
        "/StructTreeRoot",
        "/Lang",
    ] {
        assert!(has(needle), "{needle}");
    }
}
