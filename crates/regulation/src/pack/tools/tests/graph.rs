use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::pack::{Procedure, Target};

const WIDE: i32 = 1366;

fn meet(a: Area, b: Area) -> bool {
    a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/// The area covers the point, its edge included.
fn on_edge(area: Area, (x, y): (i32, i32)) -> bool {
    let across = (area.x..=area.x + area.w).contains(&x);
    let down = (area.y..=area.y + area.h).contains(&y);
    across && down && (x == area.x || x == area.x + area.w || y == area.y || y == area.y + area.h)
}

fn check_layout(name: &str, graph: &Graph, placed: &Layout, wide: i32) {
    assert_eq!(placed.nodes.len(), graph.nodes.len(), "{name}: every box has its place");
    assert_eq!(placed.edges.len(), graph.edges.len(), "{name}: every line has its place");
    assert!(placed.width <= wide, "{name} is {} wide", placed.width);
    let areas: Vec<Area> = placed.nodes.iter().map(|node| node.area).collect();
    let labels: Vec<Area> = placed.edges.iter().map(|edge| edge.label).collect();
    for (at, a) in areas.iter().enumerate() {
        assert!(a.x >= 0 && a.y >= 0 && a.x + a.w <= placed.width && a.y + a.h <= placed.height, "{name}");
        assert!(areas[at + 1..].iter().all(|b| !meet(*a, *b)), "{name}: two boxes meet");
        assert!(labels.iter().all(|b| !meet(*a, *b)), "{name}: a label is under a box");
    }
    for (at, a) in labels.iter().enumerate() {
        assert!(a.x >= 0 && a.x + a.w <= placed.width, "{name}: a label sticks out");
        assert!(labels[at + 1..].iter().all(|b| !meet(*a, *b)), "{name}: two labels meet");
    }
    for (edge, line) in graph.edges.iter().zip(&placed.edges) {
        let (first, last) = (line.points.first().unwrap(), line.points.last().unwrap());
        assert!(on_edge(areas[edge.from], *first), "{name}: {} begins nowhere", line.title);
        assert!(on_edge(areas[edge.to], *last), "{name}: {} ends nowhere", line.title);
        // Lines go straight across or down, and through no box but where they begin and end.
        for pair in line.points.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            assert!(x1 == x2 || y1 == y2, "{name}: {} is slanted", line.title);
            let path =
                Area { x: x1.min(x2), y: y1.min(y2), w: (x1 - x2).abs().max(1), h: (y1 - y2).abs().max(1) };
            for (at, area) in areas.iter().enumerate() {
                let own = at == edge.from || at == edge.to;
                assert!(own || !meet(path, *area), "{name}: {} runs through a box", line.title);
            }
            assert!(
                labels.iter().all(|label| !meet(path, *label)),
                "{name}: {} runs through a label",
                line.title
            );
        }
        // What is drawn fits the room kept for it.
        for text in &line.lines {
            assert!(super::super::layout::measure(text, 12) <= line.label.w, "{name}: {text}");
        }
    }
}

/// Every way a case can take, from the pack itself.
fn ways(procedure: &Procedure) -> BTreeSet<(String, String)> {
    let mut ways = BTreeSet::new();
    for step in &procedure.steps {
        for branch in step.actions.iter().flat_map(|action| &action.then) {
            let to = match &branch.to {
                Target::Step(id) => id.clone(),
                Target::End { outcome, opens: Some(next), .. } => format!("办结 {outcome}，转办“{next}”"),
                Target::End { outcome, .. } => format!("办结 {outcome}"),
            };
            ways.insert((step.id.clone(), to));
        }
        ways.extend(step.clock.iter().filter_map(|clock| Some((step.id.clone(), clock.expiry_to.clone()?))));
    }
    ways.retain(|(from, to)| from != to);
    ways
}

#[test]
fn every_procedure_of_every_pack_is_drawn_whole_and_nothing_overlaps() {
    let mut drawn = 0;
    for pack in packs() {
        for procedure in pack.procedures.values() {
            let name = format!("{} {}", pack.id, procedure.id);
            let graph = graph(&pack, procedure);
            let named = |at: usize| match graph.nodes[at].kind {
                NodeKind::End { .. } => format!("办结 {}", graph.nodes[at].name.zh),
                _ => graph.nodes[at].name.zh.clone(),
            };
            let mut edges: BTreeSet<(String, String)> =
                graph.edges.iter().map(|edge| (named(edge.from), named(edge.to))).collect();
            assert!(edges.remove(&("发起".to_owned(), procedure.steps[0].id.clone())), "{name}");
            edges.retain(|(_, to)| !to.contains("逾期自动退回"));
            assert_eq!(edges, ways(procedure), "{name}");
            for lang in [Lang::Zh, Lang::En] {
                let placed = layout(&graph, lang);
                check_layout(&name, &graph, &placed, WIDE);
                let picture = svg(&graph, lang, Theme::Standalone);
                assert_eq!(
                    picture,
                    svg(&graph, lang, Theme::Standalone),
                    "{name} is drawn the same each time"
                );
                assert_eq!(picture.matches("<polyline").count(), graph.edges.len(), "{name}");
                keep(&format!("{}-{}-{lang:?}.svg", pack.id, procedure.id), &picture);
            }
            let text = mermaid(&graph, Lang::Zh);
            assert_eq!(text.lines().count(), 1 + graph.nodes.len() + graph.edges.len(), "{name}");
            drawn += 1;
        }
    }
    assert!(drawn > 100, "{drawn}");
}

#[test]
fn expiry_is_dashed_and_says_so() {
    let pack = pack("deqing");
    let graph = graph(&pack, &pack.procedures["授权申请"]);
    let expiry: Vec<&Edge> = graph.edges.iter().filter(|edge| edge.kind == EdgeKind::Expiry).collect();
    assert_eq!(expiry.len(), 1);
    assert_eq!(graph.nodes[expiry[0].from].name.zh, "公示期");
    assert_eq!(graph.nodes[expiry[0].to].name.zh, "省级备案");
    assert_eq!(expiry[0].labels[0].zh, "届满：进入下一环节");
    assert!(svg(&graph, Lang::Zh, Theme::Page).contains("proc-line proc-expiry"));
    assert!(mermaid(&graph, Lang::En).contains("-.->"));
}

#[test]
fn hostile_words_are_text_in_a_picture_and_never_markup() {
    let mut pack = pack("deqing");
    let mut procedure = pack.procedures["定价"].clone();
    procedure.steps[0].id = "</text><script>alert(1)</script>\u{1}\"'&".to_owned();
    procedure.steps[0].en = procedure.steps[0].id.clone();
    pack.procedures.insert("定价".to_owned(), procedure.clone());
    let graph = graph(&pack, &procedure);
    for theme in [Theme::Page, Theme::Standalone] {
        let picture = svg(&graph, Lang::Zh, theme);
        assert!(!picture.contains("<script"), "{picture}");
        assert!(picture.contains("&lt;script&gt;") && !picture.contains('\u{1}'));
    }
    // Pages forbid styles inside.
    assert!(!svg(&graph, Lang::Zh, Theme::Page).contains("style"));
    let text = mermaid(&graph, Lang::Zh);
    assert!(!text.contains("<script") && !text.contains("\"'&"));
}

#[test]
fn a_case_that_can_return_on_itself_is_drawn_without_a_loop() {
    let pack = pack("deqing");
    let mut procedure = pack.procedures["定价"].clone();
    let step = procedure.steps[0].clone();
    procedure.steps[0].actions[0].then[0].to = Target::Step(step.id.clone());
    let graph = graph(&pack, &procedure);
    assert!(graph.edges.iter().all(|edge| edge.from != edge.to));
    let lines: Vec<&str> = graph.nodes[1].lines.iter().map(|line| line.zh.as_str()).collect();
    assert!(lines.iter().any(|line| line.starts_with("留在本环节：")), "{lines:?}");
    check_layout("loop", &graph, &layout(&graph, Lang::Zh), WIDE);
}

/// A graph of some steps and ends with lines between any of them.
fn any_graph() -> impl Strategy<Value = Graph> {
    let label = "[一-龥a-z ：:（）]{0,40}";
    let edge = (0_usize..12, 0_usize..16, any::<bool>(), prop::collection::vec(label, 1..4));
    (1_usize..12, prop::collection::vec(edge, 0..40), prop::collection::vec(label, 12)).prop_map(
        |(steps, edges, names)| {
            let node = |kind, name: &str| Node {
                kind,
                name: Text::same(name),
                lines: vec![Text::same(name); name.chars().count() % 4],
            };
            let mut graph = Graph { title: Text::same("程序"), nodes: Vec::new(), edges: Vec::new() };
            graph.nodes.push(node(NodeKind::Start, "发起"));
            graph.nodes.extend(names.iter().take(steps).map(|name| node(NodeKind::Step, name)));
            for (from, to, acts, labels) in edges {
                let from = from % (steps + 1);
                let to = if to > steps {
                    graph.nodes.push(node(NodeKind::End { granted: acts }, "办结"));
                    graph.nodes.len() - 1
                } else {
                    to
                };
                let kind = if acts { EdgeKind::Action } else { EdgeKind::Expiry };
                let known =
                    graph.edges.iter().any(|edge| (edge.from, edge.to, edge.kind) == (from, to, kind));
                if from != to && !known {
                    let labels = labels.iter().map(Text::same).collect();
                    graph.edges.push(Edge { from, to, kind, labels });
                }
            }
            graph
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_overlaps_however_tangled_a_procedure_is(graph in any_graph()) {
        // Each step can have a lane for actions and one for expiry.
        check_layout("any", &graph, &layout(&graph, Lang::Zh), 940 + 24 * 18);
    }
}
