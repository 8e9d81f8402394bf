//! Making the copies.

use arrow::array::{Array, ArrayRef, RecordBatch};

use super::balance::{Ballast, balance};
use super::key::{ReleaseKey, Secret, Tag, WORDS};
use super::shape::Shape;
use super::spec::Carrier;
use super::units::Unit;
use super::{Buyer, Capacity, ROWS_MAX, Spec, WatermarkKey, address};
use crate::Error;

/// A table prepared for its copies.
pub struct Marker {
    batch: RecordBatch,
    key: ReleaseKey,
    carriers: Vec<Planned>,
    capacity: Capacity,
}

/// A carrier, prepared.
pub(super) struct Planned {
    lane: u16,
    column: usize,
    shape: Shape,
    cells: Vec<Cell>,
    groups: Option<Vec<Group>>,
}

/// A cell that carries a bit.
pub(super) struct Cell {
    row: usize,
    pub(super) tag: Tag,
    value: i64,
    marked: [i64; 2],
    bias: u16,
}

/// Cells whose sum stays.
#[derive(Default)]
struct Group {
    /// Which of the carrier's cells.
    cells: Vec<usize>,
    ballast: Vec<Ballast>,
}

/// The buyer's copy: [`Marker::new`] and [`Marker::copy`].
///
/// # Errors
/// As those two.
pub fn mark(
    batch: &RecordBatch,
    spec: &Spec,
    key: &WatermarkKey,
    buyer: &Buyer,
) -> Result<RecordBatch, Error> {
    Marker::new(batch, spec, key)?.copy(buyer)
}

impl Marker {
    /// Prepares a whole released table: totals and capacity are those of all its rows.
    ///
    /// # Errors
    /// [`Error::WatermarkCapacity`] if the table is too small for the promise; [`Error::Watermark`] if the spec cannot be
    /// followed, or not for columns of these types; [`Error::Column`] if a column is missing.
    pub fn new(batch: &RecordBatch, spec: &Spec, key: &WatermarkKey) -> Result<Self, Error> {
        let marker = Self::plan(batch, spec, key)?;
        marker.demand(marker.capacity.positions)?;
        Ok(marker)
    }

    pub(super) fn plan(batch: &RecordBatch, spec: &Spec, key: &WatermarkKey) -> Result<Self, Error> {
        spec.check()?;
        if batch.num_rows() > ROWS_MAX {
            return Err(Error::Watermark { what: "too many rows" });
        }
        for fixed in &spec.fixed {
            if batch.column_by_name(&fixed.column).is_none() {
                return Err(address::missing(&fixed.column, "a column that tells fixed rows"));
            }
        }
        let key = key.release(&spec.release);
        let fixed = address::fixed(batch, &spec.fixed)?;
        let lanes = spec.carriers.iter().zip(0_u16..);
        let carriers = lanes
            .map(|(carrier, lane)| Planned::new(batch, carrier, lane, &fixed, &key))
            .collect::<Result<Vec<_>, _>>()?;
        let capacity = Capacity::of(&carriers, spec.promise);
        Ok(Self { batch: batch.clone(), key, carriers, capacity })
    }

    /// What the table carries.
    #[must_use]
    pub const fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// The copy of one buyer; the same for the same table, spec, key and buyer.
    ///
    /// *Shape*: schema, rows, order and nulls of the table.
    ///
    /// # Errors
    /// [`Error::WatermarkCapacity`] if the totals leave this buyer too few cells, [`Error::Arrow`] if a column cannot be written.
    pub fn copy(&self, buyer: &Buyer) -> Result<RecordBatch, Error> {
        let code = self.key.code(buyer);
        let mut columns = self.batch.columns().to_vec();
        let mut positions = self.capacity.positions;
        for carrier in &self.carriers {
            let tags: Vec<Tag> = carrier.cells.iter().map(|cell| cell.tag).collect();
            let words = code.words(&tags, carrier.lane / WORDS);
            let word = usize::from(carrier.lane % WORDS);
            let bits = words.iter().zip(&carrier.cells);
            let bits = bits.map(|(words, cell)| words.get(word).is_some_and(|word| *word < cell.bias));
            let (changes, lost) = carrier.changes(self.batch.num_rows(), &bits.collect::<Vec<_>>())?;
            positions = positions.saturating_sub(lost);
            if let Some(column) = columns.get_mut(carrier.column) {
                *column = carrier.write(column, &changes)?;
            }
        }
        self.demand(positions)?;
        RecordBatch::try_new(self.batch.schema(), columns).map_err(|_| Error::Arrow { operation: "rebuild" })
    }

    fn demand(&self, positions: u64) -> Result<(), Error> {
        let needed = self.capacity.needed;
        if positions < needed { Err(Error::WatermarkCapacity { positions, needed }) } else { Ok(()) }
    }
}

impl Planned {
    fn new(
        batch: &RecordBatch,
        carrier: &Carrier,
        lane: u16,
        fixed: &[bool],
        key: &ReleaseKey,
    ) -> Result<Self, Error> {
        let index = batch.schema().index_of(&carrier.column);
        let index = index.map_err(|_| address::missing(&carrier.column, "a carrier"))?;
        let column =
            batch.columns().get(index).ok_or_else(|| address::missing(&carrier.column, "a carrier"))?;
        for name in &carrier.address {
            let column = batch.column_by_name(name);
            if !column.is_some_and(|column| address::may_address(column.data_type())) {
                return Err(address::missing(name, "integer, text, date or flag"));
            }
        }
        let shape = Shape::within(&carrier.method, column.data_type())?;
        let values = shape.read(column)?.unwrap_or_default();
        let tags = address::tags(batch, &carrier.address, key)?.unwrap_or_default();
        let known: Vec<Tag> = tags.iter().flatten().copied().collect();
        let mut secrets = key.secrets(&known, lane).into_iter();
        let mut planned = Self { lane, column: index, shape, cells: vec![], groups: None };
        let mut roles = vec![None; batch.num_rows()];
        for (row, tag) in tags.iter().enumerate() {
            let Some((tag, secret)) = tag.zip(tag.and_then(|_| secrets.next())) else { continue };
            let value = values.get(row).copied().flatten();
            let changeable = fixed.get(row) == Some(&false);
            let Some(value) = value.filter(|value| value.exact && changeable) else { continue };
            if let Some(marked) = planned.carries(carrier, value.value, &secret) {
                if let Some(role) = roles.get_mut(row) {
                    *role = Some(planned.cells.len());
                }
                planned.cells.push(Cell { row, tag, value: value.value, marked, bias: secret.bias });
            }
        }
        if !carrier.margins.is_empty() {
            planned.groups = Some(planned.group(batch, carrier, fixed, &values, &roles)?);
        }
        Ok(planned)
    }

    fn carries(&self, carrier: &Carrier, value: i64, secret: &Secret) -> Option<[i64; 2]> {
        carrier.bears(secret).then(|| self.shape.marked(value, secret)).flatten()
    }

    /// The finest groups: those of all columns of all totals.
    fn group(
        &self,
        batch: &RecordBatch,
        carrier: &Carrier,
        fixed: &[bool],
        values: &[Option<Unit>],
        roles: &[Option<usize>],
    ) -> Result<Vec<Group>, Error> {
        let Shape::Number { lattice, .. } = &self.shape else { return Ok(vec![]) };
        let columns: std::collections::BTreeSet<&str> =
            carrier.margins.iter().flatten().map(String::as_str).collect();
        let numbers = address::groups(batch, &columns.into_iter().collect::<Vec<_>>())?;
        let mut groups: Vec<Group> = vec![];
        for (row, number) in numbers.into_iter().enumerate() {
            if groups.len() <= number {
                groups.resize_with(number + 1, Group::default);
            }
            let Some(group) = groups.get_mut(number) else { continue };
            let value = values.get(row).copied().flatten().filter(|value| value.exact);
            if let Some(cell) = roles.get(row).copied().flatten() {
                group.cells.push(cell);
            } else if let Some(value) = value.filter(|_| fixed.get(row) == Some(&false)) {
                let (down, up) = lattice.room(value.value);
                group.ballast.push(Ballast { row, down, up });
            }
        }
        Ok(groups)
    }

    /// Cells that can carry whatever the buyer: where totals are kept, those with something to balance them.
    pub(super) fn usable(&self) -> impl Iterator<Item = &Cell> {
        let balanced = self.groups.as_ref().map(|groups| {
            let mut usable = vec![false; self.cells.len()];
            for group in
                groups.iter().filter(|group| group.ballast.iter().any(|cell| cell.down + cell.up > 0))
            {
                for cell in &group.cells {
                    usable.iter_mut().skip(*cell).take(1).for_each(|usable| *usable = true);
                }
            }
            usable
        });
        let usable =
            move |index: usize| balanced.as_ref().is_none_or(|usable| usable.get(index) == Some(&true));
        self.cells.iter().enumerate().filter(move |(index, _)| usable(*index)).map(|(_, cell)| cell)
    }

    /// New values, one a row where there is one, and how many usable cells had to stay as they were.
    fn changes(&self, rows: usize, bits: &[bool]) -> Result<(Vec<Option<i64>>, u64), Error> {
        let mut changes = vec![None; rows];
        let mut set = |row: usize, value: i64| {
            if let Some(change) = changes.get_mut(row) {
                *change = Some(value);
            }
        };
        let new = |cell: &Cell, bit: bool| if bit { cell.marked[1] } else { cell.marked[0] };
        let Some((groups, grain)) = self.groups.as_ref().zip(self.grain()) else {
            for (cell, bit) in
                self.cells.iter().zip(bits).filter(|(cell, bit)| new(cell, **bit) != cell.value)
            {
                set(cell.row, new(cell, *bit));
            }
            return Ok((changes, 0));
        };
        let mut lost = 0;
        for group in groups {
            let cells =
                || group.cells.iter().filter_map(|index| self.cells.get(*index).zip(bits.get(*index)));
            let wanted: Vec<i64> =
                cells().map(|(cell, bit)| (new(cell, *bit) - cell.value) / grain).collect();
            let mut moves = wanted.clone();
            let balancing = balance(&mut moves, &group.ballast);
            if moves.iter().chain(&balancing).sum::<i64>() != 0 {
                return Err(Error::Watermark { what: "total that does not balance" });
            }
            if group.ballast.iter().any(|cell| cell.down + cell.up > 0) {
                lost +=
                    wanted.iter().zip(&moves).map(|(wanted, moved)| u64::from(wanted != moved)).sum::<u64>();
            }
            let carrying = cells().zip(&moves).map(|((cell, _), grains)| (cell.row, *grains));
            let balancing = group.ballast.iter().zip(&balancing).map(|(cell, grains)| (cell.row, *grains));
            carrying
                .chain(balancing)
                .filter(|(_, grains)| *grains != 0)
                .for_each(|(row, grains)| set(row, grains));
        }
        Ok((changes, lost))
    }

    fn grain(&self) -> Option<i64> {
        match &self.shape {
            Shape::Number { lattice, .. } => Some(lattice.grain),
            Shape::Words(_) => None,
        }
    }

    /// Where totals are kept, changes are moves in grains, otherwise values.
    fn write(&self, column: &ArrayRef, changes: &[Option<i64>]) -> Result<ArrayRef, Error> {
        let Some(grain) = self.grain().filter(|_| self.groups.is_some()) else {
            return self.shape.write(column, changes);
        };
        let values = self.shape.read(column)?.unwrap_or_default();
        let moved =
            values.iter().zip(changes).map(|(value, moves)| Some((*value)?.value + (*moves)? * grain));
        self.shape.write(column, &moved.collect::<Vec<_>>())
    }
}

impl Carrier {
    /// Does the cell with this secret carry a bit? Known from its address alone. Where totals are kept, half of the cells
    /// only balance the others.
    pub(super) const fn bears(&self, secret: &Secret) -> bool {
        secret.selected(self.one_in) && (self.margins.is_empty() || !secret.ballast)
    }
}
