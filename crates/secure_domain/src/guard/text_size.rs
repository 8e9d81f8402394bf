//! Size of a parsed text before anything is planned: the planner's work may double with every WITH and grow with the
//! square of an expression's depth.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectName, Query, UnaryOperator, Visit, Visitor};

use super::depth::{EXPRESSION_DEPTH_MAX, NODES_MAX};
use super::refusal::{Refusal, TOO_LARGE};

/// Refuses texts that are too deep, or that name too many relations once every WITH is put in its place.
pub(super) fn check_text_size(query: &Query) -> Result<(), Refusal> {
    let deep = query.visit(&mut Depth::default()).is_break();
    if deep || relations(query, &HashMap::new()) > NODES_MAX { Err(TOO_LARGE.about("")) } else { Ok(()) }
}

/// Limit: functions, CASE, NOT and CAST within each other. The planner's work doubles with each.
const FUNCTION_DEPTH_MAX: usize = 8;

#[derive(Default)]
struct Depth {
    expressions: usize,
    functions: usize,
}

impl Visitor for Depth {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.expressions += 1;
        self.functions += usize::from(doubles(expr));
        let fits = self.expressions <= EXPRESSION_DEPTH_MAX && self.functions <= FUNCTION_DEPTH_MAX;
        if fits { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.expressions -= 1;
        self.functions -= usize::from(doubles(expr));
        ControlFlow::Continue(())
    }
}

/// Is it a function, in whatever writing, or another form that doubles the planner's work?
const fn doubles(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Function(_)
            | Expr::Trim { .. }
            | Expr::Substring { .. }
            | Expr::Position { .. }
            | Expr::Overlay { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Extract { .. }
            | Expr::Case { .. }
            | Expr::Cast { .. }
            | Expr::UnaryOp { op: UnaryOperator::Not, .. }
    )
}

/// Relations that a query names, those of its WITHs counted wherever they are used.
fn relations(query: &Query, outer: &HashMap<String, usize>) -> usize {
    let mut sizes = outer.clone();
    let mut total = 0_usize;
    if let Some(with) = &query.with {
        for table in &with.cte_tables {
            let size = relations(&table.query, &sizes);
            total = total.saturating_add(size);
            sizes.insert(table.alias.name.value.to_lowercase(), size.max(1));
        }
    }
    let mut uses = Uses { sizes: &sizes, total };
    // Never breaks: it only counts.
    let _counted = query.body.visit(&mut uses);
    let _counted = query.order_by.visit(&mut uses);
    uses.total
}

struct Uses<'a> {
    sizes: &'a HashMap<String, usize>,
    total: usize,
}

impl Visitor for Uses<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let size = self.sizes.get(&relation.to_string().replace('"', "").to_lowercase());
        self.total = self.total.saturating_add(size.copied().unwrap_or(1));
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        // A WITH further inside is counted on its own; its body is then counted twice, which errs on the safe side.
        if query.with.is_some() {
            self.total = self.total.saturating_add(relations(query, self.sizes));
        }
        ControlFlow::Continue(())
    }
}
