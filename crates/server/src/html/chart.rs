//! Bar and line charts drawn as SVG on the server, readable aloud: a title, a description and the same numbers as a
//! table.
//!
//! Colours come from the style sheet by class name, because pages may not hold style attributes.

use std::fmt::Write as _;

use serde::Serialize;

/// Limit: more points than this make neither a readable chart nor a readable table.
pub const POINTS_MAX: usize = 200;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 40.0;
const GRID_LINES: u32 = 4;
/// Characters of a label along the axis.
const LABEL_CHARS: usize = 8;
/// Width of the narrowest label with its gap.
const LABEL_WIDTH_MIN: f64 = 16.0;

/// How points are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One bar a point.
    Bar,
    /// Points joined by a line.
    Line,
}

/// One value with its name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// What the value is of.
    pub label: String,
    /// The value; not finite values are drawn as zero.
    pub value: f64,
}

/// A drawn chart. Invariant: `svg` was made by [`Chart::draw`], so all text in it is escaped.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chart {
    title: String,
    description: String,
    unit: String,
    svg: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    label: String,
    value: String,
}

impl Chart {
    /// Draws `points`, at most [`POINTS_MAX`] of them. `id` must be unique in the page and made of letters, digits
    /// and hyphens; other characters are dropped.
    #[must_use]
    pub fn draw(id: &str, shape: Shape, title: &str, unit: &str, points: &[Point]) -> Self {
        let points: Vec<(&str, f64)> = points
            .iter()
            .take(POINTS_MAX)
            .map(|point| (point.label.as_str(), if point.value.is_finite() { point.value } else { 0.0 }))
            .collect();
        let id: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let description = describe(&points, unit);
        let svg = svg(&id, shape, title, &description, &points);
        let rows =
            points.iter().map(|(label, value)| Row { label: (*label).to_owned(), value: number(*value) });
        Self { title: title.to_owned(), description, unit: unit.to_owned(), rows: rows.collect(), svg }
    }

    /// The drawing, safe to place in a page as it is.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }
}

fn svg(id: &str, shape: Shape, title: &str, description: &str, points: &[(&str, f64)]) -> String {
    let mut out = String::new();
    let (low, high) = range(points);
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-chart-title {id}-chart-desc\">\
         <title id=\"{id}-chart-title\">{}</title><desc id=\"{id}-chart-desc\">{}</desc>",
        escape(title),
        escape(description)
    );
    for line in 0..=GRID_LINES {
        let value = low + (high - low) * f64::from(line) / f64::from(GRID_LINES);
        let at = y(value);
        let _ = write!(
            out,
            "<line class=\"chart-grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"chart-label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0,
            number(value)
        );
    }
    let step = (WIDTH - LEFT - RIGHT) / (points.len().max(1)) as f64;
    let middle = |index: usize| LEFT + step * (index as f64 + 0.5);
    match shape {
        Shape::Bar => bars(&mut out, points, step, middle, y),
        Shape::Line => polyline(&mut out, points, middle, y),
    }
    let longest = points.iter().map(|(label, _)| label_width(label)).fold(LABEL_WIDTH_MIN, f64::max);
    let every =
        (1..points.len()).find(|every| step * (*every as f64) >= longest).unwrap_or(points.len().max(1));
    for (index, (label, _)) in points.iter().enumerate().filter(|(index, _)| index % every == 0) {
        let short: String = label.chars().take(LABEL_CHARS).collect();
        let _ = write!(
            out,
            "<text class=\"chart-label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            middle(index),
            HEIGHT - BOTTOM + 20.0,
            escape(&short)
        );
    }
    out.push_str("</svg>");
    out
}

/// About how wide a label is drawn, with a gap: Chinese characters are twice as wide as Latin ones.
fn label_width(label: &str) -> f64 {
    let width = |c: char| if c.is_ascii() { 7.0 } else { 12.0 };
    label.chars().take(LABEL_CHARS).map(width).sum::<f64>() + 6.0
}

fn bars(
    out: &mut String,
    points: &[(&str, f64)],
    step: f64,
    middle: impl Fn(usize) -> f64,
    y: impl Fn(f64) -> f64,
) {
    let width = (step * 0.64).clamp(1.0, 48.0);
    for (index, (_, value)) in points.iter().enumerate() {
        let (top, base) = (y(value.max(0.0)), y(value.min(0.0)));
        let _ = write!(
            out,
            "<rect class=\"chart-bar\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
            middle(index) - width / 2.0,
            (base - top).max(0.5)
        );
    }
}

fn polyline(out: &mut String, points: &[(&str, f64)], middle: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) {
    out.push_str("<polyline class=\"chart-line\" points=\"");
    for (index, (_, value)) in points.iter().enumerate() {
        let _ = write!(out, "{:.1},{:.1} ", middle(index), y(*value));
    }
    out.push_str("\"/>");
    if points.len() <= 40 {
        for (index, (_, value)) in points.iter().enumerate() {
            let _ = write!(
                out,
                "<circle class=\"chart-dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                middle(index),
                y(*value)
            );
        }
    }
}

/// Bounds that hold zero and every value, widened to a round step.
fn range(points: &[(&str, f64)]) -> (f64, f64) {
    let low = points.iter().map(|(_, value)| *value).fold(0.0, f64::min);
    let high = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if high - low <= 0.0 {
        return (0.0, 1.0);
    }
    let raw = (high - low) / f64::from(GRID_LINES);
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw).unwrap_or(raw);
    let low = (low / step).floor() * step;
    let steps = f64::from(GRID_LINES);
    (low, (low + step * steps).max((high / step).ceil() * step))
}

fn describe(points: &[(&str, f64)], unit: &str) -> String {
    let highest = points.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let lowest = points.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    match (lowest, highest) {
        (Some(low), Some(high)) => {
            format!("{} – {} {unit}; ↑ {}, ↓ {}", number(low.1), number(high.1), high.0, low.0)
        }
        _ => String::new(),
    }
}

/// At most two decimals, thousands grouped.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, decimals) = digits.split_once('.').map_or((digits, None), |(w, d)| (w, Some(d)));
    let mut grouped = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(decimals) = decimals {
        grouped.push('.');
        grouped.push_str(decimals);
    }
    grouped
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64]) -> Vec<Point> {
        values.iter().enumerate().map(|(i, v)| Point { label: format!("<{i}>"), value: *v }).collect()
    }

    #[test]
    fn text_is_escaped_and_nothing_is_inline() {
        for shape in [Shape::Bar, Shape::Line] {
            let chart = Chart::draw("c 1\"", shape, "a<script>", "次", &points(&[1.0, 2.0]));
            assert!(!chart.svg.contains("<script>") && !chart.svg.contains("style="));
            assert!(chart.svg.contains("aria-labelledby=\"c1-chart-title c1-chart-desc\""));
            assert_eq!(chart.rows.len(), 2);
        }
    }

    #[test]
    fn labels_are_left_out_only_where_they_would_touch() {
        let named = |label: &str| vec![Point { label: label.to_owned(), value: 1.0 }; 16];
        let labels = |label: &str| {
            Chart::draw("c", Shape::Bar, "t", "", &named(label)).svg.matches(&format!(">{label}<")).count()
        };
        assert_eq!(labels("UA"), 16);
        assert!(labels("2026-01") < 16);
    }

    #[test]
    fn odd_values_draw_something_finite() {
        for values in
            [vec![], vec![0.0], vec![-5.0, 5.0], vec![f64::NAN, f64::INFINITY, 3.0], vec![1e300, -1e300]]
        {
            for shape in [Shape::Bar, Shape::Line] {
                let chart = Chart::draw("c", shape, "t", "", &points(&values));
                assert!(!chart.svg.contains("NaN") && !chart.svg.contains("inf"), "{values:?}");
            }
        }
        assert_eq!(Chart::draw("c", Shape::Bar, "t", "", &points(&[1.0; 500])).rows.len(), POINTS_MAX);
    }

    #[test]
    fn numbers_are_grouped() {
        for (value, text) in [(0.0, "0"), (1234.5, "1,234.5"), (-1_000_000.0, "-1,000,000"), (0.126, "0.13")]
        {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn the_axis_holds_every_value() {
        for values in [[3.0, 97.0], [0.001, 0.002], [-7.0, 12.0], [1.0, 100_000.0]] {
            let list = points(&values);
            let list: Vec<_> = list.iter().map(|p| (p.label.as_str(), p.value)).collect();
            let (low, high) = range(&list);
            assert!(values.iter().all(|v| low <= *v && *v <= high), "{values:?} {low} {high}");
        }
    }
}
