//! Released cells as a table and as bars.

use base::{Date, Timestamp};

use crate::{CHART_BARS_MAX, Chart, DocumentError, Sheet, Stamp, draw_chart, print_sheet};

const HOSTILE: &[&str] =
    &["</text><script>alert(1)</script>", "#import \"x\"", "&amp;\"'", "a\nb\tc", "*b* _i_ $x$", "𝕊\u{7}"];

fn stamp() -> Stamp {
    Stamp {
        number: String::new(),
        paper_number: String::new(),
        issuer: "样例数运公司".to_owned(),
        procedure: String::new(),
        on: Date::new(2026, 10, 26).unwrap(),
        at: Timestamp::from_micros(1_790_000_000_000_000),
        verification: None,
    }
}

fn cells(rows: usize) -> Vec<Vec<String>> {
    (0..rows)
        .map(|row| {
            vec![HOSTILE[row % HOSTILE.len()].to_owned(), format!("{}", row as i64 - 2), String::new()]
        })
        .collect()
}

fn chart(rows: usize) -> Chart {
    Chart {
        title: "行业统计 <&>".to_owned(),
        columns: vec!["industry".to_owned(), "n".to_owned(), "mean".to_owned()],
        numbers: vec![false, true, true],
        rows: cells(rows),
    }
}

#[test]
fn cells_are_printed_as_they_are_and_the_same_each_time() {
    let sheet = Sheet {
        title: "行业统计".to_owned(),
        notes: vec!["SHA-256 00ff".to_owned()],
        columns: vec!["industry".to_owned(), "n".to_owned(), "mean".to_owned()],
        numbers: vec![false, true, true],
        rows: cells(200),
        stamp: stamp(),
    };
    let printed = print_sheet(&sheet).unwrap();
    let text = printed.text.concat();
    for shown in ["</text><script>", "#import", "*b*", "SHA-256 00ff", "-2"] {
        assert!(text.contains(shown), "{shown}");
    }
    assert!(printed.pages > 1, "a long table goes on, with its head on each sheet");
    assert_eq!(printed.text.iter().filter(|page| page.contains("industry")).count(), printed.pages);
    assert_eq!(printed.pdf, print_sheet(&sheet).unwrap().pdf);
    let wide = Sheet { columns: vec!["c".to_owned(); 40], ..sheet };
    assert!(matches!(print_sheet(&wide), Err(DocumentError::TooLong { unit: "columns", .. })));
}

#[test]
fn bars_are_drawn_from_cells_whatever_they_say() {
    let png = draw_chart(&chart(CHART_BARS_MAX)).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(png, draw_chart(&chart(CHART_BARS_MAX)).unwrap());
    let mut moved = chart(3);
    let before = draw_chart(&moved).unwrap();
    moved.rows[0][1] = "7".to_owned();
    assert_ne!(before, draw_chart(&moved).unwrap(), "another number is another picture");
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let refused = |chart: Chart| match draw_chart(&chart) {
        Err(DocumentError::NoChart { what }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(chart(0)), "no rows");
    assert_eq!(refused(chart(CHART_BARS_MAX + 1)), "too many rows");
    assert_eq!(refused(Chart { numbers: vec![false; 3], ..chart(2) }), "no column of numbers");
}
