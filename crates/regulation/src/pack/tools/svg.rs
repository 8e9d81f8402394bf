//! A placed graph as SVG.

use std::fmt::Write as _;

use super::graph::{EdgeKind, Graph, NodeKind};
use super::layout::{FONT, Layout, NAME_FONT, PlacedEdge, PlacedNode, layout};
use super::text::Lang;

/// Where the colours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The page's style sheet (classes `proc-…`); pages allow no style inside.
    Page,
    /// A style inside, for a file of its own.
    Standalone,
}

const LINE: i32 = 17;
/// The same rules as in `web/assets/theme.css`.
const STYLE: &str = ".proc{background:#fff;font-family:\"Noto Sans SC\",\"Noto Sans CJK SC\",\"Source Han Sans SC\",\
    \"Microsoft YaHei\",sans-serif}.proc-box{fill:#fff;stroke:#44546a;stroke-width:1.2}.proc-start{fill:#eef3fb}\
    .proc-granted{fill:#e8f5ec;stroke:#1d7a46}.proc-ended{fill:#f5f5f5;stroke:#6b7280}.proc-line{fill:none;\
    stroke:#2f4b7c;stroke-width:1.3}.proc-expiry{stroke:#a34a00;stroke-dasharray:6 4}.proc-head{fill:#2f4b7c}\
    .proc-head-expiry{fill:#a34a00}.proc-name{fill:#111827;font-weight:600}.proc-text{fill:#374151}\
    .proc-label{fill:#1f2937}.proc-label-expiry{fill:#8a3d00}";

/// A procedure's graph as an SVG picture: one element, no scripts, no ids, every text escaped.
#[must_use]
pub fn svg(graph: &Graph, lang: Lang, theme: Theme) -> String {
    let placed = layout(graph, lang);
    let Layout { width, height, .. } = placed;
    let title = escaped(graph.title.pick(lang));
    let language = if lang == Lang::Zh { "zh-CN" } else { "en" };
    // Writing into a String cannot fail.
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"proc\" role=\"img\" aria-label=\"{title}\" lang=\"{language}\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n<title>{title}</title>"
    );
    if theme == Theme::Standalone {
        let _ = writeln!(
            out,
            "<style>{STYLE}</style>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"
        );
    }
    placed.edges.iter().for_each(|edge| line(edge, &mut out));
    placed.nodes.iter().for_each(|node| boxed(node, &mut out));
    placed.edges.iter().for_each(|edge| label(edge, &mut out));
    out.push_str("</svg>\n");
    out
}

fn boxed(node: &PlacedNode, out: &mut String) {
    let area = node.area;
    let (class, radius) = match node.kind {
        NodeKind::Start => ("proc-box proc-start", area.h / 2),
        NodeKind::Step => ("proc-box", 3),
        NodeKind::End { granted: true } => ("proc-box proc-granted", area.h / 2),
        NodeKind::End { granted: false } => ("proc-box proc-ended", area.h / 2),
    };
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
        area.x,
        area.y,
        area.w,
        area.h,
        radius.min(20)
    );
    let height = LINE.saturating_mul(i32::try_from(node.name.len() + node.lines.len()).unwrap_or(0));
    let mut y = area.y + (area.h - height) / 2 + LINE - 4;
    let x = area.x + area.w / 2;
    for (lines, class, font) in [(&node.name, "proc-name", NAME_FONT), (&node.lines, "proc-text", FONT)] {
        for line in lines {
            let _ = writeln!(
                out,
                "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" font-size=\"{font}\" text-anchor=\"middle\">{}</text>",
                escaped(line)
            );
            y += LINE;
        }
    }
}

fn line(edge: &PlacedEdge, out: &mut String) {
    let expiry = edge.kind == EdgeKind::Expiry;
    let points: Vec<String> = edge.points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let _ = writeln!(
        out,
        "<polyline class=\"proc-line{}\" points=\"{}\"><title>{}</title></polyline>",
        if expiry { " proc-expiry" } else { "" },
        points.join(" "),
        escaped(&edge.title)
    );
    let (Some((x, y)), Some((before, above))) =
        (edge.points.last(), edge.points.len().checked_sub(2).and_then(|at| edge.points.get(at)))
    else {
        return;
    };
    // The head points the way the last piece of the line goes: right or down.
    let (a, b) = if above == y {
        let back = if before < x { x - 8 } else { x + 8 };
        ((back, y - 4), (back, y + 4))
    } else {
        ((x - 4, y - 8), (x + 4, y - 8))
    };
    let _ = writeln!(
        out,
        "<polygon class=\"{}\" points=\"{x},{y} {},{} {},{}\"/>",
        if expiry { "proc-head-expiry" } else { "proc-head" },
        a.0,
        a.1,
        b.0,
        b.1
    );
}

fn label(edge: &PlacedEdge, out: &mut String) {
    let class = if edge.kind == EdgeKind::Expiry { "proc-label-expiry" } else { "proc-label" };
    let mut y = edge.label.y + LINE - 5;
    for line in &edge.lines {
        let _ = writeln!(
            out,
            "<text class=\"{class}\" x=\"{}\" y=\"{y}\" font-size=\"{FONT}\"><title>{}</title>{}</text>",
            edge.label.x,
            escaped(&edge.title),
            escaped(line)
        );
        y += LINE;
    }
}

/// A text inside markup or an attribute; characters XML does not know are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
