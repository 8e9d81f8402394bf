//! What an expression costs does not depend on what it finds.
//!
//! The engine computes the right side of an AND or OR, and a branch of a CASE, for those rows only that need it, and for none
//! of a batch where none does. So one person's value, made a null or a truth, would decide whether thousands of other rows are
//! computed, and the time would tell. On raw data every operand is computed for every row. No operand can fail for that: such
//! plans are total (`guard/total.rs`).

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{and_kleene, cast, or_kleene};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, internal_err};
use datafusion::logical_expr::expr::{Between, Case, InList, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit, not,
};

/// The optimised plan with every operand computed for every row.
pub(super) fn eager(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        // What a scan is told of conditions is for skipping rows, and none are skipped.
        if matches!(node, LogicalPlan::TableScan(_)) {
            return Ok(Transformed::no(node));
        }
        let schema = merge_schema(&node.inputs());
        let names = NamePreserver::new(&node);
        // Names, types and what may be null stay as they are, so the schema does.
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let changed = expr.transform_up(|part| whole(part, &schema))?;
            Ok(if changed.transformed { changed.update_data(|expr| name.restore(expr)) } else { changed })
        })
    })
    .data()
}

fn whole(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(Transformed::yes(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            logic(op, *left, *right)
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let within = logic(Operator::And, expr.clone().gt_eq(*low), expr.lt_eq(*high));
            if negated { not(within) } else { within }
        }
        // A list of constants is looked up.
        Expr::InList(InList { expr, list, negated })
            if list.iter().any(|one| !matches!(one, Expr::Literal(..))) =>
        {
            let mut any = lit(false);
            for one in list {
                any = logic(Operator::Or, any, expr.as_ref().clone().eq(one));
            }
            if negated { not(any) } else { any }
        }
        Expr::Case(case) => choice(case, schema)?,
        other => return Ok(Transformed::no(other)),
    }))
}

fn call(function: impl ScalarUDFImpl + 'static, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(ScalarUDF::new_from_impl(function).into(), args))
}

/// Types are settled, but for a null that was written.
fn boolean(expr: Expr) -> Expr {
    if matches!(expr, Expr::Literal(ScalarValue::Null, _)) { lit(ScalarValue::Boolean(None)) } else { expr }
}

fn logic(op: Operator, left: Expr, right: Expr) -> Expr {
    let signature = Signature::exact(vec![DataType::Boolean; 2], Volatility::Immutable);
    call(Logic { or: op == Operator::Or, signature }, vec![boolean(left), boolean(right)])
}

fn choice(case: Case, schema: &DFSchema) -> Result<Expr> {
    let whole = Expr::Case(case.clone());
    let (data_type, nullable) = (whole.get_type(schema)?, whole.nullable(schema)?);
    let mut args = Vec::with_capacity(case.when_then_expr.len() * 2 + 1);
    for (when, then) in case.when_then_expr {
        let when = match &case.expr {
            Some(base) => base.as_ref().clone().eq(*when),
            None => *when,
        };
        args.extend([boolean(when), *then]);
    }
    args.push(match case.else_expr {
        Some(otherwise) => *otherwise,
        None => Expr::Literal(ScalarValue::try_new_null(&data_type)?, None),
    });
    Ok(call(Choice { data_type, nullable, signature: Signature::variadic_any(Volatility::Immutable) }, args))
}

/// AND or OR of three-valued truths.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Logic {
    or: bool,
    signature: Signature,
}

impl ScalarUDFImpl for Logic {
    fn name(&self) -> &str {
        if self.or { "either" } else { "both" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Field::new(self.name(), DataType::Boolean, nullable).into())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = arrays(args.args, args.number_rows)?.try_into().or_else(wrong_number)?;
        let combine = if self.or { or_kleene } else { and_kleene };
        let found: ArrayRef = Arc::new(combine(left.as_boolean(), right.as_boolean())?);
        Ok(ColumnarValue::Array(found))
    }
}

/// CASE: conditions and values by turns, then what else.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Choice {
    data_type: DataType,
    nullable: bool,
    signature: Signature,
}

impl ScalarUDFImpl for Choice {
    fn name(&self) -> &'static str {
        "choice"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.data_type.clone())
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Field::new(self.name(), self.data_type.clone(), self.nullable).into())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut parts = arrays(args.args, args.number_rows)?;
        let Some(otherwise) = parts.pop() else { return wrong_number(parts) };
        let mut found = cast(&otherwise, &self.data_type)?;
        // The first condition that holds decides: it is put over those after it.
        while let (Some(then), Some(when)) = (parts.pop(), parts.pop()) {
            // A null is no yes.
            found = zip(when.as_boolean(), &cast(&then, &self.data_type)?, &found)?;
        }
        Ok(ColumnarValue::Array(found))
    }
}

fn arrays(args: Vec<ColumnarValue>, rows: usize) -> Result<Vec<ArrayRef>> {
    args.into_iter().map(|arg| arg.into_array(rows)).collect()
}

fn wrong_number<T>(args: Vec<ArrayRef>) -> Result<T> {
    internal_err!("{} operands", args.len())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::{Int64Array, RecordBatch};
    use datafusion::physical_plan::collect;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::session::tests::costly;

    /// A thousand rows, the flag of one of them; what the query yields, and how many rows were costly.
    async fn run(condition: &str, flag: Option<i64>, all: bool) -> (String, usize) {
        let context = SessionContext::new();
        let rows = Arc::new(AtomicUsize::new(0));
        context.register_udf(costly(&rows));
        let flags = (0..1_000).map(|n| if n == 7 { flag } else { Some(n % 2) });
        let columns: [(&str, ArrayRef); 2] = [
            ("id", Arc::new(Int64Array::from_iter_values(0..1_000))),
            ("flag", Arc::new(Int64Array::from_iter(flags))),
        ];
        let _none = context.register_batch("t", RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        let sql = format!("SELECT count(*) AS n, sum(id) AS s FROM t WHERE {condition}");
        let state = context.state();
        let plan = state.create_logical_plan(&sql).await.unwrap();
        let mut plan = state.optimize(&plan).unwrap();
        if all {
            plan = eager(plan).unwrap();
        }
        let physical = state.query_planner().create_physical_plan(&plan, &state).await.unwrap();
        let batches = collect(physical, context.task_ctx()).await.unwrap();
        (
            arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string(),
            rows.load(Ordering::SeqCst),
        )
    }

    /// Whatever one person's flag is, as many rows are computed; and the answers are the engine's own.
    #[tokio::test]
    async fn one_persons_flag_decides_over_no_other_row() {
        let conditions = [
            "id = 7 AND flag = 1 AND costly(id) > 3",
            "CASE WHEN id = 7 AND flag = 1 THEN NULL ELSE false END AND costly(id) > 3 OR id > 900",
            "nullif(id = 7 AND flag = 1, true) AND costly(id) > 3 OR id > 900",
            "id <> 7 OR flag <> 1 OR costly(id) BETWEEN 3 AND 700",
            "flag NOT BETWEEN id - 7 AND costly(id)",
            "CASE WHEN id = 7 AND flag = 1 THEN costly(id) ELSE id END > 500",
            "CASE flag WHEN 1 THEN id WHEN 0 THEN costly(id + 1) ELSE costly(id + 2) END > 500",
            "CASE WHEN id = 7 THEN costly(flag) END = 1",
            "coalesce(nullif(flag, 1), costly(id)) > 500",
            "id NOT IN (flag, 7, costly(id) + 1)",
        ];
        let mut differ = 0;
        for condition in conditions {
            let mut counts = std::collections::BTreeSet::new();
            let mut own = std::collections::BTreeSet::new();
            for flag in [Some(0), Some(1), None] {
                let (with, without) = (run(condition, flag, true).await, run(condition, flag, false).await);
                assert_eq!(with.0, without.0, "{condition}");
                let _new = counts.insert(with.1);
                let _new = own.insert(without.1);
            }
            assert_eq!(counts.len(), 1, "{condition}: {counts:?}");
            assert!(counts.first().is_some_and(|rows| *rows >= 1_000), "{condition}: {counts:?}");
            differ += usize::from(own.len() > 1);
        }
        assert!(differ > 3, "the engine computes every operand by itself");
    }
}
