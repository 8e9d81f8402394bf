//! What must hold of every plan and every table.

use proptest::prelude::*;

use super::random::{SOURCES, expressions, plans, tables};
use super::statistics::{noisy, terms};
use super::*;
use crate::ir::check::releasing;
use crate::ir::facts::facts;
use crate::ir::reference::{self, Table, Tables, Values, as_float, evaluate, is_null, value};
use crate::ir::walk::aliases;

/// A number that the rewrite must give for a cell.
type Cell = (String, Vec<i64>, Vec<i64>);

fn run(rel: &Rel, tables: &Tables) -> Table {
    evaluate(rel, tables, &Values::new()).unwrap()
}

fn at<'t>(table: &'t Table, row: usize, column: &str) -> &'t Literal {
    let place = table.columns.iter().position(|own| own == column).unwrap();
    &table.rows[row].values[place]
}

fn whole(value: &Literal) -> i64 {
    let Literal::Integer(number) = value else { panic!("a whole number: {value:?}") };
    *number
}

/// Keys, entity counts and dominance of each cell, as the rewritten query gives them.
fn rewritten(counted: &Counted, tables: &Tables) -> Vec<Cell> {
    let table = run(&counted.rel, tables);
    let keys = counted.checked.keys();
    let mut cells: Vec<Cell> = (0..table.rows.len())
        .map(|row| {
            let key: Vec<_> = keys.iter().map(|key| format!("{:?}", at(&table, row, key))).collect();
            let entities = counted.entities.iter().map(|e| whole(at(&table, row, &e.column))).collect();
            let shares = counted.dominance.iter().map(|d| whole(at(&table, row, &d.column))).collect();
            (key.join("|"), entities, shares)
        })
        .collect();
    cells.sort();
    cells
}

/// The key of the entity of a need behind a row, from the stored rows it is made of.
fn entity_of(
    need: &EntityNeed,
    sources: &BTreeSet<(String, usize)>,
    rel: &Rel,
    tables: &Tables,
) -> Option<String> {
    let aliases = aliases(rel);
    let own = |alias: &str| alias == need.entity.alias || rel_union(rel);
    let (alias, row) = sources.iter().find(|(alias, _)| own(alias))?;
    let stored = &tables[aliases[alias.as_str()]];
    let columns =
        if alias == &need.entity.alias { need.columns.clone() } else { vec!["person_id".to_owned()] };
    let values = columns.iter().map(|column| {
        let place = stored.columns.iter().position(|own| own == column).unwrap();
        stored.rows[*row][place].clone()
    });
    let values: Vec<_> = values.collect();
    (!values.iter().any(is_null)).then(|| format!("{values:?}"))
}

/// Branches of a union hold the same kind of entity under different aliases.
fn rel_union(rel: &Rel) -> bool {
    matches!(rel, Rel::Union { .. }) || crate::ir::walk::inputs(rel).into_iter().any(rel_union)
}

/// The same cells, counted by hand from the rows below the aggregate.
fn by_hand(rel: &Rel, counted: &Counted, tables: &Tables) -> Vec<Cell> {
    let top = releasing(rel).unwrap();
    let input = run(top.input, tables);
    let mut cells: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    if top.group.is_empty() {
        cells.insert(String::new(), Vec::new());
    }
    for (number, row) in input.rows.iter().enumerate() {
        let of = |named: &Named| value(&named.expr, &input.columns, &row.values, &Values::new()).unwrap();
        let key: Vec<_> = top.group.iter().map(|named| format!("{:?}", of(named))).collect();
        cells.entry(key.join("|")).or_default().push(number);
    }
    let mut all = Vec::new();
    for (key, rows) in cells {
        let entity =
            |need: &EntityNeed, row: usize| entity_of(need, &input.rows[row].sources, top.input, tables);
        let entities = counted.entities.iter().map(|column| {
            let distinct: BTreeSet<_> = rows.iter().filter_map(|row| entity(&column.need, *row)).collect();
            i64::try_from(distinct.len()).unwrap()
        });
        let shares = counted.dominance.iter().map(|share| {
            let need = &counted.entities.iter().find(|c| c.need.entity == share.entity).unwrap().need;
            let aggregate = top.aggregates.iter().find(|a| a.name == share.aggregate).unwrap();
            let argument = aggregate.argument.as_ref().unwrap();
            let mut sums: BTreeMap<Option<String>, f64> = BTreeMap::new();
            for row in &rows {
                let amount =
                    value(argument, &input.columns, &input.rows[*row].values, &Values::new()).unwrap();
                if let Some(amount) = as_float(&amount) {
                    *sums.entry(entity(need, *row)).or_default() += amount;
                }
            }
            let total: f64 = sums.values().map(|sum| sum.abs()).sum();
            let largest = sums.values().fold(0.0_f64, |a, b| a.max(b.abs()));
            if total > 0.0 { (largest * 1_000_000.0 / total).ceil() as i64 } else { 0 }
        });
        all.push((key, entities.collect(), shares.collect()));
    }
    all.sort();
    all
}

/// Cells with values, those with fewer than `least` entities suppressed.
fn released(rel: &Rel, tables: &Tables, least: i64) -> Vec<(String, Option<String>)> {
    let counted = count_entities(rel, &declared()).unwrap();
    let table = run(&counted.rel, tables);
    let shown = counted.checked.schema().columns.len();
    let mut cells: Vec<_> = (0..table.rows.len())
        .map(|row| {
            let keys = counted.checked.keys();
            let key: Vec<_> = keys.iter().map(|key| format!("{:?}", at(&table, row, key))).collect();
            let enough = counted.entities.iter().all(|e| whole(at(&table, row, &e.column)) >= least);
            let values = format!("{:?}", &table.rows[row].values[..shown]);
            (key.join("|"), enough.then_some(values))
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

    /// The rewrite counts what counting by hand from the origin of every row gives.
    #[test]
    fn the_rewrite_counts_entities_and_shares(rel in plans(0..SOURCES), tables in tables()) {
        let counted = count_entities(&rel, &declared()).unwrap();
        let (ours, theirs) = (rewritten(&counted, &tables), by_hand(&rel, &counted, &tables));
        prop_assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            prop_assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1));
            // Doubles are added in another order.
            prop_assert!(ours.2.iter().zip(&theirs.2).all(|(a, b)| (a - b).abs() <= 1), "{:?} {:?}", ours, theirs);
        }
        // The columns of the original are untouched.
        let shown = counted.checked.schema().columns.len();
        let mut kept: Vec<_> =
            run(&counted.rel, &tables).rows.iter().map(|row| format!("{:?}", &row.values[..shown])).collect();
        let mut original: Vec<_> = run(&rel, &tables).rows.iter().map(|row| format!("{:?}", row.values)).collect();
        kept.sort();
        original.sort();
        prop_assert_eq!(kept, original);
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
            let fan = fan.filter(|_| track.protected && !rel_union(top.input));
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
