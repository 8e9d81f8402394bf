//! The reduced echelon form of released cells, over some of the entities.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Extent;
use super::field::Field;
use super::sets::{Partition, Split, index, number};

/// Larger atoms are not preferred as pivots: thresholds are smaller than this.
const PIVOT_ENTITIES: u32 = 64;

/// Limit: entries looked at while a proof is put together.
const PROOF_ENTRIES_MAX: usize = 2_000_000;

/// What a form says of a new cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weighing {
    /// So many entities at least are in every combination in which the cell takes part; at most as many as wanted.
    pub(super) proved: u32,
    /// On so many entities the cell, reduced by the released ones, is not zero; none if that was not needed or the form
    /// is given up.
    pub(super) left: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Form {
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
struct Obstacle<'a> {
    /// Copies that the part and its pivots allow.
    copies: u32,
    own: u32,
    column: &'a Column,
}

impl Form {
    pub(super) fn new(field: Field, entries_max: usize) -> Self {
        Self {
            field,
            partition: Partition::default(),
            roles: vec![Role::Free(Arc::default())],
            pivots: Vec::new(),
            entries: 0,
            entries_max,
            given_up: false,
        }
    }

    /// Weighs a cell until as many entities are proved as wanted. *Limits*: [`PROOF_ENTRIES_MAX`].
    pub(super) fn weigh(&self, set: &RoaringBitmap, wanted: u32) -> Weighing {
        let inside = self.partition.count(set);
        let cut = u32::try_from(self.pairs(&inside)).unwrap_or(u32::MAX);
        if cut >= wanted {
            return Weighing { proved: wanted, left: None };
        }
        if self.given_up {
            return Weighing { proved: cut, left: None };
        }
        self.eliminate(&inside, wanted, cut)
    }

    /// Entities proved by atoms that a cell cuts and by entities that no released cell holds.
    pub(super) fn cuts(&self, set: &RoaringBitmap) -> u64 {
        self.pairs(&self.partition.count(set))
    }

    /// Is a cell a union of atoms, and is every atom as large as wanted? Then whatever is combined, being constant on
    /// atoms, is zero or covers that many.
    pub(super) fn is_coarse(&self, set: &RoaringBitmap, wanted: u32) -> bool {
        self.cuts(set) == 0 && self.partition.sizes().iter().skip(1).all(|size| *size >= wanted)
    }

    fn pairs(&self, inside: &[u32]) -> u64 {
        let fresh = inside.first().copied().map_or(0, u64::from);
        let sizes = self.partition.sizes();
        fresh + inside.iter().zip(sizes).skip(1).map(|(i, size)| u64::from((*i).min(size - i))).sum::<u64>()
    }

    /// The part of the weighing that needs the echelon form.
    fn eliminate(&self, inside: &[u32], wanted: u32, cut: u32) -> Weighing {
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
        let mut left = u64::from(cut);
        let mut obstacles = Vec::new();
        for (atom, role) in (0_u32..).zip(&self.roles).skip(1) {
            let Role::Free(column) = role else { continue };
            let (inside, outside) = part(atom);
            let pairs = inside.min(outside);
            left -= u64::from(pairs);
            let (of_inside, of_outside) = self.remainders(column, &held);
            for (remainder, entities) in [(of_inside, inside), (of_outside, outside)] {
                if entities == 0 || remainder == 0 {
                    continue;
                }
                left += u64::from(entities);
                let own = entities - pairs;
                let copies = column.least(&spare).min(own);
                if cut.saturating_add(copies) >= wanted {
                    return Weighing { proved: wanted, left: None };
                }
                if copies > 0 {
                    obstacles.push(Obstacle { copies, own, column });
                }
            }
        }
        let proved = cut + pack(obstacles, &mut spare, wanted - cut);
        Weighing { proved, left: Some(left) }
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
    pub(super) fn remainder(&self, set: &RoaringBitmap) -> RoaringBitmap {
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
                if through.rows.is_empty() {
                    Arc::make_mut(column).push(row, factor);
                } else {
                    *column = Arc::new(column.minus(&through, factor, row, self.field));
                }
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

/// Puts disjoint obstacles together, at most as many copies as wanted. *Limits*: [`PROOF_ENTRIES_MAX`].
fn pack(mut obstacles: Vec<Obstacle<'_>>, spare: &mut [u32], wanted: u32) -> u32 {
    obstacles.sort_by_key(|obstacle| (std::cmp::Reverse(obstacle.copies), obstacle.column.rows.len()));
    let (mut found, mut seen) = (0, 0);
    for obstacle in obstacles {
        let copies = obstacle.column.least(spare).min(obstacle.own).min(wanted - found);
        for row in obstacle.column.rows.iter().filter(|_| copies > 0) {
            if let Some(spare) = spare.get_mut(index(*row)) {
                *spare -= copies;
            }
        }
        found += copies;
        seen += obstacle.column.rows.len();
        if found == wanted || seen > PROOF_ENTRIES_MAX {
            break;
        }
    }
    found
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
