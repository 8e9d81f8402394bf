//! Naming the buyer.

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;
use serde::Serialize;

use super::key::{Code, ReleaseKey, Secret, Tag, WORDS};
use super::shape::Shape;
use super::spec::Carrier;
use super::tail::Positions;
use super::{BUYERS_MAX, Buyer, ROWS_MAX, SIGNIFICANCE_BITS, Spec, WatermarkKey, address};
use crate::Error;

/// What a leak says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// All buyers, the most suspect first.
    pub ranked: Vec<Suspect>,
    /// Positions of the code that could be read.
    pub positions: u64,
    /// Carriers that were found with their addresses.
    pub carriers_read: u64,
}

/// A buyer and the evidence against him.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Suspect {
    /// The buyer's id.
    pub buyer: Buyer,
    /// His score, in standard deviations from what an innocent buyer has in the mean.
    pub deviations: f64,
    /// −log₂ of an upper bound for the chance that *any* of the buyers, all being innocent, has such a score.
    pub bits: f64,
}

impl Finding {
    /// The buyers against whom the evidence suffices, the most suspect first; with colluders often several.
    pub fn named(&self) -> impl Iterator<Item = &Suspect> {
        self.ranked.iter().take_while(|suspect| suspect.bits >= SIGNIFICANCE_BITS)
    }
}

/// Whose copies a leaked table was made of.
///
/// *Shape*: columns under their names, of any type that files give them; rows in any order, unknown ones among them.
///
/// # Errors
/// [`Error::Watermark`] if the spec cannot be followed or a limit is passed, [`Error::Arrow`] if a column cannot be read.
pub fn detect(
    leak: &RecordBatch,
    spec: &Spec,
    key: &WatermarkKey,
    buyers: &[Buyer],
) -> Result<Finding, Error> {
    spec.check()?;
    if leak.num_rows() > ROWS_MAX || buyers.len() > BUYERS_MAX {
        return Err(Error::Watermark { what: "too many rows or buyers" });
    }
    let key = key.release(&spec.release);
    let (tracks, carriers_read) = read(leak, spec, &key)?;
    let mut positions = Positions::new();
    let mut number = 0;
    for position in tracks.iter().flat_map(|track| &track.lanes).flat_map(Lane::positions) {
        positions.add(position.bias, position.evidence);
        number += 1;
    }
    let tail = positions.tail();
    let doubt = (buyers.len().max(1) as f64).log2();
    let suspect = |buyer: &Buyer| {
        let code = key.code(buyer);
        let score = tracks.iter().map(|track| track.score(&code)).sum();
        let bits = (tail.bits(score) - doubt).max(0.0);
        Suspect { buyer: *buyer, deviations: tail.deviations(score), bits }
    };
    let mut ranked: Vec<Suspect> = buyers.iter().map(suspect).collect();
    ranked.sort_by(|a, b| {
        let order = b.bits.total_cmp(&a.bits).then(b.deviations.total_cmp(&a.deviations));
        order.then(a.buyer.cmp(&b.buyer))
    });
    Ok(Finding { ranked, positions: number, carriers_read })
}

/// Carriers whose bits come from the same blocks: one address, eight neighbouring lanes.
struct Track {
    block: u16,
    tags: Vec<Tag>,
    lanes: Vec<Lane>,
}

/// What one carrier says, one position a tag of its track.
struct Lane {
    word: usize,
    positions: Vec<Position>,
}

/// The evidence of all cells with one address, averaged; none where nothing could be read.
#[derive(Debug, Clone, Copy)]
struct Position {
    bias: u16,
    evidence: i64,
}

impl Lane {
    fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.iter().filter(|position| position.evidence != 0)
    }
}

impl Track {
    /// The sum of the evidence at which the buyer has a one.
    fn score(&self, code: &Code) -> i64 {
        let words = code.words(&self.tags, self.block);
        let lane = |lane: &Lane| -> i64 {
            let word = |words: &[u16; 8]| words.get(lane.word).copied().unwrap_or(u16::MAX);
            let bits = words.iter().zip(&lane.positions);
            bits.map(|(words, position)| if word(words) < position.bias { position.evidence } else { 0 })
                .sum()
        };
        self.lanes.iter().map(lane).sum()
    }
}

/// The leak's evidence, and how many carriers there were.
fn read(leak: &RecordBatch, spec: &Spec, key: &ReleaseKey) -> Result<(Vec<Track>, u64), Error> {
    let fixed = address::fixed(leak, &spec.fixed)?;
    let mut blocks: BTreeMap<(&[String], u16), Vec<u16>> = BTreeMap::new();
    for (carrier, lane) in spec.carriers.iter().zip(0..) {
        blocks.entry((&carrier.address, lane / WORDS)).or_default().push(lane);
    }
    let mut tracks = vec![];
    let mut carriers_read = 0;
    for ((columns, block), numbers) in blocks {
        let Some(rows) = address::tags(leak, columns, key)? else { continue };
        let (tags, places) = gather(rows, &fixed);
        let mut lanes = vec![];
        for lane in numbers {
            let Some(carrier) = spec.carriers.get(usize::from(lane)) else { continue };
            if let Some(positions) = weigh(leak, carrier, &key.secrets(&tags, lane), &places)? {
                lanes.push(Lane { word: usize::from(lane % WORDS), positions });
                carriers_read += 1;
            }
        }
        tracks.push(Track { block, tags, lanes });
    }
    Ok((tracks, carriers_read))
}

/// The tags that occur, each once, and the place of each row's tag among them.
fn gather(rows: Vec<Option<Tag>>, fixed: &[bool]) -> (Vec<Tag>, Vec<Option<usize>>) {
    let mut numbers: HashMap<Tag, usize> = HashMap::new();
    let mut tags = vec![];
    let mut place = |tag: Tag| {
        *numbers.entry(tag).or_insert_with(|| {
            tags.push(tag);
            tags.len() - 1
        })
    };
    let places = rows.into_iter().zip(fixed);
    let places = places.map(|(tag, fixed)| tag.filter(|_| !fixed).map(&mut place)).collect();
    (tags, places)
}

/// The evidence of one carrier, one position a tag; `None` if it is not in the leak.
fn weigh(
    leak: &RecordBatch,
    carrier: &Carrier,
    secrets: &[Secret],
    places: &[Option<usize>],
) -> Result<Option<Vec<Position>>, Error> {
    let Some(column) = leak.column_by_name(&carrier.column) else { return Ok(None) };
    let shape = Shape::new(&carrier.method);
    let Some(values) = shape.read(column)? else { return Ok(None) };
    let mut sums = vec![(0_i64, 0_i64); secrets.len()];
    for (value, place) in values.iter().zip(places) {
        let Some((value, place)) = value.zip(*place) else { continue };
        let Some((secret, sum)) = secrets.get(place).zip(sums.get_mut(place)) else { continue };
        if carrier.bears(secret) {
            *sum = (sum.0 + shape.evidence(value.value, secret), sum.1 + 1);
        }
    }
    let position = |((sum, number), secret): (&(i64, i64), &Secret)| Position {
        bias: secret.bias,
        evidence: sum / (*number).max(1),
    };
    Ok(Some(sums.iter().zip(secrets).map(position).collect()))
}
