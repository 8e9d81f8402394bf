//! How many rows one entity meets.

use super::*;

/// People are there once, have at most `visits` visits, and `employed` at most work for one employer.
fn most(visits: u64, employed: u64) -> impl Fn(&Alike) -> Option<u64> {
    move |asked| {
        let columns: Vec<&str> = asked.columns.iter().map(String::as_str).collect();
        match (asked.resource.as_str(), columns.as_slice()) {
            ("person", ["id"]) | ("enterprise", ["code", "region"]) => Some(1),
            ("person", ["employer"]) => Some(employed),
            ("visit", ["person_id"]) => Some(visits),
            ("weather", ["station"]) => Some(300),
            ("person" | "visit" | "weather", []) => Some(1_000_000),
            _ => None,
        }
    }
}

fn refused(rel: &Rel, known: impl Fn(&Alike) -> Option<u64>) -> Option<Rule> {
    refused_of(rel, 8, known)
}

/// As [`refused`], of texts of so many characters.
fn refused_of(rel: &Rel, characters: u64, known: impl Fn(&Alike) -> Option<u64>) -> Option<Rule> {
    let policy = policy();
    let most = alike(rel, &policy).into_iter().filter_map(|asked| {
        let rows = known(&asked)?;
        Some((asked, Met { rows, characters }))
    });
    check_meetings(rel, &policy, &most.collect()).err().map(|refusal| refusal.rule)
}

fn visits(alias: &str) -> Rel {
    scan("visit", alias, &["person_id", "cost", "place"])
}

fn joined(left: Rel, right: Rel, on: &[(&str, &str)]) -> Rel {
    join(JoinKind::Inner, left, right, on)
}

#[test]
fn what_one_entity_meets_is_the_product_of_its_rows() {
    let once = joined(persons(), visits("t1"), &[("t0.id", "t1.person_id")]);
    let twice = joined(once.clone(), visits("t2"), &[("t1.person_id", "t2.person_id")]);
    let thrice = joined(twice.clone(), visits("t3"), &[("t2.person_id", "t3.person_id")]);
    assert_eq!(refused(&persons(), most(1, 1)), None);
    assert_eq!(refused(&once, most(4_000, 1)), None);
    assert_eq!(refused(&once, most(5_000, 1)), Some(Rule::FanOut));
    assert_eq!(refused(&twice, most(64, 1)), None);
    // 65 counts as 128: nobody finds out how many exactly.
    assert_eq!(refused(&twice, most(65, 1)), Some(Rule::FanOut));
    assert_eq!(refused(&thrice, most(12, 1)), None);
    assert_eq!(refused(&thrice, most(20, 1)), Some(Rule::FanOut));
    // What was summed up by the entity first is one row.
    let by_person = |alias: &str| {
        group(
            visits(alias),
            &[("who", col(&format!("{alias}.person_id")))],
            vec![agg("spent", AggregateFunction::Sum, Some(col(&format!("{alias}.cost"))))],
        )
    };
    let summed = joined(twice, by_person("t3"), &[("t2.person_id", "who")]);
    assert_eq!(refused(&summed, most(64, 1)), None);
}

#[test]
fn a_table_about_nobody_counts_by_what_it_is_joined_on() {
    let weather = || scan("weather", "t2", &["station", "rain"]);
    let at = joined(visits("t1"), weather(), &[("t1.place", "t2.station")]);
    assert_eq!(refused(&at, most(8, 1)), None);
    assert_eq!(refused(&at, most(300, 1)), Some(Rule::FanOut));
    let all = joined(visits("t1"), weather(), &[]);
    assert_eq!(refused(&all, most(1, 1)), Some(Rule::FanOut));
    let first = Rel::Limit { input: Box::new(weather()), skip: 0, fetch: Some(10) };
    assert_eq!(refused(&joined(visits("t1"), first, &[]), most(12, 1)), None);
    // Nobody is protected in it.
    let bare = joined(weather(), scan("bare", "t3", &["x"]), &[]);
    assert_eq!(refused(&bare, most(1, 1)), None);
    // The same by a question whether there is any.
    let any = join(JoinKind::Semi, visits("t1"), weather(), &[]);
    assert_eq!(refused(&any, most(1, 1)), Some(Rule::FanOut));
}

#[test]
fn questions_whether_there_is_any_are_bounded_on_both_sides() {
    for kind in [JoinKind::Left, JoinKind::Semi, JoinKind::Anti] {
        let rel = join(kind, persons(), visits("t1"), &[("t0.id", "t1.person_id")]);
        assert_eq!(refused(&rel, most(4_000, 1)), None, "{kind:?}");
        assert_eq!(refused(&rel, most(5_000, 1)), Some(Rule::FanOut), "{kind:?}");
    }
}

#[test]
fn either_side_is_asked_what_it_meets() {
    let enterprises = scan("enterprise", "t1", &["region", "code"]);
    let on: &[(&str, &str)] = &[("t0.employer", "t1.code"), ("t0.district", "t1.region")];
    let rel = joined(persons(), enterprises, on);
    // A person meets one enterprise; an enterprise as many people as work there.
    let known = |employed: u64| {
        move |asked: &Alike| match asked.columns.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["district", "employer"] => Some(employed),
            [] => Some(1_000_000),
            _ => Some(1),
        }
    };
    assert_eq!(refused(&rel, known(3_000)), None);
    assert_eq!(refused(&rel, known(5_000)), Some(Rule::FanOut));
    // What a table holds is not believed where it is not known.
    assert_eq!(refused(&rel, |_: &Alike| None), Some(Rule::FanOut));
}

#[test]
fn a_key_of_something_else_puts_nobody_beside_others() {
    let enterprises = scan("enterprise", "t1", &["region", "code", "industry"]);
    let on: &[(&str, &str)] = &[("t0.employer", "t1.code"), ("t0.district", "t1.region")];
    let employed = joined(persons(), enterprises, on);
    let more = || scan("person", "t2", &["id", "district", "employer"]);
    let by_industry = |rel| group(rel, &[("industry", col("t1.industry"))], vec![count()]);
    let colleagues: &[(&str, &str)] = &[("t1.code", "t2.employer"), ("t1.region", "t2.district")];
    let rel = by_industry(joined(employed.clone(), more(), colleagues));
    assert_eq!(check(&rel, &policy()).unwrap_err().rule, Rule::JoinKey);
    let rel = by_industry(joined(employed, more(), &[("t0.id", "t2.id")]));
    assert!(check(&rel, &policy()).is_ok());
}

#[test]
fn long_expressions_make_rows_longer() {
    let once = || joined(persons(), visits("t1"), &[("t0.id", "t1.person_id")]);
    let long = |conditions: usize| {
        let one = eq(call(Function::Upper, vec![col("t1.place")]), text("X"));
        filter(once(), Expr::Logic { op: LogicOp::And, args: vec![one; conditions] })
    };
    assert_eq!(refused(&long(26), most(4_000, 1)), None);
    assert_eq!(refused(&long(27), most(4_000, 1)), Some(Rule::FanOut));
    assert_eq!(refused(&long(27), most(2_000, 1)), None);
    let aggregates = |function, number: usize| {
        let one = |n: usize| agg(&format!("a{n}"), function, Some(col("t1.cost")));
        group(once(), &[("place", col("t1.place"))], (0..number).map(one).collect())
    };
    assert_eq!(refused(&aggregates(AggregateFunction::CountDistinct, 3), most(4_000, 1)), None);
    assert_eq!(refused(&aggregates(AggregateFunction::CountDistinct, 4), most(4_000, 1)), Some(Rule::FanOut));
    assert_eq!(refused(&aggregates(AggregateFunction::Sum, 12), most(4_000, 1)), None);
    assert_eq!(refused(&aggregates(AggregateFunction::Sum, 16), most(4_000, 1)), Some(Rule::FanOut));
    let list = (0..500).map(int).collect();
    let among = Expr::InList { input: Box::new(col("t0.age")), list, negated: false };
    assert_eq!(refused(&filter(once(), among), most(4_000, 1)), None);
}

#[test]
fn long_texts_that_functions_go_through_make_rows_longer() {
    let once = || joined(persons(), visits("t1"), &[("t0.id", "t1.person_id")]);
    let other = |input: Expr| eq(input, text("X"));
    let upper =
        |times: usize, input: Expr| (0..times).fold(input, |expr, _| call(Function::Upper, vec![expr]));
    let place = || col("t1.place");
    // Texts as such are one row's work up to 256 characters.
    assert_eq!(refused_of(&once(), 256, most(4_000, 1)), None);
    assert_eq!(refused_of(&once(), 257, most(4_000, 1)), Some(Rule::FanOut));
    assert_eq!(refused_of(&filter(once(), other(upper(1, place()))), 240, most(4_000, 1)), None);
    assert_eq!(
        refused_of(&filter(once(), other(upper(2, place()))), 240, most(4_000, 1)),
        Some(Rule::FanOut)
    );
    assert_eq!(refused_of(&filter(once(), other(upper(2, place()))), 128, most(4_000, 1)), None);
    // What was put together below is as long above.
    let named = |name: &str, expr: Expr| Named { name: name.to_owned(), expr };
    let both = call(Function::Concat, vec![place(), place(), place()]);
    let columns = vec![named("id", col("t0.id")), named("both", both)];
    let twice = Rel::Project { input: Box::new(once()), columns };
    assert_eq!(refused_of(&twice, 80, most(4_000, 1)), None);
    let shouted = filter(twice, other(upper(1, col("both"))));
    assert_eq!(refused_of(&shouted, 80, most(4_000, 1)), Some(Rule::FanOut));
    // What the query has written counts as what is stored.
    let long = Expr::Case {
        branches: vec![(other(place()), place())],
        otherwise: Some(Box::new(text(&"x".repeat(20_000)))),
    };
    assert_eq!(refused(&filter(once(), other(upper(1, long.clone()))), most(32, 1)), Some(Rule::FanOut));
    assert_eq!(refused(&filter(once(), other(long)), most(32, 1)), None);
}

#[test]
fn patterns_with_many_places_go_through_a_text_as_often() {
    let once = || joined(persons(), visits("t1"), &[("t0.id", "t1.person_id")]);
    let like = |pattern: String| Expr::Like {
        input: Box::new(col("t1.place")),
        pattern,
        negated: false,
        ignore_case: false,
    };
    let refused = |pattern: String| refused_of(&filter(once(), like(pattern)), 240, most(4_000, 1));
    for simple in ["%a%", "a%", "%a", "abc"] {
        assert_eq!(refused(simple.to_owned()), None, "{simple}");
    }
    for many in [format!("%a{}b%", "_".repeat(100)), "a%b%c".to_owned(), "%a_b%".to_owned()] {
        assert_eq!(refused(many.clone()), Some(Rule::FanOut), "{many}");
    }
    let few = |pattern: &str| refused_of(&filter(once(), like(pattern.to_owned())), 24, most(100, 1));
    assert_eq!(few("%a_b%"), None);
}

#[test]
fn what_secrets_decide_about_is_more_work() {
    let once = || joined(persons(), visits("t1"), &[("t0.id", "t1.person_id")]);
    let by = |key: &str| group(once(), &[("k", col(key))], vec![count()]);
    assert_eq!(refused(&by("t1.place"), most(4_000, 1)), None);
    assert_eq!(refused(&by("t0.income"), most(1_000, 1)), Some(Rule::FanOut));
    assert_eq!(refused(&by("t0.income"), most(200, 1)), None);
}
