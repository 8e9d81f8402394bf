//! Is a query releasable?

use std::collections::{BTreeMap, BTreeSet};

use base::Digest;
use serde::{Deserialize, Serialize};

use super::population::population;
use super::resolve::{Flow, Rigour, flow};
use super::walk::{columns_of, inputs};
use super::{
    AggregateFunction, EntityRef, Expr, JoinKind, Label, Named, NamedAggregate, Policy, Refusal, Rel, Rule,
    Schema, Step, digest,
};

/// What a query must be known to be before it may run on raw data. Built by [`check()`] only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    digest: Digest,
    schema: Schema,
    keys: Vec<String>,
    entities: Vec<EntityNeed>,
    resources: Vec<String>,
}

impl Checked {
    /// Digest of the query ([`super::digest()`]).
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Columns of the result; all public, since only checked cells leave.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Group keys of the releasing aggregate, by their name there. A cell is one combination of them.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Entities to be counted in every cell. Empty only if no protected entity is concerned.
    #[must_use]
    pub fn entities(&self) -> &[EntityNeed] {
        &self.entities
    }

    /// Resources that the query reads, sorted.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.resources
    }
}

/// A protected entity whose distinct number must be known for every cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityNeed {
    /// Scan and kind.
    pub entity: EntityRef,
    /// Source columns of its key.
    pub columns: Vec<String>,
}

/// Checks that a query reveals nothing but aggregates over declared entities.
///
/// # Errors
/// The first [`Refusal`] found.
pub fn check(rel: &Rel, policy: &Policy) -> Result<Checked, Refusal> {
    check_with(rel, policy, Rigour::Release)
}

pub(super) fn check_with(rel: &Rel, policy: &Policy, rigour: Rigour) -> Result<Checked, Refusal> {
    let whole = flow(rel, policy, rigour)?;
    let top = releasing(rel).ok_or(Refusal::bare(Rule::NotAggregate))?;
    let input = flow(top.input, policy, rigour)?;
    check_scans(top.input, policy)?;
    check_size(top.input, policy, &input)?;
    check_limits(top.input)?;
    check_unions(top.input, policy)?;
    check_above(rel, &top)?;
    check_group(&input, policy, &top, rigour)?;
    if rigour == Rigour::Release {
        check_absent(&top, policy)?;
        check_composed(&top, &input, policy)?;
        population(&top, policy)?;
    }
    if let Some(lost) = input.tracks.iter().find(|track| track.protected && track.lost) {
        return Err(Refusal::new(Rule::EntityLost, lost.entity.kind.as_str()));
    }
    let entities = input
        .tracks
        .into_iter()
        .filter(|track| track.protected)
        .map(|track| EntityNeed { entity: track.entity, columns: track.columns })
        .collect();
    let mut schema = whole.schema;
    for column in &mut schema.columns {
        let unfit = || Refusal::new(Rule::IdentifierGroup, column.name.as_str());
        column.stage = column.stage.after(Step::Release).ok_or_else(unfit)?;
        column.label = Label::Public;
        column.conditional = false;
    }
    let mut resources = Vec::new();
    scans(top.input, &mut |resource, _, _| resources.push(resource.to_owned()));
    resources.sort();
    resources.dedup();
    Ok(Checked {
        digest: digest(rel).map_err(|_| Refusal::bare(Rule::TypeMismatch))?,
        schema,
        keys: top.group.iter().map(|named| named.name.clone()).collect(),
        entities,
        resources,
    })
}

/// The aggregate whose rows are released.
pub(super) struct Releasing<'a> {
    pub(super) rel: &'a Rel,
    pub(super) input: &'a Rel,
    pub(super) group: &'a [Named],
    pub(super) aggregates: &'a [NamedAggregate],
}

/// The topmost aggregate, if only projections, filters, sorts and limits are above it.
pub(super) fn releasing(rel: &Rel) -> Option<Releasing<'_>> {
    let mut rel = rel;
    loop {
        match rel {
            Rel::Aggregate { input, group, aggregates } => {
                return Some(Releasing { rel, input, group, aggregates });
            }
            Rel::Project { input, .. }
            | Rel::Filter { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Limit { input, .. } => rel = input,
            Rel::Scan { .. } | Rel::Join { .. } | Rel::Union { .. } => return None,
        }
    }
}

/// What a query reads: the columns of each scan, by resource.
#[must_use]
pub fn reads(rel: &Rel) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    scans(rel, &mut |resource, _, columns| {
        found.push((resource.to_owned(), columns.iter().cloned().collect()));
    });
    found
}

pub(super) fn scans(rel: &Rel, visit: &mut impl FnMut(&str, &str, &[String])) {
    if let Rel::Scan { resource, alias, columns } = rel {
        visit(resource, alias, columns);
    }
    for input in inputs(rel) {
        scans(input, visit);
    }
}

fn check_scans(rel: &Rel, policy: &Policy) -> Result<(), Refusal> {
    let mut refused = None;
    scans(rel, &mut |resource, _, columns| {
        let Some(known) = policy.resources.get(resource) else { return };
        let sound = known.entity.as_ref().is_some_and(|entity| {
            // A resource whose entities need no protection cannot hold sensitive columns.
            let harmless = columns
                .iter()
                .all(|column| known.columns.get(column).and_then(|info| info.label) <= Some(Label::Quasi));
            // The key itself need not be readable: only the rewrite adds it.
            !entity.columns.is_empty() && (entity.protected || harmless)
        });
        if !sound && refused.is_none() {
            refused = Some(Refusal::new(Rule::EntityUndeclared, resource));
        }
    });
    refused.map_or(Ok(()), Err)
}

/// Limit: scans in all, of protected resources, and of any one. How long a query takes tells how many rows met, and each
/// scan more multiplies them.
const SCANS_MAX: usize = 8;
const PROTECTED_SCANS_MAX: usize = 4;
const SCANS_OF_ONE_MAX: usize = 2;
/// Limit: entities that are not one and the same (a person beside a neighbour, an enterprise).
const ENTITIES_MAX: usize = 2;

fn check_size(rel: &Rel, policy: &Policy, flow: &Flow) -> Result<(), Refusal> {
    let (mut of, mut protected) = (BTreeMap::<String, usize>::new(), 0);
    scans(rel, &mut |resource, _, _| {
        let entity = policy.resources.get(resource).and_then(|known| known.entity.as_ref());
        protected += usize::from(entity.is_some_and(|entity| entity.protected));
        *of.entry(resource.to_owned()).or_default() += 1;
    });
    // What is about nobody needs no such bound.
    if protected == 0 {
        return Ok(());
    }
    if let Some((resource, _)) = of.iter().find(|(_, scans)| **scans > SCANS_OF_ONE_MAX) {
        return Err(Refusal::new(Rule::TooManyJoins, resource.as_str()));
    }
    let entities = flow.tracks.iter().filter(|track| track.protected).count();
    let all: usize = of.values().sum();
    if all > SCANS_MAX || protected > PROTECTED_SCANS_MAX || entities > ENTITIES_MAX {
        return Err(Refusal::bare(Rule::TooManyJoins));
    }
    Ok(())
}

fn check_limits(rel: &Rel) -> Result<(), Refusal> {
    if matches!(rel, Rel::Limit { .. }) {
        return Err(Refusal::bare(Rule::LimitBelow));
    }
    inputs(rel).into_iter().try_for_each(check_limits)
}

/// What is left out after the aggregate would be told apart from what is suppressed, by its number alone.
fn check_above(mut rel: &Rel, top: &Releasing<'_>) -> Result<(), Refusal> {
    while !std::ptr::eq(rel, top.rel) {
        rel = match rel {
            Rel::Project { input, .. } | Rel::Sort { input, .. } => input,
            _ => return Err(Refusal::bare(Rule::AfterAggregate)),
        };
    }
    Ok(())
}

/// Whoever is in one branch alone is hidden among all the others of another one, whose part everybody may know; and cells made
/// of overlapping branches could be subtracted from each other inside one result.
fn check_unions(rel: &Rel, policy: &Policy) -> Result<(), Refusal> {
    if let Rel::Union { inputs } = rel
        && let Some(second) = inputs.iter().filter_map(|input| protected_scan(input, policy)).nth(1)
    {
        return Err(Refusal::new(Rule::UnionSameResource, second));
    }
    inputs(rel).into_iter().try_for_each(|input| check_unions(input, policy))
}

/// A resource below whose entities are protected, or unknown.
pub(super) fn protected_scan(rel: &Rel, policy: &Policy) -> Option<String> {
    let mut found = None;
    scans(rel, &mut |resource, _, _| {
        if policy.is_protected(resource) {
            found = Some(resource.to_owned());
        }
    });
    found
}

/// What shows a value, or how many different ones there are, tells whether there is a partner, where one may be missing.
fn check_absent(top: &Releasing<'_>, policy: &Policy) -> Result<(), Refusal> {
    use AggregateFunction::{Avg, Count, Sum};
    for aggregate in top.aggregates.iter().filter(|one| !matches!(one.function, Count | Sum | Avg)) {
        if let Some(column) = is_absent(aggregate, top.input, policy)? {
            return Err(Refusal::new(Rule::OuterJoin, column));
        }
    }
    Ok(())
}

/// A column of an aggregate that may be missing for some, since an outer join may find nothing.
pub(super) fn is_absent<'a>(
    aggregate: &'a NamedAggregate,
    input: &Rel,
    policy: &Policy,
) -> Result<Option<&'a str>, Refusal> {
    for name in aggregate.argument.iter().flat_map(columns_of) {
        if may_be_absent(input, name, policy)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Is a column of the side of an outer join of which there may be no row?
pub(super) fn may_be_absent(rel: &Rel, name: &str, policy: &Policy) -> Result<bool, Refusal> {
    let any = |input: &Rel, expr: Option<&Expr>| {
        let names = expr.map(columns_of).unwrap_or_default();
        names.into_iter().try_fold(false, |found, name| Ok(found || may_be_absent(input, name, policy)?))
    };
    let named = |columns: &[Named]| columns.iter().find(|one| one.name == name).map(|one| one.expr.clone());
    match rel {
        Rel::Scan { .. } => Ok(false),
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => {
            may_be_absent(input, name, policy)
        }
        Rel::Project { input, columns } => any(input, named(columns).as_ref()),
        Rel::Aggregate { input, group, aggregates } => {
            let own = aggregates.iter().find(|aggregate| aggregate.name == name);
            let argument = own.and_then(|aggregate| aggregate.argument.clone());
            any(input, argument.or_else(|| named(group)).as_ref())
        }
        Rel::Join { kind, left, right, .. } => {
            let of_left = flow(left, policy, Rigour::Derived)?.schema.column(name).is_some();
            match (of_left, kind) {
                (true, _) => may_be_absent(left, name, policy),
                (false, JoinKind::Left) => Ok(true),
                (false, _) => may_be_absent(right, name, policy),
            }
        }
        Rel::Union { .. } => Ok(false),
    }
}

/// A sum is of stored columns, each of which is judged by itself. What a subquery has put together is not: of one secret beside
/// another, or beside what is known, nobody would see that all have it, or none.
fn check_composed(top: &Releasing<'_>, input: &Flow, policy: &Policy) -> Result<(), Refusal> {
    let summed = |aggregate: &&NamedAggregate| {
        matches!(aggregate.function, AggregateFunction::Sum | AggregateFunction::Avg)
    };
    let arguments = top.aggregates.iter().filter(summed).filter_map(|aggregate| aggregate.argument.as_ref());
    let composed = |name: &&str| {
        input.schema.column(name).is_some_and(|column| {
            let own = column.sources.iter().filter(|source| policy.is_protected(&source.resource));
            column.label == Label::Sensitive && own.count() > 1
        })
    };
    match arguments.flat_map(columns_of).find(composed) {
        Some(name) => Err(Refusal::new(Rule::NonlinearAggregate, name)),
        None => Ok(()),
    }
}

fn check_group(input: &Flow, policy: &Policy, top: &Releasing<'_>, rigour: Rigour) -> Result<(), Refusal> {
    debug_assert!(!input.schema.columns.is_empty() || top.group.is_empty());
    let projected = Rel::Project { input: Box::new(top.input.clone()), columns: top.group.to_vec() };
    let columns = flow(&projected, policy, rigour)?.schema.columns;
    match columns.iter().find(|column| column.label == Label::Identifier) {
        Some(column) => Err(Refusal::new(Rule::IdentifierGroup, column.name.as_str())),
        None => Ok(()),
    }
}
