//! Released sets that differ from a new one by few entities.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::record::MeasureId;

/// Where a released set was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the release.
    pub(super) release: usize,
    pub(super) measure: MeasureId,
}

/// Released sets by size. Sets that differ by fewer than the threshold differ in size by no more, so that only a thin
/// slice is compared.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    by_size: BTreeMap<u64, Vec<Held>>,
}

#[derive(Debug, Clone)]
struct Held {
    set: Arc<RoaringBitmap>,
    places: Vec<Place>,
}

/// A released set near a new one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub(super) place: Place,
    /// Entities that only one of the two holds, at least 1.
    pub(super) apart: u64,
}

impl Neighbours {
    pub(super) fn insert(&mut self, set: &RoaringBitmap, place: Place) {
        let held = self.by_size.entry(set.len()).or_default();
        if let Some(known) = held.iter_mut().find(|held| *held.set == *set) {
            if !known.places.contains(&place) {
                known.places.push(place);
            }
        } else {
            held.push(Held { set: Arc::new(set.clone()), places: vec![place] });
        }
    }

    /// Released sets whose symmetric difference with a set is not empty and smaller than the threshold; of entities with their
    /// rows, where each that changed is in both sides of the difference, those of which neither side reaches it.
    pub(super) fn near(&self, set: &RoaringBitmap, rows: bool, threshold: u32) -> Vec<Near> {
        let size = set.len();
        let reach = u64::from(threshold.max(1)) - 1;
        let slice = self.by_size.range(size.saturating_sub(reach)..=size.saturating_add(reach));
        slice
            .flat_map(|(_, held)| held)
            .filter_map(|held| {
                let apart = match rows {
                    false => set.symmetric_difference_len(&held.set),
                    true => set.difference_len(&held.set).max(held.set.difference_len(set)),
                };
                (1..=reach).contains(&apart).then_some((apart, &held.places))
            })
            .flat_map(|(apart, places)| places.iter().map(move |place| Near { place: *place, apart }))
            .collect()
    }

    /// Every released set of a measure.
    pub(super) fn of_measure(&self, measure: MeasureId) -> impl Iterator<Item = (&RoaringBitmap, Place)> {
        self.by_size.values().flatten().filter_map(move |held| {
            let place = held.places.iter().find(|place| place.measure == measure)?;
            Some((held.set.as_ref(), *place))
        })
    }
}
