use super::population::*;
use crate::disclosure::dp::{Budget, Cost, NotGiven, Refused, Unit};
use crate::twin::{Domain, Model, Survey, fit};

#[test]
fn a_model_is_paid_for_once_and_in_whole() {
    let data = people(200, 1);
    let cost = epsilon(4_000_000);
    let mut budget = Budget::new(Unit::MicroEpsilon, 5_000_000);
    let model = fit(&data, &county(), cost, &mut budget, [1; 32]).unwrap();
    assert_eq!((budget.left(), model.cost()), (1_000_000, cost));
    let refused = fit(&data, &county(), cost, &mut budget, [1; 32]).unwrap_err();
    assert_eq!(refused, NotGiven::Refused(Refused::Exhausted { left: 1_000_000 }));
    // A price that cannot be shared is refused before it is spent.
    let small = fit(&data, &county(), epsilon(30), &mut budget, [1; 32]).unwrap_err();
    let NotGiven::Fault(fault) = small else { panic!("{small:?}") };
    assert_eq!((fault.code(), budget.left()), ("privacy.threshold", 1_000_000));
}

#[test]
fn one_way_marginals_are_near_and_add_up() {
    let data = people(20_000, 2);
    for cost in [epsilon(40_000_000), Cost { unit: Unit::MicroRho, micro: 4_000_000 }] {
        let model = fitted(&data, &county(), cost, 3);
        let rows = model.rows("person").unwrap();
        assert!(rows.abs_diff(20_000) < 100, "{rows}");
        for name in ["region", "sex", "birth", "income", "job", "mobile"] {
            let (_, counts) = model.marginal("person", name).unwrap();
            assert_eq!(counts.iter().sum::<u64>(), rows, "{name}");
        }
        let (domain, counts) = model.marginal("person", "region").unwrap();
        assert_eq!(*domain, Domain::Values(REGIONS.map(str::to_owned).to_vec()));
        for (count, eighths) in counts.iter().zip([0, 3, 2, 2, 1, 0]) {
            assert!(count.abs_diff(eighths * 2_500) < 300, "{counts:?}");
        }
        // One in five has no telephone.
        assert!(model.marginal("person", "mobile").unwrap().1[0].abs_diff(4_000) < 300);
        // Children: a quarter each of none, one, two and five.
        let children = model.children("visit", "person_id").unwrap();
        for (place, count) in children.iter().enumerate() {
            let expected = if [0, 1, 2, 5].contains(&place) { 5_000 } else { 0 };
            assert!(count.abs_diff(expected) < 300, "{children:?}");
        }
    }
}

#[test]
fn rare_values_of_an_open_column_never_enter() {
    let data = people(20_000, 4);
    let model = fitted(&data, &county(), epsilon(20_000_000), 5);
    let (domain, counts) = model.marginal("person", "job").unwrap();
    let Domain::Values(values) = domain else { panic!() };
    let mut names: Vec<&str> = values.iter().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["捕鱼", "机械", "种茶", "纺织"]);
    // Some two hundred people have a craft of their own; they are the rest.
    assert!((100..350).contains(counts.last().unwrap()), "{counts:?}");
    let json = serde_json::to_string(&model).unwrap();
    assert!(!json.contains("独门手艺"));
    for id in texts(&[data[0].1.clone()], "id").iter().flatten().take(500) {
        assert!(!json.contains(id));
    }
}

#[test]
fn what_depends_is_found_and_what_is_given_is_taken() {
    let data = people(20_000, 6);
    let model = fitted(&data, &county(), epsilon(30_000_000), 7);
    let pairs = model.pairs("person");
    assert_eq!(pairs.len(), 4, "a tree over five columns");
    assert!(pairs.contains(&("region", "job")) && pairs.contains(&("birth", "income")), "{pairs:?}");
    assert_eq!(model.pairs("visit"), [("place", "cost")]);
}

#[test]
fn the_same_seed_gives_the_same_model_however_batches_are_cut() {
    let data = people(3_000, 8);
    let cost = epsilon(10_000_000);
    let whole = fitted(&data, &county(), cost, 9);
    let mut survey = Survey::new(&county(), cost, &mut budget(cost), [9; 32]).unwrap();
    let parts: Vec<_> = data
        .iter()
        .flat_map(|(name, batch)| {
            let cut = batch.num_rows() / 3;
            [(*name, batch.slice(0, cut)), (*name, batch.slice(cut, batch.num_rows() - cut))]
        })
        .collect();
    parts.iter().for_each(|(name, batch)| survey.push(name, batch).unwrap());
    let mut count = survey.turn().unwrap();
    parts.iter().for_each(|(name, batch)| count.push(name, batch).unwrap());
    assert_eq!(count.finish().unwrap(), whole);
    assert_ne!(fitted(&data, &county(), cost, 10), whole);
    let back: Model = serde_json::from_str(&serde_json::to_string(&whole).unwrap()).unwrap();
    assert_eq!(back, whole);
}

#[test]
fn a_model_that_contradicts_itself_is_not_read() {
    let model = fitted(&people(100, 1), &county(), epsilon(10_000_000), 1);
    let json = serde_json::to_value(&model).unwrap();
    let changes: [(&str, serde_json::Value); 5] = [
        ("/format", 2.into()),
        ("/tables/0/columns/3/counts", serde_json::json!([1, 2])),
        ("/tables/0/columns/3/groups", serde_json::json!([0, 1, 2, 3, 4, 99])),
        ("/tables/0/edges/0/cells", serde_json::json!([1])),
        ("/tables/1/columns/1/children", serde_json::json!([])),
    ];
    for (pointer, value) in changes {
        let mut changed = json.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(serde_json::from_value::<Model>(changed).is_err(), "{pointer}");
    }
}
