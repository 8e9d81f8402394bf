//! Since when a resource has held the rows it holds: its newest snapshot set against those before it.
//!
//! A provider that delivers the same file again has changed nothing, and nothing that rests on it has to change. What is
//! found out is one number for the whole table. Which rows differ is neither computed nor told: who is told of a cell
//! that nobody in it has changed finds out, from many cells, who has.

use std::path::Path;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::row::{RowConverter, SortField};
use base::{Digest, Id, Timestamp, limit};

use crate::Error;
use crate::objects::{Content, KeyRing, ObjectFile, ObjectRows};
use crate::protocol::{Edition, InputPin, Lent, SameOrder};
use crate::run::check_digest;
use crate::session::Table;

/// The rows of a table as a multiset, under a key that lives as long as the comparison.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    /// Names and types of the columns.
    columns: Vec<(String, String)>,
    rows: u64,
    /// The sum of the rows' digests, in any order.
    sum: [u64; 4],
}

/// How many snapshots, from the newest back, hold the same rows in the ordered columns. Blocks. What an earlier snapshot
/// lacks of them makes it another one.
///
/// # Errors
/// `domain.order_mismatch` for an object that is not the ordered one, `domain.unknown` for a column that the newest lacks,
/// `domain.limit` past [`limit::SNAPSHOTS_COMPARED_MAX`] snapshots.
pub(crate) fn same(objects_dir: &Path, order: &SameOrder) -> Result<u32, Error> {
    if order.snapshots.len() > limit::SNAPSHOTS_COMPARED_MAX {
        return Err(Error::Limit { what: "snapshots" });
    }
    let key: [u8; 32] = rand::random();
    let mut snapshots = order.snapshots.iter();
    let newest = snapshots.next().ok_or(Error::OrderMismatch { what: "snapshots" })?;
    let newest = held(objects_dir, newest, &order.columns, &key)?;
    let mut same = 1;
    for earlier in snapshots {
        match held(objects_dir, earlier, &order.columns, &key) {
            Ok(earlier) if earlier == newest => same += 1,
            Ok(_) | Err(Error::Unknown { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(same)
}

fn held(objects_dir: &Path, lent: &Lent, columns: &[String], key: &[u8; 32]) -> Result<Held, Error> {
    let keys = KeyRing::default();
    keys.add(vec![lent.key.clone()]);
    let file = Arc::new(ObjectFile::open(objects_dir, &keys, &lent.object)?);
    check_digest(&file, lent.digest)?;
    let rows = ObjectRows::open(&file, Some(columns))?;
    rows.check_content(&[Content::Raw])?;
    // In the order of the question: the objects may have theirs.
    let mut wanted: Vec<_> = rows.schema.fields().iter().enumerate().collect();
    wanted.sort_by_key(|(_, field)| columns.iter().position(|name| name == field.name()));
    let named =
        wanted.iter().map(|(_, field)| (field.name().clone(), field.data_type().to_string())).collect();
    let places: Vec<usize> = wanted.iter().map(|(place, _)| *place).collect();
    let fields = wanted.iter().map(|(_, field)| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(|_| Error::RunFailed)?;
    let mut held = Held { columns: named, rows: 0, sum: [0; 4] };
    let mut bytes = key.to_vec();
    for batch in rows {
        let batch = batch?;
        let arrays: Vec<ArrayRef> = places.iter().map(|place| Arc::clone(batch.column(*place))).collect();
        let converted = converter.convert_columns(&arrays).map_err(|_| Error::RunFailed)?;
        for row in &converted {
            bytes.truncate(key.len());
            bytes.extend_from_slice(row.as_ref());
            let Digest(digest) = Digest::of(&bytes);
            let (words, _) = digest.as_chunks::<8>();
            for (sum, word) in held.sum.iter_mut().zip(words) {
                *sum = sum.wrapping_add(u64::from_be_bytes(*word));
            }
            held.rows += 1;
        }
    }
    Ok(held)
}

/// The inputs as an order sees them: who has consented belongs to what a table holds. With one number before and after,
/// a cell that is missing, or exact no more, would tell that one of its few people withdrew.
pub(crate) fn as_seen(inputs: &[InputPin], tables: &[Arc<Table>]) -> Vec<InputPin> {
    let seen = |pin: &InputPin| {
        let table = tables.iter().find(|table| table.spec.name == pin.table);
        let Some(consenting) = table.and_then(|table| table.consenting) else { return pin.clone() };
        let since = since(pin).unwrap_or(pin.snapshot);
        let Digest(digest) = Digest::of(&[since.as_bytes().as_slice(), &consenting.0].concat());
        let [a, b, c, d, e, f, g, h, i, j, ..] = digest;
        // The time stays: it orders editions, and of consents none is known.
        let time =
            Timestamp::from_micros(i64::try_from(seconds(since.as_bytes())).unwrap_or_default() * 1_000_000);
        let since = Id::new(time, [a, b, c, d, e, f, g, h, i, j]);
        InputPin { edition: Some(Edition { since, number: 1 }), ..pin.clone() }
    };
    inputs.iter().map(seen).collect()
}

/// What a result was computed on, as a number for the release ledger: 0 where every resource holds what it held from the
/// beginning; else the seconds of the newest edition with a digest of all that are not the first, so that results on
/// other rows never share it. Resources that have not changed make no difference.
pub(crate) fn snapshot_number(inputs: &[InputPin]) -> u64 {
    let mut changed: Vec<[u8; 16]> = inputs.iter().filter_map(since).map(|since| *since.as_bytes()).collect();
    changed.sort_unstable();
    let Some(seconds) = changed.iter().map(seconds).max() else { return 0 };
    seconds << 32 | u64::from(word(&Digest::of(&changed.concat()))) | 1
}

/// What tells the noise on values of a resource from that on what it held before; 0 for what it held from the beginning.
/// Noise that stayed the same while values change would give the change away by subtraction.
pub(crate) fn salt(pin: &InputPin) -> u32 {
    since(pin).map_or(0, |since| word(&Digest::of(since.as_bytes())))
}

/// The first snapshot of an edition that is not the first. Of pins of before there were editions nothing is known.
fn since(pin: &InputPin) -> Option<Id<base::kind::Snapshot>> {
    match pin.edition {
        Some(Edition { number: 0, .. }) => None,
        Some(Edition { since, .. }) => Some(since),
        None => Some(pin.snapshot),
    }
}

/// When an id was made. *Units*: seconds since 1970, in 32 bits.
fn seconds(id: &[u8; 16]) -> u64 {
    let [a, b, c, d, e, f, ..] = *id;
    (u64::from_be_bytes([0, 0, a, b, c, d, e, f]) / 1_000) & u64::from(u32::MAX)
}

/// A digest, where four bytes of it are enough.
pub(crate) const fn word(digest: &Digest) -> u32 {
    let [a, b, c, d, ..] = digest.0;
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use base::kind;

    use super::*;

    fn pin(table: &str, seconds: i64, end: u8, number: u32) -> InputPin {
        let since = Id::new(Timestamp::from_micros(seconds * 1_000_000), [end; 10]);
        InputPin {
            table: table.into(),
            snapshot: since,
            object: Id::<kind::Object>::new(Timestamp::from_micros(0), [end; 10]),
            digest: Digest([0; 32]),
            edition: Some(Edition { since, number }),
        }
    }

    #[test]
    fn what_holds_other_rows_has_another_number_even_of_the_same_second() {
        let (a0, b0) = (pin("a", 100, 1, 0), pin("b", 200, 2, 0));
        let (a1, b1) = (pin("a", 300, 3, 1), pin("b", 300, 4, 1));
        let of =
            |pins: &[&InputPin]| snapshot_number(&pins.iter().map(|pin| (*pin).clone()).collect::<Vec<_>>());
        // Joining what has not changed is no other snapshot.
        assert_eq!([of(&[&a0]), of(&[&a0, &b0]), of(&[])], [0, 0, 0]);
        assert_eq!(of(&[&a1]), of(&[&b0, &a1]));
        let all = [of(&[&a0]), of(&[&a1]), of(&[&b1]), of(&[&a1, &b1]), of(&[&pin("a", 300, 5, 2)])];
        let distinct: std::collections::BTreeSet<u64> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
        assert!(of(&[&pin("a", 301, 1, 2)]) > of(&[&a1]), "later is greater");
        assert_eq!(of(&[&a1, &b1]), of(&[&b1, &a1]));
        // A pin of before there were editions is taken for something else.
        assert_ne!(of(&[&InputPin { edition: None, ..a0.clone() }]), 0);
        assert_eq!((salt(&a0), salt(&a1) == salt(&b1)), (0, false));
    }
}
