//! The functions there are. They are registered one by one; nothing is subtracted from a default.

use std::sync::Arc;

use datafusion::functions_aggregate as aggregate;
use datafusion::functions_window as window;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::{functions, functions_aggregate, functions_window};

/// Scalar functions. Absent on purpose: random and current time (a run is repeatable), `repeat` and padding (small text,
/// large memory), version, type and metadata probes, file names, hashes, and anything that reads outside the row.
pub(super) fn scalar() -> Vec<Arc<ScalarUDF>> {
    use functions::{core, datetime, math, string, unicode};
    vec![
        core::coalesce(),
        core::nullif(),
        core::nvl(),
        core::greatest(),
        core::least(),
        math::abs(),
        math::round(),
        math::floor(),
        math::ceil(),
        math::trunc(),
        math::power(),
        math::sqrt(),
        math::ln(),
        math::log10(),
        math::exp(),
        math::signum(),
        string::lower(),
        string::upper(),
        string::btrim(),
        string::ltrim(),
        string::rtrim(),
        string::concat(),
        string::replace(),
        string::starts_with(),
        string::ends_with(),
        string::contains(),
        string::split_part(),
        unicode::character_length(),
        unicode::substr(),
        unicode::left(),
        unicode::right(),
        unicode::strpos(),
        unicode::reverse(),
        datetime::date_trunc(),
        datetime::date_part(),
        datetime::to_date(),
        datetime::make_date(),
    ]
}

/// Aggregate functions. Absent on purpose: everything that collects or picks values (`array_agg`, `string_agg`,
/// `first_value`, `nth_value`, `any_value`, percentiles of one value).
pub(super) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    vec![
        aggregate::count::count_udaf(),
        aggregate::sum::sum_udaf(),
        aggregate::average::avg_udaf(),
        aggregate::min_max::min_udaf(),
        aggregate::min_max::max_udaf(),
        aggregate::stddev::stddev_udaf(),
        aggregate::stddev::stddev_pop_udaf(),
        aggregate::variance::var_samp_udaf(),
        aggregate::variance::var_pop_udaf(),
        aggregate::median::median_udaf(),
        aggregate::approx_distinct::approx_distinct_udaf(),
        aggregate::correlation::corr_udaf(),
    ]
}

/// Window functions, for dev zones; the translation for raw data knows none.
pub(super) fn windows() -> Vec<Arc<WindowUDF>> {
    vec![
        window::row_number::row_number_udwf(),
        window::rank::rank_udwf(),
        window::rank::dense_rank_udwf(),
        window::rank::percent_rank_udwf(),
        window::ntile::ntile_udwf(),
        window::lead_lag::lag_udwf(),
        window::lead_lag::lead_udwf(),
    ]
}

/// What turns SQL forms (`EXTRACT`, `SUBSTRING`, `count(*)`) into calls of the functions above.
pub(super) fn planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![
        Arc::new(functions::core::planner::CoreFunctionPlanner::default()),
        Arc::new(functions::datetime::planner::DatetimeFunctionPlanner),
        Arc::new(functions::unicode::planner::UnicodeFunctionPlanner),
        Arc::new(functions_aggregate::planner::AggregateFunctionPlanner),
        Arc::new(functions_window::planner::WindowFunctionPlanner),
    ]
}
