//! FF1 against the standard's samples, and the permutations made of it.

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit as _};
use aes::{Aes128, Aes192, Aes256};
use proptest::prelude::*;

use super::super::ff1::{Ff1, Lane, Shape};
use super::super::permutation::Point;
use super::key;

const KEY: &str = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";

fn halves(text: &str, radix: u32) -> (u64, u64) {
    let (front, back) = text.split_at(text.len() / 2);
    (u64::from_str_radix(front, radix).unwrap(), u64::from_str_radix(back, radix).unwrap())
}

fn check<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(
    cipher: C,
    (radix, tweak, plain, expected): (u32, &str, &str, &str),
) {
    let ff1 = Ff1::new(cipher);
    let tweak = hex::decode(tweak).unwrap();
    let shape = Shape::new(radix, u32::try_from(plain.len()).unwrap()).unwrap();
    let start = (shape, ff1.start(shape, tweak.len()));
    let mut lanes = [ff1.lane(start, &tweak, 0, halves(plain, radix))];
    ff1.encrypt_lanes(shape, &mut lanes, &mut Vec::new());
    assert_eq!(lanes[0].halves, halves(expected, radix), "{plain} {tweak:?}");
    ff1.decrypt_lanes(shape, &mut lanes);
    assert_eq!(lanes[0].halves, halves(plain, radix));
}

#[test]
fn the_standards_samples() {
    // Source: NIST, "Block Cipher Modes of Operation: FF1 Method for Format-Preserving Encryption", samples 1–9.
    let key = hex::decode(KEY).unwrap();
    let ten = ("0123456789", "39383736353433323130");
    let long = ("0123456789abcdefghi", "3737373770717273373737");
    let aes = |bytes: usize, sample| match bytes {
        16 => check(Aes128::new_from_slice(&key[..16]).unwrap(), sample),
        24 => check(Aes192::new_from_slice(&key[..24]).unwrap(), sample),
        _ => check(Aes256::new_from_slice(&key).unwrap(), sample),
    };
    for (bytes, first, second, third) in [
        (16, "2433477484", "6124200773", "a9tv40mll9kdu509eum"),
        (24, "2830668132", "2496655549", "xbj3kv35jrawxv32ysr"),
        (32, "6657667009", "1001623463", "xs8a0azh2avyalyzuwd"),
    ] {
        aes(bytes, (10, "", ten.0, first));
        aes(bytes, (10, ten.1, ten.0, second));
        aes(bytes, (36, long.1, long.0, third));
    }
}

#[test]
fn small_domains_are_refused() {
    assert!(Shape::new(10, 5).is_none() && Shape::new(10, 6).is_some());
    assert!(Shape::new(999, 2).is_none() && Shape::new(1000, 2).is_some());
    assert!(
        Shape::new(1, 40).is_none() && Shape::new(65_537, 2).is_none() && Shape::new(2_000_000, 1).is_none()
    );
    assert!(Shape::new(10, 40).is_none(), "halves beyond 64 bits");
    assert!(Point::new(0, 0, 999_999).is_none() && Point::new(0, 0, 1_000_000).is_some());
    assert!(Point::new(1 << 88, 0, 1_000_000).is_none() && Point::new((1 << 88) - 1, 0, 1_000_000).is_some());
    assert!(Point::new(0, 1_000_000, 1_000_000).is_none(), "outside its range");
}

/// Every number of the range, or of the part of it, is hit just once.
fn check_bijection(size: u64, tweak: u128, inside: fn(u128, u64) -> bool) {
    let permutation = key(5).permutation("test");
    let mut points: Vec<Point> =
        (0..size).filter_map(|value| Point::new(tweak, value, size).unwrap().within(inside)).collect();
    let count = points.len();
    permutation.permute(&mut points);
    let mut seen = vec![false; usize::try_from(size).unwrap()];
    for point in points {
        assert!(inside(tweak, point.value), "{size}: left its part");
        assert!(!std::mem::replace(&mut seen[usize::try_from(point.value).unwrap()], true), "{size}: twice");
    }
    assert_eq!(seen.iter().filter(|seen| **seen).count(), count);
}

#[test]
fn permutations_are_bijections() {
    check_bijection(1_000_000, 0, |_, _| true);
    check_bijection(1_460_500, 7, |_, _| true);
    check_bijection(1_336_336, (1 << 88) - 1, |_, value| value % 3 != 0);
}

#[test]
fn a_permutation_is_ff1_with_a_tweak_of_eleven_bytes() {
    let permutation = key(5).permutation("test");
    let ff1 = Ff1::new(key(5).cipher("test"));
    for size in [1_000_000_u64, 100_000_000, 852_891_037_441, 1 << 63] {
        let shape = Shape::covering(size).unwrap();
        let tweak = 0x01_0203_0405_0607_0809_0a0b_u128;
        for value in [0, 1, 999_999, size - 1] {
            let mut points = [Point::new(tweak, value, size).unwrap()];
            permutation.permute(&mut points);
            let start = (shape, ff1.start(shape, 11));
            let mut lanes = [ff1.lane(start, &tweak.to_be_bytes()[5..], 0, shape.split(value))];
            loop {
                ff1.encrypt_lanes(shape, &mut lanes, &mut Vec::new());
                if shape.join(lanes[0].halves) < size {
                    break;
                }
            }
            assert_eq!(shape.join(lanes[0].halves), points[0].value, "{size} {value}");
        }
    }
}

proptest! {
    #[test]
    fn halves_are_quotient_and_rest(size in 1_000_000_u64.., number: u64) {
        let shape = Shape::covering(size).unwrap();
        let number = number % size;
        let (front, back) = shape.split(number);
        prop_assert_eq!(shape.join((front, back)), number);
        let root = size.isqrt();
        prop_assert!(front <= root + 131_072 && back <= root + 131_072, "halves are about the root");
    }

    #[test]
    fn what_is_encrypted_decrypts(
        radix in 2_u32..=65_536, length in 2_u32..40, tweak in proptest::collection::vec(any::<u8>(), 0..40), seed: (u64, u64),
    ) {
        let Some(shape) = Shape::new(radix, length) else { return Ok(()) };
        let ff1 = Ff1::new(Aes128::new(&[9; 16].into()));
        let (front, back) = (u64::from(radix).pow(length / 2), u64::from(radix).pow(length - length / 2));
        let plain = (seed.0 % front, seed.1 % back);
        let mut lanes: [Lane; 1] = [ff1.lane((shape, ff1.start(shape, tweak.len())), &tweak, 0, plain)];
        ff1.encrypt_lanes(shape, &mut lanes, &mut Vec::new());
        prop_assert!(lanes[0].halves.0 < front && lanes[0].halves.1 < back);
        ff1.decrypt_lanes(shape, &mut lanes);
        prop_assert_eq!(lanes[0].halves, plain);
    }
}
