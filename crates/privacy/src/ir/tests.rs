mod advice;
mod interpreter;
mod meetings;
mod population;
mod properties;
mod random;
mod statistics;
mod terms;
mod weights;

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn resource(entity: Option<Entity>, columns: &[(&str, DataType, Option<Label>)]) -> ResourcePolicy {
    let columns = columns
        .iter()
        .map(|(name, data_type, label)| ((*name).to_owned(), ColumnPolicy::new(*data_type, *label)))
        .collect();
    ResourcePolicy::new(entity, columns)
}

fn entity(kind: &str, columns: &[&str], protected: bool) -> Option<Entity> {
    Some(Entity { kind: kind.into(), columns: columns.iter().map(|c| (*c).into()).collect(), protected })
}

fn policy() -> Policy {
    let person = resource(
        entity("person", &["id"], true),
        &[
            ("id", DataType::Text, Some(Label::Identifier)),
            ("name", DataType::Text, Some(Label::Identifier)),
            ("district", DataType::Text, Some(Label::Public)),
            ("age", DataType::Integer, Some(Label::Quasi)),
            ("income", DataType::Decimal { precision: 18, scale: 2 }, Some(Label::Sensitive)),
            ("employer", DataType::Text, Some(Label::Identifier)),
            ("born", DataType::Date, Some(Label::Quasi)),
            ("draft", DataType::Text, None),
        ],
    );
    let visit = resource(
        entity("person", &["person_id"], true),
        &[
            ("person_id", DataType::Text, Some(Label::Identifier)),
            ("cost", DataType::Float, Some(Label::Sensitive)),
            ("place", DataType::Text, Some(Label::Public)),
        ],
    );
    let enterprise = resource(
        entity("enterprise", &["region", "code"], true),
        &[
            ("region", DataType::Text, Some(Label::Public)),
            ("code", DataType::Text, Some(Label::Identifier)),
            ("industry", DataType::Text, Some(Label::Public)),
        ],
    );
    let weather = resource(
        entity("observation", &["station", "hour"], false),
        &[("station", DataType::Text, Some(Label::Public)), ("rain", DataType::Float, Some(Label::Public))],
    );
    let secret = resource(
        entity("observation", &["station"], false),
        &[("station", DataType::Text, Some(Label::Sensitive))],
    );
    let bare = resource(None, &[("x", DataType::Integer, Some(Label::Public))]);
    let resources = BTreeMap::from(
        [
            ("person", person),
            ("visit", visit),
            ("enterprise", enterprise),
            ("weather", weather),
            ("secret", secret),
            ("bare", bare),
        ]
        .map(|(name, policy)| (name.to_owned(), policy)),
    );
    Policy { resources }
}

/// The same with everything declared that statistics mode asks for.
fn declared() -> Policy {
    let mut policy = policy();
    let mut column = |resource: &str, column: &str, declared: Declared| {
        policy.resources.get_mut(resource).unwrap().columns.get_mut(column).unwrap().declared = declared;
    };
    let codes = |codes: &[&str]| Some(Groups::Codes(codes.iter().map(|c| Code::Text((*c).into())).collect()));
    let number = |low, high, nulls, groups| Declared {
        bounds: Some(Bounds::new(low, high).unwrap()),
        nulls: Some(nulls),
        groups,
        coarser: None,
    };
    column("person", "id", Declared { nulls: Some(Nulls::Never), ..Declared::default() });
    column("person", "name", Declared { coarser: Some("district".into()), ..Declared::default() });
    column("person", "district", Declared { groups: codes(&["a", "b", "c"]), ..Declared::default() });
    column("person", "age", number(0, 119, Nulls::Never, Some(Groups::Bands(10))));
    column("person", "income", number(0, 100_000, Nulls::Absent, None));
    // 1950-01-01 to 2009-12-31.
    column("person", "born", number(-7_305, 14_609, Nulls::Never, Some(Groups::Bands(365))));
    column("visit", "cost", number(0, 1_000, Nulls::Absent, None));
    column("visit", "person_id", Declared { nulls: Some(Nulls::Never), ..Declared::default() });
    column("visit", "place", Declared { groups: codes(&["a", "b", "c"]), ..Declared::default() });
    column("enterprise", "industry", Declared { groups: Some(Groups::AtMost(20)), ..Declared::default() });
    let mut rows = |resource: &str, unique: &[&str], per_entity| {
        let unique =
            if unique.is_empty() { vec![] } else { vec![unique.iter().map(|c| (*c).to_owned()).collect()] };
        policy.resources.get_mut(resource).unwrap().rows = Rows { unique, per_entity };
    };
    rows("person", &["id"], None);
    rows("visit", &[], Some(5));
    rows("enterprise", &["code"], None);
    policy
}

fn scan(resource: &str, alias: &str, columns: &[&str]) -> Rel {
    Rel::Scan {
        resource: resource.into(),
        alias: alias.into(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
    }
}

fn col(name: &str) -> Expr {
    Expr::column(name)
}

fn text(value: &str) -> Expr {
    Expr::literal(Literal::Text(value.into()))
}

fn int(value: i64) -> Expr {
    Expr::literal(Literal::Integer(value))
}

fn eq(left: Expr, right: Expr) -> Expr {
    Expr::Compare { op: CompareOp::Eq, left: Box::new(left), right: Box::new(right) }
}

fn named(name: &str, expr: Expr) -> Named {
    Named { name: name.into(), expr }
}

fn agg(name: &str, function: AggregateFunction, argument: Option<Expr>) -> NamedAggregate {
    NamedAggregate { name: name.into(), function, argument }
}

fn count() -> NamedAggregate {
    agg("n", AggregateFunction::Count, None)
}

fn group(input: Rel, keys: &[(&str, Expr)], aggregates: Vec<NamedAggregate>) -> Rel {
    let group = keys.iter().map(|(name, expr)| named(name, expr.clone())).collect();
    Rel::Aggregate { input: Box::new(input), group, aggregates }
}

fn filter(input: Rel, predicate: Expr) -> Rel {
    Rel::Filter { input: Box::new(input), predicate }
}

fn visits() -> Rel {
    scan("visit", "t1", &["person_id", "cost"])
}

fn persons() -> Rel {
    scan("person", "t0", &["id", "name", "district", "age", "income", "employer", "born"])
}

fn case(condition: Expr, value: Expr) -> Expr {
    Expr::Case { branches: vec![(condition, value)], otherwise: None }
}

fn call(function: Function, args: Vec<Expr>) -> Expr {
    Expr::Call { function, args }
}

fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr) -> Expr {
    Expr::Arithmetic { op, left: Box::new(left), right: Box::new(right) }
}

fn by_district(aggregates: Vec<NamedAggregate>) -> Rel {
    group(persons(), &[("district", col("t0.district"))], aggregates)
}

fn sum_of(expr: Expr) -> Rel {
    by_district(vec![agg("s", AggregateFunction::Sum, Some(expr))])
}

fn where_(predicate: Expr) -> Rel {
    group(filter(persons(), predicate), &[], vec![count()])
}

fn join(kind: JoinKind, left: Rel, right: Rel, on: &[(&str, &str)]) -> Rel {
    Rel::Join {
        kind,
        left: Box::new(left),
        right: Box::new(right),
        on: on.iter().map(|(l, r)| (col(l), col(r))).collect(),
        nulls_equal: false,
        filter: None,
    }
}

fn refused(rel: &Rel) -> Option<Rule> {
    check(rel, &policy()).err().map(|refusal| refusal.rule)
}

#[test]
fn aggregates_over_declared_entities_pass() {
    let income = || agg("income", AggregateFunction::Avg, Some(col("t0.income")));
    let plain = by_district(vec![count(), income()]);
    let checked = check(&plain, &policy()).unwrap();
    assert_eq!(checked.keys(), ["district"]);
    assert_eq!(checked.resources(), ["person"]);
    assert_eq!(checked.entities().len(), 1);
    assert_eq!(checked.schema().columns[2].data_type, DataType::Float);
    let ordered = Rel::Sort {
        input: Box::new(by_district(vec![count(), income()])),
        keys: vec![SortKey { expr: col("n"), descending: true, nulls_first: false }],
    };
    let renamed = Rel::Project { input: Box::new(ordered), columns: vec![named("how_many", col("n"))] };
    for rel in [
        plain,
        renamed,
        group(persons(), &[], vec![agg("d", AggregateFunction::CountDistinct, Some(col("t0.employer")))]),
        group(persons(), &[("band", case(eq(col("t0.age"), int(33)), text("33")))], vec![count()]),
        where_(eq(col("t0.id"), col("t0.employer"))),
        where_(Expr::IsNull { input: Box::new(col("t0.employer")), negated: true }),
        sum_of(arithmetic(ArithmeticOp::Multiply, col("t0.income"), int(2))),
        sum_of(arithmetic(ArithmeticOp::Divide, col("t0.income"), int(10_000))),
        sum_of(arithmetic(
            ArithmeticOp::Divide,
            arithmetic(ArithmeticOp::Subtract, col("t0.income"), col("t0.age")),
            Expr::literal(Literal::Float(100.0)),
        )),
        sum_of(Expr::Cast { input: Box::new(col("t0.age")), to: DataType::Float }),
        group(
            join(JoinKind::Anti, persons(), visits(), &[("t0.id", "t1.person_id")]),
            &[("d", col("t0.district"))],
            vec![count()],
        ),
        group(
            scan("weather", "t0", &["station", "rain"]),
            &[("s", col("t0.station"))],
            vec![agg("max", AggregateFunction::Max, Some(col("t0.rain")))],
        ),
        group(
            filter(
                persons(),
                Expr::Between {
                    input: Box::new(col("t0.born")),
                    low: Box::new(Expr::literal(Literal::Date(0))),
                    high: Box::new(arithmetic(
                        ArithmeticOp::Add,
                        Expr::literal(Literal::Date(0)),
                        Expr::literal(Literal::Interval { months: 12, days: 0 }),
                    )),
                    negated: false,
                },
            ),
            &[("year", call(Function::DatePart, vec![text("year"), col("t0.born")]))],
            vec![count()],
        ),
    ] {
        assert_eq!(refused(&rel), None, "{rel:?}");
    }
}

#[test]
fn what_reveals_an_entity_is_refused() {
    let table: Vec<(Rule, Rel)> = vec![
        (Rule::NotAggregate, persons()),
        (Rule::NotAggregate, filter(persons(), eq(col("t0.age"), int(33)))),
        (Rule::NotAggregate, Rel::Union { inputs: vec![by_district(vec![count()])] }),
        (Rule::IdentifierGroup, group(persons(), &[("id", col("t0.id"))], vec![count()])),
        (Rule::RawAggregate, by_district(vec![agg("m", AggregateFunction::Max, Some(col("t0.income")))])),
        (Rule::RawAggregate, by_district(vec![agg("m", AggregateFunction::Min, Some(col("t0.name")))])),
        (Rule::RawAggregate, by_district(vec![agg("m", AggregateFunction::Median, Some(col("t0.income")))])),
        (Rule::RawAggregate, by_district(vec![agg("v", AggregateFunction::Variance, Some(col("t0.age")))])),
        (Rule::RawAggregate, by_district(vec![agg("m", AggregateFunction::Min, Some(col("t0.born")))])),
        (Rule::ConditionalAggregate, sum_of(case(eq(col("t0.age"), int(33)), col("t0.income")))),
        (Rule::ConditionalAggregate, sum_of(call(Function::Abs, vec![col("t0.age")]))),
        (Rule::ConditionalAggregate, sum_of(arithmetic(ArithmeticOp::Divide, int(1), col("t0.age")))),
        (
            Rule::ConditionalAggregate,
            by_district(vec![agg(
                "n",
                AggregateFunction::Count,
                Some(call(Function::NullIf, vec![col("t0.age"), int(33)])),
            )]),
        ),
        (Rule::EntityUndeclared, group(scan("bare", "t0", &["x"]), &[], vec![count()])),
        (Rule::EntityUndeclared, group(scan("secret", "t0", &["station"]), &[], vec![count()])),
        (Rule::Unclassified, group(scan("person", "t0", &["draft"]), &[], vec![count()])),
        (
            Rule::LimitBelow,
            group(Rel::Limit { input: Box::new(persons()), skip: 0, fetch: Some(1) }, &[], vec![count()]),
        ),
        (
            Rule::EntityLost,
            group(by_district(vec![count()]), &[], vec![agg("m", AggregateFunction::Sum, Some(col("n")))]),
        ),
        (Rule::AfterAggregate, filter(by_district(vec![count()]), eq(col("n"), int(1)))),
        (
            Rule::AfterAggregate,
            Rel::Limit { input: Box::new(by_district(vec![count()])), skip: 0, fetch: Some(1) },
        ),
        (
            Rule::UnionSameResource,
            group(
                Rel::Union {
                    inputs: vec![scan("person", "a", &["district"]), scan("visit", "b", &["place"])],
                },
                &[("d", col("a.district"))],
                vec![count()],
            ),
        ),
    ];
    for (rule, rel) in &table {
        assert_eq!(refused(rel), Some(*rule), "{rel:?}");
    }
}

/// Whether a row is there must not tell of an entity that nobody counts.
#[test]
fn joins_that_bring_in_uncounted_entities_are_refused() {
    let weather = || scan("weather", "t0", &["station", "rain"]);
    let by_station = |rel| group(rel, &[("s", col("t0.station"))], vec![count()]);
    let on = [("t0.id", "t1.person_id")];
    let other = [("t0.employer", "t1.person_id")];
    let table = [
        (Some(Rule::SemiJoin), by_station(join(JoinKind::Semi, weather(), visits(), &[]))),
        (Some(Rule::SemiJoin), by_station(join(JoinKind::Anti, weather(), visits(), &[]))),
        (Some(Rule::SemiJoin), group(join(JoinKind::Semi, persons(), visits(), &other), &[], vec![count()])),
        (
            Some(Rule::SemiJoin),
            group(
                join(JoinKind::Semi, persons(), group(visits(), &[("cost", col("t1.cost"))], vec![]), &[]),
                &[],
                vec![count()],
            ),
        ),
        (Some(Rule::OuterJoin), by_station(join(JoinKind::Left, weather(), visits(), &[]))),
        (Some(Rule::OuterJoin), group(join(JoinKind::Left, persons(), visits(), &other), &[], vec![count()])),
        (
            Some(Rule::OuterJoin),
            group(
                join(
                    JoinKind::Left,
                    persons(),
                    scan("visit", "t1", &["person_id", "place"]),
                    &[("t0.id", "t1.person_id")],
                ),
                &[("d", col("t0.district"))],
                vec![agg("m", AggregateFunction::Max, Some(col("t1.place")))],
            ),
        ),
        (None, group(join(JoinKind::Semi, persons(), visits(), &on), &[], vec![count()])),
        (None, group(join(JoinKind::Left, persons(), visits(), &on), &[], vec![count()])),
        (None, group(join(JoinKind::Inner, persons(), visits(), &other), &[], vec![count()])),
        (
            None,
            group(
                join(
                    JoinKind::Left,
                    persons(),
                    scan("weather", "t1", &["station"]),
                    &[("t0.district", "t1.station")],
                ),
                &[],
                vec![count()],
            ),
        ),
    ];
    for (rule, rel) in table {
        assert_eq!(refused(&rel), rule, "{rel:?}");
    }
}

/// Steps, products and powers would single out a value inside a sum.
#[test]
fn arguments_of_sums_are_linear() {
    use ArithmeticOp::{Add, Divide, Multiply};
    let decimal = DataType::Decimal { precision: 10, scale: 0 };
    let doubled = (0..4).fold(col("t0.income"), |expr, _| arithmetic(Add, expr.clone(), expr));
    let shifted = arithmetic(Add, col("t0.income"), int(4_503_599_627_370_496));
    let scaled = |by| arithmetic(Multiply, col("t0.age"), by);
    let step = Expr::Cast {
        input: Box::new(arithmetic(Divide, col("t0.income"), Expr::literal(Literal::Float(1000.0)))),
        to: decimal,
    };
    let table = [
        (Rule::NonlinearAggregate, sum_of(arithmetic(Multiply, col("t0.income"), col("t0.income")))),
        (Rule::NonlinearAggregate, sum_of(arithmetic(Multiply, col("t0.income"), col("t0.age")))),
        (Rule::NonlinearAggregate, sum_of(arithmetic(Divide, col("t0.age"), int(5)))),
        (Rule::NonlinearAggregate, sum_of(shifted)),
        (Rule::NonlinearAggregate, sum_of(doubled)),
        (Rule::NonlinearAggregate, sum_of(scaled(int(4_611_686_018_427_387_904)))),
        (Rule::NonlinearAggregate, sum_of(scaled(Expr::literal(Literal::Float(1e300))))),
        (Rule::NonlinearAggregate, sum_of(arithmetic(Add, scaled(int(2)), col("t0.age")))),
        (
            Rule::NonlinearAggregate,
            sum_of(scaled(Expr::Parameter { name: "k".into(), data_type: DataType::Float })),
        ),
        (
            Rule::NonlinearAggregate,
            by_district(vec![agg("n", AggregateFunction::Count, Some(scaled(int(2))))]),
        ),
        (Rule::ConditionalAggregate, sum_of(arithmetic(Multiply, col("t0.income"), step))),
        (
            Rule::ConditionalAggregate,
            by_district(vec![agg(
                "n",
                AggregateFunction::Count,
                Some(Expr::Cast { input: Box::new(col("t0.income")), to: decimal }),
            )]),
        ),
    ];
    for (rule, rel) in table {
        assert_eq!(refused(&rel), Some(rule), "{rel:?}");
    }
}

/// A run that fails for some values answers a question about them.
#[test]
fn arguments_that_could_fail_are_refused() {
    use Function::{Concat, DatePart, DateTrunc, Left, Replace, Round, Substring};
    let interval = |months| Expr::literal(Literal::Interval { months, days: 0 });
    let plus = |date, months| arithmetic(ArithmeticOp::Add, date, interval(months));
    let day = || Expr::literal(Literal::Date(0));
    let band = |expr| group(persons(), &[("band", expr)], vec![count()]);
    let district = || col("t0.district");
    let wide = (0..6).fold(district(), |expr, _| call(Concat, vec![expr.clone(), expr]));
    let unsafe_ones = [
        call(Substring, vec![district(), int(1), arithmetic(ArithmeticOp::Subtract, col("t0.age"), int(40))]),
        call(Substring, vec![district(), int(1), int(-1)]),
        call(Left, vec![district(), col("t0.age")]),
        call(Round, vec![col("t0.income"), col("t0.age")]),
        call(Round, vec![col("t0.income"), int(400)]),
        call(Replace, vec![district(), text("a"), text("aa")]),
        call(Replace, vec![district(), text("a"), district()]),
        wide,
        call(DateTrunc, vec![text("aeon"), col("t0.born")]),
        call(DatePart, vec![text("hour"), col("t0.born")]),
        call(DatePart, vec![district(), col("t0.born")]),
        plus(col("t0.born"), 1),
        plus(day(), 3_122_136),
        Expr::literal(Literal::Date(i32::MAX)),
        Expr::Cast { input: Box::new(district()), to: DataType::Date },
        Expr::Cast { input: Box::new(text("+262142-12-31")), to: DataType::Date },
    ];
    for expr in unsafe_ones {
        assert_eq!(refused(&band(expr.clone())), Some(Rule::UnsafeArgument), "{expr:?}");
    }
    let safe_ones = [
        call(Substring, vec![district(), int(1), int(4)]),
        call(Left, vec![district(), int(-2)]),
        call(Round, vec![col("t0.income"), int(-3)]),
        call(Replace, vec![district(), text("县"), text("")]),
        call(Concat, vec![district(), text("-"), district()]),
        call(DateTrunc, vec![text("MONTH"), col("t0.born")]),
        plus(Expr::Cast { input: Box::new(text("2026-01-01")), to: DataType::Date }, 12),
        arithmetic(ArithmeticOp::Divide, int(1), arithmetic(ArithmeticOp::Subtract, col("t0.age"), int(5))),
    ];
    for expr in safe_ones {
        assert_eq!(refused(&band(expr.clone())), None, "{expr:?}");
    }
}

#[test]
fn nothing_is_computed_from_identifiers() {
    let id = || col("t0.id");
    let number =
        Expr::Cast { input: Box::new(call(Function::Left, vec![id(), int(17)])), to: DataType::Float };
    let exprs = [
        number,
        Expr::Cast { input: Box::new(id()), to: DataType::Decimal { precision: 18, scale: 0 } },
        call(Function::Upper, vec![id()]),
        call(Function::NullIf, vec![id(), col("t0.employer")]),
        call(Function::Least, vec![id(), col("t0.employer")]),
        case(eq(col("t0.age"), int(33)), id()),
    ];
    for expr in exprs {
        let rel = by_district(vec![agg("n", AggregateFunction::CountDistinct, Some(expr.clone()))]);
        assert_eq!(refused(&rel), Some(Rule::IdentifierExpression), "{expr:?}");
        assert_eq!(refused(&where_(eq(expr.clone(), expr))), Some(Rule::IdentifierExpression));
    }
    let less =
        Expr::Compare { op: CompareOp::Less, left: Box::new(id()), right: Box::new(col("t0.employer")) };
    assert_eq!(refused(&where_(less)), Some(Rule::SinglingOut));
    let bare = by_district(vec![agg("n", AggregateFunction::CountDistinct, Some(id()))]);
    assert_eq!(refused(&bare), None);
}

#[test]
fn identifiers_meet_identifiers_only() {
    let id_compare = || eq(col("t0.id"), text("x"));
    let parameter = Expr::Parameter { name: "who".into(), data_type: DataType::Text };
    let table: Vec<(Rule, Rel)> = vec![
        (Rule::SinglingOut, where_(id_compare())),
        (Rule::SinglingOut, where_(eq(col("t0.id"), parameter))),
        (Rule::SinglingOut, where_(eq(col("t0.id"), col("t0.district")))),
        (Rule::SinglingOut, where_(Expr::Not { input: Box::new(id_compare()) })),
        (Rule::SinglingOut, group(persons(), &[("who", case(id_compare(), text("me")))], vec![count()])),
        (
            Rule::IdentifierExpression,
            where_(eq(call(Function::Least, vec![col("t0.id"), text("x")]), col("t0.id"))),
        ),
        (Rule::SinglingOut, where_(call(Function::StartsWith, vec![col("t0.id"), text("33")]))),
        (
            Rule::SinglingOut,
            where_(Expr::InList { input: Box::new(col("t0.id")), list: vec![text("x")], negated: true }),
        ),
        (
            Rule::SinglingOut,
            where_(Expr::Like {
                input: Box::new(col("t0.name")),
                pattern: "张%".into(),
                negated: false,
                ignore_case: false,
            }),
        ),
        (
            Rule::IdentifierExpression,
            where_(eq(
                call(
                    Function::CharacterLength,
                    vec![call(Function::Replace, vec![col("t0.id"), text("x"), text("")])],
                ),
                int(0),
            )),
        ),
    ];
    for (rule, rel) in &table {
        assert_eq!(refused(rel), Some(*rule), "{rel:?}");
    }
}

#[test]
fn malformed_queries_are_refused_by_name() {
    let deep = (0..100).fold(persons(), |rel, _| filter(rel, eq(int(1), int(1))));
    let wide = (0..100).fold(int(1), |expr, _| Expr::Negate { input: Box::new(expr) });
    let table = [
        (Rule::UnknownResource, scan("nope", "t0", &["x"]), Some("nope")),
        (Rule::UnknownColumn, scan("person", "t0", &["nope"]), Some("nope")),
        (Rule::UnknownColumn, filter(persons(), eq(col("age"), int(1))), Some("age")),
        (Rule::DuplicateName, scan("person", "t0", &["age", "age"]), Some("t0.age")),
        (Rule::DuplicateName, join(JoinKind::Inner, persons(), persons(), &[]), Some("t0")),
        (
            Rule::ReservedName,
            Rel::Project { input: Box::new(persons()), columns: vec![named("__x", int(1))] },
            Some("__x"),
        ),
        (Rule::TypeMismatch, filter(persons(), eq(col("t0.age"), text("x"))), Some("t0.age")),
        (Rule::TypeMismatch, filter(persons(), col("t0.age")), None),
        (Rule::TypeMismatch, filter(persons(), eq(Expr::literal(Literal::Float(f64::NAN)), int(1))), None),
        (Rule::BadArguments, filter(persons(), call(Function::StartsWith, vec![])), None),
        (Rule::BadArguments, Rel::Union { inputs: vec![] }, None),
        (Rule::TooDeep, deep, None),
        (Rule::TooDeep, filter(persons(), eq(wide, int(1))), None),
        (
            Rule::UnionLineage,
            Rel::Union {
                inputs: vec![scan("person", "a", &["district"]), scan("weather", "b", &["station"])],
            },
            None,
        ),
    ];
    for (rule, rel, column) in table {
        let refusal = resolve(&rel, &policy()).unwrap_err();
        assert_eq!((refusal.rule, refusal.column.as_deref()), (rule, column), "{rel:?}");
    }
}

#[test]
fn structure_alone_is_enough_for_the_dev_zone() {
    let schema = resolve(&filter(persons(), eq(col("t0.id"), text("x"))), &policy()).unwrap();
    assert_eq!(schema.columns.len(), 7);
    assert_eq!(schema.column("t0.id").unwrap().label, Label::Identifier);
}

#[test]
fn lineage_follows_joins_and_merges_equal_entities() {
    let left = persons();
    let visits = scan("visit", "t1", &["person_id", "cost"]);
    let joined = join(JoinKind::Left, left.clone(), visits.clone(), &[("t0.id", "t1.person_id")]);
    let rel = group(
        joined,
        &[("d", col("t0.district"))],
        vec![agg("c", AggregateFunction::Sum, Some(col("t1.cost")))],
    );
    let checked = check(&rel, &policy()).unwrap();
    assert_eq!(checked.entities().len(), 1, "one person, seen in two tables");

    let apart = join(JoinKind::Inner, left, visits, &[("t0.employer", "t1.person_id")]);
    let rel = group(apart, &[("d", col("t0.district"))], vec![count()]);
    let checked = check(&rel, &policy()).unwrap();
    assert_eq!(checked.entities().len(), 2, "two persons");
}

#[test]
fn an_inner_aggregate_by_entity_keeps_it() {
    let visits = scan("visit", "t1", &["person_id", "cost"]);
    let per_person = group(visits, &[("who", col("t1.person_id"))], vec![count()]);
    let rel =
        group(per_person, &[("visits", col("n"))], vec![agg("persons", AggregateFunction::Count, None)]);
    let counted = count_entities(&rel, &policy()).unwrap();
    let [persons] = counted.contributors.as_slice() else { panic!("one kind of entity") };
    assert_eq!(persons.need.columns, ["person_id"]);
    let text = serde_json::to_string(&persons.rel).unwrap();
    assert!(text.contains(r#""name":"__entity","expr":{"expr":"column","name":"who"}"#), "{text}");
}

#[test]
fn who_stands_behind_a_cell_is_asked_for_every_kind_of_entity_with_what_it_adds() {
    let enterprise = scan("enterprise", "t1", &["industry"]);
    let on = [("t0.employer", "t1.code")];
    let with_code = match enterprise {
        Rel::Scan { resource, alias, .. } => {
            Rel::Scan { resource, alias, columns: vec!["industry".into(), "code".into()] }
        }
        other => other,
    };
    let joined = join(JoinKind::Inner, persons(), with_code, &on);
    let projected = Rel::Project {
        input: Box::new(joined),
        columns: vec![named("industry", col("t1.industry")), named("income", col("t0.income"))],
    };
    let rel = group(
        projected,
        &[("industry", col("industry"))],
        vec![count(), agg("total", AggregateFunction::Sum, Some(col("income")))],
    );
    let rel = Rel::Project {
        input: Box::new(rel),
        columns: vec![named("行业", col("industry")), named("合计", col("total"))],
    };
    let counted = count_entities(&rel, &policy()).unwrap();
    let asked: Vec<&str> = counted.contributors.iter().map(|query| query.resource.as_str()).collect();
    assert_eq!(asked, ["person", "enterprise"]);
    let enterprises = &counted.contributors[1];
    assert_eq!(enterprises.need.columns, ["region", "code"]);
    let Rel::Project { columns, .. } = &enterprises.rel else { panic!("a projection") };
    let names: Vec<&str> = columns.iter().map(|named| named.name.as_str()).collect();
    assert_eq!(names, ["__group_0", "__entity", "__added_0_float", "__added_1_float"]);
    let added: Vec<_> = enterprises.contributions.iter().map(|c| (c.aggregate.as_str(), c.kind)).collect();
    assert_eq!(added, [("n", ContributionKind::Rows), ("total", ContributionKind::Values)]);
    let text = serde_json::to_string(&enterprises.rel).unwrap();
    assert!(
        text.contains(r#""columns":["industry","code","region"]"#),
        "the key is read though nobody asked"
    );
    assert_eq!(serde_json::from_str::<Rel>(&text).unwrap(), enterprises.rel);
}

#[test]
fn a_sum_of_several_columns_is_judged_by_each_of_them() {
    let both = Expr::Arithmetic {
        op: ArithmeticOp::Add,
        left: Box::new(col("t0.income")),
        right: Box::new(col("t0.age")),
    };
    let rel = group(persons(), &[], vec![agg("total", AggregateFunction::Sum, Some(both))]);
    let counted = count_entities(&rel, &policy()).unwrap();
    let kinds: Vec<_> = counted.contributors[0].contributions.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [ContributionKind::Values, ContributionKind::Part, ContributionKind::Part]);
}

#[test]
fn digests_pin_queries() {
    let one = where_(eq(col("t0.age"), int(33)));
    let other = where_(eq(col("t0.age"), int(34)));
    assert_ne!(digest(&one).unwrap(), digest(&other).unwrap());
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(digest(&serde_json::from_str(&json).unwrap()).unwrap(), digest(&one).unwrap());
    let infinite = filter(persons(), eq(Expr::literal(Literal::Float(f64::INFINITY)), int(1)));
    assert!(check(&infinite, &policy()).is_err());
}

#[test]
fn every_rule_has_its_code_and_both_languages() {
    let codes: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert!(rule.code().starts_with("privacy."));
        assert!(!rule.legal_form_zh().is_empty() && rule.legal_form_en().is_ascii(), "{rule:?}");
        assert!(!rule.why_zh().is_empty() && rule.why_en().is_ascii(), "{rule:?}");
    }
}
