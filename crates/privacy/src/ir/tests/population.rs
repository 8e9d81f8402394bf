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

#[test]
fn what_was_left_out_below_is_left_out_where_it_shows_above() {
    let policy = policy();
    let visits = || scan("visit", "t1", &["person_id", "cost", "place"]);
    let costly = || Expr::Compare {
        op: CompareOp::Greater,
        left: Box::new(col("t1.cost")),
        right: Box::new(Expr::literal(Literal::Float(9.0))),
    };
    let named = |name: &str, expr: Expr| Named { name: name.to_owned(), expr };
    let by_person = |input: Rel, aggregate: NamedAggregate| {
        group(input, &[("who", col("t1.person_id"))], vec![aggregate])
    };
    let times = |input: Rel| by_person(input, count());
    let beside = |kind, right: Rel| join(kind, persons(), right, &[("t0.id", "who")]);
    let once = || eq(col("n"), int(1));
    let of = |rel: Rel| {
        population_rows(&by_district_of(rel), &policy)
            .unwrap()
            .map(|rows| serde_json::to_string(&rows).unwrap())
    };
    // How many visits somebody had is asked; nothing is secret about it.
    assert_eq!(of(filter(beside(JoinKind::Inner, times(visits())), once())), None);
    // How many costly ones he had tells of the costs: everybody who had any is spoken about.
    let rows = of(filter(beside(JoinKind::Inner, times(filter(visits(), costly()))), once())).unwrap();
    assert!(rows.contains("visit") && !rows.contains("predicate"), "{rows}");
    // And so does that he had none, or that there is one.
    for negated in [false, true] {
        let absent = Expr::IsNull { input: Box::new(col("who")), negated };
        let rows = of(filter(beside(JoinKind::Left, times(filter(visits(), costly()))), absent)).unwrap();
        assert!(rows.contains("visit") && !rows.contains("predicate"), "{rows}");
    }
    // Of different costs the number tells, of values that are known it does not.
    let costs = |function| by_person(visits(), agg("n", function, Some(col("t1.cost"))));
    let rows = of(filter(beside(JoinKind::Inner, costs(AggregateFunction::CountDistinct)), once())).unwrap();
    assert!(!rows.contains("predicate"), "{rows}");
    assert_eq!(of(filter(beside(JoinKind::Inner, costs(AggregateFunction::Count)), once())), None);
    // So does the number of groups that a secret made, and of different rows that hold it.
    let made = group(visits(), &[("p", col("t1.person_id")), ("c", col("t1.cost"))], vec![]);
    let groups = group(made, &[("who", col("p"))], vec![count()]);
    let rows = of(filter(beside(JoinKind::Inner, groups), once())).unwrap();
    assert!(!rows.contains("predicate"), "{rows}");
    let made = group(visits(), &[("p", col("t1.person_id")), ("c", col("t1.place"))], vec![]);
    let groups = group(made, &[("who", col("p"))], vec![count()]);
    assert_eq!(of(filter(beside(JoinKind::Inner, groups), once())), None);
    // A number of computed ones is a number of those who have something.
    let some = Expr::Call {
        function: Function::NullIf,
        args: vec![col("t1.cost"), Expr::literal(Literal::Float(0.0))],
    };
    let some = by_person(visits(), agg("n", AggregateFunction::Count, Some(some)));
    let rows = of(filter(beside(JoinKind::Inner, some), once())).unwrap();
    assert!(!rows.contains("predicate"), "{rows}");
    // What is computed from a secret may be null for some: that it is not is no condition that it is known.
    let known = |name: &str, expr: Expr| {
        let columns = vec![named("d", col("t0.district")), named("k", expr)];
        let computed = Rel::Project { input: Box::new(persons()), columns };
        let predicate = Expr::IsNull { input: Box::new(col(name)), negated: true };
        population_rows(&group(filter(computed, predicate), &[("d", col("d"))], vec![count()]), &policy)
            .unwrap()
    };
    let none = Expr::Call { function: Function::NullIf, args: vec![col("t0.income"), int(0)] };
    assert!(known("k", none).is_some());
    assert_eq!(known("k", col("t0.income")), None);
    // A name that hides it changes nothing, and a key that is computed from it tells no populations apart.
    let columns = vec![named("d", col("t0.district")), named("k", col("n"))];
    let renamed =
        Rel::Project { input: Box::new(beside(JoinKind::Inner, times(filter(visits(), costly())))), columns };
    let rows = of_input(filter(renamed.clone(), eq(col("k"), int(1))), &policy);
    assert!(!rows.contains("predicate"), "{rows}");
    let found = super::super::population::population(
        &renamed,
        &[named("k", col("k")), named("d", col("d"))],
        &policy,
    );
    assert_eq!(found.unwrap().unwrap().keys, [1]);
}

#[test]
fn conditions_that_could_leave_one_out_by_name_are_told_apart() {
    let mark = |rel: Rel| {
        let counted = count_entities(&by_district_of(rel), &policy()).unwrap();
        counted.contributors[0].population.clone().unwrap().mark
    };
    let young = || eq(col("t0.age"), int(33));
    let but = |age: i64| Expr::Logic { op: LogicOp::Or, args: vec![eq(col("t0.age"), int(age)), rich()] };
    // About one secret alone, others kept beside it or not: nobody can be named in it.
    assert_eq!(mark(filter(persons(), rich())), None);
    assert_eq!(mark(filter(persons(), both(young(), rich()))), None);
    let visits = || scan("visit", "t1", &["person_id", "cost", "place"]);
    let costly = || Expr::Compare {
        op: CompareOp::Greater,
        left: Box::new(col("t1.cost")),
        right: Box::new(Expr::literal(Literal::Float(9.0))),
    };
    let seen = |right: Rel| join(JoinKind::Semi, persons(), right, &[("t0.id", "t1.person_id")]);
    assert_eq!(mark(seen(filter(visits(), costly()))), None);
    // Mixed with something else, in one condition or in a subquery that is left out as a whole.
    let (one, other) = (mark(filter(persons(), but(33))), mark(filter(persons(), but(34))));
    assert!(one.is_some() && one != other);
    let at = |place: &str| mark(seen(filter(visits(), both(eq(col("t1.place"), text(place)), costly()))));
    assert!(at("x").is_some() && at("x") != at("y") && at("x") == at("x"));
    // By what shows above of those who were left out below.
    let none_of = |place: &str| {
        let right = filter(visits(), both(eq(col("t1.place"), text(place)), costly()));
        let left = join(JoinKind::Left, persons(), right, &[("t0.id", "t1.person_id")]);
        let absent = Expr::IsNull { input: Box::new(col("t1.person_id")), negated: false };
        mark(filter(left, absent))
    };
    assert!(none_of("x").is_some() && none_of("x") != none_of("y"));
}

#[test]
fn a_join_on_a_secret_is_a_condition_on_it() {
    let policy = policy();
    let bands = || scan("weather", "t1", &["station", "rain"]);
    let of = |rel: Rel| population_rows(&rel, &policy).unwrap().unwrap();
    let inner = |on: &[(&str, &str)]| join(JoinKind::Inner, persons(), bands(), on);
    let rows = |input: Rel| {
        let counted = NamedAggregate { name: "rows".into(), ..count() };
        group(input, &[], vec![counted])
    };
    // Whoever could have met something is spoken about, and what he met tells no populations apart.
    let by_income = inner(&[("t0.income", "t1.rain")]);
    let left = join(JoinKind::Left, persons(), bands(), &[("t0.income", "t1.rain")]);
    assert_eq!(of(by_district_of(by_income.clone())), rows(left.clone()));
    let keys = [Named { name: "s".to_owned(), expr: col("t1.station") }];
    let found = super::super::population::population(&by_income, &keys, &policy).unwrap().unwrap();
    assert_eq!(found.keys, Vec::<usize>::new());
    let asked = eq(col("t1.station"), text("x"));
    assert_eq!(of(by_district_of(filter(by_income, asked))), rows(left.clone()));
    // From either side.
    let turned = join(JoinKind::Inner, bands(), persons(), &[("t1.rain", "t0.income")]);
    assert_eq!(of(by_district_of(turned)), rows(left));
    // With another key he meets what has it.
    let both = inner(&[("t0.district", "t1.station"), ("t0.income", "t1.rain")]);
    assert_eq!(of(by_district_of(both)), rows(inner(&[("t0.district", "t1.station")])));
}

fn of_input(input: Rel, policy: &Policy) -> String {
    let rel = group(input, &[("district", col("d"))], vec![count()]);
    serde_json::to_string(&population_rows(&rel, policy).unwrap().unwrap()).unwrap()
}

fn by_district_of(input: Rel) -> Rel {
    group(input, &[("district", col("t0.district"))], vec![count()])
}
