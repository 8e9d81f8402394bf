//! The reference interpreter against answers worked out by hand.

use super::*;
use crate::ir::reference::{Stored, Tables, Values, evaluate, value};

fn answer(expr: &Expr) -> Literal {
    value(expr, &[], &[], &Values::new()).unwrap()
}

fn truth(value: Option<bool>) -> Literal {
    value.map_or(Literal::Null(DataType::Boolean), Literal::Boolean)
}

fn date(text: &str) -> Expr {
    Expr::literal(Literal::Date(text.parse::<base::Date>().unwrap().days()))
}

#[test]
fn three_valued_logic() {
    let of = |value| Expr::literal(truth(value));
    let logic = |op, a, b| answer(&Expr::Logic { op, args: vec![of(a), of(b)] });
    for (a, b, and, or) in [
        (Some(true), None, None, Some(true)),
        (Some(false), None, Some(false), None),
        (None, None, None, None),
        (Some(true), Some(false), Some(false), Some(true)),
    ] {
        assert_eq!(logic(LogicOp::And, a, b), truth(and));
        assert_eq!(logic(LogicOp::Or, a, b), truth(or));
        assert_eq!(logic(LogicOp::And, b, a), truth(and));
    }
    assert_eq!(answer(&Expr::Not { input: Box::new(of(None)) }), truth(None));
    let null = || Expr::literal(Literal::Null(DataType::Integer));
    let among = |value, list, negated| answer(&Expr::InList { input: Box::new(value), list, negated });
    assert_eq!(among(int(1), vec![int(1), null()], false), truth(Some(true)));
    assert_eq!(among(int(2), vec![int(1), null()], false), truth(None));
    assert_eq!(among(int(2), vec![int(1), null()], true), truth(None));
    let between = Expr::Between {
        input: Box::new(int(5)),
        low: Box::new(null()),
        high: Box::new(int(3)),
        negated: true,
    };
    assert_eq!(answer(&between), truth(Some(true)), "5 is above 3, whatever the other end is");
    let compare = |op| answer(&Expr::Compare { op, left: Box::new(null()), right: Box::new(null()) });
    assert_eq!(compare(CompareOp::Eq), truth(None));
    assert_eq!(compare(CompareOp::NotDistinct), truth(Some(true)));
}

#[test]
fn numbers_texts_and_dates() {
    use ArithmeticOp::{Divide, Modulo, Multiply};
    let float = |value| Literal::Float(value);
    let decimal = |unscaled, scale| Expr::literal(Literal::Decimal { unscaled, scale });
    let cast = |expr, to| Expr::Cast { input: Box::new(expr), to };
    let like = |text: &str, pattern: &str| {
        answer(&Expr::Like {
            input: Box::new(super::text(text)),
            pattern: pattern.into(),
            negated: false,
            ignore_case: true,
        })
    };
    let part = |unit, day| answer(&call(Function::DatePart, vec![text(unit), date(day)]));
    let trunc = |unit, day| answer(&call(Function::DateTrunc, vec![text(unit), date(day)]));
    let two = DataType::Decimal { precision: 6, scale: 2 };
    let table = [
        (arithmetic(Divide, int(-7), int(2)), Literal::Integer(-3)),
        (arithmetic(Modulo, int(-7), int(2)), Literal::Integer(-1)),
        (arithmetic(Divide, int(7), int(0)), Literal::Null(DataType::Integer)),
        (arithmetic(Divide, int(7), int(-1)), Literal::Null(DataType::Integer)),
        (arithmetic(Multiply, int(i64::MAX), int(2)), Literal::Integer(-2)),
        (arithmetic(Divide, decimal(150, 2), int(2)), float(0.75)),
        (call(Function::Round, vec![int(1_250), int(-2)]), float(1_300.0)),
        (
            call(Function::Greatest, vec![Expr::literal(Literal::Null(DataType::Integer)), int(3)]),
            Literal::Integer(3),
        ),
        (call(Function::Least, vec![int(3), decimal(25, 1)]), Literal::Decimal { unscaled: 25, scale: 1 }),
        (call(Function::Coalesce, vec![Expr::literal(Literal::Null(DataType::Float)), int(3)]), float(3.0)),
        (call(Function::Left, vec![text("数域平台"), int(-1)]), Literal::Text("数域平".into())),
        (call(Function::Right, vec![text("数域平台"), int(2)]), Literal::Text("平台".into())),
        (call(Function::Substring, vec![text("abcdef"), int(-1), int(4)]), Literal::Text("ab".into())),
        (call(Function::CharacterLength, vec![text("数域")]), Literal::Integer(2)),
        (cast(text(" 12 "), DataType::Integer), Literal::Integer(12)),
        (cast(text("x"), DataType::Integer), Literal::Null(DataType::Integer)),
        (cast(Expr::literal(Literal::Float(-2.7)), DataType::Integer), Literal::Integer(-2)),
        (cast(decimal(12_345, 3), two), Literal::Decimal { unscaled: 1_235, scale: 2 }),
        (cast(int(100_000), two), Literal::Null(two)),
        (cast(decimal(-5, 2), DataType::Text), Literal::Text("-0.05".into())),
    ];
    for (expr, expected) in table {
        assert_eq!(answer(&expr), expected, "{expr:?}");
    }
    assert_eq!(like("ABC", "a%c"), truth(Some(true)));
    assert_eq!(like("a%c", r"a\%c"), truth(Some(true)));
    assert_eq!(like("abc", r"a\%c"), truth(Some(false)));
    assert_eq!(part("week", "2027-01-01"), Literal::Integer(53), "a Friday in the last week of 2026");
    assert_eq!(part("dow", "2026-11-22"), Literal::Integer(0), "a Sunday");
    assert_eq!(part("doy", "2024-12-31"), Literal::Integer(366));
    assert_eq!(trunc("quarter", "2026-11-22"), answer(&date("2026-10-01")));
    assert_eq!(trunc("week", "2026-11-22"), answer(&date("2026-11-16")));
    let shifted = arithmetic(
        ArithmeticOp::Add,
        date("2026-01-31"),
        Expr::literal(Literal::Interval { months: 1, days: 1 }),
    );
    assert_eq!(answer(&shifted), answer(&date("2026-03-01")));
}

#[test]
fn joins_and_aggregates_over_nulls() {
    let text = |value: Option<&str>| value.map_or(Literal::Null(DataType::Text), |v| Literal::Text(v.into()));
    let stored = |rows: &[Option<&str>]| Stored {
        columns: vec!["k".into()],
        rows: rows.iter().map(|value| vec![text(*value)]).collect(),
    };
    let tables = Tables::from([
        ("l".to_owned(), stored(&[Some("a"), Some("a"), Some("b"), None])),
        ("r".to_owned(), stored(&[Some("a"), Some("a"), None])),
    ]);
    let joined = |kind, nulls_equal| Rel::Join {
        kind,
        left: Box::new(scan("l", "l", &["k"])),
        right: Box::new(scan("r", "r", &["k"])),
        on: vec![(col("l.k"), col("r.k"))],
        nulls_equal,
        filter: None,
    };
    let rows = |rel: &Rel| evaluate(rel, &tables, &Values::new()).unwrap().rows.len();
    assert_eq!(rows(&joined(JoinKind::Inner, false)), 4);
    assert_eq!(rows(&joined(JoinKind::Inner, true)), 5);
    assert_eq!(rows(&joined(JoinKind::Left, false)), 6);
    assert_eq!(rows(&joined(JoinKind::Semi, false)), 2);
    assert_eq!(rows(&joined(JoinKind::Anti, false)), 2);
    let counted = group(
        scan("l", "l", &["k"]),
        &[],
        vec![
            count(),
            agg("values", AggregateFunction::Count, Some(col("l.k"))),
            agg("distinct", AggregateFunction::CountDistinct, Some(col("l.k"))),
            agg("least", AggregateFunction::Min, Some(col("l.k"))),
        ],
    );
    let table = evaluate(&counted, &tables, &Values::new()).unwrap();
    let number = Literal::Integer;
    assert_eq!(table.rows[0].values, [number(4), number(3), number(2), Literal::Text("a".into())]);
    assert_eq!(rows(&group(scan("l", "l", &["k"]), &[("k", col("l.k"))], vec![])), 3, "nulls are one group");
}
