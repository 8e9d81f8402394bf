//! A mark in every copy of a released data set that names its buyer from a leaked part.
//!
//! # Method
//! **Where.** A row is known by its address: declared columns that a buyer has to leave as they are to make use of the row.
//! A keyed hash of the address, not the place in the file, decides whether a cell carries a bit and which one, so rows may be
//! reordered, left out or mixed with others.
//!
//! **What.** Every cell is one position of a fingerprinting code with a bit for each buyer. The bias of a position (the share
//! of buyers who have a one there) is drawn from the two values `(1 ± 1/√3) / 2`, the distribution that makes the score of a
//! coalition of up to four independent of how they mix their copies. *Source*: G. Tardos, Optimal probabilistic fingerprint
//! codes (2003); K. Nuida and others, An improvement of discrete Tardos fingerprinting codes (2009); B. Škorić,
//! S. Katzenbeisser, M. Celik, Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes (2008).
//! The code has no fixed length: what is left of a table is what is left of the code, and every cell adds its evidence.
//!
//! **How.** A number moves to the nearest point of one of two interleaved lattices, shifted by a secret amount for each cell
//! (quantisation index modulation with dither: B. Chen, G. Wornell, 2001). A change of less than half the tolerance leaves
//! the bit readable; a value half-way between the lattices counts for nothing. Texts carry a bit only as one of two declared
//! spellings. Dates, flags and texts without spellings carry none.
//!
//! # False accusations
//! The bits of a buyer who did not leak are independent of the leaked table, whatever was done to it. Given the table, his
//! score is therefore a sum of independent variables with known distribution, and Chernoff's bound holds for it exactly: no
//! approximation, no assumption about the attack. The bound times the number of buyers is the significance; a buyer is
//! named at [`SIGNIFICANCE_BITS`] or more, which is one innocent named in 2^40 investigations. It rests on the
//! secrecy of the key: who has the key can make any copy.
//!
//! # What a mark keeps
//! Type, length, nulls, order of rows, and every column that is not declared. Zero stays zero, no sign changes, values stay
//! within declared bounds, on the declared grain (a rounding base of disclosure control) and within the tolerance. Where
//! totals are stated, the cells of a total balance to the last digit. A column from which another one is computed (a
//! share, a difference) must not be declared.
//!
//! # Limits
//! Values rounded or disturbed by more than the tolerance lose their bit, and a leak without the address columns names nobody
//! (carriers may have different addresses). Columns must have their names. A table too small for the promise is refused.

mod address;
mod balance;
mod capacity;
mod detect;
mod key;
mod lattice;
mod mark;
mod shape;
mod spec;
mod tail;
#[cfg(test)]
mod tests;
mod units;

pub use capacity::{Capacity, capacity};
pub use detect::{Finding, Suspect, detect};
pub use key::WatermarkKey;
pub use mark::{Marker, mark};
pub use spec::{Carrier, Fixed, Method, Promise, Spec};

/// A buyer's id: 16 bytes.
pub type Buyer = [u8; 16];

/// Significance from which a buyer is named. *Units*: bits; the chance that any innocent buyer is named is below 2^-40.
pub const SIGNIFICANCE_BITS: f64 = 40.0;

/// Limit: rows of a marked or leaked table.
pub const ROWS_MAX: usize = 2_000_000;

/// Limit: buyers compared with one leak.
pub const BUYERS_MAX: usize = 100_000;
