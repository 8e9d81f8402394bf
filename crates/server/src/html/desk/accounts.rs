//! Units and persons, for administrators.

use app::access::{Role, Standing};
use app::identity::{self, NewPerson, Person, Unit};
use app::{Error, desk};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::sent::Sent;
use super::visit::Visit;
use super::{errors, frame};
use crate::html::pages::admin::{AccountRow, AdminAccounts};
use crate::html::pages::parts::{Choice, Light};
use crate::http::problem;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new()
        .route("/admin/accounts", get(show).post(create))
        .route("/admin/accounts/{person}/close", post(close))
        .route("/admin/accounts/{person}/open", post(open))
        .route("/admin/accounts/{person}/password", post(reset))
}

async fn show(visit: Visit) -> Response {
    let result = match page(&visit).await {
        Ok(page) => visit.page("accounts", &page).await,
        Err(error) => Err(error),
    };
    visit.answer(result).await
}

async fn page(visit: &Visit) -> Result<AdminAccounts, Error> {
    visit.signed_in()?;
    let (mut units, mut persons) = identity::list_accounts(&visit.app, &visit.ctx).await?;
    units.sort_by(|left, right| left.code.cmp(&right.code));
    let code = |person: &Person| units.iter().find(|unit| unit.id == person.unit).map(|unit| &unit.code);
    persons.sort_by(|left, right| (code(left), &left.account).cmp(&(code(right), &right.account)));
    let roles = Role::ALL.iter().filter(|role| **role != Role::Service);
    // The first unit is what a browser shows: its own first role goes with it.
    let first = units.first().and_then(|unit| unit.roles.first().copied());
    Ok(AdminAccounts {
        rows: persons.iter().map(|person| row(visit, &units, person)).collect(),
        units: units
            .iter()
            .map(|unit| Choice::new(&unit.code, &visit.pick(&unit.name, &unit.en), false))
            .collect(),
        roles: roles
            .map(|role| Choice::new(role.key(), &frame::role_name(visit, *role), first == Some(*role)))
            .collect(),
        account: String::new(),
        name: String::new(),
        conflicts: persons.iter().filter_map(|person| conflict(visit, person)).collect(),
        create_href: Some("/admin/accounts".to_owned()),
        request_key: Visit::request_key(),
        more_href: None,
    })
}

fn row(visit: &Visit, units: &[Unit], person: &Person) -> AccountRow {
    let unit = units.iter().find(|unit| unit.id == person.unit);
    let active = person.standing == Standing::Active;
    let roles: Vec<String> = person.roles.iter().map(|role| frame::role_name(visit, *role)).collect();
    let verb = if active { "close" } else { "open" };
    AccountRow {
        name: person.name.clone(),
        account: person.account.clone(),
        unit: unit.map(|unit| visit.pick(&unit.name, &unit.en)).unwrap_or_default(),
        roles: roles.join(&visit.text("list-comma")),
        last_seen: person.signed_in.map(|at| visit.minute(at)).unwrap_or_default(),
        state: visit.text(if active { "account-active" } else { "account-closed" }),
        light: if active { Light::Normal } else { Light::Suspended },
        toggle_href: (person.id != visit.ctx.principal.person)
            .then(|| format!("/admin/accounts/{}/{verb}", person.id)),
        toggle_closes: active,
        reset_href: (person.id != visit.ctx.principal.person)
            .then(|| format!("/admin/accounts/{}/password", person.id)),
    }
}

/// Duties one person should not hold together: asking and judging.
fn conflict(visit: &Visit, person: &Person) -> Option<String> {
    let asks = [Role::Applicant, Role::OperatorManager, Role::OperatorEngineer, Role::Buyer];
    let judges = [Role::Authority, Role::Reviewer, Role::Supervisor, Role::Expert, Role::Government];
    let held = |list: &[Role]| list.iter().copied().find(|role| person.roles.contains(role));
    let (asking, judging) = (held(&asks)?, held(&judges)?);
    let (first, second) = (frame::role_name(visit, asking), frame::role_name(visit, judging));
    Some(visit.text_with("conflict", &[("name", &person.name), ("first", &first), ("second", &second)]))
}

async fn create(visit: Visit, request: Request) -> Response {
    let result = try_create(&visit, request).await;
    visit.answer(result).await
}

async fn try_create(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let password = identity::first_password();
    let (account, name) = (sent.get("account").trim(), sent.get("name").trim());
    let enrolled = match sent.get("role").parse::<Role>() {
        Ok(role) if !account.is_empty() && !name.is_empty() => {
            let (_, known) = identity::list_accounts(&visit.app, &visit.ctx).await?;
            if known.iter().any(|person| person.account == account) {
                Err(Error::Conflict("account.taken"))
            } else {
                let person = NewPerson {
                    account: account.to_owned(),
                    name: name.to_owned(),
                    unit: sent.get("unit").to_owned(),
                    roles: vec![role],
                    password: password.clone(),
                };
                identity::enrol(&visit.app, &visit.ctx, &[], &[person]).await
            }
        }
        _ => Err(Error::invalid("form.required", "")),
    };
    let mut page = page(visit).await?;
    page.units.iter_mut().for_each(|unit| unit.selected = unit.value == sent.get("unit"));
    page.roles.iter_mut().for_each(|role| role.selected = role.value == sent.get("role"));
    let (status, words) = match enrolled {
        // The password is in this answer only, so the answer is the page itself and not a way to it.
        Ok(()) => (
            StatusCode::OK,
            visit.text_with("account-created", &[("account", account), ("password", &password)]),
        ),
        Err(error) if errors::can_be_mended(&error) => {
            account.clone_into(&mut page.account);
            name.clone_into(&mut page.name);
            let refusal = errors::refusal(visit, &error);
            (problem::status(&error), format!("{}{}", refusal.message, refusal.remedy))
        }
        Err(error) => return Err(error),
    };
    visit.page_saying(status, "accounts", &page, words).await
}

async fn close(visit: Visit, Path(person): Path<String>, request: Request) -> Response {
    let result = set(&visit, &person, Standing::Suspended, request).await;
    visit.answer(result).await
}

async fn open(visit: Visit, Path(person): Path<String>, request: Request) -> Response {
    let result = set(&visit, &person, Standing::Active, request).await;
    visit.answer(result).await
}

async fn reset(visit: Visit, Path(person): Path<String>, request: Request) -> Response {
    let result = try_reset(&visit, &person, request).await;
    visit.answer(result).await
}

async fn try_reset(visit: &Visit, person: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    Sent::read(visit, request).await?;
    let id = Visit::id(person, "person.unknown")?;
    let password = identity::reset_password(&visit.app, &visit.ctx, id).await?;
    let (_, known) = identity::list_accounts(&visit.app, &visit.ctx).await?;
    let account =
        known.into_iter().find(|known| known.id == id).map(|known| known.account).unwrap_or_default();
    // As with a new account, the password is in this answer only.
    let words = visit.text_with("account-reset", &[("account", &account), ("password", &password)]);
    visit.page_saying(StatusCode::OK, "accounts", &page(visit).await?, words).await
}

async fn set(visit: &Visit, person: &str, standing: Standing, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    Sent::read(visit, request).await?;
    desk::set_standing(&visit.app, &visit.ctx, Visit::id(person, "person.unknown")?, standing).await?;
    let notice = if standing == Standing::Active { "account-opened" } else { "account-closed" };
    Ok(visit.send_on("/admin/accounts", Some(notice)))
}
