//! A case's forms as on paper.

use app::Error;
use app::cases::CaseView;
use app::regulation::case::{FormValue, FormValues};
use app::regulation::pack::{Field, FieldKind, Form};

use super::facts;
use super::visit::Visit;
use super::words::{self, Units};
use crate::html::pages::form::{PaperCell, PaperForm, PaperSection};

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
            let cells = section.fields.iter().map(|field| cell(field, values)).collect();
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
    let mut cells = Vec::new();
    for (key, value) in &view.state.facts {
        // What the kernel notes for itself has no rule and is shown elsewhere.
        let Some(rule) = rules.iter().find(|rule| rule.key == *key).filter(|_| !on_forms.contains(&key))
        else {
            continue;
        };
        let text = facts::shown(visit, units, key, value).await?;
        let label = visit.pick(&rule.key, &rule.en);
        let wide = text.chars().count() > WIDE_CHARS;
        cells.push(if wide { PaperCell::long(&label, &text) } else { PaperCell::short(&label, &text) });
    }
    Ok(cells)
}
