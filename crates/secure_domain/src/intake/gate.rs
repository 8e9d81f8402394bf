//! The gate for files from outside the public sector (社会数据): nothing comes in but a plain table.
//!
//! There is no signature scanner here and none is promised. What is done instead is narrower and complete in itself: the
//! delivered bytes are never kept, only the values that a strict reader finds in them, and a file that is anything else as
//! well — a program, an archive, a document, a script, a table with something between its parts — is refused. Refusals
//! name the sort, never the bytes.

use arrow::array::{Array, AsArray, RecordBatch};
use bytes::Bytes;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use super::faults::whole;
use crate::Error;
use crate::protocol::IntakeFormat;

#[cfg(test)]
mod tests;

/// How files of other sorts begin.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"MZ", "gate.program"),
    (b"\x7fELF", "gate.program"),
    (b"\xfe\xed\xfa", "gate.program"),
    (b"\xcf\xfa\xed\xfe", "gate.program"),
    (b"\xce\xfa\xed\xfe", "gate.program"),
    (b"\xca\xfe\xba\xbe", "gate.program"),
    (b"\0asm", "gate.program"),
    (b"dex\n", "gate.program"),
    (b"!<arch>", "gate.program"),
    (b"L\0\0\0\x01\x14\x02\0", "gate.program"),
    (b"#!", "gate.script"),
    (b"<?", "gate.script"),
    (b"<!", "gate.script"),
    (b"<html", "gate.script"),
    (b"@echo", "gate.script"),
    (b"PK", "gate.archive"),
    (b"\x1f\x8b", "gate.archive"),
    (b"BZh", "gate.archive"),
    (b"\xfd7zXZ", "gate.archive"),
    (b"7z\xbc\xaf", "gate.archive"),
    (b"Rar!", "gate.archive"),
    (b"\x28\xb5\x2f\xfd", "gate.archive"),
    (b"MSCF", "gate.archive"),
    (b"%PDF", "gate.document"),
    (b"{\\rtf", "gate.document"),
    (b"\xd0\xcf\x11\xe0", "gate.document"),
    (b"SQLite format 3", "gate.document"),
    (b"\x89PNG", "gate.picture"),
    (b"GIF8", "gate.picture"),
    (b"\xff\xd8\xff", "gate.picture"),
    (b"BM", "gate.picture"),
    (b"RIFF", "gate.picture"),
];

/// What no table of records has anywhere, in lower case.
const ANYWHERE: &[(&[u8], &str)] = &[
    (b"eicar-standard-antivirus-test-file", "gate.malware"),
    (b"this program cannot be run in dos mode", "gate.program"),
    (b"%pdf-1", "gate.document"),
    (b"vbaproject.bin", "gate.macro"),
    (b"<script", "gate.script"),
    (b"<?php", "gate.script"),
    (b"<?xml", "gate.script"),
    (b"javascript:", "gate.script"),
    (b"powershell -", "gate.script"),
    (b"#!/bin/", "gate.script"),
    (b"tvqqaamaaaaeaaaa", "gate.program"),
    (b"pk\x03\x04", "gate.archive"),
    (b"pk\x05\x06", "gate.archive"),
];

/// Longest entry of [`ANYWHERE`], less one: so much of a piece may begin in the piece before.
const OVERLAP: usize = 40;

/// Looks at a delivered file before anything reads it.
///
/// # Errors
/// `domain.intake` with one fault of the file as a whole.
pub(super) fn inspect(bytes: &Bytes, format: &IntakeFormat) -> Result<(), Error> {
    let refuse = |code: &str| Err(whole(0, code));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match format {
        IntakeFormat::Csv(_) => {
            // What is no text shows itself by its control bytes; what is text has to be known by how it begins.
            let lower: Vec<u8> = text.iter().take(16).map(u8::to_ascii_lowercase).collect();
            let readable = |with: &[u8]| with.iter().all(|byte| (0x20..0x7f).contains(byte));
            let known = BEGINNINGS.iter().find(|(with, code)| {
                readable(with)
                    && matches!(*code, "gate.script" | "gate.document")
                    && lower.starts_with(&with.to_ascii_lowercase())
            });
            if let Some((_, code)) = known {
                return refuse(code);
            }
            if let Some(code) = control(text).or_else(|| anywhere(text)) {
                return refuse(code);
            }
            if let Some(code) = quotes(text) {
                return refuse(code);
            }
            Ok(())
        }
        IntakeFormat::Parquet => {
            if let Some((_, code)) = BEGINNINGS.iter().find(|(with, _)| text.starts_with(with)) {
                return refuse(code);
            }
            if let Some(code) = anywhere(text) {
                return refuse(code);
            }
            hidden(bytes)
        }
    }
}

/// Bytes that no text has: a file with them is two files at once, or none.
fn control(text: &[u8]) -> Option<&'static str> {
    let strange = |byte: &u8| (*byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n')) || *byte == 0x7f;
    if !text.iter().any(strange) {
        return None;
    }
    let early = BEGINNINGS.iter().find(|(with, _)| text.starts_with(with));
    Some(early.map_or("gate.control", |(_, code)| code))
}

fn anywhere(bytes: &[u8]) -> Option<&'static str> {
    let mut seen = Vec::new();
    for piece in bytes.chunks(1 << 20) {
        let kept = seen.len().saturating_sub(OVERLAP);
        seen.drain(..kept);
        seen.extend(piece.iter().map(u8::to_ascii_lowercase));
        for (what, code) in ANYWHERE {
            let Some(first) = what.first() else { continue };
            let mut rest = seen.as_slice();
            while let Some(place) = rest.iter().position(|byte| byte == first) {
                rest = rest.get(place..).unwrap_or_default();
                if rest.starts_with(what) {
                    return Some(code);
                }
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    None
}

/// A quotation mark stands at the ends of a field or doubled inside one; a file in which it does not can be read in two
/// ways.
fn quotes(text: &[u8]) -> Option<&'static str> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Bare,
        Quoted,
        AfterQuote,
    }
    let mut at = At::Start;
    for byte in text {
        at = match (at, byte) {
            (At::Start, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::AfterQuote,
            (At::Quoted, _) => At::Quoted,
            (At::AfterQuote, b'"') => At::Quoted,
            (At::Start | At::Bare | At::AfterQuote, b',' | b'\n' | b'\r') => At::Start,
            (At::Start | At::Bare, byte) if *byte != b'"' => At::Bare,
            _ => return Some("gate.quotes"),
        };
    }
    (at == At::Quoted).then_some("gate.quotes")
}

/// Whether something lies between the parts that a Parquet file's footer names.
fn hidden(bytes: &Bytes) -> Result<(), Error> {
    let format = || whole(0, "parquet.format");
    if !bytes.starts_with(b"PAR1") || !bytes.ends_with(b"PAR1") {
        return Err(format());
    }
    let metadata = ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Skip)
        .parse_and_finish(bytes)
        .map_err(|_| format())?;
    let mut parts = named(&metadata).ok_or_else(format)?;
    let length = bytes.len().checked_sub(8).and_then(|at| bytes.get(at..)?.first_chunk().copied());
    let footer = length.map(u32::from_le_bytes).and_then(|length| usize::try_from(length).ok());
    let footer = footer.and_then(|length| bytes.len().checked_sub(8)?.checked_sub(length));
    parts.push((footer.ok_or_else(format)?, bytes.len()));
    parts.sort_unstable();
    let mut end = 0;
    for (start, until) in parts {
        let between = bytes.get(end..start.max(end)).unwrap_or_default();
        if between.iter().any(|byte| *byte != 0) {
            return Err(whole(0, "gate.hidden"));
        }
        end = end.max(until);
    }
    if end == bytes.len() { Ok(()) } else { Err(whole(0, "gate.hidden")) }
}

/// All parts of the file that its footer names, and its mark.
fn named(metadata: &ParquetMetaData) -> Option<Vec<(usize, usize)>> {
    let range = |start: i64, bytes: i64| {
        let start = usize::try_from(start).ok()?;
        Some((start, start.checked_add(usize::try_from(bytes).ok()?)?))
    };
    let mut parts = vec![(0, 4)];
    for group in metadata.row_groups() {
        for column in group.columns() {
            let (start, bytes) = column.byte_range();
            parts.push(range(i64::try_from(start).ok()?, i64::try_from(bytes).ok()?)?);
            let indexes = [
                (column.column_index_offset(), column.column_index_length()),
                (column.offset_index_offset(), column.offset_index_length()),
                (column.bloom_filter_offset(), column.bloom_filter_length()),
            ];
            for (start, bytes) in indexes {
                if let (Some(start), Some(bytes)) = (start, bytes) {
                    parts.push(range(start, i64::from(bytes))?);
                }
            }
        }
    }
    Some(parts)
}

/// Looks at the values themselves: a text that a spreadsheet would carry out, or what no table has.
///
/// # Errors
/// `domain.intake` naming the column.
pub(super) fn inspect_values(batch: &RecordBatch) -> Result<(), Error> {
    for (index, column) in batch.columns().iter().enumerate() {
        let Some(texts) = column.as_string_opt::<i32>() else { continue };
        for text in (0..texts.len()).filter(|row| texts.is_valid(*row)).map(|row| texts.value(row)) {
            if let Some(code) = value(text) {
                return Err(whole(index + 1, code));
            }
        }
    }
    Ok(())
}

/// Whether a text that begins like a number or a name goes on like a formula: a call, or a command of another program.
fn calls(rest: std::str::Chars<'_>) -> bool {
    let mut before = ' ';
    for c in rest {
        if matches!(c, '|' | '!') || (c == '(' && before.is_alphabetic()) {
            return true;
        }
        before = c;
    }
    false
}

fn value(text: &str) -> Option<&'static str> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')) {
        return Some("gate.control");
    }
    let mut rest = text.trim_start().chars();
    let formula = match rest.next() {
        Some('=') => rest.next().is_some(),
        Some('+' | '-' | '@') => calls(rest),
        _ => false,
    };
    if formula { Some("gate.formula") } else { anywhere(text.as_bytes()) }
}
