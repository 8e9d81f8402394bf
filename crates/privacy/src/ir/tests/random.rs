//! Generated tables and legal plans.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::ir::reference::{Stored, Tables};

fn text_or_null(value: Option<&str>) -> Literal {
    value.map_or(Literal::Null(DataType::Text), |value| Literal::Text(value.into()))
}

/// Tables that keep what [`declared`] promises.
pub(super) fn tables() -> impl Strategy<Value = Tables> {
    let district = || option::weighted(0.9, select(vec!["a", "b", "c"]));
    let cents = option::weighted(0.9, 0_i64..=10_000_000);
    let cost = option::weighted(0.9, 0_u32..=1_000);
    let person = (district(), 0_i64..120, cents, option::weighted(0.9, 0_usize..3), -7_305_i32..=14_609);
    let person = (person, vec((cost, district()), 0..4));
    (vec(person, 0..9), vec((0.0..50.0_f64, district()), 0..3)).prop_map(|(people, weather)| {
        let mut persons = Vec::new();
        let mut visits = Vec::new();
        for (number, ((district, age, cents, employer, born), own)) in people.into_iter().enumerate() {
            let id = Literal::Text(format!("p{number}"));
            let decimal = DataType::Decimal { precision: 18, scale: 2 };
            let income =
                cents.map_or(Literal::Null(decimal), |cents| Literal::Decimal { unscaled: cents, scale: 2 });
            let employer = employer.map(|employer| format!("e{employer}"));
            persons.push(vec![
                id.clone(),
                Literal::Text(format!("name {number}")),
                text_or_null(district),
                Literal::Integer(age),
                income,
                text_or_null(employer.as_deref()),
                Literal::Date(born),
            ]);
            for (cost, place) in own {
                let cost =
                    cost.map_or(Literal::Null(DataType::Float), |cost| Literal::Float(f64::from(cost) / 2.0));
                visits.push(vec![id.clone(), cost, text_or_null(place)]);
            }
        }
        // Visits of somebody unknown.
        visits.push(vec![Literal::Text("x".into()), Literal::Float(7.0), Literal::Text("a".into())]);
        let enterprises = ["e0", "e1"].map(|code| {
            vec![Literal::Text("r".into()), Literal::Text(code.into()), Literal::Text("i".into())]
        });
        let rain =
            weather.into_iter().map(|(rain, station)| vec![text_or_null(station), Literal::Float(rain)]);
        let stored =
            |columns: &[&str], rows| Stored { columns: columns.iter().map(|c| (*c).into()).collect(), rows };
        Tables::from([
            (
                "person".to_owned(),
                stored(&["id", "name", "district", "age", "income", "employer", "born"], persons),
            ),
            ("visit".to_owned(), stored(&["person_id", "cost", "place"], visits)),
            ("enterprise".to_owned(), stored(&["region", "code", "industry"], enterprises.to_vec())),
            ("weather".to_owned(), stored(&["station", "rain"], rain.collect())),
        ])
    })
}

/// What a source of rows offers.
struct Offer {
    rel: Rel,
    predicates: Vec<Expr>,
    keys: Vec<Expr>,
    numbers: Vec<Expr>,
    counted: Vec<Expr>,
}

fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    Expr::Compare { op, left: Box::new(left), right: Box::new(right) }
}

fn of_person() -> Offer {
    let age = || col("t0.age");
    let null = |negated| Expr::IsNull { input: Box::new(col("t0.income")), negated };
    Offer {
        rel: persons(),
        predicates: vec![
            compare(CompareOp::GreaterEq, age(), int(40)),
            Expr::Not { input: Box::new(eq(col("t0.district"), text("a"))) },
            Expr::InList {
                input: Box::new(col("t0.district")),
                list: vec![text("a"), text("b")],
                negated: true,
            },
            Expr::Between {
                input: Box::new(age()),
                low: Box::new(int(18)),
                high: Box::new(int(90)),
                negated: false,
            },
            Expr::Logic {
                op: LogicOp::Or,
                args: vec![
                    null(false),
                    compare(CompareOp::Less, col("t0.born"), Expr::literal(Literal::Date(0))),
                ],
            },
            null(true),
        ],
        keys: vec![
            col("t0.district"),
            arithmetic(ArithmeticOp::Divide, age(), int(40)),
            call(Function::DatePart, vec![text("year"), col("t0.born")]),
        ],
        numbers: vec![
            col("t0.income"),
            age(),
            arithmetic(ArithmeticOp::Subtract, col("t0.income"), age()),
            arithmetic(ArithmeticOp::Multiply, col("t0.income"), Expr::literal(Literal::Float(0.5))),
        ],
        counted: vec![col("t0.id")],
    }
}

fn of_visit() -> Offer {
    Offer {
        rel: scan("visit", "t1", &["person_id", "cost", "place"]),
        predicates: vec![
            compare(CompareOp::Greater, col("t1.cost"), Expr::literal(Literal::Float(100.0))),
            Expr::Like {
                input: Box::new(col("t1.place")),
                pattern: "_%".into(),
                negated: false,
                ignore_case: false,
            },
        ],
        keys: vec![col("t1.place")],
        numbers: vec![col("t1.cost")],
        counted: vec![col("t1.person_id")],
    }
}

fn of_both(kind: JoinKind) -> Offer {
    let (mut left, right) = (of_person(), of_visit());
    left.rel = join(kind, left.rel, right.rel, &[("t0.id", "t1.person_id")]);
    if matches!(kind, JoinKind::Inner | JoinKind::Left) {
        left.predicates.extend(right.predicates);
        left.keys.extend(right.keys);
        left.numbers.extend(right.numbers);
    }
    left
}

fn offer(source: usize) -> Offer {
    match source {
        0 => of_person(),
        1 => of_visit(),
        2 => of_both(JoinKind::Inner),
        3 => of_both(JoinKind::Left),
        4 => of_both(JoinKind::Semi),
        5 => of_both(JoinKind::Anti),
        6 => {
            let mut offer = of_person();
            let enterprises = scan("enterprise", "t2", &["region", "code", "industry"]);
            offer.rel = join(JoinKind::Inner, offer.rel, enterprises, &[("t0.employer", "t2.code")]);
            offer.keys.push(col("t2.industry"));
            offer
        }
        _ => {
            let total = agg("total", AggregateFunction::Sum, Some(col("t1.cost")));
            let mean = agg("mean", AggregateFunction::Avg, Some(col("t1.cost")));
            Offer {
                rel: group(of_visit().rel, &[("who", col("t1.person_id"))], vec![count(), total, mean]),
                predicates: vec![compare(CompareOp::Greater, col("n"), int(1))],
                keys: vec![],
                numbers: vec![col("n"), col("total"), col("mean")],
                counted: vec![],
            }
        }
    }
}

/// How many sources there are.
pub(super) const SOURCES: usize = 8;

/// Plans over the given sources that [`check`] passes.
pub(super) fn plans(sources: std::ops::Range<usize>) -> impl Strategy<Value = Rel> {
    let plans = sources.prop_flat_map(|source| {
        let offer = offer(source);
        let pick = |all: Vec<Expr>, most: usize| {
            let most = most.min(all.len());
            subsequence(all, 0..=most)
        };
        let distinct = |expr: Expr| (AggregateFunction::CountDistinct, expr);
        let mut aggregates: Vec<_> = offer.counted.iter().cloned().map(distinct).collect();
        for number in offer.numbers {
            aggregates.push((AggregateFunction::Sum, number.clone()));
            aggregates.push((AggregateFunction::Avg, number.clone()));
        }
        let most = aggregates.len().min(3);
        let aggregates = subsequence(aggregates, 0..=most);
        let rel = offer.rel;
        (pick(offer.predicates, 2), pick(offer.keys, 2), aggregates, any::<bool>()).prop_map(
            move |(predicates, keys, aggregates, projected)| {
                plan(rel.clone(), predicates, &keys, aggregates, projected)
            },
        )
    });
    plans.prop_filter("releasable", |rel| check(rel, &declared()).is_ok())
}

fn plan(
    rel: Rel,
    predicates: Vec<Expr>,
    keys: &[Expr],
    aggregates: Vec<(AggregateFunction, Expr)>,
    projected: bool,
) -> Rel {
    let filtered = predicates.into_iter().fold(rel, filter);
    let group: Vec<Named> =
        keys.iter().enumerate().map(|(index, key)| named(&format!("k{index}"), key.clone())).collect();
    let mut all = vec![agg("rows", AggregateFunction::Count, None)];
    for (index, (function, expr)) in aggregates.into_iter().enumerate() {
        all.push(agg(&format!("a{index}"), function, Some(expr)));
    }
    let names: Vec<String> =
        group.iter().map(|key| key.name.clone()).chain(all.iter().map(|a| a.name.clone())).collect();
    let rel = Rel::Aggregate { input: Box::new(filtered), group, aggregates: all };
    if !projected {
        return rel;
    }
    let sorted = Rel::Sort {
        input: Box::new(rel),
        keys: vec![SortKey { expr: col("rows"), descending: true, nulls_first: false }],
    };
    Rel::Project {
        input: Box::new(sorted),
        columns: names.iter().map(|name| named(name, col(name))).collect(),
    }
}

/// Numeric expressions over persons and visits, well typed or not.
pub(super) fn expressions() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        Just(col("t0.age")),
        Just(col("t0.income")),
        Just(col("t1.cost")),
        Just(col("t0.born")),
        Just(Expr::literal(Literal::Null(DataType::Integer))),
        (-5_i64..200).prop_map(int),
        (-2.0..300.0_f64).prop_map(|value| Expr::literal(Literal::Float(value))),
        (-500_i64..50_000).prop_map(|unscaled| Expr::literal(Literal::Decimal { unscaled, scale: 2 })),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let ops = select(vec![
            ArithmeticOp::Add,
            ArithmeticOp::Subtract,
            ArithmeticOp::Multiply,
            ArithmeticOp::Divide,
            ArithmeticOp::Modulo,
        ]);
        let compares = select(vec![
            CompareOp::Eq,
            CompareOp::NotEq,
            CompareOp::Less,
            CompareOp::LessEq,
            CompareOp::Greater,
            CompareOp::GreaterEq,
            CompareOp::Distinct,
        ]);
        let one = select(vec![Function::Abs, Function::Floor, Function::Ceil, Function::Round]);
        let many = select(vec![Function::Least, Function::Greatest, Function::Coalesce]);
        let types = select(vec![
            DataType::Float,
            DataType::Integer,
            DataType::Decimal { precision: 12, scale: 1 },
            DataType::Timestamp,
        ]);
        let units = select(vec!["year", "quarter", "month", "week", "day", "dow", "doy"]);
        prop_oneof![
            3 => (ops, boxed.clone(), boxed.clone())
                .prop_map(|(op, left, right)| Expr::Arithmetic { op, left, right }),
            1 => boxed.clone().prop_map(|input| Expr::Negate { input }),
            1 => (one, inner.clone()).prop_map(|(function, arg)| call(function, vec![arg])),
            3 => (many, vec(inner.clone(), 1..4)).prop_map(|(function, args)| call(function, args)),
            1 => (boxed.clone(), types).prop_map(|(input, to)| Expr::Cast { input, to }),
            1 => (units, inner.clone()).prop_map(|(unit, at)| call(Function::DatePart, vec![text(unit), at])),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| call(Function::NullIf, vec![a, b])),
            3 => (compares, boxed.clone(), boxed.clone(), inner.clone(), option::of(boxed.clone()), any::<bool>())
                .prop_map(|(op, left, right, other, otherwise, own)| {
                    // Half of the branches give what the condition is about, as clamps do.
                    let value = if own { (*left).clone() } else { other };
                    let otherwise = if own { Some(left.clone()) } else { otherwise };
                    Expr::Case { branches: vec![(Expr::Compare { op, left, right }, value)], otherwise }
                }),
            1 => (boxed.clone(), boxed.clone(), boxed, any::<bool>()).prop_map(|(input, low, high, negated)| {
                let value = (*input).clone();
                let condition = Expr::Between { input, low, high, negated };
                Expr::Case { branches: vec![(condition, value.clone())], otherwise: Some(Box::new(value)) }
            }),
        ]
    })
}
