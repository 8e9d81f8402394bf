//! The authorised domain and its market: catalog, authorisations, workbench, models, runs, airlock, products, agreements,
//! keys, metering and bills.
//!
//! A handler takes a [`Visit`](super::desk::visit::Visit), calls one use case and fills a struct of [`super::pages`].
//! Every POST carries the form token, answers 303, and when it is refused shows the page again with what the person
//! had written. Procedures of the pack are found by what they bring about, never by name.

mod agreements;
mod airlock;
mod airlock_panels;
mod authorisations;
mod bills;
mod catalog;
mod change;
mod common;
mod compare;
mod consents;
mod declaration;
mod disclosures;
mod explained;
mod grants;
mod keys;
mod masks;
mod models;
mod pricing;
mod product;
mod product_marks;
mod product_new;
mod product_try;
mod register;
mod register_form;
mod resource;
mod runs;
mod statistics;
mod statistics_pages;
pub(crate) mod subject;
mod tenants;
mod topups;
mod trace;
mod twin_list;
mod twins;
mod workbench;

use axum::Router;

use crate::state::Edge;

#[cfg(test)]
pub(in crate::html) use disclosures::overlap_key;

/// The routes of these pages.
pub(crate) fn routes() -> Router<Edge> {
    Router::new()
        .merge(catalog::routes())
        .merge(register::routes())
        .merge(consents::routes())
        .merge(declaration::routes())
        .merge(resource::routes())
        .merge(tenants::routes())
        .merge(change::routes())
        .merge(grants::routes())
        .merge(twins::routes())
        .merge(twin_list::routes())
        .merge(authorisations::routes())
        .merge(workbench::routes())
        .merge(statistics_pages::routes())
        .merge(topups::routes())
        .merge(models::routes())
        .merge(runs::routes())
        .merge(airlock::routes())
        .merge(product::routes())
        .merge(product_try::routes())
        .merge(trace::routes())
        .merge(product_new::routes())
        .merge(pricing::routes())
        .merge(agreements::routes())
        .merge(keys::routes())
        .merge(bills::routes())
}
