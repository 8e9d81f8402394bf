//! Expressions over one row, in SQL's logic of three values.

use std::cmp::Ordering;

use super::super::{ArithmeticOp, CompareOp, Expr, Literal, LogicOp};
use super::value::{as_float, compare, is_null, micros, same, unified};
use super::{Fault, Values, call, cast};
use crate::DataType;

/// What an expression may name.
pub(super) struct Scope<'a> {
    pub(super) columns: &'a [String],
    pub(super) values: &'a [Literal],
    pub(super) parameters: &'a Values,
}

const UNKNOWN: Literal = Literal::Null(DataType::Boolean);

impl Scope<'_> {
    pub(super) fn value(&self, expr: &Expr) -> Result<Literal, Fault> {
        let all = |exprs: &[Expr]| exprs.iter().map(|expr| self.value(expr)).collect::<Result<Vec<_>, _>>();
        Ok(match expr {
            Expr::Column { name } => {
                let found = self.columns.iter().zip(self.values).find(|(column, _)| *column == name);
                found.map(|(_, value)| value.clone()).ok_or(Fault::Unknown { name: name.clone() })?
            }
            Expr::Literal { value } => value.clone(),
            Expr::Parameter { name, .. } => {
                self.parameters.get(name).cloned().ok_or(Fault::Unknown { name: name.clone() })?
            }
            Expr::Compare { op, left, right } => compared(*op, &self.value(left)?, &self.value(right)?),
            Expr::Logic { op, args } => logic(*op, &all(args)?)?,
            Expr::Not { input } => match self.value(input)? {
                Literal::Boolean(truth) => Literal::Boolean(!truth),
                _ => UNKNOWN,
            },
            Expr::Arithmetic { op, left, right } => arithmetic(*op, &self.value(left)?, &self.value(right)?)?,
            Expr::Negate { input } => match self.value(input)? {
                Literal::Integer(number) => Literal::Integer(number.wrapping_neg()),
                Literal::Float(number) => Literal::Float(-number),
                Literal::Decimal { unscaled, scale } => {
                    Literal::Decimal { unscaled: unscaled.checked_neg().ok_or(Fault::Overflow)?, scale }
                }
                null @ Literal::Null(_) => null,
                _ => return Err(Fault::Type),
            },
            Expr::Call { function, args } => call::call(*function, &all(args)?)?,
            Expr::Case { branches, otherwise } => self.case(branches, otherwise.as_deref())?,
            Expr::Cast { input, to } => cast::cast(&self.value(input)?, *to)?,
            Expr::InList { input, list, negated } => among(&self.value(input)?, &all(list)?, *negated)?,
            Expr::Between { input, low, high, negated } => {
                let value = self.value(input)?;
                let above = compared(CompareOp::GreaterEq, &value, &self.value(low)?);
                let below = compared(CompareOp::LessEq, &value, &self.value(high)?);
                negate_if(*negated, logic(LogicOp::And, &[above, below])?)
            }
            Expr::Like { input, pattern, negated, ignore_case } => match self.value(input)? {
                Literal::Text(text) => {
                    let (text, pattern) = if *ignore_case {
                        (text.to_lowercase(), pattern.to_lowercase())
                    } else {
                        (text, pattern.clone())
                    };
                    let text: Vec<char> = text.chars().collect();
                    let pattern: Vec<char> = pattern.chars().collect();
                    negate_if(*negated, Literal::Boolean(call::like(&text, &pattern)))
                }
                _ => UNKNOWN,
            },
            Expr::IsNull { input, negated } => Literal::Boolean(is_null(&self.value(input)?) != *negated),
        })
    }

    fn case(&self, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Result<Literal, Fault> {
        // All values are looked at, for their common type.
        let values = branches.iter().map(|(_, value)| self.value(value)).collect::<Result<Vec<_>, _>>()?;
        let last = otherwise.map(|value| self.value(value)).transpose()?;
        let all: Vec<Literal> = values.iter().cloned().chain(last.clone()).collect();
        let first = all.first().cloned().ok_or(Fault::Type)?;
        let mut chosen = last.unwrap_or(Literal::Null(super::value::type_of(&first)));
        for ((condition, _), value) in branches.iter().zip(values) {
            if self.value(condition)? == Literal::Boolean(true) {
                chosen = value;
                break;
            }
        }
        unified(chosen, &all)
    }
}

fn negate_if(negated: bool, truth: Literal) -> Literal {
    match truth {
        Literal::Boolean(truth) => Literal::Boolean(truth != negated),
        other => other,
    }
}

pub(super) fn compared(op: CompareOp, left: &Literal, right: &Literal) -> Literal {
    match op {
        CompareOp::Distinct => return Literal::Boolean(!same(left, right)),
        CompareOp::NotDistinct => return Literal::Boolean(same(left, right)),
        _ => {}
    }
    let Some(order) = compare(left, right) else { return UNKNOWN };
    Literal::Boolean(match op {
        CompareOp::Eq | CompareOp::NotDistinct => order == Ordering::Equal,
        CompareOp::NotEq | CompareOp::Distinct => order != Ordering::Equal,
        CompareOp::Less => order == Ordering::Less,
        CompareOp::LessEq => order != Ordering::Greater,
        CompareOp::Greater => order == Ordering::Greater,
        CompareOp::GreaterEq => order != Ordering::Less,
    })
}

fn logic(op: LogicOp, args: &[Literal]) -> Result<Literal, Fault> {
    let deciding = op == LogicOp::Or;
    let mut unknown = false;
    for arg in args {
        match arg {
            Literal::Boolean(truth) if *truth == deciding => return Ok(Literal::Boolean(deciding)),
            Literal::Boolean(_) => {}
            Literal::Null(_) => unknown = true,
            _ => return Err(Fault::Type),
        }
    }
    Ok(if unknown { UNKNOWN } else { Literal::Boolean(!deciding) })
}

fn among(value: &Literal, list: &[Literal], negated: bool) -> Result<Literal, Fault> {
    let equal: Vec<Literal> =
        list.iter().map(|candidate| compared(CompareOp::Eq, value, candidate)).collect();
    Ok(negate_if(negated, logic(LogicOp::Or, &equal)?))
}

fn arithmetic(op: ArithmeticOp, left: &Literal, right: &Literal) -> Result<Literal, Fault> {
    use ArithmeticOp::{Add, Divide, Modulo, Multiply, Subtract};
    Ok(match (left, right) {
        (_, Literal::Interval { months, days }) => shift(op, left, *months, *days)?,
        (Literal::Date(a), Literal::Date(b)) if op == Subtract => {
            Literal::Integer(i64::from(*a) - i64::from(*b))
        }
        (Literal::Integer(a), Literal::Integer(b)) => match op {
            Add => Literal::Integer(a.wrapping_add(*b)),
            Subtract => Literal::Integer(a.wrapping_sub(*b)),
            Multiply => Literal::Integer(a.wrapping_mul(*b)),
            Divide | Modulo if matches!(b, 0 | -1) => Literal::Null(DataType::Integer),
            Divide => Literal::Integer(a.wrapping_div(*b)),
            Modulo => Literal::Integer(a.wrapping_rem(*b)),
        },
        _ if is_null(left) || is_null(right) => {
            let (l, r) = (super::value::type_of(left), super::value::type_of(right));
            let whole = (l, r) == (DataType::Integer, DataType::Integer)
                || (l, r) == (DataType::Date, DataType::Date);
            Literal::Null(if whole { DataType::Integer } else { DataType::Float })
        }
        _ => {
            let (a, b) = (as_float(left).ok_or(Fault::Type)?, as_float(right).ok_or(Fault::Type)?);
            Literal::Float(match op {
                Add => a + b,
                Subtract => a - b,
                Multiply => a * b,
                Divide => a / b,
                Modulo => a % b,
            })
        }
    })
}

/// A date or instant and a span.
fn shift(op: ArithmeticOp, from: &Literal, months: i32, days: i32) -> Result<Literal, Fault> {
    let (months, days) = match op {
        ArithmeticOp::Add => (months, days),
        ArithmeticOp::Subtract => (-months, -days),
        _ => return Err(Fault::Type),
    };
    match from {
        Literal::Date(date) => {
            Ok(Literal::Date(base::Date::from_days(*date).plus_months(months).plus_days(days).days()))
        }
        Literal::Timestamp(_) => {
            let at = micros(from).ok_or(Fault::Type)?;
            let (day, rest) = (at.div_euclid(86_400_000_000), at.rem_euclid(86_400_000_000));
            let day = i32::try_from(day).map_err(|_| Fault::Overflow)?;
            let day = base::Date::from_days(day).plus_months(months).plus_days(days).days();
            Ok(Literal::Timestamp(i64::from(day) * 86_400_000_000 + rest))
        }
        null @ Literal::Null(_) => Ok(null.clone()),
        _ => Err(Fault::Type),
    }
}
