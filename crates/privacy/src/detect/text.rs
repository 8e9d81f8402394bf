//! What is written in Chinese words: names, organisations, addresses, ethnic groups, faiths, illnesses.
//!
//! A text is cut into segments at its marks. A segment that is a whole value, a string of JSON or an entry of
//! a list of names is a field, and is taken for what it looks like. In running text something must say so:
//! 联系人 before a name, 先生 behind it, a legal form at the end of a company's name, a house number at the end of
//! an address.

use super::dictionary::bodies::{ADDRESS_LEADS, LEADS};
use super::dictionary::given::NAME_CUES;
use super::dictionary::terms::{FAITH_CUES, ILLNESS_CUES};
use super::organizations::NAME_MAX;
use super::scan::{Sink, Strength};
use super::symbol::{Class, Symbol};
use super::words::{Endings, Role, Words, words};
use super::{addresses, names, organizations};
use crate::SensitiveKind;

/// Characters of the longest field that is looked at as one.
const FIELD_MAX: usize = 60;

/// Memory that is used again for each value.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The segment without spaces.
    chars: Vec<char>,
    /// For each of them its symbol.
    origin: Vec<usize>,
    pub(super) buffer: String,
}

pub(super) fn find(symbols: &[Symbol], scratch: &mut Scratch, sink: &mut Sink<'_>) {
    let words = words();
    let summary = sink.summary();
    let list = summary.list && symbols.len() <= 64;
    let mut from = 0;
    while from < symbols.len() {
        let rest = symbols.get(from..).unwrap_or_default();
        let length = rest.iter().take_while(|symbol| belongs(symbol)).count();
        let to = from + length;
        if length > 0 {
            gather(symbols, from, to, scratch);
            let whole = from <= summary.first && to > summary.last;
            let quoted = is_quote(symbols, from.checked_sub(1)) && is_quote(symbols, Some(to));
            let segment = Segment { chars: &scratch.chars, origin: &scratch.origin };
            let done = (whole || quoted || list) && field(words, segment, list, sink)
                || announced(words, segment, sink);
            if !done && segment.chars.len() >= 2 {
                running(words, segment, sink);
            }
        }
        from = to + 1;
    }
}

fn belongs(symbol: &Symbol) -> bool {
    match symbol.class {
        Class::Colon | Class::List | Class::Quote | Class::At => false,
        Class::Other => symbol.c == '#',
        _ => true,
    }
}

fn is_quote(symbols: &[Symbol], at: Option<usize>) -> bool {
    at.and_then(|at| symbols.get(at)).is_some_and(|symbol| symbol.class == Class::Quote)
}

fn gather(symbols: &[Symbol], from: usize, to: usize, scratch: &mut Scratch) {
    scratch.chars.clear();
    scratch.origin.clear();
    for (index, symbol) in symbols.iter().enumerate().take(to).skip(from) {
        if symbol.class != Class::Space {
            scratch.chars.push(symbol.c);
            scratch.origin.push(index);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Segment<'a> {
    chars: &'a [char],
    origin: &'a [usize],
}

impl Segment<'_> {
    fn push(self, kind: SensitiveKind, strength: Strength, from: usize, to: usize, sink: &mut Sink<'_>) {
        if let (Some(first), Some(last)) =
            (self.origin.get(from), to.checked_sub(1).and_then(|last| self.origin.get(last)))
        {
            sink.push(kind, strength, *first, *last);
        }
    }
}

/// Takes a field for what it looks like; was it anything?
fn field(words: &Words, segment: Segment<'_>, list: bool, sink: &mut Sink<'_>) -> bool {
    let text = segment.chars;
    let found = if text.len() > FIELD_MAX { None } else { what(words, text) };
    if let Some((kind, strength)) = found {
        segment.push(kind, strength, 0, text.len(), sink);
        return strength > Strength::Weak || text.len() < 6;
    }
    list && text.len() < 4
}

fn what(words: &Words, text: &[char]) -> Option<(SensitiveKind, Strength)> {
    use SensitiveKind as Kind;
    use Strength::{Shape, Weak};
    let (first, last) = (text.first()?, text.last()?);
    if is_ethnic(words, text) {
        // 回, 白, 高山, 保安 alone are words of other kinds.
        let sure = *last == '族' || text.len() > 2;
        return Some((Kind::EthnicGroup, if sure { Shape } else { Weak }));
    }
    if words.is_faith(text) {
        return Some((Kind::Religion, Shape));
    }
    if is_code_of_illness(text) {
        return Some((Kind::Medical, Weak));
    }
    let han = |c: &char| !c.is_ascii();
    if !han(first) && !han(last) && !text.iter().any(han) {
        return None;
    }
    let person = (2..=24).contains(&text.len())
        && text.iter().all(|c| crate::masking::is_han(*c))
        && (text.len() <= 8 || text.contains(&'·'));
    let name = person.then(|| names::name(words, text)).flatten();
    if name == Some(Shape) && text.len() <= 3 {
        return Some((Kind::PersonName, Shape));
    }
    if organizations::organization(words, text) {
        return Some((Kind::OrganizationName, Shape));
    }
    if let Some(strength) = illness(words, text) {
        return Some((Kind::Medical, strength));
    }
    if let Some(strength) = name {
        return Some((Kind::PersonName, strength));
    }
    addresses::address(words, text).map(|strength| (Kind::Address, strength))
}

fn is_ethnic(words: &Words, text: &[char]) -> bool {
    match text {
        [group @ .., '族'] => words.is_ethnic(group),
        _ => text.len() <= 5 && words.is_ethnic(text) || text == ['穿', '青', '人'],
    }
}

/// `E11.9`, `I10`, `C34.901`: a code of ICD-10. Parts of machines are numbered so too.
fn is_code_of_illness(text: &[char]) -> bool {
    let [letter, a, b, rest @ ..] = text else { return false };
    let digits = |text: &[char]| text.iter().all(char::is_ascii_digit);
    letter.is_ascii_uppercase()
        && *letter != 'U'
        && digits(&[*a, *b])
        && match rest {
            [] => true,
            ['.', places @ ..] => (1..=3).contains(&places.len()) && digits(places),
            _ => false,
        }
}

/// An illness by its end: sure if a part of the body or a medical word stands before it.
fn illness(words: &Words, text: &[char]) -> Option<Strength> {
    let text = match text {
        // 高血压3级, 肺癌Ⅳ期.
        [body @ .., stage, '级' | '期'] if !crate::masking::is_han(*stage) || "一二三四".contains(*stage) => {
            body
        }
        _ => text,
    };
    let ends = text.last().is_some_and(|c| words.is(*c, Role::ILLNESS_END)) && text.len() <= 20;
    let length = ends.then(|| words.illness.matched(text)).flatten()?;
    let stem = |length: usize| text.get(..text.len() - length).unwrap_or_default();
    let medical = |stem: &[char]| stem.iter().any(|c| words.is(*c, Role::BODY));
    if let Some(length) = words.no_illness.matched(text)
        && !medical(stem(length))
    {
        return None;
    }
    let stem = stem(length);
    if medical(stem) || length >= 3 || length == 2 && stem.is_empty() {
        Some(Strength::Shape)
    } else {
        (text.len() >= 2).then_some(Strength::Weak)
    }
}

/// Looks for what is said in running text.
fn running(words: &Words, segment: Segment<'_>, sink: &mut Sink<'_>) {
    let text = segment.chars;
    let mut covered = 0;
    let mut ill = false;
    for (index, c) in text.iter().copied().enumerate() {
        let end = index + 1;
        if !words.is(c, Role::TRIGGER) {
            continue;
        }
        ill |= words.is(c, Role::ILLNESS_END);
        if c == '族' {
            ethnic_in(words, segment, end, sink);
        }
        if end > covered
            && words.is(c, Role::PLAIN_END)
            && organization_in(words, segment, covered, end, sink)
        {
            covered = end;
        }
        if words.is(c, Role::FAITH_END) {
            faith_in(words, segment, end, sink);
        }
        if words.is(c, Role::CUE_END) {
            name_at(words, segment, end, sink);
        }
    }
    if ill {
        illness_in(words, segment, sink);
    }
    address_in(words, segment, covered, sink);
}

fn ethnic_in(words: &Words, segment: Segment<'_>, end: usize, sink: &mut Sink<'_>) {
    let before = segment.chars.get(..end - 1).unwrap_or_default();
    let length = (1..=4).rev().find(|length| {
        let from = before.len().checked_sub(*length);
        from.and_then(|from| before.get(from..)).is_some_and(|group| words.is_ethnic(group))
    });
    // 满族自治县 is a place.
    let place = segment.chars.get(end).is_some_and(|next| {
        matches!(next, '自' | '乡' | '镇' | '村' | '文' | '风' | '馆' | '餐' | '特' | '服' | '小')
    });
    let after = segment.chars.get(end..segment.chars.len().min(end + 12)).unwrap_or_default();
    if let Some(length) = length
        && !place
        && contains(after, "自治").is_none()
    {
        segment.push(SensitiveKind::EthnicGroup, Strength::Shape, end - 1 - length, end, sink);
    }
}

fn organization_in(
    words: &Words,
    segment: Segment<'_>,
    covered: usize,
    end: usize,
    sink: &mut Sink<'_>,
) -> bool {
    let from = covered.max(end.saturating_sub(NAME_MAX));
    let text = segment.chars.get(from..end).unwrap_or_default();
    let Some(length) = words.plain_endings.matched(text) else { return false };
    // What follows makes a thing of it: 有限公司注册服务.
    let follows = segment.chars.get(end).is_none_or(|next| !matches!(next, '注' | '章' | '条' | '法' | '类'));
    let start = after(text.get(..text.len() - length).unwrap_or_default(), &words.leads).unwrap_or(0);
    let name = text.len() - length - start;
    let sure = follows && name >= 3;
    if sure {
        segment.push(SensitiveKind::OrganizationName, Strength::Shape, from + start, end, sink);
    }
    sure
}

/// Where the text behind the last of some words begins, if there is one.
fn after(text: &[char], words: &Endings) -> Option<usize> {
    (1..text.len()).rev().find(|end| words.matched(text.get(..*end).unwrap_or_default()).is_some())
}

fn ends_with(text: &[char], word: &str) -> bool {
    let mut rest = text.iter().rev();
    word.chars().rev().all(|c| rest.next() == Some(&c))
}

fn faith_in(words: &Words, segment: Segment<'_>, end: usize, sink: &mut Sink<'_>) {
    let before = segment.chars.get(..end).unwrap_or_default();
    let length = (2..=6).rev().find(|length| {
        before
            .len()
            .checked_sub(*length)
            .and_then(|from| before.get(from..))
            .is_some_and(|faith| words.is_faith(faith))
    });
    let Some(length) = length else { return };
    let cue = before.get(..end - length).unwrap_or_default();
    let said = before.get(end - length) == Some(&'信') || ends_with(before, "徒");
    if said || FAITH_CUES.iter().any(|word| ends_with(cue, word)) {
        segment.push(SensitiveKind::Religion, Strength::Shape, end - length, end, sink);
    }
}

fn contains(text: &[char], word: &str) -> Option<usize> {
    let length = word.chars().count();
    text.windows(length).position(|part| word.chars().zip(part).all(|(a, b)| a == *b))
}

fn illness_in(words: &Words, segment: Segment<'_>, sink: &mut Sink<'_>) {
    let text = segment.chars;
    if after(text, &words.illness_cues).is_none() {
        return;
    }
    for end in (2..=text.len()).rev() {
        let last = text.get(end - 1).copied().unwrap_or(' ');
        if !words.is(last, Role::ILLNESS_END) {
            continue;
        }
        // One more than what may be the cue: an illness has no more than the last character behind it.
        let Some(mut start) = after(text.get(..end).unwrap_or_default(), &words.illness_cues) else {
            continue;
        };
        start += usize::from(text.get(start).is_some_and(|c| matches!(c, '有' | '为' | '了' | '过')));
        let named = end.saturating_sub(start) <= 16;
        if named && illness(words, text.get(start..end).unwrap_or_default()).is_some() {
            segment.push(SensitiveKind::Medical, Strength::Shape, start, end, sink);
            return;
        }
    }
}

/// What a word and a mark before it announce: `联系人：`, `地址：`, `诊断：`; was it found?
fn announced(words: &Words, segment: Segment<'_>, sink: &mut Sink<'_>) -> bool {
    let Some(mark) = segment.origin.first().and_then(|first| first.checked_sub(1)) else { return false };
    if !sink.is_colon(mark) {
        return false;
    }
    let text = segment.chars;
    let found = if text.len() > FIELD_MAX { None } else { what(words, text) };
    if let Some((kind, Strength::Shape)) = found {
        let cues: &[&str] = match kind {
            SensitiveKind::PersonName => NAME_CUES,
            SensitiveKind::Address => ADDRESS_LEADS,
            SensitiveKind::OrganizationName => LEADS,
            SensitiveKind::Medical => ILLNESS_CUES,
            SensitiveKind::Religion => FAITH_CUES,
            SensitiveKind::EthnicGroup => &["民族", "族别"],
            _ => &[],
        };
        if sink.announces(mark, cues) {
            segment.push(kind, Strength::Shape, 0, text.len(), sink);
            return true;
        }
    }
    if sink.announces(mark, NAME_CUES) {
        name_from(words, segment, 0, sink);
    }
    false
}

/// A name behind a word that announces one, or before a title; the word ends at `end`.
fn name_at(words: &Words, segment: Segment<'_>, end: usize, sink: &mut Sink<'_>) {
    let text = segment.chars.get(..end).unwrap_or_default();
    if words.cues.matched(text).is_some() {
        name_from(words, segment, end, sink);
    }
    let Some(title) = words.titles.matched(text) else { return };
    let before = text.get(..end - title).unwrap_or_default();
    let length = [3, 2].into_iter().find(|length| {
        let part = before.len().checked_sub(*length).and_then(|from| before.get(from..));
        part.is_some_and(|part| names::name(words, part) == Some(Strength::Shape))
    });
    if let Some(length) = length {
        let at = before.len();
        segment.push(SensitiveKind::PersonName, Strength::Shape, at - length, at, sink);
    }
}

/// The name that begins at a place: three characters before two, and rather one that something else than a
/// name follows.
fn name_from(words: &Words, segment: Segment<'_>, from: usize, sink: &mut Sink<'_>) {
    let text = segment.chars.get(from..).unwrap_or_default();
    let skip = text.iter().take_while(|c| matches!(c, '为' | '是' | '叫' | '-' | '(')).count();
    let text = text.get(skip..).unwrap_or_default();
    let fits = |length: &usize| {
        text.get(..*length).is_some_and(|part| {
            part.iter().all(|c| crate::masking::is_han(*c))
                && names::name(words, part).is_some_and(|s| s == Strength::Shape)
        })
    };
    let bounded = |length: &usize| {
        text.get(*length).is_none_or(|next| {
            !crate::masking::is_han(*next)
                || words.is(*next, Role::NEVER)
                || "电手联已，因自身男女现住汉满".contains(*next)
        })
    };
    let run = text.iter().take_while(|c| crate::masking::is_han(**c)).take(24).count();
    // A name with a point ends where the sounds end.
    let point = text.get(..run).and_then(|run| run.iter().rposition(|c| *c == '·'));
    let sounds = point.map_or(run, |point| {
        let after = text.get(point + 1..run).unwrap_or_default();
        point + 1 + after.iter().take_while(|c| words.is(**c, Role::SOUND)).count()
    });
    if point.is_some() && fits(&sounds) {
        segment.push(SensitiveKind::PersonName, Strength::Shape, from + skip, from + skip + sounds, sink);
        return;
    }
    let lengths = [run, 4, 3, 2];
    let length = lengths
        .iter()
        .find(|length| fits(length) && bounded(length))
        .or_else(|| lengths.iter().skip(2).find(|length| fits(length)));
    if let Some(length) = length {
        segment.push(SensitiveKind::PersonName, Strength::Shape, from + skip, from + skip + length, sink);
    }
}

/// An address in running text ends with a number and begins behind a word that leads to it.
fn address_in(words: &Words, segment: Segment<'_>, covered: usize, sink: &mut Sink<'_>) {
    let text = segment.chars.get(covered..).unwrap_or_default();
    let number = |c: &char| matches!(c, '号' | '室' | '栋' | '幢' | '组' | '楼' | '座' | '户' | '元' | '层');
    let Some(last) = text.iter().rposition(number) else { return };
    let mut end = last + 1;
    while text.get(end).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '-') {
        end += 1;
    }
    let body = text.get(..end).unwrap_or_default();
    let lead = after(body.get(..last.saturating_sub(3)).unwrap_or_default(), &words.address_leads);
    let start = lead.unwrap_or(0).max(end.saturating_sub(FIELD_MAX));
    let address = body.get(start..).unwrap_or_default();
    if addresses::address(words, address) == Some(Strength::Shape) {
        segment.push(SensitiveKind::Address, Strength::Shape, covered + start, covered + end, sink);
    }
}
