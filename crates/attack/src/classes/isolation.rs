use crate::attack::Attack;
pub(super) const ATTACKS: &[Attack] = &[];
