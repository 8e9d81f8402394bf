//! Identifiers that can be recovered: planted weaknesses and their benign twins.

use std::collections::HashMap;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::people::*;
use crate::attack::{Attack, Input, Limits, Rows, examine};

fn mapped(
    batch: &arrow::array::RecordBatch,
    name: &str,
    f: impl FnMut(String) -> String,
) -> arrow::array::ArrayRef {
    texts(strings(batch, name).into_iter().map(f))
}

#[test]
fn values_left_as_they_are() {
    let raw = people(6_000, 2);
    let well = masked_well(&raw, 2);
    let weak = with(&well, vec![("mobile", raw.column_by_name("mobile").unwrap().clone())]);
    check(Attack::Identity, "mobile", &report(&raw, &weak), &report(&raw, &well));
    // One row in a hundred slips through.
    let mixed = strings(&raw, "id_no").into_iter().zip(strings(&well, "id_no")).enumerate();
    let mixed = mixed.map(|(row, (before, after))| if row % 100 == 0 { before } else { after });
    let weak = with(&well, vec![("id_no", texts(mixed))]);
    check(Attack::Identity, "id_no", &report(&raw, &weak), &report(&raw, &well));
}

#[test]
fn hashes_without_a_key() {
    let raw = people(3_000, 3);
    let well = masked_well(&raw, 3);
    let held = report(&raw, &well);
    let hex = |bytes: &[u8]| hex::encode(bytes);
    let hashes: Vec<(&str, Box<dyn Fn(String) -> String>)> = vec![
        ("mobile", Box::new(|v| hex(&Sha256::digest(&v)))),
        ("mobile", Box::new(|v| hex(&Md5::digest(&v)).to_uppercase()[8..24].to_owned())),
        ("mobile", Box::new(|v| hex(&Sha1::digest(&v))[..12].to_owned())),
        ("id_no", Box::new(|v| format!("~{}", &hex(&sm3::Sm3::digest(v.to_lowercase()))[..20]))),
        ("id_no", Box::new(|v| hex(&Sha256::digest(format!("{v}salt"))))),
        ("id_no", Box::new(|v| hex(&Md5::digest(format!("id_no{v}"))))),
    ];
    for (name, hash) in hashes {
        let weak = with(&well, vec![(name, mapped(&raw, name, hash))]);
        check(Attack::UnkeyedHash, name, &report(&raw, &weak), &held);
    }
    // With a secret before it the same hash is a token.
    let keyed = mapped(&raw, "mobile", |v| hex(&Sha256::digest(format!("9f1c77aa-{v}"))));
    let twin = report(&raw, &with(&well, vec![("mobile", keyed)]));
    assert!(twin.publishable(), "{:?}", codes(&twin));
}

#[test]
fn hashes_of_rows_in_unknown_order() {
    let raw = people(3_000, 4);
    let columns = columns();
    let judge = |array| {
        let masked = with(&masked_well(&raw, 4), vec![("mobile", array)]);
        let rows: Vec<usize> = (0..masked.num_rows()).map(|row| row * 7 % 3_000).collect();
        let order = arrow::array::UInt64Array::from_iter_values(rows.iter().map(|row| *row as u64));
        let part = arrow::compute::take_record_batch(&masked, &order.slice(0, 900)).unwrap();
        examine(&Input::new(&raw, &part, &columns, Rows::Unknown), &Limits::default()).unwrap()
    };
    let weak = judge(mapped(&raw, "mobile", |v| hex::encode(Sha256::digest(v))));
    let plain = judge(raw.column_by_name("mobile").unwrap().clone());
    let well = judge(formatted(&raw, "mobile", crate::SensitiveKind::Mobile, 1));
    check(Attack::UnkeyedHash, "mobile", &weak, &well);
    check(Attack::Identity, "mobile", &plain, &well);
}

#[test]
fn ciphers_by_place() {
    let raw = people(3_000, 5);
    let well = masked_well(&raw, 5);
    let held = report(&raw, &well);
    let digit = |c: char, table: &str| c.to_digit(10).map_or(c, |d| table.chars().nth(d as usize).unwrap());
    let weak: Vec<Box<dyn Fn(String) -> String>> = vec![
        Box::new(|v| v.chars().map(|c| digit(c, "3850174962")).collect()),
        Box::new(|v| v.chars().rev().collect()),
        Box::new(|v| v.chars().zip(0..).map(|(c, at)| digit(c, &"01234567890123456789"[at % 9..])).collect()),
        Box::new(|v| (v.parse::<u64>().unwrap() + 77_345_678).to_string()),
    ];
    for cipher in weak {
        let weak = with(&well, vec![("mobile", mapped(&raw, "mobile", cipher))]);
        check(Attack::SimpleCipher, "mobile", &report(&raw, &weak), &held);
    }
}

/// A made-up permutation of the numbers below a bound.
fn book(bound: u64, seed: u64) -> Vec<u64> {
    let mut draw = Draw::new(seed);
    let mut all: Vec<u64> = (0..bound).collect();
    for at in (1..all.len()).rev() {
        all.swap(at, draw.below(at as u64 + 1) as usize);
    }
    all
}

#[test]
fn codebooks_of_a_constant_tweak() {
    let raw = people(20_000, 6);
    let well = masked_well(&raw, 6);
    // The middle four digits, encrypted under no tweak, or with the others as the tweak.
    let constant = book(10_000, 1);
    let mut books: HashMap<String, Vec<u64>> = HashMap::new();
    let weak = mapped(&raw, "mobile", |v| {
        format!("{}{:04}{}", &v[..3], constant[v[3..7].parse::<usize>().unwrap()], &v[7..])
    });
    let twin = mapped(&raw, "mobile", |v| {
        let next = books.len() as u64 + 2;
        let book = books.entry(v[8..].to_owned()).or_insert_with(|| book(10_000, next));
        format!("{}{:04}{}", &v[..3], book[v[3..7].parse::<usize>().unwrap()], &v[7..])
    });
    let weak = report(&raw, &with(&well, vec![("mobile", weak)]));
    let twin = report(&raw, &with(&well, vec![("mobile", twin)]));
    check(Attack::Codebook, "mobile", &weak, &twin);
}

#[test]
fn order_of_identifiers() {
    let raw = people(4_000, 7);
    let well = masked_well(&raw, 7);
    let mut sorted = strings(&raw, "mobile");
    sorted.sort_unstable();
    let place: HashMap<String, usize> = sorted.into_iter().zip(0..).collect();
    let weak = with(&well, vec![("mobile", mapped(&raw, "mobile", |v| format!("U{:07}", place[&v] * 13)))]);
    check(Attack::Order, "mobile", &report(&raw, &weak), &report(&raw, &well));
    // In the form of an identity number region and birth stay near; the order within does not.
    let formatted = formatted(&raw, "id_no", crate::SensitiveKind::ResidentId, 7);
    check(
        Attack::Order,
        "mobile",
        &report(&raw, &weak),
        &report(&raw, &with(&well, vec![("id_no", formatted)])),
    );
}
