//! Which released cells combine with a new one to expose the few? An explanation for people: the verdict does not rest
//! on it. It looks for the ways an attacker would take – a whole less disjoint parts, or the missing part of a
//! whole – and otherwise names the cells that overlap most.

use roaring::RoaringBitmap;

use super::neighbour::{Neighbours, Place};
use super::record::MeasureId;

/// Limit: wholes that are tried.
const WHOLES_MAX: usize = 16;

/// Limit: parts taken off a whole.
const PARTS_MAX: usize = 64;

/// Limit: earlier cells named when no way is found.
const OVERLAPPING_MAX: usize = 8;

type Released<'a> = (&'a RoaringBitmap, Place);

/// Places of the cells that with `set` leave just `few`, with the number of entities each shares with `set`.
pub(super) fn search(
    sources: &[&Neighbours],
    measure: MeasureId,
    set: &RoaringBitmap,
    few: &RoaringBitmap,
) -> Vec<(Place, u64)> {
    let released: Vec<Released<'_>> = sources.iter().flat_map(|source| source.of_measure(measure)).collect();
    let direct = peel(&released, set, few).map(|parts| (None, parts));
    // The smallest wholes that hold all of it but the few come first.
    let mut wholes: Vec<&Released<'_>> = released
        .iter()
        .filter(|(whole, _)| whole.len() > set.len() && (set - *whole).is_subset(few))
        .collect();
    wholes.sort_by_key(|(whole, _)| whole.len());
    let found = direct.or_else(|| {
        wholes.into_iter().take(WHOLES_MAX).find_map(|whole| {
            let rest = whole.0 - set;
            peel(&released, &rest, few).map(|parts| (Some(*whole), parts))
        })
    });
    match found {
        Some((whole, parts)) => whole
            .into_iter()
            .chain(parts)
            .map(|(other, place)| (place, other.intersection_len(set)))
            .collect(),
        None => overlapping(sources, measure, set, OVERLAPPING_MAX),
    }
}

/// Takes the largest released parts off until at most the few are left.
fn peel<'a>(
    released: &[Released<'a>],
    from: &RoaringBitmap,
    few: &RoaringBitmap,
) -> Option<Vec<Released<'a>>> {
    let within = from | few;
    let mut parts: Vec<&Released<'a>> =
        released.iter().filter(|(part, _)| part.len() < within.len() && part.is_subset(&within)).collect();
    parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.len()));
    let mut left = from - few;
    let mut taken = Vec::new();
    for part in parts {
        if left.is_empty() || taken.len() == PARTS_MAX {
            break;
        }
        let core = part.0 - few;
        if !core.is_empty() && core.is_subset(&left) {
            left -= core;
            taken.push(*part);
        }
    }
    (left.is_empty() && !taken.is_empty()).then_some(taken)
}

/// The released cells of a measure that share most entities with a set.
pub(super) fn overlapping(
    sources: &[&Neighbours],
    measure: MeasureId,
    set: &RoaringBitmap,
    most: usize,
) -> Vec<(Place, u64)> {
    let mut shared: Vec<(Place, u64)> = sources
        .iter()
        .flat_map(|source| source.of_measure(measure))
        .map(|(other, place)| (place, other.intersection_len(set)))
        .filter(|(_, shared)| *shared > 0)
        .collect();
    shared.sort_by_key(|(place, shared)| (std::cmp::Reverse(*shared), place.release));
    shared.truncate(most);
    shared
}
