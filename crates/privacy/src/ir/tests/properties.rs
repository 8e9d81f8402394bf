//! What must hold of every plan and every table.

use proptest::prelude::*;

use super::random::{SOURCES, expressions, plans, tables};
use super::statistics::{noisy, terms};
use super::*;
use crate::ir::check::releasing;
use crate::ir::facts::facts;
use crate::ir::reference::{self, Table, Tables, Values, as_float, evaluate, is_null, value};
use crate::ir::walk::{aliases, columns_of};

/// Of one kind of entity: what each adds to the numbers of each cell, by the cell's keys and the entity.
type Pairs = BTreeMap<(String, Option<String>), Vec<Option<f64>>>;

fn run(rel: &Rel, tables: &Tables) -> Table {
    evaluate(rel, tables, &Values::new()).unwrap()
}

fn at<'t>(table: &'t Table, row: usize, column: &str) -> &'t Literal {
    let place = table.columns.iter().position(|own| own == column).unwrap();
    &table.rows[row].values[place]
}

/// Keys, entities and contributions as the query for contributors gives them.
fn asked(query: &ContributorQuery, tables: &Tables) -> Pairs {
    let table = run(&query.rel, tables);
    let added = query.contributions.len();
    let pair = |row: &reference::Row| {
        let (front, amounts) = row.values.split_at(row.values.len() - added);
        let (entity, keys) = front.split_last().unwrap();
        let key: Vec<_> = keys.iter().map(|key| format!("{key:?}")).collect();
        let entity = (!is_null(entity)).then(|| text_of(entity));
        ((key.join("|"), entity), amounts.iter().map(as_float).collect())
    };
    let pairs: Vec<_> = table.rows.iter().map(pair).collect();
    let once = pairs.len();
    let pairs: Pairs = pairs.into_iter().collect();
    assert_eq!(pairs.len(), once, "each pair once");
    pairs
}

/// How the rewrite writes a key of several columns.
fn text_of(value: &Literal) -> String {
    match value {
        Literal::Text(text) => text.clone(),
        Literal::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// The key of the entity of a need behind a row, from the stored rows it is made of.
fn entity_of(
    need: &EntityNeed,
    sources: &BTreeSet<(String, usize)>,
    rel: &Rel,
    tables: &Tables,
) -> Option<String> {
    let aliases = aliases(rel);
    let (alias, row) = sources.iter().find(|(alias, _)| *alias == need.entity.alias)?;
    let stored = &tables[aliases[alias.as_str()]];
    let values = need.columns.iter().map(|column| {
        let place = stored.columns.iter().position(|own| own == column).unwrap();
        stored.rows[*row][place].clone()
    });
    let values: Vec<_> = values.collect();
    (!values.iter().any(is_null)).then(|| values.iter().map(text_of).collect::<Vec<_>>().join("\u{1f}"))
}

/// The same, added up by hand from the rows below the aggregate.
fn by_hand(rel: &Rel, query: &ContributorQuery, tables: &Tables) -> Pairs {
    let top = releasing(rel).unwrap();
    let input = run(top.input, tables);
    let mut pairs = Pairs::new();
    for row in &input.rows {
        let of = |expr: &Expr| value(expr, &input.columns, &row.values, &Values::new()).unwrap();
        let key: Vec<_> = top.group.iter().map(|named| format!("{:?}", of(&named.expr))).collect();
        let entity = entity_of(&query.need, &row.sources, top.input, tables);
        let nothing =
            || query.contributions.iter().map(|c| (c.kind == ContributionKind::Rows).then_some(0.0));
        let sums = pairs.entry((key.join("|"), entity)).or_insert_with(|| nothing().collect());
        let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
        for (sum, contribution) in sums.iter_mut().zip(&query.contributions) {
            let aggregate = top.aggregates.iter().find(|a| a.name == contribution.aggregate).unwrap();
            let amount = match (&aggregate.argument, contribution.kind) {
                (None, _) => Some(1.0),
                (Some(argument), ContributionKind::Rows) => (!is_null(&of(argument))).then_some(1.0),
                (Some(argument), ContributionKind::Values) => as_float(&of(argument)),
                (Some(argument), ContributionKind::Part) => {
                    let part = parts.entry(&aggregate.name).or_default();
                    *part += 1;
                    as_float(&of(&col(columns_of(argument)[*part - 1])))
                }
            };
            *sum = [*sum, amount].into_iter().flatten().reduce(|a, b| a + b);
        }
    }
    pairs
}

/// Cells with values, those with fewer than `least` entities suppressed.
fn released(rel: &Rel, tables: &Tables, least: usize) -> Vec<(String, Option<String>)> {
    let counted = count_entities(rel, &declared()).unwrap();
    let table = run(rel, tables);
    let behind: Vec<Pairs> = counted.contributors.iter().map(|query| asked(query, tables)).collect();
    let mut cells: Vec<_> = (0..table.rows.len())
        .map(|row| {
            let keys = counted.checked.keys();
            let key: Vec<_> = keys.iter().map(|key| format!("{:?}", at(&table, row, key))).collect();
            let key = key.join("|");
            let count = |pairs: &Pairs| pairs.keys().filter(|(of, who)| *of == key && who.is_some()).count();
            let enough = behind.iter().all(|pairs| count(pairs) >= least);
            let values = format!("{:?}", table.rows[row].values);
            (key, enough.then_some(values))
        })
        .collect();
    cells.sort();
    cells
}

fn without_person(tables: &Tables, id: &Literal) -> Tables {
    let mut tables = tables.clone();
    for name in ["person", "visit"] {
        tables.get_mut(name).unwrap().rows.retain(|row| row[0] != *id);
    }
    tables
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// The queries for contributors find what adding up by hand from the origin of every row gives.
    #[test]
    fn contributors_are_found_with_what_they_add(rel in plans(0..SOURCES), tables in tables()) {
        for query in count_entities(&rel, &declared()).unwrap().contributors {
            let (ours, theirs) = (asked(&query, &tables), by_hand(&rel, &query, &tables));
            prop_assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
            // Doubles are added in another order.
            let close = |a: &Option<f64>, b: &Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * a.abs().max(1.0),
                (a, b) => a.is_none() && b.is_none(),
            };
            for (key, ours) in &ours {
                prop_assert!(ours.iter().zip(&theirs[key]).all(|(a, b)| close(a, b)), "{:?} {:?}", key, ours);
            }
        }
    }

    /// Rows that take no part may change or go.
    #[test]
    fn rows_that_must_not_matter_do_not(rel in plans(0..7), tables in tables()) {
        let top = releasing(&rel).unwrap();
        let used: BTreeSet<_> = run(top.input, &tables).rows.into_iter().flat_map(|row| row.sources).collect();
        let answer = run(&rel, &tables);
        let mut other = tables.clone();
        other.get_mut("weather").unwrap().rows.clear();
        if aliases(&rel).contains_key("t0") {
            let mut number = 0..;
            let person = other.get_mut("person").unwrap();
            person.rows.retain(|_| used.contains(&("t0".to_owned(), number.next().unwrap())));
            // A column that nobody reads.
            person.rows.iter_mut().for_each(|row| row[1] = Literal::Text("somebody else".into()));
        }
        let again = run(&rel, &other);
        let values = |table: &Table| table.rows.iter().map(|row| row.values.clone()).collect::<Vec<_>>();
        prop_assert_eq!(values(&answer), values(&again));
    }

    /// What is in suppressed cells only may change, or go, without anybody seeing it.
    #[test]
    fn suppressed_cells_say_nothing(rel in plans(0..4), tables in tables(), pick in any::<prop::sample::Index>()) {
        let persons = tables["person"].rows.clone();
        prop_assume!(!persons.is_empty());
        let id = pick.get(&persons)[0].clone();
        let before = released(&rel, &tables, 3);
        let after = released(&rel, &without_person(&tables, &id), 3);
        let shown = |cells: &[(String, Option<String>)]| -> BTreeMap<String, String> {
            cells.iter().filter_map(|(key, values)| Some((key.clone(), values.clone()?))).collect()
        };
        // In which cells is the person?
        let top = releasing(&rel).unwrap();
        let input = run(top.input, &tables);
        let place = input.columns.iter().position(|c| c == "t0.id" || c == "t1.person_id").unwrap();
        let own: BTreeSet<String> = input.rows.iter().filter(|row| row.values[place] == id).map(|row| {
            let of = |named: &Named| value(&named.expr, &input.columns, &row.values, &Values::new()).unwrap();
            top.group.iter().map(|named| format!("{:?}", of(named))).collect::<Vec<_>>().join("|")
        }).collect();
        let (before, after) = (shown(&before), shown(&after));
        if own.iter().all(|key| !before.contains_key(key)) {
            prop_assert_eq!(&before, &after);
        }
        for (key, values) in &before {
            if !own.contains(key) {
                prop_assert_eq!(Some(values), after.get(key));
            }
        }
    }

    /// Proven bounds hold in every row.
    #[test]
    fn proven_bounds_hold(expr in expressions(), tables in tables()) {
        let input = join(JoinKind::Left, persons(), visits(), &[("t0.id", "t1.person_id")]);
        let projected = Rel::Project { input: Box::new(input.clone()), columns: vec![named("x", expr.clone())] };
        if resolve(&projected, &declared()).is_ok()
            && let Ok(interval) = bounds(&expr, &input, &declared(), &Parameters::new())
        {
            // Decimals of more than 64 bits are past the interpreter.
            let Ok(table) = evaluate(&projected, &tables, &Values::new()) else { return Ok(()) };
            for row in table.rows {
                let number = match &row.values[0] {
                    Literal::Date(days) => Some(f64::from(*days)),
                    Literal::Timestamp(micros) => Some(*micros as f64),
                    other => as_float(other),
                };
                match number {
                    Some(number) => prop_assert!(interval.contains(number), "{number} {interval:?}"),
                    None => prop_assert!(interval.nullable(), "{interval:?}"),
                }
            }
        }
    }

    /// No entity has more rows than the declarations promise, and inner aggregates stay within their bounds.
    #[test]
    fn fan_out_is_never_more_than_proven(rel in plans(0..SOURCES), tables in tables()) {
        let top = releasing(&rel).unwrap();
        let known = facts(top.input, &declared(), &Parameters::new()).unwrap();
        let input = run(top.input, &tables);
        for (track, fan) in known.flow.tracks.iter().zip(&known.fans) {
            let fan = fan.filter(|_| track.protected);
            let Some(fan) = fan else { continue };
            let need = EntityNeed { entity: track.entity.clone(), columns: track.columns.clone() };
            let mut rows: BTreeMap<String, u64> = BTreeMap::new();
            for row in &input.rows {
                if let Some(key) = entity_of(&need, &row.sources, top.input, &tables) {
                    *rows.entry(key).or_default() += 1;
                }
            }
            prop_assert!(rows.values().all(|rows| *rows <= fan), "{track:?} {fan} {rows:?}");
        }
        for column in &input.columns {
            if let Ok(interval) = known.range(column).finite() {
                for row in 0..input.rows.len() {
                    let number = as_float(at(&input, row, column));
                    prop_assert!(number.is_none_or(|number| interval.contains(number)), "{column}");
                }
            }
        }
    }

    /// One person's coming or going changes each number, over all cells together, by no more than its sensitivity.
    #[test]
    fn sensitivity_covers_one_entity(rel in plans(0..8), tables in tables(), pick in any::<prop::sample::Index>()) {
        let Ok(judged) = judge(&rel, &declared(), &noisy()) else { return Ok(()) };
        prop_assume!(!tables["person"].rows.is_empty());
        let id = pick.get(&tables["person"].rows)[0].clone();
        let (before, after) = (run(&rel, &tables), run(&rel, &without_person(&tables, &id)));
        let keys = judged.checked().unwrap().keys();
        for number in judged.numbers().iter().filter(|number| at_sum(&rel, &number.aggregate)) {
            let numbers = |table: &Table| -> BTreeMap<String, f64> {
                let of = |row| {
                    let key: Vec<_> = keys.iter().map(|key| format!("{:?}", at(table, row, key))).collect();
                    (key.join("|"), as_float(at(table, row, &number.aggregate)).unwrap_or(0.0))
                };
                (0..table.rows.len()).map(of).collect()
            };
            let (before, after) = (numbers(&before), numbers(&after));
            let cells: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            let get = |cells: &BTreeMap<String, f64>, key: &String| cells.get(key).copied().unwrap_or(0.0);
            let change: f64 = cells.into_iter().map(|key| (get(&before, key) - get(&after, key)).abs()).sum();
            prop_assert!(change <= number.sensitivity as f64 + 1e-6, "{change} {number:?}");
        }
    }

    /// Legal plans are their own nearest; broken ones lead to one that passes.
    #[test]
    fn the_nearest_query_passes(rel in plans(0..SOURCES), how in 0_usize..8, statistics in any::<bool>()) {
        let policy = declared();
        let terms = if statistics { terms() } else { Terms::new(Mode::Order) };
        if judge(&rel, &policy, &terms).is_ok() {
            prop_assert_eq!(nearest(&rel, &policy, &terms), Some((rel.clone(), vec![])));
        }
        let broken = broken(&rel, how);
        if let Some((repaired, changes)) = nearest(&broken, &policy, &terms) {
            prop_assert!(judge(&repaired, &policy, &terms).is_ok());
            prop_assert_eq!(changes.is_empty(), repaired == broken);
            prop_assert!(sql::write(&repaired).is_ok());
        } else {
            prop_assert!(statistics, "in order mode every one of these can be repaired: {how} {broken:?}");
        }
    }
}

/// A mean is two numbers, neither of which is shown.
fn at_sum(rel: &Rel, aggregate: &str) -> bool {
    let top = releasing(rel).unwrap();
    let of = top.aggregates.iter().find(|a| a.name == aggregate).unwrap();
    of.function != AggregateFunction::Avg
}

/// Breaks a rule of a legal plan.
fn broken(rel: &Rel, how: usize) -> Rel {
    let limited = |rel: Rel| Rel::Limit { input: Box::new(rel), skip: 0, fetch: Some(3) };
    let Some(top) = releasing(rel) else { panic!("an aggregate") };
    let inside = |change: &dyn Fn(Rel) -> Rel| match rel {
        Rel::Aggregate { input, group, aggregates } => Rel::Aggregate {
            input: Box::new(change((**input).clone())),
            group: group.clone(),
            aggregates: aggregates.clone(),
        },
        _ => change(top.input.clone()),
    };
    match how {
        0 => limited(rel.clone()),
        1 => filter(rel.clone(), eq(col("rows"), int(1))),
        2 => inside(&limited),
        3 => limited(filter(rel.clone(), eq(col("rows"), int(1)))),
        4 => top.input.clone(),
        5 => limited(top.input.clone()),
        6 => match rel {
            Rel::Aggregate { input, group, aggregates } if !aggregates.is_empty() => {
                let mut aggregates = aggregates.clone();
                for aggregate in &mut aggregates {
                    if aggregate.function == AggregateFunction::Sum {
                        aggregate.function = AggregateFunction::Max;
                    }
                }
                Rel::Aggregate { input: input.clone(), group: group.clone(), aggregates }
            }
            _ => rel.clone(),
        },
        _ => rel.clone(),
    }
}

#[test]
fn unknown_names_are_faults() {
    let fault = evaluate(&persons(), &Tables::new(), &Values::new()).unwrap_err();
    assert_eq!(fault, reference::Fault::Unknown { name: "person".into() });
}
