//! Models (模型算法): reviewed code with declared inputs, parameters and output.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Digest, Id, kind};
use privacy::DataType;
use privacy::ir::Literal;
use serde::{Deserialize, Serialize};

use crate::{Error, check_column_name};

/// Values that a domain may list.
const DOMAIN_VALUES_MAX: usize = 1_000;

/// A model, as it is reviewed and approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its id.
    pub id: Id<kind::Model>,
    /// Whose it is.
    pub tenant: Id<kind::Tenant>,
    /// Its name.
    pub name: String,
    /// Digest of its SQL text; approval is of this text only.
    pub sql: Digest,
    /// What may vary from run to run.
    pub parameters: Vec<Parameter>,
    /// What it reads.
    pub inputs: Vec<ModelInput>,
    /// The columns of its result, in order.
    pub output: Vec<OutputColumn>,
    /// Kind of the entity that its results are about.
    pub entity: String,
    /// Why raw data cannot be reconstructed from results (不可逆说明).
    pub reversibility: String,
}

/// Columns of one resource that a model reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInput {
    /// The resource.
    pub resource: Id<kind::Resource>,
    /// Its columns.
    pub columns: Vec<String>,
}

/// A column of a model's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// A declared parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type: text, integer, boolean or date.
    pub data_type: DataType,
    /// The values it may take.
    pub domain: Domain,
}

/// The values that a parameter may take. There is no free domain: reviewers approve what they can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// One of these.
    Values(Vec<Value>),
    /// From the first to the second, both included; integers and dates only.
    Range(Value, Value),
}

/// A value of a parameter. JSON: `{"integer": 3}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Text.
    Text(String),
    /// Integer.
    Integer(i64),
    /// Truth value.
    Boolean(bool),
    /// Date.
    Date(Date),
}

impl Value {
    /// Its type.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::Text,
            Self::Integer(_) => DataType::Integer,
            Self::Boolean(_) => DataType::Boolean,
            Self::Date(_) => DataType::Date,
        }
    }

    /// As a constant of a query.
    #[must_use]
    pub fn to_literal(&self) -> Literal {
        match self {
            Self::Text(text) => Literal::Text(text.clone()),
            Self::Integer(number) => Literal::Integer(*number),
            Self::Boolean(truth) => Literal::Boolean(*truth),
            Self::Date(date) => Literal::Date(date.days()),
        }
    }

    fn parse(text: &str, data_type: DataType) -> Option<Self> {
        match data_type {
            DataType::Text => Some(Self::Text(text.to_owned())),
            DataType::Integer => text.trim().parse().ok().map(Self::Integer),
            DataType::Boolean => text.trim().parse().ok().map(Self::Boolean),
            DataType::Date => text.trim().parse().ok().map(Self::Date),
            DataType::Decimal { .. } | DataType::Float | DataType::Timestamp => None,
        }
    }
}

impl Parameter {
    /// Checks name and domain.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Domain`].
    pub fn validate(&self) -> Result<(), Error> {
        check_column_name(&self.name)?;
        let typed = |value: &Value| value.data_type() == self.data_type;
        let sound = match &self.domain {
            Domain::Values(values) => {
                let distinct: BTreeSet<_> = values.iter().collect();
                !values.is_empty()
                    && values.len() <= DOMAIN_VALUES_MAX
                    && distinct.len() == values.len()
                    && values.iter().all(typed)
            }
            Domain::Range(low, high) => {
                let ordered = matches!(self.data_type, DataType::Integer | DataType::Date);
                ordered && typed(low) && typed(high) && low <= high
            }
        };
        if sound { Ok(()) } else { Err(Error::Domain { parameter: self.name.clone() }) }
    }

    /// Reads a value from text and checks it against the domain.
    ///
    /// # Errors
    /// [`Error::OutsideDomain`].
    pub fn parse(&self, text: &str) -> Result<Value, Error> {
        let outside = || Error::OutsideDomain { parameter: self.name.clone() };
        let value = Value::parse(text, self.data_type).ok_or_else(outside)?;
        self.accept(&value)?;
        Ok(value)
    }

    /// Checks a value against type and domain.
    ///
    /// # Errors
    /// [`Error::OutsideDomain`].
    pub fn accept(&self, value: &Value) -> Result<(), Error> {
        let inside = value.data_type() == self.data_type
            && match &self.domain {
                Domain::Values(values) => values.contains(value),
                Domain::Range(low, high) => {
                    low.data_type() == self.data_type && (low..=high).contains(&value)
                }
            };
        if inside { Ok(()) } else { Err(Error::OutsideDomain { parameter: self.name.clone() }) }
    }
}

impl Model {
    /// Checks everything that is declared.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), Error> {
        for (field, text) in
            [("name", &self.name), ("entity", &self.entity), ("reversibility", &self.reversibility)]
        {
            if text.trim().is_empty() {
                return Err(Error::Missing { field });
            }
        }
        if self.inputs.is_empty() || self.inputs.iter().any(|input| input.columns.is_empty()) {
            return Err(Error::Missing { field: "inputs" });
        }
        if self.output.is_empty() {
            return Err(Error::Missing { field: "output" });
        }
        self.output.iter().try_for_each(|column| check_column_name(&column.name))?;
        unique(self.output.iter().map(|column| column.name.as_str()))?;
        self.parameters.iter().try_for_each(Parameter::validate)?;
        unique(self.parameters.iter().map(|parameter| parameter.name.as_str()))
    }

    /// Binds the values of one run: every declared parameter has one, in its domain, and nothing else is given.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`], [`Error::MissingParameter`], [`Error::OutsideDomain`].
    pub fn bind(&self, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, Value>, Error> {
        let declared = |name: &str| self.parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = given.keys().find(|name| !declared(name)) {
            return Err(Error::UnknownParameter { parameter: name.clone() });
        }
        self.parameters
            .iter()
            .map(|parameter| {
                let missing = || Error::MissingParameter { parameter: parameter.name.clone() };
                let text = given.get(&parameter.name).ok_or_else(missing)?;
                Ok((parameter.name.clone(), parameter.parse(text)?))
            })
            .collect()
    }

    /// Digest of all that was approved: code, parameters, inputs, output, statement.
    ///
    /// # Errors
    /// Never for a model that can be written as JSON, and every model can.
    pub fn digest(&self) -> Result<Digest, Error> {
        let bytes = base::canonical_json(self).map_err(|_| Error::Schema)?;
        Ok(Digest::of(&bytes))
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::DuplicateName { name: name.to_owned() });
        }
    }
    Ok(())
}
