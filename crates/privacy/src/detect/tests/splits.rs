use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

use crate::SensitiveKind as Kind;
use crate::detect::{SplitProposal, propose_split};
use crate::format::ResidentId;

fn texts(make: impl Fn(u32) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..100).map(make)))
}

fn resident(index: u32) -> String {
    let mut out = String::new();
    ResidentId { region: 330_521, birth: 3_000 + index.cast_signed() * 31, sequence: 10 }.write(&mut out);
    out
}

/// Characters `from` to `to` of the number of a row.
fn piece(row: u32, from: usize, to: usize) -> String {
    resident(row).chars().skip(from).take(to - from).collect()
}

fn one(columns: &[ArrayRef]) -> SplitProposal {
    let found = propose_split(columns).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn an_identity_number_over_two_columns_and_over_four() {
    let head = texts(|n| piece(n, 0, 6));
    let tail = texts(|n| piece(n, 6, 18));
    let other = texts(|n| format!("第{n}项"));
    let split = one(&[other.clone(), head.clone(), tail, other]);
    assert_eq!((split.columns, split.kind), ((1, 2), Kind::ResidentId));
    assert_eq!((split.sampled, split.matched, split.checksum_valid, split.confidence), (100, 100, 100, 99));
    let year = texts(|n| piece(n, 6, 10));
    let day = texts(|n| piece(n, 10, 14));
    let rest = texts(|n| piece(n, 14, 18));
    let split = one(&[head, year, day, rest]);
    assert_eq!((split.columns, split.kind), ((0, 3), Kind::ResidentId));
}

#[test]
fn numbers_places_and_addresses_in_pieces() {
    let area = texts(|_| "0572".into());
    let number = texts(|n| format!("8{n:06}"));
    assert_eq!(one(&[area, number]).kind, Kind::Landline);
    let lng: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..100).map(|n| 119.900_1 + f64::from(n) / 1e4)));
    let lat: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..100).map(|n| 30.500_1 + f64::from(n) / 1e4)));
    assert_eq!(one(&[lng, lat]).kind, Kind::Coordinate);
    let county = texts(|_| "湖州市德清县".into());
    let road = texts(|_| "千秋街".into());
    let house = texts(|n| format!("{}号", n + 1));
    let found = propose_split(&[county, road, house]).unwrap();
    assert!(found.iter().all(|split| split.kind == Kind::Address) && !found.is_empty(), "{found:?}");
}

#[test]
fn what_is_whole_or_nothing_is_not_split() {
    let ids = texts(resident);
    let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
    assert_eq!(propose_split(&[ids, counts.clone()]).unwrap(), []);
    let years: ArrayRef = Arc::new(Int64Array::from_iter_values((0..100).map(|n| 2000 + n % 20)));
    let words = texts(|n| ["晴", "多云"][n as usize % 2].into());
    assert_eq!(propose_split(&[years, counts.clone(), words, counts.clone()]).unwrap(), []);
    assert_eq!(propose_split(&[]).unwrap(), []);
    let short = counts.slice(0, 5);
    assert_eq!(propose_split(&[counts, short]).unwrap_err().code(), "privacy.length");
}
