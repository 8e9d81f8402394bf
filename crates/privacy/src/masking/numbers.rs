//! Masks of integers, decimals and floats.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int64Array};
use arrow::datatypes::{Decimal128Type, Float64Type};

use super::generalize::{AgeBands, region_integer};
use super::key::MaskKey;
use super::{MaskSpec, integer, value};
use crate::SensitiveKind;

/// `limits` are the least and the greatest number of the column's own type.
pub(super) fn integers(
    column: &Int64Array,
    spec: &MaskSpec,
    key: &MaskKey,
    limits: (i64, i64),
) -> Option<ArrayRef> {
    let narrow = |value: i128| {
        let value = value.clamp(limits.0.into(), limits.1.into());
        i64::try_from(value).unwrap_or(limits.1)
    };
    let map = |each: &dyn Fn(i64) -> i128| column.unary(|value| narrow(each(value)));
    let masked: Int64Array = match spec {
        MaskSpec::Format { kind: SensitiveKind::Mobile } => integer::mobiles(column, key, limits),
        MaskSpec::Format { kind: SensitiveKind::General } => integer::tokens(column, key, "general", limits),
        MaskSpec::Token { domain } => integer::tokens(column, key, &domain_name(domain), limits),
        MaskSpec::Round { step } => {
            let step = i128::from(*step);
            column.unary(|value| narrow(value::round(value.into(), step)))
        }
        MaskSpec::Noise { per_mille } => {
            let hash = key.hash("noise", "integer");
            column.unary(|value| {
                let ppm = value::factor_ppm(&hash, value.cast_unsigned(), *per_mille);
                narrow(value::scale(i128::from(value), ppm))
            })
        }
        MaskSpec::Bands { edges } => map(&|value| value::band(value, edges).unwrap_or(0).into()),
        MaskSpec::TopBottom { bottom, top } => map(&|value| value::bounded(value, (*bottom, *top)).into()),
        MaskSpec::Age { reference, years, top } => {
            let bands = AgeBands::new(*reference, *years, *top);
            map(&|age| bands.low(age).into())
        }
        MaskSpec::Region { level } => map(&|code| region_integer(code, *level).into()),
        _ => return None,
    };
    Some(Arc::new(masked))
}

/// Domains are named apart from kinds.
pub(super) fn domain_name(domain: &str) -> String {
    format!("domain:{domain}")
}

/// A whole number in units of a decimal's last place.
fn in_places(whole: i64, places: i8) -> i128 {
    let unit = 10_i128.saturating_pow(places.unsigned_abs().into());
    if places >= 0 { i128::from(whole).saturating_mul(unit) } else { i128::from(whole).div_euclid(unit) }
}

pub(super) fn decimals(column: &Decimal128Array, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    let (precision, places) = (column.precision(), column.scale());
    let limit = 10_i128.checked_pow(u32::from(precision)).map_or(i128::MAX, |power| power - 1);
    let fit = |value: i128| value.clamp(-limit, limit);
    let map = |each: &dyn Fn(i128) -> i128| column.unary::<_, Decimal128Type>(|value| fit(each(value)));
    let masked: Decimal128Array = match spec {
        MaskSpec::Token { domain } => {
            // A number with places is no key, and one of nineteen digits does not fit the permutation.
            let limit = i64::try_from(limit).ok().filter(|_| places == 0)?;
            let narrow = |value: i128| i64::try_from(value).unwrap_or(limit);
            let values = column.iter().map(|value| value.map(narrow)).collect::<Int64Array>();
            let tokens = integer::tokens(&values, key, &domain_name(domain), (-limit, limit));
            tokens.iter().map(|token| token.map(i128::from)).collect()
        }
        MaskSpec::Round { step } => {
            let step = in_places(i64::from(*step), places).max(1);
            map(&|value| value::round(value, step))
        }
        MaskSpec::Noise { per_mille } => {
            let hash = key.hash("noise", "decimal");
            map(&|value| {
                let low = value.cast_unsigned() & u128::from(u64::MAX);
                let ppm = value::factor_ppm(&hash, u64::try_from(low).unwrap_or(0), *per_mille);
                value::scale(value, ppm)
            })
        }
        MaskSpec::Bands { edges } => {
            let edges: Vec<i128> = edges.iter().map(|edge| in_places(*edge, places)).collect();
            map(&|value| value::band(value, &edges).unwrap_or(0))
        }
        MaskSpec::TopBottom { bottom, top } => {
            let bound = |bound: &Option<i64>| bound.map(|bound| in_places(bound, places));
            let bounds = (bound(bottom), bound(top));
            map(&|value| value::bounded(value, bounds))
        }
        MaskSpec::Grid { micro_degrees } => {
            // A grid finer than the column's last place would change nothing.
            let unit = in_places(1, places).max(1);
            let step = Some(unit * i128::from(*micro_degrees) / 1_000_000).filter(|step| *step >= 2)?;
            map(&|value| {
                let inside = value.unsigned_abs() <= unit.unsigned_abs() * 180;
                if inside { value::center(value, step) } else { 0 }
            })
        }
        _ => return None,
    };
    Some(Arc::new(masked.with_precision_and_scale(precision, places).ok()?))
}

pub(super) fn floats(column: &Float64Array, spec: &MaskSpec, key: &MaskKey) -> Option<ArrayRef> {
    // One form of what is no number: the others have bits in which something may stand.
    let map = |each: &dyn Fn(f64) -> f64| {
        column.unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN } else { each(value) })
    };
    // Bounds beyond 2⁵³ are as near as a float comes to them.
    let whole = |value: i64| value.to_string().parse::<f64>().unwrap_or(f64::NAN);
    let masked: Float64Array = match spec {
        MaskSpec::Round { step } => {
            let step = f64::from(*step);
            map(&|value| (value / step).round() * step)
        }
        MaskSpec::Noise { per_mille } => {
            let hash = key.hash("noise", "float");
            map(&|value| {
                let ppm = value::factor_ppm(&hash, value.to_bits(), *per_mille);
                // Exact: the factor is far below 2⁵³.
                value * (f64::from(i32::try_from(ppm).unwrap_or(1_000_000)) / 1e6)
            })
        }
        MaskSpec::Bands { edges } => {
            let edges: Vec<f64> = edges.iter().map(|edge| whole(*edge)).collect();
            map(&|value| value::band(value, &edges).unwrap_or(f64::NAN))
        }
        MaskSpec::TopBottom { bottom, top } => {
            let bounds = (bottom.map(whole), top.map(whole));
            map(&|value| value::bounded(value, bounds))
        }
        MaskSpec::Grid { micro_degrees } => {
            let step = f64::from(*micro_degrees) / 1e6;
            map(&|value| {
                let inside = value.abs() <= 180.0;
                if inside { (value / step).floor() * step + step / 2.0 } else { f64::NAN }
            })
        }
        _ => return None,
    };
    Some(Arc::new(masked))
}
