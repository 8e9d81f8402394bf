mod batch;
mod ff1;
mod hostile;
mod methods;
mod profile;

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array,
    Int64Array, LargeStringArray, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int32Type, Int64Type};
use proptest::prelude::*;

use super::*;
use crate::SensitiveKind;
use crate::format::{self, BankCard, CreditCode, PlateTail, ResidentId};

fn key(seed: u8) -> MaskKey {
    MaskKey::new([seed; 32])
}

fn one(kind: SensitiveKind, value: &str) -> String {
    mask_texts(kind, &[value]).remove(0)
}

fn mask_texts<T: AsRef<str>>(kind: SensitiveKind, values: &[T]) -> Vec<String> {
    let column: ArrayRef = Arc::new(StringArray::from_iter_values(values.iter().map(AsRef::as_ref)));
    let masked = mask_column(&column, &MaskSpec::Format { kind }, &key(1)).unwrap();
    masked.as_string::<i32>().iter().map(|value| value.unwrap().to_owned()).collect()
}

fn resident(index: u32) -> String {
    let mut out = String::new();
    ResidentId {
        region: 330_521 + index % 3,
        birth: -10_000 + i32::try_from(index / 7 % 25_000).unwrap(),
        sequence: u16::try_from(index % 1000).unwrap(),
    }
    .write(&mut out);
    out
}

fn credit(index: u64) -> String {
    let body = index * 7_919 % format::CREDIT_BODIES;
    let inner = if index.is_multiple_of(2) { CreditCode::inner_check(body).unwrap() } else { 7 };
    let mut out = String::new();
    CreditCode { head: *b"91330521", body, inner }.write(&mut out);
    out
}

fn card(index: u64) -> String {
    let mut out = String::new();
    BankCard { issuer: 622_202, account: index, account_digits: 12 }.write(&mut out);
    out
}

/// With letters for every seventh.
fn organization(index: u32) -> String {
    let head = if index.is_multiple_of(7) { 'K' } else { '1' };
    let body = format!("{head}{index:07}");
    let check = format::organization_check(body.as_bytes());
    format!("{body}{}", char::from(check))
}

/// Distinct in, distinct out, every result of the kind, none unchanged for more than chance.
fn check_injective(kind: SensitiveKind, values: &[String], valid: impl Fn(&str) -> bool) {
    let distinct: HashSet<_> = values.iter().collect();
    let masked = mask_texts(kind, values);
    assert!(masked.iter().all(|value| valid(value)), "{kind:?}: a masked value has lost its format");
    assert_eq!(masked.iter().collect::<HashSet<_>>().len(), distinct.len(), "{kind:?}: not injective");
    let same = values.iter().zip(&masked).filter(|(a, b)| a == b).count();
    assert!(same * 1000 <= values.len().max(1000), "{kind:?}: {same} of {} unchanged", values.len());
}

#[test]
fn a_hundred_thousand_identifiers_stay_distinct_and_valid() {
    const N: u32 = 100_000;
    let texts = |make: &dyn Fn(u32) -> String| (0..N).map(make).collect::<Vec<_>>();
    check_injective(SensitiveKind::ResidentId, &texts(&resident), |v| ResidentId::parse(v).is_some());
    check_injective(SensitiveKind::CreditCode, &texts(&|n| credit(n.into())), |v| {
        CreditCode::parse(v).is_some()
    });
    check_injective(SensitiveKind::BankCard, &texts(&|n| card(n.into())), |v| BankCard::parse(v).is_some());
    let mobiles = texts(&|n| format!("13{n:09}"));
    check_injective(SensitiveKind::Mobile, &mobiles, |v| format::parse_mobile(v).is_some());
    let plates: Vec<_> = texts(&|n| format!("浙E{n:05}"));
    check_injective(SensitiveKind::Plate, &plates, |v| {
        format::parse_plate(v).is_some() && v.starts_with("浙E")
    });
    let electric: Vec<_> = (0..10_000).map(|n| format!("浙ED{n:05}")).collect();
    check_injective(SensitiveKind::Plate, &electric, |v| {
        format::parse_plate(v).is_some_and(|(_, _, tail)| matches!(tail, PlateTail::SmallElectric(..)))
            && v.starts_with("浙E")
    });
    let large: Vec<_> = (0..50_000).map(|n| format!("浙E{n:05}F")).collect();
    check_injective(SensitiveKind::Plate, &large, |v| {
        format::parse_plate(v).is_some_and(|(_, _, tail)| matches!(tail, PlateTail::LargeElectric(..)))
    });
    let organizations = texts(&organization);
    check_injective(SensitiveKind::OrganizationCode, &organizations, |v| {
        format::organization_code(v.as_bytes())
    });
    let permits = texts(&|n| format!("H{n:08}"));
    check_injective(SensitiveKind::TravelPermit, &permits, |v| format::travel_permit(v.as_bytes()));
    let lines = texts(&|n| format!("0572-{:07}", 2_000_000 + n * 50));
    check_injective(SensitiveKind::Landline, &lines, |v| {
        v.starts_with("0572-") && format::landline(v.replace('-', "").as_bytes()).is_some()
    });
    let passports = texts(&|n| format!("E{n:08}"));
    check_injective(SensitiveKind::Passport, &passports, |v| format::parse_passport(v).is_some());
    check_injective(SensitiveKind::Email, &texts(&|n| format!("u{n}@corp.cn")), |v| {
        v.ends_with("@example.invalid")
    });
    let codes = texts(&|n| format!("case-{n}"));
    check_injective(SensitiveKind::General, &codes, |v| v.starts_with('~') && v.len() == 21);
}

#[test]
fn resident_ids_keep_region_sex_and_about_the_age() {
    for index in 0..2_000 {
        let before = ResidentId::parse(&resident(index * 13)).unwrap();
        let after = ResidentId::parse(&one(SensitiveKind::ResidentId, &resident(index * 13))).unwrap();
        assert_eq!(before.region, after.region);
        assert_eq!(before.sequence % 2, after.sequence % 2);
        assert!((before.birth - after.birth).abs() <= 8 * 366);
    }
}

#[test]
fn credit_codes_keep_their_head_and_inner_check() {
    for index in 0..2_000 {
        let before = CreditCode::parse(&credit(index)).unwrap();
        let after = CreditCode::parse(&one(SensitiveKind::CreditCode, &credit(index))).unwrap();
        assert_eq!(before.head, after.head);
        assert_eq!(before.inner_is_valid(), after.inner_is_valid());
    }
}

#[test]
fn tokens_agree_within_a_tenant_and_differ_between_tenants() {
    let ids: Vec<String> = (0..1_000).map(resident).collect();
    let small: ArrayRef = Arc::new(StringArray::from_iter_values(&ids));
    let large: ArrayRef = Arc::new(LargeStringArray::from_iter_values(&ids));
    let view: ArrayRef = Arc::new(StringViewArray::from_iter_values(&ids));
    let spec = MaskSpec::Format { kind: SensitiveKind::ResidentId };
    let a = mask_column(&small, &spec, &key(1)).unwrap();
    let b = mask_column(&large, &spec, &key(1)).unwrap();
    let c = mask_column(&view, &spec, &key(1)).unwrap();
    let other = mask_column(&small, &spec, &key(2)).unwrap();
    let mut equal = 0;
    for row in 0..ids.len() {
        let token = a.as_string::<i32>().value(row);
        assert_eq!(token, b.as_string::<i64>().value(row));
        assert_eq!(token, c.as_string_view().value(row));
        equal += usize::from(token == other.as_string::<i32>().value(row));
    }
    assert!(equal <= 2, "{equal} tokens agree between tenants");
    // Kinds and domains have keys of their own.
    let domain = |name: &str| MaskSpec::Token { domain: name.into() };
    let t1 = mask_column(&small, &domain("case_no"), &key(1)).unwrap();
    let t2 = mask_column(&small, &domain("permit_no"), &key(1)).unwrap();
    assert_ne!(t1.as_string::<i32>().value(0), t2.as_string::<i32>().value(0));
}

#[test]
fn what_does_not_parse_never_passes_through() {
    for kind in SensitiveKind::ALL {
        for value in [
            "hello",
            "",
            " ",
            "330521199001011234",
            "1380013800",
            "浙A",
            "张",
            "Anna Smith",
            "中",
            "1990-13-01",
        ] {
            let masked = one(kind, value);
            assert_ne!(masked, value, "{kind:?}");
            assert!(value.trim().is_empty() || !masked.contains(value.trim()), "{kind:?} {value} {masked}");
        }
    }
}

#[test]
fn kinds_without_a_format_of_their_own_become_tokens() {
    for (kind, value) in [
        (SensitiveKind::ForeignerPermit, "GBR330080010112"),
        (SensitiveKind::IpAddress, "203.0.113.9"),
        (SensitiveKind::Coordinate, "119.960100,30.534200"),
        (SensitiveKind::EthnicGroup, "畲族"),
        (SensitiveKind::Medical, "高血压"),
        (SensitiveKind::Religion, "道教"),
    ] {
        let masked = one(kind, value);
        assert!(masked.starts_with('~') && masked.len() == 21, "{kind:?}: {masked}");
        assert_eq!(masked, one(kind, value), "equal values stay equal");
        let other = mask_column(
            &(Arc::new(StringArray::from(vec![value])) as ArrayRef),
            &MaskSpec::Format { kind },
            &key(2),
        );
        assert_ne!(other.unwrap().as_string::<i32>().value(0), masked);
    }
}

#[test]
fn names_are_fictitious_and_of_the_same_length() {
    for value in ["王芳", "李建国", "欧阳修远", "司马光", "诸葛亮", "买买提江"] {
        let masked = one(SensitiveKind::PersonName, value);
        assert_eq!(masked.chars().count(), value.chars().count());
        assert_ne!(masked, value);
        assert_eq!(masked, one(SensitiveKind::PersonName, value));
    }
    assert!(one(SensitiveKind::PersonName, "Anna Smith").starts_with('~'));
    let masked = one(SensitiveKind::OrganizationName, "德清云上茶叶有限公司");
    assert!(masked.starts_with("虚构") && masked.ends_with("有限公司"), "{masked}");
}

#[test]
fn addresses_keep_province_and_city_only() {
    let table = [
        ("浙江省湖州市德清县武康街道千秋街1号", "浙江省湖州市"),
        ("上海市浦东新区世纪大道100号", "上海市"),
        ("新疆维吾尔自治区喀什地区疏附县某村", "新疆维吾尔自治区喀什地区"),
        ("陕西省延安市宝塔区中心街", "陕西省延安市"),
    ];
    for (value, region) in table {
        let masked = one(SensitiveKind::Address, value);
        assert!(masked.starts_with(region), "{masked}");
        for word in ["德清", "武康", "浦东", "疏附", "宝塔"] {
            assert!(!masked.contains(word), "{masked}");
        }
    }
    assert!(one(SensitiveKind::Address, "千秋街1号").starts_with('~'));
}

fn check_type(column: ArrayRef, spec: &MaskSpec) -> ArrayRef {
    let masked = mask_column(&column, spec, &key(3)).unwrap();
    assert_eq!(masked.data_type(), column.data_type());
    assert_eq!(masked.len(), column.len());
    assert_eq!(masked.logical_null_count(), column.logical_null_count());
    masked
}

#[test]
fn other_types_keep_type_length_and_nulls() {
    let shift = MaskSpec::ShiftDate { days_max: 30 };
    let days = check_type(Arc::new(Date32Array::from(vec![Some(10_000), None, Some(10_000)])), &shift);
    let days = days.as_primitive::<arrow::datatypes::Date32Type>();
    assert_eq!(days.value(0), days.value(2));
    assert!((days.value(0) - 10_000).abs() <= 30);
    check_type(
        Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("+08:00")),
        &shift,
    );
    let texts = check_type(Arc::new(StringArray::from(vec![Some("1990/01/31"), None, Some("?")])), &shift);
    assert!(format::parse_date(texts.as_string::<i32>().value(0)).is_some());
    assert!(texts.as_string::<i32>().value(2).starts_with('~'));

    let round = MaskSpec::Round { step: 100 };
    let rounded =
        check_type(Arc::new(Int64Array::from(vec![Some(149), None, Some(-151), Some(150)])), &round);
    assert_eq!(rounded.as_primitive::<Int64Type>().values(), &[100, 0, -200, 200]);
    let money = Decimal128Array::from(vec![Some(14_950), None]).with_precision_and_scale(18, 2).unwrap();
    let rounded = check_type(Arc::new(money.clone()), &round);
    assert_eq!(rounded.as_primitive::<arrow::datatypes::Decimal128Type>().value(0), 10_000);
    let noise = MaskSpec::Noise { per_mille: 100 };
    check_type(Arc::new(money), &noise);
    let noisy = check_type(Arc::new(Float64Array::from(vec![Some(1000.0), None])), &noise);
    let noisy = noisy.as_primitive::<arrow::datatypes::Float64Type>().value(0);
    assert!((900.0..=1100.0).contains(&noisy));
    let token = MaskSpec::Token { domain: "n".into() };
    let ids =
        check_type(Arc::new(Int32Array::from(vec![Some(7), None, Some(-7), Some(999_999_999)])), &token);
    assert!(ids.as_primitive::<Int32Type>().value(0) >= 0 && ids.as_primitive::<Int32Type>().value(2) < 0);
    let phone = MaskSpec::Format { kind: SensitiveKind::Mobile };
    let phones = check_type(Arc::new(Int64Array::from(vec![Some(13_800_138_000), Some(5)])), &phone);
    let phones = phones.as_primitive::<Int64Type>();
    assert_eq!(phones.value(0) / 100_000_000, 138);
    assert!((0..1_000_000_000).contains(&phones.value(1)), "what is no number does not become one");
    assert_eq!(phones.value(0).to_string(), {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["13800138000"]));
        mask_column(&column, &phone, &key(3)).unwrap().as_string::<i32>().value(0).to_owned()
    });
    let nulls =
        mask_column(&(Arc::new(Int64Array::from(vec![1])) as ArrayRef), &MaskSpec::Null, &key(1)).unwrap();
    assert_eq!((nulls.null_count(), nulls.len()), (1, 1));
}

#[test]
fn masks_that_do_not_apply_are_refused() {
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    let table = [
        (&flags, MaskSpec::Token { domain: "x".into() }, "privacy.mask_type"),
        (&texts, MaskSpec::Noise { per_mille: 10 }, "privacy.mask_type"),
        (&dates, MaskSpec::Format { kind: SensitiveKind::ResidentId }, "privacy.mask_type"),
        (&dates, MaskSpec::ShiftDate { days_max: 0 }, "privacy.mask_parameter"),
        (&texts, MaskSpec::Round { step: 0 }, "privacy.mask_parameter"),
    ];
    for (column, spec, code) in table {
        assert_eq!(mask_column(column, &spec, &key(1)).unwrap_err().code(), code, "{spec:?}");
    }
}

#[test]
fn specs_are_strict_json() {
    let spec = MaskSpec::Format { kind: SensitiveKind::ResidentId };
    let json = serde_json::to_string(&spec).unwrap();
    assert_eq!(json, r#"{"method":"format","kind":"resident_id"}"#);
    assert_eq!(serde_json::from_str::<MaskSpec>(&json).unwrap(), spec);
    for bad in
        [r#"{"method":"shift_date","days_max":1,"x":2}"#, r#"{"method":"nope"}"#, r#"{"method":"round"}"#]
    {
        assert!(serde_json::from_str::<MaskSpec>(bad).is_err(), "{bad}");
    }
    assert!(!format!("{:?}", key(9)).contains('9'), "a key has no text form");
}

#[test]
fn the_same_entities_are_sampled_in_every_table() {
    let ids: Vec<String> = (0..20_000).map(resident).collect();
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(&ids));
    let kept = keep_entities("person", &[texts], &key(1), 100).unwrap();
    let count = kept.true_count();
    assert!((1_700..2_300).contains(&count), "{count} of 20000 at 10 %");
    for (row, id) in ids.iter().enumerate() {
        assert_eq!(kept.value(row), keep_entity("person", id, &key(1), 100));
        assert!(
            !kept.value(row) || keep_entity("person", id, &key(1), 200),
            "larger samples contain smaller ones"
        );
    }
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(42), None]));
    let kept = keep_entities("case", &[numbers], &key(1), 1000).unwrap();
    assert!(kept.value(0) && !kept.value(1));
    assert!(!keep_entity("case", "42", &key(1), 0));
}

proptest! {
    #[test]
    fn integer_tokens_are_injective_over_the_whole_range(values in proptest::collection::hash_set(any::<i64>(), 1..200)) {
        let column: ArrayRef = Arc::new(values.iter().copied().collect::<Int64Array>());
        let masked = mask_column(&column, &MaskSpec::Token { domain: "x".into() }, &key(1)).unwrap();
        let distinct: HashSet<i64> = masked.as_primitive::<Int64Type>().values().iter().copied().collect();
        prop_assert_eq!(distinct.len(), values.len());
    }

    #[test]
    fn no_text_makes_a_mask_panic_or_pass_through(value in "\\PC{0,24}", index in 0_usize..SensitiveKind::ALL.len()) {
        let masked = one(SensitiveKind::ALL[index], &value);
        prop_assert_ne!(masked, value);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a measurement, read by people")]
fn throughput() {
    let rows = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    let measure = |name: &str, column: ArrayRef, spec: MaskSpec| {
        let start = std::time::Instant::now();
        let masked = mask_column(&column, &spec, &key(1)).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(masked.len(), rows as usize);
        eprintln!("{name}: {:.2} million rows a second", f64::from(rows) / seconds / 1e6);
    };
    let texts = |make: &dyn Fn(u32) -> String| {
        Arc::new(StringArray::from_iter_values((0..rows).map(make))) as ArrayRef
    };
    let format = |kind| MaskSpec::Format { kind };
    measure("resident id", texts(&resident), format(SensitiveKind::ResidentId));
    measure("credit code", texts(&|n| credit(n.into())), format(SensitiveKind::CreditCode));
    measure("mobile", texts(&|n| format!("13{n:09}")), format(SensitiveKind::Mobile));
    measure("bank card", texts(&|n| card(n.into())), format(SensitiveKind::BankCard));
    measure(
        "name",
        texts(&|n| format!("张{}", ["伟", "芳", "小明"][n as usize % 3])),
        format(SensitiveKind::PersonName),
    );
    measure("address", texts(&|n| format!("浙江省湖州市德清县千秋街{n}号")), format(SensitiveKind::Address));
    measure("token", texts(&|n| format!("case-{n}")), MaskSpec::Token { domain: "x".into() });
    let numbers: ArrayRef = Arc::new((0..i64::from(rows)).collect::<Int64Array>());
    measure("integer token", numbers, MaskSpec::Token { domain: "x".into() });
}
