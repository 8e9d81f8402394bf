//! E-mail addresses, IP addresses and coordinates.

use std::net::Ipv6Addr;

use super::scan::{Sink, Strength};
use super::symbol::{Class, Symbol};
use crate::SensitiveKind;

/// Characters of the longest text of an IPv6 address with an IPv4 address in it.
const IPV6_CHARS_MAX: usize = 45;
/// Characters that may stand between the two numbers of a pair: `","纬度":"`, `, "latitude": `.
const PAIR_GAP_MAX: usize = 16;
/// Digits behind the point: fewer tell a district, not a place.
const PLACES_MIN: u32 = 4;
/// More than a double can tell.
const PLACES_MAX: u32 = 15;

/// Memory that is used again for each value.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    buffer: String,
}

pub(super) fn find(symbols: &[Symbol], scratch: &mut Scratch, sink: &mut Sink<'_>) {
    let summary = sink.summary();
    if summary.at {
        emails(symbols, sink);
    }
    if summary.dots >= 3 {
        ipv4(symbols, sink);
    }
    if summary.colons >= 2 {
        ipv6(symbols, &mut scratch.buffer, sink);
    }
    if summary.dots >= 2 && summary.digits >= 10 || summary.degree {
        coordinates(symbols, sink);
    }
}

fn emails(symbols: &[Symbol], sink: &mut Sink<'_>) {
    for (at, _) in symbols.iter().enumerate().filter(|(_, symbol)| symbol.class == Class::At) {
        let local = |symbol: &Symbol| {
            matches!(symbol.class, Class::Letter | Class::Digit | Class::Dot | Class::Dash)
                || matches!(symbol.c, '_' | '%' | '+')
        };
        let host =
            |symbol: &Symbol| matches!(symbol.class, Class::Letter | Class::Digit | Class::Dot | Class::Dash);
        let before = symbols.get(..at).unwrap_or_default();
        let first = at - before.iter().rev().take(64).take_while(|symbol| local(symbol)).count();
        let after = symbols.get(at + 1..).unwrap_or_default();
        let length = after.iter().take(255).take_while(|symbol| host(symbol)).count();
        let mut domain = after.get(..length).unwrap_or_default();
        while let Some((last, rest)) = domain.split_last()
            && matches!(last.class, Class::Dot | Class::Dash)
        {
            domain = rest;
        }
        let top = domain.iter().rev().take_while(|symbol| symbol.class == Class::Letter).count();
        let dot = domain.len().checked_sub(top + 1).and_then(|at| domain.get(at));
        let sound = top >= 2 && domain.len() > top + 1 && dot.is_some_and(|dot| dot.class == Class::Dot);
        if first < at && sound {
            sink.push(SensitiveKind::Email, Strength::Shape, first, at + domain.len());
        }
    }
}

fn ipv4(symbols: &[Symbol], sink: &mut Sink<'_>) {
    let mut index = 0;
    while index < symbols.len() {
        if !begins_number(symbols, index) {
            index += 1;
            continue;
        }
        let Some((last, largest)) = four_octets(symbols, index) else {
            index += 1;
            continue;
        };
        // 1.2.3.4 is a section or a version as often.
        let strength = if largest < 20 && !sink_is_whole(symbols, index, last) || largest < 10 {
            Strength::Weak
        } else {
            Strength::Shape
        };
        sink.push(SensitiveKind::IpAddress, strength, index, last);
        index = last + 1;
    }
}

fn sink_is_whole(symbols: &[Symbol], first: usize, last: usize) -> bool {
    first == 0 && last + 1 == symbols.len()
}

/// A digit that nothing of a number, a word or a version stands before.
fn begins_number(symbols: &[Symbol], index: usize) -> bool {
    symbols.get(index).is_some_and(|symbol| symbol.class == Class::Digit)
        && index.checked_sub(1).and_then(|before| symbols.get(before)).is_none_or(|before| {
            !matches!(before.class, Class::Digit | Class::Letter | Class::Dot)
                && !matches!(before.c, '本' | '版')
        })
}

fn four_octets(symbols: &[Symbol], first: usize) -> Option<(usize, u32)> {
    let mut at = first;
    let mut largest = 0;
    for octet in 0..4 {
        if octet > 0 {
            symbols.get(at).filter(|symbol| symbol.class == Class::Dot)?;
            at += 1;
        }
        let (value, digits) = digits(symbols, at, 3)?;
        if value > 255 {
            return None;
        }
        largest = largest.max(value);
        at += digits;
    }
    let end = symbols.get(at);
    let ends = end.is_none_or(|symbol| {
        !matches!(symbol.class, Class::Digit | Class::Letter)
            && (symbol.class != Class::Dot
                || symbols.get(at + 1).is_none_or(|next| next.class != Class::Digit))
    });
    ends.then_some((at - 1, largest))
}

/// A number of at most so many digits: its value and how many it has.
fn digits(symbols: &[Symbol], at: usize, most: usize) -> Option<(u32, usize)> {
    let mut value = 0_u32;
    let mut count = 0;
    while let Some(symbol) = symbols.get(at + count)
        && symbol.class == Class::Digit
    {
        if count == most {
            return None;
        }
        value = value * 10 + symbol.c.to_digit(10)?;
        count += 1;
    }
    (count > 0).then_some((value, count))
}

fn ipv6(symbols: &[Symbol], buffer: &mut String, sink: &mut Sink<'_>) {
    let part = |symbol: &Symbol| symbol.c.is_ascii_hexdigit() || matches!(symbol.c, ':' | '.');
    let mut index = 0;
    while index < symbols.len() {
        // A mark before an address is none of its own.
        let colon = |at: usize| symbols.get(at).is_some_and(|symbol| symbol.c == ':');
        if colon(index) && !colon(index + 1) {
            index += 1;
            continue;
        }
        let rest = symbols.get(index..).unwrap_or_default();
        let length = rest.iter().take_while(|symbol| part(symbol)).count();
        if length < 3 {
            index += length.max(1);
            continue;
        }
        let token = rest.get(..length).unwrap_or_default();
        let mut end = length;
        // A sentence may end behind it.
        while end > 0 && token.get(end - 1).is_some_and(|symbol| symbol.c == '.') {
            end -= 1;
        }
        buffer.clear();
        if end <= IPV6_CHARS_MAX {
            buffer.extend(token.iter().take(end).map(|symbol| symbol.c));
        }
        let word = index.checked_sub(1).and_then(|before| symbols.get(before));
        let apart = word.is_none_or(|before| !matches!(before.class, Class::Letter | Class::Digit));
        if apart && buffer.parse().is_ok_and(is_address) {
            sink.push(SensitiveKind::IpAddress, Strength::Shape, index, index + end - 1);
        }
        index += length;
    }
}

/// Of the ranges in use; a time or a name with colons passes as an address too.
fn is_address(address: Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    matches!(first, 0x2000..=0x3fff | 0xfc00..=0xfdff | 0xfe80..=0xfebf | 0xff00..=0xffff)
        || address.is_loopback()
        || address.to_ipv4_mapped().is_some()
}

/// Which of the two a number can be, by its size: in China they never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Longitude,
    Latitude,
}

fn coordinates(symbols: &[Symbol], sink: &mut Sink<'_>) {
    let mut index = 0;
    let mut open: Option<(usize, usize, Axis)> = None;
    while index < symbols.len() {
        let begins = symbols.get(index).is_some_and(|symbol| symbol.class == Class::Digit)
            && index.checked_sub(1).and_then(|before| symbols.get(before)).is_none_or(|before| match before
                .class
            {
                Class::Digit | Class::Dot | Class::Dash => false,
                Class::Letter => matches!(before.c, 'E' | 'N' | 'e' | 'n'),
                _ => true,
            });
        if !begins {
            index += 1;
            continue;
        }
        let Some((next, axis)) = angle(symbols, index) else {
            index += 1;
            while symbols.get(index).is_some_and(|symbol| matches!(symbol.class, Class::Digit | Class::Dot)) {
                index += 1;
            }
            open = None;
            continue;
        };
        open = match open {
            Some((first, end, before)) if before != axis && index - end <= PAIR_GAP_MAX => {
                sink.push(SensitiveKind::Coordinate, Strength::Shape, first, next - 1);
                None
            }
            _ => Some((index, next, axis)),
        };
        index = next;
    }
}

/// An angle in decimals or in degrees, minutes and seconds, within China: where it ends and which axis it
/// belongs to.
///
/// *Source*: longitudes 73–136, latitudes 3–54. GCJ-02 and BD-09 move a point by some hundred metres, so that
/// the ranges hold for all three systems and no value tells which one it is written in.
fn angle(symbols: &[Symbol], at: usize) -> Option<(usize, Axis)> {
    let (whole, count) = digits(symbols, at, 3)?;
    let mut next = at + count;
    let mark = symbols.get(next)?;
    match mark.class {
        Class::Dot => {
            let mut places = 0_u32;
            let mut telling = false;
            next += 1;
            while let Some(symbol) = symbols.get(next)
                && symbol.class == Class::Digit
            {
                places += 1;
                telling |= symbol.c != '0';
                next += 1;
            }
            if !(PLACES_MIN..=PLACES_MAX).contains(&places) || !telling {
                return None;
            }
            if symbols.get(next).is_some_and(|symbol| matches!(symbol.c, '°' | '度')) {
                next += 1;
            }
        }
        _ if matches!(mark.c, '°' | '度') => {
            next += 1;
            let (minutes, count) = digits(symbols, next, 2)?;
            next += count;
            symbols.get(next).filter(|symbol| matches!(symbol.c, '′' | '\'' | '"' | '分'))?;
            next += 1;
            if minutes >= 60 {
                return None;
            }
            while symbols.get(next).is_some_and(|symbol| {
                matches!(symbol.class, Class::Digit | Class::Dot) || matches!(symbol.c, '″' | '"' | '秒')
            }) {
                next += 1;
            }
        }
        _ => return None,
    }
    match whole {
        73..=136 => Some((next, Axis::Longitude)),
        3..=54 => Some((next, Axis::Latitude)),
        _ => None,
    }
}
