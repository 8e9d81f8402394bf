use base::Digest;
use encoding_rs::GB18030;
use privacy::{DataType, SensitiveKind};

use super::*;
use crate::fixture::{object, ring};
use crate::objects::{ObjectFile, ObjectRows};
use crate::protocol::{CsvFormat, OutputColumn};

fn take(bytes: &[u8], stated: &[OutputColumn]) -> (tempfile::TempDir, Result<IntakeDone, Error>) {
    take_as(IntakeFormat::Csv(CsvFormat::default()), bytes, stated)
}

fn take_as(
    format: IntakeFormat,
    bytes: &[u8],
    stated: &[OutputColumn],
) -> (tempfile::TempDir, Result<IntakeDone, Error>) {
    let dir = tempfile::tempdir().unwrap();
    let order =
        IntakeOrder { upload: 1, format, columns: stated.to_vec(), strict: false, into: object(1, "data") };
    let done = take_in(dir.path(), &ring(), &order, Bytes::copy_from_slice(bytes));
    (dir, done)
}

fn faults(bytes: &[u8]) -> Vec<(u64, u32, String)> {
    let (dir, done) = take(bytes, &[]);
    let Err(Error::Intake(faults)) = done else { panic!("{done:?}") };
    // Nothing of a refused file is left.
    assert!(
        std::fs::read_dir(dir.path())
            .unwrap()
            .all(|entry| { std::fs::read_dir(entry.unwrap().path()).unwrap().next().is_none() })
    );
    faults.listed.into_iter().map(|fault| (fault.row, fault.column, fault.code)).collect()
}

const REGISTER: &str = "\
企业名称,统一社会信用代码,成立日期,注册资本,员工数,在营,更新时间\n\
甲有限公司,91330521MA2B3C4D5E,2015-03-01,100.50,12,true,2026-01-02 03:04\n\
\"乙,丙有限公司\",91330521MA2B3C4D5F,2016-04-02,2000.00,,false,2026-01-02 03:04:05\n";

#[test]
fn utf8_with_and_without_mark_and_gb18030_give_the_same_rows() {
    let marked = [b"\xef\xbb\xbf", REGISTER.as_bytes()].concat();
    let (gb18030, _, _) = GB18030.encode(REGISTER);
    let mut seen = Vec::new();
    for (bytes, encoding) in [(REGISTER.as_bytes(), "utf-8"), (&marked, "utf-8"), (&gb18030, "gb18030")] {
        let (dir, done) = take(bytes, &[]);
        let done = done.unwrap();
        assert_eq!(done.encoding, encoding);
        assert_eq!(done.written.rows, 2);
        let file = Arc::new(ObjectFile::open(dir.path(), &ring(), &object(1, "data")).unwrap());
        let rows: Vec<_> = ObjectRows::open(&file, None).unwrap().map(|batch| batch.unwrap()).collect();
        seen.push((done.columns.iter().map(|c| (c.name.clone(), c.data_type)).collect::<Vec<_>>(), rows));
    }
    let types: Vec<DataType> = seen[0].0.iter().map(|(_, data_type)| *data_type).collect();
    let money = DataType::Decimal { precision: 18, scale: 2 };
    use DataType::{Boolean, Date, Integer, Text, Timestamp};
    assert_eq!(types, [Text, Text, Date, money, Integer, Boolean, Timestamp]);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert_eq!(seen[0].1[0].column(4).null_count(), 1);
}

#[test]
fn faults_name_row_column_and_code_and_never_a_value() {
    let mut text = String::from("编号,数量,日期\n");
    for row in 1..=300 {
        text.push_str(&match row {
            17 => "R17,5\n".to_owned(),
            40 => "R40,5,2026-01-01,more\n".to_owned(),
            80 => "R80,many,2026-01-01\n".to_owned(),
            120 => "R120,5,2026-02-30\n".to_owned(),
            row => format!("R{row},{row},2026-01-01\n"),
        });
    }
    let expected = [
        (17, 0, "csv.field_count".to_owned()),
        (40, 0, "csv.field_count".to_owned()),
        (80, 2, "csv.type".to_owned()),
        (120, 3, "csv.type".to_owned()),
    ];
    assert_eq!(faults(text.as_bytes()), expected);
    // The same in GB18030, with one damaged character more.
    let (mut bytes, _, _) = GB18030.encode(&text);
    let at = bytes.windows(4).position(|window| window == b"R200").unwrap();
    bytes.to_mut()[at] = 0xff;
    let found = faults(&bytes);
    assert_eq!(found[..4], expected);
    assert_eq!(found[4], (200, 1, "csv.encoding".to_owned()));
}

#[test]
fn damaged_utf8_is_reported_as_damage_not_as_another_encoding() {
    let mut bytes = "名称,数\n".as_bytes().to_vec();
    for row in 0..100 {
        bytes.extend_from_slice(format!("德清县人民政府,{row}\n").as_bytes());
    }
    let at = bytes.len() / 2;
    let at = at + bytes[at..].iter().position(|byte| *byte == b'\n').unwrap() + 2;
    bytes[at] = b'x';
    let found = faults(&bytes);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].1, found[0].2.as_str()), (1, "csv.encoding"));
}

#[test]
fn bad_files_as_a_whole() {
    for (bytes, code) in [
        (&b"a,b\n"[..], "csv.no_rows"),
        (b"", "catalog.missing"),
        (b"a,A\n1,2\n", "catalog.duplicate_name"),
        (b"a,\n1,2\n", "catalog.name"),
        (b"a,__b\n1,2\n", "catalog.name"),
        (b"\xff\xfea\x00", "csv.utf16"),
    ] {
        assert_eq!(faults(bytes), [(0, 0, code.to_owned())], "{code}");
    }
    let (_dir, done) = take_as(IntakeFormat::Parquet, b"PAR1 not really", &[]);
    assert_eq!(done.unwrap_err().code(), "domain.intake");
}

#[test]
fn fault_lists_are_bounded() {
    let text = "a,b\n".to_owned() + &"1\n".repeat(5_000);
    let (_dir, done) = take(text.as_bytes(), &[]);
    let Err(Error::Intake(faults)) = done else { panic!() };
    assert_eq!((faults.total, faults.listed.len(), faults.rows), (5_000, 1_000, 5_000));
}

#[test]
fn types_are_as_stated_or_the_narrowest_that_fit() {
    let stated = [OutputColumn { name: "code".to_owned(), data_type: DataType::Text }];
    let mut text = String::from("code,mixed,late\n");
    for row in 0..40_000 {
        let late = if row > 30_000 { "1.5" } else { "1" };
        let mixed = if row % 3 == 0 { "x" } else { "1" };
        text.push_str(&format!("{row},{mixed},{late}\n"));
    }
    let (_dir, done) = take(text.as_bytes(), &stated);
    let types: Vec<_> = done.unwrap().columns.iter().map(|column| column.data_type).collect();
    assert_eq!(types, [DataType::Text, DataType::Text, DataType::Decimal { precision: 18, scale: 1 }]);
}

#[test]
fn profiles_and_proposals_hold_counts() {
    let mut text = String::from("手机号码,区域\n");
    for row in 0..500 {
        text.push_str(&format!("138{:08},区{}\n", row * 7_919, row % 5));
    }
    let (_dir, done) = take(text.as_bytes(), &[]);
    let done = done.unwrap();
    assert_eq!(done.columns[0].proposal.kind, SensitiveKind::Mobile);
    assert!((490..=510).contains(&done.columns[0].distinct_approx));
    assert_eq!((done.columns[1].distinct_approx, done.columns[1].nulls), (5, 0));
    let json = serde_json::to_string(&done).unwrap();
    // Long enough that a digest does not hold it by chance.
    assert!(!json.contains("13800") && !json.contains("区1"));
}

#[test]
fn parquet_files_are_taken_in() {
    let batch = crate::fixture::visits();
    let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let (dir, done) = take_as(IntakeFormat::Parquet, &writer.into_inner().unwrap(), &[]);
    let done = done.unwrap();
    assert_eq!((done.written.rows, done.columns.len()), (4_000, 4));
    let sealed = std::fs::read(crate::objects::object_path(dir.path(), done.written.object)).unwrap();
    assert_eq!(Digest::of(&sealed), done.written.digest);
}
