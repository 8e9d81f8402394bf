//! Facts a procedure asks for, chosen from the person's own things.

use std::collections::BTreeMap;

use app::Error;
use app::cases::{TaskBox, case_view, facts as names, inbox};
use app::regulation::case::{FieldError, Rejection};
use app::regulation::pack::{Binding, FactKind, FactRule, FactValue, Pack};
use app::{exports, models, notices, products, tenants, usages};
use base::{Id, kind};

use super::announcements;
use super::fields::{FACT, Values, Wrong, flag_choices, slug};
use super::visit::Visit;
use super::words::Units;
use crate::html::pages::form::{Field, FieldKind};
use crate::html::pages::parts::{Choice, Link};

/// Things offered for one fact.
const OFFERED_MAX: u32 = 100;
/// Newest exports of a tenant that those without a case are looked for among.
const EXPORTS_MAX: u32 = base::limit::PAGE_ROWS_MAX;

/// The fields of facts.
///
/// # Errors
/// Storage faults.
pub(super) async fn fields(
    visit: &Visit,
    pack: &Pack,
    rules: &[FactRule],
    values: &Values,
    wrong: &Wrong,
) -> Result<Vec<Field>, Error> {
    let units = Units::load(visit).await?;
    let mut fields = Vec::with_capacity(rules.len());
    for rule in rules {
        let id = slug(&format!("{FACT}{}", rule.key));
        let value = values.one(&id);
        let mut field = Field {
            label: visit.pick(&rule.key, &rule.en),
            required: rule.required,
            value: value.to_owned(),
            error: wrong.get(&id).cloned(),
            ..Field::default()
        };
        match rule.kind {
            FactKind::Text => {}
            FactKind::Number => field.kind = FieldKind::Number,
            FactKind::Date => field.kind = FieldKind::Date,
            FactKind::Flag => {
                field.kind = FieldKind::Choice;
                field.choices = flag_choices(visit, value);
            }
            FactKind::Units => {
                field.kind = FieldKind::MultiChoice;
                let chosen = values.all(&id);
                let offered = units_of(visit, pack, &units, &rule.key).into_iter();
                field.choices =
                    offered.map(|(code, name)| Choice::new(&code, &name, chosen.contains(&code))).collect();
            }
            FactKind::Reference => reference(visit, rule, &mut field).await?,
        }
        field.id = id;
        fields.push(field);
    }
    Ok(fields)
}

/// A reference is chosen from a list. Where there is nothing to choose, the field says what must exist first and where
/// that is made: nobody knows ids.
async fn reference(visit: &Visit, rule: &FactRule, field: &mut Field) -> Result<(), Error> {
    let mut offered = things(visit, &rule.key).await?;
    if offered.is_empty() && field.value.is_empty() {
        field.kind = FieldKind::Choice;
        let (text, label, href) = match rule.key.as_str() {
            names::MODEL => ("fact-none-model", "menu-models", "/models"),
            names::EXPORT => ("fact-none-export", "menu-runs", "/runs"),
            names::PRODUCT => ("fact-none-product", "menu-products", "/products"),
            names::USAGE => ("fact-none-usage", "menu-agreements", "/agreements"),
            names::NOTICE => ("fact-none-notice", "menu-announcements", "/announcements"),
            names::TENANT | names::PARENT => ("fact-none-tenant", "menu-authorisations", "/authorisations"),
            _ => ("fact-none-case", "menu-inbox", "/inbox"),
        };
        field.hint = visit.text(text);
        field.link = Some(Link::new(&visit.text(label), href));
        return Ok(());
    }
    if !field.value.is_empty() && !offered.iter().any(|(id, _)| *id == field.value) {
        offered.push((field.value.clone(), field.value.clone()));
    }
    let only = offered.len() == 1 && rule.required;
    field.kind = FieldKind::Choice;
    field.choices =
        offered.iter().map(|(id, label)| Choice::new(id, label, only || *id == field.value)).collect();
    if !rule.required {
        // What need not be stated can be left, and taken back.
        field.choices.push(Choice::new("", &visit.text("fact-leave"), field.value.is_empty()));
    }
    Ok(())
}

/// The things a person may point at under a fact: id and words.
///
/// # Errors
/// Storage faults.
pub(super) async fn things(visit: &Visit, fact: &str) -> Result<Vec<(String, String)>, Error> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    Ok(match fact {
        names::TENANT => tenants::tenants(app, ctx)
            .await?
            .into_iter()
            .map(|tenant| (tenant.id.to_string(), format!("{}（{}）", tenant.title, tenant.unit_name)))
            .collect(),
        names::MODEL => {
            let mut found = Vec::new();
            for tenant in tenants::tenants(app, ctx).await? {
                // A tenant that may be seen need not show its models.
                let all = models::models(app, ctx, tenant.id).await.unwrap_or_default();
                let waits =
                    |state| matches!(state, models::ModelState::Draft | models::ModelState::Submitted);
                for model in all.into_iter().filter(|model| waits(model.state)) {
                    found.push((model.model.id.to_string(), model.model.name.clone()));
                }
            }
            found
        }
        names::EXPORT => waiting_exports(visit).await?,
        names::PRODUCT => products::products_page(app, ctx, None, OFFERED_MAX)
            .await?
            .0
            .into_iter()
            .map(|record| {
                (
                    record.product.id.to_string(),
                    format!("{}（{}）", record.product.name, record.operator_name),
                )
            })
            .collect(),
        names::USAGE => usages::usages(app, ctx)
            .await?
            .into_iter()
            .map(|usage| {
                (usage.agreement.id.to_string(), format!("{}（{}）", usage.product_name, usage.buyer_unit.1))
            })
            .collect(),
        names::NOTICE => notices::notices(app, None, OFFERED_MAX)
            .await?
            .0
            .into_iter()
            .map(|notice| (notice.id.to_string(), notice_words(visit, &notice)))
            .collect(),
        names::PARENT => Vec::new(),
        // Under any name of a pack's own (场景办件, 专项协议) a reference is a case.
        _ => inbox(app, ctx, TaskBox::Cc, None, OFFERED_MAX)
            .await?
            .items
            .into_iter()
            .map(|item| (item.case.id.to_string(), format!("{} {}", item.case.number, item.case.title)))
            .collect(),
    })
}

/// The name of what an address says that a case is about, to tell it from others by its title.
///
/// # Errors
/// Storage faults.
pub(super) async fn subject(
    visit: &Visit,
    rules: &[FactRule],
    values: &Values,
) -> Result<Option<String>, Error> {
    for key in [names::MODEL, names::EXPORT, names::PRODUCT] {
        let chosen = values.one(&slug(&format!("{FACT}{key}")));
        if chosen.is_empty() || !rules.iter().any(|rule| rule.key == key) {
            continue;
        }
        let named = things(visit, key).await?.into_iter().find(|(id, _)| id == chosen);
        return Ok(named.map(|(_, name)| name));
    }
    Ok(None)
}

/// Results that were asked to leave and have no open case yet.
async fn waiting_exports(visit: &Visit) -> Result<Vec<(String, String)>, Error> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let mut found = Vec::new();
    for tenant in tenants::tenants(app, ctx).await? {
        // A tenant that may be seen need not show its exports.
        let newest = exports::exports(app, ctx, tenant.id, exports::Listed::All, None, EXPORTS_MAX).await;
        for view in newest.map(|(found, _)| found).unwrap_or_default() {
            if view.export.state == exports::ExportState::Requested && view.case.is_none() {
                let day = visit.day(view.export.requested);
                found.push((view.export.id.to_string(), format!("{} {day}", view.export.model_name)));
            }
        }
    }
    Ok(found)
}

/// A notice with until when it is open.
fn notice_words(visit: &Visit, notice: &notices::Notice) -> String {
    let title = announcements::title(visit, notice);
    let Some(until) = notice.until else { return title };
    let until = visit.text_with(announcements::window(notice.kind), &[("until", &until.to_string())]);
    let state = announcements::state(visit, notice);
    visit.text_with("notice-choice", &[("title", &title), ("until", &until), ("state", &state)])
}

/// The units a fact may name: those the pack lists for the role that is bound to it, or all.
fn units_of(visit: &Visit, pack: &Pack, units: &Units, fact: &str) -> Vec<(String, String)> {
    let role = pack.roles.values().find(|role| matches!(&role.binding, Binding::Fact(key) if key == fact));
    let all = units.all(visit);
    match role.filter(|role| !role.units.is_empty()) {
        Some(role) => all.into_iter().filter(|(code, _)| role.units.contains(code)).collect(),
        None => all,
    }
}

/// The facts as the kernel takes them. What does not read as its kind is passed on as text for the kernel to refuse.
pub(super) fn values(rules: &[FactRule], given: &Values) -> BTreeMap<String, FactValue> {
    let mut facts = BTreeMap::new();
    for rule in rules {
        let id = slug(&format!("{FACT}{}", rule.key));
        let text = given.one(&id).trim();
        if text.is_empty() && rule.kind != FactKind::Units {
            continue;
        }
        let plain = || FactValue::Text(text.to_owned());
        let value = match rule.kind {
            FactKind::Text | FactKind::Reference => plain(),
            FactKind::Number => text.parse().map_or_else(|_| plain(), FactValue::Number),
            FactKind::Date => text.parse().map_or_else(|_| plain(), FactValue::Date),
            FactKind::Flag => match text {
                "是" | "true" => FactValue::Flag(true),
                "否" | "false" => FactValue::Flag(false),
                _ => plain(),
            },
            FactKind::Units => {
                let units: Vec<String> =
                    given.all(&id).iter().filter(|unit| !unit.is_empty()).cloned().collect();
                if units.is_empty() {
                    continue;
                }
                FactValue::List(units)
            }
        };
        facts.insert(rule.key.clone(), value);
    }
    facts
}

/// A fact's value in words, with the page of the thing it points at. `names` are those of the case's things.
pub(super) async fn shown(
    visit: &Visit,
    units: &Units,
    names: &BTreeMap<String, String>,
    key: &str,
    value: &FactValue,
) -> Link {
    let text = match value {
        FactValue::Flag(true) => visit.text("yes"),
        FactValue::Flag(false) => visit.text("no"),
        FactValue::Number(number) => number.to_string(),
        FactValue::Date(date) => date.to_string(),
        FactValue::List(items) => {
            items.iter().map(|item| units.name(visit, item)).collect::<Vec<_>>().join("、")
        }
        FactValue::Text(id) if id.parse::<Id<kind::Case>>().is_ok() => {
            let name = names.get(key).cloned().unwrap_or_else(|| visit.text("thing-gone"));
            return Link::new(&name, &address(visit, key, id).await.unwrap_or_default());
        }
        FactValue::Text(text) => units.name(visit, text),
    };
    Link::new(&text, "")
}

/// The page of a thing, where this person may open it.
async fn address(visit: &Visit, key: &str, id: &str) -> Option<String> {
    let (app, ctx) = (&visit.app, &visit.ctx);
    let (folder, open) = match key {
        names::TENANT => ("authorisations", tenants::tenant_view(app, ctx, id.parse().ok()?).await.is_ok()),
        names::MODEL => ("models", models::model(app, ctx, id.parse().ok()?).await.is_ok()),
        names::EXPORT => ("airlock", exports::export(app, ctx, id.parse().ok()?).await.is_ok()),
        names::PRODUCT => ("products", products::product(app, ctx, id.parse().ok()?).await.is_ok()),
        names::USAGE => ("agreements", usages::usage_view(app, ctx, id.parse().ok()?).await.is_ok()),
        names::NOTICE => ("announcements", notices::notice(app, id.parse().ok()?).await.is_ok()),
        names::PARENT => return None,
        _ => ("cases", case_view(app, ctx, id.parse().ok()?).await.is_ok()),
    };
    open.then(|| format!("/{folder}/{id}"))
}

/// A refusal of our own making, for something the page itself asks for.
pub(super) fn missing(field: &str, zh: &str, en: &str) -> Error {
    let place =
        FieldError { field: field.to_owned(), code: "required", zh: zh.to_owned(), en: en.to_owned() };
    Error::Rejected(Box::new(Rejection {
        code: "case.form_invalid",
        clauses: Vec::new(),
        rule: String::new(),
        zh: zh.to_owned(),
        en: en.to_owned(),
        remedy_zh: String::new(),
        remedy_en: String::new(),
        fields: vec![place],
    }))
}
