//! Putting two or more relations together.

use std::collections::BTreeMap;

use super::super::{EntityRef, Expr, Refusal, Rule};
use super::{Flow, unique};

/// Columns and tracks of both sides, left first.
pub(super) fn both(left: &Flow, right: &Flow) -> Result<Flow, Refusal> {
    let mut both = left.clone();
    both.schema.columns.extend(right.schema.columns.iter().cloned());
    both.origins.extend(right.origins.iter().map(|(name, origin)| (name.clone(), origin.clone())));
    both.tracks.extend(right.tracks.iter().cloned());
    unique(&both.schema)?;
    Ok(both)
}

/// Right tracks whose whole key the join equates with a left track of the same kind: right entity → left entity.
/// They are the same entities, so counting them once is enough.
pub(in crate::ir) fn equated(
    left: &Flow,
    right: &Flow,
    on: &[(Expr, Expr)],
) -> BTreeMap<EntityRef, EntityRef> {
    let equal = |l: &str, r: &str| {
        on.iter().any(|(a, b)| {
            matches!((a, b), (Expr::Column { name: a }, Expr::Column { name: b }) if a == l && b == r)
        })
    };
    let mut map = BTreeMap::new();
    for r in &right.tracks {
        let twin = left.tracks.iter().find(|l| {
            l.entity.kind == r.entity.kind
                && !l.lost
                && !r.lost
                && l.columns.len() == r.columns.len()
                && l.columns.iter().zip(&r.columns).all(|(lc, rc)| {
                    match (left.name_of(&l.entity.alias, lc), right.name_of(&r.entity.alias, rc)) {
                        (Some(lc), Some(rc)) => equal(lc, rc),
                        _ => false,
                    }
                })
        });
        if let Some(l) = twin {
            map.insert(r.entity.clone(), l.entity.clone());
        }
    }
    map
}

/// Drops right tracks that the join equates with left ones.
pub(super) fn merge(left: &Flow, mut both: Flow, on: &[(Expr, Expr)]) -> Flow {
    let kept = left.tracks.len();
    let right = Flow {
        tracks: both.tracks.iter().skip(kept).cloned().collect(),
        origins: both.origins.clone(),
        ..Flow::default()
    };
    let map = equated(left, &right, on);
    both.tracks.retain(|track| !map.contains_key(&track.entity));
    rename(&mut both, &map);
    both
}

/// All branches under the first one's names.
pub(super) fn union(flows: Vec<Flow>) -> Result<Flow, Refusal> {
    let mut flows = flows.into_iter();
    let mut first = flows.next().ok_or(Refusal::bare(Rule::BadArguments))?;
    // A column that is unchanged in the first branch is not the same source column in the next.
    first.origins.clear();
    for mut next in flows {
        let map = paired(&first, &next).ok_or(Refusal::bare(Rule::UnionLineage))?;
        rename(&mut next, &map);
        if first.schema.columns.len() != next.schema.columns.len() {
            return Err(Refusal::bare(Rule::TypeMismatch));
        }
        for (column, other) in first.schema.columns.iter_mut().zip(next.schema.columns) {
            if column.data_type != other.data_type {
                return Err(Refusal::new(Rule::TypeMismatch, column.name.as_str()));
            }
            column.label = column.label.max(other.label);
            column.lineage.extend(other.lineage);
            column.conditional |= other.conditional;
        }
        for (track, other) in first.tracks.iter_mut().zip(&next.tracks) {
            track.protected |= other.protected;
            track.optional |= other.optional;
            track.lost |= other.lost;
        }
    }
    Ok(first)
}

/// Tracks of a later branch, by position, onto the first branch's; `None` if kinds differ.
fn paired(first: &Flow, next: &Flow) -> Option<BTreeMap<EntityRef, EntityRef>> {
    if first.tracks.len() != next.tracks.len() {
        return None;
    }
    first
        .tracks
        .iter()
        .zip(&next.tracks)
        .map(|(a, b)| {
            (a.entity.kind == b.entity.kind && a.columns.len() == b.columns.len())
                .then(|| (b.entity.clone(), a.entity.clone()))
        })
        .collect()
}

fn rename(flow: &mut Flow, map: &BTreeMap<EntityRef, EntityRef>) {
    if map.is_empty() {
        return;
    }
    for column in &mut flow.schema.columns {
        let lineage = std::mem::take(&mut column.lineage);
        column.lineage =
            lineage.into_iter().map(|entity| map.get(&entity).cloned().unwrap_or(entity)).collect();
    }
}
