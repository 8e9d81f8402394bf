//! What each method makes of each type.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use base::Date;

use super::super::*;
use super::{check_type, key};
use crate::SensitiveKind;
use crate::format;

fn texts(spec: &MaskSpec, values: &[&str]) -> Vec<String> {
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(values));
    let masked = mask_column(&column, spec, &key(3)).unwrap();
    masked.as_string::<i32>().iter().map(|value| value.unwrap().to_owned()).collect()
}

fn integers(spec: &MaskSpec, values: &[i64]) -> Vec<i64> {
    let column = check_type(Arc::new(Int64Array::from(values.to_vec())), spec);
    column.as_primitive::<Int64Type>().values().to_vec()
}

fn day(text: &str) -> i32 {
    text.parse::<Date>().unwrap().days()
}

fn dates(spec: &MaskSpec, values: &[&str]) -> Vec<String> {
    let column = check_type(Arc::new(Date32Array::from_iter_values(values.iter().map(|v| day(v)))), spec);
    let days = column.as_primitive::<Date32Type>().values().to_vec();
    days.into_iter().map(|day| Date::from_days(day).to_string()).collect()
}

fn partial(head: u8, tail: u8, length: Option<u8>) -> MaskSpec {
    MaskSpec::Partial { head, tail, length, fill: '*' }
}

#[test]
fn partial_shows_the_ends_of_what_is_longer_only() {
    assert_eq!(
        texts(&partial(3, 4, None), &["13800138000", "1234567", "12", ""]),
        ["138****8000", "*******", "**", "*"]
    );
    assert_eq!(texts(&partial(1, 0, None), &["欧阳修远", "张"]), ["欧***", "*"]);
    assert_eq!(
        texts(&partial(3, 4, Some(11)), &["13800138000", "患者李某某高血压病史五年"]),
        ["138****8000".to_owned(), "*".repeat(12)]
    );
    assert_eq!(partial(3, 4, Some(7)).check().unwrap_err().code(), "privacy.mask_parameter");
    for fill in ['7', 'x', '一', ' ', '\n'] {
        let spec = MaskSpec::Partial { head: 1, tail: 1, length: None, fill };
        assert_eq!(spec.check().unwrap_err().code(), "privacy.mask_parameter", "{fill:?}");
    }
}

#[test]
fn ages_fall_into_bands_on_the_reference_day() {
    let spec = MaskSpec::Age { reference: "2026-08-01".parse().unwrap(), years: 10, top: 85 };
    let births =
        ["1990-08-01", "1990-08-02", "1941-08-01", "1900-01-01", "2026-08-02", "20160802", "1990年1月31日"];
    assert_eq!(texts(&spec, &births), ["30-39", "30-39", "85+", "85+", "0-9", "0-9", "30-39"]);
    assert_eq!(texts(&spec, &["1996-08-01", "1996-08-02", "84", "0"]), ["30-39", "20-29", "80-84", "0-9"]);
    assert!(
        texts(&spec, &["", "abc", "1990-13-01", "３６", "-1", "1000"]).iter().all(|v| v.starts_with('~'))
    );
    assert_eq!(integers(&spec, &[0, 39, 84, 85, 130, -5, i64::MIN, i64::MAX]), [0, 30, 80, 85, 85, 0, 0, 85]);
    let masked = dates(&spec, &["1990-08-02", "1990-08-01", "1960-02-29", "2030-01-01"]);
    assert_eq!(masked, ["1996-08-01", "1996-08-01", "1966-08-01", "2026-08-01"]);
    let leap = MaskSpec::Age { reference: "2024-02-29".parse().unwrap(), years: 5, top: 90 };
    assert_eq!(dates(&leap, &["2018-05-05"]), ["2019-02-28"]);
}

#[test]
fn regions_are_cut_to_a_level() {
    let cut = |level| texts(&MaskSpec::Region { level }, &["330521", "330521102", "330521102003"]);
    assert_eq!(cut(RegionLevel::Province), ["330000", "330000000", "330000000000"]);
    assert_eq!(cut(RegionLevel::Prefecture), ["330500", "330500000", "330500000000"]);
    assert_eq!(cut(RegionLevel::County), ["330521", "330521000", "330521000000"]);
    assert_eq!(cut(RegionLevel::Town), ["330521", "330521102", "330521102000"]);
    let spec = MaskSpec::Region { level: RegionLevel::Prefecture };
    let odd = ["", "1", "990521", "33052", "３３０５２１", "330521199001011234", "33052a"];
    assert!(texts(&spec, &odd).iter().all(|value| value.starts_with('~')));
    assert_eq!(
        integers(
            &spec,
            &[330_521, 330_521_102, 330_521_102_003, 990_521, 5, 0, -330_521, i64::MIN, i64::MAX]
        ),
        [330_500, 330_500_000, 330_500_000_000, 0, 0, 0, 0, 0, 0]
    );
}

#[test]
fn periods_begin_on_their_first_day() {
    let all = ["2026-08-31", "2024-02-29", "1969-12-31"];
    let unit = |unit| dates(&MaskSpec::Calendar { unit }, &all);
    assert_eq!(unit(CalendarUnit::Month), ["2026-08-01", "2024-02-01", "1969-12-01"]);
    assert_eq!(unit(CalendarUnit::Quarter), ["2026-07-01", "2024-01-01", "1969-10-01"]);
    assert_eq!(unit(CalendarUnit::Year), ["2026-01-01", "2024-01-01", "1969-01-01"]);
    let spec = MaskSpec::Calendar { unit: CalendarUnit::Month };
    assert_eq!(texts(&spec, &["2026/08/31", "2026年8月31日"]), ["2026/08/01", "2026年8月1日"]);
    // Midnight of the zone, not of UTC: 16:30 UTC on the last of July is August in China.
    let micros = (i64::from(day("2026-07-31")) * 86_400 + 16 * 3600 + 1800) * 1_000_000;
    for (zone, expected) in
        [(None, "2026-07-01"), (Some("+08:00"), "2026-08-01"), (Some("-01:00"), "2026-07-01")]
    {
        let column = TimestampMicrosecondArray::from(vec![micros]).with_timezone_opt(zone);
        let masked = check_type(Arc::new(column), &spec);
        let masked = masked.as_primitive::<TimestampMicrosecondType>().value(0);
        let hours = match zone {
            Some("+08:00") => 8,
            Some(_) => -1,
            None => 0,
        };
        assert_eq!(masked, (i64::from(day(expected)) * 24 - hours) * 3_600_000_000, "{zone:?}");
    }
}

#[test]
fn places_fall_into_a_grid() {
    let spec = MaskSpec::Grid { micro_degrees: 10_000 };
    assert_eq!(
        texts(&spec, &["119.960100,30.534200", "-0.001", "30.5，119.9", "180"]),
        ["119.965000,30.535000", "-0.005000", "30.505000，119.905000", "180.005000"]
    );
    let odd = ["", "abc", "119.9,30.5,1", "1190.5", "119.9.1", "１１９.9", "181", "1e2", "+1"];
    assert!(texts(&spec, &odd).iter().all(|value| value.starts_with('~')));
    let floats: ArrayRef =
        Arc::new(Float64Array::from(vec![119.9601, -0.001, 500.0, f64::INFINITY, f64::NAN]));
    let masked = check_type(floats, &spec);
    let masked = masked.as_primitive::<Float64Type>();
    assert!((masked.value(0) - 119.965).abs() < 1e-9 && (masked.value(1) + 0.005).abs() < 1e-9);
    assert!((2..5).all(|row| masked.value(row).is_nan()));
    let decimals =
        Decimal128Array::from(vec![1_199_601, -10, 5_000_000]).with_precision_and_scale(10, 4).unwrap();
    let masked = check_type(Arc::new(decimals), &spec);
    assert_eq!(masked.as_primitive::<Decimal128Type>().values(), &[1_199_650, -50, 0]);
    let coarse = Decimal128Array::from(vec![119]).with_precision_and_scale(5, 1).unwrap();
    assert_eq!(
        mask_column(&(Arc::new(coarse) as ArrayRef), &spec, &key(1)).unwrap_err().code(),
        "privacy.mask_type"
    );
}

#[test]
fn numbers_fall_into_bands_and_between_bounds() {
    let bands = MaskSpec::Bands { edges: vec![0, 100, 1_000] };
    assert_eq!(
        integers(&bands, &[-7, 0, 99, 100, 5_000, i64::MIN, i64::MAX]),
        [0, 0, 0, 100, 1_000, 0, 1_000]
    );
    let bounds = MaskSpec::TopBottom { bottom: Some(10), top: Some(500) };
    assert_eq!(integers(&bounds, &[i64::MIN, 10, 499, 501, i64::MAX]), [10, 10, 499, 500, 500]);
    assert_eq!(integers(&MaskSpec::TopBottom { bottom: None, top: Some(5) }, &[-9, 9]), [-9, 5]);
    let money =
        Decimal128Array::from(vec![9_999, 10_000, 99_999, 100_000]).with_precision_and_scale(9, 2).unwrap();
    let money: ArrayRef = Arc::new(money);
    let values =
        |spec| check_type(Arc::clone(&money), spec).as_primitive::<Decimal128Type>().values().to_vec();
    assert_eq!(values(&bands), [0, 10_000, 10_000, 100_000]);
    assert_eq!(values(&bounds), [9_999, 10_000, 50_000, 50_000]);
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![99.5, 1e300, f64::NEG_INFINITY]));
    let floats = |spec| check_type(Arc::clone(&floats), spec).as_primitive::<Float64Type>().values().to_vec();
    assert_eq!(floats(&bands), [0.0, 1_000.0, 0.0]);
    assert_eq!(floats(&bounds), [99.5, 500.0, 10.0]);
    let early = MaskSpec::TopBottom { bottom: Some(day("1940-01-01").into()), top: None };
    assert_eq!(dates(&early, &["1911-10-10", "1990-01-01"]), ["1940-01-01", "1990-01-01"]);
    // What a narrow type cannot hold is the nearest that it can.
    let narrow = check_type(Arc::new(arrow::array::Int8Array::from(vec![-128, 127])), &bands);
    assert_eq!(narrow.as_primitive::<arrow::datatypes::Int8Type>().values(), &[0, 100]);
    let step =
        check_type(Arc::new(arrow::array::Int8Array::from(vec![-128, 127])), &MaskSpec::Round { step: 100 });
    assert_eq!(step.as_primitive::<arrow::datatypes::Int8Type>().values(), &[-100, 100]);
    for bad in [vec![], vec![1, 1], vec![2, 1]] {
        assert_eq!(MaskSpec::Bands { edges: bad }.check().unwrap_err().code(), "privacy.mask_parameter");
    }
}

#[test]
fn codes_keep_alphabet_and_length() {
    let spec = |alphabet, length| MaskSpec::Ff1 { alphabet, length, domain: "card".into() };
    let all = |alphabet, values: &[&str]| texts(&spec(alphabet, 8), values);
    for (alphabet, value) in [
        (Alphabet::Digits, "00012345"),
        (Alphabet::Upper, "AB012345"),
        (Alphabet::Lower, "ab01234z"),
        (Alphabet::Mixed, "aB01234Z"),
    ] {
        let masked = all(alphabet, &[value, value, "x", "12345678 ", "１２３４５６７８"]);
        assert_eq!(masked[0], masked[1]);
        assert!(masked[0] != value && masked[0].len() == 8, "{}", masked[0]);
        let fits = |c: char| match alphabet {
            Alphabet::Digits => c.is_ascii_digit(),
            Alphabet::Upper => c.is_ascii_digit() || c.is_ascii_uppercase(),
            Alphabet::Lower => c.is_ascii_digit() || c.is_ascii_lowercase(),
            Alphabet::Mixed => c.is_ascii_alphanumeric(),
        };
        assert!(masked[0].chars().all(fits), "{}", masked[0]);
        assert!(masked[2..].iter().all(|value| value.starts_with('~') && value.len() == 21));
    }
    // A long code: 24 digits, more than a machine word.
    let long = texts(&spec(Alphabet::Digits, 24), &["330521202601010000123456", "330521202601010000123457"]);
    assert!(long[0] != long[1] && long.iter().all(|code| code.len() == 24));
    for (alphabet, length) in [(Alphabet::Digits, 5), (Alphabet::Upper, 3), (Alphabet::Digits, 200)] {
        assert_eq!(spec(alphabet, length).check().unwrap_err().code(), "privacy.mask_domain");
    }
    let column: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..50_000).map(|n| format!("{:06}", n * 20))));
    let masked = mask_column(&column, &spec(Alphabet::Digits, 6), &key(1)).unwrap();
    let distinct: std::collections::HashSet<_> = masked.as_string::<i32>().iter().collect();
    assert_eq!(distinct.len(), 50_000);
}

#[test]
fn numbers_as_tokens_stay_in_their_type() {
    let token = MaskSpec::Token { domain: "n".into() };
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![i32::MIN, -1, 0, 2_000_000_000, i32::MAX]));
    check_type(ids, &token);
    let wide = Decimal128Array::from(vec![999_999_999_999_999_999, 0, -999_999_999_999_999_999]);
    check_type(Arc::new(wide.with_precision_and_scale(18, 0).unwrap()), &token);
    let decimals = |precision, scale| {
        let column = Decimal128Array::from(vec![1]).with_precision_and_scale(precision, scale).unwrap();
        mask_column(&(Arc::new(column) as ArrayRef), &token, &key(1)).map_err(|error| error.code())
    };
    assert_eq!(decimals(6, 0).unwrap_err(), "privacy.mask_domain");
    assert_eq!(decimals(18, 2).unwrap_err(), "privacy.mask_type");
    assert_eq!(decimals(38, 0).unwrap_err(), "privacy.mask_type");
    let small: ArrayRef = Arc::new(arrow::array::Int16Array::from(vec![1]));
    assert_eq!(mask_column(&small, &token, &key(1)).unwrap_err().code(), "privacy.mask_domain");
    let beyond: ArrayRef = Arc::new(arrow::array::UInt64Array::from(vec![u64::MAX]));
    assert_eq!(mask_column(&beyond, &token, &key(1)).unwrap_err().code(), "privacy.arrow");
}

#[test]
fn shuffled_values_are_all_there_and_none_in_its_row() {
    let spec = MaskSpec::Shuffle { domain: "wage".into() };
    let values: Vec<Option<i64>> = (0..500).map(|n| (n % 7 != 0).then_some(n)).collect();
    let column: ArrayRef = Arc::new(Int64Array::from(values.clone()));
    let shuffled = |batch| {
        let masked = mask_beside(&column, &spec, &key(3), Beside { entity: &[], batch }).unwrap();
        masked.as_primitive::<Int64Type>().iter().collect::<Vec<_>>()
    };
    let masked = shuffled(0);
    for (before, after) in values.iter().zip(&masked) {
        assert_eq!(before.is_none(), after.is_none(), "nulls stay");
        assert!(before.is_none() || before != after, "a value kept its row");
    }
    let sorted = |mut values: Vec<Option<i64>>| {
        values.sort_unstable();
        values
    };
    assert_eq!(sorted(masked.clone()), sorted(values));
    assert_eq!(masked, shuffled(0));
    assert_ne!(masked, shuffled(1), "batches are exchanged differently");
    let few: ArrayRef = Arc::new(Int64Array::from_iter_values(0..31));
    assert_eq!(mask_column(&few, &spec, &key(3)).unwrap().null_count(), 31);
    let flags: ArrayRef = Arc::new(arrow::array::BooleanArray::from(vec![true; 40]));
    assert_eq!(mask_column(&flags, &spec, &key(3)).unwrap().null_count(), 0);
}

#[test]
fn new_kinds_keep_what_is_said_and_their_check_digits() {
    let mask = |kind, values: &[&str]| texts(&MaskSpec::Format { kind }, values);
    for (value, kind) in [
        ("0572-8888888", SensitiveKind::Landline),
        ("010 62345678", SensitiveKind::Landline),
        ("05728888888", SensitiveKind::Landline),
    ] {
        let masked = &mask(kind, &[value])[0];
        let digits: Vec<u8> = masked.bytes().filter(u8::is_ascii_digit).collect();
        assert!(
            masked != value && masked.len() == value.len() && format::landline(&digits).is_some(),
            "{masked}"
        );
        assert_eq!(masked.as_bytes()[..3], value.as_bytes()[..3]);
        assert_eq!(masked.find(['-', ' ']), value.find(['-', ' ']));
    }
    for value in ["H12345678", "M1234567890", "C12345678", "CA1234567", "12345678", "T01234567"] {
        let masked = &mask(SensitiveKind::TravelPermit, &[value])[0];
        let letters = |text: &str| text.chars().take_while(char::is_ascii_uppercase).collect::<String>();
        assert!(
            masked != value && masked.len() == value.len() && letters(masked) == letters(value),
            "{masked}"
        );
    }
    let mut numbers = vec!["12345678-8", "K0000000X", "00000000-0"];
    numbers.retain(|value| format::organization_code(value.replace('-', "").as_bytes()));
    assert_eq!(numbers, ["12345678-8"], "a valid one to begin with");
    let masked = mask(SensitiveKind::OrganizationCode, &["12345678-8", "123456788", "00000000-0"]);
    assert!(format::organization_code(masked[0].replace('-', "").as_bytes()) && masked[0].len() == 10);
    assert_eq!(masked[0].replace('-', ""), masked[1]);
    assert!(masked[2].starts_with('~'));
}

#[test]
fn vehicle_numbers_stay_distinct_and_valid() {
    let number = |n: u32, checked: bool, plain: bool| {
        let middle = if plain { format!("{:02}", n % 100) } else { format!("A{}", n % 10) };
        let mut bytes = format!("LSVAM4180C2{middle}{:04}", n / 100 % 10_000).into_bytes();
        let check = format::vin_check(&bytes).unwrap();
        bytes[8] = if checked {
            check
        } else if check == b'Z' {
            b'Y'
        } else {
            b'Z'
        };
        String::from_utf8(bytes).unwrap()
    };
    for (checked, plain) in [(true, true), (true, false), (false, true), (false, false)] {
        let values: Vec<String> = (0..20_000).map(|n| number(n * 37, checked, plain)).collect();
        let distinct: std::collections::HashSet<_> = values.iter().collect();
        let refs: Vec<&str> = values.iter().map(String::as_str).collect();
        let masked = texts(&MaskSpec::Format { kind: SensitiveKind::Vin }, &refs);
        let images: std::collections::HashSet<_> = masked.iter().collect();
        assert_eq!(images.len(), distinct.len());
        for value in &masked {
            assert!(value.starts_with("LSVAM418") && value.as_bytes()[9] == b'C', "{value}");
            assert_eq!(format::vin(value.as_bytes()) == Some(format::Vin::Checked), checked, "{value}");
            let six = value.bytes().skip(11).all(|byte| byte.is_ascii_digit());
            assert_eq!(six, plain, "{value}");
        }
    }
}

#[test]
fn foreigners_cards_stay_valid() {
    let mut values = Vec::new();
    for n in 0..5_000_u32 {
        let mut body =
            format!("933156{}{:02}{:02}{:03}", 1960 + n % 40, n % 12 + 1, n % 28 + 1, n % 1000).into_bytes();
        body.push(format::resident_check(&body));
        values.push(String::from_utf8(body).unwrap());
    }
    let refs: Vec<&str> = values.iter().map(String::as_str).collect();
    let masked = texts(&MaskSpec::Format { kind: SensitiveKind::ForeignerPermit }, &refs);
    let images: std::collections::HashSet<_> = masked.iter().collect();
    assert_eq!(images.len(), values.iter().collect::<std::collections::HashSet<_>>().len());
    for (before, after) in values.iter().zip(&masked) {
        assert_eq!(format::foreigner(after.as_bytes()), Some(true), "{after}");
        assert_eq!(before.as_bytes()[..6], after.as_bytes()[..6]);
    }
}
