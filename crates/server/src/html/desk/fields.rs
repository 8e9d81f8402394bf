//! The pack's forms as page forms, and what was sent as the kernel's values.

use std::collections::BTreeMap;

use app::Error;
use app::cases::endings;
use app::regulation::case::{self, FormValue, FormValues};
use app::regulation::pack::{AttachmentRule, Field as PackField, FieldKind as PackKind, Form};
use app::resources::{self, CatalogEntry};

use super::sent::Sent;
use super::visit::Visit;
use super::words;
use crate::html::pages::form::{Field, FieldKind, FormError, FormSection};
use crate::html::pages::parts::{Choice, Link};

/// Resources offered on one form.
const RESOURCES_MAX: u32 = 100;
/// How the ids of facts begin.
pub(crate) const FACT: &str = "fact.";
/// How the ids of attachments begin.
pub(crate) const ATTACHMENT: &str = "attachment.";

/// Answers so far, by the id of the field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(BTreeMap<String, Vec<String>>);

impl Values {
    /// What was sent.
    pub(crate) fn sent(sent: &Sent) -> Self {
        let mut values = Self::default();
        for (id, value) in sent.below("field.") {
            values.0.entry(id.to_owned()).or_default().push(value.to_owned());
        }
        values
    }

    /// What an address asks to be filled in beforehand: `fact.授权=…`, `数据名称=…`.
    pub(crate) fn query(pairs: &[(String, String)]) -> Self {
        let mut values = Self::default();
        for (id, value) in pairs {
            values.0.entry(id.clone()).or_default().push(value.clone());
        }
        values
    }

    /// What a case's form holds.
    pub(crate) fn form(form: &FormValues) -> Self {
        let entry = |(key, value): (&String, &FormValue)| {
            let list = match value {
                FormValue::Text(text) => vec![text.clone()],
                FormValue::List(items) => items.clone(),
            };
            (slug(key), list)
        };
        Self(form.iter().map(entry).collect())
    }

    /// The first answer; empty if there is none.
    pub(crate) fn one(&self, id: &str) -> &str {
        self.all(id).first().map_or("", String::as_str)
    }

    /// All answers.
    pub(crate) fn all(&self, id: &str) -> &[String] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }

    /// Sets an answer where there is none.
    pub(crate) fn propose(&mut self, id: &str, value: String) {
        if self.one(id).is_empty() && !value.is_empty() {
            self.0.insert(id.to_owned(), vec![value]);
        }
    }

    /// Answers below an id, for a question asked in parts (`id`, `id@part`).
    fn parts<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        let of_part = move |found: &str| {
            found == id || found.strip_prefix(id).is_some_and(|rest| rest.starts_with('@'))
        };
        self.0.iter().filter(move |(found, _)| of_part(found)).flat_map(|(_, list)| list).map(String::as_str)
    }
}

/// What is wrong, by the id of the field.
pub(crate) type Wrong = BTreeMap<String, String>;

/// An id that may stand in HTML and in an anchor.
pub(crate) fn slug(key: &str) -> String {
    key.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect()
}

/// The places of a refusal, by the field they belong to: of the form, an attachment or a fact.
pub(crate) fn wrong(
    visit: &Visit,
    error: &Error,
    form: Option<&Form>,
    files: &[&str],
    sent: Option<&Sent>,
) -> Wrong {
    let mut wrong = Wrong::new();
    if let Error::Rejected(rejection) = error {
        for place in &rejection.fields {
            let id = place_of(form, files, &place.field);
            wrong.entry(id).or_insert_with(|| visit.pick(&place.zh, &place.en));
        }
    }
    for (name, code) in sent.iter().flat_map(|sent| &sent.refused) {
        let id = name.strip_prefix("field.").unwrap_or(name).to_owned();
        wrong.insert(id, visit.error_words(code).0);
    }
    wrong
}

/// Which field a place of a refusal means.
fn place_of(form: Option<&Form>, files: &[&str], key: &str) -> String {
    let mut fields = form.iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
    if fields.any(|field| field.key == key) {
        slug(key)
    } else if files.contains(&key) {
        slug(&format!("{ATTACHMENT}{key}"))
    } else {
        slug(&format!("{FACT}{key}"))
    }
}

/// The error summary: every wrong field that stands on the page, in the page's order. A label that stands more than once
/// is told apart by its section, and inside a section by the field before it, as a line of a paper form is.
pub(crate) fn summary(visit: &Visit, sections: &[FormSection]) -> Vec<FormError> {
    let labelled = |section: &FormSection, label: &str| {
        section.fields.iter().filter(|field| field.label == label).count()
    };
    let mut errors = Vec::new();
    for section in sections {
        for (at, field) in section.fields.iter().enumerate() {
            let Some(error) = &field.error else { continue };
            let here = labelled(section, &field.label);
            let everywhere: usize = sections.iter().map(|section| labelled(section, &field.label)).sum();
            let before = at.checked_sub(1).and_then(|at| section.fields.get(at));
            let place = match before {
                Some(before) if here > 1 => Some(&before.label),
                _ if everywhere > 1 => Some(&section.heading),
                _ => None,
            };
            let name = place.map_or_else(
                || field.label.clone(),
                |place| {
                    let args = [("place", place.as_str()), ("field", field.label.as_str())];
                    visit.text_with("field-at-place", &args)
                },
            );
            errors.push(FormError {
                field: field.id.clone(),
                message: visit.text_with("error-of-field", &[("field", &name), ("error", error)]),
            });
        }
    }
    errors
}

/// The fields of a pack's form.
///
/// # Errors
/// Storage faults while the catalog is read.
pub(crate) async fn sections(
    visit: &Visit,
    form: &Form,
    values: &Values,
    wrong: &Wrong,
    open: &(dyn Fn(&PackField) -> bool + Sync),
) -> Result<Vec<FormSection>, Error> {
    let mut sections = Vec::new();
    for section in &form.sections {
        let mut fields = Vec::new();
        for field in &section.fields {
            if field.kind == PackKind::Resources && open(field) {
                fields.extend(resource_fields(visit, field, values, wrong).await?);
            } else {
                fields.push(one(visit, field, values, wrong, !open(field)));
            }
        }
        let heading =
            if section.title.is_empty() { visit.pick(&form.title, &form.en) } else { section.title.clone() };
        sections.push(FormSection { heading, hint: String::new(), fields });
    }
    if let Some(last) = sections.last_mut() {
        last.hint = form.notes.join(" ");
    }
    Ok(sections)
}

fn one(visit: &Visit, field: &PackField, values: &Values, wrong: &Wrong, locked: bool) -> Field {
    let id = slug(&field.key);
    let (kind, chars_max) = match &field.kind {
        PackKind::Text | PackKind::Contact => (FieldKind::Text, u32::try_from(case::TEXT_CHARS_MAX).ok()),
        PackKind::LongText => (FieldKind::LongText, u32::try_from(case::LONG_TEXT_CHARS_MAX).ok()),
        PackKind::Number | PackKind::Percent | PackKind::Money => (FieldKind::Number, None),
        PackKind::Date => (FieldKind::Date, None),
        PackKind::Phone => (FieldKind::Phone, None),
        PackKind::Email => (FieldKind::Email, None),
        PackKind::Choice(_) | PackKind::Flag => (FieldKind::Choice, None),
        PackKind::Choices(_) => (FieldKind::MultiChoice, None),
        PackKind::Resources | PackKind::Unit => (FieldKind::Text, None),
    };
    let chosen = values.all(&id);
    let choice = |value: &String| Choice::new(value, value, chosen.contains(value));
    let choices = match &field.kind {
        PackKind::Choice(list) | PackKind::Choices(list) => list.iter().map(choice).collect(),
        PackKind::Flag => flag_choices(visit, values.one(&id)),
        _ => Vec::new(),
    };
    let unit = match field.kind {
        PackKind::Percent => visit.text("unit-percent"),
        PackKind::Money => visit.text("unit-yuan"),
        _ => String::new(),
    };
    let hint = field.hint.clone().unwrap_or_default();
    Field {
        label: visit.pick(&field.label, &field.en),
        kind,
        required: field.required,
        hint: [hint, unit].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" "),
        value: chosen.join("、"),
        choices,
        error: wrong.get(&id).cloned(),
        locked,
        chars_max,
        id,
        ..Field::default()
    }
}

/// Yes or no, in the pack's words.
pub(crate) fn flag_choices(visit: &Visit, value: &str) -> Vec<Choice> {
    vec![
        Choice::new("是", &visit.text("yes"), matches!(value, "是" | "true")),
        Choice::new("否", &visit.text("no"), matches!(value, "否" | "false")),
    ]
}

/// One group of boxes a resource: the whole of it, or single columns, so that no more is asked for than is needed.
async fn resource_fields(
    visit: &Visit,
    field: &PackField,
    values: &Values,
    wrong: &Wrong,
) -> Result<Vec<Field>, Error> {
    let (entries, _) = resources::catalog(&visit.app, &visit.ctx, None, RESOURCES_MAX).await?;
    let id = slug(&field.key);
    let chosen: Vec<String> = values.parts(&id).flat_map(single).collect();
    let label = visit.pick(&field.label, &field.en);
    if entries.is_empty() {
        let mut plain = one(visit, field, values, wrong, false);
        plain.hint = visit.text("resources-none");
        return Ok(vec![plain]);
    }
    let group = |(index, entry): (usize, &CatalogEntry)| Field {
        id: if index == 0 { id.clone() } else { format!("{id}@{}", slug(&entry.resource.code)) },
        label: format!("{label}：{}", resource_name(visit, entry)),
        kind: FieldKind::MultiChoice,
        required: false,
        hint: if index == 0 { field.hint.clone().unwrap_or_default() } else { String::new() },
        choices: resource_choices(visit, entry, &chosen),
        error: wrong.get(&id).filter(|_| index == 0).cloned(),
        ..Field::default()
    };
    let mut fields: Vec<Field> = entries.iter().enumerate().map(group).collect();
    // What must be ticked is one of all, not one of the first: the groups say so before they begin.
    if field.required
        && let Some(first) = fields.first_mut()
    {
        first.hint = format!("{} {}", visit.text("resources-one"), first.hint).trim().to_owned();
    }
    Ok(fields)
}

fn resource_name(visit: &Visit, entry: &CatalogEntry) -> String {
    let name = visit.pick(&entry.resource.name_zh, &entry.resource.name_en);
    format!("{name}（{}，{}）", entry.resource.code, entry.unit_name)
}

fn resource_choices(visit: &Visit, entry: &CatalogEntry, chosen: &[String]) -> Vec<Choice> {
    let code = &entry.resource.code;
    let mut choices = vec![Choice::new(code, &visit.text("resource-all"), chosen.contains(code))];
    for column in &entry.resource.columns {
        let value = format!("{code}:{}", column.name);
        let name = match column.label_zh.as_str() {
            "" => column.name.clone(),
            label => format!("{label}（{}）", column.name),
        };
        let level = column.classification.as_ref().map_or_else(
            || visit.text("unconfirmed"),
            |class| visit.text_with("column-level", &[("level", &class.level.to_string())]),
        );
        choices.push(Choice::new(&value, &format!("{name} · {level}"), chosen.contains(&value)));
    }
    choices
}

/// `code:a|b` as the boxes that stand for it.
fn single(text: &str) -> Vec<String> {
    match text.split_once(':') {
        Some((code, columns)) => columns.split('|').map(|column| format!("{code}:{column}")).collect(),
        None => text
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';' | '；'))
            .filter(|code| !code.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// Ticked boxes as the notation of forms: the whole of a resource before single columns of it.
fn joined(ticked: &[String]) -> Vec<String> {
    let mut by_code: Vec<(String, Vec<String>)> = Vec::new();
    for text in ticked {
        let (code, column) = text.split_once(':').unwrap_or((text, ""));
        let at = by_code.iter().position(|(found, _)| found == code).unwrap_or_else(|| {
            by_code.push((code.to_owned(), Vec::new()));
            by_code.len() - 1
        });
        if let Some((_, columns)) = by_code.get_mut(at) {
            columns.push(column.to_owned());
        }
    }
    let item = |(code, columns): (String, Vec<String>)| {
        if columns.iter().any(String::is_empty) { code } else { format!("{code}:{}", columns.join("|")) }
    };
    by_code.into_iter().map(item).collect()
}

/// The kernel's values of a form.
pub(crate) fn form_values(form: Option<&Form>, values: &Values) -> FormValues {
    let fields = form.iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
    let mut out = FormValues::new();
    for field in fields {
        let id = slug(&field.key);
        let value = match field.kind {
            PackKind::Resources => {
                let ticked: Vec<String> = values.parts(&id).flat_map(single).collect();
                FormValue::List(joined(&ticked))
            }
            PackKind::Choices(_) => FormValue::List(values.all(&id).to_vec()),
            _ => FormValue::Text(values.one(&id).to_owned()),
        };
        out.insert(field.key.clone(), value);
    }
    out
}

/// A field for a file the procedure asks for. A file taken in already is kept when the form comes back.
pub(crate) fn file_field(
    visit: &Visit,
    rule: &AttachmentRule,
    kept: Option<(&str, &str)>,
    wrong: &Wrong,
) -> Field {
    let id = slug(&format!("{ATTACHMENT}{}", rule.name));
    let label = kept.map(|(_, file)| Link::new(file, ""));
    Field {
        label: rule.name.clone(),
        kind: FieldKind::File,
        // Whether an attachment asked for under a condition is needed shows when the form is sent.
        required: rule.required && rule.when.is_none(),
        value: kept.map(|(object, file)| format!("{object} {file}")).unwrap_or_default(),
        files: label.into_iter().collect(),
        hint: kept.map(|_| visit.text("file-replace")).unwrap_or_default(),
        accept: accept(),
        may_drop: kept.is_some(),
        error: wrong.get(&id).cloned(),
        clause: words::clauses(visit, &rule.clauses).into_iter().next(),
        id,
        ..Field::default()
    }
}

/// The files that cases take, as a browser asks for them.
fn accept() -> String {
    endings().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(",")
}

/// The files that cases take, in words.
pub(crate) fn files_taken(visit: &Visit) -> String {
    let kinds = endings().collect::<Vec<_>>().join(visit.text("list-comma").as_str());
    visit.text_with(
        "attachments-taken",
        &[("kinds", &kinds), ("size", &words::bytes(base::limit::ATTACHMENT_BYTES_MAX))],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticked_boxes_are_the_notation_of_forms_and_back() {
        let ticked: Vec<String> = ["a:x", "b", "a:y", "b:z"].map(str::to_owned).to_vec();
        assert_eq!(joined(&ticked), ["a:x|y", "b"]);
        assert_eq!(single("a:x|y"), ["a:x", "a:y"]);
        assert_eq!(single("a，b c"), ["a", "b", "c"]);
    }

    #[test]
    fn a_question_asked_in_parts_is_answered_as_one() {
        let pairs = [("数据", "a:x"), ("数据@b", "b"), ("数据量", "7")];
        let values = Values::query(&pairs.map(|(id, value)| (id.to_owned(), value.to_owned())));
        assert_eq!(values.parts("数据").collect::<Vec<_>>(), ["a:x", "b"]);
        assert_eq!(values.one("数据量"), "7");
    }
}
