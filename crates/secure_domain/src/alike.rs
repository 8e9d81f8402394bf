//! What rows of a stored table have in common: asked of the whole table, once, and remembered as long as it lies there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{cast, max};
use arrow::datatypes::Int64Type;
use base::{Id, kind};
use privacy::DataType;
use privacy::ir::{
    self, AggregateFunction, Expr, Function, Literal, LogicOp, Met, Most, Named, NamedAggregate, Rel, Source,
};

use crate::Error;
use crate::engine::ProdEngine;
use crate::guard::{Bound, Release, lower, policy};
use crate::session::{Fault, Table};

const ALIAS: &str = "t";

/// What was seen of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Asked {
    /// Most rows that agree in some columns, null apart.
    Rows(BTreeSet<String>),
    /// Characters of the longest text in a column.
    Longest(String),
    /// Rows that hold nothing in a column.
    Absent(String),
    /// Rows that hold no number in a column, or one beyond [`ir::TERM_MAX`].
    Unfit(String),
}

/// What was seen of the tables.
pub(crate) type Seen = Mutex<HashMap<(Id<kind::Object>, Asked), u64>>;

impl ProdEngine {
    /// Refuses an order in whose joins one entity may meet very many rows ([`ir::check_meetings`]).
    pub(crate) async fn check_meetings(&self, rel: &Rel, tables: &[Arc<Table>]) -> Result<(), Error> {
        let policy = policy(tables);
        let mut most = Most::new();
        for alike in ir::alike(rel, &policy) {
            let Some(table) = tables.iter().find(|table| table.spec.name == alike.resource) else { continue };
            let rows = self.seen(table, Asked::Rows(alike.columns.clone())).await;
            let characters = self.characters(table, &alike.read).await;
            if let (Some(rows), Some(characters)) = (rows, characters) {
                most.insert(alike, Met { rows, characters });
            }
        }
        ir::check_meetings(rel, &policy, &most).map_err(|refusal| Error::Refused(Box::new(refusal.into())))
    }

    /// Does no two rows' share what these columns hold, null apart? What cannot be found out is not unique.
    pub(crate) async fn is_unique(&self, table: &Arc<Table>, columns: &BTreeSet<String>) -> bool {
        self.seen(table, Asked::Rows(columns.clone())).await.is_some_and(|rows| rows <= 1)
    }

    /// How many characters the longest texts of some columns have; none if it cannot be found out.
    pub(crate) async fn characters(&self, table: &Arc<Table>, read: &BTreeSet<String>) -> Option<u64> {
        let mut characters = 0_u64;
        for column in &table.spec.columns {
            if column.data_type == DataType::Text && read.contains(&column.name) {
                characters += self.seen(table, Asked::Longest(column.name.clone())).await?;
            }
        }
        Some(characters)
    }

    /// Refuses sums and means of several columns of which one holds nothing for somebody ([`ir::terms`]).
    pub(crate) async fn check_terms(&self, rel: &Rel, tables: &[Arc<Table>]) -> Result<(), Error> {
        let refused = |refusal: ir::Refusal| Error::Refused(Box::new(refusal.into()));
        for source in ir::terms(rel, &policy(tables)).map_err(refused)? {
            let table = tables.iter().find(|table| table.spec.name == source.resource);
            let table = table.ok_or(Error::RunFailed)?;
            let unfit = self.seen(table, Asked::Unfit(source.column.clone())).await;
            if unfit.ok_or(Error::RunFailed)? > 0 {
                let column = format!("{}.{}", source.resource, source.column);
                return Err(refused(ir::Refusal { rule: ir::Rule::EmptyTerm, column: Some(column) }));
            }
        }
        Ok(())
    }

    /// The numbers of values and means over columns in which some hold nothing, and nobody has declared what that means. Of
    /// the whole table: whether somebody among those asked about has nothing shows in no form.
    pub(crate) async fn with_absent(
        &self,
        release: &Release,
    ) -> Result<BTreeMap<String, BTreeSet<Source>>, Error> {
        let mut counted = ir::counted_values(&release.rel, &policy(&release.tables));
        let all: BTreeSet<Source> = counted.values().flatten().cloned().collect();
        for source in all {
            let table = release.tables.iter().find(|table| table.spec.name == source.resource);
            let table = table.ok_or(Error::RunFailed)?;
            let absent = self.seen(table, Asked::Absent(source.column.clone())).await;
            if absent.ok_or(Error::RunFailed)? == 0 {
                for sources in counted.values_mut() {
                    sources.remove(&source);
                }
            }
        }
        counted.retain(|_, sources| !sources.is_empty());
        Ok(counted)
    }

    /// What a table holds, with the rows of those who did not consent: it would else tell who did. None if it cannot be found
    /// out.
    async fn seen(&self, table: &Arc<Table>, asked: Asked) -> Option<u64> {
        let about = (table.spec.object.object, asked);
        if let Some(found) = self.seen.lock().ok().and_then(|seen| seen.get(&about).copied()) {
            return Some(found);
        }
        let query = match &about.1 {
            Asked::Rows(columns) => largest_group(&table.spec.name, columns),
            Asked::Longest(column) => longest(&table.spec.name, column),
            Asked::Absent(column) => rows(&table.spec.name, column, is_absent),
            Asked::Unfit(column) => rows(&table.spec.name, column, is_unfit),
        };
        let found = self.number(&query, &[table.whole()], &Bound::new()).await.ok()?;
        self.seen.lock().ok()?.insert(about, found);
        Some(found)
    }

    /// A query's only number; nothing counts as zero.
    pub(crate) async fn number(&self, rel: &Rel, tables: &[Arc<Table>], bound: &Bound) -> Result<u64, Error> {
        let plan = lower(self.session.state(), rel, tables, bound).map_err(|_| Error::RunFailed)?;
        let rows = self.session.execute(&plan, 1).await.map_err(Fault::uniform)?;
        let number = |batch: &RecordBatch| {
            let column = cast(batch.columns().first()?, &arrow::datatypes::DataType::Int64).ok()?;
            max(column.as_primitive_opt::<Int64Type>()?)
        };
        let found = rows.batches.iter().filter_map(number).max().unwrap_or_default();
        u64::try_from(found).map_err(|_| Error::RunFailed)
    }
}

/// The longest text in a column.
fn longest(resource: &str, column: &str) -> Rel {
    let stored = Expr::column(format!("{ALIAS}.{column}"));
    let length = Expr::Call { function: Function::CharacterLength, args: vec![stored] };
    Rel::Aggregate {
        input: Box::new(scan(resource, std::iter::once(column))),
        group: Vec::new(),
        aggregates: vec![number("most", AggregateFunction::Max, Some(length))],
    }
}

/// How many rows of a table there are in which something holds of a column.
fn rows(resource: &str, column: &str, holds: fn(Expr) -> Expr) -> Rel {
    let rows = Rel::Filter {
        input: Box::new(scan(resource, std::iter::once(column))),
        predicate: holds(Expr::column(format!("{ALIAS}.{column}"))),
    };
    let number = number("rows", AggregateFunction::Count, None);
    Rel::Aggregate { input: Box::new(rows), group: Vec::new(), aggregates: vec![number] }
}

fn is_absent(stored: Expr) -> Expr {
    Expr::IsNull { input: Box::new(stored), negated: false }
}

/// Whatever does not compare is unfit as well.
#[expect(clippy::cast_precision_loss, reason = "a power of two")]
fn is_unfit(stored: Expr) -> Expr {
    let stored = Expr::Cast { input: Box::new(stored), to: DataType::Float };
    let limit = |limit: f64| Box::new(Expr::literal(Literal::Float(limit)));
    let most = ir::TERM_MAX as f64;
    let beyond = Expr::Between {
        input: Box::new(stored.clone()),
        low: limit(-most),
        high: limit(most),
        negated: true,
    };
    Expr::Logic { op: LogicOp::Or, args: vec![is_absent(stored), beyond] }
}

fn scan<'a>(resource: &str, columns: impl Iterator<Item = &'a str>) -> Rel {
    Rel::Scan {
        resource: resource.to_owned(),
        alias: ALIAS.to_owned(),
        columns: columns.map(str::to_owned).collect(),
    }
}

fn number(name: &str, function: AggregateFunction, argument: Option<Expr>) -> NamedAggregate {
    NamedAggregate { name: name.to_owned(), function, argument }
}

/// The number of rows in the largest group of those that agree in some columns and have a value in each.
fn largest_group(resource: &str, columns: &BTreeSet<String>) -> Rel {
    let stored = |column: &String| Expr::column(format!("{ALIAS}.{column}"));
    let mut input = scan(resource, columns.iter().map(String::as_str));
    let mut there: Vec<Expr> = columns
        .iter()
        .map(|column| Expr::IsNull { input: Box::new(stored(column)), negated: true })
        .collect();
    let predicate = match there.len() {
        0 | 1 => there.pop(),
        _ => Some(Expr::Logic { op: LogicOp::And, args: there }),
    };
    if let Some(predicate) = predicate {
        input = Rel::Filter { input: Box::new(input), predicate };
    }
    let group = columns.iter().enumerate();
    let group =
        group.map(|(index, column)| Named { name: format!("k{index}"), expr: stored(column) }).collect();
    let groups = Rel::Aggregate {
        input: Box::new(input),
        group,
        aggregates: vec![number("rows", AggregateFunction::Count, None)],
    };
    Rel::Aggregate {
        input: Box::new(groups),
        group: Vec::new(),
        aggregates: vec![number("most", AggregateFunction::Max, Some(Expr::column("rows")))],
    }
}
