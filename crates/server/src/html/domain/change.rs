//! Changing what is confirmed: columns are chosen, decided anew, looked at with all that follows, then decided.

use std::collections::{BTreeMap, BTreeSet};

use app::Error;
use app::catalog::{Classification, Column, Decision};
use app::privacy::SensitiveKind;
use app::privacy::ir::Label;
use app::privacy::masking::MaskSpec;
use app::resources::{self, CatalogEntry, Classify, Concerned, Consequences, Follows, Past, Setting};
use axum::Router;
use axum::extract::{Path, RawQuery, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::catalog::grade;
use super::common::{data_type, key, kind_name, word};
use super::masks;
use super::resource::{LABELS, evidence, find};
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::pages::change::{
    ChangeAttack, ChangeColumn, ChangeGrant, ChangeLine, ChangePage, ChangePreview, ChangeRow, PastRow,
};
use crate::html::pages::parts::{Choice, Light, Link, Refusal};
use crate::http::problem;
use crate::state::Edge;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/catalog/{resource}/change", get(show).post(decide))
}

/// Decisions by column, as they stand in the form.
type Decisions = BTreeMap<String, Decision>;

async fn show(visit: Visit, Path(resource): Path<String>, RawQuery(query): RawQuery) -> Response {
    let result = ask(&visit, &resource, query.as_deref().unwrap_or_default()).await;
    visit.answer(result).await
}

async fn ask(visit: &Visit, resource: &str, query: &str) -> Result<Response, Error> {
    let entry = find(visit, resource).await?;
    let asked: Vec<(String, String)> = axum::extract::Query::try_from_uri(
        &format!("/?{query}").parse().map_err(|_| Error::invalid("http.bad_request", ""))?,
    )
    .map(|axum::extract::Query(pairs)| pairs)
    .unwrap_or_default();
    let undo = asked.iter().find(|(name, _)| name == "undo").and_then(|(_, seq)| seq.parse::<u64>().ok());
    let chosen = match undo {
        Some(seq) => undone(visit, &entry, seq).await?,
        None => {
            let named: BTreeSet<&str> =
                asked.iter().filter(|(name, _)| name == "c").map(|(_, column)| column.as_str()).collect();
            let columns = entry.columns.iter().filter(|column| named.contains(column.name.as_str()));
            columns.filter_map(|column| Some((column.name.clone(), as_it_is(column)?))).collect()
        }
    };
    let went_on = asked.iter().any(|(name, _)| name == "step");
    let nothing = Error::invalid("change.nothing_chosen", "");
    let refusal = (went_on && chosen.is_empty()).then(|| errors::refusal(visit, &nothing));
    let status = refusal.as_ref().map_or(StatusCode::OK, |_| problem::status(&nothing));
    draw(visit, status, &entry, &chosen, None, refusal).await
}

/// What is confirmed, as a decision.
fn as_it_is(column: &Column) -> Option<Decision> {
    let known = column.classification.as_ref()?;
    Some(Decision {
        column: column.name.clone(),
        kind: known.kind,
        level: known.level,
        label: known.label,
        mask: known.mask.clone(),
        note: String::new(),
        title: String::new(),
    })
}

/// What was confirmed before a decision.
async fn undone(visit: &Visit, entry: &CatalogEntry, seq: u64) -> Result<Decisions, Error> {
    let past = resources::past_decisions(&visit.app, &visit.ctx, entry.id()).await?;
    let Some(past) = past.into_iter().find(|past| past.seq == seq) else { return Ok(Decisions::new()) };
    let back = past.columns.into_iter().filter_map(|column| {
        let Setting { kind, level, label, mask } = column.before?;
        let (name, note, title) = (column.column, String::new(), String::new());
        entry.column(&name)?;
        Some((name.clone(), Decision { column: name, kind, level, label, mask, note, title }))
    });
    Ok(back.collect())
}

async fn decide(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_decide(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_decide(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let entry = find(visit, resource).await?;
    let chosen = read(&entry, &sent)?;
    let decided = Classify { columns: chosen.values().cloned().collect(), twin: None };
    let outcome = if sent.get("action") == "decide" {
        let ctx = visit.keyed(sent.get("request_key"));
        resources::classify_resource(&visit.app, &ctx, entry.id(), &decided).await.map(|_| None)
    } else {
        resources::consequences(&visit.app, &visit.ctx, entry.id(), &decided).await.map(Some)
    };
    match outcome {
        Ok(None) => Ok(visit.send_on(&format!("/catalog/{}#decisions", entry.id()), Some("reclassified"))),
        Ok(found) => draw(visit, StatusCode::OK, &entry, &chosen, found.as_ref(), None).await,
        Err(error) if errors::can_be_mended(&error) => {
            let refusal = Some(errors::refusal(visit, &error));
            draw(visit, problem::status(&error), &entry, &chosen, None, refusal).await
        }
        Err(error) => Err(error),
    }
}

/// The decisions that were sent. A mask made for a kind follows the kind.
fn read(entry: &CatalogEntry, sent: &Sent) -> Result<Decisions, Error> {
    let mut chosen = Decisions::new();
    for (name, kind) in sent.below("kind.") {
        let bad = || Error::invalid("form.unknown", name);
        let kind = SensitiveKind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(bad)?;
        let label = sent.get(&format!("label.{name}"));
        let label = LABELS.into_iter().find(|known| key(known) == label).ok_or_else(bad)?;
        let level = sent.get(&format!("grade.{name}")).parse().map_err(|_| bad())?;
        let mask: MaskSpec = serde_json::from_str(sent.get(&format!("mask.{name}"))).map_err(|_| bad())?;
        let mask = if matches!(mask, MaskSpec::Format { .. }) { MaskSpec::Format { kind } } else { mask };
        entry.column(name).ok_or_else(bad)?;
        let note = sent.get(&format!("note.{name}")).trim().to_owned();
        let decision =
            Decision { column: name.to_owned(), kind, level, label, mask, note, title: String::new() };
        chosen.insert(name.to_owned(), decision);
    }
    Ok(chosen)
}

async fn draw(
    visit: &Visit,
    status: StatusCode,
    entry: &CatalogEntry,
    chosen: &Decisions,
    found: Option<&Consequences>,
    refusal: Option<Refusal>,
) -> Result<Response, Error> {
    // Who may not decide gets no form to do it with.
    let nothing = Classify::default();
    resources::consequences(&visit.app, &visit.ctx, entry.id(), &nothing).await?;
    let id = entry.id();
    let attacks = attacks(visit, entry).await?;
    let attacked: BTreeSet<&str> =
        attacks.iter().flat_map(|attack| &attack.columns).map(String::as_str).collect();
    let rows = entry.columns.iter().filter_map(|column| {
        let known = column.classification.as_ref()?;
        Some(ChangeRow {
            name: column.name.clone(),
            label: column.label_zh.clone(),
            now: setting(visit, known.kind, known.level, known.label, &known.mask),
            chosen: chosen.contains_key(&column.name) || attacked.contains(column.name.as_str()),
            attacked: attacked.contains(column.name.as_str()),
        })
    });
    let rows = if chosen.is_empty() { rows.collect() } else { Vec::new() };
    let preview = found.map(|found| preview(visit, entry, chosen, found));
    let columns = entry.columns.iter().filter_map(|of| Some(column(visit, of, chosen.get(&of.name)?)));
    let page = ChangePage {
        name: visit.pick(&entry.name_zh, &entry.name_en),
        back_href: format!("/catalog/{id}"),
        action_href: format!("/catalog/{id}/change"),
        rows,
        columns: columns.collect(),
        preview,
        attacks,
        request_key: Visit::request_key(),
        refusal,
    };
    visit.page_with(status, "catalog", &page).await
}

/// What got through to twins of the resource, as the newest reports say.
async fn attacks(visit: &Visit, entry: &CatalogEntry) -> Result<Vec<ChangeAttack>, Error> {
    let lines = app::twins::twins(&visit.app, &visit.ctx).await?;
    let mut found: Vec<ChangeAttack> = Vec::new();
    for line in lines.iter().filter(|line| line.resource == entry.id()) {
        let report = Link::new(&line.title, &format!("/grants/{}/twin", line.grant));
        for worked in &line.refused_by {
            let told = visit.pick(worked.told.zh, worked.told.en);
            if found.iter().any(|other| other.told == told && other.columns == worked.columns) {
                continue;
            }
            let remedy = visit.pick(worked.remedy.zh, worked.remedy.en);
            found.push(ChangeAttack {
                told,
                remedy,
                columns: worked.columns.clone(),
                report: report.clone(),
            });
        }
    }
    Ok(found)
}

/// Kind, grade, label and mask in words.
fn setting(visit: &Visit, kind: SensitiveKind, level: u8, label: Label, mask: &MaskSpec) -> Vec<String> {
    vec![kind_name(visit, kind), grade(visit, level), word(visit, "label", &label), masks::title(visit, mask)]
}

fn column(visit: &Visit, column: &Column, chosen: &Decision) -> ChangeColumn {
    let known = column.classification.as_ref();
    let kinds =
        SensitiveKind::ALL.map(|kind| Choice::new(kind.name(), &kind_name(visit, kind), kind == chosen.kind));
    let labels =
        LABELS.map(|label| Choice::new(&key(&label), &word(visit, "label", &label), label == chosen.label));
    let now = known.map_or(&chosen.mask, |known| &known.mask);
    let mut fitting = masks::fitting(chosen.kind, column.data_type, &column.name, now, visit.today());
    if !fitting.contains(&chosen.mask) {
        fitting.push(chosen.mask.clone());
    }
    let masks = fitting
        .iter()
        .map(|mask| masks::option(visit, chosen.kind, column.data_type, mask, *mask == chosen.mask));
    let proposal = column.proposal.as_ref();
    ChangeColumn {
        name: column.name.clone(),
        label: column.label_zh.clone(),
        data_type: data_type(visit, column.data_type),
        proposal: proposal
            .map(|found| format!("{} {}%", kind_name(visit, found.kind), found.confidence))
            .unwrap_or_default(),
        reason: proposal.map(|found| evidence(visit, found)).unwrap_or_default(),
        now: known
            .map(|known| setting(visit, known.kind, known.level, known.label, &known.mask))
            .unwrap_or_default(),
        kinds: kinds.to_vec(),
        grades: (1..=4)
            .map(|level| Choice::new(&level.to_string(), &grade(visit, level), level == chosen.level))
            .collect(),
        labels: labels.to_vec(),
        masks: masks.collect(),
        note: chosen.note.clone(),
        note_missing: chosen.lowers(column) && chosen.note.trim().is_empty(),
    }
}

fn preview(visit: &Visit, entry: &CatalogEntry, chosen: &Decisions, found: &Consequences) -> ChangePreview {
    let lines = found.columns.iter().filter_map(|changed| {
        let column = entry.column(&changed.column)?;
        let note = chosen.get(&changed.column).map(|sent| sent.note.clone()).unwrap_or_default();
        let before = changed.before.as_ref().map(Told::of);
        let told = line(visit, column, before, &Told::of(&changed.after), note);
        Some(ChangeLine { lowered: changed.lowered, ..told })
    });
    let lines: Vec<ChangeLine> = lines.collect();
    let sent = chosen.values().flat_map(|decision| {
        let field =
            |what: &str, value: &str| Choice::new(&format!("{what}.{}", decision.column), value, false);
        [
            field("kind", decision.kind.name()),
            field("grade", &decision.level.to_string()),
            field("label", &key(&decision.label)),
            field("mask", &serde_json::to_string(&decision.mask).unwrap_or_default()),
            field("note", &decision.note),
        ]
    });
    ChangePreview {
        may_decide: !lines.is_empty()
            && lines.iter().all(|line| !line.lowered || !line.note.trim().is_empty()),
        lines,
        grants: found.grants.iter().map(|grant| concerned(visit, grant)).collect(),
        sent: sent.collect(),
    }
}

fn concerned(visit: &Visit, grant: &Concerned) -> ChangeGrant {
    ChangeGrant {
        title: grant.title.clone(),
        href: format!("/grants/{}/twin", grant.grant),
        unit: grant.unit_name.clone(),
        follows: word(visit, "follows", &grant.follows),
        light: match grant.follows {
            Follows::Twin | Follows::Anew | Follows::Underway => Light::DueSoon,
            Follows::Kept => Light::Normal,
        },
    }
}

/// What is confirmed of a column, wherever it stands.
struct Told<'a> {
    kind: SensitiveKind,
    level: u8,
    label: Label,
    mask: &'a MaskSpec,
}

impl<'a> Told<'a> {
    const fn of(known: &'a Classification) -> Self {
        Self { kind: known.kind, level: known.level, label: known.label, mask: &known.mask }
    }

    const fn past(setting: &'a Setting) -> Self {
        Self { kind: setting.kind, level: setting.level, label: setting.label, mask: &setting.mask }
    }

    fn words(&self, visit: &Visit) -> Vec<String> {
        setting(visit, self.kind, self.level, self.label, self.mask)
    }
}

fn line(
    visit: &Visit,
    column: &Column,
    before: Option<Told<'_>>,
    after: &Told<'_>,
    note: String,
) -> ChangeLine {
    let shown = |told: &Told<'_>| masks::shown(visit, after.kind, column.data_type, told.mask);
    let (example, example_after) = shown(after);
    ChangeLine {
        name: column.name.clone(),
        label: column.label_zh.clone(),
        before: before.as_ref().map(|told| told.words(visit)).unwrap_or_default(),
        after: after.words(visit),
        example,
        example_before: before.as_ref().map(|told| shown(told).1).unwrap_or_default(),
        example_after,
        lowered: false,
        note,
    }
}

/// The decisions about a resource for its page.
pub(super) async fn decisions(
    visit: &Visit,
    entry: &CatalogEntry,
    mine: bool,
) -> Result<Vec<PastRow>, Error> {
    let past = resources::past_decisions(&visit.app, &visit.ctx, entry.id()).await?;
    Ok(past.iter().map(|past| past_row(visit, entry, past, mine)).collect())
}

fn past_row(visit: &Visit, entry: &CatalogEntry, past: &Past, mine: bool) -> PastRow {
    let changed = past.columns.iter().filter(|column| column.before.as_ref() != Some(&column.after));
    let lines: Vec<ChangeLine> = changed
        .filter_map(|of| {
            let column = entry.column(&of.column)?;
            let before = of.before.as_ref().map(Told::past);
            Some(line(visit, column, before, &Told::past(&of.after), of.note.clone()))
        })
        .collect();
    let first = lines.iter().filter(|line| line.before.is_empty()).count();
    let again = lines.len() - first;
    let count = |name: &str, count: usize| {
        (count > 0).then(|| visit.text_with(name, &[("count", &count.to_string())]))
    };
    let form = past.twin.map(|twin| {
        let form = word(visit, "twin-form", &twin);
        visit.text_with("decision-form", &[("form", &form)])
    });
    let said = [count("decision-first", first), count("decision-again", again), form];
    let said: Vec<String> = said.into_iter().flatten().collect();
    PastRow {
        at: visit.minute(past.at),
        by: past.by.clone(),
        summary: if said.is_empty() { visit.text("decision-same") } else { said.join(" · ") },
        record: Link::new(&past.seq.to_string(), &format!("/ledger?record={}", past.seq)),
        undo_href: (mine && again > 0).then(|| format!("/catalog/{}/change?undo={}", entry.id(), past.seq)),
        lines,
    }
}
