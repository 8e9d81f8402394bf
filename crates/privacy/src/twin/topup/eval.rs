//! What an expression is on one row. Only what the top-up needs: an expression it cannot read makes a branch that is reported
//! as not filled, never a wrong answer.

use std::cmp::Ordering;

use super::compare::{days, exact, float, like, literal, micros, order, rescale, shift};
use crate::DataType;
use crate::format::{civil_from_days, days_from_civil, parse_date};
use crate::ir::{ArithmeticOp, CompareOp, Expr, Function, Literal, LogicOp};
use crate::twin::value::Value;

/// Limit: digits kept of a quotient of decimals.
const QUOTIENT_SCALE: i8 = 6;

/// The expression has no value that can be known here: a parameter, a function without a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown;

type Known = Result<Option<Value>, Unknown>;

/// The value of an expression; `None` is null.
pub(super) fn eval(expr: &Expr, row: &dyn Fn(&str) -> Known) -> Known {
    let of = |expr: &Expr| eval(expr, row);
    Ok(match expr {
        Expr::Column { name } => row(name)?,
        Expr::Literal { value } => literal(value),
        Expr::Parameter { .. } => return Err(Unknown),
        Expr::Compare { op, left, right } => compare(*op, of(left)?, of(right)?)?.map(Value::Boolean),
        Expr::Logic { op, args } => logic(*op, args, row)?.map(Value::Boolean),
        Expr::Not { input } => truth(of(input)?).map(|is| Value::Boolean(!is)),
        Expr::Arithmetic { op, left, right } => return arithmetic(*op, left, right, row),
        Expr::Negate { input } => match of(input)? {
            Some(Value::Integer(number)) => number.checked_neg().map(Value::Integer),
            Some(Value::Decimal(number, scale)) => Some(Value::Decimal(-number, scale)),
            Some(Value::Float(number)) => Some(Value::Float(-number)),
            _ => None,
        },
        Expr::Call { function, args } => {
            let args = args.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            return call(*function, &args);
        }
        Expr::Case { branches, otherwise } => {
            for (condition, value) in branches {
                if truth(of(condition)?) == Some(true) {
                    return of(value);
                }
            }
            return otherwise.as_ref().map_or(Ok(None), |value| of(value));
        }
        Expr::Cast { input, to } => return cast(of(input)?, *to),
        Expr::InList { input, list, negated } => {
            let value = of(input)?;
            let mut found = Some(false);
            for item in list {
                found = match compare(CompareOp::Eq, value.clone(), of(item)?)? {
                    Some(true) => Some(true),
                    None if found == Some(false) => None,
                    _ => found,
                };
            }
            found.map(|found| Value::Boolean(found != *negated))
        }
        Expr::Between { input, low, high, negated } => {
            let value = of(input)?;
            let above = compare(CompareOp::GreaterEq, value.clone(), of(low)?)?;
            let below = compare(CompareOp::LessEq, value, of(high)?)?;
            let within = match (above, below) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
            within.map(|within| Value::Boolean(within != *negated))
        }
        Expr::Like { input, pattern, negated, ignore_case } => match of(input)? {
            Some(Value::Text(text)) if *ignore_case => {
                Some(Value::Boolean(like(&text.to_lowercase(), &pattern.to_lowercase()) != *negated))
            }
            Some(Value::Text(text)) => Some(Value::Boolean(like(&text, pattern) != *negated)),
            Some(_) => return Err(Unknown),
            None => None,
        },
        Expr::IsNull { input, negated } => Some(Value::Boolean(of(input)?.is_none() != *negated)),
    })
}

/// A truth value; `None` is null.
pub(super) fn truth(value: Option<Value>) -> Option<bool> {
    match value {
        Some(Value::Boolean(is)) => Some(is),
        _ => None,
    }
}

fn compare(op: CompareOp, left: Option<Value>, right: Option<Value>) -> Result<Option<bool>, Unknown> {
    let (Some(left), Some(right)) = (&left, &right) else {
        let both = left.is_none() && right.is_none();
        return Ok(match op {
            CompareOp::Distinct => Some(!both),
            CompareOp::NotDistinct => Some(both),
            _ => None,
        });
    };
    let order = order(left, right).ok_or(Unknown)?;
    Ok(Some(match op {
        CompareOp::Eq | CompareOp::NotDistinct => order == Ordering::Equal,
        CompareOp::NotEq | CompareOp::Distinct => order != Ordering::Equal,
        CompareOp::Less => order == Ordering::Less,
        CompareOp::LessEq => order != Ordering::Greater,
        CompareOp::Greater => order == Ordering::Greater,
        CompareOp::GreaterEq => order != Ordering::Less,
    }))
}

fn logic(op: LogicOp, args: &[Expr], row: &dyn Fn(&str) -> Known) -> Result<Option<bool>, Unknown> {
    let decides = op == LogicOp::Or;
    let mut all = Some(!decides);
    for arg in args {
        match truth(eval(arg, row)?) {
            Some(is) if is == decides => return Ok(Some(decides)),
            None => all = None,
            Some(_) => {}
        }
    }
    Ok(all)
}

fn arithmetic(op: ArithmeticOp, left: &Expr, right: &Expr, row: &dyn Fn(&str) -> Known) -> Known {
    let span = |expr: &Expr| match expr {
        Expr::Literal { value: Literal::Interval { months, days } } => Some((*months, *days)),
        _ => None,
    };
    if let Some((months, days)) = span(right) {
        let sign = if op == ArithmeticOp::Subtract { -1 } else { 1 };
        return Ok(eval(left, row)?.and_then(|value| shift(&value, months * sign, days * sign)));
    }
    if let Some((months, days)) = span(left) {
        return Ok(eval(right, row)?.and_then(|value| shift(&value, months, days)));
    }
    let (Some(left), Some(right)) = (eval(left, row)?, eval(right, row)?) else { return Ok(None) };
    if let (Value::Date(left), Value::Date(right), ArithmeticOp::Subtract) = (&left, &right, op) {
        return Ok(left.checked_sub(*right).map(|days| Value::Integer(i64::from(days))));
    }
    if let (Some((a, a_scale)), Some((b, b_scale))) = (exact(&left), exact(&right)) {
        let whole = matches!((&left, &right), (Value::Integer(_), Value::Integer(_)));
        let scale = a_scale.max(b_scale);
        let both = || rescale(a, a_scale, scale).zip(rescale(b, b_scale, scale));
        let (number, scale) = match op {
            ArithmeticOp::Add => (both().and_then(|(a, b)| a.checked_add(b)), scale),
            ArithmeticOp::Subtract => (both().and_then(|(a, b)| a.checked_sub(b)), scale),
            ArithmeticOp::Modulo => (both().and_then(|(a, b)| a.checked_rem(b)), scale),
            ArithmeticOp::Multiply => (a.checked_mul(b), a_scale + b_scale),
            ArithmeticOp::Divide if whole => (a.checked_div(b), 0),
            ArithmeticOp::Divide => {
                let above = rescale(a, a_scale, b_scale.saturating_add(QUOTIENT_SCALE));
                (above.and_then(|a| a.checked_div(b)), QUOTIENT_SCALE)
            }
        };
        return Ok(number.and_then(|number| match whole {
            true => i64::try_from(number).ok().map(Value::Integer),
            false => Some(Value::Decimal(number, scale)),
        }));
    }
    let (Some(a), Some(b)) = (float(&left), float(&right)) else { return Err(Unknown) };
    let number = match op {
        ArithmeticOp::Add => a + b,
        ArithmeticOp::Subtract => a - b,
        ArithmeticOp::Multiply => a * b,
        ArithmeticOp::Divide => a / b,
        ArithmeticOp::Modulo => a % b,
    };
    Ok(number.is_finite().then_some(Value::Float(number)))
}

fn call(function: Function, args: &[Option<Value>]) -> Known {
    match function {
        Function::Coalesce => return Ok(args.iter().flatten().next().cloned()),
        Function::Concat => {
            let parts = args.iter().flatten().map(text).collect::<Result<Vec<_>, _>>()?;
            return Ok(Some(Value::Text(parts.concat())));
        }
        Function::Greatest => return extreme(args, Ordering::Greater),
        Function::Least => return extreme(args, Ordering::Less),
        Function::NullIf => {
            let [left, right] = args else { return Err(Unknown) };
            let same = compare(CompareOp::Eq, left.clone(), right.clone())?;
            return Ok(left.clone().filter(|_| same != Some(true)));
        }
        _ => {}
    }
    let Some(args) = args.iter().cloned().collect::<Option<Vec<Value>>>() else { return Ok(None) };
    let value = match (function, args.as_slice()) {
        (Function::Abs, [Value::Integer(number)]) => number.checked_abs().map(Value::Integer),
        (Function::Abs, [Value::Decimal(number, scale)]) => Some(Value::Decimal(number.abs(), *scale)),
        (Function::Abs, [Value::Float(number)]) => Some(Value::Float(number.abs())),
        (Function::Floor | Function::Ceil | Function::Round, [Value::Integer(number)]) => {
            Some(Value::Integer(*number))
        }
        (Function::Floor, [number]) => float(number).map(|number| Value::Float(number.floor())),
        (Function::Ceil, [number]) => float(number).map(|number| Value::Float(number.ceil())),
        (Function::Round, [number]) => float(number).map(|number| Value::Float(number.round())),
        (Function::Lower, [Value::Text(text)]) => Some(Value::Text(text.to_lowercase())),
        (Function::Upper, [Value::Text(text)]) => Some(Value::Text(text.to_uppercase())),
        (Function::Trim, [Value::Text(text)]) => Some(Value::Text(text.trim().to_owned())),
        (Function::CharacterLength, [Value::Text(text)]) => {
            i64::try_from(text.chars().count()).ok().map(Value::Integer)
        }
        (Function::Substring, [Value::Text(text), Value::Integer(from), Value::Integer(length)]) => {
            Some(Value::Text(part(text, *from - 1, *length)))
        }
        (Function::Left, [Value::Text(text), Value::Integer(length)]) if *length >= 0 => {
            Some(Value::Text(part(text, 0, *length)))
        }
        (Function::Right, [Value::Text(text), Value::Integer(length)]) if *length >= 0 => {
            let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            Some(Value::Text(part(text, (count - length).max(0), *length)))
        }
        (Function::Replace, [Value::Text(text), Value::Text(from), Value::Text(to)]) => {
            Some(Value::Text(text.replace(from, to)))
        }
        (Function::StartsWith, [Value::Text(text), Value::Text(prefix)]) => {
            Some(Value::Boolean(text.starts_with(prefix)))
        }
        (Function::DatePart, [Value::Text(unit), at]) => {
            date_part(unit, at).ok_or(Unknown).map(|part| Some(Value::Integer(part)))?
        }
        (Function::DateTrunc, [Value::Text(unit), at]) => Some(date_trunc(unit, at).ok_or(Unknown)?),
        _ => return Err(Unknown),
    };
    Ok(value)
}

fn extreme(args: &[Option<Value>], wanted: Ordering) -> Known {
    let mut best: Option<&Value> = None;
    for value in args.iter().flatten() {
        let further = best.map_or(Ok(true), |best| Ok(order(value, best).ok_or(Unknown)? == wanted))?;
        if further {
            best = Some(value);
        }
    }
    Ok(best.cloned())
}

fn part(text: &str, skip: i64, length: i64) -> String {
    let (skip, length) = (usize::try_from(skip).unwrap_or(0), usize::try_from(length).unwrap_or(0));
    text.chars().skip(skip).take(length).collect()
}

fn date_part(unit: &str, at: &Value) -> Option<i64> {
    let (year, month, day) = civil_from_days(days(at)?);
    match unit {
        "year" => Some(i64::from(year)),
        "quarter" => Some((i64::from(month) + 2) / 3),
        "month" => Some(i64::from(month)),
        "day" => Some(i64::from(day)),
        "hour" => Some(micros(at)?.rem_euclid(super::compare::DAY_MICROS) / 3_600_000_000),
        _ => None,
    }
}

fn date_trunc(unit: &str, at: &Value) -> Option<Value> {
    let of = days(at)?;
    let (year, month, _) = civil_from_days(of);
    let start = match unit {
        "year" => days_from_civil(year, 1, 1)?,
        "quarter" => days_from_civil(year, (month - 1) / 3 * 3 + 1, 1)?,
        "month" => days_from_civil(year, month, 1)?,
        "day" => of,
        _ => return None,
    };
    Some(match at {
        Value::Timestamp(_) => Value::Timestamp(i64::from(start).checked_mul(super::compare::DAY_MICROS)?),
        _ => Value::Date(start),
    })
}

fn text(value: &Value) -> Result<String, Unknown> {
    Ok(match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(is) => is.to_string(),
        Value::Date(days) => {
            let (year, month, day) = civil_from_days(*days);
            format!("{year:04}-{month:02}-{day:02}")
        }
        _ => return Err(Unknown),
    })
}

/// Another type; null where the value does not fit.
pub(super) fn cast(value: Option<Value>, to: DataType) -> Known {
    let Some(value) = value else { return Ok(None) };
    Ok(match to {
        DataType::Text => Some(Value::Text(text(&value)?)),
        DataType::Boolean => match value {
            Value::Boolean(is) => Some(Value::Boolean(is)),
            _ => return Err(Unknown),
        },
        DataType::Integer => match &value {
            Value::Integer(_) => Some(value),
            Value::Text(text) => text.trim().parse().ok().map(Value::Integer),
            Value::Decimal(number, scale) => {
                rescale(*number, *scale, 0).and_then(|n| i64::try_from(n).ok()).map(Value::Integer)
            }
            Value::Float(number) => (number.abs() < 9e18).then(|| Value::Integer(number.trunc() as i64)),
            Value::Boolean(is) => Some(Value::Integer(i64::from(*is))),
            Value::Date(_) | Value::Timestamp(_) => return Err(Unknown),
        },
        DataType::Decimal { scale, .. } => match &value {
            Value::Float(number) => {
                Some(Value::Decimal((number * 10_f64.powi(i32::from(scale))).round() as i128, scale))
            }
            _ => {
                let (number, from) = exact(&value).ok_or(Unknown)?;
                rescale(number, from, scale).map(|number| Value::Decimal(number, scale))
            }
        },
        DataType::Float => match &value {
            Value::Text(text) => text.trim().parse().ok().map(Value::Float),
            _ => Some(Value::Float(float(&value).ok_or(Unknown)?)),
        },
        DataType::Date => match &value {
            Value::Text(text) => parse_date(text).map(|(days, _)| Value::Date(days)),
            _ => Some(Value::Date(days(&value).ok_or(Unknown)?)),
        },
        DataType::Timestamp => Some(Value::Timestamp(micros(&value).ok_or(Unknown)?)),
    })
}
