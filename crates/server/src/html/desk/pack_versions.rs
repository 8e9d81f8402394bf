//! Versions of the installation's pack: proposing one, looking at what it would change, putting it into force.

use std::sync::Arc;

use app::packs::{self, Act, ActKind, PackFile, Version, VersionState};
use app::regulation::pack::Pack;
use app::regulation::pack::tools::{self, Lang};
use app::{Ctx, Error};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base::Digest;
use serde::Deserialize;

use super::errors;
use super::pack_checks::{report, table};
use super::sent::Sent;
use super::visit::{Visit, encode};
use crate::html::pages::pack_versions::{AdminPackVersion, AdminPackVersions, VersionRow};
use crate::html::pages::parts::{Fact, Light, Link, Table};
use crate::http::problem;
use crate::state::Edge;

const LIST: &str = "/admin/packs/versions";

pub(super) fn routes() -> Router<Edge> {
    // The files themselves are counted by the use case; this leaves room for what a browser puts around them.
    let limit = DefaultBodyLimit::max(2 * packs::PACK_BYTES_MAX);
    Router::new()
        .route("/admin/packs/versions", get(list).post(propose).layer(limit))
        .route("/admin/packs/versions/{digest}", get(show))
        .route("/admin/packs/versions/{digest}/diff", get(diff))
        .route("/admin/packs/versions/{digest}/confirm", post(confirm))
        .route("/admin/packs/versions/{digest}/withdraw", post(withdraw))
        .route("/admin/packs/versions/{digest}/activate", post(activate))
}

async fn list(visit: Visit) -> Response {
    let result = async {
        let page = versions(&visit).await?;
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

async fn versions(visit: &Visit) -> Result<AdminPackVersions, Error> {
    visit.signed_in()?;
    let current = visit.app.packs().current();
    let rows = packs::history(&visit.app).await?;
    Ok(AdminPackVersions {
        name: current.name.clone(),
        rows: rows.iter().map(|one| row(visit, one)).collect(),
        alarms: super::pack_tools::alarms(visit, &current),
        upload_href: may_propose(visit).then(|| LIST.to_owned()),
        request_key: Visit::request_key(),
        refusal: None,
        report: None,
    })
}

pub(super) fn may_propose(visit: &Visit) -> bool {
    visit.ctx.principal.roles.contains(&app::access::Role::Authority)
}

fn row(visit: &Visit, one: &Version) -> VersionRow {
    let (state, light) = state_of(visit, one.state);
    let by = |kind| one.last(kind).map(|act| format!("{} {}", who(visit, act), visit.day(act.at)));
    VersionRow {
        label: one.label.clone(),
        href: format!("{LIST}/{}", one.digest),
        state,
        light,
        validity: validity(visit, one),
        proposed: by(ActKind::Confirmed).or_else(|| by(ActKind::Proposed)).unwrap_or_default(),
        activated: by(ActKind::Activated).unwrap_or_default(),
    }
}

/// Where a version stands, in words.
pub(super) fn state_of(visit: &Visit, state: VersionState) -> (String, Light) {
    let (key, light) = match state {
        VersionState::Proposed => ("version-proposed", Light::DueSoon),
        VersionState::InForce => ("version-in-force", Light::Normal),
        VersionState::Replaced => ("version-replaced", Light::Done),
        VersionState::Withdrawn => ("version-withdrawn", Light::Suspended),
    };
    (visit.text(key), light)
}

fn validity(visit: &Visit, one: &Version) -> String {
    match one.validity {
        (None, None) => visit.text("none"),
        (from, until) => {
            let day = |day: Option<base::Date>| day.map(|day| day.to_string()).unwrap_or_default();
            format!("{} – {}", day(from), day(until)).trim_matches([' ', '–']).to_owned()
        }
    }
}

/// Who did something with a version.
pub(super) fn who(visit: &Visit, act: &Act) -> String {
    match act.person {
        None => visit.text("pack-installation"),
        Some(_) if act.person_name.is_empty() => act.unit_name.clone(),
        Some(_) => act.person_name.clone(),
    }
}

async fn propose(visit: Visit, request: Request) -> Response {
    let result = try_propose(&visit, request).await;
    visit.answer(result).await
}

async fn try_propose(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let (ctx, files) = upload(visit, request).await?;
    match packs::propose(&visit.app, &ctx, &files).await {
        Ok(proposed) => Ok(visit.send_on(&format!("{LIST}/{}", proposed.digest), Some("pack-proposed"))),
        Err(error) if errors::can_be_mended(&error) => {
            let mut page = versions(visit).await?;
            page.refusal = Some(errors::refusal(visit, &error));
            if let Error::Unfit(found) = &error {
                page.report = Some(report(visit, found));
            }
            visit.page_with(problem::status(&error), "packs", &page).await
        }
        Err(error) => Err(error),
    }
}

/// The files of a folder as the browser sends them, their paths in their names. What is no text of a pack is left out.
async fn upload(visit: &Visit, request: Request) -> Result<(Ctx, Vec<PackFile>), Error> {
    let bad = |status: StatusCode| match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::Limited("pack.files_too_large"),
        _ => Error::invalid("http.bad_request", ""),
    };
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|rejection| bad(rejection.status()))?;
    let (mut token, mut key, mut files) = (String::new(), String::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|error| bad(error.status()))? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        if file.is_some() {
            // The token stands before the files.
            visit.check_csrf(&token)?;
        }
        let bytes = part.bytes().await.map_err(|error| bad(error.status()))?;
        match file {
            None if name == "csrf" => token = String::from_utf8_lossy(&bytes).into_owned(),
            None if name == "request_key" => key = String::from_utf8_lossy(&bytes).into_owned(),
            Some(path) if path.ends_with(".yaml") || path.ends_with(".typ") => {
                let text = String::from_utf8(bytes.to_vec());
                let text = text.map_err(|_| Error::invalid("pack.files_utf8", &path))?;
                files.push(PackFile { path, text });
            }
            _ => {}
        }
    }
    visit.check_csrf(&token)?;
    Ok((visit.keyed(&key), files))
}

#[derive(Debug, Default, Deserialize)]
struct Place {
    after: Option<String>,
}

async fn show(visit: Visit, Path(version): Path<String>, Query(place): Query<Place>) -> Response {
    let result = async {
        let page = page(&visit, digest(&version)?, place.after.as_deref()).await?;
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

/// A digest in an address; anything else is not found, as an unknown one is.
fn digest(text: &str) -> Result<Digest, Error> {
    text.parse().map_err(|_| Error::NotFound("pack.version_unknown"))
}

async fn page(visit: &Visit, digest: Digest, after: Option<&str>) -> Result<AdminPackVersion, Error> {
    visit.signed_in()?;
    let one = packs::version(&visit.app, digest).await?;
    let pack = visit.app.packs().known(digest);
    let current = visit.app.packs().current();
    let (word, light) = state_of(visit, one.state);
    let href = |end: &str| format!("{LIST}/{digest}{end}");
    let waits = one.state == VersionState::Proposed;
    let mut page = AdminPackVersion {
        name: one.name.clone(),
        label: one.label.clone(),
        state: word,
        light,
        facts: facts(visit, &one),
        links: Vec::new(),
        alarms: pack
            .as_ref()
            .filter(|_| waits)
            .map_or_else(Vec::new, |pack| super::pack_tools::alarms(visit, pack)),
        acts: acts(visit, &one),
        report: one.report.as_ref().map(|found| report(visit, found)),
        request_key: Visit::request_key(),
        ..AdminPackVersion::default()
    };
    if pack.is_some() && digest != current.digest {
        page.links.push(Link::new(&visit.text("pack-version-diff"), &href("/diff")));
    }
    let Some(pack) = pack.filter(|_| waits) else { return Ok(page) };
    let refusal = packs::not_before(&pack, &current, visit.today());
    if !may_propose(visit) {
        page.next = visit.text("pack-next-authority");
        return Ok(page);
    }
    impact(visit, &mut page, (&current, &pack), after).await?;
    page.withdraw_href = Some(href("/withdraw"));
    let mine = one.proposer().and_then(|act| act.person) == Some(visit.ctx.principal.person);
    if one.waits_for_confirmation() {
        page.next = visit.text("pack-next-confirm");
        page.confirm_href = Some(href("/confirm"));
    } else if mine {
        page.next = visit.text("pack-next-other");
    } else if let Some((code, subject)) = refusal {
        let (title, remedy) = visit.error_words(code);
        page.next = format!("{title}{}{remedy}", visit.text_with("refusal-detail", &[("detail", &subject)]));
    } else {
        page.next = visit.text("pack-next-activate");
        page.activate_href = Some(href("/activate"));
    }
    Ok(page)
}

fn facts(visit: &Visit, one: &Version) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new(&visit.text("in-force-from"), &validity(visit, one)),
        Fact::new(&visit.text("pack-digest"), &one.digest.to_string()),
    ];
    if let Some(progress) = one.progress {
        let key = if progress.done { "pack-moved" } else { "pack-moving" };
        let (moved, of) = (progress.moved.to_string(), progress.of.to_string());
        let words = visit.text_with(key, &[("moved", &moved), ("of", &of)]);
        facts.push(Fact::new(&visit.text("pack-impact"), &words));
    }
    facts
}

fn acts(visit: &Visit, one: &Version) -> Table {
    let row = |act: &Act| {
        let key = match act.kind {
            ActKind::Proposed => "act-proposed",
            ActKind::Confirmed => "act-confirmed",
            ActKind::Withdrawn => "act-withdrawn",
            ActKind::Activated => "act-activated",
            ActKind::Replaced => "act-replaced",
        };
        vec![visit.text(key), who(visit, act), act.unit_name.clone(), visit.minute(act.at)]
    };
    let heads = [("pack-act", false), ("pack-person", false), ("unit", false), ("time", false)];
    table(visit, "pack-acts", &heads, one.acts.iter().map(row).collect())
}

/// What activating would do to the running cases, in numbers and case by case.
async fn impact(
    visit: &Visit,
    page: &mut AdminPackVersion,
    (current, pack): (&Arc<Pack>, &Arc<Pack>),
    after: Option<&str>,
) -> Result<(), Error> {
    let found = packs::impact(&visit.app, &visit.ctx, pack.digest).await?;
    let cases = packs::impact_page(&visit.app, &visit.ctx, pack.digest, after).await?;
    let heads =
        [("procedure", false), ("impact-moves", true), ("impact-stays", true), ("impact-blocked", true)];
    let rows = found.procedures.iter().map(|(name, counts)| {
        let numbers = [counts.moves, counts.stays, counts.blocked].map(|number| number.to_string());
        [name.clone()].into_iter().chain(numbers).collect()
    });
    page.counts = Some(table(visit, "pack-impact", &heads, rows.collect()));
    let lang = if visit.is_english() { Lang::En } else { Lang::Zh };
    let document = tools::impact_document(current, pack, found.total, &cases.items);
    page.cases = document.view(lang).blocks;
    page.more_href = cases.next.map(|next| format!("{LIST}/{}?after={}", pack.digest, encode(&next)));
    page.seen = found.digest.to_string();
    Ok(())
}

/// The difference to the version in force.
async fn diff(visit: Visit, Path(version): Path<String>) -> Response {
    let result = async {
        visit.signed_in()?;
        let digest = digest(&version)?;
        let pack = visit.app.packs().known(digest).ok_or(Error::NotFound("pack.version_unknown"))?;
        let found = tools::diff(&visit.app.packs().current(), &pack);
        let mut page = super::pack_tools::document(&visit, &pack, &found);
        page.links = Vec::new();
        page.back =
            Link::new(&format!("{} {}", visit.text("version"), pack.version), &format!("{LIST}/{digest}"));
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

async fn confirm(visit: Visit, Path(version): Path<String>, request: Request) -> Response {
    let result = async {
        let (digest, ctx, _) = sent(&visit, &version, request).await?;
        let done = packs::confirm(&visit.app, &ctx, digest).await;
        settled(&visit, digest, done, "pack-confirmed").await
    }
    .await;
    visit.answer(result).await
}

async fn withdraw(visit: Visit, Path(version): Path<String>, request: Request) -> Response {
    let result = async {
        let (digest, ctx, _) = sent(&visit, &version, request).await?;
        let done = packs::withdraw(&visit.app, &ctx, digest).await;
        settled(&visit, digest, done, "pack-withdrawn").await
    }
    .await;
    visit.answer(result).await
}

async fn activate(visit: Visit, Path(version): Path<String>, request: Request) -> Response {
    let result = async {
        let (digest, ctx, sent) = sent(&visit, &version, request).await?;
        // The box is ticked: nobody puts a text into force by a slip.
        if sent.get("sure") != "yes" {
            return settled(&visit, digest, Err(Error::invalid("form.required", "")), "").await;
        }
        let seen = sent.get("seen").parse().map_err(|_| Error::Conflict("pack.impact_changed"))?;
        let done = packs::activate(&visit.app, &ctx, digest, seen).await;
        settled(&visit, digest, done.map(|_| ()), "pack-activated").await
    }
    .await;
    visit.answer(result).await
}

async fn sent(visit: &Visit, version: &str, request: Request) -> Result<(Digest, Ctx, Sent), Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    Ok((digest(version)?, visit.keyed(sent.get("request_key")), sent))
}

/// Back to the version with what was done, or the version with why it was not.
async fn settled(
    visit: &Visit,
    digest: Digest,
    done: Result<(), Error>,
    notice: &str,
) -> Result<Response, Error> {
    match done {
        Ok(()) => Ok(visit.send_on(&format!("{LIST}/{digest}"), Some(notice))),
        Err(error) if errors::can_be_mended(&error) => {
            let mut page = page(visit, digest, None).await?;
            page.refusal = Some(errors::refusal(visit, &error));
            if let Error::Unfit(found) = &error {
                page.report = Some(report(visit, found));
            }
            visit.page_with(problem::status(&error), "packs", &page).await
        }
        Err(error) => Err(error),
    }
}
