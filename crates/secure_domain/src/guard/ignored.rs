//! What the parser reads and the planner passes over without a word (a sample of a table, a lock): refused, so that
//! no query means less than it says. Every field is named, so that a newer parser's additions do not compile unseen.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    GroupByExpr, OrderBy, OrderByKind, Query, Select, SelectFlavor, SetExpr, TableFactor, Visit, Visitor,
};

use super::refusal::{RELATION, Refusal};

/// Refuses the first clause that would be passed over.
pub(super) fn check_ignored(query: &Query) -> Result<(), Refusal> {
    match query.visit(&mut Ignored) {
        ControlFlow::Break(clause) => Err(RELATION.about(clause)),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Ignored;

impl Visitor for Ignored {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
        first(&in_query(query))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<&'static str> {
        first(&in_select(select))
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<&'static str> {
        first(&in_table(table))
    }
}

/// Clauses by name, with whether they are there.
type Clauses = Vec<(&'static str, bool)>;

fn first(clauses: &Clauses) -> ControlFlow<&'static str> {
    match clauses.iter().find(|(_, there)| *there) {
        Some((clause, _)) => ControlFlow::Break(clause),
        None => ControlFlow::Continue(()),
    }
}

fn in_query(query: &Query) -> Clauses {
    let Query {
        with: _,
        body,
        order_by,
        limit_clause: _,
        fetch,
        locks,
        for_clause,
        settings,
        format_clause,
        pipe_operators,
    } = query;
    // Without a select list there is nothing that ALL could stand for.
    let all = |order: &OrderBy| matches!(order.kind, OrderByKind::All(_));
    let unlisted = !matches!(**body, SetExpr::Select(_));
    vec![
        ("FETCH", fetch.is_some()),
        ("FOR", !locks.is_empty() || for_clause.is_some()),
        ("SETTINGS", settings.is_some()),
        ("FORMAT", format_clause.is_some()),
        ("|>", !pipe_operators.is_empty()),
        ("ORDER BY ALL", unlisted && order_by.as_ref().is_some_and(all)),
    ]
}

fn in_select(select: &Select) -> Clauses {
    let Select {
        select_token: _,
        // Comments: how fast, not what.
        optimizer_hints: _,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection: _,
        exclude,
        into,
        from: _,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window: _,
        qualify: _,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    let modified = match group_by {
        GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => !modifiers.is_empty(),
    };
    vec![
        ("SELECT", select_modifiers.as_ref().is_some_and(|modifiers| modifiers.is_any_set())),
        ("TOP", top.is_some()),
        ("EXCLUDE", exclude.is_some()),
        ("INTO", into.is_some()),
        ("LATERAL VIEW", !lateral_views.is_empty()),
        ("PREWHERE", prewhere.is_some()),
        ("CONNECT BY", !connect_by.is_empty()),
        ("GROUP BY … WITH", modified),
        ("CLUSTER BY", !cluster_by.is_empty()),
        ("DISTRIBUTE BY", !distribute_by.is_empty()),
        ("SORT BY", !sort_by.is_empty()),
        ("AS STRUCT", value_table_mode.is_some()),
        ("FROM", !matches!(flavor, SelectFlavor::Standard)),
    ]
}

fn in_table(table: &TableFactor) -> Clauses {
    match table {
        TableFactor::Table {
            name: _,
            alias: _,
            args: _,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } => vec![
            ("TABLESAMPLE", sample.is_some()),
            ("WITH", !with_hints.is_empty() || !index_hints.is_empty()),
            ("FOR SYSTEM_TIME", version.is_some()),
            ("WITH ORDINALITY", *with_ordinality),
            ("PARTITION", !partitions.is_empty()),
            ("[…]", json_path.is_some()),
        ],
        TableFactor::Derived { lateral: _, subquery: _, alias: _, sample } => {
            vec![("TABLESAMPLE", sample.is_some())]
        }
        // Every other form is refused by the planner or by the check of its plan.
        _ => Vec::new(),
    }
}
