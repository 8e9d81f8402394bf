//! Valid samples for forms, facts and attachments.

use std::collections::{BTreeMap, BTreeSet};

use base::{Date, Digest};

use crate::case::{Attachment, FormValue, FormValues};
use crate::pack::model::{FactKind, FactValue, Field, FieldKind, Form};

/// A form filled with valid samples; a field that sets one of the `facts` says that fact. `without` leaves a field
/// out. Gives the values and the facts they set.
#[must_use]
pub fn sample_form(
    form: &Form,
    on: Date,
    facts: &BTreeMap<String, FactValue>,
    without: Option<&String>,
) -> (FormValues, BTreeSet<String>) {
    let (mut values, mut set) = (FormValues::new(), BTreeSet::new());
    for field in form.sections.iter().flat_map(|section| &section.fields) {
        if without == Some(&field.key) {
            continue;
        }
        let wanted = field.fact.as_ref().and_then(|key| facts.get(key));
        let value = match wanted {
            Some(fact) => said(field, fact),
            None => sample(field, on),
        };
        if let Some(value) = value {
            values.insert(field.key.clone(), value);
            set.extend(field.fact.clone());
        }
    }
    (values, set)
}

/// A valid fact of a kind.
#[must_use]
pub fn sample_fact(kind: FactKind, on: Date, unit: &str) -> FactValue {
    match kind {
        FactKind::Text | FactKind::Reference => FactValue::Text("样例".to_owned()),
        FactKind::Number => FactValue::Number(1),
        FactKind::Flag => FactValue::Flag(true),
        FactKind::Date => FactValue::Date(on),
        FactKind::Units => FactValue::List(vec![unit.to_owned()]),
    }
}

/// An attachment of some bytes.
#[must_use]
pub fn sample_attachment(name: &str) -> Attachment {
    Attachment {
        name: name.to_owned(),
        file_name: format!("{name}.pdf"),
        digest: Digest::of(name.as_bytes()),
        bytes: 1,
        object: None,
    }
}

fn sample(field: &Field, on: Date) -> Option<FormValue> {
    let text = match &field.kind {
        FieldKind::Text | FieldKind::LongText => "样例".to_owned(),
        FieldKind::Number => "1".to_owned(),
        FieldKind::Percent => "10".to_owned(),
        FieldKind::Money => "100.00".to_owned(),
        FieldKind::Date => on.to_string(),
        FieldKind::Phone | FieldKind::Contact => "0572-8000000".to_owned(),
        FieldKind::Email => "sample@example.cn".to_owned(),
        FieldKind::Flag => "是".to_owned(),
        FieldKind::Choice(choices) => choices.first()?.clone(),
        FieldKind::Choices(choices) => return Some(FormValue::List(vec![choices.first()?.clone()])),
        FieldKind::Resources => return Some(FormValue::List(vec!["sample-resource".to_owned()])),
        FieldKind::Unit => "sample-unit".to_owned(),
    };
    Some(FormValue::Text(text))
}

/// A fact as it would be written into its field.
fn said(field: &Field, fact: &FactValue) -> Option<FormValue> {
    let text = match (fact, &field.kind) {
        (FactValue::Number(amount), FieldKind::Percent) => fraction(*amount, 10_000, 4),
        (FactValue::Number(amount), FieldKind::Money) => fraction(*amount, 100, 2),
        (FactValue::Number(amount), _) => amount.to_string(),
        (FactValue::Flag(true), _) => "是".to_owned(),
        (FactValue::Flag(false), _) => "否".to_owned(),
        (FactValue::Date(date), _) => date.to_string(),
        (FactValue::Text(text), _) => text.clone(),
        (FactValue::List(items), FieldKind::Unit) => items.first()?.clone(),
        (FactValue::List(items), _) => return Some(FormValue::List(items.clone())),
    };
    Some(FormValue::Text(text))
}

fn fraction(amount: i64, unit: i64, places: usize) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let (whole, part) = (amount / unit, amount % unit);
    format!("{sign}{}.{:0places$}", whole.unsigned_abs(), part.unsigned_abs())
}
