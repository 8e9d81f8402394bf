//! Places for the boxes and lines of a procedure's graph.
//!
//! One layer a step, in the order of the text, so that a reader finds the third step of the text in the third place.
//! Ends stand to the right of their step. A line to the next step goes straight down; every other line leaves to the
//! left into a lane of its target. Each line has a slot of its own on the side of the box, with its label above it: no
//! two labels and no two boxes can meet. Everything is whole pixels and depends on the graph alone.

use super::graph::{EdgeKind, Graph, Node, NodeKind};
use super::text::Lang;

const MARGIN: i32 = 16;
const LANE: i32 = 18;
const LEFT: i32 = 190;
const BOX: i32 = 290;
const RIGHT: i32 = 210;
const END: i32 = 200;
const PAD: i32 = 10;
/// Height of a line of text.
const LINE: i32 = 17;
/// Height of a text.
pub(super) const FONT: i32 = 12;
/// Height of the name in a box.
pub(super) const NAME_FONT: i32 = 14;
/// Limit: lines of a label; the whole text is in the line's tooltip and in the table beside the picture.
const LABEL_LINES_MAX: usize = 3;

/// A placed graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Pixels across.
    pub width: i32,
    /// Pixels down.
    pub height: i32,
    /// One for each node, in their order.
    pub nodes: Vec<PlacedNode>,
    /// One for each edge, in their order.
    pub edges: Vec<PlacedEdge>,
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub w: i32,
    /// Height.
    pub h: i32,
}

/// A box with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedNode {
    /// Where.
    pub area: Area,
    /// What it is.
    pub kind: NodeKind,
    /// Lines of the name.
    pub name: Vec<String>,
    /// Lines below it.
    pub lines: Vec<String>,
}

/// A line with its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedEdge {
    /// Corners, from the box it leaves to the box it enters.
    pub points: Vec<(i32, i32)>,
    /// What moves the case.
    pub kind: EdgeKind,
    /// Where the label stands.
    pub label: Area,
    /// Lines of the label.
    pub lines: Vec<String>,
    /// The whole label.
    pub title: String,
}

/// A line on its way to a place.
struct Route {
    edge: usize,
    from: usize,
    to: usize,
    kind: EdgeKind,
    lines: Vec<String>,
    title: String,
    way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Down,
    Right,
    Lane(usize),
}

/// A lane: the lines of one kind to one step share it.
struct Lane {
    to: usize,
    kind: EdgeKind,
    rows: (usize, usize),
    at: usize,
}

/// Places a graph.
#[must_use]
pub fn layout(graph: &Graph, lang: Lang) -> Layout {
    let rows = graph.nodes.iter().take_while(|node| !matches!(node.kind, NodeKind::End { .. })).count();
    let lanes = lanes(graph, rows);
    let routes = routes(graph, rows, &lanes, lang);
    let across = lanes.iter().map(|lane| lane.at.saturating_add(1)).max().unwrap_or(0);
    let across = i32::try_from(across).unwrap_or(0).saturating_mul(LANE);
    let left = if lanes.is_empty() { 0 } else { across.saturating_add(LEFT) };
    let mut placing = Placing {
        graph,
        lang,
        box_x: MARGIN + left,
        lane_end: MARGIN + across,
        nodes: vec![None; graph.nodes.len()],
        edges: vec![None; graph.edges.len()],
        arrivals: vec![0; lanes.len()],
    };
    let mut y = MARGIN;
    for row in 0..rows {
        y = placing.row(row, y, &routes, &lanes);
    }
    placing.connect(&routes, &lanes);
    let ends = rows < graph.nodes.len();
    let right = if ends { RIGHT + END } else { 0 };
    let edges: Vec<PlacedEdge> = placing.edges.into_iter().flatten().collect();
    let labels = edges.iter().map(|edge| edge.label.x.saturating_add(edge.label.w)).max().unwrap_or(0);
    let width = (MARGIN + left + BOX + right).max(labels) + MARGIN;
    Layout { width, height: y, nodes: placing.nodes.into_iter().flatten().collect(), edges }
}

fn is_down(from: usize, to: usize) -> bool {
    to == from.saturating_add(1)
}

/// Lanes for all lines that neither end the case nor lead to the next step; short ones nearest to the boxes.
fn lanes(graph: &Graph, rows: usize) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for edge in graph.edges.iter().filter(|edge| edge.to < rows && !is_down(edge.from, edge.to)) {
        let (low, high) = (edge.from.min(edge.to), edge.from.max(edge.to));
        match lanes.iter_mut().find(|lane| lane.to == edge.to && lane.kind == edge.kind) {
            Some(lane) => lane.rows = (lane.rows.0.min(low), lane.rows.1.max(high)),
            None => lanes.push(Lane { to: edge.to, kind: edge.kind, rows: (low, high), at: 0 }),
        }
    }
    lanes.sort_by_key(|lane| (lane.rows.1.saturating_sub(lane.rows.0), lane.to, lane.kind));
    let mut placed: Vec<Lane> = Vec::new();
    for mut lane in lanes {
        let meets =
            |other: &Lane, at| other.at == at && other.rows.0 <= lane.rows.1 && lane.rows.0 <= other.rows.1;
        lane.at = (0..=placed.len()).find(|at| !placed.iter().any(|other| meets(other, *at))).unwrap_or(0);
        placed.push(lane);
    }
    placed
}

fn routes(graph: &Graph, rows: usize, lanes: &[Lane], lang: Lang) -> Vec<Route> {
    let route = |(at, edge): (usize, &super::graph::Edge)| {
        let way = if edge.to >= rows {
            Way::Right
        } else if is_down(edge.from, edge.to) {
            Way::Down
        } else {
            let lane = lanes.iter().position(|lane| lane.to == edge.to && lane.kind == edge.kind);
            Way::Lane(lane.unwrap_or(0))
        };
        let width = match way {
            Way::Down => BOX + RIGHT - 80,
            Way::Right => RIGHT - 20,
            Way::Lane(_) => LEFT - 20,
        };
        let labels: Vec<&str> = edge.labels.iter().map(|label| label.pick(lang)).collect();
        let title = labels.join("；");
        let short = labels.iter().all(|label| !label.contains(['：', ':']));
        let parts: Vec<String> =
            if short { vec![labels.join(if lang == Lang::Zh { "、" } else { ", " })] } else { own(&labels) };
        let lines = parts.iter().flat_map(|part| wrapped(part, width, FONT, LABEL_LINES_MAX)).collect();
        Route { edge: at, from: edge.from, to: edge.to, kind: edge.kind, lines, title, way }
    };
    graph.edges.iter().enumerate().map(route).collect()
}

fn own(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

struct Placing<'a> {
    graph: &'a Graph,
    lang: Lang,
    box_x: i32,
    lane_end: i32,
    nodes: Vec<Option<PlacedNode>>,
    edges: Vec<Option<PlacedEdge>>,
    /// Height at which a lane enters its step.
    arrivals: Vec<i32>,
}

impl Placing<'_> {
    /// Places a step, its ends and the labels of its lines; gives the top of the next row.
    fn row(&mut self, row: usize, top: i32, routes: &[Route], lanes: &[Lane]) -> i32 {
        let Some(node) = self.graph.nodes.get(row) else { return top };
        let mut placed = boxed(node, self.lang, BOX);
        let (mut left, mut right) = (top + PAD, top + PAD);
        for (lane, arrival) in lanes.iter().zip(&mut self.arrivals).filter(|(lane, _)| lane.to == row) {
            let _ = lane;
            *arrival = left + PAD;
            left += LINE + 4;
        }
        for route in routes.iter().filter(|route| route.from == row) {
            match route.way {
                Way::Lane(_) => left = self.leave_left(route, left),
                Way::Right => right = self.end_right(route, right),
                Way::Down => {}
            }
        }
        placed.area.x = self.box_x;
        placed.area.y = top;
        placed.area.h = placed.area.h.max(left - top).max(right - top);
        let bottom = top + placed.area.h;
        if let Some(slot) = self.nodes.get_mut(row) {
            *slot = Some(placed);
        }
        self.down(row, bottom, routes)
    }

    fn leave_left(&mut self, route: &Route, top: i32) -> i32 {
        let h = text_height(route.lines.len());
        let y = top + h + 3;
        let label = Area { x: self.lane_end + 14, y: top, w: LEFT - 20, h };
        // The corners at the lane are put in once every step has its place.
        self.set(route, label, vec![(self.box_x, y)]);
        y + PAD
    }

    fn end_right(&mut self, route: &Route, top: i32) -> i32 {
        let Some(node) = self.graph.nodes.get(route.to) else { return top };
        let mut end = boxed(node, self.lang, END);
        let h = text_height(route.lines.len());
        let height = end.area.h.max((h + 6).saturating_mul(2));
        let y = top + height / 2;
        end.area.x = self.box_x + BOX + RIGHT;
        end.area.y = y - end.area.h / 2;
        let label = Area { x: self.box_x + BOX + 8, y: y - h - 3, w: RIGHT - 20, h };
        self.set(route, label, vec![(self.box_x + BOX, y), (end.area.x, y)]);
        if let Some(slot) = self.nodes.get_mut(route.to) {
            *slot = Some(end);
        }
        top + height + PAD
    }

    /// Lines straight down: one for actions and one for the clock, their labels one below the other.
    fn down(&mut self, row: usize, bottom: i32, routes: &[Route]) -> i32 {
        let mine: Vec<&Route> =
            routes.iter().filter(|route| route.from == row && route.way == Way::Down).collect();
        let mut y = bottom + 8;
        let mut labels = Vec::new();
        for route in &mine {
            let h = text_height(route.lines.len());
            labels.push(Area { x: self.box_x + 72, y, w: BOX + RIGHT - 80, h });
            y += h + 4;
        }
        let next = (y + 10).max(bottom + 26);
        for (route, label) in mine.iter().zip(labels) {
            let x = self.box_x + if route.kind == EdgeKind::Action { 36 } else { 56 };
            self.set(route, label, vec![(x, bottom), (x, next)]);
        }
        // The last row needs no room for a line down.
        if mine.is_empty() { bottom + 26 } else { next }
    }

    fn set(&mut self, route: &Route, label: Area, points: Vec<(i32, i32)>) {
        if let Some(slot) = self.edges.get_mut(route.edge) {
            *slot = Some(PlacedEdge {
                points,
                kind: route.kind,
                label,
                lines: route.lines.clone(),
                title: route.title.clone(),
            });
        }
    }

    /// Leads the lines in lanes to their steps.
    fn connect(&mut self, routes: &[Route], lanes: &[Lane]) {
        for route in routes {
            let Way::Lane(index) = route.way else { continue };
            let (Some(lane), Some(arrival)) = (lanes.get(index), self.arrivals.get(index)) else { continue };
            let at = i32::try_from(lane.at).unwrap_or(0).saturating_mul(LANE);
            let x = self.lane_end - LANE / 2 - at;
            if let Some(Some(edge)) = self.edges.get_mut(route.edge)
                && let Some((_, y)) = edge.points.first().copied()
            {
                edge.points.extend([(x, y), (x, *arrival), (self.box_x, *arrival)]);
            }
        }
    }
}

fn text_height(lines: usize) -> i32 {
    i32::try_from(lines).unwrap_or(0).saturating_mul(LINE)
}

fn boxed(node: &Node, lang: Lang, width: i32) -> PlacedNode {
    let inside = width - 2 * PAD - 6;
    let name = wrapped(node.name.pick(lang), inside, NAME_FONT, usize::MAX);
    let lines: Vec<String> =
        node.lines.iter().flat_map(|line| wrapped(line.pick(lang), inside, FONT, usize::MAX)).collect();
    let h = text_height(name.len() + lines.len()) + 2 * PAD;
    PlacedNode { area: Area { x: 0, y: 0, w: width, h }, kind: node.kind, name, lines }
}

/// Width of a character in hundredths of the font's height, on the safe side for the fonts of office PCs.
const fn advance(c: char) -> i32 {
    if c.is_ascii_uppercase() {
        72
    } else if c.is_ascii() {
        58
    } else {
        100
    }
}

/// Width of a text in pixels.
pub(super) fn measure(text: &str, font: i32) -> i32 {
    text.chars().map(|c| advance(c).saturating_mul(font)).fold(0, i32::saturating_add) / 100
}

/// Breaks a text into lines that fit; English between words, Chinese anywhere. Beyond the limit it ends with `…`.
fn wrapped(text: &str, width: i32, font: i32, lines_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text) {
        if !line.is_empty() && measure(&format!("{line}{}", word.trim_end()), font) > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
        }
        // A word longer than a line is broken.
        for c in word.chars() {
            if !line.is_empty() && c != ' ' && measure(&format!("{line}{c}"), font) > width {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            if !(line.is_empty() && c == ' ') {
                line.push(c);
            }
        }
    }
    if !line.trim_end().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    if lines.len() > lines_max {
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            while measure(last, font) + font > width && last.pop().is_some() {}
            last.push('…');
        }
    }
    lines
}

/// Pieces between which a line may break: a space stays with the word before it, closing marks with theirs.
fn words(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        let closing = "，。、；：）》”？！,.;:)]".contains(c);
        let breaks = match before {
            None => false,
            Some(' ') => c != ' ',
            Some(last) => {
                !(c == ' ' || closing || "（《“([".contains(last) || last.is_ascii() && c.is_ascii())
            }
        };
        if breaks {
            pieces.extend(text.get(start..at));
            start = at;
        }
        before = Some(c);
    }
    pieces.extend(text.get(start..));
    pieces
}
