//! The allow-listed functions.

use std::cmp::Ordering;

use super::super::{Function, Literal};
use super::Fault;
use super::value::{as_float, compare, is_null, micros, same, type_of, unified};
use crate::DataType;

const MICROS_OF_DAY: i64 = 86_400_000_000;
/// 1700-01-01 and 2200-01-01, between which instants are truncated.
const TRUNCATED: std::ops::RangeInclusive<i64> = -8_520_336_000_000_000..=7_258_118_400_000_000;

pub(super) fn call(function: Function, args: &[Literal]) -> Result<Literal, Fault> {
    let first = args.first().ok_or(Fault::Type)?;
    match function {
        Function::Concat => {
            let texts = args.iter().filter_map(|arg| match arg {
                Literal::Text(text) => Some(text.as_str()),
                _ => None,
            });
            return Ok(Literal::Text(texts.collect()));
        }
        Function::Coalesce => {
            let chosen = args.iter().find(|arg| !is_null(arg)).unwrap_or(first);
            return unified(chosen.clone(), args);
        }
        Function::NullIf => {
            let [left, right] = args else { return Err(Fault::Type) };
            let equal = !is_null(left) && same(left, right);
            return Ok(if equal { Literal::Null(type_of(left)) } else { left.clone() });
        }
        Function::Least => return extreme(args, Ordering::Less),
        Function::Greatest => return extreme(args, Ordering::Greater),
        _ => {}
    }
    if args.iter().any(is_null) {
        return Ok(Literal::Null(null_type(function, args)));
    }
    match (function, args) {
        (Function::Abs, [of]) => number(of, f64::abs),
        (Function::Floor, [of]) => number(of, f64::floor),
        (Function::Ceil, [of]) => number(of, f64::ceil),
        (Function::Round, [of]) => number(of, f64::round),
        (Function::Round, [of, Literal::Integer(digits)]) => {
            let by = 10_f64.powi(i32::try_from(*digits).map_err(|_| Fault::Type)?);
            number(of, |value| (value * by).round() / by)
        }
        (_, [Literal::Text(text)]) => of_text(function, text),
        (_, [Literal::Text(text), Literal::Integer(n)]) => part(function, text, *n),
        (Function::Substring, [Literal::Text(text), Literal::Integer(from), Literal::Integer(length)]) => {
            Ok(Literal::Text(substring(text, *from, Some(*length))))
        }
        (Function::Replace, [Literal::Text(text), Literal::Text(from), Literal::Text(to)]) => {
            Ok(Literal::Text(if from.is_empty() { text.clone() } else { text.replace(from.as_str(), to) }))
        }
        (Function::StartsWith, [Literal::Text(text), Literal::Text(prefix)]) => {
            Ok(Literal::Boolean(text.starts_with(prefix.as_str())))
        }
        (Function::DatePart, [Literal::Text(unit), at]) => date_part(&unit.to_lowercase(), at),
        (Function::DateTrunc, [Literal::Text(unit), at]) => date_trunc(&unit.to_lowercase(), at),
        _ => Err(Fault::Type),
    }
}

fn null_type(function: Function, args: &[Literal]) -> DataType {
    match function {
        Function::Abs | Function::Floor | Function::Ceil | Function::Round => DataType::Float,
        Function::CharacterLength | Function::DatePart => DataType::Integer,
        Function::StartsWith => DataType::Boolean,
        Function::DateTrunc => args.get(1).map_or(DataType::Date, type_of),
        _ => DataType::Text,
    }
}

fn extreme(args: &[Literal], wanted: Ordering) -> Result<Literal, Fault> {
    let mut best: Option<&Literal> = None;
    for arg in args.iter().filter(|arg| !is_null(arg)) {
        if best.is_none_or(|best| compare(arg, best) == Some(wanted)) {
            best = Some(arg);
        }
    }
    let chosen = best.or(args.first()).ok_or(Fault::Type)?;
    unified(chosen.clone(), args)
}

fn number(of: &Literal, with: impl Fn(f64) -> f64) -> Result<Literal, Fault> {
    as_float(of).map(|value| Literal::Float(with(value))).ok_or(Fault::Type)
}

fn of_text(function: Function, text: &str) -> Result<Literal, Fault> {
    Ok(match function {
        Function::Lower => Literal::Text(text.to_lowercase()),
        Function::Upper => Literal::Text(text.to_uppercase()),
        Function::Trim => Literal::Text(text.trim_matches(' ').to_owned()),
        Function::CharacterLength => {
            Literal::Integer(i64::try_from(text.chars().count()).map_err(|_| Fault::Overflow)?)
        }
        _ => return Err(Fault::Type),
    })
}

fn part(function: Function, text: &str, n: i64) -> Result<Literal, Fault> {
    let all = i64::try_from(text.chars().count()).map_err(|_| Fault::Overflow)?;
    // A negative number leaves out so many at the other end.
    let kept = if n < 0 { (all + n).max(0) } else { n.min(all) };
    Ok(Literal::Text(match function {
        Function::Left => substring(text, 1, Some(kept)),
        Function::Right => substring(text, all - kept + 1, None),
        Function::Substring => substring(text, n, None),
        _ => return Err(Fault::Type),
    }))
}

/// Characters `from` to `from + length - 1`, from 1; places before the text are empty.
fn substring(text: &str, from: i64, length: Option<i64>) -> String {
    let end = length.map(|length| from.saturating_add(length));
    let inside = |place: i64| place >= from && end.is_none_or(|end| place < end);
    text.chars().zip(1_i64..).filter(|(_, place)| inside(*place)).map(|(character, _)| character).collect()
}

/// `%` any text, `_` one character, `\` takes the next one as it is.
pub(super) fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|at| text.get(at..).is_some_and(|tail| like(tail, rest))),
        ['_', rest @ ..] => text.split_first().is_some_and(|(_, tail)| like(tail, rest)),
        ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
            text.split_first().is_some_and(|(first, tail)| first == literal && like(tail, rest))
        }
    }
}

fn date_of(at: &Literal) -> Result<(base::Date, i64), Fault> {
    let at = micros(at).ok_or(Fault::Type)?;
    let day = i32::try_from(at.div_euclid(MICROS_OF_DAY)).map_err(|_| Fault::Overflow)?;
    Ok((base::Date::from_days(day), at.rem_euclid(MICROS_OF_DAY)))
}

fn first_of(year: i32, month: u8) -> Result<base::Date, Fault> {
    base::Date::new(year, month, 1).map_err(|_| Fault::Overflow)
}

/// Days since Monday.
fn weekday(date: base::Date) -> i32 {
    // 1970-01-01 was a Thursday.
    (date.days() + 3).rem_euclid(7)
}

fn date_part(unit: &str, at: &Literal) -> Result<Literal, Fault> {
    let (date, rest) = date_of(at)?;
    let (year, month, day) = date.parts();
    Ok(Literal::Integer(match unit {
        "year" => i64::from(year),
        "quarter" => i64::from(month.div_ceil(3)),
        "month" => i64::from(month),
        "week" => {
            // The week of a date is that of its Thursday (ISO 8601).
            let thursday = date.plus_days(3 - weekday(date));
            let start = first_of(thursday.year(), 1)?;
            i64::from((thursday.days() - start.days()) / 7 + 1)
        }
        "day" => i64::from(day),
        "dow" => i64::from((weekday(date) + 1) % 7),
        "doy" => i64::from(date.days() - first_of(year, 1)?.days() + 1),
        "hour" => rest / 3_600_000_000,
        "minute" => rest / 60_000_000 % 60,
        "second" => rest / 1_000_000 % 60,
        _ => return Err(Fault::Type),
    }))
}

fn date_trunc(unit: &str, at: &Literal) -> Result<Literal, Fault> {
    let instant = micros(at).ok_or(Fault::Type)?;
    if !TRUNCATED.contains(&instant) {
        return Ok(Literal::Null(type_of(at)));
    }
    let (date, rest) = date_of(at)?;
    let (year, month, _) = date.parts();
    let (date, rest) = match unit {
        "year" => (first_of(year, 1)?, 0),
        "quarter" => (first_of(year, (month - 1) / 3 * 3 + 1)?, 0),
        "month" => (first_of(year, month)?, 0),
        "week" => (date.plus_days(-weekday(date)), 0),
        "day" => (date, 0),
        "hour" => (date, rest / 3_600_000_000 * 3_600_000_000),
        "minute" => (date, rest / 60_000_000 * 60_000_000),
        "second" => (date, rest / 1_000_000 * 1_000_000),
        _ => return Err(Fault::Type),
    };
    Ok(match at {
        Literal::Date(_) => Literal::Date(date.days()),
        _ => Literal::Timestamp(i64::from(date.days()) * MICROS_OF_DAY + rest),
    })
}
