//! Nearest queries, SQL and explanations.

use super::statistics::{THRESHOLDS, band, noisy, terms};
use super::*;

fn change(kind: ChangeKind, subject: &str) -> Change {
    Change { kind, subject: subject.into() }
}

/// Changes and SQL of the nearest query.
fn advice(rel: &Rel, terms: &Terms) -> (Vec<Change>, String) {
    let advice = advise(rel, &declared(), terms).unwrap_err();
    let nearest = advice.nearest.unwrap_or_else(|| panic!("{:?} {rel:?}", advice.refusal));
    assert!(judge(&nearest.rel, &declared(), terms).is_ok());
    (nearest.changes, nearest.sql)
}

#[test]
fn refusals_come_with_the_nearest_query_that_passes() {
    let order = Terms::new(Mode::Order);
    let limited = |rel| Rel::Limit { input: Box::new(rel), skip: 0, fetch: Some(9) };
    let max = |name| agg("m", AggregateFunction::Max, Some(col(name)));
    let (changes, sql) = advice(&by_district(vec![count(), max("t0.income")]), &terms());
    assert_eq!(changes, [change(ChangeKind::UseMean, "m")]);
    assert_eq!(
        sql,
        r#"SELECT "t0"."district" AS "district", count(*) AS "n", avg("t0"."income") AS "m" FROM "person" AS "t0" GROUP BY "t0"."district""#
    );
    let (changes, _) = advice(&by_district(vec![count(), max("t0.name")]), &order);
    assert_eq!(changes, [change(ChangeKind::DropColumn, "m")]);
    let (changes, sql) = advice(&group(persons(), &[("who", col("t0.name"))], vec![count()]), &order);
    assert_eq!(changes, [change(ChangeKind::UseCoarser, "who")]);
    assert!(sql.contains(r#""t0"."district" AS "who""#), "{sql}");
    let (changes, sql) = advice(&group(persons(), &[("age", col("t0.age"))], vec![count()]), &terms());
    assert_eq!(changes, [change(ChangeKind::UseBands, "age")]);
    assert!(sql.contains(r#"(("t0"."age" / 10) * 10) AS "age""#), "{sql}");
    let ratio = arithmetic(ArithmeticOp::Divide, col("t0.income"), col("t0.age"));
    let (changes, sql) = advice(&sum_of(ratio), &noisy());
    assert_eq!(changes, [change(ChangeKind::Clamp, "s")]);
    assert!(sql.contains("least(greatest("), "{sql}");
    let rows = Rel::Project {
        input: Box::new(filter(persons(), eq(col("t0.district"), text("a'b")))),
        columns: vec![
            named("name", col("t0.name")),
            named("area", col("t0.district")),
            named("age", col("t0.age")),
        ],
    };
    let (changes, sql) = advice(&limited(rows), &terms());
    assert_eq!(changes, [change(ChangeKind::CountRows, "")]);
    assert_eq!(
        sql,
        r#"SELECT "t0"."district" AS "area", (("t0"."age" / 10) * 10) AS "age", count(*) AS "rows" FROM "person" AS "t0" WHERE ("t0"."district" = 'a''b') GROUP BY "t0"."district", (("t0"."age" / 10) * 10)"#
    );
    let (changes, _) = advice(&limited(filter(by_district(vec![count()]), eq(col("n"), int(1)))), &order);
    assert_eq!(changes.len(), 2, "HAVING and LIMIT, in whichever order");
    assert!(changes.contains(&change(ChangeKind::DropHaving, "")));
    assert!(changes.contains(&change(ChangeKind::DropLimit, "")));
    let both =
        Expr::Logic { op: LogicOp::And, args: vec![eq(col("t0.id"), text("x")), eq(col("t0.age"), int(3))] };
    let (changes, sql) = advice(&where_(both), &order);
    assert_eq!(changes, [change(ChangeKind::DropCondition, "t0.id")]);
    assert!(sql.ends_with(r#"WHERE ("t0"."age" = 3)"#), "{sql}");
    let distinct = agg("e", AggregateFunction::CountDistinct, Some(col("t0.employer")));
    let (changes, _) = advice(&by_district(vec![distinct]), &terms());
    assert_eq!(changes, [change(ChangeKind::CountEntities, "e")]);
    let semi = join(JoinKind::Semi, persons(), visits(), &[("t0.employer", "t1.person_id")]);
    assert_eq!(advice(&group(semi, &[], vec![count()]), &order).0, [change(ChangeKind::InnerJoin, "")]);
    let unprotected =
        advise(&by_district(vec![count()]), &declared(), &Terms::new(Mode::Statistics)).unwrap_err();
    assert_eq!((unprotected.refusal.rule, unprotected.nearest), (Rule::Unprotected, None));
    for kind in ChangeKind::ALL {
        assert!(!kind.text_zh().is_empty() && kind.text_en().is_ascii() && !kind.code().is_empty());
    }
}

#[test]
fn a_condition_within_an_aggregate_is_advised_into_where() {
    let order = Terms::new(Mode::Order);
    let adults = || Expr::Compare {
        op: CompareOp::GreaterEq,
        left: Box::new(col("t0.age")),
        right: Box::new(int(18)),
    };
    let zero = |value| Expr::Case { branches: vec![(adults(), value)], otherwise: Some(Box::new(int(0))) };
    let sum = |name: &str, argument| agg(name, AggregateFunction::Sum, Some(argument));
    let (changes, sql) = advice(
        &by_district(vec![count(), sum("adults", zero(int(1))), sum("paid", zero(col("t0.income")))]),
        &order,
    );
    assert_eq!(changes, [change(ChangeKind::MoveCondition, "adults")]);
    assert_eq!(
        sql,
        r#"SELECT "t0"."district" AS "district", count(*) AS "adults", sum("t0"."income") AS "paid" FROM "person" AS "t0" WHERE ("t0"."age" >= 18) GROUP BY "t0"."district""#
    );
    let counted = agg("adults", AggregateFunction::Count, Some(case(adults(), int(1))));
    assert_eq!(advice(&by_district(vec![counted]), &order).0, [change(ChangeKind::MoveCondition, "adults")]);
    let raised = sum("paid", arithmetic(ArithmeticOp::Add, col("t0.income"), int(100)));
    assert_eq!(advice(&by_district(vec![raised]), &order).0, [change(ChangeKind::DropTerm, "paid")]);
}

#[test]
fn sql_folds_what_fits_and_nests_what_does_not() {
    let per_person = group(visits(), &[("who", col("t1.person_id"))], vec![count()]);
    let outer = group(per_person, &[("visits", col("n"))], vec![agg("p", AggregateFunction::Count, None)]);
    assert_eq!(
        sql::write(&outer).unwrap(),
        r#"SELECT "q1"."n" AS "visits", count(*) AS "p" FROM (SELECT "t1"."person_id" AS "who", count(*) AS "n" FROM "visit" AS "t1" GROUP BY "t1"."person_id") AS "q1" GROUP BY "q1"."n""#
    );
    let anti = join(JoinKind::Anti, persons(), visits(), &[("t0.id", "t1.person_id")]);
    let anti = group(filter(anti, eq(col("t0.age"), int(3))), &[], vec![count()]);
    assert_eq!(
        sql::write(&anti).unwrap(),
        r#"SELECT count(*) AS "n" FROM "person" AS "t0" WHERE NOT EXISTS (SELECT 1 FROM "visit" AS "t1" WHERE ("t0"."id" = "t1"."person_id")) AND ("t0"."age" = 3)"#
    );
    let union =
        Rel::Union { inputs: vec![scan("person", "a", &["district"]), scan("visit", "b", &["place"])] };
    let union = group(union, &[("d", col("a.district"))], vec![]);
    assert_eq!(
        sql::write(&union).unwrap(),
        r#"SELECT "q1"."a_district" AS "d" FROM ((SELECT "a"."district" AS "a_district" FROM "person" AS "a") UNION ALL (SELECT "b"."place" AS "a_district" FROM "visit" AS "b")) AS "q1" GROUP BY "q1"."a_district""#
    );
    let left = join(
        JoinKind::Left,
        persons(),
        filter(visits(), eq(col("t1.cost"), Expr::literal(Literal::Float(0.5)))),
        &[("t0.id", "t1.person_id")],
    );
    let left = group(left, &[], vec![agg("n", AggregateFunction::Count, Some(col("t1.cost")))]);
    assert!(sql::write(&left).unwrap().contains(r#"LEFT JOIN (SELECT "t1"."person_id" AS "t1_person_id""#));
    assert_eq!(sql::write(&filter(persons(), col("nope"))).unwrap_err().name, "nope");
}

#[test]
fn explanations_tell_of_the_query_and_not_of_the_data() {
    let joined = join(JoinKind::Inner, persons(), visits(), &[("t0.id", "t1.person_id")]);
    let rel = group(
        filter(joined, eq(col("t0.district"), text("a"))),
        &[("age", band(col("t0.age"), 10))],
        vec![agg("cost", AggregateFunction::Avg, Some(col("t1.cost")))],
    );
    let rel = Rel::Project {
        input: Box::new(rel),
        columns: vec![named("年龄", col("age")), named("费用", col("cost"))],
    };
    let terms = Terms { thresholds: Some(THRESHOLDS), ..noisy() };
    let explanation = explain(&rel, &declared(), &terms).unwrap();
    let source = |resource: &str, column: &str| Source { resource: resource.into(), column: column.into() };
    let [age, cost] = explanation.outputs.as_slice() else { panic!("two columns") };
    assert_eq!((age.key, cost.key), (true, false));
    assert_eq!(cost.sources, BTreeSet::from([source("visit", "cost")]));
    assert!(cost.selected_by.contains(&source("person", "district")));
    assert_eq!(cost.stages, [Stage::Private, Stage::Aggregated, Stage::Perturbed, Stage::Released]);
    assert_eq!(age.stages, [Stage::Private, Stage::Aggregated, Stage::Released]);
    assert_eq!(cost.threshold, Some(THRESHOLDS));
    assert_eq!(cost.numbers.iter().map(|n| n.sensitivity).collect::<Vec<_>>(), [5_000, 5]);
    assert_eq!(explanation.cost.unwrap().micro, 2_000);
    assert_eq!(explanation.cells_max, Some(13), "twelve bands and none");
    assert_eq!(explanation.entities.len(), 1);
    let scanned: Vec<_> = explanation.relations.iter().filter_map(|r| r.resource.as_deref()).collect();
    assert_eq!(scanned, ["person", "visit"]);
    let json = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    assert!(!json.contains("\"a\""), "no constant of the query, let alone a value");
}
