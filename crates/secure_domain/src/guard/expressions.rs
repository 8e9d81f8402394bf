//! The resolved plan in the words of `privacy::ir`: expressions.

use arrow::datatypes::DataType as ArrowType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{
    AggregateFunction as PlanAggregate, Case, InList, Like, ScalarFunction,
};
use datafusion::logical_expr::{BinaryExpr, Expr as PlanExpr, Operator};
use privacy::DataType;
use privacy::ir::{AggregateFunction, ArithmeticOp, CompareOp, Expr, Function, Literal, LogicOp};

use super::refusal::{AGGREGATE_FORM, EXPRESSION, FUNCTION, PARAMETER, Refusal, TYPE};
use super::relations::counts_rows;

/// The columns that expressions of one node can see.
pub(super) struct Scope<'a> {
    schema: &'a DFSchema,
    names: &'a [String],
}

impl<'a> Scope<'a> {
    pub(super) const fn new(schema: &'a DFSchema, names: &'a [String]) -> Self {
        Self { schema, names }
    }

    pub(super) fn expression(&self, expr: &PlanExpr) -> Result<Expr, Refusal> {
        Ok(match expr {
            PlanExpr::Alias(alias) => self.expression(&alias.expr)?,
            PlanExpr::Column(column) => {
                let name = self.schema.maybe_index_of_column(column).and_then(|index| self.names.get(index));
                Expr::Column { name: name.ok_or_else(|| EXPRESSION.about(column.flat_name()))?.clone() }
            }
            PlanExpr::Literal(value, _) => Expr::Literal { value: literal(value)? },
            PlanExpr::Placeholder(parameter) => {
                let name = parameter.id.strip_prefix('$').unwrap_or(&parameter.id).to_owned();
                let field = parameter.field.as_ref().ok_or_else(|| PARAMETER.about(&name))?;
                Expr::Parameter { data_type: data_type(field.data_type())?, name }
            }
            PlanExpr::BinaryExpr(binary) => self.binary(binary)?,
            PlanExpr::Not(input) => Expr::Not { input: self.boxed(input)? },
            PlanExpr::Negative(input) => Expr::Negate { input: self.boxed(input)? },
            PlanExpr::IsNull(input) => Expr::IsNull { input: self.boxed(input)?, negated: false },
            PlanExpr::IsNotNull(input) => Expr::IsNull { input: self.boxed(input)?, negated: true },
            PlanExpr::Between(between) => Expr::Between {
                input: self.boxed(&between.expr)?,
                low: self.boxed(&between.low)?,
                high: self.boxed(&between.high)?,
                negated: between.negated,
            },
            PlanExpr::InList(InList { expr, list, negated }) => Expr::InList {
                input: self.boxed(expr)?,
                list: list.iter().map(|item| self.expression(item)).collect::<Result<_, _>>()?,
                negated: *negated,
            },
            PlanExpr::Like(like) => self.like(like)?,
            PlanExpr::Case(case) => self.case(case)?,
            PlanExpr::Cast(cast) => {
                Expr::Cast { input: self.boxed(&cast.expr)?, to: data_type(cast.field.data_type())? }
            }
            PlanExpr::ScalarFunction(call) => self.call(call)?,
            other => return Err(EXPRESSION.about(other.variant_name())),
        })
    }

    fn boxed(&self, expr: &PlanExpr) -> Result<Box<Expr>, Refusal> {
        self.expression(expr).map(Box::new)
    }

    fn binary(&self, binary: &BinaryExpr) -> Result<Expr, Refusal> {
        let logic = match binary.op {
            Operator::And => Some(LogicOp::And),
            Operator::Or => Some(LogicOp::Or),
            _ => None,
        };
        if let Some(op) = logic {
            let mut args = Vec::new();
            for side in [&binary.left, &binary.right] {
                match self.expression(side)? {
                    // Chains become one node: a long WHERE is not a deep one.
                    Expr::Logic { op: inner, args: inner_args } if inner == op => args.extend(inner_args),
                    other => args.push(other),
                }
            }
            return Ok(Expr::Logic { op, args });
        }
        if binary.op == Operator::StringConcat {
            return self.joined(binary);
        }
        let (left, right) = (self.boxed(&binary.left)?, self.boxed(&binary.right)?);
        if let Some(op) = compare(binary.op) {
            return Ok(Expr::Compare { op, left, right });
        }
        let op = match binary.op {
            Operator::Plus => ArithmeticOp::Add,
            Operator::Minus => ArithmeticOp::Subtract,
            Operator::Multiply => ArithmeticOp::Multiply,
            Operator::Divide => ArithmeticOp::Divide,
            Operator::Modulo => ArithmeticOp::Modulo,
            other => return Err(EXPRESSION.about(other.to_string())),
        };
        Ok(Expr::Arithmetic { op, left, right })
    }

    /// `a || b || …`: absent if any of them is, where `concat` skips it.
    fn joined(&self, binary: &BinaryExpr) -> Result<Expr, Refusal> {
        let (mut texts, mut next) = (vec![self.expression(&binary.right)?], binary.left.as_ref());
        while let PlanExpr::BinaryExpr(more) = next
            && more.op == Operator::StringConcat
        {
            texts.push(self.expression(&more.right)?);
            next = more.left.as_ref();
        }
        texts.push(self.expression(next)?);
        texts.reverse();
        let may_be_absent = |text: &&Expr| !matches!(text, Expr::Literal { value: Literal::Text(_) });
        let absent = |text: &Expr| Expr::IsNull { input: Box::new(text.clone()), negated: false };
        let mut absent: Vec<Expr> = texts.iter().filter(may_be_absent).map(absent).collect();
        let joined = Expr::Call { function: Function::Concat, args: texts };
        let any = match absent.pop() {
            None => return Ok(joined),
            Some(only) if absent.is_empty() => only,
            Some(last) => {
                absent.push(last);
                Expr::Logic { op: LogicOp::Or, args: absent }
            }
        };
        let none = Expr::literal(Literal::Null(DataType::Text));
        Ok(Expr::Case { branches: vec![(any, none)], otherwise: Some(Box::new(joined)) })
    }

    fn like(&self, like: &Like) -> Result<Expr, Refusal> {
        let pattern = match literal_text(&like.pattern) {
            Some(pattern) if matches!(like.escape_char, None | Some('\\')) => pattern,
            _ => return Err(EXPRESSION.about("LIKE")),
        };
        let (negated, ignore_case) = (like.negated, like.case_insensitive);
        Ok(Expr::Like { input: self.boxed(&like.expr)?, pattern, negated, ignore_case })
    }

    fn case(&self, case: &Case) -> Result<Expr, Refusal> {
        let base = case.expr.as_ref().map(|base| self.expression(base)).transpose()?;
        let mut branches = Vec::with_capacity(case.when_then_expr.len());
        for (when, then) in &case.when_then_expr {
            let when = self.expression(when)?;
            let when = match &base {
                Some(base) => {
                    Expr::Compare { op: CompareOp::Eq, left: Box::new(base.clone()), right: Box::new(when) }
                }
                None => when,
            };
            branches.push((when, self.expression(then)?));
        }
        let otherwise = case.else_expr.as_ref().map(|other| self.boxed(other)).transpose()?;
        Ok(Expr::Case { branches, otherwise })
    }

    fn call(&self, call: &ScalarFunction) -> Result<Expr, Refusal> {
        let name = call.func.name();
        let function = match (name, call.args.len()) {
            ("abs", _) => Function::Abs,
            ("round", _) => Function::Round,
            ("floor", _) => Function::Floor,
            ("ceil", _) => Function::Ceil,
            ("lower", _) => Function::Lower,
            ("upper", _) => Function::Upper,
            ("btrim", 1) => Function::Trim,
            ("character_length", _) => Function::CharacterLength,
            ("substr" | "substring", 3) => Function::Substring,
            ("left", _) => Function::Left,
            ("right", _) => Function::Right,
            ("concat", _) => Function::Concat,
            ("replace", _) => Function::Replace,
            ("starts_with", _) => Function::StartsWith,
            ("coalesce", _) => Function::Coalesce,
            ("nullif", _) => Function::NullIf,
            ("greatest", _) => Function::Greatest,
            ("least", _) => Function::Least,
            ("date_trunc", _) => Function::DateTrunc,
            ("date_part", _) => Function::DatePart,
            _ => return Err(FUNCTION.about(name)),
        };
        let args = call.args.iter().map(|arg| self.expression(arg)).collect::<Result<_, _>>()?;
        Ok(Expr::Call { function, args })
    }
}

/// An aggregate call: its function, and its argument unless it counts rows.
pub(super) fn aggregate(
    scope: &Scope<'_>,
    expr: &PlanExpr,
) -> Result<(AggregateFunction, Option<Expr>), Refusal> {
    let PlanAggregate { func, params } = match expr {
        PlanExpr::Alias(alias) => return aggregate(scope, &alias.expr),
        PlanExpr::AggregateFunction(call) => call,
        other => return Err(EXPRESSION.about(other.variant_name())),
    };
    let name = func.name();
    if !params.order_by.is_empty() || params.null_treatment.is_some() {
        return Err(AGGREGATE_FORM.about(name));
    }
    let function = match (name, params.distinct) {
        ("count", false) => AggregateFunction::Count,
        ("count", true) => AggregateFunction::CountDistinct,
        ("sum", false) => AggregateFunction::Sum,
        ("avg", false) => AggregateFunction::Avg,
        // Smallest and largest are the same with and without DISTINCT.
        ("min", _) => AggregateFunction::Min,
        ("max", _) => AggregateFunction::Max,
        ("stddev", false) => AggregateFunction::Stddev,
        ("var" | "var_samp", false) => AggregateFunction::Variance,
        ("median", false) => AggregateFunction::Median,
        ("sum" | "avg" | "stddev" | "var" | "var_samp" | "median", true) => {
            return Err(AGGREGATE_FORM.about(name));
        }
        _ => return Err(FUNCTION.about(name)),
    };
    let argument = match params.args.as_slice() {
        [] if matches!(function, AggregateFunction::Count) => None,
        [argument] => {
            let argument = scope.expression(argument)?;
            let rows = counts_rows(function, &argument);
            Some(argument).filter(|_| !rows)
        }
        _ => return Err(AGGREGATE_FORM.about(name)),
    };
    let Some(filter) = &params.filter else { return Ok((function, argument)) };
    // FILTER (WHERE …) leaves rows out as a null does.
    let value = argument.unwrap_or_else(|| Expr::literal(Literal::Integer(1)));
    let branches = vec![(scope.expression(filter)?, value)];
    Ok((function, Some(Expr::Case { branches, otherwise: None })))
}

const fn compare(op: Operator) -> Option<CompareOp> {
    Some(match op {
        Operator::Eq => CompareOp::Eq,
        Operator::NotEq => CompareOp::NotEq,
        Operator::Lt => CompareOp::Less,
        Operator::LtEq => CompareOp::LessEq,
        Operator::Gt => CompareOp::Greater,
        Operator::GtEq => CompareOp::GreaterEq,
        Operator::IsDistinctFrom => CompareOp::Distinct,
        Operator::IsNotDistinctFrom => CompareOp::NotDistinct,
        _ => return None,
    })
}

fn data_type(arrow: &ArrowType) -> Result<DataType, Refusal> {
    DataType::from_arrow(arrow).ok_or_else(|| TYPE.about(arrow.to_string()))
}

fn literal_text(expr: &PlanExpr) -> Option<String> {
    match expr {
        PlanExpr::Literal(value, _) => value.try_as_str().flatten().map(str::to_owned),
        PlanExpr::Cast(cast) if matches!(data_type(cast.field.data_type()), Ok(DataType::Text)) => {
            literal_text(&cast.expr)
        }
        _ => None,
    }
}

fn literal(value: &ScalarValue) -> Result<Literal, Refusal> {
    use ScalarValue as S;
    let refuse = || TYPE.about(value.data_type().to_string());
    if let Some(text) = value.try_as_str() {
        return Ok(text.map_or(Literal::Null(DataType::Text), |text| Literal::Text(text.to_owned())));
    }
    if let S::Null = value {
        return Ok(Literal::Null(DataType::Text));
    }
    if value.is_null() {
        return Ok(Literal::Null(data_type(&value.data_type())?));
    }
    Ok(match value {
        S::Boolean(Some(value)) => Literal::Boolean(*value),
        S::Int8(Some(value)) => Literal::Integer(i64::from(*value)),
        S::Int16(Some(value)) => Literal::Integer(i64::from(*value)),
        S::Int32(Some(value)) => Literal::Integer(i64::from(*value)),
        S::Int64(Some(value)) => Literal::Integer(*value),
        S::UInt8(Some(value)) => Literal::Integer(i64::from(*value)),
        S::UInt16(Some(value)) => Literal::Integer(i64::from(*value)),
        S::UInt32(Some(value)) => Literal::Integer(i64::from(*value)),
        S::UInt64(Some(value)) => Literal::Integer(i64::try_from(*value).map_err(|_| refuse())?),
        S::Float32(Some(value)) => Literal::Float(f64::from(*value)),
        S::Float64(Some(value)) if value.is_finite() => Literal::Float(*value),
        S::Decimal128(Some(value), _, scale) => {
            Literal::Decimal { unscaled: i64::try_from(*value).map_err(|_| refuse())?, scale: *scale }
        }
        S::Date32(Some(days)) => Literal::Date(*days),
        S::TimestampSecond(Some(value), None) => {
            Literal::Timestamp(value.checked_mul(1_000_000).ok_or_else(refuse)?)
        }
        S::TimestampMillisecond(Some(value), None) => {
            Literal::Timestamp(value.checked_mul(1_000).ok_or_else(refuse)?)
        }
        S::TimestampMicrosecond(Some(value), None) => Literal::Timestamp(*value),
        S::TimestampNanosecond(Some(value), None) => Literal::Timestamp(value / 1_000),
        S::IntervalYearMonth(Some(months)) => Literal::Interval { months: *months, days: 0 },
        S::IntervalDayTime(Some(value)) if value.milliseconds == 0 => {
            Literal::Interval { months: 0, days: value.days }
        }
        S::IntervalMonthDayNano(Some(value)) if value.nanoseconds == 0 => {
            Literal::Interval { months: value.months, days: value.days }
        }
        _ => return Err(refuse()),
    })
}
