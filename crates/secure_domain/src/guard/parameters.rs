//! Typed parameters: checked against their domain, then bound as literals. No text is ever spliced into SQL.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan};

use privacy::ir::{self, Literal};

use super::parse::{map_expressions, spoken};
use super::refusal::PARAMETER;
use crate::Error;
use crate::protocol::{Domain, Parameter, Value};

/// Parameter values by name, each of its declared type.
pub(crate) type Bound = BTreeMap<String, ScalarValue>;

/// Checks values against declarations: every parameter has one value, of its type and inside its domain, and nothing
/// else is given.
pub(crate) fn bind(parameters: &[Parameter], values: &BTreeMap<String, String>) -> Result<Bound, Error> {
    let refuse = |name: &str, why| Error::Parameter { name: name.to_owned(), why };
    let mut bound = Bound::new();
    for parameter in parameters {
        let name = parameter.name.as_str();
        parameter.validate().map_err(|_| refuse(name, "declaration"))?;
        let text = values.get(name).ok_or_else(|| refuse(name, "missing"))?;
        let value = parameter.parse(text).map_err(|_| refuse(name, "outside_domain"))?;
        if bound.insert(name.to_owned(), scalar(&value)).is_some() {
            return Err(refuse(name, "declared_twice"));
        }
    }
    match values.keys().find(|name| !bound.contains_key(*name)) {
        Some(unknown) => Err(refuse(unknown, "unknown")),
        None => Ok(bound),
    }
}

/// What the guard is told of the parameters' domains. A text with a range has none: nothing is claimed for it.
pub(super) fn domains(parameters: &[Parameter]) -> ir::Parameters {
    let literal = |value: &Value| match value {
        Value::Text(text) => Literal::Text(text.clone()),
        Value::Integer(number) => Literal::Integer(*number),
        Value::Boolean(truth) => Literal::Boolean(*truth),
        Value::Date(date) => Literal::Date(date.days()),
    };
    let domain = |parameter: &Parameter| match &parameter.domain {
        Domain::Values(values) => Some(ir::Domain::List(values.iter().map(literal).collect())),
        Domain::Range(Value::Integer(low), Value::Integer(high)) => {
            Some(ir::Domain::Range { low: *low, high: *high, step: 1 })
        }
        Domain::Range(Value::Date(low), Value::Date(high)) => {
            Some(ir::Domain::Range { low: low.days().into(), high: high.days().into(), step: 1 })
        }
        Domain::Range(..) => None,
    };
    let known = parameters.iter().filter_map(|one| Some((one.name.clone(), domain(one)?)));
    known.collect()
}

/// Any values of the declared parameters, to see what plan a query would have.
pub(crate) fn sample(parameters: &[Parameter]) -> Bound {
    let first = |parameter: &Parameter| {
        let value = match &parameter.domain {
            Domain::Values(values) => values.first()?,
            Domain::Range(least, _) => least,
        };
        Some((parameter.name.clone(), scalar(value)))
    };
    parameters.iter().filter_map(first).collect()
}

fn scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Text(text) => ScalarValue::Utf8(Some(text.clone())),
        Value::Integer(number) => ScalarValue::Int64(Some(*number)),
        Value::Boolean(truth) => ScalarValue::Boolean(Some(*truth)),
        Value::Date(date) => ScalarValue::Date32(Some(date.days())),
    }
}

/// Puts values in the place of parameters.
pub(super) fn with_values(plan: LogicalPlan, bound: &Bound) -> Result<LogicalPlan, Error> {
    replace(plan, |name| Some(Expr::Literal(bound.get(name)?.clone(), None)))
}

/// Puts typed parameters in the place of untyped ones.
pub(super) fn with_types(plan: LogicalPlan, parameters: &[Parameter]) -> Result<LogicalPlan, Error> {
    replace(plan, |name| {
        let parameter = parameters.iter().find(|parameter| parameter.name == name)?;
        let field = Arc::new(Field::new(name, parameter.data_type.to_arrow(), true));
        Some(Expr::Placeholder(Placeholder { id: format!("${name}"), field: Some(field) }))
    })
}

fn replace(plan: LogicalPlan, with: impl Fn(&str) -> Option<Expr>) -> Result<LogicalPlan, Error> {
    let names = plan.get_parameter_names().map_err(|error| spoken(&error))?;
    if names.is_empty() {
        return Ok(plan);
    }
    for id in &names {
        let name = id.strip_prefix('$').unwrap_or(id);
        if with(name).is_none() {
            return Err(PARAMETER.about(name).into());
        }
    }
    map_expressions(plan, |expr| {
        Ok(match &expr {
            Expr::Placeholder(placeholder) => {
                let name = placeholder.id.strip_prefix('$').unwrap_or(&placeholder.id);
                with(name).map_or_else(|| Transformed::no(expr.clone()), Transformed::yes)
            }
            _ => Transformed::no(expr),
        })
    })
    .map_err(|error| spoken(&error))
}
