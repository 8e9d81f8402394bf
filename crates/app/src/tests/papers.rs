//! Papers: written once on their occasion, as the case was then, for those who may read the case.

use base::{Id, kind};
use documents::Lang;
use serde_json::json;

use super::fixture::County;
use crate::objections::{self, NewObjection};
use crate::papers::{self, Paper};
use crate::{Error, jobs};

async fn objection(county: &County) -> Id<kind::Case> {
    let form = json!({ "异议人": "王例和", "联系方式": "wang@example.cn", "异议内容": "#set text(red)", "理由和证据": "理由" });
    let new = NewObjection { notice: None, product: None, form: serde_json::from_value(form).unwrap() };
    objections::file_objection(&county.app, &county.ctx("market-bureau"), &new).await.unwrap().id
}

async fn listed(county: &County, unit: &str, case: Id<kind::Case>) -> Vec<Paper> {
    papers::papers(&county.app, &county.ctx(unit), case).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_written_once_and_read_by_who_may_read_the_case() {
    let county = County::open().await;
    let case = objection(&county).await;
    assert_eq!(listed(&county, "bigdata-bureau", case).await, [], "nothing is issued on filing");
    county
        .act("bigdata-bureau", case, json!({ "command": "accept", "opinion": "转科室核实" }))
        .await
        .unwrap();
    let first = listed(&county, "market-bureau", case).await;
    let names: Vec<_> = first.iter().map(|paper| (paper.document.as_str(), paper.issuer.as_str())).collect();
    assert_eq!(names, [("受理回执", "bigdata-bureau")]);
    let number = |sequence: u32| Some(format!("德数据〔{}〕{sequence}号", first[0].on.year()));
    let numbers = |papers: &[Paper]| papers.iter().map(|paper| paper.number.clone()).collect::<Vec<_>>();
    assert_eq!(first[0].blanks, [], "everything that must stand on it is known");

    // The job comes again, and once more after the answer: the paper of then stays the paper of then.
    let again = json!({ "case": case, "version": first[0].version, "documents": ["受理回执"] });
    county.push(jobs::WRITE_PAPERS, "again", &again).await;
    jobs::drain(&county.app).await;
    county
        .act("bigdata-bureau", case, json!({ "command": "answer", "opinion": "没有乘客信息" }))
        .await
        .unwrap();
    let both = listed(&county, "bigdata-bureau", case).await;
    assert_eq!(
        both.iter().map(|paper| paper.document.as_str()).collect::<Vec<_>>(),
        ["异议答复书", "受理回执"]
    );
    assert_eq!(both[1], first[0]);
    // The pack numbers answers and no receipts.
    assert_eq!(numbers(&both), [number(1), None]);

    let file = papers::paper(&county.app, &county.ctx("market-bureau"), case, first[0].id).await.unwrap();
    assert!(file.bytes.starts_with(b"%PDF-") && file.bytes.len() as u64 == first[0].bytes);
    assert_eq!(base::Digest::of(&file.bytes), first[0].digest);

    // Another firm sees neither the list nor the file, and a paper does not open under another case.
    let stranger = county.ctx("civil-bureau");
    let refused = papers::papers(&county.app, &stranger, case).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound("case.unknown")), "{refused}");
    let refused = papers::paper(&county.app, &stranger, case, first[0].id).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound("case.unknown")), "{refused}");
    let other = objection(&county).await;
    let refused =
        papers::paper(&county.app, &county.ctx("bigdata-bureau"), other, first[0].id).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound("paper.unknown")), "{refused}");
    for act in [
        json!({ "command": "accept", "opinion": "转办" }),
        json!({ "command": "answer", "opinion": "不成立" }),
    ] {
        county.act("bigdata-bureau", other, act).await.unwrap();
    }
    assert_eq!(numbers(&listed(&county, "bigdata-bureau", other).await), [number(2), None]);
    county.app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_print_filled_and_blank() {
    let county = County::open().await;
    let case = objection(&county).await;
    let officer = county.ctx("bigdata-bureau");
    let form = cases_form(&county, case).await;
    for lang in [Lang::Zh, Lang::En] {
        let filled = papers::print_form(&county.app, &officer, case, &form, lang).await.unwrap();
        let blank = papers::blank_form(&county.app, "异议", lang).await.unwrap();
        assert!(filled.bytes.starts_with(b"%PDF-") && blank.bytes.starts_with(b"%PDF-"));
        assert_ne!(filled.bytes, blank.bytes);
    }
    let refused = papers::print_form(&county.app, &county.ctx("civil-bureau"), case, &form, Lang::Zh).await;
    assert!(matches!(refused, Err(Error::NotFound("case.unknown"))));
    let refused = papers::print_document(&county.app, &officer, case, "受理回执", Lang::Zh).await;
    assert!(matches!(refused, Err(Error::NotFound("paper.unknown"))), "a receipt is issued, not asked for");
    let refused = papers::blank_form(&county.app, "没有这个程序", Lang::Zh).await;
    assert!(matches!(refused, Err(Error::Invalid { code: "case.procedure", .. })));
    county.app.close().await;
}

async fn cases_form(county: &County, case: Id<kind::Case>) -> String {
    let view = crate::cases::case_view(&county.app, &county.ctx("bigdata-bureau"), case).await.unwrap();
    view.state.form_id.unwrap()
}
