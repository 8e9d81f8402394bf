//! Aggregates over the values of one group.

use super::super::bounds::from_whole as float;
use super::super::{AggregateFunction, Literal};
use super::Fault;
use super::value::{as_float, compare, is_null, key, scaled, type_of};
use crate::DataType;

/// An aggregate over values; `values` holds nulls too.
pub(super) fn aggregate(function: AggregateFunction, values: &[Literal]) -> Result<Literal, Fault> {
    use AggregateFunction::{Avg, Count, CountDistinct, Max, Median, Min, Stddev, Sum, Variance};
    let present: Vec<&Literal> = values.iter().filter(|value| !is_null(value)).collect();
    // The nulls of an outer join do not know their type.
    let from = present.first().copied().or(values.first()).map_or(DataType::Integer, type_of);
    let floats =
        || present.iter().map(|value| as_float(value).ok_or(Fault::Type)).collect::<Result<Vec<_>, _>>();
    match function {
        Count => Ok(Literal::Integer(size(present.len())?)),
        CountDistinct => {
            let distinct: std::collections::BTreeSet<String> =
                present.iter().map(|value| key(value)).collect();
            Ok(Literal::Integer(size(distinct.len())?))
        }
        Sum => sum(&present, from),
        Min | Max => {
            let wanted = if function == Min { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater };
            let best = present
                .iter()
                .copied()
                .reduce(|best, value| if compare(value, best) == Some(wanted) { value } else { best });
            Ok(best.cloned().unwrap_or(Literal::Null(from)))
        }
        Avg => {
            let floats = floats()?;
            if floats.is_empty() {
                return Ok(Literal::Null(DataType::Float));
            }
            Ok(Literal::Float(floats.iter().sum::<f64>() / float(size(floats.len())?)))
        }
        Stddev | Variance => {
            let floats = floats()?;
            if floats.len() < 2 {
                return Ok(Literal::Null(DataType::Float));
            }
            let count = float(size(floats.len())?);
            let mean = floats.iter().sum::<f64>() / count;
            let variance = floats.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            Ok(Literal::Float(if function == Stddev { variance.sqrt() } else { variance }))
        }
        Median => median(present, from),
    }
}

fn size(count: usize) -> Result<i64, Fault> {
    i64::try_from(count).map_err(|_| Fault::Overflow)
}

fn sum(present: &[&Literal], from: DataType) -> Result<Literal, Fault> {
    if present.is_empty() {
        return Ok(Literal::Null(from));
    }
    match from {
        DataType::Integer => {
            let mut sum = 0_i64;
            for value in present {
                let Literal::Integer(value) = value else { return Err(Fault::Type) };
                sum = sum.wrapping_add(*value);
            }
            Ok(Literal::Integer(sum))
        }
        DataType::Decimal { scale, .. } => {
            let mut sum = 0_i128;
            for value in present {
                let Literal::Decimal { unscaled, scale: from } = value else { return Err(Fault::Type) };
                sum += scaled(i128::from(*unscaled), *from, scale);
            }
            Ok(Literal::Decimal { unscaled: i64::try_from(sum).map_err(|_| Fault::Overflow)?, scale })
        }
        _ => {
            let floats = present.iter().map(|value| as_float(value).ok_or(Fault::Type));
            Ok(Literal::Float(floats.sum::<Result<f64, _>>()?))
        }
    }
}

fn median(mut present: Vec<&Literal>, from: DataType) -> Result<Literal, Fault> {
    present.sort_by(|a, b| compare(a, b).unwrap_or(std::cmp::Ordering::Equal));
    let middle = present.len() / 2;
    let Some(upper) = present.get(middle) else { return Ok(Literal::Null(from)) };
    if present.len() % 2 == 1 {
        return Ok((*upper).clone());
    }
    let lower = present.get(middle.saturating_sub(1)).ok_or(Fault::Type)?;
    match (lower, upper) {
        (Literal::Integer(a), Literal::Integer(b)) => Ok(Literal::Integer(a.wrapping_add(*b) / 2)),
        (Literal::Decimal { unscaled: a, scale }, Literal::Decimal { unscaled: b, .. }) => {
            Ok(Literal::Decimal { unscaled: a.wrapping_add(*b) / 2, scale: *scale })
        }
        _ => {
            let (a, b) = (as_float(lower).ok_or(Fault::Type)?, as_float(upper).ok_or(Fault::Type)?);
            Ok(Literal::Float(f64::midpoint(a, b)))
        }
    }
}
