//! Puts a pack on top of its parent. What is inherited may be tightened, never loosened.

use std::collections::{BTreeMap, BTreeSet};

use base::Digest;

use super::check;
use super::check_opens;
use super::coverage::cited;
use super::draft::{Draft, Header, Located, ParameterDraft, Reference};
use super::layer_duty;
use super::model::{Bound, Clause, ClauseId, Excuse, ExcuseKind, Pack, Parameter, Period, PeriodUnit, Value};
use super::report::{Place, Report, shown};
use super::taken;
use super::templates;

/// Compiles a draft; `None` when it has no usable head. Whether it is sound is for the report to say.
pub(crate) fn compile(
    draft: Draft,
    digest: Digest,
    parent: Option<&Pack>,
    report: &mut Report,
) -> Option<Pack> {
    let Some(header) = &draft.header else {
        if report.is_clean() {
            report.file("", "regulation.pack_no_header", "缺少 pack.yaml", "pack.yaml is missing");
        }
        return None;
    };
    let mut pack = head(header, digest, parent, report)?;
    pack.unchecked.clone_from(&draft.unchecked);
    clauses(&draft.clauses, &mut pack, report);
    parameters(&draft.parameters, &mut pack, report);
    // A scenario of a procedure that is written anew below no longer tells its story.
    let anew: BTreeSet<&String> = draft.procedures.iter().map(|one| &one.value.id).collect();
    pack.scenarios.retain(|scenario| !anew.contains(&scenario.procedure));
    merge(&draft.roles, &mut pack.roles, |role| &role.key, |name| format!("角色“{name}”"), report);
    merge(&draft.forms, &mut pack.forms, |form| &form.id, |name| format!("表单“{name}”"), report);
    merge(&draft.procedures, &mut pack.procedures, |one| &one.id, |name| format!("程序“{name}”"), report);
    layer_duty::duties(&draft, &mut pack, report);
    pack.scenarios.extend(draft.scenarios.iter().map(|scenario| scenario.value.clone()));
    templates::compile(&draft, &mut pack, report);
    pack.parameters_used.extend(draft.references.iter().filter_map(|reference| match &reference.value {
        Reference::Parameter(name) => Some(name.clone()),
        _ => None,
    }));
    taken::fill(&draft, &header.place, &mut pack, report);
    reasons(&draft.reasons, &mut pack, report);
    // References into a file that did not read would all be called unknown: those come in a second pass.
    if report.is_clean() {
        check::references(&draft, &pack, report);
    }
    if report.is_clean() {
        check::procedures(&draft, &pack, report);
        check_opens::opens(&draft, &pack, report);
        check_opens::duties(&draft, &pack, report);
        templates::occasions(&draft, &pack, report);
        templates::marks(&draft, &pack, report);
    }
    Some(pack)
}

fn head(
    header: &Located<Header>,
    digest: Digest,
    parent: Option<&Pack>,
    report: &mut Report,
) -> Option<Pack> {
    let (place, head) = (&header.place, &header.value);
    let given = parent.map(|parent| parent.id.clone());
    if head.parent != given {
        let words = |id: &Option<String>| id.clone().unwrap_or_else(|| "（无）".to_owned());
        let (wanted, given) = (words(&head.parent), words(&given));
        report.at(
            place,
            "regulation.pack_parent",
            format!("上级应为“{wanted}”，载入时给出的是“{given}”"),
            format!("the parent is `{wanted}`, but `{given}` was given"),
        );
        return None;
    }
    let calendar = head.calendar.clone().or(parent.map(|parent| parent.calendar.clone()));
    let counting = head.counting.clone().or(parent.map(|parent| parent.counting.clone()));
    let (Some(calendar), Some(counting)) = (calendar, counting) else {
        report.at(
            place,
            "regulation.pack_missing_key",
            "没有上级的制度包必须写“日历”和“计算口径”",
            "a pack without a parent needs 日历 and 计算口径",
        );
        return None;
    };
    let mut reasons = parent.map(|parent| parent.not_automated.clone()).unwrap_or_default();
    reasons.retain(|_, reason| reason.kind != ExcuseKind::Delegated);
    Some(Pack {
        id: head.id.clone(),
        name: head.name.clone(),
        version: head.version.clone(),
        status: head.status,
        in_force: head.in_force,
        in_force_clauses: head.in_force_clauses.clone(),
        parent: head.parent.clone(),
        calendar,
        counting,
        digest,
        clauses: parent.map(|parent| parent.clauses.clone()).unwrap_or_default(),
        parameters: parent.map(|parent| parent.parameters.clone()).unwrap_or_default(),
        parameters_used: parent.map(|parent| parent.parameters_used.clone()).unwrap_or_default(),
        roles: parent.map(|parent| parent.roles.clone()).unwrap_or_default(),
        procedures: parent.map(|parent| parent.procedures.clone()).unwrap_or_default(),
        forms: parent.map(|parent| parent.forms.clone()).unwrap_or_default(),
        documents: parent.map(|parent| parent.documents.clone()).unwrap_or_default(),
        number_marks: parent.map(|parent| parent.number_marks.clone()).unwrap_or_default(),
        duties: parent.map(|parent| parent.duties.clone()).unwrap_or_default(),
        scenarios: parent.map(|parent| parent.scenarios.clone()).unwrap_or_default(),
        duty_scenarios: parent.map(|parent| parent.duty_scenarios.clone()).unwrap_or_default(),
        not_automated: reasons,
        // A parent's are the parent's to check.
        unchecked: Vec::new(),
        taken: parent.map(|parent| parent.taken.clone()).unwrap_or_default(),
        // A parent's transitions are its own: they name versions of the parent.
        transitions: head.transitions.clone(),
    })
}

fn clauses(own: &[Located<Clause>], pack: &mut Pack, report: &mut Report) {
    for clause in own {
        let mut value = clause.value.clone();
        value.pack.clone_from(&pack.id);
        if let Some(other) = pack.clauses.get(&value.id) {
            let (id, other) = (shown(&value.id), other.pack.clone());
            report.at(
                &clause.place,
                "regulation.pack_duplicate",
                format!("条款“{id}”已在制度包“{other}”中"),
                format!("clause `{id}` is already in pack `{other}`"),
            );
            continue;
        }
        pack.clauses.insert(value.id.clone(), value);
    }
}

fn parameters(own: &[Located<ParameterDraft>], pack: &mut Pack, report: &mut Report) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for Located { value: draft, place } in own {
        let mut parameter = draft.parameter.clone();
        parameter.pack.clone_from(&pack.id);
        if !seen.insert(parameter.name.clone()) {
            duplicate(&format!("参数“{}”", shown(&parameter.name)), place, report);
            continue;
        }
        if let Some(above) = pack.parameters.get(&parameter.name) {
            parameter.bound = draft.bound.unwrap_or(above.bound);
            if let Err((zh, en)) = tightens(&parameter, above) {
                let (name, here) = (shown(&parameter.name), &place.file);
                let (file, pack) = (&above.file, &above.pack);
                report.at(
                    place,
                    "regulation.pack_loosened",
                    format!("参数“{name}”：{here} 不得抵触 {file}（制度包“{pack}”）：{zh}"),
                    format!("parameter `{name}`: {here} may not loosen {file} (pack `{pack}`): {en}"),
                );
                continue;
            }
            // A rule below rests on the clause above it as well.
            let above: Vec<ClauseId> =
                above.clauses.iter().filter(|clause| !parameter.clauses.contains(clause)).cloned().collect();
            parameter.clauses.extend(above);
        }
        pack.parameters.insert(parameter.name.clone(), parameter);
    }
}

type Words = (String, String);

/// Whether a value below respects the bound above it.
fn tightens(below: &Parameter, above: &Parameter) -> Result<(), Words> {
    let loosened = match (above.bound, below.bound) {
        (Bound::Open, _) | (_, Bound::Fixed) => false,
        (above, below) => above != below,
    };
    if loosened {
        return Err((
            "约束只能保持或改为“固定”".to_owned(),
            "the bound may only stay or become 固定".to_owned(),
        ));
    }
    let refuse = |zh: &str, en: &str| Err((zh.to_owned(), en.to_owned()));
    match above.bound {
        Bound::Open => Ok(()),
        Bound::Fixed if below.value == above.value => Ok(()),
        Bound::Fixed => refuse("上级规定为固定值", "the value is fixed above"),
        Bound::Floor | Bound::Ceiling => match (measure(&below.value), measure(&above.value)) {
            (Some((kind, low)), Some((other, high))) if kind == other => {
                let fits = if above.bound == Bound::Floor { low >= high } else { low <= high };
                let fits = fits && same_direction(&below.value, &above.value);
                match (fits, above.bound) {
                    (true, _) => Ok(()),
                    (false, Bound::Floor) => refuse("低于上级规定的下限", "below the floor set above"),
                    (false, _) => refuse("超过上级规定的上限", "above the ceiling set above"),
                }
            }
            _ if below.value == above.value => Ok(()),
            _ => refuse("与上级的值不可比较", "the values cannot be compared"),
        },
    }
}

/// A limit below must compare as the limit above does, or as strictly.
fn same_direction(below: &Value, above: &Value) -> bool {
    use super::model::Comparator::{AtLeast, AtMost, Less, More};
    match (below, above) {
        (Value::Limit(below, low), Value::Limit(above, high)) => match (below, above) {
            (AtMost, Less) | (AtLeast, More) => low != high,
            (Less, AtMost) | (More, AtLeast) => true,
            (below, above) => below == above,
        },
        // A bare value meets a strict limit only if it is not the limit itself.
        (low, Value::Limit(Less | More, high)) => *low != **high,
        _ => true,
    }
}

/// What a value counts, and how much of it; months and years share a measure, working and calendar days do not.
pub(crate) fn measure(value: &Value) -> Option<(u8, i64)> {
    match value {
        Value::Limit(_, value) => measure(value),
        Value::Ratio(share) => Some((0, *share)),
        Value::Number(number) => Some((1, *number)),
        Value::Period(Period { length, unit }) => {
            let length = i64::from(*length);
            Some(match unit {
                PeriodUnit::WorkingDay => (2, length),
                PeriodUnit::Day => (3, length),
                PeriodUnit::Month => (4, length),
                PeriodUnit::Year => (4, length * 12),
            })
        }
        Value::Flag(_) | Value::Text(_) | Value::List(_) => None,
    }
}

pub(crate) fn duplicate(what: &str, place: &Place, report: &mut Report) {
    report.at(
        place,
        "regulation.pack_duplicate",
        format!("{what}写了两次"),
        format!("{what} is written twice"),
    );
}

/// Adds own things over inherited ones of the same name.
fn merge<T: Clone>(
    own: &[Located<T>],
    into: &mut BTreeMap<String, T>,
    key: impl Fn(&T) -> &String,
    words: impl Fn(&str) -> String,
    report: &mut Report,
) {
    let mut seen = BTreeSet::new();
    for Located { value, place } in own {
        let name = key(value).clone();
        if seen.insert(name.clone()) {
            into.insert(name, value.clone());
        } else {
            duplicate(&words(&shown(&name)), place, report);
        }
    }
}

/// Adds the reasons; a reason for a clause that a rule carries is dead and refused.
fn reasons(own: &[Located<(ClauseId, Excuse)>], pack: &mut Pack, report: &mut Report) {
    let cited = cited(pack);
    pack.not_automated.retain(|clause, _| !cited.contains(clause));
    let mut seen = BTreeSet::new();
    for Located { value: (clause, reason), place } in own {
        if !seen.insert(clause.clone()) {
            duplicate(&format!("条款“{}”的理由", shown(clause)), place, report);
            continue;
        }
        if cited.contains(clause) {
            let clause = shown(clause);
            report.at(
                place,
                "regulation.pack_dead_reason",
                format!("条款“{clause}”已有规则引用，不应再写不自动化的理由"),
                format!("clause `{clause}` is carried by a rule; the reason is dead"),
            );
            continue;
        }
        pack.not_automated.insert(clause.clone(), reason.clone());
    }
}
