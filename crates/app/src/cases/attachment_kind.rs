//! What kinds of files cases take: papers, tables, pictures and archives. No programs.

/// The endings of file names that are taken, each with how such a file begins; empty for plain text.
const KINDS: &[(&str, &[u8])] = &[
    ("pdf", b"%PDF"),
    ("ofd", b"PK\x03\x04"),
    ("docx", b"PK\x03\x04"),
    ("xlsx", b"PK\x03\x04"),
    ("pptx", b"PK\x03\x04"),
    ("zip", b"PK\x03\x04"),
    ("doc", b"\xd0\xcf\x11\xe0"),
    ("xls", b"\xd0\xcf\x11\xe0"),
    ("wps", b"\xd0\xcf\x11\xe0"),
    ("et", b"\xd0\xcf\x11\xe0"),
    ("png", b"\x89PNG"),
    ("jpg", b"\xff\xd8\xff"),
    ("jpeg", b"\xff\xd8\xff"),
    ("md", b""),
    ("txt", b""),
    ("csv", b""),
];
/// How programs and scripts begin, whatever they are called.
const PROGRAMS: [&[u8]; 8] = [
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
];

/// The endings that are taken, for forms.
pub fn endings() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(ending, _)| *ending)
}

/// Why a file is not taken, as a stable code.
pub(super) fn refused(name: &str, bytes: &[u8]) -> Option<&'static str> {
    if PROGRAMS.iter().any(|beginning| bytes.starts_with(beginning)) {
        return Some("attachment.program");
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    let Some((_, beginning)) = KINDS.iter().find(|(known, _)| *known == ending) else {
        return Some("attachment.kind");
    };
    // Text has no beginning of its own, but it holds no zero bytes.
    let is_such = if beginning.is_empty() { !bytes.contains(&0) } else { bytes.starts_with(beginning) };
    (!is_such).then_some("attachment.content")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn papers_are_taken_and_programs_are_not() {
        let files: [(&str, &[u8], Option<&str>); 10] = [
            ("审计报告.pdf", b"%PDF-1.7", None),
            ("a.PDF", b"%PDF-1.7", None),
            ("说明.md", "# 说明".as_bytes(), None),
            ("a.exe", b"MZ\x90\x00", Some("attachment.program")),
            ("a.pdf", b"MZ\x90\x00", Some("attachment.program")),
            ("a.txt", b"#!/bin/sh", Some("attachment.program")),
            ("a.exe", b"text", Some("attachment.kind")),
            ("pdf", b"%PDF-1.7", Some("attachment.kind")),
            ("a.pdf", b"PK\x03\x04", Some("attachment.content")),
            ("a.txt", b"a\0b", Some("attachment.content")),
        ];
        for (name, bytes, expected) in files {
            assert_eq!(refused(name, bytes), expected, "{name} {bytes:?}");
        }
    }
}
