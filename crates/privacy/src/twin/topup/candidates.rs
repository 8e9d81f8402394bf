//! Values worth trying in a column: those a query compares it with, their neighbours, and some of its declared domain.

use super::compare::{DAY_MICROS, Token, literal, tokens};
use super::context::reads;
use super::eval::{cast, eval};
use crate::format::days_from_civil;
use crate::ir::{Expr, Function};
use crate::twin::coding::Bins;
use crate::twin::description::{Column, Content, Description, Table};
use crate::twin::generate::{key, number, typed};
use crate::twin::invent::{Known, invent, token};
use crate::twin::random::Draw;
use crate::twin::value::Value;
use crate::{DataType, SensitiveKind};

/// Limit: values tried in one column.
const CANDIDATES_MAX: usize = 96;

/// A value to try.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) value: Option<Value>,
    /// Made up just now: nobody else has it.
    pub(super) fresh: bool,
}

/// Where top-up numbers its keys from, out of the way of generated ones.
pub(super) const KEY_START: i64 = 4_000_000_000;

/// What makes up values.
pub(super) struct Maker<'a> {
    pub(super) description: &'a Description,
    pub(super) draw: Draw,
    pub(super) serial: i64,
}

impl Maker<'_> {
    /// A value of a column that nobody else has; `None` where the domain is closed.
    pub(super) fn fresh(&mut self, column: &Column, known: Known) -> Option<Value> {
        match &column.content {
            Content::Key => {
                self.serial += 1;
                Some(key(column.data_type, KEY_START + self.serial))
            }
            Content::Invented { kind, .. } => {
                Some(typed(column.data_type, invent(*kind, known, &mut self.draw)))
            }
            Content::Open => {
                let mut text = String::new();
                token(&mut self.draw, &mut text);
                Some(Value::Text(text))
            }
            _ => None,
        }
    }

    /// The key column behind a reference.
    pub(super) fn target(&self, column: &Column) -> Option<(&Table, &Column)> {
        let Content::Reference { table, column, .. } = &column.content else { return None };
        let (_, table) = self.description.table(table)?;
        Some((table, table.column(column)?.1))
    }

    /// Some value of the declared domain.
    pub(super) fn any(&mut self, column: &Column) -> Option<Value> {
        match &column.content {
            Content::Categories { values } => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                Some(typed(column.data_type, self.draw.pick(&values).to_owned()))
            }
            Content::Flag => Some(Value::Boolean(self.draw.below(2) == 1)),
            Content::Range { bins, .. } => {
                let of = Bins::of(column)?;
                let code = u16::try_from(self.draw.below(u64::from(*bins)) + 1).unwrap_or(1);
                if column.data_type == DataType::Float {
                    let (low, high) = of.range_float(code);
                    return Some(Value::Float(low + (high - low) * self.draw.below(1_000) as f64 / 1_000.0));
                }
                let (low, high) = of.range(code);
                number(column.data_type, self.draw.between(low, high.max(low)))
            }
            _ => self.fresh(column, Known::default()),
        }
    }

    /// Values to try in a column under some conditions, in random order.
    pub(super) fn candidates(&mut self, column: &Column, conditions: &[&Expr]) -> Vec<Candidate> {
        let mut values: Vec<Value> = Vec::new();
        for condition in conditions {
            constants(condition, column.data_type, &mut values);
        }
        let target = self.target(column).map(|(_, key)| key.clone());
        for _ in 0..4 {
            values.extend(match column.content {
                Content::Key | Content::Invented { .. } | Content::Open | Content::Reference { .. } => None,
                _ => self.any(column),
            });
        }
        if let Content::Categories { values: all } = &column.content {
            values.extend(all.iter().take(CANDIDATES_MAX / 2).map(|v| typed(column.data_type, v.clone())));
        }
        let known = |value| Candidate { value: Some(value), fresh: false };
        // A condition may compare other columns too, of other types.
        let of_type = values.into_iter().filter(|value| value.fits(column.data_type));
        let mut out: Vec<Candidate> = of_type.map(known).collect();
        for _ in 0..2 {
            let made = match &target {
                // A key that is not there: its row is made when the tables are put together.
                Some(key) => self.fresh(key, Known::default()).map(|value| (value, false)),
                None => self.fresh(column, Known::default()).map(|value| (value, true)),
            };
            out.extend(made.map(|(value, fresh)| Candidate { value: Some(value), fresh }));
        }
        if column.nullable {
            out.push(Candidate { value: None, fresh: false });
        }
        let mut distinct: Vec<Candidate> = Vec::new();
        for candidate in out {
            if !distinct.iter().any(|other| other.value == candidate.value) {
                distinct.push(candidate);
            }
        }
        distinct.truncate(CANDIDATES_MAX);
        self.draw.shuffle(&mut distinct);
        distinct
    }
}

/// Values of the constant parts of an expression, in a column's type, with what lies beside them.
fn constants(expr: &Expr, data_type: DataType, into: &mut Vec<Value>) {
    if into.len() >= CANDIDATES_MAX {
        return;
    }
    let mut columns = Vec::new();
    reads(expr, &mut columns);
    if columns.is_empty()
        && let Ok(Some(value)) = eval(expr, &|_| Ok(None))
    {
        beside(&value, data_type, into);
    }
    if let Expr::Like { pattern, .. } = expr {
        for (any, one) in [("", 'x'), ("甲", '0')] {
            let text = tokens(pattern).into_iter().fold(String::new(), |mut text, token| {
                match token {
                    Token::Char(c) => text.push(c),
                    Token::One => text.push(one),
                    Token::Any => text.push_str(any),
                }
                text
            });
            into.push(Value::Text(text));
        }
    }
    if let Expr::Compare { left, right, .. } = expr {
        for (call, other) in [(left, right), (right, left)] {
            through_call(call, other, into);
        }
    }
    if let Expr::InList { input, list, .. } = expr {
        list.iter().for_each(|item| through_call(input, item, into));
    }
    if let Expr::Between { input, low, high, .. } = expr {
        [low, high].into_iter().for_each(|end| through_call(input, end, into));
    }
    expr.children().into_iter().for_each(|child| constants(child, data_type, into));
}

/// Arguments for which a function gives a constant.
fn through_call(call: &Expr, other: &Expr, into: &mut Vec<Value>) {
    let (Expr::Call { function, args }, Expr::Literal { value }) = (call, other) else { return };
    match (function, literal(value)) {
        (Function::DatePart, Some(Value::Integer(part))) => {
            let unit = match args.first() {
                Some(Expr::Literal { value: crate::ir::Literal::Text(unit) }) => unit.as_str(),
                _ => return,
            };
            for part in [part, part.saturating_add(1), part.saturating_sub(1)] {
                let small = u8::try_from(part).unwrap_or(1);
                let days = match unit {
                    "year" => i32::try_from(part).ok().and_then(|year| days_from_civil(year, 6, 15)),
                    "quarter" => days_from_civil(2000, small.saturating_mul(3), 15),
                    "month" => days_from_civil(2000, small, 15),
                    _ => days_from_civil(2000, 1, small),
                };
                into.extend(days.map(Value::Date));
                into.extend(days.map(|days| Value::Timestamp(i64::from(days).saturating_mul(DAY_MICROS))));
            }
        }
        (Function::CharacterLength, Some(Value::Integer(length))) => {
            for length in [length - 1, length, length + 1] {
                into.push(Value::Text("甲".repeat(usize::try_from(length).unwrap_or(0).min(1_000))));
            }
        }
        (Function::Substring, Some(Value::Text(text))) => {
            let skip = match args.get(1) {
                Some(Expr::Literal { value: crate::ir::Literal::Integer(from) }) => from - 1,
                _ => 0,
            };
            let before = "0".repeat(usize::try_from(skip).unwrap_or(0).min(1_000));
            into.push(Value::Text(format!("{before}{text}00")));
        }
        (Function::Right, Some(Value::Text(text))) => into.push(Value::Text(format!("00{text}"))),
        (_, Some(Value::Text(text))) => into.push(Value::Text(format!("{text}00"))),
        _ => {}
    }
}

/// A constant and its neighbours in a type.
fn beside(value: &Value, data_type: DataType, into: &mut Vec<Value>) {
    let Ok(Some(value)) = cast(Some(value.clone()), data_type) else { return };
    match &value {
        Value::Text(text) => into.extend([Value::Text(format!("{text}00"))]),
        Value::Integer(number) => {
            let near =
                [number.saturating_sub(1), number.saturating_add(1), number / 2, number.saturating_mul(2)];
            into.extend(near.map(Value::Integer));
        }
        Value::Decimal(number, scale) => {
            into.extend([number - 1, number + 1, number / 2, number * 2].map(|n| Value::Decimal(n, *scale)));
        }
        Value::Float(number) => {
            into.extend([number - 1.0, number + 1.0, number / 2.0, number * 2.0].map(Value::Float));
        }
        Value::Date(days) => {
            into.extend([-400, -1, 1, 400].map(|by| Value::Date(days.saturating_add(by))));
        }
        Value::Timestamp(micros) => {
            let steps = [-DAY_MICROS, -1, 1, DAY_MICROS];
            into.extend(steps.map(|by| Value::Timestamp(micros.saturating_add(by))));
        }
        Value::Boolean(_) => {}
    }
    into.push(value);
}

/// Is every value of the column another one?
pub(super) fn is_unique(description: &Description, table: &Table, column: &Column) -> bool {
    let referred = description.tables.iter().flat_map(|t| &t.columns).any(|of| {
        matches!(&of.content, Content::Reference { table: t, column: c, .. } if *t == table.name && *c == column.name)
    });
    let is_entity = table.rows_max == 1 && table.entity == [column.name.clone()];
    match &column.content {
        Content::Key => true,
        Content::Invented { kind, .. } => referred || is_entity && *kind != SensitiveKind::PersonName,
        _ => false,
    }
}
