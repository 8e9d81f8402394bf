//! From bytes to the parts of the subset; every other part is refused.

use std::collections::BTreeMap;

use super::Refusal;
use super::wire::{Fields, Value};

/// Limit: steps, tensors, inputs or outputs of a graph.
const PARTS_MAX: usize = 64;
/// Limit: numbers in one attribute or tensor.
const NUMBERS_MAX: usize = 1 << 20;

/// Element types of ONNX.
pub(super) const FLOAT: i64 = 1;
pub(super) const INT64: i64 = 7;

#[derive(Debug, Default)]
pub(super) struct Model<'a> {
    /// Versions by domain.
    pub(super) opsets: BTreeMap<&'a str, i64>,
    pub(super) inputs: Vec<Port<'a>>,
    pub(super) outputs: Vec<Port<'a>>,
    pub(super) tensors: Vec<Tensor<'a>>,
    pub(super) nodes: Vec<Node<'a>>,
}

/// An input or output of the graph. Unknown extents are `None`.
#[derive(Debug, Default)]
pub(super) struct Port<'a> {
    pub(super) name: &'a str,
    pub(super) element: i64,
    pub(super) extents: Vec<Option<i64>>,
}

#[derive(Debug, Default)]
pub(super) struct Tensor<'a> {
    pub(super) name: &'a str,
    pub(super) extents: Vec<i64>,
    pub(super) values: Vec<f32>,
}

#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) operator: &'a str,
    pub(super) domain: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    pub(super) attributes: BTreeMap<&'a str, Attribute<'a>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute<'a> {
    Float(f32),
    Integer(i64),
    Word(&'a str),
    Floats(Vec<f32>),
    Integers(Vec<i64>),
    Words(Vec<&'a str>),
}

/// Descriptions, names of tools and the like are read over; they are not written again.
pub(super) fn model(bytes: &[u8]) -> Result<Model<'_>, Refusal> {
    let mut model = Model::default();
    let (mut fields, mut graphs) = (Fields(bytes), 0);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 | 5 => drop(value.integer()?),
            2 | 3 | 4 | 6 | 14 => drop(value.bytes()?),
            7 => {
                graph(value.bytes()?, &mut model)?;
                graphs += 1;
            }
            8 => {
                let (domain, version) = opset(value.bytes()?)?;
                if model.opsets.insert(domain, version).is_some() {
                    return Err(Refusal::Domain);
                }
            }
            _ => return Err(Refusal::Part),
        }
    }
    if graphs == 1 { Ok(model) } else { Err(Refusal::Graph) }
}

fn opset(bytes: &[u8]) -> Result<(&str, i64), Refusal> {
    let (mut domain, mut version) = ("", 0);
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => domain = value.text()?,
            2 => version = value.integer()?,
            _ => return Err(Refusal::Part),
        }
    }
    // The standard domain has two names.
    Ok((if domain == "ai.onnx" { "" } else { domain }, version))
}

fn graph<'a>(bytes: &'a [u8], model: &mut Model<'a>) -> Result<(), Refusal> {
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => model.nodes.push(node(value.bytes()?)?),
            2 | 10 | 13 | 16 => drop(value.bytes()?),
            5 => model.tensors.push(tensor(value.bytes()?)?),
            11 => model.inputs.push(port(value.bytes()?)?),
            12 => model.outputs.push(port(value.bytes()?)?),
            _ => return Err(Refusal::Part),
        }
        let counts = [model.nodes.len(), model.tensors.len(), model.inputs.len(), model.outputs.len()];
        if counts.into_iter().any(|count| count > PARTS_MAX) {
            return Err(Refusal::Size);
        }
    }
    Ok(())
}

fn node(bytes: &[u8]) -> Result<Node<'_>, Refusal> {
    let mut node = Node::default();
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => node.inputs.push(value.text()?),
            2 => node.outputs.push(value.text()?),
            3 | 6 | 9 => drop(value.bytes()?),
            4 => node.operator = value.text()?,
            5 => {
                let (name, attribute) = attribute(value.bytes()?)?;
                if node.attributes.insert(name, attribute).is_some() {
                    return Err(Refusal::Attribute);
                }
            }
            7 => node.domain = value.text()?,
            _ => return Err(Refusal::Part),
        }
        if node.inputs.len().max(node.outputs.len()).max(node.attributes.len()) > PARTS_MAX {
            return Err(Refusal::Size);
        }
    }
    if node.domain == "ai.onnx" {
        node.domain = "";
    }
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<(&str, Attribute<'_>), Refusal> {
    let (mut name, mut kind, mut float, mut integer, mut word) = ("", 0, 0.0, 0, "");
    let (mut floats, mut integers, mut words) = (vec![], vec![], vec![]);
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => name = value.text()?,
            2 => float = value.float()?,
            3 => integer = value.integer()?,
            4 => word = value.text()?,
            7 => value.floats(&mut floats)?,
            8 => value.integers(&mut integers)?,
            9 => words.push(value.text()?),
            13 => drop(value.bytes()?),
            20 => kind = value.integer()?,
            // Tensors, graphs, types, references.
            _ => return Err(Refusal::Attribute),
        }
        if floats.len().max(integers.len()).max(words.len()) > NUMBERS_MAX {
            return Err(Refusal::Size);
        }
    }
    if floats.iter().chain([&float]).any(|value| !value.is_finite()) {
        return Err(Refusal::Attribute);
    }
    let attribute = match kind {
        1 => Attribute::Float(float),
        2 => Attribute::Integer(integer),
        3 => Attribute::Word(word),
        6 => Attribute::Floats(floats),
        7 => Attribute::Integers(integers),
        8 => Attribute::Words(words),
        _ => return Err(Refusal::Attribute),
    };
    Ok((name, attribute))
}

fn tensor(bytes: &[u8]) -> Result<Tensor<'_>, Refusal> {
    let (mut tensor, mut element) = (Tensor::default(), 0);
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match (field, &value) {
            (1, _) => value.integers(&mut tensor.extents)?,
            (2, _) => element = value.integer()?,
            (4 | 9, _) => value.floats(&mut tensor.values)?,
            (8, _) => tensor.name = value.text()?,
            (12, _) => drop(value.bytes()?),
            (14, Value::Varint(0)) => {}
            // Texts, integers, doubles, segments, data outside the file.
            _ => return Err(Refusal::Tensor),
        }
        if tensor.extents.len() > 2 || tensor.values.len() > NUMBERS_MAX {
            return Err(Refusal::Size);
        }
    }
    let count = tensor
        .extents
        .iter()
        .try_fold(1_i64, |count, extent| if *extent < 1 { None } else { count.checked_mul(*extent) });
    let fits = count.and_then(|count| usize::try_from(count).ok()) == Some(tensor.values.len());
    let finite = tensor.values.iter().all(|value| value.is_finite());
    if element == FLOAT && fits && finite { Ok(tensor) } else { Err(Refusal::Tensor) }
}

fn port(bytes: &[u8]) -> Result<Port<'_>, Refusal> {
    let mut port = Port::default();
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        match field {
            1 => port.name = value.text()?,
            2 => tensor_type(value.bytes()?, &mut port)?,
            3 | 4 => drop(value.bytes()?),
            _ => return Err(Refusal::Part),
        }
    }
    Ok(port)
}

/// A type may be of a tensor only; sequences and maps are refused.
fn tensor_type(bytes: &[u8], port: &mut Port<'_>) -> Result<(), Refusal> {
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        let (1, Value::Bytes(inner)) = (field, value) else { return Err(Refusal::Part) };
        let mut inner = Fields(inner);
        while let Some((field, value)) = inner.next()? {
            match field {
                1 => port.element = value.integer()?,
                2 => shape(value.bytes()?, port)?,
                _ => return Err(Refusal::Part),
            }
        }
    }
    Ok(())
}

fn shape(bytes: &[u8], port: &mut Port<'_>) -> Result<(), Refusal> {
    let mut fields = Fields(bytes);
    while let Some((field, value)) = fields.next()? {
        let (1, Value::Bytes(inner)) = (field, value) else { return Err(Refusal::Part) };
        let (mut inner, mut extent) = (Fields(inner), None);
        while let Some((field, value)) = inner.next()? {
            match field {
                1 => extent = Some(value.integer()?),
                // A name for an unknown extent.
                2 | 3 => drop(value.bytes()?),
                _ => return Err(Refusal::Part),
            }
        }
        port.extents.push(extent);
        if port.extents.len() > 2 {
            return Err(Refusal::Size);
        }
    }
    Ok(())
}
