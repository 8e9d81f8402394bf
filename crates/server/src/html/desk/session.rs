//! Signing in and out, language, role.

use app::Error;
use app::access::Role;
use app::identity::{self, NewPassword};
use axum::Router;
use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::errors;
use super::sent::Sent;
use super::visit::{ROLE_COOKIE, Visit, local_path};
use crate::commands::demo::{Member, PASSWORD, People, is_demonstration};
use crate::html::locale::{LANGUAGE_COOKIE, Language};
use crate::html::pages::form::FormError;
use crate::html::pages::sign_in::{DemoAccount, PasswordChange, SignIn};
use crate::http::problem;
use crate::state::{Edge, SESSION_COOKIE};

/// A choice of language is kept for a year.
const LANGUAGE_SECONDS: i64 = 365 * 86_400;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/password", get(show_password).post(change_password))
        .route("/language", post(language))
        .route("/role", post(role))
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
    expired: Option<String>,
}

async fn show(visit: Visit, Query(query): Query<Next>) -> Response {
    if visit.ctx.is_person() {
        return visit.send_on(local_path(&query.next), None);
    }
    let error = query.expired.map(|_| "access.session_expired".to_owned());
    let page = SignIn { next: local_path(&query.next).to_owned(), error, ..demonstration(&visit) };
    visit.answer(visit.public_page(StatusCode::OK, &page)).await
}

async fn sign_in(visit: Visit, request: Request) -> Response {
    let result = try_sign_in(&visit, request).await;
    visit.answer(result).await
}

async fn try_sign_in(visit: &Visit, request: Request) -> Result<Response, Error> {
    let sent = match Sent::read(visit, request).await {
        Ok(sent) => sent,
        // A sign-in page that lay open for too long: show it afresh instead of a dead end.
        Err(error @ Error::Forbidden("http.csrf")) => return again(visit, "", "/inbox", &error),
        Err(error) => return Err(error),
    };
    let (account, next) = (sent.get("account"), local_path(sent.get("next")));
    match identity::sign_in(&visit.app, account, sent.get("password").to_owned(), visit.app.now()).await {
        Ok(session) => {
            let mut response = visit.send_on(next, None);
            visit.set_cookie(&mut response, SESSION_COOKIE, &session.token, None);
            visit.set_cookie(&mut response, ROLE_COOKIE, "", Some(0));
            Ok(response)
        }
        Err(error @ Error::Internal { .. }) => Err(error),
        Err(error) => again(visit, account, next, &error),
    }
}

fn again(visit: &Visit, account: &str, next: &str, error: &Error) -> Result<Response, Error> {
    let page = SignIn {
        account: account.to_owned(),
        next: next.to_owned(),
        error: Some(error.code().to_owned()),
        ..demonstration(visit)
    };
    visit.public_page(problem::status(error), &page)
}

/// The sign-in page, with the accounts if this is the demonstration: they protect nothing.
fn demonstration(visit: &Visit) -> SignIn {
    let data = &visit.app.config().data;
    if !is_demonstration(data) {
        return SignIn::default();
    }
    let Ok(people) = People::read(data) else { return SignIn::default() };
    let account = |member: &Member| {
        let unit = people.units.iter().find(|unit| unit.code == member.unit);
        DemoAccount {
            name: member.account.clone(),
            role: visit.pick(&member.duty, &member.duty_en),
            unit: unit.map(|unit| visit.pick(&unit.name, &unit.en)).unwrap_or_default(),
        }
    };
    SignIn {
        demo_accounts: people.people.iter().map(account).collect(),
        demo_password: Some(PASSWORD.to_owned()),
        ..SignIn::default()
    }
}

async fn sign_out(visit: Visit, request: Request) -> Response {
    let result = try_sign_out(&visit, request).await;
    visit.answer(result).await
}

async fn try_sign_out(visit: &Visit, request: Request) -> Result<Response, Error> {
    Sent::read(visit, request).await?;
    if let Some(token) = &visit.token {
        identity::sign_out(&visit.app, &visit.ctx, token).await?;
    }
    let mut response = visit.send_on("/portal", Some("signed-out"));
    visit.set_cookie(&mut response, SESSION_COOKIE, "", Some(0));
    visit.set_cookie(&mut response, ROLE_COOKIE, "", Some(0));
    Ok(response)
}

async fn show_password(visit: Visit) -> Response {
    let result = password_page(&visit, Vec::new(), StatusCode::OK).await;
    visit.answer(result).await
}

async fn password_page(visit: &Visit, errors: Vec<FormError>, status: StatusCode) -> Result<Response, Error> {
    visit.signed_in()?;
    visit.page_with(status, "", &PasswordChange { errors }).await
}

async fn change_password(visit: Visit, request: Request) -> Response {
    let result = try_change_password(&visit, request).await;
    visit.answer(result).await
}

async fn try_change_password(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let wrong = |field: &str, message: String| vec![FormError { field: field.to_owned(), message }];
    if sent.get("new") != sent.get("again") {
        let errors = wrong("again", visit.text("password-differs"));
        return password_page(visit, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let change = NewPassword { present: sent.get("present").to_owned(), new: sent.get("new").to_owned() };
    match identity::change_password(&visit.app, &visit.ctx, change).await {
        Ok(()) => {
            // Every session has ended, this one too.
            let mut response = visit.send_on("/sign-in", Some("password-changed"));
            visit.set_cookie(&mut response, SESSION_COOKIE, "", Some(0));
            Ok(response)
        }
        Err(error @ (Error::Invalid { .. } | Error::Limited(_))) => {
            let refusal = errors::refusal(visit, &error);
            let field = if error.code() == "account.weak_password" { "new" } else { "present" };
            let (title, remedy) = visit.error_words(&refusal.code);
            password_page(visit, wrong(field, format!("{title} {remedy}")), problem::status(&error)).await
        }
        Err(error) => Err(error),
    }
}

async fn language(visit: Visit, request: Request) -> Response {
    let result = choose_language(&visit, request).await;
    visit.answer(result).await
}

async fn choose_language(visit: &Visit, request: Request) -> Result<Response, Error> {
    let sent = Sent::read(visit, request).await?;
    let chosen = Language::from_tag(sent.get("language")).unwrap_or_default();
    let mut response = visit.send_on(local_path(sent.get("next")), None);
    visit.set_cookie(&mut response, LANGUAGE_COOKIE, chosen.tag(), Some(LANGUAGE_SECONDS));
    Ok(response)
}

async fn role(visit: Visit, request: Request) -> Response {
    let result = choose_role(&visit, request).await;
    visit.answer(result).await
}

async fn choose_role(visit: &Visit, request: Request) -> Result<Response, Error> {
    let sent = Sent::read(visit, request).await?;
    visit.signed_in()?;
    let chosen = sent.get("role").parse::<Role>().ok().filter(|role| visit.held.contains(role));
    // What the other role could see this one may not: begin at the inbox.
    let mut response = visit.send_on("/inbox", Some("role"));
    match chosen {
        Some(role) => visit.set_cookie(&mut response, ROLE_COOKIE, role.key(), None),
        None => visit.set_cookie(&mut response, ROLE_COOKIE, "", Some(0)),
    }
    Ok(response)
}
