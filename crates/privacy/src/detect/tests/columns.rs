use std::sync::Arc;

use arrow::array::{BinaryArray, Date32Array, Float64Array, Int64Array, StringArray};

use crate::detect::*;
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

/// Bare, without the hyphen: told by the check digits of the column.
fn organization(index: u32) -> String {
    let body = index * 7_919 + 10_000_000;
    (0..=10)
        .map(|check| if check == 10 { format!("{body}X") } else { format!("{body}{check}") })
        .find(|code| crate::format::organization_code(code.as_bytes()))
        .unwrap()
}

fn vehicle(index: u32) -> String {
    let number = format!("LSVAM4180C2{:06}", index * 31);
    let check = char::from(crate::format::vin_check(number.as_bytes()).unwrap());
    format!("LSVAM418{check}C2{:06}", index * 31)
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
        (SensitiveKind::Landline, texts(|n| format!("0572-8{n:06}1"))),
        (SensitiveKind::Landline, texts(|n| format!("0572{}", 8_000_000 + n))),
        (SensitiveKind::TravelPermit, texts(|n| format!("H{n:08}"))),
        (SensitiveKind::TravelPermit, texts(|n| format!("C{n:08}"))),
        (SensitiveKind::IpAddress, texts(|n| format!("192.168.{}.{n}", n % 7))),
        (SensitiveKind::IpAddress, texts(|n| format!("2408:8207::{n:x}"))),
        (SensitiveKind::Coordinate, texts(|n| format!("119.96{n:04},30.53{n:04}"))),
        (SensitiveKind::EthnicGroup, texts(|n| ["汉族", "畲族", "回族"][n as usize % 3].to_owned())),
        (SensitiveKind::Religion, texts(|n| ["佛教", "道教"][n as usize % 2].to_owned())),
        (SensitiveKind::Medical, texts(|n| ["肺炎", "高血压", "2型糖尿病"][n as usize % 3].to_owned())),
        (SensitiveKind::OrganizationCode, texts(organization)),
        (SensitiveKind::Vin, texts(vehicle)),
        (SensitiveKind::General, texts(|n| format!("{}", n % 7))),
        (SensitiveKind::General, texts(|n| format!("{:09}", 314_159_265 + n * 7_919))),
        (SensitiveKind::General, texts(|n| ["教育", "卫生", "建筑业"][n as usize % 3].to_owned())),
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

#[test]
fn bytes_are_read_as_gb18030() {
    let (name, _, _) = encoding_rs::GB18030.encode("欧阳建国");
    let names: ArrayRef = Arc::new(BinaryArray::from_iter_values((0..50).map(|_| name.as_ref())));
    let proposal = propose(&["c1"], &names).unwrap();
    assert_eq!((proposal.kind, proposal.mask), (SensitiveKind::PersonName, MaskSpec::Null));
    assert_eq!(decode(&name).as_deref(), Some("欧阳建国"));
    assert_eq!(decode("李雷".as_bytes()).as_deref(), Some("李雷"));
    let picture: ArrayRef = Arc::new(BinaryArray::from_iter_values((0..50).map(|_| [0_u8, 1, 0xff, 0x80])));
    assert_eq!(propose(&["c1"], &picture).unwrap().kind, SensitiveKind::General);
}

#[test]
fn what_is_weak_counts_where_the_name_says_so() {
    let permits = texts(|n| format!("{:08}", 12_345_678 + n));
    assert_eq!(propose(&["c1"], &permits).unwrap().kind, SensitiveKind::General);
    assert_eq!(propose(&["tbz", "台胞证号"], &permits).unwrap().kind, SensitiveKind::TravelPermit);
    let codes = texts(|n| format!("E{:02}.{}", n % 90, n % 9));
    assert_eq!(propose(&["part_no"], &codes).unwrap().kind, SensitiveKind::General);
    assert_eq!(propose(&["icd10"], &codes).unwrap().kind, SensitiveKind::Medical);
    let vehicles = texts(|n| format!("WBA3A5C5XDF{:06}", 351_000 + n));
    assert_eq!(propose(&["vin"], &vehicles).unwrap().kind, SensitiveKind::Vin);
}

#[test]
fn numbers_have_the_place_of_what_their_name_says() {
    let longitude: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..200).map(|n| 119.9 + f64::from(n) / 1e4)));
    let proposal = propose(&["lng"], &longitude).unwrap();
    assert_eq!(
        (proposal.kind, proposal.label, proposal.level),
        (SensitiveKind::General, Label::Sensitive, 3)
    );
    assert_eq!(proposal.mask, MaskSpec::Noise { per_mille: 1 });
    let groups: ArrayRef = Arc::new(Int64Array::from_iter_values((0..200).map(|n| n % 56 + 1)));
    assert_eq!(propose(&["mzdm", "民族代码"], &groups).unwrap().label, Label::Quasi);
    assert_eq!(propose(&["delay"], &groups).unwrap().label, Label::Public);
}

#[test]
fn embedded_identifiers_make_a_text_as_sensitive_as_they_are() {
    for (kind, text) in [
        (SensitiveKind::Mobile, "请联系13800138000，谢谢"),
        (SensitiveKind::Email, "回执寄 a.b@example.com 即可"),
        (SensitiveKind::Passport, "材料：护照E12345678及照片"),
    ] {
        let proposal = propose(&["备注"], &texts(|_| text.to_owned())).unwrap();
        assert_eq!((proposal.kind, proposal.evidence.embedded), (kind, 200), "{text}");
    }
}

#[test]
fn lists_of_names_are_names() {
    let column = texts(|_| "张伟、李秀英、欧阳晓东".to_owned());
    assert_eq!(propose(&["c1"], &column).unwrap().kind, SensitiveKind::PersonName);
}

/// Columns as the demonstration's registers and open data have them: what is proposed for them is shown to
/// people there.
#[test]
fn the_columns_of_the_demonstration() {
    type Case<'a> = (&'a [&'a str], SensitiveKind, Label, fn(usize) -> String);
    let cases: &[Case<'_>] = &[
        (&["name", "姓名"], SensitiveKind::PersonName, Label::Identifier, |n| {
            format!(
                "{}{}{}",
                ["王", "俞", "欧阳"][n % 3],
                ["虚", "拟", "例", "样", "假"][n % 5],
                ["安", "舟", "木"][n % 3]
            )
        }),
        (&["legal_person"], SensitiveKind::PersonName, Label::Identifier, |n| {
            format!(
                "{}{}{}",
                ["王", "沈", "上官"][n % 3],
                ["虚", "拟", "设"][n % 3],
                ["山", "川", "梅"][n % 3]
            )
        }),
        (&["phone"], SensitiveKind::Mobile, Label::Identifier, |n| {
            format!("14{}{:08}", 2 + n % 2, n * 7_919 + 13)
        }),
        (&["address"], SensitiveKind::Address, Label::Sensitive, |n| {
            format!("浙江省虚构市样例县{}示范路{}号", ["东溪镇", "南浦街道"][n % 2], n + 1)
        }),
        (&["name", "单位名称"], SensitiveKind::OrganizationName, Label::Identifier, |n| {
            format!("虚构安{n}{}有限公司", ["道路货运", "软件开发"][n % 2])
        }),
        (&["industry"], SensitiveKind::General, Label::Public, |n| {
            ["道路货运", "旅客运输", "仓储物流", "餐饮服务", "软件开发", "机械制造", "农产品加工", "旅游服务"]
                [n % 8]
                .into()
        }),
        (&["licence_status"], SensitiveKind::General, Label::Public, |n| {
            ["有效", "过期", "注销", "吊销"][n % 4].into()
        }),
        (&["licence_no"], SensitiveKind::General, Label::Identifier, |n| format!("XK{n:08}")),
        (&["marital_status"], SensitiveKind::General, Label::Sensitive, |n| {
            ["未婚", "已婚", "离异", "丧偶"][n % 4].into()
        }),
        (&["sex"], SensitiveKind::General, Label::Quasi, |n| ["男", "女"][n % 2].into()),
        (&["carrier"], SensitiveKind::General, Label::Public, |n| ["UA", "AA", "9E"][n % 3].into()),
        (&["origin"], SensitiveKind::General, Label::Public, |n| ["EWR", "JFK", "LGA"][n % 3].into()),
        (&["tailnum"], SensitiveKind::General, Label::Public, |n| format!("N{}UA", 10_000 + n * 37)),
        (&["time_hour"], SensitiveKind::General, Label::Public, |n| {
            format!("2013-01-{:02} 05:00:00", n % 28 + 1)
        }),
    ];
    for (names, kind, label, value) in cases {
        let column = texts(|n| value(n as usize));
        let proposal = propose(names, &column).unwrap();
        assert_eq!((proposal.kind, proposal.label), (*kind, *label), "{names:?} {proposal:?}");
    }
}
