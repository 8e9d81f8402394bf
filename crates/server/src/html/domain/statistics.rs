//! Statistics without a reviewer, as the workbench shows them: numbers with their bars, and what is left of the budgets.

use app::Error;
use app::statistics::{self, ResourceBudget, StatisticAnswer, StatisticDone, StatisticRequest};
use app::workbench::{self, ExplainRequest};
use base::{Id, kind};

use super::common::{cell, result};
use super::explained::explained;
use crate::html::desk::visit::Visit;
use crate::html::pages::parts::Table;
use crate::html::pages::workbench::{Budget, StatisticShown, Workbench};

/// Millionths of rho in the thousandth that budgets are told in.
const MICRO_OF_MILLI: u64 = 1_000;
/// Cells shown; the interface gives all.
const ROWS_SHOWN: usize = 2_000;

/// Asks, and puts the answer onto the page: numbers with their bars, or why not, with what would be answered.
pub(super) async fn ask(
    visit: &Visit,
    tenant: Id<kind::Tenant>,
    asked: &StatisticRequest,
    page: &mut Workbench,
) -> Result<(), Error> {
    match statistics::ask(&visit.app, &visit.ctx, tenant, asked).await {
        Ok(answer) => {
            show(visit, &answer, page);
            page.budgets = budgets(visit, tenant).await?;
            Ok(())
        }
        Err(Error::Refused(refusal)) => {
            price(visit, tenant, &asked.sql, page).await?;
            // What was refused for another reason than the guard's is still an error.
            if page.explained.as_ref().is_none_or(|found| found.refusal.is_none()) {
                return Err(Error::Refused(refusal));
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// What it would cost, or why it would be refused.
pub(super) async fn price(
    visit: &Visit,
    tenant: Id<kind::Tenant>,
    sql: &str,
    page: &mut Workbench,
) -> Result<(), Error> {
    let request = ExplainRequest { sql: sql.to_owned(), statistics: true, ..ExplainRequest::default() };
    let found = workbench::explain(&visit.app, &visit.ctx, tenant, &request).await?;
    let found = explained(visit, &found);
    page.confirms = found.refusal.is_none();
    page.explained = Some(found);
    Ok(())
}

/// Numbers with their bars.
pub(super) fn table_of(visit: &Visit, done: &StatisticDone) -> Table {
    let mut table = result(visit, &done.columns, &done.rows, ROWS_SHOWN, done.rows.len() > ROWS_SHOWN);
    for (row, bars) in table.rows.iter_mut().zip(&done.within) {
        for (shown, bar) in row.iter_mut().zip(bars).filter(|(_, bar)| !bar.is_null()) {
            *shown = format!("{shown} ± {}", cell(bar));
        }
    }
    table
}

fn show(visit: &Visit, answer: &StatisticAnswer, page: &mut Workbench) {
    let table = table_of(visit, &answer.done);
    page.result = Some(table);
    let cost = milli(answer.cost.micro);
    page.statistic = Some(StatisticShown {
        told: match answer.repeated {
            true => visit.text("statistic-repeated"),
            false => visit.text_with("statistic-paid", &[("cost", &cost)]),
        },
    });
}

/// The budgets of what is granted.
pub(super) async fn budgets(visit: &Visit, tenant: Id<kind::Tenant>) -> Result<Vec<Budget>, Error> {
    let found = match statistics::budgets(&visit.app, &visit.ctx, tenant).await {
        Ok(found) => found,
        Err(Error::NotFound("tenant.unknown")) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(found.iter().map(budget).collect())
}

pub(super) fn budget(found: &ResourceBudget) -> Budget {
    let percent = u128::from(found.left) * 100 / u128::from(found.total.max(1));
    Budget {
        code: found.code.clone(),
        title: found.title.clone(),
        left: milli(found.left),
        total: milli(found.total),
        percent_left: u32::try_from(percent).unwrap_or(100),
    }
}

pub(super) fn milli(micro: u64) -> String {
    let (whole, rest) = (micro / MICRO_OF_MILLI, micro % MICRO_OF_MILLI);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}") }
}
