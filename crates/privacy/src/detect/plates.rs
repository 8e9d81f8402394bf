//! Number plates: a province's sign, a letter, five or six more characters.

use super::scan::{Sink, Strength};
use super::symbol::{Class, Symbol};
use super::text::Scratch;
use super::words::{Role, words};
use crate::SensitiveKind;
use crate::format;

/// What may end a plate.
const SIGNS: &str = "学警港澳挂使领";

pub(super) fn find(symbols: &[Symbol], scratch: &mut Scratch, sink: &mut Sink<'_>) {
    let words = words();
    let mut index = 0;
    while let Some(symbol) = symbols.get(index) {
        index += 1;
        let letter = || symbols.get(index).is_some_and(|next| next.class == Class::Letter);
        if symbol.class != Class::Han || !letter() || !words.is(symbol.c, Role::PROVINCE) {
            continue;
        }
        if let Some(last) = plate(symbols, index - 1, &mut scratch.buffer) {
            sink.push(SensitiveKind::Plate, Strength::Shape, index - 1, last);
            index = last + 1;
        }
    }
}

/// The last symbol of the plate that begins at `first`.
fn plate(symbols: &[Symbol], first: usize, buffer: &mut String) -> Option<usize> {
    buffer.clear();
    buffer.push(symbols.get(first)?.c);
    let mut last = first;
    let mut tail = 0;
    for (index, symbol) in symbols.iter().enumerate().skip(first + 1).take(16) {
        match symbol.code() {
            Some(byte) => {
                // Nothing that has more characters is a plate.
                if tail > 6 {
                    return None;
                }
                buffer.push(char::from(byte));
                tail += 1;
                last = index;
            }
            None if symbol.class.is_soft() && tail == 1 && index == last + 1 => {}
            None if SIGNS.contains(symbol.c) && tail == 5 => {
                buffer.push(symbol.c);
                last = index;
                break;
            }
            None => break,
        }
        if tail == 7 && symbols.get(index + 1).and_then(|next| next.code()).is_none() {
            break;
        }
    }
    format::parse_plate(buffer).map(|_| last)
}
