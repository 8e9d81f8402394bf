//! Beginning a pack in the browser: from a parent, a sibling as template and a table of clauses to a folder.

mod zip;

use std::sync::Arc;

use app::Error;
use app::packs::{self, PackFile, PackSource, Packs};
use app::regulation::pack::tools::{self, NewError, NewPack};
use app::regulation::pack::{Pack, SourceFile};
use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::errors;
use super::pack_checks::{report, table};
use super::pack_versions::may_propose;
use super::sent::Sent;
use super::visit::Visit;
use crate::commands::embedded;
use crate::html::pages::pack_checks::AdminPackNew;
use crate::html::pages::parts::{Choice, Refusal};
use crate::http::problem;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/admin/packs/new", get(show).post(make))
}

async fn show(visit: Visit) -> Response {
    let result = async {
        let mut page = form(&visit, &Sent::default())?;
        page.version = "1".to_owned();
        visit.page("packs", &page).await
    }
    .await;
    visit.answer(result).await
}

/// The form with what was written.
fn form(visit: &Visit, sent: &Sent) -> Result<AdminPackNew, Error> {
    visit.signed_in()?;
    let all = visit.app.packs().all();
    let current = visit.app.packs().current();
    let of = |pack: &Arc<Pack>, chosen: bool| Choice::new(&pack.id, &pack.name, chosen);
    let parent = match sent.get("parent") {
        "" => current.parent.clone().unwrap_or_default(),
        chosen => chosen.to_owned(),
    };
    let template = sent.get("template");
    let text = |name: &str| sent.get(name).to_owned();
    let none = Choice::new("", &visit.text("pack-template-none"), template.is_empty());
    Ok(AdminPackNew {
        parents: all.iter().map(|pack| of(pack, pack.id == parent)).collect(),
        templates: [none].into_iter().chain(all.iter().map(|pack| of(pack, pack.id == template))).collect(),
        id: text("id"),
        name: text("name"),
        prefix: text("prefix"),
        version: text("version"),
        clauses: text("clauses"),
        units: text("units"),
        may_propose: may_propose(visit),
        request_key: Visit::request_key(),
        refusal: None,
        problems: None,
        report: None,
    })
}

async fn make(visit: Visit, request: Request) -> Response {
    let result = try_make(&visit, request).await;
    visit.answer(result).await
}

async fn try_make(visit: &Visit, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let page = form(visit, &sent)?;
    let files = match files(visit, &page, sent.get("parent"), sent.get("template")).await? {
        Ok(files) => files,
        Err(why) => return refused(visit, page, &why).await,
    };
    if sent.get("then") == "propose" {
        let named = files.iter();
        let named = named
            .map(|file| PackFile { path: format!("{}/{}", page.id, file.path), text: file.text.clone() });
        let ctx = visit.keyed(sent.get("request_key"));
        return match packs::propose(&visit.app, &ctx, &named.collect::<Vec<_>>()).await {
            Ok(proposed) => {
                let to = format!("/admin/packs/versions/{}", proposed.digest);
                Ok(visit.send_on(&to, Some("pack-proposed")))
            }
            Err(error) if errors::can_be_mended(&error) => {
                let mut page = page;
                page.refusal = Some(errors::refusal(visit, &error));
                if let Error::Unfit(found) = &error {
                    page.report = Some(report(visit, found));
                }
                visit.page_with(problem::status(&error), "packs", &page).await
            }
            Err(error) => Err(error),
        };
    }
    download(&page.id, &files)
}

/// The files, or why there are none.
async fn files(
    visit: &Visit,
    page: &AdminPackNew,
    parent: &str,
    template: &str,
) -> Result<Result<Vec<SourceFile>, NewError>, Error> {
    let (folder, page) = (visit.app.config().packs.clone(), page.clone());
    let (parent, template) = (parent.to_owned(), template.to_owned());
    let work = move || {
        let sources = embedded::packs(&folder).map_err(|error| Error::internal("pack.sources", error))?;
        let parent = Packs::load(&sources, &parent)?.current();
        let template = match template.as_str() {
            "" => None,
            id => {
                let found = sources.iter().find(|source| source.id == id);
                let texts = found.map(PackSource::source_files).unwrap_or_default();
                Some((Packs::load(&sources, id)?.current(), texts))
            }
        };
        let made = tools::own_clauses(&page.clauses, &page.prefix).and_then(|clauses| {
            tools::new_pack(&NewPack {
                id: page.id.clone(),
                name: page.name.clone(),
                prefix: page.prefix.clone(),
                version: page.version.clone(),
                parent: &parent,
                template: template.as_ref().map(|(pack, texts)| (pack.as_ref(), texts.as_slice())),
                clauses,
            })
        });
        Ok(made.map(|(files, _)| renamed(files, &page.units)))
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::internal("pack.new", error))?
}

/// Unit codes of the template give way to those of the new county, wherever they stand as a word of their own.
fn renamed(mut files: Vec<SourceFile>, units: &str) -> Vec<SourceFile> {
    let pairs = units.lines().filter_map(|line| line.split_once('='));
    let pairs: Vec<(&str, &str)> = pairs.map(|(from, to)| (from.trim(), to.trim())).collect();
    for file in &mut files {
        file.text = words(&file.text)
            .map(|word| pairs.iter().find(|(from, _)| *from == word).map_or(word, |(_, to)| *to))
            .collect();
    }
    files
}

/// A text as codes (letters, digits, hyphens) and what stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_code = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|c| is_code(c) != is_code(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

async fn refused(visit: &Visit, mut page: AdminPackNew, why: &NewError) -> Result<Response, Error> {
    let (_, remedy) = visit.error_words(why.code());
    page.refusal = Some(Refusal {
        code: why.code().to_owned(),
        message: visit.pick(&why.zh(), &why.to_string()),
        remedy,
        clauses: Vec::new(),
    });
    if let NewError::DoesNotLoad(found) = why {
        let row = |one: &app::regulation::pack::Diagnostic| {
            let place = format!("{}:{}", one.line, one.column);
            vec![one.file.clone(), place, visit.pick(&one.zh, &one.en), one.code.to_owned()]
        };
        let heads = [("file", false), ("line", false), ("problem", false), ("error-code", false)];
        page.problems = Some(table(visit, "report-mistakes", &heads, found.iter().map(row).collect()));
    }
    visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, "packs", &page).await
}

/// The folder as one file.
fn download(id: &str, files: &[SourceFile]) -> Result<Response, Error> {
    let named: Vec<(String, &str)> =
        files.iter().map(|file| (format!("{id}/{}", file.path), file.text.as_str())).collect();
    let bytes = zip::stored(&named).ok_or(Error::Limited("pack.files_too_large"))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    // The id is lower-case letters, digits and hyphens: the folder would not have been made otherwise.
    let name = format!("attachment; filename=\"{id}.zip\"");
    let name = HeaderValue::from_str(&name).map_err(|error| Error::internal("http.header", error))?;
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_codes_give_way() {
        let text = "机构: [bigdata-bureau, bigdata-bureau-2]  # bigdata-bureau\n";
        let files = vec![SourceFile { path: "roles.yaml".to_owned(), text: text.to_owned() }];
        let done = renamed(files, "bigdata-bureau = data-office\n\nnonsense\n");
        assert_eq!(done[0].text, "机构: [data-office, bigdata-bureau-2]  # data-office\n");
    }
}
