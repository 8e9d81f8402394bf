//! Numbers: identity numbers, codes, cards, telephones and the like, written in one piece or in groups.

use super::scan::{Sink, Strength};
use super::symbol::{Class, Symbol};
use crate::SensitiveKind;
use crate::format::{self, BankCard, CreditCode, ResidentId, Vin};

/// Longest number looked for.
const LENGTH_MAX: usize = 19;
/// Separators that may stand between two groups of one number.
const GAP_MAX: usize = 2;

/// Letters and digits without a separator.
#[derive(Debug, Clone, Copy)]
struct Atom {
    /// Where its bytes begin and end among those of the run.
    start: usize,
    end: usize,
    /// How many of them are digits.
    digits: usize,
    /// What stands before it, if that joins it to the atom before.
    gap: Option<Class>,
}

impl Atom {
    const fn length(self) -> usize {
        self.end - self.start
    }

    const fn is_number(self) -> bool {
        self.digits == self.end - self.start
    }
}

/// Memory that is used again for each value.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
    /// For each byte the symbol that it comes from.
    origin: Vec<usize>,
    atoms: Vec<Atom>,
    before: String,
}

/// What a candidate was taken for.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    kind: SensitiveKind,
    strength: Strength,
}

const fn verdict(kind: SensitiveKind, strength: Strength) -> Option<Verdict> {
    Some(Verdict { kind, strength })
}

/// Finds numbers in the symbols of a text.
pub(super) fn find(symbols: &[Symbol], scratch: &mut Scratch, sink: &mut Sink<'_>) {
    let mut index = 0;
    while let Some(rest) = symbols.get(index..).filter(|rest| !rest.is_empty()) {
        // Numbers begin with something that can be written in one.
        let written = |symbol: &Symbol| matches!(symbol.class, Class::Digit | Class::Letter | Class::Numeral);
        let Some(skipped) = rest.iter().position(written) else { return };
        index = run(symbols, index + skipped, scratch);
        if !scratch.atoms.is_empty() {
            search(symbols, scratch, sink);
        }
    }
}

/// Reads the next run of atoms from `index` on; returns where to go on.
fn run(symbols: &[Symbol], mut index: usize, scratch: &mut Scratch) -> usize {
    scratch.bytes.clear();
    scratch.origin.clear();
    scratch.atoms.clear();
    let mut gap = 0;
    let mut gap_class = None;
    let mut open: Option<Atom> = None;
    let mut small = false;
    while let Some(symbol) = symbols.get(index) {
        let byte = symbol.code().filter(|_| symbol.class != Class::Numeral || beside_digit(symbols, index));
        if let Some(byte) = byte {
            let at = scratch.bytes.len();
            small = symbol.c.is_ascii_lowercase();
            scratch.bytes.push(byte);
            scratch.origin.push(index);
            let atom = open.get_or_insert(Atom { start: at, end: at, digits: 0, gap: gap_class });
            atom.end = at + 1;
            atom.digits += usize::from(byte.is_ascii_digit());
            (gap, gap_class) = (0, None);
        } else {
            if let Some(atom) = open.take() {
                scratch.atoms.push(atom);
                // A word ends a run: prose would make one of it.
                if atom.digits == 0 && atom.length() > 4 && small {
                    return index + 1;
                }
            }
            if scratch.atoms.is_empty() {
                // Nothing to join to yet.
                index += 1;
                continue;
            }
            gap += 1;
            if !symbol.class.is_soft() || gap > GAP_MAX {
                return index + 1;
            }
            gap_class = Some(symbol.class);
        }
        index += 1;
    }
    scratch.atoms.extend(open);
    index
}

/// A Chinese numeral is a digit only next to another digit or a letter, be there a separator between.
fn beside_digit(symbols: &[Symbol], index: usize) -> bool {
    let class = |at: Option<usize>| at.and_then(|at| symbols.get(at)).map(|symbol| symbol.class);
    let digit = |class| matches!(class, Some(Class::Digit | Class::Numeral | Class::Letter));
    let near = |step: &dyn Fn(usize) -> Option<usize>| {
        let first = step(index);
        let next = class(first);
        digit(next) || next.is_some_and(Class::is_soft) && digit(class(first.and_then(step)))
    };
    near(&|at| at.checked_sub(1)) || near(&|at| at.checked_add(1))
}

fn search(symbols: &[Symbol], scratch: &mut Scratch, sink: &mut Sink<'_>) {
    let Scratch { bytes, origin, atoms, before } = scratch;
    let mut first = 0;
    while let Some(atom) = atoms.get(first).copied() {
        let mut next = first + 1;
        let context = Context { symbols, bytes, origin, atoms };
        if let Some((found, start, end)) = context.single(first, before) {
            context.emit(found, start, end, before, sink);
        } else if atom.length() < LENGTH_MAX
            && let Some((found, last)) = context.joined(first)
        {
            let end = atoms.get(last).map_or(atom.end, |atom| atom.end);
            context.emit(found, atom.start, end, before, sink);
            next = last + 1;
        }
        first = next;
    }
}

struct Context<'a> {
    symbols: &'a [Symbol],
    bytes: &'a [u8],
    origin: &'a [usize],
    atoms: &'a [Atom],
}

impl Context<'_> {
    fn emit(&self, found: Verdict, start: usize, end: usize, before: &mut String, sink: &mut Sink<'_>) {
        let (Some(first), Some(last)) = (self.origin.get(start), self.origin.get(end.saturating_sub(1)))
        else {
            return;
        };
        let mut strength = found.strength;
        if strength == Strength::Shape && (self.is_amount(*first, *last) || self.is_order(*first, before)) {
            strength = Strength::Weak;
        }
        sink.push(found.kind, strength, *first, *last);
    }

    /// One atom alone, or the number behind the letters that it begins with.
    fn single(&self, at: usize, before: &mut String) -> Option<(Verdict, usize, usize)> {
        let atom = self.atoms.get(at)?;
        let bytes = self.bytes.get(atom.start..atom.end)?;
        if atom.digits < 7 && atom.length() < 15 || atom.length() > 27 || self.is_decimal(at, at) {
            return None;
        }
        if let Some(found) = self.identify(bytes, atom.start, before) {
            return Some((found, atom.start, atom.end));
        }
        // `tel13812345678`, `NO330521…`: a word in front, nothing behind.
        let letters = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let tail = bytes.get(letters..)?;
        let number = tail.iter().rev().skip(1).all(u8::is_ascii_digit);
        if letters == 0 || letters > 8 || !number {
            return None;
        }
        let found = self.identify(tail, atom.start + letters, before)?;
        let sure = found.strength == Strength::Checked || tail.len() == 11;
        sure.then_some((found, atom.start + letters, atom.end))
    }

    /// Several atoms, as many as possible, from one on.
    fn joined(&self, first: usize) -> Option<(Verdict, usize)> {
        let atom = self.atoms.get(first)?;
        let mut best = None;
        for last in first + 1..self.atoms.len().min(first + LENGTH_MAX) {
            let end = self.atoms.get(last)?;
            let length = end.end - atom.start;
            // The country's code may stand before a mobile number.
            if length > LENGTH_MAX {
                break;
            }
            let Some(bytes) = self.bytes.get(atom.start..end.end) else { break };
            let Some(found) = self.identify_joined(bytes, first, last) else { continue };
            if found.strength == Strength::Checked || self.stands_alone(first, last) {
                let extension = found.kind == SensitiveKind::Landline && self.has_extension(first, last);
                best = Some((found, last + usize::from(extension)));
            }
        }
        best
    }

    /// What the bytes are, written in one piece.
    fn identify(&self, bytes: &[u8], start: usize, before: &mut String) -> Option<Verdict> {
        use SensitiveKind as Kind;
        use Strength::{Shape, Weak};
        if let Some(found) = checked(bytes) {
            return Some(found);
        }
        let digits = bytes.iter().all(u8::is_ascii_digit);
        match bytes.len() {
            17 => format::vin(bytes).and_then(|_| verdict(Kind::Vin, Weak)),
            15 if format::old_resident(bytes) => verdict(Kind::ResidentId, Shape),
            15 if bytes.strip_prefix(b"0086").is_some_and(format::is_mobile) => verdict(Kind::Mobile, Shape),
            15 => format::foreigner(bytes).and_then(|_| verdict(Kind::ForeignerPermit, Shape)),
            13 if bytes.strip_prefix(b"86").is_some_and(format::is_mobile) => verdict(Kind::Mobile, Shape),
            11 if format::is_mobile(bytes) => verdict(Kind::Mobile, Shape),
            11 | 12 if format::landline(bytes).is_some() => verdict(Kind::Landline, Shape),
            9 | 11 if format::travel_permit(bytes) => verdict(Kind::TravelPermit, Shape),
            9 if format::passport(bytes) => verdict(Kind::Passport, Shape),
            9 if format::organization_code(bytes) => {
                let cued = self.cue(start, before, &["组织机构代码", "机构代码", "组织代码"]);
                verdict(Kind::OrganizationCode, if cued { Strength::Checked } else { Weak })
            }
            8 if digits && self.cue(start, before, &["台胞证", "往来大陆通行证", "台湾居民"]) => {
                verdict(Kind::TravelPermit, Shape)
            }
            7 | 8 if digits && matches!(bytes.first(), Some(b'2'..=b'8')) => {
                let cued = self.cue(start, before, &["电话", "座机", "固话", "传真", "tel", "phone"]);
                cued.then_some(Verdict { kind: Kind::Landline, strength: Shape })
            }
            _ => None,
        }
    }

    /// What the bytes are, written in groups.
    fn identify_joined(&self, bytes: &[u8], first: usize, last: usize) -> Option<Verdict> {
        use SensitiveKind as Kind;
        let atoms = self.atoms.get(first..=last)?;
        if let Some(found) = checked(bytes) {
            // One number in ten passes as a card: neighbours of the same make spoil it.
            let sound = match found.kind {
                Kind::BankCard => self.stands_alone(first, last),
                Kind::Vin => is_uniform(atoms),
                _ => true,
            };
            return sound.then_some(found);
        }
        match (bytes.len(), atoms) {
            (9, [body, check]) if body.length() == 8 && check.gap == Some(Class::Dash) => {
                let sound = format::organization_code(bytes) && self.stands_alone(first, last);
                sound.then_some(Verdict { kind: Kind::OrganizationCode, strength: Strength::Checked })
            }
            (10..=12, [area, rest @ ..]) if !area.is_number() => {
                let whole = rest.iter().all(|atom| atom.is_number());
                let sound = bytes.len() != 10 && whole && format::travel_permit(bytes);
                sound.then_some(Verdict { kind: Kind::TravelPermit, strength: Strength::Shape })
            }
            (11, _) if format::is_mobile(bytes) && is_grouped_mobile(atoms) => {
                verdict(Kind::Mobile, Strength::Shape)
            }
            (13, [country, ..])
                if country.length() == 2 && bytes.strip_prefix(b"86").is_some_and(format::is_mobile) =>
            {
                verdict(Kind::Mobile, Strength::Shape)
            }
            (15, _) if bytes.strip_prefix(b"0086").is_some_and(format::is_mobile) => {
                verdict(Kind::Mobile, Strength::Shape)
            }
            (11 | 12, [area, ..]) if format::landline(bytes) == Some(area.length()) => {
                verdict(Kind::Landline, Strength::Shape)
            }
            // `+86 571 88888888`: the nought of the area code falls away.
            (12 | 13, [country, area, _]) if country.length() == 2 && bytes.starts_with(b"86") => {
                let mut full = [b'0'; LENGTH_MAX];
                let tail = bytes.get(2..)?;
                full.get_mut(1..=tail.len())?.copy_from_slice(tail);
                let sound = format::landline(full.get(..=tail.len())?) == Some(area.length() + 1);
                sound.then_some(Verdict { kind: Kind::Landline, strength: Strength::Shape })
            }
            (9, _) if bytes.first().is_some_and(u8::is_ascii_uppercase) => {
                let kind = if format::travel_permit(bytes) {
                    Kind::TravelPermit
                } else if format::passport(bytes) {
                    Kind::Passport
                } else {
                    return None;
                };
                verdict(kind, Strength::Shape)
            }
            (15, _) if format::old_resident(bytes) => verdict(Kind::ResidentId, Strength::Shape),
            (15, _) if is_uniform(atoms) && format::foreigner(bytes).is_some() => {
                verdict(Kind::ForeignerPermit, Strength::Shape)
            }
            _ => None,
        }
    }

    /// Is there no further number beside the atoms that is joined as they are?
    fn stands_alone(&self, first: usize, last: usize) -> bool {
        let Some(inner) = self.atoms.get(last).and_then(|atom| atom.gap) else { return true };
        let before = self.atoms.get(first).and_then(|atom| atom.gap) == Some(inner)
            && first.checked_sub(1).and_then(|at| self.atoms.get(at)).is_some_and(|atom| atom.is_number());
        let after = self.atoms.get(last + 1).is_some_and(|atom| atom.gap == Some(inner) && atom.is_number());
        !before && (!after || self.has_extension(first, last))
    }

    /// `0571-88888888-8001`: at most four digits more, and nothing behind them.
    fn has_extension(&self, first: usize, last: usize) -> bool {
        let dash = |at: usize| self.atoms.get(at).filter(|atom| atom.gap == Some(Class::Dash));
        last == first + 1
            && dash(last).is_some()
            && dash(last + 1).is_some_and(|atom| atom.is_number() && atom.length() <= 4)
            && self.atoms.get(last + 2).is_none_or(|next| next.gap.is_none())
    }

    /// Digits before or behind a decimal point.
    fn is_decimal(&self, first: usize, last: usize) -> bool {
        let dot = |at: usize| {
            self.atoms.get(at).is_some_and(|atom| atom.gap == Some(Class::Dot))
                && self.atoms.get(at).is_some_and(|atom| {
                    // A sentence ends with a point and a space, or with the point of a wider script.
                    let before = atom.start.checked_sub(1).and_then(|byte| self.origin.get(byte));
                    let here = self.origin.get(atom.start);
                    before.zip(here).is_some_and(|(before, here)| here - before == 2)
                })
        };
        let number = |at: Option<usize>| {
            at.and_then(|at| self.atoms.get(at)).is_some_and(|atom| atom.is_number() && atom.length() <= 6)
        };
        dot(first) && number(first.checked_sub(1)) || dot(last + 1) && number(Some(last + 1))
    }

    /// Money or a measure: a sign in front or a unit behind.
    fn is_amount(&self, first: usize, last: usize) -> bool {
        let before = first.checked_sub(1).and_then(|at| self.symbols.get(at)).map(|symbol| symbol.c);
        let after = self.symbols.get(last + 1).map(|symbol| symbol.c);
        let percent =
            matches!(after, Some('%' | '‰' | '元' | '万' | '亿' | '吨' | '米' | '平' | '克' | '分'));
        matches!(before, Some('¥' | '￥' | '$' | '€' | '£')) || percent
    }

    /// The number of an order, of a parcel, of a lot.
    fn is_order(&self, first: usize, before: &mut String) -> bool {
        const ORDERS: &[&str] = &[
            "单号",
            "订单",
            "流水",
            "批次",
            "批号",
            "金额",
            "价格",
            "物料",
            "货号",
            "条码",
            "序列号",
            "合同号",
            "工单",
            "order",
            "amount",
            "price",
            "serial",
            "sku",
            "batch",
            "trace",
        ];
        const PHONES: &[&str] = &["电话", "手机", "联系", "mobile", "phone", "tel"];
        fill(self.symbols, first, before);
        ORDERS.iter().any(|word| before.contains(word)) && !PHONES.iter().any(|word| before.contains(word))
    }

    fn cue(&self, start: usize, before: &mut String, words: &[&str]) -> bool {
        let Some(first) = self.origin.get(start) else { return false };
        fill(self.symbols, *first, before);
        words.iter().any(|word| before.contains(word))
    }
}

/// The sixteen symbols before one, without spaces and marks, in small letters.
fn fill(symbols: &[Symbol], first: usize, before: &mut String) {
    before.clear();
    let from = first.saturating_sub(16);
    for symbol in symbols.get(from..first).unwrap_or_default() {
        match symbol.class {
            // What is told of the number before a comma is not told of this one.
            Class::List => before.clear(),
            Class::Han | Class::Letter | Class::Numeral => before.push(symbol.c.to_ascii_lowercase()),
            _ => {}
        }
    }
}

/// Is the same kind of separator between all of them?
fn is_uniform(atoms: &[Atom]) -> bool {
    let mut gaps = atoms.iter().skip(1).map(|atom| atom.gap);
    let first = gaps.next();
    gaps.all(|gap| Some(gap) == first)
}

/// In groups as people write a mobile number: 3-4-4 with whatever is between, or others with the same between
/// all.
fn is_grouped_mobile(atoms: &[Atom]) -> bool {
    let usual = matches!(atoms, [a, b, c] if (a.length(), b.length(), c.length()) == (3, 4, 4));
    usual || is_uniform(atoms) && !is_grouped_amount(atoms)
}

/// `13 800 138 000`: thousands; `13-05-2024-123`: a date; `192.168.10.123`: octets.
fn is_grouped_amount(atoms: &[Atom]) -> bool {
    let Some((first, rest)) = atoms.split_first() else { return false };
    let thousands = first.length() <= 3 && rest.iter().all(|atom| atom.length() == 3);
    let date = matches!(atoms, [a, b, c, ..] if (a.length(), b.length(), c.length()) == (2, 2, 4));
    let octets = atoms.len() == 4 && atoms.iter().all(|atom| atom.length() <= 3);
    thousands || date || octets
}

/// Kinds whose check digit says what they are, however they are written.
fn checked(bytes: &[u8]) -> Option<Verdict> {
    use SensitiveKind as Kind;
    use Strength::Checked;
    match bytes.len() {
        18 => {
            if ResidentId::of(bytes).is_some() {
                verdict(Kind::ResidentId, Checked)
            } else if format::foreigner(bytes) == Some(true) {
                verdict(Kind::ForeignerPermit, Checked)
            } else if CreditCode::of(bytes).is_some_and(CreditCode::is_plausible) {
                verdict(Kind::CreditCode, Checked)
            } else if format::issuer_fits(bytes)
                && BankCard::of(bytes).is_some()
                && !ResidentId::is_misspelt(bytes)
            {
                verdict(Kind::BankCard, Checked)
            } else {
                None
            }
        }
        17 if format::vin(bytes) == Some(Vin::Checked) => verdict(Kind::Vin, Checked),
        15..=17 | 19 if format::issuer_fits(bytes) && format::luhn_valid(bytes) => {
            verdict(Kind::BankCard, Checked)
        }
        _ => None,
    }
}
