//! Pages of statistics without a reviewer: what was asked, its answers, linear models.

use app::Error;
use app::statistics::{self, LinearModel, Regression, Statistic, StatisticRequest};
use app::tenants::TenantState;
use app::workbench;
use axum::Router;
use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base::kind;

use super::common::{self, fact, rounded};
use super::statistics::{budgets, milli, table_of};
use super::workbench::{Asked, choices_of, query_error, tenant};
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::pages::parts::{Choice, Table};
use crate::html::pages::statistics::{ModelShown, RegressionForm, StatisticPage, StatisticRow, Statistics};
use crate::http::problem;
use crate::state::Edge;

/// Characters of a question in the list.
const ASKED_CHARS: usize = 160;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/statistics", get(list).post(fit))
        .route("/statistics/{statistic}", get(show))
        .route("/statistics/{statistic}/model", get(file))
}

async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = try_list(&visit, &asked).await;
    visit.answer(result).await
}

async fn try_list(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let page = list_page(visit, asked, RegressionForm::default()).await?;
    visit.page("workbench", &page).await
}

async fn list_page(visit: &Visit, asked: &Asked, form: RegressionForm) -> Result<Statistics, Error> {
    let (mine, chosen) = tenant(visit, &asked.tenant).await?;
    let Some(id) = chosen else {
        return Ok(Statistics { workbench_href: "/workbench".into(), ..Statistics::default() });
    };
    let tenants = choices_of(&mine, id);
    let own = mine.iter().find(|one| one.id == id);
    let title = own.map(|one| one.title.clone()).unwrap_or_default();
    let closed = own.and_then(|tenant| common::closed(visit, tenant));
    let closed_href = format!("/authorisations/{id}");
    // What was answered can be looked at after the domain is closed, until it is destroyed.
    if closed.is_some() && own.is_some_and(|tenant| tenant.state == TenantState::Destroyed) {
        let workbench_href = format!("/workbench?tenant={id}");
        return Ok(Statistics {
            tenant: title,
            tenants,
            workbench_href,
            closed,
            closed_href,
            ..Statistics::default()
        });
    }
    let tables = match workbench::tables(&visit.app, &visit.ctx, id).await {
        Ok(tables) => tables,
        Err(Error::Forbidden("tenant.closed")) => Vec::new(),
        Err(error) => return Err(error),
    };
    let found = statistics::asked(&visit.app, &visit.ctx, id).await?;
    let budgets = budgets(visit, id).await?;
    let payable = |name: &str| budgets.iter().any(|budget| budget.code == name);
    let tables = tables.iter().filter(|table| payable(&table.name));
    Ok(Statistics {
        tenant: title,
        tenants,
        action_href: format!("/statistics?tenant={id}"),
        workbench_href: format!("/workbench?tenant={id}"),
        request_key: Visit::request_key(),
        rows: found.iter().map(|one| row(visit, one)).collect(),
        tables: tables
            .map(|table| Choice::new(&table.name, &table.title, table.name == form.table))
            .collect(),
        budgets,
        form,
        error: None,
        closed,
        closed_href,
    })
}

fn row(visit: &Visit, found: &Statistic) -> StatisticRow {
    StatisticRow {
        href: format!("/statistics/{}", found.id),
        asked: name(visit, found),
        asked_by: found.asked_by.clone(),
        at: visit.minute(found.at),
        cost: milli(found.cost.micro),
    }
}

fn name(visit: &Visit, found: &Statistic) -> String {
    match &found.asked.regression {
        None => found.asked.sql.chars().take(ASKED_CHARS).collect(),
        Some(regression) => visit.text_with(
            "regression-named",
            &[("target", &regression.target), ("features", &regression.features.join(", "))],
        ),
    }
}

async fn fit(visit: Visit, Query(asked): Query<Asked>, request: Request) -> Response {
    let result = try_fit(&visit, &asked, request).await;
    visit.answer(result).await
}

async fn try_fit(visit: &Visit, asked: &Asked, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let text = |name: &str| sent.get(name).trim().to_owned();
    let form = RegressionForm {
        table: text("table"),
        target: text("target"),
        features: text("features"),
        condition: text("condition"),
        scenario: text("scenario"),
    };
    let (_, chosen) = tenant(visit, &asked.tenant).await?;
    let id = chosen.ok_or(Error::NotFound("tenant.unknown"))?;
    let features = form.features.split([',', '，', '、']).map(str::trim).filter(|name| !name.is_empty());
    let wanted = StatisticRequest {
        sql: String::new(),
        scenario: Some(form.scenario.clone()).filter(|scenario| !scenario.is_empty()),
        regression: Some(Regression {
            table: form.table.clone(),
            target: form.target.clone(),
            features: features.map(str::to_owned).collect(),
            condition: form.condition.clone(),
        }),
    };
    let ctx = visit.keyed(sent.get("request_key"));
    match statistics::ask(&visit.app, &ctx, id, &wanted).await {
        Ok(answer) => Ok(visit.send_on(&format!("/statistics/{}", answer.id), None)),
        Err(error @ Error::Internal { .. }) => Err(error),
        Err(error) => {
            let mut page = list_page(visit, asked, form).await?;
            page.error = Some(query_error(visit, &error));
            let status = problem::status(&error);
            visit
                .page_with(if status.is_client_error() { status } else { StatusCode::OK }, "workbench", &page)
                .await
        }
    }
}

async fn show(visit: Visit, Path(statistic): Path<String>) -> Response {
    let result = try_show(&visit, &statistic).await;
    visit.answer(result).await
}

async fn try_show(visit: &Visit, statistic: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Statistic>(statistic, "statistic.unknown")?;
    let found = statistics::statistic(&visit.app, &visit.ctx, id).await?;
    let model = statistics::model_of(&found);
    let mut facts = vec![
        fact(visit, "statistic-asked-by", &found.asked_by),
        fact(visit, "statistic-at", visit.minute(found.at)),
        fact(visit, "statistic-cost", milli(found.cost.micro)),
        fact(visit, "statistic-paying", found.paying.join(", ")),
    ];
    facts.extend(found.asked.scenario.as_ref().map(|scenario| fact(visit, "scenario", scenario)));
    let page = StatisticPage {
        back_href: format!("/statistics?tenant={}", found.tenant),
        title: match &found.asked.regression {
            None => visit.text("statistic-one"),
            Some(_) => name(visit, &found),
        },
        sql: found.asked.sql.clone(),
        facts,
        result: found.answer.as_ref().map(|done| table_of(visit, done)),
        too_noisy: found.answer.is_some() && found.asked.regression.is_some() && model.is_none(),
        model: model.map(|model| shown(visit, &found, &model)),
    };
    visit.page("workbench", &page).await
}

fn shown(visit: &Visit, found: &Statistic, model: &LinearModel) -> ModelShown {
    let weights: Vec<[String; 2]> =
        model.weights.iter().map(|(name, weight)| [name.clone(), rounded(*weight)]).collect();
    let rows: Vec<Vec<&str>> = weights.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let (column, weight) = (visit.text("column"), visit.text("regression-weight"));
    let percent = format!("{} %", rounded(model.explained * 100.0));
    ModelShown {
        weights: Table::new(&visit.text("regression"), &[&column, &weight], &[&weight], &rows),
        facts: vec![
            fact(visit, "regression-target", &model.target),
            fact(visit, "regression-intercept", rounded(model.intercept)),
            fact(visit, "regression-explained", percent),
            fact(visit, "rows", model.rows.to_string()),
        ],
        file_href: format!("/statistics/{}/model", found.id),
    }
}

async fn file(visit: Visit, Path(statistic): Path<String>) -> Response {
    let result = try_file(&visit, &statistic).await;
    visit.answer(result).await
}

async fn try_file(visit: &Visit, statistic: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = Visit::id::<kind::Statistic>(statistic, "statistic.unknown")?;
    let bytes = statistics::model_file(&visit.app, &visit.ctx, id).await?;
    let named = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CONTENT_DISPOSITION, "attachment; filename=\"model.onnx\""),
    ];
    Ok((named, bytes).into_response())
}
