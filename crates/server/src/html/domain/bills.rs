//! Metering by day and agreement, and the month's bill.

use app::Error;
use app::billing::{self, BillRecord};
use app::offers::Month;
use app::usages::{self, UsageRecord};
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use base::Fen;
use serde::Deserialize;

use super::agreements;
use super::common::key;
use super::product::yuan;
use crate::html::chart::{Chart, Point, Shape};
use crate::html::desk::visit::Visit;
use crate::html::desk::words;
use crate::html::pages::market::{Bill, Metering};
use crate::html::pages::parts::{Choice, Figure, Light, Link, Table};
use crate::state::Edge;

/// Months on offer.
const MONTHS: i32 = 12;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/metering", get(metering)).route("/agreements/{usage}/bills/{month}", get(bill))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    month: String,
    #[serde(default)]
    agreement: String,
}

async fn metering(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = metering_page(&visit, &asked).await;
    visit.answer(result).await
}

/// The agreements to count: the one asked for (supervisors may ask for any), or all of this person's unit.
async fn counted(visit: &Visit, asked: &Asked) -> Result<(Vec<UsageRecord>, Vec<UsageRecord>), Error> {
    let own = agreements::own(visit).await?;
    if asked.agreement.is_empty() {
        return Ok((own.clone(), own));
    }
    let id = agreements::parse(&asked.agreement)?;
    let chosen = usages::usage_view(&visit.app, &visit.ctx, id).await?.usage;
    Ok((own, vec![chosen]))
}

async fn metering_page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let this_month = Month::of(visit.today());
    let month = asked.month.parse().unwrap_or(this_month);
    let (own, counted) = counted(visit, asked).await?;
    let mut days: Vec<(base::Date, i64)> = Vec::new();
    let (mut today, mut calls_month) = (0, 0);
    let mut lines = Vec::new();
    for usage in &counted {
        let id = usage.agreement.id;
        let totals = billing::totals(&visit.app, &visit.ctx, id).await?;
        today += totals.today;
        calls_month += totals.month;
        let daily = billing::daily(&visit.app, &visit.ctx, id, month).await?;
        let sum: i64 = daily.iter().map(|(_, calls)| calls).sum();
        lines.push((usage, sum));
        if days.is_empty() {
            days = daily;
        } else {
            days.iter_mut().zip(daily).for_each(|(day, (_, calls))| day.1 += calls);
        }
    }
    let any = lines.iter().any(|(_, calls)| *calls > 0) || calls_month > 0;
    let ended = visit.today() > month.last();
    let bills = if ended && any { bills(visit, &lines, month).await } else { Vec::new() };
    let differs = bills.iter().any(|(_, counted, bill)| bill.differences > 0 || billed(bill) != *counted);
    let cost = bills
        .iter()
        .try_fold(Fen::ZERO, |sum, (_, _, bill)| sum.plus(bill.invoice.total))
        .unwrap_or(Fen::ZERO);
    let count = |calls: i64| words::count(calls.unsigned_abs());
    let mut figures =
        vec![Figure::new("calls-today", &count(today)), Figure::new("calls-month", &count(calls_month))];
    if !bills.is_empty() {
        figures.push(Figure::new("cost-month", &cost.to_string()));
    }
    let page = Metering {
        figures,
        months: months(this_month, month),
        products: {
            let mut choices =
                vec![Choice::new("", &visit.text("agreements-all"), asked.agreement.is_empty())];
            choices.extend(agreements::choices(visit, &own, &asked.agreement));
            choices
        },
        chart: any.then(|| chart(visit, &days)),
        by_product: if any { by_agreement(visit, &lines) } else { Table::default() },
        bill: bills.first().map(|(usage, _, _)| {
            let label = visit.text_with("bill-of-month", &[("month", &month.to_string())]);
            Link::new(&label, &format!("/agreements/{}/bills/{month}", usage.agreement.id))
        }),
        differences: differences(visit, &bills),
        differs,
        other: if any { None } else { latest(visit, asked, &counted, this_month, month).await? },
    };
    visit.page("metering", &page).await
}

/// The latest month with calls besides the one shown, so that an empty page leads on.
async fn latest(
    visit: &Visit,
    asked: &Asked,
    counted: &[UsageRecord],
    this_month: Month,
    shown: Month,
) -> Result<Option<Link>, Error> {
    let first = this_month.first();
    for month in (0..MONTHS).map(|back| Month::of(first.plus_months(-back))).filter(|month| *month != shown) {
        let mut calls = 0;
        for usage in counted {
            let daily = billing::daily(&visit.app, &visit.ctx, usage.agreement.id, month).await?;
            calls += daily.iter().map(|(_, calls)| calls).sum::<i64>();
        }
        if calls > 0 {
            let (month, calls) = (month.to_string(), words::count(calls.unsigned_abs()));
            let label = visit.text_with("metering-other", &[("month", &month), ("calls", &calls)]);
            return Ok(Some(Link::new(
                &label,
                &format!("/metering?month={month}&agreement={}", asked.agreement),
            )));
        }
    }
    Ok(None)
}

/// The bills of a month that has ended, beside what the meter counted.
async fn bills<'a>(
    visit: &Visit,
    lines: &[(&'a UsageRecord, i64)],
    month: Month,
) -> Vec<(&'a UsageRecord, u64, BillRecord)> {
    let mut found = Vec::new();
    for (usage, calls) in lines {
        // An agreement without a plan in that month has no bill.
        if let Ok(bill) = billing::bill(&visit.app, &visit.ctx, usage.agreement.id, month).await {
            found.push((*usage, calls.unsigned_abs(), bill));
        }
    }
    found
}

/// Every call the bill accounts for.
const fn billed(bill: &BillRecord) -> u64 {
    let calls = bill.invoice.calls;
    calls.charged + calls.free + calls.repeated + calls.not_answered
}

fn months(this_month: Month, chosen: Month) -> Vec<Choice> {
    let first = this_month.first();
    let months = (0..MONTHS).map(|back| Month::of(first.plus_months(-back)));
    months.map(|month| Choice::new(&month.to_string(), &month.to_string(), month == chosen)).collect()
}

fn chart(visit: &Visit, days: &[(base::Date, i64)]) -> Chart {
    let point = |(day, calls): &(base::Date, i64)| {
        let (_, _, number) = day.parts();
        Point { label: number.to_string(), value: *calls as f64 }
    };
    let points: Vec<Point> = days.iter().map(point).collect();
    Chart::draw("calls", Shape::Bar, &visit.text("calls-by-day"), &visit.text("calls-unit"), &points)
}

fn by_agreement(visit: &Visit, lines: &[(&UsageRecord, i64)]) -> Table {
    let heads = ["product", "data-user", "agreement-number", "calls"].map(|name| visit.text(name));
    let [product, buyer, number, calls] = heads.each_ref().map(String::as_str);
    let mut table = Table::new(&visit.text("by-product"), &[product, buyer, number, calls], &[calls], &[]);
    table.rows = lines
        .iter()
        .map(|(usage, calls)| {
            vec![
                usage.product_name.clone(),
                usage.buyer_unit.1.clone(),
                agreements::number(visit, usage),
                words::count(calls.unsigned_abs()),
            ]
        })
        .collect();
    table
}

fn differences(visit: &Visit, bills: &[(&UsageRecord, u64, BillRecord)]) -> Table {
    let heads = ["agreement-number", "meter", "bill", "difference"].map(|name| visit.text(name));
    let [number, meter, bill, difference] = heads.each_ref().map(String::as_str);
    let mut table = Table::new(
        &visit.text("reconciliation"),
        &[number, meter, bill, difference],
        &[meter, bill, difference],
        &[],
    );
    table.rows = bills
        .iter()
        .map(|(usage, metered, bill)| {
            let on_bill = billed(bill);
            vec![
                agreements::number(visit, usage),
                words::count(*metered),
                words::count(on_bill),
                words::count(metered.abs_diff(on_bill).max(bill.differences)),
            ]
        })
        .collect();
    table
}

async fn bill(visit: Visit, Path((usage, month)): Path<(String, String)>) -> Response {
    let result = bill_page(&visit, &usage, &month).await;
    visit.answer(result).await
}

async fn bill_page(visit: &Visit, usage: &str, month: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let id = agreements::parse(usage)?;
    let (month, as_csv) = month.strip_suffix(".csv").map_or((month, false), |month| (month, true));
    let month: Month = month.parse().map_err(|_| Error::NotFound("http.not_found"))?;
    let bill = billing::bill(&visit.app, &visit.ctx, id, month).await?;
    if as_csv {
        return Ok(crate::http::billing::csv(&bill));
    }
    let usage = usages::usage_view(&visit.app, &visit.ctx, id).await?.usage;
    let page = Bill {
        number: super::runs::number(visit, bill.invoice.issued_at, &bill.invoice.id.to_string()),
        month: month.to_string(),
        state: visit.text("bill-issued-state"),
        light: Light::Normal,
        seller: bill.parties.0.clone(),
        buyer: bill.parties.1.clone(),
        agreement: Link::new(&agreements::number(visit, &usage), &format!("/agreements/{id}")),
        lines: lines(visit, &bill),
        total: bill.invoice.total.to_string(),
        total_words: capital(bill.invoice.total),
        issued: visit.minute(bill.invoice.issued_at),
        digest: bill.digest.to_string(),
        record: None,
        download_href: Some(format!("/agreements/{id}/bills/{month}.csv")),
    };
    visit.page("metering", &page).await
}

fn lines(visit: &Visit, bill: &BillRecord) -> Table {
    let heads = ["product", "bill-line", "calls", "unit-price", "amount"].map(|name| visit.text(name));
    let [product, kind, calls, price, amount] = heads.each_ref().map(String::as_str);
    let mut table = Table::new(
        &visit.text("bill-lines"),
        &[product, kind, calls, price, amount],
        &[calls, price, amount],
        &[],
    );
    table.rows = bill
        .invoice
        .lines
        .iter()
        .map(|line| {
            vec![
                line.product_name.clone(),
                visit.text(&format!("line-{}", key(&line.kind))),
                words::count(line.calls),
                line.unit_price.map_or_else(|| "—".to_owned(), |price| yuan(&price.to_string())),
                line.amount.to_string(),
            ]
        })
        .collect();
    table
}

/// A sum in the capital figures that Chinese bills carry beside the number.
fn capital(sum: Fen) -> String {
    const DIGITS: [&str; 10] = ["零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"];
    const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
    const GROUPS: [&str; 5] = ["", "万", "亿", "兆", "京"];
    let digit = |at: u64| DIGITS.get(usize::try_from(at).unwrap_or(0)).copied().unwrap_or_default();
    let fen = sum.0.unsigned_abs();
    let (mut yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut groups = Vec::new();
    while yuan > 0 {
        groups.push(yuan % 10_000);
        yuan /= 10_000;
    }
    let mut out = String::new();
    let mut gap = false;
    for (index, group) in groups.iter().enumerate().rev() {
        gap |= !out.is_empty() && *group < 1_000;
        for place in (0..4u32).rev() {
            let at = group / 10_u64.pow(place) % 10;
            if at == 0 {
                gap |= !out.is_empty();
                continue;
            }
            if std::mem::take(&mut gap) && !out.is_empty() {
                out.push('零');
            }
            out.push_str(digit(at));
            out.push_str(PLACES.get(place as usize).copied().unwrap_or_default());
        }
        if *group > 0 {
            out.push_str(GROUPS.get(index).copied().unwrap_or_default());
            gap = false;
        }
    }
    if out.is_empty() && jiao == 0 && fen == 0 {
        return "零元整".to_owned();
    }
    let sign = if sum.0 < 0 { "负" } else { "" };
    let whole = if out.is_empty() { String::new() } else { format!("{out}元") };
    let part = match (jiao, fen) {
        (0, 0) => "整".to_owned(),
        (0, fen) if whole.is_empty() => format!("{}分", digit(fen)),
        (0, fen) => format!("零{}分", digit(fen)),
        (jiao, 0) => format!("{}角整", digit(jiao)),
        (jiao, fen) => format!("{}角{}分", digit(jiao), digit(fen)),
    };
    format!("{sign}{whole}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_in_capital_figures() {
        for (fen, expected) in [
            (0, "零元整"),
            (62_400, "陆佰贰拾肆元整"),
            (5, "伍分"),
            (50, "伍角整"),
            (10_005, "壹佰元零伍分"),
            (100_050, "壹仟元伍角整"),
            (1_000_100, "壹万零壹元整"),
            (10_010_000, "壹拾万零壹佰元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_100_000, "壹亿零壹仟元整"),
            (-100, "负壹元整"),
        ] {
            assert_eq!(capital(Fen(fen)), expected, "{fen}");
        }
    }
}
