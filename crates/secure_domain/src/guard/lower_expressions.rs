//! From `privacy::ir` back to expressions of the engine.

use arrow::datatypes::{DataType as ArrowType, IntervalMonthDayNano, TimeUnit};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::{core, datetime, math, string, unicode};
use datafusion::functions_aggregate as aggregates;
use datafusion::logical_expr::expr::{AggregateFunction as PlanAggregate, Between, Case, Cast, InList, Like};
use datafusion::logical_expr::{BinaryExpr, Expr as PlanExpr, Operator, TryCast, lit};
use privacy::DataType;
use privacy::ir::{
    AggregateFunction, ArithmeticOp, CompareOp, Expr, Function, Literal, LogicOp, NamedAggregate,
};

use super::lower::{engine_column, fault};
use super::parameters::Bound;

/// 1700-01-01 and 2200-01-01 in microseconds since 1970-01-01.
const TRUNCATED_FROM: i64 = -8_520_336_000_000_000;
const TRUNCATED_UNTIL: i64 = 7_258_118_400_000_000;

/// The engine's form of an expression.
pub(super) fn expression(expr: &Expr, bound: &Bound) -> Result<PlanExpr> {
    let boxed = |expr: &Expr| expression(expr, bound).map(Box::new);
    let all = |exprs: &[Expr]| exprs.iter().map(|expr| expression(expr, bound)).collect::<Result<Vec<_>>>();
    Ok(match expr {
        Expr::Column { name } => engine_column(name),
        Expr::Literal { value } => PlanExpr::Literal(literal(value)?, None),
        Expr::Parameter { name, .. } => {
            let value = bound.get(name).ok_or_else(|| fault("parameter without value"))?;
            PlanExpr::Literal(value.clone(), None)
        }
        Expr::Compare { op, left, right } => binary(boxed(left)?, compare(*op), boxed(right)?),
        Expr::Logic { op, args } => {
            let op = match op {
                LogicOp::And => Operator::And,
                LogicOp::Or => Operator::Or,
            };
            let args = all(args)?.into_iter();
            let joined = args.reduce(|left, right| binary(Box::new(left), op, Box::new(right)));
            joined.ok_or_else(|| fault("empty condition"))?
        }
        Expr::Not { input } => PlanExpr::Not(boxed(input)?),
        Expr::Arithmetic { op, left, right } => binary(boxed(left)?, arithmetic(*op), boxed(right)?),
        Expr::Negate { input } => PlanExpr::Negative(boxed(input)?),
        Expr::Call { function: Function::DateTrunc, args } => date_trunc(all(args)?)?,
        Expr::Call { function: Function::Coalesce, args } => coalesce(all(args)?)?,
        Expr::Call { function, args } => call(*function, all(args)?),
        Expr::Case { branches, otherwise } => {
            let branches = branches
                .iter()
                .map(|(when, then)| Ok((boxed(when)?, boxed(then)?)))
                .collect::<Result<Vec<_>>>()?;
            let otherwise = otherwise.as_deref().map(boxed).transpose()?;
            PlanExpr::Case(Case::new(None, branches, otherwise))
        }
        Expr::Cast { input, to } => PlanExpr::Cast(Cast::new(boxed(input)?, arrow_type(*to))),
        Expr::InList { input, list, negated } => {
            PlanExpr::InList(InList::new(boxed(input)?, all(list)?, *negated))
        }
        Expr::Between { input, low, high, negated } => {
            PlanExpr::Between(Between::new(boxed(input)?, *negated, boxed(low)?, boxed(high)?))
        }
        Expr::Like { input, pattern, negated, ignore_case } => PlanExpr::Like(Like::new(
            *negated,
            boxed(input)?,
            Box::new(lit(pattern.as_str())),
            None,
            *ignore_case,
        )),
        Expr::IsNull { input, negated: false } => PlanExpr::IsNull(boxed(input)?),
        Expr::IsNull { input, negated: true } => PlanExpr::IsNotNull(boxed(input)?),
    })
}

/// The first that is there. The engine's own function is one of its optimizer's only, and fails where nothing is optimized.
fn coalesce(mut args: Vec<PlanExpr>) -> Result<PlanExpr> {
    let last = args.pop().ok_or_else(|| fault("coalesce"))?;
    let there = |one: PlanExpr| (Box::new(PlanExpr::IsNotNull(Box::new(one.clone()))), Box::new(one));
    Ok(match args.is_empty() {
        true => last,
        false => PlanExpr::Case(Case::new(None, args.into_iter().map(there).collect(), Some(Box::new(last)))),
    })
}

/// The engine's form of an aggregate.
pub(super) fn aggregate(call: &NamedAggregate, bound: &Bound) -> Result<PlanExpr> {
    let function = match call.function {
        AggregateFunction::Count | AggregateFunction::CountDistinct => aggregates::count::count_udaf(),
        AggregateFunction::Sum => aggregates::sum::sum_udaf(),
        AggregateFunction::Avg => aggregates::average::avg_udaf(),
        AggregateFunction::Min => aggregates::min_max::min_udaf(),
        AggregateFunction::Max => aggregates::min_max::max_udaf(),
        AggregateFunction::Stddev => aggregates::stddev::stddev_udaf(),
        AggregateFunction::Variance => aggregates::variance::var_samp_udaf(),
        AggregateFunction::Median => aggregates::median::median_udaf(),
    };
    let argument = match &call.argument {
        Some(argument) => expression(argument, bound)?,
        None => lit(1_i64),
    };
    let distinct = matches!(call.function, AggregateFunction::CountDistinct);
    let call = PlanAggregate::new_udf(function, vec![argument], distinct, None, Vec::new(), None);
    Ok(PlanExpr::AggregateFunction(call))
}

fn binary(left: Box<PlanExpr>, op: Operator, right: Box<PlanExpr>) -> PlanExpr {
    PlanExpr::BinaryExpr(BinaryExpr::new(left, op, right))
}

const fn compare(op: CompareOp) -> Operator {
    match op {
        CompareOp::Eq => Operator::Eq,
        CompareOp::NotEq => Operator::NotEq,
        CompareOp::Less => Operator::Lt,
        CompareOp::LessEq => Operator::LtEq,
        CompareOp::Greater => Operator::Gt,
        CompareOp::GreaterEq => Operator::GtEq,
        CompareOp::Distinct => Operator::IsDistinctFrom,
        CompareOp::NotDistinct => Operator::IsNotDistinctFrom,
    }
}

const fn arithmetic(op: ArithmeticOp) -> Operator {
    match op {
        ArithmeticOp::Add => Operator::Plus,
        ArithmeticOp::Subtract => Operator::Minus,
        ArithmeticOp::Multiply => Operator::Multiply,
        ArithmeticOp::Divide => Operator::Divide,
        ArithmeticOp::Modulo => Operator::Modulo,
    }
}

/// The engine's own fails for instants that nanoseconds since 1970 cannot say, whatever the unit. Beyond some centuries
/// the answer is null.
fn date_trunc(args: Vec<PlanExpr>) -> Result<PlanExpr> {
    let [unit, instant] = <[PlanExpr; 2]>::try_from(args).map_err(|_| fault("arguments of date_trunc"))?;
    let micros = ArrowType::Timestamp(TimeUnit::Microsecond, None);
    let instant = PlanExpr::TryCast(TryCast::new(Box::new(instant), micros));
    let moment = |micros| Box::new(lit(ScalarValue::TimestampMicrosecond(Some(micros), None)));
    let within =
        Between::new(Box::new(instant.clone()), false, moment(TRUNCATED_FROM), moment(TRUNCATED_UNTIL));
    let truncated = datetime::date_trunc().call(vec![unit, instant]);
    let branch = (Box::new(PlanExpr::Between(within)), Box::new(truncated));
    Ok(PlanExpr::Case(Case::new(None, vec![branch], None)))
}

fn call(function: Function, args: Vec<PlanExpr>) -> PlanExpr {
    let function = match function {
        Function::Abs => math::abs(),
        Function::Round => math::round(),
        Function::Floor => math::floor(),
        Function::Ceil => math::ceil(),
        Function::Lower => string::lower(),
        Function::Upper => string::upper(),
        Function::Trim => string::btrim(),
        Function::CharacterLength => unicode::character_length(),
        Function::Substring => unicode::substr(),
        Function::Left => unicode::left(),
        Function::Right => unicode::right(),
        Function::Concat => string::concat(),
        Function::Replace => string::replace(),
        Function::StartsWith => string::starts_with(),
        Function::Coalesce => core::coalesce(),
        Function::NullIf => core::nullif(),
        Function::Greatest => core::greatest(),
        Function::Least => core::least(),
        Function::DateTrunc => datetime::date_trunc(),
        Function::DatePart => datetime::date_part(),
    };
    function.call(args)
}

/// Text is held as views, as in the tables.
const fn arrow_type(data_type: DataType) -> ArrowType {
    match data_type {
        DataType::Text => ArrowType::Utf8View,
        other => other.to_arrow(),
    }
}

pub(super) fn literal(value: &Literal) -> Result<ScalarValue> {
    Ok(match value {
        Literal::Null(data_type) => ScalarValue::try_new_null(&arrow_type(*data_type))?,
        Literal::Text(text) => ScalarValue::Utf8View(Some(text.clone())),
        Literal::Integer(number) => ScalarValue::Int64(Some(*number)),
        Literal::Decimal { unscaled, scale } => {
            let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
            let precision = u8::try_from(digits).unwrap_or(38).max(scale.unsigned_abs()).min(38);
            ScalarValue::Decimal128(Some(i128::from(*unscaled)), precision, *scale)
        }
        Literal::Float(number) => ScalarValue::Float64(Some(*number)),
        Literal::Boolean(truth) => ScalarValue::Boolean(Some(*truth)),
        Literal::Date(days) => ScalarValue::Date32(Some(*days)),
        Literal::Timestamp(micros) => ScalarValue::TimestampMicrosecond(Some(*micros), None),
        Literal::Interval { months, days } => {
            ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(*months, *days, 0)))
        }
    })
}
