//! What the pack's parameters say where the platform acts on them itself: thresholds, shares, keeping times. A missing
//! or malformed one is a refusal, never a default.

use base::Date;
use privacy::disclosure::dp::{Cost, Unit};
use privacy::disclosure::{Dominance, Thresholds};
use regulation::pack::{Pack, Parameter, Period, PeriodUnit, Value};

use crate::{Error, Result};

/// Fewest distinct entities in a cell of a result.
const MIN_ENTITIES: &str = "最小实体数";
/// Largest share of one entity in a cell.
const MAX_SHARE: &str = "最大占比";
/// What the others add to a cell, relative to its largest contribution.
const MARGIN: &str = "推断余量";
/// How many of the largest may not make up more than a share of a cell together; a pack need not say it.
const LEADING: &str = "支配人数";
/// That share.
const LEADING_SHARE: &str = "支配占比";
/// How much may be told about one entity and one sensitive column, in numbers with noise.
const NOISY_NUMBERS: &str = "加噪数字上限";
/// What statistics without a reviewer may tell of one resource in all: thousandths of rho.
const STATISTICS_TOTAL: &str = "统计预算";
/// What one number of such a statistic costs: thousandths of rho.
const STATISTICS_PRICE: &str = "统计单价";
/// Share of the entities that a dev zone gets.
const SAMPLE: &str = "抽样比例";
/// How long logs are kept after the end.
const KEEP_LOGS: &str = "日志留存";

/// The thresholds of disclosure control.
///
/// # Errors
/// `pack.parameter` when the pack is silent: without thresholds nothing runs on raw data.
pub(crate) fn thresholds(pack: &Pack) -> Result<Thresholds> {
    // One without the other says nothing, and is refused.
    let said = [LEADING, LEADING_SHARE].into_iter().any(|name| pack.parameters.contains_key(name));
    let dominance = match said {
        true => {
            Some(Dominance { contributors: number(pack, LEADING)?, share_ppm: ratio(pack, LEADING_SHARE)? })
        }
        false => None,
    };
    let thresholds = Thresholds {
        min_entities: number(pack, MIN_ENTITIES)?,
        max_dominance_ppm: ratio(pack, MAX_SHARE)?,
        margin_ppm: ratio(pack, MARGIN)?,
        dominance,
        noisy_numbers_max: number(pack, NOISY_NUMBERS)?,
    };
    thresholds.check().map_err(|error| Error::explained("pack.parameter", error.to_string()))?;
    Ok(thresholds)
}

/// On which terms statistics without a reviewer may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatisticTerms {
    /// What one number costs.
    pub(crate) price: Cost,
    /// What may be told of one resource in all. *Units*: millionths of rho.
    pub(crate) total: u64,
}

/// The terms of statistics without a reviewer.
///
/// # Errors
/// `statistics.off` where the pack has none; `pack.parameter` for a budget or price that is no positive number.
pub(crate) fn statistics(pack: &Pack) -> Result<StatisticTerms> {
    if !pack.parameters.contains_key(STATISTICS_TOTAL) {
        return Err(Error::Forbidden("statistics.off"));
    }
    let micro = |name| match bare(find(pack, name)?) {
        Value::Number(number) => {
            let milli = u64::try_from(*number).ok().filter(|milli| *milli > 0);
            milli.and_then(|milli| milli.checked_mul(1_000)).ok_or_else(|| missing(name))
        }
        _ => Err(missing(name)),
    };
    let price = Cost { unit: Unit::MicroRho, micro: micro(STATISTICS_PRICE)? };
    Ok(StatisticTerms { price, total: micro(STATISTICS_TOTAL)? })
}

/// Entities of a table that its twin gets, per thousand. Where the pack sets no share, masks are the only measure.
///
/// # Errors
/// `pack.parameter` when the parameter is no share.
pub(crate) fn sample_per_mille(pack: &Pack) -> Result<u16> {
    if !pack.parameters.contains_key(SAMPLE) {
        return Ok(1_000);
    }
    // Rounded down: a ceiling stays one.
    let per_mille = ratio(pack, SAMPLE)? / 1_000;
    u16::try_from(per_mille.min(1_000)).map_err(|_| missing(SAMPLE))
}

/// The day until which logs are kept at least, and the clauses that say so.
///
/// # Errors
/// `pack.parameter`.
pub(crate) fn logs_until(pack: &Pack, from: Date) -> Result<(Date, Vec<String>)> {
    let parameter = find(pack, KEEP_LOGS)?;
    let Value::Period(period) = bare(parameter) else { return Err(missing(KEEP_LOGS)) };
    let until = after(from, *period).ok_or_else(|| missing(KEEP_LOGS))?;
    Ok((until, parameter.clauses.clone()))
}

/// The clauses of a parameter, for what rests on it.
pub(crate) fn threshold_clauses(pack: &Pack) -> Vec<String> {
    let parameters = [MIN_ENTITIES, MAX_SHARE, MARGIN, LEADING, LEADING_SHARE, NOISY_NUMBERS]
        .into_iter()
        .filter_map(|name| pack.parameters.get(name));
    parameters.flat_map(|parameter| parameter.clauses.clone()).collect()
}

fn after(from: Date, period: Period) -> Option<Date> {
    let length = i32::try_from(period.length).ok()?;
    match period.unit {
        PeriodUnit::Day => Some(from.plus_days(length)),
        PeriodUnit::Month => Some(from.plus_months(length)),
        PeriodUnit::Year => Some(from.plus_months(length.checked_mul(12)?)),
        // Nobody keeps logs by working days; it would need the calendar of years that are not published.
        PeriodUnit::WorkingDay => None,
    }
}

fn number(pack: &Pack, name: &str) -> Result<u32> {
    match bare(find(pack, name)?) {
        Value::Number(number) => u32::try_from(*number).map_err(|_| missing(name)),
        _ => Err(missing(name)),
    }
}

fn ratio(pack: &Pack, name: &str) -> Result<u32> {
    match bare(find(pack, name)?) {
        Value::Ratio(ppm) => u32::try_from(*ppm).map_err(|_| missing(name)),
        _ => Err(missing(name)),
    }
}

fn find<'a>(pack: &'a Pack, name: &str) -> Result<&'a Parameter> {
    pack.parameters.get(name).ok_or_else(|| missing(name))
}

/// The value inside a limit such as `不少于6个月`.
fn bare(parameter: &Parameter) -> &Value {
    match &parameter.value {
        Value::Limit(_, inner) => inner,
        other => other,
    }
}

fn missing(name: &str) -> Error {
    Error::invalid("pack.parameter", name)
}
