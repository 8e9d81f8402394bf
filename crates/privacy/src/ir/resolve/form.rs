//! How a column is computed from source columns, and which arguments of functions are safe.
//!
//! Two dangers are kept out here. An aggregate's argument that is not linear can be shaped into one entity's value,
//! so only sums of columns, scaled once at the end, are let through: a second step after scaling would let rounding
//! and overflow do what a condition may not. And an argument that fails for some values makes the run itself an answer.

use super::super::{ArithmeticOp, Expr, Function, Literal, Refusal, Rule};
use super::expr::ExprInfo;
use crate::DataType;

/// Columns that may be added up in one argument; more would scale a column by adding it to itself.
const TERMS_MAX: u8 = 8;
/// Texts that may be joined into one, long constants counting more.
const WIDTH_MAX: u32 = 32;
/// Bytes of a constant that count as one text more.
const WIDTH_BYTES: usize = 64;
/// Smallest and largest constant by which a column may be scaled.
const SCALE: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
/// The same for whole numbers, which wrap around.
const SCALE_INTEGER_MAX: f64 = 1e3;
/// Places and lengths in texts.
const PLACE_MAX: i64 = 1_000_000;
/// Digits that a number may be rounded to.
const DIGITS_MAX: i64 = 15;
/// Characters of a LIKE pattern.
const PATTERN_MAX: usize = 200;
/// About a thousand years.
const MONTHS_MAX: u32 = 12_000;
const DAYS_MAX: u32 = 366_000;
/// 0001-01-01 and 9999-12-31 as days since 1970-01-01.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;
const MICROS_OF_DAY: i64 = 86_400_000_000;

const TRUNCATED_TO: [&str; 8] = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];
const PARTS_OF_DAY: [&str; 3] = ["hour", "minute", "second"];
const PARTS_OF_DATE: [&str; 7] = ["year", "quarter", "month", "week", "day", "dow", "doy"];

/// How a column is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ir) struct Mark {
    pub(in crate::ir) form: Form,
    /// How many source texts may be in one value.
    width: u32,
}

/// The order is from harmless to unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ir) enum Form {
    /// So many columns added to and subtracted from each other; one is the column itself.
    Terms(u8),
    /// Such a sum times or over a constant.
    Scaled,
    /// Anything else.
    Other,
}

impl Mark {
    pub(in crate::ir) const BARE: Self = Self { form: Form::Terms(1), width: 1 };
    pub(in crate::ir) const OTHER: Self = Self { form: Form::Other, width: 1 };

    pub(in crate::ir) fn worse(self, other: Self) -> Self {
        Self { form: self.form.max(other.form), width: self.width.max(other.width) }
    }

    /// The mark of an expression from those of its parts.
    pub(super) fn of(expr: &Expr, to: DataType, parts: &[ExprInfo]) -> Self {
        let widest = parts.iter().map(|part| part.mark.width).max().unwrap_or(1);
        let form = match (expr, parts) {
            (Expr::Negate { .. }, [part]) => part.mark.form,
            (Expr::Cast { .. }, [part]) if lossless(part.data_type, to) => part.mark.form,
            (Expr::Arithmetic { op, left, right }, [a, b]) => arithmetic(*op, (left, a), (right, b), to),
            _ => Form::Other,
        };
        let width = match expr {
            Expr::Literal { value: Literal::Text(text) } => width_of(text),
            Expr::Call { function: Function::Concat, .. } => {
                parts.iter().fold(0, |sum: u32, part| sum.saturating_add(part.mark.width))
            }
            _ => widest,
        };
        Self { form, width }
    }
}

fn width_of(text: &str) -> u32 {
    u32::try_from(text.len() / WIDTH_BYTES).unwrap_or(u32::MAX).saturating_add(1)
}

fn arithmetic(
    op: ArithmeticOp,
    (left, a): (&Expr, &ExprInfo),
    (right, b): (&Expr, &ExprInfo),
    to: DataType,
) -> Form {
    let scaled = |part: &ExprInfo, by: &Expr| match (part.mark.form, number(by)) {
        (Form::Terms(_), Some(by)) if to == DataType::Float && SCALE.contains(&by.abs()) => Form::Scaled,
        (Form::Terms(_), Some(by))
            if op == ArithmeticOp::Multiply && (1.0..=SCALE_INTEGER_MAX).contains(&by.abs()) =>
        {
            Form::Scaled
        }
        _ => Form::Other,
    };
    match (op, a.mark.form, b.mark.form) {
        (ArithmeticOp::Add | ArithmeticOp::Subtract, Form::Terms(a), Form::Terms(b))
            if a.saturating_add(b) <= TERMS_MAX =>
        {
            Form::Terms(a.saturating_add(b))
        }
        (ArithmeticOp::Multiply, _, _) if a.constant => scaled(b, left),
        (ArithmeticOp::Multiply | ArithmeticOp::Divide, _, _) if b.constant => scaled(a, right),
        _ => Form::Other,
    }
}

/// Does every value keep its size and its order? Whole numbers beyond 2^53 lose their last digits only.
pub(super) fn lossless(from: DataType, to: DataType) -> bool {
    use DataType::{Decimal, Float, Integer};
    match (from, to) {
        _ if from == to => true,
        (Integer | Decimal { .. }, Float) | (DataType::Date, DataType::Timestamp) => true,
        (Integer, Decimal { precision, scale }) => i16::from(precision) - i16::from(scale) >= 19,
        (Decimal { precision: p, scale: s }, Decimal { precision, scale }) => {
            scale >= s && i16::from(precision) - i16::from(scale) >= i16::from(p) - i16::from(s)
        }
        _ => false,
    }
}

/// The number that a constant says, if it is written out.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal { value: Literal::Float(value) } => Some(*value),
        // Far larger numbers than the bounds lose digits; they are refused all the same.
        Expr::Literal { value: Literal::Integer(value) } => value.to_string().parse().ok(),
        Expr::Literal { value: Literal::Decimal { unscaled, scale } } => {
            format!("{unscaled}e{}", -i16::from(*scale)).parse().ok()
        }
        Expr::Negate { input } => number(input).map(std::ops::Neg::neg),
        Expr::Cast { input, to } if to.is_numeric() => number(input),
        _ => None,
    }
}

fn whole(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal { value: Literal::Integer(value) } => Some(*value),
        Expr::Negate { input } => whole(input)?.checked_neg(),
        Expr::Cast { input, to: DataType::Integer } => whole(input),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal { value: Literal::Text(text) } => Some(text),
        Expr::Cast { input, to: DataType::Text } => text(input),
        _ => None,
    }
}

/// Refuses what fails, or grows without bound, for some values only.
pub(super) fn check_safe(expr: &Expr, parts: &[ExprInfo]) -> Result<(), Refusal> {
    let safe = match expr {
        Expr::Literal { value: Literal::Date(days) } => DAYS.contains(&i64::from(*days)),
        Expr::Literal { value: Literal::Timestamp(micros) } => {
            DAYS.contains(&micros.div_euclid(MICROS_OF_DAY))
        }
        Expr::Literal { value: Literal::Interval { months, days } } => bounded(*months, *days),
        Expr::Arithmetic { right, .. } => match &**right {
            Expr::Literal { value: Literal::Interval { months, days } } => {
                bounded(*months, *days) && parts.iter().all(|part| part.constant)
            }
            _ => true,
        },
        Expr::Like { pattern, .. } => pattern.chars().count() <= PATTERN_MAX,
        Expr::Cast { input, to: DataType::Date | DataType::Timestamp } => {
            parts.first().is_none_or(|part| part.data_type != DataType::Text)
                || text(input).is_some_and(has_plain_year)
        }
        Expr::Call { function, args } => safe_call(*function, args, parts),
        _ => true,
    };
    let column = parts.iter().find_map(|part| part.column.clone());
    if safe { Ok(()) } else { Err(Refusal { rule: Rule::UnsafeArgument, column }) }
}

const fn bounded(months: i32, days: i32) -> bool {
    months.unsigned_abs() <= MONTHS_MAX && days.unsigned_abs() <= DAYS_MAX
}

/// Four digits and a hyphen: years of five digits reach the end of the calendar.
fn has_plain_year(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().take(4).filter(|byte| byte.is_ascii_digit()).count() == 4 && bytes.get(4) == Some(&b'-')
}

fn safe_call(function: Function, args: &[Expr], parts: &[ExprInfo]) -> bool {
    let place = |least: i64| move |arg: &Expr| whole(arg).is_some_and(|n| (least..=PLACE_MAX).contains(&n));
    match (function, args) {
        (Function::Substring, [_, from, length]) => place(-PLACE_MAX)(from) && place(0)(length),
        (Function::Substring, [_, from]) => place(-PLACE_MAX)(from),
        (Function::Left | Function::Right, [_, n]) => place(-PLACE_MAX)(n),
        (Function::Round, [_, digits]) => {
            whole(digits).is_some_and(|digits| (-DIGITS_MAX..=DIGITS_MAX).contains(&digits))
        }
        (Function::Replace, [_, from, to]) => match (text(from), text(to)) {
            (Some(from), Some(to)) => !from.is_empty() && to.len() <= from.len(),
            _ => false,
        },
        (Function::Concat, _) => {
            let width = parts.iter().fold(0_u32, |sum, part| sum.saturating_add(part.mark.width));
            width <= WIDTH_MAX
        }
        // Written twice when it is lowered, so that it must not hold another one.
        (Function::DateTrunc, [unit, _]) => {
            let plain = |part: &ExprInfo| part.mark.form == Form::Terms(1) || part.constant;
            is_among(unit, &TRUNCATED_TO) && parts.get(1).is_some_and(plain)
        }
        (Function::DatePart, [unit, _]) => {
            let of_instant = parts.get(1).is_some_and(|part| part.data_type == DataType::Timestamp);
            is_among(unit, &PARTS_OF_DATE) || of_instant && is_among(unit, &PARTS_OF_DAY)
        }
        _ => true,
    }
}

fn is_among(unit: &Expr, units: &[&str]) -> bool {
    text(unit).is_some_and(|unit| units.iter().any(|known| unit.eq_ignore_ascii_case(known)))
}
