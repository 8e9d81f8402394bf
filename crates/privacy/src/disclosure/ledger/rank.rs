//! The system of linear equations that the released cells of one measure form.
//!
//! Unknowns are the entities' values. A released cell is a row of zeros and ones. Whoever knows the cells knows every
//! vector of the row space and nothing else of it, so the few are exposed exactly when the row space holds a vector, not
//! zero, on fewer entities than the threshold.
//!
//! Deciding that in general is as hard as decoding; the ledger asks for a proof instead. Let `c` be a new cell and `n`
//! any vector that every released cell annuls (`r·n = 0`) and `c` does not. A vector `c + r` can be zero outside a group
//! only if the group meets `n`: else `0 = (c + r)·n = c·n`. So vectors `n` on disjoint entities are a proof: as many as
//! there are, so many entities at least lie in every combination in which `c` takes part. Such vectors are
//! - two entities of one atom, one inside `c` and one outside: no released cell tells them apart;
//! - an entity that no released cell holds;
//! - a free column of an echelon form with its pivots, where the remainder of `c` is not zero; one copy for each entity
//!   of its smallest atom.
//!
//! Where atoms are small, the columns of one form share their few pivots, and no two of them are disjoint. So the
//! entities are also dealt into parts, each with a form of its own: vectors of different parts are disjoint always.
//!
//! When the proof reaches the threshold, the cell is safe. When the remainder itself is short, it is exposed. Between the
//! two nothing is proved, and the cell may leave only with noise. Refined atoms make vectors neither shorter nor longer,
//! so what was proved of earlier cells stays true.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Extent;
use super::field::Field;
use super::form::Form;
use super::sets::Partition;

/// Limit: entries kept of the cells of one measure (about 50 MB), and of those of its parts together. Past it a form
/// is given up: only cells that cut atoms widely are then proved safe by it.
const ENTRIES_MAX: usize = 4_000_000;

/// Parts into which the entities are dealt. More than usual thresholds, so that one vector a part will do.
const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 4;

/// What a system says of a new cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// The released cells give it already.
    Known,
    /// Every combination in which it takes part covers as many entities as the threshold.
    Safe,
    /// With released cells it gives a combination of these entities, fewer than the threshold.
    Exposed(RoaringBitmap),
    /// Neither was proved.
    Unclear,
}

#[derive(Debug, Clone)]
pub(super) struct System {
    /// Shared with copies until one of them takes a cell in.
    forms: Arc<Forms>,
    /// Cells that are not in the forms yet.
    ahead: Option<Ahead>,
}

#[derive(Debug, Clone)]
struct Forms {
    whole: Form,
    parts: Vec<Form>,
}

/// Cells of a release that is being judged. Most of those after them cut so many atoms that nothing has to be eliminated for
/// their sake: then the atoms are all that is needed of these.
#[derive(Debug, Clone)]
struct Ahead {
    partition: Partition,
    cells: Vec<RoaringBitmap>,
}

impl System {
    pub(super) fn new(field: Field) -> Self {
        Self::with_entries_max(field, ENTRIES_MAX)
    }

    pub(super) fn with_entries_max(field: Field, entries_max: usize) -> Self {
        let part = Form::new(field, entries_max / PARTS);
        let forms = Forms { whole: Form::new(field, entries_max), parts: vec![part; PARTS] };
        Self { forms: Arc::new(forms), ahead: None }
    }

    /// Judges a cell. Eliminates what was left to be eliminated if the verdict needs it.
    pub(super) fn check(&mut self, set: &RoaringBitmap, threshold: u32) -> Finding {
        if let Some(ahead) = &self.ahead {
            if ahead.partition.pairs(set) >= u64::from(threshold) {
                return Finding::Safe;
            }
            self.settle();
        }
        let Forms { whole, parts } = &*self.forms;
        if whole.cuts(set) >= u64::from(threshold) {
            return Finding::Safe;
        }
        let mut proved = 0;
        for (part, dealt) in parts.iter().zip(deal(set)) {
            proved += part.weigh(&dealt, threshold - proved).proved;
            if proved == threshold {
                return Finding::Safe;
            }
        }
        let weighed = whole.weigh(set, threshold);
        match weighed.left {
            _ if weighed.proved >= threshold => Finding::Safe,
            None if whole.is_coarse(set, threshold) => Finding::Safe,
            Some(0) => Finding::Known,
            Some(left) if left < u64::from(threshold) => Finding::Exposed(whole.remainder(set)),
            Some(_) | None => Finding::Unclear,
        }
    }

    /// Takes a cell in.
    pub(super) fn insert(&mut self, set: &RoaringBitmap) {
        self.settle();
        Arc::make_mut(&mut self.forms).insert(set);
    }

    /// Takes a cell in for those that are checked after it; eliminates only once one of them asks for it.
    pub(super) fn insert_ahead(&mut self, set: &RoaringBitmap) {
        let Self { forms, ahead } = self;
        let ahead = ahead
            .get_or_insert_with(|| Ahead { partition: forms.whole.partition().clone(), cells: Vec::new() });
        ahead.partition.split(set);
        ahead.cells.push(set.clone());
    }

    fn settle(&mut self) {
        for set in self.ahead.take().into_iter().flat_map(|ahead| ahead.cells) {
            Arc::make_mut(&mut self.forms).insert(&set);
        }
    }

    pub(super) fn extent(&self) -> Extent {
        self.forms.whole.extent()
    }
}

impl Forms {
    fn insert(&mut self, set: &RoaringBitmap) {
        self.whole.insert(set);
        for (part, dealt) in self.parts.iter_mut().zip(deal(set)) {
            part.insert(&dealt);
        }
    }
}

/// A set dealt into the parts, each with numbers of its own: of sixteen neighbouring ordinals every part gets one, and which
/// one changes from sixteen to sixteen, so that regular patterns are spread. Numbered so, a part's entities lie close
/// together, and all parts hold no more than the whole does.
fn deal(set: &RoaringBitmap) -> Vec<RoaringBitmap> {
    let mut dealt = vec![Vec::new(); PARTS];
    for entity in set {
        let number = entity >> PART_BITS;
        let turn = number.wrapping_mul(0x9e37_79b1) >> (32 - PART_BITS);
        let part = (entity ^ turn) & ((1 << PART_BITS) - 1);
        if let Some(dealt) = dealt.get_mut(super::sets::index(part)) {
            dealt.push(number);
        }
    }
    dealt.into_iter().map(RoaringBitmap::from_iter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealing_loses_nobody_and_separates_neighbours() {
        let set: RoaringBitmap = (0..100_000).filter(|n| n % 3 != 1).collect();
        let dealt = deal(&set);
        assert_eq!(dealt.iter().map(RoaringBitmap::len).sum::<u64>(), set.len());
        assert!(dealt.iter().all(|part| part.max() <= Some(100_000 >> PART_BITS)));
        for start in [0, 16, 4_096, 99_984] {
            let parts = deal(&(start..start + 16).collect());
            assert!(parts.iter().all(|part| part.len() == 1), "{start}");
        }
        // Every sixteenth does not always meet the same part.
        let regular = deal(&(0..1_600).step_by(16).collect());
        assert!(regular.iter().all(|part| part.len() < 20));
    }
}
