//! Whom cells speak about.

use super::super::check::releasing;
use super::super::population::{Population, population};
use super::*;

fn rich() -> Expr {
    Expr::Compare { op: CompareOp::Greater, left: Box::new(col("t0.income")), right: Box::new(int(1)) }
}

fn both(a: Expr, b: Expr) -> Expr {
    Expr::Logic { op: LogicOp::And, args: vec![a, b] }
}

fn young() -> Expr {
    eq(col("t0.age"), int(33))
}

fn visits() -> Rel {
    scan("visit", "t1", &["person_id", "cost", "place"])
}

fn costly() -> Expr {
    Expr::Compare {
        op: CompareOp::Greater,
        left: Box::new(col("t1.cost")),
        right: Box::new(Expr::literal(Literal::Float(9.0))),
    }
}

fn at(place: &str) -> Expr {
    eq(col("t1.place"), text(place))
}

fn named(name: &str, expr: Expr) -> Named {
    Named { name: name.to_owned(), expr }
}

fn by_district(rel: Rel) -> Rel {
    group(rel, &[("district", col("t0.district"))], vec![count()])
}

/// Of people of whom one row each is declared.
fn one_each() -> Policy {
    let mut policy = policy();
    let rows = Rows { unique: vec![BTreeSet::from(["id".to_owned()])], per_entity: None };
    policy.resources.get_mut("person").unwrap().rows = rows;
    policy
}

fn found(rel: &Rel) -> Result<Option<Population>, Refusal> {
    population(&releasing(rel).unwrap(), &one_each())
}

/// The relation of whom the cells of a query speak about, and the group keys that tell them apart.
fn people(rel: &Rel) -> Option<(String, Vec<usize>)> {
    let found = found(rel).unwrap()?;
    let [people] = found.people.as_slice() else { panic!("one relation") };
    Some((serde_json::to_string(people).unwrap(), found.keys))
}

fn refusal(rel: &Rel) -> Rule {
    found(rel).map(|_| ()).unwrap_err().rule
}

#[test]
fn what_chooses_by_a_sensitive_column_is_left_out_and_the_rest_stays() {
    assert_eq!(people(&by_district(filter(persons(), young()))), None);
    let (rel, keys) = people(&by_district(filter(persons(), both(young(), rich())))).unwrap();
    assert!(rel.contains("t0.age") && !rel.contains("greater") && !rel.contains("is_null"), "{rel}");
    assert_eq!(keys, [0]);
    // A sensitive key tells no populations apart.
    let rel = group(persons(), &[("i", col("t0.income")), ("d", col("t0.district"))], vec![count()]);
    assert_eq!(people(&rel).unwrap().1, [1]);
}

#[test]
fn that_somebody_has_nothing_is_a_secret_unless_it_is_declared_to_be_known() {
    let known = Expr::IsNull { input: Box::new(col("t0.income")), negated: true };
    let [known, chosen] = [known, both(young(), rich())].map(|one| by_district(filter(persons(), one)));
    let (rel, _) = people(&known).unwrap();
    assert!(!rel.contains("is_null"), "{rel}");
    let mut policy = one_each();
    let income = policy.resources.get_mut("person").unwrap().columns.get_mut("income").unwrap();
    income.declared.nulls = Some(Nulls::Absent);
    let population = |rel: &Rel| population(&releasing(rel).unwrap(), &policy).unwrap();
    assert!(population(&known).is_none());
    // Whoever has no income at all is known then, and does not decide.
    let people = serde_json::to_string(&population(&chosen).unwrap().people).unwrap();
    assert!(people.contains("is_null"), "{people}");
    // A number of values, and a mean, tell how many have one.
    let number = |function, of: &str| group(persons(), &[], vec![agg("n", function, Some(col(of)))]);
    let counted = |policy: &Policy, function, of| counted_values(&number(function, of), policy).len();
    use AggregateFunction::{Avg, Count, Sum};
    let own = one_each();
    assert_eq!([Count, Avg, Sum].map(|function| counted(&own, function, "t0.income")), [1, 1, 0]);
    assert_eq!((counted(&own, Count, "t0.age"), counted(&policy, Count, "t0.income")), (0, 0));
}

#[test]
fn whoever_is_asked_for_rows_is_spoken_about_if_he_has_such_rows() {
    let asked = |kind, right: Rel| by_district(join(kind, persons(), right, &[("t0.id", "t1.person_id")]));
    assert_eq!(people(&asked(JoinKind::Semi, visits())), None);
    // Where and when stays; what is secret of them does not.
    let (rel, _) = people(&asked(JoinKind::Semi, filter(visits(), both(at("x"), costly())))).unwrap();
    assert!(rel.contains("t1.place") && !rel.contains("greater"), "{rel}");
    // Those who have none are there whatever they have: they are no cover for the others, and may have other secrets.
    let none = found(&asked(JoinKind::Anti, filter(visits(), both(at("x"), costly())))).unwrap().unwrap();
    let [those_with_rows, all] = none.people.as_slice() else { panic!("two relations") };
    assert_eq!(serde_json::to_string(those_with_rows).unwrap(), rel);
    assert_eq!(*all, persons());
}

/// Noise in units of the most rows of those who were chosen would tell whether the one with the most is among them.
#[test]
fn how_far_a_share_reaches_is_asked_of_everybody() {
    let met = join(JoinKind::Inner, persons(), visits(), &[("t0.id", "t1.person_id")]);
    let reach = |rel: &Rel| {
        let counted = count_entities(rel, &one_each()).unwrap();
        (counted.needs_noise, serde_json::to_string(&counted.contributors[0].reach).unwrap())
    };
    let (noise, chosen) = reach(&by_district(filter(met.clone(), both(young(), rich()))));
    // And of everybody there is: of those whom a condition leaves, one may be known to have most.
    assert!(noise && chosen.contains("__rows") && !chosen.contains("t0.age"), "{chosen}");
    assert!(!chosen.contains("greater"), "{chosen}");
    let total = agg("total", AggregateFunction::Sum, Some(col("t1.cost")));
    let (_, sum) = reach(&group(filter(met, young()), &[("district", col("t0.district"))], vec![total]));
    assert!(sum.contains("__most_0") && sum.contains("__least_0"), "{sum}");
}

#[test]
fn rows_are_known_by_all_that_is_no_secret() {
    let rows = |rel: Rel| {
        let counted = count_entities(&rel, &one_each()).unwrap();
        let [rows] = counted.contributors[0].looked_at.as_slice() else { panic!("one resource") };
        assert_eq!(rows.resource, "visit");
        serde_json::to_string(&rows.rel).unwrap()
    };
    let met = |kind, right: Rel| by_district(join(kind, persons(), right, &[("t0.id", "t1.person_id")]));
    for kind in [JoinKind::Inner, JoinKind::Semi, JoinKind::Anti] {
        let rows = rows(met(kind, filter(visits(), both(at("x"), costly()))));
        assert!(rows.contains("__row_t1") && rows.contains("t1.place"), "{rows}");
        assert!(!rows.contains(r#""cast","input":{"expr":"column","name":"t1.cost""#), "{rows}");
    }
    // Where their secrets are added up as well.
    let sum = agg("n", AggregateFunction::Sum, Some(col("t1.cost")));
    let joined = join(JoinKind::Inner, persons(), visits(), &[("t0.id", "t1.person_id")]);
    assert!(rows(group(joined.clone(), &[("d", col("t0.district"))], vec![sum])).contains("__row_t1"));
    let looked_at = |rel: Rel| count_entities(&rel, &one_each()).unwrap().contributors[0].looked_at.len();
    assert_eq!((looked_at(by_district(joined)), looked_at(by_district(filter(persons(), rich())))), (0, 0));
    // Through what sums them up.
    let each = |aggregates| {
        let group = group(filter(visits(), costly()), &[("who", col("t1.person_id"))], aggregates);
        rows(by_district(join(JoinKind::Inner, persons(), group, &[("t0.id", "who")])))
    };
    for aggregates in [vec![], vec![count()]] {
        assert!(each(aggregates).contains("__row_t1"));
    }
}

#[test]
fn limits_are_about_rows_that_no_secret_chose() {
    let policy = policy();
    let poor = |predicate| by_district(filter(persons(), predicate));
    assert_eq!(population_rows(&poor(young()), &policy).unwrap(), None);
    let secret = Expr::IsNull { input: Box::new(col("t0.income")), negated: false };
    let rows = population_rows(&poor(both(secret, young())), &policy).unwrap().unwrap();
    let counted = NamedAggregate { name: "rows".into(), ..count() };
    assert_eq!(rows, group(filter(persons(), young()), &[], vec![counted]));
}

#[test]
fn the_widest_query_lacks_what_secrets_choose_and_asks_what_they_ask_of_others() {
    let policy = policy();
    let plain = by_district(filter(persons(), young()));
    assert_eq!(widest(&plain, &policy).unwrap(), None);
    // A key alone chooses nobody: the query is its own widest.
    let by_income = group(persons(), &[("i", col("t0.income"))], vec![count()]);
    assert_eq!(widest(&by_income, &policy).unwrap(), None);
    let chosen = by_district(filter(persons(), both(young(), rich())));
    let found = widest(&chosen, &policy).unwrap().unwrap();
    assert_eq!((found.rel, found.subqueries), (plain.clone(), Vec::new()));

    let asked = filter(visits(), both(at("x"), costly()));
    let joined = join(JoinKind::Semi, filter(persons(), young()), asked, &[("t0.id", "t1.person_id")]);
    let found = widest(&by_district(joined), &policy).unwrap().unwrap();
    assert_eq!((found.rel, found.subqueries), (plain, vec![filter(visits(), at("x"))]));
}

#[test]
fn a_condition_that_mixes_secrets_with_something_else_is_refused() {
    let either = |other: Expr| Expr::Logic { op: LogicOp::Or, args: vec![other, rich()] };
    let refused = |rel: &Rel| assert_eq!(refusal(rel), Rule::MixedCondition, "{rel:?}");
    refused(&by_district(filter(persons(), either(young()))));
    let product = Expr::Arithmetic {
        op: ArithmeticOp::Multiply,
        left: Box::new(col("t0.income")),
        right: Box::new(col("t0.age")),
    };
    refused(&by_district(filter(persons(), eq(product.clone(), int(1)))));
    refused(&group(persons(), &[("k", product.clone())], vec![count()]));
    // Computed below, under another name.
    let columns = vec![named("d", col("t0.district")), named("k", product)];
    let computed = Rel::Project { input: Box::new(persons()), columns };
    refused(&group(filter(computed, eq(col("k"), int(1))), &[("d", col("d"))], vec![count()]));
    // In a subquery.
    let mixed = Expr::Logic { op: LogicOp::Or, args: vec![at("x"), costly()] };
    let asked = join(JoinKind::Semi, persons(), filter(visits(), mixed), &[("t0.id", "t1.person_id")]);
    refused(&by_district(asked));
    // Two secrets may stand in one condition, as may what is known beside it.
    let known = both(young(), either(eq(col("t0.income"), int(3))));
    assert!(found(&by_district(filter(persons(), known))).is_ok());
}

#[test]
fn what_was_left_out_below_is_left_out_where_it_shows_above() {
    let of_person = |input: Rel, aggregate| group(input, &[("who", col("t2.id"))], vec![aggregate]);
    let people = || scan("person", "t2", &["id", "age", "income", "district"]);
    let rich =
        Expr::Compare { op: CompareOp::Greater, left: Box::new(col("t2.income")), right: Box::new(int(1)) };
    let beside = |kind, right: Rel| join(kind, persons(), right, &[("t0.id", "who")]);
    let once = || eq(col("n"), int(1));
    let of = |rel: Rel| super::population::people(&by_district(rel)).map(|(rel, _)| rel);
    let without = |rel: Rel| assert!(!of(rel).unwrap().contains("compare"));
    // How often somebody is there is asked; nothing is secret about it.
    assert_eq!(of(filter(beside(JoinKind::Inner, of_person(people(), count())), once())), None);
    // How often those are there who have something tells of it: everybody is spoken about.
    without(filter(beside(JoinKind::Inner, of_person(filter(people(), rich.clone()), count())), once()));
    // Of different secrets the number tells, and of values that are known.
    let incomes = |function| of_person(people(), agg("n", function, Some(col("t2.income"))));
    for function in [AggregateFunction::CountDistinct, AggregateFunction::Count] {
        without(filter(beside(JoinKind::Inner, incomes(function)), once()));
    }
    // So does the number of groups that a secret made.
    let made = |key: &str| {
        let made = group(people(), &[("p", col("t2.id")), ("c", col(key))], vec![]);
        group(made, &[("who", col("p"))], vec![count()])
    };
    without(beside(JoinKind::Semi, filter(made("t2.income"), once())));
    // Whoever has several rows, or may have, could be told from the rest by how many there are.
    let times = group(filter(visits(), costly()), &[("who", col("t1.person_id"))], vec![count()]);
    assert_eq!(
        refusal(&by_district(filter(beside(JoinKind::Inner, times.clone()), once()))),
        Rule::MixedCondition
    );
    without(beside(JoinKind::Inner, times));
    // Whom an outer join finds by a secret: those of whom it finds none are known.
    let outer = beside(JoinKind::Left, of_person(filter(people(), rich), count()));
    assert_eq!(refusal(&by_district(outer)), Rule::OuterJoin);
    // That something is known of somebody is a secret, of what is computed as of what is stored.
    let known = |name: &str, expr: Expr| {
        let columns = vec![named("d", col("t0.district")), named("k", expr)];
        let computed = Rel::Project { input: Box::new(persons()), columns };
        let predicate = Expr::IsNull { input: Box::new(col(name)), negated: true };
        super::population::people(&group(filter(computed, predicate), &[("d", col("d"))], vec![count()]))
    };
    let none = Expr::Call { function: Function::NullIf, args: vec![col("t0.income"), int(0)] };
    assert!(known("k", none).is_some());
    assert!(known("k", col("t0.income")).is_some());
    assert_eq!(known("k", col("t0.age")), None);
}

/// A key that puts a public table beside somebody is about him: he would meet other rows of it than the rest.
#[test]
fn nobody_meets_other_public_rows_than_the_rest() {
    let beside = join(JoinKind::Inner, persons(), scan("weather", "t1", &["station", "rain"]), &[]);
    let rich = Expr::Compare {
        op: CompareOp::GreaterEq,
        left: Box::new(col("t0.income")),
        right: Box::new(col("t1.rain")),
    };
    let met = filter(beside, rich);
    let by = |key: Expr| found(&group(met.clone(), &[("k", key)], vec![count()]));
    assert!(by(col("t1.station")).is_ok() && by(col("t0.district")).is_ok());
    let key = case(eq(col("t0.district"), text("x")), col("t1.station"));
    assert_eq!(by(key).err().map(|refusal| refusal.rule), Some(Rule::MixedCondition));
}

#[test]
fn numbers_of_chosen_people_show_nothing_else_of_them() {
    let of = |aggregate| {
        let rel = group(filter(persons(), rich()), &[("d", col("t0.district"))], vec![aggregate]);
        found(&rel).map(|found| found.unwrap().needs_noise)
    };
    let raw = |function, column: &str| {
        assert_eq!(of(agg("n", function, Some(col(column)))).unwrap_err().rule, Rule::RawAggregate);
    };
    raw(AggregateFunction::Max, "t0.district");
    raw(AggregateFunction::CountDistinct, "t0.district");
    raw(AggregateFunction::Stddev, "t0.age");
    // Few different subsets have one and the same exact sum.
    assert_eq!(of(agg("n", AggregateFunction::Sum, Some(col("t0.age")))), Ok(true));
    assert_eq!(of(agg("n", AggregateFunction::Sum, Some(col("t0.income")))), Ok(false));
    assert_eq!(of(agg("n", AggregateFunction::CountDistinct, Some(col("t0.id")))), Ok(false));
    assert_eq!(of(count()), Ok(false));
    // Another secret of theirs: who has many rows has much of it.
    let met = join(JoinKind::Inner, persons(), visits(), &[("t0.id", "t1.person_id")]);
    let costs = agg("n", AggregateFunction::Sum, Some(col("t1.cost")));
    let of = |condition| {
        let rel = group(filter(met.clone(), condition), &[("d", col("t0.district"))], vec![costs.clone()]);
        found(&rel).unwrap().unwrap().needs_noise
    };
    assert!(of(rich()) && !of(costly()));
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
    assert_eq!(of(by_district(by_income.clone())), rows(left.clone()));
    let by_station = group(by_income.clone(), &[("s", col("t1.station"))], vec![count()]);
    assert_eq!(people(&by_station).unwrap().1, Vec::<usize>::new());
    let asked = eq(col("t1.station"), text("x"));
    assert_eq!(of(by_district(filter(by_income, asked.clone()))), rows(left.clone()));
    // From either side.
    let turned = join(JoinKind::Inner, bands(), persons(), &[("t1.rain", "t0.income")]);
    assert_eq!(of(by_district(turned)), rows(left));
    // With another key, what he meets is his own: he could be named in it.
    let both = inner(&[("t0.district", "t1.station"), ("t0.income", "t1.rain")]);
    assert_eq!(refusal(&by_district(both)), Rule::MixedCondition);
    let met = inner(&[("t0.district", "t1.station")]);
    let less = Expr::Compare {
        op: CompareOp::Less,
        left: Box::new(col("t0.income")),
        right: Box::new(col("t1.rain")),
    };
    assert_eq!(refusal(&by_district(filter(met, less.clone()))), Rule::MixedCondition);
    assert!(found(&by_district(filter(inner(&[]), less))).is_ok());
}
