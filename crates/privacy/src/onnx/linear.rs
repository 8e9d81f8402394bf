//! Linear models of our own making, in the subset.

use std::collections::BTreeMap;

use super::parse::{Attribute, FLOAT, Model, Node, Port};
use super::{Rebuilt, Refusal, Training, rebuild, write};

/// Versions of the operator sets that are written.
const STANDARD: (&str, i64) = ("", 17);
const MACHINE_LEARNING: (&str, i64) = ("ai.onnx.ml", 3);

/// The model `y = x·weights + intercept` over rows of as many floats as there are weights. It goes the way of every other
/// model: what may not leave is refused here, too.
///
/// # Errors
/// As [`rebuild`]; [`Refusal::Attribute`] without weights, or for a number that is not finite.
pub fn linear(weights: &[f32], intercept: f32, training: &Training) -> Result<Rebuilt, Refusal> {
    if weights.is_empty() || !weights.iter().chain([&intercept]).all(|number| number.is_finite()) {
        return Err(Refusal::Attribute);
    }
    let features = i64::try_from(weights.len()).map_err(|_| Refusal::Size)?;
    let port = |name, extents| Port { name, element: FLOAT, extents };
    let model = Model {
        opsets: BTreeMap::from([STANDARD, MACHINE_LEARNING]),
        inputs: vec![port("x", vec![None, Some(features)])],
        outputs: vec![port("y", Vec::new())],
        tensors: Vec::new(),
        nodes: vec![Node {
            operator: "LinearRegressor",
            domain: MACHINE_LEARNING.0,
            inputs: vec!["x"],
            outputs: vec!["y"],
            attributes: BTreeMap::from([
                ("coefficients", Attribute::Floats(weights.to_vec())),
                ("intercepts", Attribute::Floats(vec![intercept])),
                ("targets", Attribute::Integer(1)),
            ]),
        }],
    };
    rebuild(&write::model(&model), training)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training(entities: u64) -> Training {
        Training {
            entities,
            leaf_entities: Vec::new(),
            leaf_entities_min: 10,
            millibits_per_entity_max: 1_000,
        }
    }

    #[test]
    fn a_linear_model_passes_its_own_door_and_is_the_same_each_time() {
        let made = linear(&[1.5, -2.0], 7.0, &training(1_000)).unwrap();
        assert_eq!(made.leaves, 0);
        assert_eq!(rebuild(&made.bytes, &training(1_000)).unwrap(), made);
        assert_eq!(linear(&[1.5, -2.0], 7.0, &training(2_000)).unwrap().bytes, made.bytes);
        assert!(made.bytes.windows(4).any(|four| four == 1.5_f32.to_le_bytes()));
    }

    #[test]
    fn what_could_remember_its_people_or_is_no_number_does_not_leave() {
        assert_eq!(linear(&[1.0; 8], 0.0, &training(100)), Err(Refusal::Memory));
        assert_eq!(linear(&[f32::NAN], 0.0, &training(1_000)), Err(Refusal::Attribute));
        assert_eq!(linear(&[], 0.0, &training(1_000)), Err(Refusal::Attribute));
    }
}
