use std::collections::HashSet;

use super::population::*;
use crate::ir::{AggregateFunction, CompareOp, Expr, JoinKind, Literal, LogicOp, Named, NamedAggregate, Rel};
use crate::twin::{Reason, TopUp, top_up};
use crate::{DataType, format::ResidentId};

const N: u16 = 3;

fn scan(resource: &str, alias: &str, columns: &[&str]) -> Rel {
    let columns = columns.iter().map(|c| (*c).to_owned()).collect();
    Rel::Scan { resource: resource.into(), alias: alias.into(), columns }
}

fn people_scan() -> Rel {
    scan("person", "p", &["id", "region", "sex", "birth", "income", "job"])
}

fn visits_scan() -> Rel {
    scan("visit", "v", &["visit_id", "person_id", "place", "cost"])
}

fn filter(input: Rel, predicate: Expr) -> Rel {
    Rel::Filter { input: Box::new(input), predicate }
}

fn text(value: &str) -> Expr {
    Expr::literal(Literal::Text(value.into()))
}

fn compare(op: CompareOp, column: &str, right: Expr) -> Expr {
    Expr::Compare { op, left: Box::new(Expr::column(column)), right: Box::new(right) }
}

fn join(kind: JoinKind) -> Rel {
    Rel::Join {
        kind,
        left: Box::new(people_scan()),
        right: Box::new(visits_scan()),
        on: vec![(Expr::column("p.id"), Expr::column("v.person_id"))],
        nulls_equal: false,
        filter: None,
    }
}

fn topped(rel: &Rel) -> TopUp {
    let made = top_up(rel, &county(), N, [1; 32]).unwrap();
    assert_eq!(made, top_up(rel, &county(), N, [1; 32]).unwrap());
    let ids = texts(&made.tables[0].batches, "id");
    let keys: HashSet<&Option<String>> = ids.iter().collect();
    assert_eq!(keys.len(), ids.len(), "keys are unique");
    let visits = texts(&made.tables[1].batches, "person_id");
    assert!(visits.iter().all(|key| keys.contains(key)), "foreign keys are whole");
    made
}

/// How many rows of a column meet a test.
fn hits(made: &TopUp, table: usize, column: &str, test: impl Fn(Option<&str>) -> bool) -> usize {
    let values = texts(&made.tables[table].batches, column);
    values.iter().filter(|value| test(value.as_deref())).count()
}

#[test]
fn filters_lists_and_ranges_are_met_on_every_side() {
    let list = Expr::InList {
        input: Box::new(Expr::column("p.region")),
        list: vec![text("330521"), text("330999")],
        negated: false,
    };
    let range = Expr::Between {
        input: Box::new(Expr::column("p.income")),
        low: Box::new(Expr::literal(Literal::Integer(5_000))),
        high: Box::new(Expr::literal(Literal::Decimal { unscaled: 800_050, scale: 2 })),
        negated: false,
    };
    let like = Expr::Like {
        input: Box::new(Expr::column("p.job")),
        pattern: "种_%".into(),
        negated: false,
        ignore_case: false,
    };
    let null = Expr::IsNull { input: Box::new(Expr::column("p.income")), negated: false };
    let born = compare(CompareOp::Less, "p.birth", Expr::literal(Literal::Date(0)));
    let any = Expr::Logic { op: LogicOp::Or, args: vec![like, null, born] };
    let all = Expr::Logic { op: LogicOp::And, args: vec![list, range] };
    let made = topped(&filter(filter(people_scan(), any), all));
    assert_eq!(made.unfilled, [], "{:?}", made.unfilled);
    let n = usize::from(N);
    assert!(hits(&made, 0, "region", |v| v == Some("330521")) >= n);
    assert!(hits(&made, 0, "region", |v| v == Some("330999")) >= n);
    assert!(hits(&made, 0, "region", |v| v != Some("330521") && v != Some("330999")) >= n);
    let income = |v: Option<&str>| v.map(|v| v.parse::<f64>().unwrap());
    assert!(hits(&made, 0, "income", |v| income(v).is_some_and(|v| v < 5_000.0)) >= n);
    assert!(hits(&made, 0, "income", |v| income(v).is_some_and(|v| v > 8_000.5)) >= n);
    assert!(hits(&made, 0, "income", |v| income(v).is_some_and(|v| (5_000.0..=8_000.5).contains(&v))) >= n);
    assert!(hits(&made, 0, "income", |v| v.is_none()) >= n);
    assert!(hits(&made, 0, "job", |v| v.is_some_and(|v| v.starts_with('种') && v.chars().count() > 1)) >= n);
    assert!(hits(&made, 0, "birth", |v| v.is_some_and(|v| v < "1970-01-01")) >= n);
    assert!(hits(&made, 0, "birth", |v| v.is_some_and(|v| v >= "1970-01-01")) >= n);
    let ids = texts(&made.tables[0].batches, "id");
    let births = texts(&made.tables[0].batches, "birth");
    for (id, birth) in ids.iter().zip(&births) {
        let (year, month, day) =
            crate::format::civil_from_days(ResidentId::parse(id.as_deref().unwrap()).unwrap().birth);
        assert_eq!(birth.as_deref(), Some(format!("{year:04}-{month:02}-{day:02}").as_str()));
    }
}

#[test]
fn every_case_and_every_group_of_a_compared_key_is_there() {
    let case = Expr::Case {
        branches: vec![
            (compare(CompareOp::Less, "p.income", Expr::literal(Literal::Integer(3_000))), text("low")),
            (compare(CompareOp::Less, "p.income", Expr::literal(Literal::Integer(9_000))), text("middle")),
        ],
        otherwise: Some(Box::new(text("high"))),
    };
    let named = |name: &str, expr| Named { name: name.into(), expr };
    let rel = Rel::Aggregate {
        input: Box::new(Rel::Project {
            input: Box::new(people_scan()),
            columns: vec![named("band", case), named("region", Expr::column("p.region"))],
        }),
        group: vec![named("band", Expr::column("band")), named("region", Expr::column("region"))],
        aggregates: vec![NamedAggregate {
            name: "n".into(),
            function: AggregateFunction::Count,
            argument: None,
        }],
    };
    let kept = filter(rel, compare(CompareOp::Eq, "region", text("330523")));
    let made = topped(&kept);
    assert_eq!(made.unfilled, []);
    let n = usize::from(N);
    let income = |v: Option<&str>| v.map_or(f64::NAN, |v| v.parse().unwrap());
    assert!(hits(&made, 0, "income", |v| income(v) < 3_000.0) >= n);
    assert!(hits(&made, 0, "income", |v| (3_000.0..9_000.0).contains(&income(v))) >= n);
    assert!(hits(&made, 0, "income", |v| income(v) >= 9_000.0 || v.is_none()) >= n);
    assert!(hits(&made, 0, "region", |v| v == Some("330523")) >= n);
    assert!(hits(&made, 0, "region", |v| v != Some("330523")) >= n);
    // What hangs on many rows is told, not guessed.
    let having = filter(kept, compare(CompareOp::Greater, "n", Expr::literal(Literal::Integer(5))));
    let made = topped(&having);
    assert!(!made.unfilled.is_empty() && made.unfilled.iter().all(|u| u.reason == Reason::ManyRows));
}

#[test]
fn joins_are_matched_and_not() {
    for kind in [JoinKind::Inner, JoinKind::Left, JoinKind::Semi, JoinKind::Anti] {
        let rel = filter(join(kind), compare(CompareOp::Eq, "p.sex", text("男")));
        let made = topped(&rel);
        // A visit without its person would break the foreign key, so that this one branch stays empty.
        let open: Vec<_> =
            made.unfilled.iter().map(|u| (u.place.branch.as_str(), u.rows, u.reason)).collect();
        assert_eq!(open, [("right without match", 0, Reason::NotFound)], "{kind:?}");
        let visited: HashSet<_> = texts(&made.tables[1].batches, "person_id").into_iter().collect();
        let sexes = texts(&made.tables[0].batches, "sex");
        let (mut with, mut without) = ([0, 0], [0, 0]);
        for (id, sex) in texts(&made.tables[0].batches, "id").into_iter().zip(sexes) {
            let side = usize::from(sex.as_deref() == Some("男"));
            if visited.contains(&id) { with[side] += 1 } else { without[side] += 1 }
        }
        assert!(with.iter().sum::<u16>() >= N && without.iter().sum::<u16>() >= N, "{kind:?}");
        match kind {
            JoinKind::Anti => assert!(without.iter().all(|n| *n >= N), "{without:?}"),
            _ => assert!(with.iter().all(|n| *n >= N), "{with:?}"),
        }
    }
}

#[test]
fn what_cannot_be_met_is_reported() {
    let eq = |value| compare(CompareOp::Eq, "p.sex", text(value));
    let never = Expr::Logic { op: LogicOp::And, args: vec![eq("男"), eq("女")] };
    let made = topped(&filter(people_scan(), never));
    let reasons: Vec<_> = made.unfilled.iter().map(|u| (u.place.branch.as_str(), u.reason)).collect();
    assert_eq!(reasons, [("condition true", Reason::NotFound)]);
    let parameter = Expr::Parameter { name: "x".into(), data_type: DataType::Text };
    let made = topped(&filter(people_scan(), compare(CompareOp::Eq, "p.region", parameter)));
    assert!(made.filled == 0 && made.unfilled.iter().all(|u| u.reason == Reason::Unreadable));
    // One person has one number: the second row for it cannot be.
    let one = compare(CompareOp::Eq, "p.id", text("11010519491231002X"));
    let made = topped(&filter(people_scan(), one));
    assert!(made.unfilled.iter().any(|u| u.reason == Reason::Key && u.rows == 1), "{:?}", made.unfilled);
    let unknown = top_up(&scan("nothing", "t", &[]), &county(), N, [1; 32]).unwrap_err();
    assert_eq!(unknown.code(), "privacy.twin");
    let many = top_up(&people_scan(), &county(), u16::MAX, [1; 32]).unwrap_err();
    assert_eq!(many.code(), "privacy.twin_limit");
}

#[test]
fn only_literals_and_declared_values_come_in() {
    let made = topped(&filter(people_scan(), compare(CompareOp::Eq, "p.job", text("种茶"))));
    let jobs = texts(&made.tables[0].batches, "job");
    assert!(jobs.iter().flatten().all(|job| job.starts_with("种茶") || job.starts_with('~')));
    assert!(jobs.iter().filter(|job| job.as_deref() == Some("种茶")).count() >= usize::from(N));
    assert!(texts(&made.tables[0].batches, "region").iter().flatten().all(|r| REGIONS.contains(&r.as_str())));
}
