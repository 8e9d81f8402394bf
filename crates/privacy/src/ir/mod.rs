//! The small relational language in which a query must be expressed before it may touch data.
//!
//! An engine's resolved plan is translated into a [`Rel`]. What reads a `Rel`:
//! - [`resolve()`] computes types, labels, stages and lineage of every column, and refuses malformed trees, unknown and
//!   unclassified columns. It is enough for the dev zone, where the data are twins.
//! - [`check()`] also demands that the query is *releasable*: an aggregate over declared entities.
//! - [`judge()`] decides by [`Mode`]: it adds the domains of parameters, and for statistics without a reviewer the proof of
//!   [`bounds()`], the rows of one entity, public group keys, sensitivities and the price. [`advise`] is the same with the
//!   [`nearest()`] query that would pass; [`explain()`] tells what is known of one that does.
//! - [`count_entities`] makes the queries for who stands behind every cell of a releasable query, and with how much, which
//!   [`crate::disclosure`] then judges.
//! - [`weighted`] finds numbers in which a join may count a value more than once.
//! - [`check_meetings`] bounds how many rows one entity meets in the joins, by what the stored tables hold.
//! - [`sql::write`] prints it; [`mod@reference`] evaluates it, slowly, to be compared with the real engine.
//!
//! What providers declare ([`Declared`], [`Rows`]) and reviewers approve ([`Domain`]) is the ground of every proof:
//! missing means unusable.
//!
//! # Names
//! Columns are referred to by name, never by position. A [`Rel::Scan`] yields `alias.column`; every other node
//! yields the names it states. In any node's output names are unique; the sides of a join must not share a name.
//! Names that begin with `__` are reserved for the rewrite.
//!
//! # What the engine's words become here
//! - `SELECT DISTINCT` → [`Rel::Aggregate`] without aggregates; `HAVING` → [`Rel::Filter`] above the aggregate, which
//!   is refused above the releasing one.
//! - right join → left join with sides swapped; cross join → inner join with empty `on`; `EXISTS`/`IN (SELECT …)` →
//!   [`JoinKind::Semi`] / [`JoinKind::Anti`]; a subquery alias → nothing, or a `Project` that renames.
//! - `count(*)` → [`AggregateFunction::Count`] without argument; `FILTER (WHERE …)`, window functions, table
//!   functions, user-defined functions, correlated scalar subqueries, full joins → no form here: refuse.

mod bounds;
mod check;
mod computed;
mod declare;
mod digest;
mod explain;
mod facts;
mod judge;
mod lattice;
mod left_out;
mod linear;
mod looked_at;
mod meetings;
mod nearest;
mod population;
pub mod reference;
mod refusal;
mod relax;
mod resolve;
mod rewrite;
mod sources;
pub mod sql;
mod stage;
mod terms;
#[cfg(test)]
mod tests;
mod text_work;
mod walk;
mod weights;
mod why;

use serde::{Deserialize, Serialize};

pub use bounds::{Interval, Unbounded, bounds};
pub use check::{Checked, EntityNeed, check, reads};
pub use computed::Computed;
pub use declare::{
    Bounds, CODES_MAX, Code, Declared, Domain, Groups, LOOKUP_VALUES_MAX, Nulls, Parameters, Rows,
};
pub use digest::digest;
pub use explain::{Explanation, Operation, Output, Relation, explain};
pub use judge::{Judged, Mode, Number, NumberKind, Reach, Terms, judge, judge_counted, reaches};
pub use lattice::{
    ColumnInfo, ColumnPolicy, Entity, EntityRef, Label, Policy, ResourcePolicy, Schema, Source,
};
pub use left_out::Mark;
pub use linear::{Term, linear_forms};
pub use meetings::{Alike, MEETINGS_MAX, Met, Most, ROW_CHARACTERS, alike, check_meetings};
pub use nearest::{Advice, Change, ChangeKind, Nearest, advise, nearest};
pub use population::{Widest, population_rows, widest};
pub use refusal::{Refusal, Rule};
pub use resolve::resolve;
pub use rewrite::{
    Contribution, ContributionKind, ContributorQuery, Counted, LookedAt, PopulationQuery, contributor,
    count_entities,
};
pub use sources::{Measured, counted_values, measured};
pub use stage::{Stage, Step};
pub use terms::{TERM_MAX, terms};
pub use walk::pruned;
pub use weights::{join_keys, weighted};

use crate::DataType;

/// Nesting allowed in one query, relations and expressions together. Deeper trees are refused with
/// [`Rule::TooDeep`].
pub const DEPTH_MAX: usize = 64;

/// A relation: rows with named, typed columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rel", rename_all = "snake_case")]
pub enum Rel {
    /// The rows of one resource. Yields `alias.column` for every listed column.
    Scan {
        /// The resource: key into [`Policy::resources`].
        resource: String,
        /// Unique in the query; `t0`, `t1`, … is enough.
        alias: String,
        /// Source columns read, without the alias.
        columns: Vec<String>,
    },
    /// The rows for which the predicate is true.
    Filter {
        /// Where rows come from.
        input: Box<Rel>,
        /// Of type boolean.
        predicate: Expr,
    },
    /// New columns computed from old ones; only the listed columns survive.
    Project {
        /// Where rows come from.
        input: Box<Rel>,
        /// The columns.
        columns: Vec<Named>,
    },
    /// Pairs of rows with equal keys. Yields the columns of the left, then (inner and left) of the right.
    Join {
        /// Which pairs.
        kind: JoinKind,
        /// Left side.
        left: Box<Rel>,
        /// Right side.
        right: Box<Rel>,
        /// Equal keys: (expression over left, expression over right).
        on: Vec<(Expr, Expr)>,
        /// Do two nulls count as equal keys? SQL's `=` says no; `IS NOT DISTINCT FROM` says yes.
        #[serde(default)]
        nulls_equal: bool,
        /// Further condition over the columns of both sides.
        #[serde(default)]
        filter: Option<Expr>,
    },
    /// One row a group.
    Aggregate {
        /// Where rows come from.
        input: Box<Rel>,
        /// Group keys; none means one group of all rows.
        group: Vec<Named>,
        /// Aggregates.
        aggregates: Vec<NamedAggregate>,
    },
    /// The same rows in order.
    Sort {
        /// Where rows come from.
        input: Box<Rel>,
        /// Keys, most significant first.
        keys: Vec<SortKey>,
    },
    /// Some of the rows.
    Limit {
        /// Where rows come from.
        input: Box<Rel>,
        /// Rows to leave out first.
        skip: u64,
        /// Rows to keep; all if absent.
        fetch: Option<u64>,
    },
    /// The rows of all inputs, duplicates kept. Columns match by position; names are the first input's.
    Union {
        /// At least one.
        inputs: Vec<Rel>,
    },
}

/// Which pairs a join yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinKind {
    /// Matching pairs. With no keys: all pairs.
    Inner,
    /// Matching pairs, and left rows without a match with nulls on the right.
    Left,
    /// Left rows that have a match. Yields left columns only.
    Semi,
    /// Left rows that have no match. Yields left columns only.
    Anti,
}

/// An expression with the name of the column it makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Name of the column in the output.
    pub name: String,
    /// Its value.
    pub expr: Expr,
}

/// An aggregate with the name of the column it makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NamedAggregate {
    /// Name of the column in the output.
    pub name: String,
    /// What is computed.
    pub function: AggregateFunction,
    /// Over what; absent only for `count(*)`.
    pub argument: Option<Expr>,
}

/// The aggregate functions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateFunction {
    /// Rows, or values that are not null. Integer.
    Count,
    /// Distinct values that are not null. Integer.
    CountDistinct,
    /// Sum. Integer, decimal(38, scale) or float.
    Sum,
    /// Mean. Float, or decimal for decimals.
    Avg,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Sample standard deviation. Float.
    Stddev,
    /// Sample variance. Float.
    Variance,
    /// Median. Float, or the argument's type.
    Median,
}

/// One key of a sort.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SortKey {
    /// What to order by.
    pub expr: Expr,
    /// Largest first?
    pub descending: bool,
    /// Nulls before everything else?
    pub nulls_first: bool,
}

/// A scalar expression over the columns of a node's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "expr", rename_all = "snake_case")]
pub enum Expr {
    /// A column of the input, by its full output name (`alias.column` above a scan).
    Column {
        /// The name.
        name: String,
    },
    /// A constant.
    Literal {
        /// Its value.
        value: Literal,
    },
    /// A typed parameter of the run order, unknown until the run.
    Parameter {
        /// Its declared name.
        name: String,
        /// Its declared type.
        data_type: DataType,
    },
    /// Comparison of two values.
    Compare {
        /// How.
        op: CompareOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// All of (`and`) or any of (`or`) some conditions, at least two.
    Logic {
        /// And, or.
        op: LogicOp,
        /// The conditions.
        args: Vec<Expr>,
    },
    /// Negation of a condition.
    Not {
        /// The condition.
        input: Box<Expr>,
    },
    /// Arithmetic.
    Arithmetic {
        /// How.
        op: ArithmeticOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// Minus.
    Negate {
        /// The number.
        input: Box<Expr>,
    },
    /// An allow-listed function.
    Call {
        /// Which.
        function: Function,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// First branch whose condition is true. `CASE x WHEN y` is written as `CASE WHEN x = y`.
    Case {
        /// (condition, value), at least one.
        branches: Vec<(Expr, Expr)>,
        /// Value if no condition is true; null if absent.
        otherwise: Option<Box<Expr>>,
    },
    /// Change of type; null where a value does not fit, since a run that fails would tell of the value.
    Cast {
        /// What.
        input: Box<Expr>,
        /// To which type.
        to: DataType,
    },
    /// Is the value among these?
    InList {
        /// The value.
        input: Box<Expr>,
        /// Candidates, at least one.
        list: Vec<Expr>,
        /// `NOT IN`?
        negated: bool,
    },
    /// Is the value within bounds, both included?
    Between {
        /// The value.
        input: Box<Expr>,
        /// Lower bound.
        low: Box<Expr>,
        /// Upper bound.
        high: Box<Expr>,
        /// `NOT BETWEEN`?
        negated: bool,
    },
    /// Does the text match a pattern with `%` and `_` (escape `\`)?
    Like {
        /// The text.
        input: Box<Expr>,
        /// The pattern, always constant.
        pattern: String,
        /// `NOT LIKE`?
        negated: bool,
        /// Without regard to case?
        ignore_case: bool,
    },
    /// Is the value null?
    IsNull {
        /// The value.
        input: Box<Expr>,
        /// `IS NOT NULL`?
        negated: bool,
    },
}

impl Expr {
    /// A column by name.
    #[must_use]
    pub fn column(name: impl Into<String>) -> Self {
        Self::Column { name: name.into() }
    }

    /// A constant.
    #[must_use]
    pub const fn literal(value: Literal) -> Self {
        Self::Literal { value }
    }

    /// The expressions directly below this one, in order.
    #[must_use]
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Column { .. } | Self::Literal { .. } | Self::Parameter { .. } => Vec::new(),
            Self::Compare { left, right, .. } | Self::Arithmetic { left, right, .. } => vec![left, right],
            Self::Logic { args, .. } | Self::Call { args, .. } => args.iter().collect(),
            Self::Not { input }
            | Self::Negate { input }
            | Self::Cast { input, .. }
            | Self::Like { input, .. }
            | Self::IsNull { input, .. } => vec![input],
            Self::Case { branches, otherwise } => branches
                .iter()
                .flat_map(|(condition, value)| [condition, value])
                .chain(otherwise.as_deref())
                .collect(),
            Self::InList { input, list, .. } => std::iter::once(&**input).chain(list).collect(),
            Self::Between { input, low, high, .. } => vec![input, low, high],
        }
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Literal {
    /// Null of a type.
    Null(DataType),
    /// Text.
    Text(String),
    /// Integer.
    Integer(i64),
    /// Decimal `unscaled × 10^-scale`.
    Decimal {
        /// All digits.
        unscaled: i64,
        /// Digits after the point.
        scale: i8,
    },
    /// Finite double.
    Float(f64),
    /// Truth value.
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since 1970-01-01 UTC.
    Timestamp(i64),
    /// A span to add to or subtract from a date or timestamp.
    Interval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
    },
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `<>`
    NotEq,
    /// `<`
    Less,
    /// `<=`
    LessEq,
    /// `>`
    Greater,
    /// `>=`
    GreaterEq,
    /// `IS DISTINCT FROM`
    Distinct,
    /// `IS NOT DISTINCT FROM`
    NotDistinct,
}

/// And, or.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogicOp {
    /// All.
    And,
    /// Any.
    Or,
}

/// Arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// The scalar functions there are. An engine's function with another name has no form here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `abs(number)`
    Abs,
    /// `round(number)`, `round(number, digits)`
    Round,
    /// `floor(number)`
    Floor,
    /// `ceil(number)`
    Ceil,
    /// `lower(text)`
    Lower,
    /// `upper(text)`
    Upper,
    /// `trim(text)`
    Trim,
    /// `character_length(text)`
    CharacterLength,
    /// `substring(text, from, length)`, from 1
    Substring,
    /// `left(text, n)`
    Left,
    /// `right(text, n)`
    Right,
    /// `concat(text, …)`, nulls skipped
    Concat,
    /// `replace(text, from, to)`
    Replace,
    /// `starts_with(text, prefix)`
    StartsWith,
    /// `coalesce(value, …)`
    Coalesce,
    /// `nullif(value, value)`
    NullIf,
    /// `greatest(value, …)`
    Greatest,
    /// `least(value, …)`
    Least,
    /// `date_trunc(unit literal, date or timestamp)`
    DateTrunc,
    /// `date_part(unit literal, date or timestamp)`; `EXTRACT` too. Integer.
    DatePart,
}
