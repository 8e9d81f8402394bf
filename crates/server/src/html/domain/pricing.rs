//! Proposing a price: the price of a call, the estimate behind it, and the return rate under the pack's cap.

use app::Error;
use app::cases::facts;
use app::offers::{PlanDraft, Pricing, RateView, Rounding, Tier, UnitPrice};
use app::products::{self, ProductRecord, Proposal};
use app::regulation::pack::Effect;
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::{Date, Fen};

use super::common::open_case;
use super::product::{find, is_operator, pricing_words, yuan};
use super::tenants::facts_tenant;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::desk::{errors, words};
use crate::html::pages::form::FormError;
use crate::html::pages::parts::{Gauge, Light, Link, Table};
use crate::html::pages::products::{PriceLine, ProductPrice};
use crate::http::problem;
use crate::state::Edge;

/// Parts per million in one per cent.
const PPM_OF_PERCENT: i64 = 10_000;
/// Share of the cap, in per cent, from which it is called near.
const NEAR_PERCENT: u32 = 90;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/products/{product}/price", get(show).post(propose))
}

/// The form as written.
#[derive(Debug, Default, Clone)]
struct Written {
    price: String,
    month_max: String,
    from: String,
    income: String,
    cost: String,
}

impl Written {
    /// What was proposed last, or nothing but the first day of next month.
    fn of(visit: &Visit, record: &ProductRecord) -> Self {
        let Some(proposal) = &record.proposed else {
            let next = app::offers::Month::of(visit.today()).next();
            return Self { from: next.first().to_string(), ..Self::default() };
        };
        let price = match &proposal.plan.pricing {
            Pricing::PerCall { tiers } => {
                tiers.first().map(|tier| yuan(&tier.price.to_string())).unwrap_or_default()
            }
            _ => String::new(),
        };
        Self {
            price,
            month_max: proposal.plan.month_max.map(|most| most.to_string()).unwrap_or_default(),
            from: proposal.plan.from.to_string(),
            income: proposal.income.to_string(),
            cost: proposal.cost.to_string(),
        }
    }

    fn sent(sent: &Sent) -> Self {
        let answer = |name: &str| sent.get(name).trim().to_owned();
        Self {
            price: answer("price.call"),
            month_max: answer("month_max"),
            from: answer("from"),
            income: answer("income"),
            cost: answer("cost"),
        }
    }

    /// The proposal, or every field that is none.
    fn proposal(&self) -> Result<Proposal, Vec<&'static str>> {
        let price = decimal(&self.price, 5);
        let (income, cost) = (decimal(&self.income, 2), decimal(&self.cost, 2));
        let from = self.from.parse::<Date>().ok();
        let month_max =
            if self.month_max.is_empty() { Some(None) } else { decimal(&self.month_max, 2).map(Some) };
        let (Some(price), Some(income), Some(cost), Some(from), Some(month_max)) =
            (price, income, cost, from, month_max)
        else {
            let wrong = [
                ("price-call", price.is_none()),
                ("month_max", month_max.is_none()),
                ("from", from.is_none()),
                ("income", income.is_none()),
                ("cost", cost.is_none()),
            ];
            return Err(wrong.into_iter().filter(|(_, wrong)| *wrong).map(|(name, _)| name).collect());
        };
        let pricing = Pricing::PerCall { tiers: vec![Tier { up_to: None, price: UnitPrice(price) }] };
        let month_max = month_max.map(Fen);
        let plan = PlanDraft { from, pricing, rounding: Rounding::HalfUp, ceiling: None, month_max };
        Ok(Proposal { plan, income: Fen(income), cost: Fen(cost) })
    }
}

/// A sum in yuan as a whole number of its smallest part, `places` after the point. Exact: nothing is rounded away.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let text: String = text.chars().filter(|c| *c != ',').collect();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

async fn show(visit: Visit, Path(product): Path<String>) -> Response {
    let result = page(&visit, &product).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, product: &str) -> Result<Response, Error> {
    let record = mine(visit, product).await?;
    let written = Written::of(visit, &record);
    draw(visit, StatusCode::OK, &record, &written, &[], None).await
}

async fn mine(visit: &Visit, product: &str) -> Result<ProductRecord, Error> {
    let record = find(visit, product).await?;
    if is_operator(visit, &record) { Ok(record) } else { Err(Error::Forbidden("access.denied")) }
}

async fn draw(
    visit: &Visit,
    status: StatusCode,
    record: &ProductRecord,
    written: &Written,
    wrong: &[&str],
    error: Option<&Error>,
) -> Result<Response, Error> {
    let id = record.product.id;
    let pack = visit.app.packs().current();
    let basis =
        pack.procedure_with(Effect::ApprovePrice).map(|found| found.clauses.clone()).unwrap_or_default();
    let format = visit.error_words("form.format").0;
    let page = ProductPrice {
        product: Link::new(&record.product.name, &format!("/products/{id}")),
        lines: vec![PriceLine {
            code: "call".to_owned(),
            label: visit.text("pricing-call"),
            price: written.price.clone(),
            ceiling: String::new(),
            unit: visit.text("pricing-call-unit"),
            error: wrong.contains(&"price-call").then(|| format.clone()),
        }],
        from: written.from.clone(),
        month_max: written.month_max.clone(),
        return_rate: gauge(visit, written),
        permitted: None,
        income: written.income.clone(),
        cost: written.cost.clone(),
        history: history(visit, record),
        basis: words::clauses(visit, &basis),
        errors: wrong
            .iter()
            .map(|field| FormError {
                field: (*field).to_owned(),
                message: format!("{} {format}", visit.text(&label(field))),
            })
            .collect(),
        refusal: error.map(|error| errors::refusal(visit, error)),
        action_href: format!("/products/{id}/price"),
        request_key: Visit::request_key(),
        version: i64::try_from(record.product.plans.len()).unwrap_or(i64::MAX),
    };
    visit.page_with(status, "products", &page).await
}

fn label(field: &str) -> String {
    match field {
        "price-call" => "pricing-call".to_owned(),
        "month_max" => "price-month-max".to_owned(),
        "from" => "price-from".to_owned(),
        other => other.to_owned(),
    }
}

/// The return rate of what is written, as a share of the cap.
fn gauge(visit: &Visit, written: &Written) -> Gauge {
    let pack = visit.app.packs().current();
    let none =
        Gauge {
            value: "—".to_owned(), limit: "—".to_owned(), light: Light::Suspended, ..Gauge::default()
        };
    let Ok(proposal) = written.proposal() else { return none };
    match products::rate(&pack, &proposal) {
        Ok(view) => within(&view),
        // Above the cap, or without cost: drawn full and said in words.
        Err(_) => {
            Gauge { percent: 100, light: Light::Overdue, value: visit.text("return-rate-over"), ..none }
        }
    }
}

fn within(view: &RateView) -> Gauge {
    let words = |ppm: i64| format!("{}.{}%", ppm / PPM_OF_PERCENT, ppm.rem_euclid(PPM_OF_PERCENT) / 1_000);
    let value = view.rate_ppm.map_or_else(|| "—".to_owned(), words);
    let Some(cap) = view.cap_ppm.map(i64::from) else {
        // No cap in the law: the rate is shown, nothing is measured against.
        return Gauge { value, limit: "—".to_owned(), light: Light::Normal, ..Gauge::default() };
    };
    let rate = view.rate_ppm.unwrap_or(0);
    let share = rate.max(0).saturating_mul(100).checked_div(cap).unwrap_or(100).min(100);
    let percent = u32::try_from(share).unwrap_or(100);
    let light = if percent >= NEAR_PERCENT { Light::DueSoon } else { Light::Normal };
    Gauge { percent, value, limit: words(cap), light, clause: None }
}

fn history(visit: &Visit, record: &ProductRecord) -> Table {
    let (from, price) = (visit.text("price-from"), visit.text("price"));
    let mut table = Table::new(&visit.text("price-history"), &[&from, &price], &[], &[]);
    let plans = record.product.plans.iter().rev();
    table.rows =
        plans.map(|plan| vec![plan.draft().from.to_string(), pricing_words(visit, plan.draft())]).collect();
    table
}

async fn propose(visit: Visit, Path(product): Path<String>, request: Request) -> Response {
    let result = try_propose(&visit, &product, request).await;
    visit.answer(result).await
}

async fn try_propose(visit: &Visit, product: &str, request: Request) -> Result<Response, Error> {
    let record = mine(visit, product).await?;
    let sent = Sent::read(visit, request).await?;
    let written = Written::sent(&sent);
    let proposal = match written.proposal() {
        Ok(proposal) => proposal,
        Err(wrong) => {
            return draw(visit, StatusCode::UNPROCESSABLE_ENTITY, &record, &written, &wrong, None).await;
        }
    };
    let id = record.product.id;
    match products::propose_price(&visit.app, &visit.keyed(sent.get("request_key")), id, &proposal).await {
        Ok(_) => {
            // The case decides about it; who may open that goes there at once.
            let known =
                [(facts_tenant(), record.product.tenant.to_string()), (facts::PRODUCT, id.to_string())];
            let case =
                open_case(visit, Effect::ApprovePrice, &known).filter(|_| record.product.filing.is_some());
            let to = case.unwrap_or_else(|| format!("/products/{id}"));
            Ok(visit.send_on(&to, Some("price-proposed")))
        }
        Err(error) if errors::can_be_mended(&error) => {
            draw(visit, problem::status(&error), &record, &written, &[], Some(&error)).await
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_exactly() {
        for (text, places, expected) in [
            ("0.20", 5, Some(20_000)),
            ("0.00125", 5, Some(125)),
            ("0.001250", 5, Some(125)),
            ("0.001251", 5, None),
            ("1,000.5", 2, Some(100_050)),
            ("12", 2, Some(1_200)),
            (".5", 2, Some(50)),
            ("", 2, None),
            (".", 2, None),
            ("-1", 2, None),
            ("1e3", 2, None),
            ("99999999999999999999", 2, None),
        ] {
            assert_eq!(decimal(text, places), expected, "{text}");
        }
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = Written { price: "x".into(), income: "1".into(), ..Written::default() }.proposal();
        assert_eq!(wrong.unwrap_err(), ["price-call", "from", "cost"]);
    }

    #[test]
    fn the_gauge_shows_the_share_of_the_cap() {
        let view = RateView {
            income: Fen(132),
            cost: Fen(100),
            rate_ppm: Some(320_000),
            cap_ppm: Some(500_000),
            income_max: Some(Fen(149)),
        };
        let gauge = within(&view);
        assert_eq!((gauge.percent, gauge.value.as_str(), gauge.limit.as_str()), (64, "32.0%", "50.0%"));
        assert_eq!(within(&RateView { rate_ppm: Some(490_000), ..view }).light, Light::DueSoon);
        let free = within(&RateView { cap_ppm: None, income_max: None, rate_ppm: Some(4_900_000), ..view });
        assert_eq!((free.value.as_str(), free.limit.as_str(), free.light), ("490.0%", "—", Light::Normal));
    }
}
