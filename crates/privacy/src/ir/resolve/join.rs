//! Putting two or more relations together.

use std::collections::BTreeMap;

use super::super::walk::columns_of;
use super::super::{EntityRef, Expr, Refusal, Rule};
use super::expr::ExprInfo;
use super::form::Form;
use super::{Flow, Mark, Track, unique};

/// Columns and tracks of both sides, left first.
pub(in crate::ir) fn both(left: &Flow, right: &Flow) -> Result<Flow, Refusal> {
    let mut both = left.clone();
    both.schema.columns.extend(right.schema.columns.iter().cloned());
    both.origins.extend(right.origins.iter().map(|(name, origin)| (name.clone(), origin.clone())));
    both.tracks.extend(right.tracks.iter().cloned());
    both.marks.extend(right.marks.iter().map(|(name, mark)| (name.clone(), *mark)));
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

/// Refuses a join that tells whether entities are there without counting them: every protected entity of the right
/// side must be one of the left side's, so that only an entity's own rows decide about it.
pub(super) fn check_brought(
    left: &Flow,
    right: &Flow,
    on: &[(Expr, Expr)],
    rule: Rule,
) -> Result<(), Refusal> {
    let map = equated(left, right, on);
    let counted = |entity| {
        let twin = map.get(entity).and_then(|twin| left.tracks.iter().find(|track| track.entity == *twin));
        twin.is_some_and(|twin| twin.protected)
    };
    match right.tracks.iter().find(|track| track.protected && !counted(&track.entity)) {
        Some(track) => Err(Refusal::new(rule, track.entity.kind.as_str())),
        None => Ok(()),
    }
}

/// Refuses a join on what is computed: `x / 1000` is the same for all, and lets one entity meet as many rows as the author
/// likes. How long that takes tells whether the entity is there.
pub(super) fn check_bare(left: &Flow, right: &Flow, keys: [(&Expr, &ExprInfo); 2]) -> Result<(), Refusal> {
    let protected = |flow: &Flow| flow.tracks.iter().any(|track| track.protected);
    let computed = keys.into_iter().find(|(_, info)| info.mark.form != Form::Terms(1));
    match computed {
        Some((expr, _)) if protected(left) || protected(right) => {
            Err(Refusal::new(Rule::JoinKey, columns_of(expr).into_iter().next().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// Refuses to put protected entities beside others of their kind: with one side's whole key equated, a row meets what one
/// entity has; with anything less, as many as there are.
pub(super) fn check_met(left: &Flow, right: &Flow, on: &[(Expr, Expr)]) -> Result<(), Refusal> {
    let own = |track: &&Track| track.protected && !track.lost;
    let keyed = |flow: &Flow, track: &Track, keys: &[&Expr]| {
        track.columns.iter().all(|key| {
            let name = flow.name_of(&track.entity.alias, key);
            keys.iter().any(|on| matches!(on, Expr::Column { name: on } if Some(on.as_str()) == name))
        })
    };
    let (of_left, of_right): (Vec<&Expr>, Vec<&Expr>) = on.iter().map(|(a, b)| (a, b)).unzip();
    for theirs in right.tracks.iter().filter(own) {
        let neighbours =
            || left.tracks.iter().filter(own).filter(|ours| ours.entity.kind == theirs.entity.kind);
        // A key of something else that both belong to, as an employer's, puts all who belong to it side by side.
        let met = keyed(right, theirs, &of_right) || neighbours().any(|ours| keyed(left, ours, &of_left));
        if neighbours().next().is_some() && !met {
            return Err(Refusal::new(Rule::JoinKey, theirs.entity.kind.as_str()));
        }
    }
    Ok(())
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
    // One entity that needs protection on either side needs it in both.
    for track in right.tracks.iter().filter(|track| track.protected) {
        let twin = map.get(&track.entity);
        both.tracks
            .iter_mut()
            .filter(|other| Some(&other.entity) == twin)
            .for_each(|other| other.protected = true);
    }
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
            column.stage = column.stage.with(other.stage);
            column.sources.extend(other.sources);
            column.parameters.extend(other.parameters);
            let mark = next.marks.get(&other.name).copied().unwrap_or(Mark::OTHER);
            let own = first.marks.entry(column.name.clone()).or_insert(Mark::OTHER);
            *own = own.worse(mark);
        }
        for (track, other) in first.tracks.iter_mut().zip(&next.tracks) {
            track.protected |= other.protected;
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
