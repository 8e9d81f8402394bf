//! The tenant's lists of invented identifiers.

use std::collections::HashSet;

use super::Feature;
use crate::SensitiveKind;
use crate::masking::{Alphabet, MaskKey, MaskSpec};
use crate::twin::invent::{Known, invent, token};
use crate::twin::random::Draw;

/// Limit: tries at a value that is not on the list yet. Of names there are few, and they come again.
const TRIES_MAX: usize = 64;

/// An endless list, of which the beginning is drawn.
pub(super) struct Pool {
    shape: Shape,
    draw: Draw,
    values: Vec<String>,
    taken: HashSet<String>,
}

enum Shape {
    Kind(SensitiveKind),
    Token,
    Code(Alphabet, u8),
}

impl Pool {
    /// The list of a column: of its kind, or of its mask's domain where the mask makes tokens or codes.
    pub(super) fn of(feature: &Feature, secret: &MaskKey) -> Self {
        let (name, shape) = match &feature.mask {
            MaskSpec::Token { domain } => (format!("token:{domain}"), Shape::Token),
            MaskSpec::Ff1 { alphabet, length, domain } => {
                (format!("code:{domain}:{alphabet:?}:{length}"), Shape::Code(*alphabet, *length))
            }
            MaskSpec::Format { kind } => (kind.name().to_owned(), Shape::Kind(*kind)),
            _ => (feature.kind.name().to_owned(), Shape::Kind(feature.kind)),
        };
        let seed = secret.hash("pool", &name).bytes(b"");
        Self { shape, draw: Draw::new(&seed, "pool", &name), values: Vec::new(), taken: HashSet::new() }
    }

    /// The value at a place of the list.
    pub(super) fn value(&mut self, place: usize) -> &str {
        while self.values.len() <= place {
            let mut value = self.next();
            for _ in 0..TRIES_MAX {
                if self.taken.insert(value.clone()) {
                    break;
                }
                value = self.next();
            }
            self.values.push(value);
        }
        self.values.get(place).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let mut out = String::new();
        match &self.shape {
            Shape::Kind(kind) => return invent(*kind, Known::default(), &mut self.draw),
            Shape::Token => token(&mut self.draw, &mut out),
            Shape::Code(alphabet, length) => {
                let size = u64::from(alphabet.size());
                out.extend((0..*length).map(|_| char::from(alphabet.digit(self.draw.below(size)))));
            }
        }
        out
    }
}
