//! How many rows one protected entity can meet in the joins of a query.
//!
//! The time of a run grows with the rows that meet. Where one entity, if a condition lets it through, meets a million rows and
//! everybody else a few, the time tells whether it was there. So the bound is taken from the whole of each table, without
//! conditions and parameters: it is the same whoever is asked about, and a refusal because of it tells of nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::check::scans;
use super::left_out::{About, Telling};
use super::text_work::text_work;
use super::walk::{aliases, expressions, inputs, trace};
use super::{AggregateFunction, Expr, JoinKind, NamedAggregate, Policy, Refusal, Rel, Rule};

/// Most rows that one protected entity may meet, those that are more work counted several times ([`ROW_CHARACTERS`]). They are
/// worked on in about a millisecond, and the time of a run is rounded up to a quarter of a second and more.
pub const MEETINGS_MAX: u64 = 4_096;
/// Texts of a row up to so many characters are one row's work; so many that functions go through as well.
pub const ROW_CHARACTERS: u64 = 256;

/// So many functions and operators of a query are one row's work; a list of values is one.
const ROW_OPERATIONS: u64 = 64;
/// A key of a group, or an aggregate that keeps a number of each.
const OPERATIONS_OF_NUMBER: u64 = 4;
/// An aggregate that keeps the values of each group.
const OPERATIONS_OF_VALUES: u64 = 16;
/// Groups and partners that a secret decides about: how many there are depends on it, and no price makes this equal
/// ([`super::widest`]). An entity that meets a thousand rows would be seen, one that meets a hundred is not.
const OPERATIONS_OF_SECRET: u64 = 512;

/// Rows of a table that agree in some columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alike {
    /// The table.
    pub resource: String,
    /// The columns, in which no row counts that has a null; none: all rows.
    pub columns: BTreeSet<String>,
    /// The columns that the query reads of them.
    pub read: BTreeSet<String>,
}

/// What is known of rows that are [`Alike`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// The most that there are.
    pub rows: u64,
    /// Characters of the longest texts that are read of one.
    pub characters: u64,
}

/// What is known of tables.
pub type Most = BTreeMap<Alike, Met>;

/// What has to be known of the tables to bound what entities meet; empty for a query without joins.
#[must_use]
pub fn alike(rel: &Rel, policy: &Policy) -> BTreeSet<Alike> {
    let mut asked = BTreeSet::new();
    visit(rel, policy, &mut |alike| {
        asked.insert(alike);
        1
    });
    asked
}

/// Refuses a query in which one protected entity may meet more than [`MEETINGS_MAX`] rows. What is not known of a table is
/// without bound.
///
/// # Errors
/// [`Rule::FanOut`] with the kind of the entity.
pub fn check_meetings(rel: &Rel, policy: &Policy, most: &Most) -> Result<(), Refusal> {
    // What is computed of each row is work as well.
    let longest = most.values().map(|met| met.characters).max().unwrap_or_default();
    let of_secret = if secret_decides(rel, policy)? { OPERATIONS_OF_SECRET } else { 0 };
    let operations = (operations(rel) + of_secret).div_ceil(ROW_OPERATIONS);
    let each = operations.max(text_work(rel).with(longest).div_ceil(ROW_CHARACTERS)).max(1);
    let found = visit(rel, policy, &mut |alike| {
        let met = most.get(&alike);
        // In powers of two: how many rows somebody has at most is not to be found out by trying.
        let rows = met.and_then(|met| {
            let rows = met.rows.saturating_mul(met.characters.div_ceil(ROW_CHARACTERS).max(1));
            rows.checked_next_power_of_two()
        });
        rows.unwrap_or(u64::MAX)
    });
    match found.into_iter().find(|(_, rows)| rows.saturating_mul(each) > MEETINGS_MAX) {
        Some((kind, _)) => Err(Refusal::new(Rule::FanOut, kind)),
        None => Ok(()),
    }
}

/// Functions and operators of all expressions, columns that are read, keys of groups, and aggregates by what they keep of a row.
fn operations(rel: &Rel) -> u64 {
    fn of(expr: &Expr) -> u64 {
        let below: u64 = expr.children().into_iter().map(of).sum();
        let own = match expr {
            Expr::Column { .. } | Expr::Literal { .. } | Expr::Parameter { .. } => 0,
            // Constants are looked up all at once.
            Expr::InList { list, .. } => {
                1 + list.iter().filter(|one| !matches!(one, Expr::Literal { .. })).count() as u64
            }
            _ => 1,
        };
        below + own
    }
    let aggregate = |one: &NamedAggregate| match one.function {
        AggregateFunction::CountDistinct | AggregateFunction::Median => OPERATIONS_OF_VALUES,
        _ => OPERATIONS_OF_NUMBER,
    };
    let own: u64 = expressions(rel).into_iter().map(of).sum();
    let more = match rel {
        Rel::Scan { columns, .. } => columns.len() as u64,
        Rel::Aggregate { group, aggregates, .. } => {
            group.len() as u64 * OPERATIONS_OF_NUMBER + aggregates.iter().map(aggregate).sum::<u64>()
        }
        _ => 0,
    };
    own + more + inputs(rel).into_iter().map(operations).sum::<u64>()
}

/// Is a secret among the keys of groups or of joins?
fn secret_decides(rel: &Rel, policy: &Policy) -> Result<bool, Refusal> {
    let none = Telling::new();
    let secret = |expr: &Expr, input: &Rel| Ok(About::of(expr, input, &none, policy)?.decided().is_some());
    let own = match rel {
        Rel::Aggregate { input, group, .. } => {
            group.iter().map(|named| secret(&named.expr, input)).collect::<Result<Vec<_>, _>>()?
        }
        Rel::Join { left, right, on, .. } => {
            let pairs = on.iter().flat_map(|(a, b)| [secret(a, left), secret(b, right)]);
            pairs.collect::<Result<Vec<_>, _>>()?
        }
        _ => Vec::new(),
    };
    let below = inputs(rel).into_iter().map(|input| secret_decides(input, policy));
    Ok(own.into_iter().chain(below.collect::<Result<Vec<_>, _>>()?).any(|secret| secret))
}

/// What one entity of each protected table meets at each join.
fn visit(rel: &Rel, policy: &Policy, ask: &mut impl FnMut(Alike) -> u64) -> Vec<(String, u64)> {
    let mut found: Vec<_> = inputs(rel).into_iter().flat_map(|input| visit(input, policy, ask)).collect();
    if matches!(rel, Rel::Join { .. }) {
        for (kind, key) in entities(rel, policy) {
            found.push((kind, rows(rel, &key, ask)));
        }
    }
    found
}

/// Keys of the protected entities of all scans, as columns of these.
fn entities(rel: &Rel, policy: &Policy) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    scans(rel, &mut |resource, alias, _| {
        let entity = policy.resources.get(resource).and_then(|known| known.entity.as_ref());
        if let Some(entity) = entity.filter(|entity| entity.protected) {
            let key = entity.columns.iter().map(|column| format!("{alias}.{column}")).collect();
            found.push((entity.kind.clone(), key));
        }
    });
    found
}

/// Most rows of a relation in which columns of its scans have given values.
fn rows(rel: &Rel, fixed: &BTreeSet<String>, ask: &mut impl FnMut(Alike) -> u64) -> u64 {
    match rel {
        Rel::Scan { resource, alias, columns: read } => {
            let own = |name: &String| name.strip_prefix(alias.as_str())?.strip_prefix('.').map(str::to_owned);
            let columns = fixed.iter().filter_map(own).collect();
            ask(Alike { resource: resource.clone(), columns, read: read.iter().cloned().collect() })
        }
        Rel::Filter { input, .. } | Rel::Project { input, .. } | Rel::Sort { input, .. } => {
            rows(input, fixed, ask)
        }
        Rel::Limit { input, fetch, .. } => rows(input, fixed, ask).min(fetch.unwrap_or(u64::MAX)),
        Rel::Aggregate { input, group, .. } => {
            let below = rows(input, fixed, ask);
            let one = |expr: &Expr| source(expr, input).is_some_and(|name| fixed.contains(&name));
            if group.iter().all(|named| one(&named.expr)) { below.min(1) } else { below }
        }
        Rel::Join { kind, left, right, on, nulls_equal, .. } => {
            // Nulls that meet nulls are not counted.
            let keys = |side: &Rel, key: fn(&(Expr, Expr)) -> &Expr| {
                let on = on.iter().filter(|_| !nulls_equal).filter_map(|pair| source(key(pair), side));
                on.chain(fixed.iter().cloned()).collect::<BTreeSet<String>>()
            };
            let (of_left, of_right) = (keys(left, |pair| &pair.0), keys(right, |pair| &pair.1));
            let from_left = rows(left, fixed, ask).saturating_mul(rows(right, &of_right, ask).max(1));
            let from_right = rows(right, fixed, ask).saturating_mul(rows(left, &of_left, ask));
            let scans = aliases(right);
            let alias = |name: &String| name.split_once('.').map(|(alias, _)| alias.to_owned());
            let asks_right = fixed.iter().filter_map(alias).any(|alias| scans.contains_key(alias.as_str()));
            match kind {
                // Rows of the left that meet none stay, and are about nobody of the right.
                JoinKind::Left | JoinKind::Semi | JoinKind::Anti if !asks_right => from_left,
                _ => from_left.min(from_right),
            }
        }
        Rel::Union { inputs } => {
            inputs.iter().map(|input| rows(input, fixed, ask)).fold(0, u64::saturating_add)
        }
    }
}

/// The column of a scan that an expression is, unchanged.
fn source(expr: &Expr, rel: &Rel) -> Option<String> {
    match trace(expr, rel)? {
        Expr::Column { name } => Some(name),
        _ => None,
    }
}
