//! Atoms: the classes of entities that every released set treats alike.

use roaring::RoaringBitmap;

/// A partition of the entities seen so far. Atom 0 holds those that no set has held; its size is not known.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    /// Ordinal → atom.
    atom_of: Vec<u32>,
    /// Atom → entities; zero for atom 0.
    sizes: Vec<u32>,
}

/// A part of an atom that became an atom of its own because a set held it and not the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    /// The atom it came from; keeps what the set does not hold.
    pub(super) from: u32,
    /// What the set holds.
    pub(super) inside: u32,
}

impl Default for Partition {
    fn default() -> Self {
        Self { atom_of: Vec::new(), sizes: vec![0] }
    }
}

impl Partition {
    /// Entities by atom, atom 0 first.
    pub(super) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Entities of an atom.
    pub(super) fn size(&self, atom: u32) -> u32 {
        self.sizes.get(index(atom)).copied().unwrap_or(0)
    }

    /// How many entities of each atom a set holds. *Shape*: as [`Partition::sizes`].
    pub(super) fn count(&self, set: &RoaringBitmap) -> Vec<u32> {
        let mut inside = vec![0_u32; self.sizes.len()];
        for entity in set {
            let atom = self.atom_of.get(index(entity)).copied().unwrap_or(0);
            if let Some(count) = inside.get_mut(index(atom)) {
                *count += 1;
            }
        }
        inside
    }

    /// Disjoint pairs of entities that only a set tells apart, and entities that no set has held.
    pub(super) fn pairs(&self, set: &RoaringBitmap) -> u64 {
        self.pairs_of(&self.count(set))
    }

    /// The same of a set that was counted.
    pub(super) fn pairs_of(&self, inside: &[u32]) -> u64 {
        let fresh = inside.first().copied().map_or(0, u64::from);
        let cut = inside.iter().zip(&self.sizes).skip(1).map(|(i, size)| u64::from((*i).min(size - i)));
        fresh + cut.sum::<u64>()
    }

    /// Splits every atom that a set holds in part, in the order of their numbers.
    pub(super) fn split(&mut self, set: &RoaringBitmap) -> Vec<Split> {
        // Where the entities of the set move to, by atom.
        let mut moves: Vec<u32> = self.count(set);
        let mut splits = Vec::new();
        let mut sizes = Vec::new();
        let mut next = number(self.sizes.len());
        for ((from, size), moved) in (0_u32..).zip(&mut self.sizes).zip(&mut moves) {
            let inside = *moved;
            *moved = from;
            if inside == 0 || inside == *size {
                continue;
            }
            *size = size.saturating_sub(inside);
            splits.push(Split { from, inside: next });
            sizes.push(inside);
            *moved = next;
            next += 1;
        }
        self.sizes.extend(sizes);
        let length = set.max().map_or(0, |last| index(last) + 1);
        if self.atom_of.len() < length {
            self.atom_of.resize(length, 0);
        }
        for entity in set {
            if let Some(atom) = self.atom_of.get_mut(index(entity)) {
                *atom = moves.get(index(*atom)).copied().unwrap_or(0);
            }
        }
        splits
    }

    /// The entities for whose atom a predicate holds.
    pub(super) fn members(&self, mut holds: impl FnMut(u32) -> bool) -> RoaringBitmap {
        let wanted: Vec<bool> = (0..number(self.sizes.len())).map(|atom| atom > 0 && holds(atom)).collect();
        let entities = (0_u32..).zip(&self.atom_of);
        entities
            .filter(|(_, atom)| wanted.get(index(**atom)) == Some(&true))
            .map(|(entity, _)| entity)
            .collect()
    }
}

/// Ordinals and atoms as positions.
pub(super) const fn index(number: u32) -> usize {
    number as usize
}

/// Positions as atoms and rows: bounded by [`super::ENTITIES_MAX`], since no atom is empty.
pub(super) const fn number(index: usize) -> u32 {
    index as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_split_atoms_and_never_lose_an_entity() {
        let mut partition = Partition::default();
        assert_eq!(partition.split(&(0..10).collect()), [Split { from: 0, inside: 1 }]);
        assert_eq!(partition.split(&(0..10).collect()), []);
        assert_eq!(
            partition.split(&(5..12).collect()),
            [Split { from: 0, inside: 2 }, Split { from: 1, inside: 3 }]
        );
        assert_eq!(partition.sizes(), [0, 5, 2, 5]);
        assert_eq!(partition.count(&(4..20).collect()), [8, 1, 2, 5]);
        assert_eq!(partition.members(|atom| atom == 3), (5..10).collect());
        assert_eq!(partition.members(|_| true), (0..12).collect());
    }
}
