//! One profile per identifier, and no two masks that can be laid side by side.

use super::super::*;
use crate::{Error, SensitiveKind};

fn profile() -> Profile {
    let masks = [
        (SensitiveKind::ResidentId, MaskSpec::Format { kind: SensitiveKind::ResidentId }),
        (SensitiveKind::Mobile, partial(3, 4)),
    ];
    Profile { name: "county".into(), version: 1, masks: masks.into() }
}

fn partial(head: u8, tail: u8) -> MaskSpec {
    MaskSpec::Partial { head, tail, length: None, fill: '*' }
}

fn published(place: &str, kind: SensitiveKind, spec: MaskSpec) -> Published {
    Published { place: place.into(), kind, domain: String::new(), spec }
}

fn pair(kind: SensitiveKind, first: &MaskSpec, second: &MaskSpec) -> Result<(), Error> {
    check_stitching(&[published("r-1/a", kind, first.clone()), published("r-2/b", kind, second.clone())])
}

#[test]
fn beginning_and_end_of_one_number_are_not_both_published() {
    let error = pair(SensitiveKind::ResidentId, &partial(6, 0), &partial(0, 4)).unwrap_err();
    assert_eq!(error.code(), "privacy.stitch");
    assert_eq!(error.to_string(), "the masks of resident_id in `r-1/a` and `r-2/b` can be stitched together");
    let kinds = |kind, other| {
        check_stitching(&[published("a", kind, partial(6, 0)), published("b", other, partial(0, 4))])
    };
    assert!(kinds(SensitiveKind::ResidentId, SensitiveKind::CreditCode).is_ok(), "two identifiers");
}

#[test]
fn only_masks_that_nest_may_meet() {
    let (id, birth) = (SensitiveKind::ResidentId, SensitiveKind::BirthDate);
    let format = |kind| MaskSpec::Format { kind };
    let calendar = |unit| MaskSpec::Calendar { unit };
    let region = |level| MaskSpec::Region { level };
    let age = |day: &str| MaskSpec::Age { reference: day.parse().unwrap(), years: 10, top: 85 };
    let token = MaskSpec::Token { domain: "x".into() };
    let with_length = MaskSpec::Partial { head: 12, tail: 0, length: Some(18), fill: '#' };
    let nested = [
        (id, partial(6, 0), partial(6, 0)),
        (id, partial(6, 0), partial(6, 4)),
        (id, partial(6, 0), token.clone()),
        (id, partial(6, 0), MaskSpec::Null),
        (id, partial(6, 0), MaskSpec::Keep),
        (id, partial(6, 0), format(id)),
        (id, partial(0, 12), partial(6, 12)),
        (id, partial(10, 0), with_length.clone()),
        (birth, calendar(CalendarUnit::Month), calendar(CalendarUnit::Year)),
        (SensitiveKind::Address, region(RegionLevel::County), region(RegionLevel::Province)),
        (birth, age("2026-01-01"), age("2026-01-01")),
        (SensitiveKind::PersonName, partial(1, 0), partial(1, 1)),
    ];
    let apart = [
        (id, partial(0, 4), format(id)),
        (id, partial(10, 0), format(id)),
        (id, partial(0, 8), with_length),
        (birth, age("2026-01-01"), age("2027-01-01")),
        (birth, age("2026-01-01"), calendar(CalendarUnit::Year)),
        (birth, format(birth), MaskSpec::ShiftDate { days_max: 30 }),
        (SensitiveKind::PersonName, partial(1, 0), partial(0, 1)),
        (
            SensitiveKind::Coordinate,
            MaskSpec::Grid { micro_degrees: 10_000 },
            MaskSpec::Grid { micro_degrees: 15_000 },
        ),
    ];
    for (kind, first, second) in nested {
        assert_eq!(pair(kind, &first, &second), Ok(()), "{kind:?} {first:?} {second:?}");
        assert_eq!(pair(kind, &second, &first), Ok(()));
    }
    for (kind, first, second) in apart {
        assert!(
            pair(kind, &first, &second).is_err() && pair(kind, &second, &first).is_err(),
            "{first:?} {second:?}"
        );
    }
}

#[test]
fn identifiers_of_no_kind_are_told_apart_by_domain() {
    let case = |place: &str, domain: &str, spec| Published {
        place: place.into(),
        kind: SensitiveKind::General,
        domain: domain.into(),
        spec,
    };
    let check = |first: &str, second: &str| {
        check_stitching(&[case("a", first, partial(4, 0)), case("b", second, partial(0, 4))])
    };
    assert!(check("case_no", "case_no").is_err());
    assert!(check("case_no", "permit_no").is_ok() && check("", "").is_ok());
}

#[test]
fn a_column_has_the_profiles_mask_or_none_of_its_values() {
    let profile = profile();
    let check = |kind, spec| profile.check(&[published("r-9/c", kind, spec)]).map_err(|error| error.code());
    assert!(check(SensitiveKind::Mobile, partial(3, 4)).is_ok());
    assert!(check(SensitiveKind::Mobile, MaskSpec::Null).is_ok());
    assert_eq!(check(SensitiveKind::Mobile, partial(3, 0)).unwrap_err(), "privacy.profile");
    assert_eq!(
        check(SensitiveKind::Vin, partial(3, 0)).unwrap_err(),
        "privacy.profile",
        "a kind it does not know"
    );
    assert!(check(SensitiveKind::General, MaskSpec::Keep).is_ok());
    let mut broken = profile.clone();
    broken.masks.insert(SensitiveKind::Vin, MaskSpec::ShiftDate { days_max: 0 });
    assert_eq!(broken.check(&[]).unwrap_err().code(), "privacy.mask_parameter");
}

#[test]
fn a_profiles_digest_is_that_of_all_it_says() {
    let (one, mut two) = (profile(), profile());
    assert_eq!(one.digest().unwrap(), two.digest().unwrap());
    two.version = 2;
    assert_ne!(one.digest().unwrap(), two.digest().unwrap());
    two = profile();
    two.masks.insert(SensitiveKind::Mobile, partial(3, 3));
    assert_ne!(one.digest().unwrap(), two.digest().unwrap());
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), one);
    assert!(json.contains(r#""mobile":{"method":"partial","head":3,"tail":4,"fill":"*"}"#), "{json}");
}
