//! Names of people.
//!
//! A name is told by its surname and by what its given name is made of. Rare surnames pass with two
//! characters that are frequent in given names; a frequent surname passes with less. What ends like a place,
//! and the words of everyday that begin with a surname, are none.

use super::scan::Strength;
use super::words::{Role, Words};

/// Characters of the longest name with points.
const LONG_MAX: usize = 24;

/// How sure it is that the characters are the name of a person, written alone.
pub(super) fn name(words: &Words, text: &[char]) -> Option<Strength> {
    if text.contains(&'·') {
        return with_points(words, text);
    }
    let sure = match text {
        _ if words.is_common(text) => return None,
        [surname, given] => short(words, *surname, *given),
        [a, b, given] if words.is_compound(&[*a, *b]) => !words.is(*given, Role::NEVER),
        [surname, first, second] => three(words, *surname, *first, *second),
        [a, b, first, second] => four(words, [*a, *b], [*first, *second]),
        _ => false,
    };
    if sure || (3..=8).contains(&text.len()) && words.is_syllables(text) {
        return Some(Strength::Shape);
    }
    let surname = text.first().is_some_and(|c| words.is(*c, Role::SURNAME));
    let plain = text.iter().skip(1).all(|c| !words.is(*c, Role::NEVER));
    (surname && plain && (2..=3).contains(&text.len())).then_some(Strength::Weak)
}

/// How well a character suits a given name: 0 not at all, 1 hardly, 2 well, 3 very well.
fn suits(words: &Words, c: char) -> u8 {
    if words.is(c, Role::NEVER) {
        0
    } else if words.is(c, Role::PLACEY) {
        1 + u8::from(words.is(c, Role::STRONG) || words.is(c, Role::FAIR))
    } else if words.is(c, Role::STRONG) {
        3
    } else if words.is(c, Role::FAIR) {
        2
    } else {
        1
    }
}

fn short(words: &Words, surname: char, given: char) -> bool {
    // 张江, 高山: with one character that ends places nothing is sure.
    let given_suits = if words.is(given, Role::PLACEY) { 1 } else { suits(words, given) };
    if words.is(surname, Role::TOP_SURNAME) {
        given_suits >= 2
    } else {
        words.is(surname, Role::SURNAME) && given_suits >= 3
    }
}

fn three(words: &Words, surname: char, first: char, second: char) -> bool {
    // 高阳路, 平安里: the first two are a word, and what follows says what kind.
    if words.is_common(&[surname, first]) && suits(words, second) < 3 {
        return false;
    }
    // The same character twice is a pet name, and hardly anything else.
    let twice = first == second && words.is(surname, Role::SURNAME);
    let (first, second) = (suits(words, first), suits(words, second));
    if first == 0 || second == 0 || twice {
        return twice && first > 0;
    }
    let (low, high) = (first.min(second), first.max(second));
    if words.is(surname, Role::TOP_SURNAME) {
        high >= 2
    } else if words.is(surname, Role::SURNAME) {
        low >= 2 || high >= 3
    } else {
        // A surname that nobody listed: both others must be as in names, and one of them very much so.
        low >= 2 && high >= 3
    }
}

fn four(words: &Words, surname: [char; 2], given: [char; 2]) -> bool {
    let [first, second] = given.map(|c| suits(words, c));
    if words.is_compound(&surname) {
        return first > 0 && second > 0;
    }
    // The surnames of both parents.
    let double = surname.iter().all(|c| words.is(*c, Role::TOP_SURNAME));
    double && first >= 2 && second >= 2 && !words.is_common(&surname)
}

/// Parts with points between: names of Uyghurs, Kazakhs, Tibetans and foreigners.
fn with_points(words: &Words, text: &[char]) -> Option<Strength> {
    let mut parts = 0;
    for part in text.split(|c| *c == '·') {
        let place = part.last().is_none_or(|last| words.is(*last, Role::NEVER));
        if part.len() < 2 && parts == 0 || place || part.len() > 10 {
            return None;
        }
        // 万达·广场: the words of everyday are no parts of names.
        if words.is_common(part) || words.no_address.matched(part).is_some() {
            return None;
        }
        parts += 1;
    }
    let han = text.iter().filter(|c| **c != '·').count();
    let sounds = text.iter().filter(|c| words.is(**c, Role::SOUND)).count();
    let fits = (2..=4).contains(&parts) && text.len() <= LONG_MAX && sounds * 2 > han;
    fits.then_some(Strength::Shape)
}
