//! Looking for secrets where none may be: do these bytes hold a key that was destroyed, or a planted text, in any of the
//! forms in which software writes bytes down?
//!
//! What is looked for survives the destruction as [`Trace`]s only: 32 bits of a sum that rolls over the bytes, which
//! makes looking cheap, and half of a SHA-256, which makes a hit certain. Neither gives a random key of 256 bits back.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::KEY_BYTES;

#[cfg(test)]
mod tests;

/// Bytes of every text that is looked for.
pub const WINDOW_BYTES: usize = KEY_BYTES;
const STRONG_BYTES: usize = 16;
/// Bits of the table that says at once of nearly every place that nothing lies there.
const FILTER_BITS: u32 = 18;

/// What a trace is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// The key of the tenant, or one derived from it.
    TenantKey,
    /// The key of one object.
    DataKey,
    /// A key as it is stored, sealed by the one above it: with that one it would open again.
    WrappedKey,
    /// A text that was planted among the data.
    Canary,
}

/// How it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As it is.
    Plain,
    /// Hexadecimal digits.
    Hex,
    /// Base64, wherever in a longer text it begins.
    Base64,
    /// Text of two bytes a character.
    Utf16,
}

/// What is left of a secret to look for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    weak: u32,
    strong: [u8; STRONG_BYTES],
    /// What it is of.
    pub secret: Secret,
    /// How it would be written.
    pub form: Form,
}

impl Trace {
    fn of(window: &[u8; WINDOW_BYTES], secret: Secret, form: Form) -> Self {
        let weak = window.iter().fold(0, |sum: u64, byte| sum.rotate_left(1) ^ mixed(*byte));
        Self { weak: weak as u32, strong: strong(window), secret, form }
    }
}

/// The traces of a secret in every form it might be written in.
#[must_use]
pub fn traces(bytes: &[u8; WINDOW_BYTES], secret: Secret) -> Vec<Trace> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut found = vec![Trace::of(bytes, secret, Form::Plain)];
    let mut add = |text: String, form| {
        if let Some(window) = text.as_bytes().first_chunk::<WINDOW_BYTES>() {
            let trace = Trace::of(window, secret, form);
            if !found.contains(&trace) {
                found.push(trace);
            }
        }
    };
    add(hex::encode(bytes), Form::Hex);
    add(hex::encode_upper(bytes), Form::Hex);
    // In a longer text it begins at one of three places of a group.
    for skipped in 0..3 {
        let rest = bytes.get(skipped..).unwrap_or_default();
        add(STANDARD_NO_PAD.encode(rest), Form::Base64);
        add(URL_SAFE_NO_PAD.encode(rest), Form::Base64);
    }
    if secret == Secret::Canary {
        let wide: Vec<u8> = bytes.iter().flat_map(|byte| [*byte, 0]).collect();
        if let Some(window) = wide.first_chunk::<WINDOW_BYTES>() {
            found.push(Trace::of(window, secret, Form::Utf16));
        }
    }
    found
}

/// Looks for many secrets at once in a stream of bytes.
pub struct Searcher<'a> {
    traces: &'a [Trace],
    by_weak: HashMap<u32, Vec<usize>>,
    filter: Vec<bool>,
    /// The end of what was seen, where something may have begun.
    tail: Vec<u8>,
    seen: u64,
}

impl<'a> Searcher<'a> {
    /// Prepares the search; see [`Searcher::begin`] for each further stream.
    #[must_use]
    pub fn new(traces: &'a [Trace]) -> Self {
        let mut filter = vec![false; 1 << FILTER_BITS];
        let mut by_weak: HashMap<u32, Vec<usize>> = HashMap::new();
        for (index, trace) in traces.iter().enumerate() {
            by_weak.entry(trace.weak).or_default().push(index);
            if let Some(slot) = filter.get_mut(slot(trace.weak)) {
                *slot = true;
            }
        }
        Self { traces, by_weak, filter, tail: Vec::new(), seen: 0 }
    }

    /// Forgets what was seen: another stream begins.
    pub fn begin(&mut self) {
        self.tail.clear();
        self.seen = 0;
    }

    /// Looks at the next bytes of the stream; tells `found` the place in the stream and the trace of each hit.
    pub fn feed(&mut self, bytes: &[u8], mut found: impl FnMut(u64, &Trace)) {
        let begun = self.seen - self.tail.len() as u64;
        self.seen += bytes.len() as u64;
        self.tail.extend_from_slice(bytes);
        let text = std::mem::take(&mut self.tail);
        if let Some(first) = text.first_chunk::<WINDOW_BYTES>() {
            let mut sum = first.iter().fold(0, |sum: u64, byte| sum.rotate_left(1) ^ mixed(*byte));
            self.look(sum, 0, &text, begun, &mut found);
            // What leaves the window was turned once for each byte since it came in.
            let passing = text.iter().zip(text.iter().skip(WINDOW_BYTES));
            for (place, (out, next)) in (1..).zip(passing) {
                sum = sum.rotate_left(1) ^ mixed(*out).rotate_left(WINDOW_BYTES as u32) ^ mixed(*next);
                self.look(sum, place, &text, begun, &mut found);
            }
        }
        let kept = text.len().min(WINDOW_BYTES - 1);
        self.tail = text.get(text.len() - kept..).unwrap_or_default().to_vec();
    }

    #[inline]
    fn look(&self, sum: u64, place: usize, text: &[u8], begun: u64, found: &mut impl FnMut(u64, &Trace)) {
        if self.filter.get(slot(sum as u32)) != Some(&true) {
            return;
        }
        let Some(known) = self.by_weak.get(&(sum as u32)) else { return };
        let Some(window) = text.get(place..).and_then(<[u8]>::first_chunk::<WINDOW_BYTES>) else { return };
        let strong = strong(window);
        for trace in known.iter().filter_map(|index| self.traces.get(*index)) {
            if trace.strong == strong {
                found(begun + place as u64, trace);
            }
        }
    }
}

const fn slot(weak: u32) -> usize {
    (weak & ((1 << FILTER_BITS) - 1)) as usize
}

fn strong(window: &[u8; WINDOW_BYTES]) -> [u8; STRONG_BYTES] {
    let whole: [u8; 32] = Sha256::digest(window).into();
    whole.first_chunk().copied().unwrap_or_default()
}

/// A byte spread over 64 bits, the same in every build: traces are stored.
#[inline]
fn mixed(byte: u8) -> u64 {
    MIXED.get(usize::from(byte)).copied().unwrap_or_default()
}

static MIXED: [u64; 256] = mixed_all();

const fn mixed_all() -> [u64; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        // The finisher of splitmix64.
        let mut value = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::indexing_slicing, reason = "checked by the loop, at compile time")]
        {
            table[index] = value ^ (value >> 31);
        }
        index += 1;
    }
    table
}
