//! The dev workbench: SQL over masked samples, a table and a chart out.

use std::collections::{BTreeMap, BTreeSet};

use app::Error;
use app::catalog::{Domain, Parameter, Value};
use app::statistics::StatisticRequest;
use app::tenants::Tenant;
use app::workbench::{self, DevTable, ExplainRequest, QueryAnswer, QueryRequest};
use axum::Router;
use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::{Date, Id, kind};
use serde::Deserialize;

use super::common::{self, data_type, result};
use super::explained::explained;
use super::statistics;
use crate::html::chart::{Chart, Point, Shape};
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::parts::{Choice, Link};
use crate::html::pages::workbench::{QueryError, QueryParameter, Workbench, WorkbenchColumn, WorkbenchTable};
use crate::http::problem;
use crate::state::Edge;

/// Rows shown; the query itself may bring more.
const ROWS_SHOWN: usize = 500;
/// Parameters of one query.
const PARAMETERS_MAX: usize = 32;
const SHAPES: [&str; 3] = ["none", "bar", "line"];

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/workbench", get(show).post(run))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) tenant: String,
    #[serde(default)]
    model: String,
}

/// What the engineer has written.
#[derive(Debug, Default)]
struct Written {
    sql: String,
    values: BTreeMap<String, String>,
    chart: String,
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = empty_page(&visit, &asked).await;
    visit.answer(result).await
}

async fn empty_page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    let mut written = Written::default();
    if !asked.model.is_empty() {
        let id = Visit::id::<kind::Model>(&asked.model, "model.unknown")?;
        written.sql = app::models::model(&visit.app, &visit.ctx, id).await?.text;
    }
    let page = base_page(visit, asked, &written).await?;
    visit.page("workbench", &page).await
}

/// The domain to work in: the one asked for, else the first that is open.
///
/// # Errors
/// Not signed in; `tenant.unknown`.
pub(super) async fn tenant(
    visit: &Visit,
    asked: &str,
) -> Result<(Vec<Tenant>, Option<Id<kind::Tenant>>), Error> {
    let mine = common::own_tenants(visit).await?;
    let chosen = match asked {
        "" => mine.first().map(|tenant| tenant.id),
        text => {
            let id = Visit::id::<kind::Tenant>(text, "tenant.unknown")?;
            Some(mine.iter().find(|tenant| tenant.id == id).ok_or(Error::NotFound("tenant.unknown"))?.id)
        }
    };
    Ok((mine, chosen))
}

/// Domains to switch to.
pub(super) fn choices_of(mine: &[Tenant], chosen: Id<kind::Tenant>) -> Vec<Choice> {
    let choice = |tenant: &Tenant| Choice::new(&tenant.id.to_string(), &tenant.title, tenant.id == chosen);
    mine.iter().map(choice).collect()
}

async fn base_page(visit: &Visit, asked: &Asked, written: &Written) -> Result<Workbench, Error> {
    let (mine, chosen) = tenant(visit, &asked.tenant).await?;
    let Some(id) = chosen else { return Ok(Workbench::default()) };
    let own = mine.iter().find(|tenant| tenant.id == id);
    let tenant = own.map(|tenant| tenant.title.clone()).unwrap_or_default();
    let tenants = choices_of(&mine, id);
    let closed = own.and_then(|tenant| common::closed(visit, tenant));
    let run_href = format!("/workbench?tenant={id}");
    if closed.is_some() {
        let closed_href = format!("/authorisations/{id}");
        return Ok(Workbench { tenant, tenants, run_href, closed, closed_href, ..Workbench::default() });
    }
    // A domain that is not open yet has no tables to show.
    let tables = match workbench::tables(&visit.app, &visit.ctx, id).await {
        Ok(tables) => tables,
        Err(Error::Forbidden("tenant.closed")) => Vec::new(),
        Err(error) => return Err(error),
    };
    let models = app::models::models(&visit.app, &visit.ctx, id).await?;
    let chart = if written.chart.is_empty() { "none" } else { &written.chart };
    let names = parameter_names(&written.sql);
    Ok(Workbench {
        tenant,
        tenants,
        tables: tables.iter().map(|table| table_of(visit, table)).collect(),
        sql: written.sql.clone(),
        parameters: names
            .into_iter()
            .map(|name| QueryParameter {
                value: written.values.get(&name).cloned().unwrap_or_default(),
                data_type: String::new(),
                name,
            })
            .collect(),
        chart_shapes: SHAPES.map(|shape| Choice::new(shape, shape, shape == chart)).to_vec(),
        run_href,
        save_href: format!("/models/new?tenant={id}"),
        models: models
            .iter()
            .map(|model| Link::new(&model.model.name, &format!("/models/{}", model.model.id)))
            .collect(),
        statistics_href: format!("/statistics?tenant={id}"),
        budgets: statistics::budgets(visit, id).await?,
        ..Workbench::default()
    })
}

fn table_of(visit: &Visit, table: &DevTable) -> WorkbenchTable {
    let column = |column: &workbench::DevColumn| WorkbenchColumn {
        name: column.name.clone(),
        data_type: if column.label.is_empty() {
            data_type(visit, column.data_type)
        } else {
            format!("{} {}", column.label, data_type(visit, column.data_type))
        },
        mask: match column.mask {
            "keep" => String::new(),
            mask => visit.text(&format!("mask-{}", mask.replace('_', "-"))),
        },
    };
    WorkbenchTable {
        name: table.name.clone(),
        label: table.title.clone(),
        rows: words::count(table.rows),
        added: match table.added_rows {
            0 => String::new(),
            rows => visit.text_with("topup-added", &[("count", &words::count(rows))]),
        },
        columns: table.columns.iter().map(column).collect(),
    }
}

async fn run(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = try_run(&visit, &asked, request).await;
    visit.answer(result).await
}

async fn try_run(visit: &Visit, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let written = Written {
        sql: sent.get("sql").replace("\r\n", "\n"),
        values: sent
            .below("parameter.")
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect(),
        chart: sent.get("chart").to_owned(),
    };
    let mut page = base_page(visit, asked, &written).await?;
    let (_, chosen) = tenant(visit, &asked.tenant).await?;
    let tenant = chosen.ok_or(Error::NotFound("tenant.unknown"))?;
    if written.sql.trim().is_empty() {
        page.error = Some(query_error(visit, &Error::invalid("workbench.empty", "")));
        return visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, "workbench", &page).await;
    }
    let names = parameter_names(&written.sql);
    if let Some(name) = names.iter().find(|name| written.values.get(*name).is_none_or(String::is_empty)) {
        page.error = Some(query_error(visit, &Error::invalid("catalog.missing_parameter", name.clone())));
        return visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, "workbench", &page).await;
    }
    let values: BTreeMap<String, String> = written
        .values
        .iter()
        .filter(|(name, _)| names.contains(*name))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    let done = match sent.get("action") {
        "take" => Ok(()),
        "explain" => would_be(visit, tenant, &written, values, &mut page).await,
        "statistic" => {
            let scenario = Some(sent.get("scenario").trim().to_owned()).filter(|text| !text.is_empty());
            page.scenario.clone_from(&scenario);
            if sent.get("confirmed").is_empty() {
                // What costs is told before it is asked.
                statistics::price(visit, tenant, &written.sql, &mut page).await
            } else {
                let asked = StatisticRequest { sql: written.sql.clone(), scenario, regression: None };
                statistics::ask(visit, tenant, &asked, &mut page).await
            }
        }
        _ => query(visit, tenant, &written, values, &mut page).await,
    };
    let status = match done {
        Ok(()) => StatusCode::OK,
        Err(error @ Error::Internal { .. }) => return Err(error),
        Err(error) => {
            if matches!(error.code(), "consent.scenario_missing" | "consent.scenario_unknown") {
                page.scenario.get_or_insert_default();
            }
            page.error = Some(query_error(visit, &error));
            problem::status(&error)
        }
    };
    visit.page_with(status, "workbench", &page).await
}

/// What would become of the text on raw data.
async fn would_be(
    visit: &Visit,
    tenant: Id<kind::Tenant>,
    written: &Written,
    values: BTreeMap<String, String>,
    page: &mut Workbench,
) -> Result<(), Error> {
    let request = ExplainRequest {
        sql: written.sql.clone(),
        parameters: values.iter().map(|(name, value)| parameter(name, value)).collect(),
        statistics: false,
    };
    let found = workbench::explain(&visit.app, &visit.ctx, tenant, &request).await?;
    page.explained = Some(explained(visit, &found));
    Ok(())
}

/// Runs the text over twins.
async fn query(
    visit: &Visit,
    tenant: Id<kind::Tenant>,
    written: &Written,
    values: BTreeMap<String, String>,
    page: &mut Workbench,
) -> Result<(), Error> {
    let order = QueryRequest {
        sql: written.sql.clone(),
        parameters: values.iter().map(|(name, value)| parameter(name, value)).collect(),
        values,
        limit: None,
    };
    let answer = workbench::query(&visit.app, &visit.ctx, tenant, &order).await?;
    show_answer(visit, page, &answer, &written.chart);
    Ok(())
}

fn show_answer(visit: &Visit, page: &mut Workbench, answer: &QueryAnswer, shape: &str) {
    let found = &answer.page;
    page.elapsed = format!("{} ms", answer.elapsed_millis);
    page.result = Some(result(visit, &found.columns, &found.rows, ROWS_SHOWN, found.more));
    let shape = match shape {
        "bar" => Shape::Bar,
        "line" => Shape::Line,
        _ => return,
    };
    // The first column that is no number names the points, the first that is one measures them.
    let value = found.columns.iter().rposition(|column| column.data_type.is_numeric());
    let label = found.columns.iter().position(|column| !column.data_type.is_numeric()).unwrap_or(0);
    let measured =
        found.columns.iter().position(|column| column.data_type.is_numeric()).filter(|at| *at != label);
    let Some((at, column)) = measured.or(value).and_then(|at| Some((at, found.columns.get(at)?))) else {
        return;
    };
    let point = |row: &Vec<serde_json::Value>| {
        let number = row.get(at)?;
        let number = number.as_f64().or_else(|| number.as_str()?.parse().ok())?;
        Some(Point { label: row.get(label).map(common::cell).unwrap_or_default(), value: number })
    };
    let points: Vec<Point> = found.rows.iter().filter_map(point).collect();
    if !points.is_empty() {
        page.chart = Some(Chart::draw("result", shape, &column.name, "", &points));
    }
}

/// Why a query was not answered: the rule, the place and the nearest legal form; never a value.
pub(super) fn query_error(visit: &Visit, error: &Error) -> QueryError {
    problem::log(error);
    let (message, remedy) = visit.error_words(error.code());
    if let Some(refusal) = error.refusal() {
        return QueryError {
            code: refusal.code.clone(),
            message: visit.error_words(&refusal.code).0,
            place: refusal.subject.clone().unwrap_or_default(),
            nearest: visit.pick(&refusal.legal_form_zh, &refusal.legal_form_en),
        };
    }
    let place = match error {
        Error::Invalid { .. } => match errors::subject(visit, error) {
            subject if subject.is_empty() => remedy,
            subject => subject,
        },
        _ => remedy,
    };
    QueryError { code: error.code().to_owned(), message, place, nearest: String::new() }
}

/// The parameters that a text names, each once, in the order of the alphabet. Texts in quotes hold none.
pub(super) fn parameter_names(sql: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut quoted = None;
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quoted) {
            (c, Some(quote)) if c == quote => quoted = None,
            ('\'' | '"', None) => quoted = Some(c),
            ('$', None) => {
                let mut name = String::new();
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                if !name.is_empty() && names.len() < PARAMETERS_MAX {
                    names.insert(name);
                }
            }
            _ => {}
        }
    }
    names
}

/// A declared parameter that may only be what was written: in the dev zone the engineer is his own reviewer.
pub(super) fn parameter(name: &str, value: &str) -> Parameter {
    let value = if let Ok(number) = value.parse() {
        Value::Integer(number)
    } else if let Ok(date) = value.parse::<Date>() {
        Value::Date(date)
    } else if let Ok(truth) = value.parse() {
        Value::Boolean(truth)
    } else {
        Value::Text(value.to_owned())
    };
    Parameter { name: name.to_owned(), data_type: value.data_type(), domain: Domain::Values(vec![value]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_outside_quotes() {
        for (sql, expected) in [
            ("SELECT 1", vec![]),
            ("WHERE m = $month AND d >= $day AND m <> $month", vec!["day", "month"]),
            ("WHERE a = '$no' AND \"$no\" = $yes", vec!["yes"]),
            ("$ $$1", vec!["1"]),
            ("'it''s $no' || $a_b", vec!["a_b"]),
        ] {
            assert_eq!(parameter_names(sql).into_iter().collect::<Vec<_>>(), expected, "{sql}");
        }
    }

    #[test]
    fn values_have_the_narrowest_type() {
        for (text, expected) in [
            ("7", Value::Integer(7)),
            ("2026-01-31", Value::Date("2026-01-31".parse().unwrap())),
            ("true", Value::Boolean(true)),
            ("UA", Value::Text("UA".into())),
        ] {
            assert_eq!(parameter("p", text).domain, Domain::Values(vec![expected]), "{text}");
        }
    }
}
