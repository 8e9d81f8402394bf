//! Sample values for a template: each kind in a form that tests the layout.

use std::collections::BTreeMap;

use base::{Date, Timestamp};
use regulation::pack::{Document, VariableKind};

use crate::print::{Stamp, Verification};
use crate::value::{Data, Datum};

/// Values for every variable of a document, made from the declared kinds.
///
/// Day and number are fixed, so that a sample prints the same bytes every time.
#[must_use]
pub fn sample(document: &Document) -> Data {
    let day = Date::from_days(20_000);
    let mut values = BTreeMap::new();
    for variable in &document.variables {
        let name = &variable.name;
        let datum = match &variable.kind {
            VariableKind::Text => Datum::Text(format!("（{name}）")),
            VariableKind::LongText => Datum::Text(format!("（{name}，第一段）\n（{name}，第二段）")),
            VariableKind::Number => Datum::Number(3),
            VariableKind::Percent => Datum::Percent(455_000),
            VariableKind::Money => Datum::Money(1_234_500),
            VariableKind::Date => Datum::Date(day),
            VariableKind::Flag => Datum::Flag(true),
            VariableKind::List => Datum::List(vec![format!("（{name}一）"), format!("（{name}二）")]),
            VariableKind::Table(columns) => {
                let row = |number: usize| columns.iter().map(|column| format!("{column}{number}")).collect();
                Datum::Table(vec![row(1), row(2)])
            }
        };
        values.insert(name.clone(), datum);
    }
    Data { values, stamp: stamp() }
}

fn stamp() -> Stamp {
    Stamp {
        number: "YL-2026-0001".to_owned(),
        paper_number: "样例〔2026〕1号".to_owned(),
        issuer: "样例机关".to_owned(),
        procedure: "样例程序".to_owned(),
        on: Date::from_days(20_000),
        at: Timestamp::from_micros(1_728_000_000_000_000),
        verification: Some(Verification {
            url: "https://example.cn/verify/YL-2026-0001".to_owned(),
            digest: "0123456789abcdef".repeat(4),
        }),
    }
}
