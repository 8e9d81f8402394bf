//! Revenue shares as a tree, to the fen.

use base::Fen;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Limit: levels of a share tree.
const DEPTH_MAX: usize = 8;
/// Limit: children of one node.
const CHILDREN_MAX: usize = 1000;

/// A party, or a group of parties, with its weight among its siblings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareNode {
    /// Key of the party or group; no two siblings have the same.
    pub key: String,
    /// Weight among the siblings, in any whole unit (percent, parts per million, rows contributed).
    pub weight: u64,
    /// Who shares the node's part; empty for a party.
    #[serde(default)]
    pub children: Vec<ShareNode>,
}

/// What one party receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareLine {
    /// Keys from the root's children down to the party.
    pub path: Vec<String>,
    /// Its part.
    pub amount: Fen,
}

/// Splits an amount over the parties of a tree. At every node the parts add up to the node's amount exactly: whole fen
/// are given by weight and the rest, fen by fen, to the largest remainders (ties to the earlier sibling).
///
/// # Errors
/// [`Error::Share`] for a tree too deep or wide, two siblings with one key, or siblings whose weights are all zero.
pub fn split(total: Fen, parties: &[ShareNode]) -> Result<Vec<ShareLine>, Error> {
    let mut lines = Vec::new();
    descend(total, parties, &mut Vec::new(), &mut lines)?;
    Ok(lines)
}

/// Splits an amount by weights, in their order; the parts add up to it exactly.
///
/// # Errors
/// [`Error::Share`] when there is no weight above zero.
pub fn split_by_weight(total: Fen, weights: &[u64]) -> Result<Vec<Fen>, Error> {
    let sum: u128 = weights.iter().copied().map(u128::from).sum();
    if sum == 0 {
        return Err(Error::Share { what: "weights_zero" });
    }
    let (negative, size) = (total.0 < 0, u128::from(total.0.unsigned_abs()));
    // size and weight are below 2^64, so the product fits in u128.
    let mut parts: Vec<(u128, u128)> = weights
        .iter()
        .map(|weight| {
            let share = size * u128::from(*weight);
            (share / sum, share % sum)
        })
        .collect();
    let given: u128 = parts.iter().map(|(part, _)| part).sum();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(parts.get(*index).map_or(0, |(_, remainder)| *remainder)));
    // The remainders add up to a whole number of fen, fewer than there are weights above zero.
    let rest = usize::try_from(size - given).map_err(|_| Error::Overflow)?;
    for index in order.into_iter().take(rest) {
        if let Some((part, _)) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts
        .into_iter()
        .map(|(part, _)| {
            let part = i128::try_from(part).map_err(|_| Error::Overflow)?;
            i64::try_from(if negative { -part } else { part }).map(Fen).map_err(|_| Error::Overflow)
        })
        .collect()
}

fn descend(
    total: Fen,
    nodes: &[ShareNode],
    path: &mut Vec<String>,
    lines: &mut Vec<ShareLine>,
) -> Result<(), Error> {
    if path.len() >= DEPTH_MAX {
        return Err(Error::Share { what: "depth" });
    }
    if nodes.len() > CHILDREN_MAX {
        return Err(Error::Share { what: "children" });
    }
    let mut keys: Vec<&str> = nodes.iter().map(|node| node.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() != nodes.len() {
        return Err(Error::Share { what: "key_twice" });
    }
    let weights: Vec<u64> = nodes.iter().map(|node| node.weight).collect();
    for (node, amount) in nodes.iter().zip(split_by_weight(total, &weights)?) {
        path.push(node.key.clone());
        if node.children.is_empty() {
            lines.push(ShareLine { path: path.clone(), amount });
        } else {
            descend(amount, &node.children, path, lines)?;
        }
        path.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf(key: &str, weight: u64) -> ShareNode {
        ShareNode { key: key.to_owned(), weight, children: Vec::new() }
    }

    #[test]
    fn the_rest_goes_to_the_largest_remainders() {
        assert_eq!(split_by_weight(Fen(100), &[1, 1, 1]), Ok(vec![Fen(34), Fen(33), Fen(33)]));
        assert_eq!(split_by_weight(Fen(-100), &[1, 1, 1]), Ok(vec![Fen(-34), Fen(-33), Fen(-33)]));
        assert_eq!(split_by_weight(Fen(1), &[0, 1, 2]), Ok(vec![Fen(0), Fen(0), Fen(1)]));
        assert_eq!(split_by_weight(Fen(1), &[0, 0]), Err(Error::Share { what: "weights_zero" }));
        let tree = [
            leaf("财政", 30),
            ShareNode {
                key: "提供单位".to_owned(), weight: 20, children: vec![leaf("A", 2), leaf("B", 1)]
            },
            leaf("运营单位", 50),
        ];
        let lines = split(Fen(101), &tree).unwrap();
        let amounts: Vec<(String, i64)> =
            lines.iter().map(|line| (line.path.join("/"), line.amount.0)).collect();
        let expected = [("财政", 30), ("提供单位/A", 13), ("提供单位/B", 7), ("运营单位", 51)]
            .map(|(k, n)| (k.to_owned(), n));
        assert_eq!(amounts, expected);
        assert_eq!(split(Fen(1), &[leaf("a", 1), leaf("a", 1)]), Err(Error::Share { what: "key_twice" }));
    }

    fn tree() -> impl Strategy<Value = Vec<ShareNode>> {
        let leaves = proptest::collection::vec(any::<u64>(), 1..6).prop_map(named);
        leaves.prop_recursive(4, 40, 5, |inner| {
            proptest::collection::vec((1..u64::MAX, inner), 1..5).prop_map(|nodes| {
                let nodes = nodes.into_iter().enumerate();
                nodes
                    .map(|(n, (weight, children))| ShareNode { key: n.to_string(), weight, children })
                    .collect()
            })
        })
    }

    fn named(weights: Vec<u64>) -> Vec<ShareNode> {
        weights.into_iter().enumerate().map(|(n, weight)| leaf(&n.to_string(), weight.max(1))).collect()
    }

    proptest! {
        #[test]
        fn a_tree_gives_away_exactly_the_total(total in any::<i64>(), tree in tree()) {
            let lines = split(Fen(total), &tree).unwrap();
            let sum: i128 = lines.iter().map(|line| i128::from(line.amount.0)).sum();
            prop_assert_eq!(sum, i128::from(total));
        }

        #[test]
        fn nobody_is_a_fen_away_from_the_exact_part(
            total in 0..i64::MAX, weights in proptest::collection::vec(any::<u32>(), 1..20)
        ) {
            let weights: Vec<u64> = weights.into_iter().map(|weight| u64::from(weight) + 1).collect();
            let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (part, weight) in split_by_weight(Fen(total), &weights).unwrap().iter().zip(&weights) {
                let gap = i128::from(part.0) * sum - i128::from(total) * i128::from(*weight);
                prop_assert!(gap.abs() < sum);
            }
        }
    }
}
