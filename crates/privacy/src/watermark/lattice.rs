//! One bit in one number: two interleaved lattices, shifted by a secret.

use super::key::Secret;

/// Evidence of a cell that says its bit clearly.
pub(super) const CLEAR: i64 = 32;

/// Values further from zero carry nothing, so that sums stay within 64 bits.
const VALUE_MAX: u64 = 100_000_000_000_000_000;

/// The lattices of one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lattice {
    /// Changes are multiples of it.
    pub(super) grain: i64,
    /// Largest change, in grains, at least 1.
    pub(super) reach: i64,
    pub(super) lowest: i64,
    pub(super) highest: i64,
}

impl Lattice {
    /// May a cell with this value change at all?
    pub(super) fn changes(&self, value: i64) -> bool {
        value != 0
            && value % self.grain == 0
            && value.unsigned_abs() <= VALUE_MAX
            && (self.lowest..=self.highest).contains(&value)
    }

    /// The values that say zero and one; `None` if the cell cannot say both.
    pub(super) fn marked(&self, value: i64, secret: &Secret) -> Option<[i64; 2]> {
        if !self.changes(value) {
            return None;
        }
        let say = |bit: i64| {
            let period = 2 * self.reach;
            let target = self.shift(secret) + bit * self.reach;
            let up = (target - value / self.grain).rem_euclid(period);
            let moves =
                if up == self.reach && !secret.upward { [up - period, up] } else { [up, up - period] };
            let near = moves.into_iter().filter(|grains| grains.abs() <= self.reach);
            near.map(|grains| value + grains * self.grain).find(|new| self.allows(value, *new))
        };
        Some([say(0)?, say(1)?])
    }

    /// How far a cell may go down and up to balance others, in grains.
    pub(super) fn room(&self, value: i64) -> (i64, i64) {
        if !self.changes(value) {
            return (0, 0);
        }
        let (least, most) = if value > 0 { (self.grain, i64::MAX) } else { (i64::MIN, -self.grain) };
        let down = (i128::from(value) - i128::from(self.lowest.max(least))) / i128::from(self.grain);
        let up = (i128::from(self.highest.min(most)) - i128::from(value)) / i128::from(self.grain);
        let grains = |room: i128| i64::try_from(room).unwrap_or(i64::MAX).clamp(0, self.reach);
        (grains(down), grains(up))
    }

    /// What a found value says: from −[`CLEAR`] for zero to [`CLEAR`] for one, nothing half-way.
    pub(super) fn evidence(&self, value: i64, secret: &Secret) -> i64 {
        if value == 0 || value.unsigned_abs() > VALUE_MAX {
            return 0;
        }
        let reach = self.reach * self.grain;
        let offset = (value - self.shift(secret) * self.grain).rem_euclid(2 * reach);
        let distance = offset.min(2 * reach - offset);
        (2 * distance - reach) * CLEAR / reach
    }

    fn allows(&self, old: i64, new: i64) -> bool {
        new.signum() == old.signum() && (self.lowest..=self.highest).contains(&new)
    }

    fn shift(&self, secret: &Secret) -> i64 {
        let period = (2 * self.reach).unsigned_abs().max(1);
        i64::try_from(secret.dither % period).unwrap_or(0)
    }
}
