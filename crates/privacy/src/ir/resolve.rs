//! Types, labels, lineage and entity keys of every relation, computed bottom up.

mod expr;
mod form;
mod join;

use std::collections::{BTreeMap, BTreeSet};

use self::expr::{ExprInfo, aggregate_type, aggregated_label, infer};
use self::form::Mark;
pub(super) use self::join::{both, equated};
use super::walk::aliases;
use super::{
    AggregateFunction, ColumnInfo, DEPTH_MAX, EntityRef, Expr, JoinKind, Label, Named, NamedAggregate,
    Policy, Refusal, Rel, Rule, Schema, Source, Stage, Step,
};
use crate::DataType;

/// Computes the columns of a query: names, types, labels and lineage.
///
/// # Errors
/// A [`Refusal`] if the tree is malformed, or reads something that is unknown or unclassified.
pub fn resolve(rel: &Rel, policy: &Policy) -> Result<Schema, Refusal> {
    flow(rel, policy, Rigour::Structure).map(|flow| flow.schema)
}

/// Which rules apply to expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rigour {
    /// Structure, types and classification only.
    Structure,
    /// The same, of what was made out of a checked query: names that are reserved are its own.
    Derived,
    /// Also the rules against singling out.
    Release,
    /// The same, but noise hides what a condition inside an aggregate singles out.
    Noise,
}

impl Rigour {
    /// Do the rules against singling out apply?
    const fn is_strict(self) -> bool {
        matches!(self, Self::Release | Self::Noise)
    }
}

/// One entity key on its way up the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) entity: EntityRef,
    /// Source columns of the key.
    pub(super) columns: Vec<String>,
    pub(super) protected: bool,
    /// An aggregate below dropped the key.
    pub(super) lost: bool,
}

/// What is known of a relation.
#[derive(Debug, Clone, Default)]
pub(super) struct Flow {
    pub(super) schema: Schema,
    /// Columns that are a source column unchanged: output name → (alias, source column).
    pub(super) origins: BTreeMap<String, (String, String)>,
    pub(super) tracks: Vec<Track>,
    /// How each column is computed.
    marks: BTreeMap<String, Mark>,
}

impl Flow {
    /// The resource and column that a column of this relation still is.
    pub(super) fn stored<'a>(&'a self, name: &str, rel: &'a Rel) -> Option<(&'a str, &'a str)> {
        let (alias, column) = self.origins.get(name)?;
        Some((aliases(rel).get(alias.as_str()).copied()?, column))
    }

    /// Output name of a source column that is still unchanged here.
    pub(super) fn name_of(&self, alias: &str, column: &str) -> Option<&str> {
        self.origins
            .iter()
            .find(|(_, (from, source))| from == alias && source == column)
            .map(|(name, _)| name.as_str())
    }

    fn lineage(&self) -> BTreeSet<EntityRef> {
        self.tracks.iter().map(|track| track.entity.clone()).collect()
    }
}

pub(super) fn flow(rel: &Rel, policy: &Policy, rigour: Rigour) -> Result<Flow, Refusal> {
    let mut resolver = Resolver { policy, rigour, aliases: BTreeSet::new() };
    resolver.rel(rel, DEPTH_MAX)
}

struct Resolver<'a> {
    policy: &'a Policy,
    rigour: Rigour,
    aliases: BTreeSet<String>,
}

impl Resolver<'_> {
    fn rel(&mut self, rel: &Rel, depth: usize) -> Result<Flow, Refusal> {
        let depth = depth.checked_sub(1).ok_or(Refusal::bare(Rule::TooDeep))?;
        match rel {
            Rel::Scan { resource, alias, columns } => self.scan(resource, alias, columns),
            Rel::Filter { input, predicate } => {
                let flow = self.rel(input, depth)?;
                self.condition(predicate, &flow, depth)?;
                Ok(flow)
            }
            Rel::Project { input, columns } => {
                let flow = self.rel(input, depth)?;
                self.project(&flow, columns, depth)
            }
            Rel::Join { kind, left, right, on, filter, .. } => {
                let left = self.rel(left, depth)?;
                let right = self.rel(right, depth)?;
                self.join(*kind, left, right, on, filter.as_ref(), depth)
            }
            Rel::Aggregate { input, group, aggregates } => {
                let flow = self.rel(input, depth)?;
                self.aggregate(&flow, group, aggregates, depth)
            }
            Rel::Sort { input, keys } => {
                let flow = self.rel(input, depth)?;
                for key in keys {
                    self.expr(&key.expr, &flow, depth)?;
                }
                Ok(flow)
            }
            Rel::Limit { input, .. } => self.rel(input, depth),
            Rel::Union { inputs } => {
                let flows =
                    inputs.iter().map(|input| self.rel(input, depth)).collect::<Result<Vec<_>, _>>()?;
                join::union(flows)
            }
        }
    }

    fn scan(&mut self, resource: &str, alias: &str, columns: &[String]) -> Result<Flow, Refusal> {
        let known = self
            .policy
            .resources
            .get(resource)
            .ok_or_else(|| Refusal::new(Rule::UnknownResource, resource))?;
        self.check_name(alias)?;
        if alias.is_empty() || alias.contains('.') || !self.aliases.insert(alias.to_owned()) {
            return Err(Refusal::new(Rule::DuplicateName, alias));
        }
        let mut flow = Flow::default();
        if let Some(entity) = &known.entity {
            flow.tracks.push(Track {
                entity: EntityRef { alias: alias.to_owned(), kind: entity.kind.clone() },
                columns: entity.columns.clone(),
                protected: entity.protected,
                lost: false,
            });
        }
        let lineage = flow.lineage();
        for column in columns {
            let info = known
                .columns
                .get(column)
                .ok_or_else(|| Refusal::new(Rule::UnknownColumn, column.as_str()))?;
            let label = info.label.ok_or_else(|| Refusal::new(Rule::Unclassified, column.as_str()))?;
            let name = format!("{alias}.{column}");
            flow.origins.insert(name.clone(), (alias.to_owned(), column.clone()));
            flow.marks.insert(name.clone(), Mark::BARE);
            flow.schema.columns.push(ColumnInfo {
                name,
                data_type: info.data_type,
                label,
                lineage: lineage.clone(),
                conditional: false,
                stage: if known.is_public(label) { Stage::Public } else { Stage::Private },
                sources: BTreeSet::from([Source { resource: resource.to_owned(), column: column.clone() }]),
                parameters: BTreeSet::new(),
            });
        }
        unique(&flow.schema)?;
        Ok(flow)
    }

    fn project(&self, input: &Flow, columns: &[Named], depth: usize) -> Result<Flow, Refusal> {
        let mut flow = Flow { tracks: input.tracks.clone(), ..Flow::default() };
        for named in columns {
            self.check_name(&named.name)?;
            let info = self.expr(&named.expr, input, depth)?;
            remember_origin(&mut flow, input, named);
            flow.marks.insert(named.name.clone(), info.mark);
            flow.schema.columns.push(info.into_column(&named.name));
        }
        settle(&mut flow, Step::Compute);
        unique(&flow.schema)?;
        Ok(flow)
    }

    fn aggregate(
        &self,
        input: &Flow,
        group: &[Named],
        aggregates: &[NamedAggregate],
        depth: usize,
    ) -> Result<Flow, Refusal> {
        let mut flow = Flow::default();
        for named in group {
            self.check_name(&named.name)?;
            let info = self.expr(&named.expr, input, depth)?;
            remember_origin(&mut flow, input, named);
            flow.marks.insert(named.name.clone(), info.mark);
            flow.schema.columns.push(info.into_column(&named.name));
        }
        for track in &input.tracks {
            let kept = track.columns.iter().all(|column| flow.name_of(&track.entity.alias, column).is_some());
            flow.tracks.push(Track { lost: track.lost || !kept, ..track.clone() });
        }
        for aggregate in aggregates {
            self.check_name(&aggregate.name)?;
            flow.schema.columns.push(self.aggregate_column(input, aggregate, depth)?);
            // What stands for an entity after an inner aggregate is a value of its own, as good as a column.
            flow.marks.insert(aggregate.name.clone(), Mark::BARE);
        }
        let unit = flow.tracks.iter().any(|track| track.protected && !track.lost);
        settle(&mut flow, if unit { Step::Compute } else { Step::Aggregate });
        unique(&flow.schema)?;
        Ok(flow)
    }

    fn aggregate_column(
        &self,
        input: &Flow,
        aggregate: &NamedAggregate,
        depth: usize,
    ) -> Result<ColumnInfo, Refusal> {
        let bad = |rule| Refusal::new(rule, aggregate.name.as_str());
        let Some(argument) = &aggregate.argument else {
            if aggregate.function != AggregateFunction::Count {
                return Err(bad(Rule::BadArguments));
            }
            return Ok(ColumnInfo {
                name: aggregate.name.clone(),
                data_type: DataType::Integer,
                label: Label::Quasi,
                lineage: input.lineage(),
                conditional: false,
                stage: Stage::Public,
                sources: BTreeSet::new(),
                parameters: BTreeSet::new(),
            });
        };
        let info = self.expr(argument, input, depth)?;
        match self.rigour {
            Rigour::Structure | Rigour::Derived => {}
            Rigour::Release => expr::releasable(aggregate.function, &info).map_err(bad)?,
            Rigour::Noise => expr::countable(aggregate.function, &info).map_err(bad)?,
        }
        let data_type = aggregate_type(aggregate.function, info.data_type).ok_or(bad(Rule::TypeMismatch))?;
        Ok(ColumnInfo {
            name: aggregate.name.clone(),
            data_type,
            label: aggregated_label(aggregate.function, info.label),
            lineage: input.lineage(),
            conditional: info.conditional,
            stage: info.stage,
            sources: info.sources,
            parameters: info.parameters,
        })
    }

    fn join(
        &self,
        kind: JoinKind,
        left: Flow,
        right: Flow,
        on: &[(Expr, Expr)],
        filter: Option<&Expr>,
        depth: usize,
    ) -> Result<Flow, Refusal> {
        for (left_key, right_key) in on {
            let pair = (self.expr(left_key, &left, depth)?, self.expr(right_key, &right, depth)?);
            expr::comparable(&pair.0, &pair.1, self.rigour)?;
            if self.rigour.is_strict() {
                join::check_bare(&left, &right, [(left_key, &pair.0), (right_key, &pair.1)])?;
            }
        }
        let both = join::both(&left, &right)?;
        if let Some(filter) = filter {
            self.condition(filter, &both, depth)?;
        }
        let rule = match kind {
            JoinKind::Inner => None,
            JoinKind::Left => Some(Rule::OuterJoin),
            JoinKind::Semi | JoinKind::Anti => Some(Rule::SemiJoin),
        };
        if let Some(rule) = rule.filter(|_| self.rigour.is_strict()) {
            join::check_brought(&left, &right, on, rule)?;
        }
        if self.rigour.is_strict() {
            join::check_met(&left, &right, on)?;
        }
        Ok(match kind {
            JoinKind::Semi | JoinKind::Anti => left,
            JoinKind::Inner | JoinKind::Left => {
                let mut merged = join::merge(&left, both, on);
                settle(&mut merged, Step::Compute);
                merged
            }
        })
    }

    fn expr(&self, expr: &Expr, flow: &Flow, depth: usize) -> Result<ExprInfo, Refusal> {
        infer(expr, flow, self.rigour, depth)
    }

    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        let reserved = name.starts_with("__") && self.rigour != Rigour::Derived;
        if reserved { Err(Refusal::new(Rule::ReservedName, name)) } else { Ok(()) }
    }

    fn condition(&self, expr: &Expr, flow: &Flow, depth: usize) -> Result<(), Refusal> {
        if self.expr(expr, flow, depth)?.data_type == DataType::Boolean {
            Ok(())
        } else {
            Err(Refusal::bare(Rule::TypeMismatch))
        }
    }
}

/// Moves every column of a new relation by the step that made it. In rows about protected entities nothing is public:
/// that the row is there says something.
fn settle(flow: &mut Flow, step: Step) {
    let protected = flow.tracks.iter().any(|track| track.protected);
    for column in &mut flow.schema.columns {
        if protected && column.stage == Stage::Public {
            column.stage = Stage::UnitPreserving;
        }
        column.stage = column.stage.after(step).unwrap_or(Stage::Private);
    }
}

fn unique(schema: &Schema) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    match schema.columns.iter().find(|column| !seen.insert(column.name.as_str())) {
        Some(column) => Err(Refusal::new(Rule::DuplicateName, column.name.as_str())),
        None => Ok(()),
    }
}

fn remember_origin(flow: &mut Flow, input: &Flow, named: &Named) {
    if let Expr::Column { name } = &named.expr
        && let Some(origin) = input.origins.get(name)
    {
        flow.origins.insert(named.name.clone(), origin.clone());
    }
}
