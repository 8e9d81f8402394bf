use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::contributions::Contributions;
use crate::engine::ProdEngine;
use crate::fixture::{County, object, ring};
use crate::objects::read_sealed;
use crate::protocol::{ConcludeOrder, InputPin, RunOrder, Verdict, VerifyOrder};
use crate::serving::{Verification, read_page};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn purpose(scenario: &str, on: &str) -> Purpose {
    Purpose { scenario: scenario.to_owned(), on: day(on) }
}

/// Has a file of consents taken in.
fn deliver(county: &County, number: u8, text: &str) -> Result<ConsentsDone, Error> {
    let order = ConsentOrder { upload: 1, key: vec!["person_id".to_owned()], into: object(number, "data") };
    take_in(county.dir.path(), &ring(), &order, &Bytes::from(text.to_owned()))
}

/// A prod engine whose persons are there by consent.
fn engine(county: &County, given: &[u8]) -> ProdEngine {
    let engine = county.prod();
    let mut tables: Vec<_> = engine.session.tables().iter().map(|table| table.spec.clone()).collect();
    let persons = tables.iter_mut().find(|table| table.name == "persons").unwrap();
    persons.consent = Some(ConsentSpec {
        columns: vec!["person_id".to_owned()],
        given: given.iter().map(|number| object(*number, "data")).collect(),
        replaced: false,
    });
    engine.session.set_tables(tables).unwrap();
    engine
}

fn consents(range: std::ops::Range<u32>, scenario: &str, state: &str, since: &str) -> String {
    range.map(|n| format!("P{n:06},{scenario},{state},{since}\n")).collect()
}

const HEAD: &str = "person_id,scenario,state,since\n";
const COUNT: &str = "SELECT count(*) AS n FROM persons";

async fn counted(
    county: &County,
    engine: &ProdEngine,
    number: u8,
    purpose: Option<Purpose>,
) -> Result<serde_json::Value, Error> {
    use privacy::DataType;
    let output = vec![crate::protocol::OutputColumn { name: "n".to_owned(), data_type: DataType::Integer }];
    let order = RunOrder { purpose, ..county.order(number, COUNT, &["persons"], output) };
    let engine = engine.for_purpose(order.purpose.as_ref(), &order.inputs)?;
    engine.run(order.clone()).await?;
    // The ledger is asked about what may leave by itself.
    let draft = read_sealed(&engine.objects_dir, &engine.keys, &order.draft)?;
    let fit = Contributions::from_bytes(&draft)?.rows().unwrap_or_default();
    let verdicts = vec![privacy::disclosure::ledger::Verdict::Allow; fit];
    let done = engine.conclude(ConcludeOrder { run: order.run, verdicts }).await?;
    let page = crate::protocol::PageOrder {
        object: ObjectRef { object: done.written.object, key: "result".to_owned() },
        offset: 0,
        limit: 10,
    };
    let rows = read_page(county.dir.path(), &ring(), &page)?.rows;
    Ok(rows.first().and_then(|row| row.first()).cloned().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_consented_to_the_scenario_are_computed_with() {
    let county = County::new();
    let text = format!(
        "{HEAD}{}{}{}",
        consents(0..60, "贷前核验", "granted", "2026-01-01"),
        consents(40..60, "贷前核验", "withdrawn", "2026-06-01"),
        consents(0..100, "助学评估", "同意", "2026-03-01"),
    );
    let done = deliver(&county, 90, &text).unwrap();
    assert_eq!((done.granted, done.withdrawn, done.scenarios.len()), (160, 20, 2));
    let engine = engine(&county, &[90]);
    for (number, scenario, on, expected) in [
        (1, "贷前核验", "2026-05-31", json!(60)),
        (2, "贷前核验", "2026-06-01", json!(40)),
        (3, "助学评估", "2026-06-01", json!(100)),
        (4, "助学评估", "2026-02-28", json!(null)),
        (5, "另一场景", "2026-06-01", json!(null)),
        (6, "贷前", "2026-06-01", json!(null)),
    ] {
        let told = counted(&county, &engine, number, Some(purpose(scenario, on))).await.unwrap();
        assert_eq!(told, expected, "{scenario} {on}");
    }
    let without = counted(&county, &engine, 7, None).await.unwrap_err();
    assert_eq!(without.code(), "domain.order_mismatch", "an order that does not say what it is for");
    // A later delivery: twelve more withdraw, and are not in the next answer.
    deliver(&county, 91, &format!("{HEAD}{}", consents(0..12, "贷前核验", "撤回", "2026-06-01"))).unwrap();
    let engine = self::engine(&county, &[90, 91]);
    let told = counted(&county, &engine, 8, Some(purpose("贷前核验", "2026-06-01"))).await.unwrap();
    assert_eq!(told, json!(28));
    // Nobody has said anything: nobody is there.
    let nobody = self::engine(&county, &[]);
    let told = counted(&county, &nobody, 9, Some(purpose("贷前核验", "2026-06-01"))).await.unwrap();
    assert_eq!(told, json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_knows_nobody_who_did_not_consent() {
    let county = County::new();
    let text = format!("{HEAD}{}", consents(0..60, "贷前核验", "granted", "2026-01-01"));
    deliver(&county, 90, &text).unwrap();
    let engine = engine(&county, &[90]);
    let condition = "region = 'north'";
    let order = VerifyOrder {
        handle: "h".to_owned(),
        input: county.pin("persons"),
        purpose: Some(purpose("贷前核验", "2026-02-01")),
        key_column: "person_id".to_owned(),
        condition: condition.to_owned(),
        condition_digest: base::Digest::of(condition.as_bytes()),
        parameters: Vec::new(),
        values: Default::default(),
    };
    let inputs: &[InputPin] = std::slice::from_ref(&order.input);
    let allowed = engine.for_purpose(order.purpose.as_ref(), inputs).unwrap();
    let verification = Verification::load(&allowed, &order).await.unwrap();
    assert_eq!(verification.keys(), 60);
    let answers = ["P000001", "P000050", "P000061"].map(|key| verification.ask(key));
    assert_eq!(answers, [Verdict::No, Verdict::Yes, Verdict::Unknown]);
    assert!(engine.for_purpose(None, inputs).is_err());
    // Asked of the tables as they lie, there is nobody.
    assert_eq!(Verification::load(&engine, &order).await.unwrap().keys(), 0);
}

#[test]
fn a_consent_names_one_scenario_and_faults_are_told_by_place() {
    let county = County::new();
    for (row, code) in [
        ("P1,*,granted,2026-01-01", "consent.bundled"),
        ("P1,贷前核验、助学评估,granted,2026-01-01", "consent.bundled"),
        ("P1,\"a,b\",granted,2026-01-01", "consent.bundled"),
        ("P1,全部,granted,2026-01-01", "consent.bundled"),
        ("P1,所有场景,granted,2026-01-01", "consent.bundled"),
        ("P1,,granted,2026-01-01", "consent.scenario"),
        ("P1,贷前核验,yes,2026-01-01", "consent.state"),
        ("P1,贷前核验,granted,soon", "consent.since"),
        (",贷前核验,granted,2026-01-01", "consent.key"),
        ("P1,贷前核验,granted", "csv.field_count"),
    ] {
        let error = deliver(&county, 92, &format!("{HEAD}{row}\n")).unwrap_err();
        let Error::Intake(faults) = &error else { panic!("{error:?}") };
        assert_eq!(faults.listed[0].code, code, "{row}");
        assert!(!format!("{error:?}").contains("贷前"), "no value in a fault");
    }
    for (head, code) in [
        ("person_id,scenario,state\n", "consent.column_missing"),
        ("person_id,scenario,state,since,terms\n", "consent.column_unknown"),
    ] {
        let error = deliver(&county, 92, head).unwrap_err();
        let Error::Intake(faults) = &error else { panic!("{error:?}") };
        assert_eq!(faults.listed[0].code, code);
    }
    // Consents are no data: nothing else takes the object for a table.
    deliver(&county, 93, &format!("{HEAD}P1,贷前核验,granted,2026-01-01\n")).unwrap();
    let engine = county.prod();
    let mut tables: Vec<_> = engine.session.tables().iter().map(|table| table.spec.clone()).collect();
    tables[0].object = object(93, "data");
    assert!(engine.session.set_tables(tables).is_err());
}

#[test]
fn who_consents_is_told_from_who_did_first_and_from_nothing_else() {
    let county = County::new();
    let open = |given: &[u8], replaced| {
        let given = given.iter().map(|number| object(*number, "data")).collect();
        let spec = ConsentSpec { columns: vec!["person_id".to_owned()], given, replaced };
        let consents = Consents::open(county.dir.path(), &ring(), &spec).unwrap();
        move |on: &str| consents.consenting(&purpose("贷前核验", on)).changed
    };
    let text = |rows: &str| format!("{HEAD}{rows}");
    let first = consents(0..60, "贷前核验", "granted", "2026-01-01");
    deliver(&county, 90, &text(&consents(0..9, "助学评估", "granted", "2026-01-01"))).unwrap();
    deliver(&county, 91, &text(&first)).unwrap();
    deliver(&county, 92, &text(&consents(3..4, "贷前核验", "withdrawn", "2026-06-01"))).unwrap();
    deliver(&county, 93, &text(&consents(3..4, "贷前核验", "granted", "2026-07-01"))).unwrap();
    let day = "2026-08-01";
    assert_eq!(open(&[90, 91], false)(day), None, "what another purpose has does not matter");
    let withdrawn = open(&[90, 91, 92], false);
    assert_eq!(withdrawn("2026-05-31"), None, "nobody has withdrawn yet");
    let without = withdrawn(day);
    assert!(without.is_some());
    let again = open(&[90, 91, 92, 93], false);
    assert_eq!((again("2026-06-02"), again(day)), (without, None), "the same people are the same");
    // Others were there before, and nobody knows who.
    let replaced = open(&[91], true)(day);
    assert!(replaced.is_some() && replaced != without);
    assert_eq!(open(&[91, 92, 93], true)(day), replaced);
}
