//! A query as SQL, for people to read and for the engine to parse again (PostgreSQL's grammar).
//!
//! Nodes are folded into one `SELECT` as far as its clauses reach; what does not fit becomes a subquery. All names are
//! quoted. Columns of the result bear their names in the tree, points written as underscores.

mod expression;

use std::collections::BTreeSet;

use self::expression::{Scope, expression, quoted};
use super::{AggregateFunction, Expr, JoinKind, Literal, Named, NamedAggregate, Rel, SortKey};

/// A tree that [`super::resolve()`] refuses: a name that nothing yields, an aggregate without keys and columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("query cannot be written as SQL: `{name}`")]
pub struct Unwritable {
    /// The name or part concerned.
    pub name: String,
}

/// Writes a query.
///
/// # Errors
/// [`Unwritable`] for a tree that does not resolve.
pub fn write(rel: &Rel) -> Result<String, Unwritable> {
    let mut writer = Writer { subqueries: 0 };
    let block = writer.block(rel)?;
    Ok(block.text(&block.output_names()))
}

/// One `SELECT` in the making.
#[derive(Default)]
struct Block {
    from: String,
    /// Output columns: name in the tree and text over what `from` yields.
    columns: Vec<(String, String)>,
    conditions: Vec<String>,
    grouped: Option<Vec<String>>,
    having: Vec<String>,
    order: Vec<String>,
    limit: Option<(u64, Option<u64>)>,
}

impl Block {
    fn scope(&self) -> Scope<'_> {
        Scope { columns: &self.columns }
    }

    /// Nothing yet but tables and conditions.
    const fn is_plain(&self) -> bool {
        self.grouped.is_none() && self.order.is_empty() && self.limit.is_none()
    }

    /// Distinct names for the columns.
    fn output_names(&self) -> Vec<String> {
        let mut taken = BTreeSet::new();
        let free = |name: &str| {
            let mut name = name.replace('.', "_");
            while !taken.insert(name.to_lowercase()) {
                name.push('_');
            }
            name
        };
        self.columns.iter().map(|(name, _)| name.as_str()).map(free).collect()
    }

    fn text(&self, names: &[String]) -> String {
        let columns = self.columns.iter().zip(names).map(|((_, text), name)| {
            let name = quoted(name);
            if *text == name { name } else { format!("{text} AS {name}") }
        });
        let columns: Vec<String> = columns.collect();
        let mut text = format!("SELECT {} FROM {}", columns.join(", "), self.from);
        let mut clause = |word: &str, parts: &[String], between: &str| {
            if !parts.is_empty() {
                text.push_str(&format!(" {word} {}", parts.join(between)));
            }
        };
        clause("WHERE", &self.conditions, " AND ");
        clause("GROUP BY", self.grouped.as_deref().unwrap_or_default(), ", ");
        clause("HAVING", &self.having, " AND ");
        clause("ORDER BY", &self.order, ", ");
        if let Some((skip, fetch)) = self.limit {
            if let Some(fetch) = fetch {
                text.push_str(&format!(" LIMIT {fetch}"));
            }
            if skip > 0 {
                text.push_str(&format!(" OFFSET {skip}"));
            }
        }
        text
    }
}

struct Writer {
    subqueries: usize,
}

impl Writer {
    fn block(&mut self, rel: &Rel) -> Result<Block, Unwritable> {
        match rel {
            Rel::Scan { resource, alias, columns } => {
                let of = |column: &String| {
                    (format!("{alias}.{column}"), format!("{}.{}", quoted(alias), quoted(column)))
                };
                Ok(Block {
                    from: format!("{} AS {}", quoted(resource), quoted(alias)),
                    columns: columns.iter().map(of).collect(),
                    ..Block::default()
                })
            }
            Rel::Filter { input, predicate } => {
                let mut block = self.block(input)?;
                if block.limit.is_some() {
                    block = self.wrapped(&block);
                }
                let condition = expression(predicate, &block.scope())?;
                if block.grouped.is_some() {
                    block.having.push(condition);
                } else {
                    block.conditions.push(condition);
                }
                Ok(block)
            }
            Rel::Project { input, columns } => {
                let mut block = self.block(input)?;
                block.columns = named(columns, &block)?;
                Ok(block)
            }
            Rel::Join { kind, left, right, on, nulls_equal, filter } => {
                self.join(*kind, (left, right), on, *nulls_equal, filter.as_ref())
            }
            Rel::Aggregate { input, group, aggregates } => self.aggregate(input, group, aggregates),
            Rel::Sort { input, keys } => {
                let mut block = self.block(input)?;
                if block.limit.is_some() {
                    block = self.wrapped(&block);
                }
                // The outer order comes first, the inner one decides among equals.
                let inner = std::mem::take(&mut block.order);
                block.order = keys.iter().map(|key| ordered(key, &block)).collect::<Result<_, _>>()?;
                block.order.extend(inner);
                Ok(block)
            }
            Rel::Limit { input, skip, fetch } => {
                let mut block = self.block(input)?;
                if block.limit.is_some() {
                    block = self.wrapped(&block);
                }
                block.limit = Some((*skip, *fetch));
                Ok(block)
            }
            Rel::Union { inputs } => self.union(inputs),
        }
    }

    fn subquery(&mut self) -> String {
        self.subqueries += 1;
        format!("q{}", self.subqueries)
    }

    /// The block as a subquery of a new one.
    fn wrapped(&mut self, block: &Block) -> Block {
        let names = block.output_names();
        self.named_subquery(&block.text(&names), block, &names)
    }

    fn named_subquery(&mut self, text: &str, like: &Block, names: &[String]) -> Block {
        let alias = quoted(&self.subquery());
        let columns = like.columns.iter().zip(names);
        Block {
            from: format!("({text}) AS {alias}"),
            columns: columns
                .map(|((old, _), name)| (old.clone(), format!("{alias}.{}", quoted(name))))
                .collect(),
            ..Block::default()
        }
    }

    fn plain(&mut self, rel: &Rel) -> Result<Block, Unwritable> {
        let block = self.block(rel)?;
        Ok(if block.is_plain() { block } else { self.wrapped(&block) })
    }

    fn join(
        &mut self,
        kind: JoinKind,
        (left, right): (&Rel, &Rel),
        on: &[(Expr, Expr)],
        nulls_equal: bool,
        filter: Option<&Expr>,
    ) -> Result<Block, Unwritable> {
        let mut block = self.plain(left)?;
        let mut other = self.plain(right)?;
        // A condition on the right side of an outer join belongs to the right side; joins there need parentheses.
        let simple = matches!(right, Rel::Scan { .. }) || kind == JoinKind::Inner && is_flat(right);
        if matches!(kind, JoinKind::Inner | JoinKind::Left) && !simple {
            other = self.wrapped(&other);
        }
        let equals = if nulls_equal { "IS NOT DISTINCT FROM" } else { "=" };
        let mut conditions = Vec::new();
        for (a, b) in on {
            let (a, b) = (expression(a, &block.scope())?, expression(b, &other.scope())?);
            conditions.push(format!("({a} {equals} {b})"));
        }
        let both: Vec<_> = block.columns.iter().chain(&other.columns).cloned().collect();
        if let Some(filter) = filter {
            conditions.push(expression(filter, &Scope { columns: &both })?);
        }
        match kind {
            JoinKind::Inner | JoinKind::Left => {
                let word = if kind == JoinKind::Inner { "JOIN" } else { "LEFT JOIN" };
                let on = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
                block.from = format!("{} {word} {} ON {on}", block.from, other.from);
                block.conditions.extend(other.conditions);
                block.columns = both;
            }
            JoinKind::Semi | JoinKind::Anti => {
                let word = if kind == JoinKind::Semi { "EXISTS" } else { "NOT EXISTS" };
                conditions.extend(other.conditions);
                let on = if conditions.is_empty() {
                    String::new()
                } else {
                    format!(" WHERE {}", conditions.join(" AND "))
                };
                block.conditions.push(format!("{word} (SELECT 1 FROM {}{on})", other.from));
            }
        }
        Ok(block)
    }

    fn aggregate(
        &mut self,
        input: &Rel,
        group: &[Named],
        aggregates: &[NamedAggregate],
    ) -> Result<Block, Unwritable> {
        if group.is_empty() && aggregates.is_empty() {
            return Err(Unwritable { name: "GROUP BY".to_owned() });
        }
        let mut block = self.plain(input)?;
        let keys = named(group, &block)?;
        let mut columns = keys.clone();
        for aggregate in aggregates {
            columns.push((aggregate.name.clone(), call(aggregate, &block)?));
        }
        // A bare number would be the place of a column.
        let key = |text: &String| {
            if text.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("CAST({text} AS BIGINT)")
            } else {
                text.clone()
            }
        };
        block.grouped = Some(keys.iter().map(|(_, text)| key(text)).collect());
        block.columns = columns;
        Ok(block)
    }

    fn union(&mut self, inputs: &[Rel]) -> Result<Block, Unwritable> {
        let mut texts = Vec::new();
        let mut first: Option<(Block, Vec<String>)> = None;
        for input in inputs {
            let block = self.block(input)?;
            let names = first.as_ref().map_or_else(|| block.output_names(), |(_, names)| names.clone());
            texts.push(format!("({})", block.text(&names)));
            first.get_or_insert((block, names));
        }
        let (like, names) = first.ok_or(Unwritable { name: "UNION".to_owned() })?;
        Ok(self.named_subquery(&texts.join(" UNION ALL "), &like, &names))
    }
}

/// Scans joined by inner joins, filtered: they may stand in a row.
fn is_flat(rel: &Rel) -> bool {
    match rel {
        Rel::Scan { .. } => true,
        Rel::Filter { input, .. } => matches!(**input, Rel::Scan { .. }),
        _ => false,
    }
}

fn named(columns: &[Named], block: &Block) -> Result<Vec<(String, String)>, Unwritable> {
    columns.iter().map(|named| Ok((named.name.clone(), expression(&named.expr, &block.scope())?))).collect()
}

fn call(aggregate: &NamedAggregate, block: &Block) -> Result<String, Unwritable> {
    let (word, before) = match aggregate.function {
        AggregateFunction::Count => ("count", ""),
        AggregateFunction::CountDistinct => ("count", "DISTINCT "),
        AggregateFunction::Sum => ("sum", ""),
        AggregateFunction::Avg => ("avg", ""),
        AggregateFunction::Min => ("min", ""),
        AggregateFunction::Max => ("max", ""),
        AggregateFunction::Stddev => ("stddev", ""),
        AggregateFunction::Variance => ("var_samp", ""),
        AggregateFunction::Median => ("median", ""),
    };
    let argument = match &aggregate.argument {
        // A constant that is not null counts rows.
        Some(Expr::Literal { value })
            if !matches!(value, Literal::Null(_)) && word == "count" && before.is_empty() =>
        {
            "*".to_owned()
        }
        Some(argument) => expression(argument, &block.scope())?,
        None => "*".to_owned(),
    };
    Ok(format!("{word}({before}{argument})"))
}

fn ordered(key: &SortKey, block: &Block) -> Result<String, Unwritable> {
    let direction = if key.descending { "DESC" } else { "ASC" };
    let nulls = if key.nulls_first { "FIRST" } else { "LAST" };
    Ok(format!("{} {direction} NULLS {nulls}", expression(&key.expr, &block.scope())?))
}
