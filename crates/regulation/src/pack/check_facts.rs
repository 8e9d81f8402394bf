//! Facts that conditions, clocks and attachments name: they exist and are of the right kind.

use std::collections::BTreeMap;

use super::check::known;
use super::draft::Shape;
use super::given::{RECENT_FACTS, as_recent};
use super::model::{FactKind, Pack, PeriodUnit, Value};
use super::report::{Place, Report, hint, shown};

/// The facts a case of one procedure may know, and the pack that says what the platform gives besides.
pub(super) struct Known<'a> {
    pub(super) facts: Option<&'a BTreeMap<String, FactKind>>,
    pub(super) pack: &'a Pack,
}

impl Known<'_> {
    fn kind(&self, name: &str) -> Option<FactKind> {
        let facts = || self.facts.iter().flat_map(|facts| facts.iter());
        let declared = facts().find(|(key, _)| *key == name).map(|(_, kind)| *kind);
        let references = facts().filter(|(_, kind)| **kind == FactKind::Reference).map(|(key, _)| key);
        declared.or_else(|| self.pack.given_kind(name, references))
    }

    /// The kind of a fact that must exist.
    fn named(&self, name: &str, place: &Place, report: &mut Report) -> Option<FactKind> {
        let kind = self.kind(name);
        if kind.is_some() {
            return kind;
        }
        match as_recent(name) {
            Some((procedure, what)) if RECENT_FACTS.iter().all(|(known, _)| *known != what) => {
                let words: Vec<&str> = RECENT_FACTS.iter().map(|(word, _)| *word).collect();
                let (zh, en) = hint(what, words);
                let (procedure, what) = (shown(procedure), shown(what));
                report.at(
                    place,
                    "regulation.pack_unknown_reference",
                    format!("近件“{procedure}”没有“{what}”{zh}"),
                    format!("the newest case of `{procedure}` has no `{what}`{en}"),
                );
            }
            Some((procedure, _)) => {
                known("程序", "procedure", procedure, self.pack.procedures.keys(), place, report);
            }
            None => {
                let names = self.facts.iter().flat_map(|facts| facts.keys());
                known("事实", "fact", name, names, place, report);
            }
        }
        None
    }

    /// One fact of the shape a value or a clock asks for.
    pub(super) fn one(&self, name: &str, shape: Shape, place: &Place, report: &mut Report) {
        if let Some(kind) = self.named(name, place, report)
            && !fits(kind, shape)
        {
            let name = shown(name);
            report.at(
                place,
                "regulation.pack_fact_kind",
                format!("事实“{name}”的类型与所比较的值不符"),
                format!("fact `{name}` is of another kind than the value it is compared with"),
            );
        }
    }

    /// A fact against a parameter. One that is a period is met in a unit of its own measure, which must be written: a lower
    /// pack may tighten six months to two years, and three months must not pass for three years then.
    pub(super) fn within(
        &self,
        name: &str,
        parameter: &str,
        unit: Option<PeriodUnit>,
        place: &Place,
        report: &mut Report,
    ) {
        let Some(value) = self.pack.parameters.get(parameter).map(|parameter| &parameter.value) else {
            // Reported with the other references.
            return;
        };
        let value = if let Value::Limit(_, limit) = value { limit.as_ref() } else { value };
        let list = matches!(value, Value::List(_));
        self.one(name, if list { Shape::Text } else { Shape::Number }, place, report);
        let fits = match (value, unit) {
            (Value::Period(period), Some(unit)) => period.unit.is_measured_in(unit),
            (Value::Period(_), None) | (_, Some(_)) => false,
            (_, None) => true,
        };
        if !fits {
            let parameter = shown(parameter);
            report.at(
                place,
                "regulation.pack_unit",
                format!("参数“{parameter}”是期间的，要写明事实的“单位”（月和年可以互换，工作日和日不能）；不是期间的不写"),
                format!(
                    "the 单位 of the fact is written exactly where parameter `{parameter}` is a period,                      and must be of its measure (months and years are, working days and days are not)"
                ),
            );
        }
    }

    /// Two facts compared with each other.
    pub(super) fn two(&self, names: (&str, &str), ordered: bool, place: &Place, report: &mut Report) {
        let kinds = (self.named(names.0, place, report), self.named(names.1, place, report));
        let (Some(first), Some(second)) = kinds else { return };
        let fits = if ordered {
            first == second && matches!(first, FactKind::Number | FactKind::Date)
        } else {
            comparable(first, second)
        };
        if !fits {
            let (first, second) = (shown(names.0), shown(names.1));
            report.at(
                place,
                "regulation.pack_fact_kind",
                format!("事实“{first}”和“{second}”的类型不同或不能比较大小"),
                format!("facts `{first}` and `{second}` are of different kinds or have no order"),
            );
        }
    }
}

/// Texts may be compared with the codes in a list.
const fn comparable(first: FactKind, second: FactKind) -> bool {
    use FactKind::{Date, Flag, Number, Reference, Text, Units};
    matches!(
        (first, second),
        (Flag, Flag)
            | (Number, Number)
            | (Date, Date)
            | (Units, Units | Text)
            | (Text | Reference, Text | Reference)
    )
}

const fn fits(kind: FactKind, shape: Shape) -> bool {
    match shape {
        Shape::Flag => matches!(kind, FactKind::Flag),
        Shape::Number => matches!(kind, FactKind::Number),
        Shape::Date => matches!(kind, FactKind::Date),
        Shape::Text => matches!(kind, FactKind::Text | FactKind::Reference | FactKind::Units),
        Shape::Ordered => matches!(kind, FactKind::Number | FactKind::Date | FactKind::Units),
    }
}
