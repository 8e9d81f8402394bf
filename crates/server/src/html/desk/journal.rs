//! The journal for who watches: every change and every access, newest first.

use std::collections::BTreeMap;

use app::ledger::{self, JournalLine};
use app::{Error, desk};
use axum::Router;
use axum::extract::Query;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base::{Date, Id, kind};
use serde::Deserialize;

use super::visit::{Visit, encode};
use crate::html::pages::ledger::{Journal, JournalRow};
use crate::html::pages::parts::{Choice, Light};
use crate::state::Edge;

/// Rows of one page.
const ROWS: usize = 50;
/// Rows read at once.
const BATCH: u32 = 200;
/// Batches looked through for a filter.
const BATCHES: usize = 20;
/// Rows of an exported file.
const EXPORT_ROWS: usize = 4_000;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/journal", get(show)).route("/journal.csv", get(export))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    before: Option<u64>,
}

impl Asked {
    const fn filtered(&self) -> bool {
        !(self.q.is_empty() && self.kind.is_empty() && self.from.is_empty() && self.until.is_empty())
    }

    fn query(&self) -> String {
        format!(
            "q={}&kind={}&from={}&until={}",
            encode(&self.q),
            encode(&self.kind),
            encode(&self.from),
            encode(&self.until)
        )
    }

    fn fits(&self, visit: &Visit, line: &JournalLine, names: &Names) -> bool {
        let day = line.at.date_at(visit.offset());
        let after = self.from.parse::<Date>().map_or(true, |from| day >= from);
        let before = self.until.parse::<Date>().map_or(true, |until| day <= until);
        let text = self.q.trim();
        let (name, unit) = actor(visit, line, names);
        let named = [&line.subject, &line.action, &name, &unit].iter().any(|found| found.contains(text));
        after && before && (self.kind.is_empty() || line.action == self.kind) && named
    }
}

type Names = BTreeMap<Id<kind::Person>, (String, String)>;

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = page(&visit, &asked).await;
    visit.answer(result).await
}

async fn page(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let names = desk::person_names(&visit.app, &visit.ctx).await?;
    let (lines, next) = lines(visit, asked, &names, ROWS).await?;
    let page = Journal {
        rows: lines.iter().map(|line| row(visit, line, &names)).collect(),
        kinds: kinds(visit, &asked.kind),
        search: asked.q.clone(),
        from: asked.from.clone(),
        until: asked.until.clone(),
        filtered: asked.filtered(),
        export_href: Some(format!("/journal.csv?{}", asked.query())),
        more_href: next.map(|before| format!("/journal?{}&before={before}", asked.query())),
    };
    visit.page("journal", &page).await
}

/// Rows that fit, newest first. A case's number finds the rows of that case.
async fn lines(
    visit: &Visit,
    asked: &Asked,
    names: &Names,
    wanted: usize,
) -> Result<(Vec<JournalLine>, Option<u64>), Error> {
    let case = desk::case_by_number(&visit.app, &visit.ctx, asked.q.trim()).await.ok();
    let subject = case.map(|case| format!("case/{case}"));
    let asked = &Asked {
        q: if case.is_some() { String::new() } else { asked.q.clone() },
        kind: asked.kind.clone(),
        from: asked.from.clone(),
        until: asked.until.clone(),
        before: asked.before,
    };
    let mut before = asked.before;
    let mut found = Vec::new();
    for _ in 0..BATCHES {
        let batch = ledger::journal(&visit.app, &visit.ctx, subject.as_deref(), before, BATCH).await?;
        let full = batch.len() >= BATCH as usize;
        for line in batch {
            before = Some(line.seq);
            if asked.fits(visit, &line, names) {
                found.push(line);
            }
            if found.len() >= wanted {
                return Ok((found, before));
            }
        }
        if !full {
            return Ok((found, None));
        }
    }
    Ok((found, before))
}

fn row(visit: &Visit, line: &JournalLine, names: &Names) -> JournalRow {
    let (name, unit) = actor(visit, line, names);
    JournalRow {
        index: line.seq.to_string(),
        at: line.at.format_at(visit.offset()),
        actor: name,
        unit,
        kind: action(visit, &line.action),
        subject: short(&line.subject),
        subject_href: subject_href(&line.subject),
        outcome: visit.text("journal-done"),
        light: Light::Normal,
        proof_href: Some(format!("/ledger?record={}", line.seq)),
    }
}

/// Who did it: a person's name and unit, or what the platform did by itself.
fn actor(visit: &Visit, line: &JournalLine, names: &Names) -> (String, String) {
    match line.actor.split_once(':') {
        Some(("person", id)) => {
            let known = id.parse().ok().and_then(|id| names.get(&id).cloned());
            known.unwrap_or_else(|| (line.actor.clone(), String::new()))
        }
        Some(("service", job)) => (visit.text("by-system"), job.to_owned()),
        Some(("apikey", _)) => (visit.text("by-key"), String::new()),
        _ => (visit.text("by-nobody"), String::new()),
    }
}

/// An action in words; its key where there are none.
pub(super) fn action(visit: &Visit, key: &str) -> String {
    let message = format!("action-{}", key.replace(['.', '_'], "-"));
    let words = visit.try_text(&message);
    words.unwrap_or_else(|| key.to_owned())
}

fn short(subject: &str) -> String {
    match subject.split_once('/') {
        Some((kind, id)) if id.len() > 12 => {
            let end: String = id.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
            format!("{kind}/…{end}")
        }
        _ => subject.to_owned(),
    }
}

/// Where the thing has its page.
fn subject_href(subject: &str) -> Option<String> {
    let (kind, id) = subject.split_once('/')?;
    let place = match kind {
        "case" => "cases",
        "tenant" => "tenants",
        "model" => "models",
        "run" => "runs",
        "product" => "products",
        "resource" => "catalog",
        _ => return None,
    };
    Some(format!("/{place}/{id}"))
}

fn kinds(visit: &Visit, chosen: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new("", &visit.text("all-kinds"), chosen.is_empty())];
    for found in app::access::Action::ALL {
        if let Some(words) = visit.try_text(&format!("action-{}", found.key().replace(['.', '_'], "-"))) {
            choices.push(Choice::new(found.key(), &words, found.key() == chosen));
        }
    }
    choices
}

async fn export(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let result = csv(&visit, &asked).await;
    visit.answer(result).await
}

async fn csv(visit: &Visit, asked: &Asked) -> Result<Response, Error> {
    visit.signed_in()?;
    let names = desk::person_names(&visit.app, &visit.ctx).await?;
    let (lines, _) = lines(visit, asked, &names, EXPORT_ROWS).await?;
    // The mark at the beginning tells spreadsheets that this is UTF-8.
    let mut out = String::from("\u{feff}seq,at,action,actor,unit,subject,clauses,digest\r\n");
    for line in &lines {
        let (name, unit) = actor(visit, line, &names);
        let cells = [
            line.seq.to_string(),
            line.at.format_at(visit.offset()),
            line.action.clone(),
            name,
            unit,
            line.subject.clone(),
            line.clauses.join(" "),
            line.digest.to_string(),
        ];
        out.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        out.push_str("\r\n");
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"journal.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, out).into_response())
}

/// A cell that no spreadsheet takes for a formula.
fn quoted(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_cells_are_no_formulas() {
        assert_eq!(["=1+1", "a,b", "a\"b", "plain"].map(quoted), ["'=1+1", "\"a,b\"", "\"a\"\"b\"", "plain"]);
    }

    #[test]
    fn subjects_lead_to_their_pages() {
        assert_eq!(subject_href("case/x").as_deref(), Some("/cases/x"));
        assert_eq!(subject_href("accounts"), None);
        assert_eq!(short("case/0192f3c1-aaaa-bbbb-cccc-0123456789ab"), "case/…456789ab");
    }
}
