//! A query taken apart: which rows of which tables reach a place in it, and what branches there.

use std::collections::BTreeMap;

use super::Place;
use crate::DataType;
use crate::ir::{CompareOp, DEPTH_MAX, Expr, JoinKind, Literal, LogicOp, Named, Rel};

/// Limit: ways through unions and outer joins.
const CONTEXTS_MAX: usize = 32;
/// Limit: branches of one query.
pub(super) const GOALS_MAX: usize = 1_000;

/// What must hold of one row of each of some tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// (alias, table).
    pub(super) scans: Vec<(String, String)>,
    /// Conditions over `alias.column` that must hold.
    pub(super) conditions: Vec<(Expr, Wanted)>,
    /// Lists of keys of which nobody else may have the like.
    pub(super) alone: Vec<Vec<Expr>>,
    /// What the output columns are made of; `None` if of many rows.
    columns: BTreeMap<String, Option<Expr>>,
}

/// What a condition shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    True,
    False,
    /// False or null: what a `CASE` passes over.
    NotTrue,
}

/// A branch to be reached.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    pub(super) place: Place,
    /// `None` if it hangs on what no single row decides.
    pub(super) context: Option<Context>,
}

/// Takes queries apart.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) goals: Vec<Goal>,
    /// Something was left out for a limit.
    pub(super) cut: bool,
    nodes: BTreeMap<&'static str, u32>,
}

impl Walk {
    pub(super) fn rel(&mut self, rel: &Rel, depth: usize) -> Vec<Context> {
        let Some(depth) = depth.checked_sub(1) else {
            self.cut = true;
            return Vec::new();
        };
        let mut contexts = match rel {
            Rel::Scan { resource, alias, columns } => {
                let name = |column: &String| format!("{alias}.{column}");
                let columns = columns.iter().map(|c| (name(c), Some(Expr::column(name(c))))).collect();
                let scans = vec![(alias.clone(), resource.clone())];
                vec![Context { scans, columns, ..Context::default() }]
            }
            Rel::Filter { input, predicate } => {
                let inputs = self.rel(input, depth);
                let node = self.node("filter");
                inputs.into_iter().map(|context| self.filter(context, predicate, &node)).collect()
            }
            Rel::Project { input, columns } => {
                let inputs = self.rel(input, depth);
                let node = self.node("project");
                inputs.into_iter().map(|context| self.project(context, columns, &node)).collect()
            }
            Rel::Join { kind, left, right, on, nulls_equal, filter } => {
                let (left, right) = (self.rel(left, depth), self.rel(right, depth));
                let node = self.node("join");
                let join = Join { kind: *kind, on, nulls_equal: *nulls_equal, filter: filter.as_ref() };
                self.join(&left, &right, &join, &node)
            }
            Rel::Aggregate { input, group, aggregates } => {
                let inputs = self.rel(input, depth);
                let node = self.node("aggregate");
                let mut out = Vec::new();
                for context in inputs {
                    for argument in aggregates.iter().filter_map(|aggregate| aggregate.argument.as_ref()) {
                        self.inside(&context, argument, &node);
                    }
                    let mut grouped = self.project(context, group, &node);
                    grouped.columns.extend(aggregates.iter().map(|aggregate| (aggregate.name.clone(), None)));
                    out.push(grouped);
                }
                out
            }
            Rel::Sort { input, keys } => {
                let inputs = self.rel(input, depth);
                let node = self.node("sort");
                for (context, key) in inputs.iter().flat_map(|c| keys.iter().map(move |key| (c, key))) {
                    self.inside(context, &key.expr, &node);
                }
                inputs
            }
            Rel::Limit { input, .. } => self.rel(input, depth),
            Rel::Union { inputs } => self.union(inputs, depth),
        };
        self.cut |= contexts.len() > CONTEXTS_MAX;
        contexts.truncate(CONTEXTS_MAX);
        contexts
    }

    fn node(&mut self, kind: &'static str) -> String {
        let count = self.nodes.entry(kind).or_default();
        *count += 1;
        format!("{kind} {count}")
    }

    fn goal(&mut self, node: &str, branch: String, context: Option<Context>) {
        if self.goals.len() >= GOALS_MAX {
            self.cut = true;
            return;
        }
        self.goals.push(Goal { place: Place { node: node.to_owned(), branch }, context });
    }

    fn union(&mut self, inputs: &[Rel], depth: usize) -> Vec<Context> {
        let mut names: Option<Vec<String>> = None;
        let mut out = Vec::new();
        for input in inputs {
            // Columns match by position, in the order in which the node states them.
            let own = order_of(input);
            let names = names.get_or_insert_with(|| own.clone());
            for mut context in self.rel(input, depth) {
                let columns = std::mem::take(&mut context.columns);
                let by_place = names.iter().zip(&own);
                let column = |own: &String| columns.get(own).cloned().flatten();
                context.columns = by_place.map(|(name, own)| (name.clone(), column(own))).collect();
                out.push(context);
            }
        }
        out
    }

    fn filter(&mut self, context: Context, predicate: &Expr, node: &str) -> Context {
        self.inside(&context, predicate, node);
        let Some(whole) = substitute(predicate, &context.columns) else {
            for is in ["true", "false"] {
                self.goal(node, format!("condition {is}"), None);
            }
            return context;
        };
        for (is, wanted) in [("true", Wanted::True), ("false", Wanted::False)] {
            self.goal(node, format!("condition {is}"), Some(context.with(whole.clone(), wanted)));
        }
        context.with(whole, Wanted::True)
    }

    fn project(&mut self, context: Context, columns: &[Named], node: &str) -> Context {
        for column in columns {
            self.inside(&context, &column.expr, node);
        }
        let of = |column: &Named| (column.name.clone(), substitute(&column.expr, &context.columns));
        let columns = columns.iter().map(of).collect();
        Context { columns, ..context }
    }

    /// Branches of the conditions inside an expression.
    fn inside(&mut self, context: &Context, expr: &Expr, node: &str) {
        let mut conditions = Vec::new();
        collect(expr, &mut conditions, DEPTH_MAX);
        for condition in conditions {
            for (branch, wanted) in branches(condition) {
                let goal = wanted.into_iter().try_fold(context.clone(), |goal, (expr, wanted)| {
                    Some(goal.with(substitute(&expr, &context.columns)?, wanted))
                });
                self.goal(node, branch, goal);
            }
        }
    }

    fn join(&mut self, left: &[Context], right: &[Context], join: &Join<'_>, node: &str) -> Vec<Context> {
        let mut out = Vec::new();
        for (l, r) in left.iter().flat_map(|l| right.iter().map(move |r| (l, r))).take(CONTEXTS_MAX) {
            let mut both = l.clone();
            both.scans.extend(r.scans.iter().cloned());
            both.conditions.extend(r.conditions.iter().cloned());
            both.alone.extend(r.alone.iter().cloned());
            both.columns.extend(r.columns.iter().map(|(name, expr)| (name.clone(), expr.clone())));
            let op = if join.nulls_equal { CompareOp::NotDistinct } else { CompareOp::Eq };
            let equal = |(a, b): &(Expr, Expr)| {
                let (left, right) = (substitute(a, &l.columns)?, substitute(b, &r.columns)?);
                Some(Expr::Compare { op, left: Box::new(left), right: Box::new(right) })
            };
            let matched = join.on.iter().map(equal).collect::<Option<Vec<_>>>().map(|equal| {
                equal.into_iter().fold(both.clone(), |context, equal| context.with(equal, Wanted::True))
            });
            let Some(mut matched) = matched else {
                self.goal(node, "match".into(), None);
                continue;
            };
            if let Some(filter) = join.filter {
                matched = self.filter(matched, filter, node);
            }
            self.goal(node, "match".into(), Some(matched.clone()));
            let alone = |of: &Context, keys: Vec<Option<Expr>>| {
                let keys = keys.into_iter().collect::<Option<Vec<_>>>()?;
                let mut of = of.clone();
                of.alone.push(keys);
                Some(of)
            };
            let lonely = alone(l, join.on.iter().map(|(key, _)| substitute(key, &l.columns)).collect());
            if !join.on.is_empty() {
                let right = alone(r, join.on.iter().map(|(_, key)| substitute(key, &r.columns)).collect());
                self.goal(node, "left without match".into(), lonely.clone());
                self.goal(node, "right without match".into(), right);
            }
            if matches!(join.kind, JoinKind::Semi) {
                matched.columns.clone_from(&l.columns);
            }
            if join.kind != JoinKind::Anti {
                out.push(matched);
            }
            if matches!(join.kind, JoinKind::Left | JoinKind::Anti)
                && let Some(mut lonely) = lonely
            {
                if join.kind == JoinKind::Left {
                    let null = || Some(Expr::literal(Literal::Null(DataType::Text)));
                    lonely.columns.extend(r.columns.keys().map(|name| (name.clone(), null())));
                }
                out.push(lonely);
            }
        }
        out
    }
}

struct Join<'a> {
    kind: JoinKind,
    on: &'a [(Expr, Expr)],
    nulls_equal: bool,
    filter: Option<&'a Expr>,
}

impl Context {
    fn with(&self, condition: Expr, wanted: Wanted) -> Self {
        let mut context = self.clone();
        context.conditions.push((condition, wanted));
        context
    }
}

/// Names of a node's columns in order, where it states them.
fn order_of(rel: &Rel) -> Vec<String> {
    match rel {
        Rel::Scan { alias, columns, .. } => columns.iter().map(|c| format!("{alias}.{c}")).collect(),
        Rel::Project { columns, .. } => columns.iter().map(|column| column.name.clone()).collect(),
        Rel::Aggregate { group, aggregates, .. } => {
            let group = group.iter().map(|column| column.name.clone());
            group.chain(aggregates.iter().map(|aggregate| aggregate.name.clone())).collect()
        }
        Rel::Join { kind, left, right, .. } => {
            let mut names = order_of(left);
            if matches!(kind, JoinKind::Inner | JoinKind::Left) {
                names.extend(order_of(right));
            }
            names
        }
        Rel::Filter { input, .. } | Rel::Sort { input, .. } | Rel::Limit { input, .. } => order_of(input),
        Rel::Union { inputs } => inputs.first().map(order_of).unwrap_or_default(),
    }
}

/// The conditions inside an expression that branch: comparisons and the like, and whole cases.
fn collect<'a>(expr: &'a Expr, into: &mut Vec<&'a Expr>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if matches!(
        expr,
        Expr::Compare { .. }
            | Expr::InList { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::IsNull { .. }
            | Expr::Case { .. }
            | Expr::Call { function: crate::ir::Function::StartsWith, .. }
    ) {
        into.push(expr);
    }
    expr.children().into_iter().for_each(|child| collect(child, into, depth));
}

type Branch = (String, Vec<(Expr, Wanted)>);

/// The branches of one condition.
fn branches(condition: &Expr) -> Vec<Branch> {
    let one = |name: String, expr: Expr, wanted| (name, vec![(expr, wanted)]);
    let compare = |op, left: &Expr, right: &Expr| Expr::Compare {
        op,
        left: Box::new(left.clone()),
        right: Box::new(right.clone()),
    };
    match condition {
        Expr::InList { input, list, .. } => {
            let items = list.iter().enumerate().map(|(place, item)| {
                one(format!("list item {}", place + 1), compare(CompareOp::Eq, input, item), Wanted::True)
            });
            let any = Expr::InList { input: input.clone(), list: list.clone(), negated: false };
            items.chain([one("no list item".into(), any, Wanted::False)]).collect()
        }
        Expr::Between { input, low, high, .. } => {
            let within =
                Expr::Between { input: input.clone(), low: low.clone(), high: high.clone(), negated: false };
            vec![
                one("between".into(), within, Wanted::True),
                one("below".into(), compare(CompareOp::Less, input, low), Wanted::True),
                one("above".into(), compare(CompareOp::Greater, input, high), Wanted::True),
            ]
        }
        Expr::Case { branches, .. } => {
            let mut before: Vec<(Expr, Wanted)> = Vec::new();
            let mut out = Vec::new();
            for (place, (when, _)) in branches.iter().enumerate() {
                let mut wanted = before.clone();
                wanted.push((when.clone(), Wanted::True));
                out.push((format!("case {}", place + 1), wanted));
                before.push((when.clone(), Wanted::NotTrue));
            }
            out.push(("case else".into(), before));
            out
        }
        other => vec![
            one("true".into(), other.clone(), Wanted::True),
            one("false".into(), other.clone(), Wanted::False),
        ],
    }
}

/// The same expression over columns of tables; `None` if it hangs on many rows at once.
fn substitute(expr: &Expr, columns: &BTreeMap<String, Option<Expr>>) -> Option<Expr> {
    let boxed = |expr: &Expr| substitute(expr, columns).map(Box::new);
    let all = |list: &[Expr]| list.iter().map(|expr| substitute(expr, columns)).collect::<Option<Vec<_>>>();
    Some(match expr {
        Expr::Column { name } => columns.get(name).cloned().flatten()?,
        Expr::Literal { .. } | Expr::Parameter { .. } => expr.clone(),
        Expr::Compare { op, left, right } => {
            Expr::Compare { op: *op, left: boxed(left)?, right: boxed(right)? }
        }
        Expr::Logic { op, args } => Expr::Logic { op: *op, args: all(args)? },
        Expr::Not { input } => Expr::Not { input: boxed(input)? },
        Expr::Arithmetic { op, left, right } => {
            Expr::Arithmetic { op: *op, left: boxed(left)?, right: boxed(right)? }
        }
        Expr::Negate { input } => Expr::Negate { input: boxed(input)? },
        Expr::Call { function, args } => Expr::Call { function: *function, args: all(args)? },
        Expr::Case { branches, otherwise } => {
            let branch =
                |(when, then): &(Expr, Expr)| Some((substitute(when, columns)?, substitute(then, columns)?));
            let otherwise = match otherwise {
                Some(value) => Some(boxed(value)?),
                None => None,
            };
            Expr::Case { branches: branches.iter().map(branch).collect::<Option<_>>()?, otherwise }
        }
        Expr::Cast { input, to } => Expr::Cast { input: boxed(input)?, to: *to },
        Expr::InList { input, list, negated } => {
            Expr::InList { input: boxed(input)?, list: all(list)?, negated: *negated }
        }
        Expr::Between { input, low, high, negated } => {
            Expr::Between { input: boxed(input)?, low: boxed(low)?, high: boxed(high)?, negated: *negated }
        }
        Expr::Like { input, pattern, negated, ignore_case } => Expr::Like {
            input: boxed(input)?,
            pattern: pattern.clone(),
            negated: *negated,
            ignore_case: *ignore_case,
        },
        Expr::IsNull { input, negated } => Expr::IsNull { input: boxed(input)?, negated: *negated },
    })
}

/// The columns an expression reads.
pub(super) fn reads(expr: &Expr, into: &mut Vec<String>) {
    if let Expr::Column { name } = expr
        && !into.contains(name)
    {
        into.push(name.clone());
    }
    expr.children().into_iter().for_each(|child| reads(child, into));
}

/// The parts of a condition that must all hold: `AND` is taken apart.
pub(super) fn conjuncts(expr: &Expr, wanted: Wanted) -> Vec<(Expr, Wanted)> {
    match expr {
        Expr::Logic { op: LogicOp::And, args } if wanted == Wanted::True => {
            args.iter().flat_map(|arg| conjuncts(arg, Wanted::True)).collect()
        }
        _ => vec![(expr.clone(), wanted)],
    }
}
