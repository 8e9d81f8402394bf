//! A procedure as a graph: steps as boxes, actions as labelled edges, ends, and what follows by itself on expiry.

use std::fmt::Write as _;

use crate::pack::model::{Action, Branch, OnExpiry, Pack, Procedure, Step, Target};

use super::text::{Lang, Text};
use super::{time, words};

/// A procedure's graph. Invariants: node 0 is the start; the steps follow in the order of the text; then the ends, each
/// of one step, so that no line to an end crosses the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The procedure's name.
    pub title: Text,
    /// Start, steps, ends.
    pub nodes: Vec<Node>,
    /// What leads where; at most one edge of a kind between two nodes.
    pub edges: Vec<Edge>,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its name.
    pub name: Text,
    /// Lines below the name: role, clock, what keeps the case here.
    pub lines: Vec<Text>,
}

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Where a case is opened.
    Start,
    /// A step.
    Step,
    /// An end.
    End {
        /// It is what the opener asked for.
        granted: bool,
    },
}

/// A line between two boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Node it leaves.
    pub from: usize,
    /// Node it enters.
    pub to: usize,
    /// What moves the case along it.
    pub kind: EdgeKind,
    /// Actions with their conditions, or the clock.
    pub labels: Vec<Text>,
}

/// What moves a case along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// Somebody acts.
    Action,
    /// A clock runs out.
    Expiry,
}

/// The graph of a procedure.
#[must_use]
pub fn graph(pack: &Pack, procedure: &Procedure) -> Graph {
    let mut graph = Graph {
        title: Text::new(&procedure.id, &procedure.en),
        nodes: vec![start(pack, procedure)],
        edges: Vec::new(),
    };
    graph.nodes.extend(procedure.steps.iter().map(|step| node(pack, step)));
    if !procedure.steps.is_empty() {
        graph.join(0, 1, EdgeKind::Action, Text::new("提交", "Submit"));
    }
    for (at, step) in (1..).zip(&procedure.steps) {
        for action in &step.actions {
            for branch in &action.then {
                let label = label(pack, procedure, action, branch);
                let to = graph.target(at, procedure, &branch.to);
                if to != Some(at) {
                    graph.lead(at, to, EdgeKind::Action, label);
                }
            }
        }
        graph.expiry(at, step, procedure);
    }
    graph
}

impl Graph {
    /// The node of a target, made if it is an end not seen yet in this step.
    fn target(&mut self, from: usize, procedure: &Procedure, to: &Target) -> Option<usize> {
        match to {
            Target::Step(id) => step_at(procedure, id),
            Target::End { outcome, en, granted, opens } => {
                let mut name = Text::new(outcome, en);
                if let Some(next) = opens {
                    name =
                        name.around(("", &format!("，转办“{next}”")), ("", &format!("; owed next: {next}")));
                }
                Some(self.end(from, name, NodeKind::End { granted: *granted }))
            }
        }
    }

    /// The end of a step with this outcome.
    fn end(&mut self, from: usize, name: Text, kind: NodeKind) -> usize {
        let mut led = self.edges.iter().filter(|edge| edge.from == from).map(|edge| edge.to);
        let is_it =
            |at: &usize| self.nodes.get(*at).is_some_and(|node| node.kind == kind && node.name.zh == name.zh);
        if let Some(known) = led.find(is_it) {
            return known;
        }
        self.nodes.push(Node { kind, name, lines: Vec::new() });
        self.nodes.len().saturating_sub(1)
    }

    fn lead(&mut self, from: usize, to: Option<usize>, kind: EdgeKind, label: Text) {
        if let Some(to) = to {
            self.join(from, to, kind, label);
        }
    }

    fn join(&mut self, from: usize, to: usize, kind: EdgeKind, label: Text) {
        match self.edges.iter_mut().find(|edge| (edge.from, edge.to, edge.kind) == (from, to, kind)) {
            Some(edge) if edge.labels.contains(&label) => {}
            Some(edge) => edge.labels.push(label),
            None => self.edges.push(Edge { from, to, kind, labels: vec![label] }),
        }
    }

    fn expiry(&mut self, at: usize, step: &Step, procedure: &Procedure) {
        let Some(clock) = &step.clock else { return };
        let label = words::expiry(clock.on_expiry).around(("届满：", ""), ("on expiry: ", ""));
        let to = match (&clock.expiry_to, clock.on_expiry) {
            (Some(id), _) => step_at(procedure, id),
            (None, OnExpiry::ReturnAutomatically) => {
                let name = Text::new("逾期自动退回", "Returned when overdue");
                Some(self.end(at, name, NodeKind::End { granted: false }))
            }
            // The case stays where it is; the box says so.
            (None, _) => None,
        };
        self.lead(at, to, EdgeKind::Expiry, label);
    }
}

/// The node of a step.
fn step_at(procedure: &Procedure, id: &str) -> Option<usize> {
    procedure.steps.iter().position(|step| step.id == id).map(|at| at.saturating_add(1))
}

fn start(pack: &Pack, procedure: &Procedure) -> Node {
    let mut lines = vec![words::role(pack, &procedure.opener)];
    lines.extend(procedure.form.as_ref().map(|form| words::form_name(pack, form)));
    Node { kind: NodeKind::Start, name: Text::new("发起", "Open a case"), lines }
}

fn node(pack: &Pack, step: &Step) -> Node {
    let roles: Vec<Text> =
        std::iter::once(&step.role).chain(&step.joint).map(|role| words::role(pack, role)).collect();
    let mut role = Text::join(&roles, "会同", " with ");
    if step.each_unit {
        role = role.around(("", "（逐家办理）"), ("", " (each unit)"));
    }
    let mut lines = vec![role];
    if let Some(clock) = &step.clock {
        lines.push(time::clock_short(clock));
        if clock.expiry_to.is_none() && clock.on_expiry != OnExpiry::ReturnAutomatically {
            lines.push(words::expiry(clock.on_expiry).around(("逾期：", ""), ("overdue: ", "")));
        }
    }
    if let Some(vote) = step.vote {
        let (n, of) = (vote.approvals, vote.quorum);
        lines.push(Text::new(format!("表决：{of}人中{n}人同意"), format!("vote: {n} of {of}")));
    }
    let staying: Vec<Text> =
        step.actions.iter().filter(|action| stays(action, step)).map(words::action).collect();
    if !staying.is_empty() {
        lines.push(Text::list(&staying).around(("留在本环节：", ""), ("stays here: ", "")));
    }
    Node { kind: NodeKind::Step, name: Text::new(&step.id, &step.en), lines }
}

/// Whether an action can leave the case in its step.
fn stays(action: &Action, step: &Step) -> bool {
    action.then.is_empty() || action.then.iter().any(|branch| branch.to == Target::Step(step.id.clone()))
}

fn label(pack: &Pack, procedure: &Procedure, action: &Action, branch: &Branch) -> Text {
    let name = words::action(action);
    match &branch.when {
        Some(when) => {
            let when = words::condition(pack, procedure, when);
            Text::join([&name, &when.around(("若", ""), ("if ", ""))], "：", ": ")
        }
        None if action.then.len() > 1 => name.around(("", "：其余情形"), ("", ": otherwise")),
        None => name,
    }
}

/// The graph as a Mermaid flowchart.
#[must_use]
pub fn mermaid(graph: &Graph, lang: Lang) -> String {
    let mut out = "flowchart TD\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let mut text = quoted(node.name.pick(lang));
        for line in &node.lines {
            text.push_str("<br/>");
            text.push_str(&quoted(line.pick(lang)));
        }
        let (open, close) = match node.kind {
            NodeKind::Step => ("[", "]"),
            NodeKind::Start | NodeKind::End { .. } => ("([", "])"),
        };
        // Writing into a String cannot fail.
        let _ = writeln!(out, "  n{at}{open}\"{text}\"{close}");
    }
    for edge in &graph.edges {
        let labels: Vec<String> = edge.labels.iter().map(|label| quoted(label.pick(lang))).collect();
        let line = match edge.kind {
            EdgeKind::Action => "-->",
            EdgeKind::Expiry => "-.->",
        };
        let _ = writeln!(out, "  n{} {line}|\"{}\"| n{}", edge.from, labels.join("<br/>"), edge.to);
    }
    out
}

/// A text inside quotes of Mermaid, which takes entity codes.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '#' => out.push_str("#35;"),
            '&' => out.push_str("#amp;"),
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}
