//! What a command carries against what the pack asks for.

use std::collections::BTreeMap;

use super::condition::Facts;
use super::flow::merged;
use super::{
    ATTACHMENTS_MAX, Attachment, CaseState, Command, Context, FieldError, FormValues, LONG_TEXT_CHARS_MAX,
    Rejection, TEXT_CHARS_MAX, check_facts, check_form,
};
use crate::pack::model::{FactRule, FactValue, FormId, Test};

/// What was sent.
pub(crate) struct Sent<'a> {
    pub(crate) opinion: Option<&'a str>,
    pub(crate) form: &'a FormValues,
    pub(crate) attachments: &'a [Attachment],
    pub(crate) facts: &'a BTreeMap<String, FactValue>,
    pub(crate) title: Option<&'a str>,
}

impl<'a> Sent<'a> {
    pub(crate) fn of(command: &'a Command) -> Self {
        Self {
            opinion: command.opinion.as_deref(),
            form: &command.form,
            attachments: &command.attachments,
            facts: &command.facts,
            title: None,
        }
    }
}

/// What is asked for.
pub(crate) struct Wanted<'a> {
    pub(crate) opinion: bool,
    pub(crate) form: Option<&'a FormId>,
    /// Attachments, each with the test under which alone it is required.
    pub(crate) attachments: Vec<(&'a str, Option<&'a Test>)>,
    pub(crate) facts: &'a [FactRule],
    /// What is known besides what is sent.
    pub(crate) known: BTreeMap<String, FactValue>,
    pub(crate) state: Option<&'a CaseState>,
}

/// What passed.
pub(crate) struct Checked {
    pub(crate) opinion: Option<String>,
    pub(crate) form: FormValues,
    pub(crate) facts: BTreeMap<String, FactValue>,
}

/// Checks all of it and names everything wrong at once.
pub(crate) fn check(
    ctx: &Context<'_>,
    sent: &Sent<'_>,
    wanted: &Wanted<'_>,
) -> Result<Checked, Box<Rejection>> {
    let opinion = sent.opinion.map(str::trim).filter(|text| !text.is_empty());
    let (mut form, mut facts) = (FormValues::new(), BTreeMap::new());
    let (mut form_errors, mut fact_errors) = (Vec::new(), Vec::new());
    match form_values(ctx, sent.form, wanted.form) {
        Ok((values, set)) => (form, facts) = (values, set),
        Err(errors) => form_errors = errors,
    }
    match check_facts(wanted.facts, sent.facts) {
        Ok(stated) => facts.extend(stated),
        Err(errors) => fact_errors = errors,
    }
    // An attachment asked for under a test is required unless what is known now, what is sent included, rules it out.
    let known = merged(&wanted.known, &facts, &BTreeMap::new());
    let known = Facts { today: ctx.today(), facts: &known, state: wanted.state, pack: ctx.pack };
    let required = wanted.attachments.iter().filter(|(_, when)| known.requires(*when));
    let required: Vec<&str> = required.map(|(name, _)| *name).collect();
    let mut groups: Vec<(&'static str, Vec<FieldError>)> = vec![
        ("case.title_invalid", title(sent.title)),
        ("case.opinion_missing", opinion_errors(opinion, wanted.opinion)),
        ("case.attachments_missing", attachments(sent.attachments, &required)),
        ("case.form_invalid", form_errors),
        ("case.facts_invalid", fact_errors),
    ];
    groups.retain(|(_, errors)| !errors.is_empty());
    let code = match groups.as_slice() {
        [] => return Ok(Checked { opinion: opinion.map(str::to_owned), form, facts }),
        [(code, _)] => *code,
        _ => "case.incomplete",
    };
    let fields: Vec<FieldError> = groups.into_iter().flat_map(|(_, errors)| errors).collect();
    let list = |of: fn(&FieldError) -> &str, open: &str| {
        fields.iter().map(|error| format!("{}{open}{}", error.field, of(error))).collect::<Vec<_>>()
    };
    let zh = format!("材料不齐全或者不符合形式要求：{}", list(|error| &error.zh, "：").join("；"));
    let en = format!("incomplete or not in the required form: {}", list(|error| &error.en, ": ").join("; "));
    Err(Rejection::new(code, zh, en)
        .remedy("请一次补齐以上各项后再提交", "complete all of these and send again")
        .with_fields(fields))
}

/// A title alone.
pub(crate) fn complete_title(text: &str) -> Result<(), Box<Rejection>> {
    let errors = title(Some(text));
    if errors.is_empty() {
        return Ok(());
    }
    Err(Rejection::new("case.title_invalid", "标题为空或过长", "the title is empty or too long")
        .with_fields(errors))
}

fn title(title: Option<&str>) -> Vec<FieldError> {
    match title {
        Some(title) if title.trim().is_empty() || title.chars().count() > TEXT_CHARS_MAX => {
            vec![FieldError::new("标题", "required", "为空或过长", "is empty or too long")]
        }
        _ => Vec::new(),
    }
}

fn opinion_errors(opinion: Option<&str>, needed: bool) -> Vec<FieldError> {
    match opinion {
        None if needed => vec![FieldError::new("意见", "required", "必须填写", "must be written")],
        Some(text) if text.chars().count() > LONG_TEXT_CHARS_MAX => {
            vec![FieldError::new("意见", "too_long", "超过允许的字数", "longer than allowed")]
        }
        _ => Vec::new(),
    }
}

fn attachments(sent: &[Attachment], required: &[&str]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for name in required.iter().filter(|name| sent.iter().all(|attachment| attachment.name != **name)) {
        errors.push(FieldError::new(name, "required", "缺少附件", "attachment is missing"));
    }
    if sent.len() > ATTACHMENTS_MAX {
        errors.push(FieldError::new("附件", "too_long", "附件过多", "too many attachments"));
    }
    for attachment in sent {
        let named = |text: &str| !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX;
        if !named(&attachment.name) || !named(&attachment.file_name) || attachment.bytes == 0 {
            let name: String = attachment.name.chars().take(64).collect();
            errors.push(FieldError::new(&name, "format", "附件为空或没有名称", "empty or without a name"));
        }
    }
    errors
}

type Values = (FormValues, BTreeMap<String, FactValue>);

fn form_values(
    ctx: &Context<'_>,
    sent: &FormValues,
    form: Option<&FormId>,
) -> Result<Values, Vec<FieldError>> {
    let unknown = |key: &String| {
        let shown: String = key.chars().take(64).collect();
        FieldError::new(&shown, "unknown", "此处没有表单", "no form is asked for here")
    };
    match form {
        None if sent.is_empty() => Ok((FormValues::new(), BTreeMap::new())),
        None => Err(sent.keys().map(unknown).collect()),
        Some(id) => match ctx.pack.forms.get(id) {
            Some(form) => check_form(form, sent),
            None => {
                Err(vec![FieldError::new(id, "unknown", "制度包没有该表单", "the pack has no such form")])
            }
        },
    }
}
