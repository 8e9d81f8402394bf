//! Relations: every node yields all its rows.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::super::{Expr, JoinKind, Literal, Named, NamedAggregate, Rel, SortKey};
use super::aggregate::aggregate;
use super::expression::Scope;
use super::value::{compare, is_null, key, same};
use super::{Fault, Row, Table, Tables, Values};
use crate::DataType;

pub(super) struct Interpreter<'a> {
    pub(super) tables: &'a Tables,
    pub(super) parameters: &'a Values,
}

impl Interpreter<'_> {
    pub(super) fn relation(&self, rel: &Rel) -> Result<Table, Fault> {
        match rel {
            Rel::Scan { resource, alias, columns } => self.scan(resource, alias, columns),
            Rel::Filter { input, predicate } => {
                let mut table = self.relation(input)?;
                let mut rows = Vec::new();
                for row in table.rows {
                    if self.holds(predicate, &table.columns, &row.values)? {
                        rows.push(row);
                    }
                }
                table.rows = rows;
                Ok(table)
            }
            Rel::Project { input, columns } => {
                let table = self.relation(input)?;
                let rows = table.rows.iter().map(|row| {
                    let values = self.all(columns, &table.columns, &row.values)?;
                    Ok(Row { values, sources: row.sources.clone() })
                });
                Ok(Table { columns: names(columns), rows: rows.collect::<Result<_, Fault>>()? })
            }
            Rel::Join { kind, left, right, on, nulls_equal, filter } => {
                let (left, right) = (self.relation(left)?, self.relation(right)?);
                self.join(*kind, left, &right, on, *nulls_equal, filter.as_ref())
            }
            Rel::Aggregate { input, group, aggregates } => {
                self.aggregate(&self.relation(input)?, group, aggregates)
            }
            Rel::Sort { input, keys } => self.sort(self.relation(input)?, keys),
            Rel::Limit { input, skip, fetch } => {
                let mut table = self.relation(input)?;
                let skip = usize::try_from(*skip).unwrap_or(usize::MAX);
                let fetch = fetch.map_or(usize::MAX, |fetch| usize::try_from(fetch).unwrap_or(usize::MAX));
                table.rows = table.rows.into_iter().skip(skip).take(fetch).collect();
                Ok(table)
            }
            Rel::Union { inputs } => {
                let mut tables = inputs.iter().map(|input| self.relation(input));
                let mut first = tables.next().ok_or(Fault::Type)??;
                for table in tables {
                    first.rows.extend(table?.rows);
                }
                Ok(first)
            }
        }
    }

    fn scan(&self, resource: &str, alias: &str, columns: &[String]) -> Result<Table, Fault> {
        let unknown = |name: &str| Fault::Unknown { name: name.to_owned() };
        let stored = self.tables.get(resource).ok_or_else(|| unknown(resource))?;
        let place = |column: &String| stored.columns.iter().position(|own| own == column);
        let places = columns
            .iter()
            .map(|column| place(column).ok_or_else(|| unknown(column)))
            .collect::<Result<Vec<_>, _>>()?;
        let rows = stored.rows.iter().enumerate().map(|(number, values)| {
            let values = places.iter().map(|place| values.get(*place).cloned().ok_or(Fault::Type));
            let sources = BTreeSet::from([(alias.to_owned(), number)]);
            Ok(Row { values: values.collect::<Result<_, _>>()?, sources })
        });
        let rows = rows.collect::<Result<_, Fault>>()?;
        Ok(Table { columns: columns.iter().map(|column| format!("{alias}.{column}")).collect(), rows })
    }

    fn value(&self, expr: &Expr, columns: &[String], values: &[Literal]) -> Result<Literal, Fault> {
        Scope { columns, values, parameters: self.parameters }.value(expr)
    }

    fn holds(&self, predicate: &Expr, columns: &[String], values: &[Literal]) -> Result<bool, Fault> {
        Ok(self.value(predicate, columns, values)? == Literal::Boolean(true))
    }

    fn all(&self, named: &[Named], columns: &[String], values: &[Literal]) -> Result<Vec<Literal>, Fault> {
        named.iter().map(|named| self.value(&named.expr, columns, values)).collect()
    }

    fn join(
        &self,
        kind: JoinKind,
        left: Table,
        right: &Table,
        on: &[(Expr, Expr)],
        nulls_equal: bool,
        filter: Option<&Expr>,
    ) -> Result<Table, Fault> {
        let both: Vec<String> = left.columns.iter().chain(&right.columns).cloned().collect();
        let mut rows = Vec::new();
        for row in left.rows {
            let mut matched = false;
            for other in &right.rows {
                let mut equal = true;
                for (a, b) in on {
                    let a = self.value(a, &left.columns, &row.values)?;
                    let b = self.value(b, &right.columns, &other.values)?;
                    equal &= same(&a, &b) && (nulls_equal || !is_null(&a));
                }
                let values: Vec<Literal> = row.values.iter().chain(&other.values).cloned().collect();
                if !equal || !filter.map_or(Ok(true), |filter| self.holds(filter, &both, &values))? {
                    continue;
                }
                matched = true;
                if matches!(kind, JoinKind::Inner | JoinKind::Left) {
                    rows.push(Row { values, sources: row.sources.union(&other.sources).cloned().collect() });
                }
            }
            match kind {
                JoinKind::Left if !matched => {
                    // The type of what is absent is not known here; nulls of all types are alike.
                    let nulls = right.columns.iter().map(|_| Literal::Null(DataType::Text));
                    let values = row.values.iter().cloned().chain(nulls).collect();
                    rows.push(Row { values, sources: row.sources });
                }
                JoinKind::Semi if matched => rows.push(row),
                JoinKind::Anti if !matched => rows.push(row),
                _ => {}
            }
        }
        let columns = if matches!(kind, JoinKind::Semi | JoinKind::Anti) { left.columns } else { both };
        Ok(Table { columns, rows })
    }

    fn aggregate(
        &self,
        input: &Table,
        group: &[Named],
        aggregates: &[NamedAggregate],
    ) -> Result<Table, Fault> {
        let mut groups: Vec<(Vec<String>, Vec<Literal>, Vec<&Row>)> = Vec::new();
        if group.is_empty() {
            groups.push(Default::default());
        }
        for row in &input.rows {
            let values = self.all(group, &input.columns, &row.values)?;
            let keys: Vec<String> = values.iter().map(key).collect();
            match groups.iter_mut().find(|(known, _, _)| *known == keys) {
                Some((_, _, rows)) => rows.push(row),
                None => groups.push((keys, values, vec![row])),
            }
        }
        let mut rows = Vec::new();
        for (_, mut values, members) in groups {
            for named in aggregates {
                let of = |row: &&Row| match &named.argument {
                    Some(argument) => self.value(argument, &input.columns, &row.values),
                    None => Ok(Literal::Integer(1)),
                };
                let arguments = members.iter().map(of).collect::<Result<Vec<_>, _>>()?;
                values.push(aggregate(named.function, &arguments)?);
            }
            let sources = members.iter().flat_map(|row| row.sources.iter().cloned()).collect();
            rows.push(Row { values, sources });
        }
        let mut columns = names(group);
        columns.extend(aggregates.iter().map(|aggregate| aggregate.name.clone()));
        Ok(Table { columns, rows })
    }

    fn sort(&self, mut table: Table, keys: &[SortKey]) -> Result<Table, Fault> {
        let mut rows = Vec::new();
        for row in table.rows {
            let of = |key: &SortKey| self.value(&key.expr, &table.columns, &row.values);
            rows.push((keys.iter().map(of).collect::<Result<Vec<_>, _>>()?, row));
        }
        rows.sort_by(|(a, _), (b, _)| {
            let orders = keys.iter().zip(a.iter().zip(b)).map(|(key, (a, b))| order(key, a, b));
            orders.fold(Ordering::Equal, Ordering::then)
        });
        table.rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(table)
    }
}

fn order(key: &SortKey, a: &Literal, b: &Literal) -> Ordering {
    match (is_null(a), is_null(b)) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if key.nulls_first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if key.nulls_first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            let order = compare(a, b).unwrap_or(Ordering::Equal);
            if key.descending { order.reverse() } else { order }
        }
    }
}

fn names(named: &[Named]) -> Vec<String> {
    named.iter().map(|named| named.name.clone()).collect()
}
