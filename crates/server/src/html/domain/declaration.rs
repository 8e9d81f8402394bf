//! What a provider declares of a resource's values and rows, column by column.

use std::collections::{BTreeMap, BTreeSet};

use app::catalog::{Column, Declaration};
use app::privacy::DataType;
use app::privacy::ir::{Bounds, Code, Declared, Groups, Label, Nulls, Rows};
use app::resources::CatalogEntry;
use app::{Error, declarations, statistics};
use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use base::Date;

use super::common::data_type;
use super::resource::find;
use super::statistics::budget;
use crate::html::desk::errors;
use crate::html::desk::sent::Sent;
use crate::html::desk::visit::Visit;
use crate::html::pages::declaration::{DeclarationPage, DeclaredColumn};
use crate::html::pages::parts::Choice;
use crate::http::problem;
use crate::state::Edge;

/// Codes shown and read, one a line.
const CODES_SHOWN: usize = 10_000;

pub(super) fn routes() -> Router<Edge> {
    Router::new().route("/catalog/{resource}/declaration", get(show).post(declare))
}

async fn show(visit: Visit, Path(resource): Path<String>) -> Response {
    let result = try_show(&visit, &resource).await;
    visit.answer(result).await
}

async fn try_show(visit: &Visit, resource: &str) -> Result<Response, Error> {
    visit.signed_in()?;
    let entry = find(visit, resource).await?;
    let page = page(visit, &entry, &Written::of(&entry)).await?;
    visit.page("catalog", &page).await
}

async fn declare(visit: Visit, Path(resource): Path<String>, request: Request) -> Response {
    let result = try_declare(&visit, &resource, request).await;
    visit.answer(result).await
}

async fn try_declare(visit: &Visit, resource: &str, request: Request) -> Result<Response, Error> {
    visit.signed_in()?;
    let sent = Sent::read(visit, request).await?;
    let entry = find(visit, resource).await?;
    let written = Written::sent(&entry, &sent);
    let ctx = visit.keyed(sent.get("request_key"));
    let done = match written.declaration(&entry) {
        Ok(declaration) => {
            declarations::declare_resource(&visit.app, &ctx, entry.id(), &declaration).await.map(|_| ())
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(visit.send_on(&format!("/catalog/{}", entry.id()), Some("declared"))),
        Err(error @ Error::Invalid { .. }) => {
            let mut page = page(visit, &entry, &written).await?;
            problem::log(&error);
            let subject = errors::subject(visit, &error);
            let (message, remedy) = visit.error_words(error.code());
            page.error = [subject, message, remedy]
                .iter()
                .filter(|text| !text.is_empty())
                .cloned()
                .collect::<Vec<_>>()
                .join(" · ");
            visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, "catalog", &page).await
        }
        Err(error) => Err(error),
    }
}

/// What stands in the form, as texts: what cannot be read is shown again as it was written.
#[derive(Debug, Default)]
struct Written {
    columns: BTreeMap<String, BTreeMap<&'static str, String>>,
    unique: String,
    per_entity: String,
}

const PARTS: [&str; 6] = ["low", "high", "nulls", "groups", "codes", "bands"];

impl Written {
    fn of(entry: &CatalogEntry) -> Self {
        let declaration = entry.resource.declaration();
        let column = |column: &Column| {
            let declared = declaration.columns.get(&column.name).cloned().unwrap_or_default();
            (column.name.clone(), texts(&declared, column.data_type))
        };
        let unique = declaration.rows.unique.iter();
        let unique: Vec<String> =
            unique.map(|set| set.iter().cloned().collect::<Vec<_>>().join(", ")).collect();
        Self {
            columns: entry.resource.columns.iter().map(column).collect(),
            unique: unique.join("\n"),
            per_entity: declaration.rows.per_entity.map(|most| most.to_string()).unwrap_or_default(),
        }
    }

    fn sent(entry: &CatalogEntry, sent: &Sent) -> Self {
        let parts = |place: usize| {
            PARTS.map(|part| (part, sent.get(&format!("column.{place}.{part}")).trim().to_owned())).into()
        };
        let columns = entry.resource.columns.iter().enumerate();
        Self {
            columns: columns.map(|(place, column)| (column.name.clone(), parts(place))).collect(),
            unique: sent.get("unique").replace("\r\n", "\n"),
            per_entity: sent.get("per_entity").trim().to_owned(),
        }
    }

    fn text(&self, column: &str, part: &str) -> &str {
        self.columns.get(column).and_then(|parts| parts.get(part)).map_or("", String::as_str)
    }

    /// What is meant by it.
    fn declaration(&self, entry: &CatalogEntry) -> Result<Declaration, Error> {
        let mut columns = BTreeMap::new();
        for column in &entry.resource.columns {
            let declared = self.declared(column)?;
            if declared != Declared::default() {
                columns.insert(column.name.clone(), declared);
            }
        }
        let unique = self.unique.lines().map(|line| {
            line.split([',', '，'])
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        });
        let unique: Vec<BTreeSet<String>> = unique.filter(|set: &BTreeSet<String>| !set.is_empty()).collect();
        let per_entity = match self.per_entity.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| Error::invalid("catalog.declaration", "per_entity"))?),
        };
        Ok(Declaration { columns, rows: Rows { unique, per_entity } })
    }

    fn declared(&self, column: &Column) -> Result<Declared, Error> {
        let text = |part: &str| self.text(&column.name, part);
        let wrong = || Error::invalid("catalog.declaration", column.name.as_str());
        let end = |text: &str| match text {
            "" => Ok(None),
            text => whole(text, column.data_type).map(Some).ok_or_else(wrong),
        };
        let bounds = match (end(text("low"))?, end(text("high"))?) {
            (None, None) => None,
            (Some(low), Some(high)) => Some(Bounds::new(low, high).map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        let nulls = match text("nulls") {
            "never" => Some(Nulls::Never),
            "absent" => Some(Nulls::Absent),
            _ => None,
        };
        let groups = match text("groups") {
            "codes" => {
                let codes = text("codes").lines().map(str::trim).filter(|code| !code.is_empty());
                let code = |code: &str| match column.data_type {
                    DataType::Integer => code.parse().map(Code::Integer).map_err(|_| wrong()),
                    _ => Ok(Code::Text(code.to_owned())),
                };
                Some(Groups::Codes(codes.map(code).collect::<Result<_, _>>()?))
            }
            "bands" => Some(Groups::Bands(text("bands").parse().map_err(|_| wrong())?)),
            _ => None,
        };
        Ok(Declared { bounds, nulls, groups, coarser: column.declared.coarser.clone() })
    }
}

/// An end of a column's bounds, as the column counts: days for dates.
fn whole(text: &str, data_type: DataType) -> Option<i64> {
    match data_type {
        DataType::Date => text.parse::<Date>().ok().map(|date| i64::from(date.days())),
        _ => text.parse().ok(),
    }
}

fn texts(declared: &Declared, data_type: DataType) -> BTreeMap<&'static str, String> {
    let end = |number: i64| match data_type {
        DataType::Date => {
            i32::try_from(number).ok().map(|days| Date::from_days(days).to_string()).unwrap_or_default()
        }
        _ => number.to_string(),
    };
    let nulls = declared.nulls.map_or("", |nulls| match nulls {
        Nulls::Never => "never",
        Nulls::Absent => "absent",
    });
    let (mut groups, mut codes, mut bands) = ("", String::new(), String::new());
    match &declared.groups {
        Some(Groups::Codes(all)) => {
            groups = "codes";
            let all = all.iter().take(CODES_SHOWN).map(|code| match code {
                Code::Text(text) => text.clone(),
                Code::Integer(number) => number.to_string(),
            });
            codes = all.collect::<Vec<_>>().join("\n");
        }
        Some(Groups::Bands(width)) => (groups, bands) = ("bands", width.to_string()),
        Some(Groups::AtMost(_)) | None => {}
    }
    [
        ("low", declared.bounds.map(|bounds| end(bounds.low())).unwrap_or_default()),
        ("high", declared.bounds.map(|bounds| end(bounds.high())).unwrap_or_default()),
        ("nulls", nulls.to_owned()),
        ("groups", groups.to_owned()),
        ("codes", codes),
        ("bands", bands),
    ]
    .into()
}

/// What is declared of a column, in a few words; empty if nothing is.
fn summary(visit: &Visit, written: &Written, column: &str) -> String {
    let text = |part: &str| written.text(column, part);
    let mut said = Vec::new();
    if !text("low").is_empty() || !text("high").is_empty() {
        said.push(visit.text_with("declared-as", &[("low", text("low")), ("high", text("high"))]));
    }
    if matches!(text("nulls"), "never" | "absent") {
        said.push(visit.text(&format!("declared-nulls-{}", text("nulls"))));
    }
    match text("groups") {
        "codes" => {
            let count = text("codes").lines().filter(|line| !line.trim().is_empty()).count().to_string();
            said.push(visit.text_with("declared-as-codes", &[("count", &count)]));
        }
        "bands" => said.push(visit.text_with("declared-as-bands", &[("width", text("bands"))])),
        _ => {}
    }
    said.join(" · ")
}

async fn page(visit: &Visit, entry: &CatalogEntry, written: &Written) -> Result<DeclarationPage, Error> {
    let choices = |names: &[&str], chosen: &str, prefix: &str| {
        let choice = |name: &&str| {
            let key = if name.is_empty() { "none" } else { name };
            Choice::new(name, &visit.text(&format!("{prefix}-{key}")), *name == chosen)
        };
        names.iter().map(choice).collect::<Vec<_>>()
    };
    let column = |column: &Column| {
        let text = |part: &str| written.text(&column.name, part).to_owned();
        // Nobody is grouped by what identifies.
        let identifies = column.classification.as_ref().is_some_and(|known| known.label == Label::Identifier);
        let in_bands = !identifies && matches!(column.data_type, DataType::Integer | DataType::Date);
        let by_code = !identifies && matches!(column.data_type, DataType::Integer | DataType::Text);
        let ways: Vec<&str> = [("", true), ("codes", by_code), ("bands", in_bands)]
            .into_iter()
            .filter_map(|(way, may)| may.then_some(way))
            .collect();
        let summary = summary(visit, written, &column.name);
        DeclaredColumn {
            name: column.name.clone(),
            label: column.label_zh.clone(),
            data_type: data_type(visit, column.data_type),
            bounded: !matches!(column.data_type, DataType::Text | DataType::Boolean),
            is_date: column.data_type == DataType::Date,
            low: text("low"),
            high: text("high"),
            nulls: choices(&["", "never", "absent"], &text("nulls"), "declared-nulls"),
            groups: choices(&ways, &text("groups"), "declared-groups"),
            codes: text("codes"),
            bands: text("bands"),
            by_code,
            in_bands,
            open: !summary.is_empty(),
            summary: if summary.is_empty() { visit.text("declared-nothing") } else { summary },
        }
    };
    let budget = statistics::budget_of(&visit.app, &visit.ctx, entry.id()).await?;
    Ok(DeclarationPage {
        name: visit.pick(&entry.name_zh, &entry.name_en),
        back_href: format!("/catalog/{}", entry.id()),
        action_href: format!("/catalog/{}/declaration", entry.id()),
        request_key: Visit::request_key(),
        error: String::new(),
        entity: entry.entity.iter().flat_map(|entity| entity.columns.clone()).collect(),
        columns: entry.resource.columns.iter().map(column).collect(),
        unique: written.unique.clone(),
        per_entity: written.per_entity.clone(),
        budget: budget.as_ref().map(self::budget),
    })
}
