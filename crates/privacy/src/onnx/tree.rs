//! Ensembles of trees.

use std::collections::{BTreeSet, HashMap};

use super::Refusal;
use super::parse::{Attribute, Node};

/// What a node of a tree does. Tests for equality are left out: they single out.
pub(super) const MODES: &[&str] = &["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "LEAF"];

/// Limit: nodes of an ensemble.
const NODES_MAX: usize = 100_000;

/// Checks that the trees are trees and that their leaves have values, and sets to zero what leaves do not use. Returns the
/// number of leaves.
pub(super) fn check(node: &mut Node<'_>, features: i64) -> Result<usize, Refusal> {
    // How many rows fell into each node is for those who release, not for those who receive.
    node.attributes.remove("nodes_hitrates");
    let leaves: Vec<bool> = match node.attributes.get("nodes_modes") {
        Some(Attribute::Words(modes)) => modes.iter().map(|mode| *mode == "LEAF").collect(),
        _ => return Err(Refusal::Tree),
    };
    if leaves.is_empty() || leaves.len() > NODES_MAX {
        return Err(Refusal::Size);
    }
    clear(node, &leaves)?;
    let names = numbered(node)?;
    branches(node, &leaves, &names, features)?;
    values(node, &leaves, &names)?;
    Ok(leaves.iter().filter(|leaf| **leaf).count())
}

/// Nodes by tree and number.
type Names = HashMap<(i64, i64), usize>;

fn integers<'a>(node: &'a Node<'_>, name: &str) -> Result<&'a [i64], Refusal> {
    match node.attributes.get(name) {
        Some(Attribute::Integers(values)) => Ok(values),
        _ => Err(Refusal::Tree),
    }
}

/// Lists have one number a node; those of leaves are zero.
fn clear(node: &mut Node<'_>, leaves: &[bool]) -> Result<(), Refusal> {
    for name in
        ["nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true"]
    {
        match node.attributes.get_mut(name) {
            Some(Attribute::Integers(values)) if values.len() == leaves.len() => {
                values.iter_mut().zip(leaves).filter(|(_, leaf)| **leaf).for_each(|(value, _)| *value = 0);
            }
            None if name == "nodes_missing_value_tracks_true" => {}
            _ => return Err(Refusal::Tree),
        }
    }
    match node.attributes.get_mut("nodes_values") {
        Some(Attribute::Floats(values)) if values.len() == leaves.len() => {
            values.iter_mut().zip(leaves).filter(|(_, leaf)| **leaf).for_each(|(value, _)| *value = 0.0);
        }
        _ => return Err(Refusal::Tree),
    }
    let flags = integers(node, "nodes_missing_value_tracks_true").unwrap_or_default();
    if flags.iter().all(|flag| *flag == 0 || *flag == 1) { Ok(()) } else { Err(Refusal::Tree) }
}

fn numbered(node: &Node<'_>) -> Result<Names, Refusal> {
    let (trees, numbers) = (integers(node, "nodes_treeids")?, integers(node, "nodes_nodeids")?);
    let count = integers(node, "nodes_featureids")?.len();
    let names: Names = trees.iter().copied().zip(numbers.iter().copied()).zip(0..).collect();
    let fits = trees.len() == count && numbers.len() == count && names.len() == count;
    if fits { Ok(names) } else { Err(Refusal::Tree) }
}

/// Every tree hangs together from one root: each node has at most one parent, and all are reached.
fn branches(node: &Node<'_>, leaves: &[bool], names: &Names, features: i64) -> Result<(), Refusal> {
    let trees = integers(node, "nodes_treeids")?;
    let tests = integers(node, "nodes_featureids")?;
    let ways = integers(node, "nodes_truenodeids")?.iter().zip(integers(node, "nodes_falsenodeids")?);
    let mut children: Vec<Option<[usize; 2]>> = vec![];
    let mut has_parent = vec![false; leaves.len()];
    for (((leaf, tree), test), (yes, no)) in leaves.iter().zip(trees).zip(tests).zip(ways) {
        if *leaf {
            children.push(None);
            continue;
        }
        let both = names.get(&(*tree, *yes)).zip(names.get(&(*tree, *no)));
        let (yes, no) = both.ok_or(Refusal::Tree)?;
        for child in [*yes, *no] {
            let parent = has_parent.get_mut(child).ok_or(Refusal::Tree)?;
            if std::mem::replace(parent, true) {
                return Err(Refusal::Tree);
            }
        }
        if !(0..features).contains(test) {
            return Err(Refusal::Tree);
        }
        children.push(Some([*yes, *no]));
    }
    let roots = || has_parent.iter().zip(trees).enumerate().filter(|(_, (child, _))| !**child);
    let different: BTreeSet<i64> = trees.iter().copied().collect();
    let mut waiting: Vec<usize> = roots().map(|(index, _)| index).collect();
    let one_each = waiting.len() == different.len();
    let mut reached = 0;
    while let Some(index) = waiting.pop() {
        reached += 1;
        waiting.extend(children.get(index).copied().flatten().into_iter().flatten());
    }
    // One root a tree follows from the counts: a tree without a root is a cycle, which is not reached.
    if one_each && reached == leaves.len() { Ok(()) } else { Err(Refusal::Tree) }
}

/// Values belong to leaves, one for each target or class.
fn values(node: &Node<'_>, leaves: &[bool], names: &Names) -> Result<(), Refusal> {
    let regressor = node.operator == "TreeEnsembleRegressor";
    let (own, other) = if regressor { ("target", "class") } else { ("class", "target") };
    let choices =
        match (regressor, node.attributes.get("n_targets"), node.attributes.get("classlabels_int64s")) {
            (true, Some(Attribute::Integer(targets)), None) => *targets,
            (true, None, None) => 1,
            (false, None, Some(Attribute::Integers(labels))) => i64::try_from(labels.len()).unwrap_or(0),
            _ => return Err(Refusal::Tree),
        };
    if node.attributes.keys().any(|name| name.strip_prefix(other).is_some_and(|rest| rest.starts_with('_'))) {
        return Err(Refusal::Tree);
    }
    let list = |part: &str| integers(node, &format!("{own}_{part}"));
    let (trees, numbers, ids) = (list("treeids")?, list("nodeids")?, list("ids")?);
    let weights = match node.attributes.get(format!("{own}_weights").as_str()) {
        Some(Attribute::Floats(weights)) => weights.len(),
        _ => return Err(Refusal::Tree),
    };
    let base = match node.attributes.get("base_values") {
        Some(Attribute::Floats(values)) => i64::try_from(values.len()).unwrap_or(i64::MAX),
        _ => 0,
    };
    let mut seen = BTreeSet::new();
    let each = trees.iter().zip(numbers).zip(ids).all(|((tree, number), id)| {
        let index = names.get(&(*tree, *number));
        let leaf = index.and_then(|index| leaves.get(*index)) == Some(&true);
        leaf && (0..choices).contains(id) && seen.insert((tree, number, id))
    });
    let lengths = [trees.len(), numbers.len(), ids.len()].iter().all(|length| *length == weights);
    let fine = each && lengths && weights > 0 && [0, 1, choices].contains(&base);
    if fine { Ok(()) } else { Err(Refusal::Tree) }
}
