//! Which columns feed which model and product.

use std::collections::BTreeSet;

use base::{Id, kind};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A point of the lineage graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "node", rename_all = "snake_case")]
pub enum Node {
    /// A column of a resource; always a source.
    Column {
        /// The resource.
        resource: Id<kind::Resource>,
        /// Its column.
        column: String,
    },
    /// A model.
    Model {
        /// Its id.
        id: Id<kind::Model>,
    },
    /// A product.
    Product {
        /// Its id.
        id: Id<kind::Product>,
    },
}

/// A graph without cycles: `(from, to)` says that `from` feeds `to`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lineage {
    edges: BTreeSet<(Node, Node)>,
}

impl Lineage {
    /// Notes that `from` feeds `to`.
    ///
    /// # Errors
    /// [`Error::LineageEdge`] if `to` is a column, or feeds `from` already.
    pub fn feed(&mut self, from: Node, to: Node) -> Result<(), Error> {
        if matches!(to, Node::Column { .. }) || from == to || self.reach(&to, Edge::Down).contains(&from) {
            return Err(Error::LineageEdge);
        }
        self.edges.insert((from, to));
        Ok(())
    }

    /// Everything that feeds a node, directly or not.
    #[must_use]
    pub fn upstream(&self, node: &Node) -> BTreeSet<Node> {
        self.reach(node, Edge::Up)
    }

    /// Everything that a node feeds, directly or not: what a correction or withdrawal concerns.
    #[must_use]
    pub fn downstream(&self, node: &Node) -> BTreeSet<Node> {
        self.reach(node, Edge::Down)
    }

    /// The edges, sorted.
    pub fn edges(&self) -> impl Iterator<Item = &(Node, Node)> {
        self.edges.iter()
    }

    fn reach(&self, node: &Node, direction: Edge) -> BTreeSet<Node> {
        let mut found = BTreeSet::new();
        let mut open = vec![node.clone()];
        while let Some(node) = open.pop() {
            for (from, to) in &self.edges {
                let (near, far) = match direction {
                    Edge::Up => (to, from),
                    Edge::Down => (from, to),
                };
                if *near == node && found.insert(far.clone()) {
                    open.push(far.clone());
                }
            }
        }
        found
    }
}

#[derive(Clone, Copy)]
enum Edge {
    Up,
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_through_models_and_cycles_refused() {
        let now = base::Timestamp::from_micros(0);
        let column = |name: &str| Node::Column { resource: Id::new(now, [1; 10]), column: name.to_owned() };
        let model = Node::Model { id: Id::new(now, [2; 10]) };
        let product = Node::Product { id: Id::new(now, [3; 10]) };
        let mut lineage = Lineage::default();
        lineage.feed(column("a"), model.clone()).unwrap();
        lineage.feed(column("b"), model.clone()).unwrap();
        lineage.feed(model.clone(), product.clone()).unwrap();
        assert_eq!(lineage.upstream(&product), BTreeSet::from([column("a"), column("b"), model.clone()]));
        assert_eq!(lineage.downstream(&column("a")), BTreeSet::from([model.clone(), product.clone()]));
        for (from, to) in
            [(product.clone(), model.clone()), (model.clone(), model.clone()), (model, column("a"))]
        {
            assert_eq!(lineage.feed(from, to).unwrap_err().code(), "catalog.lineage_edge");
        }
        let json = serde_json::to_string(&lineage).unwrap();
        assert_eq!(serde_json::from_str::<Lineage>(&json).unwrap(), lineage);
    }
}
