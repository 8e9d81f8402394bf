use proptest::prelude::*;

use super::*;

fn column(name: &str, data_type: DataType, nullable: bool) -> Column {
    Column {
        name: name.into(),
        label_zh: String::new(),
        data_type,
        nullable,
        classification: None,
        proposal: None,
        declared: privacy::ir::Declared::default(),
    }
}

#[test]
fn types_are_inferred_from_texts() {
    let table: &[(&str, &[&str])] = &[
        ("text", &[]),
        ("text", &["", ""]),
        ("integer", &["1", "", "-20"]),
        ("text", &["0571", "010"]),
        ("integer", &["0", "7"]),
        ("text", &["13800138000", "13900139000"]),
        ("text", &["330521199001011234"]),
        ("integer", &["13800138000", "5"]),
        ("decimal(18,2)", &["1.5", "20.25", "-3"]),
        ("float", &["1.123456", "2"]),
        ("float", &["1e5", "2"]),
        ("text", &["NaN", "inf"]),
        ("boolean", &["true", "false"]),
        ("text", &["是", "否"]),
        ("date", &["2024-02-29", "2023-01-01"]),
        ("text", &["2023-02-29"]),
        ("timestamp", &["2024-02-29 10:30:00", "2024-02-29T10:30:00.5Z", "2024-02-29 10:30"]),
        ("text", &["2024-02-29 25:30:00"]),
        ("text", &["1", "x"]),
    ];
    for (expected, samples) in table {
        assert_eq!(infer(samples.iter().copied()).to_string(), *expected, "{samples:?}");
    }
}

#[test]
fn rows_are_checked_by_place_and_never_by_value() {
    let columns = [
        column("id", DataType::Integer, false),
        column("day", DataType::Date, true),
        column("price", DataType::Decimal { precision: 4, scale: 2 }, true),
    ];
    let mut report = Report::default();
    assert!(report.check_row(&columns, ["1", "2024-01-01", "12.34"]));
    assert!(report.check_row(&columns, ["2", "", ""]));
    assert!(!report.check_row(&columns, ["", "2024-13-01", "123.4"]));
    assert!(!report.check_row(&columns, ["4"]));
    assert!(!report.check_row(&columns, ["5", "2024-01-01", "1", "secret"]));
    assert!(!report.check_row(&columns, ["6", "a\u{fffd}", "1"]));
    let places: Vec<_> =
        report.faults.iter().map(|fault| (fault.row, fault.column, fault.kind.code())).collect();
    assert_eq!(
        places,
        [
            (3, 1, "csv.empty"),
            (3, 2, "csv.type"),
            (3, 3, "csv.type"),
            (4, 0, "csv.field_count"),
            (5, 0, "csv.field_count"),
            (6, 2, "csv.encoding"),
        ]
    );
    assert!(!serde_json::to_string(&report).unwrap().contains("secret"));
    let mut many = Report::default();
    for _ in 0..FAULTS_MAX + 5 {
        many.check_row(&columns, ["x"]);
    }
    assert_eq!((many.faults.len(), many.total), (FAULTS_MAX, 2 * (FAULTS_MAX as u64 + 5)));
}

#[test]
fn headers_are_checked() {
    assert_eq!(check_header(["\u{feff}编号", " name "]).unwrap(), ["编号", "name"]);
    for (names, code) in [
        (vec![], "catalog.missing"),
        (vec!["a", "A"], "catalog.duplicate_name"),
        (vec!["a", ""], "catalog.name"),
        (vec!["a;drop"], "catalog.name"),
        (vec!["__key"], "catalog.name"),
    ] {
        assert_eq!(check_header(names).unwrap_err().code(), code);
    }
    let many: Vec<String> = (0..501).map(|n| format!("c{n}")).collect();
    assert_eq!(check_header(many.iter().map(String::as_str)).unwrap_err().code(), "catalog.too_many_columns");
}

proptest! {
    #[test]
    fn an_inferred_type_fits_its_samples(samples in proptest::collection::vec("(-?[0-9]{1,6}(\\.[0-9]{1,6})?|[a-z]{0,3}|20[0-9]{2}-[01][0-9]-[0-3][0-9])", 0..20)) {
        let data_type = infer(samples.iter().map(String::as_str));
        for sample in samples.iter().filter(|sample| !sample.is_empty()) {
            prop_assert!(fits(sample, data_type), "{} {}", sample, data_type);
        }
    }

    #[test]
    fn no_text_makes_a_check_panic(text in "\\PC{0,40}") {
        for data_type in [DataType::Integer, DataType::Decimal { precision: 18, scale: 2 }, DataType::Date, DataType::Timestamp] {
            let _ = fits(&text, data_type);
        }
        let _ = infer([text.as_str()]);
    }
}
