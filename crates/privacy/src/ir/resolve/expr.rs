//! Type, label and lineage of an expression.

use std::collections::BTreeSet;

use super::super::{
    AggregateFunction, ArithmeticOp, ColumnInfo, CompareOp, EntityRef, Expr, Function, Label, Literal,
    Refusal, Rule, Source, Stage,
};
use super::form::{Form, check_safe, lossless};
use super::{Flow, Mark, Rigour};
use crate::DataType;

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) struct ExprInfo {
    pub(super) data_type: DataType,
    pub(super) label: Label,
    pub(super) lineage: BTreeSet<EntityRef>,
    pub(super) conditional: bool,
    /// A source column unchanged: the only form of identifier that may be compared.
    pub(super) pure: bool,
    /// How it is computed.
    pub(super) mark: Mark,
    /// Names no column.
    pub(super) constant: bool,
    /// A column concerned, for refusals.
    pub(super) column: Option<String>,
    pub(super) stage: Stage,
    pub(super) sources: BTreeSet<Source>,
    pub(super) parameters: BTreeSet<String>,
}

impl ExprInfo {
    pub(super) fn into_column(self, name: &str) -> ColumnInfo {
        ColumnInfo {
            name: name.to_owned(),
            data_type: self.data_type,
            label: self.label,
            lineage: self.lineage,
            conditional: self.conditional,
            stage: self.stage,
            sources: self.sources,
            parameters: self.parameters,
        }
    }

    fn constant(data_type: DataType) -> Self {
        Self {
            data_type,
            label: Label::Public,
            lineage: BTreeSet::new(),
            conditional: false,
            pure: false,
            mark: Mark::OTHER,
            constant: true,
            column: None,
            stage: Stage::Public,
            sources: BTreeSet::new(),
            parameters: BTreeSet::new(),
        }
    }

    fn refuse(&self, rule: Rule) -> Refusal {
        Refusal { rule, column: self.column.clone() }
    }
}

/// Infers an expression over the columns of `flow`.
pub(super) fn infer(expr: &Expr, flow: &Flow, rigour: Rigour, depth: usize) -> Result<ExprInfo, Refusal> {
    let depth = depth.checked_sub(1).ok_or(Refusal::bare(Rule::TooDeep))?;
    let children = operands(expr)
        .into_iter()
        .map(|child| infer(child, flow, rigour, depth))
        .collect::<Result<Vec<_>, _>>()?;
    untouched(expr, &children, rigour)?;
    check_safe(expr, &children)?;
    let mut info = node(expr, &children, flow, rigour)?;
    if !matches!(expr, Expr::Column { .. }) {
        info.mark = Mark::of(expr, info.data_type, &children);
    }
    Ok(info)
}

/// Nothing is computed from an identifier: whatever keeps part of it could be asked for piece by piece.
fn untouched(expr: &Expr, children: &[ExprInfo], rigour: Rigour) -> Result<(), Refusal> {
    let allowed = match expr {
        // These have rules of their own.
        Expr::Compare { .. } | Expr::InList { .. } | Expr::Between { .. } | Expr::Like { .. } => true,
        Expr::IsNull { .. } | Expr::Logic { .. } | Expr::Not { .. } => true,
        Expr::Call { function: Function::StartsWith, .. } => true,
        Expr::Cast { to, .. } => children.iter().all(|child| child.data_type == *to),
        _ => false,
    };
    let identifier = |child: &&ExprInfo| child.label == Label::Identifier;
    match children.iter().find(identifier).filter(|_| rigour.is_strict() && !allowed) {
        Some(child) => Err(child.refuse(Rule::IdentifierExpression)),
        None => Ok(()),
    }
}

fn node(expr: &Expr, children: &[ExprInfo], flow: &Flow, rigour: Rigour) -> Result<ExprInfo, Refusal> {
    let refuse = |rule| Refusal { rule, column: children.iter().find_map(|child| child.column.clone()) };
    let condition = || conditional(combine(DataType::Boolean, children));
    Ok(match expr {
        Expr::Column { name } => column(name, flow)?,
        Expr::Literal { value } => ExprInfo::constant(literal_type(value)?),
        Expr::Parameter { name, data_type } => {
            let mut info = ExprInfo::constant(*data_type);
            info.parameters.insert(name.clone());
            info
        }
        Expr::Compare { op, .. } => {
            let [left, right] = children else { return Err(refuse(Rule::BadArguments)) };
            comparable(left, right, rigour)?;
            if !matches!(op, CompareOp::Eq | CompareOp::NotEq | CompareOp::Distinct | CompareOp::NotDistinct)
            {
                no_identifier(children, rigour)?;
            }
            condition()
        }
        Expr::Logic { args, .. } => {
            if args.len() < 2 {
                return Err(refuse(Rule::BadArguments));
            }
            all_boolean(children)?;
            condition()
        }
        Expr::Not { .. } => {
            all_boolean(children)?;
            condition()
        }
        Expr::Arithmetic { op, right, .. } => arithmetic(*op, right, children)?,
        Expr::Negate { .. } => {
            let data_type = first(children)?.data_type;
            if !data_type.is_numeric() {
                return Err(refuse(Rule::TypeMismatch));
            }
            combine(data_type, children)
        }
        Expr::Call { function, .. } => call(*function, children, rigour)?,
        Expr::Case { branches, otherwise } => case(branches.len(), otherwise.is_some(), children)?,
        Expr::Cast { to, .. } => cast(first(children)?, *to)?,
        Expr::InList { .. } | Expr::Between { .. } => {
            let (input, rest) = children.split_first().ok_or(Refusal::bare(Rule::BadArguments))?;
            if rest.is_empty() {
                return Err(refuse(Rule::BadArguments));
            }
            for candidate in rest {
                comparable(input, candidate, rigour)?;
            }
            if matches!(expr, Expr::Between { .. }) {
                no_identifier(children, rigour)?;
            }
            condition()
        }
        Expr::Like { .. } => {
            let input = first(children)?;
            if input.data_type != DataType::Text {
                return Err(refuse(Rule::TypeMismatch));
            }
            no_identifier(children, rigour)?;
            condition()
        }
        Expr::IsNull { .. } => {
            let mut info = condition();
            info.label = info.label.min(Label::Quasi);
            info
        }
    })
}

/// The children that have a type of their own; an interval beside a date has none.
fn operands(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Arithmetic { left, right, .. } if interval(right) => vec![left],
        _ => expr.children(),
    }
}

const fn interval(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal { value: Literal::Interval { .. } })
}

fn first(children: &[ExprInfo]) -> Result<&ExprInfo, Refusal> {
    children.first().ok_or(Refusal::bare(Rule::BadArguments))
}

fn column(name: &str, flow: &Flow) -> Result<ExprInfo, Refusal> {
    let info = flow.schema.column(name).ok_or_else(|| Refusal::new(Rule::UnknownColumn, name))?;
    Ok(ExprInfo {
        data_type: info.data_type,
        label: info.label,
        lineage: info.lineage.clone(),
        conditional: info.conditional,
        pure: flow.origins.contains_key(name),
        mark: flow.marks.get(name).copied().unwrap_or(Mark::OTHER),
        constant: false,
        column: Some(name.to_owned()),
        stage: info.stage,
        sources: info.sources.clone(),
        parameters: info.parameters.clone(),
    })
}

fn literal_type(value: &Literal) -> Result<DataType, Refusal> {
    Ok(match value {
        Literal::Null(data_type) => *data_type,
        Literal::Text(_) => DataType::Text,
        Literal::Integer(_) => DataType::Integer,
        Literal::Decimal { scale, .. } if (0..=18).contains(scale) => {
            DataType::Decimal { precision: 19, scale: *scale }
        }
        Literal::Float(value) if value.is_finite() => DataType::Float,
        Literal::Boolean(_) => DataType::Boolean,
        Literal::Date(_) => DataType::Date,
        Literal::Timestamp(_) => DataType::Timestamp,
        Literal::Decimal { .. } | Literal::Float(_) | Literal::Interval { .. } => {
            return Err(Refusal::bare(Rule::TypeMismatch));
        }
    })
}

fn combine(data_type: DataType, children: &[ExprInfo]) -> ExprInfo {
    let mut info = ExprInfo::constant(data_type);
    for child in children {
        info.label = info.label.max(child.label);
        info.lineage.extend(child.lineage.iter().cloned());
        info.sources.extend(child.sources.iter().cloned());
        info.parameters.extend(child.parameters.iter().cloned());
        info.stage = info.stage.with(child.stage);
        info.conditional |= child.conditional;
        info.constant &= child.constant;
        // The most protected column is the one to name in a refusal.
        if info.column.is_none() || child.label == info.label {
            info.column = child.column.clone().or(info.column);
        }
    }
    info
}

/// Marks an expression that distinguishes values: harmless only over public columns.
fn conditional(mut info: ExprInfo) -> ExprInfo {
    info.conditional |= info.label > Label::Public;
    info
}

fn all_boolean(children: &[ExprInfo]) -> Result<(), Refusal> {
    match children.iter().find(|child| child.data_type != DataType::Boolean) {
        Some(child) => Err(child.refuse(Rule::TypeMismatch)),
        None => Ok(()),
    }
}

fn no_identifier(children: &[ExprInfo], rigour: Rigour) -> Result<(), Refusal> {
    match children.iter().find(|child| rigour.is_strict() && child.label == Label::Identifier) {
        Some(child) => Err(child.refuse(Rule::SinglingOut)),
        None => Ok(()),
    }
}

/// May these two be compared? Identifiers only with identifiers, both unchanged from their source.
pub(super) fn comparable(left: &ExprInfo, right: &ExprInfo, rigour: Rigour) -> Result<(), Refusal> {
    let temporal = |data_type| matches!(data_type, DataType::Date | DataType::Timestamp);
    let fits = left.data_type == right.data_type
        || left.data_type.is_numeric() && right.data_type.is_numeric()
        || temporal(left.data_type) && temporal(right.data_type);
    if !fits {
        return Err(left.refuse(Rule::TypeMismatch));
    }
    if !rigour.is_strict() {
        return Ok(());
    }
    for (this, other) in [(left, right), (right, left)] {
        if this.label == Label::Identifier && !(this.pure && other.pure && other.label == Label::Identifier) {
            return Err(this.refuse(Rule::SinglingOut));
        }
    }
    Ok(())
}

fn arithmetic(op: ArithmeticOp, right: &Expr, children: &[ExprInfo]) -> Result<ExprInfo, Refusal> {
    let refuse =
        || Refusal { rule: Rule::TypeMismatch, column: children.iter().find_map(|c| c.column.clone()) };
    let additive = matches!(op, ArithmeticOp::Add | ArithmeticOp::Subtract);
    let (left, other) = match children {
        [left] if interval(right) => {
            let fits = additive && matches!(left.data_type, DataType::Date | DataType::Timestamp);
            return if fits { Ok(combine(left.data_type, children)) } else { Err(refuse()) };
        }
        [left, other] => (left, other),
        _ => return Err(refuse()),
    };
    if op == ArithmeticOp::Subtract && (left.data_type, other.data_type) == (DataType::Date, DataType::Date) {
        return Ok(combine(DataType::Integer, children));
    }
    let data_type = numeric_result(left.data_type, other.data_type).ok_or_else(refuse)?;
    let info = combine(data_type, children);
    // A quotient with a variable below, or a remainder, can be shaped into an indicator of one value.
    let shapes = op == ArithmeticOp::Modulo || op == ArithmeticOp::Divide && !other.constant;
    Ok(if shapes { conditional(info) } else { info })
}

/// Type of a sum, difference, product or quotient. Decimals are computed as floats: their own arithmetic fails where a
/// value does not fit.
fn numeric_result(left: DataType, right: DataType) -> Option<DataType> {
    match (left, right) {
        (DataType::Integer, DataType::Integer) => Some(DataType::Integer),
        _ if left.is_numeric() && right.is_numeric() => Some(DataType::Float),
        _ => None,
    }
}

/// The type that holds numbers of both types.
fn wider(left: DataType, right: DataType) -> Option<DataType> {
    use DataType::{Decimal, Float, Integer};
    Some(match (left, right) {
        (Float, other) | (other, Float) if other.is_numeric() => Float,
        (Integer, Integer) => Integer,
        (Decimal { scale: a, .. }, Decimal { scale: b, .. }) => Decimal { precision: 38, scale: a.max(b) },
        (Decimal { scale, .. }, Integer) | (Integer, Decimal { scale, .. }) => {
            Decimal { precision: 38, scale }
        }
        _ => return None,
    })
}

fn cast(input: &ExprInfo, to: DataType) -> Result<ExprInfo, Refusal> {
    let temporal = |data_type| matches!(data_type, DataType::Date | DataType::Timestamp);
    let from = input.data_type;
    let fits = from == to
        || from == DataType::Text
        || to == DataType::Text
        || from.is_numeric() && to.is_numeric()
        || temporal(from) && temporal(to)
        || (from, to) == (DataType::Boolean, DataType::Integer)
        || (from, to) == (DataType::Integer, DataType::Boolean);
    if !fits {
        return Err(input.refuse(Rule::TypeMismatch));
    }
    // What is rounded, or null where it does not fit, can be shaped into an indicator of one value.
    let keeps = lossless(from, to) || to == DataType::Text;
    let mut info = combine(to, std::slice::from_ref(input));
    info.pure = input.pure && from == to;
    Ok(if keeps { info } else { conditional(info) })
}

fn case(branches: usize, has_otherwise: bool, children: &[ExprInfo]) -> Result<ExprInfo, Refusal> {
    if branches == 0 {
        return Err(Refusal::bare(Rule::BadArguments));
    }
    let conditions: Vec<_> = children.iter().take(branches * 2).step_by(2).cloned().collect();
    all_boolean(&conditions)?;
    let mut values = children.iter().take(branches * 2).skip(1).step_by(2).collect::<Vec<_>>();
    if has_otherwise {
        values.extend(children.last());
    }
    let data_type = same_type(&values)?;
    Ok(conditional(combine(data_type, children)))
}

/// The common type of some values: equal, or the widest number.
fn same_type(values: &[&ExprInfo]) -> Result<DataType, Refusal> {
    let mut types = values.iter().map(|value| value.data_type);
    let first = types.next().ok_or(Refusal::bare(Rule::BadArguments))?;
    types.try_fold(first, |a, b| if a == b { Some(a) } else { wider(a, b) }).ok_or_else(|| Refusal {
        rule: Rule::TypeMismatch,
        column: values.iter().find_map(|value| value.column.clone()),
    })
}

fn call(function: Function, children: &[ExprInfo], rigour: Rigour) -> Result<ExprInfo, Refusal> {
    use DataType::{Boolean, Date, Float, Integer, Text, Timestamp};
    let refuse = |rule| Refusal { rule, column: children.iter().find_map(|child| child.column.clone()) };
    let types: Vec<DataType> = children.iter().map(|child| child.data_type).collect();
    let number = |data_type: &DataType| data_type.is_numeric();
    let data_type = match (function, types.as_slice()) {
        // Computed as floats: on whole numbers and decimals these can overflow.
        (Function::Abs | Function::Floor | Function::Ceil | Function::Round, [of]) if number(of) => Float,
        (Function::Round, [of, Integer]) if number(of) => Float,
        (Function::Lower | Function::Upper | Function::Trim, [Text])
        | (Function::Left | Function::Right | Function::Substring, [Text, Integer])
        | (Function::Substring, [Text, Integer, Integer])
        | (Function::Replace, [Text, Text, Text]) => Text,
        (Function::Concat, all) if !all.is_empty() && all.iter().all(|of| *of == Text) => Text,
        (Function::CharacterLength, [Text]) => Integer,
        (Function::StartsWith, [Text, Text]) => Boolean,
        (Function::Coalesce | Function::Greatest | Function::Least, [_, ..]) => {
            same_type(&children.iter().collect::<Vec<_>>())?
        }
        (Function::NullIf, [of, _]) => *of,
        (Function::DateTrunc, [Text, of @ (Date | Timestamp)]) => *of,
        (Function::DatePart, [Text, Date | Timestamp]) => Integer,
        _ => return Err(refuse(Rule::BadArguments)),
    };
    let info = combine(data_type, children);
    Ok(match function {
        Function::StartsWith => {
            no_identifier(children, rigour)?;
            conditional(info)
        }
        Function::NullIf => {
            if let [left, right] = children {
                comparable(left, right, rigour)?;
            }
            conditional(info)
        }
        // Rounding and extremes can be shaped into an indicator of one value.
        Function::Abs
        | Function::Floor
        | Function::Ceil
        | Function::Round
        | Function::Greatest
        | Function::Least
        | Function::Replace => conditional(info),
        _ => info,
    })
}

/// Type of an aggregate; `None` if it has no meaning.
pub(super) fn aggregate_type(function: AggregateFunction, argument: DataType) -> Option<DataType> {
    use AggregateFunction::{Avg, Count, CountDistinct, Max, Median, Min, Stddev, Sum, Variance};
    match function {
        Count | CountDistinct => Some(DataType::Integer),
        Min | Max => Some(argument),
        Sum | Avg | Stddev | Variance | Median if !argument.is_numeric() => None,
        Sum => Some(match argument {
            DataType::Decimal { scale, .. } => DataType::Decimal { precision: 38, scale },
            other => other,
        }),
        Avg | Stddev | Variance => Some(DataType::Float),
        Median => Some(argument),
    }
}

/// May this be released, or kept of an entity by an inner aggregate?
pub(super) fn releasable(function: AggregateFunction, argument: &ExprInfo) -> Result<(), Rule> {
    use AggregateFunction::{Avg, Count, CountDistinct, Sum};
    let counts = matches!(function, Count | CountDistinct);
    match argument.label {
        Label::Public => Ok(()),
        Label::Identifier if !counts => Err(Rule::RawAggregate),
        _ if !counts && !matches!(function, Sum | Avg) => Err(Rule::RawAggregate),
        Label::Sensitive if function == CountDistinct => Err(Rule::DistinctValues),
        _ if argument.conditional => Err(Rule::ConditionalAggregate),
        _ if counts && argument.mark.form != Form::Terms(1) => Err(Rule::NonlinearAggregate),
        _ if argument.mark.form == Form::Other => Err(Rule::NonlinearAggregate),
        _ => Ok(()),
    }
}

/// The same where noise is added: identifiers are counted only, everything else is up to the proof of its bounds.
pub(super) fn countable(function: AggregateFunction, argument: &ExprInfo) -> Result<(), Rule> {
    let counts = matches!(function, AggregateFunction::Count | AggregateFunction::CountDistinct);
    if argument.label == Label::Identifier && !counts { Err(Rule::RawAggregate) } else { Ok(()) }
}

/// Label of an aggregate below the releasing one, where a group may be a single entity.
pub(super) fn aggregated_label(function: AggregateFunction, argument: Label) -> Label {
    match function {
        AggregateFunction::Count | AggregateFunction::CountDistinct => Label::Quasi,
        _ => argument,
    }
}
