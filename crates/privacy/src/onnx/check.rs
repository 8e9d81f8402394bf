//! Operators, their attributes, and how the steps hang together.

use std::collections::BTreeSet;

use super::Refusal;
use super::parse::{Attribute, FLOAT, INT64, Model, Node};
use super::tree;

/// The domain of classical models.
const CLASSICAL: &str = "ai.onnx.ml";
/// Limit: features of a model.
const FEATURES_MAX: i64 = 4096;
/// What a result may be passed through.
const TRANSFORMS: &[&str] = &["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

/// What an attribute may hold.
#[derive(Clone, Copy)]
enum Kind {
    Float,
    Integer,
    Floats,
    Integers,
    Word(&'static [&'static str]),
    Words(&'static [&'static str]),
}

/// An operator of the subset.
struct Operator {
    domain: &'static str,
    name: &'static str,
    /// Fewest and most inputs.
    inputs: (usize, usize),
    /// Most outputs.
    outputs: usize,
    attributes: &'static [(&'static str, Kind)],
}

const fn plain(
    name: &'static str,
    inputs: (usize, usize),
    attributes: &'static [(&'static str, Kind)],
) -> Operator {
    Operator { domain: "", name, inputs, outputs: 1, attributes }
}

const fn classical(
    name: &'static str,
    outputs: usize,
    attributes: &'static [(&'static str, Kind)],
) -> Operator {
    Operator { domain: CLASSICAL, name, inputs: (1, 1), outputs, attributes }
}

const GEMM: &[(&str, Kind)] =
    &[("alpha", Kind::Float), ("beta", Kind::Float), ("transA", Kind::Integer), ("transB", Kind::Integer)];

const OPERATORS: &[Operator] = &[
    plain("Add", (2, 2), &[]),
    plain("Sub", (2, 2), &[]),
    plain("Mul", (2, 2), &[]),
    plain("Div", (2, 2), &[]),
    plain("MatMul", (2, 2), &[]),
    plain("Gemm", (2, 3), GEMM),
    plain("Sigmoid", (1, 1), &[]),
    plain("Softmax", (1, 1), &[("axis", Kind::Integer)]),
    classical("Scaler", 1, &[("offset", Kind::Floats), ("scale", Kind::Floats)]),
    classical(
        "LinearRegressor",
        1,
        &[
            ("coefficients", Kind::Floats),
            ("intercepts", Kind::Floats),
            ("targets", Kind::Integer),
            ("post_transform", Kind::Word(TRANSFORMS)),
        ],
    ),
    classical(
        "LinearClassifier",
        2,
        &[
            ("coefficients", Kind::Floats),
            ("intercepts", Kind::Floats),
            ("classlabels_ints", Kind::Integers),
            ("multi_class", Kind::Integer),
            ("post_transform", Kind::Word(TRANSFORMS)),
        ],
    ),
    classical("TreeEnsembleRegressor", 1, TREE),
    classical("TreeEnsembleClassifier", 2, TREE),
];

const TREE: &[(&str, Kind)] = &[
    ("aggregate_function", Kind::Word(&["SUM", "AVERAGE", "MIN", "MAX"])),
    ("base_values", Kind::Floats),
    ("class_ids", Kind::Integers),
    ("class_nodeids", Kind::Integers),
    ("class_treeids", Kind::Integers),
    ("class_weights", Kind::Floats),
    ("classlabels_int64s", Kind::Integers),
    ("n_targets", Kind::Integer),
    ("nodes_falsenodeids", Kind::Integers),
    ("nodes_featureids", Kind::Integers),
    ("nodes_hitrates", Kind::Floats),
    ("nodes_missing_value_tracks_true", Kind::Integers),
    ("nodes_modes", Kind::Words(tree::MODES)),
    ("nodes_nodeids", Kind::Integers),
    ("nodes_treeids", Kind::Integers),
    ("nodes_truenodeids", Kind::Integers),
    ("nodes_values", Kind::Floats),
    ("post_transform", Kind::Word(TRANSFORMS)),
    ("target_ids", Kind::Integers),
    ("target_nodeids", Kind::Integers),
    ("target_treeids", Kind::Integers),
    ("target_weights", Kind::Floats),
];

/// Checks a model and takes out what its computation does not use. Returns the number of leaves of its trees.
pub(super) fn model(model: &mut Model<'_>) -> Result<usize, Refusal> {
    domains(model)?;
    let features = input(model)?;
    steps(model)?;
    let mut leaves = 0;
    for node in &mut model.nodes {
        attributes(node)?;
        match node.operator {
            "LinearRegressor" | "LinearClassifier" | "Scaler" => sizes(node, features)?,
            "TreeEnsembleRegressor" | "TreeEnsembleClassifier" => leaves += tree::check(node, features)?,
            _ => {}
        }
    }
    Ok(leaves)
}

fn domains(model: &Model<'_>) -> Result<(), Refusal> {
    let known = |(domain, version): (&&str, &i64)| match *domain {
        "" => (13..=24).contains(version),
        CLASSICAL => (1..=3).contains(version),
        _ => false,
    };
    let declared = model.nodes.iter().all(|node| model.opsets.contains_key(node.domain));
    if declared && model.opsets.iter().all(known) { Ok(()) } else { Err(Refusal::Domain) }
}

/// One table of floats with any number of rows and a known number of columns.
fn input(model: &Model<'_>) -> Result<i64, Refusal> {
    let [input] = model.inputs.as_slice() else { return Err(Refusal::Graph) };
    match input.extents.as_slice() {
        [_, Some(features)] if input.element == FLOAT && (1..=FEATURES_MAX).contains(features) => {
            Ok(*features)
        }
        _ => Err(Refusal::Graph),
    }
}

/// Every name is made once, before it is used; everything made is used.
fn steps(model: &Model<'_>) -> Result<(), Refusal> {
    let mut made: BTreeSet<&str> = BTreeSet::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let given =
        model.inputs.iter().map(|port| port.name).chain(model.tensors.iter().map(|tensor| tensor.name));
    for name in given {
        if name.is_empty() || !made.insert(name) {
            return Err(Refusal::Graph);
        }
    }
    for node in &model.nodes {
        let operator = operator(node)?;
        let (fewest, most) = operator.inputs;
        let counts = (fewest..=most).contains(&node.inputs.len())
            && (1..=operator.outputs).contains(&node.outputs.len());
        if !counts || node.inputs.iter().any(|name| !made.contains(name)) {
            return Err(Refusal::Graph);
        }
        used.extend(&node.inputs);
        if node.outputs.iter().any(|name| name.is_empty() || !made.insert(name)) {
            return Err(Refusal::Graph);
        }
    }
    let from_steps: BTreeSet<&str> = model.nodes.iter().flat_map(|node| &node.outputs).copied().collect();
    let outputs: BTreeSet<&str> = model.outputs.iter().map(|port| port.name).collect();
    let typed = model.outputs.iter().all(|port| port.element == FLOAT || port.element == INT64);
    let fine = !outputs.is_empty()
        && outputs.len() == model.outputs.len()
        && outputs.is_subset(&from_steps)
        && typed
        && model.tensors.iter().all(|tensor| used.contains(tensor.name))
        && model
            .nodes
            .iter()
            .all(|node| node.outputs.iter().any(|name| used.contains(name) || outputs.contains(name)));
    if fine { Ok(()) } else { Err(Refusal::Graph) }
}

fn operator(node: &Node<'_>) -> Result<&'static Operator, Refusal> {
    let found = OPERATORS.iter().find(|known| known.domain == node.domain && known.name == node.operator);
    found.ok_or(Refusal::Operator)
}

fn attributes(node: &Node<'_>) -> Result<(), Refusal> {
    let known = operator(node)?.attributes;
    let fits = |(name, attribute): (&&str, &Attribute<'_>)| {
        let kind = known.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        match (kind, attribute) {
            (Some(Kind::Float), Attribute::Float(_))
            | (Some(Kind::Floats), Attribute::Floats(_))
            | (Some(Kind::Integer), Attribute::Integer(_))
            | (Some(Kind::Integers), Attribute::Integers(_)) => true,
            (Some(Kind::Word(words)), Attribute::Word(word)) => words.contains(word),
            (Some(Kind::Words(words)), Attribute::Words(given)) => {
                given.iter().all(|word| words.contains(word))
            }
            _ => false,
        }
    };
    if node.attributes.iter().all(fits) { Ok(()) } else { Err(Refusal::Attribute) }
}

/// As many numbers as the computation uses.
fn sizes(node: &Node<'_>, features: i64) -> Result<(), Refusal> {
    let floats = |name| match node.attributes.get(name) {
        Some(Attribute::Floats(values)) => i64::try_from(values.len()).unwrap_or(i64::MAX),
        _ => 0,
    };
    let fine = match node.operator {
        "Scaler" => [floats("offset"), floats("scale")].iter().all(|count| [0, 1, features].contains(count)),
        "LinearRegressor" => {
            let targets = match node.attributes.get("targets") {
                Some(Attribute::Integer(targets)) => *targets,
                _ => 1,
            };
            targets >= 1
                && Some(floats("coefficients")) == targets.checked_mul(features)
                && [0, targets].contains(&floats("intercepts"))
        }
        _ => {
            let classes = match node.attributes.get("classlabels_ints") {
                Some(Attribute::Integers(labels)) => i64::try_from(labels.len()).unwrap_or(i64::MAX),
                _ => 0,
            };
            // Two classes may share one row of coefficients.
            let rows = floats("coefficients") / features;
            floats("coefficients") % features == 0
                && (rows == classes || classes == 2 && rows == 1)
                && rows >= 1
                && [0, rows].contains(&floats("intercepts"))
        }
    };
    if fine { Ok(()) } else { Err(Refusal::Attribute) }
}
