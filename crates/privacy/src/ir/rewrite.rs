//! The queries that disclosure control asks beside a releasable query: who stands behind every cell, and with how much.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::check::{Releasing, check, check_with, is_absent, releasing, scans};
use super::left_out::{About, Mark, Telling, several};
use super::looked_at::with_rows;
use super::population::population;
use super::resolve::{Flow, Rigour, equated, flow};
use super::walk::columns_of;
use super::{
    AggregateFunction, Checked, EntityNeed, EntityRef, Expr, Function, JoinKind, Literal, LogicOp, Measured,
    Named, NamedAggregate, Policy, Refusal, Rel, Rule, Source,
};
use crate::DataType;

/// A releasable query with the queries for its contributors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counted {
    /// What [`check()`] found.
    pub checked: Checked,
    /// Who stands behind the cells, one query for each of [`Checked::entities`].
    pub contributors: Vec<ContributorQuery>,
    /// Secrets choose who is added up of what everybody may know: such sums leave with noise only.
    pub needs_noise: bool,
}

/// A query for the entities behind every cell. It yields each pair of cell and entity once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContributorQuery {
    /// What is counted.
    pub need: EntityNeed,
    /// The resource of its scan.
    pub resource: String,
    /// The query: the group keys in the order of [`Checked::keys`], the entity's key, null where a row has none, then what
    /// the entity adds to each of `contributions`: float, null where it adds nothing. To be executed, not resolved again.
    pub rel: Rel,
    /// What the last columns are about, in order.
    pub contributions: Vec<Contribution>,
    /// Stored secrets that the numbers are of, of everybody behind a cell.
    pub secrets: BTreeSet<Source>,
    /// Aggregates of what only some behind a cell may have, since an outer join may find nothing, by name.
    pub absent: BTreeSet<String>,
    /// Whom the cells speak about, where sensitive columns choose who is counted.
    pub population: Option<PopulationQuery>,
    /// How far an entity's share in any cell can reach, whoever has what and whatever is asked of whom: of everything that the
    /// tables hold the most rows of an entity, then the largest and the smallest value of each of `contributions` but rows. None where
    /// every cell leaves with noise by what is declared.
    pub reach: Option<Rel>,
    /// Which rows are looked at, for each resource whose secrets decide or are added up and that may have several rows of one
    /// entity.
    pub looked_at: Vec<LookedAt>,
}

impl ContributorQuery {
    /// Which of the secrets a number adds up.
    pub fn secrets_of<'a>(&'a self, measured: &'a Measured) -> impl Iterator<Item = &'a Source> {
        let sources = match measured {
            Measured::Values(sources) | Measured::Known(sources) => Some(sources),
            _ => None,
        };
        sources.into_iter().flat_map(|sources| sources.intersection(&self.secrets))
    }
}

/// A query for the population of every cell (see the module `population`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PopulationQuery {
    /// Which group keys it tells populations apart by: places in [`Checked::keys`]. Cells that differ in the others have
    /// one population.
    pub keys: Vec<usize>,
    /// The queries: those keys, then the entity's key, null where a row has none. Of those who are in several, all that is
    /// asked of one holds as well.
    pub people: Vec<Rel>,
    /// The secrets that decide.
    pub secrets: BTreeSet<Source>,
    /// What tells the conditions that it lacks from others.
    pub mark: Mark,
}

/// A query for the rows of a resource that the cells of a query look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookedAt {
    /// The resource.
    pub resource: String,
    /// The query: the keys of the population, or all where there is none, the entity's key, null where a row has none, then a text that is the same for
    /// rows of the resource that agree in all that is no secret; without a row, one of no row.
    pub rel: Rel,
}

/// What an entity adds to a number of its cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contribution {
    /// The aggregate, by its name in the releasing one.
    pub aggregate: String,
    /// What is added.
    pub kind: ContributionKind,
}

/// What an entity can add to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContributionKind {
    /// Its rows, or its values that are not null.
    Rows,
    /// The sum of its values.
    Values,
    /// The sum of one column of a sum of several: with a release of the others, the whole tells of it alone.
    Part,
}

impl ContributionKind {
    /// Has an entity anything to do with a number to which it adds this?
    #[must_use]
    pub fn is_added(self, value: Option<f64>) -> bool {
        match self {
            Self::Rows => value.is_some_and(|rows| rows > 0.0),
            Self::Values | Self::Part => value.is_some(),
        }
    }
}

impl Counted {
    /// Who stands behind the cells of a query that differs from this one in its conditions only.
    ///
    /// # Errors
    /// A [`Refusal`] if it is malformed.
    pub fn over(&self, rel: &Rel, policy: &Policy) -> Result<Self, Refusal> {
        count_checked(rel, policy, self.checked.clone())
    }
}

/// Checks a query and finds who stands behind its cells.
///
/// # Errors
/// As [`check()`].
pub fn count_entities(rel: &Rel, policy: &Policy) -> Result<Counted, Refusal> {
    count_checked(rel, policy, check(rel, policy)?)
}

/// The same for a query that was checked with this policy.
pub(super) fn count_checked(rel: &Rel, policy: &Policy, checked: Checked) -> Result<Counted, Refusal> {
    let top = releasing(rel).ok_or(Refusal::bare(Rule::NotAggregate))?;
    let (input, keys) = with_keys(top.input, policy)?;
    let population = population(&top, policy)?;
    let mut secrets = BTreeSet::new();
    for argument in top.aggregates.iter().filter_map(|aggregate| aggregate.argument.as_ref()) {
        secrets.extend(About::of(argument, top.input, &Telling::new(), policy)?.secrets);
    }
    let mut absent = BTreeSet::new();
    for aggregate in top.aggregates {
        if is_absent(aggregate, top.input, policy)?.is_some() {
            absent.insert(aggregate.name.clone());
        }
    }
    let query = |need: &EntityNeed| {
        let own = |keys: &Keys| {
            let lost = || Refusal::new(Rule::EntityLost, need.entity.kind.as_str());
            keys.get(&need.entity).map(|names| composite(names)).ok_or_else(lost)
        };
        let mut query = contributor_query(&input, &top, need, own(&keys)?);
        query.absent.clone_from(&absent);
        let all: Vec<usize> = (0..top.group.len()).collect();
        let (places, relation, widest) = match &population {
            Some(found) => (&found.keys, &found.rows, &found.widest),
            None => (&all, top.input, top.input),
        };
        let everything = unfiltered(widest);
        let cells = || places.iter().filter_map(|place| top.group.get(*place));
        let (with, keys_there) = with_keys(&everything, policy)?;
        query.reach = Some(reach(with, &top, own(&keys_there)?));
        let pairs = |input: Rel, group| Rel::Aggregate { input: Box::new(input), group, aggregates: vec![] };
        let decided = population.as_ref().map(|found| &found.secrets).into_iter().flatten();
        let told: BTreeSet<Source> = decided.chain(&secrets).cloned().collect();
        let mut resources = several(&told, policy);
        // Which rows of the chosen are counted is to change the noise of their number.
        resources.extend(population.iter().flat_map(|found| found.counted.iter().cloned()));
        for resource in resources {
            let (input, keys) = with_keys(relation, policy)?;
            let (input, row) = with_rows(&input, &resource, policy);
            let mut group = by_cell(cells(), own(&keys)?);
            group.push(Named { name: "__row".to_owned(), expr: row });
            query.looked_at.push(LookedAt { resource, rel: pairs(input, group) });
        }
        let Some(found) = &population else {
            query.secrets.clone_from(&secrets);
            return Ok(query);
        };
        let people = |people: &Rel| {
            let (input, keys) = with_keys(people, policy)?;
            Ok(pairs(input, by_cell(cells(), own(&keys)?)))
        };
        query.population = Some(PopulationQuery {
            keys: found.keys.clone(),
            people: found.people.iter().map(people).collect::<Result<_, Refusal>>()?,
            // All cells together tell what is added up of everybody.
            secrets: told,
            mark: found.mark.clone(),
        });
        Ok(query)
    };
    let contributors = checked.entities().iter().map(query).collect::<Result<_, Refusal>>()?;
    let needs_noise = population.as_ref().is_some_and(|population| population.needs_noise);
    Ok(Counted { checked, contributors, needs_noise })
}

/// Who adds what to the cells of a query that [`super::judge()`] passed with noise: of one kind of entity, none where nobody is
/// protected.
///
/// # Errors
/// As [`super::judge()`].
pub fn contributor(rel: &Rel, policy: &Policy) -> Result<Option<ContributorQuery>, Refusal> {
    let checked = check_with(rel, policy, Rigour::Noise)?;
    let Some(need) = checked.entities().first() else { return Ok(None) };
    let top = releasing(rel).ok_or(Refusal::bare(Rule::NotAggregate))?;
    let (input, keys) = with_keys(top.input, policy)?;
    let own = keys.get(&need.entity).ok_or(Refusal::new(Rule::EntityLost, need.entity.kind.as_str()))?;
    Ok(Some(contributor_query(&input, &top, need, composite(own))))
}

fn contributor_query(input: &Rel, top: &Releasing<'_>, need: &EntityNeed, key: Expr) -> ContributorQuery {
    let mut resource = String::new();
    scans(input, &mut |name, alias, _| {
        if alias == need.entity.alias {
            name.clone_into(&mut resource);
        }
    });
    let group = by_cell(top.group.iter(), key);
    let (contributions, aggregates): (Vec<_>, Vec<_>) =
        top.aggregates.iter().flat_map(contributed).enumerate().map(added).unzip();
    let floats = aggregates.iter().map(|aggregate| as_float(&aggregate.name));
    let columns = group.iter().map(|named| same(&named.name)).chain(floats).collect();
    let pairs = Rel::Aggregate { input: Box::new(input.clone()), group, aggregates: aggregates.clone() };
    let rel = Rel::Project { input: Box::new(pairs), columns };
    ContributorQuery {
        need: need.clone(),
        resource,
        rel,
        contributions,
        secrets: BTreeSet::new(),
        absent: BTreeSet::new(),
        population: None,
        reach: None,
        looked_at: Vec::new(),
    }
}

/// The most rows that an entity has, and the values between which all are ([`ContributorQuery::reach`]).
fn reach(input: Rel, top: &Releasing<'_>, entity: Expr) -> Rel {
    let aggregate = |name: String, function, argument| NamedAggregate { name, function, argument };
    let values = top.aggregates.iter().flat_map(contributed);
    let values = values.filter(|(of, ..)| of.kind != ContributionKind::Rows).enumerate();
    let bounds: Vec<NamedAggregate> = values
        .flat_map(|(index, (_, _, argument))| {
            let most = aggregate(format!("__most_{index}"), AggregateFunction::Max, argument.clone());
            [most, aggregate(format!("__least_{index}"), AggregateFunction::Min, argument)]
        })
        .collect();
    let rows = aggregate("__rows".to_owned(), AggregateFunction::Count, None);
    let each = Rel::Aggregate {
        input: Box::new(input),
        group: by_cell(std::iter::empty(), entity),
        aggregates: [rows].into_iter().chain(bounds.iter().cloned()).collect(),
    };
    let named = Expr::IsNull { input: Box::new(Expr::column(ENTITY)), negated: true };
    let again =
        bounds.iter().map(|one| aggregate(one.name.clone(), one.function, Some(Expr::column(&one.name))));
    let rows = aggregate("__rows".to_owned(), AggregateFunction::Max, Some(Expr::column("__rows")));
    let all = Rel::Aggregate {
        input: Box::new(Rel::Filter { input: Box::new(each), predicate: named }),
        group: Vec::new(),
        aggregates: [rows].into_iter().chain(again).collect(),
    };
    let floats = ["__rows"].into_iter().chain(bounds.iter().map(|one| one.name.as_str())).map(as_float);
    Rel::Project { input: Box::new(all), columns: floats.collect() }
}

/// All that a relation could be about: whoever is asked about by a condition would else be the one whose values show.
fn unfiltered(rel: &Rel) -> Rel {
    let boxed = |rel: &Rel| Box::new(unfiltered(rel));
    match rel {
        Rel::Scan { .. } => rel.clone(),
        // What ties two tables together is no condition on either.
        Rel::Join { on, .. } if on.is_empty() => rel.clone(),
        Rel::Filter { input, .. } if matches!(&**input, Rel::Join { on, .. } if on.is_empty()) => rel.clone(),
        Rel::Filter { input, .. } | Rel::Limit { input, .. } | Rel::Sort { input, .. } => unfiltered(input),
        Rel::Join { kind: JoinKind::Semi | JoinKind::Anti, left, .. } => unfiltered(left),
        Rel::Join { kind, left, right, on, nulls_equal, .. } => Rel::Join {
            kind: *kind,
            left: boxed(left),
            right: boxed(right),
            on: on.clone(),
            nulls_equal: *nulls_equal,
            filter: None,
        },
        Rel::Project { input, columns } => Rel::Project { input: boxed(input), columns: columns.clone() },
        Rel::Aggregate { input, group, aggregates } => {
            Rel::Aggregate { input: boxed(input), group: group.clone(), aggregates: aggregates.clone() }
        }
        Rel::Union { inputs } => Rel::Union { inputs: inputs.iter().map(unfiltered).collect() },
    }
}

/// A column as a float, under another name.
fn as_float(name: &str) -> Named {
    Named {
        name: format!("{name}_float"),
        expr: Expr::Cast { input: Box::new(Expr::column(name)), to: DataType::Float },
    }
}

/// What the key of the entity is called.
const ENTITY: &str = "__entity";

/// Group keys under names of their own, then the entity's key.
fn by_cell<'a>(group: impl Iterator<Item = &'a Named>, entity: Expr) -> Vec<Named> {
    let keys = group.enumerate();
    let keys =
        keys.map(|(index, named)| Named { name: format!("__group_{index}"), expr: named.expr.clone() });
    keys.chain([Named { name: ENTITY.to_owned(), expr: entity }]).collect()
}

type Added = (Contribution, AggregateFunction, Option<Expr>);

fn added((index, (contribution, function, argument)): (usize, Added)) -> (Contribution, NamedAggregate) {
    (contribution, NamedAggregate { name: format!("__added_{index}"), function, argument })
}

/// What one entity adds to an aggregate, and how that is computed.
fn contributed(aggregate: &NamedAggregate) -> Vec<Added> {
    let of = |kind| Contribution { aggregate: aggregate.name.clone(), kind };
    match (aggregate.function, &aggregate.argument) {
        (AggregateFunction::Count, argument) => {
            vec![(of(ContributionKind::Rows), AggregateFunction::Count, argument.clone())]
        }
        (AggregateFunction::Sum | AggregateFunction::Avg, Some(argument)) => {
            let sum = |kind, argument| (of(kind), AggregateFunction::Sum, Some(argument));
            let mut all = vec![sum(ContributionKind::Values, argument.clone())];
            let parts = columns_of(argument);
            if parts.len() > 1 {
                let part = |name: &str| sum(ContributionKind::Part, Expr::column(name));
                all.extend(parts.into_iter().map(part));
            }
            // A mean is as much one entity's as the rows it is over.
            if aggregate.function == AggregateFunction::Avg {
                all.push((of(ContributionKind::Rows), AggregateFunction::Count, Some(argument.clone())));
            }
            all
        }
        _ => Vec::new(),
    }
}

fn same(name: &str) -> Named {
    Named { name: name.to_owned(), expr: Expr::column(name) }
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
            let before = flow(input, policy, Rigour::Structure)?;
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
            let twins = equated(
                &flow(left, policy, Rigour::Structure)?,
                &flow(right, policy, Rigour::Structure)?,
                on,
            );
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
        let before = flow(input, policy, Rigour::Structure)?;
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
