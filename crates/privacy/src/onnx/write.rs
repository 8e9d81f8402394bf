//! The new file, in one form.

use std::collections::BTreeMap;

use super::parse::{Attribute, FLOAT, Model, Node, Port};
use super::wire::Message;

/// Version of the file format that is written.
const IR_VERSION: i64 = 8;

/// How much the numbers and words of a model can say. *Units*: bits.
pub(super) fn bits(model: &Model<'_>) -> u64 {
    let tensors = model.tensors.iter().map(|tensor| 32 * tensor.values.len() + 64 * tensor.extents.len());
    let attributes =
        model.nodes.iter().flat_map(|node| node.attributes.values()).map(|attribute| match attribute {
            Attribute::Float(_) => 32,
            Attribute::Integer(_) => 64,
            Attribute::Word(_) => 8,
            Attribute::Floats(values) => 32 * values.len(),
            Attribute::Integers(values) => 64 * values.len(),
            Attribute::Words(words) => 8 * words.len(),
        });
    // Which step takes what, and what leaves: places of names among a few hundred.
    let wires = model.nodes.iter().map(|node| 16 * (1 + node.inputs.len() + node.outputs.len()));
    u64::try_from(tensors.chain(attributes).chain(wires).sum::<usize>()).unwrap_or(u64::MAX)
}

pub(super) fn model(model: &Model<'_>) -> Vec<u8> {
    let names = names(model);
    let mut graph = Message::default();
    model.nodes.iter().for_each(|step| graph.message(1, &node(step, &names)));
    graph.bytes(2, b"model");
    for tensor in &model.tensors {
        let mut out = Message::default();
        out.integers(1, &tensor.extents);
        out.integer(2, FLOAT);
        out.bytes(8, named(&names, tensor.name));
        let raw: Vec<u8> = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.bytes(9, &raw);
        graph.message(5, &out);
    }
    model.inputs.iter().for_each(|input| graph.message(11, &port(input, &names, true)));
    model.outputs.iter().for_each(|output| graph.message(12, &port(output, &names, false)));
    let mut out = Message::default();
    out.integer(1, IR_VERSION);
    out.message(7, &graph);
    for (domain, version) in &model.opsets {
        let mut opset = Message::default();
        opset.bytes(1, domain.as_bytes());
        opset.integer(2, *version);
        out.message(8, &opset);
    }
    out.0
}

type Names<'a> = BTreeMap<&'a str, String>;

fn names<'a>(model: &Model<'a>) -> Names<'a> {
    let mut names = Names::new();
    let outputs =
        model.outputs.iter().map(|port| port.name).zip(0..).map(|(name, at)| (name, format!("y{at}")));
    let inputs = model.inputs.iter().map(|port| (port.name, "x".to_owned()));
    let tensors =
        model.tensors.iter().map(|tensor| tensor.name).zip(0..).map(|(name, at)| (name, format!("t{at}")));
    names.extend(outputs.chain(inputs).chain(tensors));
    let steps = model.nodes.iter().flat_map(|node| &node.outputs).zip(0..);
    for (name, at) in steps {
        names.entry(name).or_insert_with(|| format!("v{at}"));
    }
    names
}

fn named<'a>(names: &'a Names<'_>, name: &str) -> &'a [u8] {
    names.get(name).map_or(&[], |name| name.as_bytes())
}

fn node(node: &Node<'_>, names: &Names<'_>) -> Message {
    let mut out = Message::default();
    node.inputs.iter().for_each(|name| out.bytes(1, named(names, name)));
    node.outputs.iter().for_each(|name| out.bytes(2, named(names, name)));
    out.bytes(4, node.operator.as_bytes());
    for (name, value) in &node.attributes {
        out.message(5, &attribute(name, value));
    }
    if !node.domain.is_empty() {
        out.bytes(7, node.domain.as_bytes());
    }
    out
}

fn attribute(name: &str, value: &Attribute<'_>) -> Message {
    let mut out = Message::default();
    out.bytes(1, name.as_bytes());
    let kind = match value {
        Attribute::Float(value) => {
            out.float(2, *value);
            1
        }
        Attribute::Integer(value) => {
            out.integer(3, *value);
            2
        }
        Attribute::Word(word) => {
            out.bytes(4, word.as_bytes());
            3
        }
        Attribute::Floats(values) => {
            out.floats(7, values);
            6
        }
        Attribute::Integers(values) => {
            out.integers(8, values);
            7
        }
        Attribute::Words(words) => {
            words.iter().for_each(|word| out.bytes(9, word.as_bytes()));
            8
        }
    };
    out.integer(20, kind);
    out
}

/// The first extent, the number of rows, is left open; outputs have no shape.
fn port(port: &Port<'_>, names: &Names<'_>, shaped: bool) -> Message {
    let mut tensor = Message::default();
    tensor.integer(1, port.element);
    if shaped {
        let mut shape = Message::default();
        for extent in port.extents.iter().enumerate().map(|(at, extent)| extent.filter(|_| at > 0)) {
            let mut dimension = Message::default();
            if let Some(extent) = extent {
                dimension.integer(1, extent);
            }
            shape.message(1, &dimension);
        }
        tensor.message(2, &shape);
    }
    let mut kind = Message::default();
    kind.message(1, &tensor);
    let mut out = Message::default();
    out.bytes(1, named(names, port.name));
    out.message(2, &kind);
    out
}
