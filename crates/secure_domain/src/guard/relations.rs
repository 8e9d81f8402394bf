//! The resolved plan in the words of `privacy::ir`: relations.
//!
//! Columns are matched by position. Scans are named `t0`, `t1`, …, computed columns `c0`, `c1`, …, so that equal queries
//! give equal trees; only the outermost projection bears the names that the author chose.

use std::collections::BTreeSet;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr as PlanExpr, FetchType, Join, Limit, LogicalPlan, Projection, SkipType, Sort,
    TableScan, Union,
};
use privacy::ir::{AggregateFunction, Expr, JoinKind, Literal, Named, NamedAggregate, Rel, SortKey, pruned};

use super::expressions::{Scope, aggregate};
use super::refusal::{NOT_IN, OUTPUT_NAME, RELATION, Refusal};

/// A relation and the names of its columns, in the order of the plan's schema.
pub(super) struct Translated {
    pub(super) rel: Rel,
    pub(super) names: Vec<String>,
}

/// Hands out names and remembers what they stand for.
#[derive(Default)]
pub(super) struct Translator {
    scans: Vec<String>,
    columns: Vec<String>,
}

/// Translates a plan; the result's columns bear the plan's output names.
pub(super) fn translate(plan: &LogicalPlan) -> Result<(Rel, Translator), Refusal> {
    let mut translator = Translator::default();
    let Translated { rel, names } = translator.relation(plan)?;
    let mut seen = BTreeSet::new();
    let mut columns = Vec::with_capacity(names.len());
    for (field, name) in plan.schema().fields().iter().zip(names) {
        if !seen.insert(field.name().to_lowercase()) {
            return Err(OUTPUT_NAME.about(field.name()));
        }
        columns.push(Named { name: field.name().clone(), expr: Expr::Column { name } });
    }
    let rel = Rel::Project { input: Box::new(rel), columns };
    Ok((pruned(&rel), translator))
}

impl Translator {
    /// What a name of the translation stands for in the author's words.
    pub(super) fn spoken(&self, name: &str) -> String {
        if let Some((alias, column)) = name.split_once('.')
            && let Some(table) = number(alias, 't').and_then(|number| self.scans.get(number))
        {
            return format!("{table}.{column}");
        }
        let scan = number(name, 't').and_then(|number| self.scans.get(number));
        let column = number(name, 'c').and_then(|number| self.columns.get(number));
        scan.or(column).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn name(&mut self, spoken: &str) -> String {
        let name = format!("c{}", self.columns.len());
        self.columns.push(spoken.to_owned());
        name
    }

    fn relation(&mut self, plan: &LogicalPlan) -> Result<Translated, Refusal> {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::SubqueryAlias(alias) => self.relation(&alias.input),
            LogicalPlan::Subquery(subquery) => self.relation(&subquery.subquery),
            LogicalPlan::Projection(projection) => self.projection(projection),
            LogicalPlan::Filter(filter) => {
                let Translated { rel, names } = self.relation(&filter.input)?;
                let predicate = Scope::new(filter.input.schema(), &names).expression(&filter.predicate)?;
                Ok(Translated { rel: Rel::Filter { input: Box::new(rel), predicate }, names })
            }
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Distinct(Distinct::All(input)) => self.distinct(input),
            LogicalPlan::Sort(sort) => self.sort(sort),
            LogicalPlan::Limit(limit) => self.limit(limit),
            LogicalPlan::Union(union) => self.union(union),
            other => {
                let name = other.display().to_string();
                Err(RELATION.about(name.split([':', ' ']).next().unwrap_or_default()))
            }
        }
    }

    fn scan(&mut self, scan: &TableScan) -> Result<Translated, Refusal> {
        if !scan.filters.is_empty() || scan.fetch.is_some() {
            return Err(RELATION.about(scan.table_name.table()));
        }
        let alias = format!("t{}", self.scans.len());
        let resource = scan.table_name.table().to_owned();
        self.scans.push(resource.clone());
        let columns: Vec<String> =
            scan.projected_schema.fields().iter().map(|field| field.name().clone()).collect();
        let names = columns.iter().map(|column| format!("{alias}.{column}")).collect();
        Ok(Translated { rel: Rel::Scan { resource, alias, columns }, names })
    }

    fn projection(&mut self, projection: &Projection) -> Result<Translated, Refusal> {
        let input = self.relation(&projection.input)?;
        let scope = Scope::new(projection.input.schema(), &input.names);
        let mut columns = Vec::with_capacity(projection.expr.len());
        for (expr, field) in projection.expr.iter().zip(projection.schema.fields()) {
            let expr = scope.expression(expr)?;
            columns.push(Named { name: self.name(field.name()), expr });
        }
        let names = columns.iter().map(|named| named.name.clone()).collect();
        Ok(Translated { rel: Rel::Project { input: Box::new(input.rel), columns }, names })
    }

    fn aggregate(&mut self, plan: &Aggregate) -> Result<Translated, Refusal> {
        let input = self.relation(&plan.input)?;
        let scope = Scope::new(plan.input.schema(), &input.names);
        let mut fields = plan.schema.fields().iter();
        let mut names = Vec::new();
        let mut group = Vec::new();
        for (expr, field) in plan.group_expr.iter().zip(fields.by_ref()) {
            let named = Named { name: self.name(field.name()), expr: scope.expression(expr)? };
            names.push(named.name.clone());
            group.push(named);
        }
        let mut aggregates = Vec::new();
        for (expr, field) in plan.aggr_expr.iter().zip(fields) {
            let (function, argument) = aggregate(&scope, expr)?;
            let name = self.name(field.name());
            names.push(name.clone());
            aggregates.push(NamedAggregate { name, function, argument });
        }
        Ok(Translated { rel: Rel::Aggregate { input: Box::new(input.rel), group, aggregates }, names })
    }

    fn distinct(&mut self, plan: &LogicalPlan) -> Result<Translated, Refusal> {
        let input = self.relation(plan)?;
        let mut group = Vec::new();
        for (name, field) in input.names.iter().zip(plan.schema().fields()) {
            group.push(Named { name: self.name(field.name()), expr: Expr::column(name) });
        }
        let names = group.iter().map(|named| named.name.clone()).collect();
        let rel = Rel::Aggregate { input: Box::new(input.rel), group, aggregates: Vec::new() };
        Ok(Translated { rel, names })
    }

    fn sort(&mut self, sort: &Sort) -> Result<Translated, Refusal> {
        let Translated { rel, names } = self.relation(&sort.input)?;
        let scope = Scope::new(sort.input.schema(), &names);
        let keys = sort
            .expr
            .iter()
            .map(|key| {
                let expr = scope.expression(&key.expr)?;
                Ok(SortKey { expr, descending: !key.asc, nulls_first: key.nulls_first })
            })
            .collect::<Result<_, Refusal>>()?;
        let mut rel = Rel::Sort { input: Box::new(rel), keys };
        if let Some(fetch) = sort.fetch {
            rel = Rel::Limit { input: Box::new(rel), skip: 0, fetch: Some(fetch as u64) };
        }
        Ok(Translated { rel, names })
    }

    fn limit(&mut self, limit: &Limit) -> Result<Translated, Refusal> {
        let Translated { rel, names } = self.relation(&limit.input)?;
        let refuse = || RELATION.about("LIMIT");
        let skip = match limit.get_skip_type().map_err(|_| refuse())? {
            SkipType::Literal(skip) => skip as u64,
            SkipType::UnsupportedExpr => return Err(refuse()),
        };
        let fetch = match limit.get_fetch_type().map_err(|_| refuse())? {
            FetchType::Literal(fetch) => fetch.map(|fetch| fetch as u64),
            FetchType::UnsupportedExpr => return Err(refuse()),
        };
        Ok(Translated { rel: Rel::Limit { input: Box::new(rel), skip, fetch }, names })
    }

    fn union(&mut self, union: &Union) -> Result<Translated, Refusal> {
        let mut inputs = Vec::with_capacity(union.inputs.len());
        let mut names = None;
        for input in &union.inputs {
            let branch = self.relation(input)?;
            // Branches may yield columns in any order of names, so each is brought into the order of its schema.
            let mut columns = Vec::with_capacity(branch.names.len());
            for (name, field) in branch.names.into_iter().zip(union.schema.fields()) {
                columns.push(Named { name: self.name(field.name()), expr: Expr::Column { name } });
            }
            let own: Vec<String> = columns.iter().map(|named| named.name.clone()).collect();
            names.get_or_insert(own);
            inputs.push(Rel::Project { input: Box::new(branch.rel), columns });
        }
        let names = names.ok_or_else(|| RELATION.about("UNION"))?;
        Ok(Translated { rel: Rel::Union { inputs }, names })
    }

    fn join(&mut self, join: &Join) -> Result<Translated, Refusal> {
        if join.null_aware {
            return Err(NOT_IN.about(""));
        }
        let (kind, swapped) = match join.join_type {
            JoinType::Inner => (JoinKind::Inner, false),
            JoinType::Left => (JoinKind::Left, false),
            JoinType::Right => (JoinKind::Left, true),
            JoinType::LeftSemi => (JoinKind::Semi, false),
            JoinType::LeftAnti => (JoinKind::Anti, false),
            JoinType::RightSemi => (JoinKind::Semi, true),
            JoinType::RightAnti => (JoinKind::Anti, true),
            other => return Err(RELATION.about(format!("{other} JOIN"))),
        };
        let left = self.relation(&join.left)?;
        let right = self.relation(&join.right)?;
        let (left_scope, right_scope) =
            (Scope::new(join.left.schema(), &left.names), Scope::new(join.right.schema(), &right.names));
        let mut on = Vec::with_capacity(join.on.len());
        for (a, b) in &join.on {
            let (a, b) = (left_scope.expression(a)?, right_scope.expression(b)?);
            on.push(if swapped { (b, a) } else { (a, b) });
        }
        let filter = match &join.filter {
            Some(PlanExpr::Literal(datafusion::common::ScalarValue::Boolean(Some(true)), _)) | None => None,
            Some(filter) => {
                let schema =
                    join.left.schema().join(join.right.schema()).map_err(|_| RELATION.about("JOIN"))?;
                let both: Vec<String> = left.names.iter().chain(&right.names).cloned().collect();
                Some(Scope::new(&schema, &both).expression(filter)?)
            }
        };
        let names = match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => left.names,
            JoinType::RightSemi | JoinType::RightAnti => right.names,
            _ => left.names.into_iter().chain(right.names).collect(),
        };
        let (outer, inner) = if swapped { (right.rel, left.rel) } else { (left.rel, right.rel) };
        let nulls_equal = matches!(join.null_equality, NullEquality::NullEqualsNull);
        let (left, right) = (Box::new(outer), Box::new(inner));
        Ok(Translated { rel: Rel::Join { kind, left, right, on, nulls_equal, filter }, names })
    }
}

fn number(name: &str, prefix: char) -> Option<usize> {
    name.strip_prefix(prefix)?.parse().ok()
}

/// `count(1)` and `count(*)` are one thing.
pub(super) const fn counts_rows(function: AggregateFunction, argument: &Expr) -> bool {
    matches!(function, AggregateFunction::Count)
        && matches!(argument, Expr::Literal { value } if !matches!(value, Literal::Null(_)))
}
