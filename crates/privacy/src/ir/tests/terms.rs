//! Columns that are added up with others inside one sum.

use ArithmeticOp::{Add, Divide, Multiply, Subtract};

use super::*;

/// Whole numbers beside others of every kind.
fn known() -> Policy {
    let mut policy = policy();
    let person = policy.resources.get_mut("person").unwrap();
    for (name, data_type) in
        [("debt", DataType::Integer), ("wage", DataType::Integer), ("rate", DataType::Float)]
    {
        let declared = Declared { nulls: None, ..Declared::default() };
        let column = ColumnPolicy { declared, ..ColumnPolicy::new(data_type, Some(Label::Sensitive)) };
        person.columns.insert(name.into(), column);
    }
    policy
}

fn rows() -> Rel {
    scan("person", "t0", &["id", "district", "age", "income", "debt", "wage", "rate"])
}

/// By the person first, and then by the district.
fn twice(inner: Vec<NamedAggregate>, outer: Expr) -> Rel {
    let keys = [("id", col("t0.id")), ("district", col("t0.district"))];
    let people = group(rows(), &keys, inner);
    group(people, &[("district", col("district"))], vec![agg("s", AggregateFunction::Sum, Some(outer))])
}

fn sum(name: &str, argument: Expr) -> NamedAggregate {
    agg(name, AggregateFunction::Sum, Some(argument))
}

fn rule(rel: &Rel) -> Option<Rule> {
    terms(rel, &known()).err().map(|refusal| refusal.rule)
}

fn once(argument: Expr) -> Rel {
    group(rows(), &[("district", col("t0.district"))], vec![sum("s", argument)])
}

#[test]
fn what_is_added_to_others_is_plain_whole_numbers() {
    let (debt, wage, rate) = (|| col("t0.debt"), || col("t0.wage"), || col("t0.rate"));
    let both = || arithmetic(Add, debt(), wage());
    let sources = |rel: &Rel| {
        let found = terms(rel, &known()).unwrap();
        found.into_iter().map(|source| source.column).collect::<Vec<_>>()
    };
    assert_eq!(sources(&once(both())), ["debt", "wage"]);
    assert_eq!(sources(&once(arithmetic(Divide, both(), int(12)))), ["debt", "wage"]);
    assert_eq!(sources(&once(arithmetic(Multiply, rate(), Expr::literal(Literal::Float(1e6))))), [""; 0]);
    let sums = || vec![sum("a", debt()), sum("b", wage())];
    assert_eq!(sources(&twice(sums(), arithmetic(Subtract, col("a"), col("b")))), ["debt", "wage"]);
    // A float, or anything scaled before it is added.
    for lossy in [
        arithmetic(Add, debt(), rate()),
        arithmetic(Subtract, arithmetic(Add, debt(), rate()), rate()),
        arithmetic(Add, arithmetic(Multiply, debt(), Expr::literal(Literal::Float(1e-5))), wage()),
        arithmetic(Add, arithmetic(Multiply, debt(), int(2)), wage()),
        arithmetic(Add, both(), int(1)),
    ] {
        assert_eq!(rule(&once(lossy.clone())), Some(Rule::EmptyTerm), "{lossy:?}");
    }
    let scaled = vec![sum("a", arithmetic(Multiply, debt(), int(2))), sum("b", wage())];
    assert_eq!(rule(&twice(scaled, arithmetic(Add, col("a"), col("b")))), Some(Rule::EmptyTerm));
    // A number of rows, which nobody lacks; of two, one may be lacking.
    let counted = || vec![sum("a", debt()), agg("n", AggregateFunction::Count, None)];
    assert_eq!(rule(&twice(counted(), arithmetic(Add, col("a"), col("n")))), Some(Rule::EmptyTerm));
    assert_eq!(rule(&twice(counted(), arithmetic(Add, col("n"), col("n")))), Some(Rule::EmptyTerm));
    assert_eq!(rule(&twice(counted(), col("n"))), None);
}

#[test]
fn nothing_is_multiplied_until_it_no_longer_fits() {
    let thousand = |of: Expr| arithmetic(Multiply, of, int(1_000));
    assert_eq!(rule(&once(thousand(col("t0.debt")))), None);
    assert_eq!(rule(&twice(vec![sum("a", col("t0.debt"))], thousand(col("a")))), None);
    let again = twice(vec![sum("a", thousand(col("t0.debt")))], arithmetic(Multiply, col("a"), int(-2)));
    assert_eq!(rule(&again), Some(Rule::NonlinearAggregate));
    // Or added to itself.
    let doubled = (0..4).fold(col("t0.debt"), |all, _| arithmetic(Add, all.clone(), all));
    let more = (0..7).fold(col("a"), |all, _| arithmetic(Add, all.clone(), all));
    assert_eq!(rule(&twice(vec![sum("a", doubled)], more)), Some(Rule::NonlinearAggregate));
}

/// How many have a value at all is a secret, whoever adds it up.
#[test]
fn a_sum_of_inner_numbers_of_values_is_a_number_of_values() {
    let counted = |rel: &Rel| {
        let found = counted_values(rel, &known());
        found.into_values().flatten().map(|source| source.column).collect::<Vec<_>>()
    };
    let values = |function| vec![agg("j", function, Some(col("t0.debt")))];
    assert_eq!(counted(&twice(values(AggregateFunction::Count), col("j"))), ["debt"]);
    assert_eq!(counted(&twice(values(AggregateFunction::Avg), col("j"))), ["debt"]);
    assert_eq!(counted(&twice(values(AggregateFunction::Sum), col("j"))), [""; 0]);
    assert_eq!(counted(&twice(vec![agg("j", AggregateFunction::Count, None)], col("j"))), [""; 0]);
}
