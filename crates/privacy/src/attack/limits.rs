//! Limits of an examination, with defaults that a regulation pack may tighten.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Whether a larger number is the stricter one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strict {
    Low,
    High,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $default:literal, $strict:ident $low:literal to $high:literal;)*) => {
        /// What an attack may reach before the data are refused.
        ///
        /// The defaults are those of the platform; where a standard or the literature has a figure, it is named. A
        /// pack tightens them with [`Limits::tightened`].
        #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits { $($(#[$doc])* pub $name: f64,)* }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Limits {
            /// Checks every number.
            ///
            /// # Errors
            /// [`Error::Threshold`] names the first that is no number or out of its range.
            pub fn check(&self) -> Result<(), Error> {
                $(if !($low..=$high).contains(&self.$name) {
                    return Err(Error::Threshold { name: stringify!($name) });
                })*
                Ok(())
            }

            /// Of each limit the stricter one.
            #[must_use]
            pub fn tightened(&self, other: &Self) -> Self {
                Self {
                    $($name: if Strict::$strict == Strict::Low {
                        self.$name.min(other.$name)
                    } else {
                        self.$name.max(other.$name)
                    },)*
                }
            }
        }
    };
}

limits! {
    /// Masked identifiers that may be equal to the raw ones. *Units*: share of rows.
    identity_share_max = 0.0005, Low 0.0 to 1.0;
    /// Identifiers that may be recovered by a dictionary, a learned substitution or a codebook. *Units*: share of
    /// distinct values.
    recovered_share_max = 0.01, Low 0.0 to 1.0;
    /// What matching by frequency may recover above the guess of the most frequent value. *Units*: gain.
    frequency_gain_max = 0.10, Low 0.0 to 1.0;
    /// What matching by rank may recover to within 1 % of the range above what the masked value itself and the best
    /// constant guess tell. *Units*: gain.
    rank_gain_max = 0.10, Low 0.0 to 1.0;
    /// Absolute rank correlation between raw and masked identifiers.
    order_correlation_max = 0.30, Low 0.0 to 1.0;
    /// Values that may be moved or scaled by one and the same constant. *Units*: share of rows.
    constant_shift_share_max = 0.30, Low 0.0 to 1.0;
    /// Entities whose shift may be found from the pattern of the calendar. *Units*: share of entities with at least
    /// five events.
    entity_shift_share_max = 0.05, Low 0.0 to 1.0;
    /// Uncertainty about an identifier that published parts have to leave: 13 bits are about 10⁴ candidates.
    /// *Units*: bits.
    identifier_bits_min = 13.0, High 0.0 to 60.0;
    /// Identifiers that their published parts may single out in the raw data. *Units*: share of distinct identifiers.
    fragments_unique_share_max = 0.05, Low 0.0 to 1.0;
    /// What other published columns may tell of a hidden one, above what it tells itself. *Units*: gain.
    determined_gain_max = 0.80, Low 0.0 to 1.0;
    /// Fewest entities with the same quasi-identifiers. *Source*: L. Sweeney, k-anonymity (2002); 5 is usual.
    k_min = 5.0, High 1.0 to 1e9;
    /// Entities that may be in smaller classes all the same. *Units*: share of entities.
    below_k_share_max = 0.0, Low 0.0 to 1.0;
    /// Distinct sensitive values in a class. *Source*: A. Machanavajjhala and others, l-diversity (2007).
    distinct_diversity_min = 2.0, High 1.0 to 1e6;
    /// Exponential of the entropy of sensitive values in a class. The same source asks for `l`, which a column with a
    /// rare value cannot reach; 1.15 is about 97 to 3.
    entropy_diversity_min = 1.15, High 1.0 to 1e6;
    /// Earth mover's distance of a class from the table. *Source*: N. Li, T. Li, S. Venkatasubramanian, t-closeness
    /// (2007); small classes differ by chance alone.
    closeness_max = 0.40, Low 0.0 to 1.0;
    /// Entities that may be unique in the sample. *Units*: share of entities.
    sample_unique_share_max = 0.001, Low 0.0 to 1.0;
    /// Entities that may be unique in the sample and rightly matched with the population, estimated. *Units*: share
    /// of entities.
    population_unique_share_max = 0.001, Low 0.0 to 1.0;
    /// Rows that a linkage may match with the right entity, and no other. *Units*: share of rows.
    reidentified_share_max = 0.05, Low 0.0 to 1.0;
    /// Rows in which a raw identifier may survive. *Units*: share of rows.
    residue_share_max = 0.0, Low 0.0 to 1.0;
    /// How much nearer to training rows than to held-back ones synthetic rows may be. *Units*: gain.
    memorisation_gain_max = 0.05, Low 0.0 to 1.0;
    /// Synthetic rows that may equal a distinctive raw row, above what held-back rows do. *Units*: share of rows.
    copies_share_max = 0.005, Low 0.0 to 1.0;
    /// What the small group may tell of a shuffled value, above the guess of the most frequent. *Units*: gain.
    shuffle_gain_max = 0.20, Low 0.0 to 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_checked_and_only_tightened() {
        let limits = Limits::default();
        limits.check().unwrap();
        for bad in [
            Limits { k_min: f64::NAN, ..limits },
            Limits { k_min: 0.0, ..limits },
            Limits { closeness_max: 1.5, ..limits },
            Limits { residue_share_max: f64::INFINITY, ..limits },
        ] {
            assert_eq!(bad.check().unwrap_err().code(), "privacy.threshold");
        }
        let pack = Limits { k_min: 10.0, closeness_max: 0.9, rank_gain_max: 0.01, ..limits };
        let both = limits.tightened(&pack);
        assert_eq!((both.k_min, both.closeness_max, both.rank_gain_max), (10.0, limits.closeness_max, 0.01));
        assert_eq!(both, pack.tightened(&limits));
        let json = serde_json::from_str::<Limits>(r#"{"k_min":7}"#).unwrap();
        assert_eq!(json, Limits { k_min: 7.0, ..limits });
        assert!(serde_json::from_str::<Limits>(r#"{"k":7}"#).is_err());
    }
}
