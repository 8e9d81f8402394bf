//! What a case says: the values of a template, and the opinions of a form's boxes.

use std::collections::BTreeMap;

use regulation::case::{Act, CaseState, FACT_PASSED, FormValue, FormValues, Opinion, command_words, decimal};
use regulation::pack::{
    Comparator, Document, FactValue, Form, FormId, Pack, Period, PeriodUnit, Value, Variable, VariableKind,
};

use crate::form::{OpinionEntry, coded, named};
use crate::print::{Lang, Stamp};
use crate::value::{Data, Datum};

/// What the case itself does not know.
#[derive(Debug, Clone)]
pub struct Actual {
    /// Number, issuer, day, place of verification.
    pub stamp: Stamp,
    /// Names of units and resources by code; a code without one is printed as it is.
    pub names: BTreeMap<String, String>,
    /// Values that come from elsewhere (a due date, the result of a residue scan); they go before all others.
    pub more: BTreeMap<String, Datum>,
}

/// Values for a document's variables, from what is known of a case now.
///
/// A variable is looked up among the values given in `more`, the platform's own (see `docs/documents.md`), the case's facts, the
/// fields of its forms (the opening form first, or the form it names), and the pack's parameters. What has no value stays out and prints as a
/// blank. Sealed opinions are not known.
#[must_use]
pub fn of_case(document: &Document, pack: &Pack, state: &CaseState, actual: &Actual) -> Data {
    let mut values = BTreeMap::new();
    for variable in &document.variables {
        let name = variable.from.as_str();
        let given = actual.more.get(name).cloned().and_then(|datum| fitted(datum, &variable.kind));
        let own = || platform(name, pack, state, actual).and_then(|datum| fitted(datum, &variable.kind));
        let fact = || state.facts.get(name).and_then(|fact| of_fact(fact, &variable.kind, actual));
        let said = || of_forms(variable, pack, state, actual);
        let fixed =
            || pack.parameters.get(name).and_then(|parameter| of_parameter(&parameter.value, &variable.kind));
        if let Some(datum) = given.or_else(own).or_else(fact).or_else(said).or_else(fixed) {
            values.insert(variable.name.clone(), datum);
        }
    }
    Data { values, stamp: actual.stamp.clone() }
}

/// Opinions for the boxes of a form, as far as they may be shown.
#[must_use]
pub fn opinions(form: &Form, state: &CaseState, lang: Lang) -> Vec<OpinionEntry> {
    let entry = |opinion: &Opinion| {
        let name = opinion.opinion_box.as_ref().filter(|name| form.opinion_boxes.contains(*name))?;
        Some(OpinionEntry {
            opinion_box: name.clone(),
            result: word(opinion, lang).to_owned(),
            text: opinion.text.clone(),
            unit: opinion.by.unit_name.clone(),
            person: opinion.by.person_name.clone(),
            on: Some(opinion.on),
        })
    };
    state.visible_opinions().filter_map(entry).collect()
}

fn word(opinion: &Opinion, lang: Lang) -> &'static str {
    let (zh, en) = command_words(opinion.command);
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// What the platform knows under fixed names.
fn platform(name: &str, pack: &Pack, state: &CaseState, actual: &Actual) -> Option<Datum> {
    let text = |text: &str| Some(Datum::Text(text.to_owned())).filter(|_| !text.is_empty());
    let last = state.acts.iter().rev().find(|act| !act.sealed);
    let opinion = state.visible_opinions().last();
    match name {
        "办件编号" => text(&state.number),
        "程序" => text(&state.procedure),
        "事项" => text(&state.title),
        "制度" => text(&pack.name),
        "发起单位" => text(&state.opener.unit_name),
        "发起人" => text(&state.opener.person_name),
        "提交日期" => Some(Datum::Date(state.opened_at.date_at(pack.counting.utc_offset_seconds))),
        "受理日期" => state.accepted.map(Datum::Date),
        "公布日期" => state.published.map(Datum::Date),
        "签订日期" => state.signed.map(Datum::Date),
        "办结日期" => state.ended.as_ref().map(|end| Datum::Date(end.on)),
        "办结结果" => state.ended.as_ref().and_then(|end| text(&end.outcome)),
        "办理环节" => last.and_then(|act| text(&act.step)),
        "办理单位" => last.and_then(|act| text(&act.by.unit_name)),
        "办理人" => last.and_then(|act| text(&act.by.person_name)),
        "办理结果" => last.and_then(|act| text(result(act, state))),
        "办理日期" => last.map(|act| Datum::Date(act.on)),
        "办理意见" => opinion
            .filter(|opinion| last.is_none_or(|act| same(opinion, act)))
            .and_then(|one| text(&one.text)),
        "决议文号" => state.resolutions.last().and_then(|one| text(&one.number)),
        "补正事项" => state.awaiting.as_ref().map(|awaiting| {
            Datum::List(awaiting.defects.iter().map(|one| format!("{}：{}", one.field, one.note)).collect())
        }),
        "附件清单" => Some(Datum::List(state.attachments.iter().map(|one| one.name.clone()).collect())),
        "各方意见" => Some(Datum::Table(opinions_before(state, last))),
        "依据" => last.map(|act| Datum::List(basis(act, pack, state))),
        "落款单位" => text(&actual.stamp.issuer),
        "落款日期" => Some(Datum::Date(actual.stamp.on)),
        _ => None,
    }
}

/// What a step came to: of a vote the count, not the ballot cast last.
fn result(act: &Act, state: &CaseState) -> &'static str {
    match (act.vote, state.facts.get(FACT_PASSED)) {
        (Some(_), Some(FactValue::Flag(true))) => "通过",
        (Some(_), Some(FactValue::Flag(false))) => "不通过",
        _ => command_words(act.command).0,
    }
}

fn same(opinion: &Opinion, act: &Act) -> bool {
    opinion.step == act.step && opinion.visit == act.visit && opinion.by == act.by
}

/// What everybody concluded before the step that is being written about, with words or without.
fn opinions_before(state: &CaseState, last: Option<&Act>) -> Vec<Vec<String>> {
    // Of a vote everybody's ballot belongs to the result.
    let decided = last.filter(|last| last.vote.is_none());
    let present = |act: &Act| decided.is_some_and(|last| (&last.step, last.visit) == (&act.step, act.visit));
    let row = |act: &Act| {
        let said = state.visible_opinions().find(|one| same(one, act) && one.command == act.command);
        let text = said.map(|one| one.text.clone()).unwrap_or_default();
        (act.command.concludes() || !text.is_empty()).then(|| {
            let conclusion = command_words(act.command).0.to_owned();
            vec![act.step.clone(), act.by.unit_name.clone(), conclusion, text, act.on.to_string()]
        })
    };
    state.acts.iter().filter(|act| !act.sealed && !present(act)).filter_map(row).collect()
}

/// The clauses an act rests on, as they are labelled in their texts.
fn basis(act: &Act, pack: &Pack, state: &CaseState) -> Vec<String> {
    let steps = pack.procedures.get(&state.procedure).into_iter().flat_map(|procedure| &procedure.steps);
    let step = steps.filter(|step| step.id == act.step);
    let actions = step.flat_map(|step| &step.actions).filter(|action| action.command == act.command);
    let clauses = actions.flat_map(|action| &action.clauses).filter_map(|id| pack.clauses.get(id));
    let mut found: Vec<String> = Vec::new();
    for clause in clauses.map(|clause| format!("{}：{}", clause.label, clause.summary)) {
        if !found.contains(&clause) {
            found.push(clause);
        }
    }
    found
}

/// A value of the platform where it was declared as its kind; a date or a list may stand in a text.
fn fitted(datum: Datum, kind: &VariableKind) -> Option<Datum> {
    match (&datum, kind) {
        (Datum::Text(_), VariableKind::Text | VariableKind::LongText)
        | (Datum::Number(_), VariableKind::Number)
        | (Datum::Money(_), VariableKind::Money)
        | (Datum::Percent(_), VariableKind::Percent)
        | (Datum::Flag(_), VariableKind::Flag)
        | (Datum::Date(_), VariableKind::Date) => Some(datum),
        (Datum::List(items), VariableKind::List) => Some(datum.clone()).filter(|_| !items.is_empty()),
        (Datum::List(items), VariableKind::LongText) if !items.is_empty() => {
            Some(Datum::Text(items.join("\n")))
        }
        (Datum::Date(date), VariableKind::Text) => Some(Datum::Text(crate::words::date(*date, Lang::Zh))),
        (Datum::Table(rows), VariableKind::Table(columns)) => {
            let fits = !rows.is_empty() && rows.iter().all(|row| row.len() == columns.len());
            fits.then(|| datum.clone())
        }
        _ => None,
    }
}

fn of_fact(fact: &FactValue, kind: &VariableKind, actual: &Actual) -> Option<Datum> {
    let named = |code: &String| named(code, &actual.names);
    Some(match (fact, kind) {
        (FactValue::Number(number), VariableKind::Number) => Datum::Number(*number),
        (FactValue::Number(number), VariableKind::Money) => Datum::Money(*number),
        (FactValue::Number(number), VariableKind::Percent) => Datum::Percent(*number),
        (FactValue::Number(number), VariableKind::Text) => Datum::Text(number.to_string()),
        (FactValue::Flag(flag), VariableKind::Flag) => Datum::Flag(*flag),
        (FactValue::Date(date), VariableKind::Date) => Datum::Date(*date),
        // A unit is known by its code; on paper it has a name.
        (FactValue::Text(text), VariableKind::Text | VariableKind::LongText) => Datum::Text(named(text)),
        (FactValue::List(items), VariableKind::List) => Datum::List(items.iter().map(named).collect()),
        (FactValue::List(items), VariableKind::Text | VariableKind::LongText) => {
            Datum::Text(items.iter().map(named).collect::<Vec<_>>().join("、"))
        }
        _ => return None,
    })
}

/// The field of that name; the opening form is asked first. `表单.栏目` asks that form alone, where two share a name.
fn of_forms(variable: &Variable, pack: &Pack, state: &CaseState, actual: &Actual) -> Option<Datum> {
    let (only, key) = field_of(&variable.from, pack);
    let opening = |id: &FormId| state.form_id.as_ref() == Some(id);
    let asked = state.forms.iter().filter(|(id, _)| only.is_none_or(|only| only == id.as_str()));
    let mut forms: Vec<(&FormId, &FormValues)> = asked.collect();
    forms.sort_by_key(|(id, _)| !opening(id));
    let (id, value) = forms.into_iter().find_map(|(id, form)| Some((id, form.get(key)?)))?;
    let fields =
        pack.forms.get(id).into_iter().flat_map(|form| &form.sections).flat_map(|section| &section.fields);
    let codes = fields.filter(|field| field.key == key).any(|field| coded(&field.kind));
    let name = |code: &String| if codes { named(code, &actual.names) } else { code.clone() };
    let value = match value {
        FormValue::Text(text) => FormValue::Text(name(text)),
        FormValue::List(items) => FormValue::List(items.iter().map(name).collect()),
    };
    of_field(&value, &variable.kind)
}

/// The form a variable names, if it names one, and the field.
pub(crate) fn field_of<'a>(from: &'a str, pack: &Pack) -> (Option<&'a str>, &'a str) {
    match from.split_once('.') {
        Some((form, key)) if pack.forms.contains_key(form) => (Some(form), key),
        _ => (None, from),
    }
}

fn of_field(value: &FormValue, kind: &VariableKind) -> Option<Datum> {
    let text = match value {
        FormValue::List(items) if *kind == VariableKind::List => return Some(Datum::List(items.clone())),
        FormValue::List(items) => items.join("、"),
        FormValue::Text(text) => text.clone(),
    };
    Some(match kind {
        VariableKind::Text | VariableKind::LongText => Datum::Text(text),
        VariableKind::Number => Datum::Number(decimal(&text, 0)?),
        VariableKind::Money => Datum::Money(decimal(&text, 2)?),
        VariableKind::Percent => Datum::Percent(decimal(text.trim_end_matches(['%', '％']).trim_end(), 4)?),
        VariableKind::Date => Datum::Date(text.parse().ok()?),
        VariableKind::Flag => Datum::Flag(text == "是" || text == "true"),
        VariableKind::List => Datum::List(text.lines().map(str::to_owned).collect()),
        VariableKind::Table(_) => return None,
    })
}

/// What the pack itself fixes, as a lawyer writes it: `不少于6个月`.
fn of_parameter(value: &Value, kind: &VariableKind) -> Option<Datum> {
    match (value, kind) {
        (Value::Number(number), VariableKind::Number) => Some(Datum::Number(*number)),
        (Value::Ratio(ppm), VariableKind::Percent) => Some(Datum::Percent(*ppm)),
        (Value::Flag(flag), VariableKind::Flag) => Some(Datum::Flag(*flag)),
        (Value::List(items), VariableKind::List) => Some(Datum::List(items.clone())),
        (value, VariableKind::Text) => Some(Datum::Text(said(value))),
        _ => None,
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Period(Period { length: 0, unit: PeriodUnit::Day }) => "当日".to_owned(),
        Value::Period(Period { length, unit }) => {
            let unit = match unit {
                PeriodUnit::WorkingDay => "个工作日",
                PeriodUnit::Day => "日",
                PeriodUnit::Month => "个月",
                PeriodUnit::Year => "年",
            };
            format!("{length}{unit}")
        }
        Value::Limit(comparator, value) => {
            let word = match comparator {
                Comparator::Less => "低于",
                Comparator::AtMost => "不超过",
                Comparator::AtLeast => "不少于",
                Comparator::More => "超过",
            };
            format!("{word}{}", said(value))
        }
        Value::Ratio(ppm) => crate::words::percent(*ppm),
        Value::Number(number) => number.to_string(),
        Value::Flag(true) => "是".to_owned(),
        Value::Flag(false) => "否".to_owned(),
        Value::Text(text) => text.clone(),
        Value::List(items) => items.join("、"),
    }
}
