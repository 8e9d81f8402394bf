//! Values that a join may count more than once.

use super::*;

fn unique(of: &[(&str, &[&str])]) -> Policy {
    let mut policy = policy();
    for (resource, columns) in of {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        policy.resources.get_mut(*resource).unwrap().rows.unique.push(columns);
    }
    policy
}

fn joined() -> Rel {
    join(
        JoinKind::Inner,
        persons(),
        scan("visit", "t1", &["person_id", "cost"]),
        &[("t0.id", "t1.person_id")],
    )
}

fn numbers(input: Rel) -> Rel {
    group(
        input,
        &[],
        vec![
            count(),
            agg("income", AggregateFunction::Sum, Some(col("t0.income"))),
            agg("cost", AggregateFunction::Avg, Some(col("t1.cost"))),
            agg("persons", AggregateFunction::CountDistinct, Some(col("t0.id"))),
        ],
    )
}

fn found(rel: &Rel, of: &[(&str, &[&str])]) -> Vec<String> {
    weighted(rel, &unique(of)).unwrap().into_iter().collect()
}

#[test]
fn a_value_that_meets_many_rows_is_weighted_and_one_that_meets_one_is_not() {
    let rel = numbers(joined());
    let person: (&str, &[&str]) = ("person", &["id"]);
    assert_eq!(found(&rel, &[]), ["cost", "income", "n"]);
    // Each visit meets one person; a person may meet many visits.
    assert_eq!(found(&rel, &[person]), ["income"]);
    assert_eq!(found(&rel, &[person, ("visit", &["person_id"])]), Vec::<String>::new());
    // More columns than a unique set are unique too; fewer are not.
    assert_eq!(found(&rel, &[("person", &["id", "district"])]), ["cost", "income", "n"]);
}

#[test]
fn no_detour_hides_a_weight() {
    let person: (&str, &[&str]) = ("person", &["id"]);
    let renamed = Rel::Project {
        input: Box::new(joined()),
        columns: vec![named("x", col("t0.income")), named("who", col("t0.id"))],
    };
    let total = |of: Rel| group(of, &[], vec![agg("total", AggregateFunction::Sum, Some(col("x")))]);
    assert_eq!(found(&total(renamed.clone()), &[person]), ["total"]);
    let inner = group(
        renamed.clone(),
        &[("who", col("who"))],
        vec![agg("x", AggregateFunction::Sum, Some(col("x")))],
    );
    assert_eq!(found(&total(inner), &[person]), ["total"]);
    let branch = Rel::Project { input: Box::new(persons()), columns: vec![named("x", col("t0.income"))] };
    let union = Rel::Union { inputs: vec![branch.clone(), total(renamed)] };
    assert_eq!(found(&total(union), &[person]), ["total"]);
    assert_eq!(found(&total(branch), &[]), Vec::<String>::new());
    // Of a sum per person, there is one for each.
    let visits = group(
        scan("visit", "t1", &["person_id", "cost"]),
        &[("who", col("t1.person_id"))],
        vec![agg("x", AggregateFunction::Sum, Some(col("t1.cost")))],
    );
    let apart = join(JoinKind::Inner, persons(), visits, &[("t0.id", "who")]);
    assert_eq!(found(&total(apart), &[person]), Vec::<String>::new());
}

#[test]
fn what_would_help_to_know_is_named() {
    let keys: Vec<_> = join_keys(&numbers(joined())).into_iter().collect();
    let one = |resource: &str, column: &str| (resource.to_owned(), BTreeSet::from([column.to_owned()]));
    assert_eq!(keys, [one("person", "id"), one("visit", "person_id")]);
}
