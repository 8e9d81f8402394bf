//! What steps and forms take from parameters: lengths of clocks, corrections and reminders, and choices of fields.
//!
//! A lower pack that tightens a parameter tightens everything it inherits that is taken from it; so a pack keeps what was
//! taken from where, and fills it in anew for each layer.

use super::draft::{Draft, Length, Located};
use super::model::{FieldKey, FieldKind, FormId, Pack, Period, ProcedureId, StepId, Value};
use super::report::{Place, Report, shown};

/// Something that takes its value from a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taker {
    /// A period of a step.
    Length(ProcedureId, StepId, Length),
    /// The choices of a field.
    Choices(FormId, FieldKey),
}

/// Fills in what is taken from parameters, inherited or the pack's own. `header` is the place named when an inherited
/// rule cannot take the value a lower layer set.
pub(crate) fn fill(draft: &Draft, header: &Place, pack: &mut Pack, report: &mut Report) {
    let written_anew = |taker: &Taker| match taker {
        Taker::Length(procedure, ..) => draft.procedures.iter().any(|one| one.value.id == *procedure),
        Taker::Choices(form, _) => draft.forms.iter().any(|one| one.value.id == *form),
    };
    let at = |value: String, place: &Place| Located { value, place: place.clone() };
    let inherited = std::mem::take(&mut pack.taken).into_iter().filter(|(taker, _)| !written_anew(taker));
    let mut taken: Vec<(Taker, Located<String>)> =
        inherited.map(|(taker, parameter)| (taker, at(parameter, header))).collect();
    taken.extend(draft.lengths.iter().map(|(procedure, step, which, parameter)| {
        (Taker::Length(procedure.clone(), step.clone(), *which), parameter.clone())
    }));
    taken.extend(
        draft
            .choices
            .iter()
            .map(|(form, field, parameter)| (Taker::Choices(form.clone(), field.clone()), parameter.clone())),
    );
    for (taker, parameter) in &taken {
        // Unknown parameters are reported with the other references.
        let Some(value) = pack.parameters.get(&parameter.value).map(|parameter| parameter.value.clone())
        else {
            continue;
        };
        match taker {
            Taker::Length(procedure, step, which) => match period_of(&value) {
                Some(period) => set_period(pack, (procedure, step, *which), period),
                None => {
                    let name = shown(&parameter.value);
                    report.at(
                        &parameter.place,
                        "regulation.pack_value",
                        format!("参数“{name}”不是期间，不能作为期限的长度"),
                        format!("parameter `{name}` is no period and cannot be a clock's length"),
                    );
                }
            },
            Taker::Choices(form, field) => match value {
                Value::List(list) if !list.is_empty() => set_choices(pack, form, field, &list),
                _ => {
                    let name = shown(&parameter.value);
                    report.at(
                        &parameter.place,
                        "regulation.pack_choices",
                        format!("参数“{name}”不是列表，不能作为选项"),
                        format!("parameter `{name}` is no list and cannot be the choices of a field"),
                    );
                }
            },
        }
    }
    pack.taken = taken.into_iter().map(|(taker, parameter)| (taker, parameter.value)).collect();
}

fn period_of(value: &Value) -> Option<Period> {
    match value {
        Value::Period(period) => Some(*period),
        Value::Limit(_, value) => period_of(value),
        _ => None,
    }
}

fn set_period(pack: &mut Pack, taker: (&ProcedureId, &StepId, Length), period: Period) {
    let (procedure, step, which) = taker;
    let steps = pack.procedures.get_mut(procedure).map(|procedure| procedure.steps.iter_mut());
    let Some(step) = steps.into_iter().flatten().find(|one| one.id == *step) else { return };
    match (which, step.clock.as_mut()) {
        (Length::Correction, _) => step.correction = Some(period),
        (Length::Clock, Some(clock)) => clock.period = period,
        (Length::Rung(at), Some(clock)) => {
            if let Some(rung) = clock.ladder.get_mut(at) {
                rung.before = Some(period);
            }
        }
        (_, None) => {}
    }
}

fn set_choices(pack: &mut Pack, form: &FormId, field: &FieldKey, list: &[String]) {
    let sections = pack.forms.get_mut(form).map(|form| form.sections.iter_mut());
    let mut fields = sections.into_iter().flatten().flat_map(|section| &mut section.fields);
    let kind = fields.find(|one| one.key == *field).map(|field| &mut field.kind);
    if let Some(FieldKind::Choice(choices) | FieldKind::Choices(choices)) = kind {
        *choices = list.to_vec();
    }
}
