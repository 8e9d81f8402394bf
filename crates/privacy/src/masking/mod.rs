//! Keyed, deterministic masks that keep the shape of what they hide.
//!
//! One [`MaskKey`] belongs to a tenant, and each project has its own under it ([`MaskKey::project`]). Keys for the single
//! kinds are derived from a project's, by kind and never by column, so the same identity number has the same token in
//! every table of a project, and another one in another project. Columns are masked batch by batch; nothing is kept
//! between batches, so a table of any size passes through ([`BatchMask`]).
//!
//! A value that does not have its column's shape is replaced by a token, in a number by nought or an edge; it never passes
//! through. Type, length and nulls stay, with two exceptions that the table names.
//!
//! | Method | Types | What survives | What it does not hide |
//! |---|---|---|---|
//! | `null` suppression | all | type and length | nothing is told |
//! | `partial` | text | the characters shown, the length | the shown characters; a short hidden rest can be tried out; with another partial mask the whole ([`check_stitching`]) |
//! | `token` (HMAC-SHA-256; FF1 for numbers) | text; integers of 32 bits and more and decimals without places (sign and magnitude band stay) | equality inside a project: joins, counts, frequencies | how often a value occurs, and so common values; who holds the key can try all values |
//! | `format` (FF1, check digits anew) | text; mobile numbers as integers; birth dates as dates | as `token`, and validity; of identity numbers region, sex and birth within eight years, of the others issuer, carrier, maker… | as `token`, and what stays: a rare region or model points to few |
//! | `ff1` | text of one length and alphabet, at least 10⁶ of them | as `token`, and length and alphabet | as `token` |
//! | `shift_date` | date, timestamp, text of a date | equality of dates, time of day, order beyond twice the bound | order and frequency of days; the true day within the bound |
//! | `shift_entity` | the same, beside an entity's columns | all intervals within an entity, time of day | intervals; one known date of an entity gives away all its others |
//! | `calendar` | date, timestamp, text of a date | the period | the period; with an age or a second unit more |
//! | `age` | birth dates as above, ages as integers or text | the band | the band; two reference days narrow it |
//! | `region` | text and integers of 6, 9 or 12 digits | the level's prefix | the division, which may be small |
//! | `grid` | float, decimal, text of one or two angles | the cell | the cell, which in empty land holds one house |
//! | `bands`, `round` | integer, decimal, float | sums and means nearly, order of bands | the band; extremes are alone in theirs |
//! | `top_bottom` | the same, dates, timestamps | all between the bounds | everything between the bounds |
//! | `noise`, bounded | integer, decimal, float | sums and means nearly, equality | the value within the bound; nought and small integers, which do not move; order |
//! | `shuffle` | all | the column's distribution, exactly | every true value is there, only not whose it is: rare ones name their entity. The extent is **one batch**, which may be one day or one village. Never a mask by itself: the attack report must judge it. Fewer than 32 values in a batch become null |
//!
//! `shuffle` in small batches and `null` are the two that make nulls.
//!
//! **FF1** is that of NIST SP 800-38G with AES-128, ten rounds, domains from 10⁶ values on (Rev. 1); the standard's samples
//! are among the tests. It took the place of a Feistel network of our own that did the same work per number: the published
//! analysis holds for FF1 and not for that. It costs nothing: with a tweak of eleven bytes and halves below 2³² a round is
//! one AES block, and the block of the standard that depends on shape only is encrypted once per column.

mod batch;
mod code;
mod column;
mod entity;
mod ff1;
mod generalize;
mod identifier;
mod integer;
mod key;
mod numbers;
mod partial;
mod permutation;
mod profile;
mod sample;
mod shown;
mod shuffle;
mod spec;
#[cfg(test)]
mod tests;
mod text;
mod times;
mod value;

pub(crate) use text::is_han;

pub use batch::{BatchMask, ColumnMask};
pub use column::{Beside, check_mask, mask_beside, mask_column};
pub(crate) use key::KeyedHash;
pub use key::MaskKey;
pub use profile::{Profile, Published, check_stitching};
pub use sample::{keep_entities, keep_entity};
pub use spec::{Alphabet, CalendarUnit, MaskSpec, RegionLevel};
