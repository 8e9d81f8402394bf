//! The system of linear equations that the released cells of one measure form, kept in reduced echelon form.
//!
//! Unknowns are the entities' values; entities of one atom share a column. A released cell is a row of zeros and ones.
//! Whoever knows the cells knows every vector of the row space and nothing else of it, so the few are exposed exactly
//! when the row space holds a vector, not zero, on fewer entities than the threshold.
//!
//! Deciding that in general is as hard as decoding; the ledger asks for a proof instead. Let `c` be a new cell and `n`
//! any vector that every released cell annuls (`r·n = 0`) and `c` does not. A vector `c + r` can be zero outside a group
//! only if the group meets `n`: else `0 = (c + r)·n = c·n`. So vectors `n` on disjoint entities are a proof: as many as
//! there are, so many entities at least lie in every combination in which `c` takes part. Such vectors are
//! - two entities of one atom, one inside `c` and one outside: no released cell tells them apart;
//! - an entity that no released cell holds;
//! - a free column of the echelon form with its pivots, where the remainder of `c` is not zero; one copy for each entity
//!   of its smallest atom.
//!
//! When the proof reaches the threshold, the cell is safe. When the remainder itself is short, it is exposed. Between the
//! two nothing is proved, and the cell may leave only with noise. Refined atoms make vectors neither shorter nor longer,
//! so what was proved of earlier cells stays true.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Extent;
use super::field::Field;
use super::sets::{Partition, Split, index, number};

/// Limit: entries of the echelon form of one measure (about 100 MB). Past it the form is given up, and only cells that
/// cut atoms widely are still proved safe.
const ENTRIES_MAX: usize = 8_000_000;

/// Larger atoms are not preferred as pivots: thresholds are smaller than this.
const PIVOT_ENTITIES: u32 = 64;

/// Limit: entries looked at while a proof is put together.
const PROOF_ENTRIES_MAX: usize = 2_000_000;

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
    field: Field,
    partition: Partition,
    /// By atom; atom 0 counts as a free column without entries.
    roles: Vec<Role>,
    /// The pivot's atom, by row.
    pivots: Vec<u32>,
    entries: usize,
    entries_max: usize,
    given_up: bool,
}

#[derive(Debug, Clone)]
enum Role {
    /// The column is one in this row and zero in the others.
    Pivot(u32),
    Free(Arc<Column>),
}

/// *Shape*: rows rising, factors not zero.
#[derive(Debug, Clone, Default)]
struct Column {
    rows: Vec<u32>,
    factors: Vec<u64>,
}

/// A part of a free atom (inside or outside the cell) whose remainder is not zero.
struct Obstacle {
    /// Copies that the part and its pivots allow.
    copies: u32,
    own: u32,
    column: Arc<Column>,
}

impl System {
    pub(super) fn new(field: Field) -> Self {
        Self {
            field,
            partition: Partition::default(),
            roles: vec![Role::Free(Arc::default())],
            pivots: Vec::new(),
            entries: 0,
            entries_max: ENTRIES_MAX,
            given_up: false,
        }
    }

    #[cfg(test)]
    pub(super) fn with_entries_max(field: Field, entries_max: usize) -> Self {
        Self { entries_max, ..Self::new(field) }
    }

    /// Judges a cell. *Limits*: [`PROOF_ENTRIES_MAX`].
    pub(super) fn check(&self, set: &RoaringBitmap, threshold: u32) -> Finding {
        let inside = self.partition.count(set);
        let fresh = inside.first().copied().unwrap_or(0);
        let sizes = self.partition.sizes();
        let cut: u64 = inside.iter().zip(sizes).skip(1).map(|(i, size)| u64::from((*i).min(size - i))).sum();
        let proved = cut + u64::from(fresh);
        if proved >= u64::from(threshold) {
            return Finding::Safe;
        }
        if self.given_up {
            // Whatever is combined is constant on atoms.
            let coarse = proved == 0 && sizes.iter().skip(1).all(|size| *size >= threshold);
            return if coarse { Finding::Safe } else { Finding::Unclear };
        }
        self.eliminate(set, &inside, threshold, u32::try_from(proved).unwrap_or(u32::MAX))
    }

    /// The part of the check that needs the echelon form.
    fn eliminate(&self, set: &RoaringBitmap, inside: &[u32], threshold: u32, proved: u32) -> Finding {
        let part = |atom: u32| {
            let size = self.partition.size(atom);
            let inside = inside.get(index(atom)).copied().unwrap_or(0);
            (inside, size - inside.min(size))
        };
        // The larger part of a pivot's atom stays the pivot; the pairs proved already are taken out of it.
        let (held, mut spare): (Vec<bool>, Vec<u32>) = self
            .pivots
            .iter()
            .map(|atom| part(*atom))
            .map(|(inside, outside)| (inside > outside, inside.abs_diff(outside)))
            .unzip();
        let mut weight = u64::from(proved);
        let mut obstacles = Vec::new();
        for (atom, role) in (0_u32..).zip(&self.roles).skip(1) {
            let Role::Free(column) = role else { continue };
            let (inside, outside) = part(atom);
            let pairs = inside.min(outside);
            weight -= u64::from(pairs);
            let (of_inside, of_outside) = self.remainders(column, &held);
            for (remainder, entities) in [(of_inside, inside), (of_outside, outside)] {
                if entities == 0 || remainder == 0 {
                    continue;
                }
                weight += u64::from(entities);
                let own = entities - pairs;
                let copies = column.least(&spare).min(own);
                if proved.saturating_add(copies) >= threshold {
                    return Finding::Safe;
                }
                if copies > 0 {
                    obstacles.push(Obstacle { copies, own, column: Arc::clone(column) });
                }
            }
        }
        if weight == 0 {
            return Finding::Known;
        }
        if weight < u64::from(threshold) {
            return Finding::Exposed(self.remainder(set));
        }
        if pack(obstacles, &mut spare, threshold - proved) { Finding::Safe } else { Finding::Unclear }
    }

    /// Remainders of the parts of a free atom inside and outside of a cell that holds these pivots.
    #[inline]
    fn remainders(&self, column: &Column, held: &[bool]) -> (u64, u64) {
        let mut sum = 0;
        for (row, factor) in column.rows.iter().zip(&column.factors) {
            if held.get(index(*row)) == Some(&true) {
                sum = self.field.add(sum, *factor);
            }
        }
        (self.field.sub(self.field.one(), sum), self.field.neg(sum))
    }

    /// The entities on which a cell, reduced by the released ones, is not zero.
    fn remainder(&self, set: &RoaringBitmap) -> RoaringBitmap {
        let mut refined = self.clone();
        let atoms: Vec<u32> = refined.reduce(set).into_iter().map(|(atom, _)| atom).collect();
        refined.partition.members(|atom| atoms.binary_search(&atom).is_ok())
    }

    /// Takes a cell in. Says whether it brought anything new.
    pub(super) fn insert(&mut self, set: &RoaringBitmap) -> bool {
        if self.given_up {
            return !self.partition.split(set).is_empty();
        }
        let remainder = self.reduce(set);
        let Some((pivot, value)) =
            remainder.iter().copied().min_by_key(|(atom, _)| self.rank_as_pivot(*atom))
        else {
            return false;
        };
        let Some(Role::Free(through)) = self.roles.get(index(pivot)).cloned() else { return false };
        let row = number(self.pivots.len());
        let inverse = self.field.invert(value);
        self.entries -= through.rows.len();
        for (atom, value) in remainder.into_iter().filter(|(atom, _)| *atom != pivot) {
            let factor = self.field.mul(value, inverse);
            if let Some(Role::Free(column)) = self.roles.get_mut(index(atom)) {
                self.entries -= column.rows.len();
                *column = Arc::new(column.minus(&through, factor, row, self.field));
                self.entries += column.rows.len();
            }
            if self.entries > self.entries_max {
                return self.give_up();
            }
        }
        self.pivots.push(pivot);
        if let Some(role) = self.roles.get_mut(index(pivot)) {
            *role = Role::Pivot(row);
        }
        true
    }

    fn give_up(&mut self) -> bool {
        self.given_up = true;
        self.entries = 0;
        self.roles = Vec::new();
        self.pivots = Vec::new();
        true
    }

    /// Refines the atoms by a cell; its remainder on the free atoms where it is not zero, atoms rising.
    fn reduce(&mut self, set: &RoaringBitmap) -> Vec<(u32, u64)> {
        for split in self.partition.split(set) {
            let role = self.divide(split);
            self.roles.push(role);
        }
        let inside = self.partition.count(set);
        let held: Vec<bool> = self
            .pivots
            .iter()
            .map(|atom| inside.get(index(*atom)).is_some_and(|inside| *inside > 0))
            .collect();
        let mut remainder = Vec::new();
        for ((atom, role), inside) in (0_u32..).zip(&self.roles).zip(&inside).skip(1) {
            let Role::Free(column) = role else { continue };
            let (of_inside, of_outside) = self.remainders(column, &held);
            let value = if *inside > 0 { of_inside } else { of_outside };
            if value != 0 {
                remainder.push((atom, value));
            }
        }
        remainder
    }

    /// The role of the new atom of a split; the larger part of a pivot's atom stays the pivot.
    fn divide(&mut self, split: Split) -> Role {
        let row = match self.roles.get(index(split.from)) {
            Some(Role::Free(column)) => {
                self.entries += column.rows.len();
                return Role::Free(Arc::clone(column));
            }
            Some(Role::Pivot(row)) => *row,
            None => return Role::Free(Arc::default()),
        };
        self.entries += 1;
        let unit = Role::Free(Arc::new(Column { rows: vec![row], factors: vec![self.field.one()] }));
        if self.partition.size(split.inside) <= self.partition.size(split.from) {
            return unit;
        }
        if let Some(role) = self.roles.get_mut(index(split.from)) {
            *role = unit;
        }
        if let Some(pivot) = self.pivots.get_mut(index(row)) {
            *pivot = split.inside;
        }
        Role::Pivot(row)
    }

    /// Least is best: large atoms first, since they are no obstacle to later proofs, then short columns, since they
    /// fill the form least.
    fn rank_as_pivot(&self, atom: u32) -> (u32, usize, u32) {
        let small = PIVOT_ENTITIES.saturating_sub(self.partition.size(atom));
        let length = match self.roles.get(index(atom)) {
            Some(Role::Free(column)) => column.rows.len(),
            _ => usize::MAX,
        };
        (small, length, atom)
    }

    pub(super) const fn extent(&self) -> Extent {
        Extent { rows: self.pivots.len(), entries: self.entries, given_up: self.given_up }
    }
}

/// Puts disjoint obstacles together until there are as many copies as wanted. *Limits*: [`PROOF_ENTRIES_MAX`].
fn pack(mut obstacles: Vec<Obstacle>, spare: &mut [u32], mut wanted: u32) -> bool {
    obstacles.sort_by_key(|obstacle| (std::cmp::Reverse(obstacle.copies), obstacle.column.rows.len()));
    let mut seen = 0;
    for obstacle in obstacles {
        let copies = obstacle.column.least(spare).min(obstacle.own);
        if copies >= wanted {
            return true;
        }
        wanted -= copies;
        if copies > 0 {
            for row in &obstacle.column.rows {
                if let Some(spare) = spare.get_mut(index(*row)) {
                    *spare -= copies;
                }
            }
        }
        seen += obstacle.column.rows.len();
        if seen > PROOF_ENTRIES_MAX {
            return false;
        }
    }
    false
}

impl Column {
    /// The least of what the pivots of its rows can spare.
    fn least(&self, spare: &[u32]) -> u32 {
        self.rows.iter().map(|row| spare.get(index(*row)).copied().unwrap_or(0)).min().unwrap_or(u32::MAX)
    }

    /// `self - factor·through`, with `factor` in a new last row.
    fn minus(&self, through: &Self, factor: u64, row: u32, field: Field) -> Self {
        let capacity = self.rows.len() + through.rows.len() + 1;
        let mut sum = Self { rows: Vec::with_capacity(capacity), factors: Vec::with_capacity(capacity) };
        let mut left = self.rows.iter().zip(&self.factors).peekable();
        let mut right = through.rows.iter().zip(&through.factors).peekable();
        loop {
            let next = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some((a, _)), Some((b, _))) => (**a).min(**b),
                (Some((row, _)), None) | (None, Some((row, _))) => **row,
            };
            let mut value = left.next_if(|(row, _)| **row == next).map_or(0, |(_, value)| *value);
            if let Some((_, other)) = right.next_if(|(row, _)| **row == next) {
                value = field.sub(value, field.mul(*other, factor));
            }
            sum.push(next, value);
        }
        sum.push(row, factor);
        sum.rows.shrink_to_fit();
        sum.factors.shrink_to_fit();
        sum
    }

    fn push(&mut self, row: u32, value: u64) {
        if value != 0 {
            self.rows.push(row);
            self.factors.push(value);
        }
    }
}
