//! Reading raw batches: entities as fingerprints, who is held back, which rows are looked at.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{cast, filter};
use arrow::record_batch::RecordBatch;

use super::{Feature, Terms, Treatment};
use crate::twin::coding::fingerprints;
use crate::twin::random::Fingerprint;
use crate::{DataType, Error};

/// One entity in five is held back from learning, so that memory can be told from knowledge.
pub(super) const HELD_BACK: u64 = 5;
/// Rows of those who are learnt from, and of the others, that attacks look at.
const LEARNT_ROWS: u64 = 4_000;
const HELD_ROWS: u64 = 1_000;

/// What is looked at, decided before any row is seen.
pub(super) struct Sight<'a> {
    terms: &'a Terms<'a>,
    entity: Fingerprint,
    row: Fingerprint,
    seen: u64,
}

/// A batch, read.
pub(super) struct Seen<'a> {
    batch: &'a RecordBatch,
    first: u64,
    /// Of each row; none where a part of the key is null.
    pub(super) entities: Vec<Option<u64>>,
}

impl<'a> Sight<'a> {
    pub(super) fn new(terms: &'a Terms<'a>) -> Self {
        let seed = terms.learnt_seed("sight");
        let of = |purpose| Fingerprint::new(&seed, purpose);
        Self { terms, entity: of("entities"), row: of("rows"), seen: 0 }
    }

    pub(super) fn read<'b>(&mut self, batch: &'b RecordBatch) -> Result<Seen<'b>, Error> {
        let keys =
            self.terms.key.iter().map(|name| stored(batch, name, None)).collect::<Result<Vec<_>, _>>()?;
        let entities = fingerprints(&keys, &self.entity)?;
        let first = self.seen;
        self.seen += u64::try_from(batch.num_rows()).unwrap_or(0);
        Ok(Seen { batch, first, entities })
    }

    /// A number below 2³² of a row, the same in every pass.
    fn draw(&self, purpose: u8, row: u64) -> u64 {
        self.row.of([&[purpose][..], &row.to_le_bytes()[..]]) >> 32
    }

    /// Rows that stay as they are where a column is public.
    pub(super) fn sampled(&self, seen: &Seen<'_>) -> BooleanArray {
        let bound = (u64::from(self.terms.per_mille.min(1_000)) << 32) / 1_000;
        seen.rows().map(|row| Some(self.draw(0, row) < bound)).collect()
    }

    /// Rows that attacks look at, of those who are held back or of the others.
    pub(super) fn looked_at(&self, seen: &Seen<'_>, held_back: bool) -> BooleanArray {
        let rows = self.terms.rows.max(1);
        let (wanted, all) = match held_back {
            true => (HELD_ROWS, rows / HELD_BACK),
            false => (LEARNT_ROWS, rows - rows / HELD_BACK),
        };
        let bound = u64::try_from((u128::from(wanted) << 32) / u128::from(all.max(1))).unwrap_or(u64::MAX);
        let looked = seen.rows().zip(&seen.entities).map(|(row, entity)| {
            let right = entity.is_some_and(|entity| is_held_back(entity) == held_back);
            Some(right && self.draw(1, row) < bound)
        });
        looked.collect()
    }
}

pub(super) const fn is_held_back(entity: u64) -> bool {
    entity.rotate_left(17).is_multiple_of(HELD_BACK)
}

impl Seen<'_> {
    fn rows(&self) -> impl Iterator<Item = u64> + use<> {
        let rows = u64::try_from(self.entities.len()).unwrap_or(0);
        self.first..self.first + rows
    }

    /// Entities that are learnt from.
    pub(super) fn learnt(&self) -> impl Iterator<Item = Option<u64>> + '_ {
        self.entities.iter().map(|entity| entity.filter(|entity| !is_held_back(*entity)))
    }

    pub(super) fn column(&self, feature: &Feature) -> Result<ArrayRef, Error> {
        stored(self.batch, &feature.name, Some(feature.data_type))
    }

    pub(super) fn filtered(&self, feature: &Feature, rows: &BooleanArray) -> Result<ArrayRef, Error> {
        filter(&self.column(feature)?, rows).map_err(|_| Error::Arrow { operation: "filter" })
    }
}

/// A column in the type in which it is stored.
fn stored(batch: &RecordBatch, name: &str, wanted: Option<DataType>) -> Result<ArrayRef, Error> {
    let missing = || Error::Column { column: name.to_owned(), expected: "a column of a stored type" };
    let array = batch.column_by_name(name).ok_or_else(missing)?;
    let data_type = wanted.or_else(|| DataType::from_arrow(array.data_type())).ok_or_else(missing)?;
    let wanted = data_type.to_arrow();
    if *array.data_type() == wanted {
        return Ok(array.clone());
    }
    cast(array, &wanted).map_err(|_| Error::Arrow { operation: "cast" })
}

impl Terms<'_> {
    /// Names of the key's columns and of some features.
    pub(super) fn columns(&self, wanted: impl Fn(&Feature) -> bool) -> Vec<String> {
        let features = self.features.iter().filter(|feature| wanted(feature)).map(|feature| &feature.name);
        features.chain(self.key).cloned().collect()
    }

    /// Columns that attacks compare: those that were learnt or invented.
    pub(super) fn compared(&self) -> impl Iterator<Item = &Feature> {
        self.features
            .iter()
            .filter(|feature| matches!(feature.treatment(self.key), Treatment::Learnt | Treatment::Invented))
    }
}
