//! From text to a resolved plan.

use std::sync::Arc;

use base::limit::SQL_BYTES_MAX;
use datafusion::common::SchemaError;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement as SqlStatement};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::depth::check_size;
use super::ignored::check_ignored;
use super::refusal::{AMBIGUOUS, STATEMENT, TOO_LARGE};
use super::text_size::check_text_size;
use crate::Error;
use crate::session::{Session, clipped};
use crate::worker::STACK_BYTES;

/// Limit: words and signs of one query. Bounds every recursion of the parser and the planner.
const TOKENS_MAX: usize = 8_000;
/// Nesting of parentheses that the parser follows.
const PARSER_DEPTH_MAX: usize = 64;

/// Runs planning work on a thread with a large stack: what the parser accepts must not be able to end the process.
pub(super) async fn on_large_stack<T: Send + 'static>(
    session: &Arc<Session>,
    work: impl FnOnce(&Arc<Session>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let session = Arc::clone(session);
    let millis_max = session.limits().millis_max;
    std::thread::Builder::new().name("plan".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        // The receiver may be gone: the caller gave up.
        let _gone = sender.send(work(&session));
    })?;
    let limit = std::time::Duration::from_millis(millis_max);
    match tokio::time::timeout(limit, receiver).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => {
            Err(Error::Sql { detail: "the query cannot be planned".to_owned(), name: String::new() })
        }
        Err(_) => Err(Error::TimeLimit { millis_max }),
    }
}

/// Parses and resolves one SELECT statement. Blocks; call it on the planning thread.
pub(super) fn parse(state: &SessionState, sql: &str) -> Result<LogicalPlan, Error> {
    check_text(sql)?;
    let statement = statement(sql)?;
    // Tables are in memory, so this future never waits.
    let plan =
        futures::executor::block_on(state.statement_to_plan(statement)).map_err(|error| spoken(&error))?;
    check_size(&plan)?;
    Ok(plan)
}

fn check_text(sql: &str) -> Result<(), Error> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(TOO_LARGE.about("").into());
    }
    let tokens =
        Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().map_err(|error| said(&error.to_string()))?;
    let words = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_))).count();
    if words > TOKENS_MAX { Err(TOO_LARGE.about("").into()) } else { Ok(()) }
}

fn statement(sql: &str) -> Result<Statement, Error> {
    select(sql).map_err(|error| located(error, sql))
}

/// The parser names the place where it gave up, which may lie behind the word it stumbled over: the word's own place is
/// what a person looks for.
fn located(error: Error, sql: &str) -> Error {
    let Error::Syntax { line, column, token } = &error else { return error };
    let (line, column, token) = (*line, *column, token.clone());
    let index = usize::try_from(line).unwrap_or(0).checked_sub(1);
    let Some(text) = index.and_then(|index| sql.lines().nth(index)).filter(|_| !token.is_empty()) else {
        return error;
    };
    let reach = usize::try_from(column).unwrap_or(0) + token.chars().count();
    let before: String = text.chars().take(reach.saturating_sub(1)).collect();
    let at = before.rfind(&token).and_then(|at| before.get(..at)).map(|head| head.chars().count() + 1);
    let column = at.and_then(|at| u32::try_from(at).ok()).unwrap_or(column);
    Error::Syntax { line, column, token }
}

fn select(sql: &str) -> Result<Statement, Error> {
    let mut parser = DFParserBuilder::new(sql)
        .with_dialect(&PostgreSqlDialect {})
        .with_recursion_limit(PARSER_DEPTH_MAX)
        .build()
        .map_err(|error| spoken(&error))?;
    let mut statements = parser.parse_statements().map_err(|error| {
        let deep = error.to_string().to_lowercase().contains("recursion");
        if deep { TOO_LARGE.about("").into() } else { spoken(&error) }
    })?;
    let only = statements.pop_front().filter(|_| statements.is_empty());
    match only {
        Some(Statement::Statement(inner)) => match *inner {
            SqlStatement::Query(query) if is_plain(&query) => {
                check_text_size(&query)?;
                check_ignored(&query)?;
                Ok(Statement::Statement(Box::new(SqlStatement::Query(query))))
            }
            other => Err(STATEMENT.about(first_word(&other.to_string())).into()),
        },
        Some(other) => Err(STATEMENT.about(first_word(&other.to_string())).into()),
        None => Err(STATEMENT.about("").into()),
    }
}

/// A query that only reads: no INTO, no locks, no data-changing body.
fn is_plain(query: &Query) -> bool {
    let body = match &*query.body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(_) | SetExpr::SetOperation { .. } | SetExpr::Values(_) => true,
        SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => false,
    };
    body && query.locks.is_empty() && query.for_clause.is_none()
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The planner's words. It has seen the text and the schema, never the data.
pub(super) fn spoken(error: &DataFusionError) -> Error {
    let root = error.find_root();
    if let DataFusionError::SchemaError(fault, _) = root {
        return match &**fault {
            SchemaError::FieldNotFound { field, .. } => {
                Error::Sql { detail: clipped(&root.strip_backtrace()), name: field.name.clone() }
            }
            SchemaError::AmbiguousReference { field } => AMBIGUOUS.about(&field.name).into(),
            SchemaError::DuplicateQualifiedField { name, .. }
            | SchemaError::DuplicateUnqualifiedField { name } => AMBIGUOUS.about(name).into(),
        };
    }
    said(&root.strip_backtrace())
}

/// The parser's or planner's words: the place in the text where they name one, the missing table where that is it.
fn said(text: &str) -> Error {
    if let Some(error) = syntax(text) {
        return error;
    }
    let table = text.split_once("table '").and_then(|(_, rest)| rest.split_once("' not found"));
    let name = table.map_or("", |(name, _)| name.rsplit('.').next().unwrap_or(name));
    Error::Sql { detail: clipped(text), name: name.to_owned() }
}

/// Where the text stops being SQL, as the parser names it at the end of its words: `…, found: FROM at Line: 1, Column: 8`.
fn syntax(text: &str) -> Option<Error> {
    let Some((before, place)) = text.rsplit_once(" at Line: ") else {
        // The end of the text has no place of its own.
        let ended = text.contains("found: EOF");
        return ended.then(|| Error::Syntax { line: 0, column: 0, token: String::new() });
    };
    let (line, column) = place.split_once(", Column: ")?;
    let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
    let token = before.rsplit_once("found: ").map_or("", |(_, token)| token);
    Some(Error::Syntax {
        line: line.parse().ok()?,
        column: column.get(..digits)?.parse().ok()?,
        token: clipped(if token == "EOF" { "" } else { token }),
    })
}

/// Replaces every expression of a plan, subqueries included, keeping the names of columns.
pub(super) fn map_expressions(
    plan: LogicalPlan,
    mut change: impl FnMut(Expr) -> Result<Transformed<Expr>, DataFusionError>,
) -> Result<LogicalPlan, DataFusionError> {
    use datafusion::logical_expr::expr_rewriter::NamePreserver;
    plan.transform_up_with_subqueries(|plan| {
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let changed = expr.transform_up(&mut change)?;
            Ok(if changed.transformed { changed.update_data(|expr| name.restore(expr)) } else { changed })
        })?
        .map_data(|plan| {
            if matches!(plan, LogicalPlan::Values(_)) { Ok(plan) } else { plan.recompute_schema() }
        })
    })
    .map(|changed| changed.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_the_text_has_a_place() {
        for (sql, expected) in
            [("SELECT a,\n FROM t", "2:2 FROM"), ("SELECT a FROM t WHERE", "0:0 "), ("SELECT 'a", "1:8 ")]
        {
            let error = check_text(sql).and_then(|()| statement(sql).map(|_| ())).unwrap_err();
            assert_eq!(
                (error.code(), error.subject().as_str()),
                ("domain.syntax", expected),
                "{sql}: {error}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = said("Error during planning: table 'datafusion.public.nope' not found");
        assert_eq!((error.code(), error.subject().as_str()), ("domain.sql", "nope"));
    }
}
