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
mod common;
mod compare;
mod consents;
mod declaration;
mod explained;
mod keys;
mod models;
mod pricing;
mod product;
mod product_new;
mod register;
mod resource;
mod runs;
mod statistics;
pub(crate) mod subject;
mod tenants;
mod trace;
mod twins;
mod workbench;

use axum::Router;

use crate::state::Edge;

#[cfg(test)]
pub(in crate::html) use runs::overlap_key;

/// The routes of these pages.
pub(crate) fn routes() -> Router<Edge> {
    Router::new()
        .merge(catalog::routes())
        .merge(register::routes())
        .merge(consents::routes())
        .merge(declaration::routes())
        .merge(resource::routes())
        .merge(tenants::routes())
        .merge(twins::routes())
        .merge(authorisations::routes())
        .merge(workbench::routes())
        .merge(models::routes())
        .merge(runs::routes())
        .merge(airlock::routes())
        .merge(product::routes())
        .merge(trace::routes())
        .merge(product_new::routes())
        .merge(pricing::routes())
        .merge(agreements::routes())
        .merge(keys::routes())
        .merge(bills::routes())
}
