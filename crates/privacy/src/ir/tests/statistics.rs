//! Statistics mode, stages, bounds, rows of one entity, parameters.

use super::*;
use crate::disclosure::Thresholds;
use crate::disclosure::dp::{Budget, Cost, Unit};

pub(super) const THRESHOLDS: Thresholds = Thresholds {
    min_entities: 3,
    max_dominance_ppm: 900_000,
    margin_ppm: 1,
    dominance: None,
    noisy_numbers_max: 32,
};

pub(super) fn terms() -> Terms {
    Terms { thresholds: Some(THRESHOLDS), ..Terms::new(Mode::Statistics) }
}

pub(super) fn noisy() -> Terms {
    Terms { price: Some(Cost { unit: Unit::MicroEpsilon, micro: 1_000 }), ..Terms::new(Mode::Statistics) }
}

fn judged(rel: &Rel, terms: &Terms) -> Option<Rule> {
    judge(rel, &declared(), terms).err().map(|refusal| refusal.rule)
}

pub(super) fn band(expr: Expr, width: i64) -> Expr {
    arithmetic(ArithmeticOp::Divide, expr, int(width))
}

fn least(args: Vec<Expr>) -> Expr {
    call(Function::Least, args)
}

fn parameter(name: &str) -> Expr {
    Expr::Parameter { name: name.into(), data_type: DataType::Text }
}

fn float(value: f64) -> Expr {
    Expr::literal(Literal::Float(value))
}

#[test]
fn safe_statistics_pass_and_the_rest_is_refused_by_name() {
    let age = || band(col("t0.age"), 10);
    let visits_of = || join(JoinKind::Inner, persons(), visits(), &[("t0.id", "t1.person_id")]);
    let total = |rel, expr| group(rel, &[], vec![agg("s", AggregateFunction::Sum, Some(expr))]);
    let distinct = |name| agg("d", AggregateFunction::CountDistinct, Some(col(name)));
    let keyed = |expr| group(persons(), &[("key", expr)], vec![count()]);
    let table = [
        (None, by_district(vec![count(), distinct("t0.id")])),
        (None, sum_of(col("t0.income"))),
        (None, keyed(age())),
        (None, keyed(call(Function::DatePart, vec![text("year"), col("t0.born")]))),
        (None, keyed(call(Function::Lower, vec![col("t0.district")]))),
        (None, total(visits_of(), col("t1.cost"))),
        (None, total(scan("weather", "t0", &["rain"]), col("t0.rain"))),
        (Some(Rule::DistinctValues), by_district(vec![distinct("t0.employer")])),
        (
            Some(Rule::RawAggregate),
            by_district(vec![agg("m", AggregateFunction::Max, Some(col("t0.district")))]),
        ),
        (
            Some(Rule::NullsUndeclared),
            by_district(vec![agg("n", AggregateFunction::Count, Some(col("t0.employer")))]),
        ),
        (Some(Rule::GroupDomain), keyed(col("t0.age"))),
        (Some(Rule::GroupDomain), keyed(band(col("t0.age"), 5))),
        (Some(Rule::GroupDomain), keyed(case(eq(col("t0.age"), int(33)), text("x")))),
        (Some(Rule::GroupDomain), keyed(col("t0.born"))),
        (Some(Rule::GroupDomain), keyed(col("t0.income"))),
        (Some(Rule::IdentifierGroup), keyed(col("t0.employer"))),
        (
            // Two cuts of one column make finer bands.
            Some(Rule::GroupDomain),
            group(
                persons(),
                &[("a", age()), ("b", band(arithmetic(ArithmeticOp::Add, col("t0.age"), int(5)), 10))],
                vec![count()],
            ),
        ),
        (
            Some(Rule::GroupDomain),
            group(scan("visit", "t0", &["cost"]), &[("c", col("t0.cost"))], vec![count()]),
        ),
        (
            // One employer may have any number of rows.
            Some(Rule::JoinKey),
            group(
                join(
                    JoinKind::Inner,
                    persons(),
                    scan("person", "t1", &["employer"]),
                    &[("t0.employer", "t1.employer")],
                ),
                &[],
                vec![count()],
            ),
        ),
        (Some(Rule::ConditionalAggregate), sum_of(least(vec![col("t0.income"), int(10)]))),
    ];
    for (rule, rel) in table {
        assert_eq!(judged(&rel, &terms()), rule, "{rel:?}");
    }
    assert_eq!(judged(&by_district(vec![count()]), &Terms::new(Mode::Statistics)), Some(Rule::Unprotected));
    assert_eq!(judged(&persons(), &Terms::new(Mode::Dev)), None);
    assert_eq!(judged(&keyed(col("t0.age")), &Terms::new(Mode::Order)), None);
    let bare = judge(&sum_of(col("t0.income")), &policy(), &terms()).unwrap_err();
    assert_eq!((bare.rule, bare.column.as_deref()), (Rule::FanOut, Some("person")));
}

/// What nobody can have costs nothing.
#[test]
fn conditions_on_what_is_on_no_list_are_not_paid_for() {
    let asked = |predicate: Expr| group(filter(persons(), predicate), &[], vec![count()]);
    let among = |values: &[&str]| Expr::InList {
        input: Box::new(col("t0.district")),
        list: values.iter().map(|value| text(value)).collect(),
        negated: false,
    };
    let renamed = Rel::Project {
        input: Box::new(persons()),
        columns: vec![named("id", col("t0.id")), named("where", col("t0.district"))],
    };
    let elsewhere = group(filter(renamed, eq(col("where"), text("x"))), &[], vec![count()]);
    for (rule, rel) in [
        (None, asked(eq(col("t0.district"), text("a")))),
        (Some(Rule::UnknownCode), asked(eq(col("t0.district"), text("x")))),
        (Some(Rule::UnknownCode), asked(eq(text("A"), col("t0.district")))),
        (None, asked(among(&["a", "c"]))),
        (Some(Rule::UnknownCode), asked(among(&["a", "x"]))),
        (Some(Rule::UnknownCode), elsewhere),
        (
            Some(Rule::UnknownCode),
            asked(eq(Expr::Cast { input: Box::new(col("t0.district")), to: DataType::Text }, text("x"))),
        ),
        (None, asked(eq(call(Function::Upper, vec![col("t0.district")]), text("A")))),
    ] {
        assert_eq!(judged(&rel, &noisy()), rule, "{rel:?}");
    }
}

#[test]
fn noise_covers_what_one_entity_can_change() {
    let joined = join(JoinKind::Inner, persons(), visits(), &[("t0.id", "t1.person_id")]);
    let clamped = least(vec![col("t1.cost"), int(200)]);
    let rel = group(
        joined,
        &[("d", col("t0.district"))],
        vec![
            count(),
            agg("sum", AggregateFunction::Sum, Some(col("t1.cost"))),
            agg("mean", AggregateFunction::Avg, Some(clamped)),
            agg("who", AggregateFunction::CountDistinct, Some(col("t0.id"))),
        ],
    );
    let judged = judge(&rel, &declared(), &noisy()).unwrap();
    let sensitivities: Vec<_> =
        judged.numbers().iter().map(|n| (n.aggregate.as_str(), n.kind, n.sensitivity)).collect();
    assert_eq!(
        sensitivities,
        [
            ("n", NumberKind::Count, 5),
            ("sum", NumberKind::Sum, 5_000),
            ("mean", NumberKind::Sum, 1_000),
            ("mean", NumberKind::Count, 5),
            ("who", NumberKind::Entities, 5),
        ]
    );
    assert_eq!(judged.cells_max(), Some(4), "three districts and none");
    let shown = judged.cells().unwrap();
    assert!(shown.len() == 4 && shown.iter().all(|keys| keys.len() == 1), "{shown:?}");
    let cost = judged.cost().unwrap();
    assert_eq!(cost.micro, 5_000);
    assert_eq!(Budget::new(Unit::MicroEpsilon, 6_000).spend(cost), Ok(1_000));
    let exact = judge(&sum_of(col("t0.income")), &declared(), &terms()).unwrap();
    assert_eq!((exact.numbers()[0].sensitivity, exact.cost()), (100_000, None));
}

#[test]
fn bounds_are_proven_or_say_what_is_missing() {
    use ArithmeticOp::{Add, Divide, Modulo, Multiply, Subtract};
    let policy = declared();
    let input = persons();
    let parameters = Parameters::from([("p".to_owned(), Domain::Range { low: 1, high: 9, step: 1 })]);
    let bound = |expr: &Expr| bounds(expr, &input, &policy, &parameters);
    let ends = |expr: &Expr| bound(expr).map(|interval| (interval.low(), interval.high()));
    let age = || col("t0.age");
    let p = Expr::Parameter { name: "p".into(), data_type: DataType::Integer };
    let compare = |op, left, right| Expr::Compare { op, left: Box::new(left), right: Box::new(right) };
    let wild = || arithmetic(Divide, col("t0.income"), age());
    let clamp = Expr::Case {
        branches: vec![
            (compare(CompareOp::Greater, wild(), float(50.0)), float(50.0)),
            (compare(CompareOp::Less, wild(), float(-1.0)), float(-1.0)),
        ],
        otherwise: Some(Box::new(wild())),
    };
    let proven = [
        (age(), (0.0, 119.0)),
        (arithmetic(Add, age(), arithmetic(Multiply, age(), int(2))), (0.0, 357.0)),
        (arithmetic(Divide, col("t0.income"), arithmetic(Add, age(), int(1))), (0.0, 100_000.0)),
        (arithmetic(Modulo, age(), int(7)), (0.0, 6.0)),
        (call(Function::Abs, vec![arithmetic(Subtract, age(), int(100))]), (0.0, 100.0)),
        (least(vec![call(Function::Greatest, vec![wild(), int(0)]), int(9)]), (0.0, 9.0)),
        (clamp, (-1.0, 50.0)),
        (case(eq(age(), int(3)), age()), (3.0, 3.0)),
        (arithmetic(Divide, age(), p.clone()), (0.0, 119.0)),
        (arithmetic(Subtract, Expr::literal(Literal::Date(14_609)), col("t0.born")), (0.0, 21_914.0)),
    ];
    for (expr, expected) in proven {
        assert_eq!(ends(&expr), Ok(expected), "{expr:?}");
    }
    let huge = (0..8).fold(col("t0.income"), |expr, _| arithmetic(Multiply, expr, int(1_000_000)));
    let whole = (0..8).fold(age(), |expr, _| arithmetic(Multiply, expr, int(1_000_000)));
    let refused = [
        (wild(), Unbounded::Divisor),
        (whole, Unbounded::Grows),
        (call(Function::CharacterLength, vec![col("t0.district")]), Unbounded::Grows),
        (least(vec![age(), col("t0.district")]), Unbounded::Nulls { column: "t0.district".into() }),
        (
            Expr::Parameter { name: "q".into(), data_type: DataType::Integer },
            Unbounded::Parameter { name: "q".into() },
        ),
    ];
    for (expr, why) in refused {
        assert_eq!(bound(&expr), Err(why), "{expr:?}");
    }
    assert!(bound(&huge).unwrap().whole().is_none(), "finite, but past what can be counted");
    let undeclared = bounds(&age(), &input, &super::policy(), &parameters);
    assert_eq!(undeclared, Err(Unbounded::Nulls { column: "t0.age".into() }));
}

#[test]
fn no_parameter_becomes_a_lookup() {
    let policy = {
        let mut policy = declared();
        // A key that nobody labelled an identifier.
        policy.resources.get_mut("visit").unwrap().columns.get_mut("person_id").unwrap().label =
            Some(Label::Quasi);
        policy
    };
    let on = |predicate| group(filter(visits(), predicate), &[], vec![count()]);
    let key = || col("t1.person_id");
    let like = Expr::InList { input: Box::new(key()), list: vec![text("a"), parameter("p")], negated: false };
    let glued = eq(call(Function::Concat, vec![key(), parameter("p")]), text("x"));
    let projected = filter(
        Rel::Project {
            input: Box::new(visits()),
            columns: vec![named("who", key()), named("asked", parameter("p"))],
        },
        eq(col("who"), col("asked")),
    );
    let list = |values: &[&str]| Domain::List(values.iter().map(|v| Literal::Text((*v).into())).collect());
    let long: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let long = list(&long.iter().map(String::as_str).collect::<Vec<_>>());
    let judged = |rel: &Rel, mode, domain: Option<&Domain>| {
        let parameters = domain.map(|domain| ("p".to_owned(), domain.clone())).into_iter().collect();
        let terms = Terms { mode, parameters, ..terms() };
        judge(rel, &policy, &terms).err().map(|refusal| refusal.rule)
    };
    for rel in [on(eq(key(), parameter("p"))), on(like), on(glued), group(projected, &[], vec![count()])] {
        assert_eq!(judged(&rel, Mode::Order, Some(&long)), Some(Rule::ParameterLookup), "{rel:?}");
        assert_eq!(judged(&rel, Mode::Order, None), Some(Rule::ParameterLookup), "{rel:?}");
        assert_eq!(judged(&rel, Mode::Order, Some(&list(&["a", "b"]))), None, "{rel:?}");
        assert_eq!(judged(&rel, Mode::Statistics, Some(&long)), Some(Rule::ParameterLookup), "{rel:?}");
    }
    // Side by side is not together.
    let beside = Expr::Logic {
        op: LogicOp::And,
        args: vec![
            Expr::IsNull { input: Box::new(key()), negated: true },
            eq(col("t1.cost"), Expr::Parameter { name: "p".into(), data_type: DataType::Float }),
        ],
    };
    assert_eq!(judged(&on(beside.clone()), Mode::Order, None), None);
    assert_eq!(judged(&on(beside), Mode::Statistics, None), Some(Rule::ParameterUndeclared));
}

#[test]
fn parameters_are_no_finer_than_the_columns_they_meet() {
    let age = |op| Expr::Compare {
        op,
        left: Box::new(col("t0.age")),
        right: Box::new(Expr::Parameter { name: "p".into(), data_type: DataType::Integer }),
    };
    let judged = |expr: Expr, domain| {
        let terms = Terms { parameters: [("p".to_owned(), domain)].into(), ..terms() };
        judge(&where_(expr), &declared(), &terms).err().map(|refusal| refusal.rule)
    };
    let older = || age(CompareOp::GreaterEq);
    assert_eq!(judged(older(), Domain::Range { low: 0, high: 119, step: 1 }), Some(Rule::ParameterDomain));
    assert_eq!(judged(older(), Domain::Range { low: 0, high: 119, step: 10 }), None);
    assert_eq!(judged(older(), Domain::Range { low: 9, high: 0, step: 10 }), Some(Rule::ParameterUndeclared));
    let district = eq(col("t0.district"), parameter("p"));
    assert_eq!(judged(district, Domain::Codes(vec![Code::Text("z".into())])), None, "the column is public");
}

/// Picking a row of a public register and joining it with a unique column is a lookup in two steps.
#[test]
fn a_register_between_parameter_and_key_hides_nothing() {
    let mut policy = declared();
    policy.resources.get_mut("person").unwrap().columns.get_mut("employer").unwrap().label =
        Some(Label::Quasi);
    policy.resources.get_mut("person").unwrap().rows.unique.push(BTreeSet::from(["employer".to_owned()]));
    let picked = filter(scan("weather", "t1", &["station"]), eq(col("t1.station"), parameter("p")));
    let rel =
        group(join(JoinKind::Inner, persons(), picked, &[("t0.employer", "t1.station")]), &[], vec![count()]);
    let refusal = judge(&rel, &policy, &Terms::new(Mode::Order)).unwrap_err();
    assert_eq!((refusal.rule, refusal.column.as_deref()), (Rule::ParameterLookup, Some("employer")));
}

#[test]
fn stages_lead_from_rows_to_releases_and_never_past_the_aggregate() {
    use Stage::{Aggregated, Perturbed, Private, Public, Released, UnitPreserving};
    for raw in [Private, UnitPreserving] {
        assert_eq!(raw.after(Step::Release), None);
        assert_eq!(raw.after(Step::Perturb), None);
        assert_eq!(raw.after(Step::Aggregate), Some(Aggregated));
    }
    assert_eq!(Aggregated.after(Step::Perturb), Some(Perturbed));
    assert_eq!(Perturbed.after(Step::Release), Some(Released));
    assert_eq!(Public.after(Step::Release), Some(Public));
    assert_eq!(Private.with(Public), UnitPreserving);
    assert_eq!(Aggregated.with(Public), Aggregated);
    let policy = declared();
    let stage = |rel: &Rel, column: &str| resolve(rel, &policy).unwrap().column(column).unwrap().stage;
    assert_eq!(stage(&persons(), "t0.district"), Private, "that the row is there says something");
    assert_eq!(stage(&scan("weather", "t0", &["rain"]), "t0.rain"), Public);
    let per_person = group(visits(), &[("who", col("t1.person_id"))], vec![count()]);
    assert_eq!(stage(&per_person, "n"), UnitPreserving);
    assert_eq!(stage(&by_district(vec![count()]), "n"), Aggregated);
    assert_eq!(check(&by_district(vec![count()]), &policy).unwrap().schema().columns[1].stage, Released);
    // One cell an entity is no aggregate, whatever the key is called.
    let mut quasi = policy.clone();
    quasi.resources.get_mut("visit").unwrap().columns.get_mut("person_id").unwrap().label =
        Some(Label::Quasi);
    assert_eq!(check(&per_person, &quasi).unwrap_err().rule, Rule::IdentifierGroup);
}
