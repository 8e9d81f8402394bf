//! A case's forms as on paper.

use app::Error;
use app::cases::{CaseView, subject_names};
use app::regulation::case::{FormValue, FormValues};
use app::regulation::pack::{Field, FieldKind, Form};
use app::resources::Wanted;

use super::facts;
use super::visit::Visit;
use super::words::{self, Units};
use crate::html::pages::form::{PaperCell, PaperForm, PaperSection};
use crate::html::pages::parts::Link;

/// Characters from which a value takes a whole row.
const WIDE_CHARS: usize = 24;

/// The forms of a case on one sheet, the opening form first, then what was stated beside them.
///
/// # Errors
/// Storage faults.
pub(super) async fn paper(visit: &Visit, view: &CaseView, units: &Units) -> Result<PaperForm, Error> {
    let state = &view.state;
    let mut forms: Vec<&Form> = view.forms.iter().collect();
    forms.sort_by_key(|form| Some(&form.id) != state.form_id.as_ref());
    let opening = forms.first().filter(|form| Some(&form.id) == state.form_id.as_ref());
    let mut paper = PaperForm {
        title: opening.map_or_else(|| words::procedure(visit, &view.procedure), |form| form.title.clone()),
        annex: opening.map(|form| form.id.clone()).filter(|id| *id != state.procedure).unwrap_or_default(),
        sections: Vec::new(),
    };
    for form in &forms {
        let Some(values) = state.forms.get(&form.id) else { continue };
        let further = Some(&form.id) != state.form_id.as_ref();
        for (index, section) in form.sections.iter().enumerate() {
            let mut cells = Vec::with_capacity(section.fields.len());
            for field in &section.fields {
                cells.push(PaperCell { links: resources(visit, field, values).await, ..cell(field, values) });
            }
            let heading = match (further && index == 0, section.title.is_empty()) {
                (true, true) => form.title.clone(),
                (true, false) => format!("{} · {}", form.title, section.title),
                (false, _) => section.title.clone(),
            };
            paper.sections.push(PaperSection::lay_out(&heading, cells));
        }
    }
    let stated = stated(visit, view, units).await?;
    if !stated.is_empty() {
        paper.sections.push(PaperSection::lay_out(&visit.text("case-facts"), stated));
    }
    Ok(paper)
}

/// The resources a field names, by their names and pages; who may not see one reads its code.
async fn resources(visit: &Visit, field: &Field, values: &FormValues) -> Vec<Link> {
    let (FieldKind::Resources, Some(FormValue::List(items))) = (&field.kind, values.get(&field.key)) else {
        return Vec::new();
    };
    let mut links = Vec::with_capacity(items.len());
    for item in items {
        let wanted = Wanted::parse(item);
        links.push(match app::resources::by_code_seen(&visit.app, &visit.ctx, &wanted.code).await {
            Ok(entry) => {
                let name = visit.pick(&entry.name_zh, &entry.name_en);
                let columns = if wanted.columns.is_empty() {
                    visit.text("resource-all")
                } else {
                    visit.text_with("columns-count", &[("count", &wanted.columns.len().to_string())])
                };
                Link::new(&format!("{name}（{columns}）"), &format!("/catalog/{}", entry.id()))
            }
            Err(_) => Link::new(item, ""),
        });
    }
    links
}

fn cell(field: &Field, values: &FormValues) -> PaperCell {
    let value = match values.get(&field.key) {
        Some(FormValue::Text(text)) => text.clone(),
        Some(FormValue::List(items)) => items.join("、"),
        None => String::new(),
    };
    let value = match field.kind {
        FieldKind::Percent if !value.is_empty() && !value.contains('%') => format!("{value}%"),
        _ => value,
    };
    let wide = field.kind == FieldKind::LongText || value.chars().count() > WIDE_CHARS;
    if wide { PaperCell::long(&field.label, &value) } else { PaperCell::short(&field.label, &value) }
}

/// The facts of the case that no form shows.
async fn stated(visit: &Visit, view: &CaseView, units: &Units) -> Result<Vec<PaperCell>, Error> {
    let on_forms: Vec<&String> = view
        .forms
        .iter()
        .flat_map(|form| &form.sections)
        .flat_map(|section| &section.fields)
        .filter_map(|field| field.fact.as_ref())
        .collect();
    let procedure = &view.procedure;
    let in_actions = procedure.steps.iter().flat_map(|step| &step.actions).flat_map(|action| &action.facts);
    let rules: Vec<_> = procedure.facts.iter().chain(&procedure.observed).chain(in_actions).collect();
    let names = subject_names(&visit.app, view).await?;
    let mut cells = Vec::new();
    for (key, value) in &view.state.facts {
        // What the kernel notes for itself has no rule and is shown elsewhere.
        let Some(rule) = rules.iter().find(|rule| rule.key == *key).filter(|_| !on_forms.contains(&key))
        else {
            continue;
        };
        let said = facts::shown(visit, units, &names, key, value).await;
        let label = visit.pick(&rule.key, &rule.en);
        let wide = said.label.chars().count() > WIDE_CHARS;
        let cell =
            if wide { PaperCell::long(&label, &said.label) } else { PaperCell::short(&label, &said.label) };
        let links = if said.href.is_empty() { Vec::new() } else { vec![said] };
        cells.push(PaperCell { links, ..cell });
    }
    Ok(cells)
}
