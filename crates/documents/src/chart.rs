//! Released cells as a picture: a bar for each row, one panel for each column of numbers. Drawn from the cells alone, so
//! that nothing can be hidden in it; the same cells give the same bytes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::error::DocumentError;
use crate::typeface::{TYPEFACE, printable, typefaces};

/// Bars of one panel.
pub const CHART_BARS_MAX: usize = 60;
/// Columns of numbers that are drawn: the first ones.
const PANELS_MAX: usize = 3;
/// Columns that name a bar together: the first ones that hold no numbers.
const LABELS_MAX: usize = 3;

/// Sizes of the picture, in pixels.
const WIDTH: u32 = 960;
const MARGIN: u32 = 28;
const LABEL: u32 = 250;
const VALUE: u32 = 130;
const LINE: u32 = 26;
const HEAD: u32 = 60;
const PANEL_HEAD: u32 = 38;
const PANEL_GAP: u32 = 22;
/// Width of a full-width character of a label.
const CHARACTER: u32 = 13;

/// Cells to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Title.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Which columns hold numbers.
    pub numbers: Vec<bool>,
    /// The cells as texts. *Shape*: rows × columns; an empty number has no bar.
    pub rows: Vec<Vec<String>>,
}

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    for data in typefaces() {
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(data)));
    }
    Arc::new(fonts)
});

/// Draws cells as bars: a PNG without any text chunk.
///
/// # Errors
/// `document.no_chart` when there is no column of numbers, no row, or more than [`CHART_BARS_MAX`] rows;
/// `document.engine` for what is ours to mend.
pub fn draw_chart(chart: &Chart) -> Result<Vec<u8>, DocumentError> {
    let (svg, height) = svg(chart)?;
    let engine = |detail: String| DocumentError::Engine { detail };
    let options = usvg::Options {
        fontdb: Arc::clone(&FONTS),
        font_family: TYPEFACE.to_owned(),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(&svg, &options).map_err(|error| engine(error.to_string()))?;
    let mut pixels =
        Pixmap::new(WIDTH, height).ok_or_else(|| engine("no room for the picture".to_owned()))?;
    resvg::render(&tree, Transform::default(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| engine(error.to_string()))
}

/// One column of numbers.
struct Panel<'a> {
    name: &'a str,
    bars: Vec<(String, Option<f64>, String)>,
}

fn panels(chart: &Chart) -> Result<Vec<Panel<'_>>, DocumentError> {
    let refuse = |what| Err(DocumentError::NoChart { what });
    match chart.rows.len() {
        0 => return refuse("no rows"),
        rows if rows > CHART_BARS_MAX => return refuse("too many rows"),
        _ => {}
    }
    let of_numbers = |wanted: bool| {
        let kinds = chart.numbers.iter().enumerate();
        kinds.filter(move |(_, number)| **number == wanted).map(|(at, _)| at)
    };
    let labels: Vec<usize> = of_numbers(false).take(LABELS_MAX).collect();
    let label = |(number, row): (usize, &Vec<String>)| {
        let parts: Vec<&str> = labels.iter().filter_map(|at| row.get(*at)).map(String::as_str).collect();
        if parts.is_empty() { (number + 1).to_string() } else { parts.join(" · ") }
    };
    let panel = |at: usize| {
        let bars = chart.rows.iter().enumerate().map(|(number, row)| {
            let text = row.get(at).cloned().unwrap_or_default();
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            (label((number, row)), value, text)
        });
        Some(Panel { name: chart.columns.get(at)?, bars: bars.collect() })
    };
    let panels: Vec<Panel<'_>> = of_numbers(true).take(PANELS_MAX).filter_map(panel).collect();
    if panels.is_empty() { refuse("no column of numbers") } else { Ok(panels) }
}

fn svg(chart: &Chart) -> Result<(String, u32), DocumentError> {
    let panels = panels(chart)?;
    let bars = u32::try_from(chart.rows.len()).unwrap_or(0);
    let each = PANEL_HEAD + bars * LINE + PANEL_GAP;
    let height = HEAD + u32::try_from(panels.len()).unwrap_or(0) * each + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"{TYPEFACE}\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
    );
    put_text(&mut out, (MARGIN, 40), (20, "start", "#1b1b1b"), &short(&chart.title, WIDTH - 2 * MARGIN));
    let mut top = HEAD;
    for panel in &panels {
        draw(&mut out, panel, top);
        top += each;
    }
    out.push_str("</svg>");
    Ok((out, height))
}

fn draw(out: &mut String, panel: &Panel<'_>, top: u32) {
    let values = panel.bars.iter().filter_map(|(_, value, _)| *value);
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let room = f64::from(WIDTH - 2 * MARGIN - LABEL - VALUE);
    let left = f64::from(MARGIN + LABEL);
    let span = if high > low { high - low } else { 1.0 };
    let place = |value: f64| left + (value - low) / span * room;
    put_text(out, (MARGIN, top + 22), (15, "start", "#1b1b1b"), &short(panel.name, WIDTH - 2 * MARGIN));
    let mut y = top + PANEL_HEAD;
    for (label, value, text) in &panel.bars {
        let base = y + LINE - 9;
        put_text(out, (MARGIN + LABEL - 10, base), (13, "end", "#333333"), &short(label, LABEL - 10));
        let (from, to) = (place(0.0), place(value.unwrap_or(0.0)));
        let (x, width) = (from.min(to), (to - from).abs());
        let _ = write!(
            out,
            "<rect x=\"{x:.2}\" y=\"{}\" width=\"{width:.2}\" height=\"{}\" fill=\"#1f5fa8\"/>",
            y + 3,
            LINE - 8
        );
        put_text(
            out,
            (WIDTH - MARGIN, base),
            (13, "end", "#333333"),
            &short(if text.is_empty() { "—" } else { text }, VALUE - 10),
        );
        y += LINE;
    }
    let axis = place(0.0);
    let _ = write!(
        out,
        "<path d=\"M{axis:.2} {}V{}\" stroke=\"#777777\" stroke-width=\"1\"/>",
        top + PANEL_HEAD,
        y
    );
}

fn put_text(out: &mut String, (x, y): (u32, u32), (size, anchor, fill): (u32, &str, &str), text: &str) {
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{fill}\">"
    );
    for c in printable(text, &mut BTreeSet::new()).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out.push_str("</text>");
}

/// The beginning of a text that has room in so many pixels.
fn short(text: &str, room: u32) -> String {
    let wide = |c: char| if u32::from(c) < 0x2E80 { CHARACTER * 3 / 5 } else { CHARACTER };
    let mut used = 0;
    let mut shown = String::new();
    for c in text.chars() {
        used += wide(c);
        if used + CHARACTER > room {
            shown.push('…');
            return shown;
        }
        shown.push(c);
    }
    shown
}
