//! What the declarations tell of a relation, computed bottom up: the range of every column, which columns are unique, and
//! how many rows one entity can have.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::{Interval, Range, Unbounded, from_whole, range};
use super::resolve::{Flow, Rigour, equated, flow};
use super::{
    AggregateFunction, Expr, JoinKind, Named, NamedAggregate, Nulls, Parameters, Policy, Refusal, Rel,
};
use crate::DataType;

/// What is known of a relation.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    ranges: BTreeMap<String, Range>,
    /// Most rows of one entity, for every track of the relation's flow, in order.
    pub(super) fans: Vec<Option<u64>>,
    /// Sets of columns whose values, none of them null, occur in one row only. The empty set: one row in all.
    unique: Vec<BTreeSet<String>>,
    /// What [`flow`] says of it.
    pub(super) flow: Flow,
}

impl Facts {
    pub(super) fn range(&self, column: &str) -> Range {
        self.ranges.get(column).cloned().unwrap_or(Range::unknown(DataType::Text, Unbounded::NotNumber))
    }

    /// Most rows of this relation that can match one row of another, whose keys are equated with these columns.
    pub(super) fn matches(&self, columns: &BTreeSet<&str>) -> Option<u64> {
        if self.unique.iter().any(|unique| unique.iter().all(|name| columns.contains(name.as_str()))) {
            return Some(1);
        }
        let covered = self.flow.tracks.iter().zip(&self.fans).filter(|(track, _)| {
            let name = |column| self.flow.name_of(&track.entity.alias, column);
            !track.lost
                && track.columns.iter().all(|column| name(column).is_some_and(|n| columns.contains(n)))
        });
        covered.filter_map(|(_, fan)| *fan).min()
    }
}

/// Facts of a relation. Dev-zone rigour: what may be released is [`super::check()`]'s to say.
///
/// # Errors
/// A [`Refusal`] if the relation is malformed.
pub(super) fn facts(rel: &Rel, policy: &Policy, parameters: &Parameters) -> Result<Facts, Refusal> {
    let flow = flow(rel, policy, Rigour::Structure)?;
    Ok(match rel {
        Rel::Scan { resource, alias, columns } => scan(policy, resource, alias, columns, flow),
        Rel::Filter { input, .. } | Rel::Sort { input, .. } => facts(input, policy, parameters)?,
        Rel::Limit { input, fetch, .. } => {
            let mut facts = facts(input, policy, parameters)?;
            if fetch.is_some_and(|fetch| fetch <= 1) {
                facts.unique.push(BTreeSet::new());
            }
            facts
        }
        Rel::Project { input, columns } => {
            project(&facts(input, policy, parameters)?, columns, parameters, flow)
        }
        Rel::Aggregate { input, group, aggregates } => {
            aggregate(&facts(input, policy, parameters)?, group, aggregates, parameters, flow)
        }
        Rel::Join { kind, left, right, on, nulls_equal, .. } => {
            let left = facts(left, policy, parameters)?;
            let right = facts(right, policy, parameters)?;
            join(*kind, left, &right, on, *nulls_equal, flow)
        }
        Rel::Union { inputs } => {
            let branches =
                inputs.iter().map(|input| facts(input, policy, parameters)).collect::<Result<Vec<_>, _>>()?;
            union(&branches, flow)
        }
    })
}

fn scan(policy: &Policy, resource: &str, alias: &str, columns: &[String], flow: Flow) -> Facts {
    let mut facts = Facts { flow, ..Facts::default() };
    let Some(known) = policy.resources.get(resource) else { return facts };
    let name = |column: &String| format!("{alias}.{column}");
    for column in columns {
        let Some(info) = known.columns.get(column) else { continue };
        let declared = &info.declared;
        let column = name(column);
        let interval = declared
            .bounds
            .map_or(Interval::ANY, |bounds| {
                Interval::new(from_whole(bounds.low()), from_whole(bounds.high()))
            })
            .or_null(declared.nulls != Some(Nulls::Never));
        let why = match (declared.nulls, declared.bounds) {
            (None, _) => Some(Unbounded::Nulls { column: column.clone() }),
            (Some(_), None) => Some(Unbounded::Undeclared { column: column.clone() }),
            _ => None,
        };
        facts.ranges.insert(column, Range { data_type: info.data_type, interval, why });
    }
    facts.unique = known
        .rows
        .unique
        .iter()
        .filter(|unique| !unique.is_empty() && unique.iter().all(|column| columns.contains(column)))
        .map(|unique| unique.iter().map(name).collect())
        .collect();
    facts.fans = known.entity.iter().map(|_| known.rows_of_one().map(u64::from)).collect();
    facts
}

fn project(input: &Facts, columns: &[Named], parameters: &Parameters, flow: Flow) -> Facts {
    let ranges =
        columns.iter().map(|named| (named.name.clone(), range(&named.expr, input, parameters))).collect();
    let unique = input.unique.iter().filter_map(|unique| renamed(unique, columns)).collect();
    Facts { ranges, fans: input.fans.clone(), unique, flow }
}

/// A set of columns under the names by which they are passed on; `None` if one is not.
fn renamed(columns: &BTreeSet<String>, to: &[Named]) -> Option<BTreeSet<String>> {
    let find = |column: &String| {
        let same = |named: &&Named| matches!(&named.expr, Expr::Column { name } if name == column);
        to.iter().find(same).map(|named| named.name.clone())
    };
    columns.iter().map(find).collect()
}

fn aggregate(
    input: &Facts,
    group: &[Named],
    aggregates: &[NamedAggregate],
    parameters: &Parameters,
    flow: Flow,
) -> Facts {
    let mut ranges: BTreeMap<String, Range> =
        group.iter().map(|named| (named.name.clone(), range(&named.expr, input, parameters))).collect();
    // Nulls make one group: the set is unique all the same, since a match needs values that are not null.
    let unique = vec![group.iter().map(|named| named.name.clone()).collect()];
    let mut fans = Vec::new();
    let mut rows = None;
    for ((before, after), fan) in input.flow.tracks.iter().zip(&flow.tracks).zip(&input.fans) {
        if after.lost {
            fans.push(None);
            continue;
        }
        // What one entity has in its own groups is no more than it had before.
        rows = rows.into_iter().chain(*fan).min();
        let of_key = |named: &Named| {
            let Expr::Column { name } = &named.expr else { return false };
            let origin = input.flow.origins.get(name);
            origin.is_some_and(|(alias, column)| {
                *alias == before.entity.alias && before.columns.contains(column)
            })
        };
        fans.push(if group.iter().all(of_key) { Some(1) } else { *fan });
    }
    for aggregate in aggregates {
        let argument = aggregate.argument.as_ref().map(|argument| range(argument, input, parameters));
        ranges.insert(aggregate.name.clone(), aggregated(aggregate.function, argument, rows));
    }
    Facts { ranges, fans, unique, flow }
}

/// Range of an aggregate over at most so many rows.
fn aggregated(function: AggregateFunction, argument: Option<Range>, rows: Option<u64>) -> Range {
    use AggregateFunction::{Avg, Count, CountDistinct, Max, Median, Min, Stddev, Sum, Variance};
    let most = rows.and_then(|rows| i64::try_from(rows).ok()).map(from_whole);
    let from = argument.as_ref().map_or(DataType::Integer, |argument| argument.data_type);
    match (function, argument) {
        (Count | CountDistinct, _) | (_, None) => match most {
            Some(most) => Range::of(DataType::Integer, Interval::new(0.0, most)),
            None => Range::unknown(DataType::Integer, Unbounded::Rows),
        },
        (Sum, Some(of)) => {
            let data_type = if from == DataType::Integer { DataType::Integer } else { DataType::Float };
            let Some(most) = most else { return Range::unknown(data_type, Unbounded::Rows) };
            let all = of.interval.multiply(Interval::new(1.0, most.max(1.0)));
            let all = if data_type == DataType::Integer { all.as_whole() } else { all.loosened() };
            Range { data_type, interval: all.or_null(true), why: of.why }
        }
        (Avg, Some(of)) => {
            Range { data_type: DataType::Float, interval: of.interval.loosened().or_null(true), why: of.why }
        }
        (Min | Max | Median, Some(of)) => Range { interval: of.interval.or_null(true), ..of },
        (Stddev | Variance, Some(of)) => {
            let width = Interval::new(0.0, of.interval.high() - of.interval.low());
            let interval = if function == Stddev { width } else { width.multiply(width) };
            Range { data_type: DataType::Float, interval: interval.or_null(true), why: of.why }
        }
    }
}

fn join(
    kind: JoinKind,
    left: Facts,
    right: &Facts,
    on: &[(Expr, Expr)],
    nulls_equal: bool,
    flow: Flow,
) -> Facts {
    if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
        return Facts { flow, ..left };
    }
    let names = |side: fn(&(Expr, Expr)) -> &Expr| -> BTreeSet<&str> {
        let bare = on.iter().filter_map(|pair| match side(pair) {
            // Uniqueness is about values that are not null.
            Expr::Column { name } if !nulls_equal => Some(name.as_str()),
            _ => None,
        });
        bare.collect()
    };
    let per_left = right.matches(&names(|pair| &pair.1));
    let per_right = left.matches(&names(|pair| &pair.0));
    let twins = equated(&left.flow, &right.flow, on);
    let times = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_mul(b?));
    let mut fans = Vec::new();
    for (track, fan) in left.flow.tracks.iter().zip(&left.fans) {
        let twin = right
            .flow
            .tracks
            .iter()
            .zip(&right.fans)
            .find(|(other, _)| twins.get(&other.entity).is_some_and(|left| *left == track.entity));
        let own = times(*fan, per_left);
        let other = twin.and_then(|(_, other)| times(*fan, *other));
        fans.push(own.into_iter().chain(other).min());
    }
    for (track, fan) in right.flow.tracks.iter().zip(&right.fans) {
        if !twins.contains_key(&track.entity) {
            fans.push(times(*fan, per_right));
        }
    }
    let mut unique = Vec::new();
    if per_left == Some(1) {
        unique.extend(left.unique.iter().cloned());
    }
    if per_right == Some(1) {
        unique.extend(
            right.unique.iter().filter(|unique| kind == JoinKind::Inner || !unique.is_empty()).cloned(),
        );
    }
    let mut ranges = left.ranges;
    for (name, range) in &right.ranges {
        let mut range = range.clone();
        range.interval = range.interval.or_null(kind == JoinKind::Left);
        ranges.insert(name.clone(), range);
    }
    Facts { ranges, fans, unique, flow }
}

fn union(branches: &[Facts], flow: Flow) -> Facts {
    let mut facts = Facts { flow, ..Facts::default() };
    for (index, column) in facts.flow.schema.columns.iter().enumerate() {
        let of_branch = |branch: &Facts| {
            let own = branch.flow.schema.columns.get(index).map(|column| column.name.clone());
            own.map(|name| branch.range(&name))
        };
        let all = branches.iter().filter_map(of_branch).reduce(|a, b| Range {
            data_type: a.data_type,
            interval: a.interval.hull(b.interval),
            why: a.why.or(b.why),
        });
        if let Some(range) = all {
            facts.ranges.insert(column.name.clone(), range);
        }
    }
    facts.fans = (0..facts.flow.tracks.len())
        .map(|index| branches.iter().map(|branch| branch.fans.get(index).copied().flatten()).sum())
        .collect();
    facts
}
