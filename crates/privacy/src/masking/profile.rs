//! One mask per identifier across the platform.

use std::collections::BTreeMap;

use base::Digest;
use serde::{Deserialize, Serialize};

use super::MaskSpec;
use super::shown::Shown;
use crate::{Error, SensitiveKind};

/// Which mask each kind of identifier has, wherever it is published. One profile holds for the whole platform: were one
/// release to show the beginning of a number and another its end, the two would be laid side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Raised with every change.
    pub version: u32,
    /// The mask of each kind.
    pub masks: BTreeMap<SensitiveKind, MaskSpec>,
}

/// A mask that is about to be used or has been published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Where, for people: release and column, `r-12/applicant_id`.
    pub place: String,
    /// What the column holds.
    pub kind: SensitiveKind,
    /// Which identifier it is, where the kind does not say: the domain of [`MaskSpec::Token`]. Empty if none.
    #[serde(default)]
    pub domain: String,
    /// How it is masked.
    pub spec: MaskSpec,
}

impl Profile {
    /// Digest of name, version and masks: what a release writes down.
    ///
    /// # Errors
    /// [`Error::Canonical`] if the profile has no JSON form, which it always has.
    pub fn digest(&self) -> Result<Digest, Error> {
        let mut bytes = b"shuyu-mask-profile-v1\n".to_vec();
        bytes.extend(base::canonical_json(self).map_err(|_| Error::Canonical)?);
        Ok(Digest::of(&bytes))
    }

    /// The mask of a kind.
    #[must_use]
    pub fn mask(&self, kind: SensitiveKind) -> Option<&MaskSpec> {
        self.masks.get(&kind)
    }

    /// Are masks those of the profile, or [`MaskSpec::Null`], and is nothing stitched together by them? Columns of kind
    /// `General` have the masks they have, but no two of one domain that stitch.
    ///
    /// # Errors
    /// [`Error::Profile`] for the first that is not, [`Error::Stitch`] as [`check_stitching`]; [`Error::MaskParameter`] and
    /// [`Error::MaskDomain`] for a mask of the profile that is out of range.
    pub fn check(&self, published: &[Published]) -> Result<(), Error> {
        self.masks.values().try_for_each(MaskSpec::check)?;
        for one in published {
            let ours = one.kind == SensitiveKind::General
                || one.spec == MaskSpec::Null
                || self.mask(one.kind) == Some(&one.spec);
            if !ours {
                let (kind, place) = (one.kind.name(), one.place.clone());
                return Err(Error::Profile { kind, place });
            }
        }
        check_stitching(published)
    }
}

/// Do two masks of one identifier together show more than each of them alone? Give the columns of a release with all that
/// were published before, whatever their profiles: the comparison is between every two of one kind and domain.
/// Columns of kind `General` without a domain are nobody's and are not compared.
///
/// # Errors
/// [`Error::Stitch`] with the places of the first two that do.
pub fn check_stitching(published: &[Published]) -> Result<(), Error> {
    // Masks are few, however many the releases: one of each is enough.
    let mut known: Vec<(&Published, Shown)> = Vec::new();
    for one in published {
        if one.kind == SensitiveKind::General && one.domain.is_empty() {
            continue;
        }
        let same = |other: &Published| (other.kind, &other.domain) == (one.kind, &one.domain);
        let shown = Shown::of(one.kind, &one.spec);
        let mut before = known.iter().filter(|(other, _)| same(other));
        if let Some((other, _)) = before.find(|(_, other)| !other.nests_with(&shown)) {
            let (kind, first, second) = (one.kind.name(), other.place.clone(), one.place.clone());
            return Err(Error::Stitch { kind, first, second });
        }
        if !known.iter().any(|(other, seen)| same(other) && *seen == shown) {
            known.push((one, shown));
        }
    }
    Ok(())
}
