use super::*;

fn resident(text: &str) -> Option<ResidentId> {
    ResidentId::parse(text)
}

#[test]
fn resident_ids_by_the_standards_example() {
    // Source: GB 11643, appendix, both examples.
    for text in ["11010519491231002X", "440524188001010014", " 11010519491231002x "] {
        let parsed = resident(text).unwrap();
        let mut out = String::new();
        parsed.write(&mut out);
        assert_eq!(out, text.trim().to_uppercase());
    }
    for text in [
        "110105194912310020", // check digit
        "110105194902300021", // no such day
        "99010519491231002X", // no such province
        "1101051949123100",
        "11010519491231002Y",
        "",
        "一二三四五六",
    ] {
        assert_eq!(resident(text), None, "{text}");
    }
}

#[test]
fn credit_codes_round_trip() {
    // Published codes of well-known public companies.
    for text in ["91110000600037341L", "91440300708461136T", "91350100M000100Y43"] {
        let parsed = CreditCode::parse(text).unwrap();
        let mut out = String::new();
        parsed.write(&mut out);
        assert_eq!(out, text);
    }
    assert!(CreditCode::parse("91440300708461136T").unwrap().inner_is_valid());
    for text in ["91350100M000100Y44", "91350100M000100I43", "913501", ""] {
        assert_eq!(CreditCode::parse(text), None, "{text}");
    }
    assert_eq!(31_u64.pow(8), CREDIT_BODIES);
    for (value, digit) in CREDIT_DIGITS.iter().enumerate() {
        assert_eq!(credit_value(*digit).map(usize::from), Some(value));
    }
}

#[test]
fn bank_cards_round_trip() {
    for text in ["6222021234567890128", "4111111111111111"] {
        match BankCard::parse(text) {
            Some(card) => {
                let mut out = String::new();
                card.write(&mut out);
                assert_eq!(out, text);
            }
            None => assert_ne!(text, "4111111111111111"),
        }
    }
    assert_eq!(BankCard::parse("4111111111111112"), None);
    assert_eq!(BankCard::parse("0111111111111111"), None);
}

#[test]
fn mobiles_plates_passports_and_mail() {
    assert_eq!(parse_mobile("13800138000"), Some((138, 138_000)));
    assert_eq!(parse_mobile("+86 13800138000"), Some((138, 138_000)));
    assert_eq!(parse_mobile("12800138000"), None);
    for text in ["浙A12345", "浙EF12345", "京AD12345", "粤B12345F", "浙A1234学"] {
        let (province, authority, tail) = parse_plate(text).unwrap();
        let mut out = String::new();
        write_plate(&mut out, province, authority, tail);
        assert_eq!(out, text);
    }
    for text in ["A12345", "浙112345", "浙A1234", "浙A12I45", "浙A学1234", ""] {
        assert!(parse_plate(text).is_none(), "{text}");
    }
    for text in ["E12345678", "EA1234567", "G12345678"] {
        let (letters, value, digits) = parse_passport(text).unwrap();
        let mut out = String::new();
        write_passport(&mut out, letters, value, digits);
        assert_eq!(out, text);
    }
    assert!(parse_passport("A12345678").is_none());
    assert!(parse_email("a.b@example.com").is_some());
    assert!(parse_email("a b@example.com").is_none());
    assert!(parse_email("a@b").is_none());
}

#[test]
fn dates_in_every_shape() {
    for text in ["1990-01-31", "1990/01/31", "1990.01.31", "19900131", "1990年1月31日"] {
        let (days, shape) = parse_date(text).unwrap();
        assert_eq!(days, 7_335, "{text}");
        let mut out = String::new();
        write_date(&mut out, days, shape);
        assert_eq!(out, text);
    }
    for text in ["1990-02-30", "1990-1", "90-01-01", "199001310", "1990-01-31-1", "hello"] {
        assert!(parse_date(text).is_none(), "{text}");
    }
}

#[test]
fn the_calendar_agrees_with_base() {
    for days in (-60_000..60_000).step_by(7) {
        let parts = base::Date::from_days(days).parts();
        assert_eq!(civil_from_days(days), parts);
        assert_eq!(days_from_civil(parts.0, parts.1, parts.2), Some(days));
    }
}
