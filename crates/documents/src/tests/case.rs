//! A real case of the county, from the kernel's events to its papers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base::{Date, Id, Timestamp};
use regulation::calendar::Calendar;
use regulation::case::scenario::{sample_attachment, sample_form};
use regulation::case::{
    Actor, CaseState, Command, Context, Defect, FormValue, OpenCase, decide, evolve, fold, open,
};
use regulation::pack::{CommandKind, FactValue, VariableKind};

use super::fixture::{PACKS, document, files, keep, root, stamp, words};
use crate::{Actual, Datum, FormPaper, Lang, missing, of_case, opinions, print_form, render};

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    let notices = files(&root().join("packs/national/calendar"))
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    let notices: Vec<(String, String)> = notices.collect();
    Calendar::load(notices.iter().map(|(path, text)| (path.as_str(), text.as_str()))).unwrap()
});

fn actor(seed: u8, unit: &str, unit_name: &str, name: &str) -> Actor {
    Actor {
        person: Id::new(Timestamp::from_micros(0), [seed; 10]),
        unit: unit.to_owned(),
        unit_name: unit_name.to_owned(),
        person_name: name.to_owned(),
    }
}

struct Play {
    state: CaseState,
    now: Timestamp,
}

impl Play {
    fn context(now: Timestamp) -> Context<'static> {
        Context { pack: &PACKS["deqing"], calendar: &CALENDAR, now }
    }

    fn open() -> Self {
        let pack = &PACKS["deqing"];
        let day = Date::new(2026, 9, 21).unwrap();
        let now = Timestamp::from_micros(day.start_at(28_800).micros() + 36_000_000_000);
        let procedure = &pack.procedures["授权申请"];
        let mut form = sample_form(&pack.forms["附件2"], day, &BTreeMap::new(), None).0;
        form.insert("申请内容".to_owned(), FormValue::from("航班和天气数据的融合应用"));
        let case = OpenCase {
            id: Id::new(now, [7; 10]),
            number: "SQ-2026-0007".to_owned(),
            procedure: "授权申请".to_owned(),
            actor: actor(1, "operator", "德清数据运营有限公司", "申小报"),
            title: "交通出行领域授权申请".to_owned(),
            form,
            attachments: procedure.attachments.iter().map(|rule| sample_attachment(&rule.name)).collect(),
            facts: BTreeMap::new(),
            observed: BTreeMap::new(),
            parties: BTreeMap::from([("授权运营申请单位".to_owned(), vec!["operator".to_owned()])]),
        };
        let events = open(&Self::context(now), &case).unwrap_or_else(|refused| panic!("{refused:#?}"));
        Self { state: fold(&events).unwrap(), now }
    }

    fn act(&mut self, who: &Actor, command: &Command) {
        let events = decide(&self.state, command, who, &Self::context(self.now))
            .unwrap_or_else(|refused| panic!("{refused:#?}"));
        self.state = events.iter().fold(Some(self.state.clone()), evolve).unwrap();
    }
}

fn bureau() -> Actor {
    actor(2, &PACKS["deqing"].roles["县大数据局"].units[0], "德清县大数据发展管理局", "受小理")
}

/// A unit that may provide data.
fn provider(index: usize) -> String {
    PACKS["deqing"].roles["公共数据提供单位"].units[index].clone()
}

fn actual(more: &[(&str, Datum)]) -> Actual {
    Actual {
        stamp: stamp(),
        names: BTreeMap::from([
            (provider(0), "县交通运输局".to_owned()),
            ("flights".to_owned(), "航班动态".to_owned()),
        ]),
        more: more.iter().map(|(name, datum)| ((*name).to_owned(), datum.clone())).collect(),
    }
}

fn paper(name: &str, state: &CaseState, more: &[(&str, Datum)]) -> String {
    let pack = &PACKS["deqing"];
    let letter = &pack.documents[name];
    let data = of_case(letter, pack, state, &actual(more));
    let lacking: Vec<&str> = missing(letter, &data).map(|variable| variable.name.as_str()).collect();
    assert_eq!(lacking, Vec::<&str>::new(), "{name}");
    let paper = render(letter, &data, Lang::Zh).unwrap();
    keep(&format!("case-{name}"), &paper);
    words(&paper)
}

#[test]
fn a_return_lists_every_defect_and_a_receipt_says_what_was_accepted() {
    let mut play = Play::open();
    let defects = [("实施方案", "未写明时间安排"), ("单位信用报告", "已过有效期")]
        .map(|(field, note)| Defect { field: field.to_owned(), note: note.to_owned() });
    let back = Command {
        defects: defects.to_vec(),
        opinion: Some("请一并补齐。".to_owned()),
        ..Command::new(CommandKind::ReturnForCorrection)
    };
    play.act(&bureau(), &back);
    let text =
        paper("补正通知书", &play.state, &[("补正期限", Datum::Date(Date::new(2026, 10, 12).unwrap()))]);
    for said in [
        "德清数据运营有限公司：",
        "1.实施方案：未写明时间安排",
        "2.单位信用报告：已过有效期",
        "请一并补齐",
        "2026年10月12日前",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let mut form = play.state.forms["附件2"].clone();
    form.insert("实施方案".to_owned(), FormValue::from("三个月内完成，分三步。"));
    let corrected = Command {
        form,
        attachments: vec![sample_attachment("单位信用报告")],
        ..Command::new(CommandKind::Supplement)
    };
    play.act(&actor(1, "operator", "德清数据运营有限公司", "申小报"), &corrected);
    let accept = Command {
        facts: BTreeMap::from([("提供单位".to_owned(), FactValue::List(vec![provider(0)]))]),
        ..Command::new(CommandKind::Accept)
    };
    play.act(&bureau(), &accept);
    let text = paper("受理回执", &play.state, &[]);
    for said in [
        "“交通出行领域授权申请”",
        "SQ-2026-0007",
        "2026年9月21日受理",
        "安全风险自评报告",
        "申小报",
        "三（一）第一款：",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn a_refusal_gives_outcome_and_reasons_and_the_form_carries_the_opinion() {
    let mut play = Play::open();
    let refuse = Command {
        opinion: Some("材料不属于本公告的领域。".to_owned()),
        ..Command::new(CommandKind::Refuse)
    };
    play.act(&bureau(), &refuse);
    let text = paper("不予通过告知书", &play.state, &[]);
    for said in ["结果为：不予受理", "材料不属于本公告的领域", "德清县大数据发展管理局"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    let pack = &PACKS["deqing"];
    let form = &pack.forms["附件2"];
    let values = &play.state.forms["附件2"];
    let sheet = FormPaper {
        form,
        values,
        opinions: opinions(form, &play.state, Lang::Zh),
        names: BTreeMap::new(),
        stamp: stamp(),
    };
    let printed = print_form(&sheet, Lang::Zh).unwrap();
    keep("case-附件2", &printed);
    let text = words(&printed);
    for said in
        ["航班和天气数据的融合应用", "不同意", "材料不属于本公告的领域", "签字：受小理", "2026年9月21日"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn a_value_is_looked_up_in_order_and_fits_its_kind() {
    let mut play = Play::open();
    let accept = Command {
        facts: BTreeMap::from([("提供单位".to_owned(), FactValue::List(vec![provider(0), provider(1)]))]),
        ..Command::new(CommandKind::Accept)
    };
    play.act(&bureau(), &accept);
    play.state.forms.insert(
        "年度经营报告".to_owned(),
        BTreeMap::from([
            ("收入（元）".to_owned(), FormValue::from("1234.5")),
            ("报告年度".to_owned(), FormValue::from("2026")),
            ("办件编号".to_owned(), FormValue::from("伪造")),
        ]),
    );
    let data = FormValue::List(vec!["flights:no|date".to_owned()]);
    play.state.forms.insert("附件4".to_owned(), BTreeMap::from([("数据名称".to_owned(), data)]));
    let mut letter = document(
        "",
        &[
            ("数据名称", VariableKind::List),
            ("办件编号", VariableKind::Text),
            ("提供单位", VariableKind::Text),
            ("收入", VariableKind::Money),
            ("报告年度", VariableKind::Number),
            ("日志留存", VariableKind::Text),
            ("申请内容", VariableKind::LongText),
            ("事项", VariableKind::Money),
            ("无此", VariableKind::Text),
            ("办结结果", VariableKind::Text),
        ],
    );
    letter.variables[3].from = "收入（元）".to_owned();
    let pack = &PACKS["deqing"];
    let data = of_case(&letter, pack, &play.state, &actual(&[]));
    let text = |text: &str| Datum::Text(text.to_owned());
    let expected = BTreeMap::from([
        ("数据名称".to_owned(), Datum::List(vec!["航班动态（no、date）".to_owned()])),
        ("办件编号".to_owned(), text("SQ-2026-0007")),
        ("提供单位".to_owned(), text(&format!("县交通运输局、{}", provider(1)))),
        ("收入".to_owned(), Datum::Money(123_450)),
        ("报告年度".to_owned(), Datum::Number(2026)),
        ("日志留存".to_owned(), text("不少于6个月")),
        ("申请内容".to_owned(), text("航班和天气数据的融合应用")),
    ]);
    assert_eq!(data.values, expected);
    let given = of_case(&letter, pack, &play.state, &actual(&[("办件编号", text("另给的"))]));
    assert_eq!(given.values["办件编号"], text("另给的"));
    // Two forms may share a field's name; the form is named then.
    for (form, value) in [("附件4", "甲"), ("附件5", "乙")] {
        play.state.forms.insert(form.to_owned(), BTreeMap::from([("应用场景".to_owned(), value.into())]));
    }
    let said = |from: &str| {
        let mut letter = document("", &[("应用场景", VariableKind::LongText)]);
        letter.variables[0].from = from.to_owned();
        of_case(&letter, pack, &play.state, &actual(&[])).values.remove("应用场景")
    };
    assert_eq!(said("附件5.应用场景"), Some(text("乙")));
    assert_eq!(said("附件4.应用场景"), Some(text("甲")));
    assert_eq!((said("附件6.应用场景"), said("无此.应用场景")), (None, None));
}

#[test]
fn sealed_opinions_are_on_no_paper() {
    let mut play = Play::open();
    let refuse =
        Command { opinion: Some("尚在密封的意见。".to_owned()), ..Command::new(CommandKind::Refuse) };
    play.act(&bureau(), &refuse);
    for opinion in &mut play.state.opinions {
        opinion.sealed = true;
    }
    for act in &mut play.state.acts {
        act.sealed = true;
    }
    let pack = &PACKS["deqing"];
    assert_eq!(opinions(&pack.forms["附件2"], &play.state, Lang::Zh), []);
    let names = ["办理意见", "办理人", "办理结果", "各方意见"].map(|name| (name, VariableKind::LongText));
    let data = of_case(&document("", &names), pack, &play.state, &actual(&[]));
    assert_eq!(data.values, BTreeMap::new());
}

#[test]
fn a_unit_named_by_its_code_is_printed_by_its_name() {
    let mut play = Play::open();
    play.state.facts.insert("授权运营单位".to_owned(), FactValue::Text(provider(0)));
    let letter = document("", &[("授权运营单位", VariableKind::Text)]);
    let data = of_case(&letter, &PACKS["deqing"], &play.state, &actual(&[]));
    assert_eq!(data.values["授权运营单位"], Datum::Text("县交通运输局".to_owned()));
}
