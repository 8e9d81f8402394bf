//! What a model has to be told before it can be learnt, measured with noise: how many rows an entity has, between which
//! numbers the values of a column lie, how many different keys there are. Of each entity one row counts at most.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, Float64Type};

use super::sight::{HELD_BACK, Seen};
use super::{Feature, Terms, Treatment};
use crate::disclosure::dp::{Cost, Mechanism, Seeded};
use crate::twin::coding::fingerprints;
use crate::twin::random::{Fingerprint, Fingerprints};
use crate::{DataType, Error};

/// Most rows of an entity in each class of the first histogram. More count as so many.
const ROWS: [u16; 20] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1_000];
/// Powers of two on both sides of nought.
const COARSE: usize = 127;
const NOUGHT: usize = 63;
/// Parts into which what the coarse look found is cut.
const FINE: u16 = 64;
/// A bin with nobody in it is taken for a full one with chance `exp(-8)`.
const NATS: u32 = 8;
/// Of a thousand entities as many may have more rows than are learnt from.
const LEFT_OUT_PER_MILLE: u64 = 50;

/// Whole numbers between which the values of a column lie, and in how many bins they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) bins: u16,
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Gauged {
    /// How many entities have so many rows, by class; noisy.
    runs: Vec<u64>,
    /// Of each learnt column with numbers, in order of the features.
    pub(super) bounds: Vec<Option<Bounds>>,
    /// Different values of each invented column among first rows; noisy.
    pub(super) distinct: Vec<u64>,
    /// Entities that are learnt from: the rows, which are no secret, by the rows of an entity.
    pub(super) entities: u64,
}

impl Gauged {
    /// How many rows of an entity are learnt from.
    pub(super) fn rows_max(&self) -> u16 {
        let all: u64 = self.runs.iter().sum();
        let mut above = all;
        for (class, most) in self.runs.iter().zip(ROWS) {
            above = above.saturating_sub(*class);
            if above * 1_000 <= all * LEFT_OUT_PER_MILLE {
                return most;
            }
        }
        1
    }

    /// Weights of the classes, with the fewest and most rows of each.
    pub(super) fn runs(&self) -> (&[u64], impl Fn(usize) -> (u16, u16) + use<>) {
        let range = |class: usize| {
            let most = ROWS.get(class).copied().unwrap_or(1);
            let below = class.checked_sub(1).and_then(|class| ROWS.get(class)).copied().unwrap_or(0);
            (below + 1, most)
        };
        (&self.runs, range)
    }
}

/// The first two passes.
pub(super) struct Gauge<'a> {
    terms: &'a Terms<'a>,
    mechanism: Mechanism,
    noise: Seeded,
    print: Fingerprint,
    rows: Fingerprints<u16>,
    numbers: Vec<Numbers>,
    distinct: Vec<Fingerprints<()>>,
}

/// Counts of one column.
struct Numbers {
    data_type: DataType,
    counts: Vec<u64>,
    /// What the coarse look found.
    coarse: Option<Bounds>,
}

impl<'a> Gauge<'a> {
    pub(super) fn new(terms: &'a Terms<'a>, cost: Cost, seed: [u8; 32]) -> Result<Self, Error> {
        let numbers: Vec<Numbers> = terms
            .of(Treatment::Learnt)
            .filter(|feature| has_numbers(feature))
            .map(|feature| Numbers { data_type: feature.data_type, counts: vec![0; COARSE], coarse: None })
            .collect();
        let distinct: Vec<_> = terms.of(Treatment::Invented).map(|_| Fingerprints::default()).collect();
        // One histogram of rows, two of each column with numbers, one count of each invented one.
        let shares = 1 + 2 * numbers.len() + distinct.len();
        let micro = (cost.micro / u64::try_from(shares).unwrap_or(u64::MAX)).max(1);
        let mechanism = Mechanism::new(1, Cost { micro, ..cost })?;
        let (noise, print) = (Seeded::new(seed), Fingerprint::new(&seed, "gauge"));
        Ok(Self { terms, mechanism, noise, print, rows: Fingerprints::default(), numbers, distinct })
    }

    /// Which rows are the first of their entity, if it is learnt from.
    fn firsts(&mut self, seen: &Seen<'_>) -> Vec<bool> {
        let first = |entity: Option<u64>| {
            let Some(entity) = entity else { return false };
            let rows = self.rows.entry(entity).or_default();
            *rows = rows.saturating_add(1);
            *rows == 1
        };
        seen.learnt().map(first).collect()
    }

    pub(super) fn push(&mut self, seen: &Seen<'_>) -> Result<(), Error> {
        let firsts = self.firsts(seen);
        let features = self.terms.of(Treatment::Learnt).filter(|feature| has_numbers(feature));
        for (feature, numbers) in features.zip(&mut self.numbers) {
            numbers.count(&seen.column(feature)?, &firsts)?;
        }
        if self.numbers.iter().any(|numbers| numbers.coarse.is_some()) {
            return Ok(());
        }
        for (feature, distinct) in self.terms.of(Treatment::Invented).zip(&mut self.distinct) {
            let prints = fingerprints(&[seen.column(feature)?], &self.print)?;
            distinct.extend(
                prints.into_iter().zip(&firsts).filter_map(|(p, first)| Some((p?, ())).filter(|_| *first)),
            );
        }
        Ok(())
    }

    /// Between the passes.
    pub(super) fn turn(&mut self) -> Result<Gauged, Error> {
        let mut classes = [0_u64; ROWS.len()];
        for rows in self.rows.values() {
            let class = ROWS.partition_point(|most| most < rows).min(ROWS.len() - 1);
            if let Some(slot) = classes.get_mut(class) {
                *slot += 1;
            }
        }
        let reach = self.mechanism.reach(NATS);
        let mut runs = Vec::with_capacity(ROWS.len());
        for class in classes {
            // What noise alone may have made is no class.
            let noisy = self.noisy(class)?;
            runs.push(if noisy > reach { noisy } else { 0 });
        }
        if runs.iter().all(|class| *class == 0) {
            runs = std::iter::once(1).chain(std::iter::repeat_n(0, ROWS.len() - 1)).collect();
        }
        let mut distinct = Vec::new();
        for values in std::mem::take(&mut self.distinct) {
            distinct.push(self.noisy(u64::try_from(values.len()).unwrap_or(u64::MAX))?);
        }
        for numbers in &mut self.numbers {
            numbers.coarse = Some(numbers.look(&self.mechanism, &mut self.noise)?);
        }
        self.rows = Fingerprints::default();
        let rows: u64 = runs.iter().zip(ROWS).map(|(class, most)| class.saturating_mul(most.into())).sum();
        let learnt = u128::from(self.terms.rows - self.terms.rows / HELD_BACK);
        let entities = learnt * u128::from(runs.iter().sum::<u64>()) / u128::from(rows.max(1));
        let entities = u64::try_from(entities).unwrap_or(u64::MAX).max(1);
        Ok(Gauged { runs, bounds: Vec::new(), distinct, entities })
    }

    pub(super) fn finish(mut self, found: Gauged) -> Result<Gauged, Error> {
        let mut bounds = Vec::new();
        let mut numbers = self.numbers.iter_mut();
        for feature in self.terms.of(Treatment::Learnt) {
            bounds.push(match has_numbers(feature) {
                true => match numbers.next() {
                    Some(numbers) => Some(numbers.refine(&self.mechanism, &mut self.noise)?),
                    None => None,
                },
                false => None,
            });
        }
        Ok(Gauged { bounds, ..found })
    }

    fn noisy(&mut self, exact: u64) -> Result<u64, Error> {
        noisy(exact, &self.mechanism, &mut self.noise)
    }

    /// Is there anything for a second pass?
    pub(super) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }
}

fn noisy(exact: u64, mechanism: &Mechanism, noise: &mut Seeded) -> Result<u64, Error> {
    let sum = i64::try_from(exact).unwrap_or(i64::MAX).saturating_add(mechanism.noise(noise)?);
    Ok(u64::try_from(sum).unwrap_or(0))
}

pub(super) const fn has_numbers(feature: &Feature) -> bool {
    feature.data_type.is_numeric() || matches!(feature.data_type, DataType::Date | DataType::Timestamp)
}

impl Numbers {
    fn count(&mut self, array: &ArrayRef, firsts: &[bool]) -> Result<(), Error> {
        let values = doubles(array)?;
        for (value, _) in values.iter().zip(firsts).filter(|(_, first)| **first) {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            let bin = self.coarse.map_or_else(|| power(value), |bounds| bounds.bin(value));
            if let Some(slot) = self.counts.get_mut(bin) {
                *slot += 1;
            }
        }
        Ok(())
    }

    /// The first and last bin that are surely not empty; none if no bin is.
    fn full(&self, mechanism: &Mechanism, noise: &mut Seeded) -> Result<Option<(usize, usize)>, Error> {
        let reach = mechanism.reach(NATS);
        let mut found: Option<(usize, usize)> = None;
        for (bin, count) in self.counts.iter().enumerate() {
            if noisy(*count, mechanism, noise)? > reach {
                found = Some((found.map_or(bin, |(first, _)| first), bin));
            }
        }
        Ok(found)
    }

    fn look(&mut self, mechanism: &Mechanism, noise: &mut Seeded) -> Result<Bounds, Error> {
        let (low, high) = match self.full(mechanism, noise)? {
            Some((first, last)) => (powers(first).0, powers(last).1),
            None => usual(self.data_type),
        };
        let (low, high) = (within(low, self.data_type), within(high, self.data_type));
        let bounds = Bounds { low, high, bins: bins(low, high) };
        self.counts = vec![0; usize::from(bounds.bins)];
        Ok(bounds)
    }

    fn refine(&mut self, mechanism: &Mechanism, noise: &mut Seeded) -> Result<Bounds, Error> {
        let (low, high) = usual(self.data_type);
        let coarse = self.coarse.unwrap_or(Bounds { low, high, bins: bins(low, high) });
        let (first, last) =
            self.full(mechanism, noise)?.unwrap_or((0, usize::from(coarse.bins.saturating_sub(1))));
        let (low, mut high) = (coarse.edge(first), coarse.edge(last + 1).saturating_sub(1));
        if matches!(self.data_type, DataType::Float | DataType::Decimal { .. }) {
            // Values between two whole numbers lie within.
            high = within(high.saturating_add(1), self.data_type);
        }
        let low = low.min(high - i64::from(self.data_type == DataType::Float));
        Ok(Bounds { low, high, bins: bins(low, high) })
    }
}

/// Days from 0001-01-01 to 9999-12-31, which can be written.
const DAYS: (i64, i64) = (-719_162, 2_932_896);
const DAY_MICROS: i64 = 86_400_000_000;

/// Bounds where too few are there to tell: up to a hundred, and the years from 1970 to 2029.
const fn usual(data_type: DataType) -> (i64, i64) {
    match data_type {
        DataType::Date => (0, 21_914),
        DataType::Timestamp => (0, 21_914 * DAY_MICROS),
        _ => (0, 100),
    }
}

/// The nearest value that the type can hold.
fn within(value: i64, data_type: DataType) -> i64 {
    let (least, most) = match data_type {
        DataType::Date => DAYS,
        DataType::Timestamp => (DAYS.0 * DAY_MICROS, DAYS.1 * DAY_MICROS),
        DataType::Decimal { precision, scale } => {
            let whole = u32::from(precision).saturating_sub(u32::try_from(scale).unwrap_or(0)).min(18);
            (1 - 10_i64.pow(whole), 10_i64.pow(whole) - 1)
        }
        _ => (i64::MIN / 4, i64::MAX / 4),
    };
    value.clamp(least, most)
}

fn bins(low: i64, high: i64) -> u16 {
    let span = high.saturating_sub(low).saturating_add(1);
    u16::try_from(span).unwrap_or(FINE).clamp(1, FINE)
}

impl Bounds {
    fn span(self) -> i128 {
        i128::from(self.high) - i128::from(self.low) + 1
    }

    fn edge(self, bin: usize) -> i64 {
        let bin = i128::try_from(bin).unwrap_or(0);
        i64::try_from(i128::from(self.low) + bin * self.span() / i128::from(self.bins.max(1)))
            .unwrap_or(i64::MAX)
    }

    fn bin(self, value: f64) -> usize {
        let share = (value - self.low as f64) / self.span() as f64 * f64::from(self.bins);
        usize::from((share.max(0.0) as u16).min(self.bins.saturating_sub(1)))
    }
}

/// The bin of a number among powers of two.
fn power(value: f64) -> usize {
    let size = value.abs();
    if size < 1.0 {
        return NOUGHT;
    }
    let power = (size.log2() as usize).min(NOUGHT - 2);
    if value > 0.0 { NOUGHT + 1 + power } else { NOUGHT - 1 - power }
}

/// Whole numbers of a bin among powers of two.
fn powers(bin: usize) -> (i64, i64) {
    let of = |power: usize| {
        let low = 1_i64.checked_shl(u32::try_from(power).unwrap_or(61)).unwrap_or(i64::MAX / 4);
        (low, low.saturating_mul(2).saturating_sub(1))
    };
    match bin.cmp(&NOUGHT) {
        std::cmp::Ordering::Equal => (0, 0),
        std::cmp::Ordering::Greater => of(bin - NOUGHT - 1),
        std::cmp::Ordering::Less => {
            let (low, high) = of(NOUGHT - 1 - bin);
            (-high, -low)
        }
    }
}

/// A column as doubles: whole numbers of its unit, days, microseconds.
fn doubles(array: &ArrayRef) -> Result<Float64Array, Error> {
    let failed = |_| Error::Arrow { operation: "cast" };
    let whole = match array.data_type() {
        ArrowType::Date32 => cast(array, &ArrowType::Int32).map_err(failed)?,
        ArrowType::Timestamp(_, _) => cast(array, &ArrowType::Int64).map_err(failed)?,
        _ => array.clone(),
    };
    let doubles = cast(&whole, &ArrowType::Float64).map_err(failed)?;
    Ok(doubles.as_primitive::<Float64Type>().clone())
}
