//! Which rows of an entity a query looks at.
//!
//! Two queries may be about the same people and look at other rows of theirs: all visits but one. Whose secrets decide is
//! known by the rows then, not by the people alone. A row is known by what it holds that is no secret; rows that agree in all
//! of this no condition tells apart.
//!
//! What is made here is to be executed, not resolved again: an inner aggregate is joined with the rows it was made of, so that
//! aliases occur twice.

use super::sources::names;
use super::{DataType, Expr, Function, JoinKind, Label, Literal, Named, Policy, Rel};

/// Between the values of a row, and where there is none. Neither occurs in stored texts.
const BETWEEN: &str = "\u{1e}";
const NONE: &str = "\u{1d}";

/// A relation with one more column: what identifies the rows of a resource that each of its rows comes from, as text.
pub(super) fn with_rows(rel: &Rel, resource: &str, policy: &Policy) -> (Rel, Expr) {
    let (rel, rows) = add(rel, resource, policy);
    (rel, text(rows.iter()))
}

/// Adds a column for each scan of the resource, and names them.
fn add(rel: &Rel, resource: &str, policy: &Policy) -> (Rel, Vec<String>) {
    match rel {
        Rel::Scan { resource: own, alias, columns } if own == resource => scan(own, alias, columns, policy),
        Rel::Scan { .. } => (rel.clone(), Vec::new()),
        Rel::Filter { input, predicate } => {
            let (input, rows) = add(input, resource, policy);
            (Rel::Filter { input: Box::new(input), predicate: predicate.clone() }, rows)
        }
        // In which order they come matters to nobody.
        Rel::Sort { input, .. } | Rel::Limit { input, .. } => add(input, resource, policy),
        Rel::Project { input, columns } => {
            let (input, rows) = add(input, resource, policy);
            let columns = columns.iter().cloned().chain(same(&rows)).collect();
            (Rel::Project { input: Box::new(input), columns }, rows)
        }
        Rel::Join { kind, left, right, on, nulls_equal, filter } => {
            let (left, mut rows) = add(left, resource, policy);
            let right = match kind {
                JoinKind::Semi | JoinKind::Anti => (**right).clone(),
                JoinKind::Inner | JoinKind::Left => {
                    let (right, more) = add(right, resource, policy);
                    rows.extend(more);
                    right
                }
            };
            let (left, right) = (Box::new(left), Box::new(right));
            let (on, filter) = (on.clone(), filter.clone());
            (Rel::Join { kind: *kind, left, right, on, nulls_equal: *nulls_equal, filter }, rows)
        }
        Rel::Aggregate { input, group, .. } => {
            let (input, rows) = add(input, resource, policy);
            if rows.is_empty() {
                return (rel.clone(), rows);
            }
            beside(rel, group, input, rows)
        }
        Rel::Union { inputs } => union(inputs, resource, policy),
    }
}

fn scan(resource: &str, alias: &str, columns: &[String], policy: &Policy) -> (Rel, Vec<String>) {
    let known = policy.resources.get(resource);
    let plain = known.into_iter().flat_map(|known| &known.columns);
    let plain = plain.filter(|(_, info)| info.label != Some(Label::Sensitive)).map(|(column, _)| column);
    let key = known.and_then(|known| known.entity.as_ref()).map(|entity| entity.columns.as_slice());
    let plain: Vec<&String> = plain.filter(|column| key.is_none_or(|key| !key.contains(column))).collect();
    let name = |column: &String| format!("{alias}.{column}");
    let mut all = columns.to_vec();
    all.extend(plain.iter().filter(|column| !columns.contains(column)).map(|column| (*column).clone()));
    let read: Vec<String> = columns.iter().map(name).collect();
    let row = format!("__row_{alias}");
    let of_row: Vec<String> = plain.into_iter().map(name).collect();
    let named = Named { name: row.clone(), expr: text(of_row.iter()) };
    let columns = same(&read).chain([named]).collect();
    let scan = Rel::Scan { resource: resource.to_owned(), alias: alias.to_owned(), columns: all };
    (Rel::Project { input: Box::new(scan), columns }, vec![row])
}

/// Groups beside the rows that they were made of.
fn beside(groups: &Rel, group: &[Named], input: Rel, rows: Vec<String>) -> (Rel, Vec<String>) {
    let mark = rows.concat();
    let key = |place: usize| format!("__of{mark}_{place}");
    let keys = group.iter().enumerate();
    let keys = keys.map(|(place, named)| Named { name: key(place), expr: named.expr.clone() });
    let columns = keys.chain(same(&rows)).collect();
    let on = group.iter().enumerate();
    let on = on.map(|(place, named)| (Expr::column(&named.name), Expr::column(key(place)))).collect();
    let rel = Rel::Join {
        kind: JoinKind::Inner,
        left: Box::new(groups.clone()),
        right: Box::new(Rel::Project { input: Box::new(input), columns }),
        on,
        nulls_equal: true,
        filter: None,
    };
    (rel, rows)
}

/// Branches with the columns of all, null where one has none.
fn union(inputs: &[Rel], resource: &str, policy: &Policy) -> (Rel, Vec<String>) {
    let branches: Vec<_> = inputs.iter().map(|input| (input, add(input, resource, policy))).collect();
    let all: Vec<String> = branches.iter().flat_map(|(_, (_, rows))| rows.clone()).collect();
    let branch = |(before, (rel, rows)): (&Rel, (Rel, Vec<String>))| {
        let own = |name: &String| match rows.contains(name) {
            true => Expr::column(name),
            false => Expr::literal(Literal::Null(DataType::Text)),
        };
        let rows = all.iter().map(|name| Named { name: name.clone(), expr: own(name) });
        let columns = names(before);
        let columns = same(&columns).chain(rows).collect();
        Rel::Project { input: Box::new(rel), columns }
    };
    (Rel::Union { inputs: branches.into_iter().map(branch).collect() }, all)
}

/// One text of several columns.
fn text<'a>(columns: impl Iterator<Item = &'a String>) -> Expr {
    let constant = |text: &str| Expr::literal(Literal::Text(text.to_owned()));
    let value = |column: &String| {
        let text = Expr::Cast { input: Box::new(Expr::column(column)), to: DataType::Text };
        Expr::Call { function: Function::Coalesce, args: vec![text, constant(NONE)] }
    };
    let args = columns.flat_map(|column| [value(column), constant(BETWEEN)]).chain([constant("")]).collect();
    Expr::Call { function: Function::Concat, args }
}

fn same(names: &[String]) -> impl Iterator<Item = Named> {
    names.iter().map(|name| Named { name: name.clone(), expr: Expr::column(name) })
}
