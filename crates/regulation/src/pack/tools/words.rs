//! The words in which tools speak about the parts of a pack.

use crate::case::command_words;
use crate::pack::model::{
    Action, Bound, ClauseId, Comparator, Condition, Effect, ExcuseKind, FactKind, FactValue, FieldKind,
    Means, OnExpiry, Pack, Period, PeriodUnit, Procedure, RoleKey, Status, Step, Test, Value,
};
use crate::pack::schema;
use crate::pack::words::{BOUNDS, EFFECTS, EXPIRIES, FACT_KINDS, FIELDS, FieldWord, MEANS, STATUS, Word};

use super::text::Text;

/// A word of the closed vocabulary by its meaning.
pub(super) fn word<T: PartialEq>(table: &[Word<T>], meaning: &T) -> Text {
    let zh = table.iter().find(|(_, found)| found == meaning).map_or("", |(word, _)| *word);
    Text::new(zh, schema::english(zh))
}

pub(super) fn status(status: Status) -> Text {
    word(STATUS, &status)
}

pub(super) fn means(means: Means) -> Text {
    word(MEANS, &means)
}

pub(super) fn bound(bound: Bound) -> Text {
    word(BOUNDS, &bound)
}

pub(super) fn effect(effect: Effect) -> Text {
    word(EFFECTS, &effect)
}

pub(super) fn expiry(expiry: OnExpiry) -> Text {
    word(EXPIRIES, &expiry)
}

pub(super) fn fact_kind(kind: FactKind) -> Text {
    word(FACT_KINDS, &kind)
}

pub(super) fn field_kind(kind: &FieldKind) -> Text {
    let (plain, choices) = match kind {
        FieldKind::Text => (FieldWord::Text, None),
        FieldKind::LongText => (FieldWord::LongText, None),
        FieldKind::Number => (FieldWord::Number, None),
        FieldKind::Percent => (FieldWord::Percent, None),
        FieldKind::Money => (FieldWord::Money, None),
        FieldKind::Date => (FieldWord::Date, None),
        FieldKind::Phone => (FieldWord::Phone, None),
        FieldKind::Email => (FieldWord::Email, None),
        FieldKind::Contact => (FieldWord::Contact, None),
        FieldKind::Choice(of) => (FieldWord::Choice, Some(of)),
        FieldKind::Choices(of) => (FieldWord::Choices, Some(of)),
        FieldKind::Flag => (FieldWord::Flag, None),
        FieldKind::Resources => (FieldWord::Resources, None),
        FieldKind::Unit => (FieldWord::Unit, None),
    };
    let kind = word(FIELDS, &plain);
    match choices {
        Some(of) => {
            let of = of.join("、");
            kind.around(("", &format!("：{of}")), ("", &format!(": {of}")))
        }
        None => kind,
    }
}

pub(super) fn period(period: Period) -> Text {
    let n = period.length;
    let plural = if n == 1 { "" } else { "s" };
    match period.unit {
        PeriodUnit::Day if n == 0 => Text::new("当日", "same day"),
        PeriodUnit::WorkingDay => Text::new(format!("{n}个工作日"), format!("{n} working day{plural}")),
        PeriodUnit::Day => Text::new(format!("{n}日"), format!("{n} day{plural}")),
        PeriodUnit::Month => Text::new(format!("{n}个月"), format!("{n} month{plural}")),
        PeriodUnit::Year => Text::new(format!("{n}年"), format!("{n} year{plural}")),
    }
}

pub(super) fn comparator(comparator: Comparator) -> (&'static str, &'static str) {
    match comparator {
        Comparator::Less => ("低于", "less than "),
        Comparator::AtMost => ("不超过", "at most "),
        Comparator::AtLeast => ("不少于", "at least "),
        Comparator::More => ("超过", "more than "),
    }
}

pub(super) fn value(found: &Value) -> Text {
    match found {
        Value::Period(length) => period(*length),
        Value::Limit(how, inner) => {
            let (zh, en) = comparator(*how);
            value(inner).around((zh, ""), (en, ""))
        }
        Value::Ratio(ppm) => Text::same(format!("{}%", percent(*ppm))),
        Value::Number(number) => Text::same(number.to_string()),
        Value::Flag(flag) => yes(*flag),
        Value::Text(text) => Text::same(text),
        Value::List(items) => Text::same(items.join("、")),
    }
}

fn percent(ppm: i64) -> String {
    let (whole, part) = (ppm / 10_000, (ppm % 10_000).abs());
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:04}").trim_end_matches('0').to_owned() }
}

pub(super) fn yes(flag: bool) -> Text {
    if flag { Text::new("是", "yes") } else { Text::new("否", "no") }
}

fn fact_value(found: &FactValue) -> Text {
    match found {
        FactValue::Flag(flag) => yes(*flag),
        FactValue::Number(number) => Text::same(number.to_string()),
        FactValue::Date(date) => Text::same(date.to_string()),
        FactValue::Text(text) => Text::same(text),
        FactValue::List(items) => Text::same(items.join("、")),
    }
}

pub(super) fn role(pack: &Pack, key: &RoleKey) -> Text {
    Text::new(key, pack.roles.get(key).map(|role| role.en.as_str()).unwrap_or_default())
}

pub(super) fn action(action: &Action) -> Text {
    let (zh, en) = command_words(action.command);
    Text::new(action.label.as_deref().unwrap_or(zh), action.label_en.as_deref().unwrap_or(en))
}

pub(super) fn step_name(procedure: &Procedure, id: &str) -> Text {
    let en = procedure.steps.iter().find(|step| step.id == id).map(|step| step.en.as_str());
    Text::new(id, en.unwrap_or_default())
}

pub(super) fn form_name(pack: &Pack, id: &str) -> Text {
    match pack.forms.get(id) {
        Some(form) if form.title == form.id => Text::new(id, &form.en),
        Some(form) => Text::new(format!("{id}《{}》", form.title), format!("{} ({id})", form.en)),
        None => Text::same(id),
    }
}

/// Labels of clauses in reading order, with the text they are in where it is not the pack's own.
pub(super) fn clauses(ids: &[ClauseId]) -> Text {
    let mut ids: Vec<&ClauseId> = ids.iter().collect();
    ids.sort_by_cached_key(|id| super::reading_order(id));
    ids.dedup();
    Text::same(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join("、"))
}

/// Clauses with their printed label and our summary, a line each.
pub(super) fn clauses_in_full(pack: &Pack, ids: &[ClauseId]) -> Text {
    let mut ids: Vec<&ClauseId> = ids.iter().collect();
    ids.sort_by_cached_key(|id| super::reading_order(id));
    ids.dedup();
    let line = |id: &&ClauseId| match pack.clauses.get(*id) {
        Some(clause) => Text::same(format!("{id}（{}）：{}", clause.label, clause.summary)),
        None => Text::same(id.as_str()),
    };
    Text::lines(&ids.iter().map(line).collect::<Vec<_>>())
}

pub(super) fn condition(pack: &Pack, procedure: &Procedure, condition: &Condition) -> Text {
    test(pack, procedure, &condition.test)
}

/// A test in words.
pub(super) fn test(pack: &Pack, procedure: &Procedure, found: &Test) -> Text {
    let joined = |tests: &[Test], zh: &str, en: &str| {
        let parts: Vec<Text> = tests.iter().map(|one| nested(pack, procedure, one)).collect();
        Text::join(&parts, zh, en)
    };
    let fact = |key: &str| Text::new(key, fact_en(pack, procedure, key));
    match found {
        Test::All(tests) => joined(tests, "，且", " and "),
        Test::Any(tests) => joined(tests, "，或", " or "),
        Test::Not(inner) => match inner.as_ref() {
            Test::Is(key, value) => Text::join([&fact(key), &fact_value(value)], "不为", " is not "),
            other => test(pack, procedure, other).around(("并非（", "）"), ("not (", ")")),
        },
        Test::Is(key, value) => Text::join([&fact(key), &fact_value(value)], "为", " is "),
        Test::Compare(key, how, value) => {
            let (zh, en) = comparator(*how);
            Text::join([&fact(key), &fact_value(value)], zh, &format!(" {en}"))
        }
        Test::Within(key, parameter) => fact(key).around(
            ("", &format!("符合参数“{parameter}”")),
            ("", &format!(" within parameter “{parameter}”")),
        ),
        Test::WithinUnit(key, parameter, unit) => {
            let unit = super::time::unit(*unit);
            fact(key).around(
                ("", &format!("（{}）符合参数“{parameter}”", unit.zh)),
                ("", &format!(" ({}s) within parameter “{parameter}”", unit.en)),
            )
        }
        Test::Same(one, other) => {
            Text::join([&fact(one), &fact(other)], "与", " equals ").around(("", "相同"), ("", ""))
        }
        Test::CompareFacts(one, how, other) => {
            let (zh, en) = comparator(*how);
            Text::join([&fact(one), &fact(other)], zh, &format!(" {en}"))
        }
        other => done(procedure, other),
    }
}

/// The test about what has been done; anything the vocabulary gains later shows as its stored form, never as nothing.
fn done(procedure: &Procedure, found: &Test) -> Text {
    let Test::Done { step, command, at_least } = found else {
        return Text::same(serde_json::to_string(found).unwrap_or_default());
    };
    let (step, (zh, en)) = (step_name(procedure, step), command_words(*command));
    let (many_zh, many_en) = match at_least {
        Some(n) => (format!("至少{n}家（人）"), format!("at least {n}")),
        None => ("全部".to_owned(), "all".to_owned()),
    };
    step.around(("“", &format!("”{many_zh}{zh}")), ("“", &format!("”: {many_en} have done {en}")))
}

fn nested(pack: &Pack, procedure: &Procedure, found: &Test) -> Text {
    let text = test(pack, procedure, found);
    match found {
        Test::All(_) | Test::Any(_) => text.around(("（", "）"), ("(", ")")),
        _ => text,
    }
}

/// The English label of a fact, from wherever the procedure declares it.
fn fact_en(pack: &Pack, procedure: &Procedure, key: &str) -> String {
    let actions = || procedure.steps.iter().flat_map(|step| &step.actions);
    let mut rules =
        procedure.facts.iter().chain(&procedure.observed).chain(actions().flat_map(|action| &action.facts));
    if let Some(rule) = rules.find(|rule| rule.key == key) {
        return rule.en.clone();
    }
    let forms = procedure.form.iter().chain(actions().filter_map(|action| action.form.as_ref()));
    let mut fields = forms
        .filter_map(|form| pack.forms.get(form))
        .flat_map(|form| &form.sections)
        .flat_map(|section| &section.fields);
    fields.find(|field| field.fact.as_deref() == Some(key)).map(|field| field.en.clone()).unwrap_or_default()
}

/// Every clause a procedure rests on.
pub(super) fn clauses_of(procedure: &Procedure) -> Vec<ClauseId> {
    let mut all = procedure.clauses.clone();
    all.extend(procedure.attachments.iter().flat_map(|rule| rule.clauses.iter().cloned()));
    all.extend(procedure.separations.iter().flat_map(|rule| rule.clauses.iter().cloned()));
    all.extend(procedure.steps.iter().flat_map(clauses_of_step));
    unique(all)
}

/// Every clause a step rests on.
pub(super) fn clauses_of_step(step: &Step) -> Vec<ClauseId> {
    let mut all = step.clauses.clone();
    all.extend(step.clock.iter().flat_map(|clock| clock.clauses.iter().cloned()));
    for action in &step.actions {
        all.extend(clauses_of_action(action));
    }
    unique(all)
}

/// Every clause an action rests on.
pub(super) fn clauses_of_action(action: &Action) -> Vec<ClauseId> {
    let mut all = action.clauses.clone();
    let branches = action.then.iter().filter_map(|branch| branch.when.as_ref());
    all.extend(action.requires.iter().chain(branches).flat_map(|one| one.clauses.iter().cloned()));
    all.extend(action.attachments.iter().flat_map(|one| one.clauses.iter().cloned()));
    unique(all)
}

fn unique(mut all: Vec<ClauseId>) -> Vec<ClauseId> {
    all.sort_by_cached_key(|id| super::reading_order(id));
    all.dedup();
    all
}

/// The kind of a reason for a clause without a rule, in both languages.
pub(super) fn excuse(kind: ExcuseKind) -> Text {
    let zh = ExcuseKind::ALL.iter().find(|(_, one)| *one == kind).map_or("", |(word, _)| *word);
    let en = match kind {
        ExcuseKind::NotAutomated => "not automated",
        ExcuseKind::Platform => "kept by the platform",
        ExcuseKind::Delegated => "left to lower packs",
        ExcuseKind::Pending => "pending",
    };
    Text::new(zh, en)
}

/// The place at the head of a text's name: `德清县`, `浙江省`.
pub(super) fn place(name: &str) -> Option<&str> {
    let ends = |marks: &str| name.char_indices().take(9).find(|(_, c)| marks.contains(*c));
    let (at, mark) = ends("县市区州旗").or_else(|| ends("省"))?;
    name.get(..at + mark.len_utf8())
}

/// What to call a pack in a column's head.
pub(super) fn short(pack: &Pack) -> Text {
    Text::new(place(&pack.name).unwrap_or(&pack.id), &pack.id)
}

/// Procedures in the order of their stages, then of their names.
pub(super) fn in_order(pack: &Pack) -> Vec<&Procedure> {
    let mut procedures: Vec<&Procedure> = pack.procedures.values().collect();
    procedures.sort_by_cached_key(|procedure| (super::reading_order(&procedure.stage), procedure.id.clone()));
    procedures
}
