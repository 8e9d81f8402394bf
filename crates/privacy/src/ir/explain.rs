//! What is known of a query before it runs, for its author: where each output column comes from, what protects it and
//! what it costs. Computed from the text and the declarations; nothing about the data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::check::releasing;
use super::resolve::{Rigour, flow};
use super::walk::inputs;
use super::{
    EntityNeed, EntityRef, Expr, Label, Mode, Number, Policy, Refusal, Rel, Schema, Source, Stage, Terms,
    judge, resolve,
};
use crate::DataType;
use crate::disclosure::Thresholds;
use crate::disclosure::dp::Cost;

/// The explanation of a query that may run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The mode it was judged in.
    pub mode: Mode,
    /// Columns of the result, in order.
    pub outputs: Vec<Output>,
    /// Nodes of the query, the outermost first.
    pub relations: Vec<Relation>,
    /// Entities counted in every cell.
    pub entities: Vec<EntityNeed>,
    /// Most cells, where known.
    pub cells_max: Option<u64>,
    /// What the whole result costs.
    pub cost: Option<Cost>,
}

/// A column of the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Stored columns that its values are computed from.
    pub sources: BTreeSet<Source>,
    /// Stored columns that decide which rows take part.
    pub selected_by: BTreeSet<Source>,
    /// Parameters that take part in its values.
    pub parameters: BTreeSet<String>,
    /// How delicate it is inside the query.
    pub label: Label,
    /// Its way through the lattice, from the stored rows to where it leaves.
    pub stages: Vec<Stage>,
    /// Is it a group key?
    pub key: bool,
    /// Thresholds that every one of its cells must pass.
    pub threshold: Option<Thresholds>,
    /// The numbers it is made of, with sensitivity and price, in statistics mode.
    pub numbers: Vec<Number>,
}

/// A node of the query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    /// Nodes above it.
    pub depth: usize,
    /// What it is.
    pub operation: Operation,
    /// Resource read, for a scan.
    pub resource: Option<String>,
    /// Entities that are told apart in its rows.
    pub entities: Vec<EntityRef>,
    /// Its columns with label and lineage.
    pub schema: Schema,
}

/// Kinds of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named after the nodes of `Rel`")]
pub enum Operation {
    Scan,
    Filter,
    Project,
    Join,
    Aggregate,
    Sort,
    Limit,
    Union,
}

/// Explains a query on its terms.
///
/// # Errors
/// The [`Refusal`] of [`judge()`].
pub fn explain(rel: &Rel, policy: &Policy, terms: &Terms) -> Result<Explanation, Refusal> {
    let judged = judge(rel, policy, terms)?;
    let inner = resolve(rel, policy)?;
    let mut relations = Vec::new();
    describe(rel, policy, 0, &mut relations)?;
    let mut selected_by = BTreeSet::new();
    selection(rel, policy, &mut selected_by)?;
    let protected = judged.checked().is_some_and(|checked| !checked.entities().is_empty());
    let outputs = inner.columns.into_iter().map(|column| {
        let names = aggregates_behind(&column.name, rel);
        let numbers: Vec<Number> =
            judged.numbers().iter().filter(|number| names.contains(&number.aggregate)).cloned().collect();
        let stages = stages(column.stage, terms, !numbers.is_empty());
        Output {
            stages,
            key: judged
                .checked()
                .is_some_and(|checked| names.iter().any(|name| checked.keys().contains(name))),
            threshold: terms.thresholds.filter(|_| protected && terms.mode != Mode::Dev),
            numbers,
            name: column.name,
            data_type: column.data_type,
            sources: column.sources,
            selected_by: selected_by.clone(),
            parameters: column.parameters,
            label: column.label,
        }
    });
    Ok(Explanation {
        mode: terms.mode,
        outputs: outputs.collect(),
        relations,
        entities: judged.checked().map(|checked| checked.entities().to_vec()).unwrap_or_default(),
        cells_max: judged.cells_max(),
        cost: judged.cost(),
    })
}

/// The way of a column that has come as far as `stage` inside the query.
fn stages(stage: Stage, terms: &Terms, is_number: bool) -> Vec<Stage> {
    let noisy = terms.mode == Mode::Statistics && terms.price.is_some() && is_number;
    let mut way = match stage {
        Stage::Public => return vec![Stage::Public],
        Stage::Private => vec![Stage::Private],
        Stage::UnitPreserving => vec![Stage::Private, Stage::UnitPreserving],
        Stage::Aggregated | Stage::Perturbed | Stage::Released => vec![Stage::Private, Stage::Aggregated],
    };
    if terms.mode != Mode::Dev {
        if noisy {
            way.push(Stage::Perturbed);
        }
        way.push(Stage::Released);
    }
    way
}

fn describe(rel: &Rel, policy: &Policy, depth: usize, into: &mut Vec<Relation>) -> Result<(), Refusal> {
    let known = flow(rel, policy, Rigour::Structure)?;
    let (operation, resource) = match rel {
        Rel::Scan { resource, .. } => (Operation::Scan, Some(resource.clone())),
        Rel::Filter { .. } => (Operation::Filter, None),
        Rel::Project { .. } => (Operation::Project, None),
        Rel::Join { .. } => (Operation::Join, None),
        Rel::Aggregate { .. } => (Operation::Aggregate, None),
        Rel::Sort { .. } => (Operation::Sort, None),
        Rel::Limit { .. } => (Operation::Limit, None),
        Rel::Union { .. } => (Operation::Union, None),
    };
    let entities = known.tracks.into_iter().filter(|track| !track.lost).map(|track| track.entity).collect();
    into.push(Relation { depth, operation, resource, entities, schema: known.schema });
    inputs(rel).into_iter().try_for_each(|input| describe(input, policy, depth + 1, into))
}

/// Sources of every condition.
fn selection(rel: &Rel, policy: &Policy, into: &mut BTreeSet<Source>) -> Result<(), Refusal> {
    let mut add = |expr: &Expr, input: &Rel| -> Result<(), Refusal> {
        let scope = flow(input, policy, Rigour::Structure)?;
        for name in super::walk::columns_of(expr) {
            into.extend(scope.schema.column(name).into_iter().flat_map(|info| info.sources.iter().cloned()));
        }
        Ok(())
    };
    match rel {
        Rel::Filter { input, predicate } => add(predicate, input)?,
        Rel::Join { left, right, on, filter, .. } => {
            for (a, b) in on {
                add(a, left)?;
                add(b, right)?;
            }
            if let Some(filter) = filter {
                add(filter, left)?;
                add(filter, right)?;
            }
        }
        _ => {}
    }
    inputs(rel).into_iter().try_for_each(|input| selection(input, policy, into))
}

/// Columns of the releasing aggregate that an output column is computed from.
fn aggregates_behind(name: &str, rel: &Rel) -> BTreeSet<String> {
    let Some(top) = releasing(rel) else { return BTreeSet::new() };
    let mut names = BTreeSet::from([name.to_owned()]);
    let mut node = rel;
    while !std::ptr::eq(node, top.rel) {
        node = match node {
            Rel::Project { input, columns } => {
                let used = columns.iter().filter(|named| names.contains(&named.name));
                names =
                    used.flat_map(|named| super::walk::columns_of(&named.expr)).map(str::to_owned).collect();
                input
            }
            Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => input,
            _ => return BTreeSet::new(),
        };
    }
    names
}
