//! Making a plan total: nothing that depends on a value may make a run on raw data fail, since a failure is an answer.
//!
//! The engine's own casts (written or put in by its type coercion), its division of whole numbers and its arithmetic on
//! decimals fail for some values. Here they become null or are computed as floats. What remains can fail for constants
//! only, and [`privacy::ir`] refuses those.

use arrow::datatypes::DataType as ArrowType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::execution::session_state::SessionState;
use datafusion::functions::core::nullif;
use datafusion::logical_expr::expr::{AggregateFunction, Cast, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, TryCast, lit};

/// Functions of numbers that overflow on whole numbers and decimals.
const AS_FLOAT: [&str; 4] = ["abs", "round", "floor", "ceil"];
/// Aggregates whose result may not fit a decimal.
const MEANS_AS_FLOAT: [&str; 3] = ["avg", "stddev", "var"];

/// The plan with every operation replaced that fails for some values.
pub(super) fn total(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut plan = plan;
    // Twice: what is a float now may meet a decimal, and the coercion of that is a cast again.
    for _ in 0..2 {
        let typed = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
        plan = typed.transform_up(replace).map(|changed| changed.data)?;
    }
    Ok(plan)
}

fn replace(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let changed = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let changed = expr.transform_up(|part| without_failure(part, &schema))?;
        Ok(if changed.transformed { changed.update_data(|expr| name.restore(expr)) } else { changed })
    })?;
    changed.map_data(LogicalPlan::recompute_schema)
}

fn without_failure(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expr {
        Expr::Cast(Cast { expr, field }) => {
            Transformed::yes(Expr::TryCast(TryCast::new(expr, field.data_type().clone())))
        }
        Expr::BinaryExpr(binary) if is_arithmetic(binary.op) => arithmetic(binary, schema)?,
        Expr::ScalarFunction(ScalarFunction { func, args }) if AS_FLOAT.contains(&func.name()) => {
            let mut args = args.into_iter();
            let number = args.next().map(|number| as_float(number, schema)).transpose()?;
            let args = number.into_iter().chain(args).collect();
            Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args }))
        }
        Expr::AggregateFunction(AggregateFunction { func, mut params })
            if MEANS_AS_FLOAT.contains(&func.name()) =>
        {
            let args = params.args.into_iter().map(|argument| as_float(argument, schema));
            params.args = args.collect::<Result<_>>()?;
            Transformed::yes(Expr::AggregateFunction(AggregateFunction { func, params }))
        }
        other => Transformed::no(other),
    })
}

const fn is_arithmetic(op: Operator) -> bool {
    use Operator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(op, Plus | Minus | Multiply | Divide | Modulo)
}

fn arithmetic(binary: BinaryExpr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let BinaryExpr { left, op, right } = binary;
    let types = (left.get_type(schema)?, right.get_type(schema)?);
    let decimal = |data_type: &ArrowType| data_type.is_decimal();
    let (left, right) = if decimal(&types.0) || decimal(&types.1) {
        (as_float(*left, schema)?, as_float(*right, schema)?)
    } else if types.1.is_integer() && matches!(op, Operator::Divide | Operator::Modulo) {
        (*left, divisor(*right))
    } else {
        return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })));
    };
    let (left, right) = (Box::new(left), Box::new(right));
    Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op, right })))
}

/// Null instead of zero, and instead of minus one, by which the smallest number cannot be divided.
fn divisor(expr: Expr) -> Expr {
    match &expr {
        Expr::Literal(ScalarValue::Int64(Some(number)), _) if !matches!(number, 0 | -1) => expr,
        _ => nullif().call(vec![nullif().call(vec![expr, lit(0_i64)]), lit(-1_i64)]),
    }
}

fn as_float(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    Ok(match expr.get_type(schema)? {
        ArrowType::Float64 => expr,
        _ => Expr::TryCast(TryCast::new(Box::new(expr), ArrowType::Float64)),
    })
}
