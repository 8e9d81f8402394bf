//! A legal officer's tools over loaded packs: readable print, procedure diagrams, the difference of two counties, the
//! start of a new county, what a new version would change for running cases, and what has to be renewed soon.
//!
//! All of them are pure: packs in, texts out. A page and the command line show the same [`Document`].
//! Invariants: the same packs give the same bytes; nothing is left out silently; every text is escaped where it is
//! put into markup.

mod alarms;
mod calendar;
mod diff;
mod document;
mod graph;
mod impact;
mod layout;
mod matching;
mod new;
mod order;
mod papers;
mod print;
mod rows;
mod svg;
mod text;
mod time;
mod todo;
mod words;

#[cfg(test)]
mod tests;

pub use alarms::{Alarm, AlarmKind, alarms};
pub use calendar::{duty_calendar, duty_ical};
pub use diff::diff;
pub use document::{Block, BlockView, Document, Mark, Row, RowView, Table, View};
pub use graph::{Edge, EdgeKind, Graph, Node, NodeKind, graph, mermaid};
pub use impact::{Change, DateChange, Impact, ImpactCounts, impact, impact_document};
pub use layout::{Area, Layout, PlacedEdge, PlacedNode, layout};
pub use new::{NewError, NewPack, OwnClause, new_pack, own_clauses};
pub use order::reading_order;
pub use print::{print, procedure_document};
pub use svg::{Theme, svg};
pub use text::{Lang, Text};
pub use todo::{Todo, todo};
