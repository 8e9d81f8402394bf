//! Request parameters and response fields of a product.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;

/// Limit: parameters or fields of one product.
const FIELDS_MAX: usize = 64;
/// Limit: listed values of one parameter.
const VALUES_MAX: usize = 200;
/// Limit: characters of one text parameter.
const TEXT_CHARS_MAX: usize = 256;

/// Type of a parameter or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    Text,
    /// Whole number.
    Integer,
    /// Number with decimals, sent as JSON number.
    Number,
    /// Day, `YYYY-MM-DD`.
    Date,
    /// Yes or no.
    Boolean,
}

/// A request parameter or a response field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Name in JSON: lower-case letters, digits, underscores.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Type.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether a request must carry it, or an answer always does.
    pub required: bool,
    /// Whether it says something about a natural person: then a call needs that person's consent.
    #[serde(default)]
    pub personal: bool,
    /// For a parameter: least value, for whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// For a parameter: greatest value, for whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// For a parameter: the values it may take, as texts; empty for all of its type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Field {
    /// A field that takes every value of its type and says nothing about a person.
    #[must_use]
    pub fn new(name: &str, title: &str, field_type: FieldType, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            field_type,
            required,
            personal: false,
            min: None,
            max: None,
            values: Vec::new(),
        }
    }

    /// Whether a value of the right type is one that the parameter may take.
    fn allows(&self, value: &Value) -> bool {
        let number = value.as_i64();
        let above = self.min.is_none_or(|min| number.is_some_and(|number| number >= min));
        let below = self.max.is_none_or(|max| number.is_some_and(|number| number <= max));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        above && below && (self.values.is_empty() || self.values.contains(&text))
    }
}

/// What is wrong with the parameters of a call. It names the parameter, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// A required parameter is missing.
    #[error("parameter `{name}` is missing")]
    Missing {
        /// Its name.
        name: String,
    },
    /// The product has no such parameter.
    #[error("unknown parameter `{name}`")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A value has the wrong type or is too long.
    #[error("parameter `{name}` has a wrong value")]
    Value {
        /// Its name.
        name: String,
    },
    /// A value of the right type that the product does not have.
    #[error("parameter `{name}` is outside its domain")]
    Outside {
        /// Its name.
        name: String,
    },
}

impl RequestFault {
    /// Stable code for programs and for the help pages.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "products.parameter_missing",
            Self::Unknown { .. } => "products.parameter_unknown",
            Self::Value { .. } => "products.parameter_value",
            Self::Outside { .. } => "products.parameter_outside",
        }
    }

    /// The parameter's name.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::Missing { name }
            | Self::Unknown { name }
            | Self::Value { name }
            | Self::Outside { name } => name,
        }
    }
}

/// Checks the parameters of a call: all that are required, none that is unknown, each of its type and within its domain.
///
/// # Errors
/// The first [`RequestFault`].
pub fn check_request(fields: &[Field], request: &Map<String, Value>) -> Result<(), RequestFault> {
    if let Some(name) = request.keys().find(|name| fields.iter().all(|field| field.name != **name)) {
        return Err(RequestFault::Unknown { name: name.chars().take(64).collect() });
    }
    for field in fields {
        let name = || field.name.clone();
        match request.get(&field.name) {
            None | Some(Value::Null) if field.required => return Err(RequestFault::Missing { name: name() }),
            None | Some(Value::Null) => {}
            Some(value) if !fits(field.field_type, value) => {
                return Err(RequestFault::Value { name: name() });
            }
            Some(value) if !field.allows(value) => return Err(RequestFault::Outside { name: name() }),
            Some(_) => {}
        }
    }
    Ok(())
}

fn fits(field_type: FieldType, value: &Value) -> bool {
    let text = value.as_str();
    match field_type {
        FieldType::Text => text.is_some_and(|text| text.chars().count() <= TEXT_CHARS_MAX),
        FieldType::Integer => value.is_i64(),
        FieldType::Number => value.is_number(),
        FieldType::Date => text.is_some_and(|text| text.parse::<base::Date>().is_ok()),
        FieldType::Boolean => value.is_boolean(),
    }
}

/// Whether a list of fields may be filed.
pub(crate) fn check_fields(fields: &[Field]) -> Result<(), Error> {
    if fields.len() > FIELDS_MAX {
        return Err(Error::Product { what: "fields_count" });
    }
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let mut seen = std::collections::BTreeSet::new();
    for field in fields {
        if field.name.is_empty() || field.name.len() > 64 || !field.name.bytes().all(legal) {
            return Err(Error::Product { what: "field_name" });
        }
        if !seen.insert(field.name.as_str()) {
            return Err(Error::Product { what: "field_twice" });
        }
        check_domain(field)?;
    }
    Ok(())
}

/// Bounds belong to whole numbers and are in order; listed values are few, of the type, and within the bounds.
fn check_domain(field: &Field) -> Result<(), Error> {
    let bounded = field.min.is_some() || field.max.is_some();
    let ordered = field.min.zip(field.max).is_none_or(|(min, max)| min <= max);
    let value = |text: &String| match field.field_type {
        FieldType::Text | FieldType::Date => Some(Value::from(text.as_str())),
        FieldType::Integer | FieldType::Number | FieldType::Boolean => serde_json::from_str(text).ok(),
    };
    let listed = field
        .values
        .iter()
        .all(|text| value(text).is_some_and(|value| fits(field.field_type, &value) && field.allows(&value)));
    let sound = (!bounded || field.field_type == FieldType::Integer) && ordered && listed;
    if sound && field.values.len() <= VALUES_MAX {
        Ok(())
    } else {
        Err(Error::Product { what: "field_domain" })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_carry_what_the_product_asks_for_and_nothing_else() {
        let field = |name: &str, field_type, required| Field::new(name, name, field_type, required);
        let fields = [
            field("code", FieldType::Text, true),
            field("day", FieldType::Date, false),
            field("n", FieldType::Integer, false),
            Field { min: Some(1), max: Some(12), ..field("month", FieldType::Integer, false) },
            Field { values: vec!["EWR".into(), "JFK".into()], ..field("origin", FieldType::Text, false) },
        ];
        for (request, expected) in [
            (json!({"code": "x"}), ""),
            (json!({"code": "x", "day": "2026-01-31", "n": 3}), ""),
            (json!({"code": "x", "day": null}), ""),
            (json!({}), "products.parameter_missing"),
            (json!({"code": null}), "products.parameter_missing"),
            (json!({"code": "x", "sql": "1"}), "products.parameter_unknown"),
            (json!({"code": 1}), "products.parameter_value"),
            (json!({"code": "长".repeat(257)}), "products.parameter_value"),
            (json!({"code": "x", "day": "2026-02-30"}), "products.parameter_value"),
            (json!({"code": "x", "n": 1.5}), "products.parameter_value"),
            (json!({"code": "x", "month": 12, "origin": "JFK"}), ""),
            (json!({"code": "x", "month": 99}), "products.parameter_outside"),
            (json!({"code": "x", "month": "1"}), "products.parameter_value"),
            (json!({"code": "x", "origin": "XXX"}), "products.parameter_outside"),
        ] {
            let result = check_request(&fields, request.as_object().unwrap());
            assert_eq!(result.map_or_else(|fault| fault.code(), |()| ""), expected, "{request}");
        }
        assert!(check_fields(&fields).is_ok());
        for bad in [
            Field { min: Some(2), max: Some(1), ..fields[2].clone() },
            Field { min: Some(2), ..fields[0].clone() },
            Field { values: vec!["x".into()], ..fields[2].clone() },
            Field { max: Some(3), values: vec!["4".into()], ..fields[2].clone() },
        ] {
            assert_eq!(check_fields(&[bad]), Err(Error::Product { what: "field_domain" }));
        }
        let twice = [fields[0].clone(), fields[0].clone()];
        assert_eq!(check_fields(&twice), Err(Error::Product { what: "field_twice" }));
        assert_eq!(
            check_fields(&[field("Ü", FieldType::Text, true)]),
            Err(Error::Product { what: "field_name" })
        );
    }
}
