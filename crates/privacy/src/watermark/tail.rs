//! How likely chance alone gives an innocent buyer his score.

use super::key::BIAS_LOW;
use super::lattice::CLEAR;

/// Values of evidence, from −[`CLEAR`] to [`CLEAR`].
const LEVELS: usize = 65;
/// Largest tilt tried. Any tilt gives a valid bound.
const TILT_MAX: f64 = 64.0;
/// Halvings of the search for the best tilt.
const STEPS: u32 = 60;

/// The positions of a leak, counted by bias and evidence.
#[derive(Debug, Clone)]
pub(super) struct Positions {
    low: [u64; LEVELS],
    high: [u64; LEVELS],
}

/// Positions with one bias and one evidence.
struct Bin {
    number: f64,
    bias: f64,
    evidence: f64,
}

impl Positions {
    pub(super) const fn new() -> Self {
        Self { low: [0; LEVELS], high: [0; LEVELS] }
    }

    pub(super) fn add(&mut self, bias: u16, evidence: i64) {
        let counts = if bias == BIAS_LOW { &mut self.low } else { &mut self.high };
        let level = usize::try_from(evidence + CLEAR).ok().and_then(|level| counts.get_mut(level));
        if let Some(count) = level {
            *count += 1;
        }
    }

    fn bins(&self) -> Vec<Bin> {
        let low = f64::from(BIAS_LOW) / 65_536.0;
        let bins = [(&self.low, low), (&self.high, 1.0 - low)].into_iter().flat_map(|(counts, bias)| {
            counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(level, count)| Bin {
                number: *count as f64,
                bias,
                evidence: level as f64 - CLEAR as f64,
            })
        });
        bins.collect()
    }

    /// Prepared for judging scores.
    pub(super) fn tail(&self) -> Tail {
        let bins = self.bins();
        let mean = bins.iter().map(|bin| bin.number * bin.bias * bin.evidence).sum();
        let spread = bins
            .iter()
            .map(|bin| bin.number * bin.bias * (1.0 - bin.bias) * bin.evidence.powi(2))
            .sum::<f64>();
        Tail { bins, mean, deviation: spread.sqrt() }
    }
}

/// The distribution of an innocent buyer's score: the sum of the evidence of all positions at which he has a one. Each
/// position counts independently with its bias as probability.
pub(super) struct Tail {
    bins: Vec<Bin>,
    mean: f64,
    deviation: f64,
}

impl Tail {
    /// A score in standard deviations above what chance gives.
    pub(super) fn deviations(&self, score: i64) -> f64 {
        if self.deviation > 0.0 { (score as f64 - self.mean) / self.deviation } else { 0.0 }
    }

    /// −log₂ of an upper bound for the probability of at least this score: Chernoff's bound `min over t of
    /// E[exp(t·S)]·exp(−t·score)`. Below two deviations nothing is claimed.
    pub(super) fn bits(&self, score: i64) -> f64 {
        if self.deviations(score) < 2.0 {
            return 0.0;
        }
        let score = score as f64;
        let scale = CLEAR as f64;
        // The bound is convex in the tilt; where its slope is zero it is lowest.
        let (mut low, mut high) = (0.0, TILT_MAX / scale);
        for _ in 0..STEPS {
            let tilt = f64::midpoint(low, high);
            if self.slope(tilt) < score { low = tilt } else { high = tilt }
        }
        let bound = self.cumulant(low) - low * score;
        (-bound / std::f64::consts::LN_2).max(0.0)
    }

    fn cumulant(&self, tilt: f64) -> f64 {
        let each = |bin: &Bin| bin.number * (bin.bias * (tilt * bin.evidence).exp_m1()).ln_1p();
        self.bins.iter().map(each).sum()
    }

    fn slope(&self, tilt: f64) -> f64 {
        let each = |bin: &Bin| {
            let tilted = bin.bias * (tilt * bin.evidence).exp();
            bin.number * bin.evidence * tilted / (tilted + 1.0 - bin.bias)
        };
        self.bins.iter().map(each).sum()
    }
}
