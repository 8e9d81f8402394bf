use proptest::prelude::*;

use super::wire::Message;
use super::*;

const PLENTY: Training = Training {
    entities: 100_000,
    leaf_entities: vec![],
    leaf_entities_min: 10,
    millibits_per_entity_max: 1000,
};

fn with_leaves(leaves: &[u64]) -> Training {
    Training { leaf_entities: leaves.to_vec(), ..PLENTY }
}

fn message(fill: impl FnOnce(&mut Message)) -> Message {
    let mut message = Message::default();
    fill(&mut message);
    message
}

fn floats(name: &str, values: &[f32]) -> Message {
    message(|out| {
        out.bytes(1, name.as_bytes());
        out.floats(7, values);
        out.integer(20, 6);
    })
}

fn integers(name: &str, values: &[i64]) -> Message {
    message(|out| {
        out.bytes(1, name.as_bytes());
        out.integers(8, values);
        out.integer(20, 7);
    })
}

fn words(name: &str, values: &[&str]) -> Message {
    message(|out| {
        out.bytes(1, name.as_bytes());
        values.iter().for_each(|word| out.bytes(9, word.as_bytes()));
        out.integer(20, 8);
    })
}

fn node(domain: &str, operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[Message]) -> Message {
    message(|out| {
        inputs.iter().for_each(|name| out.bytes(1, name.as_bytes()));
        outputs.iter().for_each(|name| out.bytes(2, name.as_bytes()));
        out.bytes(3, "张三的模型".as_bytes());
        out.bytes(4, operator.as_bytes());
        attributes.iter().for_each(|attribute| out.message(5, attribute));
        out.bytes(7, domain.as_bytes());
    })
}

fn port(name: &str, features: Option<i64>) -> Message {
    let dimension = |extent: Option<i64>| {
        message(|out| match extent {
            Some(extent) => out.integer(1, extent),
            None => out.bytes(2, b"rows"),
        })
    };
    let shape = message(|out| {
        out.message(1, &dimension(None));
        out.message(1, &dimension(features));
    });
    let tensor = message(|out| {
        out.integer(1, 1);
        out.message(2, &shape);
    });
    message(|out| {
        out.bytes(1, name.as_bytes());
        out.message(2, &message(|kind| kind.message(1, &tensor)));
    })
}

fn tensor(name: &str, extents: &[i64], values: &[f32]) -> Message {
    message(|out| {
        out.integers(1, extents);
        out.integer(2, 1);
        out.floats(4, values);
        out.bytes(8, name.as_bytes());
    })
}

/// A model with one output `out`, opset 17 and 3.
fn file(nodes: &[Message], tensors: &[Message]) -> Vec<u8> {
    let graph = message(|out| {
        nodes.iter().for_each(|node| out.message(1, node));
        out.bytes(2, b"secret name");
        tensors.iter().for_each(|tensor| out.message(5, tensor));
        out.message(11, &port("in", Some(3)));
        out.message(12, &port("out", None));
    });
    let opset = |domain: &str, version| {
        message(|out| {
            out.bytes(1, domain.as_bytes());
            out.integer(2, version);
        })
    };
    message(|out| {
        out.integer(1, 9);
        out.bytes(2, b"some tool");
        out.bytes(6, "330521199001011234".as_bytes());
        out.message(7, &graph);
        out.message(8, &opset("ai.onnx", 17));
        out.message(8, &opset("ai.onnx.ml", 3));
    })
    .0
}

fn linear() -> Vec<u8> {
    let coefficients = [floats("coefficients", &[1.0, -2.5, 0.25]), floats("intercepts", &[7.0])];
    file(&[node("ai.onnx.ml", "LinearRegressor", &["in"], &["out"], &coefficients)], &[])
}

fn logistic() -> Vec<u8> {
    let steps = [
        node("", "MatMul", &["in", "weights"], &["hidden"], &[]),
        node("", "Add", &["hidden", "bias"], &["sum"], &[]),
        node("", "Sigmoid", &["sum"], &["out"], &[]),
    ];
    file(&steps, &[tensor("weights", &[3, 1], &[0.5, 1.5, -1.0]), tensor("bias", &[1], &[0.125])])
}

/// One split and two leaves, with attributes replaced by those given.
fn tree(replaced: &[(&str, Message)]) -> Vec<u8> {
    let usual = [
        ("nodes_treeids", integers("nodes_treeids", &[0, 0, 0])),
        ("nodes_nodeids", integers("nodes_nodeids", &[0, 1, 2])),
        ("nodes_featureids", integers("nodes_featureids", &[2, 77, 0])),
        ("nodes_values", floats("nodes_values", &[3.5, 12.0, 13.0])),
        ("nodes_hitrates", floats("nodes_hitrates", &[3.0, 1.0, 2.0])),
        ("nodes_modes", words("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", integers("nodes_truenodeids", &[1, 5, 6])),
        ("nodes_falsenodeids", integers("nodes_falsenodeids", &[2, 0, 0])),
        ("target_treeids", integers("target_treeids", &[0, 0])),
        ("target_nodeids", integers("target_nodeids", &[1, 2])),
        ("target_ids", integers("target_ids", &[0, 0])),
        ("target_weights", floats("target_weights", &[1.0, 2.0])),
    ];
    let attributes = usual.into_iter().map(|(name, usual)| {
        let other = replaced.iter().find(|(replaced, _)| *replaced == name);
        other.map_or(usual, |(_, other)| Message(other.0.clone()))
    });
    let attributes: Vec<Message> = attributes.collect();
    file(&[node("ai.onnx.ml", "TreeEnsembleRegressor", &["in"], &["out"], &attributes)], &[])
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn models_of_the_subset_are_written_anew() {
    for (file, training) in [(linear(), PLENTY), (logistic(), PLENTY), (tree(&[]), with_leaves(&[30, 40]))] {
        let rebuilt = rebuild(&file, &training).unwrap();
        for hidden in ["secret", "some tool", "330521199001011234", "张三", "hidden", "weights\u{1}", "rows"]
        {
            assert!(!contains(&rebuilt.bytes, hidden), "{hidden}");
        }
        assert!(rebuilt.bits > 100 && rebuilt.bits < 3000);
        // Once written it is written the same.
        assert_eq!(rebuild(&rebuilt.bytes, &training).unwrap(), rebuilt);
    }
    let rebuilt = rebuild(&tree(&[]), &with_leaves(&[30, 40])).unwrap();
    assert_eq!(rebuilt.leaves, 2);
    // What leaves do not use is gone, and so are the numbers of rows in nodes.
    let other = tree(&[
        ("nodes_values", floats("nodes_values", &[3.5, -1.0, 9.75])),
        ("nodes_hitrates", floats("nodes_hitrates", &[9.0, 4.0, 5.0])),
        ("nodes_truenodeids", integers("nodes_truenodeids", &[1, 2, 2])),
    ]);
    assert_eq!(rebuild(&other, &with_leaves(&[30, 40])).unwrap(), rebuilt);
}

#[test]
fn everything_else_is_refused() {
    let one = |node: Message| file(&[node], &[]);
    let regress =
        |attributes: &[Message]| one(node("ai.onnx.ml", "LinearRegressor", &["in"], &["out"], attributes));
    let add = |tensors: &[Message]| file(&[node("", "Add", &["in", "t"], &["out"], &[])], tensors);
    let graph_inside = message(|out| {
        out.bytes(1, b"body");
        out.message(6, &Message::default());
        out.integer(20, 5);
    });
    let outside = message(|out| {
        out.integers(1, &[3]);
        out.integer(2, 1);
        out.bytes(8, b"t");
        out.bytes(13, b"path");
        out.integer(14, 1);
    });
    let text = message(|out| {
        out.integers(1, &[1]);
        out.integer(2, 8);
        out.bytes(6, b"row");
        out.bytes(8, b"t");
    });
    let three = [1.0, 2.0, 3.0];
    let unused = [tensor("t", &[3], &three), tensor("u", &[1], &[1.0])];
    let mut functions = linear();
    functions.extend(message(|out| out.bytes(25, b"")).0);
    let mut twice = linear();
    twice.extend(linear());
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("privacy.onnx_operator", one(node("", "Loop", &["in"], &["out"], &[]))),
        ("privacy.onnx_operator", one(node("ai.onnx.ml", "Sigmoid", &["in"], &["out"], &[]))),
        ("privacy.onnx_domain", one(node("com.example", "Sigmoid", &["in"], &["out"], &[]))),
        ("privacy.onnx_attribute", one(node("", "Sigmoid", &["in"], &["out"], &[floats("note", &[1.0])]))),
        ("privacy.onnx_attribute", one(node("", "Sigmoid", &["in"], &["out"], &[graph_inside]))),
        ("privacy.onnx_attribute", regress(&[floats("coefficients", &[1.0; 4])])),
        ("privacy.onnx_attribute", regress(&[floats("coefficients", &[1.0, f32::NAN, 1.0])])),
        ("privacy.onnx_attribute", regress(&[integers("coefficients", &[1, 2, 3])])),
        (
            "privacy.onnx_attribute",
            regress(&[floats("coefficients", &three), floats("coefficients", &three)]),
        ),
        ("privacy.onnx_tensor", add(&[outside])),
        ("privacy.onnx_tensor", add(&[text])),
        ("privacy.onnx_tensor", add(&[tensor("t", &[3], &[1.0])])),
        ("privacy.onnx_tensor", add(&[tensor("t", &[1], &[f32::INFINITY])])),
        ("privacy.onnx_tensor", add(&[tensor("t", &[-1], &[])])),
        ("privacy.onnx_tensor", add(&[tensor("t", &[i64::MAX, i64::MAX], &[])])),
        ("privacy.onnx_graph", add(&[])),
        ("privacy.onnx_graph", add(&unused)),
        ("privacy.onnx_graph", one(node("", "Sigmoid", &["out"], &["out"], &[]))),
        ("privacy.onnx_graph", one(node("", "Sigmoid", &["in"], &["in"], &[]))),
        ("privacy.onnx_graph", one(node("", "Sigmoid", &["in"], &["other"], &[]))),
        ("privacy.onnx_graph", vec![]),
        ("privacy.onnx_part", functions),
        ("privacy.onnx_domain", twice),
        ("privacy.onnx_size", vec![0; BYTES_MAX + 1]),
    ];
    for (index, (code, file)) in cases.into_iter().enumerate() {
        assert_eq!(rebuild(&file, &PLENTY).unwrap_err().code(), code, "case {index}");
    }
}

#[test]
fn trees_must_be_trees() {
    let wrong = [
        ("nodes_treeids", integers("nodes_treeids", &[0, 0])),
        ("nodes_nodeids", integers("nodes_nodeids", &[0, 1, 1])),
        ("nodes_treeids", integers("nodes_treeids", &[0, 0, 1])),
        ("nodes_featureids", integers("nodes_featureids", &[3, 0, 0])),
        ("nodes_truenodeids", integers("nodes_truenodeids", &[0, 0, 0])),
        ("nodes_truenodeids", integers("nodes_truenodeids", &[2, 0, 0])),
        ("nodes_truenodeids", integers("nodes_truenodeids", &[9, 0, 0])),
        ("nodes_modes", words("nodes_modes", &["LEAF", "LEAF", "LEAF"])),
        ("nodes_values", floats("nodes_values", &[1.0])),
        ("target_nodeids", integers("target_nodeids", &[0, 2])),
        ("target_nodeids", integers("target_nodeids", &[1, 1])),
        ("target_ids", integers("target_ids", &[0, 1])),
        ("target_weights", floats("target_weights", &[1.0])),
    ];
    for (index, wrong) in wrong.into_iter().enumerate() {
        assert_eq!(rebuild(&tree(&[wrong]), &with_leaves(&[30, 40])), Err(Refusal::Tree), "case {index}");
    }
    let equal = ("nodes_modes", words("nodes_modes", &["BRANCH_EQ", "LEAF", "LEAF"]));
    assert_eq!(rebuild(&tree(&[equal]), &with_leaves(&[30, 40])), Err(Refusal::Attribute));
}

#[test]
fn models_that_could_remember_are_refused() {
    let bits = rebuild(&linear(), &PLENTY).unwrap().bits;
    let enough = Training { entities: bits, ..PLENTY };
    assert!(rebuild(&linear(), &enough).is_ok());
    assert_eq!(rebuild(&linear(), &Training { entities: bits - 1, ..PLENTY }), Err(Refusal::Memory));
    assert_eq!(rebuild(&linear(), &Training { entities: 0, ..PLENTY }), Err(Refusal::Memory));
    for leaves in [vec![], vec![30], vec![30, 9], vec![30, 40, 50]] {
        assert_eq!(rebuild(&tree(&[]), &with_leaves(&leaves)), Err(Refusal::Leaf));
    }
    assert_eq!(rebuild(&linear(), &with_leaves(&[50])), Err(Refusal::Leaf));
}

#[test]
fn hostile_bytes_are_refused_without_harm() {
    // The last field of these files says which operators they use, so that every cut loses something needed.
    for (file, training) in [(linear(), PLENTY), (tree(&[]), with_leaves(&[30, 40]))] {
        assert!(rebuild(&file, &training).is_ok());
        for end in 0..file.len() {
            assert!(rebuild(&file[..end], &training).is_err(), "{end}");
        }
    }
    // A message in a message, a thousand deep; a length of 2^64 − 1; a number of eleven bytes; groups; doubles.
    let mut deep = vec![];
    for _ in 0..1000 {
        deep = message(|out| out.bytes(7, &deep)).0;
    }
    assert!(rebuild(&deep, &PLENTY).is_err());
    let huge = [0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let long = [0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01];
    let over = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for bytes in [&huge[..], &long, &over, &[0x0b], &[0x0c], &[0x09, 0, 0, 0, 0, 0, 0, 0, 0], &[0x80]] {
        assert_eq!(rebuild(bytes, &PLENTY), Err(Refusal::Format));
    }
}

proptest! {
    #[test]
    fn no_bytes_do_harm_and_what_passes_is_written_the_same(
        which in 0_usize..3,
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (mut file, training) = match which {
            0 => (linear(), PLENTY),
            1 => (logistic(), PLENTY),
            _ => (tree(&[]), with_leaves(&[30, 40])),
        };
        for (at, byte) in edits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Ok(rebuilt) = rebuild(&file, &training) {
            prop_assert_eq!(rebuild(&rebuilt.bytes, &training), Ok(rebuilt));
        }
    }
}
