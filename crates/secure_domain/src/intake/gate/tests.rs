use std::sync::Arc;

use arrow::array::{Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;

use super::*;
use crate::protocol::CsvFormat;

fn csv(bytes: &[u8]) -> Result<(), String> {
    judged(bytes, &IntakeFormat::Csv(CsvFormat::default()))
}

fn judged(bytes: &[u8], format: &IntakeFormat) -> Result<(), String> {
    inspect(&Bytes::copy_from_slice(bytes), format).map_err(|error| {
        let Error::Intake(faults) = error else { panic!("{error:?}") };
        faults.listed[0].code.clone()
    })
}

#[test]
fn a_plain_table_passes_and_nothing_else_does() {
    for plain in [
        &b"id,name\n1,a\n"[..],
        b"\xef\xbb\xbfid,name\r\n1,\"a, \"\"b\"\"\"\r\n",
        "名称,金额\n样例公司,-12.5\n".as_bytes(),
        b"MZ_code,BM\n1,2\n",
        b"id,note\n1,\"two\nlines\"\n",
        b"PKey,n\n1,2\n",
        &[0xc3, 0xfb, 0xb3, 0xc6, b',', b'n', b'\n', b'1', b',', b'2', b'\n'],
    ] {
        assert_eq!(csv(plain), Ok(()), "{:?}", String::from_utf8_lossy(plain));
    }
    let mut polyglot = b"id,name\n1,a\n".to_vec();
    polyglot.extend(b"PK\x03\x04\x14\0\0\0");
    let eicar = [
        &b"id,name\n1,X5O!P%@AP[4\\PZX54(P^)7CC)7}$"[..],
        b"EICAR-STANDARD-",
        b"ANTIVIRUS-TEST-FILE!$H+H*\n",
    ]
    .concat();
    let cases: [(&[u8], &str); 16] = [
        (b"MZ\x90\0\x03\0\0\0", "gate.program"),
        (b"\x7fELF\x02\x01\x01", "gate.program"),
        (b"PK\x03\x04\x14\0\x06\0", "gate.archive"),
        (b"\x1f\x8b\x08\0", "gate.archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "gate.document"),
        (b"%PDF-1.7\n", "gate.document"),
        (b"#!/bin/sh\nid,n\n1,2\n", "gate.script"),
        (b"<html><body>", "gate.script"),
        (b"<!DOCTYPE html>", "gate.script"),
        (b"id,n\n1,<SCRIPT>alert(1)</script>\n", "gate.script"),
        (b"id,n\n1,a\0b\n", "gate.control"),
        (b"id,n\n1,ab\"c\n", "gate.quotes"),
        (b"id,n\n1,\"open\n", "gate.quotes"),
        (b"id,n\n1,TVqQAAMAAAAEAAAA//8\n", "gate.program"),
        (&polyglot, "gate.control"),
        (&eicar, "gate.malware"),
    ];
    for (bytes, code) in cases {
        assert_eq!(csv(bytes), Err(code.to_owned()), "{:?}", String::from_utf8_lossy(bytes));
    }
}

fn parquet() -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("name", DataType::Utf8, true),
    ]));
    let ids = Arc::new(Int64Array::from_iter_values(0..1_000));
    let names = Arc::new(StringArray::from_iter_values((0..1_000).map(|n| format!("名称{n}"))));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![ids, names]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn nothing_hides_between_the_parts_of_a_parquet_file() {
    let whole = parquet();
    assert_eq!(judged(&whole, &IntakeFormat::Parquet), Ok(()));
    let footer = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().unwrap()) as usize;
    let at = whole.len() - 8 - footer;
    let mut stuffed = whole[..at].to_vec();
    stuffed.extend(b"a program of some sort");
    stuffed.extend(&whole[at..]);
    assert_eq!(judged(&stuffed, &IntakeFormat::Parquet), Err("gate.hidden".to_owned()));
    let mut behind = whole.clone();
    behind.extend(b"more");
    assert_eq!(judged(&behind, &IntakeFormat::Parquet), Err("parquet.format".to_owned()));
    let before = [b"#!/bin/sh\n".as_slice(), &whole].concat();
    assert_eq!(judged(&before, &IntakeFormat::Parquet), Err("gate.script".to_owned()));
}

#[test]
fn values_that_a_spreadsheet_would_carry_out_are_refused() {
    for plain in [
        "-12.5",
        "+86 572 8012346",
        "+86 (0572) 8012346",
        "-某公司（样例）",
        "@样例",
        "-",
        "=",
        "a=b",
        "南=北",
        "A-1(b)",
    ] {
        assert_eq!(value(plain), None, "{plain}");
    }
    for (bad, code) in [
        ("=1+1", "gate.formula"),
        (" =HYPERLINK(\"http://x\")", "gate.formula"),
        ("@SUM(A1)", "gate.formula"),
        ("+cmd|' /C calc'!A0", "gate.formula"),
        ("-2+3+cmd|'x'!A0", "gate.formula"),
        ("a\u{1b}[2J", "gate.control"),
        ("javascript:alert(1)", "gate.script"),
    ] {
        assert_eq!(value(bad), Some(code), "{bad}");
    }
}
