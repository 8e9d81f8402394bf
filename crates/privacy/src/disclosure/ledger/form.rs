//! Released cells over some of the entities, with what elimination needs of them.
//!
//! The echelon form itself would have an entry for nearly every row and atom. Kept instead is the inverse of its square part:
//! with as many pivot atoms as independent cells, `M` says which cell holds which pivot, and `M⁻¹` gives everything else.
//! A cell `c` is reduced by `β = c·M⁻¹` (over the pivots), and a free atom's column of the echelon form is
//! `M⁻¹·(the cells that hold the atom)`. A new cell borders `M` by one row and one column, which changes `M⁻¹` by one
//! product of a column and a row.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::Extent;
use super::field::Field;
use super::sets::{Partition, Split, index, number};

/// Larger atoms are not preferred as pivots: thresholds are smaller than this.
const PIVOT_ENTITIES: u32 = 64;

/// Limit: entries looked at while a proof is put together.
const PROOF_ENTRIES_MAX: usize = 2_000_000;

/// So many memberships of an atom in a cell, each kept both ways, take about the memory of one entry.
const MEMBERS_PER_ENTRY: usize = 2;

/// Says that an atom is no pivot.
const FREE: u32 = u32::MAX;

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
    /// Atom → independent cells that hold it, rising.
    holders: Vec<Arc<Vec<u32>>>,
    /// How many they are: looked at for every atom, where the lists themselves would be slow to visit.
    held_by: Vec<u32>,
    /// The same the other way: independent cell → its atoms.
    atoms: Vec<Arc<Vec<u32>>>,
    /// Atom → its number as a pivot, or [`FREE`].
    pivot_of: Vec<u32>,
    /// Pivot → atom.
    pivots: Vec<u32>,
    /// `M⁻¹`: independent cell → column over the pivots.
    inverse: Vec<Arc<Column>>,
    entries: usize,
    members: usize,
    entries_max: usize,
    given_up: bool,
}

/// *Shape*: pivots rising, factors not zero.
#[derive(Debug, Clone, Default)]
struct Column {
    pivots: Vec<u32>,
    factors: Vec<u64>,
}

/// A part of a free atom (inside or outside the cell) whose remainder is not zero.
struct Obstacle {
    atom: u32,
    /// Copies that the part allows.
    own: u32,
}

impl Form {
    pub(super) fn new(field: Field, entries_max: usize) -> Self {
        Self {
            field,
            partition: Partition::default(),
            holders: vec![Arc::default()],
            held_by: vec![0],
            atoms: Vec::new(),
            pivot_of: vec![FREE],
            pivots: Vec::new(),
            inverse: Vec::new(),
            entries: 0,
            members: 0,
            entries_max,
            given_up: false,
        }
    }

    /// Weighs a cell until as many entities are proved as wanted. *Limits*: [`PROOF_ENTRIES_MAX`].
    pub(super) fn weigh(&self, set: &RoaringBitmap, wanted: u32) -> Weighing {
        let inside = self.partition.count(set);
        let cut = u32::try_from(self.partition.pairs_of(&inside)).unwrap_or(u32::MAX);
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
        self.partition.pairs(set)
    }

    pub(super) const fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Is a cell a union of atoms, and is every atom as large as wanted? Then whatever is combined, being constant on
    /// atoms, is zero or covers that many.
    pub(super) fn is_coarse(&self, set: &RoaringBitmap, wanted: u32) -> bool {
        self.cuts(set) == 0 && self.partition.sizes().iter().skip(1).all(|size| *size >= wanted)
    }

    /// The part of the weighing that needs elimination.
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
        let taken = self.taken(&self.shares(&held));
        let mut left = u64::from(cut);
        let mut obstacles = Vec::new();
        for (atom, taken) in self.free(&taken) {
            let (inside, outside) = part(atom);
            let pairs = inside.min(outside);
            left -= u64::from(pairs);
            for (remainder, entities) in
                [(self.remainder_of(true, taken), inside), (self.remainder_of(false, taken), outside)]
            {
                if entities > 0 && remainder != 0 {
                    left += u64::from(entities);
                    obstacles.push(Obstacle { atom, own: entities - pairs });
                }
            }
        }
        let proved = cut + self.pack(obstacles, &mut spare, wanted - cut);
        Weighing { proved, left: Some(left) }
    }

    /// Puts disjoint obstacles together, at most as many copies as wanted. *Limits*: [`PROOF_ENTRIES_MAX`].
    fn pack(&self, mut obstacles: Vec<Obstacle>, spare: &mut [u32], wanted: u32) -> u32 {
        let held_by = |atom: u32| self.held_by.get(index(atom)).map_or(0, |cells| index(*cells));
        obstacles.retain(|obstacle| obstacle.own > 0);
        obstacles
            .sort_by_key(|obstacle| (std::cmp::Reverse(obstacle.own.min(wanted)), held_by(obstacle.atom)));
        let (mut found, mut seen) = (0, 0);
        for obstacle in obstacles {
            let column = self.column(obstacle.atom);
            let copies = column.least(spare).min(obstacle.own).min(wanted - found);
            for pivot in column.pivots.iter().filter(|_| copies > 0) {
                if let Some(spare) = spare.get_mut(index(*pivot)) {
                    *spare -= copies;
                }
            }
            found += copies;
            seen += self.pivots.len() * (1 + held_by(obstacle.atom));
            if found == wanted || seen > PROOF_ENTRIES_MAX {
                break;
            }
        }
        found
    }

    /// `β`: by how much each independent cell is subtracted from a cell that holds these pivots.
    fn shares(&self, held: &[bool]) -> Vec<u64> {
        if !held.contains(&true) {
            return vec![0; self.inverse.len()];
        }
        // The longest loop of the ledger: no branch, and one reduction a column.
        let masks: Vec<u64> = held.iter().map(|held| if *held { u64::MAX } else { 0 }).collect();
        let share = |column: &Arc<Column>| {
            let factors = column.pivots.iter().zip(&column.factors);
            let held = factors.map(|(pivot, factor)| factor & masks.get(index(*pivot)).copied().unwrap_or(0));
            self.field.sum(held)
        };
        self.inverse.iter().map(share).collect()
    }

    /// What is subtracted from a cell at each atom. *Shape*: by atom.
    fn taken(&self, shares: &[u64]) -> Vec<u64> {
        let mut taken = vec![0; self.pivot_of.len()];
        for (atoms, share) in self.atoms.iter().zip(shares).filter(|(_, share)| **share != 0) {
            for atom in atoms.iter() {
                if let Some(taken) = taken.get_mut(index(*atom)) {
                    *taken = self.field.add(*taken, *share);
                }
            }
        }
        taken
    }

    /// Atoms that are no pivots, with what is subtracted there.
    fn free(&self, taken: &[u64]) -> impl Iterator<Item = (u32, u64)> {
        let atoms = (0_u32..).zip(&self.pivot_of).zip(taken).skip(1);
        atoms.filter(|((_, pivot), _)| **pivot == FREE).map(|((atom, _), taken)| (atom, *taken))
    }

    /// What remains of a cell where it holds an atom or does not.
    const fn remainder_of(&self, held: bool, taken: u64) -> u64 {
        if held { self.field.sub(self.field.one(), taken) } else { self.field.neg(taken) }
    }

    /// A free atom's column of the echelon form.
    fn column(&self, atom: u32) -> Column {
        let mut sums = vec![0_u64; self.pivots.len()];
        for cell in self.holders.get(index(atom)).into_iter().flat_map(|holders| holders.iter()) {
            let Some(column) = self.inverse.get(index(*cell)) else { continue };
            for (pivot, factor) in column.pivots.iter().zip(&column.factors) {
                if let Some(sum) = sums.get_mut(index(*pivot)) {
                    *sum = self.field.add(*sum, *factor);
                }
            }
        }
        let mut column = Column::default();
        (0_u32..).zip(sums).for_each(|(pivot, sum)| column.push(pivot, sum));
        column
    }

    /// The entities on which a cell, reduced by the released ones, is not zero.
    pub(super) fn remainder(&self, set: &RoaringBitmap) -> RoaringBitmap {
        let mut refined = self.clone();
        let (_, remainder) = refined.reduce(set);
        let atoms: Vec<u32> = remainder.into_iter().map(|(atom, _)| atom).collect();
        refined.partition.members(|atom| atoms.binary_search(&atom).is_ok())
    }

    /// Takes a cell in.
    pub(super) fn insert(&mut self, set: &RoaringBitmap) {
        if set.is_empty() {
            return;
        }
        if self.given_up {
            self.partition.split(set);
            return;
        }
        let (shares, remainder) = self.reduce(set);
        let best = remainder.into_iter().min_by_key(|(atom, _)| self.rank_as_pivot(*atom));
        let Some((atom, value)) = best else { return };
        let column = self.column(atom);
        let pivot = number(self.pivots.len());
        let inverse = self.field.invert(value);
        for (own, share) in self.inverse.iter_mut().zip(shares).filter(|(_, share)| *share != 0) {
            let factor = self.field.neg(self.field.mul(share, inverse));
            self.entries -= own.pivots.len();
            *own = Arc::new(own.minus(&column, factor, pivot, self.field));
            self.entries += own.pivots.len();
        }
        // The new cell's own column is (-column, 1) over the value.
        let own = Column::default().minus(&column, inverse, pivot, self.field);
        self.entries += own.pivots.len();
        self.inverse.push(Arc::new(own));
        self.pivots.push(atom);
        if let Some(pivot_of) = self.pivot_of.get_mut(index(atom)) {
            *pivot_of = pivot;
        }
        let inside = self.partition.count(set);
        let mut atoms = Vec::new();
        let held = self.holders.iter_mut().zip(&mut self.held_by);
        for ((atom, (holders, held_by)), inside) in (0_u32..).zip(held).zip(inside) {
            if inside > 0 {
                Arc::make_mut(holders).push(pivot);
                *held_by += 1;
                atoms.push(atom);
            }
        }
        self.members += atoms.len();
        self.atoms.push(Arc::new(atoms));
        if self.entries + self.members / MEMBERS_PER_ENTRY > self.entries_max {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.given_up = true;
        (self.entries, self.members) = (0, 0);
        (self.holders, self.atoms, self.inverse) = (Vec::new(), Vec::new(), Vec::new());
        (self.held_by, self.pivot_of, self.pivots) = (Vec::new(), Vec::new(), Vec::new());
    }

    /// Refines the atoms by a cell; its shares and its remainder on the free atoms where it is not zero, atoms rising.
    fn reduce(&mut self, set: &RoaringBitmap) -> (Vec<u64>, Vec<(u32, u64)>) {
        for split in self.partition.split(set) {
            self.divide(split);
        }
        let inside = self.partition.count(set);
        let holds = |atom: u32| inside.get(index(atom)).is_some_and(|inside| *inside > 0);
        let held: Vec<bool> = self.pivots.iter().map(|atom| holds(*atom)).collect();
        let shares = self.shares(&held);
        let taken = self.taken(&shares);
        let remainder = self.free(&taken);
        let remainder = remainder.map(|(atom, taken)| (atom, self.remainder_of(holds(atom), taken)));
        let remainder = remainder.filter(|(_, value)| *value != 0).collect();
        (shares, remainder)
    }

    /// Takes the new atom of a split in; the larger part of a pivot's atom stays the pivot.
    fn divide(&mut self, split: Split) {
        let holders = self.holders.get(index(split.from)).cloned().unwrap_or_default();
        let atom = number(self.holders.len());
        for cell in holders.iter() {
            if let Some(atoms) = self.atoms.get_mut(index(*cell)) {
                Arc::make_mut(atoms).push(atom);
            }
        }
        self.members += holders.len();
        self.held_by.push(number(holders.len()));
        self.holders.push(holders);
        let pivot = self.pivot_of.get(index(split.from)).copied().unwrap_or(FREE);
        let moves = pivot != FREE && self.partition.size(split.inside) > self.partition.size(split.from);
        self.pivot_of.push(if moves { pivot } else { FREE });
        if let (true, Some(from)) = (moves, self.pivot_of.get_mut(index(split.from))) {
            *from = FREE;
        }
        if let (true, Some(atom)) = (moves, self.pivots.get_mut(index(pivot))) {
            *atom = split.inside;
        }
    }

    /// Least is best: large atoms first, since they are no obstacle to later proofs, then those that few cells hold, since
    /// they fill the inverse least.
    fn rank_as_pivot(&self, atom: u32) -> (u32, u32, u32) {
        let small = PIVOT_ENTITIES.saturating_sub(self.partition.size(atom));
        (small, self.held_by.get(index(atom)).copied().unwrap_or(0), atom)
    }

    pub(super) const fn extent(&self) -> Extent {
        Extent { rows: self.pivots.len(), entries: self.entries, given_up: self.given_up }
    }
}

impl Column {
    /// The least of what the pivots of it can spare.
    fn least(&self, spare: &[u32]) -> u32 {
        self.pivots
            .iter()
            .map(|pivot| spare.get(index(*pivot)).copied().unwrap_or(0))
            .min()
            .unwrap_or(u32::MAX)
    }

    /// `self - factor·through`, with `factor` in a new last pivot.
    fn minus(&self, through: &Self, factor: u64, pivot: u32, field: Field) -> Self {
        let capacity = self.pivots.len() + through.pivots.len() + 1;
        let mut sum = Self { pivots: Vec::with_capacity(capacity), factors: Vec::with_capacity(capacity) };
        let mut left = self.pivots.iter().zip(&self.factors).peekable();
        let mut right = through.pivots.iter().zip(&through.factors).peekable();
        loop {
            let next = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some((a, _)), Some((b, _))) => (**a).min(**b),
                (Some((pivot, _)), None) | (None, Some((pivot, _))) => **pivot,
            };
            let mut value = left.next_if(|(pivot, _)| **pivot == next).map_or(0, |(_, value)| *value);
            if let Some((_, other)) = right.next_if(|(pivot, _)| **pivot == next) {
                value = field.sub(value, field.mul(*other, factor));
            }
            sum.push(next, value);
        }
        sum.push(pivot, factor);
        sum.pivots.shrink_to_fit();
        sum.factors.shrink_to_fit();
        sum
    }

    fn push(&mut self, pivot: u32, value: u64) {
        if value != 0 {
            self.pivots.push(pivot);
            self.factors.push(value);
        }
    }
}
