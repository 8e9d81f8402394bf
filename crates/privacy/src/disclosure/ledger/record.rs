//! What the ledger remembers. Records are only ever appended; read again in order they give the same ledger. They name
//! no person, but they say which entities were in a cell: keep them sealed.

use base::Digest;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

/// What is summed or counted. Cells of one measure are combined with each other: an entity has one value in it.
///
/// Two expressions that an attacker could turn into one another (a sum in yuan, one in fen) must be one measure. Cells
/// judged for several kinds of entity are one cell for each kind, with a measure each. The period belongs to the measure
/// if the value is another one in each period (the turnover of May), and not if it is a state (the register on 1 May);
/// then it is the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeasureId(pub Digest);

impl MeasureId {
    /// From parts that name it: resource, expression, period, kind of entity.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut bytes = b"shuyu-measure-v1\0".to_vec();
        for part in parts {
            // Length first, so that neighbouring parts cannot be read as others.
            bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        Self(Digest::of(&bytes))
    }
}

/// How a cell leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// As it is.
    Exact,
    /// With noise (cell key or differential privacy): cannot be solved for, but is remembered.
    Perturbed,
}

/// One number of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What it measures.
    pub measure: MeasureId,
    /// Number of the snapshot it was computed on, rising with time.
    pub snapshot: u64,
    /// How it leaves.
    pub protection: Protection,
    /// Ordinals of the entities behind it.
    #[serde(with = "bitmap")]
    pub contributors: RoaringBitmap,
    /// Ordinals are of entities together with their rows: one of whom other rows are looked at is another one. No number is
    /// released of them, but who changed would tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rows: bool,
    /// What its row tells of secrets of these entities; at the first measure of those that no secret chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
}

/// What the numbers of a row tell of secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// The secrets, each with a number of what its resource holds.
    pub secrets: Vec<(MeasureId, u32)>,
    /// By what the noise of each number is drawn, or would be: the same number is counted once.
    pub drawn_by: Vec<u32>,
    /// Where secrets choose who is in the cell, and its contributors are all whom it could be about: the question that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<u32>,
    /// The same with the group that the cell is of, if secrets make groups: by what it is known that the cell comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u32>,
    /// Each entity adds one of few amounts.
    pub few: bool,
    /// Noise reaches half as far as the threshold.
    pub halved: bool,
}

/// A cell that was asked for and is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unshown {
    /// What its absence tells.
    pub noise: Noise,
    /// Ordinals of those whom it would speak about.
    #[serde(with = "bitmap")]
    pub contributors: RoaringBitmap,
}

/// Numbers that leave together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Id of the release, unique in the ledger.
    pub release: String,
    /// Who receives it.
    pub operator: String,
    /// Through which channel: export, data interface, report.
    pub channel: String,
    /// The numbers.
    pub cells: Vec<Cell>,
    /// What it does not show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unshown: Vec<Unshown>,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// The first line: the secret prime of the arithmetic.
    Opened {
        /// A prime of 61 bits.
        prime: u64,
    },
    /// Which entities' values of a measure differ between a snapshot and the one before.
    Changes {
        /// The measure.
        measure: MeasureId,
        /// The later of the two snapshots.
        snapshot: u64,
        /// Exactly those entities.
        #[serde(with = "bitmap")]
        entities: RoaringBitmap,
    },
    /// What left.
    Released(Candidate),
}

/// Roaring's portable format; in text formats as hexadecimal digits.
mod bitmap {
    use roaring::RoaringBitmap;
    use serde::de::Visitor;
    use serde::ser::Error as _;
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(set: &RoaringBitmap, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(set.serialized_size());
        set.serialize_into(&mut bytes).map_err(S::Error::custom)?;
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(bytes))
        } else {
            serializer.serialize_bytes(&bytes)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoaringBitmap, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Bytes)
        } else {
            deserializer.deserialize_bytes(Bytes)
        }
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = RoaringBitmap;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a bitmap")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RoaringBitmap, E> {
            self.visit_bytes(&hex::decode(text).map_err(|_| E::custom("not hexadecimal"))?)
        }

        fn visit_bytes<E: serde::de::Error>(self, mut bytes: &[u8]) -> Result<RoaringBitmap, E> {
            let set = RoaringBitmap::deserialize_from(&mut bytes).map_err(|_| E::custom("not a bitmap"))?;
            if bytes.is_empty() { Ok(set) } else { Err(E::custom("bytes after the bitmap")) }
        }
    }
}
