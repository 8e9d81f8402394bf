//! Which columns may carry marks, how far they may change, and what the marks must withstand.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Limit: carriers of one table.
const CARRIERS_MAX: usize = 256;
/// Limit: the largest tolerance, in units of the last digit.
const TOLERANCE_MAX: u64 = 1_000_000_000_000;
/// Limit: digits after the point.
const DECIMALS_MAX: u8 = 12;

/// How the copies of one release are marked. Marking and detection need the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name of the release. Marks of different releases have nothing in common.
    pub release: String,
    /// The columns that may carry marks. Their order matters.
    pub carriers: Vec<Carrier>,
    /// Rows that are never changed and belong to no total: the totals themselves.
    pub fixed: Vec<Fixed>,
    /// What the marks must withstand.
    pub promise: Promise,
}

/// A column that may carry marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// Its name.
    pub column: String,
    /// The columns by which its rows are known: integers, texts, dates or flags, none of them a carrier. A row with a
    /// null among them carries nothing; rows with equal addresses carry one position together.
    pub address: Vec<String>,
    /// How the column may change.
    pub method: Method,
    /// One cell in so many carries a bit; 1 for all.
    pub one_in: u32,
    /// The stated totals of the column: for each the columns it is grouped by, none for a grand total. With several, the
    /// cells of every combination of their groups balance, which keeps all of them.
    pub margins: Vec<Vec<String>>,
}

/// How a column may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// A number moves by at most the tolerance. *Units*: everything in units of the last of `decimals` digits after the point.
    Number {
        /// Digits after the point: 0 for integers, the scale for decimals. Floats with more digits stay as they are.
        decimals: u8,
        /// Changed values are multiples of it; others stay. The rounding base of disclosure control, or 1.
        grain: u64,
        /// Largest change, at least the grain.
        tolerance: u64,
        /// Values below stay, and none goes below: the smallest count that may be told, for example.
        lowest: i64,
        /// Values above stay, and none goes above.
        highest: i64,
    },
    /// A text that equals one of two spellings may become the other.
    Words {
        /// Spellings with one meaning; no spelling twice.
        pairs: Vec<[String; 2]>,
    },
}

/// Rows whose column has this value are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The column.
    pub column: String,
    /// The value as text.
    pub value: String,
}

/// What the marks must withstand. A table too small for it is not marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    /// Most buyers there will be, 1–100 000.
    pub buyers_max: u32,
    /// Buyers who may mix their copies, 1–4; one of them is named.
    pub colluders_max: u8,
    /// Part of the rows that suffices. *Units*: thousandths, 1–1000.
    pub leak_per_mille: u16,
    /// Part of the marked cells that may be spoiled besides. *Units*: thousandths, 0–900.
    pub spoiled_per_mille: u16,
}

impl Spec {
    /// # Errors
    /// [`Error::Watermark`] names what cannot be followed.
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |what| Err(Error::Watermark { what });
        if self.carriers.is_empty() || self.carriers.len() > CARRIERS_MAX {
            return refuse("number of carriers");
        }
        let names: BTreeSet<&str> = self.carriers.iter().map(|carrier| carrier.column.as_str()).collect();
        if names.len() != self.carriers.len() {
            return refuse("carrier declared twice");
        }
        for carrier in &self.carriers {
            if carrier.address.is_empty() || carrier.one_in == 0 {
                return refuse("carrier without address or share");
            }
            let named = carrier.address.iter().chain(carrier.margins.iter().flatten());
            if named.into_iter().any(|name| names.contains(name.as_str())) {
                return refuse("a carrier may not be an address or a group of totals");
            }
            carrier.method.check()?;
            if matches!(carrier.method, Method::Words { .. }) && !carrier.margins.is_empty() {
                return refuse("texts have no totals");
            }
        }
        if self.fixed.iter().any(|fixed| names.contains(fixed.column.as_str())) {
            return refuse("a carrier may not tell which rows are fixed");
        }
        self.promise.check()
    }
}

impl Method {
    fn check(&self) -> Result<(), Error> {
        let fine = match self {
            Self::Number { decimals, grain, tolerance, lowest, highest } => {
                *decimals <= DECIMALS_MAX
                    && *grain >= 1
                    && (*grain..=TOLERANCE_MAX).contains(tolerance)
                    && lowest <= highest
            }
            Self::Words { pairs } => {
                let words: BTreeSet<&str> = pairs.iter().flatten().map(|word| word.trim()).collect();
                !pairs.is_empty() && words.len() == pairs.len() * 2 && !words.contains("")
            }
        };
        if fine { Ok(()) } else { Err(Error::Watermark { what: "method out of range" }) }
    }
}

impl Promise {
    fn check(self) -> Result<(), Error> {
        let fine = (1..=100_000).contains(&self.buyers_max)
            && (1..=4).contains(&self.colluders_max)
            && (1..=1000).contains(&self.leak_per_mille)
            && self.spoiled_per_mille <= 900;
        if fine { Ok(()) } else { Err(Error::Watermark { what: "promise out of range" }) }
    }
}
