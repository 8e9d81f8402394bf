//! How many characters the functions of a query go through in each row.
//!
//! A function of text works through the whole of it. So the work of a row is not the number of functions alone: twenty of them
//! over a text of two hundred characters, or one over a text of twenty thousand that the query itself has written, is the work
//! of many rows.

use std::collections::BTreeMap;

use super::walk::{expressions, inputs};
use super::{DataType, Expr, Function, Literal, Rel};

/// Digits of a number, a date or a truth that was made a text.
const WRITTEN_OUT: u64 = 32;

/// A number of characters that depends on how long stored texts are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Characters {
    /// So many times the longest stored text.
    stored: u64,
    /// So many more, which the query has written.
    written: u64,
}

impl Characters {
    const STORED: Self = Self { stored: 1, written: 0 };

    const fn written(written: u64) -> Self {
        Self { stored: 0, written }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            stored: self.stored.saturating_add(other.stored),
            written: self.written.saturating_add(other.written),
        }
    }

    const fn times(self, times: u64) -> Self {
        Self { stored: self.stored.saturating_mul(times), written: self.written.saturating_mul(times) }
    }

    fn larger(self, other: Self) -> Self {
        Self { stored: self.stored.max(other.stored), written: self.written.max(other.written) }
    }

    /// How many they are if the longest stored text has so many.
    pub(super) const fn with(self, longest: u64) -> u64 {
        self.stored.saturating_mul(longest).saturating_add(self.written)
    }
}

/// What the functions of all expressions go through in one row.
pub(super) fn text_work(rel: &Rel) -> Characters {
    let mut work = Characters::default();
    let _lengths = lengths(rel, &mut work);
    work
}

type Lengths = BTreeMap<String, Characters>;

/// How long the texts of a relation's columns are; stored ones are left out.
fn lengths(rel: &Rel, work: &mut Characters) -> Lengths {
    let mut below: Vec<Lengths> = inputs(rel).into_iter().map(|input| lengths(input, work)).collect();
    let given = match rel {
        // A column has its first input's name, and the length of the longest.
        Rel::Union { .. } => {
            let longest = below.iter().flat_map(|one| one.values()).copied().reduce(Characters::larger);
            let names = below.first().map(|first| first.keys().cloned().collect::<Vec<_>>());
            let longest = longest.unwrap_or_default();
            names.into_iter().flatten().map(|name| (name, longest)).collect()
        }
        _ => below.iter_mut().fold(Lengths::new(), |mut all, one| {
            all.append(one);
            all
        }),
    };
    let mut of = |expr: &Expr| length(expr, &given, work);
    match rel {
        Rel::Project { columns, .. } => {
            columns.iter().map(|named| (named.name.clone(), of(&named.expr))).collect()
        }
        Rel::Aggregate { group, aggregates, .. } => {
            let keys: Vec<_> = group.iter().map(|named| (named.name.clone(), of(&named.expr))).collect();
            let arguments = aggregates.iter().map(|one| {
                let length = one.argument.as_ref().map(&mut of).unwrap_or_default();
                (one.name.clone(), length)
            });
            arguments.chain(keys).collect()
        }
        _ => {
            for expr in expressions(rel) {
                let _length = of(expr);
            }
            given
        }
    }
}

fn written_out(text: &str) -> Characters {
    Characters::written(text.chars().count() as u64)
}

/// How often a pattern goes through a text. A beginning, an end or a part is looked for once; with a place for any character,
/// or with several parts, every character may be the next of as many places as the pattern has.
fn steps(pattern: &str) -> u64 {
    let part = pattern.strip_prefix('%').unwrap_or(pattern);
    let part = part.strip_suffix('%').unwrap_or(part);
    if part.contains(['%', '_']) { pattern.chars().count() as u64 } else { 1 }
}

/// How long the text that an expression makes is; what was gone through for it is added to the work.
fn length(expr: &Expr, given: &Lengths, work: &mut Characters) -> Characters {
    let parts: Vec<Characters> = expr.children().into_iter().map(|part| length(part, given, work)).collect();
    let all = parts.iter().copied().fold(Characters::default(), Characters::plus);
    let longest = parts.iter().copied().fold(Characters::default(), Characters::larger);
    match expr {
        Expr::Column { name } => given.get(name).copied().unwrap_or(Characters::STORED),
        Expr::Literal { value: Literal::Text(text) } => written_out(text),
        Expr::Literal { .. } => Characters::default(),
        Expr::Parameter { .. } => Characters::STORED,
        Expr::Call { function, .. } => {
            let (goes_through, makes) = match function {
                Function::Concat => (true, all),
                Function::Lower
                | Function::Upper
                | Function::Trim
                | Function::Substring
                | Function::Left
                | Function::Right
                | Function::Replace => (true, parts.first().copied().unwrap_or_default()),
                Function::CharacterLength | Function::StartsWith => (true, Characters::default()),
                Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least => {
                    (false, longest)
                }
                Function::Abs
                | Function::Round
                | Function::Floor
                | Function::Ceil
                | Function::DateTrunc
                | Function::DatePart => (false, Characters::default()),
            };
            if goes_through {
                *work = work.plus(all);
            }
            makes
        }
        Expr::Like { pattern, .. } => {
            *work = work.plus(all.times(steps(pattern))).plus(written_out(pattern));
            Characters::default()
        }
        // Every branch is there for every row.
        Expr::Case { .. } => {
            *work = work.plus(Characters::written(all.written));
            longest
        }
        Expr::Cast { to: DataType::Text, .. } => longest.larger(Characters::written(WRITTEN_OUT)),
        _ => Characters::default(),
    }
}
