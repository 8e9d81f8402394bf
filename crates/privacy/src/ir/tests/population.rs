//! Whom cells speak about.

use super::*;

/// The populations of a query about one kind of entity: relation, and the group keys that tell them apart.
fn population(rel: &Rel) -> Option<(String, Vec<usize>)> {
    let counted = count_entities(rel, &policy()).unwrap();
    let [query] = counted.contributors.as_slice() else { panic!("one kind of entity") };
    let found = query.population.as_ref()?;
    Some((serde_json::to_string(&found.rel).unwrap(), found.keys.clone()))
}

fn rich() -> Expr {
    Expr::Compare { op: CompareOp::Greater, left: Box::new(col("t0.income")), right: Box::new(int(1)) }
}

fn both(a: Expr, b: Expr) -> Expr {
    Expr::Logic { op: LogicOp::And, args: vec![a, b] }
}

#[test]
fn what_chooses_by_a_sensitive_column_is_left_out_and_the_rest_stays() {
    let by_district = |input: Rel| group(input, &[("d", col("t0.district"))], vec![count()]);
    let young = eq(col("t0.age"), int(33));
    assert_eq!(population(&by_district(filter(persons(), young.clone()))), None);
    let (rel, keys) = population(&by_district(filter(persons(), both(young, rich())))).unwrap();
    assert!(rel.contains("t0.age") && !rel.contains("\"name\":\"t0.income\"") && keys == [0], "{rel}");
    // One condition of either is of both.
    let either = Expr::Logic { op: LogicOp::Or, args: vec![eq(col("t0.age"), int(33)), rich()] };
    let (rel, _) = population(&by_district(filter(persons(), either))).unwrap();
    assert!(!rel.contains("predicate"), "{rel}");
    // That something is known at all is no secret of this kind.
    let known = Expr::IsNull { input: Box::new(col("t0.income")), negated: true };
    assert_eq!(population(&by_district(filter(persons(), known))), None);
}

#[test]
fn sensitive_keys_and_subqueries_do_not_tell_populations_apart() {
    let rel = group(persons(), &[("i", col("t0.income")), ("d", col("t0.district"))], vec![count()]);
    let (rel, keys) = population(&rel).unwrap();
    assert_eq!(keys, [1]);
    assert!(!rel.contains("__group_1"), "{rel}");
    // Those who had a costly visit, and those who had none: everybody was looked at.
    for kind in [JoinKind::Semi, JoinKind::Anti] {
        let visits = scan("visit", "t1", &["person_id", "cost"]);
        let costly = Expr::Compare {
            op: CompareOp::Greater,
            left: Box::new(col("t1.cost")),
            right: Box::new(Expr::literal(Literal::Float(9.0))),
        };
        let of = |right: Rel| {
            let joined = join(kind, persons(), right, &[("t0.id", "t1.person_id")]);
            group(joined, &[("d", col("t0.district"))], vec![count()])
        };
        let (rel, _) = population(&of(filter(visits.clone(), costly))).unwrap();
        assert!(!rel.contains("visit"), "{rel}");
        assert_eq!(population(&of(visits)), None);
    }
}

#[test]
fn limits_are_about_rows_that_no_secret_chose() {
    let policy = policy();
    let poor = |predicate| by_district_of(filter(persons(), predicate));
    let quasi = eq(col("t0.age"), int(30));
    assert_eq!(population_rows(&poor(quasi.clone()), &policy).unwrap(), None);
    let secret = Expr::IsNull { input: Box::new(col("t0.income")), negated: false };
    let both = Expr::Logic { op: LogicOp::And, args: vec![secret, quasi.clone()] };
    let rows = population_rows(&poor(both), &policy).unwrap().unwrap();
    let counted = NamedAggregate { name: "rows".into(), ..count() };
    assert_eq!(rows, group(filter(persons(), quasi), &[], vec![counted]));
}

#[test]
fn the_widest_query_lacks_what_secrets_choose_and_asks_what_they_ask_of_others() {
    let policy = policy();
    let young = eq(col("t0.age"), int(33));
    let plain = by_district_of(filter(persons(), young.clone()));
    assert_eq!(widest(&plain, &policy).unwrap(), None);
    // A key alone chooses nobody: the query is its own widest.
    let by_income = group(persons(), &[("i", col("t0.income"))], vec![count()]);
    assert_eq!(widest(&by_income, &policy).unwrap(), None);
    let chosen = by_district_of(filter(persons(), both(young.clone(), rich())));
    let found = widest(&chosen, &policy).unwrap().unwrap();
    assert_eq!((found.rel, found.subqueries), (plain.clone(), Vec::new()));

    let visits = scan("visit", "t1", &["person_id", "cost", "place"]);
    let there = eq(col("t1.place"), Expr::literal(Literal::Text("x".to_owned())));
    let costly = Expr::Compare {
        op: CompareOp::Greater,
        left: Box::new(col("t1.cost")),
        right: Box::new(Expr::literal(Literal::Float(9.0))),
    };
    let asked = filter(visits.clone(), both(there.clone(), costly));
    let joined = join(JoinKind::Semi, filter(persons(), young), asked, &[("t0.id", "t1.person_id")]);
    let found = widest(&by_district_of(joined), &policy).unwrap().unwrap();
    assert_eq!((found.rel, found.subqueries), (plain, vec![filter(visits, there)]));
}

fn by_district_of(input: Rel) -> Rel {
    group(input, &[("district", col("t0.district"))], vec![count()])
}
