//! What the pages of the domain share: words of closed lists, facts, tables of results, links to the pack's procedures.

use app::Error;
use app::cases;
use app::catalog::{Domain, OutputColumn, Parameter, Value};
use app::privacy::{DataType, SensitiveKind};
use app::regulation::pack::Effect;
use app::tenants::{Tenant, TenantState};
use base::Digest;
use serde::Serialize;
use serde_json::Value as Json;

use crate::html::desk::visit::{Visit, encode};
use crate::html::desk::words;
use crate::html::pages::parts::{Choice, Fact, Light, Refusal, Table, TableColumn};

/// Characters of a digest that tell two apart at a glance.
const DIGEST_CHARS: usize = 12;

/// The name of a value of a closed list, as message keys write it: `in_force` is `in-force`.
pub(super) fn key(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(name)) => name.replace('_', "-"),
        _ => String::new(),
    }
}

/// A value of a closed list in words: the message `<list>-<value>`.
pub(super) fn word(visit: &Visit, list: &str, value: &impl Serialize) -> String {
    visit.text(&format!("{list}-{}", key(value)))
}

/// The values of a closed list to choose from.
pub(super) fn choices<T: Serialize>(visit: &Visit, list: &str, values: &[T], chosen: &str) -> Vec<Choice> {
    let choice = |value: &T| {
        let name = match serde_json::to_value(value) {
            Ok(Json::String(name)) => name,
            _ => String::new(),
        };
        Choice::new(&name, &word(visit, list, value), name == chosen)
    };
    values.iter().map(choice).collect()
}

/// A fact whose label is the message `name`.
pub(super) fn fact(visit: &Visit, name: &str, value: impl AsRef<str>) -> Fact {
    Fact::new(&visit.text(name), value.as_ref())
}

/// The beginning of a digest.
pub(super) fn short(digest: &Digest) -> String {
    let text: String = digest.to_string().chars().take(DIGEST_CHARS).collect();
    text + "…"
}

/// A type in words.
pub(super) fn data_type(visit: &Visit, data_type: DataType) -> String {
    let name = data_type.to_string();
    let (plain, precision) = name
        .split_once('(')
        .map_or((name.as_str(), String::new()), |(plain, rest)| (plain, format!(" ({rest}")));
    visit.text(&format!("type-{plain}")) + &precision
}

/// A kind of sensitive data in words.
pub(super) fn kind_name(visit: &Visit, kind: SensitiveKind) -> String {
    visit.text(&format!("sensitive-{}", kind.name().replace('_', "-")))
}

/// What a parameter may be, in words.
pub(super) fn domain(visit: &Visit, parameter: &Parameter) -> String {
    let values = match &parameter.domain {
        Domain::Values(values) => values.iter().map(plain).collect::<Vec<_>>().join(" / "),
        Domain::Range(low, high) => format!("{} – {}", plain(low), plain(high)),
    };
    format!("{} {values}", data_type(visit, parameter.data_type))
}

/// A parameter's value as text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Date(date) => date.to_string(),
    }
}

/// A cell of a result.
pub(super) fn cell(value: &Json) -> String {
    match value {
        Json::Null => "—".to_owned(),
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_f64() => number.as_f64().map_or_else(String::new, rounded),
        other => other.to_string(),
    }
}

/// A number with a fraction as people read it: four places at most. Downloads have every digit.
pub(super) fn rounded(number: f64) -> String {
    let text = format!("{number:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    // What is too small for four places is still not nothing.
    match text {
        "0" | "-0" if number != 0.0 => format!("{number:.2e}"),
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// A result as a table of at most `most` rows.
pub(super) fn result(
    visit: &Visit,
    columns: &[OutputColumn],
    rows: &[Vec<Json>],
    most: usize,
    more: bool,
) -> Table {
    let head = |column: &OutputColumn| TableColumn {
        label: column.name.clone(),
        numeric: column.data_type.is_numeric(),
    };
    let left_out = rows.len() > most || more;
    let shown = words::count(u64::try_from(rows.len().min(most)).unwrap_or(u64::MAX));
    let all = words::count(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    // Of a result that was cut off it is only known that it is longer.
    let key = if more { "result-first-rows-of-more" } else { "result-first-rows" };
    Table {
        caption: visit.text("result"),
        columns: columns.iter().map(head).collect(),
        rows: rows.iter().take(most).map(|row| row.iter().map(cell).collect()).collect(),
        marks: Vec::new(),
        rows_more: left_out.then(|| visit.text_with(key, &[("count", &shown), ("all", &all)])),
    }
}

/// Where this person opens the case that brings something about, with facts filled in. Among several such procedures
/// (one for operators, one for partners) it is one that this person's unit may open; `None` when there is none.
pub(super) fn open_case(visit: &Visit, effect: Effect, facts: &[(&str, String)]) -> Option<String> {
    let pack = visit.app.packs().current();
    let mine = cases::procedures(&visit.app, &visit.ctx);
    let wanted =
        mine.iter().filter_map(|mine| pack.procedures.get(&mine.id)).find(|one| one.brings(effect))?;
    let mut href = format!("/cases/new?procedure={}", encode(&wanted.id));
    for (name, value) in facts {
        href.push_str(&format!("&fact.{}={}", encode(name), encode(value)));
    }
    Some(href)
}

/// The authorisations this person may see, newest first.
///
/// # Errors
/// Not signed in; storage faults.
pub(super) async fn tenants(visit: &Visit) -> Result<Vec<Tenant>, Error> {
    visit.signed_in()?;
    let mut found = app::tenants::tenants(&visit.app, &visit.ctx).await?;
    found.sort_by_key(|tenant| std::cmp::Reverse(tenant.created));
    Ok(found)
}

/// The authorisations whose domain this person works in, open ones first.
///
/// # Errors
/// Not signed in; storage faults.
pub(super) async fn own_tenants(visit: &Visit) -> Result<Vec<Tenant>, Error> {
    let mut found = tenants(visit).await?;
    found.retain(|tenant| visit.ctx.principal.tenants.contains(&tenant.id));
    found.sort_by_key(|tenant| !tenant.is_open());
    Ok(found)
}

/// Why nothing can be done in a domain that is suspended, sealed or destroyed.
pub(super) fn closed(visit: &Visit, tenant: &Tenant) -> Option<Refusal> {
    if !matches!(tenant.state, TenantState::Suspended | TenantState::Sealed | TenantState::Destroyed) {
        return None;
    }
    Some(Refusal {
        code: "tenant.closed".to_owned(),
        message: visit.text(&format!("closed-{}", key(&tenant.state))),
        remedy: match tenant.state {
            // What was destroyed does not come back.
            TenantState::Destroyed => String::new(),
            _ => visit.error_words("tenant.closed").1,
        },
        clauses: words::clauses(visit, &tenant.closed_on),
    })
}

/// The lamp of an authorisation.
pub(super) const fn tenant_light(state: TenantState) -> Light {
    match state {
        TenantState::Holding | TenantState::Active => Light::Normal,
        TenantState::Established | TenantState::Agreed => Light::DueSoon,
        TenantState::Suspended | TenantState::Sealed => Light::Suspended,
        TenantState::Destroyed => Light::Done,
    }
}

/// An address of this list for the next page, keeping the filter.
pub(super) fn more(path: &str, filter: &[(&str, &str)], next: Option<String>) -> Option<String> {
    let next = next?;
    let mut href = format!("{path}?");
    for (name, value) in filter.iter().filter(|(_, value)| !value.is_empty()) {
        href.push_str(&format!("{name}={}&", encode(value)));
    }
    Some(format!("{href}after={}", encode(&next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_lists_have_message_keys() {
        assert_eq!(key(&app::offers::UsageState::InForce), "in-force");
        assert_eq!(key(&TenantState::Active), "active");
        assert_eq!(key(&3), "");
    }

    #[test]
    fn the_next_page_keeps_the_filter() {
        assert_eq!(more("/catalog", &[("q", "企")], None), None);
        let href = more("/catalog", &[("q", "企"), ("provider", "")], Some("1_a".into()));
        assert_eq!(href.as_deref(), Some("/catalog?q=%E4%BC%81&after=1_a"));
    }

    #[test]
    fn cells_are_plain_text() {
        assert_eq!(cell(&Json::Null), "—");
        assert_eq!(cell(&Json::from("a")), "a");
        assert_eq!(cell(&Json::from(1.5)), "1.5");
        assert_eq!(cell(&Json::from(14.380_281_690_140_846)), "14.3803");
        assert_eq!(cell(&Json::from(-0.000_012)), "-1.20e-5");
        assert_eq!((rounded(0.0), rounded(-0.0), rounded(70.0)), ("0".into(), "0".into(), "70".into()));
    }
}
