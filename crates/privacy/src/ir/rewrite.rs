//! Adding the statistics that disclosure control needs to a releasable query.

use std::collections::BTreeMap;

use serde::Serialize;

use super::check::{Releasing, check, releasing, scans};
use super::resolve::{Flow, Rigour, equated, flow};
use super::{
    AggregateFunction, ArithmeticOp, Checked, CompareOp, EntityNeed, EntityRef, Expr, Function, JoinKind,
    Literal, LogicOp, Named, NamedAggregate, Policy, Refusal, Rel, Rule,
};
use crate::DataType;

/// A query that also yields the statistics of every cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counted {
    /// The rewritten query. It yields the columns of the original, in order, then the statistics. Scans may occur
    /// twice under one alias (in different branches), so it is to be executed, not resolved again.
    pub rel: Rel,
    /// What [`check()`] found.
    pub checked: Checked,
    /// Columns with the number of distinct entities: integer, never null.
    pub entities: Vec<EntityColumn>,
    /// Columns with the share of the largest entity: integer, parts per million.
    pub dominance: Vec<DominanceColumn>,
    /// Who stands behind the cells, one query for each of `entities`.
    pub contributors: Vec<ContributorQuery>,
}

/// A query for the entities behind every cell. It yields each pair of cell and entity once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContributorQuery {
    /// What is counted.
    pub need: EntityNeed,
    /// The resource of its scan.
    pub resource: String,
    /// The query: the group keys in the order of [`Checked::keys`], then the entity's key, null where a row has none. To
    /// be executed, not resolved again.
    pub rel: Rel,
}

/// A column that holds, for every cell, the number of distinct entities of one need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntityColumn {
    /// Name in the rewritten query's output.
    pub column: String,
    /// What is counted.
    pub need: EntityNeed,
}

/// A column that holds, for every cell, the largest share of one entity in a sum or mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DominanceColumn {
    /// Name in the rewritten query's output.
    pub column: String,
    /// The aggregate it is about.
    pub aggregate: String,
    /// Whose share it is.
    pub entity: EntityRef,
    /// Name of the column with the largest entity's absolute contribution itself: float, in the units of what is summed.
    pub extent: String,
}

/// Checks a query and adds to each result row the number of distinct entities behind it, and for each sum or mean
/// the largest entity's share of it (by absolute values).
///
/// # Errors
/// As [`check()`].
pub fn count_entities(rel: &Rel, policy: &Policy) -> Result<Counted, Refusal> {
    let checked = check(rel, policy)?;
    let top = releasing(rel).ok_or(Refusal::bare(Rule::NotAggregate))?;
    let (input, keys) = with_keys(top.input, policy)?;
    let mut entities = Vec::new();
    let mut aggregates = top.aggregates.to_vec();
    let mut counted_keys = Vec::new();
    let mut contributors = Vec::new();
    for (index, need) in checked.entities().iter().enumerate() {
        let names =
            keys.get(&need.entity).ok_or(Refusal::new(Rule::EntityLost, need.entity.kind.as_str()))?;
        let key = composite(names);
        let column = format!("__entities_{index}");
        aggregates.push(NamedAggregate {
            name: column.clone(),
            function: AggregateFunction::CountDistinct,
            argument: Some(key.clone()),
        });
        contributors.push(contributor_query(&input, &top, need, key.clone()));
        counted_keys.push((need.entity.clone(), key));
        entities.push(EntityColumn { column, need: need.clone() });
    }
    let mut core = Rel::Aggregate { input: Box::new(input.clone()), group: top.group.to_vec(), aggregates };
    let mut dominance = Vec::new();
    let summed: Vec<_> = top.aggregates.iter().filter(|a| is_summed(a)).collect();
    // Every kind of entity is judged: an enterprise may dominate where no person does.
    for (number, (entity, key)) in counted_keys.into_iter().enumerate().filter(|_| !summed.is_empty()) {
        core = with_dominance(core, input.clone(), &top, &summed, number, key);
        dominance.extend(summed.iter().enumerate().map(|(index, aggregate)| DominanceColumn {
            column: share_name(number, index),
            aggregate: aggregate.name.clone(),
            entity: entity.clone(),
            extent: extent_name(number, index),
        }));
    }
    let added: Vec<String> = entities
        .iter()
        .map(|entity| entity.column.clone())
        .chain(dominance.iter().flat_map(|share| [share.column.clone(), share.extent.clone()]))
        .collect();
    let original: Vec<String> = checked.schema().columns.iter().map(|column| column.name.clone()).collect();
    let body = replace_top(rel, &top, core, &added);
    let columns = original.iter().chain(&added).map(|name| same(name)).collect();
    let rel = Rel::Project { input: Box::new(body), columns };
    Ok(Counted { rel, checked, entities, dominance, contributors })
}

/// Name of the largest share of one entity (by its number among the needs) in one sum.
fn share_name(number: usize, index: usize) -> String {
    format!("__dominance_{number}_{index}")
}

fn extent_name(number: usize, index: usize) -> String {
    format!("__extent_{number}_{index}")
}

fn contributor_query(input: &Rel, top: &Releasing<'_>, need: &EntityNeed, key: Expr) -> ContributorQuery {
    let mut resource = String::new();
    scans(input, &mut |name, alias, _| {
        if alias == need.entity.alias {
            name.clone_into(&mut resource);
        }
    });
    let by_cell = top.group.iter().enumerate();
    let mut group: Vec<Named> = by_cell
        .map(|(index, named)| Named { name: format!("__group_{index}"), expr: named.expr.clone() })
        .collect();
    group.push(Named { name: "__entity".to_owned(), expr: key });
    let rel = Rel::Aggregate { input: Box::new(input.clone()), group, aggregates: Vec::new() };
    ContributorQuery { need: need.clone(), resource, rel }
}

fn same(name: &str) -> Named {
    Named { name: name.to_owned(), expr: Expr::column(name) }
}

const fn is_summed(aggregate: &NamedAggregate) -> bool {
    matches!(aggregate.function, AggregateFunction::Sum | AggregateFunction::Avg)
}

/// The part above the releasing aggregate, rebuilt over its replacement with the added columns passed on.
fn replace_top(rel: &Rel, top: &Releasing<'_>, core: Rel, added: &[String]) -> Rel {
    if std::ptr::eq(rel, top.rel) {
        return core;
    }
    match rel {
        Rel::Project { input, columns } => Rel::Project {
            input: Box::new(replace_top(input, top, core, added)),
            columns: columns.iter().cloned().chain(added.iter().map(|name| same(name))).collect(),
        },
        Rel::Filter { input, predicate } => Rel::Filter {
            input: Box::new(replace_top(input, top, core, added)),
            predicate: predicate.clone(),
        },
        Rel::Sort { input, keys } => {
            Rel::Sort { input: Box::new(replace_top(input, top, core, added)), keys: keys.clone() }
        }
        Rel::Limit { input, skip, fetch } => {
            Rel::Limit { input: Box::new(replace_top(input, top, core, added)), skip: *skip, fetch: *fetch }
        }
        Rel::Aggregate { .. } | Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => core,
    }
}

type Keys = BTreeMap<EntityRef, Vec<String>>;

/// The relation with every surviving entity key among its columns, and the names of the key columns.
fn with_keys(rel: &Rel, policy: &Policy) -> Result<(Rel, Keys), Refusal> {
    Ok(match rel {
        Rel::Scan { resource, alias, columns } => scan(policy, resource, alias, columns),
        Rel::Filter { input, predicate } => {
            let (input, keys) = with_keys(input, policy)?;
            (Rel::Filter { input: Box::new(input), predicate: predicate.clone() }, keys)
        }
        Rel::Sort { input, keys: order } => {
            let (input, keys) = with_keys(input, policy)?;
            (Rel::Sort { input: Box::new(input), keys: order.clone() }, keys)
        }
        Rel::Limit { .. } => return Err(Refusal::bare(Rule::LimitBelow)),
        Rel::Project { input, columns } => {
            let (input, keys) = with_keys(input, policy)?;
            project(input, columns.clone(), keys)
        }
        Rel::Aggregate { input, group, aggregates } => {
            let before = flow(input, policy, Rigour::Release)?;
            let (input, keys) = with_keys(input, policy)?;
            let keys = surviving(&before, group, keys);
            let rel = Rel::Aggregate {
                input: Box::new(input),
                group: group.clone(),
                aggregates: aggregates.clone(),
            };
            (rel, keys)
        }
        Rel::Join { kind, left, right, on, nulls_equal, filter } => {
            let twins =
                equated(&flow(left, policy, Rigour::Release)?, &flow(right, policy, Rigour::Release)?, on);
            let (left, mut keys) = with_keys(left, policy)?;
            let (with_right, right_keys) = with_keys(right, policy)?;
            let semi = matches!(kind, JoinKind::Semi | JoinKind::Anti);
            let right = if semi { (**right).clone() } else { with_right };
            if !semi {
                keys.extend(right_keys.into_iter().filter(|(entity, _)| !twins.contains_key(entity)));
            }
            let rel = Rel::Join {
                kind: *kind,
                left: Box::new(left),
                right: Box::new(right),
                on: on.clone(),
                nulls_equal: *nulls_equal,
                filter: filter.clone(),
            };
            (rel, keys)
        }
        Rel::Union { inputs } => union(inputs, policy)?,
    })
}

fn scan(policy: &Policy, resource: &str, alias: &str, columns: &[String]) -> (Rel, Keys) {
    let mut columns = columns.to_vec();
    let mut keys = Keys::new();
    if let Some(entity) = policy.resources.get(resource).and_then(|known| known.entity.as_ref()) {
        for key in &entity.columns {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        let reference = EntityRef { alias: alias.to_owned(), kind: entity.kind.clone() };
        keys.insert(reference, entity.columns.iter().map(|key| format!("{alias}.{key}")).collect());
    }
    (Rel::Scan { resource: resource.to_owned(), alias: alias.to_owned(), columns }, keys)
}

fn project(input: Rel, mut columns: Vec<Named>, keys: Keys) -> (Rel, Keys) {
    let mut renamed = Keys::new();
    for (entity, names) in keys {
        let mut to = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            let key = format!("__key_{}_{index}", entity.alias);
            columns.push(Named { name: key.clone(), expr: Expr::Column { name } });
            to.push(key);
        }
        renamed.insert(entity, to);
    }
    (Rel::Project { input: Box::new(input), columns }, renamed)
}

/// Keys that an inner aggregate groups by, under their new names.
fn surviving(before: &Flow, group: &[Named], keys: Keys) -> Keys {
    let find = |entity: &EntityRef, column: &String| {
        group.iter().find_map(|named| match &named.expr {
            Expr::Column { name }
                if before.origins.get(name) == Some(&(entity.alias.clone(), column.clone())) =>
            {
                Some(named.name.clone())
            }
            _ => None,
        })
    };
    keys.into_keys()
        .filter_map(|entity| {
            let track = before.tracks.iter().find(|track| track.entity == entity)?;
            let names =
                track.columns.iter().map(|column| find(&entity, column)).collect::<Option<Vec<_>>>()?;
            Some((entity, names))
        })
        .collect()
}

/// Branches of a union with their keys in the same places. Keys follow the first branch's tracks.
fn union(inputs: &[Rel], policy: &Policy) -> Result<(Rel, Keys), Refusal> {
    let mut branches = Vec::new();
    let mut first: Option<Vec<EntityRef>> = None;
    let mut keys = Keys::new();
    for input in inputs {
        let before = flow(input, policy, Rigour::Release)?;
        let tracks: Vec<EntityRef> = before.tracks.iter().map(|track| track.entity.clone()).collect();
        let (rel, own) = with_keys(input, policy)?;
        let targets = first.get_or_insert_with(|| tracks.clone());
        let mut columns: Vec<Named> = before.schema.columns.iter().map(|column| same(&column.name)).collect();
        for (source, target) in tracks.iter().zip(targets.iter()) {
            let Some(names) = own.get(source) else { continue };
            let mut to = Vec::new();
            for (index, name) in names.iter().enumerate() {
                let key = format!("__key_{}_{index}", target.alias);
                let expr = Expr::Cast { input: Box::new(Expr::column(name)), to: DataType::Text };
                columns.push(Named { name: key.clone(), expr });
                to.push(key);
            }
            keys.insert(target.clone(), to);
        }
        branches.push(Rel::Project { input: Box::new(rel), columns });
    }
    Ok((Rel::Union { inputs: branches }, keys))
}

/// One text for a key of several columns; null if any part is null.
fn composite(names: &[String]) -> Expr {
    let [only] = names else {
        let text = |name: &String| Expr::Cast { input: Box::new(Expr::column(name)), to: DataType::Text };
        let mut parts = Vec::new();
        for name in names {
            if !parts.is_empty() {
                // The unit separator does not occur in keys, so different keys stay different.
                parts.push(Expr::literal(Literal::Text("\u{1f}".to_owned())));
            }
            parts.push(text(name));
        }
        let absent = |name: &String| Expr::IsNull { input: Box::new(Expr::column(name)), negated: false };
        return Expr::Case {
            branches: vec![(
                Expr::Logic { op: LogicOp::Or, args: names.iter().map(absent).collect() },
                Expr::literal(Literal::Null(DataType::Text)),
            )],
            otherwise: Some(Box::new(Expr::Call { function: Function::Concat, args: parts })),
        };
    };
    Expr::column(only)
}

/// Joins to each cell the largest entity's share of each sum: two aggregates, by entity and then by cell.
fn with_dominance(
    core: Rel,
    input: Rel,
    top: &Releasing<'_>,
    summed: &[&NamedAggregate],
    number: usize,
    key: Expr,
) -> Rel {
    let group_name = |index: usize| format!("__group_{number}_{index}");
    let mut by_entity: Vec<Named> = top
        .group
        .iter()
        .enumerate()
        .map(|(index, named)| Named { name: group_name(index), expr: named.expr.clone() })
        .collect();
    let by_cell: Vec<Named> = by_entity.iter().map(|named| same(&named.name)).collect();
    by_entity.push(Named { name: "__entity".to_owned(), expr: key });
    let sums = summed
        .iter()
        .enumerate()
        .map(|(index, aggregate)| NamedAggregate {
            name: format!("__sum_{index}"),
            function: AggregateFunction::Sum,
            argument: aggregate.argument.clone(),
        })
        .collect();
    let entities = Rel::Aggregate { input: Box::new(input), group: by_entity, aggregates: sums };
    let absolute = |index: usize| {
        let sum = Expr::Cast { input: Box::new(Expr::column(format!("__sum_{index}"))), to: DataType::Float };
        Expr::Call { function: Function::Abs, args: vec![sum] }
    };
    let mut extremes = Vec::new();
    for index in 0..summed.len() {
        for (prefix, function) in [("__max", AggregateFunction::Max), ("__all", AggregateFunction::Sum)] {
            let name = format!("{prefix}_{index}");
            extremes.push(NamedAggregate { name, function, argument: Some(absolute(index)) });
        }
    }
    let cells = Rel::Aggregate { input: Box::new(entities), group: by_cell.clone(), aggregates: extremes };
    let shares = (0..summed.len()).flat_map(|index| {
        let extent = Expr::column(format!("__max_{index}"));
        [
            Named { name: share_name(number, index), expr: share(index) },
            Named { name: extent_name(number, index), expr: extent },
        ]
    });
    let statistics =
        Rel::Project { input: Box::new(cells), columns: by_cell.into_iter().chain(shares).collect() };
    let on = top
        .group
        .iter()
        .enumerate()
        .map(|(index, named)| (Expr::column(&named.name), Expr::column(group_name(index))))
        .collect();
    let (left, right) = (Box::new(core), Box::new(statistics));
    Rel::Join { kind: JoinKind::Inner, left, right, on, nulls_equal: true, filter: None }
}

/// Parts per million, rounded up; zero where there is nothing to dominate.
fn share(index: usize) -> Expr {
    let all = || Box::new(Expr::column(format!("__all_{index}")));
    let zero = || Expr::literal(Literal::Float(0.0));
    let nothing = Expr::Logic {
        op: LogicOp::Or,
        args: vec![
            Expr::IsNull { input: all(), negated: false },
            Expr::Compare { op: CompareOp::LessEq, left: all(), right: Box::new(zero()) },
        ],
    };
    let scaled = Expr::Arithmetic {
        op: ArithmeticOp::Multiply,
        left: Box::new(Expr::column(format!("__max_{index}"))),
        right: Box::new(Expr::literal(Literal::Float(1_000_000.0))),
    };
    let ratio = Expr::Arithmetic { op: ArithmeticOp::Divide, left: Box::new(scaled), right: all() };
    let ratio = Expr::Call { function: Function::Ceil, args: vec![ratio] };
    let value = Expr::Case { branches: vec![(nothing, zero())], otherwise: Some(Box::new(ratio)) };
    Expr::Cast { input: Box::new(value), to: DataType::Integer }
}
