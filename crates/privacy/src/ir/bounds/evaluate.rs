//! Evaluation of expressions over intervals.

use super::super::facts::Facts;
use super::super::{ArithmeticOp, CompareOp, Domain, Expr, Function, Literal, LogicOp, Parameters};
use super::Unbounded;
use super::interval::{Interval, from_whole};
use crate::DataType;

const MICROS_OF_DAY: f64 = 86_400_000_000.0;
/// Days by which truncation to a year takes a date back at most.
const YEAR_DAYS: f64 = 366.0;

/// What is known of the values of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ir) struct Range {
    pub(in crate::ir) data_type: DataType,
    pub(in crate::ir) interval: Interval,
    /// Why an end is infinite.
    pub(in crate::ir) why: Option<Unbounded>,
}

impl Range {
    pub(in crate::ir) const fn of(data_type: DataType, interval: Interval) -> Self {
        Self { data_type, interval, why: None }
    }

    pub(in crate::ir) const fn unknown(data_type: DataType, why: Unbounded) -> Self {
        Self { data_type, interval: Interval::ANY, why: Some(why) }
    }

    /// The interval, if both ends are numbers. Only null: zero.
    pub(in crate::ir) fn finite(self) -> Result<Interval, Unbounded> {
        if self.interval.is_empty() {
            return Ok(Interval::new(0.0, 0.0).or_null(true));
        }
        // An undeclared null policy stands in the way whatever the bounds are.
        match self.why {
            Some(why @ Unbounded::Nulls { .. }) => Err(why),
            _ if self.interval.is_finite() => Ok(self.interval),
            Some(why) => Err(why),
            None => Err(Unbounded::Grows),
        }
    }

    fn with(data_type: DataType, interval: Interval, parts: &[&Self]) -> Self {
        let why = parts.iter().find_map(|part| part.why.clone());
        Self { data_type, interval, why }
    }
}

/// What is known of the values of an expression over columns with these facts.
pub(in crate::ir) fn range(expr: &Expr, facts: &Facts, parameters: &Parameters) -> Range {
    Evaluator { facts, parameters }.range(expr, &[])
}

struct Evaluator<'a> {
    facts: &'a Facts,
    parameters: &'a Parameters,
}

/// What a condition says of an expression where it holds.
#[derive(Clone)]
struct Known<'a> {
    expr: &'a Expr,
    low: f64,
    high: f64,
}

impl Evaluator<'_> {
    fn range<'e>(&self, expr: &'e Expr, known: &[Known<'e>]) -> Range {
        let mut range = self.plain(expr, known);
        for fact in known.iter().filter(|fact| fact.expr == expr) {
            range.interval = range.interval.meet(fact.low, fact.high);
        }
        range
    }

    fn plain<'e>(&self, expr: &'e Expr, known: &[Known<'e>]) -> Range {
        match expr {
            Expr::Column { name } => self.facts.range(name),
            Expr::Literal { value } => literal(value),
            Expr::Parameter { name, data_type } => self.parameter(name, *data_type),
            Expr::Negate { input } => {
                let of = self.range(input, known);
                Range::with(of.data_type, of.interval.negate(), &[&of])
            }
            Expr::Arithmetic { op, left, right } => self.arithmetic(*op, left, right, known),
            Expr::Call { function, args } => self.call(*function, args, known),
            Expr::Case { branches, otherwise } => self.case(branches, otherwise.as_deref(), known),
            Expr::Cast { input, to } => cast(&self.range(input, known), *to),
            Expr::Compare { .. }
            | Expr::Logic { .. }
            | Expr::Not { .. }
            | Expr::InList { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::IsNull { .. } => Range::of(DataType::Boolean, Interval::new(0.0, 1.0).or_null(true)),
        }
    }

    fn parameter(&self, name: &str, data_type: DataType) -> Range {
        let missing = || Range::unknown(data_type, Unbounded::Parameter { name: name.to_owned() });
        match self.parameters.get(name) {
            Some(Domain::Range { low, high, .. }) => {
                Range::of(data_type, Interval::new(from_whole(*low), from_whole(*high)))
            }
            Some(Domain::List(values)) => {
                let all = values.iter().map(literal).reduce(|a, b| {
                    let interval = a.interval.hull(b.interval);
                    Range::with(data_type, interval, &[&a, &b])
                });
                match all {
                    Some(range) if range.why.is_none() => Range { data_type, ..range },
                    _ => missing(),
                }
            }
            Some(Domain::Codes(_)) | None => missing(),
        }
    }

    fn arithmetic<'e>(
        &self,
        op: ArithmeticOp,
        left: &'e Expr,
        right: &'e Expr,
        known: &[Known<'e>],
    ) -> Range {
        let (a, b) = (self.range(left, known), self.range(right, known));
        if matches!(right, Expr::Literal { value: Literal::Interval { .. } }) {
            return Range::unknown(a.data_type, Unbounded::NotNumber);
        }
        let days = (a.data_type, b.data_type) == (DataType::Date, DataType::Date);
        let whole = days || (a.data_type, b.data_type) == (DataType::Integer, DataType::Integer);
        let data_type = if whole { DataType::Integer } else { DataType::Float };
        let result = match op {
            ArithmeticOp::Add => Some(a.interval.add(b.interval)),
            ArithmeticOp::Subtract => Some(a.interval.subtract(b.interval)),
            ArithmeticOp::Multiply => Some(a.interval.multiply(b.interval)),
            ArithmeticOp::Divide => a.interval.divide(b.interval, whole),
            ArithmeticOp::Modulo => a.interval.remainder(b.interval, whole),
        };
        let Some(interval) = result else {
            let why = a.why.or(b.why).unwrap_or(Unbounded::Divisor);
            return Range::unknown(data_type, why);
        };
        let mut range = Range::with(data_type, if whole { interval.as_whole() } else { interval }, &[&a, &b]);
        if !range.interval.is_finite() && !range.interval.is_empty() {
            range.why.get_or_insert(Unbounded::Grows);
        }
        range
    }

    fn call<'e>(&self, function: Function, args: &'e [Expr], known: &[Known<'e>]) -> Range {
        let ranges: Vec<Range> = args.iter().map(|arg| self.range(arg, known)).collect();
        let (Some(first), parts) = (ranges.first(), ranges.iter().collect::<Vec<_>>()) else {
            return Range::unknown(DataType::Float, Unbounded::NotNumber);
        };
        let of = first.interval;
        let float = |interval| Range::with(DataType::Float, interval, &parts);
        match function {
            Function::Abs => float(of.abs()),
            Function::Floor => float(of.map(f64::floor, f64::floor)),
            Function::Ceil => float(of.map(f64::ceil, f64::ceil)),
            Function::Round => {
                let digits = ranges.get(1).map_or(0.0, |digits| digits.interval.low);
                let unit = 10_f64.powf(-digits);
                float(of.map(|low| low - unit, |high| high + unit))
            }
            Function::Least | Function::Greatest => {
                let pick = |a: Interval, b: Interval| {
                    if function == Function::Least { a.least(b) } else { a.greatest(b) }
                };
                let interval = ranges.iter().skip(1).fold(of, |a, b| pick(a, b.interval));
                Range::with(common(&parts), interval, &parts)
            }
            Function::Coalesce => {
                let mut interval = Interval::EMPTY;
                let mut nullable = true;
                for part in &parts {
                    interval = interval.hull(part.interval);
                    nullable &= part.interval.nullable;
                    if !part.interval.nullable {
                        break;
                    }
                }
                Range::with(common(&parts), Interval { nullable, ..interval }, &parts)
            }
            Function::NullIf => Range::with(first.data_type, of.or_null(true), &[first]),
            Function::CharacterLength => Range::unknown(DataType::Integer, Unbounded::Grows),
            Function::DatePart => date_part(unit(args), ranges.get(1)),
            Function::DateTrunc => date_trunc(ranges.get(1)),
            Function::StartsWith => Range::of(DataType::Boolean, Interval::new(0.0, 1.0).or_null(true)),
            Function::Lower
            | Function::Upper
            | Function::Trim
            | Function::Substring
            | Function::Left
            | Function::Right
            | Function::Concat
            | Function::Replace => Range::unknown(DataType::Text, Unbounded::NotNumber),
        }
    }

    fn case<'e>(
        &self,
        branches: &'e [(Expr, Expr)],
        otherwise: Option<&'e Expr>,
        known: &[Known<'e>],
    ) -> Range {
        let mut before = known.to_vec();
        let mut values = Vec::new();
        for (condition, value) in branches {
            let mut here = before.clone();
            self.learn(condition, true, known, &mut here);
            values.push(self.range(value, &here));
            self.learn(condition, false, known, &mut before);
        }
        let nullable = otherwise.is_none();
        values.extend(otherwise.map(|value| self.range(value, &before)));
        let parts: Vec<&Range> = values.iter().collect();
        let interval = parts
            .iter()
            .fold(Interval { nullable: false, ..Interval::EMPTY }, |all, part| all.hull(part.interval));
        Range::with(common(&parts), interval.or_null(nullable), &parts)
    }

    /// What a condition says where it is true, or where it is not: then either the opposite holds or something is null,
    /// and of nulls an interval says nothing.
    fn learn<'e>(&self, condition: &'e Expr, holds: bool, known: &[Known<'e>], into: &mut Vec<Known<'e>>) {
        match condition {
            Expr::Compare { op, left, right } => {
                let (l, r) = (self.range(left, known).interval, self.range(right, known).interval);
                // Not true may mean that the other side is null, so that nothing is known.
                if holds || !r.nullable {
                    into.extend(bound(left, *op, holds, r));
                }
                if holds || !l.nullable {
                    into.extend(bound(right, swapped(*op), holds, l));
                }
            }
            Expr::Between { input, low, high, negated } if *negated != holds => {
                let (low, high) = (self.range(low, known).interval, self.range(high, known).interval);
                if holds || !low.nullable && !high.nullable {
                    into.push(Known { expr: input, low: low.low, high: high.high });
                }
            }
            Expr::Logic { op, args } if (*op == LogicOp::And) == holds => {
                args.iter().for_each(|arg| self.learn(arg, holds, known, into));
            }
            _ => {}
        }
    }
}

/// `expr op other` holds, or does not.
fn bound(expr: &Expr, op: CompareOp, holds: bool, other: Interval) -> Option<Known<'_>> {
    let op = if holds { op } else { opposite(op)? };
    let (low, high) = match op {
        CompareOp::Less | CompareOp::LessEq => (f64::NEG_INFINITY, other.high),
        CompareOp::Greater | CompareOp::GreaterEq => (other.low, f64::INFINITY),
        CompareOp::Eq => (other.low, other.high),
        CompareOp::NotEq | CompareOp::Distinct | CompareOp::NotDistinct => return None,
    };
    Some(Known { expr, low, high })
}

const fn opposite(op: CompareOp) -> Option<CompareOp> {
    Some(match op {
        CompareOp::Less => CompareOp::GreaterEq,
        CompareOp::LessEq => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessEq,
        CompareOp::GreaterEq => CompareOp::Less,
        CompareOp::NotEq => CompareOp::Eq,
        CompareOp::Eq | CompareOp::Distinct | CompareOp::NotDistinct => return None,
    })
}

const fn swapped(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessEq => CompareOp::GreaterEq,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterEq => CompareOp::LessEq,
        other => other,
    }
}

fn unit(args: &[Expr]) -> &str {
    match args.first() {
        Some(Expr::Literal { value: Literal::Text(unit) }) => unit,
        _ => "",
    }
}

fn literal(value: &Literal) -> Range {
    let point = |data_type, at| Range::of(data_type, Interval::new(at, at));
    match value {
        Literal::Null(data_type) => Range::of(*data_type, Interval::EMPTY),
        Literal::Integer(number) => {
            Range::of(DataType::Integer, Interval::new(from_whole(*number), from_whole(*number)).as_whole())
        }
        Literal::Decimal { unscaled, scale } => {
            let at = format!("{unscaled}e{}", -i16::from(*scale)).parse().unwrap_or(f64::NAN);
            point(DataType::Decimal { precision: 19, scale: *scale }, at)
        }
        Literal::Float(number) => point(DataType::Float, *number),
        Literal::Boolean(truth) => point(DataType::Boolean, f64::from(u8::from(*truth))),
        Literal::Date(days) => point(DataType::Date, f64::from(*days)),
        Literal::Timestamp(micros) => {
            // Doubles hold microseconds of some centuries exactly; beyond, one more on either side does.
            let at = from_whole(*micros);
            Range::of(DataType::Timestamp, Interval::new(at.next_down(), at.next_up()))
        }
        Literal::Text(_) => Range::unknown(DataType::Text, Unbounded::NotNumber),
        Literal::Interval { .. } => Range::unknown(DataType::Integer, Unbounded::NotNumber),
    }
}

fn date_part(unit: &str, of: Option<&Range>) -> Range {
    let whole = |low, high| Range::of(DataType::Integer, Interval::new(low, high).or_null(true));
    let unknown = || Range::unknown(DataType::Integer, Unbounded::NotNumber);
    let Some(of) = of else { return unknown() };
    let by = if of.data_type == DataType::Timestamp { MICROS_OF_DAY } else { 1.0 };
    match unit.to_ascii_lowercase().as_str() {
        // One more on either side covers what years differ from their mean length.
        "year" if of.interval.is_finite() => whole(
            (of.interval.low / by / 365.2425).floor() + 1969.0,
            (of.interval.high / by / 365.2425).ceil() + 1971.0,
        ),
        "year" => Range::unknown(DataType::Integer, of.why.clone().unwrap_or(Unbounded::Grows)),
        "quarter" => whole(1.0, 4.0),
        "month" => whole(1.0, 12.0),
        "week" => whole(1.0, 53.0),
        "day" => whole(1.0, 31.0),
        "dow" => whole(0.0, 6.0),
        "doy" => whole(1.0, 366.0),
        "hour" => whole(0.0, 23.0),
        "minute" | "second" => whole(0.0, 59.0),
        _ => unknown(),
    }
}

fn date_trunc(of: Option<&Range>) -> Range {
    let Some(of) = of else { return Range::unknown(DataType::Date, Unbounded::NotNumber) };
    let back = if of.data_type == DataType::Timestamp { MICROS_OF_DAY } else { 1.0 } * YEAR_DAYS;
    let interval = of.interval.map(|low| low - back, |high| high).or_null(true);
    Range::with(of.data_type, interval, &[of])
}

/// The type of a choice among values.
fn common(parts: &[&Range]) -> DataType {
    let mut types = parts.iter().filter(|part| !part.interval.is_empty()).map(|part| part.data_type);
    let first = types.next().unwrap_or(DataType::Float);
    if types.all(|other| other == first) { first } else { DataType::Float }
}

fn cast(of: &Range, to: DataType) -> Range {
    let from = of.data_type;
    let range = |interval| Range::with(to, interval, &[of]);
    let plain = of.interval.or_null(from != to);
    match (from, to) {
        _ if from == to => range(of.interval),
        (DataType::Text, _) | (_, DataType::Text) => Range::unknown(to, Unbounded::NotNumber),
        (DataType::Date, DataType::Timestamp) => {
            range(plain.map(|low| low * MICROS_OF_DAY, |high| high * MICROS_OF_DAY))
        }
        (DataType::Timestamp, DataType::Date) => {
            range(plain.map(|low| (low / MICROS_OF_DAY).floor() - 1.0, |high| (high / MICROS_OF_DAY).ceil()))
        }
        (_, DataType::Integer) => range(plain.map(f64::floor, f64::ceil)),
        (_, DataType::Decimal { scale, .. }) => {
            let unit = 10_f64.powi(-i32::from(scale));
            range(plain.map(|low| low - unit, |high| high + unit))
        }
        (_, DataType::Boolean) => range(Interval::new(0.0, 1.0).or_null(true)),
        _ => range(plain),
    }
}
