//! Classes of entities with the same quasi-identifiers: how many, how varied, how unlike the whole.

use std::collections::{HashMap, HashSet};

use super::data::{Col, Data, Side, group, index};
use super::draw::ratio;
use super::report::{Measure, Unit};
use super::{Attack, Finding, Limits, Reason};
use crate::ir::Label;

/// The classes of the masked rows.
pub(super) struct Classes {
    columns: Vec<String>,
    /// Class of each masked row.
    of: Vec<u32>,
    /// Entities in each class.
    sizes: Vec<usize>,
    entities: usize,
}

impl Classes {
    /// By all quasi-identifiers that an attacker can read. Tokens and shuffled values are left out: nobody can look them
    /// up in a register.
    pub(super) fn new(data: &Data<'_>) -> Result<Self, Reason> {
        if data.synthetic {
            return Err(Reason::Synthetic);
        }
        let quasi: Vec<&Col<'_>> = data
            .columns
            .iter()
            .filter(|column| column.label == Label::Quasi && column.is_published())
            .collect();
        let sides: Vec<&Side<'_>> = quasi.iter().filter_map(|column| column.masked.as_ref()).collect();
        if sides.is_empty() {
            return Err(Reason::NoColumn);
        }
        if data.masked_rows == 0 {
            return Err(Reason::FewRows);
        }
        let of = group(&sides, data.masked_rows);
        let mut sizes = vec![0; of.iter().max().and_then(|most| index(*most)).map_or(0, |most| most + 1)];
        let mut seen: HashSet<(u32, u32)> = HashSet::new();
        let mut all: HashSet<u32> = HashSet::new();
        for (class, entity) in of.iter().zip(&data.masked_entities) {
            all.insert(*entity);
            if seen.insert((*class, *entity))
                && let Some(size) = index(*class).and_then(|at| sizes.get_mut(at))
            {
                *size += 1;
            }
        }
        let columns = quasi.iter().map(|column| column.name.to_owned()).collect();
        Ok(Self { columns, of, sizes, entities: all.len() })
    }
}

/// k-anonymity: the smallest class, leaving out as many entities as may be in smaller ones.
pub(super) fn k_anonymity(classes: &Classes, limits: &Limits) -> Finding {
    let mut sizes = classes.sizes.clone();
    sizes.sort_unstable();
    let allowed = limits.below_k_share_max * classes.entities as f64;
    let mut left_out = 0;
    let smallest = sizes.into_iter().find(|size| {
        left_out += size;
        left_out as f64 > allowed
    });
    let measure = Measure::at_least(Unit::Entities, smallest.unwrap_or(0) as f64, limits.k_min);
    Finding::judged(Attack::KAnonymity, measure, classes.columns.clone())
}

/// l-diversity and t-closeness of every sensitive column.
pub(super) fn diversity(data: &Data<'_>, classes: &Classes, limits: &Limits) -> Vec<Finding> {
    let mut findings = Vec::new();
    for column in data.columns.iter().filter(|column| column.label == Label::Sensitive) {
        let Some(masked) = column.masked.as_ref().filter(|_| column.is_published()) else { continue };
        let mut columns = column.columns();
        columns.extend(classes.columns.iter().cloned());
        let table = Values::of(masked.codes.iter().copied());
        let mut rows: Vec<(u32, usize)> = classes.of.iter().copied().zip(0..).collect();
        rows.sort_unstable();
        let ranks = masked.numbers.is_some().then(|| ranks(masked));
        let (mut distinct, mut entropy, mut distance) = (f64::MAX, f64::MAX, 0.0_f64);
        for class in rows.chunk_by(|left, right| left.0 == right.0) {
            let values = Values::of(class.iter().map(|(_, row)| masked.code(*row)));
            distinct = distinct.min(values.counts.len() as f64);
            entropy = entropy.min(values.exp_entropy());
            let far = match &ranks {
                Some(ranks) => {
                    ordered(class.iter().filter_map(|(_, row)| ranks.get(*row)).copied().collect())
                }
                None => values.distance(&table),
            };
            distance = distance.max(far);
        }
        let all = (table.counts.len() as f64, table.exp_entropy());
        let mut judge = |attack, measure| findings.push(Finding::judged(attack, measure, columns.clone()));
        // A column that varies less than the bound asks for says as much of everybody.
        if all.0 >= limits.distinct_diversity_min {
            let measure = Measure::at_least(Unit::Values, distinct, limits.distinct_diversity_min);
            judge(Attack::DistinctDiversity, measure);
        }
        if all.1 >= limits.entropy_diversity_min {
            let measure = Measure::at_least(Unit::Values, entropy, limits.entropy_diversity_min);
            judge(Attack::EntropyDiversity, measure);
        }
        judge(Attack::Closeness, Measure::at_most(Unit::Distance, distance, limits.closeness_max));
    }
    findings
}

/// How often each value stands in some rows.
struct Values {
    counts: HashMap<u32, usize>,
    rows: usize,
}

impl Values {
    fn of(codes: impl Iterator<Item = u32>) -> Self {
        let mut counts = HashMap::new();
        let mut rows = 0;
        for code in codes {
            *counts.entry(code).or_default() += 1;
            rows += 1;
        }
        Self { counts, rows }
    }

    fn exp_entropy(&self) -> f64 {
        let mut counts: Vec<usize> = self.counts.values().copied().collect();
        // Sums of floats depend on their order, and a map has none.
        counts.sort_unstable();
        let part = |count: &usize| ratio(*count, self.rows);
        counts.iter().map(part).map(|part| -part * part.ln()).sum::<f64>().exp()
    }

    /// Earth mover's distance with equal distances between values, less what a random class of this size has.
    fn distance(&self, table: &Self) -> f64 {
        let share = |code: &u32| ratio(table.counts.get(code).copied().unwrap_or(0), table.rows);
        let mut codes: Vec<(u32, usize)> = self.counts.iter().map(|(code, count)| (*code, *count)).collect();
        codes.sort_unstable();
        let over = codes.iter().map(|(code, count)| (ratio(*count, self.rows) - share(code)).max(0.0));
        let over: f64 = over.sum();
        let mut shares: Vec<usize> = table.counts.values().copied().collect();
        shares.sort_unstable();
        // Half the mean absolute deviation of each share.
        let spread = |count: &usize| {
            let part = ratio(*count, table.rows);
            (part * (1.0 - part) / (std::f64::consts::TAU * self.rows as f64)).sqrt()
        };
        (over - shares.iter().map(spread).sum::<f64>()).max(0.0)
    }
}

/// Where each row's number lies in the order of all: from and to, 0–1, equal numbers sharing a stretch; nulls first.
fn ranks(side: &Side<'_>) -> Vec<(f64, f64)> {
    let number = |row: usize| side.number(row).unwrap_or(f64::NEG_INFINITY);
    let mut sorted: Vec<(f64, usize)> = (0..side.codes.len()).map(|row| (number(row), row)).collect();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut ranks = vec![(0.0, 0.0); sorted.len()];
    let mut from = 0;
    for tied in sorted.chunk_by(|left, right| left.0 == right.0) {
        let stretch = (ratio(from, ranks.len()), ratio(from + tied.len(), ranks.len()));
        for (_, row) in tied {
            if let Some(slot) = ranks.get_mut(*row) {
                *slot = stretch;
            }
        }
        from += tied.len();
    }
    ranks
}

/// Earth mover's distance of some ranks from all ranks: the area between the two distribution functions, less what a random
/// class of this size has (√(2/π) · ∫√(u(1−u)) / √n).
fn ordered(mut ranks: Vec<(f64, f64)>) -> f64 {
    let n = ranks.len() as f64;
    ranks.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut places = Vec::with_capacity(ranks.len());
    for tied in ranks.chunk_by(|left, right| left.0 == right.0) {
        let place = |(at, (from, to)): (usize, &(f64, f64))| {
            from + (to - from) * (at as f64 + 0.5) / tied.len() as f64
        };
        places.extend(tied.iter().enumerate().map(place));
    }
    let mut area = 0.0;
    let mut from = 0.0_f64;
    for (below, to) in places.into_iter().chain([1.0]).enumerate() {
        let level = below as f64 / n;
        let integral = |u: f64| (u - level) * (u - level).abs() / 2.0;
        area += integral(to) - integral(from);
        from = to;
    }
    (area - 0.313 / n.sqrt()).max(0.0)
}

/// Uniqueness in the sample and, estimated, in the population.
///
/// The estimate is Skinner and Elliot's: the probability that a match with a unique record of the sample is right, from the
/// numbers of classes with one and with two entities. *Source*: C. J. Skinner, M. J. Elliot, "A measure of disclosure risk
/// for microdata", Journal of the Royal Statistical Society B 64 (2002).
pub(super) fn uniqueness(classes: &Classes, population: u64, limits: &Limits) -> [Finding; 2] {
    let of_size = |size: usize| classes.sizes.iter().filter(|have| **have == size).count();
    let (ones, twos) = (of_size(1), of_size(2));
    let share = ratio(ones, classes.entities);
    let fraction = (classes.entities as f64 / population.max(1) as f64).clamp(0.0, 1.0);
    let right = fraction * ones as f64;
    let wrong = 2.0 * (1.0 - fraction) * twos as f64;
    let risk = if right > 0.0 { share * right / (right + wrong) } else { 0.0 };
    let judge = |attack, value, bound| {
        Finding::judged(attack, Measure::at_most(Unit::Share, value, bound), classes.columns.clone())
    };
    [
        judge(Attack::SampleUniqueness, share, limits.sample_unique_share_max),
        judge(Attack::PopulationUniqueness, risk, limits.population_unique_share_max),
    ]
}
