//! Expressions as SQL, every operation in parentheses.

use super::Unwritable;
use crate::DataType;
use crate::ir::{ArithmeticOp, CompareOp, Expr, Function, Literal, LogicOp};

/// Names of columns and what they are called in the text.
pub(super) struct Scope<'a> {
    pub(super) columns: &'a [(String, String)],
}

/// A quoted name.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

pub(super) fn expression(expr: &Expr, scope: &Scope<'_>) -> Result<String, Unwritable> {
    let one = |expr: &Expr| expression(expr, scope);
    let all = |exprs: &[Expr], between: &str| {
        let texts = exprs.iter().map(|expr| expression(expr, scope)).collect::<Result<Vec<_>, _>>();
        texts.map(|texts| texts.join(between))
    };
    Ok(match expr {
        Expr::Column { name } => {
            let found = scope.columns.iter().find(|(own, _)| own == name);
            found.map(|(_, text)| text.clone()).ok_or(Unwritable { name: name.clone() })?
        }
        Expr::Literal { value } => literal(value),
        Expr::Parameter { name, .. } => format!("${name}"),
        Expr::Compare { op, left, right } => format!("({} {} {})", one(left)?, compare(*op), one(right)?),
        Expr::Logic { op, args } => {
            let word = if *op == LogicOp::And { " AND " } else { " OR " };
            format!("({})", all(args, word)?)
        }
        Expr::Not { input } => format!("(NOT {})", one(input)?),
        Expr::Arithmetic { op, left, right } => {
            format!("({} {} {})", one(left)?, arithmetic(*op), one(right)?)
        }
        Expr::Negate { input } => format!("(- {})", one(input)?),
        Expr::Call { function, args } => format!("{}({})", word(*function), all(args, ", ")?),
        Expr::Case { branches, otherwise } => {
            let mut text = "CASE".to_owned();
            for (when, then) in branches {
                text.push_str(&format!(" WHEN {} THEN {}", one(when)?, one(then)?));
            }
            if let Some(otherwise) = otherwise {
                text.push_str(&format!(" ELSE {}", one(otherwise)?));
            }
            format!("{text} END")
        }
        Expr::Cast { input, to } => format!("CAST({} AS {})", one(input)?, type_name(*to)),
        Expr::InList { input, list, negated } => {
            format!("({}{} IN ({}))", one(input)?, not(*negated), all(list, ", ")?)
        }
        Expr::Between { input, low, high, negated } => {
            format!("({}{} BETWEEN {} AND {})", one(input)?, not(*negated), one(low)?, one(high)?)
        }
        Expr::Like { input, pattern, negated, ignore_case } => {
            let word = if *ignore_case { "ILIKE" } else { "LIKE" };
            format!("({}{} {word} {})", one(input)?, not(*negated), text(pattern))
        }
        Expr::IsNull { input, negated } => format!("({} IS{} NULL)", one(input)?, not(*negated)),
    })
}

const fn not(negated: bool) -> &'static str {
    if negated { " NOT" } else { "" }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Null(data_type) => format!("CAST(NULL AS {})", type_name(*data_type)),
        Literal::Text(value) => text(value),
        Literal::Integer(i64::MIN) => format!("CAST('{}' AS BIGINT)", i64::MIN),
        Literal::Integer(number) if *number < 0 => format!("({number})"),
        Literal::Integer(number) => number.to_string(),
        Literal::Decimal { unscaled, scale } => {
            let places = usize::try_from(*scale).unwrap_or(0);
            let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = places + 1);
            let (whole, rest) = digits.split_at(digits.len() - places);
            let sign = if *unscaled < 0 { "-" } else { "" };
            let point = if places > 0 { "." } else { "" };
            let scale = (*scale).max(0);
            format!("CAST('{sign}{whole}{point}{rest}' AS DECIMAL(19, {scale}))")
        }
        Literal::Float(number) => format!("CAST('{number:?}' AS DOUBLE PRECISION)"),
        Literal::Boolean(truth) => truth.to_string(),
        Literal::Date(days) => format!("DATE '{}'", base::Date::from_days(*days)),
        Literal::Timestamp(micros) => {
            let day = i32::try_from(micros.div_euclid(86_400_000_000)).unwrap_or(0);
            let rest = micros.rem_euclid(86_400_000_000);
            let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
            let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            let day = base::Date::from_days(day);
            format!("TIMESTAMP '{day} {hour:02}:{minute:02}:{second:02}.{micros:06}'")
        }
        Literal::Interval { months, days } => format!("INTERVAL '{months} months {days} days'"),
    }
}

const fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "=",
        CompareOp::NotEq => "<>",
        CompareOp::Less => "<",
        CompareOp::LessEq => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterEq => ">=",
        CompareOp::Distinct => "IS DISTINCT FROM",
        CompareOp::NotDistinct => "IS NOT DISTINCT FROM",
    }
}

const fn arithmetic(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Modulo => "%",
    }
}

fn type_name(data_type: DataType) -> String {
    match data_type {
        DataType::Text => "VARCHAR".to_owned(),
        DataType::Integer => "BIGINT".to_owned(),
        DataType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        DataType::Float => "DOUBLE PRECISION".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date => "DATE".to_owned(),
        DataType::Timestamp => "TIMESTAMP".to_owned(),
    }
}

const fn word(function: Function) -> &'static str {
    match function {
        Function::Abs => "abs",
        Function::Round => "round",
        Function::Floor => "floor",
        Function::Ceil => "ceil",
        Function::Lower => "lower",
        Function::Upper => "upper",
        Function::Trim => "btrim",
        Function::CharacterLength => "character_length",
        Function::Substring => "substr",
        Function::Left => "left",
        Function::Right => "right",
        Function::Concat => "concat",
        Function::Replace => "replace",
        Function::StartsWith => "starts_with",
        Function::Coalesce => "coalesce",
        Function::NullIf => "nullif",
        Function::Greatest => "greatest",
        Function::Least => "least",
        Function::DateTrunc => "date_trunc",
        Function::DatePart => "date_part",
    }
}
