//! Size of a plan before anything recursive touches it.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::refusal::{Refusal, TOO_LARGE};

/// Limit: relations of one plan, each occurrence of a shared one counted.
pub(super) const NODES_MAX: usize = 1_000;
/// Limit: parts of all expressions of one plan.
const EXPRESSIONS_MAX: usize = 20_000;
/// Limit: calls of functions in one plan. The way some of them take for a batch depends on each of its values.
const FUNCTIONS_MAX: usize = 512;
/// Limit: characters of all patterns of LIKE in one plan. A pattern is prepared where there is a row, and not where there is none.
const PATTERNS_MAX: usize = 1_000;
/// Limit: nesting of relations.
const RELATION_DEPTH_MAX: usize = 64;
/// Limit: nesting of one expression.
pub(super) const EXPRESSION_DEPTH_MAX: usize = 128;

/// Refuses plans that are too large or too deep for the recursive passes that follow.
pub(super) fn check_size(plan: &LogicalPlan) -> std::result::Result<(), Refusal> {
    let mut counter = Counter { nodes: 0, expressions: 0, functions: 0, patterns: 0, fits: true };
    // Counting stops at the limits, so a plan that doubles with every WITH is left after a thousand nodes.
    let counted = counter.relation(plan, 0);
    if counted.is_err() || !counter.fits { Err(TOO_LARGE.about("")) } else { Ok(()) }
}

struct Counter {
    nodes: usize,
    expressions: usize,
    functions: usize,
    patterns: usize,
    fits: bool,
}

impl Counter {
    fn relation(&mut self, plan: &LogicalPlan, depth: usize) -> Result<()> {
        self.nodes += 1;
        self.fits &= self.nodes <= NODES_MAX && depth <= RELATION_DEPTH_MAX;
        if !self.fits {
            return Ok(());
        }
        plan.apply_expressions(|expr| {
            self.expression(expr, 0, depth)?;
            Ok(if self.fits { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
        })?;
        for input in plan.inputs() {
            self.relation(input, depth + 1)?;
        }
        Ok(())
    }

    fn expression(&mut self, expr: &Expr, depth: usize, relation_depth: usize) -> Result<()> {
        self.expressions += 1;
        self.functions += usize::from(matches!(expr, Expr::ScalarFunction(_)));
        if let Expr::Like(like) | Expr::SimilarTo(like) = expr
            && let Expr::Literal(pattern, _) = like.pattern.as_ref()
        {
            self.patterns += pattern.try_as_str().flatten().map_or(0, |pattern| pattern.chars().count());
        }
        self.fits &= self.expressions <= EXPRESSIONS_MAX
            && self.functions <= FUNCTIONS_MAX
            && self.patterns <= PATTERNS_MAX
            && depth <= EXPRESSION_DEPTH_MAX;
        if !self.fits {
            return Ok(());
        }
        match expr {
            Expr::ScalarSubquery(subquery) => self.relation(&subquery.subquery, relation_depth + 1)?,
            Expr::Exists(exists) => self.relation(&exists.subquery.subquery, relation_depth + 1)?,
            Expr::InSubquery(inside) => self.relation(&inside.subquery.subquery, relation_depth + 1)?,
            Expr::SetComparison(set) => self.relation(&set.subquery.subquery, relation_depth + 1)?,
            _ => {}
        }
        expr.apply_children(|child| {
            self.expression(child, depth + 1, relation_depth)?;
            Ok(if self.fits { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
        })?;
        Ok(())
    }
}
