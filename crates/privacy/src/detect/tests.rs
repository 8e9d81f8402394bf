use std::sync::Arc;

use arrow::array::{Date32Array, Int64Array, StringArray};

use super::*;
use crate::format::{BankCard, CreditCode, ResidentId};

fn texts(make: impl Fn(u32) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..200).map(make)))
}

fn resident(index: u32) -> String {
    let mut out = String::new();
    ResidentId { region: 330_521, birth: 3_000 + index.cast_signed() * 31, sequence: 10 }.write(&mut out);
    out
}

fn credit(index: u32) -> String {
    let mut out = String::new();
    CreditCode { head: *b"91330521", body: u64::from(index) * 104_729, inner: 3 }.write(&mut out);
    out
}

fn card(index: u32) -> String {
    let mut out = String::new();
    BankCard { issuer: 622_202, account: u64::from(index) * 7_919, account_digits: 12 }.write(&mut out);
    out
}

#[test]
fn kinds_are_found_by_value_whatever_the_name() {
    let names = ["王芳", "李建国", "欧阳修", "赵敏", "陈晓东"];
    let table: Vec<(SensitiveKind, ArrayRef)> = vec![
        (SensitiveKind::ResidentId, texts(resident)),
        (SensitiveKind::CreditCode, texts(credit)),
        (SensitiveKind::BankCard, texts(card)),
        (SensitiveKind::Mobile, texts(|n| format!("139{:08}", n * 31))),
        (SensitiveKind::Mobile, Arc::new(Int64Array::from_iter_values((0..200).map(|n| 13_900_000_000 + n)))),
        (SensitiveKind::Plate, texts(|n| format!("浙E{n:05}"))),
        (SensitiveKind::Plate, texts(|n| format!("浙ED{n:05}"))),
        (SensitiveKind::Passport, texts(|n| format!("E{n:08}"))),
        (SensitiveKind::Email, texts(|n| format!("a{n}@example.com"))),
        (SensitiveKind::PersonName, texts(|n| names[n as usize % 5].to_owned())),
        (SensitiveKind::OrganizationName, texts(|n| format!("德清第{n}茶叶有限公司"))),
        (SensitiveKind::Address, texts(|n| format!("浙江省湖州市德清县千秋街{n}号"))),
        (SensitiveKind::General, texts(|n| format!("{}", n % 7))),
        (SensitiveKind::General, texts(|n| ["晴", "多云", "小雨"][n as usize % 3].to_owned())),
        (SensitiveKind::General, texts(|n| format!("2026-01-{:02}", n % 28 + 1))),
        (SensitiveKind::General, texts(|_| String::new())),
        (SensitiveKind::General, Arc::new(StringArray::new_null(200))),
    ];
    for (kind, column) in table {
        let proposal = propose(&["c1"], &column).unwrap();
        assert_eq!(proposal.kind, kind, "{proposal:?}");
        assert_eq!(proposal.label, kind.label());
        if kind != SensitiveKind::General {
            assert!(proposal.confidence >= 50 && proposal.evidence.sampled == 200, "{proposal:?}");
            assert!(proposal.mask.hides_identifier());
        }
    }
}

#[test]
fn a_few_identity_numbers_among_other_things_are_enough() {
    let column = texts(|n| if n % 20 == 0 { resident(n) } else { "无".into() });
    let proposal = propose(&["备注"], &column).unwrap();
    assert_eq!(proposal.kind, SensitiveKind::ResidentId);
    assert_eq!(proposal.evidence.checksum_valid, 10);
    let column = texts(|n| format!("办理人证件{}，已核对", resident(n)));
    let proposal = propose(&["备注"], &column).unwrap();
    assert_eq!((proposal.kind, proposal.evidence.embedded), (SensitiveKind::ResidentId, 200));
    let broken = texts(|n| format!("3305211990010112{:02}", n % 90));
    assert_ne!(propose(&["c1"], &broken).unwrap().confidence, 100);
}

#[test]
fn names_of_columns_help() {
    let dates: ArrayRef = Arc::new(Date32Array::from_iter_values(0..200));
    assert_eq!(propose(&["csrq", "出生日期"], &dates).unwrap().kind, SensitiveKind::BirthDate);
    assert_eq!(propose(&["issued", "发证日期"], &dates).unwrap().kind, SensitiveKind::General);
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..200).map(|n| n % 90)));
    let age = propose(&["age"], &numbers).unwrap();
    assert_eq!((age.kind, age.label), (SensitiveKind::General, Label::Quasi));
    let income = propose(&["income", "月收入"], &numbers).unwrap();
    assert_eq!((income.label, income.mask.name()), (Label::Sensitive, "noise"));
    assert_eq!(propose(&["page"], &numbers).unwrap().label, Label::Public);
    let keys = propose(&["permit_id"], &texts(|n| format!("P-{n}"))).unwrap();
    assert_eq!((keys.label, keys.mask.name()), (Label::Identifier, "token"));
    for (name, kind) in [
        ("driver_name", SensitiveKind::PersonName),
        ("name", SensitiveKind::PersonName),
        ("xm", SensitiveKind::PersonName),
        ("姓名", SensitiveKind::PersonName),
        ("phone", SensitiveKind::Mobile),
        ("tel", SensitiveKind::Mobile),
        ("联系电话", SensitiveKind::Mobile),
        ("id_card", SensitiveKind::ResidentId),
        ("sfzh", SensitiveKind::ResidentId),
        ("address", SensitiveKind::Address),
        ("dz", SensitiveKind::Address),
        ("plate_no", SensitiveKind::Plate),
        ("passport", SensitiveKind::Passport),
        ("birth", SensitiveKind::BirthDate),
        ("station_name", SensitiveKind::General),
        ("column_name", SensitiveKind::General),
        ("telemetry", SensitiveKind::General),
    ] {
        let proposal = propose(&[name], &texts(|n| format!("张{n}"))).unwrap();
        assert_eq!(proposal.kind, kind, "{name} {proposal:?}");
    }
    let nothing = propose(&["c1"], &texts(|n| format!("张{n}"))).unwrap();
    assert!(nothing.confidence <= 70, "that nothing was found is no certainty: {nothing:?}");
    let empty: ArrayRef = Arc::new(StringArray::new_null(0));
    let hinted = propose(&["身份证号"], &empty).unwrap();
    assert_eq!((hinted.kind, hinted.confidence), (SensitiveKind::ResidentId, 50));
}

#[test]
fn places_are_no_people() {
    let stations = ["武康站", "余英坊", "莫干山", "乾元镇", "新市", "钟管"];
    let column = texts(|n| stations[n as usize % 6].to_owned());
    assert_eq!(propose(&["站点"], &column).unwrap().kind, SensitiveKind::General);
    let ends = texts(|n| ["武康站", "于家村", "余家桥", "王府路"][n as usize % 4].to_owned());
    assert_eq!(propose(&["c1"], &ends).unwrap().kind, SensitiveKind::General);
}

#[test]
fn proposals_hold_no_values() {
    let json = serde_json::to_string(&propose(&["c1"], &texts(resident)).unwrap()).unwrap();
    assert!((0..200).all(|n| !json.contains(&resident(n))));
    assert!(!json.contains("330521"));
}
